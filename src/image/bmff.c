#include "image/bmff_private.h"

#include "image/container_private.h"

#include <string.h>

/* Boxes of a file or of a box, one after the other. */
struct box {
    struct str type;
    struct str body;
    uint32_t version; /* of a full box, after box_open_full() */
    uint32_t flags;
};

#define PROPERTIES_MAX 256
#define PROPERTY_ALPHA "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
#define PROPERTY_ALPHA_OLD "urn:mpeg:avc:2015:auxid:1"

/* Takes the next box off `*rest`.  False at the end and when broken; `*is_broken` tells which. */
static bool box_next(struct str *rest, struct box *out, bool *is_broken)
{
    size_t head = 8;
    uint64_t size;

    if (rest->size == 0)
        return false;
    *is_broken = true;
    if (rest->size < head)
        return false;
    size = u32be_at(*rest, 0);
    if (size == 1) {
        head = 16;
        if (rest->size < head)
            return false;
        size = (uint64_t)u32be_at(*rest, 8) << 32 | u32be_at(*rest, 12);
    } else if (size == 0) {
        size = rest->size;
    }
    if (size < head || size > rest->size)
        return false;
    *out = (struct box){
        .type = str_slice(*rest, 4, 4),
        .body = str_slice(*rest, head, (size_t)size - head),
    };
    *rest = str_slice(*rest, (size_t)size, rest->size);
    *is_broken = false;
    return true;
}

static bool box_is(const struct box *box, const char *type)
{
    return memcmp(box->type.data, type, 4) == 0;
}

static bool box_open_full(struct box *box)
{
    if (box->body.size < 4)
        return false;
    box->version = byte_at(box->body, 0);
    box->flags = u32be_at(box->body, 0) & 0xFFFFFF;
    box->body = str_slice(box->body, 4, box->body.size);
    return true;
}

/* Takes `size` bytes (0, 2, 4 or 8) off the front as a number. */
static bool take_number(struct str *rest, size_t size, uint64_t *out)
{
    uint64_t value = 0;

    if (size > 8 || rest->size < size)
        return false;
    for (size_t index = 0; index < size; index++)
        value = value << 8 | byte_at(*rest, index);
    *rest = str_slice(*rest, size, rest->size);
    *out = value;
    return true;
}

static bool find_box(struct str rest, const char *type, struct box *out)
{
    bool is_broken;

    while (box_next(&rest, out, &is_broken))
        if (box_is(out, type))
            return true;
    return false;
}

/* True when a brand of the ftyp box is one of the four-character names in `brands`. */
static bool has_brand(struct str bytes, const char *brands)
{
    struct box box;
    bool is_broken;

    if (!box_next(&bytes, &box, &is_broken) || !box_is(&box, "ftyp"))
        return false;
    for (size_t at = 0; at + 4 <= box.body.size; at += 4) {
        if (at == 4)
            continue; /* the minor version */
        for (const char *brand = brands; *brand != '\0'; brand += 4)
            if (memcmp(box.body.data + at, brand, 4) == 0)
                return true;
    }
    return false;
}

bool bmff_is_avif(struct str bytes) { return has_brand(bytes, "avifavis"); }

bool bmff_is_heic(struct str bytes)
{
    return !bmff_is_avif(bytes) && has_brand(bytes, "heicheixhevchevxheimheismif1msf1");
}

struct meta {
    struct str file;
    struct str idat; /* data of items within the meta box itself; empty: none */
    uint64_t primary;
    struct box properties[PROPERTIES_MAX];
    size_t property_count;
    uint64_t metadata_items[BMFF_METADATA_MAX]; /* items of EXIF and XMP */
    size_t metadata_item_count;
    bool has_size;
};

static bool read_size(const struct box *property, int64_t *width_px, int64_t *height_px)
{
    if (property->body.size < 12)
        return false;
    *width_px = u32be_at(property->body, 4);
    *height_px = u32be_at(property->body, 8);
    return *width_px > 0 && *height_px > 0;
}

