#include "generate/generate.h"

#include "operation/operation.h"

struct parameter_view {
    struct str name, type, label_en, label_zh, help_en, help_zh, fallback, capability;
    int64_t min, max;
    bool is_required;
    struct text_list choices;
};
static const char *const parameter_types[] = {"text",  "long_text", "int",   "double",
                                              "bool",  "choice",    "seed",  "url",
                                              "model", "options",   "roles", NULL};
/* A side in pixels is a whole number to a form. */
static const char *const type_names[] = {
    [PARAMETER_TEXT] = "text",       [PARAMETER_LONG_TEXT] = "long_text",
    [PARAMETER_INT] = "int",         [PARAMETER_DOUBLE] = "double",
    [PARAMETER_BOOL] = "bool",       [PARAMETER_CHOICE] = "choice",
    [PARAMETER_SIDE] = "int",        [PARAMETER_SEED] = "seed",
    [PARAMETER_URL] = "url",         [PARAMETER_MODEL] = "model",
    [PARAMETER_OPTIONS] = "options", [PARAMETER_ROLES] = "roles",
};
static const struct field parameter_fields[] = {
    {"name",        FIELD_TEXT,  offsetof(struct parameter_view, name),        FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                                                                                                  },
    {"type",        FIELD_ENUM,  offsetof(struct parameter_view, type),        FIELD_REQUIRED, 0, 0, NULL,
     parameter_types,                                                                                            NULL                                                      },
    {"is_required", FIELD_BOOL,  offsetof(struct parameter_view, is_required), FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                 NULL, NULL                                                      },
    {"label_en",    FIELD_TEXT,  offsetof(struct parameter_view, label_en),    FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                       NULL                                                      },
    {"label_zh",    FIELD_TEXT,  offsetof(struct parameter_view, label_zh),    FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                       NULL                                                      },
    {"help_en",     FIELD_TEXT,  offsetof(struct parameter_view, help_en),     FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                       NULL                                                      },
    {"help_zh",     FIELD_TEXT,  offsetof(struct parameter_view, help_zh),     FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                       NULL                                                      },
    {"fallback",    FIELD_JSON,  offsetof(struct parameter_view, fallback),    FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                       "What is taken when it is absent."                        },
    {"min",         FIELD_INT,   offsetof(struct parameter_view, min),         FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                                                                                                  },
    {"max",         FIELD_INT,   offsetof(struct parameter_view, max),         FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                                                                                                  },
    {"choices",     FIELD_TEXTS, offsetof(struct parameter_view, choices),     FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                       "Empty: the model's own."                                 },
    {"capability",  FIELD_TEXT,  offsetof(struct parameter_view, capability),  FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                 NULL, "The field of a model that shows it; empty: always shown."},
};
static const struct shape parameter_shape =
    SHAPE("Parameter", struct parameter_view, parameter_fields);

struct port_view {
    struct str name, type;
    bool is_list, is_required;
    int64_t max;
};
static const char *const port_types[] = {
    [PORT_IMAGE] = "image", [PORT_TEXT] = "text", [PORT_TEXT + 1] = NULL};
static const struct field port_fields[] = {
    {"name",        FIELD_TEXT, offsetof(struct port_view, name),        FIELD_REQUIRED, 0, 0, NULL, NULL,       NULL},
    {"type",        FIELD_ENUM, offsetof(struct port_view, type),        FIELD_REQUIRED, 0, 0, NULL, port_types,
     NULL                                                                                                            },
    {"is_list",     FIELD_BOOL, offsetof(struct port_view, is_list),     FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                                            },
    {"is_required", FIELD_BOOL, offsetof(struct port_view, is_required), FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                       NULL},
    {"max",         FIELD_INT,  offsetof(struct port_view, max),         FIELD_REQUIRED, 0, 0, NULL, NULL,       NULL},
};
static const struct shape port_shape = SHAPE("Port", struct port_view, port_fields);

