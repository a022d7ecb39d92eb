/* provider/limits.c: what a model cannot do is refused, with the field, before anything is sent. */
#include "provider/provider_private.h"

#include "core/text.h"

#include <stdio.h>

static bool check_prompt(const struct provider_model *model, const struct provider_request *request,
                         const struct provider_limits *limits, struct error *err)
{
    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s makes pictures and writes no text",
                           STR_ARGS(model->name));
    if (model->name.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (!limits->prompt_is_optional && str_trim(request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    if ((int64_t)text_count(request->prompt) > limits->prompt_max)
        return error_field(err, ERROR_TOO_LONG, "prompt", limits->prompt_max,
                           "a prompt may have %lld characters", (long long)limits->prompt_max);
    if ((int64_t)text_count(request->negative_prompt) > limits->prompt_max)
        return error_field(err, ERROR_TOO_LONG, "negative_prompt", limits->prompt_max,
                           "a negative prompt may have %lld characters",
                           (long long)limits->prompt_max);
    if (request->count < 1)
        return error_field(err, ERROR_TOO_SMALL, "count", 1, "at least one picture");
    if (request->count > model->count_max)
        return error_field(err, ERROR_TOO_BIG, "count", model->count_max,
                           "%.*s makes at most %lld pictures in one call", STR_ARGS(model->name),
                           (long long)model->count_max);
    return true;
}

static bool check_choice(const struct provider_model *model, const char *field, struct str wanted,
                         const char *const *choices, struct error *err)
{
    if (wanted.size == 0 || (choices != NULL && text_is_listed(wanted, choices)))
        return true;
    return error_field(err, choices == NULL ? ERROR_INVALID : ERROR_NOT_IN_LIST, field, 0,
                       choices == NULL ? "with %.*s the %s cannot be chosen"
                                       : "%.*s has no such %s",
                       STR_ARGS(model->name), field);
}

static bool check_wishes(const struct provider_model *model, const struct provider_request *request,
                         const struct provider_limits *limits, struct error *err)
{
    const struct {
        const char *field;
        bool is_wanted, can;
    } wishes[] = {
        {"seed",            request->has_seed,                 model->has_seed    },
        {"negative_prompt", request->negative_prompt.size > 0, model->has_negative},
        {"steps",           request->steps > 0,                model->has_steps   },
        {"scale",           request->scale > 0,                model->has_scale   },
        {"compression",     request->compression >= 0,         false              },
    };

    for (size_t i = 0; i < COUNT(wishes); i++)
        if (wishes[i].is_wanted && !wishes[i].can)
            return error_field(err, ERROR_INVALID, wishes[i].field, 0, "%.*s takes no %s",
                               STR_ARGS(model->name), wishes[i].field);
    if (request->has_seed && (request->seed < 0 || request->seed > limits->seed_max))
        return error_field(err, request->seed < 0 ? ERROR_TOO_SMALL : ERROR_TOO_BIG, "seed",
                           limits->seed_max, "a seed is 0 to %lld", (long long)limits->seed_max);
    if (str_equal(request->background, STR("transparent")) && !model->has_transparency)
        return error_field(err, ERROR_INVALID, "background", 0,
                           "%.*s makes no transparent pictures", STR_ARGS(model->name));
    return check_choice(model, "quality", request->quality, model->qualities, err) &&
           check_choice(model, "format", request->format, model->formats, err) &&
           provider_check_size(model, request, err);
}

static bool check_picture(const struct provider_image *image, const char *field, size_t size_max,
                          struct error *err)
{
    static const char *const types[] = {"image/png", "image/jpeg", "image/webp", NULL};
    const char *mime = picture_mime(image->bytes);

    if (image->bytes.size == 0)
        return error_field(err, ERROR_REQUIRED, field, 0, "the picture is empty");
    if (image->bytes.size > size_max)
        return error_field(err, ERROR_TOO_LARGE, field, (int64_t)size_max,
                           "the picture is larger than %zu MiB", size_max >> 20);
    if (mime == NULL || !text_is_listed(str_of(mime), types))
        return error_field(err, ERROR_PICTURE_TYPE, field, 0,
                           "the service takes png, jpeg and webp pictures");
    return true;
}

static bool check_mask(const struct provider_model *model, const struct provider_request *request,
                       const struct provider_limits *limits, struct error *err)
{
    if (request->mask == NULL)
        return true;
    if (!model->can_mask)
        return error_field(err, ERROR_INVALID, "mask", 0, "%.*s takes no mask",
                           STR_ARGS(model->name));
    if (request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1,
                           "a mask needs the picture it belongs to");
    if (request->mask_is_white != limits->mask_is_white)
        return error_field(err, ERROR_INVALID, "mask", 0,
                           limits->mask_is_white ? "the mask must be black and white"
                                                 : "the mask must be transparency");
    return check_picture(request->mask, "mask", limits->picture_size_max, err);
}

static bool check_pictures(const struct provider_model *model,
                           const struct provider_request *request,
                           const struct provider_limits *limits, struct error *err)
{
    int64_t count = (int64_t)request->reference_count;

    if (count == 0 && (request->action == PROVIDER_EDIT || !model->can_generate))
        return error_field(err, ERROR_REQUIRED, "references", 1, "%.*s needs a picture to work on",
                           STR_ARGS(model->name));
    if (count > 0 && !model->can_edit)
        return error_field(err, ERROR_TOO_MANY, "references", 0, "%.*s takes no pictures",
                           STR_ARGS(model->name));
    if (count > model->references_max)
        return error_field(err, ERROR_TOO_MANY, "references", model->references_max,
                           "%.*s takes at most %lld pictures", STR_ARGS(model->name),
                           (long long)model->references_max);
    for (size_t i = 0; i < request->reference_count; i++) {
        char field[40];
        (void)snprintf(field, sizeof field, "references[%zu]", i);
        if (!check_picture(&request->references[i], field, limits->picture_size_max, err))
            return false;
    }
    return check_mask(model, request, limits, err);
}

bool provider_check_request(const struct provider_model *model,
                            const struct provider_request *request,
                            const struct provider_limits *limits, struct error *err)
{
    return check_prompt(model, request, limits, err) && check_wishes(model, request, limits, err) &&
           check_pictures(model, request, limits, err);
}