/* The list of properties, and the largest size in it. */
static bool read_properties(struct meta *meta, struct str ipco, struct bmff_picture *out)
{
    struct box box;
    bool is_broken = false;

    while (box_next(&ipco, &box, &is_broken)) {
        int64_t width_px, height_px;

        if (meta->property_count == PROPERTIES_MAX)
            return false;
        meta->properties[meta->property_count++] = box;
        if (box_is(&box, "ispe")) {
            if (!read_size(&box, &width_px, &height_px))
                return false;
            if (width_px > out->width_px_max)
                out->width_px_max = width_px;
            if (height_px > out->height_px_max)
                out->height_px_max = height_px;
        } else if (box_is(&box, "auxC") && box.body.size > 4) {
            struct str urn = str_slice(box.body, 4, box.body.size);

            out->has_alpha |= str_starts_with(urn, STR(PROPERTY_ALPHA)) ||
                              str_starts_with(urn, STR(PROPERTY_ALPHA_OLD));
        }
    }
    return !is_broken;
}

static void use_property(struct meta *meta, uint64_t index, bool *is_turned,
                         struct bmff_picture *out)
{
    const struct box *property;

    if (index == 0 || index > meta->property_count)
        return;
    property = &meta->properties[index - 1];
    if (box_is(property, "ispe"))
        meta->has_size = read_size(property, &out->width_px, &out->height_px);
    else if (box_is(property, "irot") && property->body.size >= 1)
        *is_turned = (byte_at(property->body, 0) & 1) != 0; /* 90 or 270 degrees */
}

/* Which properties the primary item has: its size, and whether it is turned. */
static bool read_associations(struct meta *meta, struct box ipma, struct bmff_picture *out)
{
    uint64_t count, item, used, index;
    bool is_turned = false;

    if (!box_open_full(&ipma) || !take_number(&ipma.body, 4, &count) || count > BMFF_ITEMS_MAX)
        return false;
    for (uint64_t entry = 0; entry < count; entry++) {
        if (!take_number(&ipma.body, ipma.version == 0 ? 2 : 4, &item) ||
            !take_number(&ipma.body, 1, &used))
            return false;
        for (uint64_t at = 0; at < used; at++) {
            bool is_wide = (ipma.flags & 1) != 0;

            if (!take_number(&ipma.body, is_wide ? 2 : 1, &index))
                return false;
            if (item == meta->primary)
                use_property(meta, index & (is_wide ? 0x7FFF : 0x7F), &is_turned, out);
        }
    }
    if (is_turned) {
        int64_t width_px = out->width_px;

        out->width_px = out->height_px;
        out->height_px = width_px;
    }
    return true;
}

/* Which items are EXIF or XMP. */
static bool read_items(struct meta *meta, struct box iinf)
{
    struct box infe;
    uint64_t count, item, protection;
    bool is_broken = false;

    if (!box_open_full(&iinf) || !take_number(&iinf.body, iinf.version == 0 ? 2 : 4, &count) ||
        count > BMFF_ITEMS_MAX)
        return false;
    while (box_next(&iinf.body, &infe, &is_broken)) {
        if (!box_is(&infe, "infe") || !box_open_full(&infe))
            return false;
        if (infe.version < 2)
            continue;
        if (!take_number(&infe.body, infe.version == 2 ? 2 : 4, &item) ||
            !take_number(&infe.body, 2, &protection) || infe.body.size < 4)
            return false;
        if (memcmp(infe.body.data, "Exif", 4) != 0 && memcmp(infe.body.data, "mime", 4) != 0)
            continue;
        if (meta->metadata_item_count == BMFF_METADATA_MAX)
            return false;
        meta->metadata_items[meta->metadata_item_count++] = item;
    }
    return !is_broken;
}

static bool is_metadata(const struct meta *meta, uint64_t item)
{
    for (size_t index = 0; index < meta->metadata_item_count; index++)
        if (meta->metadata_items[index] == item)
            return true;
    return false;
}

/* `start` counts from the beginning of `within`, which is a part of the file. */
static bool add_span(struct meta *meta, uint64_t item, struct str within, uint64_t start,
                     uint64_t size, struct bmff_picture *out)
{
    size_t at = within.size == 0 ? 0 : (size_t)(within.data - meta->file.data);

    if (start > within.size || size > within.size - start)
        return false; /* cut off */
    if (!is_metadata(meta, item))
        return true;
    /* A size of 0 stands for all that follows, which would be the pixels too. */
    if (size == 0 || out->metadata_count == BMFF_METADATA_MAX)
        return false;
    out->metadata[out->metadata_count++] = (struct bmff_span){at + (size_t)start, (size_t)size};
    return true;
}

