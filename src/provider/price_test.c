#include "provider/provider_test.h"

static int64_t estimate(const char *model, const char *quality, int64_t width, int64_t height,
                        int64_t count)
{
    const struct provider_account account = {.kind = STR("openai")};
    const struct provider_request request = {
        .model = str_of(model),
        .quality = str_of(quality),
        .width_px = width,
        .height_px = height,
        .count = count,
        .compression = -1,
    };
    const char *currency = NULL;
    int64_t cost = provider_estimate(&provider_openai, &account, &request, &currency);

    assert_string_equal(currency, "USD");
    return cost;
}

/* facts 8.1 and 8.2; 40 micro-dollars are the eight tokens that frame an empty prompt. */
static void test_estimates_follow_the_tables(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *quality;
        int64_t width, height, count, micro;
        const char *why;
    } rows[] = {
        {"gpt-image-1.5", "low", 1024, 1024, 1, 272 * 32 + 40, "272 tokens at 32"},
        {"gpt-image-1.5", "high", 1024, 1536, 1, 6240 * 32 + 40, "upright"},
        {"gpt-image-1.5", "high", 1536, 1024, 1, 6208 * 32 + 40, "lying"},
        {"gpt-image-1.5", "", 1024, 1024, 1, 1056 * 32 + 40, "medium when left open"},
        {"gpt-image-1.5", "low", 0, 0, 1, 408 * 32 + 40, "the dearest shape when left open"},
        {"gpt-image-2", "medium", 1024, 1024, 1, 1767 * 30 + 40, "the 0.053 of the table"},
        {"gpt-image-2", "medium", 1024, 1024, 4, 4 * 1767 * 30 + 40, "four"},
        {"gpt-image-2", "auto", 1024, 1024, 1, 7033 * 30 + 40, "auto may choose high"},
        {"gpt-image-2.6-flare", "high", 3840, 2160, 1, 3411 * 30 + 40,
         "measured: about 3337 tokens"},
        {"gpt-image-2", "sunny", 1024, 1024, 1, -1, "no such quality"},
        {"gpt-image-2", "low", 1024, 1024, 0, -1, "no picture"},
        {"acme/paint", "", 1024, 1024, 1, -1, "an unknown model"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t micro =
            estimate(rows[i].model, rows[i].quality, rows[i].width, rows[i].height, rows[i].count);
        if (micro != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)micro);
    }
}

static void test_pictures_and_partials_count_in_an_estimate(void **state)
{
    const struct provider_account account = {.kind = STR("openai")};
    const struct provider_image picture = {0};
    struct provider_request request = {
        .model = STR("gpt-image-2"), .count = 1, .width_px = 1024, .height_px = 1024};
    const char *currency;
    int64_t plain = provider_estimate(&provider_openai, &account, &request, &currency);

    (void)state;
    request.partial_images = 2;
    assert_int_equal(provider_estimate(&provider_openai, &account, &request, &currency),
                     plain + 2 * 100 * 30);
    request.partial_images = 0;
    request.references = &picture;
    request.reference_count = 1;
    request.mask = &picture;
    assert_int_equal(provider_estimate(&provider_openai, &account, &request, &currency),
                     plain + 2 * 6983 * 8);
}

static void test_a_chinese_prompt_counts_by_character(void **state)
{
    const struct provider_account account = {.kind = STR("openai")};
    struct provider_request request = {
        .model = STR("gpt-image-2"), .count = 1, .width_px = 1024, .height_px = 1024};
    const char *currency;
    int64_t empty = provider_estimate(&provider_openai, &account, &request, &currency);

    (void)state;
    request.prompt = STR("茶杯四个字多");
    assert_int_equal(provider_estimate(&provider_openai, &account, &request, &currency),
                     empty + 6 * 5);
    request.prompt = STR("twelve bytes");
    assert_int_equal(provider_estimate(&provider_openai, &account, &request, &currency),
                     empty + 3 * 5);
}

