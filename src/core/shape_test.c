#include "core/shape.h"
#include "core/test.h"

struct reference {
    struct str role;
    int64_t weight;
};
static const char *const roles[] = {"style", "product", NULL};
static const struct field reference_fields[] = {
    {.name = "role",
     .type = FIELD_ENUM,
     .offset = offsetof(struct reference, role),
     .flags = FIELD_REQUIRED,
     .values = roles},
    {.name = "weight",
     .type = FIELD_INT,
     .offset = offsetof(struct reference, weight),
     .min = 1,
     .max = 10      },
};
static const struct shape reference_shape = SHAPE("Reference", struct reference, reference_fields);

struct order {
    bool is_draft;
    int64_t count;
    int64_t free;
    double strength;
    struct str prompt;
    struct str note;
    struct str id;
    int64_t at_ms;
    struct text_list tags;
    struct reference main;
    struct reference *other;
    struct list references;
    struct str extra;
    struct str key;
    int64_t cost;
};

#define ROW(member, wire, kind)                                                                    \
    .name = (wire), .type = (kind), .offset = offsetof(struct order, member)
static const struct field order_fields[] = {
    {ROW(is_draft,               "draft",    FIELD_BOOL)       },
    {ROW(count,                   "count", FIELD_INT),          .min = -1, .max = 4, .help = "How many pictures."},
    {ROW(free,                          "free",                             FIELD_INT)               },
    {ROW(strength,               "strength", FIELD_DOUBLE),      .min = 0, .max = 1},
    {ROW(prompt,                          "prompt",                           FIELD_TEXT),            .flags = FIELD_REQUIRED, .min = 2, .max = 5},
    {ROW(note,                  "note",                    FIELD_TEXT),                                      .flags = FIELD_NULLABLE},
    {ROW(id,               "id",FIELD_ID)},
    {ROW(at_ms,                 "at",                                             FIELD_TIME)                                                                                           },
    {                                                                                                          ROW(tags,                          "tags",                             FIELD_TEXTS),.min = 1, .max = 3},
    {ROW(main,                  "main",                            FIELD_OBJECT),                                       .shape = &reference_shape},
    {                                                                                                                                                                                                                                             ROW(other, "other",           FIELD_MAYBE),.shape = &reference_shape},
    {ROW(references, "references",           FIELD_LIST),                                  .shape = &reference_shape, .max = 3},
    {                                                                                                                                                                                                                                                                                           ROW(extra, "extra",   FIELD_JSON),.max = 20},
    {ROW(key,               "key",              FIELD_TEXT),                                             .flags = FIELD_SECRET},
    {                                                                                                                                                                                                                                                                                                                                                      ROW(cost,               "cost",FIELD_INT),.flags = FIELD_READ_ONLY},
};
static const struct shape order_shape = SHAPE("Order", struct order, order_fields);

static bool read_order(const char *text, struct arena *arena, struct order *out, uint64_t *present,
                       struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;

    assert_true(json_read(str_of(text), &json, err));
    return shape_read(&order_shape, json, arena, out, present, err);
}

static struct str write_order(const struct order *order, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    shape_write(&order_shape, order, &writer);
    return arena_str(arena, buf_str(&buf));
}

static void test_every_type_is_read_and_written(void **state)
{
    static const char text[] =
        "{\"draft\":true,\"count\":-1,\"free\":-9223372036854775808,\"strength\":0.5,"
        "\"prompt\":\"茶杯\",\"note\":\"a\\tb\\nc\",\"id\":\"01aryz6s41tsv4rrffq69g5fav\","
        "\"at\":\"2026-11-22T11:00:00+01:00\",\"tags\":[\"x\",\"\"],"
        "\"main\":{\"role\":\"style\",\"weight\":1},\"other\":{\"role\":\"product\",\"weight\":10},"
        "\"references\":[{\"role\":\"style\"},{\"role\":\"product\",\"weight\":2.0}],"
        "\"extra\":{\"a\":[1, null]},\"key\":\"sk-canary\"}";
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct order order;
    uint64_t present = 0;
    struct error err = {0};

    (void)state;
    assert_true(read_order(text, arena, &order, &present, &err));
    assert_true(present == (UINT64_C(1) << 14) - 1);
    check_text(order.key, "sk-canary", "a secret is read");
    /* The document is freed by now: what is written comes from the arena. */
    check_text(write_order(&order, arena),
               "{\"draft\":true,\"count\":-1,\"free\":-9223372036854775808,\"strength\":0.5,"
               "\"prompt\":\"茶杯\",\"note\":\"a\\tb\\nc\",\"id\":\"01ARYZ6S41TSV4RRFFQ69G5FAV\","
               "\"at\":\"2026-11-22T10:00:00.000Z\",\"tags\":[\"x\",\"\"],"
               "\"main\":{\"role\":\"style\",\"weight\":1},"
               "\"other\":{\"role\":\"product\",\"weight\":10},"
               "\"references\":[{\"role\":\"style\",\"weight\":0},"
               "{\"role\":\"product\",\"weight\":2}],"
               "\"extra\":{\"a\":[1,null]},\"cost\":0}",
               "written, without the secret");
}

