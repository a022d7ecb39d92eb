#include "http/test_server.h"

#include "asset/asset.h"
#include "core/log.h"
#include "core/test.h"
#include "core/worker.h"
#include "db/migrations.h"
#include "generate/generate.h"
#include "operation/operation.h"
#include "settings/settings.h"

#include <ftw.h>
#include <sys/stat.h>

/* test_authenticate() knows the cookies viewer (user 1), member (ANN) and admin (user 3). */
#define ANN 2
#define VIEWER "viewer"
#define MEMBER "member"
#define ADMIN "admin"
#define NOON INT64_C(1763812800000) /* 2025-11-22T12:00:00Z */
#define RUN_ID "01JDRVN0000000000000000000"
#define TASK_ID "01JDTASK000000000000000000"
#define LONG_200                                                                                   \
    "12345678901234567890123456789012345678901234567890"                                           \
    "12345678901234567890123456789012345678901234567890"                                           \
    "12345678901234567890123456789012345678901234567890"                                           \
    "12345678901234567890123456789012345678901234567890"

/* A house whose engine takes runs and starts nothing. */
struct house {
    struct fixture http;
    char directory[64];
    struct arena *arena;
    struct db_pool *pool;
    struct settings *settings;
    struct net_loop *loop;
    struct net *net;
    struct worker_pool *workers;
    struct engine *engine;
    struct feed *feed;
};
static struct house house;

struct settings *app_settings(void *app) { return ((struct house *)app)->settings; }
struct asset_service *app_assets(void *app) { return (void)app, NULL; }
struct engine *app_engine(void *app) { return ((struct house *)app)->engine; }
struct feed *app_feed(void *app) { return ((struct house *)app)->feed; }

static void no_error(bool ok, const struct error *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s (%s) %s", what, err->message, err->field, err->detail);
}

static const char *below(const char *name)
{
    return arena_cstr(house.arena, arena_printf(house.arena, "%s/%s", house.directory, name));
}

static void open_settings(void)
{
    static const char *const environment[] = {NULL};
    struct settings_services services = {
        .pool = house.pool, .clock = &clock_system, .random = &random_system};
    struct error err = {0};

    memset(services.master_key.bytes, 7, sizeof(services.master_key.bytes));
    no_error(settings_create(NULL, false, environment, &house.settings, &err) &&
                 settings_attach(house.settings, &services, &err),
             &err, "settings");
}

static void open_engine(void)
{
    const struct worker_config workers = {.name = "work", .threads = 1, .queue_max = 10};
    struct net_config net = {.transfers_max = 4};
    struct engine_config config = {.pool = house.pool,
                                   .clock = &clock_system,
                                   .random = &random_system,
                                   .boot_directory = below("boot"),
                                   .operations = operations_for_engine(),
                                   .hooks = {.run_added = prompt_keep}};
    struct error err = {0};

    assert_int_equal(mkdir(config.boot_directory, 0700), 0);
    no_error(net_loop_create(&house.loop, &err) && net_loop_start(house.loop, &err), &err, "loop");
    net.loop = house.loop;
    no_error(net_create(&net, &house.net, &err), &err, "net");
    no_error(worker_pool_create(&workers, &house.workers, &err), &err, "workers");
    config.loop = house.loop;
    config.net = house.net;
    config.workers = house.workers;
    no_error(engine_create(&config, &house.engine, &err) && engine_start(house.engine, &err) &&
                 engine_pause(house.engine, true, STR("a test"), &err),
             &err, "engine");
}

