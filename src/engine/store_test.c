/* The way of a task through the store: claim, calls, ends. */
#include "engine/test_private.h"

/* ---- Claim ---- */

static void test_a_claim_gives_a_new_fence_and_an_attempt(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const struct command claim = claim_task(place, task, 0);
    const struct attempt *attempt = claim.claim.attempt;

    assert_true(claim.claim.is_claimed);
    assert_int_equal(attempt->task_id, task);
    assert_int_equal(attempt->fence, 1);
    assert_int_equal(attempt->number, 1);
    assert_int_equal(attempt->user_id, TEST_USER);
    assert_int_equal(attempt->provider.id, TEST_PROVIDER);
    check_text(attempt->node_key, "a", "node");
    check_text(attempt->model, "model-1", "model");
    assert_int_equal(claim.claim.tries_max, TEST_TRIES);
    assert_int_equal(claim.claim.estimate_micro, TEST_PRICE);
    assert_false(claim.claim.has_prior);
    expect_state(place, task, "running", "claimed");
    expect_sound(place, "claimed");
}

static void test_only_what_is_ready_under_that_fence_is_claimed(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);

    assert_false(claim_task(place, task, 1).claim.is_claimed);
    assert_false(claim_task(place, task + 99, 0).claim.is_claimed);
    must_claim(place, task);
    assert_false(claim_task(place, task, 0).claim.is_claimed);
    assert_false(claim_task(place, task, 1).claim.is_claimed); /* running already */
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM attempt", 0), 1);
}

static void test_a_claim_brings_what_came_before_it(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 3, "ac bc");
    struct command claim;

    finish_task(place, first);
    finish_task(place, first + 1);
    claim = claim_task(place, first + 2, 0);
    assert_int_equal(claim.claim.attempt->upstream_count, 2);
    check_text(claim.claim.attempt->upstream[1].from_key, "b", "in order");
    check_text(claim.claim.attempt->upstream[1].to_port, "in", "by port");
    check_text(claim.claim.attempt->upstream[1].output, "{\"made\":1}", "with output");
}

/* 200 edges into one task may bring anything; its memory is a bounded arena. */
static void test_what_came_before_has_a_bound_in_all(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 4, "ad bd cd");
    struct command claim;
    size_t used;

    for (int64_t task = first; task < first + 3; task++)
        finish_task(place, task);
    assert_true(execute(place, "UPDATE task SET output = printf('%.25000000c', 'x')"
                               " WHERE state = 'done'"));
    used = arena_used(place->arena);
    claim = claim_task(place, first + 3, fence_of(place, first + 3));
    assert_true(claim.claim.is_claimed);
    assert_int_equal(claim.claim.attempt->upstream_count, 3);
    assert_int_equal(claim.claim.attempt->upstream[1].output.size, 25000000);
    assert_int_equal(claim.claim.attempt->upstream[2].output.size, 0);
    check_text(claim.claim.attempt->upstream[2].from_key, "c", "still known to be there");
    check(arena_used(place->arena) - used < MIB(64) + MIB(1), "bounded");
}

static void test_a_provider_that_is_gone_leaves_its_kind_open(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    struct command claim;

    place->is_provider_gone = true;
    claim = claim_task(place, task, 0);
    assert_true(claim.claim.is_claimed);
    assert_int_equal(claim.claim.attempt->provider.id, TEST_PROVIDER);
    assert_null(claim.claim.attempt->provider.kind);
}

/* ---- Calls ---- */

static void test_an_intent_is_refused_once_cancelled_or_fenced_out(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);

    assert_false(intend(place, task, fence - 1, "key-1", 0).intent.is_allowed);
    assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
    expect_state(place, task, "running", "it is asked to stop, no more");
    assert_false(intend(place, task, fence, "key-1", 0).intent.is_allowed);
    assert_false(intend(place, task, fence, "key-1", 0).intent.is_doubtful);
    expect_call(place, task, "none", "nothing was intended");
}

