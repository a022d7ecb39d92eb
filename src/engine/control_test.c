/* What people do through the store: submit, cancel, pause, retry, answer, order. */
#include "engine/test_private.h"

#include <pthread.h>

/* ---- Submit ---- */

static const struct run_node *one_node(void)
{
    static struct run_node node;

    node = test_node("a");
    return &node;
}

static struct run_spec spec_with_key(const char *key, const char *body)
{
    return (struct run_spec){.user_id = TEST_USER,
                             .title = STR("test"),
                             .priority = PRIORITY_NORMAL,
                             .nodes = one_node(),
                             .node_count = 1,
                             .idem_key = str_of(key),
                             .request_hash = sha256_of(str_of(body)),
                             .currency = STR("USD")};
}

static void test_a_submit_writes_run_tasks_edges_money_and_one_event(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 3, "ab bc");

    expect_state(place, first, "ready", "nothing before it");
    expect_state(place, first + 1, "blocked", "one before it");
    assert_int_equal(ask(place, "SELECT left_count AS n FROM run", 0), 3);
    assert_int_equal(ask(place, "SELECT estimate_micro AS n FROM run", 0), 3 * TEST_PRICE);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM edge", 0), 2);
    for (int64_t task = first; task < first + 3; task++)
        assert_int_equal(hooks_of(place, "reserve", task, NULL), 1);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM event WHERE kind = 'run.created'", 0),
                     1);
    assert_int_equal(ask(place, "SELECT seq AS n FROM event_head WHERE user_id = 7", 0), 1);
    expect_sound(place, "submitted");
}

static void test_a_key_makes_one_run_of_one_request(void **state)
{
    struct place *place = *state;
    struct run_spec spec = spec_with_key("key", "body");
    struct command first = submit_of(place, &spec), again = submit_of(place, &spec);
    struct run_spec other_body = spec_with_key("key", "another body");
    struct command other = submit_of(place, &other_body);

    must_apply(place, &first);
    assert_false(first.submit.created.is_repeat);
    must_apply(place, &again);
    assert_true(again.submit.created.is_repeat);
    check_text(id_str(&again.submit.created.run_id), first.submit.created.run_id.text,
               "the same run");
    assert_int_equal(again.submit.ready_count, 0);
    assert_false(apply(place, &other));
    assert_int_equal(place->err.code, ERROR_KEY_REUSED);
    spec.user_id = TEST_USER + 1; /* keys are each user's own */
    other = submit_of(place, &spec);
    must_apply(place, &other);
    assert_false(other.submit.created.is_repeat);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM run", 0), 2);
    expect_sound(place, "two runs");
}

struct twin {
    struct place *place;
    struct command command;
    pthread_t thread;
    bool ok;
};

static void *submit_twin(void *context)
{
    struct twin *twin = context;
    struct test_work work = {.place = twin->place, .command = &twin->command};
    struct error err = {0};

    twin->ok = db_transact(twin->place->pool, "test", test_apply_work, &work, &err);
    return NULL;
}

static void test_concurrent_twins_make_one_run(void **state)
{
    enum { TWINS = 8 };
    struct place *place = *state;
    struct run_spec spec = spec_with_key("key", "body");
    struct twin twins[TWINS];
    size_t firsts = 0;

    for (size_t index = 0; index < TWINS; index++) {
        twins[index] = (struct twin){.place = place, .command = submit_of(place, &spec)};
        twins[index].command.arena = arena_create(MIB(1));
        twins[index].command.now_ms = place->time.wall_ms;
    }
    for (size_t index = 0; index < TWINS; index++)
        assert_int_equal(pthread_create(&twins[index].thread, NULL, submit_twin, &twins[index]), 0);
    for (size_t index = 0; index < TWINS; index++) {
        pthread_join(twins[index].thread, NULL);
        assert_true(twins[index].ok);
        firsts += !twins[index].command.submit.created.is_repeat;
        check_text(id_str(&twins[index].command.submit.created.run_id),
                   twins[0].command.submit.created.run_id.text, "the same run for all");
        arena_destroy(twins[index].command.arena);
    }
    assert_int_equal(firsts, 1);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM task", 0), 1);
}

