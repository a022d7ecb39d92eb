/* The mock and its cards. */
#include "provider/mock.h"

#include "provider/provider_test.h"

#define NOW 1800000000000

static struct provider_request request_of(const char *key)
{
    return (struct provider_request){.model = STR("mock"),
                                     .prompt = STR("a \"red\" cup, 茶杯"),
                                     .count = 2,
                                     .has_seed = true,
                                     .seed = 7,
                                     .compression = -1,
                                     .idempotency_key = str_of(key)};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_mock.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

/* What the operation does with a card, with two bytes for each picture. */
static struct provider_verdict carry_out(struct fixture *fixture,
                                         const struct provider_request *request,
                                         const struct exchange *exchange, int64_t now_ms,
                                         size_t *drawn)
{
    static const struct str pictures[] = {
        {"p0", 2},
        {"p1", 2},
        {"p2", 2},
        {"p3", 2},
        {"p4", 2},
        {"p5", 2},
        {"p6", 2},
        {"p7", 2},
        {"p8", 2},
        {"p9", 2}
    };
    struct provider_card card;
    struct exchange_reply reply;
    struct provider_verdict verdict;
    struct error err = {0};

    if (!provider_card_read(exchange->card, fixture->arena, &card, &err))
        fail_msg("%s: %.*s", err.message, STR_ARGS(exchange->card));
    *drawn = provider_card_due(&card, now_ms);
    provider_card_reply(&card, pictures, *drawn, now_ms, fixture->arena, &reply);
    provider_mock.read(&fixture->account, request, exchange, &reply, fixture->arena, &verdict);
    return verdict;
}

static void test_a_card_holds_the_order(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct provider_card card;
    struct exchange exchange;
    struct error err;

    request.width_px = 640;
    request.height_px = 480;
    request.format = STR("webp");
    request.compression = 70;
    request.background = STR("transparent");
    request.partial_images = 2;
    exchange = begin(fixture, &request);
    assert_true(exchange.is_paid);
    assert_int_equal(exchange.delay_ms, 1200);
    assert_int_equal(exchange.url.size, 0);
    assert_true(provider_card_read(exchange.card, fixture->arena, &card, &err));
    assert_int_equal(card.picture_count, 2);
    assert_int_equal(card.pictures[1].width_px, 640);
    assert_int_equal(card.pictures[1].height_px, 480);
    assert_int_equal(card.pictures[0].seed, 7);
    assert_int_equal(card.pictures[1].seed, 8);
    assert_text(card.pictures[0].prompt, "a \"red\" cup, 茶杯");
    assert_text(card.pictures[0].caption, "mock · seed 7 · 1/2");
    assert_true(card.pictures[0].is_transparent);
    assert_text(card.format, "webp");
    assert_int_equal(card.quality, 70);
    assert_int_equal(card.partial_count, 2);
    assert_int_equal(card.price_micro, 20000);
    assert_string_equal(card.currency, "USD");
}

static void test_drawn_pictures_become_a_result_with_seed_and_price(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct exchange exchange;
    struct provider_verdict verdict;
    const char *currency;
    size_t drawn;

    fixture_options(fixture, "{\"price_micro\":30000,\"currency\":\"CNY\"}");
    exchange = begin(fixture, &request);
    verdict = carry_out(fixture, &request, &exchange, NOW, &drawn);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 2);
    assert_text(verdict.pictures[0].bytes, "p0");
    assert_text(verdict.pictures[1].bytes, "p1");
    assert_true(verdict.pictures[1].has_seed);
    assert_int_equal(verdict.pictures[1].seed, 8);
    assert_int_equal(
        provider_cost(&provider_mock, &fixture->account, &request, &verdict, &currency), 60000);
    assert_string_equal(currency, "CNY");
    assert_int_equal(provider_estimate(&provider_mock, &fixture->account, &request, &currency),
                     60000);
    assert_string_equal(currency, "CNY");
}

