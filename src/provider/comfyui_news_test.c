#include "provider/comfyui_test.h"

#define OF(id) "\"prompt_id\":\"" id "\""
#define PROGRESS(id, rest) "{\"type\":\"progress\",\"data\":{" OF(id) "," rest "}}"

static struct provider_news news_of(struct fixture *fixture, const char *text)
{
    struct provider_news news;

    provider_comfyui.read_news(STR(ID), true, str_of(text), fixture->arena, &news);
    return news;
}

static void test_the_socket_is_the_calls_own(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err;

    assert_true(provider_comfyui.watch(&fixture->account, STR("call-1"), STR(ID), fixture->arena,
                                       &exchange, &err));
    assert_true(str_find(exchange.url, arena_printf(fixture->arena, "/ws?clientId=%.*s",
                                                    STR_ARGS(comfyui_uuid(STR("call-1"), "client",
                                                                          fixture->arena)))) > 0);
    assert_false(exchange.is_paid);
    assert_true(exchange.is_own_origin);
    assert_false(provider_comfyui.watch(&fixture->account, STR_EMPTY, STR(ID), fixture->arena,
                                        &exchange, &err));
}

static void test_news_are_read_from_text(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text, *node;
        int64_t step, steps;
        bool is_over;
        const char *why;
    } rows[] = {
        {PROGRESS(ID, "\"node\":\"smp\",\"value\":7,\"max\":20"), "smp", 7, 20, false, "a step"},
        {PROGRESS("other", "\"node\":\"smp\",\"value\":7,\"max\":20"), "", 0, 0, false, "another's"},
        {PROGRESS(ID, "\"node\":\"smp\",\"value\":21,\"max\":20"), "smp", 0, 0, false, "beyond the last"},
        {PROGRESS(ID, "\"node\":\"dec\",\"value\":1,\"max\":1"), "dec", 0, 0, false, "of one"},
        {PROGRESS(ID, "\"node\":\"smp\",\"value\":-1,\"max\":0"), "smp", 0, 0, false, "of none"},
        {PROGRESS(ID, "\"node\":\"smp\",\"value\":1,\"max\":1e300"), "smp", 0, 0, false, "of too many"},
        {PROGRESS(ID, "\"node\":5,\"value\":\"x\",\"max\":[]"), "", 0, 0, false, "of other types"},
        {"{\"type\":\"executing\",\"data\":{" OF(ID) ",\"node\":\"dec\"}}", "dec", 0, 0, false, "a node"},
        {"{\"type\":\"executing\",\"data\":{" OF(ID) ",\"node\":null}}", "", 0, 0, true, "the end"},
        {"{\"type\":\"executing\",\"data\":{\"node\":null}}", "", 0, 0, false, "somebody's end"},
        {"{\"type\":\"progress_state\",\"data\":{" OF(ID) ",\"nodes\":{"
         "\"a\":{\"state\":\"finished\",\"value\":1,\"max\":1},"
         "\"b\":{\"state\":\"running\",\"value\":3,\"max\":9}}}}", "b", 3, 9, false, "the one that runs"},
        {PROGRESS(ID, "\"node\":\"a\\u0000\\nb\",\"value\":1,\"max\":2"), "a  b", 1, 2, false, "a hostile name"},
        {"{\"type\":\"status\",\"data\":{\"status\":{}}}", "", 0, 0, false, "the queue"},
        {"{\"type\":[],\"data\":[]}", "", 0, 0, false, "lists"},
        {"{", "", 0, 0, false, "half of it"},
        {"", "", 0, 0, false, "nothing"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t row = 0; row < COUNT(rows); row++) {
        struct provider_news news = news_of(fixture, rows[row].text);

        if (news.step != rows[row].step || news.steps != rows[row].steps ||
            news.is_over != rows[row].is_over || (news.progress >= 0) != (news.steps > 0) ||
            news.progress > 1 || !str_equal(news.node, str_of(rows[row].node)))
            fail_msg("%s: %lld of %lld in \"%.*s\"", rows[row].why, (long long)news.step,
                     (long long)news.steps, STR_ARGS(news.node));
    }
}

static void test_a_preview_is_read_from_bytes(void **state)
{
    /* clang-format off */
#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x8\6\0\0\0\0\0\0\0"
    static const struct {
        const char *bytes;
        size_t size;
        bool is_picture;
        const char *why;
    } rows[] = {
#define ROW(bytes, is, why) {(bytes), sizeof(bytes) - 1, (is), (why)}
        ROW("\0\0\0\1\0\0\0\2" PNG, true, "a preview"),
        ROW("\0\0\0\4\0\0\0\2{}" PNG, true, "a preview with words"),
        ROW("\0\0\0\4\xff\xff\xff\xff{}" PNG, false, "words without end"),
        ROW("\0\0\0\4\0\0\0\2{}", false, "words alone"),
        ROW("\0\0\0\3\0\0\0\2ab" PNG, false, "text"),
        ROW("\0\0\0\1\0\0\0\2<svg onload=alert(1)>", false, "no picture"),
        ROW("\0\0\0\1\0\0\0\2", false, "nothing behind"),
        ROW("\0\0\0\1", false, "half a head"),
        ROW("", false, "nothing"),
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t row = 0; row < COUNT(rows); row++) {
        struct provider_news news;

        provider_comfyui.read_news(STR(ID), false, (struct str){rows[row].bytes, rows[row].size},
                                   fixture->arena, &news);
        if ((news.picture.size > 0) != rows[row].is_picture)
            fail_msg("%s", rows[row].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_socket_is_the_calls_own),
        TEST(test_news_are_read_from_text),
        TEST(test_a_preview_is_read_from_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
