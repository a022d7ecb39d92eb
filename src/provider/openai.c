/*
 * provider/openai.c: OpenAI's APIs and every server that speaks them.  Reads replies with pictures;
 * the calls are written in openai_request.c, those for text in openai_write.c; the servers'
 * differences stand in openai_profiles.c.
 */
#include "provider/openai_private.h"

#include <math.h>
#include <string.h>

#define COST_USD_MAX 1e6

static bool openai_begin(const struct provider_account *account,
                         const struct provider_request *request, struct arena *arena,
                         struct exchange *out, struct error *err)
{
    struct openai_call call;

    if (!openai_call_init(&call, account, request, 0, arena, err))
        return false;
    if (request->action == PROVIDER_WRITE)
        return openai_write_check(&call, err) && openai_write_build(&call, arena, out, err);
    return openai_check(&call, err) && openai_build(&call, arena, out, err);
}

/* --- usage --- */

static int64_t count_or(const struct json *usage, const char *one, const char *other)
{
    int64_t count = json_int_or(json_path(usage, one), json_int_or(json_path(usage, other), -1));

    return count < 0 || count > 1000000000 ? -1 : count;
}

static int64_t micro_of_usd(double usd)
{
    return usd >= 0 && usd < COST_USD_MAX ? (int64_t)llround(usd * 1e6) : -1;
}

void openai_read_usage(const struct json *body, const struct exchange_reply *reply,
                       struct provider_usage *out)
{
    const struct json *data = json_get(body, "data"), *usage = json_get(body, "usage");
    double usd;

    if (usage == NULL && json_count(data) > 0) /* a stream's completed event carries its own */
        usage = json_get(json_item(data, json_count(data) - 1), "usage");
    out->tokens_in = count_or(usage, "input_tokens", "prompt_tokens");
    out->tokens_out = count_or(usage, "output_tokens", "completion_tokens");
    out->text_tokens_in =
        count_or(usage, "input_tokens_details.text_tokens", "prompt_tokens_details.text_tokens");
    out->image_tokens_in =
        count_or(usage, "input_tokens_details.image_tokens", "prompt_tokens_details.image_tokens");
    if (out->tokens_in <= 0 && out->tokens_out <= 0) /* LocalAI: all zeros mean "not counted" */
        out->tokens_in = out->tokens_out = out->text_tokens_in = out->image_tokens_in = -1;
    if (json_double(json_get(usage, "cost"), &usd) ||
        str_to_double(exchange_reply_header(reply, "x-litellm-response-cost"), &usd))
        out->cost_micro = micro_of_usd(usd);
    if (out->cost_micro >= 0)
        out->currency = "USD";
}

/* --- replies --- */

struct str openai_request_id(const struct openai_call *call, const struct exchange_reply *reply,
                             struct arena *arena)
{
    static const char *const names[] = {"x-request-id", "x-litellm-call-id",
                                        "x-siliconcloud-trace-id", "x-generation-id"};

    for (size_t i = 0; i < COUNT(names); i++) {
        struct str value = exchange_reply_header(reply, names[i]);
        if (value.size > 0)
            return provider_text_clean(str_trim(secret_expose(call->account->key)), value, 100,
                                       arena);
    }
    return STR_EMPTY;
}

/* True when the reply holds pictures.  A stream may have given its picture before it broke. */
static bool read_pictures(const struct exchange *exchange, const struct exchange_reply *reply,
                          struct arena *arena, struct picture_list *list,
                          struct provider_usage *usage)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;
    bool is_good =
        reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300;
    bool is_late = reply->outcome == EXCHANGE_LOST && exchange->is_stream;

    picture_list_init(list, arena);
    if (!is_good && !is_late)
        return false;
    if (picture_mime(reply->body) != NULL && is_good) {
        picture_list_add_bytes(list, reply->body); /* vLLM-Omni's "file": the body is the picture */
    } else if (json_read_liberal(reply->body, &json, &ignored)) {
        picture_list_read(list, json);
        openai_read_usage(json, reply, usage);
    }
    return list->count > 0;
}

static void refine_failure(const struct openai_call *call, const struct exchange_reply *reply,
                           const struct picture_list *list, struct provider_verdict *out)
{
    struct provider_failure *failure = &out->failure;
    bool is_good =
        reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300;

    if (str_equal(failure->code, STR(OPENAI_STREAM_CODE))) {
        failure->class = FAILURE_UNKNOWN;
        failure->charged = CHARGED_MAYBE;
    }
    if (failure->class == FAILURE_REFUSED && call->profile->refusals_cost)
        failure->charged = CHARGED_YES;
    if (failure->class == FAILURE_SERVER && failure->code.size > 0 && reply->status == 500 &&
        call->profile->errors_are_free)
        failure->charged = CHARGED_NO;
    if (is_good && failure->class == FAILURE_UNKNOWN && list->broken > 0) {
        failure->charged = CHARGED_YES;
        failure->message = STR("the picture in the reply is broken or cut short");
    }
    if (is_good && failure->class == FAILURE_UNKNOWN && out->usage.tokens_out > 0)
        failure->charged = CHARGED_YES;
}

