#include "settings/settings_private.h"

#include <stdlib.h>

static const struct model_override *find_override(const struct model_override *overrides,
                                                  size_t count, int64_t provider_id,
                                                  struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (overrides[i].provider_id == provider_id && str_equal(overrides[i].name, name))
            return &overrides[i];
    return NULL;
}

static bool is_in_catalogue(const struct provider_kind *kind, struct str name)
{
    for (size_t i = 0; i < kind->model_count; i++)
        if (str_equal(kind->models[i].name, name))
            return true;
    return false;
}

static struct model_row merge(const struct provider_row *provider, struct provider_model model,
                              const struct model_override *override)
{
    struct model_row row = {
        .provider = provider,
        .model = model,
        .is_enabled = provider->is_enabled && (override == NULL || override->is_enabled),
        .is_default = override != NULL && override->is_default,
        .has_own_price = override != NULL && override->price_micro >= 0,
    };

    if (row.has_own_price)
        row.model.price_micro = override->price_micro;
    if (row.model.label.size == 0)
        row.model.label = row.model.name;
    return row;
}

/* There is always a default while there is a model: the chosen one when it is on, else the first.
 */
static void decide_default(struct model_row *items, size_t count)
{
    struct model_row *first = NULL, *chosen = NULL;

    for (size_t i = 0; i < count; i++) {
        if (items[i].is_enabled && first == NULL)
            first = &items[i];
        if (items[i].is_enabled && items[i].is_default)
            chosen = &items[i];
        items[i].is_default = false;
    }
    if (chosen == NULL)
        chosen = first;
    if (chosen != NULL)
        chosen->is_default = true;
}

void models_merge(const struct provider_row *providers, size_t provider_count,
                  const struct model_override *overrides, size_t override_count,
                  struct arena *arena, struct model_row **items, size_t *count)
{
    size_t room = override_count;

    for (size_t p = 0; p < provider_count; p++) {
        const struct provider_kind *kind = provider_kind_find(providers[p].kind);

        room += kind == NULL ? 0 : kind->model_count;
    }
    *items = ARENA_ARRAY(arena, struct model_row, room);
    *count = 0;
    for (size_t p = 0; p < provider_count; p++) {
        const struct provider_row *provider = &providers[p];
        const struct provider_kind *kind = provider_kind_find(provider->kind);

        if (kind == NULL)
            continue;
        for (size_t m = 0; m < kind->model_count; m++)
            (*items)[(*count)++] =
                merge(provider, kind->models[m],
                      find_override(overrides, override_count, provider->id, kind->models[m].name));
        for (size_t o = 0; o < override_count; o++)
            if (overrides[o].provider_id == provider->id &&
                !is_in_catalogue(kind, overrides[o].name))
                (*items)[(*count)++] =
                    merge(provider, provider_model_find(kind, overrides[o].name), &overrides[o]);
    }
    decide_default(*items, *count);
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

/* The first enabled row that fits; one of the default model's provider goes before all others. */
static const struct model_row *find(const struct model_row *items, size_t count,
                                    const struct model_row *preferred, struct str asked,
                                    bool (*fits)(const struct model_row *row, struct str asked),
                                    bool *is_off)
{
    const struct model_row *found = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!fits(&items[i], asked))
            continue;
        if (!items[i].is_enabled)
            *is_off = true;
        else if (found == NULL || (preferred != NULL && items[i].provider == preferred->provider &&
                                   found->provider != preferred->provider))
            found = &items[i];
    }
    return found;
}

bool models_choose(const struct model_row *items, size_t count, struct str asked,
                   const struct model_row **out, struct error *err)
{
    const struct model_row *preferred = NULL, *found;
    bool is_off = false;

    for (size_t i = 0; i < count; i++)
        if (items[i].is_default)
            preferred = &items[i];
    if (asked.size == 0) {
        if (preferred == NULL)
            return error_field(err, ERROR_NOT_IN_LIST, "model", 0,
                               "no model is switched on; add a provider in the settings");
        *out = preferred;
        return true;
    }
    found = find(items, count, preferred, asked, has_id, &is_off);
    if (found == NULL)
        found = find(items, count, preferred, asked, has_name, &is_off);
    if (found == NULL)
        found = find(items, count, preferred, asked, has_provider, &is_off);
    if (found == NULL)
        return error_field(err, ERROR_NOT_IN_LIST, "model", 0,
                           is_off ? "this model or its provider is switched off"
                                  : "there is no such model");
    *out = found;
    return true;
}
