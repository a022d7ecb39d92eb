#include "generate/prompt_private.h"

#include "engine/event.h"
#include "generate/generate.h"

#include <inttypes.h>

struct prompt_place prompt_place_first(void)
{
    return (struct prompt_place){.used_at_ms = INT64_MAX, .row_id = INT64_MAX};
}

struct str prompt_place_print(const struct prompt *last, struct arena *arena)
{
    return arena_printf(arena, "%" PRId64 ".%" PRId64, last->used_at_ms, last->row_id);
}

bool prompt_place_read(struct str cursor, struct prompt_place *out, struct error *err)
{
    struct str rest = cursor;
    const struct str used_at = str_cut(&rest, '.');
    struct prompt_place place;

    if (!str_to_int64(used_at, &place.used_at_ms) || !str_to_int64(rest, &place.row_id))
        return error_field(err, ERROR_INVALID, "cursor", 0, "this is no cursor that a list gave");
    *out = place;
    return true;
}

/* ---- reading ---- */

#define COLUMNS                                                                                    \
    "SELECT p.id, p.public_id, p.text, p.use_count, p.made_at_ms, p.used_at_ms,"                   \
    " r.public_id AS run_id FROM "
#define RUN " LEFT JOIN run r ON r.id = p.run_id "
/* An empty word stands in everything. */
#define HAS_WORDS                                                                                  \
    " AND instr(lower(p.text), lower($5)) > 0 AND instr(lower(p.text), lower($6)) > 0"             \
    " AND instr(lower(p.text), lower($7)) > 0 AND instr(lower(p.text), lower($8)) > 0"

/* In the order of their names. */
const struct sql prompt_sql[PROMPT_SQL_COUNT] = {
    {"prompt_list",
     COLUMNS "prompt p INDEXED BY prompt_recent" RUN
             "WHERE p.user_id = $1 AND p.deleted_at_ms IS NULL"
             " AND (p.used_at_ms, p.id) < ($2, $3)" HAS_WORDS
             " ORDER BY p.used_at_ms DESC, p.id DESC LIMIT $4",                                  NULL},
 /* Tasks of a run that ask for the same are one use, with the first one's id.  What was
  * deleted and is used again begins anew. */
    {"prompt_keep",
     "INSERT INTO prompt (public_id, user_id, text, use_count, run_id, made_at_ms, used_at_ms)"
     " SELECT t.public_id, t.user_id, g.text, 1, t.run_id, t.created_at_ms, t.created_at_ms"
     " FROM (SELECT min(id) AS first,"
     " trim(json_extract(parameters, '$.prompt'), char(9, 10, 13, 32)) AS text"
     " FROM task WHERE run_id = $1 AND (operation = 'image.generate'"
     " OR operation = 'image.edit') GROUP BY 2) g CROSS JOIN task t"
     " WHERE t.id = g.first AND g.text <> '' ORDER BY g.first"
     " ON CONFLICT (user_id, text) DO UPDATE SET"
     " use_count = CASE WHEN deleted_at_ms IS NULL THEN use_count + 1 ELSE 1 END,"
     " made_at_ms = CASE WHEN deleted_at_ms IS NULL THEN made_at_ms"
     " ELSE excluded.made_at_ms END, run_id = excluded.run_id, used_at_ms = excluded.used_at_ms, "
     "deleted_at_ms = NULL",                                                                     NULL},
    {"prompt_picture",
     "SELECT a.public_id, a.name, a.mime, a.thumbhash, a.width_px, a.height_px"
     " FROM asset a INDEXED BY asset_run CROSS JOIN recipe c"
     " WHERE a.run = $1 AND a.user_id = $2 AND a.trashed_at_ms IS NULL AND c.asset_id = a.id"
     " AND trim(c.prompt, char(9, 10, 13, 32)) = $3 ORDER BY a.created_at_ms, a.id LIMIT 1",     NULL},
    {"prompt_hide_some",
     "UPDATE prompt SET deleted_at_ms = $2 WHERE id IN (SELECT id FROM prompt"
     " INDEXED BY prompt_recent WHERE user_id = $1 AND deleted_at_ms IS NULL"
     " AND used_at_ms <= $2 ORDER BY used_at_ms DESC LIMIT $3)",                                 NULL},
    {"prompt_purge",
     "DELETE FROM prompt WHERE id IN (SELECT id FROM prompt INDEXED BY prompt_deleted"
     " WHERE deleted_at_ms IS NOT NULL AND deleted_at_ms < $1 ORDER BY deleted_at_ms LIMIT $2)", NULL},
};

