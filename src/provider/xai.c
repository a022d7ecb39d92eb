/*
 * provider/xai.c: xAI's Grok Imagine (facts 6.4): OpenAI's address with other fields.  It is told a
 * shape and a class of size, edits are JSON, moderation is a member of each picture, and the cost
 * comes with the reply.  Text is OpenAI's chat there and not spoken here.
 *
 * Never sent: storage_options (nothing of ours is to be kept there), file_id (pictures travel
 * inside) and aspect_ratio "auto" (what it does when nothing is said).  Seed, negative prompt,
 * mask, streams and formats it has none (facts 6.4): such a wish is refused before anything is
 * sent.
 */
#include "provider/provider_private.h"

#include "core/text.h"

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }
#define FIRST_BYTE_MS 600000
#define TOTAL_MS 900000
#define PROBE_MODELS_MAX 2000
#define MODEL_NAME_SIZE_MAX 200
#define PICTURES_SIZE_MAX MIB(20)   /* not published; three references of ours stay far below */
#define TICKS_MAX 10000000000000000 /* a million dollars is a lie */
#define TICKS_OF_MICRO 10000        /* a tick is 1e-10 dollars */

/* --- shapes, classes, models --- */

/* Pixels are not published (facts 6.4 has names alone): these are the shape exactly and about its
 * class.  What comes is of that shape, and its true size is read from the file. */
static const struct ratio ratios[] = {
    {"1:1",    1024, 1024},
    {"3:4",    864,  1152},
    {"4:3",    1152, 864 },
    {"9:16",   756,  1344},
    {"16:9",   1344, 756 },
    {"2:3",    832,  1248},
    {"3:2",    1248, 832 },
    {"9:19.5", 576,  1248},
    {"19.5:9", 1248, 576 },
    {"9:20",   576,  1280},
    {"20:9",   1280, 576 },
    {"1:2",    704,  1408},
    {"2:1",    1408, 704 },
    {NULL,     0,    0   },
};
static const struct ratio_class classes_20[] = {
    {"1k",   4, 0},
    {"1.5k", 6, 0},
    {"2k",   8, 0},
    {NULL,   0, 0}
};
static const struct ratio_class classes_two[] = {
    {"1k", 4, 0},
    {"2k", 8, 0},
    {NULL, 0, 0}
};

#define SIZES_1K                                                                                   \
    "1024x1024", "864x1152", "1152x864", "756x1344", "1344x756", "832x1248", "1248x832",           \
        "576x1248", "1248x576", "576x1280", "1280x576", "704x1408", "1408x704"
#define SIZES_15K                                                                                  \
    "1536x1536", "1296x1728", "1728x1296", "1134x2016", "2016x1134", "1248x1872", "1872x1248",     \
        "864x1872", "1872x864", "864x1920", "1920x864", "1056x2112", "2112x1056"
#define SIZES_2K                                                                                   \
    "2048x2048", "1728x2304", "2304x1728", "1512x2688", "2688x1512", "1664x2496", "2496x1664",     \
        "1152x2496", "2496x1152", "1152x2560", "2560x1152", "1408x2816", "2816x1408"

static const char *const sizes_20[] = {SIZES_1K, SIZES_15K, SIZES_2K, NULL};
static const char *const sizes_two[] = {SIZES_1K, SIZES_2K, NULL};
static const char *const qualities[] = {"low", "medium", "auto", NULL}; /* "high" is a 400 */

/* References: 3 are documented; 5 worked when somebody measured (facts 6.4). */
#define GROK(wire_name, shown_name, size_list, price, quality_list, quality)                       \
    {                                                                                              \
        .is_known = true, .can_generate = true, .can_edit = true, .references_max = 3,             \
        .count_max = 10, .currency = "USD", .price_as_of = AS_OF, .name = TEXT(wire_name),         \
        .label = TEXT(shown_name), .sizes = (size_list), .price_micro = (price),                   \
        .qualities = (quality_list), .quality_default = (quality)                                  \
    }

