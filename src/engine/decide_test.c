#include "engine/decide.h"

#include "core/test.h"

#include <stdio.h>

enum { NOW = 1000000, DEADLINE = NOW + 3600000, PRICE = 700, WINDOW = 600000 };
enum { NO = CHARGED_NO, YES = CHARGED_YES, MAYBE = CHARGED_MAYBE, ANY = -1 };
enum { HOLD = ON_UNKNOWN_HOLD, ONCE = ON_UNKNOWN_ONCE_BELOW, REPEAT = ON_UNKNOWN_RETRY };

static struct random_seeded seed;
static const struct provider_kind kind_with_window = {.key_window_ms = WINDOW};
static const struct provider_kind kind_for_ever = {.key_window_ms = 0};

static struct provider_failure failure_of(int class, int charged)
{
    return (struct provider_failure){.class = (enum failure_class) class,
                                     .charged = (enum charged)charged,
                                     .retry_after_ms = -1};
}

/* A first try of a call that was sent, its estimate at the owner's limit. */
static struct failure_case case_of(const struct provider_failure *failure)
{
    return (struct failure_case){.failure = failure,
                                 .is_sent = true,
                                 .on_unknown = ON_UNKNOWN_HOLD,
                                 .once_below_micro = PRICE,
                                 .estimate_micro = PRICE,
                                 .attempt_number = 1,
                                 .tries_max = 5,
                                 .deadline_at_ms = DEADLINE,
                                 .now_ms = NOW};
}

static struct decision decide(const struct failure_case *given)
{
    const struct random random = random_of_seed(&seed, 3);

    return decide_failure(given, &random);
}

/* A decision as a line: what becomes of the task, of the call, what that cost, and the rest. */
static void expect(const struct failure_case *given, const char *expected, const char *because)
{
    static const char *const events[TASK_EVENT_COUNT] = {[TASK_RETRY] = "retry",
                                                         [TASK_HOLD] = "hold",
                                                         [TASK_FAIL] = "fail",
                                                         [TASK_CANCEL] = "cancel"};
    const struct decision is = decide(given);
    char text[160];

    snprintf(text, sizeof(text), "%s, %s, %s%s%s%s%s%s%s%s", events[is.event],
             call_state_name(is.call_state),
             is.call_cost_micro == 0       ? "free"
             : is.call_cost_micro == PRICE ? "paid"
             : is.call_cost_micro == -1    ? "doubt"
                                           : "?",
             is.counts_try ? ", counts" : "", is.may_repeat ? ", may repeat" : "",
             is.hold_reason != NULL ? ", asks " : "", is.hold_reason != NULL ? is.hold_reason : "",
             is.rest_ms > 0 ? ", rests" : "", is.stops_lane ? ", stops" : "",
             is.class != given->failure->class ? ", another class" : "");
    check_text(str_of(text), expected, because);
}

