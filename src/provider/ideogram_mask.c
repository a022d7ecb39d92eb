/* provider/ideogram_mask.c: a black and white mask turned over, without touching its pixels. */
#include "provider/ideogram_private.h"

#include <string.h>

#define SIGNATURE "\x89PNG\r\n\x1a\n"
#define HEADER_SIZE 13
#define DEPTH_AT 8
#define COLOUR_AT 9
#define GREY 0
#define PALETTE 3

/* Of a chunk's name and data (PNG 5.5: the CRC of ISO 3309). */
static uint32_t crc_of(struct str bytes)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < bytes.size; i++) {
        crc ^= (unsigned char)bytes.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static uint32_t read_u32(const char *at)
{
    const unsigned char *bytes = (const unsigned char *)at;

    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void add_chunk(struct buf *out, struct str name, struct str data)
{
    size_t begin;

    buf_add_u32be(out, (uint32_t)data.size);
    begin = out->size;
    buf_add(out, name);
    buf_add(out, data);
    buf_add_u32be(out, crc_of(str_slice(buf_str(out), begin, out->size - begin)));
}

/* Grey 0 becomes white, the lightest grey black. */
static void add_palette(struct buf *out, unsigned depth)
{
    char colours[256 * 3];
    unsigned count = 1u << depth;

    for (unsigned i = 0; i < count; i++)
        memset(colours + (size_t)i * 3, (int)((count - 1 - i) * 255 / (count - 1)), 3);
    add_chunk(out, STR("PLTE"), (struct str){.data = colours, .size = (size_t)count * 3});
}

/* The next chunk of a whole PNG; false at the end. */
static bool next_chunk(struct str png, size_t *at, struct str *name, struct str *data)
{
    size_t size;

    if (*at > png.size || png.size - *at < 12)
        return false;
    size = read_u32(png.data + *at);
    if (size > png.size - *at - 12)
        return false;
    *name = str_slice(png, *at + 4, 4);
    *data = str_slice(png, *at + 8, size);
    *at += size + 12;
    return true;
}

static bool is_grey(struct str png, struct str name, struct str header)
{
    return str_starts_with(png, STR(SIGNATURE)) && str_equal(name, STR("IHDR")) &&
           header.size == HEADER_SIZE && header.data[COLOUR_AT] == GREY &&
           (header.data[DEPTH_AT] == 1 || header.data[DEPTH_AT] == 2 ||
            header.data[DEPTH_AT] == 4 || header.data[DEPTH_AT] == 8);
}

bool ideogram_mask_invert(struct str png, struct arena *arena, struct str *out, struct error *err)
{
    CLEANUP(buf_finish) struct buf turned = {0};
    size_t at = sizeof SIGNATURE - 1;
    struct str name = STR_EMPTY, data = STR_EMPTY;
    char header[HEADER_SIZE];

    if (!next_chunk(png, &at, &name, &data) || !is_grey(png, name, data))
        return error_field(err, ERROR_INVALID, "mask", 0,
                           "the mask must be a PNG of black and white");
    memcpy(header, data.data, sizeof header);
    header[COLOUR_AT] = PALETTE;
    buf_add(&turned, STR(SIGNATURE));
    add_chunk(&turned, STR("IHDR"), (struct str){.data = header, .size = sizeof header});
    add_palette(&turned, (unsigned)header[DEPTH_AT]);
    while (next_chunk(png, &at, &name, &data))
        if (str_equal(name, STR("IDAT")) || str_equal(name, STR("IEND")))
            add_chunk(&turned, name, data);
    *out = arena_str(arena, buf_str(&turned));
    return true;
}
