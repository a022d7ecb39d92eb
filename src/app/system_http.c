#include "app/app.h"

#include "engine/view.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

struct quota {
    int64_t used, limit;
};
static const struct field quota_fields[] = {
    {"used",  FIELD_INT, offsetof(struct quota, used),  FIELD_REQUIRED, 0, 0, NULL, NULL,
     "My tasks waiting now." },
    {"limit", FIELD_INT, offsetof(struct quota, limit), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "That may wait at once."},
};
static const struct shape quota_shape = SHAPE("Quota", struct quota, quota_fields);

struct system_info {
    struct str version;
    bool api_connected, is_draining;
    struct text_list models;
    struct quota quota;
    int64_t uptime_s, database_bytes, blob_bytes, free_bytes;
};
static const struct field info_fields[] = {
    {"version",        FIELD_TEXT,   offsetof(struct system_info, version),        FIELD_REQUIRED, 0, 0, NULL,         NULL,
     NULL                                                                                                                                                     },
    {"api_connected",  FIELD_BOOL,   offsetof(struct system_info, api_connected),  FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                             NULL, "There is a model to ask."       },
    {"models",         FIELD_TEXTS,  offsetof(struct system_info, models),         FIELD_REQUIRED, 0, 0, NULL,         NULL,
     "Names to ask for."                                                                                                                                      },
    {"quota",          FIELD_OBJECT, offsetof(struct system_info, quota),          FIELD_REQUIRED, 0, 0, &quota_shape,
     NULL,                                                                                                                   NULL                             },
    {"uptime_s",       FIELD_INT,    offsetof(struct system_info, uptime_s),       FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                                   NULL                             },
    {"database_bytes", FIELD_INT,    offsetof(struct system_info, database_bytes), FIELD_REQUIRED, 0,
     0,                                                                                                  NULL,         NULL, NULL                             },
    {"blob_bytes",     FIELD_INT,    offsetof(struct system_info, blob_bytes),     FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                                   "Of pictures and their variants."},
    {"free_bytes",     FIELD_INT,    offsetof(struct system_info, free_bytes),     FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                                   "On the disk of the data folder."},
    {"is_draining",    FIELD_BOOL,   offsetof(struct system_info, is_draining),    FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                             NULL, NULL                             },
};
static const struct shape info_shape = SHAPE("SystemInfo", struct system_info, info_fields);

static bool model_names(struct request *req, struct text_list *out, struct error *err)
{
    static const struct sql list = {
        .name = "system_models",
        .text = "SELECT name FROM provider WHERE is_enabled = 1 ORDER BY id LIMIT 100"};
    CLEANUP(rows_finish) struct rows rows = {0};

    out->items = ARENA_ARRAY(req->arena, struct str, 100);
    if (!db_query(req->db, &list, NULL, 0, &rows, err))
        return false;
    while (out->count < 100 && rows_next(&rows))
        out->items[out->count++] = rows_str(&rows, "name", req->arena);
    return !rows_failed(&rows);
}