/* engine.md 6, row by row.  ANY: whatever the charge, the rule or the key. */
static const struct {
    int class, charged, rule, key;
    const char *decision;
} table[] = {
    {FAILURE_NOT_SENT,    ANY,   ANY,    ANY, "retry, failed, free"                      },
    {FAILURE_THROTTLED,   ANY,   ANY,    ANY, "retry, failed, free, rests"               },
    {FAILURE_QUOTA,       ANY,   ANY,    ANY, "hold, failed, free, asks quota, stops"    },
    {FAILURE_AUTH,        ANY,   ANY,    ANY, "hold, failed, free, asks auth, stops"     },
    {FAILURE_INVALID,     NO,    ANY,    ANY, "fail, failed, free"                       },
    {FAILURE_INVALID,     YES,   ANY,    ANY, "fail, failed, paid"                       },
    {FAILURE_INVALID,     MAYBE, ANY,    ANY, "fail, failed, doubt"                      },
    {FAILURE_REFUSED,     NO,    ANY,    ANY, "fail, failed, free"                       },
    {FAILURE_REFUSED,     YES,   ANY,    ANY, "fail, failed, paid"                       },
    {FAILURE_REFUSED,     MAYBE, ANY,    ANY, "fail, failed, doubt"                      },
    {FAILURE_SERVER,      NO,    ANY,    ANY, "retry, failed, free, counts"              },
    {FAILURE_SERVER,      YES,   ANY,    ANY, "retry, failed, paid, counts"              },
    {FAILURE_SERVER,      MAYBE, ANY,    0,   "retry, failed, doubt, counts"             },
    {FAILURE_SERVER,      MAYBE, ANY,    1,   "retry, sent, doubt, counts"               },
    {FAILURE_REMOTE,      NO,    ANY,    ANY, "retry, failed, free, counts"              },
    {FAILURE_REMOTE,      YES,   ANY,    ANY, "retry, failed, paid, counts"              },
    {FAILURE_REMOTE,      MAYBE, ANY,    ANY, "retry, failed, doubt, counts"             },
    {FAILURE_RESULT_LOST, NO,    ANY,    ANY, "fail, failed, free"                       },
    {FAILURE_RESULT_LOST, YES,   ANY,    ANY, "fail, failed, paid"                       },
    {FAILURE_RESULT_LOST, MAYBE, ANY,    ANY, "fail, failed, doubt"                      },
 /* Nobody knows: the same key again, or what the owner chose. */
    {FAILURE_UNKNOWN,     NO,    ANY,    1,   "retry, sent, doubt, counts"               },
    {FAILURE_UNKNOWN,     MAYBE, ANY,    1,   "retry, sent, doubt, counts"               },
    {FAILURE_UNKNOWN,     YES,   ANY,    1,   "retry, sent, paid, counts"                },
    {FAILURE_UNKNOWN,     NO,    HOLD,   0,   "hold, unknown, doubt, asks unknown"       },
    {FAILURE_UNKNOWN,     MAYBE, HOLD,   0,   "hold, unknown, doubt, asks unknown"       },
    {FAILURE_UNKNOWN,     YES,   HOLD,   0,   "hold, unknown, paid, asks unknown"        },
    {FAILURE_UNKNOWN,     NO,    ONCE,   0,   "retry, unknown, doubt, counts, may repeat"},
    {FAILURE_UNKNOWN,     MAYBE, ONCE,   0,   "retry, unknown, doubt, counts, may repeat"},
    {FAILURE_UNKNOWN,     YES,   ONCE,   0,   "retry, unknown, paid, counts, may repeat" },
    {FAILURE_UNKNOWN,     NO,    REPEAT, 0,   "retry, unknown, doubt, counts, may repeat"},
    {FAILURE_UNKNOWN,     MAYBE, REPEAT, 0,   "retry, unknown, doubt, counts, may repeat"},
    {FAILURE_UNKNOWN,     YES,   REPEAT, 0,   "retry, unknown, paid, counts, may repeat" },
 /* Ours before the call: again.  Ours after it, and what was paid for is gone: as unknown. */
    {FAILURE_LOCAL,       NO,    ANY,    ANY, "retry, failed, free, counts"              },
    {FAILURE_LOCAL,       YES,   ANY,    1,   "retry, sent, paid, counts"                },
    {FAILURE_LOCAL,       MAYBE, ANY,    1,   "retry, sent, doubt, counts"               },
    {FAILURE_LOCAL,       YES,   HOLD,   0,   "hold, unknown, paid, asks unknown"        },
    {FAILURE_LOCAL,       MAYBE, HOLD,   0,   "hold, unknown, doubt, asks unknown"       },
    {FAILURE_LOCAL,       YES,   ONCE,   0,   "retry, unknown, paid, counts, may repeat" },
    {FAILURE_LOCAL,       MAYBE, ONCE,   0,   "retry, unknown, doubt, counts, may repeat"},
    {FAILURE_LOCAL,       YES,   REPEAT, 0,   "retry, unknown, paid, counts, may repeat" },
    {FAILURE_LOCAL,       MAYBE, REPEAT, 0,   "retry, unknown, doubt, counts, may repeat"},
    {FAILURE_DEADLINE,    NO,    ANY,    ANY, "fail, failed, free"                       },
    {FAILURE_DEADLINE,    YES,   ANY,    ANY, "fail, abandoned, paid"                    },
    {FAILURE_DEADLINE,    MAYBE, ANY,    ANY, "fail, abandoned, doubt"                   },
    {FAILURE_CANCELLED,   NO,    ANY,    ANY, "cancel, failed, free"                     },
    {FAILURE_CANCELLED,   YES,   ANY,    ANY, "cancel, abandoned, doubt"                 },
    {FAILURE_CANCELLED,   MAYBE, ANY,    ANY, "cancel, abandoned, doubt"                 },
};

