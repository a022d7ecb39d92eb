/* Shapes and classes of size. */
#include "provider/provider_test.h"

static const struct ratio ratios[] = {
    {"1:1",  1024, 1024},
    {"16:9", 1376, 768 },
    {"1:8",  384,  3072},
    {NULL,   0,    0   }
};
static const struct ratio_class classes[] = {
    {"512", 2,  1},
    {"1K",  4,  2},
    {"2K",  8,  3},
    {"4K",  16, 4},
    {NULL,  0,  0}
};

static void test_a_size_is_found_to_the_pixel_or_nearly(void **state)
{
    static const struct {
        int64_t width, height;
        bool is_exact;
        const char *ratio, *class; /* NULL: none */
        const char *why;
    } rows[] = {
        {1024,  1024,  true,  "1:1",  "1K",  "as it stands"           },
        {2752,  1536,  true,  "16:9", "2K",  "twice"                  },
        {688,   384,   true,  "16:9", "512", "half"                   },
        {1536,  12288, true,  "1:8",  "4K",  "four times"             },
        {1377,  768,   true,  NULL,   NULL,  "a pixel off"            },
        {3072,  3072,  true,  NULL,   NULL,  "three times is no class"},
        {1344,  768,   false, "16:9", "1K",  "16:9 of another model"  },
        {2560,  1440,  false, "16:9", "2K",  "about 2K"               },
        {1000,  1000,  false, "1:1",  "1K",  "about 1K"               },
        {1920,  1080,  false, NULL,   NULL,  "between 1K and 2K"      },
        {1200,  900,   false, NULL,   NULL,  "4:3, which is not there"},
        {8192,  8192,  false, NULL,   NULL,  "larger than any class"  },
        {0,     0,     false, NULL,   NULL,  "nothing"                },
        {-1024, -1024, true,  NULL,   NULL,  "negative"               },
        {1,     65536, false, NULL,   NULL,  "a line"                 },
        {1024,  70000, false, NULL,   NULL,  "beyond any picture"     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct ratio *ratio = NULL;
        const struct ratio_class *class = NULL;
        bool is_found = ratio_find(ratios, classes, rows[i].width, rows[i].height, rows[i].is_exact,
                                   &ratio, &class);
        if (is_found != (rows[i].ratio != NULL))
            fail_msg("%s", rows[i].why);
        if (!is_found)
            continue;
        assert_string_equal(ratio->name, rows[i].ratio);
        assert_string_equal(class->name, rows[i].class);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_size_is_found_to_the_pixel_or_nearly)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
