/*
 * engine/core.h: the engine's core: claims, drives attempts, decides, recovers.  Does no I/O and
 * starts no thread: its world gives it time, chance, storage, workers and exchanges, so that a
 * simulation drives the same object code. Everything here runs on one thread, the core's, and so do
 * all `done` functions of the world.
 */
#pragma once

#include "engine/command.h"
#include "engine/scheduler.h"

struct core; /* opaque: core.c */

struct exchange_handlers {
    void (*on_sent)(void *context);                    /* the request has left; best effort */
    void (*on_piece)(void *context, struct str piece); /* of a streamed 2xx reply */
    /* Last, once.  `reply` is borrowed until it returns; `sent_bytes` of the request. */
    void (*on_reply)(void *context, const struct exchange_reply *reply, int64_t sent_bytes,
                     bool is_cancelled);
};

/* What is told of remote work while it goes on. */
struct news_handlers {
    void (*on_told)(void *arg); /* how far it is; shown already */
    void (*on_over)(void *arg); /* it is said to have ended */
    void (*on_lost)(void *arg); /* last, once, unless it was given up before */
};

/* No function of the world calls back from within itself: what is done is told later. */
struct world {
    void *context;
    const struct clock *clock;
    const struct random *random;
    /* Applies a command in one transaction, then done(arg, ok, err).  Commands are applied in their
     * order. */
    void (*apply)(void *context, struct command *command, bool is_lazy,
                  void (*done)(void *arg, bool ok, const struct error *err), void *arg);
    /* Calls core_tick() after that long; replaces what was asked before. */
    void (*wake_after)(void *context, int64_t after_ms);
    /* Runs work(arg) on a worker, then done(arg). */
    void (*work)(void *context, void (*work)(void *arg), void (*done)(void *arg), void *arg);
    /* Starts an exchange; on_reply always follows, never from within this call. */
    void *(*exchange)(void *context, struct attempt *attempt, const struct exchange *exchange,
                      const struct exchange_handlers *handlers, void *arg);
    void (*cancel_exchange)(void *context, void *handle);
    /* Listens to what is told of the remote work at this address, and shows it, until unwatch(). */
    void *(*watch)(void *context, const struct attempt *attempt, const struct exchange *exchange,
                   struct str remote_id, const struct news_handlers *handlers, void *arg);
    void (*unwatch)(void *context, void *handle); /* no handler is called any more */
    /* The limits of a provider's lane, read now. */
    void (*load_lane)(void *context, int64_t provider_id, struct lane_limits *out);
    /* The bounds of one of its models, read now; zeroed when it has none. */
    void (*load_model)(void *context, int64_t provider_id, struct str model,
                       struct model_limits *out);
    void (*on_events)(void *context, int64_t user_id);
    void (*on_progress)(void *context, const struct attempt *attempt, double progress);
    void (*on_end)(void *context,
                   int64_t task_id); /* the task left memory: partial pictures can go */
    bool (*has_room)(void *context); /* false: the disk is too full to claim anything */
};

struct core_config {
    struct world world;
    struct str owner; /* this boot; borrowed for the core's life */
    const struct engine_operation *const *operations;
    struct engine *engine; /* for attempts; may be NULL in a simulation */
    void *services;
    int64_t local_concurrency;
};

struct core *core_create(const struct core_config *config);
void core_destroy(struct core *core); /* takes NULL; drops what runs, as a kill would */

/* Tasks as a transaction left them: ready ones wait, cancelled ones are stopped, ended ones
 * forgotten. */
void core_apply(struct core *core, const struct task_entry *entries, size_t count);
void core_tick(struct core *core);
void core_pause(struct core *core, bool is_paused);
void core_set_lane(struct core *core, int64_t lane, const struct lane_limits *limits);
/* Claims nothing more; gives back what has sent nothing. */
void core_drain(struct core *core);

struct core_view {
    int64_t ready, running, waiting;
    int64_t fetching; /* of those that wait: results on their way home, which may expire there */
    bool is_draining;
};
void core_view(const struct core *core, struct core_view *out);
const struct scheduler *core_scheduler(const struct core *core);
bool core_is_wanted(const struct core *core, int64_t task_id);

/* What the engine counted since its start (engine.md 20). */
struct core_counts {
    uint64_t claims, fenced, repeats, unknowns, late_results, calls, retries[FAILURE_CLASS_COUNT],
        ended[TASK_STATE_COUNT];
};
const struct core_counts *core_counts(const struct core *core);