static const char *row_of(int class, int charged, int rule, int key)
{
    const char *found = NULL;

    for (size_t row = 0; row < COUNT(table); row++) {
        if (table[row].class != class ||
            (table[row].charged != ANY && table[row].charged != charged) ||
            (table[row].rule != ANY && table[row].rule != rule) ||
            (table[row].key != ANY && table[row].key != key))
            continue;
        assert_null(found); /* one row says it, not two */
        found = table[row].decision;
    }
    assert_non_null(found);
    return found;
}

static void test_each_failure_has_its_consequence(void **state)
{
    (void)state;
    for (int class = FAILURE_NOT_SENT; class < FAILURE_CLASS_COUNT; class ++)
        for (int charged = CHARGED_NO; charged <= CHARGED_MAYBE; charged++)
            for (int rule = ON_UNKNOWN_HOLD; rule <= ON_UNKNOWN_RETRY; rule++)
                for (int key = 0; key <= 1; key++) {
                    const struct provider_failure failure = failure_of(class, charged);
                    struct failure_case given = case_of(&failure);
                    char because[64];

                    given.on_unknown = (enum on_unknown)rule;
                    given.holds_key = key == 1;
                    snprintf(because, sizeof(because), "%s, charge %d, rule %d, key %d",
                             failure_class_name(failure.class), charged, rule, key);
                    expect(&given, row_of(class, charged, rule, key), because);
                }
}

static void test_what_the_reply_said_goes_before_the_estimate(void **state)
{
    const struct provider_failure lost = failure_of(FAILURE_RESULT_LOST, YES);
    const struct provider_failure broken = failure_of(FAILURE_UNKNOWN, YES);
    const struct provider_failure free = failure_of(FAILURE_RESULT_LOST, NO);
    struct failure_case given = case_of(&lost);

    (void)state;
    given.is_cost_told = true;
    given.told_micro = PRICE;
    given.estimate_micro = -1;
    expect(&given, "fail, failed, paid", "what was made could not be fetched");
    given.failure = &broken;
    expect(&given, "hold, unknown, paid, asks unknown", "what was made is broken");
    given.failure = &free;
    expect(&given, "fail, failed, free", "told, and not charged");
}

static void test_a_person_who_cancels_ends_whatever_failed(void **state)
{
    (void)state;
    for (int class = FAILURE_NOT_SENT; class < FAILURE_CLASS_COUNT; class ++) {
        const struct provider_failure failure = failure_of(class, MAYBE);
        struct failure_case given = case_of(&failure);
        const bool is_same = class == FAILURE_CANCELLED;

        given.is_cancelled = true;
        expect(&given,
               is_same ? "cancel, abandoned, doubt" : "cancel, abandoned, doubt, another class",
               "cancelled after it was sent");
        given.is_sent = false;
        expect(&given, is_same ? "cancel, failed, free" : "cancel, failed, free, another class",
               "cancelled before it was sent");
    }
}