static struct prompt read_row(struct rows *rows, struct arena *arena)
{
    return (struct prompt){
        .row_id = rows_int64(rows, "id"),
        .id = rows_str(rows, "public_id", arena),
        .text = rows_str(rows, "text", arena),
        .use_count = rows_int64(rows, "use_count"),
        .made_at_ms = rows_int64(rows, "made_at_ms"),
        .used_at_ms = rows_int64(rows, "used_at_ms"),
        .run_id = rows_str(rows, "run_id", arena),
    };
}

/* The first picture of its last run that shows it: a run may be of several prompts. */
static bool read_picture(struct db *db, int64_t user_id, struct prompt *prompt, struct arena *arena,
                         struct error *err)
{
    const struct sql_value args[] = {SQL_TEXT(prompt->run_id), SQL_INT64(user_id),
                                     SQL_TEXT(prompt->text)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &prompt_sql[PROMPT_SQL_PICTURE], args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return !rows_failed(&rows);
    prompt->picture = ARENA_NEW(arena, struct prompt_picture);
    *prompt->picture = (struct prompt_picture){
        .id = rows_str(&rows, "public_id", arena),
        .name = rows_str(&rows, "name", arena),
        .mime = rows_str(&rows, "mime", arena),
        .thumbhash = rows_str(&rows, "thumbhash", arena),
        .width_px = rows_int64(&rows, "width_px"),
        .height_px = rows_int64(&rows, "height_px"),
    };
    return true;
}

static bool read_rows(struct db *db, const struct sql *list, const struct sql_value *args,
                      size_t arg_count, size_t limit, struct arena *arena, struct prompt **out,
                      size_t *count, struct error *err)
{
    struct prompt *found = NULL;
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, list, args, arg_count, &rows, err))
        return false;
    while (found_count < limit && rows_next(&rows)) {
        found = arena_more(arena, found, sizeof(*found), found_count);
        found[found_count++] = read_row(&rows, arena);
    }
    if (rows_failed(&rows))
        return false;
    *out = found;
    *count = found_count;
    return true;
}

/* With the spaces of a Chinese keyboard (U+3000) as others. */
static struct str with_plain_spaces(struct str q, struct arena *arena)
{
    const struct str wide = STR("\xe3\x80\x80");
    char *text = arena_alloc(arena, q.size + 1);
    size_t size = 0;

    for (size_t i = 0; i < q.size; i++) {
        text[size] = q.data[i];
        if (str_starts_with(str_slice(q, i, q.size), wide)) {
            text[size] = ' ';
            i += wide.size - 1;
        }
        size++;
    }
    return (struct str){.data = text, .size = size};
}

/* What was typed, in its words; the last takes what there is no room for. */
static void read_words(struct str q, struct str words[PROMPT_WORDS_MAX], struct arena *arena)
{
    struct str rest = str_trim(with_plain_spaces(q, arena));

    for (size_t i = 0; i < PROMPT_WORDS_MAX; i++) {
        words[i] = i + 1 < PROMPT_WORDS_MAX ? str_cut(&rest, ' ') : rest;
        rest = str_trim(rest);
    }
}

bool prompt_list(struct db *db, int64_t user_id, struct str q, const struct prompt_place *after,
                 size_t limit, struct arena *arena, struct prompt **out, size_t *count,
                 struct error *err)
{
    struct str words[PROMPT_WORDS_MAX];
    struct prompt *found;
    size_t found_count;

    read_words(q, words, arena);
    const struct sql_value args[] = {SQL_INT64(user_id),       SQL_INT64(after->used_at_ms),
                                     SQL_INT64(after->row_id), SQL_INT64((int64_t)limit),
                                     SQL_TEXT(words[0]),       SQL_TEXT(words[1]),
                                     SQL_TEXT(words[2]),       SQL_TEXT(words[3])};

    if (!read_rows(db, &prompt_sql[PROMPT_SQL_LIST], args, COUNT(args), limit, arena, &found,
                   &found_count, err))
        return false;
    for (size_t i = 0; i < found_count; i++)
        if (!read_picture(db, user_id, &found[i], arena, err))
            return false;
    *out = found;
    *count = found_count;
    return true;
}

