#include "usage/test_private.h"

#include "core/log.h"

static int set_up(void **state)
{
    static struct book book;

    book_open(&book);
    *state = &book;
    return 0;
}

static int tear_down(void **state) { return book_close(*state); }

/* ---- reading ---- */

static const struct usage_range always = {.from = {"2025-01-01"}, .to = {"2025-12-31"}};

static struct usage_items items_of(struct book *book, int64_t user_id,
                                   const struct usage_range *range, enum usage_by by)
{
    struct usage_items out = {0};
    struct error err = {0};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;

    if (!db_borrow(book->pool, &db, &err) ||
        !usage_store_items(db, user_id, range, by, book->arena, &out, &err))
        fail_msg("%s %s", err.message, err.detail);
    return out;
}

/* All the totals of a user as text: "USD 1+2+3" is cost, reserved and doubtful. */
static void expect_totals_at(struct book *book, int64_t user_id, const char *expected, int line)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};
    struct usage_total *totals;
    struct str text = STR_EMPTY;
    size_t count = 0;

    if (!db_borrow(book->pool, &db, &err) ||
        !usage_store_totals(db, user_id, &always, book->arena, &totals, &count, &err))
        fail_msg("%s %s", err.message, err.detail);
    for (size_t i = 0; i < count; i++)
        text = arena_printf(book->arena, "%.*s%s%.*s %lld+%lld+%lld", STR_ARGS(text),
                            i > 0 ? ", " : "", STR_ARGS(totals[i].currency),
                            (long long)totals[i].cost_micro, (long long)totals[i].reserved_micro,
                            (long long)totals[i].doubtful_micro);
    if (!str_equal(text, str_of(expected)))
        fail_msg("line %d: \"%.*s\" is not \"%s\"", line, STR_ARGS(text), expected);
}
#define EXPECT_TOTALS(book, user_id, expected) expect_totals_at(book, user_id, expected, __LINE__)

/* All the items as text: "key label calls cost doubtful currency", a line each. */
static void expect_items_at(struct book *book, enum usage_by by, const char *expected, int line)
{
    struct usage_items items = items_of(book, ANN, &always, by);
    struct str text = STR_EMPTY;

    for (size_t i = 0; i < items.count; i++) {
        const struct usage_item *item = &items.items[i];

        text = arena_printf(book->arena, "%.*s%.*s|%.*s|%lld|%lld|%lld|%.*s\n", STR_ARGS(text),
                            STR_ARGS(item->key), STR_ARGS(item->label), (long long)item->calls,
                            (long long)item->cost_micro, (long long)item->doubtful_micro,
                            STR_ARGS(item->currency));
    }
    if (!str_equal(text, str_of(expected)))
        fail_msg("line %d: \"%.*s\" is not \"%s\"", line, STR_ARGS(text), expected);
}
#define EXPECT_ITEMS(book, by, expected) expect_items_at(book, by, expected, __LINE__)

/* ---- the life of a row ---- */

static void test_a_reservation_becomes_what_the_task_cost(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .micro = 40000});
    EXPECT_TOTALS(book, ANN, "USD 0+40000+0");
    settle(book, 1, 39000, "USD");
    EXPECT_TOTALS(book, ANN, "USD 39000+0+0");
    settle(book, 1, 41000, "USD"); /* a late result: the sum of all calls, not one more */
    EXPECT_TOTALS(book, ANN, "USD 41000+0+0");
}

static void test_what_nobody_can_tell_stays_as_doubtful(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .micro = 40000});
    settle(book, 1, -1, "USD");
    EXPECT_TOTALS(book, ANN, "USD 0+0+40000");
    settle(book, 1, 40000, "USD"); /* it was found out */
    EXPECT_TOTALS(book, ANN, "USD 40000+0+0");
}

static void test_each_call_in_doubt_may_have_cost_the_estimate(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .micro = 40000});
    add_call(book, 1, "unknown", true);
    settle(book, 1, -1, "USD");
    EXPECT_TOTALS(book, ANN, "USD 0+0+40000");
    reserve(book, (struct deed){.task_id = 1, .micro = 40000}); /* repeated, for a person said so */
    EXPECT_TOTALS(book, ANN, "USD 0+80000+0");
    add_call(book, 1, "unknown", true);
    settle(book, 1, -1, "USD");
    EXPECT_TOTALS(book, ANN, "USD 0+0+80000");
    EXPECT_ITEMS(book, USAGE_BY_DAY, "2025-11-22|2025-11-22|2|0|80000|USD\n");
    reserve(book, (struct deed){.task_id = 1, .micro = 40000});
    EXPECT_TOTALS(book, ANN, "USD 0+120000+0");
    settle(book, 1, 30000, "USD"); /* all of it was found out */
    EXPECT_TOTALS(book, ANN, "USD 30000+0+0");
}

