/* provider/openai_write_read.c: answers of the Responses API and of chats, and their refusals. */
#include "provider/openai_private.h"

/* What a reply says, in either API's words: relays answer in the other one's, too. */
struct answer {
    struct buf text, refusal;
    bool is_filtered; /* the content filter stopped it */
    bool is_cut;      /* the limit of tokens did */
    bool has_one;     /* there is an answer at all, however empty */
};

static void answer_finish(struct answer *answer)
{
    buf_finish(&answer->text);
    buf_finish(&answer->refusal);
}

/* [{"type":"output_text","text":…},{"type":"refusal","refusal":…}]; a chat's are "text". */
static void read_parts(const struct json *parts, struct answer *out)
{
    for (size_t i = 0; i < json_count(parts); i++) {
        const struct json *part = json_item(parts, i);
        struct str type = json_text(json_get(part, "type"));

        if (str_equal(type, STR("output_text")) || str_equal(type, STR("text")))
            buf_add(&out->text, json_text(json_get(part, "text")));
        buf_add(&out->refusal, json_text(json_get(part, "refusal")));
    }
}

static void read_responses(const struct json *body, struct answer *out)
{
    const struct json *items = json_get(body, "output");
    struct str status = json_text(json_get(body, "status"));
    struct str reason = json_text(json_path(body, "incomplete_details.reason"));

    for (size_t i = 0; i < json_count(items); i++) {
        const struct json *item = json_item(items, i);

        if (str_equal(json_text(json_get(item, "type")), STR("message")))
            read_parts(json_get(item, "content"), out);
    }
    out->is_filtered = str_equal(reason, STR("content_filter"));
    out->is_cut = !out->is_filtered && str_equal(status, STR("incomplete"));
    out->has_one =
        out->is_filtered || out->is_cut || status.size == 0 || str_equal(status, STR("completed"));
}

static void read_chat(const struct json *choice, struct answer *out)
{
    const struct json *message = json_get(choice, "message"),
                      *content = json_get(message, "content");
    struct str reason = json_text(json_get(choice, "finish_reason"));

    if (json_is(content, JSON_LIST))
        read_parts(content, out);
    else
        buf_add(&out->text, json_text(content));
    buf_add(&out->refusal, json_text(json_get(message, "refusal")));
    out->is_filtered = str_equal(reason, STR("content_filter"));
    out->is_cut = str_equal(reason, STR("length"));
    out->has_one = json_is(message, JSON_OBJECT);
}

static void read_cached(const struct json *body, struct provider_verdict *out)
{
    const struct json *usage = json_get(body, "usage");
    int64_t cached =
        json_int_or(json_path(usage, "input_tokens_details.cached_tokens"),
                    json_int_or(json_path(usage, "prompt_tokens_details.cached_tokens"), 0));

    out->cached_tokens_in = cached > 0 && cached <= out->usage.tokens_in ? cached : 0;
}

/* It was made, so it was paid, unless it says that nothing was counted. */
static void fail(struct provider_verdict *out, enum failure_class class, struct str message)
{
    out->failure.class = class;
    out->failure.charged = CHARGED_YES;
    out->failure.message = message;
}

static void decide(const struct openai_call *call, const struct answer *answer, struct arena *arena,
                   struct provider_verdict *out)
{
    const struct provider_request *request = call->request;
    struct str key = str_trim(secret_expose(call->account->key));
    struct str refusal = str_trim(buf_str(&answer->refusal));
    struct str limit = arena_printf(arena, "the answer was cut at the limit of %lld tokens",
                                    (long long)provider_write_tokens(request));

    if (refusal.size > 0 || answer->is_filtered) {
        fail(out, FAILURE_REFUSED,
             refusal.size > 0 ? provider_text_clean(key, refusal, PROVIDER_MESSAGE_MAX, arena)
                              : STR("the content filter stopped the answer"));
        out->failure.code = refusal.size > 0 ? STR("refusal") : STR("content_filter");
        return;
    }
    if (answer->is_cut &&
        (request->schema.size > 0 || str_trim(buf_str(&answer->text)).size == 0)) {
        fail(out, FAILURE_INVALID, limit);
        out->failure.code = STR("max_output_tokens");
        return;
    }
    if (!provider_answer_read(request, buf_str(&answer->text), arena, &out->text)) {
        fail(out, FAILURE_UNKNOWN,
             request->schema.size > 0 ? STR("the answer is no JSON object")
                                      : STR("the answer holds no text"));
        return;
    }
    out->type = VERDICT_DONE;
    out->missing = answer->is_cut ? limit : STR_EMPTY;
}

/* True when the reply is an answer: `out` is decided. */
static bool read_answer(const struct openai_call *call, const struct exchange_reply *reply,
                        struct arena *arena, struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    CLEANUP(answer_finish) struct answer answer = {0};
    const struct json *choices;
    struct error ignored;

    if (reply->outcome != EXCHANGE_REPLIED || reply->status < 200 || reply->status >= 300 ||
        !json_read_liberal(reply->body, &json, &ignored) || !json_is(json, JSON_OBJECT))
        return false;
    openai_read_usage(json, reply, &out->usage);
    read_cached(json, out);
    if (json_is(json_get(json, "error"), JSON_OBJECT))
        return false; /* a failed response has its error beside what it made */
    choices = json_get(json, "choices");
    if (json_count(choices) > 0)
        read_chat(json_item(choices, 0), &answer);
    else if (json_is(json_get(json, "output"), JSON_LIST))
        read_responses(json, &answer);
    if (!answer.has_one)
        return false;
    decide(call, &answer, arena, out);
    return true;
}

