/*
 * provider/bfl.c: Black Forest Labs' own API (facts 6.1): a request gives an id and the address to
 * ask at, which may be on a sibling host.  What the models want stands in bfl_models.c.
 */
#include "provider/bfl_private.h"

#include <math.h>
#include <string.h>

#define MODEL_SIZE_MAX 100
#define ID_SIZE_MAX 100
#define URL_SIZE_MAX 1000
#define SAMPLE_SIZE_MAX 8192
#define PICTURE_BYTES_MAX MIB(20)
#define CREDIT_MICRO 10000
#define CREDITS_MAX 10000
#define RESULT_TTL_MS 600000 /* FLUX.1 and .2: ten minutes; FLUX 3: about an hour */

static const struct queue_door door = {
    .base_url = "https://api.bfl.ai/v1",
    .path_default = "/v1",
    .key_header = "x-key",
    .key_before = "",
};

static const struct queue_catalogue catalogue = {
    .kind = &provider_bfl,
    .rows = bfl_rows,
    .row_count = BFL_MODEL_COUNT,
    .row_default = bfl_row_default,
    .picture_size_max = PICTURE_BYTES_MAX,
};

/* --- addresses that may be shown the key (facts 0.6) --- */

/* "https://api.bfl.ai" of "https://api.bfl.ai/v1". */
static struct str origin_of(struct str url)
{
    int64_t scheme = str_find(url, STR("://"));
    struct str rest = str_slice(url, (size_t)(scheme + 3), url.size);
    int64_t slash = str_find_char(rest, '/');

    return slash < 0 ? url : str_slice(url, 0, (size_t)(scheme + 3 + slash));
}

static bool is_on_origin(struct str url, struct str base)
{
    struct str origin = origin_of(base);

    return url.size > origin.size && str_starts_with(url, origin) && url.data[origin.size] == '/';
}

/* https://bfl.ai/… or a host below it; without a port, a name or anything else before the path. */
static bool is_on_bfl(struct str url)
{
    static const struct str scheme = {"https://", 8};
    struct str rest, host;

    if (!str_starts_with(url, scheme))
        return false;
    rest = str_slice(url, scheme.size, url.size);
    host = str_cut(&rest, '/');
    if (rest.data == NULL || !queue_segment_is_plain(host))
        return false;
    return str_equal_nocase(host, STR("bfl.ai")) ||
           (host.size > 7 && str_equal_nocase(str_slice(host, host.size - 7, 7), STR(".bfl.ai")));
}

static bool may_show_key(struct str url, struct str base)
{
    return url.size <= URL_SIZE_MAX && header_value_is_plain(url) && str_find_char(url, ' ') < 0 &&
           str_find_char(url, '#') < 0 && str_find_char(url, '\\') < 0 &&
           (is_on_origin(url, base) || is_on_bfl(url));
}

/* --- remote ids: "COST URL": what was billed in micro-units (-1: not told), where to ask --- */

static bool read_remote_id(struct str remote_id, struct str base, int64_t *cost_micro,
                           struct str *url)
{
    *url = remote_id;
    return str_to_int64(str_cut(url, ' '), cost_micro) && *cost_micro >= -1 &&
           *cost_micro <= (int64_t)CREDITS_MAX * CREDIT_MICRO && may_show_key(*url, base);
}

static bool bfl_poll(const struct provider_account *account, struct str remote_id,
                     struct arena *arena, struct exchange *out, struct error *err)
{
    struct str base, url = STR_EMPTY;
    int64_t cost_micro;

    if (!queue_base(&door, account, arena, &base, err))
        return false;
    if (!read_remote_id(remote_id, base, &cost_micro, &url))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no task of BFL");
    if (!queue_exchange_init(&door, account, EXCHANGE_POLL, "GET", STR_EMPTY, arena, out, err))
        return false;
    out->url = arena_str(arena, url);
    out->is_own_origin = out->is_own_origin && is_on_origin(url, base);
    out->reply_size_max = (int64_t)MIB(1); /* a status, never a picture */
    out->memo = arena_str(arena, remote_id);
    return true;
}

/* --- requests --- */

static bool bfl_begin(const struct provider_account *account,
                      const struct provider_request *request, struct arena *arena,
                      struct exchange *out, struct error *err)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;
    struct queue_call call;

    if (!queue_call_init(&call, &catalogue, account, request, err))
        return false;
    if (!queue_path_is_plain(call.endpoint, 1, MODEL_SIZE_MAX))
        return error_field(err, ERROR_INVALID, "model", 0,
                           "a model of BFL is a name like flux-2-pro");
    if (!queue_exchange_init(&door, account, EXCHANGE_SUBMIT, "POST", call.endpoint, arena, out,
                             err))
        return false;
    call.is_bare = true; /* BFL takes bare base64 (facts 6.1) */
    json_writer_init(&writer, &buf);
    queue_write_input(&call, &writer);
    queue_exchange_pay(out, arena, arena_str(arena, buf_str(&buf)));
    return true;
}

