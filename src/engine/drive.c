/* One attempt from its first step to its end. */
#include "engine/core_private.h"

#include "core/log.h"
#include "engine/decide.h"
#include "engine/reply.h"

#include <assert.h>
#include <stdlib.h>

enum { ATTEMPT_MEMORY_MAX = 1 << 30 };

struct drive *drive_make(struct core *core, const struct task_entry *entry)
{
    struct drive *drive = calloc(1, sizeof(*drive));

    if (drive == NULL)
        abort();
    assert(idmap_get(&core->drives, entry->id) == NULL); /* nobody waits and runs */
    drive->core = core;
    drive->entry = *entry;
    scheduler_own_model(core->scheduler, &drive->entry);
    drive->arena = arena_create(ATTEMPT_MEMORY_MAX);
    drive->step.poll_after_ms = -1;
    drive->timer.owner = drive;
    idmap_put(&core->drives, entry->id, drive);
    return drive;
}

void drive_set_timer(struct drive *drive, int64_t after_ms, void (*fire)(struct drive *drive))
{
    drive->doing = DO_TIMER;
    drive->on_timer = fire;
    timer_set(&drive->core->drive_timers, &drive->timer, core_mono_ms(drive->core) + after_ms);
    core_arm(drive->core);
}

/* ---- The end of a drive ---- */

void drive_free(struct drive *drive)
{
    struct core *core = drive->core;

    idmap_remove(&core->drives, drive->entry.id);
    timer_clear(&core->drive_timers, &drive->timer);
    if (drive->has_slot && (!drive->is_called || drive->is_uncharged))
        scheduler_give_back(core->scheduler, &drive->entry, drive->sent_at_ms, core_wall_ms(core));
    if (drive->has_slot)
        scheduler_free(core->scheduler, &drive->entry);
    if (drive->has_pending)
        core_put_ready(core, &drive->pending);
    arena_destroy(drive->arena);
    free(drive);
}

void drive_store(struct drive *drive, enum command_type type,
                 void (*done)(void *arg, bool ok, const struct error *err))
{
    struct core *core = drive->core;

    drive->doing = DO_STORE;
    drive->command.type = type;
    drive->command.arena = drive->arena;
    drive->command.now_ms = core_wall_ms(core);
    core->world.apply(core->world.context, &drive->command, false, done, drive);
}

void drive_log_storage(const struct drive *drive, const struct error *err)
{
    log_error("engine_store_failed", err, LOG_INT("task", drive->entry.id),
              LOG_CSTR("command", command_name(drive->command.type)));
}

static void fire_again(struct drive *drive, void (*fire)(struct drive *drive))
{
    int64_t after_ms = AGAIN_MS;

    for (int64_t step = 0; step < drive->refusals && after_ms < AGAIN_MAX_MS; step++)
        after_ms *= 2;
    drive->refusals++;
    drive_set_timer(drive, after_ms < AGAIN_MAX_MS ? after_ms : AGAIN_MAX_MS, fire);
}

void drive_store_again(struct drive *drive, const struct error *err,
                       void (*fire)(struct drive *drive))
{
    drive_log_storage(drive, err);
    fire_again(drive, fire);
}

/* Storage will never take the result. */
static void fail_unkept(struct drive *drive, const struct error *err)
{
    const struct provider_failure failure = {
        .class = FAILURE_LOCAL,
        .charged = drive->call_id == 0 ? CHARGED_NO : CHARGED_MAYBE,
        .retry_after_ms = -1,
        .message = arena_str(drive->arena, str_of(err->message)),
    };

    drive_log_storage(drive, err);
    if (drive->is_kept)
        drive->is_cancelled = false;
    drive_fail(drive, &failure);
}

/* Whatever happened is true and must be written: storage is asked until it takes it.  But what it
 * will never take must not be offered for ever. */
