/* provider/gemini_reply.c: what Google answers: parts, blocks, tokens, errors. */
#include "provider/gemini_private.h"

#include "core/hash.h"
#include "core/text.h"

#include <math.h>

#define TOKENS_MAX 1000000000
#define TEXT_SIZE_MAX MIB(4)
#define PARTS_MAX 1000
#define RETRY_DELAY_MAX_MS 3600000

/* Some relays answer in snake_case (facts 2.2). */
static const struct json *either(const struct json *object, const char *camel, const char *snake)
{
    const struct json *value = json_get(object, camel);

    return value != NULL ? value : json_get(object, snake);
}

/* Streaming and array endpoints wrap it in a list (facts 2.6). */
static const struct json *unwrap(const struct json *body)
{
    return json_is(body, JSON_LIST) ? json_item(body, 0) : body;
}

/* --- errors (facts 2.6) --- */

static const struct {
    const char *status;
    enum failure_class class;
    enum charged charged;
} statuses[] = {
    {"INVALID_ARGUMENT",    FAILURE_INVALID,   CHARGED_NO   },
    {"FAILED_PRECONDITION", FAILURE_INVALID,   CHARGED_NO   },
    {"OUT_OF_RANGE",        FAILURE_INVALID,   CHARGED_NO   },
    {"ALREADY_EXISTS",      FAILURE_INVALID,   CHARGED_NO   },
    {"NOT_FOUND",           FAILURE_INVALID,   CHARGED_NO   },
    {"UNIMPLEMENTED",       FAILURE_INVALID,   CHARGED_NO   },
    {"UNAUTHENTICATED",     FAILURE_AUTH,      CHARGED_NO   },
    {"PERMISSION_DENIED",   FAILURE_AUTH,      CHARGED_NO   },
    {"ABORTED",             FAILURE_SERVER,    CHARGED_NO   },
    {"RESOURCE_EXHAUSTED",  FAILURE_THROTTLED, CHARGED_NO   },
    {"CANCELLED",           FAILURE_UNKNOWN,   CHARGED_MAYBE},
    {"INTERNAL",            FAILURE_SERVER,    CHARGED_MAYBE},
    {"UNKNOWN",             FAILURE_SERVER,    CHARGED_MAYBE},
    {"UNAVAILABLE",         FAILURE_SERVER,    CHARGED_MAYBE},
    {"DEADLINE_EXCEEDED",   FAILURE_UNKNOWN,   CHARGED_MAYBE},
};

/* "37s", "0.5s"; -1 when it is none. */
static int64_t delay_of(struct str text)
{
    double seconds;

    if (!str_ends_with(text, STR("s")) ||
        !str_to_double(str_slice(text, 0, text.size - 1), &seconds) || seconds < 0 ||
        seconds * 1000 > RETRY_DELAY_MAX_MS)
        return -1;
    return (int64_t)ceil(seconds * 1000);
}

struct details {
    int64_t retry_after_ms;
    bool is_daily;   /* a limit of days is not waited for */
    bool is_bad_key; /* told as a 400 */
};

static struct details read_details(const struct json *error)
{
    const struct json *list = json_get(error, "details");
    struct str message = json_text(json_get(error, "message"));
    struct details out = {.retry_after_ms = -1};

    for (size_t i = 0; i < json_count(list) && json_is(list, JSON_LIST); i++) {
        const struct json *detail = json_item(list, i);
        const struct json *violations = json_get(detail, "violations");
        int64_t delay_ms = delay_of(json_text(json_get(detail, "retryDelay")));
        if (delay_ms >= 0)
            out.retry_after_ms = delay_ms;
        if (str_equal(json_text(json_get(detail, "reason")), STR("API_KEY_INVALID")))
            out.is_bad_key = true;
        for (size_t v = 0; v < json_count(violations) && json_is(violations, JSON_LIST); v++)
            if (text_has_nocase(json_text(json_get(json_item(violations, v), "quotaId")), "PerDay"))
                out.is_daily = true;
    }
    out.is_bad_key = out.is_bad_key || text_has_nocase(message, "API key not valid");
    /* "limit: 0": this account has none at all (facts 2.6: the free tier makes no pictures). */
    out.is_daily = out.is_daily || str_ends_with(str_trim(message), STR("limit: 0")) ||
                   str_find(message, STR("limit: 0,")) >= 0 ||
                   str_find(message, STR("limit: 0\n")) >= 0;
    return out;
}