static void test_the_queue_is_full_for_one_user_and_for_all(void **state)
{
    struct place *place = *state;
    struct run_spec spec = spec_with_key("", "body");
    struct command command;

    for (int runs = 0; runs < 3; runs++) {
        command = submit_of(place, &spec);
        command.submit.queue_user_max = 3;
        must_apply(place, &command);
    }
    command = submit_of(place, &spec);
    command.submit.queue_user_max = 3;
    assert_false(apply(place, &command));
    assert_int_equal(place->err.code, ERROR_QUEUE_FULL);
    assert_int_equal(place->err.limit, 3);
    assert_true(place->err.retry_after_ms > 0);
    spec.user_id = TEST_USER + 1; /* somebody else still may */
    command = submit_of(place, &spec);
    command.submit.queue_user_max = 3;
    command.submit.queue_max = 4;
    must_apply(place, &command);
    command = submit_of(place, &spec);
    command.submit.queue_max = 4;
    assert_false(apply(place, &command));
    assert_int_equal(place->err.code, ERROR_UNAVAILABLE);
    assert_true(place->err.retry_after_ms > 0);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM run", 0), 4);
    /* What runs does not wait any more. */
    must_claim(place, 1);
    command = submit_of(place, &spec);
    command.submit.queue_max = 4;
    must_apply(place, &command);
}

/* ---- Cancel ---- */

static void test_a_cancelled_run_ends_what_waits_and_asks_what_runs(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 4, "ab ac");

    finish_task(place, first);
    must_claim(place, first + 1);
    assert_true(control_run(place, first, RUN_CANCEL));
    expect_state(place, first + 1, "running", "asked");
    expect_state(place, first + 2, "cancelled", "was ready");
    expect_state(place, first + 3, "cancelled", "was ready");
    expect_sound(place, "half cancelled");
    assert_true(control_run(place, first, RUN_CANCEL)); /* again: nothing new */
    end_task(place, end_of(first + 1, fence_of(place, first + 1), TASK_CANCEL, 0, 0, 0));
    check_text(ask_text(place, "SELECT state AS n FROM run", 0), "done", "one of it was done");
    assert_false(control_run(place, first, RUN_CANCEL));
    assert_int_equal(place->err.code, ERROR_CONFLICT);
    expect_sound(place, "cancelled");
}

static void test_a_cancelled_task_takes_its_branch_along(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 4, "ab bc");

    assert_true(control_task(place, first, TASK_CONTROL_CANCEL));
    expect_state(place, first, "cancelled", "asked for");
    expect_state(place, first + 2, "cancelled", "behind it");
    expect_state(place, first + 3, "ready", "apart");
    assert_false(control_task(place, first, TASK_CONTROL_CANCEL));
    assert_int_equal(place->err.code, ERROR_CONFLICT);
    expect_sound(place, "a branch cancelled");
}

static void test_a_task_between_tries_is_cancelled_with_its_open_call(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    const int64_t fence = must_claim(place, task);
    const int64_t call = must_intend(place, task, fence, "key-1");
    int64_t cost = 0;

    end_task(place, end_of(task, fence, TASK_RETRY, call, CALL_SENT, -1));
    assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
    expect_call(place, task, "abandoned", "nobody sends it again");
    assert_int_equal(hooks_of(place, "settle", task, &cost), 1);
    assert_int_equal(cost, -1); /* it may have been charged */
    expect_sound(place, "cancelled between tries");
}

