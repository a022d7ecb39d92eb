/* How a task ends or goes back, and what follows from it: money, the tasks behind it, its run. */
#include "core/fault.h"
#include "engine/store_private.h"

#include <assert.h>

#define REST_MS ((int64_t)24 * 3600 * 1000) /* of the time in which what is paid for is taken */

/* `is_ours`: the task is still its teller's.  Else another has taken the call over, perhaps sent it
 * again: then the old owner's doubt is worth nothing, but that it failed is worth knowing. */
static bool end_call(struct db *db, const struct command *command, bool is_ours, struct error *err)
{
    /* What was kept stays kept: a failure after it is about the result, not the call. */
    static const struct sql update = {
        .name = "store_end_call",
        .text = "UPDATE call SET state = $2, class = $3, message = $4, http_status = $5,"
                " cost_micro = $6, ended_at_ms = $7,"
                " request_id = CASE WHEN $8 = '' THEN request_id ELSE $8 END,"
                " currency = CASE WHEN currency = '' THEN $11 ELSE currency END"
                " WHERE id = $1 AND state <> 'finished'"
                " AND ($9 = 1 OR ($2 = 'failed' AND attempt = $10))"};
    const struct call_end *call = &command->end.call;
    const struct sql_value args[] = {
        SQL_INT64(call->call_id),
        SQL_CSTR(call_state_name(call->state)),
        SQL_CSTR(call->class == FAILURE_NONE ? "" : failure_class_name(call->class)),
        SQL_TEXT(call->message),
        SQL_INT64(call->http_status),
        call->cost_micro < 0 ? SQL_NULL : SQL_INT64(call->cost_micro),
        SQL_INT64(command->now_ms),
        SQL_TEXT(call->request_id),
        SQL_BOOL(is_ours),
        SQL_INT64(command->end.attempt_number),
        SQL_CSTR(call->currency == NULL ? "" : call->currency),
    };

    return call->call_id == 0 || db_exec(db, &update, args, COUNT(args), NULL, err);
}

/* It stays paid for; but the next attempt finds nothing to adopt, and makes a new call. */
static bool lose_result(struct db *db, const struct command *command, struct error *err)
{
    static const struct sql update = {
        .name = "store_lose_result",
        .text = "UPDATE call SET result = '', class = $2, message = $3 WHERE id = $1"
                " AND state = 'finished'"};
    const struct call_end *call = &command->end.call;
    const struct sql_value args[] = {SQL_INT64(call->call_id),
                                     SQL_CSTR(failure_class_name(call->class)),
                                     SQL_TEXT(call->message)};

    return db_exec(db, &update, args, COUNT(args), NULL, err);
}

struct str store_call_owner(int64_t call_id, struct arena *arena)
{
    return arena_printf(arena, "call:%" PRId64, call_id);
}

/* The nouns refer to what they took; what they did not take is nobody's. */
static bool let_blobs_go(struct db *db, const struct command *command, struct error *err)
{
    for (size_t index = 0; command->end.call.call_id != 0 && index < command->end.blob_count;
         index++)
        if (!blob_ref_drop(db, str_of(command->end.blobs[index].name),
                           store_call_owner(command->end.call.call_id, command->arena),
                           command->now_ms, err))
            return false;
    return true;
}

static const char *const outcomes[TASK_EVENT_COUNT] = {
    [TASK_FINISH] = "done", [TASK_FAIL] = "failed",          [TASK_RETRY] = "retry",
    [TASK_HOLD] = "held",   [TASK_GIVE_BACK] = "given_back", [TASK_CANCEL] = "cancelled",
};

