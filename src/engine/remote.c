/* Work that a provider does under a remote id: asked for, given up, brought home. */
#include "engine/core_private.h"

#include "engine/decide.h"

#include <assert.h>
#include <stdlib.h>

enum {
    REMOTE_LOST_MS = 60000, /* a remote id may be unknown to its provider that long (engine.md 4) */
    SEALED_MS = 10000,      /* until a key that could not be opened is tried again */
};

/* ---- Remote work ---- */

void remote_remember(struct core *core, const struct task_entry *entry, int64_t after_ms)
{
    struct remote *remote = idmap_get(&core->remotes, entry->id);

    if (remote == NULL) {
        remote = calloc(1, sizeof(*remote));
        if (remote == NULL)
            abort();
        remote->core = core;
        remote->timer.owner = remote;
        idmap_put(&core->remotes, entry->id, remote);
    }
    remote->entry = *entry;
    scheduler_own_model(core->scheduler, &remote->entry);
    remote->entry.state = TASK_WAITING;
    remote->is_cancelled = entry->cancel_at_ms != 0;
    timer_set(&core->remote_timers, &remote->timer, core_mono_ms(core) + after_ms);
}

void remote_forget(struct drive *drive)
{
    struct core *core = drive->core;
    struct remote *remote = idmap_get(&core->remotes, drive->entry.id);

    if (remote == NULL)
        return;
    watch_end(remote);
    timer_clear(&core->remote_timers, &remote->timer);
    idmap_remove(&core->remotes, drive->entry.id);
    free(remote);
}

static int64_t poll_delay(struct drive *drive, int64_t asked)
{
    return drive->step.poll_after_ms >= 0 ? drive->step.poll_after_ms
                                          : decide_poll_ms(asked, drive->core->world.random);
}

static void on_accepted(void *arg, bool ok, const struct error *err);

static void send_accept(struct drive *drive) { drive_store(drive, COMMAND_ACCEPT, on_accepted); }

static void on_accepted(void *arg, bool ok, const struct error *err)
{
    struct drive *drive = arg;
    struct core *core = drive->core;

    if (!ok) {
        drive_store_again(drive, err, send_accept);
        return;
    }
    if (drive->command.accept.is_applied) {
        const struct str remote_id = drive->command.accept.remote_id;
        struct task_entry entry = drive->entry;
        struct remote *remote;

        entry.cancel_at_ms = drive->is_cancelled ? core_wall_ms(core) : 0;
        remote_remember(core, &entry, drive->is_cancelled ? 0 : poll_delay(drive, 0));
        remote = idmap_get(&core->remotes, entry.id);
        remote->is_own = remote_id_is_own(remote_id);
        watch_begin(drive, remote, remote_id);
    } else {
        core->counts.fenced++;
    }
    core->world.on_events(core->world.context, drive->entry.user_id);
    drive_free(drive);
    core_tick(core);
}

static bool is_past_deadline(const struct drive *drive)
{
    return core_wall_ms(drive->core) >= drive->entry.deadline_at_ms;
}

/* Nobody wants the work any more: the person, or its deadline. */
static bool is_unwanted(const struct drive *drive, const struct remote *remote)
{
    return remote->is_cancelled || is_past_deadline(drive);
}

static bool can_give_up(const struct drive *drive, const struct remote *remote)
{
    return !remote->is_given_up && drive->operation->give_up != NULL;
}

/* What was finished in time is paid for, and taken (P7): so the work is asked for once behind its
 * deadline before it is given up. */
static bool must_give_up(const struct drive *drive, const struct remote *remote)
{
    return (remote->is_cancelled || remote->is_asked_late) && can_give_up(drive, remote);
}

/* The poll has ended; the next one comes later, but not after the deadline. */
static void ask_later(struct drive *drive, struct remote *remote, int64_t after_ms)
{
    struct core *core = drive->core;
    const int64_t left_ms = drive->entry.deadline_at_ms - core_wall_ms(core);

    remote->asked++;
    if (remote->is_hurried)
        after_ms = 0;
    remote->is_hurried = false;
    if (is_unwanted(drive, remote) && can_give_up(drive, remote))
        after_ms = 0;
    else if (left_ms > 0 && left_ms < after_ms)
        after_ms = left_ms;
    timer_set(&core->remote_timers, &remote->timer, core_mono_ms(core) + after_ms);
    drive_free(drive);
    core_arm(core);
}

/* We walk away from it, whatever becomes of it. */
static void leave(struct drive *drive, struct remote *remote, struct str message)
{
    const struct provider_failure failure = {
        .class = FAILURE_DEADLINE,
        .charged = CHARGED_MAYBE,
        .retry_after_ms = -1,
        .message = message,
    };

    drive->is_cancelled = remote->is_cancelled;
    drive->is_sent = true;
    remote_forget(drive);
    drive_fail(drive, &failure);
}

