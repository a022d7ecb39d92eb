/*
 * bench/asset_list.c: milliseconds of a page of pictures, by filter and sort, among many.
 *
 * usage: asset_list [FOLDER [PICTURES [keep]]]    (a million take 2 GB; left empty but with keep,
 * when it is a data folder for the server: bench/start)
 */
#include "asset/asset_private.h"
#include "db/migrations.h"
#include "measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANN 1
#define ROUNDS 5
#define BEGIN_MS INT64_C(1700000000000)
#define LITERAL(text)                                                                              \
    {                                                                                              \
        .data = (text), .size = sizeof(text) - 1                                                   \
    }

/* One in ten is another user's, one in twenty uploaded, one in thirty in the trash. */
static const struct sql fill_assets = {
    "bench_assets",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
    " INSERT INTO asset (id, public_id, user_id, kind, name, blob, mime, size, width_px, height_px,"
    " thumbhash, color, thumb, medium, preview, working, rating, is_starred, run, task,"
    " result_index, task_id, provider, model, created_at_ms, trashed_at_ms)"
    " SELECT i, printf('01%024d', i), CASE WHEN i % 10 = 3 THEN 2 ELSE 1 END,"
    " CASE WHEN i % 20 = 0 THEN 'uploaded' ELSE 'generated' END, 'cup number ' || i,"
    " printf('%064x', i), 'image/png', 1000000, 1024, 1024, '1QcSHQRnh493V4dIh4eXh1h4kJUI',"
    " '#aabbcc', printf('%064x', i + 1), printf('%064x', i + 2), printf('%064x', i + 3),"
    " printf('%064x', i + 4), CASE WHEN i % 7 = 0 THEN i / 7 % 6 ELSE 0 END, i % 50 = 0,"
    " printf('01%024d', i / 4), printf('01%024d', i), 0, i, '01JD00000000000000000000AA',"
    " 'model-' || (i % 8), $2 + i * 60000, CASE WHEN i % 30 = 7 THEN $2 END FROM n",
    NULL};
static const struct sql fill_words = {
    "bench_words",
    "INSERT INTO asset_fts (rowid, owner, words) SELECT id, user_id, name || ' white ceramic"
    " product photo on marble studio light \u8336\u676f \u676f\u5b50 \u5b50\u767d \u767d\u8272"
    " \u8272\u9676 \u9676\u74f7 \u74f7 ' || CASE WHEN id % 997 = 0 THEN '\u9f99\u4e95 \u4e95'"
    " ELSE '\u7ea2\u8336 \u8336' END || ' seed' || (id % 100) || ' ' || model FROM asset",
    NULL};
static const struct sql fill_tags = {
    "bench_tags",
    "INSERT INTO tag (id, user_id, name, name_key) VALUES (1, 1, 'common', 'common'),"
    " (2, 1, 'rare', 'rare')",
    NULL};
static const struct sql fill_links = {
    "bench_links",
    "INSERT INTO asset_tag (tag_id, created_at_ms, asset_id) SELECT 1, created_at_ms, id FROM asset"
    " WHERE user_id = 1 AND id % 2 = 1 UNION ALL SELECT 2, created_at_ms, id FROM asset"
    " WHERE user_id = 1 AND id % 5000 = 1",
    NULL};
static const struct sql fill_counts = {
    "bench_counts",
    "INSERT INTO asset_count (user_id, quarter, count) SELECT user_id, created_at_ms / 900000,"
    " count(*) FROM asset WHERE trashed_at_ms IS NULL GROUP BY 1, 2",
    NULL};

