/* Groups whose pictures come one by one: facts 4A. */
#include "provider/provider_test.h"

#include "provider/ark_private.h"

#define SUCCEEDED(index, base64)                                                                   \
    "event: image_generation.partial_succeeded\n"                                                  \
    "data: {\"type\":\"image_generation.partial_succeeded\",\"model\":\"m\",\"created\":1,"        \
    "\"image_index\":" index ",\"b64_json\":\"" base64 "\",\"size\":\"2048x2048\"}\n\n"
#define FAILED(index)                                                                              \
    "event: image_generation.partial_failed\n"                                                     \
    "data: {\"type\":\"image_generation.partial_failed\",\"image_index\":" index                   \
    ",\"error\":{\"code\":\"OutputImageSensitiveContentDetected\",\"message\":\"no\"}}\n\n"
#define COMPLETED(made)                                                                            \
    "event: image_generation.completed\n"                                                          \
    "data: {\"type\":\"image_generation.completed\",\"usage\":{\"generated_images\":" made         \
    ",\"output_tokens\":1}}\n\ndata: [DONE]\n\n"
#define WHOLE SUCCEEDED("0", PNG_BASE64) FAILED("1") SUCCEEDED("2", JPEG_BASE64) COMPLETED("2")
#define MODEL "doubao-seedream-4-5-251128"

struct seen {
    int count;
    int64_t last_index;
};

static void see(void *context, const struct provider_partial *partial)
{
    struct seen *seen = context;

    seen->count++;
    seen->last_index = partial->index;
    assert_non_null(picture_mime(partial->bytes));
}

static struct provider_verdict run(struct fixture *fixture, struct str text, size_t split,
                                   enum exchange_outcome outcome, struct seen *seen)
{
    struct provider_request request = {
        .model = STR(MODEL), .prompt = STR("a cup"), .count = 3, .compression = -1};
    struct exchange exchange = {.is_stream = true};
    struct provider_stream *stream = provider_ark.stream_begin(fixture->arena);
    struct exchange_reply reply = {.outcome = outcome, .status = 200};
    struct provider_verdict verdict;

    *seen = (struct seen){0};
    provider_ark.stream_feed(stream, str_slice(text, 0, split), see, seen);
    provider_ark.stream_feed(stream, str_slice(text, split, text.size), see, seen);
    reply.body = provider_ark.stream_end(stream);
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    return verdict;
}

static int64_t cost_of(struct fixture *fixture, const struct provider_verdict *verdict)
{
    const struct provider_request request = {.model = STR(MODEL), .count = 3};
    const char *currency;

    return provider_cost(&provider_ark, &fixture->account, &request, verdict, &currency);
}

static void test_a_stream_is_read_wherever_it_is_split(void **state)
{
    struct fixture *fixture = *state;
    const struct str whole = STR(WHOLE);

    for (size_t split = 0; split <= whole.size; split++) {
        struct seen seen;
        struct provider_verdict verdict = run(fixture, whole, split, EXCHANGE_REPLIED, &seen);
        assert_int_equal(seen.count, 2);
        assert_int_equal(seen.last_index, 2);
        assert_int_equal(verdict.type, VERDICT_DONE);
        assert_int_equal(verdict.picture_count, 2);
        assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
        assert_text(verdict.missing, "no");
        assert_int_equal(verdict.usage.cost_micro, 500000);
        arena_reset(fixture->arena);
    }
}

/* What came whole before the line broke is paid and kept. */
static void test_each_prefix_of_a_stream_keeps_what_it_has(void **state)
{
    struct fixture *fixture = *state;
    const struct str whole = STR(WHOLE);
    const size_t first = sizeof SUCCEEDED("0", PNG_BASE64) - 3;      /* its JSON is whole */
    const size_t end = sizeof WHOLE - sizeof "data: [DONE]\n\n" - 2; /* it said what it used */

    for (size_t size = 0; size < whole.size; size++)
        for (int lost = 0; lost < 2; lost++) {
            struct seen seen;
            struct provider_verdict verdict = run(fixture, str_slice(whole, 0, size), 0,
                                                  lost ? EXCHANGE_LOST : EXCHANGE_REPLIED, &seen);
            assert_int_equal(verdict.type, size >= first ? VERDICT_DONE : VERDICT_FAILED);
            if (verdict.type == VERDICT_FAILED) {
                assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
                assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
            } else {
                assert_true(verdict.missing.size > 0);
                /* What was made and did not come may be on the bill all the same. */
                assert_int_equal(cost_of(fixture, &verdict), verdict.is_cut ? -1 : 500000);
                assert_int_equal(verdict.is_cut, size < end);
            }
            arena_reset(fixture->arena);
        }
}

