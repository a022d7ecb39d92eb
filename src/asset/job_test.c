#include "asset/test_private.h"

#include "core/log.h"

static int set_up(void **state)
{
    static struct house house;

    house_open(&house, false);
    house.time.wall_ms = NOON + DAY_MS; /* after all pictures */
    *state = &house;
    return 0;
}

static int tear_down(void **state) { return house_close(*state); }

static const struct asset_filter all;

static struct asset_job start_but(struct house *house, const struct asset_filter *filter,
                                  struct text_list except, enum asset_action action, int64_t rating,
                                  const char *tag)
{
    struct asset_filter copy = *filter;
    struct asset_selection selection = {.all_matching = &copy, .except = except};
    const struct asset_bulk bulk = {
        .selection = &selection, .action = action, .rating = rating, .tag = str_of(tag)};
    struct error err = {0};
    struct asset_job job;

    house->time.wall_ms += DAY_MS; /* all there are came in before */
    no_error(asset_selection_check(&selection, house->arena, &err), &err, "check");
    no_error(asset_job_start(house->service, ANN, &bulk, house->arena, &job, &err), &err,
             asset_actions[action]);
    return job;
}

static struct asset_job start(struct house *house, const struct asset_filter *filter,
                              enum asset_action action, int64_t rating, const char *tag)
{
    return start_but(house, filter, (struct text_list){0}, action, rating, tag);
}

static bool step(struct house *house)
{
    struct error err = {0};
    bool more;

    no_error(asset_job_step(house->service, &more, &err), &err, "step");
    return more;
}

static struct asset_job look(struct house *house, const struct asset_job *job)
{
    struct error err = {0};
    struct asset_job now;

    no_error(job_store_find(house_look(house), ANN, job->id, house->time.wall_ms, house->arena,
                            &now, &err),
             &err, "find");
    return now;
}

static struct asset_job run(struct house *house, const struct asset_job *job)
{
    while (step(house))
        ;
    return look(house, job);
}

static enum error_code tell(struct house *house, int64_t user_id, const struct asset_job *job,
                            enum job_event event)
{
    struct error err = {0};
    struct asset_job now;

    return asset_job_tell(house->service, user_id, job->id, event, house->arena, &now, &err)
               ? ERROR_NONE
               : err.code;
}

static int64_t count(struct house *house, struct asset_filter filter)
{
    struct error err = {0};
    int64_t found;

    no_error(asset_store_count(house_look(house), ANN, &filter, house->arena, &found, &err), &err,
             "count");
    return found;
}

static int64_t notes(struct house *house)
{
    static const struct sql sql = {"test_notes", "SELECT count(*) AS n FROM asset_job_item", NULL};

    return query_number(house, &sql);
}

static void test_only_what_the_table_lists_may_happen(void **state)
{
    static const int wanted[][JOB_EVENT_COUNT] = {
  /*                stop         undo         at end      broke */
        [JOB_RUNNING] = {JOB_STOPPED, JOB_UNDOING, JOB_DONE,   JOB_FAILED},
        [JOB_UNDOING] = {-1,          -1,          JOB_UNDONE, JOB_FAILED},
        [JOB_DONE] = {-1,          JOB_UNDOING, -1,         -1        },
        [JOB_STOPPED] = {-1,          JOB_UNDOING, -1,         -1        },
        [JOB_UNDONE] = {-1,          -1,          -1,         -1        },
        [JOB_FAILED] = {-1,          JOB_UNDOING, -1,         -1        },
    };

    (void)state;
    for (int from = JOB_RUNNING; from <= JOB_FAILED; from++)
        for (int event = 0; event < JOB_EVENT_COUNT; event++) {
            enum job_state next;
            struct error err = {0};
            const bool is_listed =
                job_next_state((enum job_state)from, (enum job_event)event, &next, &err);

            check(is_listed == (wanted[from][event] >= 0), job_states[from]);
            if (is_listed)
                assert_int_equal(next, wanted[from][event]);
            else
                assert_int_equal(err.code, ERROR_CONFLICT);
        }
}

