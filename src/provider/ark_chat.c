/*
 * provider/ark_chat.c: text from Ark's chat completions, which are OpenAI's in form (facts 4A and
 * 1.6): Doubao Seed models that write and look at pictures.
 */
#include "provider/ark_private.h"

#include <stdio.h>

#define SCHEMA_SIZE_MAX KIB(64)
#define OUTPUT_TOKENS_MAX 1000000
#define WAIT_MS 600000 /* of text (facts 0.5) */
#define REPLY_SIZE_MAX ((int64_t)MIB(8))

/* --- the call --- */

static struct str thinking_of(const struct ark_call *call)
{
    static const char *const modes[] = {"enabled", "disabled", "auto", NULL};
    struct str mode = account_option_text(call->account, "thinking");

    return ark_may_send(call, ARK_THINKING) && text_is_listed(mode, modes) ? mode : STR_EMPTY;
}

bool ark_chat_is_sent(const struct ark_call *call, enum ark_field field)
{
    if (field == ARK_SCHEMA)
        return call->request->schema.size > 0 && ark_may_send(call, ARK_SCHEMA);
    if (field == ARK_TOKENS)
        return ark_may_send(call, ARK_TOKENS);
    if (field == ARK_TOKENS_OTHER)
        return !ark_may_send(call, ARK_TOKENS) && ark_may_send(call, ARK_TOKENS_OTHER);
    return field == ARK_THINKING && thinking_of(call).size > 0;
}

static bool check_schema(const struct ark_call *call, struct error *err)
{
    CLEANUP(json_cleanup) struct json *schema = NULL;
    struct str text = call->request->schema;
    struct error ignored;

    if (text.size == 0)
        return true;
    if (!call->model.has_schema)
        return error_field(err, ERROR_INVALID, "schema", 0, "%.*s writes to no schema",
                           STR_ARGS(call->model.name));
    if (text.size > SCHEMA_SIZE_MAX)
        return error_field(err, ERROR_TOO_LONG, "schema", (int64_t)SCHEMA_SIZE_MAX,
                           "the schema is longer than %zu KiB", SCHEMA_SIZE_MAX >> 10);
    return (json_read(text, &schema, &ignored) && json_is(schema, JSON_OBJECT)) ||
           error_field(err, ERROR_INVALID, "schema", 0, "the schema is no JSON object");
}

