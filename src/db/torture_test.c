#include "core/log.h"
#include "db/shim_vfs.h"
#include "db/test_private.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

/* A short life of a database, in which the nth operation on its disk fails, or the power is cut
 * there, n from 1 until nothing struck any more. */

enum { TRANSACTIONS = 16, ROWS = 3, BYTES = 6000, STRIDE = 41 };

/* What was told of the transactions of one life; the number of each is its index. */
struct history {
    struct place place;
    struct error errors[TRANSACTIONS];
    bool is_tried[TRANSACTIONS], is_acknowledged[TRANSACTIONS];
    bool was_broken; /* a commit whose sync failed may be there after all */
    sem_t answered;
    struct shim_plan plan;
};

struct transaction {
    struct history *history;
    int64_t number;
    bool is_checkpointed, is_large, is_refused;
};

static void fail_life(const struct history *life, const char *what, int64_t number)
{
    fail_msg("%s %" PRId64 " (SWEEP: %s%s at %ld, seed %" PRIu64 ")", what, number,
             life->plan.is_lasting ? "lasting " : "", shim_fault_name(life->plan.fault),
             life->plan.nth, life->plan.seed);
}

/* ---- what is done ---- */

/* Row 0 counts the transactions, so that half of one shows. */
static const struct migration life_migrations[] = {
    TEST_MIGRATION(1, "0001_life",
                   "CREATE TABLE item (id INTEGER PRIMARY KEY, bytes BLOB, value INTEGER);"
                   "CREATE INDEX item_value ON item (value);"
                   "INSERT INTO item (id, value) VALUES (0, 0);"),
    TEST_MIGRATION(2, "0002_rebuilt",
                   "CREATE TABLE item_new (id INTEGER PRIMARY KEY, value INTEGER, bytes BLOB);"
                   "INSERT INTO item_new SELECT id, value, bytes FROM item;"
                   "DROP TABLE item; ALTER TABLE item_new RENAME TO item;"
                   "CREATE INDEX item_value ON item (value);"),
    TEST_MIGRATION(3, "0003_more",
                   "ALTER TABLE item ADD COLUMN note TEXT;"
                   "UPDATE item SET note = 'migrated';"
                   "CREATE TABLE other (id INTEGER PRIMARY KEY) STRICT;"),
};

static bool life_open(struct history *life, size_t migrations, struct error *err)
{
    char copies[96];
    struct db_config config = place_config(&life->place);

    (void)snprintf(copies, sizeof(copies), "%s/backup", life->place.directory);
    config.migrations = life_migrations;
    config.migration_count = migrations;
    config.backup_directory = copies;
    return db_pool_open(&config, &life->place.pool, err);
}

static bool write_rows(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {
        "test_insert_rows",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
        " INSERT INTO item (id, value, bytes) SELECT $1 * 1000 + i, $1, zeroblob($3) FROM n",
        NULL};
    static const struct sql count = {"test_count", "UPDATE item SET value = value + 1 WHERE id = 0",
                                     NULL};
    const struct transaction *transaction = context;
    const struct sql_value args[] = {SQL_INT64(transaction->number),
                                     SQL_INT64(transaction->is_large ? 10 * ROWS : ROWS),
                                     SQL_INT64(BYTES)};

    /* What does not fit into the cache goes to the log before the commit. */
    if (transaction->is_large)
        (void)sqlite3_exec(db->handle, "PRAGMA cache_size = 10", NULL, NULL, NULL);
    if (transaction->is_checkpointed)
        db->pool->writer.checkpoint_at = 0;
    return db_exec_one(db, &count, NULL, 0, err) &&
           db_exec(db, &insert, args, COUNT(args), NULL, err) &&
           (!transaction->is_refused || error_set(err, ERROR_CONFLICT, "it thought better of it"));
}

static void note(struct transaction *transaction, bool ok, const struct error *err)
{
    struct history *life = transaction->history;

    life->is_acknowledged[transaction->number] = ok;
    life->errors[transaction->number] = *err;
}

static bool put(struct history *life, struct transaction transaction)
{
    struct error err = {0};
    bool ok;

    transaction.history = life;
    life->is_tried[transaction.number] = true;
    ok = db_transact(life->place.pool, "test_put", write_rows, &transaction, &err);
    note(&transaction, ok, &err);
    return ok;
}

static void note_lazy(void *context, bool ok, const struct error *err)
{
    struct transaction *transaction = context;

    note(transaction, ok, err);
    (void)sem_post(&transaction->history->answered);
}

/* Lazy ones wait for the next that is not: so these are one group, of which the first is refused.
 */
