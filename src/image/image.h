/*
 * image/image.h: pixels: sniff, limits before decode, variants, thumbhash, labels, the mock's
 * pictures. libvips' headers are included in this room only.  Blocking; call it on worker threads.
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"

/*
 * Once, before other threads start: the allocator's thresholds.  libvips itself (21 MiB, 75 ms) is
 * loaded by the first call that needs pixels; probing, stripping and labelling never do.  Thread:
 * main.
 */
MUST_CHECK bool image_init(struct error *err);
void image_finish(void);     /* thread: main, last; tests too, else leak checkers stumble */
void image_thread_end(void); /* each thread that used this room, before it ends */

enum image_type { IMAGE_UNKNOWN, IMAGE_PNG, IMAGE_JPEG, IMAGE_WEBP, IMAGE_GIF, IMAGE_AVIF };
const char *image_mime(enum image_type type);      /* "image/png" */
const char *image_extension(enum image_type type); /* "png" */

#define IMAGE_PIXELS_MAX 100000000 /* of a picture, and of all that are unpacked at once */
struct image_limits {
    int64_t side_px_max; /* 0: 16,384 */
    int64_t pixels_max;  /* 0: IMAGE_PIXELS_MAX */
    int64_t frames_max;  /* 0: 200 */
};
struct image_info {
    enum image_type type;
    int64_t width_px, height_px; /* after orientation */
    int orientation;             /* EXIF 1..8; 1 when absent */
    int64_t frames;
    bool has_alpha;
};
/*
 * What the bytes are, from magic bytes and header alone (S41).  Accepts PNG, JPEG, WebP, GIF, AVIF.
 * Fails: PICTURE_TYPE (not one of them, names what it looks like), PICTURE_BROKEN,
 * PICTURE_TOO_LARGE (field, limit).
 */
MUST_CHECK bool image_probe(struct str bytes, const struct image_limits *limits,
                            struct image_info *out, struct error *err);

enum image_variant { IMAGE_THUMB, IMAGE_MEDIUM, IMAGE_PREVIEW, IMAGE_WORKING, IMAGE_VARIANT_COUNT };
const char *image_variant_name(
    enum image_variant variant); /* "thumb" 320, "medium" 640, "preview" 1600, "working" 2048 */
int image_variant_px(enum image_variant variant);

/* What a new picture needs to be shown: all from one decode.  WebP, sRGB, upright, without
 * metadata. */
struct image_shown {
    struct str variants[IMAGE_VARIANT_COUNT]; /* never larger than the picture itself */
    struct str thumbhash;                     /* <= 25 bytes, as in the npm package thumbhash */
    uint32_t average_rgb;
};
/* `which`: bits by enum image_variant.  Fails: PICTURE_BROKEN; UNAVAILABLE when memory is short. */
MUST_CHECK bool image_show(struct str bytes, const struct image_info *info, unsigned which,
                           struct arena *arena, struct image_shown *out, struct error *err);
/*
 * The bytes without EXIF, XMP, IPTC, comments, text chunks and whatever follows the picture, pixels
 * untouched.  Kept: the orientation, a profile up to 1 MiB (S43), an AI label.  Fails:
 * PICTURE_TYPE, PICTURE_BROKEN, UNAVAILABLE.
 */
MUST_CHECK bool image_strip(struct str bytes, enum image_type type, struct arena *arena,
                            struct str *out, struct error *err);
/* For providers: upright sRGB PNG, JPEG or WebP, longest side <= `side_px_max` (0: as is). */
MUST_CHECK bool image_convert(struct str bytes, const struct image_info *info, enum image_type to,
                              int side_px_max, int quality, struct arena *arena, struct str *out,
                              struct error *err);

/*
 * A mask the other way round, for services that want it so: black and white instead of alpha, white
 * where `bytes` is transparent, which is what is to be changed.  PNG, the same size.  Fails:
 * INVALID (field "mask": no alpha), PICTURE_BROKEN, UNAVAILABLE.
 */
MUST_CHECK bool image_mask_to_white(struct str bytes, struct arena *arena, struct str *out,
                                    struct error *err);

/* Whether something of a mask is transparent, be it a little, and whether something is not, be it a
 * little.  Fails as image_mask_to_white(). */
MUST_CHECK bool image_mask_look(struct str bytes, struct arena *arena, bool *is_open,
                                bool *is_closed, struct error *err);

#define IMAGE_LABEL_SYSTEM_MAX 200 /* bytes of it are read; each list and event has it */
/* The label (facts/marketplaces.md 6-7), written into the container, pixels untouched. */
struct image_label {
    const char *source_type;  /* the code: "trainedAlgorithmicMedia",
                                 "compositeWithTrainedAlgorithmicMedia" */
    struct str system;        /* AISystemUsed: the provider and model; may be empty */
    struct str created_at;    /* RFC 3339 */
    struct str producer_code; /* TC260 ContentProducer; empty: no AIGC record */
    struct str produce_id;    /* the content number */
};
/*
 * PNG, JPEG, WebP.  An existing label is replaced, other metadata stays; without `producer_code`
 * somebody else's AIGC record stays too.  Fails: PICTURE_TYPE, PICTURE_BROKEN; TOO_LONG when a JPEG
 * cannot hold it; UNAVAILABLE.
 */
MUST_CHECK bool image_label_write(struct str bytes, enum image_type type,
                                  const struct image_label *label, struct arena *arena,
                                  struct str *out, struct error *err);
/*
 * False in *found when there is none; texts in `arena`.  Also reads the places of others (PNG text,
 * EXIF comment, C2PA).  `source_type` is "" when there is but an AIGC record, or an unknown code.
 */
MUST_CHECK bool image_label_read(struct str bytes, enum image_type type, struct arena *arena,
                                 bool *found, struct image_label *out, struct error *err);

/* The mock provider's picture: a composed card, the same bytes for the same card.  Without a
 * reference a still life stands on it. */
struct image_card {
    int64_t width_px, height_px;
    uint64_t seed;
    struct str prompt;    /* any script */
    struct str caption;   /* small print: "mock · seed 7" */
    struct str reference; /* picture bytes placed on the card; empty: none */
    struct str mask;      /* for an edit: PNG whose transparent part is repainted over `reference`;
                             empty: none */
    bool is_transparent;  /* no background */
    int softness;         /* 0 finished; 1..3 an ever blurrier partial picture */
    enum image_type type; /* PNG, JPEG or WebP */
    int quality;          /* 1..100 for JPEG and WebP */
};
/* Fails: REQUIRED, INVALID, TOO_SMALL, TOO_BIG (sides 1..8192) and image_probe()'s, with the field
 * at fault: "reference", "mask", "size"; UNAVAILABLE. */
MUST_CHECK bool image_card_draw(const struct image_card *card, struct arena *arena, struct str *out,
                                struct error *err);
