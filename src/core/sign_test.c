/* Every vector of facts 4C (Volcengine) and 7.3 (S3), and what they do not show. */
#include "core/sign.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/test.h"

#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BODY_A                                                                                     \
    "{\"req_key\":\"jimeng_t2i_v40\",\"prompt\":\"a red bicycle against a white wall\","           \
    "\"width\":1024,\"height\":1024}"
#define BODY_D "{\"req_key\":\"jimeng_t2i_v40\",\"prompt\":\"一辆红色自行车，白墙前 🚲\"}"
#define HASH_A "b1cd60472e3c43144e3231ebb2836cf88800c45393cef21a29e1272fa0a52b2b"
#define HASH_D "65b47992dd2fb2782f291fbe59c9108f47551edb6376edf719cf6b8682281258"
#define R2_HOST "0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com"
#define R2_PATH "/my-bucket/img/a%20b%2Bc~%E7%8C%AB.png"

static int begin(void **state)
{
    *state = arena_create(MIB(1));
    return 0;
}

static int end(void **state)
{
    arena_destroy(*state);
    return 0;
}

static int64_t time_of(const char *text)
{
    int64_t wall_ms;

    assert_true(clock_parse(str_of(text), &wall_ms));
    return wall_ms;
}

static struct sign_request volc_request(void)
{
    return (struct sign_request){
        .method = STR("POST"),
        .host = STR("visual.volcengineapi.com"),
        .path = STR("/"),
        .query = STR("Action=CVSync2AsyncSubmitTask&Version=2022-08-31"),
        .payload_hash = STR(HASH_A),
        .has_payload_header = true,
        .key_id = STR("AKLTEXAMPLEACCESSKEYID"),
        .key = {STR("EXAMPLESECRETKEY0123456789abcdefABCDEF==")},
        .region = STR("cn-north-1"),
        .service = STR("cv"),
        .wall_ms = time_of("2026-11-22T08:00:00Z"),
    };
}

static struct sign_request s3_request(const char *method, const char *path, const char *query)
{
    return (struct sign_request){
        .method = str_of(method),
        .host = STR("examplebucket.s3.amazonaws.com"),
        .path = str_of(path),
        .query = str_of(query),
        .payload_hash = STR(NOTHING),
        .has_payload_header = true,
        .key_id = STR("AKIAIOSFODNN7EXAMPLE"),
        .key = {STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")},
        .region = STR("us-east-1"),
        .service = STR("s3"),
        .wall_ms = time_of("2013-05-24T00:00:00Z"),
    };
}

static struct sign_request r2_request(const char *method, const char *query)
{
    struct sign_request request = s3_request(method, R2_PATH, query);

    request.host = STR(R2_HOST);
    request.region = STR("auto");
    request.wall_ms = time_of("2026-11-22T12:00:00Z");
    return request;
}

static struct str hex_of(struct sha256 hash, struct arena *arena)
{
    char hex[SHA256_HEX_SIZE + 1];

