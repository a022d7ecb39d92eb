/*
 * A head as the lenient library hands it over passes the guards exactly when a strict reading of
 * RFC 9112 takes its bytes, and then both find the same body behind it (S24).
 */
#include "core/buf.h"
#include "fuzz.h"
#include "http/http_private.h"

#include <string.h>

#define FIELDS_MAX 100

/* ---- the library: lines end at CR, LF or both; all separators become NULs ---- */

struct lenient {
    char *bytes;
    size_t size, at;
    struct head head;
    struct head_field fields[FIELDS_MAX];
};

static bool next_line(struct lenient *lenient, struct str *out)
{
    size_t start = lenient->at, end = start;

    while (end < lenient->size && lenient->bytes[end] != '\r' && lenient->bytes[end] != '\n')
        end++;
    if (end == lenient->size)
        return false;
    *out = (struct str){lenient->bytes + start, end - start};
    if (lenient->bytes[end] == '\r' && end + 1 < lenient->size && lenient->bytes[end + 1] == '\n')
        lenient->bytes[end++] = '\0';
    lenient->bytes[end++] = '\0';
    lenient->at = end;
    return true;
}

/* The method ends at the first space, the version begins after the last. */
static bool read_request_line(struct lenient *lenient)
{
    struct str line, target;
    size_t last;
    int64_t first;

    if (!next_line(lenient, &line))
        return false;
    first = str_find_char(line, ' ');
    if (first < 0)
        return false;
    for (last = line.size - 1; line.data[last] != ' ';)
        last--;
    lenient->head.method = str_slice(line, 0, (size_t)first);
    target = last == (size_t)first ? STR_EMPTY
                                   : str_slice(line, (size_t)first + 1, last - (size_t)first - 1);
    lenient->head.target_size = target.size;
    lenient->head.version = str_slice(line, last + 1, line.size);
    return true;
}

static bool read_lenient(struct lenient *lenient)
{
    struct str line;

    if (!read_request_line(lenient))
        return false;
    while (next_line(lenient, &line)) {
        struct head_field *field = &lenient->fields[lenient->head.count];
        int64_t colon = str_find_char(line, ':');
        size_t at;

        if (line.size == 0) {
            lenient->head.bytes = lenient->bytes;
            lenient->head.size = lenient->at;
            lenient->head.fields = lenient->fields;
            return true;
        }
        if (colon < 0 || lenient->head.count == FIELDS_MAX)
            return false;
        at = (size_t)colon + 1;
        while (line.data[at] == ' ' || line.data[at] == '\t') /* a NUL stands behind the line */
            at++;
        field->name = str_slice(line, 0, (size_t)colon);
        field->value = (struct str){line.data + at, line.size - at}; /* has a place when empty */
        lenient->head.count++;
    }
    return false;
}

/* ---- the RFC, over the bytes as they came ---- */

struct strict {
    struct str rest;
    size_t codings, lengths;
    bool is_old, is_chunked;
    struct str length;
};

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\0' ||
            strchr("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                   text.data[i]) == NULL)
            return false;
    return text.size > 0;
}

static bool cut_line(struct strict *strict, struct str *out)
{
    int64_t end = str_find(strict->rest, STR("\r\n"));

    if (end < 0)
        return false;
    *out = str_slice(strict->rest, 0, (size_t)end);
    strict->rest = str_slice(strict->rest, (size_t)end + 2, strict->rest.size);
    for (size_t i = 0; i < out->size; i++) {
        unsigned char c = (unsigned char)out->data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static struct str without_blanks(struct str value)
{
    while (value.size > 0 && (value.data[0] == ' ' || value.data[0] == '\t'))
        value = str_slice(value, 1, value.size);
    while (value.size > 0 && strchr(" \t", value.data[value.size - 1]) != NULL)
        value.size--;
    return value;
}

static bool take_field(struct strict *strict, struct str line)
{
    struct str value = line;
    struct str name = str_cut(&value, ':');

    if (!is_token(name) || value.data == NULL)
        return false;
    value = without_blanks(value);
    if (str_equal_nocase(name, STR("Transfer-Encoding"))) {
        strict->codings++;
        strict->is_chunked = str_equal_nocase(value, STR("chunked"));
    } else if (str_equal_nocase(name, STR("Content-Length"))) {
        strict->lengths++;
        strict->length = value;
    }
    return true;
}

static bool read_strict(struct strict *strict)
{
    struct str line, method, target;

    if (!cut_line(strict, &line))
        return false;
    method = str_cut(&line, ' ');
    target = str_cut(&line, ' ');
    if (!is_token(method) || target.size == 0 || str_find_char(target, '\t') >= 0 ||
        (!str_equal(line, STR("HTTP/1.1")) && !str_equal(line, STR("HTTP/1.0"))))
        return false;
    strict->is_old = str_equal(line, STR("HTTP/1.0"));
    while (cut_line(strict, &line)) {
        if (line.size == 0)
            return true;
        if (!take_field(strict, line))
            return false;
    }
    return false;
}

static bool is_number(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0;
}

/* One way to say where the body ends, or none. */
static bool is_framed(const struct strict *strict)
{
    if (strict->codings + strict->lengths > 1)
        return false;
    if (strict->codings == 1)
        return strict->is_chunked && !strict->is_old;
    return strict->lengths == 0 || is_number(strict->length);
}

static void check(struct lenient *lenient, struct strict *strict, bool is_target_good)
{
    bool is_strict = read_strict(strict);
    struct framing framing = {0};
    struct error err = {0};

    if (!guard_head(&lenient->head, &err)) {
        MUST(!is_strict && err.code == ERROR_MALFORMED);
        return;
    }
    MUST(is_strict || !is_target_good);
    MUST(!is_strict || strict->rest.size == 0);
    if (!is_strict)
        return;
    if (!guard_framing(&lenient->head, &framing, &err)) {
        MUST(err.code == ERROR_MALFORMED);
        /* What else: a length beyond 64 bits. */
        MUST(!is_framed(strict) || (strict->lengths == 1 && strict->length.size >= 20));
        return;
    }
    MUST(is_framed(strict));
    MUST(framing.is_chunked == (strict->codings == 1));
    MUST(framing.has_length == (strict->lengths == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_finish) struct buf copy = {0};
    struct str raw = {.data = (const char *)data, .size = size};
    struct lenient lenient = {.size = size};
    struct target target;
    struct error err = {0};
    bool is_target_good;

    buf_add(&copy, raw);
    lenient.bytes = copy.data;
    if (size == 0 || !read_lenient(&lenient))
        return 0;
    raw.size = lenient.head.size; /* what follows is the body */
    is_target_good = guard_target(
        str_slice(raw, lenient.head.method.size + 1, lenient.head.target_size), &target, &err);
    check(&lenient, &(struct strict){.rest = raw}, is_target_good);
    return 0;
}
