/* Jobs in the database: where each stands, and what it changed. */
#include "asset/asset_private.h"

#define JOB_COLUMNS                                                                                \
    "id, public_id, user_id, state, action, rating, tag, selection, next, after_ms, after_id,"     \
    " total, seen, changed, undone, error, created_at_ms, ended_at_ms"

static enum job_state state_of(struct str name)
{
    for (int state = 0; job_states[state] != NULL; state++)
        if (str_equal(name, str_of(job_states[state])))
            return (enum job_state)state;
    return JOB_FAILED;
}

static struct asset_job read_row(struct rows *rows, struct arena *arena)
{
    struct asset_job job = {
        .row_id = rows_int64(rows, "id"),
        .id = rows_str(rows, "public_id", arena),
        .user_id = rows_int64(rows, "user_id"),
        .state = rows_str(rows, "state", arena),
        .action = rows_str(rows, "action", arena),
        .rating = rows_int64(rows, "rating"),
        .tag = rows_str(rows, "tag", arena),
        .selection = rows_str(rows, "selection", arena),
        .next = rows_int64(rows, "next"),
        .after = {.rating = 5,
                  .at_ms = rows_int64(rows, "after_ms"),
                  .id = rows_int64(rows, "after_id")},
        .total = rows_int64(rows, "total"),
        .seen = rows_int64(rows, "seen"),
        .changed = rows_int64(rows, "changed"),
        .undone = rows_int64(rows, "undone"),
        .error = rows_str(rows, "error", arena),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .ended_at_ms = rows_int64(rows, "ended_at_ms"),
    };

    job.stands = state_of(job.state);
    return job;
}

bool job_store_add(struct db *db, struct asset_job *job, struct error *err)
{
    /* Only while there is room, so that nobody fills the table with work. */
    static const struct sql insert = {
        "job_store_add",
        "INSERT INTO asset_job (public_id, user_id, state, action, rating, tag, selection,"
        " after_ms, after_id, total, created_at_ms)"
        " SELECT $1, $2, 'running', $3, $4, $5, $6, $7, $8, $9, $10"
        " WHERE (SELECT count(*) FROM asset_job WHERE user_id = $2 AND ended_at_ms IS NULL) < $11",
        NULL};
    const struct sql_value args[] = {
        SQL_TEXT(job->id),           SQL_INT64(job->user_id),
        SQL_TEXT(job->action),       SQL_INT64(job->rating),
        SQL_TEXT(job->tag),          SQL_TEXT(job->selection),
        SQL_INT64(job->after.at_ms), SQL_INT64(job->after.id),
        SQL_INT64(job->total),       SQL_INT64(job->created_at_ms),
        SQL_INT64(JOBS_LIVE_MAX),
    };
    int64_t added;

    if (!db_exec(db, &insert, args, COUNT(args), &added, err))
        return false;
    if (added == 0)
        return error_field(err, ERROR_TOO_MANY, "action", JOBS_LIVE_MAX,
                           "%d changes are under way already", JOBS_LIVE_MAX);
    job->row_id = db_last_id(db);
    return true;
}

bool job_store_find(struct db *db, int64_t user_id, struct str id, int64_t now_ms,
                    struct arena *arena, struct asset_job *out, struct error *err)
{
    static const struct sql find = {
        "job_store_find",
        "SELECT " JOB_COLUMNS " FROM asset_job WHERE public_id = $1 AND user_id = $2", NULL};
    const struct sql_value args[] = {SQL_TEXT(id), SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such job");
    *out = read_row(&rows, arena);
    out->can_undo = asset_job_can_undo(out, now_ms);
    return true;
}

bool job_store_live(struct db *db, struct arena *arena, bool *found, struct asset_job *out,
                    struct error *err)
{
    static const struct sql find = {"job_store_live",
                                    "SELECT " JOB_COLUMNS
                                    " FROM asset_job INDEXED BY asset_job_live"
                                    " WHERE ended_at_ms IS NULL"
                                    " ORDER BY state = 'undoing' DESC, id LIMIT 1",
                                    NULL};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, NULL, 0, &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found)
        *out = read_row(&rows, arena);
    return !rows_failed(&rows);
}

bool job_store_list(struct db *db, int64_t user_id, int64_t now_ms, struct arena *arena,
                    struct asset_job **out, size_t *count, struct error *err)
{
    static const struct sql list = {"job_store_list",
                                    "SELECT " JOB_COLUMNS
                                    " FROM asset_job INDEXED BY asset_job_user"
                                    " WHERE user_id = $1 ORDER BY id DESC LIMIT $2",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(JOBS_SHOWN)};
    struct asset_job *found = ARENA_ARRAY(arena, struct asset_job, JOBS_SHOWN);
    CLEANUP(rows_finish) struct rows rows = {0};

