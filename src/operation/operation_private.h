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
/* What a service made of the prompt for one of `count` pictures: 8,000 bytes at most, and of a call
 * 16,000. */
struct str revised_words(struct str text, size_t count, struct arena *arena);
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
/* The blobs that a result names, as the engine holds them for its call. */
void result_blobs(const struct result *result, struct arena *arena, struct step *out);
/* What was kept cannot be refined; `is_gone`: it never can, and the call has no result any more. */
void result_refuse(struct attempt *attempt, const struct error *err, bool is_gone,
                   struct step *out);
/* refine() of operations whose result is pictures. */
void pictures_refine(struct attempt *attempt, struct str result, struct step *out);

/* ---- call.c: asking a provider's model ---- */

enum { REFERENCES_MAX = 16 };

/* False: there is none that may be asked; the step says so. */
MUST_CHECK bool call_has_provider(struct attempt *attempt, struct step *out);
/* A stable name for the user that says nothing about the person. */
struct str call_safety_id(struct attempt *attempt);
/* The parameter `options` becomes the request's settings; what is null is silent. */
void call_settings(const struct json *options, struct arena *arena, struct provider_request *out);
/* The parameter itself; `listed` is the model's row with what it may hold. */
#define OPTIONS_PARAMETER(listed)                                                                                     \
    {                                                                                                                 \
        .name = "options", .type = PARAMETER_OPTIONS, .max = PROVIDER_SETTINGS_MAX,                                   \
        .fallback = "{}", .capability = (listed), .label_en = "Model options",                                        \
        .label_zh = "模型选项",                                                                                       \
        .help_en =                                                                                                    \
            "An object: what the model lists as its " listed ", by name; what is absent is "                          \
            "as the provider's settings say.",                                                                        \
        .help_zh = "一个对象：模型所列的选项（" listed "），按名称填写；未填的以服务商设置为准。" \
    }
/* Pictures of the task's own inputs, then those that tasks before it made.  Fails: TOO_MANY. */
MUST_CHECK bool call_inputs(struct attempt *attempt, struct task_inputs *inputs, struct error *err);
/* A picture as a provider is sent it: at most `side_px_max`, or PNG of its own size (`as_is`). */
MUST_CHECK bool call_picture(struct attempt *attempt, const struct input_picture *input,
                             struct str name, bool as_is, int side_px_max,
                             struct provider_image *out, struct error *err);
/* The step after every verdict but DONE.  A remote id that would pass for our own is none. */
void call_step(const struct provider_verdict *verdict, struct step *out);
/* poll(), give_up() and look_up(); `prepare` makes attempt->state, enough to read the reply. */
typedef bool call_prepare(struct attempt *attempt, struct error *err);
void call_poll(struct attempt *attempt, call_prepare *prepare, struct step *out);
void call_give_up(struct attempt *attempt, call_prepare *prepare, struct step *out);
void call_look_up(struct attempt *attempt, call_prepare *prepare, struct step *out);

/* ---- role.c: what each reference picture is there for ---- */

/* "product", "style"; the first is empty: nothing is said of it.  NULL-terminated. */
extern const char *const reference_roles[];
/* The prompt, and behind it a line for each of the first `reference_count` pictures that has a role
 * in the list `roles` (may be NULL), in Chinese when the prompt is. */
struct str role_add(struct str prompt, const struct json *roles, size_t reference_count,
                    struct arena *arena);

/* ---- address.c: a result that came by address, as a remote id of our own ---- */

/* What a later attempt needs to fetch it and to keep it, after a restart too. */
struct address_order {
    struct list pictures;  /* of struct address_picture */
    struct str request_id; /* the provider's, and what it said beside the addresses: as verdict */
    struct str dropped, missing;
    int64_t cost_micro; /* of the call; -1 unknown */
    struct str currency;
    int64_t http_status;
};
/* False: some of it came as bytes, or is fetched with the account's key, which is not written down.
 */
bool address_can_wait(const struct provider_verdict *verdict);
/* The remote id. */
struct str address_write(const struct provider_verdict *verdict, int64_t cost_micro,
                         const char *currency, int http_status, struct arena *arena);
/* Fills the verdict with what was written, and `*order` with the rest.  Fails: INVALID, MALFORMED.
 */
MUST_CHECK bool address_read(struct str remote_id, struct arena *arena,
                             struct provider_verdict *verdict, struct address_order *order,
                             struct error *err);
