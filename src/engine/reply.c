#include "engine/reply.h"

#include <string.h>

enum { REFUSAL_SIZE_MAX = 1 << 20 };

static bool keep_body(struct str body, struct arena *arena, size_t memory_max, struct str *out)
{
    const size_t used = arena_used(arena);
    const size_t left = used < memory_max ? memory_max - used : 0;
    char *data;

    *out = STR_EMPTY;
    if (body.size == 0)
        return true;
    if (body.size > left / 2)
        return false;
    data = arena_try_alloc(arena, body.size);
    if (data == NULL)
        return false;
    memcpy(data, body.data, body.size);
    *out = (struct str){.data = data, .size = body.size};
    return true;
}

void reply_keep(const struct exchange_reply *reply, const struct str *stream_body, int64_t now_ms,
                struct arena *arena, size_t memory_max, struct exchange_reply *out)
{
    struct exchange_header *headers =
        ARENA_ARRAY(arena, struct exchange_header, reply->header_count);
    const struct str body = reply->status / 100 == 2 || reply->body.size <= REFUSAL_SIZE_MAX
                                ? reply->body
                                : str_slice(reply->body, 0, REFUSAL_SIZE_MAX);

    for (size_t index = 0; index < reply->header_count; index++)
        headers[index] = (struct exchange_header){
            .name = arena_str(arena, reply->headers[index].name),
            .value = arena_str(arena, reply->headers[index].value),
        };
    *out = *reply;
    out->headers = headers;
    out->now_ms = now_ms;
    if (stream_body != NULL) {
        out->body = *stream_body;
    } else if (!keep_body(body, arena, memory_max, &out->body)) {
        out->outcome = EXCHANGE_LOST;
        error_set(&out->err, ERROR_TOO_LARGE,
                  "the provider's reply is larger than this task has room for");
    }
}
