/*
 * Lists of pictures.  Each filter that can leave few of many pictures has a statement that walks an
 * index of its own; the other filters are tried on what that index gives.  The statements differ in
 * where they walk and which way, and share everything else.
 */
#include "asset/asset_private.h"

/*
 * $1 user  $2, $3 place (time, id)  $4, $5 created from, to  $6 kind  $7 model  $8 provider
 * $9 rating at least  $10 starred  $11 tag  $12 run  $13 limit  $14 place's rating  $15 is live
 * $16 product  $17 words
 *
 * A + before a column keeps SQLite from walking by that bound: the place's is the one to start at.
 * likelihood(…, 1.0) keeps it from guessing that a term leaves few: after a dozen guesses it
 * believes that nothing is left and sorts what comes in order already.
 */
#define FITS                                                                                       \
    "likelihood(+a.created_at_ms < $5, 1.0) AND likelihood($6 = '' OR a.kind = $6, 1.0)"           \
    " AND likelihood($7 = '' OR a.model = $7, 1.0) AND likelihood($8 = '' OR a.provider = $8, "    \
    "1.0)"                                                                                         \
    " AND likelihood(+a.rating >= $9, 1.0) AND likelihood(+a.rating <= $14, 1.0)"                  \
    " AND likelihood($10 = 0 OR a.is_starred = 1, 1.0)"                                            \
    " AND likelihood($12 = '' OR a.run = $12, 1.0)"                                                \
    " AND likelihood($16 = '' OR a.product = $16, 1.0)"                                            \
    " AND likelihood((a.trashed_at_ms IS NULL) = $15, 1.0)"                                        \
    " AND likelihood($11 = 0 OR EXISTS (SELECT 1 FROM asset_tag x WHERE x.tag_id = $11"            \
    " AND x.created_at_ms = a.created_at_ms AND x.asset_id = a.id), 1.0)"

#define SELECT "SELECT " ASSET_COLUMNS " FROM "
/* Where a statement walks. */
#define LIVE "asset a INDEXED BY asset_live WHERE a.user_id = $1 AND a.trashed_at_ms IS NULL AND "
#define TRASH                                                                                      \
    "asset a INDEXED BY asset_trash WHERE a.user_id = $1 AND a.trashed_at_ms IS NOT NULL AND "
#define STARRED                                                                                    \
    "asset a INDEXED BY asset_starred WHERE a.user_id = $1 AND a.trashed_at_ms IS NULL"            \
    " AND a.is_starred = 1 AND "
#define KIND                                                                                       \
    "asset a INDEXED BY asset_kind WHERE a.user_id = $1 AND a.trashed_at_ms IS NULL"               \
    " AND a.kind = $6 AND "
#define MODEL                                                                                      \
    "asset a INDEXED BY asset_model WHERE a.user_id = $1 AND a.trashed_at_ms IS NULL"              \
    " AND a.model <> '' AND a.model = $7 AND "
#define BEST                                                                                       \
    "asset a INDEXED BY asset_rating WHERE a.user_id = $1 AND a.trashed_at_ms IS NULL"             \
    " AND a.rating = 5 AND "
#define RATED                                                                                      \
    "asset a INDEXED BY asset_rated WHERE a.user_id = $1 AND a.trashed_at_ms IS NULL"              \
    " AND a.rating > 0 AND "
#define BY_RATING                                                                                  \
    "asset a INDEXED BY asset_rating WHERE a.user_id = $1 AND a.trashed_at_ms IS NULL AND "
/* What words find is found first, all of it, and met in that order. */
#define AMONG                                                                                      \
    BY_RATING "+a.id IN (SELECT f.rowid FROM asset_fts f WHERE f.asset_fts MATCH $17) AND "
#define RUN "asset a INDEXED BY asset_run WHERE a.run = $12 AND a.user_id = $1 AND "
#define PRODUCT                                                                                    \
    "asset a INDEXED BY asset_product WHERE a.user_id = $1 AND a.trashed_at_ms IS NULL"            \
    " AND a.product <> '' AND a.product = $16 AND "
#define TAG                                                                                        \
    "asset_tag t CROSS JOIN asset a WHERE t.tag_id = $11 AND a.id = t.asset_id"                    \
    " AND a.user_id = $1 AND "
