#include "blob/test_private.h"

#include <pthread.h>

/* Of a process that is killed in the middle of uploads nothing half is ever visible, and what it
 * was told is stored is there. */

enum { WRITERS = 4, ACKNOWLEDGED = 60, SIZE = 200000, PIECE = 4096 };

struct storm {
    struct blob_store *store;
    int pipe;
    uint32_t seed;
};

/* SIZE bytes that are never the same twice. */
static bool upload(struct blob_store *store, uint32_t number, struct blob *blob, struct error *err)
{
    struct blob_writer *writer;
    uint32_t piece[PIECE / sizeof(uint32_t)];

    if (!blob_write_begin(store, SIZE, &writer, err))
        return false;
    for (size_t at = 0; at < SIZE; at += PIECE) {
        for (size_t i = 0; i < COUNT(piece); i++)
            piece[i] = number ^ (uint32_t)(at + i) * 2654435761u;
        if (!blob_write(writer, piece, at + PIECE < SIZE ? PIECE : SIZE - at, err))
            return false;
    }
    return blob_write_end(writer, blob, err);
}

static void *storm_main(void *context)
{
    const struct storm *storm = context;

    for (uint32_t i = 0;; i++) {
        struct error err = {0};
        struct blob blob;

        if (!upload(storm->store, storm->seed + i * WRITERS, &blob, &err) ||
            write(storm->pipe, blob.name, SHA256_HEX_SIZE) != SHA256_HEX_SIZE)
            _exit(1);
    }
    return NULL;
}

static void child_main(struct place *place, int pipe)
{
    struct storm storms[WRITERS];
    pthread_t threads[WRITERS];
    struct blob_store *store = open_store(place);

    for (uint32_t i = 0; i < WRITERS; i++) {
        storms[i] = (struct storm){store, pipe, i};
        if (pthread_create(&threads[i], NULL, storm_main, &storms[i]) != 0)
            _exit(1);
    }
    for (;;)
        (void)pause();
}

static size_t whole_files;

static int check_file(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    char bytes[SIZE];
    char hex[SHA256_HEX_SIZE + 1];
    struct sha256 hash;
    FILE *file;

    if (type != FTW_F || !blob_name_is_valid(str_of(path + walk->base)))
        return 0;
    assert_int_equal(info->st_size, SIZE);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, SIZE, file), SIZE);
    assert_int_equal(fclose(file), 0);
    hash = sha256_of((struct str){bytes, SIZE});
    sha256_hex(&hash, hex);
    assert_string_equal(hex, path + walk->base);
    whole_files++;
    return 0;
}

/* The child's lock is gone with it, so all it left goes too. */
static void check_temps_are_swept(struct place *place)
{
    struct blob_sweep_counts counts;
    struct error err = {0};

    bool more = true;

    while (more)
        assert_true(blob_sweep(place->store, &counts, &more, &err));
    assert_int_equal(count_files(place, "tmp"), 0);
}

static void test_kill_9_leaves_whole_blobs_or_none(void **state)
{
    struct place *place = *state;
    char names[4096][SHA256_HEX_SIZE + 1];
    char path[128];
    size_t count = 0;
    int status;
    int ends[2];
    pid_t child;

    db_pool_close(place->pool); /* a fork with one thread */
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        child_main(place, ends[1]);
    }
    (void)close(ends[1]);
    while (read(ends[0], names[count], SHA256_HEX_SIZE) == SHA256_HEX_SIZE) {
        names[count++][SHA256_HEX_SIZE] = '\0';
        assert_true(count < COUNT(names));
        if (count == ACKNOWLEDGED)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    open_pool(place);
    place->store->pool = place->pool;

    assert_true(count >= ACKNOWLEDGED);
    for (size_t i = 0; i < count; i++) {
        int64_t size;

        assert_true(blob_find_file(place->store, names[i], &size));
    }
    (void)snprintf(path, sizeof(path), "%s/blobs", place->directory);
    whole_files = 0;
    assert_int_equal(nftw(path, check_file, 16, FTW_PHYS), 0);
    assert_true(whole_files >= count);
    check_temps_are_swept(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill_9_leaves_whole_blobs_or_none, setup_place,
                                        teardown_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
