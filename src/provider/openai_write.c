/*
 * provider/openai_write.c: text and text about pictures, asked of the Responses API (facts 1.5) or
 * of Chat Completions (facts 1.6); which of them, the profile says.
 */
#include "provider/openai_private.h"

#define FIRST_BYTE_MS 600000
#define TOTAL_MS 900000
#define REPLY_SIZE_MAX MIB(8)
#define PICTURE_SIZE_MAX_EACH MIB(15) /* an image_url may have 20 MiB of characters (facts 1.3) */
#define RESPONSES_TOKENS_MIN 16       /* less is refused */

bool openai_write_check(const struct openai_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (request->model.size == 0 && call->profile->needs_model)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (call->text_api == API_NONE)
        return error_field(err, ERROR_INVALID, "model", 0, "a service of type %s writes no text",
                           call->profile->name);
    return provider_check_write(&call->model, request, (int64_t)PICTURE_SIZE_MAX_EACH, err);
}

static struct str setting_text(const struct openai_call *call, const char *name)
{
    const struct provider_setting *setting = request_setting(call->request, name);

    return setting == NULL ? STR_EMPTY : str_trim(setting->text);
}

static bool is_dropped(const struct openai_call *call, enum openai_write_field field)
{
    return (call->dropped >> field & 1) != 0;
}

static enum openai_schema schema_of(const struct openai_call *call)
{
    enum openai_schema best = call->profile->schema;

    if (is_dropped(call, WRITE_SCHEMA) && best == SCHEMA_STRICT)
        best = SCHEMA_OBJECT;
    return is_dropped(call, WRITE_OBJECT) ? SCHEMA_TOLD : best;
}

static const char *tokens_name(const struct openai_call *call, enum openai_write_field field)
{
    if (call->text_api == API_RESPONSES)
        return field == WRITE_TOKENS ? "max_output_tokens" : NULL;
    if (field == WRITE_TOKENS)
        return call->profile->tokens;
    /* The other name is tried when the first was refused, never beside it. */
    return is_dropped(call, WRITE_TOKENS) ? call->profile->tokens_other : NULL;
}

const char *openai_write_name(const struct openai_call *call, enum openai_write_field field)
{
    const bool is_responses = call->text_api == API_RESPONSES;
    const bool has_schema = call->request->schema.size > 0;

    if (is_dropped(call, field))
        return NULL;
    switch (field) {
    case WRITE_TOKENS:
    case WRITE_TOKENS_OTHER:
        return tokens_name(call, field);
    case WRITE_SCHEMA:
        return !has_schema || schema_of(call) != SCHEMA_STRICT ? NULL
               : is_responses                                  ? "text"
                                                               : "response_format";
    case WRITE_OBJECT:
        return !has_schema || schema_of(call) != SCHEMA_OBJECT ? NULL
               : is_responses                                  ? "text"
                                                               : "response_format";
    case WRITE_EFFORT:
        if (!is_responses)
            return setting_text(call, "effort").size > 0 ? "reasoning_effort" : NULL;
        /* The text models of the catalogue all think; another is asked to by a person alone. */
        return call->model.is_known || setting_text(call, "effort").size > 0 ? "reasoning" : NULL;
    case WRITE_VERBOSITY:
        return is_responses && setting_text(call, "verbosity").size > 0 ? "text.verbosity" : NULL;
    case WRITE_TEMPERATURE:
        return setting_text(call, "temperature").size > 0 ? "temperature" : NULL;
    case WRITE_STORE: /* kept for 30 days unless told otherwise */
        return is_responses ? "store" : NULL;
    case WRITE_USER:
        return call->request->safety_id.size > 0 ? call->profile->fields[OPENAI_USER] : NULL;
    case WRITE_FIELD_COUNT:
        break;
    }
    return NULL;
}

static void add_typed(struct json_writer *writer, const char *type)
{
    json_begin_object(writer);
    provider_add_text(writer, "type", str_of(type));
}

/* {"type":"json_schema",…}: beside it in the Responses API, nested in a chat. */
static void add_format(struct json_writer *writer, const struct openai_call *call, bool is_nested)
{
    const struct provider_request *request = call->request;

    if (schema_of(call) == SCHEMA_OBJECT) {
        add_typed(writer, "json_object");
        json_end_object(writer);
        return;
    }
    add_typed(writer, "json_schema");
    if (is_nested) {
        json_name(writer, "json_schema");
        json_begin_object(writer);
    }
    provider_add_text(writer, "name", provider_schema_name(request));
    json_name(writer, "schema");
    json_add_raw(writer, request->schema); /* provider_check_write() read it */
    json_name(writer, "strict");
    json_add_bool(writer, true);
    if (is_nested)
        json_end_object(writer);
    json_end_object(writer);
}

static bool has_format(const struct openai_call *call)
{
    return call->request->schema.size > 0 && schema_of(call) != SCHEMA_TOLD;
}

/* JSON mode is refused when the word JSON does not stand in the prompt, so the schema is told. */
static struct str system_of(const struct openai_call *call, struct arena *arena)
{
    return provider_write_system(call->request, schema_of(call) != SCHEMA_STRICT, arena);
}