/* facts 8.4; 8 tokens frame each of prompt, system text and schema. */
static void test_a_text_is_estimated_by_what_goes_in_and_may_come_out(void **state)
{
    static const struct provider_image pictures[2] = {0};
    /* clang-format off */
    const struct {
        struct provider_request request;
        int64_t micro;
        const char *why;
    } rows[] = {
        {{.model = STR("gpt-6-sol")}, 24 * 2 + 1024 * 10, "1024 tokens when left open"},
        {{.model = STR("gpt-6-sol"), .output_tokens_max = 100}, 24 * 2 + 100 * 10, "100 at most"},
        {{.model = STR("gpt-6-sol"), .prompt = STR("twelve bytes"), .system = STR("four"),
          .schema = STR("{\"a\":{}}")}, (24 + 3 + 1 + 2) * 2 + 1024 * 10, "all words count"},
        {{.model = STR("gpt-6-sol"), .references = pictures, .reference_count = 2},
         (24 + 2 * 2940) * 2 + 1024 * 10, "two pictures"},
        {{.model = STR("gpt-6-luna"), .output_tokens_max = 1}, 3 + 1, "rounded up"},
        {{.model = STR("acme/writer")}, -1, "an unknown model"},
    };
    /* clang-format on */
    const struct provider_account account = {.kind = STR("openai")};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].request;
        const char *currency = NULL;
        int64_t micro;

        request.action = PROVIDER_WRITE;
        micro = provider_estimate(&provider_openai, &account, &request, &currency);
        if (micro != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)micro);
        assert_string_equal(currency, "USD");
    }
}

static void test_a_text_costs_its_tokens(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model;
        enum verdict_type type;
        enum charged charged;
        int64_t in, cached, out, micro;
        const char *why;
    } rows[] = {
        {"gpt-6-sol", VERDICT_DONE, CHARGED_NO, 100, 0, 20, 400, "in and out"},
        {"gpt-6-sol", VERDICT_DONE, CHARGED_NO, 100, 50, 20, 310, "half of it cached"},
        {"gpt-5.4", VERDICT_DONE, CHARGED_NO, 100, 50, 20, 550, "no discount is known"},
        {"gpt-6-sol", VERDICT_DONE, CHARGED_NO, 100, 101, 20, 400, "more cached than read"},
        {"gpt-6-sol", VERDICT_DONE, CHARGED_NO, 100, -1, 20, 400, "cached less than nothing"},
        {"gpt-6-sol", VERDICT_DONE, CHARGED_NO, -1, 0, 20, -1, "half a report"},
        {"gpt-6-sol", VERDICT_DONE, CHARGED_NO, INT64_MAX, 0, 20, -1, "absurd"},
        {"acme/writer", VERDICT_DONE, CHARGED_NO, 100, 0, 20, -1, "no rate is known"},
        {"gpt-6-sol", VERDICT_FAILED, CHARGED_YES, 100, 0, 2, 220, "a refusal is paid"},
        {"gpt-6-sol", VERDICT_FAILED, CHARGED_NO, -1, 0, -1, 0, "a free failure"},
        {"gpt-6-sol", VERDICT_FAILED, CHARGED_MAYBE, -1, 0, -1, -1, "a failure in doubt"},
    };
    /* clang-format on */
    const struct provider_account account = {.kind = STR("openai")};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct provider_request request = {.action = PROVIDER_WRITE,
                                                 .model = str_of(rows[i].model)};
        const struct provider_verdict verdict = {
            .type = rows[i].type,
            .usage = {-1,          -1, rows[i].in, rows[i].out, -1, -1, NULL},
            .cached_tokens_in = rows[i].cached,
            .failure = {.charged = rows[i].charged},
        };
        const char *currency;
        int64_t micro = provider_cost(&provider_openai, &account, &request, &verdict, &currency);

        if (micro != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)micro);
    }
}

#define NONE                                                                                       \
    {                                                                                              \
        -1, -1, -1, -1, -1, -1, NULL                                                               \
    }

