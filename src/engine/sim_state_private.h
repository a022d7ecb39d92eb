/*
 * engine/sim_state_private.h: the simulated world's state, its chance and its queue of events.
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
    SIM_USES = 128,
    SIM_KEYS = 3, /* of an account, at most */
    SIM_PEOPLE = 10,
    SIM_SHARE_OVER = 100,
    SIM_KEY_IDS = 256,
    SIM_UNITS_MAX = 40, /* of one task */
    SIM_KEY_WINDOW_MS = 600000,
    SIM_DEADLINE_MS = 7200000,
    SIM_DELIVERY_MAX_MS = 20,
    SIM_DEAD_MAX = 256,
    SIM_STALL_MAX = 5000, /* events without a millisecond passing: the core runs in a circle */
    SIM_TIMES = 64,
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
    SIM_IN_VAIN, /* 504: somebody on the way waited in vain for what may be done */
    SIM_MISSING, /* the remote id is not known (yet) */
    SIM_OUTCOME_COUNT
};

/* How often things go wrong, in a thousand; each seed draws its own. */
struct sim_faults {
    int outcomes[SIM_OUTCOME_COUNT];
    int storage, local, spoil, refine, remote_fails, no_room;
    int no_place;       /* even a result finds none */
    int fetch;          /* a result comes by address, to be fetched */
    int own;            /* and so does the answer of a call that waits for nothing else */
    int lose;           /* what was kept is of no use to anybody */
    int record;         /* the nouns refuse the result, for good */
    int used_up;        /* an answer says that nothing is left of a limit */
    int advises;        /* a failing answer says whether to try again */
    int late;           /* what a dead process had sent to storage is written after its death */
    int64_t storage_ms; /* a commit takes as long, at most */
};

#define SIM_BOUNDED STR("bounded") /* the model with bounds of its own */

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
    int64_t task_id, provider, began_at_ms;
    int64_t key_id; /* of the account; 0: it has none */
    enum exchange_purpose purpose;
    enum sim_outcome outcome;
    char text[ID_SIZE + 1]; /* the key, or the remote id, which is the key of its call */
    bool is_bounded;        /* its model has bounds of its own */
    bool is_cancelled, is_sent, has_ended;
    int status;
    char body[64];
    char reset[16]; /* of a limit of which nothing is left, as its head says; empty: it does not */
    char advice[8]; /* "false": the same again is in vain; "true"; empty: it says nothing */
};

