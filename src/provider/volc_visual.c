/*
 * provider/volc_visual.c: Volcengine's Visual API (facts 4B): Jimeng pictures, mostly as tasks that
 * are asked for until they are done, and signed calls (4C).  Reads replies; the calls are written
 * in volc_visual_request.c.
 */
#include "provider/volc_visual_private.h"

#define POLL_AFTER_MS 2500 /* "every 2 to 3 s" */
#define GOOD_CODE 10000

static bool visual_begin(const struct provider_account *account,
                         const struct provider_request *request, struct arena *arena,
                         struct exchange *out, struct error *err)
{
    struct visual_call call;

    visual_call_init(&call, account, request);
    return visual_check(&call, err) && visual_build(&call, arena, out, err);
}

static bool visual_poll(const struct provider_account *account, struct str remote_id,
                        struct arena *arena, struct exchange *out, struct error *err)
{
    struct visual_work work;

    return visual_work_read(remote_id, &work, err) &&
           visual_fetch(account, &work, EXCHANGE_POLL, arena, out, err);
}

/* --- what a reply says --- */

/* A reply of the service, or of the gateway before it: {"ResponseMetadata": {"Error": {…}}}. */
struct said {
    bool is_json, is_gateway;
    int64_t code; /* 10000 is good; -1: none */
    const struct json *data;
    struct str message, gateway_code, request_id; /* borrowed from the document */
};

/* A number, or digits in a text. */
static int64_t number_of(const struct json *json)
{
    int64_t number;

    return json_int(json, &number) || str_to_int64(json_text(json), &number) ? number : -1;
}

static void read_said(const struct json *json, struct said *out)
{
    const struct json *metadata = json_get(json, "ResponseMetadata");
    const struct json *error = json_get(metadata, "Error");
    const struct json *body = json_is(json_get(json, "Result"), JSON_OBJECT)
                                  ? json_get(json, "Result")
                                  : json; /* the gateway wraps some services' results */

    *out = (struct said){
        .is_json = json_is(json, JSON_OBJECT),
        .is_gateway = json_is(error, JSON_OBJECT),
        .code = number_of(json_get(body, "code")),
        .data = json_get(body, "data"),
        .message = json_text(json_get(body, "message")),
        .request_id = json_text(json_get(body, "request_id")),
    };
    if (out->code < 0)
        out->code = number_of(json_get(body, "status"));
    if (out->request_id.size == 0)
        out->request_id = json_text(json_get(metadata, "RequestId"));
    if (out->is_gateway) {
        out->gateway_code = json_text(json_get(error, "Code"));
        out->message = json_text(json_get(error, "Message"));
    }
}

/* --- failures --- */

enum stage { STAGE_SUBMIT, STAGE_SYNC, STAGE_POLL };

/* When asked for a task, what is wrong with the call is what became of the work; and whether work
 * that was begun is billed is not said.  In doubt: 50200 to 50207 are unverified in facts 4B (and
 * 10.4); the whole hundred is taken for them. */
static const struct {
    int64_t first, last;
    enum failure_class class, class_of_work;
    bool is_begun; /* something was made or tried before it failed */
} codes[] = {
    {50411, 50413, FAILURE_REFUSED, FAILURE_REFUSED, false},
    {50511, 50519, FAILURE_REFUSED, FAILURE_REFUSED, true},
    {50200, 50299, FAILURE_INVALID, FAILURE_REMOTE, false},
    {50400, 50400, FAILURE_AUTH, FAILURE_AUTH, false},
    {50429, 50430, FAILURE_THROTTLED, FAILURE_THROTTLED, false},
    {50500, 50500, FAILURE_SERVER, FAILURE_SERVER, true},
    {50501, 50501, FAILURE_SERVER, FAILURE_REMOTE, true},
};

static void classify_code(int64_t code, enum stage stage, struct provider_failure *failure)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (code >= codes[i].first && code <= codes[i].last) {
            failure->class = stage == STAGE_POLL ? codes[i].class_of_work : codes[i].class;
            /* Without a task id no task was begun. */
            failure->charged =
                codes[i].is_begun && stage != STAGE_SUBMIT ? CHARGED_MAYBE : CHARGED_NO;
            return;
        }
}

