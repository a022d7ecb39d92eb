/*
 * provider/fal.c: fal.ai's queue (facts 6.2): a request is put into a queue, its status is asked
 * for, and its result is another call (fal_result.c).  What the many models want stands in
 * fal_models.c.
 *
 * Never sent: fal_webhook (it needs an address of ours that the world reaches), sync_mode (the
 * result would be as large as its pictures), x-fal-request-timeout (the engine gives work up by
 * itself, and by fal's cancel), x-fal-store-io (the result is asked for afterwards, so it must be
 * kept), and loras and controls, which are addresses of other people's files.
 */
#include "provider/fal_private.h"

#define MODEL_SIZE_MAX 200
#define ID_SIZE_MAX 100
#define PICTURE_BYTES_MAX MIB(32)
#define KEEP_HOURS_MAX 8760

static const struct queue_door door = {
    .base_url = "https://queue.fal.run",
    .path_default = "",
    .key_header = "Authorization",
    .key_before = "Key ",
};

const struct queue_catalogue fal_catalogue = {
    .kind = &provider_fal,
    .rows = fal_rows,
    .row_count = FAL_MODEL_COUNT,
    .row_default = fal_row_default,
    .picture_size_max = PICTURE_BYTES_MAX,
};

/* --- what an exchange must know of itself when it is read: exchange.memo, by its first letter ---
 */

enum memo {
    MEMO_SUBMIT = 'e', /* and the endpoint */
    MEMO_STATUS = 's', /* and the remote id; of these too: */
    MEMO_RESULT = 'r',
    MEMO_FAILED = 'f', /* the result of a run whose status told of an error; a line end and it */
    MEMO_CANCEL = 'c',
};

static struct str make_memo(enum memo what, struct str text, struct arena *arena)
{
    return arena_printf(arena, "%c%.*s", (char)what, STR_ARGS(text));
}

static bool memo_is(const struct exchange *exchange, enum memo what)
{
    return exchange->memo.size > 0 && exchange->memo.data[0] == (char)what;
}

/* Endpoint or remote id. */
static struct str memo_name(const struct exchange *exchange, struct str *more)
{
    *more = str_slice(exchange->memo, 1, exchange->memo.size);
    return str_cut(more, '\n');
}

/* --- remote ids: "fal-ai/flux/requests/ID", a path behind the base --- */

/* The app is the first two segments of its endpoint, behind a name space there are three. */
static struct str app_of(struct str endpoint)
{
    bool has_space =
        str_starts_with(endpoint, STR("workflows/")) || str_starts_with(endpoint, STR("comfy/"));
    size_t slashes = has_space ? 3 : 2, end = 0;

    for (; end < endpoint.size; end++)
        if (endpoint.data[end] == '/' && --slashes == 0)
            break;
    return str_slice(endpoint, 0, end);
}

static bool is_remote_id(struct str remote_id)
{
    int64_t at = str_find(remote_id, STR("/requests/"));

    return at > 0 && queue_path_is_plain(str_slice(remote_id, 0, (size_t)at), 2, MODEL_SIZE_MAX) &&
           queue_path_is_plain(remote_id, 4, MODEL_SIZE_MAX + ID_SIZE_MAX + 10);
}

/* The path that the reply itself names, for fal may change the rule (facts 6.2: "using the returned
 * URLs avoids the trap"); its host is never followed. */
static struct str path_of_url(struct str url, struct str base)
{
    static const struct str own = {"https://queue.fal.run", 21};
    struct str bases[] = {base, own};

    for (size_t i = 0; i < COUNT(bases); i++)
        if (str_starts_with(url, bases[i]) && url.size > bases[i].size &&
            url.data[bases[i].size] == '/')
            return str_slice(url, bases[i].size + 1, url.size);
    return STR_EMPTY;
}

static struct str find_remote_id(const struct provider_account *account, const struct json *body,
                                 struct str endpoint, struct arena *arena)
{
    struct str id = json_text(json_get(body, "request_id")), base, path;
    struct error ignored;

    if (!queue_segment_is_plain(id) || id.size > ID_SIZE_MAX ||
        !queue_base(&door, account, arena, &base, &ignored))
        return STR_EMPTY;
    path = path_of_url(json_text(json_get(body, "response_url")), base);
    if (is_remote_id(path) &&
        str_ends_with(path, arena_printf(arena, "/requests/%.*s", STR_ARGS(id))))
        return arena_str(arena, path);
    return arena_printf(arena, "%.*s/requests/%.*s", STR_ARGS(app_of(endpoint)), STR_ARGS(id));
}

