/*
 * provider/replicate.c: Replicate's predictions (facts 6.3).  Pictures too large for a data URI are
 * uploaded first, which is free; a prediction is made, and asked for until it is done.  What the
 * many models want stands in replicate_models.c.
 *
 * Never sent: webhook and its filter (they need an address of ours that the world reaches), Prefer:
 * wait (work is asked for by its id, so that a lost connection loses nothing) and Cancel-After (the
 * engine gives work up by itself, and by Replicate's cancel).
 */
#include "provider/replicate_private.h"

#define MODEL_SIZE_MAX 200
#define VERSION_SIZE 64
#define ID_SIZE_MAX 100
#define INLINE_SIZE_MAX KIB(190) /* of bytes: their data URI stays below 256 KB (facts 6.3) */
#define PICTURE_BYTES_MAX MIB(32)
#define FILE_URL_SIZE_MAX 2000
#define FILE_MS 300000
#define RESULT_TTL_MS 3600000 /* removed an hour after the prediction */

static const struct queue_door door = {
    .base_url = "https://api.replicate.com/v1",
    .path_default = "/v1",
    .key_header = "Authorization",
    .key_before = "Bearer ",
};

static const struct queue_catalogue catalogue = {
    .kind = &provider_replicate,
    .rows = replicate_rows,
    .row_count = REPLICATE_MODEL_COUNT,
    .row_default = replicate_row_default,
    .picture_size_max = PICTURE_BYTES_MAX,
};

/* --- models: "owner/name", "owner/name:version", or a version alone --- */

struct target {
    struct str model, version; /* one of them may be empty */
};

static bool is_version(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!((text.data[i] >= '0' && text.data[i] <= '9') ||
              (text.data[i] >= 'a' && text.data[i] <= 'f')))
            return false;
    return text.size == VERSION_SIZE;
}

static bool read_target(struct str name, struct target *out, struct error *err)
{
    struct str rest = name, model = str_cut(&rest, ':');

    *out = (struct target){.model = model, .version = rest};
    if (is_version(name)) {
        *out = (struct target){.version = name};
        return true;
    }
    if (!queue_path_is_plain(model, 2, MODEL_SIZE_MAX) ||
        str_find_char(str_slice(model, (size_t)str_find_char(model, '/') + 1, model.size), '/') >=
            0 ||
        (rest.data != NULL && !queue_segment_is_plain(rest)) || rest.size > VERSION_SIZE)
        return error_field(err, ERROR_INVALID, "model", 0,
                           "a model of Replicate is owner/name, or owner/name:version");
    return true;
}

/* The request with the model's name as the catalogue has it: without a version. */
static struct provider_request without_version(const struct provider_request *request)
{
    struct provider_request bare = *request;

    if (!is_version(request->model))
        bare.model = str_cut(&(struct str){request->model.data, request->model.size}, ':');
    return bare;
}

/* --- uploads: exchange.memo is what was uploaded so far, an address a line --- */

/* Picture `index` of the request; the mask is behind the last reference.  NULL: there are no more.
 */
static const struct provider_image *picture_at(const struct provider_request *request, size_t index)
{
    if (index < request->reference_count)
        return &request->references[index];
    return index == request->reference_count ? request->mask : NULL;
}

static bool must_upload(const struct provider_image *image)
{
    return image->bytes.size > INLINE_SIZE_MAX;
}

/* Gives each picture that is uploaded its address; returns the first one that must be and is not
 * yet, or NULL. */
static const struct provider_image *spread_uploads(const struct provider_request *request,
                                                   struct str memo, struct str *urls)
{
    const struct provider_image *image;

    for (size_t i = 0; (image = picture_at(request, i)) != NULL; i++) {
        if (!must_upload(image))
            continue;
        urls[i] = str_cut(&memo, '\n');
        if (urls[i].size == 0)
            return image;
    }
    return NULL;
}

static bool build_upload(const struct provider_account *account, const struct provider_image *image,
                         struct str memo, struct arena *arena, struct exchange *out,
                         struct error *err)
{
    struct multipart *form = ARENA_NEW(arena, struct multipart);
    const char *mime = picture_mime(image->bytes);
    struct str name = str_trim(image->name);

    if (!queue_exchange_init(&door, account, EXCHANGE_SUBMIT, "POST", STR("files"), arena, out,
                             err))
        return false;
    if (name.size == 0)
        name = STR("picture");
    multipart_add_file(form, "content", name, str_of(mime), image->bytes);
    multipart_add_file(form, "metadata", STR("metadata.json"), STR("application/json"), STR("{}"));
    multipart_finish(form, arena, out);
    out->first_byte_ms = out->total_ms = FILE_MS;
    out->memo = memo;
    return true;
}

