#include "settings/settings_private.h"

#include "core/log.h"
#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- one row from what was asked ---- */

/* What the account's own `key` says is of its first one; empty takes that away. */
static bool apply_key(struct db *db, const struct settings *settings,
                      const struct provider_change *change, const struct provider_row *row,
                      const struct lane_view *lane, int64_t now_ms, struct arena *arena,
                      struct error *err)
{
    const struct key_change key = {
        .has = KEY_HAS_KEY, .key = change->key, .session_token = change->session_token};
    const bool has_key = (change->has & PROVIDER_HAS_KEY) != 0 && str_trim(change->key).size > 0;

    if (!provider_check_session_token(provider_kind_find(row->kind),
                                      str_trim(change->session_token), has_key, err))
        return false;
    if ((change->has & PROVIDER_HAS_KEY) == 0)
        return true;
    if (str_trim(change->key).size == 0)
        return row->key_count == 0 || keys_remove(db, &row->keys[0], err);
    return row->key_count == 0
               ? keys_add(db, settings, row, &key, now_ms, arena, err)
               : keys_change(db, settings, row, &row->keys[0], &key, lane, arena, err);
}

/* The leave itself, and another private address under it, are the owner's to give. */
static bool check_private(const struct provider_change *change, const struct provider_row *row,
                          struct str url, bool is_private_allowed, struct error *err)
{
    struct error ignored;

    if (change->is_by_owner || !is_private_allowed ||
        (row->is_private_allowed &&
         (str_equal(url, row->base_url) || provider_check_url(url, false, &ignored))))
        return true;
    return error_field(err, ERROR_FORBIDDEN, "is_private_allowed", 0,
                       "private addresses are the owner's to allow");
}

static bool apply_address(const struct provider_change *change, struct provider_row *row,
                          struct error *err)
{
    struct str url =
        (change->has & PROVIDER_HAS_URL) != 0 ? str_trim(change->base_url) : row->base_url;
    bool is_private_allowed = (change->has & PROVIDER_HAS_PRIVATE) != 0 ? change->is_private_allowed
                                                                        : row->is_private_allowed;

    if (!check_private(change, row, url, is_private_allowed, err) ||
        !provider_check_url(url, is_private_allowed, err))
        return false;
    /*
     * A key is write-only; whoever may change the address alone could have it sent to themselves.
     */
    if (!str_equal(url, row->base_url) && row->key_count > 0 &&
        ((change->has & PROVIDER_HAS_KEY) == 0 || row->key_count > 1))
        return error_field(err, ERROR_REQUIRED, "key", 0, "%s",
                           row->key_count == 1
                               ? "another address needs its key given again"
                               : "another address needs its keys given again: take all but the"
                                 " first away, and give that one anew");
    row->base_url = url;
    row->is_private_allowed = is_private_allowed;
    return true;
}

/* Leaves what was not said as it is. */
static bool apply(const struct provider_change *change, struct arena *arena,
                  struct provider_row *row, struct error *err)
{
    const struct provider_kind *kind = provider_kind_find(row->kind);

    if (kind == NULL)
        return error_field(err, ERROR_NOT_IN_LIST, "kind", 0, "there is no kind %.*s of provider",
                           STR_ARGS(text_clip(row->kind, 40)));
    if ((change->has & PROVIDER_HAS_NAME) != 0) {
        if (!provider_check_name(change->name, err))
            return false;
        row->name = str_trim(change->name);
    }
    if (!apply_address(change, row, err))
        return false;
    if ((change->has & PROVIDER_HAS_OPTIONS) != 0 &&
        !provider_check_options(kind, change->options, row->options, arena, &row->options, err))
        return false;
    if ((change->has & PROVIDER_HAS_ENABLED) != 0)
        row->is_enabled = change->is_enabled;
    if ((change->has & PROVIDER_HAS_CONCURRENCY) != 0)
        row->concurrency = change->concurrency;
    if ((change->has & PROVIDER_HAS_PER_MINUTE) != 0)
        row->per_minute = change->per_minute;
    if ((change->has & PROVIDER_HAS_UNITS_PER_MINUTE) != 0)
        row->units_per_minute = change->units_per_minute;
    if ((change->has & PROVIDER_HAS_UNKNOWN) != 0)
        row->on_unknown = change->on_unknown;
    if ((change->has & PROVIDER_HAS_ONCE_BELOW) != 0)
        row->once_below_micro = change->once_below_micro;
    return true;
}

