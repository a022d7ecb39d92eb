#include "app/app.h"

#include "app/page.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/secret.h"
#include "db/migrations.h"
#include "engine/check.h"
#include "engine/event.h"
#include "generate/request.h"
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_MS = FAULT_SOONER(5000, 100),
    DUTIES_MS = FAULT_SOONER(60000, 250),
    SWEEP_STEPS_PER_MINUTE = 50,
    SCRUB_SIZE_PER_STEP = 16 << 20,
    SCRUB_STEPS_PER_MINUTE = 4, /* 90 GiB a day, and a signal waits for less than a second */
    EVENTS_KEPT = FAULT_SOONER(10000, 10),
    EVENTS_KEPT_MS = 7 * 24 * 60 * 60 * 1000,
    PROMPTS_KEPT_MS = 24 * 60 * 60 * 1000, /* deleted ones, so that it can be undone */
    WORKER_QUEUE_MAX = 100000,
    TRANSFERS_MAX = 4096,
};

/* ---- The services behind req->app ---- */

struct account *app_account(void *app) { return ((struct app *)app)->account; }

struct settings *app_settings(void *app) { return ((struct app *)app)->settings; }

struct asset_service *app_assets(void *app) { return ((struct app *)app)->assets; }

struct engine *app_engine(void *app) { return ((struct app *)app)->engine; }

struct feed *app_feed(void *app) { return ((struct app *)app)->feed; }

/* ---- Hooks: how rooms that do not know each other meet ---- */

bool app_has_model(void *app, int64_t provider_id, struct str model)
{
    return settings_has_model(app_settings(app), provider_id, model);
}

void app_wake(void *app, int64_t user_id) { feed_wake(((struct app *)app)->feed, user_id); }

static bool load_provider(void *context, struct db *db, int64_t provider_id, struct arena *arena,
                          struct provider_binding *out, struct error *err)
{
    return settings_provider_load(((struct app *)context)->settings, db, provider_id, arena, out,
                                  err);
}

static bool find_account(void *context, int64_t provider_id, struct arena *arena,
                         struct provider_binding *out)
{
    return settings_account(((struct app *)context)->settings, provider_id, arena, out);
}

static void model_limits(void *context, int64_t provider_id, struct str model,
                         struct model_limits *out)
{
    settings_model_limits(((struct app *)context)->settings, provider_id, model, out);
}

static bool stand_in(void *context, struct db *db, const struct stand_in_ask *ask,
                     struct arena *arena, struct stand_in *out, struct error *err)
{
    const struct run_context run = {.settings = ((struct app *)context)->settings,
                                    .db = db,
                                    .arena = arena,
                                    .user_id = ask->user_id};

    return request_stand_in(&run, ask, out, err);
}

static bool has_key(void *context, struct db *db, int64_t key_id, bool *out, struct error *err)
{
    (void)context;
    return settings_key_exists(db, key_id, out, err);
}

static bool record_result(void *context, struct db *db, const struct task_result *result,
                          struct error *err)
{
    return asset_record_result(((struct app *)context)->assets, db, result, err);
}

static void on_events(void *context, int64_t user_id)
{
    feed_wake(((struct app *)context)->feed, user_id);
}

static void on_progress(void *context, int64_t user_id, struct str body)
{
    feed_progress(((struct app *)context)->feed, user_id, body);
}

static bool announce(void *context, struct db *db, const char *kind, struct str body,
                     int64_t now_ms, struct error *err)
{
    (void)context;
    return feed_announce(db, kind, body, now_ms, err);
}

static void on_settings_changed(void *context, int64_t provider_id)
{
    struct app *app = context;

    if (!app->is_started)
        return;
    if (provider_id != 0)
        engine_provider_changed(app->engine, provider_id);
    feed_wake_all(app->feed);
}

static void on_told(void *context)
{
    struct app *app = context;

    if (app->is_started)
        feed_wake_all(app->feed);
}

