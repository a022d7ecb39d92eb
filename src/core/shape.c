#include "core/shape.h"

#include "core/clock.h"
#include "core/id.h"
#include "core/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where a value stands, from the inside out; written out only when something is wrong. */
struct place {
    const struct place *outer;
    struct str name; /* empty: an item of `outer` */
    size_t index;
};

struct reader {
    struct arena *arena;
    struct error *err;
};

enum { NESTING_MAX = JSON_DEPTH_MAX };

static void name_place(const struct place *place, char *out, size_t size)
{
    const struct place *chain[NESTING_MAX];
    size_t count = 0;
    size_t used = 0;

    out[0] = '\0';
    for (; place != NULL && count < COUNT(chain); place = place->outer)
        chain[count++] = place;
    while (count > 0 && used < size) {
        const struct place *at = chain[--count];
        int written = at->name.data == NULL ? snprintf(out + used, size - used, "[%zu]", at->index)
                                            : snprintf(out + used, size - used, "%s%.*s",
                                                       used == 0 ? "" : ".", STR_ARGS(at->name));

        used += (size_t)written;
    }
}

static bool fail(const struct reader *reader, const struct place *place, enum error_code code,
                 int64_t limit, const char *what)
{
    /* Longer than the field of an error, so that it is the error that cuts. */
    char field[256];

    name_place(place, field, sizeof(field));
    return error_field(reader->err, code, field, limit, "%s %s",
                       field[0] == '\0' ? "the body" : field, what);
}

/* "must have 5 items or more" */
static bool fail_limit(const struct reader *reader, const struct place *place, enum error_code code,
                       int64_t limit, const char *before, const char *after)
{
    char what[80];

    (void)snprintf(what, sizeof(what), "must %s %" PRId64 " %s", before, limit, after);
    return fail(reader, place, code, limit, what);
}

static bool is_bounded(const struct field *field) { return field->min != 0 || field->max != 0; }

/* For texts and lists: `max` of the row, or the limit of all. */
static int64_t size_bound(const struct field *field, int64_t otherwise)
{
    return field->max != 0 ? field->max : otherwise;
}

/* A client decides how much this takes: asked for politely. */
static bool allocate(const struct reader *reader, const struct place *place, size_t size,
                     void **out)
{
    *out = arena_try_alloc(reader->arena, size);
    if (*out == NULL)
        return fail(reader, place, ERROR_TOO_LARGE, 0, "is too large together with the rest");
    return true;
}

static bool copy_text(const struct reader *reader, const struct place *place, struct str text,
                      struct str *out)
{
    void *copy;

    if (!allocate(reader, place, text.size, &copy))
        return false;
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    *out = (struct str){.data = copy, .size = text.size};
    return true;
}

static bool read_bool(const struct reader *reader, const struct place *place,
                      const struct json *json, void *out)
{
    if (!json_is(json, JSON_BOOL))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be true or false");
    *(bool *)out = json_bool(json, false);
    return true;
}

static bool read_int(const struct reader *reader, const struct place *place,
                     const struct field *field, const struct json *json, void *out)
{
    int64_t number;

    if (!json_int(json, &number))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be a whole number");
    if (is_bounded(field) && number < field->min)
        return fail_limit(reader, place, ERROR_TOO_SMALL, field->min, "be", "or more");
    if (is_bounded(field) && number > field->max)
        return fail_limit(reader, place, ERROR_TOO_BIG, field->max, "be", "or less");
    *(int64_t *)out = number;
    return true;
}

static bool read_double(const struct reader *reader, const struct place *place,
                        const struct field *field, const struct json *json, void *out)
{
    double number;

    if (!json_double(json, &number))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be a number");
    if (is_bounded(field) && number < (double)field->min)
        return fail_limit(reader, place, ERROR_TOO_SMALL, field->min, "be", "or more");
    if (is_bounded(field) && number > (double)field->max)
        return fail_limit(reader, place, ERROR_TOO_BIG, field->max, "be", "or less");
    *(double *)out = number;
    return true;
}

