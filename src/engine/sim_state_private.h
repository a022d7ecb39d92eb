/*
 * engine/sim_state_private.h: the simulated world's state, its chance, its queue of events, and the
 * two parts that answer to it alone: storage and workers.
 */
#pragma once

#include "engine/core.h"
#include "engine/recover.h"
#include "engine/test_private.h"

enum {
    SIM_SYNC = 1,    /* answers at once, honours no key */
    SIM_KEYED,       /* answers at once, honours keys for a while */
    SIM_ASYNC,       /* gives a remote id, honours no key */
    SIM_ASYNC_KEYED, /* both */
    SIM_ASYNC_FOUND, /* gives a remote id, honours no key, but can be asked for a call by its key */
    SIM_PROVIDERS,
};
enum {
    SIM_EVENTS_MAX = 4096,
    SIM_JOBS_MAX = 4096,
    SIM_TASKS_MAX = 1024,
    SIM_SCRIPT_MAX = 32,
    SIM_STARTS = 64,
    SIM_USES = 128,
    SIM_KEYS = 3, /* of an account, at most */
    SIM_KEY_IDS = 256,
    SIM_UNITS_MAX = 40, /* of one task */
    SIM_KEY_WINDOW_MS = 600000,
    SIM_DEADLINE_MS = 7200000,
    SIM_DELIVERY_MAX_MS = 20,
    SIM_DEAD_MAX = 256,
    SIM_STALL_MAX = 5000, /* events without a millisecond passing: the core runs in a circle */
};

/* What becomes of a request. */
enum sim_outcome {
    SIM_OK,
    SIM_NOT_SENT,
    SIM_LOST_BEFORE, /* sent, and nobody read it */
    SIM_LOST_AFTER,  /* done and charged, and the answer lost */
    SIM_THROTTLED,
    SIM_SERVER,
    SIM_REFUSED,
    SIM_INVALID,
    SIM_AUTH,
    SIM_MISSING, /* the remote id is not known (yet) */
    SIM_OUTCOME_COUNT
};

/* How often things go wrong, in a thousand; each seed draws its own. */
struct sim_faults {
    int outcomes[SIM_OUTCOME_COUNT];
    int storage, local, spoil, refine, remote_fails, no_room;
    int no_place;       /* even a result finds none */
    int fetch;          /* a result comes by address, to be fetched */
    int record;         /* the nouns refuse the result, for good */
    int late;           /* what a dead process had sent to storage is written after its death */
    int64_t storage_ms; /* a commit takes as long, at most */
};

/* A charge, or what could become one: a call as its provider knows it. */
struct sim_job {
    char key[ID_SIZE + 1];
    int64_t key_id; /* of the account, that it was asked for with */
    int64_t provider, task_id, first_at_ms, done_at_ms;
    int charges;
    bool is_failed, is_given_up, is_forgotten;
};

struct sim_exchange {
    struct sim *sim;
    struct sim_exchange *next;
    struct exchange_handlers handlers;
    void *arg;
    int64_t task_id, provider;
    int64_t key_id; /* of the account; 0: it has none */
    enum exchange_purpose purpose;
    enum sim_outcome outcome;
    char text[ID_SIZE + 1]; /* the key, or the remote id, which is the key of its call */
    bool is_cancelled, is_sent, has_ended;
    int status;
    char body[64];
};

struct sim_use {
    int64_t task_id, claimed_at_ms, units; /* units 0: there was none */
};

/* A socket that tells of remote work whatever chance says. */
struct sim_watch {
    struct sim_watch *next;
    struct news_handlers handlers;
    void *arg;    /* NULL: given up, or lost */
    int64_t left; /* news to come */
};

struct sim_event {
    int64_t at_ms;
    uint64_t number;
    bool is_process; /* dies with the process */
    void (*fire)(struct sim *sim, void *arg);
    void (*drop)(void *arg); /* frees `arg` when it will not be fired */
    void *arg;
};

