/*
 * core/shape.h: a typed struct described once as a table, from which it is read, checked, written
 * as JSON and documented in OpenAPI.  Knows JSON, nothing of HTTP.
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/json.h"
#include "core/str.h"

enum field_type {
    FIELD_BOOL,   /* bool */
    FIELD_INT,    /* int64_t; min and max are its bounds */
    FIELD_DOUBLE, /* double; min and max are its bounds */
    FIELD_TEXT,   /* struct str; min and max count characters (code points) */
    FIELD_ID,     /* struct str, a ULID; empty when absent, written as null */
    FIELD_TIME,   /* int64_t ms; RFC 3339 on the wire; 0: null, read and written */
    FIELD_ENUM,   /* struct str; one of `values`; empty is written as null */
    FIELD_TEXTS,  /* struct text_list; min and max count items */
    FIELD_OBJECT, /* the struct of `shape`, in place */
    FIELD_MAYBE,  /* pointer to the struct of `shape`; NULL: null */
    FIELD_LIST,   /* struct list of the structs of `shape`; min and max count items */
    FIELD_JSON,   /* struct str: any JSON value as text, at most `max` bytes */
};

enum {
    FIELD_REQUIRED = 1,  /* must be in what is read */
    FIELD_NULLABLE = 2,  /* empty text, 0 time and a number below 0 are written as null; null is
                            read as empty, as the number 0 */
    FIELD_READ_ONLY = 4, /* written, refused when read */
    FIELD_SECRET = 8,    /* read, never written */
};

/* Items stand one behind the other, each of the shape's size. */
struct list {
    void *items;
    size_t count;
};
struct text_list {
    struct str *items;
    size_t count;
};

struct shape;
/* The order is that of the rows' columns, which are read more often than memory is spared. */
struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    unsigned flags;
    int64_t min, max; /* both 0: no bound but FIELD_TEXT_MAX for texts, FIELD_ITEMS_MAX for lists */
    const struct shape *shape;
    const char *const *values; /* NULL-terminated */
    const char *help;          /* one sentence, for OpenAPI */
};

struct shape {
    const char *name; /* "Asset": its name in OpenAPI */
    size_t size;      /* of the struct */
    const struct field *fields;
    size_t count; /* <= 64 */
};

#define FIELD_TEXT_MAX 20000
#define FIELD_ITEMS_MAX 1000
#define SHAPE(wire_name, type, field_table)                                                        \
    {                                                                                              \
        .name = (wire_name), .size = sizeof(type), .fields = (field_table),                        \
        .count = COUNT(field_table)                                                                \
    }

/*
 * Reads `json` into `*out` (zeroed first), texts copied into `arena`.  Unknown members are refused
 * (S16).
 * `*present`, when not NULL, gets a bit for each field that was there, by its row.  Fails with the
 * field at fault and its limit: ERROR_WRONG_TYPE, REQUIRED, UNKNOWN_FIELD,
 * TOO_SHORT/LONG/SMALL/BIG/MANY, NOT_IN_LIST, INVALID (control characters, no id, no time),
 * TOO_LARGE (no room in `arena`).  A field that can only be read is UNKNOWN_FIELD.
 */
MUST_CHECK bool shape_read(const struct shape *shape, const struct json *json, struct arena *arena,
                           void *out, uint64_t *present, struct error *err);
void shape_write(const struct shape *shape, const void *in, struct json_writer *writer);
/* The JSON Schema of the shape, with "$ref": "#/components/schemas/NAME" for shapes within it. */
void shape_write_schema(const struct shape *shape, struct json_writer *writer);
