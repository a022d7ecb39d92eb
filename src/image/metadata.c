#include "image/metadata_private.h"

#include "image/bmff_private.h"
#include "image/container_private.h"
#include "image/exif_private.h"

#include <assert.h>
#include <string.h>

#define PNG_XMP_KEYWORD STR("XML:com.adobe.xmp\0")
#define GIF_XMP_HEAD STR("\xFF\x0BXMP DataXMP")
#define GIF_XMP_TAIL_SIZE 258 /* the "magic trailer": 01, FF..00, 00 */
#define AIGC_SIZE_MAX 4096

/* facts/marketplaces.md 7.1 */
static const char *const codes[] = {
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "compositeSynthetic",
    "algorithmicMedia",
    "algorithmicallyEnhanced",
    "digitalCapture",
    "computationalCapture",
    "screenCapture",
    "virtualRecording",
    "humanEdits",
    "minorHumanEdits",
    "digitalCreation",
    "digitalArt",
    "dataDrivenMedia",
    "composite",
    "compositeCapture",
    "negativeFilm",
    "positiveFilm",
    "print",
};

const char *label_code(struct str source_uri)
{
    struct str code = source_uri;

    for (int64_t at; (at = str_find_char(code, '/')) >= 0;)
        code = str_slice(code, (size_t)at + 1, code.size);
    for (size_t index = 0; index < COUNT(codes); index++)
        if (str_equal(code, str_of(codes[index])))
            return codes[index];
    return NULL;
}

/* The seven-key object in an EXIF user comment: found by a key that no other comment has. */
static void find_aigc(struct str bytes, struct metadata *out)
{
    int64_t at = str_find(bytes, STR("\"ContentProducer\""));
    size_t start, end;

    if (at < 0 || out->aigc.size > 0)
        return;
    for (start = (size_t)at; start > 0 && (size_t)at - start < AIGC_SIZE_MAX; start--)
        if (bytes.data[start] == '{')
            break;
    for (end = (size_t)at; end < bytes.size && end - (size_t)at < AIGC_SIZE_MAX; end++)
        if (bytes.data[end] == '}')
            break;
    if (bytes.data[start] == '{' && end < bytes.size && bytes.data[end] == '}')
        out->aigc = str_slice(bytes, start, end + 1 - start);
}

/* A manifest's texts are plain in CBOR: the source type is found without reading it all. */
static void find_source(struct str manifest, struct metadata *out)
{
    static const struct str head = {"http://cv.iptc.org/newscodes/digitalsourcetype/", 47};
    int64_t at = str_find(manifest, head);
    size_t end;

    if (at < 0 || out->source_uri.size > 0)
        return;
    for (end = (size_t)at + head.size; end < manifest.size; end++) {
        char c = manifest.data[end];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            break;
    }
    /* The byte after a CBOR text may be a letter as well: take the longest code we know. */
    for (; end > (size_t)at + head.size && out->source_uri.size == 0; end--) {
        struct str uri = str_slice(manifest, (size_t)at, end - (size_t)at);

        if (label_code(uri) != NULL)
            out->source_uri = uri;
    }
}

static void find_exif(struct str exif, struct metadata *out)
{
    if (!out->has_exif)
        out->orientation = exif_orientation(exif);
    out->has_exif = true;
    find_aigc(exif, out);
}

static void find_in_png(const struct part *part, struct metadata *out)
{
    if (part_is(part, "iTXt") && str_starts_with(part->body, PNG_XMP_KEYWORD)) {
        /* keyword, compression flag and method, language, translated keyword, text */
        struct str rest = str_slice(part->body, PNG_XMP_KEYWORD.size, part->body.size);

        if (rest.size < 2 || rest.data[0] != 0)
            return; /* compressed: nobody writes XMP so */
        rest = str_slice(rest, 2, rest.size);
        str_cut(&rest, '\0');
        str_cut(&rest, '\0');
        out->xmp = rest;
    } else if (part_is(part, "tEXt") && str_starts_with(part->body, STR("AIGC\0"))) {
        out->aigc = str_slice(part->body, 5, part->body.size);
    } else if (part_is(part, "eXIf")) {
        find_exif(part->body, out);
    } else if (part_is(part, "iCCP")) {
        out->profile_size += part->body.size;
    } else if (part_is(part, "caBX")) {
        find_source(part->body, out);
    }
}

