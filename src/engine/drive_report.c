/* How a provider did is told to its account's gate. */
#include "engine/core_private.h"

void drive_report(const struct drive *drive, enum gate_report report)
{
    struct core *core = drive->core;

    if (drive->is_asked && drive->entry.provider_id != 0)
        scheduler_report(core->scheduler, drive->entry.provider_id, report, core_wall_ms(core),
                         core->world.random);
}

void drive_report_failure(const struct drive *drive, enum failure_class class)
{
    switch (class) {
    case FAILURE_NOT_SENT:
    case FAILURE_SERVER:
    case FAILURE_UNKNOWN:
        drive_report(drive, GATE_TROUBLED);
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
