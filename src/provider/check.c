/* provider/check.c: what a picture request wants, held against a model's row before it is sent. */
#include "provider/provider_private.h"

#include "core/text.h"

#include <stdint.h>
#include <stdio.h>

static bool check_absent(const struct provider_model *model, const struct provider_request *request,
                         struct error *err)
{
    const struct {
        const char *field;
        bool is_wanted, can;
    } rows[] = {
        {"seed",            request->has_seed,                 model->has_seed         },
        {"negative_prompt", request->negative_prompt.size > 0, model->has_negative     },
        {"steps",           request->steps > 0,                model->has_steps        },
        {"scale",           request->scale > 0,                model->has_scale        },
        {"mask",            request->mask != NULL,             model->can_mask         },
        {"quality",         request->quality.size > 0,         model->qualities != NULL},
        {"format",          request->format.size > 0,          model->formats != NULL  },
        {"compression",     request->compression >= 0,         model->formats != NULL  },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].is_wanted && !rows[i].can)
            return error_field(err, ERROR_INVALID, rows[i].field, 0, "%.*s takes no %s",
                               STR_ARGS(model->name), rows[i].field);
    return true;
}

static bool check_look(const struct provider_model *model, const struct provider_request *request,
                       struct error *err)
{
    static const char *const opaque[] = {"auto", "opaque", NULL};
    bool is_jpeg = str_equal(request->format, STR("jpeg"));

    if (request->quality.size > 0 && !text_is_listed(request->quality, model->qualities))
        return error_field(err, ERROR_NOT_IN_LIST, "quality", 0, "%.*s has no such quality",
                           STR_ARGS(model->name));
    if (request->format.size > 0 && !text_is_listed(request->format, model->formats))
        return error_field(err, ERROR_NOT_IN_LIST, "format", 0, "%.*s writes no such format",
                           STR_ARGS(model->name));
    if (request->compression > 100)
        return error_field(err, ERROR_TOO_BIG, "compression", 100, "compression is 0 to 100");
    if (request->compression >= 0 && !is_jpeg && !str_equal(request->format, STR("webp")))
        return error_field(err, ERROR_INVALID, "compression", 0,
                           "only jpeg and webp have a compression");
    if (request->background.size > 0 && !model->has_transparency &&
        !text_is_listed(request->background, opaque))
        return error_field(err, ERROR_INVALID, "background", 0,
                           "%.*s makes no transparent pictures", STR_ARGS(model->name));
    return true;
}

static bool check_count(const struct provider_model *model, const struct provider_request *request,
                        struct error *err)
{
    if (request->count < 1)
        return error_field(err, ERROR_TOO_SMALL, "count", 1, "at least one picture");
    if (request->count > model->count_max)
        return error_field(err, ERROR_TOO_BIG, "count", model->count_max,
                           "%.*s makes at most %lld in one call", STR_ARGS(model->name),
                           (long long)model->count_max);
    return true;
}

static bool check_prompt(const struct provider_request *request, struct error *err)
{
    return str_trim(request->prompt).size > 0 ||
           error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
}

bool provider_check_fields(const struct provider_model *model,
                           const struct provider_request *request, struct error *err)
{
    return check_prompt(request, err) && check_count(model, request, err) &&
           check_absent(model, request, err) && check_look(model, request, err) &&
           provider_check_settings(model, request, err);
}

bool provider_check_picture(const struct provider_image *image, const char *field,
                            const char *const *types, size_t size_max, struct error *err)
{
    const char *mime = picture_mime(image->bytes);

    if (image->bytes.size == 0)
        return error_field(err, ERROR_REQUIRED, field, 0, "the picture is empty");
    if (size_max > 0 && image->bytes.size > size_max)
        return error_field(err, ERROR_TOO_LARGE, field, (int64_t)size_max,
                           "the picture is larger than %zu MiB", size_max >> 20);
    if (mime == NULL || (types != NULL && !text_is_listed(str_of(mime), types)))
        return error_field(err, ERROR_PICTURE_TYPE, field, 0,
                           "the service does not take pictures of this type");
    return true;
}