static void put_group(struct history *life, int64_t first, int64_t count)
{
    struct transaction lazy[TRANSACTIONS];
    struct error err = {0};

    for (int64_t i = 0; i + 1 < count; i++) {
        lazy[i] = (struct transaction){.history = life, .number = first + i, .is_refused = i == 0};
        life->is_tried[first + i] = true;
        assert_true(db_transact_async(life->place.pool, "test_lazy", write_rows, &lazy[i],
                                      note_lazy, true, &err));
    }
    (void)put(life, (struct transaction){.number = first + count - 1});
    for (int64_t i = 0; i + 1 < count; i++)
        wait_for(&life->answered);
}

/* What a reader is told under faults is right or an error. */
static void look(struct history *life)
{
    static const struct sql numbers = {
        "test_numbers", "SELECT value AS n, count(*) AS rows FROM item WHERE id > 0 GROUP BY value",
        NULL};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};

    if (!db_borrow(life->place.pool, &db, &err) || !db_query(db, &numbers, NULL, 0, &rows, &err))
        return;
    while (rows_next(&rows))
        if (rows_int64(&rows, "rows") % ROWS != 0)
            fail_life(life, "a reader sees half of", rows_int64(&rows, "n"));
}

static bool is_broken(struct history *life)
{
    struct db_stats stats;

    db_pool_stats(life->place.pool, &stats);
    life->was_broken = stats.is_broken;
    return stats.is_broken;
}

static void live(struct history *life)
{
    struct error err = {0};

    if (!life_open(life, 1, &err))
        return;
    (void)put(life, (struct transaction){.number = 1});
    put_group(life, 2, 3);
    look(life);
    (void)put(life, (struct transaction){.number = 5, .is_checkpointed = true});
    (void)put(life, (struct transaction){.number = 6}); /* the log begins anew */
    (void)put(life, (struct transaction){.number = 7, .is_large = true});
    look(life);
    if (is_broken(life)) /* the server would end itself */
        return;
    place_close(&life->place);
    if (!life_open(life, 1, &err))
        return;
    (void)put(life, (struct transaction){.number = 8});
}

/* ---- what must be true then ---- */

static int64_t number_of(struct place *place, const char *text, int64_t argument)
{
    sqlite3_stmt *statement;
    int64_t number;

    assert_int_equal(sqlite3_prepare_v2(place->pool->writer.db->handle, text, -1, &statement, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_int64(statement, 1, argument);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return number;
}

/* Opened on a disk that works again. */
static void check_life(struct history *life, bool is_in_doubt)
{
    struct place *place = &life->place;
    struct error err = {0};
    int64_t found = 0;

    for (int64_t number = 1; number < TRANSACTIONS; number++) {
        const int64_t rows =
            number_of(place, "SELECT count(*) FROM item WHERE id / 1000 = $1", number);

        if (life->is_acknowledged[number] && rows == 0)
            fail_life(life, "acknowledged and lost:", number);
        if (rows != 0 && rows != ROWS && rows != 10 * (int64_t)ROWS)
            fail_life(life, "half of", number);
        if (rows != 0 && !life->is_acknowledged[number] &&
            (!is_in_doubt || !life->is_tried[number]))
            fail_life(life, "refused and kept:", number);
        found += rows != 0;
    }
    if (number_of(place, "SELECT value FROM item WHERE id = 0", 0) != found)
        fail_life(life, "the counter does not agree with the rows,", found);
    if (!integrity_check(place->pool->writer.db->handle, &err))
        fail_life(life, err.detail, 0);
}

static void must_open(struct history *life, size_t migrations)
{
    struct error err = {0};

    if (!life_open(life, migrations, &err))
        fail_life(life, err.detail[0] == '\0' ? err.message : err.detail, 0);
}

/* What was refused was refused for a reason that a person understands. */
static void check_refusals(struct history *life)
{
    const bool is_full = life->plan.fault == SHIM_DISK_FULL || life->plan.fault == SHIM_SHORT;

    for (int64_t number = 1; number < TRANSACTIONS; number++) {
        const enum error_code code = life->errors[number].code;

        if (life->is_acknowledged[number] || !life->is_tried[number] || code == ERROR_CONFLICT)
            continue;
        if (is_full ? code != ERROR_STORAGE_FULL
                    : code != ERROR_INTERNAL && code != ERROR_UNAVAILABLE)
            fail_life(life, life->errors[number].detail, number);
    }
}

/* The disk works again: either the pool does too, or it says that it does not. */
static void check_pool(struct history *life)
{
    bool ok;

    if (life->place.pool == NULL)
        return;
    ok = put(life, (struct transaction){.number = TRANSACTIONS - 2});
    if (ok == is_broken(life))
        fail_life(life, life->errors[TRANSACTIONS - 2].detail, life->was_broken);
    if (!ok)
        assert_int_equal(life->errors[TRANSACTIONS - 2].code, ERROR_UNAVAILABLE);
}

/* As kill -9 leaves it: nobody empties the log. */
static void kill_pool(struct place *place)
{
    int is_on;

    assert_int_equal(sqlite3_db_config(place->pool->writer.db->handle,
                                       SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &is_on),
                     SQLITE_OK);
    place_close(place);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t got;

    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, bytes, sizeof(bytes))) > 0)
        assert_int_equal(write(out, bytes, (size_t)got), got);
    (void)close(in);
    (void)close(out);
}

