/* What follows when a service says of its own answer that asking again is in vain. */
#include "engine/decide.h"

#include "core/test.h"

enum { NOW = 1000000, PRICE = 700 };
enum { NO = CHARGED_NO, MAYBE = CHARGED_MAYBE };
enum { HOLD = ON_UNKNOWN_HOLD, ONCE = ON_UNKNOWN_ONCE_BELOW, REPEAT = ON_UNKNOWN_RETRY };

static struct random_seeded seed;

/* A first try of a call that was sent, its estimate at the owner's limit. */
static struct failure_case case_of(const struct provider_failure *failure)
{
    return (struct failure_case){.failure = failure,
                                 .is_sent = true,
                                 .once_below_micro = PRICE,
                                 .estimate_micro = PRICE,
                                 .attempt_number = 1,
                                 .tries_max = 5,
                                 .deadline_at_ms = NOW + 3600000,
                                 .now_ms = NOW};
}

static struct provider_failure failure_of(int class, int charged)
{
    return (struct provider_failure){.class = (enum failure_class) class,
                                     .charged = (enum charged)charged,
                                     .retry_after_ms = -1,
                                     .is_final = true};
}

static struct decision decide(const struct failure_case *given)
{
    const struct random random = random_of_seed(&seed, 3);

    return decide_failure(given, &random);
}

static void test_what_its_service_calls_final_is_not_tried_again(void **state)
{
    static const struct {
        int class, charged, rule;
        bool holds_key, has_other_key;
        enum task_event event;
        enum call_state call;
        const char *why;
    } cases[] = {
        {FAILURE_THROTTLED, NO,    HOLD,   false, false, TASK_FAIL,  CALL_FAILED,  "a limit that stays"},
        {FAILURE_THROTTLED, NO,    HOLD,   false, true,  TASK_RETRY, CALL_FAILED,
         "the next key's may not"                                                                      },
        {FAILURE_SERVER,    NO,    HOLD,   false, false, TASK_FAIL,  CALL_FAILED,  "a fault"           },
        {FAILURE_SERVER,    MAYBE, REPEAT, false, false, TASK_FAIL,  CALL_FAILED,  "maybe charged"     },
        {FAILURE_SERVER,    MAYBE, REPEAT, true,  false, TASK_FAIL,  CALL_FAILED,  "under a key too"   },
        {FAILURE_UNKNOWN,   MAYBE, HOLD,   false, false, TASK_HOLD,  CALL_UNKNOWN, "asks"              },
        {FAILURE_UNKNOWN,   MAYBE, ONCE,   false, false, TASK_HOLD,  CALL_UNKNOWN, "asks, if cheap too"},
        {FAILURE_UNKNOWN,   MAYBE, REPEAT, false, false, TASK_HOLD,  CALL_UNKNOWN, "no blind repeat"   },
        {FAILURE_UNKNOWN,   MAYBE, REPEAT, true,  false, TASK_RETRY, CALL_SENT,    "the key finds out" },
        {FAILURE_QUOTA,     NO,    HOLD,   false, false, TASK_HOLD,  CALL_FAILED,  "as ever"           },
        {FAILURE_AUTH,      NO,    HOLD,   false, false, TASK_HOLD,  CALL_FAILED,  "as ever"           },
        {FAILURE_REMOTE,    NO,    HOLD,   false, false, TASK_RETRY, CALL_FAILED,
         "a poll's, not the call's"                                                                    },
    };

    (void)state;
    for (size_t row = 0; row < COUNT(cases); row++) {
        const struct provider_failure failure = failure_of(cases[row].class, cases[row].charged);
        struct failure_case given = case_of(&failure);
        struct decision is;

        given.on_unknown = (enum on_unknown)cases[row].rule;
        given.holds_key = cases[row].holds_key;
        given.has_other_key = cases[row].has_other_key;
        is = decide(&given);
        if (is.event != cases[row].event || is.call_state != cases[row].call || is.may_repeat ||
            is.class != failure.class || is.call_cost_micro != (cases[row].charged == NO ? 0 : -1))
            fail_msg("%s: event %d, call %d", cases[row].why, (int)is.event, (int)is.call_state);
    }
}

/* It says when to come back, or another account may do it: that limit passes. */
static void test_a_limit_that_passes_is_waited_for(void **state)
{
    struct provider_failure failure = failure_of(FAILURE_THROTTLED, NO);
    struct failure_case given = case_of(&failure);
    struct decision is;

    (void)state;
    failure.retry_after_ms = 1500;
    is = decide(&given);
    assert_int_equal(is.event, TASK_RETRY);
    assert_int_equal(is.rest_ms, 1500);
    failure.retry_after_ms = -1;
    given.has_stand_in = true;
    assert_int_equal(decide(&given).event, TASK_RETRY);
    given.has_stand_in = false;
    assert_int_equal(decide(&given).event, TASK_FAIL);
}

/* Whatever it says: what may have been made is not sent once more, and what is open is found out.
 */
static void test_final_never_sends_more_and_leaves_no_call_behind(void **state)
{
    (void)state;
    for (int class = FAILURE_NOT_SENT; class < FAILURE_CLASS_COUNT; class ++)
        for (int charged = CHARGED_NO; charged <= CHARGED_MAYBE; charged++)
            for (int bits = 0; bits < 16; bits++) {
                struct provider_failure failure = failure_of(class, charged);
                struct failure_case given = case_of(&failure);
                struct decision before, after;

                given.on_unknown = (bits & 1) != 0 ? ON_UNKNOWN_RETRY : ON_UNKNOWN_HOLD;
                given.holds_key = (bits & 2) != 0;
                given.is_resend = (bits & 4) != 0;
                given.is_look_up = (bits & 8) != 0;
                after = decide(&given);
                failure.is_final = false;
                before = decide(&given);
                assert_true(after.event != TASK_RETRY || before.event == TASK_RETRY);
                assert_true(!after.may_repeat || before.may_repeat);
                assert_int_equal(after.call_cost_micro, before.call_cost_micro);
                if (given.is_resend || given.is_look_up) {
                    assert_int_equal(after.event, before.event);
                    assert_int_equal(after.call_state, before.call_state);
                }
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_its_service_calls_final_is_not_tried_again),
        cmocka_unit_test(test_a_limit_that_passes_is_waited_for),
        cmocka_unit_test(test_final_never_sends_more_and_leaves_no_call_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