/* The answer to a second sending says nothing of the first one, unless it is the call's own. */
static void test_a_resent_call_stays_open_until_it_is_answered(void **state)
{
    static const struct {
        int class;
        const char *decision;
    } cases[] = {
        {FAILURE_NOT_SENT,    "retry, sent, doubt"                  },
        {FAILURE_THROTTLED,   "retry, sent, doubt, rests"           },
        {FAILURE_QUOTA,       "hold, sent, doubt, asks quota, stops"},
        {FAILURE_AUTH,        "hold, sent, doubt, asks auth, stops" },
        {FAILURE_INVALID,     "fail, unknown, doubt"                },
        {FAILURE_REFUSED,     "fail, failed, free"                  },
        {FAILURE_SERVER,      "retry, sent, doubt, counts"          },
        {FAILURE_UNKNOWN,     "retry, sent, doubt, counts"          },
        {FAILURE_REMOTE,      "retry, failed, free, counts"         },
        {FAILURE_RESULT_LOST, "fail, failed, free"                  },
        {FAILURE_LOCAL,       "retry, sent, doubt, counts"          },
        {FAILURE_DEADLINE,    "fail, unknown, doubt"                },
        {FAILURE_CANCELLED,   "cancel, abandoned, doubt"            },
    };

    (void)state;
    assert_int_equal(COUNT(cases), FAILURE_CLASS_COUNT - 1);
    for (size_t row = 0; row < COUNT(cases); row++) {
        const struct provider_failure failure = failure_of(cases[row].class, NO);
        struct failure_case given = case_of(&failure);

        given.holds_key = given.is_resend = true;
        given.is_sent = false;
        expect(&given, cases[row].decision, failure_class_name(failure.class));
    }
}

static void test_a_rejected_key_gives_way_to_another_but_for_its_own_call(void **state)
{
    static const struct {
        int class;
        bool is_resend;
        const char *decision;
    } cases[] = {
        {FAILURE_AUTH,  false, "retry, failed, free"          },
        {FAILURE_QUOTA, false, "retry, failed, free"          },
        {FAILURE_AUTH,  true,  "hold, sent, doubt, asks auth" },
        {FAILURE_QUOTA, true,  "hold, sent, doubt, asks quota"},
    };

    (void)state;
    for (size_t row = 0; row < COUNT(cases); row++) {
        const struct provider_failure failure = failure_of(cases[row].class, NO);
        struct failure_case given = case_of(&failure);

        given.has_other_key = true;
        given.holds_key = given.is_resend = cases[row].is_resend;
        given.tries = given.tries_max; /* it is no try */
        expect(&given, cases[row].decision, failure_class_name(failure.class));
    }
}

static void test_a_throttled_key_rests_and_leaves_its_turn_but_for_its_own_call(void **state)
{
    struct provider_failure throttled = failure_of(FAILURE_THROTTLED, NO);
    struct random_seeded generator;
    const struct random chance = random_of_seed(&generator, 3);

    (void)state;
    throttled.retry_after_ms = 20000;
    for (int row = 0; row < 4; row++) {
        struct failure_case given = case_of(&throttled);
        struct decision decision;

        given.has_other_key = (row & 1) != 0;
        given.is_resend = (row & 2) != 0;
        decision = decide_failure(&given, &chance);
        assert_int_equal(decision.event, TASK_RETRY);
        assert_int_equal(decision.rest_ms, 20000);
        assert_int_equal(decision.rests_key, row == 1);
        check((decision.run_at_ms == given.now_ms) == (row == 1), "the next key is asked at once");
        check(row == 1 || decision.run_at_ms >= given.now_ms + 20000, "else it waits");
    }
}

static void test_a_kept_result_is_paid_once_however_often_refining_fails(void **state)
{
    const struct provider_failure failure = failure_of(FAILURE_LOCAL, YES);
    struct failure_case given = case_of(&failure);

    (void)state;
    given.is_kept = true;
    expect(&given, "retry, failed, paid, counts", "the store keeps the finished call as it is");
    given.now_ms = given.deadline_at_ms;
    expect(&given, "retry, failed, paid, counts", "no deadline takes it away");
}

static void test_a_cheap_call_is_repeated_once(void **state)
{
    static const struct {
        int64_t estimate, repeats;
        bool is_repeated;
        const char *because;
    } cases[] = {
        {PRICE,     0, true,  "at the limit"    },
        {0,         0, true,  "for nothing"     },
        {PRICE + 1, 0, false, "above the limit" },
        {-1,        0, false, "price unknown"   },
        {PRICE,     1, false, "repeated already"},
    };
    const struct provider_failure failure = failure_of(FAILURE_UNKNOWN, MAYBE);

    (void)state;
    for (size_t row = 0; row < COUNT(cases); row++) {
        struct failure_case given = case_of(&failure);

        given.on_unknown = ON_UNKNOWN_ONCE_BELOW;
        given.estimate_micro = cases[row].estimate;
        given.repeats = cases[row].repeats;
        expect(&given,
               cases[row].is_repeated ? "retry, unknown, doubt, counts, may repeat"
                                      : "hold, unknown, doubt, asks unknown",
               cases[row].because);
    }
}