static void test_nobody_touches_what_is_not_theirs(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    static const enum task_control controls[] = {TASK_CONTROL_CANCEL, TASK_CONTROL_RETRY,
                                                 TASK_CONTROL_REPEAT, TASK_CONTROL_GIVE_UP,
                                                 TASK_CONTROL_MOVE};

    for (size_t row = 0; row < COUNT(controls); row++) {
        struct command command = task_control_of(place, task, controls[row]);

        command.control.user_id = TEST_USER + 1;
        assert_false(apply(place, &command));
        assert_int_equal(place->err.code, ERROR_NOT_FOUND);
    }
    for (enum run_control control = RUN_CANCEL; control <= RUN_PRIORITISE; control++) {
        struct command command = run_control_of(place, task, control);

        command.control.user_id = TEST_USER + 1;
        assert_false(apply(place, &command));
        assert_int_equal(place->err.code, ERROR_NOT_FOUND);
    }
}

/* Each control on a task in each state: done, or refused with the state's name. */
static void test_a_control_that_the_state_forbids_says_so(void **state)
{
    static const struct {
        enum task_control control;
        const char *allowed; /* blocked, ready, running, waiting, held, done, failed, cancelled */
    } rows[] = {
        {TASK_CONTROL_CANCEL,  "yyyyynnn"},
        {TASK_CONTROL_RETRY,   "nnnnnnyy"},
        {TASK_CONTROL_REPEAT,  "nnnnynnn"},
        {TASK_CONTROL_GIVE_UP, "nnnnynnn"},
        {TASK_CONTROL_MOVE,    "yynnnnnn"},
    };
    struct place *place = *state;

    for (size_t row = 0; row < COUNT(rows); row++) {
        for (int at = 0; at < TASK_STATE_COUNT; at++) {
            const int64_t first = submit_graph(place, 2, "ab");
            const int64_t task = at == TASK_BLOCKED ? first + 1 : first;
            struct command end;
            int64_t fence;
            char key[32];

            snprintf(key, sizeof(key), "key-%zu-%d", row, at);
            if (at == TASK_RUNNING) {
                must_claim(place, task);
            } else if (at == TASK_WAITING) {
                fence = must_claim(place, task);
                accept_call(place, task, fence, must_intend(place, task, fence, key));
            } else if (at == TASK_HELD) {
                end = end_of(task, must_claim(place, task), TASK_HOLD, 0, 0, 0);
                end.end.hold_reason = "auth";
                end_task(place, end);
            } else if (at == TASK_DONE) {
                finish_task(place, task);
            } else if (at == TASK_FAILED) {
                fail_task(place, task);
            } else if (at == TASK_CANCELLED) {
                assert_true(control_task(place, task, TASK_CONTROL_CANCEL));
            }
            expect_state(place, task, task_state_name((enum task_state)at), "brought there");
            if (control_task(place, task, rows[row].control)) {
                check(rows[row].allowed[at] == 'y', task_state_name((enum task_state)at));
            } else {
                check(rows[row].allowed[at] == 'n', task_state_name((enum task_state)at));
                assert_int_equal(place->err.code, ERROR_CONFLICT);
                assert_non_null(strstr(place->err.message, task_state_name((enum task_state)at)));
            }
            expect_sound(place, "after a control");
        }
    }
}

/* ---- Pause, priority, order ---- */

static void test_a_paused_run_tells_all_its_live_tasks(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 3, "ab");
    struct command command = run_control_of(place, first, RUN_PAUSE);

    must_apply(place, &command);
    assert_int_equal(command.control.changed_count, 3);
    assert_true(command.control.changed[0].is_run_paused);
    assert_true(finish_task(place, first).end.ready[0].is_run_paused);
    command = run_control_of(place, first, RUN_RESUME);
    must_apply(place, &command);
    assert_int_equal(command.control.changed_count, 2);
    assert_false(command.control.changed[0].is_run_paused);
    assert_true(control_run(place, first, RUN_CANCEL));
    assert_false(control_run(place, first, RUN_PAUSE));
    assert_int_equal(place->err.code, ERROR_CONFLICT);
    expect_sound(place, "paused and resumed");
}

