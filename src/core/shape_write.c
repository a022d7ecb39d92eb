/* Shapes outwards: as JSON and as JSON Schema. */
#include "core/shape.h"

#include <assert.h>
#include <string.h>

/* Bounded by the nesting of the tables.  NOLINTBEGIN(misc-no-recursion) */
static void write_text(const struct field *field, struct str text, struct json_writer *writer)
{
    /* No id and no value of a list is empty: absent is null, whatever the flags say. */
    bool is_null = text.size == 0 && ((field->flags & FIELD_NULLABLE) != 0 ||
                                      field->type == FIELD_ID || field->type == FIELD_ENUM);

    if (is_null)
        json_add_null(writer);
    else
        json_add_text(writer, text);
}

static void write_texts(const struct text_list *list, struct json_writer *writer)
{
    json_begin_list(writer);
    for (size_t i = 0; i < list->count; i++)
        json_add_text(writer, list->items[i]);
    json_end_list(writer);
}

static void write_list(const struct shape *shape, const struct list *list,
                       struct json_writer *writer)
{
    json_begin_list(writer);
    for (size_t i = 0; i < list->count; i++)
        shape_write(shape, (const char *)list->items + i * shape->size, writer);
    json_end_list(writer);
}

static void write_maybe(const struct shape *shape, const void *item, struct json_writer *writer)
{
    if (item == NULL)
        json_add_null(writer);
    else
        shape_write(shape, item, writer);
}

static void write_field(const struct field *field, const void *in, struct json_writer *writer)
{
    switch (field->type) {
    case FIELD_BOOL:
        json_add_bool(writer, *(const bool *)in);
        return;
    case FIELD_INT:
        if ((field->flags & FIELD_NULLABLE) != 0 && *(const int64_t *)in < 0)
            json_add_null(writer);
        else
            json_add_int(writer, *(const int64_t *)in);
        return;
    case FIELD_DOUBLE:
        if ((field->flags & FIELD_NULLABLE) != 0 && *(const double *)in < 0)
            json_add_null(writer);
        else
            json_add_double(writer, *(const double *)in);
        return;
    case FIELD_TEXT:
    case FIELD_ID:
    case FIELD_ENUM:
        write_text(field, *(const struct str *)in, writer);
        return;
    case FIELD_TIME:
        json_add_time(writer, *(const int64_t *)in);
        return;
    case FIELD_TEXTS:
        write_texts(in, writer);
        return;
    case FIELD_OBJECT:
        shape_write(field->shape, in, writer);
        return;
    case FIELD_MAYBE:
        write_maybe(field->shape, *(void *const *)in, writer);
        return;
    case FIELD_LIST:
        write_list(field->shape, in, writer);
        return;
    case FIELD_JSON:
        if (((const struct str *)in)->size == 0)
            json_add_null(writer);
        else
            json_add_raw(writer, *(const struct str *)in);
        return;
    }
}

void shape_write(const struct shape *shape, const void *in, struct json_writer *writer)
{
    json_begin_object(writer);
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];

        if ((field->flags & FIELD_SECRET) != 0)
            continue;
        json_name(writer, field->name);
        write_field(field, (const char *)in + field->offset, writer);
    }
    json_end_object(writer);
}
/* NOLINTEND(misc-no-recursion) */

static bool is_nullable(const struct field *field)
{
    /* A time that is always there says so by being required; any other may be null. */
    return (field->flags & FIELD_NULLABLE) != 0 ||
           (field->type == FIELD_TIME && (field->flags & FIELD_REQUIRED) == 0);
}

static void add_type(const char *type, const struct field *field, struct json_writer *writer)
{
    json_name(writer, "type");
    if (!is_nullable(field)) {
        json_add_text(writer, str_of(type));
        return;
    }
    json_begin_list(writer);
    json_add_text(writer, str_of(type));
    json_add_text(writer, STR("null"));
    json_end_list(writer);
}

static void add_int(const char *name, int64_t number, struct json_writer *writer)
{
    json_name(writer, name);
    json_add_int(writer, number);
}

static void add_bounds(const struct field *field, struct json_writer *writer)
{
    if (field->min == 0 && field->max == 0)
        return;
    add_int("minimum", field->min, writer);
    add_int("maximum", field->max, writer);
}

/* minLength or minItems with its maximum. */
static void add_sizes(const struct field *field, const char *min_name, const char *max_name,
                      int64_t otherwise, struct json_writer *writer)
{
    if (field->min != 0)
        add_int(min_name, field->min, writer);
    add_int(max_name, field->max != 0 ? field->max : otherwise, writer);
}

