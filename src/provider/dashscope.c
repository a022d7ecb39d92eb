/*
 * provider/dashscope.c: Alibaba DashScope (Model Studio): Qwen Image, Wan, Z-Image.  Reads replies:
 * pictures at once or a task to ask for, failures inside of 200 (facts 6.5, read 2026-11-22); the
 * calls are written in dashscope_request.c.
 */
#include "provider/dashscope_private.h"

#define POLL_MS 3000
#define DAY_MS 86400000 /* tasks and addresses live so long */
#define TOKENS_MAX 1000000000

/* DashScope bills no failure (facts 8): whatever it says has failed was not paid.  In doubt: some
 * of the codes are from general knowledge (facts 10.11). */
static const struct plain_code codes[] = {
    {"InvalidApiKey",          FAILURE_AUTH,      CHARGED_NO   },
    {"AccessDenied",           FAILURE_AUTH,      CHARGED_NO   },
    {"Arrearage",              FAILURE_QUOTA,     CHARGED_NO   },
    {"ModelNotFound",          FAILURE_INVALID,   CHARGED_NO   },
    {"InvalidParameter",       FAILURE_INVALID,   CHARGED_NO   },
    {"InvalidURL",             FAILURE_INVALID,   CHARGED_NO   },
    {"DataInspectionFailed",   FAILURE_REFUSED,   CHARGED_NO   },
    {"data_inspection_failed", FAILURE_REFUSED,   CHARGED_NO   },
    {"Throttling",             FAILURE_THROTTLED, CHARGED_NO   },
    {"InternalError",          FAILURE_SERVER,    CHARGED_NO   },
    {"ModelServingError",      FAILURE_SERVER,    CHARGED_NO   },
    {NULL,                     FAILURE_NONE,      CHARGED_MAYBE},
};

/* One reply on its way to a verdict. */
struct reading {
    const struct provider_account *account;
    const struct provider_request *request;
    const struct exchange *exchange;
    const struct exchange_reply *reply;
    struct arena *arena;
    struct provider_verdict *out;
};

static struct str clean(const struct reading *reading, const struct json *text, size_t size_max)
{
    return provider_text_clean(str_trim(secret_expose(reading->account->key)), json_text(text),
                               size_max, reading->arena);
}

static int64_t count_of(const struct json *usage, const char *name)
{
    int64_t count = json_int_or(json_get(usage, name), -1);

    return count < 0 || count > TOKENS_MAX ? -1 : count;
}

static void read_usage(const struct reading *reading, const struct json *body)
{
    const struct json *usage = json_get(body, "usage");
    const struct dashscope_family *family = dashscope_family_of(reading->request->model);
    struct str type = json_text(json_get(usage, "output_image_type"));
    struct provider_usage *out = &reading->out->usage;

    out->tokens_in = count_of(usage, "input_tokens");
    out->tokens_out = count_of(usage, "output_tokens");
    /* The class that it was billed as, whatever size was asked for. */
    if (family->large_micro > 0 && type.size > 0) {
        out->cost_micro =
            (str_ends_with(type, STR("2k")) ? family->large_micro : family->intl_micro) *
            (int64_t)reading->out->picture_count;
        out->currency = "USD";
        reading->out->is_list_cost = true;
    }
}

/* A picture of several that failed alone: {"code", "message"} in its place. */
static const struct json *find_failed_item(const struct json *body)
{
    const struct json *results = json_path(body, "output.results");

    for (size_t i = 0; i < json_count(results); i++)
        if (json_text(json_get(json_item(results, i), "code")).size > 0)
            return json_item(results, i);
    return NULL;
}

/*
 * Work that was begun and failed.  The engine asks again after every class that might be the poll's
 * own trouble, so there are two alone: refused, and failed there.
 */
static void fail_work(const struct reading *reading, const struct json *said)
{
    struct provider_failure *failure = &reading->out->failure;
    const struct plain_code *row;

    failure->code = clean(reading, json_get(said, "code"), 100);
    failure->message = clean(reading, json_get(said, "message"), PROVIDER_MESSAGE_MAX);
    row = plain_code_find(codes, failure->code);
    failure->class =
        row != NULL && row->class == FAILURE_REFUSED ? FAILURE_REFUSED : FAILURE_REMOTE;
    failure->charged = CHARGED_NO;
    if (failure->message.size == 0)
        failure->message = STR("the service says that the work failed, and not why");
}