static bool lane_of(void *context, int64_t provider_id, struct lane_view *out)
{
    struct app *app = context;
    struct engine_view view;

    if (!app->is_started)
        return false;
    engine_view(app->engine, &view);
    for (size_t i = 0; i < view.lane_count; i++)
        if (view.lanes[i].provider_id == provider_id) {
            *out = view.lanes[i];
            return true;
        }
    return false;
}

static size_t lane_models_of(void *context, int64_t provider_id, struct lane_model_view *out,
                             size_t max)
{
    struct app *app = context;
    struct engine_view view;
    size_t count = 0;

    if (!app->is_started)
        return 0;
    engine_view(app->engine, &view);
    for (size_t i = 0; i < view.model_count && count < max; i++)
        if (view.models[i].provider_id == provider_id)
            out[count++] = view.models[i];
    return count;
}

static void asset_limits_now(void *context, struct asset_limits *out)
{
    struct app *app = context;

    *out = (struct asset_limits){
        .picture =
            {
                      .side_px_max = settings_int(app->settings, "picture.side_max_px"),
                      .pixels_max = settings_int(app->settings, "picture.pixels_max_mp") * 1000000,
                      .frames_max = settings_int(app->settings, "picture.frames_max"),
                      },
        .upload_size_max = settings_int(app->settings, "upload.size_max_mib") * (int64_t)MIB(1),
    };
}

static struct str producer_code(void *context, struct arena *arena)
{
    return settings_text(((struct app *)context)->settings, "label.producer_code", arena);
}

static bool is_ready(void *context, struct error *err)
{
    struct app *app = context;
    struct db_stats stats;

    db_pool_stats(app->pool, &stats);
    if (stats.is_broken)
        return error_set(err, ERROR_UNAVAILABLE, "the database cannot be written");
    return blob_room_for_jobs(app->blobs, err);
}

static void metrics(void *context, struct buf *out)
{
    struct app *app = context;
    struct db_stats db;
    struct net_stats net;

    db_pool_stats(app->pool, &db);
    net_stats(app->net, &net);
    engine_metrics(app->engine, out);
    buf_printf(out, "# TYPE vitrine_db_commits counter\nvitrine_db_commits_total %" PRIu64 "\n",
               db.commits);
    buf_printf(out, "# TYPE vitrine_db_requests counter\nvitrine_db_requests_total %" PRIu64 "\n",
               db.requests);
    buf_printf(out, "# TYPE vitrine_db_queue_depth gauge\nvitrine_db_queue_depth %" PRIu64 "\n",
               db.queue_depth);
    buf_printf(out, "# TYPE vitrine_db_wal_bytes gauge\nvitrine_db_wal_bytes %" PRIu64 "\n",
               db.wal_bytes);
    buf_printf(out, "# TYPE vitrine_blobs_missing gauge\nvitrine_blobs_missing %" PRIdFAST64 "\n",
               atomic_load(&app->blobs_missing));
    buf_printf(
        out, "# TYPE vitrine_blobs_damaged counter\nvitrine_blobs_damaged_total %" PRIdFAST64 "\n",
        atomic_load(&app->blobs_damaged));
    buf_printf(out, "# TYPE vitrine_sse_clients gauge\nvitrine_sse_clients %zu\n",
               feed_streams(app->feed));
    buf_printf(out, "# TYPE vitrine_transfers gauge\nvitrine_transfers %" PRIu64 "\n", net.active);
    buf_printf(out,
               "# TYPE vitrine_transfers_lost counter\nvitrine_transfers_lost_total %" PRIu64 "\n",
               net.lost);
}

/* ---- Opening ---- */

static const char *below(struct app *app, const char *name, struct arena *arena)
{
    return arena_cstr(arena, arena_printf(arena, "%s/%s", app->data, name));
}

/* The folder's own name is on the disk before anything in it is promised.  Where its parent may not
 * be read, that is the operator's. */
