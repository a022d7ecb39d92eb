/* A run comes in: graph checked, rows, reservations and the event in one transaction. */
#include "core/fault.h"
#include "engine/store_private.h"

/* The run this key made before, when the request is the same one. */
static bool find_repeat(struct db *db, struct command *command, bool *found, struct error *err)
{
    const struct run_spec *spec = command->submit.spec;

    *found = false;
    return spec->idem_key.size == 0 ||
           view_run_of_key(db, spec->user_id, spec->idem_key, &spec->request_hash, command->arena,
                           &command->submit.created.run_id, found, err);
}

static bool check_room(struct db *db, const struct command *command, struct error *err)
{
    static const struct sql count = {
        .name = "store_queued",
        .text = "SELECT coalesce((SELECT count FROM queued WHERE user_id = $1), 0) AS mine,"
                " (SELECT coalesce(sum(count), 0) FROM queued) AS everyone"};
    const int64_t more = (int64_t)command->submit.spec->node_count;
    const struct sql_value args[] = {SQL_INT64(command->submit.spec->user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &count, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no count of the queue");
    if (rows_int64(&rows, "mine") + more > command->submit.queue_user_max) {
        err->retry_after_ms = 0;
        error_field(err, ERROR_QUEUE_FULL, "nodes", command->submit.queue_user_max,
                    "you have %" PRId64 " tasks waiting; %" PRId64 " may wait at once",
                    rows_int64(&rows, "mine"), command->submit.queue_user_max);
        err->retry_after_ms = 30000;
        return false;
    }
    if (rows_int64(&rows, "everyone") + more > command->submit.queue_max) {
        error_field(err, ERROR_UNAVAILABLE, "nodes", command->submit.queue_max,
                    "the queue is full: %" PRId64 " tasks wait", rows_int64(&rows, "everyone"));
        err->retry_after_ms = 30000;
        return false;
    }
    return true;
}

/* All of the run at once: a part of it is of no use. */
static bool check_money(struct db *db, const struct engine_hooks *hooks,
                        const struct command *command, struct error *err)
{
    const struct run_spec *spec = command->submit.spec;
    struct task_money *tasks;

    if (hooks->afford == NULL)
        return true;
    tasks = ARENA_ARRAY(command->arena, struct task_money, spec->node_count);
    for (size_t index = 0; index < spec->node_count; index++)
        tasks[index] = (struct task_money){.provider_id = spec->nodes[index].provider_id,
                                           .model = spec->nodes[index].model,
                                           .estimate_micro = spec->nodes[index].estimate_micro,
                                           .currency = spec->nodes[index].currency};
    return hooks->afford(hooks->context, db, spec->user_id, tasks, spec->node_count,
                         command->now_ms, err);
}

static bool insert_run(struct db *db, const struct command *command, int64_t *run_id,
                       struct error *err)
{
    static const struct sql insert = {
        .name = "store_run_insert",
        .text =
            "INSERT INTO run (public_id, user_id, title, state, priority, task_count,"
            " left_count, estimate_micro, currency, created_at_ms, idem_key, request_hash, product)"
            " VALUES ($1, $2, $3, 'active', $4, $5, $5, $6, $7, $8, $9, $10, $11)"};
    const struct run_spec *spec = command->submit.spec;
    int64_t estimate = 0;

    for (size_t index = 0; index < spec->node_count; index++)
        if (spec->nodes[index].estimate_micro > 0 &&
            str_equal(spec->nodes[index].currency, spec->currency))
            estimate += spec->nodes[index].estimate_micro;
    const struct sql_value args[] = {
        SQL_TEXT(id_str(&command->submit.ids[0])),
        SQL_INT64(spec->user_id),
        SQL_TEXT(spec->title),
        SQL_INT64(spec->priority),
        SQL_INT64((int64_t)spec->node_count),
        SQL_INT64(estimate),
        SQL_TEXT(spec->currency),
        SQL_INT64(command->now_ms),
        SQL_TEXT_OR_NULL(spec->idem_key),
        SQL_BLOB(
            ((struct str){.data = (const char *)spec->request_hash.bytes, .size = SHA256_SIZE})),
        SQL_TEXT(spec->product),
    };

    if (!db_exec_one(db, &insert, args, COUNT(args), err))
        return false;
    *run_id = db_last_id(db);
    return true;
}

static bool insert_task(struct db *db, const struct engine_hooks *hooks, struct command *command,
                        int64_t run_id, size_t row, int64_t deps, int64_t *task_id,
                        struct error *err)
{
    /* Rank: the order of submission, in the middle of which a person can still put a task. */
    static const struct sql insert = {
        .name = "store_task_insert",
        .text = "INSERT INTO task (public_id, run_id, user_id, node_key, operation, state,"
                " priority, rank, provider_id, model, parameters, inputs, deps_left, run_at_ms,"
                " start_by_ms, deadline_at_ms, tries_max, estimate_micro, currency, created_at_ms,"
                " units)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT coalesce(max(id), 0) + 1 FROM task),"
                " $8, $9, $10, $11, $12, $13, $14, $14, $15, $16, $17, $13, $18)"};
    const struct run_spec *spec = command->submit.spec;
    const struct run_node *node = &spec->nodes[row];
    const int64_t deadline_ms =
        spec->deadline_ms > 0 ? spec->deadline_ms : command->submit.deadline_ms;
    const struct sql_value args[] = {
        SQL_TEXT(id_str(&command->submit.ids[1 + row])),
        SQL_INT64(run_id),
        SQL_INT64(spec->user_id),
        SQL_TEXT(node->key),
        SQL_TEXT(node->operation),
        SQL_CSTR(task_state_name(deps > 0 ? TASK_BLOCKED : TASK_READY)),
        SQL_INT64(spec->priority),
        SQL_INT64(node->provider_id),
        SQL_TEXT(node->model),
        SQL_TEXT(node->parameters),
        SQL_TEXT(node->inputs),
        SQL_INT64(deps),
        SQL_INT64(command->now_ms),
        SQL_INT64(command->now_ms + deadline_ms),
        SQL_INT64(command->submit.tries_max),
        SQL_INT64(node->estimate_micro),
        SQL_TEXT(node->currency),
        SQL_INT64(node->units < 1 ? 1 : node->units),
    };

    if (!db_exec_one(db, &insert, args, COUNT(args), err))
        return false;
    *task_id = db_last_id(db);
    return hooks->reserve == NULL ||
           hooks->reserve(hooks->context, db, spec->user_id, *task_id, node->provider_id,
                          node->model, node->operation, node->estimate_micro, node->currency,
                          command->now_ms, err);
}

static bool insert_edge(struct db *db, int64_t run_id, int64_t from, int64_t to,
                        const struct run_edge *edge, struct error *err)
{
    static const struct sql insert = {
        .name = "store_edge_insert",
        .text = "INSERT INTO edge (run_id, from_task, to_task, from_port, to_port)"
                " VALUES ($1, $2, $3, $4, $5)"};
    const struct sql_value args[] = {SQL_INT64(run_id), SQL_INT64(from), SQL_INT64(to),
                                     SQL_TEXT(edge->from_port), SQL_TEXT(edge->to_port)};

    return db_exec_one(db, &insert, args, COUNT(args), err);
}

/* One event tells of the run and all its tasks. */
static bool tell_created(struct db *db, struct command *command, int64_t run_id, struct error *err)
{
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;
    struct run_created *created = &command->submit.created;

    if (!view_run_row(db, run_id, command->arena, &created->run, err) ||
        !view_tasks_of_run(db, run_id, command->arena, &created->tasks, &created->task_count, err))
        return false;
    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, "run");
    shape_write(&run_event_shape, &created->run, &writer);
    json_name(&writer, "tasks");
    json_begin_list(&writer);
    for (size_t index = 0; index < created->task_count; index++)
        shape_write(&task_event_shape, &created->tasks[index], &writer);
    json_end_list(&writer);
    json_end_object(&writer);
    return event_append(db, created->run.user_id, "run.created", buf_str(&body), command->now_ms,
                        err);
}

bool store_submit(struct db *db, const struct engine_hooks *hooks, struct command *command,
                  struct error *err)
{
    const struct run_spec *spec = command->submit.spec;
    int64_t *task_ids = ARENA_ARRAY(command->arena, int64_t, spec->node_count);
    int64_t *deps = ARENA_ARRAY(command->arena, int64_t, spec->node_count);
    int64_t run_id;

    command->submit.ready_count = 0;
    if (!find_repeat(db, command, &command->submit.created.is_repeat, err))
        return false;
    if (command->submit.created.is_repeat)
        return true;
    if (!check_room(db, command, err) || !check_money(db, hooks, command, err) ||
        !insert_run(db, command, &run_id, err))
        return false;
    for (size_t index = 0; index < spec->edge_count; index++)
        deps[spec->edges[index].to]++;
    command->submit.ready = ARENA_ARRAY(command->arena, struct task_entry, spec->node_count);
    for (size_t row = 0; row < spec->node_count; row++) {
        if (row > 0)
            FAULT(FANOUT_MID);
        if (!insert_task(db, hooks, command, run_id, row, deps[row], &task_ids[row], err))
            return false;
        if (deps[row] == 0 &&
            !store_entry_find(db, task_ids[row], command->arena,
                              &command->submit.ready[command->submit.ready_count++], err))
            return false;
    }
    for (size_t index = 0; index < spec->edge_count; index++) {
        const struct run_edge *edge = &spec->edges[index];

        if (!insert_edge(db, run_id, task_ids[edge->from], task_ids[edge->to], edge, err))
            return false;
    }
    if (hooks->run_added != NULL && !hooks->run_added(hooks->context, db, run_id, err))
        return false;
    command->submit.created.run_id = command->submit.ids[0];
    return tell_created(db, command, run_id, err);
}