static void refine(const struct json *error, struct provider_failure *out)
{
    const struct details details = read_details(error);
    struct str status = json_text(json_get(error, "status"));

    for (size_t i = 0; i < COUNT(statuses) && out->class != FAILURE_REFUSED; i++)
        if (str_equal(status, str_of(statuses[i].status))) {
            out->class = statuses[i].class;
            out->charged = statuses[i].charged;
        }
    if (details.retry_after_ms >= 0)
        out->retry_after_ms = details.retry_after_ms;
    if (out->class == FAILURE_THROTTLED && details.is_daily)
        out->class = FAILURE_QUOTA;
    if (out->class == FAILURE_INVALID && details.is_bad_key)
        out->class = FAILURE_AUTH;
    /* It says when to come back: it did not run. */
    if (str_equal(status, STR("UNAVAILABLE")) && out->retry_after_ms >= 0) {
        out->class = FAILURE_THROTTLED;
        out->charged = CHARGED_NO;
    }
}

void gemini_classify(const struct provider_account *account, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_failure *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct str key = str_trim(secret_expose(account->key)), message, status;
    const struct json *error;
    struct error ignored;

    exchange_classify_for(account, reply, arena, out);
    if (reply->outcome != EXCHANGE_REPLIED || !json_read_liberal(reply->body, &json, &ignored))
        return;
    error = json_get(unwrap(json), "error");
    if (!json_is(error, JSON_OBJECT))
        return;
    refine(error, out);
    status = json_text(json_get(error, "status"));
    message = json_text(json_get(error, "message"));
    if (status.size > 0)
        out->code = provider_text_clean(key, status, 100, arena);
    if (message.size > 0) /* one in a list is not found by others */
        out->message = provider_text_clean(key, message, PROVIDER_MESSAGE_MAX, arena);
}

/* --- tokens --- */

static int64_t count_of(const struct json *object, const char *camel, const char *snake)
{
    int64_t count = json_int_or(either(object, camel, snake), -1);

    return count < 0 || count > TOKENS_MAX ? -1 : count;
}

/* Of one modality, -1 when the list does not name any. */
static int64_t count_modality(const struct json *details, const char *modality)
{
    int64_t sum = -1;

    for (size_t i = 0; json_is(details, JSON_LIST) && i < json_count(details); i++) {
        const struct json *row = json_item(details, i);
        int64_t count = count_of(row, "tokenCount", "token_count");
        if (count >= 0 && str_equal(json_text(json_get(row, "modality")), str_of(modality)))
            sum = (sum < 0 ? 0 : sum) + count;
        if (sum > TOKENS_MAX)
            return -1;
    }
    return sum;
}

/* Pictures and words of one answer have different rates (facts 8.1), which the catalogue's single
 * rate cannot say: so the tokens are priced here.  A house's own rate is one for both. */
static void price(const struct gemini_call *call, int64_t pictures, int64_t candidates,
                  int64_t thoughts, struct provider_usage *out)
{
    const struct provider_model *model = &call->model;
    int64_t in =
        provider_token_cost(out->tokens_in < 0 ? 0 : out->tokens_in, model->rate_text_in_micro);
    int64_t drawn = pictures >= 0 && pictures <= candidates ? pictures : candidates;
    int64_t image = provider_token_cost(drawn, model->rate_out_micro);
    int64_t words = provider_token_cost(candidates - drawn + thoughts,
                                        call->is_repriced ? model->rate_out_micro
                                                          : call->traits->rate_words_out_micro);

    if (in < 0 || image < 0 || words < 0)
        return;
    out->cost_micro = in + image + words;
    out->currency = model->currency;
}

