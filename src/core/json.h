/* core/json.h: JSON in (strict, UTF-8 checked, limits) and out (append only).  json-c stays behind
 * it. */
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_DOUBLE, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json; /* opaque: a value; borrowed from its document.  NULL reads as absent everywhere below
              */

#define JSON_DEPTH_MAX 32
#define JSON_NODES_MAX 100000
#define JSON_NODES_WIDE_MAX 1000000

/*
 * Reads one whole document: RFC 8259, nothing after it, no NaN, no duplicate names, depth <= 32 and
 * <= 100,000 nodes; numbers a double can hold, no NUL in names, surrogates in pairs.  The caller
 * owns `*out`: json_free().  Fails: ERROR_MALFORMED with the byte where it broke.
 */
MUST_CHECK bool json_read(struct str text, struct json **out, struct error *err);
/* For files that a house made itself, from those who may see all of it: <= 1,000,000 nodes. */
MUST_CHECK bool json_read_wide(struct str text, struct json **out, struct error *err);
/* For provider replies: as json_read(), duplicate names allowed (the last wins), depth <= 64; half
 * a surrogate pair, as a cut text leaves it, reads as U+FFFD. */
MUST_CHECK bool json_read_liberal(struct str text, struct json **out, struct error *err);
void json_free(struct json *json);     /* takes NULL */
void json_cleanup(struct json **json); /* for CLEANUP() */

enum json_type json_type(const struct json *json);
bool json_is(const struct json *json, enum json_type type); /* false for NULL */
const struct json *json_get(const struct json *object,
                            const char *name); /* NULL: absent or no object */
/* "data.0.b64_json": names and indices. */
const struct json *json_path(const struct json *json, const char *path);
size_t json_count(const struct json *list_or_object); /* 0 for anything else */
const struct json *json_item(const struct json *list, size_t index);
/* Members in their order: false at the end.  Start with *at = 0.  O(1) a step. */
struct json_cursor {
    void *entry;
    bool is_started;
};
bool json_next(const struct json *object, struct json_cursor *cursor, struct str *name,
               const struct json **value);

struct str
json_text(const struct json *json); /* empty unless a text; valid until the document is freed */
bool json_bool(const struct json *json, bool fallback);
/* True for an integer, or a double without a fraction within +-2^53. */
MUST_CHECK bool json_int(const struct json *json, int64_t *out);
int64_t json_int_or(const struct json *json, int64_t fallback);
MUST_CHECK bool json_double(const struct json *json, double *out);
/* Of an integer beyond int64, which is a JSON_DOUBLE here: its digits as they were read, with a
 * sign when it had one; empty for every other value.  Valid until the document is freed. */
struct str json_digits(const struct json *json);
/* The value written again as compact JSON, in `arena`. */
struct str json_print(const struct json *json, struct arena *arena);
void json_print_add(const struct json *json, struct buf *out); /* the same, behind `out` */

/* The writer.  Misuse (a value without a name in an object, an end too many) is an assert. */
struct json_writer {
    struct buf *buf; /* borrowed */
    uint8_t depth;
    bool has_item[JSON_DEPTH_MAX * 2 + 1];
    bool is_object[JSON_DEPTH_MAX * 2 + 1];
    bool is_after_name;
};
void json_writer_init(struct json_writer *writer, struct buf *buf);
void json_begin_object(struct json_writer *writer);
void json_end_object(struct json_writer *writer);
void json_begin_list(struct json_writer *writer);
void json_end_list(struct json_writer *writer);
void json_name(struct json_writer *writer, const char *name);
void json_name_str(struct json_writer *writer, struct str name);
void json_add_text(struct json_writer *writer, struct str text); /* invalid UTF-8 becomes U+FFFD */
void json_add_int(struct json_writer *writer, int64_t number);
void json_add_double(struct json_writer *writer,
                     double number); /* shortest that reads back; NaN and Inf: null */
void json_add_bool(struct json_writer *writer, bool value);
void json_add_null(struct json_writer *writer);
void json_add_raw(struct json_writer *writer, struct str json);  /* already JSON, trusted */
void json_add_time(struct json_writer *writer, int64_t wall_ms); /* RFC 3339; 0: null */