/* The gateway's words: it turns a call away before the service sees it. */
static void classify_gateway(struct str code, struct provider_failure *failure)
{
    static const struct {
        const char *part;
        enum failure_class class;
    } rows[] = {
        {"Signature", FAILURE_AUTH},    {"AccessKey", FAILURE_AUTH},  {"Timestamp", FAILURE_AUTH},
        {"AccessDenied", FAILURE_AUTH}, {"Credential", FAILURE_AUTH}, {"Limit", FAILURE_THROTTLED},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        if (text_has_nocase(code, rows[i].part)) {
            failure->class = rows[i].class;
            failure->charged = CHARGED_NO;
            return;
        }
}

static struct str clean(const struct provider_account *account, struct str text, size_t size_max,
                        struct arena *arena)
{
    return provider_text_clean(str_trim(secret_expose(account->key)), text, size_max, arena);
}

static void fail(const struct provider_account *account, const struct said *said,
                 const struct exchange_reply *reply, enum stage stage, struct arena *arena,
                 struct provider_failure *failure)
{
    exchange_classify_for(account, reply, arena, failure);
    if (reply->outcome != EXCHANGE_REPLIED || !said->is_json)
        return;
    if (said->is_gateway) {
        classify_gateway(said->gateway_code, failure);
        failure->code = clean(account, said->gateway_code, 100, arena);
    } else if (said->code >= 0 && said->code != GOOD_CODE) {
        classify_code(said->code, stage, failure);
        failure->code = arena_printf(arena, "%lld", (long long)said->code);
    }
    if (said->message.size > 0 && said->code != GOOD_CODE)
        failure->message = clean(account, said->message, PROVIDER_MESSAGE_MAX, arena);
}

static void fail_with(struct provider_verdict *out, enum failure_class class, enum charged charged,
                      const char *message)
{
    out->failure.class = class;
    out->failure.charged = charged;
    out->failure.message = str_of(message);
}

/* --- results --- */

/* True when pictures came; false with `*is_broken` when what came is none. */
static bool read_pictures(const struct json *data, struct arena *arena, bool *is_broken,
                          struct provider_verdict *out)
{
    struct picture_list list;

    picture_list_init(&list, arena);
    picture_list_read(&list, json_get(data, "binary_data_base64"));
    if (list.count == 0) /* the same pictures, for those who wanted addresses */
        picture_list_read(&list, json_get(data, "image_urls"));
    *is_broken = list.broken > 0;
    if (list.count == 0)
        return false;
    out->type = VERDICT_DONE;
    out->pictures = list.items;
    out->picture_count = list.count;
    out->usage.images = (int64_t)list.count;
    if (list.broken > 0)
        out->missing = STR("a picture in the reply is broken or cut short");
    return true;
}

/* Everything is good, so there must be pictures. */
static void read_result(const struct provider_account *account, const struct json *data,
                        enum stage stage, struct arena *arena, struct provider_verdict *out)
{
    const struct json *algorithm = json_get(data, "algorithm_base_resp");
    int64_t code = number_of(json_get(algorithm, "status_code"));
    bool is_broken = false;

    if (algorithm != NULL && code > 0 && code != GOOD_CODE) {
        fail_with(out, stage == STAGE_POLL ? FAILURE_REMOTE : FAILURE_SERVER, CHARGED_MAYBE,
                  "the model failed");
        classify_code(code, stage, &out->failure);
        out->failure.code = arena_printf(arena, "%lld", (long long)code);
        if (json_text(json_get(algorithm, "status_message")).size > 0)
            out->failure.message = clean(account, json_text(json_get(algorithm, "status_message")),
                                         PROVIDER_MESSAGE_MAX, arena);
    } else if (!read_pictures(data, arena, &is_broken, out)) {
        fail_with(out, FAILURE_UNKNOWN, is_broken ? CHARGED_YES : CHARGED_MAYBE,
                  is_broken ? "the picture in the reply is broken or cut short"
                            : "the provider said success but sent no picture");
    }
}

static void wait(struct provider_verdict *out, struct str remote_id)
{
    out->type = VERDICT_WAIT;
    out->remote_id = remote_id;
    out->poll_after_ms = POLL_AFTER_MS;
}

static void read_accepted(const struct visual_call *call, const struct json *data,
                          struct arena *arena, struct provider_verdict *out)
{
    struct visual_work work = {.flow = call->traits.flow, .req_key = call->request->model};
    const struct json *task_id = json_get(data, "task_id");
    int64_t number;

    work.task_id = json_int(task_id, &number) ? arena_printf(arena, "%lld", (long long)number)
                                              : json_text(task_id);
    if (visual_is_id(work.task_id) && visual_is_id(work.req_key))
        wait(out, visual_remote_id(&work, arena));
    else
        fail_with(out, FAILURE_UNKNOWN, CHARGED_MAYBE,
                  "the provider accepted the work but gave no task id that can be used");
}

static void read_polled(const struct provider_account *account, const struct exchange *exchange,
                        const struct json *data, struct arena *arena, struct provider_verdict *out)
{
    struct str status = json_text(json_get(data, "status"));
    bool is_broken = false;

    if (str_equal(status, STR("in_queue")) || str_equal(status, STR("generating"))) {
        wait(out, exchange->memo);
    } else if (str_equal(status, STR("done"))) {
        read_result(account, data, STAGE_POLL, arena, out);
        /* It is done: asking again would bring the same, and ordering again would cost again. */
        if (out->type != VERDICT_DONE && out->failure.class == FAILURE_UNKNOWN)
            out->failure.class = FAILURE_RESULT_LOST;
    } else if (str_equal(status, STR("not_found"))) {
        fail_with(out, FAILURE_INVALID, CHARGED_MAYBE, "the provider does not know this task");
    } else if (str_equal(status, STR("expired"))) {
        fail_with(out, FAILURE_RESULT_LOST, CHARGED_YES,
                  "the result was not fetched within 12 hours and is gone");
    } else if (!read_pictures(data, arena, &is_broken, out)) {
        fail_with(out, FAILURE_UNKNOWN, CHARGED_MAYBE,
                  "the provider gave the task a state that is not known");
    }
}

/* A task that is done with a failing code has failed, whatever the code (facts 4B). */
static bool is_done(const struct said *said)
{
    return str_equal(json_text(json_get(said->data, "status")), STR("done"));
}

static void visual_read(const struct provider_account *account,
                        const struct provider_request *request, const struct exchange *exchange,
                        const struct exchange_reply *reply, struct arena *arena,
                        struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct visual_call call;
    struct said said = {.code = -1};
    struct error ignored;
    enum stage stage;

    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1, -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.retry_after_ms = -1},
    };
    visual_call_init(&call, account, request);
    stage = exchange->purpose == EXCHANGE_POLL ? STAGE_POLL
            : call.traits.flow == VISUAL_SYNC  ? STAGE_SYNC
                                               : STAGE_SUBMIT;
    if (reply->outcome == EXCHANGE_REPLIED && json_read_liberal(reply->body, &json, &ignored))
        read_said(json, &said);
    out->request_id = clean(account, said.request_id, 100, arena);
    if (reply->status < 200 || reply->status > 299 || said.is_gateway || said.code != GOOD_CODE) {
        fail(account, &said, reply, stage, arena, &out->failure);
        if (stage == STAGE_POLL && is_done(&said) && out->failure.class != FAILURE_REFUSED &&
            out->failure.class != FAILURE_REMOTE) {
            out->failure.class = FAILURE_REMOTE;
            out->failure.charged = CHARGED_MAYBE;
        }
    } else if (stage == STAGE_POLL) {
        read_polled(account, exchange, said.data, arena, out);
    } else if (stage == STAGE_SYNC) {
        read_result(account, said.data, stage, arena, out);
    } else {
        read_accepted(&call, said.data, arena, out);
    }
}

