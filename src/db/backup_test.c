#include "db/test_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>

static const char *path_in(const struct place *place, const char *name, char out[128])
{
    (void)snprintf(out, 128, "%s/%s", place->directory, name);
    return out;
}

static int64_t copy_count(const char *path, const char *query)
{
    sqlite3_stmt *statement;
    sqlite3 *handle;
    int64_t count;

    assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, query, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    return count;
}

static void test_a_backup_is_one_private_file_with_all_rows(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    struct stat info;
    char path[128];
    char beside[140];

    for (int64_t i = 1; i <= 50; i++)
        assert_true(put_item(place->pool, i, &err));
    path_in(place, "copy.db", path);
    if (!db_backup(place->pool, path, &err))
        fail_msg("%s: %s", err.message, err.detail);
    assert_int_equal(copy_count(path, "SELECT count(*) FROM item"), 50);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    (void)snprintf(beside, sizeof(beside), "%s-wal", path);
    assert_int_not_equal(access(beside, F_OK), 0);
    assert_true(put_item(place->pool, 51, &err)); /* the server goes on */
}

static void test_a_backup_replaces_nothing(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    char path[128];

    path_in(place, "copy.db", path);
    assert_true(db_backup(place->pool, path, &err));
    assert_true(put_item(place->pool, 1, &err));
    assert_false(db_backup(place->pool, path, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_int_equal(copy_count(path, "SELECT count(*) FROM item"), 0);
}

static void test_a_backup_that_fails_leaves_nothing(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    char path[128];
    char *real = place->pool->path;
    char nowhere[] = "/nonexistent/vitrine.db";
    DIR *folder;

    assert_false(db_backup(place->pool, path_in(place, "no/such/folder.db", path), &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    place->pool->path = nowhere;
    assert_false(db_backup(place->pool, path_in(place, "copy.db", path), &err));
    place->pool->path = real;
    assert_int_equal(err.code, ERROR_INTERNAL);
    folder = opendir(place->directory);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        assert_null(strstr(entry->d_name, "copy"));
    assert_int_equal(closedir(folder), 0);
}

/* ---- under load ---- */

struct load {
    struct db_pool *pool;
    atomic_bool is_over;
    int64_t written; /* pairs */
};

static int make_part(const struct place *place, const char *name)
{
    char path[128];
    int fd = open(path_in(place, name, path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "half", 4), 4);
    return fd;
}

static bool is_there(const struct place *place, const char *name)
{
    char path[128];

    return access(path_in(place, name, path), F_OK) == 0;
}

static void test_a_backup_removes_what_a_dead_one_left_half_made(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    int living;
    char path[128];

    close(make_part(place, "copy.db.part-dead00"));
    close(make_part(place, "copy.db.part-dead00-journal"));
    close(make_part(place, "other.db.part-dead00"));
    close(make_part(place, "copy.db.part-of.another"));
    living = make_part(place, "copy.db.part-living");
    assert_int_equal(flock(living, LOCK_EX), 0);
    assert_true(db_backup(place->pool, path_in(place, "copy.db", path), &err));
    assert_false(is_there(place, "copy.db.part-dead00"));
    assert_false(is_there(place, "copy.db.part-dead00-journal"));
    assert_true(is_there(place, "other.db.part-dead00"));
    assert_true(is_there(place, "copy.db.part-of.another"));
    assert_true(is_there(place, "copy.db.part-living"));
    close(living);
}

static bool insert_pair(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {"test_pair", "INSERT INTO item (id) VALUES ($1), (-$1)",
                                      NULL};
    const struct load *load = context;
    const struct sql_value args[] = {SQL_INT64(load->written + 1)};

    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

static void *write_pairs(void *context)
{
    struct load *load = context;
    struct error err = {0};

    while (!atomic_load(&load->is_over)) {
        assert_true(db_transact(load->pool, "test_pair", insert_pair, load, &err));
        load->written++;
    }
    return NULL;
}

static void test_a_backup_under_load_ends_and_is_one_state(void **state)
{
    struct place *place = *state;
    struct load load = {.pool = place->pool};
    struct error err = {0};
    pthread_t thread;
    char name[32];
    char path[128];

    assert_int_equal(pthread_create(&thread, NULL, write_pairs, &load), 0);
    for (int i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof(name), "copy-%d.db", i);
        path_in(place, name, path);
        if (!db_backup(place->pool, path, &err))
            fail_msg("%s: %s", err.message, err.detail);
        assert_int_equal(copy_count(path, "SELECT coalesce(sum(id), 0) FROM item"), 0);
    }
    atomic_store(&load.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(count_items(place->pool), 2 * load.written);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_a_backup_is_one_private_file_with_all_rows),
        T(test_a_backup_replaces_nothing),
        T(test_a_backup_that_fails_leaves_nothing),
        T(test_a_backup_removes_what_a_dead_one_left_half_made),
        T(test_a_backup_under_load_ends_and_is_one_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
