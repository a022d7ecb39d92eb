/* operation/test_private.h: for tests: a house with blobs and two pictures, and attempts made by
 * hand. */
#pragma once

#include "operation/operation_private.h"

#include "core/test.h"
#include "db/migrations.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

struct house {
    char directory[64];
    struct arena *arena;
    struct db_pool *pool;
    struct blob_store *blobs;
    struct operation_services services;
    struct str picture, clear; /* PNGs of 64 by 48, the second with transparent parts */
    struct str picture_blob, clear_blob;
};
static struct house house;

static inline void no_error(bool ok, const struct error *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s (%s) %s", what, err->message, err->field, err->detail);
}

static inline struct str producer_code(void *context, struct arena *arena)
{
    (void)context;
    return arena_str(arena, STR("00191350000000000000"));
}

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline struct str draw(bool is_transparent, uint64_t seed)
{
    const struct image_card card = {.width_px = 64,
                                    .height_px = 48,
                                    .seed = seed,
                                    .prompt = STR("cup"),
                                    .is_transparent = is_transparent,
                                    .type = IMAGE_PNG};
    struct error err = {0};
    struct str out;

    no_error(image_card_draw(&card, house.arena, &out, &err), &err, "image_card_draw");
    return out;
}

static inline struct str store(struct str bytes)
{
    struct error err = {0};
    struct blob blob;

    no_error(blob_put(house.blobs, bytes, &blob, &err), &err, "blob_put");
    return arena_str(house.arena, str_of(blob.name));
}

static inline int open_house(void **state)
{
    struct db_config db = {.readers = 2,
                           .migrations = db_migrations,
                           .migration_count = db_migration_count,
                           .clock = &clock_system};
    struct blob_config blobs = {
        .clock = &clock_system, .free_bytes_uploads_min = 1, .free_bytes_jobs_min = 1};
    struct error err = {0};

    house = (struct house){.directory = "/tmp/vitrine-operation-XXXXXX",
                           .arena = arena_create(MIB(256))};
    assert_non_null(mkdtemp(house.directory));
    db.path = arena_cstr(house.arena, arena_printf(house.arena, "%s/db", house.directory));
    no_error(db_pool_open(&db, &house.pool, &err), &err, "db_pool_open");
    blobs.pool = house.pool;
    blobs.directory =
        arena_cstr(house.arena, arena_printf(house.arena, "%s/blobs", house.directory));
    no_error(blob_store_open(&blobs, &house.blobs, &err), &err, "blob_store_open");
    house.services = (struct operation_services){
        .blobs = house.blobs, .fetch_size_max = 1000000, .producer_code = producer_code};
    no_error(image_init(&err), &err, "image_init");
    house.picture = draw(false, 1);
    house.clear = draw(true, 2);
    house.picture_blob = store(house.picture);
    house.clear_blob = store(house.clear);
    *state = &house;
    return 0;
}

static inline int close_house(void **state)
{
    (void)state;
    blob_store_close(house.blobs);
    db_pool_close(house.pool);
    arena_destroy(house.arena);
    image_thread_end();
    image_finish();
    return nftw(house.directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct attempt attempt_of(const struct provider_kind *kind, const char *parameters)
{
    return (struct attempt){
        .task_id = 1,
        .user_id = 2,
        .task_public_id = STR("01JDTASK000000000000000000"),
        .operation = STR("image.generate"),
        .model = STR("fake-1"),
        .parameters = str_of(parameters),
        .inputs = STR("{}"),
        .provider = {.id = kind == NULL ? 0 : 1,
                     .name = STR("Studio"),
                     .kind = kind,
                     .is_enabled = true},
        .arena = house.arena,
        .services = &house.services,
        .call_key = STR("01JDCALL000000000000000000"),
    };
}

static inline void expect_failure(const struct step *step, enum failure_class class,
                                  enum charged charged, const char *because)
{
    if (step->type != STEP_FAILED || step->failure.class != class ||
        step->failure.charged != charged)
        fail_msg("%s: step %d, %s, charged %d: %.*s", because, (int)step->type,
                 failure_class_name(step->failure.class), (int)step->failure.charged,
                 STR_ARGS(step->failure.message));
    if (step->failure.message.size == 0)
        fail_msg("%s: without a word", because);
}

static inline struct str blob_of(struct str name)
{
    struct error err = {0};
    struct str bytes;

    no_error(blob_get(house.blobs, name, MIB(16), house.arena, &bytes, &err), &err, "blob_get");
    return bytes;
}

static inline const struct result_picture *pictures_of(struct str json, size_t count)
{
    struct result result;
    struct error err = {0};

    no_error(result_read(json, house.arena, &result, &err), &err, "result_read");
    assert_int_equal(result.pictures.count, count);
    return result.pictures.items;
}
