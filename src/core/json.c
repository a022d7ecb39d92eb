#include "core/json.h"

#include "core/json_private.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* json-c has an enum and a type of these names too. */
#define json_type json_c_type
#define json_bool json_c_bool
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <json-c/json_visit.h>
#include <json-c/linkhash.h>
#undef json_type
#undef json_bool

enum { LIBERAL_DEPTH_MAX = JSON_DEPTH_MAX * 2 };

/* json-c says NULL for null, which here means absent; so null has an address of its own. */
static char null_value;

static struct json *wrap(json_object *object)
{
    return object == NULL ? (struct json *)(void *)&null_value : (struct json *)(void *)object;
}

/* NULL for null and for absent.  json-c takes non-const where it changes nothing. */
static json_object *unwrap(const struct json *json)
{
    const union {
        const struct json *ours;
        json_object *theirs;
    } value = {.ours = json};

    return (const void *)json == &null_value ? NULL : value.theirs;
}

static bool parse(struct str text, json_object **out, struct error *err)
{
    /* json-c counts a scalar as a level of its own. */
    json_tokener *tokener = json_tokener_new_ex(LIBERAL_DEPTH_MAX + 1);
    enum json_tokener_error rc;
    json_object *object;

    if (tokener == NULL)
        return error_set(err, ERROR_INTERNAL, "there is no memory to read JSON");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    object = json_tokener_parse_ex(tokener, text.data, (int)text.size);
    rc = json_tokener_get_error(tokener);
    if (rc == json_tokener_continue) { /* a number ends where the text does */
        object = json_tokener_parse_ex(tokener, "", 1);
        rc = json_tokener_get_error(tokener);
    }
    json_tokener_free(tokener);
    if (rc != json_tokener_success)
        return error_set(err, ERROR_MALFORMED, "JSON: %s", json_tokener_error_desc(rc));
    *out = object;
    return true;
}

static int count_member(json_object *value, int flags, json_object *parent, const char *name,
                        size_t *index, void *context)
{
    size_t *count = context;

    (void)value;
    (void)parent;
    (void)index;
    if (name != NULL && (flags & JSON_C_VISIT_SECOND) == 0)
        (*count)++;
    return JSON_C_VISIT_RETURN_CONTINUE;
}

/* A name that stands twice leaves one member: then there are fewer than were read. */
static bool has_duplicates(json_object *object, size_t members)
{
    size_t count = 0;

    if (members == 0)
        return false;
    json_c_visit(object, 0, count_member, &count);
    assert(count <= members);
    return count < members;
}

static bool read(struct str text, size_t depth_max, size_t nodes_max, bool is_strict,
                 struct json **out, struct error *err)
{
    struct json_scan scan = {
        .depth_max = depth_max, .nodes_max = nodes_max, .takes_half_pairs = !is_strict};
    json_object *object = NULL;
    bool is_read =
        json_scan(text, &scan, err) &&
        parse(scan.patched.size > 0 ? buf_str(&scan.patched) : str_trim(text), &object, err);

    buf_finish(&scan.patched);
    if (!is_read)
        return false;
    if (is_strict && has_duplicates(object, scan.members)) {
        json_object_put(object);
        return error_set(err, ERROR_MALFORMED, "JSON: a name stands twice in one object");
    }
    *out = wrap(object);
    return true;
}

bool json_read(struct str text, struct json **out, struct error *err)
{
    return read(text, JSON_DEPTH_MAX, JSON_NODES_MAX, true, out, err);
}

bool json_read_wide(struct str text, struct json **out, struct error *err)
{
    return read(text, JSON_DEPTH_MAX, JSON_NODES_WIDE_MAX, true, out, err);
}

bool json_read_liberal(struct str text, struct json **out, struct error *err)
{
    return read(text, LIBERAL_DEPTH_MAX, JSON_NODES_MAX, false, out, err);
}

void json_free(struct json *json) { json_object_put(unwrap(json)); }

void json_cleanup(struct json **json)
{
    json_free(*json);
    *json = NULL;
}

enum json_type json_type(const struct json *json)
{
    switch (json_object_get_type(unwrap(json))) {
    case json_type_boolean:
        return JSON_BOOL;
    case json_type_int:
        return JSON_INT;
    case json_type_double:
        return JSON_DOUBLE;
    case json_type_string:
        return JSON_TEXT;
    case json_type_array:
        return JSON_LIST;
    case json_type_object:
        return JSON_OBJECT;
    case json_type_null:
        return JSON_NULL;
    }
    return JSON_NULL;
}

bool json_is(const struct json *json, enum json_type type)
{
    return json != NULL && json_type(json) == type;
}

const struct json *json_get(const struct json *object, const char *name)
{
    json_object *value;

    if (!json_is(object, JSON_OBJECT) || !json_object_object_get_ex(unwrap(object), name, &value))
        return NULL;
    return wrap(value);
}

