/* Streamed pictures: facts 1.4. */
#include "provider/provider_test.h"

#include "provider/openai_private.h"

#define PARTIAL(index, base64)                                                                     \
    "event: image_generation.partial_image\n"                                                      \
    "data: {\"type\":\"image_generation.partial_image\",\"partial_image_index\":" index            \
    ",\"b64_json\":\"" base64 "\"}\n\n"
#define COMPLETED                                                                                  \
    "event: image_generation.completed\n"                                                          \
    "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"" PNG_BASE64 "\",\"usage\":"    \
    "{\"input_tokens\":10,\"output_tokens\":300,\"input_tokens_details\":{\"text_tokens\":10,"     \
    "\"image_tokens\":0}}}\n\n"
#define WHOLE PARTIAL("0", JPEG_BASE64) PARTIAL("1", OTHER_PNG_BASE64) COMPLETED

struct seen {
    int count;
    int64_t last_index;
    struct str last; /* compared inside the callback's time only by size */
};

static void see(void *context, const struct provider_partial *partial)
{
    struct seen *seen = context;

    seen->count++;
    seen->last_index = partial->index;
    seen->last.size = partial->bytes.size;
    assert_non_null(picture_mime(partial->bytes));
}

static struct provider_verdict run(struct fixture *fixture, struct str text, size_t split,
                                   enum exchange_outcome outcome, struct seen *seen)
{
    struct provider_request request = {.model = STR("gpt-image-2"),
                                       .prompt = STR("a cup"),
                                       .count = 1,
                                       .partial_images = 2,
                                       .compression = -1};
    struct exchange exchange = {.is_stream = true};
    struct provider_stream *stream = provider_openai.stream_begin(fixture->arena);
    struct exchange_reply reply = {.outcome = outcome, .status = 200};
    struct provider_verdict verdict;

    *seen = (struct seen){0};
    provider_openai.stream_feed(stream, str_slice(text, 0, split), see, seen);
    provider_openai.stream_feed(stream, str_slice(text, split, text.size), see, seen);
    reply.body = provider_openai.stream_end(stream);
    provider_openai.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    return verdict;
}

static void test_a_stream_is_read_wherever_it_is_split(void **state)
{
    struct fixture *fixture = *state;
    const struct str whole = STR(WHOLE);

    for (size_t split = 0; split <= whole.size; split++) {
        struct seen seen;
        struct provider_verdict verdict = run(fixture, whole, split, EXCHANGE_REPLIED, &seen);
        assert_int_equal(seen.count, 2);
        assert_int_equal(seen.last_index, 1);
        assert_int_equal(verdict.type, VERDICT_DONE);
        assert_int_equal(verdict.picture_count, 1);
        assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
        assert_int_equal(verdict.usage.tokens_out, 300);
        assert_int_equal(verdict.usage.text_tokens_in, 10);
        arena_reset(fixture->arena);
    }
}

/* A picture is only there once its completed event is whole; before, nothing is claimed. */
static void test_each_prefix_of_a_stream_gives_a_verdict(void **state)
{
    struct fixture *fixture = *state;
    const struct str whole = STR(WHOLE);

    for (size_t size = 0; size < whole.size; size++) {
        struct seen seen;
        struct provider_verdict verdict =
            run(fixture, str_slice(whole, 0, size), 0, EXCHANGE_REPLIED, &seen);
        bool is_last_event_whole = size >= whole.size - 2; /* its JSON ends before the blank line */
        assert_int_equal(verdict.type, is_last_event_whole ? VERDICT_DONE : VERDICT_FAILED);
        if (!is_last_event_whole) {
            assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
            assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
        }
        arena_reset(fixture->arena);
    }
}

static void test_a_picture_before_the_line_broke_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen;

    assert_int_equal(run(fixture, STR(WHOLE), 0, EXCHANGE_LOST, &seen).type, VERDICT_DONE);
    assert_int_equal(
        run(fixture, STR(PARTIAL("0", JPEG_BASE64)), 0, EXCHANGE_LOST, &seen).failure.class,
        FAILURE_UNKNOWN);
}