static void test_the_same_call_is_the_same_card(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k"), other = request_of("k2");
    struct exchange one = begin(fixture, &request), two = begin(fixture, &request);

    assert_true(str_equal(one.card, two.card));
    request.has_seed = other.has_seed = false; /* no seed: the call gives it one of its own */
    one = begin(fixture, &request);
    two = begin(fixture, &request);
    assert_true(str_equal(one.card, two.card));
    two = begin(fixture, &other);
    assert_false(str_equal(one.card, two.card));
}

static void test_latency_is_an_option_and_none_for_mock_fast(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");

    fixture_options(fixture, "{\"latency_ms\":5000,\"jitter_ms\":100}");
    for (int i = 0; i < 50; i++) {
        request.seed = i;
        assert_in_range(begin(fixture, &request).delay_ms, 5000, 5100);
    }
    fixture_options(fixture, "{\"latency_ms\":99999999}");
    assert_int_equal(begin(fixture, &request).delay_ms, 600000);
    request.model = STR("mock-fast");
    assert_int_equal(begin(fixture, &request).delay_ms, 0);
}

static void test_each_trouble_is_read_as_its_class(void **state)
{
    static const struct {
        const char *name;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {"not_sent",      FAILURE_NOT_SENT,  CHARGED_NO   },
        {"throttled",     FAILURE_THROTTLED, CHARGED_NO   },
        {"quota",         FAILURE_QUOTA,     CHARGED_NO   },
        {"auth",          FAILURE_AUTH,      CHARGED_NO   },
        {"invalid",       FAILURE_INVALID,   CHARGED_NO   },
        {"refused",       FAILURE_REFUSED,   CHARGED_MAYBE},
        {"server",        FAILURE_SERVER,    CHARGED_MAYBE},
        {"unknown",       FAILURE_UNKNOWN,   CHARGED_MAYBE},
        {"remote_failed", FAILURE_REMOTE,    CHARGED_NO   },
        {"nonsense",      FAILURE_SERVER,    CHARGED_MAYBE},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("k");
        CLEANUP(buf_finish) struct buf options = {0};
        struct exchange exchange;
        struct provider_verdict verdict;
        size_t drawn;
        buf_printf(&options, "{\"failure_rate\":1,\"failure_kind\":\"%s\"}", rows[i].name);
        buf_add_char(&options, '\0');
        fixture_options(fixture, options.data);
        exchange = begin(fixture, &request);
        verdict = carry_out(fixture, &request, &exchange, NOW, &drawn);
        assert_int_equal(drawn, 0); /* nothing is drawn for a call that fails */
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s %d", rows[i].name, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
        assert_true(verdict.failure.message.size > 0);
        if (rows[i].class == FAILURE_THROTTLED)
            assert_int_equal(verdict.failure.retry_after_ms, 2000);
    }
}

static bool fails(struct fixture *fixture, int64_t seed, const char *key)
{
    struct provider_request request = request_of(key);
    struct exchange exchange;
    size_t drawn;

    request.seed = seed;
    exchange = begin(fixture, &request);
    return carry_out(fixture, &request, &exchange, NOW, &drawn).type == VERDICT_FAILED;
}

static void test_failures_come_at_their_rate_and_repeat_with_their_call(void **state)
{
    struct fixture *fixture = *state;
    int failed = 0, passed_again = 0;

    fixture_options(fixture, "{\"failure_rate\":0.3}");
    for (int seed = 0; seed < 500; seed++) {
        bool is_failed = fails(fixture, seed, "attempt-1");
        assert_int_equal(fails(fixture, seed, "attempt-1"), is_failed);
        failed += is_failed ? 1 : 0;
        passed_again += is_failed && !fails(fixture, seed, "attempt-2") ? 1 : 0;
        arena_reset(fixture->arena);
    }
    assert_in_range(failed, 110, 190);
    assert_in_range(passed_again, failed / 2, failed - 1);
    fixture_options(fixture, "{\"failure_rate\":0}");
    for (int seed = 0; seed < 100; seed++)
        assert_false(fails(fixture, seed, "attempt-1"));
}

