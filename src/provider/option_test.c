/* What one call says beside its fields: an option of its model, with a value of its kind, read
 * before what the account says. */
#include "provider/provider_test.h"

static const char *const styles[] = {"auto", "bold", NULL};
static const struct provider_field style = {
    .name = "style", .type = PROVIDER_FIELD_CHOICE, .choices = styles};
static const struct provider_field weight = {
    .name = "weight", .type = PROVIDER_FIELD_INT, .min = 1, .max = 100};
static const struct provider_field strength = {
    .name = "strength", .type = PROVIDER_FIELD_DOUBLE, .min = 0.25, .max = 1};
static const struct provider_field free_number = {.name = "free", .type = PROVIDER_FIELD_DOUBLE};
static const struct provider_field tiling = {.name = "tiling", .type = PROVIDER_FIELD_BOOL};
static const struct provider_field words = {.name = "words", .type = PROVIDER_FIELD_TEXT, .max = 5};
static const struct provider_field *const options[] = {&style,  &weight, &strength, &free_number,
                                                       &tiling, &words,  NULL};

static void test_a_setting_is_an_option_of_its_model(void **state)
{
    static const struct {
        const char *name, *text, *field;
        enum error_code code;
        const char *reason;
    } rows[] = {
        {"style",    "bold",            "",                 ERROR_NONE,        "a choice"                },
        {"style",    " bold ",          "",                 ERROR_NONE,        "spaces around"           },
        {"style",    "Bold",            "options.style",    ERROR_NOT_IN_LIST, "case counts"             },
        {"style",    "",                "options.style",    ERROR_NOT_IN_LIST, "nothing is no choice"    },
        {"weight",   "1",               "",                 ERROR_NONE,        "the least"               },
        {"weight",   "100",             "",                 ERROR_NONE,        "the most"                },
        {"weight",   "0",               "options.weight",   ERROR_TOO_SMALL,   "below"                   },
        {"weight",   "101",             "options.weight",   ERROR_TOO_BIG,     "above"                   },
        {"weight",   "1.5",             "options.weight",   ERROR_WRONG_TYPE,  "a fraction"              },
        {"weight",   "many",            "options.weight",   ERROR_WRONG_TYPE,  "a word"                  },
        {"weight",   "true",            "options.weight",   ERROR_WRONG_TYPE,  "a truth"                 },
        {"strength", "0.25",            "",                 ERROR_NONE,        "a fraction"              },
        {"strength", "0.24",            "options.strength", ERROR_TOO_SMALL,   "below a fraction"        },
        {"free",     "-1e9",            "",                 ERROR_NONE,        "no bounds"               },
        {"tiling",   "true",            "",                 ERROR_NONE,        "a truth"                 },
        {"tiling",   "false",           "",                 ERROR_NONE,        "the other"               },
        {"tiling",   "1",               "options.tiling",   ERROR_WRONG_TYPE,  "1 is not true"           },
        {"words",    "茶茶茶茶茶", "",                 ERROR_NONE,        "characters, not bytes"   },
        {"words",    "123456",          "options.words",    ERROR_TOO_LONG,    "one too many"            },
        {"key",      "sk-1",            "options.key",      ERROR_INVALID,     "nothing of the account's"},
    };
    const struct provider_model model = {.name = STR("m"), .options = options},
                                bare = {.name = STR("m")};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct provider_setting setting = {str_of(rows[i].name), str_of(rows[i].text)};
        const struct provider_request request = {.settings = &setting, .setting_count = 1};
        struct error err = {0};

        if (provider_check_settings(&model, &request, &err) != (rows[i].code == ERROR_NONE) ||
            err.code != rows[i].code || strcmp(err.field, rows[i].field) != 0)
            fail_msg("%s: %s at '%s'", rows[i].reason, error_wire_name(err.code), err.field);
        assert_false(provider_check_settings(&bare, &request, &err));
        assert_int_equal(err.code, ERROR_INVALID);
    }
}

static void test_the_call_is_heard_before_the_account(void **state)
{
    struct fixture *fixture = *state;
    const struct provider_account *account = &fixture->account;
    const struct provider_setting settings[] = {
        {STR("style"),    STR(" bold ")},
        {STR("weight"),   STR("500")   },
        {STR("strength"), STR("0.5")   },
        {STR("tiling"),   STR("false") },
    };
    const struct provider_request silent = {0},
                                  asked = {.settings = settings, .setting_count = COUNT(settings)};

    fixture_options(fixture, "{\"style\":\"auto\",\"weight\":7,\"strength\":1,\"tiling\":true}");
    assert_text(call_option_text(account, &silent, "style"), "auto");
    assert_text(call_option_text(account, &asked, "style"), "bold");
    assert_int_equal(call_option_int(account, &silent, "weight", 1, 1, 100), 7);
    assert_int_equal(call_option_int(account, &asked, "weight", 1, 1, 100), 100);
    assert_true(call_option_double(account, &silent, "strength", 0.1, 0, 1) > 0.99);
    assert_true(call_option_double(account, &asked, "strength", 0.1, 0, 1) < 0.51);
    assert_true(call_option_bool(account, &silent, "tiling", false));
    assert_false(call_option_bool(account, &asked, "tiling", true));
    assert_null(request_setting(&silent, "style"));
    assert_null(request_setting(&asked, "words"));
    assert_non_null(request_setting(&asked, "style"));
    fixture_options(fixture, "{}");
    assert_int_equal(call_option_int(account, &silent, "weight", 3, 1, 100), 3);
}

