#include "operation/test_private.h"

#include "provider/mock.h"

/* ---- A provider that answers as it is told ---- */

static struct {
    struct provider_verdict verdict;
    struct provider_request seen;
} script;

static bool fake_begin(const struct provider_account *account,
                       const struct provider_request *request, struct arena *arena,
                       struct exchange *out, struct error *err)
{
    (void)account, (void)arena;
    if (str_equal(request->prompt, STR("too long")))
        return error_field(err, ERROR_TOO_LONG, "prompt", 5, "at most 5");
    script.seen = *request;
    *out = (struct exchange){.purpose = EXCHANGE_SUBMIT, .is_paid = true};
    return true;
}

static void fake_read(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct provider_verdict *out)
{
    (void)account, (void)exchange, (void)reply, (void)arena;
    script.seen = *request;
    *out = script.verdict;
}

static bool fake_ask(const struct provider_account *account, struct str remote_id,
                     struct arena *arena, struct exchange *out, struct error *err)
{
    (void)account, (void)arena, (void)err;
    *out = (struct exchange){.purpose = EXCHANGE_POLL, .url = remote_id};
    return true;
}

static bool fake_cancel(const struct provider_account *account, struct str remote_id,
                        struct arena *arena, struct exchange *out, struct error *err)
{
    (void)account, (void)arena, (void)err;
    *out = (struct exchange){.purpose = EXCHANGE_CANCEL, .url = remote_id};
    return true;
}

static const struct provider_model fake_model = {.can_write = true, .can_see = true};
static const struct provider_kind fake_kind = {
    .name = "fake",
    .label = "Fake",
    .model_default = &fake_model,
    .begin = fake_begin,
    .read = fake_read,
    .poll = fake_ask,
    .cancel = fake_cancel,
};
static const struct provider_kind fake_sync_kind = {
    .name = "fake",
    .label = "Fake",
    .model_default = &fake_model,
    .begin = fake_begin,
    .read = fake_read,
};

static int set_up(void **state)
{
    (void)state;
    memset(&script, 0, sizeof(script));
    script.verdict = (struct provider_verdict){
        .type = VERDICT_DONE,
        .poll_after_ms = -1,
        .progress = -1,
        .request_id = STR("req_1"),
        .usage = {.cost_micro = 300, .currency = "USD"}
    };
    return 0;
}

#define CUP "{\"prompt\":\"a cup\",\"model\":\"\",\"language\":\"keep\"}"
#define SHOWN "{\"images\":[{\"blob\":\"%.*s\",\"mime\":\"image/png\"}]}"

static struct attempt expanding(const struct provider_kind *kind, const char *parameters)
{
    struct attempt attempt = attempt_of(kind, parameters);

    attempt.operation = STR("prompt.expand");
    return attempt;
}

static struct attempt describing(const struct provider_kind *kind, const char *parameters)
{
    struct attempt attempt = attempt_of(kind, parameters);

    attempt.operation = STR("image.describe");
    attempt.inputs = arena_printf(house.arena, SHOWN, STR_ARGS(house.picture_blob));
    return attempt;
}

static const struct engine_operation *row_of(const struct attempt *attempt)
{
    return &operation_find(attempt->operation)->engine;
}

static struct step begun(struct attempt *attempt)
{
    struct step step = {0};

    row_of(attempt)->begin(attempt, &step);
    if (step.type != STEP_EXCHANGE)
        fail_msg("%.*s", STR_ARGS(step.failure.message));
    return step;
}

static struct step replied(struct attempt *attempt, const struct exchange *exchange)
{
    const struct exchange_reply reply = {
        .outcome = EXCHANGE_REPLIED, .status = 200, .body = STR("{}")};
    struct step step = {0};

    row_of(attempt)->reply(attempt, exchange, &reply, &step);
    return step;
}

static struct result result_of(struct str json)
{
    struct result result;
    struct error err = {0};

    no_error(result_read(json, house.arena, &result, &err), &err, "result_read");
    return result;
}

static bool says(struct str text, const char *part) { return str_find(text, str_of(part)) >= 0; }

/* ---- What is asked ---- */