/* --- requests --- */

static void add_wishes(const struct provider_account *account, struct arena *arena,
                       struct exchange *out)
{
    int64_t hours = account_option_int(account, "keep_hours", 0, 0, KEEP_HOURS_MAX);

    /* The headers are second-hand (facts 6.2: a guide checked 2026-07-10); one that fal does not
     * know is no harm. */
    /* Without it fal may answer with an "equivalent" endpoint: another model than was paid for. */
    if (!account_option_bool(account, "fallback", false))
        exchange_add_header(out, arena, "x-app-fal-disable-fallback", STR("1"));
    /* By itself fal runs a request up to ten times; trying again is the engine's, which counts. */
    if (!account_option_bool(account, "own_retries", false))
        exchange_add_header(out, arena, "x-fal-no-retry", STR("1"));
    if (str_equal(account_option_text(account, "priority"), STR("low")))
        exchange_add_header(out, arena, "x-fal-queue-priority", STR("low"));
    if (hours > 0)
        exchange_add_header(
            out, arena, "x-fal-object-lifecycle-preference",
            arena_printf(arena, "{\"expiration_duration_seconds\":%lld}", (long long)hours * 3600));
}

static bool fal_begin(const struct provider_account *account,
                      const struct provider_request *request, struct arena *arena,
                      struct exchange *out, struct error *err)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;
    struct queue_call call;

    if (!queue_call_init(&call, &fal_catalogue, account, request, err))
        return false;
    if (!queue_path_is_plain(call.endpoint, 2, MODEL_SIZE_MAX))
        return error_field(err, ERROR_INVALID, "model", 0,
                           "a model of fal is an endpoint like fal-ai/flux/dev");
    /* Ideogram's masks are the other way round, black to be changed (facts 6.11). */
    if (request->mask != NULL && text_has_nocase(call.endpoint, "ideogram"))
        return error_field(err, ERROR_INVALID, "mask", 0, "masks for Ideogram are not supported");
    if (!queue_exchange_init(&door, account, EXCHANGE_SUBMIT, "POST", call.endpoint, arena, out,
                             err))
        return false;
    add_wishes(account, arena, out);
    out->memo = make_memo(MEMO_SUBMIT, call.endpoint, arena);
    json_writer_init(&writer, &buf);
    queue_write_input(&call, &writer);
    queue_exchange_pay(out, arena, arena_str(arena, buf_str(&buf)));
    return true;
}

static bool ask(const struct provider_account *account, struct str remote_id,
                enum exchange_purpose purpose, const char *method, const char *tail, enum memo memo,
                struct arena *arena, struct exchange *out, struct error *err)
{
    if (!is_remote_id(remote_id))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no request of fal");
    if (!queue_exchange_init(&door, account, purpose, method,
                             arena_printf(arena, "%.*s%s", STR_ARGS(remote_id), tail), arena, out,
                             err))
        return false;
    out->memo = make_memo(memo, remote_id, arena);
    return true;
}

static bool fal_poll(const struct provider_account *account, struct str remote_id,
                     struct arena *arena, struct exchange *out, struct error *err)
{
    return ask(account, remote_id, EXCHANGE_POLL, "GET", "/status", MEMO_STATUS, arena, out, err);
}

static bool fal_cancel(const struct provider_account *account, struct str remote_id,
                       struct arena *arena, struct exchange *out, struct error *err)
{
    return ask(account, remote_id, EXCHANGE_CANCEL, "PUT", "/cancel", MEMO_CANCEL, arena, out, err);
}

/* --- failures --- */

/* Of a type ("client_cancelled"), or of words: no bare "cancelled", which may be the prompt's own.
 */
static bool tells_of_cancelling(struct str type, struct str words)
{
    return text_has_nocase(type, "cancel") || text_has_nocase(words, "was cancelled") ||
           text_has_nocase(words, "was canceled");
}

static void refine_failure(const struct exchange_reply *reply, struct provider_failure *failure)
{
    struct str who = exchange_reply_header(reply, "x-fal-request-timeout-type");

    /* The time that was given for the queue is over (facts 6.2): it did not begin. */
    if (reply->outcome == EXCHANGE_REPLIED && reply->status == 504 && str_equal(who, STR("user"))) {
        failure->class = FAILURE_DEADLINE;
        failure->charged = CHARGED_NO;
    }
    /* "User is locked. Reason: Exhausted balance." is a 403, as other clients met it; not in the
     * facts. */
    if (text_has_nocase(failure->message, "exhausted balance")) {
        failure->class = FAILURE_QUOTA;
        failure->charged = CHARGED_NO;
    }
}