static bool sum_blobs(struct request *req, int64_t *out, struct error *err)
{
    static const struct sql sum = {.name = "system_blobs",
                                   .text = "SELECT coalesce(sum(size), 0) AS bytes FROM blob"};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(req->db, &sum, NULL, 0, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no sum of blobs");
    *out = rows_int64(&rows, "bytes");
    return true;
}

/* The database and the log beside it. */
static int64_t database_bytes(const struct app *app, struct arena *arena)
{
    static const char *const endings[] = {"", "-wal"};
    int64_t bytes = 0;

    for (size_t index = 0; index < COUNT(endings); index++) {
        const struct str path = arena_printf(arena, "%s/vitrine.db%s", app->data, endings[index]);
        struct stat file;

        if (stat(arena_cstr(arena, path), &file) == 0)
            bytes += file.st_size;
    }
    return bytes;
}

static int64_t free_bytes(const struct app *app)
{
    struct statvfs disk;

    return statvfs(app->data, &disk) == 0 ? (int64_t)disk.f_bavail * (int64_t)disk.f_frsize : 0;
}

static bool info(struct request *req, struct error *err)
{
    struct app *app = req->app;
    struct engine_view *view = ARENA_NEW(req->arena, struct engine_view);
    struct queue_counts counts;
    struct system_info reply = {.version = STR(VITRINE_VERSION)};

    engine_view(app->engine, view);
    if (!model_names(req, &reply.models, err) || !sum_blobs(req, &reply.blob_bytes, err) ||
        !view_queue_counts(req->db, req->user.id, req->now_ms, &counts, err))
        return false;
    reply.api_connected = reply.models.count > 0;
    reply.is_draining = view->is_draining;
    reply.quota = (struct quota){.used = counts.waiting_mine,
                                 .limit = settings_int(app->settings, "queue.per_user_max")};
    reply.uptime_s = (req->now_ms - app->started_at_ms) / 1000;
    reply.database_bytes = database_bytes(app, req->arena);
    reply.free_bytes = free_bytes(app);
    return http_reply(req, 200, &reply, err);
}

/* ---- storage ---- */

struct storage {
    int64_t pictures, pictures_bytes, trash, trash_bytes, other_bytes, database_bytes, free_bytes;
};
#define STORAGE(member) offsetof(struct storage, member)
static const struct field storage_fields[] = {
    {"pictures",       FIELD_INT, STORAGE(pictures),       FIELD_REQUIRED, 0, 0, NULL, NULL,
     "How many there are, everyone's, without the trash."                 },
    {"pictures_bytes", FIELD_INT, STORAGE(pictures_bytes), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Of their originals; a file that several pictures share counts once."},
    {"trash",          FIELD_INT, STORAGE(trash),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Pictures in the trash."                                             },
    {"trash_bytes",    FIELD_INT, STORAGE(trash_bytes),    FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Of originals that are in the trash alone."                          },
    {"other_bytes",    FIELD_INT, STORAGE(other_bytes),    FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Smaller copies, previews, archives and what is on its way out."     },
    {"database_bytes", FIELD_INT, STORAGE(database_bytes), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The database and its log."                                          },
    {"free_bytes",     FIELD_INT, STORAGE(free_bytes),     FIELD_REQUIRED, 0, 0, NULL, NULL,
     "On the disk of the data folder."                                    },
};
static const struct shape storage_shape = SHAPE("Storage", struct storage, storage_fields);

static bool sum_pictures(struct request *req, struct storage *out, struct error *err)
{
    static const struct sql sum = {
        .name = "system_pictures",
        .text = "SELECT coalesce(sum(live), 0) AS live, coalesce(sum(trashed), 0) AS trashed,"
                " coalesce(sum(CASE WHEN live > 0 THEN size ELSE 0 END), 0) AS live_bytes,"
                " coalesce(sum(CASE WHEN live > 0 THEN 0 ELSE size END), 0) AS trash_bytes"
                " FROM (SELECT max(size) AS size, sum(trashed_at_ms IS NULL) AS live,"
                " sum(trashed_at_ms IS NOT NULL) AS trashed FROM asset GROUP BY blob) AS file"};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(req->db, &sum, NULL, 0, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no sum of pictures");
    out->pictures = rows_int64(&rows, "live");
    out->pictures_bytes = rows_int64(&rows, "live_bytes");
    out->trash = rows_int64(&rows, "trashed");
    out->trash_bytes = rows_int64(&rows, "trash_bytes");
    return true;
}

static bool storage(struct request *req, struct error *err)
{
    struct app *app = req->app;
    struct storage reply = {0};
    int64_t blobs, rest;

    if (!sum_pictures(req, &reply, err) || !sum_blobs(req, &blobs, err))
        return false;
    rest = blobs - reply.pictures_bytes - reply.trash_bytes;
    reply.other_bytes = rest > 0 ? rest : 0; /* a picture may come between the two sums */
    reply.database_bytes = database_bytes(app, req->arena);
    reply.free_bytes = free_bytes(app);
    return http_reply(req, 200, &reply, err);
}

const struct http_route system_routes[] = {
    {.method = "GET",
     .path = "/api/v1/system/info",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = info,
     .out = &info_shape,
     .summary = "The house: version, models, room",
     .tag = "system"},
    {.method = "GET",
     .path = "/api/v1/system/storage",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = storage,
     .out = &storage_shape,
     .summary = "What takes how much room",
     .tag = "system",
     .cost = 20}, /* every picture is looked at */
    {0        },
};