static void sync_parent(const char *path, struct arena *arena)
{
    const int parent = open(arena_cstr(arena, arena_printf(arena, "%s/..", path)),
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (parent < 0)
        return;
    if (fsync(parent) != 0)
        log_write(LOG_WARN, "data_folder_unsynced", LOG_PAIRS(LOG_INT("errno", errno)));
    (void)close(parent);
}

bool app_data_open(struct app *app, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    const char *path = arena_cstr(arena, settings_text(app->settings, "data", arena));

    struct stat info;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_set(err, ERROR_INTERNAL, "the data folder %s cannot be made: %s", path,
                         errno == EACCES   ? "no permission"
                         : errno == ENOENT ? "its parent folder does not exist"
                         : errno == ENOSPC ? "the disk is full"
                                           : "the system refused");
    if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode))
        return error_set(err, ERROR_INTERNAL, "the data folder %s is no folder", path);
    app->data = realpath(path, NULL);
    if (app->data == NULL || access(app->data, R_OK | W_OK | X_OK) != 0)
        return error_set(err, ERROR_INTERNAL, "the data folder %s cannot be used: no permission",
                         path);
    sync_parent(app->data, arena);
    return true;
}

/* One server per folder: two would claim the same tasks. */
static bool lock_data(struct app *app, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    app->lock_fd = open(below(app, "lock", arena), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (app->lock_fd < 0)
        return error_set(err, ERROR_INTERNAL, "the data folder %s cannot be written (errno %d)",
                         app->data, errno);
    if (fcntl(app->lock_fd, F_OFD_SETLK, &lock) != 0)
        return error_set(err, ERROR_CONFLICT, "another vitrine already serves the data folder %s",
                         app->data);
    return true;
}

static enum log_level log_level_of(struct str name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};

    for (size_t index = 0; index < COUNT(names); index++)
        if (str_equal(name, str_of(names[index])))
            return (enum log_level)index;
    return LOG_INFO;
}

bool app_settings_read(struct app *app, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    const char *file = getenv("VITRINE_CONFIG"); /* NOLINT(concurrency-mt-unsafe): one thread yet */

    if (!secret_init(err) || !settings_create(file == NULL ? "vitrine.ini" : file, file != NULL,
                                              (const char *const *)environ, &app->settings, err))
        return false;
    log_configure(log_level_of(settings_text(app->settings, "log.level", arena)),
                  settings_bool(app->settings, "log.json"));
    return true;
}

bool app_settings_open(struct app *app, struct error *err)
{
    return app_settings_read(app, err) && app_data_open(app, err);
}

bool app_has_database(const struct app *app)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    const struct str data = settings_text(app->settings, "data", arena);

    return access(arena_cstr(arena, arena_printf(arena, "%.*s/vitrine.db", STR_ARGS(data))),
                  R_OK) == 0;
}

enum opening { OPEN_TO_SERVE, OPEN_AS_FOUND, OPEN_TO_LOOK };

static bool open_pool(struct app *app, size_t readers, enum opening opening, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    const struct db_config config = {
        .path = below(app, "vitrine.db", arena),
        .readers = readers,
        .migrations = db_migrations,
        .migration_count = db_migration_count,
        .clock = &clock_system,
        .backup_directory = below(app, "backup", arena),
        .is_as_found = opening == OPEN_AS_FOUND,
        .is_read_only = opening == OPEN_TO_LOOK,
    };

    return db_pool_open(&config, &app->pool, err);
}

bool app_pool_open_beside(struct app *app, struct error *err)
{
    return open_pool(app, 1, app_has_database(app) ? OPEN_AS_FOUND : OPEN_TO_SERVE, err);
}

bool app_pool_open_to_look(struct app *app, struct error *err)
{
    return open_pool(app, 1, OPEN_TO_LOOK, err);
}

