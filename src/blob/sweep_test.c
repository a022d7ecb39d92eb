#include "blob/test_private.h"

#define HOURS(n) ((int64_t)(n)*60 * 60 * 1000)

/* A whole round; its calls are counted. */
static struct blob_sweep_counts sweep_round(struct place *place, size_t *calls)
{
    struct blob_sweep_counts sum = {0};
    bool more = true;

    *calls = 0;
    while (more) {
        struct blob_sweep_counts counts;
        struct error err = {0};

        if (!blob_sweep(place->store, &counts, &more, &err))
            fail_msg("%s: %s", err.message, err.detail);
        sum.temps += counts.temps;
        sum.orphans += counts.orphans;
        sum.marked += counts.marked;
        sum.trashed += counts.trashed;
        sum.removed += counts.removed;
        sum.missing += counts.missing;
        assert_true(++*calls < 10000);
    }
    return sum;
}

static void expect(struct place *place, struct blob_sweep_counts wanted)
{
    size_t calls;
    struct blob_sweep_counts got = sweep_round(place, &calls);

    assert_int_equal(got.temps, wanted.temps);
    assert_int_equal(got.orphans, wanted.orphans);
    assert_int_equal(got.marked, wanted.marked);
    assert_int_equal(got.trashed, wanted.trashed);
    assert_int_equal(got.removed, wanted.removed);
    assert_int_equal(got.missing, wanted.missing);
}

static void expect_nothing(struct place *place) { expect(place, (struct blob_sweep_counts){0}); }

static bool is_state(struct place *place, const struct blob *blob, const char *state)
{
    char row[128];

    return strncmp(row_of(place, blob, row), state, strlen(state)) == 0;
}

static bool can_read(struct place *place, const struct blob *blob)
{
    struct error err = {0};
    int64_t size;
    int fd;

    if (!blob_open(place->store, str_of(blob->name), &fd, &size, &err))
        return false;
    assert_int_equal(size, blob->size);
    assert_int_equal(close(fd), 0);
    return true;
}

/* ---- temporary files ---- */

/* A process that dies in the middle of two uploads. */
static void die_uploading(struct place *place)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct blob_store *store = open_store(place);
        struct blob_writer *writers[2];
        struct error err = {0};

        for (size_t i = 0; i < COUNT(writers); i++) {
            if (!blob_write_begin(store, 100, &writers[i], &err) ||
                !blob_write(writers[i], "half", 4, &err))
                _exit(1);
        }
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_temporary_files_of_the_dead_go_and_of_the_living_stay(void **state)
{
    struct place *place = *state;
    struct blob_store *other = open_store(place); /* another process on the same folder */
    struct blob_writer *mine;
    struct blob_writer *theirs;
    struct error err = {0};
    struct blob blob;

    die_uploading(place);
    assert_true(blob_write_begin(place->store, 100, &mine, &err));
    assert_true(blob_write_begin(other, 100, &theirs, &err));
    assert_int_equal(count_files(place, "tmp"), 4);
    place->time.wall_ms += HOURS(1000); /* age does not matter, the lock does */
    expect(place, (struct blob_sweep_counts){.temps = 2});
    assert_int_equal(count_files(place, "tmp"), 2);
    assert_true(blob_write(theirs, "hello", 5, &err));
    assert_true(blob_write_end(theirs, &blob, &err));
    assert_true(blob_write(mine, "hallo", 5, &err));
    assert_true(blob_write_end(mine, &blob, &err));
    blob_store_close(other);
    expect_nothing(place);
}

/* ---- files without a row ---- */

static void test_an_orphan_goes_after_a_day_and_another_in_the_trash(void **state)
{
    struct place *place = *state;
    struct blob orphan = put_text(place, "orphan");
    struct blob kept = put_text(place, "kept");
    char path[200];
    char trash[200];

    add_ref(place, &kept, "asset:1");
    file_of(place, &orphan, path);
    trash_of(place, &orphan, trash);
    place->time.wall_ms += HOURS(24) - 1;
    expect_nothing(place);
    place->time.wall_ms += 1;
    expect(place, (struct blob_sweep_counts){.orphans = 1});
    assert_false(is_there(path));
    assert_true(is_there(trash));
    place->time.wall_ms += HOURS(24) - 1;
    expect_nothing(place);
    place->time.wall_ms += 1;
    expect(place, (struct blob_sweep_counts){.removed = 1});
    assert_false(is_there(trash));
    assert_true(can_read(place, &kept));
}

