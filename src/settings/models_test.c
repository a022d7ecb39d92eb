#include "settings/settings_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FIRST "01HF7YAT000000000000000001"
#define SECOND "01HF7YAT000000000000000002"

static struct provider_row providers[2];

static int set_up(void **state)
{
    providers[0] = (struct provider_row){.id = 1,
                                         .public_id = STR(FIRST),
                                         .kind = STR("mock"),
                                         .name = STR("mock"),
                                         .is_enabled = true};
    providers[1] = (struct provider_row){.id = 2,
                                         .public_id = STR(SECOND),
                                         .kind = STR("openai"),
                                         .name = STR("Shop"),
                                         .is_enabled = true};
    *state = arena_create(MIB(1));
    return 0;
}

static int tear_down(void **state)
{
    arena_destroy(*state);
    return 0;
}

static const struct model_row *find(const struct model_row *items, size_t count,
                                    int64_t provider_id, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].provider->id == provider_id && str_equal(items[i].model.name, str_of(name)))
            return &items[i];
    return NULL;
}

static size_t defaults(const struct model_row *items, size_t count)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += items[i].is_default;
    return found;
}

static void test_the_first_model_is_the_default_until_one_is_chosen(void **state)
{
    static const struct model_override chosen[] = {
        {.provider_id = 2,
         .name = {"house-model", 11},
         .is_enabled = true,
         .purposes = PURPOSES_ALL,
         .price_micro = -1},
    };
    static const struct model_override off[] = {
        {.provider_id = 2,
         .name = {"house-model", 11},
         .is_enabled = false,
         .purposes = PURPOSES_ALL,
         .price_micro = -1},
        {.provider_id = 1,                .name = {"mock", 4},          .is_enabled = false, .price_micro = -1},
    };
    struct model_row *items;
    size_t count;

    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    assert_int_equal(defaults(items, count), 1);
    assert_true(find(items, count, 1, "mock")->is_default);
    models_merge(providers, 2, chosen, 1, *state, &items, &count);
    assert_int_equal(defaults(items, count), 1);
    assert_true(find(items, count, 2, "house-model")->is_default);
    /* Switched off, it is nobody's default; the next that is on takes its place. */
    models_merge(providers, 2, off, 2, *state, &items, &count);
    assert_int_equal(defaults(items, count), 1);
    assert_true(find(items, count, 1, "mock-fast")->is_default);
}

static void test_what_the_house_says_goes_before_the_catalogue(void **state)
{
    static const struct model_override overrides[] = {
        {.provider_id = 1, .name = {"mock", 4},      .is_enabled = true, .price_micro = 0  },
        {.provider_id = 2, .name = {"mock-fast", 9}, .is_enabled = true, .price_micro = 777},
    };
    struct model_row *items;
    size_t count;

    models_merge(providers, 2, overrides, 2, *state, &items, &count);
    assert_true(find(items, count, 1, "mock")->has_own_price);
    assert_int_equal(find(items, count, 1, "mock")->model.price_micro, 0); /* free, not unknown */
    assert_false(find(items, count, 1, "mock-fast")->has_own_price); /* the other provider's */
    assert_int_equal(find(items, count, 2, "mock-fast")->model.price_micro, 777);
    assert_false(find(items, count, 2, "mock-fast")->model.is_known); /* added by hand */
    assert_true(find(items, count, 1, "mock")->model.is_known);
}

static bool has_length(const struct model_row *row)
{
    const struct provider_field *const *option = row->model.write_options;

    while (*option != NULL && strcmp((*option)->name, "verbosity") != 0)
        option++;
    return *option != NULL;
}

static void test_a_row_has_the_options_that_its_account_takes(void **state)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct account_options held = {0};
    struct error err = {0};
    struct model_row *items;
    size_t count;

    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    assert_true(has_length(find(items, count, 2, "gpt-6-sol")));
    assert_true(json_read(STR("{\"text_api\":\"chat\"}"), &json, &err));
    held.json = json;
    providers[1].held = &held;
    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    assert_false(has_length(find(items, count, 2, "gpt-6-sol")));
    providers[1].held = NULL;
    providers[1].base_url = STR("https://relay.example/v1");
    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    assert_false(has_length(find(items, count, 2, "gpt-6-sol")));
}

