/* What a transaction changed is told to the core, which works from memory. */
#include "engine/engine_private.h"

#include "net/loop.h"

#include <stdlib.h>
#include <string.h>

struct change {
    struct engine *engine;
    size_t count;
    struct task_entry entries[];
};

static void apply_change(void *context)
{
    struct change *change = context;

    core_apply(change->engine->core, change->entries, change->count);
    free(change);
}

/* The entries outlive their arena: the names of their models stand behind them. */
void engine_tell_core(struct engine *engine, const struct task_entry *entries, size_t count)
{
    struct change *change;
    size_t size = sizeof(*change) + count * sizeof(*entries);
    char *text;

    if (count == 0)
        return;
    for (size_t index = 0; index < count; index++)
        size += entries[index].model.size;
    change = malloc(size);
    if (change == NULL)
        abort();
    change->engine = engine;
    change->count = count;
    memcpy(change->entries, entries, count * sizeof(*entries));
    text = (char *)&change->entries[count];
    for (size_t index = 0; index < count; index++) {
        struct str *model = &change->entries[index].model;

        if (model->size > 0)
            memcpy(text, model->data, model->size);
        model->data = text;
        text += model->size;
    }
    net_loop_post(engine->config.loop, apply_change, change);
}
