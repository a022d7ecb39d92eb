/*
 * What a provider tells of remote work while it goes on (provider.h, watch).  All of it is news for
 * whoever looks on, and at most makes the next poll come at once: what becomes of the task the
 * polls alone decide, so that a socket which is lost, silent or full of lies harms nothing.
 */
#include "engine/core_private.h"

enum {
    WATCHES_MAX = 32,       /* sockets at once; what has none is polled as ever */
    WATCH_AGAIN_MS = 30000, /* until one that was lost is opened again, at the poll after that */
    HURRIES_MAX = 3,        /* how often one task's news may hurry a poll */
};

static void on_told(void *arg)
{
    struct remote *remote = arg;

    remote->is_told = true;
}

static void on_over(void *arg)
{
    struct remote *remote = arg;
    struct core *core = remote->core;

    if (remote->hurries >= HURRIES_MAX)
        return;
    remote->hurries++;
    if (idmap_get(&core->drives, remote->entry.id) != NULL) {
        remote->is_hurried = true; /* it is being asked: once more, right behind that */
        return;
    }
    timer_set(&core->remote_timers, &remote->timer, core_mono_ms(core));
    core_arm(core);
}

static void on_lost(void *arg)
{
    struct remote *remote = arg;
    struct core *core = remote->core;

    remote->watch = NULL;
    remote->is_told = false;
    remote->watch_after_ms = core_mono_ms(core) + WATCH_AGAIN_MS;
    core->watches--;
}

void watch_begin(struct drive *drive, struct remote *remote, struct str remote_id)
{
    static const struct news_handlers handlers = {
        .on_told = on_told, .on_over = on_over, .on_lost = on_lost};
    struct core *core = drive->core;
    const struct provider_binding *provider = &drive->attempt->provider;
    struct exchange exchange;
    struct error ignored;

    if (remote->watch != NULL || core->watches >= WATCHES_MAX || remote->is_cancelled ||
        core_mono_ms(core) < remote->watch_after_ms || provider->kind == NULL ||
        provider->kind->watch == NULL || remote_id_is_own(remote_id) ||
        !provider->kind->watch(&provider->account, drive->attempt->call_key, remote_id,
                               drive->arena, &exchange, &ignored))
        return;
    remote->watch = core->world.watch(core->world.context, drive->attempt, &exchange, remote_id,
                                      &handlers, remote);
    core->watches += remote->watch != NULL;
}

void watch_end(struct remote *remote)
{
    struct core *core = remote->core;

    if (remote->watch == NULL)
        return;
    core->world.unwatch(core->world.context, remote->watch);
    remote->watch = NULL;
    core->watches--;
}
