/*
 * engine/sim_provider_private.h: providers that fail in every way and keep a ledger of what they
 * charged, and what is asked of them held against what their accounts allow.
 */
#pragma once

#include "engine/sim_storage_private.h"

/* ---- The ledger ---- */

static inline struct sim_job *sim_find_job(struct sim *sim, const char *key)
{
    for (size_t index = sim->job_count; index > 0; index--)
        if (strcmp(sim->jobs[index - 1].key, key) == 0)
            return &sim->jobs[index - 1];
    return NULL;
}

/* I4 and P6: no charge more than the first, what the account's rule allows, and what a person did.
 */
static inline void sim_charge(struct sim *sim, struct sim_job *job)
{
    const struct provider_binding *provider = &sim->providers[job->provider];
    int64_t allowed = 1 + sim->permits[job->task_id];

    job->charges++;
    sim->charges[job->task_id]++;
    sim_trace(sim, "charge", job->task_id);
    if (provider->on_unknown == ON_UNKNOWN_RETRY)
        allowed = INT64_MAX;
    else if (provider->on_unknown == ON_UNKNOWN_ONCE_BELOW)
        allowed++;
    if (job->charges > 1 || sim->charges[job->task_id] > allowed)
        sim_print_task(sim, job->task_id);
    if (job->charges > 1)
        fail_msg("call %s of task %" PRId64 " was charged twice", job->key, job->task_id);
    if (sim->charges[job->task_id] > allowed)
        fail_msg("task %" PRId64 " was charged %" PRId64 " times, %" PRId64 " are allowed",
                 job->task_id, sim->charges[job->task_id], allowed);
}

static inline struct sim_job *sim_submit_job(struct sim *sim, const struct sim_exchange *exchange)
{
    const bool is_async = exchange->provider >= SIM_ASYNC;
    struct sim_job *job = sim_find_job(sim, exchange->text);

    check(job == NULL || job->key_id == exchange->key_id, "a call is sent again with its own key");
    if (job != NULL && sim->providers[exchange->provider].honours_key &&
        sim_now(sim) - job->first_at_ms < SIM_KEY_WINDOW_MS)
        return job; /* the same key: the same work */
    if (job == NULL) {
        assert_true(sim->job_count < SIM_JOBS_MAX);
        job = &sim->jobs[sim->job_count++];
        *job = (struct sim_job){.provider = exchange->provider,
                                .task_id = exchange->task_id,
                                .key_id = exchange->key_id,
                                .first_at_ms = sim_now(sim)};
        memcpy(job->key, exchange->text, sizeof(job->key));
    }
    job->done_at_ms = sim_now(sim) + (!is_async          ? 0
                                      : sim->work_ms > 0 ? sim->work_ms
                                                         : 500 + sim_below(sim, 60000));
    sim_charge(sim, job);
    job->is_failed = is_async && sim_often(sim, sim->faults.remote_fails);
    if (job->is_failed) /* what fails there is given back */
        sim->charges[job->task_id]--;
    return job;
}

static inline void sim_say(struct sim_exchange *exchange, int status, const char *word)
{
    exchange->status = status;
    snprintf(exchange->body, sizeof(exchange->body), "%s %s", word, exchange->text);
}

static inline void sim_report_job(struct sim *sim, struct sim_exchange *exchange,
                                  struct sim_job *job)
{
    /* A stranger's key is told nothing of it. */
    check(job == NULL || exchange->purpose == EXCHANGE_FETCH || job->key_id == exchange->key_id,
          "work is asked for with its own key");
    if (job == NULL || job->is_forgotten) {
        sim_say(exchange, 404, "missing");
    } else if (exchange->purpose == EXCHANGE_CANCEL) {
        if (job->done_at_ms > sim_now(sim) && sim_often(sim, 700)) {
            job->is_given_up = true;
            job->done_at_ms = sim_now(sim);
            sim->charges[job->task_id] -= !job->is_failed; /* what was stopped is given back */
        }
        sim_say(exchange, 200, "working");
    } else if (exchange->purpose == EXCHANGE_LOOK_UP) {
        sim_say(exchange, 200, "accepted");
    } else if (job->done_at_ms > sim_now(sim)) {
        sim_say(exchange, 200, exchange->purpose == EXCHANGE_SUBMIT ? "accepted" : "working");
    } else if (job->provider >= SIM_ASYNC && exchange->purpose == EXCHANGE_SUBMIT) {
        sim_say(exchange, 200, "accepted");
    } else {
        sim_say(exchange, 200, job->is_failed || job->is_given_up ? "failed" : "ok");
    }
}

