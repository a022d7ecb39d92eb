/* What handlers ask for about the order of what waits, and about the whole of it. */
#include "engine/engine_private.h"
#include "engine/store_private.h"

bool engine_run_prioritise(struct engine *engine, int64_t user_id, struct str run,
                           enum task_priority priority, struct error *err)
{
    const struct command_control given = {
        .user_id = user_id, .public_id = run, .run_control = RUN_PRIORITISE, .priority = priority};

    return engine_control(engine, COMMAND_RUN_CONTROL, &given, NULL, err);
}

bool engine_run_move(struct engine *engine, int64_t user_id, struct str run, enum task_place place,
                     struct str before, struct error *err)
{
    const struct command_control given = {.user_id = user_id,
                                          .public_id = run,
                                          .run_control = RUN_MOVE,
                                          .place = place,
                                          .before = before};

    return engine_control(engine, COMMAND_RUN_CONTROL, &given, NULL, err);
}

bool engine_task_move(struct engine *engine, int64_t user_id, struct str task,
                      enum task_place place, struct str before, struct error *err)
{
    const struct command_control given = {.user_id = user_id,
                                          .public_id = task,
                                          .task_control = TASK_CONTROL_MOVE,
                                          .place = place,
                                          .before = before};

    return engine_control(engine, COMMAND_TASK_CONTROL, &given, NULL, err);
}

bool engine_queue_clear(struct engine *engine, int64_t user_id, int64_t *cancelled,
                        struct error *err)
{
    const int64_t rounds = engine->config.queue_max / STORE_CLEAR_MAX + 1;
    int64_t sum = 0;

    /* A piece at a time, so that nobody's commit waits for all of it. */
    for (int64_t round = 0; round < rounds; round++) {
        const struct command_control given = {.user_id = user_id};
        struct command_control told;

        if (!engine_control(engine, COMMAND_CLEAR, &given, &told, err))
            return false;
        sum += told.cancelled;
        if (told.changed_count == 0)
            break;
    }
    *cancelled = sum;
    return true;
}
