/*
 * image/metadata_private.h: what a file says of itself beside its pixels, and writing a file anew
 * with other such parts.  Pixels are copied as they are.  Pure.
 */
#pragma once

#include "core/error.h"
#include "image/image.h"
#include "image/xmp_private.h"

#define PROFILE_SIZE_MAX ((size_t)1 << 20) /* S43 */
/* One packet in a JPEG segment of 65,535 bytes (Adobe XMP part 3, 1.1.3). */
#define JPEG_XMP_SIZE_MAX 65502

struct metadata {
    struct str xmp;        /* the packet; empty: none */
    struct str aigc;       /* the TC260 record in a fallback place (GB 45438-2025 annex B) */
    struct str source_uri; /* DigitalSourceType in a C2PA manifest */
    size_t profile_size;
    int orientation; /* in the first EXIF block */
    bool has_exif;
    bool has_frames; /* WebP */
};
/* Views into `bytes`.  Fails: PICTURE_TYPE, PICTURE_BROKEN. */
MUST_CHECK bool metadata_find(struct str bytes, enum image_type type, struct metadata *out,
                              struct error *err);
/* The label in them, wherever it stands; true when there is one. */
bool metadata_label(const struct metadata *metadata, struct arena *arena, struct xmp_label *out);

/* A file being written into memory of known size in an arena. */
struct sink {
    char *data;
    size_t size, capacity;
};
/* Room for `size_max` bytes.  Fails: UNAVAILABLE. */
MUST_CHECK bool sink_init(struct sink *sink, size_t size_max, struct arena *arena,
                          struct error *err);
void sink_add(struct sink *sink, struct str bytes);
void sink_add_png(struct sink *sink, const char *type, struct str head, struct str body);
void sink_add_jpeg(struct sink *sink, uint8_t marker, struct str head, struct str body);
void sink_add_webp(struct sink *sink, const char *type, struct str body);
/* VP8X (the container spec's "extended file format"). */
void sink_add_webp_head(struct sink *sink, uint8_t flags, int64_t width_px, int64_t height_px);
/* The size in the RIFF head, when everything is written. */
void sink_end_webp(struct sink *sink);
void sink_add_png_xmp(struct sink *sink, struct str packet);
void sink_add_gif_xmp(struct sink *sink, struct str packet);
#define SINK_EXTRA 1024 /* what a rewritten file may be larger, beside its XMP packet */

/* A code of the IPTC vocabulary in it, static; NULL when it is none we know. */
const char *label_code(struct str source_uri);
