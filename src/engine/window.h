/*
 * engine/window.h: how much was sent within the last minute, and how much is about to be: so that
 * no sixty seconds have more than their bound, wherever one begins to count.  Pure: time is an
 * argument.  One thread.
 *
 * What was sent is remembered by its moment while that is little, and else together with what came
 * within two seconds of it, until the last of these is a minute old: never too little.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WINDOW_SLOTS 64

struct window {
    int64_t held; /* taken, and neither sent nor given back */
    struct window_slot {
        int64_t first_ms, last_ms, count;
    } slots[WINDOW_SLOTS]; /* the oldest first */
    size_t slot_count;
};

void window_hold(struct window *window, int64_t count); /* < 0: it is not sent, after all */
/* What was held goes out. */
void window_send(struct window *window, int64_t count, int64_t now_ms);
/* What was sent then does not count, after all. */
void window_forgive(struct window *window, int64_t count, int64_t sent_at_ms, int64_t now_ms);
int64_t window_used(const struct window *window, int64_t now_ms);
/* When no more than `most` is used, by time alone; in the past: it is now.  INT64_MAX: what is held
 * is more. */
int64_t window_opens_ms(const struct window *window, int64_t most);
