/* What waits for an account in trouble is taken by those that stand in for it. */
#include "engine/decide.h"
#include "engine/test_lanes.h"
#include "engine/test_private.h"

enum { HOME = 1, FIRST = 2, SECOND = 3, ELSEWHERE = 9 };

/* ---- Which lane takes what ---- */

static struct scheduler *three_lanes(void)
{
    const struct lane_limits home = {
        .capacity = 2, .stand_ins = {FIRST, SECOND},
             .stand_in_count = 2
    };
    const struct lane_limits other = {.capacity = 1};
    struct scheduler *scheduler = scheduler_create(0);

    scheduler_set_lane(scheduler, HOME, &home);
    scheduler_set_lane(scheduler, FIRST, &other);
    scheduler_set_lane(scheduler, SECOND, &other);
    return scheduler;
}

static void wait_at(struct scheduler *scheduler, int64_t id, int64_t lane)
{
    put(scheduler, entry_of(id, 1, lane));
}

/* "7 at 2 for 1", "" when nothing starts. */
static const char *taken(struct scheduler *scheduler, int64_t now_ms)
{
    static char said[64];
    struct task_entry entry;

    said[0] = '\0';
    if (scheduler_pick(scheduler, now_ms, &entry))
        snprintf(said, sizeof(said), "%d at %d for %d", (int)entry.id, (int)entry.provider_id,
                 (int)entry.home_id);
    return said;
}

static void test_nobody_stands_in_for_a_lane_that_is_well(void **state)
{
    struct scheduler *scheduler = three_lanes();

    (void)state;
    for (int64_t id = 1; id <= 4; id++)
        wait_at(scheduler, id, HOME);
    assert_string_equal(taken(scheduler, 0), "1 at 1 for 0");
    assert_string_equal(taken(scheduler, 0), "2 at 1 for 0");
    assert_string_equal(taken(scheduler, 0), ""); /* full is not in trouble */
    rest(scheduler, HOME, 20000, "throttled");
    assert_string_equal(taken(scheduler, 0), ""); /* and a short rest is waited for */
    scheduler_destroy(scheduler);
}

static void test_a_deleted_account_stands_in_for_nobody(void **state)
{
    static const struct lane_limits gone = {.capacity = 1, .is_gone = true};
    struct scheduler *scheduler = three_lanes();

    (void)state;
    scheduler_set_lane(scheduler, FIRST, &gone);
    wait_at(scheduler, 1, HOME);
    scheduler_stop_lane(scheduler, HOME, "auth");
    assert_string_equal(taken(scheduler, 0), "1 at 3 for 1");
    wait_at(scheduler, 2, HOME);
    assert_string_equal(taken(scheduler, 0), ""); /* the other is full, and this one is not asked */
    scheduler_destroy(scheduler);
}

static void test_an_account_paused_by_its_owner_keeps_what_waits(void **state)
{
    const struct lane_limits paused = {
        .capacity = 2, .is_paused = true, .stand_ins = {FIRST}, .stand_in_count = 1};
    struct scheduler *scheduler = three_lanes();

    (void)state;
    wait_at(scheduler, 1, HOME);
    scheduler_set_lane(scheduler, HOME, &paused);
    assert_string_equal(taken(scheduler, 0), "");
    assert_string_equal(scheduler_trouble(scheduler, HOME, STR("")), "");
    scheduler_destroy(scheduler);
}

static void test_a_model_paused_by_its_owner_keeps_what_waits(void **state)
{
    const struct model_limits paused = {.is_paused = true}, free = {0};
    struct scheduler *scheduler = three_lanes();

    (void)state;
    wait_at(scheduler, 1, HOME);
    scheduler_set_model(scheduler, HOME, STR(""), &paused);
    rest(scheduler, HOME, 60000, "throttled");
    assert_string_equal(taken(scheduler, 0), "");
    scheduler_stop_lane(scheduler, HOME, "auth"); /* what was under way found that out */
    assert_string_equal(taken(scheduler, 0), "");
    assert_string_equal(scheduler_trouble(scheduler, HOME, STR("")), "");
    scheduler_set_model(scheduler, HOME, STR(""), &free);
    assert_string_equal(taken(scheduler, 0), "1 at 2 for 1");
    scheduler_destroy(scheduler);
}

static void test_a_stand_in_whose_model_is_paused_is_passed_over(void **state)
{
    const struct model_limits paused = {.is_paused = true};
    struct scheduler *scheduler = three_lanes();

    (void)state;
    scheduler_set_model(scheduler, FIRST, STR(""), &paused);
    wait_at(scheduler, 1, HOME);
    scheduler_stop_lane(scheduler, HOME, "auth");
    assert_string_equal(taken(scheduler, 0), "1 at 3 for 1");
    scheduler_destroy(scheduler);
}