/* The request has arrived, whoever may still wait for its answer. */
static inline void sim_serve(struct sim *sim, struct sim_exchange *exchange)
{
    struct sim_job *job;

    switch (exchange->outcome) {
    case SIM_THROTTLED:
        sim_say(exchange, 429, "throttled");
        return;
    case SIM_SERVER:
        sim_say(exchange, 500, "server");
        return;
    case SIM_REFUSED:
        sim_say(exchange, 400, "refused");
        return;
    case SIM_INVALID:
        sim_say(exchange, 422, "invalid");
        return;
    case SIM_AUTH:
        sim_say(exchange, 401, "auth");
        return;
    case SIM_MISSING:
        sim_say(exchange, 404, "missing");
        return;
    case SIM_IN_VAIN:
        if (exchange->purpose == EXCHANGE_SUBMIT && sim_below(sim, 2) == 0)
            (void)sim_submit_job(sim, exchange);
        sim_say(exchange, 504, "vain");
        return;
    case SIM_NOT_SENT:
    case SIM_LOST_BEFORE:
    case SIM_OUTCOME_COUNT:
        return;
    case SIM_OK:
    case SIM_LOST_AFTER:
        break;
    }
    job = exchange->purpose == EXCHANGE_SUBMIT ? sim_submit_job(sim, exchange)
                                               : sim_find_job(sim, exchange->text);
    sim_report_job(sim, exchange, job);
}

/* What sixty seconds from `from_ms` on had, of how many processes, in how many pieces. */
struct sim_minute {
    int64_t sum, biggest, pieces;
    bool is_of_one;
};

static inline struct sim_minute sim_minute_from(const struct sim_use *uses, size_t first)
{
    struct sim_minute out = {.is_of_one = true};

    for (size_t index = 0; index < SIM_USES && uses[index].units > 0; index++) {
        if (uses[index].sent_at_ms < uses[first].sent_at_ms ||
            uses[index].sent_at_ms >= uses[first].sent_at_ms + 60000)
            continue;
        out.sum += uses[index].units;
        out.pieces++;
        out.biggest = uses[index].units > out.biggest ? uses[index].units : out.biggest;
        out.is_of_one &= uses[index].boot == uses[first].boot;
    }
    return out;
}

/*
 * I8: no sixty seconds have more than the bound, by the moments at which it was sent; but for one
 * piece that is more than a minute has, which goes alone.  A process does not know what the one
 * before it sent in its last minute: across a death there may be in addition what it had saved, and
 * what it had taken before and sent late.
 */
static inline void sim_check_bound(struct sim *sim, struct sim_use *uses, const char *what,
                                   int64_t account, int64_t bound, struct sim_use use)
{
    const int64_t slots = sim->providers[account].concurrency;

    memmove(&uses[1], &uses[0], (SIM_USES - 1) * sizeof(uses[0]));
    uses[0] = use;
    for (size_t first = 0; bound > 0 && first < SIM_USES && uses[first].units > 0; first++) {
        const struct sim_minute minute = sim_minute_from(uses, first);
        const int64_t saved = bound / 10 > minute.biggest ? bound / 10 : minute.biggest;
        const int64_t most = minute.is_of_one ? bound : bound + saved + slots * minute.biggest;

        if (minute.sum > most && minute.pieces > 1)
            fail_msg("account %" PRId64 " had %" PRId64 " %s within sixty seconds of %" PRId64,
                     account, minute.sum, what, bound);
    }
}

static inline void sim_check_units(struct sim *sim, const struct sim_exchange *exchange)
{
    const int64_t account = exchange->provider;
    const struct sim_use use = {
        .sent_at_ms = exchange->began_at_ms,
        .boot = sim->boots,
        .units = ask(sim->place, "SELECT units AS n FROM task WHERE id = $1", exchange->task_id)};

    sim_check_bound(sim, sim->uses[account], "units", account,
                    sim->providers[account].units_per_minute, use);
    if (exchange->is_bounded)
        sim_check_bound(sim, sim->bounded_uses[account], "units of a model", account,
                        sim->bounds[account].units_per_minute, use);
}

/* What came back says that it worked, or nobody can say that it did not. */
static inline bool sim_has_worked(const struct sim_exchange *exchange)
{
    return exchange->purpose == EXCHANGE_SUBMIT && exchange->is_sent &&
           (exchange->status == 0 || exchange->status == 504 ||
            exchange->outcome == SIM_LOST_AFTER ||
            (exchange->status == 200 && strncmp(exchange->body, "failed", 6) != 0));
}

/* What the head of an answer says of a limit is known to the core with the answer.  Of an account
 * with several keys it is said of one of them. */
static inline void sim_note_used_up(struct sim *sim, const struct sim_exchange *exchange)
{
    const int64_t now_ms = sim_now(sim);

    if (exchange->reset[0] != '\0' && exchange->purpose == EXCHANGE_SUBMIT &&
        !exchange->is_cancelled && exchange->key_id == 0)
        sim_note_rest(
            sim, exchange->provider, exchange->is_bounded, SIM_USED_UP,
            (struct sim_rest){.from_ms = now_ms,
                              .until_ms = now_ms + strtoll(exchange->reset, NULL, 10) * 1000});
}