/* --- fall-backs --- */

/* "text.format.schema" is about "text"; a message alone must say more than such a plain word. */
static bool names_field(const struct provider_said *said, const char *name)
{
    struct str field = str_of(name);

    if (said->param.size == 0 && str_equal(field, STR("text")))
        return text_has_nocase(said->message, "text.format");
    return openai_said_names(said, name) ||
           (str_starts_with(said->param, field) && said->param.size > field.size &&
            said->param.data[field.size] == '.');
}

static bool is_persons_value(const struct openai_call *call, const struct provider_said *said,
                             enum openai_write_field field)
{
    const bool is_set = field == WRITE_VERBOSITY || field == WRITE_TEMPERATURE ||
                        (field == WRITE_EFFORT && request_setting(call->request, "effort") != NULL);

    return is_set && text_has_nocase(said->message, "value");
}

static bool is_refused(const struct openai_call *call, const struct provider_said *said,
                       enum openai_write_field field)
{
    const char *name = openai_write_name(call, field);

    if (name == NULL || !names_field(said, name))
        return false;
    /* The service knows the field but not this value of it: what the person chose is not dropped,
     * and it is not the schema beside it that is wrong. */
    if (is_persons_value(call, said, field) || openai_said_names(said, "text.verbosity"))
        return field == WRITE_VERBOSITY && !is_persons_value(call, said, field) &&
               openai_said_unknown(said);
    /* Whatever is wrong with a schema, or with JSON mode, is mended by going without. */
    return field == WRITE_SCHEMA || field == WRITE_OBJECT || openai_said_unknown(said);
}

static bool find_next(const struct openai_call *call, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct exchange *next)
{
    struct openai_call without = *call;
    struct provider_said said;
    struct error ignored;

    if (reply->outcome != EXCHANGE_REPLIED || (reply->status != 400 && reply->status != 422) ||
        exchange->retry_stage >= OPENAI_RETRIES_MAX)
        return false;
    provider_said_read(reply->body, arena, &said);
    for (unsigned i = 0; i < WRITE_FIELD_COUNT; i++)
        if (is_refused(call, &said, (enum openai_write_field)i)) {
            without.dropped |= (uint64_t)1 << i;
            if (!openai_write_build(&without, arena, next, &ignored))
                return false;
            next->retry_stage = exchange->retry_stage + 1;
            return true;
        }
    return false;
}

static struct str list_dropped(const struct openai_call *call, struct arena *arena)
{
    static const struct {
        enum openai_write_field field;
        const char *name;
    } rows[] = {
        {WRITE_SCHEMA,      "schema"     },
        {WRITE_OBJECT,      "json_object"},
        {WRITE_EFFORT,      "reasoning"  },
        {WRITE_VERBOSITY,   "verbosity"  },
        {WRITE_TEMPERATURE, "temperature"},
        {WRITE_STORE,       "store"      },
        {WRITE_USER,        "safety_id"  },
    };
    CLEANUP(buf_finish) struct buf names = {0};

    if ((call->dropped >> WRITE_TOKENS & 1) != 0 &&
        openai_write_name(call, WRITE_TOKENS_OTHER) == NULL)
        buf_add(&names, STR("output_tokens_max"));
    for (size_t i = 0; i < COUNT(rows); i++)
        if ((call->dropped >> rows[i].field & 1) != 0)
            buf_printf(&names, "%s%s", names.size > 0 ? ", " : "", rows[i].name);
    return arena_str(arena, buf_str(&names));
}

/* A failed response: 200, with a code for what was wrong with the pictures (facts 1.5). */
static bool is_picture_code(struct str code)
{
    static const char *const codes[] = {"invalid_image",        "invalid_image_format",
                                        "invalid_base64_image", "invalid_image_url",
                                        "image_too_large",      "image_too_small",
                                        "image_parse_error",    "invalid_image_mode",
                                        "image_file_too_large", "unsupported_image_media_type",
                                        "empty_image_file",     NULL};

    return text_is_listed(code, codes);
}

void openai_write_read(const struct openai_call *call, const struct exchange *exchange,
                       const struct exchange_reply *reply, bool can_retry, struct arena *arena,
                       struct provider_verdict *out)
{
    struct provider_failure *failure = &out->failure;

    out->dropped = list_dropped(call, arena);
    if (read_answer(call, reply, arena, out))
        return;
    exchange_classify_for(call->account, reply, arena, failure);
    if (failure->class == FAILURE_UNKNOWN && is_picture_code(failure->code)) {
        failure->class = FAILURE_INVALID;
        failure->charged = CHARGED_NO;
    }
    if (failure->class == FAILURE_SERVER && failure->code.size > 0 && reply->status == 500 &&
        call->profile->errors_are_free)
        failure->charged = CHARGED_NO;
    if (out->usage.tokens_out > 0) /* it counted what it made */
        failure->charged = CHARGED_YES;
    if (can_retry && failure->class == FAILURE_INVALID &&
        find_next(call, exchange, reply, arena, &out->next))
        out->type = VERDICT_NEXT;
}