/* The answer to a poll: it works on. */
static void wait_on(struct drive *drive)
{
    struct core *core = drive->core;
    struct remote *remote = idmap_get(&core->remotes, drive->entry.id);

    assert(remote != NULL);
    remote->missing_since_ms = 0;
    /* A wish to stop that was understood says nothing of what the work came to. */
    if (remote->is_asked_late && !can_give_up(drive, remote) &&
        drive->exchange.purpose != EXCHANGE_CANCEL) {
        leave(drive, remote, STR("the provider did not finish in time"));
        return;
    }
    watch_begin(drive, remote, drive->prior.remote_id);
    if (drive->step.progress >= 0 && !remote->is_told) /* the socket knows better */
        core->world.on_progress(core->world.context, drive->attempt, drive->step.progress);
    ask_later(drive, remote, poll_delay(drive, remote->asked + 1));
}

void remote_take_wait(struct drive *drive)
{
    if (drive->is_poll) {
        wait_on(drive);
        return;
    }
    drive_report(drive, GATE_ANSWERED);
    drive->command.accept = (struct command_accept){
        .task_id = drive->entry.id,
        .fence = drive->entry.fence,
        .call_id = drive->call_id,
        .poll_at_ms = core_wall_ms(drive->core),
        .remote_id = drive->step.remote_id,
        .request_id = drive->step.request_id,
    };
    send_accept(drive);
}

/* Neither who cancelled nor the deadline waits for ever on a provider that answers nothing useful.
 */
static bool has_left_long_ago(const struct core *core, const struct remote *remote)
{
    return remote->leaving_since_ms != 0 &&
           core_mono_ms(core) - remote->leaving_since_ms > REMOTE_LOST_MS;
}

bool remote_is_fetching(const struct drive *drive)
{
    const struct remote *remote = idmap_get(&drive->core->remotes, drive->entry.id);

    return drive->is_poll &&
           (drive->exchange.purpose == EXCHANGE_FETCH || (remote != NULL && remote->is_own));
}

/* It is done and paid for, and its address answers nothing useful: it does while the provider keeps
 * what it made, and nobody who leaves waits that long. */
static bool may_be_fetched_yet(const struct drive *drive, const struct remote *remote)
{
    const struct core *core = drive->core;

    return drive->step.failure.retry_after_ms >= 0 && !has_left_long_ago(core, remote) &&
           core_mono_ms(core) - remote->lost_since_ms <
               decide_result_life_ms(&drive->attempt->provider);
}

/* A poll that failed says nothing about the work, unless the provider itself says the work failed.
 */
static bool is_poll_trouble(struct drive *drive, const struct remote *remote)
{
    const struct provider_failure *failure = &drive->step.failure;

    switch (failure->class) {
    case FAILURE_NOT_SENT:
    case FAILURE_THROTTLED:
    case FAILURE_SERVER:
    case FAILURE_UNKNOWN:
    case FAILURE_AUTH:
    case FAILURE_QUOTA:
    case FAILURE_LOCAL:
        return true;
    case FAILURE_INVALID: /* not known there, or not known yet */
        return remote->missing_since_ms == 0 ||
               core_mono_ms(drive->core) - remote->missing_since_ms < REMOTE_LOST_MS;
    case FAILURE_RESULT_LOST:
        return may_be_fetched_yet(drive, remote);
    case FAILURE_NONE:
    case FAILURE_REFUSED:
    case FAILURE_REMOTE:
    case FAILURE_DEADLINE:
    case FAILURE_CANCELLED:
    case FAILURE_CLASS_COUNT:
        return false;
    }
    return false;
}

static int64_t ask_again_ms(const struct drive *drive, const struct remote *remote)
{
    const struct core *core = drive->core;

    if (drive->step.failure.class == FAILURE_RESULT_LOST) {
        const int64_t lost_ms = core_mono_ms(core) - remote->lost_since_ms;
        const int64_t left_ms = decide_result_life_ms(&drive->attempt->provider) - lost_ms;
        const int64_t delay_ms = decide_fetch_ms(lost_ms, core->world.random);

        return left_ms < delay_ms ? left_ms : delay_ms;
    }
    return drive->step.failure.retry_after_ms >= 0
               ? drive->step.failure.retry_after_ms
               : decide_poll_ms(remote->asked + 1, core->world.random);
}

