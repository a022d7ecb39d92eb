/* provider/queue_form.c: what a model cannot do is refused; what it can is written in its words. */
#include "provider/queue_private.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PROMPT_CHARACTERS_MAX 32000
#define BODY_SIZE_MAX MIB(64) /* of all pictures of a call: they are copied as base64 */
#define MEGAPIXEL 1048576     /* 1024 x 1024, which all of them sell as one */
#define INPUT_MEGAPIXELS 4    /* of a reference at most: 2048 px a side (operation/image.c) */
#define SIDE_SANE_MAX 65536

/* --- place and form --- */

static bool place_is_at(const struct queue_place *place, struct str endpoint)
{
    return place->form != NULL && place->endpoint != NULL &&
           str_equal(endpoint, str_of(place->endpoint));
}

/* The place of that name when somebody names an endpoint instead of its model. */
static const struct queue_place *find_place(const struct queue_catalogue *catalogue,
                                            struct str endpoint, const struct queue_row **row)
{
    for (size_t i = 0; i < catalogue->row_count; i++) {
        const struct queue_row *at = &catalogue->rows[i];
        const struct queue_place *const places[] = {&at->generate, &at->edit, &at->several,
                                                    &at->mask};
        for (size_t p = 0; p < COUNT(places); p++)
            if (place_is_at(places[p], endpoint)) {
                *row = at;
                return places[p];
            }
    }
    return NULL;
}

const struct queue_row *queue_row_find(const struct queue_catalogue *catalogue, struct str model)
{
    for (size_t i = 0; i < catalogue->row_count; i++)
        if (str_equal(model, str_of(catalogue->rows[i].model)))
            return &catalogue->rows[i];
    return NULL;
}

static const struct queue_place *choose_place(const struct queue_row *row,
                                              const struct provider_request *request)
{
    if (request->mask != NULL)
        return &row->mask;
    if (request->reference_count > 1 && row->several.form != NULL)
        return &row->several;
    return request->reference_count > 0 ? &row->edit : &row->generate;
}

static bool takes_pictures(const struct queue_form *form)
{
    return form->image != NULL || form->images != NULL;
}

static bool check_place(const struct queue_call *call, const struct queue_place *place,
                        struct error *err)
{
    const struct provider_request *request = call->request;
    bool needs_mask =
        request->mask == NULL && (place == &call->row->mask ||
                                  (call->row->edit.form == NULL && call->row->mask.form != NULL));
    bool lacks = (needs_mask && place == &call->row->mask) ||
                 (request->reference_count == 0 && place != &call->row->generate);

    if (request->mask != NULL && request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1,
                           "a mask needs the picture it belongs to");
    if (place->form != NULL && !lacks &&
        (request->reference_count == 0 || takes_pictures(place->form)))
        return true;
    if (request->mask != NULL)
        return error_field(err, ERROR_INVALID, "mask", 0, "%.*s takes no mask",
                           STR_ARGS(call->model.name));
    if (request->reference_count > 0 && !needs_mask)
        return error_field(err, ERROR_TOO_MANY, "references", 0, "%.*s takes no pictures",
                           STR_ARGS(call->model.name));
    return error_field(err, ERROR_REQUIRED, needs_mask ? "mask" : "references", 1,
                       "%.*s changes pictures: it needs one%s", STR_ARGS(call->model.name),
                       needs_mask ? " and a mask" : "");
}

/* --- what the model cannot do --- */

static bool check_absent(const struct queue_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    const struct queue_form *form = call->form;
    const struct {
        const char *field;
        bool is_wanted, can;
    } rows[] = {
        {"seed",            request->has_seed,                 form->seed != NULL       },
        {"negative_prompt", request->negative_prompt.size > 0, form->negative != NULL   },
        {"steps",           request->steps > 0,                form->steps != NULL      },
        {"scale",           request->scale > 0,                form->scale != NULL      },
        {"quality",         request->quality.size > 0,         form->quality != NULL    },
        {"format",          request->format.size > 0,          form->format != NULL     },
        {"compression",     request->compression >= 0,         form->compression != NULL},
        {"mask",            request->mask != NULL,             form->mask != NULL       },
        {"background",      str_equal(request->background,     STR("transparent")),
         form->background != NULL},
        {"size",                 request->width_px != 0 || request->height_px != 0,                                             form->size != QUEUE_SIZE_NONE    },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].is_wanted && !rows[i].can)
            return error_field(err, ERROR_INVALID, rows[i].field, 0, "%.*s takes no %s",
                               STR_ARGS(call->model.name), rows[i].field);
    return true;
}