static bool build_prediction(const struct provider_account *account, const struct queue_call *call,
                             const struct target *target, struct arena *arena, struct exchange *out,
                             struct error *err)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;
    struct str path = target->version.size > 0
                          ? STR("predictions")
                          : arena_printf(arena, "models/%.*s/predictions", STR_ARGS(target->model));

    if (!queue_exchange_init(&door, account, EXCHANGE_SUBMIT, "POST", path, arena, out, err))
        return false;
    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    if (target->version.size > 0) {
        json_name(&writer, "version");
        json_add_text(&writer, target->version);
    }
    json_name(&writer, "input");
    queue_write_input(call, &writer);
    json_end_object(&writer);
    queue_exchange_pay(out, arena, arena_str(arena, buf_str(&buf)));
    return true;
}

/* The next exchange of a request of which that much is uploaded. */
static bool build(const struct provider_account *account, const struct provider_request *request,
                  struct str memo, struct arena *arena, struct exchange *out, struct error *err)
{
    struct provider_request bare = without_version(request);
    struct str *urls = ARENA_ARRAY(arena, struct str, request->reference_count + 2);
    const struct provider_image *image = NULL;
    struct queue_call call;
    struct target target;

    if (!queue_call_init(&call, &catalogue, account, &bare, err) ||
        !read_target(request->model, &target, err))
        return false;
    /* Ideogram's masks are the other way round, black to be changed (facts 6.11). */
    if (request->mask != NULL && text_has_nocase(request->model, "ideogram"))
        return error_field(err, ERROR_INVALID, "mask", 0, "masks for Ideogram are not supported");
    image = spread_uploads(request, memo, urls);
    if (image != NULL)
        return build_upload(account, image, memo, arena, out, err);
    call.urls = urls;
    return build_prediction(account, &call, &target, arena, out, err);
}

static bool replicate_begin(const struct provider_account *account,
                            const struct provider_request *request, struct arena *arena,
                            struct exchange *out, struct error *err)
{
    return build(account, request, STR_EMPTY, arena, out, err);
}

static bool ask(const struct provider_account *account, struct str remote_id,
                enum exchange_purpose purpose, const char *method, const char *tail,
                struct arena *arena, struct exchange *out, struct error *err)
{
    if (!queue_segment_is_plain(remote_id) || remote_id.size > ID_SIZE_MAX)
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no prediction");
    return queue_exchange_init(&door, account, purpose, method,
                               arena_printf(arena, "predictions/%.*s%s", STR_ARGS(remote_id), tail),
                               arena, out, err);
}

static bool replicate_poll(const struct provider_account *account, struct str remote_id,
                           struct arena *arena, struct exchange *out, struct error *err)
{
    return ask(account, remote_id, EXCHANGE_POLL, "GET", "", arena, out, err);
}

static bool replicate_cancel(const struct provider_account *account, struct str remote_id,
                             struct arena *arena, struct exchange *out, struct error *err)
{
    return ask(account, remote_id, EXCHANGE_CANCEL, "POST", "/cancel", arena, out, err);
}

/* --- failures --- */

/* A 429 says when in its words too: "… resets in ~5s", "Expected available in 12 seconds." */
static int64_t read_wait_ms(struct str message)
{
    for (size_t at = 0; at + 3 < message.size; at++) {
        struct str rest = str_slice(message, at + 3, message.size);
        size_t size = 0;
        int64_t seconds;
        if (!str_equal(str_slice(message, at, 3), STR("in ")))
            continue;
        if (str_starts_with(rest, STR("~")))
            rest = str_slice(rest, 1, rest.size);
        while (size < rest.size && rest.data[size] >= '0' && rest.data[size] <= '9')
            size++;
        if (str_to_int64(str_slice(rest, 0, size), &seconds) && seconds <= 3600 &&
            str_starts_with(str_trim(str_slice(rest, size, rest.size)), STR("s")))
            return seconds * 1000;
    }
    return -1;
}

static void fail(const struct provider_account *account, const struct exchange *exchange,
                 const struct exchange_reply *reply, struct arena *arena,
                 struct provider_verdict *out)
{
    struct provider_failure *failure = &out->failure;

