#include "image/image.h"

#include "image/bmff_private.h"
#include "image/container_private.h"
#include "image/exif_private.h"

#include <inttypes.h>
#include <string.h>

#define SIDE_PX_MAX 16384
#define FRAMES_MAX 200
#define SCANS_MAX 64 /* a progressive JPEG decodes the whole picture once a scan */
/* What a file may carry beside its pixels (S41): nothing honest comes near these. */
#define ANCILLARY_SIZE_MAX ((size_t)8 << 20)
#define ANCILLARY_PARTS_MAX 1000

/* What a file that we do not take looks like: its first bytes, at an offset. */
static const struct {
    size_t at;
    struct str magic;
    const char *what;
} strangers[] = {
    {0, {"%PDF", 4},             "a PDF document"                  },
    {0, {"II*\0", 4},            "a TIFF or camera raw picture"    },
    {0, {"MM\0*", 4},            "a TIFF or camera raw picture"    },
    {0, {"BM", 2},               "a BMP picture"                   },
    {0, {"\0\0\1\0", 4},         "an icon (ICO)"                   },
    {0, {"8BPS", 4},             "a Photoshop document"            },
    {0, {"\0\0\0\x0CJXL ", 8},   "a JPEG XL picture"               },
    {0, {"\xFF\x0A", 2},         "a JPEG XL picture"               },
    {0, {"\0\0\0\x0CjP  ", 8},   "a JPEG 2000 picture"             },
    {0, {"PK\3\4", 4},           "a ZIP archive or office document"},
    {0, {"\x1F\x8B", 2},         "a gzip archive"                  },
    {0, {"Rar!", 4},             "a RAR archive"                   },
    {0, {"7z\xBC\xAF", 4},       "a 7z archive"                    },
    {0,
     {"\x7F"
      "ELF",
      4},
     "a program"                                                   },
    {0, {"MZ", 2},               "a program"                       },
    {0, {"#!", 2},               "a script"                        },
    {0, {"\x1A\x45\xDF\xA3", 4}, "a video"                         },
    {8, {"AVI ", 4},             "a video"                         },
    {4, {"ftyp", 4},             "a video"                         },
};

static bool refuse_size(struct error *err, const char *field, int64_t limit, int64_t value,
                        const char *unit)
{
    return error_field(err, ERROR_PICTURE_TOO_LARGE, field, limit,
                       "the picture has %" PRId64 " %s; at most %" PRId64 " are allowed", value,
                       unit, limit);
}

static bool broken(struct error *err, const char *what)
{
    return error_set(err, ERROR_PICTURE_BROKEN, "the picture is broken: %s", what);
}

struct probe {
    struct str bytes;
    struct image_limits limits;
    struct image_info info;
    size_t ancillary_parts;
    bool has_exif;
};

static bool check_size(const struct probe *probe, int64_t width_px, int64_t height_px,
                       struct error *err)
{
    if (width_px <= 0 || height_px <= 0)
        return broken(err, "it has no size");
    if (width_px > probe->limits.side_px_max)
        return refuse_size(err, "width", probe->limits.side_px_max, width_px, "columns");
    if (height_px > probe->limits.side_px_max)
        return refuse_size(err, "height", probe->limits.side_px_max, height_px, "rows");
    if (width_px * height_px > probe->limits.pixels_max)
        return refuse_size(err, "pixels", probe->limits.pixels_max, width_px * height_px, "pixels");
    return true;
}

static bool check_frames(const struct probe *probe, int64_t frames, struct error *err)
{
    if (frames > probe->limits.frames_max)
        return refuse_size(err, "frames", probe->limits.frames_max, frames, "frames or more");
    return true;
}

/* The first EXIF block counts, as for those who show pictures. */
static void read_exif(struct probe *probe, struct str exif)
{
    if (!probe->has_exif)
        probe->info.orientation = exif_orientation(exif);
    probe->has_exif = true;
}

/* Each part beside the pixels is counted and weighed before a library unpacks it. */
static bool check_ancillary(struct probe *probe, const struct part *part, struct error *err)
{
    if (part->body.size > ANCILLARY_SIZE_MAX)
        return refuse_size(err, "metadata", (int64_t)ANCILLARY_SIZE_MAX, (int64_t)part->body.size,
                           "bytes of metadata in one place");
    if (++probe->ancillary_parts > ANCILLARY_PARTS_MAX)
        return refuse_size(err, "metadata", ANCILLARY_PARTS_MAX, (int64_t)probe->ancillary_parts,
                           "pieces of metadata or more");
    return true;
}

/*
 * Bytes after the end make a file that is two things at once.  Padding is harmless; cameras really
 * put previews and films after a JPEG, so there anything may follow (image_strip() drops it).
 */
