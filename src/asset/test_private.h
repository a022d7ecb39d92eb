/* asset/test_private.h: what the room's tests share: a house with a database, blobs and a service;
 * pictures as rows, and as real files. */
#pragma once

#include "asset/asset_private.h"

#include "core/test.h"
#include "db/migrations.h"
#include "engine/event.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define ANN 2
#define BOB 3
#define NOON INT64_C(1763812800000) /* 2025-11-22T12:00:00Z */

struct house {
    char directory[64], path[96], blobs_path[96];
    struct clock_fake time;
    struct clock clock;
    struct random_seeded seed;
    struct random random;
    struct arena *arena;
    struct db_pool *pool;
    struct blob_store *blobs;
    struct asset_service *service;
    struct db *db; /* a reader: house_look() */
    _Atomic int wakes;
    _Atomic int64_t woken_user;
    struct asset_limits limits; /* what the service is told */
};

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline void house_wake(void *context, int64_t user_id)
{
    struct house *house = context;

    house->wakes++;
    house->woken_user = user_id;
}

static inline void house_limits(void *context, struct asset_limits *out)
{
    *out = ((const struct house *)context)->limits;
}

static inline void no_error(bool ok, const struct error *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s: %s (%s) %s", what, error_wire_name(err->code), err->message, err->field,
                 err->detail);
}

/* `random` of the service is the kernel's when `is_threaded`: the seeded one has no lock. */
static inline void house_open(struct house *house, bool is_threaded)
{
    struct error err = {0};
    struct db_config db;
    struct blob_config blobs;
    struct asset_config config;

    *house = (struct house){
        .directory = "/tmp/vitrine-asset-XXXXXX", .time = {.wall_ms = NOON, .mono_ms = 5000}
    };
    house->clock = clock_of_fake(&house->time);
    house->random = is_threaded ? random_system : random_of_seed(&house->seed, 7);
    house->arena = arena_create(MIB(256));
    assert_non_null(mkdtemp(house->directory));
    (void)snprintf(house->path, sizeof(house->path), "%s/vitrine.db", house->directory);
    (void)snprintf(house->blobs_path, sizeof(house->blobs_path), "%s/blobs", house->directory);
    db = (struct db_config){.path = house->path,
                            .readers = 6,
                            .migrations = db_migrations,
                            .migration_count = db_migration_count,
                            .clock = &clock_system};
    no_error(db_pool_open(&db, &house->pool, &err), &err, "db_pool_open");
    blobs = (struct blob_config){.directory = house->blobs_path,
                                 .pool = house->pool,
                                 .clock = &house->clock,
                                 .free_bytes_uploads_min = 1,
                                 .free_bytes_jobs_min = 1};
    no_error(blob_store_open(&blobs, &house->blobs, &err), &err, "blob_store_open");
    config = (struct asset_config){.pool = house->pool,
                                   .blobs = house->blobs,
                                   .clock = &house->clock,
                                   .random = &house->random,
                                   .limits = house_limits,
                                   .wake = house_wake,
                                   .context = house};
    house->service = asset_service_create(&config);
}