    exchange_classify_for(account, reply, arena, failure);
    if (failure->class == FAILURE_THROTTLED && failure->retry_after_ms < 0)
        failure->retry_after_ms = read_wait_ms(failure->message);
    if (exchange->purpose != EXCHANGE_SUBMIT)
        return;
    if (failure->class == FAILURE_REFUSED && reply->status < 500)
        failure->charged = CHARGED_NO; /* at the door: nothing was begun */
    if (exchange->is_paid) {
        if (reply->status == 404 && str_find(exchange->url, STR("/models/")) >= 0)
            failure->message = queue_words(
                account,
                arena_printf(arena, "%.*s (if it exists, it needs its version: owner/name:version)",
                             STR_ARGS(failure->message)),
                "", arena);
        return;
    }
    /* An upload costs nothing, so that whatever became of it, it may be tried again. */
    failure->charged = CHARGED_NO;
    if (failure->class == FAILURE_UNKNOWN)
        failure->class = FAILURE_SERVER;
}

/* --- predictions --- */

static struct str error_text(const struct json *error, struct arena *arena)
{
    return json_is(error, JSON_OBJECT) || json_is(error, JSON_LIST) ? json_print(error, arena)
                                                                    : json_text(error);
}

/*
 * failed, canceled or aborted.  Whether it was billed the facts do not say: what is refused at the
 * end has run.  "aborted" (in the SDK's types, not in its documentation) is what never began.
 */
static void read_end(const struct provider_account *account, const struct json *body,
                     struct str status, struct arena *arena, struct provider_verdict *out)
{
    struct str text = error_text(json_get(body, "error"), arena);

    if (str_equal(status, STR("failed")))
        queue_verdict_fail(out, queue_words_refuse(text) ? FAILURE_REFUSED : FAILURE_REMOTE,
                           CHARGED_MAYBE,
                           queue_words(account, text, "the prediction failed", arena));
    else
        queue_verdict_fail(
            out, FAILURE_CANCELLED, CHARGED_MAYBE,
            queue_words(account, text, "the prediction was stopped at Replicate", arena));
}

static void read_output(const struct provider_account *account,
                        const struct provider_request *request, const struct json *body,
                        struct arena *arena, struct provider_verdict *out)
{
    struct provider_request bare = without_version(request);
    struct provider_model model = provider_model_find(&provider_replicate, bare.model);
    struct picture_list list;

    picture_list_init(&list, arena);
    picture_list_read(&list, body);
    if (list.count > 0) {
        queue_verdict_done(out, &list, request->count, arena);
        if (model.price_micro >= 0) { /* a version costs what its model does */
            out->usage.cost_micro = model.price_micro * (int64_t)list.count;
            out->is_list_cost = true;
        }
        return;
    }
    /* It succeeded, so it was paid: what is gone is gone. */
    queue_verdict_fail(
        out, FAILURE_RESULT_LOST, CHARGED_YES,
        json_bool(json_get(body, "data_removed"), false)
            ? STR("Replicate has removed the pictures, an hour after they were made")
            : queue_words(account, STR_EMPTY, "the prediction succeeded without a picture", arena));
}

/* The last "45%|" of the logs, as progress bars write it. */
static double read_progress(struct str logs)
{
    for (size_t end = logs.size; end >= 2; end--) {
        size_t begin = end - 2;
        int64_t percent;
        if (!str_equal(str_slice(logs, end - 2, 2), STR("%|")))
            continue;
        while (begin > 0 && logs.data[begin - 1] >= '0' && logs.data[begin - 1] <= '9')
            begin--;
        if (str_to_int64(str_slice(logs, begin, end - 2 - begin), &percent) && percent <= 100)
            return (double)percent / 100;
        return -1;
    }
    return -1;
}

/* False: the body is no prediction. */
static bool read_prediction(const struct provider_account *account,
                            const struct provider_request *request, const struct json *body,
                            struct arena *arena, struct provider_verdict *out)
{
    struct str id = json_text(json_get(body, "id")), status = json_text(json_get(body, "status"));

    if (!queue_segment_is_plain(id) || id.size > ID_SIZE_MAX)
        return false;
    out->request_id = queue_words(account, id, "", arena);
    if (str_equal(status, STR("starting")) || str_equal(status, STR("processing"))) {
        queue_verdict_wait(out, arena_str(arena, id));
        out->progress = read_progress(json_text(json_get(body, "logs")));
        return true;
    }
    if (str_equal(status, STR("succeeded"))) {
        read_output(account, request, body, arena, out);
        return true;
    }
    if (str_equal(status, STR("failed")) || str_equal(status, STR("canceled")) ||
        str_equal(status, STR("cancelled")) || str_equal(status, STR("aborted"))) {
        read_end(account, body, status, arena, out);
        return true;
    }
    return false;
}