/* The account's own, or the kind's. */
static struct provider_model model_of(const struct provider_kind *kind,
                                      const struct account_options *held, struct str name)
{
    for (size_t i = 0; held != NULL && i < held->own_count; i++)
        if (str_equal(held->own[i].name, name))
            return held->own[i];
    return provider_model_find(kind, name);
}

static bool apply_model(struct db *db, int64_t provider_id, const struct provider_model *known,
                        const struct model_change *model, const struct model_override *before,
                        struct arena *arena, struct error *err)
{
    struct model_override row = {
        .provider_id = provider_id,
        .name = model->name,
        .is_enabled = model->is_enabled,
        .price_micro = model->price == NULL ? model->price_micro : -1,
    };

    if (!provider_check_model(model->name, err))
        return false;
    if (model->is_forgotten)
        return model_store_remove(db, provider_id, model->name, err);
    if (model->limits != NULL || before != NULL)
        row.limits = model->limits != NULL ? *model->limits : before->limits;
    if (before != NULL && !model->says_pause)
        row.limits.is_paused = before->limits.is_paused;
    if (model->price != NULL) {
        if (!provider_price_check(model->price, known, err))
            return false;
        row.price = provider_price_write(model->price, arena);
    }
    return purposes_change(model, known, before, &row.purposes, err) &&
           model_store_set(db, &row, err);
}

/* Of two changes of one model the later would undo what the earlier said. */
static bool check_once(const struct model_change *models, size_t index, struct error *err)
{
    for (size_t other = 0; other < index; other++)
        if (str_equal(models[other].name, models[index].name))
            return error_field(err, ERROR_INVALID, "name", 0, "this model is there twice");
    return true;
}

/* Where in the request it stands, for those who name a model's member alone. */
static bool in_model(size_t index, struct error *err)
{
    char inner[sizeof err->field];

    memcpy(inner, err->field, sizeof inner);
    if (strcmp(inner, "name") == 0 || strcmp(inner, "purposes") == 0 ||
        strncmp(inner, "price.", 6) == 0)
        (void)snprintf(err->field, sizeof err->field, "models[%zu].%.30s", index, inner);
    return false;
}

static bool apply_models(struct db *db, const struct settings *settings,
                         const struct provider_row *provider, const struct provider_change *change,
                         struct arena *arena, struct error *err)
{
    const struct provider_kind *kind = provider_kind_find(provider->kind);
    const struct account_options *held;
    struct model_override *before;
    size_t before_count;
    int64_t count;

    if (change->model_count == 0)
        return true;
    assert(kind != NULL); /* apply() looked */
    if (!model_store_list_of(db, provider->id, arena, &before, &before_count, err))
        return false;
    held = options_hold(settings->options, provider->kind, provider->options, arena);
    for (size_t i = 0; i < change->model_count; i++) {
        const struct str name = change->models[i].name;
        const struct provider_model known = model_of(kind, held, name);

        if (!check_once(change->models, i, err) ||
            !apply_model(db, provider->id, &known, &change->models[i],
                         override_find(before, before_count, provider->id, name), arena, err))
            return in_model(i, err);
    }
    if (!model_store_count(db, provider->id, &count, err))
        return false;
    return count <= PROVIDER_MODELS_MAX ||
           error_field(err, ERROR_TOO_MANY, "models", PROVIDER_MODELS_MAX,
                       "a provider has at most %d models beside its catalogue",
                       PROVIDER_MODELS_MAX);
}

/* What the house changed of a model of the account's own goes with it: left behind, it would be one
 * that was added under that name. */
static bool forget_own(struct db *db, const struct settings *settings,
                       const struct provider_row *before, const struct provider_row *after,
                       struct arena *arena, struct error *err)
{
    const struct account_options *had, *has;

    if (str_equal(before->options, after->options))
        return true;
    had = options_hold(settings->options, before->kind, before->options, arena);
    has = options_hold(settings->options, after->kind, after->options, arena);
    for (size_t i = 0; had != NULL && i < had->own_ids.count; i++) {
        bool is_there = false;

        for (size_t n = 0; has != NULL && n < has->own_ids.count; n++)
            is_there = is_there || str_equal(had->own_ids.items[i], has->own_ids.items[n]);
        if (!is_there && !model_store_remove(db, after->id, had->own_ids.items[i], err))
            return false;
    }
    return true;
}

