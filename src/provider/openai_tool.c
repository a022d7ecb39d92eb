/*
 * provider/openai_tool.c: pictures through the Responses API: a text model is told to make exactly
 * one with the image_generation tool (facts 1.5).  At once, as a stream with partial pictures, or
 * in the background, asked for by the response's id.
 */
#include "provider/openai_private.h"

#define FIRST_BYTE_MS 600000
#define STREAM_IDLE_MS 300000
#define TOTAL_MS 900000
#define POLL_MS 30000
#define REPLY_SIZE_MAX MIB(192) /* a picture, in the stream's item and in its end */
#define REMOTE_ID_SIZE_MAX 128
#define MAIN_MODEL "gpt-6-sol"
#define INSTRUCTIONS                                                                               \
    "Make exactly one picture with the image_generation tool. Hand the user's prompt on word for " \
    "word and add nothing to it."
#define MEMO "responses"

static bool is_background(const struct provider_account *account)
{
    return account_option_bool(account, "responses_background", false);
}

static struct str main_model(const struct provider_account *account)
{
    struct str model = account_option_text(account, "responses_model");

    return model.size > 0 ? model : STR(MAIN_MODEL);
}

bool openai_wants_tool(const struct provider_account *account,
                       const struct provider_request *request)
{
    return request->action != PROVIDER_WRITE &&
           str_equal(account_option_text(account, "images_api"), STR("responses"));
}

/*
 * It reads what the tool is to get, and writes the prompt once more with what it thinks about it:
 * as much as a text may have whose length is left open.  No limit is sent that would hold it to
 * that, for no fact says that max_output_tokens leaves the tool's own tokens out, and a picture
 * that is cut is paid for all the same.
 */
bool openai_tool_writes(const struct provider_account *account,
                        const struct provider_request *request, struct provider_request *out)
{
    if (!openai_wants_tool(account, request))
        return false;
    *out = (struct provider_request){
        .action = PROVIDER_WRITE,
        .model = main_model(account),
        .prompt = request->prompt,
        .count = 1,
        .compression = -1,
        .system = STR(INSTRUCTIONS),
        .output_tokens_max = provider_count_tokens(request->prompt) + WRITE_TOKENS_DEFAULT,
        /* They are shown without a "detail", which is what holds one to the tokens of the row: at
         * 2048 px a side (operation/image.c) it has 64 x 64 x 1.2, as many as 1.7 (facts 8.4). */
        .reference_count = (request->reference_count * 17 + 9) / 10,
    };
    return true;
}

bool openai_is_tool(const struct exchange *exchange)
{
    return str_equal(exchange->memo, STR(MEMO));
}

bool openai_tool_streams(const struct openai_call *call)
{
    return openai_streams(call) && !is_background(call->account);
}

bool openai_tool_check(const struct openai_call *call, struct error *err)
{
    if (call->request->count > 1)
        return error_field(err, ERROR_TOO_BIG, "count", 1,
                           "one picture a call through the Responses API");
    return true;
}

/*
 * --- the request ---
 *
 * Not sent, of what the tool takes (facts 1.5): input_fidelity, gif and svg, and with these
 * frame_count, frame_duration_ms and svg, for the reasons in openai_request.c; a format that a
 * model's row does not list is refused.
 */

static void add_flag(struct json_writer *writer, const char *name, bool value)
{
    json_name(writer, name);
    json_add_bool(writer, value);
}

static void add_input(struct json_writer *writer, const struct provider_request *request)
{
    json_name(writer, "input");
    json_begin_list(writer);
    json_begin_object(writer);
    provider_add_text(writer, "role", STR("user"));
    json_name(writer, "content");
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++) {
        json_begin_object(writer);
        provider_add_text(writer, "type", STR("input_image"));
        json_name(writer, "image_url");
        picture_write_base64(writer, request->references[i].bytes, true);
        json_end_object(writer);
    }
    json_begin_object(writer);
    provider_add_text(writer, "type", STR("input_text"));
    provider_add_text(writer, "text", request->prompt);
    json_end_object(writer);
    json_end_list(writer);
    json_end_object(writer);
    json_end_list(writer);
}

static void add_tool(struct json_writer *writer, const struct openai_call *call,
                     struct arena *arena)
{
    const struct provider_request *request = call->request;
    struct str moderation = call_option_text(call->account, call->request, "moderation");

