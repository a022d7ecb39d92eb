#include "account/account_private.h"

bool session_store_find(struct db *db, const struct sha256 *token_hash, struct arena *arena,
                        struct session_row *session, struct user_row *user, struct error *err)
{
    static const struct sql find = {
        "session_store_find",
        "SELECT s.id AS session_id, s.last_seen_at_ms, s.expires_at_ms,"
        " u.id AS user_id, u.public_id, u.name, u.role, u.is_disabled"
        " FROM session s JOIN user u ON u.id = s.user_id WHERE s.token_hash = $1",
        NULL};
    const struct sql_value args[] = {
        SQL_BLOB(((struct str){(const char *)token_hash->bytes, SHA256_SIZE}))};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such session");
    *user = (struct user_row){
        .id = rows_int64(&rows, "user_id"),
        .public_id = rows_str(&rows, "public_id", arena),
        .name = rows_str(&rows, "name", arena),
        .is_disabled = rows_bool(&rows, "is_disabled"),
    };
    if (!account_role_read(rows_str(&rows, "role", arena), &user->role))
        return error_set(err, ERROR_INTERNAL, "a user's role is none of ours");
    *session = (struct session_row){
        .id = rows_int64(&rows, "session_id"),
        .user_id = user->id,
        .last_seen_at_ms = rows_int64(&rows, "last_seen_at_ms"),
        .expires_at_ms = rows_int64(&rows, "expires_at_ms"),
    };
    return true;
}