static void find_in_jpeg(const struct part *part, struct metadata *out)
{
    struct str body = part->body;

    if (part->marker == JPEG_APP1 && str_starts_with(body, JPEG_XMP_HEAD)) {
        if (out->xmp.size == 0)
            out->xmp = str_slice(body, JPEG_XMP_HEAD.size, body.size);
    } else if (part->marker == JPEG_APP1 && str_starts_with(body, JPEG_EXIF_HEAD)) {
        find_exif(body, out);
    } else if (part->marker == JPEG_APP2 && str_starts_with(body, JPEG_ICC_HEAD)) {
        out->profile_size += body.size;
    } else if (part->marker == JPEG_APP11) {
        find_source(body, out);
    }
}

static void find_in_webp(const struct part *part, struct metadata *out)
{
    if (part_is(part, "XMP "))
        out->xmp = part->body;
    else if (part_is(part, "EXIF"))
        find_exif(part->body, out);
    else if (part_is(part, "ICCP"))
        out->profile_size += part->body.size;
    else if (part_is(part, "C2PA"))
        find_source(part->body, out);
    else if (part_is(part, "ANMF"))
        out->has_frames = true;
}

static void find_in_gif(const struct part *part, struct metadata *out)
{
    size_t head = GIF_XMP_HEAD.size + 1; /* and the 0x21 */

    if (part->marker == GIF_EXTENSION && str_starts_with(part->body, GIF_XMP_HEAD) &&
        part->whole.size > head + GIF_XMP_TAIL_SIZE)
        out->xmp = str_slice(part->whole, head, part->whole.size - head - GIF_XMP_TAIL_SIZE);
}

/* What is written goes behind the head: it must be one. */
static bool is_head(const struct part *part, enum image_type type)
{
    int64_t width_px, height_px;
    bool has_alpha;

    if (type == IMAGE_PNG)
        return part_is(part, "IHDR");
    return type != IMAGE_WEBP || (part_is(part, "VP8X") && part->body.size >= 10) ||
           webp_frame_size(part, &width_px, &height_px, &has_alpha);
}

bool metadata_find(struct str bytes, enum image_type type, struct metadata *out, struct error *err)
{
    static const struct {
        enum walk_step (*next)(struct walk *walk, struct part *out);
        void (*find)(const struct part *part, struct metadata *out);
    } kinds[] = {
        [IMAGE_PNG] = {png_next,  find_in_png },
        [IMAGE_JPEG] = {jpeg_next, find_in_jpeg},
        [IMAGE_WEBP] = {webp_next, find_in_webp},
        [IMAGE_GIF] = {gif_next,  find_in_gif },
    };
    struct walk walk = {.bytes = bytes};
    struct part part;
    enum walk_step step;
    struct metadata found = {.orientation = 1};

    if ((size_t)type >= COUNT(kinds) || kinds[type].next == NULL)
        return error_set(err, ERROR_PICTURE_TYPE, "pictures of this type carry no label here");
    for (bool is_first = true; (step = kinds[type].next(&walk, &part)) == WALK_PART;
         is_first = false) {
        if (is_first && !is_head(&part, type))
            return error_set(err, ERROR_PICTURE_BROKEN, "the picture is broken: it has no head");
        kinds[type].find(&part, &found);
    }
    if (step == WALK_BROKEN)
        return error_set(err, ERROR_PICTURE_BROKEN, "the picture is broken: it ends early");
    *out = found;
    return true;
}

bool metadata_label(const struct metadata *metadata, struct arena *arena, struct xmp_label *out)
{
    struct xmp_label label = {0};

    if (metadata->xmp.size > 0 && !xmp_read(metadata->xmp, arena, &label))
        label = (struct xmp_label){0};
    if (label.aigc.size == 0)
        label.aigc = metadata->aigc;
    if (label.source_uri.size == 0)
        label.source_uri = metadata->source_uri;
    if (label.aigc.size == 0 && label.source_uri.size == 0)
        return false;
    *out = label;
    return true;
}

