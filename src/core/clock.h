/* core/clock.h: time as an interface, so that a test or a simulation can hold it.  Any thread. */
#pragma once

#include "core/arena.h"
#include "core/str.h"

struct clock {
    int64_t (*wall_ms)(void *context); /* UTC since 1970; may jump */
    int64_t (*mono_ms)(void *context); /* CLOCK_BOOTTIME; never goes back; durations only */
    void *context;
};

extern const struct clock clock_system;

static inline int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock->context);
}
static inline int64_t clock_mono_ms(const struct clock *clock)
{
    return clock->mono_ms(clock->context);
}

/* A clock that stands until it is moved, for tests: by any thread, while others read it.  `fake` is
 * borrowed for as long as the clock is used. */
struct clock_fake {
    _Atomic int64_t wall_ms;
    _Atomic int64_t mono_ms;
};
struct clock clock_of_fake(struct clock_fake *fake);

/* RFC 3339 with milliseconds and Z: "2026-11-22T10:00:00.000Z".  Needs CLOCK_TEXT_SIZE bytes;
 * writes a NUL. */
#define CLOCK_TEXT_SIZE 32
void clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);
/* Reads RFC 3339 with any offset, or a date alone (midnight UTC). */
MUST_CHECK bool clock_parse(struct str text, int64_t *wall_ms);
/* RFC 9110 HTTP-date, all three forms read, IMF-fixdate written. */
void clock_format_http(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);
MUST_CHECK bool clock_parse_http(struct str text, int64_t *wall_ms);
