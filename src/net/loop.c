#include "net/net_private.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct posted {
    void (*work)(void *context);
    void *context;
};

struct net_loop {
    uv_loop_t uv; /* loop thread only once started */
    uv_async_t wake;
    pthread_t thread;               /* main only */
    bool started;                   /* main only */
    TAILQ_HEAD(, net_timer) timers; /* loop thread only */
    pthread_mutex_t lock;
    struct posted *queue; /* guarded by lock, as are the four below */
    size_t count;
    size_t capacity;
    bool stopping;
    bool stopped;
};

struct net_timer {
    uv_timer_t uv;
    struct net_loop *loop;
    void (*fire)(void *context);
    void *context;
    TAILQ_ENTRY(net_timer) link;
};

/* The loop whose thread this is.  Written once, before anything runs on that thread. */
static _Thread_local const struct net_loop *loop_of_this_thread;

void *net_alloc(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL)
        abort(); /* small allocations abort: STYLE.md */
    return memory;
}

int64_t net_now_ms(void) { return (int64_t)(uv_hrtime() / 1000000); }

uv_loop_t *net_loop_uv(struct net_loop *loop) { return &loop->uv; }

bool net_loop_is_here(const struct net_loop *loop) { return loop_of_this_thread == loop; }

static void close_loop(struct net_loop *loop)
{
    while (!TAILQ_EMPTY(&loop->timers))
        net_timer_destroy(TAILQ_FIRST(&loop->timers));
    uv_close((uv_handle_t *)&loop->wake, NULL);
}

/* One batch a turn, so that work which posts work cannot starve the sockets. */
static void run_posted(uv_async_t *wake)
{
    struct net_loop *loop = wake->data;
    struct posted *batch;
    size_t count;
    bool end;

    pthread_mutex_lock(&loop->lock);
    batch = loop->queue;
    count = loop->count;
    loop->queue = NULL;
    loop->count = loop->capacity = 0;
    pthread_mutex_unlock(&loop->lock);

    for (size_t i = 0; i < count; i++)
        batch[i].work(batch[i].context);
    free(batch);

    pthread_mutex_lock(&loop->lock);
    end = loop->stopping && !loop->stopped && loop->count == 0;
    if (end)
        loop->stopped = true;
    pthread_mutex_unlock(&loop->lock);
    if (end)
        close_loop(loop);
}

bool net_loop_create(struct net_loop **out, struct error *err)
{
    struct net_loop *loop = net_alloc(sizeof(*loop));
    int rc;

    rc = uv_loop_init(&loop->uv);
    if (rc != 0)
        goto fail_free;
    rc = uv_async_init(&loop->uv, &loop->wake, run_posted);
    if (rc != 0)
        goto fail_loop;
    loop->wake.data = loop;
    rc = -pthread_mutex_init(&loop->lock, NULL);
    if (rc != 0)
        goto fail_wake;
    TAILQ_INIT(&loop->timers);
    *out = loop;
    return true;

fail_wake:
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
fail_loop:
    uv_loop_close(&loop->uv);
fail_free:
    free(loop);
    return error_set(err, ERROR_INTERNAL, "the event loop cannot start (%s)", uv_err_name(rc));
}

static void *run_loop(void *context)
{
    struct net_loop *loop = context;

    loop_of_this_thread = loop;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop_of_this_thread = NULL;
    return NULL;
}

bool net_loop_start(struct net_loop *loop, struct error *err)
{
    sigset_t all, before;
    int rc;

    assert(!loop->started);
    /* Signals are main's.  SIGPIPE too: OpenSSL writes without MSG_NOSIGNAL. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&loop->thread, NULL, run_loop, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return error_set(err, ERROR_INTERNAL, "the event loop cannot start (errno %d)", rc);
    pthread_setname_np(loop->thread, "net");
    loop->started = true;
    return true;
}

bool net_loop_is_started(const struct net_loop *loop) { return loop->started; }

void net_loop_destroy(struct net_loop *loop)
{
    int rc;

    if (loop == NULL)
        return;
    assert(!net_loop_is_here(loop));
    pthread_mutex_lock(&loop->lock);
    loop->stopping = true;
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
    if (loop->started)
        pthread_join(loop->thread, NULL);
    else
        run_loop(
            loop); /* never started: what was posted runs here, and what was opened is closed */
    rc = uv_loop_close(&loop->uv);
    assert(rc == 0); /* else somebody left a handle open */
    pthread_mutex_destroy(&loop->lock);
    free(loop->queue);
    free(loop);
}

void net_loop_post(struct net_loop *loop, void (*work)(void *context), void *context)
{
    pthread_mutex_lock(&loop->lock);
    assert(!loop->stopped);
    if (loop->count == loop->capacity) {
        size_t capacity = loop->capacity == 0 ? 16 : loop->capacity * 2;
        struct posted *queue = realloc(loop->queue, capacity * sizeof(*queue));

        if (queue == NULL)
            abort();
        loop->queue = queue;
        loop->capacity = capacity;
    }
    loop->queue[loop->count++] = (struct posted){.work = work, .context = context};
    /* Under the lock: the loop cannot end, and close `wake`, between the insertion and the wake. */
    uv_async_send(&loop->wake);
    pthread_mutex_unlock(&loop->lock);
}

static void fire_timer(uv_timer_t *uv)
{
    struct net_timer *timer = uv->data;

    timer->fire(timer->context);
}

struct net_timer *net_timer_create(struct net_loop *loop, void (*fire)(void *context),
                                   void *context)
{
    struct net_timer *timer = net_alloc(sizeof(*timer));

    assert(net_loop_is_here(loop) || !loop->started);
    timer->loop = loop;
    timer->fire = fire;
    timer->context = context;
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    TAILQ_INSERT_TAIL(&loop->timers, timer, link);
    return timer;
}

void net_timer_set(struct net_timer *timer, int64_t after_ms)
{
    assert(net_loop_is_here(timer->loop) || !timer->loop->started);
    if (after_ms < 0) {
        uv_timer_stop(&timer->uv);
        return;
    }
    /* libuv's time stands still within a turn; a long turn would make the timer early.  And it runs
     * a timer of 0 ms that sets itself again for ever, within one turn. */
    uv_update_time(&timer->loop->uv);
    uv_timer_start(&timer->uv, fire_timer, after_ms == 0 ? 1 : (uint64_t)after_ms, 0);
}

static void free_timer(uv_handle_t *uv) { free(uv->data); }

void net_timer_destroy(struct net_timer *timer)
{
    if (timer == NULL)
        return;
    assert(net_loop_is_here(timer->loop) || !timer->loop->started);
    TAILQ_REMOVE(&timer->loop->timers, timer, link);
    uv_close((uv_handle_t *)&timer->uv, free_timer);
}
