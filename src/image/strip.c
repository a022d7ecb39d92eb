#include "image/image.h"

#include "image/bmff_private.h"
#include "image/container_private.h"
#include "image/exif_private.h"
#include "image/metadata_private.h"

#include <string.h>

/*
 * What is kept is named; everything else goes, so a new kind of metadata does not slip through.  An
 * AI label stays, as the only thing of its packet: nobody may delete it (GB 45438-2025, Measures
 * Art. 10).
 */
struct strip {
    const struct metadata *metadata;
    struct sink *sink;
    struct str xmp;  /* the label's packet; empty: none */
    struct str exif; /* the orientation's block; empty: upright */
};

static bool keeps_profile(const struct strip *strip)
{
    return strip->metadata->profile_size <= PROFILE_SIZE_MAX;
}

static bool keeps_png(const struct strip *strip, const struct part *part)
{
    static const char *const kept[] = {
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "sBIT", "sRGB", "cICP",
        "mDCV", "cLLI", "bKGD", "hIST", "pHYs", "sPLT", "acTL", "fcTL", "fdAT",
    };

    for (size_t index = 0; index < COUNT(kept); index++)
        if (part_is(part, kept[index]))
            return true;
    return part_is(part, "iCCP") && keeps_profile(strip);
}

static void strip_png(const struct strip *strip, struct str bytes)
{
    struct walk walk = {.bytes = bytes};
    struct part part;

    sink_add(strip->sink, (struct str){PNG_SIGNATURE, PNG_SIGNATURE_SIZE});
    for (bool is_first = true; png_next(&walk, &part) == WALK_PART; is_first = false) {
        if (keeps_png(strip, &part))
            sink_add(strip->sink, part.whole);
        if (!is_first)
            continue;
        if (strip->exif.size > 0)
            sink_add_png(strip->sink, "eXIf", STR_EMPTY, strip->exif);
        if (strip->xmp.size > 0)
            sink_add_png_xmp(strip->sink, strip->xmp);
    }
}

static bool keeps_jpeg(const struct strip *strip, const struct part *part)
{
    switch (part->marker) {
    case JPEG_APP0:
        return str_starts_with(part->body, STR("JFIF\0"));
    case JPEG_APP2:
        return str_starts_with(part->body, JPEG_ICC_HEAD) && keeps_profile(strip);
    case JPEG_APP14: /* says how the colours are coded */
        return str_starts_with(part->body, STR("Adobe"));
    default:
        return part->marker < JPEG_APP0; /* above: APPn, reserved, comment */
    }
}

static void strip_jpeg(const struct strip *strip, struct str bytes)
{
    struct walk walk = {.bytes = bytes};
    struct part part;
    bool is_added = false;

    while (jpeg_next(&walk, &part) == WALK_PART) {
        /* JFIF wants to be first, then EXIF. */
        if (!is_added && part.marker != JPEG_SOI && part.marker != JPEG_APP0) {
            if (strip->exif.size > 0)
                sink_add_jpeg(strip->sink, JPEG_APP1, JPEG_EXIF_HEAD, strip->exif);
            if (strip->xmp.size > 0)
                sink_add_jpeg(strip->sink, JPEG_APP1, JPEG_XMP_HEAD, strip->xmp);
            is_added = true;
        }
        if (keeps_jpeg(strip, &part))
            sink_add(strip->sink, part.whole);
    }
}

static bool keeps_webp(const struct strip *strip, const struct part *part)
{
    static const char *const kept[] = {"ANIM", "ANMF", "ALPH", "VP8 ", "VP8L"};

    for (size_t index = 0; index < COUNT(kept); index++)
        if (part_is(part, kept[index]))
            return true;
    return part_is(part, "ICCP") && keeps_profile(strip);
}

static bool strip_webp_head(const struct strip *strip, const struct part *part)
{
    int64_t width_px, height_px;
    uint8_t flags = 0;
    bool has_alpha;

    if (part_is(part, "VP8X") && part->body.size >= 10) {
        flags = byte_at(part->body, 0) & (WEBP_ANIMATION | WEBP_ALPHA | WEBP_ICC);
        width_px = (int64_t)u24le_at(part->body, 4) + 1;
        height_px = (int64_t)u24le_at(part->body, 7) + 1;
        if (!keeps_profile(strip))
            flags &= (uint8_t)~WEBP_ICC;
    } else if (webp_frame_size(part, &width_px, &height_px, &has_alpha)) {
        flags = has_alpha ? WEBP_ALPHA : 0;
    } else {
        return false;
    }
    if (strip->exif.size > 0)
        flags |= WEBP_EXIF;
    if (strip->xmp.size > 0)
        flags |= WEBP_XMP;
    /* Only what the simple format cannot say needs the extended one. */
    if (strip->metadata->has_frames ||
        (flags != 0 && (flags != WEBP_ALPHA || part_is(part, "VP8X"))))
        sink_add_webp_head(strip->sink, flags, width_px, height_px);
    return true;
}

