/*
 * engine/gate.h: what a provider's account may be given now: its requests and its units a minute,
 * what was learned of its own limits, and a breaker that stops asking a service in trouble.  Pure:
 * time and chance are arguments.  One thread.
 *
 * A unit is a picture that is asked for; a request for text is one.
 */
#pragma once

#include "core/random.h"
#include "engine/window.h"

#include <stdbool.h>
#include <stdint.h>

/* How a piece of work at the provider went. */
enum gate_report {
    GATE_DONE,      /* it was made */
    GATE_ANSWERED,  /* the service answered, if only with a no */
    GATE_THROTTLED, /* 429 */
    GATE_TROUBLED,  /* 5xx, no connection, no answer */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };
const char *breaker_state_name(enum breaker_state state); /* "half_open" */

struct minute {
    int64_t bound;        /* as the account says; 0: none */
    int64_t saved;        /* 60,000 for each that may start at once; < 0: owed */
    int64_t filled_at_ms; /* when `saved` was true */
    struct window sent;
};

struct gate {
    int64_t capacity; /* as the account says */
    struct minute requests, units;
    int64_t allowed;          /* <= capacity: what the service lets through at once */
    int64_t successes;        /* since `allowed` changed */
    int64_t lowered_until_ms; /* one lowering for one 429 and what comes with it */
    int64_t window_at_ms, counted, troubled;
    int64_t opened;     /* times in a row */
    int64_t in_a_row;   /* troubles since the service last answered, but for what comes while it is
                           open; a 429 says neither */
    int64_t shut_until; /* BREAKER_OPEN before that */
    int64_t good;       /* half-open: in a row, but for a 429, which says neither */
    bool is_tripped;    /* open, or half-open once its time has passed */
};

/*
 * New limits.  The buckets start empty at `since_ms`, the process's start: a crash loop must not
 * burst.  Another bound goes on with what is saved and owed.  Another capacity forgets what was
 * learned; the breaker closes, for the owner has looked.
 */
void gate_set(struct gate *gate, int64_t capacity, int64_t per_minute, int64_t units_per_minute,
              int64_t since_ms);
/* How many may be there at once. */
int64_t gate_capacity(const struct gate *gate, int64_t now_ms);
/*
 * Whether a request of so many units (1 at least) may start by the minute's bounds: what is sent
 * within any sixty seconds is no more than they say, and at one moment no more than a tenth.  One
 * of more units than a whole minute has starts when that minute is saved, and what it takes beyond
 * it is owed: it goes alone, and it goes.
 */
bool gate_may_start(const struct gate *gate, int64_t units, int64_t now_ms);
void gate_take(struct gate *gate, int64_t units, int64_t now_ms);
/* What was taken is sent now: its minute begins. */
void gate_send(struct gate *gate, int64_t units, int64_t now_ms);
/* The units that were taken and not used; with a `sent_at_ms` of 0, for nothing was sent, the
 * request too. */
void gate_give_back(struct gate *gate, int64_t units, int64_t sent_at_ms, int64_t now_ms);
/* When the minute's bounds let one of so many units start (wall clock), 0 or in the past: now;
 * INT64_MAX: when something that was taken is sent or given back. */
int64_t gate_next_ms(const struct gate *gate, int64_t units);
/* Counts how it went.  Not 0: nothing may start before that (wall clock), the breaker is open. */
int64_t gate_report(struct gate *gate, enum gate_report report, int64_t now_ms,
                    const struct random *random);
enum breaker_state gate_breaker(const struct gate *gate, int64_t now_ms);
