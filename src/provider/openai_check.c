/* provider/openai_check.c: what a model or a service cannot do is refused here, with the field. */
#include "provider/openai_private.h"

#include "core/text.h"

#include <stdio.h>

#define PROMPT_CHARACTERS_MAX 32000
#define REFERENCE_SIZE_MAX MIB(50)
#define MASK_SIZE_MAX MIB(4)
#define FORM_SIZE_MAX                                                                              \
    MIB(256) /* of all references of a call; in JSON they are copied as base64                     \
              */
#define JSON_SIZE_MAX MIB(64)
#define PARTIALS_MAX 3

/* A field that is asked for but that the model, or the service, has no name for. */
static bool check_wanted(const struct openai_call *call, const char *field, bool is_wanted,
                         bool can_model, bool can_profile, struct error *err)
{
    if (!is_wanted || (can_model && can_profile))
        return true;
    if (!can_model)
        return error_field(err, ERROR_INVALID, field, 0, "%.*s takes no %s",
                           STR_ARGS(call->model.name), field);
    return error_field(err, ERROR_INVALID, field, 0, "a service of type %s takes no %s",
                       call->profile->name, field);
}

static bool has_field(const struct openai_call *call, enum openai_field field)
{
    return openai_field_name(call, field) != NULL;
}

static bool check_fields(const struct openai_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    const struct provider_model *model = &call->model;
    bool rides_in_prompt = call->profile->prompt == PROMPT_SD_ARGS;

    return check_wanted(call, "seed", request->has_seed, model->has_seed,
                        has_field(call, OPENAI_SEED) || rides_in_prompt, err) &&
           check_wanted(
               call, "negative_prompt", request->negative_prompt.size > 0, model->has_negative,
               has_field(call, OPENAI_NEGATIVE) || call->profile->prompt != PROMPT_PLAIN, err) &&
           check_wanted(call, "steps", request->steps > 0, model->has_steps,
                        has_field(call, OPENAI_STEPS) || rides_in_prompt, err) &&
           check_wanted(call, "scale", request->scale > 0, model->has_scale,
                        has_field(call, OPENAI_SCALE) || rides_in_prompt, err) &&
           check_wanted(call, "count", request->count > 1, true, has_field(call, OPENAI_COUNT),
                        err) &&
           check_wanted(call, "size", request->width_px > 0, true, has_field(call, OPENAI_SIZE),
                        err) &&
           check_wanted(call, "quality", request->quality.size > 0, true,
                        has_field(call, OPENAI_QUALITY), err) &&
           check_wanted(call, "background", str_equal(request->background, STR("transparent")),
                        true, has_field(call, OPENAI_BACKGROUND), err) &&
           check_wanted(call, "format", request->format.size > 0, true,
                        has_field(call, OPENAI_FORMAT), err) &&
           check_wanted(call, "compression", request->compression >= 0, true,
                        has_field(call, OPENAI_COMPRESSION), err);
}

/* Options of the models that a relay or a chat has no name for. */
static bool check_settings(const struct openai_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    return provider_check_settings(&call->model, request, err) &&
           check_wanted(call, "options.moderation", request_setting(request, "moderation") != NULL,
                        true, has_field(call, OPENAI_MODERATION) && !call->uses_chat, err) &&
           check_wanted(call, "options.complexity", request_setting(request, "complexity") != NULL,
                        true, has_field(call, OPENAI_COMPLEXITY) && !call->uses_chat, err);
}

static bool check_look(const struct openai_call *call, struct error *err)
{
    static const char *const backgrounds[] = {"auto", "opaque", "transparent", NULL};
    const struct provider_request *request = call->request;
    const struct provider_model *model = &call->model;
    bool is_jpeg = str_equal(request->format, STR("jpeg"));

    if (request->quality.size > 0 && model->qualities != NULL &&
        !text_is_listed(request->quality, model->qualities))
        return error_field(err, ERROR_NOT_IN_LIST, "quality", 0, "%.*s has no such quality",
                           STR_ARGS(model->name));
    if (request->format.size > 0 && model->formats != NULL &&
        !text_is_listed(request->format, model->formats))
        return error_field(err, ERROR_NOT_IN_LIST, "format", 0, "%.*s writes no such format",
                           STR_ARGS(model->name));
    if (request->background.size > 0 && !text_is_listed(request->background, backgrounds))
        return error_field(err, ERROR_NOT_IN_LIST, "background", 0,
                           "background is auto, opaque or transparent");
    if (str_equal(request->background, STR("transparent")) && !model->has_transparency)
        return error_field(err, ERROR_INVALID, "background", 0,
                           "%.*s makes no transparent pictures", STR_ARGS(model->name));
    if (str_equal(request->background, STR("transparent")) && is_jpeg)
        return error_field(err, ERROR_INVALID, "format", 0,
                           "a transparent background needs png or webp");
    if (request->compression > 100)
        return error_field(err, ERROR_TOO_BIG, "compression", 100, "compression is 0 to 100");
    if (request->compression >= 0 && !is_jpeg && !str_equal(request->format, STR("webp")))
        return error_field(err, ERROR_INVALID, "compression", 0,
                           "only jpeg and webp have a compression");
    if (request->partial_images < 0 || request->partial_images > PARTIALS_MAX)
        return error_field(err, ERROR_TOO_BIG, "partial_images", PARTIALS_MAX,
                           "at most %d partial pictures", PARTIALS_MAX);
    return true;
}

