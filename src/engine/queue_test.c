/* The whole of what waits through the store: runs moved, all of it cancelled, what failed retried;
 * and what is shown of it: lists of runs, what a start took over. */
#include "engine/test_private.h"
#include "engine/view.h"

static void expect_order(struct place *place, const char *expected, const char *because)
{
    check_text(ask_text(place,
                        "SELECT group_concat(id, ' ') AS n FROM (SELECT id FROM task"
                        " WHERE state = 'ready' ORDER BY priority, rank, id)",
                        0),
               expected, because);
}

static struct str run_of_task(struct place *place, int64_t task)
{
    return ask_text(place,
                    "SELECT r.public_id AS n FROM run r JOIN task t ON t.run_id = r.id"
                    " WHERE t.id = $1",
                    task);
}

/* The run of a task; `before`: of another one. */
static struct command move_of(struct place *place, int64_t task, enum task_place where,
                              int64_t before)
{
    struct command command = run_control_of(place, task, RUN_MOVE);

    command.control.place = where;
    if (where == PLACE_BEFORE)
        command.control.before = run_of_task(place, before);
    return command;
}

static void move(struct place *place, int64_t task, enum task_place where, int64_t before)
{
    struct command command = move_of(place, task, where, before);

    must_apply(place, &command);
}

static void expect_conflict(struct place *place, struct command command, const char *because)
{
    check(!apply(place, &command), because);
    assert_int_equal(place->err.code, ERROR_CONFLICT);
}

static void test_a_run_moves_with_all_that_waits_of_it(void **state)
{
    struct place *place = *state;

    (void)submit_graph(place, 2, "");
    (void)submit_graph(place, 2, "");
    (void)submit_graph(place, 2, "");
    move(place, 5, PLACE_BEFORE, 1);
    expect_order(place, "5 6 1 2 3 4", "before the first");
    move(place, 1, PLACE_BACK, 0);
    expect_order(place, "5 6 3 4 1 2", "to the back");
    move(place, 3, PLACE_FRONT, 0);
    expect_order(place, "3 4 5 6 1 2", "to the front");
    check_text(ask_text(place, "SELECT group_concat(priority) AS n FROM run", 0), "1,0,1",
               "priority");
    move(place, 1, PLACE_BEFORE, 3);
    expect_order(place, "1 2 3 4 5 6", "before one at the front, with its priority");
    must_claim(place, 3);
    move(place, 3, PLACE_BACK, 0);
    expect_order(place, "1 2 5 6 4", "what runs goes on");
    expect_sound(place, "moved");
}

static void test_a_move_that_makes_no_sense_is_refused(void **state)
{
    struct place *place = *state;
    struct command command;

    (void)submit_task(place);
    (void)submit_task(place);
    expect_conflict(place, move_of(place, 1, PLACE_BEFORE, 1), "before itself");
    must_claim(place, 2);
    expect_conflict(place, move_of(place, 1, PLACE_BEFORE, 2), "before what runs");
    expect_conflict(place, move_of(place, 2, PLACE_FRONT, 0), "what runs");
    command = move_of(place, 1, PLACE_FRONT, 0);
    command.control.user_id = TEST_USER + 1;
    assert_false(apply(place, &command));
    assert_int_equal(place->err.code, ERROR_NOT_FOUND);
    command = move_of(place, 1, PLACE_BEFORE, 2);
    command.control.before = STR("01JD0000000000000000000000");
    assert_false(apply(place, &command));
    assert_int_equal(place->err.code, ERROR_NOT_FOUND);
}

static void test_places_between_two_runs_never_run_out(void **state)
{
    struct place *place = *state;
    bool is_spread = false;

    (void)submit_graph(place, 3, "");
    (void)submit_graph(place, 3, "");
    (void)submit_graph(place, 3, "");
    for (int turn = 0; turn < 60; turn++) {
        struct command command = move_of(place, turn % 2 == 0 ? 4 : 1, PLACE_BEFORE, 7);

        must_apply(place, &command);
        expect_order(place, turn % 2 == 0 ? "1 2 3 4 5 6 7 8 9" : "4 5 6 1 2 3 7 8 9",
                     "each in turn");
        is_spread |= command.control.changed_count > 3;
        check(command.control.changed_count == 3 || command.control.changed_count == 9,
              "the moved ones, or all");
    }
    check(is_spread, "the numbers had to be spread at least once");
}

