/*
 * engine/engine.h: durable runs of tasks, claimed under a fence, retried, never lost, never paid
 * twice unasked. Knows providers as exchanges and operations as functions; knows no noun and no
 * HTTP route.
 */
#pragma once

#include "blob/blob.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/id.h"
#include "core/random.h"
#include "core/str.h"
#include "core/worker.h"
#include "db/db.h"
#include "engine/gate.h"
#include "engine/task_state.h"
#include "net/net.h"
#include "provider/provider.h"

struct engine; /* opaque: engine.c */

/* ---- Providers as the engine needs them ---- */

enum on_unknown { ON_UNKNOWN_HOLD, ON_UNKNOWN_ONCE_BELOW, ON_UNKNOWN_RETRY };

/* One of an account's keys, opened. */
struct provider_key {
    int64_t id, weight;
    bool is_enabled; /* for new calls; one that is off is still asked with for what it began */
    bool is_sealed;  /* cannot be opened now (another master key): `secret` is empty, nothing new is
                        made with it, what it began waits */
    struct secret secret;
};
enum { PROVIDER_KEYS_MAX = 8 };
enum { STAND_INS_MAX = 4 };

/* One provider account with its keys opened, in the arena it was loaded into. */
struct provider_binding {
    int64_t id;
    struct str public_id, name;
    const struct provider_kind *kind;
    struct provider_account
        account; /* its key: the first that is enabled; of an attempt: its own */
    const struct provider_key *keys;
    size_t key_count;
    bool honours_key; /* this account, the kind's knobs considered */
    bool is_enabled, is_paused, is_private_allowed;
    struct str pause_reason;
    int64_t concurrency;
    int64_t per_minute;       /* requests; 0: no bound */
    int64_t units_per_minute; /* pictures asked for (gate.h); 0: no bound */
    enum on_unknown on_unknown;
    int64_t once_below_micro;
    /* Accounts that take what waits for this one while it is in trouble, in the owner's order. */
    int64_t stand_ins[STAND_INS_MAX];
    size_t stand_in_count;
};

/* What one model of an account may be given beside the account's own bounds; 0: no bound. */
struct model_limits {
    int64_t concurrency;
    int64_t per_minute;       /* requests */
    int64_t units_per_minute; /* pictures asked for (gate.h) */
    bool is_paused;           /* what waits for it waits on; what is under way goes on */
};

/* ---- Operations ---- */

enum call_state {
    CALL_INTENT,
    CALL_SENT,
    CALL_ACCEPTED,
    CALL_FINISHED,
    CALL_FAILED,
    CALL_UNKNOWN,
    CALL_ABANDONED
};
const char *call_state_name(enum call_state state);
MUST_CHECK bool call_state_of(struct str name, enum call_state *out);

/*
 * A remote id of the operation's own making begins with this: the work it names is done and paid
 * for, and only to be fetched.  It may hold signed addresses, so it is shown to nobody, and it is
 * not the provider's to be asked for: neither its key nor its row is needed.
 */
#define REMOTE_ID_OWN "own:"
static inline bool remote_id_is_own(struct str remote_id)
{
    return str_starts_with(remote_id, STR(REMOTE_ID_OWN));
}

/* A call of this task from before: resumed, re-sent with its key, or its result adopted. */
struct prior_call {
    int64_t id;
    struct str public_id; /* also its idempotency key */
    enum call_state state;
    struct str remote_id;
    struct str result; /* JSON the operation kept; empty: none */
    int64_t estimate_micro, intent_at_ms;
    int64_t key_id; /* with which it was made, and belongs to; 0: with none */
};

/* The output of a task before this one. */
struct upstream {
    struct str from_key, from_port, to_port;
    struct str output; /* JSON; empty: more came together than an attempt has room for (64 MiB) */
};

/*
 * One worker's go at a task.  Lives from claim to its end or to the moment the provider has it
 * (waiting). Operations run on worker threads, one at a time per attempt; everything is in `arena`.
 */
