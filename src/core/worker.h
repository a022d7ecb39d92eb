/* core/worker.h: a fixed pool of threads with a bounded queue, for straight-line work that blocks
 * or computes. */
#pragma once

#include "core/error.h"
#include "core/str.h"

struct worker_pool; /* opaque: worker.c */

struct worker_config {
    const char *name; /* threads are named "NAME-1"; <= 10 characters */
    size_t threads;
    size_t queue_max;
    void (*thread_end)(void); /* may be NULL; runs on each thread before it ends */
};

/* The caller owns *out: worker_pool_destroy().  Fails: ERROR_INTERNAL.  Thread: main. */
MUST_CHECK bool worker_pool_create(const struct worker_config *config, struct worker_pool **out,
                                   struct error *err);
/* Runs what is queued to the end, then joins.  Takes NULL. */
void worker_pool_destroy(struct worker_pool *pool);
/* Runs work(context) on one of the threads.  False: the queue is full or the pool ends, nothing was
 * taken.  Any thread. */
MUST_CHECK bool worker_submit(struct worker_pool *pool, void (*work)(void *context), void *context);
size_t worker_queued(struct worker_pool *pool);
