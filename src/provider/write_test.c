/* What all kinds that write text share. */
#include "provider/provider_test.h"

#define SCHEMA "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}"

static void test_an_answer_is_what_is_left_of_the_words_around_it(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text;
        bool is_json;
        const char *answer; /* NULL: none */
        const char *why;
    } rows[] = {
        {" a cup\n", false, "a cup", "trimmed"},
        {"a\x01" "b\tc\nd\x7f\xc2\x85", false, "ab\tc\nd", "control characters"},
        {"a\xff" "b", false, "a\xef\xbf\xbd" "b", "broken UTF-8"},
        {"<think>hm {\"a\":1}</think> a cup", false, "a cup", "thinking aloud"},
        {"<think>hm", false, NULL, "thinking without an end"},
        {"", false, NULL, "nothing"},
        {" \n ", false, NULL, "white space"},
        {"\x01", false, NULL, "a control character alone"},
        {"{\"a\": 1}", true, "{\"a\":1}", "an object"},
        {"```json\n{\"a\":1}\n```", true, "{\"a\":1}", "fenced"},
        {"Here you are: {\"a\":{\"b\":[]}}. Enjoy!", true, "{\"a\":{\"b\":[]}}", "words around it"},
        {"<think>{\"x\":1}</think>{\"a\":1}", true, "{\"a\":1}", "thought in JSON before"},
        {"[1,2]", true, NULL, "a list"},
        {"[{\"a\":1},{\"b\":2}]", true, NULL, "a list of two"},
        {"{\"a\":1", true, NULL, "cut short"},
        {"}{", true, NULL, "inside out"},
        {"a cup", true, NULL, "no JSON"},
        {"\"{}\"", true, "{}", "JSON in a text"},
        {"", true, NULL, "nothing for a schema"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct provider_request request = {.schema =
                                                     rows[i].is_json ? STR(SCHEMA) : STR_EMPTY};
        struct str answer = STR_EMPTY;

        if (provider_answer_read(&request, str_of(rows[i].text), fixture->arena, &answer) !=
                (rows[i].answer != NULL) ||
            !str_equal(answer, str_of(rows[i].answer)))
            fail_msg("%s: %.*s", rows[i].why, STR_ARGS(answer));
    }
}

static void test_an_endless_answer_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    const struct provider_request plain = {0}, json = {.schema = STR(SCHEMA)};
    CLEANUP(buf_finish) struct buf text = {0};
    struct str answer;

    for (int i = 0; i < 100000; i++)
        buf_add(&text, STR("茶"));
    assert_true(provider_answer_read(&plain, buf_str(&text), fixture->arena, &answer));
    assert_in_range(answer.size, 59990, 60000);
    assert_int_equal(answer.size % 3, 0);
    buf_clear(&text);
    buf_add(&text, STR("{\"a\":\""));
    for (int i = 0; i < 100000; i++)
        buf_add_char(&text, 'a');
    buf_add(&text, STR("\"}"));
    assert_false(provider_answer_read(&json, buf_str(&text), fixture->arena, &answer));
    buf_clear(&text);
    for (int i = 0; i < 50000; i++)
        buf_add_char(&text, '{');
    for (int i = 0; i < 5000; i++)
        buf_add_char(&text, '}');
    assert_false(provider_answer_read(&json, buf_str(&text), fixture->arena, &answer));
}

