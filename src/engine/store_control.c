/* What people do to runs and tasks: cancel, pause, retry, answer, order; and what the owner does to
 * all of them. */
#include "engine/decide.h"
#include "engine/store_private.h"

bool store_add_changed(struct db *db, struct command *command, int64_t task_id, size_t limit,
                       struct error *err)
{
    if (command->control.changed == NULL)
        command->control.changed = ARENA_ARRAY(command->arena, struct task_entry, limit);
    if (command->control.changed_count >= limit)
        return error_set(err, ERROR_INTERNAL, "more tasks changed than there are");
    return store_entry_find(db, task_id, command->arena,
                            &command->control.changed[command->control.changed_count++], err);
}

bool store_cancel_task(struct db *db, const struct engine_hooks *hooks, struct command *command,
                       const struct task_entry *entry, struct error *err)
{
    static const struct sql ask = {
        .name = "store_cancel_ask",
        .text = "UPDATE task SET cancel_at_ms = $2 WHERE id = $1 AND cancel_at_ms = 0"};
    static const struct sql end = {
        .name = "store_cancel",
        .text = "UPDATE task SET state = 'cancelled', cancel_at_ms = $2, finished_at_ms = $2,"
                " error_class = 'cancelled', error_message = '', hold_reason = ''"
                " WHERE id = $1 AND state = $3"};
    const struct sql_value args[] = {SQL_INT64(entry->id), SQL_INT64(command->now_ms),
                                     SQL_CSTR(task_state_name(entry->state))};
    struct ended ended;
    enum task_state to;
    bool has_result = false;

    if (!task_state_next(entry->state, TASK_CANCEL, &to, err) ||
        (entry->state == TASK_READY &&
         !store_has_result(db, entry->id, command->arena, &has_result, err)))
        return false;
    /* What was paid for and kept is adopted first, and that is the task's end (P7). */
    if (entry->state == TASK_RUNNING || entry->state == TASK_WAITING || has_result) {
        if (!db_exec(db, &ask, args, 2, NULL, err) || !store_tell_task(db, entry->id, command, err))
            return false;
        return store_add_changed(db, command, entry->id, RUN_NODES_MAX, err);
    }
    if (!db_exec_one(db, &end, args, COUNT(args), err) ||
        !store_after_end(db, hooks, command, entry->id, entry->run_id, to, NULL, &ended, err) ||
        !store_add_changed(db, command, entry->id, RUN_NODES_MAX, err))
        return false;
    command->control.cancelled += 1 + (int64_t)ended.ended_count;
    return true;
}

static bool run_of(struct db *db, const struct command *command, struct run_view *out,
                   struct error *err)
{
    return view_run(db, command->control.user_id, command->control.public_id, command->arena, out,
                    err);
}

static bool task_of(struct db *db, const struct command *command, struct task_entry *out,
                    struct error *err)
{
    struct task_view view;

    return view_task(db, command->control.user_id, command->control.public_id, command->arena,
                     &view, err) &&
           store_entry_find(db, view.row_id, command->arena, out, err);
}

static bool live_tasks(struct db *db, int64_t run_id, struct arena *arena, struct id_list *out,
                       struct error *err)
{
    /* Those in front first: ending one ends what hangs on it. */
    static const struct sql list = {
        .name = "store_run_live",
        .text = "SELECT id FROM task WHERE run_id = $1"
                " AND state NOT IN ('done', 'failed', 'cancelled') ORDER BY id LIMIT 500"};
    const struct sql_value args[] = {SQL_INT64(run_id)};

    return store_ids(db, &list, args, COUNT(args), RUN_NODES_MAX, arena, out, err);
}

static bool cancel_run(struct db *db, const struct engine_hooks *hooks, struct command *command,
                       const struct run_view *run, struct error *err)
{
    struct id_list live;

    if (!live_tasks(db, run->row_id, command->arena, &live, err))
        return false;
    if (live.count == 0)
        return error_set(err, ERROR_CONFLICT, "this run has ended: it is %.*s",
                         STR_ARGS(run->state));
    for (size_t index = 0; index < live.count; index++) {
        struct task_entry entry;

        if (!store_entry_find(db, live.ids[index], command->arena, &entry, err))
            return false;
        if (!task_state_is_final(entry.state) && entry.cancel_at_ms == 0 &&
            !store_cancel_task(db, hooks, command, &entry, err))
            return false;
    }
    return true;
}

