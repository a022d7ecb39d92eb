#include "net/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

static struct net_loop *make_loop(void)
{
    struct error err = {0};
    struct net_loop *loop;

    if (!net_loop_create(&loop, &err))
        fail_msg("%s", err.message);
    return loop;
}

static void start(struct net_loop *loop)
{
    struct error err = {0};

    if (!net_loop_start(loop, &err))
        fail_msg("%s", err.message);
}

struct log {
    struct net_loop *loop;
    int numbers[8];
    size_t count;
    bool was_here;
};

struct step {
    struct log *log;
    int number;
};

static void write_number(void *context)
{
    struct step *step = context;

    step->log->numbers[step->log->count++] = step->number;
    step->log->was_here = net_loop_is_here(step->log->loop);
}

static void test_work_runs_in_the_order_posted_on_the_loops_thread(void **state)
{
    struct log log = {.loop = make_loop()};
    struct step steps[] = {
        {&log, 1},
        {&log, 2},
        {&log, 3}
    };

    (void)state;
    start(log.loop);
    assert_false(net_loop_is_here(log.loop));
    for (size_t i = 0; i < COUNT(steps); i++)
        net_loop_post(log.loop, write_number, &steps[i]);
    net_loop_destroy(log.loop);
    assert_int_equal(log.count, 3);
    assert_int_equal(log.numbers[0], 1);
    assert_int_equal(log.numbers[2], 3);
    assert_true(log.was_here);
}

static void test_work_posted_before_the_start_runs(void **state)
{
    struct log log = {.loop = make_loop()};
    struct step step = {&log, 7};

    (void)state;
    net_loop_post(log.loop, write_number, &step);
    start(log.loop);
    net_loop_destroy(log.loop);
    assert_int_equal(log.count, 1);
}

static void test_a_loop_never_started_runs_what_was_posted_when_it_ends(void **state)
{
    struct log log = {.loop = make_loop()};
    struct step step = {&log, 7};

    (void)state;
    net_loop_post(log.loop, write_number, &step);
    net_loop_destroy(log.loop);
    assert_int_equal(log.count, 1);
    assert_true(log.was_here);
    net_loop_destroy(NULL);
}

struct chain {
    struct net_loop *loop;
    int left;
};

static void post_next(void *context)
{
    struct chain *chain = context;

    chain->left--;
    if (chain->left > 0)
        net_loop_post(chain->loop, post_next, chain);
}

static void test_the_end_waits_for_work_that_posts_work(void **state)
{
    struct chain chain = {make_loop(), 1000};

    (void)state;
    start(chain.loop);
    net_loop_post(chain.loop, post_next, &chain);
    net_loop_destroy(chain.loop);
    assert_int_equal(chain.left, 0);
}

#define POSTERS 4
#define POSTS 2000

struct poster {
    struct net_loop *loop;
    struct count {
        int sum; /* loop thread only: the posts must order it */
    } * count;
};

static void add_one(void *context)
{
    struct count *count = context;

    count->sum++;
}

static void *post_many(void *context)
{
    const struct poster *poster = context;

    for (int i = 0; i < POSTS; i++)
        net_loop_post(poster->loop, add_one, poster->count);
    return NULL;
}

static void test_many_threads_post_at_once(void **state)
{
    struct count count = {0};
    struct poster poster = {make_loop(), &count};
    pthread_t threads[POSTERS];

    (void)state;
    start(poster.loop);
    for (size_t i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &poster), 0);
    for (size_t i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    net_loop_destroy(poster.loop);
    assert_int_equal(count.sum, POSTERS * POSTS);
}

/* Timers: a story told on the loop's thread, waited for by the test's. */
struct story {
    struct net_loop *loop;
    struct net_timer *first, *second, *never;
    char told[16];
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool has_ended;
};

static void tell(struct story *story, const char *part)
{
    strncat(story->told, part, sizeof(story->told) - strlen(story->told) - 1);
}

static void end_story(struct story *story)
{
    pthread_mutex_lock(&story->lock);
    story->has_ended = true;
    pthread_cond_signal(&story->ended);
    pthread_mutex_unlock(&story->lock);
}

static void fire_first(void *context)
{
    struct story *story = context;

    tell(story, "a");
    if (strlen(story->told) < 3) {
        net_timer_set(story->first, 0); /* itself, at once: no endless turn */
        return;
    }
    net_timer_destroy(story->first); /* from within */
    net_timer_set(story->second, 1);
}

static void fire_second(void *context)
{
    struct story *story = context;

    tell(story, "b");
    net_timer_destroy(story->second);
    end_story(story);
}

static void fire_never(void *context) { tell(context, "!"); }

static void begin_story(void *context)
{
    struct story *story = context;

    story->first = net_timer_create(story->loop, fire_first, story);
    story->second = net_timer_create(story->loop, fire_second, story);
    story->never = net_timer_create(story->loop, fire_never, story);
    net_timer_set(story->never, 0);
    net_timer_set(story->never, -1);
    net_timer_set(story->first, 5000);
    net_timer_set(story->first, 1); /* the last word counts */
    net_timer_destroy(NULL);
}

static void test_timers_fire_once_are_set_anew_and_disarmed(void **state)
{
    struct story story = {
        .loop = make_loop(), .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

    (void)state;
    start(story.loop);
    net_loop_post(story.loop, begin_story, &story);
    pthread_mutex_lock(&story.lock);
    while (!story.has_ended)
        pthread_cond_wait(&story.ended, &story.lock);
    pthread_mutex_unlock(&story.lock);
    net_loop_destroy(story.loop); /* frees `never` too */
    assert_string_equal(story.told, "aaab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_runs_in_the_order_posted_on_the_loops_thread),
        cmocka_unit_test(test_work_posted_before_the_start_runs),
        cmocka_unit_test(test_a_loop_never_started_runs_what_was_posted_when_it_ends),
        cmocka_unit_test(test_the_end_waits_for_work_that_posts_work),
        cmocka_unit_test(test_many_threads_post_at_once),
        cmocka_unit_test(test_timers_fire_once_are_set_anew_and_disarmed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
