#include "provider/provider_test.h"

static void fill(struct multipart *multipart, const char *file)
{
    *multipart = (struct multipart){0};
    multipart_add_text(multipart, "prompt", STR("a cup"));
    multipart_add_file(multipart, "image", STR("a\"b\r\n.png"), STR("image/png"), str_of(file));
}

static void test_a_body_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct multipart multipart;
    struct exchange exchange = {0};
    struct str type, boundary;

    fill(&multipart, "BYTES");
    multipart_finish(&multipart, fixture->arena, &exchange);
    type = header_of(&exchange, "Content-Type");
    assert_true(str_starts_with(type, STR("multipart/form-data; boundary=vitrine-")));
    boundary = str_slice(type, sizeof "multipart/form-data; boundary=" - 1, type.size);
    assert_int_equal(boundary.size, sizeof "vitrine-" - 1 + 32);
    assert_text(
        body_of(&exchange, fixture->arena),
        arena_cstr(fixture->arena,
                   arena_printf(fixture->arena,
                                "--%.*s\r\n"
                                "Content-Disposition: form-data; name=\"prompt\"\r\n\r\n"
                                "a cup\r\n"
                                "--%.*s\r\n"
                                "Content-Disposition: form-data; name=\"image\"; "
                                "filename=\"a%%22b%%0D%%0A.png\"\r\n"
                                "Content-Type: image/png\r\n\r\n"
                                "BYTES\r\n"
                                "--%.*s--\r\n",
                                STR_ARGS(boundary), STR_ARGS(boundary), STR_ARGS(boundary))));
}

static void test_the_same_parts_are_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct multipart multipart;
    struct exchange one = {0}, two = {0}, other = {0};

    fill(&multipart, "BYTES");
    multipart_finish(&multipart, fixture->arena, &one);
    multipart_finish(&multipart, fixture->arena, &two);
    assert_true(str_equal(body_of(&one, fixture->arena), body_of(&two, fixture->arena)));
    fill(&multipart, "BYTEZ");
    multipart_finish(&multipart, fixture->arena, &other);
    assert_false(str_equal(header_of(&one, "Content-Type"), header_of(&other, "Content-Type")));
}

/* "ab" + "c" and "a" + "bc" must not share a boundary. */
static void test_parts_are_hashed_with_their_borders(void **state)
{
    struct fixture *fixture = *state;
    struct multipart one = {0}, two = {0};
    struct exchange a = {0}, b = {0};

    multipart_add_text(&one, "x", STR("ab"));
    multipart_add_text(&one, "x", STR("c"));
    multipart_add_text(&two, "x", STR("a"));
    multipart_add_text(&two, "x", STR("bc"));
    multipart_finish(&one, fixture->arena, &a);
    multipart_finish(&two, fixture->arena, &b);
    assert_false(str_equal(header_of(&a, "Content-Type"), header_of(&b, "Content-Type")));
}

static void test_file_bytes_are_not_copied(void **state)
{
    struct fixture *fixture = *state;
    static const char bytes[] = "BYTES";
    struct multipart multipart;
    struct exchange exchange = {0};

    fill(&multipart, bytes);
    multipart_finish(&multipart, fixture->arena, &exchange);
    assert_int_equal(exchange.body_count, 5);
    assert_ptr_equal(exchange.body[3].data, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_body_is_written_byte_by_byte),
        TEST(test_the_same_parts_are_the_same_bytes),
        TEST(test_parts_are_hashed_with_their_borders),
        TEST(test_file_bytes_are_not_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
