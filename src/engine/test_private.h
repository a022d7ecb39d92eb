/*
 * engine/test_private.h: what the tests of this room share: a database in a folder of its own, a
 * clock and chance that stand still, hooks that keep a record, commands as one-liners.
 */
#pragma once

#include "core/log.h"
#include "core/test.h"
#include "db/migrations.h"
#include "engine/check.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/view.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEST_USER = 7, TEST_PROVIDER = 3, TEST_PRICE = 1000, TEST_TRIES = 5, HOOKED_MAX = 4000 };
enum { TEST_DEADLINE_MS = 86400000, TEST_START_MS = 1000000 };

#define TEST_PRODUCT "01JD00000000000000000000TP"

/* What a hook was told, in order. */
struct hooked {
    const char *hook; /* "reserve", "settle", "record" */
    int64_t task_id, cost_micro;
    bool is_late, has_product; /* of "record" */
};

struct place {
    char directory[64], path[96];
    struct db_pool *pool;
    struct clock_fake time;
    struct clock clock;
    struct random_seeded seed;
    struct random random;
    struct arena *arena;
    struct engine_hooks hooks;
    struct hooked hooked[HOOKED_MAX];
    size_t hooked_count;
    enum error_code refused; /* what record_result fails with; ERROR_NONE: it does not */
    struct provider_binding provider;
    bool is_provider_gone;
    struct error err;
};

static inline void note_hook(struct place *place, struct hooked hooked)
{
    assert_true(place->hooked_count < HOOKED_MAX);
    place->hooked[place->hooked_count++] = hooked;
}

static inline bool test_load_provider(void *context, struct db *db, int64_t provider_id,
                                      struct arena *arena, struct provider_binding *out,
                                      struct error *err)
{
    const struct place *place = context;

    (void)db;
    (void)arena;
    if (place->is_provider_gone)
        return error_set(err, ERROR_NOT_FOUND, "no such provider");
    *out = place->provider;
    out->id = provider_id;
    return true;
}

static inline bool test_find_account(void *context, int64_t provider_id, struct arena *arena,
                                     struct provider_binding *out)
{
    struct error ignored;

    return test_load_provider(context, NULL, provider_id, arena, out, &ignored);
}

static inline bool test_record(void *context, struct db *db, const struct task_result *result,
                               struct error *err)
{
    struct place *place = context;

    (void)db;
    if (place->refused != ERROR_NONE)
        return error_set(err, place->refused, "the noun does not want it");
    note_hook(place, (struct hooked){.hook = "record",
                                     .task_id = result->task_id,
                                     .cost_micro = result->cost_micro,
                                     .is_late = result->is_late,
                                     .has_product = str_equal(result->product, STR(TEST_PRODUCT))});
    return true;
}

static inline bool test_reserve(void *context, struct db *db, int64_t user_id, int64_t task_id,
                                int64_t provider_id, struct str model, struct str operation,
                                int64_t estimate_micro, struct str currency, int64_t now_ms,
                                struct error *err)
{
    (void)db, (void)user_id, (void)provider_id, (void)model, (void)operation, (void)currency;
    (void)now_ms, (void)err;
    note_hook(context,
              (struct hooked){.hook = "reserve", .task_id = task_id, .cost_micro = estimate_micro});
    return true;
}

static inline bool test_settle(void *context, struct db *db, int64_t task_id, int64_t cost_micro,
                               struct str currency, int64_t now_ms, struct error *err)
{
    (void)db, (void)currency, (void)now_ms, (void)err;
    note_hook(context,
              (struct hooked){.hook = "settle", .task_id = task_id, .cost_micro = cost_micro});
    return true;
}

static inline void place_open(struct place *place)
{
    const struct db_config config = {.path = place->path,
                                     .readers = 2,
                                     .migrations = db_migrations,
                                     .migration_count = db_migration_count,
                                     .clock = &place->clock};

    if (!db_pool_open(&config, &place->pool, &place->err))
        fail_msg("%s %s", place->err.message, place->err.detail);
}

/* In memory where there is such a folder: what a test writes need not outlive the machine. */
static inline void place_make(struct place *place)
{
    const bool is_memory = access("/dev/shm", W_OK) == 0;

    *place = (struct place){
        .time = {.wall_ms = TEST_START_MS, .mono_ms = 5000}
    };
    snprintf(place->directory, sizeof(place->directory), "%s/vitrine-engine-XXXXXX",
             is_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof(place->path), "%s/vitrine.db", place->directory);
    place->clock = clock_of_fake(&place->time);
    place->random = random_of_seed(&place->seed, 1);
    place->arena = arena_create(MIB(256));
    place->hooks = (struct engine_hooks){.context = place,
                                         .load_provider = test_load_provider,
                                         .find_account = test_find_account,
                                         .record_result = test_record,
                                         .reserve = test_reserve,
                                         .settle = test_settle};
    place_open(place);
}