static void test_a_provider_that_is_off_switches_its_models_off(void **state)
{
    struct model_row *items;
    const struct model_row *found;
    struct error err = {0};
    size_t count;

    providers[0].is_enabled = providers[1].is_enabled = false;
    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    assert_int_equal(defaults(items, count), 0);
    assert_false(models_choose(items, count, STR(""), 0, &found, &err));
    assert_non_null(strstr(err.message, "no model is switched on"));
    assert_false(models_choose(items, count, STR("mock"), 0, &found, &err));
    assert_non_null(strstr(err.message, "switched off"));
    assert_string_equal(err.field, "model");
}

static void test_a_model_is_found_by_what_people_write(void **state)
{
    static const struct model_override overrides[] = {
        {.provider_id = 2, .name = {"mock-fast", 9},    .is_enabled = true,  .price_micro = -1},
        {.provider_id = 2, .name = {"org/painter", 11}, .is_enabled = true,  .price_micro = -1},
        {.provider_id = 1, .name = {"gone", 4},         .is_enabled = false, .price_micro = -1},
    };
    static const struct {
        const char *asked;
        int64_t provider_id; /* 0: refused */
        const char *name, *why;
    } cases[] = {
        {"",                    1, "mock",        "the default"                        },
        {"mock",                1, "mock",        "a wire id"                          },
        {"mock-fast",           1, "mock-fast",   "two have it: the default's provider"},
        {SECOND "/mock-fast",   2, "mock-fast",   "the other by its provider"          },
        {"org/painter",         2, "org/painter", "a wire id with a slash"             },
        {SECOND "/org/painter", 2, "org/painter", "the same by its provider"           },
        {"shop",                2, NULL,          "a provider's name, any case"        },
        {"nothing",             0, NULL,          "nobody's"                           },
        {"gone",                0, NULL,          "switched off"                       },
        {FIRST "/org/painter",  0, NULL,          "the wrong provider"                 },
        {FIRST "/",             0, NULL,          "no wire id"                         },
        {FIRST,                 0, NULL,          "no wire id and no slash"            },
    };
    struct model_row *items;
    const struct model_row *found;
    size_t count;

    models_merge(providers, 2, overrides, COUNT(overrides), *state, &items, &count);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        if (models_choose(items, count, str_of(cases[i].asked), 0, &found, &err) !=
            (cases[i].provider_id != 0))
            fail_msg("%s: %s", cases[i].why, err.message);
        if (cases[i].provider_id == 0) {
            assert_int_equal(err.code, ERROR_NOT_IN_LIST);
            continue;
        }
        if (found->provider->id != cases[i].provider_id ||
            (cases[i].name != NULL && !str_equal(found->model.name, str_of(cases[i].name))))
            fail_msg("%s: %.*s", cases[i].why, STR_ARGS(found->model.name));
    }
}

