#include "db/migrations.h"
#include "db/test_private.h"

#include <dirent.h>

#define FIRST TEST_MIGRATION(1, "0001_item", "CREATE TABLE item (id INTEGER PRIMARY KEY)")
#define SECOND TEST_MIGRATION(2, "0002_name", "ALTER TABLE item ADD COLUMN name TEXT")
#define THIRD                                                                                      \
    TEST_MIGRATION(3, "0003_note", "CREATE TABLE note (item INTEGER REFERENCES item (id))")

static const struct migration one[] = {FIRST};
static const struct migration three[] = {FIRST, SECOND, THIRD};

static int setup(void **state)
{
    struct place *place = db_alloc(sizeof(*place));

    place_make(place);
    *state = place;
    return 0;
}

/* Opens with these migrations; the pool is the place's. */
static bool open_with(struct place *place, const struct migration *list, size_t count,
                      struct error *err)
{
    struct db_config config = place_config(place);
    char backups[96];

    (void)snprintf(backups, sizeof(backups), "%s/backups", place->directory);
    config.migrations = list;
    config.migration_count = count;
    config.backup_directory = backups;
    *err = (struct error){0};
    return db_pool_open(&config, &place->pool, err);
}

static void must_open(struct place *place, const struct migration *list, size_t count)
{
    struct error err;

    if (!open_with(place, list, count, &err))
        fail_msg("%s: %s", err.message, err.detail);
}

static int64_t ask(struct place *place, const struct sql *sql)
{
    struct error err = {0};
    struct db *db;
    int64_t number;

    assert_true(db_borrow(place->pool, &db, &err));
    number = query_number(db, sql);
    db_give_back(db);
    return number;
}

static int64_t applied(struct place *place)
{
    static const struct sql count = {
        "test_applied", "SELECT count(*) AS number FROM schema_migration WHERE length(sha256) = 64",
        NULL};

    return ask(place, &count);
}

static size_t backup_count(struct place *place)
{
    char path[96];
    size_t count = 0;
    DIR *folder;

    (void)snprintf(path, sizeof(path), "%s/backups", place->directory);
    folder = opendir(path);
    if (folder == NULL)
        return 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] == '.' ? 0 : 1;
    assert_int_equal(closedir(folder), 0);
    return count;
}

/* ---- forward ---- */

static void test_nothing_becomes_the_newest_schema_and_twice_is_once(void **state)
{
    struct place *place = *state;

    for (int round = 0; round < 2; round++) {
        must_open(place, three, COUNT(three));
        assert_int_equal(applied(place), 3);
        place_close(place);
    }
    assert_int_equal(backup_count(place), 0); /* there was nothing to lose */
}

static bool insert_plain(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {"test_insert_plain", "INSERT INTO item (id) VALUES (5)",
                                      NULL};

    (void)context;
    return db_exec(db, &insert, NULL, 0, NULL, err);
}

static void test_an_older_database_is_copied_and_then_brought_forward(void **state)
{
    static const struct sql rows = {"test_rows", "SELECT count(*) AS number FROM item", NULL};
    struct place *place = *state;
    struct place copy = *place;
    struct error err;

    must_open(place, one, COUNT(one));
    assert_true(db_transact(place->pool, "test_insert", insert_plain, NULL, &err));
    place_close(place);
    must_open(place, three, COUNT(three));
    assert_int_equal(applied(place), 3);
    assert_int_equal(ask(place, &rows), 1);

    assert_int_equal(backup_count(place), 1);
    (void)snprintf(copy.path, sizeof(copy.path), "%s/backups/schema-0001.db", place->directory);
    must_open(&copy, one, COUNT(one)); /* the old schema, with its row */
    assert_int_equal(applied(&copy), 1);
    assert_int_equal(ask(&copy, &rows), 1);
    place_close(&copy);
}

static void test_the_files_of_the_build_apply(void **state)
{
    static const struct sql blobs = {"test_blobs", "SELECT count(*) AS number FROM blob", NULL};
    struct place *place = *state;

    assert_true(db_migration_count >= 1);
    must_open(place, db_migrations, db_migration_count);
    assert_int_equal(applied(place), (int64_t)db_migration_count);
    assert_int_equal(ask(place, &blobs), 0);
}

/* ---- refusals ---- */

static void test_a_database_that_is_not_of_this_line_is_refused(void **state)
{
    static const struct migration changed[] = {
        FIRST, TEST_MIGRATION(2, "0002_name", "ALTER TABLE item ADD COLUMN name TEXT NOT NULL"),
        THIRD};
    static const struct migration renamed[] = {
        FIRST, TEST_MIGRATION(2, "0002_title", "ALTER TABLE item ADD COLUMN title TEXT"), THIRD};
    static const struct {
        const struct migration *list;
        size_t count;
        const char *message;
        const char *reason;
    } cases[] = {
        {changed, 3, "migration 0002_name was changed after it had been applied to this database",
         "a frozen file was changed"                                                                                         },
        {renamed, 3, "the database has migration 0002_name where this vitrine has 0002_title",
         "another line of versions"                                                                                          },
        {one,     1,
         "the database was last used by vitrine " VITRINE_VERSION
         " (schema 0003_note), which is newer than this one (schema 0001_item)",                   "a newer version was here"},
        {NULL,    0,
         "the database was last used by vitrine " VITRINE_VERSION
         " (schema 0003_note), which is newer than this one (schema none)",                        "and no version at all"   },
    };
    struct place *place = *state;
    struct error err;

    must_open(place, three, COUNT(three));
    place_close(place);
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (open_with(place, cases[i].list, cases[i].count, &err))
            fail_msg("%s", cases[i].reason);
        assert_int_equal(err.code, ERROR_INTERNAL);
        assert_string_equal(err.message, cases[i].message);
    }
    must_open(place, three, COUNT(three)); /* and it was not touched */
    assert_int_equal(backup_count(place), 0);
}