static void openai_read(const struct provider_account *account,
                        const struct provider_request *request, const struct exchange *exchange,
                        const struct exchange_reply *reply, struct arena *arena,
                        struct provider_verdict *out)
{
    struct openai_call call;
    struct picture_list list;
    struct error ignored;
    /* The base URL was good when the exchange was made; if the account was changed since, there is
     * no next try, and the reply is read all the same. */
    bool can_retry = openai_call_init(&call, account, request, exchange->dropped, arena, &ignored);

    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.retry_after_ms = -1},
    };
    out->request_id = openai_request_id(&call, reply, arena);
    if (request->action == PROVIDER_WRITE) {
        openai_write_read(&call, exchange, reply, can_retry, arena, out);
        return;
    }
    out->dropped = openai_list_dropped(&call, arena);
    if (openai_is_tool(exchange)) {
        call.uses_tool = true; /* as it was begun, whatever the account says now */
        openai_tool_read(&call, exchange, reply, can_retry, arena, out);
        return;
    }
    if (read_pictures(exchange, reply, arena, &list, &out->usage)) {
        out->type = VERDICT_DONE;
        out->pictures = list.items;
        out->picture_count = list.count;
        out->usage.images = (int64_t)list.count;
        out->is_cut = reply->outcome == EXCHANGE_LOST && out->usage.tokens_out < 0 &&
                      out->usage.cost_micro < 0;
        if ((int64_t)list.count < request->count)
            out->missing = arena_printf(arena, "the service made %zu of %lld pictures", list.count,
                                        (long long)request->count);
        return;
    }
    exchange_classify_for(account, reply, arena, &out->failure);
    if (call.uses_chat)
        openai_chat_explain(&call, reply, arena, &out->failure);
    refine_failure(&call, reply, &list, out);
    if (can_retry && out->failure.class == FAILURE_INVALID &&
        openai_find_next(&call, exchange, reply, arena, &out->next))
        out->type = VERDICT_NEXT;
}

/* --- the free call --- */

static bool openai_probe(const struct provider_account *account, struct arena *arena,
                         struct exchange *out, struct error *err)
{
    struct provider_request nothing = {.compression = -1};
    struct openai_call call;

    if (!openai_call_init(&call, account, &nothing, 0, arena, err) ||
        !openai_exchange_init(account, arena, out, err))
        return false;
    out->purpose = EXCHANGE_PROBE;
    out->url = arena_printf(arena, "%.*s%s", STR_ARGS(call.base), call.profile->models_path);
    out->first_byte_ms = 20000;
    out->total_ms = 30000;
    out->reply_size_max = (int64_t)MIB(8);
    return true;
}

static bool openai_wants_white_mask(const struct provider_account *account)
{
    return openai_profile_of(account)->mask_is_white;
}

/* --- the kind --- */

static const char *const moderations[] = {"auto", "low", NULL};
static const char *const complexities[] = {"auto", "low", "medium", "high", NULL};
static const char *const response_formats[] = {"auto", "none", "b64_json", "url", "base64", NULL};
static const char *const image_apis[] = {"images", "responses", "chat", NULL};
static const char *const text_apis[] = {"auto", "chat", "responses", NULL};
static const char *const edits_names[] = {"auto", "list", "repeated", "json", NULL};

