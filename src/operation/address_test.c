/* Results that come by address: fetched at once, or by whoever lives. */
#include "operation/test_fake.h"

static void test_addresses_are_fetched_one_after_the_other(void **state)
{
    struct provider_picture made[] = {{.url = STR("https://cdn.test/1")},
                                      {.bytes = house.clear},
                                      {.url = STR("https://cdn.test/3")}};
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = begun(&attempt);

    (void)state;
    script.verdict.pictures = made;
    script.verdict.picture_count = 3;
    step = replied(&attempt, &step.exchange, 200, STR("{}"));
    assert_int_equal(step.type, STEP_EXCHANGE);
    assert_int_equal(step.exchange.purpose, EXCHANGE_FETCH);
    assert_false(step.exchange.is_paid);
    check_text(step.exchange.url, "https://cdn.test/1", "the first");
    assert_int_equal(step.exchange.header_count, 0); /* no credentials */
    assert_int_equal(step.exchange.reply_size_max, 1000000);
    step = replied(&attempt, &step.exchange, 404, STR("not yet"));
    check_text(step.exchange.url, "https://cdn.test/1", "again");
    assert_int_equal(step.exchange.delay_ms, 1000);
    step = replied(&attempt, &step.exchange, 200, house.picture);
    assert_int_equal(step.type, STEP_EXCHANGE);
    check_text(step.exchange.url, "https://cdn.test/3", "the third, its tries from the start");
    assert_int_equal(step.exchange.delay_ms, 0);
    step = replied(&attempt, &step.exchange, 200, house.picture);
    assert_int_equal(step.type, STEP_KEEP);
    assert_int_equal(step.http_status, 200);
    assert_int_equal(step.cost_micro, 40000);
    (void)pictures_of(step.result, 3);
}

/* A run shows what five hundred tasks have, and each of a call's pictures has words of its own. */
static void test_what_was_made_of_the_prompt_is_bounded_for_all_pictures(void **state)
{
    char words[32000];
    struct provider_picture made[64];

    (void)state;
    memset(words, '~', sizeof(words));
    for (size_t count = 1; count <= COUNT(made); count *= 8) {
        struct attempt attempt = attempt_of(&fake_kind, CUP);
        struct step step = begun(&attempt);
        size_t found = 0;

        for (size_t index = 0; index < count; index++)
            made[index] = (struct provider_picture){
                .url = STR("https://cdn.test/1"), .revised_prompt = {words, sizeof(words)}
            };
        script.verdict.pictures = made;
        script.verdict.picture_count = count;
        step = replied(&attempt, &step.exchange, 200, STR("{}"));
        assert_int_equal(step.type, STEP_WAIT);
        for (size_t at = 0; at < step.remote_id.size; at++)
            found += step.remote_id.data[at] == '~';
        assert_true(found > 0 && found / count <= 8000 && found <= 16000);
    }
}

static void test_an_address_is_asked_four_times_and_then_lost(void **state)
{
    static const int64_t delays[] = {0, 1000, 5000, 25000};
    static const struct exchange_reply replies[] = {
        {.outcome = EXCHANGE_REPLIED,  .status = 500                     },
        {.outcome = EXCHANGE_NOT_SENT, .err = {.code = ERROR_UNREACHABLE}},
        {.outcome = EXCHANGE_LOST,     .err = {.code = ERROR_TIMED_OUT}  },
        {.outcome = EXCHANGE_REPLIED,  .status = 200                     }, /* of nothing */
    };
    struct provider_picture made = {.url = STR("https://cdn.test/secret?sig=abc")};
    struct prior_call prior = {.state = CALL_ACCEPTED};
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = begun(&attempt);

    (void)state;
    script.verdict.pictures = &made;
    script.verdict.picture_count = 1;
    script.verdict.usage.cost_micro = 70000;
    script.verdict.usage.currency = "USD";
    step = replied(&attempt, &step.exchange, 200, STR("{}"));
    assert_int_equal(step.type, STEP_WAIT);
    prior.remote_id = step.remote_id;
    attempt = attempt_of(&fake_kind, CUP);
    attempt.prior = &prior;
    step = (struct step){0};
    image()->poll(&attempt, &step);
    for (size_t i = 0; i < COUNT(replies); i++) {
        const struct exchange fetch = step.exchange;

        assert_int_equal(step.type, STEP_EXCHANGE);
        assert_int_equal(fetch.delay_ms, delays[i]);
        step = (struct step){0};
        image()->reply(&attempt, &fetch, &replies[i], &step);
    }
    expect_failure(&step, FAILURE_RESULT_LOST, CHARGED_YES, "four times");
    assert_int_equal(step.failure.retry_after_ms, 0); /* and later four times more */
    assert_int_equal(step.cost_micro, 70000); /* as the reply had it, not as it was guessed */
    assert_string_equal(step.currency, "USD");
    assert_true(str_find(step.failure.message, STR("sig=")) < 0);
}