static void test_all_that_match_are_changed_a_part_at_a_time_and_counted(void **state)
{
    struct house *house = *state;
    enum { MANY = 2 * JOB_PICTURES + 7 };
    struct asset_job job;

    add_pictures_alike(house, MANY, (struct picture){.name = "p", .tags = "red"});
    add_picture(house, (struct picture){.name = "q"});
    add_picture(house, (struct picture){.name = "bob's", .user_id = BOB, .tags = "red"});
    job = start(house, &(struct asset_filter){.tag = STR("red")}, ACTION_TRASH, 0, NULL);
    check_text(job.state, "running", "at first");
    assert_int_equal(job.total, MANY);
    assert_true(step(house));
    job = look(house, &job);
    assert_int_equal(job.seen, 100);
    assert_int_equal(job.changed, JOB_PICTURES);
    assert_int_equal(count(house, all), MANY + 1 - JOB_PICTURES);
    /* A picture that comes in meanwhile is not what the person saw. */
    house->time.wall_ms += 10;
    add_picture(house,
                (struct picture){.name = "new", .tags = "red", .at_ms = house->time.wall_ms});
    job = run(house, &job);
    check_text(job.state, "done", "at the end");
    assert_int_equal(job.changed, MANY);
    assert_int_equal(count(house, all), 2);
    assert_true(job.can_undo);
    assert_false(step(house));
}

static void test_all_but_a_few_are_counted_changed_and_given_back(void **state)
{
    const struct asset_filter filters[] = {
        {.tag = STR("red")},
        {               .q = STR("lantern")                },
        { .from_ms = NOON,                 .to_ms = NOON + 1}
    };
    struct house *house = *state;
    struct str ids[5], bobs, earlier, names[7];
    struct asset asset;

    for (size_t i = 0; i < COUNT(ids); i++)
        ids[i] = add_picture(
            house, (struct picture){.name = "p", .prompt = "a red lantern", .tags = "red"});
    earlier = add_picture(house, (struct picture){.name = "earlier", .at_ms = NOON - 1});
    bobs = add_picture(house, (struct picture){.name = "bob's", .user_id = BOB, .tags = "red"});
    for (size_t i = 0; i < COUNT(filters); i++) {
        /* Twice, in no order, and what does not match or is not there: none of that counts. */
        struct asset_job job;

        names[0] = ids[3], names[1] = ids[1], names[2] = ids[3], names[3] = bobs;
        names[4] = earlier, names[5] = STR("01JD00000000000000000000ZZ"), names[6] = ids[1];
        job =
            start_but(house, &filters[i], (struct text_list){.items = names, .count = COUNT(names)},
                      ACTION_TRASH, 0, NULL);
        assert_int_equal(job.total, 3);
        job = run(house, &job);
        check_text(job.state, "done", "all but two");
        assert_int_equal(job.seen, 3);
        assert_int_equal(job.changed, 3);
        for (size_t which = 0; which < COUNT(ids); which++) {
            assert_true(find_picture(house, ANN, ids[which], &asset));
            assert_int_equal(asset.trashed_at_ms == 0, which == 1 || which == 3);
        }
        assert_int_equal(tell(house, ANN, &job, JOB_UNDO), ERROR_NONE);
        job = run(house, &job);
        assert_int_equal(job.undone, 3);
        assert_int_equal(count(house, filters[i]), COUNT(ids));
    }
}

static void test_a_part_of_nothing_but_exceptions_leads_to_the_next(void **state)
{
    struct house *house = *state;
    struct str last = add_picture(house, (struct picture){.name = "last", .at_ms = NOON - 1});
    struct str *ids = ARENA_ARRAY(house->arena, struct str, JOB_PICTURES);
    struct asset_job job;
    struct asset asset;

    for (size_t i = 0; i < JOB_PICTURES; i++)
        ids[i] = add_picture(house, (struct picture){.name = "p"});
    job = start_but(house, &all, (struct text_list){.items = ids, .count = JOB_PICTURES},
                    ACTION_STAR, 0, NULL);
    assert_int_equal(job.total, 1);
    assert_true(step(house));
    job = look(house, &job);
    assert_int_equal(job.seen, 0);
    /* Killed here: the exceptions are in the job's row. */
    job = run(house, &job);
    check_text(job.state, "done", "at the end");
    assert_int_equal(job.changed, 1);
    assert_true(find_picture(house, ANN, last, &asset) && asset.is_starred);
    assert_true(find_picture(house, ANN, ids[0], &asset) && !asset.is_starred);
}

