#include "operation/operation.h"

/* A result holds its pictures as the shape in result.c says. */
static const struct sql rules[] = {
    {.name = "check_i5_kept",
     .text = "SELECT 'call ' || x.call_id || ' of task ' || x.task_id || ', which is ' || x.state"
             " || ', is paid for, and its picture ' || x.blob || ' is held by nobody' AS what"
             " FROM (SELECT c.id AS call_id, t.id AS task_id, t.state AS state,"
             " json_extract(p.value, '$.blob') AS blob FROM call c JOIN task t ON t.id = c.task_id,"
             " json_each(CASE WHEN json_valid(c.result) THEN c.result ELSE '{}' END, '$.pictures')"
             " p WHERE c.state = 'finished' AND c.result <> '' AND t.state <> 'done'"
             " AND c.id = (SELECT max(l.id) FROM call l WHERE l.task_id = c.task_id)) x"
             " WHERE NOT EXISTS (SELECT 1 FROM blob_ref r WHERE r.sha256 = x.blob"
             " AND r.owner = 'call:' || x.call_id) ORDER BY x.call_id LIMIT 10"},
    {.name = "check_i5_result",
     .text = "SELECT 'call ' || c.id || ' of task ' || c.task_id || ' has a result that cannot be"
             " read' AS what FROM call c WHERE c.state = 'finished' AND c.result <> ''"
             " AND NOT json_valid(c.result) ORDER BY c.id LIMIT 10"            },
};

bool result_check(struct db *db, struct arena *arena, struct check_report *out, struct error *err)
{
    return check_apply_all(db, rules, COUNT(rules), arena, out, err);
}
