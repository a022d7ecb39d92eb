/*
 * image/container_private.h: walking the parts of PNG, JPEG, WebP, GIF and AVIF files without
 * decoding them.  Total functions: any bytes end in WALK_END or WALK_BROKEN.  Pure.
 */
#pragma once

#include "core/str.h"

#include <assert.h>

static inline uint8_t byte_at(struct str bytes, size_t at)
{
    assert(at < bytes.size);
    return (uint8_t)bytes.data[at];
}
static inline uint32_t u16be_at(struct str bytes, size_t at)
{
    return (uint32_t)byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}
static inline uint32_t u16le_at(struct str bytes, size_t at)
{
    return (uint32_t)byte_at(bytes, at + 1) << 8 | byte_at(bytes, at);
}
static inline uint32_t u24le_at(struct str bytes, size_t at)
{
    return (uint32_t)byte_at(bytes, at + 2) << 16 | u16le_at(bytes, at);
}
static inline uint32_t u32be_at(struct str bytes, size_t at)
{
    return u16be_at(bytes, at) << 16 | u16be_at(bytes, at + 2);
}
static inline uint32_t u32le_at(struct str bytes, size_t at)
{
    return u16le_at(bytes, at + 2) << 16 | u16le_at(bytes, at);
}

enum walk_step { WALK_PART, WALK_END, WALK_BROKEN };

/* Start with {.bytes = file}.  At WALK_END `at` is the first byte after the picture. */
struct walk {
    struct str bytes;
    size_t at;
    bool is_last; /* the part that closes the file was given out */
};

/* One part of a file; views into it. */
struct part {
    uint8_t marker;   /* JPEG: the marker's second byte; GIF: enum gif_part */
    struct str type;  /* PNG, WebP: the four characters */
    struct str whole; /* with its head (and checksum, padding, entropy coded data) */
    struct str body;  /* what the head announces */
};

bool part_is(const struct part *part, const char *type); /* PNG, WebP */

#define PNG_SIGNATURE "\x89PNG\r\n\x1a\n"
#define PNG_SIGNATURE_SIZE 8
enum walk_step png_next(struct walk *walk, struct part *out); /* IHDR .. IEND */

enum jpeg_marker {
    JPEG_SOF0 = 0xC0,
    JPEG_SOF1 = 0xC1,
    JPEG_SOF2 = 0xC2,
    JPEG_DHT = 0xC4,
    JPEG_JPG = 0xC8,
    JPEG_SOF9 = 0xC9,
    JPEG_SOF10 = 0xCA,
    JPEG_DAC = 0xCC,
    JPEG_SOF15 = 0xCF,
    JPEG_RST0 = 0xD0,
    JPEG_RST7 = 0xD7,
    JPEG_SOI = 0xD8,
    JPEG_EOI = 0xD9,
    JPEG_SOS = 0xDA,
    JPEG_APP0 = 0xE0,
    JPEG_APP1 = 0xE1,
    JPEG_APP2 = 0xE2,
    JPEG_APP11 = 0xEB,
    JPEG_APP13 = 0xED,
    JPEG_APP14 = 0xEE,
    JPEG_APP15 = 0xEF,
    JPEG_COM = 0xFE,
};
#define JPEG_EXIF_HEAD STR("Exif\0\0")
#define JPEG_XMP_HEAD STR("http://ns.adobe.com/xap/1.0/\0")
#define JPEG_XMP_MORE_HEAD STR("http://ns.adobe.com/xmp/extension/\0")
#define JPEG_ICC_HEAD STR("ICC_PROFILE\0")
/* SOI .. EOI; a scan's entropy coded data belongs to its SOS. */
enum walk_step jpeg_next(struct walk *walk, struct part *out);

#define WEBP_HEAD_SIZE 12
enum webp_flag {
    WEBP_ANIMATION = 0x02,
    WEBP_XMP = 0x04,
    WEBP_EXIF = 0x08,
    WEBP_ALPHA = 0x10,
    WEBP_ICC = 0x20,
};
/* Chunks; the last is the one that reaches the size in the RIFF head. */
enum walk_step webp_next(struct walk *walk, struct part *out);
/* Size and alpha of a VP8 or VP8L chunk; false when its head is broken. */
MUST_CHECK bool webp_frame_size(const struct part *part, int64_t *width_px, int64_t *height_px,
                                bool *has_alpha);

enum gif_part { GIF_HEAD, GIF_IMAGE, GIF_EXTENSION, GIF_TRAILER };
/*
 * GIF_HEAD: signature, screen and palette.  GIF_IMAGE: body is its descriptor.  GIF_EXTENSION: body
 * is the label and the first sub-block with its size byte.
 */
enum walk_step gif_next(struct walk *walk, struct part *out);
