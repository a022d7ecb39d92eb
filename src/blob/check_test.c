/* What the doctor asks of the store: each rule sees its breach, and what is as it should be is
 * none. */
#include "blob/check.h"
#include "blob/test_private.h"

#define HOUR_MS INT64_C(3600000)

struct looked {
    struct check_report report;
    struct blob_check_counts counts;
};

static struct arena *memory;

static int set_up(void **state)
{
    memory = arena_create(MIB(16));
    return setup_place(state);
}

static int tear_down(void **state)
{
    arena_destroy(memory);
    return teardown_place(state);
}

static struct looked look(struct place *place, bool is_whole)
{
    char folder[96];
    const struct blob_check_config config = {.directory = place_config(place, folder).directory,
                                             .clock = &place->clock,
                                             .is_whole = is_whole};
    struct looked looked = {0};
    struct error err = {0};

    if (!blob_check(&config, place->pool, memory, &looked.report, &looked.counts, &err))
        fail_msg("%s: %s", err.message, err.detail);
    assert_int_equal(looked.report.rule_count, 4);
    return looked;
}

static void expect_sound(struct place *place)
{
    struct looked looked = look(place, true);

    if (looked.report.fault_count > 0)
        fail_msg("%s: %.*s", looked.report.faults[0].rule, STR_ARGS(looked.report.faults[0].what));
}

static void expect_first(struct place *place, bool is_whole, size_t count, const char *rule,
                         const char *what)
{
    struct looked looked = look(place, is_whole);

    assert_int_equal(looked.report.fault_count, count);
    assert_string_equal(looked.report.faults[0].rule, rule);
    assert_int_equal(looked.report.faults[0].what.size, strlen(what));
    assert_memory_equal(looked.report.faults[0].what.data, what, strlen(what));
}

static void expect_one(struct place *place, bool is_whole, const char *rule, const char *what)
{
    expect_first(place, is_whole, 1, rule, what);
}

static struct blob held(struct place *place, const char *text, const char *owner)
{
    struct blob blob = put_text(place, text);

    add_ref(place, &blob, owner);
    return blob;
}

static const char *text_of(const char *before, const char *name, const char *after)
{
    return arena_cstr(memory, arena_printf(memory, "%s%s%s", before, name, after));
}

static const char *number_text(int number)
{
    return arena_cstr(memory, arena_printf(memory, "%d", number));
}

static bool run_text(struct db *db, void *context, struct error *err)
{
    struct sql *sql = arena_alloc(memory, sizeof(*sql));

    *sql = (struct sql){"test", context, NULL};
    return db_exec(db, sql, NULL, 0, NULL, err);
}

static void change(struct place *place, const char *text)
{
    struct error err = {0};

    if (!db_transact(place->pool, "test", run_text, (void *)(uintptr_t)text, &err))
        fail_msg("%s: %s %s", text, err.message, err.detail);
}

static void set_age(struct place *place, const char *path, int64_t age_ms)
{
    const int64_t at_ms = place->time.wall_ms - age_ms;
    const struct timespec at = {.tv_sec = (time_t)(at_ms / 1000),
                                .tv_nsec = (long)(at_ms % 1000) * 1000000};
    const struct timespec times[2] = {at, at};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The server that sweeps began then. */
static void set_up_since(struct place *place, int64_t age_ms)
{
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/blobs/tmp/%s/.lock", place->directory,
                   place->store->boot.text);
    set_age(place, path, age_ms);
}

/* ---- what is no breach ---- */

static void test_a_store_at_any_stage_of_a_blobs_life_is_sound(void **state)
{
    struct place *place = *state;
    struct blob leaving;
    struct blob_sweep_counts counts;
    struct error err = {0};
    int64_t removed = 0;
    bool more;

    set_up_since(place, 2 * HOUR_MS);
    expect_sound(place);
    (void)held(place, "kept", "asset:1");
    (void)put_text(place, "without a row yet");
    leaving = held(place, "leaving", "asset:2");
    drop_ref(place, &leaving, "asset:2");
    for (int hour = 0; hour < 80; hour++) { /* a day to be marked, a day in the trash, gone */
        do {
            expect_sound(place);
            assert_true(blob_sweep(place->store, &counts, &more, &err));
            removed += counts.removed;
        } while (more);
        place->time.wall_ms += HOUR_MS;
    }
    assert_int_equal(removed, 2);
    assert_int_equal(look(place, true).counts.files, 1);
}

static void test_a_folder_without_a_store_is_sound_while_no_row_wants_it(void **state)
{
    struct place *place = *state;
    const struct blob_check_config config = {.directory = "/tmp/vitrine-no-such-folder",
                                             .clock = &place->clock};
    struct blob_check_counts counts;
    struct check_report report = {0};
    struct error err = {0};

    assert_true(blob_check(&config, place->pool, memory, &report, &counts, &err));
    assert_int_equal(report.fault_count, 0);
    (void)held(place, "kept", "asset:1");
    assert_true(blob_check(&config, place->pool, memory, &report, &counts, &err));
    assert_int_equal(report.fault_count, 1);
    assert_int_equal(access(config.directory, F_OK), -1); /* and none is made */
}

/* ---- breaches ---- */

static void test_a_row_without_its_file_is_told(void **state)
{
    struct place *place = *state;
    struct blob blob = held(place, "lost", "asset:1");
    char path[200];

    assert_int_equal(unlink(file_of(place, &blob, path)), 0);
    expect_one(place, false, "check_i11_file",
               text_of("blob ", blob.name, " of 4 bytes has no file"));
}