static void test_clearing_cancels_what_waits_and_nothing_that_runs(void **state)
{
    struct place *place = *state;
    struct command command = {.type = COMMAND_CLEAR};
    const int64_t first = submit_graph(place, 3, "ab bc");

    (void)submit_graph(place, 2, "");
    must_claim(place, first);
    command.control.user_id = TEST_USER + 1;
    must_apply(place, &command);
    assert_int_equal(command.control.cancelled, 0); /* another one's */
    command.control.user_id = TEST_USER;
    must_apply(place, &command);
    assert_int_equal(command.control.cancelled, 4);
    expect_state(place, first, "running", "runs");
    expect_state(place, first + 1, "cancelled", "waited for it");
    expect_state(place, first + 2, "cancelled", "and behind that");
    check_text(ask_text(place, "SELECT group_concat(state) AS n FROM run", 0), "active,cancelled",
               "the runs");
    must_apply(place, &command);
    assert_int_equal(command.control.changed_count, 0); /* the end of the loop over pieces */
    assert_int_equal(ask(place, "SELECT count AS n FROM queued", 0), 0);
    expect_sound(place, "cleared");
}

static void test_only_what_failed_is_retried_with_what_hung_on_it(void **state)
{
    struct place *place = *state;
    const int64_t first = submit_graph(place, 4, "ab");

    fail_task(place, first); /* which cancels b */
    assert_true(control_task(place, first + 2, TASK_CONTROL_CANCEL));
    finish_task(place, first + 3);
    assert_true(control_run(place, first, RUN_RETRY_FAILED));
    expect_state(place, first, "ready", "failed");
    expect_state(place, first + 1, "blocked", "cancelled because of it");
    expect_state(place, first + 2, "cancelled", "cancelled by a person");
    expect_sound(place, "retried");
    finish_task(place, first);
    finish_task(place, first + 1);
    expect_conflict(place, run_control_of(place, first, RUN_RETRY_FAILED), "nothing failed");
}

/* ---- Lists of runs ---- */

static const char *runs_of(struct place *place, struct run_filter filter)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct run_view *runs;
    size_t count;
    struct str ids = STR_EMPTY;

    filter.user_id = TEST_USER;
    filter.limit = filter.limit != 0 ? filter.limit : 10;
    assert_true(db_borrow(place->pool, &db, &place->err));
    if (!view_runs(db, &filter, place->arena, &runs, &count, &place->err))
        fail_msg("%s %s", place->err.message, place->err.detail);
    for (size_t i = 0; i < count; i++)
        ids = arena_printf(place->arena, "%.*s%s%d", STR_ARGS(ids), i == 0 ? "" : " ",
                           (int)runs[i].row_id);
    return arena_cstr(place->arena, ids);
}

static void test_runs_are_found_by_state_provider_and_time(void **state)
{
    struct place *place = *state;
    struct id made;

    for (int i = 0; i < 4; i++)
        (void)submit_graph(place, 2, "");
    /* Runs 1 to 4 were made a day apart; the provider 9 works for 2 and 4. */
    assert_true(execute(place, "INSERT INTO provider (id, public_id, kind, name, base_url,"
                               " options, is_enabled, is_private_allowed,"
                               " concurrency, on_unknown, once_below_micro, created_at_ms) VALUES"
                               " (9, 'P9', 'mock', 'Nine', '', '{}', 1, 0, 1, 'hold', 0, 1)"));
    assert_true(execute(place, "UPDATE task SET provider_id = 9 WHERE run_id IN (2, 4)"));
    for (int i = 0; i < 4; i++) {
        static char text[4][200]; /* prepared by its address */

        made = id_floor(INT64_C(1700000000000) + i * INT64_C(86400000));
        snprintf(text[i], sizeof(text[i]),
                 "UPDATE run SET public_id = '%s', state = '%s' WHERE id = %d", made.text,
                 i % 2 == 0 ? "done"
                 : i == 1   ? "failed"
                            : "active",
                 i + 1);
        assert_true(execute(place, text[i]));
    }
    assert_string_equal(runs_of(place, (struct run_filter){0}), "4 3 2 1");
    assert_string_equal(runs_of(place, (struct run_filter){.state = STR("done")}), "3 1");
    assert_string_equal(runs_of(place, (struct run_filter){.provider = STR("P9")}), "4 2");
    assert_string_equal(runs_of(place, (struct run_filter){.provider = STR("P9"), .limit = 1}),
                        "4");
    assert_string_equal(
        runs_of(place, (struct run_filter){.provider = STR("P9"), .state = STR("failed")}), "2");
    assert_string_equal(
        runs_of(place, (struct run_filter){.provider = STR("P9"), .state = STR("done")}), "");
    assert_string_equal(runs_of(place, (struct run_filter){.provider = STR("nobody")}), "");
    assert_string_equal(
        runs_of(place, (struct run_filter){.since_ms = INT64_C(1700000000000) + 86400000}),
        "4 3 2");
    assert_string_equal(
        runs_of(place, (struct run_filter){.since_ms = INT64_C(1700000000000) + 86400001,
                                           .provider = STR("P9")}),
        "4");
    assert_string_equal(runs_of(place, (struct run_filter){.since_ms = INT64_C(1800000000000)}),
                        "");
    made = id_floor(INT64_C(1700000000000) + 2 * INT64_C(86400000));
    assert_string_equal(runs_of(place, (struct run_filter){.cursor = id_str(&made)}), "2 1");
    assert_string_equal(
        runs_of(place, (struct run_filter){.cursor = id_str(&made), .provider = STR("P9")}), "2");
    assert_string_equal(
        runs_of(place, (struct run_filter){.cursor = id_str(&made), .state = STR("done")}), "1");
}

