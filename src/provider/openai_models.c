/*
 * provider/openai_models.c: OpenAI's models for pictures and for text.  Rows from
 * facts/providers.md 1.1, 1.6, 8.1, 8.2 and 8.4, read 2026-11-22.  They rot in weeks: an id that is
 * not here passes through unchanged.
 *
 * In doubt: the bounds of pixels are from several clients [2ND], and of 2.6 they are taken from 2.5
 * (facts 10.2); what a partial picture costs is second-hand too.  A size that is refused costs
 * nothing.
 */
#include "provider/openai_private.h"

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

static const char *const sizes_three[] = {"1024x1024", "1536x1024", "1024x1536", NULL};
static const char *const qualities_three[] = {"low", "medium", "high", "auto", NULL};
static const char *const qualities_five[] = {"low", "medium", "high", "xhigh", "max", "auto", NULL};
static const char *const formats[] = {"png", "jpeg", "webp", NULL};

/* "auto" is estimated as the dearest the model may choose by itself. */
static const struct provider_tokens tokens_1[] = {
    {"low",    272,  408,  400 },
    {"medium", 1056, 1584, 1568},
    {"high",   4160, 6240, 6208},
    {"auto",   4160, 6240, 6208},
    {NULL,     0,    0,    0   },
};

/* From mini's price per picture at $8 a million. */
static const struct provider_tokens tokens_mini[] = {
    {"low",    625,  750,  750 },
    {"medium", 1375, 1875, 1875},
    {"high",   4500, 6500, 6500},
    {"auto",   4500, 6500, 6500},
    {NULL,     0,    0,    0   },
};

/* From the cost table of gpt-image-2 at $30 a million; 2.5 is not dearer at the same quality. */
static const struct provider_tokens tokens_2[] = {
    {"low",    200,  167,  167 },
    {"medium", 1767, 1367, 1367},
    {"high",   7033, 5500, 5500},
    {"xhigh",  7033, 5500, 5500},
    {"max",    7033, 5500, 5500},
    {"auto",   7033, 5500, 5500},
    {NULL,     0,    0,    0   },
};

/* 2.6 as measured by a reseller on 2026-11-05: low costs 3 to 4 times as much, high far less; with
 * an open quality it took up to about 5800 at 1024x1024. */
static const struct provider_tokens tokens_26[] = {
    {"low",    800,  664,  664 },
    {"medium", 1767, 1367, 1367},
    {"high",   1767, 1367, 1367},
    {"xhigh",  7033, 5500, 5500},
    {"max",    7033, 5500, 5500},
    {"auto",   5800, 5500, 5500},
    {NULL,     0,    0,    0   },
};

/*
 * Quality is always sent (facts 8.2): left out, 2.6 Sunburst behaves like "high" and Flare chooses
 * by the prompt, so that a price could not be told before.  "medium" is the quality at which OpenAI
 * quotes its price per picture, and the one whose price every model of the family has.
 */
/* clang-format off */
static const char *const moderations[] = {"auto", "low", NULL};
static const char *const complexities[] = {"auto", "low", "medium", "high", NULL};
static const struct provider_field option_moderation = OPTION_ROW(
    CHOICE, "moderation", "Content filter", "内容审核强度",
    "auto is OpenAI's standard, low filters less.", "auto 为标准审核，low 较宽松。", .choices = moderations);
static const struct provider_field option_complexity = OPTION_ROW(
    CHOICE, "complexity", "Planning effort", "构图规划强度",
    "Less is quicker and costs the same.", "越低越快，价格不变。", .choices = complexities);
static const struct provider_field *const options_gpt[] = {&option_moderation, NULL};
static const struct provider_field *const options_26[] = {
    &option_complexity, &option_moderation, NULL};
/* clang-format on */

#define GPT_IMAGE(wire_name, shown_name)                                                           \
    .is_known = true, .can_generate = true, .can_edit = true, .can_mask = true,                    \
    .has_transparency = true, .has_stream = true, .references_max = 16, .count_max = 10,           \
    .formats = formats, .quality_default = "medium", .currency = "USD", .price_as_of = AS_OF,      \
    .partial_tokens = 100, .name = TEXT(wire_name), .label = TEXT(shown_name)

/*
 * Since gpt-image-2: any size within bounds.  References are always read at high fidelity; their
 * tokens are the most that counts for (OpenAI's guide to image inputs: 65, six tiles of 129, and
 * 6144 for fidelity).  gpt-image-2's own transparency is a preview: some accounts are refused, with
 * a clear message.
 */
#define SINCE_2(wire_name, shown_name, option_list, quality_list, token_table)                     \
    {                                                                                              \
        GPT_IMAGE(wire_name, shown_name),                                                          \
            .options = (option_list), .side_px_min = 16, .side_px_max = 3840, .side_px_step = 16,  \
            .pixels_min = 655360, .pixels_max = 8294400, .ratio_max = 3, .price_micro = 53000,     \
            .rate_text_in_micro = 5000000, .rate_image_in_micro = 8000000,                         \
            .rate_out_micro = 30000000, .reference_tokens = 6983, .qualities = (quality_list),     \
            .tokens = (token_table)                                                                \
    }

