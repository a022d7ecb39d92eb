#include "engine/test_private.h"

/* Tasks: a done, b behind it waiting, c held in doubt, d blocked behind c, e ready, f failed,
 * g running. */
static void build(struct place *place)
{
    const int64_t a = submit_graph(place, 7, "ab cd");
    int64_t fence = must_claim(place, a);
    struct command end = end_of(a, fence, TASK_FINISH, must_intend(place, a, fence, "key-1"),
                                CALL_FINISHED, TEST_PRICE);

    assert_int_equal(a, 1);
    end_task(place, end);
    fence = must_claim(place, 2);
    accept_call(place, 2, fence, must_intend(place, 2, fence, "key-2"));
    fence = must_claim(place, 3);
    end = end_of(3, fence, TASK_HOLD, must_intend(place, 3, fence, "key-3"), CALL_UNKNOWN, -1);
    end.end.hold_reason = "unknown";
    end_task(place, end);
    fail_task(place, 6);
    must_claim(place, 7);
    expect_sound(place, "nothing is broken yet");
}

struct breach {
    const char *text, *rule, *what;
};

/* clang-format off */
static const struct breach breaches[] = {
    {"UPDATE task SET finished_at_ms = NULL WHERE id = 1",
     "check_i2_finished", "task 1 is done but has no time of its end"},
    {"UPDATE task SET finished_at_ms = 5 WHERE id = 5",
     "check_i2_finished", "task 5 is ready but has a time of its end"},
    {"UPDATE task SET owner = '' WHERE id = 7",
     "check_i2_owner", "task 7 is running but nobody owns it"},
    {"UPDATE task SET owner = 'x' WHERE id = 5",
     "check_i2_owner", "task 5 is ready but somebody owns it"},
    {"UPDATE task SET hold_reason = '' WHERE id = 3",
     "check_i2_hold_reason", "task 3 is held with the hold reason \"\""},
    {"UPDATE task SET cancel_at_ms = 9999999 WHERE id = 5",
     "check_i2_cancel_asked", "task 5 is ready although it was cancelled"},
    {"UPDATE task SET state = 'failed', hold_reason = '', finished_at_ms = 2000000 WHERE id = 3",
     "check_i2_no_way_on", "task 4 waits for task 3, which is failed"},
    {"INSERT INTO attempt (task_id, number, fence, owner, started_at_ms, ended_at_ms)"
     " VALUES (1, 2, 1, '', 1, 1)",
     "check_i3_fence_order", "task 1: attempt 2 has fence 1, and attempt 1 before it 1"},
    {"UPDATE task SET fence = 0 WHERE id = 1",
     "check_i3_fence_of_task", "task 1 has fence 0, its attempt 1 1"},
    {"UPDATE task SET fence = 2 WHERE id = 7",
     "check_i3_fence_of_task", "task 7 has fence 2, its attempt 1 1"},
    {"UPDATE attempt SET ended_at_ms = NULL WHERE task_id = 6",
     "check_i3_live_attempts", "task 6 is failed with 1 attempts under way"},
    {"UPDATE attempt SET ended_at_ms = 1 WHERE task_id = 7",
     "check_i3_live_attempts", "task 7 is running with 0 attempts under way"},
    {"UPDATE queued SET count = 5",
     "check_i6_queued", "user 7 is said to have 5 tasks waiting, and has 2"},
    {"UPDATE run SET left_count = 4",
     "check_i6_run_counts",
     "run 1 counts 7 tasks, 4 left, 1 failed, 0 cancelled; its rows say 7, 5, 1, 0"},
    {"UPDATE run SET failed_count = 0, cancelled_count = 1",
     "check_i6_run_counts",
     "run 1 counts 7 tasks, 5 left, 0 failed, 1 cancelled; its rows say 7, 5, 1, 0"},
    {"UPDATE run SET state = 'failed', finished_at_ms = 5",
     "check_i6_run_state", "run 1 is failed with 5 left, 1 failed, 0 cancelled of 7"},
    {"INSERT INTO run (public_id, user_id, title, state, priority, task_count, left_count,"
     " created_at_ms, finished_at_ms, request_hash) VALUES ('x', 7, '', 'done', 1, 0, 0, 1, 1, '')",
     "check_i6_run_empty", "run 2 has no task"},
    {"UPDATE run SET cost_micro = 1",
     "check_i6_run_cost", "run 1 cost 1, its tasks 1000"},
    {"UPDATE task SET cost_micro = 999 WHERE id = 1",
     "check_i6_task_cost", "task 1 is done and cost 999, its calls 1000, 0 of them in doubt"},
    {"UPDATE call SET cost_micro = NULL WHERE task_id = 1",
     "check_i6_task_cost", "task 1 is done and cost 1000, its calls 0, 1 of them in doubt"},
    {"UPDATE task SET deps_left = 2 WHERE id = 4",
     "check_i6_deps_left", "task 4 is blocked and waits for 2 edges; 1 are open"},
    {"UPDATE task SET state = 'ready' WHERE id = 4",
     "check_i6_deps_left", "task 4 is ready and waits for 1 edges; 1 are open"},
    {"UPDATE edge SET is_done = 0 WHERE from_task = 1",
     "check_i6_edges", "the edge from task 1 to 2 is open, task 1 is done"},
    {"UPDATE edge SET is_done = 1 WHERE from_task = 3",
     "check_i6_edges", "the edge from task 3 to 4 is done, task 3 is held"},
    {"DELETE FROM event WHERE seq = 3",
     "check_i10_event_gaps", NULL},
    {"UPDATE event_head SET seq = seq + 1",
     "check_i10_event_gaps", NULL},
    {"DELETE FROM event_head",
     "check_i10_event_head", "user 7 has events but no head"},
    {"UPDATE call SET intent_at_ms = 1000001 WHERE task_id = 1",
     "check_i12_call_after_end", "call 1 of task 1 was intended after the task had ended"},
    {"UPDATE task SET cancel_at_ms = 5 WHERE id = 2",
     "check_i12_call_after_end", "call 2 of task 2 was intended after the task was cancelled"},
    {"UPDATE task SET tries = 6 WHERE id = 5",
     "check_i13_tries", "task 5 has used 6 tries of 5"},
    {"UPDATE call SET state = 'sent' WHERE id = 2",
     "check_calls_open_calls", "call 2 is sent, its task 2 is waiting"},
    {"UPDATE call SET state = 'accepted' WHERE id = 1",
     "check_calls_open_calls", "call 1 is accepted, its task 1 is done"},
    {"UPDATE call SET remote_id = '' WHERE id = 2",
     "check_calls_waiting_call", "task 2 waits for no remote work"},
    {"UPDATE task SET state = 'ready', hold_reason = '' WHERE id = 3",
     "check_calls_doubt",
     "task 3 is ready behind call 3, whose outcome is unknown, and nothing allows a repeat"},
    {"UPDATE call SET repeat_of = 1 WHERE id = 2",
     "check_calls_repeats", "call 2 repeats no call of its task"},
    {"UPDATE call SET ended_at_ms = NULL WHERE id = 1",
     "check_calls_call_times", "call 1 is finished without a time of its end"},
    {"UPDATE call SET attempt = 9 WHERE id = 1",
     "check_calls_call_times", "call 1 is finished without its attempt"},
};
/* clang-format on */

