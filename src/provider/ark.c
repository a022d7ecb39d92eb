/*
 * provider/ark.c: ByteDance's Ark (Volcano Ark in China, BytePlus ModelArk elsewhere): Seedream
 * pictures and Doubao text.  Reads replies; calls are written in ark_request.c and ark_chat.c.
 */
#include "provider/ark_private.h"

#include <string.h>

#define SIDE_PX_MAX 100000

static bool ark_begin(const struct provider_account *account,
                      const struct provider_request *request, struct arena *arena,
                      struct exchange *out, struct error *err)
{
    struct ark_call call;

    if (!ark_call_init(&call, account, request, 0, arena, err))
        return false;
    return request->action == PROVIDER_WRITE
               ? ark_chat_check(&call, err) && ark_chat_build(&call, arena, out, err)
               : ark_check(&call, err) && ark_build(&call, arena, out, err);
}

static struct str key_of(const struct provider_account *account)
{
    return str_trim(secret_expose(account->key));
}

/* --- failures --- */

/* Parts of facts 4A's codes, the more telling ones first.  Ark bills no failure (facts 8). */
static const struct {
    const char *part;
    enum failure_class class;
} codes[] = {
    {"SensitiveContentDetected", FAILURE_REFUSED  },
    {"RiskDetection",            FAILURE_REFUSED  },
    {"AuthenticationError",      FAILURE_AUTH     },
    {"AccessDenied",             FAILURE_AUTH     },
    {"AccountOverdue",           FAILURE_QUOTA    },
    {"ServiceOverdue",           FAILURE_QUOTA    },
    {"QuotaExceeded",            FAILURE_QUOTA    },
    {"SetLimitExceeded",         FAILURE_QUOTA    },
    {"RateLimitExceeded",        FAILURE_THROTTLED},
    {"RequestBurstTooFast",      FAILURE_THROTTLED},
    {"ServerOverloaded",         FAILURE_THROTTLED},
    {"ModelNotOpen",             FAILURE_INVALID  },
    {"InvalidEndpointOrModel",   FAILURE_INVALID  },
    {"UnsupportedModel",         FAILURE_INVALID  },
    {"InvalidParameter",         FAILURE_INVALID  },
    {"MissingParameter",         FAILURE_INVALID  },
    {"InvalidImageURL",          FAILURE_INVALID  },
    {"OutofContextError",        FAILURE_INVALID  },
    {"InternalServiceError",     FAILURE_SERVER   },
};

static void refine_by_code(struct provider_failure *failure)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (text_has_nocase(failure->code, codes[i].part)) {
            failure->class = codes[i].class;
            failure->charged = CHARGED_NO;
            return;
        }
}

/* The stream broke off, or said nothing that counts: pictures may have been made. */
static void refine(const struct ark_call *call, const struct exchange_reply *reply,
                   const struct provider_said *said, struct provider_failure *failure)
{
    bool is_good = reply->status >= 200 && reply->status < 300;

    if (reply->outcome != EXCHANGE_REPLIED)
        return;
    if (str_equal(failure->code, STR(ARK_STREAM_CODE))) {
        failure->class = FAILURE_UNKNOWN;
        failure->charged = CHARGED_MAYBE;
        return;
    }
    refine_by_code(failure);
    /* An error at the top of a success: nothing was produced. */
    if (is_good && failure->class == FAILURE_UNKNOWN && said->has_error && said->code.size > 0) {
        failure->class = FAILURE_SERVER;
        failure->charged = CHARGED_NO;
    }
    /* What was read and written until the refusal may be billed as tokens. */
    if (call->request->action == PROVIDER_WRITE && failure->class == FAILURE_REFUSED)
        failure->charged = CHARGED_MAYBE;
}

/* --- the next try without a field --- */

/* `name` in quotes of any kind: "seed" alone stands in "seedream" too. */
static bool quotes_name(struct str message, struct str name)
{
    for (size_t at = 1; at + name.size < message.size; at++)
        if (str_equal(str_slice(message, at, name.size), name) &&
            str_find_char(STR("`'\""), message.data[at - 1]) >= 0 &&
            str_find_char(STR("`'\"."), message.data[at + name.size]) >= 0)
            return true;
    return false;
}

/* The field, a member of it ("response_format.type"), or its options. */
static bool names_field(const struct provider_said *said, const char *name)
{
    struct str field = str_of(name), rest;

    if (said->param.size == 0)
        return quotes_name(said->message, field);
    rest = str_slice(said->param, field.size, said->param.size);
    return str_starts_with(said->param, field) &&
           (rest.size == 0 || rest.data[0] == '.' || str_starts_with(rest, STR("_options")));
}