static void life_begin(struct history *life, const struct shim_plan *plan, const char *base)
{
    char copies[112];

    *life = (struct history){.plan = *plan};
    place_make(&life->place);
    (void)sem_init(&life->answered, 0, 0);
    (void)snprintf(copies, sizeof(copies), "%s/backup", life->place.directory);
    assert_int_equal(mkdir(copies, 0700), 0);
    copy_file(base, life->place.path);
    shim_watch(life->place.directory);
    shim_plan(plan);
}

static void life_end(struct history *life)
{
    place_close(&life->place);
    shim_finish();
    place_remove(&life->place);
    (void)sem_destroy(&life->answered);
}

/* After a start on a full disk, which cannot store the log: people read, and nothing is written. */
static void check_full_start(struct history *life)
{
    shim_plan(&(struct shim_plan){
        .ops = SHIM_WRITE, .nth = 1, .fault = SHIM_DISK_FULL, .is_lasting = true});
    must_open(life, 1);
    if (shim_hits() > 0 && (put(life, (struct transaction){.number = TRANSACTIONS - 3}) ||
                            life->errors[TRANSACTIONS - 3].code != ERROR_STORAGE_FULL))
        fail_life(life, "written behind a log that is not stored", 0);
    shim_heal();
    if (!put(life, (struct transaction){.number = TRANSACTIONS - 4}))
        fail_life(life, life->errors[TRANSACTIONS - 4].detail, 0);
    kill_pool(&life->place);
    shim_cut(life->plan.seed + 2);
    shim_power_on();
}

/* False: nothing struck. */
static bool live_once(const struct shim_plan *plan, const char *base)
{
    struct history life;
    struct place *place = &life.place;
    bool was_cut;
    long hits;

    life_begin(&life, plan, base);
    live(&life);
    was_cut = shim_is_cut();
    shim_heal();
    hits = shim_hits();
    if (!was_cut) {
        check_refusals(&life);
        check_pool(&life);
    }
    if (!was_cut && place->pool != NULL && life.was_broken && plan->seed % 2 == 0) {
        kill_pool(place);
        check_full_start(&life);
    }
    place_close(place);
    if (was_cut)
        shim_power_on();
    must_open(&life, 1);
    check_life(&life, was_cut || life.was_broken);

    /* It goes on, and the next power cut takes nothing of either life. */
    if (!put(&life, (struct transaction){.number = TRANSACTIONS - 1}))
        fail_life(&life, life.errors[TRANSACTIONS - 1].detail, 0);
    kill_pool(place);
    shim_cut(plan->seed + 1);
    shim_power_on();
    must_open(&life, 1);
    check_life(&life, was_cut || life.was_broken);
    life_end(&life);
    return hits > 0;
}

/* A database at the first schema, with one transaction, closed. */
static void make_base(char path[96])
{
    struct history life = {.plan = {.nth = 1}};
    struct error err = {0};

    place_make(&life.place);
    assert_true(life_open(&life, 1, &err));
    place_close(&life.place);
    (void)snprintf(path, 96, "%s", life.place.path);
}

static void remove_base(const char *path)
{
    struct place place = {.pool = NULL};

    (void)snprintf(place.directory, sizeof(place.directory), "%.*s",
                   (int)(strrchr(path, '/') - path), path);
    place_remove(&place);
}

static const struct {
    enum shim_fault fault;
    bool is_lasting;
    int seeds;
} manners[] = {
    {SHIM_IO_ERROR,  false, 2},
    {SHIM_IO_ERROR,  true,  1},
    {SHIM_DISK_FULL, false, 1},
    {SHIM_DISK_FULL, true,  1},
    {SHIM_SHORT,     false, 1},
    {SHIM_POWER_CUT, false, 4},
};