struct trial {
    struct place *place;
    const struct breach *breach;
    struct check_report report;
};

/* Breaks a row, looks, and leaves all as it was by failing. */
static bool try_breach(struct db *db, void *context, struct error *err)
{
    struct trial *trial = context;

    if (!db_exec(db, test_sql(trial->breach->text), NULL, 0, NULL, err) ||
        !engine_check(db, trial->place->arena, &trial->report, err))
        return error_set(err, ERROR_INTERNAL, "the breach itself failed");
    return error_set(err, ERROR_CONFLICT, "rolled back");
}

static void test_each_rule_sees_its_breach(void **state)
{
    struct place *place = *state;
    struct check_report sound;
    struct db *db;

    build(place);
    assert_true(db_borrow(place->pool, &db, &place->err));
    assert_true(engine_check(db, place->arena, &sound, &place->err));
    db_give_back(db);
    for (size_t row = 0; row < COUNT(breaches); row++) {
        struct trial trial = {.place = place, .breach = &breaches[row]};
        bool is_seen = false;

        assert_false(db_transact(place->pool, "test", try_breach, &trial, &place->err));
        check(place->err.code == ERROR_CONFLICT, breaches[row].text);
        for (size_t at = 0; at < trial.report.fault_count; at++) {
            if (strcmp(trial.report.faults[at].rule, breaches[row].rule) != 0)
                continue;
            is_seen = true;
            if (breaches[row].what != NULL)
                check_text(trial.report.faults[at].what, breaches[row].what, breaches[row].text);
        }
        check(is_seen, breaches[row].text);
    }
    expect_sound(place, "as it was");
}

static void test_no_rule_is_without_a_breach(void **state)
{
    struct place *place = *state;
    struct check_report report;
    struct db *db;
    size_t rules = 0;

    assert_true(db_borrow(place->pool, &db, &place->err));
    assert_true(engine_check(db, place->arena, &report, &place->err));
    db_give_back(db);
    for (size_t row = 0; row < COUNT(breaches); row++)
        rules += row == 0 || strcmp(breaches[row].rule, breaches[row - 1].rule) != 0;
    assert_int_equal(rules, report.rule_count);
}

static void test_a_flood_of_faults_is_told_in_part(void **state)
{
    static const struct breach flood = {"UPDATE task SET finished_at_ms = 5, owner = 'x',"
                                        " hold_reason = 'x', tries = 99, deps_left = 1",
                                        NULL, NULL};
    struct place *place = *state;
    struct trial trial = {.place = place, .breach = &flood};

    for (int runs = 0; runs < 30; runs++)
        (void)submit_task(place);
    assert_false(db_transact(place->pool, "test", try_breach, &trial, &place->err));
    assert_int_equal(trial.report.fault_count, 5 * CHECK_FAULTS_PER_RULE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_each_rule_sees_its_breach),
        PLACE_TEST(test_no_rule_is_without_a_breach),
        PLACE_TEST(test_a_flood_of_faults_is_told_in_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
