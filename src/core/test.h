/* core/test.h: what the tests of all rooms share: cmocka with what it needs, texts, aborts. */
#pragma once

#include "core/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* `because` names the row of a table, or what was tried. */
static inline void check_text(struct str actual, const char *expected, const char *because)
{
    if (!str_equal(actual, str_of(expected)))
        fail_msg("%s: \"%.*s\" is not \"%s\"", because, STR_ARGS(actual), expected);
}

static inline void check(bool holds, const char *because)
{
    if (!holds)
        fail_msg("does not hold: %s", because);
}

/* Whether `work` ends its process by an assert or an abort; run in a child. */
static inline bool aborts(void (*work)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        const struct rlimit none = {0};

        setrlimit(RLIMIT_CORE, &none);
        close(STDERR_FILENO);
        work();
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
