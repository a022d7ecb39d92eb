/*
 * provider/gemini_models.c: Google's models.  Rows from facts/providers.md 2.1, 2.4, 8.1, 8.3 and
 * 8.4, read 2026-11-22.  They rot in weeks: an id that is not here passes through unchanged.
 *
 * In doubt: that Nano Banana 2.1 takes 14 pictures, and the output tokens of each class, are
 * second-hand (facts 2.1, 2.2): bills are made of usageMetadata.
 */
#include "provider/gemini_private.h"

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

/*
 * Pixels of each shape in class 1K; other classes are multiples.  Facts 2.1 has the squares and
 * 16:9; the rest is the table of Google's guide (ai.google.dev, "Aspect ratios and image size"),
 * which several public clients repeat alike.  The guide's 792x168 for 21:9 in class 512 is taken as
 * a slip for 792x336: it is no 21:9.
 */
static const struct ratio ratios_10[] = {
    {"1:1",  1024, 1024},
    {"2:3",  848,  1264},
    {"3:2",  1264, 848 },
    {"3:4",  896,  1200},
    {"4:3",  1200, 896 },
    {"4:5",  928,  1152},
    {"5:4",  1152, 928 },
    {"9:16", 768,  1376},
    {"16:9", 1376, 768 },
    {"21:9", 1584, 672 },
    {NULL,   0,    0   },
};
static const struct ratio ratios_14[] = {
    {"1:1",  1024, 1024},
    {"2:3",  848,  1264},
    {"3:2",  1264, 848 },
    {"3:4",  896,  1200},
    {"4:3",  1200, 896 },
    {"4:5",  928,  1152},
    {"5:4",  1152, 928 },
    {"9:16", 768,  1376},
    {"16:9", 1376, 768 },
    {"21:9", 1584, 672 },
    {"1:4",  512,  2048},
    {"4:1",  2048, 512 },
    {"1:8",  384,  3072},
    {"8:1",  3072, 384 },
    {NULL,   0,    0   },
};
static const struct ratio ratios_25[] = {
    {"1:1",  1024, 1024},
    {"2:3",  832,  1248},
    {"3:2",  1248, 832 },
    {"3:4",  864,  1184},
    {"4:3",  1184, 864 },
    {"4:5",  896,  1152},
    {"5:4",  1152, 896 },
    {"9:16", 768,  1344},
    {"16:9", 1344, 768 },
    {"21:9", 1536, 672 },
    {NULL,   0,    0   },
};
static const struct ratio ratios_imagen[] = {
    {"1:1",  1024, 1024},
    {"3:4",  896,  1280},
    {"4:3",  1280, 896 },
    {"9:16", 768,  1408},
    {"16:9", 1408, 768 },
    {NULL,   0,    0   },
};

#define SIZES_512                                                                                  \
    "512x512", "424x632", "632x424", "448x600", "600x448", "464x576", "576x464", "384x688",        \
        "688x384", "792x336"
#define SIZES_1K                                                                                   \
    "1024x1024", "848x1264", "1264x848", "896x1200", "1200x896", "928x1152", "1152x928",           \
        "768x1376", "1376x768", "1584x672"
#define SIZES_2K                                                                                   \
    "2048x2048", "1696x2528", "2528x1696", "1792x2400", "2400x1792", "1856x2304", "2304x1856",     \
        "1536x2752", "2752x1536", "3168x1344"
#define SIZES_4K                                                                                   \
    "4096x4096", "3392x5056", "5056x3392", "3584x4800", "4800x3584", "3712x4608", "4608x3712",     \
        "3072x5504", "5504x3072", "6336x2688"
#define LONG_512 "256x1024", "1024x256", "192x1536", "1536x192"
#define LONG_1K "512x2048", "2048x512", "384x3072", "3072x384"
#define LONG_2K "1024x4096", "4096x1024", "768x6144", "6144x768"
#define LONG_4K "2048x8192", "8192x2048", "1536x12288", "12288x1536"

static const char *const sizes_21[] = {SIZES_1K, LONG_1K, SIZES_2K, LONG_2K,
                                       SIZES_4K, LONG_4K, NULL};
static const char *const sizes_31[] = {SIZES_1K, LONG_1K,   SIZES_2K, LONG_2K, SIZES_4K,
                                       LONG_4K,  SIZES_512, LONG_512, NULL};
static const char *const sizes_lite[] = {SIZES_1K, LONG_1K, NULL};
static const char *const sizes_pro[] = {SIZES_1K, SIZES_2K, SIZES_4K, NULL};
static const char *const sizes_25[] = {"1024x1024", "832x1248", "1248x832", "864x1184",
                                       "1184x864",  "896x1152", "1152x896", "768x1344",
                                       "1344x768",  "1536x672", NULL};
