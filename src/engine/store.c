#include "engine/store_private.h"

#include <assert.h>

struct task_entry store_entry_of_row(struct rows *rows, struct arena *arena)
{
    struct task_entry entry = {
        .id = rows_int64(rows, "id"),
        .run_id = rows_int64(rows, "run_id"),
        .user_id = rows_int64(rows, "user_id"),
        .provider_id = rows_int64(rows, "provider_id"),
        .model = rows_str(rows, "model", arena),
        .fence = rows_int64(rows, "fence"),
        .priority = (enum task_priority)rows_int64(rows, "priority"),
        .rank = rows_double(rows, "rank"),
        .units = rows_int64(rows, "units"),
        .run_at_ms = rows_int64(rows, "run_at_ms"),
        .start_by_ms = rows_int64(rows, "start_by_ms"),
        .deadline_at_ms = rows_int64(rows, "deadline_at_ms"),
        .poll_at_ms = rows_int64(rows, "poll_at_ms"),
        .cancel_at_ms = rows_int64(rows, "cancel_at_ms"),
        .is_run_paused = rows_bool(rows, "is_run_paused"),
    };
    const bool is_known = task_state_of(rows_str(rows, "state", arena), &entry.state);

    assert(is_known); /* the column's CHECK */
    return entry;
}

bool store_entry_find(struct db *db, int64_t task_id, struct arena *arena, struct task_entry *out,
                      struct error *err)
{
    static const struct sql find = {.name = "store_entry_find",
                                    .text = "SELECT " ENTRY_COLUMNS " FROM task t WHERE t.id = $1"};
    const struct sql_value args[] = {SQL_INT64(task_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such task");
    *out = store_entry_of_row(&rows, arena);
    return true;
}

bool store_ids(struct db *db, const struct sql *sql, const struct sql_value *args, size_t arg_count,
               size_t limit, struct arena *arena, struct id_list *out, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};

    *out = (struct id_list){0};
    if (!db_query(db, sql, args, arg_count, &rows, err))
        return false;
    while (out->count < limit && rows_next(&rows)) {
        out->ids = arena_more(arena, out->ids, sizeof(*out->ids), out->count);
        out->ids[out->count++] = rows_int64(&rows, "id");
    }
    return !rows_failed(&rows);
}

bool store_has_result(struct db *db, int64_t task_id, struct arena *arena, bool *out,
                      struct error *err)
{
    static const struct sql find = {
        .name = "store_has_result",
        .text = "SELECT id FROM call WHERE id = (SELECT max(id) FROM call WHERE task_id = $1)"
                " AND state = 'finished' AND coalesce(result, '') <> ''"};
    const struct sql_value args[] = {SQL_INT64(task_id)};
    struct id_list found;

    if (!store_ids(db, &find, args, COUNT(args), 1, arena, &found, err))
        return false;
    *out = found.count > 0;
    return true;
}

/* {"NAME":{…}} as an event of the user. */
static bool tell(struct db *db, int64_t user_id, const char *kind, const char *name,
                 const struct shape *shape, const void *view, int64_t now_ms, struct error *err)
{
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;

    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, name);
    shape_write(shape, view, &writer);
    json_end_object(&writer);
    return event_append(db, user_id, kind, buf_str(&body), now_ms, err);
}

bool store_tell_task(struct db *db, int64_t task_id, const struct command *command,
                     struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(VIEW_MEMORY_MAX);
    struct task_view view;

    return view_task_row(db, task_id, arena, &view, err) &&
           tell(db, view.user_id, "task.changed", "task", &task_event_shape, &view, command->now_ms,
                err);
}

bool store_tell_run(struct db *db, int64_t run_id, const struct command *command, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(VIEW_MEMORY_MAX);
    struct run_view view;

    return view_run_row(db, run_id, arena, &view, err) &&
           tell(db, view.user_id, "run.changed", "run", &run_event_shape, &view, command->now_ms,
                err);
}

/* The least a new log needs: its epoch. */
static bool ensure_epoch(struct db *db, const struct command *command, struct error *err)
{
    static const struct sql insert = {.name = "store_epoch",
                                      .text =
                                          "INSERT INTO engine_meta (name, value)"
                                          " VALUES ('epoch', $1) ON CONFLICT (name) DO NOTHING"};
    const struct sql_value args[] = {
        SQL_TEXT(arena_printf(command->arena, "%" PRIx64, (uint64_t)command->now_ms))};

    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

static bool load_pause(struct db *db, struct command *command, struct error *err)
{
    static const struct sql find = {.name = "store_load_pause",
                                    .text = "SELECT value FROM engine_meta WHERE name = 'paused'"};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, NULL, 0, &rows, err))
        return false;
    command->load.is_paused = rows_next(&rows);
    if (command->load.is_paused)
        command->load.pause_reason = rows_str(&rows, "value", command->arena);
    return !rows_failed(&rows);
}