static bool check_tail(const struct walk *walk, struct error *err)
{
    for (size_t at = walk->at; at < walk->bytes.size; at++) {
        char c = walk->bytes.data[at];

        if (c != '\0' && c != '\n' && c != '\r' && c != ' ')
            return broken(err, "other data follows its end");
    }
    return true;
}

static bool probe_png_head(struct probe *probe, const struct part *head, struct error *err)
{
    static const uint8_t depths[7] = {
        1 | 2 | 4 | 8 | 16, 0, 8 | 16, 1 | 2 | 4 | 8, 8 | 16, 0, 8 | 16,
    }; /* of each colour type; depths are powers of two and so their own bits */
    uint8_t depth, colour;

    if (!part_is(head, "IHDR") || head->body.size != 13)
        return broken(err, "a PNG starts with its head");
    depth = byte_at(head->body, 8);
    colour = byte_at(head->body, 9);
    if (colour > 6 || depth == 0 || (depth & (depth - 1)) != 0 || depth > 16 ||
        (depths[colour] & depth) == 0)
        return broken(err, "no PNG has this depth and colour type");
    if (byte_at(head->body, 10) != 0 || byte_at(head->body, 11) != 0 || byte_at(head->body, 12) > 1)
        return broken(err, "no PNG is coded so");
    probe->info.width_px = u32be_at(head->body, 0);
    probe->info.height_px = u32be_at(head->body, 4);
    probe->info.has_alpha = (colour & 4) != 0;
    return check_size(probe, probe->info.width_px, probe->info.height_px, err);
}

static bool probe_png(struct probe *probe, struct error *err)
{
    struct walk walk = {.bytes = probe->bytes};
    struct part part;
    enum walk_step step;
    int64_t frames_said = 0, frames_seen = 0;
    bool has_data = false;

    if (png_next(&walk, &part) != WALK_PART)
        return broken(err, "the PNG ends early");
    if (!probe_png_head(probe, &part, err))
        return false;
    while ((step = png_next(&walk, &part)) == WALK_PART) {
        if (part_is(&part, "IDAT")) {
            has_data = true;
        } else if (part_is(&part, "acTL") && part.body.size == 8) {
            frames_said = u32be_at(part.body, 0);
        } else if (part_is(&part, "fcTL")) {
            frames_seen++;
        } else if (part_is(&part, "tRNS")) {
            probe->info.has_alpha = true;
        } else if (part_is(&part, "eXIf")) {
            read_exif(probe, part.body);
        }
        if ((part.type.data[0] & 0x20) != 0 && !part_is(&part, "fcTL") && !part_is(&part, "fdAT") &&
            !check_ancillary(probe, &part, err))
            return false;
        if (!check_frames(probe, frames_said > frames_seen ? frames_said : frames_seen, err))
            return false;
    }
    if (step == WALK_BROKEN || !has_data)
        return broken(err, "the PNG ends early");
    if (frames_said > 1)
        probe->info.frames = frames_said;
    return check_tail(&walk, err);
}

static bool probe_jpeg_frame(struct probe *probe, const struct part *part, struct error *err)
{
    uint8_t components;

    if (part->marker != JPEG_SOF0 && part->marker != JPEG_SOF1 && part->marker != JPEG_SOF2 &&
        part->marker != JPEG_SOF9 && part->marker != JPEG_SOF10)
        return error_set(err, ERROR_PICTURE_TYPE,
                         "a lossless or hierarchical JPEG is not taken; save it as an ordinary "
                         "JPEG, PNG or WebP");
    if (probe->info.width_px != 0)
        return broken(err, "the JPEG has two heads");
    if (part->body.size < 6)
        return broken(err, "the JPEG's head is cut off");
    components = byte_at(part->body, 5);
    if (byte_at(part->body, 0) != 8)
        return error_set(err, ERROR_PICTURE_TYPE,
                         "a JPEG with %d bits a colour is not taken; save it with 8",
                         byte_at(part->body, 0));
    if (part->body.size != 6 + (size_t)3 * components ||
        (components != 1 && components != 3 && components != 4))
        return broken(err, "no JPEG has this number of colours");
    probe->info.height_px = u16be_at(part->body, 1);
    probe->info.width_px = u16be_at(part->body, 3);
    return check_size(probe, probe->info.width_px, probe->info.height_px, err);
}

static bool jpeg_is_frame_head(uint8_t marker)
{
    return marker >= JPEG_SOF0 && marker <= JPEG_SOF15 && marker != JPEG_DHT &&
           marker != JPEG_JPG && marker != JPEG_DAC;
}