const struct json *json_path(const struct json *json, const char *path)
{
    struct str rest = str_of(path);

    while (json != NULL && rest.data != NULL) {
        struct str step = str_cut(&rest, '.');
        uint64_t index;

        if (json_is(json, JSON_LIST)) {
            json = str_to_uint64(step, &index) ? json_item(json, (size_t)index) : NULL;
        } else {
            char name[128];

            assert(step.size < sizeof(name)); /* paths are ours */
            memcpy(name, step.data, step.size);
            name[step.size] = '\0';
            json = json_get(json, name);
        }
    }
    return json;
}

size_t json_count(const struct json *list_or_object)
{
    if (json_is(list_or_object, JSON_LIST))
        return json_object_array_length(unwrap(list_or_object));
    if (json_is(list_or_object, JSON_OBJECT))
        return (size_t)json_object_object_length(unwrap(list_or_object));
    return 0;
}

const struct json *json_item(const struct json *list, size_t index)
{
    if (!json_is(list, JSON_LIST) || index >= json_count(list))
        return NULL;
    return wrap(json_object_array_get_idx(unwrap(list), index));
}

bool json_next(const struct json *object, struct json_cursor *cursor, struct str *name,
               const struct json **value)
{
    struct lh_entry *entry;

    if (!json_is(object, JSON_OBJECT))
        return false;
    entry = !cursor->is_started     ? lh_table_head(json_object_get_object(unwrap(object)))
            : cursor->entry == NULL ? NULL
                                    : lh_entry_next(cursor->entry);
    cursor->is_started = true;
    cursor->entry = entry;
    if (entry == NULL)
        return false;
    *name = str_of(lh_entry_k(entry));
    *value = wrap(lh_entry_v(entry));
    return true;
}

struct str json_text(const struct json *json)
{
    if (!json_is(json, JSON_TEXT))
        return STR_EMPTY;
    return (struct str){.data = json_object_get_string(unwrap(json)),
                        .size = (size_t)json_object_get_string_len(unwrap(json))};
}

bool json_bool(const struct json *json, bool fallback)
{
    return json_is(json, JSON_BOOL) ? json_object_get_boolean(unwrap(json)) != 0 : fallback;
}

bool json_int(const struct json *json, int64_t *out)
{
    const double exact_max = 9007199254740992.0; /* 2^53 */
    double real;

    if (json_is(json, JSON_INT)) {
        *out = json_object_get_int64(unwrap(json));
        return true;
    }
    if (!json_double(json, &real) || fabs(real) > exact_max || real != trunc(real))
        return false;
    *out = (int64_t)real;
    return true;
}

int64_t json_int_or(const struct json *json, int64_t fallback)
{
    int64_t value;

    return json_int(json, &value) ? value : fallback;
}

bool json_double(const struct json *json, double *out)
{
    if (!json_is(json, JSON_INT) && !json_is(json, JSON_DOUBLE))
        return false;
    *out = json_object_get_double(unwrap(json));
    return true;
}

struct str json_digits(const struct json *json)
{
    struct str text, digits;
    int64_t fits;

    if (!json_is(json, JSON_DOUBLE))
        return STR_EMPTY;
    /* json-c keeps the text of each double that it read, here with the ".0" that json_scan() put
     * behind an integer; a double beyond int64 that came with one is that integer, too. */
    text = str_of(json_object_get_userdata(unwrap(json)));
    if (!str_ends_with(text, STR(".0")))
        return STR_EMPTY;
    digits = str_slice(text, 0, text.size - 2);
    return str_to_int64(digits, &fits) ? STR_EMPTY : digits;
}

/* Writes a scalar, or opens a list or an object. */
static void print_start(const struct json *json, struct json_writer *writer)
{
    switch (json_type(json)) {
    case JSON_NULL:
        json_add_null(writer);
        break;
    case JSON_BOOL:
        json_add_bool(writer, json_bool(json, false));
        break;
    case JSON_INT:
        json_add_int(writer, json_int_or(json, 0));
        break;
    case JSON_DOUBLE:
        json_add_double(writer, json_object_get_double(unwrap(json)));
        break;
    case JSON_TEXT:
        json_add_text(writer, json_text(json));
        break;
    case JSON_LIST:
        json_begin_list(writer);
        break;
    case JSON_OBJECT:
        json_begin_object(writer);
        break;
    }
}

static int print_visit(json_object *value, int flags, json_object *parent, const char *name,
                       size_t *index, void *context)
{
    struct json_writer *writer = context;

    (void)parent;
    (void)index;
    if ((flags & JSON_C_VISIT_SECOND) != 0) {
        if (json_object_get_type(value) == json_type_array)
            json_end_list(writer);
        else
            json_end_object(writer);
        return JSON_C_VISIT_RETURN_CONTINUE;
    }
    if (name != NULL)
        json_name(writer, name);
    print_start(wrap(value), writer);
    return JSON_C_VISIT_RETURN_CONTINUE;
}

void json_print_add(const struct json *json, struct buf *out)
{
    struct json_writer writer;

    if (json == NULL)
        return;
    json_writer_init(&writer, out);
    json_c_visit(unwrap(json), 0, print_visit, &writer);
}

struct str json_print(const struct json *json, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};

    json_print_add(json, &out);
    return arena_str(arena, buf_str(&out));
}
