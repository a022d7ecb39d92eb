/* What one text may be told besides, by the services that write: facts 1.5, 1.6, 2.2 and 3. */
#include "provider/provider_test.h"

#define SCHEMA "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}"

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){.action = PROVIDER_WRITE,
                                     .model = str_of(model),
                                     .prompt = STR("a cup"),
                                     .count = 1,
                                     .compression = -1};
}

static struct str body(struct fixture *fixture, const struct provider_kind *kind,
                       const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!kind->begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return body_of(&exchange, fixture->arena);
}

static bool has(struct str text, const char *part) { return str_find(text, str_of(part)) >= 0; }

static void test_a_response_is_told_effort_and_length(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"gpt-6-sol", "effort=high", "\"reasoning\":{\"effort\":\"high\"}", NULL},
        {"gpt-6-sol", "effort=none", "\"effort\":\"none\"", NULL},
        {"gpt-6-sol", "verbosity=low", "\"text\":{\"verbosity\":\"low\"}", NULL},
        {"gpt-6-sol", "effort=deep", NULL, "options.effort"},
        {"gpt-6-sol", "temperature=1", NULL, "options.temperature"}, /* it thinks */
        {"gpt-6-sol", "moderation=low", NULL, "options.moderation"}, /* of pictures */
        {"brand-new", "effort=high", "\"reasoning\":{\"effort\":\"high\"}", NULL},
        {"brand-new", "temperature=0.3", "\"temperature\":0.3", NULL},
        {"brand-new", "temperature=2.1", NULL, "options.temperature"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-6-sol");

    assert_option_rows(fixture, &provider_openai, &request, rows, COUNT(rows));
    request.schema = STR(SCHEMA);
    set_options(fixture, &request, "verbosity=high");
    assert_true(
        has(body(fixture, &provider_openai, &request), "\"strict\":true},\"verbosity\":\"high\"}"));
}

static void test_a_chat_is_told_effort_and_temperature(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"llama", "effort=low", "\"reasoning_effort\":\"low\"", NULL},
        {"llama", "temperature=0", "\"temperature\":0", NULL},
        {"llama", "verbosity=low", NULL, "options.verbosity"},
        {"gpt-6-sol", "effort=high", "\"reasoning_effort\":\"high\"", NULL},
        {"gpt-6-sol", "verbosity=low", NULL, "options.verbosity"}, /* a chat has no word for it */
    };
    /* clang-format on */
    static const char *const profiles[] = {"litellm", "openrouter", "vllm", "ollama", "new-api"};
    struct fixture *fixture = *state;
    const struct provider_request request = request_of("");

    fixture->account.base_url = STR("https://relay.example/v1");
    for (size_t i = 0; i < COUNT(profiles); i++) {
        fixture_options(
            fixture, arena_cstr(fixture->arena,
                                arena_printf(fixture->arena, "{\"profile\":\"%s\"}", profiles[i])));
        assert_option_rows(fixture, &provider_openai, &request, rows, COUNT(rows));
    }
    fixture->account.base_url = STR_EMPTY;
    fixture_options(fixture, "{\"text_api\":\"chat\"}");
    assert_option_rows(fixture, &provider_openai, &request, rows, COUNT(rows));
}

static bool offers(const struct provider_kind *kind, const struct provider_account *account,
                   const char *name, const char *option)
{
    struct provider_model model = provider_model_find(kind, str_of(name));

    provider_model_narrow(kind, account, &model);
    for (const struct provider_field *const *row = model.write_options; *row != NULL; row++)
        if (strcmp((*row)->name, option) == 0)
            return true;
    return false;
}

