/*
 * provider/gemini.c: Google's Gemini API: Nano Banana pictures, Gemini's texts, and what is left of
 * Imagen.  Calls are written in gemini_request.c, replies read in gemini_reply.c.
 */
#include "provider/gemini_private.h"

#define PROBE_MODELS_MAX 2000
#define MODEL_NAME_SIZE_MAX 200

static bool gemini_begin(const struct provider_account *account,
                         const struct provider_request *request, struct arena *arena,
                         struct exchange *out, struct error *err)
{
    struct gemini_call call;

    return gemini_call_init(&call, account, request, arena, err) && gemini_check(&call, err) &&
           gemini_build(&call, false, arena, out, err);
}

/* Relays and older servers know responseSchema alone.  A 400 that names the other one did nothing,
 * so the next try says it in the old form. */
static bool find_next(struct gemini_call *call, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct exchange *next)
{
    const struct provider_request *request = call->request;
    struct error ignored;

    if (request->action != PROVIDER_WRITE || request->schema.size == 0 ||
        exchange->retry_stage != 0 || reply->outcome != EXCHANGE_REPLIED || reply->status != 400 ||
        !gemini_schema_has_old_form(request->schema) || call->is_imagen)
        return false;
    if (str_find(reply->body, STR("responseJsonSchema")) < 0 &&
        str_find(reply->body, STR("response_json_schema")) < 0)
        return false;
    return text_has_nocase(str_slice(reply->body, 0, KIB(64)), "unknown name") &&
           gemini_check(call, &ignored) && gemini_build(call, true, arena, next, &ignored);
}

static void gemini_read(const struct provider_account *account,
                        const struct provider_request *request, const struct exchange *exchange,
                        const struct exchange_reply *reply, struct arena *arena,
                        struct provider_verdict *out)
{
    struct gemini_call call;
    struct error ignored;
    /* If the account's address was changed since, there is no next try; the reply is read. */
    bool can_retry = gemini_call_init(&call, account, request, arena, &ignored);

    gemini_read_reply(&call, exchange, reply, arena, out);
    if (can_retry && out->type == VERDICT_FAILED && out->failure.class == FAILURE_INVALID &&
        find_next(&call, exchange, reply, arena, &out->next))
        out->type = VERDICT_NEXT;
}

/* --- the free call --- */

static bool gemini_probe(const struct provider_account *account, struct arena *arena,
                         struct exchange *out, struct error *err)
{
    const struct provider_request nothing = {.compression = -1};
    struct gemini_call call;

    if (!gemini_call_init(&call, account, &nothing, arena, err) ||
        !gemini_exchange_init(&call, arena, out, err))
        return false;
    out->purpose = EXCHANGE_PROBE;
    out->url = arena_printf(arena, "%.*s/models?pageSize=1000", STR_ARGS(call.base));
    out->first_byte_ms = 20000;
    out->total_ms = 30000;
    out->reply_size_max = (int64_t)MIB(8);
    return true;
}

/* Embeddings and the like are listed too; who says nothing of methods may do anything. */
static bool can_answer(const struct json *item)
{
    const struct json *methods = json_get(item, "supportedGenerationMethods");

    for (size_t i = 0; json_is(methods, JSON_LIST) && i < json_count(methods); i++) {
        struct str method = json_text(json_item(methods, i));
        if (str_equal(method, STR("generateContent")) || str_equal(method, STR("predict")))
            return true;
    }
    return !json_is(methods, JSON_LIST);
}

static struct str read_model_name(const struct json *item)
{
    struct str name = str_trim(json_text(json_get(item, "name")));

    if (str_starts_with(name, STR("models/")))
        name = str_slice(name, 7, name.size);
    if (!header_value_is_plain(name) || name.size > MODEL_NAME_SIZE_MAX || !can_answer(item))
        return STR_EMPTY;
    return name;
}

static void gemini_read_probe(const struct provider_account *account,
                              const struct exchange_reply *reply, struct arena *arena,
                              struct str **models, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *list = NULL;
    struct error ignored;

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300 &&
        json_read_liberal(reply->body, &json, &ignored))
        list = json_get(json, "models");
    if (!json_is(list, JSON_LIST)) {
        gemini_classify(account, reply, arena, failure);
        failure->charged = CHARGED_NO;
        if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED) {
            failure->class = FAILURE_INVALID;
            failure->message = STR("the server answered, but not with a list of models; is the "
                                   "base URL right?");
        }
        return;
    }
    *models = ARENA_ARRAY(arena, struct str, json_count(list) + 1);
    for (size_t i = 0; i < json_count(list) && *count < PROBE_MODELS_MAX; i++) {
        struct str name = read_model_name(json_item(list, i));
        if (name.size > 0)
            (*models)[(*count)++] = arena_str(arena, name);
    }
}