static void test_tries_and_deadline_end_it(void **state)
{
    const struct provider_failure server = failure_of(FAILURE_SERVER, NO);
    const struct provider_failure unknown = failure_of(FAILURE_UNKNOWN, MAYBE);
    const struct provider_failure not_sent = failure_of(FAILURE_NOT_SENT, NO);
    struct provider_failure throttled = failure_of(FAILURE_THROTTLED, NO);
    struct failure_case given = case_of(&server);

    (void)state;
    given.tries = 3;
    expect(&given, "retry, failed, free, counts", "the fourth of five");
    given.tries = 4;
    expect(&given, "fail, failed, free, counts", "the last of five");
    given.failure = &not_sent;
    expect(&given, "retry, failed, free", "what was not sent costs no try");
    given.failure = &unknown;
    given.holds_key = true;
    expect(&given, "fail, unknown, doubt, counts", "out of tries with an open key");
    given.holds_key = false;
    given.on_unknown = ON_UNKNOWN_RETRY;
    expect(&given, "fail, unknown, doubt, counts", "out of tries, so nothing to repeat");
    throttled.retry_after_ms = 3600001;
    given = case_of(&throttled);
    expect(&given, "fail, failed, free, rests, another class", "cannot start in time");
    assert_int_equal(decide(&given).class, FAILURE_DEADLINE);
}

static void test_waits_grow_with_chance_up_to_a_cap(void **state)
{
    static const struct {
        int class;
        int64_t number, max_ms;
    } cases[] = {
        {FAILURE_SERVER,   1,  2000  },
        {FAILURE_SERVER,   2,  4000  },
        {FAILURE_SERVER,   7,  128000},
        {FAILURE_SERVER,   20, 300000},
        {FAILURE_NOT_SENT, 1,  1000  },
        {FAILURE_NOT_SENT, 3,  4000  },
    };
    struct random_seeded generator;
    const struct random random = random_of_seed(&generator, 4);

    (void)state;
    for (size_t row = 0; row < COUNT(cases); row++) {
        const struct provider_failure failure = failure_of(cases[row].class, NO);
        struct failure_case given = case_of(&failure);
        int64_t most = 0, least = INT64_MAX;

        given.attempt_number = cases[row].number;
        for (int draw = 0; draw < 2000; draw++) {
            const int64_t wait = decide_failure(&given, &random).run_at_ms - NOW;

            most = wait > most ? wait : most;
            least = wait < least ? wait : least;
        }
        assert_true(least >= 0 && least < cases[row].max_ms / 50); /* full jitter */
        assert_true(most <= cases[row].max_ms && most > cases[row].max_ms * 95 / 100);
    }
}

static void test_a_throttled_account_rests_as_long_as_it_was_told(void **state)
{
    struct provider_failure failure = failure_of(FAILURE_THROTTLED, NO);
    const struct failure_case given = case_of(&failure);
    struct random_seeded generator;
    const struct random random = random_of_seed(&generator, 5);

    (void)state;
    for (int draw = 0; draw < 500; draw++) {
        struct decision is;

        failure.retry_after_ms = 20000;
        is = decide_failure(&given, &random);
        assert_int_equal(is.rest_ms, 20000);
        assert_true(is.run_at_ms >= NOW + 20000 && is.run_at_ms <= NOW + 22000);
        failure.retry_after_ms = 100; /* the spread is a second at least */
        is = decide_failure(&given, &random);
        assert_int_equal(is.rest_ms, 100);
        assert_true(is.run_at_ms >= NOW + 100 && is.run_at_ms <= NOW + 1100);
        failure.retry_after_ms = -1;
        is = decide_failure(&given, &random);
        assert_true(is.rest_ms >= 1000 && is.run_at_ms >= NOW + is.rest_ms);
    }
}

