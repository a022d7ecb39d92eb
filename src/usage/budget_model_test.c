#include "usage/budget_test.h"

#include "core/log.h"
#include "core/text.h"

#include <pthread.h>
#include <string.h>

/* ---- the check ---- */

static void test_a_budget_of_a_model_counts_it_alone(void **state)
{
    struct book *book = *state;

    add_model_budget(book, "M", "day", 1, "m", 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 100));
    assert_false(SUBMIT(.first_task = 2, .micro = 1));
    assert_false(SUBMIT(.first_task = 2, .micro = 1, .user_id = BOB));
    assert_true(SUBMIT(.first_task = 3, .micro = 500, .model = "other"));
    assert_true(SUBMIT(.first_task = 4, .micro = 500, .model = "M")); /* names are exact */
    assert_true(SUBMIT(.first_task = 5, .micro = 500, .provider_id = 2));
    assert_true(SUBMIT(.first_task = 6, .micro = 500, .currency = "CNY"));
    EXPECT("M", NOON, 0, 100, 0);
    EXPECT_SOUND();
}

static void test_a_submission_is_asked_for_each_of_its_models(void **state)
{
    struct book *book = *state;
    struct order order = {.first_task = 20, .micro = 30, .count = 4, .odd_model = "dear"};

    add_model_budget(book, "M", "day", 1, "m", 100);
    add_model_budget(book, "DEAR", "day", 1, "dear", 50);
    assert_true(SUBMIT(.first_task = 1, .micro = 20, .count = 5, .odd_model = "dear"));
    EXPECT("M", NOON, 0, 60, 0);
    EXPECT("DEAR", NOON, 0, 40, 0);
    assert_false(submit(book, &order)); /* of the first there is enough for none of them */
    assert_int_equal(order.err.left, 40);
    assert_int_equal(order.err.limit, 100);
    assert_false(SUBMIT(.first_task = 30, .micro = 20, .count = 2, .odd_model = "dear"));
    EXPECT("M", NOON, 0, 60, 0); /* nothing of what was refused */
    assert_true(SUBMIT(.first_task = 40, .micro = 20, .count = 2));
    EXPECT("M", NOON, 0, 100, 0);
    assert_true(SUBMIT(.first_task = 50, .micro = 9, .count = 8, .model = "x", .odd_model = "y"));
}

static void test_it_stands_beside_the_budgets_around_it(void **state)
{
    struct book *book = *state;
    struct order order = {.first_task = 3, .micro = 20};

    add_budget(book, "ALL", "day", 0, 1000);
    add_budget(book, "ONE", "day", -1, 60);
    add_model_budget(book, "M", "day", 1, "m", 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 30));
    assert_true(SUBMIT(.first_task = 2, .micro = 20, .model = "other"));
    EXPECT("ALL", NOON, 0, 50, 0);
    EXPECT("ONE", NOON, 0, 50, 0);
    EXPECT("M", NOON, 0, 30, 0);
    assert_false(submit(book, &order)); /* the account is full before its model */
    assert_string_equal(order.err.field, "budget.day.provider");
}

static void test_the_refusal_names_the_model_and_its_account(void **state)
{
    struct book *book = *state;
    struct order order = {.first_task = 1, .micro = 2500000, .provider_id = 7};

    add_provider(book, (struct provider_spec){7, "P7", "Studio", false});
    add_model_budget(book, "M", "day", 7, "m", 2000000);
    assert_false(submit(book, &order));
    assert_int_equal(order.err.code, ERROR_BUDGET);
    assert_string_equal(order.err.message, "the budget of model m of Studio for this day is USD"
                                           " 2.00; 2.00 is left, this needs 2.50");
    assert_string_equal(order.err.field, "budget.day.model");
    assert_string_equal(order.err.whose, "Studio · m");
    assert_int_equal(order.err.left, 2000000);
}

/* A name of three bytes a character is cut between two of them, and the money behind it is there.
 */
