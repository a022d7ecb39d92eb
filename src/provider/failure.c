/* provider/failure.c: the classes of failure, and how they are read from status and body. */
#include "provider/provider_private.h"

#include "core/text.h"

#include <assert.h>

#define SAID_SIZE_MAX KIB(16) /* of a message that is looked at at all */

static const struct {
    const char *name;
    enum error_code code;
} classes[FAILURE_CLASS_COUNT] = {
    [FAILURE_NONE] = {"none",          ERROR_NONE              },
    [FAILURE_NOT_SENT] = {"not_sent",      ERROR_UNREACHABLE       },
    [FAILURE_THROTTLED] = {"throttled",     ERROR_PROVIDER_THROTTLED},
    [FAILURE_QUOTA] = {"quota",         ERROR_PROVIDER_QUOTA    },
    [FAILURE_AUTH] = {"auth",          ERROR_PROVIDER_AUTH     },
    [FAILURE_INVALID] = {"invalid",       ERROR_PROVIDER_INVALID  },
    [FAILURE_REFUSED] = {"refused",       ERROR_PROVIDER_REFUSED  },
    [FAILURE_SERVER] = {"server",        ERROR_PROVIDER_SERVER   },
    [FAILURE_UNKNOWN] = {"unknown",       ERROR_PROVIDER_UNKNOWN  },
    [FAILURE_REMOTE] = {"remote_failed", ERROR_PROVIDER_REMOTE   },
    [FAILURE_RESULT_LOST] = {"result_lost",   ERROR_RESULT_LOST       },
    [FAILURE_LOCAL] = {"local",         ERROR_INTERNAL          },
    [FAILURE_DEADLINE] = {"deadline",      ERROR_DEADLINE          },
    [FAILURE_CANCELLED] = {"cancelled",     ERROR_CANCELLED         },
};

const char *failure_class_name(enum failure_class class)
{
    assert(class < FAILURE_CLASS_COUNT);
    return classes[class].name;
}

enum failure_class failure_class_of(struct str name)
{
    for (size_t i = FAILURE_NONE + 1; i < FAILURE_CLASS_COUNT; i++)
        if (str_equal(name, str_of(classes[i].name)))
            return (enum failure_class)i;
    return FAILURE_NONE;
}

enum error_code failure_error_code(enum failure_class class)
{
    assert(class < FAILURE_CLASS_COUNT);
    return classes[class].code;
}

bool text_has_nocase(struct str text, const char *part)
{
    struct str wanted = str_of(part);

    for (size_t at = 0; at + wanted.size <= text.size; at++) {
        size_t same = 0;
        while (same < wanted.size &&
               str_lower_char(text.data[at + same]) == str_lower_char(wanted.data[same]))
            same++;
        if (same == wanted.size)
            return true;
    }
    return false;
}

/* How many bytes at the front of `text` are the key or a beginning of it worth hiding; else 0. */
static size_t line_at(struct str key, struct str text)
{
    size_t same = 0, least = key.size < 8 ? key.size : 8;

    while (same < key.size && same < text.size && key.data[same] == text.data[same])
        same++;
    return same > 0 && same >= least ? same : 0;
}

/* Of a key and of the session token on its second line, whichever hides more. */
static size_t key_at(struct str key, struct str text)
{
    size_t most = 0;

    while (key.size > 0) {
        const size_t size = line_at(str_trim(str_cut(&key, '\n')), text);

        most = size > most ? size : most;
    }
    return most;
}

struct str provider_text_clean(struct str key, struct str text, size_t size_max,
                               struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};
    struct str rest = str_trim(text);

    /* One character beyond the limit, so that clipping sees where the last one ends. */
    while (rest.size > 0 && out.size <= size_max + 4) {
        size_t hidden = key_at(key, rest);
        uint32_t code_point;
        if (hidden > 0) {
            buf_add(&out, STR("***"));
            rest = str_slice(rest, hidden, rest.size);
            continue;
        }
        if (!text_next(&rest, &code_point))
            break;
        text_add_code_point(&out, code_point < 0x20 || code_point == 0x7f ? ' ' : code_point);
    }
    return arena_str(arena, text_clip(buf_str(&out), size_max));
}