static bool read_text(const struct reader *reader, const struct place *place, int64_t min,
                      int64_t max, const struct json *json, struct str *out)
{
    struct str text = json_text(json);
    int64_t count = (int64_t)text_count(text);

    if (!json_is(json, JSON_TEXT))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be a text");
    if (count < min)
        return fail_limit(reader, place, ERROR_TOO_SHORT, min, "have", "characters or more");
    if (count > max)
        return fail_limit(reader, place, ERROR_TOO_LONG, max, "have", "characters or fewer");
    if (text_has_control(text))
        return fail(reader, place, ERROR_INVALID, 0, "must not hold control characters");
    return copy_text(reader, place, text, out);
}

static bool read_id(const struct reader *reader, const struct place *place, const struct json *json,
                    struct str *out)
{
    struct id id;

    if (!json_is(json, JSON_TEXT))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be a text");
    if (!id_parse(json_text(json), &id))
        return fail(reader, place, ERROR_INVALID, 0, "must be an id of 26 characters");
    return copy_text(reader, place, id_str(&id), out);
}

static bool read_time(const struct reader *reader, const struct place *place,
                      const struct json *json, int64_t *out)
{
    if (!json_is(json, JSON_TEXT))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be a text");
    if (!clock_parse(json_text(json), out))
        return fail(reader, place, ERROR_INVALID, 0, "must be a time as RFC 3339 writes it");
    return true;
}

static bool read_enum(const struct reader *reader, const struct place *place,
                      const struct field *field, const struct json *json, struct str *out)
{
    if (!json_is(json, JSON_TEXT))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be a text");
    for (const char *const *value = field->values; *value != NULL; value++) {
        if (!str_equal(json_text(json), str_of(*value)))
            continue;
        *out = str_of(*value);
        return true;
    }
    return fail(reader, place, ERROR_NOT_IN_LIST, 0, "is none of the values that are allowed");
}

static bool read_json(const struct reader *reader, const struct place *place,
                      const struct field *field, const struct json *json, struct str *out)
{
    CLEANUP(buf_finish) struct buf text = {0};

    json_print_add(json, &text);
    if (field->max != 0 && text.size > (size_t)field->max)
        return fail_limit(reader, place, ERROR_TOO_LONG, field->max, "have", "bytes or fewer");
    return copy_text(reader, place, buf_str(&text), out);
}

static bool check_list(const struct reader *reader, const struct place *place,
                       const struct field *field, const struct json *json)
{
    int64_t count = (int64_t)json_count(json);
    int64_t max = size_bound(field, FIELD_ITEMS_MAX);

    if (!json_is(json, JSON_LIST))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be a list");
    if (count < field->min)
        return fail_limit(reader, place, ERROR_TOO_SHORT, field->min, "have", "items or more");
    if (count > max)
        return fail_limit(reader, place, ERROR_TOO_MANY, max, "have", "items or fewer");
    return true;
}

static bool read_texts(const struct reader *reader, const struct place *place,
                       const struct field *field, const struct json *json, struct text_list *out)
{
    size_t count = json_count(json);
    void *items = NULL;

    if (!check_list(reader, place, field, json) ||
        !allocate(reader, place, count * sizeof(struct str), &items))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct place item = {.outer = place, .index = i};

        if (!read_text(reader, &item, 0, FIELD_TEXT_MAX, json_item(json, i),
                       (struct str *)items + i))
            return false;
    }
    *out = (struct text_list){.items = items, .count = count};
    return true;
}

/* Shapes nest as their tables do, and JSON no deeper than its reader lets it.
 * NOLINTBEGIN(misc-no-recursion) */
static bool read_shape(const struct reader *reader, const struct place *place,
                       const struct shape *shape, const struct json *json, void *out,
                       uint64_t *present);

static bool read_list(const struct reader *reader, const struct place *place,
                      const struct field *field, const struct json *json, struct list *out)
{
    size_t count = json_count(json);
    void *items = NULL;

    if (!check_list(reader, place, field, json) ||
        !allocate(reader, place, count * field->shape->size, &items))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct place item = {.outer = place, .index = i};

        if (!read_shape(reader, &item, field->shape, json_item(json, i),
                        (char *)items + i * field->shape->size, NULL))
            return false;
    }
    *out = (struct list){.items = items, .count = count};
    return true;
}

