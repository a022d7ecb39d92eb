/*
 * provider/sse.h: server-sent events piece by piece (WHATWG HTML 9.2).  Memory is the arena's and
 * bounded; what passes the bound breaks the stream for good instead of growing it.
 */
#pragma once

#include "core/arena.h"
#include "core/str.h"

#define SSE_EVENT_SIZE_MAX MIB(48) /* one event: the largest 4K PNG there can be, in base64 */
#define SSE_EVENTS_MAX 10000

/* Bytes that grow in an arena.  Not for what ends soon: an arena frees nothing. */
struct arena_buf {
    struct arena *arena;
    char *data;
    size_t size, capacity, size_max;
};
/* False when there is no room; nothing is added then. */
MUST_CHECK bool arena_buf_add(struct arena_buf *buf, struct str bytes);
static inline struct str arena_buf_str(const struct arena_buf *buf)
{
    return (struct str){.data = buf->data, .size = buf->size};
}

/* `name` is empty when the event had none.  Both are valid until it returns. */
typedef void sse_handler(void *context, struct str name, struct str data);

struct sse {
    struct arena_buf line, name, data;
    size_t events;
    bool has_data, is_after_cr, is_after_first_line, is_broken;
};
void sse_init(struct sse *sse, struct arena *arena);
/* Calls `handler` for each event that is whole.  False once the stream is broken: too large. */
bool sse_feed(struct sse *sse, struct str piece, sse_handler *handler, void *context);
/* The stream ended: an event without its blank line is given too, for servers that forget it. */
bool sse_end(struct sse *sse, sse_handler *handler, void *context);

/*
 * A reply that should be events but is a plain body when the server decided not to stream (an
 * error, an older server, a web page): the first byte that counts tells.
 */
struct sse_reply {
    struct sse sse;
    struct arena_buf plain;
    bool is_started, is_plain, is_broken;
};
void sse_reply_init(struct sse_reply *reply, struct arena *arena, size_t plain_size_max);
/* False once the reply is broken: too large.  What came before stays. */
bool sse_reply_feed(struct sse_reply *reply, struct str piece, sse_handler *handler, void *context);
bool sse_reply_end(struct sse_reply *reply, sse_handler *handler, void *context);