bool session_store_add(struct db *db, const struct session_row *session, struct error *err)
{
    static const struct sql add = {
        "session_store_add",
        "INSERT INTO session (public_id, user_id, token_hash, created_at_ms, last_seen_at_ms,"
        " expires_at_ms, agent, ip) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        NULL};
    const struct sql_value args[] = {
        SQL_TEXT(session->public_id),
        SQL_INT64(session->user_id),
        SQL_BLOB(((struct str){(const char *)session->token_hash.bytes, SHA256_SIZE})),
        SQL_INT64(session->created_at_ms),
        SQL_INT64(session->last_seen_at_ms),
        SQL_INT64(session->expires_at_ms),
        SQL_TEXT(session->agent),
        SQL_TEXT(session->ip)};

    return db_exec_one(db, &add, args, COUNT(args), err);
}

bool session_store_list(struct db *db, int64_t user_id, int64_t seen_after_ms, int64_t now_ms,
                        struct arena *arena, struct session_row **items, size_t *count,
                        struct error *err)
{
    static const struct sql list = {
        "session_store_list",
        "SELECT id, public_id, created_at_ms, last_seen_at_ms, expires_at_ms, agent, ip"
        " FROM session WHERE user_id = $1 AND last_seen_at_ms > $2 AND expires_at_ms > $3"
        " ORDER BY id DESC LIMIT $4",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(seen_after_ms),
                                     SQL_INT64(now_ms), SQL_INT64(SESSIONS_PER_USER_MAX)};
    struct session_row *found = ARENA_ARRAY(arena, struct session_row, SESSIONS_PER_USER_MAX);
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found_count < SESSIONS_PER_USER_MAX && rows_next(&rows))
        found[found_count++] = (struct session_row){
            .id = rows_int64(&rows, "id"),
            .user_id = user_id,
            .public_id = rows_str(&rows, "public_id", arena),
            .created_at_ms = rows_int64(&rows, "created_at_ms"),
            .last_seen_at_ms = rows_int64(&rows, "last_seen_at_ms"),
            .expires_at_ms = rows_int64(&rows, "expires_at_ms"),
            .agent = rows_str(&rows, "agent", arena),
            .ip = rows_str(&rows, "ip", arena),
        };
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

bool session_store_find_id(struct db *db, int64_t user_id, struct str public_id,
                           int64_t *session_id, struct error *err)
{
    static const struct sql find = {"session_store_find_id",
                                    "SELECT id FROM session WHERE user_id = $1 AND public_id = $2",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(public_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such session");
    *session_id = rows_int64(&rows, "id");
    return true;
}

bool session_store_remove(struct db *db, int64_t user_id, int64_t session_id, struct error *err)
{
    static const struct sql remove = {"session_store_remove",
                                      "DELETE FROM session WHERE user_id = $1 AND id = $2", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(session_id)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}

/* The ids that `find` selects, which has its own limit. */
static bool list_ids(struct db *db, const struct sql *find, const struct sql_value *args,
                     size_t arg_count, struct session_ids *out, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};

    out->count = 0;
    if (!db_query(db, find, args, arg_count, &rows, err))
        return false;
    while (out->count < COUNT(out->items) && rows_next(&rows))
        out->items[out->count++] = rows_int64(&rows, "id");
    return !rows_failed(&rows);
}

bool session_store_remove_others(struct db *db, int64_t user_id, int64_t session_id,
                                 struct session_ids *removed, struct error *err)
{
    static const struct sql find = {
        "session_store_find_others",
        "SELECT id FROM session WHERE user_id = $1 AND id <> $2 ORDER BY id DESC LIMIT $3", NULL};
    static const struct sql remove = {"session_store_remove_others",
                                      "DELETE FROM session WHERE user_id = $1 AND id <> $2", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(session_id),
                                     SQL_INT64(SESSIONS_PER_USER_MAX)};

    return list_ids(db, &find, args, 3, removed, err) && db_exec(db, &remove, args, 2, NULL, err);
}

bool session_store_remove_dead(struct db *db, int64_t user_id, int64_t seen_after_ms,
                               int64_t now_ms, struct error *err)
{
    static const struct sql remove = {
        "session_store_remove_dead",
        "DELETE FROM session"
        " WHERE user_id = $1 AND (last_seen_at_ms <= $2 OR expires_at_ms <= $3)",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(seen_after_ms),
                                     SQL_INT64(now_ms)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}

bool session_store_remove_most(struct db *db, int64_t user_id, int64_t keep,
                               struct session_ids *removed, struct error *err)
{
    static const struct sql find = {
        "session_store_find_most",
        "SELECT id FROM session WHERE user_id = $1 AND id NOT IN (SELECT id FROM session"
        " WHERE user_id = $1 ORDER BY last_seen_at_ms DESC, id DESC LIMIT $2)"
        " ORDER BY id DESC LIMIT $3",
        NULL};
    static const struct sql remove = {
        "session_store_remove_most",
        "DELETE FROM session WHERE user_id = $1 AND id NOT IN (SELECT id FROM session"
        " WHERE user_id = $1 ORDER BY last_seen_at_ms DESC, id DESC LIMIT $2)",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(keep),
                                     SQL_INT64(SESSIONS_PER_USER_MAX)};

    return list_ids(db, &find, args, 3, removed, err) && db_exec(db, &remove, args, 2, NULL, err);
}

bool session_store_renew(struct db *db, int64_t user_id, int64_t session_id,
                         const struct sha256 *token_hash, int64_t expires_at_ms, struct error *err)
{
    static const struct sql renew = {
        "session_store_renew",
        "UPDATE session SET token_hash = $3, expires_at_ms = $4 WHERE user_id = $1 AND id = $2",
        NULL};
    const struct sql_value args[] = {
        SQL_INT64(user_id), SQL_INT64(session_id),
        SQL_BLOB(((struct str){(const char *)token_hash->bytes, SHA256_SIZE})),
        SQL_INT64(expires_at_ms)};

    return db_exec_one(db, &renew, args, COUNT(args), err);
}

bool session_store_touch(struct db *db, int64_t session_id, int64_t now_ms, struct error *err)
{
    static const struct sql touch = {
        "session_store_touch",
        "UPDATE session SET last_seen_at_ms = $2 WHERE id = $1 AND last_seen_at_ms < $2", NULL};
    const struct sql_value args[] = {SQL_INT64(session_id), SQL_INT64(now_ms)};

    return db_exec(db, &touch, args, COUNT(args), NULL, err);
}