static void test_a_released_task_costs_nothing_and_keeps_its_currency(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .micro = 40000, .currency = "CNY"});
    settle(book, 1, 0, "");
    EXPECT_TOTALS(book, ANN, "CNY 0+0+0");
    EXPECT_ITEMS(book, USAGE_BY_DAY, "");
}

static void test_a_retry_is_reserved_beside_what_was_spent(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .micro = 40000});
    settle(book, 1, 15000, "USD");
    reserve(book, (struct deed){.task_id = 1, .micro = 50000, .at_ms = NOON + DAY_MS});
    EXPECT_TOTALS(book, ANN, "USD 15000+50000+0");
    settle(book, 1, -1, "USD");
    EXPECT_TOTALS(book, ANN, "USD 15000+0+50000");
    settle(book, 1, 55000, "USD");
    EXPECT_TOTALS(book, ANN, "USD 55000+0+0");
    add_call(book, 1, "finished", true);
    settle(book, 1, 55000, "USD");
    EXPECT_ITEMS(book, USAGE_BY_DAY, "2025-11-22|2025-11-22|1|55000|0|USD\n"); /* its first day */
}

static void test_a_retry_never_turns_spent_money_into_another_currency(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .micro = 40000, .currency = "CNY"});
    settle(book, 1, 15000, "USD"); /* the provider's own word */
    EXPECT_TOTALS(book, ANN, "USD 15000+0+0");
    reserve(book, (struct deed){.task_id = 1, .micro = 40000, .currency = "CNY"});
    EXPECT_TOTALS(book, ANN, "USD 15000+0+0");
    settle(book, 1, -1, "CNY");
    EXPECT_TOTALS(book, ANN, "USD 15000+0+0");
    reserve(book, (struct deed){.task_id = 2, .micro = 10, .currency = "CNY"});
    settle(book, 2, 0, "USD");
    reserve(book, (struct deed){.task_id = 2, .micro = 20, .currency = "CNY"});
    EXPECT_TOTALS(book, ANN, "CNY 0+20+0, USD 15000+0+0"); /* nothing was spent: free to change */
}

static void test_unknown_estimates_count_nothing(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .micro = -1});
    reserve(book, (struct deed){.task_id = 2, .micro = -700});
    reserve(book, (struct deed){.task_id = 3, .micro = 5});
    EXPECT_TOTALS(book, ANN, "USD 0+5+0");
    settle(book, 1, -1, "USD");
    EXPECT_TOTALS(book, ANN, "USD 0+5+0");
}

static void test_tasks_that_are_not_in_the_book_settle_without_a_word(void **state)
{
    struct book *book = *state;
    struct deed local = {.task_id = 1,
                         .user_id = ANN,
                         .provider_id = 0,
                         .model = "",
                         .operation = "image.crop",
                         .currency = "USD",
                         .at_ms = NOON};

    book_do(book, work_reserve, &local); /* our own work */
    settle(book, 1, 0, "USD");
    settle(book, 99, -1, "USD");
    EXPECT_TOTALS(book, 0, "");
}

static void test_only_calls_that_left_are_counted(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .micro = 10});
    add_call(book, 1, "failed", true);
    add_call(book, 1, "finished", true);
    add_call(book, 1, "unknown", false); /* its process died between sending and noting it */
    add_call(book, 1, "intent", false);
    add_call(book, 1, "failed", false);
    add_call(book, 2, "finished", true); /* of another task */
    EXPECT_ITEMS(book, USAGE_BY_OPERATION,
                 "image.generate|image.generate|0|0|0|USD\n"); /* reserved */
    settle(book, 1, -1, "USD");
    EXPECT_ITEMS(book, USAGE_BY_OPERATION, "image.generate|image.generate|3|0|50|USD\n");
    settle(book, 1, 7, "USD");
    EXPECT_ITEMS(book, USAGE_BY_OPERATION, "image.generate|image.generate|3|7|0|USD\n");
}

