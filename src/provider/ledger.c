/*
 * provider/ledger.c: a service that writes down each charge, for tests/crash; compiled with
 * -Dfaults alone.  Its other end is tests/providers/ledger.mjs, which outlives a killed server:
 *
 *   POST   /pictures      {"model":…,"prompt":…,"async":…,"honours_key":…,"references":[base64…]}
 *                         under Idempotency-Key: 200 as below, or 202 {"id":…}
 *   GET    /pictures/ID   200 {"state":"running"}, or 200 {"data":[{"url":…}],"cost_micro":…}
 *   DELETE /pictures/ID   200 {"state":"stopped"}, or what GET says when it was too late
 *   GET    /calls/KEY     200 {"id":…,"state":"running"}, or 404: no call came under that key
 *   GET    /models        {"data":[{"id":…}]}
 *
 * What the account's options say goes with each call, so that one server plays every account.  Of
 * the two kinds here "ledger_asked" is the one that is asked what became of a call.
 */
#include "provider/provider_private.h"

#include "core/hash.h"

#define MODEL "ledger-1"
#define CURRENCY "USD"
#define PRICE_MICRO 10000
#define POLL_MS 30
#define REPLY_SIZE_MAX ((int64_t)MIB(1))
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

static bool exchange_init(const struct provider_account *account, enum exchange_purpose purpose,
                          const char *method, struct str path, struct arena *arena,
                          struct exchange *out, struct error *err)
{
    struct str base;

    if (!provider_url_base(account->base_url, "", arena, &base, err))
        return false;
    *out = (struct exchange){
        .purpose = purpose,
        .is_own_origin = true,
        .method = str_of(method),
        .url = arena_printf(arena, "%.*s%.*s", STR_ARGS(base), STR_ARGS(path)),
        .reply_size_max = REPLY_SIZE_MAX,
    };
    return true;
}

static struct str write_order(const struct provider_account *account,
                              const struct provider_request *request, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;

    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, "model");
    json_add_text(&writer, request->model);
    json_name(&writer, "prompt");
    json_add_text(&writer, request->prompt);
    json_name(&writer, "async");
    json_add_bool(&writer, account_option_bool(account, "async", false));
    json_name(&writer, "honours_key");
    json_add_bool(&writer, account_option_bool(account, "honours_key", false));
    json_name(&writer, "references");
    json_begin_list(&writer);
    for (size_t i = 0; i < request->reference_count; i++) {
        CLEANUP(buf_finish) struct buf base64 = {0};

        base64_add(&base64, request->references[i].bytes);
        json_add_text(&writer, buf_str(&base64));
    }
    json_end_list(&writer);
    json_end_object(&writer);
    return arena_str(arena, buf_str(&body));
}

static bool ledger_begin(const struct provider_account *account,
                         const struct provider_request *request, struct arena *arena,
                         struct exchange *out, struct error *err)
{
    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "the ledger writes no text");
    if (request->mask != NULL)
        return error_field(err, ERROR_INVALID, "mask", 0, "the ledger takes no masks");
    if (!exchange_init(account, EXCHANGE_SUBMIT, "POST", STR("/pictures"), arena, out, err))
        return false;
    out->is_paid = true;
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    exchange_add_header(out, arena, "Idempotency-Key", arena_str(arena, request->idempotency_key));
    exchange_set_body(out, arena, write_order(account, request, arena));
    return true;
}

static struct str path_of(struct str remote_id, struct arena *arena)
{
    return arena_printf(arena, "/pictures/%.*s", STR_ARGS(remote_id));
}

static bool ledger_poll(const struct provider_account *account, struct str remote_id,
                        struct arena *arena, struct exchange *out, struct error *err)
{
    return exchange_init(account, EXCHANGE_POLL, "GET", path_of(remote_id, arena), arena, out, err);
}

static bool ledger_cancel(const struct provider_account *account, struct str remote_id,
                          struct arena *arena, struct exchange *out, struct error *err)
{
    return exchange_init(account, EXCHANGE_CANCEL, "DELETE", path_of(remote_id, arena), arena, out,
                         err);
}

/* It becomes a part of a path. */
static bool is_path_part(struct str id)
{
    for (size_t i = 0; i < id.size; i++) {
        const char c = id.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-'))
            return false;
    }
    return id.size > 0 && id.size <= 64;
}

static bool ledger_look_up(const struct provider_account *account, struct str idempotency_key,
                           struct arena *arena, struct exchange *out, struct error *err)
{
    if (!is_path_part(idempotency_key))
        return error_set(err, ERROR_INVALID, "a call without a key cannot be looked up");
    return exchange_init(account, EXCHANGE_LOOK_UP, "GET",
                         arena_printf(arena, "/calls/%.*s", STR_ARGS(idempotency_key)), arena, out,
                         err);
}