static void test_long_names_leave_room_for_the_money(void **state)
{
    static const char name[] = "一二三四五六七八九十一二三四五六七八九十";
    static const char model[] =
        "a/model/whose/name/goes/on/and/on/up/to/the/very/end/of/what/may/be";
    struct book *book = *state;
    struct order order = {.first_task = 1, .micro = 12000000, .provider_id = 7, .model = model};

    add_provider(book, (struct provider_spec){7, "P7", name, false});
    add_model_budget(book, "M", "month", 7, model, 2500000);
    assert_false(submit(book, &order));
    assert_string_equal(
        order.err.message,
        "the budget of model a/model/whose/name/goes/on/and/on/up/to/ of"
        " 一二三四五六七八 for this month is USD 2.50; 2.50 is left, this needs 12.00");
    assert_true(text_is_utf8(str_of(order.err.whose)));
    assert_int_equal(strlen(order.err.whose), sizeof(order.err.whose) - 1);
    add_budget(book, "P", "day", -7, 1000000);
    order.model = "m";
    assert_false(submit(book, &order));
    assert_string_equal(
        order.err.message,
        "the budget of provider 一二三四五六七八九十一二三 for this day is USD 1.00;"
        " 1.00 is left, this needs 12.00");
}

static void test_unknown_prices_of_a_model_pass_until_it_is_full(void **state)
{
    struct book *book = *state;

    add_model_budget(book, "M", "day", 1, "m", 10);
    assert_true(SUBMIT(.first_task = 1, .micro = -1));
    settle(book, 1, 10, "USD");
    assert_false(SUBMIT(.first_task = 2, .micro = -1));
    assert_true(SUBMIT(.first_task = 3, .micro = -1, .model = "other"));
}

/* ---- what becomes of it ---- */

static void test_days_and_months_of_a_model_begin_anew(void **state)
{
    struct book *book = *state;

    add_model_budget(book, "DAY", "day", 1, "m", 100);
    add_model_budget(book, "MONTH", "month", 1, "m", 150);
    assert_true(SUBMIT(.first_task = 1, .micro = 100));
    assert_false(SUBMIT(.first_task = 2, .micro = 1));
    assert_true(SUBMIT(.first_task = 3, .micro = 50, .at_ms = NOON + DAY_MS));
    assert_false(SUBMIT(.first_task = 4, .micro = 1, .at_ms = NOON + DAY_MS));
    EXPECT("DAY", NOON + DAY_MS, 0, 50, 0);
    EXPECT("MONTH", NOON + DAY_MS, 0, 150, 0);
    assert_true(SUBMIT(.first_task = 5, .micro = 100, .at_ms = NOON + 10 * DAY_MS)); /* December */
    EXPECT("MONTH", NOON + 10 * DAY_MS, 0, 100, 0);
}

static void test_settling_doubt_and_retry_stay_with_the_model(void **state)
{
    struct book *book = *state;

    add_model_budget(book, "M", "day", 1, "m", 100);
    add_model_budget(book, "OTHER", "day", 1, "other", 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 60, .count = 2, .odd_model = "other"));
    settle(book, 1, 95, "USD"); /* more than its estimate */
    EXPECT("M", NOON, 95, 0, 0);
    EXPECT("OTHER", NOON, 0, 60, 0);
    settle(book, 2, -1, "USD"); /* nobody can tell: it counts */
    EXPECT("OTHER", NOON, 0, 0, 60);
    assert_false(SUBMIT(.first_task = 2, .micro = 41, .model = "other"));
    assert_true(SUBMIT(.first_task = 2, .micro = 40, .model = "other")); /* repeated beside it */
    EXPECT("OTHER", NOON, 0, 100, 0);
    assert_true(SUBMIT(.first_task = 1, .micro = 7, .at_ms = NOON + DAY_MS)); /* a retry */
    EXPECT("M", NOON + DAY_MS, 95, 7, 0);
    EXPECT_SOUND();
}

static void test_a_stand_in_whose_model_is_full_takes_nothing(void **state)
{
    struct book *book = *state;

    add_model_budget(book, "HERE", "day", 1, "m", 100);
    add_model_budget(book, "THERE", "day", 2, "m", 50);
    assert_true(SUBMIT(.first_task = 1, .micro = 30));
    assert_true(SUBMIT(.first_task = 2, .micro = 30));
    assert_true(moves(book, 1, 2, 40));
    EXPECT("HERE", NOON, 0, 30, 0);
    EXPECT("THERE", NOON, 0, 40, 0);
    assert_false(moves(book, 2, 2, 30));
    EXPECT("HERE", NOON, 0, 30, 0);
    EXPECT("THERE", NOON, 0, 40, 0);
    assert_true(moves(book, 2, 3, 30)); /* one without a budget of its own */
    EXPECT("HERE", NOON, 0, 0, 0);
    settle(book, 1, 45, "USD");
    EXPECT("THERE", NOON, 45, 0, 0);
    EXPECT_SOUND();
}

