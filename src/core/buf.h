/* core/buf.h: bytes that grow at the end.  Knows nothing. */
#pragma once

#include "core/arena.h"
#include "core/str.h"

/* Zero-initialised is empty and ready.  Owns `data`; ended with buf_finish(). */
struct buf {
    char *data;
    size_t size;
    size_t capacity;
};

void buf_finish(struct buf *buf); /* for CLEANUP(), leaves an empty buf */
void buf_reserve(struct buf *buf, size_t more);
void buf_add(struct buf *buf, struct str text);
static inline void buf_add_char(struct buf *buf, char c)
{
    if (buf->size == buf->capacity)
        buf_reserve(buf, 1);
    buf->data[buf->size++] = c;
}
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_add_u16be(struct buf *buf, uint16_t value);
void buf_add_u32be(struct buf *buf, uint32_t value);
void buf_add_u32le(struct buf *buf, uint32_t value);
void buf_clear(struct buf *buf); /* keeps the memory */
static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){.data = buf->data, .size = buf->size};
}
