/*
 * provider/ark_stream.c: the pictures of a group one by one (facts 4A).  What it leaves behind is a
 * body as a call without a stream would have got it: {"data": [event, …], "usage": {…}}, where an
 * event is a picture or an error, or a body that is an error alone.
 */
#include "provider/ark_private.h"
#include "provider/sse.h"

#include "core/hash.h"

#define PICTURES_SIZE_MAX MIB(80) /* of all events together; ark_request.c asks for less */
#define PLAIN_SIZE_MAX MIB(64)
#define EVENTS_MAX 32 /* a group has 15 pictures at most */

struct provider_stream {
    struct arena *arena;
    struct sse_reply reply;
    struct str events[EVENTS_MAX]; /* pictures made, and those that failed */
    size_t event_count, events_size;
    struct str usage, error;
    bool is_too_large;
};

/* For one call of sse_reply_feed. */
struct feed {
    struct provider_stream *stream;
    void (*on_partial)(void *context, const struct provider_partial *partial);
    void *context;
};

struct provider_stream *ark_stream_begin(struct arena *arena)
{
    struct provider_stream *stream = ARENA_NEW(arena, struct provider_stream);

    stream->arena = arena;
    sse_reply_init(&stream->reply, arena, PLAIN_SIZE_MAX);
    return stream;
}

static void show(const struct feed *feed, const struct json *event)
{
    struct provider_partial partial = {.index = json_int_or(json_get(event, "image_index"), 0)};
    struct str text = json_text(json_get(event, "b64_json"));

    if (feed->on_partial != NULL && text.size > 0 &&
        base64_read(text, PICTURE_SIZE_MAX, feed->stream->arena, &partial.bytes) &&
        picture_is_whole(partial.bytes))
        feed->on_partial(feed->context, &partial);
}

static void keep(struct provider_stream *stream, struct str data)
{
    if (stream->event_count == EVENTS_MAX || data.size > PICTURES_SIZE_MAX - stream->events_size) {
        stream->is_too_large = true;
        return;
    }
    stream->events[stream->event_count++] = arena_str(stream->arena, data);
    stream->events_size += data.size;
}

static void take_event(void *context, struct str name, struct str data)
{
    CLEANUP(json_cleanup) struct json *event = NULL;
    const struct feed *feed = context;
    struct provider_stream *stream = feed->stream;
    struct error ignored;
    struct str type;

    /* "[DONE]" and whatever else is no JSON says nothing. */
    if (stream->is_too_large || !json_read_liberal(data, &event, &ignored) ||
        !json_is(event, JSON_OBJECT))
        return;
    type = json_text(json_get(event, "type"));
    if (type.size == 0)
        type = name;
    if (str_ends_with(type, STR(".partial_succeeded"))) {
        keep(stream, data);
        if (!stream->is_too_large)
            show(feed, event);
    } else if (str_ends_with(type, STR(".partial_failed"))) {
        keep(stream, data);
    } else if (str_ends_with(type, STR(".completed"))) {
        stream->usage = json_print(json_get(event, "usage"), stream->arena);
    } else if (json_is(json_get(event, "error"), JSON_OBJECT) && stream->error.size == 0) {
        stream->error = arena_str(stream->arena, str_slice(data, 0, KIB(64)));
    }
}

void ark_stream_feed(struct provider_stream *stream, struct str piece,
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
                        "{\"error\":{\"code\":\"" ARK_STREAM_CODE "\",\"message\":\"%s\"}}",
                        message);
}

/* Written once into room of the right size: a buffer that grows would need it three times. */
static struct str join_events(const struct provider_stream *stream)
{
    size_t size = stream->events_size + stream->event_count + stream->usage.size + 32;
    struct arena_buf body = {
        .data = arena_try_alloc(stream->arena, size), .capacity = size, .size_max = size};
    bool is_whole = body.data != NULL && arena_buf_add(&body, STR("{\"data\":["));

    for (size_t i = 0; is_whole && i < stream->event_count; i++)
        is_whole =
            (i == 0 || arena_buf_add(&body, STR(","))) && arena_buf_add(&body, stream->events[i]);
    is_whole = is_whole && arena_buf_add(&body, STR("]")) &&
               (stream->usage.size == 0 || (arena_buf_add(&body, STR(",\"usage\":")) &&
                                            arena_buf_add(&body, stream->usage))) &&
               arena_buf_add(&body, STR("}"));
    return is_whole ? arena_buf_str(&body) : STR_EMPTY;
}

struct str ark_stream_end(struct provider_stream *stream)
{
    struct feed feed = {.stream = stream};
    struct str body = arena_buf_str(&stream->reply.plain);

    if (!stream->is_too_large && !sse_reply_end(&stream->reply, take_event, &feed))
        stream->is_too_large = true;
    if (stream->event_count > 0)
        return join_events(stream);
    if (stream->is_too_large)
        return make_error(stream, "the stream was too large");
    if (stream->error.size > 0)
        return stream->error;
    return body.size > 0 ? body : make_error(stream, "the stream ended without a picture");
}
