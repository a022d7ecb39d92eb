/*
 * provider/mock.c: a service that needs no key and no network.  It orders pictures by card
 * (mock.h), writes texts by pattern (mock_write.c) and has every trouble a real service can have,
 * on demand and repeatable: what happens to a call is decided by its seed and its idempotency key
 * alone.
 */
#include "provider/mock.h"
#include "provider/mock_private.h"

#include "core/hash.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define PROMPT_SIZE_MAX 2000 /* of what is drawn: more is not legible on a card */
#define SIDE_DEFAULT 1024
#define LATENCY_MAX_MS 600000
#define LATENCY_DEFAULT_MS 1200
#define PRICE_DEFAULT_MICRO 20000
#define PRICE_MAX_MICRO 1000000000
#define RETRY_AFTER_MS 2000
#define REMOTE_PREFIX "mock1:"

/* --- troubles --- */

static const struct trouble {
    enum failure_class class;
    enum exchange_outcome outcome;
    int status;
    const char *code, *message;
} troubles[] = {
    {FAILURE_NOT_SENT,  EXCHANGE_NOT_SENT, 0,   "unreachable",         "the mock could not be reached"  },
    {FAILURE_THROTTLED, EXCHANGE_REPLIED,  429, "rate_limit_exceeded", "the mock is busy"               },
    {FAILURE_QUOTA,     EXCHANGE_REPLIED,  402, "insufficient_quota",  "the mock's credit is used up"   },
    {FAILURE_AUTH,      EXCHANGE_REPLIED,  401, "invalid_api_key",     "the mock does not know this key"},
    {FAILURE_INVALID,   EXCHANGE_REPLIED,  400, "invalid_request",     "the mock does not understand"   },
    {FAILURE_REFUSED,   EXCHANGE_REPLIED,  400, "moderation_blocked",  "the mock declines this prompt"  },
    {FAILURE_SERVER,    EXCHANGE_REPLIED,  500, "server_error",        "the mock broke down"            },
    {FAILURE_UNKNOWN,   EXCHANGE_LOST,     0,   "connection_lost",     "the mock fell silent"           },
    {FAILURE_REMOTE,    EXCHANGE_REPLIED,  200, "remote_failed",       "the mock's work failed"         },
};

static const char *const failure_kinds[] = {"not_sent",      "throttled", "quota",  "auth",
                                            "invalid",       "refused",   "server", "unknown",
                                            "remote_failed", "any",       NULL};

static const struct trouble *trouble_of(enum failure_class class)
{
    for (size_t i = 0; i < COUNT(troubles); i++)
        if (troubles[i].class == class)
            return &troubles[i];
    return NULL;
}

uint64_t mock_chance(const struct provider_request *request, uint64_t use)
{
    uint64_t hash = hash_u64(request->idempotency_key, use);

    if (request->has_seed) {
        uint64_t seed = (uint64_t)request->seed;
        hash = hash_u64((struct str){.data = (const char *)&seed, .size = sizeof seed}, hash);
    }
    return hash;
}

/* What goes wrong with this call; NULL: nothing. */
static const struct trouble *find_trouble(const struct provider_account *account,
                                          const struct provider_request *request)
{
    double rate = account_option_double(account, "failure_rate", 0, 0, 1);
    struct str kind = account_option_text(account, "failure_kind");
    const struct trouble *trouble;

    if ((double)(mock_chance(request, 1) >> 11) * 0x1p-53 >= rate)
        return NULL;
    trouble = trouble_of(failure_class_of(kind));
    if (trouble != NULL)
        return trouble;
    if (str_equal(kind, STR("any")))
        return &troubles[mock_chance(request, 2) % COUNT(troubles)];
    return trouble_of(FAILURE_SERVER);
}

/* --- the catalogue --- */

#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }
static const char *const formats[] = {"png", "jpeg", "webp", NULL};
static const char *const backgrounds[] = {"auto", "opaque", "transparent", NULL};

#define MOCK_MODEL                                                                                 \
    .can_generate = true, .can_edit = true, .can_mask = true, .has_seed = true,                    \
    .has_negative = true, .has_transparency = true, .has_stream = true, .references_max = 8,       \
    .count_max = 10, .side_px_min = 64, .side_px_max = 4096, .side_px_step = 1,                    \
    .formats = formats, .price_micro = PRICE_DEFAULT_MICRO, .currency = "USD",                     \
    .price_as_of = "2026-11-22"

