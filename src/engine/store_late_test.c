/* Owners of a task that die, and what they tell when another has it. */
#include "engine/test_private.h"

/* ---- Late ---- */

static void test_an_old_owner_still_tells_of_its_call(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    const int64_t call = must_intend(place, task, fence, "key-1");

    take_over_call(place, task, TASK_HELD, call, CALL_UNKNOWN);
    expect_call(place, task, "unknown", "taken over");
    assert_false(accept_call(place, task, fence, call).accept.is_applied);
    expect_call(place, task, "accepted", "the call is told of");
    expect_state(place, task, "held", "the task is not");
    keep_result(place, call, "{}");
    expect_call(place, task, "finished", "its result is kept");
}

static void test_no_work_begins_late_for_a_task_that_has_ended(void **state)
{
    static const enum task_event ends[] = {TASK_FINISH, TASK_FAIL, TASK_CANCEL};
    static const char *const keys[COUNT(ends)] = {"key-1", "key-2", "key-3"};
    struct place *place = *state;

    for (size_t row = 0; row < COUNT(ends); row++) {
        const int64_t task = submit_task(place);
        const int64_t fence = must_claim(place, task);
        const int64_t call = must_intend(place, task, fence, keys[row]);

        end_task(place, end_of(task, fence, ends[row], call, CALL_UNKNOWN, -1));
        assert_false(accept_call(place, task, fence, call).accept.is_applied);
        expect_call(place, task, "unknown", "nobody asks for it any more");
        expect_sound(place, "accepted late");
    }
}

static void test_an_old_fence_ends_nothing_but_its_call(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t old = must_claim(place, task);
    const int64_t call = must_intend(place, task, old, "key-1");
    struct command end;
    int64_t before;

    take_over(place, task, TASK_READY);
    before = ask(place, "SELECT seq AS n FROM event_head WHERE user_id = 7", 0);
    for (enum task_event event = TASK_GIVE_BACK; event <= TASK_CANCEL; event++) {
        if (event == TASK_ACCEPT)
            continue;
        end = end_task(place, end_of(task, old, event, call, CALL_FAILED, 0));
        assert_false(end.end.is_applied);
        expect_state(place, task, "ready", "fenced out");
    }
    expect_call(place, task, "failed", "the call is told of");
    assert_int_equal(ask(place, "SELECT seq AS n FROM event_head WHERE user_id = 7", 0), before);
    assert_int_equal(hooks_of(place, "record", task, NULL), 0);
    assert_int_equal(hooks_of(place, "settle", task, NULL), 0);
    expect_sound(place, "fenced out");
}

/* Of an attempt that another has followed. */
static void tell_of_the_first(struct place *place, int64_t task, int64_t fence, int64_t call,
                              enum call_state state)
{
    struct command end = end_of(task, fence, TASK_RETRY, call, state, -1);

    end.end.attempt_number = 1;
    must_apply(place, &end);
    assert_false(end.end.is_applied);
}

static void test_an_old_owner_tells_of_a_call_only_that_it_failed(void **state)
{
    static const enum call_state doubts[] = {CALL_INTENT, CALL_SENT, CALL_ACCEPTED, CALL_UNKNOWN,
                                             CALL_ABANDONED};
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t old = must_claim(place, task);
    const int64_t call = must_intend(place, task, old, "key-1");
    int64_t fence;

    take_over(place, task, TASK_READY);
    fence = must_claim(place, task);
    must_intend(place, task, fence, "key-1");
    tell_of_the_first(place, task, old, call, CALL_FAILED);
    expect_call(place, task, "intent", "it was sent again, so the first sending says nothing");
    for (size_t row = 0; row < COUNT(doubts); row++) {
        tell_of_the_first(place, task, old, call, doubts[row]);
        expect_call(place, task, "intent", "open as the new owner has it");
    }
    end_task(place, end_of(task, fence, TASK_FAIL, call, CALL_UNKNOWN, -1));
    for (size_t row = 0; row < COUNT(doubts); row++) {
        tell_of_the_first(place, task, old, call, doubts[row]);
        expect_call(place, task, "unknown", "closed as the new owner has it");
    }
    expect_sound(place, "told late");
}

/* Between the claim and the intent of who has the task now. */
static void expect_answered(struct place *place, int64_t task, int64_t fence, const char *key,
                            const char *state)
{
    const struct command intent = intend(place, task, fence, key, 0);

    check(!intent.intent.is_allowed, "no call is made");
    check(intent.intent.is_answered && !intent.intent.is_doubtful, "for there is an answer");
    expect_call(place, task, state, "as the old owner wrote it");
    end_task(place, end_of(task, fence, TASK_GIVE_BACK, 0, CALL_INTENT, -1));
    check(claim_task(place, task, fence).claim.has_prior, "the next attempt takes it");
    expect_sound(place, "answered late");
}

