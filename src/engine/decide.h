/*
 * engine/decide.h: what follows from a failure, and from a crash: the rules of engine.md 4-6 as
 * pure functions.
 */
#pragma once

#include "core/random.h"
#include "engine/command.h"

struct failure_case {
    const struct provider_failure *failure;
    bool is_sent;         /* bytes may have left */
    bool is_resend;       /* the call was sent before under its key, and nobody knows what became */
    bool is_kept;         /* its result is durable: the next try adopts it and pays nothing */
    bool is_cancelled;    /* the person asked to stop */
    bool has_other_key;   /* of the account, that can go on where this one is not taken */
    bool has_stand_in;    /* another account may take what this one rejected */
    bool holds_key;       /* decide_key_holds(): sending the same again cannot charge twice */
    bool can_look_up;     /* the provider can be asked what became of the call */
    bool is_look_up;      /* it was asked just now, and this is what came of that */
    int64_t intent_at_ms; /* of the call */
    bool is_cost_told;    /* the reply had what the call costs, in the estimate's currency: */
    int64_t told_micro;
    enum on_unknown on_unknown;
    int64_t once_below_micro, estimate_micro, repeats;
    int64_t attempt_number, tries, tries_max, deadline_at_ms, now_ms; /* wall clock */
};

struct decision {
    enum task_event event; /* RETRY, HOLD, FAIL or CANCEL */
    enum failure_class class;
    int64_t run_at_ms; /* RETRY */
    bool counts_try, may_repeat;
    const char *hold_reason; /* HOLD */
    enum call_state call_state;
    int64_t call_cost_micro; /* 0: not charged; -1: unknown */
    int64_t rest_ms;         /* > 0: the model rests that long at this account, or */
    bool rests_key;          /* only the key that was used */
    bool stops_lane;         /* the account is of no use until somebody changed it */
};
/*
 * A failure that is final by its service's own word (provider_failure.is_final) is not tried again:
 * `throttled` (unless another key or account may be asked, or it says when to come back) and
 * `server` fail with what they are, and what
 * nobody knows the outcome of is asked about instead of being repeated by the owner's rule.  It
 * never sends anything that would not have been sent without it.  Of a second sending under a key
 * and of a look-up it is not heeded, for these only find out what became of the first.
 */
struct decision decide_failure(const struct failure_case *given, const struct random *random);

/*
 * Whether sending again under a call's key cannot charge twice: the account honours keys, and what
 * it remembers of one intended then has not run out.  `provider` may be NULL.
 */
bool decide_key_holds(const struct provider_binding *provider, int64_t intent_at_ms,
                      int64_t now_ms);

/* What is added by chance to a rest that a service asked for: not all come back at one moment. */
int64_t decide_spread_ms(int64_t rest_ms, const struct random *random);

/* Whether this account's service can be asked what became of a call.  `provider` may be NULL. */
bool decide_can_look_up(const struct provider_binding *provider);

/* The engine's own rhythm of asking for remote work: 1 s, x1.5, at most 10 s, +-20 % (engine.md 4).
 */
int64_t decide_poll_ms(int64_t asked, const struct random *random);

/* How long a result that is done but cannot be fetched is worth asking for. */
int64_t decide_result_life_ms(const struct provider_binding *provider);
/* Until it is tried again, `lost_ms` after the first time in vain: half a minute to five, +-20 %.
 */
int64_t decide_fetch_ms(int64_t lost_ms, const struct random *random);

struct recovery {
    enum task_state to; /* READY, WAITING, HELD */
    bool changes_call;
    enum call_state call_state;
    bool may_repeat;
    const char *hold_reason;
};
/* For a task whose owner is dead.  `is_alone`: no other task was running then.  `provider` may be
 * NULL. */
struct recovery decide_recovery(const struct recovered_task *task,
                                const struct provider_binding *provider, bool is_alone,
                                int64_t now_ms);
