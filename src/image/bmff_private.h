/* image/bmff_private.h: what we need of an AVIF file's boxes (ISO/IEC 14496-12, 23008-12).  Pure.
 */
#pragma once

#include "core/str.h"

#define BMFF_ITEMS_MAX 1024
#define BMFF_METADATA_MAX 16

/* A piece of the file that holds metadata (EXIF or XMP), by place. */
struct bmff_span {
    size_t start, size;
};

struct bmff_picture {
    int64_t width_px, height_px;         /* of the primary item, as shown */
    int64_t width_px_max, height_px_max; /* the largest any item says */
    bool has_alpha;
    struct bmff_span metadata[BMFF_METADATA_MAX];
    size_t metadata_count;
};

/* True when the brands say AVIF. */
bool bmff_is_avif(struct str bytes);
/* True for HEIC, HEIF and their kin without AVIF. */
bool bmff_is_heic(struct str bytes);
/* False when the boxes are broken, cut off, or no picture is in them. */
MUST_CHECK bool bmff_read(struct str bytes, struct bmff_picture *out);
