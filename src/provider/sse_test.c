#include "provider/sse.h"

#include "provider/provider_test.h"

#include <string.h>

/* Events written as "name=data|…". */
struct log {
    struct buf text;
};

static void take(void *context, struct str name, struct str data)
{
    struct log *log = context;

    buf_printf(&log->text, "%.*s=%.*s|", STR_ARGS(name), STR_ARGS(data));
}

/* clang-format off */
static const struct {
    const char *stream, *events, *why;
} rows[] = {
    {"data: a\n\n", "=a|", "the least"},
    {"event: x\ndata: a\n\n", "x=a|", "a name"},
    {"data: a\ndata: b\n\n", "=a\nb|", "two lines of data"},
    {"data: a\r\n\r\ndata: b\r\n\r\n", "=a|=b|", "CR LF"},
    {"data: a\r\rdata: b\r\r", "=a|=b|", "CR alone"},
    {"data: a\r\n\ndata: b\n\r\n", "=a|=b|", "mixed ends"},
    {"\xef\xbb\xbf" "data: a\n\n", "=a|", "a byte order mark"},
    {": ping\n\ndata: a\n\n", "=a|", "a comment"},
    {"id: 7\nretry: 5\nfoo: bar\ndata: a\n\n", "=a|", "other fields"},
    {"data:a\n\n", "=a|", "no space"},
    {"data:  a\n\n", "= a|", "one space goes, one stays"},
    {"data\n\n", "=|", "no colon"},
    {"event: x\n\ndata: a\n\n", "=a|", "a name without data names nothing"},
    {"event: x\nevent: y\ndata: a\n\n", "y=a|", "the last name"},
    {"data: a: b\n\n", "=a: b|", "a colon inside"},
    {"data: \xe8\x8c\xb6\xe6\x9d\xaf\n\n", "=\xe8\x8c\xb6\xe6\x9d\xaf|",
     "characters of three bytes"},
    {"data: a\n\ndata: b", "=a|=b|", "no blank line at the end"},
    {"data: a\n\ndata: b\n", "=a|=b|", "half a blank line at the end"},
    {"\n\n\n", "", "nothing but ends"},
    {"", "", "nothing"},
};
/* clang-format on */

static void check_split(struct arena *arena, size_t row, size_t first, size_t second)
{
    struct str stream = str_of(rows[row].stream);
    struct log log = {0};
    struct sse sse;

    sse_init(&sse, arena);
    assert_true(sse_feed(&sse, str_slice(stream, 0, first), take, &log));
    assert_true(sse_feed(&sse, str_slice(stream, first, second), take, &log));
    assert_true(sse_feed(&sse, str_slice(stream, first + second, stream.size), take, &log));
    assert_true(sse_end(&sse, take, &log));
    if (!str_equal(buf_str(&log.text), str_of(rows[row].events)))
        fail_msg("%s, split at %zu and %zu: %.*s", rows[row].why, first, first + second,
                 STR_ARGS(buf_str(&log.text)));
    buf_finish(&log.text);
}

static void test_events_are_the_same_wherever_the_stream_is_split(void **state)
{
    struct fixture *fixture = *state;

    for (size_t row = 0; row < COUNT(rows); row++) {
        size_t size = strlen(rows[row].stream);
        for (size_t first = 0; first <= size; first++)
            for (size_t second = 0; first + second <= size; second++) {
                check_split(fixture->arena, row, first, second);
                arena_reset(fixture->arena);
            }
    }
}

static void test_a_line_without_an_end_breaks_the_stream(void **state)
{
    struct arena *arena = arena_create(KIB(64));
    static const char piece[4096] = {'d', 'a', 't', 'a', ':', 'x'};
    struct log log = {0};
    struct sse sse;
    bool is_good = true;

    (void)state;
    sse_init(&sse, arena);
    for (int i = 0; is_good && i < 100; i++)
        is_good = sse_feed(&sse, (struct str){.data = piece, .size = sizeof piece}, take, &log);
    assert_false(is_good);
    assert_false(sse_feed(&sse, STR("\n\ndata: late\n\n"), take, &log)); /* for good */
    assert_false(sse_end(&sse, take, &log));
    assert_int_equal(log.text.size, 0);
    arena_destroy(arena);
}

static void test_events_without_end_break_the_stream(void **state)
{
    struct fixture *fixture = *state;
    struct log log = {0};
    struct sse sse;
    size_t fed = 0;

    sse_init(&sse, fixture->arena);
    while (sse_feed(&sse, STR("data\n\n"), take, &log) && fed < SSE_EVENTS_MAX * 2)
        fed++;
    assert_int_equal(fed, SSE_EVENTS_MAX);
    buf_finish(&log.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_events_are_the_same_wherever_the_stream_is_split),
        TEST(test_a_line_without_an_end_breaks_the_stream),
        TEST(test_events_without_end_break_the_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