#define WORDS                                                                                      \
    "asset_fts f CROSS JOIN asset a WHERE f.asset_fts MATCH $17 AND a.id = f.rowid"                \
    " AND a.user_id = $1 AND "
/* Which way, from where. */
#define DOWN                                                                                       \
    "likelihood((a.created_at_ms, a.id) < ($2, $3), 1.0)"                                          \
    " AND likelihood(a.created_at_ms >= $4, 1.0)"
#define NEWEST DOWN " AND " FITS " ORDER BY a.created_at_ms DESC, a.id DESC LIMIT $13"
#define OLDEST                                                                                     \
    "likelihood((a.created_at_ms, a.id) > ($2, $3), 1.0)"                                          \
    " AND likelihood(+a.created_at_ms >= $4, 1.0) AND " FITS                                       \
    " ORDER BY a.created_at_ms, a.id LIMIT $13"
#define RATING                                                                                     \
    "likelihood((a.rating, a.created_at_ms, a.id) < ($14, $2, $3), 1.0)"                           \
    " AND likelihood(a.rating >= $9, 1.0) AND likelihood(+a.created_at_ms >= $4, 1.0) AND " FITS   \
    " ORDER BY a.rating DESC, a.created_at_ms DESC, a.id DESC LIMIT $13"
/* The same by the tag's own rows, which are in that order. */
#define TAG_DOWN                                                                                   \
    "likelihood((t.created_at_ms, t.asset_id) < ($2, $3), 1.0)"                                    \
    " AND likelihood(t.created_at_ms >= $4, 1.0)"
#define TAG_NEWEST TAG_DOWN " AND " FITS " ORDER BY t.created_at_ms DESC, t.asset_id DESC LIMIT $13"
#define TAG_OLDEST                                                                                 \
    "likelihood((t.created_at_ms, t.asset_id) > ($2, $3), 1.0)"                                    \
    " AND likelihood(+t.created_at_ms >= $4, 1.0) AND " FITS                                       \
    " ORDER BY t.created_at_ms, t.asset_id LIMIT $13"
/* Pictures are numbered as they come in: the search index's own order, which costs no sorting.  $3
 * is where the place is in it, $2 where the wanted time ends. */
#define WORDS_DOWN "f.rowid < $3 AND f.rowid >= $2 AND likelihood(+a.created_at_ms >= $4, 1.0)"
#define WORDS_NEWEST WORDS_DOWN " AND " FITS " ORDER BY f.rowid DESC LIMIT $13"
#define WORDS_OLDEST                                                                               \
    "f.rowid > $3 AND f.rowid <= $2 AND likelihood(+a.created_at_ms >= $4, 1.0) AND " FITS         \
    " ORDER BY f.rowid LIMIT $13"

#define COUNT_OF                                                                                   \
    "SELECT count(*) AS seen, coalesce(sum(hit), 0) AS total FROM (SELECT " FITS " AS hit FROM "
#define COUNT_END " LIMIT $13)"
#define DAYS "SELECT (a.created_at_ms + $2) / $3 AS day, count(*) AS count FROM "
#define DAYS_END                                                                                   \
    "likelihood(+a.created_at_ms >= $4, 1.0) AND " FITS " GROUP BY 1 ORDER BY 1 DESC LIMIT $13"

/* In this order: the first that a filter names is walked. */
enum walk {
    WALK_RUN,
    WALK_WORDS,
    WALK_TAG,
    WALK_TRASH,
    WALK_PRODUCT,
    WALK_MODEL,
    WALK_STARRED,
    WALK_BEST,
    WALK_KIND,
    WALK_RATED,
    WALK_LIVE
};