/* ---- transactions ---- */

struct provider_work {
    const struct settings *settings;
    const struct provider_change *change;
    struct provider_row row; /* a new one; else what was found */
    struct str public_id;
    bool is_paused;
    struct str reason;
    struct lane_view lane; /* as it was before */
    int64_t now_ms;
    struct arena *arena;
};

bool provider_announce(struct db *db, const struct settings *settings, struct str public_id,
                       int64_t now_ms, struct arena *arena, struct error *err)
{
    const struct settings_hooks *hooks = &settings->services.hooks;

    return hooks->announce == NULL ||
           hooks->announce(hooks->context, db, "provider.changed",
                           arena_printf(arena, "{\"id\":\"%.*s\"}", STR_ARGS(public_id)), now_ms,
                           err);
}

static bool apply_stand_ins(struct db *db, struct provider_work *work, struct error *err)
{
    return (work->change->has & PROVIDER_HAS_STAND_INS) == 0 ||
           stand_ins_set(db, &work->change->stand_ins, work->arena, &work->row, err);
}

static bool create(struct db *db, void *context, struct error *err)
{
    struct provider_work *work = context;
    struct provider_row *others;
    size_t count;

    if (!provider_store_list(db, work->arena, &others, &count, err))
        return false;
    if (count >= PROVIDERS_MAX)
        return error_field(err, ERROR_TOO_MANY, "name", PROVIDERS_MAX,
                           "there are %d providers already", PROVIDERS_MAX);
    return apply_stand_ins(db, work, err) &&
           provider_store_add(db, &work->row, &work->row.id, err) &&
           apply_key(db, work->settings, work->change, &work->row, &work->lane, work->now_ms,
                     work->arena, err) &&
           apply_models(db, work->settings, &work->row, work->change, work->arena, err) &&
           provider_announce(db, work->settings, work->row.public_id, work->now_ms, work->arena,
                             err);
}

static bool update(struct db *db, void *context, struct error *err)
{
    struct provider_work *work = context;
    struct provider_row before;

    /* Read here, so that of two people's changes to different fields both stay. */
    if (!provider_store_find(db, work->public_id, work->arena, &before, err))
        return false;
    work->row = before;
    return apply(work->change, work->arena, &work->row, err) && apply_stand_ins(db, work, err) &&
           provider_store_update(db, &work->row, err) &&
           offers_after_change(db, &before, &work->row, work->now_ms, work->arena, err) &&
           forget_own(db, work->settings, &before, &work->row, work->arena, err) &&
           apply_key(db, work->settings, work->change, &work->row, &work->lane, work->now_ms,
                     work->arena, err) &&
           apply_models(db, work->settings, &work->row, work->change, work->arena, err) &&
           provider_announce(db, work->settings, work->public_id, work->now_ms, work->arena, err);
}

static bool set_pause(struct db *db, void *context, struct error *err)
{
    struct provider_work *work = context;

    return provider_store_find(db, work->public_id, work->arena, &work->row, err) &&
           provider_store_pause(db, work->row.id, work->is_paused, 0, work->reason, err) &&
           provider_announce(db, work->settings, work->public_id, work->now_ms, work->arena, err);
}

static bool delete (struct db *db, void *context, struct error *err)
{
    struct provider_work *work = context;

    return provider_store_find(db, work->public_id, work->arena, &work->row, err) &&
           provider_store_delete(db, work->row.id, work->now_ms, err) &&
           provider_announce(db, work->settings, work->public_id, work->now_ms, work->arena, err);
}

static bool transact(struct settings *settings, const char *name, db_work work,
                     struct provider_work *context, struct error *err)
{
    const struct settings_hooks *hooks = &settings->services.hooks;

    if (!accounts_transact(settings, name, work, context, err))
        return false;
    log_info(name, LOG_STR("provider", context->row.public_id));
    if (hooks->changed != NULL)
        hooks->changed(hooks->context, context->row.id);
    return true;
}

static struct provider_row provider_make(struct settings *settings, struct str kind, int64_t now_ms,
                                         struct arena *arena)
{
    struct id id = id_make(settings->services.clock, settings->services.random);
    int64_t ask_above_micro = settings_int(settings, "queue.ask_above_micro");

