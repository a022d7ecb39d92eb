/*
 * asset/asset.h: pictures: lists, search, tags, trash, recipes, uploads, files, ZIP archives.
 * Knows the engine's results and incoming HTTP; talks to no provider.
 *
 * The room in reading order: asset.c (rules: names, tags, filters, places in lists; no SQL, no
 * HTTP), asset_shape.c (how a picture is shown), asset_store.c, list_store.c, tag_store.c,
 * recipe_store.c (SQL), record.c (a task's result becomes pictures), service.c (the service, its
 * gate, the trash's end), change.c (edits, one by one and in bulk), upload.c, variant.c (a smaller
 * copy when it is missing), mask.c and mask_store.c (what of a picture is changed), job_store.c and
 * job.c (the same edits of any number, durable, with a way back), archive_store.c and archive.c
 * (ZIP), asset_http.c, upload_http.c, bulk_http.c and job_http.c (routes), check.c (what the doctor
 * asks).
 */
#pragma once

#include "blob/blob.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "core/shape.h"
#include "core/str.h"
#include "db/check.h"
#include "db/db.h"
#include "engine/engine.h"
#include "http/http.h"
#include "image/image.h"
#include "operation/operation.h"

struct asset_service; /* opaque: asset_private.h */

struct asset_limits {
    struct image_limits picture;
    int64_t upload_size_max; /* bytes of one file; 0: 64 MiB */
};

struct asset_config { /* everything is borrowed for the service's life */
    struct db_pool *pool;
    struct blob_store *blobs;
    const struct clock *clock;
    const struct random *random; /* used by several threads: the kernel's outside tests */
    struct engine *engine;       /* for imports by URL; NULL: there are none */
    /* The limits now; NULL: those of struct asset_limits.  Any thread. */
    void (*limits)(void *context, struct asset_limits *out);
    /* After a commit that wrote events of this user; may be NULL.  Any thread. */
    void (*wake)(void *context, int64_t user_id);
    void *context;        /* of both */
    size_t picture_works; /* uploads and variants worked on at once; 0: as many as cores */
};

/* The caller owns it: asset_service_destroy(), after the HTTP server is gone.  Thread: main. */
struct asset_service *asset_service_create(const struct asset_config *config);
void asset_service_destroy(struct asset_service *service); /* takes NULL */
/*
 * A thread goes on with the changes of many pictures that a stopped or killed server left, and with
 * those that are asked for from now on.  Fails: ERROR_INTERNAL.  Thread: main.
 */
MUST_CHECK bool asset_service_start(struct asset_service *service, struct error *err);
/*
 * The engine that imports are handed to, when it is made after the service (its hooks want the
 * service).  Thread: main, before the handlers.
 */
void asset_service_set_engine(struct asset_service *service, struct engine *engine);

/* ---- What is shown ---- */

/* The AI label inside the bytes (facts/marketplaces.md 6). */
struct asset_label {
    struct str source_type; /* "trainedAlgorithmicMedia" */
    struct str system;
    int64_t created_at_ms; /* 0: it does not say */
};

struct asset {
    int64_t row_id, user_id, version;         /* not shown */
    struct str blob;                          /* not shown: the original's name */
    struct str variants[IMAGE_VARIANT_COUNT]; /* not shown: blobs; empty: not made yet */
    struct str id, name, kind, mime, thumbhash, color;
    int64_t width_px, height_px, size, rating;
    bool is_starred;
    struct text_list tags;
    int64_t created_at_ms, trashed_at_ms;
    struct str run_id, task_id, product_id; /* public; empty: none */
    struct str etag;
    struct asset_label *label; /* NULL: none */
};
extern const struct shape asset_shape; /* "Asset" */
extern const char *const asset_kinds[];

/* ---- For the engine and the rooms that show runs ---- */

/*
 * engine_hooks.record_result, `context` the service: the pictures of result->output become assets
 * with their recipe, references to their bytes and an event each, in the engine's transaction.
 * Telling the same result again changes nothing.  Fails: MALFORMED and what shapes fail with (the
 * output), and as db_exec().  Thread: the database writer.
 */
MUST_CHECK bool asset_record_result(void *context, struct db *db, const struct task_result *result,
                                    struct error *err);

/*
 * The originals of the user's own pictures, in the order asked for, for a task's inputs.  Fails:
 * NOT_FOUND for one that is not there, somebody else's, or in the trash, its field being
 * "FIELD[index]".
 */
MUST_CHECK bool asset_store_inputs(struct db *db, int64_t user_id, const char *field,
                                   const struct str *ids, size_t count, struct arena *arena,
                                   struct input_picture *out, struct error *err);

/*
 * What a mask's port is given: one of the user's masks, or a picture of theirs.  Fails as
 * asset_store_inputs().
 */
MUST_CHECK bool asset_store_mask(struct db *db, int64_t user_id, const char *field, struct str id,
                                 struct arena *arena, struct input_picture *out, struct error *err);

/*
 * The pictures that each of these tasks (by row) made and that are not in the trash, in their
 * order: out[i] points to counts[i] of them, in `arena`.
 */
MUST_CHECK bool asset_store_of_tasks(struct db *db, int64_t user_id, const int64_t *task_row_ids,
                                     size_t count, struct arena *arena, struct asset **out,
                                     size_t *counts, struct error *err);

/* ---- Duties ---- */

/*
 * Deletes for good what went to the trash before `before_ms`, 2,000 pictures at most; *more says
 * whether there are others.  Archives whose link has ended and old masks go with it.  Any thread
 * but the database writer's.
 */
MUST_CHECK bool asset_purge_trash(struct asset_service *service, int64_t before_ms, bool *more,
                                  struct error *err);

/* Changes of many pictures that a full disk stopped go on.  Any thread. */
void asset_job_wake(struct asset_service *service);

/* What engine_check() is for the engine's rows: pictures and masks hold their bytes, and nothing is
 * held for one that is not there. */
MUST_CHECK bool asset_check(struct db *db, struct arena *arena, struct check_report *out,
                            struct error *err);

/* Given by the application (src/app/): the service behind req->app. */
struct asset_service *app_assets(void *app);

/* Ended by a NULL method. */
extern const struct http_route asset_routes[];  /* lists, one picture, files */
extern const struct http_route upload_routes[]; /* upload, import */
extern const struct http_route bulk_routes[];   /* bulk, archives, tags */
extern const struct http_route job_routes[];    /* changes that go on by themselves */