static void test_polls_slow_down_to_ten_seconds(void **state)
{
    static const int64_t rhythm[] = {1000, 1500, 2250, 3375, 5062, 7593, 10000, 10000};
    struct random_seeded generator;
    const struct random random = random_of_seed(&generator, 6);

    (void)state;
    for (size_t asked = 0; asked < COUNT(rhythm); asked++)
        for (int draw = 0; draw < 200; draw++) {
            const int64_t wait = decide_poll_ms((int64_t)asked, &random);

            assert_in_range(wait, rhythm[asked] * 8 / 10 - 1, rhythm[asked] * 12 / 10 + 1);
        }
}

static void test_a_key_holds_within_its_window_and_a_margin(void **state)
{
    const struct provider_binding with = {.kind = &kind_with_window, .honours_key = true};
    const struct provider_binding ever = {.kind = &kind_for_ever, .honours_key = true};
    const struct provider_binding without = {.kind = &kind_for_ever};
    const struct provider_binding gone = {.honours_key = true};

    (void)state;
    assert_true(decide_key_holds(&with, NOW, NOW));
    assert_true(decide_key_holds(&with, NOW, NOW + WINDOW - 60001));
    assert_false(decide_key_holds(&with, NOW, NOW + WINDOW - 60000));
    assert_true(decide_key_holds(&ever, NOW, NOW + INT64_C(100000000000)));
    assert_false(decide_key_holds(&without, NOW, NOW));
    assert_false(decide_key_holds(&gone, NOW, NOW));
    assert_false(decide_key_holds(NULL, NOW, NOW));
}

/* ---- Recovery ---- */

/* What becomes of a task whose owner died, by its latest call. */
static const struct {
    int call;      /* -1: none */
    int rule, key; /* key 2: honoured, but too long ago */
    const char *recovery;
} recoveries[] = {
    {-1,             ANY,    ANY, "ready"                          },
    {CALL_INTENT,    ANY,    1,   "ready"                          }, /* the same key */
    {CALL_INTENT,    HOLD,   0,   "held, call unknown, unknown"    },
    {CALL_INTENT,    HOLD,   2,   "held, call unknown, unknown"    },
    {CALL_INTENT,    ONCE,   0,   "ready, call unknown, may repeat"},
    {CALL_INTENT,    ONCE,   2,   "ready, call unknown, may repeat"},
    {CALL_INTENT,    REPEAT, 0,   "ready, call unknown, may repeat"},
    {CALL_INTENT,    REPEAT, 2,   "ready, call unknown, may repeat"},
    {CALL_SENT,      ANY,    1,   "ready"                          },
    {CALL_SENT,      HOLD,   0,   "held, call unknown, unknown"    },
    {CALL_SENT,      HOLD,   2,   "held, call unknown, unknown"    },
    {CALL_SENT,      ONCE,   0,   "ready, call unknown, may repeat"},
    {CALL_SENT,      ONCE,   2,   "ready, call unknown, may repeat"},
    {CALL_SENT,      REPEAT, 0,   "ready, call unknown, may repeat"},
    {CALL_SENT,      REPEAT, 2,   "ready, call unknown, may repeat"},
    {CALL_ACCEPTED,  ANY,    ANY, "waiting"                        }, /* P4: never submitted again */
    {CALL_FINISHED,  ANY,    ANY, "ready"                          }, /* adopted */
    {CALL_FAILED,    ANY,    ANY, "ready"                          },
    {CALL_UNKNOWN,   ANY,    ANY, "ready"                          }, /* the permission stands */
    {CALL_ABANDONED, ANY,    ANY, "ready"                          },
};

static struct recovered_task task_of(int call)
{
    struct recovered_task task = {.crash_at_ms = NOW - 1000};

    if (call >= 0) {
        task.has_call = true;
        task.call = (struct prior_call){
            .state = (enum call_state)call, .estimate_micro = PRICE, .intent_at_ms = NOW - 1000};
    }
    return task;
}

static void expect_recovery(const struct recovered_task *task,
                            const struct provider_binding *provider, bool is_alone,
                            const char *expected, const char *because)
{
    const struct recovery is = decide_recovery(task, provider, is_alone, NOW);
    char text[120];

    snprintf(text, sizeof(text), "%s%s%s%s%s%s", task_state_name(is.to),
             is.changes_call ? ", call " : "",
             is.changes_call ? call_state_name(is.call_state) : "",
             is.may_repeat ? ", may repeat" : "", is.hold_reason != NULL ? ", " : "",
             is.hold_reason != NULL ? is.hold_reason : "");
    check_text(str_of(text), expected, because);
}

