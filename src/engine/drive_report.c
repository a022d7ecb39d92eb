/* How a provider did is told to its model's gate, and what it says of its own limits heeded. */
#include "engine/core_private.h"

#include "engine/decide.h"

#define REASON_USED_UP "used_up"

void drive_note_sent(struct drive *drive)
{
    struct core *core = drive->core;

    if (!drive->is_called && drive->has_slot) {
        drive->sent_at_ms = core_wall_ms(core);
        scheduler_send(core->scheduler, &drive->entry, drive->sent_at_ms);
        core_arm(core); /* what waits for its minute knows when that ends from now on */
    }
    drive->is_called = true;
}

static void report_of(const struct drive *drive, enum gate_report report, enum failure_class class)
{
    struct core *core = drive->core;

    if (drive->is_asked && drive->entry.provider_id != 0)
        scheduler_report(core->scheduler, &drive->entry, report, failure_class_name(class),
                         core_wall_ms(core), core->world.random);
}

void drive_report(const struct drive *drive, enum gate_report report)
{
    report_of(drive, report, FAILURE_NONE);
}

void drive_report_failure(const struct drive *drive, enum failure_class class)
{
    switch (class) {
    case FAILURE_NOT_SENT:
    case FAILURE_SERVER:
    case FAILURE_UNKNOWN:
        report_of(drive, GATE_TROUBLED, class);
        return;
    case FAILURE_THROTTLED:
        drive_report(drive, GATE_THROTTLED);
        return;
    case FAILURE_INVALID:
    case FAILURE_REFUSED:
    case FAILURE_REMOTE:
    case FAILURE_RESULT_LOST:
        drive_report(drive, GATE_ANSWERED);
        return;
    case FAILURE_NONE:
    case FAILURE_QUOTA: /* these stop the lane themselves */
    case FAILURE_AUTH:
    case FAILURE_LOCAL:
    case FAILURE_DEADLINE:
    case FAILURE_CANCELLED:
    case FAILURE_CLASS_COUNT:
        return;
    }
}

void drive_learn(const struct drive *drive, enum failure_class class,
                 const struct decision *decision)
{
    struct core *core = drive->core;
    const char *reason = failure_class_name(class);

    drive_reject_key(drive, class);
    if (decision->rests_key) { /* that key had enough, not the account */
        drive_report(drive, GATE_ANSWERED);
        drive_rest_key(drive, reason, decision->rest_ms);
    } else {
        drive_report_failure(drive, class);
        if (decision->rest_ms > 0)
            scheduler_rest(core->scheduler, &drive->entry, core_wall_ms(core) + decision->rest_ms,
                           reason);
    }
    if (decision->stops_lane)
        scheduler_stop_lane(core->scheduler, drive->entry.provider_id, reason);
}

/* A 429 is no hint: what follows from it is decided with its failure. */
static bool tells_of_limits(const struct drive *drive)
{
    return drive->exchange.is_paid && drive->entry.provider_id != 0 &&
           drive->reply.outcome == EXCHANGE_REPLIED && drive->reply.status != 429;
}

void drive_heed_limits(const struct drive *drive)
{
    const struct core *core = drive->core;
    int64_t rest_ms = tells_of_limits(drive) ? exchange_used_up_ms(&drive->reply) : 0;

    if (rest_ms == 0)
        return;
    rest_ms += decide_spread_ms(rest_ms, core->world.random);
    if (drive_has_other_key(drive, FAILURE_THROTTLED))
        drive_rest_key(drive, REASON_USED_UP, rest_ms);
    else
        scheduler_rest(core->scheduler, &drive->entry, core_wall_ms(core) + rest_ms,
                       REASON_USED_UP);
}