static void test_only_what_its_own_place_calls_gone_is_given_up(void **state)
{
    static const struct {
        struct exchange_reply reply;
        int64_t again_ms;
    } rows[] = {
        {{.outcome = EXCHANGE_REPLIED, .status = 403},                       -1},
        {{.outcome = EXCHANGE_REPLIED, .status = 404},                       -1},
        {{.outcome = EXCHANGE_REPLIED, .status = 410},                       -1},
        {{.outcome = EXCHANGE_REPLIED, .status = 408},                       0 },
        {{.outcome = EXCHANGE_REPLIED, .status = 429},                       0 },
        {{.outcome = EXCHANGE_REPLIED, .status = 503},                       0 },
        {{.outcome = EXCHANGE_NOT_SENT, .err = {.code = ERROR_UNREACHABLE}}, 0 },
        {{.outcome = EXCHANGE_LOST, .err = {.code = ERROR_TIMED_OUT}},       0 },
    };
    const struct prior_call prior = {
        .state = CALL_ACCEPTED,
        .remote_id = STR("own:{\"pictures\":[{\"url\":\"https://cdn.test/1\"}]}")};

    (void)state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        struct attempt attempt = attempt_of(&fake_kind, CUP);
        struct step step = {0};

        attempt.prior = &prior;
        image()->poll(&attempt, &step);
        for (int go = 0; go < 4; go++) {
            const struct exchange fetch = step.exchange;

            assert_int_equal(step.type, STEP_EXCHANGE);
            step = (struct step){0};
            image()->reply(&attempt, &fetch, &rows[row].reply, &step);
        }
        expect_failure(&step, FAILURE_RESULT_LOST, CHARGED_YES, "four times in vain");
        assert_int_equal(step.failure.retry_after_ms, rows[row].again_ms);
    }
}

static void expect_lost_for_good(const struct step *step, const char *because)
{
    expect_failure(step, FAILURE_RESULT_LOST, CHARGED_YES, because);
    assert_int_equal(step->failure.retry_after_ms, -1);
    assert_int_equal(step->cost_micro, 40000);
}

/* 64 addresses of 64 MiB each are no result. */
static void test_files_are_bounded_together(void **state)
{
    struct provider_picture made[64];
    struct prior_call prior = {.state = CALL_ACCEPTED};
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = begun(&attempt);

    (void)state;
    for (size_t index = 0; index < COUNT(made); index++)
        made[index] = (struct provider_picture){.url = STR("https://cdn.test/large")};
    script.verdict.pictures = made;
    script.verdict.picture_count = COUNT(made);
    step = replied(&attempt, &step.exchange, 200, STR("{}"));
    assert_int_equal(step.type, STEP_WAIT);
    prior.remote_id = step.remote_id;
    attempt = attempt_of(&fake_kind, CUP);
    attempt.prior = &prior;
    step = (struct step){0};
    image()->poll(&attempt, &step);
    for (int fetch = 0; fetch < 8; fetch++) { /* nobody reads them before all are here */
        assert_int_equal(step.type, STEP_EXCHANGE);
        step = replied(&attempt, &step.exchange, 200, (struct str){house.picture.data, MIB(64)});
    }
    assert_int_equal(step.type, STEP_EXCHANGE);
    step = replied(&attempt, &step.exchange, 200, house.picture);
    expect_lost_for_good(&step, "512 MiB, and a picture");
    assert_true(str_find(step.failure.message, STR("larger together")) >= 0);
}

static void test_a_file_that_is_too_large_is_asked_once(void **state)
{
    const struct prior_call prior = {
        .state = CALL_ACCEPTED,
        .remote_id =
            STR("own:{\"pictures\":[{\"url\":\"https://cdn.test/1\"}],\"cost_micro\":40000}")};
    const struct exchange_reply reply = {
        .outcome = EXCHANGE_LOST, .status = 200, .err = {.code = ERROR_TOO_LARGE}};
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = {0};
    struct exchange fetch;

    (void)state;
    attempt.prior = &prior;
    image()->poll(&attempt, &step);
    assert_int_equal(step.type, STEP_EXCHANGE);
    fetch = step.exchange;
    step = (struct step){0};
    image()->reply(&attempt, &fetch, &reply, &step);
    expect_lost_for_good(&step, "it would be as large again");
}

