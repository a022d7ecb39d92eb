#include "engine/test_lanes.h"

#include <stdlib.h>

static void test_a_lane_gives_as_many_as_it_has_slots(void **state)
{
    struct scheduler *scheduler = one_lane(2);

    (void)state;
    for (int64_t id = 1; id <= 4; id++)
        put(scheduler, entry_of(id, 1, 0));
    assert_int_equal(pick(scheduler, 0), 1);
    assert_int_equal(pick(scheduler, 0), 2);
    assert_int_equal(pick(scheduler, 0), 0);
    release(scheduler, 0, 1);
    assert_int_equal(pick(scheduler, 0), 3);
    assert_int_equal(scheduler_count(scheduler), 1);
    scheduler_destroy(scheduler);
}

static void test_lanes_do_not_wait_for_each_other(void **state)
{
    struct scheduler *scheduler = one_lane(1);
    const struct lane_limits limits = {.capacity = 1};

    (void)state;
    scheduler_set_lane(scheduler, 7, &limits);
    put(scheduler, entry_of(1, 1, 0));
    put(scheduler, entry_of(2, 1, 0));
    put(scheduler, entry_of(3, 1, 7));
    put(scheduler, entry_of(4, 1, 8)); /* a lane nobody set gives nothing */
    assert_non_null(scheduler_limits(scheduler, 7));
    assert_null(scheduler_limits(scheduler, 8));
    assert_int_equal(pick(scheduler, 0) + pick(scheduler, 0), 1 + 3);
    assert_int_equal(pick(scheduler, 0), 0);
    scheduler_set_lane(scheduler, 8, &limits);
    assert_int_equal(pick(scheduler, 0), 4);
    scheduler_destroy(scheduler);
}

static void test_priority_goes_before_rank_and_rank_before_age(void **state)
{
    struct scheduler *scheduler = one_lane(9);
    struct task_entry entry;

    (void)state;
    put(scheduler, entry_of(1, 1, 0));
    put(scheduler, entry_of(2, 1, 0));
    entry = entry_of(3, 1, 0);
    entry.priority = PRIORITY_LOW;
    put(scheduler, entry);
    entry = entry_of(4, 1, 0);
    entry.priority = PRIORITY_FRONT;
    put(scheduler, entry);
    entry = entry_of(5, 1, 0);
    entry.rank = 1; /* the same as the first: the older goes first */
    put(scheduler, entry);
    assert_int_equal(scheduler_position(scheduler, 4), 1);
    assert_int_equal(scheduler_position(scheduler, 3), 5);
    assert_int_equal(scheduler_position(scheduler, 99), 0);
    entry = entry_of(2, 1, 0);
    entry.rank = 0.5; /* moved */
    put(scheduler, entry);
    assert_int_equal(scheduler_count(scheduler), 5);
    assert_int_equal(pick(scheduler, 0), 4);
    assert_int_equal(pick(scheduler, 0), 2);
    assert_int_equal(pick(scheduler, 0), 1);
    assert_int_equal(pick(scheduler, 0), 5);
    assert_int_equal(pick(scheduler, 0), 3);
    scheduler_destroy(scheduler);
}

static void test_what_is_delayed_comes_when_its_time_does(void **state)
{
    struct scheduler *scheduler = one_lane(9);
    struct task_entry entry = entry_of(1, 1, 0);

    (void)state;
    entry.run_at_ms = 50;
    put(scheduler, entry);
    assert_int_equal(scheduler_next_ms(scheduler), 50);
    assert_int_equal(pick(scheduler, 49), 0);
    assert_int_equal(pick(scheduler, 50), 1);
    assert_int_equal(scheduler_next_ms(scheduler), INT64_MAX);
    scheduler_destroy(scheduler);
}

