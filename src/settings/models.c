#include "settings/settings_private.h"

#include "core/log.h"
#include "core/text.h"

#include <stdlib.h>

static const struct {
    const char *name;
    enum purpose purpose;
    unsigned needs;
} purposes[] = {
    {"image",  PURPOSE_IMAGE,  NEED_GENERATE        },
    {"edit",   PURPOSE_EDIT,   NEED_EDIT            },
    {"text",   PURPOSE_TEXT,   NEED_WRITE           },
    {"vision", PURPOSE_VISION, NEED_WRITE | NEED_SEE},
};

#define LIMIT(member) offsetof(struct model_limits, member)
static const struct field model_limits_fields[] = {
    {"concurrency",      FIELD_INT,  LIMIT(concurrency),      FIELD_REQUIRED, 0, PROVIDER_CONCURRENCY_MAX,
     NULL,                                                                                                       NULL, "Calls at once; 0: as many as its account." },
    {"per_minute",       FIELD_INT,  LIMIT(per_minute),       FIELD_REQUIRED, 0, PROVIDER_PER_MINUTE_MAX,  NULL,
     NULL,                                                                                                             "Requests a minute; 0: no bound of its own."},
    {"units_per_minute", FIELD_INT,  LIMIT(units_per_minute), FIELD_REQUIRED, 0,
     PROVIDER_PER_MINUTE_MAX,                                                                              NULL, NULL,
     "Units a minute, as its account counts them; 0: no bound of its own."                                                                                         },
    {"is_paused",        FIELD_BOOL, LIMIT(is_paused),        0,              0, 0,                        NULL, NULL,
     "True: what is asked of it waits until it is false again, and what is under way goes on. "
     "Not said in a change: as before."                                                                                                                            },
};
const struct shape model_limits_shape =
    SHAPE("ModelLimits", struct model_limits, model_limits_fields);

struct text_list purposes_out(unsigned bits, struct arena *arena)
{
    struct text_list words = {.items = ARENA_ARRAY(arena, struct str, COUNT(purposes))};

    for (size_t i = 0; i < COUNT(purposes); i++)
        if ((bits & purposes[i].purpose) != 0)
            words.items[words.count++] = str_of(purposes[i].name);
    return words;
}

bool purposes_in(const struct text_list *words, unsigned *bits, struct error *err)
{
    *bits = 0;
    for (size_t w = 0; w < words->count; w++) {
        size_t i = 0;

        while (i < COUNT(purposes) && !str_equal(words->items[w], str_of(purposes[i].name)))
            i++;
        if (i == COUNT(purposes))
            return error_field(err, ERROR_NOT_IN_LIST, "purposes", 0, "there is no purpose %.*s",
                               STR_ARGS(text_clip(words->items[w], 40)));
        if ((*bits & purposes[i].purpose) != 0)
            return error_field(err, ERROR_INVALID, "purposes", 0, "a purpose is there twice");
        *bits |= purposes[i].purpose;
    }
    return true;
}

/* Asked of every model for every task, so that no sentence is made of it as provider_model_check()
 * does; a test holds the two together. */
unsigned purposes_of(const struct provider_model *model)
{
    /* Pictures that lead a generation are pictures from pictures too. */
    const bool takes_pictures =
        model->can_edit || (model->can_generate && model->references_max > 0);

    return (model->can_generate ? PURPOSE_IMAGE : 0U) | (takes_pictures ? PURPOSE_EDIT : 0U) |
           (model->can_write ? PURPOSE_TEXT : 0U) |
           (model->can_write && model->can_see ? PURPOSE_VISION : 0U);
}

bool purposes_change(const struct model_change *change, const struct provider_model *model,
                     const struct model_override *before, unsigned *out, struct error *err)
{
    unsigned bits = before == NULL ? 0 : before->purposes;

    if (change->purposes.items != NULL) {
        if (!purposes_in(&change->purposes, &bits, err))
            return false;
        if ((bits & ~purposes_of(model)) != 0)
            return error_field(err, ERROR_INVALID, "purposes", 0,
                               "%.*s cannot do all that it would be the default for",
                               STR_ARGS(text_clip(change->name, 60)));
        *out = bits;
        return true;
    }
    *out = change->is_default ? bits | PURPOSE_IMAGE : bits & ~(unsigned)PURPOSE_IMAGE;
    return true;
}

