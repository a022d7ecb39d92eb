#include "account/account_private.h"

bool token_store_add(struct db *db, const struct token_row *token, struct error *err)
{
    static const struct sql add = {
        "token_store_add",
        "INSERT INTO token (public_id, user_id, name, token_hash, hint, scopes, created_at_ms,"
        " expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        NULL};
    const struct sql_value args[] = {
        SQL_TEXT(token->public_id),
        SQL_INT64(token->user_id),
        SQL_TEXT(token->name),
        SQL_BLOB(((struct str){(const char *)token->token_hash.bytes, SHA256_SIZE})),
        SQL_TEXT(token->hint),
        SQL_INT64(token->scopes),
        SQL_INT64(token->created_at_ms),
        SQL_INT64_OR_NULL(token->expires_at_ms)};

    return db_exec_one(db, &add, args, COUNT(args), err);
}

bool token_store_find(struct db *db, const struct sha256 *token_hash, struct arena *arena,
                      struct token_row *token, struct user_row *user, struct error *err)
{
    static const struct sql find = {
        "token_store_find",
        "SELECT t.id AS token_id, t.scopes, t.last_used_at_ms, t.expires_at_ms,"
        " u.id AS user_id, u.public_id, u.name, u.role, u.is_disabled"
        " FROM token t JOIN user u ON u.id = t.user_id WHERE t.token_hash = $1",
        NULL};
    const struct sql_value args[] = {
        SQL_BLOB(((struct str){(const char *)token_hash->bytes, SHA256_SIZE}))};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such token");
    *user = (struct user_row){
        .id = rows_int64(&rows, "user_id"),
        .public_id = rows_str(&rows, "public_id", arena),
        .name = rows_str(&rows, "name", arena),
        .is_disabled = rows_bool(&rows, "is_disabled"),
    };
    if (!account_role_read(rows_str(&rows, "role", arena), &user->role))
        return error_set(err, ERROR_INTERNAL, "a user's role is none of ours");
    *token = (struct token_row){
        .id = rows_int64(&rows, "token_id"),
        .user_id = user->id,
        .scopes = (unsigned)rows_int64(&rows, "scopes"),
        .last_used_at_ms = rows_int64(&rows, "last_used_at_ms"),
        .expires_at_ms = rows_int64(&rows, "expires_at_ms"),
    };
    return true;
}

#define TOKEN_COLUMNS                                                                              \
    "id, user_id, public_id, name, hint, scopes, created_at_ms, last_used_at_ms, expires_at_ms"

static struct token_row read_token(struct rows *rows, struct arena *arena)
{
    return (struct token_row){
        .id = rows_int64(rows, "id"),
        .user_id = rows_int64(rows, "user_id"),
        .public_id = rows_str(rows, "public_id", arena),
        .name = rows_str(rows, "name", arena),
        .hint = rows_str(rows, "hint", arena),
        .scopes = (unsigned)rows_int64(rows, "scopes"),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .last_used_at_ms = rows_int64(rows, "last_used_at_ms"),
        .expires_at_ms = rows_int64(rows, "expires_at_ms"),
    };
}

bool token_store_list(struct db *db, int64_t user_id, struct arena *arena, struct token_row **items,
                      size_t *count, struct error *err)
{
    static const struct sql list = {"token_store_list",
                                    "SELECT " TOKEN_COLUMNS " FROM token WHERE user_id = $1"
                                    " ORDER BY id DESC LIMIT $2",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(TOKENS_PER_USER_MAX)};
    struct token_row *found = ARENA_ARRAY(arena, struct token_row, TOKENS_PER_USER_MAX);
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found_count < TOKENS_PER_USER_MAX && rows_next(&rows))
        found[found_count++] = read_token(&rows, arena);
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

bool token_store_count(struct db *db, int64_t user_id, int64_t *count, struct error *err)
{
    static const struct sql find = {"token_store_count",
                                    "SELECT count(*) AS total FROM token WHERE user_id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    *count = rows_int64(&rows, "total");
    return true;
}

bool token_store_find_id(struct db *db, int64_t user_id, struct str public_id, struct arena *arena,
                         struct token_row *out, struct error *err)
{
    static const struct sql find = {"token_store_find_id",
                                    "SELECT " TOKEN_COLUMNS " FROM token"
                                    " WHERE user_id = $1 AND public_id = $2",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(public_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such token");
    *out = read_token(&rows, arena);
    return true;
}

bool token_store_remove(struct db *db, int64_t user_id, int64_t token_id, struct error *err)
{
    static const struct sql remove = {"token_store_remove",
                                      "DELETE FROM token WHERE user_id = $1 AND id = $2", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(token_id)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}

bool token_store_touch(struct db *db, int64_t token_id, int64_t now_ms, struct error *err)
{
    static const struct sql touch = {
        "token_store_touch",
        "UPDATE token SET last_used_at_ms = $2 WHERE id = $1 AND coalesce(last_used_at_ms, 0) < $2",
        NULL};
    const struct sql_value args[] = {SQL_INT64(token_id), SQL_INT64(now_ms)};

    return db_exec(db, &touch, args, COUNT(args), NULL, err);
}