static void test_a_paused_run_is_parked_and_comes_back(void **state)
{
    struct scheduler *scheduler = one_lane(9);
    struct task_entry entry = entry_of(1, 1, 0);

    (void)state;
    put(scheduler, entry);
    entry.is_run_paused = true;
    put(scheduler, entry);
    assert_int_equal(pick(scheduler, 0), 0);
    assert_int_equal(scheduler_next_ms(scheduler), INT64_MAX); /* nothing to wake up for */
    assert_int_equal(scheduler_count(scheduler), 1);
    entry.is_run_paused = false;
    put(scheduler, entry);
    assert_int_equal(pick(scheduler, 0), 1);
    scheduler_destroy(scheduler);
}

static void test_a_resting_lane_wakes_by_itself(void **state)
{
    struct scheduler *scheduler = one_lane(1);
    struct lane_view view;

    (void)state;
    put(scheduler, entry_of(1, 1, 0));
    put(scheduler, entry_of(2, 1, 0));
    rest(scheduler, 0, 100, "throttled");
    rest(scheduler, 0, 60, "not so long"); /* the longer one stands */
    assert_int_equal(scheduler_next_ms(scheduler), 100);
    assert_int_equal(scheduler_lanes(scheduler, 0, &view, 1), 1);
    assert_string_equal(view.reason, "throttled");
    assert_int_equal(view.pause_until_ms, 100);
    assert_int_equal(pick(scheduler, 99), 0);
    assert_int_equal(pick(scheduler, 100), 1);
    /* Its slot is taken: the rest that is over is no reason to look again. */
    assert_int_equal(scheduler_next_ms(scheduler), INT64_MAX);
    scheduler_destroy(scheduler);
}

static void test_a_stopped_lane_is_not_woken_for(void **state)
{
    struct scheduler *scheduler = one_lane(1);
    const struct lane_limits limits = {.capacity = 1};

    (void)state;
    put(scheduler, entry_of(1, 1, 0));
    rest(scheduler, 0, 100, "throttled");
    scheduler_stop_lane(scheduler, 0, "auth");
    assert_int_equal(pick(scheduler, 200), 0);
    /* A time that has passed would wake the core again and again. */
    assert_int_equal(scheduler_next_ms(scheduler), INT64_MAX);
    scheduler_set_lane(scheduler, 0, &limits);
    assert_int_equal(pick(scheduler, 200), 1);
    scheduler_destroy(scheduler);
}

static void test_what_could_not_start_in_time_expires_wherever_it_waits(void **state)
{
    struct scheduler *scheduler = one_lane(1);
    struct task_entry entry;

    (void)state;
    for (int64_t id = 1; id <= 4; id++) {
        entry = entry_of(id, 1, 0);
        entry.start_by_ms = 100 * (5 - id);
        entry.is_run_paused = id == 2;
        entry.run_at_ms = id == 3 ? 1000 : 0;
        put(scheduler, entry);
    }
    assert_int_equal(scheduler_expires_ms(scheduler), 100);
    assert_false(scheduler_expire(scheduler, 99, &entry));
    for (int64_t id = 4; id >= 1; id--) {
        assert_true(scheduler_expire(scheduler, 400, &entry));
        assert_int_equal(entry.id, id);
    }
    assert_int_equal(scheduler_count(scheduler), 0);
    assert_int_equal(scheduler_expires_ms(scheduler), INT64_MAX);
    scheduler_destroy(scheduler);
}

/* ---- Fairness (engine.md 8) ---- */

enum { USERS = 7, PICKS = 2000, SHARE_OVER = 100 };