/* What would be refused is not in the row that a form is drawn from. */
static void test_an_account_of_chats_is_not_offered_what_they_have_no_word_for(void **state)
{
    static const struct {
        const char *base_url, *options;
        bool has_length;
    } rows[] = {
        {"",                          "{}",                           true },
        {"",                          "{\"text_api\":\"chat\"}",      false},
        {"https://api.openai.com/v1", "{\"text_api\":\"auto\"}",      true },
        {"https://relay.example/v1",  "{}",                           false},
        {"https://relay.example/v1",  "{\"profile\":\"litellm\"}",    false},
        {"https://relay.example/v1",  "{\"text_api\":\"responses\"}", true },
    };
    struct fixture *fixture = *state;
    const struct provider_account *account = &fixture->account;

    for (size_t i = 0; i < COUNT(rows); i++) {
        fixture->account.base_url = str_of(rows[i].base_url);
        fixture_options(fixture, rows[i].options);
        if (offers(&provider_openai, account, "gpt-6-sol", "verbosity") != rows[i].has_length)
            fail_msg("%s %s", rows[i].base_url, rows[i].options);
        assert_true(offers(&provider_openai, account, "gpt-6-sol", "effort"));
        assert_true(offers(&provider_openai, account, "brand-new", "temperature"));
        assert_true(offers(&provider_gemini, account, "gemini-3.8-flash", "thinking"));
    }
}

static void test_gemini_is_told_thinking_temperature_and_filter(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"gemini-3.8-flash", "thinking=low", "\"thinkingConfig\":{\"thinkingLevel\":\"LOW\"}", NULL},
        {"gemini-3.8-flash", "temperature=0.5", "\"temperature\":0.5", NULL},
        {"gemini-3.8-flash", "safety=relaxed", "\"BLOCK_ONLY_HIGH\"", NULL},
        {"gemini-9", "thinking=minimal", "\"MINIMAL\"", NULL},
        {"gemini-3.8-flash", "thinking=max", NULL, "options.thinking"},
        {"gemini-3.8-flash", "temperature=3", NULL, "options.temperature"},
        {"gemini-3.8-flash", "web_search=true", NULL, "options.web_search"}, /* of pictures */
    };
    /* clang-format on */
    const struct provider_request request = request_of("");

    assert_option_rows(*state, &provider_gemini, &request, rows, COUNT(rows));
}

static void test_claude_is_told_effort_beside_the_form_of_its_answer(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"claude-sonnet-5-5", "effort=xhigh", "\"output_config\":{\"effort\":\"xhigh\"}", NULL},
        {"claude-9", "effort=low", "\"output_config\":{\"effort\":\"low\"}", NULL},
        {"claude-sonnet-5-5", "effort=none", NULL, "options.effort"},
        {"claude-sonnet-5-5", "temperature=1", NULL, "options.temperature"}, /* newer ones refuse it */
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-sonnet-5-5");

    assert_option_rows(fixture, &provider_anthropic, &request, rows, COUNT(rows));
    request.schema = STR(SCHEMA);
    set_options(fixture, &request, "effort=max");
    assert_true(has(body(fixture, &provider_anthropic, &request),
                    "\"output_config\":{\"effort\":\"max\",\"format\":{"));
    request.model = STR("claude-9"); /* a tool takes its answer */
    assert_true(has(body(fixture, &provider_anthropic, &request),
                    "\"output_config\":{\"effort\":\"max\"}"));
}

/* Thinking is output: the limit grows with it. */
static void test_who_thinks_more_has_room_for_it(void **state)
{
    static const struct {
        const char *effort, *openai, *anthropic;
        int64_t estimate; /* hundredths of a dollar */
    } rows[] = {
        {"low",    "\"max_output_tokens\":4096",  "\"max_tokens\":4096",  1},
        {"medium", "\"max_output_tokens\":8192",  "\"max_tokens\":8192",  2},
        {"high",   "\"max_output_tokens\":16384", "\"max_tokens\":16384", 4},
        {"max",    "\"max_output_tokens\":32768", "\"max_tokens\":32768", 8},
    };
    struct fixture *fixture = *state;
    const char *currency;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *options =
            arena_cstr(fixture->arena, arena_printf(fixture->arena, "effort=%s", rows[i].effort));
        struct provider_request gpt = request_of("gpt-6-sol"), claude = request_of("claude-opus-5");

        set_options(fixture, &gpt, options);
        set_options(fixture, &claude, options);
        assert_true(has(body(fixture, &provider_openai, &gpt), rows[i].openai));
        assert_true(has(body(fixture, &provider_anthropic, &claude), rows[i].anthropic));
        /* 10 dollars a million written, and the prompt */
        assert_int_equal(provider_estimate(&provider_openai, &fixture->account, &gpt, &currency) /
                             10000,
                         rows[i].estimate);
        gpt.output_tokens_max = 100;
        assert_true(has(body(fixture, &provider_openai, &gpt), "\"max_output_tokens\":100"));
    }
}

