#include "core/log.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

enum { TEXT_SIZE_MAX = 400 };

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* Set by main before there are other threads, then only read. */
static struct {
    enum log_level level;
    bool as_json;
} config = {.level = LOG_INFO};

void log_configure(enum log_level level, bool as_json)
{
    config.level = level;
    config.as_json = as_json;
}

/* Control characters, quotes, line separators: what could end or forge a line. */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
           c == 0x2029;
}

/* What may stand without quotes.  Beyond ASCII all is quoted, so that broken UTF-8 is mended. */
static bool is_bare(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c <= ' ' || c >= 0x7f || c == '=' || is_unsafe(c))
            return false;
    }
    return text.size > 0;
}

static void add_value(struct buf *line, struct str text)
{
    if (is_bare(text)) {
        buf_add(line, text);
        return;
    }
    buf_add_char(line, '"');
    for (uint32_t c; text_next(&text, &c);) {
        if (!is_unsafe(c))
            text_add_code_point(line, c);
        else if (c == '\n')
            buf_add(line, STR("\\n"));
        else if (c == '"' || c == '\\')
            buf_printf(line, "\\%c", (char)c);
        else
            buf_printf(line, "\\u%04" PRIx32, c);
    }
    buf_add_char(line, '"');
}

static void add_pair(struct buf *line, const struct log_pair *pair)
{
    buf_printf(line, " %s=", pair->name);
    if (pair->type == LOG_PAIR_INT)
        buf_printf(line, "%" PRId64, pair->number);
    else
        add_value(line, text_clip(pair->text, TEXT_SIZE_MAX));
}

static void add_json_pair(struct json_writer *writer, const struct log_pair *pair)
{
    json_name(writer, pair->name);
    if (pair->type == LOG_PAIR_INT)
        json_add_int(writer, pair->number);
    else
        json_add_text(writer, text_clip(pair->text, TEXT_SIZE_MAX));
}

/* One write(2), so that lines of two threads do not mix.  A log that cannot be written is not worth
 * a crash. */
static void put(struct str line)
{
    while (line.size > 0) {
        ssize_t size = write(STDERR_FILENO, line.data, line.size);

        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return;
        line = str_slice(line, (size_t)size, line.size);
    }
}

static void write_line(enum log_level level, const char *event, const struct log_pair *first,
                       size_t first_count, const struct log_pair *pairs, size_t count)
{
    CLEANUP(buf_finish) struct buf line = {0};
    struct json_writer writer;
    struct log_pair head[3];
    char time[CLOCK_TEXT_SIZE];
    int errno_before = errno;

    assert((size_t)level < COUNT(level_names));
    clock_format(clock_wall_ms(&clock_system), time);
    head[0] = LOG_CSTR("time", time);
    head[1] = LOG_CSTR("level", level_names[level]);
    head[2] = LOG_CSTR("event", event);
    if (config.as_json) {
        json_writer_init(&writer, &line);
        json_begin_object(&writer);
        for (size_t i = 0; i < COUNT(head); i++)
            add_json_pair(&writer, &head[i]);
        for (size_t i = 0; i < first_count; i++)
            add_json_pair(&writer, &first[i]);
        for (size_t i = 0; i < count; i++)
            add_json_pair(&writer, &pairs[i]);
        json_end_object(&writer);
    } else {
        buf_printf(&line, "time=%s level=%s event=%s", time, level_names[level], event);
        for (size_t i = 0; i < first_count; i++)
            add_pair(&line, &first[i]);
        for (size_t i = 0; i < count; i++)
            add_pair(&line, &pairs[i]);
    }
    buf_add_char(&line, '\n');
    put(buf_str(&line));
    errno = errno_before;
}

void log_write(enum log_level level, const char *event, const struct log_pair *pairs, size_t count)
{
    if (level >= config.level)
        write_line(level, event, NULL, 0, pairs, count);
}

void log_failure(enum log_level level, const char *event, const struct error *err,
                 const struct log_pair *pairs, size_t count)
{
    const struct log_pair first[] = {
        LOG_CSTR("code", error_wire_name(err->code)),
        LOG_CSTR("message", err->message),
        LOG_CSTR("field", err->field),
        LOG_CSTR("detail", err->detail),
    };
    struct log_pair said[COUNT(first)];
    size_t said_count = 0;

    if (level < config.level)
        return;
    for (size_t i = 0; i < COUNT(first); i++)
        if (first[i].text.size > 0)
            said[said_count++] = first[i];
    write_line(level, event, said, said_count, pairs, count);
}
