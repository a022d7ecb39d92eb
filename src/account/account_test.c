#include "account/account_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int make_arena(void **state)
{
    *state = arena_create(MIB(1));
    return 0;
}

static int drop_arena(void **state)
{
    arena_destroy(*state);
    return 0;
}

/* `times` copies of `piece`, in `arena`. */
static struct str repeat(const char *piece, size_t times, struct arena *arena)
{
    struct buf text = {0};
    struct str copy;

    for (size_t i = 0; i < times; i++)
        buf_add(&text, str_of(piece));
    copy = arena_str(arena, buf_str(&text));
    buf_finish(&text);
    return copy;
}

static void test_name_is_one_to_sixty_four_plain_characters(void **state)
{
    static const struct {
        struct str name;
        enum error_code code;
        const char *why;
    } cases[] = {
        {{"ann", 3},         ERROR_NONE,           "plain"         },
        {{"小明", 6},      ERROR_NONE,           "any script"    },
        {{"Ann Lee", 7},     ERROR_NONE,           "a space inside"},
        {{"", 0},            ERROR_REQUIRED,       "empty"         },
        {{" ann", 4},        ERROR_INVALID,        "a space before"},
        {{"ann ", 4},        ERROR_INVALID,        "a space after" },
        {{"an\nn", 4},       ERROR_INVALID,        "a line end"    },
        {{"an\0n", 4},       ERROR_INVALID,        "a NUL"         },
        {{"an\x7fn", 4},     ERROR_INVALID,        "DEL"           },
        {{"an\xc2\x85n", 5}, ERROR_INVALID,        "a C1 control"  },
        {{"an\xffn", 4},     ERROR_WRONG_ENCODING, "no UTF-8"      },
    };
    struct error err;

    for (size_t i = 0; i < COUNT(cases); i++) {
        err = (struct error){0};
        if (account_name_check(cases[i].name, &err) != (cases[i].code == ERROR_NONE) ||
            err.code != cases[i].code)
            fail_msg("%s: %s", cases[i].why, error_wire_name(err.code));
        if (cases[i].code != ERROR_NONE)
            assert_string_equal(err.field, "name");
    }
    assert_true(account_name_check(repeat("é", NAME_MAX_CHARS, *state), &err));
    assert_false(account_name_check(repeat("é", NAME_MAX_CHARS + 1, *state), &err));
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_int_equal(err.limit, NAME_MAX_CHARS);
}