/* What an operation that needs this is for: looking before writing, edits before pictures. */
static unsigned purpose_of_needs(unsigned needs)
{
    if ((needs & NEED_SEE) != 0)
        return PURPOSE_VISION;
    if ((needs & NEED_WRITE) != 0)
        return PURPOSE_TEXT;
    return (needs & NEED_EDIT) != 0 ? PURPOSE_EDIT : PURPOSE_IMAGE;
}

const struct model_override *override_find(const struct model_override *overrides, size_t count,
                                           int64_t provider_id, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (overrides[i].provider_id == provider_id && str_equal(overrides[i].name, name))
            return &overrides[i];
    return NULL;
}

static bool is_among(const struct provider_model *models, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(models[i].name, name))
            return true;
    return false;
}

const struct provider_own_price *model_own_price(const struct model_override *row,
                                                 struct arena *arena)
{
    struct provider_own_price *own = ARENA_NEW(arena, struct provider_own_price);
    struct error err = {0};

    if (row->price.size == 0) {
        if (row->price_micro < 0)
            return NULL;
        *own = provider_price_flat(row->name, row->price_micro, arena);
        return own;
    }
    if (provider_price_read(row->price, row->name, arena, own, &err))
        return own;
    log_warn("model_price_unread", LOG_INT("provider", row->provider_id),
             LOG_STR("model", row->name), LOG_CSTR("error", err.message));
    return NULL;
}

void models_own_prices(const struct model_override *rows, size_t count, struct arena *arena,
                       struct provider_account *account)
{
    struct provider_own_price *prices = ARENA_ARRAY(arena, struct provider_own_price, count);

    account->prices = prices;
    for (size_t i = 0; i < count; i++) {
        const struct provider_own_price *own = model_own_price(&rows[i], arena);

        if (own != NULL)
            prices[account->price_count++] = *own;
    }
}

static struct model_row merge(const struct provider_row *provider,
                              const struct provider_account *account, struct provider_model model,
                              struct provider_offers *offers, const struct model_override *override,
                              struct arena *arena)
{
    const struct provider_kind *kind = provider_kind_find(provider->kind);
    struct model_row row = {
        .provider = provider,
        .model = model,
        .is_enabled = provider->is_enabled && (override == NULL || override->is_enabled),
        .chosen = override == NULL ? 0 : override->purposes,
        .own = override == NULL ? NULL : model_own_price(override, arena),
        .limits = override == NULL ? (struct model_limits){0} : override->limits,
    };

    row.has_own_price = row.own != NULL;
    if (row.has_own_price && override->price_micro >= 0)
        row.model.price_micro = override->price_micro;
    if (row.model.label.size == 0)
        row.model.label = row.model.name;
    provider_model_narrow(kind, account, &row.model);
    provider_model_offer(&row.model, offers, arena);
    return row;
}

static bool makes_pictures(const struct model_row *row)
{
    return row->model.can_generate || row->model.can_edit;
}

/* There is always a default for pictures while there is a model: the chosen one when it is on, else
 * the first that makes pictures, else the first. */
static struct model_row *decide_default(struct model_row *items, size_t count)
{
    struct model_row *first = NULL, *painter = NULL, *chosen = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!items[i].is_enabled)
            continue;
        if (first == NULL)
            first = &items[i];
        if (painter == NULL && makes_pictures(&items[i]))
            painter = &items[i];
        if ((items[i].chosen & PURPOSE_IMAGE) != 0)
            chosen = &items[i];
    }
    if (chosen == NULL)
        chosen = painter != NULL ? painter : first;
    if (chosen != NULL)
        chosen->is_default = true;
    return chosen;
}

