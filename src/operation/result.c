#include "operation/operation.h"

static const struct field variant_fields[] = {
    {"name", FIELD_TEXT, offsetof(struct result_variant, name), 0, 0, 0, NULL, NULL, NULL},
    {"blob", FIELD_TEXT, offsetof(struct result_variant, blob), 0, 0, 0, NULL, NULL, NULL},
    {"size", FIELD_INT,  offsetof(struct result_variant, size), 0, 0, 0, NULL, NULL, NULL},
};
static const struct shape variant_shape =
    SHAPE("ResultVariant", struct result_variant, variant_fields);

static const struct field picture_fields[] = {
    {"blob",           FIELD_TEXT, offsetof(struct result_picture, blob),           FIELD_REQUIRED, 0, 0,      NULL,           NULL,
     NULL                                                                                                                                },
    {"mime",           FIELD_TEXT, offsetof(struct result_picture, mime),           FIELD_REQUIRED, 0, 0,      NULL,           NULL,
     NULL                                                                                                                                },
    {"kind",           FIELD_TEXT, offsetof(struct result_picture, kind),           FIELD_REQUIRED, 0, 0,      NULL,           NULL,
     NULL                                                                                                                                },
    {"size",           FIELD_INT,  offsetof(struct result_picture, size),           FIELD_REQUIRED, 0, 0,      NULL,           NULL,
     NULL                                                                                                                                },
    {"width_px",       FIELD_INT,  offsetof(struct result_picture, width_px),       FIELD_REQUIRED, 0, 0,      NULL,
     NULL,                                                                                                                           NULL},
    {"height_px",      FIELD_INT,  offsetof(struct result_picture, height_px),      FIELD_REQUIRED, 0, 0,      NULL,
     NULL,                                                                                                                           NULL},
    {"thumbhash",      FIELD_TEXT, offsetof(struct result_picture, thumbhash),      0,              0, 0,      NULL,           NULL,
     NULL                                                                                                                                },
    {"color",          FIELD_TEXT, offsetof(struct result_picture, color),          0,              0, 0,      NULL,           NULL, NULL},
    {"variants",       FIELD_LIST, offsetof(struct result_picture, variants),       0,              0, 0,      &variant_shape,
     NULL,                                                                                                                           NULL},
    {"has_seed",       FIELD_BOOL, offsetof(struct result_picture, has_seed),       0,              0, 0,      NULL,           NULL, NULL},
    {"seed",           FIELD_INT,  offsetof(struct result_picture, seed),           0,              0, 0,      NULL,           NULL, NULL},
    {"revised_prompt", FIELD_TEXT, offsetof(struct result_picture, revised_prompt), 0,              0, 200000,
     NULL,                                                                                                                     NULL, NULL},
    {"source_type",    FIELD_TEXT, offsetof(struct result_picture, source_type),    0,              0, 0,      NULL,           NULL,
     NULL                                                                                                                                },
    {"system",         FIELD_TEXT, offsetof(struct result_picture, system),         0,              0, 0,      NULL,           NULL, NULL},
    {"labelled_at",    FIELD_TEXT, offsetof(struct result_picture, labelled_at),    0,              0, 0,      NULL,           NULL,
     NULL                                                                                                                                },
    {"name",           FIELD_TEXT, offsetof(struct result_picture, name),           0,              0, 0,      NULL,           NULL, NULL},
    {"source_url",     FIELD_TEXT, offsetof(struct result_picture, source_url),     0,              0, 0,      NULL,           NULL,
     NULL                                                                                                                                },
};
static const struct shape picture_shape =
    SHAPE("ResultPicture", struct result_picture, picture_fields);

static const struct field result_fields[] = {
    {"pictures",      FIELD_LIST,   offsetof(struct result, pictures),      FIELD_REQUIRED, 0, 0,
     &picture_shape,                                                                                         NULL, NULL},
    {"request_id",    FIELD_TEXT,   offsetof(struct result, request_id),    0,              0, 0,      NULL, NULL, NULL},
    {"provider_name", FIELD_TEXT,   offsetof(struct result, provider_name), 0,              0, 0,      NULL, NULL,
     NULL                                                                                                              },
    {"dropped",       FIELD_TEXT,   offsetof(struct result, dropped),       0,              0, 0,      NULL, NULL, NULL},
    {"missing",       FIELD_TEXT,   offsetof(struct result, missing),       0,              0, 0,      NULL, NULL, NULL},
    {"text",          FIELD_TEXT,   offsetof(struct result, text),          0,              0, 200000, NULL, NULL, NULL},
    {"keywords",      FIELD_TEXTS,  offsetof(struct result, keywords),      0,              0, 0,      NULL, NULL, NULL},
    {"confidence",    FIELD_DOUBLE, offsetof(struct result, confidence),    0,              0, 1,      NULL, NULL, NULL},
};
static const struct shape result_shape = SHAPE("Result", struct result, result_fields);

static const struct field input_fields[] = {
    {"asset", FIELD_TEXT, offsetof(struct input_picture, asset), 0,              0, 0, NULL, NULL, NULL},
    {"blob",  FIELD_TEXT, offsetof(struct input_picture, blob),  FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                              },
    {"mime",  FIELD_TEXT, offsetof(struct input_picture, mime),  FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                              },
};
static const struct shape input_shape = SHAPE("InputPicture", struct input_picture, input_fields);

static const struct field inputs_fields[] = {
    {"images", FIELD_LIST,  offsetof(struct task_inputs, images), 0,              0, 0, &input_shape, NULL, NULL},
    {"mask",   FIELD_MAYBE, offsetof(struct task_inputs, mask),   FIELD_NULLABLE, 0, 0, &input_shape,
     NULL,                                                                                                  NULL},
};
const struct shape task_inputs_shape = SHAPE("TaskInputs", struct task_inputs, inputs_fields);

static void write_shape(const struct shape *shape, const void *value, struct buf *out)
{
    struct json_writer writer;

    json_writer_init(&writer, out);
    shape_write(shape, value, &writer);
}

static bool read_shape(const struct shape *shape, struct str text, struct arena *arena, void *out,
                       struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;

    return json_read(text, &json, err) && shape_read(shape, json, arena, out, NULL, err);
}

void result_write(const struct result *result, struct buf *out)
{
    write_shape(&result_shape, result, out);
}

bool result_read(struct str json, struct arena *arena, struct result *out, struct error *err)
{
    return read_shape(&result_shape, json, arena, out, err);
}

void task_inputs_write(const struct task_inputs *inputs, struct buf *out)
{
    write_shape(&task_inputs_shape, inputs, out);
}

bool task_inputs_read(struct str json, struct arena *arena, struct task_inputs *out,
                      struct error *err)
{
    return read_shape(&task_inputs_shape, json, arena, out, err);
}
