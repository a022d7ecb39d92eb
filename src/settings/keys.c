/* keys.c: an account's keys: what may be changed of them, and when. */
#include "settings/settings_private.h"

#include "core/log.h"
#include "engine/view.h"

#include <inttypes.h>

/* One that is only throttled is good for what is under way. */
static bool is_rejected(const struct lane_view *lane, int64_t key_id)
{
    for (size_t index = 0; index < lane->resting_count; index++)
        if (lane->resting[index].id == key_id && lane->resting[index].until_ms == 0)
            return true;
    return false;
}

bool key_open(const struct settings *settings, const struct provider_row *row,
              const struct key_row *key, struct arena *arena, struct secret *out)
{
    struct error ignored;

    return secret_open(&settings->services.master_key, key->sealed,
                       provider_seal_context(row->public_id, arena), arena, out, &ignored);
}

/* What is asked for by a remote id or sent again belongs to the key that it was made with. */
static bool check_idle(struct db *db, const struct key_row *key, struct error *err)
{
    int64_t count;

    if (!view_key_calls(db, key->id, &count, err))
        return false;
    return count == 0 ||
           error_field(err, ERROR_CONFLICT, "key", count,
                       "%" PRId64 " calls under way were made with this key and need it; switch it"
                       " off, and take it away when they have ended",
                       count);
}

/* A key, and its session token on a second line (provider.h); sealed as one. */
static struct str secret_of(const struct key_change *change, struct arena *arena)
{
    const struct str key = str_trim(change->key), token = str_trim(change->session_token);

    return token.size == 0 ? key
                           : arena_printf(arena, "%.*s\n%.*s", STR_ARGS(key), STR_ARGS(token));
}

/* The secret of `out`, sealed; the same one twice in an account would be two weights of one. */
static bool seal(const struct settings *settings, const struct provider_row *row,
                 const struct key_change *change, struct arena *arena, struct key_row *out,
                 struct error *err)
{
    const struct str key = str_trim(change->key);

    if (!provider_check_key(key, err) ||
        !provider_check_session_token(provider_kind_find(row->kind),
                                      str_trim(change->session_token), key.size > 0, err))
        return false;
    if (key.size == 0)
        return error_field(err, ERROR_REQUIRED, "key", 0, "a key is wanted");
    for (size_t index = 0; index < row->key_count; index++) {
        struct secret other;

        if (row->keys[index].id != out->id &&
            key_open(settings, row, &row->keys[index], arena, &other) &&
            str_equal(provider_key_part(other), key))
            return error_field(err, ERROR_CONFLICT, "key", 0, "the account has this key already");
    }
    out->hint = provider_key_hint(key);
    out->sealed = secret_seal(&settings->services.master_key, secret_of(change, arena),
                              provider_seal_context(row->public_id, arena), arena);
    return true;
}

bool keys_add(struct db *db, const struct settings *settings, const struct provider_row *row,
              const struct key_change *change, int64_t now_ms, struct arena *arena,
              struct error *err)
{
    const struct id id = id_make(settings->services.clock, settings->services.random);
    struct key_row key = {
        .public_id = arena_str(arena, id_str(&id)),
        .provider_id = row->id,
        .weight = (change->has & KEY_HAS_WEIGHT) != 0 ? change->weight : 1,
        .is_enabled = (change->has & KEY_HAS_ENABLED) == 0 || change->is_enabled,
        .created_at_ms = now_ms,
    };

    if (row->key_count >= PROVIDER_KEYS_MAX)
        return error_field(err, ERROR_TOO_MANY, "key", PROVIDER_KEYS_MAX,
                           "an account has at most %d keys", PROVIDER_KEYS_MAX);
    return seal(settings, row, change, arena, &key, err) && key_store_add(db, &key, err);
}