/* Users who are always busy, each with tasks in wait, one slot after the other. */
static void test_busy_users_share_within_a_tenth_over_any_hundred_picks(void **state)
{
    struct scheduler *scheduler = one_lane(5);
    int64_t users[PICKS], running[5], next_id = 1;
    struct task_entry entry;

    (void)state;
    for (int64_t user = 1; user <= USERS; user++)
        for (int64_t task = 0; task < user * 3; task++) /* a longer queue gives no larger share */
            put(scheduler, entry_of(next_id++, user, 0));
    for (size_t at = 0; at < PICKS; at++) {
        if (at >= COUNT(running))
            release(scheduler, 0, running[at % COUNT(running)]);
        assert_true(scheduler_pick(scheduler, 0, &entry));
        users[at] = running[at % COUNT(running)] = entry.user_id;
        put(scheduler, entry_of(next_id++, entry.user_id, 0));
    }
    for (size_t from = 0; from + SHARE_OVER <= PICKS; from++) {
        int64_t shares[USERS + 1] = {0};

        for (size_t at = from; at < from + SHARE_OVER; at++)
            shares[users[at]]++;
        for (int64_t user = 1; user <= USERS; user++)
            if (labs(shares[user] * USERS - SHARE_OVER) * 10 > SHARE_OVER)
                fail_msg("user %d got %d of %d picks from %zu on", (int)user, (int)shares[user],
                         SHARE_OVER, from);
    }
    scheduler_destroy(scheduler);
}

static void test_a_newcomer_starts_after_one_round_of_the_others(void **state)
{
    enum { SLOTS = 3 };
    struct scheduler *scheduler = one_lane(SLOTS);
    int64_t next_id = 1, running[SLOTS];
    struct task_entry entry;

    (void)state;
    for (int64_t user = 1; user <= USERS; user++)
        for (int64_t task = 0; task < 100; task++)
            put(scheduler, entry_of(next_id++, user, 0));
    for (int64_t at = 0; at < 200; at++) {
        if (at >= SLOTS)
            release(scheduler, 0, running[at % SLOTS]);
        assert_true(scheduler_pick(scheduler, 0, &entry));
        running[at % SLOTS] = entry.user_id;
    }
    put(scheduler, entry_of(next_id, USERS + 1, 0));
    for (int64_t picks = 0; entry.user_id != USERS + 1; picks++) {
        assert_true(picks <= USERS + SLOTS);
        release(scheduler, 0, running[picks % SLOTS]);
        assert_true(scheduler_pick(scheduler, 0, &entry));
        running[picks % SLOTS] = entry.user_id;
    }
    scheduler_destroy(scheduler);
}

static void test_neither_sleep_nor_one_long_task_saves_credit(void **state)
{
    (void)state;
    for (int is_running = 0; is_running <= 1; is_running++) {
        struct scheduler *scheduler = one_lane(9);
        int64_t next_id = 1, of_first = 0;
        struct task_entry entry;

        put(scheduler, entry_of(next_id++, 1, 0));
        assert_int_equal(pick(scheduler, 0), 1);
        if (!is_running)
            release(scheduler, 0, 1);
        for (int64_t task = 0; task < 200; task++)
            put(scheduler, entry_of(next_id++, 2, 0));
        for (int64_t task = 0; task < 100; task++) {
            assert_true(scheduler_pick(scheduler, 0, &entry));
            release(scheduler, 0, entry.user_id);
        }
        for (int64_t task = 0; task < 100; task++)
            put(scheduler, entry_of(next_id++, 1, 0));
        for (int64_t task = 0; task < 20; task++) {
            assert_true(scheduler_pick(scheduler, 0, &entry));
            release(scheduler, 0, entry.user_id);
            of_first += entry.user_id == 1;
        }
        check(of_first >= 9 && of_first <= 11, is_running ? "who ran all along" : "who slept");
        scheduler_destroy(scheduler);
    }
}

/* ---- Random operations against a model that keeps no order ---- */

enum { TASKS = 60, LANES = 3, KINDS = 2, MODEL_USERS = 4 };

/* What a lane is asked for: of one the account's limits hold, of the other bounds of its own too.
 */
static const char *const kinds[KINDS] = {"free", "bounded"};

struct model {
    struct task_entry tasks[TASKS + 1];
    bool is_in[TASKS + 1];
    bool is_in_turn[TASKS + 1]; /* its time came while somebody looked */
    struct lane_limits limits[LANES];
    int64_t bound[LANES], rest_until_ms[LANES][KINDS], running[LANES][MODEL_USERS][KINDS];
    double vtime[LANES], user_vtime[LANES][MODEL_USERS];
    bool is_kind_paused[LANES]; /* the second of them */
    int64_t now_ms;
};

