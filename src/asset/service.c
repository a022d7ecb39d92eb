/* The service: what every handler of the room needs; whose turn it is at pictures; the trash's end.
 */
#include "asset/asset_private.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

struct asset_service *asset_service_create(const struct asset_config *config)
{
    struct asset_service *service = calloc(1, sizeof(*service));
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int rc;

    if (service == NULL)
        abort();
    service->config = *config;
    service->picture_works = config->picture_works;
    if (service->picture_works == 0)
        service->picture_works = cores < 1 ? 1 : (size_t)cores;
    rc = pthread_mutex_init(&service->lock, NULL);
    assert(rc == 0);
    rc = pthread_cond_init(&service->left, NULL);
    assert(rc == 0);
    return service;
}

void asset_service_destroy(struct asset_service *service)
{
    if (service == NULL)
        return;
    service->is_ending = true;
    worker_pool_destroy(service->worker);
    assert(service->inside == 0);
    pthread_cond_destroy(&service->left);
    pthread_mutex_destroy(&service->lock);
    free(service);
}

bool asset_service_start(struct asset_service *service, struct error *err)
{
    /* One at work, one waiting: whoever waits finds everything that is live. */
    const struct worker_config config = {.name = "asset", .threads = 1, .queue_max = 1};

    if (!worker_pool_create(&config, &service->worker, err))
        return false;
    asset_job_wake(service);
    return true;
}

void asset_service_set_engine(struct asset_service *service, struct engine *engine)
{
    service->config.engine = engine;
}

struct asset_limits asset_limits_now(const struct asset_service *service)
{
    struct asset_limits limits = {0};

    if (service->config.limits != NULL)
        service->config.limits(service->config.context, &limits);
    if (limits.upload_size_max == 0)
        limits.upload_size_max = (int64_t)UPLOAD_SIZE_MAX;
    return limits;
}

/* No bound of its own: as many wait as there are handler threads. */
void asset_gate_enter(struct asset_service *service)
{
    pthread_mutex_lock(&service->lock);
    while (service->inside == service->picture_works)
        pthread_cond_wait(&service->left, &service->lock);
    service->inside++;
    pthread_mutex_unlock(&service->lock);
}

void asset_gate_leave(struct asset_service *service)
{
    pthread_mutex_lock(&service->lock);
    assert(service->inside > 0);
    service->inside--;
    pthread_cond_signal(&service->left);
    pthread_mutex_unlock(&service->lock);
}

void asset_wake(const struct asset_service *service, int64_t user_id)
{
    if (service->config.wake != NULL)
        service->config.wake(service->config.context, user_id);
}

/* ---- the trash's end ---- */

#define PURGE_COMMITS 20 /* of CHANGES_PER_COMMIT, so that a call stays short */
#define PURGE_MEMORY_MAX MIB(16)

struct purge_work {
    struct arena *arena;
    int64_t before_ms, now_ms;
    size_t count;
    int64_t *users; /* in `arena`; whose pictures went */
};

static bool purge(struct db *db, void *context, struct error *err)
{
    struct purge_work *work = context;
    struct asset *assets;

    arena_reset(work->arena);
    if (!archive_store_trim(db, work->now_ms - ARCHIVE_LIFE_MS, err) ||
        !job_store_trim(db, work->now_ms - JOB_LIFE_MS, err) ||
        !mask_store_trim(db, work->now_ms - MASK_LIFE_MS, work->now_ms, work->arena, err) ||
        !asset_store_trashed(db, work->before_ms, CHANGES_PER_COMMIT, work->arena, &assets,
                             &work->count, err))
        return false;
    work->users = ARENA_ARRAY(work->arena, int64_t, work->count);
    for (size_t i = 0; i < work->count; i++) {
        work->users[i] = assets[i].user_id;
        if (!asset_store_remove(db, &assets[i], work->now_ms, err))
            return false;
    }
    return true;
}

bool asset_purge_trash(struct asset_service *service, int64_t before_ms, bool *more,
                       struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(PURGE_MEMORY_MAX);
    struct purge_work work = {
        .arena = arena, .before_ms = before_ms, .now_ms = clock_wall_ms(service->config.clock)};

    for (int round = 0; round < PURGE_COMMITS; round++) {
        if (!db_transact(service->config.pool, "asset_purge", purge, &work, err))
            return false;
        for (size_t i = 0; i < work.count; i++)
            if (i == 0 || work.users[i] != work.users[i - 1])
                asset_wake(service, work.users[i]);
        if (work.count < CHANGES_PER_COMMIT) {
            *more = false;
            return true;
        }
    }
    *more = true;
    return true;
}