static bool end_attempt(struct db *db, const struct command *command, enum task_event event,
                        struct error *err)
{
    static const struct sql update = {
        .name = "store_end_attempt",
        .text = "UPDATE attempt SET ended_at_ms = $3, outcome = $4, class = $5, message = $6"
                " WHERE task_id = $1 AND number = $2 AND ended_at_ms IS NULL"};
    const struct sql_value args[] = {
        SQL_INT64(command->end.task_id),
        SQL_INT64(command->end.attempt_number),
        SQL_INT64(command->now_ms),
        SQL_CSTR(outcomes[event]),
        SQL_CSTR(command->end.class == FAILURE_NONE ? "" : failure_class_name(command->end.class)),
        SQL_TEXT(command->end.message),
    };

    return db_exec(db, &update, args, COUNT(args), NULL, err);
}

/* The task's row: only under its fence and only along the table of ways. */
static bool end_row(struct db *db, const struct command *command, const struct task_entry *entry,
                    enum task_event event, enum task_state to, const struct task_cost *cost,
                    struct error *err)
{
    static const struct sql update = {
        .name = "store_end_task",
        .text = "UPDATE task SET state = $4, owner = '', run_at_ms = $5, tries = tries + $6,"
                " error_class = $7, error_message = $8, hold_reason = $9,"
                " may_repeat = CASE WHEN $10 = 1 THEN 1 ELSE may_repeat END,"
                " output = coalesce($11, output), finished_at_ms = $12, poll_at_ms = 0,"
                " cost_micro = CASE WHEN $13 = 1 THEN $14 ELSE cost_micro END,"
                " currency = CASE WHEN currency = '' THEN $15 ELSE currency END"
                " WHERE id = $1 AND fence = $2 AND state = $3"};
    const bool is_final = task_state_is_final(to);
    const bool is_changed = event != command->end.event; /* by a cancel that came first */
    const enum failure_class class = is_changed ? FAILURE_CANCELLED : command->end.class;
    const char *hold_reason = event == TASK_HOLD ? command->end.hold_reason : NULL;
    const struct sql_value args[] = {
        SQL_INT64(entry->id),
        SQL_INT64(entry->fence),
        SQL_CSTR(task_state_name(entry->state)),
        SQL_CSTR(task_state_name(to)),
        SQL_INT64(event == TASK_RETRY ? command->end.run_at_ms : entry->run_at_ms),
        SQL_INT64(command->end.counts_try ? 1 : 0),
        SQL_CSTR(class == FAILURE_NONE ? "" : failure_class_name(class)),
        SQL_TEXT(is_changed ? STR_EMPTY : command->end.message),
        SQL_CSTR(hold_reason == NULL ? "" : hold_reason),
        SQL_BOOL(command->end.may_repeat),
        SQL_TEXT_OR_NULL(command->end.output),
        is_final ? SQL_INT64(command->now_ms) : SQL_NULL,
        SQL_BOOL(cost != NULL),
        cost == NULL || cost->is_doubtful ? SQL_NULL : SQL_INT64(cost->known_micro),
        SQL_TEXT(cost == NULL ? STR_EMPTY : cost->currency),
    };

    return db_exec_one(db, &update, args, COUNT(args), err);
}

