#include "blob/test_private.h"

static void test_a_blob_is_read_whole_or_by_its_head(void **state)
{
    static const struct {
        size_t asked;
        const char *head;
    } cases[] = {
        {0,   ""           },
        {5,   "hello"      },
        {11,  "hello world"},
        {100, "hello world"},
    };
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct blob blob = put_text(place, "hello world");
    struct error err = {0};
    struct str bytes;

    assert_true(blob_get(place->store, str_of(blob.name), 11, arena, &bytes, &err));
    assert_true(str_equal(bytes, STR("hello world")));
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(
            blob_head(place->store, str_of(blob.name), cases[i].asked, arena, &bytes, &err));
        assert_true(str_equal(bytes, str_of(cases[i].head)));
    }
}

static void test_an_open_blob_is_a_descriptor_and_a_size(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "hello");
    struct error err = {0};
    char bytes[8] = "";
    int64_t size;
    int fd;

    assert_true(blob_open(place->store, str_of(blob.name), &fd, &size, &err));
    assert_int_equal(size, 5);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), 5);
    assert_string_equal(bytes, "hello");
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(close(fd), 0);
}

static void test_too_large_is_said_before_memory_is_taken(void **state)
{
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(4);
    struct blob blob = put_text(place, "hello");
    struct error err = {0};
    struct str bytes;

    assert_false(blob_get(place->store, str_of(blob.name), 4, arena, &bytes, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_int_equal(err.limit, 4);
    assert_false(blob_get(place->store, str_of(blob.name), 5, arena, &bytes, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE); /* the arena has no room */
}

/* The hash of "hello". */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static void test_a_name_is_a_hash_and_never_a_path(void **state)
{
    const struct {
        struct str name;
        const char *reason;
    } cases[] = {
        {STR(""),                                                                        "nothing"      },
        {STR("2cf24dba"),                                                                "too short"    },
        {STR(HELLO "0"),                                                                 "too long"     },
        {STR("2C"
             "f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
         "upper case"                                                                                   },
        {STR("../../../../../../../../../../../../../../../../../../etc/passwd"),        "another place"},
        {STR("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b982/"),        "a slash"      },
        {STR("2cf24dba5fb0a30e26e83b2ac5b9e29e\0b161e5c1fa7425e73043362938b9824"),       "a NUL"        },
        {STR("0000000000000000000000000000000000000000000000000000000000000000"),        "nobody has it"},
    };
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct str bytes;
    int64_t size;
    int fd;

    (void)put_text(place, "hello");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        if (blob_open(place->store, cases[i].name, &fd, &size, &err) ||
            blob_get(place->store, cases[i].name, 100, arena, &bytes, &err) ||
            blob_head(place->store, cases[i].name, 100, arena, &bytes, &err))
            fail_msg("%s", cases[i].reason);
        assert_int_equal(err.code, ERROR_NOT_FOUND);
    }
}

static void test_what_is_not_a_file_is_not_read(void **state)
{
    struct place *place = *state;
    struct blob blob = put_text(place, "hello");
    struct error err = {0};
    char path[200];
    int64_t size;
    int fd;

    file_of(place, &blob, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(blob_open(place->store, str_of(blob.name), &fd, &size, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(blob_open(place->store, str_of(blob.name), &fd, &size, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
}

static void test_a_file_in_the_trash_is_still_read(void **state)
{
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct blob blob = put_text(place, "hello");
    struct error err = {0};
    struct str bytes;
    char path[200];
    char trash[200];

    assert_int_equal(rename(file_of(place, &blob, path), trash_of(place, &blob, trash)), 0);
    assert_true(blob_get(place->store, str_of(blob.name), 5, arena, &bytes, &err));
    assert_true(str_equal(bytes, STR("hello")));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_a_blob_is_read_whole_or_by_its_head),
        T(test_an_open_blob_is_a_descriptor_and_a_size),
        T(test_too_large_is_said_before_memory_is_taken),
        T(test_a_name_is_a_hash_and_never_a_path),
        T(test_what_is_not_a_file_is_not_read),
        T(test_a_file_in_the_trash_is_still_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
