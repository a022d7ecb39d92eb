/* provider/ideogram.c: Ideogram (facts 6.8): replies, the work asked for by its id, the form. */
#include "provider/ideogram_private.h"

#define REMOTE_ID_SIZE_MAX 128
#define URL_SIZE_MAX 8192

/* --- errors --- */

/* 402 and 429 say why; only one of the reasons passes by itself. */
static void refine_failure(const struct provider_account *account,
                           const struct exchange_reply *reply, const struct json *json,
                           struct arena *arena, struct provider_failure *failure)
{
    struct str reason = json_text(json_get(json, "reject_reason"));

    if (reply->outcome != EXCHANGE_REPLIED)
        return;
    if (reason.size > 0)
        failure->code = provider_text_clean_for(account, reason, 100, arena);
    if (reply->status == 402 || reply->status == 429) {
        bool passes =
            str_equal(reason, STR("inflight_limit")) || (reason.size == 0 && reply->status == 429);
        failure->class = passes ? FAILURE_THROTTLED : FAILURE_QUOTA;
        failure->charged = CHARGED_NO;
    }
    if (reply->status == 422) { /* safety */
        failure->class = FAILURE_REFUSED;
        failure->charged = CHARGED_NO;
    }
}

static bool is_about_safety(struct str reason)
{
    static const char *const words[] = {"safe", "moderat", "policy", "nsfw", "copyright"};

    for (size_t i = 0; i < COUNT(words); i++)
        if (text_has_nocase(reason, words[i]))
            return true;
    return false;
}

static void read_failed(const struct provider_account *account, const struct json *json,
                        struct arena *arena, struct provider_verdict *out)
{
    struct str reason = json_text(json_get(json, "failure_reason"));

    out->failure.class = is_about_safety(reason) ? FAILURE_REFUSED : FAILURE_REMOTE;
    out->failure.charged = CHARGED_MAYBE;
    out->failure.message =
        reason.size > 0 ? provider_text_clean_for(account, reason, PROVIDER_MESSAGE_MAX, arena)
                        : STR("the work failed, and Ideogram does not say why");
}

/* --- pictures --- */

/* https, or an address of the account's own origin. */
static bool is_usable_url(const struct provider_account *account, struct str url)
{
    struct str base = str_trim(account->base_url), host = provider_url_host(base), origin = base;
    int64_t at = host.size > 0 ? str_find(base, host) : -1, slash;

    if (at >= 0) {
        slash = str_find_char(str_slice(base, (size_t)at, base.size), '/');
        origin = slash < 0 ? base : str_slice(base, 0, (size_t)(at + slash));
    }
    return url.size <= URL_SIZE_MAX && header_value_is_plain(url) && str_find_char(url, ' ') < 0 &&
           provider_url_host(url).size > 0 &&
           (str_starts_with(url, STR("https://")) ||
            (origin.size > 0 && str_starts_with(url, origin) && url.size > origin.size &&
             url.data[origin.size] == '/'));
}

struct counts {
    size_t unsafe, broken;
};

static void add_picture(const struct provider_account *account, const struct json *item,
                        struct arena *arena, struct provider_verdict *out, struct counts *counts)
{
    struct str url = str_trim(json_text(json_get(item, "url")));
    int64_t seed = 0;

    if (!json_bool(json_get(item, "is_image_safe"), true)) { /* then the URL is empty */
        counts->unsafe++;
        return;
    }
    if (!is_usable_url(account, url)) {
        counts->broken++;
        return;
    }
    if (out->pictures == NULL)
        out->pictures = ARENA_ARRAY(arena, struct provider_picture, PICTURES_MAX);
    out->pictures[out->picture_count++] = (struct provider_picture){
        .url = arena_str(arena, url),
        .revised_prompt =
            arena_str(arena, str_slice(json_text(json_get(item, "prompt")), 0, KIB(32))),
        .has_seed = json_int(json_get(item, "seed"), &seed),
        .seed = seed,
    };
}

static void read_pictures(const struct provider_account *account,
                          const struct provider_request *request, const struct json *data,
                          struct arena *arena, struct provider_verdict *out)
{
    struct counts counts = {0};
    int64_t price = ideogram_price_of(request);