static int kind_of(const struct task_entry *entry)
{
    return str_equal(entry->model, str_of(kinds[1])) ? 1 : 0;
}

static int64_t kind_running(const struct model *model, int64_t lane, int kind)
{
    int64_t running = 0;

    for (int user = 0; user < MODEL_USERS; user++)
        running += model->running[lane][user][kind];
    return running;
}

static int64_t lane_running(const struct model *model, int64_t lane)
{
    return kind_running(model, lane, 0) + kind_running(model, lane, 1);
}

/* Of one user only what waits for a kind that is not paused. */
static int in_turn(const struct model *model, int64_t lane, int64_t user)
{
    int count = 0;

    for (int id = 1; id <= TASKS; id++)
        count += model->is_in_turn[id] && model->tasks[id].provider_id == lane &&
                 (user < 0 || (model->tasks[id].user_id == user &&
                               (kind_of(&model->tasks[id]) == 0 || !model->is_kind_paused[lane])));
    return count;
}

static void come_in(struct model *model, int64_t lane, int64_t user)
{
    if (in_turn(model, lane, user) == 0 && model->user_vtime[lane][user] < model->vtime[lane])
        model->user_vtime[lane][user] = model->vtime[lane];
}

static void enter_turn(struct model *model, int64_t id)
{
    if (model->is_in_turn[id])
        return;
    come_in(model, model->tasks[id].provider_id, model->tasks[id].user_id);
    model->is_in_turn[id] = true;
}

static bool is_open(const struct model *model, int64_t lane, int kind)
{
    return !model->limits[lane].is_paused && model->rest_until_ms[lane][kind] <= model->now_ms &&
           (kind == 0 || !model->is_kind_paused[lane]) &&
           lane_running(model, lane) < model->limits[lane].capacity &&
           (kind == 0 || model->bound[lane] == 0 ||
            kind_running(model, lane, kind) < model->bound[lane]);
}

static bool goes_before(const struct task_entry *a, const struct task_entry *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->rank != b->rank ? a->rank < b->rank : a->id < b->id;
}

static void model_put(struct model *model, const struct task_entry *entry)
{
    model->tasks[entry->id] = *entry;
    model->is_in[entry->id] = true;
    model->is_in_turn[entry->id] = false;
    if (!entry->is_run_paused && entry->run_at_ms <= model->now_ms)
        enter_turn(model, entry->id);
}

/* What the time has come for, in the order of their times. */
static void model_undelay(struct model *model)
{
    for (int64_t at = 0; at <= model->now_ms; at++)
        for (int id = 1; id <= TASKS; id++)
            if (model->is_in[id] && !model->tasks[id].is_run_paused &&
                model->tasks[id].run_at_ms == at)
                enter_turn(model, id);
}

static void check_pick(struct model *model, bool is_picked, const struct task_entry *entry)
{
    const int64_t lane = entry->provider_id, user = entry->user_id;

    if (!is_picked) {
        for (int id = 1; id <= TASKS; id++)
            assert_true(!model->is_in_turn[id] ||
                        !is_open(model, model->tasks[id].provider_id, kind_of(&model->tasks[id])));
        return;
    }
    assert_true(model->is_in_turn[entry->id]);
    assert_true(is_open(model, lane, kind_of(entry)));
    for (int id = 1; id <= TASKS; id++) {
        const struct task_entry *other = &model->tasks[id];

        if (!model->is_in_turn[id] || other->provider_id != lane ||
            !is_open(model, lane, kind_of(other)))
            continue;
        assert_true(model->user_vtime[lane][other->user_id] >= model->user_vtime[lane][user]);
        assert_true(other->user_id != user || kind_of(other) != kind_of(entry) ||
                    !goes_before(other, entry));
    }
    model->vtime[lane] = model->user_vtime[lane][user];
    model->user_vtime[lane][user] += 1;
    model->running[lane][user][kind_of(entry)]++;
    model->is_in[entry->id] = model->is_in_turn[entry->id] = false;
}