struct attempt {
    int64_t task_id, run_id, user_id, fence, number;
    struct str task_public_id, run_public_id, node_key, operation, model;
    struct str parameters, inputs; /* JSON objects, checked when the run was submitted */
    struct upstream *upstream;
    size_t upstream_count;
    struct provider_binding provider; /* id 0: the operation needs none */
    struct arena *arena;
    struct engine *engine;
    void *services;      /* engine_config.services: what operations work with */
    int64_t key_id;      /* whose secret is in provider.account; 0: none */
    void *state;         /* the operation's own, kept between its functions */
    struct str call_key; /* public id of the call to be made: the idempotency key; the same for the
                            same call */
    const struct prior_call
        *prior;            /* a finished result to adopt or remote work to ask for; NULL: none */
    int64_t claimed_at_ms; /* wall clock */
};

enum step_type {
    STEP_EXCHANGE, /* perform `exchange`, then reply() */
    STEP_WAIT,     /* the provider has it under `remote_id`; poll() after `poll_after_ms` */
    STEP_KEEP,     /* the call is answered: commit `result`, which names `blobs`, then refine() */
    STEP_DONE,     /* `output` is the task's result */
    STEP_FAILED,   /* `failure` */
    STEP_AGAIN,    /* of reply() and refine(): what is in hand finds no room now; later again() or
                      refine() once more, for as long as it takes */
};

struct step {
    enum step_type type;
    struct exchange exchange;
    struct str remote_id, request_id;
    int64_t poll_after_ms; /* -1: the engine's own rhythm */
    double progress;       /* 0..1; < 0 unknown */
    struct str result; /* JSON, enough to refine again after a crash: names durable blobs only */
    const struct blob *blobs; /* of KEEP and of what refine() says: those that `result` names, held
                                 from the one until the task has its output, or lost it */
    size_t blob_count;
    struct str output;  /* JSON */
    int64_t cost_micro; /* of the call; -1 not reported */
    const char *currency;
    int http_status;
    struct provider_failure failure;
};

/* What a node can do; one static row each.  All functions run on worker threads and always fill
 * `*out`. */
struct engine_operation {
    const char *name;
    bool needs_provider;
    /* The first step of a fresh attempt. */
    void (*begin)(struct attempt *attempt, struct step *out);
    /* A reply to the last exchange. */
    void (*reply)(struct attempt *attempt, const struct exchange *exchange,
                  const struct exchange_reply *reply, struct step *out);
    /* After a reply() that ended in STEP_AGAIN: the same with what it has left in the attempt's
     * state. It may be asked a thousand times, so each takes next to nothing of the arena. */
    void (*again)(struct attempt *attempt, struct step *out);
    /* After STEP_KEEP was committed, or adopting attempt->prior->result after a crash: STEP_DONE or
     * a local failure; or RESULT_LOST when it can never be refined: then the call has no result any
     * more, and a person's retry makes a new one. */
    void (*refine)(struct attempt *attempt, struct str result, struct step *out);
    /* Asks for remote work under attempt->prior->remote_id: STEP_EXCHANGE.  NULL: never waits.
     * RESULT_LOST with retry_after_ms >= 0 means that it may be fetched yet: it is asked for again
     * while its provider keeps it (result_ttl_ms; an hour when nothing is known). */
    void (*poll)(struct attempt *attempt, struct step *out);
    /* Gives remote work up; STEP_EXCHANGE, or STEP_FAILED when the provider has no way.  NULL: no
     * way. */
    void (*give_up)(struct attempt *attempt, struct step *out);
    /* Asks what became of the call under attempt->call_key, whose outcome is unknown:
     * STEP_EXCHANGE; reply() then says STEP_WAIT when the provider has it.  NULL: no way. */
    void (*look_up)(struct attempt *attempt, struct step *out);
    /* A card exchange (no network): makes its reply, or with `part` >= 0 a partial picture to
     * publish. */
    bool (*perform_card)(struct attempt *attempt, const struct exchange *exchange, int part,
                         struct exchange_reply *out);
    int (*card_parts)(
        const struct exchange *exchange); /* partial pictures before the reply; NULL: none */
};

/* A partial picture for whoever watches: kept in memory until the task ends.  Any thread. */
void attempt_publish_partial(struct attempt *attempt, int64_t index, struct str bytes,
                             struct str mime);
/* False when the task was cancelled: long work may stop early.  Any thread. */
bool attempt_is_wanted(const struct attempt *attempt);

/* ---- What the nouns above do inside the engine's transactions ---- */