enum { GROK_20, GROK_QUALITY, GROK_PLAIN };
static const struct provider_model models[] = {
    GROK("grok-imagine-image-2.0", "Grok Imagine 2.0", sizes_20, 60000, qualities, "medium"),
    GROK("grok-imagine-image-quality", "Grok Imagine Quality", sizes_two, 50000, NULL, NULL),
    GROK("grok-imagine-image", "Grok Imagine", sizes_two, 20000, NULL, NULL),
};

static const struct provider_model model_default = {
    .can_generate = true,
    .can_edit = true,
    .qualities = qualities,
    .references_max = 3,
    .count_max = 10,
    .price_micro = -1,
};

/* List prices in micro-dollars (facts 8.3), for the estimate; the reply tells the true cost. */
static const struct {
    size_t row;          /* of the catalogue */
    const char *quality; /* NULL: whatever it is */
    int64_t class_1k, class_15k, class_2k, reference;
} prices[] = {
    {GROK_20,      "low", 40000, 50000, 60000, 10000},
    {GROK_20,      NULL,  60000, 70000, 80000, 10000},
    {GROK_QUALITY, NULL,  50000, -1,    70000, 10000},
    {GROK_PLAIN,   NULL,  20000, -1,    20000, 2000 },
};

/* --- one request --- */

struct call {
    const struct provider_account *account;
    const struct provider_request *request;
    struct provider_model model;
    struct str base;
    const struct ratio *ratio; /* NULL: left to the model, or to the picture that is edited alone */
    const struct ratio_class *class; /* NULL: left to the model */
};

static const struct ratio_class *classes_of(const struct provider_model *model)
{
    return model->is_known && model->sizes == sizes_20 ? classes_20 : classes_two;
}

static bool find_size(const struct provider_model *model, const struct provider_request *request,
                      const struct ratio **ratio, const struct ratio_class **class)
{
    return ratio_find(ratios, classes_of(model), request->width_px, request->height_px,
                      model->sizes != NULL, ratio, class);
}

/* A picture edited alone keeps its shape, whatever is said (facts 6.4): another one is refused, not
 * paid for. */
static bool check_kept_shape(struct call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    int64_t width, height, apart;

    if (!picture_size(request->references[0].bytes, &width, &height))
        return error_field(err, ERROR_INVALID, "size", 0,
                           "a picture edited alone keeps its shape; leave the size open");
    apart = width * request->height_px - height * request->width_px;
    if ((apart < 0 ? -apart : apart) * 100 > height * request->width_px * 3)
        return error_field(err, ERROR_INVALID, "size", 0,
                           "a picture edited alone keeps its shape, %lldx%lld here",
                           (long long)width, (long long)height);
    call->ratio = NULL;
    return true;
}

static bool check_size(struct call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (!provider_check_size(&call->model, request, err))
        return false;
    if (request->width_px == 0)
        return true;
    if (!find_size(&call->model, request, &call->ratio, &call->class))
        return error_field(err, ERROR_NOT_IN_LIST, "size", 0,
                           "%.*s is told a shape (1:1, 3:4, 16:9 …) and a class (1k, 2k); "
                           "%lldx%lld is none of them",
                           STR_ARGS(call->model.name), (long long)request->width_px,
                           (long long)request->height_px);
    return request->reference_count != 1 || check_kept_shape(call, err);
}

static bool check(struct call *call, struct error *err)
{
    static const char *const types[] = {"image/jpeg", "image/png", "image/webp", NULL};
    const struct provider_request *request = call->request;

    if (request->model.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0,
                           "text is not asked of this kind of provider");
    return provider_check_fields(&call->model, request, err) &&
           provider_check_references(&call->model, request, types, 0, PICTURES_SIZE_MAX, err) &&
           check_size(call, err);
}

static bool find_base(const struct provider_account *account, struct arena *arena, struct str *out,
                      struct error *err)
{
    struct str base_url = str_trim(account->base_url);

    return provider_url_base(base_url.size > 0 ? base_url : str_of(provider_xai.default_base_url),
                             "/v1", arena, out, err);
}

static void name_text(struct json_writer *writer, const char *name, struct str text)
{
    if (text.size == 0)
        return;
    json_name(writer, name);
    json_add_text(writer, text);
}