struct sim {
    struct place *place;
    struct random_seeded chance_seed, core_seed;
    struct random chance, core_random;
    struct core *core;               /* NULL: the process is dead */
    struct core *dead[SIM_DEAD_MAX]; /* whose commands storage may still hold; freed at the end */
    size_t dead_count;
    char owner[32];
    int64_t boots, wake_at_ms, store_at_ms, done_at_ms; /* mono */
    int64_t down_ms; /* how long the process stays dead when it is killed next */
    struct sim_event events[SIM_EVENTS_MAX];
    size_t event_count;
    uint64_t event_number, fired, trace;
    int64_t stalled_at_ms, stalled;
    struct sim_exchange *exchanges;
    struct sim_watch *watches;
    int64_t watch_count; /* given out and not given back */
    int64_t moves;       /* tasks that another account takes, while storage agrees */
    struct sim_job jobs[SIM_JOBS_MAX];
    size_t job_count;
    int64_t charges[SIM_TASKS_MAX], permits[SIM_TASKS_MAX]; /* by task */
    struct sim_faults faults, drawn;                        /* drawn: at first, before all heals */
    struct provider_binding providers[SIM_PROVIDERS];
    int64_t starts[SIM_PROVIDERS][SIM_STARTS];    /* of paid requests, the newest first */
    struct sim_use uses[SIM_PROVIDERS][SIM_USES]; /* the newest first */
    int64_t claimed_at_ms[SIM_TASKS_MAX];         /* mono, the latest; by task */
    bool is_gone[SIM_PROVIDERS];
    struct provider_key keys[SIM_PROVIDERS][SIM_KEYS];
    int64_t next_key;
    int64_t rejected_at_ms[SIM_KEY_IDS];     /* mono; 0: not since its owner looked; by key */
    int64_t picked_at_ms[SIM_TASKS_MAX];     /* mono: the claim's answer; by task */
    enum sim_outcome script[SIM_SCRIPT_MAX]; /* the next submissions; then chance */
    size_t script_count, script_next;
    int64_t work_ms;                  /* > 0: how long remote work takes; else chance */
    bool has_unseen;                  /* a dead owner told late of what waited at its provider, and
                                       * it or what stood behind it is ready: the process that lives
                                       * knows at its next start, for no fence is between the owners
                                       * of such work */
    bool is_kept_late;                /* since people looked last, a dead owner kept a result */
    bool is_paused;                   /* all is, as the core was told */
    bool is_held_back[SIM_TASKS_MAX]; /* the task's run is paused, as the core was told; by task */
    bool is_recorded[SIM_TASKS_MAX];  /* the nouns have its result; by task */
};

/* ---- Chance, time, trace ---- */

static inline int64_t sim_below(struct sim *sim, int64_t bound)
{
    return (int64_t)random_below(&sim->chance, (uint64_t)bound);
}

static inline bool sim_often(struct sim *sim, int per_mille)
{
    return per_mille > 0 && sim_below(sim, 1000) < per_mille;
}

static inline void sim_trace(struct sim *sim, const char *what, int64_t number)
{
    if (getenv("SIM_TRACE") != NULL)
        print_message("%10" PRId64 " %s %" PRId64 "\n", sim->place->time.mono_ms, what, number);
    sim->trace = (sim->trace ^ (uint64_t)sim->place->time.mono_ms) * UINT64_C(1099511628211);
    sim->trace = (sim->trace ^ (uint64_t)number) * UINT64_C(1099511628211);
    for (; *what != '\0'; what++)
        sim->trace = (sim->trace ^ (uint64_t)(unsigned char)*what) * UINT64_C(1099511628211);
}

static inline void sim_push(struct sim *sim, int64_t at_ms, bool is_process,
                            void (*fire)(struct sim *sim, void *arg), void (*drop)(void *arg),
                            void *arg)
{
    assert_true(sim->event_count < SIM_EVENTS_MAX);
    sim->events[sim->event_count++] = (struct sim_event){.at_ms = at_ms,
                                                         .number = sim->event_number++,
                                                         .is_process = is_process,
                                                         .fire = fire,
                                                         .drop = drop,
                                                         .arg = arg};
}

