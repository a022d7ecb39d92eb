#include "db/test_private.h"

/* ---- helpers: a work made of a plain function ---- */

struct step {
    bool (*run)(struct db *db, struct error *err);
};

static bool run_step(struct db *db, void *context, struct error *err)
{
    const struct step *step = context;

    return step->run(db, err);
}

static bool transact(struct db_pool *pool, bool (*run)(struct db *db, struct error *err),
                     struct error *err)
{
    struct step step = {run};

    return db_transact(pool, "test_step", run_step, &step, err);
}

static struct db *borrow(struct db_pool *pool)
{
    struct error err = {0};
    struct db *db;

    assert_true(db_borrow(pool, &db, &err));
    return db;
}

/* ---- values ---- */

static bool insert_all_types(struct db *db, struct error *err)
{
    static const struct sql insert = {
        "test_insert_types",
        /* $n in another order than they are numbered, and one of them twice */
        "INSERT INTO item (bytes, real, name, id, value) VALUES ($4, $3, $2, $1, $1 + $5)", NULL};
    const struct sql_value args[] = {SQL_INT64(7), SQL_CSTR("茶杯"), SQL_DOUBLE(2.5),
                                     SQL_BLOB(STR("a\0b")), SQL_INT64(INT64_C(1) << 40)};

    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

static void test_values_come_back_as_they_were_bound_by_name(void **state)
{
    static const struct sql find = {"test_find",
                                    "SELECT id, name, value, real, bytes, parent FROM item", NULL};
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};
    struct db *db;

    assert_true(transact(place->pool, insert_all_types, &err));
    db = borrow(place->pool);
    assert_true(db_query(db, &find, NULL, 0, &rows, &err));
    assert_true(rows_next(&rows));
    assert_true(str_equal(rows_str(&rows, "bytes", arena), STR("a\0b")));
    assert_int_equal(rows_int64(&rows, "id"), 7);
    assert_true(str_equal(rows_str(&rows, "name", arena), STR("茶杯")));
    assert_true(rows_double(&rows, "real") == 2.5);
    assert_int_equal(rows_int64(&rows, "value"), (INT64_C(1) << 40) + 7);
    assert_true(rows_bool(&rows, "value"));
    /* NULL reads as 0, 0.0, empty */
    assert_true(rows_is_null(&rows, "parent"));
    assert_int_equal(rows_int64(&rows, "parent"), 0);
    assert_true(rows_double(&rows, "parent") == 0.0);
    assert_int_equal(rows_str(&rows, "parent", arena).size, 0);
    assert_false(rows_next(&rows));
    assert_false(rows_failed(&rows));
    db_give_back(db);
}

static bool insert_empties(struct db *db, struct error *err)
{
    static const struct sql insert = {
        "test_insert_empties",
        "INSERT INTO item (id, name, bytes, value, parent) VALUES ($1, $2, $3, $4, $5)", NULL};
    const struct sql_value given[] = {SQL_INT64(1), SQL_TEXT(STR_EMPTY), SQL_BLOB(STR_EMPTY),
                                      SQL_BOOL(false), SQL_INT64_OR_NULL(0)};
    const struct sql_value none[] = {SQL_INT64(2), SQL_TEXT_OR_NULL(STR_EMPTY), SQL_NULL, SQL_NULL,
                                     SQL_INT64_OR_NULL(1)};

    return db_exec(db, &insert, given, COUNT(given), NULL, err) &&
           db_exec(db, &insert, none, COUNT(none), NULL, err);
}

static void test_empty_text_is_not_null_unless_asked_for(void **state)
{
    static const struct sql count = {"test_count_empties",
                                     "SELECT (SELECT count(*) FROM item WHERE id = 1 AND name = ''"
                                     " AND bytes = x'' AND value = 0 AND parent IS NULL)"
                                     " + (SELECT count(*) FROM item WHERE id = 2 AND name IS NULL"
                                     " AND bytes IS NULL AND parent = 1) AS number",
                                     NULL};
    struct place *place = *state;
    struct error err = {0};
    struct db *db;

    assert_true(transact(place->pool, insert_empties, &err));
    db = borrow(place->pool);
    assert_int_equal(query_number(db, &count), 2);
    db_give_back(db);
}

