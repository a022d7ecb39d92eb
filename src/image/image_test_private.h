/* image/image_test_private.h: pictures for the room's tests, made here and small. */
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "image/container_private.h"
#include "image/image.h"
#include "image/metadata_private.h"

#include <string.h>

/* 24 x 16 px, red to blue, with an EXIF item; written with libvips 8.14 and libaom 3.6. */
#define AVIF                                                                                       \
    "\x00\x00\x00\x1c\x66\x74\x79\x70\x61\x76\x69\x66\x00\x00\x00\x00\x61\x76\x69\x66\x6d\x69"     \
    "\x66\x31\x6d\x69\x61\x66\x00\x00\x01\x2b\x6d\x65\x74\x61\x00\x00\x00\x00\x00\x00\x00\x21"     \
    "\x68\x64\x6c\x72\x00\x00\x00\x00\x00\x00\x00\x00\x70\x69\x63\x74\x00\x00\x00\x00\x00\x00"     \
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0e\x70\x69\x74\x6d\x00\x00\x00\x00\x00\x01\x00"     \
    "\x00\x00\x34\x69\x6c\x6f\x63\x00\x00\x00\x00\x44\x40\x00\x02\x00\x01\x00\x00\x00\x00\x01"     \
    "\x4f\x00\x01\x00\x00\x00\x00\x00\x00\x00\x24\x00\x02\x00\x00\x00\x00\x01\x73\x00\x01\x00"     \
    "\x00\x00\x00\x00\x00\x00\xbe\x00\x00\x00\x38\x69\x69\x6e\x66\x00\x00\x00\x00\x00\x02\x00"     \
    "\x00\x00\x15\x69\x6e\x66\x65\x02\x00\x00\x00\x00\x01\x00\x00\x61\x76\x30\x31\x00\x00\x00"     \
    "\x00\x15\x69\x6e\x66\x65\x02\x00\x00\x01\x00\x02\x00\x00\x45\x78\x69\x66\x00\x00\x00\x00"     \
    "\x6a\x69\x70\x72\x70\x00\x00\x00\x4b\x69\x70\x63\x6f\x00\x00\x00\x13\x63\x6f\x6c\x72\x6e"     \
    "\x63\x6c\x78\x00\x02\x00\x02\x00\x06\x80\x00\x00\x00\x0c\x61\x76\x31\x43\x81\x00\x0c\x00"     \
    "\x00\x00\x00\x14\x69\x73\x70\x65\x00\x00\x00\x00\x00\x00\x00\x18\x00\x00\x00\x10\x00\x00"     \
    "\x00\x10\x70\x69\x78\x69\x00\x00\x00\x00\x03\x08\x08\x08\x00\x00\x00\x17\x69\x70\x6d\x61"     \
    "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x04\x81\x82\x03\x84\x00\x00\x00\x1a\x69\x72\x65"     \
    "\x66\x00\x00\x00\x00\x00\x00\x00\x0e\x63\x64\x73\x63\x00\x02\x00\x01\x00\x01\x00\x00\x00"     \
    "\xea\x6d\x64\x61\x74\x12\x00\x0a\x09\x18\x10\xef\xec\x10\x20\x20\x68\x40\x32\x15\x1b\x00"     \
    "\x00\x00\x40\x4f\xe7\x5d\x78\xdf\x9b\xc9\xd5\x81\xd7\xf9\xcb\x67\x95\x10\x40\x00\x00\x00"     \
    "\x06\x45\x78\x69\x66\x00\x00\x49\x49\x2a\x00\x08\x00\x00\x00\x06\x00\x12\x01\x03\x00\x01"     \
    "\x00\x00\x00\x01\x00\x00\x00\x1a\x01\x05\x00\x01\x00\x00\x00\x56\x00\x00\x00\x1b\x01\x05"     \
    "\x00\x01\x00\x00\x00\x5e\x00\x00\x00\x28\x01\x03\x00\x01\x00\x00\x00\x02\x00\x00\x00\x13"     \
    "\x02\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00\x69\x87\x04\x00\x01\x00\x00\x00\x66\x00\x00"     \
    "\x00\x00\x00\x00\x00\x2f\x19\x01\x00\xe8\x03\x00\x00\x2f\x19\x01\x00\xe8\x03\x00\x00\x06"     \
    "\x00\x00\x90\x07\x00\x04\x00\x00\x00\x30\x32\x31\x30\x01\x91\x07\x00\x04\x00\x00\x00\x01"     \
    "\x02\x03\x00\x00\xa0\x07\x00\x04\x00\x00\x00\x30\x31\x30\x30\x01\xa0\x03\x00\x01\x00\x00"     \
    "\x00\xff\xff\x00\x00\x02\xa0\x04\x00\x01\x00\x00\x00\x18\x00\x00\x00\x03\xa0\x04\x00\x01"     \
    "\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"