/* A field that nobody there knows goes, and it is said; a value that is wrong is the person's. */
static void test_what_is_refused_is_left_out_or_told(void **state)
{
    static const struct {
        const char *options, *reply, *without, *dropped; /* without NULL: it fails */
    } rows[] = {
        {"effort=high",     "\"Unknown parameter: 'reasoning'.\",\"param\":\"reasoning\"",           "reasoning",
         "reasoning"                                                                                                             },
        {"effort=none",
         "\"Unsupported value: 'none' is not supported with this model.\",\"param\":"
         "\"reasoning.effort\"",                                                                     NULL,          ""           },
        {"verbosity=low",   "\"Unknown parameter: 'text.verbosity'.\",\"param\":\"text.verbosity\"",
         "verbosity",                                                                                               "verbosity"  },
        {"verbosity=low",   "\"Unsupported value: 'low'.\",\"param\":\"text.verbosity\"",            NULL,          ""           },
        {"temperature=0.5",
         "\"Unsupported parameter: 'temperature' is not supported with this "
         "model.\",\"param\":\"temperature\"",                                                       "temperature", "temperature"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const bool is_any = strncmp(rows[i].options, "temperature", 11) == 0;
        struct provider_request request = request_of(is_any ? "brand-new" : "gpt-6-sol");
        const struct exchange_reply refused = reply_of(
            400, arena_cstr(fixture->arena, arena_printf(fixture->arena,
                                                         "{\"error\":{\"message\":%s,"
                                                         "\"type\":\"invalid_request_error\"}}",
                                                         rows[i].reply)));
        struct provider_verdict verdict;
        struct exchange exchange;
        struct error err = {0};

        request.schema = STR(SCHEMA);
        set_options(fixture, &request, rows[i].options);
        assert_true(
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        provider_openai.read(&fixture->account, &request, &exchange, &refused, fixture->arena,
                             &verdict);
        if ((verdict.type == VERDICT_NEXT) != (rows[i].without != NULL))
            fail_msg("%s: %d", rows[i].options, (int)verdict.type);
        if (rows[i].without == NULL) {
            assert_int_equal(verdict.failure.class, FAILURE_INVALID);
            continue;
        }
        assert_false(has(body_of(&verdict.next, fixture->arena), rows[i].without));
        assert_true(
            has(body_of(&verdict.next, fixture->arena), "\"strict\":true")); /* the schema stays */
        exchange = verdict.next;
        provider_openai.read(&fixture->account, &request, &exchange, &refused, fixture->arena,
                             &verdict);
        assert_text(verdict.dropped, rows[i].dropped);
    }
}

/* An answer in another form would not be another effort. */
static void test_an_effort_that_claude_refuses_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-haiku-4-5");
    const struct exchange_reply refused = reply_of(
        400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
             "\"output_config.effort: not supported by this model\"}}");
    struct provider_verdict verdict;
    struct exchange exchange;
    struct error err = {0};

    request.schema = STR(SCHEMA);
    set_options(fixture, &request, "effort=max");
    assert_true(
        provider_anthropic.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    provider_anthropic.read(&fixture->account, &request, &exchange, &refused, fixture->arena,
                            &verdict);
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_INVALID);
    assert_true(has(verdict.failure.message, "output_config.effort"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_response_is_told_effort_and_length),
        TEST(test_a_chat_is_told_effort_and_temperature),
        TEST(test_an_account_of_chats_is_not_offered_what_they_have_no_word_for),
        TEST(test_gemini_is_told_thinking_temperature_and_filter),
        TEST(test_claude_is_told_effort_beside_the_form_of_its_answer),
        TEST(test_who_thinks_more_has_room_for_it),
        TEST(test_what_is_refused_is_left_out_or_told),
        TEST(test_an_effort_that_claude_refuses_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