static bool probe_jpeg(struct probe *probe, struct error *err)
{
    struct walk walk = {.bytes = probe->bytes};
    struct part part;
    enum walk_step step;
    int64_t scans = 0;

    while ((step = jpeg_next(&walk, &part)) == WALK_PART) {
        if (jpeg_is_frame_head(part.marker)) {
            if (!probe_jpeg_frame(probe, &part, err))
                return false;
        } else if (part.marker == JPEG_SOS) {
            if (probe->info.width_px == 0)
                return broken(err, "the JPEG has no head");
            if (++scans > SCANS_MAX)
                return refuse_size(err, "scans", SCANS_MAX, scans, "scans or more");
        } else if (part.marker == JPEG_APP1 && str_starts_with(part.body, JPEG_EXIF_HEAD)) {
            read_exif(probe, part.body);
        }
        if ((part.marker >= JPEG_APP0 && part.marker <= JPEG_APP15) || part.marker == JPEG_COM) {
            if (!check_ancillary(probe, &part, err))
                return false;
        }
    }
    if (step == WALK_BROKEN || scans == 0)
        return broken(err, "the JPEG ends early");
    return true;
}

/* One frame of an animation lies inside the canvas. */
static bool probe_webp_frame(struct probe *probe, const struct part *part, struct error *err)
{
    int64_t left, top, width_px, height_px;

    if (part->body.size < 16)
        return broken(err, "a frame of the WebP is cut off");
    left = (int64_t)u24le_at(part->body, 0) * 2;
    top = (int64_t)u24le_at(part->body, 3) * 2;
    width_px = (int64_t)u24le_at(part->body, 6) + 1;
    height_px = (int64_t)u24le_at(part->body, 9) + 1;
    if (left + width_px > probe->info.width_px || top + height_px > probe->info.height_px)
        return broken(err, "a frame of the WebP is larger than the picture");
    return true;
}

static bool probe_webp_part(struct probe *probe, const struct part *part, int64_t *stills,
                            int64_t *frames, struct error *err)
{
    int64_t width_px, height_px;
    bool has_alpha;

    if (part_is(part, "ANMF"))
        return check_frames(probe, ++*frames, err) && probe_webp_frame(probe, part, err);
    if (part_is(part, "VP8 ") || part_is(part, "VP8L")) {
        if (!webp_frame_size(part, &width_px, &height_px, &has_alpha))
            return broken(err, "the WebP's frame has no head");
        if (++*stills > 1)
            return broken(err, "the WebP has two pictures");
        if (probe->info.width_px == 0) {
            probe->info.width_px = width_px;
            probe->info.height_px = height_px;
            probe->info.has_alpha = has_alpha;
            return check_size(probe, width_px, height_px, err);
        }
        if (width_px != probe->info.width_px || height_px != probe->info.height_px)
            return broken(err, "the WebP gives two sizes");
        return true;
    }
    if (part_is(part, "EXIF"))
        read_exif(probe, part->body);
    if (!part_is(part, "ALPH") && !check_ancillary(probe, part, err))
        return false;
    return true;
}

static bool probe_webp(struct probe *probe, struct error *err)
{
    struct walk walk = {.bytes = probe->bytes};
    struct part part;
    enum walk_step step;
    int64_t stills = 0, frames = 0;

    for (bool is_first = true; (step = webp_next(&walk, &part)) == WALK_PART; is_first = false) {
        if (part_is(&part, "VP8X")) {
            if (!is_first || part.body.size < 10)
                return broken(err, "the WebP's head is cut off");
            probe->info.width_px = (int64_t)u24le_at(part.body, 4) + 1;
            probe->info.height_px = (int64_t)u24le_at(part.body, 7) + 1;
            probe->info.has_alpha = (byte_at(part.body, 0) & WEBP_ALPHA) != 0;
            if (!check_size(probe, probe->info.width_px, probe->info.height_px, err))
                return false;
        } else if (!probe_webp_part(probe, &part, &stills, &frames, err)) {
            return false;
        }
    }
    if (step == WALK_BROKEN || stills + frames == 0)
        return broken(err, "the WebP ends early");
    if (frames > 1)
        probe->info.frames = frames;
    return check_tail(&walk, err);
}

static bool probe_gif(struct probe *probe, struct error *err)
{
    struct walk walk = {.bytes = probe->bytes};
    struct part part;
    enum walk_step step;
    int64_t frames = 0;

    while ((step = gif_next(&walk, &part)) == WALK_PART) {
        switch ((enum gif_part)part.marker) {
        case GIF_HEAD:
            probe->info.width_px = u16le_at(part.body, 6);
            probe->info.height_px = u16le_at(part.body, 8);
            if (!check_size(probe, probe->info.width_px, probe->info.height_px, err))
                return false;
            break;
        case GIF_IMAGE:
            /* A decoder may enlarge the screen to its frames: they count as well. */
            if (!check_frames(probe, ++frames, err) ||
                !check_size(probe, (int64_t)u16le_at(part.body, 1) + u16le_at(part.body, 5),
                            (int64_t)u16le_at(part.body, 3) + u16le_at(part.body, 7), err))
                return false;
            break;
        case GIF_EXTENSION:
            /* Graphic control: bit 0 of its flags is transparency. */
            if (part.body.size >= 3 && byte_at(part.body, 0) == 0xF9)
                probe->info.has_alpha |= (byte_at(part.body, 2) & 1) != 0;
            break;
        case GIF_TRAILER:
            break;
        }
    }
    if (step == WALK_BROKEN || frames == 0)
        return broken(err, "the GIF ends early");
    probe->info.frames = frames;
    return check_tail(&walk, err);
}

