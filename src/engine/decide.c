#include "engine/decide.h"

#include "core/fault.h"

enum {
    BACKOFF_BASE_MS = 2000,
    NOT_SENT_BASE_MS = 1000,
    BACKOFF_CAP_MS = 300000,
    POISON_CRASHES = 5,
    POISON_WINDOW_MS = 600000,
    KEY_MARGIN_MS = 60000, /* from the look at the clock to the provider's own look */
    /* A call may be on its way to its provider that long (engine.md 4). */
    LOOK_UP_LOST_MS = FAULT_SOONER(60000, 3000),
    RESULT_LIFE_MS = 3600000, /* of a result, when its provider does not say: what most keep it */
    FETCH_AGAIN_MS = 30000,
    FETCH_AGAIN_MAX_MS = 300000,
};

/* Full jitter: uniform(0, min(cap, base * 2^n)). */
static int64_t jitter_ms(int64_t base_ms, int64_t number, const struct random *random)
{
    int64_t top = base_ms;

    for (int64_t step = 1; step < number && top < BACKOFF_CAP_MS; step++)
        top *= 2;
    if (top > BACKOFF_CAP_MS)
        top = BACKOFF_CAP_MS;
    return (int64_t)random_below(random, (uint64_t)top + 1);
}

static int64_t charge_of(const struct failure_case *given)
{
    switch (given->failure->charged) {
    case CHARGED_NO:
        return 0;
    case CHARGED_YES:
        return given->is_cost_told ? given->told_micro : given->estimate_micro;
    case CHARGED_MAYBE:
        return -1;
    }
    return -1;
}

static void retry(struct decision *out, const struct failure_case *given, int64_t delay_ms,
                  bool counts_try)
{
    out->event = TASK_RETRY;
    out->run_at_ms = given->now_ms + delay_ms;
    out->counts_try = counts_try;
    if (counts_try && given->tries + 1 >= given->tries_max)
        out->event = TASK_FAIL;
    /* If the next try cannot start in time, it is over now; but not for one that has only to take
     * what is here. */
    if (out->event == TASK_RETRY && !given->is_kept && out->run_at_ms > given->deadline_at_ms) {
        out->event = TASK_FAIL;
        out->class = FAILURE_DEADLINE;
    }
}

int64_t decide_spread_ms(int64_t rest_ms, const struct random *random)
{
    const int64_t spread_ms = rest_ms / 10 > 1000 ? rest_ms / 10 : 1000;

    return (int64_t)random_below(random, (uint64_t)spread_ms + 1);
}

/* Its service says that the same again is in vain: of the call itself, not of the question what
 * became of it. */
static bool is_final(const struct failure_case *given)
{
    return given->failure->is_final && !given->is_resend && !given->is_look_up;
}

static void throttled(struct decision *out, const struct failure_case *given,
                      const struct random *random)
{
    const int64_t asked_ms = given->failure->retry_after_ms;
    const int64_t floor_ms =
        asked_ms >= 0
            ? asked_ms
            : BACKOFF_BASE_MS / 2 + jitter_ms(BACKOFF_BASE_MS, given->attempt_number, random);

    out->rest_ms = floor_ms;
    /* The next key is asked at once; but a call that is open belongs to its own. */
    out->rests_key = given->has_other_key && !given->is_resend && floor_ms > 0;
    /* The next key may have a limit of its own, and so may the account that stands in; who says
     * when to come back does not mean "never". */
    if (is_final(given) && asked_ms < 0 && !out->rests_key && !given->has_stand_in)
        return;
    retry(out, given, out->rests_key ? 0 : floor_ms + decide_spread_ms(floor_ms, random), false);
}

bool decide_key_holds(const struct provider_binding *provider, int64_t intent_at_ms, int64_t now_ms)
{
    int64_t window_ms;

    if (provider == NULL || provider->kind == NULL || !provider->honours_key)
        return false;
    window_ms = provider->kind->key_window_ms;
    return window_ms == 0 || now_ms - intent_at_ms + KEY_MARGIN_MS < window_ms;
}

bool decide_can_look_up(const struct provider_binding *provider)
{
    return provider != NULL && provider->kind != NULL && provider->kind->can_look_up;
}

/*
 * Nobody knows whether it was charged, or it was and the result is gone: the owner's rule decides,
 * never a blind repeat (P6).
 */
