#include "settings/models_http.h"

/* ---- shapes ---- */

static const char *const types[] = {"text", "int", "double", "bool", "choice", NULL};
static const char *const type_of[] = {
    [SETTING_TEXT] = "text",
    [SETTING_INT] = "int",
    [SETTING_BOOL] = "bool",
    [SETTING_CHOICE] = "choice",
};
static const char *const origins[] = {"default", "file", "environment", "saved", NULL};

/* A text as JSON: escapes make it longer. */
#define VALUE_JSON_MAX ((int64_t)SETTING_TEXT_MAX * 4)

struct setting_view {
    struct str name, type, value, fallback, origin, unit;
    int64_t min, max;
    struct text_list choices;
    bool is_secret, is_set, is_live, is_read_only;
    struct str label_en, label_zh, help_en, help_zh, group;
};
#define VIEW(member) offsetof(struct setting_view, member)
static const struct field setting_view_fields[] = {
    {"name",         FIELD_TEXT,  VIEW(name),         FIELD_REQUIRED, 0, 0,              NULL, NULL,
     "\"queue.per_user_max\"; its variable is VITRINE_QUEUE_PER_USER_MAX."                                             },
    {"type",         FIELD_ENUM,  VIEW(type),         FIELD_REQUIRED, 0, 0,              NULL, types,   "Of its value."},
    {"value",        FIELD_JSON,  VIEW(value),        FIELD_REQUIRED, 0, VALUE_JSON_MAX, NULL, NULL,
     "In force, or at the next start when it is not live; null for a secret."                                          },
    {"default",      FIELD_JSON,  VIEW(fallback),     FIELD_REQUIRED, 0, VALUE_JSON_MAX, NULL, NULL,
     "What counts when nobody says otherwise."                                                                         },
    {"origin",       FIELD_ENUM,  VIEW(origin),       FIELD_REQUIRED, 0, 0,              NULL, origins,
     "Where the value is from."                                                                                        },
    {"unit",         FIELD_TEXT,  VIEW(unit),         FIELD_REQUIRED, 0, 0,              NULL, NULL,    "Empty: none." },
    {"min",          FIELD_INT,   VIEW(min),          FIELD_REQUIRED, 0, 0,              NULL, NULL,
     "Of an int; of a text: characters."                                                                               },
    {"max",          FIELD_INT,   VIEW(max),          FIELD_REQUIRED, 0, 0,              NULL, NULL,
     "Of an int; of a text: characters."                                                                               },
    {"choices",      FIELD_TEXTS, VIEW(choices),      FIELD_REQUIRED, 0, 0,              NULL, NULL,    "Of a choice." },
    {"is_secret",    FIELD_BOOL,  VIEW(is_secret),    FIELD_REQUIRED, 0, 0,              NULL, NULL,
     "Its value is never shown."                                                                                       },
    {"is_set",       FIELD_BOOL,  VIEW(is_set),       FIELD_REQUIRED, 0, 0,              NULL, NULL,
     "False while the default counts."                                                                                 },
    {"is_live",      FIELD_BOOL,  VIEW(is_live),      FIELD_REQUIRED, 0, 0,              NULL, NULL,
     "Applies at once; else after a restart."                                                                          },
    {"is_read_only", FIELD_BOOL,  VIEW(is_read_only), FIELD_REQUIRED, 0, 0,              NULL, NULL,
     "Given by file and environment only: whoever runs the process decides."                                           },
    {"label_en",     FIELD_TEXT,  VIEW(label_en),     FIELD_REQUIRED, 0, 0,              NULL, NULL,    "In English."  },
    {"label_zh",     FIELD_TEXT,  VIEW(label_zh),     FIELD_REQUIRED, 0, 0,              NULL, NULL,    "In Chinese."  },
    {"help_en",      FIELD_TEXT,  VIEW(help_en),      FIELD_REQUIRED, 0, 0,              NULL, NULL,    "In English."  },
    {"help_zh",      FIELD_TEXT,  VIEW(help_zh),      FIELD_REQUIRED, 0, 0,              NULL, NULL,    "In Chinese."  },
    {"group",        FIELD_TEXT,  VIEW(group),        FIELD_REQUIRED, 0, 0,              NULL, NULL,
     "Its part of the page: server, limits, storage, labels, queue."                                                   },
};
static const struct shape setting_view_shape =
    SHAPE("Setting", struct setting_view, setting_view_fields);

struct setting_page {
    struct list items;
};
static const struct field setting_page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct setting_page, items), FIELD_REQUIRED, 0, 0,
     &setting_view_shape, NULL, "Every setting, in the table's order."},
};
static const struct shape setting_page_shape =
    SHAPE("SettingList", struct setting_page, setting_page_fields);

