#include "settings/settings_private.h"

#include "core/log.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * What stands in the rows of accounts and models, in memory: each submission asks for it, and a
 * reader's pages are cold after every commit.  It is read by the writer, in the transaction that
 * changed it, and shown when that is durable.  Never changed once shown.
 */
struct accounts {
    struct arena *arena;
    struct provider_row *providers; /* by age */
    struct model_override *overrides;
    struct model_row *models; /* each account's together, in the accounts' order */
    /* Of each provider, in their order: the house's own of its models. */
    struct account_prices {
        const struct provider_own_price *items;
        size_t count;
    } * prices;
    size_t provider_count, override_count, model_count;
    int64_t number; /* of the change that it was read after */
    _Atomic int64_t holders;
};

static void accounts_free(struct accounts *accounts)
{
    if (accounts == NULL)
        return;
    arena_destroy(accounts->arena);
    free(accounts);
}

/* As its models have them already, of each account in one piece. */
static void gather_prices(struct accounts *accounts)
{
    const struct model_row *row = accounts->models, *const end = row + accounts->model_count;

    accounts->prices =
        ARENA_ARRAY(accounts->arena, struct account_prices, accounts->provider_count);
    while (row < end) {
        const struct provider_row *provider = row->provider;
        struct account_prices *prices = &accounts->prices[provider - accounts->providers];
        struct provider_own_price *items = NULL;

        for (; row < end && row->provider == provider; row++)
            if (row->own != NULL) {
                items = arena_more(accounts->arena, items, sizeof(*items), prices->count);
                items[prices->count++] = *row->own;
            }
        prices->items = items;
    }
}

static bool accounts_read(struct settings *settings, struct db *db, struct accounts **out,
                          struct error *err)
{
    struct accounts *accounts = calloc(1, sizeof *accounts);

    if (accounts == NULL)
        abort();
    accounts->arena = arena_create(MIB(512));
    accounts->holders = 1;
    if (!provider_store_list(db, accounts->arena, &accounts->providers, &accounts->provider_count,
                             err) ||
        !model_store_list(db, accounts->arena, &accounts->overrides, &accounts->override_count,
                          err)) {
        accounts_free(accounts);
        return false;
    }
    options_fill(settings->options, accounts->providers, accounts->provider_count, accounts->arena);
    models_merge(accounts->providers, accounts->provider_count, accounts->overrides,
                 accounts->override_count, accounts->arena, &accounts->models,
                 &accounts->model_count);
    gather_prices(accounts);
    *out = accounts;
    return true;
}

static struct accounts *accounts_take(struct settings *settings)
{
    struct accounts *accounts;

    pthread_mutex_lock(&settings->lock);
    accounts = settings->accounts;
    if (accounts != NULL)
        accounts->holders++;
    pthread_mutex_unlock(&settings->lock);
    return accounts;
}

static void accounts_give_back(struct accounts *accounts)
{
    if (accounts != NULL && --accounts->holders == 0)
        accounts_free(accounts);
}

static void end_hold(void *context) { accounts_give_back(context); }

/* For as long as `arena` lasts; NULL before they were read. */
static const struct accounts *accounts_hold(struct settings *settings, struct arena *arena)
{
    struct accounts *accounts = accounts_take(settings);

    if (accounts != NULL)
        arena_at_end(arena, end_hold, accounts);
    return accounts;
}

/* Two changes may be told in another order than they were made in. */
static void accounts_show(struct settings *settings, struct accounts *accounts)
{
    struct accounts *older = accounts;

    pthread_mutex_lock(&settings->lock);
    if (settings->accounts == NULL || settings->accounts->number < accounts->number) {
        older = settings->accounts;
        settings->accounts = accounts;
    }
    pthread_mutex_unlock(&settings->lock);
    accounts_give_back(older);
}

void accounts_forget(struct settings *settings)
{
    accounts_give_back(settings->accounts);
    settings->accounts = NULL;
}