bool app_check(struct app *app, bool is_whole, struct arena *arena, struct check_report *report,
               struct blob_check_counts *files, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    const struct blob_check_config blobs = {
        .directory = below(app, "blobs", arena), .clock = &clock_system, .is_whole = is_whole};

    if (!db_borrow(app->pool, &db, err) || !engine_check(db, arena, report, err) ||
        !usage_check(db, arena, report, err) || !result_check(db, arena, report, err) ||
        !asset_check(db, arena, report, err))
        return false;
    db_give_back(db);
    db = NULL;
    return blob_check(&blobs, app->pool, arena, report, files, err);
}

static bool open_stores(struct app *app, size_t handlers, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct blob_config blobs = {.directory = below(app, "blobs", arena), .clock = &clock_system};

    /* One for each handler, and for the feed, the engine's lanes and the duties. */
    if (!lock_data(app, err) || !open_pool(app, handlers + 3, OPEN_TO_SERVE, err))
        return false;
    limits_open(below(app, "limits", arena), &app->limits);
    blobs.pool = app->pool;
    return blob_store_open(&blobs, &app->blobs, err);
}

static bool open_net(struct app *app, struct error *err)
{
    struct net_config net = {.transfers_max = TRANSFERS_MAX};

    if (!net_loop_create(&app->loop, err) || !net_loop_start(app->loop, err))
        return false;
    net.loop = app->loop;
    return net_create(&net, &app->net, err);
}

static bool attach_settings(struct app *app, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct settings_services services = {
        .pool = app->pool,
        .clock = &clock_system,
        .random = &random_system,
        .net = app->net,
        .hooks = {.context = app,
                  .announce = announce,
                  .changed = on_settings_changed,
                  .told = on_told,
                  .lane = lane_of,
                  .lane_models = lane_models_of},
    };
    bool ok;

    ok = settings_master_key_load(app->data, settings_secret(app->settings, "master_key", arena),
                                  &random_system, &services.master_key, err) &&
         settings_attach(app->settings, &services, err);
    secret_wipe(&services.master_key, sizeof(services.master_key));
    return ok;
}

static size_t cores(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count < 1 ? 1 : (size_t)count;
}

static bool start_workers(struct app *app, struct error *err)
{
    const int64_t wanted = settings_int(app->settings, "threads.worker");
    const struct worker_config config = {
        .name = "worker",
        .threads = wanted > 0 ? (size_t)wanted : cores(),
        .queue_max = WORKER_QUEUE_MAX,
        .thread_end = image_thread_end,
    };

    return image_init(err) && worker_pool_create(&config, &app->workers, err);
}

static bool start_nouns(struct app *app, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    const struct account_config account = {
        .pool = app->pool,
        .clock = &clock_system,
        .random = &random_system,
        .admin_key = settings_secret(app->settings, "admin_key", arena),
        .limit_memory = app->limits.login,
    };
    const struct asset_config assets = {
        .pool = app->pool,
        .blobs = app->blobs,
        .clock = &clock_system,
        .random = &random_system,
        .limits = asset_limits_now,
        .wake = on_events,
        .context = app,
    };
    const struct feed_config feed = {
        .pool = app->pool, .clock = &clock_system, .build = STR(VITRINE_VERSION)};

    if (!account_create(&account, &app->account, err) || !feed_create(&feed, &app->feed, err))
        return false;
    app->assets = asset_service_create(&assets);
    return asset_service_start(app->assets, err);
}

