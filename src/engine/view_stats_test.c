/* How the queue did, from counts that a trigger keeps. */
#include "engine/test_private.h"
#include "engine/view.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
#define DAY (24 * (int64_t)HOUR)
#define NOW (INT64_C(19700) * DAY + 5 * (int64_t)HOUR + 7 * MINUTE)

struct call_row {
    const char *state;
    int64_t ended_ago_ms, took_ms, provider_id, cost_micro;
    const char *model, *currency;
};

/* As the engine does it: a call is written, and ends later. */
static bool add_work(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        .name = "test_add_call",
        .text = "INSERT INTO call (public_id, task_id, attempt, provider_id, model, state,"
                " request_hash, estimate_micro, currency, intent_at_ms, sent_at_ms)"
                " VALUES (hex(randomblob(13)), 1, 1, $1, $2, 'sent', x'00', 0, '', $3, $4)"};
    static const struct sql end = {
        .name = "test_end_call",
        .text = "UPDATE call SET state = $2, currency = $3, cost_micro = $4, ended_at_ms = $5"
                " WHERE id = $1"};
    const struct call_row *row = context;
    const int64_t ended_ms = NOW - row->ended_ago_ms;
    const struct sql_value args[] = {SQL_INT64(row->provider_id != 0 ? row->provider_id : 5),
                                     SQL_CSTR(row->model == NULL ? "m" : row->model),
                                     SQL_INT64(ended_ms - row->took_ms - 7),
                                     SQL_INT64(ended_ms - row->took_ms)};

    if (!db_exec_one(db, &add, args, COUNT(args), err))
        return false;
    const struct sql_value ended[] = {SQL_INT64(db_last_id(db)), SQL_CSTR(row->state),
                                      SQL_CSTR(row->currency == NULL ? "" : row->currency),
                                      row->cost_micro < 0 ? SQL_NULL : SQL_INT64(row->cost_micro),
                                      SQL_INT64(ended_ms)};

    return db_exec_one(db, &end, ended, COUNT(ended), err);
}

static void add_call(struct place *place, struct call_row row)
{
    if (!db_transact(place->pool, "test", add_work, &row, &place->err))
        fail_msg("%s %s", place->err.message, place->err.detail);
}

static struct queue_stats stats_of(struct place *place, struct stats_question question)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct queue_stats stats = {0};

    question.now_ms = NOW;
    if (!db_borrow(place->pool, &db, &place->err) ||
        !view_queue_stats(db, &question, place->arena, &stats, &place->err))
        fail_msg("%s %s", place->err.message, place->err.detail);
    return stats;
}

static const struct stats_slot *slot_at(const struct queue_stats *stats, size_t index)
{
    assert_true(index < stats->slots.count);
    return (const struct stats_slot *)stats->slots.items + index;
}

static const struct stats_group *group_at(const struct queue_stats *stats, size_t index)
{
    assert_true(index < stats->groups.count);
    return (const struct stats_group *)stats->groups.items + index;
}

static void test_a_quiet_range_has_all_its_slots(void **state)
{
    static const struct {
        enum stats_range range;
        size_t slots;
        int64_t from_ms;
    } rows[] = {
        {STATS_HOUR,        12, NOW - 2 * MINUTE - 55 * MINUTE                      },
        {STATS_QUARTER_DAY, 24, NOW - 7 * MINUTE - 345 * MINUTE                     },
        {STATS_DAY,         24, NOW - 7 * MINUTE - 23 * (int64_t)HOUR               },
        {STATS_WEEK,        28, NOW - 5 * HOUR - 7 * MINUTE - 27 * 6 * (int64_t)HOUR},
        {STATS_MONTH,       30, NOW - 5 * HOUR - 7 * MINUTE - 29 * DAY              },
    };
    struct place *place = *state;

    (void)submit_graph(place, 1, "");
    add_call(place, (struct call_row){.state = "abandoned", .ended_ago_ms = 5});
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct queue_stats stats =
            stats_of(place, (struct stats_question){.range = rows[i].range});

        assert_int_equal(stats.slots.count, rows[i].slots);
        assert_true(stats.from_ms == rows[i].from_ms);
        assert_true(slot_at(&stats, 0)->at_ms == rows[i].from_ms);
        assert_int_equal(stats.sum.finished + stats.sum.failed, 0);
        assert_int_equal(stats.sum.p99_ms, -1);
        assert_int_equal(stats.groups.count, 0);
    }
}