/* Only while it goes on. */
static bool change_run(struct db *db, const struct run_view *run, const struct sql *update,
                       struct sql_value value, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(run->row_id), value};
    int64_t changed;

    if (!db_exec(db, update, args, COUNT(args), &changed, err))
        return false;
    return changed > 0 ||
           error_set(err, ERROR_CONFLICT, "this run has ended: it is %.*s", STR_ARGS(run->state));
}

/* `is_theirs`: the tasks' own rows changed too. */
static bool tell_live_tasks(struct db *db, struct command *command, const struct run_view *run,
                            bool is_theirs, struct error *err)
{
    struct id_list live;

    if (!live_tasks(db, run->row_id, command->arena, &live, err) ||
        !store_tell_run(db, run->row_id, command, err))
        return false;
    for (size_t index = 0; index < live.count; index++)
        if (!store_add_changed(db, command, live.ids[index], RUN_NODES_MAX, err) ||
            (is_theirs && !store_tell_task(db, live.ids[index], command, err)))
            return false;
    return true;
}

static bool pause_run(struct db *db, struct command *command, const struct run_view *run,
                      bool is_paused, struct error *err)
{
    static const struct sql update = {
        .name = "store_run_pause",
        .text = "UPDATE run SET is_paused = $2 WHERE id = $1 AND state = 'active'"};

    return change_run(db, run, &update, SQL_BOOL(is_paused), err) &&
           tell_live_tasks(db, command, run, false, err);
}

static bool prioritise_run(struct db *db, struct command *command, const struct run_view *run,
                           struct error *err)
{
    static const struct sql update = {.name = "store_run_priority",
                                      .text = "UPDATE run SET priority = $2 WHERE id = $1"
                                              " AND state = 'active'"};
    static const struct sql tasks = {.name = "store_tasks_priority",
                                     .text = "UPDATE task SET priority = $2 WHERE run_id = $1"
                                             " AND state NOT IN ('done', 'failed', 'cancelled')"};
    const struct sql_value args[] = {SQL_INT64(run->row_id), SQL_INT64(command->control.priority)};

    return change_run(db, run, &update, args[1], err) &&
           db_exec(db, &tasks, args, COUNT(args), NULL, err) &&
           tell_live_tasks(db, command, run, true, err);
}

bool store_run_control(struct db *db, const struct engine_hooks *hooks, struct command *command,
                       struct error *err)
{
    struct run_view run;

    command->control.changed = NULL; /* a transaction may run again */
    command->control.changed_count = 0;
    if (!run_of(db, command, &run, err))
        return false;
    switch (command->control.run_control) {
    case RUN_CANCEL:
        return cancel_run(db, hooks, command, &run, err);
    case RUN_PAUSE:
        return pause_run(db, command, &run, true, err);
    case RUN_RESUME:
        return pause_run(db, command, &run, false, err);
    case RUN_RETRY:
        return store_retry(db, hooks, command, run.row_id, 0, false, err);
    case RUN_RETRY_FAILED:
        return store_retry(db, hooks, command, run.row_id, 0, true, err);
    case RUN_PRIORITISE:
        return prioritise_run(db, command, &run, err);
    case RUN_MOVE:
        return store_run_move(db, command, &run, err);
    }
    return error_set(err, ERROR_INTERNAL, "no such control");
}

/* The call before may have been paid: its repeat is reserved beside it. */
static bool reserve_repeat(struct db *db, const struct engine_hooks *hooks,
                           const struct command *command, int64_t task_id, struct error *err)
{
    struct task_money money;
    struct task_view view;

    if (!view_task_row(db, task_id, command->arena, &view, err))
        return false;
    money = (struct task_money){.provider_id = view.provider_row_id,
                                .model = view.model,
                                .estimate_micro = view.estimate_micro,
                                .currency = view.currency};
    return (hooks->afford == NULL ||
            hooks->afford(hooks->context, db, view.user_id, &money, 1, command->now_ms, err)) &&
           (hooks->reserve == NULL ||
            hooks->reserve(hooks->context, db, view.user_id, task_id, view.provider_row_id,
                           view.model, view.operation, view.estimate_micro, view.currency,
                           command->now_ms, err));
}

