/* Tags, and the words pictures are found by. */
#include "asset/asset_private.h"

#include "core/text.h"

#include <inttypes.h>

bool tag_store_list(struct db *db, int64_t user_id, struct arena *arena, struct tag **out,
                    size_t *count, struct error *err)
{
    static const struct sql list = {
        "tag_store_list",
        "SELECT name, count FROM tag WHERE user_id = $1 AND count > 0 ORDER BY name_key LIMIT $2",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(TAGS_PER_USER_MAX)};
    struct tag *found = ARENA_ARRAY(arena, struct tag, TAGS_PER_USER_MAX);
    CLEANUP(rows_finish) struct rows rows = {0};

    *count = 0;
    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (*count < TAGS_PER_USER_MAX && rows_next(&rows))
        found[(*count)++] = (struct tag){
            .name = rows_str(&rows, "name", arena),
            .count = rows_int64(&rows, "count"),
        };
    *out = found;
    return !rows_failed(&rows);
}

bool tag_store_find(struct db *db, int64_t user_id, struct str name, struct arena *arena,
                    int64_t *tag_id, struct error *err)
{
    static const struct sql find = {
        "tag_store_find", "SELECT id FROM tag WHERE user_id = $1 AND name_key = $2", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(tag_key(name, arena))};
    CLEANUP(rows_finish) struct rows rows = {0};

    *tag_id = 0;
    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (rows_next(&rows))
        *tag_id = rows_int64(&rows, "id");
    return !rows_failed(&rows);
}

/* Only while there is room, so that nobody fills the table with names. */
static bool make(struct db *db, int64_t user_id, struct str name, struct arena *arena,
                 int64_t *tag_id, struct error *err)
{
    static const struct sql insert = {"tag_store_make",
                                      "INSERT INTO tag (user_id, name, name_key) SELECT $1, $2, $3"
                                      " WHERE (SELECT count(*) FROM tag WHERE user_id = $1) < $4",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(name),
                                     SQL_TEXT(tag_key(name, arena)), SQL_INT64(TAGS_PER_USER_MAX)};
    int64_t changed;

    if (!db_exec(db, &insert, args, COUNT(args), &changed, err))
        return false;
    if (changed == 0)
        return error_field(err, ERROR_TOO_MANY, "tags", TAGS_PER_USER_MAX,
                           "there are %d tags already", TAGS_PER_USER_MAX);
    *tag_id = db_last_id(db);
    return true;
}

static bool link_one(struct db *db, const struct asset *asset, int64_t tag_id, struct error *err)
{
    static const struct sql insert = {
        "tag_store_link",
        "INSERT INTO asset_tag (tag_id, created_at_ms, asset_id) VALUES ($1, $2, $3)", NULL};
    const struct sql_value args[] = {SQL_INT64(tag_id), SQL_INT64(asset->created_at_ms),
                                     SQL_INT64(asset->row_id)};

    return db_exec_one(db, &insert, args, COUNT(args), err);
}

bool tag_store_count(struct db *db, const struct asset *asset, int64_t more, struct error *err)
{
    static const struct sql update = {
        "tag_store_count",
        "UPDATE tag SET count = count + $2"
        " WHERE id IN (SELECT tag_id FROM asset_tag WHERE asset_id = $1)",
        NULL};
    const struct sql_value args[] = {SQL_INT64(asset->row_id), SQL_INT64(more)};

    return db_exec(db, &update, args, COUNT(args), NULL, err);
}

bool tag_store_drop(struct db *db, const struct asset *asset, struct error *err)
{
    static const struct sql remove = {"tag_store_drop", "DELETE FROM asset_tag WHERE asset_id = $1",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(asset->row_id)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}

bool tag_store_set(struct db *db, const struct asset *asset, struct arena *arena, struct error *err)
{
    bool is_live = asset->trashed_at_ms == 0;

    if ((is_live && !tag_store_count(db, asset, -1, err)) || !tag_store_drop(db, asset, err))
        return false;
    for (size_t i = 0; i < asset->tags.count; i++) {
        int64_t tag_id;

        if (!tag_store_find(db, asset->user_id, asset->tags.items[i], arena, &tag_id, err) ||
            (tag_id == 0 && !make(db, asset->user_id, asset->tags.items[i], arena, &tag_id, err)) ||
            !link_one(db, asset, tag_id, err))
            return false;
    }
    return !is_live || tag_store_count(db, asset, 1, err);
}

/* ---- words ---- */

#define WORDS_MEMORY_MAX MIB(64)

static struct str first_characters(struct str text, size_t count)
{
    struct str rest = text;
    uint32_t c;

    for (size_t i = 0; i < count && text_next(&rest, &c); i++)
        ;
    return str_slice(text, 0, text.size - rest.size);
}

/* The index keeps the words it was given, and drops those: how many of a prompt are taken may
 * change from one build to the next. */
static struct str words_of(const struct asset *asset, struct str prompt, struct str model,
                           struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};

    buf_add(&text, asset->name);
    buf_add_char(&text, '\n');
    buf_add(&text, first_characters(prompt, PROMPT_WORDS_MAX_CHARS));
    for (size_t i = 0; i < asset->tags.count; i++) {
        buf_add_char(&text, '\n');
        buf_add(&text, asset->tags.items[i]);
    }
    buf_add_char(&text, '\n');
    buf_add(&text, model);
    return text_index(buf_str(&text), arena);
}

bool words_store_add(struct db *db, const struct asset *asset, struct str prompt, struct str model,
                     struct arena *arena, struct error *err)
{
    static const struct sql insert = {
        "words_store_add", "INSERT INTO asset_fts (rowid, owner, words) VALUES ($1, $2, $3)", NULL};
    const struct sql_value args[] = {SQL_INT64(asset->row_id),
                                     SQL_TEXT(arena_printf(arena, "%" PRId64, asset->user_id)),
                                     SQL_TEXT(words_of(asset, prompt, model, arena))};

    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

bool words_store_update(struct db *db, const struct asset *asset, struct error *err)
{
    static const struct sql update = {"words_store_update",
                                      "UPDATE asset_fts SET words = $2 WHERE rowid = $1", NULL};
    /* Of its own: prompts are read whole, and one change may be of many pictures. */
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(WORDS_MEMORY_MAX);
    struct recipe *recipe;

    if (!recipe_store_find(db, asset->row_id, arena, &recipe, err))
        return false;
    const struct sql_value args[] = {
        SQL_INT64(asset->row_id),
        SQL_TEXT(words_of(asset, recipe == NULL ? STR_EMPTY : recipe->prompt,
                          recipe == NULL ? STR_EMPTY : recipe->model, arena))};

    return db_exec(db, &update, args, COUNT(args), NULL, err);
}

bool words_store_drop(struct db *db, const struct asset *asset, struct error *err)
{
    static const struct sql remove = {"words_store_drop", "DELETE FROM asset_fts WHERE rowid = $1",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(asset->row_id)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}

struct str words_query(struct str text, int64_t user_id, struct arena *arena)
{
    struct str query = text_query(text, arena);

    if (query.size == 0)
        return query;
    return arena_printf(arena, "owner : \"%" PRId64 "\" AND words : (%.*s)", user_id,
                        STR_ARGS(query));
}
