#include "settings/settings_private.h"

#include "core/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the four places ---- */

static char *copy(struct str text)
{
    char *bytes = malloc(text.size + 1);

    if (bytes == NULL)
        abort();
    if (text.size > 0)
        memcpy(bytes, text.data, text.size);
    bytes[text.size] = '\0';
    return bytes;
}

static void forget(char *text)
{
    if (text != NULL)
        secret_wipe(text, strlen(text));
    free(text);
}

/* The lock is held, or nobody else is there yet. */
static void put(struct settings *settings, size_t row, enum setting_origin origin, struct str text)
{
    forget(settings->values[row][origin]);
    settings->values[row][origin] = copy(text);
}

/* Needs no copy while the lock is held. */
static struct str look(const struct settings *settings, size_t row, enum setting_origin *origin)
{
    for (size_t place = ORIGIN_COUNT; place-- > 0;)
        if (settings->values[row][place] != NULL) {
            *origin = (enum setting_origin)place;
            return str_of(settings->values[row][place]);
        }
    assert(false && "every setting has a default");
    return STR_EMPTY;
}

static bool give_from_file(void *context, struct str name, struct str value, const char *place,
                           struct error *err)
{
    struct settings *settings = context;
    size_t row = setting_find(name);

    if (row == setting_table_count)
        return error_set(err, ERROR_UNKNOWN_FIELD, "%.60s: there is no setting %.*s", place,
                         (int)(name.size > 60 ? 60 : name.size), name.data);
    if (setting_table[row].reach == SETTING_SECRET)
        return error_field(err, ERROR_FORBIDDEN, setting_table[row].name, 0,
                           "%.60s: %s is a secret and comes from the environment only", place,
                           setting_table[row].name);
    if (settings->values[row][ORIGIN_FILE] != NULL)
        return error_field(err, ERROR_CONFLICT, setting_table[row].name, 0, "%.60s gives %s twice",
                           place, setting_table[row].name);
    if (!setting_check(&setting_table[row], value, place, err))
        return false;
    put(settings, row, ORIGIN_FILE, value);
    return true;
}

static bool take_environment(struct settings *settings, const char *const *environment,
                             struct error *err)
{
    char variable[SETTING_NAME_MAX + 9];

    for (; environment != NULL && *environment != NULL; environment++) {
        struct str rest = str_of(*environment);
        struct str name = str_cut(&rest, '=');
        struct str value = str_trim(rest);
        size_t row = 0;

        if (!str_starts_with(name, STR("VITRINE_")))
            continue;
        for (; row < setting_table_count; row++) {
            setting_variable(&setting_table[row], variable);
            if (str_equal(name, str_of(variable)))
                break;
        }
        if (row == setting_table_count) {
            log_warn("unknown_setting", LOG_STR("variable", name));
            continue;
        }
        /* An empty variable is how shells and compose files say "not given". */
        if (value.size == 0)
            continue;
        if (!setting_check(&setting_table[row], value, variable, err))
            return false;
        put(settings, row, ORIGIN_ENVIRONMENT, value);
    }
    return true;
}

bool settings_create(const char *file, bool is_file_required, const char *const *environment,
                     struct settings **out, struct error *err)
{
    struct settings *settings = calloc(1, sizeof *settings);
    int rc;

    if (settings == NULL)
        abort();
    rc = pthread_mutex_init(&settings->lock, NULL);
    assert(rc == 0);
    settings->options = options_open();
    for (size_t row = 0; row < setting_table_count; row++)
        put(settings, row, ORIGIN_DEFAULT, str_of(setting_table[row].fallback));
    if ((file != NULL &&
         !setting_file_read(file, is_file_required, give_from_file, settings, err)) ||
        !take_environment(settings, environment, err)) {
        settings_destroy(settings);
        return false;
    }
    *out = settings;
    return true;
}

void settings_destroy(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t row = 0; row < setting_table_count; row++)
        for (size_t origin = 0; origin < ORIGIN_COUNT; origin++)
            forget(settings->values[row][origin]);
    accounts_forget(settings);
    options_close(settings->options);
    pthread_mutex_destroy(&settings->lock);
    secret_wipe(settings, sizeof *settings);
    free(settings);
}