/* The reply is forgotten: all that the result is made of is in the remote id. */
static void test_what_came_by_address_is_fetched_by_whoever_lives(void **state)
{
    struct provider_picture made[] = {
        {.url = STR("https://cdn.test/1?sig=\"a\\b"),
         .revised_prompt = STR("a cup of 茶"),
         .has_seed = true,
         .seed = 12},
        {.url = STR("https://cdn.test/2")                           },
    };
    struct prior_call prior = {.state = CALL_ACCEPTED};
    const struct result_picture *pictures;
    struct error err = {0};
    struct result result;

    (void)state;
    for (int way = 0; way < 3; way++) { /* polled; given up; and its provider was deleted */
        struct attempt first = attempt_of(&fake_sync_kind, CUP);
        struct attempt second = attempt_of(way < 2 ? &fake_sync_kind : NULL, CUP);
        struct step step = begun(&first);

        script.verdict.pictures = made;
        script.verdict.picture_count = 2;
        script.verdict.dropped = STR("quality");
        script.verdict.missing = STR("one was filtered");
        step = replied(&first, &step.exchange, 200, STR("{}"));
        assert_int_equal(step.type, STEP_WAIT);
        assert_int_equal(step.poll_after_ms, 0);
        check_text(step.request_id, "req_1", "for its support");
        assert_true(remote_id_is_own(step.remote_id));
        prior.remote_id = step.remote_id;
        second.prior = &prior;

        step = (struct step){0};
        (way == 1 ? image()->give_up : image()->poll)(&second, &step);
        assert_int_equal(step.type, STEP_EXCHANGE);
        assert_int_equal(step.exchange.purpose, EXCHANGE_FETCH);
        assert_false(step.exchange.is_paid);
        assert_int_equal(step.exchange.header_count, 0);
        check_text(step.exchange.url, "https://cdn.test/1?sig=\"a\\b", "as it was given");
        step = replied(&second, &step.exchange, 200, house.picture);
        check_text(step.exchange.url, "https://cdn.test/2", "the second");
        step = replied(&second, &step.exchange, 200, house.clear);
        assert_int_equal(step.type, STEP_KEEP);
        assert_int_equal(step.cost_micro, 40000);
        assert_string_equal(step.currency, "USD");
        assert_int_equal(step.http_status, 200);
        check_text(step.request_id, "req_1", "kept with the call");
        assert_int_equal(step.blob_count, 2);
        no_error(result_read(step.result, house.arena, &result, &err), &err, "result_read");
        check_text(result.dropped, "quality", "dropped");
        check_text(result.missing, "one was filtered", "missing");
        assert_true(str_find(step.result, STR("cdn.test")) < 0);
        pictures = pictures_of(step.result, 2);
        check_text(pictures[0].revised_prompt, "a cup of 茶", "its words");
        assert_int_equal(pictures[0].seed, 12);
        assert_false(pictures[1].has_seed);
        check_text(str_of(step.blobs[1].name), arena_cstr(house.arena, pictures[1].blob), "held");
        assert_int_equal(step.blobs[1].size, pictures[1].size);
    }
}

static void test_what_wants_the_key_or_is_there_already_is_not_written_down(void **state)
{
    struct exchange_header key = {.name = STR("Authorization"), .value = STR("Bearer secret")};
    struct provider_picture secret = {
        .url = STR("https://own.test/1"), .headers = &key, .header_count = 1};
    struct provider_picture odd = {.url = STR("https://cdn.test/\x07")};
    struct provider_picture *const rows[] = {&secret, &odd};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct attempt attempt = attempt_of(&fake_kind, CUP);
        struct step step = begun(&attempt);

        script.verdict.pictures = rows[i];
        script.verdict.picture_count = 1;
        step = replied(&attempt, &step.exchange, 200, STR("{}"));
        assert_int_equal(step.type, STEP_EXCHANGE);
        check_text(step.exchange.url, arena_cstr(house.arena, rows[i]->url), "fetched at once");
        assert_int_equal(step.exchange.header_count, rows[i]->header_count);
    }
}

static void test_a_remote_id_that_is_not_ours_is_not_taken_for_ours(void **state)
{
    static const char *const broken[] = {"own:", "own:{}", "own:{\"pictures\":[]}",
                                         "own:{\"pictures\":[{\"url\":\"\"}]}"};
    struct attempt attempt = attempt_of(&fake_kind, CUP);
    struct step step = begun(&attempt);

    (void)state;
    script.verdict = (struct provider_verdict){
        .type = VERDICT_WAIT,
        .remote_id = STR("own:{\"pictures\":[{\"url\":\"http://10.0.0.1/\"}]}")};
    step = replied(&attempt, &step.exchange, 202, STR("{}"));
    expect_failure(&step, FAILURE_UNKNOWN, CHARGED_MAYBE, "a provider that would be us");
    for (size_t i = 0; i < COUNT(broken); i++) {
        const struct prior_call prior = {.state = CALL_ACCEPTED, .remote_id = str_of(broken[i])};
        struct attempt second = attempt_of(&fake_kind, CUP);

        second.prior = &prior;
        step = (struct step){0};
        image()->poll(&second, &step);
        expect_failure(&step, FAILURE_RESULT_LOST, CHARGED_YES, broken[i]);
        assert_int_equal(step.failure.retry_after_ms, -1);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        T(test_addresses_are_fetched_one_after_the_other),
        T(test_what_was_made_of_the_prompt_is_bounded_for_all_pictures),
        T(test_an_address_is_asked_four_times_and_then_lost),
        T(test_only_what_its_own_place_calls_gone_is_given_up),
        T(test_files_are_bounded_together),
        T(test_a_file_that_is_too_large_is_asked_once),
        T(test_what_came_by_address_is_fetched_by_whoever_lives),
        T(test_what_wants_the_key_or_is_there_already_is_not_written_down),
        T(test_a_remote_id_that_is_not_ours_is_not_taken_for_ours),
    };

    return cmocka_run_group_tests(tests, open_house, close_house);
}
