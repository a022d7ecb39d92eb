/* provider/offer.c: what an account's own service has for options of its models (the samplers of a
 * server, its files), as it told them: kept as text, and put into the models' rows. */
#include "provider/provider_private.h"

#define OFFER(member) offsetof(struct provider_offer, member)
static const struct field offer_fields[] = {
    {"model",   FIELD_TEXT,  OFFER(model),   0,              0, 200,                  NULL, NULL, "Empty: any."},
    {"option",  FIELD_TEXT,  OFFER(option),  FIELD_REQUIRED, 1, 40,                   NULL, NULL, "Its name."  },
    {"choices", FIELD_TEXTS, OFFER(choices), FIELD_REQUIRED, 0, PROVIDER_CHOICES_MAX, NULL, NULL,
     "None: whatever is written."                                                                              },
};
static const struct shape offer_shape = SHAPE("Offer", struct provider_offer, offer_fields);

#define OFFERS(member) offsetof(struct provider_offers, member)
static const struct field offers_fields[] = {
    {"items", FIELD_LIST, OFFERS(items), FIELD_REQUIRED, 0, PROVIDER_OFFERS_MAX, &offer_shape, NULL,
     "All."},
};
static const struct shape offers_shape = SHAPE("Offers", struct provider_offers, offers_fields);

enum { KEY_SIZE_MIN = 8 }; /* a shorter one is part of anything */

static size_t keep_without(struct text_list *choices, struct str key)
{
    size_t size = 0, kept = 0;

    for (size_t i = 0; i < choices->count; i++) {
        if (key.size >= KEY_SIZE_MIN && str_find(choices->items[i], key) >= 0)
            continue;
        size += choices->items[i].size;
        choices->items[kept++] = choices->items[i];
    }
    choices->count = kept;
    return size;
}

void provider_offers_bound(struct provider_offers *offers, struct str key)
{
    struct provider_offer *items = offers->items.items;
    size_t size = 0, count = 0;

    for (size_t i = 0; i < offers->items.count; i++) {
        struct text_list *choices = &items[i].choices;
        const size_t own = keep_without(choices, str_trim(key));

        if (size + own > PROVIDER_OFFERS_SIZE_MAX ||
            count + choices->count > PROVIDER_OFFERED_MAX) {
            choices->count = 0;
            continue;
        }
        size += own;
        count += choices->count;
    }
}

struct str provider_offers_write(const struct provider_offers *offers, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct json_writer writer;

    json_writer_init(&writer, &text);
    shape_write(&offers_shape, offers, &writer);
    return arena_str(arena, buf_str(&text));
}

bool provider_offers_read(struct str text, struct arena *arena, struct provider_offers *out,
                          struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;

    *out = (struct provider_offers){0};
    if (text.size > 0 &&
        (!json_read(text, &json, err) || !shape_read(&offers_shape, json, arena, out, NULL, err)))
        return false;
    provider_offers_bound(out, STR_EMPTY);
    return true;
}

struct provider_offer *provider_offer_find(const struct provider_offers *offers, struct str model,
                                           struct str option)
{
    struct provider_offer *items = offers->items.items;

    for (size_t i = 0; i < offers->items.count; i++)
        if (str_equal(items[i].model, model) && str_equal(items[i].option, option))
            return &items[i];
    return NULL;
}

void provider_offers_forget_own(struct provider_offers *offers)
{
    struct provider_offer *items = offers->items.items;

    for (size_t i = 0; i < offers->items.count; i++)
        if (items[i].model.size > 0)
            items[i].choices.count = 0;
}

/* A row like the model's, but for its choices.  Models of an account have the same rows, mostly. */
static const struct provider_field *offered_field(const struct provider_field *row,
                                                  struct provider_offer *offer, struct arena *arena)
{
    struct provider_field *made = ARENA_NEW(arena, struct provider_field);
    const char **choices = ARENA_ARRAY(arena, const char *, offer->choices.count + 1);

    for (size_t i = 0; i < offer->choices.count; i++)
        choices[i] = arena_cstr(arena, offer->choices.items[i]);
    *made = *row;
    made->type = PROVIDER_FIELD_CHOICE;
    made->choices = choices;
    made->is_offered = true;
    made->offered = offer->choices;
    offer->row = row;
    offer->made = made;
    return made;
}

void provider_model_offer(struct provider_model *model, struct provider_offers *offers,
                          struct arena *arena)
{
    const struct provider_field **rows;
    size_t count = 0;
    bool is_any = false;

    if (model->options == NULL || offers->items.count == 0)
        return;
    while (model->options[count] != NULL)
        count++;
    rows = ARENA_ARRAY(arena, const struct provider_field *, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct str name = str_of(model->options[i]->name);
        struct provider_offer *offer = provider_offer_find(offers, model->name, name);

        if (offer == NULL && !model->is_own)
            offer = provider_offer_find(offers, STR_EMPTY, name);
        rows[i] = model->options[i];
        if (offer == NULL || offer->choices.count == 0)
            continue;
        rows[i] = offer->row == model->options[i] ? offer->made
                                                  : offered_field(model->options[i], offer, arena);
        is_any = true;
    }
    if (is_any)
        model->options = rows;
}