/* ---- walks ---- */

static void put_items(struct place *place, int64_t count)
{
    struct error err = {0};

    for (int64_t i = 1; i <= count; i++)
        assert_true(put_item(place->pool, i, &err));
}

static void test_walks_over_one_statement_may_nest(void **state)
{
    static const struct sql list = {"test_list", "SELECT id FROM item ORDER BY id LIMIT 10", NULL};
    struct place *place = *state;
    CLEANUP(rows_finish) struct rows outer = {0};
    struct error err = {0};
    int64_t sum = 0;
    struct db *db;

    put_items(place, 3);
    db = borrow(place->pool);
    assert_true(db_query(db, &list, NULL, 0, &outer, &err));
    while (rows_next(&outer)) {
        CLEANUP(rows_finish) struct rows inner = {0};

        assert_true(db_query(db, &list, NULL, 0, &inner, &err));
        while (rows_next(&inner))
            sum += rows_int64(&outer, "id") * rows_int64(&inner, "id");
    }
    assert_int_equal(sum, 36);
    db_give_back(db);
}

static void test_more_statements_than_a_connection_keeps_still_answer(void **state)
{
    enum { MANY = DB_STATEMENTS_MAX + 50 };
    struct place *place = *state;
    struct sql *many = db_alloc(MANY * sizeof(*many));
    char(*texts)[64] = db_alloc(MANY * sizeof(*texts));
    struct db *db = borrow(place->pool);

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(texts[i], sizeof(texts[i]), "SELECT %d AS number", i);
            many[i] = (struct sql){"test_many", texts[i], NULL};
            assert_int_equal(query_number(db, &many[i]), i);
        }
        assert_true(db->statement_count <= DB_STATEMENTS_MAX);
    }
    db_give_back(db);
    db_pool_close(place->pool); /* the texts are ours: statements go first */
    place->pool = NULL;
    free(texts);
    free(many);
}

static void test_a_statement_is_prepared_once_per_connection(void **state)
{
    struct place *place = *state;
    struct db *db = borrow(place->pool);
    size_t count;

    (void)query_number(db, &count_items_sql);
    count = db->statement_count;
    for (int i = 0; i < 10; i++)
        (void)query_number(db, &count_items_sql);
    assert_int_equal(db->statement_count, count);
    db_give_back(db);
}

/* ---- failures ---- */

static void test_a_query_that_fails_at_its_first_row_fails_at_once(void **state)
{
    static const struct {
        struct sql sql;
        const char *reason;
    } cases[] = {
        {{"test_overflow", "SELECT abs(-9223372036854775808) AS x", NULL},       "fails when it runs"},
        {{"test_syntax", "SELEC 1", NULL},                                       "is no SQL"         },
        {{"test_string", "SELECT \"text\" AS x", NULL},                          "\"text\" is a name"},
        {{"test_change", "INSERT INTO item (id) VALUES (1) RETURNING id", NULL},
         "a reader only reads"                                                                       },
    };
    struct place *place = *state;
    struct db *db = borrow(place->pool);

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(rows_finish) struct rows rows = {0};
        struct error err = {0};

        if (db_query(db, &cases[i].sql, NULL, 0, &rows, &err))
            fail_msg("%s: %s", cases[i].sql.text, cases[i].reason);
        assert_int_equal(err.code, ERROR_INTERNAL);
        assert_non_null(strstr(err.detail, cases[i].sql.name));
        assert_null(strstr(err.message, "SELECT")); /* no SQL for the caller */
        assert_false(rows_next(&rows));
    }
    db_give_back(db);
    assert_int_equal(count_items(place->pool), 0);
}

