#include "image/image.h"

#include "core/json.h"
#include "core/text.h"
#include "image/container_private.h"
#include "image/metadata_private.h"

#include <assert.h>
#include <string.h>

#define SOURCE_TYPE_HEAD "http://cv.iptc.org/newscodes/digitalsourcetype/"

/* GB 45438-2025 annex E: seven keys, all texts.  We are producer and first propagator in one. */
static struct str write_aigc(const struct image_label *label, struct buf *buf)
{
    const struct {
        const char *name;
        struct str value;
    } keys[] = {
        {"Label",             STR("1")            }, /* is generated */
        {"ContentProducer",   label->producer_code},
        {"ProduceID",         label->produce_id   },
        {"ReservedCode1",     STR_EMPTY           },
        {"ContentPropagator", label->producer_code},
        {"PropagateID",       label->produce_id   },
        {"ReservedCode2",     STR_EMPTY           },
    };
    struct json_writer json;

    if (label->producer_code.size == 0)
        return STR_EMPTY;
    json_writer_init(&json, buf);
    json_begin_object(&json);
    for (size_t index = 0; index < COUNT(keys); index++) {
        json_name(&json, keys[index].name);
        json_add_text(&json, keys[index].value);
    }
    json_end_object(&json);
    return buf_str(buf);
}

struct writing {
    struct str bytes;
    struct str xmp;
    struct sink sink;
    bool has_aigc; /* the packet has a record: none stays in the fallback places */
};

static void write_png(struct writing *writing)
{
    struct walk walk = {.bytes = writing->bytes};
    struct part part;

    sink_add(&writing->sink, (struct str){PNG_SIGNATURE, PNG_SIGNATURE_SIZE});
    for (bool is_first = true; png_next(&walk, &part) == WALK_PART; is_first = false) {
        if (part_is(&part, "iTXt") && str_starts_with(part.body, STR("XML:com.adobe.xmp\0")))
            continue;
        if (writing->has_aigc && part_is(&part, "tEXt") &&
            str_starts_with(part.body, STR("AIGC\0")))
            continue;
        sink_add(&writing->sink, part.whole);
        if (is_first)
            sink_add_png_xmp(&writing->sink, writing->xmp);
    }
    sink_add(&writing->sink, str_slice(writing->bytes, walk.at, writing->bytes.size));
}

static void write_jpeg(struct writing *writing)
{
    struct walk walk = {.bytes = writing->bytes};
    struct part part;
    bool is_added = false;

    while (jpeg_next(&walk, &part) == WALK_PART) {
        bool is_app1 = part.marker == JPEG_APP1;

        /* After JFIF and EXIF, which want to be first. */
        if (!is_added && part.marker != JPEG_SOI && part.marker != JPEG_APP0 &&
            !(is_app1 && str_starts_with(part.body, JPEG_EXIF_HEAD))) {
            sink_add_jpeg(&writing->sink, JPEG_APP1, JPEG_XMP_HEAD, writing->xmp);
            is_added = true;
        }
        if (!is_app1 || !str_starts_with(part.body, JPEG_XMP_HEAD))
            sink_add(&writing->sink, part.whole);
    }
    sink_add(&writing->sink, str_slice(writing->bytes, walk.at, writing->bytes.size));
}

static bool write_webp_head(struct writing *writing, const struct part *part)
{
    int64_t width_px, height_px;
    uint8_t flags;
    bool has_alpha;

    if (part_is(part, "VP8X") && part->body.size >= 10) {
        flags = byte_at(part->body, 0);
        width_px = (int64_t)u24le_at(part->body, 4) + 1;
        height_px = (int64_t)u24le_at(part->body, 7) + 1;
    } else if (webp_frame_size(part, &width_px, &height_px, &has_alpha)) {
        flags = has_alpha ? WEBP_ALPHA : 0;
    } else {
        return false;
    }
    sink_add_webp_head(&writing->sink, flags | WEBP_XMP, width_px, height_px);
    return true;
}