static void test_a_killed_server_goes_on_where_the_last_commit_left_it(void **state)
{
    struct house *house = *state;
    enum { MANY = 3 * JOB_PICTURES };
    const struct asset_config config = house->service->config;
    struct asset_job job;

    add_pictures_alike(house, MANY, (struct picture){.name = "p"});
    job = start(house, &all, ACTION_RATE, 4, NULL);
    for (int steps = 0; steps < 4; steps++) {
        /* Nothing but the database is left of it. */
        asset_service_destroy(house->service);
        house->service = asset_service_create(&config);
        assert_true(step(house));
    }
    job = look(house, &job);
    check_text(job.state, "done", "after four servers");
    assert_int_equal(job.changed, MANY);
    assert_int_equal(job.seen, MANY);
    assert_int_equal(count(house, (struct asset_filter){.rating = 4}), MANY);
}

static void test_what_was_changed_is_told_by_one_event_a_commit(void **state)
{
    struct house *house = *state;
    struct asset_job job;
    struct str events;
    int64_t last;

    add_pictures_alike(house, JOB_PICTURES + 1, (struct picture){.name = "p"});
    last = last_event(house, ANN);
    house->wakes = 0;
    job = start(house, &all, ACTION_STAR, 0, NULL);
    (void)run(house, &job);
    events = events_of(house, ANN, last);
    assert_int_equal(count_of(events, "asset.job {\"job\":{"), 3);
    assert_int_equal(count_of(events, "asset.changed"), 0);
    assert_int_equal(house->wakes, 3);
    assert_int_equal(house->woken_user, ANN);
}

static void test_undo_gives_back_exactly_what_there_was(void **state)
{
    static const struct {
        enum asset_action action;
        struct asset_filter filter;
        int64_t changed;
    } cases[] = {
        {ACTION_TRASH,      {.trash = false}, 3},
        {ACTION_RESTORE,    {.trash = true},  1},
        {ACTION_STAR,       {.trash = false}, 2},
        {ACTION_UNSTAR,     {.trash = false}, 1},
        {ACTION_RATE,       {.trash = false}, 2},
        {ACTION_TAG_ADD,    {.trash = false}, 2},
        {ACTION_TAG_REMOVE, {.trash = false}, 1},
    };
    struct house *house = *state;
    const struct picture pictures[] = {
        {.name = "a",         .rating = 4, .is_starred = true},
        {.name = "b",         .rating = 1, .tags = "hero"    },
        {.name = "c"        },
        {.name = "d", .rating = 2,            .is_trashed = true                   },
    };
    struct asset before[COUNT(pictures)];
    struct str ids[COUNT(pictures)];

    for (size_t i = 0; i < COUNT(pictures); i++) {
        ids[i] = add_picture(house, pictures[i]);
        assert_true(find_picture(house, ANN, ids[i], &before[i]));
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *why = asset_actions[cases[i].action];
        struct asset_job job = start(house, &cases[i].filter, cases[i].action, 4, "hero");

        house->time.wall_ms += 1000;
        job = run(house, &job);
        assert_int_equal(job.changed, cases[i].changed);
        assert_int_equal(notes(house), cases[i].changed);
        assert_int_equal(tell(house, ANN, &job, JOB_UNDO), ERROR_NONE);
        job = run(house, &job);
        check_text(job.state, "undone", why);
        assert_int_equal(job.undone, cases[i].changed);
        assert_int_equal(notes(house), 0);
        for (size_t which = 0; which < COUNT(pictures); which++) {
            struct asset now;

            assert_true(find_picture(house, ANN, ids[which], &now));
            check(now.rating == before[which].rating, why);
            check(now.is_starred == before[which].is_starred, why);
            check(now.trashed_at_ms == before[which].trashed_at_ms, why);
            check(now.tags.count == before[which].tags.count, why);
        }
        assert_int_equal(tell(house, ANN, &job, JOB_UNDO), ERROR_CONFLICT);
    }
}

