/* core/error.h: what went wrong, once: for the caller, for the log, for the retry.  Knows nothing.
 */
#pragma once

#include "core/str.h"

enum error_retry { RETRY_NEVER, RETRY_LATER };

enum error_code {
    ERROR_NONE = 0,
#define ERROR_DEF(code, http, retry, wire) ERROR_##code,
#include "core/error.def"
#undef ERROR_DEF
    ERROR_CODE_COUNT
};

/* Plain data.  Zeroed means no error.  The page translates by code, field and limit; `message` is
 * English. */
struct error {
    enum error_code code;   /* decides status, retry and wire name */
    char field[80];         /* the field at fault, as "references[2].role"; empty: none */
    int64_t limit;          /* the limit that was passed, in the field's unit; -1 and 0: none */
    int64_t retry_after_ms; /* > 0: when another try makes sense */
    int64_t left;           /* what is left of the limit; said where `unit` is */
    char unit[8];           /* of limit and left, as "USD" for millionths of it; empty: none */
    char whose[80];         /* whose limit it is, by a name people know; empty: nobody's */
    char message[160];      /* for whoever called the API: no SQL, no secrets */
    char detail[320];       /* for the log only */
};

/* Sets `*err` whole (field, limit and detail emptied) and returns false. */
bool error_set(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same with the field at fault and its limit. */
bool error_field(struct error *err, enum error_code code, const char *field, int64_t limit,
                 const char *format, ...) PRINTF_LIKE(5, 6);
/* Adds what only the log may see; returns false. */
bool error_detail(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* The compiler and the analyser see that these fail, and so which outputs are set afterwards. */
static inline bool error_is_false(bool result)
{
    (void)result;
    return false;
}
#define error_set(...) error_is_false(error_set(__VA_ARGS__))
#define error_field(...) error_is_false(error_field(__VA_ARGS__))
#define error_detail(...) error_is_false(error_detail(__VA_ARGS__))

int error_http_status(enum error_code code);
enum error_retry error_retry_of(enum error_code code);
const char *error_wire_name(enum error_code code); /* static */
/* The code of a wire name; ERROR_NONE when there is none. */
enum error_code error_of_wire_name(struct str name);
