#include "db/test_private.h"

#include <fcntl.h>

/* What a process was told is stored is there after it was killed, at whatever instruction. */

enum { WRITERS = 6, ACKNOWLEDGED = 400 };

struct storm {
    struct db_pool *pool;
    int pipe;
    int64_t first;
};

/* Writes for ever, and says through the pipe what was acknowledged. */
static void *storm_main(void *context)
{
    const struct storm *storm = context;
    struct error err = {0};

    for (int64_t id = storm->first;; id += WRITERS) {
        if (!put_item(storm->pool, id, &err) || write(storm->pipe, &id, sizeof(id)) != sizeof(id))
            _exit(1);
    }
    return NULL;
}

static void child_main(struct place *place, int pipe, int64_t first)
{
    struct storm storms[WRITERS];
    pthread_t threads[WRITERS];

    place_open(place);
    for (int i = 0; i < WRITERS; i++) {
        storms[i] = (struct storm){place->pool, pipe, first + i};
        if (pthread_create(&threads[i], NULL, storm_main, &storms[i]) != 0)
            _exit(1);
    }
    for (;;)
        (void)pause();
}

/* Kills a child in the storm; the ids it was told go to `acknowledged`. */
static size_t storm_and_kill(struct place *place, int64_t first, int64_t *acknowledged,
                             size_t count_max)
{
    size_t count = 0;
    int64_t id;
    int status;
    int ends[2];
    pid_t child;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        child_main(place, ends[1], first);
    }
    (void)close(ends[1]);
    while (read(ends[0], &id, sizeof(id)) == (ssize_t)sizeof(id)) {
        assert_true(count < count_max);
        acknowledged[count++] = id;
        if (count == ACKNOWLEDGED)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return count;
}

static void test_what_was_acknowledged_survives_kill_9(void **state)
{
    enum { ROUNDS = 3, MANY = 65536 };
    struct place *place = *state;
    int64_t *acknowledged = db_alloc(MANY * sizeof(*acknowledged));
    int64_t total = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct error err = {0};
        size_t count = storm_and_kill(place, (int64_t)round * 1000000 + 1, acknowledged, MANY);

        assert_true(count >= ACKNOWLEDGED);
        place_open(place);
        for (size_t i = 0; i < count; i++) {
            if (!has_item(place->pool, acknowledged[i]))
                fail_msg("row %d was acknowledged and is lost", (int)acknowledged[i]);
        }
        /* Beside them at most those whose answer was under way. */
        total += (int64_t)count;
        assert_true(count_items(place->pool) >= total);
        assert_true(count_items(place->pool) <= total + (int64_t)(round + 1) * WRITERS);
        assert_true(integrity_check(place->pool->writer.db->handle, &err));
        total = count_items(place->pool);
        place_close(place); /* forks have one thread */
    }
    free(acknowledged);
}

static int setup(void **state)
{
    struct place *place = db_alloc(sizeof(*place));

    place_make(place);
    *state = place;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_acknowledged_survives_kill_9, setup,
                                        teardown_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