static bool count_live(struct db *db, int64_t *out, struct error *err)
{
    static const struct sql count = {
        .name = "store_count_live",
        .text = "SELECT count(*) AS n FROM task"
                " WHERE state = 'ready' OR state = 'running' OR state = 'waiting'"};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &count, NULL, 0, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no count");
    *out = rows_int64(&rows, "n");
    return true;
}

static bool load(struct db *db, struct command *command, struct error *err)
{
    static const struct sql list = {
        .name = "store_load",
        .text = "SELECT " ENTRY_COLUMNS ", t.owner, t.crash_count, t.crash_at_ms,"
                " coalesce(c.id, 0) AS call_id, c.public_id AS call_public_id,"
                " c.state AS call_state, c.remote_id, c.result, c.estimate_micro, c.intent_at_ms,"
                " (SELECT count(*) FROM call x WHERE x.task_id = t.id AND x.repeat_of IS NOT NULL)"
                " AS repeats FROM task t LEFT JOIN call c ON t.state <> 'ready' AND c.id ="
                " (SELECT max(y.id) FROM call y WHERE y.task_id = t.id)"
                " WHERE t.state = 'ready' OR t.state = 'running' OR t.state = 'waiting'"
                " ORDER BY t.id"};
    CLEANUP(rows_finish) struct rows rows = {0};
    int64_t count;

    if (!ensure_epoch(db, command, err) || !load_pause(db, command, err) ||
        !count_live(db, &count, err) || !db_query(db, &list, NULL, 0, &rows, err))
        return false;
    command->load.tasks = ARENA_ARRAY(command->arena, struct recovered_task, count);
    while ((int64_t)command->load.count < count && rows_next(&rows)) {
        struct recovered_task *task = &command->load.tasks[command->load.count++];

        *task = (struct recovered_task){
            .entry = store_entry_of_row(&rows, command->arena),
            .owner = rows_str(&rows, "owner", command->arena),
            .crash_count = rows_int64(&rows, "crash_count"),
            .crash_at_ms = rows_int64(&rows, "crash_at_ms"),
            .has_call = rows_int64(&rows, "call_id") != 0,
            .repeats = rows_int64(&rows, "repeats"),
        };
        if (!task->has_call)
            continue;
        task->call = (struct prior_call){
            .id = rows_int64(&rows, "call_id"),
            .public_id = rows_str(&rows, "call_public_id", command->arena),
            .remote_id = rows_str(&rows, "remote_id", command->arena),
            .result = rows_str(&rows, "result", command->arena),
            .estimate_micro = rows_int64(&rows, "estimate_micro"),
            .intent_at_ms = rows_int64(&rows, "intent_at_ms"),
        };
        task->has_call =
            call_state_of(rows_str(&rows, "call_state", command->arena), &task->call.state);
    }
    return !rows_failed(&rows);
}

static bool store_load(struct db *db, const struct engine_hooks *hooks, struct command *command,
                       struct error *err)
{
    (void)hooks;
    command->load.count = 0; /* a transaction may run again */
    return load(db, command, err);
}

static const struct {
    const char *name;
    bool (*apply)(struct db *db, const struct engine_hooks *hooks, struct command *command,
                  struct error *err);
} commands[COMMAND_TYPE_COUNT] = {
    [COMMAND_LOAD] = {"engine_load",         store_load        },
    [COMMAND_TAKE_OVER] = {"engine_take_over",    store_take_over   },
    [COMMAND_CLAIM] = {"engine_claim",        store_claim       },
    [COMMAND_RESUME] = {"engine_resume",       store_resume      },
    [COMMAND_INTENT] = {"engine_intent",       store_intent      },
    [COMMAND_SENT] = {"engine_sent",         store_sent        },
    [COMMAND_ACCEPT] = {"engine_accept",       store_accept      },
    [COMMAND_KEEP] = {"engine_keep",         store_keep        },
    [COMMAND_END] = {"engine_end",          store_end         },
    [COMMAND_SUBMIT] = {"engine_submit",       store_submit      },
    [COMMAND_RUN_CONTROL] = {"engine_run_control",  store_run_control },
    [COMMAND_TASK_CONTROL] = {"engine_task_control", store_task_control},
    [COMMAND_PAUSE_ALL] = {"engine_pause",        store_pause_all   },
    [COMMAND_RELEASE_HELD] = {"engine_release_held", store_release_held},
    [COMMAND_CLEAR] = {"engine_clear",        store_clear       },
};

const char *command_name(enum command_type type) { return commands[type].name; }

bool store_apply(struct db *db, const struct engine_hooks *hooks, struct command *command,
                 struct error *err)
{
    return commands[command->type].apply(db, hooks, command, err);
}
