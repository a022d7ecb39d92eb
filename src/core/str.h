/* core/str.h: text and bytes as a view: pointer and size, no NUL, no ownership.  Knows nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define CLEANUP(function) __attribute__((cleanup(function)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIB(n) ((size_t)(n)*1024)
#define MIB(n) ((size_t)(n)*1024 * 1024)

/* A view: `data` is borrowed from whoever owns the bytes and is not NUL-terminated.  {NULL, 0} is
 * empty. */
struct str {
    const char *data;
    size_t size; /* bytes */
};

#define STR(literal) ((struct str){.data = (literal), .size = sizeof(literal) - 1})
#define STR_EMPTY ((struct str){.data = NULL, .size = 0})
/* For printf's "%.*s". */
#define STR_ARGS(text) (int)(text).size, ((text).data == NULL ? "" : (text).data)

/* A view of a NUL-terminated text; NULL gives the empty view. */
struct str str_of(const char *cstr);
bool str_equal(struct str a, struct str b);
bool str_equal_nocase(struct str a, struct str b); /* ASCII case only */
char str_lower_char(char c);                       /* ASCII too */
/* Takes the same time for any two texts of one size (security.md S55). */
bool str_equal_secret(struct str a, struct str b);
bool str_starts_with(struct str text, struct str prefix);
bool str_ends_with(struct str text, struct str suffix);
/* Where `part` first stands in `text`, or -1. */
int64_t str_find(struct str text, struct str part);
int64_t str_find_char(struct str text, char c);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str text);
/* `size` is clamped to what is there. */
struct str str_slice(struct str text, size_t start, size_t size);
/*
 * Cuts `*rest` at the first `separator`: returns what stands before it and leaves what follows in
 * `*rest`.  Without a separator everything is returned and `*rest` becomes empty with data NULL.
 */
struct str str_cut(struct str *rest, char separator);
int str_compare(struct str a, struct str b);
/* Whole-text parses: sign and digits only, no white space; false on overflow or anything else. */
MUST_CHECK bool str_to_int64(struct str text, int64_t *out);
MUST_CHECK bool str_to_uint64(struct str text, uint64_t *out);
MUST_CHECK bool str_to_double(struct str text, double *out); /* finite, C locale */
/* Not a printf, which costs ten times as much where thousands are written.  Writes no NUL. */
#define STR_INT64_SIZE 20
struct str str_print_int64(int64_t number, char out[STR_INT64_SIZE]);
/* The shortest decimal text that reads back as the same finite number, always with a point or an
 * exponent; C locale.  Writes a NUL. */
#define STR_DOUBLE_SIZE 32
struct str str_print_double(double number, char out[STR_DOUBLE_SIZE]);