static void test_the_same_key_is_the_same_call(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    int64_t fence = must_claim(place, task);
    const int64_t call = must_intend(place, task, fence, "key-1");
    struct command end = end_of(task, fence, TASK_RETRY, call, CALL_SENT, -1);
    struct command claim;

    end.end.run_at_ms = place->time.wall_ms;
    end_task(place, end);
    place->time.wall_ms += 5000;
    claim = claim_task(place, task, fence);
    assert_true(claim.claim.has_prior);
    assert_int_equal(claim.claim.prior.id, call);
    assert_int_equal(claim.claim.prior.state, CALL_SENT);
    check_text(claim.claim.prior.public_id, "key-1", "the key");
    assert_int_equal(claim.claim.prior.intent_at_ms, TEST_START_MS);
    fence = claim.claim.attempt->fence;
    assert_int_equal(must_intend(place, task, fence, "key-1"), call);
    expect_call(place, task, "intent", "sent again");
    assert_int_equal(ask(place, "SELECT attempt AS n FROM call WHERE id = $1", call), 2);
    /* The window of the key runs from the first time. */
    assert_int_equal(ask(place, "SELECT intent_at_ms AS n FROM call WHERE id = $1", call),
                     TEST_START_MS);
}

static void test_no_second_call_beside_one_that_is_open(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    struct command second;

    must_intend(place, task, fence, "key-1");
    second = intend(place, task, fence, "key-2", 0);
    assert_false(second.intent.is_allowed);
    assert_true(second.intent.is_doubtful);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM call", 0), 1);
}

static void test_a_doubtful_call_is_repeated_only_by_permission_and_once(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    int64_t fence = must_claim(place, task);
    const int64_t call = must_intend(place, task, fence, "key-1");
    struct command end = end_of(task, fence, TASK_HOLD, call, CALL_UNKNOWN, -1);
    struct command claim, intent;

    end.end.hold_reason = "unknown";
    end_task(place, end);
    expect_state(place, task, "held", "a person must answer");
    assert_true(control_task(place, task, TASK_CONTROL_REPEAT));
    claim = claim_task(place, task, fence_of(place, task));
    assert_int_equal(claim.claim.doubtful_call_id, call);
    assert_false(claim.claim.has_prior);
    fence = claim.claim.attempt->fence;

    /* A way round the intent does not use the permission up. */
    end_task(place, end_of(task, fence, TASK_GIVE_BACK, 0, 0, 0));
    expect_sound(place, "given back behind a doubtful call");
    fence = must_claim(place, task);
    end = end_of(task, fence, TASK_RETRY, 0, 0, 0);
    end.end.class = FAILURE_LOCAL;
    end_task(place, end);
    fence = must_claim(place, task);

    intent = intend(place, task, fence, "key-2", call);
    assert_true(intent.intent.is_allowed);
    assert_int_equal(ask(place, "SELECT repeat_of AS n FROM call WHERE public_id = 'key-2'", 0),
                     call);
    end_task(place, end_of(task, fence, TASK_RETRY, intent.intent.call_id, CALL_UNKNOWN, -1));
    fence = must_claim(place, task);
    intent = intend(place, task, fence, "key-3", intent.intent.call_id);
    assert_false(intent.intent.is_allowed);
    assert_true(intent.intent.is_doubtful);
}

static void test_a_mark_of_sending_changes_an_intent_only(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    struct command sent = {.type = COMMAND_SENT};

    sent.sent.call_id = must_intend(place, task, fence, "key-1");
    must_apply(place, &sent);
    expect_call(place, task, "sent", "marked");
    keep_result(place, sent.sent.call_id, "{}");
    must_apply(place, &sent); /* a lazy mark may come late */
    expect_call(place, task, "finished", "kept");
}

