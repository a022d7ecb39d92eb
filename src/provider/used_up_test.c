#include "provider/provider_test.h"

#include "core/clock.h"

static int64_t read_at_ten(const struct exchange_header *headers, size_t count)
{
    struct exchange_reply reply = {.headers = headers, .header_count = count};

    assert_true(clock_parse(STR("2026-11-22T10:00:00Z"), &reply.now_ms));
    return exchange_used_up_ms(&reply);
}

static void test_a_reset_is_read_in_all_its_forms(void **state)
{
    /* clang-format off */
    static const struct {
        const char *reset;
        int64_t ms;
        const char *why;
    } rows[] = {
        {"1s", 1000, "seconds"},
        {"6m0s", 60000, "a minute at most"},
        {"20ms", 20, "milliseconds"},
        {"8.64s", 8640, "a fraction"},
        {"0.5ms", 1, "never too early"},
        {"1m0.2s", 60000, "just above the minute"},
        {"0h0m59.999s", 59999, "all units"},
        {"1500us", 2, "microseconds"},
        {"1500\xc2\xb5s", 2, "as Go spells them"},
        {"2000000ns", 2, "nanoseconds"},
        {" 3s\t", 3000, "white space around"},
        {"2", 2000, "plain seconds"},
        {"1.5", 1500, "a fraction of them"},
        {"24h0m0s", 60000, "a day's limit"},
        {"2026-11-22T10:00:07Z", 7000, "RFC 3339"},
        {"2026-11-22T12:00:07.25+02:00", 7250, "with an offset"},
        {"2026-11-22T11:00:00Z", 60000, "in an hour"},

        {"", 0, "empty"},
        {"0s", 0, "at once"},
        {"0", 0, "at once, plain"},
        {"-1s", 0, "negative"},
        {"-1", 0, "negative, plain"},
        {"1s-1s", 0, "negative inside"},
        {"2026-11-22T09:59:59Z", 0, "gone by"},
        {"24h0m1s", 0, "more than a day"},
        {"1795341660", 0, "a time since 1970 is no duration"},
        {"2027-11-22T10:00:00Z", 0, "in a year"},
        {"2026-13-45T10:00:00Z", 0, "no date"},
        {"1e99", 0, "absurd"},
        {"1e400", 0, "no finite number"},
        {"99999999999999999999999999h", 0, "an overflow of milliseconds"},
        {"nan", 0, "no number"},
        {"inf", 0, "no number either"},
        {"soon", 0, "a word"},
        {"s", 0, "a unit alone"},
        {"5x", 0, "another unit"},
        {"5s5", 0, "a number without its unit"},
        {"1.2.3s", 0, "two points"},
        {".s", 0, "a point alone"},
        {"1 s", 0, "white space inside"},
        {"1m,30s", 0, "a list"},
        {"1s, 2s", 0, "two in one"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct exchange_header headers[] = {
            {STR("x-ratelimit-remaining-requests"), STR("0")             },
            {STR("x-ratelimit-reset-requests"),     str_of(rows[i].reset)},
        };
        const int64_t ms = read_at_ten(headers, COUNT(headers));

        if (ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].why, (long long)ms);
    }
}

static void test_only_a_plain_nothing_is_nothing_left(void **state)
{
    static const struct {
        const char *left;
        int64_t ms;
        const char *why;
    } rows[] = {
        {"0",                    2000, "nothing left"             },
        {" 0 ",                  2000, "white space around"       },
        {"000",                  2000, "the same"                 },
        {"1",                    0,    "one is left"              },
        {"-1",                   0,    "negative: who knows"      },
        {"-0.0",                 0,    "no whole number"          },
        {"",                     0,    "empty"                    },
        {"none",                 0,    "a word"                   },
        {"0x0",                  0,    "another base"             },
        {"0,5",                  0,    "two in one"               },
        {"18446744073709551616", 0,    "an overflow is not a zero"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct exchange_header headers[] = {
            {STR("x-ratelimit-remaining-requests"), str_of(rows[i].left)},
            {STR("x-ratelimit-reset-requests"),     STR("2s")           },
        };
        const int64_t ms = read_at_ten(headers, COUNT(headers));

        if (ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].why, (long long)ms);
    }
}