static void test_calls_count_in_the_slot_in_which_they_ended(void **state)
{
    struct place *place = *state;
    struct queue_stats stats;

    (void)submit_graph(place, 1, "");
    add_call(place, (struct call_row){"finished", MINUTE, 1000, 0, 40000, NULL, "USD"});
    add_call(place, (struct call_row){"failed", MINUTE, 10, 0, -1, NULL, NULL});
    add_call(place, (struct call_row){"unknown", 2 * MINUTE, 10, 0, -1, NULL, NULL});
    add_call(place, (struct call_row){"finished", 8 * MINUTE, 3000, 0, 50000, NULL, "CNY"});
    add_call(place, (struct call_row){"finished", 58 * MINUTE, 1, 0, 1, NULL, "USD"});
    stats = stats_of(place, (struct stats_question){.range = STATS_HOUR});
    assert_int_equal(stats.sum.finished, 2);
    assert_int_equal(stats.sum.failed, 2);
    assert_int_equal(slot_at(&stats, 11)->sum.finished, 1);
    assert_int_equal(slot_at(&stats, 11)->sum.failed, 2);
    assert_int_equal(slot_at(&stats, 11)->sum.p50_ms, 1000);
    assert_int_equal(slot_at(&stats, 10)->sum.finished, 0);
    assert_int_equal(slot_at(&stats, 9)->sum.finished, 1);
    assert_int_equal(slot_at(&stats, 9)->sum.p95_ms, 3000);
    assert_int_equal(stats.sum.costs.count, 2);
    stats = stats_of(place, (struct stats_question){.range = STATS_WEEK});
    assert_int_equal(stats.sum.finished, 3);
}

static void test_percentiles_are_told_to_within_a_fortieth(void **state)
{
    static const int64_t times[] = {0,     4,     333,   777,    1234,   3456,   7777,
                                    12345, 34567, 71234, 123456, 345678, 777777, 3599999};
    struct place *place = *state;
    struct queue_stats stats;

    (void)submit_graph(place, 1, "");
    for (size_t i = 0; i < COUNT(times); i++) {
        char model[16];
        const struct stats_group *group;
        double apart;

        snprintf(model, sizeof(model), "m%zu", i);
        add_call(place, (struct call_row){"finished", 1, times[i], 0, 0, model, NULL});
        stats =
            stats_of(place, (struct stats_question){
                                .range = STATS_HOUR, .model = str_of(model), .by = STATS_BY_MODEL});
        group = group_at(&stats, 0);
        check_text(group->key, model, "model");
        assert_int_equal(group->sum.finished, 1);
        apart = (double)llabs(group->sum.p50_ms - times[i]);
        assert_true(apart <= 5 || apart <= (double)times[i] * 0.026);
        assert_int_equal(group->sum.p50_ms, group->sum.p99_ms);
    }
    for (int i = 1; i <= 100; i++)
        add_call(place, (struct call_row){"finished", 1, i * 100, 9, 0, "many", NULL});
    stats = stats_of(place, (struct stats_question){.range = STATS_HOUR, .model = STR("many")});
    assert_int_equal(stats.sum.p50_ms, 5000);
    assert_int_equal(stats.sum.p95_ms, 9500);
    assert_true(stats.sum.p99_ms >= 9750 && stats.sum.p99_ms <= 10000);
}

static void test_clocks_set_back_and_endless_calls_are_borne(void **state)
{
    struct place *place = *state;
    struct queue_stats stats;

    (void)submit_graph(place, 1, "");
    add_call(place, (struct call_row){"finished", 1, -90000, 0, 0, NULL, NULL});
    add_call(place, (struct call_row){"finished", 1, 9 * DAY, 0, 0, NULL, NULL});
    add_call(place,
             (struct call_row){"finished", -20 * MINUTE, 500, 0, INT64_MAX / 2, NULL, "USD"});
    stats = stats_of(place, (struct stats_question){.range = STATS_HOUR});
    assert_int_equal(stats.sum.finished, 3);
    assert_int_equal(slot_at(&stats, 11)->sum.finished, 3);
    assert_int_equal(stats.sum.p99_ms, HOUR);
    assert_true(((struct stats_cost *)stats.sum.costs.items)->cost_micro == INT64_C(1000000000000));
}

static void test_groups_are_the_busiest_first_and_the_rest_is_one(void **state)
{
    struct place *place = *state;
    struct queue_stats stats;
    int64_t calls = 0;

    (void)submit_graph(place, 1, "");
    for (int i = 0; i < VIEW_STATS_GROUPS + 10; i++) {
        char model[16];

        snprintf(model, sizeof(model), "m%d", i);
        add_call(place, (struct call_row){"finished", 1, 100 + i, 0, 0, model, NULL});
    }
    for (int i = 0; i < 20; i++)
        add_call(place, (struct call_row){"failed", 1, 1, 0, -1, "m3", NULL});
    stats = stats_of(place, (struct stats_question){.range = STATS_DAY, .by = STATS_BY_MODEL});
    assert_int_equal(stats.groups.count, VIEW_STATS_GROUPS);
    check_text(group_at(&stats, 0)->key, "m3", "the busiest");
    check_text(group_at(&stats, 1)->key, "", "eleven others");
    for (size_t i = 0; i < stats.groups.count; i++)
        calls += group_at(&stats, i)->sum.finished + group_at(&stats, i)->sum.failed;
    assert_int_equal(calls, VIEW_STATS_GROUPS + 30);
}

