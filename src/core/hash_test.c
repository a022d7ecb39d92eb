#include "core/hash.h"
#include "core/test.h"

static void check_hex(const struct sha256 *hash, const char *hex)
{
    char text[SHA256_HEX_SIZE + 1];

    sha256_hex(hash, text);
    assert_string_equal(text, hex);
}

static void test_sha256_of_the_published_vectors(void **state)
{
    /* FIPS 180-2, appendix B. */
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"",                                                         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc",                                                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"                                                            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str text = str_of(rows[i].text);
        struct sha256 hash = sha256_of(text);
        struct hasher *hasher = hasher_create();

        check_hex(&hash, rows[i].hex);
        for (size_t at = 0; at < text.size; at++)
            hasher_add(hasher, text.data + at, 1);
        hash = hasher_end(hasher);
        check_hex(&hash, rows[i].hex);
        hasher_destroy(hasher);
    }
    hasher_destroy(NULL);
}

static void test_hmac_of_the_published_vectors(void **state)
{
    /* RFC 4231, cases 2 and 6; the last as openssl(1) computes it. */
    char long_key[131];
    struct sha256 hash = hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"));

    (void)state;
    check_hex(&hash, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(long_key, 0xaa, sizeof(long_key));
    hash = hmac_sha256((struct str){.data = long_key, .size = sizeof(long_key)},
                       STR("Test Using Larger Than Block-Size Key - Hash Key First"));
    check_hex(&hash, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hash = hmac_sha256(STR_EMPTY, STR_EMPTY);
    check_hex(&hash, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_hexadecimal_reads_back_in_either_case(void **state)
{
    struct sha256 hash = sha256_of(STR("x")), back = {{0}}, untouched = {{0}};
    char hex[SHA256_HEX_SIZE + 1];

    (void)state;
    sha256_hex(&hash, hex);
    assert_true(sha256_of_hex(str_of(hex), &back));
    assert_memory_equal(&hash, &back, sizeof(hash));
    for (char *at = hex; *at != '\0'; at++)
        if (*at >= 'a')
            *at = (char)(*at - 'a' + 'A');
    memset(&back, 0, sizeof(back));
    assert_true(sha256_of_hex(str_of(hex), &back));
    assert_memory_equal(&hash, &back, sizeof(hash));
    back = untouched;
    hex[63] = 'g';
    assert_false(sha256_of_hex(str_of(hex), &back));
    assert_false(sha256_of_hex(str_slice(str_of(hex), 0, 62), &back));
    assert_false(sha256_of_hex(STR_EMPTY, &back));
    assert_memory_equal(&back, &untouched, sizeof(back));
}

static void test_table_hashes_spread_and_take_a_seed(void **state)
{
    size_t counts[16] = {0};

    (void)state;
    assert_true(hash_u64(STR("a"), 1) == hash_u64(STR("a"), 1));
    assert_true(hash_u64(STR("a"), 1) != hash_u64(STR("a"), 2));
    assert_true(hash_u64(STR(""), 1) != hash_u64(STR("\0"), 1));
    for (uint32_t i = 0; i < 16000; i++)
        counts[hash_u64((struct str){.data = (const char *)&i, .size = 4}, 0) >> 60]++;
    for (size_t i = 0; i < COUNT(counts); i++)
        assert_in_range(counts[i], 850, 1150);
}

static void test_base64_is_written_as_rfc_4648_says(void **state)
{
    static const struct {
        const char *plain, *padded, *url;
    } rows[] = {
        {"",             "",         ""        },
        {"f",            "Zg==",     "Zg"      },
        {"fo",           "Zm8=",     "Zm8"     },
        {"foo",          "Zm9v",     "Zm9v"    },
        {"foob",         "Zm9vYg==", "Zm9vYg"  },
        {"fooba",        "Zm9vYmE=", "Zm9vYmE" },
        {"foobar",       "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xbe", "+/++",     "-_--"    },
    };
    CLEANUP(buf_finish) struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_clear(&out);
        base64_add(&out, str_of(rows[i].plain));
        check_text(buf_str(&out), rows[i].padded, "padded");
        buf_clear(&out);
        base64url_add(&out, str_of(rows[i].plain));
        check_text(buf_str(&out), rows[i].url, "for URLs");
    }
}

static void test_base64_is_read_liberally(void **state)
{
    static const struct {
        const char *text;
        const char *plain; /* NULL: refused */
        const char *because;
    } rows[] = {
        {"Zm9vYg==",                                     "foob",         "padded"                       },
        {"Zm9vYg",                                       "foob",         "padding is missing"           },
        {" Zm9v\r\n\tYmE= \n",                           "fooba",        "white space"                  },
        {"-_+/",                                         "\xfb\xff\xbf", "both alphabets"               },
        {"Zh==",                                         "f",            "bits left over"               },
        {"",                                             "",             "nothing"                      },
        {"data:image/png;base64,Zm9v",                   "foo",          "a data URL"                   },
        {"DATA:;BASE64,Zm9v",                            "foo",          "a data URL in capitals"       },
        {"\n data:text/plain;charset=utf-8;base64,Zm9v", "foo",          "a data URL with parameters"   },
        {"data:image/png,Zm9v",                          NULL,           "a data URL that is not base64"},
        {"data:image/png;base64",                        NULL,           "a data URL without data"      },
        {"data:image/png;base64;x,Zm9v",                 NULL,           "base64 is not last"           },
        {"Zm9vYg=",                                      NULL,           "half the padding"             },
        {"Zm9v====",                                     NULL,           "padding of nothing"           },
        {"Zm9v=",                                        NULL,           "padding too much"             },
        {"=",                                            NULL,           "only padding"                 },
        {"Zm=9v",                                        NULL,           "padding inside"               },
        {"Zg==Zg==",                                     NULL,           "two of them"                  },
        {"Z",                                            NULL,           "six bits are no byte"         },
        {"Zm9vY",                                        NULL,           "six bits too many"            },
        {"Zm9!",                                         NULL,           "a foreign character"          },
        {"Zm9\xc3",                                      NULL,           "a byte beyond ASCII"          },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str plain = STR("untouched");

        check(base64_read(str_of(rows[i].text), 100, arena, &plain) == (rows[i].plain != NULL),
              rows[i].because);
        check_text(plain, rows[i].plain == NULL ? "untouched" : rows[i].plain, rows[i].because);
    }
    assert_false(base64_read(STR("Zm9v\0"), 100, arena, &(struct str){0}));
}

static void test_base64_keeps_to_its_limits(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(1));
    CLEANUP(buf_finish) struct buf text = {0};
    struct str plain;

    (void)state;
    assert_true(base64_read(STR("Zm9vYmE="), 5, arena, &plain));
    assert_false(base64_read(STR("Zm9vYmE="), 4, arena, &plain));
    for (int i = 0; i < 1000; i++)
        buf_add(&text, STR("Zm9v"));
    assert_false(base64_read(buf_str(&text), SIZE_MAX, arena, &plain)); /* the arena is full */
}

static void test_base64_of_every_byte_reads_back(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    char bytes[512];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7 % 256);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        CLEANUP(buf_finish) struct buf text = {0};
        struct str plain = {.data = bytes, .size = size}, back;

        if (size % 2 == 0)
            base64_add(&text, plain);
        else
            base64url_add(&text, plain);
        assert_true(base64_read(buf_str(&text), size, arena, &back));
        assert_true(str_equal(plain, back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_of_the_published_vectors),
        cmocka_unit_test(test_hmac_of_the_published_vectors),
        cmocka_unit_test(test_hexadecimal_reads_back_in_either_case),
        cmocka_unit_test(test_table_hashes_spread_and_take_a_seed),
        cmocka_unit_test(test_base64_is_written_as_rfc_4648_says),
        cmocka_unit_test(test_base64_is_read_liberally),
        cmocka_unit_test(test_base64_keeps_to_its_limits),
        cmocka_unit_test(test_base64_of_every_byte_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