static bool insert_extremes(struct db *db, struct error *err)
{
    static const struct sql insert = {"test_insert_extremes",
                                      "INSERT INTO item (id, value) VALUES (1, 5), (2, $1), (3, 6)",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(INT64_MIN)};

    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

static void test_a_failure_in_the_middle_of_a_walk_is_not_its_end(void **state)
{
    static const struct sql list = {
        "test_abs", "SELECT abs(value) AS value FROM item ORDER BY id LIMIT 10", NULL};
    struct place *place = *state;
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};
    struct db *db;

    assert_true(transact(place->pool, insert_extremes, &err));
    db = borrow(place->pool);
    assert_true(db_query(db, &list, NULL, 0, &rows, &err));
    assert_true(rows_next(&rows));
    assert_int_equal(rows_int64(&rows, "value"), 5);
    assert_false(rows_next(&rows));
    assert_true(rows_failed(&rows));
    assert_int_equal(err.code, ERROR_INTERNAL);
    rows_finish(&rows);
    assert_int_equal(query_number(db, &count_items_sql), 3); /* the connection works on */
    db_give_back(db);
}

static bool exec_text(struct db *db, const struct sql *sql, int64_t number, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(number)};

    return db_exec(db, sql, args, COUNT(args), NULL, err);
}

static bool insert_twice(struct db *db, struct error *err)
{
    static const struct sql insert = {"test_twice", "INSERT INTO item (id) VALUES ($1)", NULL};

    return exec_text(db, &insert, 1, err) && exec_text(db, &insert, 1, err);
}

static bool insert_same_name(struct db *db, struct error *err)
{
    static const struct sql insert = {
        "test_same_name", "INSERT INTO item (id, name) VALUES ($1, 'a'), (100, 'a')", NULL};

    return exec_text(db, &insert, 1, err);
}

static bool insert_lost_child(struct db *db, struct error *err)
{
    static const struct sql insert = {"test_lost_child",
                                      "INSERT INTO item (id, parent) VALUES ($1, 99)", NULL};

    return exec_text(db, &insert, 1, err);
}

static bool insert_late_lost_child(struct db *db, struct error *err)
{
    static const struct sql insert = {"test_late_lost_child",
                                      "INSERT INTO item (id, late) VALUES ($1, 99)", NULL};

    return exec_text(db, &insert, 1, err);
}

static bool update_none(struct db *db, struct error *err)
{
    static const struct sql update = {"test_update", "UPDATE item SET value = 1 WHERE id = $1",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(4711)};

    return db_exec_one(db, &update, args, COUNT(args), err);
}

static bool update_two(struct db *db, struct error *err)
{
    static const struct sql update = {"test_update_two", "UPDATE item SET value = 1 WHERE id < $1",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(3)};

    return db_exec_one(db, &update, args, COUNT(args), err);
}

static void test_a_broken_rule_of_the_schema_is_a_conflict_and_leaves_nothing(void **state)
{
    static const struct {
        bool (*run)(struct db *db, struct error *err);
        const char *reason;
    } cases[] = {
        {insert_twice,           "a primary key twice"              },
        {insert_same_name,       "a unique value twice"             },
        {insert_lost_child,      "a parent that is not there"       },
        {insert_late_lost_child, "one that is looked for at the end"},
        {update_none,            "no row changed where one must"    },
        {update_two,             "two rows changed where one must"  },
    };
    struct place *place = *state;

    struct error none = {0};
    assert_true(put_item(place->pool, -1, &none));
    assert_true(put_item(place->pool, -2, &none));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        if (transact(place->pool, cases[i].run, &err))
            fail_msg("%s", cases[i].reason);
        assert_int_equal(err.code, ERROR_CONFLICT);
    }
    assert_int_equal(count_items(place->pool), 2);
}