/* By walk and sort. */
const struct sql asset_lists[] = {
    {"asset_list_run_newest",     SELECT RUN NEWEST,         NULL},
    {"asset_list_run_oldest",     SELECT RUN OLDEST,         NULL},
    {"asset_list_run_rating",     SELECT RUN RATING,         NULL},
    {"asset_list_words_newest",   SELECT WORDS WORDS_NEWEST, NULL},
    {"asset_list_words_oldest",   SELECT WORDS WORDS_OLDEST, NULL},
    {"asset_list_words_rating",   SELECT WORDS RATING,       NULL},
    {"asset_list_tag_newest",     SELECT TAG TAG_NEWEST,     NULL},
    {"asset_list_tag_oldest",     SELECT TAG TAG_OLDEST,     NULL},
    {"asset_list_tag_rating",     SELECT TAG RATING,         NULL},
    {"asset_list_trash_newest",   SELECT TRASH NEWEST,       NULL},
    {"asset_list_trash_oldest",   SELECT TRASH OLDEST,       NULL},
    {"asset_list_trash_rating",   SELECT TRASH RATING,       NULL},
    {"asset_list_product_newest", SELECT PRODUCT NEWEST,     NULL},
    {"asset_list_product_oldest", SELECT PRODUCT OLDEST,     NULL},
    {"asset_list_product_rating", SELECT PRODUCT RATING,     NULL},
    {"asset_list_model_newest",   SELECT MODEL NEWEST,       NULL},
    {"asset_list_model_oldest",   SELECT MODEL OLDEST,       NULL},
    {"asset_list_model_rating",   SELECT BY_RATING RATING,   NULL},
    {"asset_list_starred_newest", SELECT STARRED NEWEST,     NULL},
    {"asset_list_starred_oldest", SELECT STARRED OLDEST,     NULL},
    {"asset_list_starred_rating", SELECT BY_RATING RATING,   NULL},
    {"asset_list_best_newest",    SELECT BEST NEWEST,        NULL},
    {"asset_list_best_oldest",    SELECT BEST OLDEST,        NULL},
    {"asset_list_best_rating",    SELECT BY_RATING RATING,   NULL},
    {"asset_list_kind_newest",    SELECT KIND NEWEST,        NULL},
    {"asset_list_kind_oldest",    SELECT KIND OLDEST,        NULL},
    {"asset_list_kind_rating",    SELECT BY_RATING RATING,   NULL},
    {"asset_list_rated_newest",   SELECT RATED NEWEST,       NULL},
    {"asset_list_rated_oldest",   SELECT RATED OLDEST,       NULL},
    {"asset_list_rated_rating",   SELECT BY_RATING RATING,   NULL},
    {"asset_list_live_newest",    SELECT LIVE NEWEST,        NULL},
    {"asset_list_live_oldest",    SELECT LIVE OLDEST,        NULL},
    {"asset_list_live_rating",    SELECT BY_RATING RATING,   NULL},
    {"asset_list_among_rating",   SELECT AMONG RATING,       NULL},
    {NULL,                        NULL,                      NULL},
};
#define AMONG_ROW ((size_t)(WALK_LIVE + 1) * SORT_COUNT)
_Static_assert(COUNT(asset_lists) == AMONG_ROW + 2, "a row for each walk and sort");

/* By walk. */
static const struct sql counts[] = {
    {"asset_count_run",     COUNT_OF RUN DOWN COUNT_END,         NULL},
    {"asset_count_words",   COUNT_OF WORDS WORDS_DOWN COUNT_END, NULL},
    {"asset_count_tag",     COUNT_OF TAG TAG_DOWN COUNT_END,     NULL},
    {"asset_count_trash",   COUNT_OF TRASH DOWN COUNT_END,       NULL},
    {"asset_count_product", COUNT_OF PRODUCT DOWN COUNT_END,     NULL},
    {"asset_count_model",   COUNT_OF MODEL DOWN COUNT_END,       NULL},
    {"asset_count_starred", COUNT_OF STARRED DOWN COUNT_END,     NULL},
    {"asset_count_best",    COUNT_OF BEST DOWN COUNT_END,        NULL},
    {"asset_count_kind",    COUNT_OF KIND DOWN COUNT_END,        NULL},
    {"asset_count_rated",   COUNT_OF RATED DOWN COUNT_END,       NULL},
    {"asset_count_live",    COUNT_OF LIVE DOWN COUNT_END,        NULL},
};
_Static_assert(COUNT(counts) == WALK_LIVE + 1, "a row for each walk");

static const struct sql days[] = {
    {"asset_days_run",     DAYS RUN DAYS_END,     NULL},
    {"asset_days_words",   DAYS WORDS DAYS_END,   NULL},
    {"asset_days_tag",     DAYS TAG DAYS_END,     NULL},
    {"asset_days_trash",   DAYS TRASH DAYS_END,   NULL},
    {"asset_days_product", DAYS PRODUCT DAYS_END, NULL},
    {"asset_days_model",   DAYS MODEL DAYS_END,   NULL},
    {"asset_days_starred", DAYS STARRED DAYS_END, NULL},
    {"asset_days_best",    DAYS BEST DAYS_END,    NULL},
    {"asset_days_kind",    DAYS KIND DAYS_END,    NULL},
    {"asset_days_rated",   DAYS RATED DAYS_END,   NULL},
    {"asset_days_live",    DAYS LIVE DAYS_END,    NULL},
};
_Static_assert(COUNT(days) == WALK_LIVE + 1, "a row for each walk");

