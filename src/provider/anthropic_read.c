/* provider/anthropic_read.c: answers of the Messages API, its refusals and errors (facts 3). */
#include "provider/anthropic_private.h"

#define RETRIES_MAX 4

struct answer {
    struct buf text;
    struct str tool; /* the input of the tool that was asked for, as JSON */
};

static void answer_finish(struct answer *answer) { buf_finish(&answer->text); }

static void read_content(const struct json *message, struct arena *arena, struct answer *out)
{
    const struct json *blocks = json_get(message, "content");

    for (size_t i = 0; i < json_count(blocks); i++) {
        const struct json *block = json_item(blocks, i);
        struct str type = json_text(json_get(block, "type"));

        if (str_equal(type, STR("text")))
            buf_add(&out->text, json_text(json_get(block, "text")));
        else if (str_equal(type, STR("tool_use")) && json_is(json_get(block, "input"), JSON_OBJECT))
            out->tool = json_print(json_get(block, "input"), arena);
    }
}

static int64_t count_of(const struct json *usage, const char *name)
{
    int64_t count = json_int_or(json_get(usage, name), 0);

    return count < 0 || count > 1000000000 ? 0 : count;
}

static void read_usage(const struct json *message, struct provider_verdict *out)
{
    const struct json *usage = json_get(message, "usage");

    if (!json_is(json_get(usage, "output_tokens"), JSON_INT))
        return;
    out->cached_tokens_in = count_of(usage, "cache_read_input_tokens");
    out->usage.tokens_in = count_of(usage, "input_tokens") + out->cached_tokens_in +
                           count_of(usage, "cache_creation_input_tokens");
    out->usage.tokens_out = count_of(usage, "output_tokens");
}

static void fail(struct provider_verdict *out, enum failure_class class, const char *code,
                 struct str message)
{
    out->failure.class = class;
    out->failure.charged = CHARGED_YES; /* it was made, or read at least */
    out->failure.code = str_of(code);
    out->failure.message = message;
}

static void decide(const struct provider_account *account, const struct provider_request *request,
                   const struct json *message, const struct answer *answer, struct arena *arena,
                   struct provider_verdict *out)
{
    struct str key = str_trim(secret_expose(account->key));
    struct str reason = json_text(json_get(message, "stop_reason"));
    struct str why = json_text(json_path(message, "stop_details.explanation"));
    struct str text =
        answer->tool.size > 0 && request->schema.size > 0 ? answer->tool : buf_str(&answer->text);
    bool is_cut = str_equal(reason, STR("max_tokens")) ||
                  str_equal(reason, STR("model_context_window_exceeded"));
    struct str limit = arena_printf(arena, "the answer was cut at the limit of %lld tokens",
                                    (long long)provider_write_tokens(request));

    if (str_equal(reason, STR("refusal"))) {
        fail(out, FAILURE_REFUSED, "refusal",
             str_trim(why).size > 0 ? provider_text_clean(key, why, PROVIDER_MESSAGE_MAX, arena)
                                    : STR("the model declines this request"));
    } else if (is_cut && (request->schema.size > 0 || str_trim(text).size == 0)) {
        fail(out, FAILURE_INVALID, "max_tokens", limit);
    } else if (!provider_answer_read(request, text, arena, &out->text)) {
        fail(out, FAILURE_UNKNOWN, "",
             request->schema.size > 0 ? STR("the answer is no JSON object")
                                      : STR("the answer holds no text"));
    } else {
        out->type = VERDICT_DONE;
        out->missing = is_cut ? limit : STR_EMPTY;
    }
}

/* --- errors --- */

/* The types of facts 3 where the status says nothing, as on relays that answer with 200. */
static const struct {
    const char *type;
    enum failure_class class;
    enum charged charged;
} types[] = {
    {"overloaded_error",  FAILURE_THROTTLED, CHARGED_NO   },
    {"billing_error",     FAILURE_QUOTA,     CHARGED_NO   },
    {"not_found_error",   FAILURE_INVALID,   CHARGED_NO   },
    {"request_too_large", FAILURE_INVALID,   CHARGED_NO   },
    {"conflict_error",    FAILURE_SERVER,    CHARGED_NO   },
    {"api_error",         FAILURE_SERVER,    CHARGED_MAYBE},
    {"timeout_error",     FAILURE_UNKNOWN,   CHARGED_MAYBE},
};