static bool repeat_task(struct db *db, const struct engine_hooks *hooks, struct command *command,
                        const struct task_entry *entry, struct error *err)
{
    static const struct sql update = {
        .name = "store_repeat",
        .text =
            "UPDATE task SET state = 'ready', may_repeat = 1, run_at_ms = $2, fence = fence + 1,"
            " deadline_at_ms = max(deadline_at_ms, $3), start_by_ms = max(start_by_ms, $3),"
            " hold_reason = '', crash_count = 0 WHERE id = $1 AND state = 'held'"};
    const struct sql_value args[] = {SQL_INT64(entry->id), SQL_INT64(command->now_ms),
                                     SQL_INT64(command->now_ms + command->control.deadline_ms)};
    enum task_state to;

    return task_state_next(entry->state, TASK_ANSWER, &to, err) &&
           reserve_repeat(db, hooks, command, entry->id, err) &&
           db_exec_one(db, &update, args, COUNT(args), err) &&
           store_tell_task(db, entry->id, command, err) &&
           store_add_changed(db, command, entry->id, RUN_NODES_MAX, err);
}

/* Whether the provider of this task can be asked what became of its calls. */
static bool check_look_up(struct db *db, const struct engine_hooks *hooks,
                          const struct command *command, const struct task_view *view,
                          struct error *err)
{
    struct provider_binding provider = {0};

    if (!str_equal(view->hold_reason, STR("unknown")))
        return error_set(err, ERROR_CONFLICT, "what became of this task is not in doubt");
    return hooks->load_provider(hooks->context, db, view->provider_row_id, command->arena,
                                &provider, err) &&
           (decide_can_look_up(&provider) ||
            error_set(err, ERROR_CONFLICT, "its provider cannot be asked what became of it"));
}

/* The call is open again, as after a crash, and the next attempt asks for it: that costs nothing,
 * so nothing is reserved and no repeat allowed. */
static bool look_task_up(struct db *db, const struct engine_hooks *hooks, struct command *command,
                         const struct task_entry *entry, struct error *err)
{
    static const struct sql reopen = {
        .name = "store_look_up_call",
        .text = "UPDATE call SET state = 'sent', ended_at_ms = NULL WHERE task_id = $1"
                " AND id = (SELECT max(id) FROM call WHERE task_id = $1) AND state = 'unknown'"};
    static const struct sql update = {
        .name = "store_look_up",
        .text = "UPDATE task SET state = 'ready', run_at_ms = $2, fence = fence + 1,"
                " deadline_at_ms = max(deadline_at_ms, $3), start_by_ms = max(start_by_ms, $3),"
                " hold_reason = '', crash_count = 0 WHERE id = $1 AND state = 'held'"};
    const struct sql_value args[] = {SQL_INT64(entry->id), SQL_INT64(command->now_ms),
                                     SQL_INT64(command->now_ms + command->control.deadline_ms)};
    struct task_view view;
    enum task_state to;
    int64_t changed;

    if (!task_state_next(entry->state, TASK_ANSWER, &to, err) ||
        !view_task_row(db, entry->id, command->arena, &view, err) ||
        !check_look_up(db, hooks, command, &view, err) ||
        !db_exec(db, &reopen, args, 1, &changed, err))
        return false;
    if (changed == 0)
        return error_set(err, ERROR_CONFLICT, "this task has no call in doubt");
    return db_exec_one(db, &update, args, COUNT(args), err) &&
           store_tell_task(db, entry->id, command, err) &&
           store_add_changed(db, command, entry->id, RUN_NODES_MAX, err);
}

