#include "core/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_finish(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_reserve(struct buf *buf, size_t more)
{
    size_t needed;
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;

    if (more <= buf->capacity - buf->size)
        return;
    if (__builtin_add_overflow(buf->size, more, &needed))
        abort();
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    buf->data = realloc(buf->data, capacity);
    if (buf->data == NULL)
        abort();
    buf->capacity = capacity;
}

void buf_add(struct buf *buf, struct str text)
{
    if (text.size == 0)
        return;
    buf_reserve(buf, text.size);
    memcpy(buf->data + buf->size, text.data, text.size);
    buf->size += text.size;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(size >= 0);
    buf_reserve(buf, (size_t)size + 1); /* vsnprintf() ends with a NUL that is not counted */
    va_start(args, format);
    (void)vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
    va_end(args);
    buf->size += (size_t)size;
}

void buf_add_u16be(struct buf *buf, uint16_t value)
{
    const char bytes[] = {(char)(value >> 8), (char)(value & 0xff)};

    buf_add(buf, (struct str){.data = bytes, .size = sizeof(bytes)});
}

void buf_add_u32be(struct buf *buf, uint32_t value)
{
    buf_add_u16be(buf, (uint16_t)(value >> 16));
    buf_add_u16be(buf, (uint16_t)(value & 0xffff));
}

void buf_add_u32le(struct buf *buf, uint32_t value)
{
    buf_add_u32be(buf, __builtin_bswap32(value));
}

void buf_clear(struct buf *buf) { buf->size = 0; }