static void test_accepted_work_waits_and_is_read_again(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    const int64_t call = must_intend(place, task, fence, "key-1");
    struct command resume = {.type = COMMAND_RESUME};

    assert_true(accept_call(place, task, fence, call).accept.is_applied);
    expect_state(place, task, "waiting", "accepted");
    expect_call(place, task, "accepted", "accepted");
    resume.claim = (struct command_claim){.task_id = task, .fence = fence};
    must_apply(place, &resume);
    assert_true(resume.claim.is_claimed);
    assert_int_equal(resume.claim.attempt->number, 1); /* the attempt goes on */
    check_text(resume.claim.prior.remote_id, "remote-1", "what to ask for");
    expect_sound(place, "waiting");
    resume.claim.fence = fence + 1;
    must_apply(place, &resume);
    assert_false(resume.claim.is_claimed);
}

/* ---- Ends ---- */

static void test_a_finish_settles_records_and_closes_the_run(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    const int64_t call = must_intend(place, task, fence, "key-1");
    int64_t cost = 0;
    struct command end;

    keep_result(place, call, "{\"kept\":1}");
    end = end_of(task, fence, TASK_FINISH, call, CALL_FINISHED, -1);
    end.end.output = STR("{\"made\":1}");
    end = end_task(place, end);
    assert_true(end.end.is_applied);
    assert_int_equal(end.end.became, TASK_DONE);
    assert_int_equal(hooks_of(place, "reserve", task, &cost), 1);
    assert_int_equal(cost, TEST_PRICE);
    assert_int_equal(hooks_of(place, "record", task, &cost), 1);
    assert_int_equal(cost, TEST_PRICE);
    for (size_t index = 0; index < place->hooked_count; index++)
        if (strcmp(place->hooked[index].hook, "record") == 0)
            assert_true(place->hooked[index].has_product);
    assert_int_equal(hooks_of(place, "settle", task, &cost), 1);
    assert_int_equal(cost, TEST_PRICE);
    check_text(ask_text(place, "SELECT state AS n FROM run", 0), "done", "the run");
    check_text(ask_text(place, "SELECT product AS n FROM run", 0), TEST_PRODUCT, "its product");
    assert_int_equal(ask(place, "SELECT cost_micro AS n FROM run", 0), TEST_PRICE);
    check_text(ask_text(place, "SELECT output AS n FROM task", 0), "{\"made\":1}", "output");
    expect_sound(place, "done");
    assert_false(end_task(place, end).end.is_applied); /* a second time it finds it done */
    assert_int_equal(hooks_of(place, "record", task, NULL), 1);
}

static void test_what_the_nouns_refuse_is_not_done(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    struct command end = end_of(task, must_claim(place, task), TASK_FINISH, 0, 0, 0);

    place->refused = ERROR_INVALID;
    assert_false(apply(place, &end));
    assert_int_equal(place->err.code, ERROR_INVALID);
    expect_state(place, task, "running", "all or nothing");
    expect_sound(place, "rolled back");
}

static void test_doubtful_money_stays_reserved(void **state)
{
    static const struct {
        enum call_state call_state;
        int64_t cost, settled;
        const char *because;
    } cases[] = {
        {CALL_FAILED,    0,              0,              "known to be free"          },
        {CALL_FAILED,    TEST_PRICE / 2, TEST_PRICE / 2, "known to cost"             },
        {CALL_FAILED,    -1,             -1,             "failed, perhaps charged"   },
        {CALL_UNKNOWN,   -1,             -1,             "nobody knows"              },
        {CALL_ABANDONED, -1,             -1,             "given up"                  },
        {CALL_SENT,      -1,             -1,             "open: abandoned at the end"},
    };
    struct place *place = *state;

    for (size_t row = 0; row < COUNT(cases); row++) {
        const int64_t task = submit_task(place);
        const int64_t fence = must_claim(place, task);
        char key[16];
        int64_t call, settled = 77;
        struct command end;

        snprintf(key, sizeof(key), "key-%zu", row);
        call = must_intend(place, task, fence, key);
        end = end_of(task, fence, TASK_FAIL, call, cases[row].call_state, cases[row].cost);
        end.end.class = FAILURE_SERVER;
        end_task(place, end);
        check(hooks_of(place, "settle", task, &settled) == 1, cases[row].because);
        check(settled == cases[row].settled, cases[row].because);
        expect_call(place, task,
                    cases[row].call_state == CALL_SENT ? "abandoned"
                                                       : call_state_name(cases[row].call_state),
                    cases[row].because);
        expect_sound(place, cases[row].because);
    }
}