#define MOCK_WRITER                                                                                \
    .can_write = true, .can_see = true, .has_schema = true, .references_max = 16, .count_max = 1,  \
    .price_micro = PRICE_DEFAULT_MICRO, .currency = "USD", .price_as_of = "2026-11-22"

static const struct provider_model models[] = {
    {MOCK_MODEL,  .is_known = true, .name = TEXT("mock"),      .label = TEXT("Mock")         },
    {MOCK_MODEL,  .is_known = true, .name = TEXT("mock-fast"), .label = TEXT("Mock, at once")},
    {MOCK_WRITER, .is_known = true, .name = TEXT("mock-text"), .label = TEXT("Mock, text")   },
};
static const struct provider_model model_default = {MOCK_MODEL, .name = TEXT("mock")};

/* --- cards --- */

static bool check(const struct provider_request *request, struct error *err)
{
    struct provider_model model = provider_model_find(&provider_mock, request->model);
    int64_t references = (int64_t)request->reference_count;

    if (request->action == PROVIDER_WRITE)
        return provider_check_write(&model, request, PICTURE_SIZE_MAX, err);
    if (!provider_model_check(&model, references > 0 ? NEED_EDIT : NEED_GENERATE, err))
        return false;
    if (str_trim(request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    if (request->count < 1)
        return error_field(err, ERROR_TOO_SMALL, "count", 1, "at least one picture");
    if (request->count > model.count_max)
        return error_field(err, ERROR_TOO_BIG, "count", model.count_max,
                           "at most %lld pictures in one call", (long long)model.count_max);
    if (request->action == PROVIDER_EDIT && references == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1, "an edit needs a picture");
    if (references > model.references_max)
        return error_field(err, ERROR_TOO_MANY, "references", model.references_max,
                           "at most %lld reference pictures", (long long)model.references_max);
    if (request->mask != NULL && references == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1,
                           "a mask needs the picture it belongs to");
    if (request->steps > 0 || request->scale > 0)
        return error_field(err, ERROR_INVALID, request->steps > 0 ? "steps" : "scale", 0,
                           "the mock takes neither steps nor scale");
    if (request->quality.size > 0)
        return error_field(err, ERROR_INVALID, "quality", 0, "the mock has no qualities");
    if (request->format.size > 0 && !text_is_listed(request->format, formats))
        return error_field(err, ERROR_NOT_IN_LIST, "format", 0,
                           "the mock writes png, jpeg and webp");
    if (request->background.size > 0 && !text_is_listed(request->background, backgrounds))
        return error_field(err, ERROR_NOT_IN_LIST, "background", 0,
                           "background is auto, opaque or transparent");
    if (str_equal(request->background, STR("transparent")) &&
        str_equal(request->format, STR("jpeg")))
        return error_field(err, ERROR_INVALID, "format", 0,
                           "a transparent background needs png or webp");
    if (request->compression > 100)
        return error_field(err, ERROR_TOO_BIG, "compression", 100, "compression is 0 to 100");
    if (request->partial_images < 0 || request->partial_images > 3)
        return error_field(err, ERROR_TOO_BIG, "partial_images", 3, "at most 3 partial pictures");
    return provider_check_size(&model, request, err);
}

static int64_t find_latency(const struct provider_account *account,
                            const struct provider_request *request)
{
    int64_t latency =
        account_option_int(account, "latency_ms", LATENCY_DEFAULT_MS, 0, LATENCY_MAX_MS);
    int64_t jitter = account_option_int(account, "jitter_ms", 0, 0, LATENCY_MAX_MS);

    if (str_equal(request->model, STR("mock-fast")))
        return 0;
    if (jitter > 0)
        latency += (int64_t)(mock_chance(request, 3) % (uint64_t)(jitter + 1));
    return latency < LATENCY_MAX_MS ? latency : LATENCY_MAX_MS;
}

static int64_t find_price(const struct provider_account *account)
{
    return account_option_int(account, "price_micro", PRICE_DEFAULT_MICRO, 0, PRICE_MAX_MICRO);
}

static const char *const currencies[] = {"USD", "CNY", "EUR", NULL};

static const char *find_currency(const struct provider_account *account)
{
    struct str wanted = account_option_text(account, "currency");

    for (size_t i = 0; currencies[i] != NULL; i++)
        if (str_equal(wanted, str_of(currencies[i])))
            return currencies[i];
    return currencies[0];
}

/* What a card says beside its purpose; a card of a remote work is written from it again. */
struct order {
    const char *purpose, *outcome;
    int status;
    int64_t ready_at_ms, ready_in_ms;
    const struct trouble *trouble;
};

static void add_int(struct json_writer *writer, const char *name, int64_t number)
{
    json_name(writer, name);
    json_add_int(writer, number);
}

static void add_text(struct json_writer *writer, const char *name, struct str text)
{
    json_name(writer, name);
    json_add_text(writer, text);
}

static void write_order(struct json_writer *writer, const struct order *order)
{
    const char *const outcomes[] = {
        [EXCHANGE_REPLIED] = "replied", [EXCHANGE_NOT_SENT] = "not_sent", [EXCHANGE_LOST] = "lost"};
    enum exchange_outcome outcome =
        order->trouble != NULL ? order->trouble->outcome : EXCHANGE_REPLIED;
    bool has_status = order->trouble != NULL && order->trouble->status != 0;
    bool is_throttled = order->trouble != NULL && order->trouble->class == FAILURE_THROTTLED;

    add_int(writer, "v", 1);
    add_text(writer, "purpose", str_of(order->purpose));
    add_text(writer, "outcome", str_of(outcomes[outcome]));
    add_int(writer, "status", has_status ? order->trouble->status : order->status);
    add_int(writer, "ready_at_ms", order->ready_at_ms);
    add_int(writer, "ready_in_ms", order->ready_in_ms);
    add_int(writer, "retry_after_ms", is_throttled ? RETRY_AFTER_MS : -1);
    if (order->trouble != NULL) {
        json_name(writer, "error");
        json_begin_object(writer);
        add_text(writer, "code", str_of(order->trouble->code));
        add_text(writer, "message", str_of(order->trouble->message));
        json_end_object(writer);
    }
}

/* The members that say what is to be drawn, without braces: the same in every card of one work. */
static struct str write_work(const struct provider_account *account,
                             const struct provider_request *request, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;
    int64_t seed = request->has_seed
                       ? request->seed
                       : (int64_t)(hash_u64(request->prompt, mock_chance(request, 4)) % 1000000000);
    bool is_text = request->action == PROVIDER_WRITE;
    bool has_partials = !is_text && account_option_bool(account, "partial", true);

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    add_text(&writer, "id",
             arena_printf(arena, "mock-%016llx",
                          (unsigned long long)hash_u64(request->prompt, mock_chance(request, 5))));
    add_int(&writer, "width", request->width_px > 0 ? request->width_px : SIDE_DEFAULT);
    add_int(&writer, "height", request->height_px > 0 ? request->height_px : SIDE_DEFAULT);
    add_int(&writer, "seed", seed);
    add_int(&writer, "count", is_text ? 0 : request->count);
    add_text(&writer, "prompt", text_clip(request->prompt, PROMPT_SIZE_MAX));
    add_text(&writer, "caption",
             arena_printf(arena, "%.*s · seed %lld", STR_ARGS(request->model), (long long)seed));
    add_text(&writer, "format", request->format.size > 0 ? request->format : STR("png"));
    add_int(&writer, "quality", request->compression > 0 ? request->compression : 90);
    json_name(&writer, "transparent");
    json_add_bool(&writer, str_equal(request->background, STR("transparent")));
    add_int(&writer, "partials", has_partials ? request->partial_images : 0);
    add_int(&writer, "price_micro", find_price(account));
    add_text(&writer, "currency", str_of(find_currency(account)));
    if (is_text)
        add_text(&writer, "text", mock_write(request, arena));
    json_end_object(&writer);
    return arena_str(arena, str_slice(buf_str(&buf), 1, buf.size - 2));
}

static void make_exchange(enum exchange_purpose purpose, const struct order *order, struct str work,
                          struct arena *arena, struct exchange *out)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    write_order(&writer, order);
    json_end_object(&writer);
    *out = (struct exchange){
        .purpose = purpose,
        .is_paid = purpose == EXCHANGE_SUBMIT,
        .card = arena_printf(arena, "%.*s,%.*s}", (int)buf.size - 1, buf.data, STR_ARGS(work)),
    };
}

static bool mock_begin(const struct provider_account *account,
                       const struct provider_request *request, struct arena *arena,
                       struct exchange *out, struct error *err)
{
    const struct trouble *trouble = find_trouble(account, request);
    bool is_async = account_option_bool(account, "async", false);
    int64_t latency = find_latency(account, request);
    struct order order = {.purpose = "submit", .status = 200, .trouble = trouble};

    if (!check(request, err))
        return false;
    /* Work that fails remotely is accepted first, and found failed by asking. */
    if (is_async && (trouble == NULL || trouble->class == FAILURE_REMOTE)) {
        order.status = 202;
        order.ready_in_ms = latency;
        order.trouble = NULL;
    }
    make_exchange(EXCHANGE_SUBMIT, &order, write_work(account, request, arena), arena, out);
    out->delay_ms = is_async ? 0 : latency;
    return true;
}

/* --- remote work: its id holds all that is needed to do it, so it survives a restart --- */

static struct str make_remote_id(int64_t ready_at_ms, bool will_fail, struct str work,
                                 struct arena *arena)
{
    return arena_printf(arena, REMOTE_PREFIX "%lld:%s:%.*s", (long long)ready_at_ms,
                        will_fail ? "fail" : "good", STR_ARGS(work));
}

static bool read_remote_id(struct str remote_id, int64_t *ready_at_ms, bool *will_fail,
                           struct str *work, struct error *err)
{
    struct str rest = remote_id, number, ending;

    if (!str_starts_with(rest, STR(REMOTE_PREFIX)))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no work of the mock");
    rest = str_slice(rest, sizeof REMOTE_PREFIX - 1, rest.size);
    number = str_cut(&rest, ':');
    ending = str_cut(&rest, ':');
    if (!str_to_int64(number, ready_at_ms) || *ready_at_ms < 0 || rest.size == 0)
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no work of the mock");
    *will_fail = str_equal(ending, STR("fail"));
    *work = rest;
    return true;
}

static bool mock_poll(const struct provider_account *account, struct str remote_id,
                      struct arena *arena, struct exchange *out, struct error *err)
{
    struct order order = {.purpose = "poll", .status = 200};
    bool will_fail = false;
    struct str work = STR_EMPTY;

    (void)account;
    if (!read_remote_id(remote_id, &order.ready_at_ms, &will_fail, &work, err))
        return false;
    order.trouble = will_fail ? trouble_of(FAILURE_REMOTE) : NULL;
    make_exchange(EXCHANGE_POLL, &order, work, arena, out);
    return true;
}

static bool mock_cancel(const struct provider_account *account, struct str remote_id,
                        struct arena *arena, struct exchange *out, struct error *err)
{
    struct order order = {.purpose = "cancel", .status = 200};
    bool will_fail = false;
    int64_t ready_at_ms;
    struct str work = STR_EMPTY;

    (void)account;
    if (!read_remote_id(remote_id, &ready_at_ms, &will_fail, &work, err))
        return false;
    make_exchange(EXCHANGE_CANCEL, &order, work, arena, out);
    return true;
}

/* What follows the order in a card: see make_exchange(). */
static struct str work_of_card(struct str card)
{
    int64_t at = str_find(card, STR(",\"id\":"));

    return at < 0 ? STR_EMPTY : str_slice(card, (size_t)at + 1, card.size - (size_t)at - 2);
}

static void read_waiting(const struct provider_account *account,
                         const struct provider_request *request, const struct exchange *exchange,
                         const struct provider_card *card, int64_t now_ms, struct arena *arena,
                         struct provider_verdict *out)
{
    const struct trouble *trouble = find_trouble(account, request);
    int64_t ready_at_ms =
        exchange->purpose == EXCHANGE_POLL ? card->ready_at_ms : now_ms + card->ready_in_ms;
    int64_t latency = find_latency(account, request), left = ready_at_ms - now_ms;
    bool will_fail =
        card->error_code.size > 0 || (exchange->purpose == EXCHANGE_SUBMIT && trouble != NULL &&
                                      trouble->class == FAILURE_REMOTE);

    out->type = VERDICT_WAIT;
    out->remote_id = make_remote_id(ready_at_ms, will_fail, work_of_card(exchange->card), arena);
    out->poll_after_ms = left > 0 ? left : 0;
    out->progress = latency > 0 && left < latency ? 1 - (double)left / (double)latency : 0;
    if (out->progress > 1)
        out->progress = 1;
}

static void read_drawn(const struct provider_card *card, const struct exchange_reply *reply,
                       struct arena *arena, struct provider_verdict *out)
{
    out->type = VERDICT_DONE;
    out->picture_count = reply->part_count;
    out->pictures = ARENA_ARRAY(arena, struct provider_picture, reply->part_count);
    for (size_t i = 0; i < reply->part_count; i++)
        out->pictures[i] = (struct provider_picture){
            .bytes = reply->parts[i],
            .has_seed = true,
            .seed = (int64_t)card->pictures[i].seed,
        };
    out->usage.images = (int64_t)reply->part_count;
    out->usage.cost_micro = card->price_micro * (int64_t)reply->part_count;
    out->usage.currency = card->currency;
}

/* As a service's text: from the reply's body, by the rules of every other one. */
static bool read_written(const struct provider_card *card, const struct provider_request *request,
                         const struct exchange_reply *reply, struct arena *arena,
                         struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *body = NULL;
    struct error ignored;

    if (request->action != PROVIDER_WRITE || card->text.size == 0 || card->error_code.size > 0 ||
        !json_read_liberal(reply->body, &body, &ignored) ||
        !provider_answer_read(request, json_text(json_get(body, "text")), arena, &out->text))
        return false;
    out->type = VERDICT_DONE;
    out->usage.cost_micro = card->price_micro;
    out->usage.currency = card->currency;
    return true;
}

static void mock_read(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct provider_verdict *out)
{
    struct provider_card card;
    struct error err;

    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1,   -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.class = FAILURE_UNKNOWN, .charged = CHARGED_MAYBE, .retry_after_ms = -1},
    };
    if (!provider_card_read(exchange->card, arena, &card, &err)) {
        out->failure.message = STR("the mock was asked without a card");
        return;
    }
    out->request_id = card.id;
    if (reply->outcome == EXCHANGE_REPLIED && reply->status == 202) {
        read_waiting(account, request, exchange, &card, reply->now_ms, arena, out);
        return;
    }
    if (exchange->purpose == EXCHANGE_CANCEL && reply->outcome == EXCHANGE_REPLIED) {
        out->failure.class = FAILURE_CANCELLED;
        out->failure.charged = CHARGED_NO;
        out->failure.message = STR("the mock stopped this work");
        return;
    }
    if (reply->outcome == EXCHANGE_REPLIED && reply->status == 200 && reply->part_count > 0 &&
        reply->part_count <= card.picture_count) {
        read_drawn(&card, reply, arena, out);
        return;
    }
    if (reply->outcome == EXCHANGE_REPLIED && reply->status == 200 &&
        read_written(&card, request, reply, arena, out))
        return;
    exchange_classify_for(account, reply, arena, &out->failure);
    if (str_equal(out->failure.code, STR("remote_failed"))) {
        out->failure.class = FAILURE_REMOTE;
        out->failure.charged = CHARGED_NO;
    }
}

