/* OpenAI: what one call may also say, on each way to its pictures: facts 1.2, 1.5. */
#include "provider/provider_test.h"

#include "provider/openai_test.h"

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"gpt-image-2.6-flare", "complexity=low", "\"complexity\":\"low\"", NULL},
        {"gpt-image-2.6-flare", "moderation=low", "\"moderation\":\"low\"", NULL},
        {"gpt-image-2", "moderation=low", "\"moderation\":\"low\"", NULL},
        {"gpt-image-2.5-flare", "complexity=low", NULL, "options.complexity"},
        {"gpt-image-2.6-flare", "complexity=most", NULL, "options.complexity"},
        {"brand-new", "moderation=low", NULL, "options.moderation"},
        {"gpt-image-2", "markup=x", NULL, "options.markup"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2.6-flare");
    struct exchange exchange;
    struct error err = {0};

    assert_option_rows(fixture, &provider_openai, &request, rows, COUNT(rows));
    fixture_options(fixture, "{\"moderation\":\"low\",\"complexity\":\"high\"}");
    set_options(fixture, &request, "moderation=auto;complexity=auto"); /* as before it was set */
    assert_true(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_int_equal(str_find(body_of(&exchange, fixture->arena), STR("moderation")), -1);
    assert_int_equal(str_find(body_of(&exchange, fixture->arena), STR("complexity")), -1);
}

static void test_the_tool_is_told_the_same(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"gpt-image-2.6-flare", "complexity=medium", "\"complexity\":\"medium\"", NULL},
        {"gpt-image-2.6-flare", "moderation=low", "\"moderation\":\"low\"", NULL},
        {"gpt-image-2", "complexity=medium", NULL, "options.complexity"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    const struct provider_request request = request_of("");

    fixture_options(fixture, "{\"images_api\":\"responses\"}");
    assert_option_rows(fixture, &provider_openai, &request, rows, COUNT(rows));
}

static void test_a_service_without_the_field_refuses_it(void **state)
{
    static const char *const profiles[] = {"together", "siliconflow", "localai", "vllm"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(profiles); i++) {
        struct provider_request request = request_of("gpt-image-2");
        struct exchange exchange;
        struct error err = {0};

        fixture->account.base_url = STR("https://relay.example/v1");
        fixture_options(
            fixture, arena_cstr(fixture->arena,
                                arena_printf(fixture->arena, "{\"profile\":\"%s\"}", profiles[i])));
        set_options(fixture, &request, "moderation=low");
        assert_false(
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, "options.moderation");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
        TEST(test_the_tool_is_told_the_same),
        TEST(test_a_service_without_the_field_refuses_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
