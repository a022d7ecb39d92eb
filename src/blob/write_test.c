#include "blob/test_private.h"

#include <pthread.h>

static void test_bytes_stand_under_their_hash(void **state)
{
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct blob blob = put_text(place, "hello");
    struct error err = {0};
    struct str bytes;
    struct stat info;
    char path[200];

    assert_string_equal(blob.name,
                        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_int_equal(blob.size, 5);
    file_of(place, &blob, path);
    assert_non_null(strstr(path, "/blobs/2c/f2/2cf24dba"));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_nlink, 1); /* its temporary name is gone */
    assert_int_equal(count_files(place, "tmp"), 0);
    assert_true(blob_get(place->store, str_of(blob.name), 5, arena, &bytes, &err));
    assert_true(str_equal(bytes, STR("hello")));
}

static void test_pieces_make_the_same_blob_as_the_whole(void **state)
{
    static const char *const pieces[] = {"he", "", "l", "lo"};
    struct place *place = *state;
    struct blob_writer *writer;
    struct error err = {0};
    struct blob blob;

    assert_true(blob_write_begin(place->store, 5, &writer, &err));
    for (size_t i = 0; i < COUNT(pieces); i++)
        assert_true(blob_write(writer, pieces[i], strlen(pieces[i]), &err));
    assert_int_equal(blob_written(writer), 5);
    assert_true(blob_write_end(writer, &blob, &err));
    assert_string_equal(blob.name, put_text(place, "hello").name);
    assert_int_equal(count_files(place, ""), 1);
}

static void test_no_bytes_are_a_blob_too(void **state)
{
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct blob blob = put_text(place, "");
    struct error err = {0};
    struct str bytes = STR("x");

    assert_int_equal(blob.size, 0);
    assert_true(blob_get(place->store, str_of(blob.name), 0, arena, &bytes, &err));
    assert_int_equal(bytes.size, 0);
}