static int set_up(void **state)
{
    static const struct http_route *const tables[] = {
        run_routes, task_routes, queue_routes, quick_routes, prompt_routes, operation_routes, NULL};
    struct db_config db = {.readers = 6,
                           .migrations = db_migrations,
                           .migration_count = db_migration_count,
                           .clock = &clock_system};
    struct feed_config feed = {.clock = &clock_system, .build = STR("test")};
    struct error err = {0};

    house =
        (struct house){.directory = "/tmp/vitrine-generate-XXXXXX", .arena = arena_create(MIB(16))};
    assert_non_null(mkdtemp(house.directory));
    db.path = below("db");
    no_error(db_pool_open(&db, &house.pool, &err), &err, "db_pool_open");
    open_settings();
    open_engine();
    feed.pool = house.pool;
    no_error(feed_create(&feed, &house.feed, &err), &err, "feed");
    fixture_prepare(&house.http);
    house.http.config.tables = tables;
    house.http.config.pool = house.pool;
    house.http.config.clock = &clock_system;
    house.http.config.app = &house;
    house.http.config.is_ready = NULL;
    fixture_start(&house.http);
    *state = &house;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&house.http);
    engine_drain(house.engine, 0);
    worker_pool_destroy(house.workers);
    net_destroy(house.net);
    feed_destroy(house.feed);
    settings_destroy(house.settings);
    db_pool_close(house.pool);
    net_loop_destroy(house.loop);
    engine_destroy(house.engine);
    arena_destroy(house.arena);
    return nftw(house.directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* `line` is "POST /api/v1/runs"; `field` is one more header line, or NULL. */
static struct answer ask(const char *who, const char *line, const char *field, const char *body)
{
    struct str request = arena_printf(
        house.arena,
        "%s HTTP/1.1\r\n%%HOrigin: http://127.0.0.1:%d\r\nX-Vitrine: 1\r\nCookie: sid=%s\r\n%s%s"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n"
        "Connection: close\r\n\r\n%s",
        line, house.http.port, who, field == NULL ? "" : field, field == NULL ? "" : "\r\n",
        body == NULL ? (size_t)0 : strlen(body), body == NULL ? "" : body);
    struct answer answer = exchange_bytes(&house.http, request);
    struct buf bytes = answer.bytes;

    answer.body = arena_str(house.arena, answer.body);
    answer.head = STR_EMPTY;
    buf_finish(&bytes);
    answer.bytes = (struct buf){0};
    return answer;
}

static void has(const struct answer *answer, const char *part, const char *because)
{
    if (str_find(answer->body, str_of(part)) < 0)
        fail_msg("%s: \"%s\" is not in %d: %.*s", because, part, answer->status,
                 STR_ARGS(answer->body));
}

/* ---- what is refused ---- */

#define GENERATE "POST /api/v1/generate"
#define RUNS "POST /api/v1/runs"
#define RUN "PATCH /api/v1/runs/" RUN_ID
#define RESOLVE "POST /api/v1/tasks/" TASK_ID "/resolve"
#define MOVE "POST /api/v1/tasks/" TASK_ID "/move"
#define NODE(key) "{\"key\":\"" key "\",\"operation\":\"image.generate\"}"

static void test_what_is_out_of_bounds_is_named_with_its_limit(void **state)
{
    /* clang-format off */
    static const struct {
        const char *line, *body, *code, *field, *limit;
    } cases[] = {
        {GENERATE, "{}", "required", "prompt", NULL},
        {GENERATE, "{\"prompt\":\"\"}", "too_short", "prompt", "1"},
        {GENERATE, "{\"prompt\":7}", "wrong_type", "prompt", NULL},
        {GENERATE, "{\"prompt\":\"a\",\"size\":\"1x1\"}", "unknown_field", "size", NULL},
        {GENERATE, "{\"prompt\":\"a\",\"model\":\"" LONG_200 "1\"}", "too_long", "model", "200"},
        {GENERATE, "{\"prompt\":\"a\",\"model\":\"none\"}", "not_in_list", "model", NULL},
        {GENERATE, "{\"prompt\":\"a\",\"width\":8193}", "too_big", "width", "8192"},
        {GENERATE, "{\"prompt\":\"a\",\"height\":8193}", "too_big", "height", "8192"},
        {GENERATE, "{\"prompt\":\"a\",\"width\":1.5}", "wrong_type", "width", NULL},
        {GENERATE, "{\"prompt\":\"a\",\"num_images\":0}", "too_small", "num_images", "1"},
        {GENERATE, "{\"prompt\":\"a\",\"num_images\":17}", "too_big", "num_images", "16"},
        {GENERATE, "{\"prompt\":\"a\",\"seed\":-2}", "too_small", "seed", NULL}, /* -1 is no limit to name */
        {GENERATE, "{\"prompt\":\"a\",\"seed\":4294967296}", "too_big", "seed", "4294967295"},
        {GENERATE, "{\"prompt\":\"a\",\"steps\":201}", "too_big", "steps", "200"},
        {GENERATE, "{\"prompt\":\"a\",\"steps\":5}", "invalid", "steps", NULL}, /* not the mock's */
        {GENERATE, "{\"prompt\":\"a\",\"scale\":50.5}", "too_big", "scale", "50"},
        {RUNS, "{}", "required", "nodes", NULL},
        {RUNS, "{\"nodes\":[]}", "too_short", "nodes", "1"},
        {RUNS, "{\"nodes\":[" NODE("a") "],\"title\":\"" LONG_200 "1\"}", "too_long", "title", "200"},
        {RUNS, "{\"nodes\":[" NODE("a") "],\"priority\":\"soon\"}", "not_in_list", "priority", NULL},
        {RUNS, "{\"nodes\":[" NODE("") "]}", "too_short", "nodes[0].key", "1"},
        {RUNS, "{\"nodes\":[" NODE("a") "," NODE(LONG_200) "]}", "too_long", "nodes[1].key", "64"},
        {RUNS, "{\"nodes\":[" NODE("a") "],\"edges\":[{\"from\":\"a\"}]}", "required", "edges[0].to",
         NULL},
        {RUNS, "{\"nodes\":[" NODE("a") "]}", "required", "nodes[0].parameters.prompt", NULL},
        {"POST /api/v1/runs/estimate", "{\"nodes\":[" NODE("a") "]}", "required",
         "nodes[0].parameters.prompt", NULL},
        {RUN, "{}", "required", "priority", NULL},
        {RUN, "{\"priority\":\"soon\"}", "not_in_list", "priority", NULL},
        {RESOLVE, "{}", "required", "answer", NULL},
        {RESOLVE, "{\"answer\":\"maybe\"}", "not_in_list", "answer", NULL},
        {MOVE, "{\"to\":\"up\"}", "not_in_list", "to", NULL},
        {MOVE, "{\"to\":\"before\"}", "required", "before", NULL},
        {MOVE, "{\"to\":\"before\",\"before\":\"x\"}", "invalid", "before", NULL},
        {"POST /api/v1/queue/pause", "{\"reason\":\"" LONG_200 "\"}", "too_long", "reason", "90"},
        {"GET /api/v1/runs?limit=0", NULL, "too_small", "limit", "1"},
        {"GET /api/v1/runs?limit=101", NULL, "too_big", "limit", "100"},
        {"GET /api/v1/runs?state=odd", NULL, "not_in_list", "state", NULL},
        {"GET /api/v1/runs?cursor=x", NULL, "invalid", "cursor", NULL},
        {"GET /api/v1/prompts?limit=0", NULL, "too_small", "limit", "1"},
        {"GET /api/v1/prompts?limit=51", NULL, "too_big", "limit", "50"},
        {"GET /api/v1/prompts?cursor=1.x", NULL, "invalid", "cursor", NULL},
        {"GET /api/v1/prompts?q=" LONG_200 "1", NULL, "too_long", "q", "200"},
        {"GET /api/v1/prompts?state=done", NULL, "unknown_field", "state", NULL},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *because =
            arena_cstr(house.arena, arena_printf(house.arena, "%s %.60s", cases[i].line,
                                                 cases[i].body == NULL ? "" : cases[i].body));
        struct answer answer = ask(ADMIN, cases[i].line, NULL, cases[i].body);

        if (answer.status != 422)
            fail_msg("%s: %d: %.*s", because, answer.status, STR_ARGS(answer.body));
        has(&answer,
            arena_cstr(house.arena, arena_printf(house.arena, "\"code\":\"%s\"", cases[i].code)),
            because);
        has(&answer,
            arena_cstr(house.arena, arena_printf(house.arena, "\"field\":\"%s\"", cases[i].field)),
            because);
        if (cases[i].limit != NULL)
            has(&answer,
                arena_cstr(house.arena, arena_printf(house.arena, "\"limit\":%s", cases[i].limit)),
                because);
    }
}

static void test_a_key_that_is_too_long_is_refused_and_not_cut(void **state)
{
    static const struct {
        const char *line, *body, *fits;
        int status;
    } cases[] = {
        {GENERATE, "{\"prompt\":\"a\"}",         "Idempotency-Key: " LONG_200, 202},
        {RUNS,
         "{\"nodes\":[{\"key\":\"a\",\"operation\":\"image.generate\","
         "\"parameters\":{\"prompt\":\"a\"}}]}", "Idempotency-Key: short",     201},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answer answer =
            ask(MEMBER, cases[i].line, "Idempotency-Key: " LONG_200 "1", cases[i].body);

        assert_int_equal(answer.status, 422);
        has(&answer, "\"code\":\"too_long\"", cases[i].line);
        has(&answer, "\"field\":\"Idempotency-Key\"", cases[i].line);
        has(&answer, "\"limit\":200", cases[i].line);
        answer = ask(MEMBER, cases[i].line, cases[i].fits, cases[i].body);
        assert_int_equal(answer.status, cases[i].status);
    }
}

/* ---- what is shown ---- */

struct shown {
    const char *state, *run_state;
    int64_t started_at_ms, finished_at_ms;
    const char *error_class, *hold_reason;
};

static bool add_task(struct db *db, void *context, struct error *err)
{
    static const struct sql run = {
        "test_run",
        "INSERT INTO run (id, public_id, user_id, title, state, priority, task_count, left_count,"
        " created_at_ms, finished_at_ms, request_hash)"
        " VALUES (900, '" RUN_ID "', $1, 'cups', $2, 1, 1, $3, $4, NULLIF($5, 0), x'00')",
        NULL};
    static const struct sql task = {
        "test_task",
        "INSERT INTO task (id, public_id, run_id, user_id, node_key, operation, state, priority,"
        " rank, parameters, inputs, deps_left, run_at_ms, start_by_ms, deadline_at_ms, tries_max,"
        " created_at_ms, started_at_ms, finished_at_ms, error_class, error_message, hold_reason)"
        " VALUES (900, '" TASK_ID "', 900, $1, 'a', 'image.generate', $2, 1, 1,"
        " '{\"prompt\":\"a \\u8336 cup\",\"width\":640,\"height\":480}', '{}', 0, 0, 0, 0, 5, $3,"
        " NULLIF($4, 0), NULLIF($5, 0), $6, 'no such thing', $7)",
        NULL};
    const struct shown *shown = context;
    const struct sql_value run_args[] = {SQL_INT64(ANN), SQL_TEXT(str_of(shown->run_state)),
                                         SQL_INT64(shown->finished_at_ms == 0), SQL_INT64(NOON),
                                         SQL_INT64(shown->finished_at_ms)};
    const struct sql_value task_args[] = {SQL_INT64(ANN),
                                          SQL_TEXT(str_of(shown->state)),
                                          SQL_INT64(NOON),
                                          SQL_INT64(shown->started_at_ms),
                                          SQL_INT64(shown->finished_at_ms),
                                          SQL_TEXT(str_of(shown->error_class)),
                                          SQL_TEXT(str_of(shown->hold_reason))};

    return db_exec(db, &run, run_args, COUNT(run_args), NULL, err) &&
           db_exec(db, &task, task_args, COUNT(task_args), NULL, err);
}

static bool drop_task(struct db *db, void *context, struct error *err)
{
    static const struct sql drop = {"test_drop", "DELETE FROM run WHERE id = 900", NULL};

    (void)context;
    return db_exec(db, &drop, NULL, 0, NULL, err);
}

static void test_a_task_is_shown_as_its_state_has_it(void **state)
{
    /* clang-format off */
    static const struct {
        struct shown shown;
        const char *quick, *progress, *parts[5];
    } cases[] = {
        {{"blocked", "active", 0, 0, "", ""}, "pending", "0",
         {"\"started_at\":null", "\"finished_at\":null", "\"error\":null", "\"hold_reason\":null"}},
        {{"ready", "active", 0, 0, "", ""}, "pending", "0",
         {"\"started_at\":null", "\"position\":0", "\"progress\":null"}},
        {{"running", "active", NOON + 1000, 0, "", ""}, "processing", "0",
         {"\"started_at\":\"2025-11-22T12:00:01.000Z\"", "\"finished_at\":null"}},
        {{"waiting", "active", NOON + 1000, 0, "", ""}, "processing", "0",
         {"\"finished_at\":null", "\"partial_count\":0"}},
        {{"held", "active", NOON + 1000, 0, "unknown", "unknown_outcome"}, "processing", "0",
         {"\"hold_reason\":\"unknown_outcome\"", "\"class\":\"unknown\"", "\"next\":\"resolve\""}},
        {{"done", "done", NOON + 1000, NOON + 2000, "", ""}, "completed", "100",
         {"\"finished_at\":\"2025-11-22T12:00:02.000Z\"", "\"error\":null", "\"assets\":[]"}},
        {{"failed", "failed", NOON + 1000, NOON + 2000, "auth", ""}, "failed", "100",
         {"\"class\":\"auth\"", "\"message\":\"no such thing\"", "\"next\":\"open_provider\""}},
        {{"cancelled", "cancelled", 0, NOON + 2000, "cancelled", ""}, "cancelled", "100",
         {"\"started_at\":null", "\"class\":\"cancelled\"", "\"next\":\"retry\""}},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shown shown = cases[i].shown;
        const char *because = shown.state;
        struct error err = {0};
        struct answer task, run, quick;

        no_error(db_transact(house.pool, "test_add", add_task, &shown, &err), &err, because);
        task = ask(MEMBER, "GET /api/v1/tasks/" TASK_ID, NULL, NULL);
        run = ask(MEMBER, "GET /api/v1/runs/" RUN_ID, NULL, NULL);
        quick = ask(MEMBER, "GET /api/v1/task/" RUN_ID, NULL, NULL);
        assert_int_equal(task.status, 200);
        has(&task,
            arena_cstr(house.arena, arena_printf(house.arena, "\"state\":\"%s\"", shown.state)),
            because);
        /* What every task says, read out of its parameters. */
        has(&task, "\"prompt\":\"a \xe8\x8c\xb6 cup\",\"width_px\":640,\"height_px\":480", because);
        has(&task, "\"attempts\":[]", because);
        for (size_t part = 0; part < COUNT(cases[i].parts) && cases[i].parts[part] != NULL; part++)
            has(&task, cases[i].parts[part], because);
        assert_int_equal(run.status, 200);
        has(&run,
            arena_cstr(house.arena, arena_printf(house.arena, "\"state\":\"%s\"", shown.run_state)),
            because);
        has(&run, "\"tasks\":[{\"id\":\"" TASK_ID "\"", because);
        assert_int_equal(quick.status, 200);
        has(&quick,
            arena_cstr(house.arena,
                       arena_printf(house.arena, "\"status\":\"%s\",\"progress\":%s,\"images\":[]",
                                    cases[i].quick, cases[i].progress)),
            because);
        no_error(db_transact(house.pool, "test_drop", drop_task, NULL, &err), &err, because);
    }
}

struct wrote {
    const char *operation, *output;
};

static bool set_output(struct db *db, void *context, struct error *err)
{
    static const struct sql set = {
        "test_set_output", "UPDATE task SET operation = $1, output = $2 WHERE id = 900", NULL};
    const struct wrote *wrote = context;
    const struct sql_value args[] = {SQL_TEXT(str_of(wrote->operation)),
                                     SQL_TEXT(str_of(wrote->output))};

    return db_exec(db, &set, args, COUNT(args), NULL, err);
}

static void test_what_a_task_wrote_is_shown(void **state)
{
#define WROTE "{\"pictures\":[],\"text\":\"a blue cup\",\"keywords\":[\"cup\"],\"confidence\":0.5}"
    static const struct {
        struct wrote wrote;
        const char *part, *because;
    } cases[] = {
        {{"image.describe", WROTE},
         "\"written\":{\"text\":\"a blue cup\",\"keywords\":[\"cup\"],\"confidence\":0.5}",             "a description"                  },
        {{"prompt.expand", "{\"pictures\":[],\"text\":\"a\"}"},
         "\"written\":{\"text\":\"a\",\"keywords\":[],\"confidence\":0.0}",                             "a prompt"                       },
        {{"image.describe", ""},                                                    "\"written\":null", "not yet"                        },
        {{"image.describe", "{"},                                                   "\"written\":null", "what cannot be read"            },
        {{"image.generate", WROTE},                                                 "\"written\":null", "pictures"                       },
        {{"image.generate", "{\"pictures\":[],\"missing\":\"one was filtered\"}"},
         "\"missing\":\"one was filtered\"",                                                            "fewer pictures"                 },
        {{"prompt.expand", "{\"pictures\":[],\"text\":\"a\",\"missing\":\"cut\"}"},
         "\"missing\":\"cut\"",                                                                         "half a text"                    },
        {{"image.generate", WROTE},                                                 "\"missing\":null", "all came"                       },
        {{"image.forgotten", WROTE},                                                "\"written\":null", "an operation of another version"},
    };
    struct shown shown = {"done", "done", NOON + 1000, NOON + 2000, "", ""};
    struct error err = {0};

    (void)state;
    no_error(db_transact(house.pool, "test_add", add_task, &shown, &err), &err, "a task");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wrote wrote = cases[i].wrote;
        struct answer task, run;

        no_error(db_transact(house.pool, "test_set_output", set_output, &wrote, &err), &err,
                 cases[i].because);
        task = ask(MEMBER, "GET /api/v1/tasks/" TASK_ID, NULL, NULL);
        run = ask(MEMBER, "GET /api/v1/runs/" RUN_ID, NULL, NULL);
        has(&task, cases[i].part, cases[i].because);
        has(&run, cases[i].part, cases[i].because);
    }
    no_error(db_transact(house.pool, "test_drop", drop_task, NULL, &err), &err, "no task");
}