static inline void sim_end_exchange(struct sim *sim, void *arg)
{
    struct sim_exchange *exchange = arg;
    const struct exchange_header head[] = {
        {STR("x-should-retry"),                 str_of(exchange->advice)},
        {STR("x-ratelimit-remaining-requests"), STR("0")                },
        {STR("x-ratelimit-reset-requests"),     str_of(exchange->reset) },
    };
    struct exchange_reply reply = {.status = exchange->status,
                                   .headers = head,
                                   .header_count = exchange->reset[0] == '\0' ? 1 : COUNT(head),
                                   .body = str_of(exchange->body),
                                   .now_ms = sim->place->time.wall_ms};

    if (exchange->has_ended)
        return;
    exchange->has_ended = true;
    if (exchange->is_cancelled)
        sim_note_calm(sim, exchange->provider, exchange->is_bounded);
    /* An address that refuses a result says nothing of the account's key; and what was broken off
     * is not told. */
    if (exchange->status == 401 && exchange->purpose != EXCHANGE_FETCH && exchange->key_id != 0 &&
        !exchange->is_cancelled && sim->rejected_at_ms[exchange->key_id] == 0)
        sim->rejected_at_ms[exchange->key_id] = sim_now(sim);
    if (sim_has_worked(exchange))
        sim_check_units(sim, exchange);
    if (exchange->outcome == SIM_NOT_SENT)
        reply.outcome = EXCHANGE_NOT_SENT;
    else if (exchange->status == 0 || exchange->outcome == SIM_LOST_AFTER)
        reply = (struct exchange_reply){.outcome = EXCHANGE_LOST};
    else if (exchange->status != 429) /* which says itself when to come back */
        sim_note_used_up(sim, exchange);
    exchange->handlers.on_reply(exchange->arg, &reply, exchange->is_sent ? 100 : 0,
                                exchange->is_cancelled);
}

static inline void sim_arrive(struct sim *sim, void *arg)
{
    struct sim_exchange *exchange = arg;

    sim_serve(sim, exchange);
    if (sim_often(sim, sim->faults.used_up))
        snprintf(exchange->reset, sizeof(exchange->reset), "%ds", 1 + (int)sim_below(sim, 40));
    if (exchange->status >= 400 && sim_often(sim, sim->faults.advises))
        snprintf(exchange->advice, sizeof(exchange->advice), "%s",
                 sim_below(sim, 3) == 0 ? "true" : "false");
    if (!exchange->has_ended)
        sim_push(sim, sim_soon(sim, 3000), true, sim_end_exchange, NULL, exchange);
}

static inline void sim_send(struct sim *sim, void *arg)
{
    struct sim_exchange *exchange = arg;

    if (exchange->has_ended || exchange->is_cancelled)
        return;
    if (exchange->outcome == SIM_NOT_SENT) {
        sim_end_exchange(sim, exchange);
        return;
    }
    exchange->is_sent = true;
    exchange->handlers.on_sent(exchange->arg);
    sim_push(sim, sim_soon(sim, 3000), false, sim_arrive, NULL, exchange);
}

static inline enum sim_outcome sim_draw(struct sim *sim, enum exchange_purpose purpose)
{
    int64_t draw;

    if (purpose == EXCHANGE_SUBMIT && sim->script_next < sim->script_count)
        return sim->script[sim->script_next++];
    draw = sim_below(sim, 1000);
    for (int outcome = SIM_NOT_SENT; outcome < SIM_OUTCOME_COUNT; outcome++) {
        draw -= sim->faults.outcomes[outcome];
        if (draw < 0 &&
            (outcome != SIM_MISSING || purpose == EXCHANGE_POLL || purpose == EXCHANGE_LOOK_UP))
            return (enum sim_outcome)outcome;
    }
    return SIM_OK;
}

/* I8: what an account works on at once, as the account sees it, and one model of it. */
static inline void sim_check_slots(const struct sim *sim, int64_t provider)
{
    const int64_t bound = sim->bounds[provider].concurrency;
    int64_t busy = 0, bounded = 0;

    for (const struct sim_exchange *exchange = sim->exchanges; exchange != NULL;
         exchange = exchange->next) {
        if (exchange->provider != provider || exchange->purpose != EXCHANGE_SUBMIT ||
            exchange->has_ended)
            continue;
        busy++;
        bounded += exchange->is_bounded;
    }
    if (bound > 0 && bounded > bound)
        fail_msg("a model of account %" PRId64 " has %" PRId64 " requests at once, %" PRId64
                 " are allowed",
                 provider, bounded, bound);
    if (busy > sim->providers[provider].concurrency)
        fail_msg("account %" PRId64 " has %" PRId64 " requests at once, %" PRId64 " are allowed",
                 provider, busy, sim->providers[provider].concurrency);
}