static bool take_saved(struct settings *settings, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct saved_setting *items;
    size_t count;

    if (!db_borrow(settings->services.pool, &db, err) ||
        !setting_store_list(db, arena, &items, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t row = setting_find(items[i].name);
        struct error why = {0};

        /* Saved by another build, whose bounds or names were others: the rest still counts. */
        if (row == setting_table_count || setting_table[row].reach != SETTING_SAVED) {
            log_warn("saved_setting_ignored", LOG_STR("setting", items[i].name));
            continue;
        }
        if (!setting_check(&setting_table[row], items[i].value, "what was saved", &why)) {
            log_failure(LOG_WARN, "saved_setting_ignored", &why,
                        LOG_PAIRS(LOG_STR("setting", items[i].name)));
            continue;
        }
        put(settings, row, ORIGIN_SAVED, items[i].value);
    }
    return true;
}

bool settings_attach(struct settings *settings, const struct settings_services *services,
                     struct error *err)
{
    settings->services = *services;
    return take_saved(settings, err) && accounts_attach(settings, err) &&
           providers_seed(settings, err);
}

/* ---- values in force ---- */

static size_t row_of(const char *name, enum setting_type a, enum setting_type b)
{
    size_t row = setting_find(str_of(name));

    assert(row < setting_table_count);
    assert(setting_table[row].type == a || setting_table[row].type == b);
    return row;
}

struct str settings_current(struct settings *settings, size_t row, struct arena *arena,
                            enum setting_origin *origin)
{
    struct str text;

    pthread_mutex_lock(&settings->lock);
    text = arena_str(arena, look(settings, row, origin));
    pthread_mutex_unlock(&settings->lock);
    return text;
}

int64_t settings_int(struct settings *settings, const char *name)
{
    size_t row = row_of(name, SETTING_INT, SETTING_INT);
    enum setting_origin origin;
    int64_t number = 0;
    bool ok;

    pthread_mutex_lock(&settings->lock);
    ok = str_to_int64(look(settings, row, &origin), &number);
    pthread_mutex_unlock(&settings->lock);
    assert(ok);
    return number;
}

bool settings_bool(struct settings *settings, const char *name)
{
    size_t row = row_of(name, SETTING_BOOL, SETTING_BOOL);
    enum setting_origin origin;
    bool is_on = false, ok;

    pthread_mutex_lock(&settings->lock);
    ok = setting_read_bool(look(settings, row, &origin), &is_on);
    pthread_mutex_unlock(&settings->lock);
    assert(ok);
    return is_on;
}

struct str settings_text(struct settings *settings, const char *name, struct arena *arena)
{
    enum setting_origin origin;

    return settings_current(settings, row_of(name, SETTING_TEXT, SETTING_CHOICE), arena, &origin);
}

const char *const *settings_list(struct settings *settings, const char *name, struct arena *arena)
{
    struct str rest = settings_text(settings, name, arena);
    size_t count = 0;
    const char **items;

    for (size_t i = 0; i < rest.size; i++)
        count += rest.data[i] == ',';
    items = ARENA_ARRAY(arena, const char *, count + 2);
    count = 0;
    while (rest.size > 0) {
        struct str item = str_trim(str_cut(&rest, ','));

        if (item.size > 0)
            items[count++] = arena_cstr(arena, item);
    }
    return items;
}

struct secret settings_secret(struct settings *settings, const char *name, struct arena *arena)
{
    return (struct secret){settings_text(settings, name, arena)};
}

/* ---- changes ---- */

struct change_work {
    struct settings *settings;
    const struct setting_change *changes;
    size_t count;
    int64_t user_id, now_ms;
    int64_t number; /* changes are numbered as they are committed */
};

static bool save(struct db *db, void *context, struct error *err)
{
    struct change_work *work = context;
    const struct settings_hooks *hooks = &work->settings->services.hooks;

    work->number = ++work->settings->changes;
    for (size_t i = 0; i < work->count; i++) {
        const struct setting_change *change = &work->changes[i];
        struct str name = str_of(change->setting->name);

        if (change->is_reset
                ? !setting_store_remove(db, name, err)
                : !setting_store_set(db, name, change->value, work->now_ms, work->user_id, err))
            return false;
    }
    return hooks->announce == NULL ||
           hooks->announce(hooks->context, db, "settings.changed", STR("{}"), work->now_ms, err);
}

bool settings_change(struct settings *settings, const struct setting_change *changes, size_t count,
                     int64_t user_id, int64_t now_ms, struct error *err)
{
    struct change_work work = {.settings = settings,
                               .changes = changes,
                               .count = count,
                               .user_id = user_id,
                               .now_ms = now_ms};
    const struct settings_hooks *hooks = &settings->services.hooks;

    if (count == 0)
        return true;
    if (!db_transact(settings->services.pool, "settings_change", save, &work, err))
        return false;
    pthread_mutex_lock(&settings->lock);
    for (size_t i = 0; i < count; i++) {
        size_t row = (size_t)(changes[i].setting - setting_table);

        /* Who was committed last may have been told so first. */
        if (settings->saved_by[row] > work.number)
            continue;
        settings->saved_by[row] = work.number;
        if (changes[i].is_reset) {
            forget(settings->values[row][ORIGIN_SAVED]);
            settings->values[row][ORIGIN_SAVED] = NULL;
        } else {
            put(settings, row, ORIGIN_SAVED, changes[i].value);
        }
    }
    pthread_mutex_unlock(&settings->lock);
    for (size_t i = 0; i < count; i++)
        log_info("setting_changed", LOG_CSTR("setting", changes[i].setting->name),
                 LOG_INT("user", user_id));
    if (hooks->changed != NULL)
        hooks->changed(hooks->context, 0);
    return true;
}
