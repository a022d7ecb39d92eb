#include "engine/recover.h"

#include "core/fault.h"
#include "engine/decide.h"

/* The account of the task's open call, for its rule; *found stays false when it is gone. */
static bool provider_of(struct db *db, struct recover_context *context, int64_t provider_id,
                        struct provider_binding *out, bool *found, struct error *err)
{
    *found = false;
    if (provider_id == 0 || context->hooks->load_provider == NULL)
        return true;
    if (!context->hooks->load_provider(context->hooks->context, db, provider_id, context->arena,
                                       out, err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
        *err = (struct error){0};
        return true;
    }
    *found = true;
    return true;
}

static bool take_over(struct db *db, struct recover_context *context,
                      const struct recovered_task *task, bool is_alone, struct task_entry *out,
                      struct error *err)
{
    struct command command = {
        .type = COMMAND_TAKE_OVER, .arena = context->arena, .now_ms = context->now_ms};
    struct provider_binding provider;
    struct recovery recovery;
    bool found;

    if (!provider_of(db, context, task->entry.provider_id, &provider, &found, err))
        return false;
    recovery = decide_recovery(task, found ? &provider : NULL, is_alone, context->now_ms);
    command.take_over = (struct command_take_over){
        .task_id = task->entry.id,
        .fence = task->entry.fence,
        .to = recovery.to,
        .poll_at_ms = context->now_ms,
        .call_id = recovery.changes_call ? task->call.id : 0,
        .call_state = recovery.call_state,
        .counts_crash = is_alone,
        .may_repeat = recovery.may_repeat,
        .hold_reason = recovery.hold_reason,
    };
    if (!context->apply(db, context->hooks, &command, err))
        return false;
    *out = command.take_over.entry;
    return true;
}

bool recover(struct db *db, struct recover_context *context, struct error *err)
{
    struct command load = {
        .type = COMMAND_LOAD, .arena = context->arena, .now_ms = context->now_ms};
    int64_t dead = 0;

    context->entry_count = 0;
    context->taken_over = 0;
    context->foreign = 0;
    if (!context->apply(db, context->hooks, &load, err))
        return false;
    context->is_paused = load.load.is_paused;
    context->pause_reason = load.load.pause_reason;
    context->entries = ARENA_ARRAY(context->arena, struct task_entry, load.load.count);
    for (size_t index = 0; index < load.load.count; index++) {
        const struct recovered_task *task = &load.load.tasks[index];

        dead += task->entry.state == TASK_RUNNING &&
                context->is_dead(context->is_dead_context, task->owner);
    }
    for (size_t index = 0; index < load.load.count; index++) {
        const struct recovered_task *task = &load.load.tasks[index];

        if (task->entry.state != TASK_RUNNING) {
            context->entries[context->entry_count++] = task->entry;
        } else if (context->is_dead(context->is_dead_context, task->owner)) {
            struct task_entry *entry = &context->entries[context->entry_count];

            if (!take_over(db, context, task, dead == 1, entry, err))
                return false;
            FAULT(RECOVER_TAKE_OVER);
            context->taken_over++;
            if (entry->state == TASK_READY || entry->state == TASK_WAITING)
                context->entry_count++;
        } else {
            context->foreign++;
        }
    }
    return true;
}