static void test_undo_leaves_what_somebody_changed_since(void **state)
{
    struct house *house = *state;
    struct str id = add_picture(house, (struct picture){.name = "a", .rating = 1});
    struct asset_job job = start(house, &all, ACTION_RATE, 4, NULL);
    const struct asset_patch five = {.has_rating = true, .rating = 5};
    struct asset_detail detail;
    struct asset now;
    struct error err = {0};

    (void)run(house, &job);
    no_error(asset_change(house->service, ANN, id, &five, house->arena, &detail, &err), &err,
             "rate");
    assert_int_equal(tell(house, ANN, &job, JOB_UNDO), ERROR_NONE);
    job = run(house, &job);
    assert_int_equal(job.undone, 0);
    assert_true(find_picture(house, ANN, id, &now));
    assert_int_equal(now.rating, 5);
}

static void test_a_job_is_stopped_or_undone_half_way(void **state)
{
    struct house *house = *state;
    enum { MANY = 2 * JOB_PICTURES };
    struct asset_job job;

    add_pictures_alike(house, MANY, (struct picture){.name = "p"});
    job = start(house, &all, ACTION_TRASH, 0, NULL);
    assert_true(step(house));
    assert_int_equal(tell(house, ANN, &job, JOB_STOP), ERROR_NONE);
    assert_false(step(house));
    assert_int_equal(count(house, all), MANY - JOB_PICTURES);
    assert_int_equal(tell(house, ANN, &job, JOB_STOP), ERROR_CONFLICT);
    assert_int_equal(tell(house, ANN, &job, JOB_UNDO), ERROR_NONE);
    job = run(house, &job);
    check_text(job.state, "undone", "after a stop");
    assert_int_equal(count(house, all), MANY);

    job = start(house, &all, ACTION_TRASH, 0, NULL);
    assert_true(step(house));
    assert_int_equal(tell(house, ANN, &job, JOB_UNDO), ERROR_NONE);
    job = run(house, &job);
    check_text(job.state, "undone", "while it ran");
    assert_int_equal(job.undone, JOB_PICTURES);
    assert_int_equal(count(house, all), MANY);
}

static void test_the_emptied_trash_keeps_what_came_out_of_it_and_has_no_way_back(void **state)
{
    struct house *house = *state;
    const struct asset_filter trash = {.trash = true};
    struct asset_job job;
    struct asset asset;
    struct str ids[3];

    for (int i = 0; i < 3; i++)
        ids[i] = add_picture(house, (struct picture){.name = "p", .is_trashed = true});
    job = start(house, &trash, ACTION_DELETE, 0, NULL);
    assert_int_equal(job.total, 3);
    {
        struct str back[] = {ids[1]};
        const struct asset_selection one = {
            .ids = {.items = back, .count = 1}
        };
        const struct asset_bulk restore = {.selection = &one, .action = ACTION_RESTORE};
        struct error err = {0};
        int64_t changed;

        no_error(asset_change_all(house->service, ANN, &restore, &changed, &err), &err, "restore");
    }
    job = run(house, &job);
    assert_int_equal(job.changed, 2);
    assert_true(find_picture(house, ANN, ids[1], &asset));
    assert_false(find_picture(house, ANN, ids[0], &asset));
    assert_false(job.can_undo);
    assert_int_equal(tell(house, ANN, &job, JOB_UNDO), ERROR_CONFLICT);
    assert_int_equal(notes(house), 0);
}