static void test_a_priority_is_for_what_has_not_ended(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 2, "ab");
    struct command command = run_control_of(place, first, RUN_PRIORITISE);

    finish_task(place, first);
    command.control.priority = PRIORITY_FRONT;
    must_apply(place, &command);
    assert_int_equal(command.control.changed_count, 1);
    assert_int_equal(command.control.changed[0].priority, PRIORITY_FRONT);
    /* Whoever looks on is told of the run and of each task that it changed. */
    assert_int_equal(ask(place,
                         "SELECT count(*) AS n FROM event e JOIN task t ON t.id = $1"
                         " WHERE e.kind = 'task.changed'"
                         " AND json_extract(e.body, '$.task.id') = t.public_id"
                         " AND json_extract(e.body, '$.task.priority') = 'front'",
                         first + 1),
                     1);
    assert_int_equal(ask(place,
                         "SELECT count(*) AS n FROM event WHERE kind = 'run.changed'"
                         " AND json_extract(body, '$.run.priority') = 'front'",
                         0),
                     1);
    finish_task(place, first + 1);
    assert_false(apply(place, &command));
    assert_int_equal(place->err.code, ERROR_CONFLICT);
}

static void move(struct place *place, int64_t task, enum task_place where, int64_t before)
{
    struct command command = task_control_of(place, task, TASK_CONTROL_MOVE);

    command.control.place = where;
    if (where == PLACE_BEFORE)
        command.control.before =
            ask_text(place, "SELECT public_id AS n FROM task WHERE id = $1", before);
    must_apply(place, &command);
}

static void expect_order(struct place *place, const char *expected, const char *because)
{
    check_text(ask_text(place,
                        "SELECT group_concat(id, ' ') AS n FROM (SELECT id FROM task"
                        " WHERE state = 'ready' ORDER BY priority, rank, id)",
                        0),
               expected, because);
}

static void test_tasks_move_to_the_front_the_back_and_before_one_another(void **state)
{
    struct place *place = *state;
    struct command low;

    for (int index = 0; index < 4; index++)
        (void)submit_task(place);
    expect_order(place, "1 2 3 4", "as submitted");
    move(place, 3, PLACE_BEFORE, 2);
    expect_order(place, "1 3 2 4", "before another");
    move(place, 4, PLACE_BEFORE, 1);
    expect_order(place, "4 1 3 2", "before the first");
    move(place, 1, PLACE_BACK, 0);
    expect_order(place, "4 3 2 1", "to the back");
    move(place, 2, PLACE_FRONT, 0);
    expect_order(place, "2 4 3 1", "to the front");
    move(place, 1, PLACE_BEFORE, 2);
    expect_order(place, "1 2 4 3", "before one at the front, with its priority");
    move(place, 1, PLACE_BACK, 0);
    expect_order(place, "2 4 3 1", "and back from there");
    (void)submit_task(place);
    expect_order(place, "2 4 3 1 5", "what comes later stands behind");
    low = run_control_of(place, 4, RUN_PRIORITISE);
    low.control.priority = PRIORITY_LOW;
    must_apply(place, &low);
    expect_order(place, "2 3 1 5 4", "of low priority");
    move(place, 4, PLACE_BACK, 0);
    expect_order(place, "2 3 1 5 4", "the back is no promotion");
}

static void test_places_between_two_tasks_never_run_out(void **state)
{
    struct place *place = *state;
    const int64_t last = (submit_task(place), submit_task(place), submit_task(place));
    struct command command;
    bool is_spread = false;

    /* Each of the two others in turn, right before the last: the gap halves each time. */
    for (int turn = 0; turn < 120; turn++) {
        const int64_t task = last - 1 - turn % 2;

        command = task_control_of(place, task, TASK_CONTROL_MOVE);
        command.control.place = PLACE_BEFORE;
        command.control.before =
            ask_text(place, "SELECT public_id AS n FROM task WHERE id = $1", last);
        must_apply(place, &command);
        expect_order(place, task == last - 1 ? "1 2 3" : "2 1 3", "right before the last");
        /* Whose rank was changed is told, all of them, or memory and rows would not agree. */
        is_spread |= command.control.changed_count > 1;
        check(command.control.changed_count == 1 || command.control.changed_count == 3,
              "the moved one, or all");
    }
    check(is_spread, "the numbers had to be spread at least once");
}