static void test_each_call_of_a_dead_owner_has_its_recovery(void **state)
{
    (void)state;
    for (int call = -1; call <= CALL_ABANDONED; call++)
        for (int rule = ON_UNKNOWN_HOLD; rule <= ON_UNKNOWN_RETRY; rule++)
            for (int key = 0; key <= 2; key++) {
                const struct provider_binding provider = {.kind = key == 2 ? &kind_with_window
                                                                           : &kind_for_ever,
                                                          .honours_key = key > 0,
                                                          .on_unknown = (enum on_unknown)rule,
                                                          .once_below_micro = PRICE};
                struct recovered_task task = task_of(call);
                const char *expected = NULL;
                char because[64];

                if (key == 2)
                    task.call.intent_at_ms = NOW - WINDOW;
                for (size_t row = 0; row < COUNT(recoveries); row++)
                    if (recoveries[row].call == call &&
                        (recoveries[row].rule == ANY || recoveries[row].rule == rule) &&
                        (recoveries[row].key == ANY || recoveries[row].key == key)) {
                        assert_null(expected);
                        expected = recoveries[row].recovery;
                    }
                assert_non_null(expected);
                snprintf(because, sizeof(because), "call %d, rule %d, key %d", call, rule, key);
                expect_recovery(&task, &provider, true, expected, because);
            }
}

static void test_what_can_be_asked_for_stays_open(void **state)
{
    static const struct provider_kind kind = {.can_look_up = true};
    const struct recovered_task sent = task_of(CALL_SENT), intended = task_of(CALL_INTENT);

    (void)state;
    for (int rule = ON_UNKNOWN_HOLD; rule <= ON_UNKNOWN_RETRY; rule++) {
        const struct provider_binding provider = {.kind = &kind,
                                                  .on_unknown = (enum on_unknown)rule};

        expect_recovery(&sent, &provider, true, "ready", "asked before any rule is");
        expect_recovery(&intended, &provider, true, "ready", "it may have been sent");
    }
}

/* What an answer to "what became of it" leads to; the call is open until it is known. */
static void test_a_look_up_settles_nothing_by_itself(void **state)
{
    static const struct {
        enum failure_class class;
        int64_t age_ms;
        enum on_unknown rule;
        enum task_event event;
        enum call_state call;
        bool counts_try, may_repeat;
        const char *because;
    } rows[] = {
        {FAILURE_NOT_SENT,  WINDOW, ON_UNKNOWN_RETRY, TASK_RETRY, CALL_SENT,    false, false,
         "no way there"                                                                                },
        {FAILURE_SERVER,    WINDOW, ON_UNKNOWN_RETRY, TASK_RETRY, CALL_SENT,    false, false,
         "it was in trouble"                                                                           },
        {FAILURE_UNKNOWN,   WINDOW, ON_UNKNOWN_RETRY, TASK_RETRY, CALL_SENT,    false, false,
         "the answer lost"                                                                             },
        {FAILURE_THROTTLED, WINDOW, ON_UNKNOWN_HOLD,  TASK_RETRY, CALL_SENT,    false, false,
         "too often"                                                                                   },
        {FAILURE_AUTH,      WINDOW, ON_UNKNOWN_RETRY, TASK_HOLD,  CALL_SENT,    false, false, "the key"},
        {FAILURE_INVALID,   59999,  ON_UNKNOWN_RETRY, TASK_RETRY, CALL_SENT,    false, false,
         "on its way yet"                                                                              },
        {FAILURE_INVALID,   60000,  ON_UNKNOWN_HOLD,  TASK_HOLD,  CALL_UNKNOWN, false, false,
         "a person says"                                                                               },
        {FAILURE_INVALID,   60000,  ON_UNKNOWN_RETRY, TASK_RETRY, CALL_UNKNOWN, true,  true,
         "the rule says"                                                                               },
    };

    (void)state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        const struct provider_failure failure = failure_of((int)rows[row].class, CHARGED_MAYBE);
        const struct failure_case given = {.failure = &failure,
                                           .is_sent = true,
                                           .is_resend = true,
                                           .is_look_up = true,
                                           .intent_at_ms = NOW - rows[row].age_ms,
                                           .on_unknown = rows[row].rule,
                                           .attempt_number = 2,
                                           .tries_max = 5,
                                           .deadline_at_ms = NOW + 86400000,
                                           .now_ms = NOW};
        struct random_seeded chance;
        const struct random random = random_of_seed(&chance, row);
        const struct decision is = decide_failure(&given, &random);

        check(is.event == rows[row].event && is.call_state == rows[row].call &&
                  is.counts_try == rows[row].counts_try && is.may_repeat == rows[row].may_repeat,
              rows[row].because);
        assert_int_equal(is.call_cost_micro, -1);
    }
}