static void test_the_default_is_one_that_can_do_what_is_needed(void **state)
{
    static const struct model_override writer[] = {
        {.provider_id = 2,
         .name = {"gpt-6-luna", 10},
         .is_enabled = true,
         .purposes = PURPOSES_ALL,
         .price_micro = -1},
    };
    static const struct model_override none[] = {
        {.provider_id = 1, .name = {"mock-text", 9}, .is_enabled = false, .price_micro = -1},
    };
    static const struct {
        const struct model_override *overrides;
        size_t override_count, provider_count;
        unsigned needs;
        int64_t provider_id; /* 0: none */
        const char *name, *why;
    } cases[] = {
        {NULL,   0, 2, 0,                     1, "mock",                   "nothing is needed"            },
        {NULL,   0, 2, NEED_GENERATE,         1, "mock",                   "the default can"              },
        {NULL,   0, 2, NEED_EDIT,             1, "mock",                   "the default can that too"     },
        {NULL,   0, 2, NEED_WRITE,            1, "mock-text",              "the first of its provider"    },
        {NULL,   0, 2, NEED_WRITE | NEED_SEE, 1, "mock-text",              "the same sees"                },
        {writer, 1, 2, NEED_WRITE,            2, "gpt-6-luna",             "the chosen default can"       },
        {writer, 1, 2, NEED_GENERATE,         2, "gpt-image-2.6-sunburst",
         "the chosen default's provider has one"                                                          },
        {none,   1, 2, NEED_WRITE,            2, "gpt-6-luna",             "only another provider has one"},
        {none,   1, 1, NEED_WRITE,            0, "",                       "nobody writes"                },
    };
    struct model_row *items;
    const struct model_row *found;
    size_t count;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        models_merge(providers, cases[i].provider_count, cases[i].overrides,
                     cases[i].override_count, *state, &items, &count);
        if (models_choose(items, count, STR_EMPTY, cases[i].needs, &found, &err) !=
            (cases[i].provider_id != 0))
            fail_msg("%s: %s", cases[i].why, err.message);
        if (cases[i].provider_id == 0) {
            assert_int_equal(err.code, ERROR_NOT_IN_LIST);
            assert_string_equal(err.field, "model");
            assert_non_null(strstr(err.message, "no model that is switched on writes text"));
        } else if (found->provider->id != cases[i].provider_id ||
                   !str_equal(found->model.name, str_of(cases[i].name))) {
            fail_msg("%s: %.*s", cases[i].why, STR_ARGS(found->model.name));
        }
    }
}

static void test_a_model_that_is_named_for_what_it_cannot_do_is_refused(void **state)
{
    static const struct {
        const char *asked;
        unsigned needs;
        const char *name; /* NULL: refused */
        const char *said, *why;
    } cases[] = {
        {"mock-text",        NEED_GENERATE, NULL,                     "mock-text makes no pictures from words", "a wire id"                  },
        {FIRST "/mock-text", NEED_EDIT,     NULL,                     "makes no pictures from pictures",        "its whole id"               },
        {"mock",             NEED_WRITE,    NULL,                     "mock writes no text",                    "not the provider's name"    },
        {"gpt-image-2",      NEED_WRITE,    NULL,                     "gpt-image-2 writes no text",             "the other provider's"       },
        {"mock-text",        NEED_WRITE,    "mock-text",              "",                                       "what it can"                },
        {"shop",             NEED_WRITE,    "gpt-6-luna",             "",                                       "a provider's first that can"},
        {"shop",             NEED_GENERATE, "gpt-image-2.6-sunburst", "",                                       "its first for pictures"     },
    };
    struct model_row *items;
    const struct model_row *found;
    size_t count;

    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};
        bool ok = models_choose(items, count, str_of(cases[i].asked), cases[i].needs, &found, &err);

        if (ok != (cases[i].name != NULL))
            fail_msg("%s: %s", cases[i].why, err.message);
        if (ok && !str_equal(found->model.name, str_of(cases[i].name)))
            fail_msg("%s: %.*s", cases[i].why, STR_ARGS(found->model.name));
        if (!ok) {
            assert_int_equal(err.code, ERROR_INVALID);
            assert_string_equal(err.field, "model");
            assert_non_null(strstr(err.message, cases[i].said));
        }
    }
}

/* A house whose first provider writes has a default for pictures all the same. */
static void test_a_model_for_pictures_is_the_default_before_one_for_text(void **state)
{
    struct model_row *items;
    size_t count;

    providers[0].kind = STR("anthropic");
    models_merge(providers, 1, NULL, 0, *state, &items, &count);
    assert_int_equal(defaults(items, count), 1);
    assert_true(items[0].is_default); /* it is all there is */
    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    assert_int_equal(defaults(items, count), 1);
    assert_true(find(items, count, 2, "gpt-image-2.6-sunburst")->is_default);
}

/* ---- purposes ---- */

#define PAINTER                                                                                    \
    {                                                                                              \
        "gpt-image-2", 11                                                                          \
    }
#define WRITER                                                                                     \
    {                                                                                              \
        "gpt-6-luna", 10                                                                           \
    }

