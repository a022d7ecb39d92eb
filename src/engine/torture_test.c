/* The store on a disk that fails: a short history of runs in which the nth operation on the
 * database fails, or the power is cut there, then a start that takes over what was left. */
#include "db/shim_vfs.h"
#include "engine/recover.h"
#include "engine/test_private.h"

#include <fcntl.h>

enum { FACTS_MAX = 64, STRIDE = 97 };

/* What somebody was told: true from then on, whenever a start has looked. */
struct fact {
    const char *text; /* its column "n"; $1 is the id */
    int64_t id;
    const char *expected;
};

struct life {
    struct place place;
    struct shim_plan plan;
    struct fact facts[FACTS_MAX];
    size_t fact_count;
};

/* A task on its way. */
struct job {
    int64_t task, fence, attempt, call;
    struct id public_id;
};

static const char state_text[] = "SELECT state AS n FROM task WHERE id = $1";
static const char call_text[] = "SELECT state AS n FROM call WHERE id = $1";
static const char exists_text[] = "SELECT count(*) AS n FROM task WHERE id = $1";
/* A call that may have been paid for is not made again: it waits for a person or for its result, or
 * its answer is there. */
static const char unrepeated_text[] =
    "SELECT CASE WHEN t.state IN ('held', 'waiting', 'done') OR EXISTS (SELECT 1 FROM call c"
    " WHERE c.task_id = t.id AND c.state = 'finished') THEN 'unrepeated' ELSE t.state END AS n"
    " FROM task t WHERE t.id = $1";
static const char adopted_text[] =
    "SELECT CASE WHEN t.state IN ('ready', 'done') THEN 'adopted' ELSE t.state END AS n"
    " FROM task t WHERE t.id = $1";

static void fact(struct life *life, const char *text, int64_t id, const char *expected)
{
    size_t index = 0;

    while (index < life->fact_count &&
           (life->facts[index].text != text || life->facts[index].id != id))
        index++;
    assert_true(index < FACTS_MAX);
    life->facts[index] = (struct fact){.text = text, .id = id, .expected = expected};
    life->fact_count += index == life->fact_count;
}

/* ---- What is done: false when the disk would not ---- */

static bool submit(struct life *life, size_t node_count, struct job *out)
{
    struct place *place = &life->place;
    const struct run_node nodes[] = {test_node("a"), test_node("b")};
    const struct run_edge edges[] = {
        {.from = 0, .to = 1, .to_port = STR("in")}
    };
    const struct run_spec spec = {.user_id = TEST_USER,
                                  .title = STR("test"),
                                  .priority = PRIORITY_NORMAL,
                                  .nodes = nodes,
                                  .node_count = node_count,
                                  .edges = edges,
                                  .edge_count = node_count - 1,
                                  .currency = STR("USD")};
    struct command command = submit_of(place, &spec);

    if (!apply(place, &command))
        return false;
    assert_int_equal(command.submit.ready_count, 1);
    *out = (struct job){.task = command.submit.ready[0].id, .public_id = command.submit.ids[1]};
    for (size_t index = 0; index < node_count; index++)
        fact(life, exists_text, out->task + (int64_t)index, "1");
    return true;
}

static bool claim(struct life *life, struct job *job, int64_t fence)
{
    struct command command = {.type = COMMAND_CLAIM};

    command.claim =
        (struct command_claim){.task_id = job->task, .fence = fence, .owner = STR("owner-1")};
    if (!apply(&life->place, &command))
        return false;
    assert_true(command.claim.is_claimed);
    job->fence = command.claim.attempt->fence;
    job->attempt = command.claim.attempt->number;
    return true;
}

static bool intend_call(struct life *life, struct job *job)
{
    struct command command = {.type = COMMAND_INTENT};

    command.intent = (struct command_intent){
        .task_id = job->task,
        .fence = job->fence,
        .attempt_number = job->attempt,
        .provider_id = TEST_PROVIDER,
        .estimate_micro = TEST_PRICE,
        .public_id = arena_printf(life->place.arena, "key-%" PRId64, job->task),
        .model = STR("model-1"),
        .currency = STR("USD")};
    if (!apply(&life->place, &command))
        return false;
    assert_true(command.intent.is_allowed);
    job->call = command.intent.call_id;
    fact(life, unrepeated_text, job->task, "unrepeated");
    return true;
}

static bool send_call(struct life *life, const struct job *job)
{
    struct command command = {.type = COMMAND_SENT, .sent = {.call_id = job->call}};

    return apply(&life->place, &command);
}

