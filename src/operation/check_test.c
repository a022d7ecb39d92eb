/* What the doctor asks of results: each rule sees its breach, and nothing else is one. */
#include "operation/operation.h"

#include "core/test.h"
#include "db/migrations.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

struct place {
    char folder[64], path[96];
    struct arena *arena;
    struct db_pool *pool;
};
static struct place place;

#define NAME "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TASK(id, state)                                                                            \
    "INSERT INTO task (id, public_id, run_id, user_id, node_key, operation, state, priority, "     \
    "rank,"                                                                                        \
    " parameters, inputs, deps_left, run_at_ms, start_by_ms, deadline_at_ms, tries_max,"           \
    " created_at_ms) VALUES (" id ", 't" id "', 1, 7, 'k" id "', 'image.generate', '" state        \
    "', 1, 1, '{}', '{}', 0, 0, 0, 0, 5, 1)"
#define CALL(id, task, state, result)                                                              \
    "INSERT INTO call (id, public_id, task_id, attempt, provider_id, model, state, request_hash,"  \
    " estimate_micro, currency, intent_at_ms, result) VALUES (" id ", 'c" id "', " task            \
    ", 1, 1, 'm', '" state "', x'00', 1, 'USD', 1, '" result "')"
#define PICTURE "{\"pictures\":[{\"blob\":\"" NAME "\"}]}"

/* A kept result that its task waits to adopt, one that a done task has, a text, a call under way,
 * and a kept one behind which another call was made. */
/* clang-format off */
static const char *const rows[] = {
    "INSERT INTO run (id, public_id, user_id, title, state, priority, task_count, left_count,"
    " created_at_ms, request_hash) VALUES (1, 'r', 7, '', 'active', 1, 5, 4, 1, x'00')",
    TASK("1", "ready"), TASK("2", "done"), TASK("3", "failed"), TASK("4", "running"),
    TASK("5", "running"),
    "INSERT INTO blob (sha256, size, state, state_at_ms, created_at_ms)"
    " VALUES ('" NAME "', 1, 'live', 1, 1)",
    "INSERT INTO blob_ref (sha256, owner, created_at_ms) VALUES ('" NAME "', 'call:1', 1)",
    CALL("1", "1", "finished", PICTURE),
    CALL("2", "2", "finished", PICTURE),
    CALL("3", "3", "finished", "{\"pictures\":[],\"text\":\"a cup\"}"),
    CALL("4", "4", "sent", ""),
    CALL("5", "5", "finished", PICTURE),
    CALL("6", "5", "intent", ""),
};
/* clang-format on */

static bool run_text(struct db *db, void *context, struct error *err)
{
    struct sql *sql = ARENA_NEW(place.arena, struct sql);

    *sql = (struct sql){"test", context, NULL};
    return db_exec(db, sql, NULL, 0, NULL, err);
}

static void change(const char *text)
{
    struct error err = {0};

    if (!db_transact(place.pool, "test", run_text, (void *)(uintptr_t)text, &err))
        fail_msg("%s: %s %s", text, err.message, err.detail);
}

static int set_up(void **state)
{
    struct error err = {0};
    struct db_config config;

    (void)state;
    place = (struct place){.folder = "/tmp/vitrine-result-XXXXXX", .arena = arena_create(MIB(16))};
    assert_non_null(mkdtemp(place.folder));
    (void)snprintf(place.path, sizeof(place.path), "%s/vitrine.db", place.folder);
    config = (struct db_config){.path = place.path,
                                .readers = 1,
                                .migrations = db_migrations,
                                .migration_count = db_migration_count,
                                .clock = &clock_system};
    assert_true(db_pool_open(&config, &place.pool, &err));
    for (size_t i = 0; i < COUNT(rows); i++)
        change(rows[i]);
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    db_pool_close(place.pool);
    arena_destroy(place.arena);
    return nftw(place.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct check_report look(void)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct check_report report = {0};
    struct error err = {0};

    assert_true(db_borrow(place.pool, &db, &err));
    if (!result_check(db, place.arena, &report, &err))
        fail_msg("%s %s", err.message, err.detail);
    assert_int_equal(report.rule_count, 2);
    return report;
}

static void test_what_is_held_for_those_who_may_adopt_it_is_sound(void **state)
{
    (void)state;
    assert_int_equal(look().fault_count, 0);
}

static void test_a_kept_picture_that_nobody_holds_is_told(void **state)
{
    static const char *const breaches[] = {
        "DELETE FROM blob_ref WHERE owner = 'call:1'",
        "UPDATE blob_ref SET owner = 'call:2' WHERE owner = 'call:1'",
    };
    struct check_report report;

    (void)state;
    for (size_t i = 0; i < COUNT(breaches); i++) {
        change(breaches[i]);
        report = look();
        assert_int_equal(report.fault_count, 1);
        assert_string_equal(report.faults[0].rule, "check_i5_kept");
        check_text(report.faults[0].what,
                   "call 1 of task 1, which is ready, is paid for, and its picture " NAME
                   " is held by nobody",
                   breaches[i]);
        change("INSERT OR IGNORE INTO blob_ref VALUES ('" NAME "', 'call:1', 1)");
    }
}

static void test_a_result_that_cannot_be_read_is_told(void **state)
{
    struct check_report report;

    (void)state;
    change("UPDATE call SET result = '{\"pictures\":[' WHERE id = 2");
    report = look();
    assert_int_equal(report.fault_count, 1);
    assert_string_equal(report.faults[0].rule, "check_i5_result");
    check_text(report.faults[0].what, "call 2 of task 2 has a result that cannot be read", "cut");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_what_is_held_for_those_who_may_adopt_it_is_sound),
        T(test_a_kept_picture_that_nobody_holds_is_told),
        T(test_a_result_that_cannot_be_read_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