static bool cost_of(struct db *db, int64_t task_id, struct arena *arena, struct task_cost *out,
                    struct error *err)
{
    static const struct sql sum = {
        .name = "store_cost",
        .text = "SELECT coalesce(sum(cost_micro), 0) AS known, coalesce(max(currency), '') AS"
                " currency, count(*) - count(cost_micro) AS doubtful FROM call"
                " WHERE task_id = $1"};
    const struct sql_value args[] = {SQL_INT64(task_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &sum, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no sum of costs");
    *out = (struct task_cost){
        .known_micro = rows_int64(&rows, "known"),
        .is_doubtful = rows_int64(&rows, "doubtful") > 0,
        .currency = rows_str(&rows, "currency", arena),
    };
    return true;
}

/* The run's share and the house's, once the task's row says what it has cost. */
static bool settle_at(struct db *db, const struct engine_hooks *hooks,
                      const struct command *command, int64_t task_id, const struct task_cost *cost,
                      struct error *err)
{
    static const struct sql run = {.name = "store_run_currency",
                                   .text = "UPDATE run SET currency = $2 WHERE currency = ''"
                                           " AND id = (SELECT run_id FROM task WHERE id = $1)"};
    const int64_t known = cost->known_micro;
    const struct sql_value args[] = {SQL_INT64(task_id), SQL_TEXT(cost->currency)};

    return (known == 0 || db_exec(db, &run, args, COUNT(args), NULL, err)) &&
           (hooks->settle == NULL ||
            hooks->settle(hooks->context, db, task_id, cost->is_doubtful ? -1 : known,
                          cost->currency, command->now_ms, err));
}

static bool settle(struct db *db, const struct engine_hooks *hooks, const struct command *command,
                   int64_t task_id, struct error *err)
{
    /* What had no estimate had no currency either, until something was paid. */
    static const struct sql update = {
        .name = "store_task_cost",
        .text = "UPDATE task SET cost_micro = $2,"
                " currency = CASE WHEN currency = '' THEN $3 ELSE currency END WHERE id = $1"};
    struct task_cost cost;

    if (!cost_of(db, task_id, command->arena, &cost, err))
        return false;
    const struct sql_value args[] = {SQL_INT64(task_id),
                                     cost.is_doubtful ? SQL_NULL : SQL_INT64(cost.known_micro),
                                     SQL_TEXT(cost.currency)};

    return db_exec_one(db, &update, args, COUNT(args), err) &&
           settle_at(db, hooks, command, task_id, &cost, err);
}

/* The flag of an edge is turned once, so that a replay cannot count a dependency down twice. */
static bool free_successors(struct db *db, struct command *command, int64_t task_id,
                            struct ended *out, struct error *err)
{
    static const struct sql find = {
        .name = "store_successors",
        .text = "SELECT to_task AS id FROM edge WHERE from_task = $1 AND is_done = 0"
                " ORDER BY to_task, from_port, to_port LIMIT 2000"};
    static const struct sql flip = {
        .name = "store_edge_flip",
        .text = "UPDATE edge SET is_done = 1 WHERE from_task = $1 AND is_done = 0"};
    static const struct sql count_down = {
        .name = "store_count_down",
        /* Of one that was cancelled too: a retry must find what it still waits for. */
        .text =
            "UPDATE task SET deps_left = deps_left - 1,"
            " state = CASE WHEN deps_left = 1 AND state = 'blocked' THEN 'ready' ELSE state END,"
            " run_at_ms = CASE WHEN deps_left = 1 THEN $2 ELSE run_at_ms END"
            " WHERE id = $1 AND deps_left > 0"};
    const struct sql_value args[] = {SQL_INT64(task_id)};
    struct id_list successors;

    if (!store_ids(db, &find, args, 1, RUN_EDGES_MAX, command->arena, &successors, err))
        return false;
    if (successors.count == 0)
        return true;
    if (!db_exec(db, &flip, args, 1, NULL, err))
        return false;
    FAULT(EDGE_FLIP);
    out->ready = ARENA_ARRAY(command->arena, struct task_entry, successors.count);
    for (size_t index = 0; index < successors.count; index++) {
        const struct sql_value down[] = {SQL_INT64(successors.ids[index]),
                                         SQL_INT64(command->now_ms)};
        struct task_entry entry;

        if (!db_exec_one(db, &count_down, down, COUNT(down), err) ||
            !store_entry_find(db, successors.ids[index], command->arena, &entry, err))
            return false;
        if (entry.state == TASK_READY) {
            out->ready[out->ready_count++] = entry;
            if (!store_tell_task(db, entry.id, command, err))
                return false;
        }
    }
    return true;
}

/* A branch ends with the task it hangs on; other branches go on. */
static bool end_branch(struct db *db, const struct engine_hooks *hooks, struct command *command,
                       int64_t task_id, struct ended *out, struct error *err)
{
    static const struct sql find = {
        .name = "store_branch",
        .text = "WITH RECURSIVE behind (id) AS ("
                " SELECT to_task FROM edge WHERE from_task = $1"
                " UNION SELECT e.to_task FROM edge e JOIN behind b ON e.from_task = b.id)"
                " SELECT t.id FROM behind JOIN task t ON t.id = behind.id"
                " WHERE t.state = 'blocked' ORDER BY t.id LIMIT 500"};
    static const struct sql cancel = {
        .name = "store_branch_cancel",
        .text = "UPDATE task SET state = 'cancelled', error_class = 'cancelled',"
                " finished_at_ms = $2 WHERE id = $1 AND state = 'blocked'"};
    const struct sql_value args[] = {SQL_INT64(task_id)};
    struct id_list behind;

    if (!store_ids(db, &find, args, 1, RUN_NODES_MAX, command->arena, &behind, err))
        return false;
    for (size_t index = 0; index < behind.count; index++) {
        const struct sql_value row[] = {SQL_INT64(behind.ids[index]), SQL_INT64(command->now_ms)};

        if (!db_exec_one(db, &cancel, row, COUNT(row), err) ||
            !settle(db, hooks, command, behind.ids[index], err) ||
            !store_tell_task(db, behind.ids[index], command, err))
            return false;
    }
    out->ended = behind.ids;
    out->ended_count = behind.count;
    return true;
}

/* Nobody waits for an answer to them any more; what they cost stays in doubt. */
static bool abandon_calls(struct db *db, const struct command *command, int64_t task_id,
                          struct error *err)
{
    static const struct sql update = {
        .name = "store_abandon_calls",
        .text = "UPDATE call SET state = 'abandoned', ended_at_ms = $2 WHERE task_id = $1"
                " AND (state = 'intent' OR state = 'sent' OR state = 'accepted')"};
    const struct sql_value args[] = {SQL_INT64(task_id), SQL_INT64(command->now_ms)};
    /* An attempt makes one call: when the first one's is closed there is no other.  The states from
     * CALL_FINISHED on are closed. */
    const struct command_end *end = &command->end;
    const bool is_only = command->type == COMMAND_END && end->task_id == task_id &&
                         end->attempt_number == 1 && end->call.call_id != 0 &&
                         end->call.state >= CALL_FINISHED;

    return is_only || db_exec(db, &update, args, COUNT(args), NULL, err);
}

static bool count_run(struct db *db, struct command *command, int64_t run_id, int64_t failed,
                      int64_t cancelled, int64_t ended, struct error *err)
{
    static const struct sql count = {
        .name = "store_count_run",
        .text = "UPDATE run SET left_count = left_count - $4, failed_count = failed_count + $2,"
                " cancelled_count = cancelled_count + $3,"
                " cost_micro = (SELECT coalesce(sum(t.cost_micro), 0) FROM task t"
                " WHERE t.run_id = $1 AND t.currency = run.currency),"
                /* And closed with the last one; what stands on the right is from before. */
                " finished_at_ms = CASE WHEN state = 'active' AND left_count = $4 THEN $5"
                " ELSE finished_at_ms END,"
                " state = CASE WHEN state <> 'active' OR left_count <> $4 THEN state"
                " WHEN failed_count + $2 > 0 THEN 'failed'"
                " WHEN cancelled_count + $3 = task_count THEN 'cancelled' ELSE 'done' END"
                " WHERE id = $1 AND left_count >= $4"};
    const struct sql_value args[] = {SQL_INT64(run_id), SQL_INT64(failed), SQL_INT64(cancelled),
                                     SQL_INT64(ended), SQL_INT64(command->now_ms)};

    return db_exec_one(db, &count, args, COUNT(args), err) &&
           store_tell_run(db, run_id, command, err);
}

bool store_after_end(struct db *db, const struct engine_hooks *hooks, struct command *command,
                     int64_t task_id, int64_t run_id, enum task_state state,
                     const struct task_cost *cost, struct ended *out, struct error *err)
{
    assert(task_state_is_final(state));
    *out = (struct ended){0};
    if (cost == NULL
            ? !abandon_calls(db, command, task_id, err) || !settle(db, hooks, command, task_id, err)
            : !settle_at(db, hooks, command, task_id, cost, err))
        return false;
    if (!store_tell_task(db, task_id, command, err))
        return false;
    if (state == TASK_DONE ? !free_successors(db, command, task_id, out, err)
                           : !end_branch(db, hooks, command, task_id, out, err))
        return false;
    return count_run(db, command, run_id, state == TASK_FAILED ? 1 : 0,
                     (int64_t)out->ended_count + (state == TASK_CANCELLED ? 1 : 0),
                     (int64_t)out->ended_count + 1, err);
}

/* The nouns' share of a finished task: its assets. */
static bool record_result(struct db *db, const struct engine_hooks *hooks, struct command *command,
                          const struct task_entry *entry, const struct task_cost *cost,
                          struct error *err)
{
    struct task_view view;
    struct task_result result;

    if (hooks->record_result == NULL)
        return true;
    if (!view_task_row(db, entry->id, command->arena, &view, err))
        return false;
    result = (struct task_result){
        .task_id = entry->id,
        .run_id = entry->run_id,
        .user_id = entry->user_id,
        .task_public_id = view.id,
        .run_public_id = view.run_id,
        .product = view.product_id,
        .operation = view.operation,
        .model = view.model,
        .parameters = view.parameters,
        .inputs = view.inputs,
        .provider_id = entry->provider_id,
        .output = command->end.output,
        .cost_micro = cost->is_doubtful ? -1 : cost->known_micro,
        .currency = cost->currency,
        .started_at_ms = view.started_at_ms,
        .now_ms = command->now_ms,
        .is_late = task_state_is_final(entry->state),
    };
    return hooks->record_result(hooks->context, db, &result, err);
}

/* Of a task that has ended. */
static bool settle_again(struct db *db, const struct engine_hooks *hooks, struct command *command,
                         const struct task_entry *entry, struct error *err)
{
    return settle(db, hooks, command, entry->id, err) &&
           count_run(db, command, entry->run_id, 0, 0, 0, err);
}

bool store_settle_ended(struct db *db, const struct engine_hooks *hooks, struct command *command,
                        int64_t task_id, struct error *err)
{
    struct task_entry entry;

    return store_entry_find(db, task_id, command->arena, &entry, err) &&
           (!task_state_is_final(entry.state) || settle_again(db, hooks, command, &entry, err));
}

/* Cancelled while the provider was at work: what was paid for is kept all the same (P7). */
static bool take_late_result(struct db *db, const struct engine_hooks *hooks,
                             struct command *command, const struct task_entry *entry,
                             struct error *err)
{
    struct task_cost cost;

    return cost_of(db, entry->id, command->arena, &cost, err) &&
           record_result(db, hooks, command, entry, &cost, err) && let_blobs_go(db, command, err) &&
           settle_again(db, hooks, command, entry, err);
}

/* What was cancelled meanwhile does not start again and asks nobody, unless its result is here. */
static bool event_of(struct db *db, const struct command *command, const struct task_entry *entry,
                     enum task_event *out, struct error *err)
{
    bool has_result;

    *out = command->end.event;
    if (entry->cancel_at_ms == 0 ||
        (*out != TASK_RETRY && *out != TASK_GIVE_BACK && *out != TASK_HOLD && *out != TASK_CANCEL))
        return true;
    if (!store_has_result(db, entry->id, command->arena, &has_result, err))
        return false;
    if (*out == TASK_CANCEL && has_result) /* an old owner kept it while this one began anew */
        *out = TASK_GIVE_BACK;
    else if (*out == TASK_HOLD || !has_result)
        *out = TASK_CANCEL;
    return true;
}

/*
 * Its time to start is over, but what was paid for is here or under way (P7): then it has another
 * day for that, and the next, and asks for nothing new.  `*out`: it waits on.
 */
static bool wait_for_rest(struct db *db, struct command *command, const struct task_entry *entry,
                          bool *out, struct error *err)
{
    static const struct sql update = {
        .name = "store_wait_for_rest",
        .text =
            "UPDATE task SET start_by_ms = $2 WHERE id = $1 AND EXISTS (SELECT 1 FROM call c"
            " WHERE c.id = (SELECT max(id) FROM call WHERE task_id = $1) AND"
            " (c.state = 'accepted' OR (c.state = 'finished' AND coalesce(c.result, '') <> '')))"};
    const int64_t start_by_ms = command->now_ms + REST_MS;
    const struct sql_value args[] = {SQL_INT64(entry->id), SQL_INT64(start_by_ms)};
    int64_t changed;

    *out = false;
    if (command->end.event != TASK_FAIL || entry->state != TASK_READY ||
        entry->fence != command->end.fence)
        return true;
    if (!db_exec(db, &update, args, COUNT(args), &changed, err))
        return false;
    *out = changed > 0;
    command->end.is_applied = *out;
    command->end.became = TASK_READY;
    command->end.start_by_ms = start_by_ms;
    return true;
}

bool store_end(struct db *db, const struct engine_hooks *hooks, struct command *command,
               struct error *err)
{
    struct task_entry entry;
    const struct task_cost *known;
    struct task_cost cost;
    struct ended ended;
    enum task_event event;
    enum task_state to;
    bool has_fence, is_ours, waits;
    struct error refused;

    command->end.is_applied = false;
    command->end.ready_count = 0;
    command->end.ended_count = 0;
    if (!store_entry_find(db, command->end.task_id, command->arena, &entry, err) ||
        !wait_for_rest(db, command, &entry, &waits, err))
        return false;
    if (waits)
        return true;
    if (!event_of(db, command, &entry, &event, err))
        return false;
    has_fence = entry.fence == command->end.fence;
    is_ours = has_fence && task_state_next(entry.state, event, &to, &refused);
    if (!end_call(db, command, is_ours, err) || !end_attempt(db, command, event, err))
        return false;
    command->end.user_id = entry.user_id;
    if (!has_fence) /* fenced out: the call is told of, nothing else */
        return !task_state_is_final(entry.state) || settle_again(db, hooks, command, &entry, err);
    if (!is_ours)
        return event != TASK_FINISH || entry.state != TASK_CANCELLED ||
               take_late_result(db, hooks, command, &entry, err);
    /* Who finished has no call open, so its cost is known with the row. */
    known = event == TASK_FINISH ? &cost : NULL;
    if (known != NULL && (!abandon_calls(db, command, entry.id, err) ||
                          !cost_of(db, entry.id, command->arena, &cost, err)))
        return false;
    if (command->end.loses_result &&
        (!lose_result(db, command, err) || !let_blobs_go(db, command, err)))
        return false;
    if (!end_row(db, command, &entry, event, to, known, err))
        return false;
    command->end.is_applied = true;
    command->end.became = to;
    if (!task_state_is_final(to))
        return store_tell_task(db, entry.id, command, err);
    if (known != NULL &&
        (!record_result(db, hooks, command, &entry, known, err) || !let_blobs_go(db, command, err)))
        return false;
    if (!store_after_end(db, hooks, command, entry.id, entry.run_id, to, known, &ended, err))
        return false;
    command->end.ready = ended.ready;
    command->end.ready_count = ended.ready_count;
    command->end.ended = ended.ended;
    command->end.ended_count = ended.ended_count;
    return true;
}