static void test_an_orphan_that_is_uploaded_again_is_new(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "again");

    place->time.wall_ms += HOURS(23);
    (void)put_text(place, "again");
    place->time.wall_ms += HOURS(23);
    expect_nothing(place);
    add_ref(place, &blob, "asset:1");
    place->time.wall_ms += HOURS(23);
    expect_nothing(place);
    assert_true(can_read(place, &blob));
}

static void test_a_file_under_a_strange_name_is_left_alone(void **state)
{
    static const char *const names[] = {"trash/readme", "ab/cd/readme", "ab/README"};
    struct place *place = *state;
    char path[200];

    for (size_t i = 0; i < COUNT(names); i++) {
        static const char *const folders[] = {"ab", "ab/cd"};
        FILE *file;

        for (size_t k = 0; k < COUNT(folders); k++) {
            (void)snprintf(path, sizeof(path), "%s/blobs/%s", place->directory, folders[k]);
            assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        }
        (void)snprintf(path, sizeof(path), "%s/blobs/%s", place->directory, names[i]);
        file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
    }
    place->time.wall_ms += HOURS(100000);
    expect_nothing(place);
    assert_int_equal(count_files(place, ""), COUNT(names));
}

/* ---- blobs nobody refers to ---- */

static void test_an_unreferenced_blob_is_marked_trashed_and_removed(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "going");
    char path[200];
    char trash[200];

    add_ref(place, &blob, "asset:1");
    place->time.wall_ms += HOURS(1000);
    expect_nothing(place); /* it is in use, however old */
    drop_ref(place, &blob, "asset:1");
    place->time.wall_ms += HOURS(24) - 1;
    expect_nothing(place);
    assert_true(is_state(place, &blob, "live"));

    place->time.wall_ms += 1;
    expect(place, (struct blob_sweep_counts){.marked = 1, .trashed = 1});
    assert_true(is_state(place, &blob, "trashed"));
    assert_false(is_there(file_of(place, &blob, path)));
    assert_true(is_there(trash_of(place, &blob, trash)));
    assert_true(can_read(place, &blob));

    place->time.wall_ms += HOURS(24) - 1;
    expect_nothing(place);
    place->time.wall_ms += 1;
    expect(place, (struct blob_sweep_counts){.removed = 1});
    assert_true(is_state(place, &blob, "none"));
    assert_false(can_read(place, &blob));
}

/* Runs the sweep up to and including the marks. */
static void sweep_to_marks(struct place *place, const struct blob *blob)
{
    struct blob_sweep_counts counts;
    struct error err = {0};
    bool more = true;

    while (!is_state(place, blob, "marked")) {
        assert_true(more);
        assert_true(blob_sweep(place->store, &counts, &more, &err));
    }
}

static void test_a_marked_blob_that_is_wanted_again_stays(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "wanted");
    char path[200];
    size_t calls;

    add_ref(place, &blob, "asset:1");
    drop_ref(place, &blob, "asset:1");
    place->time.wall_ms += HOURS(24);
    sweep_to_marks(place, &blob);
    (void)put_text(place, "wanted");
    add_ref(place, &blob, "asset:2");
    assert_true(is_state(place, &blob, "live"));
    (void)sweep_round(place, &calls);
    place->time.wall_ms += HOURS(100);
    expect_nothing(place);
    assert_true(is_there(file_of(place, &blob, path)));
}

static void test_a_trashed_blob_that_is_wanted_again_comes_back(void **state)
{
    static const struct {
        bool is_uploaded; /* again; else a reference is all, as for a copy of an asset */
        const char *reason;
    } cases[] = {
        {true,  "uploaded again"        },
        {false, "only referred to again"},
    };
    struct place *place = *state;
    char path[200];
    char trash[200];

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct blob blob = put_text(place, cases[i].reason);

        add_ref(place, &blob, "asset:1");
        drop_ref(place, &blob, "asset:1");
        place->time.wall_ms += HOURS(24);
        expect(place, (struct blob_sweep_counts){.marked = 1, .trashed = 1});
        assert_true(is_there(trash_of(place, &blob, trash)));
        if (cases[i].is_uploaded)
            (void)put_text(place, cases[i].reason);
        add_ref(place, &blob, "asset:2");
        assert_true(can_read(place, &blob));
        expect_nothing(place);
        assert_true(is_there(file_of(place, &blob, path)));
        assert_false(is_there(trash));
        place->time.wall_ms += HOURS(100);
        expect_nothing(place);
        assert_true(can_read(place, &blob));
    }
}

