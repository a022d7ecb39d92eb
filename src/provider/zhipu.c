/*
 * provider/zhipu.c: Zhipu's pictures (BigModel, Z.ai): GLM-Image and CogView.  facts 6.7, read
 * 2026-11-22 and second-hand throughout; the way by task is from general knowledge (facts 10.11),
 * so an account has to choose it.
 */
#include "provider/plain_private.h"

#include <stdio.h>

#define BASE_URL "https://open.bigmodel.cn/api/paas/v4"
#define PATH_DEFAULT "/api/paas/v4"
#define RESULT_MS ((int64_t)30 * 86400000)
#define POLL_MS 3000
#define GLM_SIDE_MIN 1024 /* of a size that is not in its list */

/* 1301 is said of the prompt and of the picture alike. */
static const struct plain_code codes[] = {
    {"1000", FAILURE_AUTH,      CHARGED_NO   },
    {"1001", FAILURE_AUTH,      CHARGED_NO   },
    {"1002", FAILURE_AUTH,      CHARGED_NO   },
    {"1003", FAILURE_AUTH,      CHARGED_NO   },
    {"1004", FAILURE_AUTH,      CHARGED_NO   },
    {"1113", FAILURE_QUOTA,     CHARGED_NO   },
    {"1210", FAILURE_INVALID,   CHARGED_NO   },
    {"1211", FAILURE_INVALID,   CHARGED_NO   },
    {"1212", FAILURE_INVALID,   CHARGED_NO   },
    {"1213", FAILURE_INVALID,   CHARGED_NO   },
    {"1214", FAILURE_INVALID,   CHARGED_NO   },
    {"1301", FAILURE_REFUSED,   CHARGED_MAYBE},
    {"1302", FAILURE_THROTTLED, CHARGED_NO   },
    {"1303", FAILURE_THROTTLED, CHARGED_NO   },
    {"1305", FAILURE_THROTTLED, CHARGED_NO   },
    {NULL,   FAILURE_NONE,      CHARGED_MAYBE},
};

/* --- the catalogue --- */

#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }
static const char *const qualities[] = {"standard", "hd", NULL};
/* clang-format off */
static const struct provider_field option_watermark = OPTION_ROW(
    BOOL, "watermark", "Visible watermark", "可见水印",
    "Without it an account needs a waiver that was signed with Zhipu.", "关闭水印须先与智谱签署免责声明。", .fallback = "");
static const struct provider_field *const options[] = {&option_watermark, NULL};
/* clang-format on */
#define MODEL                                                                                      \
    .options = options, .can_generate = true, .count_max = 1, .qualities = qualities,              \
    .currency = "CNY", .price_as_of = "2026-11-22"
#define COGVIEW_4                                                                                  \
    .side_px_min = 512, .side_px_max = 2048, .side_px_step = 16, .pixels_max = 2097152,            \
    .price_micro = 60000

/* GLM-Image's own list goes below its least side: check_listed(). */
static const char *const glm_sizes[] = {"1728x960", "960x1728", NULL};

static const struct provider_model models[] = {
    PLAIN_ROW(MODEL, .is_known = true, .name = TEXT("glm-image"), .label = TEXT("GLM-Image"),
              .side_px_min = 960, .side_px_max = 2048, .side_px_step = 32, .price_micro = 100000),
    PLAIN_ROW(MODEL, .is_known = true, .name = TEXT("cogview-4-250304"),
              .label = TEXT("CogView-4 (250304)"), COGVIEW_4),
    PLAIN_ROW(MODEL, .is_known = true, .name = TEXT("cogview-4"), .label = TEXT("CogView-4"),
              COGVIEW_4),
    PLAIN_ROW(MODEL, .is_known = true, .name = TEXT("cogview-3-flash"),
              .label = TEXT("CogView-3 Flash (free)"), .price_micro = 0),
};
static const struct provider_model model_default = {MODEL, .price_micro = -1};

/* Z.ai's prices are in no fact; what is free is free there too. */
static int64_t zhipu_estimate(const struct provider_account *account,
                              const struct provider_request *request, const char **currency)
{
    struct provider_model model = provider_model_find(&provider_zhipu, request->model);
    bool is_intl = text_has_nocase(provider_url_host(account->base_url), ".z.ai");

    *currency = is_intl ? "USD" : "CNY";
    if (model.price_micro < 0 || request->count < 1 || request->count > PICTURES_MAX)
        return -1;
    return is_intl && model.price_micro > 0 ? -1 : model.price_micro * request->count;
}

/* --- the call --- */

