/* settings/test_house.h: for tests: settings, providers and their routes on a server and a
 * database. */
#pragma once

#include "http/test_server.h"

#include "core/log.h"
#include "db/migrations.h"
#include "settings/settings_private.h"

#include <ftw.h>
#include <pthread.h>

#define CANARY "sk-canary-0123456789-3f9a"
#define ADMIN STR("Cookie: sid=admin\r\n")
#define OWNER STR("Cookie: sid=owner\r\n")

struct house {
    struct fixture http;
    char directory[64], path[128];
    struct {
        _Atomic int64_t wall_ms, mono_ms;
    } time; /* moved by the test while the server's threads read it */
    struct clock clock;
    struct arena *arena;
    struct db_pool *pool;
    struct net_loop *loop;
    struct net *net;
    struct settings *settings;
    _Atomic int announced, changed, told;
    _Atomic int64_t changed_id;
    _Atomic bool is_announcing_broken;
    pthread_mutex_t lane_lock;
    struct lane_view lane;            /* the engine's only one; guarded by lane_lock */
    struct lane_model_view models[3]; /* of that lane; those without a name are not there */
};

/* The one definition of each test program. */
struct settings *app_settings(void *app) { return ((struct house *)app)->settings; }

static inline int64_t wall_ms(void *context) { return ((struct house *)context)->time.wall_ms; }

static inline int64_t mono_ms(void *context) { return ((struct house *)context)->time.mono_ms; }

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline bool announce(void *context, struct db *db, const char *kind, struct str body,
                            int64_t now_ms, struct error *err)
{
    struct house *house = context;

    (void)db, (void)kind, (void)body, (void)now_ms;
    if (atomic_load(&house->is_announcing_broken))
        return error_set(err, ERROR_INTERNAL, "the log of events is broken");
    atomic_fetch_add(&house->announced, 1);
    return true;
}

static inline void changed(void *context, int64_t provider_id)
{
    struct house *house = context;

    atomic_fetch_add(&house->changed, 1);
    atomic_store(&house->changed_id, provider_id);
}

static inline void told(void *context) { atomic_fetch_add(&((struct house *)context)->told, 1); }

static inline bool lane_of(void *context, int64_t provider_id, struct lane_view *out)
{
    struct house *house = context;

    pthread_mutex_lock(&house->lane_lock);
    *out = house->lane;
    pthread_mutex_unlock(&house->lane_lock);
    return out->provider_id == provider_id;
}

static inline size_t lane_models_of(void *context, int64_t provider_id, struct lane_model_view *out,
                                    size_t max)
{
    struct house *house = context;
    size_t count = 0;

    pthread_mutex_lock(&house->lane_lock);
    for (size_t i = 0; i < COUNT(house->models) && count < max; i++)
        if (house->models[i].name.size > 0 && house->lane.provider_id == provider_id)
            out[count++] = house->models[i];
    pthread_mutex_unlock(&house->lane_lock);
    return count;
}