static bool give_task_up(struct db *db, const struct engine_hooks *hooks, struct command *command,
                         const struct task_entry *entry, struct error *err)
{
    static const struct sql update = {
        .name = "store_give_up",
        .text = "UPDATE task SET state = 'failed', finished_at_ms = $2, hold_reason = '',"
                " error_class = CASE WHEN error_class = '' THEN 'unknown' ELSE error_class END"
                " WHERE id = $1 AND state = 'held'"};
    const struct sql_value args[] = {SQL_INT64(entry->id), SQL_INT64(command->now_ms)};
    struct ended ended;
    enum task_state to;

    if (entry->state != TASK_HELD)
        return error_set(err, ERROR_CONFLICT, "a task that is %s asks nothing",
                         task_state_name(entry->state));
    return task_state_next(entry->state, TASK_FAIL, &to, err) &&
           db_exec_one(db, &update, args, COUNT(args), err) &&
           store_after_end(db, hooks, command, entry->id, entry->run_id, to, NULL, &ended, err) &&
           store_add_changed(db, command, entry->id, RUN_NODES_MAX, err);
}

bool store_task_control(struct db *db, const struct engine_hooks *hooks, struct command *command,
                        struct error *err)
{
    struct task_entry entry;

    command->control.changed = NULL; /* a transaction may run again */
    command->control.changed_count = 0;
    if (!task_of(db, command, &entry, err))
        return false;
    switch (command->control.task_control) {
    case TASK_CONTROL_CANCEL:
        return store_cancel_task(db, hooks, command, &entry, err);
    case TASK_CONTROL_RETRY:
        if (entry.state != TASK_FAILED && entry.state != TASK_CANCELLED)
            return error_set(err, ERROR_CONFLICT, "a task that is %s cannot be retried",
                             task_state_name(entry.state));
        return store_retry(db, hooks, command, entry.run_id, entry.id, false, err);
    case TASK_CONTROL_REPEAT:
        return repeat_task(db, hooks, command, &entry, err);
    case TASK_CONTROL_GIVE_UP:
        return give_task_up(db, hooks, command, &entry, err);
    case TASK_CONTROL_LOOK_UP:
        return look_task_up(db, hooks, command, &entry, err);
    case TASK_CONTROL_MOVE:
        return store_task_move(db, command, &entry, err);
    }
    return error_set(err, ERROR_INTERNAL, "no such control");
}

bool store_pause_all(struct db *db, const struct engine_hooks *hooks, struct command *command,
                     struct error *err)
{
    static const struct sql set = {.name = "store_pause_set",
                                   .text =
                                       "INSERT INTO engine_meta (name, value) VALUES ('paused', $1)"
                                       " ON CONFLICT (name) DO UPDATE SET value = excluded.value"};
    static const struct sql clear = {.name = "store_pause_clear",
                                     .text = "DELETE FROM engine_meta WHERE name = 'paused'"};
    const struct sql_value args[] = {SQL_TEXT(command->control.reason)};

    (void)hooks;
    return command->control.is_paused ? db_exec_one(db, &set, args, COUNT(args), err)
                                      : db_exec(db, &clear, NULL, 0, NULL, err);
}

bool store_release_held(struct db *db, const struct engine_hooks *hooks, struct command *command,
                        struct error *err)
{
    static const struct sql find = {
        .name = "store_held_by_provider",
        .text = "SELECT id FROM task WHERE provider_id = $1 AND state = 'held'"
                " AND hold_reason IN ('quota', 'auth') ORDER BY id LIMIT 10000"};
    static const struct sql release = {
        .name = "store_release_held",
        .text =
            "UPDATE task SET state = 'ready', run_at_ms = $2, hold_reason = '', fence = fence + 1,"
            " deadline_at_ms = max(deadline_at_ms, $3), start_by_ms = max(start_by_ms, $3)"
            " WHERE id = $1 AND state = 'held'"};
    const struct sql_value args[] = {SQL_INT64(command->control.provider_id)};
    struct id_list held;

    (void)hooks;
    command->control.changed = NULL; /* a transaction may run again */
    command->control.changed_count = 0;
    command->control.user_count = 0;
    if (!store_ids(db, &find, args, COUNT(args), 10000, command->arena, &held, err))
        return false;
    for (size_t index = 0; index < held.count; index++) {
        const struct sql_value row[] = {SQL_INT64(held.ids[index]), SQL_INT64(command->now_ms),
                                        SQL_INT64(command->now_ms + command->control.deadline_ms)};

        if (!db_exec_one(db, &release, row, COUNT(row), err) ||
            !store_tell_task(db, held.ids[index], command, err) ||
            !store_add_changed(db, command, held.ids[index], held.count, err))
            return false;
    }
    return true;
}