static void test_without_its_provider_nobody_repeats_a_doubtful_call(void **state)
{
    const struct recovered_task task = task_of(CALL_SENT);

    (void)state;
    expect_recovery(&task, NULL, true, "held, call unknown, unknown", "the account is gone");
}

static void test_a_second_repeat_is_not_taken_by_rule(void **state)
{
    const struct provider_binding provider = {.on_unknown = ON_UNKNOWN_ONCE_BELOW,
                                              .once_below_micro = PRICE};
    struct recovered_task task = task_of(CALL_SENT);

    (void)state;
    task.repeats = 1;
    expect_recovery(&task, &provider, true, "held, call unknown, unknown", "repeated already");
    task = task_of(CALL_SENT);
    task.call.estimate_micro = -1;
    expect_recovery(&task, &provider, true, "held, call unknown, unknown", "price unknown");
}

static void test_a_task_that_kills_the_process_each_time_is_held(void **state)
{
    static const struct {
        int64_t crashes, ago_ms;
        bool is_alone;
        const char *recovery, *because;
    } cases[] = {
        {4, 1000,   true,  "held, poison", "the fifth crash in ten minutes" },
        {3, 1000,   true,  "ready",        "the fourth"                     },
        {4, 600001, true,  "ready",        "the others were long ago"       },
        {4, 1000,   false, "ready",        "others ran too: who knows which"},
    };

    (void)state;
    for (size_t row = 0; row < COUNT(cases); row++) {
        struct recovered_task task = task_of(-1);

        task.crash_count = cases[row].crashes;
        task.crash_at_ms = NOW - cases[row].ago_ms;
        expect_recovery(&task, NULL, cases[row].is_alone, cases[row].recovery, cases[row].because);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_failure_has_its_consequence),
        cmocka_unit_test(test_what_the_reply_said_goes_before_the_estimate),
        cmocka_unit_test(test_a_person_who_cancels_ends_whatever_failed),
        cmocka_unit_test(test_a_resent_call_stays_open_until_it_is_answered),
        cmocka_unit_test(test_a_rejected_key_gives_way_to_another_but_for_its_own_call),
        cmocka_unit_test(test_a_throttled_key_rests_and_leaves_its_turn_but_for_its_own_call),
        cmocka_unit_test(test_a_kept_result_is_paid_once_however_often_refining_fails),
        cmocka_unit_test(test_a_cheap_call_is_repeated_once),
        cmocka_unit_test(test_tries_and_deadline_end_it),
        cmocka_unit_test(test_waits_grow_with_chance_up_to_a_cap),
        cmocka_unit_test(test_a_throttled_account_rests_as_long_as_it_was_told),
        cmocka_unit_test(test_polls_slow_down_to_ten_seconds),
        cmocka_unit_test(test_a_key_holds_within_its_window_and_a_margin),
        cmocka_unit_test(test_each_call_of_a_dead_owner_has_its_recovery),
        cmocka_unit_test(test_what_can_be_asked_for_stays_open),
        cmocka_unit_test(test_a_look_up_settles_nothing_by_itself),
        cmocka_unit_test(test_without_its_provider_nobody_repeats_a_doubtful_call),
        cmocka_unit_test(test_a_second_repeat_is_not_taken_by_rule),
        cmocka_unit_test(test_a_task_that_kills_the_process_each_time_is_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