/*
 * A result that is an error: the run failed, or the call for it did.  fal's own errors of a run
 * have a type ("runner_disconnected" with a 503; fal.ai/docs, "Request errors", read 2026-11-28),
 * so that they are not taken for a gateway's, which is asked again.  5xx are never billed, 422
 * sometimes, when a runner found the fault late (docs.fal.ai, "Reliability", and fal's FAQ).
 *
 * What was wrong with the input would be wrong again, and might be billed again: it must not be
 * tried again, as REMOTE is, and behind a queue INVALID would mean an unknown id.  So it is
 * REFUSED, in fal's own words.
 */
static void fail_result(const struct exchange *exchange, const struct exchange_reply *reply,
                        bool has_type, struct provider_failure *failure)
{
    int status = reply->status;

    if (status == 499 || tells_of_cancelling(failure->code, STR_EMPTY)) {
        failure->class = FAILURE_CANCELLED;
        failure->charged = CHARGED_MAYBE;
    } else if (failure->class == FAILURE_REFUSED || status == 400 || status == 413 ||
               status == 422) {
        failure->class = FAILURE_REFUSED;
        failure->charged = CHARGED_MAYBE;
    } else if (status >= 500 && failure->class != FAILURE_DEADLINE &&
               (status == 500 || has_type || memo_is(exchange, MEMO_FAILED))) {
        failure->class = FAILURE_REMOTE;
        failure->charged = CHARGED_NO;
    }
}

/* "X-Fal-Error-Type", or the same in the body; empty when it is no error of fal's. */
static struct str read_error_type(const struct exchange_reply *reply, struct arena *arena)
{
    CLEANUP(json_cleanup) struct json *body = NULL;
    struct str type = exchange_reply_header(reply, "x-fal-error-type");
    struct error ignored;

    if (type.size == 0 && json_read_liberal(reply->body, &body, &ignored))
        type = json_text(json_get(body, "error_type"));
    return arena_str(arena, str_slice(type, 0, 100));
}

static void fail(const struct provider_account *account, const struct exchange *exchange,
                 const struct exchange_reply *reply, struct arena *arena,
                 struct provider_verdict *out)
{
    struct str type = read_error_type(reply, arena), more;

    exchange_classify_for(account, reply, arena, &out->failure);
    if (out->failure.code.size == 0 && reply->outcome == EXCHANGE_REPLIED)
        out->failure.code = queue_words(account, type, "", arena);
    refine_failure(reply, &out->failure);
    if (exchange->purpose == EXCHANGE_SUBMIT) {
        /* Refused at the door: nothing was begun. */
        if (out->failure.class == FAILURE_REFUSED && reply->status < 500)
            out->failure.charged = CHARGED_NO;
        return;
    }
    if (reply->outcome == EXCHANGE_REPLIED &&
        (memo_is(exchange, MEMO_RESULT) || memo_is(exchange, MEMO_FAILED)))
        fail_result(exchange, reply, type.size > 0, &out->failure);
    (void)memo_name(exchange, &more);
    if (more.size > 0 && str_starts_with(out->failure.message, STR("the provider")))
        out->failure.message = more; /* what the status said, when the result says nothing */
}

/* --- status --- */

static void go_for_result(const struct provider_account *account, const struct json *body,
                          struct str remote_id, struct arena *arena, struct provider_verdict *out)
{
    struct str error = json_text(json_get(body, "error"));
    struct str type = json_text(json_get(body, "error_type"));
    struct error err = {0};
    bool has_failed = error.size > 0 || type.size > 0;

    if (tells_of_cancelling(type, error)) {
        queue_verdict_fail(out, FAILURE_CANCELLED, CHARGED_MAYBE, STR("fal stopped this work"));
        return;
    }
    if (!ask(account, remote_id, EXCHANGE_POLL, "GET", "", has_failed ? MEMO_FAILED : MEMO_RESULT,
             arena, &out->next, &err)) {
        out->failure.message = queue_words(account, str_of(err.message), "", arena);
        return;
    }
    if (has_failed)
        out->next.memo = arena_printf(
            arena, "%.*s\n%.*s", STR_ARGS(out->next.memo),
            STR_ARGS(queue_words(account, error.size > 0 ? error : type, "the run failed", arena)));
    out->type = VERDICT_NEXT;
}

