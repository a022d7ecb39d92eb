/* A range lies within its file; tags match only themselves; names stay within their quotes. */
#include "fuzz.h"
#include "http/http_private.h"

static void check_range(struct str header, int64_t size)
{
    int64_t first = -1, last = -1;

    switch (range_parse(header, size, &first, &last)) {
    case RANGE_WHOLE:
    case RANGE_OUTSIDE:
        MUST(first == -1 && last == -1);
        break;
    case RANGE_PART:
        MUST(first >= 0 && first <= last && last < size);
        break;
    }
}

static void check_disposition(struct str name)
{
    struct arena *arena = arena_create(MIB(8));
    struct str text = disposition(arena, false, name);
    size_t quotes = 0;

    for (size_t i = 0; i < text.size; i++) {
        MUST(text.data[i] >= 0x20 && text.data[i] < 0x7f);
        quotes += text.data[i] == '"';
    }
    MUST(quotes == (name.size == 0 ? 0 : 2));
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t sizes[] = {0, 1, 100, INT64_MAX};
    struct str text = {.data = (const char *)data, .size = size};

    for (size_t i = 0; i < COUNT(sizes); i++)
        check_range(text, sizes[i]);
    if (etag_matches(text, STR("abc")))
        MUST(str_find(text, STR("\"abc\"")) >= 0 || str_equal(str_trim(text), STR("*")));
    check_disposition(text);
    return 0;
}