static void test_a_retry_counts_its_try_and_waits(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    struct command end = end_of(task, fence, TASK_RETRY, 0, 0, 0);

    end.end.class = FAILURE_SERVER;
    end.end.message = STR("busy");
    end.end.run_at_ms = place->time.wall_ms + 4000;
    end.end.counts_try = true;
    end = end_task(place, end);
    assert_int_equal(end.end.became, TASK_READY);
    assert_int_equal(ask(place, "SELECT tries AS n FROM task WHERE id = $1", task), 1);
    assert_int_equal(ask(place, "SELECT run_at_ms AS n FROM task WHERE id = $1", task),
                     TEST_START_MS + 4000);
    check_text(ask_text(place, "SELECT error_class AS n FROM task", 0), "server", "class");
    assert_int_equal(hooks_of(place, "settle", task, NULL), 0); /* still reserved */
    assert_int_equal(fence_of(place, task), fence);
    expect_sound(place, "to be tried again");
}

static void test_what_was_cancelled_meanwhile_does_not_start_again(void **state)
{
    static const enum task_event events[] = {TASK_RETRY, TASK_GIVE_BACK, TASK_HOLD};
    struct place *place = *state;

    for (size_t row = 0; row < COUNT(events); row++) {
        const int64_t task = submit_graph(place, 2, "ab");
        struct command end = end_of(task, must_claim(place, task), events[row], 0, 0, 0);

        end.end.hold_reason = events[row] == TASK_HOLD ? "quota" : NULL;
        end.end.class = FAILURE_SERVER;
        assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
        end = end_task(place, end);
        assert_true(end.end.is_applied);
        assert_int_equal(end.end.became, TASK_CANCELLED);
        expect_state(place, task, "cancelled", "the person won");
        expect_state(place, task + 1, "cancelled", "with what hung on it");
        expect_sound(place, "cancelled");
    }
}

static void test_a_finish_wins_over_a_cancel_that_was_only_asked(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    struct command end = end_of(task, must_claim(place, task), TASK_FINISH, 0, 0, 0);

    assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
    end = end_task(place, end);
    assert_int_equal(end.end.became, TASK_DONE);
    assert_int_equal(hooks_of(place, "record", task, NULL), 1);
    expect_sound(place, "done all the same");
}

static void test_a_kept_result_outlives_a_cancel(void **state)
{
    /* A dead owner may have kept it, late, while the provider tells the new one "cancelled". */
    static const struct {
        const char *key;
        enum task_event event;
        bool is_waiting;
    } cases[] = {
        {"key-1", TASK_RETRY,  false},
        {"key-2", TASK_CANCEL, false},
        {"key-3", TASK_CANCEL, true },
    };
    struct place *place = *state;

    for (size_t row = 0; row < COUNT(cases); row++) {
        const int64_t task = submit_task(place);
        const int64_t fence = must_claim(place, task);
        const int64_t call = must_intend(place, task, fence, cases[row].key);
        struct command end = end_of(task, fence, cases[row].event, call, CALL_FAILED, 0);
        struct command claim;

        if (cases[row].is_waiting)
            accept_call(place, task, fence, call);
        keep_result(place, call, "{\"kept\":1}");
        assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
        end.end.class = FAILURE_LOCAL;
        assert_int_equal(end_task(place, end).end.became, TASK_READY);
        expect_call(place, task, "finished", "a failure after it is about the result");
        expect_sound(place, "ready with its result, although cancelled");
        claim = claim_task(place, task, fence);
        assert_true(claim.claim.is_claimed);
        assert_true(claim.claim.has_prior);
        check_text(claim.claim.prior.result, "{\"kept\":1}", "adopted");
    }
}