static bool probe_avif(struct probe *probe, struct error *err)
{
    struct bmff_picture picture;

    if (!bmff_read(probe->bytes, &picture))
        return broken(err, "the AVIF ends early or its boxes contradict each other");
    if (!check_size(probe, picture.width_px_max, picture.height_px_max, err) ||
        !check_size(probe, picture.width_px, picture.height_px, err))
        return false;
    probe->info.width_px = picture.width_px;
    probe->info.height_px = picture.height_px;
    probe->info.has_alpha = picture.has_alpha;
    return true;
}

/* Markup is told by a word near its start. */
static const char *name_markup(struct str bytes)
{
    struct str start = str_trim(str_slice(bytes, 0, 1024));

    if (str_starts_with(start, STR("\xEF\xBB\xBF")))
        start = str_trim(str_slice(start, 3, start.size));
    if (start.size == 0 || start.data[0] != '<')
        return NULL;
    if (str_find(start, STR("<svg")) >= 0)
        return "an SVG drawing";
    if (str_starts_with(start, STR("<?xml")))
        return "an XML document";
    return "a web page";
}

static bool refuse_type(struct str bytes, struct error *err)
{
    const char *what = name_markup(bytes);

    if (bmff_is_heic(bytes))
        what = "a HEIC picture";
    for (size_t index = 0; what == NULL && index < COUNT(strangers); index++)
        if (str_equal(str_slice(bytes, strangers[index].at, strangers[index].magic.size),
                      strangers[index].magic))
            what = strangers[index].what;
    if (bytes.size == 0)
        return error_set(err, ERROR_PICTURE_TYPE, "the file is empty");
    if (what == NULL)
        return error_set(
            err, ERROR_PICTURE_TYPE,
            "this is no picture that we know; PNG, JPEG, WebP, GIF and AVIF are taken");
    return error_set(err, ERROR_PICTURE_TYPE,
                     "this looks like %s; PNG, JPEG, WebP, GIF and AVIF are taken", what);
}

static enum image_type sniff(struct str bytes)
{
    if (str_starts_with(bytes, (struct str){PNG_SIGNATURE, PNG_SIGNATURE_SIZE}))
        return IMAGE_PNG;
    if (str_starts_with(bytes, STR("\xFF\xD8\xFF")))
        return IMAGE_JPEG;
    if (str_starts_with(bytes, STR("RIFF")) && str_equal(str_slice(bytes, 8, 4), STR("WEBP")))
        return IMAGE_WEBP;
    if (str_starts_with(bytes, STR("GIF87a")) || str_starts_with(bytes, STR("GIF89a")))
        return IMAGE_GIF;
    if (bmff_is_avif(bytes))
        return IMAGE_AVIF;
    return IMAGE_UNKNOWN;
}

bool image_probe(struct str bytes, const struct image_limits *limits, struct image_info *out,
                 struct error *err)
{
    static bool (*const probes[])(struct probe * probe, struct error * err) = {
        [IMAGE_PNG] = probe_png, [IMAGE_JPEG] = probe_jpeg, [IMAGE_WEBP] = probe_webp,
        [IMAGE_GIF] = probe_gif, [IMAGE_AVIF] = probe_avif,
    };
    struct probe probe = {
        .bytes = bytes,
        .limits = limits != NULL ? *limits : (struct image_limits){0           },
        .info = { .type = sniff(bytes), .orientation = 1, .frames = 1},
    };

    if (probe.info.type == IMAGE_UNKNOWN)
        return refuse_type(bytes, err);
    if (probe.limits.side_px_max <= 0)
        probe.limits.side_px_max = SIDE_PX_MAX;
    if (probe.limits.pixels_max <= 0)
        probe.limits.pixels_max = IMAGE_PIXELS_MAX;
    if (probe.limits.frames_max <= 0)
        probe.limits.frames_max = FRAMES_MAX;
    if (!probes[probe.info.type](&probe, err))
        return false;
    if (probe.info.orientation >= 5) {
        int64_t width_px = probe.info.width_px;

        probe.info.width_px = probe.info.height_px;
        probe.info.height_px = width_px;
    }
    *out = probe.info;
    return true;
}