/* ---- questions ---- */

static bool work_sell(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_add_products",
        "INSERT INTO product (public_id, user_id, name, sku, category, facts, created_at_ms,"
        " changed_at_ms, deleted_at_ms) VALUES ('POT', 2, 'Teapot', '', '', '', 1, 1, NULL),"
        " ('CUP', 2, 'Cup', '', '', '', 1, 1, 5)",
        NULL};
    static const struct sql make_for = {
        "test_make_for",
        "UPDATE run SET product = CASE id WHEN 1 THEN 'POT' WHEN 2 THEN 'POT' WHEN 3 THEN 'CUP'"
        " WHEN 4 THEN 'GONE' ELSE '' END",
        NULL};

    (void)context;
    return db_exec(db, &add, NULL, 0, NULL, err) && db_exec(db, &make_for, NULL, 0, NULL, err);
}

static void test_products_keep_their_names_and_all_else_is_together(void **state)
{
    struct book *book = *state;

    for (int64_t task = 1; task <= 6; task++)
        add_call(book, task, "finished", true);
    book_do(book, work_sell, NULL);
    for (int64_t task = 1; task <= 6; task++) {
        reserve(book, (struct deed){.task_id = task, .micro = 100});
        settle(book, task, task * 10, "USD");
    }
    EXPECT_ITEMS(book, USAGE_BY_PRODUCT,
                 "||2|110|0|USD\n"      /* 5 and 6, of none */
                 "GONE||1|40|0|USD\n"   /* without a row */
                 "CUP|Cup|1|30|0|USD\n" /* deleted */
                 "POT|Teapot|2|30|0|USD\n");
}

static void test_currencies_are_never_added(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1});
    reserve(book, (struct deed){.task_id = 2});
    reserve(book, (struct deed){.task_id = 3});
    settle(book, 1, 100, "USD");
    settle(book, 2, 200, "CNY");
    settle(book, 3, 300, "USD");
    EXPECT_TOTALS(book, ANN, "CNY 200+0+0, USD 400+0+0");
    EXPECT_ITEMS(book, USAGE_BY_DAY,
                 "2025-11-22|2025-11-22|0|200|0|CNY\n2025-11-22|2025-11-22|0|400|0|USD\n");
    EXPECT_ITEMS(book, USAGE_BY_PROVIDER, "||0|200|0|CNY\n||0|400|0|USD\n");
    EXPECT_ITEMS(book, USAGE_BY_MODEL,
                 "gpt-image-2|gpt-image-2|0|200|0|CNY\ngpt-image-2|gpt-image-2|0|400|0|USD\n");
    EXPECT_ITEMS(book, USAGE_BY_OPERATION,
                 "image.generate|image.generate|0|200|0|CNY\n"
                 "image.generate|image.generate|0|400|0|USD\n");
}

static void test_groups_come_dearest_first_and_days_in_their_order(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1, .model = "a", .operation = "edit"});
    reserve(book, (struct deed){.task_id = 2, .model = "b", .at_ms = NOON - DAY_MS});
    reserve(book, (struct deed){.task_id = 3, .model = "c", .operation = "edit"});
    reserve(book, (struct deed){.task_id = 4, .model = "a", .at_ms = NOON - DAY_MS});
    settle(book, 1, 10, "USD");
    settle(book, 2, 40, "USD");
    settle(book, 3, 5, "USD");
    settle(book, 4, 20, "USD");
    EXPECT_ITEMS(book, USAGE_BY_MODEL, "b|b|0|40|0|USD\na|a|0|30|0|USD\nc|c|0|5|0|USD\n");
    EXPECT_ITEMS(book, USAGE_BY_OPERATION,
                 "image.generate|image.generate|0|60|0|USD\nedit|edit|0|15|0|USD\n");
    EXPECT_ITEMS(book, USAGE_BY_DAY,
                 "2025-11-21|2025-11-21|0|60|0|USD\n2025-11-22|2025-11-22|0|15|0|USD\n");
}

