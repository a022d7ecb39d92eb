/* How a provider did, from its calls. */
#include "engine/test_private.h"
#include "engine/view.h"

enum { PROVIDER = 5, DAY = 24 * 3600 * 1000 };
#define NOW INT64_C(1700000000000)

struct call_row {
    const char *state, *class, *message;
    int64_t ended_ago_ms, took_ms;
    int64_t provider_id;
};

static bool add_work(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        .name = "test_add_call",
        .text = "INSERT INTO call (public_id, task_id, attempt, provider_id, model, state,"
                " request_hash, class, message, estimate_micro, currency, intent_at_ms, sent_at_ms,"
                " ended_at_ms) VALUES (hex(randomblob(13)), 1, 1, $1, 'm', $2, x'00', $3, $4, 0,"
                " 'USD', $5, $6, $7)"};
    const struct call_row *row = context;
    const int64_t ended_ms = NOW - row->ended_ago_ms;
    const struct sql_value args[] = {SQL_INT64(row->provider_id != 0 ? row->provider_id : PROVIDER),
                                     SQL_CSTR(row->state),
                                     SQL_CSTR(row->class == NULL ? "" : row->class),
                                     SQL_CSTR(row->message == NULL ? "" : row->message),
                                     SQL_INT64(ended_ms - row->took_ms - 7),
                                     SQL_INT64(ended_ms - row->took_ms),
                                     row->ended_ago_ms < 0 ? SQL_NULL : SQL_INT64(ended_ms)};

    return db_exec_one(db, &add, args, COUNT(args), err);
}

/* A call that ended so long ago; a negative time: it did not end. */
static void add_call(struct place *place, struct call_row row)
{
    if (!db_transact(place->pool, "test", add_work, &row, &place->err))
        fail_msg("%s %s", place->err.message, place->err.detail);
}

static struct provider_health health_of(struct place *place, int64_t provider_id)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct provider_health health = {0};

    if (!db_borrow(place->pool, &db, &place->err) ||
        !view_provider_health(db, provider_id, NOW, place->arena, &health, &place->err))
        fail_msg("%s %s", place->err.message, place->err.detail);
    return health;
}

static void expect_failure(const struct health_window *window, size_t index, const char *class,
                           int64_t count)
{
    const struct failure_count *failures = window->failures.items;

    assert_true(index < window->failures.count);
    check_text(failures[index].class, class, "class");
    assert_int_equal(failures[index].count, count);
}

static void test_a_provider_without_calls_has_nothing_to_tell(void **state)
{
    struct place *place = *state;
    struct provider_health health;

    (void)submit_graph(place, 1, "");
    add_call(place, (struct call_row){.state = "finished", .provider_id = PROVIDER + 1});
    add_call(place, (struct call_row){.state = "sent", .ended_ago_ms = -1});
    health = health_of(place, PROVIDER);
    assert_int_equal(health.week.calls, 0);
    assert_int_equal(health.day.p50_ms, -1);
    assert_int_equal(health.week.p95_ms, -1);
    assert_true(health.day.success < 0 && health.week.success < 0);
    assert_int_equal(health.week.failures.count, 0);
    assert_null(health.last_error);
}

static void test_calls_count_in_their_windows_by_how_they_ended(void **state)
{
    struct place *place = *state;
    struct provider_health health;

    (void)submit_graph(place, 1, "");
    for (int i = 1; i <= 20; i++)
        add_call(place, (struct call_row){
                            .state = "finished", .ended_ago_ms = i * 1000, .took_ms = i * 100});
    add_call(place, (struct call_row){.state = "finished", .ended_ago_ms = DAY, .took_ms = 90000});
    add_call(place, (struct call_row){.state = "finished", .ended_ago_ms = 7 * (int64_t)DAY});
    add_call(place, (struct call_row){"failed", "server", "boom", 500, 5, 0});
    add_call(place, (struct call_row){"failed", "throttled", "slow", 600, 5, 0});
    add_call(place, (struct call_row){"failed", "throttled", "slow", 2 * DAY, 5, 0});
    add_call(place, (struct call_row){"unknown", "", "", 700, 5, 0});
    add_call(place, (struct call_row){"abandoned", "", "", 100, 5, 0});
    health = health_of(place, PROVIDER);
    assert_int_equal(health.day.calls, 23);
    assert_int_equal(health.day.finished, 20);
    assert_int_equal(health.day.cancelled, 1);
    assert_true(health.day.success > 0.869 && health.day.success < 0.870);
    assert_int_equal(health.day.p50_ms, 1000);
    assert_int_equal(health.day.p95_ms, 1900);
    assert_int_equal(health.day.failures.count, 3);
    expect_failure(&health.day, 0, "server", 1);
    assert_int_equal(health.week.calls, 25);
    assert_int_equal(health.week.finished, 21);
    assert_int_equal(health.week.p50_ms, 1100);
    expect_failure(&health.week, 0, "throttled", 2);
    expect_failure(&health.week, 1, "server", 1);
    expect_failure(&health.week, 2, "unknown", 1);
    assert_non_null(health.last_error);
    check_text(health.last_error->class, "server", "the newest that failed");
    check_text(health.last_error->message, "boom", "its words");
    assert_int_equal(health.last_error->at_ms, NOW - 500);
}

