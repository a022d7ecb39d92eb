#include "settings/models_http.h"

/* ---- shapes ---- */

#define VIEW(member) offsetof(struct model_view, member)
#define YES_NO(name, member, help)                                                                 \
    {                                                                                              \
        name, FIELD_BOOL, VIEW(member), FIELD_REQUIRED, 0, 0, NULL, NULL, help                     \
    }
#define NUMBER(name, member, help)                                                                 \
    {                                                                                              \
        name, FIELD_INT, VIEW(member), FIELD_REQUIRED, 0, 0, NULL, NULL, help                      \
    }
#define WORDS(name, member, help)                                                                  \
    {                                                                                              \
        name, FIELD_TEXT, VIEW(member), FIELD_REQUIRED, 0, 0, NULL, NULL, help                     \
    }
#define LIST(name, member, help)                                                                   \
    {                                                                                              \
        name, FIELD_TEXTS, VIEW(member), FIELD_REQUIRED, 0, 0, NULL, NULL, help                    \
    }

static const struct field model_view_fields[] = {
    WORDS("id", id, "PROVIDERID/wire-id: what to ask for."),
    WORDS("name", name, "The wire id."),
    WORDS("label", label, "For people."),
    WORDS("provider_id", provider_id, "Its provider."),
    WORDS("provider_name", provider_name, "Its provider's name."),
    WORDS("kind", kind, "Its provider's kind."),
    YES_NO("is_enabled", is_enabled, "It and its provider are switched on."),
    YES_NO("is_default", is_default, "Taken for pictures when nobody names a model."),
    LIST("purposes", purposes, "Taken when nobody names a model: image, edit, text, vision."),
    YES_NO("is_known", is_known, "It stands in the kind's catalogue."),
    YES_NO("can_generate", can_generate, "Text to picture."),
    YES_NO("can_edit", can_edit, "Picture to picture."),
    YES_NO("can_mask", can_mask, "Edits within a mask."),
    YES_NO("has_seed", has_seed, "Takes a seed."),
    YES_NO("has_negative", has_negative, "Takes a negative prompt."),
    YES_NO("has_steps", has_steps, "Takes a number of steps."),
    YES_NO("has_scale", has_scale, "Takes a guidance scale."),
    YES_NO("has_transparency", has_transparency, "Makes transparent backgrounds."),
    YES_NO("has_stream", has_stream, "Shows partial pictures."),
    YES_NO("can_write", can_write, "Writes text."),
    YES_NO("can_see", can_see, "Writes about pictures: references_max of them."),
    YES_NO("has_schema", has_schema, "Writes JSON that fits a schema."),
    NUMBER("references_max", references_max, "Reference pictures; 0: takes none."),
    NUMBER("count_max", count_max, "Pictures of one call."),
    LIST("sizes", sizes, "Empty: any within the bounds."),
    NUMBER("side_px_min", side_px_min, "0: no bound, here and below."),
    NUMBER("side_px_max", side_px_max, "The longest side."),
    NUMBER("side_px_step", side_px_step, "Sides are multiples of it."),
    NUMBER("pixels_min", pixels_min, "Width times height at least."),
    NUMBER("pixels_max", pixels_max, "Width times height at most."),
    NUMBER("ratio_max", ratio_max, "Long side to short side at most."),
    LIST("qualities", qualities, "Empty: not chosen."),
    LIST("formats", formats, "Empty: not chosen."),
    {"options",       FIELD_LIST,   VIEW(options),       FIELD_REQUIRED, 0, 0, &field_shape,          NULL,
                                                "What the parameter `options` may hold, besides; "
     "what a call leaves out is as its provider's settings say.  What the account's own server "
     "lists is left out for viewers."                                                          },
    {"write_options", FIELD_LIST,   VIEW(write_options), FIELD_REQUIRED, 0, 0, &field_shape,          NULL,
                                                "The same of a call that writes text."         },
    NUMBER("price_micro", price_micro,
           "Of a picture at default size and quality, or of a text; -1: unknown."),
    WORDS("currency", currency, "Of the price."),
    WORDS("price_as_of", price_as_of, "When the catalogue's price was read; empty: the house's."),
    YES_NO("has_own_price", has_own_price, "The price is the house's, not the catalogue's."),
    {"own_price",     FIELD_MAYBE,  VIEW(own_price),     FIELD_REQUIRED, 0, 0, &provider_price_shape, NULL,
                                                "The house's own price."                       },
    NUMBER("text_in_micro", text_in_micro,
           "Of a million tokens of words read; 0: not billed by tokens, here and below."),
    NUMBER("image_in_micro", image_in_micro, "Of a million tokens of pictures read."),
    NUMBER("cached_in_micro", cached_in_micro, "Of what is read from a cache; 0: as others."),
    NUMBER("out_micro", out_micro, "Of a million tokens written, or painted."),
    {"limits",        FIELD_OBJECT, VIEW(limits),        FIELD_REQUIRED, 0, 0, &model_limits_shape,   NULL,
                                                "What it is given beside its account's bounds."},
};
const struct shape model_view_shape = SHAPE("Model", struct model_view, model_view_fields);

struct model_page {
    struct list items;
};
static const struct field model_page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct model_page, items), FIELD_REQUIRED, 0, 0,
     &model_view_shape, NULL, "By provider, the oldest first."},
};
static const struct shape model_page_shape =
    SHAPE("ModelList", struct model_page, model_page_fields);

/* ---- handlers ---- */

struct text_list words_of(const char *const *words, struct arena *arena)
{
    struct text_list list = {0};