static void read_pictures(const struct reading *reading, const struct json *body)
{
    const struct json *failed = find_failed_item(body);
    struct provider_verdict *out = reading->out;
    struct picture_list list;

    picture_list_init(&list, reading->arena);
    picture_list_read(&list, body);
    if (list.count > 0) {
        plain_take_pictures(reading->request, &list,
                            clean(reading, json_get(failed, "message"), PROVIDER_MESSAGE_MAX),
                            reading->arena, out);
        read_usage(reading, body);
    } else if (failed != NULL) {
        fail_work(reading, failed);
    } else if (json_text(json_get(body, "code")).size > 0) {
        exchange_classify_for(reading->account, reading->reply, reading->arena, &out->failure);
        plain_refine(codes, &out->failure);
    } else {
        plain_fail_empty(&list, &out->failure);
    }
}

/* --- tasks --- */

static void wait_for(const struct reading *reading, struct str task_id)
{
    struct provider_verdict *out = reading->out;

    if (!plain_id_is_good(task_id)) {
        out->failure.class = FAILURE_UNKNOWN;
        out->failure.charged = CHARGED_MAYBE;
        out->failure.message = STR("the service took the order but named no task to ask for");
        return;
    }
    out->type = VERDICT_WAIT;
    out->remote_id = arena_str(reading->arena, task_id);
    out->poll_after_ms = POLL_MS;
}

static void fail_with(const struct reading *reading, enum failure_class class, enum charged charged,
                      struct str message)
{
    reading->out->failure.class = class;
    reading->out->failure.charged = charged;
    reading->out->failure.message = message;
}

static void read_task(const struct reading *reading, const struct json *body)
{
    const struct json *output = json_get(body, "output");
    struct str state = json_text(json_get(output, "task_status"));

    if (str_equal(state, STR("SUCCEEDED"))) {
        read_pictures(reading, body);
        plain_end_task(reading->exchange, reading->out);
    } else if (str_equal(state, STR("FAILED"))) {
        fail_work(reading, output);
    } else if (str_equal(state, STR("CANCELED"))) {
        fail_with(reading, FAILURE_CANCELLED, CHARGED_NO, /* only what waits can be cancelled */
                  STR("the task was cancelled before it began"));
    } else if (str_equal(state, STR("UNKNOWN"))) {
        fail_with(reading, FAILURE_INVALID, CHARGED_MAYBE,
                  STR("the service does not know this task, or no longer"));
    } else { /* PENDING, RUNNING, and what may come: none of them is an end */
        wait_for(reading, reading->exchange->memo.size > 0
                              ? reading->exchange->memo
                              : json_text(json_get(output, "task_id")));
    }
}

/* --- errors --- */

static bool is_about_way(const struct provider_failure *failure, const char *way)
{
    return text_has_nocase(failure->message, way);
}

/*
 * 403 "current user api does not support synchronous calls" (facts 6.5; "asynchronous" as others
 * measured): nothing was made, and the refusal names what is to be changed.  Once.
 */
static bool find_other_way(const struct reading *reading)
{
    struct provider_verdict *out = reading->out;
    enum dashscope_route route = dashscope_family_of(reading->request->model)->route;
    bool wants_task = is_about_way(&out->failure, "does not support synchronous calls");
    bool wants_sync = is_about_way(&out->failure, "does not support asynchronous calls");
    struct error ignored;

    if (reading->reply->status != 403 || wants_task == wants_sync)
        return false;
    out->failure.class = FAILURE_INVALID; /* the key is good */
    if (reading->exchange->purpose != EXCHANGE_SUBMIT || reading->exchange->retry_stage > 0 ||
        wants_task != (route == DASHSCOPE_SYNC))
        return false;
    if (!dashscope_build(reading->account, reading->request,
                         wants_task ? DASHSCOPE_TASK : DASHSCOPE_SYNC, reading->arena, &out->next,
                         &ignored))
        return false;
    out->next.retry_stage = 1;
    return true;
}