static bool check_bounds(const struct queue_call *call, struct error *err)
{
    const struct queue_form *form = call->form;
    const int64_t steps = call->request->steps;
    const double scale = call->request->scale;
    const struct str name = call->model.name;

    if (steps > 0 && steps < form->steps_min)
        return error_field(err, ERROR_TOO_SMALL, "steps", form->steps_min,
                           "%.*s makes at least %lld steps", STR_ARGS(name),
                           (long long)form->steps_min);
    if (form->steps_max > 0 && steps > form->steps_max)
        return error_field(err, ERROR_TOO_BIG, "steps", form->steps_max,
                           "%.*s makes at most %lld steps", STR_ARGS(name),
                           (long long)form->steps_max);
    if (scale > 0 && scale < form->scale_min)
        return error_field(err, ERROR_TOO_SMALL, "scale", (int64_t)ceil(form->scale_min),
                           "the guidance of %.*s is at least %g", STR_ARGS(name), form->scale_min);
    if (form->scale_max > 0 && scale > form->scale_max)
        return error_field(err, ERROR_TOO_BIG, "scale", (int64_t)form->scale_max,
                           "the guidance of %.*s is at most %g", STR_ARGS(name), form->scale_max);
    return true;
}

static bool check_look(const struct queue_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    const struct provider_model *model = &call->model;

    if (request->format.size > 0 && model->formats != NULL &&
        !text_is_listed(request->format, model->formats))
        return error_field(err, ERROR_NOT_IN_LIST, "format", 0, "%.*s writes no such format",
                           STR_ARGS(model->name));
    if (request->compression > 100)
        return error_field(err, ERROR_TOO_BIG, "compression", 100, "compression is 0 to 100");
    return true;
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

static bool check_pictures(const struct queue_call *call, size_t size_max, struct error *err)
{
    const struct provider_request *request = call->request;
    const struct queue_form *form = call->form;
    bool takes_one = form->images == NULL && !form->is_numbered;
    int64_t max = takes_one ? 1 : call->model.references_max;
    size_t size = request->mask == NULL ? 0 : request->mask->bytes.size;

    if (request->action == PROVIDER_EDIT && request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1, "an edit needs a picture");
    if ((int64_t)request->reference_count > max)
        return error_field(err, ERROR_TOO_MANY, "references", max, "%.*s takes at most %lld here",
                           STR_ARGS(call->model.name), (long long)max);
    for (size_t i = 0; i < request->reference_count; i++) {
        char field[40];
        (void)snprintf(field, sizeof field, "references[%zu]", i);
        if (!check_picture(&request->references[i], field, size_max, err))
            return false;
        size += request->references[i].bytes.size;
    }
    if (request->mask != NULL && !check_picture(request->mask, "mask", size_max, err))
        return false;
    /* The wrong polarity changes everything but what was marked (facts 6.11). */
    if (request->mask != NULL && !request->mask_is_white)
        return error_field(err, ERROR_INVALID, "mask", 0,
                           "the service wants the mask in black and white");
    if (size > BODY_SIZE_MAX)
        return error_field(err, ERROR_TOO_LARGE, "references", (int64_t)BODY_SIZE_MAX,
                           "the pictures are larger than %zu MiB in all", BODY_SIZE_MAX >> 20);
    return true;
}

/* "16:9" as numbers. */
static bool read_ratio(const char *name, int64_t *width, int64_t *height)
{
    struct str rest = str_of(name), first = str_cut(&rest, ':');

    return str_to_int64(first, width) && str_to_int64(rest, height) && *width > 0 && *height > 0;
}

/*
 * The listed ratio that is within 4 % of the size: models of ratios round to their own pixels
 * (1344x768 for 16:9), and no two of their ratios are closer than 6 %.
 */
static const char *find_ratio(const struct queue_form *form, int64_t width, int64_t height)
{
    const char *best = NULL;
    int64_t best_off = 41; /* per mille */

    for (const char *const *name = form->ratios; *name != NULL; name++) {
        int64_t w, h, off;
        if (!read_ratio(*name, &w, &h))
            continue; /* "auto" and the like */
        off = llabs(width * h - height * w) * 1000 / (height * w);
        if (off < best_off) {
            best_off = off;
            best = *name;
        }
    }
    return best;
}

static bool check_size(const struct queue_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (!provider_check_size(&call->model, request, err))
        return false;
    if (request->width_px > 0 && call->form->size == QUEUE_SIZE_RATIO &&
        find_ratio(call->form, request->width_px, request->height_px) == NULL)
        return error_field(err, ERROR_NOT_IN_LIST, "size", 0, "%.*s has no shape near %lld to %lld",
                           STR_ARGS(call->model.name), (long long)request->width_px,
                           (long long)request->height_px);
    return true;
}

static bool takes_extra(const struct queue_form *form, struct str name)
{
    for (const struct provider_field *const *row = form->extras; row != NULL && *row != NULL; row++)
        if (str_equal(name, str_of((*row)->name)))
            return true;
    return false;
}

/* A model's options are those of all its places; this one may not have them all. */
static bool check_settings(const struct queue_call *call, struct error *err)
{
    const struct queue_form *form = call->form;
    const struct {
        struct str name;
        bool can;
    } shared[] = {
        {STR("safety_tolerance"), form->tolerance != NULL                           },
        {STR("prompt_rewriting"), form->rewriter != NULL || form->unrewriter != NULL},
        {STR("safety_checker"),   form->checker != NULL || form->unchecker != NULL  },
    };

    if (!provider_check_settings(&call->model, call->request, err))
        return false;
    for (size_t i = 0; i < call->request->setting_count; i++) {
        struct str name = call->request->settings[i].name;
        bool can = takes_extra(form, name);
        char field[64];

        for (size_t s = 0; s < COUNT(shared); s++)
            can = can || (shared[s].can && str_equal(name, shared[s].name));
        (void)snprintf(field, sizeof field, "options.%.*s", STR_ARGS(name));
        if (!can)
            return error_field(err, ERROR_INVALID, field, 0, "%.*s takes no such option here",
                               STR_ARGS(call->model.name));
    }
    return true;
}

static bool check(const struct queue_call *call, size_t picture_size_max, struct error *err)
{
    const struct provider_request *request = call->request;

    if (str_trim(request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    if (text_count(request->prompt) > PROMPT_CHARACTERS_MAX)
        return error_field(err, ERROR_TOO_LONG, "prompt", PROMPT_CHARACTERS_MAX,
                           "a prompt may have %d characters", PROMPT_CHARACTERS_MAX);
    if (request->count < 1)
        return error_field(err, ERROR_TOO_SMALL, "count", 1, "at least one picture");
    if (request->count > call->model.count_max)
        return error_field(err, ERROR_TOO_BIG, "count", call->model.count_max,
                           "%.*s makes at most %lld in one call", STR_ARGS(call->model.name),
                           (long long)call->model.count_max);
    return check_absent(call, err) && check_bounds(call, err) && check_settings(call, err) &&
           check_look(call, err) && check_size(call, err) &&
           check_pictures(call, picture_size_max, err);
}

bool queue_call_init(struct queue_call *call, const struct queue_catalogue *catalogue,
                     const struct provider_account *account, const struct provider_request *request,
                     struct error *err)
{
    const struct queue_place *place = NULL;

    *call = (struct queue_call){
        .account = account,
        .request = request,
        .model = provider_model_find(catalogue->kind, request->model),
        .row = queue_row_find(catalogue, request->model),
    };
    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "%s makes pictures, not text",
                           catalogue->kind->label);
    if (request->model.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (call->row == NULL)
        place = find_place(catalogue, request->model, &call->row);
    if (call->row == NULL)
        call->row = catalogue->row_default(request->model);
    if (place == NULL)
        place = choose_place(call->row, request);
    if (!check_place(call, place, err))
        return false;
    call->form = place->form;
    call->endpoint = place->endpoint != NULL ? str_of(place->endpoint) : request->model;
    return check(call, catalogue->picture_size_max, err);
}

/* --- the input --- */

static void add_text(struct json_writer *writer, const char *name, struct str text)
{
    if (name == NULL || text.size == 0)
        return;
    json_name(writer, name);
    json_add_text(writer, text);
}

static void add_int(struct json_writer *writer, const char *name, int64_t number)
{
    json_name(writer, name);
    json_add_int(writer, number);
}

static void add_true(struct json_writer *writer, const char *name, bool value)
{
    if (name == NULL)
        return;
    json_name(writer, name);
    json_add_bool(writer, value);
}

/* Picture `index`; the mask is behind the last reference. */
static void write_picture(const struct queue_call *call, size_t index, struct json_writer *writer)
{
    const struct provider_request *request = call->request;
    const struct provider_image *image =
        index < request->reference_count ? &request->references[index] : request->mask;

    if (call->urls != NULL && call->urls[index].size > 0)
        json_add_text(writer, call->urls[index]);
    else
        picture_write_base64(writer, image->bytes, !call->is_bare);
}

static void write_pictures(const struct queue_call *call, struct json_writer *writer)
{
    const struct queue_form *form = call->form;
    size_t count = call->request->reference_count;
    bool is_list = form->images != NULL && (form->image == NULL || count > 1);

    if (count > 0 && is_list) {
        json_name(writer, form->images);
        json_begin_list(writer);
        for (size_t i = 0; i < count; i++)
            write_picture(call, i, writer);
        json_end_list(writer);
    }
    for (size_t i = 0; i < count && !is_list; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, i == 0 ? "%s" : "%s_%zu", form->image, i + 1);
        json_name(writer, name);
        write_picture(call, i, writer);
    }
    if (call->request->mask != NULL) {
        json_name(writer, form->mask);
        write_picture(call, count, writer);
    }
}

static const char *find_tier(const struct queue_form *form, int64_t pixels)
{
    int64_t top = MEGAPIXEL;

    /* A tier's pictures differ in pixels by their shape: a tenth more is the same tier. */
    for (size_t i = 0;; i++, top *= 4)
        if (form->tiers[i + 1] == NULL || pixels <= top + top / 10)
            return form->tiers[i];
}

static void write_size(const struct queue_call *call, struct json_writer *writer)
{
    const struct queue_form *form = call->form;
    int64_t width = call->request->width_px, height = call->request->height_px;

    if (width == 0)
        return; /* left to the model */
    switch (form->size) {
    case QUEUE_SIZE_NONE:
        break;
    case QUEUE_SIZE_OBJECT:
        json_name(writer, form->size_name);
        json_begin_object(writer);
        add_int(writer, "width", width);
        add_int(writer, "height", height);
        json_end_object(writer);
        break;
    case QUEUE_SIZE_PAIR:
        add_text(writer, form->size_name, STR("custom"));
        add_int(writer, "width", width);
        add_int(writer, "height", height);
        break;
    case QUEUE_SIZE_RATIO:
        add_text(writer, form->size_name, str_of(find_ratio(form, width, height)));
        if (form->tier_name != NULL)
            add_text(writer, form->tier_name, str_of(find_tier(form, width * height)));
        break;
    }
}

static void write_extras(const struct queue_call *call, struct json_writer *writer)
{
    const struct provider_field *const *row = call->form->extras;

    for (; row != NULL && *row != NULL; row++) {
        const struct provider_setting *setting = request_setting(call->request, (*row)->name);
        struct str text = setting == NULL ? STR_EMPTY : str_trim(setting->text);
        double number;

        if (text.size == 0)
            continue;
        json_name(writer, (*row)->name);
        if ((*row)->type == PROVIDER_FIELD_BOOL)
            json_add_bool(writer, str_equal(text, STR("true")));
        else if ((*row)->type == PROVIDER_FIELD_INT && str_to_double(text, &number))
            json_add_int(writer, (int64_t)number);
        else if ((*row)->type == PROVIDER_FIELD_DOUBLE && str_to_double(text, &number))
            json_add_double(writer, number);
        else
            json_add_text(writer, text);
    }
}

/* What call or account say of filters and of rewriting, where the model has a word for it. */
static void write_options(const struct queue_call *call, struct json_writer *writer)
{
    const struct queue_form *form = call->form;
    struct str rewrite = call_option_text(call->account, call->request, "prompt_rewriting");
    struct str level = call_option_text(call->account, call->request, "safety_tolerance");
    int64_t tolerance =
        str_equal(level, STR("auto"))
            ? -1
            : call_option_int(call->account, call->request, "safety_tolerance", -1, -1, 6);

    if (!call_option_bool(call->account, call->request, "safety_checker", true)) {
        add_true(writer, form->checker, false);
        add_true(writer, form->unchecker, true);
    }
    if (form->tolerance != NULL && tolerance >= 0) {
        char digit;
        tolerance = tolerance > form->tolerance_max ? form->tolerance_max : tolerance;
        tolerance = tolerance < form->tolerance_min ? form->tolerance_min : tolerance;
        digit = (char)('0' + tolerance);
        if (form->tolerance_is_text)
            add_text(writer, form->tolerance, (struct str){.data = &digit, .size = 1});
        else
            add_int(writer, form->tolerance, tolerance);
    }
    if (str_equal(rewrite, STR("on")) || str_equal(rewrite, STR("off"))) {
        bool is_on = str_equal(rewrite, STR("on"));
        add_true(writer, form->rewriter, is_on);
        add_true(writer, form->unrewriter, !is_on);
    }
}

void queue_write_input(const struct queue_call *call, struct json_writer *writer)
{
    const struct provider_request *request = call->request;
    const struct queue_form *form = call->form;
    bool is_jpeg = str_equal(request->format, STR("jpeg"));

    json_begin_object(writer);
    add_text(writer, "prompt", request->prompt);
    write_pictures(call, writer);
    write_size(call, writer);
    if (request->count > 1)
        add_int(writer, form->count, request->count);
    if (request->has_seed)
        add_int(writer, form->seed, request->seed);
    if (request->steps > 0)
        add_int(writer, form->steps, request->steps);
    if (request->scale > 0) {
        json_name(writer, form->scale);
        json_add_double(writer, request->scale);
    }
    add_text(writer, form->negative, request->negative_prompt);
    add_text(writer, form->quality, request->quality);
    if (!str_equal(request->background, STR("auto"))) /* what the page sends when nobody chose */
        add_text(writer, form->background, request->background);
    add_text(writer, form->format,
             is_jpeg && form->jpeg != NULL ? str_of(form->jpeg) : request->format);
    if (request->compression >= 0)
        add_int(writer, form->compression, request->compression);
    write_options(call, writer);
    write_extras(call, writer);
    json_end_object(writer);
}

/* --- prices --- */

static int64_t megapixels(int64_t width, int64_t height)
{
    if (width <= 0 || height <= 0 || width > SIDE_SANE_MAX || height > SIDE_SANE_MAX)
        return 1; /* what all of them make by default */
    return (width * height + MEGAPIXEL - 1) / MEGAPIXEL;
}

int64_t queue_price(const struct queue_row *row, const struct provider_model *model, int64_t width,
                    int64_t height, int64_t references)
{
    if (row == NULL || row->first_micro == 0)
        return model->price_micro;
    return row->first_micro + (megapixels(width, height) - 1) * row->further_micro +
           references * INPUT_MEGAPIXELS * row->input_micro;
}

int64_t queue_estimate(const struct queue_catalogue *catalogue,
                       const struct provider_request *request, const char **currency)
{
    struct provider_model model = provider_model_find(catalogue->kind, request->model);
    int64_t references = (int64_t)request->reference_count + (request->mask != NULL ? 1 : 0);
    int64_t price;

    *currency = "USD";
    if (request->count < 1 || request->count > PICTURES_MAX || references > PICTURES_MAX)
        return -1;
    price = queue_price(queue_row_find(catalogue, request->model), &model, request->width_px,
                        request->height_px, references);
    return price < 0 ? -1 : price * request->count;
}