static bool write_webp(struct writing *writing)
{
    struct walk walk = {.bytes = writing->bytes};
    struct part part;

    sink_add(&writing->sink, str_slice(writing->bytes, 0, WEBP_HEAD_SIZE));
    for (bool is_first = true; webp_next(&walk, &part) == WALK_PART; is_first = false) {
        if (is_first && !write_webp_head(writing, &part))
            return false;
        if (!part_is(&part, "VP8X") && !part_is(&part, "XMP "))
            sink_add_webp(&writing->sink, part.type.data, part.body);
    }
    sink_add_webp(&writing->sink, "XMP ", writing->xmp);
    sink_end_webp(&writing->sink);
    return true;
}

bool image_label_write(struct str bytes, enum image_type type, const struct image_label *label,
                       struct arena *arena, struct str *out, struct error *err)
{
    struct writing writing = {.bytes = bytes};
    struct metadata metadata;
    struct xmp_label text, existing;
    CLEANUP(buf_finish) struct buf xmp = {0};
    CLEANUP(buf_finish) struct buf aigc = {0};

    assert(label->source_type != NULL && label_code(str_of(label->source_type)) != NULL);
    if (type != IMAGE_PNG && type != IMAGE_JPEG && type != IMAGE_WEBP)
        return error_set(err, ERROR_PICTURE_TYPE,
                         "an AI label can be written into PNG, JPEG and WebP only");
    if (!metadata_find(bytes, type, &metadata, err))
        return false;
    text = (struct xmp_label){
        .source_uri = arena_printf(arena, SOURCE_TYPE_HEAD "%s", label->source_type),
        .system = label->system,
        .created_at = label->created_at,
        .tool = STR("vitrine"),
        .aigc = write_aigc(label, &aigc),
    };
    /* Somebody else's record, wherever it stands, goes on in the packet: one label per file. */
    if (text.aigc.size == 0 && metadata_label(&metadata, arena, &existing))
        text.aigc = existing.aigc;
    writing.has_aigc = text.aigc.size > 0;
    xmp_write(metadata.xmp, &text, type == IMAGE_JPEG ? JPEG_XMP_SIZE_MAX : XMP_SIZE_MAX, &xmp);
    if (type == IMAGE_JPEG && xmp.size > JPEG_XMP_SIZE_MAX)
        return error_field(err, ERROR_TOO_LONG, "label", JPEG_XMP_SIZE_MAX,
                           "the AI label is too long for a JPEG");
    writing.xmp = buf_str(&xmp);
    if (!sink_init(&writing.sink, bytes.size + xmp.size + SINK_EXTRA, arena, err))
        return false;
    if (type == IMAGE_PNG)
        write_png(&writing);
    else if (type == IMAGE_JPEG)
        write_jpeg(&writing);
    else if (!write_webp(&writing))
        return error_set(err, ERROR_PICTURE_BROKEN, "the picture is broken: the WebP has no head");
    *out = (struct str){writing.sink.data, writing.sink.size};
    return true;
}

/* Readers meet the seven keys bare and wrapped in {"AIGC": ...}. */
static void read_aigc(struct str text, struct arena *arena, struct image_label *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *record;
    struct error ignored;

    if (text.size == 0 || !json_read_liberal(text, &json, &ignored))
        return;
    record = json_get(json, "AIGC");
    if (record == NULL)
        record = json;
    out->producer_code = arena_str(arena, json_text(json_get(record, "ContentProducer")));
    out->produce_id = arena_str(arena, json_text(json_get(record, "ProduceID")));
}

bool image_label_read(struct str bytes, enum image_type type, struct arena *arena, bool *found,
                      struct image_label *out, struct error *err)
{
    struct metadata metadata;
    struct xmp_label text;
    struct image_label label = {0};

    if (type != IMAGE_PNG && type != IMAGE_JPEG && type != IMAGE_WEBP)
        return error_set(err, ERROR_PICTURE_TYPE,
                         "an AI label can be read from PNG, JPEG and WebP only");
    if (!metadata_find(bytes, type, &metadata, err))
        return false;
    if (!metadata_label(&metadata, arena, &text)) {
        *found = false;
        return true;
    }
    label.source_type = label_code(text.source_uri);
    if (label.source_type == NULL)
        label.source_type = "";
    label.system = text_clip(text.system, IMAGE_LABEL_SYSTEM_MAX);
    label.created_at = text.created_at;
    read_aigc(text.aigc, arena, &label);
    *found = true;
    *out = label;
    return true;
}