/* Each purpose has the chosen model if that is on and can; else the default for pictures, else the
 * first that can, one of that one's provider before all others. */
static void decide_purpose(struct model_row *items, size_t count, const struct model_row *house,
                           unsigned purpose)
{
    struct model_row *found = NULL;
    int found_rank = 0;

    for (size_t i = 0; i < count; i++) {
        int rank;

        if (!items[i].is_enabled || (purposes_of(&items[i].model) & purpose) == 0)
            continue;
        rank = (items[i].chosen & purpose) != 0       ? 4
               : &items[i] == house                   ? 3
               : items[i].provider == house->provider ? 2
                                                      : 1;
        if (rank > found_rank) {
            found = &items[i];
            found_rank = rank;
        }
    }
    if (found != NULL)
        found->purposes |= purpose;
}

static void decide_defaults(struct model_row *items, size_t count)
{
    const struct model_row *house = decide_default(items, count);

    for (size_t i = 0; i < COUNT(purposes) && house != NULL; i++)
        decide_purpose(items, count, house, purposes[i].purpose);
}

/* The models that an account has by itself, whether the house changed anything of them or not. */
static size_t list_known(const struct provider_kind *kind, const struct provider_row *provider,
                         struct arena *arena, struct provider_model **out)
{
    const struct account_options *held = provider->held;
    const size_t own_count = held == NULL ? 0 : held->own_count;

    *out = ARENA_ARRAY(arena, struct provider_model, kind->model_count + own_count);
    for (size_t i = 0; i < kind->model_count; i++)
        (*out)[i] = kind->models[i];
    for (size_t i = 0; i < own_count; i++)
        (*out)[kind->model_count + i] = held->own[i];
    return kind->model_count + own_count;
}

/* Of the account's own, and reads no more: what the house changed of it waits for it. */
static bool is_unread(const struct provider_row *provider, struct str name)
{
    const struct account_options *held = provider->held;

    for (size_t i = 0; held != NULL && i < held->own_ids.count; i++)
        if (str_equal(held->own_ids.items[i], name))
            return true;
    return false;
}

void models_merge(const struct provider_row *providers, size_t provider_count,
                  const struct model_override *overrides, size_t override_count,
                  struct arena *arena, struct model_row **items, size_t *count)
{
    struct model_row *rows = NULL;
    size_t row_count = 0;

    for (size_t p = 0; p < provider_count; p++) {
        const struct provider_row *provider = &providers[p];
        const struct provider_kind *kind = provider_kind_find(provider->kind);
        const struct provider_account account = {
            .kind = provider->kind,
            .base_url = provider->base_url,
            .options = provider->held == NULL ? NULL : provider->held->json};
        struct provider_offers offers;
        struct provider_model *known;
        size_t known_count;

        if (kind == NULL)
            continue;
        offers_merge(provider, arena, &offers);
        known_count = list_known(kind, provider, arena, &known);
        for (size_t m = 0; m < known_count; m++) {
            rows = arena_more(arena, rows, sizeof(*rows), row_count);
            rows[row_count++] =
                merge(provider, &account, known[m], &offers,
                      override_find(overrides, override_count, provider->id, known[m].name), arena);
        }
        for (size_t o = 0; o < override_count; o++) {
            if (overrides[o].provider_id != provider->id ||
                is_among(known, known_count, overrides[o].name) ||
                is_unread(provider, overrides[o].name))
                continue;
            rows = arena_more(arena, rows, sizeof(*rows), row_count);
            rows[row_count++] =
                merge(provider, &account, provider_model_find(kind, overrides[o].name), &offers,
                      &overrides[o], arena);
        }
    }
    decide_defaults(rows, row_count);
    *items = rows;
    *count = row_count;
}