    sha256_hex(&hash, hex);
    return arena_str(arena, str_of(hex));
}

static void check_canonical(const struct signature *signature, const char *hash, const char *what,
                            struct arena *arena)
{
    check_text(hex_of(sha256_of(signature->canonical), arena), hash, what);
}

static void test_volcengine_vector_a(void **state)
{
    static const char canonical[] =
        "POST\n/\nAction=CVSync2AsyncSubmitTask&Version=2022-08-31\n"
        "host:visual.volcengineapi.com\nx-content-sha256:" HASH_A
        "\nx-date:20261122T080000Z\n\nhost;x-content-sha256;x-date\n" HASH_A;
    struct arena *arena = *state;
    struct sign_request request = volc_request();
    struct sign_header added[SIGN_ADDED_MAX];
    struct signature signature;

    check_text(hex_of(sha256_of(STR(BODY_A)), arena), HASH_A, "the body's hash");
    sign_headers(&sign_volc, &request, arena, &signature);
    check_text(signature.canonical, canonical, "canonical");
    check_canonical(&signature, "a6ad32bc1b47e3da2e0312be56926b6f8132166eebfd9dd1c7f4b1d4702cf3ff",
                    "A", arena);
    check_text(signature.to_sign,
               "HMAC-SHA256\n20261122T080000Z\n20261122/cn-north-1/cv/request\n"
               "a6ad32bc1b47e3da2e0312be56926b6f8132166eebfd9dd1c7f4b1d4702cf3ff",
               "to sign");
    check_text(signature.authorization,
               "HMAC-SHA256 Credential=AKLTEXAMPLEACCESSKEYID/20261122/cn-north-1/cv/request, "
               "SignedHeaders=host;x-content-sha256;x-date, Signature="
               "2c8d044b958b5ac37ef0756b79e0b3d9776f175dce970426f048b6a2a499a35b",
               "authorization");
    assert_int_equal(sign_added(&sign_volc, &request, &signature, added), 3);
    check_text(added[0].name, "X-Date", "first");
    check_text(added[0].value, "20261122T080000Z", "first");
    check_text(added[1].name, "X-Content-Sha256", "second");
    check_text(added[1].value, HASH_A, "second");
    check_text(added[2].name, "Authorization", "third");
    assert_true(str_equal(added[2].value, signature.authorization));
}

/* kDate, kRegion, kService, kSigning of vector A. */
static void test_volcengine_keys(void **state)
{
    static const struct {
        const char *data, *key;
    } steps[] = {
        {"20261122",   "d36f324454f69b95db446bf7f63e450a26fe2289d1b4980f91aab881011fb55d"},
        {"cn-north-1", "ce9f81f39ae2e26280a1fdff98555459e9e98bea21e7fee8c563a6ba59072589"},
        {"cv",         "0b49589a7ec9b74bf1807cc4502b34f4cb7125e80f83d2e623d850d587d75187"},
        {"request",    "36568d68d8d76ae4f6e0e38dda13ea1e2190f5d66547054c4f3c1b874fd2e846"},
    };
    struct arena *arena = *state;
    struct sign_request request = volc_request();
    struct str key = secret_expose(request.key);
    struct sha256 step;

    for (size_t i = 0; i < COUNT(steps); i++) {
        step = hmac_sha256(key, str_of(steps[i].data));
        key = arena_str(arena, (struct str){.data = (const char *)step.bytes, .size = SHA256_SIZE});
        check_text(hex_of(step, arena), steps[i].key, steps[i].data);
    }
    check_text(hex_of(sign_key(&sign_volc, request.key, STR("20261122T080000Z"), request.region,
                               request.service),
                      arena),
               steps[3].key, "all at once");
}

static void test_volcengine_vectors_b_to_d(void **state)
{
    static const struct sign_header type = {
        {"Content-Type",     12},
        {"application/json", 16}
    };
    static const struct sign_header token = {
        {"X-Security-Token", 16},
        {"STSTOKENEXAMPLE",  15}
    };
    /* clang-format off */
    static const struct {
        const char *name, *method, *query, *body;
        const struct sign_header *header;
        bool has_payload_header;
        const char *signed_headers, *canonical, *hex;
    } rows[] = {
        {"B", "POST", "Action=CVSync2AsyncSubmitTask&Version=2022-08-31", BODY_A, &type, true,
         "content-type;host;x-content-sha256;x-date",
         "ab0ce718360cbd43095e2c9591c6d3e4f00a644d7f01c410d6ff6933017cd76d",
         "344731db23c1e9ef5edaa903952a131387921ce75e6336aba3019b58d5ac63f0"},
        {"C", "GET", "Action=CVProcess&Version=2022-08-31&Note=a%20b%2Bc%2F%C3%A9%7E*", "", NULL,
         false, "host;x-date", "b4cc4386f2b5367831f8b8d2f7ad9919bed8a575eac9b23c77360901bc543e3d",
         "71c795876de319be0f195622d8ebc0a19cc8d3a184f630fe000d913a88f1273c"},
        {"D", "POST", "Action=CVSync2AsyncSubmitTask&Version=2022-08-31", BODY_D, &token, true,
         "host;x-content-sha256;x-date;x-security-token", NULL,
         "8cc1e8118a0f7f2320298c355c441c73f2f048e0da9be400dcf9c454accec6cc"},
    };
    /* clang-format on */
    struct arena *arena = *state;

    check_text(hex_of(sha256_of(STR(BODY_D)), arena), HASH_D, "the body of D");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sign_request request = volc_request();
        struct sign_header added[SIGN_ADDED_MAX];
        struct signature signature;
        request.method = str_of(rows[i].method);
        request.query = str_of(rows[i].query);
        request.headers = rows[i].header;
        request.header_count = rows[i].header != NULL;
        request.has_payload_header = rows[i].has_payload_header;
        request.payload_hash = hex_of(sha256_of(str_of(rows[i].body)), arena);
        sign_headers(&sign_volc, &request, arena, &signature);
        check_text(signature.signed_headers, rows[i].signed_headers, rows[i].name);
        if (rows[i].canonical != NULL)
            check_canonical(&signature, rows[i].canonical, rows[i].name, arena);
        check_text(signature.hex, rows[i].hex, rows[i].name);
        assert_int_equal(sign_added(&sign_volc, &request, &signature, added),
                         rows[i].has_payload_header ? 3 : 2);
    }
}