/* --- the free call --- */

static bool mock_probe(const struct provider_account *account, struct arena *arena,
                       struct exchange *out, struct error *err)
{
    const struct provider_request nothing = {.count = 0, .compression = -1};
    struct order order = {.purpose = "probe", .status = 200};

    (void)err;
    make_exchange(EXCHANGE_PROBE, &order, write_work(account, &nothing, arena), arena, out);
    return true;
}

static void mock_read_probe(const struct provider_account *account,
                            const struct exchange_reply *reply, struct arena *arena,
                            struct str **names, size_t *count, struct provider_failure *failure)
{
    *names = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome != EXCHANGE_REPLIED || reply->status != 200) {
        exchange_classify_for(account, reply, arena, failure);
        return;
    }
    *names = ARENA_ARRAY(arena, struct str, COUNT(models));
    for (size_t i = 0; i < COUNT(models); i++)
        (*names)[(*count)++] = models[i].name;
}

static int64_t mock_estimate(const struct provider_account *account,
                             const struct provider_request *request, const char **currency)
{
    *currency = find_currency(account);
    if (request->action == PROVIDER_WRITE)
        return find_price(account);
    return request->count < 1 || request->count > models[0].count_max
               ? -1
               : find_price(account) * request->count;
}

static bool mock_honours_key(const struct provider_account *account)
{
    /* What died with its process drew nothing and took no money: the same order draws the same. */
    return account_option_bool(account, "honours_key", true);
}