static bool start_engine(struct app *app, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct asset_limits limits;
    struct engine_config config = {
        .pool = app->pool,
        .loop = app->loop,
        .net = app->net,
        .workers = app->workers,
        .blobs = app->blobs,
        .clock = &clock_system,
        .random = &random_system,
        .boot_directory = below(app, "boot", arena),
        .operations = operations_for_engine(),
        .services = &app->operations,
        .hooks = {.context = app,
                  .load_provider = load_provider,
                  .find_account = find_account,
                  .model_limits = model_limits,
                  .has_key = has_key,
                  .record_result = record_result,
                  .afford = usage_afford,
                  .reserve = usage_reserve,
                  .settle = usage_settle,
                  .stand_in = stand_in,
                  .move_reserve = usage_move_reserve,
                  .run_added = prompt_keep},
        .queue_user_max = settings_int(app->settings, "queue.per_user_max"),
        .queue_max = settings_int(app->settings, "queue.total_max"),
        .tries_max = settings_int(app->settings, "queue.tries_max"),
        .deadline_ms = settings_int(app->settings, "queue.deadline_h") * 3600000,
        .on_progress = on_progress,
        .on_events = on_events,
        .context = app,
    };

    asset_limits_now(app, &limits);
    app->operations = (struct operation_services){
        .blobs = app->blobs,
        .limits = limits.picture,
        .fetch_size_max = limits.upload_size_max,
        .producer_code = producer_code,
        .context = app,
    };
    if (!engine_create(&config, &app->engine, err))
        return false;
    asset_service_set_engine(app->assets, app->engine);
    return engine_start(app->engine, err);
}

static bool start_http(struct app *app, size_t handlers, struct error *err)
{
    struct arena *arena = app->arena = arena_create(KIB(64)); /* names live as long as the server */
    const struct str origin = settings_text(app->settings, "public_origin", arena);
    const int64_t io = settings_int(app->settings, "threads.io");
    const struct http_config config = {
        .listen = arena_cstr(arena, settings_text(app->settings, "listen", arena)),
        .hosts = settings_list(app->settings, "hosts", arena),
        .proxies = settings_list(app->settings, "proxies", arena),
        .public_origin = origin.size == 0 ? NULL : arena_cstr(arena, origin),
        .is_insecure_allowed = settings_bool(app->settings, "insecure"),
        .io_threads = io > 0 ? (size_t)io : cores(),
        .handler_threads = handlers,
        .tables = app_tables,
        .assets = page_assets,
        .pool = app->pool,
        .blobs = app->blobs,
        .clock = &clock_system,
        .app = app,
        .handler_thread_end = image_thread_end,
        .authenticate = account_authenticate,
        .is_ready = is_ready,
        .metrics = metrics,
        .rate_per_minute = settings_int(app->settings, "rate.per_minute"),
        .rate_memory = app->limits.rate,
    };

    return http_server_create(&config, &app->http, err) && http_server_start(app->http, err);
}

bool app_start(struct app *app, struct error *err)
{
    int64_t handlers;

    /* No core file and no debugger of the same user sees the keys (security.md S47). */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)umask(077);
    app->started_at_ms = clock_wall_ms(&clock_system);
    handlers = settings_int(app->settings, "threads.handler");
    if (handlers <= 0)
        handlers = (int64_t)cores() * 4;
    if (!open_stores(app, (size_t)handlers, err) || !open_net(app, err) ||
        !attach_settings(app, err) || !start_workers(app, err) || !start_nouns(app, err) ||
        !start_engine(app, err))
        return false;
    app->is_started = true;
    return start_http(app, (size_t)handlers, err);
}

/* ---- Serving ---- */

struct trim {
    int64_t before_ms;
};

static bool trim_work(struct db *db, void *context, struct error *err)
{
    const struct trim *trim = context;
    int64_t dropped;

    if (!event_trim(db, trim->before_ms, EVENTS_KEPT, &dropped, err))
        return false;
    FAULT_IF(dropped > 0, RETENTION_MID);
    return true;
}