    while (words != NULL && words[list.count] != NULL)
        list.count++;
    list.items = ARENA_ARRAY(arena, struct str, list.count);
    for (size_t i = 0; i < list.count; i++)
        list.items[i] = str_of(words[i]);
    return list;
}

/* The price as this account would be asked it, for a picture or text with everything left open. */
static int64_t price_of(const struct model_row *row, struct provider_model *rates,
                        const char **currency)
{
    const struct provider_row *provider = row->provider;
    const struct provider_kind *kind = provider_kind_find(provider->kind);
    struct provider_account account = {.kind = provider->kind,
                                       .base_url = provider->base_url,
                                       .options =
                                           provider->held == NULL ? NULL : provider->held->json,
                                       .prices = row->own,
                                       .price_count = row->own != NULL};
    const bool is_text = row->model.can_write && !row->model.can_generate && !row->model.can_edit;
    const struct provider_request request = {
        .action = is_text                   ? PROVIDER_WRITE
                  : row->model.can_generate ? PROVIDER_GENERATE
                                            : PROVIDER_EDIT,
        .model = row->model.name,
        .count = 1,
        .compression = -1,
    };

    (void)provider_model_reprice(&account, rates);
    *currency = rates->currency;
    /* A text has no length before it is written: its rates say more than a guess. */
    return is_text && rates->rate_out_micro > 0
               ? -1
               : provider_estimate(kind, &account, &request, currency);
}

static struct list options_of(const struct provider_field *const *rows, bool shows_offers,
                              struct arena *arena)
{
    const struct provider_field **shown;
    size_t size = 0, count = 0;

    while (rows != NULL && rows[size] != NULL)
        size++;
    shown = ARENA_ARRAY(arena, const struct provider_field *, size + 1);
    for (size_t i = 0; i < size; i++)
        if (shows_offers || !rows[i]->is_offered)
            shown[count++] = rows[i];
    return fields_view_of(shown, count, arena);
}

struct model_view model_view_of(const struct model_row *row, bool shows_offers, struct arena *arena)
{
    const struct provider_model *model = &row->model;
    struct provider_model rates = row->model;
    const char *currency;
    const int64_t price_micro = price_of(row, &rates, &currency);

    return (struct model_view){
        .id = arena_printf(arena, "%.*s/%.*s", STR_ARGS(row->provider->public_id),
                           STR_ARGS(model->name)),
        .name = model->name,
        .label = model->label,
        .provider_id = row->provider->public_id,
        .provider_name = row->provider->name,
        .kind = row->provider->kind,
        .is_enabled = row->is_enabled,
        .is_default = row->is_default,
        .is_known = model->is_known,
        .can_generate = model->can_generate,
        .can_edit = model->can_edit,
        .can_mask = model->can_mask,
        .has_seed = model->has_seed,
        .has_negative = model->has_negative,
        .has_steps = model->has_steps,
        .has_scale = model->has_scale,
        .has_transparency = model->has_transparency,
        .has_stream = model->has_stream,
        .can_write = model->can_write,
        .can_see = model->can_see,
        .has_schema = model->has_schema,
        .references_max = model->references_max,
        .count_max = model->count_max,
        .purposes = purposes_out(row->purposes, arena),
        .sizes = words_of(model->sizes, arena),
        .side_px_min = model->side_px_min,
        .side_px_max = model->side_px_max,
        .side_px_step = model->side_px_step,
        .pixels_min = model->pixels_min,
        .pixels_max = model->pixels_max,
        .ratio_max = model->ratio_max,
        .qualities = words_of(model->qualities, arena),
        .formats = words_of(model->formats, arena),
        .options = options_of(model->options, shows_offers, arena),
        .write_options = options_of(model->write_options, shows_offers, arena),
        .price_micro = price_micro,
        .currency = str_of(currency),
        .price_as_of = row->has_own_price ? STR_EMPTY : str_of(model->price_as_of),
        .has_own_price = row->has_own_price,
        .own_price = row->own == NULL ? NULL : &row->own->price,
        .text_in_micro = rates.rate_text_in_micro,
        .image_in_micro = rates.rate_image_in_micro,
        .cached_in_micro = rates.rate_cached_in_micro,
        .out_micro = rates.rate_out_micro,
        .limits = row->limits,
    };
}

void changes_mark_pauses(const struct json *body, struct model_change *changes, size_t count)
{
    const struct json *models = json_get(body, "models");

    for (size_t i = 0; i < count; i++)
        changes[i].says_pause = json_path(json_item(models, i), "limits.is_paused") != NULL;
}

/*
 * What an account's own server lists (the files of a ComfyUI server) says what the house has there:
 * whoever chooses among it for a run needs it, and nobody else (security.md S16, S29).  A viewer
 * starts nothing.
 */
static bool may_choose(const struct http_user *user) { return user->role >= ROLE_MEMBER; }

static bool list(struct request *req, struct error *err)
{
    const struct provider_row *providers;
    const struct model_row *models;
    size_t provider_count, model_count;
    struct model_view *items;

    models_list(app_settings(req->app), req->arena, &providers, &provider_count, &models,
                &model_count);
    items = ARENA_ARRAY(req->arena, struct model_view, model_count);
    for (size_t i = 0; i < model_count; i++)
        items[i] = model_view_of(&models[i], may_choose(&req->user), req->arena);
    return http_reply(req, 200,
                      &(struct model_page){
                          .items = {.items = items, .count = model_count}
    },
                      err);
}

const struct http_route model_routes[] = {
    {.method = "GET",
     .path = "/api/v1/models",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list,
     .flags = HTTP_QUICK,
     .out = &model_page_shape,
     .summary = "What can be asked for, and what it can do",
     .tag = "models"},
    {0},
};
