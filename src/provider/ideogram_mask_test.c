/* A mask turned over is the same pixels under a palette that runs backwards. */
#include "provider/provider_test.h"

#include "provider/ideogram_private.h"

/* 8 x 1, grey of 8 bits, as vips writes it, with a chunk that a palette would forbid. */
#define GREY_MASK                                                                                  \
    "\211PNG\015\012\032\012\000\000\000\015IHDR\000\000\000\010\000\000\000\001\010\000"          \
    "\000\000\000\306k\260\237\000\000\000\002bKGD\000\377\207\217\314\277\000\000\000"            \
    "\015IDATx\332c\370\377\237\001\014\000\016\372\001\377\334\351\076\352\000\000\000"           \
    "\000IEND\256B\140\202"

static void test_grey_becomes_a_palette_backwards(void **state)
{
    struct fixture *fixture = *state;
    struct str mask = STR(GREY_MASK), out = STR_EMPTY;
    struct error err = {0};

    assert_true(picture_is_whole(mask));
    assert_true(ideogram_mask_invert(mask, fixture->arena, &out, &err));
    assert_true(picture_is_whole(out));
    assert_int_equal(out.data[25], 3); /* a palette */
    assert_int_equal(out.size, mask.size - 14 + 12 + 768);
    /* the header's new checksum, by zlib.crc32() */
    assert_memory_equal(out.data + 29, "\xd4\xde\x1f\x71", 4);
    assert_memory_equal(out.data + 33, "\0\0\3\0PLTE\xff\xff\xff\xfe\xfe\xfe", 14);
    assert_memory_equal(out.data + 41 + 765, "\0\0\0\xee\xae\xe1\x94", 7);
    assert_true(str_find(out, STR("bKGD")) < 0);
    assert_memory_equal(out.data + 813, mask.data + 47, mask.size - 47); /* the pixels */
}

static void test_what_is_no_grey_png_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char bytes[sizeof GREY_MASK - 1];
    struct str out, mask = {.data = bytes, .size = sizeof bytes};
    struct error err = {0};
    const struct str others[] = {STR(""), STR(JPEG_BYTES), STR(PNG_BYTES), str_slice(mask, 0, 20)};

    for (size_t i = 0; i < COUNT(others); i++) {
        memcpy(bytes, GREY_MASK, sizeof bytes);
        assert_false(ideogram_mask_invert(others[i], fixture->arena, &out, &err));
        assert_string_equal(err.field, "mask");
    }
    bytes[24] = 16; /* no palette has 16 bits */
    assert_false(ideogram_mask_invert(mask, fixture->arena, &out, &err));
    bytes[24] = 1;
    assert_true(ideogram_mask_invert(mask, fixture->arena, &out, &err));
    memset(bytes + 33, 0xff, 4); /* a size that goes beyond the end */
    assert_true(ideogram_mask_invert(mask, fixture->arena, &out, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_grey_becomes_a_palette_backwards),
        TEST(test_what_is_no_grey_png_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