/* Where the items lie: each must lie in the file. */
static bool read_locations(struct meta *meta, struct box iloc, struct bmff_picture *out)
{
    uint64_t sizes, count, item, method = 0, reference, base, extents, index, offset, size;

    if (!box_open_full(&iloc) || iloc.version > 2 || !take_number(&iloc.body, 2, &sizes) ||
        !take_number(&iloc.body, iloc.version < 2 ? 2 : 4, &count) || count > BMFF_ITEMS_MAX)
        return false;
    for (uint64_t entry = 0; entry < count; entry++) {
        if (!take_number(&iloc.body, iloc.version < 2 ? 2 : 4, &item) ||
            (iloc.version > 0 && !take_number(&iloc.body, 2, &method)) ||
            !take_number(&iloc.body, 2, &reference) ||
            !take_number(&iloc.body, sizes >> 4 & 15, &base) ||
            !take_number(&iloc.body, 2, &extents))
            return false;
        for (uint64_t extent = 0; extent < extents; extent++) {
            if ((iloc.version > 0 && !take_number(&iloc.body, sizes & 15, &index)) ||
                !take_number(&iloc.body, sizes >> 12 & 15, &offset) ||
                !take_number(&iloc.body, sizes >> 8 & 15, &size))
                return false;
            if (base > meta->file.size || offset > meta->file.size)
                return false;
            /* Method 0 counts from the file's start, 1 from that of the idat box, and 2 within
             * another item, where metadata could not be found again. */
            if ((method & 15) > 1
                    ? is_metadata(meta, item)
                    : !add_span(meta, item, (method & 15) == 0 ? meta->file : meta->idat,
                                base + offset, size, out))
                return false;
        }
    }
    return true;
}

static bool read_meta(struct meta *meta, struct box box, struct bmff_picture *out)
{
    struct box found, iprp;

    if (!box_open_full(&box))
        return false;
    if (!find_box(box.body, "pitm", &found) || !box_open_full(&found) ||
        !take_number(&found.body, found.version == 0 ? 2 : 4, &meta->primary))
        return false;
    if (!find_box(box.body, "iprp", &iprp) || !find_box(iprp.body, "ipco", &found) ||
        !read_properties(meta, found.body, out))
        return false;
    if (!find_box(iprp.body, "ipma", &found) || !read_associations(meta, found, out))
        return false;
    if (!find_box(box.body, "iinf", &found) || !read_items(meta, found))
        return false;
    if (find_box(box.body, "idat", &found))
        meta->idat = found.body;
    return find_box(box.body, "iloc", &found) && read_locations(meta, found, out) && meta->has_size;
}

static bool lies_in(struct bmff_span span, struct str file, struct str part)
{
    size_t start = part.size == 0 ? 0 : (size_t)(part.data - file.data);

    return span.start >= start && span.start - start <= part.size &&
           span.size <= part.size - (span.start - start);
}

/*
 * Whoever strips a picture blanks its metadata: a place that reaches into the boxes would take the
 * picture's own description along, and two that overlap would take each other's.
 */
static bool check_spans(const struct meta *meta, const struct bmff_picture *picture)
{
    for (size_t index = 0; index < picture->metadata_count; index++) {
        struct bmff_span span = picture->metadata[index];
        struct str rest = meta->file;
        struct box box;
        bool is_broken = false, is_data = lies_in(span, meta->file, meta->idat);

        while (!is_data && box_next(&rest, &box, &is_broken))
            is_data = box_is(&box, "mdat") && lies_in(span, meta->file, box.body);
        if (!is_data)
            return false;
        for (size_t other = 0; other < index; other++)
            if (span.start < picture->metadata[other].start + picture->metadata[other].size &&
                picture->metadata[other].start < span.start + span.size)
                return false;
    }
    return true;
}

bool bmff_read(struct str bytes, struct bmff_picture *out)
{
    struct meta meta = {.file = bytes};
    struct str rest = bytes;
    struct box box;
    bool is_broken = false, has_meta = false;

    *out = (struct bmff_picture){0};
    while (box_next(&rest, &box, &is_broken)) {
        if (!box_is(&box, "meta") || has_meta)
            continue;
        if (!read_meta(&meta, box, out))
            return false;
        has_meta = true;
    }
    return !is_broken && has_meta && check_spans(&meta, out);
}