/* False: the body tells no status. */
static bool read_status(const struct provider_account *account, const struct json *body,
                        struct str remote_id, struct arena *arena, struct provider_verdict *out)
{
    struct str status = json_text(json_get(body, "status"));

    if (str_equal(status, STR("IN_QUEUE")) || str_equal(status, STR("IN_PROGRESS"))) {
        queue_verdict_wait(out, remote_id);
        if (str_equal(status, STR("IN_QUEUE")))
            out->poll_after_ms =
                -1; /* nobody knows how long: the engine asks less and less often */
        return true;
    }
    if (str_equal(status, STR("COMPLETED"))) {
        go_for_result(account, body, remote_id, arena, out);
        return true;
    }
    if (str_equal(status, STR("CANCELLED")) || str_equal(status, STR("CANCELED"))) {
        queue_verdict_fail(out, FAILURE_CANCELLED, CHARGED_MAYBE, STR("fal stopped this work"));
        return true;
    }
    return false;
}

/* --- replies --- */

/* Accepted; or, behind a base URL of fal.run itself, made at once. */
static bool read_submitted(const struct provider_account *account,
                           const struct provider_request *request, const struct json *body,
                           const struct exchange *exchange, const struct exchange_reply *reply,
                           struct arena *arena, struct provider_verdict *out)
{
    struct str more, endpoint = memo_name(exchange, &more);
    struct str remote_id = find_remote_id(account, body, endpoint, arena);

    if (remote_id.size == 0)
        return fal_read_result(account, request, body, reply, arena, out);
    queue_verdict_wait(out, remote_id);
    out->request_id = queue_words(account, json_text(json_get(body, "request_id")), "", arena);
    return true;
}

/* "CANCELLATION_REQUESTED", or "ALREADY_COMPLETED" with a 400: the status says what came of it. */
static bool read_cancelled(const struct exchange *exchange, const struct exchange_reply *reply,
                           struct arena *arena, struct provider_verdict *out)
{
    struct str more;

    if (!queue_reply_is_good(reply) &&
        !(reply->status == 400 && text_has_nocase(reply->body, "ALREADY_COMPLETED")))
        return false;
    queue_verdict_wait(out, arena_str(arena, memo_name(exchange, &more)));
    return true;
}

static bool read_good(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *body = NULL;
    struct error ignored;
    struct str more, remote_id;

    if (!queue_reply_is_good(reply) || !json_read_liberal(reply->body, &body, &ignored))
        return false;
    if (exchange->purpose == EXCHANGE_SUBMIT)
        return read_submitted(account, request, body, exchange, reply, arena, out);
    remote_id = arena_str(arena, memo_name(exchange, &more));
    if (fal_read_result(account, request, body, reply, arena, out))
        return true;
    /* A result that was asked for too early is a status again. */
    if (memo_is(exchange, MEMO_STATUS) || reply->status == 202)
        return read_status(account, body, remote_id, arena, out);
    if (!json_is(body, JSON_OBJECT) || exchange->memo.size == 0)
        return false;
    /* The run is over, and nothing will change what it made; it is not made again unasked. */
    if (more.size > 0)
        queue_verdict_fail(out, FAILURE_REMOTE, CHARGED_MAYBE, more);
    else
        queue_verdict_fail(out, FAILURE_RESULT_LOST, CHARGED_MAYBE,
                           STR("the run ended without a picture"));
    return true;
}

static void fal_read(const struct provider_account *account, const struct provider_request *request,
                     const struct exchange *exchange, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_verdict *out)
{
    struct str request_id = exchange_reply_header(reply, "x-fal-request-id");

    queue_verdict_init(out);
    out->request_id = str_slice(queue_words(account, request_id, "", arena), 0, ID_SIZE_MAX);
    if (memo_is(exchange, MEMO_CANCEL) && reply->outcome == EXCHANGE_REPLIED &&
        read_cancelled(exchange, reply, arena, out))
        return;
    if (memo_is(exchange, MEMO_CANCEL) || !read_good(account, request, exchange, reply, arena, out))
        fail(account, exchange, reply, arena, out);
}

/* --- the free call --- */

/*
 * fal has no call that only proves a key: the status of a request that never was is free.  A known
 * key is told that there is none, an unknown one gets 401; which of the two 4xx it is when there is
 * none (404, perhaps 400 or 422), no source says.
 */
#define NOBODY "fal-ai/flux/requests/00000000-0000-0000-0000-000000000000"

