/* The append-only half of json.h. */
#include "core/clock.h"
#include "core/json.h"
#include "core/text.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

void json_writer_init(struct json_writer *writer, struct buf *buf)
{
    *writer = (struct json_writer){.buf = buf};
}

/* The comma before a value or name, and the checks that both share. */
static void separate(struct json_writer *writer)
{
    if (writer->has_item[writer->depth]) {
        assert(writer->depth > 0); /* one value is a whole document */
        buf_add_char(writer->buf, ',');
    }
    writer->has_item[writer->depth] = true;
}

static void begin_value(struct json_writer *writer)
{
    if (writer->is_after_name) {
        writer->is_after_name = false;
        return;
    }
    assert(!writer->is_object[writer->depth]);
    separate(writer);
}

static void begin(struct json_writer *writer, bool is_object)
{
    begin_value(writer);
    buf_add_char(writer->buf, is_object ? '{' : '[');
    writer->depth++;
    assert(writer->depth < COUNT(writer->has_item));
    writer->has_item[writer->depth] = false;
    writer->is_object[writer->depth] = is_object;
}

static void end(struct json_writer *writer, bool is_object)
{
    assert(writer->depth > 0);
    assert(writer->is_object[writer->depth] == is_object);
    assert(!writer->is_after_name);
    writer->depth--;
    buf_add_char(writer->buf, is_object ? '}' : ']');
}

void json_begin_object(struct json_writer *writer) { begin(writer, true); }

void json_end_object(struct json_writer *writer) { end(writer, true); }

void json_begin_list(struct json_writer *writer) { begin(writer, false); }

void json_end_list(struct json_writer *writer) { end(writer, false); }

/* True for what stands in a JSON text as it is: ASCII less controls, quotes and backslashes. */
#define PLAIN_8 1, 1, 1, 1, 1, 1, 1, 1
/* clang-format off */
static const bool is_plain[256] = {
    [0x20] = 1, 1, 0, 1, 1, 1, 1, 1, PLAIN_8, PLAIN_8, PLAIN_8, PLAIN_8, PLAIN_8, PLAIN_8,
    [0x58] = 1, 1, 1, 1, 0, 1, 1, 1, PLAIN_8, PLAIN_8, PLAIN_8, 1, 1, 1, 1, 1, 1, 1, 0,
};
/* clang-format on */

static void add_escaped(struct buf *buf, uint32_t c)
{
    static const char shorts[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                  ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    if (c < sizeof(shorts) && shorts[c] != 0) {
        buf_add_char(buf, '\\');
        buf_add_char(buf, shorts[c]);
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
        /* The latter end a line for JavaScript and for some log readers. */
        buf_printf(buf, "\\u%04" PRIx32, c);
    } else {
        text_add_code_point(buf, c);
    }
}

static void add_quoted(struct buf *buf, struct str text)
{
    uint32_t c;

    buf_add_char(buf, '"');
    while (text.size > 0) {
        size_t plain = 0;
        char *end;

        /* Most is plain to its end: copied as it is looked at. */
        buf_reserve(buf, text.size);
        end = buf->data + buf->size;
        while (plain < text.size && is_plain[(unsigned char)text.data[plain]])
            *end++ = text.data[plain++];
        buf->size += plain;
        text = str_slice(text, plain, text.size);
        if (text_next(&text, &c))
            add_escaped(buf, c);
    }
    buf_add_char(buf, '"');
}

void json_name_str(struct json_writer *writer, struct str name)
{
    assert(writer->is_object[writer->depth]);
    assert(!writer->is_after_name);
    separate(writer);
    add_quoted(writer->buf, name);
    buf_add_char(writer->buf, ':');
    writer->is_after_name = true;
}

void json_name(struct json_writer *writer, const char *name)
{
    json_name_str(writer, str_of(name));
}

void json_add_text(struct json_writer *writer, struct str text)
{
    begin_value(writer);
    add_quoted(writer->buf, text);
}

void json_add_int(struct json_writer *writer, int64_t number)
{
    char text[STR_INT64_SIZE];

    begin_value(writer);
    buf_add(writer->buf, str_print_int64(number, text));
}

void json_add_double(struct json_writer *writer, double number)
{
    char text[STR_DOUBLE_SIZE];

    json_add_raw(writer, isfinite(number) ? str_print_double(number, text) : STR("null"));
}

void json_add_bool(struct json_writer *writer, bool value)
{
    json_add_raw(writer, value ? STR("true") : STR("false"));
}

void json_add_null(struct json_writer *writer) { json_add_raw(writer, STR("null")); }

void json_add_raw(struct json_writer *writer, struct str json)
{
    assert(json.size > 0);
    begin_value(writer);
    buf_add(writer->buf, json);
}

void json_add_time(struct json_writer *writer, int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];

    if (wall_ms == 0) {
        json_add_null(writer);
        return;
    }
    clock_format(wall_ms, text);
    json_add_text(writer, str_of(text));
}