static inline int64_t sim_now(const struct sim *sim) { return sim->place->time.mono_ms; }

static inline int64_t sim_soon(struct sim *sim, int64_t within_ms)
{
    return sim_now(sim) + sim_below(sim, within_ms + 1);
}

/* ---- Storage: one queue, answered in its order ---- */

struct sim_command {
    struct sim *sim;
    struct command *command;
    bool is_persons; /* of a handler, not of the core */
    bool is_late;    /* its process is dead: nobody hears of it */
    void (*done)(void *arg, bool ok, const struct error *err);
    void *arg;
    bool ok;
    struct error err;
};

static inline void sim_drop_command(void *arg)
{
    struct sim_command *stored = arg;

    if (stored->is_persons || stored->command->type == COMMAND_SENT)
        arena_destroy(stored->command->arena); /* it is in its own */
    free(stored);
}

/* What a person's commit allows is known from then on, whether or not anybody hears of it. */
static inline void sim_note_permits(struct sim *sim, const struct command *command)
{
    const bool is_retry =
        (command->type == COMMAND_RUN_CONTROL && command->control.run_control == RUN_RETRY) ||
        (command->type == COMMAND_TASK_CONTROL &&
         (command->control.task_control == TASK_CONTROL_RETRY ||
          command->control.task_control == TASK_CONTROL_REPEAT));

    for (size_t index = 0; is_retry && index < command->control.changed_count; index++)
        sim->permits[command->control.changed[index].id]++;
}

/* What the core knows of pauses from now on. */
static inline void sim_note_pauses(struct sim *sim, const struct task_entry *entries, size_t count)
{
    for (size_t index = 0; index < count; index++)
        sim->is_held_back[entries[index].id] =
            entries[index].is_run_paused && entries[index].cancel_at_ms == 0;
}

static inline void sim_answer(struct sim *sim, void *arg)
{
    struct sim_command *stored = arg;
    const struct command *command = stored->command;

    sim_trace(sim, command_name(command->type), stored->ok);
    if (command->type == COMMAND_CLAIM)
        sim->picked_at_ms[command->claim.task_id] = sim_now(sim);
    if (!stored->is_persons) {
        stored->done(stored->arg, stored->ok, &stored->err);
        free(stored);
        return;
    }
    if (stored->ok && command->type == COMMAND_SUBMIT) {
        core_apply(sim->core, command->submit.ready, command->submit.ready_count);
    } else if (stored->ok && command->type == COMMAND_PAUSE_ALL) {
        sim->is_paused = command->control.is_paused;
        core_pause(sim->core, command->control.is_paused);
    } else if (stored->ok) {
        sim_note_pauses(sim, command->control.changed, command->control.changed_count);
        core_apply(sim->core, command->control.changed, command->control.changed_count);
    }
    if (stored->done != NULL)
        stored->done(stored, stored->ok, &stored->err);
    sim_drop_command(stored);
}

struct sim_work {
    struct place *place;
    struct command *command;
};

static inline bool sim_store_work(struct db *db, void *context, struct error *err)
{
    const struct sim_work *work = context;

    return store_apply(db, &work->place->hooks, work->command, err);
}

/* P7: what was paid for and kept is not cancelled, it is adopted.  But for the result of a call
 * that was repeated meanwhile by its owner's rule, which a dead owner kept late. */
static inline void sim_check_cancel(struct sim *sim, const struct command *command)
{
    if (command->type == COMMAND_END && command->end.is_applied &&
        command->end.became == TASK_CANCELLED &&
        ask(sim->place,
            "SELECT count(*) AS n FROM call WHERE task_id = $1 AND state = 'finished'"
            " AND result <> '' AND id NOT IN (SELECT repeat_of FROM call WHERE task_id = $1"
            " AND repeat_of IS NOT NULL)",
            command->end.task_id) > 0)
        fail_msg("task %" PRId64 " was cancelled with its result at hand", command->end.task_id);
}