bool sink_init(struct sink *sink, size_t size_max, struct arena *arena, struct error *err)
{
    *sink = (struct sink){.data = arena_try_alloc(arena, size_max), .capacity = size_max};
    if (sink->data == NULL)
        return error_set(err, ERROR_UNAVAILABLE, "there is no memory for this picture now");
    return true;
}

void sink_add(struct sink *sink, struct str bytes)
{
    assert(bytes.size <= sink->capacity - sink->size);
    if (bytes.size > 0)
        memcpy(sink->data + sink->size, bytes.data, bytes.size);
    sink->size += bytes.size;
}

static void add_number(struct sink *sink, uint32_t value, size_t size, bool is_little)
{
    char bytes[4];

    for (size_t index = 0; index < size; index++)
        bytes[index] = (char)(value >> 8 * (is_little ? index : size - 1 - index));
    sink_add(sink, (struct str){bytes, size});
}

/* ISO 3309, as PNG wants it; a nibble at a time is enough for packets. */
static uint32_t crc32_of(struct str bytes)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    uint32_t crc = 0xFFFFFFFF;

    for (size_t index = 0; index < bytes.size; index++) {
        crc ^= (uint8_t)bytes.data[index];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

void sink_add_png(struct sink *sink, const char *type, struct str head, struct str body)
{
    size_t start;

    add_number(sink, (uint32_t)(head.size + body.size), 4, false);
    start = sink->size;
    sink_add(sink, (struct str){type, 4});
    sink_add(sink, head);
    sink_add(sink, body);
    add_number(sink, crc32_of((struct str){sink->data + start, sink->size - start}), 4, false);
}

void sink_add_png_xmp(struct sink *sink, struct str packet)
{
    /* not compressed, no language, no translated keyword */
    sink_add_png(sink, "iTXt", STR("XML:com.adobe.xmp\0\0\0\0\0"), packet);
}

void sink_add_jpeg(struct sink *sink, uint8_t marker, struct str head, struct str body)
{
    assert(head.size + body.size + 2 <= UINT16_MAX);
    sink_add(sink, (struct str){
                       (const char[]){(char)0xFF, (char)marker},
                        2
    });
    add_number(sink, (uint32_t)(head.size + body.size + 2), 2, false);
    sink_add(sink, head);
    sink_add(sink, body);
}

void sink_add_webp(struct sink *sink, const char *type, struct str body)
{
    sink_add(sink, (struct str){type, 4});
    add_number(sink, (uint32_t)body.size, 4, true);
    sink_add(sink, body);
    if (body.size % 2 != 0)
        sink_add(sink, STR("\0"));
}

void sink_add_webp_head(struct sink *sink, uint8_t flags, int64_t width_px, int64_t height_px)
{
    sink_add(sink, STR("VP8X\x0A\0\0\0"));
    add_number(sink, flags, 4, true);
    add_number(sink, (uint32_t)(width_px - 1), 3, true);
    add_number(sink, (uint32_t)(height_px - 1), 3, true);
}

void sink_end_webp(struct sink *sink)
{
    size_t size = sink->size;

    assert(size - 8 <= UINT32_MAX);
    sink->size = 4;
    add_number(sink, (uint32_t)(size - 8), 4, true);
    sink->size = size;
}

void sink_add_gif_xmp(struct sink *sink, struct str packet)
{
    sink_add(sink, STR("\x21"));
    sink_add(sink, GIF_XMP_HEAD);
    sink_add(sink, packet);
    /* The packet is read as sub-blocks by those who do not know it; wherever they come out, the
     * trailer leads them to its end. */
    sink_add(sink, STR("\x01"));
    for (int value = 0xFF; value >= 0; value--)
        add_number(sink, (uint32_t)value, 1, false);
    sink_add(sink, STR("\0"));
}
