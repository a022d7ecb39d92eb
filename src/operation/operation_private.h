/* operation/operation_private.h: what the operations share. */
#pragma once

#include "operation/operation.h"

#include <inttypes.h>

extern const struct operation operation_image_generate, operation_image_edit, operation_asset_fetch;
extern const struct operation operation_prompt_expand, operation_image_describe;

void step_fail(struct attempt *attempt, struct step *out, enum failure_class class,
               enum charged charged, const char *format, ...) PRINTF_LIKE(5, 6);
/* A failure of ours, by the error's code: the request's own fault fails, the rest is tried again.
 */
void step_fail_error(struct attempt *attempt, struct step *out, const struct error *err,
                     enum charged charged);

/* The provider's words as our own JSON may hold them: bounded, without control characters. */
struct str picture_words(struct str text, struct arena *arena);
/* Why not all of it came, as it is kept: a sentence or two of the provider's. */
struct str missing_words(struct str text, struct arena *arena);

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

/* ---- call.c: asking a provider's model ---- */

enum { REFERENCES_MAX = 16 };

/* False: there is none that may be asked; the step says so. */
MUST_CHECK bool call_has_provider(struct attempt *attempt, struct step *out);
/* A stable name for the user that says nothing about the person. */
struct str call_safety_id(struct attempt *attempt);
/* Pictures of the task's own inputs, then those that tasks before it made.  Fails: TOO_MANY. */
MUST_CHECK bool call_inputs(struct attempt *attempt, struct task_inputs *inputs, struct error *err);
/* A picture as a provider is sent it: at most `side_px_max`, or PNG of its own size (`as_is`). */
MUST_CHECK bool call_picture(struct attempt *attempt, const struct input_picture *input,
                             struct str name, bool as_is, int side_px_max,
                             struct provider_image *out, struct error *err);
/* The step after every verdict but DONE. */
void call_step(const struct provider_verdict *verdict, struct step *out);
/* poll(), give_up() and look_up(); `prepare` makes attempt->state, enough to read the reply. */
typedef bool call_prepare(struct attempt *attempt, struct error *err);
void call_poll(struct attempt *attempt, call_prepare *prepare, struct step *out);
void call_give_up(struct attempt *attempt, call_prepare *prepare, struct step *out);
void call_look_up(struct attempt *attempt, call_prepare *prepare, struct step *out);
