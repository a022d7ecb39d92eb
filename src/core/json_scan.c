#include "core/json_private.h"

#include "core/json.h"
#include "core/text.h"

#include <assert.h>
#include <string.h>

enum state {
    WANT_VALUE,
    WANT_VALUE_OR_END, /* after '[' */
    WANT_NAME,         /* after ',' in an object */
    WANT_NAME_OR_END,  /* after '{' */
    AFTER_VALUE,
};

struct scanner {
    struct str text;
    size_t at;
    size_t nodes;
    size_t depth;
    uint64_t objects; /* bit n: level n is an object */
    enum state state;
    size_t copied; /* so much of the text is in scan->patched */
    struct json_scan *scan;
    struct error *err;
};

static bool fail(const struct scanner *s, size_t at, const char *what)
{
    return error_set(s->err, ERROR_MALFORMED, "JSON: %s at byte %zu", what, at);
}

static int peek(const struct scanner *s)
{
    return s->at < s->text.size ? (unsigned char)s->text.data[s->at] : -1;
}

static void skip_space(struct scanner *s)
{
    int c = peek(s);

    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        s->at++;
        c = peek(s);
    }
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }

static bool read_hex4(struct scanner *s, uint32_t *out)
{
    uint32_t value = 0;

    for (size_t i = 0; i < 4; i++) {
        int c = peek(s);
        int lower = c | 0x20;

        if (!is_digit(c) && (lower < 'a' || lower > 'f'))
            return fail(s, s->at, "a broken \\u escape");
        value = value << 4 | (uint32_t)(is_digit(c) ? c - '0' : lower - 'a' + 10);
        s->at++;
    }
    *out = value;
    return true;
}

/* Behind "\u". */
static bool scan_unicode_escape(struct scanner *s, bool is_name)
{
    size_t start = s->at;
    uint32_t unit = 0;

    if (!read_hex4(s, &unit))
        return false;
    if (unit == 0 && is_name)
        return fail(s, start, "a NUL in a name");
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    if (unit <= 0xdbff && peek(s) == '\\' && s->at + 1 < s->text.size &&
        s->text.data[s->at + 1] == 'u') {
        s->at += 2;
        if (!read_hex4(s, &unit))
            return false;
        if (unit >= 0xdc00 && unit <= 0xdfff)
            return true;
    }
    if (s->scan->takes_half_pairs) {
        s->at = start + 4; /* what follows is read for itself */
        return true;
    }
    return fail(s, start, "half a surrogate pair");
}

/* At the opening quote; UTF-8 was checked before. */
static bool scan_text(struct scanner *s, bool is_name)
{
    size_t start = s->at++;

    while (true) {
        int c = peek(s);

        if (c < 0)
            return fail(s, start, "a text that does not end");
        if (c < 0x20)
            return fail(s, s->at, "a control character in a text");
        s->at++;
        if (c == '"')
            return true;
        if (c != '\\')
            continue;
        c = peek(s);
        if (c <= 0 || strchr("\"\\/bfnrtu", c) == NULL)
            return fail(s, s->at, "an unknown escape");
        s->at++;
        if (c == 'u' && !scan_unicode_escape(s, is_name))
            return false;
    }
}

static size_t skip_digits(struct scanner *s)
{
    size_t start = s->at;

    while (is_digit(peek(s)))
        s->at++;
    return s->at - start;
}

static bool scan_number(struct scanner *s)
{
    size_t start = s->at;
    bool is_integer = true;
    struct str number;
    int64_t integer;
    double real;

    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0')
        s->at++; /* no digit may follow: the caller finds one more value there */
    else if (skip_digits(s) == 0)
        return fail(s, s->at, "no digit");
    if (peek(s) == '.') {
        is_integer = false;
        s->at++;
        if (skip_digits(s) == 0)
            return fail(s, s->at, "no digit");
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        is_integer = false;
        s->at++;
        if (peek(s) == '-' || peek(s) == '+')
            s->at++;
        if (skip_digits(s) == 0)
            return fail(s, s->at, "no digit");
    }
    number = str_slice(s->text, start, s->at - start);
    if (is_integer && str_to_int64(number, &integer))
        return true;
    if (!str_to_double(number, &real))
        return fail(s, start, "a number too large");
    if (is_integer) {
        buf_add(&s->scan->patched, str_slice(s->text, s->copied, s->at - s->copied));
        buf_add(&s->scan->patched, STR(".0"));
        s->copied = s->at;
    }
    return true;
}