static void test_streams_of_many_kinds(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text;
        enum verdict_type type;
        enum failure_class class;
        size_t pictures;
        const char *why;
    } rows[] = {
        {FAILED("0") FAILED("1") COMPLETED("0"), VERDICT_FAILED, FAILURE_REFUSED, 0, "all refused"},
        {COMPLETED("0"), VERDICT_FAILED, FAILURE_UNKNOWN, 0, "no picture at all"},
        {"data: [DONE]\n\n", VERDICT_FAILED, FAILURE_UNKNOWN, 0, "done at once"},
        {"data: {\"type\":\"image_generation.partial_succeeded\",\"url\":\"https://a/1\"}\n\n",
         VERDICT_DONE, FAILURE_NONE, 1, "an address, no event line"},
        {"event: image_generation.partial_succeeded\ndata: {\"url\":\"https://a/1\"}\n\n",
         VERDICT_DONE, FAILURE_NONE, 1, "the name alone"},
        {"data: {\"error\":{\"code\":\"InternalServiceError\",\"message\":\"m\"}}\n\n",
         VERDICT_FAILED, FAILURE_SERVER, 0, "an error event"},
        {"{\"error\":{\"code\":\"InputTextSensitiveContentDetected\",\"message\":\"m\"}}",
         VERDICT_FAILED, FAILURE_REFUSED, 0, "plain JSON, an error"},
        {" \r\n{\"data\":[{\"b64_json\":\"" PNG_BASE64 "\"}]}", VERDICT_DONE, FAILURE_NONE, 1,
         "plain JSON, a picture"},
        {"<html>", VERDICT_FAILED, FAILURE_INVALID, 0, "a page"},
        {SUCCEEDED("0", "AAAA") COMPLETED("1"), VERDICT_FAILED, FAILURE_UNKNOWN, 0, "no picture"},
        {"data: {\"type\":7}\n\ndata: [[[\n\n" SUCCEEDED("0", PNG_BASE64), VERDICT_DONE,
         FAILURE_NONE, 1, "nonsense between"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct seen seen;
        struct provider_verdict verdict =
            run(fixture, str_of(rows[i].text), 5, EXCHANGE_REPLIED, &seen);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class ||
            verdict.picture_count != rows[i].pictures)
            fail_msg("%s: %s", rows[i].why, failure_class_name(verdict.failure.class));
    }
}

/* 16 MiB a picture: the fifth is too much for the stream, but those before it are kept. */
static void test_a_stream_is_bounded_and_keeps_what_fitted(void **state)
{
    struct fixture *fixture = *state;
    struct arena *arena = arena_create(MIB(512));
    struct provider_stream *stream = provider_ark.stream_begin(arena);
    CLEANUP(buf_finish) struct buf event = {0};
    struct exchange exchange = {.is_stream = true};
    struct provider_request request = {.model = STR(MODEL), .count = 9, .compression = -1};
    struct exchange_reply reply = {.status = 200};
    struct provider_verdict verdict;

    for (int i = 0; i < 9; i++) {
        buf_clear(&event);
        buf_printf(&event,
                   "data: {\"type\":\"image_generation.partial_succeeded\",\"image_index\":%d,"
                   "\"url\":\"https://a/%d\",\"pad\":\"",
                   i, i);
        buf_reserve(&event, MIB(16));
        while (event.size < MIB(16))
            buf_add(&event, STR("0123456789abcdef0123456789abcdef"));
        buf_add(&event, STR("\"}\n\n"));
        provider_ark.stream_feed(stream, str_slice(buf_str(&event), 0, 100), NULL, NULL);
        provider_ark.stream_feed(stream, str_slice(buf_str(&event), 100, event.size), NULL, NULL);
    }
    reply.body = provider_ark.stream_end(stream);
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 4);
    assert_true(verdict.missing.size > 0);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_stream_is_read_wherever_it_is_split),
        TEST(test_each_prefix_of_a_stream_keeps_what_it_has),
        TEST(test_streams_of_many_kinds),
        TEST(test_a_stream_is_bounded_and_keeps_what_fitted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