    json_name(writer, "tools");
    json_begin_list(writer);
    json_begin_object(writer);
    provider_add_text(writer, "type", STR("image_generation"));
    provider_add_text(writer, "model", request->model);
    provider_add_text(writer, "action", openai_is_edit(request) ? STR("edit") : STR("generate"));
    if (request->width_px > 0)
        provider_add_text(writer, openai_name(call, OPENAI_SIZE),
                          arena_printf(arena, "%lldx%lld", (long long)request->width_px,
                                       (long long)request->height_px));
    provider_add_text(writer, openai_name(call, OPENAI_QUALITY), openai_quality(call));
    provider_add_text(writer, openai_name(call, OPENAI_BACKGROUND), request->background);
    provider_add_text(writer, openai_name(call, OPENAI_FORMAT), request->format);
    if (request->compression >= 0)
        provider_add_int(writer, openai_name(call, OPENAI_COMPRESSION), request->compression);
    if (str_equal(moderation, STR("low")))
        provider_add_text(writer, openai_name(call, OPENAI_MODERATION), moderation);
    provider_add_text(writer, openai_name(call, OPENAI_COMPLEXITY), openai_complexity(call));
    if (openai_tool_streams(call))
        provider_add_int(writer, openai_name(call, OPENAI_PARTIALS), request->partial_images);
    if (request->mask != NULL) {
        json_name(writer, "input_image_mask");
        json_begin_object(writer);
        json_name(writer, "image_url");
        picture_write_base64(writer, request->mask->bytes, true);
        json_end_object(writer);
    }
    json_end_object(writer);
    json_end_list(writer);
    json_name(writer, "tool_choice");
    json_begin_object(writer);
    provider_add_text(writer, "type", STR("image_generation"));
    json_end_object(writer);
}

static struct str write_body(const struct openai_call *call, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    provider_add_text(&writer, "model", main_model(call->account));
    provider_add_text(&writer, "instructions", STR(INSTRUCTIONS));
    add_input(&writer, call->request);
    add_tool(&writer, call, arena);
    if (is_background(call->account))
        add_flag(&writer, "background", true); /* which needs the response to be stored */
    else
        add_flag(&writer, "store", false);
    if (openai_tool_streams(call))
        add_flag(&writer, "stream", true);
    provider_add_text(&writer, openai_name(call, OPENAI_USER), call->request->safety_id);
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

bool openai_tool_build(const struct openai_call *call, struct arena *arena, struct exchange *out,
                       struct error *err)
{
    if (!openai_order_init(call, "/responses", arena, out, err))
        return false;
    out->memo = STR(MEMO);
    out->is_stream = openai_tool_streams(call);
    out->first_byte_ms = FIRST_BYTE_MS;
    out->idle_ms = out->is_stream ? STREAM_IDLE_MS : 0;
    out->total_ms = TOTAL_MS;
    out->reply_size_max = (int64_t)REPLY_SIZE_MAX;
    exchange_set_body(out, arena, write_body(call, arena));
    return true;
}

/* --- work in the background --- */

static bool is_remote_id(struct str id)
{
    if (id.size == 0 || id.size > REMOTE_ID_SIZE_MAX)
        return false;
    for (size_t i = 0; i < id.size; i++) {
        char c = id.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == '_' || c == '-'))
            return false;
    }
    return true;
}

static bool ask(const struct provider_account *account, struct str remote_id,
                enum exchange_purpose purpose, struct arena *arena, struct exchange *out,
                struct error *err)
{
    const bool is_cancel = purpose == EXCHANGE_CANCEL;
    struct provider_request nothing = {.compression = -1};
    struct openai_call call;

    if (!is_remote_id(remote_id))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no response's id");
    if (!openai_call_init(&call, account, &nothing, 0, arena, err) ||
        !openai_exchange_init(account, arena, out, err))
        return false;
    out->purpose = purpose;
    out->method = is_cancel ? STR("POST") : STR("GET");
    out->url = arena_printf(arena, "%.*s/responses/%.*s%s", STR_ARGS(call.base),
                            STR_ARGS(remote_id), is_cancel ? "/cancel" : "");
    out->memo = STR(MEMO);
    out->first_byte_ms = POLL_MS;
    out->total_ms = TOTAL_MS;
    out->reply_size_max = (int64_t)REPLY_SIZE_MAX;
    return true;
}

bool openai_poll(const struct provider_account *account, struct str remote_id, struct arena *arena,
                 struct exchange *out, struct error *err)
{
    return ask(account, remote_id, EXCHANGE_POLL, arena, out, err);
}