static void test_remote_work_is_waited_for_and_survives_in_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct exchange exchange, poll;
    struct provider_verdict verdict;
    struct error err;
    struct str remote_id;
    size_t drawn;

    fixture_options(fixture, "{\"async\":true,\"latency_ms\":1000}");
    exchange = begin(fixture, &request);
    assert_int_equal(exchange.delay_ms, 0);
    verdict = carry_out(fixture, &request, &exchange, NOW, &drawn);
    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_int_equal(drawn, 0);
    assert_int_equal(verdict.poll_after_ms, 1000);
    remote_id = verdict.remote_id;

    assert_true(provider_mock.poll(&fixture->account, remote_id, fixture->arena, &poll, &err));
    assert_false(poll.is_paid);
    verdict = carry_out(fixture, &request, &poll, NOW + 400, &drawn);
    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_int_equal(verdict.poll_after_ms, 600);
    assert_true(verdict.progress > 0.39 && verdict.progress < 0.41);
    assert_true(str_equal(verdict.remote_id, remote_id)); /* the same work, the same id */

    verdict = carry_out(fixture, &request, &poll, NOW + 1000, &drawn);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 2);
    assert_int_equal(verdict.pictures[0].seed, 7);
    assert_int_equal(verdict.usage.cost_micro, 40000);
}

static void test_remote_work_can_fail_and_be_given_up(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct exchange exchange, next;
    struct provider_verdict verdict;
    struct error err;
    size_t drawn;

    fixture_options(fixture, "{\"async\":true,\"latency_ms\":1000,\"failure_rate\":1,"
                             "\"failure_kind\":\"remote_failed\"}");
    exchange = begin(fixture, &request);
    verdict = carry_out(fixture, &request, &exchange, NOW, &drawn);
    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_true(
        provider_mock.poll(&fixture->account, verdict.remote_id, fixture->arena, &next, &err));
    assert_int_equal(carry_out(fixture, &request, &next, NOW + 500, &drawn).type, VERDICT_WAIT);
    verdict = carry_out(fixture, &request, &next, NOW + 1000, &drawn);
    assert_int_equal(verdict.failure.class, FAILURE_REMOTE);
    assert_int_equal(drawn, 0);

    fixture_options(fixture, "{\"async\":true}");
    exchange = begin(fixture, &request);
    verdict = carry_out(fixture, &request, &exchange, NOW, &drawn);
    assert_true(
        provider_mock.cancel(&fixture->account, verdict.remote_id, fixture->arena, &next, &err));
    verdict = carry_out(fixture, &request, &next, NOW + 1, &drawn);
    assert_int_equal(drawn, 0);
    assert_int_equal(verdict.failure.class, FAILURE_CANCELLED);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
}

static void test_a_foreign_remote_id_is_refused(void **state)
{
    static const char *const ids[] = {
        "", "x", "mock1:", "mock1:5:good:", "mock1:x:good:\"v\":1", "mock1:-5:good:\"v\":1"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(ids); i++) {
        struct exchange exchange;
        struct error err = {0};
        assert_false(
            provider_mock.poll(&fixture->account, str_of(ids[i]), fixture->arena, &exchange, &err));
        assert_string_equal(err.field, "remote_id");
        assert_false(provider_mock.cancel(&fixture->account, str_of(ids[i]), fixture->arena,
                                          &exchange, &err));
    }
}

static void test_every_cut_card_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct str card = begin(fixture, &request).card;
    struct provider_card out;
    struct error err;

    assert_true(provider_card_read(card, fixture->arena, &out, &err));
    for (size_t size = 0; size < card.size; size++) {
        struct exchange exchange = {.card = str_slice(card, 0, size)};
        struct exchange_reply reply = reply_of(200, "{}");
        struct provider_verdict verdict;
        assert_false(provider_card_read(exchange.card, fixture->arena, &out, &err));
        provider_mock.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
                           &verdict);
        assert_int_equal(verdict.type, VERDICT_FAILED);
    }
}

static void test_more_parts_than_ordered_are_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct exchange exchange = begin(fixture, &request);
    const struct str parts[] = {
        {"a", 1},
        {"b", 1},
        {"c", 1}
    };
    struct exchange_reply reply = reply_of(200, "{}");
    struct provider_verdict verdict;

    reply.parts = parts;
    reply.part_count = 3;
    provider_mock.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_FAILED);
    reply.part_count = 0;
    provider_mock.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_FAILED);
}

