/*
 * provider/anthropic.c: Anthropic's Messages API (facts 3): text, and text about pictures; it makes
 * none.  Sends the version and the header of the key that every model and every imitator takes, and
 * no sampling parameters, which newer models refuse.
 *
 * Never sent either: thinking (its forms differ from model to model; effort says how much) and
 * service_tier (what a listing needs is short), stop sequences, metadata's user_id, cache_control
 * (no two calls of ours begin alike for long) and transformations (pictures are small enough before
 * they leave).
 */
#include "provider/anthropic_private.h"

#include "core/text.h"

#define AS_OF "2026-11-22"
#define BASE_URL "https://api.anthropic.com/v1"
#define VERSION "2023-06-01"
#define FIRST_BYTE_MS 600000
#define TOTAL_MS 900000
#define REPLY_SIZE_MAX MIB(8)
#define PICTURE_SIZE_MAX_EACH 7500000 /* 10 MB in base64 */

/* --- requests --- */

/* With and without /v1: the SDKs' base has none, and compatible services give theirs. */
static bool find_base(const struct provider_account *account, struct arena *arena, struct str *out,
                      struct error *err)
{
    if (str_trim(account->base_url).size == 0) {
        *out = STR(BASE_URL);
        return true;
    }
    if (!provider_url_base(account->base_url, "/v1", arena, out, err))
        return false;
    if (!str_ends_with(*out, STR("/v1")))
        *out = arena_printf(arena, "%.*s/v1", STR_ARGS(*out));
    return true;
}

static bool exchange_init(const struct provider_account *account, const char *path,
                          struct arena *arena, struct exchange *out, struct error *err)
{
    struct str base = STR_EMPTY;

    if (!find_base(account, arena, &base, err))
        return false;
    *out = (struct exchange){
        .is_own_origin = str_trim(account->base_url).size > 0,
        .url = arena_printf(arena, "%.*s%s", STR_ARGS(base), path),
    };
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    exchange_add_header(out, arena, "anthropic-version", STR(VERSION));
    return exchange_add_key(out, account, "x-api-key", "", arena, err);
}

bool anthropic_uses_tool(const struct provider_request *request, uint64_t dropped)
{
    /* A tool's input is JSON with every model; output_config is for those known to take it. */
    return request->schema.size > 0 &&
           ((dropped >> ANTHROPIC_FORMAT & 1) != 0 ||
            !provider_model_find(&provider_anthropic, request->model).is_known);
}

/* Pictures before the text that is about them. */
static void add_message(struct json_writer *writer, const struct provider_request *request)
{
    json_begin_object(writer);
    provider_add_text(writer, "role", STR("user"));
    json_name(writer, "content");
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++) {
        struct str bytes = request->references[i].bytes;

        json_begin_object(writer);
        provider_add_text(writer, "type", STR("image"));
        json_name(writer, "source");
        json_begin_object(writer);
        provider_add_text(writer, "type", STR("base64"));
        provider_add_text(writer, "media_type", str_of(picture_mime(bytes)));
        json_name(writer, "data");
        picture_write_base64(writer, bytes, false);
        json_end_object(writer);
        json_end_object(writer);
    }
    json_begin_object(writer);
    provider_add_text(writer, "type", STR("text"));
    provider_add_text(writer, "text", request->prompt);
    json_end_object(writer);
    json_end_list(writer);
    json_end_object(writer);
}

/* How much it works on the answer, and the form of it. */
static void add_output_config(struct json_writer *writer, const struct provider_request *request,
                              bool has_format)
{
    const struct provider_setting *effort = request_setting(request, "effort");

    if (effort == NULL && !has_format)
        return;
    json_name(writer, "output_config");
    json_begin_object(writer);
    if (effort != NULL)
        provider_add_text(writer, "effort", str_trim(effort->text));
    if (has_format) {
        json_name(writer, "format");
        json_begin_object(writer);
        provider_add_text(writer, "type", STR("json_schema"));
        json_name(writer, "schema");
        json_add_raw(writer, request->schema); /* provider_check_write() read it */
        json_end_object(writer);
    }
    json_end_object(writer);
}