static void on_end_refused(struct drive *drive, const struct error *err)
{
    struct core *core = drive->core;
    bool is_final = error_retry_of(err->code) == RETRY_NEVER;

    if (is_final && drive->command.end.event == TASK_FINISH) {
        fail_unkept(drive, err);
    } else if (is_final && err->code == ERROR_NOT_FOUND) { /* the task was deleted */
        drive_log_storage(drive, err);
        core->world.on_end(core->world.context, drive->entry.id);
        drive_free(drive);
        core_tick(core);
    } else {
        drive_store_again(drive, err, drive_send_end);
    }
}

static void on_ended(void *arg, bool ok, const struct error *err)
{
    struct drive *drive = arg;
    struct core *core = drive->core;
    struct command *command = &drive->command;

    if (!ok) {
        on_end_refused(drive, err);
        return;
    }
    if (!command->end.is_applied) {
        core->counts.fenced++;
        if (command->end.event == TASK_FINISH)
            core->counts.late_results++;
    } else if (command->end.became == TASK_READY) {
        struct task_entry entry = drive->entry;

        entry.state = TASK_READY;
        entry.cancel_at_ms = drive->is_cancelled ? core_wall_ms(core) : 0;
        if (command->end.event == TASK_RETRY) {
            core->counts.retries[command->end.class]++;
            entry.run_at_ms = command->end.run_at_ms;
        }
        if (command->end.event == TASK_FAIL)
            entry.start_by_ms = command->end.start_by_ms;
        core_put_ready(core, &entry);
    } else {
        core->counts.ended[command->end.became] += task_state_is_final(command->end.became);
    }
    for (size_t index = 0; index < command->end.ready_count; index++)
        core_put_ready(core, &command->end.ready[index]);
    core->world.on_end(core->world.context, drive->entry.id);
    core->world.on_events(core->world.context, drive->entry.user_id);
    drive_free(drive);
    core_tick(core);
}

void drive_send_end(struct drive *drive) { drive_store(drive, COMMAND_END, on_ended); }

void drive_begin_end(struct drive *drive, enum task_event event)
{
    drive->command.end = (struct command_end){
        .task_id = drive->entry.id,
        .fence = drive->entry.fence,
        .attempt_number = drive->attempt == NULL ? 0 : drive->attempt->number,
        .event = event,
        .call = {.call_id = drive->call_id, .cost_micro = -1},
        .blobs = drive->step.blobs,
        .blob_count = drive->step.blob_count,
    };
}

void drive_give_back(struct drive *drive)
{
    drive_begin_end(drive, TASK_GIVE_BACK);
    drive_send_end(drive);
}

/* In the money of the estimate, which is the call's; what had none has no money yet. */
static bool is_cost_told(const struct drive *drive)
{
    return drive->step.cost_micro >= 0 && drive->step.currency != NULL &&
           (drive->currency.size == 0 || str_equal(drive->currency, str_of(drive->step.currency)));
}

