#include "core/fault.h"
#include "core/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct ended {
    int status;
    char said[8192]; /* by standard output and error */
    char log[512];   /* VITRINE_FAULT_LOG */
};

/* Faults are a process's own: each test runs in a child, which exits with `work`'s answer. */
static void run(const char *order, int (*work)(void), struct ended *out)
{
    char path[] = "/tmp/fault_test.XXXXXX";
    int log = mkstemp(path);
    int pipes[2];
    pid_t child;
    ssize_t size;

    assert_true(log >= 0);
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        dup2(pipes[1], STDERR_FILENO);
        setenv("VITRINE_FAULT", order, 1);
        setenv("VITRINE_FAULT_LOG", path, 1);
        fault_start(0, NULL);
        int code = work();
        (void)fflush(stdout);
        _exit(code);
    }
    close(pipes[1]);
    memset(out, 0, sizeof(*out));
    for (size_t at = 0; (size = read(pipes[0], out->said + at, sizeof(out->said) - 1 - at)) > 0;)
        at += (size_t)size;
    close(pipes[0]);
    assert_int_equal(waitpid(child, &out->status, 0), child);
    size = read(log, out->log, sizeof(out->log) - 1);
    assert_true(size >= 0);
    close(log);
    unlink(path);
}

static int nothing(void) { return 0; }

static int reach_thrice(void)
{
    for (int hit = 0; hit < 3; hit++)
        FAULT(FANOUT_MID);
    return 7;
}

static void test_a_kill_comes_at_the_hit_that_was_ordered(void **state)
{
    struct ended ended;

    (void)state;
    run("fanout.mid:3:kill9", reach_thrice, &ended);
    assert_true(WIFSIGNALED(ended.status));
    assert_int_equal(WTERMSIG(ended.status), SIGKILL);
    run("fanout.mid:4:kill9", reach_thrice, &ended);
    assert_true(WIFEXITED(ended.status));
    assert_int_equal(WEXITSTATUS(ended.status), 7);
}

static void test_the_log_names_what_was_reached_once_and_survives_the_kill(void **state)
{
    struct ended ended;

    (void)state;
    run("fanout.mid:2:kill9", reach_thrice, &ended);
    assert_true(WIFSIGNALED(ended.status));
    assert_string_equal(ended.log, "fanout.mid\n");
}

static int fail_twice(void)
{
    errno = 0;
    if (FAULT_FAILS(BLOB_LINKED) || !FAULT_FAILS(BLOB_LINKED) || errno != EIO)
        return 1;
    if (!FAULT_FAILS(BLOB_LINKED) || errno != ENOSPC)
        return 2;
    return FAULT_FAILS(BLOB_LINKED) ? 3 : 0;
}

static void test_a_failure_is_of_its_hit_alone_and_says_its_errno(void **state)
{
    struct ended ended;

    (void)state;
    run("blob.linked:2:eio,blob.linked:3:enospc", fail_twice, &ended);
    assert_int_equal(ended.status, 0);
}

static int write_thrice(void)
{
    char path[] = "/tmp/fault_test.XXXXXX";
    int fd = mkstemp(path);

    unlink(path);
    if (FAULT_WRITE(BLOB_WRITE, write, fd, "12345678", 8) != 8)
        return 1;
    if (FAULT_WRITE(BLOB_WRITE, write, fd, "12345678", 8) != 4)
        return 2;
    errno = 0;
    if (FAULT_WRITE(BLOB_WRITE, write, fd, "12345678", 8) != -1 || errno != ENOSPC)
        return 3;
    return lseek(fd, 0, SEEK_END) == 12 ? 0 : 4;
}

static void test_a_write_is_short_or_fails(void **state)
{
    struct ended ended;

    (void)state;
    run("blob.write:2:short,blob.write:3:enospc", write_thrice, &ended);
    assert_int_equal(ended.status, 0);
}

static int wait_a_little(void)
{
    struct timespec from, to;

    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    FAULT(CALL_REPLIED);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    return (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 30 ? 0 : 1;
}

static void test_a_delay_waits(void **state)
{
    struct ended ended;

    (void)state;
    run("call.replied:1:delay=30", wait_a_little, &ended);
    assert_int_equal(ended.status, 0);
}

static int commit_some(void)
{
    if (FAULT_COMMIT("engine_end", FAULT_BEFORE_COMMIT) ||
        FAULT_COMMIT("engine_end", FAULT_AFTER_COMMIT) ||
        FAULT_COMMIT("account_login", FAULT_IN_COMMIT))
        return 1;
    return FAULT_COMMIT("engine_end", FAULT_IN_COMMIT) ? 0 : 2;
}

static void test_a_request_s_phases_are_points_of_their_own(void **state)
{
    struct ended ended;

    (void)state;
    run("finish.in_commit:1:eio", commit_some, &ended);
    assert_int_equal(ended.status, 0);
    assert_string_equal(ended.log, "finish.before_commit\nfinish.after_commit\nfinish.in_commit\n");
}

static void test_what_cannot_be_done_ends_the_process_at_its_start(void **state)
{
    static const struct {
        const char *order, *why;
    } rows[] = {
        {"fanout.mit:1:kill9",          "no such point" },
        {"fanout.mid:1:explode",        "no such action"},
        {"fanout.mid:1:eio",            "cannot do that"},
        {"blob.linked:1:short",         "cannot do that"},
        {"fanout.mid:0:kill9",          "which hit"     },
        {"fanout.mid:x:kill9",          "which hit"     },
        {"fanout.mid",                  "which hit"     },
        {"fanout.mid:1:delay",          "1 to 60000"    },
        {"fanout.mid:1:delay=60001",    "1 to 60000"    },
        {"fanout.mid:1:kill9=3",        "nothing"       },
        {"fanout.mid:1:kill9,nonsense", "no such point" },
    };
    struct ended ended;

    (void)state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        run(rows[row].order, nothing, &ended);
        check(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 2, rows[row].order);
        check(strstr(ended.said, rows[row].why) != NULL, ended.said);
    }
}

static int print_points(void)
{
    char program[] = "vitrine", verb[] = "--fault-points";
    char *words[] = {program, verb};

    fault_start(2, words);
    return 1;
}

static void test_the_verb_prints_each_point_with_what_it_can_do(void **state)
{
    struct ended ended;

    (void)state;
    run("", print_points, &ended);
    assert_int_equal(ended.status, 0);
    assert_non_null(strstr(ended.said, "\nfanout.mid kill9 delay\n"));
    assert_non_null(strstr(ended.said, "\nblob.write kill9 delay eio enospc short\n"));
    assert_non_null(strstr(ended.said, "\nrecover.after_commit kill9 delay\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_kill_comes_at_the_hit_that_was_ordered),
        cmocka_unit_test(test_the_log_names_what_was_reached_once_and_survives_the_kill),
        cmocka_unit_test(test_a_failure_is_of_its_hit_alone_and_says_its_errno),
        cmocka_unit_test(test_a_write_is_short_or_fails),
        cmocka_unit_test(test_a_delay_waits),
        cmocka_unit_test(test_a_request_s_phases_are_points_of_their_own),
        cmocka_unit_test(test_what_cannot_be_done_ends_the_process_at_its_start),
        cmocka_unit_test(test_the_verb_prints_each_point_with_what_it_can_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