static void check_views(const struct model *model, const struct scheduler *scheduler)
{
    struct lane_view lanes[LANES];
    int64_t expires_ms = INT64_MAX;
    size_t count = 0;

    for (int64_t id = 1; id <= TASKS; id++) {
        const struct task_entry *task = &model->tasks[id];
        int64_t position = 1;

        assert_int_equal(scheduler_find(scheduler, id) != NULL, model->is_in[id]);
        if (!model->is_in[id])
            continue;
        count++;
        if (task->start_by_ms < expires_ms)
            expires_ms = task->start_by_ms;
        for (int64_t other = 1; other <= TASKS; other++)
            position += other != id && model->is_in_turn[other] &&
                        model->tasks[other].provider_id == task->provider_id &&
                        model->tasks[other].user_id == task->user_id &&
                        kind_of(&model->tasks[other]) == kind_of(task) &&
                        goes_before(&model->tasks[other], task);
        assert_int_equal(scheduler_position(scheduler, id), position);
    }
    assert_int_equal(scheduler_count(scheduler), count);
    assert_int_equal(scheduler_expires_ms(scheduler), expires_ms);
    assert_int_equal(scheduler_lanes(scheduler, 0, lanes, LANES), LANES);
    for (size_t at = 0; at < LANES; at++) {
        assert_int_equal(lanes[at].running, lane_running(model, (int64_t)at));
        assert_int_equal(lanes[at].ready, in_turn(model, (int64_t)at, -1));
    }
}

static void step(struct model *model, struct scheduler *scheduler, const struct random *random)
{
    const int64_t lane = (int64_t)random_below(random, LANES);
    const int64_t user = (int64_t)random_below(random, MODEL_USERS);
    const int kind = (int)random_below(random, KINDS);
    struct task_entry entry = entry_of(1 + (int64_t)random_below(random, TASKS), user, lane);
    bool is_done;

    entry.model = str_of(kinds[kind]);
    switch (random_below(random, 10)) {
    case 0:
    case 1:
    case 2:
        if (model->is_in[entry.id]) { /* a task keeps its user, lane and model */
            entry.model = model->tasks[entry.id].model;
            entry.user_id = model->tasks[entry.id].user_id;
            entry.provider_id = model->tasks[entry.id].provider_id;
        }
        entry.priority = (enum task_priority)random_below(random, 3);
        entry.rank = (double)random_below(random, 10);
        entry.is_run_paused = random_below(random, 8) == 0;
        entry.run_at_ms =
            random_below(random, 3) == 0 ? model->now_ms + (int64_t)random_below(random, 20) : 0;
        entry.start_by_ms = model->now_ms + 1 + (int64_t)random_below(random, 200);
        model_put(model, &entry);
        scheduler_put(scheduler, &entry, model->now_ms);
        break;
    case 3:
        assert_int_equal(scheduler_remove(scheduler, entry.id), model->is_in[entry.id]);
        model->is_in[entry.id] = model->is_in_turn[entry.id] = false;
        break;
    case 4:
        if (model->running[lane][user][kind] > 0) {
            scheduler_free(scheduler, &entry);
            model->running[lane][user][kind]--;
        }
        break;
    case 5:
        if (random_below(random, 4) == 0) {
            model->limits[lane] =
                (struct lane_limits){.capacity = 1 + (int64_t)random_below(random, 4),
                                     .is_paused = random_below(random, 4) == 0};
            model->rest_until_ms[lane][0] = model->rest_until_ms[lane][1] = 0;
            scheduler_set_lane(scheduler, lane, &model->limits[lane]);
        } else if (random_below(random, 4) == 0) {
            const struct model_limits bound = {.concurrency = (int64_t)random_below(random, 3),
                                               .is_paused = random_below(random, 3) == 0};

            for (int64_t of = 0; of < MODEL_USERS && !bound.is_paused; of++)
                if (model->is_kind_paused[lane])
                    come_in(model, lane, of);
            model->bound[lane] = bound.concurrency;
            model->is_kind_paused[lane] = bound.is_paused;
            scheduler_set_model(scheduler, lane, str_of(kinds[1]), &bound);
        } else if (random_below(random, 2) == 0) {
            const int64_t until = model->now_ms + (int64_t)random_below(random, 15);

            scheduler_rest(scheduler, &entry, until, "rest");
            if (until > model->rest_until_ms[lane][kind])
                model->rest_until_ms[lane][kind] = until;
        }
        break;
    case 6:
        model->now_ms += (int64_t)random_below(random, 4);
        while (scheduler_expire(scheduler, model->now_ms, &entry)) {
            assert_true(model->tasks[entry.id].start_by_ms <= model->now_ms);
            model->is_in[entry.id] = model->is_in_turn[entry.id] = false;
        }
        break;
    default:
        is_done = scheduler_pick(scheduler, model->now_ms, &entry);
        model_undelay(model);
        check_pick(model, is_done, &entry);
        break;
    }
}