struct change_item {
    struct str name, value;
};
static const struct field change_item_fields[] = {
    {"name",  FIELD_TEXT, offsetof(struct change_item, name),  FIELD_REQUIRED, 1, SETTING_NAME_MAX,
     NULL, NULL, "The setting."                                           },
    {"value", FIELD_JSON, offsetof(struct change_item, value), FIELD_REQUIRED, 0, VALUE_JSON_MAX,
     NULL, NULL, "Of the setting's type; null takes the saved value back."},
};
static const struct shape change_item_shape =
    SHAPE("SettingChange", struct change_item, change_item_fields);

struct change_input {
    struct list changes;
};
static const struct field change_input_fields[] = {
    {"changes", FIELD_LIST, offsetof(struct change_input, changes), FIELD_REQUIRED, 1,
     SETTING_COUNT_MAX, &change_item_shape, NULL, "All of them, or none when one is refused."},
};
static const struct shape change_input_shape =
    SHAPE("SettingChanges", struct change_input, change_input_fields);

/* ---- handlers ---- */

static struct str as_json(const struct setting *setting, struct str text, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf json = {0};
    struct json_writer writer;

    json_writer_init(&writer, &json);
    if (setting->reach == SETTING_SECRET)
        json_add_null(&writer);
    else
        setting_write_json(setting, text, &writer);
    return arena_str(arena, buf_str(&json));
}

static struct setting_view view_of(struct settings *settings, size_t row, struct arena *arena)
{
    const struct setting *setting = &setting_table[row];
    enum setting_origin origin;
    struct str text = settings_current(settings, row, arena, &origin);
    return (struct setting_view){
        .name = str_of(setting->name),
        .type = str_of(type_of[setting->type]),
        .value = as_json(setting, text, arena),
        .fallback = as_json(setting, str_of(setting->fallback), arena),
        .origin = str_of(setting_origin_name(origin)),
        .unit = str_of(setting->unit),
        .min = setting->min,
        .max = setting->max,
        .choices = words_of(setting->choices, arena),
        .is_secret = setting->reach == SETTING_SECRET,
        .is_set = origin != ORIGIN_DEFAULT,
        .is_live = setting->is_live,
        .is_read_only = setting->reach != SETTING_SAVED,
        .label_en = str_of(setting->label_en),
        .label_zh = str_of(setting->label_zh),
        .help_en = str_of(setting->help_en),
        .help_zh = str_of(setting->help_zh),
        .group = str_of(setting->group),
    };
}

static bool list(struct request *req, struct error *err)
{
    struct settings *settings = app_settings(req->app);
    struct setting_view *items = ARENA_ARRAY(req->arena, struct setting_view, setting_table_count);

    for (size_t row = 0; row < setting_table_count; row++)
        items[row] = view_of(settings, row, req->arena);
    return http_reply(req, 200,
                      &(struct setting_page){
                          .items = {.items = items, .count = setting_table_count}
    },
                      err);
}

static bool read_change(const struct change_item *item, struct arena *arena,
                        struct setting_change *out, struct error *err)
{
    CLEANUP(json_cleanup) struct json *value = NULL;
    size_t row = setting_find(item->name);

    if (row == setting_table_count)
        return error_field(err, ERROR_NOT_IN_LIST, "name", 0, "there is no setting %.*s",
                           STR_ARGS(item->name));
    out->setting = &setting_table[row];
    if (out->setting->reach != SETTING_SAVED)
        return error_field(err, ERROR_FORBIDDEN, out->setting->name, 0,
                           "%s is given by vitrine.ini and the environment only",
                           out->setting->name);
    if (!json_read(item->value, &value, err))
        return false;
    out->is_reset = json_is(value, JSON_NULL);
    return out->is_reset || setting_of_json(out->setting, value, arena, &out->value, err);
}

static bool change(struct request *req, struct error *err)
{
    const struct change_input *input = req->input;
    const struct change_item *items = input->changes.items;
    size_t count = input->changes.count;
    struct setting_change *changes = ARENA_ARRAY(req->arena, struct setting_change, count);

    for (size_t i = 0; i < count; i++)
        if (!read_change(&items[i], req->arena, &changes[i], err))
            return false;
    return settings_change(app_settings(req->app), changes, count, req->user.id, req->now_ms,
                           err) &&
           list(req, err);
}

const struct http_route setting_routes[] = {
    {.method = "GET",
     .path = "/api/v1/settings",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = list,
     .out = &setting_page_shape,
     .summary = "Every setting, its bounds, its value and where that is from",
     .tag = "settings"},
    {.method = "PATCH",
     .path = "/api/v1/settings",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = KIB(64),
     .handler = change,
     .in = &change_input_shape,
     .out = &setting_page_shape,
     .summary = "Save settings, or take saved ones back",
     .tag = "settings"},
    {0       },
};