static void test_a_short_prompt_is_given_to_be_improved(void **state)
{
    static const char *const languages[][2] = {
        {"keep", "in the language of the prompt"},
        {"en",   "in English"                   },
        {"zh",   "in Simplified Chinese"        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(languages); i++) {
        struct attempt attempt = expanding(
            &fake_kind,
            arena_cstr(house.arena,
                       arena_printf(house.arena, "{\"prompt\":\"a cup\",\"language\":\"%s\"}",
                                    languages[i][0])));

        (void)begun(&attempt);
        assert_int_equal(script.seen.action, PROVIDER_WRITE);
        check_text(script.seen.prompt, "a cup", "the prompt alone");
        assert_true(says(script.seen.system, languages[i][1]));
        assert_int_equal(script.seen.schema.size, 0);
        assert_int_equal(script.seen.reference_count, 0);
        assert_true(str_equal(script.seen.model, STR("fake-1")));
        assert_true(str_equal(script.seen.idempotency_key, attempt.call_key));
        assert_int_equal(script.seen.safety_id.size, 32);
    }
}

static void test_pictures_are_shown_small_and_with_what_is_known(void **state)
{
    struct attempt attempt =
        describing(&fake_kind, "{\"language\":\"zh\",\"facts\":\"Bob's cup\"}");
    CLEANUP(json_cleanup) struct json *schema = NULL;
    struct upstream upstream = {.to_port = STR("images")};
    struct result_picture picture = {.blob = house.clear_blob,
                                     .mime = STR("image/png"),
                                     .kind = STR("generated"),
                                     .size = 1,
                                     .width_px = 1,
                                     .height_px = 1};
    const struct result before = {
        .pictures = {.items = &picture, .count = 1}
    };
    CLEANUP(buf_finish) struct buf output = {0};
    struct error err;

    (void)state;
    result_write(&before, &output);
    upstream.output = buf_str(&output);
    attempt.upstream = &upstream;
    attempt.upstream_count = 1;
    (void)begun(&attempt);
    assert_int_equal(script.seen.action, PROVIDER_WRITE);
    assert_int_equal(script.seen.reference_count, 2); /* its own, and a task's before it */
    check_text(script.seen.references[0].mime, "image/jpeg", "without transparency");
    check_text(script.seen.references[1].mime, "image/png", "with it");
    check_text(script.seen.references[0].name, "picture-1.jpg", "a name");
    assert_true(says(script.seen.prompt, "Bob's cup"));
    assert_true(says(script.seen.system, "in Simplified Chinese"));
    assert_true(json_read(script.seen.schema, &schema, &err));
    assert_int_equal(json_count(json_get(schema, "required")), 3);
    check_text(script.seen.schema_name, "description", "the schema's name");
    attempt = describing(&fake_kind, "{\"language\":\"en\",\"facts\":\"\"}");
    (void)begun(&attempt);
    check_text(script.seen.prompt, "Describe what you see.", "nothing is known");
}

/* ---- What is kept ---- */

static void test_a_better_prompt_is_kept_and_survives_a_crash(void **state)
{
    struct attempt attempt = expanding(&fake_kind, CUP);
    struct step step = begun(&attempt);
    struct result result;

    (void)state;
    script.verdict.text = STR("a blue\a cup\non wood");
    script.verdict.dropped = STR("safety_id");
    script.verdict.missing = STR("the text was cut\a at 1024 tokens");
    step = replied(&attempt, &step.exchange);
    assert_int_equal(step.type, STEP_KEEP);
    assert_int_equal(step.cost_micro, 300);
    assert_string_equal(step.currency, "USD");
    assert_int_equal(step.http_status, 200);
    check_text(step.request_id, "req_1", "the provider's id");

    /* A new attempt after a crash adopts the same result. */
    for (int go = 0; go < 2; go++) {
        struct attempt again = expanding(go == 0 ? &fake_kind : NULL, CUP);
        struct step end = {0};

        row_of(&again)->refine(go == 0 ? &attempt : &again, step.result, &end);
        assert_int_equal(end.type, STEP_DONE);
        result = result_of(end.output);
        check_text(result.text, "a blue cup\non wood", "without control characters");
        check_text(result.provider_name, "Studio", "who wrote it");
        check_text(result.request_id, "req_1", "under which id");
        check_text(result.dropped, "safety_id", "without what");
        check_text(result.missing, "the text was cut at 1024 tokens", "what did not come");
        assert_int_equal(result.pictures.count, 0);
        assert_int_equal(result.keywords.count, 0);
    }
}

static void test_quotation_marks_around_a_prompt_are_no_part_of_it(void **state)
{
    static const char *const rows[][2] = {
        {"\"a cup\"",            "a cup"               },
        {"“a cup”",          "a cup"               },
        {"「茶杯」",         "茶杯"              },
        {" a cup \n",            "a cup"               },
        {"\"a\" and \"b\"",      "\"a\" and \"b\""     },
        {"\"\"",                 "\"\""                },
        {"a cup marked \"tea\"", "a cup marked \"tea\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct attempt attempt = expanding(&fake_kind, CUP);
        struct step step = begun(&attempt);

        script.verdict.text = str_of(rows[i][0]);
        step = replied(&attempt, &step.exchange);
        assert_int_equal(step.type, STEP_KEEP);
        check_text(result_of(step.result).text, rows[i][1], rows[i][0]);
    }
}

static void test_a_description_has_text_keywords_and_confidence(void **state)
{
    struct attempt attempt = describing(&fake_kind, "{}");
    struct step step = begun(&attempt), end = {0};
    struct result result;

    (void)state;
    script.verdict.text = STR("{\"text\":\" A blue cup.\\u0007 \",\"keywords\":[\"cup\",\" Blue \","
                              "\"CUP\",\"\",7,\"茶\"],\"confidence\":0.9,\"more\":1}");
    step = replied(&attempt, &step.exchange);
    assert_int_equal(step.type, STEP_KEEP);
    row_of(&attempt)->refine(&attempt, step.result, &end);
    assert_int_equal(end.type, STEP_DONE);
    result = result_of(end.output);
    check_text(result.text, "A blue cup.", "trimmed and clean");
    assert_int_equal(result.keywords.count, 3); /* each once, whatever its case */
    check_text(result.keywords.items[0], "cup", "the first");
    check_text(result.keywords.items[1], "Blue", "the second");
    check_text(result.keywords.items[2], "茶", "the third");
    assert_true(result.confidence > 0.89 && result.confidence < 0.91);
}

static void test_an_answer_is_believed_within_bounds(void **state)
{
    static const struct {
        const char *answer;
        bool is_good;
        double confidence;
        const char *why;
    } rows[] = {
        {"{\"text\":\"a\",\"confidence\":7}",        true,  1, "surer than sure"  },
        {"{\"text\":\"a\",\"confidence\":-1}",       true,  0, "less than nothing"},
        {"{\"text\":\"a\",\"confidence\":\"high\"}", true,  0, "a word"           },
        {"{\"text\":\"a\",\"keywords\":\"cup\"}",    true,  0, "a text for a list"},
        {"{\"text\":\"a\"}",                         true,  0, "the text alone"   },
        {"{\"text\":\"\"}",                          false, 0, "an empty text"    },
        {"{\"keywords\":[\"cup\"]}",                 false, 0, "no text"          },
        {"{\"text\":[\"a\"]}",                       false, 0, "a list for a text"},
        {"[]",                                       false, 0, "a list"           },
        {"a cup",                                    false, 0, "words"            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct attempt attempt = describing(&fake_kind, "{}");
        struct step step = begun(&attempt);

        script.verdict.text = str_of(rows[i].answer);
        step = replied(&attempt, &step.exchange);
        if (!rows[i].is_good) {
            expect_failure(&step, FAILURE_UNKNOWN, CHARGED_YES, rows[i].why);
            continue;
        }
        if (step.type != STEP_KEEP || result_of(step.result).confidence != rows[i].confidence)
            fail_msg("%s: %d", rows[i].why, (int)step.type);
    }
}

static void test_too_many_keywords_are_cut_off(void **state)
{
    struct attempt attempt = describing(&fake_kind, "{}");
    struct step step = begun(&attempt);
    CLEANUP(buf_finish) struct buf answer = {0};
    struct result result;

    (void)state;
    buf_add(&answer, STR("{\"text\":\"a\",\"keywords\":[\""));
    for (int i = 0; i < 500; i++)
        buf_add_char(&answer, 'w');
    for (int i = 0; i < 100; i++)
        buf_printf(&answer, "\",\"word %d", i);
    buf_add(&answer, STR("\"]}"));
    script.verdict.text = buf_str(&answer);
    step = replied(&attempt, &step.exchange);
    result = result_of(step.result);
    assert_int_equal(result.keywords.count, 40);
    assert_int_equal(result.keywords.items[0].size, 120);
}

static void test_a_kept_result_without_a_text_is_lost(void **state)
{
    static const struct {
        const char *json;
        enum failure_class class;
    } rows[] = {
        {"{\"pictures\":[]}",               FAILURE_RESULT_LOST},
        {"{\"pictures\":[],\"text\":\"\"}", FAILURE_RESULT_LOST},
        {"{",                               FAILURE_RESULT_LOST},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct attempt attempt = expanding(&fake_kind, CUP);
        struct step step = {0};

        row_of(&attempt)->refine(&attempt, str_of(rows[i].json), &step);
        expect_failure(&step, rows[i].class, CHARGED_YES, rows[i].json);
    }
}

/* ---- Everything but an answer ---- */

static void test_what_the_provider_says_is_handed_on(void **state)
{
    struct attempt attempt = expanding(&fake_kind, CUP);
    struct step step = begun(&attempt), end;

    (void)state;
    script.verdict = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .failure = {.class = FAILURE_REFUSED,
                    .charged = CHARGED_YES,
                    .retry_after_ms = -1,
                    .message = STR("no")}
    };
    end = replied(&attempt, &step.exchange);
    expect_failure(&end, FAILURE_REFUSED, CHARGED_YES, "a refusal");
    script.verdict = (struct provider_verdict){
        .type = VERDICT_NEXT, .next = {.purpose = EXCHANGE_SUBMIT, .url = STR("again")}
    };
    end = replied(&attempt, &step.exchange);
    assert_int_equal(end.type, STEP_EXCHANGE);
    check_text(end.exchange.url, "again", "the call without what was refused");
}

static void test_accepted_work_is_asked_for_by_another_attempt(void **state)
{
    const struct prior_call prior = {.state = CALL_ACCEPTED, .remote_id = STR("job-1")};
    struct attempt first = describing(&fake_kind, "{}"), second = describing(&fake_kind, "{}");
    struct step step = begun(&first);

    (void)state;
    script.verdict = (struct provider_verdict){
        .type = VERDICT_WAIT, .remote_id = STR("job-1"), .poll_after_ms = 3000, .progress = 0.25};
    step = replied(&first, &step.exchange);
    assert_int_equal(step.type, STEP_WAIT);
    check_text(step.remote_id, "job-1", "remote id");
    assert_int_equal(step.poll_after_ms, 3000);

    second.prior = &prior;
    step = (struct step){0};
    row_of(&second)->poll(&second, &step);
    assert_int_equal(step.type, STEP_EXCHANGE);
    check_text(step.exchange.url, "job-1", "asked by its id");
    script.verdict = (struct provider_verdict){
        .type = VERDICT_DONE, .text = STR("{\"text\":\"a cup\"}"), .usage = {.cost_micro = -1}};
    step = replied(&second, &step.exchange);
    assert_int_equal(step.type, STEP_KEEP);
    assert_int_equal(script.seen.action, PROVIDER_WRITE); /* it is still what it was begun as */
    assert_true(script.seen.schema.size > 0);
    check_text(result_of(step.result).text, "a cup", "its text");

    step = (struct step){0};
    row_of(&second)->give_up(&second, &step);
    assert_int_equal(step.exchange.purpose, EXCHANGE_CANCEL);
}

static void test_remote_work_of_a_provider_that_is_gone_is_unknown(void **state)
{
    static const struct provider_kind *const kinds[] = {NULL, &fake_sync_kind};
    const struct prior_call prior = {.state = CALL_ACCEPTED, .remote_id = STR("job-1")};

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct attempt attempt = expanding(kinds[i], CUP);
        struct step step = {0};

        attempt.prior = &prior;
        row_of(&attempt)->poll(&attempt, &step);
        expect_failure(&step, FAILURE_UNKNOWN, CHARGED_MAYBE, "poll");
        step = (struct step){0};
        row_of(&attempt)->give_up(&attempt, &step);
        expect_failure(&step, FAILURE_UNKNOWN, CHARGED_MAYBE, "give up");
    }
}

static void test_what_cannot_begin_fails_without_a_charge(void **state)
{
    static const char gone[] = "{\"images\":[{\"blob\":\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1"
                               "fa7425e73043362938b9824\",\"mime\":\"image/png\"}]}";
    const struct {
        const struct provider_kind *kind;
        bool is_enabled, is_description;
        const char *parameters, *inputs, *says, *reason;
    } cases[] = {
        {NULL,       true,  false, CUP,                         "{}", "deleted",         "no provider"            },
        {&fake_kind, false, false, CUP,                         "{}", "switched off",    "a provider that is off" },
        {&fake_kind, true,  false, "{\"prompt\":\"too long\"}", "{}", "prompt: at most", "refused"                },
        {&fake_kind, true,  false, "{",                         "{}", "",                "broken parameters"      },
        {&fake_kind, true,  false, CUP,                         "[]", "",                "broken inputs"          },
        {&fake_kind, true,  true,  "{}",                        "{}", "no picture",      "nothing came by an edge"},
        {&fake_kind, true,  true,  "{}",                        gone, "",                "a picture that is gone" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct attempt attempt = cases[i].is_description
                                     ? describing(cases[i].kind, cases[i].parameters)
                                     : expanding(cases[i].kind, cases[i].parameters);
        struct step step = {0};

        attempt.provider.is_enabled = cases[i].is_enabled;
        attempt.inputs = str_of(cases[i].inputs);
        row_of(&attempt)->begin(&attempt, &step);
        expect_failure(&step, FAILURE_INVALID, CHARGED_NO, cases[i].reason);
        if (!says(step.failure.message, cases[i].says))
            fail_msg("%s: %.*s", cases[i].reason, STR_ARGS(step.failure.message));
    }
}

/* ---- The mock's cards ---- */

static struct result carried_out(struct attempt *attempt)
{
    struct exchange_reply reply;
    struct step step, end = {0}, last = {0};

    attempt->model = STR("mock-text");
    step = begun(attempt);
    assert_true(step.exchange.card.size > 0);
    assert_null(row_of(attempt)->card_parts); /* there is nothing to watch */
    assert_false(row_of(attempt)->perform_card(attempt, &step.exchange, 0, &reply));
    assert_true(row_of(attempt)->perform_card(attempt, &step.exchange, -1, &reply));
    assert_int_equal(reply.outcome, EXCHANGE_REPLIED);
    row_of(attempt)->reply(attempt, &step.exchange, &reply, &end);
    assert_int_equal(end.type, STEP_KEEP);
    assert_int_equal(end.cost_micro, 20000);
    row_of(attempt)->refine(attempt, end.result, &last);
    assert_int_equal(last.type, STEP_DONE);
    return result_of(last.output);
}

static void test_the_mock_writes_what_was_ordered(void **state)
{
    const struct provider_kind *mock = provider_kind_find(STR("mock"));
    struct attempt expand = expanding(mock, CUP), describe = describing(mock, "{}");
    struct result result = carried_out(&expand);

    (void)state;
    assert_true(str_starts_with(result.text, STR("a cup, ")));
    assert_true(says(result.text, "no model wrote this"));
    result = carried_out(&describe);
    assert_true(says(result.text, "The mock's \"text\" about 1 picture(s)"));
    assert_int_equal(result.keywords.count, 2);
    assert_true(result.confidence == 0); /* it is sure of nothing */
}

static void test_a_card_that_is_none_is_lost(void **state)
{
    struct attempt attempt = expanding(provider_kind_find(STR("mock")), CUP);
    struct exchange_reply reply;
    struct step step;

    (void)state;
    attempt.model = STR("mock-text");
    step = begun(&attempt);
    step.exchange.card = STR("{\"v\":9}");
    assert_false(row_of(&attempt)->perform_card(&attempt, &step.exchange, -1, &reply));
    assert_int_equal(reply.outcome, EXCHANGE_LOST);
}

static void test_the_models_options_reach_the_provider(void **state)
{
    const char *const operations[] = {"prompt.expand", "image.describe"};

    (void)state;
    for (size_t i = 0; i < COUNT(operations); i++) {
        CLEANUP(json_cleanup) struct json *parameters = NULL;
        struct provider_request request;
        struct error err = {0};

        assert_true(json_read(STR("{\"prompt\":\"a cup\",\"options\":{\"effort\":\"high\","
                                  "\"temperature\":0.5,\"nothing\":null}}"),
                              &parameters, &err));
        assert_true(operation_find(str_of(operations[i]))
                        ->request(parameters, 1, false, house.arena, &request, &err));
        assert_int_equal(request.setting_count, 2);
        assert_true(str_equal(request.settings[0].text, STR("high")));
        assert_true(str_equal(request.settings[1].text, STR("0.5")));
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        T(test_a_short_prompt_is_given_to_be_improved),
        T(test_pictures_are_shown_small_and_with_what_is_known),
        T(test_a_better_prompt_is_kept_and_survives_a_crash),
        T(test_quotation_marks_around_a_prompt_are_no_part_of_it),
        T(test_a_description_has_text_keywords_and_confidence),
        T(test_an_answer_is_believed_within_bounds),
        T(test_too_many_keywords_are_cut_off),
        T(test_a_kept_result_without_a_text_is_lost),
        T(test_what_the_provider_says_is_handed_on),
        T(test_accepted_work_is_asked_for_by_another_attempt),
        T(test_remote_work_of_a_provider_that_is_gone_is_unknown),
        T(test_what_cannot_begin_fails_without_a_charge),
        T(test_the_mock_writes_what_was_ordered),
        T(test_a_card_that_is_none_is_lost),
        T(test_the_models_options_reach_the_provider),
    };

    return cmocka_run_group_tests(tests, open_house, close_house);
}
