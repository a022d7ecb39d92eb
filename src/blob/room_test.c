#include "blob/test_private.h"

/* A disk of 100 GiB, of which this is free; all other calls are the system's. */
static int64_t free_bytes;
static int64_t reserved_bytes;

static int fake_fstatvfs(int fd, struct statvfs *out)
{
    struct stat info;

    *out = (struct statvfs){.f_frsize = 4096, .f_blocks = (fsblkcnt_t)MIB(102400) / 4096};
    /* What the reserve took is free again once its file is gone. */
    if (reserved_bytes > 0 && fstatat(fd, "reserve", &info, 0) != 0) {
        free_bytes += reserved_bytes;
        reserved_bytes = 0;
    }
    out->f_bavail = (fsblkcnt_t)free_bytes / 4096;
    return 0;
}

static int fake_fallocate(int fd, int mode, off_t offset, off_t size)
{
    assert_true(fd >= 0 && mode == 0 && offset == 0);
    reserved_bytes = size;
    free_bytes -= size;
    return 0;
}

static int no_fallocate(int fd, int mode, off_t offset, off_t size)
{
    (void)fd;
    (void)mode;
    (void)offset;
    (void)size;
    errno = EOPNOTSUPP;
    return -1;
}

static bool has_reserve(const struct place *place)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/blobs/reserve", place->directory);
    return is_there(path);
}

static int setup_disk(void **state)
{
    struct place *place;

    if (setup_place(state) != 0)
        return -1;
    place = *state;
    place->store->uploads_min = place->store->jobs_min = 0; /* those of the disk */
    place->store->io.fstatvfs = fake_fstatvfs;
    place->store->io.fallocate = fake_fallocate;
    free_bytes = (int64_t)MIB(51200);
    reserved_bytes = 0;
    return 0;
}

static void test_a_disk_that_is_nearly_full_takes_results_only(void **state)
{
    static const struct {
        int64_t uploads_min;
        int64_t jobs_min;
        bool takes_uploads;
        bool takes_jobs;
    } cases[] = {
        {1,         1,         true,  true },
        {INT64_MAX, 1,         false, true },
        {INT64_MAX, INT64_MAX, false, false},
    };
    struct place *place = *state;

    blob_store_close(place->store);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char folder[96];
        struct blob_config config = place_config(place, folder);
        struct error err = {0};

        config.free_bytes_uploads_min = cases[i].uploads_min;
        config.free_bytes_jobs_min = cases[i].jobs_min;
        assert_true(blob_store_open(&config, &place->store, &err));
        assert_int_equal(blob_room_for_upload(place->store, &err), cases[i].takes_uploads);
        assert_int_equal(err.code, cases[i].takes_uploads ? ERROR_NONE : ERROR_STORAGE_FULL);
        err = (struct error){0};
        assert_int_equal(blob_room_for_jobs(place->store, &err), cases[i].takes_jobs);
        assert_int_equal(err.code, cases[i].takes_jobs ? ERROR_NONE : ERROR_STORAGE_FULL);
        (void)put_text(place, "a result lands");
        if (i + 1 < COUNT(cases))
            blob_store_close(place->store);
    }
}

