#include "image/container_private.h"

#include <string.h>

bool part_is(const struct part *part, const char *type)
{
    return part->type.size == 4 && memcmp(part->type.data, type, 4) == 0;
}

enum walk_step png_next(struct walk *walk, struct part *out)
{
    struct str bytes = walk->bytes;
    size_t left;
    uint32_t size;

    if (walk->is_last)
        return WALK_END;
    if (walk->at == 0) {
        if (!str_starts_with(bytes, (struct str){PNG_SIGNATURE, PNG_SIGNATURE_SIZE}))
            return WALK_BROKEN;
        walk->at = PNG_SIGNATURE_SIZE;
    }
    left = bytes.size - walk->at;
    if (left < 12)
        return WALK_BROKEN;
    size = u32be_at(bytes, walk->at);
    if (size > left - 12)
        return WALK_BROKEN;
    *out = (struct part){
        .type = str_slice(bytes, walk->at + 4, 4),
        .whole = str_slice(bytes, walk->at, (size_t)size + 12),
        .body = str_slice(bytes, walk->at + 8, size),
    };
    walk->at += (size_t)size + 12;
    walk->is_last = part_is(out, "IEND");
    return WALK_PART;
}

/* Where the scan that starts at `at` ends: before the next marker that is no restart. */
static bool jpeg_scan_end(struct str bytes, size_t at, size_t *out)
{
    while (at < bytes.size) {
        const char *found = memchr(bytes.data + at, 0xFF, bytes.size - at);
        uint8_t marker;

        if (found == NULL)
            return false;
        at = (size_t)(found - bytes.data);
        if (at + 1 >= bytes.size)
            return false;
        marker = byte_at(bytes, at + 1);
        if (marker == 0xFF) {
            at++;
            continue;
        }
        if (marker != 0 && !(marker >= JPEG_RST0 && marker <= JPEG_RST7)) {
            *out = at;
            return true;
        }
        at += 2;
    }
    return false;
}

/* Goes to the next marker.  Bytes that belong to nothing are passed over, as libjpeg does. */
static bool jpeg_find_marker(struct walk *walk, uint8_t *marker)
{
    struct str bytes = walk->bytes;

    for (; walk->at + 1 < bytes.size; walk->at++) {
        if (byte_at(bytes, walk->at) != 0xFF)
            continue;
        *marker = byte_at(bytes, walk->at + 1);
        if (*marker != 0xFF && *marker != 0)
            return true;
    }
    return false;
}

enum walk_step jpeg_next(struct walk *walk, struct part *out)
{
    struct str bytes = walk->bytes;
    size_t start, end, size;
    uint8_t marker;

    if (walk->is_last)
        return WALK_END;
    if (walk->at == 0 && !str_starts_with(bytes, STR("\xFF\xD8\xFF")))
        return WALK_BROKEN;
    if (!jpeg_find_marker(walk, &marker))
        return WALK_BROKEN;
    start = walk->at;
    if (marker == 0x01 || (marker >= JPEG_RST0 && marker <= JPEG_EOI)) {
        if (marker == JPEG_SOI && start != 0)
            return WALK_BROKEN;
        walk->at += 2;
        walk->is_last = marker == JPEG_EOI;
        *out = (struct part){.marker = marker, .whole = str_slice(bytes, start, 2)};
        return WALK_PART;
    }
    if (bytes.size - start < 4)
        return WALK_BROKEN;
    size = u16be_at(bytes, start + 2);
    if (size < 2 || size > bytes.size - start - 2)
        return WALK_BROKEN;
    end = start + 2 + size;
    if (marker == JPEG_SOS && !jpeg_scan_end(bytes, end, &end))
        return WALK_BROKEN;
    walk->at = end;
    *out = (struct part){
        .marker = marker,
        .whole = str_slice(bytes, start, end - start),
        .body = str_slice(bytes, start + 4, size - 2),
    };
    return WALK_PART;
}

enum walk_step webp_next(struct walk *walk, struct part *out)
{
    struct str bytes = walk->bytes;
    size_t end, left, size, whole;