static void test_only_what_is_asked_for_is_counted(void **state)
{
    struct place *place = *state;
    struct queue_stats stats;

    (void)submit_graph(place, 1, "");
    assert_true(execute(place, "INSERT INTO provider (id, public_id, kind, name, base_url,"
                               " options, is_enabled, is_private_allowed, concurrency,"
                               " on_unknown, once_below_micro, created_at_ms) VALUES (6, 'P6',"
                               " 'mock', 'Six', '', '{}', 1, 0, 1, 'hold', 0, 1)"));
    add_call(place, (struct call_row){"finished", 1, 100, 6, 0, "a", NULL});
    add_call(place, (struct call_row){"finished", 1, 100, 7, 0, "a", NULL});
    add_call(place, (struct call_row){"finished", 1, 100, 7, 0, "b", NULL});
    stats = stats_of(place, (struct stats_question){.range = STATS_DAY, .provider = STR("P6")});
    assert_int_equal(stats.sum.finished, 1);
    check_text(group_at(&stats, 0)->label, "Six", "name");
    stats = stats_of(place, (struct stats_question){.range = STATS_DAY, .provider = STR("gone")});
    assert_int_equal(stats.sum.finished, 0);
    stats = stats_of(place, (struct stats_question){.range = STATS_DAY, .model = STR("a")});
    assert_int_equal(stats.sum.finished, 2);
    check_text(group_at(&stats, 1)->key, "", "a provider that is gone");
    stats = stats_of(place, (struct stats_question){.range = STATS_DAY, .user_id = TEST_USER});
    assert_int_equal(stats.sum.finished, 3);
    stats = stats_of(place, (struct stats_question){.range = STATS_DAY, .user_id = TEST_USER + 1});
    assert_int_equal(stats.sum.finished, 0);
}

static void test_old_counts_are_dropped(void **state)
{
    struct place *place = *state;

    (void)submit_graph(place, 1, "");
    add_call(place, (struct call_row){"finished", 40 * DAY, 100, 0, 0, NULL, NULL});
    add_call(place, (struct call_row){"finished", 10 * DAY, 100, 0, 0, NULL, NULL});
    add_call(place, (struct call_row){"finished", 0, 100, 0, 0, NULL, NULL});
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM call_count WHERE step_ms = 300000", 0),
                     1);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM call_count WHERE step_ms = 3600000", 0),
                     1);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM call_count WHERE step_ms = 21600000", 0),
                     2);
}

static void test_no_statement_reads_a_table(void **state)
{
    struct place *place = *state;

    for (size_t i = 0; view_stats_sql[i].name != NULL; i++) {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;
        CLEANUP(rows_finish) struct rows plan = {0};
        const struct sql_value args[] = {SQL_INT64(1), SQL_INT64(2), SQL_INT64(3),
                                         SQL_NULL,     SQL_NULL,     SQL_INT64(6)};
        static char text[3][600];
        bool has_index = false;

        snprintf(text[i], sizeof(text[i]), "EXPLAIN QUERY PLAN %s", view_stats_sql[i].text);
        assert_true(db_borrow(place->pool, &db, &place->err));
        if (!db_query(db, test_sql(text[i]), args, COUNT(args), &plan, &place->err))
            fail_msg("%s %s", place->err.message, place->err.detail);
        while (rows_next(&plan)) {
            const struct str detail = rows_str(&plan, "detail", place->arena);

            if (str_starts_with(detail, STR("SCAN")) || str_find(detail, STR("FOR ORDER BY")) >= 0)
                fail_msg("%s: %.*s", view_stats_sql[i].name, STR_ARGS(detail));
            has_index = has_index || str_find(detail, STR("call_count USING PRIMARY KEY")) >= 0;
        }
        assert_true(has_index);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_a_quiet_range_has_all_its_slots),
        PLACE_TEST(test_calls_count_in_the_slot_in_which_they_ended),
        PLACE_TEST(test_percentiles_are_told_to_within_a_fortieth),
        PLACE_TEST(test_clocks_set_back_and_endless_calls_are_borne),
        PLACE_TEST(test_groups_are_the_busiest_first_and_the_rest_is_one),
        PLACE_TEST(test_only_what_is_asked_for_is_counted),
        PLACE_TEST(test_old_counts_are_dropped),
        PLACE_TEST(test_no_statement_reads_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