    for (size_t i = 0; i < json_count(data) && i < PICTURES_MAX; i++)
        add_picture(account, json_item(data, i), arena, out, &counts);
    if (out->picture_count == 0) {
        out->failure.class = counts.unsafe > 0 ? FAILURE_REFUSED : FAILURE_UNKNOWN;
        out->failure.charged = CHARGED_MAYBE;
        out->failure.message = counts.unsafe > 0
                                   ? STR("Ideogram held the picture back: it is not safe")
                                   : STR("Ideogram said success but sent no picture");
        return;
    }
    out->type = VERDICT_DONE;
    out->usage.images = (int64_t)out->picture_count;
    if (price >= 0) { /* it reports no cost: pictures by the price of their quality */
        out->usage.cost_micro = price * (int64_t)out->picture_count;
        out->usage.currency = "USD";
        out->is_list_cost = true;
    }
    if ((int64_t)out->picture_count < request->count)
        out->missing = counts.unsafe > 0
                           ? arena_printf(arena, "%zu held back: not safe", counts.unsafe)
                           : STR("Ideogram sent fewer pictures than asked for");
}

/* --- replies --- */

/* "v2/ID": each version asks for its own. */
static struct str make_remote_id(const struct exchange *exchange, struct str id,
                                 struct arena *arena)
{
    bool is_v1 = str_find(exchange->url, STR("/v1/")) >= 0;

    return arena_printf(arena, "%s/%.*s", is_v1 ? "v1" : "v2", STR_ARGS(id));
}

static bool is_async(const struct provider_account *account, const struct exchange *exchange)
{
    return account_option_bool(account, "async", true) &&
           str_find(exchange->url, STR("/v2/image/generate/")) >= 0;
}

/* True when the body is a verdict.  The facts have status and failure_reason of a poll's answer;
 * its pictures are taken from `data`, where a finished call has them, or one level deeper. */
static bool read_work(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct json *json, struct arena *arena, struct provider_verdict *out)
{
    static const char *const deeper[] = {"result.data", "response.data", "generation.data"};
    const struct json *data = json_get(json, "data");
    struct str status = json_text(json_get(json, "status"));
    struct str id = json_text(json_get(json, "generation_id"));

    for (size_t i = 0; json_count(data) == 0 && i < COUNT(deeper); i++)
        data = json_path(json, deeper[i]);
    if (str_equal_nocase(status, STR("failed"))) {
        read_failed(account, json, arena, out);
        return true;
    }
    if (json_is(data, JSON_LIST) && json_count(data) > 0) {
        read_pictures(account, request, data, arena, out);
        return true;
    }
    if (str_equal_nocase(status, STR("completed")))
        return false;
    if (exchange->purpose != EXCHANGE_SUBMIT && status.size == 0)
        return false;
    if (exchange->purpose == EXCHANGE_SUBMIT &&
        (!remote_id_is_plain(id, REMOTE_ID_SIZE_MAX) ||
         (json_get(json, "data") != NULL && status.size == 0 && !is_async(account, exchange))))
        return false; /* an empty list at once is no picture, and none is to come */
    out->type = VERDICT_WAIT;
    out->remote_id =
        exchange->purpose == EXCHANGE_SUBMIT ? make_remote_id(exchange, id, arena) : exchange->memo;
    return true;
}

static void ideogram_read(const struct provider_account *account,
                          const struct provider_request *request, const struct exchange *exchange,
                          const struct exchange_reply *reply, struct arena *arena,
                          struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;
    bool is_good =
        reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300;

    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.retry_after_ms = -1},
    };
    if (reply->outcome == EXCHANGE_REPLIED)
        (void)!json_read_liberal(reply->body, &json, &ignored);
    out->request_id =
        provider_text_clean_for(account, json_text(json_get(json, "generation_id")), 100, arena);
    if (is_good && read_work(account, request, exchange, json, arena, out))
        return;
    exchange_classify_for(account, reply, arena, &out->failure);
    refine_failure(account, reply, json, arena, &out->failure);
}

static bool ideogram_poll(const struct provider_account *account, struct str remote_id,
                          struct arena *arena, struct exchange *out, struct error *err)
{
    struct str id = remote_id, version = str_cut(&id, '/');

    if (!(str_equal(version, STR("v1")) || str_equal(version, STR("v2"))) ||
        !remote_id_is_plain(id, REMOTE_ID_SIZE_MAX))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no work of Ideogram");
    if (!ideogram_exchange_init(
            account, EXCHANGE_POLL, "GET",
            arena_printf(arena, "/%.*s/generations/%.*s", STR_ARGS(version), STR_ARGS(id)), arena,
            out, err))
        return false;
    out->memo = arena_str(arena, remote_id);
    return true;
}

/* --- the free call --- */

/* Nothing that is free lists models; a work that does not exist is asked for: whoever answers that
 * it is not there has taken the key. */
static bool ideogram_probe(const struct provider_account *account, struct arena *arena,
                           struct exchange *out, struct error *err)
{
    return ideogram_exchange_init(account, EXCHANGE_PROBE, "GET",
                                  STR("/v2/generations/00000000-0000-0000-0000-000000000000"),
                                  arena, out, err);
}