/* True when the answer is billed as a picture. */
static bool read_usage(const struct gemini_call *call, const struct json *body,
                       struct provider_usage *out)
{
    const struct json *usage = either(body, "usageMetadata", "usage_metadata");
    const struct json *in = either(usage, "promptTokensDetails", "prompt_tokens_details");
    const struct json *details =
        either(usage, "candidatesTokensDetails", "candidates_tokens_details");
    int64_t candidates = count_of(usage, "candidatesTokenCount", "candidates_token_count");
    int64_t thoughts = count_of(usage, "thoughtsTokenCount", "thoughts_token_count");
    int64_t pictures = count_modality(details, "IMAGE");

    out->tokens_in = count_of(usage, "promptTokenCount", "prompt_token_count");
    out->text_tokens_in = count_modality(in, "TEXT");
    out->image_tokens_in = count_modality(in, "IMAGE");
    if (candidates < 0 && thoughts < 0)
        return false;
    candidates = candidates < 0 ? 0 : candidates;
    thoughts = thoughts < 0 ? 0 : thoughts;
    out->tokens_out = candidates + thoughts;
    if (call->model.is_known && !call->model.can_write && out->tokens_in >= 0)
        price(call, pictures, candidates, thoughts, out);
    return pictures > 0;
}

/* --- parts --- */

struct answer {
    struct picture_list pictures;
    struct str text; /* without thoughts; in the arena */
};

static void read_part(const struct json *part, struct answer *out, struct buf *text,
                      struct arena *arena)
{
    const struct json *data = json_get(either(part, "inlineData", "inline_data"), "data");
    struct str bytes;

    /* Nano Banana Pro shows drafts as thoughts; they are not the answer. */
    if (json_bool(json_get(part, "thought"), false))
        return;
    if (json_text(json_get(part, "text")).size > 0 && text->size < TEXT_SIZE_MAX)
        buf_add(text, str_slice(json_text(json_get(part, "text")), 0, TEXT_SIZE_MAX));
    if (!json_is(data, JSON_TEXT))
        return;
    if (base64_read(json_text(data), PICTURE_SIZE_MAX, arena, &bytes))
        picture_list_add_bytes(&out->pictures, bytes);
    else
        out->pictures.broken++;
}

static void read_answer(const struct json *body, struct arena *arena, struct answer *out)
{
    CLEANUP(buf_finish) struct buf text = {0};
    const struct json *candidates = json_get(body, "candidates");

    picture_list_init(&out->pictures, arena);
    for (size_t i = 0; json_is(candidates, JSON_LIST) && i < json_count(candidates); i++) {
        const struct json *parts = json_path(json_item(candidates, i), "content.parts");
        for (size_t p = 0; json_is(parts, JSON_LIST) && p < json_count(parts) && p < PARTS_MAX; p++)
            read_part(json_item(parts, p), out, &text, arena);
    }
    out->text = arena_str(arena, text_clip(buf_str(&text), TEXT_SIZE_MAX));
}

/* --- why there is nothing --- */

/*
 * What comes with a continuationToken (facts 2.2).  Going on is a second call: paid for again, by
 * no price that the facts have, and with a token that no fact says where to put.  A call here has
 * one intent and one charge, so that a crash between the two parts would leave money that nobody
 * could tell; and asked again as it was, the model would stop at the same place.
 */
#define CONTINUATION "CONTINUATION"