static inline int house_close(struct house *house)
{
    db_give_back(house->db);
    asset_service_destroy(house->service);
    blob_store_close(house->blobs);
    db_pool_close(house->pool);
    arena_destroy(house->arena);
    return nftw(house->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A reader that sees what is committed now. */
static inline struct db *house_look(struct house *house)
{
    struct error err = {0};

    if (house->db == NULL)
        no_error(db_borrow(house->pool, &house->db, &err), &err, "db_borrow");
    db_refresh(house->db);
    return house->db;
}

/* ---- pictures as rows ---- */

struct picture {
    int64_t user_id; /* 0: ANN */
    const char *name, *kind, *prompt, *model, *provider, *tags /* "a,b" */, *run, *product;
    int64_t rating, at_ms /* 0: NOON */, task_row_id, result_index;
    bool is_starred, is_trashed;
    const char *bytes; /* what stands for the file; NULL: its number */
};

struct add_work {
    struct house *house;
    const struct picture *picture;
    struct asset_new fresh;
};

static inline struct text_list split_tags(const char *tags, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf lines = {0};

    for (const char *at = tags; at != NULL && *at != '\0'; at++)
        buf_add_char(&lines, *at == ',' ? '\n' : *at);
    return tags_split(arena_str(arena, buf_str(&lines)), arena);
}

static inline bool add_row(struct db *db, void *context, struct error *err)
{
    struct add_work *work = context;
    const struct picture *picture = work->picture;
    struct arena *arena = work->house->arena;
    struct asset *asset = &work->fresh.asset;

    if (!asset_store_add(db, &work->fresh, arena, err))
        return false;
    asset->rating = picture->rating;
    asset->is_starred = picture->is_starred;
    asset->tags = split_tags(picture->tags, arena);
    return asset_store_update(db, asset, arena, err) && tag_store_set(db, asset, arena, err) &&
           words_store_update(db, asset, err) &&
           (!picture->is_trashed || asset_store_set_trashed(db, asset, NOON, arena, err));
}

/* What stands for a picture, with bytes in the store. */
static inline void make_picture(struct house *house, struct picture *picture, struct add_work *out)
{
    static int number;
    struct arena *arena = house->arena;
    struct error err = {0};
    struct recipe *recipe = ARENA_NEW(arena, struct recipe);
    struct blob blob;
    struct id id;

    *recipe = (struct recipe){.operation = STR("image.generate"),
                              .model = str_of(picture->model),
                              .provider_id = str_of(picture->provider),
                              .provider_name = STR("Studio"),
                              .prompt = str_of(picture->prompt),
                              .parameters = STR("{}"),
                              .seed = -1,
                              .cost_micro = -1};
    no_error(blob_put(house->blobs,
                      picture->bytes != NULL ? str_of(picture->bytes)
                                             : arena_printf(arena, "picture %d", ++number),
                      &blob, &err),
             &err, "blob_put");
    if (picture->at_ms == 0)
        picture->at_ms = NOON;
    house->time.wall_ms = picture->at_ms;
    id = id_make(&house->clock, &house->random);
    *out = (struct add_work){.house = house, .picture = picture};
    out->fresh = (struct asset_new){
        .asset = {.id = arena_str(arena, id_str(&id)),
                  .user_id = picture->user_id == 0 ? ANN : picture->user_id,
                  .kind = picture->kind == NULL ? STR("generated") : str_of(picture->kind),
                  .name = str_of(picture->name),
                  .blob = arena_str(arena, str_of(blob.name)),
                  .mime = STR("image/png"),
                  .size = blob.size,
                  .width_px = 4,
                  .height_px = 3,
                  .thumbhash = STR("aGFzaA=="),
                  .color = STR("#a0b0c0"),
                  .run_id = str_of(picture->run),
                  .product_id = str_of(picture->product),
                  .created_at_ms = picture->at_ms},
        .recipe = recipe,
        .task_row_id = picture->task_row_id,
        .result_index = picture->result_index,
    };
}

/* Its id. */
static inline struct str add_picture(struct house *house, struct picture picture)
{
    struct error err = {0};
    struct add_work work;

    make_picture(house, &picture, &work);
    no_error(db_transact(house->pool, "add_picture", add_row, &work, &err), &err, "add_picture");
    return work.fresh.asset.id;
}

struct add_many {
    struct add_work first;
    int count;
};

static inline bool add_rows(struct db *db, void *context, struct error *err)
{
    const struct add_many *many = context;

    for (int i = 0; i < many->count; i++) {
        struct add_work work = many->first;
        struct id id = id_make(&work.house->clock, &work.house->random);

        work.fresh.asset.id = arena_str(work.house->arena, id_str(&id));
        work.fresh.asset.created_at_ms += i / 2;
        if (!add_row(db, &work, err))
            return false;
    }
    return true;
}

/* Alike but for their ids and times, two to a millisecond; in one commit. */
static inline void add_pictures_alike(struct house *house, int count, struct picture picture)
{
    struct add_many many = {.count = count};
    struct error err = {0};

    make_picture(house, &picture, &many.first);
    no_error(db_transact(house->pool, "add_pictures", add_rows, &many, &err), &err, "add_pictures");
}

static inline bool find_picture(struct house *house, int64_t user_id, struct str id,
                                struct asset *out)
{
    struct error err = {0};

    return asset_store_find(house_look(house), user_id, id, house->arena, out, &err);
}

/* ---- counting rows ---- */

/* The column n of the one row. */
static inline int64_t query_number(struct house *house, const struct sql *sql)
{
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};

    no_error(db_query(house_look(house), sql, NULL, 0, &rows, &err), &err, sql->name);
    assert_true(rows_next(&rows));
    return rows_int64(&rows, "n");
}

/* Kinds and bodies of a user's events behind `after`, one a line. */
static inline struct str events_of(struct house *house, int64_t user_id, int64_t after)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct event_row *rows;
    struct error err = {0};
    size_t count;

    no_error(event_list(house_look(house), user_id, after, 1000, house->arena, &rows, &count, &err),
             &err, "event_list");
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%.*s %.*s\n", STR_ARGS(rows[i].kind), STR_ARGS(rows[i].body));
    return arena_str(house->arena, buf_str(&text));
}

static inline int64_t last_event(struct house *house, int64_t user_id)
{
    struct error err = {0};
    int64_t first, last;

    no_error(event_range(house_look(house), user_id, &first, &last, &err), &err, "event_range");
    return last;
}

static inline size_t count_of(struct str text, const char *part)
{
    size_t count = 0;
    int64_t at;

    while ((at = str_find(text, str_of(part))) >= 0) {
        count++;
        text = str_slice(text, (size_t)at + 1, text.size);
    }
    return count;
}