static void test_random_operations_agree_with_a_model(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        static struct model model;
        struct random_seeded generator;
        const struct random random = random_of_seed(&generator, seed);
        struct scheduler *scheduler = scheduler_create(0);

        model = (struct model){0};
        for (int64_t lane = 0; lane < LANES; lane++) {
            model.limits[lane] = (struct lane_limits){.capacity = 2};
            scheduler_set_lane(scheduler, lane, &model.limits[lane]);
        }
        for (int at = 0; at < 1500; at++) {
            step(&model, scheduler, &random);
            check_views(&model, scheduler);
        }
        scheduler_destroy(scheduler);
    }
}

static void test_a_minutes_requests_are_spread_over_it(void **state)
{
    const struct lane_limits limits = {.capacity = 100, .per_minute = 6};
    struct scheduler *scheduler = scheduler_create(0);
    int64_t now = 0, picked = 0;

    (void)state;
    scheduler_set_lane(scheduler, 7, &limits);
    for (int64_t id = 1; id <= 20; id++)
        put(scheduler, entry_of(id, 1, 7));
    while (now < 60000) {
        if (pick(scheduler, now) != 0) {
            picked++;
            continue;
        }
        assert_true(scheduler_next_ms(scheduler) > now); /* it says when to come again */
        now = scheduler_next_ms(scheduler);
    }
    assert_int_equal(picked, 5);
    scheduler_destroy(scheduler);
}

/* After a start polls come before the first ready task, which brings the limits. */
static void test_what_is_learned_before_the_limits_are_known_stays(void **state)
{
    const struct lane_limits limits = {.capacity = 100};
    const struct provider_key keys[] = {
        {.id = 3, .weight = 1, .is_enabled = true}
    };
    struct scheduler *scheduler = scheduler_create(0);

    (void)state;
    keyring_rest(scheduler_keyring(scheduler, 7), 3, "auth", 0);
    rest(scheduler, 7, 5000, "throttled");
    scheduler_set_lane(scheduler, 7, &limits);
    assert_false(keyring_has_one(scheduler_keyring(scheduler, 7), keys, COUNT(keys), 0, 0));
    put(scheduler, entry_of(1, 1, 7));
    assert_int_equal(pick(scheduler, 4999), 0);
    scheduler_set_lane(scheduler, 7, &limits); /* its owner looks: all is forgiven */
    assert_true(keyring_has_one(scheduler_keyring(scheduler, 7), keys, COUNT(keys), 0, 0));
    assert_int_equal(pick(scheduler, 4999), 1);
    scheduler_destroy(scheduler);
}