static void unknown(struct decision *out, const struct failure_case *given,
                    const struct random *random)
{
    const bool is_cheap = given->estimate_micro >= 0 &&
                          given->estimate_micro <= given->once_below_micro && given->repeats == 0;

    out->call_cost_micro = given->failure->charged == CHARGED_YES ? charge_of(given) : -1;
    if (given->holds_key || given->can_look_up) {
        out->call_state = CALL_SENT; /* open: the same key will be sent again, or asked for */
        retry(out, given, jitter_ms(BACKOFF_BASE_MS, given->attempt_number, random), true);
        if (out->event == TASK_FAIL)
            out->call_state = CALL_UNKNOWN;
        return;
    }
    out->call_state = CALL_UNKNOWN;
    if (!is_final(given) && (given->on_unknown == ON_UNKNOWN_RETRY ||
                             (given->on_unknown == ON_UNKNOWN_ONCE_BELOW && is_cheap))) {
        retry(out, given, jitter_ms(BACKOFF_BASE_MS, given->attempt_number, random), true);
        out->may_repeat = out->event == TASK_RETRY;
        return;
    }
    out->event = TASK_HOLD;
    out->hold_reason = "unknown";
}

static void cancelled(struct decision *out, const struct failure_case *given)
{
    out->event = TASK_CANCEL;
    out->class = FAILURE_CANCELLED;
    if (given->is_sent && given->failure->charged != CHARGED_NO) {
        out->call_state = CALL_ABANDONED;
        out->call_cost_micro = -1;
    } else {
        out->call_state = CALL_FAILED;
        out->call_cost_micro = 0;
    }
}

/* Whether a failure of a second sending tells what became of the first one too. */
static bool settles_resend(enum failure_class class)
{
    return class == FAILURE_REFUSED || class == FAILURE_REMOTE || class == FAILURE_RESULT_LOST;
}

/* What came back of a second sending leaves the call as open as the first one left it. */
static void stay_open(struct decision *out)
{
    out->call_cost_micro = -1;
    if (out->event == TASK_RETRY || out->event == TASK_HOLD)
        out->call_state = CALL_SENT;
    else
        out->call_state = out->event == TASK_CANCEL ? CALL_ABANDONED : CALL_UNKNOWN;
}

static void by_class(struct decision *out, const struct failure_case *given,
                     const struct random *random)
{
    switch (given->failure->class) {
    case FAILURE_NOT_SENT:
        out->call_cost_micro = 0;
        retry(out, given, jitter_ms(NOT_SENT_BASE_MS, given->attempt_number, random), false);
        break;
    case FAILURE_THROTTLED:
        out->call_cost_micro = 0;
        throttled(out, given, random);
        break;
    case FAILURE_QUOTA:
    case FAILURE_AUTH:
        out->call_cost_micro = 0;
        /* The next key is asked at once; but a call that is open belongs to its own. */
        if (given->has_other_key && !given->is_resend) {
            retry(out, given, 0, false);
            break;
        }
        out->stops_lane = !given->has_other_key;
        /* It waits for its account like all that wait there, and may go to the other one. */
        if (given->has_stand_in && !given->is_resend) {
            retry(out, given, 0, false);
            break;
        }
        out->event = TASK_HOLD;
        out->hold_reason = given->failure->class == FAILURE_QUOTA ? "quota" : "auth";
        break;
    case FAILURE_LOCAL:
        if (!given->is_kept && given->failure->charged != CHARGED_NO) {
            unknown(out, given, random); /* paid, and the result could not be kept */
            break;
        }
        retry(out, given, jitter_ms(BACKOFF_BASE_MS, given->attempt_number, random), true);
        break;
    case FAILURE_SERVER:
    case FAILURE_REMOTE:
        if (given->failure->class == FAILURE_SERVER && is_final(given))
            break;
        retry(out, given, jitter_ms(BACKOFF_BASE_MS, given->attempt_number, random), true);
        /* It may be done all the same: under its own key the same call costs nothing twice (P5). */
        if (out->event == TASK_RETRY && given->holds_key &&
            given->failure->class == FAILURE_SERVER && given->failure->charged == CHARGED_MAYBE)
            out->call_state = CALL_SENT;
        break;
    case FAILURE_UNKNOWN:
        unknown(out, given, random);
        break;
    case FAILURE_DEADLINE: /* we walk away from what may still go on there */
        if (given->is_sent && given->failure->charged != CHARGED_NO)
            out->call_state = CALL_ABANDONED;
        break;
    case FAILURE_NONE:
    case FAILURE_INVALID:
    case FAILURE_REFUSED:
    case FAILURE_RESULT_LOST:
    case FAILURE_CANCELLED:
    case FAILURE_CLASS_COUNT:
        break;
    }
}

