#include "engine/window.h"

#include <stdbool.h>
#include <string.h>

enum {
    WINDOW_MS = 60000,
    EXACT_SLOTS = WINDOW_SLOTS / 2, /* so many are remembered by their moment */
    JOIN_MS = 2000,                 /* and the other half lasts for a minute of more */
};

static bool has_passed(const struct window_slot *slot, int64_t now_ms)
{
    return now_ms - slot->last_ms >= WINDOW_MS;
}

static void forget_old(struct window *window, int64_t now_ms)
{
    size_t old = 0;

    while (old < window->slot_count && has_passed(&window->slots[old], now_ms))
        old++;
    window->slot_count -= old;
    memmove(window->slots, window->slots + old, window->slot_count * sizeof(window->slots[0]));
}

void window_hold(struct window *window, int64_t count) { window->held += count; }

/* A clock that was set back has what it told before behind the newest. */
void window_send(struct window *window, int64_t count, int64_t now_ms)
{
    struct window_slot *newest;

    window->held -= count;
    forget_old(window, now_ms);
    newest = window->slot_count == 0 ? NULL : &window->slots[window->slot_count - 1];
    if (newest != NULL &&
        (now_ms <= newest->last_ms || window->slot_count == WINDOW_SLOTS ||
         (window->slot_count >= EXACT_SLOTS && now_ms - newest->first_ms < JOIN_MS))) {
        newest->count += count;
        newest->last_ms = now_ms > newest->last_ms ? now_ms : newest->last_ms;
        return;
    }
    window->slots[window->slot_count++] =
        (struct window_slot){.first_ms = now_ms, .last_ms = now_ms, .count = count};
}

/*
 * Taken off the oldest: what is too much then stands among the younger and goes later, so that
 * there is never too little.  What is a minute old counts no more by itself.
 */
void window_forgive(struct window *window, int64_t count, int64_t sent_at_ms, int64_t now_ms)
{
    if (now_ms - sent_at_ms >= WINDOW_MS)
        return;
    forget_old(window, now_ms);
    for (size_t at = 0; at < window->slot_count && count > 0; at++) {
        const int64_t off = count < window->slots[at].count ? count : window->slots[at].count;

        window->slots[at].count -= off;
        count -= off;
    }
}

int64_t window_used(const struct window *window, int64_t now_ms)
{
    int64_t used = window->held;

    for (size_t at = 0; at < window->slot_count; at++)
        used += has_passed(&window->slots[at], now_ms) ? 0 : window->slots[at].count;
    return used;
}

int64_t window_opens_ms(const struct window *window, int64_t most)
{
    int64_t used = window->held, opens_ms = 0;

    for (size_t at = 0; at < window->slot_count; at++)
        used += window->slots[at].count;
    for (size_t at = 0; at < window->slot_count && used > most; at++) {
        used -= window->slots[at].count;
        opens_ms = window->slots[at].last_ms + WINDOW_MS;
    }
    return used > most ? INT64_MAX : opens_ms;
}
