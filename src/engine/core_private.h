/* engine/core_private.h: what the files of the core share: attempts on their way and remote work.
 */
#pragma once

#include "engine/core.h"
#include "engine/idmap.h"
#include "engine/timers.h"

enum {
    AGAIN_MS = 1000, /* until storage that refused is asked again; doubled each time */
    AGAIN_MAX_MS = 30000,
    CLAIMS_PER_TICK = 64,
};

/* A card exchange's way through time: its parts, then the reply. */
struct card_course {
    int parts, next;
    int64_t slice_ms;
    bool is_done;
};

/* One attempt on its way.  Owned by the core, in `drives`; at any moment exactly one thing is under
 * way for it. */
struct drive {
    struct core *core;
    struct task_entry entry;
    struct arena *arena;
    struct attempt *attempt;
    const struct engine_operation *operation;
    struct command command; /* under way in the store */
    struct step step;
    struct exchange exchange;    /* under way; in `arena` */
    struct exchange_reply reply; /* in `arena` */
    struct prior_call prior;
    struct card_course card;
    struct provider_stream *stream;
    void *handle; /* of an exchange under way */
    int64_t call_id, repeat_of, tries, tries_max, estimate_micro, repeats, intent_at_ms;
    int64_t sent_at_ms; /* of the paid request, wall clock; 0: none was on its way, in this go */
    int64_t refusals;   /* of storage, one after the other */
    struct timer timer;
    struct str currency;
    struct task_entry pending; /* what became of the task while this was ending */
    bool has_pending;
    bool is_asked;      /* the provider, in this go */
    bool is_called;     /* a paid request was on its way out, in this go */
    bool is_uncharged;  /* and is known to have cost nothing */
    bool is_key_gone;   /* the key that its call was made with: nobody else's will do */
    bool is_key_sealed; /* that one is there, and cannot be opened now */
    bool has_slot, is_poll, is_cancelled, is_sent, is_resend, is_kept;
    bool is_look_up; /* its call's outcome is being asked for */
    enum {
        DO_CLAIM, /* in the store */
        DO_WORK,  /* on a worker */
        DO_STORE, /* in the store */
        DO_EXCHANGE,
        DO_TIMER,
    } doing;
    void (*on_timer)(struct drive *drive);
    void (*work)(struct drive *drive);
};

/* A task whose provider has it: all that is kept in memory. */
struct remote {
    struct core *core;
    struct task_entry entry;
    struct timer timer; /* off while it is being asked */
    int64_t asked;
    int64_t missing_since_ms; /* mono; 0: the provider knows it */
    int64_t lost_since_ms;    /* mono: it is done, and cannot be fetched; 0: never tried in vain */
    int64_t leaving_since_ms; /* mono; 0: nobody wants to be rid of it */
    bool is_cancelled, is_given_up;
    bool is_asked_late; /* behind its deadline */
    bool is_own;        /* it is known to be done, and only to be fetched */
    void *watch;        /* of the world's; NULL: nothing is listened to */
    int64_t watch_after_ms, hurries;
    bool is_told, is_hurried;
};

struct core {
    struct core_config config;
    struct world world;
    struct scheduler *scheduler;
    struct idmap drives, remotes;
    struct timers drive_timers, remote_timers; /* mono */
    struct core_counts counts;
    int64_t watches;
    bool is_paused, is_draining;
};

static inline int64_t core_wall_ms(const struct core *core)
{
    return clock_wall_ms(core->world.clock);
}

static inline int64_t core_mono_ms(const struct core *core)
{
    return clock_mono_ms(core->world.clock);
}

/* core.c */
void core_arm(struct core *core);
void core_put_ready(struct core *core, const struct task_entry *entry);
const struct engine_operation *core_find_operation(const struct core *core, struct str name);

/* drive.c: one thing at a time is under way for a drive; each of these starts the next. */
struct drive *drive_make(struct core *core, const struct task_entry *entry);
void drive_free(struct drive *drive);
void drive_set_timer(struct drive *drive, int64_t after_ms, void (*fire)(struct drive *drive));
void drive_store(struct drive *drive, enum command_type type,
                 void (*done)(void *arg, bool ok, const struct error *err));
void drive_log_storage(const struct drive *drive, const struct error *err);
/* Storage refused what is true and must be written: it is asked again, ever more rarely. */
void drive_store_again(struct drive *drive, const struct error *err,
                       void (*fire)(struct drive *drive));
void drive_begin_end(struct drive *drive, enum task_event event);
void drive_send_end(struct drive *drive);
void drive_give_back(struct drive *drive);
void drive_fail(struct drive *drive, const struct provider_failure *failure);
void drive_fail_locally(struct drive *drive, enum failure_class class, const char *message);
/* drive_report.c: a paid request is on its way out: of its account's minute the first one counts.
 */
void drive_note_sent(struct drive *drive);
/* Nothing when the provider was not asked in this go. */
void drive_report(const struct drive *drive, enum gate_report report);
void drive_report_failure(const struct drive *drive, enum failure_class class);
/* What a failure says of its key, model and account: whatever is to rest or to stop does. */
struct decision;
void drive_learn(const struct drive *drive, enum failure_class class,
                 const struct decision *decision);
/* The reply of a paid call says that nothing is left of a limit: its key, or its model, rests until
 * there is again, so that nothing is sent to be refused. */
void drive_heed_limits(const struct drive *drive);
/* drive_key.c: remote ids and idempotency keys are the key's that made the call; a new call is made
 * with the one whose turn it is. */
void drive_take_key(struct drive *drive);
/* Whether another key of the account can go on after that failure. */
bool drive_has_other_key(const struct drive *drive, enum failure_class class);
/* A failure of a class that rejects its key: no call is made with it before somebody looked. */
void drive_reject_key(const struct drive *drive, enum failure_class class);
/* It had enough, and the others did not. */
void drive_rest_key(const struct drive *drive, const char *reason, int64_t rest_ms);
/* What the store answered to a claim or a resume, taken into the drive. */
void drive_take_attempt(struct drive *drive);
void drive_begin(struct drive *drive);   /* the operation's first step */
void drive_adopt(struct drive *drive);   /* a result that was kept before */
void drive_poll(struct drive *drive);    /* asks for remote work */
void drive_look_up(struct drive *drive); /* asks what became of the call before */
void drive_give_up(struct drive *drive); /* gives remote work up */
void drive_cancel(struct drive *drive);

/* remote.c */
void remote_remember(struct core *core, const struct task_entry *entry, int64_t after_ms);
void remote_forget(struct drive *drive);
void remote_ask(struct core *core, struct remote *remote);
void remote_take_wait(struct drive *drive);
/* Work that was accepted before, and whose task lost sight of it: waited for again (P4). */
void remote_adopt(struct drive *drive);
void remote_take_failure(struct drive *drive);
/* What is paid for is on its way home, for a task that waits. */
bool remote_is_fetching(const struct drive *drive);

/* watch.c: news of remote work, where its provider tells some.  A bound of sockets is kept. */
void watch_begin(struct drive *drive, struct remote *remote, struct str remote_id);
void watch_end(struct remote *remote);