/* --- replies --- */

static int64_t read_cost(const struct json *body)
{
    double credits;

    return json_double(json_get(body, "cost"), &credits) && credits >= 0 && credits <= CREDITS_MAX
               ? llround(credits * CREDIT_MICRO)
               : -1;
}

/* False: there is neither an address that may be asked nor an id. */
static bool read_accepted(const struct provider_account *account, const struct json *body,
                          struct arena *arena, struct provider_verdict *out)
{
    struct str url = str_trim(json_text(json_get(body, "polling_url")));
    struct str id = json_text(json_get(body, "id")), base;
    struct error ignored;

    if (!queue_base(&door, account, arena, &base, &ignored))
        return false;
    if (queue_segment_is_plain(id) && id.size <= ID_SIZE_MAX)
        out->request_id = queue_words(account, id, "", arena);
    if (!may_show_key(url, base)) {
        if (out->request_id.size == 0)
            return false;
        /* The address itself is strange: the key stays at home, where the id may be known. */
        url = arena_printf(arena, "%.*s/get_result?id=%.*s", STR_ARGS(base), STR_ARGS(id));
    }
    queue_verdict_wait(out,
                       arena_printf(arena, "%lld %.*s", (long long)read_cost(body), STR_ARGS(url)));
    return true;
}

static bool is_sample(struct str url, struct str base)
{
    return url.size > 0 && url.size <= SAMPLE_SIZE_MAX && header_value_is_plain(url) &&
           str_find_char(url, ' ') < 0 &&
           (str_equal_nocase(str_slice(url, 0, 8), STR("https://")) || is_on_origin(url, base));
}

static void read_ready(const struct provider_account *account,
                       const struct provider_request *request, const struct json *body,
                       int64_t cost_micro, struct arena *arena, struct provider_verdict *out)
{
    const struct json *result = json_get(body, "result");
    struct str sample = str_trim(json_text(json_get(result, "sample"))), base = STR_EMPTY;
    struct str prompt = json_text(json_get(result, "prompt"));
    struct provider_picture *picture = ARENA_NEW(arena, struct provider_picture);
    struct picture_list list = {.arena = arena, .items = picture, .count = 1};
    struct error ignored;

    if (!queue_base(&door, account, arena, &base, &ignored) || !is_sample(sample, base)) {
        queue_verdict_fail(out, FAILURE_RESULT_LOST, CHARGED_YES,
                           STR("the task is ready, but the reply holds no address of a picture"));
        return;
    }
    picture->url = arena_str(arena, sample);
    picture->has_seed = json_int(json_get(result, "seed"), &picture->seed);
    if (prompt.size > 0 && !str_equal(prompt, request->prompt))
        picture->revised_prompt =
            provider_text_clean(str_trim(secret_expose(account->key)), prompt, KIB(32), arena);
    queue_verdict_done(out, &list, 1, arena);
    if (cost_micro >= 0) {
        out->usage.cost_micro = cost_micro;
        out->usage.currency = "USD";
    }
}

/* What ends a task badly.  Failures and refusals are not billed (facts 8). */
static const struct {
    struct str status;
    enum failure_class class;
    const char *message;
} ends[] = {
    {{"Request Moderated", 17}, FAILURE_REFUSED, "BFL's filter refused the request"            },
    {{"Content Moderated", 17}, FAILURE_REFUSED, "BFL's filter held the picture back"          },
    {{"Error", 5},              FAILURE_REMOTE,  "the task ended with an error"                },
    {{"Failed", 6},             FAILURE_REMOTE,  "the task failed"                             },
    {{"Task not found", 14},    FAILURE_INVALID, "BFL does not know this task, or not any more"},
};

/* `details` says more of a refusal: {"Moderation Reasons": ["Safety Filter"]}. */
static struct str describe(const struct provider_account *account, const struct json *body,
                           const char *message, struct arena *arena)
{
    const struct json *details = json_get(body, "details");
    struct str text = json_is(details, JSON_TEXT) ? json_text(details) : STR_EMPTY;

    if (json_count(details) > 0)
        text = json_print(details, arena);
    if (text.size == 0)
        return str_of(message);
    return queue_words(account, arena_printf(arena, "%s: %.*s", message, STR_ARGS(text)), message,
                       arena);
}