static size_t check_rows(const char *kind, const struct provider_model *model,
                         const struct provider_field *const *rows)
{
    size_t count = 0;

    for (; rows != NULL && rows[count] != NULL; count++) {
        const struct provider_field *row = rows[count];

        if (count >= PROVIDER_SETTINGS_MAX || str_of(row->label_en).size == 0 ||
            str_of(row->label_zh).size == 0 || str_of(row->help_en).size == 0 ||
            str_of(row->help_zh).size == 0 || row->type == PROVIDER_FIELD_SECRET ||
            row->type == PROVIDER_FIELD_URL ||
            (row->type == PROVIDER_FIELD_CHOICE) != (row->choices != NULL))
            fail_msg("%s %.*s: %s", kind, STR_ARGS(model->name), row->name);
        for (size_t other = 0; other < count; other++)
            assert_string_not_equal(row->name, rows[other]->name);
    }
    return count;
}

/* The page draws them and the API names them: each row is whole, in both languages, and its name
 * stands once in its list; who writes no text has none of a text. */
static void test_every_option_of_the_catalogue_can_be_drawn(void **state)
{
    size_t count, seen = 0, seen_of_texts = 0;
    const struct provider_kind *const *kinds = provider_kinds(&count);

    (void)state;
    for (size_t k = 0; k < count; k++)
        for (size_t m = 0; m <= kinds[k]->model_count; m++) {
            const struct provider_model *model =
                m < kinds[k]->model_count ? &kinds[k]->models[m] : kinds[k]->model_default;

            if (model == NULL)
                continue;
            seen += check_rows(kinds[k]->name, model, model->options);
            seen_of_texts += check_rows(kinds[k]->name, model, model->write_options);
            assert_true(model->can_write || model->write_options == NULL);
        }
    assert_true(seen > 0 && seen_of_texts > 0);
}

/* Of a model that does both, each is told what is its own. */
static void test_a_text_has_options_of_its_own(void **state)
{
    static const struct provider_field *const of_texts[] = {&weight, NULL};
    static const struct provider_field *const of_pictures[] = {&style, NULL};
    const struct provider_model model = {
        .name = STR("m"), .options = of_pictures, .write_options = of_texts};
    const struct provider_setting bold = {STR("style"), STR("bold")},
                                  heavy = {STR("weight"), STR("7")};
    struct provider_request request = {.settings = &bold, .setting_count = 1};
    struct error err = {0};

    (void)state;
    assert_true(provider_check_settings(&model, &request, &err));
    request.action = PROVIDER_WRITE;
    assert_false(provider_check_settings(&model, &request, &err));
    assert_string_equal(err.field, "options.style");
    request.settings = &heavy;
    assert_true(provider_check_settings(&model, &request, &err));
    request.action = PROVIDER_EDIT;
    assert_false(provider_check_settings(&model, &request, &err));
}

/* Whoever asks is told what there is, as far as there is room. */
static void test_a_refused_choice_says_what_is_allowed(void **state)
{
    static const char *const many[] = {
        "one", "a name that takes most of the room there is in a message",
        "another one of such a length, which is too much for it all", "four", NULL};
    static const struct provider_field long_list = {
        .name = "style", .type = PROVIDER_FIELD_CHOICE, .choices = many};
    const struct provider_field *rows[] = {&style, NULL};
    const struct provider_model model = {.name = STR("m"), .options = rows};
    const struct provider_setting setting = {STR("style"), STR("loud")};
    const struct provider_request request = {.settings = &setting, .setting_count = 1};
    struct error err = {0};

    (void)state;
    assert_false(provider_check_settings(&model, &request, &err));
    assert_string_equal(err.message, "one of: auto, bold");
    rows[0] = &long_list;
    assert_false(provider_check_settings(&model, &request, &err));
    assert_string_equal(err.message,
                        "one of: one, a name that takes most of the room there is in a message, …");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_setting_is_an_option_of_its_model),
        TEST(test_the_call_is_heard_before_the_account),
        TEST(test_every_option_of_the_catalogue_can_be_drawn),
        TEST(test_a_text_has_options_of_its_own),
        TEST(test_a_refused_choice_says_what_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