static void test_cost_prefers_what_was_reported(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model;
        enum verdict_type type;
        enum charged charged;
        size_t pictures;
        struct provider_usage usage;
        int64_t micro;
        const char *why;
    } rows[] = {
        {"gpt-image-2", VERDICT_DONE, CHARGED_NO, 1, {-1, -1, -1, -1, 1, 7500, "USD"}, 7500,
         "said"},
        {"gpt-image-2", VERDICT_DONE, CHARGED_NO, 1, {-1, -1, -1, -1, 1, 0, "USD"}, 0,
         "said: free"},
        {"gpt-image-2", VERDICT_DONE, CHARGED_NO, 1, {18, 0, 18, 1056, 1, -1, NULL}, 18 * 5 + 1056
         * 30, "the example of facts 1.2"},
        {"gpt-image-2", VERDICT_DONE, CHARGED_NO, 1, {18, 1000, 1018, 1056, 1, -1, NULL}, 18 * 5 +
         1000 * 8 + 1056 * 30, "pictures in"},
        {"gpt-image-2", VERDICT_DONE, CHARGED_NO, 1, {-1, -1, 18, 1056, 1, -1, NULL}, 18 * 5 +
         1056 * 30, "no details"},
        {"gpt-image-2-2026-04-21", VERDICT_DONE, CHARGED_NO, 1, {-1, -1, 18, 1056, 1, -1, NULL},
         18 * 5 + 1056 * 30, "a snapshot"},
        {"gpt-image-2", VERDICT_DONE, CHARGED_NO, 2, NONE, 2 * 53000,
         "by picture when nothing was said"},
        {"gpt-image-2", VERDICT_DONE, CHARGED_NO, 1, {-1, -1, INT64_MAX, INT64_MAX, 1, -1, NULL},
         53000, "absurd counts are not believed"},
        {"acme/paint", VERDICT_DONE, CHARGED_NO, 1, NONE, -1, "unknown"},
        {"gpt-image-2", VERDICT_FAILED, CHARGED_NO, 0, NONE, 0, "a free failure"},
        {"gpt-image-2", VERDICT_FAILED, CHARGED_MAYBE, 0, NONE, -1, "a failure in doubt"},
        {"gpt-image-2", VERDICT_FAILED, CHARGED_YES, 0, {-1, -1, 20, 0, 0, -1, NULL}, 100,
         "a refusal's input"},
    };
    /* clang-format on */
    const struct provider_account account = {.kind = STR("openai")};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct provider_request request = {.model = str_of(rows[i].model), .count = 1};
        const struct provider_verdict verdict = {
            .type = rows[i].type,
            .picture_count = rows[i].pictures,
            .usage = rows[i].usage,
            .failure = {.charged = rows[i].charged},
        };
        const char *currency = NULL;
        int64_t micro = provider_cost(&provider_openai, &account, &request, &verdict, &currency);
        if (micro != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)micro);
        assert_string_equal(currency, "USD");
    }
}

static void test_token_cost_is_rounded_up_and_bounded(void **state)
{
    (void)state;
    assert_int_equal(provider_token_cost(0, 5000000), 0);
    assert_int_equal(provider_token_cost(1, 1), 1);
    assert_int_equal(provider_token_cost(1000000, 1), 1);
    assert_int_equal(provider_token_cost(1000001, 1), 2);
    assert_int_equal(provider_token_cost(1000000000, 1000000000), 1000000000000);
    assert_int_equal(provider_token_cost(1000000001, 1), -1);
    assert_int_equal(provider_token_cost(-1, 1), -1);
    assert_int_equal(provider_token_cost(1, -1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_estimates_follow_the_tables),
        cmocka_unit_test(test_pictures_and_partials_count_in_an_estimate),
        cmocka_unit_test(test_a_chinese_prompt_counts_by_character),
        cmocka_unit_test(test_a_text_is_estimated_by_what_goes_in_and_may_come_out),
        cmocka_unit_test(test_a_text_costs_its_tokens),
        cmocka_unit_test(test_cost_prefers_what_was_reported),
        cmocka_unit_test(test_token_cost_is_rounded_up_and_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