static void test_streams_of_many_kinds(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text;
        enum verdict_type type;
        enum failure_class class;
        int partials;
        const char *why;
    } rows[] = {
        {COMPLETED PARTIAL("0", JPEG_BASE64), VERDICT_DONE, FAILURE_NONE, 1, "the final one first"},
        {COMPLETED "data: [DONE]\n\n", VERDICT_DONE, FAILURE_NONE, 0, "a [DONE] line"},
        {"data: {\"type\":\"image_edit.completed\",\"b64_json\":\"" PNG_BASE64 "\"}\n\n",
         VERDICT_DONE, FAILURE_NONE, 0, "an edit, no event line"},
        {"event: image_edit.completed\ndata: {\"b64_json\":\"" PNG_BASE64 "\"}\n\n", VERDICT_DONE,
         FAILURE_NONE, 0, "the name alone"},
        {PARTIAL("0", "AAAA") COMPLETED, VERDICT_DONE, FAILURE_NONE, 0,
         "a broken partial is skipped"},
        {PARTIAL("0", JPEG_BASE64), VERDICT_FAILED, FAILURE_UNKNOWN, 1, "no completed event"},
        {"data: " "{\"type\":\"error\",\"error\":{\"code\":\"moderation_blocked\",\"message\":\"x"
         "\"}}\n\n", VERDICT_FAILED, FAILURE_REFUSED, 0, "an error event"},
        {"event: error\ndata: {\"code\":\"rate_limit_exceeded\",\"message\":\"x\"}\n\n",
         VERDICT_FAILED, FAILURE_THROTTLED, 0, "a flat error"},
        {"data: {\"error\":{\"message\":\"x\",\"type\":\"server_error\"}}\n\n", VERDICT_FAILED,
         FAILURE_SERVER, 0, "a chunk with an error"},
        {PARTIAL("0", JPEG_BASE64) "event: error\ndata: "
         "{\"message\":\"x\",\"code\":\"server_error\"}\n\n" COMPLETED, VERDICT_DONE, FAILURE_NONE,
         1, "a picture after all"},
        {"{\"data\":[{\"b64_json\":\"" PNG_BASE64 "\"}]}", VERDICT_DONE, FAILURE_NONE, 0,
         "a server that does not stream"},
        {"\n {\"data\":[]}", VERDICT_FAILED, FAILURE_UNKNOWN, 0, "nor draws"},
        {"<html>", VERDICT_FAILED, FAILURE_INVALID, 0, "a page"},
        {"data: nonsense\n\n", VERDICT_FAILED, FAILURE_UNKNOWN, 0, "no JSON"},
        {"data: [1]\n\ndata: null\n\ndata: 7\n\n", VERDICT_FAILED, FAILURE_UNKNOWN, 0,
         "no objects"},
        {"", VERDICT_FAILED, FAILURE_UNKNOWN, 0, "nothing"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct seen seen;
        struct provider_verdict verdict =
            run(fixture, str_of(rows[i].text), 0, EXCHANGE_REPLIED, &seen);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class ||
            seen.count != rows[i].partials)
            fail_msg("%s: %d %s %d", rows[i].why, (int)verdict.type,
                     failure_class_name(verdict.failure.class), seen.count);
    }
}

/* An arena too small for the stream: a failure in doubt, never an abort. */
static void test_a_stream_too_large_for_its_memory_is_in_doubt(void **state)
{
    struct fixture *fixture = *state;
    static char piece[8192];
    struct provider_stream *stream;
    struct provider_request request = {.model = STR("gpt-image-2"), .count = 1, .compression = -1};
    struct exchange exchange = {.is_stream = true};
    struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED, .status = 200};
    struct provider_verdict verdict;
    struct arena *small = arena_create(MIB(1));

    memset(piece, 'x', sizeof piece);
    stream = provider_openai.stream_begin(small);
    provider_openai.stream_feed(stream, STR("data: {\"b64_json\":\""), NULL, NULL);
    for (int i = 0; i < 1000; i++)
        provider_openai.stream_feed(stream, (struct str){piece, sizeof piece}, NULL, NULL);
    reply.body = provider_openai.stream_end(stream);
    provider_openai.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_text(verdict.failure.message, "the stream was too large");
    arena_destroy(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_stream_is_read_wherever_it_is_split),
        TEST(test_each_prefix_of_a_stream_gives_a_verdict),
        TEST(test_a_picture_before_the_line_broke_is_kept),
        TEST(test_streams_of_many_kinds),
        TEST(test_a_stream_too_large_for_its_memory_is_in_doubt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