/* Before: three sizes, and references at low fidelity unless asked otherwise. */
#define BEFORE_2(wire_name, shown_name, token_table, price, text_rate, image_rate, out_rate)       \
    {                                                                                              \
        GPT_IMAGE(wire_name, shown_name),                                                          \
            .options = options_gpt, .sizes = sizes_three, .qualities = qualities_three,            \
            .tokens = (token_table), .price_micro = (price), .rate_text_in_micro = (text_rate),    \
            .rate_image_in_micro = (image_rate), .rate_out_micro = (out_rate),                     \
            .reference_tokens = 839                                                                \
    }

/*
 * What a text may be told (facts 1.5, 1.6): known models think and take no temperature; which
 * levels one of them takes is not in the facts, and another is refused for nothing.
 */
static const char *const efforts[] = {"none", "minimal", "low", "medium",
                                      "high", "xhigh",   "max", NULL};
static const struct provider_field option_effort = EFFORT_ROW(efforts);
static const struct provider_field *const options_text[] = {&option_effort,
                                                            &provider_option_verbosity, NULL};
static const struct provider_field *const options_text_chat[] = {&option_effort, NULL};
static const struct provider_field *const options_text_any[] = {&option_effort,
                                                                &provider_option_temperature, NULL};

/*
 * Text.  Its pictures are sent with "detail": "high", which is bounded at about 2940 tokens each
 * (facts 8.4, measured by others).  Above 272k tokens of input a call costs more; what is sent here
 * cannot be as long.
 */
#define WRITES(wire_name, shown_name, in_rate, cached_rate, out_rate)                              \
    {                                                                                              \
        .is_known = true, .can_write = true, .can_see = true, .has_schema = true,                  \
        .references_max = 16, .count_max = 1, .price_micro = -1, .currency = "USD",                \
        .price_as_of = AS_OF, .name = TEXT(wire_name), .label = TEXT(shown_name),                  \
        .rate_text_in_micro = (in_rate), .rate_image_in_micro = (in_rate),                         \
        .rate_cached_in_micro = (cached_rate), .rate_out_micro = (out_rate),                       \
        .reference_tokens = 2940, .write_options = options_text                                    \
    }

const struct provider_model openai_models[OPENAI_MODEL_COUNT] = {
    SINCE_2("gpt-image-2.6-sunburst", "GPT Image 2.6 Sunburst", options_26, qualities_five,
            tokens_26),
    SINCE_2("gpt-image-2.6-flare", "GPT Image 2.6 Flare", options_26, qualities_five, tokens_26),
    SINCE_2("gpt-image-2.5-sunburst", "GPT Image 2.5 Sunburst", options_gpt, qualities_five,
            tokens_2),
    SINCE_2("gpt-image-2.5-flare", "GPT Image 2.5 Flare", options_gpt, qualities_five, tokens_2),
    SINCE_2("gpt-image-2", "GPT Image 2", options_gpt, qualities_three, tokens_2),
    BEFORE_2("gpt-image-1.5", "GPT Image 1.5 (ends 2026-12-01)", tokens_1, 34000, 5000000, 8000000,
             32000000),
    BEFORE_2("gpt-image-1-mini", "GPT Image 1 mini (ends 2026-12-01)", tokens_mini, 11000, 2000000,
             2500000, 8000000),
    /* The cheapest stands first: it is taken when nobody names one. */
    WRITES("gpt-6-luna", "GPT-6 Luna", 100000, 10000, 500000),
    WRITES("gpt-6.1-terra", "GPT-6.1 Terra", 1000000, 50000, 5000000),
    WRITES("gpt-6.1-sol", "GPT-6.1 Sol", 2000000, 100000, 10000000),
    WRITES("gpt-6-sol", "GPT-6 Sol", 2000000, 200000, 10000000),
    WRITES("gpt-6-astra", "GPT-6 Astra", 10000000, 1000000, 50000000),
    WRITES("gpt-5.6-luna", "GPT-5.6 Luna", 200000, 20000, 1200000),
    WRITES("gpt-5.6-terra", "GPT-5.6 Terra", 2000000, 200000, 12000000),
    WRITES("gpt-5.6-sol", "GPT-5.6 Sol", 4000000, 400000, 20000000),
    WRITES("gpt-5.5", "GPT-5.5", 5000000, 500000, 30000000),
    WRITES("gpt-5.4", "GPT-5.4", 2500000, 0, 15000000),
    WRITES("gpt-5.4-mini", "GPT-5.4 mini", 750000, 0, 4500000),
    WRITES("gpt-5.4-nano", "GPT-5.4 nano", 200000, 0, 1250000),
};

/* A chat has no word for the length of an answer (facts 1.6). */
void openai_narrow(const struct provider_account *account, struct provider_model *model)
{
    if (model->write_options == options_text && openai_text_api_of(account) != API_RESPONSES)
        model->write_options = options_text_chat;
}

/* Anything may be asked of a model we do not know; the server says what it cannot do. */
const struct provider_model openai_model_default = {
    .can_generate = true,
    .can_edit = true,
    .can_mask = true,
    .has_seed = true,
    .has_negative = true,
    .has_steps = true,
    .has_scale = true,
    .has_transparency = true,
    .can_write = true,
    .can_see = true,
    .has_schema = true,
    .references_max = 16,
    .count_max = 10,
    .price_micro = -1,
    .write_options = options_text_any,
};
