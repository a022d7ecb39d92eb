#include "settings/preset_private.h"

#include "http/http.h"

/* ---- shapes ---- */

#define PRESET(member) offsetof(struct preset, member)
static const struct field preset_fields[] = {
    {"id",         FIELD_ID,   PRESET(id),            FIELD_REQUIRED, 0, 0,                          NULL, NULL, "The preset's id."                                          },
    {"etag",       FIELD_TEXT, PRESET(etag),          FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "Changes with each edit; for If-Match."                                                                                                                                 },
    {"name",       FIELD_TEXT, PRESET(name),          FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "One of a kind among its owner's."                                                                                                                                      },
    {"owner_name", FIELD_TEXT, PRESET(owner_name),    FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "Who made it."                                                                                                                                                          },
    {"is_mine",    FIELD_BOOL, PRESET(is_mine),       FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "Only then can it be changed."                                                                                                                                          },
    {"is_shared",  FIELD_BOOL, PRESET(is_shared),     FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "Everybody in the house sees it."                                                                                                                                       },
    {"is_default", FIELD_BOOL, PRESET(is_default),    FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "What my page begins with when it is empty."                                                                                                                            },
    {"operation",  FIELD_TEXT, PRESET(operation),     FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "Whose parameters these are."                                                                                                                                           },
    {"count",      FIELD_INT,  PRESET(count),         FIELD_REQUIRED, 0, 0,                          NULL, NULL, "Pictures side by side."                                    },
    {"parameters", FIELD_JSON, PRESET(parameters),    FIELD_REQUIRED, 0, PRESET_PARAMETERS_SIZE_MAX,
     NULL,                                                                                                 NULL, "An object; what is absent is left as the operation has it."},
    {"created_at", FIELD_TIME, PRESET(created_at_ms), FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "When it was made."                                                                                                                                                     },
    {"changed_at", FIELD_TIME, PRESET(changed_at_ms), FIELD_REQUIRED, 0, 0,                          NULL, NULL,
     "When it was changed last."                                                                                                                                             },
};
static const struct shape preset_shape = SHAPE("Preset", struct preset, preset_fields);

struct preset_page {
    struct list items;
};
static const struct field page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct preset_page, items), FIELD_REQUIRED, 0,
     PRESETS_OWN_MAX + PRESETS_SHARED_MAX, &preset_shape, NULL,
     "Mine first, then those that others share, each by name."},
};
static const struct shape page_shape = SHAPE("PresetList", struct preset_page, page_fields);

/* Create and change differ in what must be there; the struct and its rows' places are one. */
enum { INPUT_NAME, INPUT_COUNT, INPUT_PARAMETERS, INPUT_SHARED, INPUT_DEFAULT, INPUT_OPERATION };
#define INPUT(member) offsetof(struct preset_input, member)
#define INPUT_FIELDS(flags)                                                                        \
    [INPUT_NAME] = {"name", FIELD_TEXT, INPUT(name),                                               \
                    flags,  1,          PRESET_NAME_MAX,                                           \
                    NULL,   NULL,       "One of a kind among mine."},                              \
    [INPUT_COUNT] = {"count", FIELD_INT, INPUT(count),                                             \
                     flags,   1,         PRESET_COUNT_MAX,                                         \
                     NULL,    NULL,      "Pictures side by side."},                                \
    [INPUT_PARAMETERS] =                                                                           \
        {"parameters", FIELD_JSON, INPUT(parameters),                                              \
         flags,        0,          PRESET_PARAMETERS_SIZE_MAX,                                     \
         NULL,         NULL,       "An object: the operation's parameters, none of them needed."}, \
    [INPUT_SHARED] = {"is_shared",                                                                 \
                      FIELD_BOOL,                                                                  \
                      INPUT(is_shared),                                                            \
                      0,                                                                           \
                      0,                                                                           \
                      0,                                                                           \
                      NULL,                                                                        \
                      NULL,                                                                        \
                      "Everybody in the house sees it, but only its owner changes it."},           \
    [INPUT_DEFAULT] = {"is_default",                                                               \
                       FIELD_BOOL,                                                                 \
                       INPUT(is_default),                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       NULL,                                                                       \
                       NULL,                                                                       \
                       "My page begins with it; a shared one can be that too."}
