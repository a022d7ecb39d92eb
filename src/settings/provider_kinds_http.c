#include "settings/models_http.h"

/* ---- shapes ---- */

static const char *const field_types[] = {"text",   "url",  "secret",    "choice",    "int",
                                          "double", "bool", "long_text", "workflows", NULL};
static const char *const field_type_of[] = {
    [PROVIDER_FIELD_TEXT] = "text",
    [PROVIDER_FIELD_URL] = "url",
    [PROVIDER_FIELD_SECRET] = "secret",
    [PROVIDER_FIELD_CHOICE] = "choice",
    [PROVIDER_FIELD_INT] = "int",
    [PROVIDER_FIELD_DOUBLE] = "double",
    [PROVIDER_FIELD_BOOL] = "bool",
    [PROVIDER_FIELD_LONG_TEXT] = "long_text",
    [PROVIDER_FIELD_WORKFLOWS] = "workflows",
};

struct field_view {
    struct str name, type, label_en, label_zh, help_en, help_zh, fallback;
    bool is_required;
    double min, max;
    struct text_list choices;
};
#define FIELD_VIEW(member) offsetof(struct field_view, member)
static const struct field field_view_fields[] = {
    {"name",        FIELD_TEXT,   FIELD_VIEW(name),        FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Of an account: base_url and key are its own, every other name is a member of its options."                  },
    {"type",        FIELD_ENUM,   FIELD_VIEW(type),        FIELD_REQUIRED, 0, 0, NULL, field_types,
     "Of its value."                                                                                              },
    {"label_en",    FIELD_TEXT,   FIELD_VIEW(label_en),    FIELD_REQUIRED, 0, 0, NULL, NULL,        "In English." },
    {"label_zh",    FIELD_TEXT,   FIELD_VIEW(label_zh),    FIELD_REQUIRED, 0, 0, NULL, NULL,        "In Chinese." },
    {"help_en",     FIELD_TEXT,   FIELD_VIEW(help_en),     FIELD_REQUIRED, 0, 0, NULL, NULL,        "In English." },
    {"help_zh",     FIELD_TEXT,   FIELD_VIEW(help_zh),     FIELD_REQUIRED, 0, 0, NULL, NULL,        "In Chinese." },
    {"fallback",    FIELD_TEXT,   FIELD_VIEW(fallback),    FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What counts when it is left out, as text."                                                                  },
    {"is_required", FIELD_BOOL,   FIELD_VIEW(is_required), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "It cannot be left out."                                                                                     },
    {"min",         FIELD_DOUBLE, FIELD_VIEW(min),         FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Of a number; min and max 0: no bounds."                                                                     },
    {"max",         FIELD_DOUBLE, FIELD_VIEW(max),         FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Of a number; of a text: characters."                                                                        },
    {"choices",     FIELD_TEXTS,  FIELD_VIEW(choices),     FIELD_REQUIRED, 0, 0, NULL, NULL,        "Of a choice."},
};
const struct shape field_shape = SHAPE("ProviderField", struct field_view, field_view_fields);

struct kind_view {
    struct str name, label, about_en, about_zh, default_base_url, key_page;
    struct list fields;
};
#define KIND_VIEW(member) offsetof(struct kind_view, member)
static const struct field kind_view_fields[] = {
    {"name",             FIELD_TEXT, KIND_VIEW(name),             FIELD_REQUIRED, 0, 0, NULL,         NULL, "The kind."  },
    {"label",            FIELD_TEXT, KIND_VIEW(label),            FIELD_REQUIRED, 0, 0, NULL,         NULL, "For people."},
    {"about_en",         FIELD_TEXT, KIND_VIEW(about_en),         FIELD_REQUIRED, 0, 0, NULL,         NULL, "In English."},
    {"about_zh",         FIELD_TEXT, KIND_VIEW(about_zh),         FIELD_REQUIRED, 0, 0, NULL,         NULL, "In Chinese."},
    {"default_base_url", FIELD_TEXT, KIND_VIEW(default_base_url), FIELD_REQUIRED, 0, 0, NULL,         NULL,
     "Where it is when no base_url is given."                                                                            },
    {"key_page",         FIELD_TEXT, KIND_VIEW(key_page),         FIELD_REQUIRED, 0, 0, NULL,         NULL,
     "Where a person gets a key; empty: it needs none."                                                                  },
    {"fields",           FIELD_LIST, KIND_VIEW(fields),           FIELD_REQUIRED, 0, 0, &field_shape, NULL,
     "The form of an account."                                                                                           },
};
static const struct shape kind_view_shape =
    SHAPE("ProviderKind", struct kind_view, kind_view_fields);

struct kind_page {
    struct list items;
};
static const struct field kind_page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct kind_page, items), FIELD_REQUIRED, 0, 0, &kind_view_shape,
     NULL, "Every kind this build knows."},
};
static const struct shape kind_page_shape =
    SHAPE("ProviderKindList", struct kind_page, kind_page_fields);

/* ---- handlers ---- */

struct list fields_view_of(const struct provider_field *const *rows, size_t count,
                           struct arena *arena)
{
    struct field_view *fields = ARENA_ARRAY(arena, struct field_view, count);

    for (size_t i = 0; i < count; i++)
        fields[i] = (struct field_view){
            .name = str_of(rows[i]->name),
            .type = str_of(field_type_of[rows[i]->type]),
            .label_en = str_of(rows[i]->label_en),
            .label_zh = str_of(rows[i]->label_zh),
            .help_en = str_of(rows[i]->help_en),
            .help_zh = str_of(rows[i]->help_zh),
            .fallback = str_of(rows[i]->fallback),
            .is_required = rows[i]->is_required,
            .min = rows[i]->min,
            .max = rows[i]->max,
            .choices = rows[i]->is_offered ? rows[i]->offered : words_of(rows[i]->choices, arena),
        };
    return (struct list){.items = fields, .count = count};
}

static struct kind_view kind_view_of(const struct provider_kind *kind, struct arena *arena)
{
    const struct provider_field **rows =
        ARENA_ARRAY(arena, const struct provider_field *, kind->field_count);

    for (size_t i = 0; i < kind->field_count; i++)
        rows[i] = &kind->fields[i];
    return (struct kind_view){
        .name = str_of(kind->name),
        .label = str_of(kind->label),
        .about_en = str_of(kind->about_en),
        .about_zh = str_of(kind->about_zh),
        .default_base_url = str_of(kind->default_base_url),
        .key_page = str_of(kind->key_page),
        .fields = fields_view_of(rows, kind->field_count, arena),
    };
}

static bool list(struct request *req, struct error *err)
{
    size_t count;
    const struct provider_kind *const *kinds = provider_kinds(&count);
    struct kind_view *items = ARENA_ARRAY(req->arena, struct kind_view, count);

    for (size_t i = 0; i < count; i++)
        items[i] = kind_view_of(kinds[i], req->arena);
    return http_reply(req, 200,
                      &(struct kind_page){
                          .items = {.items = items, .count = count}
    },
                      err);
}

const struct http_route provider_kind_routes[] = {
    {.method = "GET",
     .path = "/api/v1/provider-kinds",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = list,
     .out = &kind_page_shape,
     .summary = "What kinds of providers there are, and the form of each",
     .tag = "providers"},
    {0},
};
