#include "engine/check.h"

#define FINAL_STATES "('done', 'failed', 'cancelled')"
#define OPEN_CALLS "('intent', 'sent', 'accepted')"
#define LATEST_CALL "(SELECT max(y.id) FROM call y WHERE y.task_id = t.id)"

/* Each query's column "what" is a sentence about one breach.  The name tells the invariant. */
static const struct sql rules[] = {
    {.name = "check_i2_finished",
     .text = "SELECT 'task ' || t.id || ' is ' || t.state || CASE WHEN t.finished_at_ms IS NULL"
             " THEN ' but has no time of its end' ELSE ' but has a time of its end' END AS what"
             " FROM task t"
             " WHERE (t.state IN " FINAL_STATES ") <> (t.finished_at_ms IS NOT NULL)"
             " ORDER BY t.id LIMIT 10"                                                          },
    {.name = "check_i2_owner",
     .text = "SELECT 'task ' || t.id || ' is ' || t.state || CASE WHEN t.owner = ''"
             " THEN ' but nobody owns it' ELSE ' but somebody owns it' END AS what FROM task t"
             " WHERE (t.state = 'running' AND t.owner = '')"
             " OR (t.state NOT IN ('running', 'waiting') AND t.owner <> '')"
             " ORDER BY t.id LIMIT 10"                                                          },
    {.name = "check_i2_hold_reason",
     .text = "SELECT 'task ' || t.id || ' is ' || t.state || ' with the hold reason \"'"
             " || t.hold_reason || '\"' AS what FROM task t"
             " WHERE (t.state = 'held') <> (t.hold_reason <> '') ORDER BY t.id LIMIT 10"        },
    {.name = "check_i2_cancel_asked",
     .text = "SELECT 'task ' || t.id || ' is ' || t.state || ' although it was cancelled' AS what"
             " FROM task t WHERE t.cancel_at_ms <> 0 AND (t.state IN ('blocked', 'held')"
             " OR (t.state = 'ready' AND NOT EXISTS (SELECT 1 FROM call c WHERE c.id ="
             " " LATEST_CALL " AND c.state = 'finished'))) ORDER BY t.id LIMIT 10"              },
    {.name = "check_i2_no_way_on",
     .text = "SELECT 'task ' || t.id || ' waits for task ' || f.id || ', which is ' || f.state"
             " AS what FROM task t JOIN edge e ON e.to_task = t.id JOIN task f"
             " ON f.id = e.from_task WHERE t.state = 'blocked'"
             " AND f.state IN ('failed', 'cancelled') ORDER BY t.id LIMIT 10"                   },
    {.name = "check_i3_fence_order",
     .text = "SELECT 'task ' || a.task_id || ': attempt ' || b.number || ' has fence ' || b.fence"
             " || ', and attempt ' || a.number || ' before it ' || a.fence AS what FROM attempt a"
             " JOIN attempt b ON b.task_id = a.task_id AND b.number > a.number"
             " WHERE b.fence <= a.fence ORDER BY a.task_id LIMIT 10"                            },
    {.name = "check_i3_fence_of_task",
     .text = "SELECT 'task ' || t.id || ' has fence ' || t.fence || ', its attempt ' || a.number"
             " || ' ' || a.fence AS what FROM task t JOIN attempt a ON a.task_id = t.id"
             " WHERE a.fence > t.fence OR (a.ended_at_ms IS NULL AND a.fence <> t.fence)"
             " ORDER BY t.id LIMIT 10"                                                          },
    {.name = "check_i3_live_attempts",
     .text = "SELECT 'task ' || t.id || ' is ' || t.state || ' with ' || count(a.id)"
             " || ' attempts under way' AS what FROM task t LEFT JOIN attempt a"
             " ON a.task_id = t.id AND a.ended_at_ms IS NULL GROUP BY t.id, t.state"
             " HAVING (t.state = 'running') AND count(a.id) <> 1"
             " OR t.state <> 'running' AND t.state <> 'waiting' AND count(a.id) <> 0"
             " OR count(a.id) > 1 ORDER BY t.id LIMIT 10"                                       },
    {.name = "check_i6_queued",
     .text = "SELECT 'user ' || q.user_id || ' is said to have ' || q.count || ' tasks waiting, and"
             " has ' || q.rows AS what FROM (SELECT u.user_id, coalesce((SELECT count FROM queued q"
             " WHERE q.user_id = u.user_id), 0) AS count, (SELECT count(*) FROM task t WHERE"
             " t.user_id = u.user_id AND (t.state = 'blocked' OR t.state = 'ready')) AS rows"
             " FROM (SELECT user_id FROM queued UNION SELECT user_id FROM task) u) q"
             " WHERE q.count <> q.rows ORDER BY q.user_id LIMIT 10"                             },
    {.name = "check_i6_run_counts",
     .text = "SELECT 'run ' || r.id || ' counts ' || r.task_count || ' tasks, ' || r.left_count"
             " || ' left, ' || r.failed_count || ' failed, ' || r.cancelled_count"
             " || ' cancelled; its rows say ' || x.tasks || ', ' || x.unfinished || ', '"
             " || x.failed || ', ' || x.cancelled AS what FROM run r JOIN (SELECT t.run_id,"
             " count(*) AS tasks,"
             " sum(CASE WHEN t.state IN " FINAL_STATES " THEN 0 ELSE 1 END) AS unfinished,"
             " sum(CASE WHEN t.state = 'failed' THEN 1 ELSE 0 END) AS failed,"
             " sum(CASE WHEN t.state = 'cancelled' THEN 1 ELSE 0 END) AS cancelled"
             " FROM task t GROUP BY t.run_id) x ON x.run_id = r.id"
             " WHERE r.task_count <> x.tasks OR r.left_count <> x.unfinished"
             " OR r.failed_count <> x.failed OR r.cancelled_count <> x.cancelled"
             " ORDER BY r.id LIMIT 10"                                                          },
    {.name = "check_i6_run_state",
     .text = "SELECT 'run ' || r.id || ' is ' || r.state || ' with ' || r.left_count || ' left, '"
             " || r.failed_count || ' failed, ' || r.cancelled_count || ' cancelled of '"
             " || r.task_count AS what FROM run r WHERE r.state <> CASE"
             " WHEN r.left_count > 0 THEN 'active' WHEN r.failed_count > 0 THEN 'failed'"
             " WHEN r.cancelled_count = r.task_count THEN 'cancelled' ELSE 'done' END"
             " OR (r.state = 'active') <> (r.finished_at_ms IS NULL) ORDER BY r.id LIMIT 10"    },
    {.name = "check_i6_run_empty",
     .text = "SELECT 'run ' || r.id || ' has no task' AS what FROM run r WHERE NOT EXISTS"
             " (SELECT 1 FROM task t WHERE t.run_id = r.id) ORDER BY r.id LIMIT 10"             },
    {.name = "check_i6_run_cost",
     .text = "SELECT 'run ' || r.id || ' cost ' || r.cost_micro || ', its tasks ' || x.cost"
             " AS what FROM run r JOIN (SELECT t.run_id, sum(CASE WHEN t.currency = q.currency"
             " THEN coalesce(t.cost_micro, 0) ELSE 0 END) AS cost FROM task t JOIN run q"
             " ON q.id = t.run_id GROUP BY t.run_id) x ON x.run_id = r.id"
             " WHERE r.cost_micro <> x.cost ORDER BY r.id LIMIT 10"                             },
    {.name = "check_i6_task_cost",
     .text = "SELECT 'task ' || t.id || ' is ' || t.state || ' and cost '"
             " || coalesce(t.cost_micro || '', 'an unknown sum') || ', its calls '"
             " || coalesce(x.cost || '', 'nothing') || ', ' || coalesce(x.doubtful, 0)"
             " || ' of them in doubt' AS what FROM task t LEFT JOIN (SELECT c.task_id,"
             " coalesce(sum(c.cost_micro), 0) AS cost, count(*) - count(c.cost_micro) AS doubtful"
             " FROM call c GROUP BY c.task_id) x ON x.task_id = t.id"
             " WHERE t.state IN " FINAL_STATES " AND coalesce(t.cost_micro, -1) <> CASE"
             " WHEN coalesce(x.doubtful, 0) > 0 THEN -1 ELSE coalesce(x.cost, 0) END"
             " ORDER BY t.id LIMIT 10"                                                          },
    {.name = "check_i6_deps_left",
     .text = "SELECT 'task ' || t.id || ' is ' || t.state || ' and waits for ' || t.deps_left"
             " || ' edges; ' || coalesce(x.open, 0) || ' are open' AS what FROM task t"
             " LEFT JOIN (SELECT e.to_task, sum(1 - e.is_done) AS open FROM edge e"
             " GROUP BY e.to_task) x ON x.to_task = t.id WHERE t.deps_left <> coalesce(x.open, 0)"
             " OR (t.state = 'blocked' AND t.deps_left = 0)"
             " OR (t.state NOT IN ('blocked', 'cancelled') AND t.deps_left > 0)"
             " ORDER BY t.id LIMIT 10"                                                          },
    {.name = "check_i6_edges",
     .text = "SELECT 'the edge from task ' || e.from_task || ' to ' || e.to_task || ' is '"
             " || CASE WHEN e.is_done = 1 THEN 'done' ELSE 'open' END || ', task ' || f.id"
             " || ' is ' || f.state AS what FROM edge e JOIN task f ON f.id = e.from_task"
             " JOIN task t ON t.id = e.to_task WHERE (e.is_done = 1) <> (f.state = 'done')"
             " OR f.run_id <> t.run_id OR e.run_id <> t.run_id ORDER BY e.from_task LIMIT 10"   },
    {.name = "check_i10_event_gaps",
     .text = "SELECT 'the events of user ' || h.user_id || ' end at ' || coalesce(x.last, 0)"
             " || ', begin at ' || coalesce(x.first, 0) || ' and are ' || coalesce(x.n, 0)"
             " || '; the head says ' || h.seq AS what FROM event_head h LEFT JOIN"
             " (SELECT user_id, min(seq) AS first, max(seq) AS last, count(*) AS n FROM event"
             " GROUP BY user_id) x ON x.user_id = h.user_id WHERE x.n IS NOT NULL"
             " AND (x.last <> h.seq OR x.last - x.first + 1 <> x.n) ORDER BY h.user_id LIMIT 10"},
    {.name = "check_i10_event_head",
     .text = "SELECT DISTINCT 'user ' || e.user_id || ' has events but no head' AS what"
             " FROM event e WHERE NOT EXISTS (SELECT 1 FROM event_head h"
             " WHERE h.user_id = e.user_id) LIMIT 10"                                           },
    {.name = "check_i12_call_after_end",
     .text = "SELECT 'call ' || c.id || ' of task ' || t.id || ' was intended after the task '"
             " || CASE WHEN t.cancel_at_ms <> 0 AND c.intent_at_ms > t.cancel_at_ms"
             " THEN 'was cancelled' ELSE 'had ended' END AS what FROM call c"
             " JOIN task t ON t.id = c.task_id"
             " WHERE (t.finished_at_ms IS NOT NULL AND c.intent_at_ms > t.finished_at_ms)"
             " OR (t.cancel_at_ms <> 0 AND c.intent_at_ms > t.cancel_at_ms)"
             " ORDER BY c.id LIMIT 10"                                                          },
    {.name = "check_i13_tries",
     .text = "SELECT 'task ' || t.id || ' has used ' || t.tries || ' tries of ' || t.tries_max"
             " AS what FROM task t WHERE t.tries > t.tries_max ORDER BY t.id LIMIT 10"          },
    {.name = "check_calls_open_calls",
     .text = "SELECT 'call ' || c.id || ' is ' || c.state || ', its task ' || t.id || ' is '"
             " || t.state AS what FROM call c JOIN task t ON t.id = c.task_id"
             " WHERE c.state IN " OPEN_CALLS " AND (t.state IN " FINAL_STATES
             " OR t.state = 'blocked' OR c.id <> " LATEST_CALL
             " OR (c.state = 'accepted' AND t.state NOT IN ('waiting', 'running', 'ready', 'held'))"
             " OR (c.state <> 'accepted' AND t.state = 'waiting')) ORDER BY c.id LIMIT 10"      },
    {.name = "check_calls_waiting_call",
     .text = "SELECT 'task ' || t.id || ' waits for no remote work' AS what FROM task t"
             " WHERE t.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM call c"
             " WHERE c.id = " LATEST_CALL " AND (c.state = 'finished'"
             " OR (c.state = 'accepted' AND c.remote_id <> ''))) ORDER BY t.id LIMIT 10"        },
    {.name = "check_calls_doubt",
     .text = "SELECT 'task ' || t.id || ' is ' || t.state || ' behind call ' || c.id"
             " || ', whose outcome is unknown, and nothing allows a repeat' AS what FROM task t"
             " JOIN call c ON c.id = " LATEST_CALL " WHERE c.state = 'unknown'"
             " AND t.state IN ('ready', 'waiting') AND t.may_repeat = 0 ORDER BY t.id LIMIT 10" },
    {.name = "check_calls_repeats",
     .text = "SELECT 'call ' || c.id || ' repeats ' || coalesce('call ' || o.id || ', which is '"
             " || o.state, 'no call of its task') AS what FROM call c LEFT JOIN call o"
             " ON o.id = c.repeat_of AND o.task_id = c.task_id WHERE c.repeat_of IS NOT NULL"
             " AND (o.id IS NULL OR o.id >= c.id OR o.state NOT IN ('unknown', 'accepted',"
             " 'finished', 'failed')) ORDER BY c.id LIMIT 10"                                   },
    {.name = "check_calls_call_times",
     .text = "SELECT 'call ' || c.id || ' is ' || c.state || CASE WHEN c.ended_at_ms IS NULL"
             " THEN ' without a time of its end' ELSE ' without its attempt' END AS what"
             " FROM call c LEFT JOIN attempt a ON a.task_id = c.task_id AND a.number = c.attempt"
             " WHERE a.id IS NULL OR (c.ended_at_ms IS NULL"
             " AND c.state IN ('finished', 'failed', 'abandoned')) ORDER BY c.id LIMIT 10"      },
};

bool engine_check(struct db *db, struct arena *arena, struct check_report *out, struct error *err)
{
    *out = (struct check_report){0};
    return check_apply_all(db, rules, COUNT(rules), arena, out, err);
}