/* An upload found the file, then a sweep took it for an orphan, then came the row. */
static void test_a_file_trashed_between_link_and_row_comes_back(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "race");
    char path[200];
    char trash[200];

    assert_int_equal(rename(file_of(place, &blob, path), trash_of(place, &blob, trash)), 0);
    add_ref(place, &blob, "asset:1");
    place->time.wall_ms += HOURS(1000);
    expect_nothing(place);
    assert_true(is_there(path));
    assert_false(is_there(trash));
}

/* ---- rows without a file ---- */

static void test_a_missing_or_cut_file_is_counted_and_its_row_stays(void **state)
{
    struct place *place = *state;
    struct blob missing = put_text(place, "missing");
    struct blob cut = put_text(place, "cut short");
    struct blob whole = put_text(place, "whole");
    char path[200];

    add_ref(place, &missing, "asset:1");
    add_ref(place, &cut, "asset:2");
    add_ref(place, &whole, "asset:3");
    assert_int_equal(unlink(file_of(place, &missing, path)), 0);
    assert_int_equal(truncate(file_of(place, &cut, path), 3), 0);
    for (int i = 0; i < 2; i++) {
        place->time.wall_ms += HOURS(1000);
        expect(place, (struct blob_sweep_counts){.missing = 2});
    }
    assert_true(is_state(place, &missing, "live 7 refs=1"));
    assert_true(is_state(place, &cut, "live 9 refs=1"));
}

/* ---- bounds ---- */

static void test_a_call_does_a_bounded_piece_of_the_work(void **state)
{
    enum { MANY = 150 };
    struct place *place = *state;
    struct blob_sweep_counts got;
    struct blob_sweep_counts counts;
    struct error err = {0};
    bool more = true;
    char text[32];
    size_t calls;
    int64_t most = 0;

    for (int i = 0; i < MANY; i++) {
        struct blob blob;

        (void)snprintf(text, sizeof(text), "blob %d", i);
        blob = put_text(place, text);
        add_ref(place, &blob, "asset:1");
        drop_ref(place, &blob, "asset:1");
    }
    place->time.wall_ms += HOURS(24);
    for (got = (struct blob_sweep_counts){0}; more; got.trashed += counts.trashed) {
        assert_true(blob_sweep(place->store, &counts, &more, &err));
        most = counts.trashed > most ? counts.trashed : most;
        most = counts.marked > most ? counts.marked : most;
    }
    assert_int_equal(got.trashed, MANY);
    assert_true(most < MANY);
    place->time.wall_ms += HOURS(24);
    got = sweep_round(place, &calls);
    assert_int_equal(got.removed, MANY);
    assert_int_equal(count_files(place, ""), 0);
}

static void test_a_phase_that_fails_does_not_stop_the_others(void **state)
{
    struct place *place = *state;
    struct blob orphan = put_text(place, "orphan");
    struct blob missing = put_text(place, "missing");
    struct blob_sweep_counts counts = {0};
    struct blob_sweep_counts sum = {0};
    struct error err = {0};
    bool more = true;
    int failures = 0;
    char path[200];
    FILE *file;

    add_ref(place, &missing, "asset:1");
    assert_int_equal(unlink(file_of(place, &missing, path)), 0);
    /* A file where a folder belongs: "missing" is in the way of "orphan". */
    assert_true(strncmp(missing.name, orphan.name, 2) != 0);
    (void)snprintf(path, sizeof(path), "%s/blobs/%.2s/%.2s", place->directory, missing.name,
                   missing.name + 2);
    assert_int_equal(rmdir(path), 0);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    for (int i = 0; more && i < 1000; i++) {
        if (!blob_sweep(place->store, &counts, &more, &err)) {
            failures++;
            assert_int_equal(err.code, ERROR_INTERNAL);
            continue;
        }
        sum.missing += counts.missing;
    }
    assert_false(more);
    assert_int_equal(failures, 1);
    assert_int_equal(sum.missing, 1); /* the phase after it ran */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_temporary_files_of_the_dead_go_and_of_the_living_stay),
        T(test_an_orphan_goes_after_a_day_and_another_in_the_trash),
        T(test_an_orphan_that_is_uploaded_again_is_new),
        T(test_a_file_under_a_strange_name_is_left_alone),
        T(test_an_unreferenced_blob_is_marked_trashed_and_removed),
        T(test_a_marked_blob_that_is_wanted_again_stays),
        T(test_a_trashed_blob_that_is_wanted_again_comes_back),
        T(test_a_file_trashed_between_link_and_row_comes_back),
        T(test_a_missing_or_cut_file_is_counted_and_its_row_stays),
        T(test_a_call_does_a_bounded_piece_of_the_work),
        T(test_a_phase_that_fails_does_not_stop_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