static void test_what_is_absent_is_zero_and_not_present(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct order order;
    uint64_t present = 0;
    struct error err = {0};

    (void)state;
    memset(&order, 0xee, sizeof(order));
    assert_true(read_order("{\"prompt\":\"abc\",\"note\":null,\"at\":null,\"other\":null}", arena,
                           &order, &present, &err));
    assert_true(present == (1U << 4 | 1U << 5 | 1U << 7 | 1U << 10));
    assert_null(order.other);
    check_text(write_order(&order, arena),
               "{\"draft\":false,\"count\":0,\"free\":0,\"strength\":0.0,\"prompt\":\"abc\","
               "\"note\":null,\"id\":null,\"at\":null,\"tags\":[],"
               "\"main\":{\"role\":null,\"weight\":0},\"other\":null,\"references\":[],"
               "\"extra\":null,\"cost\":0}",
               "absent ids, times and values of a list are null");
    assert_true(read_order("{\"prompt\":\"abc\",\"extra\":null}", arena, &order, NULL, &err));
    check_text(order.extra, "null", "null is a JSON value");
}

static void test_faults_name_field_limit_and_code(void **state)
{
    static const struct {
        const char *text;
        enum error_code code;
        const char *field;
        int64_t limit;
    } rows[] = {
        {"[]",                                                                ERROR_WRONG_TYPE,    "",                   0 },
        {"null",                                                              ERROR_WRONG_TYPE,    "",                   0 },
        {"{}",                                                                ERROR_REQUIRED,      "prompt",             0 },
        {"{\"prompt\":null}",                                                 ERROR_WRONG_TYPE,    "prompt",             0 },
        {"{\"prompt\":1}",                                                    ERROR_WRONG_TYPE,    "prompt",             0 },
        {"{\"prompt\":\"a\"}",                                                ERROR_TOO_SHORT,     "prompt",             2 },
        {"{\"prompt\":\"茶\"}",                                              ERROR_TOO_SHORT,     "prompt",             2 }, /* characters, not bytes */
        {"{\"prompt\":\"abcdef\"}",                                           ERROR_TOO_LONG,      "prompt",             5 },
        {"{\"prompt\":\"a\\u0000b\"}",                                        ERROR_INVALID,       "prompt",             0 },
        {"{\"prompt\":\"a\\u001bb\"}",                                        ERROR_INVALID,       "prompt",             0 },
        {"{\"prompt\":\"abc\",\"role\":1}",                                   ERROR_UNKNOWN_FIELD, "role",               0 },
        {"{\"prompt\":\"abc\",\"Draft\":true}",                               ERROR_UNKNOWN_FIELD, "Draft",              0 },
        {"{\"prompt\":\"abc\",\"cost\":0}",                                   ERROR_UNKNOWN_FIELD, "cost",               0 }, /* read-only */
        {"{\"prompt\":\"abc\",\"draft\":1}",                                  ERROR_WRONG_TYPE,    "draft",              0 },
        {"{\"prompt\":\"abc\",\"draft\":null}",                               ERROR_WRONG_TYPE,    "draft",              0 },
        {"{\"prompt\":\"abc\",\"count\":\"1\"}",                              ERROR_WRONG_TYPE,    "count",              0 },
        {"{\"prompt\":\"abc\",\"count\":1.5}",                                ERROR_WRONG_TYPE,    "count",              0 },
        {"{\"prompt\":\"abc\",\"count\":-2}",                                 ERROR_TOO_SMALL,     "count",              -1},
        {"{\"prompt\":\"abc\",\"count\":5}",                                  ERROR_TOO_BIG,       "count",              4 },
        {"{\"prompt\":\"abc\",\"free\":9223372036854775808}",                 ERROR_WRONG_TYPE,    "free",               0 },
        {"{\"prompt\":\"abc\",\"strength\":-0.1}",                            ERROR_TOO_SMALL,     "strength",           0 },
        {"{\"prompt\":\"abc\",\"strength\":1.1}",                             ERROR_TOO_BIG,       "strength",           1 },
        {"{\"prompt\":\"abc\",\"strength\":true}",                            ERROR_WRONG_TYPE,    "strength",           0 },
        {"{\"prompt\":\"abc\",\"id\":\"x\"}",                                 ERROR_INVALID,       "id",                 0 },
        {"{\"prompt\":\"abc\",\"id\":\"\"}",                                  ERROR_INVALID,       "id",                 0 },
        {"{\"prompt\":\"abc\",\"id\":7}",                                     ERROR_WRONG_TYPE,    "id",                 0 },
        {"{\"prompt\":\"abc\",\"at\":\"tomorrow\"}",                          ERROR_INVALID,       "at",                 0 },
        {"{\"prompt\":\"abc\",\"at\":0}",                                     ERROR_WRONG_TYPE,    "at",                 0 },
        {"{\"prompt\":\"abc\",\"tags\":\"x\"}",                               ERROR_WRONG_TYPE,    "tags",               0 },
        {"{\"prompt\":\"abc\",\"tags\":[]}",                                  ERROR_TOO_SHORT,     "tags",               1 },
        {"{\"prompt\":\"abc\",\"tags\":[\"1\",\"2\",\"3\",\"4\"]}",           ERROR_TOO_MANY,      "tags",               3 },
        {"{\"prompt\":\"abc\",\"tags\":[\"1\",2]}",                           ERROR_WRONG_TYPE,    "tags[1]",            0 },
        {"{\"prompt\":\"abc\",\"tags\":[\"\\u0007\"]}",                       ERROR_INVALID,       "tags[0]",            0 },
        {"{\"prompt\":\"abc\",\"main\":{}}",                                  ERROR_REQUIRED,      "main.role",          0 },
        {"{\"prompt\":\"abc\",\"main\":null}",                                ERROR_WRONG_TYPE,    "main",               0 },
        {"{\"prompt\":\"abc\",\"main\":{\"x\":1}}",                           ERROR_UNKNOWN_FIELD, "main.x",             0 },
        {"{\"prompt\":\"abc\",\"other\":{\"role\":\"style\",\"weight\":11}}", ERROR_TOO_BIG,
         "other.weight",                                                                                                 10},
        {"{\"prompt\":\"abc\",\"references\":{}}",                            ERROR_WRONG_TYPE,    "references",         0 },
        {"{\"prompt\":\"abc\",\"references\":[{\"role\":\"style\"},{\"role\":\"style\"},"
         "{\"role\":\"x\"}]}",                                       ERROR_NOT_IN_LIST,   "references[2].role", 0 },
        {"{\"prompt\":\"abc\",\"references\":[null]}",                        ERROR_WRONG_TYPE,    "references[0]",      0 },
        {"{\"prompt\":\"abc\",\"references\":[1,2,3,4]}",                     ERROR_TOO_MANY,      "references",         3 },
        {"{\"prompt\":\"abc\",\"extra\":\"0123456789abcdefghij\"}",           ERROR_TOO_LONG,      "extra",              20},
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct order order;
        struct error err = {0};

        check(!read_order(rows[i].text, arena, &order, NULL, &err), rows[i].text);
        check(err.code == rows[i].code, rows[i].text);
        check_text(str_of(err.field), rows[i].field, rows[i].text);
        check(err.limit == rows[i].limit, rows[i].text);
        check(str_find(str_of(err.message), str_of(err.field)) >= 0, rows[i].text);
    }
}