/* False: the body says none of the things it may say. */
static bool read_good(const struct exchange *exchange, int status, const struct json *json,
                      struct arena *arena, struct provider_verdict *out)
{
    const struct str id = json_text(json_get(json, "id"));
    const struct str state = json_text(json_get(json, "state"));
    struct picture_list list;

    if (status == 202 || str_equal(state, STR("running"))) {
        const bool is_new =
            exchange->purpose == EXCHANGE_SUBMIT || exchange->purpose == EXCHANGE_LOOK_UP;

        if (is_new && !is_path_part(id))
            return false;
        out->type = VERDICT_WAIT;
        out->remote_id = arena_str(arena, id);
        out->poll_after_ms = POLL_MS;
        return true;
    }
    if (str_equal(state, STR("stopped"))) { /* charged when it was accepted */
        out->failure.class = FAILURE_CANCELLED;
        out->failure.charged = CHARGED_YES;
        return true;
    }
    picture_list_init(&list, arena);
    picture_list_read(&list, json);
    if (list.count == 0)
        return false;
    out->type = VERDICT_DONE;
    out->pictures = list.items;
    out->picture_count = list.count;
    out->usage.images = (int64_t)list.count;
    out->usage.cost_micro = json_int_or(json_get(json, "cost_micro"), -1);
    out->usage.currency = CURRENCY;
    return true;
}

static void ledger_read(const struct provider_account *account,
                        const struct provider_request *request, const struct exchange *exchange,
                        const struct exchange_reply *reply, struct arena *arena,
                        struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;

    (void)request;
    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1,   -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.class = FAILURE_UNKNOWN, .charged = CHARGED_MAYBE, .retry_after_ms = -1},
    };
    if (reply->outcome != EXCHANGE_REPLIED || reply->status / 100 != 2)
        exchange_classify_for(account, reply, arena, &out->failure);
    else if (!json_read_liberal(reply->body, &json, &ignored) ||
             !read_good(exchange, reply->status, json, arena, out))
        out->failure.message = STR("the ledger answered with something else");
}

static bool ledger_probe(const struct provider_account *account, struct arena *arena,
                         struct exchange *out, struct error *err)
{
    return exchange_init(account, EXCHANGE_PROBE, "GET", STR("/models"), arena, out, err);
}

static void ledger_read_probe(const struct provider_account *account,
                              const struct exchange_reply *reply, struct arena *arena,
                              struct str **models, size_t *count, struct provider_failure *failure)
{
    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome != EXCHANGE_REPLIED || reply->status != 200) {
        exchange_classify_for(account, reply, arena, failure);
        return;
    }
    *models = ARENA_NEW(arena, struct str);
    **models = STR(MODEL);
    *count = 1;
}

static bool ledger_honours_key(const struct provider_account *account)
{
    return account_option_bool(account, "honours_key", false);
}

/* --- the kind --- */

static const struct provider_field fields[] = {
    {
     .name = "base_url",
     .type = PROVIDER_FIELD_URL,
     .label_en = "Base URL",
     .label_zh = "接口地址",
     .help_en = "Of tests/providers/ledger.mjs.",
     .help_zh = "tests/providers/ledger.mjs 的地址。",
     .fallback = "",
     .is_required = true,
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
     .name = "honours_key",
     .type = PROVIDER_FIELD_BOOL,
     .label_en = "Honours idempotency keys",
     .label_zh = "支持幂等键",
     .help_en = "A call repeated with the same key is not charged again.",
     .help_zh = "使用同一幂等键重复调用不会再次计费。",
     .fallback = "false",
     },
};

#define LEDGER_MODEL                                                                               \
    .can_generate = true, .can_edit = true, .references_max = 4, .count_max = 1,                   \
    .price_micro = PRICE_MICRO, .currency = CURRENCY, .price_as_of = "2026-11-22"

static const struct provider_model models[] = {
    {LEDGER_MODEL, .is_known = true, .name = TEXT(MODEL), .label = TEXT("Ledger")},
};
static const struct provider_model model_default = {LEDGER_MODEL, .name = TEXT(MODEL)};

/* Both are the same but for that. */
#define LEDGER                                                                                     \
    .about_en = "For crash tests: writes down each charge.",                                       \
    .about_zh = "供崩溃测试使用：记录每一笔费用。", .default_base_url = "", .key_page = "",        \
    .fields = fields, .field_count = COUNT(fields), .models = models,                              \
    .model_count = COUNT(models), .model_default = &model_default, .key_window_ms = 86400000,      \
    .begin = ledger_begin, .read = ledger_read, .poll = ledger_poll, .cancel = ledger_cancel,      \
    .probe = ledger_probe, .read_probe = ledger_read_probe,                                        \
    .account_honours_key = ledger_honours_key

const struct provider_kind provider_ledger = {LEDGER, .name = "ledger", .label = "Ledger"};
const struct provider_kind provider_ledger_asked = {
    LEDGER,
    .name = "ledger_asked",
    .label = "Ledger that is asked",
    .can_look_up = true,
    .look_up = ledger_look_up,
};
