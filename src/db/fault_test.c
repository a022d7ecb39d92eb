#include "db/shim_vfs.h"
#include "db/test_private.h"

enum { GROUP = 6 };

/* The `nth` write from now on fails. */
static void plan_write(enum shim_fault fault, long nth, bool is_lasting)
{
    shim_plan(&(struct shim_plan){
        .ops = SHIM_WRITE, .nth = nth, .fault = fault, .is_lasting = is_lasting});
}

/* Some of them are larger than the writer's cache, so that they write before they commit. */
static bool insert_large(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {
        "test_insert_large",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
        " INSERT INTO item (id, bytes) SELECT $1 + i * 1000, zeroblob(100000) FROM n",
        NULL};
    struct item *item = context;
    const struct sql_value args[] = {SQL_INT64(item->id)};

    return insert_item(db, context, err) && db_exec(db, &insert, args, COUNT(args), NULL, err);
}

struct batch {
    struct put puts[GROUP];
    sem_t answered;
    struct gate gate;
};

/* Queues a group behind a gate, so that it is one. */
static void batch_queue(struct batch *batch, struct db_pool *pool, int64_t first, int large)
{
    struct error err = {0};

    *batch = (struct batch){0};
    (void)sem_init(&batch->answered, 0, 0);
    gate_shut(&batch->gate, pool);
    for (int i = 0; i < GROUP; i++) {
        batch->puts[i] = (struct put){.item.id = first + i, .answered = &batch->answered};
        assert_true(db_transact_async(pool, "test_insert", i == large ? insert_large : insert_item,
                                      &batch->puts[i], note_answer, false, &err));
    }
}

static void batch_wait(struct batch *batch)
{
    gate_open(&batch->gate);
    for (int i = 0; i < GROUP; i++)
        wait_for(&batch->answered);
    for (int i = 0; i < GROUP; i++)
        assert_int_equal(batch->puts[i].calls, 1);
}

/* What was acknowledged is there; what was refused is not. */
static void batch_check(const struct batch *batch, struct db_pool *pool)
{
    for (int i = 0; i < GROUP; i++)
        assert_int_equal(has_item(pool, batch->puts[i].item.id), batch->puts[i].ok);
}

static void check_whole(struct place *place)
{
    struct error err = {0};

    place_close(place);
    place_open(place);
    if (!integrity_check(place->pool->writer.db->handle, &err))
        fail_msg("%s", err.detail);
}

/* The gate's own commit writes nothing, so the first write is the group's. */
static void test_a_full_disk_acknowledges_nothing_and_passes(void **state)
{
    struct place *place = *state;
    struct batch batch;
    struct error err = {0};

    batch_queue(&batch, place->pool, 1, -1);
    plan_write(SHIM_DISK_FULL, 1, true);
    batch_wait(&batch);
    assert_true(shim_hits() > 0);
    for (int i = 0; i < GROUP; i++) {
        assert_false(batch.puts[i].ok);
        assert_int_equal(batch.puts[i].err.code, ERROR_STORAGE_FULL);
    }
    assert_false(put_item(place->pool, 50, &err));
    assert_int_equal(err.code, ERROR_STORAGE_FULL);
    assert_int_equal(count_items(place->pool), 0); /* reading goes on */

    shim_heal(); /* someone makes room */
    assert_true(put_item(place->pool, 51, &err));
    assert_int_equal(count_items(place->pool), 1);
    check_whole(place);
    assert_int_equal(count_items(place->pool), 1);
}

/* The large one ends the transaction of all before the commit. */
static void test_who_ends_the_transaction_of_all_fails_alone(void **state)
{
    struct place *place = *state;
    struct batch batch;

    batch_queue(&batch, place->pool, 1, 2);
    plan_write(SHIM_IO_ERROR, 1, false);
    batch_wait(&batch);
    assert_int_equal(shim_hits(), 1);
    for (int i = 0; i < GROUP; i++)
        assert_int_equal(batch.puts[i].ok, i != 2);
    assert_int_equal(batch.puts[0].item.runs, 2); /* what it did was gone, so it ran again */
    assert_int_equal(batch.puts[2].item.runs, 1);
    assert_int_equal(batch.puts[2].err.code, ERROR_INTERNAL);
    batch_check(&batch, place->pool);
    assert_int_equal(count_items(place->pool), GROUP - 1);
    check_whole(place);
}