static void test_operations_say_what_their_ports_carry(void **state)
{
    struct answer answer = ask(VIEWER, "GET /api/v1/operations", NULL, NULL);

    (void)state;
    assert_int_equal(answer.status, 200);
    has(&answer, "{\"name\":\"images\",\"type\":\"image\",\"is_list\":true", "pictures");
    has(&answer, "{\"name\":\"text\",\"type\":\"text\",\"is_list\":false", "a text");
}

static void test_who_may_not_learns_nothing(void **state)
{
    static const struct {
        const char *who, *line, *body;
        int status;
    } cases[] = {
        {ADMIN,  "GET /api/v1/tasks/" TASK_ID,               NULL,                       404},
        {ADMIN,  "GET /api/v1/runs/" RUN_ID,                 NULL,                       404},
        {ADMIN,  "GET /api/v1/task/" RUN_ID,                 NULL,                       404},
        {ADMIN,  "POST /api/v1/tasks/" TASK_ID "/cancel",    "",                         404},
        {ADMIN,  RUN,                                        "{\"priority\":\"front\"}", 404},
        {ADMIN,  RESOLVE,                                    "{\"answer\":\"give_up\"}", 404},
        {MEMBER, "GET /api/v1/tasks/" RUN_ID,                NULL,                       404},
        {MEMBER, "GET /api/v1/tasks/" TASK_ID "/partials/x", NULL,                       404},
        {MEMBER, "GET /api/v1/tasks/" TASK_ID "/partials/0", NULL,                       404},
        {MEMBER, "POST /api/v1/queue/pause",                 "{}",                       403},
        {VIEWER, GENERATE,                                   "{\"prompt\":\"a\"}",       403},
        {VIEWER, RUN,                                        "{\"priority\":\"front\"}", 403},
        {VIEWER, "DELETE /api/v1/prompts",                   NULL,                       403},
        {ADMIN,  "DELETE /api/v1/prompts/" TASK_ID,          NULL,                       404},
        {"none", "GET /api/v1/prompts",                      NULL,                       401},
        {"none", "GET /api/v1/queue",                        NULL,                       401},
    };
    struct shown shown = {"blocked", "active", 0, 0, "", ""};
    struct error err = {0};

    (void)state;
    no_error(db_transact(house.pool, "test_add", add_task, &shown, &err), &err, "a task");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answer answer = ask(cases[i].who, cases[i].line, NULL, cases[i].body);

        if (answer.status != cases[i].status)
            fail_msg("%s %s: %d: %.*s", cases[i].who, cases[i].line, answer.status,
                     STR_ARGS(answer.body));
        check(str_find(answer.body, STR("cup")) < 0, cases[i].line);
    }
    no_error(db_transact(house.pool, "test_drop", drop_task, NULL, &err), &err, "drop");
}

