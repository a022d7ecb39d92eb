/* provider/stability_private.h: what the stability kind's files share. */
#pragma once

#include "provider/provider_private.h"

/* How one of Stability's endpoints is called: names of form fields; NULL: it has none. */
struct stability_route {
    const char *path; /* under /v2beta/stable-image */
    const char *prompt, *image, *second;
    size_t images_min;
    bool is_sd3; /* the model goes into the form, with a mode */
    bool has_strength, has_control_strength, has_style;
    bool is_async;
    /* Options of the model that are fields of the form under their own names; NULL-terminated. */
    const struct provider_field *const *extras;
    const char *needs; /* one of them that must be there */
    bool is_outpaint;  /* at least one side must grow */
};

#define STABILITY_MODEL_COUNT 20
extern const struct provider_model stability_models[STABILITY_MODEL_COUNT];
extern const struct provider_model stability_model_default;
/* An unknown id is a model of /generate/sd3. */
const struct stability_route *stability_route_find(struct str model);
/* "16:9" for "1344x768"; NULL when the size is none of Stability's. */
const char *stability_aspect_find(int64_t width_px, int64_t height_px);
