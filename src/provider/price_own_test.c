#include "provider/provider_test.h"

static struct provider_own_price read(struct fixture *fixture, const char *model, const char *text)
{
    struct provider_own_price own;
    struct error err = {0};

    if (!provider_price_read(str_of(text), str_of(model), fixture->arena, &own, &err))
        fail_msg("%s: %s %s", text, err.field, err.message);
    return own;
}

/* clang-format off */
static const struct {
    const char *model, *text, *field, *why;
} checks[] = {
    {"gpt-image-2", "{\"rule\":\"percent\",\"percent\":80}", NULL, "a discount"},
    {"gpt-image-2", "{\"rule\":\"percent\"}", "price.percent", "a share of nothing"},
    {"gpt-image-2", "{\"rule\":\"percent\",\"percent\":80,\"currency\":\"CNY\"}", "price.currency",
     "a share has its whole's currency"},
    {"acme/paint", "{\"rule\":\"percent\",\"percent\":80}", "price.rule", "nothing to take a share of"},
    {"acme/paint", "{\"rule\":\"pictures\",\"pictures\":[{\"price_micro\":5}]}", NULL, "one for all"},
    {"acme/paint", "{\"rule\":\"pictures\"}", "price.pictures", "no row"},
    {"acme/paint", "{\"rule\":\"pictures\",\"pictures\":[{\"price_micro\":5},{\"price_micro\":6}]}",
     "price.pictures", "one row twice"},
    {"acme/paint", "{\"rule\":\"pictures\",\"currency\":\"cny\",\"pictures\":[{\"price_micro\":5}]}",
     "price.currency", "small letters"},
    {"acme/paint", "{\"rule\":\"tokens\",\"currency\":\"CNY\",\"out_micro\":9}", NULL, "by tokens"},
    {"acme/paint", "{\"rule\":\"tokens\",\"text_in_micro\":9}", "price.out_micro", "nothing for what is written"},
};
/* clang-format on */

static void test_a_price_is_refused_by_its_member(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(checks); i++) {
        const struct provider_own_price own = read(fixture, checks[i].model, checks[i].text);
        const struct provider_model model =
            provider_model_find(&provider_openai, str_of(checks[i].model));
        struct error err = {0};
        const bool is_good = provider_price_check(&own.price, &model, &err);

        if (is_good != (checks[i].field == NULL) ||
            (!is_good && strcmp(err.field, checks[i].field) != 0))
            fail_msg("%s: %s %s", checks[i].why, err.field, err.message);
    }
}

static void test_a_price_that_was_kept_is_read_again(void **state)
{
    struct fixture *fixture = *state;
    const struct provider_own_price own =
        read(fixture, "m",
             "{\"rule\":\"pictures\",\"currency\":\"CNY\",\"pictures\":[{\"quality\":\"high\","
             "\"pixels_max\":1000,\"price_micro\":7}]}");
    const struct str text = provider_price_write(&own.price, fixture->arena);
    const struct provider_own_price again = read(fixture, "m", arena_cstr(fixture->arena, text));

    assert_true(str_equal(provider_price_write(&again.price, fixture->arena), text));
    assert_string_equal(again.currency, "CNY");
    assert_true(str_equal(again.model, STR("m")));
}

#define BY_SIZE                                                                                    \
    "{\"rule\":\"pictures\",\"currency\":\"CNY\",\"pictures\":["                                   \
    "{\"price_micro\":100},{\"pixels_max\":1048576,\"price_micro\":50},"                           \
    "{\"quality\":\"high\",\"pixels_max\":1048576,\"price_micro\":200},"                           \
    "{\"quality\":\"high\",\"price_micro\":400}]}"

static int64_t estimate(const struct provider_kind *kind, struct fixture *fixture,
                        const struct provider_request *request, const char *text,
                        const char **currency)
{
    const struct provider_own_price own =
        read(fixture, arena_cstr(fixture->arena, request->model), text);

    fixture->account.prices = &own;
    fixture->account.price_count = 1;
    return provider_estimate(kind, &fixture->account, request, currency);
}

static void test_rows_are_by_quality_and_size(void **state)
{
    /* clang-format off */
    static const struct {
        const char *quality;
        int64_t width, height, count, micro;
        const char *why;
    } rows[] = {
        {"low", 1024, 1024, 1, 50, "small, any quality"},
        {"low", 2048, 1024, 1, 100, "larger, any quality"},
        {"high", 1024, 1024, 3, 600, "three small ones of high"},
        {"high", 2048, 1024, 1, 400, "a large one of high"},
        {"", 1024, 1024, 1, 50, "medium when left open, which has no row of its own"},
        {"high", 0, 0, 1, 400, "the dearest when the size is left open"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct provider_request request = {
            .model = STR("gpt-image-2"),
            .quality = str_of(rows[i].quality),
            .width_px = rows[i].width,
            .height_px = rows[i].height,
            .count = rows[i].count,
        };
        const char *currency;
        const int64_t micro = estimate(&provider_openai, fixture, &request, BY_SIZE, &currency);

        if (micro != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)micro);
        assert_string_equal(currency, "CNY");
    }
}