struct task_result {
    int64_t task_id, run_id, user_id;
    struct str task_public_id, run_public_id, operation, model, parameters, inputs;
    struct str product; /* the run's; empty: none */
    int64_t provider_id;
    struct str output;  /* JSON of STEP_DONE */
    int64_t cost_micro; /* of all its calls; -1 unknown */
    struct str currency;
    int64_t started_at_ms, now_ms;
    bool is_late; /* the task had been cancelled: kept all the same (P7) */
};

/* What a task may cost, before it is asked for. */
struct task_money {
    int64_t provider_id, estimate_micro; /* -1 unknown */
    struct str model, currency;
};

/* A waiting task whose account is in trouble, and the account that may take it. */
struct stand_in_ask {
    int64_t user_id, provider_id;
    struct str operation, model, parameters, inputs;
    const struct upstream *upstream;
    size_t upstream_count;
};
/* How it would be there. */
struct stand_in {
    bool can;               /* false: not that account; nothing else is set */
    struct str model;       /* another than was asked for is not taken */
    int64_t estimate_micro; /* -1 unknown */
    struct str currency;
};

struct engine_hooks {
    void *context;
    /* The account of a provider.  `db` is a reader or the writer.  Fails: NOT_FOUND. */
    bool (*load_provider)(void *context, struct db *db, int64_t provider_id, struct arena *arena,
                          struct provider_binding *out, struct error *err);
    /* The same as it was last changed, from memory, on the loop's thread: what it gives and who
     * stands in.  False: there is no such account.  NULL: each gives one at a time. */
    bool (*find_account)(void *context, int64_t provider_id, struct arena *arena,
                         struct provider_binding *out);
    /* The bounds of one of its models, also from memory; all 0 when it has none.  NULL: none has
     * any. */
    void (*model_limits)(void *context, int64_t provider_id, struct str model,
                         struct model_limits *out);
    /* Whether a key is still there, so that no call begins that could not be asked for later; NULL:
     * always. */
    bool (*has_key)(void *context, struct db *db, int64_t key_id, bool *out, struct error *err);
    /* A finished task's assets, in its transaction. */
    bool (*record_result)(void *context, struct db *db, const struct task_result *result,
                          struct error *err);
    /*
     * Whether all these tasks of one person may be reserved; before any of them is, in the same
     * transaction.  What fails takes the whole submission, retry or repeat with it.  NULL: always.
     */
    bool (*afford)(void *context, struct db *db, int64_t user_id, const struct task_money *tasks,
                   size_t count, int64_t now_ms, struct error *err);
    /* Money: the estimate of a new task, or of one that is retried or repeated; its settlement
     * (cost < 0: unknown, stays reserved; released: 0). */
    bool (*reserve)(void *context, struct db *db, int64_t user_id, int64_t task_id,
                    int64_t provider_id, struct str model, struct str operation,
                    int64_t estimate_micro, struct str currency, int64_t now_ms, struct error *err);
    bool (*settle)(void *context, struct db *db, int64_t task_id, int64_t cost_micro,
                   struct str currency, int64_t now_ms, struct error *err);
    /* A run came in with all its tasks.  NULL: nobody wants to know. */
    bool (*run_added)(void *context, struct db *db, int64_t run_id, struct error *err);
    /* Whether that account can do it, and at what price, in the transaction of a claim.  NULL: none
     * can. */
    bool (*stand_in)(void *context, struct db *db, const struct stand_in_ask *ask,
                     struct arena *arena, struct stand_in *out, struct error *err);
    /* The reservation of a task that nothing was charged for goes to another account.  *is_moved is
     * false, and nothing changed, when a budget forbids it.  NULL: always. */
    bool (*move_reserve)(void *context, struct db *db, int64_t user_id, int64_t task_id,
                         int64_t provider_id, const struct stand_in *to, int64_t now_ms,
                         bool *is_moved, struct error *err);
};

/* ---- Life ---- */