static void test_name_is_compared_without_ascii_case_and_outer_space(void **state)
{
    static const struct {
        const char *name, *key;
    } cases[] = {
        {"Ann",      "ann"     },
        {" ANN\t",   "ann"     },
        {"Ünal",    "Ünal"   },
        {"",         ""        },
        {"小 Ming", "小 ming"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_true(
            str_equal(account_name_key(str_of(cases[i].name), *state), str_of(cases[i].key)));
}

static void test_password_rules(void **state)
{
    static const struct {
        const char *password;
        enum error_code code;
        const char *why;
    } cases[] = {
        {"correct horse battery staple",   ERROR_NONE,           "four words"                    },
        {"          x          y",         ERROR_NONE,           "spaces count"                  },
        {"一二三四五六七八九十", ERROR_NONE,           "ten characters of three bytes" },
        {"Tr0ub4dor&3",                    ERROR_NONE,           "eleven mixed"                  },
        {"Ab3!efgh9",                      ERROR_TOO_SHORT,      "nine"                          },
        {"",                               ERROR_TOO_SHORT,      "empty"                         },
        {"password123",                    ERROR_INVALID,        "among the commonest"           },
        {"PassWord123",                    ERROR_INVALID,        "the same in capitals"          },
        {"qwertyuiop",                     ERROR_INVALID,        "among the commonest"           },
        {"0000000000d",                    ERROR_INVALID,        "the first row of the list"     },
        {"zzzzzzzzzzzz",                   ERROR_INVALID,        "one character over and over"   },
        {"abcabcabcabc",                   ERROR_INVALID,        "three characters over and over"},
        {"abababababa",                    ERROR_INVALID,        "a repetition cut short"        },
        {"abcdefghijkl",                   ERROR_INVALID,        "the alphabet"                  },
        {"lkjihgfedcba",                   ERROR_INVALID,        "the alphabet backwards"        },
        {"tyuiopasdfgh",                   ERROR_INVALID,        "a run along the keyboard"      },
        {"67890123456",                    ERROR_INVALID,        "digits around the end"         },
        {"Margarethe.Blum",                ERROR_INVALID,        "the name itself"               },
        {"margarethe.blum",                ERROR_INVALID,        "the name in another case"      },
        {"margarethe.blum!",               ERROR_NONE,           "more than the name"            },
        {"bad \xff bytes here",            ERROR_WRONG_ENCODING, "no UTF-8"                      },
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        err = (struct error){0};
        if (account_password_check(str_of(cases[i].password), STR("Margarethe.Blum"), &err) !=
                (cases[i].code == ERROR_NONE) ||
            err.code != cases[i].code)
            fail_msg("%s: %s", cases[i].why, error_wire_name(err.code));
        if (cases[i].code != ERROR_NONE)
            assert_string_equal(err.field, "password");
    }
}

static void test_password_may_have_256_characters_and_not_one_more(void **state)
{
    struct str half = repeat("茶", PASSWORD_MAX_CHARS / 2, *state);
    struct str other_half = repeat("9", PASSWORD_MAX_CHARS / 2, *state);
    struct str longest = arena_printf(*state, "%.*s%.*s", STR_ARGS(half), STR_ARGS(other_half));
    struct str longer = arena_printf(*state, "%.*sx", STR_ARGS(longest));
    struct error err = {0};

    assert_true(account_password_check(longest, STR("ann"), &err));
    assert_false(account_password_check(longer, STR("ann"), &err));
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_int_equal(err.limit, PASSWORD_MAX_CHARS);
}

/* bsearch needs it, and a hand that adds a row may forget. */
static void test_common_passwords_are_sorted_lower_case_and_long(void **state)
{
    static const char *const words[] = {
#include "account/weak_passwords.def"
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_true(strlen(words[i]) >= PASSWORD_MIN_CHARS);
        for (const char *at = words[i]; *at != '\0'; at++)
            assert_true(*at > ' ' && *at < 0x7f && !(*at >= 'A' && *at <= 'Z'));
        if (i > 0)
            assert_true(strcmp(words[i - 1], words[i]) < 0);
        assert_false(account_password_check(str_of(words[i]), STR("ann"), &err));
        assert_int_equal(err.code, ERROR_INVALID);
    }
}

static void test_scopes_are_read_from_words(void **state)
{
    static const struct {
        const char *list;
        unsigned scopes; /* 0: refused */
        enum error_code code;
        const char *field;
    } cases[] = {
        {"read",                                         SCOPE_READ,                                ERROR_NONE,        ""         },
        {"read,write,generate",                          SCOPE_READ | SCOPE_WRITE | SCOPE_GENERATE, ERROR_NONE,        ""         },
        {" read , admin ",                               SCOPE_READ | SCOPE_ADMIN,                  ERROR_NONE,        ""         },
        {"read,read",                                    SCOPE_READ,                                ERROR_NONE,        ""         },
        {"",                                             0,                                         ERROR_REQUIRED,    "scopes"   },
        {",,",                                           0,                                         ERROR_REQUIRED,    "scopes"   },
        {"read,fly",                                     0,                                         ERROR_NOT_IN_LIST, "scopes[1]"},
        {"Read",                                         0,                                         ERROR_NOT_IN_LIST, "scopes[0]"},
        {"session",                                      0,                                         ERROR_NOT_IN_LIST, "scopes[0]"},
        {"read,read,read,read,read,read,read,read,read", 0,                                         ERROR_TOO_MANY,    "scopes"   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};
        unsigned scopes = 0;
        bool ok = account_scopes_read(str_of(cases[i].list), &scopes, &err);

        assert_int_equal(ok, cases[i].scopes != 0);
        assert_int_equal(scopes, cases[i].scopes);
        assert_int_equal(err.code, cases[i].code);
        assert_string_equal(err.field, cases[i].field);
    }
}

static void test_no_token_gets_a_scope_its_role_lacks(void **state)
{
    static const enum http_role roles[] = {ROLE_VIEWER, ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER};
    static const unsigned bits[] = {SCOPE_READ, SCOPE_WRITE, SCOPE_GENERATE, SCOPE_ADMIN};

    for (size_t r = 0; r < COUNT(roles); r++) {
        /* Passwords and tokens are for browser sessions only. */
        assert_int_equal(account_role_scopes(roles[r]) & SCOPE_SESSION, 0);
        for (size_t b = 0; b < COUNT(bits); b++) {
            struct text_list words = account_scope_names(bits[b], *state);
            struct error err = {0};
            unsigned scopes = 0;
            bool is_allowed = (account_role_scopes(roles[r]) & bits[b]) != 0;

            assert_int_equal(words.count, 1);
            assert_int_equal(account_scopes_check(&words, roles[r], &scopes, &err), is_allowed);
            assert_int_equal(err.code, is_allowed ? ERROR_NONE : ERROR_FORBIDDEN);
        }
    }
    assert_int_equal(account_role_scopes(ROLE_VIEWER), SCOPE_READ);
    assert_int_equal(account_role_scopes(ROLE_MEMBER) & SCOPE_ADMIN, 0);
}

static void test_session_ends_idle_or_old_whichever_is_first(void **state)
{
    static const struct {
        int64_t last_seen, expires, now;
        bool is_alive;
        const char *why;
    } cases[] = {
        {1000, 9000, 1099, true,  "a moment before the idle end"},
        {1000, 9000, 1100, false, "idle for as long as allowed" },
        {1000, 1050, 1049, true,  "a moment before the old end" },
        {1000, 1050, 1050, false, "as old as allowed"           },
        {1000, 9000, 900,  true,  "the clock was set back"      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (account_session_is_alive(cases[i].last_seen, cases[i].expires, 100, cases[i].now) !=
            cases[i].is_alive)
            fail_msg("%s", cases[i].why);
}

static void test_device_cookie_is_known_to_its_own_user_only(void **state)
{
    struct random_seeded seed;
    struct random random = random_of_seed(&seed, 7);
    struct clock_fake time = {.wall_ms = 1000};
    struct clock clock = clock_of_fake(&time);
    struct user_row ann = user_make(STR("ann"), ROLE_OWNER, &clock, &random, *state);
    struct user_row bob = user_make(STR("bob"), ROLE_MEMBER, &clock, &random, *state);
    struct user_row changed = ann;
    struct str cookie = account_device_make(&ann, &random, *state);
    struct str forged = arena_str(*state, cookie);

    changed.device_key = bob.device_key;
    ((char *)(uintptr_t)forged.data)[forged.size - 1] ^= 1;
    assert_true(account_device_is_known(&ann, cookie, *state));
    assert_false(account_device_is_known(&bob, cookie, *state));
    assert_false(account_device_is_known(&changed, cookie, *state)); /* another password */
    assert_false(account_device_is_known(&ann, forged, *state));
    assert_false(account_device_is_known(&ann, STR(""), *state));
    assert_false(account_device_is_known(&ann, STR(".."), *state));
    assert_false(account_device_is_known(&ann, str_slice(cookie, 0, cookie.size - 1), *state));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_name_is_one_to_sixty_four_plain_characters, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_name_is_compared_without_ascii_case_and_outer_space,
                                        make_arena, drop_arena),
        cmocka_unit_test(test_password_rules),
        cmocka_unit_test_setup_teardown(test_password_may_have_256_characters_and_not_one_more,
                                        make_arena, drop_arena),
        cmocka_unit_test(test_common_passwords_are_sorted_lower_case_and_long),
        cmocka_unit_test(test_scopes_are_read_from_words),
        cmocka_unit_test_setup_teardown(test_no_token_gets_a_scope_its_role_lacks, make_arena,
                                        drop_arena),
        cmocka_unit_test(test_session_ends_idle_or_old_whichever_is_first),
        cmocka_unit_test_setup_teardown(test_device_cookie_is_known_to_its_own_user_only,
                                        make_arena, drop_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