static inline int remove_entry(const char *path, const struct stat *info, int type,
                               struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline void place_remove(struct place *place)
{
    db_pool_close(place->pool);
    arena_destroy(place->arena);
    assert_int_equal(nftw(place->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- Looking at rows ---- */

/* A statement of a test: the pool knows statements by their address, so each text has one. */
static inline const struct sql *test_sql(const char *text)
{
    enum { TEXTS_MAX = 200 };
    static struct sql texts[TEXTS_MAX];
    static size_t count;

    for (size_t index = 0; index < count; index++)
        if (strcmp(texts[index].text, text) == 0)
            return &texts[index];
    assert_true(count < TEXTS_MAX);
    texts[count] = (struct sql){.name = "test", .text = text};
    return &texts[count++];
}

/* The first row's column "n" as a text in the place's arena; `id` is $1 where the text has it. */
static inline struct str ask_text(struct place *place, const char *text, int64_t id)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    const struct sql_value args[] = {SQL_INT64(id)};
    struct str answer;

    if (!db_borrow(place->pool, &db, &place->err) ||
        !db_query(db, test_sql(text), args, strstr(text, "$1") != NULL ? 1 : 0, &rows, &place->err))
        fail_msg("%s: %s %s", text, place->err.message, place->err.detail);
    if (!rows_next(&rows))
        fail_msg("no row: %s", text);
    answer = rows_str(&rows, "n", place->arena);
    rows_finish(&rows);
    rows = (struct rows){0};
    return answer;
}

static inline int64_t ask(struct place *place, const char *text, int64_t id)
{
    return strtoll(arena_cstr(place->arena, ask_text(place, text, id)), NULL, 10);
}

static inline bool execute_work(struct db *db, void *context, struct error *err)
{
    const struct sql *const *sql = context;

    return db_exec(db, *sql, NULL, 0, NULL, err);
}

/* A change that the store would not make. */
static inline bool execute(struct place *place, const char *text)
{
    const struct sql *sql = test_sql(text);

    return db_transact(place->pool, "test", execute_work, (void *)&sql, &place->err);
}

static inline void expect_state(struct place *place, int64_t task_id, const char *expected,
                                const char *because)
{
    check_text(ask_text(place, "SELECT state AS n FROM task WHERE id = $1", task_id), expected,
               because);
}

/* The latest call's state; "none". */
static inline void expect_call(struct place *place, int64_t task_id, const char *expected,
                               const char *because)
{
    check_text(ask_text(place,
                        "SELECT coalesce((SELECT state FROM call WHERE task_id = $1"
                        " ORDER BY id DESC LIMIT 1), 'none') AS n",
                        task_id),
               expected, because);
}

static inline void expect_sound(struct place *place, const char *because)
{
    struct check_report report;
    struct db *db;
    bool ok;

    if (!db_borrow(place->pool, &db, &place->err))
        fail_msg("%s %s", place->err.message, place->err.detail);
    ok = engine_check(db, place->arena, &report, &place->err);
    db_give_back(db);
    if (!ok)
        fail_msg("%s %s", place->err.message, place->err.detail);
    for (size_t index = 0; index < report.fault_count; index++)
        print_error("%s: %.*s\n", report.faults[index].rule, STR_ARGS(report.faults[index].what));
    check(report.fault_count == 0, because);
}

/* ---- Commands ---- */

struct test_work {
    struct place *place;
    struct command *command;
};

static inline bool test_apply_work(struct db *db, void *context, struct error *err)
{
    const struct test_work *work = context;

    return store_apply(db, &work->place->hooks, work->command, err);
}

/* In a transaction of its own.  False: refused, and place->err says why. */
static inline bool apply(struct place *place, struct command *command)
{
    struct test_work work = {.place = place, .command = command};

    command->arena = place->arena;
    command->now_ms = place->time.wall_ms;
    place->err = (struct error){0};
    return db_transact(place->pool, "test", test_apply_work, &work, &place->err);
}

static inline void must_apply(struct place *place, struct command *command)
{
    if (!apply(place, command))
        fail_msg("%s: %s %s", command_name(command->type), place->err.message, place->err.detail);
}

static inline struct run_node test_node(const char *key)
{
    return (struct run_node){.key = str_of(key),
                             .operation = STR("test.paid"),
                             .model = STR("model-1"),
                             .provider_id = TEST_PROVIDER,
                             .parameters = STR("{}"),
                             .inputs = STR("{}"),
                             .estimate_micro = TEST_PRICE,
                             .currency = STR("USD")};
}

static inline struct command submit_of(struct place *place, const struct run_spec *spec)
{
    struct command command = {.type = COMMAND_SUBMIT};
    struct id *ids = ARENA_ARRAY(place->arena, struct id, spec->node_count + 1);

    for (size_t index = 0; index <= spec->node_count; index++)
        ids[index] = id_make(&place->clock, &place->random);
    command.submit = (struct command_submit){.spec = spec,
                                             .ids = ids,
                                             .queue_user_max = 1000,
                                             .queue_max = 100000,
                                             .tries_max = TEST_TRIES,
                                             .deadline_ms = TEST_DEADLINE_MS};
    return command;
}

/* A run whose tasks are named by letters; `edges` is "ab bc": pairs of them.  The first task's row;
 * the others follow. */
static inline int64_t submit_graph(struct place *place, size_t node_count, const char *edges)
{
    static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct run_node nodes[COUNT(letters)];
    struct run_edge rows[16];
    struct run_spec spec = {.user_id = TEST_USER,
                            .title = STR("test"),
                            .priority = PRIORITY_NORMAL,
                            .nodes = nodes,
                            .node_count = node_count,
                            .edges = rows,
                            .currency = STR("USD"),
                            .product = STR(TEST_PRODUCT)};
    struct command command;

    for (size_t index = 0; index < node_count; index++)
        nodes[index] = test_node(letters[index]);
    for (; edges[0] != '\0'; edges += edges[2] == ' ' ? 3 : 2)
        rows[spec.edge_count++] = (struct run_edge){
            .from = (size_t)(edges[0] - 'a'), .to = (size_t)(edges[1] - 'a'), .to_port = STR("in")};
    command = submit_of(place, &spec);
    must_apply(place, &command);
    return ask(place, "SELECT max(id) AS n FROM task", 0) - (int64_t)node_count + 1;
}

static inline int64_t submit_task(struct place *place) { return submit_graph(place, 1, ""); }

static inline int64_t fence_of(struct place *place, int64_t task_id)
{
    return ask(place, "SELECT fence AS n FROM task WHERE id = $1", task_id);
}

static inline struct command claim_task(struct place *place, int64_t task_id, int64_t fence)
{
    struct command command = {.type = COMMAND_CLAIM};

    command.claim =
        (struct command_claim){.task_id = task_id, .fence = fence, .owner = STR("owner-1")};
    must_apply(place, &command);
    return command;
}

/* Claims what must be there to claim; its new fence. */
static inline int64_t must_claim(struct place *place, int64_t task_id)
{
    const struct command command = claim_task(place, task_id, fence_of(place, task_id));

    check(command.claim.is_claimed, "the task can be claimed");
    return command.claim.attempt->fence;
}

static inline struct command intend(struct place *place, int64_t task_id, int64_t fence,
                                    const char *key, int64_t repeat_of)
{
    struct command command = {.type = COMMAND_INTENT};

    command.intent = (struct command_intent){
        .task_id = task_id,
        .fence = fence,
        .attempt_number = ask(
            place, "SELECT coalesce(max(number), 0) AS n FROM attempt WHERE task_id = $1", task_id),
        .provider_id = TEST_PROVIDER,
        .estimate_micro = TEST_PRICE,
        .repeat_of = repeat_of,
        .public_id = str_of(key),
        .model = STR("model-1"),
        .currency = STR("USD")};
    must_apply(place, &command);
    return command;
}

static inline int64_t must_intend(struct place *place, int64_t task_id, int64_t fence,
                                  const char *key)
{
    const struct command command = intend(place, task_id, fence, key, 0);

    check(command.intent.is_allowed, "the call may be made");
    return command.intent.call_id;
}

static inline void keep_result(struct place *place, int64_t call_id, const char *result)
{
    struct command command = {.type = COMMAND_KEEP};

    command.keep = (struct command_keep){.task_id = ask(place,
                                                        "SELECT task_id AS n FROM call"
                                                        " WHERE id = $1",
                                                        call_id),
                                         .call_id = call_id,
                                         .cost_micro = TEST_PRICE,
                                         .result = str_of(result),
                                         .currency = STR("USD"),
                                         .http_status = 200};
    must_apply(place, &command);
}

static inline struct command accept_call(struct place *place, int64_t task_id, int64_t fence,
                                         int64_t call_id)
{
    struct command command = {.type = COMMAND_ACCEPT};

    command.accept = (struct command_accept){.task_id = task_id,
                                             .fence = fence,
                                             .call_id = call_id,
                                             .poll_at_ms = place->time.wall_ms,
                                             .remote_id = STR("remote-1")};
    must_apply(place, &command);
    return command;
}

/* A dead owner's task, with what becomes of its call; 0: it has none, or keeps it as it is. */
static inline struct command take_over_call(struct place *place, int64_t task, enum task_state to,
                                            int64_t call, enum call_state call_state)
{
    struct command command = {.type = COMMAND_TAKE_OVER};

    command.take_over =
        (struct command_take_over){.task_id = task,
                                   .fence = fence_of(place, task),
                                   .to = to,
                                   .call_id = call,
                                   .call_state = call_state,
                                   .counts_crash = true,
                                   .hold_reason = to == TASK_HELD ? "unknown" : NULL};
    must_apply(place, &command);
    return command;
}

static inline struct command take_over(struct place *place, int64_t task, enum task_state to)
{
    return take_over_call(place, task, to, 0, CALL_INTENT);
}

/* How an attempt ends: what is not said stays zero.  `call` 0: there was none. */
static inline struct command end_of(int64_t task_id, int64_t fence, enum task_event event,
                                    int64_t call, enum call_state call_state, int64_t cost_micro)
{
    struct command command = {.type = COMMAND_END};

    command.end = (struct command_end){
        .task_id = task_id,
        .fence = fence,
        .event = event,
        .call = {.call_id = call, .state = call_state, .cost_micro = cost_micro}
    };
    return command;
}

static inline struct command end_task(struct place *place, struct command command)
{
    command.end.attempt_number =
        ask(place, "SELECT coalesce(max(number), 0) AS n FROM attempt WHERE task_id = $1",
            command.end.task_id);
    must_apply(place, &command);
    return command;
}

/* From ready to done without a call. */
static inline struct command finish_task(struct place *place, int64_t task_id)
{
    struct command command = end_of(task_id, must_claim(place, task_id), TASK_FINISH, 0, 0, 0);

    command.end.output = STR("{\"made\":1}");
    return end_task(place, command);
}

static inline struct command fail_task(struct place *place, int64_t task_id)
{
    struct command command = end_of(task_id, must_claim(place, task_id), TASK_FAIL, 0, 0, 0);

    command.end.class = FAILURE_INVALID;
    return end_task(place, command);
}

static inline struct command task_control_of(struct place *place, int64_t task_id,
                                             enum task_control control)
{
    struct command command = {.type = COMMAND_TASK_CONTROL};

    command.control = (struct command_control){
        .user_id = TEST_USER,
        .public_id = ask_text(place, "SELECT public_id AS n FROM task WHERE id = $1", task_id),
        .task_control = control,
        .tries_max = TEST_TRIES,
        .deadline_ms = TEST_DEADLINE_MS};
    return command;
}

/* Of the run the task belongs to. */
static inline struct command run_control_of(struct place *place, int64_t task_id,
                                            enum run_control control)
{
    struct command command = {.type = COMMAND_RUN_CONTROL};

    command.control = (struct command_control){
        .user_id = TEST_USER,
        .public_id = ask_text(place,
                              "SELECT r.public_id AS n FROM run r JOIN task t ON t.run_id = r.id"
                              " WHERE t.id = $1",
                              task_id),
        .run_control = control,
        .tries_max = TEST_TRIES,
        .deadline_ms = TEST_DEADLINE_MS};
    return command;
}

static inline bool control_task(struct place *place, int64_t task_id, enum task_control control)
{
    struct command command = task_control_of(place, task_id, control);

    return apply(place, &command);
}

static inline bool control_run(struct place *place, int64_t task_id, enum run_control control)
{
    struct command command = run_control_of(place, task_id, control);

    return apply(place, &command);
}

/* How often, and with which money, a hook was told of a task; the last sum in *cost_micro. */
static inline size_t hooks_of(const struct place *place, const char *hook, int64_t task_id,
                              int64_t *cost_micro)
{
    size_t count = 0;

    for (size_t index = 0; index < place->hooked_count; index++) {
        if (strcmp(place->hooked[index].hook, hook) != 0 || place->hooked[index].task_id != task_id)
            continue;
        count++;
        if (cost_micro != NULL)
            *cost_micro = place->hooked[index].cost_micro;
    }
    return count;
}

static inline int set_up_place(void **state)
{
    static struct place place;

    log_configure(LOG_WARN, false);
    place_make(&place);
    *state = &place;
    return 0;
}

static inline int tear_down_place(void **state)
{
    place_remove(*state);
    return 0;
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_place, tear_down_place)