static const struct field create_fields[] = {
    INPUT_FIELDS(FIELD_REQUIRED),
    [INPUT_OPERATION] = {"operation", FIELD_TEXT, INPUT(operation), FIELD_REQUIRED, 1, 60, NULL,
                         NULL, "Whose parameters these are, as image.generate."},
};
static const struct field change_fields[] = {INPUT_FIELDS(0)};
static const struct shape create_shape = SHAPE("PresetInput", struct preset_input, create_fields);
static const struct shape change_shape = SHAPE("PresetChange", struct preset_input, change_fields);

/* ---- handlers ---- */

static bool list(struct request *req, struct error *err)
{
    struct preset *items;
    size_t count;

    if (!preset_store_list(req->db, req->user.id, req->arena, &items, &count, err))
        return false;
    return http_reply(req, 200,
                      &(struct preset_page){
                          .items = {.items = items, .count = count}
    },
                      err);
}

static bool reply_one(struct request *req, int status, struct str id, struct error *err)
{
    struct preset preset;

    db_refresh(req->db);
    if (!preset_store_find(req->db, req->user.id, id, req->arena, &preset, err))
        return false;
    http_reply_header(req, "ETag", arena_printf(req->arena, "\"%.*s\"", STR_ARGS(preset.etag)));
    return http_reply(req, status, &preset, err);
}

static bool show(struct request *req, struct error *err)
{
    struct str id;

    return request_path_id(req, "id", &id, err) && reply_one(req, 200, id, err);
}

static bool create(struct request *req, struct error *err)
{
    struct str id;

    return preset_create(app_settings(req->app), req->user.id, req->input, req->now_ms, req->arena,
                         &id, err) &&
           reply_one(req, 201, id, err);
}

static bool patch(struct request *req, struct error *err)
{
    static const unsigned parts[] = {
        [INPUT_NAME] = PRESET_HAS_NAME,
        [INPUT_COUNT] = PRESET_HAS_COUNT,
        [INPUT_PARAMETERS] = PRESET_HAS_PARAMETERS,
        [INPUT_SHARED] = PRESET_HAS_SHARED,
        [INPUT_DEFAULT] = PRESET_HAS_DEFAULT,
    };
    struct str id;
    int64_t version;
    unsigned has = 0;

    for (size_t row = 0; row < COUNT(parts); row++)
        if (request_present(req, row))
            has |= parts[row];
    return request_path_id(req, "id", &id, err) && request_match(req, &version, err) &&
           preset_change(app_settings(req->app), req->user.id, id, version, has, req->input,
                         req->now_ms, req->arena, err) &&
           reply_one(req, 200, id, err);
}

static bool delete (struct request *req, struct error *err)
{
    struct str id;
    int64_t version;

    return request_path_id(req, "id", &id, err) && request_match(req, &version, err) &&
           preset_delete(app_settings(req->app), req->user.id, id, version, req->now_ms, req->arena,
                         err) &&
           http_reply_empty(req, 204, err);
}

const struct http_route preset_routes[] = {
    {.method = "GET",
     .path = "/api/v1/presets",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_READ,
     .handler = list,
     .out = &page_shape,
     .summary = "My presets and those that others share",
     .tag = "presets",
     .cost = 2},
    {.method = "POST",
     .path = "/api/v1/presets",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_JSON,
     .limit = KIB(64),
     .handler = create,
     .in = &create_shape,
     .out = &preset_shape,
     .summary = "Keep a form's values under a name",
     .tag = "presets"},
    {.method = "GET",
     .path = "/api/v1/presets/{id}",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_READ,
     .handler = show,
     .out = &preset_shape,
     .summary = "One preset",
     .tag = "presets"},
    {.method = "PATCH",
     .path = "/api/v1/presets/{id}",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_JSON,
     .limit = KIB(64),
     .handler = patch,
     .in = &change_shape,
     .out = &preset_shape,
     .summary = "Change a preset of mine, or make any my default",
     .tag = "presets"},
    {.method = "DELETE",
     .path = "/api/v1/presets/{id}",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .handler = delete,
     .summary = "Delete a preset of mine",
     .tag = "presets"},
    {0                                   },
};