static bool visual_wants_white_mask(const struct provider_account *account)
{
    (void)account;
    return true;
}

/* --- the free call --- */

/* Asks for a task that is not there: whoever is told so has a good key. */
static bool visual_probe(const struct provider_account *account, struct arena *arena,
                         struct exchange *out, struct error *err)
{
    const struct visual_work nothing = {
        .flow = VISUAL_SYNC2ASYNC, .req_key = STR("jimeng_t2i_v40"), .task_id = STR("0")};

    return visual_fetch(account, &nothing, EXCHANGE_PROBE, arena, out, err);
}

static void visual_read_probe(const struct provider_account *account,
                              const struct exchange_reply *reply, struct arena *arena,
                              struct str **models, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct said said = {.code = -1};
    struct error ignored;

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome == EXCHANGE_REPLIED && json_read_liberal(reply->body, &json, &ignored))
        read_said(json, &said);
    /* "No such task" may come as an error of the parameter, 50200 to 50299. */
    if (said.is_gateway || (said.code != GOOD_CODE && said.code / 100 != 502))
        fail(account, &said, reply, STAGE_SUBMIT, arena, failure);
    failure->charged = CHARGED_NO;
    if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED) {
        failure->class = FAILURE_INVALID;
        failure->message = STR("the server answered, but not as the Visual API does; is the base "
                               "URL right?");
    }
    if (failure->class != FAILURE_NONE)
        return;
    *models = ARENA_ARRAY(arena, struct str, VISUAL_MODEL_COUNT);
    for (size_t i = 0; i < VISUAL_MODEL_COUNT; i++)
        (*models)[(*count)++] = visual_models[i].name;
}

/* --- the kind --- */

static const char *const response_formats[] = {"base64", "url", NULL};