void remote_take_failure(struct drive *drive)
{
    struct core *core = drive->core;
    struct remote *remote = idmap_get(&core->remotes, drive->entry.id);

    assert(remote != NULL);
    if (drive->step.failure.class == FAILURE_RESULT_LOST && remote->lost_since_ms == 0)
        remote->lost_since_ms = core_mono_ms(core);
    drive->step.failure.is_final = false; /* of the question, not of the work */
    drive_reject_key(drive, drive->step.failure.class);
    if (drive->exchange.purpose == EXCHANGE_CANCEL || is_poll_trouble(drive, remote)) {
        if (has_left_long_ago(core, remote)) {
            leave(drive, remote, drive->step.failure.message);
            return;
        }
        if (drive->step.failure.class == FAILURE_INVALID && remote->missing_since_ms == 0)
            remote->missing_since_ms = core_mono_ms(core);
        ask_later(drive, remote, ask_again_ms(drive, remote));
        return;
    }
    if (drive->step.failure.class == FAILURE_INVALID) /* lost there: nobody knows what it cost */
        drive->step.failure.class = FAILURE_UNKNOWN;
    /* We stopped it, and no person did. */
    if (drive->step.failure.class == FAILURE_CANCELLED && remote->is_given_up &&
        !remote->is_cancelled)
        drive->step.failure.class = FAILURE_DEADLINE;
    drive->is_cancelled = remote->is_cancelled;
    drive->is_sent = true;
    remote_forget(drive);
    drive_fail(drive, &drive->step.failure);
}

/* Nobody can ask for it any more: what it cost, and whether it was made, stays unknown. */
static void lose(struct drive *drive, const struct remote *remote, const char *message)
{
    const struct provider_failure failure = {
        .class = FAILURE_UNKNOWN,
        .charged = CHARGED_MAYBE,
        .retry_after_ms = -1,
        .message = str_of(message),
    };

    drive->is_cancelled = remote->is_cancelled;
    drive->is_sent = true;
    remote_forget(drive);
    drive_fail(drive, &failure);
}

/* Without its key it cannot be asked for; nobody doubts it for that, since the key may be opened
 * again (P4). */
static void wait_for_key(struct drive *drive, struct remote *remote)
{
    struct core *core = drive->core;

    if (has_left_long_ago(core, remote)) {
        leave(drive, remote, STR("the key that this call was made with cannot be opened"));
        return;
    }
    timer_set(&core->remote_timers, &remote->timer, core_mono_ms(core) + SEALED_MS);
    drive_free(drive);
    core_arm(core);
}

static void ask(struct drive *drive, struct remote *remote)
{
    const bool is_own =
        remote_id_is_own(drive->prior.remote_id); /* nobody but an address is asked */

    if (is_unwanted(drive, remote) && remote->leaving_since_ms == 0)
        remote->leaving_since_ms = core_mono_ms(drive->core);
    if (drive->operation == NULL || drive->operation->poll == NULL) {
        lose(drive, remote, "this version cannot ask for such work");
    } else if (drive->operation->needs_provider && drive->attempt->provider.kind == NULL &&
               !is_own) {
        lose(drive, remote, "the provider of this task is gone");
    } else if (drive->is_key_gone && !is_own) {
        lose(drive, remote, "the key that this call was made with is gone");
    } else if (drive->is_key_sealed && !is_own) {
        wait_for_key(drive, remote);
    } else if (must_give_up(drive, remote)) {
        remote->is_given_up = true;
        drive_give_up(drive);
    } else {
        remote->is_asked_late = is_past_deadline(drive);
        drive_poll(drive);
    }
}

static void on_resumed(void *arg, bool ok, const struct error *err)
{
    struct drive *drive = arg;
    struct core *core = drive->core;
    struct remote *remote = idmap_get(&core->remotes, drive->entry.id);

    assert(remote != NULL);
    if (!ok || !drive->command.claim.is_claimed) {
        if (!ok && err->code != ERROR_NOT_FOUND) {
            drive_log_storage(drive, err);
            timer_set(&core->remote_timers, &remote->timer, core_mono_ms(core) + AGAIN_MS);
        } else { /* it went another way, or was deleted */
            remote_forget(drive);
        }
        drive_free(drive);
        core_arm(core);
        return;
    }
    drive_take_attempt(drive);
    drive->attempt->prior = &drive->prior;
    drive->attempt->call_key = drive->prior.public_id;
    drive->call_id = drive->prior.id;
    drive->intent_at_ms = drive->prior.intent_at_ms;
    if (drive->prior.state == CALL_FINISHED && drive->operation != NULL)
        drive_adopt(drive);
    else
        ask(drive, remote);
}

void remote_adopt(struct drive *drive)
{
    drive->attempt->call_key = drive->prior.public_id;
    drive->call_id = drive->prior.id;
    drive->step.remote_id = drive->prior.remote_id;
    remote_take_wait(drive);
}

void remote_ask(struct core *core, struct remote *remote)
{
    struct drive *drive = drive_make(core, &remote->entry);

    drive->is_poll = true;
    drive->command.claim = (struct command_claim){
        .task_id = remote->entry.id,
        .fence = remote->entry.fence,
    };
    drive_store(drive, COMMAND_RESUME, on_resumed);
}