static void test_messages_say_what_is_wanted(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct order order;
    struct error err = {0};

    (void)state;
    assert_false(read_order("[]", arena, &order, NULL, &err));
    assert_string_equal(err.message, "the body must be an object");
    assert_false(read_order("{\"prompt\":\"abc\",\"count\":5}", arena, &order, NULL, &err));
    assert_string_equal(err.message, "count must be 4 or less");
    assert_false(read_order("{\"prompt\":\"abcdef\"}", arena, &order, NULL, &err));
    assert_string_equal(err.message, "prompt must have 5 characters or fewer");
}

static void test_a_long_unknown_name_is_cut(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(buf_finish) struct buf text = {0};
    struct order order;
    struct error err = {0};

    (void)state;
    buf_add(&text, STR("{\""));
    for (int i = 0; i < 10000; i++)
        buf_add(&text, STR("茶"));
    buf_add(&text, STR("\":1}"));
    buf_add_char(&text, '\0');
    assert_false(read_order(text.data, arena, &order, NULL, &err));
    assert_int_equal(err.code, ERROR_UNKNOWN_FIELD);
    assert_int_equal(strlen(err.field), 78); /* 26 characters of three bytes */
}

static void test_texts_and_lists_without_bounds_have_the_limits_of_all(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct order order;
    struct error err = {0};

    (void)state;
    for (int more = 0; more < 2; more++) {
        CLEANUP(buf_finish) struct buf text = {0};

        buf_add(&text, STR("{\"prompt\":\"abc\",\"note\":\""));
        for (int i = 0; i < FIELD_TEXT_MAX + more; i++)
            buf_add_char(&text, 'x');
        buf_add(&text, STR("\"}\0"));
        assert_int_equal(read_order(text.data, arena, &order, NULL, &err), more == 0);
    }
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_int_equal(err.limit, FIELD_TEXT_MAX);
}