static void write_reference(struct json_writer *writer, struct str bytes)
{
    json_begin_object(writer);
    json_name(writer, "url");
    picture_write_base64(writer, bytes, true);
    name_text(writer, "type", STR("image_url"));
    json_end_object(writer);
}

static void write_references(struct json_writer *writer, const struct provider_request *request)
{
    if (request->reference_count == 1) {
        json_name(writer, "image");
        write_reference(writer, request->references[0].bytes);
        return;
    }
    json_name(writer, "images");
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++)
        write_reference(writer, request->references[i].bytes);
    json_end_list(writer);
}

static struct str write_body(const struct call *call, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    const struct provider_request *request = call->request;
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    name_text(&writer, "model", request->model);
    name_text(&writer, "prompt", request->prompt);
    if (request->count > 1) {
        json_name(&writer, "n");
        json_add_int(&writer, request->count);
    }
    if (call->ratio != NULL)
        name_text(&writer, "aspect_ratio", str_of(call->ratio->name));
    if (call->class != NULL)
        name_text(&writer, "resolution", str_of(call->class->name));
    /* Said although it is the service's own: so the price is the one that was estimated. */
    name_text(&writer, "quality",
              request->quality.size > 0 ? request->quality : str_of(call->model.quality_default));
    /* Addresses on imgen.x.ai are short-lived; bytes are there. */
    name_text(&writer, "response_format", STR("b64_json"));
    name_text(&writer, "user", request->safety_id);
    if (request->reference_count > 0)
        write_references(&writer, request);
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

static bool exchange_init(const struct provider_account *account, struct arena *arena,
                          struct exchange *out, struct error *err)
{
    *out = (struct exchange){
        .is_own_origin = str_trim(account->base_url).size > 0,
        .method = STR("GET"),
    };
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    return exchange_add_bearer(out, account, arena, err);
}

static bool xai_begin(const struct provider_account *account,
                      const struct provider_request *request, struct arena *arena,
                      struct exchange *out, struct error *err)
{
    struct call call = {
        .account = account,
        .request = request,
        .model = provider_model_find(&provider_xai, request->model),
    };

    if (!find_base(account, arena, &call.base, err) || !check(&call, err) ||
        !exchange_init(account, arena, out, err))
        return false;
    out->purpose = EXCHANGE_SUBMIT;
    out->is_paid = true;
    out->method = STR("POST");
    out->url = arena_printf(arena, "%.*s/images/%s", STR_ARGS(call.base),
                            request->reference_count > 0 ? "edits" : "generations");
    out->first_byte_ms = FIRST_BYTE_MS;
    out->total_ms = TOTAL_MS;
    out->reply_size_max = (int64_t)MIB(32) * request->count;
    if (out->reply_size_max > (int64_t)MIB(256))
        out->reply_size_max = (int64_t)MIB(256);
    exchange_set_body(out, arena, write_body(&call, arena));
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    return true;
}

/* --- replies --- */

static struct str clean(const struct provider_account *account, struct str text,
                        struct arena *arena)
{
    return provider_text_clean(str_trim(secret_expose(account->key)), text, 100, arena);
}

/* xAI tells a bad key and an empty account in ways that the status alone misreads. */
static void classify(const struct provider_account *account, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_failure *out)
{
    static const struct {
        const char *words;
        int status;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {"moderation",        400, FAILURE_REFUSED, CHARGED_MAYBE}, /* facts 6.4 */
        {"moderation",        403, FAILURE_REFUSED, CHARGED_MAYBE},
        {"incorrect api key", 400, FAILURE_AUTH,    CHARGED_NO   }, /* these: from general */
        {"credits",           403, FAILURE_QUOTA,   CHARGED_NO   }, /* knowledge, not facts */
        {"credits",           429, FAILURE_QUOTA,   CHARGED_NO   },
        {"spending limit",    429, FAILURE_QUOTA,   CHARGED_NO   },
    };

    exchange_classify_for(account, reply, arena, out);
    for (size_t i = 0; reply->outcome == EXCHANGE_REPLIED && i < COUNT(rows); i++)
        if (reply->status == rows[i].status && text_has_nocase(out->message, rows[i].words)) {
            out->class = rows[i].class;
            out->charged = rows[i].charged;
            return;
        }
}

static void read_cost(const struct json *body, struct provider_usage *out)
{
    int64_t ticks = json_int_or(json_path(body, "usage.cost_in_usd_ticks"), -1);

    if (ticks < 0 || ticks > TICKS_MAX)
        return;
    out->cost_micro = (ticks + TICKS_OF_MICRO - 1) / TICKS_OF_MICRO;
    out->currency = "USD";
}

/* Pictures that are shown; how many are withheld. */
static int64_t read_pictures(const struct json *body, struct picture_list *list)
{
    const struct json *data = json_get(body, "data");
    int64_t withheld = 0;

    for (size_t i = 0; json_is(data, JSON_LIST) && i < json_count(data); i++) {
        const struct json *item = json_item(data, i);
        /* What stands there then is a placeholder (facts 6.4). */
        if (json_bool(json_get(item, "respect_moderation"), true))
            picture_list_read_item(list, item);
        else
            withheld++;
    }
    return withheld;
}

static void fail(const struct picture_list *list, int64_t withheld, struct provider_verdict *out)
{
    struct provider_failure *failure = &out->failure;

    if (withheld > 0) {
        *failure = (struct provider_failure){
            .class = FAILURE_REFUSED,
            .charged = CHARGED_MAYBE,
            .retry_after_ms = -1,
            .message = STR("xAI's moderation withheld the picture"),
            .code = STR("respect_moderation"),
        };
    } else if (list->broken > 0) {
        failure->class = FAILURE_UNKNOWN;
        failure->charged = CHARGED_YES;
        failure->message = STR("the picture in the reply is broken or cut short");
    } else if (failure->class != FAILURE_UNKNOWN) {
        return;
    }
    if (out->usage.cost_micro > 0)
        failure->charged = CHARGED_YES;
    else if (out->usage.cost_micro == 0)
        failure->charged = CHARGED_NO;
}

static void xai_read(const struct provider_account *account, const struct provider_request *request,
                     const struct exchange *exchange, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct picture_list list;
    struct error ignored;
    int64_t withheld;

    (void)exchange;
    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1, -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
    };
    out->request_id = clean(account, exchange_reply_header(reply, "x-request-id"), arena);
    classify(account, reply, arena, &out->failure);
    if (reply->outcome != EXCHANGE_REPLIED || reply->status < 200 || reply->status >= 300 ||
        !json_read_liberal(reply->body, &json, &ignored))
        return;
    picture_list_init(&list, arena);
    read_cost(json, &out->usage);
    withheld = read_pictures(json, &list);
    if (list.count == 0) {
        fail(&list, withheld, out);
        return;
    }
    out->type = VERDICT_DONE;
    out->failure = (struct provider_failure){.retry_after_ms = -1};
    out->pictures = list.items;
    out->picture_count = list.count;
    out->usage.images = (int64_t)list.count;
    if (withheld > 0)
        out->missing = arena_printf(arena, "xAI's moderation withheld %lld of %lld pictures",
                                    (long long)withheld, (long long)request->count);
    else if (out->usage.images < request->count)
        out->missing = arena_printf(arena, "xAI sent %lld of %lld pictures whole",
                                    (long long)out->usage.images, (long long)request->count);
}