static void add_tool(struct json_writer *writer, const struct provider_request *request)
{
    struct str name = provider_schema_name(request);

    json_name(writer, "tools");
    json_begin_list(writer);
    json_begin_object(writer);
    provider_add_text(writer, "name", name);
    provider_add_text(writer, "description", STR("Takes the answer."));
    json_name(writer, "input_schema");
    json_add_raw(writer, request->schema);
    json_end_object(writer);
    json_end_list(writer);
    json_name(writer, "tool_choice");
    json_begin_object(writer);
    provider_add_text(writer, "type", STR("tool"));
    provider_add_text(writer, "name", name);
    json_end_object(writer);
}

static struct str write_body(const struct provider_request *request, uint64_t dropped,
                             struct arena *arena)
{
    const bool uses_tool = anthropic_uses_tool(request, dropped);
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    provider_add_text(&writer, "model", request->model);
    provider_add_int(&writer, "max_tokens", provider_write_tokens(request));
    provider_add_text(&writer, "system", request->system);
    json_name(&writer, "messages");
    json_begin_list(&writer);
    add_message(&writer, request);
    json_end_list(&writer);
    if (uses_tool)
        add_tool(&writer, request);
    add_output_config(&writer, request, request->schema.size > 0 && !uses_tool);
    if (request->safety_id.size > 0 && (dropped >> ANTHROPIC_USER & 1) == 0) {
        json_name(&writer, "metadata");
        json_begin_object(&writer);
        provider_add_text(&writer, "user_id", request->safety_id);
        json_end_object(&writer);
    }
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

bool anthropic_build(const struct provider_account *account, const struct provider_request *request,
                     uint64_t dropped, struct arena *arena, struct exchange *out, struct error *err)
{
    if (!exchange_init(account, "/messages", arena, out, err))
        return false;
    out->purpose = EXCHANGE_SUBMIT;
    out->is_paid = true;
    out->method = STR("POST");
    out->dropped = dropped;
    out->first_byte_ms = FIRST_BYTE_MS;
    out->total_ms = TOTAL_MS;
    out->reply_size_max = (int64_t)REPLY_SIZE_MAX;
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    exchange_set_body(out, arena, write_body(request, dropped, arena));
    return true;
}

static bool anthropic_begin(const struct provider_account *account,
                            const struct provider_request *request, struct arena *arena,
                            struct exchange *out, struct error *err)
{
    struct provider_model model = provider_model_find(&provider_anthropic, request->model);