static void test_long_words_are_clipped_and_clocks_set_back_are_borne(void **state)
{
    struct place *place = *state;
    char words[2000];
    struct provider_health health;

    memset(words, 'w', sizeof(words));
    words[sizeof(words) - 1] = '\0';
    (void)submit_graph(place, 1, "");
    add_call(place, (struct call_row){"failed", "invalid", words, 10, 0, 0});
    add_call(place, (struct call_row){.state = "finished", .ended_ago_ms = 5, .took_ms = -4000});
    health = health_of(place, PROVIDER);
    assert_int_equal(health.last_error->message.size, VIEW_HEALTH_WORDS);
    assert_int_equal(health.day.p50_ms, 0);
    assert_int_equal(health.day.p95_ms, 0);
}

/* The newest 1,000 finished calls alone are measured. */
static void test_percentiles_are_of_the_newest_calls(void **state)
{
    struct place *place = *state;
    struct provider_health health;

    (void)submit_graph(place, 1, "");
    assert_true(execute(place, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                               " WHERE i < 3000) INSERT INTO call (public_id, task_id, attempt,"
                               " provider_id, model, state, request_hash, estimate_micro, currency,"
                               " intent_at_ms, ended_at_ms) SELECT 'n' || i, 1, i, 5, 'm',"
                               " 'finished', x'00', 0, 'USD', 1700000000000 - i - CASE WHEN i <="
                               " 1000 THEN 10 ELSE 99999 END, 1700000000000 - i FROM n"));
    health = health_of(place, PROVIDER);
    assert_int_equal(health.week.calls, 3000);
    assert_int_equal(health.week.p50_ms, 10);
    assert_int_equal(health.week.p95_ms, 10);
}

static void test_no_statement_reads_the_table_of_calls(void **state)
{
    struct place *place = *state;

    for (size_t i = 0; view_health_sql[i].name != NULL; i++) {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;
        CLEANUP(rows_finish) struct rows plan = {0};
        const struct sql_value args[3] = {SQL_INT64(1), SQL_INT64(2), SQL_INT64(3)};
        static char text[3][600];
        bool has_index = false;

        snprintf(text[i], sizeof(text[i]), "EXPLAIN QUERY PLAN %s", view_health_sql[i].text);
        assert_true(db_borrow(place->pool, &db, &place->err));
        if (!db_query(db, test_sql(text[i]), args, strstr(text[i], "$3") != NULL ? 3 : 2, &plan,
                      &place->err))
            fail_msg("%s %s", place->err.message, place->err.detail);
        while (rows_next(&plan)) {
            const struct str detail = rows_str(&plan, "detail", place->arena);

            if (str_starts_with(detail, STR("SCAN")) || str_find(detail, STR("FOR ORDER BY")) >= 0)
                fail_msg("%s: %.*s", view_health_sql[i].name, STR_ARGS(detail));
            has_index = has_index || str_find(detail, STR("COVERING INDEX call_ended")) >= 0;
        }
        if (!has_index)
            fail_msg("%s", view_health_sql[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_a_provider_without_calls_has_nothing_to_tell),
        PLACE_TEST(test_calls_count_in_their_windows_by_how_they_ended),
        PLACE_TEST(test_long_words_are_clipped_and_clocks_set_back_are_borne),
        PLACE_TEST(test_percentiles_are_of_the_newest_calls),
        PLACE_TEST(test_no_statement_reads_the_table_of_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