static void test_the_first_in_order_takes_while_it_is_of_use(void **state)
{
    struct scheduler *scheduler = three_lanes();

    (void)state;
    for (int64_t id = 1; id <= 4; id++)
        wait_at(scheduler, id, HOME);
    scheduler_stop_lane(scheduler, HOME, "auth");
    assert_string_equal(scheduler_trouble(scheduler, HOME, STR("")), "auth");
    assert_string_equal(taken(scheduler, 0), "1 at 2 for 1");
    assert_string_equal(taken(scheduler, 0), ""); /* it is full: the second waits for it */
    rest(scheduler, FIRST, 60000, "throttled");
    assert_string_equal(taken(scheduler, 0), "2 at 3 for 1"); /* now it is in trouble too */
    release(scheduler, SECOND, 1);
    scheduler_refuse(scheduler, 3, SECOND);
    assert_string_equal(taken(scheduler, 0), "4 at 3 for 1"); /* the third cannot go there */
    release(scheduler, FIRST, 1);
    assert_string_equal(taken(scheduler, 59999), "");
    assert_int_equal(scheduler_next_ms(scheduler), 60000);
    assert_string_equal(taken(scheduler, 60000), "3 at 2 for 1");
    scheduler_destroy(scheduler);
}

static void test_what_is_refused_goes_to_the_next_until_somebody_looked(void **state)
{
    const struct lane_limits other = {.capacity = 1};
    struct scheduler *scheduler = three_lanes();

    (void)state;
    wait_at(scheduler, 1, HOME);
    scheduler_stop_lane(scheduler, HOME, "quota");
    scheduler_refuse(scheduler, 1, FIRST);
    scheduler_refuse(scheduler, 1, 99); /* stands in for nobody */
    assert_string_equal(taken(scheduler, 0), "1 at 3 for 1");
    release(scheduler, SECOND, 1);
    wait_at(scheduler, 1, HOME);
    scheduler_refuse(scheduler, 1, FIRST);
    scheduler_refuse(scheduler, 1, SECOND);
    assert_string_equal(taken(scheduler, 0), "");
    scheduler_set_lane(scheduler, FIRST, &other); /* a model was added there, perhaps */
    assert_string_equal(taken(scheduler, 0), "1 at 2 for 1");
    /* And by itself after a while: a budget's day ends without a word. */
    wait_at(scheduler, 2, HOME);
    release(scheduler, FIRST, 1);
    scheduler_refuse(scheduler, 2, FIRST);
    scheduler_refuse(scheduler, 2, SECOND);
    assert_string_equal(taken(scheduler, 0), "");
    assert_int_equal(scheduler_next_ms(scheduler), 600000);
    assert_string_equal(taken(scheduler, 599999), "");
    assert_string_equal(taken(scheduler, 600000), "2 at 2 for 1");
    assert_int_equal(scheduler_next_ms(scheduler), INT64_MAX);
    scheduler_destroy(scheduler);
}

/* As the core puts back what was refused. */
static void refuse_pick(struct scheduler *scheduler, const char *expected)
{
    struct task_entry entry;
    char said[64];
    int64_t stand_in;

    assert_true(scheduler_pick(scheduler, 0, &entry));
    snprintf(said, sizeof(said), "%d at %d", (int)entry.id, (int)entry.provider_id);
    assert_string_equal(said, expected);
    stand_in = entry.provider_id;
    release(scheduler, stand_in, entry.user_id);
    entry.provider_id = entry.home_id;
    entry.home_id = 0;
    scheduler_put(scheduler, &entry, 0);
    scheduler_refuse(scheduler, entry.id, stand_in);
}

static void test_who_refused_is_not_asked_again_and_again(void **state)
{
    struct scheduler *scheduler = three_lanes();

    (void)state;
    wait_at(scheduler, 1, HOME);
    scheduler_stop_lane(scheduler, HOME, "auth");
    refuse_pick(scheduler, "1 at 2");
    refuse_pick(scheduler, "1 at 3");
    assert_string_equal(taken(scheduler, 0), "");
    wait_at(scheduler, 1, HOME); /* it changes its place, or its run is paused and goes on */
    assert_string_equal(taken(scheduler, 0), "");
    scheduler_destroy(scheduler);
}

