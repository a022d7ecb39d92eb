#include "blob/test_private.h"
#include "core/log.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define BLOBS 40

static struct blob_scrub_counts scrub_day(struct place *place, int64_t bytes_max, size_t *calls)
{
    struct blob_scrub_counts sum = {0};
    bool more = true;

    for (*calls = 0; more; ++*calls) {
        struct blob_scrub_counts counts;
        struct error err = {0};

        if (!blob_scrub(place->store, bytes_max, &counts, &more, &err))
            fail_msg("%s: %s", err.message, err.detail);
        sum.checked += counts.checked;
        sum.damaged += counts.damaged;
        assert_true(*calls < 1000);
    }
    return sum;
}

static void fill(struct place *place, struct blob blobs[BLOBS])
{
    for (int i = 0; i < BLOBS; i++) {
        char text[32];

        (void)snprintf(text, sizeof(text), "picture %d", i);
        blobs[i] = put_text(place, text);
        add_ref(place, &blobs[i], "asset:1");
    }
}

static void test_thirty_days_read_everything_once(void **state)
{
    struct place *place = *state;
    struct blob blobs[BLOBS];
    int64_t checked = 0, most = 0;

    fill(place, blobs);
    for (int day = 0; day < 30; day++) {
        size_t calls;
        struct blob_scrub_counts counts = scrub_day(place, INT64_MAX, &calls);

        assert_int_equal(counts.damaged, 0);
        checked += counts.checked;
        most = counts.checked > most ? counts.checked : most;
        place->time.wall_ms += DAY_MS;
    }
    assert_int_equal(checked, BLOBS);
    assert_true(most < BLOBS / 3); /* spread over the days */
}

static void test_a_days_part_is_read_once_in_small_steps(void **state)
{
    struct place *place = *state;
    struct blob blobs[BLOBS];
    int64_t whole, in_steps = 0;

    fill(place, blobs);
    for (int day = 0; day < 30; day++) {
        size_t calls;

        whole = scrub_day(place, 1, &calls).checked; /* a file a call */
        assert_true(calls >= (size_t)whole);
        in_steps += whole;
        assert_int_equal(scrub_day(place, INT64_MAX, &calls).checked, 0);
        assert_int_equal(calls, 1);
        place->time.wall_ms += DAY_MS;
    }
    assert_int_equal(in_steps, BLOBS);
}

static void test_damage_is_counted_and_never_deleted(void **state)
{
    static const struct {
        const char *bytes;
        bool is_short;
        const char *reason;
    } cases[] = {
        {"picturE 7", false, "a flipped bit"},
        {"pict",      true,  "a short file" },
    };
    struct place *place = *state;
    struct blob blobs[BLOBS];
    char path[200];

    log_configure(LOG_ERROR, false);
    fill(place, blobs);
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t damaged = 0;
        int fd = open(file_of(place, &blobs[7], path), O_WRONLY | O_TRUNC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, cases[i].bytes, strlen(cases[i].bytes)), strlen(cases[i].bytes));
        assert_int_equal(close(fd), 0);
        for (int day = 0; day < 30; day++) {
            size_t calls;

            damaged += scrub_day(place, INT64_MAX, &calls).damaged;
            place->time.wall_ms += DAY_MS;
        }
        if (damaged != 1)
            fail_msg("%s: %d", cases[i].reason, (int)damaged);
        assert_true(is_there(path));
    }
}

static void test_what_is_going_or_gone_is_not_read(void **state)
{
    struct place *place = *state;
    struct blob blobs[BLOBS];
    int64_t checked = 0;
    char path[200];

    fill(place, blobs);
    assert_int_equal(unlink(file_of(place, &blobs[0], path)), 0); /* the sweep tells of it */
    for (int day = 0; day < 30; day++) {
        size_t calls;
        struct blob_scrub_counts counts = scrub_day(place, INT64_MAX, &calls);

        checked += counts.checked;
        assert_int_equal(counts.damaged, 0);
        place->time.wall_ms += DAY_MS;
    }
    assert_int_equal(checked, BLOBS - 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_thirty_days_read_everything_once),
        T(test_a_days_part_is_read_once_in_small_steps),
        T(test_damage_is_counted_and_never_deleted),
        T(test_what_is_going_or_gone_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
