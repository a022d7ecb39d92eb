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

static bool info(struct request *req, struct error *err)
{
    struct app *app = req->app;
    struct engine_view *view = ARENA_NEW(req->arena, struct engine_view);
    struct queue_counts counts;
    struct system_info reply = {.version = STR(VITRINE_VERSION)};
    struct statvfs disk;

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
    if (statvfs(app->data, &disk) == 0)
        reply.free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
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
    {0},
};