/* --- the kind --- */

static const struct provider_field fields[] = {
    {
     .name = "latency_ms",
     .type = PROVIDER_FIELD_INT,
     .label_en = "Time per call (ms)",
     .label_zh = "每次调用耗时（毫秒）",
     .help_en = "How long the mock pretends to work.",
     .help_zh = "模拟服务假装工作的时间。",
     .fallback = "1200",
     .max = LATENCY_MAX_MS,
     },
    {
     .name = "jitter_ms",
     .type = PROVIDER_FIELD_INT,
     .label_en = "Up to so much longer (ms)",
     .label_zh = "随机增加的耗时上限（毫秒）",
     .help_en = "Each call takes longer by a part of this.",
     .help_zh = "每次调用会在此范围内随机延长。",
     .fallback = "0",
     .max = LATENCY_MAX_MS,
     },
    {
     .name = "failure_rate",
     .type = PROVIDER_FIELD_DOUBLE,
     .label_en = "Share of failing calls",
     .label_zh = "失败比例",
     .help_en = "0: none fails, 1: all do. A retry is a new call and may succeed.",
     .help_zh = "0 表示从不失败，1 表示全部失败；重试算新的调用，可能成功。",
     .fallback = "0",
     .max = 1,
     },
    {
     .name = "failure_kind",
     .type = PROVIDER_FIELD_CHOICE,
     .label_en = "How they fail",
     .label_zh = "失败方式",
     .help_en = "The class of failure to rehearse; any takes one by chance.",
     .help_zh = "要演练的失败类型；any 表示随机选择。",
     .fallback = "server",
     .choices = failure_kinds,
     },
    {
     .name = "async",
     .type = PROVIDER_FIELD_BOOL,
     .label_en = "Accept now, deliver later",
     .label_zh = "异步交付",
     .help_en = "The call is accepted at once and asked for until it is done.",
     .help_zh = "先立即受理，再轮询到完成为止。",
     .fallback = "false",
     },
    {
     .name = "partial",
     .type = PROVIDER_FIELD_BOOL,
     .label_en = "Show partial pictures",
     .label_zh = "显示生成过程",
     .help_en = "Sends blurred previews while it works, when they are asked for.",
     .help_zh = "在请求时，生成过程中会发送由模糊到清晰的预览图。",
     .fallback = "true",
     },
    {
     .name = "price_micro",
     .type = PROVIDER_FIELD_INT,
     .label_en = "Price per picture or text (millionths)",
     .label_zh = "每张图片或每段文本的价格（百万分之一）",
     .help_en = "20000 is 0.02 of the currency. Nothing is ever paid.",
     .help_zh = "20000 即 0.02 个货币单位；不会真正扣费。",
     .fallback = "20000",
     .max = PRICE_MAX_MICRO,
     },
    {
     .name = "currency",
     .type = PROVIDER_FIELD_CHOICE,
     .label_en = "Currency",
     .label_zh = "货币",
     .help_en = "Of the pretended price.",
     .help_zh = "模拟价格所用的货币。",
     .fallback = "USD",
     .choices = currencies,
     },
    {
     .name = "honours_key",
     .type = PROVIDER_FIELD_BOOL,
     .label_en = "Honours idempotency keys",
     .label_zh = "支持幂等键",
     .help_en = "A call repeated with the same key is not charged again.",
     .help_zh = "使用同一幂等键重复调用不会再次计费。",
     .fallback = "true",
     },
};

const struct provider_kind provider_mock = {
    .name = "mock",
    .label = "Mock",
    .about_en = "Draws cards instead of pictures: no key, no network, no cost. For trying vitrine "
                "out, for rehearsing failures, for tests.",
    .about_zh = "用示意卡片代替真实图片：不需要密钥、不联网、不花钱，适合试用、演练故障和测试。",
    .default_base_url = "",
    .key_page = "",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = models,
    .model_count = COUNT(models),
    .model_default = &model_default,
    .key_window_ms = 86400000,
    .begin = mock_begin,
    .read = mock_read,
    .poll = mock_poll,
    .cancel = mock_cancel,
    .probe = mock_probe,
    .read_probe = mock_read_probe,
    .estimate = mock_estimate,
    .account_honours_key = mock_honours_key,
};