static const char *const sizes_imagen[] = {"1024x1024", "896x1280",  "1280x896",  "768x1408",
                                           "1408x768",  "2048x2048", "1792x2560", "2560x1792",
                                           "1536x2816", "2816x1536", NULL};
static const char *const sizes_imagen_fast[] = {"1024x1024", "896x1280", "1280x896",
                                                "768x1408",  "1408x768", NULL};
static const char *const formats_imagen[] = {"png", "jpeg", NULL};

/* Output tokens of a picture: facts 2.2.  Of 2.1 only 1K is known; 4K is the quoted 0.11 dollars at
 * 30 a million, 2K stands as far between as it does with 3.1 (facts 10.3: to be checked). */
static const struct ratio_class classes_21[] = {
    {"1K", 4,  1120},
    {"2K", 8,  2450},
    {"4K", 16, 3670},
    {NULL, 0,  0   }
};
static const struct ratio_class classes_31[] = {
    {"512", 2,  747 },
    {"1K",  4,  1120},
    {"2K",  8,  1680},
    {"4K",  16, 2520},
    {NULL,  0,  0   }
};
static const struct ratio_class classes_pro[] = {
    {"1K", 4,  1120},
    {"2K", 8,  1120},
    {"4K", 16, 2000},
    {NULL, 0,  0   }
};
static const struct ratio_class classes_lite[] = {
    {"1K", 4, 1120},
    {NULL, 0, 0   }
};
static const struct ratio_class classes_25[] = {
    {"1K", 4, 1290},
    {NULL, 0, 0   }
};
static const struct ratio_class classes_imagen[] = {
    {"1K", 4, 0},
    {"2K", 8, 0},
    {NULL, 0, 0}
};

/* --- what a call may also say (facts 2.1, 2.2) --- */

static const char *const thinking_two[] = {"minimal", "high", NULL};
static const char *const thinking_three[] = {"minimal", "medium", "high", NULL};
static const char *const thinking_four[] = {"minimal", "low", "medium", "high", NULL};
static const char *const safeties[] = {"auto", "strict", "standard", "relaxed",
                                       "none", "off",    NULL};
/* clang-format off */
#define THINKING(levels) OPTION_ROW(                                                               \
    CHOICE, "thinking", "Thinking", "思考程度",                                                    \
    "More is slower and better at detailed wishes; its tokens are paid for.",                      \
    "越高越慢，复杂要求完成得更好；思考用量会计费。", .choices = (levels))
static const struct provider_field option_two = THINKING(thinking_two);
static const struct provider_field option_three = THINKING(thinking_three);
static const struct provider_field option_four = THINKING(thinking_four);
static const struct provider_field option_search = OPTION_ROW(
    BOOL, "web_search", "Web search", "联网搜索",
    "The model may look things up before it draws. Google bills searches apart.",
    "允许模型在作图前联网搜索；搜索由 Google 另行计费。", .fallback = "");
static const struct provider_field option_safety = OPTION_ROW(
    CHOICE, "safety", "Content filter", "内容审核强度",
    "How early Google blocks: strict blocks most.", "Google 的拦截力度：strict 最严格。", .choices = safeties);
static const struct provider_field *const options_21[] = {
    &option_three, &option_search, &provider_option_temperature, &option_safety, NULL};
static const struct provider_field *const options_31[] = {
    &option_two, &provider_option_temperature, &option_safety, NULL};
static const struct provider_field *const options_plain[] = {
    &provider_option_temperature, &option_safety, NULL};
static const struct provider_field *const options_any[] = {
    &option_four, &option_search, &provider_option_temperature, &option_safety, NULL};
/* clang-format on */

/* --- the catalogue --- */

/* One picture per call, no seed that holds, no negative prompt, no mask (facts 2.1). */
#define PICTURES(wire_name, shown_name, option_list, references, size_list, price, in_rate,        \
                 out_rate, reads)                                                                  \
    {                                                                                              \
        .is_known = true, .can_generate = true, .can_edit = true, .count_max = 1,                  \
        .options = (option_list), .currency = "USD", .price_as_of = AS_OF,                         \
        .name = TEXT(wire_name), .label = TEXT(shown_name), .references_max = (references),        \
        .sizes = (size_list), .price_micro = (price), .rate_text_in_micro = (in_rate),             \
        .rate_image_in_micro = (in_rate), .rate_out_micro = (out_rate),                            \
        .reference_tokens = (reads)                                                                \
    }

/* Rates of 0: not known.  How many pictures may be looked at is not said; a call holds 20 MB. */
static const struct provider_field *const options_words[] = {
    &option_four, &provider_option_temperature, &option_safety, NULL};