/* The address goes into the input of the prediction, where Replicate itself fetches it. */
static bool read_file(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct json *body, struct arena *arena, struct provider_verdict *out)
{
    struct str url = json_text(json_path(body, "urls.get")), base;
    struct error ignored;

    if (url.size > FILE_URL_SIZE_MAX || !header_value_is_plain(url) ||
        str_find_char(url, ' ') >= 0 || !queue_base(&door, account, arena, &base, &ignored) ||
        !(str_starts_with(url, STR("https://")) || str_starts_with(url, base)))
        return false;
    if (!build(account, request,
               arena_printf(arena, "%.*s%.*s\n", STR_ARGS(exchange->memo), STR_ARGS(url)), arena,
               &out->next, &ignored))
        return false;
    out->type = VERDICT_NEXT;
    return true;
}

static bool read_good(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *body = NULL;
    struct error ignored;

    if (!queue_reply_is_good(reply) || !json_read_liberal(reply->body, &body, &ignored))
        return false;
    if (exchange->purpose == EXCHANGE_SUBMIT && !exchange->is_paid)
        return read_file(account, request, exchange, body, arena, out);
    return read_prediction(account, request, body, arena, out);
}

static void replicate_read(const struct provider_account *account,
                           const struct provider_request *request, const struct exchange *exchange,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct provider_verdict *out)
{
    queue_verdict_init(out);
    if (!read_good(account, request, exchange, reply, arena, out))
        fail(account, exchange, reply, arena, out);
}

/* --- the free call --- */

static bool replicate_probe(const struct provider_account *account, struct arena *arena,
                            struct exchange *out, struct error *err)
{
    return queue_exchange_init(&door, account, EXCHANGE_PROBE, "GET", STR("account"), arena, out,
                               err);
}

static void replicate_read_probe(const struct provider_account *account,
                                 const struct exchange_reply *reply, struct arena *arena,
                                 struct str **models, size_t *count,
                                 struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *body = NULL;
    struct error ignored;
    bool is_good = queue_reply_is_good(reply) && json_read_liberal(reply->body, &body, &ignored) &&
                   json_text(json_get(body, "username")).size > 0;

    queue_read_probe(&catalogue, account, reply, is_good, arena, models, count, failure);
}

static int64_t replicate_estimate(const struct provider_account *account,
                                  const struct provider_request *request, const char **currency)
{
    struct provider_request bare = without_version(request);

    (void)account;
    return queue_estimate(&catalogue, &bare, currency);
}

/* --- the kind --- */

static const struct provider_field fields[] = {
    {
     .name = "base_url",
     .type = PROVIDER_FIELD_URL,
     .label_en = "Base URL",
     .label_zh = "接口地址",
     .help_en = "Leave empty for Replicate itself.",
     .help_zh = "使用 Replicate 官方服务时留空。",
     .fallback = "",
     },
    {
     .name = "key",
     .type = PROVIDER_FIELD_SECRET,
     .label_en = "API token",
     .label_zh = "API 令牌",
     .help_en = "Begins with r8_.",
     .help_zh = "以 r8_ 开头。",
     .fallback = "",
     .is_required = true,
     },
    {
     .name = "safety_checker",
     .type = PROVIDER_FIELD_BOOL,
     .label_en = "Safety checker",
     .label_zh = "安全检查",
     .help_en = "Refuses pictures it takes offence at. Not every model lets it be switched off.",
     .help_zh = "会拒绝被判定为不宜的图片；并非所有模型都允许关闭。",
     .fallback = "true",
     },
    QUEUE_FIELD_TOLERANCE,
    QUEUE_FIELD_REWRITING,
};

const struct provider_kind provider_replicate = {
    .name = "replicate",
    .label = "Replicate",
    .about_en = "Models of many makers, run on demand: FLUX, Nano Banana, Seedream, Qwen Image, "
                "Stable Diffusion, and any owner/name or owner/name:version.",
    .about_zh = "按需运行众多厂商的模型：FLUX、Nano Banana、即梦 Seedream、通义 Qwen Image、"
                "Stable Diffusion，以及任意 owner/name 或 owner/name:version。",
    .default_base_url = "https://api.replicate.com/v1",
    .key_page = "https://replicate.com/account/api-tokens",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = replicate_models,
    .model_count = REPLICATE_MODEL_COUNT,
    .model_default = &replicate_model_default,
    .result_ttl_ms = RESULT_TTL_MS,
    .begin = replicate_begin,
    .read = replicate_read,
    .wants_white_mask = queue_wants_white_mask,
    .poll = replicate_poll,
    .cancel = replicate_cancel,
    .probe = replicate_probe,
    .read_probe = replicate_read_probe,
    .estimate = replicate_estimate,
};
