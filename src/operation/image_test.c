#include "operation/test_fake.h"

#include "provider/mock.h"

static struct image_label read_label(struct str blob)
{
    struct image_label label;
    struct error err = {0};
    bool found;

    no_error(image_label_read(blob_of(blob), IMAGE_PNG, house.arena, &found, &label, &err), &err,
             "image_label_read");
    assert_true(found);
    return label;
}

static struct str output_of(struct str blob)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct result_picture picture = {
        .blob = blob, .mime = STR("image/png"), .kind = STR("generated")};
    const struct result result = {
        .pictures = {.items = &picture, .count = 1}
    };

    result_write(&result, &text);
    return arena_str(house.arena, buf_str(&text));
}

/* ---- Pictures that come with the reply ---- */

static void test_pictures_are_labelled_kept_and_refined(void **state)
{
    struct provider_picture made[] = {
        {.bytes = house.picture,
         .revised_prompt = STR("a \a\xc2\x85"
                               "cup\nof 茶")},
        { .bytes = house.clear,      .has_seed = true,   .seed = 99},
    };
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = begun(&attempt);
    const struct result_picture *pictures;
    struct image_label label;

    (void)state;
    assert_true(step.exchange.is_paid);
    assert_int_equal(script.seen.action, PROVIDER_GENERATE);
    assert_int_equal(script.seen.count, 1);
    assert_true(script.seen.has_seed);
    assert_true(str_equal(script.seen.model, STR("fake-1")));
    assert_true(str_equal(script.seen.idempotency_key, attempt.call_key));
    assert_int_equal(script.seen.safety_id.size, 32);
    script.verdict.pictures = made;
    script.verdict.picture_count = 2;
    script.verdict.dropped = STR("quality");
    step = replied(&attempt, &step.exchange, 200, STR("{}"));
    assert_int_equal(step.type, STEP_KEEP);
    assert_int_equal(step.cost_micro, 40000);
    assert_string_equal(step.currency, "USD");
    assert_int_equal(step.http_status, 200);
    assert_true(str_equal(step.request_id, STR("req_1")));
    pictures = pictures_of(step.result, 2);
    check_text(pictures[0].revised_prompt, "a cup\nof 茶", "words without control characters");
    assert_false(pictures[0].has_seed); /* one of two: which seed it had, nobody said */
    assert_int_equal(pictures[1].seed, 99);
    assert_int_equal(pictures[0].variants.count, 0);
    label = read_label(pictures[0].blob);
    assert_string_equal(label.source_type, "trainedAlgorithmicMedia");
    check_text(label.system, "Studio fake-1", "system");
    check_text(label.producer_code, "00191350000000000000", "producer");
    check_text(label.produce_id, "01JDTASK000000000000000000-1", "content number");
    check_text(read_label(pictures[1].blob).produce_id, "01JDTASK000000000000000000-2", "second");

    /* A new attempt after a crash refines the same result. */
    for (int go = 0; go < 2; go++) {
        struct attempt again = attempt_of(&fake_kind, CUP);
        struct step end = {0};

        image()->refine(go == 0 ? &attempt : &again, step.result, &end);
        assert_int_equal(end.type, STEP_DONE);
        pictures = pictures_of(end.output, 2);
        assert_int_equal(pictures[0].variants.count, IMAGE_VARIANT_COUNT);
        assert_int_equal(pictures[0].width_px, 64);
        assert_int_equal(pictures[0].color.size, 7);
        assert_true(pictures[0].thumbhash.size > 0);
        assert_true(blob_of(((struct result_variant *)pictures[0].variants.items)->blob).size > 0);
    }
}

static void test_why_pictures_are_missing_is_kept(void **state)
{
    static char endless[5000];
    struct provider_picture made = {.bytes = house.picture};
    const struct {
        struct str said;
        const char *kept, *because;
    } rows[] = {
        {STR(""),                      "",                 "all came"            },
        {STR(" one was\a filtered\n"), "one was filtered", "the provider's words"},
        {STR("一张被过滤"),       "一张被过滤",  "in any language"     },
    };
    struct error err = {0};
    struct result result;

    (void)state;
    for (size_t i = 0; i < COUNT(rows) + 1; i++) {
        struct attempt attempt = attempt_of(&fake_kind, CUP);
        struct step step = begun(&attempt);
        struct step end = {0};

        memset(endless, 'x', sizeof(endless));
        script.verdict.pictures = &made;
        script.verdict.picture_count = 1;
        script.verdict.missing =
            i < COUNT(rows) ? rows[i].said : (struct str){.data = endless, .size = sizeof(endless)};
        step = replied(&attempt, &step.exchange, 200, STR("{}"));
        assert_int_equal(step.type, STEP_KEEP);
        image()->refine(&attempt, step.result, &end);
        assert_int_equal(end.type, STEP_DONE);
        no_error(result_read(end.output, house.arena, &result, &err), &err, "result_read");
        if (i < COUNT(rows))
            check_text(result.missing, rows[i].kept, rows[i].because);
        else
            assert_int_equal(result.missing.size, 1000);
    }
}