void drive_fail(struct drive *drive, const struct provider_failure *failure)
{
    struct core *core = drive->core;
    const struct provider_binding *provider = &drive->attempt->provider;
    const struct failure_case given = {
        .failure = failure,
        .is_sent = drive->is_sent,
        .is_resend = drive->is_resend,
        .is_kept = drive->is_kept,
        .is_cancelled = drive->is_cancelled,
        .has_other_key = drive_has_other_key(drive, failure->class),
        .has_stand_in = provider->stand_in_count > 0,
        .holds_key = drive->call_id != 0 && !drive->is_key_gone &&
                     decide_key_holds(provider, drive->intent_at_ms, core_wall_ms(core)),
        .can_look_up = drive->call_id != 0 && !drive->is_look_up && decide_can_look_up(provider) &&
                       drive->operation != NULL && drive->operation->look_up != NULL,
        .is_look_up = drive->is_look_up,
        .intent_at_ms = drive->intent_at_ms,
        .on_unknown = provider->on_unknown,
        .once_below_micro = provider->once_below_micro,
        .estimate_micro = drive->estimate_micro,
        .is_cost_told = is_cost_told(drive),
        .told_micro = drive->step.cost_micro,
        .repeats = drive->repeats,
        .attempt_number = drive->attempt->number,
        .tries = drive->tries,
        .tries_max = drive->tries_max,
        .deadline_at_ms = drive->entry.deadline_at_ms,
        .now_ms = core_wall_ms(core),
    };
    const struct decision decision = decide_failure(&given, core->world.random);

    drive_learn(drive, failure->class, &decision);
    drive->is_uncharged = decision.call_state == CALL_FAILED && decision.call_cost_micro == 0;
    drive_begin_end(drive, decision.event);
    drive->command.end.class = decision.class;
    drive->command.end.message = failure->message;
    drive->command.end.hold_reason = decision.hold_reason;
    drive->command.end.run_at_ms = decision.run_at_ms;
    drive->command.end.counts_try = decision.counts_try;
    drive->command.end.may_repeat = decision.may_repeat;
    drive->command.end.loses_result = drive->is_kept && failure->class == FAILURE_RESULT_LOST;
    drive->command.end.call.state = decision.call_state;
    drive->command.end.call.class = drive->is_look_up ? decision.class : failure->class;
    drive->command.end.call.message = failure->message;
    drive->command.end.call.request_id = drive->step.request_id;
    drive->command.end.call.http_status = drive->step.http_status;
    drive->command.end.call.cost_micro = decision.call_cost_micro;
    drive->command.end.call.currency = given.is_cost_told ? drive->step.currency : NULL;
    if (decision.call_state == CALL_UNKNOWN)
        core->counts.unknowns++;
    drive_send_end(drive);
}

/* The second look at P6 said no: a person must answer. */
static void hold_in_doubt(struct drive *drive)
{
    drive_begin_end(drive, TASK_HOLD);
    drive->command.end.class = FAILURE_UNKNOWN;
    drive->command.end.hold_reason = "unknown";
    drive_send_end(drive);
}

void drive_fail_locally(struct drive *drive, enum failure_class class, const char *message)
{
    const struct provider_failure failure = {
        .class = class,
        .charged = CHARGED_NO,
        .retry_after_ms = -1,
        .message = arena_str(drive->arena, str_of(message)), /* it may be an error's, lent */
    };

    drive_fail(drive, &failure);
}
/* ---- Steps ---- */

static void take_step(struct drive *drive);
static void next_slice(struct drive *drive);

static void run_work(void *arg)
{
    struct drive *drive = arg;

    drive->step = (struct step){.progress = -1, .poll_after_ms = -1, .cost_micro = -1};
    drive->work(drive);
}

static void on_worked(void *arg) { take_step(arg); }

static void start_work(struct drive *drive, void (*work)(struct drive *drive))
{
    struct core *core = drive->core;

    drive->doing = DO_WORK;
    drive->work = work;
    core->world.work(core->world.context, run_work, on_worked, drive);
}

static void work_begin(struct drive *drive)
{
    drive->operation->begin(drive->attempt, &drive->step);
}

static void work_reply(struct drive *drive)
{
    drive->operation->reply(drive->attempt, &drive->exchange, &drive->reply, &drive->step);
}

static void work_refine(struct drive *drive)
{
    drive->operation->refine(drive->attempt, drive->command.keep.result, &drive->step);
}

static void work_adopt(struct drive *drive)
{
    drive->operation->refine(drive->attempt, drive->prior.result, &drive->step);
}

static void work_poll(struct drive *drive) { drive->operation->poll(drive->attempt, &drive->step); }

static void work_look_up(struct drive *drive)
{
    drive->operation->look_up(drive->attempt, &drive->step);
}

static void work_give_up(struct drive *drive)
{
    drive->operation->give_up(drive->attempt, &drive->step);
}