struct str provider_text_clean_for(const struct provider_account *account, struct str text,
                                   size_t size_max, struct arena *arena)
{
    return provider_text_clean(str_trim(secret_expose(account->key)), text, size_max, arena);
}

/* --- error bodies: every shape of facts 1B.0.5 --- */

static struct str text_or_number(const struct json *value, struct arena *arena)
{
    int64_t number;

    if (json_is(value, JSON_TEXT))
        return arena_str(arena, text_clip(json_text(value), SAID_SIZE_MAX));
    return json_int(value, &number) ? arena_printf(arena, "%lld", (long long)number) : STR_EMPTY;
}

static struct str first_text(const struct json *object, const char *const *names,
                             struct arena *arena)
{
    for (; *names != NULL; names++) {
        struct str text = text_or_number(json_get(object, *names), arena);
        if (text.size > 0)
            return text;
    }
    return STR_EMPTY;
}

static const char *const message_names[] = {"message", "msg", "detail", "error_description", NULL};

/* FastAPI: [{"loc": ["body", "size"], "msg": "…", "type": "…"}] or ["…"]. */
static void read_list(const struct json *list, struct arena *arena, struct provider_said *out)
{
    CLEANUP(buf_finish) struct buf message = {0};

    for (size_t i = 0; i < json_count(list) && i < 5; i++) {
        const struct json *item = json_item(list, i), *loc = json_get(item, "loc");
        const struct json *last = json_count(loc) > 0 ? json_item(loc, json_count(loc) - 1) : NULL;
        struct str field = text_or_number(last, arena);
        struct str text = json_is(item, JSON_TEXT) ? text_or_number(item, arena)
                                                   : first_text(item, message_names, arena);
        if (message.size > 0)
            buf_add(&message, STR("; "));
        if (field.size > 0)
            buf_printf(&message, "%.*s: ", STR_ARGS(field));
        buf_add(&message, text);
        if (out->param.size == 0)
            out->param = field;
        if (out->type.size == 0)
            out->type = text_or_number(json_get(item, "type"), arena);
    }
    if (message.size > 0)
        out->message = arena_str(arena, buf_str(&message));
}

static void read_object(const struct json *error, struct arena *arena, struct provider_said *out)
{
    const struct json *reasons = json_path(error, "metadata.reasons");

    out->message = first_text(error, message_names, arena);
    out->code = text_or_number(json_get(error, "code"), arena);
    out->type = text_or_number(json_get(error, "type"), arena);
    out->param = text_or_number(json_get(error, "param"), arena);
    out->is_flagged =
        json_count(reasons) > 0 || json_is(json_get(error, "moderation_details"), JSON_OBJECT);
    if (out->message.size == 0 && json_is(json_get(error, "detail"), JSON_LIST))
        read_list(json_get(error, "detail"), arena, out);
}

/* "code": 0, 200 or "success" beside a message is how some say that all is well. */
static bool is_good_code(struct str code)
{
    static const char *const good[] = {"0", "200", "success", "ok", "10000"};

    for (size_t i = 0; i < COUNT(good); i++)
        if (str_equal_nocase(code, str_of(good[i])))
            return true;
    return false;
}

static void read_json(const struct json *body, struct arena *arena, struct provider_said *out)
{
    const struct json *error = json_get(body, "error"), *detail = json_get(body, "detail");
    const struct json *errors = json_get(body, "errors");

    if (json_is(body, JSON_TEXT)) { /* SiliconFlow's 401: "Invalid token" */
        out->message = text_or_number(body, arena);
    } else if (json_is(error, JSON_OBJECT)) {
        read_object(error, arena, out);
        out->has_error = true;
        return;
    } else if (json_is(error, JSON_TEXT)) {
        struct str text = text_or_number(error, arena);
        read_object(body, arena, out);
        if (out->message.size == 0)
            out->message = text; /* {"error": "text"}, and xAI's {"code": "…", "error": "…"} */
        else if (out->code.size == 0)
            out->code = text; /* sd-server: {"error": "server_error", "message": "…"} */
    } else if (json_is(detail, JSON_LIST)) {
        read_list(detail, arena, out);
    } else if (json_is(detail, JSON_OBJECT)) {
        read_object(detail, arena, out);
    } else if (json_is(errors, JSON_LIST)) {
        read_list(errors, arena, out);
    } else if (json_is(body, JSON_OBJECT)) {
        read_object(body, arena, out);
        out->has_error = out->message.size > 0 && !is_good_code(out->code);
        return;
    }
    out->has_error = out->message.size > 0;
}