struct engine_config {
    struct db_pool *pool; /* borrowed, as all below */
    struct net_loop *loop;
    struct net *net;
    struct worker_pool *workers;
    struct blob_store *blobs; /* for the watermark; may be NULL */
    const struct clock *clock;
    const struct random *random;
    const char *boot_directory;                       /* for the owner's lock */
    const struct engine_operation *const *operations; /* NULL-terminated */
    void *services;
    struct engine_hooks hooks;
    int64_t local_concurrency;         /* tasks without a provider at once; 0: 4 */
    int64_t queue_user_max, queue_max; /* 0: 1,000 and 100,000 */
    int64_t tries_max;                 /* 0: 5 */
    int64_t deadline_ms;               /* 0: 24 h */
    /* Called on the engine's thread for what is not logged: progress of a user's task, as JSON. */
    void (*on_progress)(void *context, int64_t user_id, struct str body);
    /* Called after a commit that wrote events of this user.  Any thread. */
    void (*on_events)(void *context, int64_t user_id);
    void *context;
};

/* Takes the owner's lock.  The caller owns *out.  Fails: ERROR_INTERNAL.  Thread: main. */
MUST_CHECK bool engine_create(const struct engine_config *config, struct engine **out,
                              struct error *err);
/* Recovers what dead owners left, then claims.  Returns when the recovery is committed.  Thread:
 * main. */
MUST_CHECK bool engine_start(struct engine *engine, struct error *err);
/*
 * Claims nothing more, gives back what has sent nothing, waits `drain_ms` at most for calls in
 * flight.  What still runs then is left as a kill would leave it.  Thread: main.
 */
void engine_drain(struct engine *engine, int64_t drain_ms);
/* After engine_drain(), and after workers, net, pool and loop have ended.  Takes NULL.  Thread:
 * main. */
void engine_destroy(struct engine *engine);

/* ---- What handlers ask for.  All durable when they return true; any thread but the engine's ----
 */

enum { RUN_NODES_MAX = 500, RUN_EDGES_MAX = 2000, RUN_DEPTH_MAX = 50, RUN_IN_DEGREE_MAX = 200 };
enum { TASK_UNITS_MAX = 1000 }; /* 0013: also of what the table takes */
enum task_priority { PRIORITY_FRONT, PRIORITY_NORMAL, PRIORITY_LOW };

struct run_node {
    struct str key, operation, model;
    int64_t provider_id;
    struct str parameters, inputs; /* JSON objects, already checked by the operation's tables */
    int64_t estimate_micro;        /* -1 unknown */
    struct str currency;           /* of the estimate; empty: none */
    int64_t units;                 /* gate.h; 0: one */
};
struct run_edge {
    size_t from, to; /* rows of nodes */
    struct str from_port, to_port;
};
struct run_spec {
    int64_t user_id;
    struct str title;
    enum task_priority priority;
    const struct run_node *nodes;
    size_t node_count;
    const struct run_edge *edges;
    size_t edge_count;
    struct str idem_key; /* empty: none */
    struct sha256 request_hash;
    struct str currency; /* of the run's sums: tasks in another one are left out of them */
    struct str product;  /* public id of what it is made for, kept and told; empty: nothing */
    int64_t deadline_ms; /* 0: the engine's */
};

/*
 * Writes run, tasks, edges, reservations and events in one transaction.  The same user, key and
 * request give the same run again (*is_repeat).  Fails: INVALID (cycle, depth, degree), TOO_MANY,
 * KEY_REUSED, QUEUE_FULL, STORAGE_FULL, UNAVAILABLE while draining, and what hooks.afford and
 * hooks.reserve fail with.
 */
MUST_CHECK bool engine_run_submit(struct engine *engine, const struct run_spec *spec,
                                  struct id *run_id, bool *is_repeat, struct error *err);

/* Foreign and unknown ids: NOT_FOUND.  What the state forbids: CONFLICT, saying the state. */
MUST_CHECK bool engine_run_cancel(struct engine *engine, int64_t user_id, struct str run,
                                  struct error *err);
MUST_CHECK bool engine_run_pause(struct engine *engine, int64_t user_id, struct str run,
                                 bool is_paused, struct error *err);
/* `is_failed_only`: not what a person cancelled, unless it ended because of what failed. */
MUST_CHECK bool engine_run_retry(struct engine *engine, int64_t user_id, struct str run,
                                 bool is_failed_only, struct error *err);
MUST_CHECK bool engine_run_prioritise(struct engine *engine, int64_t user_id, struct str run,
                                      enum task_priority priority, struct error *err);
MUST_CHECK bool engine_task_cancel(struct engine *engine, int64_t user_id, struct str task,
                                   struct error *err);
