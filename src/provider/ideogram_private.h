/* provider/ideogram_private.h: what the ideogram kind's files share. */
#pragma once

#include "provider/provider_private.h"

/* Which of Ideogram's two ways of writing a call, and which words. */
enum ideogram_form {
    IDEOGRAM_V2,         /* /v2/image/generate/MODEL */
    IDEOGRAM_PRECISE,    /* /v2/image/precise-edit/ideogram-4-5 */
    IDEOGRAM_V4,         /* /v1/ideogram-v4 */
    IDEOGRAM_V3,         /* /v1/ideogram-v3: generate, remix, inpaint */
    IDEOGRAM_REFRAME,    /* /v1/ideogram-v3/reframe */
    IDEOGRAM_BACKGROUND, /* /v1/ideogram-v3/replace-background */
};

/* A quality and what a picture of it costs (facts 8.3), in micro-units of USD; -1 unknown. */
struct ideogram_price {
    const char *quality;
    int64_t micro;
};

struct ideogram_route {
    enum ideogram_form form;
    const struct ideogram_price *prices; /* ends with NULL; NULL: unknown */
};

#define IDEOGRAM_MODEL_COUNT 6
extern const struct provider_model ideogram_models[IDEOGRAM_MODEL_COUNT];
extern const struct provider_model ideogram_model_default;
/* An unknown id is one of v2's, which has the model in the address. */
const struct ideogram_route *ideogram_route_find(struct str model);
/* "16x9" for "1312x736"; NULL when the size is none of version 3's. */
const char *ideogram_aspect_find(int64_t width_px, int64_t height_px);
/* What version 3 takes reference pictures for. */
enum ideogram_use { IDEOGRAM_REMIX, IDEOGRAM_STYLE, IDEOGRAM_CHARACTER };
enum ideogram_use ideogram_use_of(const struct provider_request *request);
/* What a picture of this request costs. */
int64_t ideogram_price_of(const struct provider_request *request);

#define IDEOGRAM_BASE_URL "https://api.ideogram.ai"
/* Everything of an exchange with this account but its body. */
MUST_CHECK bool ideogram_exchange_init(const struct provider_account *account,
                                       enum exchange_purpose purpose, const char *method,
                                       struct str path, struct arena *arena, struct exchange *out,
                                       struct error *err);
MUST_CHECK bool ideogram_begin(const struct provider_account *account,
                               const struct provider_request *request, struct arena *arena,
                               struct exchange *out, struct error *err);
/*
 * The mask with black for white: Ideogram changes what is black (facts 6.11).  Pixels need not be
 * unpacked for it: a grey PNG becomes one with a palette that runs backwards.  Fails, field "mask":
 * no PNG of grey pixels.
 */
MUST_CHECK bool ideogram_mask_invert(struct str png, struct arena *arena, struct str *out,
                                     struct error *err);