static void test_the_same_bytes_twice_are_one_file_and_count_as_new(void **state)
{
    struct place *place = *state;
    struct blob first = put_text(place, "twice");
    struct blob second;
    struct stat info;
    char path[200];

    place->time.wall_ms += 1500;
    second = put_text(place, "twice");
    assert_string_equal(first.name, second.name);
    assert_int_equal(count_files(place, ""), 1);
    assert_int_equal(stat(file_of(place, &first, path), &info), 0);
    assert_int_equal((int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000,
                     NOON + 1500);
}

/* ---- at once ---- */

enum { THREADS = 8 };

struct uploader {
    struct blob_store *store;
    pthread_barrier_t *start;
    struct str bytes;
    struct blob blob;
    bool ok;
};

static void *upload(void *context)
{
    struct uploader *uploader = context;
    struct error err = {0};

    (void)pthread_barrier_wait(uploader->start);
    uploader->ok = blob_put(uploader->store, uploader->bytes, &uploader->blob, &err);
    return NULL;
}

static void test_the_same_bytes_at_once_are_one_file(void **state)
{
    struct place *place = *state;
    struct uploader uploaders[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_t start;
    char *bytes = malloc(MIB(1));

    assert_non_null(bytes);
    memset(bytes, 7, MIB(1));
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        uploaders[i] = (struct uploader){
            .store = place->store, .start = &start, .bytes = {bytes, MIB(1)}
        };
        assert_int_equal(pthread_create(&threads[i], NULL, upload, &uploaders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_true(uploaders[i].ok);
        assert_string_equal(uploaders[i].blob.name, uploaders[0].blob.name);
    }
    assert_int_equal(count_files(place, ""), 1);
    assert_int_equal(pthread_barrier_destroy(&start), 0);
    free(bytes);
}

/* ---- not to the end ---- */

static void test_one_byte_too_many_is_too_large_and_leaves_nothing(void **state)
{
    struct place *place = *state;
    struct blob_writer *writer;
    struct error err = {0};

    assert_true(blob_write_begin(place->store, 5, &writer, &err));
    assert_true(blob_write(writer, "hello", 5, &err)); /* the limit itself is allowed */
    assert_false(blob_write(writer, "!", 1, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_int_equal(err.limit, 5);
    blob_write_abort(writer);
    assert_int_equal(count_files(place, ""), 0);
}

static void test_an_aborted_upload_leaves_nothing(void **state)
{
    struct place *place = *state;
    struct blob_writer *writer;
    struct error err = {0};

    assert_true(blob_write_begin(place->store, 100, &writer, &err));
    assert_true(blob_write(writer, "half", 4, &err));
    assert_int_equal(count_files(place, "tmp"), 1);
    blob_write_abort(writer);
    blob_write_abort(NULL);
    assert_int_equal(count_files(place, ""), 0);
}

/* ---- a disk that fails ---- */

static struct {
    int countdown; /* the call that reaches 0 fails */
    int code;      /* errno */
    int hits;
    bool is_short; /* writes take one byte at a time */
} disk;

static bool disk_fails(void)
{
    if (--disk.countdown != 0)
        return false;
    disk.hits++;
    errno = disk.code;
    return true;
}

static ssize_t failing_write(int fd, const void *data, size_t size)
{
    return disk_fails() ? -1 : write(fd, data, disk.is_short ? 1 : size);
}

static int failing_fsync(int fd) { return disk_fails() ? -1 : fsync(fd); }

static int failing_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return disk_fails() ? -1 : linkat(from_fd, from, to_fd, to, flags);
}

static int failing_mkdirat(int fd, const char *path, mode_t mode)
{
    return disk_fails() ? -1 : mkdirat(fd, path, mode);
}

static const struct blob_io failing_io = {.write = failing_write,
                                          .fsync = failing_fsync,
                                          .linkat = failing_linkat,
                                          .mkdirat = failing_mkdirat,
                                          .fstatvfs = fstatvfs,
                                          .fallocate = fallocate};

static void test_a_disk_that_fails_anywhere_leaves_no_half_and_recovers(void **state)
{
    static const struct {
        int code; /* errno */
        enum error_code error;
    } cases[] = {
        {ENOSPC, ERROR_STORAGE_FULL},
        {EDQUOT, ERROR_STORAGE_FULL},
        {EIO,    ERROR_INTERNAL    },
    };
    struct place *place = *state;
    char text[32];

    place->store->io = failing_io;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int nth = 0;

        do {
            struct error err = {0};
            struct blob blob;
            bool ok;

            (void)snprintf(text, sizeof(text), "bytes %zu %d", i, ++nth);
            disk.countdown = nth;
            disk.code = cases[i].code;
            disk.hits = 0;
            ok = blob_put(place->store, str_of(text), &blob, &err);
            disk.countdown = 0;
            assert_int_equal(ok, disk.hits == 0);
            if (!ok)
                assert_int_equal(err.code, cases[i].error);
            assert_int_equal(count_files(place, "tmp"), 0);
            assert_int_equal(put_text(place, text).size, (int64_t)strlen(text));
        } while (disk.hits > 0);
        /* write, mkdir and fsync of two levels, fsync of the file, link, fsync of the folder */
        assert_true(nth >= 8);
    }
}

static void test_a_write_cut_short_goes_on(void **state)
{
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct error err = {0};
    struct str bytes;
    struct blob blob;

    place->store->io = failing_io;
    disk.countdown = 3; /* and a signal comes between */
    disk.code = EINTR;
    disk.is_short = true;
    blob = put_text(place, "hello");
    disk.is_short = false;
    assert_true(blob_get(place->store, str_of(blob.name), 5, arena, &bytes, &err));
    assert_true(str_equal(bytes, STR("hello")));
}

static void test_a_damaged_copy_is_replaced(void **state)
{
    struct place *place = *state;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct blob blob = put_text(place, "hello");
    struct error err = {0};
    struct str bytes;
    char path[200];

    assert_int_equal(truncate(file_of(place, &blob, path), 2), 0);
    blob = put_text(place, "hello");
    assert_true(blob_get(place->store, str_of(blob.name), 5, arena, &bytes, &err));
    assert_true(str_equal(bytes, STR("hello")));
    assert_int_equal(count_files(place, ""), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_bytes_stand_under_their_hash),
        T(test_pieces_make_the_same_blob_as_the_whole),
        T(test_no_bytes_are_a_blob_too),
        T(test_the_same_bytes_twice_are_one_file_and_count_as_new),
        T(test_the_same_bytes_at_once_are_one_file),
        T(test_one_byte_too_many_is_too_large_and_leaves_nothing),
        T(test_an_aborted_upload_leaves_nothing),
        T(test_a_disk_that_fails_anywhere_leaves_no_half_and_recovers),
        T(test_a_write_cut_short_goes_on),
        T(test_a_damaged_copy_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