bool openai_cancel(const struct provider_account *account, struct str remote_id,
                   struct arena *arena, struct exchange *out, struct error *err)
{
    return ask(account, remote_id, EXCHANGE_CANCEL, arena, out, err);
}

/* --- replies --- */

/* What the picture's tokens cost, and what the text model's did; -1 when either is unknown. */
static int64_t add_costs(const struct openai_call *call, const struct json *response,
                         const struct provider_usage *usage, size_t picture_count,
                         const char **paid_in)
{
    const struct provider_request said = {.action = PROVIDER_WRITE,
                                          .model = main_model(call->account)};
    struct provider_verdict picture = {
        .type = VERDICT_DONE, .picture_count = picture_count, .usage = *usage};
    struct provider_verdict text = {
        .type = VERDICT_DONE, .usage = {-1, -1, -1, -1, -1, -1, NULL}
    };
    int64_t picture_cost = 0, text_cost;
    const char *currency = "", *picture_currency = NULL;

    text.usage.tokens_in = json_int_or(json_path(response, "usage.input_tokens"), -1);
    text.usage.tokens_out = json_int_or(json_path(response, "usage.output_tokens"), -1);
    text.cached_tokens_in =
        json_int_or(json_path(response, "usage.input_tokens_details.cached_tokens"), 0);
    text_cost = provider_cost(&provider_openai, call->account, &said, &text, &currency);
    if (usage->tokens_out >= 0 || picture_count > 0)
        picture_cost = provider_cost(&provider_openai, call->account, call->request, &picture,
                                     &picture_currency);
    *paid_in = currency;
    if (picture_currency != NULL && !str_equal(str_of(currency), str_of(picture_currency)))
        return -1; /* a house may have a price of its own for one of them: no sum of two monies */
    return picture_cost < 0 || text_cost < 0 ? -1 : picture_cost + text_cost;
}

static int64_t tokens_at(const struct json *json, const char *path)
{
    int64_t tokens = json_int_or(json_path(json, path), -1);

    return tokens < 0 || tokens > 1000000000 ? -1 : tokens;
}

/* Tokens of the picture stand beside usage, which is the text model's alone. */
static void read_usage(const struct openai_call *call, const struct json *response,
                       size_t picture_count, struct provider_verdict *out)
{
    const struct json *tool = json_path(response, "tool_usage.image_gen");
    struct provider_usage *usage = &out->usage;

    usage->tokens_in = tokens_at(tool, "input_tokens");
    usage->tokens_out = tokens_at(tool, "output_tokens");
    usage->text_tokens_in = tokens_at(tool, "input_tokens_details.text_tokens");
    usage->image_tokens_in = tokens_at(tool, "input_tokens_details.image_tokens");
    usage->cost_micro = add_costs(call, response, usage, picture_count, &usage->currency);
    if (usage->cost_micro < 0)
        usage->currency = NULL;
    usage->images = picture_count > 0 ? (int64_t)picture_count : -1;
}

/* The error of the tool's call, else of the response: {"error": …} as a reply of its own. */
static void classify(const struct openai_call *call, const struct exchange_reply *reply,
                     const struct json *items, const struct json *response, struct arena *arena,
                     struct provider_failure *out)
{
    const struct json *error = json_get(response, "error");
    CLEANUP(buf_finish) struct buf body = {0};
    struct exchange_reply said = *reply;

    for (size_t i = 0; i < json_count(items); i++) {
        const struct json *item = json_item(items, i);
        if (str_equal(json_text(json_get(item, "type")), STR("image_generation_call")) &&
            json_is(json_get(item, "error"), JSON_OBJECT))
            error = json_get(item, "error");
    }
    if (json_is(error, JSON_OBJECT)) {
        buf_add(&body, STR("{\"error\":"));
        json_print_add(error, &body);
        buf_add_char(&body, '}');
        said.body = buf_str(&body);
    }
    exchange_classify_for(call->account, &said, arena, out);
}

/* What the text model said instead of making a picture. */
static void read_words(const struct openai_call *call, const struct json *items,
                       struct arena *arena, struct provider_failure *out)
{
    struct str key = str_trim(secret_expose(call->account->key));
    CLEANUP(buf_finish) struct buf text = {0};
    bool is_refusal = false;

