#include "usage/budget_test.h"

#include "core/log.h"

#include <pthread.h>

/* ---- the check ---- */

static void test_what_would_pass_a_budget_is_refused_whole(void **state)
{
    struct book *book = *state;
    struct order order = {.first_task = 10, .micro = 30, .count = 3};

    add_budget(book, "B1", "month", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 20));
    assert_false(submit(book, &order));
    assert_int_equal(order.err.code, ERROR_BUDGET);
    assert_string_equal(order.err.field, "budget.month.everyone");
    assert_int_equal(order.err.limit, 100);
    assert_int_equal(order.err.left, 80);
    assert_string_equal(order.err.unit, "USD");
    EXPECT("B1", NOON, 0, 20, 0);                                   /* nothing of the three */
    assert_true(SUBMIT(.first_task = 20, .micro = 40, .count = 2)); /* to the last bit of it */
    EXPECT("B1", NOON, 0, 100, 0);
    assert_int_equal(found(book, "B1", NOON).share, 100);
    assert_false(SUBMIT(.first_task = 30, .micro = 1));
    assert_true(SUBMIT(.first_task = 31, .micro = 0)); /* what is free is free */
}

static void test_the_refusal_says_whose_budget_and_what_is_left(void **state)
{
    struct book *book = *state;
    struct order order = {.first_task = 1, .micro = 2500000, .provider_id = 7};

    add_provider(book, (struct provider_spec){7, "P7", "Studio", false});
    add_budget(book, "B1", "day", -7, 2000000);
    assert_false(submit(book, &order));
    assert_string_equal(order.err.message, "the budget of provider Studio for this day is USD 2.00;"
                                           " 2.00 is left, this needs 2.50");
    assert_string_equal(order.err.field, "budget.day.provider");
    assert_string_equal(order.err.whose, "Studio");
}

static void test_a_budget_holds_for_its_own_alone(void **state)
{
    struct book *book = *state;

    add_budget(book, "OFANN", "day", ANN, 50);
    add_budget(book, "OFP2", "day", -2, 10);
    assert_false(SUBMIT(.first_task = 1, .micro = 51));
    assert_true(SUBMIT(.first_task = 2, .micro = 51, .user_id = BOB));
    assert_false(SUBMIT(.first_task = 3, .micro = 11, .user_id = BOB, .provider_id = 2));
    assert_true(SUBMIT(.first_task = 4, .micro = 500, .currency = "CNY")); /* other money */
    assert_true(SUBMIT(.first_task = 5, .micro = 10, .provider_id = 2));
    EXPECT("OFANN", NOON, 0, 10, 0);
    EXPECT("OFP2", NOON, 0, 10, 0);
}

static void test_unknown_prices_pass_while_the_budget_is_not_full(void **state)
{
    struct book *book = *state;

    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 99));
    assert_true(SUBMIT(.first_task = 2, .micro = -1));
    settle(book, 2, 1, "USD");
    assert_false(SUBMIT(.first_task = 3, .micro = -1));
    assert_false(SUBMIT(.first_task = 4, .micro = -1, .currency = "")); /* it might be this one */
    assert_true(SUBMIT(.first_task = 5, .micro = -1, .currency = "CNY"));
}

static void test_periods_begin_anew(void **state)
{
    struct book *book = *state;

    add_budget(book, "DAY", "day", 0, 100);
    add_budget(book, "MONTH", "month", 0, 150);
    assert_true(SUBMIT(.first_task = 1, .micro = 100));
    assert_false(SUBMIT(.first_task = 2, .micro = 1));
    assert_true(SUBMIT(.first_task = 3, .micro = 50, .at_ms = NOON + DAY_MS));
    EXPECT("DAY", NOON + DAY_MS, 0, 50, 0);
    EXPECT("MONTH", NOON + DAY_MS, 0, 150, 0);
    assert_false(SUBMIT(.first_task = 4, .micro = 1, .at_ms = NOON + DAY_MS));
    assert_true(SUBMIT(.first_task = 5, .micro = 100, .at_ms = NOON + 10 * DAY_MS)); /* December */
    EXPECT("MONTH", NOON + 10 * DAY_MS, 0, 100, 0);
}

static void test_settling_frees_what_was_not_spent(void **state)
{
    struct book *book = *state;

    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 90));
    assert_false(SUBMIT(.first_task = 2, .micro = 20));
    settle(book, 1, 60, "USD");
    EXPECT("B1", NOON, 60, 0, 0);
    assert_true(SUBMIT(.first_task = 2, .micro = 20));
    settle(book, 2, -1, "USD"); /* nobody can tell: it counts */
    EXPECT("B1", NOON, 60, 0, 20);
    assert_false(SUBMIT(.first_task = 3, .micro = 21));
}

