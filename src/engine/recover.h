/* engine/recover.h: what a dead owner left is given its way on, all in one transaction.  Private to
 * the engine. */
#pragma once

#include "engine/command.h"

struct recover_context {
    const struct engine_hooks *hooks;
    /* store_apply, or the simulation's. */
    bool (*apply)(struct db *db, const struct engine_hooks *hooks, struct command *command,
                  struct error *err);
    bool (*is_dead)(void *context, struct str owner);
    void *is_dead_context;
    struct arena *arena;
    int64_t now_ms;
    struct task_entry *entries; /* out: all that is live and ours to work on */
    size_t entry_count;
    int64_t taken_over; /* out: tasks of dead owners */
    int64_t foreign;    /* out: tasks of owners that live */
    bool is_paused;
    struct str pause_reason;
};
MUST_CHECK bool recover(struct db *db, struct recover_context *context, struct error *err);