void drive_begin(struct drive *drive) { start_work(drive, work_begin); }

void drive_adopt(struct drive *drive)
{
    drive->attempt->prior = &drive->prior;
    drive->call_id = drive->prior.id;
    drive->is_kept = true;
    start_work(drive, work_adopt);
}

void drive_poll(struct drive *drive) { start_work(drive, work_poll); }

void drive_look_up(struct drive *drive)
{
    drive->call_id = drive->prior.id;
    drive->is_sent = true;
    drive->is_look_up = true;
    start_work(drive, work_look_up);
}

void drive_give_up(struct drive *drive) { start_work(drive, work_give_up); }

/* A card is drawn here: its parts at even distances, then its reply (provider.h). */
static void work_card(struct drive *drive)
{
    const int part = drive->card.next < drive->card.parts ? drive->card.next : -1;

    drive->card.is_done = part < 0;
    drive->is_asked = true;
    drive->reply = (struct exchange_reply){0};
    if (!drive->operation->perform_card(drive->attempt, &drive->exchange, part, &drive->reply) &&
        part >= 0)
        drive->card.next = drive->card.parts; /* no more of them; the reply tells why */
    drive->card.next++;
    if (drive->card.is_done)
        drive->operation->reply(drive->attempt, &drive->exchange, &drive->reply, &drive->step);
}

static void on_card(void *arg)
{
    struct drive *drive = arg;

    if (drive->card.is_done)
        take_step(drive);
    else
        next_slice(drive);
}

static void draw_card(struct drive *drive)
{
    struct core *core = drive->core;

    drive->doing = DO_WORK;
    drive->work = work_card;
    core->world.work(core->world.context, run_work, on_card, drive);
}

static void next_slice(struct drive *drive)
{
    if (drive->is_cancelled) {
        drive_fail_locally(drive, FAILURE_CANCELLED, "");
        return;
    }
    drive_set_timer(drive, drive->card.slice_ms, draw_card);
}

static void start_card(struct drive *drive)
{
    const int parts =
        drive->operation->card_parts == NULL ? 0 : drive->operation->card_parts(&drive->exchange);

    drive->card = (struct card_course){
        .parts = parts,
        .slice_ms = drive->exchange.delay_ms / (parts + 1),
    };
    next_slice(drive);
}

static void on_sent_stored(void *arg, bool ok, const struct error *err)
{
    struct command *command = arg;

    (void)ok; /* a mark for people; the intent is what recovery goes by */
    (void)err;
    arena_destroy(command->arena);
}

static void on_sent(void *context)
{
    struct drive *drive = context;
    struct core *core = drive->core;
    struct arena *arena;
    struct command *command;

    drive->is_sent = true;
    if (drive->call_id == 0 || drive->is_poll || drive->is_look_up)
        return;
    arena = arena_create(KIB(8));
    command = ARENA_NEW(arena, struct command);
    *command = (struct command){.type = COMMAND_SENT, .arena = arena, .now_ms = core_wall_ms(core)};
    command->sent.call_id = drive->call_id;
    core->world.apply(core->world.context, command, true, on_sent_stored, command);
}

static void on_partial(void *context, const struct provider_partial *partial)
{
    const struct drive *drive = context;

    attempt_publish_partial(drive->attempt, partial->index, partial->bytes, STR_EMPTY);
}

static void on_piece(void *context, struct str piece)
{
    struct drive *drive = context;
    const struct provider_kind *kind = drive->attempt->provider.kind;

    if (drive->stream == NULL)
        drive->stream = kind->stream_begin(drive->arena);
    kind->stream_feed(drive->stream, piece, on_partial, drive);
}

static void copy_reply(struct drive *drive, const struct exchange_reply *reply)
{
    struct str body;

    if (drive->stream != NULL)
        body = drive->attempt->provider.kind->stream_end(drive->stream);
    reply_keep(reply, drive->stream == NULL ? NULL : &body, core_wall_ms(drive->core), drive->arena,
               ATTEMPT_MEMORY_MAX, &drive->reply);
    drive->stream = NULL;
}