/* ---- failures ---- */

static void test_a_migration_that_fails_leaves_the_schema_before_it(void **state)
{
    static const struct {
        struct migration second;
        const char *reason;
    } cases[] = {
        {TEST_MIGRATION(2, "0002_bad", "CREATE TABLE note (id); CREATE TABLE item (id)"),
         "the second of two statements fails"},
        {TEST_MIGRATION(2, "0002_bad", "CREATE TABLE note (id); SELECT no_such_function()"),
         "it does not compile"               },
        {TEST_MIGRATION(2, "0002_bad",
         "CREATE TABLE note (item INTEGER REFERENCES item (id));"
                        "INSERT INTO note VALUES (4711)"),
         "it leaves a reference to nothing"  },
    };
    static const struct sql notes = {
        "test_notes", "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'note'", NULL};
    struct place *place = *state;
    struct error err;

    must_open(place, one, COUNT(one));
    place_close(place);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct migration list[] = {FIRST, cases[i].second};

        if (open_with(place, list, COUNT(list), &err))
            fail_msg("%s", cases[i].reason);
        assert_non_null(strstr(err.message, "0002_bad"));
        must_open(place, one, COUNT(one));
        assert_int_equal(applied(place), 1);
        assert_int_equal(ask(place, &notes), 0);
        place_close(place);
    }
    assert_int_equal(backup_count(place), 1); /* the newest per schema, not one per try */
}

static void test_a_migration_may_not_end_its_transaction(void **state)
{
    static const struct migration list[] = {
        TEST_MIGRATION(1, "0001_item", "CREATE TABLE item (id); COMMIT; CREATE TABLE note (id)")};
    struct place *place = *state;
    struct error err;

    assert_false(open_with(place, list, COUNT(list), &err));
    assert_non_null(strstr(err.message, "ends the transaction"));
}

static void test_a_table_can_be_rebuilt_under_its_references(void **state)
{
    static const struct migration list[] = {
        TEST_MIGRATION(1, "0001_item",
                       "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);"
                       "CREATE TABLE note (item INTEGER REFERENCES item (id) ON DELETE CASCADE);"
                       "INSERT INTO item VALUES (1, 'a'); INSERT INTO note VALUES (1)"),
        TEST_MIGRATION(2, "0002_rebuild",
                       "CREATE TABLE new_item (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
                       "INSERT INTO new_item SELECT id, name FROM item;"
                       "DROP TABLE item; ALTER TABLE new_item RENAME TO item"),
    };
    static const struct sql notes = {
        "test_notes", "SELECT count(*) AS number FROM note JOIN item ON item.id = note.item", NULL};
    struct place *place = *state;
    struct error err;

    must_open(place, list, COUNT(list));
    assert_int_equal(ask(place, &notes), 1);
    /* and references count again afterwards */
    assert_int_equal(sqlite3_exec(place->pool->writer.db->handle, "INSERT INTO note VALUES (9)",
                                  NULL, NULL, NULL),
                     SQLITE_CONSTRAINT_FOREIGNKEY);
    place_close(place);
    assert_false(open_with(place, list, 1, &err));
}

/* ---- two at once ---- */

struct opener {
    struct place place;
    pthread_barrier_t *start;
    bool ok;
    struct error err;
};

static void *open_one(void *context)
{
    struct opener *opener = context;

    (void)pthread_barrier_wait(opener->start);
    opener->ok = open_with(&opener->place, three, COUNT(three), &opener->err);
    return NULL;
}

static void test_two_processes_may_start_at_once(void **state)
{
    enum { OPENERS = 3 };
    struct place *place = *state;
    struct opener openers[OPENERS];
    pthread_t threads[OPENERS];
    pthread_barrier_t start;

    assert_int_equal(pthread_barrier_init(&start, NULL, OPENERS), 0);
    for (int i = 0; i < OPENERS; i++) {
        openers[i] = (struct opener){.place = *place, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, open_one, &openers[i]), 0);
    }
    for (int i = 0; i < OPENERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < OPENERS; i++) {
        if (!openers[i].ok)
            fail_msg("%s: %s", openers[i].err.message, openers[i].err.detail);
        assert_int_equal(applied(&openers[i].place), 3);
    }
    for (int i = 0; i < OPENERS; i++)
        place_close(&openers[i].place);
    assert_int_equal(pthread_barrier_destroy(&start), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_nothing_becomes_the_newest_schema_and_twice_is_once),
        T(test_an_older_database_is_copied_and_then_brought_forward),
        T(test_the_files_of_the_build_apply),
        T(test_a_database_that_is_not_of_this_line_is_refused),
        T(test_a_migration_that_fails_leaves_the_schema_before_it),
        T(test_a_migration_may_not_end_its_transaction),
        T(test_a_table_can_be_rebuilt_under_its_references),
        T(test_two_processes_may_start_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