    for (size_t i = 0; i < json_count(items); i++) {
        const struct json *parts = json_get(json_item(items, i), "content");
        for (size_t part = 0; part < json_count(parts); part++) {
            struct str refusal = json_text(json_get(json_item(parts, part), "refusal"));
            is_refusal = is_refusal || refusal.size > 0;
            buf_add(&text, refusal);
            buf_add(&text, json_text(json_get(json_item(parts, part), "text")));
        }
    }
    if (text.size == 0)
        return;
    out->message = provider_text_clean(key, buf_str(&text), PROVIDER_MESSAGE_MAX, arena);
    if (is_refusal)
        out->class = FAILURE_REFUSED;
}

static void fail(const struct openai_call *call, const struct exchange_reply *reply,
                 const struct json *items, const struct json *response, bool is_broken,
                 struct arena *arena, struct provider_verdict *out)
{
    struct provider_failure *failure = &out->failure;
    struct str status = json_text(json_get(response, "status"));

    classify(call, reply, items, response, arena, failure);
    if (failure->class == FAILURE_UNKNOWN && is_broken) {
        failure->message = STR("the picture in the reply is broken or cut short");
        failure->charged = CHARGED_YES;
    } else if (str_equal(status, STR("cancelled"))) {
        failure->class = FAILURE_CANCELLED;
        failure->message = STR("the response was cancelled");
    } else if (str_equal(json_text(json_path(response, "incomplete_details.reason")),
                         STR("content_filter"))) {
        failure->class = FAILURE_REFUSED;
        failure->code = STR("content_filter");
    } else if (failure->class == FAILURE_UNKNOWN) {
        read_words(call, items, arena, failure);
    }
    if (out->usage.cost_micro > 0) /* it says what it used */
        failure->charged = CHARGED_YES;
}

/* Accepted, or asked too early: the id is all that is needed. */
static bool read_waiting(const struct exchange *exchange, const struct json *response,
                         bool was_background, struct arena *arena, struct provider_verdict *out)
{
    struct str status = json_text(json_get(response, "status"));
    struct str id = json_text(json_get(response, "id"));

    if ((!str_equal(status, STR("queued")) && !str_equal(status, STR("in_progress"))) ||
        !is_remote_id(id) || (exchange->purpose == EXCHANGE_SUBMIT && !was_background))
        return false;
    out->type = VERDICT_WAIT;
    out->remote_id = arena_str(arena, id);
    return true;
}

/* The engine asks again after every class that might be the poll's own trouble, and takes what is
 * invalid for an id that is not known: a response that says that it is over gets another one. */
static void end_work(const struct exchange *exchange, const struct json *response,
                     struct provider_failure *failure)
{
    struct str status = json_text(json_get(response, "status"));
    const bool has_failed = str_equal(status, STR("failed"));

    if (exchange->purpose == EXCHANGE_SUBMIT ||
        (!has_failed && !str_equal(status, STR("completed")) &&
         !str_equal(status, STR("incomplete"))))
        return;
    if (failure->class == FAILURE_UNKNOWN && !has_failed)
        failure->class = FAILURE_RESULT_LOST;
    else if (failure->class != FAILURE_REFUSED)
        failure->class = FAILURE_REMOTE;
}

void openai_tool_read(const struct openai_call *call, const struct exchange *exchange,
                      const struct exchange_reply *reply, bool can_retry, struct arena *arena,
                      struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *response, *items;
    struct picture_list list;
    struct error ignored;
    bool is_good =
        reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300;
    bool is_late = reply->outcome == EXCHANGE_LOST && exchange->is_stream;

    picture_list_init(&list, arena);
    if ((is_good || is_late) && !json_read_liberal(reply->body, &json, &ignored))
        json = NULL;
    /* A stream's: its items, and beside them the response that ended it (openai_stream.c). */
    response = json_get(json, "response") != NULL ? json_get(json, "response") : json;
    items = json_get(json, "output");
    if (json_is(items, JSON_LIST))
        picture_list_read(&list, json);
    if (is_good && read_waiting(exchange, response, is_background(call->account), arena, out))
        return;
    if (json != NULL)
        read_usage(call, response, list.count, out);
    if (list.count > 0) {
        out->type = VERDICT_DONE;
        out->pictures = list.items;
        out->picture_count = list.count;
        out->is_cut = exchange->is_stream && out->usage.tokens_out < 0;
        return;
    }
    fail(call, reply, items, response, list.broken > 0, arena, out);
    if (is_good)
        end_work(exchange, response, &out->failure);
    /* Of a question there is no next: that would be an order. */
    if (can_retry && exchange->purpose == EXCHANGE_SUBMIT &&
        out->failure.class == FAILURE_INVALID &&
        openai_find_next(call, exchange, reply, arena, &out->next))
        out->type = VERDICT_NEXT;
}
