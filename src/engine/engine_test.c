/* The engine whole: its thread, the writer, workers, the network; and a process that is killed. */
#include "engine/test_private.h"

#include "core/hash.h"
#include "core/sign.h"
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

enum { WAIT_S = 60, WORKERS = 3, CHILD_RUNS = 400, KILL_AFTER = 120 };

struct house {
    struct place place;
    struct net_loop *loop;
    struct net *net;
    struct worker_pool *workers;
    struct engine *engine;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_gate_open;                      /* guarded by lock: test.gate goes on */
    int64_t at_gate, told, progress;        /* guarded by lock */
    int server;                             /* listens and never answers; -1: none */
    const struct exchange_signing *signing; /* of its calls */
    struct str url;
};

/* ---- Operations ---- */

static void echo_begin(struct attempt *attempt, struct step *out)
{
    (void)attempt;
    out->type = STEP_DONE;
    out->output = STR("{\"echo\":true}");
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Waits until the test opens the gate, or nobody wants it any more. */
static void gate_begin(struct attempt *attempt, struct step *out)
{
    struct house *house = attempt->services;

    attempt_publish_partial(attempt, 0, STR("half a picture"), STR("image/png"));
    pthread_mutex_lock(&house->lock);
    house->at_gate++;
    pthread_cond_broadcast(&house->changed);
    while (!house->is_gate_open && attempt_is_wanted(attempt)) {
        const struct timespec until = in_ms(5);

        (void)pthread_cond_timedwait(&house->changed, &house->lock, &until);
    }
    pthread_mutex_unlock(&house->lock);
    if (attempt_is_wanted(attempt)) {
        echo_begin(attempt, out);
        return;
    }
    out->type = STEP_FAILED;
    out->failure = (struct provider_failure){.class = FAILURE_CANCELLED, .retry_after_ms = -1};
}

static void call_begin(struct attempt *attempt, struct step *out)
{
    const struct house *house = attempt->services;

    out->type = STEP_EXCHANGE;
    out->exchange = (struct exchange){.purpose = EXCHANGE_SUBMIT,
                                      .is_paid = true,
                                      .is_own_origin = true,
                                      .method = STR("POST"),
                                      .url = house->url,
                                      .signing = house->signing,
                                      .body = ARENA_NEW(attempt->arena, struct str),
                                      .body_count = 1,
                                      .reply_size_max = 1000};
    out->exchange.body[0] = STR("please");
}

static void call_reply(struct attempt *attempt, const struct exchange *exchange,
                       const struct exchange_reply *reply, struct step *out)
{
    (void)attempt, (void)exchange;
    out->type = STEP_FAILED;
    out->failure = (struct provider_failure){
        .class = reply->outcome == EXCHANGE_NOT_SENT ? FAILURE_NOT_SENT : FAILURE_UNKNOWN,
        .charged = reply->outcome == EXCHANGE_NOT_SENT ? CHARGED_NO : CHARGED_MAYBE,
        .retry_after_ms = -1};
}

static const struct engine_operation echo_operation = {.name = "test.echo", .begin = echo_begin};
static const struct engine_operation gate_operation = {.name = "test.gate", .begin = gate_begin};
static const struct engine_operation call_operation = {
    .name = "test.call", .needs_provider = true, .begin = call_begin, .reply = call_reply};
static const struct engine_operation *const operations[] = {&echo_operation, &gate_operation,
                                                            &call_operation, NULL};

/* ---- The house ---- */

static void on_events(void *context, int64_t user_id)
{
    struct house *house = context;

    (void)user_id;
    pthread_mutex_lock(&house->lock);
    house->told++;
    pthread_cond_broadcast(&house->changed);
    pthread_mutex_unlock(&house->lock);
}

static void on_progress(void *context, int64_t user_id, struct str body)
{
    struct house *house = context;

    pthread_mutex_lock(&house->lock);
    house->progress += user_id == TEST_USER && body.size > 0;
    pthread_mutex_unlock(&house->lock);
}

static void start_engine(struct house *house)
{
    const struct worker_config workers = {.name = "engine", .threads = WORKERS, .queue_max = 1000};
    const struct net_config net = {.transfers_max = 8, .allow_private = true};
    struct net_config with_loop = net;
    struct engine_config config = {.workers = NULL,
                                   .clock = &clock_system,
                                   .random = &random_system,
                                   .boot_directory = house->place.directory,
                                   .operations = operations,
                                   .services = house,
                                   .hooks = house->place.hooks,
                                   .on_events = on_events,
                                   .on_progress = on_progress,
                                   .context = house};
    struct error *err = &house->place.err;

    if (!worker_pool_create(&workers, &house->workers, err) || !net_loop_create(&house->loop, err))
        fail_msg("%s", err->message);
    with_loop.loop = house->loop;
    if (!net_create(&with_loop, &house->net, err) || !net_loop_start(house->loop, err))
        fail_msg("%s", err->message);
    config.pool = house->place.pool;
    config.loop = house->loop;
    config.net = house->net;
    config.workers = house->workers;
    if (!engine_create(&config, &house->engine, err) || !engine_start(house->engine, err))
        fail_msg("%s %s", err->message, err->detail);
}

static void stop_engine(struct house *house, int64_t drain_ms)
{
    engine_drain(house->engine, drain_ms);
    worker_pool_destroy(house->workers);
    net_destroy(house->net);
    net_loop_destroy(house->loop);
    engine_destroy(house->engine);
    house->engine = NULL;
}

/* The clock of its rows is the real one here. */
static void open_house(struct house *house)
{
    *house = (struct house){.server = -1};
    place_make(&house->place);
    house->place.clock = clock_system;
    house->place.provider =
        (struct provider_binding){.is_enabled = true, .is_private_allowed = true, .concurrency = 2};
    pthread_mutex_init(&house->lock, NULL);
    pthread_cond_init(&house->changed, NULL);
}

static int set_up(void **state)
{
    static struct house house;

    log_configure(LOG_ERROR + 1, false);
    open_house(&house);
    *state = &house;
    return 0;
}

static int tear_down(void **state)
{
    struct house *house = *state;

    if (house->engine != NULL)
        stop_engine(house, 0);
    if (house->server >= 0)
        close(house->server);
    place_remove(&house->place);
    pthread_cond_destroy(&house->changed);
    pthread_mutex_destroy(&house->lock);
    return 0;
}

/* Until the query says that many; woken by the engine's own news. */
static void wait_for(struct house *house, const char *query, int64_t expected)
{
    const int64_t until_ms = clock_mono_ms(&clock_system) + WAIT_S * 1000;

    for (;;) {
        const struct timespec until = in_ms(200);
        int64_t told;

        pthread_mutex_lock(&house->lock);
        told = house->told;
        pthread_mutex_unlock(&house->lock);
        if (ask(&house->place, query, 0) == expected)
            return;
        check(clock_mono_ms(&clock_system) < until_ms, query);
        pthread_mutex_lock(&house->lock);
        if (told == house->told)
            (void)pthread_cond_timedwait(&house->changed, &house->lock, &until);
        pthread_mutex_unlock(&house->lock);
    }
}

static void wait_at_gate(struct house *house, int64_t count)
{
    pthread_mutex_lock(&house->lock);
    while (house->at_gate < count) {
        const struct timespec until = in_ms(WAIT_S * 1000);

        check(pthread_cond_timedwait(&house->changed, &house->lock, &until) == 0, "at the gate");
    }
    pthread_mutex_unlock(&house->lock);
}

static void open_gate(struct house *house)
{
    pthread_mutex_lock(&house->lock);
    house->is_gate_open = true;
    pthread_cond_broadcast(&house->changed);
    pthread_mutex_unlock(&house->lock);
}

static struct id submit(struct house *house, const char *operation, size_t node_count)
{
    static const char *const keys[] = {"a", "b", "c"};
    struct run_node nodes[COUNT(keys)];
    struct run_edge edges[COUNT(keys)];
    struct run_spec spec = {.user_id = TEST_USER,
                            .title = STR("test"),
                            .priority = PRIORITY_NORMAL,
                            .nodes = nodes,
                            .node_count = node_count,
                            .edges = edges,
                            .edge_count = node_count - 1};
    struct id run;
    bool is_repeat;

    for (size_t row = 0; row < node_count; row++) {
        nodes[row] = test_node(keys[row]);
        nodes[row].operation = str_of(operation);
        nodes[row].provider_id = strcmp(operation, "test.call") == 0 ? TEST_PROVIDER : 0;
        edges[row] = (struct run_edge){.from = row, .to = row + 1};
    }
    if (!engine_run_submit(house->engine, &spec, &run, &is_repeat, &house->place.err))
        fail_msg("%s", house->place.err.message);
    assert_false(is_repeat);
    return run;
}

static void expect_all_sound(struct house *house) { expect_sound(&house->place, "the rows"); }

#define COUNT_RUNS(state) "SELECT count(*) AS n FROM run WHERE state = '" state "'"
#define COUNT_TASKS(state) "SELECT count(*) AS n FROM task WHERE state = '" state "'"

/* ---- Life ---- */

static void test_runs_are_done_one_task_after_the_other(void **state)
{
    struct house *house = *state;
    struct engine_view view;

    start_engine(house);
    for (int run = 0; run < 40; run++)
        (void)submit(house, "test.echo", 3);
    wait_for(house, COUNT_RUNS("done"), 40);
    expect_all_sound(house);
    engine_view(house->engine, &view);
    assert_int_equal(view.ready + view.running + view.waiting, 0);
    assert_int_equal(hooks_of(&house->place, "record", 1, NULL), 1);
}

static void test_a_bad_graph_is_refused_and_so_is_a_stopping_engine(void **state)
{
    struct house *house = *state;
    const struct run_spec empty = {.user_id = TEST_USER};
    struct run_node node = test_node("a");
    const struct run_spec one = {.user_id = TEST_USER, .nodes = &node, .node_count = 1};
    struct error err = {0};
    struct id run;
    bool is_repeat;

    start_engine(house);
    assert_false(engine_run_submit(house->engine, &empty, &run, &is_repeat, &err));
    assert_int_equal(err.code, ERROR_REQUIRED);
    engine_drain(house->engine, 0);
    assert_false(engine_run_submit(house->engine, &one, &run, &is_repeat, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_true(err.retry_after_ms > 0);
}

static void test_a_running_task_hears_of_its_cancel(void **state)
{
    struct house *house = *state;
    struct id run;

    start_engine(house);
    run = submit(house, "test.gate", 2);
    wait_at_gate(house, 1);
    assert_true(engine_run_cancel(house->engine, TEST_USER, id_str(&run), &house->place.err));
    wait_for(house, COUNT_TASKS("cancelled"), 2);
    assert_false(engine_run_cancel(house->engine, TEST_USER, id_str(&run), &house->place.err));
    assert_int_equal(house->place.err.code, ERROR_CONFLICT);
    /* A second go is wanted again. */
    assert_true(engine_run_retry(house->engine, TEST_USER, id_str(&run), false, &house->place.err));
    open_gate(house);
    wait_for(house, COUNT_TASKS("done"), 2);
    expect_all_sound(house);
}

static void test_a_paused_run_and_a_paused_engine_start_nothing(void **state)
{
    struct house *house = *state;
    struct error *err = &house->place.err;
    struct engine_view view;
    struct id run;

    start_engine(house);
    assert_true(engine_pause(house->engine, true, STR("moving house"), err));
    run = submit(house, "test.echo", 1);
    assert_true(engine_run_pause(house->engine, TEST_USER, id_str(&run), true, err));
    assert_true(engine_run_prioritise(house->engine, TEST_USER, id_str(&run), PRIORITY_FRONT, err));
    engine_view(house->engine, &view);
    assert_true(view.is_paused);
    assert_string_equal(view.pause_reason, "moving house");
    assert_int_equal(view.ready, 1);
    stop_engine(house, 0); /* it is remembered */
    start_engine(house);
    engine_view(house->engine, &view);
    assert_true(view.is_paused);
    assert_true(engine_pause(house->engine, false, STR_EMPTY, err));
    engine_view(house->engine, &view);
    assert_false(view.is_paused);
    assert_int_equal(view.ready, 1); /* its run is still paused */
    assert_true(engine_run_pause(house->engine, TEST_USER, id_str(&run), false, err));
    wait_for(house, COUNT_RUNS("done"), 1);
}

static void test_what_memory_knows_of_tasks_is_shown(void **state)
{
    struct house *house = *state;
    struct task_live lives[6];
    int64_t ids[6] = {1, 2, 3, 4, 5, 6};
    struct str bytes, mime, task;
    CLEANUP(buf_finish) struct buf metrics = {0};

    start_engine(house);
    for (int run = 0; run < 6; run++)
        (void)submit(house, "test.gate", 1);
    wait_at_gate(house, WORKERS);
    engine_tasks_live(house->engine, ids, 6, lives);
    assert_int_equal(lives[0].position, 0); /* it runs */
    assert_int_equal(lives[0].partial_count, 1);
    assert_int_equal(lives[5].position, 2); /* four have a place, and the fifth is before it */
    assert_int_equal(lives[5].partial_count, 0);
    task = ask_text(&house->place, "SELECT public_id AS n FROM task WHERE id = 1", 0);
    assert_true(engine_partial(house->engine, TEST_USER, task, 0, house->place.arena, &bytes, &mime,
                               &house->place.err));
    check_text(bytes, "half a picture", "the bytes");
    check_text(mime, "image/png", "their type");
    assert_false(engine_partial(house->engine, TEST_USER + 1, task, 0, house->place.arena, &bytes,
                                &mime, &house->place.err));
    open_gate(house);
    wait_for(house, COUNT_RUNS("done"), 6);
    assert_false(engine_partial(house->engine, TEST_USER, task, 0, house->place.arena, &bytes,
                                &mime, &house->place.err));
    assert_int_equal(house->place.err.code, ERROR_NOT_FOUND);
    /* The loop counts the last one when its commit is told, which a reader may see before. */
    for (int tries = 0; tries < 100 * WAIT_S; tries++) {
        buf_finish(&metrics);
        engine_metrics(house->engine, &metrics);
        if (str_find(buf_str(&metrics), STR("tasks_ended_total{state=\"done\"} 6\n")) >= 0)
            break;
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    assert_true(str_find(buf_str(&metrics), STR("tasks_ended_total{state=\"done\"} 6\n")) >= 0);
    assert_int_equal(house->progress, 6);
}

/* ---- Stop and start ---- */

static void listen_and_be_silent(struct house *house)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    house->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(house->server >= 0);
    assert_int_equal(bind(house->server, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(house->server, 8), 0);
    assert_int_equal(getsockname(house->server, (struct sockaddr *)&address, &size), 0);
    house->url = arena_printf(house->place.arena, "http://127.0.0.1:%d/", ntohs(address.sin_port));
}

static void test_a_stop_is_no_cancel_for_the_call_on_its_way(void **state)
{
    struct house *house = *state;

    listen_and_be_silent(house);
    start_engine(house);
    (void)submit(house, "test.call", 1);
    wait_for(house, "SELECT count(*) AS n FROM call WHERE state = 'sent'", 1);
    stop_engine(house, 0); /* the network cancels what still runs */
    expect_state(&house->place, 1, "running", "left as a kill would leave it");
    expect_call(&house->place, 1, "sent", "nobody knows");
    start_engine(house);
    expect_state(&house->place, 1, "held", "the next start asks");
    expect_all_sound(house);
}

/* The head of what came, and the body, which is "please". */
static struct str receive(const struct house *house)
{
    CLEANUP(buf_finish) struct buf text = {0};
    char piece[4096];
    int client = accept(house->server, NULL, NULL);

    assert_true(client >= 0);
    while (!str_ends_with(buf_str(&text), STR("please"))) {
        const ssize_t size = recv(client, piece, sizeof(piece), 0);

        assert_true(size > 0);
        buf_add(&text, (struct str){.data = piece, .size = (size_t)size});
    }
    close(client);
    return arena_str(house->place.arena, buf_str(&text));
}

static struct str line_of(struct str head, const char *name)
{
    while (head.size > 0) {
        struct str line = str_cut(&head, '\n');
        const struct str before = str_cut(&line, ':');

        if (str_equal_nocase(before, str_of(name)))
            return str_trim(line);
    }
    return STR_EMPTY;
}

/* The signature that this request should have, made from what arrived. */
static struct str expected_signature(const struct house *house, struct str head)
{
    const struct sha256 hash = sha256_of(STR("please"));
    const struct str date = line_of(head, "X-Date");
    char hex[SHA256_HEX_SIZE + 1];
    struct sign_request request = {.method = STR("POST"),
                                   .host = line_of(head, "Host"),
                                   .path = STR("/"),
                                   .query = STR("Action=Test&Version=1"),
                                   .has_payload_header = true,
                                   .key_id = house->signing->key_id,
                                   .region = house->signing->region,
                                   .service = house->signing->service,
                                   .key = house->signing->key};
    struct signature signature;

    check(date.size == 16, "a date like 20261122T080000Z");
    assert_true(clock_parse(arena_printf(house->place.arena, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ",
                                         date.data, date.data + 4, date.data + 6, date.data + 9,
                                         date.data + 11, date.data + 13),
                            &request.wall_ms));
    check(llabs(clock_wall_ms(&clock_system) - request.wall_ms) < 60000, "the time is now");
    sha256_hex(&hash, hex);
    request.payload_hash = str_of(hex);
    check_text(line_of(head, "X-Content-Sha256"), hex, "the body's hash");
    sign_headers(&sign_volc, &request, house->place.arena, &signature);
    return signature.authorization;
}

static void test_a_signed_call_is_signed_when_it_leaves(void **state)
{
    static const struct exchange_signing signing = {
        .key_id = {"AKLTTEST", 8},
        .region = {"cn-north-1",          10},
        .service = {"cv",2},
        .key = {{"secret", 6}      }
    };
    struct house *house = *state;
    struct str head;

    listen_and_be_silent(house);
    house->url =
        arena_printf(house->place.arena, "%.*s?Action=Test&Version=1", STR_ARGS(house->url));
    house->signing = &signing;
    start_engine(house);
    (void)submit(house, "test.call", 1);
    head = receive(house);
    check_text(line_of(head, "Authorization"),
               arena_cstr(house->place.arena, expected_signature(house, head)), "the signature");
    wait_for(house, COUNT_TASKS("held"), 1); /* no reply came: nobody knows */
    expect_all_sound(house);
}

static void test_a_cancel_reaches_the_call_on_its_way(void **state)
{
    struct house *house = *state;
    struct id run;

    listen_and_be_silent(house);
    start_engine(house);
    run = submit(house, "test.call", 1);
    wait_for(house, "SELECT count(*) AS n FROM call WHERE state = 'sent'", 1);
    assert_true(engine_run_cancel(house->engine, TEST_USER, id_str(&run), &house->place.err));
    wait_for(house, COUNT_TASKS("cancelled"), 1);
    expect_call(&house->place, 1, "abandoned", "it may have been charged");
    expect_all_sound(house);
}

static void test_a_drain_waits_for_what_runs(void **state)
{
    struct house *house = *state;

    start_engine(house);
    (void)submit(house, "test.gate", 2);
    wait_at_gate(house, 1);
    open_gate(house);
    stop_engine(house, WAIT_S * 1000);
    expect_state(&house->place, 1, "done", "it was let end");
    expect_state(&house->place, 2, "ready", "but nothing new was begun");
    start_engine(house);
    wait_for(house, COUNT_RUNS("done"), 1);
}

static void test_a_changed_provider_frees_its_lane(void **state)
{
    struct house *house = *state;
    struct engine_view view;

    house->place.provider.is_paused = true;
    house->place.provider.pause_reason = STR("no credit");
    listen_and_be_silent(house);
    start_engine(house);
    (void)submit(house, "test.call", 1);
    do
        engine_view(house->engine, &view);
    while (view.ready == 0);
    assert_int_equal(view.lane_count, 2);
    assert_true(view.lanes[1].is_paused);
    assert_string_equal(view.lanes[1].reason, "no credit");
    house->place.provider.is_paused = false;
    engine_provider_changed(house->engine, TEST_PROVIDER);
    wait_for(house, "SELECT count(*) AS n FROM call WHERE state = 'sent'", 1);
}

/* ---- kill -9 ---- */

/* The child submits, tells each run it was promised, and is killed in the middle of it all. */
static void live_and_die(const char *directory, int to_parent)
{
    static struct house house;

    log_configure(LOG_ERROR + 1, false);
    house = (struct house){.server = -1, .is_gate_open = true};
    house.place.arena = arena_create(MIB(64));
    house.place.clock = clock_system;
    house.place.hooks = (struct engine_hooks){.context = &house.place,
                                              .load_provider = test_load_provider,
                                              .find_account = test_find_account};
    snprintf(house.place.directory, sizeof(house.place.directory), "%s", directory);
    snprintf(house.place.path, sizeof(house.place.path), "%s/vitrine.db", directory);
    pthread_mutex_init(&house.lock, NULL);
    pthread_cond_init(&house.changed, NULL);
    place_open(&house.place);
    start_engine(&house);
    for (int index = 0; index < CHILD_RUNS; index++) {
        const struct id run = submit(&house, index % 3 == 0 ? "test.gate" : "test.echo", 3);

        if (write(to_parent, run.text, ID_SIZE) != ID_SIZE)
            break;
    }
    for (;;)
        (void)pause();
}

static bool read_id(int from, char out[ID_SIZE + 1])
{
    size_t have = 0;

    while (have < ID_SIZE) {
        const ssize_t got = read(from, out + have, ID_SIZE - have);

        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    out[ID_SIZE] = '\0';
    return true;
}

static void test_a_killed_process_loses_nothing_it_promised(void **state)
{
    struct house *house = *state;
    static char promised[CHILD_RUNS][ID_SIZE + 1];
    int pipes[2], status;
    size_t count = 0;
    pid_t child;

    db_pool_close(house->place.pool); /* the child's alone */
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        live_and_die(house->place.directory, pipes[1]);
        _exit(1);
    }
    close(pipes[1]);
    while (count < KILL_AFTER && read_id(pipes[0], promised[count]))
        count++;
    assert_int_equal(kill(child, SIGKILL), 0);
    while (count < CHILD_RUNS && read_id(pipes[0], promised[count])) /* told before it died */
        count++;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(pipes[0]);
    assert_true(count >= KILL_AFTER);

    place_open(&house->place);
    expect_all_sound(house);
    open_gate(house);
    start_engine(house);
    wait_for(house, COUNT_RUNS("active"), 0);
    expect_all_sound(house);
    assert_true(ask(&house->place, COUNT_RUNS("done"), 0) >= (int64_t)count);
    for (size_t index = 0; index < count; index++) {
        struct run_view run;
        struct db *db;
        bool ok;

        assert_true(db_borrow(house->place.pool, &db, &house->place.err));
        ok = view_run(db, TEST_USER, str_of(promised[index]), house->place.arena, &run,
                      &house->place.err);
        db_give_back(db);
        check(ok, "a promised run is there");
        check_text(run.state, "done", "and done");
    }
}

#define HOUSE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(test_a_killed_process_loses_nothing_it_promised), /* forks: before any thread */
        HOUSE_TEST(test_runs_are_done_one_task_after_the_other),
        HOUSE_TEST(test_a_bad_graph_is_refused_and_so_is_a_stopping_engine),
        HOUSE_TEST(test_a_running_task_hears_of_its_cancel),
        HOUSE_TEST(test_a_paused_run_and_a_paused_engine_start_nothing),
        HOUSE_TEST(test_what_memory_knows_of_tasks_is_shown),
        HOUSE_TEST(test_a_stop_is_no_cancel_for_the_call_on_its_way),
        HOUSE_TEST(test_a_signed_call_is_signed_when_it_leaves),
        HOUSE_TEST(test_a_cancel_reaches_the_call_on_its_way),
        HOUSE_TEST(test_a_drain_waits_for_what_runs),
        HOUSE_TEST(test_a_changed_provider_frees_its_lane),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