    if (walk->is_last)
        return WALK_END;
    if (bytes.size < WEBP_HEAD_SIZE || !str_starts_with(bytes, STR("RIFF")) ||
        !str_equal(str_slice(bytes, 8, 4), STR("WEBP")))
        return WALK_BROKEN;
    if (u32le_at(bytes, 4) > bytes.size - 8)
        return WALK_BROKEN;
    end = (size_t)u32le_at(bytes, 4) + 8;
    if (walk->at == 0)
        walk->at = WEBP_HEAD_SIZE;
    if (end < walk->at || end - walk->at < 8)
        return WALK_BROKEN;
    left = end - walk->at;
    size = u32le_at(bytes, walk->at + 4);
    if (size > left - 8)
        return WALK_BROKEN;
    whole = 8 + size + (size & 1);
    /* Some writers forget the last chunk's padding byte. */
    if (whole > left)
        whole = left;
    *out = (struct part){
        .type = str_slice(bytes, walk->at, 4),
        .whole = str_slice(bytes, walk->at, whole),
        .body = str_slice(bytes, walk->at + 8, size),
    };
    walk->at += whole;
    walk->is_last = walk->at == end;
    return WALK_PART;
}

bool webp_frame_size(const struct part *part, int64_t *width_px, int64_t *height_px,
                     bool *has_alpha)
{
    struct str body = part->body;

    if (part_is(part, "VP8 ")) {
        /* RFC 6386 9.1: a key frame's tag has bit 0 clear, then the start code and two sizes. */
        if (body.size < 10 || (byte_at(body, 0) & 1) != 0 ||
            memcmp(body.data + 3, "\x9d\x01\x2a", 3) != 0)
            return false;
        *width_px = u16le_at(body, 6) & 0x3FFF;
        *height_px = u16le_at(body, 8) & 0x3FFF;
        *has_alpha = false;
        return *width_px > 0 && *height_px > 0;
    }
    if (!part_is(part, "VP8L") || body.size < 5 || byte_at(body, 0) != 0x2F)
        return false;
    *width_px = (u32le_at(body, 1) & 0x3FFF) + 1;
    *height_px = ((u32le_at(body, 1) >> 14) & 0x3FFF) + 1;
    *has_alpha = ((u32le_at(body, 1) >> 28) & 1) != 0;
    return u32le_at(body, 1) >> 29 == 0; /* the version */
}

/* Passes data sub-blocks; false when the file ends in them. */
static bool gif_skip_blocks(struct str bytes, size_t *at)
{
    while (*at < bytes.size) {
        size_t size = byte_at(bytes, *at);

        *at += 1 + size;
        if (size == 0)
            return true;
    }
    return false;
}

static size_t gif_palette_size(uint8_t flags)
{
    return (flags & 0x80) != 0 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static enum walk_step gif_head(struct walk *walk, struct part *out)
{
    struct str bytes = walk->bytes;

    if (bytes.size < 13 ||
        !(str_starts_with(bytes, STR("GIF87a")) || str_starts_with(bytes, STR("GIF89a"))))
        return WALK_BROKEN;
    walk->at = 13 + gif_palette_size(byte_at(bytes, 10));
    if (walk->at > bytes.size)
        return WALK_BROKEN;
    *out = (struct part){
        .marker = GIF_HEAD,
        .whole = str_slice(bytes, 0, walk->at),
        .body = str_slice(bytes, 0, 13),
    };
    return WALK_PART;
}

enum walk_step gif_next(struct walk *walk, struct part *out)
{
    struct str bytes = walk->bytes;
    size_t start = walk->at, at = walk->at;
    uint8_t kind;

    if (walk->is_last)
        return WALK_END;
    if (at == 0)
        return gif_head(walk, out);
    if (at >= bytes.size)
        return WALK_BROKEN;
    kind = byte_at(bytes, at);
    if (kind == 0x3B) {
        walk->at++;
        walk->is_last = true;
        *out = (struct part){.marker = GIF_TRAILER, .whole = str_slice(bytes, start, 1)};
        return WALK_PART;
    }
    if (kind == 0x21 && bytes.size - at >= 3) {
        size_t first = byte_at(bytes, at + 2);

        at += 2;
        if (!gif_skip_blocks(bytes, &at))
            return WALK_BROKEN;
        *out =
            (struct part){.marker = GIF_EXTENSION, .body = str_slice(bytes, start + 1, first + 2)};
    } else if (kind == 0x2C && bytes.size - at >= 11) {
        at += 10 + gif_palette_size(byte_at(bytes, at + 9));
        at++; /* the code size */
        if (at >= bytes.size || !gif_skip_blocks(bytes, &at))
            return WALK_BROKEN;
        *out = (struct part){.marker = GIF_IMAGE, .body = str_slice(bytes, start, 10)};
    } else {
        return WALK_BROKEN;
    }
    if (at > bytes.size)
        return WALK_BROKEN;
    walk->at = at;
    out->whole = str_slice(bytes, start, at - start);
    return WALK_PART;
}