static void test_the_seed_that_was_asked_is_the_only_pictures(void **state)
{
    struct provider_picture made = {.bytes = house.picture};
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = begun(&attempt);

    (void)state;
    script.verdict.pictures = &made;
    script.verdict.picture_count = 1;
    step = replied(&attempt, &step.exchange, 200, STR("{}"));
    assert_int_equal(step.type, STEP_KEEP);
    assert_true(pictures_of(step.result, 1)[0].has_seed);
    assert_int_equal(pictures_of(step.result, 1)[0].seed, 7);
}

static void test_a_result_whose_picture_is_gone_is_no_result(void **state)
{
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = {0};

    (void)state;
    image()->refine(&attempt,
                    STR("{\"pictures\":[{\"blob\":\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa742"
                        "5e73043362938b9824\",\"mime\":\"image/png\",\"kind\":\"generated\","
                        "\"size\":1,\"width_px\":1,\"height_px\":1}]}"),
                    &step);
    expect_failure(&step, FAILURE_RESULT_LOST, CHARGED_YES, "the file is gone");
    assert_int_equal(step.blob_count, 1); /* nobody holds it any more */
    assert_true(str_find(step.failure.message, STR("paid anew")) >= 0);
    step = (struct step){0};
    image()->refine(&attempt, STR("{"), &step);
    expect_failure(&step, FAILURE_RESULT_LOST, CHARGED_YES, "nobody can read what it was");
}

static void test_a_broken_picture_is_no_result_but_a_limit_may_be_raised_again(void **state)
{
    char *spoilt = arena_alloc(house.arena, house.picture.size);
    const struct {
        struct str bytes;
        int64_t pixels_max;
        enum failure_class class;
        const char *reason;
    } rows[] = {
        {str_slice(house.picture, 0, house.picture.size / 2),          0,           FAILURE_RESULT_LOST, "half of it"},
        {{.data = spoilt, .size = house.picture.size},           0,            FAILURE_RESULT_LOST, "its pixels"},
        {house.picture,           10,            FAILURE_INVALID,                                "a limit that was lowered: what is kept waits"                              },
    };

    (void)state;
    memcpy(spoilt, house.picture.data, house.picture.size);
    memset(spoilt + house.picture.size / 2, 0x55, 16); /* it is whole to whoever reads its head */
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct attempt attempt = attempt_of(&fake_kind, CUP);
        const struct image_limits before = house.services.limits;
        struct step step = {0};
        struct str kept = output_of(store(rows[i].bytes));

        house.services.limits.pixels_max = rows[i].pixels_max;
        image()->refine(&attempt, kept, &step);
        house.services.limits = before;
        expect_failure(&step, rows[i].class, CHARGED_YES, rows[i].reason);
    }
}

static void test_a_broken_picture_was_paid_for_and_is_lost(void **state)
{
    const struct {
        struct str bytes;
        const char *reason;
    } cases[] = {
        {STR("<html>sorry</html>"), "no picture at all"},
        { str_slice(house.picture, 0,                 20), "the first bytes of one"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct provider_picture made = {.bytes = cases[i].bytes};
        struct attempt attempt = attempt_of(&fake_kind, CUP);
        struct step step = begun(&attempt);

        script.verdict.pictures = &made;
        script.verdict.picture_count = 1;
        step = replied(&attempt, &step.exchange, 200, STR("{}"));
        expect_failure(&step, FAILURE_RESULT_LOST, CHARGED_YES, cases[i].reason);
    }
}

static void test_what_the_provider_says_is_handed_on(void **state)
{
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step first = begun(&attempt), step;

    (void)state;
    script.verdict = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .request_id = STR("req_2"),
        .failure = {.class = FAILURE_THROTTLED, .retry_after_ms = 4000, .message = STR("busy")}
    };
    step = replied(&attempt, &first.exchange, 429, STR("{}"));
    expect_failure(&step, FAILURE_THROTTLED, CHARGED_NO, "throttled");
    assert_int_equal(step.failure.retry_after_ms, 4000);
    assert_int_equal(step.http_status, 429);
    assert_true(str_equal(step.request_id, STR("req_2")));
    script.verdict = (struct provider_verdict){
        .type = VERDICT_NEXT, .next = {.url = STR("again"), .retry_stage = 1}
    };
    step = replied(&attempt, &first.exchange, 400, STR("{}"));
    assert_int_equal(step.type, STEP_EXCHANGE);
    assert_int_equal(step.exchange.retry_stage, 1);
}

