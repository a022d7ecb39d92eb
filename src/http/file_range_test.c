#include "http/http_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_range_is_one_part_or_the_whole(void **state)
{
    static const struct {
        const char *header;
        int64_t size;
        enum range_kind kind;
        int64_t first, last;
        const char *why;
    } rows[] = {
        {"",                            100, RANGE_WHOLE,   0,  0,  "none"                    },
        {"bytes=0-9",                   100, RANGE_PART,    0,  9,  "the first ten"           },
        {"bytes=90-",                   100, RANGE_PART,    90, 99, "to the end"              },
        {"bytes=-10",                   100, RANGE_PART,    90, 99, "the last ten"            },
        {"bytes=-1000",                 100, RANGE_PART,    0,  99, "more than there is"      },
        {"bytes=0-1000",                100, RANGE_PART,    0,  99, "past the end"            },
        {"bytes=99-99",                 100, RANGE_PART,    99, 99, "the last one"            },
        {"bytes= 0 - 9 ",               100, RANGE_PART,    0,  9,  "spaces"                  },
        {"bytes=100-",                  100, RANGE_OUTSIDE, 0,  0,  "behind the end"          },
        {"bytes=-0",                    100, RANGE_OUTSIDE, 0,  0,  "the last none"           },
        {"bytes=0-",                    0,   RANGE_OUTSIDE, 0,  0,  "of nothing"              },
        {"bytes=-5",                    0,   RANGE_OUTSIDE, 0,  0,  "the end of nothing"      },
        {"bytes=9-0",                   100, RANGE_WHOLE,   0,  0,  "backwards"               },
        {"bytes=0-1,5-6",               100, RANGE_WHOLE,   0,  0,  "several"                 },
        {"bytes=a-b",                   100, RANGE_WHOLE,   0,  0,  "no numbers"              },
        {"bytes=+1-2",                  100, RANGE_WHOLE,   0,  0,  "a sign"                  },
        {"bytes=--2",                   100, RANGE_WHOLE,   0,  0,  "two signs"               },
        {"bytes=-",                     100, RANGE_WHOLE,   0,  0,  "neither end"             },
        {"bytes=",                      100, RANGE_WHOLE,   0,  0,  "nothing"                 },
        {"bytes=99999999999999999999-", 100, RANGE_WHOLE,   0,  0,  "more than a number holds"},
        {"items=0-9",                   100, RANGE_WHOLE,   0,  0,  "another unit"            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t first = 0, last = 0;
        enum range_kind kind = range_parse(str_of(rows[i].header), rows[i].size, &first, &last);

        if (kind != rows[i].kind || first != rows[i].first || last != rows[i].last)
            fail_msg("%s", rows[i].why);
    }
}

static void test_etag_matches_weakly_in_a_list(void **state)
{
    (void)state;
    assert_true(etag_matches(STR("\"a\""), STR("a")));
    assert_true(etag_matches(STR("\"b\", W/\"a\""), STR("a")));
    assert_true(etag_matches(STR("*"), STR("a")));
    assert_false(etag_matches(STR("\"ab\""), STR("a")));
    assert_false(etag_matches(STR("a"), STR("a")));
    assert_false(etag_matches(STR("\""), STR("a")));
    assert_false(etag_matches(STR(""), STR("")));
}

static void test_disposition_names_files_for_every_client(void **state)
{
    static const struct {
        bool is_inline;
        const char *name, *text;
    } rows[] = {
        {true,  "",                 "inline"                                                      },
        {false, "",                 "attachment"                                                  },
        {false, "a b.png",          "attachment; filename=\"a b.png\"; filename*=UTF-8''a%20b.png"},
        {false, "\xe8\x8c\xb6.png",
         "attachment; filename=\"_.png\"; filename*=UTF-8''%E8%8C%B6.png"                         },
        {false, "a\"\\\r\n;x",
         "attachment; filename=\"a____;x\"; filename*=UTF-8''a%22%5C%0D%0A%3Bx"                   },
    };
    struct arena *arena = arena_create(KIB(64));

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str text = disposition(arena, rows[i].is_inline, str_of(rows[i].name));

        if (!str_equal(text, str_of(rows[i].text)))
            fail_msg("%.*s", STR_ARGS(text));
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range_is_one_part_or_the_whole),
        cmocka_unit_test(test_etag_matches_weakly_in_a_list),
        cmocka_unit_test(test_disposition_names_files_for_every_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