static inline void sim_check_minute(struct sim *sim, const struct sim_exchange *exchange)
{
    const int64_t account = exchange->provider;
    const struct sim_use use = {.sent_at_ms = sim_now(sim), .boot = sim->boots, .units = 1};

    sim_check_bound(sim, sim->starts[account], "requests", account,
                    sim->providers[account].per_minute, use);
    if (exchange->is_bounded)
        sim_check_bound(sim, sim->bounded_starts[account], "requests of a model", account,
                        sim->bounds[account].per_minute, use);
}

/* A key that was rejected rests until its owner looks, while there is another one. */
static inline void sim_check_key(const struct sim *sim, const struct sim_exchange *exchange)
{
    const struct provider_binding *provider = &sim->providers[exchange->provider];
    const int64_t picked_ms = sim->picked_at_ms[exchange->task_id];
    bool has_other = false, is_there = exchange->key_id == 0;

    for (size_t index = 0; index < provider->key_count; index++)
        is_there |= sim->keys[exchange->provider][index].id == exchange->key_id;
    check(is_there, "no call is made with a key that was taken away");
    if (exchange->key_id == 0 || sim->rejected_at_ms[exchange->key_id] == 0 ||
        picked_ms <= sim->rejected_at_ms[exchange->key_id] + 2 * SIM_DELIVERY_MAX_MS)
        return;
    for (size_t index = 0; index < provider->key_count; index++)
        has_other |= sim->keys[exchange->provider][index].is_enabled &&
                     !sim->may_be_rejected[sim->keys[exchange->provider][index].id] &&
                     sim->rejected_at_ms[sim->keys[exchange->provider][index].id] == 0;
    /* One that was intended before this go is sent again with its own. */
    check(!has_other ||
              ask(sim->place, "SELECT max(intent_at_ms) AS n FROM call WHERE task_id = $1",
                  exchange->task_id) <
                  picked_ms + sim->place->time.wall_ms - sim->place->time.mono_ms,
          "no new call is made with a key that rests");
}

static inline void *sim_exchange(void *context, struct attempt *attempt,
                                 const struct exchange *given,
                                 const struct exchange_handlers *handlers, void *arg)
{
    struct sim *sim = context;
    struct sim_exchange *exchange = calloc(1, sizeof(*exchange));

    assert_non_null(exchange);
    *exchange = (struct sim_exchange){.sim = sim,
                                      .next = sim->exchanges,
                                      .handlers = *handlers,
                                      .arg = arg,
                                      .task_id = attempt->task_id,
                                      .began_at_ms = sim_now(sim),
                                      .provider = attempt->provider.id,
                                      .key_id = attempt->key_id,
                                      .is_bounded = str_equal(attempt->model, SIM_BOUNDED),
                                      .purpose = given->purpose,
                                      .outcome = sim_draw(sim, given->purpose)};
    assert_int_equal(given->url.size, ID_SIZE);
    memcpy(exchange->text, given->url.data, ID_SIZE);
    sim->exchanges = exchange;
    if (given->purpose == EXCHANGE_SUBMIT) {
        sim->is_asked_to_stop[exchange->task_id] = false;
        sim_check_minute(sim, exchange);
        sim_check_key(sim, exchange);
        sim_check_rests(sim, exchange->provider, exchange->is_bounded, exchange->task_id);
        sim_check_stop(sim, exchange->provider, exchange->task_id);
        sim_check_pause(sim, exchange->provider, exchange->is_bounded, exchange->task_id);
        sim_check_final(sim, exchange->task_id);
        sim_check_breaker(sim, exchange->provider, exchange->is_bounded, exchange->task_id);
        sim_check_slots(sim, exchange->provider);
    } else if (given->purpose == EXCHANGE_POLL) {
        sim_check_stop_wish(sim, exchange->task_id);
    } else if (given->purpose == EXCHANGE_CANCEL) {
        sim->is_asked_to_stop[exchange->task_id] = true;
    }
    sim_trace(sim, "exchange", (int64_t)given->purpose * 100 + exchange->outcome);
    sim_push(sim, sim_soon(sim, SIM_DELIVERY_MAX_MS), true, sim_send, NULL, exchange);
    return exchange;
}

static inline void sim_cancel_exchange(void *context, void *handle)
{
    struct sim *sim = context;
    struct sim_exchange *exchange = handle;

    assert_false(exchange->has_ended);
    exchange->is_cancelled = true;
    sim_push(sim, sim_soon(sim, SIM_DELIVERY_MAX_MS), true, sim_end_exchange, NULL, exchange);
}