static void test_each_limit_is_read_with_its_own_reset_and_the_longest_counts(void **state)
{
    const struct exchange_header both[] = {
        {STR("x-ratelimit-remaining-requests"),         STR("0")                   },
        {STR("x-ratelimit-reset-requests"),             STR("2s")                  },
        {STR("x-ratelimit-remaining-tokens"),           STR("0")                   },
        {STR("x-ratelimit-reset-tokens"),               STR("9s")                  },
        {STR("anthropic-ratelimit-requests-remaining"), STR("0")                   },
        {STR("anthropic-ratelimit-requests-reset"),     STR("2026-11-22T10:00:04Z")},
    };
    const struct exchange_header crossed[] = {
        {STR("x-ratelimit-remaining-requests"), STR("0") },
        {STR("x-ratelimit-reset-tokens"),       STR("9s")},
        {STR("x-ratelimit-remaining-tokens"),   STR("5") },
        {STR("x-ratelimit-limit-requests"),     STR("0") },
        {STR("retry-after"),                    STR("30")},
    };
    const struct exchange_header twice[] = {
        {STR("x-ratelimit-remaining-requests"), STR("0") },
        {STR("x-ratelimit-remaining-requests"), STR("7") },
        {STR("x-ratelimit-reset-requests"),     STR("3s")},
        {STR("x-ratelimit-reset-requests"),     STR("8s")},
    };
    static const char *const names[][2] = {
        {"anthropic-ratelimit-tokens-remaining",        "anthropic-ratelimit-tokens-reset"       },
        {"anthropic-ratelimit-input-tokens-remaining",  "anthropic-ratelimit-input-tokens-reset" },
        {"anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"},
    };

    (void)state;
    assert_int_equal(read_at_ten(both, COUNT(both)), 9000);
    assert_int_equal(read_at_ten(both, 2), 2000);
    assert_int_equal(read_at_ten(&both[2], 2), 9000);
    assert_int_equal(read_at_ten(&both[4], 2), 4000);
    assert_int_equal(read_at_ten(crossed, COUNT(crossed)), 0);
    assert_int_equal(read_at_ten(twice, COUNT(twice)), 3000); /* the first counts, as elsewhere */
    assert_int_equal(read_at_ten(NULL, 0), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct exchange_header headers[] = {
            {str_of(names[i][0]), STR("0") },
            {str_of(names[i][1]), STR("5s")},
        };

        assert_int_equal(read_at_ten(headers, COUNT(headers)), 5000);
    }
}

static void test_a_huge_reset_is_read_and_not_believed(void **state)
{
    struct fixture *fixture = *state;
    const size_t size = 60000;
    char *digits = arena_alloc(fixture->arena, size);
    struct exchange_header headers[] = {
        {STR("x-ratelimit-remaining-requests"), {digits, size}},
        {STR("x-ratelimit-reset-requests"),     STR("2s")     },
    };

    memset(digits, '0', size);
    assert_int_equal(read_at_ten(headers, COUNT(headers)), 2000);
    headers[0].value = STR("0");
    memset(digits, '9', size);
    headers[1].value = (struct str){digits, size};
    assert_int_equal(read_at_ten(headers, COUNT(headers)), 0);
    digits[size - 1] = 's';
    assert_int_equal(read_at_ten(headers, COUNT(headers)), 0);
    for (size_t at = 0; at < size; at += 2)
        memcpy(digits + at, "1s", 2);
    assert_int_equal(read_at_ten(headers, COUNT(headers)), 60000); /* 30,000 s, one by one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_reset_is_read_in_all_its_forms),
        TEST(test_only_a_plain_nothing_is_nothing_left),
        TEST(test_each_limit_is_read_with_its_own_reset_and_the_longest_counts),
        TEST(test_a_huge_reset_is_read_and_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
