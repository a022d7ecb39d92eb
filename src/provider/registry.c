/* provider/registry.c: the kinds, their models, and what a model can do. */
#include "provider/provider_private.h"

#include "core/text.h"

#include <stdio.h>

/* clang-format off */
static const struct provider_kind *const kinds[] = {
    &provider_mock,
    &provider_openai,
    &provider_gemini,
    &provider_xai,
    &provider_ark,
    &provider_volc_visual,
    &provider_dashscope,
    &provider_minimax,
    &provider_zhipu,
    &provider_siliconflow,
    &provider_comfyui,
    &provider_ideogram,
    &provider_stability,
    &provider_fal,
    &provider_replicate,
    &provider_bfl,
    &provider_anthropic,
#ifdef VITRINE_FAULTS
    &provider_ledger,
    &provider_ledger_asked,
#endif
};
/* clang-format on */

const struct provider_kind *const *provider_kinds(size_t *count)
{
    *count = COUNT(kinds);
    return kinds;
}

const struct provider_kind *provider_kind_find(struct str name)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_equal(name, str_of(kinds[i]->name)))
            return kinds[i];
    return NULL;
}

static bool is_date(struct str tail, struct str form)
{
    for (size_t i = 0; i < form.size; i++)
        if (form.data[i] == 'd' ? tail.data[i] < '0' || tail.data[i] > '9'
                                : tail.data[i] != form.data[i])
            return false;
    return true;
}

/* "NAME-2026-09-08" and "NAME-20260908" without their date; the name itself when there is none. */
static struct str cut_date(struct str name)
{
    static const struct str forms[] = {
        {"-dddd-dd-dd", 11},
        {"-dddddddd",   9 }
    };

    for (size_t i = 0; i < COUNT(forms); i++)
        if (name.size > forms[i].size &&
            is_date(str_slice(name, name.size - forms[i].size, forms[i].size), forms[i]))
            return str_slice(name, 0, name.size - forms[i].size);
    return name;
}

struct provider_model provider_model_find(const struct provider_kind *kind, struct str model)
{
    struct str names[] = {model, cut_date(model)};
    struct provider_model found = *kind->model_default;

    for (size_t n = 0; n < COUNT(names); n++)
        for (size_t i = 0; i < kind->model_count; i++)
            if (str_equal(kind->models[i].name, names[n])) {
                found = kind->models[i];
                found.name = model;
                return found;
            }
    found.name = model;
    return found;
}

void provider_model_narrow(const struct provider_kind *kind, const struct provider_account *account,
                           struct provider_model *model)
{
    if (kind->narrow != NULL)
        kind->narrow(account, model);
}

bool provider_model_check(const struct provider_model *model, unsigned needs, struct error *err)
{
    /* Pictures that lead a generation are pictures from pictures too. */
    const bool takes_pictures =
        model->can_edit || (model->can_generate && model->references_max > 0);
    const struct {
        unsigned need;
        bool can;
        const char *what;
    } rows[] = {
        {NEED_GENERATE, model->can_generate, "makes no pictures from words"   },
        {NEED_EDIT,     takes_pictures,      "makes no pictures from pictures"},
        {NEED_WRITE,    model->can_write,    "writes no text"                 },
        {NEED_SEE,      model->can_see,      "cannot look at pictures"        },
        {NEED_MASK,     model->can_mask,     "takes no masks"                 },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        if ((needs & rows[i].need) != 0 && !rows[i].can)
            return error_field(err, ERROR_INVALID, "model", 0, "%.*s %s",
                               STR_ARGS(text_clip(model->name, 60)), rows[i].what);
    return true;
}

bool provider_honours_key(const struct provider_kind *kind, const struct provider_account *account)
{
    return kind->account_honours_key != NULL ? kind->account_honours_key(account)
                                             : kind->honours_key;
}

bool text_is_listed(struct str text, const char *const *list)
{
    for (; *list != NULL; list++)
        if (str_equal(text, str_of(*list)))
            return true;
    return false;
}

static bool check_known_size(const struct provider_model *model, int64_t width, int64_t height,
                             struct error *err)
{
    int64_t longer = width > height ? width : height, shorter = width > height ? height : width;
    char size[48];

    (void)snprintf(size, sizeof size, "%lldx%lld", (long long)width, (long long)height);
    if (model->sizes != NULL)
        return text_is_listed(str_of(size), model->sizes) ||
               error_field(err, ERROR_NOT_IN_LIST, "size", 0, "%.*s does not make %s pictures",
                           STR_ARGS(model->name), size);
    if (model->side_px_min > 0 && shorter < model->side_px_min)
        return error_field(err, ERROR_TOO_SMALL, "size", model->side_px_min,
                           "a side must have at least %lld px", (long long)model->side_px_min);
    if (model->side_px_max > 0 && longer > model->side_px_max)
        return error_field(err, ERROR_TOO_BIG, "size", model->side_px_max,
                           "a side may have at most %lld px", (long long)model->side_px_max);
    if (model->side_px_step > 1 &&
        (width % model->side_px_step != 0 || height % model->side_px_step != 0))
        return error_field(err, ERROR_INVALID, "size", model->side_px_step,
                           "both sides must be multiples of %lld px",
                           (long long)model->side_px_step);
    if (model->ratio_max > 0 && longer > shorter * model->ratio_max)
        return error_field(err, ERROR_INVALID, "size", model->ratio_max,
                           "the long side may be at most %lld times the short one",
                           (long long)model->ratio_max);
    if (model->pixels_min > 0 && width * height < model->pixels_min)
        return error_field(err, ERROR_TOO_SMALL, "size", model->pixels_min,
                           "a picture must have at least %lld pixels in all",
                           (long long)model->pixels_min);
    if (model->pixels_max > 0 && width * height > model->pixels_max)
        return error_field(err, ERROR_TOO_BIG, "size", model->pixels_max,
                           "a picture may have at most %lld pixels in all",
                           (long long)model->pixels_max);
    return true;
}

bool provider_check_size(const struct provider_model *model, const struct provider_request *request,
                         struct error *err)
{
    int64_t width = request->width_px, height = request->height_px;

    if (width == 0 && height == 0)
        return true;
    if (width <= 0 || height <= 0 || width > 65536 || height > 65536)
        return error_field(err, ERROR_INVALID, "size", 65536,
                           "width and height must both be set, 1 to 65536 px");
    return check_known_size(model, width, height, err);
}
