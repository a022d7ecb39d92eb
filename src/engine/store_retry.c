/* A person's second try: which tasks of a run start afresh, and how. */
#include "engine/store_private.h"

#include <assert.h>

/* A task that has ended without a result, while it is chosen. */
struct candidate {
    int64_t id;
    bool is_chosen, is_needed; /* needed: a task that was asked for, and what it waits for */
};

static bool deps_left_of(struct db *db, int64_t task_id, int64_t *out, struct error *err)
{
    static const struct sql find = {.name = "store_deps_left",
                                    .text = "SELECT deps_left FROM task WHERE id = $1"};
    const struct sql_value args[] = {SQL_INT64(task_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such task");
    *out = rows_int64(&rows, "deps_left");
    return true;
}

/* A fresh start, its budget and deadline too. */
static bool again(struct db *db, const struct engine_hooks *hooks, struct command *command,
                  int64_t task_id, struct error *err)
{
    static const struct sql update = {
        .name = "store_again",
        .text = "UPDATE task SET state = $6, run_at_ms = $2, deadline_at_ms = $3,"
                " start_by_ms = $3, tries = 0, tries_max = $4, cancel_at_ms = 0, error_class = '',"
                " error_message = '', hold_reason = '', finished_at_ms = NULL, crash_count = 0,"
                " fence = fence + 1, may_repeat = 1 WHERE id = $1 AND state = $5"};
    static const struct sql run = {
        .name = "store_run_again",
        .text = "UPDATE run SET state = 'active', finished_at_ms = NULL,"
                " left_count = left_count + 1, failed_count = failed_count - $2,"
                " cancelled_count = cancelled_count - $3 WHERE id = $1"};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(VIEW_MEMORY_MAX);
    struct task_view view;
    int64_t deps_left;
    enum task_state to;

    if (!view_task_row(db, task_id, arena, &view, err) ||
        !deps_left_of(db, task_id, &deps_left, err) ||
        !task_state_next(view.state_code, deps_left > 0 ? TASK_AGAIN_LATER : TASK_AGAIN, &to, err))
        return false;
    const struct sql_value args[] = {SQL_INT64(task_id),
                                     SQL_INT64(command->now_ms),
                                     SQL_INT64(command->now_ms + command->control.deadline_ms),
                                     SQL_INT64(command->control.tries_max),
                                     SQL_TEXT(view.state),
                                     SQL_CSTR(task_state_name(to))};
    const struct sql_value run_args[] = {SQL_INT64(view.run_row_id),
                                         SQL_INT64(view.state_code == TASK_FAILED ? 1 : 0),
                                         SQL_INT64(view.state_code == TASK_CANCELLED ? 1 : 0)};

    return db_exec_one(db, &update, args, COUNT(args), err) &&
           db_exec_one(db, &run, run_args, COUNT(run_args), err) &&
           (hooks->reserve == NULL ||
            hooks->reserve(hooks->context, db, view.user_id, task_id, view.provider_row_id,
                           view.model, view.operation, view.estimate_micro, view.currency,
                           command->now_ms, err)) &&
           store_tell_task(db, task_id, command, err) &&
           store_add_changed(db, command, task_id, RUN_NODES_MAX, err);
}

static struct candidate *find(struct candidate *candidates, size_t count, int64_t id)
{
    for (size_t index = 0; index < count; index++)
        if (candidates[index].id == id)
            return &candidates[index];
    return NULL;
}

/* Everything in the run that ended without a result, in no state of choice yet. */
static bool list_candidates(struct db *db, struct arena *arena, int64_t run_row_id,
                            struct candidate **out, size_t *count, struct error *err)
{
    static const struct sql list = {
        .name = "store_retry_all",
        .text = "SELECT id FROM task WHERE run_id = $1 AND state IN ('failed', 'cancelled')"
                " ORDER BY id LIMIT 500"};
    const struct sql_value args[] = {SQL_INT64(run_row_id)};
    struct id_list found;
    struct candidate *candidates;

    if (!store_ids(db, &list, args, COUNT(args), RUN_NODES_MAX, arena, &found, err))
        return false;
    candidates = ARENA_ARRAY(arena, struct candidate, found.count);
    for (size_t index = 0; index < found.count; index++)
        candidates[index].id = found.ids[index];
    *out = candidates;
    *count = found.count;
    return true;
}

static bool choose_failed(struct db *db, struct arena *arena, int64_t run_row_id,
                          struct candidate *candidates, size_t count, struct error *err)
{
    static const struct sql list = {.name = "store_retry_failed",
                                    .text = "SELECT id FROM task WHERE run_id = $1"
                                            " AND state = 'failed' ORDER BY id LIMIT 500"};
    const struct sql_value args[] = {SQL_INT64(run_row_id)};
    struct id_list failed;

    if (!store_ids(db, &list, args, COUNT(args), RUN_NODES_MAX, arena, &failed, err))
        return false;
    for (size_t index = 0; index < failed.count; index++) {
        struct candidate *chosen = find(candidates, count, failed.ids[index]);

        assert(chosen != NULL);
        chosen->is_chosen = chosen->is_needed = true;
    }
    return failed.count > 0 || error_set(err, ERROR_CONFLICT, "there is nothing that failed");
}

struct link {
    int64_t from, to;
};

/* The edges between tasks that both ended without a result: what one must wait for in the other. */
static bool list_links(struct db *db, struct arena *arena, int64_t run_row_id, struct link **out,
                       size_t *count, struct error *err)
{
    static const struct sql list = {
        .name = "store_retry_links",
        .text = "SELECT DISTINCT e.from_task, e.to_task FROM task f"
                " JOIN edge e ON e.from_task = f.id JOIN task t ON t.id = e.to_task"
                " WHERE f.run_id = $1 AND f.state IN ('failed', 'cancelled')"
                " AND t.state IN ('failed', 'cancelled') ORDER BY e.from_task, e.to_task"
                " LIMIT 2000"};
    const struct sql_value args[] = {SQL_INT64(run_row_id)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct link *links = NULL;
    size_t found = 0;

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found < RUN_EDGES_MAX && rows_next(&rows)) {
        links = arena_more(arena, links, sizeof(*links), found);
        links[found++] = (struct link){.from = rows_int64(&rows, "from_task"),
                                       .to = rows_int64(&rows, "to_task")};
    }
    *out = links;
    *count = found;
    return !rows_failed(&rows);
}

/*
 * A task is retried with what it needs and with what was cancelled because of it; but what hangs on
 * another failure too stays as it is: that one was not asked for, and costs money of its own.
 */
static void choose(struct candidate *candidates, size_t count, const struct link *links,
                   size_t link_count)
{
    /* Each round settles one of them at least. */
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (size_t index = 0; index < link_count; index++) {
            struct candidate *from = find(candidates, count, links[index].from);
            struct candidate *to = find(candidates, count, links[index].to);

            assert(from != NULL && to != NULL);
            if (to->is_needed && !from->is_needed) {
                *from = (struct candidate){.id = from->id, .is_chosen = true, .is_needed = true};
                is_changed = true;
            }
            if (from->is_chosen && !to->is_chosen) {
                to->is_chosen = true;
                is_changed = true;
            }
        }
    }
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (size_t index = 0; index < link_count; index++) {
            const struct candidate *from = find(candidates, count, links[index].from);
            struct candidate *to = find(candidates, count, links[index].to);

            if (to->is_chosen && !from->is_chosen) {
                assert(!to->is_needed);
                to->is_chosen = false;
                is_changed = true;
            }
        }
    }
}