static bool scan_word(struct scanner *s)
{
    const struct str words[] = {STR("true"), STR("false"), STR("null")};

    for (size_t i = 0; i < COUNT(words); i++) {
        if (!str_equal(str_slice(s->text, s->at, words[i].size), words[i]))
            continue;
        s->at += words[i].size;
        return true;
    }
    return fail(s, s->at, "no value");
}

static bool open_level(struct scanner *s, bool is_object)
{
    uint64_t bit;

    if (s->depth == s->scan->depth_max)
        return fail(s, s->at, "too many levels");
    assert(s->depth < 64);
    bit = UINT64_C(1) << s->depth;
    s->objects = is_object ? s->objects | bit : s->objects & ~bit;
    s->depth++;
    s->at++;
    s->state = is_object ? WANT_NAME_OR_END : WANT_VALUE_OR_END;
    return true;
}

static bool scan_value(struct scanner *s)
{
    int c = peek(s);

    if (s->nodes++ == s->scan->nodes_max)
        return fail(s, s->at, "too many values");
    if (c == '{' || c == '[')
        return open_level(s, c == '{');
    s->state = AFTER_VALUE;
    if (c == '"')
        return scan_text(s, false);
    if (c == '-' || is_digit(c))
        return scan_number(s);
    return scan_word(s);
}

static bool scan_name(struct scanner *s)
{
    if (peek(s) != '"')
        return fail(s, s->at, "no name");
    if (!scan_text(s, true))
        return false;
    skip_space(s);
    if (peek(s) != ':')
        return fail(s, s->at, "no colon");
    s->at++;
    s->scan->members++;
    s->state = WANT_VALUE;
    return true;
}

static bool in_object(const struct scanner *s)
{
    return s->depth > 0 && (s->objects >> (s->depth - 1) & 1) != 0;
}

static void close_level(struct scanner *s)
{
    s->depth--;
    s->at++;
    s->state = AFTER_VALUE;
}

static bool scan_after_value(struct scanner *s)
{
    int c = peek(s);

    if (s->depth == 0)
        return fail(s, s->at, "something after the value");
    if (c == (in_object(s) ? '}' : ']')) {
        close_level(s);
        return true;
    }
    if (c != ',')
        return fail(s, s->at, "no comma");
    s->at++;
    s->state = in_object(s) ? WANT_NAME : WANT_VALUE;
    return true;
}

static bool scan_step(struct scanner *s)
{
    switch (s->state) {
    case WANT_VALUE_OR_END:
        if (peek(s) == ']') {
            close_level(s);
            return true;
        }
        return scan_value(s);
    case WANT_VALUE:
        return scan_value(s);
    case WANT_NAME_OR_END:
        if (peek(s) == '}') {
            close_level(s);
            return true;
        }
        return scan_name(s);
    case WANT_NAME:
        return scan_name(s);
    case AFTER_VALUE:
        return scan_after_value(s);
    }
    return false;
}

bool json_scan(struct str text, struct json_scan *scan, struct error *err)
{
    struct scanner s = {.text = text, .scan = scan, .err = err, .state = WANT_VALUE};
    size_t valid = text_valid_size(text);

    if (valid < text.size)
        return fail(&s, valid, "broken UTF-8");
    if (text.size > INT32_MAX)
        return fail(&s, INT32_MAX, "too much text"); /* json-c counts in int */
    while (true) {
        skip_space(&s);
        if (s.at == text.size)
            break;
        if (!scan_step(&s))
            return false;
    }
    if (s.state != AFTER_VALUE || s.depth > 0)
        return fail(&s, s.at, "an early end");
    if (s.copied > 0)
        buf_add(&scan->patched, str_slice(text, s.copied, text.size));
    return true;
}
