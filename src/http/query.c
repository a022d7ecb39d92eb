/* query.c: the query string, checked against the row's table before a handler sees it. */
#include "http/http_private.h"

#include "core/id.h"
#include "core/text.h"

#include <assert.h>

#define QUERY_MAX 64

static bool value_check_int(const struct http_query *row, struct str value, struct error *err)
{
    int64_t number;

    if (!str_to_int64(value, &number))
        return error_field(err, ERROR_WRONG_TYPE, row->name, 0, "%s must be an integer", row->name);
    if (row->min == 0 && row->max == 0)
        return true;
    if (number < row->min)
        return error_field(err, ERROR_TOO_SMALL, row->name, row->min, "%s is less than %lld",
                           row->name, (long long)row->min);
    if (number > row->max)
        return error_field(err, ERROR_TOO_BIG, row->name, row->max, "%s is more than %lld",
                           row->name, (long long)row->max);
    return true;
}

static bool value_check_text(const struct http_query *row, struct str value, struct error *err)
{
    int64_t max = row->max > 0 ? row->max : FIELD_TEXT_MAX;
    int64_t count;

    if (!text_is_utf8(value) || text_has_control(value))
        return error_field(err, ERROR_WRONG_ENCODING, row->name, 0, "%s is not UTF-8 text",
                           row->name);
    count = (int64_t)text_count(value);
    if (count < row->min)
        return error_field(err, ERROR_TOO_SHORT, row->name, row->min,
                           "%s has fewer than %lld characters", row->name, (long long)row->min);
    if (count > max)
        return error_field(err, ERROR_TOO_LONG, row->name, max, "%s has more than %lld characters",
                           row->name, (long long)max);
    return true;
}

static bool value_check_enum(const struct http_query *row, struct str value, struct error *err)
{
    for (size_t i = 0; row->values != NULL && row->values[i] != NULL; i++)
        if (str_equal(value, str_of(row->values[i])))
            return true;
    return error_field(err, ERROR_NOT_IN_LIST, row->name, 0, "%s is none of its values", row->name);
}

static bool value_check(const struct http_query *row, struct str value, struct error *err)
{
    struct id id;
    int64_t time_ms;

    switch (row->type) {
    case FIELD_BOOL:
        if (!str_equal(value, STR("true")) && !str_equal(value, STR("false")) &&
            !str_equal(value, STR("1")) && !str_equal(value, STR("0")))
            return error_field(err, ERROR_WRONG_TYPE, row->name, 0, "%s must be true or false",
                               row->name);
        return true;
    case FIELD_INT:
        return value_check_int(row, value, err);
    case FIELD_TEXT:
        return value_check_text(row, value, err);
    case FIELD_ID:
        if (!id_parse(value, &id))
            return error_field(err, ERROR_INVALID, row->name, 0, "%s is no id", row->name);
        return true;
    case FIELD_TIME:
        if (!clock_parse(value, &time_ms))
            return error_field(err, ERROR_INVALID, row->name, 0,
                               "%s is no time as 2026-11-22T10:00:00Z", row->name);
        return true;
    case FIELD_ENUM:
        return value_check_enum(row, value, err);
    case FIELD_DOUBLE:
    case FIELD_TEXTS:
    case FIELD_OBJECT:
    case FIELD_MAYBE:
    case FIELD_LIST:
    case FIELD_JSON:
        break;
    }
    assert(false && "a query parameter of a type that has no text");
    return false;
}

static bool pair_read(struct str pair, const struct http_query *table, struct arena *arena,
                      const struct query_value *earlier, size_t count, struct query_value *out,
                      struct error *err)
{
    struct str value = pair;
    struct str name = str_cut(&value, '=');
    const struct http_query *row = table;

    if (!url_decode(name, true, arena, &out->name) || !text_is_utf8(out->name) ||
        !url_decode(value, true, arena, &out->value))
        return error_set(err, ERROR_MALFORMED, "the query string is not well escaped");
    while (row != NULL && row->name != NULL && !str_equal(out->name, str_of(row->name)))
        row++;
    if (row == NULL || row->name == NULL) {
        struct str clipped = text_clip(out->name, 60);

        return error_field(err, ERROR_UNKNOWN_FIELD, arena_cstr(arena, clipped), 0,
                           "there is no query parameter %.*s", STR_ARGS(clipped));
    }
    for (size_t i = 0; i < count; i++)
        if (str_equal(earlier[i].name, out->name))
            return error_field(err, ERROR_INVALID, row->name, 0, "%s is given twice", row->name);
    return value_check(row, out->value, err);
}

bool query_read(struct str raw, const struct http_query *table, struct arena *arena,
                struct query_value **out, size_t *count, struct error *err)
{
    struct query_value *values = NULL;
    size_t found = 0;

    while (raw.data != NULL && raw.size > 0) {
        struct str pair = str_cut(&raw, '&');

        if (pair.size == 0)
            continue;
        if (found == QUERY_MAX)
            return error_set(err, ERROR_TOO_MANY, "there are too many query parameters");
        if (values == NULL)
            values = ARENA_ARRAY(arena, struct query_value, QUERY_MAX);
        if (!pair_read(pair, table, arena, values, found, &values[found], err))
            return false;
        found++;
    }
    *out = values;
    *count = found;
    return true;
}