/* Without it the picture would be another thing than was asked for, and be paid. */
static bool may_drop(const struct ark_call *call, enum ark_field field)
{
    return field != ARK_LAYERS &&
           (field != ARK_BACKGROUND || !str_equal(call->request->background, STR("transparent")));
}

static enum ark_field find_refused(const struct ark_call *call, const struct provider_said *said)
{
    /* "x is not supported by the current model"; "x.type `json_schema` is not supported by …" */
    if (!text_has_nocase(said->code, "InvalidParameter") ||
        (!text_has_nocase(said->message, "not supported") &&
         !text_has_nocase(said->message, "unknown field")))
        return ARK_FIELD_COUNT;
    for (unsigned i = 0; i < ARK_FIELD_COUNT; i++) {
        enum ark_field field = (enum ark_field)i;
        if (ark_is_sent(call, field) && may_drop(call, field) &&
            names_field(said, ark_field_names[i]))
            return field;
    }
    return ARK_FIELD_COUNT;
}

static bool find_next(const struct ark_call *call, const struct exchange *exchange,
                      const struct exchange_reply *reply, const struct provider_said *said,
                      struct arena *arena, struct exchange *next)
{
    struct ark_call without = *call;
    enum ark_field field;
    struct error ignored;

    if (reply->outcome != EXCHANGE_REPLIED || reply->status != 400 ||
        exchange->retry_stage >= ARK_RETRIES_MAX)
        return false;
    field = find_refused(call, said);
    if (field == ARK_FIELD_COUNT)
        return false;
    without.dropped |= (uint64_t)1 << field;
    if (call->request->action == PROVIDER_WRITE ? !ark_chat_build(&without, arena, next, &ignored)
                                                : !ark_build(&without, arena, next, &ignored))
        return false;
    next->retry_stage = exchange->retry_stage + 1;
    return true;
}

static struct str list_dropped(uint64_t dropped, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf names = {0};

    for (unsigned i = 0; i < ARK_FIELD_COUNT; i++)
        if ((dropped >> i & 1) != 0 && i != ARK_TOKENS) /* its other name says the same */
            buf_printf(&names, "%s%s", names.size > 0 ? ", " : "", ark_field_names[i]);
    return arena_str(arena, buf_str(&names));
}

/* --- pictures --- */

/* "2048x1152" as pixels; 0 when it is none. */
static int64_t pixels_of(struct str size)
{
    struct str width = str_cut(&size, 'x');
    int64_t w, h;

    if (!str_to_int64(width, &w) || !str_to_int64(size, &h) || w <= 0 || h <= 0 ||
        w > SIDE_PX_MAX || h > SIDE_PX_MAX)
        return 0;
    return w * h;
}

/* The bill is what was made times its price; the sizes in the reply count, not those asked for. */
static void read_usage(const struct ark_call *call, const struct json *body, size_t count,
                       struct provider_usage *out)
{
    const struct json *data = json_get(body, "data"), *usage = json_get(body, "usage");
    int64_t made = json_int_or(json_get(usage, "generated_images"), -1), cost = 0, each = -1;

    made = made < 0 || made > PICTURES_MAX ? (int64_t)count : made;
    out->images = made;
    for (size_t i = 0; i < json_count(data) && i < PICTURES_MAX; i++) {
        int64_t pixels = pixels_of(json_text(json_get(json_item(data, i), "size")));
        if (json_get(json_item(data, i), "error") != NULL || made == 0)
            continue;
        each = ark_cost(call, pixels);
        if (each > 0 && ark_decomposes(call->request) && i > 0)
            each = ark_layer_cost(call, each);
        cost += each;
        made--;
    }
    if (each < 0)
        return;
    out->cost_micro = cost + made * each + ark_input_cost(call);
    out->currency = call->model.currency;
}

/* The error of the first picture that was not made. */
static const struct json *first_error(const struct json *body)
{
    const struct json *data = json_get(body, "data");

    for (size_t i = 0; i < json_count(data); i++) {
        const struct json *error = json_get(json_item(data, i), "error");
        if (json_is(error, JSON_OBJECT))
            return error;
    }
    return NULL;
}

static struct str clean(const struct ark_call *call, const struct json *text, size_t size_max,
                        struct arena *arena)
{
    return provider_text_clean(key_of(call->account), json_text(text), size_max, arena);
}

static struct str find_missing(const struct ark_call *call, const struct exchange_reply *reply,
                               const struct json *error, const struct picture_list *list,
                               struct arena *arena)
{
    struct str message = clean(call, json_get(error, "message"), PROVIDER_MESSAGE_MAX, arena);
    struct str code = clean(call, json_get(error, "code"), 100, arena);