static void test_what_cannot_be_asked_is_refused_with_the_field(void **state)
{
    static const struct provider_image pictures[] = {
        {{PNG_BYTES, sizeof PNG_BYTES - 1}, {"image/png", 9}, {"", 0}},
        {{"GIF89a", 6},                     {"image/gif", 9}, {"", 0}},
        {{NULL, 0},                         {"image/png", 9}, {"", 0}},
    };
    static const struct provider_model painter = {
        .name = {"painter", 7},
          .can_generate = true
    };
    static const struct provider_model writer = {
        .name = {"writer", 6},
          .can_write = true, .references_max = 4
    };
    static const struct provider_model seer = {
        .name = {"seer", 4},
          .can_write = true, .can_see = true, .references_max = 1
    };
    /* clang-format off */
    const struct {
        const struct provider_model *model;
        struct provider_request request;
        enum error_code code;
        const char *field, *why;
    } rows[] = {
        {&painter, {.prompt = STR("a")}, ERROR_INVALID, "model", "a model for pictures"},
        {&writer, {.prompt = STR("a"), .references = pictures, .reference_count = 1}, ERROR_INVALID,
         "model", "a model that cannot see"},
        {&seer, {.prompt = STR("a"), .references = pictures, .reference_count = 2}, ERROR_TOO_MANY,
         "references", "too many pictures"},
        {&seer, {.prompt = STR("a"), .references = &pictures[1], .reference_count = 1},
         ERROR_PICTURE_TYPE, "references[0]", "a GIF"},
        {&seer, {.prompt = STR("a"), .references = &pictures[2], .reference_count = 1},
         ERROR_REQUIRED, "references[0]", "an empty picture"},
        {&writer, {.prompt = STR(" ")}, ERROR_REQUIRED, "prompt", "no prompt"},
        {&writer, {.prompt = STR("a"), .output_tokens_max = -1}, ERROR_TOO_BIG, "output_tokens_max",
         "a negative limit"},
        {&writer, {.prompt = STR("a"), .output_tokens_max = 128001}, ERROR_TOO_BIG,
         "output_tokens_max", "too high a limit"},
        {&writer, {.prompt = STR("a"), .schema = STR("[]")}, ERROR_INVALID, "schema", "a list"},
        {&writer, {.prompt = STR("a"), .schema = STR("{}}")}, ERROR_INVALID, "schema", "no JSON"},
        {&writer, {.prompt = STR("a"), .schema = STR("{}"), .schema_name = STR("a b")},
         ERROR_INVALID, "schema_name", "a name with a space"},
        {&seer, {.prompt = STR("a"), .mask = pictures}, ERROR_INVALID, "mask", "a mask"},
        {&seer, {.prompt = STR("a"), .schema = STR("{}"), .references = pictures,
         .reference_count = 1}, ERROR_NONE, "", "all in order"},
        {&writer, {.prompt = STR("a")}, ERROR_NONE, "", "words alone"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = {0};

        if (provider_check_write(rows[i].model, &rows[i].request, 1000, &err) !=
                (rows[i].code == ERROR_NONE) ||
            err.code != rows[i].code || strcmp(err.field, rows[i].field) != 0)
            fail_msg("%s: %s (%s)", rows[i].why, err.message, err.field);
    }
}

static void test_a_picture_over_the_limit_is_refused(void **state)
{
    static const struct provider_image picture = {
        {PNG_BYTES,   sizeof PNG_BYTES - 1},
        {"image/png", 9                   },
        {"",          0                   }
    };
    static const struct provider_model seer = {
        .can_write = true, .can_see = true, .references_max = 1};
    const struct provider_request request = {
        .prompt = STR("a"), .references = &picture, .reference_count = 1};
    struct error err = {0};

    (void)state;
    assert_false(provider_check_write(&seer, &request, sizeof PNG_BYTES - 2, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_string_equal(err.field, "references[0]");
    assert_true(provider_check_write(&seer, &request, sizeof PNG_BYTES - 1, &err));
}

static void test_a_schema_is_told_where_no_field_takes_it(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = {.system = STR("Be brief."), .schema = STR("{}")};

    assert_text(provider_write_system(&request, false, fixture->arena), "Be brief.");
    assert_text(provider_write_system(&request, true, fixture->arena),
                "Be brief.\n\nAnswer with one JSON object and nothing else. It must fit this JSON "
                "schema:\n{}");
    request.system = STR_EMPTY;
    assert_text(provider_write_system(&request, true, fixture->arena),
                "Answer with one JSON object and nothing else. It must fit this JSON schema:\n{}");
    request.schema = STR_EMPTY;
    assert_text(provider_write_system(&request, true, fixture->arena), "");
}

static void test_needs_are_held_against_a_model(void **state)
{
    /* clang-format off */
    static const struct provider_model rows[] = {
        {.can_generate = true},
        {.can_generate = true, .references_max = 2},
        {.can_edit = true},
        {.can_write = true},
        {.can_write = true, .can_see = true},
    };
    /* clang-format on */
    static const struct {
        unsigned needs, fit; /* bits: which of the rows do */
        const char *said;
    } cases[] = {
        {0,                     31, ""                               },
        {NEED_GENERATE,         3,  "makes no pictures from words"   },
        {NEED_EDIT,             6,  "makes no pictures from pictures"},
        {NEED_WRITE,            24, "writes no text"                 },
        {NEED_WRITE | NEED_SEE, 16, ""                               },
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++)
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct error err = {0};
            bool fits = provider_model_check(&rows[i], cases[c].needs, &err);

            assert_int_equal(fits, cases[c].fit >> i & 1);
            if (fits)
                continue;
            assert_string_equal(err.field, "model");
            assert_non_null(strstr(err.message, cases[c].said));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_answer_is_what_is_left_of_the_words_around_it),
        TEST(test_an_endless_answer_is_bounded),
        TEST(test_what_cannot_be_asked_is_refused_with_the_field),
        TEST(test_a_picture_over_the_limit_is_refused),
        TEST(test_a_schema_is_told_where_no_field_takes_it),
        TEST(test_needs_are_held_against_a_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
