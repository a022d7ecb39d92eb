#include "core/json.h"
#include "core/log.h"
#include "core/test.h"
#include "core/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* Standard error goes to a file between begin() and end(). */
static struct {
    FILE *file;
    int kept_fd;
    char text[65536];
} caught;

static void begin(void)
{
    caught.file = tmpfile();
    assert_non_null(caught.file);
    caught.kept_fd = dup(STDERR_FILENO);
    assert_int_equal(dup2(fileno(caught.file), STDERR_FILENO), STDERR_FILENO);
}

static struct str end(void)
{
    size_t size;

    dup2(caught.kept_fd, STDERR_FILENO);
    close(caught.kept_fd);
    rewind(caught.file);
    size = fread(caught.text, 1, sizeof(caught.text), caught.file);
    fclose(caught.file);
    return (struct str){.data = caught.text, .size = size};
}

/* The line without its time, which stands first. */
static struct str without_time(struct str line)
{
    size_t head = sizeof("time=2026-11-22T10:00:00.000Z ") - 1;

    assert_true(str_starts_with(line, STR("time=20")));
    return str_slice(line, head, line.size);
}

static void test_a_line_is_an_event_and_pairs(void **state)
{
    (void)state;
    log_configure(LOG_INFO, false);
    begin();
    log_info("task_done", LOG_INT("ms", -5), LOG_CSTR("task", "01ARYZ"), LOG_CSTR("none", ""));
    check_text(without_time(end()), "level=info event=task_done ms=-5 task=01ARYZ none=\"\"\n",
               "logfmt");
}

static void test_nothing_in_a_value_can_end_or_forge_a_line(void **state)
{
    static const struct {
        const char *value, *written;
        const char *because;
    } rows[] = {
        {"plain-1/2.3:x",  "plain-1/2.3:x",       "what needs no quotes"     },
        {"a b",            "\"a b\"",             "a space"                  },
        {"a=b",            "\"a=b\"",             "an equals sign"           },
        {"a\nlevel=error", "\"a\\nlevel=error\"", "a line feed"              },
        {"a\r",            "\"a\\u000d\"",        "a carriage return"        },
        {"\x1b[31m",       "\"\\u001b[31m\"",     "an escape of the terminal"},
        {"a\"b\\",         "\"a\\\"b\\\\\"",      "quote and backslash"      },
        {"\x7f\xc2\x85",   "\"\\u007f\\u0085\"",  "delete and next line"     },
        {"\xe2\x80\xa8",   "\"\\u2028\"",         "a line separator"         },
        {"茶",            "\"茶\"",             "a letter"                 },
        {"\xff",           "\"\xef\xbf\xbd\"",    "broken UTF-8"             },
    };

    (void)state;
    log_configure(LOG_INFO, false);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str line;

        begin();
        log_info("e", LOG_CSTR("v", rows[i].value));
        line = without_time(end());
        line = str_slice(line, strlen("level=info event=e v="), line.size);
        check_text(str_slice(line, 0, line.size - 1), rows[i].written, rows[i].because);
    }
}

static void test_json_lines_are_json(void **state)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error err = {0};
    struct str line;

    (void)state;
    log_configure(LOG_INFO, true);
    begin();
    log_info("task_done", LOG_INT("ms", 5), LOG_CSTR("text", "a\n\"\x1b\xff茶"));
    line = end();
    assert_int_equal(str_find_char(line, '\n'), (int64_t)line.size - 1);
    assert_true(json_read(line, &json, &err));
    check_text(json_text(json_get(json, "level")), "info", "level");
    check_text(json_text(json_get(json, "event")), "task_done", "event");
    check_text(json_text(json_get(json, "text")), "a\n\"\x1b\xef\xbf\xbd茶", "text");
    assert_int_equal(json_int_or(json_get(json, "ms"), 0), 5);
}

static void test_long_values_are_cut(void **state)
{
    char value[2000];
    struct str line;

    (void)state;
    memset(value, 'x', sizeof(value));
    log_configure(LOG_INFO, false);
    begin();
    log_info("e", LOG_STR("v", ((struct str){.data = value, .size = sizeof(value)})));
    line = without_time(end());
    assert_int_equal(line.size, strlen("level=info event=e v=\n") + 400);
}

static void test_lines_below_the_level_are_dropped(void **state)
{
    const struct error err = {.code = ERROR_INTERNAL};

    (void)state;
    log_configure(LOG_WARN, false);
    begin();
    log_debug("no", LOG_INT("n", 1));
    log_info("no", LOG_INT("n", 1));
    log_failure(LOG_INFO, "no", &err, NULL, 0);
    log_warn("yes", LOG_INT("n", 1));
    log_write(LOG_ERROR, "also", NULL, 0);
    check_text(str_slice(end(), 30, 29), "level=warn event=yes n=1\ntime", "two lines");
    assert_non_null(strstr(caught.text, "level=error event=also\n"));
    assert_null(strstr(caught.text, "event=no"));
}

static void test_a_failure_says_what_the_error_holds(void **state)
{
    struct error err = {0};

    (void)state;
    log_configure(LOG_INFO, false);
    error_field(&err, ERROR_TOO_LONG, "a[0]", 5, "too long");
    error_detail(&err, "row 7");
    begin();
    log_error("task_failed", &err, LOG_INT("task", 3));
    check_text(without_time(end()),
               "level=error event=task_failed code=too_long message=\"too long\" field=a[0] "
               "detail=\"row 7\" task=3\n",
               "all of it");
    error_set(&err, ERROR_NOT_FOUND, "gone");
    begin();
    log_failure(LOG_WARN, "e", &err, NULL, 0);
    check_text(without_time(end()), "level=warn event=e code=not_found message=gone\n",
               "nothing empty");
}

static void test_errno_is_left_alone(void **state)
{
    int kept;

    (void)state;
    log_configure(LOG_INFO, false);
    begin();
    dup2(open("/dev/null", O_RDONLY), STDERR_FILENO); /* not writable: EBADF */
    errno = ENOENT;
    log_info("e", LOG_INT("n", 1));
    kept = errno;
    assert_int_equal(end().size, 0);
    assert_int_equal(kept, ENOENT);
}

static void write_lines(void *context)
{
    (void)context;
    for (int i = 0; i < 50; i++)
        log_info("event_of_a_thread", LOG_CSTR("text", "0123456789 0123456789"));
}

static void test_lines_of_threads_do_not_mix(void **state)
{
    const struct worker_config config = {.name = "log", .threads = 4, .queue_max = 4};
    struct worker_pool *pool = NULL;
    struct error err = {0};
    struct str rest;
    size_t count = 0;

    (void)state;
    log_configure(LOG_INFO, false);
    begin();
    assert_true(worker_pool_create(&config, &pool, &err));
    for (int i = 0; i < 4; i++)
        assert_true(worker_submit(pool, write_lines, NULL));
    worker_pool_destroy(pool);
    for (rest = end(); rest.size > 0; count++)
        check_text(without_time(str_cut(&rest, '\n')),
                   "level=info event=event_of_a_thread text=\"0123456789 0123456789\"", "a line");
    assert_int_equal(count, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_an_event_and_pairs),
        cmocka_unit_test(test_nothing_in_a_value_can_end_or_forge_a_line),
        cmocka_unit_test(test_json_lines_are_json),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_lines_below_the_level_are_dropped),
        cmocka_unit_test(test_a_failure_says_what_the_error_holds),
        cmocka_unit_test(test_errno_is_left_alone),
        cmocka_unit_test(test_lines_of_threads_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