struct sim_use {
    int64_t sent_at_ms, units; /* units 0: there was none */
    int64_t boot;              /* the process's number */
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

/* Of an account: what its people have had, in units, as an onlooker knows it. */
struct sim_turns {
    int64_t least, most, highest; /* what whoever was picked last had had before; ever */
    struct sim_person {
        bool is_known, is_waiting,
            is_newcomer; /* of the account, after the latest pick; before it */
        int64_t least, most;
    } people[SIM_PEOPLE];
    struct sim_round {                       /* of a model */
        unsigned waiting, served;            /* the people, in bits: after the latest pick, and
                                              * who had one since they are the same */
        int64_t picks;                       /* in a row, for which the same ones waited */
        unsigned char users[SIM_SHARE_OVER]; /* of the latest of these */
        struct sim_wait {
            bool is_counted;
            unsigned others;
            int64_t picks;
        } waits[SIM_PEOPLE]; /* of who came in and was not picked yet */
    } rounds[2];
};

/* What is not to be begun, as the core was told: from when until when (mono). */
struct sim_rest {
    int64_t from_ms, until_ms;
    int64_t task_id; /* whose answer said so; 0: the core heard at once */
};
enum sim_rest_kind { SIM_USED_UP, SIM_ASKED_TO_WAIT, SIM_REST_KINDS };

struct sim_times {
    int64_t at_ms[SIM_TIMES]; /* mono, the latest */
    int64_t count;            /* ever */
};

/* How an account's model does. */
struct sim_trouble {
    struct sim_times troubles, calms; /* troubles: since the last calm */
    int64_t open_since_ms;            /* mono: its breaker is open since then at the latest */
    int64_t tries;                    /* since then */
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
    int64_t late_ms; /* > 0: when what the dead had sent is written; else chance */
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
    struct sim_use starts[SIM_PROVIDERS][SIM_USES];         /* of paid requests, the newest first */
    struct sim_use bounded_starts[SIM_PROVIDERS][SIM_USES]; /* of those of the model with bounds */
    struct model_limits bounds[SIM_PROVIDERS];              /* of the model that has some */
    struct sim_use uses[SIM_PROVIDERS][SIM_USES];           /* the newest first */
    struct sim_use bounded_uses[SIM_PROVIDERS][SIM_USES];
    int64_t claimed_at_ms[SIM_TASKS_MAX];                    /* mono, the latest; by task */
    struct sim_rest rests[SIM_PROVIDERS][2][SIM_REST_KINDS]; /* and for the model with bounds */
    struct sim_rest stops[SIM_PROVIDERS];                    /* until its owner looks */
    struct sim_trouble troubles[SIM_PROVIDERS][2];
    int64_t breakers_seen;            /* open for sure */
    int64_t backoffs, backoff_shares; /* waits between tries, and the sum of their thousandths */
    struct sim_turns turns[SIM_PROVIDERS];
    int64_t shares_seen; /* hundreds of picks that were looked at */
    bool is_gone[SIM_PROVIDERS];
    bool has_pauses;                           /* its owner pauses models */
    bool is_model_paused[SIM_PROVIDERS][2];    /* as the core was told; and the model with bounds */
    int64_t model_paused_ms[SIM_PROVIDERS][2]; /* mono: since then */
    int64_t kept_waiting;                      /* tasks that were seen to wait for the end of one */
    struct sim_final {
        int64_t attempt;     /* whose answer was final, and its end is not stored yet; 0: none */
        int64_t wishes;      /* of people until that end was stored; -1: there was none */
    } finals[SIM_TASKS_MAX]; /* by task */
    int64_t wishes[SIM_TASKS_MAX]; /* to go on with it; by task */
    int64_t finals_seen;
    struct provider_key keys[SIM_PROVIDERS][SIM_KEYS];
    int64_t next_key;
    int64_t rejected_at_ms[SIM_KEY_IDS];     /* mono; 0: not since its owner looked; by key */
    bool may_be_rejected[SIM_KEY_IDS];       /* by an answer from before its owner looked */
    int64_t picked_at_ms[SIM_TASKS_MAX];     /* mono: the claim's answer; by task */
    enum sim_outcome script[SIM_SCRIPT_MAX]; /* the next submissions; then chance */
    size_t script_count, script_next;
    int64_t work_ms;                  /* > 0: how long remote work takes; else chance */
    bool has_unseen;                  /* a dead owner told late of what waited at its provider, and
                                       * it or what stood behind it is ready: the process that lives
                                       * knows at its next start, for no fence is between the owners
                                       * of such work */
    bool is_kept_late;                /* since people looked last, a dead owner kept a result */
    bool is_patient;                  /* no address is given up before its time */
    bool is_paused;                   /* all is, as the core was told */
    bool is_held_back[SIM_TASKS_MAX]; /* the task's run is paused, as the core was told; by task */
    bool is_recorded[SIM_TASKS_MAX];  /* the nouns have its result; by task */
    int64_t cancelled_at_ms[SIM_TASKS_MAX]; /* mono, as the core was told; by task */
    bool is_asked_to_stop[SIM_TASKS_MAX];   /* the work was, by a person's wish or a deadline */
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

static inline int64_t sim_larger(int64_t a, int64_t b) { return a > b ? a : b; }

static inline int64_t sim_now(const struct sim *sim) { return sim->place->time.mono_ms; }

static inline int64_t sim_soon(struct sim *sim, int64_t within_ms)
{
    return sim_now(sim) + sim_below(sim, within_ms + 1);
}