static void test_a_full_arena_is_an_error_not_a_crash(void **state)
{
    static const char text[] =
        "{\"prompt\":\"abc\",\"note\":\"0123456789012345678901234567890123456789\","
        "\"tags\":[\"a\",\"b\"],\"references\":[{\"role\":\"style\"}],\"extra\":[1,2,3]}";
    size_t size = 0;
    bool is_read = false;

    (void)state;
    for (; !is_read && size < 4096; size += 16) {
        CLEANUP(arena_cleanup) struct arena *arena = arena_create(size);
        struct order order;
        struct error err = {0};

        is_read = read_order(text, arena, &order, NULL, &err);
        assert_int_equal(err.code, is_read ? ERROR_NONE : ERROR_TOO_LARGE);
    }
    assert_in_range(size, 100, 1000);
}

static void test_the_schema_says_what_the_reader_checks(void **state)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    (void)state;
    json_writer_init(&writer, &buf);
    shape_write_schema(&order_shape, &writer);
    check_text(
        buf_str(&buf),
        "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"prompt\"],"
        "\"properties\":{"
        "\"draft\":{\"type\":\"boolean\"},"
        "\"count\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-1,\"maximum\":4,"
        "\"description\":\"How many pictures.\"},"
        "\"free\":{\"type\":\"integer\",\"format\":\"int64\"},"
        "\"strength\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"
        "\"prompt\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":5},"
        "\"note\":{\"type\":[\"string\",\"null\"],\"maxLength\":20000},"
        "\"id\":{\"type\":\"string\",\"pattern\":\"^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$\"},"
        "\"at\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},"
        "\"tags\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,"
        "\"items\":{\"type\":\"string\",\"maxLength\":20000}},"
        "\"main\":{\"$ref\":\"#/components/schemas/Reference\"},"
        "\"other\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/Reference\"},"
        "{\"type\":\"null\"}]},"
        "\"references\":{\"type\":\"array\",\"maxItems\":3,"
        "\"items\":{\"$ref\":\"#/components/schemas/Reference\"}},"
        "\"extra\":{},"
        "\"key\":{\"type\":\"string\",\"maxLength\":20000,\"writeOnly\":true},"
        "\"cost\":{\"type\":\"integer\",\"format\":\"int64\",\"readOnly\":true}}}",
        "Order");
    buf_clear(&buf);
    json_writer_init(&writer, &buf);
    shape_write_schema(&reference_shape, &writer);
    check_text(buf_str(&buf),
               "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"role\"],"
               "\"properties\":{\"role\":{\"type\":\"string\",\"enum\":[\"style\",\"product\"]},"
               "\"weight\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1,"
               "\"maximum\":10}}}",
               "Reference");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_read_and_written),
        cmocka_unit_test(test_what_is_absent_is_zero_and_not_present),
        cmocka_unit_test(test_faults_name_field_limit_and_code),
        cmocka_unit_test(test_messages_say_what_is_wanted),
        cmocka_unit_test(test_a_long_unknown_name_is_cut),
        cmocka_unit_test(test_texts_and_lists_without_bounds_have_the_limits_of_all),
        cmocka_unit_test(test_a_full_arena_is_an_error_not_a_crash),
        cmocka_unit_test(test_the_schema_says_what_the_reader_checks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