static void on_reply(void *context, const struct exchange_reply *reply, int64_t sent_bytes,
                     bool is_cancelled)
{
    struct drive *drive = context;

    drive->handle = NULL;
    if (drive->exchange.is_paid && sent_bytes > 0)
        drive->is_sent = true;
    if (is_cancelled) {
        const struct provider_failure failure = {
            .class = FAILURE_CANCELLED,
            .charged = drive->is_sent ? CHARGED_MAYBE : CHARGED_NO,
            .retry_after_ms = -1,
        };

        drive_fail(drive, &failure);
        return;
    }
    drive->is_asked = true;
    copy_reply(drive, reply);
    drive_heed_limits(drive);
    start_work(drive, work_reply);
}

static const struct exchange_handlers exchange_handlers = {
    .on_sent = on_sent,
    .on_piece = on_piece,
    .on_reply = on_reply,
};

static void send_exchange(struct drive *drive)
{
    struct core *core = drive->core;

    drive->doing = DO_EXCHANGE;
    drive->stream = NULL;
    drive->handle = core->world.exchange(core->world.context, drive->attempt, &drive->exchange,
                                         &exchange_handlers, drive);
}

static void perform(struct drive *drive)
{
    if (drive->exchange.is_paid) {
        drive->core->counts.calls++;
        drive_note_sent(drive);
    }
    if (drive->exchange.card.size > 0)
        start_card(drive);
    else if (drive->exchange.delay_ms > 0)
        drive_set_timer(drive, drive->exchange.delay_ms, send_exchange);
    else
        send_exchange(drive);
}

static void on_intent(void *arg, bool ok, const struct error *err)
{
    struct drive *drive = arg;

    if (!ok) {
        drive_log_storage(drive, err);
        drive_fail_locally(drive, FAILURE_LOCAL, err->message);
        return;
    }
    /* Nothing was sent: another key's turn, or what is here is taken. */
    if (drive->command.intent.is_key_gone || drive->command.intent.is_answered) {
        drive_give_back(drive);
        return;
    }
    if (drive->command.intent.is_doubtful) {
        hold_in_doubt(drive);
        return;
    }
    if (!drive->command.intent.is_allowed) {
        drive->is_cancelled = true; /* or fenced out: the end will see which */
        drive_fail_locally(drive, FAILURE_CANCELLED, "");
        return;
    }
    drive->call_id = drive->command.intent.call_id;
    if (!drive->is_resend)
        drive->intent_at_ms = drive->command.now_ms;
    if (drive->repeat_of != 0) {
        drive->core->counts.repeats++;
        drive->repeats++; /* counted at the claim without this one: "once" is over with it */
    }
    if (drive->is_cancelled)
        drive_fail_locally(drive, FAILURE_CANCELLED, "");
    else
        perform(drive);
}

static void write_intent(struct drive *drive)
{
    drive->command.intent = (struct command_intent){
        .task_id = drive->entry.id,
        .fence = drive->entry.fence,
        .attempt_number = drive->attempt->number,
        .provider_id = drive->entry.provider_id,
        .estimate_micro = drive->estimate_micro,
        .repeat_of = drive->repeat_of,
        .key_id = drive->attempt->key_id,
        .public_id = drive->attempt->call_key,
        .model = drive->attempt->model,
        .currency = drive->currency,
        .request_hash = exchange_hash(&drive->exchange),
    };
    drive_store(drive, COMMAND_INTENT, on_intent);
}