    return (struct provider_row){
        .public_id = arena_str(arena, id_str(&id)),
        .kind = kind,
        .options = STR("{}"),
        .is_enabled = true,
        .concurrency = PROVIDER_CONCURRENCY,
        .on_unknown = ask_above_micro > 0 ? STR("once_below") : STR("hold"),
        .once_below_micro = ask_above_micro,
        .created_at_ms = now_ms,
    };
}

bool providers_create(struct settings *settings, const struct provider_change *change,
                      int64_t now_ms, struct arena *arena, struct str *public_id, struct error *err)
{
    struct provider_change whole = *change;
    struct provider_work work = {
        .settings = settings,
        .change = &whole,
        .row = provider_make(settings, change->kind, now_ms, arena),
        .now_ms = now_ms,
        .arena = arena,
    };

    /* So that a missing name and missing required options are seen. */
    whole.has |= PROVIDER_HAS_NAME | PROVIDER_HAS_OPTIONS;
    if (!apply(&whole, arena, &work.row, err) ||
        !transact(settings, "provider_created", create, &work, err))
        return false;
    *public_id = work.row.public_id;
    return true;
}

/* A rejected key may be replaced at any time.  Asked of the engine before the transaction: its
 * thread may wait for the writer. */
static struct lane_view lane_before(const struct settings *settings, struct str public_id,
                                    const struct provider_change *change, struct arena *arena)
{
    struct db *db;
    struct provider_row row;
    struct error ignored;
    bool is_there;

    if ((change->has & PROVIDER_HAS_KEY) == 0 || !db_borrow(settings->services.pool, &db, &ignored))
        return (struct lane_view){0};
    is_there = provider_store_find(db, public_id, arena, &row, &ignored);
    db_give_back(db);
    return is_there ? settings_lane(settings, row.id) : (struct lane_view){0};
}

bool providers_update(struct settings *settings, struct str public_id,
                      const struct provider_change *change, int64_t now_ms, struct arena *arena,
                      struct error *err)
{
    struct provider_work work = {.settings = settings,
                                 .change = change,
                                 .public_id = public_id,
                                 .lane = lane_before(settings, public_id, change, arena),
                                 .now_ms = now_ms,
                                 .arena = arena};

    return transact(settings, "provider_changed", update, &work, err);
}

bool providers_pause(struct settings *settings, struct str public_id, bool is_paused,
                     struct str reason, int64_t now_ms, struct arena *arena, struct error *err)
{
    struct provider_work work = {.settings = settings,
                                 .public_id = public_id,
                                 .is_paused = is_paused,
                                 .reason = reason,
                                 .now_ms = now_ms,
                                 .arena = arena};

    return transact(settings, is_paused ? "provider_paused" : "provider_resumed", set_pause, &work,
                    err);
}

bool providers_delete(struct settings *settings, struct str public_id, int64_t now_ms,
                      struct arena *arena, struct error *err)
{
    struct provider_work work = {
        .settings = settings, .public_id = public_id, .now_ms = now_ms, .arena = arena};

    return transact(settings, "provider_deleted", delete, &work, err);
}

/* ---- import: a file's providers, all or none ---- */

struct import_work {
    struct settings *settings;
    const struct provider_file *file;
    struct import_item *items;
    int64_t *row_ids;
    int64_t now_ms;
    struct arena *arena;
    bool is_preview;
    bool is_seen; /* all of it was well, and was taken back */
};

static bool import_models(struct db *db, const struct file_provider *provider, int64_t provider_id,
                          unsigned taken, struct arena *arena, struct error *err)
{
    const struct file_model *models = provider->models.items;

    for (size_t i = 0; i < provider->models.count; i++) {
        struct model_override row = {.provider_id = provider_id,
                                     .name = models[i].name,
                                     .is_enabled = models[i].is_enabled,
                                     .price_micro = models[i].price_micro};
        unsigned purposes;

        if (models[i].price != NULL) {
            row.price_micro = -1;
            row.price = provider_price_write(models[i].price, arena);
        }
        if (models[i].limits != NULL)
            row.limits = *models[i].limits;
        if (!purposes_in(&models[i].purposes, &purposes, err))
            return false;
        /* What the house chose for itself stays its choice. */
        row.purposes = purposes & ~taken;
        if (!model_store_set(db, &row, err))
            return false;
    }
    return true;
}

