/*
 * settings/settings.h: what the house can be told: settings from four places, the accounts at AI
 * services, and people's presets of a form.  Knows the database, HTTP, the registry of provider
 * kinds and the operations' tables; no other noun.
 *
 * The room in reading order: setting_table.c (every setting, one row each), setting_rules.c
 * (bounds; no SQL, no HTTP), setting_file.c (vitrine.ini), setting_store.c, settings.c (the order
 * of places, values in force, changes), settings_http.c; then master_key.c; then provider_rules.c
 * (what an account may be), options.c (its options, parsed once), models.c (what it offers),
 * provider_store.c, key_store.c, accounts.c (all of them in memory, for submissions), keys.c,
 * offer.c and offer_store.c (what services told of their options), providers.c (changes), probe.c
 * (the free calls of a test), providers_http.c, keys_http.c, workflow_http.c,
 * provider_health_http.c, provider_file.c and provider_file_http.c (from house to house),
 * models_http.c; then preset.c, preset_store.c, preset_http.c.
 */
#pragma once

#include "core/arena.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "core/secret.h"
#include "core/str.h"
#include "db/db.h"
#include "engine/engine.h"
#include "http/http.h"
#include "net/net.h"
#include "provider/provider.h"

struct settings; /* opaque: settings_private.h */

/*
 * Reads the places that are there before the database: built-in default, then the file, then the
 * environment.  `file` is a path or NULL; a missing file is an error only when `is_file_required`.
 * `environment` is environ: NULL-terminated "NAME=value"; a VITRINE_* name that is no setting is
 * logged, for it is likely a typing error.  The caller owns *out: settings_destroy().  Fails with a
 * sentence for people, naming the setting, its bound and where the value came from, field = the
 * setting's name: NOT_FOUND (file), MALFORMED, UNKNOWN_FIELD, WRONG_TYPE, TOO_SMALL, TOO_BIG,
 * TOO_LONG, NOT_IN_LIST, INVALID.  Thread: main.
 */
MUST_CHECK bool settings_create(const char *file, bool is_file_required,
                                const char *const *environment, struct settings **out,
                                struct error *err);
void settings_destroy(struct settings *settings); /* takes NULL */

/* What changes are announced with and lanes are asked of; each may be NULL. */
struct settings_hooks {
    void *context;
    /*
     * Inside the transaction of a change: `kind` is "settings.changed", "provider.changed" or
     * "presets.changed", `body` the event's JSON.  False rolls the change back.
     */
    bool (*announce)(void *context, struct db *db, const char *kind, struct str body,
                     int64_t now_ms, struct error *err);
    /* After the commit, on the caller's thread.  `provider_id` is 0 when settings or presets
     * changed. */
    void (*changed)(void *context, int64_t provider_id);
    /* After the commit of an announcement that changes nothing but what pages show. */
    void (*told)(void *context);
    /* The engine's lane of a provider; false: nothing was ever sent there since the start. */
    bool (*lane)(void *context, int64_t provider_id, struct lane_view *out);
    /* How many of its models there is something to tell of, `max` at most. */
    size_t (*lane_models)(void *context, int64_t provider_id, struct lane_model_view *out,
                          size_t max);
};
struct settings_services { /* all borrowed for the settings' life; master_key is copied */
    struct db_pool *pool;
    const struct clock *clock;
    const struct random *random;
    struct net *net; /* for the free call of a provider's test */
    struct master_key master_key;
    struct settings_hooks hooks;
};
/*
 * Adds what an admin saved, the last and strongest place, and makes the first provider, a mock
 * named "mock", in a database that never had one.  A saved value that is no longer allowed is left
 * out and logged.  Thread: main, before the handlers.
 */
MUST_CHECK bool settings_attach(struct settings *settings, const struct settings_services *services,
                                struct error *err);

/*
 * The value in force, by name ("queue.per_user_max"); an unknown name or another type is an assert.
 * A setting that is not live is read once at start by whoever needs it: later it may already say
 * what the next start will use.  Any thread.
 */
int64_t settings_int(struct settings *settings, const char *name);
bool settings_bool(struct settings *settings, const char *name);
struct str settings_text(struct settings *settings, const char *name, struct arena *arena);
/* "a, b" as NULL-terminated {"a", "b"}, in `arena`. */
const char *const *settings_list(struct settings *settings, const char *name, struct arena *arena);
/* Of a secret setting; empty when it is not set. */
struct secret settings_secret(struct settings *settings, const char *name, struct arena *arena);

