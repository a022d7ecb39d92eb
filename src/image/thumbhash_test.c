#include "image/thumbhash_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Hashes by the npm package thumbhash 0.1.1 of pixels computed the same way. */
static void test_hashes_are_those_of_the_published_package(void **state)
{
    static const struct {
        size_t width_px, height_px;
        int alpha; /* 0: opaque, 1: varied, 2: all transparent */
        const char *hash;
    } cases[] = {
        {32,  32,  0, "a2260a2f0e033666677b7871885979a87765075d1031560f"  },
        {100, 60,  0, "e007061484880d427797097785775017a77f15"            },
        {7,   100, 0, "5af9056110841837758f75758994706706"                },
        {1,   1,   0, "15002aff0108f708888788708f7088f80888707ff8000000"  },
        {100, 100, 1, "a0f7850d0017a8089898877787045cf7f81936057887888788"},
        {40,  20,  1, "a517861b8626296c707c86607267f2a705998888878878"    },
        {10,  10,  2, "00088205000000000000000000000000000000000000000000"},
    };
    static uint8_t rgba[THUMBHASH_SIDE_PX_MAX * THUMBHASH_SIDE_PX_MAX * 4];

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        uint8_t hash[THUMBHASH_SIZE_MAX];
        char hex[2 * THUMBHASH_SIZE_MAX + 1] = "";
        uint32_t average;
        size_t size;

        for (size_t y = 0; y < cases[index].height_px; y++) {
            for (size_t x = 0; x < cases[index].width_px; x++) {
                uint8_t *pixel = rgba + (x + y * cases[index].width_px) * 4;

                pixel[0] = (uint8_t)(x * 7 + y * 3);
                pixel[1] = (uint8_t)(x * 2 + y * 11);
                pixel[2] = (uint8_t)(255 - x * 5 + y);
                pixel[3] = cases[index].alpha == 0   ? 255
                           : cases[index].alpha == 1 ? (uint8_t)(x * 9)
                                                     : 0;
            }
        }
        size = thumbhash_of(rgba, cases[index].width_px, cases[index].height_px, hash, &average);
        for (size_t at = 0; at < size; at++)
            snprintf(hex + 2 * at, 3, "%02x", hash[at]);
        assert_string_equal(hex, cases[index].hash);
    }
}

static void test_the_average_leaves_out_what_is_transparent(void **state)
{
    static const uint8_t rgba[] = {200, 100, 50, 255, 0, 0, 0, 0};
    uint8_t hash[THUMBHASH_SIZE_MAX];
    uint32_t average;

    (void)state;
    thumbhash_of(rgba, 2, 1, hash, &average);
    assert_int_equal(average, 0xC86432);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_are_those_of_the_published_package),
        cmocka_unit_test(test_the_average_leaves_out_what_is_transparent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
