/* provider_file.c: accounts as a file without secrets: what it may hold, and what an import makes
 * of it. */
#include "settings/settings_private.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

/* ---- shapes ---- */

static const char *const formats[] = {PROVIDER_FILE_FORMAT, NULL};
static const char *const unknown_rules[] = {"hold", "once_below", "retry", NULL};

#define MODEL(member) offsetof(struct file_model, member)
static const struct field file_model_fields[] = {
    {"name",        FIELD_TEXT,  MODEL(name),        FIELD_REQUIRED, 1,  MODEL_NAME_MAX,  NULL,                  NULL,
     "The wire id."                                 },
    {"is_enabled",  FIELD_BOOL,  MODEL(is_enabled),  FIELD_REQUIRED, 0,  0,               NULL,                  NULL,
     "It can be asked for."                         },
    {"purposes",    FIELD_TEXTS, MODEL(purposes),    FIELD_REQUIRED, 0,  PURPOSES_MAX,    NULL,                  NULL,
     "What it is the default for."                  },
    {"price_micro", FIELD_INT,   MODEL(price_micro), FIELD_REQUIRED, -1, PRICE_MICRO_MAX, NULL,                  NULL,
     "The house's own price; -1: the catalogue's."  },
    {"price",       FIELD_MAYBE, MODEL(price),       0,              0,  0,               &provider_price_shape, NULL,
     "The same by a rule; goes before price_micro." },
    {"limits",      FIELD_MAYBE, MODEL(limits),      0,              0,  0,               &model_limits_shape,   NULL,
     "What it is given beside its account's bounds."},
};
static const struct shape file_model_shape =
    SHAPE("ProviderFileModel", struct file_model, file_model_fields);

#define PROVIDER(member) offsetof(struct file_provider, member)
static const struct field file_provider_fields[] = {
    {"kind",             FIELD_TEXT,  PROVIDER(kind),             FIELD_REQUIRED, 1, 40,                        NULL, NULL,          "One of the kinds."                                  },
    {"name",             FIELD_TEXT,  PROVIDER(name),             FIELD_REQUIRED, 1, PROVIDER_NAME_MAX,         NULL, NULL,
     "One of a kind in the file."                                                                                                                                                         },
    {"base_url",         FIELD_TEXT,  PROVIDER(base_url),         FIELD_REQUIRED, 0, PROVIDER_URL_MAX,          NULL, NULL,
     "Empty: the kind's own."                                                                                                                                                             },
    {"options",          FIELD_JSON,  PROVIDER(options),          FIELD_REQUIRED, 0, PROVIDER_OPTIONS_SIZE_MAX, NULL,
     NULL,                                                                                                                           "Members by the kind's fields, secret ones left out."},
    {"is_enabled",       FIELD_BOOL,  PROVIDER(is_enabled),       FIELD_REQUIRED, 0, 0,                         NULL, NULL,
     "Its models can be asked for."                                                                                                                                                       },
    {"concurrency",      FIELD_INT,   PROVIDER(concurrency),      FIELD_REQUIRED, 1, PROVIDER_CONCURRENCY_MAX,
     NULL,                                                                                                            NULL,          "Calls at once."                                     },
    {"per_minute",       FIELD_INT,   PROVIDER(per_minute),       0,              0, PROVIDER_PER_MINUTE_MAX,   NULL, NULL,
     "Requests a minute; 0: no bound."                                                                                                                                                    },
    {"units_per_minute", FIELD_INT,   PROVIDER(units_per_minute), 0,              0, PROVIDER_PER_MINUTE_MAX,   NULL,
     NULL,                                                                                                                           "Pictures a minute; 0: no bound."                    },
    {"on_unknown",       FIELD_ENUM,  PROVIDER(on_unknown),       FIELD_REQUIRED, 0, 0,                         NULL, unknown_rules,
     "When nobody knows whether a call was paid."                                                                                                                                         },
    {"once_below_micro", FIELD_INT,   PROVIDER(once_below_micro), FIELD_REQUIRED, 0, PRICE_MICRO_MAX,
     NULL,                                                                                                            NULL,          "For once_below: that price."                        },
    {"stand_ins",        FIELD_TEXTS, PROVIDER(stand_ins),        0,              0, STAND_INS_MAX,             NULL, NULL,
     "Names of others in this file that take what waits here while it is in trouble."                                                                                                     },
    {"models",           FIELD_LIST,  PROVIDER(models),           FIELD_REQUIRED, 0, PROVIDER_MODELS_MAX,
     &file_model_shape,                                                                                               NULL,          "What differs from the kind's catalogue."            },
};
static const struct shape file_provider_shape =
    SHAPE("ProviderFileProvider", struct file_provider, file_provider_fields);