static bool fal_probe(const struct provider_account *account, struct arena *arena,
                      struct exchange *out, struct error *err)
{
    return ask(account, STR(NOBODY), EXCHANGE_PROBE, "GET", "/status", MEMO_STATUS, arena, out,
               err);
}

static void fal_read_probe(const struct provider_account *account,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct str **models, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *body = NULL;
    struct error ignored;
    bool is_known = queue_reply_is_good(reply) || reply->status == 404 || reply->status == 400 ||
                    reply->status == 422;
    bool is_json = json_read_liberal(reply->body, &body, &ignored) && json_is(body, JSON_OBJECT);

    queue_read_probe(&fal_catalogue, account, reply,
                     reply->outcome == EXCHANGE_REPLIED && is_known && is_json, arena, models,
                     count, failure);
    refine_failure(reply, failure);
}

static int64_t fal_estimate(const struct provider_account *account,
                            const struct provider_request *request, const char **currency)
{
    (void)account;
    return queue_estimate(&fal_catalogue, request, currency);
}

/* --- the kind --- */

static const char *const priorities[] = {"normal", "low", NULL};

/* Laid out by hand: clang-format 14 dies of it. */
/* clang-format off */
static const struct provider_field fields[] = {
    {
        .name = "base_url",
        .type = PROVIDER_FIELD_URL,
        .label_en = "Base URL",
        .label_zh = "接口地址",
        .help_en = "Leave empty for fal itself (https://queue.fal.run).",
        .help_zh = "使用 fal 官方服务（https://queue.fal.run）时留空。",
        .fallback = "",
    },
    {
        .name = "key",
        .type = PROVIDER_FIELD_SECRET,
        .label_en = "API key",
        .label_zh = "API 密钥",
        .help_en = "Of the form id:secret, with the scope API.",
        .help_zh = "形如 id:secret，权限范围选 API。",
        .fallback = "",
        .is_required = true,
    },
    {
        .name = "priority",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Priority in fal's queue",
        .label_zh = "排队优先级",
        .help_en = "low lets your other requests go first.",
        .help_zh = "low 会让你的其他请求优先处理。",
        .fallback = "normal",
        .choices = priorities,
    },
    {
        .name = "safety_checker",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Safety checker",
        .label_zh = "安全检查",
        .help_en = "Blacks out pictures it takes offence at. Not every model has one.",
        .help_zh = "会将判定为不宜的图片涂黑；并非所有模型都有此功能。",
        .fallback = "true",
    },
    QUEUE_FIELD_TOLERANCE,
    QUEUE_FIELD_REWRITING,
    {
        .name = "fallback",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Allow another model",
        .label_zh = "允许替换模型",
        .help_en = "When an endpoint is down, fal may answer with one it holds equivalent.",
        .help_zh = "端点不可用时，允许 fal 改用它认为等效的端点。",
        .fallback = "false",
    },
    {
        .name = "own_retries",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Let fal try again",
        .label_zh = "允许 fal 自行重试",
        .help_en = "fal then runs a request that failed up to ten times by itself, uncounted here.",
        .help_zh = "失败的请求由 fal 自行重试，最多十次，不计入本机的尝试次数。",
        .fallback = "false",
    },
    {
        .name = "keep_hours",
        .type = PROVIDER_FIELD_INT,
        .label_en = "Hours fal keeps pictures",
        .label_zh = "fal 保留图片的小时数",
        .help_en = "0 leaves it to fal, which keeps them long. Yours are copied here at once.",
        .help_zh = "0 表示由 fal 决定（保留较久）；图片生成后会立即保存到本机。",
        .fallback = "0",
        .max = KEEP_HOURS_MAX,
    },
};
/* clang-format on */

const struct provider_kind provider_fal = {
    .name = "fal",
    .label = "fal",
    .about_en = "Hundreds of open and commercial models behind one queue: FLUX, Nano Banana, "
                "Seedream, Qwen Image, Z-Image.",
    .about_zh = "通过同一队列调用数百个开源和商业模型：FLUX、Nano Banana、即梦 Seedream、"
                "通义 Qwen Image、Z-Image 等。",
    .default_base_url = "https://queue.fal.run",
    .key_page = "https://fal.ai/dashboard/keys",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = fal_models,
    .model_count = FAL_MODEL_COUNT,
    .model_default = &fal_model_default,
    .begin = fal_begin,
    .read = fal_read,
    .wants_white_mask = queue_wants_white_mask,
    .poll = fal_poll,
    .cancel = fal_cancel,
    .probe = fal_probe,
    .read_probe = fal_read_probe,
    .estimate = fal_estimate,
};