static void test_each_purpose_has_the_model_chosen_for_it(void **state)
{
    static const struct model_override overrides[] = {
        {.provider_id = 2,
         .name = PAINTER,
         .is_enabled = true,
         .purposes = PURPOSE_EDIT,
         .price_micro = -1},
        {.provider_id = 2,
         .name = WRITER,
         .is_enabled = true,
         .purposes = PURPOSE_TEXT | PURPOSE_IMAGE,
         .price_micro = -1},
        {.provider_id = 1,
         .name = {"mock-text", 9},
         .is_enabled = true,
         .purposes = PURPOSE_VISION,
         .price_micro = -1},
    };
    static const struct {
        unsigned needs;
        size_t override_count;
        const char *name, *why;
    } cases[] = {
        {NEED_EDIT,             3, "gpt-image-2",            "chosen for edits"                                 },
        {NEED_WRITE,            3, "gpt-6-luna",             "chosen for text"                                  },
        {NEED_WRITE | NEED_SEE, 3, "mock-text",              "chosen for looking"                               },
        {NEED_GENERATE,         3, "gpt-image-2.6-sunburst",
         "the chosen one makes none: its provider's first"                                                      },
        {NEED_GENERATE,         1, "mock",                   "nobody was chosen: the house's first"             },
        {NEED_WRITE,            1, "mock-text",              "nor for text: the first of the default's provider"},
    };
    struct model_row *items;
    const struct model_row *found;
    size_t count;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        models_merge(providers, 2, overrides, cases[i].override_count, *state, &items, &count);
        if (!models_choose(items, count, STR_EMPTY, cases[i].needs, &found, &err))
            fail_msg("%s: %s", cases[i].why, err.message);
        if (!str_equal(found->model.name, str_of(cases[i].name)))
            fail_msg("%s: %.*s", cases[i].why, STR_ARGS(found->model.name));
    }
    /* Its provider is deleted or off: the first that can takes its place. */
    providers[1].is_enabled = false;
    models_merge(providers, 2, overrides, 3, *state, &items, &count);
    for (size_t i = 0; i < 3; i++) {
        static const unsigned needs[] = {NEED_GENERATE, NEED_EDIT, NEED_WRITE};
        struct error err = {0};

        assert_true(models_choose(items, count, STR_EMPTY, needs[i], &found, &err));
        assert_int_equal(found->provider->id, 1);
    }
}

static void test_a_purpose_has_one_model_that_can(void **state)
{
    struct model_row *items;
    size_t count;
    unsigned seen = 0;

    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(seen & items[i].purposes, 0);
        assert_int_equal(items[i].purposes & ~purposes_of(&items[i].model), 0);
        seen |= items[i].purposes;
    }
    assert_int_equal(seen, PURPOSES_ALL);
}

static void test_what_a_model_can_do_is_said_alike_in_both_rooms(void **state)
{
    static const struct {
        unsigned purpose, needs;
    } pairs[] = {
        {PURPOSE_IMAGE,  NEED_GENERATE        },
        {PURPOSE_EDIT,   NEED_EDIT            },
        {PURPOSE_TEXT,   NEED_WRITE           },
        {PURPOSE_VISION, NEED_WRITE | NEED_SEE},
    };
    struct model_row *items;
    size_t count;

    models_merge(providers, 2, NULL, 0, *state, &items, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t p = 0; p < COUNT(pairs); p++) {
            struct error err = {0};

            assert_int_equal((purposes_of(&items[i].model) & pairs[p].purpose) != 0,
                             provider_model_check(&items[i].model, pairs[p].needs, &err));
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_the_first_model_is_the_default_until_one_is_chosen),
        TEST(test_what_the_house_says_goes_before_the_catalogue),
        TEST(test_a_row_has_the_options_that_its_account_takes),
        TEST(test_a_provider_that_is_off_switches_its_models_off),
        TEST(test_a_model_is_found_by_what_people_write),
        TEST(test_the_default_is_one_that_can_do_what_is_needed),
        TEST(test_a_model_that_is_named_for_what_it_cannot_do_is_refused),
        TEST(test_a_model_for_pictures_is_the_default_before_one_for_text),
        TEST(test_each_purpose_has_the_model_chosen_for_it),
        TEST(test_a_purpose_has_one_model_that_can),
        TEST(test_what_a_model_can_do_is_said_alike_in_both_rooms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
