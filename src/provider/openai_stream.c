/*
 * provider/openai_stream.c: streamed partial pictures (facts 1.4 and 1.5).  What it leaves behind
 * is a body as a call without a stream would have got it: {"data": [completed event, …]}; of the
 * Responses API {"output": [item, …], "response": {…}}; or an error.
 */
#include "provider/openai_private.h"
#include "provider/sse.h"

#include "core/hash.h"

#include <assert.h>

#define GATHERED_SIZE_MAX MIB(64)
#define PARTIALS_SIZE_MAX MIB(64) /* decoded, in all: an arena forgets nothing */
#define COMPLETED_MAX 16

struct provider_stream {
    struct arena *arena;
    struct sse_reply reply;
    struct arena_buf completed; /* {"data":[ and the completed events, joined by commas */
    struct arena_buf items;     /* the same of a response: {"output":[ and its pictures */
    struct str response;        /* the response that ended it, without its pictures */
    struct str error;           /* the first error event's data */
    size_t completed_count, item_count, partials_size;
    bool is_too_large, has_picture;
};

/* For one call of sse_feed. */
struct feed {
    struct provider_stream *stream;
    void (*on_partial)(void *context, const struct provider_partial *partial);
    void *context;
};

struct provider_stream *openai_stream_begin(struct arena *arena)
{
    struct provider_stream *stream = ARENA_NEW(arena, struct provider_stream);

    stream->arena = arena;
    stream->completed = (struct arena_buf){.arena = arena, .size_max = GATHERED_SIZE_MAX};
    stream->items = (struct arena_buf){.arena = arena, .size_max = GATHERED_SIZE_MAX};
    sse_reply_init(&stream->reply, arena, GATHERED_SIZE_MAX);
    return stream;
}

static void take_partial(struct feed *feed, const struct json *event)
{
    struct provider_partial partial = {
        .index = json_int_or(json_get(event, "partial_image_index"), 0),
    };
    struct str text = json_text(json_get(event, "b64_json"));

    if (text.size == 0)
        text = json_text(json_get(event, "partial_image_b64"));
    /* A broken partial picture is skipped: it was only for looking at. */
    if (feed->on_partial == NULL || text.size == 0 ||
        !base64_read(text, PARTIALS_SIZE_MAX - feed->stream->partials_size, feed->stream->arena,
                     &partial.bytes))
        return;
    feed->stream->partials_size += partial.bytes.size;
    if (picture_is_whole(partial.bytes))
        feed->on_partial(feed->context, &partial);
}

static void take_completed(struct provider_stream *stream, struct str data)
{
    if (stream->completed_count == COMPLETED_MAX)
        return;
    if (!arena_buf_add(&stream->completed,
                       stream->completed_count == 0 ? STR("{\"data\":[") : STR(",")) ||
        !arena_buf_add(&stream->completed, data)) {
        stream->is_too_large = true;
        return;
    }
    stream->completed_count++;
}

/* A picture of the tool, or what the model says. */
static void take_item(struct provider_stream *stream, const struct json *item)
{
    CLEANUP(buf_finish) struct buf text = {0};

    if (stream->item_count == COMPLETED_MAX || !json_is(item, JSON_OBJECT))
        return;
    json_print_add(item, &text);
    if (!arena_buf_add(&stream->items, stream->item_count == 0 ? STR("{\"output\":[") : STR(",")) ||
        !arena_buf_add(&stream->items, buf_str(&text))) {
        stream->is_too_large = true;
        return;
    }
    stream->item_count++;
    stream->has_picture = stream->has_picture || json_text(json_get(item, "result")).size > 0;
}

/* How it ended and what it cost.  Its items came before; a server that sent none has them here. */
static void take_response(struct provider_stream *stream, const struct json *response)
{
    static const char *const names[] = {"id",    "status",     "error", "incomplete_details",
                                        "usage", "tool_usage", NULL};
    CLEANUP(buf_finish) struct buf text = {0};
    const struct json *items = json_get(response, "output");
    struct json_writer writer;

    for (size_t i = 0; stream->item_count == 0 && i < json_count(items) && i < COMPLETED_MAX; i++)
        take_item(stream, json_item(items, i));
    json_writer_init(&writer, &text);
    json_begin_object(&writer);
    for (size_t i = 0; names[i] != NULL; i++)
        if (json_get(response, names[i]) != NULL) {
            json_name(&writer, names[i]);
            json_add_raw(&writer, json_print(json_get(response, names[i]), stream->arena));
        }
    json_end_object(&writer);
    stream->response = arena_str(stream->arena, buf_str(&text));
}