static void test_a_retry_counts_where_it_is_asked_for(void **state)
{
    struct book *book = *state;

    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 80));
    settle(book, 1, 10, "USD");
    EXPECT("B1", NOON, 10, 0, 0);
    assert_true(SUBMIT(.first_task = 1, .micro = 80, .at_ms = NOON + DAY_MS));
    EXPECT("B1", NOON + DAY_MS, 10, 80, 0);
    assert_false(SUBMIT(.first_task = 2, .micro = 80, .at_ms = NOON + DAY_MS));
}

/* The call before may have been paid as well: both count until it is settled. */
static void test_a_repeat_is_reserved_beside_what_is_in_doubt(void **state)
{
    struct book *book = *state;

    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 40));
    assert_true(SUBMIT(.first_task = 1, .micro = 40)); /* held, and repeated */
    EXPECT("B1", NOON, 0, 80, 0);
    assert_false(SUBMIT(.first_task = 1, .micro = 40));
    settle(book, 1, -1, "USD");
    EXPECT("B1", NOON, 0, 0, 40);
    assert_true(SUBMIT(.first_task = 1, .micro = 40)); /* retried */
    EXPECT("B1", NOON, 0, 80, 0);
    settle(book, 1, 30, "USD");
    EXPECT("B1", NOON, 30, 0, 0);
}

static void *submit_in_thread(void *context)
{
    struct order *order = context;

    order->is_taken = submit(order->book, order);
    return NULL;
}

static void test_many_at_once_cannot_pass_a_budget_together(void **state)
{
    enum { MANY = 20 };
    struct book *book = *state;
    struct order orders[MANY];
    pthread_t threads[MANY];
    int taken = 0;

    add_budget(book, "B1", "day", 0, 100);
    for (size_t i = 0; i < MANY; i++) {
        orders[i] =
            (struct order){.book = book, .first_task = 1 + 2 * (int64_t)i, .micro = 10, .count = 2};
        assert_int_equal(pthread_create(&threads[i], NULL, submit_in_thread, &orders[i]), 0);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        taken += orders[i].is_taken ? 1 : 0;
        assert_true(orders[i].is_taken || orders[i].err.code == ERROR_BUDGET);
    }
    assert_int_equal(taken, 5);
    EXPECT("B1", NOON, 0, 100, 0);
}

/* ---- telling ---- */

static void test_marks_are_told_once_in_a_period(void **state)
{
    struct book *book = *state;

    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 79));
    EXPECT_TOLD(ANN, "");
    assert_true(SUBMIT(.first_task = 2, .micro = 1));
    EXPECT_TOLD(ANN, "80 ");
    settle(book, 2, 0, "USD");
    reopen(book);
    assert_true(SUBMIT(.first_task = 3, .micro = 2)); /* over the mark again */
    EXPECT_TOLD(ANN, "80 ");
    assert_false(SUBMIT(.first_task = 4, .micro = 50)); /* refused: nothing is said */
    EXPECT_TOLD(ANN, "80 ");
    assert_true(SUBMIT(.first_task = 5, .micro = 19, .user_id = BOB));
    EXPECT_TOLD(BOB, "100 ");
    EXPECT_TOLD(ANN, "80 ");
    assert_true(SUBMIT(.first_task = 6, .micro = 100, .at_ms = NOON + DAY_MS)); /* both at once */
    EXPECT_TOLD(ANN, "80 100 ");
}

static void test_owners_and_admins_are_told_too(void **state)
{
    static const char people[] =
        "INSERT INTO user (id, public_id, name, name_key, role, is_disabled, created_at_ms,"
        " device_key) VALUES"
        " (2, 'a', 'Ann', 'ann', 'member', 0, 1, zeroblob(32)), (4, 'o', 'Olga', 'olga', 'owner', "
        "0, 1, zeroblob(32)),"
        " (5, 'd', 'Dan', 'dan', 'admin', 0, 1, zeroblob(32)), (6, 'g', 'Gus', 'gus', 'admin', 1, "
        "1, zeroblob(32))";
    struct book *book = *state;

    book_do(book, work_sql, (void *)(uintptr_t)people);
    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 85));
    EXPECT_TOLD(ANN, "80 ");
    EXPECT_TOLD(4, "80 ");
    EXPECT_TOLD(5, "80 ");
    EXPECT_TOLD(6, "");                                              /* disabled */
    assert_true(SUBMIT(.first_task = 2, .micro = 15, .user_id = 4)); /* her own, told once */
    EXPECT_TOLD(4, "80 100 ");
    EXPECT_TOLD(5, "80 100 ");
    EXPECT_TOLD(ANN, "80 ");
}