static struct str page_title(struct str body)
{
    int64_t begin = str_find(body, STR("<title>")), end;

    if (begin < 0)
        return STR_EMPTY;
    body = str_slice(body, (size_t)begin + 7, body.size);
    end = str_find(body, STR("</title>"));
    return end < 0 ? STR_EMPTY : str_trim(str_slice(body, 0, (size_t)end));
}

void provider_said_read(struct str body, struct arena *arena, struct provider_said *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct str text = str_trim(body);
    struct error ignored;

    *out = (struct provider_said){0};
    if (text.size == 0)
        return;
    if (text.data[0] == '<') {
        struct str title = page_title(str_slice(text, 0, KIB(64)));
        out->is_page = true;
        out->has_error = true;
        out->message = title.size == 0
                           ? STR("the server answered with a web page; is the base URL right?")
                           : arena_printf(arena,
                                          "the server answered with a web page (%.*s); is the base "
                                          "URL right?",
                                          STR_ARGS(text_clip(title, 200)));
        return;
    }
    if (json_read_liberal(text, &json, &ignored)) {
        read_json(json, arena, out);
        return;
    }
    /* Broken JSON and binary tell a person nothing; plain words do. */
    if (text.data[0] == '{' || text.data[0] == '[' || text_has_control(text_clip(text, 200)))
        return;
    out->message = arena_str(arena, text_clip(text, SAID_SIZE_MAX));
    out->has_error = true;
}

/* --- classes --- */

/* facts 0.4 and 1.7; design/engine.md 4 (d) for what is known not to have run. */
static const struct {
    int first, last;
    enum failure_class class;
    enum charged charged;
} statuses[] = {
    {300, 399, FAILURE_INVALID,   CHARGED_NO   }, /* a redirect: the base URL is not the API's */
    {401, 401, FAILURE_AUTH,      CHARGED_NO   },
    {402, 402, FAILURE_QUOTA,     CHARGED_NO   },
    {403, 403, FAILURE_AUTH,      CHARGED_NO   },
    {407, 407, FAILURE_AUTH,      CHARGED_NO   },
    {408, 408, FAILURE_UNKNOWN,   CHARGED_MAYBE}, /* somebody waited in vain, as with 504 and 524 */
    {409, 409, FAILURE_SERVER,    CHARGED_NO   },
    {425, 425, FAILURE_THROTTLED, CHARGED_NO   },
    {429, 429, FAILURE_THROTTLED, CHARGED_NO   },
    {451, 451, FAILURE_REFUSED,   CHARGED_MAYBE},
    {400, 499, FAILURE_INVALID,   CHARGED_NO   },
    {501, 501, FAILURE_INVALID,   CHARGED_NO   }, /* one-api: "API not implemented" */
    {529, 529, FAILURE_THROTTLED, CHARGED_NO   },
    {504, 504, FAILURE_UNKNOWN,   CHARGED_MAYBE}, /* what it waited for may be done and paid */
    {520, 520, FAILURE_UNKNOWN,   CHARGED_MAYBE}, /* the service broke off under its gateway */
    {524, 524, FAILURE_UNKNOWN,   CHARGED_MAYBE},
    {500, 599, FAILURE_SERVER,    CHARGED_MAYBE},
};

enum word_place {
    IN_CODE,      /* is the code or the type; whatever the status */
    IN_CODE_WEAK, /* is the code or the type; only when the status says nothing (2xx) */
    IN_MESSAGE,   /* stands in the message of a 2xx, 4xx but 401 and 404, or 5xx */
};