/* A failure inside a 200 (facts 2.2).  A refusal after work began may have been billed. */
static const struct {
    const char *reason;
    enum failure_class class;
    const char *meaning;
} reasons[] = {
    {"SAFETY",                   FAILURE_REFUSED, "the answer was blocked by the safety filter"  },
    {"IMAGE_SAFETY",             FAILURE_REFUSED, "the picture was blocked by the safety filter" },
    {"PROHIBITED_CONTENT",       FAILURE_REFUSED, "the answer was blocked as prohibited content" },
    {"IMAGE_PROHIBITED_CONTENT", FAILURE_REFUSED, "the picture was blocked as prohibited content"},
    {"RECITATION",               FAILURE_REFUSED, "the answer was blocked as too like a source"  },
    {"IMAGE_RECITATION",         FAILURE_REFUSED, "the picture was blocked as too like a source" },
    {"BLOCKLIST",                FAILURE_REFUSED, "the answer has words that are blocked"        },
    {"SPII",                     FAILURE_REFUSED, "the answer was blocked for personal data"     },
    {"LANGUAGE",                 FAILURE_INVALID, "the model does not know this language"        },
    {"MAX_TOKENS",               FAILURE_INVALID, "the answer was cut off at the limit of tokens"},
    {"NO_IMAGE",                 FAILURE_UNKNOWN, "the model made no picture; try again"         },
    {"IMAGE_OTHER",              FAILURE_UNKNOWN, "the model made no picture; try again"         },
    {"OTHER",                    FAILURE_UNKNOWN, "the model gave no answer; try again"          },
    {"MALFORMED_RESPONSE",       FAILURE_UNKNOWN, "the model's answer was broken; try again"     },
    {"MALFORMED_FUNCTION_CALL",  FAILURE_UNKNOWN, "the model called a tool, it gave no answer"   },
    {"UNEXPECTED_TOOL_CALL",     FAILURE_UNKNOWN, "the model called a tool, it gave no answer"   },
    {"TOO_MANY_TOOL_CALLS",      FAILURE_UNKNOWN, "the model called a tool, it gave no answer"   },
    {CONTINUATION,               FAILURE_INVALID,
     "the model stopped half way and would go on in a second paid call, which is not made; ask for "
     "less at once"                                                                              },
};

static struct str clean(const struct gemini_call *call, struct str text, size_t size_max,
                        struct arena *arena)
{
    return provider_text_clean(str_trim(secret_expose(call->account->key)), text, size_max, arena);
}

static void set_failure(const struct gemini_call *call, enum failure_class class,
                        enum charged charged, struct str code, struct str message,
                        struct arena *arena, struct provider_failure *out)
{
    *out = (struct provider_failure){
        .class = class,
        .charged = charged,
        .retry_after_ms = -1,
        .code = clean(call, code, 100, arena),
        .message = clean(call, message, PROVIDER_MESSAGE_MAX, arena),
    };
}

/* `said`: the provider's own words behind ours, may be empty. */
static struct str with_words(const char *meaning, struct str said, struct arena *arena)
{
    return said.size == 0 ? str_of(meaning)
                          : arena_printf(arena, "%s: %.*s", meaning,
                                         STR_ARGS(text_clip(said, PROVIDER_MESSAGE_MAX)));
}

static bool read_block(const struct gemini_call *call, const struct json *body, struct arena *arena,
                       struct provider_failure *out)
{
    const struct json *feedback = either(body, "promptFeedback", "prompt_feedback");
    struct str reason = json_text(either(feedback, "blockReason", "block_reason"));
    struct str said = json_text(either(feedback, "blockReasonMessage", "block_reason_message"));

    if (reason.size == 0)
        return false;
    if (said.size == 0)
        said = reason;
    /* Before any work: nothing was billed. */
    set_failure(call, FAILURE_REFUSED, CHARGED_NO, reason,
                with_words("the prompt was blocked", said, arena), arena, out);
    return true;
}

static bool read_finish(const struct gemini_call *call, const struct json *body, bool is_billed,
                        struct arena *arena, struct provider_failure *out)
{
    const struct json *candidate = json_item(json_get(body, "candidates"), 0);
    struct str reason = json_text(either(candidate, "finishReason", "finish_reason"));
    struct str said = json_text(either(candidate, "finishMessage", "finish_message"));
    enum charged charged = is_billed ? CHARGED_YES : CHARGED_MAYBE;