static bool strip_webp(const struct strip *strip, struct str bytes)
{
    struct walk walk = {.bytes = bytes};
    struct part part;

    sink_add(strip->sink, str_slice(bytes, 0, WEBP_HEAD_SIZE));
    for (bool is_first = true; webp_next(&walk, &part) == WALK_PART; is_first = false) {
        if (is_first && !strip_webp_head(strip, &part))
            return false;
        if (keeps_webp(strip, &part))
            sink_add_webp(strip->sink, part.type.data, part.body);
    }
    if (strip->exif.size > 0)
        sink_add_webp(strip->sink, "EXIF", strip->exif);
    if (strip->xmp.size > 0)
        sink_add_webp(strip->sink, "XMP ", strip->xmp);
    sink_end_webp(strip->sink);
    return true;
}

static bool keeps_gif(const struct part *part)
{
    static const struct str kept[] = {
        {"\xFF\x0BNETSCAPE2.0",  13},
        {"\xFF\x0B"
         "ANIMEXTS1.0", 13},
        {"\xFF\x0BICCRGBG1012",  13}
    };

    if (part->marker != GIF_EXTENSION)
        return true;
    if (byte_at(part->body, 0) == 0xF9) /* graphic control: delay, transparency */
        return true;
    for (size_t index = 0; index < COUNT(kept); index++)
        if (str_starts_with(part->body, kept[index]))
            return true;
    return false;
}

static void strip_gif(const struct strip *strip, struct str bytes)
{
    struct walk walk = {.bytes = bytes};
    struct part part;

    while (gif_next(&walk, &part) == WALK_PART) {
        if (part.marker == GIF_TRAILER && strip->xmp.size > 0)
            sink_add_gif_xmp(strip->sink, strip->xmp);
        if (keeps_gif(&part))
            sink_add(strip->sink, part.whole);
    }
}

/*
 * The boxes of an AVIF point at places in the file, so nothing can be taken out: EXIF and XMP are
 * overwritten where they lie, and a label is put back when it fits there (else its packet stays).
 */
static bool strip_avif(struct str bytes, struct arena *arena, struct sink *sink, struct error *err)
{
    struct bmff_picture picture;

    if (!bmff_read(bytes, &picture))
        return error_set(err, ERROR_PICTURE_BROKEN, "the picture is broken: its boxes are wrong");
    sink_add(sink, bytes);
    for (size_t index = 0; index < picture.metadata_count; index++) {
        struct bmff_span span = picture.metadata[index];
        struct metadata metadata = {.xmp = str_slice(bytes, span.start, span.size)};
        struct xmp_label label;
        CLEANUP(buf_finish) struct buf packet = {0};

        if (metadata_label(&metadata, arena, &label))
            xmp_write(STR_EMPTY, &label, XMP_SIZE_MAX, &packet);
        else if (str_starts_with(metadata.xmp, STR("<")))
            buf_add(&packet, STR("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>"));
        if (packet.size > span.size)
            continue;
        memset(sink->data + span.start, packet.size > 0 ? ' ' : 0, span.size);
        if (packet.size > 0)
            memcpy(sink->data + span.start, packet.data, packet.size);
    }
    return true;
}

static bool strip_parts(const struct strip *strip, struct str bytes, enum image_type type,
                        struct error *err)
{
    switch (type) {
    case IMAGE_PNG:
        strip_png(strip, bytes);
        return true;
    case IMAGE_JPEG:
        strip_jpeg(strip, bytes);
        return true;
    case IMAGE_GIF:
        strip_gif(strip, bytes);
        return true;
    case IMAGE_WEBP:
        if (strip_webp(strip, bytes))
            return true;
        return error_set(err, ERROR_PICTURE_BROKEN, "the picture is broken: the WebP has no head");
    case IMAGE_AVIF:
    case IMAGE_UNKNOWN:
        break;
    }
    return error_set(err, ERROR_PICTURE_TYPE, "this type of picture cannot be stripped");
}

bool image_strip(struct str bytes, enum image_type type, struct arena *arena, struct str *out,
                 struct error *err)
{
    struct sink sink;
    struct metadata metadata;
    struct xmp_label label;
    CLEANUP(buf_finish) struct buf xmp = {0};
    CLEANUP(buf_finish) struct buf exif = {0};
    struct strip strip;

    if (type == IMAGE_AVIF) {
        if (!sink_init(&sink, bytes.size, arena, err) || !strip_avif(bytes, arena, &sink, err))
            return false;
        *out = (struct str){sink.data, sink.size};
        return true;
    }
    if (!metadata_find(bytes, type, &metadata, err))
        return false;
    if (metadata_label(&metadata, arena, &label))
        xmp_write(STR_EMPTY, &label, SIZE_MAX, &xmp);
    /* No label is as long as a JPEG can hold: of another type it would be bytes of somebody's that
     * are kept as one. */
    if (xmp.size > JPEG_XMP_SIZE_MAX)
        return error_set(err, ERROR_PICTURE_BROKEN, "the picture's AI label is too long");
    if (metadata.orientation != 1)
        exif_add_orientation(&exif, metadata.orientation);
    if (!sink_init(&sink, bytes.size + xmp.size + SINK_EXTRA, arena, err))
        return false;
    strip = (struct strip){&metadata, &sink, buf_str(&xmp), buf_str(&exif)};
    if (!strip_parts(&strip, bytes, type, err))
        return false;
    *out = (struct str){sink.data, sink.size};
    return true;
}