static bool keep_answer(struct life *life, const struct job *job)
{
    struct command command = {.type = COMMAND_KEEP};

    command.keep = (struct command_keep){.task_id = job->task,
                                         .call_id = job->call,
                                         .cost_micro = TEST_PRICE,
                                         .result = STR("{\"kept\":1}"),
                                         .currency = STR("USD"),
                                         .http_status = 200};
    if (!apply(&life->place, &command))
        return false;
    fact(life, call_text, job->call, "finished");
    fact(life, "SELECT result AS n FROM call WHERE id = $1", job->call, "{\"kept\":1}");
    fact(life, adopted_text, job->task, "adopted");
    return true;
}

static bool accept_answer(struct life *life, const struct job *job)
{
    struct command command = {.type = COMMAND_ACCEPT};

    command.accept = (struct command_accept){.task_id = job->task,
                                             .fence = job->fence,
                                             .call_id = job->call,
                                             .poll_at_ms = life->place.time.wall_ms,
                                             .remote_id = STR("remote-1")};
    if (!apply(&life->place, &command))
        return false;
    fact(life, state_text, job->task, "waiting");
    fact(life, "SELECT remote_id AS n FROM call WHERE id = $1", job->call, "remote-1");
    return true;
}

static bool finish_job(struct life *life, const struct job *job)
{
    struct command command =
        end_of(job->task, job->fence, TASK_FINISH, job->call, CALL_FINISHED, TEST_PRICE);

    command.end.attempt_number = job->attempt;
    command.end.output = STR("{\"made\":1}");
    if (!apply(&life->place, &command))
        return false;
    assert_true(command.end.is_applied);
    fact(life, state_text, job->task, "done");
    return true;
}

static bool cancel(struct life *life, const struct job *job)
{
    struct command command = {.type = COMMAND_TASK_CONTROL};

    command.control = (struct command_control){.user_id = TEST_USER,
                                               .public_id = id_str(&job->public_id),
                                               .task_control = TASK_CONTROL_CANCEL,
                                               .tries_max = TEST_TRIES,
                                               .deadline_ms = TEST_DEADLINE_MS};
    if (!apply(&life->place, &command))
        return false;
    fact(life, state_text, job->task, "cancelled");
    return true;
}

static bool submit_and_call(struct life *life, size_t node_count, struct job *job)
{
    return submit(life, node_count, job) && claim(life, job, 0) && intend_call(life, job);
}

/* Each job goes as far as the disk lets it. */
static void live(struct life *life)
{
    struct job first, behind, sent, accepted, kept, cancelled, claimed;

    if (submit_and_call(life, 2, &first) && send_call(life, &first) && keep_answer(life, &first) &&
        finish_job(life, &first)) {
        behind = (struct job){.task = first.task + 1};
        (void)(claim(life, &behind, 0) && intend_call(life, &behind));
    }
    (void)(submit_and_call(life, 1, &sent) && send_call(life, &sent));
    (void)(submit_and_call(life, 1, &accepted) && send_call(life, &accepted) &&
           accept_answer(life, &accepted));
    (void)(submit_and_call(life, 1, &kept) && send_call(life, &kept) && keep_answer(life, &kept));
    (void)(submit(life, 1, &cancelled) && cancel(life, &cancelled));
    (void)(submit(life, 1, &claimed) && claim(life, &claimed, 0));
}

/* ---- A start ---- */

static void fail_life(const struct life *life, const char *what, const char *more)
{
    fail_msg("%s: %s (SWEEP: %s%s at %ld, seed %" PRIu64 ")", what, more,
             life->plan.is_lasting ? "lasting " : "", shim_fault_name(life->plan.fault),
             life->plan.nth, life->plan.seed);
}

static bool all_are_dead(void *context, struct str owner)
{
    (void)context, (void)owner;
    return true;
}

static bool recover_work(struct db *db, void *context, struct error *err)
{
    return recover(db, context, err);
}

static void start_again(struct life *life, struct recover_context *out)
{
    struct place *place = &life->place;

    *out = (struct recover_context){.hooks = &place->hooks,
                                    .apply = store_apply,
                                    .is_dead = all_are_dead,
                                    .arena = place->arena,
                                    .now_ms = place->time.wall_ms};
    if (!db_transact(place->pool, "test_recover", recover_work, out, &place->err))
        fail_life(life, place->err.message, place->err.detail);
}