    if ((int64_t)list->count >= call->request->count)
        return STR_EMPTY;
    if (message.size > 0 || code.size > 0)
        return message.size > 0 ? message : code;
    if (list->broken > 0)
        return STR("a picture in the reply is broken or cut short");
    if (reply->outcome != EXCHANGE_REPLIED)
        return STR("the connection broke before the last picture came");
    if (!ark_may_send(call, ARK_SEQUENCE))
        return STR("the model makes one picture a call");
    return arena_printf(arena, "the model chose to make %zu of %lld pictures", list->count,
                        (long long)call->request->count);
}

/* Every picture failed, each with an error of its own. */
static void fail_all(const struct ark_call *call, const struct json *error, struct arena *arena,
                     struct provider_failure *failure)
{
    failure->class = FAILURE_SERVER;
    failure->charged = CHARGED_NO;
    failure->message = clean(call, json_get(error, "message"), PROVIDER_MESSAGE_MAX, arena);
    failure->code = clean(call, json_get(error, "code"), 100, arena);
    if (failure->message.size == 0)
        failure->message = STR("the pictures were not made");
    refine_by_code(failure);
}

/* True when the verdict is made; false: the reply is an error to be classified. */
static bool read_pictures(const struct ark_call *call, const struct exchange *exchange,
                          const struct exchange_reply *reply, struct arena *arena,
                          struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct picture_list list;
    struct error ignored;
    bool is_good =
        reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300;
    /* A stream may have given pictures before it broke. */
    bool is_late = reply->outcome == EXCHANGE_LOST && exchange->is_stream;

    if ((!is_good && !is_late) || !json_read_liberal(reply->body, &json, &ignored))
        return false;
    picture_list_init(&list, arena);
    picture_list_read(&list, json);
    if (list.count > 0) {
        out->type = VERDICT_DONE;
        out->pictures = list.items;
        out->picture_count = list.count;
        out->missing = find_missing(call, reply, first_error(json), &list, arena);
        read_usage(call, json, list.count, &out->usage);
        out->is_list_cost = true;
        out->is_cut = exchange->is_stream && json_get(json, "usage") == NULL &&
                      (is_late || (int64_t)list.count < call->request->count);
        return true;
    }
    if (list.broken > 0) {
        out->failure.class = FAILURE_UNKNOWN;
        out->failure.charged = CHARGED_YES;
        out->failure.message = STR("the picture in the reply is broken or cut short");
        return true;
    }
    if (!is_good || first_error(json) == NULL)
        return false;
    fail_all(call, first_error(json), arena, &out->failure);
    return true;
}

/* Beside the header, errors end with it: "… Request id: 0217…". */
static struct str read_request_id(const struct provider_account *account,
                                  const struct exchange_reply *reply, struct str message,
                                  struct arena *arena)
{
    struct str id = exchange_reply_header(reply, "x-request-id");
    int64_t at = str_find(message, STR("Request id: "));

    if (id.size == 0 && at >= 0) {
        id = str_slice(message, (size_t)at + 12, 64);
        for (size_t i = 0; i < id.size; i++)
            if (str_find_char(STR(" .,;)\"'"), id.data[i]) >= 0)
                id.size = i;
    }
    return provider_text_clean(key_of(account), id, 100, arena);
}

static void ark_read(const struct provider_account *account, const struct provider_request *request,
                     const struct exchange *exchange, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_verdict *out)
{
    struct ark_call call;
    struct provider_said said = {0};
    struct error ignored;
    bool can_retry = ark_call_init(&call, account, request, exchange->dropped, arena, &ignored);

    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.retry_after_ms = -1},
    };
    out->dropped = list_dropped(exchange->dropped, arena);
    out->request_id = read_request_id(account, reply, STR_EMPTY, arena);
    if (request->action == PROVIDER_WRITE ? ark_chat_read(&call, reply, arena, out)
                                          : read_pictures(&call, exchange, reply, arena, out))
        return;
    exchange_classify_for(account, reply, arena, &out->failure);
    if (reply->outcome == EXCHANGE_REPLIED)
        provider_said_read(reply->body, arena, &said);
    refine(&call, reply, &said, &out->failure);
    out->request_id = read_request_id(account, reply, said.message, arena);
    if (can_retry && out->failure.class == FAILURE_INVALID &&
        find_next(&call, exchange, reply, &said, arena, &out->next))
        out->type = VERDICT_NEXT;
}