    *count = 0;
    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (*count < JOBS_SHOWN && rows_next(&rows)) {
        found[*count] = read_row(&rows, arena);
        found[*count].can_undo = asset_job_can_undo(&found[*count], now_ms);
        (*count)++;
    }
    *out = found;
    return !rows_failed(&rows);
}

bool job_store_update(struct db *db, const struct asset_job *job, enum job_state was, bool *held,
                      struct error *err)
{
    static const struct sql update = {
        "job_store_update",
        "UPDATE asset_job SET state = $3, next = $4, after_ms = $5, after_id = $6, seen = $7,"
        " changed = $8, undone = $9, error = $10, ended_at_ms = $11 WHERE id = $1 AND state = $2",
        NULL};
    const struct sql_value args[] = {
        SQL_INT64(job->row_id),
        SQL_CSTR(job_states[was]),
        SQL_CSTR(job_states[job->stands]),
        SQL_INT64(job->next),
        SQL_INT64(job->after.at_ms),
        SQL_INT64(job->after.id),
        SQL_INT64(job->seen),
        SQL_INT64(job->changed),
        SQL_INT64(job->undone),
        SQL_TEXT(job->error),
        SQL_INT64_OR_NULL(job->ended_at_ms),
    };
    int64_t changed;

    if (!db_exec(db, &update, args, COUNT(args), &changed, err))
        return false;
    *held = changed == 1;
    return true;
}

/* ---- what it changed ---- */

bool job_store_note(struct db *db, const struct asset_job *job, struct str asset, int64_t before,
                    struct error *err)
{
    /* A picture that came back into the selection keeps what it was at first. */
    static const struct sql insert = {
        "job_store_note",
        "INSERT INTO asset_job_item (job_id, asset, before) VALUES ($1, $2, $3)"
        " ON CONFLICT (job_id, asset) DO NOTHING",
        NULL};
    const struct sql_value args[] = {SQL_INT64(job->row_id), SQL_TEXT(asset), SQL_INT64(before)};

    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

bool job_store_items(struct db *db, const struct asset_job *job, size_t limit, struct arena *arena,
                     struct job_item **out, size_t *count, struct error *err)
{
    static const struct sql list = {
        "job_store_items",
        "SELECT asset, before FROM asset_job_item WHERE job_id = $1 ORDER BY asset LIMIT $2", NULL};
    const struct sql_value args[] = {SQL_INT64(job->row_id), SQL_INT64((int64_t)limit)};
    struct job_item *found = ARENA_ARRAY(arena, struct job_item, limit);
    CLEANUP(rows_finish) struct rows rows = {0};

    *count = 0;
    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (*count < limit && rows_next(&rows))
        found[(*count)++] = (struct job_item){
            .asset = rows_str(&rows, "asset", arena),
            .before = rows_int64(&rows, "before"),
        };
    *out = found;
    return !rows_failed(&rows);
}

bool job_store_forget(struct db *db, const struct asset_job *job, struct str asset,
                      struct error *err)
{
    static const struct sql remove = {
        "job_store_forget", "DELETE FROM asset_job_item WHERE job_id = $1 AND asset <= $2", NULL};
    const struct sql_value args[] = {SQL_INT64(job->row_id), SQL_TEXT(asset)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}

bool job_store_trim(struct db *db, int64_t before_ms, struct error *err)
{
    static const struct sql items = {
        "job_store_trim_items",
        "DELETE FROM asset_job_item WHERE (job_id, asset) IN"
        " (SELECT i.job_id, i.asset FROM asset_job j JOIN asset_job_item i ON i.job_id = j.id"
        " WHERE j.ended_at_ms < $1 LIMIT 2000)",
        NULL};
    static const struct sql jobs = {
        "job_store_trim",
        "DELETE FROM asset_job WHERE id IN (SELECT j.id FROM asset_job j WHERE j.ended_at_ms < $1"
        " AND NOT EXISTS (SELECT 1 FROM asset_job_item i WHERE i.job_id = j.id) LIMIT 100)",
        NULL};
    const struct sql_value args[] = {SQL_INT64(before_ms)};

    return db_exec(db, &items, args, COUNT(args), NULL, err) &&
           db_exec(db, &jobs, args, COUNT(args), NULL, err);
}
