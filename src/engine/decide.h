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
    bool has_other_key;   /* the account's, where this one was rejected */
    bool has_stand_in;    /* another account may take what this one rejected */
    bool holds_key;       /* decide_key_holds(): sending the same again cannot charge twice */
    bool can_look_up;     /* the provider can be asked what became of the call */
    bool is_look_up;      /* it was asked just now, and this is what came of that */
    int64_t intent_at_ms; /* of the call */
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
    int64_t rest_ms;         /* > 0: the account rests that long */
    bool stops_lane;         /* the account is of no use until somebody changed it */
};
struct decision decide_failure(const struct failure_case *given, const struct random *random);

/*
 * Whether sending again under a call's key cannot charge twice: the account honours keys, and what
 * it remembers of one intended then has not run out.  `provider` may be NULL.
 */
bool decide_key_holds(const struct provider_binding *provider, int64_t intent_at_ms,
                      int64_t now_ms);

/* Whether this account's service can be asked what became of a call.  `provider` may be NULL. */
bool decide_can_look_up(const struct provider_binding *provider);

/* The engine's own rhythm of asking for remote work: 1 s, x1.5, at most 10 s, +-20 % (engine.md 4).
 */
int64_t decide_poll_ms(int64_t asked, const struct random *random);

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