/* What `vitrine help settings` prints: every setting with its bounds, default and variable. */
void settings_help(struct buf *out);

/*
 * The key the providers' keys are sealed with: from `encoded` (VITRINE_MASTER_KEY: 32 bytes in
 * base64) when that is not empty, else from DIRECTORY/master.key, which is made at the first start,
 * readable by its owner only and durable before this returns.  Fails with a sentence for people:
 * INVALID (not 32 bytes), FORBIDDEN (others may read the file), INTERNAL.  Thread: main.
 */
MUST_CHECK bool settings_master_key_load(const char *directory, struct secret encoded,
                                         const struct random *random, struct master_key *out,
                                         struct error *err);

/* ---- Providers, for the engine's and the nouns' hooks ---- */

/*
 * One account with its key opened, in `arena`.  Fits engine_hooks.load_provider.  A key that was
 * sealed under another master key does not fail: the account then has none and is paused, with a
 * reason that says what to do, so that a house that lost its master key still starts.  `db` is a
 * reader or the writer. Fails: NOT_FOUND (none, deleted, or of a kind this build does not have),
 * and as db_query().  Any thread.
 */
MUST_CHECK bool settings_provider_load(struct settings *settings, struct db *db,
                                       int64_t provider_id, struct arena *arena,
                                       struct provider_binding *out, struct error *err);

/* Whether a key is still there: for engine_hooks.has_key. */
MUST_CHECK bool settings_key_exists(struct db *db, int64_t key_id, bool *out, struct error *err);

/*
 * The account as it was changed last, from memory, with its keys opened: for
 * engine_hooks.find_account; lent for as long as `arena` lasts.  False: there is none, or this
 * build does not have its kind.  One that cannot be read otherwise is logged and gives one at a
 * time.  Any thread.
 */
bool settings_account(struct settings *settings, int64_t provider_id, struct arena *arena,
                      struct provider_binding *out);
/*
 * What one model of an account may be given beside the account's own bounds; all 0 when nobody
 * bounded it, nor knows it.  From memory; any thread.
 */
void settings_model_limits(struct settings *settings, int64_t provider_id, struct str model,
                           struct model_limits *out);

/* Whether an account that is there has a model of this wire id, switched on or not.  From memory;
 * any thread. */
bool settings_has_model(struct settings *settings, int64_t provider_id, struct str model);

/* A model somebody asked for, as long as the arena lasts that it was found with. */
struct model_choice {
    int64_t provider_id;
    struct str provider_public_id, provider_name;
    const struct provider_kind *kind;
    struct provider_account account; /* its key opened, with the house's own prices */
    struct provider_model model;     /* the catalogue's row */
};
/*
 * Finds an enabled model of an enabled provider that can do what is needed (bits of enum
 * provider_need) by what people write: "PROVIDERID/wire-id", a wire id (the default model's
 * provider first, then the oldest), or a provider's name (its first such model); empty: the
 * default for that purpose, or when there is none, the first that can.  Fails: NOT_IN_LIST with
 * field "model" and a sentence that says whether it is unknown or switched off, INVALID with one
 * that says what it cannot do.  Reads no database: a change of an account is seen here when its
 * caller knows of it.  Any thread.
 */
MUST_CHECK bool settings_model_find(struct settings *settings, struct str asked, unsigned needs,
                                    struct arena *arena, struct model_choice *out,
                                    struct error *err);

/* Given by the application (src/app/): the service behind req->app. */
struct settings *app_settings(void *app);

/* Ended by a NULL method. */
extern const struct http_route setting_routes[];       /* settings */
extern const struct http_route provider_kind_routes[]; /* provider-kinds */
extern const struct http_route workflow_routes[];      /* provider-kinds: workflows */
extern const struct http_route provider_routes[];      /* providers */
extern const struct http_route key_routes[];           /* providers: their keys */
extern const struct http_route health_routes[];        /* providers: how they do */
extern const struct http_route provider_file_routes[]; /* providers: export, import */
extern const struct http_route model_routes[];         /* models */
extern const struct http_route preset_routes[];        /* presets */
