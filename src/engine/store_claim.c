/* The way of a claimed task up to the provider's answer: claim, intent, sent, accepted, kept; and
 * take-over. */
#include "engine/store_private.h"

enum {
    UPSTREAM_MAX = RUN_IN_DEGREE_MAX,
    UPSTREAM_SIZE_MAX = 1 << 26, /* of all the outputs an attempt has in memory */
    OUTPUT_MEMORY_MAX = 1 << 28, /* of one */
};

/* An output that finds no room is left out; the operation refuses the task for it. */
static struct str read_output(struct rows *rows, size_t *left, struct arena *arena)
{
    CLEANUP(arena_cleanup) struct arena *scratch = arena_create(OUTPUT_MEMORY_MAX);
    const struct str output = rows_str(rows, "output", scratch);

    if (output.size > *left)
        return STR_EMPTY;
    *left -= output.size;
    return arena_str(arena, output);
}

static bool read_upstream(struct db *db, struct command *command, struct error *err)
{
    static const struct sql list = {
        .name = "store_upstream",
        .text = "SELECT f.node_key, e.from_port, e.to_port, f.output FROM edge e"
                " JOIN task f ON f.id = e.from_task WHERE e.to_task = $1"
                " ORDER BY e.from_task, e.from_port, e.to_port LIMIT 200"};
    struct attempt *attempt = command->claim.attempt;
    const struct sql_value args[] = {SQL_INT64(attempt->task_id)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct upstream *upstream = NULL;
    size_t left = UPSTREAM_SIZE_MAX;

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (attempt->upstream_count < UPSTREAM_MAX && rows_next(&rows)) {
        upstream = arena_more(command->arena, upstream, sizeof(*upstream), attempt->upstream_count);
        upstream[attempt->upstream_count++] = (struct upstream){
            .from_key = rows_str(&rows, "node_key", command->arena),
            .from_port = rows_str(&rows, "from_port", command->arena),
            .to_port = rows_str(&rows, "to_port", command->arena),
            .output = read_output(&rows, &left, command->arena),
        };
    }
    attempt->upstream = upstream;
    return !rows_failed(&rows);
}

/* The latest call decides what this attempt may do: adopt a result, send the same key, repeat a
 * doubtful one. */
static bool read_calls(struct db *db, struct command *command, struct error *err)
{
    static const struct sql find = {
        .name = "store_latest_call",
        .text =
            "SELECT id, public_id, state, remote_id, result, estimate_micro, intent_at_ms, key_id,"
            " (SELECT count(*) FROM call x WHERE x.task_id = $1 AND x.repeat_of IS NOT NULL)"
            " AS repeats FROM call WHERE task_id = $1 ORDER BY id DESC LIMIT 1"};
    const struct sql_value args[] = {SQL_INT64(command->claim.attempt->task_id)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct prior_call *prior = &command->claim.prior;

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return !rows_failed(&rows);
    *prior = (struct prior_call){
        .id = rows_int64(&rows, "id"),
        .public_id = rows_str(&rows, "public_id", command->arena),
        .remote_id = rows_str(&rows, "remote_id", command->arena),
        .result = rows_str(&rows, "result", command->arena),
        .estimate_micro = rows_int64(&rows, "estimate_micro"),
        .intent_at_ms = rows_int64(&rows, "intent_at_ms"),
        .key_id = rows_int64(&rows, "key_id"),
    };
    command->claim.repeats = rows_int64(&rows, "repeats");
    if (!call_state_of(rows_str(&rows, "state", command->arena), &prior->state))
        return error_set(err, ERROR_INTERNAL, "a call in no known state");
    command->claim.has_prior = (prior->state == CALL_FINISHED && prior->result.size > 0) ||
                               prior->state == CALL_INTENT || prior->state == CALL_SENT ||
                               prior->state == CALL_ACCEPTED;
    if (prior->state == CALL_UNKNOWN)
        command->claim.doubtful_call_id = prior->id;
    return true;
}

/* `is_new`: the attempt has just begun; the first one has no calls behind it. */
static bool read_attempt(struct db *db, struct command *command, bool is_new, struct error *err)
{
    static const struct sql find = {
        .name = "store_attempt_task",
        .text =
            "SELECT t.id, t.public_id, t.run_id, r.public_id AS run_public_id, t.user_id,"
            " t.node_key, t.operation, t.model, t.provider_id, t.parameters, t.inputs, t.fence,"
            " t.tries, t.tries_max, t.run_at_ms, t.deadline_at_ms, t.cancel_at_ms,"
            " t.estimate_micro, t.currency,"
            " (SELECT coalesce(max(number), 0) FROM attempt a WHERE a.task_id = t.id) AS number,"
            " EXISTS (SELECT 1 FROM edge e WHERE e.to_task = t.id) AS has_upstream"
            " FROM task t JOIN run r ON r.id = t.run_id WHERE t.id = $1"};
    const struct sql_value args[] = {SQL_INT64(command->claim.task_id)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct arena *arena = command->arena;
    struct attempt *attempt = ARENA_NEW(arena, struct attempt);
    bool has_upstream;

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such task");
    *attempt = (struct attempt){
        .task_id = rows_int64(&rows, "id"),
        .run_id = rows_int64(&rows, "run_id"),
        .user_id = rows_int64(&rows, "user_id"),
        .fence = rows_int64(&rows, "fence"),
        .number = rows_int64(&rows, "number"),
        .task_public_id = rows_str(&rows, "public_id", arena),
        .run_public_id = rows_str(&rows, "run_public_id", arena),
        .node_key = rows_str(&rows, "node_key", arena),
        .operation = rows_str(&rows, "operation", arena),
        .model = rows_str(&rows, "model", arena),
        .parameters = rows_str(&rows, "parameters", arena),
        .inputs = rows_str(&rows, "inputs", arena),
        .provider = {.id = rows_int64(&rows, "provider_id")},
        .arena = arena,
        .claimed_at_ms = command->now_ms,
    };
    command->claim.attempt = attempt;
    command->claim.tries = rows_int64(&rows, "tries");
    command->claim.tries_max = rows_int64(&rows, "tries_max");
    command->claim.run_at_ms = rows_int64(&rows, "run_at_ms");
    command->claim.deadline_at_ms = rows_int64(&rows, "deadline_at_ms");
    command->claim.cancel_at_ms = rows_int64(&rows, "cancel_at_ms");
    command->claim.estimate_micro = rows_int64(&rows, "estimate_micro");
    command->claim.currency = rows_str(&rows, "currency", arena);
    command->claim.has_prior = false;
    command->claim.doubtful_call_id = 0;
    command->claim.repeats = 0;
    has_upstream = rows_bool(&rows, "has_upstream");
    rows_finish(&rows);
    return (!has_upstream || read_upstream(db, command, err)) &&
           ((is_new && attempt->number == 1) || read_calls(db, command, err));
}

/* A provider that is gone leaves `kind` NULL: the operation says so. */
static bool load_provider(struct db *db, const struct engine_hooks *hooks, struct command *command,
                          struct error *err)
{
    struct provider_binding *provider = &command->claim.attempt->provider;
    const int64_t provider_id = provider->id;

    if (provider_id == 0 || hooks->load_provider == NULL ||
        hooks->load_provider(hooks->context, db, provider_id, command->arena, provider, err))
        return true;
    if (err->code != ERROR_NOT_FOUND)
        return false;
    *provider = (struct provider_binding){.id = provider_id};
    *err = (struct error){0};
    return true;
}

/* What is not there to claim is left to the claim, which sees it too. */
static bool send_to_stand_in(struct db *db, const struct engine_hooks *hooks,
                             struct command *command, struct error *err)
{
    struct task_entry entry;
    bool is_taken;

    if (!store_entry_find(db, command->claim.task_id, command->arena, &entry, err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
        *err = (struct error){0};
        return true;
    }
    /* Cancelled or moved meanwhile: that is no refusal, there is nothing to wait for any more. */
    if (entry.state != TASK_READY || entry.fence != command->claim.fence)
        return true;
    /* Its edges with it: what they bring is part of what the account must be able to do. */
    if (!read_attempt(db, command, false, err) ||
        !store_stand_in(db, hooks, command, command->claim.attempt, &is_taken, err))
        return false;
    command->claim.is_refused = !is_taken;
    return true;
}

bool store_claim(struct db *db, const struct engine_hooks *hooks, struct command *command,
                 struct error *err)
{
    static const struct sql claim = {
        .name = "store_claim",
        .text = "UPDATE task SET state = 'running', fence = fence + 1, owner = $3,"
                " started_at_ms = coalesce(started_at_ms, $4)"
                " WHERE id = $1 AND fence = $2 AND state = 'ready'"};
    static const struct sql begin = {
        .name = "store_attempt_begin",
        .text = "INSERT INTO attempt (task_id, number, fence, owner, started_at_ms) VALUES ($1,"
                " (SELECT coalesce(max(number), 0) + 1 FROM attempt WHERE task_id = $1),"
                " $2 + 1, $3, $4)"};
    const struct sql_value args[] = {SQL_INT64(command->claim.task_id),
                                     SQL_INT64(command->claim.fence),
                                     SQL_TEXT(command->claim.owner), SQL_INT64(command->now_ms)};
    int64_t changed;

    command->claim.is_claimed = command->claim.is_refused = false;
    if (command->claim.stand_in_id != 0 && !send_to_stand_in(db, hooks, command, err))
        return false;
    if (command->claim.is_refused)
        return true;
    if (!db_exec(db, &claim, args, COUNT(args), &changed, err))
        return false;
    if (changed == 0)
        return true;
    if (!db_exec_one(db, &begin, args, COUNT(args), err) || !read_attempt(db, command, true, err) ||
        !load_provider(db, hooks, command, err) ||
        !store_tell_task(db, command->claim.task_id, command, err))
        return false;
    command->claim.is_claimed = true;
    return true;
}

bool store_resume(struct db *db, const struct engine_hooks *hooks, struct command *command,
                  struct error *err)
{
    struct task_entry entry;

    command->claim.is_claimed = false;
    if (!store_entry_find(db, command->claim.task_id, command->arena, &entry, err))
        return false;
    if (entry.state != TASK_WAITING || entry.fence != command->claim.fence)
        return true;
    if (!read_attempt(db, command, false, err) || !load_provider(db, hooks, command, err))
        return false;
    command->claim.is_claimed = true;
    return true;
}

/* Still ours and still wanted: and a repeat that was allowed is used up. */
static bool may_call(struct db *db, const struct command *command, bool *out, struct error *err)
{
    static const struct sql check = {.name = "store_intent_check",
                                     .text =
                                         "SELECT may_repeat FROM task WHERE id = $1 AND fence = $2"
                                         " AND state = 'running' AND cancel_at_ms = 0"};
    static const struct sql use_up = {.name = "store_intent_use_up",
                                      .text = "UPDATE task SET may_repeat = 0 WHERE id = $1"};
    const struct sql_value args[] = {SQL_INT64(command->intent.task_id),
                                     SQL_INT64(command->intent.fence)};
    CLEANUP(rows_finish) struct rows rows = {0};
    bool may_repeat;

    if (!db_query(db, &check, args, COUNT(args), &rows, err))
        return false;
    *out = rows_next(&rows);
    if (!*out)
        return !rows_failed(&rows);
    may_repeat = rows_bool(&rows, "may_repeat");
    rows_finish(&rows);
    return !may_repeat || db_exec_one(db, &use_up, args, 1, err);
}

static bool find_key(struct db *db, const struct engine_hooks *hooks, struct command *command,
                     struct error *err)
{
    bool is_there = true;

    if (command->intent.key_id != 0 && hooks->has_key != NULL &&
        !hooks->has_key(hooks->context, db, command->intent.key_id, &is_there, err))
        return false;
    command->intent.is_key_gone = !is_there;
    return true;
}

/*
 * P6 a second time: behind a call with unknown outcome only what a rule or a person allowed, and
 * none beside one that is open.  And P7: none behind one whose answer an old owner wrote since the
 * claim.
 */
static bool look_behind(struct db *db, struct command *command, struct error *err)
{
    static const struct sql find = {
        .name = "store_intent_behind",
        .text = "SELECT CASE WHEN c.state = 'finished' OR (c.state = 'accepted'"
                " AND c.public_id = $2) THEN 1 ELSE 0 END AS is_answered FROM call c JOIN task t "
                "ON t.id = c.task_id WHERE c.task_id = $1"
                " AND c.id = (SELECT max(id) FROM call WHERE task_id = $1)"
                " AND ((c.state = 'finished' AND coalesce(c.result, '') <> '')"
                " OR (c.state = 'accepted' AND c.public_id = $2)"
                " OR (c.public_id <> $2 AND (c.state = 'intent' OR c.state = 'sent'"
                " OR c.state = 'accepted' OR (c.state = 'unknown' AND t.may_repeat = 0))))"};
    const struct sql_value args[] = {SQL_INT64(command->intent.task_id),
                                     SQL_TEXT(command->intent.public_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (rows_next(&rows)) {
        command->intent.is_answered = rows_bool(&rows, "is_answered");
        command->intent.is_doubtful = !command->intent.is_answered;
    }
    return !rows_failed(&rows);
}

bool store_intent(struct db *db, const struct engine_hooks *hooks, struct command *command,
                  struct error *err)
{
    /* The same key again is the same call: its row is used again. */
    static const struct sql insert = {
        .name = "store_intent",
        .text = "INSERT INTO call (public_id, task_id, attempt, provider_id, model, state,"
                " request_hash, estimate_micro, currency, repeat_of, intent_at_ms, key_id)"
                " VALUES ($1, $2, $3, $4, $5, 'intent', $6, $7, $8, $9, $10, $11)"
                " ON CONFLICT (public_id) DO UPDATE SET state = 'intent',"
                " attempt = excluded.attempt"};
    static const struct sql find = {.name = "store_intent_id",
                                    .text = "SELECT id FROM call WHERE public_id = $1"};
    const struct sql_value args[] = {
        SQL_TEXT(command->intent.public_id),
        SQL_INT64(command->intent.task_id),
        SQL_INT64(command->intent.attempt_number),
        SQL_INT64(command->intent.provider_id),
        SQL_TEXT(command->intent.model),
        SQL_BLOB(((struct str){.data = (const char *)command->intent.request_hash.bytes,
                               .size = SHA256_SIZE})),
        SQL_INT64(command->intent.estimate_micro),
        SQL_TEXT(command->intent.currency),
        SQL_INT64_OR_NULL(command->intent.repeat_of),
        SQL_INT64(command->now_ms),
        SQL_INT64(command->intent.key_id),
    };
    /* No key of an earlier attempt can be sent again: its row is new. */
    const bool is_first = command->intent.attempt_number == 1;
    struct id_list found;

    command->intent.is_allowed = command->intent.is_doubtful = command->intent.is_answered = false;
    if (!find_key(db, hooks, command, err))
        return false;
    if (command->intent.is_key_gone)
        return true;
    if (!look_behind(db, command, err))
        return false;
    if (command->intent.is_doubtful || command->intent.is_answered)
        return true;
    if (!may_call(db, command, &command->intent.is_allowed, err))
        return false;
    if (!command->intent.is_allowed)
        return true;
    if (!db_exec_one(db, &insert, args, COUNT(args), err) ||
        (!is_first && !store_ids(db, &find, args, 1, 1, command->arena, &found, err)))
        return false;
    command->intent.call_id = is_first ? db_last_id(db) : found.ids[0];
    return true;
}

bool store_sent(struct db *db, const struct engine_hooks *hooks, struct command *command,
                struct error *err)
{
    static const struct sql update = {
        .name = "store_sent",
        .text = "UPDATE call SET state = 'sent', sent_at_ms = $2 WHERE id = $1"
                " AND state = 'intent'"};
    const struct sql_value args[] = {SQL_INT64(command->sent.call_id), SQL_INT64(command->now_ms)};

    (void)hooks;
    return db_exec(db, &update, args, COUNT(args), NULL, err);
}

bool store_accept(struct db *db, const struct engine_hooks *hooks, struct command *command,
                  struct error *err)
{
    /* A call has one writer: its remote id is kept whoever owns the task by now, unless the task
     * has ended or the call was repeated meanwhile: then its outcome stays as unknown as it was. */
    static const struct sql call = {
        .name = "store_accept_call",
        .text = "UPDATE call SET state = 'accepted', remote_id = $2, request_id = $3,"
                " accepted_at_ms = $4, sent_at_ms = coalesce(sent_at_ms, $4)"
                " WHERE id = $1 AND (state = 'intent' OR state = 'sent' OR state = 'unknown')"
                " AND id = (SELECT max(l.id) FROM call l WHERE l.task_id = call.task_id)"
                " AND (SELECT t.state NOT IN ('done', 'failed', 'cancelled') FROM task t"
                " WHERE t.id = call.task_id)"};
    static const struct sql task = {.name = "store_accept_task",
                                    .text = "UPDATE task SET state = 'waiting', poll_at_ms = $3"
                                            " WHERE id = $1 AND fence = $2 AND state = 'running'"};
    const struct sql_value call_args[] = {
        SQL_INT64(command->accept.call_id), SQL_TEXT(command->accept.remote_id),
        SQL_TEXT(command->accept.request_id), SQL_INT64(command->now_ms)};
    const struct sql_value task_args[] = {SQL_INT64(command->accept.task_id),
                                          SQL_INT64(command->accept.fence),
                                          SQL_INT64(command->accept.poll_at_ms)};
    int64_t changed;

    (void)hooks;
    if (!db_exec(db, &call, call_args, COUNT(call_args), NULL, err) ||
        !db_exec(db, &task, task_args, COUNT(task_args), &changed, err))
        return false;
    command->accept.is_applied = changed == 1;
    return !command->accept.is_applied ||
           store_tell_task(db, command->accept.task_id, command, err);
}

/* Until the task has its output nothing else refers to the files: between KEEP and END weeks may
 * pass (a person who pauses, a task that is held, one that failed and is retried). */
static bool hold_blobs(struct db *db, const struct command *command, struct error *err)
{
    /* What nobody will adopt any more is not held: a repeat has followed, or the task is done. */
    static const struct sql find = {
        .name = "store_keep_adopted",
        .text = "SELECT c.id FROM call c JOIN task t ON t.id = c.task_id WHERE c.id = $1"
                " AND c.id = (SELECT max(l.id) FROM call l WHERE l.task_id = c.task_id)"
                " AND t.state <> 'done'"};
    const struct sql_value args[] = {SQL_INT64(command->keep.call_id)};
    struct id_list found;

    if (command->keep.blob_count == 0)
        return true;
    if (!store_ids(db, &find, args, COUNT(args), 1, command->arena, &found, err))
        return false;
    for (size_t index = 0; found.count > 0 && index < command->keep.blob_count; index++)
        if (!blob_ref_add(db, &command->keep.blobs[index],
                          store_call_owner(command->keep.call_id, command->arena), command->now_ms,
                          err))
            return false;
    return true;
}

bool store_keep(struct db *db, const struct engine_hooks *hooks, struct command *command,
                struct error *err)
{
    /* Not fenced: the result belongs to the call, and the task adopts it (engine.md 4).  Addresses
     * are of no use any more, and may be signed. */
    static const struct sql update = {
        .name = "store_keep",
        .text = "UPDATE call SET state = 'finished', result = $2, cost_micro = $3, currency = $4,"
                " http_status = $5, ended_at_ms = $6,"
                " remote_id = CASE WHEN remote_id LIKE '" REMOTE_ID_OWN "%' THEN ''"
                " ELSE remote_id END,"
                " request_id = CASE WHEN $7 = '' THEN request_id ELSE $7 END WHERE id = $1"};
    const struct sql_value args[] = {
        SQL_INT64(command->keep.call_id),
        SQL_TEXT(command->keep.result),
        command->keep.cost_micro < 0 ? SQL_NULL : SQL_INT64(command->keep.cost_micro),
        SQL_TEXT(command->keep.currency),
        SQL_INT64(command->keep.http_status),
        SQL_INT64(command->now_ms),
        SQL_TEXT(command->keep.request_id)};

    return db_exec_one(db, &update, args, COUNT(args), err) && hold_blobs(db, command, err) &&
           store_settle_ended(db, hooks, command, command->keep.task_id, err);
}

/* The way in the table that a take-over goes. */
static enum task_event take_over_event(enum task_state to)
{
    switch (to) {
    case TASK_READY:
        return TASK_OWNER_DIED;
    case TASK_WAITING:
        return TASK_ACCEPT;
    case TASK_CANCELLED:
        return TASK_CANCEL;
    case TASK_BLOCKED:
    case TASK_RUNNING:
    case TASK_HELD:
    case TASK_DONE:
    case TASK_FAILED:
    case TASK_STATE_COUNT:
        break;
    }
    return TASK_HOLD;
}

static bool take_over_row(struct db *db, const struct command *command, enum task_state to,
                          struct error *err)
{
    static const struct sql update = {
        .name = "store_take_over",
        .text = "UPDATE task SET state = $3, fence = fence + 1, owner = '', hold_reason = $4,"
                " crash_count = CASE WHEN $5 = 0 THEN crash_count"
                " WHEN $6 - crash_at_ms > 600000 THEN 1 ELSE crash_count + 1 END,"
                " crash_at_ms = CASE WHEN $5 = 0 THEN crash_at_ms ELSE $6 END,"
                " may_repeat = CASE WHEN $7 = 1 THEN 1 ELSE may_repeat END, poll_at_ms = $8,"
                " run_at_ms = $6, finished_at_ms = $9,"
                " error_class = CASE WHEN $9 IS NOT NULL THEN 'cancelled'"
                " WHEN $4 = 'unknown' THEN 'unknown' ELSE error_class END,"
                " error_message = CASE WHEN $4 = 'unknown' THEN 'the server stopped before the"
                " provider answered' ELSE error_message END"
                " WHERE id = $1 AND fence = $2 AND state = 'running'"};
    const char *reason = to == TASK_HELD ? command->take_over.hold_reason : NULL;
    const struct sql_value args[] = {
        SQL_INT64(command->take_over.task_id),
        SQL_INT64(command->take_over.fence),
        SQL_CSTR(task_state_name(to)),
        SQL_CSTR(reason == NULL ? "" : reason),
        SQL_BOOL(command->take_over.counts_crash),
        SQL_INT64(command->now_ms),
        SQL_BOOL(command->take_over.may_repeat),
        SQL_INT64(command->take_over.poll_at_ms),
        to == TASK_CANCELLED ? SQL_INT64(command->now_ms) : SQL_NULL,
    };

    return db_exec_one(db, &update, args, COUNT(args), err);
}

static bool take_over_call(struct db *db, const struct command *command, struct error *err)
{
    static const struct sql call = {
        .name = "store_take_over_call",
        .text = "UPDATE call SET state = $2 WHERE id = $1 AND state IN ('intent', 'sent')"};
    static const struct sql attempt = {
        .name = "store_take_over_attempt",
        .text = "UPDATE attempt SET ended_at_ms = $2, outcome = 'owner_died' WHERE task_id = $1"
                " AND ended_at_ms IS NULL"};
    const struct sql_value call_args[] = {SQL_INT64(command->take_over.call_id),
                                          SQL_CSTR(call_state_name(command->take_over.call_state))};
    const struct sql_value attempt_args[] = {SQL_INT64(command->take_over.task_id),
                                             SQL_INT64(command->now_ms)};

    return (command->take_over.call_id == 0 ||
            db_exec(db, &call, call_args, COUNT(call_args), NULL, err)) &&
           db_exec(db, &attempt, attempt_args, COUNT(attempt_args), NULL, err);
}

bool store_take_over(struct db *db, const struct engine_hooks *hooks, struct command *command,
                     struct error *err)
{
    struct task_entry *entry = &command->take_over.entry;
    const int64_t task_id = command->take_over.task_id;
    enum task_state to = command->take_over.to;
    bool has_result;
    struct ended ended;

    if (!store_entry_find(db, task_id, command->arena, entry, err) ||
        !store_has_result(db, task_id, command->arena, &has_result, err))
        return false;
    /* The person asked to stop, and nothing is under way any more: a result that is here is taken,
     * but nobody is asked anything. */
    if (entry->cancel_at_ms != 0 && (to == TASK_HELD || (to == TASK_READY && !has_result)))
        to = TASK_CANCELLED;
    if (!task_state_next(entry->state, take_over_event(to), &to, err) ||
        !take_over_row(db, command, to, err) || !take_over_call(db, command, err))
        return false;
    if (task_state_is_final(to)
            ? !store_after_end(db, hooks, command, task_id, entry->run_id, to, NULL, &ended, err)
            : !store_tell_task(db, task_id, command, err))
        return false;
    return store_entry_find(db, task_id, command->arena, entry, err);
}