static void ideogram_read_probe(const struct provider_account *account,
                                const struct exchange_reply *reply, struct arena *arena,
                                struct str **models, size_t *count,
                                struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;
    bool is_answer = reply->outcome == EXCHANGE_REPLIED &&
                     (reply->status == 200 || reply->status == 400 || reply->status == 404) &&
                     json_read_liberal(reply->body, &json, &ignored) && json_is(json, JSON_OBJECT);

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (!is_answer) {
        exchange_classify_for(account, reply, arena, failure);
        failure->charged = CHARGED_NO;
        if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED)
            failure->class = FAILURE_INVALID;
        return;
    }
    *models = ARENA_ARRAY(arena, struct str, IDEOGRAM_MODEL_COUNT);
    for (size_t i = 0; i < IDEOGRAM_MODEL_COUNT; i++)
        (*models)[(*count)++] = ideogram_models[i].name;
}

static int64_t ideogram_estimate(const struct provider_account *account,
                                 const struct provider_request *request, const char **currency)
{
    int64_t price = ideogram_price_of(request);

    (void)account;
    *currency = "USD";
    return price < 0 || request->count < 1 || request->count > PICTURES_MAX
               ? -1
               : price * request->count;
}

static bool ideogram_wants_white_mask(const struct provider_account *account)
{
    (void)account;
    return true; /* and turns it over: ideogram_mask_invert() */
}

/* --- the kind --- */

static const char *const magic_prompts[] = {"auto", "on", "off", NULL};
static const char *const style_types[] = {"auto",   "general", "realistic",
                                          "design", "fiction", NULL};

/* clang-format off */
static const struct provider_field fields[] = {
    {
        .name = "base_url",
        .type = PROVIDER_FIELD_URL,
        .label_en = "Base URL",
        .label_zh = "接口地址",
        .help_en = "Leave empty for Ideogram itself.",
        .help_zh = "使用 Ideogram 官方服务时留空。",
        .fallback = "",
    },
    {
        .name = "key",
        .type = PROVIDER_FIELD_SECRET,
        .label_en = "API key",
        .label_zh = "API 密钥",
        .help_en = "Made on Ideogram's API page; it needs credit of its own.",
        .help_zh = "在 Ideogram 的 API 页面创建，需单独充值。",
        .fallback = "",
        .is_required = true,
    },
    {
        .name = "magic_prompt",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Prompt rewriting",
        .label_zh = "提示词改写",
        .help_en = "Whether Ideogram writes the prompt anew before it draws.",
        .help_zh = "绘图前是否由 Ideogram 改写提示词。",
        .fallback = "auto",
        .choices = magic_prompts,
    },
    {
        .name = "style_type",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Style",
        .label_zh = "风格",
        .help_en = "For Ideogram 3 only.",
        .help_zh = "仅用于 Ideogram 3。",
        .fallback = "auto",
        .choices = style_types,
    },
    {
        .name = "image_weight",
        .type = PROVIDER_FIELD_INT,
        .label_en = "Weight of the picture in a remix",
        .label_zh = "重绘时原图权重",
        .help_en = "1 keeps little of it, 100 nearly everything. For Ideogram 3 and 4.",
        .help_zh = "1 几乎不保留原图，100 几乎全部保留；用于 Ideogram 3 和 4。",
        .fallback = "50",
        .min = 1,
        .max = 100,
    },
    {
        .name = "async",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Accept now, deliver later",
        .label_zh = "异步交付",
        .help_en = "With Ideogram 4.5: a picture is not lost when the connection is.",
        .help_zh = "用于 Ideogram 4.5：连接中断也不会丢失图片。",
        .fallback = "true",
    },
};
/* clang-format on */

const struct provider_kind provider_ideogram = {
    .name = "ideogram",
    .label = "Ideogram",
    .about_en =
        "Ideogram 4.5, 4 and 3: strong at lettering and design; edits with a mask, remixes, "
        "reframing, other backgrounds.",
    .about_zh = "Ideogram 4.5、4 和 3：擅长文字与设计；支持蒙版编辑、重绘、扩展画幅和更换背景。",
    .default_base_url = IDEOGRAM_BASE_URL,
    .key_page = "https://ideogram.ai/manage-api",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = ideogram_models,
    .model_count = IDEOGRAM_MODEL_COUNT,
    .model_default = &ideogram_model_default,
    .begin = ideogram_begin,
    .read = ideogram_read,
    .poll = ideogram_poll,
    .wants_white_mask = ideogram_wants_white_mask,
    .probe = ideogram_probe,
    .read_probe = ideogram_read_probe,
    .estimate = ideogram_estimate,
};
