#include "engine/gate.h"

enum {
    MINUTE_MS = 60000,
    DAY_MS = 86400000, /* the longest that a request may owe: its units are bounded (engine.h) */
    BURST_SHARE = 10,  /* of what a minute has a tenth may start at once */
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

/* ---- A minute: whole numbers, so that what gate_next_ms() promises is so ---- */

/* What `count` of them need to start at once: more than a minute has they cannot wait for. */
static int64_t needed(const struct minute *minute, int64_t count)
{
    return (count < minute->bound ? count : minute->bound) * MINUTE_MS;
}

/* A tenth of a minute is saved, or what the one needs that is next. */
static int64_t saved_most(const struct minute *minute, int64_t count)
{
    const int64_t burst = minute->bound / BURST_SHARE * MINUTE_MS;

    return burst > needed(minute, count) ? burst : needed(minute, count);
}

static int64_t saved_at(const struct minute *minute, int64_t count, int64_t now_ms)
{
    const int64_t most = saved_most(minute, count);
    int64_t passed_ms = now_ms > minute->filled_at_ms ? now_ms - minute->filled_at_ms : 0;
    int64_t saved;

    passed_ms = passed_ms < DAY_MS ? passed_ms : DAY_MS; /* no more is ever owed */
    saved = minute->saved + passed_ms * minute->bound;
    return saved < most ? saved : most;
}

/* What may have been sent within the last minute when `count` of them are. */
static int64_t room_for(const struct minute *minute, int64_t count)
{
    return count < minute->bound ? minute->bound - count : 0;
}

static bool may_start(const struct minute *minute, int64_t count, int64_t now_ms)
{
    return minute->bound <= 0 || (saved_at(minute, count, now_ms) >= needed(minute, count) &&
                                  window_used(&minute->sent, now_ms) <= room_for(minute, count));
}

/* `count` < 0 gives back. */
static void take(struct minute *minute, int64_t count, int64_t now_ms)
{
    const int64_t size = count < 0 ? -count : count;

    if (minute->bound <= 0) { /* a bound that comes starts here */
        minute->saved = 0;
        minute->filled_at_ms = now_ms;
        return;
    }
    minute->saved = saved_at(minute, size, now_ms) - count * MINUTE_MS;
    if (minute->saved > saved_most(minute, size))
        minute->saved = saved_most(minute, size);
    minute->filled_at_ms = now_ms > minute->filled_at_ms ? now_ms : minute->filled_at_ms;
}

static int64_t next_ms(const struct minute *minute, int64_t count)
{
    const int64_t missing = needed(minute, count) - minute->saved;
    int64_t saved_ms = 0, sent_ms;

    if (minute->bound <= 0)
        return 0;
    if (missing > 0)
        saved_ms = minute->filled_at_ms + (missing + minute->bound - 1) / minute->bound;
    sent_ms = window_opens_ms(&minute->sent, room_for(minute, count));
    return saved_ms > sent_ms ? saved_ms : sent_ms;
}

static void set_bound(struct minute *minute, int64_t bound, int64_t since_ms)
{
    if (minute->filled_at_ms == 0)
        minute->filled_at_ms = since_ms;
    minute->bound = bound;
}

bool gate_may_start(const struct gate *gate, int64_t units, int64_t now_ms)
{
    return may_start(&gate->requests, 1, now_ms) && may_start(&gate->units, units, now_ms);
}

void gate_take(struct gate *gate, int64_t units, int64_t now_ms)
{
    take(&gate->requests, 1, now_ms);
    take(&gate->units, units, now_ms);
    window_hold(&gate->requests.sent, 1);
    window_hold(&gate->units.sent, units);
}

void gate_send(struct gate *gate, int64_t units, int64_t now_ms)
{
    window_send(&gate->requests.sent, 1, now_ms);
    window_send(&gate->units.sent, units, now_ms);
}

void gate_give_back(struct gate *gate, int64_t units, int64_t sent_at_ms, int64_t now_ms)
{
    take(&gate->units, -units, now_ms);
    if (sent_at_ms != 0) {
        window_forgive(&gate->units.sent, units, sent_at_ms, now_ms);
        return;
    }
    take(&gate->requests, -1, now_ms);
    window_hold(&gate->requests.sent, -1);
    window_hold(&gate->units.sent, -units);
}

int64_t gate_next_ms(const struct gate *gate, int64_t units)
{
    const int64_t requests_ms = next_ms(&gate->requests, 1);
    const int64_t units_ms = next_ms(&gate->units, units);

    return requests_ms > units_ms ? requests_ms : units_ms;
}

void gate_set(struct gate *gate, int64_t capacity, int64_t per_minute, int64_t units_per_minute,
              int64_t since_ms)
{
    set_bound(&gate->requests, per_minute, since_ms);
    set_bound(&gate->units, units_per_minute, since_ms);
    if (gate->capacity != capacity) {
        gate->capacity = gate->allowed = capacity;
        gate->successes = 0;
    }
    gate->is_tripped = false;
    gate->opened = gate->in_a_row = gate->good = gate->counted = gate->troubled = 0;
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

static void count_row(struct gate *gate, enum gate_report report)
{
    if (report == GATE_TROUBLED)
        gate->in_a_row++;
    else if (report != GATE_THROTTLED)
        gate->in_a_row = 0;
}

int64_t gate_report(struct gate *gate, enum gate_report report, int64_t now_ms,
                    const struct random *random)
{
    const bool is_trouble = report == GATE_TROUBLED;
    const enum breaker_state state = gate_breaker(gate, now_ms);

    learn(gate, report, now_ms);
    if (state != BREAKER_OPEN) /* then it says what opened it */
        count_row(gate, report);
    switch (state) {
    case BREAKER_CLOSED:
        return count(gate, is_trouble, now_ms, random);
    case BREAKER_OPEN: /* of those that were on their way when it opened */
        break;
    case BREAKER_HALF_OPEN:
        if (is_trouble)
            return trip(gate, now_ms, random);
        if (report != GATE_THROTTLED && ++gate->good >= GOOD_TO_CLOSE) /* a 429 did no work */
            close_breaker(gate);
        break;
    }
    return 0;
}