/* "PROVIDERID/wire-id": wire ids may hold slashes themselves. */
static bool has_id(const struct model_row *row, struct str asked)
{
    struct str provider = str_slice(asked, 0, ID_SIZE);

    return asked.size > ID_SIZE + 1 && asked.data[ID_SIZE] == '/' &&
           str_equal_nocase(provider, row->provider->public_id) &&
           str_equal(str_slice(asked, ID_SIZE + 1, asked.size), row->model.name);
}

static bool has_name(const struct model_row *row, struct str asked)
{
    return str_equal(asked, row->model.name);
}

static bool has_provider(const struct model_row *row, struct str asked)
{
    return str_equal_nocase(asked, row->provider->name);
}

/* What is looked for, and why a row that was named is none. */
struct search {
    struct str asked;
    unsigned needs;
    const struct model_row *preferred; /* the default; may be NULL */
    bool is_off;
    struct error unable; /* of the first row that cannot do what is needed */
};

static bool fits_any(const struct model_row *row, struct str asked)
{
    (void)row, (void)asked;
    return true;
}

/* The first enabled row that fits and can; one of the default model's provider goes before all
 * others. */
static const struct model_row *find(const struct model_row *items, size_t count,
                                    bool (*fits)(const struct model_row *row, struct str asked),
                                    struct search *search)
{
    const struct provider_row *house =
        search->preferred == NULL ? NULL : search->preferred->provider;
    const struct model_row *found = NULL;

    for (size_t i = 0; i < count; i++) {
        struct error unable = {0};

        if (!fits(&items[i], search->asked))
            continue;
        if (!items[i].is_enabled)
            search->is_off = true;
        else if (!provider_model_check(&items[i].model, search->needs, &unable))
            search->unable = search->unable.code == ERROR_NONE ? unable : search->unable;
        else if (found == NULL || (items[i].provider == house && found->provider != house))
            found = &items[i];
    }
    return found;
}

static const char *describe(unsigned needs)
{
    if ((needs & NEED_SEE) != 0)
        return "looks at pictures and writes about them";
    if ((needs & NEED_WRITE) != 0)
        return "writes text";
    if ((needs & NEED_MASK) != 0)
        return "edits within a mask";
    return (needs & NEED_EDIT) != 0 ? "makes pictures from pictures" : "makes pictures";
}

static bool choose_default(const struct model_row *items, size_t count, struct search *search,
                           const struct model_row **out, struct error *err)
{
    struct error unable = {0};
    const struct model_row *found;

    if (search->preferred == NULL)
        return error_field(err, ERROR_NOT_IN_LIST, "model", 0,
                           "no model is switched on; add a provider in the settings");
    found = provider_model_check(&search->preferred->model, search->needs, &unable)
                ? search->preferred
                : find(items, count, fits_any, search);
    if (found == NULL)
        return error_field(err, ERROR_NOT_IN_LIST, "model", 0,
                           "no model that is switched on %s; add a provider in the settings",
                           describe(search->needs));
    *out = found;
    return true;
}

bool models_choose(const struct model_row *items, size_t count, struct str asked, unsigned needs,
                   const struct model_row **out, struct error *err)
{
    bool (*const ways[])(const struct model_row *row, struct str asked) = {has_id, has_name,
                                                                           has_provider};
    struct search search = {.asked = asked, .needs = needs};

    /* With nobody who can, the default for pictures, so that there is somebody to say no. */
    for (size_t i = 0; i < count; i++)
        if ((items[i].purposes & purpose_of_needs(needs)) != 0 ||
            (items[i].is_default && (search.preferred == NULL)))
            search.preferred = &items[i];
    if (asked.size == 0)
        return choose_default(items, count, &search, out, err);
    for (size_t way = 0; way < COUNT(ways); way++) {
        const struct model_row *found = find(items, count, ways[way], &search);

        if (found != NULL) {
            *out = found;
            return true;
        }
        if (search.unable.code != ERROR_NONE) { /* it is there, but for something else */
            *err = search.unable;
            return false;
        }
    }
    return error_field(err, ERROR_NOT_IN_LIST, "model", 0,
                       search.is_off ? "this model or its provider is switched off"
                                     : "there is no such model");
}
