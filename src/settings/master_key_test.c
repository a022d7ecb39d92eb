#include "settings/settings_private.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY_TEXT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" /* bytes 0 to 31 */

struct fixture {
    char directory[64], path[128];
};

static int set_up(void **state)
{
    static struct fixture fixture;

    snprintf(fixture.directory, sizeof fixture.directory, "/tmp/vitrine-key-XXXXXX");
    assert_non_null(mkdtemp(fixture.directory));
    snprintf(fixture.path, sizeof fixture.path, "%s/master.key", fixture.directory);
    *state = &fixture;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    return nftw(fixture->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool load(const struct fixture *fixture, const char *encoded, struct master_key *out,
                 struct error *err)
{
    return settings_master_key_load(fixture->directory, (struct secret){str_of(encoded)},
                                    &random_system, out, err);
}

static void put(const struct fixture *fixture, const char *text, mode_t mode)
{
    int fd = open(fixture->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void test_the_first_start_makes_a_key_that_stays(void **state)
{
    struct fixture *fixture = *state;
    struct master_key first, second;
    struct error err = {0};
    struct stat info;

    assert_true(load(fixture, "", &first, &err));
    assert_true(load(fixture, "", &second, &err));
    assert_memory_equal(first.bytes, second.bytes, sizeof first.bytes);
    assert_int_equal(stat(fixture->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0400);
    assert_int_equal(info.st_nlink, 1); /* nothing of its making is left beside it */
}

static void test_two_houses_have_two_keys(void **state)
{
    struct fixture *fixture = *state;
    struct master_key first, second;
    struct error err = {0};

    assert_true(load(fixture, "", &first, &err));
    assert_int_equal(unlink(fixture->path), 0);
    assert_true(load(fixture, "", &second, &err));
    assert_memory_not_equal(first.bytes, second.bytes, sizeof first.bytes);
}

static void test_the_environments_key_needs_no_file(void **state)
{
    struct fixture *fixture = *state;
    struct master_key key;
    struct error err = {0};

    assert_true(load(fixture, KEY_TEXT, &key, &err));
    for (size_t i = 0; i < sizeof key.bytes; i++)
        assert_int_equal(key.bytes[i], i);
    assert_int_equal(access(fixture->path, F_OK), -1);
}

static void test_what_is_no_key_is_refused_without_showing_it(void **state)
{
    static const char *const texts[] = {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "canary",
                                        KEY_TEXT KEY_TEXT, "!!!!"};
    struct fixture *fixture = *state;
    struct master_key key;

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct error err = {0};

        assert_false(load(fixture, texts[i], &key, &err));
        assert_int_equal(err.code, ERROR_INVALID);
        assert_null(strstr(err.message, texts[i]));
        assert_non_null(strstr(err.message, "VITRINE_MASTER_KEY"));
    }
}

static void test_a_file_others_may_read_is_refused(void **state)
{
    static const mode_t modes[] = {0644, 0440, 0604, 0620};
    struct fixture *fixture = *state;
    struct master_key key;

    for (size_t i = 0; i < COUNT(modes); i++) {
        struct error err = {0};

        put(fixture, KEY_TEXT "\n", modes[i]);
        assert_false(load(fixture, "", &key, &err));
        assert_int_equal(err.code, ERROR_FORBIDDEN);
        assert_int_equal(unlink(fixture->path), 0);
    }
}

/* An empty or cut file is not made anew: what it sealed would be lost in silence. */
static void test_a_broken_file_is_refused_and_left_alone(void **state)
{
    struct fixture *fixture = *state;
    struct master_key key;
    struct error err = {0};
    struct stat info;

    put(fixture, "", 0400);
    assert_false(load(fixture, "", &key, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_int_equal(stat(fixture->path, &info), 0);
    assert_int_equal(info.st_size, 0);
}

static void test_a_link_is_not_followed(void **state)
{
    struct fixture *fixture = *state;
    struct master_key key;
    struct error err = {0};

    assert_int_equal(symlink("/etc/hostname", fixture->path), 0);
    assert_false(load(fixture, "", &key, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_the_first_start_makes_a_key_that_stays),
        TEST(test_two_houses_have_two_keys),
        TEST(test_the_environments_key_needs_no_file),
        TEST(test_what_is_no_key_is_refused_without_showing_it),
        TEST(test_a_file_others_may_read_is_refused),
        TEST(test_a_broken_file_is_refused_and_left_alone),
        TEST(test_a_link_is_not_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