static void test_a_result_for_a_cancelled_task_is_late_but_kept(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    const int64_t call = must_intend(place, task, fence, "key-1");
    struct command end = end_of(task, fence, TASK_CANCEL, call, CALL_ABANDONED, -1);
    const struct hooked *last;
    int64_t cost = 0;

    end_task(place, end);
    assert_int_equal(hooks_of(place, "settle", task, &cost), 1);
    assert_int_equal(cost, -1);
    keep_result(place, call, "{\"kept\":1}");
    assert_int_equal(hooks_of(place, "settle", task, &cost), 2);
    assert_int_equal(cost, TEST_PRICE); /* known from now on, whatever comes of the result */
    end = end_of(task, fence, TASK_FINISH, call, CALL_FINISHED, -1);
    assert_false(end_task(place, end).end.is_applied);
    expect_state(place, task, "cancelled", "as the person was told");
    assert_int_equal(hooks_of(place, "record", task, &cost), 1);
    last = &place->hooked[place->hooked_count - 2];
    assert_string_equal(last->hook, "record");
    assert_true(last->is_late);
    assert_int_equal(hooks_of(place, "settle", task, &cost), 3);
    assert_int_equal(cost, TEST_PRICE);
    assert_int_equal(ask(place, "SELECT cost_micro AS n FROM run", 0), TEST_PRICE);
    expect_sound(place, "late");
}

static void test_what_had_no_estimate_costs_in_the_currency_it_was_paid_in(void **state)
{
    struct place *place = *state;
    const struct run_node node = {.key = STR("a"),
                                  .operation = STR("test.paid"),
                                  .provider_id = TEST_PROVIDER,
                                  .parameters = STR("{}"),
                                  .inputs = STR("{}"),
                                  .estimate_micro = -1};
    const struct run_spec spec = {.user_id = TEST_USER, .nodes = &node, .node_count = 1};
    struct command submit = submit_of(place, &spec);
    int64_t fence, call;

    must_apply(place, &submit);
    fence = must_claim(place, 1);
    call = must_intend(place, 1, fence, "key-1");
    keep_result(place, call, "{}");
    end_task(place, end_of(1, fence, TASK_FINISH, call, CALL_FINISHED, -1));
    assert_int_equal(ask(place, "SELECT cost_micro AS n FROM run", 0), TEST_PRICE);
    check_text(ask_text(place, "SELECT currency AS n FROM run", 0), "USD", "of the run");
    check_text(ask_text(place, "SELECT currency AS n FROM task", 0), "USD", "of the task");
    expect_sound(place, "paid without an estimate");
}

/* ---- Edges and branches ---- */

static void test_a_task_is_ready_when_the_last_before_it_is_done(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 4, "ac bc cd");
    struct command end;

    assert_int_equal(finish_task(place, first).end.ready_count, 0);
    expect_state(place, first + 2, "blocked", "one is missing");
    expect_sound(place, "half way");
    end = finish_task(place, first + 1);
    assert_int_equal(end.end.ready_count, 1);
    assert_int_equal(end.end.ready[0].id, first + 2);
    assert_int_equal(end.end.ready[0].state, TASK_READY);
    expect_state(place, first + 3, "blocked", "behind it");
    assert_false(end_task(place, end).end.is_applied); /* a replay turns no edge twice */
    assert_int_equal(ask(place, "SELECT deps_left AS n FROM task WHERE id = $1", first + 2), 0);
    finish_task(place, first + 2);
    finish_task(place, first + 3);
    check_text(ask_text(place, "SELECT state AS n FROM run", 0), "done", "the run");
    expect_sound(place, "done");
}

static void test_a_failure_ends_its_branch_and_no_other(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 6, "ac cd bd be");
    const struct command end = fail_task(place, first);

    assert_int_equal(end.end.ended_count, 2); /* c and d */
    expect_state(place, first + 2, "cancelled", "behind the failure");
    expect_state(place, first + 3, "cancelled", "behind the failure, by two edges");
    expect_state(place, first + 1, "ready", "another branch");
    expect_state(place, first + 4, "blocked", "another branch");
    expect_sound(place, "one branch down");
    finish_task(place, first + 1);
    expect_state(place, first + 3, "cancelled", "its other way was freed in vain");
    expect_sound(place, "an edge into a cancelled task counts too");
    finish_task(place, first + 4);
    finish_task(place, first + 5);
    check_text(ask_text(place, "SELECT state AS n FROM run", 0), "failed", "the run");
    assert_int_equal(hooks_of(place, "settle", first + 3, NULL), 1); /* its money is released */
    expect_sound(place, "failed");
}