struct operation_view {
    struct str name, label_en, label_zh, help_en, help_zh;
    struct list inputs, outputs, parameters;
};
static const struct field operation_fields[] = {
    {"name",       FIELD_TEXT, offsetof(struct operation_view, name),       FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                                         },
    {"label_en",   FIELD_TEXT, offsetof(struct operation_view, label_en),   FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                    NULL},
    {"label_zh",   FIELD_TEXT, offsetof(struct operation_view, label_zh),   FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                    NULL},
    {"help_en",    FIELD_TEXT, offsetof(struct operation_view, help_en),    FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                    NULL},
    {"help_zh",    FIELD_TEXT, offsetof(struct operation_view, help_zh),    FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                    NULL},
    {"inputs",     FIELD_LIST, offsetof(struct operation_view, inputs),     FIELD_REQUIRED, 0, 0,
     &port_shape,                                                                                       NULL, NULL},
    {"outputs",    FIELD_LIST, offsetof(struct operation_view, outputs),    FIELD_REQUIRED, 0, 0,
     &port_shape,                                                                                       NULL, NULL},
    {"parameters", FIELD_LIST, offsetof(struct operation_view, parameters), FIELD_REQUIRED, 0, 0,
     &parameter_shape,                                                                                  NULL, NULL},
};
static const struct shape operation_shape =
    SHAPE("Operation", struct operation_view, operation_fields);

struct operation_page {
    struct list items;
};
static const struct field page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct operation_page, items), FIELD_REQUIRED, 0, 0,
     &operation_shape, NULL, NULL},
};
static const struct shape page_shape = SHAPE("OperationList", struct operation_page, page_fields);

static struct text_list words(const char *const *given, struct arena *arena)
{
    struct text_list out = {0};

    while (given != NULL && given[out.count] != NULL)
        out.count++;
    out.items = ARENA_ARRAY(arena, struct str, out.count);
    for (size_t index = 0; index < out.count; index++)
        out.items[index] = str_of(given[index]);
    return out;
}

static struct list ports(const struct operation_port *given, size_t count, struct arena *arena)
{
    struct port_view *views = ARENA_ARRAY(arena, struct port_view, count);

    for (size_t index = 0; index < count; index++)
        views[index] = (struct port_view){.name = str_of(given[index].name),
                                          .type = str_of(port_types[given[index].type]),
                                          .is_list = given[index].is_list,
                                          .is_required = given[index].is_required,
                                          .max = given[index].max == 0 ? 1 : given[index].max};
    return (struct list){.items = views, .count = count};
}

static struct list parameters(const struct operation *operation, struct arena *arena)
{
    struct parameter_view *views =
        ARENA_ARRAY(arena, struct parameter_view, operation->parameter_count);

    for (size_t index = 0; index < operation->parameter_count; index++) {
        const struct operation_parameter *row = &operation->parameters[index];

        views[index] = (struct parameter_view){
            .name = str_of(row->name),
            .type = str_of(type_names[row->type]),
            .is_required = row->is_required,
            .label_en = str_of(row->label_en),
            .label_zh = str_of(row->label_zh),
            .help_en = str_of(row->help_en),
            .help_zh = str_of(row->help_zh),
            .fallback = row->fallback == NULL ? STR("null") : str_of(row->fallback),
            .min = row->min,
            .max = row->max,
            .choices = words(row->choices, arena),
            .capability = str_of(row->capability),
        };
    }
    return (struct list){.items = views, .count = operation->parameter_count};
}

static bool list(struct request *req, struct error *err)
{
    const struct operation *const *all = operations();
    struct operation_view *views;
    struct operation_page page;
    size_t count = 0;

    while (all[count] != NULL)
        count++;
    views = ARENA_ARRAY(req->arena, struct operation_view, count);
    for (size_t index = 0; index < count; index++)
        views[index] = (struct operation_view){
            .name = str_of(all[index]->engine.name),
            .label_en = str_of(all[index]->label_en),
            .label_zh = str_of(all[index]->label_zh),
            .help_en = str_of(all[index]->help_en),
            .help_zh = str_of(all[index]->help_zh),
            .inputs = ports(all[index]->inputs, all[index]->input_count, req->arena),
            .outputs = ports(all[index]->outputs, all[index]->output_count, req->arena),
            .parameters = parameters(all[index], req->arena),
        };
    page.items = (struct list){.items = views, .count = count};
    return http_reply(req, 200, &page, err);
}

const struct http_route operation_routes[] = {
    {.method = "GET",
     .path = "/api/v1/operations",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list,
     .out = &page_shape,
     .summary = "What a node can do, with its parameters and ports",
     .tag = "operations"},
    {0},
};