static void test_its_own_go_first(void **state)
{
    struct scheduler *scheduler = three_lanes();

    (void)state;
    wait_at(scheduler, 1, HOME);
    wait_at(scheduler, 2, FIRST);
    scheduler_stop_lane(scheduler, HOME, "auth");
    assert_string_equal(taken(scheduler, 0), "2 at 2 for 0");
    release(scheduler, FIRST, 1);
    assert_string_equal(taken(scheduler, 0), "1 at 2 for 1");
    scheduler_destroy(scheduler);
}

static void test_a_rejected_key_leaves_its_task_to_the_stand_in(void **state)
{
    const struct provider_failure failure = {
        .class = FAILURE_AUTH, .charged = CHARGED_NO, .retry_after_ms = -1};
    struct failure_case given = {.failure = &failure,
                                 .is_sent = true,
                                 .has_stand_in = true,
                                 .attempt_number = 1,
                                 .tries_max = 3,
                                 .deadline_at_ms = FAR_MS,
                                 .now_ms = 1000};
    struct random_seeded seed;
    const struct random random = random_of_seed(&seed, 1);
    struct decision is = decide_failure(&given, &random);

    (void)state;
    assert_int_equal(is.event, TASK_RETRY);
    assert_int_equal(is.run_at_ms, 1000);
    assert_false(is.counts_try);
    assert_true(is.stops_lane);
    assert_int_equal(is.call_state, CALL_FAILED);
    given.is_resend = true; /* a call that is open belongs to its account */
    is = decide_failure(&given, &random);
    assert_int_equal(is.event, TASK_HOLD);
}

/* ---- What may leave its account ---- */

static struct stand_in answer;
static bool is_afforded;

static bool test_stand_in(void *context, struct db *db, const struct stand_in_ask *ask,
                          struct arena *arena, struct stand_in *out, struct error *err)
{
    (void)context, (void)db, (void)arena, (void)err;
    assert_int_equal(ask->provider_id, ELSEWHERE);
    assert_true(ask->user_id > 0 && ask->operation.size > 0 && ask->parameters.size > 0);
    *out = answer;
    return true;
}

static bool test_move_reserve(void *context, struct db *db, int64_t user_id, int64_t task_id,
                              int64_t provider_id, const struct stand_in *to, int64_t now_ms,
                              bool *is_moved, struct error *err)
{
    (void)context, (void)db, (void)err;
    assert_true(user_id > 0 && task_id > 0 && now_ms > 0);
    assert_int_equal(provider_id, ELSEWHERE);
    assert_int_equal(to->estimate_micro, answer.estimate_micro);
    *is_moved = is_afforded;
    return true;
}

static struct command claim_elsewhere(struct place *place, int64_t task_id)
{
    struct command command = {.type = COMMAND_CLAIM};

    place->hooks.stand_in = test_stand_in;
    place->hooks.move_reserve = test_move_reserve;
    command.claim = (struct command_claim){.task_id = task_id,
                                           .fence = fence_of(place, task_id),
                                           .owner = STR("owner-1"),
                                           .stand_in_id = ELSEWHERE,
                                           .reason = STR("auth")};
    must_apply(place, &command);
    return command;
}

static int make(void **state)
{
    answer = (struct stand_in){
        .can = true, .model = STR("model-1"), .estimate_micro = 70000, .currency = STR("USD")};
    is_afforded = true;
    return set_up_place(state);
}

static void expect_at_home(struct place *place, int64_t task, const struct command *claim)
{
    assert_false(claim->claim.is_claimed);
    assert_int_not_equal(ask(place, "SELECT provider_id AS n FROM task WHERE id = $1", task),
                         ELSEWHERE);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM task_move WHERE task_id = $1", task), 0);
    expect_sound(place, "at home");
}

static void test_a_claim_by_a_stand_in_takes_the_task_and_its_price(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t home = ask(place, "SELECT provider_id AS n FROM task WHERE id = $1", task);
    const int64_t before = ask(place, "SELECT estimate_micro AS n FROM run WHERE id = $1", 1);
    const struct command claim = claim_elsewhere(place, task);
    const struct attempt *attempt = claim.claim.attempt;

    assert_true(claim.claim.is_claimed);
    assert_int_equal(attempt->provider.id, ELSEWHERE);
    assert_int_equal(claim.claim.estimate_micro, 70000);
    expect_state(place, task, "running", "claimed");
    assert_int_equal(ask(place, "SELECT estimate_micro AS n FROM run WHERE id = $1", 1),
                     before - TEST_PRICE + 70000);
    assert_int_equal(ask(place,
                         "SELECT from_provider_id AS n FROM task_move WHERE task_id = $1"
                         " AND to_provider_id = 9 AND reason = 'auth' AND at_ms > 0",
                         task),
                     home);
    expect_sound(place, "elsewhere");
}

