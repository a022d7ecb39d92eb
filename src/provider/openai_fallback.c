/*
 * provider/openai_fallback.c: a server that refused a field by name made nothing, so the next try
 * goes without that field (facts 1B.0.4).
 */
#include "provider/openai_private.h"

static bool may_drop(const struct openai_call *call, enum openai_field field)
{
    /* Without the field the picture would be another thing than was asked for, and be paid. */
    return field != OPENAI_BACKGROUND || !str_equal(call->request->background, STR("transparent"));
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* `name` stands in `message` on its own; a plain English word ("size") must be in quotes, or follow
 * "parameter" or a colon. */
static bool message_names(struct str message, struct str name)
{
    bool is_plain_word = str_find_char(name, '_') < 0 && str_find_char(name, '[') < 0;

    for (size_t at = 0; at + name.size <= message.size; at++) {
        char before = (char)(at > 0 ? message.data[at - 1] : ' ');
        char after = (char)(at + name.size < message.size ? message.data[at + name.size] : ' ');
        struct str head = str_trim(str_slice(message, 0, at));
        if (!str_equal(str_slice(message, at, name.size), name) || is_word(before) ||
            is_word(after))
            continue;
        if (!is_plain_word || before == '\'' || before == '"' || before == '`' ||
            str_ends_with(head, STR(":")) || str_ends_with(head, STR("parameter")) ||
            str_ends_with(head, STR("argument")) || str_ends_with(head, STR("field")))
            return true;
    }
    return false;
}

bool openai_said_names(const struct provider_said *said, const char *name)
{
    return str_equal(said->param, str_of(name)) ||
           (said->param.size == 0 && message_names(said->message, str_of(name)));
}

/* A chat says the size in an object, and beside it only who asks. */
static const char *wire_name(const struct openai_call *call, enum openai_field field)
{
    if (!call->uses_chat)
        return call->profile->fields[field];
    if (field == OPENAI_SIZE)
        return call->profile->chat_is_google ? "extra_body" : "image_config";
    return field == OPENAI_USER ? call->profile->fields[field] : NULL;
}

/* "tools[0].quality": a field of the picture tool. */
static bool names_field(const struct openai_call *call, const struct provider_said *said,
                        const char *name)
{
    static const struct str tool = {"tools[0].", 9};

    return openai_said_names(said, name) ||
           (call->uses_tool && str_starts_with(said->param, tool) &&
            str_equal(str_slice(said->param, tool.size, said->param.size), str_of(name)));
}

/* facts 1B.0.4 */
bool openai_said_unknown(const struct provider_said *said)
{
    static const char *const phrases[] = {
        "unknown parameter", "unknown field",     "unknown argument", "unrecognized",
        "unexpected",        "unsupported",       "not supported",    "does not support",
        "not permitted",     "unknown_parameter", "extra_forbidden",  "unknown name",
    };

    for (size_t i = 0; i < COUNT(phrases); i++)
        if (text_has_nocase(said->message, phrases[i]) || text_has_nocase(said->code, phrases[i]) ||
            text_has_nocase(said->type, phrases[i]))
            return true;
    return false;
}

/* The server knows the field but not this value: then what the person chose is not dropped. */
static bool is_persons_value(const struct openai_call *call, enum openai_field field,
                             const struct provider_said *said)
{
    if (!text_has_nocase(said->message, "value"))
        return false;
    return field != OPENAI_RESPONSE_FORMAT && field != OPENAI_USER && field != OPENAI_STREAM &&
           field != OPENAI_PARTIALS &&
           !(field == OPENAI_QUALITY && call->request->quality.size == 0);
}

/* image[] refused by name, or "image" missed although image[] was sent (facts 1B.0.6). */
static bool is_about_image_list(const struct openai_call *call, const struct provider_said *said)
{
    if (call->edits != EDITS_LIST || call->request->reference_count < 2)
        return false;
    if (openai_said_names(said, "image[]") && openai_said_unknown(said))
        return true;
    return openai_said_names(said, "image") &&
           (text_has_nocase(said->message, "required") || text_has_nocase(said->type, "missing"));
}

static bool was_sent(const struct openai_call *call, enum openai_field field)
{
    const struct provider_request *request = call->request;

    if (wire_name(call, field) == NULL)
        return false;
    switch (field) {
    case OPENAI_COUNT:
        return request->count > 1;
    case OPENAI_SIZE:
        return request->width_px > 0;
    case OPENAI_QUALITY:
        return openai_quality(call).size > 0;
    case OPENAI_BACKGROUND:
        return openai_background(call).size > 0;
    case OPENAI_FORMAT:
        return request->format.size > 0;
    case OPENAI_COMPRESSION:
        return request->compression >= 0;
    case OPENAI_MODERATION:
        return str_equal(call_option_text(call->account, call->request, "moderation"), STR("low"));
    case OPENAI_COMPLEXITY:
        return openai_complexity(call).size > 0;
    case OPENAI_STREAM:
    case OPENAI_PARTIALS:
        return openai_streams(call);
    case OPENAI_RESPONSE_FORMAT:
        return call->response_format != NULL;
    case OPENAI_SEED:
        return request->has_seed;
    case OPENAI_NEGATIVE:
        return request->negative_prompt.size > 0;
    case OPENAI_STEPS:
        return request->steps > 0;
    case OPENAI_SCALE:
        return request->scale > 0;
    case OPENAI_USER:
        return request->safety_id.size > 0;
    case OPENAI_IMAGE_LIST:
    case OPENAI_FIELD_COUNT:
        break;
    }
    return false;
}

/* The field to leave out next; OPENAI_FIELD_COUNT when the refusal names none. */
static enum openai_field find_refused(const struct openai_call *call,
                                      const struct provider_said *said)
{
    if (is_about_image_list(call, said) && (call->dropped >> OPENAI_IMAGE_LIST & 1) == 0)
        return OPENAI_IMAGE_LIST;
    if (!openai_said_unknown(said))
        return OPENAI_FIELD_COUNT;
    for (unsigned i = 0; i < OPENAI_IMAGE_LIST; i++) {
        enum openai_field field = (enum openai_field)i;
        if ((call->dropped >> i & 1) == 0 && was_sent(call, field) && may_drop(call, field) &&
            names_field(call, said, wire_name(call, field)) && !is_persons_value(call, field, said))
            return field;
    }
    return OPENAI_FIELD_COUNT;
}

/* A 400 or 422 that names an optional field: nothing was made, so the next try goes without it. */
bool openai_find_next(const struct openai_call *call, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct exchange *next)
{
    struct openai_call without = *call;
    struct provider_said said;
    enum openai_field field;
    struct error ignored;

    if (reply->outcome != EXCHANGE_REPLIED || (reply->status != 400 && reply->status != 422) ||
        exchange->retry_stage >= OPENAI_RETRIES_MAX)
        return false;
    provider_said_read(reply->body, arena, &said);
    field = find_refused(call, &said);
    if (field == OPENAI_FIELD_COUNT)
        return false;
    without.dropped |= (uint64_t)1 << field;
    if (!openai_build(&without, arena, next, &ignored))
        return false;
    next->retry_stage = exchange->retry_stage + 1;
    return true;
}

struct str openai_list_dropped(const struct openai_call *call, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf names = {0};

    for (unsigned i = 0; i < OPENAI_IMAGE_LIST; i++)
        if ((call->dropped >> i & 1) != 0 && call->profile->fields[i] != NULL)
            buf_printf(&names, "%s%s", names.size > 0 ? ", " : "", call->profile->fields[i]);
    return arena_str(arena, buf_str(&names));
}
