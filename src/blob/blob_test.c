#include "blob/test_private.h"

static void test_a_store_makes_its_folders_for_its_owner_alone(void **state)
{
    static const char *const folders[] = {"", "tmp", "trash"};
    struct place *place = *state;
    struct stat info;
    char path[128];

    for (size_t i = 0; i < COUNT(folders); i++) {
        (void)snprintf(path, sizeof(path), "%s/blobs/%s", place->directory, folders[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_true(S_ISDIR(info.st_mode));
        assert_int_equal(info.st_mode & 07777, 0700);
    }
}

static void test_a_closed_store_leaves_no_boot_behind(void **state)
{
    struct place *place = *state;
    char path[128];
    size_t entries = 0;
    DIR *folder;

    blob_store_close(place->store);
    place->store = NULL;
    blob_store_close(NULL);
    (void)snprintf(path, sizeof(path), "%s/blobs/tmp", place->directory);
    folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        entries += entry->d_name[0] == '.' ? 0 : 1;
    assert_int_equal(closedir(folder), 0);
    assert_int_equal(entries, 0);
}

static void test_a_store_that_cannot_be_says_so(void **state)
{
    struct place *place = *state;
    char folder[96];
    struct blob_config config = place_config(place, folder);
    struct error err = {0};
    struct blob_store *store;
    FILE *file;

    (void)snprintf(folder, sizeof(folder), "%s/no/such/place", place->directory);
    assert_false(blob_store_open(&config, &store, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_non_null(strstr(err.detail, folder));
    (void)snprintf(folder, sizeof(folder), "%s/file", place->directory);
    file = fopen(folder, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_false(blob_store_open(&config, &store, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
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
        int64_t results;
        const char *reason;
    } cases[] = {
        {(int64_t)MIB(1024),            (int64_t)MIB(256),   (int64_t)MIB(128),   (int64_t)MIB(32),
         "a tiny disk: a part of it"            },
        {(int64_t)MIB(16384),           (int64_t)MIB(2048),  (int64_t)MIB(1024),  (int64_t)MIB(64),
         "a small one: 2 GiB and 1 GiB"         },
        {(int64_t)MIB(102400),          (int64_t)MIB(10240), (int64_t)MIB(5120),  (int64_t)MIB(64),
         "a usual one: a tenth and a half of it"},
        {(int64_t)MIB(1024) * 1024 * 8, (int64_t)MIB(20480), (int64_t)MIB(10240), (int64_t)MIB(64),
         "a large one: enough is enough"        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (blob_watermark(BLOB_UPLOADS, cases[i].total) != cases[i].uploads ||
            blob_watermark(BLOB_JOBS, cases[i].total) != cases[i].jobs ||
            blob_watermark(BLOB_RESULTS, cases[i].total) != cases[i].results)
            fail_msg("%s", cases[i].reason);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_a_store_makes_its_folders_for_its_owner_alone),
        T(test_a_closed_store_leaves_no_boot_behind),
        T(test_a_store_that_cannot_be_says_so),
        T(test_a_disk_that_is_nearly_full_takes_results_only),
        cmocka_unit_test(test_the_watermarks_follow_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
