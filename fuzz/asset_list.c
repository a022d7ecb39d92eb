/*
 * Filters and places as query strings bring them, over a real database: whatever they hold, they
 * are values, and no search is a fault of SQL.  One to a line: q, tag, kind, model, run, cursor;
 * the first byte chooses the rest.
 */
#include "asset/asset_private.h"
#include "db/migrations.h"
#include "fuzz.h"

#include <stdio.h>
#include <unistd.h>

static struct db_pool *pool;
static char folder[] = "/tmp/vitrine-fuzz-XXXXXX";

static void remove_database(void)
{
    static const char *const names[] = {"vitrine.db", "vitrine.db-wal", "vitrine.db-shm"};
    char path[64];

    db_pool_close(pool);
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static struct db_pool *the_pool(void)
{
    char path[64];
    struct db_config config = {.path = path,
                               .readers = 1,
                               .migrations = db_migrations,
                               .migration_count = db_migration_count,
                               .clock = &clock_system};
    struct error err;

    if (pool != NULL)
        return pool;
    MUST(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof(path), "%s/vitrine.db", folder);
    MUST(db_pool_open(&config, &pool, &err));
    MUST(atexit(remove_database) == 0);
    return pool;
}

static void look(struct db *db, const struct asset_filter *filter, enum asset_sort sort,
                 struct str cursor, struct arena *arena)
{
    struct asset_place after = asset_place_first(sort);
    struct asset *items;
    struct asset_day *days;
    struct error err = {0};
    size_t count;
    int64_t total;

    if (cursor.size > 0 && !asset_place_read(cursor, &after, &err))
        return;
    MUST(asset_store_list(db, 1, filter, sort, &after, 50, arena, &items, &count, &err));
    MUST(asset_store_count(db, 1, filter, arena, &total, &err));
    MUST(asset_store_days(db, 1, filter, 0, arena, &days, &count, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest;
    struct arena *arena;
    struct asset_filter filter;
    struct str cursor;
    struct error err;
    struct db *db;

    if (size < 1)
        return 0;
    rest = (struct str){.data = (const char *)data + 1, .size = size - 1};
    filter = (struct asset_filter){
        .q = str_cut(&rest, '\n'),
        .tag = str_cut(&rest, '\n'),
        .kind = str_cut(&rest, '\n'),
        .model = str_cut(&rest, '\n'),
        .run = str_cut(&rest, '\n'),
        .rating = data[0] % 6,
        .starred = (data[0] & 8) != 0,
        .trash = (data[0] & 16) != 0,
        .from_ms = (data[0] & 32) != 0 ? 1000 : 0,
        .to_ms = (data[0] & 64) != 0 ? INT64_MAX : 0,
    };
    cursor = str_cut(&rest, '\n');
    arena = arena_create(MIB(64));
    MUST(db_borrow(the_pool(), &db, &err));
    look(db, &filter, (enum asset_sort)(data[0] % SORT_COUNT), cursor, arena);
    db_give_back(db);
    arena_destroy(arena);
    return 0;
}