bool accounts_attach(struct settings *settings, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct accounts *accounts;

    if (!db_borrow(settings->services.pool, &db, err) ||
        !accounts_read(settings, db, &accounts, err))
        return false;
    accounts_show(settings, accounts);
    return true;
}

/* ---- Changes ---- */

struct account_change {
    struct settings *settings;
    db_work work;
    void *context;
    struct accounts *accounts; /* as they are after it */
};

bool accounts_read_size(struct db *db, struct house_size *out, struct error *err)
{
    static const struct sql sum = {
        "accounts_size",
        "SELECT (SELECT coalesce(sum(length(CAST(options AS BLOB))), 0) FROM provider"
        " WHERE deleted_at_ms IS NULL) AS options,"
        " (SELECT coalesce(sum(length(CAST(name AS BLOB)) + length(CAST(price AS BLOB))), 0)"
        " FROM provider_model) AS models",
        NULL};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &sum, NULL, 0, &rows, err) || !rows_next(&rows))
        return false;
    out->options = rows_int64(&rows, "options");
    out->models = rows_int64(&rows, "models");
    return true;
}

/* All accounts are shown at once, and written into one file.  A house that has more already may
 * still have less. */
bool accounts_check_size(struct db *db, const struct house_size *before, struct error *err)
{
    struct house_size size;

    if (!accounts_read_size(db, &size, err))
        return false;
    if (size.options > ACCOUNTS_OPTIONS_MAX && size.options > before->options)
        return error_field(
            err, ERROR_TOO_BIG, "options", ACCOUNTS_OPTIONS_MAX,
            "the options of all accounts have %d bytes at most, and would have %" PRId64,
            ACCOUNTS_OPTIONS_MAX, size.options);
    if (size.models > ACCOUNTS_MODELS_MAX && size.models > before->models)
        return error_field(err, ERROR_TOO_BIG, "models", ACCOUNTS_MODELS_MAX,
                           "the names and prices of models that differ from the catalogue have"
                           " %d bytes at most in a house, and would have %" PRId64,
                           ACCOUNTS_MODELS_MAX, size.models);
    return true;
}

static bool change_and_read(struct db *db, void *context, struct error *err)
{
    struct account_change *change = context;
    struct house_size before;

    accounts_free(change->accounts); /* of a try that was rolled back */
    change->accounts = NULL;
    if (!accounts_read_size(db, &before, err) || !change->work(db, change->context, err) ||
        !accounts_check_size(db, &before, err) ||
        !accounts_read(change->settings, db, &change->accounts, err))
        return false;
    change->accounts->number = ++change->settings->account_changes;
    return true;
}

bool accounts_transact(struct settings *settings, const char *name, db_work work, void *context,
                       struct error *err)
{
    struct account_change change = {.settings = settings, .work = work, .context = context};

    if (!db_transact(settings->services.pool, name, change_and_read, &change, err)) {
        accounts_free(change.accounts);
        return false;
    }
    accounts_show(settings, change.accounts);
    return true;
}

/* ---- What is asked of them ---- */

void models_list(struct settings *settings, struct arena *arena,
                 const struct provider_row **providers, size_t *provider_count,
                 const struct model_row **models, size_t *model_count)
{
    static const struct accounts none = {0};
    const struct accounts *held = accounts_hold(settings, arena);

    if (held == NULL)
        held = &none;
    *providers = held->providers;
    *provider_count = held->provider_count;
    *models = held->models;
    *model_count = held->model_count;
}

/* Of an id that names its provider, only that one's models: the others are not looked through. */
static size_t models_of_id(const struct accounts *accounts, struct str asked,
                           const struct model_row **models)
{
    const struct model_row *first = accounts->models,
                           *const end = accounts->models + accounts->model_count, *last;
    const struct str id = str_slice(asked, 0, ID_SIZE);

    *models = first;
    if (asked.size <= ID_SIZE + 1 || asked.data[ID_SIZE] != '/')
        return 0;
    while (first < end && !str_equal_nocase(first->provider->public_id, id))
        first++;
    for (last = first; last < end && last->provider == first->provider;)
        last++;
    *models = first;
    return (size_t)(last - first);
}