static void *submit_in_thread(void *context)
{
    struct order *order = context;

    order->is_taken = submit(order->book, order);
    return NULL;
}

static void test_many_at_once_cannot_pass_a_models_budget_together(void **state)
{
    enum { MANY = 20 };
    struct book *book = *state;
    struct order orders[MANY];
    pthread_t threads[MANY];
    int taken = 0, others = 0;

    add_model_budget(book, "M", "day", 1, "m", 100);
    for (size_t i = 0; i < MANY; i++) {
        orders[i] = (struct order){.book = book,
                                   .first_task = 1 + 2 * (int64_t)i,
                                   .micro = 10,
                                   .count = 2,
                                   .model = i % 2 == 0 ? "m" : "other"};
        assert_int_equal(pthread_create(&threads[i], NULL, submit_in_thread, &orders[i]), 0);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        *(i % 2 == 0 ? &taken : &others) += orders[i].is_taken ? 1 : 0;
        assert_true(orders[i].is_taken || orders[i].err.code == ERROR_BUDGET);
    }
    assert_int_equal(taken, 5);
    assert_int_equal(others, MANY / 2);
    EXPECT("M", NOON, 0, 100, 0);
    EXPECT_SOUND();
}

/* ---- telling ---- */

static void test_a_models_marks_are_told_once_and_name_it(void **state)
{
    struct book *book = *state;
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct event_row *events;
    struct error err = {0};
    size_t count = 0;

    add_provider(book, (struct provider_spec){1, "P1", "Studio", false});
    add_model_budget(book, "M", "day", 1, "m", 100);
    assert_true(SUBMIT(.first_task = 1, .micro = 500, .model = "other"));
    settle(book, 1, 500, "USD");
    EXPECT_TOLD(ANN, "");
    assert_true(SUBMIT(.first_task = 2, .micro = 80));
    EXPECT_TOLD(ANN, "80 ");
    reopen(book);
    assert_true(SUBMIT(.first_task = 3, .micro = 1));
    EXPECT_TOLD(ANN, "80 ");
    settle(book, 3, 20, "USD"); /* passed by what it cost */
    EXPECT_TOLD(ANN, "80 100 ");
    settle(book, 2, 90, "USD");
    EXPECT_TOLD(ANN, "80 100 ");
    assert_true(db_borrow(book->pool, &db, &err));
    assert_true(event_list(db, ANN, 0, 1, book->arena, &events, &count, &err));
    assert_true(str_find(events[0].body,
                         STR("\"scope\":\"model\",\"who_name\":\"Studio\",\"model\":\"m\"")) > 0);
}

/* ---- the sums ---- */

static void test_a_sum_under_another_model_is_found(void **state)
{
    static const char theft[] = "UPDATE spend SET model = 'other' WHERE model = 'm'";
    struct book *book = *state;
    struct check_report *report = ARENA_NEW(book->arena, struct check_report);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};

    assert_true(SUBMIT(.first_task = 1, .micro = 10));
    EXPECT_SOUND();
    book_do(book, work_sql, (void *)(uintptr_t)theft);
    assert_true(db_borrow(book->pool, &db, &err));
    assert_true(usage_check(db, book->arena, report, &err));
    assert_int_equal(report->fault_count, 2); /* one is too little, the other too much */
    assert_string_equal(report->faults[0].rule, "check_spend");
    assert_true(str_find(report->faults[0].what, STR("of model m in USD")) > 0);
}

/* ---- a house from before ---- */

static size_t migrations_before(const char *name)
{
    size_t count = 0;

    while (count < db_migration_count && strcmp(db_migrations[count].name, name) != 0)
        count++;
    assert_true(count < db_migration_count);
    return count;
}

