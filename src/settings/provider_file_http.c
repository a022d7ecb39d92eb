#include "settings/settings_private.h"

/* ---- shapes ---- */

#define ITEM(member) offsetof(struct import_item, member)
static const struct field import_item_fields[] = {
    {"id",               FIELD_ID,   ITEM(id),               FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL,
     "The new provider's; null in a preview."                                                                                          },
    {"name",             FIELD_TEXT, ITEM(name),             FIELD_REQUIRED,                  0, 0, NULL, NULL, "Its name in the file."},
    {"as_name",          FIELD_TEXT, ITEM(as_name),          FIELD_REQUIRED,                  0, 0, NULL, NULL, "Its name here."       },
    {"kind",             FIELD_TEXT, ITEM(kind),             FIELD_REQUIRED,                  0, 0, NULL, NULL, "Its kind."            },
    {"is_renamed",       FIELD_BOOL, ITEM(is_renamed),       FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "The name is taken here, so that a number is added."                                                                              },
    {"needs_key",        FIELD_BOOL, ITEM(needs_key),        FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "It is switched off until somebody gives it a key."                                                                               },
    {"needs_private",    FIELD_BOOL, ITEM(needs_private),    FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Its address is private or plain http: off until somebody allows that."                                                           },
    {"is_enabled",       FIELD_BOOL, ITEM(is_enabled),       FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Its models can be asked for at once."                                                                                            },
    {"model_count",      FIELD_INT,  ITEM(model_count),      FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Models that differ from the catalogue."                                                                                          },
    {"unread_workflows", FIELD_INT,  ITEM(unread_workflows), FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Workflows that this build does not read: kept, and no models."                                                                   },
};
static const struct shape import_item_shape =
    SHAPE("ProviderImportItem", struct import_item, import_item_fields);

struct import_view {
    struct list items;
};
static const struct field import_view_fields[] = {
    {"items", FIELD_LIST, offsetof(struct import_view, items), FIELD_REQUIRED, 0, 0,
     &import_item_shape, NULL, "In the order of the file."},
};
static const struct shape import_view_shape =
    SHAPE("ProviderImport", struct import_view, import_view_fields);

/* ---- handlers ---- */

static bool export(struct request *req, struct error *err)
{
    struct provider_file file;
    char now[CLOCK_TEXT_SIZE];

    if (!provider_file_make(req->db, req->now_ms, req->arena, &file, err))
        return false;
    clock_format(req->now_ms, now);
    http_reply_header(
        req, "Content-Disposition",
        arena_printf(req->arena, "attachment; filename=\"vitrine-providers-%.10s.json\"", now));
    return http_reply(req, 200, &file, err);
}

static bool reply_items(struct request *req, int status, struct import_item *items, size_t count,
                        struct error *err)
{
    const struct import_view view = {
        .items = {.items = items, .count = count}
    };

    return http_reply(req, status, &view, err);
}

static bool take(struct request *req, bool is_preview, struct error *err)
{
    struct provider_file *file = req->input;
    struct import_item *items;

    if (!provider_file_check(file, req->arena, err))
        return false;
    items = ARENA_ARRAY(req->arena, struct import_item, file->providers.count);
    return providers_import(app_settings(req->app), file, is_preview, req->now_ms, req->arena,
                            items, err) &&
           reply_items(req, is_preview ? 200 : 201, items, file->providers.count, err);
}

static bool preview(struct request *req, struct error *err) { return take(req, true, err); }

static bool import(struct request *req, struct error *err) { return take(req, false, err); }

const struct http_route provider_file_routes[] = {
    {.method = "GET",
     .path = "/api/v1/providers/export",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = export,
     .out = &provider_file_shape,
     .summary = "All providers as a file, without keys and other secrets",
     .tag = "providers"},
    {.method = "POST",
     .path = "/api/v1/providers/import/preview",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = PROVIDER_FILE_SIZE_MAX,
     .flags = HTTP_WIDE,
     .handler = preview,
     .in = &provider_file_shape,
     .out = &import_view_shape,
     .summary = "What an import of this file would make; nothing is changed",
     .tag = "providers"},
    {.method = "POST",
     .path = "/api/v1/providers/import",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = PROVIDER_FILE_SIZE_MAX,
     .flags = HTTP_WIDE,
     .handler = import,
     .in = &provider_file_shape,
     .out = &import_view_shape,
     .summary = "Add all providers of a file, without keys, or none",
     .tag = "providers"},
    {0},
};