/* clang-format off */
static const struct {
    const char *name;
    struct asset_filter filter;
} questions[] = {
    {.name = "all"},
    {.name = "trash", .filter.trash = true},
    {.name = "uploaded", .filter.kind = LITERAL("uploaded")},
    {.name = "generated", .filter.kind = LITERAL("generated")},
    {.name = "a model", .filter.model = LITERAL("model-3")},
    {.name = "starred", .filter.starred = true},
    {.name = "five stars", .filter.rating = 5},
    {.name = "three stars or more", .filter.rating = 3},
    {.name = "starred of a model", .filter = {.starred = true, .model = LITERAL("model-2")}},
    {.name = "a run", .filter.run = LITERAL("01000000000000000000001234")},
    {.name = "tag: every second", .filter.tag = LITERAL("common")},
    {.name = "tag: few", .filter.tag = LITERAL("rare")},
    {.name = "words: in all, Chinese", .filter.q = LITERAL("\u8336\u676f")},
    {.name = "words: in few, Chinese", .filter.q = LITERAL("\u9f99\u4e95")},
    {.name = "words: in all, one letter", .filter.q = LITERAL("c")},
    {.name = "words: in all, whole", .filter.q = LITERAL("ceramic")},
    {.name = "words: two", .filter.q = LITERAL("marble seed42")},
    {.name = "a day", .filter = {.from_ms = BEGIN_MS + 86400000, .to_ms = BEGIN_MS + 2 * 86400000}},
};
/* clang-format on */

static void die(const struct error *err)
{
    fprintf(stderr, "%s: %s\n", err->message, err->detail);
    exit(1);
}

static bool fill(struct db *db, void *context, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(*(const int64_t *)context), SQL_INT64(BEGIN_MS)};

    return db_exec(db, &fill_assets, args, COUNT(args), NULL, err) &&
           db_exec(db, &fill_words, NULL, 0, NULL, err) &&
           db_exec(db, &fill_tags, NULL, 0, NULL, err) &&
           db_exec(db, &fill_links, NULL, 0, NULL, err) &&
           db_exec(db, &fill_counts, NULL, 0, NULL, err);
}

/* The best of some: what the page costs when the machine has nothing else to do. */
static double page_ms(struct db *db, const struct asset_filter *filter, enum asset_sort sort)
{
    double best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(16));
        struct asset_place after = asset_place_first(sort);
        struct error err = {0};
        struct asset *items;
        size_t count;
        double begin = wall_seconds() * 1000, took;

        if (!asset_store_list(db, ANN, filter, sort, &after, LIST_LIMIT + 1, arena, &items, &count,
                              &err))
            die(&err);
        took = wall_seconds() * 1000 - begin;
        best = took < best ? took : best;
    }
    return best;
}

static double count_ms(struct db *db, const struct asset_filter *filter)
{
    double best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
        struct error err = {0};
        double begin = wall_seconds() * 1000, took;
        int64_t count;

        if (!asset_store_count(db, ANN, filter, arena, &count, &err))
            die(&err);
        took = wall_seconds() * 1000 - begin;
        best = took < best ? took : best;
    }
    return best;
}

static void ask_all(struct db_pool *pool)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};

    if (!db_borrow(pool, &db, &err))
        die(&err);
    printf("%-28s %9s %9s %9s %9s\n", "ms of a page", "newest", "oldest", "rating", "count");
    for (size_t i = 0; i < COUNT(questions); i++) {
        const struct asset_filter *filter = &questions[i].filter;

        printf("%-28s %9.2f %9.2f %9.2f %9.2f\n", questions[i].name,
               page_ms(db, filter, SORT_NEWEST), page_ms(db, filter, SORT_OLDEST),
               page_ms(db, filter, SORT_RATING), count_ms(db, filter));
    }
}

int main(int argc, char **argv)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    const char *folder = argc > 1 ? argv[1] : ".";
    int64_t pictures = 1000000;
    struct db_pool *pool;
    struct error err = {0};
    char path[512], file[520];
    struct db_config config = {.path = path,
                               .readers = 2,
                               .migrations = db_migrations,
                               .migration_count = db_migration_count,
                               .clock = &clock_system};

    if (argc > 2 && (!str_to_int64(str_of(argv[2]), &pictures) || pictures < 1)) {
        fprintf(stderr, "usage: %s [FOLDER [PICTURES [keep]]]\n", argv[0]);
        return 1;
    }
    (void)snprintf(path, sizeof(path), "%s/vitrine.db", folder);
    if (!db_pool_open(&config, &pool, &err) ||
        !db_transact(pool, "bench_fill", fill, &pictures, &err))
        die(&err);
    ask_all(pool);
    db_pool_close(pool);
    for (size_t i = 0; argc < 4 && i < COUNT(endings); i++) {
        (void)snprintf(file, sizeof(file), "%s%s", path, endings[i]);
        (void)unlink(file);
    }
    return 0;
}