static void add_ref(const struct shape *shape, struct json_writer *writer)
{
    CLEANUP(buf_finish) struct buf ref = {0};

    buf_printf(&ref, "#/components/schemas/%s", shape->name);
    json_name(writer, "$ref");
    json_add_text(writer, buf_str(&ref));
}

static void add_ref_or_null(const struct shape *shape, struct json_writer *writer)
{
    json_name(writer, "anyOf");
    json_begin_list(writer);
    json_begin_object(writer);
    add_ref(shape, writer);
    json_end_object(writer);
    json_begin_object(writer);
    json_name(writer, "type");
    json_add_text(writer, STR("null"));
    json_end_object(writer);
    json_end_list(writer);
}

static void add_values(const struct field *field, struct json_writer *writer)
{
    json_name(writer, "enum");
    json_begin_list(writer);
    for (const char *const *value = field->values; *value != NULL; value++)
        json_add_text(writer, str_of(*value));
    if (is_nullable(field))
        json_add_null(writer);
    json_end_list(writer);
}

static void add_pair(const char *name, const char *text, struct json_writer *writer)
{
    json_name(writer, name);
    json_add_text(writer, str_of(text));
}

static void add_items(const struct field *field, struct json_writer *writer)
{
    add_type("array", field, writer);
    add_sizes(field, "minItems", "maxItems", FIELD_ITEMS_MAX, writer);
    json_name(writer, "items");
    json_begin_object(writer);
    if (field->type == FIELD_LIST) {
        add_ref(field->shape, writer);
    } else {
        add_pair("type", "string", writer);
        add_int("maxLength", FIELD_TEXT_MAX, writer);
    }
    json_end_object(writer);
}

static void add_schema(const struct field *field, struct json_writer *writer)
{
    switch (field->type) {
    case FIELD_BOOL:
        add_type("boolean", field, writer);
        return;
    case FIELD_INT:
        add_type("integer", field, writer);
        add_pair("format", "int64", writer);
        add_bounds(field, writer);
        return;
    case FIELD_DOUBLE:
        add_type("number", field, writer);
        add_bounds(field, writer);
        return;
    case FIELD_TEXT:
        add_type("string", field, writer);
        add_sizes(field, "minLength", "maxLength", FIELD_TEXT_MAX, writer);
        return;
    case FIELD_ID:
        add_type("string", field, writer);
        add_pair("pattern", "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$", writer);
        return;
    case FIELD_TIME:
        add_type("string", field, writer);
        add_pair("format", "date-time", writer);
        return;
    case FIELD_ENUM:
        add_type("string", field, writer);
        add_values(field, writer);
        return;
    case FIELD_TEXTS:
    case FIELD_LIST:
        add_items(field, writer);
        return;
    case FIELD_OBJECT:
        if (is_nullable(field))
            add_ref_or_null(field->shape, writer);
        else
            add_ref(field->shape, writer);
        return;
    case FIELD_MAYBE:
        add_ref_or_null(field->shape, writer);
        return;
    case FIELD_JSON: /* any value: no type at all */
        return;
    }
}

static void add_property(const struct field *field, struct json_writer *writer)
{
    json_name(writer, field->name);
    json_begin_object(writer);
    add_schema(field, writer);
    if (field->help != NULL)
        add_pair("description", field->help, writer);
    if ((field->flags & FIELD_READ_ONLY) != 0) {
        json_name(writer, "readOnly");
        json_add_bool(writer, true);
    }
    if ((field->flags & FIELD_SECRET) != 0) {
        json_name(writer, "writeOnly");
        json_add_bool(writer, true);
    }
    json_end_object(writer);
}

static void add_required(const struct shape *shape, struct json_writer *writer)
{
    bool is_begun = false;

    for (size_t i = 0; i < shape->count; i++) {
        if ((shape->fields[i].flags & FIELD_REQUIRED) == 0)
            continue;
        if (!is_begun) {
            json_name(writer, "required");
            json_begin_list(writer);
            is_begun = true;
        }
        json_add_text(writer, str_of(shape->fields[i].name));
    }
    if (is_begun)
        json_end_list(writer);
}

void shape_write_schema(const struct shape *shape, struct json_writer *writer)
{
    json_begin_object(writer);
    add_pair("type", "object", writer);
    json_name(writer, "additionalProperties");
    json_add_bool(writer, false);
    add_required(shape, writer);
    json_name(writer, "properties");
    json_begin_object(writer);
    for (size_t i = 0; i < shape->count; i++)
        add_property(&shape->fields[i], writer);
    json_end_object(writer);
    json_end_object(writer);
}