#define WHOLE(member) offsetof(struct provider_file, member)
static const struct field provider_file_fields[] = {
    {"format",      FIELD_ENUM, WHOLE(format),         FIELD_REQUIRED, 0, 0,                     NULL, formats,
     "What this file is."                                                                                                          },
    {"version",     FIELD_INT,  WHOLE(version),        FIELD_REQUIRED, 1, PROVIDER_FILE_VERSION, NULL, NULL,
     "Of the format; a newer one is refused."                                                                                      },
    {"exported_at", FIELD_TIME, WHOLE(exported_at_ms), FIELD_REQUIRED, 0, 0,                     NULL, NULL,
     "When it was written."                                                                                                        },
    {"providers",   FIELD_LIST, WHOLE(providers),      FIELD_REQUIRED, 0, PROVIDERS_MAX,
     &file_provider_shape,                                                                             NULL,    "The oldest first."},
};
const struct shape provider_file_shape =
    SHAPE("ProviderFile", struct provider_file, provider_file_fields);

/* ---- out ---- */

static bool is_secret(const struct provider_kind *kind, struct str name)
{
    for (size_t i = 0; i < kind->field_count; i++)
        if (str_equal(name, str_of(kind->fields[i].name)))
            return kind->fields[i].type == PROVIDER_FIELD_SECRET;
    return true; /* what this build does not know does not leave the house */
}

static bool plain_options(const struct provider_kind *kind, struct str options, struct arena *arena,
                          struct str *out, struct error *err)
{
    CLEANUP(json_cleanup) struct json *object = NULL;
    CLEANUP(buf_finish) struct buf text = {0};
    struct json_cursor cursor = {0};
    struct json_writer writer;
    const struct json *value;
    struct str name;

    if (!json_read(options, &object, err))
        return false;
    json_writer_init(&writer, &text);
    json_begin_object(&writer);
    while (json_next(object, &cursor, &name, &value)) {
        if (is_secret(kind, name))
            continue;
        json_name_str(&writer, name);
        json_add_raw(&writer, json_print(value, arena));
    }
    json_end_object(&writer);
    *out = arena_str(arena, buf_str(&text));
    return true;
}

static const struct provider_price *own_rule(const struct model_override *row, struct arena *arena)
{
    const struct provider_own_price *own =
        row->price.size == 0 ? NULL : model_own_price(row, arena);

    return own == NULL ? NULL : &own->price;
}

static struct list models_out(int64_t provider_id, const struct provider_kind *kind,
                              const struct model_override *overrides, size_t count,
                              struct arena *arena)
{
    struct file_model *items = NULL;
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        struct provider_model model;

        if (overrides[i].provider_id != provider_id)
            continue;
        model = provider_model_find(kind, overrides[i].name);
        items = arena_more(arena, items, sizeof(*items), found);
        items[found++] = (struct file_model){
            .name = overrides[i].name,
            .is_enabled = overrides[i].is_enabled,
            .purposes = purposes_out(overrides[i].purposes & purposes_of(&model), arena),
            .price_micro = overrides[i].price_micro,
            .price = own_rule(&overrides[i], arena),
            .limits = &overrides[i].limits,
        };
    }
    return (struct list){.items = items, .count = found};
}

/* Of the stand-ins that go into the file too. */
static struct text_list names_of(const struct provider_row *row, const struct provider_row *rows,
                                 size_t count, struct arena *arena)
{
    const struct text_list ids = stand_ins_list(row->stand_ins, arena);
    struct text_list names = {.items = ARENA_ARRAY(arena, struct str, STAND_INS_MAX)};

    for (size_t index = 0; index < ids.count; index++)
        for (size_t other = 0; other < count; other++)
            if (str_equal(rows[other].public_id, ids.items[index]) &&
                provider_kind_find(rows[other].kind) != NULL)
                names.items[names.count++] = rows[other].name;
    return names;
}

bool provider_file_make(struct db *db, int64_t now_ms, struct arena *arena,
                        struct provider_file *out, struct error *err)
{
    struct provider_row *rows;
    struct model_override *overrides;
    struct file_provider *items;
    size_t count, override_count, found = 0;

    if (!provider_store_list(db, arena, &rows, &count, err) ||
        !model_store_list(db, arena, &overrides, &override_count, err))
        return false;
    items = ARENA_ARRAY(arena, struct file_provider, count);
    for (size_t i = 0; i < count; i++) {
        const struct provider_row *row = &rows[i];
        const struct provider_kind *kind = provider_kind_find(row->kind);
        struct str options;

        if (kind == NULL)
            continue; /* of another build: nobody here can tell its secrets */
        if (!plain_options(kind, row->options, arena, &options, err))
            return false;
        items[found++] = (struct file_provider){
            .kind = row->kind,
            .name = row->name,
            .base_url = row->base_url,
            .options = options,
            .is_enabled = row->is_enabled,
            .concurrency = row->concurrency,
            .per_minute = row->per_minute,
            .units_per_minute = row->units_per_minute,
            .on_unknown = row->on_unknown,
            .once_below_micro = row->once_below_micro,
            .stand_ins = names_of(row, rows, count, arena),
            .models = models_out(row->id, kind, overrides, override_count, arena),
        };
    }
    *out = (struct provider_file){
        .format = STR(PROVIDER_FILE_FORMAT),
        .version = PROVIDER_FILE_VERSION,
        .exported_at_ms = now_ms,
        .providers = {.items = items, .count = found}
    };
    return true;
}

