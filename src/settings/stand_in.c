#include "settings/settings_private.h"

static bool refuse(enum error_code code, const char *sentence, struct error *err)
{
    return error_field(err, code, "stand_ins", STAND_INS_MAX, "%s", sentence);
}

static bool is_there(struct db *db, struct str public_id, bool *out, struct error *err)
{
    static const struct sql find = {
        "stand_in_find",
        "SELECT 1 AS found FROM provider WHERE public_id = $1 AND deleted_at_ms IS NULL", NULL};
    const struct sql_value args[] = {SQL_TEXT(public_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    *out = rows_next(&rows);
    return !rows_failed(&rows);
}

bool stand_ins_set(struct db *db, const struct text_list *ids, struct arena *arena,
                   struct provider_row *row, struct error *err)
{
    struct str kept = STR_EMPTY;

    if (ids->count > STAND_INS_MAX)
        return error_field(err, ERROR_TOO_MANY, "stand_ins", STAND_INS_MAX,
                           "an account has at most %d stand-ins", STAND_INS_MAX);
    for (size_t index = 0; index < ids->count; index++) {
        struct id id;
        bool is_found;

        if (!id_parse(ids->items[index], &id))
            return refuse(ERROR_NOT_IN_LIST, "a stand-in is named by an account's id", err);
        for (size_t before = 0; before < index; before++)
            if (str_equal(ids->items[before], ids->items[index]))
                return refuse(ERROR_INVALID, "an account stands in once", err);
        if (str_equal(ids->items[index], row->public_id))
            return refuse(ERROR_INVALID, "an account does not stand in for itself", err);
        if (!is_there(db, ids->items[index], &is_found, err))
            return false;
        if (!is_found)
            return refuse(ERROR_NOT_IN_LIST, "there is no such account to stand in", err);
        kept = arena_printf(arena, "%.*s%s%.*s", STR_ARGS(kept), index == 0 ? "" : ",",
                            STR_ARGS(ids->items[index]));
    }
    row->stand_ins = kept;
    return true;
}

struct text_list stand_ins_list(struct str kept, struct arena *arena)
{
    struct text_list list = {.items = ARENA_ARRAY(arena, struct str, STAND_INS_MAX)};

    for (size_t at = 0; list.count < STAND_INS_MAX && at + ID_SIZE <= kept.size; at += ID_SIZE + 1)
        list.items[list.count++] = str_slice(kept, at, ID_SIZE);
    return list;
}

bool stand_ins_load(struct db *db, struct str kept, struct provider_binding *out, struct error *err)
{
    static const struct sql list = {
        "stand_ins_load",
        "SELECT id FROM provider WHERE instr($1, public_id) > 0 AND deleted_at_ms IS NULL"
        " ORDER BY instr($1, public_id) LIMIT $2",
        "SELECT id FROM provider WHERE strpos($1, public_id) > 0 AND deleted_at_ms IS NULL"
        " ORDER BY strpos($1, public_id) LIMIT $2"};
    const struct sql_value args[] = {SQL_TEXT(kept), SQL_INT64(STAND_INS_MAX)};
    CLEANUP(rows_finish) struct rows rows = {0};

    out->stand_in_count = 0;
    if (kept.size == 0)
        return true;
    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (out->stand_in_count < STAND_INS_MAX && rows_next(&rows))
        out->stand_ins[out->stand_in_count++] = rows_int64(&rows, "id");
    return !rows_failed(&rows);
}
