/* Compiled with -Dfaults alone. */
#include "core/fault.h"

#include "core/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ORDERS_MAX = 8, NAME_SIZE_MAX = 63, DELAY_MAX_MS = 60000 };

enum action { ACTION_KILL, ACTION_DELAY, ACTION_EIO, ACTION_ENOSPC, ACTION_SHORT, ACTION_COUNT };
static const char *const actions[ACTION_COUNT] = {"kill9", "delay", "eio", "enospc", "short"};

#define AS_STOPS(id, name) {name, ACTION_DELAY},
#define AS_FAILS(id, name) {name, ACTION_ENOSPC},
#define AS_WRITES(id, name) {name, ACTION_SHORT},
static const struct {
    const char *name;
    enum action last; /* it can do this one and those before it */
} points[FAULT_COUNT] = {FAULT_POINTS(AS_STOPS, AS_FAILS, AS_WRITES)};

/* The requests of which the phases are points. */
#define PHASES(id)                                                                                 \
    {                                                                                              \
        FAULT_##id##_BEFORE_COMMIT, FAULT_##id##_IN_COMMIT, FAULT_##id##_AFTER_COMMIT              \
    }
static const struct {
    const char *request;
    enum fault_point phases[3];
} commits[] = {
    {"engine_submit",       PHASES(ENQ)           },
    {"engine_claim",        PHASES(CLAIM)         },
    {"engine_intent",       PHASES(CALL_INTENT)   },
    {"engine_sent",         PHASES(CALL_SENT)     },
    {"engine_accept",       PHASES(CALL_REMOTE_ID)},
    {"engine_resume",       PHASES(POLL_RESUME)   },
    {"engine_keep",         PHASES(KEEP)          },
    {"engine_end",          PHASES(FINISH)        },
    {"engine_task_control", PHASES(CANCEL_TASK)   },
    {"engine_run_control",  PHASES(CANCEL_RUN)    },
    {"engine_pause",        PHASES(PAUSE)         },
    {"asset_upload",        PHASES(UPLOAD)        },
    {"asset_change",        PHASES(CHANGE)        },
    {"asset_bulk",          PHASES(BULK)          },
    {"asset_job_start",     PHASES(JOB_START)     },
    {"asset_job",           PHASES(JOB)           },
    {"asset_job_undo",      PHASES(JOB_UNDO)      },
    {"event_trim",          PHASES(RETENTION)     },
    {"asset_purge",         PHASES(PURGE)         },
    {"blob_mark",           PHASES(SWEEP_MARK)    },
    {"blob_trash",          PHASES(SWEEP_TRASH)   },
    {"blob_remove",         PHASES(SWEEP_REMOVE)  },
    {"engine_recover",      PHASES(RECOVER)       },
};

struct order {
    enum fault_point point;
    uint64_t hit;
    enum action action;
    int64_t delay_ms;
};

/* Written by fault_start(), before any thread. */
static struct order orders[ORDERS_MAX];
static size_t order_count;
static int log_fd = -1;

static atomic_uint_fast64_t hits[FAULT_COUNT];

static _Noreturn void refuse(struct str order, const char *why)
{
    fprintf(stderr, "vitrine: VITRINE_FAULT: \"%.*s\": %s\n", STR_ARGS(order), why);
    _exit(2);
}

static enum fault_point read_point(struct str order, struct str name)
{
    for (size_t point = 0; point < FAULT_COUNT; point++)
        if (str_equal(name, str_of(points[point].name)))
            return (enum fault_point)point;
    refuse(order, "there is no such point; see vitrine --fault-points");
}

static enum action read_action(struct str order, struct str name)
{
    for (size_t action = 0; action < ACTION_COUNT; action++)
        if (str_equal(name, str_of(actions[action])))
            return (enum action)action;
    refuse(order, "there is no such action: kill9, delay=MS, eio, enospc or short");
}

