/* operation/operation_private.h: what the operations share. */
#pragma once

#include "operation/operation.h"

#include <inttypes.h>

extern const struct operation operation_image_generate, operation_image_edit, operation_asset_fetch;

void step_fail(struct attempt *attempt, struct step *out, enum failure_class class,
               enum charged charged, const char *format, ...) PRINTF_LIKE(5, 6);
/* A failure of ours, by the error's code: the request's own fault fails, the rest is tried again.
 */
void step_fail_error(struct attempt *attempt, struct step *out, const struct error *err,
                     enum charged charged);

/* The provider's words as our own JSON may hold them: bounded, without control characters. */
struct str picture_words(struct str text, struct arena *arena);

/*
 * Bytes become a kept picture: probed within the limits, labelled (`label` may be NULL), stored
 * durably. Fails: as image_probe, image_label_write and blob_put.
 */
MUST_CHECK bool picture_keep(struct attempt *attempt, struct str bytes,
                             const struct image_label *label, struct result_picture *out,
                             struct error *err);
/* The variants, thumbhash and colour of a kept picture. */
MUST_CHECK bool picture_refine(struct attempt *attempt, struct result_picture *picture,
                               struct error *err);
/* refine() of operations whose result is pictures. */
void pictures_refine(struct attempt *attempt, struct str result, struct step *out);