static void add_tokens(struct json_writer *writer, const struct openai_call *call)
{
    const char *name = openai_write_name(call, WRITE_TOKENS);
    int64_t tokens = provider_write_tokens(call->request);

    if (name == NULL)
        name = openai_write_name(call, WRITE_TOKENS_OTHER);
    if (call->text_api == API_RESPONSES && tokens < RESPONSES_TOKENS_MIN)
        tokens = RESPONSES_TOKENS_MIN;
    provider_add_int(writer, name, tokens);
}

static void add_temperature(struct json_writer *writer, const struct openai_call *call)
{
    double degrees;

    if (openai_write_name(call, WRITE_TEMPERATURE) == NULL ||
        !str_to_double(setting_text(call, "temperature"), &degrees))
        return;
    json_name(writer, "temperature");
    json_add_double(writer, degrees);
}

static void add_user(struct json_writer *writer, const struct openai_call *call)
{
    provider_add_text(writer, openai_write_name(call, WRITE_USER), call->request->safety_id);
}

/* --- the Responses API --- */

static void add_input(struct json_writer *writer, const struct provider_request *request)
{
    json_name(writer, "input");
    json_begin_list(writer);
    json_begin_object(writer);
    provider_add_text(writer, "role", STR("user"));
    json_name(writer, "content");
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++) {
        add_typed(writer, "input_image");
        json_name(writer, "image_url");
        picture_write_base64(writer, request->references[i].bytes, true);
        provider_add_text(writer, "detail",
                          STR("high")); /* "auto" has no bound on its tokens (facts 8.4) */
        json_end_object(writer);
    }
    add_typed(writer, "input_text");
    provider_add_text(writer, "text", request->prompt);
    json_end_object(writer);
    json_end_list(writer);
    json_end_object(writer);
    json_end_list(writer);
}

static void write_responses(struct json_writer *writer, const struct openai_call *call,
                            struct str system)
{
    const struct str effort = setting_text(call, "effort");
    const bool has_verbosity = openai_write_name(call, WRITE_VERBOSITY) != NULL;

    provider_add_text(writer, "instructions", system);
    add_input(writer, call->request);
    if (has_format(call) || has_verbosity) {
        json_name(writer, "text");
        json_begin_object(writer);
        if (has_format(call)) {
            json_name(writer, "format");
            add_format(writer, call, false);
        }
        if (has_verbosity)
            provider_add_text(writer, "verbosity", setting_text(call, "verbosity"));
        json_end_object(writer);
    }
    add_tokens(writer, call);
    add_temperature(writer, call);
    if (openai_write_name(call, WRITE_EFFORT) != NULL) {
        /* Thinking is paid as output and cuts into the limit. */
        json_name(writer, "reasoning");
        json_begin_object(writer);
        provider_add_text(writer, "effort", effort.size > 0 ? effort : STR("low"));
        json_end_object(writer);
    }
    if (openai_write_name(call, WRITE_STORE) != NULL) {
        json_name(writer, "store");
        json_add_bool(writer, false);
    }
    add_user(writer, call);
}

/* --- Chat Completions --- */

void openai_add_user_message(struct json_writer *writer, const struct provider_request *request,
                             bool may_be_plain)
{
    json_begin_object(writer);
    provider_add_text(writer, "role", STR("user"));
    json_name(writer, "content");
    if (may_be_plain && request->reference_count == 0) {
        json_add_text(writer, request->prompt);
        json_end_object(writer);
        return;
    }
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++) {
        add_typed(writer, "image_url");
        json_name(writer, "image_url");
        json_begin_object(writer);
        json_name(writer, "url");
        picture_write_base64(writer, request->references[i].bytes, true);
        json_end_object(writer);
        json_end_object(writer);
    }
    add_typed(writer, "text");
    provider_add_text(writer, "text", request->prompt);
    json_end_object(writer);
    json_end_list(writer);
    json_end_object(writer);
}

static void write_chat(struct json_writer *writer, const struct openai_call *call,
                       struct str system)
{
    json_name(writer, "messages");
    json_begin_list(writer);
    if (system.size > 0) {
        json_begin_object(writer);
        provider_add_text(writer, "role", STR("system"));
        provider_add_text(writer, "content", system);
        json_end_object(writer);
    }
    openai_add_user_message(writer, call->request, true);
    json_end_list(writer);
    if (has_format(call)) {
        json_name(writer, "response_format");
        add_format(writer, call, true);
    }
    add_tokens(writer, call);
    provider_add_text(writer, openai_write_name(call, WRITE_EFFORT), setting_text(call, "effort"));
    add_temperature(writer, call);
    add_user(writer, call);
}

bool openai_write_build(const struct openai_call *call, struct arena *arena, struct exchange *out,
                        struct error *err)
{
    const bool is_responses = call->text_api == API_RESPONSES;
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    if (!openai_order_init(call, is_responses ? "/responses" : "/chat/completions", arena, out,
                           err))
        return false;
    out->first_byte_ms = FIRST_BYTE_MS;
    out->total_ms = TOTAL_MS;
    out->reply_size_max = (int64_t)REPLY_SIZE_MAX;
    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    provider_add_text(&writer, "model", call->request->model);
    if (is_responses)
        write_responses(&writer, call, system_of(call, arena));
    else
        write_chat(&writer, call, system_of(call, arena));
    json_end_object(&writer);
    exchange_set_body(out, arena, arena_str(arena, buf_str(&buf)));
    return true;
}
