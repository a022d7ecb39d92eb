#include "core/test.h"
#include "core/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* A door that holds a worker until the test opens it. */
struct door {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int arrived;
    bool is_open;
};

#define DOOR                                                                                       \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                     \
    }

static void pass(void *context)
{
    struct door *door = context;

    pthread_mutex_lock(&door->lock);
    door->arrived++;
    pthread_cond_broadcast(&door->changed);
    while (!door->is_open)
        pthread_cond_wait(&door->changed, &door->lock);
    pthread_mutex_unlock(&door->lock);
}

static void wait_for(struct door *door, int arrived)
{
    pthread_mutex_lock(&door->lock);
    while (door->arrived < arrived)
        pthread_cond_wait(&door->changed, &door->lock);
    pthread_mutex_unlock(&door->lock);
}

static void open_door(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    door->is_open = true;
    pthread_cond_broadcast(&door->changed);
    pthread_mutex_unlock(&door->lock);
}

static struct worker_pool *create(size_t threads, size_t queue_max, void (*thread_end)(void))
{
    const struct worker_config config = {
        .name = "test-image", .threads = threads, .queue_max = queue_max, .thread_end = thread_end};
    struct worker_pool *pool = NULL;
    struct error err = {0};

    assert_true(worker_pool_create(&config, &pool, &err));
    return pool;
}

static void count(void *context) { atomic_fetch_add((atomic_int *)context, 1); }

static void test_destroy_runs_what_is_queued(void **state)
{
    struct door door = DOOR;
    atomic_int done = 0;
    struct worker_pool *pool = create(1, 100, NULL);

    (void)state;
    assert_true(worker_submit(pool, pass, &door));
    for (int i = 0; i < 100 - 1; i++)
        assert_true(worker_submit(pool, count, &done));
    open_door(&door);
    worker_pool_destroy(pool);
    assert_int_equal(done, 99);
}

static void test_a_full_queue_takes_nothing(void **state)
{
    struct door door = DOOR;
    atomic_int done = 0;
    struct worker_pool *pool = create(1, 3, NULL);

    (void)state;
    assert_true(worker_submit(pool, pass, &door));
    wait_for(&door, 1); /* running: no longer in the queue */
    assert_int_equal(worker_queued(pool), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_true(worker_submit(pool, count, &done));
        assert_int_equal(worker_queued(pool), i + 1);
    }
    assert_false(worker_submit(pool, count, &done));
    assert_int_equal(worker_queued(pool), 3);
    open_door(&door);
    worker_pool_destroy(pool);
    assert_int_equal(done, 3);
}

static void test_all_threads_work_at_once(void **state)
{
    struct door door = DOOR;
    struct worker_pool *pool = create(4, 4, NULL);

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(worker_submit(pool, pass, &door));
    wait_for(&door, 4);
    open_door(&door);
    worker_pool_destroy(pool);
}

struct order {
    int numbers[50];
    size_t count;
};
struct order_job {
    struct order *order;
    int number;
};

static void note(void *context)
{
    struct order_job *job = context;

    job->order->numbers[job->order->count++] = job->number; /* one thread only */
}

static void test_one_thread_keeps_the_order(void **state)
{
    struct order order = {.count = 0};
    struct order_job jobs[COUNT(order.numbers)];
    struct worker_pool *pool = create(1, 7, NULL); /* the ring goes round */

    (void)state;
    for (int i = 0; i < (int)COUNT(jobs); i++) {
        jobs[i] = (struct order_job){.order = &order, .number = i};
        while (!worker_submit(pool, note, &jobs[i]))
            sched_yield();
    }
    worker_pool_destroy(pool);
    assert_int_equal(order.count, COUNT(jobs));
    for (int i = 0; i < (int)COUNT(jobs); i++)
        assert_int_equal(order.numbers[i], i);
}

static atomic_int ended;

static void end(void) { atomic_fetch_add(&ended, 1); }

static void test_thread_end_runs_on_each_thread(void **state)
{
    (void)state;
    ended = 0;
    worker_pool_destroy(create(3, 1, end));
    assert_int_equal(ended, 3);
    worker_pool_destroy(NULL);
}

struct seen {
    char name[16];
    int is_term_blocked;
};

static void look(void *context)
{
    struct seen *seen = context;
    sigset_t blocked;

    pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    seen->is_term_blocked = sigismember(&blocked, SIGTERM);
}

static void test_threads_are_named_and_leave_signals_to_main(void **state)
{
    struct seen seen = {.name = ""};
    sigset_t blocked;
    struct worker_pool *pool = create(1, 1, NULL);

    (void)state;
    assert_true(worker_submit(pool, look, &seen));
    worker_pool_destroy(pool);
    assert_string_equal(seen.name, "test-image-1");
    assert_int_equal(seen.is_term_blocked, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    assert_int_equal(sigismember(&blocked, SIGTERM), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_destroy_runs_what_is_queued),
        cmocka_unit_test(test_a_full_queue_takes_nothing),
        cmocka_unit_test(test_all_threads_work_at_once),
        cmocka_unit_test(test_one_thread_keeps_the_order),
        cmocka_unit_test(test_thread_end_runs_on_each_thread),
        cmocka_unit_test(test_threads_are_named_and_leave_signals_to_main),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