static void test_what_cannot_be_begun_or_told_says_why(void **state)
{
    struct house *house = *state;
    struct asset_filter nothing = {.rating = 5};
    struct asset_selection none = {.all_matching = &nothing};
    const struct asset_bulk bulk = {.selection = &none, .action = ACTION_STAR};
    struct error err = {0};
    struct asset_job job;
    struct str id;

    id = add_picture(house, (struct picture){.name = "p"});
    assert_false(asset_job_start(house->service, ANN, &bulk, house->arena, &job, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    nothing.rating = 0;
    none.except = (struct text_list){.items = &id, .count = 1};
    assert_false(asset_job_start(house->service, ANN, &bulk, house->arena, &job, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    none.except.count = 0;
    for (int i = 0; i < JOBS_LIVE_MAX; i++)
        job = start(house, &all, ACTION_STAR, 0, NULL);
    assert_false(asset_job_start(house->service, ANN, &bulk, house->arena, &job, &err));
    assert_int_equal(err.code, ERROR_TOO_MANY);
    assert_int_equal(err.limit, JOBS_LIVE_MAX);
    assert_int_equal(tell(house, BOB, &job, JOB_STOP), ERROR_NOT_FOUND);
}

static bool fill_tags(struct db *db, void *context, struct error *err)
{
    static const struct sql fill = {
        "test_tags",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
        " INSERT INTO tag (user_id, name, name_key) SELECT $2, 't' || i, 't' || i FROM n",
        NULL};
    const struct sql_value args[] = {SQL_INT64(TAGS_PER_USER_MAX), SQL_INT64(ANN)};

    (void)context;
    return db_exec(db, &fill, args, COUNT(args), NULL, err);
}

static void test_a_job_that_cannot_go_on_fails_and_the_next_one_runs(void **state)
{
    struct house *house = *state;
    struct asset_job bad, good;
    struct error err = {0};

    add_picture(house, (struct picture){.name = "p"});
    no_error(db_transact(house->pool, "fill", fill_tags, NULL, &err), &err, "fill");
    bad = start(house, &all, ACTION_TAG_ADD, 0, "one more");
    good = start(house, &all, ACTION_STAR, 0, NULL);
    good = run(house, &good);
    bad = look(house, &bad);
    check_text(bad.state, "failed", "a tag too many");
    check_text(bad.error, "too_many", "and why");
    check_text(good.state, "done", "the next");
}

static void test_what_ended_long_ago_is_forgotten_and_cannot_be_undone(void **state)
{
    struct house *house = *state;
    struct asset_job job;
    struct error err = {0};
    struct asset_job *jobs;
    size_t found;
    bool more;

    add_pictures_alike(house, 3, (struct picture){.name = "p"});
    job = start(house, &all, ACTION_STAR, 0, NULL);
    job = run(house, &job);
    assert_int_equal(notes(house), 3);
    house->time.wall_ms += JOB_LIFE_MS;
    assert_false(look(house, &job).can_undo);
    assert_int_equal(tell(house, ANN, &job, JOB_UNDO), ERROR_GONE);
    house->time.wall_ms += 1;
    no_error(asset_purge_trash(house->service, 1, &more, &err), &err, "purge");
    assert_int_equal(notes(house), 0);
    no_error(job_store_list(house_look(house), ANN, house->time.wall_ms, house->arena, &jobs,
                            &found, &err),
             &err, "list");
    assert_int_equal(found, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_only_what_the_table_lists_may_happen),
        TEST(test_all_that_match_are_changed_a_part_at_a_time_and_counted),
        TEST(test_all_but_a_few_are_counted_changed_and_given_back),
        TEST(test_a_part_of_nothing_but_exceptions_leads_to_the_next),
        TEST(test_a_killed_server_goes_on_where_the_last_commit_left_it),
        TEST(test_what_was_changed_is_told_by_one_event_a_commit),
        TEST(test_undo_gives_back_exactly_what_there_was),
        TEST(test_undo_leaves_what_somebody_changed_since),
        TEST(test_a_job_is_stopped_or_undone_half_way),
        TEST(test_the_emptied_trash_keeps_what_came_out_of_it_and_has_no_way_back),
        TEST(test_what_cannot_be_begun_or_told_says_why),
        TEST(test_a_job_that_cannot_go_on_fails_and_the_next_one_runs),
        TEST(test_what_ended_long_ago_is_forgotten_and_cannot_be_undone),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
