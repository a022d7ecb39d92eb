/* What people do to the whole of what waits: a task's or a run's place in it, and an end to all of
 * it. */
#include "engine/store_private.h"

enum { WAITING_MAX = 20000 };

/* ---- A place ---- */

/* What moves: one task, or all that waits of a run.  The other row id is 0. */
struct moved {
    int64_t user_id, run_row_id, task_row_id;
    size_t count;
};

/* What waits of a run, as it would be started. */
static bool waiting_of(struct db *db, struct arena *arena, int64_t run_row_id, struct id_list *out,
                       struct error *err)
{
    static const struct sql list = {
        .name = "store_waiting_of_run",
        .text = "SELECT id FROM task WHERE run_id = $1 AND (state = 'blocked' OR state = 'ready')"
                " ORDER BY priority, rank, id LIMIT 500"};
    const struct sql_value args[] = {SQL_INT64(run_row_id)};

    return store_ids(db, &list, args, COUNT(args), RUN_NODES_MAX, arena, out, err);
}

/* The ranks of a block: the first, and how far apart they are. */
struct block {
    double first, step;
    bool is_spread; /* others were given new ranks to make room */
};

static bool block_at_end(struct db *db, const struct moved *moved, bool is_front, struct block *out,
                         struct error *err)
{
    static const struct sql find = {
        .name = "store_rank_ends_of_others",
        .text = "SELECT coalesce(min(rank), 0) AS low, coalesce(max(rank), 0) AS high FROM task"
                " WHERE user_id = $1 AND (state = 'blocked' OR state = 'ready') AND run_id <> $2 "
                "AND id <> $3"};
    const struct sql_value args[] = {SQL_INT64(moved->user_id), SQL_INT64(moved->run_row_id),
                                     SQL_INT64(moved->task_row_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no rank");
    *out = (struct block){.first = is_front ? rows_double(&rows, "low") - (double)moved->count
                                            : rows_double(&rows, "high") + 1,
                          .step = 1};
    return true;
}

/* Between two neighbours as long as a double has numbers there; then what follows is moved on. */
static bool block_before(struct db *db, const struct moved *moved, const struct task_entry *before,
                         struct block *out, struct error *err)
{
    static const struct sql find = {
        .name = "store_rank_below_of_others",
        .text = "SELECT coalesce(max(rank), $3 - 2) AS rank FROM task WHERE user_id = $1"
                " AND (state = 'blocked' OR state = 'ready') AND priority = $2 AND rank < $3"
                " AND run_id <> $4 AND id <> $5"};
    static const struct sql spread = {
        .name = "store_rank_make_room",
        .text = "UPDATE task SET rank = rank + $4 WHERE user_id = $1"
                " AND (state = 'blocked' OR state = 'ready') AND priority = $2 AND rank >= $3"};
    const double parts = (double)moved->count + 1;
    const struct sql_value args[] = {SQL_INT64(moved->user_id), SQL_INT64(before->priority),
                                     SQL_DOUBLE(before->rank), SQL_INT64(moved->run_row_id),
                                     SQL_INT64(moved->task_row_id)};
    const struct sql_value room[] = {args[0], args[1], args[2], SQL_DOUBLE(parts)};
    CLEANUP(rows_finish) struct rows rows = {0};
    double below;

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no rank");
    below = rows_double(&rows, "rank");
    *out = (struct block){.step = (before->rank - below) / parts};
    out->first = below + out->step;
    /* A step that is large beside the error of a sum keeps all of them apart. */
    if (out->step > 1e-6)
        return true;
    *out = (struct block){.first = before->rank, .step = 1, .is_spread = true};
    return db_exec(db, &spread, room, COUNT(room), NULL, err);
}

/* `before`: the task that it goes in front of, or NULL: to an end. */
static bool place_of(struct db *db, const struct command *command, const struct moved *moved,
                     const struct task_entry *before, struct block *block,
                     enum task_priority *priority, struct error *err)
{
    const bool is_front = command->control.place == PLACE_FRONT;

    if (before != NULL) {
        *priority = before->priority;
        return block_before(db, moved, before, block, err);
    }
    if (is_front)
        *priority = PRIORITY_FRONT;
    else if (*priority == PRIORITY_FRONT)
        *priority = PRIORITY_NORMAL;
    return block_at_end(db, moved, is_front, block, err);
}

/* Those that were numbered again have new ranks in the core's memory too. */
static bool add_waiting(struct db *db, struct command *command, int64_t user_id, struct error *err)
{
    static const struct sql list = {
        .name = "store_waiting",
        .text = "SELECT id FROM task WHERE user_id = $1 AND (state = 'blocked' OR state = 'ready')"
                " ORDER BY id LIMIT 20000"};
    const struct sql_value args[] = {SQL_INT64(user_id)};
    struct id_list waiting;

    if (!store_ids(db, &list, args, COUNT(args), WAITING_MAX, command->arena, &waiting, err))
        return false;
    for (size_t index = 0; index < waiting.count; index++)
        if (!store_add_changed(db, command, waiting.ids[index], waiting.count, err))
            return false;
    return true;
}

static bool put_block(struct db *db, struct command *command, const struct id_list *waiting,
                      const struct block *block, enum task_priority priority, struct error *err)
{
    static const struct sql update = {.name = "store_move_of_run",
                                      .text =
                                          "UPDATE task SET rank = $2, priority = $3 WHERE id = $1"
                                          " AND (state = 'blocked' OR state = 'ready')"};

    for (size_t index = 0; index < waiting->count; index++) {
        const struct sql_value args[] = {SQL_INT64(waiting->ids[index]),
                                         SQL_DOUBLE(block->first + (double)index * block->step),
                                         SQL_INT64(priority)};

        if (!db_exec_one(db, &update, args, COUNT(args), err) ||
            !store_tell_task(db, waiting->ids[index], command, err) ||
            (!block->is_spread &&
             !store_add_changed(db, command, waiting->ids[index], RUN_NODES_MAX, err)))
            return false;
    }
    return !block->is_spread || add_waiting(db, command, command->control.user_id, err);
}

/* The task that a run goes in front of: the first that waits of another. */
static bool run_target(struct db *db, struct command *command, const struct run_view *run,
                       struct task_entry *out, struct error *err)
{
    struct run_view other;
    struct id_list waiting;

    if (!view_run(db, run->user_id, command->control.before, command->arena, &other, err))
        return false;
    if (other.row_id == run->row_id)
        return error_field(err, ERROR_CONFLICT, "before", 0, "a run does not go before itself");
    if (!waiting_of(db, command->arena, other.row_id, &waiting, err))
        return false;
    if (waiting.count == 0)
        return error_field(err, ERROR_CONFLICT, "before", 0, "nothing of that run waits any more");
    return store_entry_find(db, waiting.ids[0], command->arena, out, err);
}

bool store_run_move(struct db *db, struct command *command, const struct run_view *run,
                    struct error *err)
{
    static const struct sql update = {
        .name = "store_run_moved",
        .text = "UPDATE run SET priority = $2 WHERE id = $1 AND state = 'active'"};
    const bool is_before = command->control.place == PLACE_BEFORE;
    enum task_priority priority = PRIORITY_FRONT;
    struct task_entry before;
    struct id_list waiting;
    struct block block;

    if (!waiting_of(db, command->arena, run->row_id, &waiting, err))
        return false;
    if (waiting.count == 0)
        return error_set(err, ERROR_CONFLICT, "nothing of this run waits any more");
    while (!str_equal(run->priority, str_of(task_priority_values[priority])))
        priority++; /* a row has no other */
    const struct moved moved = {
        .user_id = run->user_id, .run_row_id = run->row_id, .count = waiting.count};

    if ((is_before && !run_target(db, command, run, &before, err)) ||
        !place_of(db, command, &moved, is_before ? &before : NULL, &block, &priority, err))
        return false;
    const struct sql_value args[] = {SQL_INT64(run->row_id), SQL_INT64(priority)};

    return db_exec_one(db, &update, args, COUNT(args), err) &&
           put_block(db, command, &waiting, &block, priority, err) &&
           store_tell_run(db, run->row_id, command, err);
}

static bool task_target(struct db *db, const struct command *command, struct task_entry *out,
                        struct error *err)
{
    struct task_view view;

    if (!view_task(db, command->control.user_id, command->control.before, command->arena, &view,
                   err) ||
        !store_entry_find(db, view.row_id, command->arena, out, err))
        return false;
    if (out->state != TASK_READY && out->state != TASK_BLOCKED)
        return error_field(err, ERROR_CONFLICT, "before", 0, "that task no longer waits");
    return true;
}

bool store_task_move(struct db *db, struct command *command, const struct task_entry *entry,
                     struct error *err)
{
    const bool is_before = command->control.place == PLACE_BEFORE;
    const struct moved moved = {.user_id = entry->user_id, .task_row_id = entry->id, .count = 1};
    int64_t id = entry->id;
    const struct id_list one = {.ids = &id, .count = 1};
    enum task_priority priority = entry->priority;
    struct task_entry before;
    struct block block;

    if (entry->state != TASK_READY && entry->state != TASK_BLOCKED)
        return error_set(err, ERROR_CONFLICT, "a task that is %s has no place in the queue",
                         task_state_name(entry->state));
    return (!is_before || task_target(db, command, &before, err)) &&
           place_of(db, command, &moved, is_before ? &before : NULL, &block, &priority, err) &&
           put_block(db, command, &one, &block, priority, err);
}

/* ---- All that waits ---- */

bool store_clear(struct db *db, const struct engine_hooks *hooks, struct command *command,
                 struct error *err)
{
    /* What was asked to stop already is left alone: it has a result that is adopted first. */
    static const struct sql list = {
        .name = "store_clear",
        .text = "SELECT id FROM task WHERE user_id = $1 AND (state = 'blocked' OR state = 'ready')"
                " AND cancel_at_ms = 0 ORDER BY id LIMIT 200"};
    const struct sql_value args[] = {SQL_INT64(command->control.user_id)};
    struct id_list waiting;

    command->control.changed = NULL; /* a transaction may run again */
    command->control.changed_count = 0;
    command->control.cancelled = 0;
    if (!store_ids(db, &list, args, COUNT(args), STORE_CLEAR_MAX, command->arena, &waiting, err))
        return false;
    for (size_t index = 0; index < waiting.count; index++) {
        struct task_entry entry;

        /* Ending one ends what hangs on it. */
        if (!store_entry_find(db, waiting.ids[index], command->arena, &entry, err))
            return false;
        if ((entry.state == TASK_READY || entry.state == TASK_BLOCKED) &&
            !store_cancel_task(db, hooks, command, &entry, err))
            return false;
    }
    return true;
}