    for (size_t i = 0; i < COUNT(reasons); i++)
        if (str_equal(reason, str_of(reasons[i].reason))) {
            set_failure(call, reasons[i].class, charged, reason,
                        with_words(reasons[i].meaning, said, arena), arena, out);
            return true;
        }
    if (reason.size == 0 || str_equal(reason, STR("STOP")) ||
        str_equal(reason, STR("FINISH_REASON_UNSPECIFIED")))
        return false;
    set_failure(call, FAILURE_UNKNOWN, charged, reason,
                with_words("the model stopped for a reason we do not know", reason, arena), arena,
                out);
    return true;
}

/* --- verdicts --- */

static void fail_pictures(const struct gemini_call *call, const struct json *body,
                          const struct answer *answer, bool is_billed, struct arena *arena,
                          struct provider_failure *out)
{
    enum charged charged = is_billed ? CHARGED_YES : CHARGED_MAYBE;

    if (read_block(call, body, arena, out))
        return;
    if (answer->pictures.broken > 0)
        set_failure(call, FAILURE_UNKNOWN, CHARGED_YES, STR_EMPTY,
                    STR("the picture in the reply is broken or cut short"), arena, out);
    else if (read_finish(call, body, is_billed, arena, out))
        return;
    else if (str_trim(answer->text).size > 0) /* it asks back, or declines politely */
        set_failure(call, FAILURE_REFUSED, charged, STR("TEXT_ONLY"),
                    with_words("the model answered in words", answer->text, arena), arena, out);
    else if (is_billed && out->class == FAILURE_UNKNOWN)
        out->charged = CHARGED_YES;
}

/* A text around a JSON object in a fence, as some relays pass it on, is that object. */
static struct str cut_fence(struct str text)
{
    struct str rest = str_trim(text);

    if (!str_starts_with(rest, STR("```")) || !str_ends_with(rest, STR("```")) || rest.size < 6)
        return rest;
    rest = str_slice(rest, 3, rest.size - 6);
    if (str_starts_with(rest, STR("json")))
        rest = str_slice(rest, 4, rest.size);
    return str_trim(rest);
}

static bool is_object(struct str text)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;

    return json_read_liberal(text, &json, &ignored) && json_is(json, JSON_OBJECT);
}

static void read_words(const struct gemini_call *call, const struct json *body,
                       const struct answer *answer, struct arena *arena,
                       struct provider_verdict *out)
{
    bool has_schema = call->request->schema.size > 0;
    struct str text = has_schema ? cut_fence(answer->text) : answer->text;
    struct provider_failure failure = {0};
    bool is_broken;

    if (read_block(call, body, arena, &out->failure))
        return;
    is_broken = read_finish(call, body, out->usage.tokens_out > 0, arena, &failure);
    if (is_broken && !has_schema && str_trim(text).size > 0 &&
        (str_equal(failure.code, STR("MAX_TOKENS")) ||
         str_equal(failure.code, STR(CONTINUATION)))) {
        out->missing = failure.message; /* the beginning of a text is of use, that of JSON is not */
        is_broken = false;
    }
    if (is_broken) {
        out->failure = failure;
    } else if (str_trim(text).size == 0) {
        if (out->failure.class == FAILURE_UNKNOWN && out->usage.tokens_out > 0)
            out->failure.charged = CHARGED_YES;
    } else if (has_schema && !is_object(text)) {
        set_failure(call, FAILURE_UNKNOWN, CHARGED_YES, STR("NOT_JSON"),
                    STR("the model's answer is not the JSON object that was asked for"), arena,
                    &out->failure);
    } else {
        out->type = VERDICT_DONE;
        out->text = text;
    }
}