static void test_a_file_in_the_trash_is_still_there(void **state)
{
    struct place *place = *state;
    struct blob blob = held(place, "in the trash", "asset:1");
    char from[200], to[200];

    assert_int_equal(rename(file_of(place, &blob, from), trash_of(place, &blob, to)), 0);
    expect_sound(place);
}

static void test_a_file_of_another_size_is_told(void **state)
{
    struct place *place = *state;
    struct blob blob = held(place, "shorter", "asset:1");
    char path[200];

    assert_int_equal(truncate(file_of(place, &blob, path), 3), 0);
    /* Then its bytes are others too. */
    expect_first(place, false, 2, "check_i11_file",
                 text_of("the file of blob ", blob.name, " has 3 bytes, its row says 7"));
}

/* One byte is another, behind the sweep's and the size's back. */
static void spoil(struct place *place, const struct blob *blob)
{
    char path[200];
    int fd = open(file_of(place, blob, path), O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "X", 1, 0), 1);
    assert_int_equal(close(fd), 0);
}

static void test_other_bytes_are_told(void **state)
{
    struct place *place = *state;
    struct blob blob = held(place, "true", "asset:1");
    struct looked looked;

    spoil(place, &blob);
    looked = look(place, false); /* it is among the newest */
    assert_int_equal(looked.report.fault_count, 1);
    assert_string_equal(looked.report.faults[0].rule, "check_i11_content");
    assert_memory_equal(looked.report.faults[0].what.data, "the file of blob ", 17);
    assert_int_equal(look(place, true).report.fault_count, 1);
}

/* The newest alone are read unless all are asked for; what is kept for a call always is. */
static void test_the_sample_has_every_kept_result_and_the_newest(void **state)
{
    struct place *place = *state;
    struct blob old = held(place, "old", "asset:1");
    struct blob kept = held(place, "kept", "call:1");
    struct looked looked;

    place->time.wall_ms += HOUR_MS;
    for (int i = 0; i < 256; i++)
        (void)held(place, number_text(i), "asset:2");
    spoil(place, &old);
    looked = look(place, false);
    assert_int_equal(looked.report.fault_count, 0);
    assert_int_equal(looked.counts.files, 258);
    assert_int_equal(looked.counts.read, 257);
    assert_int_equal(look(place, true).report.fault_count, 1);
    assert_int_equal(look(place, true).counts.read, 258);
    spoil(place, &kept);
    assert_int_equal(look(place, false).report.fault_count, 1);
}

/* Who sends the same bytes again is told that they are there. */
static void test_a_file_without_a_row_has_its_bytes_too(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "no row");

    expect_sound(place);
    spoil(place, &blob);
    assert_int_equal(look(place, false).report.fault_count, 0);
    assert_int_equal(look(place, true).report.fault_count, 1);
    assert_string_equal(look(place, true).report.faults[0].rule, "check_i11_content");
}

static void test_a_row_that_is_wrongly_needed_or_not_is_told(void **state)
{
    struct place *place = *state;
    struct blob blob = held(place, "row", "asset:1");

    change(place, "UPDATE blob SET unreferenced_at_ms = 1");
    expect_one(
        place, true, "check_i11_reference",
        text_of("blob ", blob.name, " is live and counts as needed by nobody, but is referred to"));
    change(place, "UPDATE blob SET unreferenced_at_ms = NULL");
    expect_sound(place);
    change(place, "DELETE FROM blob_ref");
    expect_one(
        place, true, "check_i11_reference",
        text_of("blob ", blob.name, " is live and counts as needed, but nobody refers to it"));
}

static void test_an_old_file_without_a_row_is_told_where_a_server_should_have_taken_it(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "orphan");
    char path[200], trash[200];

    set_up_since(place, 2 * HOUR_MS);
    set_age(place, file_of(place, &blob, path), 24 * HOUR_MS);
    expect_sound(place); /* the sweep has an hour for a round */
    set_age(place, path, 26 * HOUR_MS);
    expect_one(place, true, "check_i11_orphan",
               text_of("file ", blob.name, " has no row, and is 26 hours old"));
    assert_int_equal(rename(path, trash_of(place, &blob, trash)), 0);
    expect_one(place, true, "check_i11_orphan",
               text_of("file ", blob.name, " has no row, and is 26 hours old"));

    set_up_since(place, HOUR_MS / 2); /* it has just begun */
    assert_int_equal(look(place, true).report.fault_count, 0);
    assert_int_equal(look(place, true).counts.waiting, 1);
    set_up_since(place, 2 * HOUR_MS);
    blob_store_close(place->store); /* nobody sweeps */
    assert_int_equal(look(place, true).report.fault_count, 0);
    assert_int_equal(look(place, true).counts.waiting, 1);
    place->store = open_store(place);
}

static void test_a_flood_is_told_in_part(void **state)
{
    struct place *place = *state;
    char path[200];

    for (int i = 0; i < 30; i++) {
        struct blob blob = held(place, number_text(i), "asset:1");

        assert_int_equal(unlink(file_of(place, &blob, path)), 0);
    }
    assert_int_equal(look(place, true).report.fault_count, CHECK_FAULTS_PER_RULE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_store_at_any_stage_of_a_blobs_life_is_sound),
        T(test_a_folder_without_a_store_is_sound_while_no_row_wants_it),
        T(test_a_row_without_its_file_is_told),
        T(test_a_file_in_the_trash_is_still_there),
        T(test_a_file_of_another_size_is_told),
        T(test_other_bytes_are_told),
        T(test_the_sample_has_every_kept_result_and_the_newest),
        T(test_a_file_without_a_row_has_its_bytes_too),
        T(test_a_row_that_is_wrongly_needed_or_not_is_told),
        T(test_an_old_file_without_a_row_is_told_where_a_server_should_have_taken_it),
        T(test_a_flood_is_told_in_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
