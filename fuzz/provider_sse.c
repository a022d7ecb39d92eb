/*
 * Events come out as a plain reading of the whole text gives them, however it was cut.  The first
 * byte is the size of the pieces.
 */
#include "core/buf.h"
#include "fuzz.h"
#include "provider/sse.h"

#include <string.h>

static void hear(void *context, struct str name, struct str data)
{
    buf_printf(context, "[%.*s|%.*s]", STR_ARGS(name), STR_ARGS(data));
    buf_printf(context, "%zu.%zu", name.size, data.size); /* what stands behind a NUL */
}

/* WHATWG HTML 9.2.6, line by line, in memory without a bound. */
struct plain {
    struct buf name, data, heard;
    bool has_data;
};

static void plain_end_event(struct plain *plain)
{
    if (plain->has_data)
        hear(&plain->heard, buf_str(&plain->name), buf_str(&plain->data));
    plain->has_data = false;
    buf_clear(&plain->name);
    buf_clear(&plain->data);
}

static void plain_line(struct plain *plain, struct str line)
{
    struct str value = line;
    struct str field = str_cut(&value, ':');

    if (line.size == 0) {
        plain_end_event(plain);
        return;
    }
    if (str_starts_with(value, STR(" ")))
        value = str_slice(value, 1, value.size);
    if (str_equal(field, STR("event"))) {
        buf_clear(&plain->name);
        buf_add(&plain->name, value);
    } else if (str_equal(field, STR("data"))) {
        if (plain->has_data)
            buf_add_char(&plain->data, '\n');
        buf_add(&plain->data, value);
        plain->has_data = true;
    }
}

static void plain_read(struct plain *plain, struct str text)
{
    size_t start = 0, end;

    if (str_starts_with(text, STR("\xef\xbb\xbf")))
        text = str_slice(text, 3, text.size);
    while (start < text.size) {
        for (end = start; end < text.size && text.data[end] != '\r' && text.data[end] != '\n';)
            end++;
        plain_line(plain, str_slice(text, start, end - start));
        start = end + 1;
        if (end + 1 < text.size && text.data[end] == '\r' && text.data[end + 1] == '\n')
            start++;
    }
    plain_end_event(plain); /* of a server that forgot the blank line */
}

static bool gather(struct str text, size_t step, struct buf *heard)
{
    struct arena *arena = arena_create(MIB(64));
    struct sse sse;
    bool ok = true;

    sse_init(&sse, arena);
    for (size_t at = 0; ok && at < text.size; at += step)
        ok = sse_feed(&sse, str_slice(text, at, step), hear, heard);
    ok = ok && sse_end(&sse, hear, heard);
    arena_destroy(arena);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_finish) struct buf whole = {0};
    CLEANUP(buf_finish) struct buf pieces = {0};
    struct plain plain = {0};
    struct str text;
    bool is_whole;

    if (size < 1)
        return 0;
    text = (struct str){.data = (const char *)data + 1, .size = size - 1};
    is_whole = gather(text, text.size + 1, &whole);
    MUST(gather(text, (size_t)data[0] + 1, &pieces) == is_whole);
    MUST(str_equal(buf_str(&whole), buf_str(&pieces)));
    plain_read(&plain, text);
    /* A broken one has said the beginning of it. */
    MUST(is_whole ? str_equal(buf_str(&plain.heard), buf_str(&whole))
                  : str_starts_with(buf_str(&plain.heard), buf_str(&whole)));
    buf_finish(&plain.name);
    buf_finish(&plain.data);
    buf_finish(&plain.heard);
    return 0;
}
