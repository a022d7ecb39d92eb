#include "core/secret.h"
#include "core/test.h"

static int start(void **state)
{
    struct error err = {0};

    (void)state;
    return secret_init(&err) ? 0 : -1;
}

static void test_a_password_opens_only_its_own_hash(void **state)
{
    char phc[PASSWORD_HASH_SIZE];
    struct error err = {0};

    (void)state;
    assert_true(password_hash(STR("correct horse"), phc, &err));
    assert_true(str_starts_with(str_of(phc), STR("$argon2id$v=19$m=65536,t=3,p=1$")));
    assert_true(password_verify(STR("correct horse"), str_of(phc)));
    assert_false(password_verify(STR("correct horse "), str_of(phc)));
    assert_false(password_verify(STR_EMPTY, str_of(phc)));
    assert_false(password_needs_rehash(str_of(phc)));
}

static void test_broken_hashes_open_to_nothing(void **state)
{
    char long_phc[PASSWORD_HASH_SIZE + 1];

    (void)state;
    memset(long_phc, 'x', sizeof(long_phc));
    assert_false(password_verify(STR(""), STR("")));
    assert_false(password_verify(STR("x"), STR("x")));
    assert_false(
        password_verify(STR("x"), (struct str){.data = long_phc, .size = sizeof(long_phc)}));
    assert_true(password_needs_rehash(STR("x")));
    /* A weaker one, as an older version would have made it: valid, to be made anew. */
    assert_true(password_needs_rehash(STR("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                          "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY")));
}

static void test_a_sealed_secret_opens_with_key_and_context_only(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    const struct master_key key =
                                {
                                    {1, 2, 3}
    },
                            other = {{1, 2, 4}};
    struct str sealed = secret_seal(&key, STR("sk-canary"), STR("provider:7"), arena);
    struct secret out = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(str_find(sealed, STR("canary")), -1);
    assert_true(secret_open(&key, sealed, STR("provider:7"), arena, &out, &err));
    check_text(secret_expose(out), "sk-canary", "opened");
    assert_false(secret_open(&other, sealed, STR("provider:7"), arena, &out, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_false(secret_open(&key, sealed, STR("provider:8"), arena, &out, &err));
    assert_false(secret_open(&key, sealed, STR_EMPTY, arena, &out, &err));
    assert_int_equal(str_find(str_of(err.message), STR("canary")), -1);
}

static void test_no_damage_goes_unseen(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    const struct master_key key = {{9}};
    struct str sealed = secret_seal(&key, STR("abc"), STR("row"), arena);
    struct secret out = {0};
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sealed.size; i++) {
        struct str damaged = arena_str(arena, sealed);
        char *at = (char *)(uintptr_t)(damaged.data + i);

        *at = *at == 'A' ? 'g' : 'A'; /* differ in their highest bits too */
        assert_false(secret_open(&key, damaged, STR("row"), arena, &out, &err));
        assert_false(secret_open(&key, str_slice(sealed, 0, i), STR("row"), arena, &out, &err));
    }
    assert_true(secret_open(&key, sealed, STR("row"), arena, &out, &err));
}

static void test_the_empty_secret_is_sealed_too_and_never_twice_the_same(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    const struct master_key key = {{9}};
    struct str a = secret_seal(&key, STR_EMPTY, STR("row"), arena);
    struct str b = secret_seal(&key, STR_EMPTY, STR("row"), arena);
    struct secret out = {.hidden = STR("x")};
    struct error err = {0};

    (void)state;
    assert_false(str_equal(a, b));
    assert_true(secret_open(&key, a, STR("row"), arena, &out, &err));
    assert_int_equal(secret_expose(out).size, 0);
}

static void test_wipe_leaves_zeros(void **state)
{
    char text[] = "canary";

    (void)state;
    secret_wipe(text, 0);
    assert_string_equal(text, "canary");
    secret_wipe(text, sizeof(text));
    for (size_t i = 0; i < sizeof(text); i++)
        assert_int_equal(text[i], 0);
    secret_wipe(NULL, 0);
}

static void test_tokens_have_the_shape_a_scanner_knows(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct str token = token_make(STR("vit"), arena);

        assert_int_equal(token.size, 4 + 43 + 6);
        assert_true(str_starts_with(token, STR("vit_")));
        assert_true(token_is_whole(token, STR("vit")));
        assert_false(token_is_whole(token, STR("vix")));
        assert_false(str_equal(token, token_make(STR("vit"), arena)));
    }
}

static void test_a_mistyped_token_is_not_whole(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct str token = token_make(STR("vit"), arena);

    (void)state;
    for (size_t i = 0; i < token.size; i++) {
        struct str mistyped = arena_str(arena, token);
        char *at = (char *)(uintptr_t)(mistyped.data + i);

        *at = *at == 'a' ? 'b' : 'a';
        assert_false(token_is_whole(mistyped, STR("vit")));
        *at = '\0';
        assert_false(token_is_whole(mistyped, STR("vit")));
        assert_false(token_is_whole(str_slice(token, 0, i), STR("vit")));
    }
    assert_false(token_is_whole(STR_EMPTY, STR("vit")));
    assert_false(token_is_whole(arena_printf(arena, "%.*sa", STR_ARGS(token)), STR("vit")));
}

static void test_the_checksum_is_the_crc_of_zlib(void **state)
{
    /* Body of zeros: CRC-32 of "t_" and 43 zeros by zlib is what the last six digits say. */
    (void)state;
    assert_true(
        token_is_whole(STR("t_00000000000000000000000000000000000000000000K6LXl"), STR("t")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_password_opens_only_its_own_hash),
        cmocka_unit_test(test_broken_hashes_open_to_nothing),
        cmocka_unit_test(test_a_sealed_secret_opens_with_key_and_context_only),
        cmocka_unit_test(test_no_damage_goes_unseen),
        cmocka_unit_test(test_the_empty_secret_is_sealed_too_and_never_twice_the_same),
        cmocka_unit_test(test_wipe_leaves_zeros),
        cmocka_unit_test(test_tokens_have_the_shape_a_scanner_knows),
        cmocka_unit_test(test_a_mistyped_token_is_not_whole),
        cmocka_unit_test(test_the_checksum_is_the_crc_of_zlib),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