MUST_CHECK bool engine_task_retry(struct engine *engine, int64_t user_id, struct str task,
                                  struct error *err);
/* A held task's answer: try again (a repeat of the doubtful call, allowed now), give up, or ask the
 * provider what became of the call, which costs nothing. */
enum task_answer { ANSWER_REPEAT, ANSWER_GIVE_UP, ANSWER_LOOK_UP };
MUST_CHECK bool engine_task_resolve(struct engine *engine, int64_t user_id, struct str task,
                                    enum task_answer answer, struct error *err);
enum task_place { PLACE_FRONT, PLACE_BACK, PLACE_BEFORE };
/* All that waits of a run, in its own order; `before` is another run of which something waits. */
MUST_CHECK bool engine_run_move(struct engine *engine, int64_t user_id, struct str run,
                                enum task_place place, struct str before, struct error *err);
/* Cancels all that waits of a person's, and nothing that runs.  *cancelled: how many tasks. */
MUST_CHECK bool engine_queue_clear(struct engine *engine, int64_t user_id, int64_t *cancelled,
                                   struct error *err);
MUST_CHECK bool engine_task_move(struct engine *engine, int64_t user_id, struct str task,
                                 enum task_place place, struct str before, struct error *err);
/* Everything, durable over restarts. */
MUST_CHECK bool engine_pause(struct engine *engine, bool is_paused, struct str reason,
                             struct error *err);
/* A provider's row was written: limits, pause, key.  Held tasks that waited for it become ready. */
void engine_provider_changed(struct engine *engine, int64_t provider_id);

/* The latest partial picture of a running task, copied into `arena`.  Fails: NOT_FOUND. */
MUST_CHECK bool engine_partial(struct engine *engine, int64_t user_id, struct str task,
                               int64_t index, struct arena *arena, struct str *bytes,
                               struct str *mime, struct error *err);

/* What lives in memory about tasks, for lists; asks the engine's thread once.  Any other thread. */
struct task_live {
    int64_t position; /* in its lane, 1 first; 0: not waiting for a place */
    double progress;  /* < 0 unknown */
    int64_t partial_count, partial_version;
};
void engine_tasks_live(struct engine *engine, const int64_t *task_ids, size_t count,
                       struct task_live *out);

struct lane_view {
    int64_t provider_id; /* 0: local work */
    int64_t capacity, running, ready, waiting;
    int64_t per_minute, units_per_minute; /* 0: no bound */
    bool is_paused;
    int64_t pause_until_ms; /* all that was asked of it rests; wall clock; 0: it does not */
    char reason[96];
    struct lane_key {
        int64_t id;
        char reason[16];  /* the class of failure that it was rejected with, or used_up */
        int64_t until_ms; /* it only had enough, and goes on then (wall clock); 0: rejected */
    } resting[PROVIDER_KEYS_MAX];
    size_t resting_count;
};
/* One model of an account: only while something is to be told of it. */
struct lane_model_view {
    int64_t provider_id;
    struct str name; /* lives as long as the engine */
    int64_t running, ready;
    int64_t capacity, allowed; /* at once: by its bounds; as it was learned, <= capacity */
    int64_t per_minute, units_per_minute; /* of its own; 0: no bound */
    bool is_paused;                       /* by a person */
    enum breaker_state breaker;
    int64_t pause_until_ms; /* wall clock; 0: it does not rest */
    char reason[16];        /* of the rest: a class of failure, breaker, or used_up */
    /* While the breaker is not closed: the class of the last failure that it counted, how many of
     * them came in a row since the service last answered (0: it answered since), and until when
     * nothing is sent (wall clock; 0: half-open, one call tries it). */
    char failure[16];
    int64_t failures_in_row, breaker_until_ms;
};
enum { LANE_MODELS_SHOWN_MAX = 256 };
struct engine_view {
    bool is_paused, is_draining;
    char pause_reason[96];
    int64_t ready, running, waiting;
    struct lane_view lanes[128]; /* local work and every provider a house may have */
    size_t lane_count;
    struct lane_model_view models[LANE_MODELS_SHOWN_MAX]; /* the first of them */
    size_t model_count;
};
void engine_view(struct engine *engine, struct engine_view *out); /* any thread */

/* OpenMetrics lines of engine.md 20. */
void engine_metrics(struct engine *engine, struct buf *out);