static void read_content(const struct gemini_call *call, const struct json *body,
                         struct arena *arena, struct provider_verdict *out)
{
    struct provider_failure failure;
    struct answer answer;
    bool is_billed = read_usage(call, body, &out->usage);

    out->is_list_cost = !call->is_repriced;

    out->request_id = clean(call, json_text(either(body, "responseId", "response_id")), 100, arena);
    read_answer(body, arena, &answer);
    if (call->request->action == PROVIDER_WRITE) {
        read_words(call, body, &answer, arena, out);
        return;
    }
    if (answer.pictures.count == 0) {
        fail_pictures(call, body, &answer, is_billed, arena, &out->failure);
        return;
    }
    out->type = VERDICT_DONE;
    out->pictures = answer.pictures.items;
    out->picture_count = answer.pictures.count;
    out->usage.images = (int64_t)answer.pictures.count;
    /* The picture is of use; that more would have come is told. */
    if (read_finish(call, body, is_billed, arena, &failure) &&
        str_equal(failure.code, STR(CONTINUATION)))
        out->missing = failure.message;
}

/* Imagen leaves filtered pictures out, with or without a reason, and bills the others (facts 2.4).
 */
static void read_predictions(const struct gemini_call *call, const struct json *body,
                             struct arena *arena, struct provider_verdict *out)
{
    const struct json *list = json_get(body, "predictions");
    struct str why = STR_EMPTY, bytes;
    struct picture_list pictures;

    if (json_get(body, "error") != NULL)
        return;
    picture_list_init(&pictures, arena);
    for (size_t i = 0; json_is(list, JSON_LIST) && i < json_count(list); i++) {
        const struct json *item = json_item(list, i);
        struct str data = json_text(json_get(item, "bytesBase64Encoded"));
        if (why.size == 0)
            why = json_text(json_get(item, "raiFilteredReason"));
        if (data.size > 0 && base64_read(data, PICTURE_SIZE_MAX, arena, &bytes))
            picture_list_add_bytes(&pictures, bytes);
        else if (data.size > 0)
            pictures.broken++;
    }
    if (pictures.count == 0 && pictures.broken > 0) {
        set_failure(call, FAILURE_UNKNOWN, CHARGED_YES, STR_EMPTY,
                    STR("the picture in the reply is broken or cut short"), arena, &out->failure);
        return;
    }
    if (pictures.count == 0 && json_is(body, JSON_OBJECT)) {
        set_failure(call, FAILURE_REFUSED, CHARGED_NO, STR("RAI_FILTERED"),
                    with_words("all pictures were filtered", why, arena), arena, &out->failure);
        return;
    }
    if (pictures.count == 0)
        return;
    out->type = VERDICT_DONE;
    out->pictures = pictures.items;
    out->picture_count = pictures.count;
    out->usage.images = (int64_t)pictures.count;
    if (call->model.price_micro >= 0) {
        out->usage.cost_micro = call->model.price_micro * out->usage.images;
        out->usage.currency = call->model.currency;
        out->is_list_cost = true;
    }
    if (out->usage.images < call->request->count)
        out->missing = clean(call,
                             with_words(pictures.broken > 0 ? "some pictures came broken"
                                                            : "some pictures were filtered",
                                        why, arena),
                             PROVIDER_MESSAGE_MAX, arena);
}

void gemini_read_reply(const struct gemini_call *call, const struct exchange *exchange,
                       const struct exchange_reply *reply, struct arena *arena,
                       struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;

    (void)exchange;
    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1, -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
    };
    gemini_classify(call->account, reply, arena, &out->failure);
    if (reply->outcome != EXCHANGE_REPLIED || reply->status < 200 || reply->status >= 300 ||
        !json_read_liberal(reply->body, &json, &ignored))
        return;
    if (call->is_imagen)
        read_predictions(call, unwrap(json), arena, out);
    else
        read_content(call, unwrap(json), arena, out);
}
