/* engine/engine_private.h: the engine's two halves: the world it gives its core, and the face it
 * gives to handlers. */
#pragma once

#include "engine/core.h"
#include "engine/idmap.h"
#include "engine/owner.h"

#include <inttypes.h>
#include <pthread.h>

enum { PARTIALS_MAX = 8 };

/* What is shown of a running task. */
struct live {
    int64_t task_id, version, count;
    double progress;
    struct buf pictures[PARTIALS_MAX];
    int64_t step, steps; /* steps 0: not told */
    char node[64], mime[32];
    int64_t told_at_ms; /* mono: progress is told twice a second at most */
};

struct engine {
    struct engine_config config; /* read-only after create */
    struct owner *owner;         /* read-only after create */
    struct core *core;           /* engine thread only, once started */
    struct net_timer *timer;     /* engine thread only */
    bool is_stopped;             /* engine thread only */
    bool is_draining;            /* guarded by lock */
    bool is_paused;              /* guarded by lock */
    char pause_reason[96];       /* guarded by lock */
    struct idmap lives;          /* of struct live; guarded by lock */
    struct idmap unwanted;       /* tasks asked to stop while they run; guarded by lock */
    int64_t started_at_ms;
    pthread_mutex_t lock;
};

/* A person's wish, applied and durable; the core knows.  `*told` (may be NULL) gets the numbers of
 * the answer; what it points to is gone.  Any thread but the engine's. */
MUST_CHECK bool engine_control(struct engine *engine, enum command_type type,
                               const struct command_control *given, struct command_control *told,
                               struct error *err);
/* tell.c: tasks as a transaction left them.  Any thread; the core hears of them soon, in order. */
void engine_tell_core(struct engine *engine, const struct task_entry *entries, size_t count);
void engine_world_init(struct engine *engine, struct world *world);

/* Runs ask(engine, context) on the engine's thread and waits.  Not from that thread. */
void engine_ask(struct engine *engine, void (*ask)(struct engine *engine, void *context),
                void *context);
/* What was told of a running task, for whoever looks on. */
void engine_show_news(struct engine *engine, const struct attempt *attempt,
                      const struct provider_news *news);

/* world_watch.c */
void *engine_watch(void *context, const struct attempt *attempt, const struct exchange *exchange,
                   struct str remote_id, const struct news_handlers *handlers, void *arg);
void engine_unwatch(void *context, void *handle);
void engine_forget_live(struct engine *engine, int64_t task_id);
