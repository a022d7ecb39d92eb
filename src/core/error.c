#include "core/error.h"

#include "core/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The functions themselves, without what the header wraps around their calls. */
#undef error_set
#undef error_field
#undef error_detail

/* Three columns of one registry, in the order of the enum, which is made of the same file. */
static const int http_statuses[] = {
    200,
#define ERROR_DEF(code, http, retry, wire) (http),
#include "core/error.def"
#undef ERROR_DEF
};
static const enum error_retry retries[] = {
    RETRY_NEVER,
#define ERROR_DEF(code, http, retry, wire) (retry),
#include "core/error.def"
#undef ERROR_DEF
};
static const char *const wire_names[] = {
    "none",
#define ERROR_DEF(code, http, retry, wire) (wire),
#include "core/error.def"
#undef ERROR_DEF
};

/* vsnprintf() may cut a character in two; half of one is no UTF-8. */
PRINTF_LIKE(3, 0)
static void print(char *out, size_t out_size, const char *format, va_list args)
{
    int size = vsnprintf(out, out_size, format, args);

    if (size >= 0 && (size_t)size >= out_size) {
        size_t valid = text_valid_size(str_of(out));

        if (out_size - 1 - valid < 4)
            out[valid] = '\0';
    }
}

PRINTF_LIKE(5, 0)
static void set(struct error *err, enum error_code code, const char *field, int64_t limit,
                const char *format, va_list args)
{
    /* Whole in a second place first: `field` and `args` may point into `*err`. */
    struct error made = {.code = code, .limit = limit};
    struct str name = text_clip(str_of(field), sizeof(made.field) - 1);

    assert(code > ERROR_NONE && code < ERROR_CODE_COUNT);
    print(made.message, sizeof(made.message), format, args);
    if (name.size > 0)
        memcpy(made.field, name.data, name.size);
    *err = made;
}

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set(err, code, NULL, 0, format, args);
    va_end(args);
    return false;
}

bool error_field(struct error *err, enum error_code code, const char *field, int64_t limit,
                 const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set(err, code, field, limit, format, args);
    va_end(args);
    return false;
}

bool error_detail(struct error *err, const char *format, ...)
{
    char added[sizeof(err->detail)];
    size_t size = strlen(err->detail);
    struct str fits;
    va_list args;

    va_start(args, format);
    print(added, sizeof(added), format, args);
    va_end(args);
    if (size > 0 && size + 2 < sizeof(err->detail)) {
        memcpy(err->detail + size, "; ", 2);
        size += 2;
    }
    fits = text_clip(str_of(added), sizeof(err->detail) - 1 - size);
    if (fits.size > 0)
        memcpy(err->detail + size, fits.data, fits.size);
    err->detail[size + fits.size] = '\0';
    return false;
}

int error_http_status(enum error_code code)
{
    assert((size_t)code < ERROR_CODE_COUNT);
    return http_statuses[code];
}

enum error_retry error_retry_of(enum error_code code)
{
    assert((size_t)code < ERROR_CODE_COUNT);
    return retries[code];
}

const char *error_wire_name(enum error_code code)
{
    assert((size_t)code < ERROR_CODE_COUNT);
    return wire_names[code];
}

enum error_code error_of_wire_name(struct str name)
{
    for (size_t i = ERROR_NONE + 1; i < ERROR_CODE_COUNT; i++)
        if (str_equal(name, str_of(wire_names[i])))
            return (enum error_code)i;
    return ERROR_NONE;
}