bool prompt_find(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                 struct prompt *out, struct error *err)
{
    static const struct sql find = {
        "prompt_find",
        COLUMNS "prompt p" RUN
                "WHERE p.public_id = $2 AND p.user_id = $1 AND p.deleted_at_ms IS NULL LIMIT 1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(id)};
    struct prompt *found;
    size_t count;

    if (!read_rows(db, &find, args, COUNT(args), 1, arena, &found, &count, err))
        return false;
    if (count == 0)
        return error_set(err, ERROR_NOT_FOUND, "no such prompt");
    if (!read_picture(db, user_id, found, arena, err))
        return false;
    *out = *found;
    return true;
}

/* ---- changing ---- */

bool prompt_keep(void *context, struct db *db, int64_t run_id, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(run_id)};

    (void)context;
    return db_exec(db, &prompt_sql[PROMPT_SQL_KEEP], args, COUNT(args), NULL, err);
}

struct prompt_work {
    int64_t user_id, now_ms, before_ms;
    struct str id;
    bool is_hidden;
    struct arena *arena;
    int64_t changed;
};

/* Without an id: many. */
static bool tell(struct db *db, const struct prompt_work *work, struct str body, struct error *err)
{
    return work->changed == 0 ||
           event_append(db, work->user_id, "prompts.changed", body, work->now_ms, err);
}

static bool is_there(struct db *db, const struct prompt_work *work, struct error *err)
{
    static const struct sql find = {
        "prompt_is_there", "SELECT id FROM prompt WHERE public_id = $1 AND user_id = $2", NULL};
    const struct sql_value args[] = {SQL_TEXT(work->id), SQL_INT64(work->user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    return rows_next(&rows) ||
           (!rows_failed(&rows) && error_set(err, ERROR_NOT_FOUND, "no such prompt"));
}

static bool hide_one(struct db *db, void *context, struct error *err)
{
    static const struct sql hide = {"prompt_hide",
                                    "UPDATE prompt SET deleted_at_ms = $3 WHERE public_id = $1"
                                    " AND user_id = $2 AND deleted_at_ms IS NULL",
                                    NULL};
    static const struct sql restore = {"prompt_restore",
                                       "UPDATE prompt SET deleted_at_ms = NULL WHERE public_id = $1"
                                       " AND user_id = $2 AND deleted_at_ms IS NOT NULL",
                                       NULL};
    struct prompt_work *work = context;
    const struct sql_value args[] = {SQL_TEXT(work->id), SQL_INT64(work->user_id),
                                     SQL_INT64(work->now_ms)};

    return is_there(db, work, err) &&
           db_exec(db, work->is_hidden ? &hide : &restore, args, work->is_hidden ? 3 : 2,
                   &work->changed, err) &&
           tell(db, work, arena_printf(work->arena, "{\"id\":\"%.*s\"}", STR_ARGS(work->id)), err);
}

bool prompt_hide(struct db_pool *pool, int64_t user_id, struct str id, bool is_hidden,
                 int64_t now_ms, struct arena *arena, struct error *err)
{
    struct prompt_work work = {
        .user_id = user_id, .now_ms = now_ms, .id = id, .is_hidden = is_hidden, .arena = arena};

    return db_transact(pool, "prompt_hidden", hide_one, &work, err);
}

static bool hide_some(struct db *db, void *context, struct error *err)
{
    struct prompt_work *work = context;
    const struct sql_value args[] = {SQL_INT64(work->user_id), SQL_INT64(work->now_ms),
                                     SQL_INT64(PROMPT_CLEAR_STEP)};

    return db_exec(db, &prompt_sql[PROMPT_SQL_CLEAR], args, COUNT(args), &work->changed, err) &&
           tell(db, work, STR("{}"), err);
}

bool prompt_clear(struct db_pool *pool, int64_t user_id, int64_t now_ms, struct error *err)
{
    struct prompt_work work = {.user_id = user_id, .now_ms = now_ms};

    /* It ends: what is used meanwhile is used later than `now_ms`. */
    do {
        if (!db_transact(pool, "prompt_cleared", hide_some, &work, err))
            return false;
    } while (work.changed == PROMPT_CLEAR_STEP);
    return true;
}

static bool purge_some(struct db *db, void *context, struct error *err)
{
    struct prompt_work *work = context;
    const struct sql_value args[] = {SQL_INT64(work->before_ms), SQL_INT64(PROMPT_PURGE_STEP)};

    return db_exec(db, &prompt_sql[PROMPT_SQL_PURGE], args, COUNT(args), &work->changed, err);
}

bool prompt_purge(struct db_pool *pool, int64_t before_ms, struct error *err)
{
    struct prompt_work work = {.before_ms = before_ms};

    return db_transact(pool, "prompt_purged", purge_some, &work, err);
}