    if (request->model.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (request->action != PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s makes no pictures",
                           STR_ARGS(text_clip(request->model, 60)));
    return provider_check_write(&model, request, PICTURE_SIZE_MAX_EACH, err) &&
           anthropic_build(account, request, 0, arena, out, err);
}

/* --- the free call --- */

static bool anthropic_probe(const struct provider_account *account, struct arena *arena,
                            struct exchange *out, struct error *err)
{
    /* A page has 20 rows unless more are asked for, 1000 at most. */
    if (!exchange_init(account, "/models?limit=1000", arena, out, err))
        return false;
    out->purpose = EXCHANGE_PROBE;
    out->method = STR("GET");
    out->first_byte_ms = 20000;
    out->total_ms = 30000;
    out->reply_size_max = (int64_t)MIB(8);
    return true;
}

/* --- models: facts 3 and 8.4 --- */

#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }
/* Reading from the cache costs 0.05 to 0.1 of the rate; the higher one stands here.  Nothing is
 * asked to be cached, so that writing to it is not paid. */
#define WRITES                                                                                     \
    .is_known = true, .can_write = true, .can_see = true, .has_schema = true,                      \
    .references_max = 100, .count_max = 1, .price_micro = -1, .currency = "USD",                   \
    .price_as_of = AS_OF
#define CLAUDE(wire_name, shown_name, picture_tokens, in_rate, out_rate)                           \
    {                                                                                              \
        WRITES, .write_options = options_effort, .name = TEXT(wire_name),                          \
                .label = TEXT(shown_name), .reference_tokens = (picture_tokens),                   \
                .rate_text_in_micro = (in_rate), .rate_image_in_micro = (in_rate),                 \
                .rate_cached_in_micro = (in_rate) / 10, .rate_out_micro = (out_rate)               \
    }
static const char *const efforts[] = {"low", "medium", "high", "xhigh", "max", NULL};
static const struct provider_field option_effort = EFFORT_ROW(efforts);
static const struct provider_field *const options_effort[] = {&option_effort, NULL};
/* Its price is not in the facts. */
#define UNPRICED(wire_name, shown_name, picture_tokens)                                            \
    CLAUDE(wire_name, shown_name, picture_tokens, 0, 0)

/* What a picture takes at most, as others measured it (facts 8.4). */
#define PICTURE_NEW 4000
#define PICTURE_OLD 1660

/* The cheapest stands first: it is taken when nobody names one. */
static const struct provider_model models[] = {
    CLAUDE("claude-haiku-5-5", "Claude Haiku 5.5", PICTURE_NEW, 100000, 500000),
    CLAUDE("claude-sonnet-5-5", "Claude Sonnet 5.5", PICTURE_NEW, 2000000, 10000000),
    CLAUDE("claude-opus-5-5", "Claude Opus 5.5", PICTURE_NEW, 4000000, 20000000),
    CLAUDE("claude-fable-5-1", "Claude Fable 5.1", PICTURE_NEW, 10000000, 50000000),
    UNPRICED("claude-fable-5-2", "Claude Fable 5.2", PICTURE_NEW),
    UNPRICED("claude-mythos-5-2", "Claude Mythos 5.2", PICTURE_NEW),
    CLAUDE("claude-sonnet-5", "Claude Sonnet 5", PICTURE_NEW, 2000000, 10000000),
    CLAUDE("claude-opus-5", "Claude Opus 5", PICTURE_NEW, 5000000, 25000000),
    UNPRICED("claude-opus-4-8", "Claude Opus 4.8", PICTURE_OLD),
    UNPRICED("claude-opus-4-7", "Claude Opus 4.7", PICTURE_OLD),
    UNPRICED("claude-opus-4-6", "Claude Opus 4.6", PICTURE_OLD),
    UNPRICED("claude-sonnet-4-6", "Claude Sonnet 4.6", PICTURE_OLD),
    UNPRICED("claude-opus-4-5", "Claude Opus 4.5", PICTURE_OLD),
    UNPRICED("claude-sonnet-4-5", "Claude Sonnet 4.5", PICTURE_OLD),
    CLAUDE("claude-haiku-4-5", "Claude Haiku 4.5", PICTURE_OLD, 1000000, 5000000),
};

static const struct provider_model model_default = {
    .can_write = true,
    .can_see = true,
    .has_schema = true,
    .references_max = 100,
    .count_max = 1,
    .price_micro = -1,
    .write_options = options_effort,
};

/* --- the kind --- */

static const struct provider_field fields[] = {
    {
     .name = "base_url",
     .type = PROVIDER_FIELD_URL,
     .label_en = "Base URL",
     .label_zh = "接口地址",
     .help_en =
            "Leave empty for Anthropic itself, or paste the address of a service that speaks "
            "its Messages API.", .help_zh = "使用 Anthropic 官方服务时留空；使用兼容 Messages 接口的服务时填写它的地址。",
     .fallback = "",
     },
    {
     .name = "key",
     .type = PROVIDER_FIELD_SECRET,
     .label_en = "API key",
     .label_zh = "API 密钥",
     .help_en = "May be empty for a local server that wants none.",
     .help_zh = "本地服务若不需要密钥，可以留空。",
     .fallback = "",
     },
};

const struct provider_kind provider_anthropic = {
    .name = "anthropic",
    .label = "Anthropic",
    .about_en = "Claude models: they write and improve prompts and describe pictures. They make no "
                "pictures themselves.",
    .about_zh = "Claude 系列模型：撰写和优化提示词、描述图片；本身不生成图片。",
    .default_base_url = BASE_URL,
    .key_page = "https://platform.claude.com/settings/keys",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = models,
    .model_count = COUNT(models),
    .model_default = &model_default,
    .begin = anthropic_begin,
    .read = anthropic_read,
    .probe = anthropic_probe,
    .read_probe = provider_read_models,
};
