/* engine/timers.h: a heap of due times whose members know where they stand.  Pure; one thread. */
#pragma once

#include "core/str.h"

struct timer { /* part of what it times; zero-initialised is off */
    int64_t due_ms;
    size_t place; /* 1-based; 0: off */
    void *owner;
};
struct timers { /* zero-initialised is empty; ended with timers_finish() */
    struct timer **heap;
    size_t count, capacity;
};
void timers_finish(struct timers *timers);
void timer_set(struct timers *timers, struct timer *timer,
               int64_t due_ms);                               /* sets it anew when it is on */
void timer_clear(struct timers *timers, struct timer *timer); /* nothing when it is off */
int64_t timers_next_ms(const struct timers *timers);          /* INT64_MAX: none */
/* Takes one whose time has come, off already; its owner; NULL: none. */
void *timers_take(struct timers *timers, int64_t now_ms);