/* --- the free call --- */

static bool xai_probe(const struct provider_account *account, struct arena *arena,
                      struct exchange *out, struct error *err)
{
    struct str base = STR_EMPTY;

    if (!find_base(account, arena, &base, err) || !exchange_init(account, arena, out, err))
        return false;
    out->purpose = EXCHANGE_PROBE;
    out->url = arena_printf(arena, "%.*s/image-generation-models", STR_ARGS(base));
    out->first_byte_ms = 20000;
    out->total_ms = 30000;
    out->reply_size_max = (int64_t)MIB(8);
    return true;
}

static void add_model(struct str name, struct arena *arena, struct str *names, size_t *count)
{
    if (name.size == 0 || name.size > MODEL_NAME_SIZE_MAX || !header_value_is_plain(name) ||
        *count == PROBE_MODELS_MAX)
        return;
    for (size_t i = 0; i < *count; i++)
        if (str_equal(names[i], name))
            return;
    names[(*count)++] = arena_str(arena, name);
}

static void xai_read_probe(const struct provider_account *account,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct str **out, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *list = NULL;
    struct error ignored;

    *out = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300 &&
        json_read_liberal(reply->body, &json, &ignored)) {
        list = json_get(json, "models"); /* which of the two, facts 6.4 do not say */
        list = json_is(list, JSON_LIST) ? list : json_get(json, "data");
    }
    if (!json_is(list, JSON_LIST)) {
        classify(account, reply, arena, failure);
        failure->charged = CHARGED_NO;
        if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED) {
            failure->class = FAILURE_INVALID;
            failure->message = STR("the server answered, but not with a list of models; is the "
                                   "base URL right?");
        }
        return;
    }
    *out = ARENA_ARRAY(arena, struct str, PROBE_MODELS_MAX);
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *aliases = json_get(json_item(list, i), "aliases");
        add_model(str_trim(json_text(json_get(json_item(list, i), "id"))), arena, *out, count);
        for (size_t a = 0; json_is(aliases, JSON_LIST) && a < json_count(aliases); a++)
            add_model(str_trim(json_text(json_item(aliases, a))), arena, *out, count);
    }
}

