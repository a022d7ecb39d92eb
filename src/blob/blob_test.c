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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_a_store_makes_its_folders_for_its_owner_alone),
        T(test_a_closed_store_leaves_no_boot_behind),
        T(test_a_store_that_cannot_be_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