static const struct str test_avif = {AVIF, sizeof(AVIF) - 1};

/* A card as file bytes; PNG, JPEG or WebP. */
static inline struct str test_picture_sized(enum image_type type, int width_px, int height_px,
                                            struct arena *arena)
{
    struct image_card card = {
        .width_px = width_px,
        .height_px = height_px,
        .seed = 3,
        .prompt = STR("a picture for tests"),
        .type = type,
        .quality = 90,
    };
    struct str out;
    struct error err;
    bool is_drawn = image_card_draw(&card, arena, &out, &err);

    assert(is_drawn);
    return out;
}

/* The same with 48 x 32 px. */
static inline struct str test_picture(enum image_type type, struct arena *arena)
{
    return test_picture_sized(type, 48, 32, arena);
}

/* `frames` frames of one pixel. */
static inline struct str test_gif(size_t frames, struct arena *arena)
{
    static const char frame[] = "\x2C\0\0\0\0\1\0\1\0\0\2\2\x44\1\0";
    CLEANUP(buf_finish) struct buf buf = {0};

    buf_add(&buf, STR("GIF89a\1\0\1\0\x80\0\0\xFF\0\0\0\0\xFF"));
    for (size_t index = 0; index < frames; index++)
        buf_add(&buf, (struct str){frame, sizeof(frame) - 1});
    buf_add(&buf, STR(";"));
    return arena_str(arena, buf_str(&buf));
}

/* A PNG chunk with its checksum. */
static inline void test_png_part(struct buf *buf, const char *type, struct str body)
{
    struct arena *arena = arena_create(body.size + KIB(64));
    struct sink sink;
    struct error err;
    bool has_room = sink_init(&sink, body.size + 12, arena, &err);

    assert(has_room);
    sink_add_png(&sink, type, STR_EMPTY, body);
    buf_add(buf, (struct str){sink.data, sink.size});
    arena_destroy(arena);
}

/* The bytes with `more` put in at `at`. */
static inline struct str test_insert(struct str bytes, size_t at, struct str more,
                                     struct arena *arena)
{
    char *data = arena_alloc(arena, bytes.size + more.size);

    memcpy(data, bytes.data, at);
    memcpy(data + at, more.data, more.size);
    memcpy(data + at + more.size, bytes.data + at, bytes.size - at);
    return (struct str){data, bytes.size + more.size};
}

/* A JPEG segment, to be put in at 2. */
static inline struct str test_jpeg_segment(uint8_t marker, struct str body, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};

    buf_add_char(&buf, (char)0xFF);
    buf_add_char(&buf, (char)marker);
    buf_add_u16be(&buf, (uint16_t)(body.size + 2));
    buf_add(&buf, body);
    return arena_str(arena, buf_str(&buf));
}

/* Every pixel, decoded to sRGB at full size, as a PNG: for comparing. */
static inline struct str test_pixels(struct str bytes, struct arena *arena)
{
    struct image_info info;
    struct error err;
    struct str out;
    bool is_read = image_probe(bytes, NULL, &info, &err) &&
                   image_convert(bytes, &info, IMAGE_PNG, 0, 90, arena, &out, &err);

    assert(is_read);
    return out;
}

/* The group's teardown, so that LeakSanitizer sees libvips at rest. */
static inline int test_finish(void **state)
{
    (void)state;
    image_thread_end();
    image_finish();
    return 0;
}