static int64_t ark_estimate(const struct provider_account *account,
                            const struct provider_request *request, const char **currency)
{
    struct ark_call call = {0};
    int64_t pixels = 0, each;

    ark_find_model(&call, account, request);
    *currency = call.model.currency != NULL ? call.model.currency : "USD";
    if (request->action == PROVIDER_WRITE || request->count < 1 || request->count > PICTURES_MAX ||
        request->width_px > SIDE_PX_MAX || request->height_px > SIDE_PX_MAX)
        return -1;
    if (request->width_px > 0 && request->height_px > 0)
        pixels = request->width_px * request->height_px;
    else
        pixels = ark_tier_pixels(account_option_text(account, "tier"));
    each = ark_cost(&call, pixels);
    if (each < 0)
        return -1;
    if (ark_decomposes(request)) /* how many layers come, the picture decides: all of them */
        return each + ark_layer_cost(&call, each) * ARK_LAYERS_MAX;
    return each * request->count + ark_input_cost(&call);
}

/* --- the free call --- */

/* An impossible size proves key and address: it is refused before anything is made (facts 4A). */
static bool ark_probe(const struct provider_account *account, struct arena *arena,
                      struct exchange *out, struct error *err)
{
    struct str base;

    if (!ark_base(account, arena, &base, err) ||
        !ark_exchange_init(account, base, "/images/generations", arena, out, err))
        return false;
    out->purpose = EXCHANGE_PROBE;
    out->first_byte_ms = 20000;
    out->total_ms = 30000;
    out->reply_size_max = (int64_t)MIB(1);
    exchange_set_body(out, arena,
                      arena_printf(arena,
                                   "{\"model\":\"%s\",\"prompt\":\"1\",\"size\":\"1x1\","
                                   "\"response_format\":\"url\",\"watermark\":false}",
                                   ark_is_international(account) ? "seedream-5-0-260128"
                                                                 : "doubao-seedream-5-0-260128"));
    return true;
}

/* Refused for the size, or because this model was not opened for the account: the key is good. */
static bool is_proof(const struct exchange_reply *reply, const struct provider_said *said)
{
    static const char *const proofs[] = {"InvalidParameter", "ModelNotOpen",
                                         "InvalidEndpointOrModel", "UnsupportedModel"};

    if (reply->outcome != EXCHANGE_REPLIED || (reply->status != 400 && reply->status != 404))
        return false;
    for (size_t i = 0; i < COUNT(proofs); i++)
        if (str_starts_with(said->code, str_of(proofs[i])))
            return true;
    return false;
}

static void ark_read_probe(const struct provider_account *account,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct str **models, size_t *count, struct provider_failure *failure)
{
    struct provider_said said = {0};
    const char *currency = ark_is_international(account) ? "USD" : "CNY";

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome == EXCHANGE_REPLIED)
        provider_said_read(reply->body, arena, &said);
    if (!is_proof(reply, &said)) {
        exchange_classify_for(account, reply, arena, failure);
        refine_by_code(failure);
        failure->charged = CHARGED_NO;
        if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED) {
            failure->class = FAILURE_INVALID;
            failure->message = STR("the server answered, but not as Ark does; is the base URL "
                                   "right?");
        }
        return;
    }
    /* Ark lists no models for a key: these are the ones its site has. */
    *models = ARENA_ARRAY(arena, struct str, ARK_MODEL_COUNT);
    for (size_t i = 0; i < ARK_MODEL_COUNT; i++)
        if (strcmp(ark_models[i].currency, currency) == 0)
            (*models)[(*count)++] = ark_models[i].name;
}

/* --- the kind --- */

const struct provider_kind provider_ark = {
    .name = "ark",
    .label = "Volcano Ark",
    .about_en = "ByteDance's Seedream pictures and Doubao text, on Volcano Ark or BytePlus.",
    .about_zh = "字节跳动的 Seedream 图片模型和豆包文本模型，支持火山方舟和 BytePlus。",
    .default_base_url = "https://ark.cn-beijing.volces.com/api/v3",
    .key_page = "https://console.volcengine.com/ark",
    .fields = ark_form,
    .field_count = ARK_FORM_COUNT,
    .models = ark_models,
    .model_count = ARK_MODEL_COUNT,
    .model_default = &ark_model_default,
    .result_ttl_ms = 86400000, /* addresses */
    .begin = ark_begin,
    .read = ark_read,
    .probe = ark_probe,
    .read_probe = ark_read_probe,
    .stream_begin = ark_stream_begin,
    .stream_feed = ark_stream_feed,
    .stream_end = ark_stream_end,
    .estimate = ark_estimate,
};