static bool is_end(struct str type)
{
    return str_equal(type, STR("response.completed")) ||
           str_equal(type, STR("response.incomplete")) || str_equal(type, STR("response.failed")) ||
           str_equal(type, STR("response.cancelled"));
}

static void take_error(struct provider_stream *stream, struct str data, const struct json *event)
{
    if (stream->error.size > 0)
        return;
    data = str_slice(data, 0, KIB(64));
    /* {"type": "error", "error": {…}} as it is; {"code", "message"} is wrapped into that. */
    stream->error = json_get(event, "error") != NULL
                        ? arena_str(stream->arena, data)
                        : arena_printf(stream->arena, "{\"error\":%.*s}", STR_ARGS(data));
}

static void take_event(void *context, struct str name, struct str data)
{
    CLEANUP(json_cleanup) struct json *event = NULL;
    struct feed *feed = context;
    struct error ignored;
    struct str type;

    /* "[DONE]" and whatever else is no JSON says nothing. */
    if (!json_read_liberal(data, &event, &ignored) || !json_is(event, JSON_OBJECT))
        return;
    type = json_text(json_get(event, "type"));
    if (type.size == 0)
        type = name;
    if (str_ends_with(type, STR(".partial_image")))
        take_partial(feed, event);
    else if (str_equal(type, STR("image_generation.completed")) ||
             str_equal(type, STR("image_edit.completed")))
        take_completed(feed->stream, data);
    else if (str_equal(type, STR("response.output_item.done")))
        take_item(feed->stream, json_get(event, "item"));
    else if (is_end(type) && feed->stream->response.size == 0)
        take_response(feed->stream, json_get(event, "response"));
    else if (str_equal(type, STR("error")) || str_equal(name, STR("error")) ||
             json_is(json_get(event, "error"), JSON_OBJECT))
        take_error(feed->stream, data, event);
}

void openai_stream_feed(struct provider_stream *stream, struct str piece,
                        void (*on_partial)(void *context, const struct provider_partial *partial),
                        void *context)
{
    struct feed feed = {.stream = stream, .on_partial = on_partial, .context = context};

    if (!stream->is_too_large && !sse_reply_feed(&stream->reply, piece, take_event, &feed))
        stream->is_too_large = true;
}

static struct str make_error(struct provider_stream *stream, const char *message)
{
    return arena_printf(stream->arena,
                        "{\"error\":{\"message\":\"%s\",\"type\":\"" OPENAI_STREAM_CODE
                        "\",\"code\":\"" OPENAI_STREAM_CODE "\"}}",
                        message);
}

struct str openai_stream_end(struct provider_stream *stream)
{
    struct feed feed = {.stream = stream};
    struct str body;

    if (!stream->is_too_large && !sse_reply_end(&stream->reply, take_event, &feed))
        stream->is_too_large = true;
    if (stream->completed_count > 0 && arena_buf_add(&stream->completed, STR("]}")))
        return arena_buf_str(&stream->completed);
    if (stream->completed_count > 0)
        return make_error(stream, "the stream was too large");
    /* An item alone may be the picture: what came before the stream broke was made and is kept. */
    if (!stream->is_too_large &&
        (stream->has_picture ||
         (stream->error.size == 0 && (stream->item_count > 0 || stream->response.size > 0))))
        return arena_printf(
            stream->arena, "%.*s],\"response\":%.*s}",
            STR_ARGS(stream->item_count > 0 ? arena_buf_str(&stream->items) : STR("{\"output\":[")),
            STR_ARGS(stream->response.size > 0 ? stream->response : STR("{}")));
    if (stream->is_too_large)
        return make_error(stream, "the stream was too large");
    if (stream->error.size > 0)
        return stream->error;
    body = arena_buf_str(&stream->reply.plain);
    return body.size > 0 ? body : make_error(stream, "the stream ended without a picture");
}