/* ---- Load and events ---- */

static void test_a_load_brings_what_lives_and_its_latest_call(void **state)
{
    struct place *place = *state;
    const int64_t ready = submit_task(place), running = submit_graph(place, 2, "ab");
    const int64_t done = submit_task(place);
    struct command load = {.type = COMMAND_LOAD};

    finish_task(place, done);
    must_intend(place, running, must_claim(place, running), "key-1");
    must_apply(place, &load);
    assert_int_equal(load.load.count, 2);
    assert_int_equal(load.load.tasks[0].entry.id, ready);
    assert_false(load.load.tasks[0].has_call);
    assert_int_equal(load.load.tasks[1].entry.id, running);
    check_text(load.load.tasks[1].owner, "owner-1", "who ran it");
    assert_true(load.load.tasks[1].has_call);
    assert_int_equal(load.load.tasks[1].call.state, CALL_INTENT);
    assert_false(load.load.is_paused);
}

static void test_each_change_is_one_event_more_and_none_is_missing(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_graph(place, 2, "ab");
    struct event_row *events;
    struct db *db;
    size_t count;

    finish_task(place, task);
    fail_task(place, task + 1);
    assert_true(db_borrow(place->pool, &db, &place->err));
    assert_true(event_list(db, TEST_USER, 0, 100, place->arena, &events, &count, &place->err));
    db_give_back(db);
    for (size_t index = 0; index < count; index++)
        assert_int_equal(events[index].seq, (int64_t)index + 1);
    check_text(events[0].kind, "run.created", "first");
    check_text(events[count - 1].kind, "run.changed", "last");
    assert_non_null(strstr(arena_cstr(place->arena, events[count - 1].body), "\"failed\""));
    expect_sound(place, "gapless");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_a_claim_gives_a_new_fence_and_an_attempt),
        PLACE_TEST(test_only_what_is_ready_under_that_fence_is_claimed),
        PLACE_TEST(test_a_claim_brings_what_came_before_it),
        PLACE_TEST(test_what_came_before_has_a_bound_in_all),
        PLACE_TEST(test_a_provider_that_is_gone_leaves_its_kind_open),
        PLACE_TEST(test_an_intent_is_refused_once_cancelled_or_fenced_out),
        PLACE_TEST(test_the_same_key_is_the_same_call),
        PLACE_TEST(test_no_second_call_beside_one_that_is_open),
        PLACE_TEST(test_a_doubtful_call_is_repeated_only_by_permission_and_once),
        PLACE_TEST(test_a_mark_of_sending_changes_an_intent_only),
        PLACE_TEST(test_accepted_work_waits_and_is_read_again),
        PLACE_TEST(test_a_finish_settles_records_and_closes_the_run),
        PLACE_TEST(test_what_the_nouns_refuse_is_not_done),
        PLACE_TEST(test_doubtful_money_stays_reserved),
        PLACE_TEST(test_a_retry_counts_its_try_and_waits),
        PLACE_TEST(test_what_was_cancelled_meanwhile_does_not_start_again),
        PLACE_TEST(test_a_finish_wins_over_a_cancel_that_was_only_asked),
        PLACE_TEST(test_a_kept_result_outlives_a_cancel),
        PLACE_TEST(test_a_result_for_a_cancelled_task_is_late_but_kept),
        PLACE_TEST(test_what_had_no_estimate_costs_in_the_currency_it_was_paid_in),
        PLACE_TEST(test_a_task_is_ready_when_the_last_before_it_is_done),
        PLACE_TEST(test_a_failure_ends_its_branch_and_no_other),
        PLACE_TEST(test_a_load_brings_what_lives_and_its_latest_call),
        PLACE_TEST(test_each_change_is_one_event_more_and_none_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
