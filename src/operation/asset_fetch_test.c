#include "operation/test_private.h"

static const struct engine_operation *fetching(void) { return &operation_asset_fetch.engine; }

static void test_a_fetched_picture_is_stripped_kept_and_named(void **state)
{
    static const struct {
        const char *url, *name;
    } cases[] = {
        {"https://a.test/b/cup.png?x=1#y", "cup.png"},
        {"https://a.test/",                "a.test" },
        {"https://a.test/茶.png",         "茶.png"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct attempt attempt = attempt_of(
            NULL,
            arena_cstr(house.arena, arena_printf(house.arena, "{\"url\":\"%s\"}", cases[i].url)));
        const struct exchange_reply reply = {
            .outcome = EXCHANGE_REPLIED, .status = 200, .body = house.picture};
        struct step step = {0}, end = {0};
        const struct result_picture *picture;

        fetching()->begin(&attempt, &step);
        assert_int_equal(step.type, STEP_EXCHANGE);
        assert_false(step.exchange.is_own_origin); /* public addresses alone */
        assert_false(step.exchange.is_paid);
        assert_int_equal(step.exchange.reply_size_max, 1000000);
        check_text(step.exchange.url, cases[i].url, "as given");
        fetching()->reply(&attempt, &step.exchange, &reply, &end);
        assert_int_equal(end.type, STEP_DONE);
        picture = pictures_of(end.output, 1);
        check_text(picture->name, cases[i].name, cases[i].url);
        check_text(picture->source_url, cases[i].url, "where it came from");
        check_text(picture->kind, "uploaded", "not ours");
        assert_int_equal(picture->source_type.size, 0);
        assert_int_equal(picture->variants.count, IMAGE_VARIANT_COUNT);
    }
}

static void test_what_cannot_be_fetched_says_whether_to_try_again(void **state)
{
    const struct {
        struct exchange_reply reply;
        enum failure_class class;
        const char *reason;
    } cases[] = {
        {{.outcome = EXCHANGE_REPLIED, .status = 200, .body = STR("<html></html>")},
         FAILURE_INVALID,                                                                                            "a page"      },
        {{.outcome = EXCHANGE_REPLIED, .status = 200},                                              FAILURE_INVALID, "nothing"     },
        {{.outcome = EXCHANGE_REPLIED, .status = 404},                                              FAILURE_INVALID, "not there"   },
        {{.outcome = EXCHANGE_REPLIED, .status = 302},                                              FAILURE_INVALID, "elsewhere"   },
        {{.outcome = EXCHANGE_REPLIED, .status = 503},                                              FAILURE_SERVER,  "not now"     },
        {{.outcome = EXCHANGE_REPLIED, .status = 429},                                              FAILURE_SERVER,  "not so often"},
        {{.outcome = EXCHANGE_NOT_SENT, .err = {.code = ERROR_UNREACHABLE, .message = "no route"}},
         FAILURE_SERVER,                                                                                             "nobody there"},
        {{.outcome = EXCHANGE_LOST, .err = {.code = ERROR_TIMED_OUT, .message = "silence"}},
         FAILURE_SERVER,                                                                                             "silence"     },
        {{.outcome = EXCHANGE_NOT_SENT, .err = {.code = ERROR_INVALID, .message = "private"}},
         FAILURE_INVALID,                                                                                            "the guard"   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct attempt attempt = attempt_of(NULL, "{\"url\":\"https://a.test/b\"}");
        struct step step = {0}, end = {0};

        fetching()->begin(&attempt, &step);
        fetching()->reply(&attempt, &step.exchange, &cases[i].reply, &end);
        expect_failure(&end, cases[i].class, CHARGED_NO, cases[i].reason);
    }
}

static void test_what_is_lost_again_was_never_paid(void **state)
{
    struct attempt attempt = attempt_of(NULL, "{\"url\":\"https://a.test/b\"}");
    struct step end = {0};

    (void)state;
    fetching()->refine(&attempt, STR("{"), &end);
    assert_int_equal(end.type, STEP_FAILED);
    assert_int_equal(end.failure.charged, CHARGED_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fetched_picture_is_stripped_kept_and_named),
        cmocka_unit_test(test_what_cannot_be_fetched_says_whether_to_try_again),
        cmocka_unit_test(test_what_is_lost_again_was_never_paid),
    };

    return cmocka_run_group_tests(tests, open_house, close_house);
}