static void test_providers_are_named_also_when_they_are_gone(void **state)
{
    struct book *book = *state;

    add_provider(book, (struct provider_spec){1, "P1", "Studio", false});
    add_provider(book, (struct provider_spec){2, "P2", "Old one", true});
    reserve(book, (struct deed){.task_id = 1, .provider_id = 1});
    reserve(book, (struct deed){.task_id = 2, .provider_id = 2});
    reserve(book, (struct deed){.task_id = 3, .provider_id = 3});
    settle(book, 1, 10, "USD");
    settle(book, 2, 20, "USD");
    settle(book, 3, 5, "USD");
    EXPECT_ITEMS(book, USAGE_BY_PROVIDER,
                 "P2|Old one|0|20|0|USD\nP1|Studio|0|10|0|USD\n||0|5|0|USD\n");
}

/* A group whose last row cost nothing is still a group that cost something. */
static void test_a_group_is_listed_for_any_of_its_rows(void **state)
{
    struct book *book = *state;

    for (int64_t task = 1; task <= 3; task++)
        reserve(book, (struct deed){.task_id = task, .micro = 9});
    settle(book, 1, 0, "USD");
    settle(book, 2, 10, "USD");
    settle(book, 3, 0, "USD");
    EXPECT_ITEMS(book, USAGE_BY_MODEL, "gpt-image-2|gpt-image-2|0|10|0|USD\n");
}

static void test_only_the_users_own_days_are_told(void **state)
{
    static const struct usage_range day = {.from = {"2025-11-22"}, .to = {"2025-11-22"}};
    struct book *book = *state;
    struct usage_items items;

    reserve(book, (struct deed){.task_id = 1, .at_ms = NOON - DAY_MS});
    reserve(book, (struct deed){.task_id = 2});
    reserve(book, (struct deed){.task_id = 3, .user_id = BOB});
    reserve(book, (struct deed){.task_id = 4, .at_ms = NOON + DAY_MS});
    for (int64_t task = 1; task <= 4; task++)
        settle(book, task, task * 10, "USD");
    EXPECT_TOTALS(book, ANN, "USD 70+0+0");
    EXPECT_TOTALS(book, BOB, "USD 30+0+0");
    EXPECT_TOTALS(book, 0, "USD 100+0+0");
    EXPECT_TOTALS(book, 77, "");
    for (enum usage_by by = USAGE_BY_DAY; by <= USAGE_BY_PRODUCT; by++) {
        if (by == USAGE_BY_USER)
            continue; /* there are two */
        items = items_of(book, ANN, &day, by);
        assert_int_equal(items.count, 1);
        assert_int_equal(items.items[0].cost_micro, 20);
        items = items_of(book, 0, &day, by);
        assert_int_equal(items.count, 1);
        assert_int_equal(items.items[0].cost_micro, 50);
    }
}

static void test_one_absurd_cost_does_not_break_the_sums(void **state)
{
    struct book *book = *state;

    reserve(book, (struct deed){.task_id = 1});
    reserve(book, (struct deed){.task_id = 2});
    settle(book, 1, INT64_MAX, "USD");
    settle(book, 2, INT64_MAX, "USD");
    EXPECT_TOTALS(book, ANN, "USD 9223372036854775807+0+0");
}

/* `count` models of `micro` and one more each, in this currency. */
struct models {
    const char *name, *currency;
    int64_t count, micro;
};

static bool work_add_models(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_add_models",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
        " INSERT INTO usage (task_id, user_id, provider_id, model, operation, state,"
        " estimate_micro, cost_micro, currency, reserved_at_ms, day)"
        " SELECT i + (SELECT coalesce(max(task_id), 0) FROM usage), 2, 1, $2 || i, 'o', 'settled',"
        " 0, $4 + i, $3, 0, '2025-11-22' FROM n",
        NULL};
    const struct models *models = context;
    const struct sql_value args[] = {SQL_INT64(models->count), SQL_TEXT(str_of(models->name)),
                                     SQL_TEXT(str_of(models->currency)), SQL_INT64(models->micro)};

    return db_exec(db, &add, args, COUNT(args), NULL, err);
}