static bool check_listed(const struct provider_request *request, struct error *err)
{
    int64_t shorter =
        request->width_px < request->height_px ? request->width_px : request->height_px;
    char size[48];

    if (!str_equal(request->model, STR("glm-image")) || shorter == 0 || shorter >= GLM_SIDE_MIN)
        return true;
    (void)snprintf(size, sizeof size, "%lldx%lld", (long long)request->width_px,
                   (long long)request->height_px);
    return text_is_listed(str_of(size), glm_sizes) ||
           error_field(err, ERROR_TOO_SMALL, "size", GLM_SIDE_MIN,
                       "a side must have at least %d px, but in 1728x960 and 960x1728",
                       GLM_SIDE_MIN);
}

static void write_body(struct json_writer *writer, const struct provider_account *account,
                       const struct provider_request *request, struct arena *arena)
{
    json_begin_object(writer);
    plain_write_text(writer, "model", request->model);
    plain_write_text(writer, "prompt", request->prompt);
    if (request->width_px > 0)
        plain_write_text(writer, "size",
                         arena_printf(arena, "%lldx%lld", (long long)request->width_px,
                                      (long long)request->height_px));
    if (request->quality.size > 0)
        plain_write_text(writer, "quality", request->quality);
    if (!call_option_bool(account, request, "watermark", true))
        plain_write_bool(writer, "watermark_enabled", false);
    if (request->safety_id.size > 0)
        plain_write_text(writer, "user_id", request->safety_id);
    json_end_object(writer);
}

static bool exchange_init(const struct provider_account *account, enum exchange_purpose purpose,
                          const char *path, struct arena *arena, struct exchange *out,
                          struct error *err)
{
    static const struct str async = {"/async", 6}; /* pasted with its endpoint, which was cut off */
    struct str base;

    if (!plain_base(account, BASE_URL, PATH_DEFAULT, arena, &base, err))
        return false;
    if (str_ends_with(base, async))
        base.size -= async.size;
    return plain_exchange_init(
        account, purpose, arena_printf(arena, "%.*s%s", STR_ARGS(base), path), arena, out, err);
}

static bool zhipu_begin(const struct provider_account *account,
                        const struct provider_request *request, struct arena *arena,
                        struct exchange *out, struct error *err)
{
    static const struct plain_limits limits = {0};
    struct provider_model model = provider_model_find(&provider_zhipu, request->model);
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    if (!plain_check(&model, &limits, request, err) || !check_listed(request, err) ||
        !exchange_init(account, EXCHANGE_SUBMIT,
                       account_option_bool(account, "async", false) ? "/async/images/generations"
                                                                    : "/images/generations",
                       arena, out, err))
        return false;
    json_writer_init(&writer, &buf);
    write_body(&writer, account, request, arena);
    plain_set_json(out, arena, &buf);
    return true;
}

static bool zhipu_poll(const struct provider_account *account, struct str remote_id,
                       struct arena *arena, struct exchange *out, struct error *err)
{
    struct str id = arena_str(arena, remote_id);

    if (!plain_id_is_good(id))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no task of Zhipu's");
    if (!exchange_init(account, EXCHANGE_POLL,
                       arena_cstr(arena, arena_printf(arena, "/async-result/%.*s", STR_ARGS(id))),
                       arena, out, err))
        return false;
    out->memo = id;
    return true;
}

/* --- the answer --- */

/* [{"role", "level": 0 to 3}], 0 the most severe: what blocks a picture that no error tells of. */
static bool is_filtered(const struct json *body)
{
    const struct json *filter = json_get(body, "content_filter");

    for (size_t i = 0; i < json_count(filter); i++)
        if (json_int_or(json_get(json_item(filter, i), "level"), 3) <= 1)
            return true;
    return false;
}

static void fail(struct provider_verdict *out, enum failure_class class, enum charged charged,
                 struct str message)
{
    out->failure.class = class;
    out->failure.charged = charged;
    out->failure.message = message;
}

static void read_failure(const struct provider_account *account, const struct exchange_reply *reply,
                         struct arena *arena, struct provider_verdict *out)
{
    exchange_classify_for(account, reply, arena, &out->failure);
    plain_refine(codes, &out->failure);
}

static void read_pictures(const struct provider_account *account,
                          const struct provider_request *request,
                          const struct exchange_reply *reply, const struct json *body,
                          struct arena *arena, struct provider_verdict *out)
{
    struct picture_list list;

    picture_list_init(&list, arena);
    picture_list_read(&list, body); /* data, or image_result of a task */
    if (list.count > 0) {
        plain_take_pictures(request, &list, STR_EMPTY, arena, out);
        return;
    }
    read_failure(account, reply, arena, out);
    if (out->failure.class != FAILURE_UNKNOWN)
        return;
    if (list.broken > 0)
        plain_fail_empty(&list, &out->failure);
    if (is_filtered(body))
        fail(out, FAILURE_REFUSED, CHARGED_MAYBE, STR("the service's content filter blocked it"));
}

static void wait_for(const struct exchange *exchange, const struct json *body, struct arena *arena,
                     struct provider_verdict *out)
{
    struct str id = exchange->memo.size > 0 ? exchange->memo : json_text(json_get(body, "id"));

