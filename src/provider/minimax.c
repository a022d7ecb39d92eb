/*
 * provider/minimax.c: MiniMax's pictures: facts 6.6, read 2026-11-22.  One call, one answer; every
 * answer is a 200, and base_resp.status_code says what it is.
 *
 * Never sent: aspect_ratio to image-01, which takes pixels, and an address for the pictures.  In
 * doubt: which styles there are, and the least weight, the facts do not say; the service refuses
 * what it does not know.
 */
#include "provider/plain_private.h"

#include <stdio.h>
#include <string.h>

#define BASE_URL "https://api.minimaxi.com/v1"
#define DAY_MS 86400000
#define PROMPT_CHARACTERS_MAX 1500
#define PICTURE_REPLY_SIZE ((int64_t)MIB(16)) /* 2048x2048 as a PNG, in base64 */
#define LIVE_MODEL "image-01-live"
#define USD_MICRO 3500

/* In doubt: some of them are from general knowledge (facts 10.11). */
static const struct plain_code codes[] = {
    {"1000", FAILURE_SERVER,    CHARGED_MAYBE},
    {"1001", FAILURE_UNKNOWN,   CHARGED_MAYBE}, /* it took too long */
    {"1002", FAILURE_THROTTLED, CHARGED_NO   },
    {"1004", FAILURE_AUTH,      CHARGED_NO   },
    {"1008", FAILURE_QUOTA,     CHARGED_NO   },
    {"1013", FAILURE_SERVER,    CHARGED_MAYBE},
    {"1024", FAILURE_SERVER,    CHARGED_MAYBE},
    {"1026", FAILURE_REFUSED,   CHARGED_NO   }, /* what was asked for */
    {"1027", FAILURE_REFUSED,   CHARGED_MAYBE}, /* what was made */
    {"1033", FAILURE_SERVER,    CHARGED_MAYBE},
    {"1039", FAILURE_THROTTLED, CHARGED_NO   },
    {"2013", FAILURE_INVALID,   CHARGED_NO   },
    {"2049", FAILURE_AUTH,      CHARGED_NO   },
    {NULL,   FAILURE_NONE,      CHARGED_MAYBE},
};

/* --- the catalogue --- */

#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }
#define MODEL                                                                                      \
    .can_generate = true, .can_edit = true, .has_seed = true, .references_max = 1, .count_max = 9, \
    .currency = "CNY", .price_as_of = "2026-11-22"

/* -live is told a shape alone; these are the pixels of MiniMax's own reference. */
static const struct {
    const char *size, *ratio;
} shapes[] = {
    {"1024x1024", "1:1" },
    {"1280x720",  "16:9"},
    {"1152x864",  "4:3" },
    {"1248x832",  "3:2" },
    {"832x1248",  "2:3" },
    {"864x1152",  "3:4" },
    {"720x1280",  "9:16"},
    {"1344x576",  "21:9"},
};
static const char *const shape_sizes[] = {"1024x1024", "1280x720", "1152x864",
                                          "1248x832",  "832x1248", "864x1152",
                                          "720x1280",  "1344x576", NULL};

/* clang-format off */
static const struct provider_field option_optimizer = OPTION_ROW(
    BOOL, "prompt_optimizer", "Prompt rewriting", "优化提示词",
    "The service writes the prompt anew.", "由服务商改写提示词。", .fallback = "");
static const struct provider_field option_watermark = OPTION_ROW(
    BOOL, "watermark", "Visible watermark", "可见水印",
    "The service prints its mark into the corner.", "由服务商在图片角落添加标识。", .fallback = "");
static const struct provider_field option_style = OPTION_ROW(
    TEXT, "style_type", "Style", "画风",
    "A style's name as MiniMax has it.", "MiniMax 的画风名称。", .max = 40);
static const struct provider_field option_weight = OPTION_ROW(
    DOUBLE, "style_weight", "Weight of the style", "画风权重",
    "Up to 1; with a style alone.", "最大为 1；须同时指定画风。", .max = 1);
static const struct provider_field *const options_plain[] = {
    &option_optimizer, &option_watermark, NULL};
static const struct provider_field *const options_live[] = {
    &option_style, &option_weight, &option_optimizer, &option_watermark, NULL};
/* clang-format on */

static const struct provider_model models[] = {
    PLAIN_ROW(MODEL, .is_known = true, .options = options_plain, .name = TEXT("image-01"),
              .label = TEXT("MiniMax Image 01"), .side_px_min = 512, .side_px_max = 2048,
              .side_px_step = 8, .price_micro = 25000),
    PLAIN_ROW(MODEL, .is_known = true, .options = options_live, .name = TEXT(LIVE_MODEL),
              .label = TEXT("MiniMax Image 01 Live"), .sizes = shape_sizes, .price_micro = -1),
};
static const struct provider_model model_default = {MODEL, .options = options_live,
                                                    .price_micro = -1};

