/*
 * engine/command.h: every change of the engine's rows, as data.  The core makes commands; a store
 * applies each in one transaction: the SQL one in store*.c, the simulation's own in memory. Private
 * to the engine.
 */
#pragma once

#include "core/hash.h"
#include "core/id.h"
#include "engine/engine.h"
#include "engine/view.h"

/* A live task as the core keeps it in memory. */
struct task_entry {
    int64_t id, run_id, user_id, provider_id, fence;
    struct str
        model; /* borrowed with the entry; the core's and a pick's live as long as the core */
    enum task_state state;
    enum task_priority priority;
    double rank;
    int64_t units; /* 1 at least: what it asks for counts so much in its account's minute */
    int64_t run_at_ms, start_by_ms, deadline_at_ms, poll_at_ms, cancel_at_ms; /* wall clock */
    bool is_run_paused;
    int64_t home_id;  /* of a pick: the account that it waited for, when another takes it; else 0 */
    unsigned refused; /* bits, the scheduler's own: which of its lane's stand-ins cannot take it */
};

/* A live task with what a recovery must know. */
struct recovered_task {
    struct task_entry entry;
    struct str owner;
    int64_t crash_count, crash_at_ms;
    bool has_call; /* its latest call, while that is open or unanswered */
    struct prior_call call;
    int64_t repeats; /* calls of this task that were repeats */
};

enum command_type {
    COMMAND_LOAD,
    COMMAND_TAKE_OVER,
    COMMAND_CLAIM,
    COMMAND_RESUME, /* reads a waiting task again, to ask for its remote work */
    COMMAND_INTENT,
    COMMAND_SENT,
    COMMAND_ACCEPT,
    COMMAND_KEEP,
    COMMAND_END,
    COMMAND_SUBMIT,
    COMMAND_RUN_CONTROL,
    COMMAND_TASK_CONTROL,
    COMMAND_PAUSE_ALL,
    COMMAND_RELEASE_HELD,
    COMMAND_CLEAR, /* cancels a piece of what waits of a person's */
    COMMAND_TYPE_COUNT
};
const char *command_name(enum command_type type);

/* What ends a call. */
struct call_end {
    int64_t call_id; /* 0: there was none */
    enum call_state state;
    enum failure_class class;
    struct str message, request_id;
    int http_status;
    int64_t cost_micro;   /* -1: unknown */
    const char *currency; /* of a call that had no estimate; NULL: as it is */
};

enum run_control {
    RUN_CANCEL,
    RUN_PAUSE,
    RUN_RESUME,
    RUN_RETRY,
    RUN_RETRY_FAILED,
    RUN_PRIORITISE,
    RUN_MOVE
};
enum task_control {
    TASK_CONTROL_CANCEL,
    TASK_CONTROL_RETRY,
    TASK_CONTROL_REPEAT,
    TASK_CONTROL_GIVE_UP,
    TASK_CONTROL_LOOK_UP,
    TASK_CONTROL_MOVE
};

struct command {
    enum command_type type;
    struct arena *arena; /* what the command answers is in it */
    int64_t now_ms;      /* wall clock */
    union {
        struct command_load {
            struct recovered_task *tasks; /* out */
            size_t count;
            bool is_paused;
            struct str pause_reason;
        } load;
        struct command_take_over {
            int64_t task_id, fence;
            enum task_state to; /* READY, WAITING or HELD */
            int64_t poll_at_ms;
            int64_t call_id;
            enum call_state call_state; /* of call_id, when not 0 */
            bool counts_crash, may_repeat;
            const char *hold_reason;
            struct task_entry entry; /* out */
        } take_over;
        struct command_claim {
            int64_t task_id, fence; /* the fence it had */
            struct str owner;
            int64_t stand_in_id;     /* the account that takes it instead of its own; 0: none */
            struct str reason;       /* of that */
            bool is_claimed;         /* out: false when it was not there to claim any more, or */
            bool is_refused;         /* out: that account cannot take it */
            struct attempt *attempt; /* out: filled but for engine, services, provider */
            int64_t run_at_ms;
            int64_t tries, tries_max, deadline_at_ms, cancel_at_ms, repeats, estimate_micro;
            int64_t doubtful_call_id; /* a call with unknown outcome that the next one repeats; 0:
                                         none */
            struct prior_call prior;
            bool has_prior;
            struct str currency;
        } claim; /* also for COMMAND_RESUME */
        struct command_intent {
            int64_t task_id, fence, attempt_number, provider_id, estimate_micro, repeat_of;
            int64_t key_id; /* of the account; 0: none */
            struct str public_id, model, currency;
            struct sha256 request_hash;
            bool is_allowed;  /* out: false when the fence moved or the task was cancelled, or */
            bool is_key_gone; /* out: somebody took it away since the claim */
            bool is_doubtful; /* out: an earlier call may have been charged, and nothing allows a
                                 repeat */
            bool is_answered; /* out: an old owner wrote an answer since the claim; it is claimed
                                 again and adopted */
            int64_t call_id;  /* out; the same row when the key is sent again */
        } intent;
        struct command_sent {
            int64_t call_id;
        } sent;
        struct command_accept {
            int64_t task_id, fence, call_id, poll_at_ms;
            struct str remote_id, request_id;
            bool is_applied; /* out */
        } accept;
        struct command_keep {
            int64_t task_id, call_id, cost_micro;
            struct str result, request_id, currency;
            const struct blob *blobs; /* that the result names */
            size_t blob_count;
            int http_status;
        } keep;
        struct command_end {
            int64_t task_id, fence, attempt_number;
            enum task_event event; /* FINISH, FAIL, RETRY, HOLD, GIVE_BACK, CANCEL */
            struct call_end call;
            enum failure_class class;
            struct str message;
            const char *hold_reason;
            int64_t run_at_ms; /* RETRY */
            bool counts_try, may_repeat;
            bool loses_result;        /* FAIL: what the call had kept is of no use to anybody */
            const struct blob *blobs; /* held for the call, and not longer than until here */
            size_t blob_count;
            struct str output;        /* FINISH */
            bool is_applied;          /* out: false: fenced out */
            int64_t start_by_ms;      /* out, of a FAIL that became READY: its new last start */
            enum task_state became;   /* out, when applied: CANCELLED, not READY or HELD, for a
                                         task that was cancelled meanwhile */
            struct task_entry *ready; /* out: what became ready */
            size_t ready_count;
            int64_t *ended; /* out: other tasks that ended with it (successors of a failure) */
            size_t ended_count;
            int64_t user_id; /* out */
        } end;
        struct command_submit {
            const struct run_spec *spec;
            const struct id *ids; /* of the run and then of each task */
            int64_t queue_user_max, queue_max, tries_max, deadline_ms;
            struct run_created created; /* out */
            struct task_entry *ready;
            size_t ready_count;
        } submit;
        struct command_control {
            int64_t user_id;
            struct str public_id; /* of the run or task */
            enum run_control run_control;
            enum task_control task_control;
            enum task_priority priority;
            enum task_place place;
            struct str before;
            bool is_paused;
            struct str reason;
            int64_t provider_id;
            int64_t tries_max, deadline_ms;
            struct task_entry *changed; /* out: as they are now, ended ones included */
            size_t changed_count;
            int64_t cancelled; /* out: tasks that ended (CLEAR) */
            int64_t *users;    /* out: whose events were written (RELEASE_HELD) */
            size_t user_count;
        } control;
    };
};

/* The SQL store: one command inside one transaction. */
MUST_CHECK bool store_apply(struct db *db, const struct engine_hooks *hooks,
                            struct command *command, struct error *err);