/* By hand: clang-format 14 dies of this table. */
/* clang-format off */
static const struct provider_field fields[] = {
    {
        .name = "base_url",
        .type = PROVIDER_FIELD_URL,
        .label_en = "Base URL",
        .label_zh = "接口地址",
        .help_en = "Leave empty for OpenAI itself. For a compatible service, paste its address; "
                   "a missing /v1 is added.",
        .help_zh = "使用 OpenAI 官方服务时留空；使用兼容服务时填写它的地址，"
                   "缺少的 /v1 会自动补上。",
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
    {
        .name = "profile",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Type of service",
        .label_zh = "服务类型",
        .help_en = "Compatible services differ in field names and in how edits are sent. "
                   "Automatic tells by the address.",
        .help_zh = "各家兼容服务的字段名和改图方式略有不同；“auto”会根据地址自动判断。",
        .fallback = "auto",
        .choices = openai_profile_names,
    },
    {
        .name = "organisation",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Organisation",
        .label_zh = "组织 ID",
        .help_en = "Only when your key belongs to several organisations: org-…",
        .help_zh = "仅当密钥属于多个组织时需要填写，形如 org-…",
        .fallback = "",
        .max = 100,
    },
    {
        .name = "project",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Project",
        .label_zh = "项目 ID",
        .help_en = "Bills the calls to one of your OpenAI projects: proj_…",
        .help_zh = "把费用记到指定的 OpenAI 项目，形如 proj_…",
        .fallback = "",
        .max = 100,
    },
    {
        .name = "moderation",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Content filter",
        .label_zh = "内容审核强度",
        .help_en = "How strictly OpenAI filters GPT Image pictures: auto is its standard, low "
                   "filters less.",
        .help_zh = "OpenAI 对 GPT Image 图片的审核力度：auto 为标准，low 较宽松。",
        .fallback = "auto",
        .choices = moderations,
    },
    {
        .name = "complexity",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Planning effort",
        .label_zh = "构图规划强度",
        .help_en = "How long GPT Image 2.6 plans a picture; less is quicker and costs the same. auto "
                   "leaves it to the model.",
        .help_zh = "GPT Image 2.6 构思画面的程度：越低越快，价格不变；auto 由模型决定。",
        .fallback = "auto",
        .choices = complexities,
    },
    {
        .name = "response_format",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "How pictures come back",
        .label_zh = "图片返回方式",
        .help_en = "Change it only when a compatible service refuses the request. GPT Image "
                   "models are never sent one.",
        .help_zh = "仅当兼容服务拒绝请求时才需要修改；GPT Image 模型始终不发送此参数。",
        .fallback = "auto",
        .choices = response_formats,
    },
    {
        .name = "text_api",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "API for text",
        .label_zh = "文本接口",
        .help_en = "How texts are asked for: chat completions, which everybody imitates, or "
                   "responses. Automatic goes by the type of service.",
        .help_zh = "文本请求使用的接口：chat（各家通用）或 responses；auto 按服务类型选择。",
        .fallback = "auto",
        .choices = text_apis,
    },
    {
        .name = "images_api",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "API for pictures",
        .label_zh = "图片接口",
        .help_en = "responses lets a text model call OpenAI's picture tool: one picture a call, "
                   "and the text model is paid too. chat is for relays that offer Gemini or Flux "
                   "through Chat Completions: one picture a call, with shape and size alone.",
        .help_zh = "responses 由文本模型调用 OpenAI 的绘图工具：每次一张，文本模型另行计费。"
                   "chat 适用于通过对话接口提供 Gemini、Flux 的中转服务：每次一张，只能指定比例和大小。",
        .fallback = "images",
        .choices = image_apis,
    },
    {
        .name = "responses_model",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Text model for the picture tool",
        .label_zh = "调用绘图工具的文本模型",
        .help_en = "Only when pictures go through responses.",
        .help_zh = "仅当图片接口为 responses 时使用。",
        .fallback = "gpt-6-sol",
        .max = 100,
    },
    {
        .name = "responses_background",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Let OpenAI work in the background",
        .label_zh = "使用后台模式",
        .help_en = "The call is accepted at once and asked for until it is done; it outlives a "
                   "lost connection. OpenAI stores the response, and there are no partial "
                   "pictures.",
        .help_zh = "请求立即受理，再轮询到完成，断线不丢结果；OpenAI 会保存该响应，且没有中间预览。",
        .fallback = "false",
    },
    {
        .name = "edits",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "How reference pictures are sent",
        .label_zh = "参考图发送方式",
        .help_en = "As form data under image[] (list) or image (repeated), or inside the JSON.",
        .help_zh = "以表单的 image[]（list）或重复的 image（repeated）发送，或写入 JSON（json）。",
        .fallback = "auto",
        .choices = edits_names,
    },
};
/* clang-format on */

const struct provider_kind provider_openai = {
    .name = "openai",
    .label = "OpenAI",
    .about_en = "GPT Image and GPT models, and any service that speaks OpenAI's APIs: SiliconFlow, "
                "Together, OpenRouter, LiteLLM, vLLM, LocalAI, Ollama, stable-diffusion.cpp, "
                "relays.",
    .about_zh = "GPT Image 和 GPT 系列模型，以及所有兼容 OpenAI 接口的服务：硅基流动、Together、"
                "OpenRouter、LiteLLM、vLLM、LocalAI、Ollama、stable-diffusion.cpp 和各类中转服务。",
    .default_base_url = "https://api.openai.com/v1",
    .key_page = "https://platform.openai.com/api-keys",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = openai_models,
    .model_count = OPENAI_MODEL_COUNT,
    .model_default = &openai_model_default,
    .begin = openai_begin,
    .read = openai_read,
    .poll = openai_poll,
    .cancel = openai_cancel,
    .probe = openai_probe,
    .read_probe = provider_read_models,
    .stream_begin = openai_stream_begin,
    .stream_feed = openai_stream_feed,
    .stream_end = openai_stream_end,
    .wants_white_mask = openai_wants_white_mask,
    .writes_beside = openai_tool_writes,
    .narrow = openai_narrow,
};