/* ---- Remote work ---- */

static void test_accepted_work_is_asked_for_by_another_attempt(void **state)
{
    const struct prior_call prior = {.state = CALL_ACCEPTED, .remote_id = STR("job-1")};
    struct provider_picture made = {.bytes = house.picture};
    struct attempt first = attempt_of(&fake_kind, CUP);
    struct attempt second = attempt_of(&fake_kind, CUP);
    struct step step;

    (void)state;
    second.inputs =
        arena_printf(house.arena, "{\"images\":[{\"blob\":\"%.*s\",\"mime\":\"image/png\"}]}",
                     STR_ARGS(house.picture_blob));
    first.inputs = second.inputs;
    second.prior = &prior;
    step = begun(&first);
    assert_int_equal(script.seen.action, PROVIDER_EDIT);
    script.verdict = (struct provider_verdict){
        .type = VERDICT_WAIT, .remote_id = STR("job-1"), .poll_after_ms = 3000, .progress = 0.25};
    step = replied(&first, &step.exchange, 202, STR("{}"));
    assert_int_equal(step.type, STEP_WAIT);
    check_text(step.remote_id, "job-1", "remote id");
    assert_int_equal(step.poll_after_ms, 3000);
    assert_true(step.progress > 0.24 && step.progress < 0.26);

    step = (struct step){0};
    image()->poll(&second, &step);
    assert_int_equal(step.type, STEP_EXCHANGE);
    assert_int_equal(step.exchange.purpose, EXCHANGE_POLL);
    check_text(step.exchange.url, "job-1", "asked by its id");
    script.verdict = (struct provider_verdict){
        .type = VERDICT_DONE, .pictures = &made, .picture_count = 1, .usage = {.cost_micro = -1}};
    step = replied(&second, &step.exchange, 200, STR("{}"));
    assert_int_equal(step.type, STEP_KEEP);
    /* It is still the edit that it was begun as. */
    assert_string_equal(read_label(pictures_of(step.result, 1)->blob).source_type,
                        "compositeWithTrainedAlgorithmicMedia");

    step = (struct step){0};
    image()->give_up(&second, &step);
    assert_int_equal(step.exchange.purpose, EXCHANGE_CANCEL);
}

static void test_remote_work_of_a_provider_that_is_gone_is_unknown(void **state)
{
    static const struct provider_kind *const kinds[] = {NULL, &fake_sync_kind};
    const struct prior_call prior = {.state = CALL_ACCEPTED, .remote_id = STR("job-1")};

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct attempt attempt = attempt_of(kinds[i], CUP);
        struct step step = {0};

        attempt.prior = &prior;
        image()->poll(&attempt, &step);
        expect_failure(&step, FAILURE_UNKNOWN, CHARGED_MAYBE, "poll");
        step = (struct step){0};
        image()->give_up(&attempt, &step);
        expect_failure(&step, FAILURE_UNKNOWN, CHARGED_MAYBE, "give up");
    }
}

/* ---- What cannot begin ---- */