static void test_what_is_beyond_the_dearest_groups_is_told_as_a_sum(void **state)
{
    struct book *book = *state;
    struct models models = {.name = "m", .currency = "USD", .count = USAGE_ITEMS_MAX};
    struct usage_items found;

    book_do(book, work_add_models, &models);
    found = items_of(book, ANN, &always, USAGE_BY_MODEL);
    assert_int_equal(found.count, USAGE_ITEMS_MAX);
    assert_int_equal(found.rest_count, 0);
    models = (struct models){.name = "cheap", .currency = "USD", .count = 2};
    book_do(book, work_add_models, &models); /* of 1 and of 2 */
    found = items_of(book, ANN, &always, USAGE_BY_MODEL);
    assert_int_equal(found.count, USAGE_ITEMS_MAX);
    assert_int_equal(found.items[0].cost_micro, USAGE_ITEMS_MAX);
    assert_int_equal(found.items[found.count - 1].cost_micro, 2);
    assert_int_equal(found.rest_count, 1);
    assert_true(str_equal(found.rests[0].currency, STR("USD")));
    assert_int_equal(found.rests[0].count, 2);
    assert_int_equal(found.rests[0].cost_micro, 2); /* twice 1 */
    assert_int_equal(items_of(book, ANN, &always, USAGE_BY_DAY).count, 1);
}

static void test_no_currency_pushes_another_one_out(void **state)
{
    struct book *book = *state;
    struct models yen = {.name = "y", .currency = "JPY", .count = 1500, .micro = 1000000};
    struct models yuan = {.name = "c", .currency = "CNY", .count = 1500};
    struct usage_items found;

    book_do(book, work_add_models, &yen);
    book_do(book, work_add_models, &yuan);
    reserve(book, (struct deed){.task_id = 9001, .model = "z", .micro = 5}); /* USD */
    found = items_of(book, ANN, &always, USAGE_BY_MODEL);
    assert_int_equal(found.count, USAGE_ITEMS_MAX);
    /* By turns: CNY, JPY, USD; CNY, JPY; ... */
    assert_true(str_equal(found.items[0].currency, STR("CNY")));
    assert_int_equal(found.items[999].cost_micro, 1500 - 999);
    assert_true(str_equal(found.items[1000].currency, STR("JPY")));
    assert_int_equal(found.items[1000].cost_micro, 1001500);
    assert_true(str_equal(found.items[1999].currency, STR("USD")));
    assert_int_equal(found.items[1999].reserved_micro, 5);
    assert_int_equal(found.rest_count, 2);
    assert_true(str_equal(found.rests[0].currency, STR("CNY")));
    assert_int_equal(found.rests[0].count, 500);
    assert_int_equal(found.rests[0].cost_micro, 500 * 501 / 2);
    assert_true(str_equal(found.rests[1].currency, STR("JPY")));
    assert_int_equal(found.rests[1].count, 501);
    assert_int_equal(found.rests[1].cost_micro, 501 * 1000000 + 501 * 502 / 2);
}

static void test_absurd_costs_do_not_overflow_the_rest(void **state)
{
    struct book *book = *state;
    struct models models = {
        .name = "m", .currency = "USD", .count = USAGE_ITEMS_MAX + 3, .micro = INT64_MAX - 5000};
    struct usage_items found;

    book_do(book, work_add_models, &models);
    found = items_of(book, ANN, &always, USAGE_BY_MODEL);
    assert_int_equal(found.rests[0].count, 3);
    assert_true(found.rests[0].cost_micro == INT64_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_reservation_becomes_what_the_task_cost),
        TEST(test_what_nobody_can_tell_stays_as_doubtful),
        TEST(test_each_call_in_doubt_may_have_cost_the_estimate),
        TEST(test_a_released_task_costs_nothing_and_keeps_its_currency),
        TEST(test_a_retry_is_reserved_beside_what_was_spent),
        TEST(test_a_retry_never_turns_spent_money_into_another_currency),
        TEST(test_unknown_estimates_count_nothing),
        TEST(test_tasks_that_are_not_in_the_book_settle_without_a_word),
        TEST(test_only_calls_that_left_are_counted),
        TEST(test_products_keep_their_names_and_all_else_is_together),
        TEST(test_currencies_are_never_added),
        TEST(test_groups_come_dearest_first_and_days_in_their_order),
        TEST(test_providers_are_named_also_when_they_are_gone),
        TEST(test_a_group_is_listed_for_any_of_its_rows),
        TEST(test_only_the_users_own_days_are_told),
        TEST(test_one_absurd_cost_does_not_break_the_sums),
        TEST(test_what_is_beyond_the_dearest_groups_is_told_as_a_sum),
        TEST(test_no_currency_pushes_another_one_out),
        TEST(test_absurd_costs_do_not_overflow_the_rest),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
