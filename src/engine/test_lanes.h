/* engine/test_lanes.h: what the tests of the scheduler share. */
#pragma once

#include "engine/scheduler.h"

#include "core/random.h"
#include "core/test.h"

enum { FAR_MS = 1000000 };

static inline struct task_entry entry_of(int64_t id, int64_t user_id, int64_t lane)
{
    return (struct task_entry){.id = id,
                               .user_id = user_id,
                               .provider_id = lane,
                               .state = TASK_READY,
                               .priority = PRIORITY_NORMAL,
                               .rank = (double)id,
                               .start_by_ms = FAR_MS,
                               .deadline_at_ms = FAR_MS};
}

static inline struct scheduler *one_lane(int64_t capacity)
{
    const struct lane_limits limits = {.capacity = capacity};
    struct scheduler *scheduler = scheduler_create(0);

    scheduler_set_lane(scheduler, 0, &limits);
    return scheduler;
}

static inline void put(struct scheduler *scheduler, struct task_entry entry)
{
    scheduler_put(scheduler, &entry, 0);
}

static inline void release(struct scheduler *scheduler, int64_t lane, int64_t user_id)
{
    const struct task_entry entry = entry_of(0, user_id, lane);

    scheduler_free(scheduler, &entry);
}

static inline void rest(struct scheduler *scheduler, int64_t lane, int64_t until_ms,
                        const char *reason)
{
    const struct task_entry entry = entry_of(0, 0, lane);

    scheduler_rest(scheduler, &entry, until_ms, reason);
}

static inline int64_t pick(struct scheduler *scheduler, int64_t now_ms)
{
    struct task_entry entry;

    if (!scheduler_pick(scheduler, now_ms, &entry))
        return 0;
    scheduler_send(scheduler, &entry, now_ms);
    return entry.id;
}