static void test_no_call_is_sent_again_that_an_old_owner_answers(void **state)
{
    struct place *place = *state;

    for (int is_kept = 0; is_kept < 2; is_kept++) {
        const int64_t task = submit_task(place);
        const int64_t old = must_claim(place, task);
        const char *key = is_kept ? "key-1" : "key-2";
        const int64_t call = must_intend(place, task, old, key);
        int64_t fence;

        take_over(place, task, TASK_READY);
        fence = must_claim(place, task);
        if (is_kept)
            keep_result(place, call, "{}");
        else
            (void)accept_call(place, task, old, call);
        expect_answered(place, task, fence, key, is_kept ? "finished" : "accepted");
    }
}

static void test_no_call_is_repeated_whose_result_comes_late(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t old = must_claim(place, task);
    const int64_t call = must_intend(place, task, old, "key-1");
    struct command end = end_of(task, old, TASK_RETRY, call, CALL_UNKNOWN, -1);
    int64_t fence;

    end.end.may_repeat = true;
    end_task(place, end);
    fence = must_claim(place, task);
    keep_result(place, call, "{}");
    expect_answered(place, task, fence, "key-2", "finished");
    assert_int_equal(ask(place, "SELECT may_repeat AS n FROM task WHERE id = $1", task), 1);
}

/* ---- Take-over ---- */

static void test_a_take_over_moves_the_fence_and_costs_no_try(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    struct command over;

    must_claim(place, task);
    over = take_over(place, task, TASK_READY);
    assert_int_equal(over.take_over.entry.fence, 2);
    assert_int_equal(over.take_over.entry.state, TASK_READY);
    assert_int_equal(ask(place, "SELECT tries AS n FROM task", 0), 0);
    assert_int_equal(ask(place, "SELECT crash_count AS n FROM task", 0), 1);
    check_text(ask_text(place, "SELECT outcome AS n FROM attempt", 0), "owner_died", "attempt");
    must_claim(place, task);
    place->time.wall_ms += 600001;
    take_over(place, task, TASK_READY);
    assert_int_equal(ask(place, "SELECT crash_count AS n FROM task", 0), 1); /* a new window */
    expect_sound(place, "taken over");
}

static void test_a_crash_does_not_lose_a_permission(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    const int64_t call = must_intend(place, task, fence, "key-1");
    struct command end = end_of(task, fence, TASK_RETRY, call, CALL_UNKNOWN, -1);

    end.end.may_repeat = true;
    end_task(place, end);
    must_claim(place, task);
    take_over(place, task, TASK_READY);
    expect_sound(place, "ready to repeat");
    assert_true(intend(place, task, must_claim(place, task), "key-2", call).intent.is_allowed);
}

static void test_a_dead_owners_cancelled_task_ends(void **state)
{
    struct place *place = *state;
    static const enum task_state to[] = {TASK_READY, TASK_HELD};

    for (size_t row = 0; row < COUNT(to); row++) {
        const int64_t task = submit_graph(place, 2, "ab");
        struct command over;

        must_claim(place, task);
        assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
        over = take_over(place, task, to[row]);
        assert_int_equal(over.take_over.entry.state, TASK_CANCELLED);
        expect_state(place, task + 1, "cancelled", "with what hung on it");
        assert_int_equal(hooks_of(place, "settle", task, NULL), 1);
        expect_sound(place, "ended at recovery");
    }
}

static void test_a_dead_owners_result_is_taken_although_cancelled(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);

    keep_result(place, must_intend(place, task, fence, "key-1"), "{\"kept\":1}");
    assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
    assert_int_equal(take_over(place, task, TASK_READY).take_over.entry.state, TASK_READY);
    assert_true(claim_task(place, task, fence + 1).claim.has_prior);
    expect_sound(place, "adopted");
}

static void test_accepted_work_of_a_dead_owner_waits_on_cancelled_or_not(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);

    accept_call(place, task, fence, must_intend(place, task, fence, "key-1"));
    assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
    expect_state(place, task, "waiting", "the provider is asked first");
    expect_sound(place, "waiting, cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_an_old_owner_still_tells_of_its_call),
        PLACE_TEST(test_no_work_begins_late_for_a_task_that_has_ended),
        PLACE_TEST(test_an_old_fence_ends_nothing_but_its_call),
        PLACE_TEST(test_an_old_owner_tells_of_a_call_only_that_it_failed),
        PLACE_TEST(test_no_call_is_sent_again_that_an_old_owner_answers),
        PLACE_TEST(test_no_call_is_repeated_whose_result_comes_late),
        PLACE_TEST(test_a_take_over_moves_the_fence_and_costs_no_try),
        PLACE_TEST(test_a_crash_does_not_lose_a_permission),
        PLACE_TEST(test_a_dead_owners_cancelled_task_ends),
        PLACE_TEST(test_a_dead_owners_result_is_taken_although_cancelled),
        PLACE_TEST(test_accepted_work_of_a_dead_owner_waits_on_cancelled_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