/* POINT:HIT:ACTION */
static struct order read_order(struct str text)
{
    struct str rest = text;
    struct order order = {.point = read_point(text, str_cut(&rest, ':'))};

    if (!str_to_uint64(str_cut(&rest, ':'), &order.hit) || order.hit == 0)
        refuse(text, "which hit of the point? 1 is the first");
    order.action = read_action(text, str_cut(&rest, '='));
    if (order.action > points[order.point].last)
        refuse(text, "this point cannot do that; see vitrine --fault-points");
    if (order.action == ACTION_DELAY ? !str_to_int64(rest, &order.delay_ms) || order.delay_ms < 1 ||
                                           order.delay_ms > DELAY_MAX_MS
                                     : rest.size > 0)
        refuse(text, "delay=MS has 1 to 60000, the others have nothing");
    return order;
}

static void print_points(void)
{
    for (size_t point = 0; point < FAULT_COUNT; point++) {
        printf("%s", points[point].name);
        for (size_t action = 0; action <= (size_t)points[point].last; action++)
            printf(" %s", actions[action]);
        printf("\n");
    }
}

void fault_start(int count, char **words)
{
    const char *text = getenv("VITRINE_FAULT");    /* NOLINT(concurrency-mt-unsafe): one thread */
    const char *log = getenv("VITRINE_FAULT_LOG"); /* NOLINT(concurrency-mt-unsafe): the same */
    struct str rest = text == NULL ? STR_EMPTY : str_of(text);

    if (count == 2 && strcmp(words[1], "--fault-points") == 0) {
        print_points();
        (void)fflush(stdout);
        _exit(0);
    }
    while (rest.size > 0) {
        const struct str order = str_cut(&rest, ',');

        if (order_count == ORDERS_MAX)
            refuse(order, "too many orders");
        orders[order_count++] = read_order(order);
    }
    if (log == NULL)
        return;
    log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0)
        refuse(str_of(log), "the log cannot be written");
}

/* The kernel has it when this returns, and keeps it when the process dies. */
static void note(enum fault_point point)
{
    char line[NAME_SIZE_MAX + 2];
    const int size = snprintf(line, sizeof(line), "%s\n", points[point].name);

    if (log_fd >= 0 && write(log_fd, line, (size_t)size) != size)
        abort();
}

static _Noreturn void die(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

static void wait_ms(int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};

    (void)nanosleep(&time, NULL);
}

/* Counts the hit and does what is ordered for it, but for what only the caller can do. */
static enum action reach(enum fault_point point)
{
    const uint64_t hit = atomic_fetch_add(&hits[point], 1) + 1;

    if (hit == 1)
        note(point);
    for (size_t at = 0; at < order_count; at++) {
        const struct order *order = &orders[at];

        if (order->point != point || order->hit != hit)
            continue;
        if (order->action == ACTION_KILL)
            die();
        if (order->action != ACTION_DELAY)
            return order->action;
        wait_ms(order->delay_ms);
    }
    return ACTION_COUNT;
}

bool fault_here(enum fault_point point)
{
    const enum action action = reach(point);

    if (action == ACTION_COUNT)
        return false;
    errno = action == ACTION_ENOSPC ? ENOSPC : EIO;
    return true;
}

ssize_t fault_write(enum fault_point point, ssize_t (*write)(int fd, const void *data, size_t size),
                    int fd, const void *data, size_t size)
{
    const enum action action = reach(point);

    if (action == ACTION_COUNT)
        return write(fd, data, size);
    if (action == ACTION_SHORT)
        return write(fd, data, (size + 1) / 2);
    errno = action == ACTION_ENOSPC ? ENOSPC : EIO;
    return -1;
}

bool fault_commit(const char *request, enum fault_phase phase)
{
    for (size_t row = 0; row < COUNT(commits); row++)
        if (strcmp(request, commits[row].request) == 0)
            return fault_here(commits[row].phases[phase]);
    return false;
}