/* A limit of money: waiting for the rate does not lift it.  ramp_limit_exceeded passes. */
static bool is_about_money(struct str detail, struct str message)
{
    static const char *const words[] = {"credit balance", "spend limit", "usage limits"};

    if (str_equal(detail, STR("contract_spend_limit_reached")) ||
        str_equal(detail, STR("enforced_spend_limit_reached")))
        return true;
    for (size_t i = 0; i < COUNT(words); i++)
        if (text_has_nocase(message, words[i]))
            return true;
    return false;
}

static void refine(const struct exchange_reply *reply, const struct json *json, struct arena *arena,
                   struct provider_failure *failure)
{
    struct str type = json_text(json_path(json, "error.type"));
    struct str detail = json_text(json_path(json, "error.details.error_code"));

    if (reply->outcome != EXCHANGE_REPLIED)
        return;
    if (failure->class == FAILURE_UNKNOWN)
        for (size_t i = 0; i < COUNT(types); i++)
            if (str_equal(type, str_of(types[i].type))) {
                failure->class = types[i].class;
                failure->charged = types[i].charged;
            }
    if ((failure->class == FAILURE_INVALID || failure->class == FAILURE_THROTTLED) &&
        is_about_money(detail, failure->message)) {
        failure->class = FAILURE_QUOTA;
        failure->charged = CHARGED_NO;
    }
    if (detail.size > 0)
        failure->code = provider_text_clean(STR_EMPTY, detail, 100, arena);
}

/* Refusals of fields begin with where they are: "output_config.format: Extra inputs are not…". */
static bool find_next(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct exchange_reply *reply, const struct provider_failure *failure,
                      struct arena *arena, struct exchange *next)
{
    const struct {
        enum anthropic_field field;
        const char *name;
        bool was_sent;
    } rows[] = {
        {ANTHROPIC_FORMAT, "output_config",
         request->schema.size > 0 && !anthropic_uses_tool(request, exchange->dropped)},
        {ANTHROPIC_USER,                "metadata",                  request->safety_id.size > 0             },
    };
    struct error ignored;

    if (failure->class != FAILURE_INVALID || (reply->status != 400 && reply->status != 422) ||
        exchange->retry_stage >= RETRIES_MAX)
        return false;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t bit = (uint64_t)1 << rows[i].field;

        if (!rows[i].was_sent || (exchange->dropped & bit) != 0 ||
            str_starts_with(failure->message, STR("output_config.effort")) || /* a person's wish */
            !str_starts_with(failure->message, str_of(rows[i].name)))
            continue;
        if (!anthropic_build(account, request, exchange->dropped | bit, arena, next, &ignored))
            return false;
        next->retry_stage = exchange->retry_stage + 1;
        return true;
    }
    return false;
}

static struct str read_request_id(const struct provider_account *account,
                                  const struct exchange_reply *reply, const struct json *json,
                                  struct arena *arena)
{
    struct str id = exchange_reply_header(reply, "request-id");

    if (id.size == 0)
        id = json_text(json_get(json, "request_id"));
    return provider_text_clean(str_trim(secret_expose(account->key)), id, 100, arena);
}

void anthropic_read(const struct provider_account *account, const struct provider_request *request,
                    const struct exchange *exchange, const struct exchange_reply *reply,
                    struct arena *arena, struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    CLEANUP(answer_finish) struct answer answer = {0};
    struct error ignored;

    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.retry_after_ms = -1},
        .dropped = (exchange->dropped >> ANTHROPIC_USER & 1) != 0 ? STR("safety_id") : STR_EMPTY,
    };
    if (reply->outcome == EXCHANGE_REPLIED && !json_read_liberal(reply->body, &json, &ignored))
        json = NULL;
    out->request_id = read_request_id(account, reply, json, arena);
    if (reply->status >= 200 && reply->status < 300 && reply->outcome == EXCHANGE_REPLIED &&
        json_is(json_get(json, "content"), JSON_LIST)) {
        read_usage(json, out);
        read_content(json, arena, &answer);
        decide(account, request, json, &answer, arena, out);
        return;
    }
    exchange_classify_for(account, reply, arena, &out->failure);
    refine(reply, json, arena, &out->failure);
    if (find_next(account, request, exchange, reply, &out->failure, arena, &out->next))
        out->type = VERDICT_NEXT;
}
