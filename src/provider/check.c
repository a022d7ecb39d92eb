/* provider/check.c: what a picture request wants, held against a model's row before it is sent. */
#include "provider/provider_private.h"

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

bool provider_check_fields(const struct provider_model *model,
                           const struct provider_request *request, struct error *err)
{
    if (str_trim(request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    if (request->count < 1)
        return error_field(err, ERROR_TOO_SMALL, "count", 1, "at least one picture");
    if (request->count > model->count_max)
        return error_field(err, ERROR_TOO_BIG, "count", model->count_max,
                           "%.*s makes at most %lld in one call", STR_ARGS(model->name),
                           (long long)model->count_max);
    return check_absent(model, request, err) && check_look(model, request, err);
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
