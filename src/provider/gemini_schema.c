/* provider/gemini_schema.c: a JSON schema in the words that Gemini knows (facts 2.2). */
#include "provider/gemini_private.h"

enum keyword_holds {
    HOLDS_VALUE,
    HOLDS_SCHEMA,  /* or a bool */
    HOLDS_SCHEMAS, /* a list of them */
    HOLDS_NAMED,   /* an object of them */
};

static const struct {
    const char *name;
    enum keyword_holds holds;
    bool is_old; /* responseSchema, which is OpenAPI's subset, has it too */
} keywords[] = {
    {"$id",                  HOLDS_VALUE,   false},
    {"$defs",                HOLDS_NAMED,   false},
    {"$ref",                 HOLDS_VALUE,   false},
    {"$anchor",              HOLDS_VALUE,   false},
    {"type",                 HOLDS_VALUE,   true },
    {"format",               HOLDS_VALUE,   true },
    {"title",                HOLDS_VALUE,   true },
    {"description",          HOLDS_VALUE,   true },
    {"enum",                 HOLDS_VALUE,   true },
    {"items",                HOLDS_SCHEMA,  true },
    {"prefixItems",          HOLDS_SCHEMAS, false},
    {"minItems",             HOLDS_VALUE,   true },
    {"maxItems",             HOLDS_VALUE,   true },
    {"minimum",              HOLDS_VALUE,   true },
    {"maximum",              HOLDS_VALUE,   true },
    {"anyOf",                HOLDS_SCHEMAS, true },
    {"oneOf",                HOLDS_SCHEMAS, false},
    {"properties",           HOLDS_NAMED,   true },
    {"additionalProperties", HOLDS_SCHEMA,  false},
    {"required",             HOLDS_VALUE,   true },
    {"propertyOrdering",     HOLDS_VALUE,   true },
};

static void write_raw(struct json_writer *writer, const struct json *value)
{
    CLEANUP(buf_finish) struct buf text = {0};

    json_print_add(value, &text);
    json_add_raw(writer, buf_str(&text));
}

static void write_capitals(struct json_writer *writer, struct str text)
{
    char capitals[16];
    size_t size = 0;

    for (; size < text.size && size < sizeof capitals; size++) {
        char c = text.data[size];
        capitals[size] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    json_add_text(writer, (struct str){capitals, size});
}

/* "string" becomes "STRING"; ["string", "null"] becomes "STRING" with nullable beside it. */
static void write_old_type(struct json_writer *writer, const struct json *type)
{
    struct str name = json_text(type);
    bool is_nullable = false;

    for (size_t i = 0; i < json_count(type); i++) {
        struct str one = json_text(json_item(type, i));
        if (str_equal(one, STR("null")))
            is_nullable = true;
        else if (name.size == 0)
            name = one;
    }
    json_name(writer, "type");
    write_capitals(writer, name.size > 0 ? name : STR("string"));
    if (is_nullable) {
        json_name(writer, "nullable");
        json_add_bool(writer, true);
    }
}

/* As deep as JSON may be (32).  NOLINTBEGIN(misc-no-recursion) */
static void write_schema(struct json_writer *writer, const struct json *schema, bool is_old);

static void write_held(struct json_writer *writer, const struct json *value,
                       enum keyword_holds holds, bool is_old)
{
    struct json_cursor cursor = {0};
    const struct json *member;
    struct str name;

    switch (holds) {
    case HOLDS_VALUE:
        write_raw(writer, value);
        return;
    case HOLDS_SCHEMA:
        write_schema(writer, value, is_old);
        return;
    case HOLDS_SCHEMAS:
        json_begin_list(writer);
        for (size_t i = 0; json_is(value, JSON_LIST) && i < json_count(value); i++)
            write_schema(writer, json_item(value, i), is_old);
        json_end_list(writer);
        return;
    case HOLDS_NAMED:
        json_begin_object(writer);
        while (json_is(value, JSON_OBJECT) && json_next(value, &cursor, &name, &member)) {
            json_name_str(writer, name);
            write_schema(writer, member, is_old);
        }
        json_end_object(writer);
        return;
    }
}

static void write_schema(struct json_writer *writer, const struct json *schema, bool is_old)
{
    const struct json *only = json_get(schema, "const");

    if (!json_is(schema, JSON_OBJECT)) { /* true, false: what JSON schema allows in some places */
        write_raw(writer, schema);
        return;
    }
    json_begin_object(writer);
    for (size_t i = 0; i < COUNT(keywords); i++) {
        const struct json *value = json_get(schema, keywords[i].name);
        if (value == NULL || (is_old && !keywords[i].is_old))
            continue;
        if (is_old && str_equal(str_of(keywords[i].name), STR("type"))) {
            write_old_type(writer, value);
            continue;
        }
        json_name(writer, keywords[i].name);
        write_held(writer, value, keywords[i].holds, is_old);
    }
    if (only != NULL && json_get(schema, "enum") == NULL) {
        json_name(writer, "enum");
        json_begin_list(writer);
        write_raw(writer, only);
        json_end_list(writer);
    }
    json_end_object(writer);
}
/* NOLINTEND(misc-no-recursion) */

bool gemini_schema_write(struct json_writer *writer, struct str schema, bool is_old,
                         struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error broken;

    if (!json_read(schema, &json, &broken) || !json_is(json, JSON_OBJECT))
        return error_field(err, ERROR_INVALID, "schema", 0, "the schema is no JSON object");
    write_schema(writer, json, is_old);
    return true;
}

bool gemini_schema_has_old_form(struct str schema)
{
    /* A reference left out would leave a hole; oneOf and prefixItems would be lost. */
    static const char *const lost[] = {"\"$ref\"", "\"oneOf\"", "\"prefixItems\""};

    for (size_t i = 0; i < COUNT(lost); i++)
        if (str_find(schema, str_of(lost[i])) >= 0)
            return false;
    return true;
}