#define SEEN_MAX 5000 /* of pictures walked over for a count, or sorted */
#define DAYS_MAX 4000 /* eleven years of them */

/* A filter as the statements take it. */
struct look {
    enum walk walk;
    int64_t user_id, tag_id;
    const struct asset_filter *filter;
    int64_t to_ms;
    struct str provider, model, words;
    bool is_empty; /* nothing can match */
};

static enum walk walk_of(const struct look *look)
{
    const struct asset_filter *filter = look->filter;

    if (filter->run.size > 0)
        return WALK_RUN;
    if (filter->q.size > 0)
        return WALK_WORDS;
    if (filter->tag.size > 0)
        return WALK_TAG;
    if (filter->trash)
        return WALK_TRASH;
    if (filter->product.size > 0)
        return WALK_PRODUCT;
    if (filter->model.size > 0)
        return WALK_MODEL;
    if (filter->starred)
        return WALK_STARRED;
    if (filter->rating == 5)
        return WALK_BEST;
    if (filter->kind.size > 0)
        return WALK_KIND;
    return filter->rating > 0 ? WALK_RATED : WALK_LIVE;
}

static bool look_make(struct db *db, int64_t user_id, const struct asset_filter *filter,
                      struct arena *arena, struct look *out, struct error *err)
{
    struct look look = {.user_id = user_id,
                        .filter = filter,
                        .to_ms = filter->to_ms == 0 ? INT64_MAX : filter->to_ms,
                        .model = filter->model};
    struct str model = filter->model;
    struct str provider = str_cut(&model, '/');
    struct id id;

    look.walk = walk_of(&look);
    /* A model's public id begins with its provider's. */
    if (model.size > 0 && id_parse(provider, &id)) {
        look.provider = arena_str(arena, id_str(&id));
        look.model = model;
    }
    if (filter->tag.size > 0) {
        if (!tag_store_find(db, user_id, filter->tag, arena, &look.tag_id, err))
            return false;
        look.is_empty = look.tag_id == 0;
    }
    if (filter->q.size > 0) {
        look.words = words_query(filter->q, user_id, arena);
        look.is_empty = look.is_empty || look.words.size == 0;
    }
    look.is_empty = look.is_empty || filter->from_ms >= look.to_ms;
    *out = look;
    return true;
}

enum { ARGS_COUNT = 17 };

/* $2, $3 and $14 mean a place, or what the statement says they mean. */
static size_t look_args(const struct look *look, int64_t second, int64_t third, int64_t rating,
                        size_t limit, struct sql_value args[ARGS_COUNT])
{
    const struct asset_filter *filter = look->filter;
    const struct sql_value values[ARGS_COUNT] = {
        SQL_INT64(look->user_id),   SQL_INT64(second),        SQL_INT64(third),
        SQL_INT64(filter->from_ms), SQL_INT64(look->to_ms),   SQL_TEXT(filter->kind),
        SQL_TEXT(look->model),      SQL_TEXT(look->provider), SQL_INT64(filter->rating),
        SQL_BOOL(filter->starred),  SQL_INT64(look->tag_id),  SQL_TEXT(filter->run),
        SQL_INT64((int64_t)limit),  SQL_INT64(rating),        SQL_BOOL(!filter->trash),
        SQL_TEXT(filter->product),  SQL_TEXT(look->words),
    };

    for (size_t i = 0; i < ARGS_COUNT; i++)
        args[i] = values[i];
    return look->walk == WALK_WORDS ? ARGS_COUNT : ARGS_COUNT - 1;
}

