#include "db/check.h"

bool check_tell(struct check_report *out, const char *rule, struct str what)
{
    if (out->fault_count == CHECK_FAULTS_MAX)
        return false;
    out->faults[out->fault_count++] = (struct check_fault){.rule = rule, .what = what};
    return true;
}

bool check_apply(struct db *db, const struct sql *rule, struct arena *arena,
                 struct check_report *out, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, rule, NULL, 0, &rows, err))
        return false;
    for (int told = 0; told < CHECK_FAULTS_PER_RULE && rows_next(&rows); told++)
        if (!check_tell(out, rule->name, rows_str(&rows, "what", arena)))
            break;
    return !rows_failed(&rows);
}

bool check_apply_all(struct db *db, const struct sql *rules, size_t count, struct arena *arena,
                     struct check_report *out, struct error *err)
{
    for (size_t index = 0; index < count; index++)
        if (!check_apply(db, &rules[index], arena, out, err))
            return false;
    out->rule_count += count;
    return true;
}