static const struct {
    const char *word;
    enum word_place place;
    enum failure_class class;
} words[] = {
    {"insufficient_quota",             IN_CODE,      FAILURE_QUOTA    },
    {"credit_balance_exhausted",       IN_CODE,      FAILURE_QUOTA    },
    {"billing_hard_limit_reached",     IN_CODE,      FAILURE_QUOTA    },
    {"insufficient_user_quota",        IN_CODE,      FAILURE_QUOTA    },
    {"insufficient_balance",           IN_CODE,      FAILURE_QUOTA    },
    {"budget_exceeded",                IN_CODE,      FAILURE_QUOTA    },
    {"payment_required",               IN_CODE,      FAILURE_QUOTA    },
    {"moderation_blocked",             IN_CODE,      FAILURE_REFUSED  },
    {"content_policy_violation",       IN_CODE,      FAILURE_REFUSED  },
    {"image_content_policy_violation", IN_CODE,      FAILURE_REFUSED  },
    {"content_filter",                 IN_CODE,      FAILURE_REFUSED  },
    {"invalid_api_key",                IN_CODE,      FAILURE_AUTH     },
    {"permission_error",               IN_CODE,      FAILURE_AUTH     },
    {"authentication_error",           IN_CODE,      FAILURE_AUTH     },
    {"key_model_access_denied",        IN_CODE,      FAILURE_AUTH     },
    {"model_not_found",                IN_CODE,      FAILURE_INVALID  }, /* new-api sends a 503 */
    {"api_not_implemented",            IN_CODE,      FAILURE_INVALID  },
    {"rate_limit_exceeded",            IN_CODE,      FAILURE_THROTTLED},
    {"rate_limit_error",               IN_CODE,      FAILURE_THROTTLED},
    {"throttling_error",               IN_CODE,      FAILURE_THROTTLED},
    {"slow_down",                      IN_CODE,      FAILURE_THROTTLED},
    {"server_is_overloaded",           IN_CODE,      FAILURE_THROTTLED},
    {"invalid_request_error",          IN_CODE_WEAK, FAILURE_INVALID  },
    {"image_generation_user_error",    IN_CODE_WEAK, FAILURE_INVALID  },
    {"invalid_prompt",                 IN_CODE_WEAK, FAILURE_INVALID  },
    {"server_error",                   IN_CODE_WEAK, FAILURE_SERVER   },
    {"upstream_error",                 IN_CODE_WEAK, FAILURE_SERVER   },
    {"ContentPolicyViolationError",    IN_MESSAGE,   FAILURE_REFUSED  },
    {"content policy",                 IN_MESSAGE,   FAILURE_REFUSED  },
    {"content_policy_violation",       IN_MESSAGE,   FAILURE_REFUSED  },
    {"moderation_blocked",             IN_MESSAGE,   FAILURE_REFUSED  },
    {"safety system",                  IN_MESSAGE,   FAILURE_REFUSED  },
    {"flagged by",                     IN_MESSAGE,   FAILURE_REFUSED  },
    {"sensitive content",              IN_MESSAGE,   FAILURE_REFUSED  },
    {"敏感",                         IN_MESSAGE,   FAILURE_REFUSED  },
    {"exceeded your current quota",    IN_MESSAGE,   FAILURE_QUOTA    },
    {"billing hard limit",             IN_MESSAGE,   FAILURE_QUOTA    },
    {"insufficient balance",           IN_MESSAGE,   FAILURE_QUOTA    },
    {"balance is insufficient",        IN_MESSAGE,   FAILURE_QUOTA    },
    {"balance is not enough",          IN_MESSAGE,   FAILURE_QUOTA    },
    {"insufficient credit",            IN_MESSAGE,   FAILURE_QUOTA    },
    {"余额不足",                   IN_MESSAGE,   FAILURE_QUOTA    },
    {"额度不足",                   IN_MESSAGE,   FAILURE_QUOTA    },
};