/* What it has reserved where it was is not in the way of itself. */
static void test_a_reservation_goes_with_its_task_to_another_account(void **state)
{
    struct book *book = *state;

    add_budget(book, "ALL", "day", 0, 100);
    add_budget(book, "ONE", "day", -1, 100);
    add_budget(book, "TWO", "day", -2, 90);
    assert_true(SUBMIT(.first_task = 1, .micro = 80));
    assert_true(moves(book, 1, 2, 85));
    EXPECT("ALL", NOON, 0, 85, 0);
    EXPECT("ONE", NOON, 0, 0, 0);
    EXPECT("TWO", NOON, 0, 85, 0);
    assert_false(moves(book, 1, 3, 101)); /* more than everybody's */
    EXPECT("ALL", NOON, 0, 85, 0);
    EXPECT("TWO", NOON, 0, 85, 0);
    assert_true(SUBMIT(.first_task = 2, .micro = 10));
    assert_false(moves(book, 2, 2, 10)); /* of the other account nothing is left */
    EXPECT("ONE", NOON, 0, 10, 0);
    settle(book, 1, 84, "USD");
    EXPECT("TWO", NOON, 84, 0, 0);
    EXPECT_SOUND();
}

static void test_the_sums_that_differ_from_the_book_are_found(void **state)
{
    static const char theft[] = "UPDATE spend SET cost_micro = cost_micro - 3";
    struct book *book = *state;
    struct check_report *report = ARENA_NEW(book->arena, struct check_report);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};

    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 10));
    assert_true(SUBMIT(.first_task = 2, .micro = 20));
    assert_true(SUBMIT(.first_task = 3, .micro = -1));
    settle(book, 1, 12, "USD");
    settle(book, 2, -1, "");
    settle(book, 3, 7, "CNY");
    reserve(book, (struct deed){.task_id = 1, .micro = 9, .at_ms = NOON + DAY_MS});
    assert_true(db_borrow(book->pool, &db, &err));
    assert_true(usage_check(db, book->arena, report, &err));
    assert_int_equal(report->fault_count, 0);
    book_do(book, work_sql, (void *)(uintptr_t)theft);
    db_refresh(db);
    assert_true(usage_check(db, book->arena, report, &err));
    assert_true(report->fault_count > 0);
    assert_string_equal(report->faults[0].rule, "check_spend");
}

static void test_a_cost_beyond_its_estimate_is_told_too(void **state)
{
    struct book *book = *state;

    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 10));
    settle(book, 1, 150, "USD");
    EXPECT_TOLD(ANN, "100 ");
    settle(book, 1, 160, "USD");
    EXPECT_TOLD(ANN, "100 ");
    assert_int_equal(found(book, "B1", NOON).left_micro, 0);
    assert_int_equal(found(book, "B1", NOON).share, 160);
}

struct change_order {
    const char *id;
    int64_t limit_micro;
};

static bool work_change(struct db *db, void *context, struct error *err)
{
    const struct change_order *order = context;

    return budget_change_limit(db, str_of(order->id), order->limit_micro, NOON, err);
}

static void test_a_raised_limit_is_watched_anew(void **state)
{
    struct book *book = *state;

    add_budget(book, "B1", "day", 0, 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 100));
    EXPECT_TOLD(ANN, "100 ");
    book_do(book, work_change, &(struct change_order){"B1", 110});
    assert_true(SUBMIT(.first_task = 4, .micro = 1)); /* still above 80 %: that was told */
    EXPECT_TOLD(ANN, "100 ");
    book_do(book, work_change, &(struct change_order){"B1", 200});
    assert_true(SUBMIT(.first_task = 2, .micro = 60));
    EXPECT_TOLD(ANN, "100 80 ");
    book_do(book, work_change, &(struct change_order){"B1", 150});
    assert_false(SUBMIT(.first_task = 3, .micro = 1));
    EXPECT_TOLD(ANN, "100 80 ");
}

static void test_shares_do_not_overflow(void **state)
{
    (void)state;
    assert_int_equal(budget_share(0, 1), 0);
    assert_int_equal(budget_share(-5, 1), 0);
    assert_int_equal(budget_share(799, 1000), 79);
    assert_int_equal(budget_share(800, 1000), 80);
    assert_true(budget_share(INT64_MAX, BUDGET_LIMIT_MICRO_MAX) >= 100);
    assert_true(budget_share(INT64_MAX, 1) >= 100);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_what_would_pass_a_budget_is_refused_whole),
        TEST(test_the_refusal_says_whose_budget_and_what_is_left),
        TEST(test_a_budget_holds_for_its_own_alone),
        TEST(test_unknown_prices_pass_while_the_budget_is_not_full),
        TEST(test_periods_begin_anew),
        TEST(test_settling_frees_what_was_not_spent),
        TEST(test_a_retry_counts_where_it_is_asked_for),
        TEST(test_a_repeat_is_reserved_beside_what_is_in_doubt),
        TEST(test_many_at_once_cannot_pass_a_budget_together),
        TEST(test_marks_are_told_once_in_a_period),
        TEST(test_a_cost_beyond_its_estimate_is_told_too),
        TEST(test_owners_and_admins_are_told_too),
        TEST(test_a_reservation_goes_with_its_task_to_another_account),
        TEST(test_the_sums_that_differ_from_the_book_are_found),
        TEST(test_a_raised_limit_is_watched_anew),
        cmocka_unit_test(test_shares_do_not_overflow),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