/* ---- Retry ---- */

static void test_a_retry_starts_afresh(void **state)
{
    struct place *place = *state;
    const int64_t task = submit_task(place);
    struct command end = end_of(task, must_claim(place, task), TASK_FAIL, 0, 0, 0);
    struct command command;

    end.end.class = FAILURE_SERVER;
    end.end.counts_try = true;
    end_task(place, end);
    place->time.wall_ms += 1000;
    command = task_control_of(place, task, TASK_CONTROL_RETRY);
    must_apply(place, &command);
    assert_int_equal(command.control.changed_count, 1);
    assert_int_equal(command.control.changed[0].state, TASK_READY);
    assert_int_equal(command.control.changed[0].fence, 2); /* whoever still runs is fenced out */
    assert_int_equal(command.control.changed[0].deadline_at_ms,
                     place->time.wall_ms + TEST_DEADLINE_MS);
    assert_int_equal(ask(place, "SELECT tries AS n FROM task", 0), 0);
    assert_int_equal(hooks_of(place, "reserve", task, NULL), 2);
    check_text(ask_text(place, "SELECT state AS n FROM run", 0), "active", "open again");
    expect_sound(place, "again");
    finish_task(place, task);
    check_text(ask_text(place, "SELECT state AS n FROM run", 0), "done", "after all");
    expect_sound(place, "done after all");
}

static void test_a_retried_run_waits_for_what_is_still_missing(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 3, "ac bc");

    fail_task(place, first);
    finish_task(place, first + 1); /* while c was cancelled */
    assert_true(control_run(place, first, RUN_RETRY));
    expect_state(place, first, "ready", "failed");
    expect_state(place, first + 2, "blocked", "behind it");
    expect_sound(place, "retried");
    finish_task(place, first);
    expect_state(place, first + 2, "ready", "nothing is missing");
    finish_task(place, first + 2);
    check_text(ask_text(place, "SELECT state AS n FROM run", 0), "done", "the run");
    assert_false(control_run(place, first, RUN_RETRY));
    assert_int_equal(place->err.code, ERROR_CONFLICT);
    expect_sound(place, "done");
}

static void test_a_retried_task_brings_what_it_needs_and_what_needs_it(void **state)
{
    static const struct {
        const char *edges, *failing;
        char retried;
        const char *states; /* of a to f: b blocked, r ready, d done, f failed, c cancelled */
        const char *because;
    } cases[] = {
        {"ab bc",       "a",  'a', "rbbrrr", "with what hangs on it"                  },
        {"ab bc",       "a",  'c', "rbbrrr", "with what it needs, far in front of it" },
        {"ac bc cd",    "ab", 'a', "rfccrr", "not what another failure still prevents"},
        {"ac bc cd",    "ab", 'c', "rrbbrr", "all that it needs"                      },
        {"ac bd ce de", "ab", 'a', "rfbccr", "its own branch as far as it can go"     },
        {"ac bd ce de", "ab", 'e', "rrbbbr", "both branches"                          },
        {"ab ac",       "a",  'b', "rbbrrr", "its sister was cancelled by the same"   },
    };
    struct place *place = *state;

    for (size_t row = 0; row < COUNT(cases); row++) {
        const int64_t first = submit_graph(place, 6, cases[row].edges);

        for (const char *name = cases[row].failing; *name != '\0'; name++)
            fail_task(place, first + *name - 'a');
        if (!control_task(place, first + cases[row].retried - 'a', TASK_CONTROL_RETRY))
            fail_msg("%s: %s", cases[row].because, place->err.message);
        check_text(ask_text(place,
                            "SELECT group_concat(substr(state, 1, 1), '') AS n FROM (SELECT state"
                            " FROM task WHERE id BETWEEN $1 AND $1 + 5 ORDER BY id)",
                            first),
                   cases[row].states, cases[row].because);
        expect_sound(place, cases[row].because);
    }
}