static void check_facts(struct life *life)
{
    struct place *place = &life->place;
    struct check_report report;
    struct db *db;

    for (size_t index = 0; index < life->fact_count; index++) {
        const struct fact *known = &life->facts[index];
        const char *found = arena_cstr(place->arena, ask_text(place, known->text, known->id));

        if (strcmp(found, known->expected) != 0)
            fail_life(life, found,
                      arena_cstr(place->arena, arena_printf(place->arena, "%s %" PRId64,
                                                            known->text, known->id)));
    }
    if (!db_borrow(place->pool, &db, &place->err) ||
        !engine_check(db, place->arena, &report, &place->err))
        fail_life(life, place->err.message, place->err.detail);
    db_give_back(db);
    if (report.fault_count > 0)
        fail_life(life, report.faults[0].rule, arena_cstr(place->arena, report.faults[0].what));
}

/* What a start finds ready is done to its end; an answer that was kept is not asked for again. */
static void finish_ready(struct life *life, const struct recover_context *found)
{
    for (size_t index = 0; index < found->entry_count; index++) {
        const struct task_entry *entry = &found->entries[index];
        struct command claimed;
        struct job job = {.task = entry->id};

        if (entry->state != TASK_READY)
            continue;
        claimed = claim_task(&life->place, entry->id, entry->fence);
        assert_true(claimed.claim.is_claimed);
        job.fence = claimed.claim.attempt->fence;
        job.attempt = claimed.claim.attempt->number;
        job.call = claimed.claim.has_prior ? claimed.claim.prior.id : 0;
        if (!finish_job(life, &job))
            fail_life(life, life->place.err.message, life->place.err.detail);
    }
}

/* ---- Lives ---- */

static void open_life(struct life *life)
{
    place_open(&life->place);
    life->place.err = (struct error){0};
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t got;

    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, bytes, sizeof(bytes))) > 0)
        assert_int_equal(write(out, bytes, (size_t)got), got);
    (void)close(in);
    (void)close(out);
}

/* False: nothing struck. */
static bool live_once(struct life *life, const char *base)
{
    struct place *place = &life->place;
    struct recover_context found;
    long hits;

    life->fact_count = place->hooked_count = 0;
    copy_file(base, place->path);
    shim_watch(place->directory);
    open_life(life);
    shim_plan(&life->plan);
    live(life);
    shim_heal();
    hits = shim_hits();
    db_pool_close(place->pool);
    if (shim_is_cut())
        shim_power_on();
    open_life(life);
    start_again(life, &found);
    check_facts(life);
    finish_ready(life, &found);
    check_facts(life);

    db_pool_close(place->pool);
    shim_cut(life->plan.seed + 1);
    shim_power_on();
    open_life(life);
    start_again(life, &found);
    check_facts(life);
    db_pool_close(place->pool);
    place->pool = NULL;
    shim_finish();
    arena_reset(place->arena);
    return hits > 0;
}

static void test_a_fault_at_any_operation_loses_and_repeats_nothing(void **state)
{
    static const struct {
        enum shim_fault fault;
        bool is_lasting;
        int seeds;
    } manners[] = {
        {SHIM_IO_ERROR,  false, 1},
        {SHIM_IO_ERROR,  true,  1},
        {SHIM_DISK_FULL, true,  1},
        {SHIM_POWER_CUT, false, 4},
    };
    static struct life life;
    char base[96];

    (void)state;
    log_configure(LOG_ERROR + 1, false); /* failures are what this is about */
    place_make(&life.place);
    db_pool_close(life.place.pool);
    (void)snprintf(base, sizeof(base), "%s/base", life.place.directory);
    copy_file(life.place.path, base);
    for (size_t i = 0; i < COUNT(manners); i++) {
        for (int seed = 0; seed < manners[i].seeds; seed++) {
            life.plan = (struct shim_plan){.ops = manners[i].fault == SHIM_POWER_CUT ? SHIM_CHANGES
                                                                                     : SHIM_ALL,
                                           .fault = manners[i].fault,
                                           .is_lasting = manners[i].is_lasting};
            do {
                life.plan.nth = shim_next(life.plan.nth, STRIDE);
                life.plan.seed = (uint64_t)life.plan.nth * 16 + (uint64_t)seed;
            } while (live_once(&life, base));
            if (life.plan.nth < 60)
                fail_msg("%ld operations only", life.plan.nth);
        }
    }
    place_remove(&life.place);
}

static int install(void **state)
{
    (void)state;
    shim_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fault_at_any_operation_loses_and_repeats_nothing),
    };

    return cmocka_run_group_tests(tests, install, NULL);
}
