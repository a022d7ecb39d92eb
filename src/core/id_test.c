#include "core/id.h"
#include "core/test.h"

static void test_ids_sort_by_time(void **state)
{
    struct clock_fake fake = {0};
    struct clock clock = clock_of_fake(&fake);
    struct random_seeded generator;
    struct random random = random_of_seed(&generator, 3);
    struct id before = id_make(&clock, &random);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct id id;

        fake.wall_ms += 1 + (int64_t)i * i * 100000;
        id = id_make(&clock, &random);
        assert_int_equal(strlen(id.text), ID_SIZE);
        assert_true(str_compare(id_str(&before), id_str(&id)) < 0);
        assert_true(str_compare(str_of(id_floor(fake.wall_ms).text), id_str(&id)) <= 0);
        assert_true(str_compare(id_str(&id), str_of(id_floor(fake.wall_ms + 1).text)) < 0);
        before = id;
    }
}

static void test_the_time_stands_in_front(void **state)
{
    (void)state;
    /* The example of the ULID specification: 01ARYZ6S41 is 1469918176385. */
    assert_string_equal(id_floor(1469918176385).text, "01ARYZ6S410000000000000000");
    assert_string_equal(id_floor(0).text, "00000000000000000000000000");
    assert_string_equal(id_floor(-5).text, "00000000000000000000000000");
    assert_string_equal(id_floor(INT64_MAX).text, "7ZZZZZZZZZ0000000000000000");
}

static void test_two_ids_of_one_millisecond_differ(void **state)
{
    struct clock_fake fake = {.wall_ms = 1795341600000};
    struct clock clock = clock_of_fake(&fake);
    struct id a = id_make(&clock, &random_system);
    struct id b = id_make(&clock, &random_system);

    (void)state;
    assert_memory_equal(a.text, b.text, 10);
    assert_memory_not_equal(a.text + 10, b.text + 10, 16);
}

static void test_parse_takes_ulids_only(void **state)
{
    static const struct {
        const char *text, *id;
        const char *because;
    } rows[] = {
        {"01ARYZ6S41TSV4RRFFQ69G5FAV",  "01ARYZ6S41TSV4RRFFQ69G5FAV", "as it is"       },
        {"01aryz6s41tsv4rrffq69g5fav",  "01ARYZ6S41TSV4RRFFQ69G5FAV", "small letters"  },
        {"7ZZZZZZZZZZZZZZZZZZZZZZZZZ",  "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "the last"       },
        {"80000000000000000000000000",  NULL,                         "beyond 128 bits"},
        {"Z1ARYZ6S41TSV4RRFFQ69G5FAV",  NULL,                         "far beyond"     },
        {"01ARYZ6S41TSV4RRFFQ69G5FA",   NULL,                         "too short"      },
        {"01ARYZ6S41TSV4RRFFQ69G5FAVV", NULL,                         "too long"       },
        {"01ARYZ6S41TSV4RRFFQ69G5FAI",  NULL,                         "I is no digit"  },
        {"01ARYZ6S41TSV4RRFFQ69G5FAL",  NULL,                         "nor L"          },
        {"01ARYZ6S41TSV4RRFFQ69G5FAO",  NULL,                         "nor O"          },
        {"01ARYZ6S41TSV4RRFFQ69G5FAu",  NULL,                         "nor U"          },
        {"01ARYZ6S41TSV4RRFFQ69G5FA'",  NULL,                         "a quote"        },
        {"",                            NULL,                         "nothing"        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct id id = {.text = "untouched"};

        check(id_parse(str_of(rows[i].text), &id) == (rows[i].id != NULL), rows[i].because);
        check_text(str_of(id.text), rows[i].id == NULL ? "untouched" : rows[i].id, rows[i].because);
    }
    assert_false(id_parse(STR("01ARYZ6S41TSV4RRFFQ69G5FA\0"), &(struct id){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_sort_by_time),
        cmocka_unit_test(test_the_time_stands_in_front),
        cmocka_unit_test(test_two_ids_of_one_millisecond_differ),
        cmocka_unit_test(test_parse_takes_ulids_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