/* The settings as a start with this master key finds them. */
static inline void start_settings(struct house *house, uint8_t key)
{
    static const char *const environment[] = {"VITRINE_QUEUE_TRIES_MAX=9",
                                              "VITRINE_ADMIN_KEY=canary-of-an-admin-key", NULL};
    struct settings_services services = {
        .pool = house->pool,
        .clock = &house->clock,
        .random = &random_system,
        .net = house->net,
        .hooks = {.context = house,
                  .announce = announce,
                  .changed = changed,
                  .told = told,
                  .lane = lane_of,
                  .lane_models = lane_models_of}
    };
    struct error err = {0};

    memset(services.master_key.bytes, key, sizeof services.master_key.bytes);
    settings_destroy(house->settings);
    house->settings = NULL;
    if (!settings_create(NULL, false, environment, &house->settings, &err) ||
        !settings_attach(house->settings, &services, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static inline void open_pool(struct house *house)
{
    struct db_config config = {.path = house->path,
                               .readers = 4,
                               .migrations = db_migrations,
                               .migration_count = db_migration_count,
                               .clock = &clock_system};
    struct error err = {0};

    if (!db_pool_open(&config, &house->pool, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static inline int set_up(void **state)
{
    static const struct http_route *const tables[] = {
        setting_routes, provider_kind_routes, workflow_routes, provider_routes, key_routes,
        health_routes,  provider_file_routes, model_routes,    preset_routes,   NULL};
    static struct house house;
    struct net_config net = {.transfers_max = 8};
    struct error err = {0};

    memset(&house, 0, sizeof house);
    snprintf(house.directory, sizeof house.directory, "/tmp/vitrine-settings-XXXXXX");
    house.time.wall_ms = 1700000000000;
    house.time.mono_ms = 5000;
    house.clock = (struct clock){wall_ms, mono_ms, &house};
    house.arena = arena_create(MIB(64));
    pthread_mutex_init(&house.lane_lock, NULL);
    assert_non_null(mkdtemp(house.directory));
    snprintf(house.path, sizeof house.path, "%s/vitrine.db", house.directory);
    open_pool(&house);
    assert_true(net_loop_create(&house.loop, &err));
    net.loop = house.loop;
    assert_true(net_create(&net, &house.net, &err));
    assert_true(net_loop_start(house.loop, &err));
    start_settings(&house, 7);
    fixture_prepare(&house.http);
    house.http.config.tables = tables;
    house.http.config.app = &house;
    house.http.config.pool = house.pool;
    house.http.config.clock = &house.clock;
    house.http.config.is_ready = NULL;
    house.http.config.rate_per_minute = 100000;
    fixture_start(&house.http);
    *state = &house;
    return 0;
}

static inline int tear_down(void **state)
{
    struct house *house = *state;

    fixture_end(&house->http);
    net_destroy(house->net);
    net_loop_destroy(house->loop);
    settings_destroy(house->settings);
    db_pool_close(house->pool);
    pthread_mutex_destroy(&house->lane_lock);
    arena_destroy(house->arena);
    return nftw(house->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- speaking ---- */

static inline struct answer ask(struct house *house, const char *method, const char *path,
                                struct str who, const char *body)
{
    struct str request;

    if (body == NULL)
        request = arena_printf(house->arena,
                               "%s %s HTTP/1.1\r\n%%H%.*sX-Vitrine: 1\r\nSec-Fetch-Site: "
                               "same-origin\r\nConnection: close\r\n\r\n",
                               method, path, STR_ARGS(who));
    else
        request = arena_printf(house->arena,
                               "%s %s HTTP/1.1\r\n%%H%.*sX-Vitrine: 1\r\nSec-Fetch-Site: "
                               "same-origin\r\nContent-Type: application/json\r\n"
                               "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                               method, path, STR_ARGS(who), strlen(body), body);
    return exchange_bytes(&house->http, request);
}

static inline void expect_at(struct house *house, const char *method, const char *path,
                             struct str who, const char *body, int status, const char *has,
                             int line)
{
    struct answer answer = ask(house, method, path, who, body);

    if (answer.status != status || (has != NULL && !answer_has(&answer, has)))
        fail_msg("line %d: %s %s: %d: %.*s", line, method, path, answer.status,
                 STR_ARGS(answer.body));
    /* Whatever is asked, no answer holds a secret. */
    if (answer_has(&answer, "canary"))
        fail_msg("line %d: %s %s shows a secret", line, method, path);
    buf_finish(&answer.bytes);
}
#define EXPECT(house, method, path, body, status, has)                                             \
    expect_at(house, method, path, ADMIN, body, status, has, __LINE__)

/* Adds a provider; its path. */
static inline const char *add_provider(struct house *house, const char *body)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct answer answer = ask(house, "POST", "/api/v1/providers", OWNER, body);
    struct error err = {0};
    struct str path;

    if (answer.status != 201)
        fail_msg("%.*s", STR_ARGS(answer.body));
    assert_true(json_read(answer.body, &json, &err));
    path = arena_printf(house->arena, "/api/v1/providers/%.*s",
                        STR_ARGS(json_text(json_get(json, "id"))));
    buf_finish(&answer.bytes);
    return arena_cstr(house->arena, path);
}

/* Its row. */
static inline struct provider_row provider_at(struct house *house, const char *path)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct provider_row row;
    struct error err = {0};

    assert_true(db_borrow(house->pool, &db, &err));
    assert_true(provider_store_find(db, str_of(path + strlen("/api/v1/providers/")), house->arena,
                                    &row, &err));
    return row;
}