/* ---- in: what the shape cannot say ---- */

/* The rules name a provider's or a model's field; the file has many of them. */
static bool within(struct error *err, const char *list, size_t index)
{
    char inner[sizeof err->field];

    memcpy(inner, err->field, sizeof inner);
    (void)snprintf(err->field, sizeof err->field, "%s[%zu]%s%.30s", list, index,
                   inner[0] == '\0' ? "" : ".", inner);
    return false;
}

static bool check_models(const struct file_provider *provider, const struct provider_kind *kind,
                         unsigned *taken, struct error *err)
{
    const struct file_model *models = provider->models.items;

    for (size_t i = 0; i < provider->models.count; i++) {
        const struct provider_model model = provider_model_find(kind, models[i].name);
        unsigned purposes;

        if (!provider_check_model(models[i].name, err)) {
            (void)snprintf(err->field, sizeof err->field, "name");
            return within(err, "models", i);
        }
        for (size_t other = 0; other < i; other++)
            if (str_equal(models[other].name, models[i].name)) {
                (void)error_field(err, ERROR_INVALID, "name", 0, "this model is there twice");
                return within(err, "models", i);
            }
        if (!purposes_in(&models[i].purposes, &purposes, err) ||
            (models[i].price != NULL && !provider_price_check(models[i].price, &model, err)))
            return within(err, "models", i);
        if ((purposes & *taken) != 0) {
            (void)error_field(err, ERROR_INVALID, "purposes", 0,
                              "two models of the file are the default for the same purpose");
            return within(err, "models", i);
        }
        *taken |= purposes;
    }
    return true;
}

static bool check_provider(struct file_provider *provider, unsigned *taken, struct arena *arena,
                           struct error *err)
{
    const struct provider_kind *kind = provider_kind_find(provider->kind);

    if (kind == NULL)
        return error_field(err, ERROR_NOT_IN_LIST, "kind", 0, "there is no kind %.*s of provider",
                           STR_ARGS(provider->kind));
    if (!provider_check_name(provider->name, err))
        return false;
    provider->name = str_trim(provider->name);
    provider->base_url = str_trim(provider->base_url);
    /* An address of a private network is kept, and of no use until somebody allows it. */
    /* Nor is a workflow doubted that stands in a file: it is compared with itself. */
    return provider_check_url(provider->base_url, true, err) &&
           provider_check_options(kind, provider->options, provider->options, arena,
                                  &provider->options, err) &&
           check_models(provider, kind, taken, err);
}

static bool find_name(const struct provider_file *file, struct str name, size_t *out)
{
    const struct file_provider *providers = file->providers.items;

    for (*out = 0; *out < file->providers.count; (*out)++)
        if (str_equal(providers[*out].name, name))
            return true;
    return false;
}

static bool check_stand_ins(const struct provider_file *file, size_t self, struct error *err)
{
    const struct text_list *names =
        &((const struct file_provider *)file->providers.items)[self].stand_ins;

    for (size_t index = 0; index < names->count; index++) {
        size_t at;
        bool is_good = find_name(file, names->items[index], &at) && at != self;

        for (size_t before = 0; before < index; before++)
            is_good = is_good && !str_equal(names->items[before], names->items[index]);
        if (!is_good)
            return error_field(err, ERROR_INVALID, "stand_ins", 0,
                               "a stand-in is another account of the file, named once");
    }
    return true;
}

bool provider_file_check(struct provider_file *file, struct arena *arena, struct error *err)
{
    struct file_provider *providers = file->providers.items;
    size_t options_size = 0;
    unsigned taken = 0;

    if (file->providers.count == 0)
        return error_field(err, ERROR_TOO_SHORT, "providers", 1,
                           "there is no provider in the file");
    for (size_t i = 0; i < file->providers.count; i++)
        options_size += providers[i].options.size;
    if (options_size > ACCOUNTS_OPTIONS_MAX)
        return error_field(err, ERROR_TOO_BIG, "providers", ACCOUNTS_OPTIONS_MAX,
                           "the options of all accounts have %d bytes at most, and the file's"
                           " have %zu",
                           ACCOUNTS_OPTIONS_MAX, options_size);
    for (size_t i = 0; i < file->providers.count; i++) {
        if (!check_provider(&providers[i], &taken, arena, err))
            return within(err, "providers", i);
        for (size_t other = 0; other < i; other++)
            if (str_equal_nocase(providers[other].name, providers[i].name)) {
                (void)error_field(err, ERROR_INVALID, "name", 0, "this name is there twice");
                return within(err, "providers", i);
            }
    }
    for (size_t i = 0; i < file->providers.count; i++)
        if (!check_stand_ins(file, i, err))
            return within(err, "providers", i);
    return true;
}