static void read_failure(const struct reading *reading)
{
    struct provider_failure *failure = &reading->out->failure;

    exchange_classify_for(reading->account, reading->reply, reading->arena, failure);
    plain_refine(codes, failure);
    /* A question that failed says nothing of the task. */
    if (failure->class == FAILURE_SERVER && reading->exchange->purpose == EXCHANGE_POLL)
        failure->charged = CHARGED_MAYBE;
    if (find_other_way(reading))
        reading->out->type = VERDICT_NEXT;
}

static void read_request_id(const struct reading *reading, const struct json *body)
{
    struct str id = json_text(json_get(body, "request_id"));

    if (id.size == 0)
        id = exchange_reply_header(reading->reply, "x-request-id");
    reading->out->request_id = plain_request_id(reading->account, id, reading->arena);
}

static void dashscope_read(const struct provider_account *account,
                           const struct provider_request *request, const struct exchange *exchange,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct provider_verdict *out)
{
    const struct reading reading = {account, request, exchange, reply, arena, out};
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;
    bool is_read =
        reply->outcome == EXCHANGE_REPLIED && json_read_liberal(reply->body, &json, &ignored);

    plain_verdict_init(out);
    read_request_id(&reading, json);
    if (!is_read || !plain_is_good(reply) || !json_is(json, JSON_OBJECT))
        read_failure(&reading);
    else if (exchange->purpose == EXCHANGE_CANCEL)
        wait_for(&reading, exchange->memo); /* taken is not done: the task itself says it */
    else if (json_text(json_path(json, "output.task_status")).size > 0)
        read_task(&reading, json);
    else
        read_pictures(&reading, json);
}

static void dashscope_read_probe(const struct provider_account *account,
                                 const struct exchange_reply *reply, struct arena *arena,
                                 struct str **models, size_t *count,
                                 struct provider_failure *failure)
{
    plain_read_models(account, reply, codes, "output.models", arena, models, count, failure);
}

/* --- the kind --- */

static const struct provider_field fields[] = {
    PLAIN_FIELD_BASE_URL("Leave empty for Beijing. Singapore is "
                         "https://dashscope-intl.aliyuncs.com; a workspace has an address of its "
                         "own. A key works in its own region alone.",
                         "北京地域留空；新加坡地域填 https://dashscope-intl.aliyuncs.com；"
                         "业务空间使用专属地址。密钥只在所属地域有效。"),
    PLAIN_FIELD_KEY("From the region's own console.", "在所属地域的控制台创建。"),
    PLAIN_FIELD_BOOL("prompt_extend", "Rewrite prompts", "智能改写提示词",
                     "Lets the service add detail to short prompts. Takes longer; doubles the "
                     "price of Z-Image; Wan 2.7 has no such switch.",
                     "由服务自动丰富过短的提示词。耗时更长，Z-Image 价格翻倍；"
                     "万相 2.7 不支持此开关。",
                     "false"),
    PLAIN_FIELD_BOOL("watermark", "Watermark", "添加水印",
                     "Puts the service's mark into the corner of each picture.",
                     "在图片角落添加服务方的水印。", "false"),
};

const struct provider_kind provider_dashscope = {
    .name = "dashscope",
    .label = "Alibaba DashScope",
    .about_en = "Qwen Image, Wan and Z-Image of Alibaba Cloud Model Studio: drawing and editing, "
                "with Chinese and English lettering.",
    .about_zh = "阿里云百炼的千问图像（Qwen-Image）、万相（Wan）和 Z-Image：生成与编辑，"
                "擅长中英文文字渲染。",
    .default_base_url = DASHSCOPE_BASE_URL,
    .key_page = "https://bailian.console.aliyun.com/?tab=model#/api-key",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = dashscope_models,
    .model_count = DASHSCOPE_MODEL_COUNT,
    .model_default = &dashscope_model_default,
    .result_ttl_ms = DAY_MS,
    .begin = dashscope_begin,
    .read = dashscope_read,
    .poll = dashscope_poll,
    .cancel = dashscope_cancel,
    .probe = dashscope_probe,
    .read_probe = dashscope_read_probe,
    .estimate = dashscope_estimate,
};