static bool check_picture(const struct provider_image *image, const char *field, int64_t size_max,
                          struct error *err)
{
    const char *mime = picture_mime(image->bytes);

    if (image->bytes.size == 0)
        return error_field(err, ERROR_REQUIRED, field, 0, "the picture is empty");
    if ((int64_t)image->bytes.size > size_max)
        return error_field(err, ERROR_TOO_LARGE, field, size_max,
                           "the picture is larger than %lld MiB", (long long)(size_max >> 20));
    if (mime == NULL || (!str_equal(str_of(mime), STR("image/png")) &&
                         !str_equal(str_of(mime), STR("image/jpeg")) &&
                         !str_equal(str_of(mime), STR("image/webp"))))
        return error_field(err, ERROR_PICTURE_TYPE, field, 0,
                           "the service takes png, jpeg and webp pictures");
    return true;
}

static bool check_mask(const struct openai_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (request->mask == NULL)
        return true;
    if (!call->model.can_mask)
        return error_field(err, ERROR_INVALID, "mask", 0, "%.*s takes no mask",
                           STR_ARGS(call->model.name));
    if (call->profile->mask_field == NULL)
        return error_field(err, ERROR_INVALID, "mask", 0, "a service of type %s takes no mask",
                           call->profile->name);
    if (request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1,
                           "a mask needs the picture it belongs to");
    if (call->profile->mask_fields != NULL && request->reference_count > 1)
        return error_field(err, ERROR_TOO_MANY, "references", 1,
                           "a service of type %s takes one picture with a mask",
                           call->profile->name);
    if (request->mask_is_white != call->profile->mask_is_white)
        return error_field(err, ERROR_INVALID, "mask", 0,
                           call->profile->mask_is_white
                               ? "a service of type %s wants the mask in black and white"
                               : "a service of type %s wants the mask as transparency",
                           call->profile->name);
    return check_picture(request->mask, "mask", MASK_SIZE_MAX, err);
}

static bool check_pictures(const struct openai_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    int64_t max = call->model.references_max < call->profile->references_max
                      ? call->model.references_max
                      : call->profile->references_max;
    bool is_form = call->edits == EDITS_LIST || call->edits == EDITS_REPEATED;
    size_t size = 0, size_max = is_form ? FORM_SIZE_MAX : JSON_SIZE_MAX;

    if (request->action == PROVIDER_EDIT && request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1, "an edit needs a picture");
    if ((int64_t)request->reference_count > max)
        return error_field(err, ERROR_TOO_MANY, "references", max,
                           "at most %lld reference pictures", (long long)max);
    for (size_t i = 0; i < request->reference_count; i++) {
        char field[40];
        size += request->references[i].bytes.size;
        (void)snprintf(field, sizeof field, "references[%zu]", i);
        if (!check_picture(&request->references[i], field, REFERENCE_SIZE_MAX, err))
            return false;
    }
    if (size > size_max)
        return error_field(err, ERROR_TOO_LARGE, "references", (int64_t)size_max,
                           "the reference pictures are larger than %zu MiB in all", size_max >> 20);
    return check_mask(call, err);
}

bool openai_check(const struct openai_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (request->model.size == 0 && call->profile->needs_model)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (call->profile->generate_path == NULL)
        return error_field(err, ERROR_INVALID, "model", 0, "a service of type %s makes no pictures",
                           call->profile->name);
    if (!provider_model_check(&call->model, openai_is_edit(request) ? NEED_EDIT : NEED_GENERATE,
                              err))
        return false;
    if (str_trim(request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    if (text_count(request->prompt) > PROMPT_CHARACTERS_MAX)
        return error_field(err, ERROR_TOO_LONG, "prompt", PROMPT_CHARACTERS_MAX,
                           "a prompt may have %d characters", PROMPT_CHARACTERS_MAX);
    if (request->count < 1)
        return error_field(err, ERROR_TOO_SMALL, "count", 1, "at least one picture");
    if (request->count > call->model.count_max)
        return error_field(err, ERROR_TOO_BIG, "count", call->model.count_max,
                           "at most %lld pictures in one call", (long long)call->model.count_max);
    if (call->profile->count_max > 0 && request->count > call->profile->count_max)
        return error_field(err, ERROR_TOO_BIG, "count", call->profile->count_max,
                           "a service of type %s makes at most %lld pictures in one call",
                           call->profile->name, (long long)call->profile->count_max);
    if (call->uses_tool && !openai_tool_check(call, err))
        return false;
    if (call->uses_chat && !openai_chat_check(call, err))
        return false;
    return provider_check_size(&call->model, request, err) && check_fields(call, err) &&
           check_settings(call, err) && check_look(call, err) && check_pictures(call, err);
}