/* The first and last picture of the wanted time, so that a search need not walk over all others. */
static bool id_range(struct db *db, const struct look *look, int64_t *first, int64_t *last,
                     struct error *err)
{
    static const struct sql live = {
        "asset_id_range_live",
        "SELECT coalesce(min(id), 1) AS first, coalesce(max(id), 0) AS last"
        " FROM asset INDEXED BY asset_live WHERE user_id = $1 AND trashed_at_ms IS NULL"
        " AND created_at_ms >= $2 AND created_at_ms < $3",
        NULL};
    static const struct sql trash = {
        "asset_id_range_trash",
        "SELECT coalesce(min(id), 1) AS first, coalesce(max(id), 0) AS last"
        " FROM asset INDEXED BY asset_trash WHERE user_id = $1 AND trashed_at_ms IS NOT NULL"
        " AND created_at_ms >= $2 AND created_at_ms < $3",
        NULL};
    const struct sql_value args[] = {SQL_INT64(look->user_id), SQL_INT64(look->filter->from_ms),
                                     SQL_INT64(look->to_ms)};
    CLEANUP(rows_finish) struct rows rows = {0};

    *first = 0;
    *last = INT64_MAX;
    if (look->filter->from_ms == 0 && look->filter->to_ms == 0)
        return true;
    if (!db_query(db, look->filter->trash ? &trash : &live, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no range of pictures");
    *first = rows_int64(&rows, "first");
    *last = rows_int64(&rows, "last");
    return true;
}

/* The place moved to where the wanted time begins, if it is not there yet. */
static bool start_args(struct db *db, const struct look *look, enum asset_sort sort,
                       const struct asset_place *after, size_t limit,
                       struct sql_value args[ARGS_COUNT], size_t *count, struct error *err)
{
    struct asset_place place = *after;
    int64_t first, last;

    if (sort != SORT_RATING)
        place.rating = 5;
    if (look->walk == WALK_WORDS && sort != SORT_RATING) {
        if (!id_range(db, look, &first, &last, err))
            return false;
        if (sort == SORT_NEWEST)
            *count = look_args(look, first, last < place.id ? last + 1 : place.id, 5, limit, args);
        else
            *count = look_args(look, last, first > place.id ? first - 1 : place.id, 5, limit, args);
        return true;
    }
    if (sort == SORT_NEWEST && place.at_ms >= look->to_ms) {
        place.at_ms = look->to_ms;
        place.id = look->to_ms == INT64_MAX ? INT64_MAX : INT64_MIN;
    } else if (sort == SORT_OLDEST && place.at_ms < look->filter->from_ms) {
        place.at_ms = look->filter->from_ms - 1;
        place.id = INT64_MAX;
    }
    *count = look_args(look, place.at_ms, place.id, place.rating, limit, args);
    return true;
}

/* How many of what the walk meets fit; *seen stops behind SEEN_MAX. */
static bool count_seen(struct db *db, const struct look *look, int64_t *seen, int64_t *total,
                       struct error *err)
{
    const struct asset_place first = asset_place_first(SORT_NEWEST);
    CLEANUP(rows_finish) struct rows rows = {0};
    struct sql_value args[ARGS_COUNT];
    size_t arg_count;

    if (!start_args(db, look, SORT_NEWEST, &first, SEEN_MAX + 1, args, &arg_count, err) ||
        !db_query(db, &counts[look->walk], args, arg_count, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    *seen = rows_int64(&rows, "seen");
    *total = rows_int64(&rows, "total");
    return true;
}

/* Few are sorted by their rating; of many, walking all by rating soon meets enough that fit. */
static bool choose(struct db *db, const struct look *look, enum asset_sort sort,
                   const struct sql **out, struct error *err)
{
    const enum walk walk = look->walk;
    size_t row = (size_t)walk * SORT_COUNT + sort;
    int64_t seen, total;

    if (sort == SORT_RATING &&
        (walk == WALK_WORDS || walk == WALK_TAG || walk == WALK_PRODUCT || walk == WALK_MODEL ||
         walk == WALK_STARRED || walk == WALK_KIND) &&
        !look->filter->trash) {
        if (!count_seen(db, look, &seen, &total, err))
            return false;
        if (seen > SEEN_MAX)
            row = walk == WALK_WORDS ? AMONG_ROW : (size_t)WALK_LIVE * SORT_COUNT + SORT_RATING;
    }
    *out = &asset_lists[row];
    return true;
}

bool asset_store_list(struct db *db, int64_t user_id, const struct asset_filter *filter,
                      enum asset_sort sort, const struct asset_place *after, size_t limit,
                      struct arena *arena, struct asset **out, size_t *count, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};
    struct sql_value args[ARGS_COUNT];
    struct asset *found = ARENA_ARRAY(arena, struct asset, limit);
    size_t found_count = 0, arg_count;
    const struct sql *sql;
    struct look look;

    if (!look_make(db, user_id, filter, arena, &look, err))
        return false;
    if (!look.is_empty) {
        if (!choose(db, &look, sort, &sql, err) ||
            !start_args(db, &look, sort, after, limit, args, &arg_count, err) ||
            !db_query(db, sql, args, arg_count, &rows, err))
            return false;
        while (found_count < limit && rows_next(&rows))
            found[found_count++] = asset_of_row(&rows, arena);
        if (rows_failed(&rows))
            return false;
    }
    *out = found;
    *count = found_count;
    return true;
}

/* ---- counts ---- */

bool asset_store_count_day(struct db *db, int64_t user_id, int64_t created_at_ms, int64_t more,
                           struct error *err)
{
    static const struct sql add = {
        "asset_count_add",
        "INSERT INTO asset_count (user_id, quarter, count) VALUES ($1, $2, $3)"
        " ON CONFLICT (user_id, quarter) DO UPDATE SET count = asset_count.count + $3",
        NULL};
    /* Of its own: the row an INSERT would make has no count below nothing. */
    static const struct sql take = {
        "asset_count_take",
        "UPDATE asset_count SET count = count + $3 WHERE user_id = $1 AND quarter = $2", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(created_at_ms / QUARTER_MS),
                                     SQL_INT64(more)};

    return db_exec_one(db, more > 0 ? &add : &take, args, COUNT(args), err);
}

static bool count_all(struct db *db, int64_t user_id, int64_t *out, struct error *err)
{
    static const struct sql sum = {
        "asset_count_all",
        "SELECT coalesce(sum(count), 0) AS total FROM asset_count WHERE user_id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &sum, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    *out = rows_int64(&rows, "total");
    return true;
}

bool asset_store_count(struct db *db, int64_t user_id, const struct asset_filter *filter,
                       struct arena *arena, int64_t *out, struct error *err)
{
    struct look look;
    int64_t seen = 0, total = 0;

    if (asset_filter_is_all(filter))
        return count_all(db, user_id, out, err);
    if (!look_make(db, user_id, filter, arena, &look, err) ||
        (!look.is_empty && !count_seen(db, &look, &seen, &total, err)))
        return false;
    *out = seen > SEEN_MAX ? -1 : total;
    return true;
}

static struct str day_name(int64_t day, struct arena *arena)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format(day * DAY_MS, text);
    return arena_str(arena, str_slice(str_of(text), 0, 10));
}

bool asset_store_days(struct db *db, int64_t user_id, const struct asset_filter *filter,
                      int64_t zone_ms, struct arena *arena, struct asset_day **out, size_t *count,
                      struct error *err)
{
    static const struct sql all = {
        "asset_days_all",
        "SELECT (quarter * $4 + $2) / $3 AS day, sum(count) AS count FROM asset_count"
        " WHERE user_id = $1 AND count > 0 GROUP BY 1 ORDER BY 1 DESC LIMIT $5",
        NULL};
    const struct sql_value all_args[] = {SQL_INT64(user_id), SQL_INT64(zone_ms), SQL_INT64(DAY_MS),
                                         SQL_INT64(QUARTER_MS), SQL_INT64(DAYS_MAX)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct sql_value args[ARGS_COUNT];
    struct asset_day *found = NULL;
    size_t found_count = 0, arg_count;
    struct look look;

    if (!look_make(db, user_id, filter, arena, &look, err))
        return false;
    arg_count = look_args(&look, zone_ms, DAY_MS, 5, DAYS_MAX, args);
    if (!look.is_empty) {
        if (asset_filter_is_all(filter)
                ? !db_query(db, &all, all_args, COUNT(all_args), &rows, err)
                : !db_query(db, &days[look.walk], args, arg_count, &rows, err))
            return false;
        while (found_count < DAYS_MAX && rows_next(&rows)) {
            found = arena_more(arena, found, sizeof(*found), found_count);
            found[found_count++] = (struct asset_day){
                .day = day_name(rows_int64(&rows, "day"), arena),
                .count = rows_int64(&rows, "count"),
            };
        }
        if (rows_failed(&rows))
            return false;
    }
    *out = found;
    *count = found_count;
    return true;
}