static void test_what_cannot_begin_fails_without_a_charge(void **state)
{
    static const char gone[] = "{\"images\":[{\"blob\":\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1"
                               "fa7425e73043362938b9824\",\"mime\":\"image/png\"}]}";
    const struct {
        const struct provider_kind *kind;
        bool is_enabled;
        const char *parameters, *inputs, *says, *reason;
    } cases[] = {
        {NULL,       true,  CUP,                         "{}", "deleted",        "no provider"             },
        {&fake_kind, false, CUP,                         "{}", "switched off",   "a provider that is off"  },
        {&fake_kind, true,  "{\"prompt\":\"too wide\"}", "{}", "width: at most", "refused"                 },
        {&fake_kind, true,  "{",                         "{}", "",               "broken parameters"       },
        {&fake_kind, true,  CUP,                         "[]", "",               "broken inputs"           },
        {&fake_kind, true,  CUP,                         gone, "",               "a reference that is gone"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct attempt attempt = attempt_of(cases[i].kind, cases[i].parameters);
        struct step step = {0};

        attempt.provider.is_enabled = cases[i].is_enabled;
        attempt.inputs = str_of(cases[i].inputs);
        image()->begin(&attempt, &step);
        expect_failure(&step, FAILURE_INVALID, CHARGED_NO, cases[i].reason);
        if (str_find(step.failure.message, str_of(cases[i].says)) < 0)
            fail_msg("%s: %.*s", cases[i].reason, STR_ARGS(step.failure.message));
    }
}

/* Whatever their type, as texts; what is null is silent. */
static void test_the_models_options_reach_the_provider(void **state)
{
    static const struct {
        const char *name, *text;
    } want[] = {
        {"style",  "bold"},
        {"weight", "7"   },
        {"share",  "0.5" },
        {"tiling", "true"},
    };
    struct attempt attempt =
        attempt_of(&fake_kind, "{\"prompt\":\"a cup\",\"options\":{\"style\":\"bold\",\"weight\":7,"
                               "\"nothing\":null,\"share\":0.5,\"tiling\":true}}");
    struct step step = {0};

    (void)state;
    image()->begin(&attempt, &step);
    assert_int_equal(step.type, STEP_EXCHANGE);
    assert_int_equal(script.seen.setting_count, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_true(str_equal(script.seen.settings[i].name, str_of(want[i].name)));
        assert_true(str_equal(script.seen.settings[i].text, str_of(want[i].text)));
    }
    attempt = attempt_of(&fake_kind, CUP);
    image()->begin(&attempt, &step);
    assert_int_equal(script.seen.setting_count, 0);
}

/* ---- Pictures that go in ---- */

static void test_what_tasks_before_made_goes_to_its_port(void **state)
{
    struct upstream upstream[] = {
        {.to_port = STR("images"), .output = output_of(house.picture_blob)},
        {.to_port = STR("mask"),   .output = output_of(house.clear_blob)  },
    };

    (void)state;
    for (int white = 0; white < 2; white++) {
        struct attempt attempt = attempt_of(&fake_kind, CUP);
        struct image_info info;
        struct error err = {0};

        script.wants_white = white == 1;
        attempt.upstream = upstream;
        attempt.upstream_count = 2;
        (void)begun(&attempt);
        assert_int_equal(script.seen.action, PROVIDER_EDIT);
        assert_int_equal(script.seen.reference_count, 1);
        check_text(script.seen.references[0].mime, "image/png", "as large as its mask");
        check_text(script.seen.references[0].name, "reference-1.png", "its name");
        assert_non_null(script.seen.mask);
        assert_true(script.seen.mask_is_white == (white == 1));
        assert_true(image_probe(script.seen.mask->bytes, NULL, &info, &err));
        assert_int_equal(info.type, IMAGE_PNG);
        assert_int_equal(info.width_px, 64);
        assert_true(info.has_alpha == (white == 0));
    }
}

static void test_references_are_bounded_and_in_one_form(void **state)
{
    struct upstream upstream[17];
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(upstream); i++)
        upstream[i] =
            (struct upstream){.to_port = STR("images"), .output = output_of(house.picture_blob)};
    attempt.upstream = upstream;
    attempt.upstream_count = COUNT(upstream);
    image()->begin(&attempt, &step);
    expect_failure(&step, FAILURE_INVALID, CHARGED_NO, "none is left out silently");
    assert_true(str_find(step.failure.message, STR("17 reference pictures")) >= 0);
    attempt.upstream_count = 16;
    (void)begun(&attempt);
    assert_int_equal(script.seen.reference_count, 16);
    check_text(script.seen.references[15].name, "reference-16.jpg", "without alpha: JPEG");
}

static struct str wordy_output(void)
{
    CLEANUP(buf_finish) struct buf words = {0}, text = {0};
    struct result_picture picture = {
        .blob = house.picture_blob, .mime = STR("image/png"), .kind = STR("generated")};
    const struct result result = {
        .pictures = {.items = &picture, .count = 1}
    };

    for (int index = 0; index < 30000; index++)
        buf_add_char(&words, 'w');
    picture.revised_prompt = buf_str(&words);
    result_write(&result, &text);
    return arena_str(house.arena, buf_str(&text));
}