/* ---- Held tasks ---- */

static int64_t hold(struct place *place, const char *reason)
{
    const int64_t task = submit_graph(place, 2, "ab");
    struct command end = end_of(task, must_claim(place, task), TASK_HOLD, 0, 0, 0);

    end.end.class = FAILURE_AUTH;
    end.end.hold_reason = reason;
    end_task(place, end);
    return task;
}

static void test_a_held_task_is_given_up_or_tried_again(void **state)
{
    struct place *place = *state;
    const int64_t first = hold(place, "unknown"), second = hold(place, "unknown");

    place->time.wall_ms += 2 * TEST_DEADLINE_MS; /* people take their time */
    assert_true(control_task(place, first, TASK_CONTROL_GIVE_UP));
    expect_state(place, first, "failed", "given up");
    expect_state(place, first + 1, "cancelled", "behind it");
    assert_true(control_task(place, second, TASK_CONTROL_REPEAT));
    expect_state(place, second, "ready", "again");
    check(ask(place, "SELECT start_by_ms AS n FROM task WHERE id = $1", second) >
              place->time.wall_ms,
          "it has time to start");
    expect_sound(place, "answered");
}

static void test_a_changed_provider_frees_what_waited_for_it_with_time_to_start(void **state)
{
    struct place *place = *state;
    const int64_t auth = hold(place, "auth"), quota = hold(place, "quota");
    const int64_t unknown = hold(place, "unknown");
    struct command command = {.type = COMMAND_RELEASE_HELD};

    place->time.wall_ms += 2 * TEST_DEADLINE_MS;
    command.control =
        (struct command_control){.provider_id = TEST_PROVIDER, .deadline_ms = TEST_DEADLINE_MS};
    must_apply(place, &command);
    assert_int_equal(command.control.changed_count, 2);
    expect_state(place, auth, "ready", "the key");
    expect_state(place, quota, "ready", "the credit");
    expect_state(place, unknown, "held", "only a person can answer that");
    check(command.control.changed[0].start_by_ms > place->time.wall_ms, "it has time to start");
    command.control.provider_id = TEST_PROVIDER + 1;
    must_apply(place, &command);
    assert_int_equal(command.control.changed_count, 0);
    expect_sound(place, "released");
}

/* Prompts of 128 KB: a thousand held tasks would not stand in the memory of one request. */
static void test_telling_of_many_tasks_takes_no_memory_for_what_is_in_them(void **state)
{
    enum { HELD = 20, ROOM = 256 * 1024 };
    struct place *place = *state;
    struct command command = {.type = COMMAND_RELEASE_HELD};
    int64_t first = 0;
    size_t used;

    for (int index = 0; index < HELD; index++) {
        const int64_t task = hold(place, "auth");

        first = index == 0 ? task : first;
    }
    assert_true(execute(place, "UPDATE task SET parameters = printf('{\"prompt\":\"%.131072c\"}',"
                               " 'x'), inputs = '{}'"));
    used = arena_used(place->arena);
    command.control =
        (struct command_control){.provider_id = TEST_PROVIDER, .deadline_ms = TEST_DEADLINE_MS};
    must_apply(place, &command);
    assert_int_equal(command.control.changed_count, HELD);
    check(arena_used(place->arena) - used < ROOM, "released");

    fail_task(place, first);
    used = arena_used(place->arena);
    assert_true(control_run(place, first, RUN_RETRY));
    check(arena_used(place->arena) - used < ROOM, "retried");
    expect_sound(place, "told");
}

