/* provider/dashscope_private.h: what the dashscope kind's files share: routes, families, sizes. */
#pragma once

#include "provider/plain_private.h"

#define DASHSCOPE_BASE_URL "https://dashscope.aliyuncs.com/api/v1"
#define DASHSCOPE_MODEL_COUNT 16

/* Where a picture is ordered (facts 6.5).  All but the first answer with a task. */
enum dashscope_route {
    DASHSCOPE_SYNC,  /* multimodal-generation: messages */
    DASHSCOPE_TASK,  /* image-generation: the same messages */
    DASHSCOPE_TEXT,  /* text2image, the older one: input.prompt */
    DASHSCOPE_IMAGE, /* image2image, the older one: input.prompt and input.images */
    DASHSCOPE_ROUTE_COUNT
};

/* What is sent when the request leaves the size open: the service's own choice costs more. */
enum dashscope_size {
    DASHSCOPE_SIZE_NONE, /* the model takes none, or chooses well */
    DASHSCOPE_SIZE_NAME, /* `size` of the family */
    DASHSCOPE_SIZE_LIKE, /* a megapixel: of the first picture's shape, else a square */
};

/* What models of one family have in common beside their rows of the catalogue. */
struct dashscope_family {
    const char *name; /* the model's, or its beginning */
    bool is_whole;    /* the name is all of it */
    enum dashscope_route route;
    enum dashscope_size size_kind;
    const char *size;
    bool can_extend, extending_doubles; /* takes prompt_extend; which doubles the price */
    int64_t reference_size_max;         /* bytes */
    int64_t reference_side_min, reference_side_max; /* 0: no bound is known */
    int64_t intl_micro;                             /* USD in Singapore, per picture; -1: unknown */
    int64_t large_micro; /* USD above a megapixel; 0: the same as below */
};

extern const struct provider_model dashscope_models[DASHSCOPE_MODEL_COUNT];
extern const struct provider_model dashscope_model_default;
const struct dashscope_family *dashscope_family_of(struct str model);
/* Singapore has prices of its own. */
bool dashscope_is_intl(const struct provider_account *account);
int64_t dashscope_estimate(const struct provider_account *account,
                           const struct provider_request *request, const char **currency);
bool dashscope_extends(const struct provider_account *account,
                       const struct provider_request *request,
                       const struct dashscope_family *family);

/* Width and height of a png, jpeg or webp; false when its head does not say. */
bool dashscope_picture_size(struct str bytes, int64_t *width, int64_t *height);

MUST_CHECK bool dashscope_begin(const struct provider_account *account,
                                const struct provider_request *request, struct arena *arena,
                                struct exchange *out, struct error *err);
/* The order itself, by `route`. */
MUST_CHECK bool dashscope_build(const struct provider_account *account,
                                const struct provider_request *request, enum dashscope_route route,
                                struct arena *arena, struct exchange *out, struct error *err);
MUST_CHECK bool dashscope_poll(const struct provider_account *account, struct str remote_id,
                               struct arena *arena, struct exchange *out, struct error *err);
MUST_CHECK bool dashscope_cancel(const struct provider_account *account, struct str remote_id,
                                 struct arena *arena, struct exchange *out, struct error *err);
MUST_CHECK bool dashscope_probe(const struct provider_account *account, struct arena *arena,
                                struct exchange *out, struct error *err);