static void sweep(bool (*once)(const struct shim_plan *plan, const char *base), long at_least)
{
    char base[96];

    make_base(base);
    for (size_t i = 0; i < COUNT(manners); i++) {
        for (int seed = 0; seed < manners[i].seeds; seed++) {
            struct shim_plan plan = {.ops = manners[i].fault == SHIM_POWER_CUT ? SHIM_CHANGES
                                                                               : SHIM_ALL,
                                     .fault = manners[i].fault,
                                     .is_lasting = manners[i].is_lasting,
                                     .nth = 1};

            do {
                plan.seed = (uint64_t)plan.nth * 16 + (uint64_t)seed;
                if (!once(&plan, base))
                    break;
                plan.nth = shim_next(plan.nth, STRIDE);
            } while (true);
            if (plan.nth < at_least) /* the sweep went through all of it */
                fail_msg("%s: %ld operations only", shim_fault_name(plan.fault), plan.nth);
        }
    }
    remove_base(base);
}

static void test_a_fault_at_any_operation_loses_nothing_acknowledged(void **state)
{
    (void)state;
    sweep(live_once, 30);
}

/* ---- a migration in the middle ---- */

static char schemas[COUNT(life_migrations) + 1][2048]; /* after so many migrations */

/* The text of its tables and indexes; how many migrations it has been through. */
static int read_schema(const char *path, char out[2048])
{
    sqlite3_stmt *statement;
    sqlite3 *handle;
    int count;

    assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle,
                                        "SELECT (SELECT count(*) FROM schema_migration),"
                                        " group_concat(sql, ';') FROM (SELECT sql FROM"
                                        " sqlite_schema ORDER BY name)",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int(statement, 0);
    (void)snprintf(out, 2048, "%s", (const char *)sqlite3_column_text(statement, 1));
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    return count;
}

static void read_schemas(const char *base)
{
    for (size_t count = 1; count <= COUNT(life_migrations); count++) {
        struct history life;

        life_begin(&life, &(struct shim_plan){.nth = 1}, base);
        shim_heal();
        must_open(&life, count);
        place_close(&life.place);
        assert_int_equal(read_schema(life.place.path, schemas[count]), count);
        life_end(&life);
    }
}

/* Old or new, never between; and what was before lies beside it. */
static void check_schema(struct history *life)
{
    char found[2048], copy[128];
    const int count = read_schema(life->place.path, found);

    if (count < 1 || strcmp(found, schemas[count]) != 0)
        fail_life(life, "neither the old schema nor the new after migration", count);
    (void)snprintf(copy, sizeof(copy), "%s/backup/schema-0001.db", life->place.directory);
    if (count > 1 && access(copy, F_OK) != 0)
        fail_life(life, "no copy of the old schema beside migration", count);
    if (access(copy, F_OK) == 0 &&
        (read_schema(copy, found) != 1 || strcmp(found, schemas[1]) != 0))
        fail_life(life, "the copy is not whole, migration", count);
}

static bool migrate_once(const struct shim_plan *plan, const char *base)
{
    struct history life;
    struct place *place = &life.place;
    struct error err = {0};
    bool was_cut, ok;
    long hits;

    life_begin(&life, plan, base);
    ok = life_open(&life, COUNT(life_migrations), &err);
    was_cut = shim_is_cut();
    shim_heal();
    hits = shim_hits();
    if (!ok && err.message[0] == '\0')
        fail_life(&life, "refused without a word", 0);
    if (!ok && !was_cut && (plan->fault == SHIM_DISK_FULL || plan->fault == SHIM_SHORT) &&
        err.code != ERROR_STORAGE_FULL)
        fail_life(&life, err.detail, err.code);
    place_close(place);
    if (was_cut)
        shim_power_on();
    check_schema(&life);
    must_open(&life, COUNT(life_migrations));
    check_life(&life, false);
    if (number_of(place, "SELECT count(*) FROM item WHERE note = 'migrated'", 0) != 1)
        fail_life(&life, "the row before the migrations is lost", 0);
    life_end(&life);
    return hits > 0;
}

static void test_a_fault_in_a_migration_leaves_the_old_schema_or_the_new(void **state)
{
    char base[96];

    (void)state;
    make_base(base);
    read_schemas(base);
    remove_base(base);
    sweep(migrate_once, 30);
}

static int install(void **state)
{
    (void)state;
    log_configure(LOG_ERROR + 1, false); /* failures are what these tests are about */
    shim_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fault_at_any_operation_loses_nothing_acknowledged),
        cmocka_unit_test(test_a_fault_in_a_migration_leaves_the_old_schema_or_the_new),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