static void test_the_watermarks_follow_the_disk(void **state)
{
    static const struct {
        int64_t total;
        int64_t uploads;
        int64_t jobs;
        int64_t claims;
        int64_t results;
        const char *reason;
    } cases[] = {
        {(int64_t)MIB(1024),            (int64_t)MIB(256),   (int64_t)MIB(128),   (int64_t)MIB(64),
         (int64_t)MIB(32), "a tiny disk: a part of it"            },
        {(int64_t)MIB(16384),           (int64_t)MIB(2048),  (int64_t)MIB(1024),  (int64_t)MIB(512),
         (int64_t)MIB(64), "a small one: 2 GiB and 1 GiB"         },
        {(int64_t)MIB(102400),          (int64_t)MIB(10240), (int64_t)MIB(5120),  (int64_t)MIB(512),
         (int64_t)MIB(64), "a usual one: a tenth and a half of it"},
        {(int64_t)MIB(1024) * 1024 * 8, (int64_t)MIB(20480), (int64_t)MIB(10240), (int64_t)MIB(512),
         (int64_t)MIB(64), "a large one: enough is enough"        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (blob_watermark(BLOB_UPLOADS, cases[i].total) != cases[i].uploads ||
            blob_watermark(BLOB_JOBS, cases[i].total) != cases[i].jobs ||
            blob_watermark(BLOB_CLAIMS, cases[i].total) != cases[i].claims ||
            blob_watermark(BLOB_RESULTS, cases[i].total) != cases[i].results)
            fail_msg("%s", cases[i].reason);
    }
}

static void test_each_use_ends_at_its_own_mark(void **state)
{
    static const struct {
        int64_t free;
        bool takes_uploads, takes_jobs, takes_claims, takes_results;
    } cases[] = {
        {(int64_t)MIB(10240),     true,  true,  true,  true },
        {(int64_t)MIB(10240) - 1, false, true,  true,  true },
        {(int64_t)MIB(5120) - 1,  false, false, true,  true },
        {(int64_t)MIB(512) - 1,   false, false, false, true },
        {(int64_t)MIB(64),        false, false, false, true },
        {(int64_t)MIB(64) - 1,    false, false, false, false},
        {0,                       false, false, false, false},
    };
    struct place *place = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        free_bytes = cases[i].free;
        assert_int_equal(blob_room_for_upload(place->store, &err), cases[i].takes_uploads);
        assert_int_equal(blob_room_for_jobs(place->store, &err), cases[i].takes_jobs);
        assert_int_equal(blob_room_for_claims(place->store, &err), cases[i].takes_claims);
        assert_int_equal(blob_room_for_results(place->store, &err), cases[i].takes_results);
    }
}

static void test_the_reserve_lets_a_result_land_and_comes_back(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    struct blob blob;

    blob_tend_reserve(place->store);
    assert_true(has_reserve(place));
    assert_int_equal(reserved_bytes, MIB(64));
    blob_tend_reserve(place->store); /* once is enough */
    assert_int_equal(free_bytes, MIB(51200 - 64));

    free_bytes = MIB(1); /* others filled the disk */
    assert_true(blob_put(place->store, STR("paid for"), &blob, &err));
    assert_false(has_reserve(place));
    free_bytes = MIB(1);
    assert_false(blob_put(place->store, STR("one too many"), &blob, &err));
    assert_int_equal(err.code, ERROR_STORAGE_FULL);

    free_bytes = MIB(4096); /* enough to breathe, not for new jobs */
    blob_tend_reserve(place->store);
    assert_false(has_reserve(place));
    free_bytes = MIB(51200);
    blob_tend_reserve(place->store);
    assert_true(has_reserve(place));
}

static void test_the_reserve_is_given_to_the_database_too(void **state)
{
    struct place *place = *state;

    blob_tend_reserve(place->store);
    assert_true(has_reserve(place));
    free_bytes = MIB(63); /* nobody stores a file, but the database may be about to write */
    blob_tend_reserve(place->store);
    assert_false(has_reserve(place));
}

static void test_a_file_system_that_cannot_reserve_has_no_reserve(void **state)
{
    struct place *place = *state;

    place->store->io.fallocate = no_fallocate;
    blob_tend_reserve(place->store);
    assert_false(has_reserve(place));
    (void)put_text(place, "works all the same");
}

static void test_the_reserve_of_a_real_disk_is_of_real_blocks(void **state)
{
    struct place *place = *state;
    char path[96];
    struct stat info;

    place->store->io.fstatvfs = fstatvfs;
    place->store->io.fallocate = fallocate;
    place->store->jobs_min = 1;
    blob_tend_reserve(place->store);
    if (!has_reserve(place))
        return; /* a file system without fallocate */
    (void)snprintf(path, sizeof(path), "%s/blobs/reserve", place->directory);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_blocks * 512 >= info.st_size);
    assert_int_equal(info.st_mode & 0777, 0600);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
#define D(name) cmocka_unit_test_setup_teardown(name, setup_disk, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_a_disk_that_is_nearly_full_takes_results_only),
        cmocka_unit_test(test_the_watermarks_follow_the_disk),
        D(test_each_use_ends_at_its_own_mark),
        D(test_the_reserve_lets_a_result_land_and_comes_back),
        D(test_the_reserve_is_given_to_the_database_too),
        D(test_a_file_system_that_cannot_reserve_has_no_reserve),
        D(test_the_reserve_of_a_real_disk_is_of_real_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
