/* provider/sse.c: see sse.h. */
#include "provider/sse.h"

#include <string.h>

bool arena_buf_add(struct arena_buf *buf, struct str bytes)
{
    if (bytes.size > buf->size_max - buf->size)
        return false;
    if (bytes.size > buf->capacity - buf->size) {
        size_t capacity = buf->capacity == 0 ? KIB(1) : buf->capacity;
        char *data;
        while (capacity < buf->size + bytes.size)
            capacity *= 2;
        data = arena_try_alloc(buf->arena, capacity);
        if (data == NULL)
            return false;
        if (buf->size > 0)
            memcpy(data, buf->data, buf->size);
        buf->data = data;
        buf->capacity = capacity;
    }
    if (bytes.size > 0)
        memcpy(buf->data + buf->size, bytes.data, bytes.size);
    buf->size += bytes.size;
    return true;
}

void sse_init(struct sse *sse, struct arena *arena)
{
    *sse = (struct sse){
        .line = {.arena = arena, .size_max = SSE_EVENT_SIZE_MAX},
        .name = {.arena = arena, .size_max = KIB(1)            },
        .data = {.arena = arena, .size_max = SSE_EVENT_SIZE_MAX},
    };
}

static void give_event(struct sse *sse, sse_handler *handler, void *context)
{
    if (sse->has_data) {
        if (sse->events == SSE_EVENTS_MAX)
            sse->is_broken = true;
        else
            handler(context, arena_buf_str(&sse->name), arena_buf_str(&sse->data));
        sse->events++;
    }
    sse->name.size = 0;
    sse->data.size = 0;
    sse->has_data = false;
}

static void take_line(struct sse *sse, struct str line, sse_handler *handler, void *context)
{
    struct str value = line, field;

    if (!sse->is_after_first_line && str_starts_with(line, STR("\xef\xbb\xbf")))
        line = value = str_slice(line, 3, line.size);
    sse->is_after_first_line = true;
    if (line.size == 0) {
        give_event(sse, handler, context);
        return;
    }
    field = str_cut(&value, ':');
    if (str_starts_with(value, STR(" ")))
        value = str_slice(value, 1, value.size);
    if (str_equal(field, STR("event"))) {
        sse->name.size = 0;
        sse->is_broken = !arena_buf_add(&sse->name, value);
    } else if (str_equal(field, STR("data"))) {
        sse->is_broken = (sse->has_data && !arena_buf_add(&sse->data, STR("\n"))) ||
                         !arena_buf_add(&sse->data, value);
        sse->has_data = true;
    } /* comments (an empty field), id, retry and unknown fields say nothing to us */
}

/* Takes what stands before the next line end off `rest`; false when there is none in it. */
static bool cut_line(struct str *rest, struct str *before, bool *is_cr)
{
    const char *lf = memchr(rest->data, '\n', rest->size);
    size_t size = lf == NULL ? rest->size : (size_t)(lf - rest->data);
    const char *cr = memchr(rest->data, '\r', size);

    if (lf == NULL && cr == NULL)
        return false;
    *is_cr = cr != NULL;
    if (cr != NULL)
        size = (size_t)(cr - rest->data);
    *before = str_slice(*rest, 0, size);
    *rest = str_slice(*rest, size + 1, rest->size);
    return true;
}

bool sse_feed(struct sse *sse, struct str piece, sse_handler *handler, void *context)
{
    struct str before;
    bool is_cr;

    while (piece.size > 0 && !sse->is_broken) {
        if (sse->is_after_cr && piece.data[0] == '\n')
            piece = str_slice(piece, 1, piece.size); /* the second half of CR LF */
        sse->is_after_cr = false;
        if (piece.size == 0)
            break;
        if (!cut_line(&piece, &before, &is_cr)) {
            sse->is_broken = !arena_buf_add(&sse->line, piece);
            break;
        }
        sse->is_after_cr = is_cr;
        if (sse->line.size == 0) {
            take_line(sse, before, handler, context);
        } else if (arena_buf_add(&sse->line, before)) {
            take_line(sse, arena_buf_str(&sse->line), handler, context);
            sse->line.size = 0;
        } else {
            sse->is_broken = true;
        }
    }
    return !sse->is_broken;
}

bool sse_end(struct sse *sse, sse_handler *handler, void *context)
{
    if (!sse->is_broken && sse->line.size > 0)
        take_line(sse, arena_buf_str(&sse->line), handler, context);
    sse->line.size = 0;
    if (!sse->is_broken)
        give_event(sse, handler, context);
    return !sse->is_broken;
}

void sse_reply_init(struct sse_reply *reply, struct arena *arena, size_t plain_size_max)
{
    *reply = (struct sse_reply){
        .plain = {.arena = arena, .size_max = plain_size_max}
    };
    sse_init(&reply->sse, arena);
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool sse_reply_feed(struct sse_reply *reply, struct str piece, sse_handler *handler, void *context)
{
    /* White space before the first byte that counts says nothing, however it is cut. */
    while (!reply->is_started && piece.size > 0 && is_space(piece.data[0]))
        piece = str_slice(piece, 1, piece.size);
    if (piece.size == 0 || reply->is_broken)
        return !reply->is_broken;
    if (!reply->is_started) {
        reply->is_started = true;
        reply->is_plain = piece.data[0] == '{' || piece.data[0] == '[' || piece.data[0] == '<';
    }
    reply->is_broken = reply->is_plain ? !arena_buf_add(&reply->plain, piece)
                                       : !sse_feed(&reply->sse, piece, handler, context);
    return !reply->is_broken;
}

bool sse_reply_end(struct sse_reply *reply, sse_handler *handler, void *context)
{
    if (!reply->is_plain && !reply->is_broken)
        reply->is_broken = !sse_end(&reply->sse, handler, context);
    return !reply->is_broken;
}