static void no_prompt(struct provider_request *r) { r->prompt = STR(" "); }
static void no_count(struct provider_request *r) { r->count = 0; }
static void big_count(struct provider_request *r) { r->count = 11; }
static void small_size(struct provider_request *r) { r->width_px = r->height_px = 63; }
static void big_size(struct provider_request *r) { r->width_px = r->height_px = 4097; }
static void no_reference(struct provider_request *r) { r->action = PROVIDER_EDIT; }
static void many_references(struct provider_request *r) { r->reference_count = 9; }
static void quality(struct provider_request *r) { r->quality = STR("high"); }
static void format(struct provider_request *r) { r->format = STR("gif"); }
static void steps(struct provider_request *r) { r->steps = 4; }
static void partials(struct provider_request *r) { r->partial_images = 4; }
static void clear_jpeg(struct provider_request *r)
{
    r->background = STR("transparent");
    r->format = STR("jpeg");
}

static void test_what_the_mock_cannot_do_is_refused_with_the_field(void **state)
{
    static const struct {
        const char *field;
        void (*change)(struct provider_request *request);
    } rows[] = {
        {"prompt",         no_prompt      },
        {"count",          no_count       },
        {"count",          big_count      },
        {"size",           small_size     },
        {"size",           big_size       },
        {"references",     no_reference   },
        {"references",     many_references},
        {"quality",        quality        },
        {"format",         format         },
        {"steps",          steps          },
        {"partial_images", partials       },
        {"format",         clear_jpeg     },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("k");
        struct exchange exchange;
        struct error err = {0};
        rows[i].change(&request);
        assert_false(
            provider_mock.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
    }
}

static void test_partials_can_be_switched_off(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct provider_card card;
    struct error err;

    request.partial_images = 3;
    fixture_options(fixture, "{\"partial\":false}");
    assert_true(provider_card_read(begin(fixture, &request).card, fixture->arena, &card, &err));
    assert_int_equal(card.partial_count, 0);
}

static void test_the_probe_lists_the_catalogue(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct provider_card card;
    struct exchange_reply reply;
    struct provider_failure failure;
    struct str *models;
    size_t count;
    struct error err;

    assert_true(provider_mock.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_false(exchange.is_paid);
    assert_true(provider_card_read(exchange.card, fixture->arena, &card, &err));
    assert_int_equal(provider_card_due(&card, NOW), 0);
    provider_card_reply(&card, NULL, 0, NOW, fixture->arena, &reply);
    provider_mock.read_probe(&fixture->account, &reply, fixture->arena, &models, &count, &failure);
    assert_int_equal(failure.class, FAILURE_NONE);
    assert_int_equal(count, 3);
    assert_text(models[0], "mock");
    assert_text(models[1], "mock-fast");
    assert_text(models[2], "mock-text");
}

static void test_honouring_keys_is_the_accounts_choice(void **state)
{
    struct fixture *fixture = *state;

    assert_true(provider_honours_key(&provider_mock, &fixture->account));
    fixture_options(fixture, "{\"honours_key\":false}");
    assert_false(provider_honours_key(&provider_mock, &fixture->account));
    assert_false(provider_honours_key(&provider_openai, &fixture->account));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_card_holds_the_order),
        TEST(test_drawn_pictures_become_a_result_with_seed_and_price),
        TEST(test_the_same_call_is_the_same_card),
        TEST(test_latency_is_an_option_and_none_for_mock_fast),
        TEST(test_each_trouble_is_read_as_its_class),
        TEST(test_failures_come_at_their_rate_and_repeat_with_their_call),
        TEST(test_remote_work_is_waited_for_and_survives_in_its_id),
        TEST(test_remote_work_can_fail_and_be_given_up),
        TEST(test_a_foreign_remote_id_is_refused),
        TEST(test_every_cut_card_is_refused),
        TEST(test_more_parts_than_ordered_are_not_believed),
        TEST(test_what_the_mock_cannot_do_is_refused_with_the_field),
        TEST(test_partials_can_be_switched_off),
        TEST(test_the_probe_lists_the_catalogue),
        TEST(test_honouring_keys_is_the_accounts_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