/* Outside of China the price is in dollars. */
static int64_t minimax_estimate(const struct provider_account *account,
                                const struct provider_request *request, const char **currency)
{
    struct provider_model model = provider_model_find(&provider_minimax, request->model);
    bool is_intl = text_has_nocase(provider_url_host(account->base_url), "minimax.io");

    *currency = is_intl ? "USD" : "CNY";
    if (model.price_micro < 0 || request->count < 1 || request->count > PICTURES_MAX)
        return -1;
    return (is_intl ? USD_MICRO : model.price_micro) * request->count;
}

/* --- the call --- */

static struct str find_ratio(const struct provider_request *request)
{
    char size[48];

    (void)snprintf(size, sizeof size, "%lldx%lld", (long long)request->width_px,
                   (long long)request->height_px);
    for (size_t i = 0; i < COUNT(shapes); i++)
        if (strcmp(shapes[i].size, size) == 0)
            return str_of(shapes[i].ratio);
    return STR_EMPTY;
}

static void write_size(struct json_writer *writer, const struct provider_request *request)
{
    if (request->width_px <= 0)
        return; /* left to the service */
    if (str_equal(request->model, STR(LIVE_MODEL))) {
        plain_write_text(writer, "aspect_ratio", find_ratio(request));
        return;
    }
    plain_write_int(writer, "width", request->width_px);
    plain_write_int(writer, "height", request->height_px);
}

static void write_subject(struct json_writer *writer, struct str bytes)
{
    json_name(writer, "subject_reference");
    json_begin_list(writer);
    json_begin_object(writer);
    plain_write_text(writer, "type", STR("character"));
    json_name(writer, "image_file");
    picture_write_base64(writer, bytes, true);
    json_end_object(writer);
    json_end_list(writer);
}

static void write_style(struct json_writer *writer, const struct provider_request *request)
{
    const struct provider_setting *style = request_setting(request, "style_type");
    const struct provider_setting *weight = request_setting(request, "style_weight");
    double share;

    if (style == NULL)
        return;
    json_name(writer, "style");
    json_begin_object(writer);
    plain_write_text(writer, "style_type", str_trim(style->text));
    if (weight != NULL && str_to_double(str_trim(weight->text), &share)) {
        json_name(writer, "style_weight");
        json_add_double(writer, share);
    }
    json_end_object(writer);
}

static void write_body(struct json_writer *writer, const struct provider_account *account,
                       const struct provider_request *request)
{
    json_begin_object(writer);
    plain_write_text(writer, "model", request->model);
    plain_write_text(writer, "prompt", request->prompt);
    write_size(writer, request);
    /* The picture itself: an address would be one more thing to lose. */
    plain_write_text(writer, "response_format", STR("base64"));
    plain_write_int(writer, "n", request->count);
    if (request->has_seed)
        plain_write_int(writer, "seed", request->seed);
    plain_write_bool(writer, "prompt_optimizer",
                     call_option_bool(account, request, "prompt_optimizer", false));
    plain_write_bool(writer, "aigc_watermark",
                     call_option_bool(account, request, "watermark", false));
    write_style(writer, request);
    if (request->reference_count > 0)
        write_subject(writer, request->references[0].bytes);
    json_end_object(writer);
}

static bool exchange_init(const struct provider_account *account, enum exchange_purpose purpose,
                          const char *path, struct arena *arena, struct exchange *out,
                          struct error *err)
{
    static const struct str endpoint = {"/image_generation", 17};
    struct str base;

    if (!plain_base(account, BASE_URL, "/v1", arena, &base, err))
        return false;
    if (str_ends_with(base, endpoint)) /* pasted with it */
        base.size -= endpoint.size;
    return plain_exchange_init(
        account, purpose, arena_printf(arena, "%.*s%s", STR_ARGS(base), path), arena, out, err);
}

static bool minimax_begin(const struct provider_account *account,
                          const struct provider_request *request, struct arena *arena,
                          struct exchange *out, struct error *err)
{
    static const struct plain_limits limits = {.prompt_characters_max = PROMPT_CHARACTERS_MAX,
                                               .reference_size_max = (int64_t)MIB(10)};
    struct provider_model model = provider_model_find(&provider_minimax, request->model);
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    if (request_setting(request, "style_weight") != NULL &&
        request_setting(request, "style_type") == NULL)
        return error_field(err, ERROR_INVALID, "options.style_weight", 0,
                           "a weight without a style says nothing");
    if (!plain_check(&model, &limits, request, err) ||
        !exchange_init(account, EXCHANGE_SUBMIT, "/image_generation", arena, out, err))
        return false;
    json_writer_init(&writer, &buf);
    write_body(&writer, account, request);
    plain_set_json(out, arena, &buf);
    out->reply_size_max = PICTURE_REPLY_SIZE * request->count;
    return true;
}