/* ---- in: what becomes of each ---- */

struct text_list provider_file_stand_ins(const struct provider_file *file, size_t index,
                                         const struct import_item *items, struct arena *arena)
{
    const struct text_list *names =
        &((const struct file_provider *)file->providers.items)[index].stand_ins;
    struct text_list ids = {.items = ARENA_ARRAY(arena, struct str, STAND_INS_MAX)};

    for (size_t name = 0; name < names->count; name++) {
        size_t at;

        if (find_name(file, names->items[name], &at)) /* it was checked */
            ids.items[ids.count++] = items[at].id;
    }
    return ids;
}

/* Where calls go: an address that was left open is the kind's own. */
static bool is_private_there(const struct provider_kind *kind, struct str base_url)
{
    struct error ignored;

    if (base_url.size == 0 && kind->default_base_url != NULL)
        base_url = str_of(kind->default_base_url);
    return !provider_check_url(base_url, false, &ignored);
}

static bool needs_key(const struct provider_kind *kind, struct str base_url)
{
    for (size_t i = 0; i < kind->field_count; i++)
        if (strcmp(kind->fields[i].name, "key") == 0)
            /* A server of one's own may want none; a kind's own service does. */
            return kind->fields[i].is_required ||
                   (base_url.size == 0 && !is_private_there(kind, base_url));
    return false;
}

static bool is_taken(const struct provider_file *file, size_t self, const struct import_item *items,
                     const struct provider_row *rows, size_t row_count, struct str name)
{
    const struct file_provider *providers = file->providers.items;

    for (size_t i = 0; i < row_count; i++)
        if (str_equal_nocase(rows[i].name, name))
            return true;
    for (size_t i = 0; i < file->providers.count; i++)
        if (i != self && (str_equal_nocase(providers[i].name, name) ||
                          (i < self && str_equal_nocase(items[i].as_name, name))))
            return true;
    return false;
}

/* "NAME (2)", or the next number that is free; a long name is clipped so that the number fits. */
static struct str free_name(const struct provider_file *file, size_t self,
                            const struct import_item *items, const struct provider_row *rows,
                            size_t row_count, struct arena *arena)
{
    const struct str name = ((const struct file_provider *)file->providers.items)[self].name;
    struct str candidate = name;

    /* There are fewer names than numbers. */
    for (int number = 2; is_taken(file, self, items, rows, row_count, candidate); number++) {
        struct str base = name;

        do {
            candidate = arena_printf(arena, "%.*s (%d)", STR_ARGS(str_trim(base)), number);
            base = text_clip(base, base.size - 1);
        } while (text_count(candidate) > PROVIDER_NAME_MAX);
    }
    return candidate;
}

static int64_t count_unread(const struct provider_kind *kind, struct str options,
                            struct arena *arena)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct provider_account account = {.kind = str_of(kind->name)};
    struct provider_model *models;
    struct error ignored;

    if (kind->own_ids == NULL || !json_read(options, &json, &ignored))
        return 0;
    account.options = json;
    return (int64_t)(kind->own_ids(json, arena).count - kind->own_models(&account, arena, &models));
}

bool provider_file_plan(const struct provider_file *file, const struct provider_row *rows,
                        size_t row_count, struct arena *arena, struct import_item *items,
                        struct error *err)
{
    const struct file_provider *providers = file->providers.items;

    if (row_count + file->providers.count > PROVIDERS_MAX)
        return error_field(err, ERROR_TOO_MANY, "providers", PROVIDERS_MAX,
                           "a house has at most %d providers, and there are %zu already",
                           PROVIDERS_MAX, row_count);
    for (size_t i = 0; i < file->providers.count; i++) {
        const struct file_provider *provider = &providers[i];
        const struct provider_kind *kind = provider_kind_find(provider->kind);
        struct import_item item = {
            .name = provider->name,
            .as_name = free_name(file, i, items, rows, row_count, arena),
            .kind = provider->kind,
            .needs_key = needs_key(kind, provider->base_url),
            .needs_private = is_private_there(kind, provider->base_url),
            .model_count = (int64_t)provider->models.count,
            .unread_workflows = count_unread(kind, provider->options, arena),
        };

        item.is_renamed = !str_equal(item.name, item.as_name);
        item.is_enabled = provider->is_enabled && !item.needs_key && !item.needs_private;
        items[i] = item;
    }
    return true;
}