/* --- money --- */

static int64_t tokens_of_picture(const struct gemini_traits *traits,
                                 const struct provider_request *request,
                                 const struct provider_model *model)
{
    const struct ratio *ratio;
    const struct ratio_class *class;

    if (ratio_find(traits->ratios, traits->classes, request->width_px, request->height_px,
                   model->sizes != NULL, &ratio, &class))
        return class->tokens;
    for (class = traits->classes; class->quarters != 4; class ++)
        ; /* left open: 1K */
    return class->tokens;
}

/*
 * Of a picture.  What the model thinks beside it is billed too, and nothing of it is in here: no
 * fact says that a limit would count the thoughts and leave the picture, and one that is cut is
 * paid for all the same.  Texts have their limit: gemini_write_tokens_max().
 */
static int64_t gemini_estimate(const struct provider_account *account,
                               const struct provider_request *request, const char **currency)
{
    const struct gemini_traits *traits;
    struct provider_model model;
    int64_t in, out;
    bool is_imagen;

    gemini_model_of(request->model, &model, &traits, &is_imagen);
    (void)provider_model_reprice(account, &model);
    *currency = model.currency != NULL ? model.currency : "USD";
    if (request->count < 1 || request->count > PICTURES_MAX)
        return -1;
    if (is_imagen)
        return model.price_micro < 0 ? -1 : model.price_micro * request->count;
    if (model.rate_out_micro == 0)
        return -1;
    out = tokens_of_picture(traits, request, &model);
    in = provider_count_tokens(request->prompt) +
         (int64_t)request->reference_count * model.reference_tokens;
    in = provider_token_cost(in, model.rate_text_in_micro);
    out = provider_token_cost(out * request->count, model.rate_out_micro);
    return in < 0 || out < 0 ? -1 : in + out;
}

/* --- the kind --- */

static const char *const safeties[] = {"auto", "strict", "standard", "relaxed",
                                       "none", "off",    NULL};

/* clang-format off */
static const struct provider_field fields[] = {
    {
     .name = "key",
     .type = PROVIDER_FIELD_SECRET,
     .label_en = "API key",
     .label_zh = "API 密钥",
     .help_en = "A key of Google AI Studio. Pictures need an account with billing: the free tier "
                "makes none.",
     .help_zh = "Google AI Studio 的密钥。生成图片需要已开通结算的账号，免费额度不含图片。",
     .fallback = "",
     .is_required = true,
    },
    {
     .name = "base_url",
     .type = PROVIDER_FIELD_URL,
     .label_en = "Base URL",
     .label_zh = "接口地址",
     .help_en = "Leave empty for Google itself. For a relay that speaks Gemini, paste its address; "
                "a missing /v1beta is added.",
     .help_zh = "使用 Google 官方服务时留空；使用支持 Gemini 协议的中转服务时填写它的地址，"
                "缺少的 /v1beta 会自动补上。",
     .fallback = "",
    },
    {
     .name = "safety",
     .type = PROVIDER_FIELD_CHOICE,
     .label_en = "Content filter",
     .label_zh = "内容审核强度",
     .help_en = "How early Google blocks: auto is each model's own, strict blocks most. Child "
                "safety and the filter on pictures always stay on.",
     .help_zh = "Google 的拦截力度：auto 为各模型默认，strict 最严格。"
                "儿童安全与图片输出审核无法关闭。",
     .fallback = "auto",
     .choices = safeties,
    },
};
/* clang-format on */

const struct provider_kind provider_gemini = {
    .name = "gemini",
    .label = "Google Gemini",
    .about_en = "Google's Nano Banana picture models with up to 14 references, and Gemini for "
                "texts about pictures.",
    .about_zh = "Google 的 Nano Banana 图片模型（最多 14 张参考图），以及用于图文理解的 Gemini。",
    .default_base_url = "https://generativelanguage.googleapis.com/v1beta",
    .key_page = "https://aistudio.google.com/apikey",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = gemini_models,
    .model_count = GEMINI_MODEL_COUNT,
    .model_default = &gemini_model_default,
    .begin = gemini_begin,
    .read = gemini_read,
    .probe = gemini_probe,
    .read_probe = gemini_read_probe,
    .estimate = gemini_estimate,
    .write_tokens_max = gemini_write_tokens_max,
};