/* Of 200 edges too: what else the tasks before wrote stays where it is. */
static void test_of_what_came_before_its_pictures_are_kept_alone(void **state)
{
    struct upstream upstream[200];
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct task_inputs inputs;
    struct error err = {0};
    size_t used;

    (void)state;
    for (size_t i = 0; i < COUNT(upstream); i++)
        upstream[i] = (struct upstream){.to_port = STR("images"), .output = STR_EMPTY};
    for (size_t i = 0; i < COUNT(upstream); i++)
        upstream[i].output = i == 0 ? wordy_output() : upstream[0].output;
    attempt.upstream = upstream;
    attempt.upstream_count = 16;
    used = arena_used(house.arena);
    assert_true(call_inputs(&attempt, &inputs, &err));
    check(arena_used(house.arena) - used < KIB(64), "the names alone");
    assert_int_equal(inputs.images.count, 16);
    check_text(((struct input_picture *)inputs.images.items)[15].blob,
               arena_cstr(house.arena, house.picture_blob), "the last");

    attempt.upstream_count = COUNT(upstream);
    used = arena_used(house.arena);
    assert_false(call_inputs(&attempt, &inputs, &err));
    assert_int_equal(err.code, ERROR_TOO_MANY);
    check(arena_used(house.arena) - used < KIB(64), "the names of some");
    upstream[0].output = STR_EMPTY; /* the engine had no room for it */
    attempt.upstream_count = 1;
    err = (struct error){0};
    assert_false(call_inputs(&attempt, &inputs, &err));
    assert_int_equal(err.code, ERROR_TOO_MANY);
}

/* ---- The mock's cards ---- */

static void test_the_mock_draws_what_was_ordered(void **state)
{
    const struct provider_kind *mock = provider_kind_find(STR("mock"));
    struct attempt attempt =
        attempt_of(mock, "{\"prompt\":\"a cup\",\"n\":2,\"width\":320,\"height\":256,\"seed\":5}");
    struct exchange_reply reply;
    struct step step, end = {0};
    const struct result_picture *pictures;

    (void)state;
    assert_non_null(mock);
    attempt.model = STR("mock-fast");
    step = begun(&attempt);
    assert_true(step.exchange.card.size > 0);
    assert_int_equal(image()->card_parts(&step.exchange), 0);
    assert_true(image()->perform_card(&attempt, &step.exchange, -1, &reply));
    assert_int_equal(reply.outcome, EXCHANGE_REPLIED);
    assert_int_equal(reply.part_count, 2);
    image()->reply(&attempt, &step.exchange, &reply, &end);
    assert_int_equal(end.type, STEP_KEEP);
    pictures = pictures_of(end.result, 2);
    assert_int_equal(pictures[0].width_px, 320);
    assert_int_equal(pictures[0].height_px, 256);
    assert_int_equal(pictures[0].seed, 5);
    assert_int_equal(pictures[1].seed, 6);
    assert_string_equal(read_label(pictures[0].blob).source_type, "trainedAlgorithmicMedia");
    assert_false(str_equal(pictures[0].blob, pictures[1].blob));
}

static void test_a_card_that_is_none_is_lost_and_draws_nothing(void **state)
{
    struct attempt attempt = attempt_of(provider_kind_find(STR("mock")), CUP);
    struct exchange_reply reply;
    struct step step = begun(&attempt);

    (void)state;
    step.exchange.card = STR("{\"v\":9}");
    assert_int_equal(image()->card_parts(&step.exchange), 0);
    assert_false(image()->perform_card(&attempt, &step.exchange, -1, &reply));
    assert_int_equal(reply.outcome, EXCHANGE_LOST);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        T(test_pictures_are_labelled_kept_and_refined),
        T(test_why_pictures_are_missing_is_kept),
        T(test_the_seed_that_was_asked_is_the_only_pictures),
        T(test_a_result_whose_picture_is_gone_is_no_result),
        T(test_a_broken_picture_is_no_result_but_a_limit_may_be_raised_again),
        T(test_a_broken_picture_was_paid_for_and_is_lost),
        T(test_what_the_provider_says_is_handed_on),
        T(test_accepted_work_is_asked_for_by_another_attempt),
        T(test_remote_work_of_a_provider_that_is_gone_is_unknown),
        T(test_what_cannot_begin_fails_without_a_charge),
        T(test_the_models_options_reach_the_provider),
        T(test_what_tasks_before_made_goes_to_its_port),
        T(test_references_are_bounded_and_in_one_form),
        T(test_of_what_came_before_its_pictures_are_kept_alone),
        T(test_the_mock_draws_what_was_ordered),
        T(test_a_card_that_is_none_is_lost_and_draws_nothing),
    };

    return cmocka_run_group_tests(tests, open_house, close_house);
}