static bool insert_and_ask(struct db *db, struct error *err)
{
    static const struct sql insert = {"test_insert_id", "INSERT INTO item (value) VALUES ($1)",
                                      NULL};
    static const struct sql update = {"test_update_all", "UPDATE item SET value = $1", NULL};
    static const struct sql returning = {"test_returning",
                                         "INSERT INTO item (value) VALUES (9) RETURNING id", NULL};
    const struct sql_value args[] = {SQL_INT64(1)};
    CLEANUP(rows_finish) struct rows rows = {0};
    int64_t changed = -1;
    int64_t first;

    if (!db_exec(db, &insert, args, 1, NULL, err))
        return false;
    first = db_last_id(db);
    if (!db_exec(db, &insert, args, 1, &changed, err))
        return false;
    assert_int_equal(changed, 1);
    assert_int_equal(db_last_id(db), first + 1);
    if (!db_exec(db, &update, args, 1, &changed, err))
        return false;
    assert_int_equal(changed, 2);
    if (!db_query(db, &returning, NULL, 0, &rows, err))
        return false;
    assert_true(rows_next(&rows));
    assert_int_equal(rows_int64(&rows, "id"), first + 2);
    return true;
}

static void test_a_change_tells_its_rows_and_its_id(void **state)
{
    struct place *place = *state;
    struct error err = {0};

    assert_true(transact(place->pool, insert_and_ask, &err));
    assert_int_equal(count_items(place->pool), 3);
}

/* ---- our own faults ---- */

static void ask_unknown_column(void *context)
{
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};
    struct db *db = context;

    if (db_query(db, &count_items_sql, NULL, 0, &rows, &err) && rows_next(&rows))
        (void)rows_int64(&rows, "nunber");
}

static void exec_on_reader(void *context)
{
    struct error err = {0};

    (void)update_none(context, &err);
}

static void bind_too_many(void *context)
{
    const struct sql_value args[] = {SQL_INT64(1)};
    struct rows rows = {0};
    struct error err = {0};

    if (db_query(context, &count_items_sql, args, 1, &rows, &err))
        rows_finish(&rows);
}

static void change_a_text(void *context)
{
    struct sql sql = {"test_first", "SELECT 1 AS number", NULL};

    (void)query_number(context, &sql);
    sql.text = "SELECT 2 AS number";
    (void)query_number(context, &sql);
}

static void give_back_unfinished(void *context)
{
    struct rows rows = {0};
    struct error err = {0};

    if (db_query(context, &count_items_sql, NULL, 0, &rows, &err))
        db_give_back(context);
}

static void test_a_programmers_fault_is_an_assert(void **state)
{
    static const struct {
        void (*body)(void *context);
        const char *reason;
    } cases[] = {
        {ask_unknown_column,   "a column that is not there"     },
        {exec_on_reader,       "a change outside a transaction" },
        {bind_too_many,        "a value nobody asks for"        },
        {change_a_text,        "another text in the same struct"},
        {give_back_unfinished, "a walk that was not finished"   },
    };
    struct place *place = *state;
    struct db *db = borrow(place->pool);

    for (size_t i = 0; i < COUNT(cases); i++) {
        if (!dies(cases[i].body, db))
            fail_msg("%s", cases[i].reason);
    }
    db_give_back(db);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_values_come_back_as_they_were_bound_by_name),
        T(test_empty_text_is_not_null_unless_asked_for),
        T(test_walks_over_one_statement_may_nest),
        T(test_more_statements_than_a_connection_keeps_still_answer),
        T(test_a_statement_is_prepared_once_per_connection),
        T(test_a_query_that_fails_at_its_first_row_fails_at_once),
        T(test_a_failure_in_the_middle_of_a_walk_is_not_its_end),
        T(test_a_broken_rule_of_the_schema_is_a_conflict_and_leaves_nothing),
        T(test_a_change_tells_its_rows_and_its_id),
        T(test_a_programmers_fault_is_an_assert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