static void test_a_share_is_of_what_the_catalogue_says(void **state)
{
    struct fixture *fixture = *state;
    const struct provider_request request = {
        .model = STR("gpt-image-2"), .width_px = 1024, .height_px = 1024, .count = 1};
    const struct provider_request unknown = {.model = STR("acme/paint"), .count = 1};
    const char *text = "{\"rule\":\"percent\",\"percent\":80}", *currency;

    assert_int_equal(estimate(&provider_openai, fixture, &request, text, &currency),
                     ((1767 * 30 + 40) * 80 + 99) / 100);
    assert_string_equal(currency, "USD");
    assert_int_equal(estimate(&provider_openai, fixture, &unknown, text, &currency), -1);
}

static void test_rates_of_the_house_price_what_is_read_and_written(void **state)
{
    const char *text = "{\"rule\":\"tokens\",\"currency\":\"CNY\",\"text_in_micro\":1000000,"
                       "\"out_micro\":4000000}",
               *currency;
    struct fixture *fixture = *state;
    const struct provider_request words = {
        .action = PROVIDER_WRITE, .model = STR("acme/writer"), .output_tokens_max = 100};
    const struct provider_request picture = {.model = STR("acme/paint"), .count = 1};
    const struct provider_request nano = {.model = STR("gemini-3.1-flash-image"), .count = 1};
    const struct provider_own_price own = read(fixture, "acme/paint", text);
    const struct provider_verdict told = {
        .type = VERDICT_DONE, .picture_count = 1, .usage = {-1, -1, 100, 1000, 1, -1, NULL}
    };
    const struct provider_verdict silent = {
        .type = VERDICT_DONE, .picture_count = 1, .usage = {-1, -1, -1, -1, 1, -1, NULL}
    };

    assert_int_equal(estimate(&provider_openai, fixture, &words, text, &currency), 24 + 400);
    assert_string_equal(currency, "CNY");
    assert_int_equal(estimate(&provider_gemini, fixture, &nano, text, &currency), 8 + 1120 * 4);
    assert_string_equal(currency, "CNY");
    /* How many tokens a picture takes is not known before. */
    assert_int_equal(estimate(&provider_openai, fixture, &picture, text, &currency), -1);
    fixture->account.prices = &own;
    assert_int_equal(provider_cost(&provider_openai, &fixture->account, &picture, &told, &currency),
                     100 + 4000);
    assert_string_equal(currency, "CNY");
    assert_int_equal(
        provider_cost(&provider_openai, &fixture->account, &picture, &silent, &currency), -1);
}

static void test_what_a_service_tells_goes_before_a_price_of_the_house(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text;
        bool is_list;
        int64_t told, micro;
        const char *currency, *why;
    } rows[] = {
        {"{\"rule\":\"percent\",\"percent\":50}", false, 900, 900, "USD", "its word, not half of it"},
        {"{\"rule\":\"percent\",\"percent\":50}", true, 901, 451, "USD", "half of the catalogue's"},
        {"{\"rule\":\"pictures\",\"currency\":\"CNY\",\"pictures\":[{\"price_micro\":7}]}", false,
         900, 900, "USD", "its word"},
        {"{\"rule\":\"pictures\",\"currency\":\"CNY\",\"pictures\":[{\"price_micro\":7}]}", true,
         900, 14, "CNY", "two pictures"},
        {"{\"rule\":\"pictures\",\"currency\":\"CNY\",\"pictures\":[{\"price_micro\":7}]}", false,
         -1, 14, "CNY", "nothing was said"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    const struct provider_request request = {.model = STR("gpt-image-2"), .count = 2};

    fixture->account.price_count = 1;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct provider_own_price own = read(fixture, "gpt-image-2", rows[i].text);
        const struct provider_verdict verdict = {
            .type = VERDICT_DONE,
            .picture_count = 2,
            .is_list_cost = rows[i].is_list,
            .usage = {-1, -1, -1, -1, 2, rows[i].told, rows[i].told < 0 ? NULL : "USD"},
        };
        const struct provider_verdict free = {.type = VERDICT_FAILED, .usage = verdict.usage};
        const char *currency;
        int64_t micro;

        fixture->account.prices = &own;
        micro = provider_cost(&provider_openai, &fixture->account, &request, &verdict, &currency);
        if (micro != rows[i].micro || strcmp(currency, rows[i].currency) != 0)
            fail_msg("%s: %lld %s", rows[i].why, (long long)micro, currency);
        assert_int_equal(
            provider_cost(&provider_openai, &fixture->account, &request, &free, &currency), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_price_is_refused_by_its_member, fixture_begin,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(test_a_price_that_was_kept_is_read_again, fixture_begin,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(test_rows_are_by_quality_and_size, fixture_begin,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(test_a_share_is_of_what_the_catalogue_says, fixture_begin,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(test_rates_of_the_house_price_what_is_read_and_written,
                                        fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(test_what_a_service_tells_goes_before_a_price_of_the_house,
                                        fixture_begin, fixture_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