    if (!plain_id_is_good(id)) {
        fail(out, FAILURE_UNKNOWN, CHARGED_MAYBE,
             STR("the service took the order but named no task to ask for"));
        return;
    }
    out->type = VERDICT_WAIT;
    out->remote_id = arena_str(arena, id);
    out->poll_after_ms = POLL_MS;
}

/* {"id", "task_status": PROCESSING, SUCCESS or FAIL}: of an order by task, and of its polls. */
static void read_task(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct exchange_reply *reply, const struct json *body,
                      struct arena *arena, struct provider_verdict *out)
{
    struct str state = json_text(json_get(body, "task_status"));
    const struct plain_code *row;

    if (!str_equal(state, STR("FAIL"))) {
        if (!str_equal(state, STR("SUCCESS"))) {
            wait_for(exchange, body, arena, out);
            return;
        }
        read_pictures(account, request, reply, body, arena, out);
        plain_end_task(exchange, out);
        return;
    }
    /* The engine asks again after every class that might be the poll's own trouble: two are left.
     */
    read_failure(account, reply, arena, out);
    row = plain_code_find(codes, out->failure.code);
    if (out->failure.class == FAILURE_UNKNOWN)
        out->failure.message = STR("the service says that the work failed, and not why");
    out->failure.class = is_filtered(body) || out->failure.class == FAILURE_REFUSED
                             ? FAILURE_REFUSED
                             : FAILURE_REMOTE;
    out->failure.charged = row != NULL ? row->charged : CHARGED_MAYBE;
}

static void zhipu_read(const struct provider_account *account,
                       const struct provider_request *request, const struct exchange *exchange,
                       const struct exchange_reply *reply, struct arena *arena,
                       struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;
    bool is_read =
        reply->outcome == EXCHANGE_REPLIED && json_read_liberal(reply->body, &json, &ignored);
    struct str id = json_text(json_get(json, "request_id"));

    plain_verdict_init(out);
    if (id.size == 0)
        id = json_text(json_get(json, "id"));
    out->request_id = plain_request_id(account, id, arena);
    if (!is_read || !plain_is_good(reply) || !json_is(json, JSON_OBJECT))
        read_failure(account, reply, arena, out);
    else if (json_text(json_get(json, "task_status")).size > 0)
        read_task(account, request, exchange, reply, json, arena, out);
    else
        read_pictures(account, request, reply, json, arena, out);
}

/* --- the free call --- */

static bool zhipu_probe(const struct provider_account *account, struct arena *arena,
                        struct exchange *out, struct error *err)
{
    return exchange_init(account, EXCHANGE_PROBE, "/models", arena, out, err);
}

static void zhipu_read_probe(const struct provider_account *account,
                             const struct exchange_reply *reply, struct arena *arena,
                             struct str **names, size_t *count, struct provider_failure *failure)
{
    plain_read_models(account, reply, codes, "data", arena, names, count, failure);
}

/* --- the kind --- */

static const struct provider_field fields[] = {
    PLAIN_FIELD_BASE_URL("Leave empty for China (BigModel); outside of it https://api.z.ai.",
                         "国内（智谱开放平台）留空；国际站（Z.ai）填 https://api.z.ai。"),
    PLAIN_FIELD_KEY("Keys of the two sites are not the same.", "国内站与国际站的密钥不通用。"),
    PLAIN_FIELD_BOOL("watermark", "Watermark", "添加水印",
                     "Switch it off only if you have signed Zhipu's waiver; the service refuses "
                     "it otherwise.",
                     "仅在已签署智谱去水印协议后才可关闭，否则服务会拒绝请求。", "true"),
    PLAIN_FIELD_BOOL("async", "Accept now, deliver later", "异步生成",
                     "Orders by task and asks for it until it is done: a broken connection loses "
                     "nothing.",
                     "先提交任务再轮询结果，连接中断也不会丢失已生成的图片。", "false"),
};

const struct provider_kind provider_zhipu = {
    .name = "zhipu",
    .label = "Zhipu (Z.ai)",
    .about_en = "GLM-Image and CogView: posters with Chinese lettering; CogView-3 Flash is free.",
    .about_zh = "智谱 GLM-Image 与 CogView：擅长汉字海报；CogView-3-Flash 免费。",
    .default_base_url = BASE_URL,
    .key_page = "https://open.bigmodel.cn/usercenter/apikeys",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = models,
    .model_count = COUNT(models),
    .model_default = &model_default,
    .result_ttl_ms = RESULT_MS,
    .begin = zhipu_begin,
    .read = zhipu_read,
    .poll = zhipu_poll,
    .probe = zhipu_probe,
    .read_probe = zhipu_read_probe,
    .estimate = zhipu_estimate,
};
