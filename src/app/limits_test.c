#include "app/limits.h"

#include "account/account.h"
#include "core/log.h"
#include "http/http.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/vitrine-limits-XXXXXX");
    const int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)remove(path);
    return 0;
}

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void test_a_new_file_is_all_zero_and_its_owners_alone(void **state)
{
    struct limits limits;
    struct stat info;

    (void)state;
    limits_open(path, &limits);
    assert_non_null(limits.rate);
    assert_true(is_zero(limits.rate, http_rate_memory_size()));
    assert_true(is_zero(limits.login, account_limit_memory_size()));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true((size_t)info.st_blocks * 512 >= (size_t)info.st_size);
    limits_close(&limits);
    assert_null(limits.map);
    limits_close(&limits);
}

static void test_what_a_killed_process_wrote_is_there(void **state)
{
    struct limits limits;
    int status;
    const pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        limits_open(path, &limits);
        memset(limits.rate, 0x51, http_rate_memory_size());
        memset(limits.login, 0x52, account_limit_memory_size());
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    limits_open(path, &limits);
    assert_int_equal(((char *)limits.rate)[http_rate_memory_size() - 1], 0x51);
    assert_int_equal(((char *)limits.login)[0], 0x52);
    assert_int_equal(((char *)limits.login)[account_limit_memory_size() - 1], 0x52);
    limits_close(&limits);
}

static void test_another_layout_begins_anew(void **state)
{
    static const char *const contents[] = {"", "vitrine", "vitrine limits0 of another size"};

    (void)state;
    for (size_t i = 0; i < COUNT(contents); i++) {
        const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        struct limits limits;

        assert_true(fd >= 0);
        assert_int_equal(write(fd, contents[i], strlen(contents[i])), strlen(contents[i]));
        assert_int_equal(close(fd), 0);
        limits_open(path, &limits);
        assert_non_null(limits.rate);
        assert_true(is_zero(limits.rate, http_rate_memory_size()));
        limits_close(&limits);
    }
}

static void test_what_cannot_be_mapped_is_none(void **state)
{
    struct limits limits;

    (void)state;
    log_configure(LOG_ERROR, false);
    limits_open("/proc/version", &limits);
    assert_null(limits.rate);
    assert_null(limits.login);
    limits_open("/tmp/there is no such folder/limits", &limits);
    assert_null(limits.rate);
    assert_int_equal(symlink("/tmp/elsewhere", path), 0);
    limits_open(path, &limits);
    assert_null(limits.rate); /* a link is not followed */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_new_file_is_all_zero_and_its_owners_alone),
        T(test_what_a_killed_process_wrote_is_there),
        T(test_another_layout_begins_anew),
        T(test_what_cannot_be_mapped_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