static void test_no_list_of_runs_reads_a_table_or_sorts(void **state)
{
    struct place *place = *state;

    for (size_t i = 0; view_runs_sql[i].name != NULL; i++) {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;
        CLEANUP(rows_finish) struct rows plan = {0};
        const struct sql_value args[] = {SQL_INT64(1), SQL_NULL, SQL_NULL,
                                         SQL_NULL,     SQL_NULL, SQL_INT64(6)};
        static char text[4][1500];

        snprintf(text[i], sizeof(text[i]), "EXPLAIN QUERY PLAN %s", view_runs_sql[i].text);
        assert_true(db_borrow(place->pool, &db, &place->err));
        if (!db_query(db, test_sql(text[i]), args, COUNT(args), &plan, &place->err))
            fail_msg("%s %s", place->err.message, place->err.detail);
        while (rows_next(&plan)) {
            const struct str detail = rows_str(&plan, "detail", place->arena);

            if (str_starts_with(detail, STR("SCAN")) || str_find(detail, STR("TEMP B-TREE")) >= 0)
                fail_msg("%s: %.*s", view_runs_sql[i].name, STR_ARGS(detail));
        }
    }
}

/* ---- After a crash ---- */

static struct recovered_view recovered_of(struct place *place, int64_t user_id)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct recovered_view view = {0};

    assert_true(db_borrow(place->pool, &db, &place->err));
    if (!view_recovered(db, user_id, &view, &place->err))
        fail_msg("%s %s", place->err.message, place->err.detail);
    return view;
}

static bool forget_work(struct db *db, void *context, struct error *err)
{
    (void)context;
    return view_recovered_forget(db, TEST_USER, err);
}

static void test_what_was_in_flight_is_noted_until_it_was_seen(void **state)
{
    struct place *place = *state;
    struct recovered_view view;

    (void)submit_graph(place, 6, "ab");
    assert_int_equal(recovered_of(place, TEST_USER).in_flight, 0);
    must_claim(place, 3);
    must_claim(place, 4);
    take_over(place, 3, TASK_READY);
    take_over(place, 4, TASK_HELD);
    view = recovered_of(place, TEST_USER);
    assert_int_equal(view.in_flight, 2);
    assert_int_equal(view.waiting,
                     4); /* a, its b, e and f; what was in flight waits again beside */
    assert_true(view.at_ms == place->time.wall_ms);
    assert_int_equal(recovered_of(place, TEST_USER + 1).in_flight, 0);
    /* The next crash is told instead. */
    place->time.wall_ms += 5000;
    must_claim(place, 5);
    take_over(place, 5, TASK_READY);
    view = recovered_of(place, TEST_USER);
    assert_int_equal(view.in_flight, 1);
    assert_true(view.at_ms == place->time.wall_ms);
    assert_true(db_transact(place->pool, "test", forget_work, NULL, &place->err));
    assert_int_equal(recovered_of(place, TEST_USER).in_flight, 0);
    assert_int_equal(recovered_of(place, TEST_USER).at_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_a_run_moves_with_all_that_waits_of_it),
        PLACE_TEST(test_a_move_that_makes_no_sense_is_refused),
        PLACE_TEST(test_places_between_two_runs_never_run_out),
        PLACE_TEST(test_clearing_cancels_what_waits_and_nothing_that_runs),
        PLACE_TEST(test_only_what_failed_is_retried_with_what_hung_on_it),
        PLACE_TEST(test_runs_are_found_by_state_provider_and_time),
        PLACE_TEST(test_no_list_of_runs_reads_a_table_or_sorts),
        PLACE_TEST(test_what_was_in_flight_is_noted_until_it_was_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