static void test_a_write_that_fails_at_any_point_loses_nothing_acknowledged(void **state)
{
    static const struct {
        enum shim_fault fault;
        enum error_code code;
        bool is_lasting;
    } cases[] = {
        {SHIM_DISK_FULL, ERROR_STORAGE_FULL, false},
        {SHIM_DISK_FULL, ERROR_STORAGE_FULL, true },
        {SHIM_IO_ERROR,  ERROR_INTERNAL,     false},
        {SHIM_IO_ERROR,  ERROR_INTERNAL,     true },
    };
    struct place *place = *state;
    int64_t first = 1000000;
    size_t failed = 0;

    for (size_t i = 0; i < COUNT(cases); i++) {
        long nth = 1;
        long hits;

        /* Every place at the beginning, then strides through the bulk of the large one. */
        do {
            struct batch batch;

            batch_queue(&batch, place->pool, first, 3);
            plan_write(cases[i].fault, nth, cases[i].is_lasting);
            batch_wait(&batch);
            hits = shim_hits();
            shim_heal();
            batch_check(&batch, place->pool);
            for (int k = 0; k < GROUP; k++) {
                if (batch.puts[k].ok)
                    continue;
                assert_int_equal(batch.puts[k].err.code, cases[i].code);
                failed++;
            }
            first += 1000000;
            nth += nth < 8 ? 1 : 331;
        } while (hits > 0);
    }
    assert_true(failed > COUNT(cases)); /* the faults were felt */
    check_whole(place);
}

static void test_a_failed_fsync_stops_all_writing(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    struct batch batch;
    struct db_stats stats;

    assert_true(put_item(place->pool, 500, &err));
    batch_queue(&batch, place->pool, 1, -1);
    shim_plan(&(struct shim_plan){.ops = SHIM_SYNC, .nth = 1, .fault = SHIM_IO_ERROR});
    batch_wait(&batch);
    assert_int_equal(shim_hits(), 1);
    for (int i = 0; i < GROUP; i++) {
        assert_false(batch.puts[i].ok);
        assert_int_equal(batch.puts[i].err.code, ERROR_INTERNAL);
    }
    db_pool_stats(place->pool, &stats);
    assert_true(stats.is_broken);
    /* The disk would answer again, but what it holds is not known. */
    assert_false(put_item(place->pool, 501, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_true(has_item(place->pool, 500));
    assert_false(has_item(place->pool, 501));

    check_whole(place); /* a restart knows again */
    assert_true(has_item(place->pool, 500));
    assert_false(has_item(place->pool, 501));
    assert_true(put_item(place->pool, 502, &err));
    db_pool_stats(place->pool, &stats);
    assert_false(stats.is_broken);
}

static bool overlook_the_failure(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {"test_after", "INSERT INTO item (id) VALUES (77)", NULL};
    struct error lost = {0};

    if (insert_large(db, context, &lost))
        return true;
    /* The transaction is gone: nothing may be written outside of one. */
    assert_false(db_exec(db, &insert, NULL, 0, NULL, &lost));
    assert_int_equal(lost.code, ERROR_STORAGE_FULL);
    (void)err;
    return true;
}

static void test_a_work_that_overlooks_the_end_of_its_transaction_fails(void **state)
{
    struct place *place = *state;
    struct item item = {.id = 1};
    struct error err = {0};

    plan_write(SHIM_DISK_FULL, 1, true);
    assert_false(db_transact(place->pool, "test_overlook", overlook_the_failure, &item, &err));
    shim_heal();
    assert_int_equal(err.code, ERROR_STORAGE_FULL);
    assert_int_equal(count_items(place->pool), 0);
}

static int install(void **state)
{
    (void)state;
    shim_install();
    return 0;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_a_full_disk_acknowledges_nothing_and_passes),
        T(test_who_ends_the_transaction_of_all_fails_alone),
        T(test_a_write_that_fails_at_any_point_loses_nothing_acknowledged),
        T(test_a_failed_fsync_stops_all_writing),
        T(test_a_work_that_overlooks_the_end_of_its_transaction_fails),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