/*
 * Asked what became of a call, the provider said nothing that helps: that it is asked again costs
 * neither money nor a try.  That it does not know the call is no proof that it never had it, since
 * it may have forgotten, so the owner's rule decides as if it could not be asked at all; but not
 * before what was sent had its time to arrive.
 */
static void not_found(struct decision *out, const struct failure_case *given,
                      const struct random *random)
{
    const bool is_answer = given->failure->class == FAILURE_INVALID;
    const int64_t left_ms = given->intent_at_ms + LOOK_UP_LOST_MS - given->now_ms;
    const int64_t delay_ms = jitter_ms(BACKOFF_BASE_MS, given->attempt_number, random);

    if (is_answer) /* of the call, not of the question */
        out->class = FAILURE_UNKNOWN;
    if (is_answer && left_ms <= 0) {
        unknown(out, given, random);
        return;
    }
    if (given->failure->class == FAILURE_AUTH || given->failure->class == FAILURE_QUOTA ||
        given->failure->class == FAILURE_THROTTLED)
        by_class(out, given, random);
    else
        retry(out, given, is_answer && delay_ms > left_ms ? left_ms : delay_ms, false);
    stay_open(out);
}

struct decision decide_failure(const struct failure_case *given, const struct random *random)
{
    struct decision out = {
        .event = TASK_FAIL,
        .class = given->failure->class,
        .call_state = CALL_FAILED,
        .call_cost_micro = charge_of(given),
    };

    if (given->is_cancelled || given->failure->class == FAILURE_CANCELLED)
        cancelled(&out, given);
    else if (given->is_look_up)
        not_found(&out, given, random);
    else
        by_class(&out, given, random);
    if (given->is_resend && out.call_state == CALL_FAILED && !settles_resend(given->failure->class))
        stay_open(&out);
    return out;
}

int64_t decide_poll_ms(int64_t asked, const struct random *random)
{
    double delay_ms = 1000;

    for (int64_t step = 0; step < asked && delay_ms < 10000; step++)
        delay_ms *= 1.5;
    if (delay_ms > 10000)
        delay_ms = 10000;
    return (int64_t)(delay_ms * 0.8) +
           (int64_t)random_below(random, (uint64_t)(delay_ms * 0.4) + 1);
}

int64_t decide_result_life_ms(const struct provider_binding *provider)
{
    return provider->kind != NULL && provider->kind->result_ttl_ms > 0
               ? provider->kind->result_ttl_ms
               : RESULT_LIFE_MS;
}

int64_t decide_fetch_ms(int64_t lost_ms, const struct random *random)
{
    int64_t delay_ms = lost_ms / 2; /* each wait is half as long as all before it */

    if (delay_ms < FETCH_AGAIN_MS)
        delay_ms = FETCH_AGAIN_MS;
    if (delay_ms > FETCH_AGAIN_MAX_MS)
        delay_ms = FETCH_AGAIN_MAX_MS;
    return delay_ms * 8 / 10 + (int64_t)random_below(random, (uint64_t)(delay_ms * 4 / 10) + 1);
}

struct recovery decide_recovery(const struct recovered_task *task,
                                const struct provider_binding *provider, bool is_alone,
                                int64_t now_ms)
{
    struct recovery out = {.to = TASK_READY};
    const bool is_recent = now_ms - task->crash_at_ms <= POISON_WINDOW_MS;
    const bool is_open =
        task->has_call && (task->call.state == CALL_INTENT || task->call.state == CALL_SENT);

    if (task->has_call && task->call.state == CALL_ACCEPTED) {
        out.to = TASK_WAITING;
        return out;
    }
    if (is_open) {
        const bool has_key = decide_key_holds(provider, task->call.intent_at_ms, now_ms);
        const bool is_cheap = provider != NULL && task->call.estimate_micro >= 0 &&
                              task->call.estimate_micro <= provider->once_below_micro &&
                              task->repeats == 0;

        /* One that can be asked for stays open, and the next attempt asks. */
        if (!has_key && !decide_can_look_up(provider)) {
            out.changes_call = true;
            out.call_state = CALL_UNKNOWN;
            out.may_repeat =
                provider != NULL && (provider->on_unknown == ON_UNKNOWN_RETRY ||
                                     (provider->on_unknown == ON_UNKNOWN_ONCE_BELOW && is_cheap));
            if (!out.may_repeat) {
                out.to = TASK_HELD;
                out.hold_reason = "unknown";
                return out;
            }
        }
    }
    /* One input that kills the process every time must not do so for ever. */
    if (is_alone && is_recent && task->crash_count + 1 >= POISON_CRASHES) {
        out.to = TASK_HELD;
        out.hold_reason = "poison";
    }
    return out;
}