#define WORDS(wire_name, shown_name, in_rate, out_rate)                                            \
    {                                                                                              \
        .is_known = true, .can_write = true, .can_see = true, .has_schema = true,                  \
        .has_seed = true, .references_max = 16, .count_max = 1, .price_micro = -1,                 \
        .currency = "USD", .price_as_of = AS_OF, .name = TEXT(wire_name),                          \
        .label = TEXT(shown_name), .rate_text_in_micro = (in_rate),                                \
        .rate_image_in_micro = (in_rate), .rate_out_micro = (out_rate), .reference_tokens = 1100,  \
        .write_options = options_words                                                             \
    }

const struct provider_model gemini_models[GEMINI_MODEL_COUNT] = {
    PICTURES("gemini-nano-banana-2.1", "Nano Banana 2.1", options_21, 14, sizes_21, 34000, 1500000,
             30000000, 1100),
    PICTURES("gemini-3-pro-image", "Nano Banana Pro", options_plain, 14, sizes_pro, 134000, 2000000,
             120000000, 1100),
    PICTURES("gemini-3.1-flash-lite-image", "Nano Banana 2 Lite", options_plain, 14, sizes_lite,
             34000, 250000, 30000000, 1100),
    PICTURES("gemini-3.1-flash-image", "Nano Banana 2 (deprecated)", options_31, 14, sizes_31,
             67000, 500000, 60000000, 1100),
    PICTURES("gemini-2.5-flash-image", "Nano Banana (deprecated)", options_plain, 3, sizes_25,
             39000, 300000, 30000000, 258),
    WORDS("gemini-3.8-flash", "Gemini 3.8 Flash", 750000, 3750000),
    WORDS("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite", 300000, 2500000),
    WORDS("gemini-3.1-pro-preview", "Gemini 3.1 Pro (preview)", 2000000, 12000000),
    WORDS("gemini-4-argon", "Gemini 4 Argon", 0, 0),
    WORDS("gemini-4-carbon", "Gemini 4 Carbon", 0, 0),
    WORDS("gemini-3.6-flash", "Gemini 3.6 Flash", 0, 0),
    WORDS("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite", 0, 0),
    WORDS("gemini-flash-latest", "Gemini Flash (latest)", 0, 0),
};

/* Anything may be asked of a model we do not know; the server says what it cannot do. */
const struct provider_model gemini_model_default = {
    .options = options_any,
    .write_options = options_words,
    .can_generate = true,
    .can_edit = true,
    .can_write = true,
    .can_see = true,
    .has_schema = true,
    .has_seed = true,
    .references_max = 14,
    .count_max = 1,
    .price_micro = -1,
};

/*
 * Imagen is gone from the Gemini API since August 2026 and lives on in Google Cloud alone (facts
 * 2.4), so it is not offered, but understood.  The ids of fast and ultra are Google Cloud's.
 */
#define IMAGEN(wire_name, most, size_list, price)                                                  \
    {                                                                                              \
        .is_known = true, .can_generate = true, .has_seed = true, .has_negative = true,            \
        .formats = formats_imagen, .currency = "USD", .price_as_of = AS_OF,                        \
        .name = TEXT(wire_name), .count_max = (most), .sizes = (size_list), .price_micro = (price) \
    }
static const struct provider_model imagen_models[] = {
    IMAGEN("imagen-4.0-generate-001", 4, sizes_imagen, 40000),
    IMAGEN("imagen-4.0-fast-generate-001", 4, sizes_imagen_fast, 20000),
    IMAGEN("imagen-4.0-ultra-generate-001", 1, sizes_imagen, 60000),
    IMAGEN("imagen-", 4, NULL, -1), /* any other */
};

static const struct gemini_traits traits[] = {
    {"gemini-nano-banana-2.1",      ratios_14, classes_21,   true,  7500000 },
    {"gemini-3-pro-image",          ratios_10, classes_pro,  true,  12000000},
    {"gemini-3.1-flash-lite-image", ratios_14, classes_lite, false, 30000000},
    {"gemini-3.1-flash-image",      ratios_14, classes_31,   true,  3000000 },
    {"gemini-2.5-flash-image",      ratios_25, classes_25,   false, 2500000 },
};
static const struct gemini_traits traits_imagen = {"", ratios_imagen, classes_imagen, true, 0};
static const struct gemini_traits traits_default = {"", ratios_14, classes_31, true, 0};

void gemini_model_of(struct str name, struct provider_model *model,
                     const struct gemini_traits **found, bool *is_imagen)
{
    *is_imagen = str_starts_with(name, STR("imagen-"));
    *model = provider_model_find(&provider_gemini, name);
    *found = *is_imagen ? &traits_imagen : &traits_default;
    for (size_t i = 0; model->is_known && i < COUNT(traits); i++)
        if (str_starts_with(name, str_of(traits[i].name))) /* its dated snapshots too */
            *found = &traits[i];
    for (size_t i = 0; *is_imagen && i < COUNT(imagen_models); i++)
        if (str_equal(name, imagen_models[i].name) || i + 1 == COUNT(imagen_models)) {
            *model = imagen_models[i];
            model->name = name;
            return;
        }
}