static void test_who_cannot_or_may_not_pay_leaves_it_where_it_waits(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    struct command claim;

    answer.can = false;
    claim = claim_elsewhere(place, task);
    assert_true(claim.claim.is_refused);
    expect_at_home(place, task, &claim);
    answer.can = true;
    answer.currency = STR("CNY"); /* sums are of one currency */
    claim = claim_elsewhere(place, task);
    assert_true(claim.claim.is_refused);
    answer.currency = STR("USD");
    answer.model = STR("another"); /* its slot is of the model that was asked for */
    claim = claim_elsewhere(place, task);
    assert_true(claim.claim.is_refused);
    answer.model = STR("model-1");
    is_afforded = false;
    claim = claim_elsewhere(place, task);
    assert_true(claim.claim.is_refused);
    expect_at_home(place, task, &claim);
    expect_state(place, task, "ready", "waits on");
    must_claim(place, task); /* by its own account */
}

static void test_what_was_perhaps_paid_for_never_leaves(void **state)
{
    static const struct {
        enum call_state call;
        int64_t cost_micro;
        bool may_leave;
    } rows[] = {
        {CALL_FAILED,  0,  true },
        {CALL_FAILED,  -1, false},
        {CALL_FAILED,  5,  false},
        {CALL_SENT,    -1, false},
        {CALL_UNKNOWN, -1, false},
    };

    for (size_t row = 0; row < COUNT(rows); row++) {
        struct place *place = *state;
        const int64_t task = submit_task(place);
        const int64_t fence = must_claim(place, task);
        const int64_t call = must_intend(
            place, task, fence, arena_cstr(place->arena, arena_printf(place->arena, "k%zu", row)));
        struct command end =
            end_of(task, fence, TASK_RETRY, call, rows[row].call, rows[row].cost_micro);

        end.end.may_repeat = rows[row].call == CALL_UNKNOWN;
        end_task(place, end);
        expect_state(place, task, "ready", "tried again");
        assert_int_equal(claim_elsewhere(place, task).claim.is_claimed, rows[row].may_leave);
        expect_sound(place, "after a call");
    }
}

static void test_it_never_goes_back_where_it_came_from(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = claim_elsewhere(place, task).claim.attempt->fence;
    struct command claim = {.type = COMMAND_CLAIM};

    end_task(place, end_of(task, fence, TASK_GIVE_BACK, 0, 0, 0));
    assert_true(execute(place, "UPDATE task_move SET from_provider_id = 9, to_provider_id = 2"));
    claim = claim_elsewhere(place, task);
    assert_true(claim.claim.is_refused);
}

static void test_cancelled_and_gone_ones_are_not_there_to_take(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);

    struct command claim;

    assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
    claim = claim_elsewhere(place, task);
    assert_false(claim.claim.is_claimed);
    assert_false(claim.claim.is_refused); /* else it would wait for ever, in memory alone */
    expect_state(place, task, "cancelled", "as it was");
    claim.claim.task_id = task + 99;
    must_apply(place, &claim);
    assert_false(claim.claim.is_claimed);
    assert_false(claim.claim.is_refused);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make, tear_down_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_stands_in_for_a_lane_that_is_well),
        cmocka_unit_test(test_a_deleted_account_stands_in_for_nobody),
        cmocka_unit_test(test_an_account_paused_by_its_owner_keeps_what_waits),
        cmocka_unit_test(test_a_model_paused_by_its_owner_keeps_what_waits),
        cmocka_unit_test(test_a_stand_in_whose_model_is_paused_is_passed_over),
        cmocka_unit_test(test_the_first_in_order_takes_while_it_is_of_use),
        cmocka_unit_test(test_what_is_refused_goes_to_the_next_until_somebody_looked),
        cmocka_unit_test(test_who_refused_is_not_asked_again_and_again),
        cmocka_unit_test(test_its_own_go_first),
        cmocka_unit_test(test_a_rejected_key_leaves_its_task_to_the_stand_in),
        WITH_PLACE(test_a_claim_by_a_stand_in_takes_the_task_and_its_price),
        WITH_PLACE(test_who_cannot_or_may_not_pay_leaves_it_where_it_waits),
        WITH_PLACE(test_what_was_perhaps_paid_for_never_leaves),
        WITH_PLACE(test_it_never_goes_back_where_it_came_from),
        WITH_PLACE(test_cancelled_and_gone_ones_are_not_there_to_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
