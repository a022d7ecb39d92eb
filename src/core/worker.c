#include "core/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    void (*work)(void *context);
    void *context;
};

struct worker_pool {
    struct worker_config config; /* read-only after start */
    char name[11];
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *queue; /* a ring of queue_max; guarded by lock, as are the next three */
    size_t first;
    size_t queued;
    bool is_stopping;
    size_t started;      /* main only */
    pthread_t threads[]; /* main only */
};

static void *run(void *argument)
{
    struct worker_pool *pool = argument;

    pthread_mutex_lock(&pool->lock);
    while (true) {
        struct job job;

        while (pool->queued == 0 && !pool->is_stopping)
            pthread_cond_wait(&pool->wake, &pool->lock);
        if (pool->queued == 0)
            break;
        job = pool->queue[pool->first];
        pool->first = (pool->first + 1) % pool->config.queue_max;
        pool->queued--;
        pthread_mutex_unlock(&pool->lock);
        job.work(job.context);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    if (pool->config.thread_end != NULL)
        pool->config.thread_end();
    return NULL;
}

/* Signals are main's: the threads begin with all of them blocked. */
static int start_threads(struct worker_pool *pool)
{
    sigset_t all, before;
    int rc = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (rc == 0 && pool->started < pool->config.threads) {
        rc = pthread_create(&pool->threads[pool->started], NULL, run, pool);
        if (rc == 0) {
            char name[16];

            pool->started++;
            (void)snprintf(name, sizeof(name), "%s-%u", pool->name,
                           (unsigned)(pool->started % 1000));
            pthread_setname_np(pool->threads[pool->started - 1], name);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static struct worker_pool *allocate(const struct worker_config *config)
{
    struct worker_pool *pool =
        calloc(1, sizeof(*pool) + config->threads * sizeof(pool->threads[0]));

    if (pool == NULL)
        abort();
    pool->queue = calloc(config->queue_max, sizeof(*pool->queue));
    if (pool->queue == NULL)
        abort();
    pool->config = *config;
    memcpy(pool->name, config->name, strlen(config->name));
    pool->config.name = pool->name;
    return pool;
}

bool worker_pool_create(const struct worker_config *config, struct worker_pool **out,
                        struct error *err)
{
    struct worker_pool *pool;
    int rc;

    assert(config->threads > 0 && config->threads < 1000);
    assert(config->queue_max > 0);
    assert(strlen(config->name) < sizeof(pool->name));
    pool = allocate(config);
    rc = pthread_mutex_init(&pool->lock, NULL);
    if (rc != 0)
        goto fail_free;
    rc = pthread_cond_init(&pool->wake, NULL);
    if (rc != 0)
        goto fail_lock;
    rc = start_threads(pool);
    if (rc != 0) {
        worker_pool_destroy(pool);
        return error_set(err, ERROR_INTERNAL, "a worker thread cannot start (errno %d)", rc);
    }
    *out = pool;
    return true;

fail_lock:
    pthread_mutex_destroy(&pool->lock);
fail_free:
    free(pool->queue);
    free(pool);
    return error_set(err, ERROR_INTERNAL, "the workers cannot start (errno %d)", rc);
}

void worker_pool_destroy(struct worker_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->queue);
    free(pool);
}

bool worker_submit(struct worker_pool *pool, void (*work)(void *context), void *context)
{
    bool is_taken;

    pthread_mutex_lock(&pool->lock);
    is_taken = pool->queued < pool->config.queue_max && !pool->is_stopping;
    if (is_taken) {
        size_t last = (pool->first + pool->queued) % pool->config.queue_max;

        pool->queue[last] = (struct job){.work = work, .context = context};
        pool->queued++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (is_taken)
        pthread_cond_signal(&pool->wake); /* not under the lock that it would wait for at once */
    return is_taken;
}

size_t worker_queued(struct worker_pool *pool)
{
    size_t queued;

    pthread_mutex_lock(&pool->lock);
    queued = pool->queued;
    pthread_mutex_unlock(&pool->lock);
    return queued;
}