/* The query of vector C however it is written: order, case of escapes, what needed none. */
static void test_a_query_is_the_same_however_it_is_written(void **state)
{
    static const char *const queries[] = {
        "Action=CVProcess&Note=a%20b%2Bc%2F%C3%A9~%2A&Version=2022-08-31",
        "Version=2022-08-31&Note=a%20b%2bc/%c3%a9~*&Action=CVProcess",
        "&Version=2022-08-31&&Note=a b+c/\xc3\xa9~*&Action=CVProcess&",
    };
    struct arena *arena = *state;

    for (size_t i = 0; i < COUNT(queries); i++) {
        struct sign_request request = volc_request();
        struct signature signature;
        request.method = STR("GET");
        request.query = str_of(queries[i]);
        request.has_payload_header = false;
        request.payload_hash = STR(NOTHING);
        sign_headers(&sign_volc, &request, arena, &signature);
        check_text(signature.hex,
                   "71c795876de319be0f195622d8ebc0a19cc8d3a184f630fe000d913a88f1273c", queries[i]);
    }
}

static void test_the_signing_key_of_s3(void **state)
{
    struct arena *arena = *state;
    struct sign_request request = s3_request("GET", "/", "");

    check_text(
        hex_of(sign_key(&sign_aws, request.key, STR("20130524"), request.region, request.service),
               arena),
        "dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378", "key");
}

