#include "engine/gate.h"

enum {
    MINUTE_MS = 60000,
    BURST_SHARE = 10,  /* of a minute's requests a tenth may start at once */
    WINDOW_MS = 30000, /* engine.md 7 */
    TROUBLES_MIN = 5,  /* and half of what was counted */
    OPEN_MS = 10000,   /* doubled each time */
    OPEN_MAX_MS = 300000,
    GOOD_TO_CLOSE = 3,
    SUCCESSES_TO_RAISE = 20,
    LOWERED_MIN_MS = 1000,
};

const char *breaker_state_name(enum breaker_state state)
{
    static const char *const names[] = {
        [BREAKER_CLOSED] = "closed", [BREAKER_OPEN] = "open", [BREAKER_HALF_OPEN] = "half_open"};

    return names[state];
}

/* ---- Requests a minute: whole numbers, so that what gate_next_ms() promises is so ---- */

static int64_t saved_most(const struct gate *gate)
{
    return (gate->per_minute >= BURST_SHARE ? gate->per_minute / BURST_SHARE : 1) * MINUTE_MS;
}

static int64_t saved_at(const struct gate *gate, int64_t now_ms)
{
    int64_t passed_ms = now_ms > gate->filled_at_ms ? now_ms - gate->filled_at_ms : 0;
    int64_t saved;

    passed_ms = passed_ms < MINUTE_MS ? passed_ms : MINUTE_MS; /* by then it is full */
    saved = gate->saved + passed_ms * gate->per_minute;
    return saved < saved_most(gate) ? saved : saved_most(gate);
}

bool gate_may_start(const struct gate *gate, int64_t now_ms)
{
    return gate->per_minute <= 0 || saved_at(gate, now_ms) >= MINUTE_MS;
}

void gate_take(struct gate *gate, int64_t now_ms)
{
    if (gate->per_minute <= 0)
        return;
    gate->saved = saved_at(gate, now_ms) - MINUTE_MS;
    gate->filled_at_ms = now_ms > gate->filled_at_ms ? now_ms : gate->filled_at_ms;
}

int64_t gate_next_ms(const struct gate *gate)
{
    if (gate->per_minute <= 0 || gate->saved >= MINUTE_MS)
        return 0;
    return gate->filled_at_ms + (MINUTE_MS - gate->saved + gate->per_minute - 1) / gate->per_minute;
}

void gate_set(struct gate *gate, int64_t capacity, int64_t per_minute, int64_t since_ms)
{
    if (gate->per_minute != per_minute) {
        gate->per_minute = per_minute;
        gate->saved = 0;
        gate->filled_at_ms = since_ms;
    }
    if (gate->capacity != capacity) {
        gate->capacity = gate->allowed = capacity;
        gate->successes = 0;
    }
    gate->is_tripped = false;
    gate->opened = gate->good = gate->counted = gate->troubled = 0;
    gate->shut_until = 0;
}

/* ---- The breaker ---- */

enum breaker_state gate_breaker(const struct gate *gate, int64_t now_ms)
{
    if (!gate->is_tripped)
        return BREAKER_CLOSED;
    return now_ms < gate->shut_until ? BREAKER_OPEN : BREAKER_HALF_OPEN;
}

int64_t gate_capacity(const struct gate *gate, int64_t now_ms)
{
    if (gate_breaker(gate, now_ms) != BREAKER_CLOSED)
        return gate->capacity < 1 ? gate->capacity : 1; /* one tries for all */
    return gate->allowed < gate->capacity ? gate->allowed : gate->capacity;
}

static int64_t trip(struct gate *gate, int64_t now_ms, const struct random *random)
{
    int64_t shut_ms = OPEN_MS;

    for (int64_t time = 0; time < gate->opened && shut_ms < OPEN_MAX_MS; time++)
        shut_ms *= 2;
    shut_ms = shut_ms < OPEN_MAX_MS ? shut_ms : OPEN_MAX_MS;
    shut_ms += (int64_t)random_below(random, (uint64_t)shut_ms / 5); /* not all at one moment */
    gate->is_tripped = true;
    gate->opened++;
    gate->good = 0;
    gate->shut_until = now_ms + shut_ms;
    return gate->shut_until;
}

static void close_breaker(struct gate *gate)
{
    gate->is_tripped = false;
    gate->opened = gate->good = gate->counted = gate->troubled = 0;
}

static int64_t count(struct gate *gate, bool is_trouble, int64_t now_ms,
                     const struct random *random)
{
    if (now_ms - gate->window_at_ms >= WINDOW_MS) {
        gate->window_at_ms = now_ms;
        gate->counted = gate->troubled = 0;
    }
    gate->counted++;
    gate->troubled += is_trouble ? 1 : 0;
    return gate->troubled >= TROUBLES_MIN && 2 * gate->troubled >= gate->counted
               ? trip(gate, now_ms, random)
               : 0;
}

/* ---- What was learned ---- */

static void learn(struct gate *gate, enum gate_report report, int64_t now_ms)
{
    if (report == GATE_DONE && gate->allowed < gate->capacity &&
        ++gate->successes >= SUCCESSES_TO_RAISE) {
        gate->allowed++;
        gate->successes = 0;
    }
    if (report == GATE_THROTTLED && now_ms >= gate->lowered_until_ms && gate->allowed > 0) {
        gate->allowed = gate->allowed * 7 / 10 > 1 ? gate->allowed * 7 / 10 : 1;
        gate->successes = 0;
        gate->lowered_until_ms = now_ms + LOWERED_MIN_MS;
    }
}

int64_t gate_report(struct gate *gate, enum gate_report report, int64_t now_ms,
                    const struct random *random)
{
    const bool is_trouble = report == GATE_TROUBLED;

    learn(gate, report, now_ms);
    switch (gate_breaker(gate, now_ms)) {
    case BREAKER_CLOSED:
        return count(gate, is_trouble, now_ms, random);
    case BREAKER_OPEN: /* of those that were on their way when it opened */
        break;
    case BREAKER_HALF_OPEN:
        if (is_trouble)
            return trip(gate, now_ms, random);
        if (++gate->good >= GOOD_TO_CLOSE)
            close_breaker(gate);
        break;
    }
    return 0;
}