static void test_a_big_one_has_its_turn_among_small_ones(void **state)
{
    const struct lane_limits limits = {.capacity = 100, .units_per_minute = 10};
    struct scheduler *scheduler = scheduler_create(0);
    struct task_entry big = entry_of(1000, 2, 7);
    int64_t now = 0, before = 0, after = 0;

    (void)state;
    scheduler_set_lane(scheduler, 7, &limits);
    big.units = 40; /* four minutes' worth */
    put(scheduler, big);
    for (int64_t id = 1; id <= 50; id++)
        put(scheduler, entry_of(id, 1, 7));
    for (int64_t id = 0; id != 1000 && now < FAR_MS; before++) {
        id = pick(scheduler, now);
        if (id == 0) {
            assert_true(scheduler_next_ms(scheduler) > now);
            now = scheduler_next_ms(scheduler);
            before--;
        }
    }
    assert_true(before <= 2);           /* the other user's turn, then its own */
    assert_in_range(now, 60000, 70000); /* for which a whole minute is saved */
    after = now;
    assert_int_equal(pick(scheduler, now), 0);
    now = scheduler_next_ms(scheduler);
    assert_int_equal(now - after, 31 * 6000); /* thirty are owed */
    assert_int_not_equal(pick(scheduler, now), 0);
    scheduler_destroy(scheduler);
}

static void test_people_share_pictures_and_not_requests(void **state)
{
    struct scheduler *scheduler = one_lane(1);
    int64_t pictures[3] = {0};

    (void)state;
    for (int64_t id = 1; id <= 200; id++) {
        struct task_entry entry = entry_of(id, 1 + id % 2, 0);

        entry.units = entry.user_id == 1 ? 4 : 1;
        put(scheduler, entry);
    }
    for (int at = 0; at < 100; at++) {
        struct task_entry entry;

        assert_true(scheduler_pick(scheduler, 0, &entry));
        pictures[entry.user_id] += entry.units;
        release(scheduler, 0, entry.user_id);
    }
    assert_int_equal(pictures[1], pictures[2]);
    scheduler_destroy(scheduler);
}

static void test_units_that_were_not_used_come_back(void **state)
{
    const struct lane_limits limits = {.capacity = 100, .units_per_minute = 4};
    struct scheduler *scheduler = scheduler_create(0);
    struct task_entry entry = entry_of(1, 1, 7), picked;

    (void)state;
    scheduler_set_lane(scheduler, 7, &limits);
    entry.units = 4;
    put(scheduler, entry);
    assert_true(scheduler_pick(scheduler, 60000, &picked));
    put(scheduler, entry);
    assert_int_equal(pick(scheduler, 60000), 0);
    scheduler_give_back(scheduler, &picked, 0, 60000);
    assert_int_equal(pick(scheduler, 60000), 1);
    scheduler_destroy(scheduler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lane_gives_as_many_as_it_has_slots),
        cmocka_unit_test(test_lanes_do_not_wait_for_each_other),
        cmocka_unit_test(test_priority_goes_before_rank_and_rank_before_age),
        cmocka_unit_test(test_what_is_delayed_comes_when_its_time_does),
        cmocka_unit_test(test_a_paused_run_is_parked_and_comes_back),
        cmocka_unit_test(test_a_resting_lane_wakes_by_itself),
        cmocka_unit_test(test_a_stopped_lane_is_not_woken_for),
        cmocka_unit_test(test_what_could_not_start_in_time_expires_wherever_it_waits),
        cmocka_unit_test(test_busy_users_share_within_a_tenth_over_any_hundred_picks),
        cmocka_unit_test(test_a_newcomer_starts_after_one_round_of_the_others),
        cmocka_unit_test(test_neither_sleep_nor_one_long_task_saves_credit),
        cmocka_unit_test(test_random_operations_agree_with_a_model),
        cmocka_unit_test(test_a_minutes_requests_are_spread_over_it),
        cmocka_unit_test(test_what_is_learned_before_the_limits_are_known_stays),
        cmocka_unit_test(test_a_big_one_has_its_turn_among_small_ones),
        cmocka_unit_test(test_people_share_pictures_and_not_requests),
        cmocka_unit_test(test_units_that_were_not_used_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