/* When all of them are there. */
static bool import_stand_ins(struct db *db, const struct import_work *work, struct arena *arena,
                             struct error *err)
{
    for (size_t i = 0; i < work->file->providers.count; i++) {
        const struct text_list ids = provider_file_stand_ins(work->file, i, work->items, arena);
        struct provider_row row;

        if (ids.count > 0 &&
            (!provider_store_find_id(db, work->row_ids[i], arena, &row, err) ||
             !stand_ins_set(db, &ids, arena, &row, err) || !provider_store_update(db, &row, err)))
            return false;
    }
    return true;
}

static bool import_all(struct db *db, void *context, struct error *err)
{
    /* Of a try, which may be one of several: the house's rows are as long as the file. */
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(64));
    struct import_work *work = context;
    const struct file_provider *providers = work->file->providers.items;
    struct provider_row *rows;
    struct model_override *overrides;
    struct house_size before;
    size_t count, override_count;
    unsigned taken = 0;

    work->is_seen = false;
    /* Names are given here: of two imports at once the later one sees the earlier one's. */
    if (!accounts_read_size(db, &before, err) ||
        !provider_store_list(db, arena, &rows, &count, err) ||
        !model_store_list(db, arena, &overrides, &override_count, err) ||
        !provider_file_plan(work->file, rows, count, work->arena, work->items, err))
        return false;
    for (size_t i = 0; i < override_count; i++)
        taken |= overrides[i].purposes;
    for (size_t i = 0; i < work->file->providers.count; i++) {
        struct provider_row row =
            provider_make(work->settings, providers[i].kind, work->now_ms, work->arena);

        row.name = work->items[i].as_name;
        row.base_url = providers[i].base_url;
        row.options = providers[i].options;
        row.is_enabled = work->items[i].is_enabled;
        row.concurrency = providers[i].concurrency;
        row.per_minute = providers[i].per_minute;
        row.units_per_minute = providers[i].units_per_minute;
        row.on_unknown = providers[i].on_unknown;
        row.once_below_micro = providers[i].once_below_micro;
        if (!provider_store_add(db, &row, &work->row_ids[i], err) ||
            !import_models(db, &providers[i], work->row_ids[i], taken, arena, err) ||
            !provider_announce(db, work->settings, row.public_id, work->now_ms, work->arena, err))
            return false;
        work->items[i].id = row.public_id;
    }
    if (!import_stand_ins(db, work, arena, err) || !accounts_check_size(db, &before, err))
        return false;
    work->is_seen = work->is_preview;
    return !work->is_preview || error_set(err, ERROR_CONFLICT, "a preview changes nothing");
}

bool providers_import(struct settings *settings, const struct provider_file *file, bool is_preview,
                      int64_t now_ms, struct arena *arena, struct import_item *items,
                      struct error *err)
{
    const struct settings_hooks *hooks = &settings->services.hooks;
    const size_t count = file->providers.count;
    struct import_work work = {.settings = settings,
                               .file = file,
                               .items = items,
                               .row_ids = ARENA_ARRAY(arena, int64_t, count),
                               .now_ms = now_ms,
                               .arena = arena,
                               .is_preview = is_preview};

    if (is_preview) {
        if (!db_transact(settings->services.pool, "providers_preview", import_all, &work, err) &&
            !work.is_seen)
            return false;
        *err = (struct error){0};
        for (size_t i = 0; i < count; i++)
            items[i].id = STR_EMPTY;
        return true;
    }
    if (!accounts_transact(settings, "providers_import", import_all, &work, err))
        return false;
    log_info("providers_imported", LOG_INT("count", (int64_t)count));
    for (size_t i = 0; i < count && hooks->changed != NULL; i++)
        hooks->changed(hooks->context, work.row_ids[i]);
    return true;
}

/* ---- the first provider ---- */

static bool seed(struct db *db, void *context, struct error *err)
{
    struct provider_work *work = context;
    bool had_any;

    if (!provider_store_had_any(db, &had_any, err))
        return false;
    return had_any || provider_store_add(db, &work->row, &work->row.id, err);
}

bool providers_seed(struct settings *settings, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct provider_work work = {.settings = settings, .arena = arena};
    bool had_any;

    /* Looked at first: a start that has nothing to add writes nothing. */
    if (!db_borrow(settings->services.pool, &db, err) || !provider_store_had_any(db, &had_any, err))
        return false;
    if (had_any)
        return true;
    work.row = provider_make(settings, STR("mock"), clock_wall_ms(settings->services.clock), arena);
    work.row.name = STR("mock");
    assert(provider_kind_find(work.row.kind) != NULL);
    return accounts_transact(settings, "provider_seed", seed, &work, err);
}