/* Files of nobody, then a part of those that are read once a month. */
static void tend_blobs(struct app *app)
{
    struct blob_sweep_counts swept;
    struct blob_scrub_counts scrubbed;
    struct error err = {0};
    bool more = true;

    for (int step = 0; more && step < SWEEP_STEPS_PER_MINUTE; step++) {
        if (!blob_sweep(app->blobs, &swept, &more, &err)) {
            log_error("duty_sweep_failed", &err, LOG_CSTR("duty", "blob_sweep"));
            break;
        }
        app->missing_seen += swept.missing;
        if (!more) { /* a whole round */
            atomic_store(&app->blobs_missing, app->missing_seen);
            app->missing_seen = 0;
        }
    }
    more = true;
    for (int step = 0; more && step < SCRUB_STEPS_PER_MINUTE; step++) {
        if (!blob_scrub(app->blobs, SCRUB_SIZE_PER_STEP, &scrubbed, &more, &err)) {
            log_error("duty_scrub_failed", &err, LOG_CSTR("duty", "blob_scrub"));
            break;
        }
        atomic_fetch_add(&app->blobs_damaged, scrubbed.damaged);
    }
}

/* Bounded work each minute: old events, the trash, deleted prompts, the files. */
static void do_duties(struct app *app)
{
    const int64_t now_ms = clock_wall_ms(&clock_system);
    const int64_t trash_days = settings_int(app->settings, "trash.days");
    struct trim trim = {.before_ms = now_ms - EVENTS_KEPT_MS};
    struct error err = {0};
    bool more;

    if (!db_transact(app->pool, "event_trim", trim_work, &trim, &err))
        log_error("duty_events_failed", &err, LOG_CSTR("duty", "event_trim"));
    /* Without an end of the trash what else is old still goes. */
    if (!asset_purge_trash(app->assets, trash_days > 0 ? now_ms - trash_days * 86400000 : 0, &more,
                           &err))
        log_error("duty_trash_failed", &err, LOG_CSTR("duty", "trash"));
    if (!prompt_purge(app->pool, now_ms - PROMPTS_KEPT_MS, &err))
        log_error("duty_prompts_failed", &err, LOG_CSTR("duty", "prompt_purge"));
    asset_job_wake(app->assets); /* what a full disk stopped */
    tend_blobs(app);
}

bool app_serve(struct app *app)
{
    int64_t duties_at_ms = clock_mono_ms(&clock_system) + DUTIES_MS;
    struct db_stats stats;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    for (;;) {
        const struct timespec look = {.tv_sec = LOOK_MS / 1000,
                                      .tv_nsec = (int64_t)(LOOK_MS % 1000) * 1000000};
        const int got = sigtimedwait(&signals, NULL, &look);

        if (got == SIGTERM || got == SIGINT) {
            log_info("stopping", LOG_INT("signal", got));
            return true;
        }
        db_pool_stats(app->pool, &stats);
        if (stats.is_broken) {
            /* After a failed fsync nobody knows what is on the disk: a new start finds out. */
            log_write(LOG_ERROR, "storage_broken", NULL, 0);
            return false;
        }
        blob_tend_reserve(app->blobs);
        if (clock_mono_ms(&clock_system) >= duties_at_ms) {
            do_duties(app);
            duties_at_ms = clock_mono_ms(&clock_system) + DUTIES_MS;
        }
    }
}

void app_stop(struct app *app)
{
    const int64_t drain_ms = app->settings != NULL && app->is_started
                                 ? settings_int(app->settings, "shutdown.drain_s") * 1000
                                 : 0;

    if (app->http != NULL)
        http_server_drain(app->http);
    FAULT(DRAIN_BEGUN);
    if (app->engine != NULL)
        engine_drain(app->engine, drain_ms);
    FAULT(DRAIN_ENDED);
    http_server_destroy(app->http);
    worker_pool_destroy(app->workers);
    net_destroy(app->net);
    asset_service_destroy(app->assets); /* its thread wakes the feed */
    feed_destroy(app->feed);
    account_destroy(app->account);
    db_pool_close(app->pool);
    FAULT(DRAIN_CLOSED);
    net_loop_destroy(app->loop);
    engine_destroy(app->engine);
    blob_store_close(app->blobs);
    limits_close(&app->limits);
    settings_destroy(app->settings);
    if (app->lock_fd >= 0)
        (void)close(app->lock_fd);
    arena_destroy(app->arena);
    free(app->data);
    image_finish();
}