static bool read_maybe(const struct reader *reader, const struct place *place,
                       const struct field *field, const struct json *json, void **out)
{
    void *item;

    if (!allocate(reader, place, field->shape->size, &item) ||
        !read_shape(reader, place, field->shape, json, item, NULL))
        return false;
    *out = item;
    return true;
}

static bool takes_null(const struct field *field)
{
    return (field->flags & FIELD_NULLABLE) != 0 || field->type == FIELD_MAYBE ||
           field->type == FIELD_TIME;
}

static bool read_field(const struct reader *reader, const struct place *place,
                       const struct field *field, const struct json *json, void *out)
{
    if (json_is(json, JSON_NULL) && takes_null(field))
        return true; /* `out` is zeroed */
    if (json_is(json, JSON_NULL) && field->type != FIELD_JSON)
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must not be null");
    switch (field->type) {
    case FIELD_BOOL:
        return read_bool(reader, place, json, out);
    case FIELD_INT:
        return read_int(reader, place, field, json, out);
    case FIELD_DOUBLE:
        return read_double(reader, place, field, json, out);
    case FIELD_TEXT:
        return read_text(reader, place, field->min, size_bound(field, FIELD_TEXT_MAX), json, out);
    case FIELD_ID:
        return read_id(reader, place, json, out);
    case FIELD_TIME:
        return read_time(reader, place, json, out);
    case FIELD_ENUM:
        return read_enum(reader, place, field, json, out);
    case FIELD_TEXTS:
        return read_texts(reader, place, field, json, out);
    case FIELD_OBJECT:
        return read_shape(reader, place, field->shape, json, out, NULL);
    case FIELD_MAYBE:
        return read_maybe(reader, place, field, json, out);
    case FIELD_LIST:
        return read_list(reader, place, field, json, out);
    case FIELD_JSON:
        return read_json(reader, place, field, json, out);
    }
    return fail(reader, place, ERROR_INTERNAL, 0, "has no type");
}

static bool find_field(const struct shape *shape, struct str name, size_t *row)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (str_equal(name, str_of(shape->fields[i].name))) {
            *row = i;
            return true;
        }
    }
    return false;
}

static bool check_required(const struct reader *reader, const struct place *place,
                           const struct shape *shape, uint64_t seen)
{
    for (size_t i = 0; i < shape->count; i++) {
        struct place at = {.outer = place, .name = str_of(shape->fields[i].name)};

        if ((shape->fields[i].flags & FIELD_REQUIRED) != 0 && (seen >> i & 1) == 0)
            return fail(reader, &at, ERROR_REQUIRED, 0, "is required");
    }
    return true;
}

static bool read_shape(const struct reader *reader, const struct place *place,
                       const struct shape *shape, const struct json *json, void *out,
                       uint64_t *present)
{
    struct json_cursor cursor = {0};
    struct str name;
    const struct json *value;
    uint64_t seen = 0;

    assert(shape->count <= 64);
    if (!json_is(json, JSON_OBJECT))
        return fail(reader, place, ERROR_WRONG_TYPE, 0, "must be an object");
    while (json_next(json, &cursor, &name, &value)) {
        struct place at = {.outer = place, .name = name};
        size_t row;

        if (!find_field(shape, name, &row))
            return fail(reader, &at, ERROR_UNKNOWN_FIELD, 0, "is not a known field");
        if ((shape->fields[row].flags & FIELD_READ_ONLY) != 0)
            return fail(reader, &at, ERROR_UNKNOWN_FIELD, 0, "can only be read");
        if (!read_field(reader, &at, &shape->fields[row], value,
                        (char *)out + shape->fields[row].offset))
            return false;
        seen |= UINT64_C(1) << row;
    }
    if (!check_required(reader, place, shape, seen))
        return false;
    if (present != NULL)
        *present = seen;
    return true;
}
/* NOLINTEND(misc-no-recursion) */

bool shape_read(const struct shape *shape, const struct json *json, struct arena *arena, void *out,
                uint64_t *present, struct error *err)
{
    const struct reader reader = {.arena = arena, .err = err};

    memset(out, 0, shape->size);
    return read_shape(&reader, NULL, shape, json, out, present);
}