bool provider_check_references(const struct provider_model *model,
                               const struct provider_request *request, const char *const *types,
                               size_t each_max, size_t all_max, struct error *err)
{
    size_t size = 0;

    if (request->action == PROVIDER_EDIT && request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1, "an edit needs a picture");
    if ((int64_t)request->reference_count > model->references_max)
        return error_field(err, ERROR_TOO_MANY, "references", model->references_max,
                           "%.*s takes at most %lld pictures", STR_ARGS(model->name),
                           (long long)model->references_max);
    for (size_t i = 0; i < request->reference_count; i++) {
        char field[40];

        size += request->references[i].bytes.size;
        (void)snprintf(field, sizeof field, "references[%zu]", i);
        if (!provider_check_picture(&request->references[i], field, types, each_max, err))
            return false;
    }
    return size <= all_max ||
           error_field(err, ERROR_TOO_LARGE, "references", (int64_t)all_max,
                       "the pictures are larger than %zu MiB in all", all_max >> 20);
}

/* --- the same for services whose bounds hold whatever the model --- */

static bool check_texts(const struct provider_model *model, const struct provider_request *request,
                        const struct provider_limits *limits, struct error *err)
{
    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s makes pictures and writes no text",
                           STR_ARGS(model->name));
    if (model->name.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (!limits->prompt_is_optional && !check_prompt(request, err))
        return false;
    if ((int64_t)text_count(request->prompt) > limits->prompt_max)
        return error_field(err, ERROR_TOO_LONG, "prompt", limits->prompt_max,
                           "a prompt may have %lld characters", (long long)limits->prompt_max);
    if ((int64_t)text_count(request->negative_prompt) > limits->prompt_max)
        return error_field(err, ERROR_TOO_LONG, "negative_prompt", limits->prompt_max,
                           "a negative prompt may have %lld characters",
                           (long long)limits->prompt_max);
    return true;
}

static bool check_seed(const struct provider_request *request, const struct provider_limits *limits,
                       struct error *err)
{
    if (!request->has_seed || (request->seed >= 0 && request->seed <= limits->seed_max))
        return true;
    return error_field(err, request->seed < 0 ? ERROR_TOO_SMALL : ERROR_TOO_BIG, "seed",
                       limits->seed_max, "a seed is 0 to %lld", (long long)limits->seed_max);
}

static bool check_mask(const struct provider_request *request, const struct provider_limits *limits,
                       const char *const *types, struct error *err)
{
    if (request->mask == NULL)
        return true;
    if (request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1,
                           "a mask needs the picture it belongs to");
    if (request->mask_is_white != limits->mask_is_white)
        return error_field(err, ERROR_INVALID, "mask", 0,
                           limits->mask_is_white ? "the mask must be black and white"
                                                 : "the mask must be transparency");
    return provider_check_picture(request->mask, "mask", types, limits->picture_size_max, err);
}

static bool check_pictures(const struct provider_model *model,
                           const struct provider_request *request,
                           const struct provider_limits *limits, struct error *err)
{
    static const char *const types[] = {"image/png", "image/jpeg", "image/webp", NULL};

    if (request->reference_count == 0 && !model->can_generate)
        return error_field(err, ERROR_REQUIRED, "references", 1, "%.*s needs a picture to work on",
                           STR_ARGS(model->name));
    if (request->reference_count > 0 && !model->can_edit)
        return error_field(err, ERROR_TOO_MANY, "references", 0, "%.*s takes no pictures",
                           STR_ARGS(model->name));
    return provider_check_references(model, request, types, limits->picture_size_max, SIZE_MAX,
                                     err) &&
           check_mask(request, limits, types, err);
}

bool provider_check_request(const struct provider_model *model,
                            const struct provider_request *request,
                            const struct provider_limits *limits, struct error *err)
{
    return check_texts(model, request, limits, err) && check_count(model, request, err) &&
           check_absent(model, request, err) && check_look(model, request, err) &&
           provider_check_settings(model, request, err) && check_seed(request, limits, err) &&
           provider_check_size(model, request, err) && check_pictures(model, request, limits, err);
}