static const struct provider_row *row_of(const struct accounts *accounts, int64_t provider_id)
{
    for (size_t index = 0; accounts != NULL && index < accounts->provider_count; index++)
        if (accounts->providers[index].id == provider_id)
            return &accounts->providers[index];
    return NULL;
}

/* Row ids of those that stand in, in their order; one that was deleted is none. */
static void find_stand_ins(const struct accounts *accounts, struct str kept, struct arena *arena,
                           struct provider_binding *out)
{
    const struct text_list ids = stand_ins_list(kept, arena);

    for (size_t index = 0; index < ids.count; index++)
        for (size_t row = 0; row < accounts->provider_count; row++)
            if (str_equal(accounts->providers[row].public_id, ids.items[index]))
                out->stand_ins[out->stand_in_count++] = accounts->providers[row].id;
}

bool settings_account(struct settings *settings, int64_t provider_id, struct arena *arena,
                      struct provider_binding *out)
{
    const struct accounts *held = accounts_hold(settings, arena);
    const struct provider_row *found = row_of(held, provider_id);
    struct error err = {0};
    bool is_key_lost;

    if (found == NULL)
        return false;
    if (provider_open(settings, found, arena, out, &is_key_lost, &err)) {
        find_stand_ins(held, found->stand_ins, arena, out);
        return true;
    }
    *out = (struct provider_binding){.id = provider_id, .concurrency = 1};
    if (err.code == ERROR_NOT_FOUND)
        return false;
    log_error("account_unread", &err, LOG_INT("provider", provider_id));
    return true;
}

void settings_model_limits(struct settings *settings, int64_t provider_id, struct str model,
                           struct model_limits *out)
{
    struct accounts *accounts = accounts_take(settings);
    const struct model_override *found =
        accounts == NULL
            ? NULL
            : override_find(accounts->overrides, accounts->override_count, provider_id, model);

    *out = found == NULL ? (struct model_limits){0} : found->limits;
    accounts_give_back(accounts);
}

bool settings_has_model(struct settings *settings, int64_t provider_id, struct str model)
{
    struct accounts *accounts = accounts_take(settings);
    bool is_there = false;

    for (size_t index = 0; accounts != NULL && index < accounts->model_count; index++)
        is_there = is_there || (accounts->models[index].provider->id == provider_id &&
                                str_equal(accounts->models[index].model.name, model));
    accounts_give_back(accounts);
    return is_there;
}

/* Nothing is copied: who chooses holds the accounts. */
static bool choose(struct settings *settings, const struct accounts *accounts, struct str asked,
                   unsigned needs, struct arena *arena, struct model_choice *out, struct error *err)
{
    const struct model_row *models, *found;
    const size_t count = models_of_id(accounts, asked, &models);
    const struct account_prices *prices;
    struct provider_binding binding;
    struct error ignored;
    bool is_key_lost;

    if ((count == 0 || !models_choose(models, count, asked, needs, &found, &ignored)) &&
        !models_choose(accounts->models, accounts->model_count, asked, needs, &found, err))
        return false;
    if (!provider_open(settings, found->provider, arena, &binding, &is_key_lost, err))
        return false;
    /* All of the account: a call may have a second model of it (kind->writes_beside). */
    prices = &accounts->prices[found->provider - accounts->providers];
    binding.account.prices = prices->items;
    binding.account.price_count = prices->count;
    *out = (struct model_choice){
        .provider_id = binding.id,
        .provider_public_id = binding.public_id,
        .provider_name = binding.name,
        .kind = binding.kind,
        .account = binding.account,
        .model = found->model,
    };
    return true;
}

bool settings_model_find(struct settings *settings, struct str asked, unsigned needs,
                         struct arena *arena, struct model_choice *out, struct error *err)
{
    static const struct accounts none = {0};
    const struct accounts *held = accounts_hold(settings, arena);

    return choose(settings, held == NULL ? &none : held, asked, needs, arena, out, err);
}
