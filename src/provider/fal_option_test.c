/* fal: what one call may also say, and what its queue may do by itself: facts 6.2. */
#include "provider/queue_test.h"

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"fal-ai/flux/schnell", "acceleration=high", "\"acceleration\":\"high\"", NULL},
        {"fal-ai/flux/schnell", "strength=0.5", NULL, "options.strength"},
        {"fal-ai/flux/dev", "strength=0.5", NULL, "options.strength"}, /* without a picture */
        {"fal-ai/flux/dev", "safety_checker=false", "\"enable_safety_checker\":false", NULL},
        {"fal-ai/flux-pro/v1.1", "safety_tolerance=6", "\"safety_tolerance\":\"6\"", NULL},
        {"fal-ai/flux-pro/v1.1", "prompt_rewriting=off", "\"enhance_prompt\":false", NULL},
        {"fal-ai/flux-pro/v1.1", "acceleration=high", NULL, "options.acceleration"},
        {"fal-ai/flux-pro/v1.1-ultra", "raw=true", "\"raw\":true", NULL},
        {"fal-ai/nano-banana-2", "thinking_level=high", "\"thinking_level\":\"high\"", NULL},
        {"fal-ai/nano-banana-pro", "enable_web_search=true", "\"enable_web_search\":true", NULL},
        {"fal-ai/nano-banana-pro", "thinking_level=high", NULL, "options.thinking_level"},
        {"fal-ai/hunyuan-image/v3/text-to-image", "prompt_rewriting=on", "\"enable_prompt_expansion\":true", NULL},
        {"fal-ai/z-image/turbo", "prompt_rewriting=on", "\"enable_prompt_expansion\":true", NULL},
        {"acme/paint", "acceleration=none", "\"acceleration\":\"none\"", NULL},
        {"acme/paint", "loras=x", NULL, "options.loras"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("");
    struct exchange exchange;

    fixture->account.key.hidden = STR("id:secret");
    assert_option_rows(fixture, &provider_fal, &request, rows, COUNT(rows));
    request = edit_of("fal-ai/flux/dev", 1);
    set_options(fixture, &request, "strength=0.5;acceleration=regular");
    exchange = begin_good(fixture, &provider_fal, &request);
    assert_true(str_find(body_of(&exchange, fixture->arena),
                         STR(",\"acceleration\":\"regular\",\"strength\":0.5}")) > 0);
}

static void test_fal_does_not_try_again_by_itself(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("fal-ai/flux/dev");
    struct exchange exchange;

    fixture->account.key.hidden = STR("id:secret");
    exchange = begin_good(fixture, &provider_fal, &request);
    assert_text(header_of(&exchange, "x-fal-no-retry"), "1");
    fixture_options(fixture, "{\"own_retries\":true}");
    exchange = begin_good(fixture, &provider_fal, &request);
    assert_text(header_of(&exchange, "x-fal-no-retry"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
        TEST(test_fal_does_not_try_again_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