/* --- money --- */

static int64_t xai_estimate(const struct provider_account *account,
                            const struct provider_request *request, const char **currency)
{
    struct provider_model model = provider_model_find(&provider_xai, request->model);
    const struct ratio *ratio;
    const struct ratio_class *class = NULL;

    (void)account;
    *currency = "USD";
    if (!model.is_known || request->count < 1 || request->count > PICTURES_MAX)
        return -1;
    if (!find_size(&model, request, &ratio, &class))
        class = NULL; /* left open: 1k */
    for (size_t i = 0; i < COUNT(prices); i++) {
        int64_t price = class == NULL || class->quarters == 4 ? prices[i].class_1k
                        : class->quarters == 6                ? prices[i].class_15k
                                                              : prices[i].class_2k;
        if (str_equal(model.label, models[prices[i].row].label) && /* its dated snapshots too */
            (prices[i].quality == NULL || str_equal(request->quality, str_of(prices[i].quality))))
            return price * request->count + prices[i].reference * (int64_t)request->reference_count;
    }
    return -1;
}

/* --- the kind --- */

/* clang-format off */
static const struct provider_field fields[] = {
    {
     .name = "key",
     .type = PROVIDER_FIELD_SECRET,
     .label_en = "API key",
     .label_zh = "API 密钥",
     .help_en = "A key of the xAI console, with credits on its team.",
     .help_zh = "xAI 控制台的密钥，所属团队需有余额。",
     .fallback = "",
     .is_required = true,
    },
    {
     .name = "base_url",
     .type = PROVIDER_FIELD_URL,
     .label_en = "Base URL",
     .label_zh = "接口地址",
     .help_en = "Leave empty for xAI itself. A relay must speak xAI's own image API.",
     .help_zh = "使用 xAI 官方服务时留空；中转服务须支持 xAI 自己的图像接口。",
     .fallback = "",
    },
};
/* clang-format on */

const struct provider_kind provider_xai = {
    .name = "xai",
    .label = "xAI Grok",
    .about_en = "Grok Imagine pictures: thirteen shapes up to 2K, up to ten at once, edits with up "
                "to three references.",
    .about_zh = "Grok Imagine 图片：13 种画幅，最高 2K，一次最多 10 张，最多用 3 张参考图改图。",
    .default_base_url = "https://api.x.ai/v1",
    .key_page = "https://console.x.ai",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = models,
    .model_count = COUNT(models),
    .model_default = &model_default,
    .begin = xai_begin,
    .read = xai_read,
    .probe = xai_probe,
    .read_probe = xai_read_probe,
    .estimate = xai_estimate,
};
