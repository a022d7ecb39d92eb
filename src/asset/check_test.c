/* What the doctor asks of pictures: each rule sees its breach. */
#include "asset/test_private.h"

#define BYTES "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct house house;

static bool run_text(struct db *db, void *context, struct error *err)
{
    struct sql *sql = ARENA_NEW(house.arena, struct sql);

    *sql = (struct sql){"test", context, NULL};
    return db_exec(db, sql, NULL, 0, NULL, err);
}

static void change(const char *text)
{
    struct error err = {0};

    no_error(db_transact(house.pool, "test", run_text, (void *)(uintptr_t)text, &err), &err, text);
}

/* A picture with a smaller copy, one in the trash, a mask. */
static int set_up(void **state)
{
    (void)state;
    house_open(&house, false);
    (void)add_picture(&house, (struct picture){.name = "a cup"});
    (void)add_picture(&house, (struct picture){.name = "gone", .is_trashed = true});
    change("INSERT INTO blob (sha256, size, state, state_at_ms, created_at_ms)"
           " VALUES ('" BYTES "', 1, 'live', 1, 1)");
    change("UPDATE asset SET public_id = 'A', thumb = '" BYTES "' WHERE id = 1");
    change("UPDATE blob_ref SET owner = 'asset:A' WHERE sha256 = (SELECT blob FROM asset"
           " WHERE id = 1)");
    change("INSERT INTO blob_ref VALUES ('" BYTES "', 'variant:A', 1), ('" BYTES "', 'mask:M', 1),"
           " ('" BYTES "', 'call:9', 1)"); /* calls are not this room's */
    change("INSERT INTO mask (id, public_id, user_id, blob, width_px, height_px, used_at_ms)"
           " VALUES (1, 'M', 2, '" BYTES "', 1, 1, 1)");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return house_close(&house);
}

static struct check_report look(void)
{
    struct check_report report = {0};
    struct error err = {0};

    no_error(asset_check(house_look(&house), house.arena, &report, &err), &err, "asset_check");
    assert_int_equal(report.rule_count, 4);
    return report;
}

static void test_what_is_held_is_sound(void **state)
{
    (void)state;
    assert_int_equal(look().fault_count, 0);
}

static void test_each_rule_sees_its_breach(void **state)
{
    static const struct {
        const char *text, *rule, *what;
    } cases[] = {
        {"DELETE FROM blob_ref WHERE owner = 'asset:A'",              "check_i5_picture",
         "picture A is not held: its bytes "                                  },
        {"DELETE FROM blob_ref WHERE owner = 'variant:A'",            "check_i5_variant",
         "picture A is not held: the bytes " BYTES " of a smaller copy may go"},
        {"DELETE FROM blob_ref WHERE owner = 'mask:M'",               "check_i5_mask",
         "mask M is not held: its bytes " BYTES " may go"                     },
        {"INSERT INTO blob_ref VALUES ('" BYTES "', 'asset:B', 1)",   "check_i11_holder",
         "blob " BYTES " is held by asset:B, which is not there"              },
        {"INSERT INTO blob_ref VALUES ('" BYTES "', 'variant:B', 1)", "check_i11_holder",
         "blob " BYTES " is held by variant:B, which is not there"            },
        {"INSERT INTO blob_ref VALUES ('" BYTES "', 'mask:B', 1)",    "check_i11_holder",
         "blob " BYTES " is held by mask:B, which is not there"               },
    };

    for (size_t row = 0; row < COUNT(cases); row++) {
        struct check_report report;

        if (row > 0) {
            assert_int_equal(tear_down(state), 0);
            (void)set_up(state);
        }
        change(cases[row].text);
        report = look();
        assert_int_equal(report.fault_count, 1);
        assert_string_equal(report.faults[0].rule, cases[row].rule);
        check(str_starts_with(report.faults[0].what, str_of(cases[row].what)), cases[row].what);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_what_is_held_is_sound),
        T(test_each_rule_sees_its_breach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
