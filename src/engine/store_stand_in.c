/* A claim by a stand-in: a waiting task goes to another account, with its money. */
#include "engine/store_private.h"

/*
 * Nothing of it may be open, in doubt, answered or charged at the account it leaves: what was paid
 * there must never be paid again elsewhere.  And it has not been at `to` before.
 */
static bool may_leave(struct db *db, const struct command *command, bool *out, struct error *err)
{
    static const struct sql check = {
        .name = "store_stand_in_check",
        .text = "SELECT id FROM task t WHERE t.id = $1 AND t.fence = $2 AND t.state = 'ready'"
                " AND t.cancel_at_ms = 0 AND t.may_repeat = 0 AND coalesce(t.cost_micro, 0) = 0"
                " AND NOT EXISTS (SELECT 1 FROM call c WHERE c.task_id = t.id"
                " AND NOT (c.state = 'failed' AND coalesce(c.cost_micro, -1) = 0))"
                " AND NOT EXISTS (SELECT 1 FROM task_move m WHERE m.task_id = t.id"
                " AND m.from_provider_id = $3)"};
    const struct sql_value args[] = {SQL_INT64(command->claim.task_id),
                                     SQL_INT64(command->claim.fence),
                                     SQL_INT64(command->claim.stand_in_id)};
    struct id_list found;

    if (!store_ids(db, &check, args, COUNT(args), 1, command->arena, &found, err))
        return false;
    *out = found.count > 0;
    return true;
}

/* What the account's own trouble is, is no trouble of the task: that it cannot be resolved there
 * leaves it where it waits. */
static bool resolve(struct db *db, const struct engine_hooks *hooks, struct command *command,
                    const struct attempt *task, struct stand_in *out, struct error *err)
{
    const struct stand_in_ask ask = {
        .user_id = task->user_id,
        .provider_id = command->claim.stand_in_id,
        .operation = task->operation,
        .model = task->model,
        .parameters = task->parameters,
        .inputs = task->inputs,
        .upstream = task->upstream,
        .upstream_count = task->upstream_count,
    };

    *out = (struct stand_in){.can = false};
    if (hooks->stand_in == NULL)
        return true;
    if (!hooks->stand_in(hooks->context, db, &ask, command->arena, out, err))
        return false;
    /* The slot was taken for that model.  Sums are of one currency; a price in another one is no
     * price to compare with. */
    out->can = out->can && str_equal(out->model, task->model) &&
               (command->claim.currency.size == 0 || out->currency.size == 0 ||
                str_equal(command->claim.currency, out->currency));
    return true;
}

static bool write_move(struct db *db, const struct command *command, const struct attempt *task,
                       const struct stand_in *to, struct error *err)
{
    static const struct sql run = {
        .name = "store_stand_in_run",
        .text = "UPDATE run SET estimate_micro = max(0, estimate_micro"
                " - (SELECT max(estimate_micro, 0) FROM task WHERE id = $1) + max($2, 0))"
                " WHERE id = $3 AND (currency = $4 OR $4 = '')"};
    static const struct sql update = {
        .name = "store_stand_in_task",
        .text = "UPDATE task SET provider_id = $2, model = $3, estimate_micro = $4,"
                " currency = CASE WHEN $5 = '' THEN currency ELSE $5 END WHERE id = $1"};
    static const struct sql insert = {
        .name = "store_stand_in_move",
        .text = "INSERT INTO task_move (task_id, at_ms, from_provider_id, to_provider_id, reason)"
                " VALUES ($1, $2, $3, $4, $5)"};
    const struct sql_value run_args[] = {SQL_INT64(task->task_id), SQL_INT64(to->estimate_micro),
                                         SQL_INT64(task->run_id), SQL_TEXT(to->currency)};
    const struct sql_value task_args[] = {
        SQL_INT64(task->task_id), SQL_INT64(command->claim.stand_in_id), SQL_TEXT(to->model),
        SQL_INT64(to->estimate_micro), SQL_TEXT(to->currency)};
    const struct sql_value move_args[] = {
        SQL_INT64(task->task_id), SQL_INT64(command->now_ms), SQL_INT64(task->provider.id),
        SQL_INT64(command->claim.stand_in_id), SQL_TEXT(command->claim.reason)};

    return db_exec(db, &run, run_args, COUNT(run_args), NULL, err) &&
           db_exec_one(db, &update, task_args, COUNT(task_args), err) &&
           db_exec_one(db, &insert, move_args, COUNT(move_args), err);
}

bool store_stand_in(struct db *db, const struct engine_hooks *hooks, struct command *command,
                    const struct attempt *task, bool *is_taken, struct error *err)
{
    struct stand_in to;

    if (!may_leave(db, command, is_taken, err))
        return false;
    if (!*is_taken)
        return true;
    if (!resolve(db, hooks, command, task, &to, err))
        return false;
    *is_taken = to.can;
    if (to.can && hooks->move_reserve != NULL &&
        !hooks->move_reserve(hooks->context, db, task->user_id, task->task_id,
                             command->claim.stand_in_id, &to, command->now_ms, is_taken, err))
        return false;
    return !*is_taken || write_move(db, command, task, &to, err);
}