static bool check_money(struct db *db, const struct engine_hooks *hooks,
                        const struct command *command, const struct candidate *candidates,
                        size_t count, struct error *err)
{
    struct task_money *tasks;
    size_t chosen = 0;

    if (hooks->afford == NULL)
        return true;
    tasks = ARENA_ARRAY(command->arena, struct task_money, count);
    for (size_t index = 0; index < count; index++) {
        CLEANUP(arena_cleanup) struct arena *arena = NULL;
        struct task_view view;

        if (!candidates[index].is_chosen)
            continue;
        arena = arena_create(VIEW_MEMORY_MAX);
        if (!view_task_row(db, candidates[index].id, arena, &view, err))
            return false;
        tasks[chosen++] = (struct task_money){
            .provider_id = view.provider_row_id,
            .model = arena_str(command->arena, view.model),
            .estimate_micro = view.estimate_micro,
            .currency = arena_str(command->arena, view.currency),
        };
    }
    return hooks->afford(hooks->context, db, command->control.user_id, tasks, chosen,
                         command->now_ms, err);
}

bool store_retry(struct db *db, const struct engine_hooks *hooks, struct command *command,
                 int64_t run_row_id, int64_t only_task, bool is_failed_only, struct error *err)
{
    struct candidate *candidates, *asked;
    struct link *links;
    size_t count, link_count;

    if (!list_candidates(db, command->arena, run_row_id, &candidates, &count, err) ||
        !list_links(db, command->arena, run_row_id, &links, &link_count, err))
        return false;
    asked = find(candidates, count, only_task);
    if (count == 0 || (only_task != 0 && asked == NULL))
        return error_set(err, ERROR_CONFLICT, "there is nothing that failed");
    for (size_t index = 0; index < count; index++)
        candidates[index].is_chosen = only_task == 0 && !is_failed_only;
    if (is_failed_only && !choose_failed(db, command->arena, run_row_id, candidates, count, err))
        return false;
    if (asked != NULL)
        asked->is_chosen = asked->is_needed = true;
    if (asked != NULL || is_failed_only)
        choose(candidates, count, links, link_count);
    if (!check_money(db, hooks, command, candidates, count, err))
        return false;
    for (size_t index = 0; index < count; index++)
        if (candidates[index].is_chosen && !again(db, hooks, command, candidates[index].id, err))
            return false;
    return store_tell_run(db, run_row_id, command, err);
}