/* ---- for the engine and the nouns ---- */

static enum on_unknown on_unknown_of(struct str word)
{
    return str_equal(word, STR("retry"))        ? ON_UNKNOWN_RETRY
           : str_equal(word, STR("once_below")) ? ON_UNKNOWN_ONCE_BELOW
                                                : ON_UNKNOWN_HOLD;
}

/* An account whose keys are of no use waits, and says why.  One that cannot be opened is handed
 * over all the same: what it began is not to be doubted for that. */
static void open_keys(const struct settings *settings, const struct provider_row *row,
                      struct arena *arena, struct provider_binding *binding, bool *is_key_lost)
{
    struct provider_key *keys = ARENA_ARRAY(arena, struct provider_key, row->key_count);
    const struct provider_key *first = NULL;
    size_t sealed = 0;

    for (size_t index = 0; index < row->key_count; index++) {
        struct provider_key *key = &keys[index];

        *key = (struct provider_key){.id = row->keys[index].id,
                                     .weight = row->keys[index].weight,
                                     .is_enabled = row->keys[index].is_enabled};
        key->is_sealed = !key_open(settings, row, &row->keys[index], arena, &key->secret);
        if (key->is_sealed) {
            key->is_enabled = false;
            sealed++;
        }
        if (first == NULL && key->is_enabled)
            first = key;
    }
    binding->keys = keys;
    binding->key_count = row->key_count;
    *is_key_lost = first == NULL && sealed > 0;
    if (first != NULL)
        binding->account.key = first->secret;
    else if (row->key_count > 0)
        binding->is_paused = true;
    if (binding->is_paused)
        binding->pause_reason = *is_key_lost                          ? STR(PROVIDER_KEY_LOST)
                                : first == NULL && row->key_count > 0 ? STR(PROVIDER_KEYS_OFF)
                                                                      : row->pause_reason;
}

bool provider_open(struct settings *settings, const struct provider_row *row, struct arena *arena,
                   struct provider_binding *out, bool *is_key_lost, struct error *err)
{
    const struct provider_kind *kind = provider_kind_find(row->kind);
    const struct account_options *options = row->held;
    int64_t now_ms = clock_wall_ms(settings->services.clock);
    struct provider_binding binding = {
        .id = row->id,
        .public_id = row->public_id,
        .name = row->name,
        .kind = kind,
        .account = {.kind = row->kind, .base_url = row->base_url},
        .is_enabled = row->is_enabled,
        .is_paused = row->is_paused && (row->pause_until_ms == 0 || row->pause_until_ms > now_ms),
        .is_private_allowed = row->is_private_allowed,
        .concurrency = row->concurrency,
        .per_minute = row->per_minute,
        .units_per_minute = row->units_per_minute,
        .on_unknown = on_unknown_of(row->on_unknown),
        .once_below_micro = row->once_below_micro,
    };

    if (kind == NULL)
        return error_set(err, ERROR_NOT_FOUND, "this build knows no provider of kind %.*s",
                         STR_ARGS(text_clip(row->kind, 40)));
    if (options == NULL)
        options = options_hold(settings->options, row->kind, row->options, arena);
    if (options == NULL)
        return error_set(err, ERROR_INTERNAL, "a provider's options are not JSON");
    binding.account.options = options->json;
    open_keys(settings, row, arena, &binding, is_key_lost);
    binding.honours_key = provider_honours_key(kind, &binding.account);
    *out = binding;
    return true;
}

static bool load_prices(struct db *db, int64_t provider_id, struct arena *arena,
                        struct provider_account *account, struct error *err)
{
    struct model_override *rows;
    size_t count;

    if (!model_store_list_of(db, provider_id, arena, &rows, &count, err))
        return false;
    models_own_prices(rows, count, arena, account);
    return true;
}

bool settings_provider_load(struct settings *settings, struct db *db, int64_t provider_id,
                            struct arena *arena, struct provider_binding *out, struct error *err)
{
    struct provider_row row;
    bool is_key_lost;

    return provider_store_find_id(db, provider_id, arena, &row, err) &&
           provider_open(settings, &row, arena, out, &is_key_lost, err) &&
           stand_ins_load(db, row.stand_ins, out, err) &&
           (!row.has_prices || load_prices(db, row.id, arena, &out->account, err));
}