static const struct provider_field fields[] = {
    {
        .name = "access_key_id",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Access key id",
        .label_zh = "Access Key ID",
        .help_en = "AKLT…, of a user who may call the Visual API.",
        .help_zh = "形如 AKLT…，所属用户须有调用视觉智能接口的权限。",
        .fallback = "",
        .is_required = true,
        .max = 200,
    },
    {
        .name = "key",
        .type = PROVIDER_FIELD_SECRET,
        .label_en = "Secret access key",
        .label_zh = "Secret Access Key",
        .help_en = "It signs the calls and never leaves this house.",
        .help_zh = "仅用于本地签名，不会发送出去。",
        .fallback = "",
        .is_required = true,
    },
    {
        .name = "session_token",
        .type = PROVIDER_FIELD_SECRET,
        .label_en = "Session token",
        .label_zh = "会话令牌（Session Token）",
        .help_en = "Of a temporary key from STS alone. It belongs to the key above and is replaced "
                   "with it.",
        .help_zh = "仅用于 STS 临时密钥，与上方密钥成对，更换密钥时须一并更换。",
        .fallback = "",
    },
    {
        .name = "base_url",
        .type = PROVIDER_FIELD_URL,
        .label_en = "Base URL",
        .label_zh = "接口地址",
        .help_en = "Leave empty for Volcengine itself.",
        .help_zh = "使用火山引擎官方服务时留空。",
        .fallback = "",
    },
    {
        .name = "region",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Region",
        .label_zh = "地域",
        .help_en = "Part of the signature.",
        .help_zh = "参与签名计算。",
        .fallback = "cn-north-1",
        .max = 64,
    },
    {
        .name = "flow",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "How unknown models are called",
        .label_zh = "未知模型的调用方式",
        .help_en = "For a req_key that is not in the list: CVSync2Async…, CVSubmitTask or "
                   "CVProcess (sync).",
        .help_zh =
            "用于列表之外的 req_key：sync2async 为 CVSync2Async…，task 为 CVSubmitTask，sync 为 "
            "CVProcess。",
        .fallback = "sync2async",
        .choices = visual_flow_names,
    },
    {
        .name = "use_pre_llm",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Expand prompts",
        .label_zh = "提示词扩写",
        .help_en = "A language model writes short prompts out; only some models have it.",
        .help_zh = "由大模型扩写较短的提示词，仅部分模型支持。",
        .fallback = "true",
    },
    {
        .name = "watermark",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Visible watermark",
        .label_zh = "添加可见水印",
        .help_en = "The service prints a mark into the corner.",
        .help_zh = "由服务在图片角落添加标识。",
        .fallback = "false",
    },
    {
        .name = "watermark_text",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Words of the watermark",
        .label_zh = "水印文字",
        .help_en = "Empty: the service's own.",
        .help_zh = "留空使用默认文字。",
        .fallback = "",
        .max = 100,
    },
    {
        .name = "content_producer",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Producer in the AIGC label",
        .label_zh = "AIGC 标识：生成者",
        .help_en = "Written into the picture's hidden label by the service; empty: none.",
        .help_zh = "由服务写入图片的隐式标识；留空则不写入。",
        .fallback = "",
        .max = 200,
    },
    {
        .name = "content_propagator",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Propagator in the AIGC label",
        .label_zh = "AIGC 标识：传播者",
        .help_en = "Who spreads the picture; empty: none.",
        .help_zh = "传播该图片的主体；留空则不写入。",
        .fallback = "",
        .max = 200,
    },
    {
        .name = "response_format",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "How pictures come back",
        .label_zh = "图片返回方式",
        .help_en = "Inside the reply, or as addresses that are fetched at once.",
        .help_zh = "直接随结果返回，或以链接返回并立即下载。",
        .fallback = "base64",
        .choices = response_formats,
    },
};

const struct provider_kind provider_volc_visual = {
    .name = "volc_visual",
    .label = "Volcengine Visual",
    .about_en = "Jimeng pictures through Volcengine's Visual API, with an access key pair.",
    .about_zh = "通过火山引擎视觉智能接口使用即梦系列模型，需要 AK/SK。",
    .default_base_url = "https://visual.volcengineapi.com",
    .key_page = "https://console.volcengine.com/iam/keymanage",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = visual_models,
    .model_count = VISUAL_MODEL_COUNT,
    .model_default = &visual_model_default,
    .result_ttl_ms = 43200000,
    .begin = visual_begin,
    .read = visual_read,
    .poll = visual_poll,
    .probe = visual_probe,
    .read_probe = visual_read_probe,
    .wants_white_mask = visual_wants_white_mask,
};