static void test_a_repeat_with_the_same_key_is_the_same_run(void **state)
{
    static const char body[] = "{\"prompt\":\"a cup\",\"num_images\":2}";
    static const char key[] = "Idempotency-Key: morning-1";
    struct answer first = ask(MEMBER, GENERATE, key, body);
    struct answer second = ask(MEMBER, GENERATE, key, body);
    struct answer other = ask(MEMBER, GENERATE, key, "{\"prompt\":\"a jug\"}");

    (void)state;
    assert_int_equal(first.status, 202);
    has(&first, "\"status\":\"pending\"", "as it starts");
    assert_true(str_equal(first.body, second.body));
    assert_int_equal(other.status, 422);
    has(&other, "\"code\":\"idempotency_key_reused\"", "another wish under the same key");
}

/* Another person's is as if it was not there, and a submission alone is enough to be remembered. */
static void test_a_prompt_is_kept_by_its_submission_and_forgotten_by_its_person(void **state)
{
    static const char list[] = "GET /api/v1/prompts?q=teapot";
    struct answer answer =
        ask(MEMBER, GENERATE, NULL, "{\"prompt\":\"a teapot\",\"num_images\":3}");
    const char *forget, *restore;

    (void)state;
    assert_int_equal(answer.status, 202);
    answer = ask(MEMBER, list, NULL, NULL);
    has(&answer, "\"text\":\"a teapot\",\"use_count\":1,", "its pictures are one use");
    has(&answer, "\"picture\":null}],\"next_cursor\":null}", "the whole list");
    forget = arena_cstr(house.arena, arena_printf(house.arena, "DELETE /api/v1/prompts/%.26s",
                                                  strstr(answer.body.data, "\"id\":\"") + 6));
    restore = arena_cstr(
        house.arena, arena_printf(house.arena, "POST %s/restore", forget + sizeof("DELETE ") - 1));
    answer = ask(ADMIN, list, NULL, NULL);
    has(&answer, "{\"items\":[],", "nobody else's");
    assert_int_equal(ask(ADMIN, forget, NULL, NULL).status, 404);
    assert_int_equal(ask(ADMIN, restore, NULL, NULL).status, 404);
    assert_int_equal(ask(MEMBER, forget, NULL, NULL).status, 204);
    assert_int_equal(ask(MEMBER, forget, NULL, NULL).status, 204);
    answer = ask(MEMBER, list, NULL, NULL);
    has(&answer, "{\"items\":[],", "forgotten");
    answer = ask(MEMBER, restore, NULL, NULL);
    assert_int_equal(answer.status, 200);
    has(&answer, "\"text\":\"a teapot\",\"use_count\":1,", "as it was");
    assert_int_equal(ask(MEMBER, "DELETE /api/v1/prompts", NULL, NULL).status, 204);
    answer = ask(MEMBER, "GET /api/v1/prompts", NULL, NULL);
    has(&answer, "{\"items\":[],\"next_cursor\":null}", "all are forgotten");
    assert_int_equal(ask(MEMBER, "DELETE /api/v1/prompts", NULL, NULL).status, 204);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_out_of_bounds_is_named_with_its_limit),
        cmocka_unit_test(test_a_key_that_is_too_long_is_refused_and_not_cut),
        cmocka_unit_test(test_a_task_is_shown_as_its_state_has_it),
        cmocka_unit_test(test_what_a_task_wrote_is_shown),
        cmocka_unit_test(test_operations_say_what_their_ports_carry),
        cmocka_unit_test(test_who_may_not_learns_nothing),
        cmocka_unit_test(test_a_repeat_with_the_same_key_is_the_same_run),
        cmocka_unit_test(test_a_prompt_is_kept_by_its_submission_and_forgotten_by_its_person),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