bool ark_chat_check(const struct ark_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (request->model.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (!call->model.can_write)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s writes no text",
                           STR_ARGS(call->model.name));
    if (str_trim(request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    if (request->mask != NULL)
        return error_field(err, ERROR_INVALID, "mask", 0, "text has no mask");
    if (request->output_tokens_max < 0 || request->output_tokens_max > OUTPUT_TOKENS_MAX)
        return error_field(err, ERROR_TOO_BIG, "output_tokens_max", OUTPUT_TOKENS_MAX,
                           "at most %d tokens", OUTPUT_TOKENS_MAX);
    return check_schema(call, err) && ark_check_pictures(call, err);
}

static void add_text(struct json_writer *writer, const char *name, struct str text)
{
    json_name(writer, name);
    json_add_text(writer, text);
}

/* A model that takes no schema is told it in words. */
static struct str system_of(const struct ark_call *call, struct arena *arena)
{
    const struct provider_request *request = call->request;

    if (request->schema.size == 0 || ark_may_send(call, ARK_SCHEMA))
        return request->system;
    return arena_printf(arena,
                        "%.*s%sAnswer with one JSON object and nothing else. It must fit this JSON "
                        "schema: %.*s",
                        STR_ARGS(request->system), request->system.size > 0 ? "\n\n" : "",
                        STR_ARGS(request->schema));
}

static void write_user(struct json_writer *writer, const struct provider_request *request)
{
    json_begin_object(writer);
    add_text(writer, "role", STR("user"));
    json_name(writer, "content");
    if (request->reference_count == 0) {
        json_add_text(writer, request->prompt);
        json_end_object(writer);
        return;
    }
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++) {
        json_begin_object(writer);
        add_text(writer, "type", STR("image_url"));
        json_name(writer, "image_url");
        json_begin_object(writer);
        json_name(writer, "url");
        ark_write_data_uri(writer, request->references[i].bytes);
        json_end_object(writer);
        json_end_object(writer);
    }
    json_begin_object(writer);
    add_text(writer, "type", STR("text"));
    add_text(writer, "text", request->prompt);
    json_end_object(writer);
    json_end_list(writer);
    json_end_object(writer);
}

static void write_schema(struct json_writer *writer, const struct provider_request *request)
{
    json_name(writer, "response_format");
    json_begin_object(writer);
    add_text(writer, "type", STR("json_schema"));
    json_name(writer, "json_schema");
    json_begin_object(writer);
    add_text(writer, "name", request->schema_name.size > 0 ? request->schema_name : STR("answer"));
    json_name(writer, "schema");
    json_add_raw(writer, request->schema); /* check_schema() has read it */
    json_name(writer, "strict");
    json_add_bool(writer, true);
    json_end_object(writer);
    json_end_object(writer);
}

/* The names of facts 1.6; that Ark takes them too follows from "OpenAI-compatible" alone. */
static void add_tokens_max(struct json_writer *writer, const struct ark_call *call)
{
    const bool thinks = !str_equal(thinking_of(call), STR("disabled"));
    const bool is_open = call->request->output_tokens_max <= 0 && thinks;

    for (enum ark_field field = ARK_TOKENS; field <= ARK_TOKENS_OTHER; field++)
        if (ark_chat_is_sent(call, field))
            provider_add_int(writer, ark_field_names[field],
                             is_open ? WRITE_TOKENS_OPEN : provider_write_tokens(call->request));
}

static struct str write_body(const struct ark_call *call, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;
    struct str system = system_of(call, arena), thinking = thinking_of(call);

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    add_text(&writer, "model", call->request->model);
    json_name(&writer, "messages");
    json_begin_list(&writer);
    if (system.size > 0) {
        json_begin_object(&writer);
        add_text(&writer, "role", STR("system"));
        add_text(&writer, "content", system);
        json_end_object(&writer);
    }
    write_user(&writer, call->request);
    json_end_list(&writer);
    add_tokens_max(&writer, call);
    if (ark_chat_is_sent(call, ARK_SCHEMA))
        write_schema(&writer, call->request);
    if (thinking.size > 0) {
        json_name(&writer, "thinking");
        json_begin_object(&writer);
        add_text(&writer, "type", thinking);
        json_end_object(&writer);
    }
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

bool ark_chat_build(const struct ark_call *call, struct arena *arena, struct exchange *out,
                    struct error *err)
{
    if (!ark_exchange_init(call->account, call->base, "/chat/completions", arena, out, err))
        return false;
    out->purpose = EXCHANGE_SUBMIT;
    out->is_paid = true;
    out->dropped = call->dropped;
    out->first_byte_ms = WAIT_MS;
    out->total_ms = WAIT_MS;
    out->reply_size_max = REPLY_SIZE_MAX;
    exchange_set_body(out, arena, write_body(call, arena));
    return true;
}

/* --- the answer --- */

static bool fail(struct provider_verdict *out, enum failure_class class, const char *message)
{
    out->failure.class = class;
    out->failure.charged = CHARGED_YES;
    out->failure.message = str_of(message);
    return true;
}

/* "content" is a text, or parts of which some are text. */
static struct str read_content(const struct json *content, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};

    if (json_is(content, JSON_TEXT))
        return arena_str(arena, json_text(content));
    for (size_t i = 0; i < json_count(content); i++)
        buf_add(&text, json_text(json_get(json_item(content, i), "text")));
    return arena_str(arena, buf_str(&text));
}

/* ```json … ```: how models without a schema like to dress it. */
static struct str cut_fence(struct str text)
{
    text = str_trim(text);
    if (!str_starts_with(text, STR("```")) || !str_ends_with(text, STR("```")) || text.size < 6)
        return text;
    text = str_slice(text, 3, text.size - 6);
    if (str_starts_with(text, STR("json")))
        text = str_slice(text, 4, text.size);
    return str_trim(text);
}

static bool read_object(struct str text, struct arena *arena, struct str *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;

    if (!json_read_liberal(cut_fence(text), &json, &ignored) || !json_is(json, JSON_OBJECT))
        return false;
    *out = json_print(json, arena);
    return true;
}

static int64_t count_of(const struct json *usage, const char *name)
{
    int64_t count = json_int_or(json_get(usage, name), -1);

    return count < 0 || count > 1000000000 ? -1 : count;
}

static bool read_choice(const struct ark_call *call, const struct json *choice, struct arena *arena,
                        struct provider_verdict *out)
{
    struct str reason = json_text(json_get(choice, "finish_reason"));
    const struct json *message = json_get(choice, "message");
    struct str text = read_content(json_get(message, "content"), arena);
    struct str refusal = json_text(json_get(message, "refusal"));

    if (str_equal(reason, STR("content_filter")))
        return fail(out, FAILURE_REFUSED, "the answer was stopped by the content filter");
    if (str_trim(text).size == 0 && refusal.size > 0) {
        (void)fail(out, FAILURE_REFUSED, "");
        out->failure.message = provider_text_clean(str_trim(secret_expose(call->account->key)),
                                                   refusal, PROVIDER_MESSAGE_MAX, arena);
        return true;
    }
    /* Cut short it would be cut short again. */
    if (str_equal(reason, STR("length")) &&
        (call->request->schema.size > 0 || str_trim(text).size == 0))
        return fail(out, FAILURE_INVALID,
                    "the answer did not end within the tokens allowed; allow more");
    if (str_trim(text).size == 0)
        return fail(out, FAILURE_SERVER, "the answer is empty");
    if (call->request->schema.size > 0 && !read_object(text, arena, &text))
        return fail(out, FAILURE_SERVER, "the answer is no JSON object");
    out->type = VERDICT_DONE;
    out->text = text;
    return true;
}

bool ark_chat_read(const struct ark_call *call, const struct exchange_reply *reply,
                   struct arena *arena, struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *choices, *usage;
    struct error ignored;

    if (reply->outcome != EXCHANGE_REPLIED || reply->status < 200 || reply->status > 299 ||
        !json_read_liberal(reply->body, &json, &ignored))
        return false;
    choices = json_get(json, "choices");
    usage = json_get(json, "usage");
    if (json_count(choices) == 0 || !json_is(json_item(choices, 0), JSON_OBJECT))
        return false;
    out->usage.tokens_in = count_of(usage, "prompt_tokens");
    out->usage.tokens_out = count_of(usage, "completion_tokens");
    return read_choice(call, json_item(choices, 0), arena, out);
}