/* --- the answer --- */

/* False when base_resp says that all is well, or is not there. */
static bool read_refusal(const struct provider_account *account, const struct json *body,
                         struct arena *arena, struct provider_failure *failure)
{
    const struct json *said = json_get(body, "base_resp"), *code = json_get(said, "status_code");
    struct str key = str_trim(secret_expose(account->key));
    int64_t number;

    if (!json_int(code, &number) && !str_to_int64(json_text(code), &number))
        return false;
    if (number == 0)
        return false;
    failure->code = arena_printf(arena, "%lld", (long long)number);
    failure->message = provider_text_clean(key, json_text(json_get(said, "status_msg")),
                                           PROVIDER_MESSAGE_MAX, arena);
    if (failure->message.size == 0)
        failure->message =
            arena_printf(arena, "the service answered with code %lld", (long long)number);
    plain_refine(codes, failure);
    return true;
}

/* Both forms are read, whichever was asked for.  The counts beside them are texts, and not needed:
 * what is there is counted. */
static void read_pictures(const struct json *body, struct arena *arena, struct picture_list *list)
{
    static const char *const places[] = {"data.image_base64", "data.image_urls"};

    picture_list_init(list, arena);
    for (size_t i = 0; i < COUNT(places) && list->count == 0; i++)
        if (json_is(json_path(body, places[i]), JSON_LIST))
            picture_list_read(list, json_path(body, places[i]));
}

static void minimax_read(const struct provider_account *account,
                         const struct provider_request *request, const struct exchange *exchange,
                         const struct exchange_reply *reply, struct arena *arena,
                         struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct picture_list list;
    struct error ignored;
    bool is_read =
        reply->outcome == EXCHANGE_REPLIED && json_read_liberal(reply->body, &json, &ignored);

    (void)exchange;
    plain_verdict_init(out);
    out->request_id = plain_request_id(account, json_text(json_get(json, "id")), arena);
    read_pictures(json, arena, &list);
    if (is_read && plain_is_good(reply) && list.count > 0) {
        struct provider_failure ending = {0}; /* of a call that made some before it failed */
        bool is_refused = read_refusal(account, json, arena, &ending);
        plain_take_pictures(request, &list, is_refused ? ending.message : STR_EMPTY, arena, out);
        return;
    }
    exchange_classify_for(account, reply, arena, &out->failure);
    if (!read_refusal(account, json, arena, &out->failure) && plain_is_good(reply) &&
        list.broken > 0)
        plain_fail_empty(&list, &out->failure);
}

/* --- the free call --- */

/* MiniMax lists its models where OpenAI does; facts 1B.0.8 know no safer question. */
static bool minimax_probe(const struct provider_account *account, struct arena *arena,
                          struct exchange *out, struct error *err)
{
    return exchange_init(account, EXCHANGE_PROBE, "/models", arena, out, err);
}

static void minimax_read_probe(const struct provider_account *account,
                               const struct exchange_reply *reply, struct arena *arena,
                               struct str **names, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;

    plain_read_models(account, reply, codes, "data", arena, names, count, failure);
    if (failure->class != FAILURE_NONE && reply->outcome == EXCHANGE_REPLIED &&
        json_read_liberal(reply->body, &json, &ignored) &&
        read_refusal(account, json, arena, failure))
        failure->charged = CHARGED_NO;
}

/* --- the kind --- */

static const struct provider_field fields[] = {
    PLAIN_FIELD_BASE_URL("Leave empty for China; outside of it https://api.minimax.io.",
                         "国内留空；国际站填 https://api.minimax.io。"),
    PLAIN_FIELD_KEY("Keys of the two sites are not the same.", "国内站与国际站的密钥不通用。"),
    PLAIN_FIELD_BOOL("prompt_optimizer", "Rewrite prompts", "自动优化提示词",
                     "Lets the service add detail to the prompt.", "由服务自动丰富提示词。",
                     "false"),
    PLAIN_FIELD_BOOL("watermark", "Watermark", "添加水印",
                     "Puts the service's mark for generated pictures into each.",
                     "在图片上添加服务方的 AI 生成水印。", "false"),
};

const struct provider_kind provider_minimax = {
    .name = "minimax",
    .label = "MiniMax",
    .about_en = "Image 01: fast and cheap; a portrait as reference keeps a character's face.",
    .about_zh = "MiniMax Image 01：速度快、价格低；可用一张人像作为主体参考，保持人物一致。",
    .default_base_url = BASE_URL,
    .key_page = "https://platform.minimaxi.com/user-center/basic-information/interface-key",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = models,
    .model_count = COUNT(models),
    .model_default = &model_default,
    .result_ttl_ms = DAY_MS,
    .begin = minimax_begin,
    .read = minimax_read,
    .probe = minimax_probe,
    .read_probe = minimax_read_probe,
    .estimate = minimax_estimate,
};
