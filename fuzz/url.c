/* Decoding gives no NUL, nothing longer, and what encoding turns back; any bytes survive it. */
#include "core/text.h"
#include "fuzz.h"

static void check_there_and_back(struct str text, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf encoded = {0};
    struct str back;

    url_encode_add(&encoded, text);
    for (size_t i = 0; i < encoded.size; i++)
        MUST(encoded.data[i] > ' ' && encoded.data[i] < 0x7f && encoded.data[i] != '+');
    if (str_find_char(text, '\0') >= 0) {
        MUST(!url_decode(buf_str(&encoded), true, arena, &back));
        return;
    }
    MUST(url_decode(buf_str(&encoded), true, arena, &back) && str_equal(back, text));
    MUST(url_decode(buf_str(&encoded), false, arena, &back) && str_equal(back, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));
    struct str path;
    struct str query;
    bool is_path = url_decode(text, false, arena, &path);

    MUST(url_decode(text, true, arena, &query) == is_path);
    if (is_path) {
        MUST(path.size <= size && query.size == path.size);
        MUST(str_find_char(path, '\0') < 0);
        for (size_t i = 0; i < path.size; i++)
            MUST(path.data[i] == query.data[i] || (path.data[i] == '+' && query.data[i] == ' '));
        check_there_and_back(path, arena);
    }
    check_there_and_back(text, arena);
    arena_destroy(arena);
    return 0;
}
