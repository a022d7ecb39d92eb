#include "engine/owner.h"

#include "core/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static char directory[64];
static struct random_seeded seed;

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/vitrine-owner-XXXXXX");
    assert_non_null(mkdtemp(directory));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct owner *open_owner(uint64_t which)
{
    const struct random random = random_of_seed(&seed, which);
    const struct id id = id_make(&clock_system, &random);
    struct error err = {0};
    struct owner *owner;

    if (!owner_open(directory, &id, &owner, &err))
        fail_msg("%s", err.message);
    return owner;
}

static bool has_lock_file(struct str name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%.*s.lock", directory, STR_ARGS(name));
    return access(path, F_OK) == 0;
}

static void test_we_are_alive_and_the_closed_are_dead(void **state)
{
    struct owner *ours = open_owner(1), *other = open_owner(2);
    char name[ID_SIZE + 1];

    (void)state;
    snprintf(name, sizeof(name), "%.*s", STR_ARGS(owner_name(other)));
    assert_false(owner_is_dead(ours, owner_name(ours)));
    assert_false(owner_is_dead(ours, str_of(name))); /* held, though by our own process */
    assert_true(has_lock_file(str_of(name)));
    owner_close(other);
    assert_false(has_lock_file(str_of(name)));
    assert_true(owner_is_dead(ours, str_of(name)));
    owner_close(ours);
    owner_close(NULL);
}

static void leave_file(const char *name)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static bool has_file(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

static void test_an_owner_clears_the_locks_of_the_dead_away(void **state)
{
    struct owner *living = open_owner(1), *ours;

    (void)state;
    leave_file("01ARZ3NDEKTSV4RRFFQ69G5FAV.lock");
    leave_file("01ARZ3NDEKTSV4RRFFQ69G5FAV.lock.kept");
    leave_file("somebody-else-s-little-note.lock");
    ours = open_owner(2);
    assert_false(has_file("01ARZ3NDEKTSV4RRFFQ69G5FAV.lock"));
    assert_true(has_file("01ARZ3NDEKTSV4RRFFQ69G5FAV.lock.kept"));
    assert_true(has_file("somebody-else-s-little-note.lock"));
    assert_true(has_lock_file(owner_name(living)));
    assert_true(has_lock_file(owner_name(ours)));
    owner_close(living);
    owner_close(ours);
}

static void test_names_we_never_gave_are_dead(void **state)
{
    static const char *const names[] = {"", "x", "../../../../etc/passwd00000",
                                        "01234567890123456789012345"};
    struct owner *ours = open_owner(1);

    (void)state;
    for (size_t row = 0; row < COUNT(names); row++)
        check(owner_is_dead(ours, str_of(names[row])), names[row]);
    owner_close(ours);
}

static void test_the_kernel_tells_of_a_killed_process(void **state)
{
    struct owner *ours;
    int pipes[2], status;
    char name[ID_SIZE + 1] = "";
    pid_t child;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        const struct owner *owner = open_owner(3);

        if (write(pipes[1], owner_name(owner).data, ID_SIZE) == ID_SIZE)
            (void)pause();
        _exit(1);
    }
    assert_int_equal(read(pipes[0], name, ID_SIZE), ID_SIZE);
    ours = open_owner(1);
    assert_false(owner_is_dead(ours, str_of(name)));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(has_lock_file(str_of(name)));
    assert_true(owner_is_dead(ours, str_of(name)));
    assert_false(has_lock_file(str_of(name))); /* and it leaves nothing behind */
    owner_close(ours);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_a_lock_that_is_a_link_is_not_followed(void **state)
{
    static const char name[] = "01234567890123456789012345";
    struct owner *ours = open_owner(1);
    char target[128], link[128];
    int fd;

    (void)state;
    snprintf(target, sizeof(target), "%s/target", directory);
    snprintf(link, sizeof(link), "%s/%s.lock", directory, name);
    fd = open(target, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlink(target, link), 0);
    assert_false(owner_is_dead(ours, str_of(name))); /* who knows: better not */
    assert_int_equal(access(target, F_OK), 0);
    owner_close(ours);
}

static void test_a_folder_that_cannot_be_made_is_an_error(void **state)
{
    const struct random random = random_of_seed(&seed, 1);
    const struct id id = id_make(&clock_system, &random);
    struct error err = {0};
    struct owner *owner = NULL;

    (void)state;
    assert_false(owner_open("/proc/none/of/it", &id, &owner, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_null(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_we_are_alive_and_the_closed_are_dead, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_owner_clears_the_locks_of_the_dead_away, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_names_we_never_gave_are_dead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_kernel_tells_of_a_killed_process, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_lock_that_is_a_link_is_not_followed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_folder_that_cannot_be_made_is_an_error, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