/* False: the body tells no status. */
static bool read_status(const struct provider_account *account,
                        const struct provider_request *request, const struct exchange *exchange,
                        const struct json *body, struct arena *arena, struct provider_verdict *out)
{
    struct str status = json_text(json_get(body, "status")), rest = exchange->memo;
    int64_t cost_micro = -1;
    double progress;

    if (status.size == 0 || exchange->memo.size == 0)
        return false;
    if (!str_to_int64(str_cut(&rest, ' '), &cost_micro))
        cost_micro = -1;
    if (str_equal(status, STR("Ready"))) {
        read_ready(account, request, body, cost_micro, arena, out);
        return true;
    }
    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_equal(status, ends[i].status)) {
            queue_verdict_fail(out, ends[i].class, CHARGED_NO,
                               describe(account, body, ends[i].message, arena));
            out->failure.code = ends[i].status;
            return true;
        }
    /* Pending, Reasoning, Generating, and whatever else they may do before it is ready. */
    queue_verdict_wait(out, arena_str(arena, exchange->memo));
    if (json_double(json_get(body, "progress"), &progress) && progress >= 0 && progress <= 1)
        out->progress = progress;
    return true;
}

static void bfl_read(const struct provider_account *account, const struct provider_request *request,
                     const struct exchange *exchange, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *body = NULL;
    struct error ignored;

    queue_verdict_init(out);
    if (queue_reply_is_good(reply) && json_read_liberal(reply->body, &body, &ignored) &&
        (exchange->purpose == EXCHANGE_SUBMIT
             ? read_accepted(account, body, arena, out)
             : read_status(account, request, exchange, body, arena, out)))
        return;
    exchange_classify_for(account, reply, arena, &out->failure);
    if (out->failure.class == FAILURE_REFUSED && exchange->purpose == EXCHANGE_SUBMIT &&
        reply->status < 500)
        out->failure.charged = CHARGED_NO; /* at the door: nothing was begun */
}

/* --- the free call: docs.bfl.ai, "Get the user's credits", which the facts do not have --- */

static bool bfl_probe(const struct provider_account *account, struct arena *arena,
                      struct exchange *out, struct error *err)
{
    return queue_exchange_init(&door, account, EXCHANGE_PROBE, "GET", STR("credits"), arena, out,
                               err);
}

static void bfl_read_probe(const struct provider_account *account,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct str **models, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *body = NULL;
    struct error ignored;
    double credits;
    bool is_good = queue_reply_is_good(reply) && json_read_liberal(reply->body, &body, &ignored) &&
                   json_double(json_get(body, "credits"), &credits);

    queue_read_probe(&catalogue, account, reply, is_good, arena, models, count, failure);
}

static int64_t bfl_estimate(const struct provider_account *account,
                            const struct provider_request *request, const char **currency)
{
    (void)account;
    return queue_estimate(&catalogue, request, currency);
}

/* --- the kind --- */

/* Laid out by hand: clang-format 14 dies of it. */
/* clang-format off */
static const struct provider_field fields[] = {
    {
        .name = "base_url",
        .type = PROVIDER_FIELD_URL,
        .label_en = "Base URL",
        .label_zh = "接口地址",
        .help_en =
            "Leave empty for BFL itself; https://api.eu.bfl.ai and https://api.us.bfl.ai keep "
            "the work in one region.",
        .help_zh = "使用 BFL 官方服务时留空；填写 https://api.eu.bfl.ai 或 https://api.us.bfl.ai "
                   "可限定处理区域。",
        .fallback = "",
    },
    {
        .name = "key",
        .type = PROVIDER_FIELD_SECRET,
        .label_en = "API key",
        .label_zh = "API 密钥",
        .help_en = "Of a project with credits.",
        .help_zh = "需来自有余额的项目。",
        .fallback = "",
        .is_required = true,
    },
    QUEUE_FIELD_TOLERANCE,
    QUEUE_FIELD_REWRITING,
};
/* clang-format on */

const struct provider_kind provider_bfl = {
    .name = "bfl",
    .label = "Black Forest Labs",
    .about_en = "FLUX from its makers: FLUX 3, FLUX.2, Kontext, Fill.",
    .about_zh = "FLUX 官方接口：FLUX 3、FLUX.2、Kontext、Fill。",
    .default_base_url = "https://api.bfl.ai/v1",
    .key_page = "https://dashboard.bfl.ai",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = bfl_models,
    .model_count = BFL_MODEL_COUNT,
    .model_default = &bfl_model_default,
    .result_ttl_ms = RESULT_TTL_MS,
    .begin = bfl_begin,
    .read = bfl_read,
    .wants_white_mask = queue_wants_white_mask,
    .poll = bfl_poll,
    .probe = bfl_probe,
    .read_probe = bfl_read_probe,
    .estimate = bfl_estimate,
};