bool keys_change(struct db *db, const struct settings *settings, const struct provider_row *row,
                 const struct key_row *before, const struct key_change *change,
                 const struct lane_view *lane, struct arena *arena, struct error *err)
{
    struct key_row key = *before;
    struct secret old;

    if ((change->has & KEY_HAS_KEY) == 0 &&
        !provider_check_session_token(provider_kind_find(row->kind),
                                      str_trim(change->session_token), false, err))
        return false;
    if ((change->has & KEY_HAS_KEY) != 0) {
        /* One that the service rejects, or that does not open, is of no use to what is under way:
         * the one in its place can only be better.  The same again is no other, and with another
         * session token it serves them longer. */
        const bool is_free = is_rejected(lane, key.id) ||
                             !key_open(settings, row, before, arena, &old) ||
                             str_equal(provider_key_part(old), str_trim(change->key));

        if ((!is_free && !check_idle(db, before, err)) ||
            !seal(settings, row, change, arena, &key, err))
            return false;
    }
    if ((change->has & KEY_HAS_WEIGHT) != 0)
        key.weight = change->weight;
    if ((change->has & KEY_HAS_ENABLED) != 0)
        key.is_enabled = change->is_enabled;
    return key_store_update(db, &key, err);
}

bool keys_remove(struct db *db, const struct key_row *key, struct error *err)
{
    return check_idle(db, key, err) && key_store_remove(db, key->id, err);
}

/* ---- Changes of one key, as the API asks for them ---- */

struct key_work {
    const struct settings *settings;
    const struct key_change *change; /* NULL: it is taken away */
    struct str provider, key;        /* public ids; key empty: a new one */
    struct lane_view lane;
    int64_t provider_id, now_ms;
    struct arena *arena;
};

static bool find_key(const struct provider_row *row, struct str public_id,
                     const struct key_row **out, struct error *err)
{
    for (size_t index = 0; index < row->key_count; index++)
        if (str_equal(row->keys[index].public_id, public_id)) {
            *out = &row->keys[index];
            return true;
        }
    return error_set(err, ERROR_NOT_FOUND, "no such key");
}

static bool work_key(struct db *db, void *context, struct error *err)
{
    struct key_work *work = context;
    struct provider_row row;
    const struct key_row *key = NULL;

    if (!provider_store_find(db, work->provider, work->arena, &row, err) ||
        (work->key.size > 0 && !find_key(&row, work->key, &key, err)))
        return false;
    work->provider_id = row.id;
    if (key == NULL
            ? !keys_add(db, work->settings, &row, work->change, work->now_ms, work->arena, err)
        : work->change == NULL ? !keys_remove(db, key, err)
                               : !keys_change(db, work->settings, &row, key, work->change,
                                              &work->lane, work->arena, err))
        return false;
    return provider_announce(db, work->settings, work->provider, work->now_ms, work->arena, err);
}

struct lane_view settings_lane(const struct settings *settings, int64_t provider_id)
{
    const struct settings_hooks *hooks = &settings->services.hooks;
    struct lane_view lane;

    return hooks->lane != NULL && hooks->lane(hooks->context, provider_id, &lane)
               ? lane
               : (struct lane_view){0};
}

bool settings_key_exists(struct db *db, int64_t key_id, bool *out, struct error *err)
{
    return key_store_has(db, key_id, out, err);
}

bool keys_write(struct settings *settings, struct str provider, int64_t provider_id, struct str key,
                const struct key_change *change, int64_t now_ms, struct arena *arena,
                struct error *err)
{
    const struct settings_hooks *hooks = &settings->services.hooks;
    struct key_work work = {
        .settings = settings,
        .change = change,
        .provider = provider,
        .key = key,
        /* Asked of the engine before the transaction: its thread may wait for the writer. */
        .lane = settings_lane(settings, provider_id),
        .now_ms = now_ms,
        .arena = arena,
    };

    if (!accounts_transact(settings, "provider_key", work_key, &work, err))
        return false;
    log_info("provider_key_changed", LOG_STR("provider", provider));
    if (hooks->changed != NULL)
        hooks->changed(hooks->context, work.provider_id);
    return true;
}