static inline void sim_store(struct sim *sim, void *arg)
{
    struct sim_command *stored = arg;
    struct sim_work work = {.place = sim->place, .command = stored->command};

    if (sim_often(sim, sim->faults.storage))
        error_set(&stored->err, ERROR_STORAGE_FULL, "no room");
    else
        stored->ok = db_transact(sim->place->pool, "sim", sim_store_work, &work, &stored->err);
    if (!stored->ok && stored->err.code == ERROR_INTERNAL)
        fail_msg("%s: %s", command_name(stored->command->type), stored->err.message);
    if (stored->ok) {
        sim_note_permits(sim, stored->command);
        sim_check_cancel(sim, stored->command);
    }
    if (stored->is_late) {
        sim->is_kept_late |= stored->ok && stored->command->type == COMMAND_KEEP;
        sim->has_unseen |=
            stored->ok && stored->command->type == COMMAND_END && stored->command->end.is_applied &&
            (stored->command->end.ready_count > 0 || stored->command->end.became == TASK_READY);
        sim_trace(sim, "late", stored->ok);
        sim_drop_command(stored);
        return;
    }
    sim->done_at_ms = sim->done_at_ms > sim_now(sim) ? sim->done_at_ms : sim_now(sim);
    sim->done_at_ms += sim_below(sim, 3);
    sim_push(sim, sim->done_at_ms, true, sim_answer, sim_drop_command, stored);
}

/*
 * What a dead process's database had received already: written later, when another may own the
 * task.  With one server over SQLite there is none; the fences are for the day of several.  But a
 * claim: a lease will say whether its owner lives.
 */
static inline bool sim_can_come_late(const struct sim_event *event)
{
    const struct sim_command *stored = event->arg;

    return event->fire == sim_store && !stored->is_persons &&
           stored->command->type != COMMAND_CLAIM;
}

static inline void sim_queue(struct sim *sim, struct sim_command given)
{
    struct sim_command *stored = calloc(1, sizeof(*stored));

    assert_non_null(stored);
    *stored = given;
    stored->sim = sim;
    sim->store_at_ms = sim->store_at_ms > sim_now(sim) ? sim->store_at_ms : sim_now(sim);
    sim->store_at_ms += sim_below(sim, 5 + sim->faults.storage_ms);
    sim_push(sim, sim->store_at_ms, true, sim_store, sim_drop_command, stored);
}

static inline void sim_apply(void *context, struct command *command, bool is_lazy,
                             void (*done)(void *arg, bool ok, const struct error *err), void *arg)
{
    struct sim *sim = context;

    (void)is_lazy;
    /* I7: what people paused is not begun. */
    if (command->type == COMMAND_CLAIM) {
        sim->claimed_at_ms[command->claim.task_id] = sim_now(sim);
        check(!sim->is_paused, "nothing is claimed while all is paused");
        check(!sim->is_held_back[command->claim.task_id], "no task of a paused run is claimed");
    }
    sim_queue(sim, (struct sim_command){.command = command, .done = done, .arg = arg});
}

/* ---- Workers ---- */

struct sim_job_of_worker {
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

static inline void sim_work_done(struct sim *sim, void *arg)
{
    struct sim_job_of_worker *job = arg;

    (void)sim;
    job->done(job->arg);
    free(job);
}

static inline void sim_work_run(struct sim *sim, void *arg)
{
    struct sim_job_of_worker *job = arg;

    job->work(job->arg);
    sim_push(sim, sim_soon(sim, SIM_DELIVERY_MAX_MS), true, sim_work_done, free, job);
}

static inline void sim_work(void *context, void (*work)(void *arg), void (*done)(void *arg),
                            void *arg)
{
    struct sim *sim = context;
    struct sim_job_of_worker *job = calloc(1, sizeof(*job));

    assert_non_null(job);
    *job = (struct sim_job_of_worker){.work = work, .done = done, .arg = arg};
    sim_push(sim, sim_soon(sim, SIM_DELIVERY_MAX_MS), true, sim_work_run, free, job);
}
