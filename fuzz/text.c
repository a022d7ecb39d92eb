/* Whatever comes in, index, query and JSON texts are UTF-8; no clip cuts a character. */
#include "core/text.h"
#include "core/json.h"
#include "fuzz.h"

#include <string.h>

static void check_walk(struct str text)
{
    struct str rest = text;
    uint32_t c;
    size_t count = 0;

    for (size_t before = rest.size; text_next(&rest, &c); before = rest.size, count++) {
        MUST(rest.size < before && before - rest.size <= 4);
        MUST(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
    }
    if (text_is_utf8(text))
        MUST(text_count(text) == count);
}

static void check_clip(struct str text)
{
    size_t ends = text.size < 300 ? text.size : 300;

    for (size_t size_max = 0; size_max <= ends; size_max++) {
        struct str clipped = text_clip(text, size_max);

        MUST(clipped.size <= size_max && clipped.size + 3 >= size_max);
        MUST(str_starts_with(text, clipped));
        MUST(!text_is_utf8(text) || text_is_utf8(clipped));
    }
}

/* Words and single spaces: nothing of FTS5's syntax, nothing twice folded. */
static void check_index(struct str text, struct arena *arena)
{
    struct str words = text_index(text, arena);

    MUST(text_is_utf8(words) && !text_has_control(words));
    MUST(str_find(words, STR("  ")) < 0 && str_equal(str_trim(words), words));
    for (size_t i = 0; i < words.size; i++)
        MUST(strchr("\"*()^:+-'", words.data[i]) == NULL);
}

/* "word" AND "word"*: quotes in pairs, nothing between them but that. */
static void check_query(struct str text, struct arena *arena)
{
    struct str query = text_query(text, arena);
    struct str rest = query;
    size_t words = 0;

    MUST(text_is_utf8(query) && !text_has_control(query));
    while (rest.size > 0) {
        MUST(words == 0 || str_starts_with(rest, STR(" AND ")));
        rest = str_slice(rest, words == 0 ? 0 : 5, rest.size);
        MUST(str_cut(&rest, '"').size == 0 && rest.size > 0);
        MUST(str_cut(&rest, '"').size > 0 && rest.data != NULL);
        if (str_starts_with(rest, STR("*")))
            rest = str_slice(rest, 1, rest.size);
        words++;
    }
    MUST(words <= 32);
    MUST((words == 0) == (text_index(text, arena).size == 0));
}

static void check_json(struct str text)
{
    struct buf buf = {0};
    struct json_writer writer;
    struct json *json = NULL;
    struct error err = {0};

    json_writer_init(&writer, &buf);
    json_add_text(&writer, text);
    MUST(json_read(buf_str(&buf), &json, &err));
    if (text_is_utf8(text))
        MUST(str_equal(json_text(json), text));
    json_free(json);
    buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));

    MUST(text_valid_size(text) <= size);
    MUST(text_is_utf8(str_slice(text, 0, text_valid_size(text))));
    check_walk(text);
    check_clip(text);
    check_index(text, arena);
    check_query(text, arena);
    check_json(text);
    arena_destroy(arena);
    return 0;
}
