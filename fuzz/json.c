/*
 * The two readers agree with each other and with a third one, written here after RFC 8259 alone;
 * and what was read is printed so that it reads the same.  An integer too large for us has the
 * digits it came with.
 */
#include "core/json.h"
#include "core/text.h"
#include "fuzz.h"

#include <string.h>

/* ---- the third: says yes or no, knows no limits but that of its stack ---- */

#define DEPTH_MAX 200

struct acceptor {
    struct str rest;
    int depth;
};

static int peek(const struct acceptor *in)
{
    return in->rest.size == 0 ? -1 : (unsigned char)in->rest.data[0];
}

static void skip(struct acceptor *in, size_t size)
{
    in->rest = str_slice(in->rest, size, in->rest.size);
}

static bool accept_char(struct acceptor *in, char c)
{
    if (peek(in) != c)
        return false;
    skip(in, 1);
    return true;
}

static void accept_space(struct acceptor *in)
{
    while (accept_char(in, ' ') || accept_char(in, '\t') || accept_char(in, '\n') ||
           accept_char(in, '\r'))
        continue;
}

static bool accept_digits(struct acceptor *in)
{
    size_t count = 0;

    for (; peek(in) >= '0' && peek(in) <= '9'; count++)
        skip(in, 1);
    return count > 0;
}

static bool accept_number(struct acceptor *in)
{
    (void)accept_char(in, '-');
    if (!accept_char(in, '0') && !accept_digits(in))
        return false;
    if (accept_char(in, '.') && !accept_digits(in))
        return false;
    if (accept_char(in, 'e') || accept_char(in, 'E')) {
        if (!accept_char(in, '+'))
            (void)accept_char(in, '-');
        return accept_digits(in);
    }
    return true;
}

static bool accept_text(struct acceptor *in)
{
    if (!accept_char(in, '"'))
        return false;
    while (!accept_char(in, '"')) {
        if (peek(in) < 0x20)
            return false;
        if (!accept_char(in, '\\')) {
            skip(in, 1);
        } else if (accept_char(in, 'u')) {
            for (int i = 0; i < 4; i++, skip(in, 1))
                if (peek(in) <= 0 || strchr("0123456789abcdefABCDEF", peek(in)) == NULL)
                    return false;
        } else {
            if (peek(in) <= 0 || strchr("\"\\/bfnrt", peek(in)) == NULL)
                return false;
            skip(in, 1);
        }
    }
    return true;
}

static bool accept_value(struct acceptor *in);

/* Behind the opening bracket: nothing, or items between commas. */
static bool accept_items(struct acceptor *in, char end, bool has_names)
{
    accept_space(in);
    if (accept_char(in, end))
        return true;
    do {
        accept_space(in);
        if (has_names) {
            if (!accept_text(in))
                return false;
            accept_space(in);
            if (!accept_char(in, ':'))
                return false;
        }
        if (!accept_value(in))
            return false;
    } while (accept_char(in, ','));
    return accept_char(in, end);
}

static bool accept_word(struct acceptor *in, struct str word)
{
    if (!str_starts_with(in->rest, word))
        return false;
    skip(in, word.size);
    return true;
}

/* Takes the space around it, too. */
static bool accept_value(struct acceptor *in)
{
    bool ok;

    if (++in->depth > DEPTH_MAX)
        return false;
    accept_space(in);
    if (accept_char(in, '{'))
        ok = accept_items(in, '}', true);
    else if (accept_char(in, '['))
        ok = accept_items(in, ']', false);
    else if (peek(in) == '"')
        ok = accept_text(in);
    else
        ok = accept_word(in, STR("true")) || accept_word(in, STR("false")) ||
             accept_word(in, STR("null")) || accept_number(in);
    accept_space(in);
    in->depth--;
    return ok;
}

/* RFC 8259 8.1: what is not UTF-8 is no JSON; a mark of byte order may be refused, and we do. */
static bool is_json(struct str text)
{
    struct acceptor in = {.rest = text};

    return text_is_utf8(text) && accept_value(&in) && in.rest.size == 0;
}

/* ---- ours ---- */

/* Documented limits, which the grammar does not have. */
static bool is_beyond_grammar(const struct error *err)
{
    static const char *const reasons[] = {"too many levels",       "twice",
                                          "half a surrogate pair", "too many values",
                                          "a NUL in a name",       "a number too large"};

    for (size_t i = 0; i < COUNT(reasons); i++)
        if (strstr(err->message, reasons[i]) != NULL)
            return true;
    return false;
}

static struct str print_again(struct str text, struct arena *arena)
{
    struct json *json = NULL;
    struct error err = {0};
    struct str printed;

    MUST(json_read_liberal(text, &json, &err));
    printed = json_print(json, arena);
    json_free(json);
    return printed;
}

/* Whether these are what the text begins with, and are beyond int64. */
static bool has_digits(struct str text, struct str digits)
{
    int64_t fits;

    return str_starts_with(str_trim(text), digits) && !str_to_int64(digits, &fits);
}

/* Nothing but depth, names that stand twice and half surrogate pairs may part the readers. */
static bool may_differ(const struct error *err)
{
    struct str message = str_of(err->message);

    return str_find(message, STR("too many levels")) >= 0 || str_find(message, STR("twice")) >= 0 ||
           str_find(message, STR("half a surrogate pair")) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));
    struct json *strict = NULL;
    struct json *liberal = NULL;
    struct error strict_err = {0};
    struct error err = {0};
    bool is_strict = json_read(text, &strict, &strict_err);
    bool is_liberal = json_read_liberal(text, &liberal, &err);

    MUST(is_strict || strict_err.code == ERROR_MALFORMED);
    MUST(is_liberal || err.code == ERROR_MALFORMED);
    MUST(is_liberal || !is_strict);
    MUST(is_strict == is_liberal || may_differ(&strict_err));
    MUST(is_json(text) ? is_liberal || is_beyond_grammar(&err) : !is_liberal);
    if (is_liberal) {
        struct str printed = json_print(liberal, arena);

        MUST(!is_strict || str_equal(printed, json_print(strict, arena)));
        MUST(str_equal(printed, print_again(printed, arena)));
        MUST(json_digits(liberal).size == 0 || has_digits(text, json_digits(liberal)));
    }
    json_free(strict);
    json_free(liberal);
    arena_destroy(arena);
    return 0;
}