/* Three budgets, one of which was told of, and a book in each state; the sums as they were kept. */
static bool work_before(struct db *db, void *context, struct error *err)
{
    static const struct sql texts[] = {
        {"test_budgets",
         "INSERT INTO budget (id, public_id, scope, user_id, provider_id, period, currency,"
         " limit_micro, created_at_ms, told_day, told_share) VALUES"
         " (5, 'ALL', 'everyone', 0, 0, 'day', 'USD', 100, 1, '2025-11-22', 80),"
         " (7, 'ANN', 'user', 2, 0, 'month', 'USD', 200, 1, '', 0),"
         " (9, 'ONE', 'provider', 0, 1, 'day', 'USD', 300, 1, '', 0)",                              NULL},
        {"test_book",
         "INSERT INTO usage (task_id, user_id, provider_id, model, operation, state,"
         " estimate_micro, cost_micro, currency, reserved_at_ms, day, budget_day, repeat_micro)"
         " VALUES"
         " (1, 2, 1, 'm', 'o', 'settled', 40, 30, 'USD', 1, '2025-11-22', '2025-11-22', 0),"
         " (2, 2, 1, 'other', 'o', 'reserved', 5, NULL, 'USD', 1, '2025-11-22', '2025-11-22', 3),"
         " (3, 3, 1, 'm', 'o', 'doubtful', 9, 2, 'USD', 1, '2025-11-21', '2025-11-22', 0),"
         " (4, 3, 2, 'm', 'o', 'settled', -1, 9000000000000, 'CNY', 1, '2025-11-20',"
         " '2025-11-20', 0),"
         " (5, 3, 2, 'm', 'o', 'reserved', -1, NULL, 'USD', 1, '2025-11-22', '2025-11-22', 0)",     NULL},
        {"test_sums",
         "INSERT INTO spend (day, user_id, provider_id, currency, cost_micro, reserved_micro,"
         " doubtful_micro) VALUES ('2025-11-22', 2, 1, 'USD', 30, 8, 0),"
         " ('2025-11-22', 3, 1, 'USD', 2, 0, 9), ('2025-11-20', 3, 2, 'CNY', 1000000000000, 0, 0)", NULL},
    };

    (void)context;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (!db_exec(db, &texts[i], NULL, 0, NULL, err))
            return false;
    return true;
}

static void test_budgets_and_sums_of_before_are_kept(void **state)
{
    struct book *book = *state;
    struct db_config config = {.readers = 1,
                               .migrations = db_migrations,
                               .migration_count = migrations_before("0022_model_budget"),
                               .clock = &clock_system};
    struct error err = {0};
    struct budget budget;

    db_pool_close(book->pool);
    book->pool = NULL;
    (void)snprintf(book->path, sizeof(book->path), "%s/before.db", book->directory);
    config.path = book->path;
    if (!db_pool_open(&config, &book->pool, &err))
        fail_msg("%s %s", err.message, err.detail);
    book_do(book, work_before, NULL);
    reopen(book);

    budget = found(book, "ALL", NOON);
    assert_int_equal(budget.row_id, 5);
    assert_int_equal(budget.told_share, 80);
    assert_true(str_equal(budget.told_day, STR("2025-11-22")));
    assert_int_equal(budget.model.size, 0);
    EXPECT("ALL", NOON, 32, 8, 9);
    EXPECT("ANN", NOON, 30, 8, 0);
    EXPECT("ONE", NOON, 32, 8, 9);
    EXPECT_SOUND();
    add_model_budget(book, "M", "day", 1, "m", 100);
    EXPECT("M", NOON, 32, 0, 9); /* what was spent before counts */
    assert_true(found(book, "M", NOON).row_id > 9);
    assert_true(SUBMIT(.first_task = 9, .micro = 40));
    EXPECT("M", NOON, 32, 40, 9);
    EXPECT_TOLD(ANN, "80 "); /* the model's; everybody's was told before */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_budget_of_a_model_counts_it_alone),
        TEST(test_a_submission_is_asked_for_each_of_its_models),
        TEST(test_it_stands_beside_the_budgets_around_it),
        TEST(test_the_refusal_names_the_model_and_its_account),
        TEST(test_long_names_leave_room_for_the_money),
        TEST(test_unknown_prices_of_a_model_pass_until_it_is_full),
        TEST(test_days_and_months_of_a_model_begin_anew),
        TEST(test_settling_doubt_and_retry_stay_with_the_model),
        TEST(test_a_stand_in_whose_model_is_full_takes_nothing),
        TEST(test_many_at_once_cannot_pass_a_models_budget_together),
        TEST(test_a_models_marks_are_told_once_and_name_it),
        TEST(test_a_sum_under_another_model_is_found),
        TEST(test_budgets_and_sums_of_before_are_kept),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