static void test_the_pause_of_all_is_kept(void **state)
{
    struct place *place = *state;
    struct command pause = {.type = COMMAND_PAUSE_ALL}, load = {.type = COMMAND_LOAD};

    pause.control = (struct command_control){.is_paused = true, .reason = STR("moving house")};
    must_apply(place, &pause);
    must_apply(place, &pause);
    must_apply(place, &load);
    assert_true(load.load.is_paused);
    check_text(load.load.pause_reason, "moving house", "why");
    pause.control.is_paused = false;
    must_apply(place, &pause);
    must_apply(place, &load);
    assert_false(load.load.is_paused);
}

/* A list of three values or more in a CHECK or an index makes SQLite build a table for each write
 * of a row: it was a third of what a job costs. */
static void test_writing_a_row_builds_no_table_of_its_own(void **state)
{
    static const char *const writes[] = {
        "EXPLAIN INSERT INTO run (state) VALUES ('active')",
        "EXPLAIN INSERT INTO task (state) VALUES ('ready')",
        "EXPLAIN INSERT INTO call (state) VALUES ('intent')",
        "EXPLAIN UPDATE run SET state = 'done' WHERE id = 1 AND state = 'active'",
        "EXPLAIN UPDATE task SET state = 'running' WHERE id = 1 AND state = 'ready'",
        "EXPLAIN UPDATE call SET state = 'sent' WHERE id = 1 AND state = 'intent'",
        "EXPLAIN UPDATE usage SET state = 'doubtful' WHERE task_id = 1",
    };
    struct place *place = *state;

    for (size_t index = 0; index < COUNT(writes); index++) {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;
        CLEANUP(rows_finish) struct rows rows = {0};
        int64_t steps = 0;

        assert_true(db_borrow(place->pool, &db, &place->err));
        assert_true(db_query(db, test_sql(writes[index]), NULL, 0, &rows, &place->err));
        for (; rows_next(&rows); steps++)
            if (str_equal(rows_str(&rows, "opcode", place->arena), STR("OpenEphemeral")))
                fail_msg("%s", writes[index]);
        assert_true(steps > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_a_submit_writes_run_tasks_edges_money_and_one_event),
        PLACE_TEST(test_a_key_makes_one_run_of_one_request),
        PLACE_TEST(test_concurrent_twins_make_one_run),
        PLACE_TEST(test_the_queue_is_full_for_one_user_and_for_all),
        PLACE_TEST(test_a_cancelled_run_ends_what_waits_and_asks_what_runs),
        PLACE_TEST(test_a_cancelled_task_takes_its_branch_along),
        PLACE_TEST(test_a_task_between_tries_is_cancelled_with_its_open_call),
        PLACE_TEST(test_nobody_touches_what_is_not_theirs),
        PLACE_TEST(test_a_control_that_the_state_forbids_says_so),
        PLACE_TEST(test_a_paused_run_tells_all_its_live_tasks),
        PLACE_TEST(test_a_priority_is_for_what_has_not_ended),
        PLACE_TEST(test_tasks_move_to_the_front_the_back_and_before_one_another),
        PLACE_TEST(test_places_between_two_tasks_never_run_out),
        PLACE_TEST(test_a_retry_starts_afresh),
        PLACE_TEST(test_a_retried_run_waits_for_what_is_still_missing),
        PLACE_TEST(test_a_retried_task_brings_what_it_needs_and_what_needs_it),
        PLACE_TEST(test_a_held_task_is_given_up_or_tried_again),
        PLACE_TEST(test_a_changed_provider_frees_what_waited_for_it_with_time_to_start),
        PLACE_TEST(test_telling_of_many_tasks_takes_no_memory_for_what_is_in_them),
        PLACE_TEST(test_the_pause_of_all_is_kept),
        PLACE_TEST(test_writing_a_row_builds_no_table_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
