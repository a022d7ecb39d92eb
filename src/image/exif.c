#include "image/exif_private.h"

#include "image/container_private.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3

static uint32_t read_u16(struct str tiff, size_t at, bool is_little)
{
    return is_little ? u16le_at(tiff, at) : u16be_at(tiff, at);
}

static uint32_t read_u32(struct str tiff, size_t at, bool is_little)
{
    return is_little ? u32le_at(tiff, at) : u32be_at(tiff, at);
}

int exif_orientation(struct str tiff)
{
    bool is_little;
    size_t at, count;

    /* Some writers put the JPEG head before the block in PNG and WebP too. */
    if (str_starts_with(tiff, JPEG_EXIF_HEAD))
        tiff = str_slice(tiff, JPEG_EXIF_HEAD.size, tiff.size);
    is_little = str_starts_with(tiff, STR("II*\0"));
    if (!is_little && !str_starts_with(tiff, STR("MM\0*")))
        return 1;
    if (tiff.size < 10)
        return 1;
    at = read_u32(tiff, 4, is_little);
    if (at > tiff.size - 2)
        return 1;
    count = read_u16(tiff, at, is_little);
    at += 2;
    for (size_t index = 0; index < count && tiff.size - at >= 12; index++, at += 12) {
        uint32_t value;

        if (read_u16(tiff, at, is_little) != TAG_ORIENTATION)
            continue;
        value = read_u16(tiff, at + 8, is_little);
        if (read_u16(tiff, at + 2, is_little) != TYPE_SHORT || value < 1 || value > 8)
            return 1;
        return (int)value;
    }
    return 1;
}

void exif_add_orientation(struct buf *out, int orientation)
{
    static const char head[] = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01";

    buf_add(out, (struct str){head, sizeof(head) - 1});
    buf_add_u16be(out, (uint16_t)orientation);
    buf_add_u16be(out, 0); /* a short fills the left half of the value */
    buf_add_u32be(out, 0); /* no further directory */
}
