#include "blob/test_private.h"

static void test_a_reference_makes_the_row_and_is_there_once(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "hello");
    char row[128];

    assert_string_equal(row_of(place, &blob, row), "none");
    add_ref(place, &blob, "asset:1");
    add_ref(place, &blob, "asset:1");
    assert_string_equal(row_of(place, &blob, row), "live 5 refs=1 unreferenced=0");
    add_ref(place, &blob, "variant:1");
    assert_string_equal(row_of(place, &blob, row), "live 5 refs=2 unreferenced=0");
}

static void test_only_the_last_reference_lets_go(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "hello");
    char row[128];

    add_ref(place, &blob, "asset:1");
    add_ref(place, &blob, "asset:2");
    drop_ref(place, &blob, "asset:1");
    assert_string_equal(row_of(place, &blob, row), "live 5 refs=1 unreferenced=0");
    drop_ref(place, &blob, "asset:3"); /* it never had one */
    assert_string_equal(row_of(place, &blob, row), "live 5 refs=1 unreferenced=0");
    drop_ref(place, &blob, "asset:2");
    assert_string_equal(row_of(place, &blob, row), "live 5 refs=0 unreferenced=1790000000000");
    /* The time of the first stays. */
    place->time.wall_ms += 5000;
    drop_ref(place, &blob, "asset:2");
    assert_string_equal(row_of(place, &blob, row), "live 5 refs=0 unreferenced=1790000000000");
    add_ref(place, &blob, "asset:4");
    assert_string_equal(row_of(place, &blob, row), "live 5 refs=1 unreferenced=0");
}

static void test_a_reference_to_other_bytes_of_that_name_is_a_conflict(void **state)
{
    struct place *place = *state;
    struct ref ref = {put_text(place, "hello"), "asset:2", NOON};
    struct error err = {0};
    char row[128];

    add_ref(place, &ref.blob, "asset:1");
    ref.blob.size = 6;
    assert_false(db_transact(place->pool, "test_add_ref", add_ref_work, &ref, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_string_equal(row_of(place, &ref.blob, row), "live 5 refs=1 unreferenced=0");
}

static bool add_and_fail(struct db *db, void *context, struct error *err)
{
    return add_ref_work(db, context, err) && error_set(err, ERROR_CONFLICT, "something else");
}

static void test_a_reference_is_part_of_its_transaction(void **state)
{
    struct place *place = *state;
    struct ref ref = {put_text(place, "hello"), "asset:1", NOON};
    struct error err = {0};
    char row[128];

    assert_false(db_transact(place->pool, "test_add_ref", add_and_fail, &ref, &err));
    assert_string_equal(row_of(place, &ref.blob, row), "none");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_a_reference_makes_the_row_and_is_there_once),
        T(test_only_the_last_reference_lets_go),
        T(test_a_reference_to_other_bytes_of_that_name_is_a_conflict),
        T(test_a_reference_is_part_of_its_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