static void test_s3_vectors_1_to_4(void **state)
{
    static const struct sign_header range = {
        {"Range",     5},
        {"bytes=0-9", 9}
    };
    static const struct sign_header put[] = {
        {{"x-amz-storage-class", 19}, {"REDUCED_REDUNDANCY", 18}           },
        {{"Date", 4},                 {"Fri, 24 May 2013 00:00:00 GMT", 29}},
    };
    /* clang-format off */
    static const struct {
        const char *name, *method, *path, *query, *body;
        const struct sign_header *headers;
        size_t header_count;
        const char *signed_headers, *canonical, *hex;
    } rows[] = {
        {"1", "GET", "/test.txt", "", "", &range, 1, "host;range;x-amz-content-sha256;x-amz-date",
         "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {"2", "PUT", "/test%24file.text", "", "Welcome to Amazon S3.", put, 2,
         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {"3", "GET", "/", "lifecycle", "", NULL, 0, "host;x-amz-content-sha256;x-amz-date", NULL,
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"4", "GET", "/", "max-keys=2&prefix=J", "", NULL, 0,
         "host;x-amz-content-sha256;x-amz-date", NULL,
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    /* clang-format on */
    struct arena *arena = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sign_request request = s3_request(rows[i].method, rows[i].path, rows[i].query);
        struct signature signature;
        request.headers = rows[i].headers;
        request.header_count = rows[i].header_count;
        request.payload_hash = hex_of(sha256_of(str_of(rows[i].body)), arena);
        sign_headers(&sign_aws, &request, arena, &signature);
        check_text(signature.signed_headers, rows[i].signed_headers, rows[i].name);
        if (rows[i].canonical != NULL)
            check_canonical(&signature, rows[i].canonical, rows[i].name, arena);
        check_text(signature.hex, rows[i].hex, rows[i].name);
    }
}

static void test_s3_vector_6_and_its_path(void **state)
{
    static const struct sign_header type = {
        {"content-type", 12},
        {"image/png",    9 }
    };
    CLEANUP(buf_finish) struct buf path = {0};
    struct arena *arena = *state;
    struct sign_request request = r2_request("PUT", "");
    struct signature signature;

    sign_path_add(&path, STR("/my-bucket/img/a b+c~猫.png"));
    check_text(buf_str(&path), R2_PATH, "path");
    request.headers = &type;
    request.header_count = 1;
    request.payload_hash = hex_of(sha256_of(STR("hello")), arena);
    sign_headers(&sign_aws, &request, arena, &signature);
    check_text(signature.signed_headers, "content-type;host;x-amz-content-sha256;x-amz-date", "6");
    check_canonical(&signature, "a96555d5e08375c28798821a6cbb0ce565e3684712a6aa6a241f4ba47b4d43de",
                    "6", arena);
    check_text(signature.hex, "08bd280000cf5008022b4356f625cb70d13a3db4dbc5f714ad225ff33c617df1",
               "6");
}

static void test_presigned_vectors_5_7_and_8(void **state)
{
    struct arena *arena = *state;
    struct sign_request request = s3_request("GET", "/test.txt", "");
    struct signature signature;

    check_text(sign_query(&sign_aws, &request, 86400, arena, &signature),
               "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
               "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
               "X-Amz-SignedHeaders=host&X-Amz-Signature="
               "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
               "5");
    check_canonical(&signature, "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04",
                    "5", arena);
    request = r2_request("GET", "response-content-disposition=attachment%3B%20filename%3D%22a%20b"
                                ".png%22");
    (void)sign_query(&sign_aws, &request, 3600, arena, &signature);
    check_text(signature.hex, "e3724698726ff4d3fb0f2b3e5b91597587c7699b8deb6e67bcb1bf3ffc05c6d1",
               "7");
    request.query = STR("response-content-disposition=attachment%3B%20filename%3D%22a%20b.png%22&"
                        "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&x-id=GetObject");
    (void)sign_query(&sign_aws, &request, 3600, arena, &signature);
    check_text(signature.hex, "d339cc1dc9da5ee4187aad4bfa3a381f31bbcc7a129eb1a312caafb02b858860",
               "8");
}

static void test_header_values_are_trimmed_and_collapsed(void **state)
{
    static const struct sign_header untidy = {
        {"X-Note",            6 },
        {"  a \t  b\r\n c  ", 14}
    };
    struct arena *arena = *state;
    struct sign_request request = volc_request();
    struct signature signature;

    request.headers = &untidy;
    request.header_count = 1;
    request.path = STR_EMPTY; /* is "/" */
    sign_headers(&sign_volc, &request, arena, &signature);
    check(str_find(signature.canonical, STR("\nx-note:a b c\n")) > 0, "one space each");
    check(str_starts_with(signature.canonical, STR("POST\n/\n")), "the empty path");
}

/* One bit of anything signed is another signature. */
static void test_everything_counts(void **state)
{
    struct arena *arena = *state;
    struct sign_request base = volc_request(), changed[9];
    struct signature first, other;

    for (size_t i = 0; i < COUNT(changed); i++)
        changed[i] = base;
    changed[0].method = STR("PUT");
    changed[1].host = STR("visual.volcengineapi.com:8443");
    changed[2].path = STR("/x");
    changed[3].query = STR("Action=CVProcess&Version=2022-08-31");
    changed[4].payload_hash = STR(HASH_D);
    changed[5].region = STR("cn-north-2");
    changed[6].service = STR("cw");
    changed[7].key = (struct secret){STR("EXAMPLESECRETKEY0123456789abcdefABCDEF=")};
    changed[8].wall_ms += 1000;
    sign_headers(&sign_volc, &base, arena, &first);
    for (size_t i = 0; i < COUNT(changed); i++) {
        sign_headers(&sign_volc, &changed[i], arena, &other);
        assert_false(str_equal(first.hex, other.hex));
    }
    sign_headers(&sign_aws, &base, arena, &other);
    assert_false(str_equal(first.hex, other.hex));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_volcengine_vector_a),
        TEST(test_volcengine_keys),
        TEST(test_volcengine_vectors_b_to_d),
        TEST(test_a_query_is_the_same_however_it_is_written),
        TEST(test_the_signing_key_of_s3),
        TEST(test_s3_vectors_1_to_4),
        TEST(test_s3_vector_6_and_its_path),
        TEST(test_presigned_vectors_5_7_and_8),
        TEST(test_header_values_are_trimmed_and_collapsed),
        TEST(test_everything_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
