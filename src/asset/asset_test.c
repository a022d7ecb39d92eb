#include "asset/asset_private.h"

#include "core/test.h"

static int set_up(void **state)
{
    *state = arena_create(MIB(4));
    return 0;
}

static int tear_down(void **state)
{
    arena_destroy(*state);
    return 0;
}

static void test_a_file_is_named_without_folders_and_ending(void **state)
{
    static const struct {
        const char *file, *name, *because;
    } cases[] = {
        {"cup.png",                      "cup",                      "the type has a field of its own"  },
        {"cup.JPEG",                     "cup",                      "in any case"                      },
        {"../../etc/passwd",             "passwd",                   "a name is never a path (S40)"     },
        {"C:\\Users\\ann\\tea cup.webp", "tea cup",                  "nor is it one of Windows"         },
        {"/",                            "",                         "nothing but a folder"             },
        {".png",                         ".png",                     "an ending alone is the name"      },
        {"cup.png.exe",                  "cup.png.exe",              "only a picture's ending goes"     },
        {"a\x01"
         "b\nc\td.gif",         "a b c d",                  "control characters become a space"},
        {"  cup   of   tea .avif",       "cup of tea",               "one space is enough"              },
        {"\xe8\x8c\xb6\xe6\x9d\xaf.png", "\xe8\x8c\xb6\xe6\x9d\xaf", "any script stays"                 },
        {"a\xff"
         "b.png",               "a\xef\xbf\xbd"
         "b",                              "broken UTF-8 is marked as such"   },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        check_text(asset_name_of_file(str_of(cases[i].file), *state), cases[i].name,
                   cases[i].because);
}

static void test_a_prompt_names_its_picture_by_its_first_line(void **state)
{
    char many[400];
    struct str name;

    check_text(asset_name_of_prompt(STR("  A white cup\nOn marble"), *state), "A white cup",
               "the first line");
    check_text(asset_name_of_prompt(STR(""), *state), "", "nothing from nothing");
    name = asset_name_of_prompt(
        STR("A white ceramic cup on a marble table in the soft light of an early morning, seen "
            "from above"),
        *state);
    check_text(name, "A white ceramic cup on a marble table in the soft light of an early morning",
               "not in the middle of a word");
    memset(many, 'x', sizeof(many));
    name = asset_name_of_prompt((struct str){many, sizeof(many)}, *state);
    assert_int_equal(name.size, 80); /* one word of 400 letters has no better place */
}

static void test_a_file_that_leaves_has_a_name_any_system_takes(void **state)
{
    static const struct {
        const char *name, *file, *because;
    } cases[] = {
        {"tea cup",     "tea cup.png",                            "as it is"                     },
        {"a/b\\c:d*e?", "a_b_c_d_e_.png",                         "what paths and Windows refuse"},
        {"..",          "vitrine-01JD00000000000000000000AA.png", "dots alone are a folder"      },
        {".hidden",     "hidden.png",                             "a first dot hides"            },
        {"cup. ",       "cup.png",                                "Windows drops a last dot"     },
        {"",            "vitrine-01JD00000000000000000000AA.png", "a name is needed"             },
        {"a\"b<c>|d",   "a_b_c__d.png",                           "quotes and pipes"             },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct asset asset = {.id = STR("01JD00000000000000000000AA"),
                                    .name = str_of(cases[i].name)};

        check_text(asset_file_name(&asset, "png", *state), cases[i].file, cases[i].because);
    }
}

static void test_names_and_tags_are_checked(void **state)
{
    static const struct {
        const char *text;
        enum error_code name, tag;
        const char *because;
    } cases[] = {
        {"cup",                                                 ERROR_NONE,           ERROR_NONE,           "a word"             },
        {"",                                                    ERROR_NONE,           ERROR_REQUIRED,       "a tag is something" },
        {" \t ",                                                ERROR_INVALID,        ERROR_REQUIRED,       "only spaces"        },
        {"a\nb",                                                ERROR_INVALID,        ERROR_INVALID,        "two lines"          },
        {"a\x7f",                                               ERROR_INVALID,        ERROR_INVALID,        "a control character"},
        {"\xc3\x28",                                            ERROR_WRONG_ENCODING, ERROR_WRONG_ENCODING, "no UTF-8"           },
        {"12345678901234567890123456789012345678901234567890x", ERROR_NONE,           ERROR_TOO_LONG,
         "51 characters"                                                                                                         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        if (!asset_name_check(str_of(cases[i].text), &err))
            assert_string_equal(err.field, "name");
        if (err.code != cases[i].name)
            fail_msg("%s as a name: %s", cases[i].because, error_wire_name(err.code));
        err = (struct error){0};
        if (!tag_check(str_of(cases[i].text), "value", &err))
            assert_string_equal(err.field, "value");
        if (err.code != cases[i].tag)
            fail_msg("%s as a tag: %s", cases[i].because, error_wire_name(err.code));
    }
}

static void test_tags_stand_once_each_and_say_which_is_wrong(void **state)
{
    struct str given[] = {STR(" Tea "), STR("cup"), STR("tea"), STR("CUP")};
    struct text_list tags = {.items = given, .count = COUNT(given)}, out;
    struct str many[TAGS_PER_ASSET_MAX + 1];
    struct error err = {0};

    assert_true(tags_check(&tags, *state, &out, &err));
    assert_int_equal(out.count, 2);
    check_text(tags_join(&out, *state), "Tea\ncup", "as first written, trimmed");
    given[3] = STR("a\nb");
    assert_false(tags_check(&tags, *state, &out, &err));
    assert_string_equal(err.field, "tags[3]");
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = arena_printf(*state, "t%zu", i);
    tags = (struct text_list){.items = many, .count = COUNT(many)};
    assert_false(tags_check(&tags, *state, &out, &err));
    assert_int_equal(err.code, ERROR_TOO_MANY);
    assert_int_equal(err.limit, TAGS_PER_ASSET_MAX);
}

static void test_tags_come_back_from_their_lines(void **state)
{
    struct text_list tags = tags_split(STR("tea\n\xe8\x8c\xb6\ncup"), *state);

    assert_int_equal(tags.count, 3);
    check_text(tags.items[1], "\xe8\x8c\xb6", "the second line");
    assert_true(tags_have(&tags, STR("CUP")));
    assert_false(tags_have(&tags, STR("cu")));
    assert_int_equal(tags_split(STR_EMPTY, *state).count, 0);
}

static void test_a_cursor_is_read_as_it_was_written_and_nothing_else(void **state)
{
    static const char *const broken[] = {"",
                                         "1",
                                         "1.2",
                                         "1.2.x",
                                         "6.1.1",
                                         "-1.1.1",
                                         "1.2.3.4",
                                         "1..3",
                                         "1.2.",
                                         " 1.2.3",
                                         "1.2.99999999999999999999"};
    const struct asset_place place = {
        .rating = 4, .at_ms = INT64_C(1763812800000), .id = INT64_MAX};
    struct asset_place out;
    struct error err = {0};

    assert_true(asset_place_read(asset_place_print(&place, *state), &out, &err));
    assert_int_equal(out.rating, 4);
    assert_int_equal(out.at_ms, place.at_ms);
    assert_int_equal(out.id, place.id);
    for (size_t i = 0; i < COUNT(broken); i++) {
        check(!asset_place_read(str_of(broken[i]), &out, &err), broken[i]);
        assert_int_equal(err.code, ERROR_INVALID);
        assert_string_equal(err.field, "cursor");
    }
}

static void test_a_selection_is_ids_or_a_filter(void **state)
{
    struct str ids[] = {STR("01jd00000000000000000000bb"), STR("01JD00000000000000000000AA"),
                        STR("01JD00000000000000000000BB")};
    struct asset_filter filter = {0};
    struct asset_selection none = {0};
    struct asset_selection both = {
        .ids = {.items = ids, .count = 1},
          .all_matching = &filter
    };
    struct asset_selection named = {
        .ids = {.items = ids, .count = COUNT(ids)}
    };
    struct error err = {0};

    assert_false(asset_selection_check(&none, *state, &err));
    assert_int_equal(err.code, ERROR_REQUIRED);
    assert_false(asset_selection_check(&both, *state, &err));
    assert_true(asset_selection_check(&named, *state, &err));
    assert_int_equal(named.ids.count, 2); /* one of them was named twice */
    check_text(named.ids.items[0], "01JD00000000000000000000AA", "in order");
    ids[1] = STR("not an id");
    named.ids = (struct text_list){.items = ids, .count = 2};
    assert_false(asset_selection_check(&named, *state, &err));
    assert_string_equal(err.field, "ids[1]");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_file_is_named_without_folders_and_ending),
        TEST(test_a_prompt_names_its_picture_by_its_first_line),
        TEST(test_a_file_that_leaves_has_a_name_any_system_takes),
        TEST(test_names_and_tags_are_checked),
        TEST(test_tags_stand_once_each_and_say_which_is_wrong),
        TEST(test_tags_come_back_from_their_lines),
        TEST(test_a_cursor_is_read_as_it_was_written_and_nothing_else),
        TEST(test_a_selection_is_ids_or_a_filter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
