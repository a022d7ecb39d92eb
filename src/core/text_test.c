#include "core/test.h"
#include "core/text.h"

static void test_utf8_is_what_rfc_3629_says(void **state)
{
    static const struct {
        const char *text;
        bool is_utf8;
        const char *because;
    } rows[] = {
        {"",                                                    true,  "nothing"                    },
        {"plain ASCII, long enough for words",                  true,  "ASCII"                      },
        {"\xc2\x80 \xdf\xbf",                                   true,  "two bytes"                  },
        {"\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf", true,  "three bytes"                },
        {"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf",                   true,  "four bytes"                 },
        {"\x80",                                                false, "a lone continuation"        },
        {"\xc0\x80",                                            false, "an overlong NUL"            },
        {"\xc1\xbf",                                            false, "overlong, two bytes"        },
        {"\xe0\x9f\xbf",                                        false, "overlong, three bytes"      },
        {"\xf0\x8f\xbf\xbf",                                    false, "overlong, four bytes"       },
        {"\xed\xa0\x80",                                        false, "a surrogate"                },
        {"\xed\xbf\xbf",                                        false, "the last surrogate"         },
        {"\xf4\x90\x80\x80",                                    false, "beyond U+10FFFF"            },
        {"\xf5\x80\x80\x80",                                    false, "far beyond"                 },
        {"\xff",                                                false, "no first byte"              },
        {"\xc3",                                                false, "cut after one"              },
        {"\xe8\x8c",                                            false, "cut after two"              },
        {"\xf0\x9f\x98",                                        false, "cut after three"            },
        {"\xc3x",                                               false, "no continuation"            },
        {"\xe8\x8cx",                                           false, "no second continuation"     },
        {"\xf0\x9f\x98x",                                       false, "no third continuation"      },
        {"1234567890123456\xff",                                false, "behind whole words of ASCII"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(text_is_utf8(str_of(rows[i].text)) == rows[i].is_utf8, rows[i].because);
    assert_int_equal(text_valid_size(STR("茶\xff茶")), 3);
    assert_true(text_is_utf8(STR("\0\0")));
}

static void test_every_code_point_goes_there_and_back(void **state)
{
    CLEANUP(buf_finish) struct buf buf = {0};

    (void)state;
    for (uint32_t c = 0; c < 0x110400; c++) {
        bool is_valid = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        struct str rest;
        uint32_t back = 0;

        buf_clear(&buf);
        text_add_code_point(&buf, c);
        rest = buf_str(&buf);
        assert_true(text_is_utf8(rest));
        assert_int_equal(text_count(rest), 1);
        assert_true(text_next(&rest, &back));
        assert_int_equal(back, is_valid ? c : 0xfffd);
        assert_int_equal(rest.size, 0);
        assert_false(text_next(&rest, &back));
    }
}

static void test_broken_bytes_are_taken_one_by_one(void **state)
{
    static const uint32_t expected[] = {'a', 0xfffd, 0xfffd, 'b', 0xfffd};
    struct str rest = STR("a\xe8\x8c"
                          "b\xff");

    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        uint32_t c = 0;

        assert_true(text_next(&rest, &c));
        assert_int_equal(c, expected[i]);
    }
    assert_int_equal(rest.size, 0);
}

static void test_clip_never_cuts_a_character(void **state)
{
    static const struct {
        const char *text;
        size_t size_max;
        const char *clipped;
    } rows[] = {
        {"abc",    5, "abc"   },
        {"abc",    3, "abc"   },
        {"abc",    2, "ab"    },
        {"abc",    0, ""      },
        {"茶茶", 6, "茶茶"},
        {"茶茶", 5, "茶"   },
        {"茶茶", 4, "茶"   },
        {"茶茶", 3, "茶"   },
        {"茶茶", 2, ""      },
        {"a😀",  4, "a"     },
        {"a😀",  5, "a😀" },
        {"é",     1, ""      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(text_clip(str_of(rows[i].text), rows[i].size_max), rows[i].clipped,
                   rows[i].text);
    assert_int_equal(text_clip(STR("\x80\x80\x80\x80\x80\x80\x80\x80"), 6).size, 3);
}

static void test_control_characters_are_seen(void **state)
{
    static const struct {
        struct str text;
        bool has;
        const char *because;
    } rows[] = {
        {{"a\tb\r\nc", 6}, false, "tab and line ends"           },
        {{"é茶", 5},     false, "letters"                     },
        {{"a\0", 2},       true,  "NUL"                         },
        {{"\x1b[31m", 5},  true,  "escape"                      },
        {{"\x7f", 1},      true,  "delete"                      },
        {{"\xc2\x85", 2},  true,  "next line, of the second set"},
        {{"\xc2\xa0", 2},  false, "a no-break space"            },
        {{NULL, 0},        false, "nothing"                     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(text_has_control(rows[i].text) == rows[i].has, rows[i].because);
}

static void test_index_makes_words_and_pairs(void **state)
{
    static const struct {
        const char *text, *words;
        const char *because;
    } rows[] = {
        {"",                         "",                                    "nothing"                             },
        {" -- !? ",                  "",                                    "no word"                             },
        {"Blue CUP, no.3",           "blue cup no 3",                       "case and punctuation"                },
        {"茶杯子",                "茶杯 杯子 子",                   "overlapping pairs and the last alone"},
        {"茶",                      "茶",                                 "one character"                       },
        {"茶 杯",                  "茶 杯",                             "a space parts"                       },
        {"茶、杯",                "茶 杯",                             "so does CJK punctuation"             },
        {"iPhone手机壳15",        "iphone 手机 机壳 壳 15",         "latin and CJK side by side"          },
        {"ＡＢＣ　１２",       "abc 12",                              "full-width forms"                    },
        {"ÄÖÜ Éß ŁÓDŹ ŸŽ", "äöü éß łódź ÿž",            "Latin capitals"                      },
        {"İıſ",                   "iıs",                                "the odd ones"                        },
        {"ΆΣΊΣ Ώ",              "άσίσ ώ",                         "Greek capitals"                      },
        {"τέλος",               "τέλοσ",                          "the final sigma is a sigma"          },
        {"ЁЖИК Ѓ Ґ",           "ёжик ѓ ґ",                      "Cyrillic capitals"                   },
        {"TRÀ Ấm ƯƠ",           "trà ấm ươ",                      "Vietnamese"                          },
        {"コップ・カップ",    "コッ ップ プ カッ ップ プ", "Katakana with its middle dot"        },
        {"お茶",                   "お茶 茶",                          "Hiragana and Kanji run together"     },
        {"커피 잔",               "커피 피 잔",                      "Hangul"                              },
        {"𠮷野",                  "𠮷野 野",                         "extension B"                         },
        {"㐀",                      "㐀",                                 "extension A"                         },
        {"a\xff茶\xe8",             "a 茶",                               "broken bytes part words"             },
        {"cof\u00adfee wi\u200bde",  "coffee wide",                         "what nobody sees parts nothing"      },
        {"❤️ gift🎁box",       "gift box",                            "pictographs part words"              },
        {"5×7 a–b",               "5 7 a b",                             "signs part words"                    },
        {"हिन्दी",       "हिन्दी",                  "other scripts are letters"           },
        {"\"a\" OR b*",              "a or b",                              "the syntax of FTS5 is no word"       },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(text_index(str_of(rows[i].text), arena), rows[i].words, rows[i].because);
}

static void test_query_quotes_every_word(void **state)
{
    static const struct {
        const char *text, *query;
        const char *because;
    } rows[] = {
        {"",           "",                              "nothing"                             },
        {" * \" ",     "",                              "no word"                             },
        {"Blue cu",    "\"blue\" AND \"cu\"*",          "the last word is being typed"        },
        {"茶杯子",  "\"茶杯\" AND \"杯子\"",     "pairs"                               },
        {"茶",        "\"茶\"*",                      "a lone character is a prefix"        },
        {"cup 茶杯", "\"cup\"* AND \"茶杯\"",       "the last latin word, though not last"},
        {"a\" OR \"b", "\"a\" AND \"or\" AND \"b\"*",   "no way out of the quotes"            },
        {"NEAR(a b)",  "\"near\" AND \"a\" AND \"b\"*", "no operator either"                  },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_text(text_query(str_of(rows[i].text), arena), rows[i].query, rows[i].because);
}

static void test_query_takes_the_first_words_only(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(buf_finish) struct buf text = {0};
    struct str query;
    size_t words = 1;

    (void)state;
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "w%d 茶杯子 ", i);
    query = text_query(buf_str(&text), arena);
    for (int64_t at; (at = str_find(query, STR(" AND "))) >= 0; words++)
        query = str_slice(query, (size_t)at + 5, query.size);
    assert_int_equal(words, 32);
}

static void test_urls_are_encoded_and_decoded(void **state)
{
    static const struct {
        const char *text;
        bool plus_is_space;
        const char *decoded; /* NULL: refused */
        const char *because;
    } rows[] = {
        {"a%20b+c",            false, "a b+c",  "a plus stays in a path"   },
        {"a%20b+c",            true,  "a b c",  "and is a space in a query"},
        {"%E8%8C%B6%e8%8c%b6", false, "茶茶", "either case"              },
        {"%2F%25",             false, "/%",     "decoded once only"        },
        {"",                   false, "",       "nothing"                  },
        {"%",                  false, NULL,     "cut after the sign"       },
        {"a%2",                false, NULL,     "cut after a digit"        },
        {"%GG",                false, NULL,     "no digits"                },
        {"%2 0",               false, NULL,     "a space for a digit"      },
        {"%-1",                false, NULL,     "a sign for a digit"       },
        {"a%00",               false, NULL,     "a NUL"                    },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(buf_finish) struct buf buf = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str out = STR("untouched");

        check(url_decode(str_of(rows[i].text), rows[i].plus_is_space, arena, &out) ==
                  (rows[i].decoded != NULL),
              rows[i].because);
        check_text(out, rows[i].decoded == NULL ? "untouched" : rows[i].decoded, rows[i].because);
    }
    url_encode_add(&buf, STR("AZaz09-._~ /?&=+%茶"));
    check_text(buf_str(&buf), "AZaz09-._~%20%2F%3F%26%3D%2B%25%E8%8C%B6", "encoded");
    assert_false(url_decode(STR("a\0b"), false, arena, &(struct str){0}));
}

static void test_every_byte_survives_a_url(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(buf_finish) struct buf encoded = {0};
    char bytes[255];
    struct str all = {.data = bytes, .size = sizeof(bytes)};
    struct str back;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i + 1);
    url_encode_add(&encoded, all);
    assert_true(url_decode(buf_str(&encoded), true, arena, &back));
    assert_true(str_equal(all, back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_is_what_rfc_3629_says),
        cmocka_unit_test(test_every_code_point_goes_there_and_back),
        cmocka_unit_test(test_broken_bytes_are_taken_one_by_one),
        cmocka_unit_test(test_clip_never_cuts_a_character),
        cmocka_unit_test(test_control_characters_are_seen),
        cmocka_unit_test(test_index_makes_words_and_pairs),
        cmocka_unit_test(test_query_quotes_every_word),
        cmocka_unit_test(test_query_takes_the_first_words_only),
        cmocka_unit_test(test_urls_are_encoded_and_decoded),
        cmocka_unit_test(test_every_byte_survives_a_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