static bool word_applies(size_t row, const struct provider_said *said, int status)
{
    struct str word = str_of(words[row].word);

    switch (words[row].place) {
    case IN_CODE_WEAK:
        if (status >= 300)
            return false;
        return str_equal_nocase(said->code, word) || str_equal_nocase(said->type, word);
    case IN_CODE:
        return str_equal_nocase(said->code, word) || str_equal_nocase(said->type, word);
    case IN_MESSAGE:
        return status != 401 && status != 404 && text_has_nocase(said->message, words[row].word);
    }
    return false;
}

static void classify_status(int status, struct provider_failure *out)
{
    for (size_t i = 0; i < COUNT(statuses); i++)
        if (status >= statuses[i].first && status <= statuses[i].last) {
            out->class = statuses[i].class;
            out->charged = statuses[i].charged;
            return;
        }
    /* Success without what was asked for, or a status that is none: it may have been made. */
    out->class = FAILURE_UNKNOWN;
    out->charged = CHARGED_MAYBE;
}

static void classify_words(const struct provider_said *said, int status,
                           struct provider_failure *out)
{
    enum failure_class class = FAILURE_NONE;

    for (size_t i = 0; class == FAILURE_NONE && i < COUNT(words); i++)
        if (word_applies(i, said, status))
            class = words[i].class;
    if (class == FAILURE_NONE && said->is_flagged && status != 401)
        class = FAILURE_REFUSED;
    if (class == FAILURE_NONE && status < 300 && said->is_page)
        class = FAILURE_INVALID; /* a page with 200: the base path is wrong */
    if (class == FAILURE_NONE || class == out->class)
        return;
    out->class = class;
    out->charged = class == FAILURE_REFUSED || class == FAILURE_SERVER ? CHARGED_MAYBE : CHARGED_NO;
}

static void classify_replied(struct str key, const struct exchange_reply *reply,
                             struct arena *arena, struct provider_failure *out)
{
    struct provider_said said;
    int status = reply->status;
    int64_t code;

    provider_said_read(reply->body, arena, &said);
    /* A relay's 200 around somebody else's status: {"error": {"code": 402, …}}. */
    if (status >= 200 && status < 300 && said.has_error && str_to_int64(said.code, &code) &&
        code >= 400 && code < 600)
        status = (int)code;
    classify_status(status, out);
    classify_words(&said, status, out);
    out->retry_after_ms = exchange_retry_after_ms(reply);
    out->is_final = exchange_is_final(reply);
    if (status == 503 && out->class == FAILURE_SERVER && out->retry_after_ms >= 0) {
        out->class = FAILURE_THROTTLED; /* it says when to come back: it did not run */
        out->charged = CHARGED_NO;
    }
    if (out->class == FAILURE_THROTTLED && out->retry_after_ms < 0 &&
        exchange_used_up_ms(reply) > 0)
        out->retry_after_ms = exchange_used_up_ms(reply);
    out->message = provider_text_clean(key, said.message, PROVIDER_MESSAGE_MAX, arena);
    out->code = provider_text_clean(key, said.code.size > 0 ? said.code : said.type, 100, arena);
    if (out->message.size == 0)
        out->message = reply->status >= 200 && reply->status < 300
                           ? STR("the provider said success but sent nothing that can be used")
                           : arena_printf(arena, "the provider answered with status %d", status);
}

void exchange_classify_for(const struct provider_account *account,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct provider_failure *out)
{
    struct str key = account == NULL ? STR_EMPTY : str_trim(secret_expose(account->key));

    *out = (struct provider_failure){.retry_after_ms = -1};
    switch (reply->outcome) {
    case EXCHANGE_REPLIED:
        classify_replied(key, reply, arena, out);
        return;
    case EXCHANGE_NOT_SENT:
        out->class = FAILURE_NOT_SENT;
        out->charged = CHARGED_NO;
        break;
    case EXCHANGE_LOST:
        out->class = FAILURE_UNKNOWN;
        out->charged = CHARGED_MAYBE;
        break;
    }
    out->message =
        provider_text_clean(key, str_of(reply->err.message), PROVIDER_MESSAGE_MAX, arena);
}

void exchange_classify(const struct exchange_reply *reply, struct arena *arena,
                       struct provider_failure *out)
{
    exchange_classify_for(NULL, reply, arena, out);
}