static void take_exchange(struct drive *drive)
{
    drive->exchange = drive->step.exchange;
    /* A fetch brings home what was paid for, so it goes on; a submission stops here. */
    if (drive->is_cancelled && drive->exchange.purpose == EXCHANGE_SUBMIT)
        drive_fail_locally(drive, FAILURE_CANCELLED, "");
    else if (drive->core->is_draining && drive->exchange.is_paid && drive->call_id == 0)
        drive_give_back(drive);
    else if (drive->exchange.is_paid && drive->call_id == 0)
        write_intent(drive);
    else
        perform(drive);
}
/* ---- The result ---- */

static void on_kept(void *arg, bool ok, const struct error *err);

static void send_keep(struct drive *drive) { drive_store(drive, COMMAND_KEEP, on_kept); }

static void on_kept(void *arg, bool ok, const struct error *err)
{
    struct drive *drive = arg;

    if (!ok && error_retry_of(err->code) == RETRY_LATER) {
        drive_store_again(drive, err, send_keep);
        return;
    }
    if (!ok) {
        fail_unkept(drive, err);
        return;
    }
    drive->refusals = 0;
    drive->is_kept = true;
    start_work(drive, work_refine);
}

static void take_keep(struct drive *drive)
{
    drive->command.keep = (struct command_keep){
        .task_id = drive->attempt->task_id,
        .call_id = drive->call_id,
        .cost_micro = drive->step.cost_micro,
        .result = drive->step.result,
        .blobs = drive->step.blobs,
        .blob_count = drive->step.blob_count,
        .request_id = drive->step.request_id,
        .currency = drive->step.currency == NULL ? drive->currency : str_of(drive->step.currency),
        .http_status = drive->step.http_status,
    };
    send_keep(drive);
}

static void work_again(struct drive *drive)
{
    drive->operation->again(drive->attempt, &drive->step);
}

static void start_again(struct drive *drive) { start_work(drive, drive->work); }

/* A reply that may be paid for is here and has no place: it is not thrown away. */
static void take_again(struct drive *drive)
{
    if (drive->work == work_reply || drive->work == work_card)
        drive->work = work_again;
    log_warn("engine_no_room", LOG_INT("task", drive->entry.id),
             LOG_INT("refusals", drive->refusals));
    fire_again(drive, start_again);
}

static void take_step(struct drive *drive)
{
    switch (drive->step.type) {
    case STEP_EXCHANGE:
        take_exchange(drive);
        return;
    case STEP_WAIT:
        remote_take_wait(drive);
        return;
    case STEP_KEEP:
        take_keep(drive);
        return;
    case STEP_DONE:
        drive_report(drive, GATE_DONE);
        remote_forget(drive);
        drive_begin_end(drive, TASK_FINISH);
        drive->command.end.output = drive->step.output;
        drive->command.end.call.state = CALL_FINISHED;
        drive_send_end(drive);
        return;
    case STEP_AGAIN:
        take_again(drive);
        return;
    case STEP_FAILED:
        if (drive->is_poll && !drive->is_kept) {
            remote_take_failure(drive);
            return;
        }
        remote_forget(drive);
        /* What was kept is adopted by the next try, so a cancel does not throw it away either. */
        if (drive->is_kept)
            drive->is_cancelled = false;
        drive_fail(drive, &drive->step.failure);
        return;
    }
}

void drive_cancel(struct drive *drive)
{
    struct core *core = drive->core;

    if (drive->is_cancelled)
        return;
    drive->is_cancelled = true;
    if (drive->is_poll || drive->is_kept)
        return;
    if (drive->doing == DO_EXCHANGE && drive->exchange.purpose == EXCHANGE_SUBMIT) {
        core->world.cancel_exchange(core->world.context, drive->handle);
    } else if (drive->doing == DO_TIMER && drive->exchange.purpose == EXCHANGE_SUBMIT &&
               (drive->on_timer == draw_card || drive->on_timer == send_exchange)) {
        timer_clear(&core->drive_timers, &drive->timer);
        drive_fail_locally(drive, FAILURE_CANCELLED, "");
    }
}
