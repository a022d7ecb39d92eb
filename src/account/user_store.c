#include "account/account_private.h"

#define USER_COLUMNS                                                                               \
    "id, public_id, name, password, device_key, role, language, theme, start_page, letter_keys,"   \
    " shortcuts, is_disabled, created_at_ms"

static bool read_user(struct rows *rows, struct arena *arena, struct user_row *out,
                      struct error *err)
{
    struct user_row user = {
        .id = rows_int64(rows, "id"),
        .public_id = rows_str(rows, "public_id", arena),
        .name = rows_str(rows, "name", arena),
        .password = rows_str(rows, "password", arena),
        .device_key = rows_str(rows, "device_key", arena),
        .language = rows_str(rows, "language", arena),
        .theme = rows_str(rows, "theme", arena),
        .start_page = rows_str(rows, "start_page", arena),
        .has_letter_keys = rows_bool(rows, "letter_keys"),
        .shortcuts = rows_str(rows, "shortcuts", arena),
        .is_disabled = rows_bool(rows, "is_disabled"),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
    };

    if (!account_role_read(rows_str(rows, "role", arena), &user.role))
        return error_set(err, ERROR_INTERNAL, "a user's role is none of ours");
    *out = user;
    return true;
}

/* The one row of `find`, which has the columns of USER_COLUMNS. */
static bool find_user(struct db *db, const struct sql *find, const struct sql_value *args,
                      size_t count, struct arena *arena, struct user_row *out, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, find, args, count, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such user");
    return read_user(&rows, arena, out, err);
}

bool user_store_find(struct db *db, int64_t user_id, struct arena *arena, struct user_row *out,
                     struct error *err)
{
    static const struct sql find = {"user_store_find",
                                    "SELECT " USER_COLUMNS " FROM user WHERE id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id)};

    return find_user(db, &find, args, COUNT(args), arena, out, err);
}

bool user_store_find_by_name(struct db *db, struct str name_key, struct arena *arena,
                             struct user_row *out, struct error *err)
{
    static const struct sql find = {"user_store_find_by_name",
                                    "SELECT " USER_COLUMNS " FROM user WHERE name_key = $1", NULL};
    const struct sql_value args[] = {SQL_TEXT(name_key)};

    return find_user(db, &find, args, COUNT(args), arena, out, err);
}

bool user_store_find_owner(struct db *db, struct arena *arena, struct user_row *out,
                           struct error *err)
{
    static const struct sql find = {"user_store_find_owner",
                                    "SELECT " USER_COLUMNS " FROM user WHERE role = 'owner'", NULL};

    return find_user(db, &find, NULL, 0, arena, out, err);
}

bool user_store_add(struct db *db, const struct user_row *user, struct str name_key,
                    int64_t *user_id, struct error *err)
{
    static const struct sql add = {
        "user_store_add",
        "INSERT INTO user (public_id, name, name_key, role, password, device_key, language, theme,"
        " created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(user->public_id),
                                     SQL_TEXT(user->name),
                                     SQL_TEXT(name_key),
                                     SQL_CSTR(account_role_name(user->role)),
                                     SQL_TEXT_OR_NULL(user->password),
                                     SQL_BLOB(user->device_key),
                                     SQL_TEXT(user->language),
                                     SQL_TEXT(user->theme),
                                     SQL_INT64(user->created_at_ms)};

    if (!db_exec_one(db, &add, args, COUNT(args), err))
        return false;
    *user_id = db_last_id(db);
    return true;
}

bool user_store_complete(struct db *db, const struct user_row *user, struct str name_key,
                         struct error *err)
{
    static const struct sql complete = {
        "user_store_complete",
        "UPDATE user SET name = $2, name_key = $3, password = $4, device_key = $5, language = $6"
        " WHERE id = $1 AND role = 'owner' AND password IS NULL",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user->id),        SQL_TEXT(user->name),
                                     SQL_TEXT(name_key),         SQL_TEXT(user->password),
                                     SQL_BLOB(user->device_key), SQL_TEXT(user->language)};

    return db_exec_one(db, &complete, args, COUNT(args), err);
}

bool user_store_set_password(struct db *db, int64_t user_id, struct str old_password,
                             struct str password, struct str device_key, struct error *err)
{
    static const struct sql set = {"user_store_set_password",
                                   "UPDATE user SET password = $3, device_key = $4"
                                   " WHERE id = $1 AND coalesce(password, '') = $2",
                                   NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(old_password), SQL_TEXT(password),
                                     SQL_BLOB(device_key)};

    return db_exec_one(db, &set, args, COUNT(args), err);
}

static struct sql_value text_or_as_it_is(const struct str *text)
{
    return text == NULL ? SQL_NULL : SQL_TEXT(*text);
}

bool user_store_set_preferences(struct db *db, const struct preferences *change, struct error *err)
{
    static const struct sql set = {
        "user_store_set_preferences",
        "UPDATE user SET language = coalesce($2, language), theme = coalesce($3, theme),"
        " start_page = coalesce($4, start_page), letter_keys = coalesce($5, letter_keys),"
        " shortcuts = coalesce($6, shortcuts) WHERE id = $1",
        NULL};
    const struct sql_value args[] = {
        SQL_INT64(change->user_id),
        text_or_as_it_is(change->language),
        text_or_as_it_is(change->theme),
        text_or_as_it_is(change->start_page),
        change->has_letter_keys == NULL ? SQL_NULL : SQL_BOOL(*change->has_letter_keys),
        text_or_as_it_is(change->shortcuts),
    };

    return db_exec_one(db, &set, args, COUNT(args), err);
}

bool account_list_user_ids(struct db *db, struct arena *arena, int64_t **ids, size_t *count,
                           struct error *err)
{
    static const struct sql list = {"account_list_user_ids",
                                    "SELECT id FROM user ORDER BY id LIMIT $1", NULL};
    const struct sql_value args[] = {SQL_INT64(USERS_MAX)};
    int64_t *found = ARENA_ARRAY(arena, int64_t, USERS_MAX);
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found_count < USERS_MAX && rows_next(&rows))
        found[found_count++] = rows_int64(&rows, "id");
    if (rows_failed(&rows))
        return false;
    *ids = found;
    *count = found_count;
    return true;
}

bool audit_store_add(struct db *db, const struct audit_row *row, struct error *err)
{
    static const struct sql add = {
        "audit_store_add",
        "INSERT INTO audit (public_id, at_ms, user_id, event, subject, ip)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        NULL};
    const struct sql_value args[] = {
        SQL_TEXT(id_str(&row->id)),      SQL_INT64(row->at_ms),
        SQL_INT64_OR_NULL(row->user_id), SQL_CSTR(account_audit_name(row->event)),
        SQL_TEXT(row->subject),          SQL_TEXT(row->ip)};

    return db_exec_one(db, &add, args, COUNT(args), err);
}
