/* settings/settings_private.h: what the files of the room share. */
#pragma once

#include "core/id.h"
#include "settings/settings.h"

#include <pthread.h>

#define SETTING_COUNT_MAX 64
#define SETTING_TEXT_MAX 2000
#define SETTING_NAME_MAX 40

/* ---- settings: the table and its rules ---- */

enum setting_type { SETTING_TEXT, SETTING_INT, SETTING_BOOL, SETTING_CHOICE };

/* Who may give a setting. */
enum setting_reach {
    SETTING_SAVED,  /* all four places */
    SETTING_PLACED, /* the file and the environment: whoever runs the process, not who clicks */
    SETTING_SECRET, /* the environment alone; never shown */
};

struct setting {
    const char *name; /* "queue.per_user_max"; its variable is VITRINE_QUEUE_PER_USER_MAX */
    const char *group;
    enum setting_type type;
    enum setting_reach reach;
    bool is_live;         /* applies without a restart */
    const char *fallback; /* the default, as text; "" for a text that is not set */
    const char *unit;     /* "MiB", "h"; NULL: none */
    int64_t min, max;     /* of an int; of a text: characters */
    const char *const *choices;
    /* What bounds cannot say; `*why` completes "… has to be". */
    bool (*check)(struct str text, const char **why);
    const char *label_en, *label_zh, *help_en, *help_zh;
};

extern const struct setting setting_table[];
extern const size_t setting_table_count;

enum setting_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_SAVED, ORIGIN_COUNT };
const char *setting_origin_name(enum setting_origin origin);

/* The row's place in the table; setting_table_count when there is none. */
size_t setting_find(struct str name);
/* "VITRINE_QUEUE_PER_USER_MAX"; needs SETTING_NAME_MAX + 9 bytes. */
void setting_variable(const struct setting *setting, char *out);
/*
 * Checks a value as it stands in a file or variable; `place` ("VITRINE_LISTEN",
 * "vitrine.ini", "") goes into the sentence.  Field = the setting's name.
 */
MUST_CHECK bool setting_check(const struct setting *setting, struct str text, const char *place,
                              struct error *err);
/* A JSON value as that text, in `arena`, checked. */
MUST_CHECK bool setting_of_json(const struct setting *setting, const struct json *json,
                                struct arena *arena, struct str *out, struct error *err);
/* A checked text as JSON. */
void setting_write_json(const struct setting *setting, struct str text, struct json_writer *writer);
bool setting_read_bool(struct str text, bool *out);

/* setting_file.c: calls `give` for each name and value; MALFORMED with the line. */
typedef bool (*setting_give)(void *context, struct str name, struct str value, const char *place,
                             struct error *err);
MUST_CHECK bool setting_file_read(const char *path, bool is_required, setting_give give,
                                  void *context, struct error *err);

/* ---- setting_store.c ---- */

struct saved_setting {
    struct str name, value;
};
MUST_CHECK bool setting_store_list(struct db *db, struct arena *arena, struct saved_setting **items,
                                   size_t *count, struct error *err);
MUST_CHECK bool setting_store_set(struct db *db, struct str name, struct str value, int64_t now_ms,
                                  int64_t user_id, struct error *err);
MUST_CHECK bool setting_store_remove(struct db *db, struct str name, struct error *err);

/* ---- the service ---- */

struct options_cache; /* opaque: options.c */

struct settings {
    struct settings_services services;             /* read-only after settings_attach() */
    struct options_cache *options;                 /* set once; has a lock of its own */
    pthread_mutex_t lock;                          /* guards what follows; a leaf */
    char *values[SETTING_COUNT_MAX][ORIGIN_COUNT]; /* owned; NULL: not given there */
    int64_t saved_by[SETTING_COUNT_MAX];           /* the change that put ORIGIN_SAVED */
    struct accounts *accounts;                     /* accounts.c; NULL before they were read */
    int64_t changes, account_changes;              /* the writer's thread alone */
};

struct setting_change {
    const struct setting *setting;
    struct str value;
    bool is_reset;
};
/* Saves and applies them together, or none.  Fails: as db_transact(). */
MUST_CHECK bool settings_change(struct settings *settings, const struct setting_change *changes,
                                size_t count, int64_t user_id, int64_t now_ms, struct error *err);
/* The text in force and where it is from. */
struct str settings_current(struct settings *settings, size_t row, struct arena *arena,
                            enum setting_origin *origin);

/* ---- providers ---- */

#define PROVIDERS_MAX 100
#define PROVIDER_MODELS_MAX 200 /* rows of one provider beyond the catalogue, and overrides */
#define PROVIDER_NAME_MAX 60
#define PROVIDER_KEY_MAX 4096
#define PROVIDER_URL_MAX 2000
#define PROVIDER_OPTIONS_SIZE_MAX 3145728 /* workflows have bounds of their own */
#define ACCOUNTS_OPTIONS_MAX 8388608      /* of a house */
#define ACCOUNTS_MODELS_MAX 4194304       /* of a house: names and prices */
#define PROVIDER_BODY_SIZE_MAX MIB(4)     /* the same, with models and escapes */
#define PROVIDER_CONCURRENCY_MAX 64
#define PROVIDER_PER_MINUTE_MAX 10000
#define PROVIDER_CONCURRENCY 4
#define MODEL_NAME_MAX 200
#define PROVIDER_WEIGHT_MAX 100
#define PROVIDER_KEYS_OFF "all its keys are switched off"
#define PROVIDER_KEY_LOST "its key was sealed with another master key; give the key again"
#define PRICE_MICRO_MAX PROVIDER_PRICE_MICRO_MAX

struct key_row {
    int64_t id;
    struct str public_id;
    int64_t provider_id;
    struct str sealed, hint;
    int64_t weight;
    bool is_enabled;
    int64_t created_at_ms;
};

struct provider_row {
    int64_t id;
    struct str public_id, kind, name, base_url;
    const struct key_row *keys; /* the oldest first; PROVIDER_KEYS_MAX at most */
    size_t key_count;
    struct str options;                 /* JSON object as text */
    const struct account_options *held; /* the same, parsed; NULL: options_fill() was not asked */
    bool is_enabled, is_private_allowed, is_paused;
    int64_t concurrency;
    int64_t per_minute;       /* requests; 0: no bound */
    int64_t units_per_minute; /* pictures asked for; 0: no bound */
    struct str on_unknown;
    int64_t once_below_micro;
    struct str stand_ins; /* public ids, separated by commas: stand_in.c */
    int64_t pause_until_ms;
    struct str pause_reason;
    int64_t created_at_ms;
    bool has_prices; /* models of it have prices of the house's own */
    struct str
        offers; /* provider_offers_write(), of provider_store_list() alone; empty: not asked */
};

/* What a model can be the default for: bits, as they are stored. */
enum purpose {
    PURPOSE_IMAGE = 1,  /* pictures from words */
    PURPOSE_EDIT = 2,   /* pictures from pictures */
    PURPOSE_TEXT = 4,   /* text */
    PURPOSE_VISION = 8, /* text about pictures */
    PURPOSES_ALL = 15,
};

/* What differs from the catalogue. */
struct model_override {
    int64_t provider_id;
    struct str name;
    bool is_enabled;
    unsigned purposes;   /* that it was chosen for, whether it can or not */
    int64_t price_micro; /* of every picture or text; -1: by `price` */
    struct str price;    /* a price of the house's own as text; empty: the catalogue's */
    struct model_limits limits;
};

/* A model as the API shows it. */
struct model_row {
    const struct provider_row *provider;
    struct provider_model model; /* price_micro is the house's own when there is one */
    bool is_enabled;             /* the model and its provider */
    unsigned chosen;             /* the override's purposes */
    unsigned purposes;           /* that it is the default for; each has one row, if any can */
    bool is_default;             /* for pictures; while there is a model, one is */
    bool has_own_price;
    const struct provider_own_price *own; /* NULL: has none */
    struct model_limits limits;
};

/* provider_rules.c */

MUST_CHECK bool provider_check_name(struct str name, struct error *err);
/* Empty is the kind's own.  Without `is_private_allowed`: https and the open internet only. */
MUST_CHECK bool provider_check_url(struct str url, bool is_private_allowed, struct error *err);
MUST_CHECK bool provider_check_key(struct str key, struct error *err);
/* An empty one is right everywhere.  Fails: INVALID where the kind has none, REQUIRED without a key
 * beside it (field "key"), and as provider_check_key(). */
MUST_CHECK bool provider_check_session_token(const struct provider_kind *kind, struct str token,
                                             bool has_key, struct error *err);
/* A model's wire id; field "models". */
MUST_CHECK bool provider_check_model(struct str name, struct error *err);
/* The last four characters of a key long enough to spare them. */
struct str provider_key_hint(struct str key);
/*
 * An object with members of the kind's fields, each of its type and within its bounds, required
 * ones there; written again compactly, in `arena`.  Empty text reads as {}.  `kept`: the options
 * that an account has already, or empty; see kind->check_own.  Fails naming "options.NAME".
 */
MUST_CHECK bool provider_check_options(const struct provider_kind *kind, struct str options,
                                       struct str kept, struct arena *arena, struct str *out,
                                       struct error *err);
/* What a key is sealed with: its account and nothing else opens it. */
struct str provider_seal_context(struct str public_id, struct arena *arena);

/* options.c */

struct account_options {
    struct str text;
    const struct json *json;
    const struct provider_model *own; /* the models that they are */
    size_t own_count;
    struct text_list own_ids; /* of those too that this build does not read */
};
struct options_cache *options_open(void);          /* the caller's: options_close() */
void options_close(struct options_cache *cache);   /* what is held stays */
size_t options_count(struct options_cache *cache); /* texts that somebody holds */
/* Held for as long as `arena` lasts; NULL: they are not JSON.  Any thread. */
const struct account_options *options_hold(struct options_cache *cache, struct str kind,
                                           struct str text, struct arena *arena);
/* The same for rows in `arena`. */
void options_fill(struct options_cache *cache, struct provider_row *rows, size_t count,
                  struct arena *arena);

/* models.c: purposes as words and as bits.  Fails: NOT_IN_LIST, INVALID (one is there twice), field
 * "purposes". */
struct text_list purposes_out(unsigned bits, struct arena *arena);
MUST_CHECK bool purposes_in(const struct text_list *words, unsigned *bits, struct error *err);
/* Those that the model can be used for. */
unsigned purposes_of(const struct provider_model *model);
/* models.c: the catalogue of each provider with its own models and what differs, the default first
 * decided. */
void models_merge(const struct provider_row *providers, size_t provider_count,
                  const struct model_override *overrides, size_t override_count,
                  struct arena *arena, struct model_row **items, size_t *count);
/* `needs`: bits of enum provider_need. */
MUST_CHECK bool models_choose(const struct model_row *items, size_t count, struct str asked,
                              unsigned needs, const struct model_row **out, struct error *err);

/* models.c: of this provider's model; NULL: nothing of it differs from the catalogue. */
const struct model_override *override_find(const struct model_override *overrides, size_t count,
                                           int64_t provider_id, struct str name);
/* models.c: what one model may be given beside its account's bounds. */
extern const struct shape model_limits_shape;

/* models.c: the house's own price as it is kept; NULL: has none, or one that this build does not
 * read, which is logged. */
const struct provider_own_price *model_own_price(const struct model_override *row,
                                                 struct arena *arena);
/* Those that the rows of one account have, into the account. */
void models_own_prices(const struct model_override *rows, size_t count, struct arena *arena,
                       struct provider_account *account);

/* provider_store.c.  Deleted ones are not there. */
MUST_CHECK bool provider_store_list(struct db *db, struct arena *arena, struct provider_row **items,
                                    size_t *count, struct error *err);
MUST_CHECK bool provider_store_find(struct db *db, struct str public_id, struct arena *arena,
                                    struct provider_row *out, struct error *err);
MUST_CHECK bool provider_store_find_id(struct db *db, int64_t provider_id, struct arena *arena,
                                       struct provider_row *out, struct error *err);
/* Deleted ones count: a house that deleted its mock does not get it back. */
MUST_CHECK bool provider_store_had_any(struct db *db, bool *had_any, struct error *err);
/* CONFLICT with field "name" when it is taken. */
MUST_CHECK bool provider_store_add(struct db *db, const struct provider_row *row,
                                   int64_t *provider_id, struct error *err);
MUST_CHECK bool provider_store_update(struct db *db, const struct provider_row *row,
                                      struct error *err);
MUST_CHECK bool provider_store_pause(struct db *db, int64_t provider_id, bool is_paused,
                                     int64_t until_ms, struct str reason, struct error *err);
MUST_CHECK bool provider_store_delete(struct db *db, int64_t provider_id, int64_t now_ms,
                                      struct error *err);
MUST_CHECK bool model_store_list(struct db *db, struct arena *arena, struct model_override **items,
                                 size_t *count, struct error *err);
MUST_CHECK bool model_store_list_of(struct db *db, int64_t provider_id, struct arena *arena,
                                    struct model_override **items, size_t *count,
                                    struct error *err);
MUST_CHECK bool model_store_count(struct db *db, int64_t provider_id, int64_t *count,
                                  struct error *err);
MUST_CHECK bool model_store_set(struct db *db, const struct model_override *row, struct error *err);
MUST_CHECK bool model_store_remove(struct db *db, int64_t provider_id, struct str name,
                                   struct error *err);

/* offer_store.c: what services told of their own options.  share() puts them into rows, which are
 * in the order of ids. */
MUST_CHECK bool offer_store_share(struct db *db, struct provider_row *rows, size_t count,
                                  struct arena *arena, struct error *err);
MUST_CHECK bool offer_store_find(struct db *db, int64_t provider_id, struct arena *arena,
                                 struct str *out, struct error *err); /* empty: none */
MUST_CHECK bool offer_store_set(struct db *db, int64_t provider_id, struct str offers,
                                int64_t now_ms, struct error *err);
MUST_CHECK bool offer_store_remove(struct db *db, int64_t provider_id, struct error *err);

/* offer.c: of a row of provider_store_list(). */
void offers_merge(const struct provider_row *provider, struct arena *arena,
                  struct provider_offers *out);
/* Inside the transaction: another address has other things, and so has another workflow. */
MUST_CHECK bool offers_after_change(struct db *db, const struct provider_row *before,
                                    const struct provider_row *after, int64_t now_ms,
                                    struct arena *arena, struct error *err);
/* Of an account as it was asked, in a transaction with its announcement, if they are new. */
MUST_CHECK bool offers_save(struct settings *settings, const struct provider_row *asked,
                            struct str offers, int64_t now_ms, struct arena *arena,
                            struct error *err);

/* key_store.c: the oldest first. */
MUST_CHECK bool key_store_list_of(struct db *db, int64_t provider_id, struct arena *arena,
                                  struct key_row **items, size_t *count, struct error *err);
MUST_CHECK bool key_store_list(struct db *db, struct arena *arena, struct key_row **items,
                               size_t *count, struct error *err); /* by provider */
MUST_CHECK bool key_store_has(struct db *db, int64_t key_id, bool *out, struct error *err);
MUST_CHECK bool key_store_add(struct db *db, const struct key_row *row, struct error *err);
MUST_CHECK bool key_store_update(struct db *db, const struct key_row *row, struct error *err);
MUST_CHECK bool key_store_remove(struct db *db, int64_t key_id, struct error *err);
MUST_CHECK bool key_store_remove_all(struct db *db, int64_t provider_id, struct error *err);

/* keys.c: inside a transaction, of a row that was read in it. */

enum key_part { KEY_HAS_KEY = 1, KEY_HAS_WEIGHT = 2, KEY_HAS_ENABLED = 4 };
struct key_change {
    unsigned has;
    struct str key, session_token; /* the latter comes with a key, or not at all; empty: none */
    int64_t weight;
    bool is_enabled;
};
/* False: another master key sealed it. */
bool key_open(const struct settings *settings, const struct provider_row *row,
              const struct key_row *key, struct arena *arena, struct secret *out);
/* Fails: TOO_MANY, and CONFLICT when the account has it already, field "key". */
MUST_CHECK bool keys_add(struct db *db, const struct settings *settings,
                         const struct provider_row *row, const struct key_change *change,
                         int64_t now_ms, struct arena *arena, struct error *err);
/* A key is not replaced while calls under way need it, unless `lane` says that it is rejected, or
 * it does not open: CONFLICT with their number, field "key". */
MUST_CHECK bool keys_change(struct db *db, const struct settings *settings,
                            const struct provider_row *row, const struct key_row *before,
                            const struct key_change *change, const struct lane_view *lane,
                            struct arena *arena, struct error *err);
/* CONFLICT while calls under way need it. */
MUST_CHECK bool keys_remove(struct db *db, const struct key_row *key, struct error *err);
/*
 * One key of a provider, added (`key` empty), changed or (`change` NULL) taken away, in a
 * transaction with its announcement.  `provider` and `key` are public ids.
 */
MUST_CHECK bool keys_write(struct settings *settings, struct str provider, int64_t provider_id,
                           struct str key, const struct key_change *change, int64_t now_ms,
                           struct arena *arena, struct error *err);
/* The engine's lane of a provider; empty: it has none.  Not inside a transaction. */
struct lane_view settings_lane(const struct settings *settings, int64_t provider_id);

/*
 * stand_in.c: accounts that take what waits for another one while that is in trouble.  `row` gets
 * them, each once, none of them itself or unknown, STAND_INS_MAX at most.  Fails: TOO_MANY,
 * INVALID, NOT_IN_LIST, field "stand_ins"; and as db_query().
 */
MUST_CHECK bool stand_ins_set(struct db *db, const struct text_list *ids, struct arena *arena,
                              struct provider_row *row, struct error *err);
/* Those as they are kept, deleted ones too. */
struct text_list stand_ins_list(struct str kept, struct arena *arena);
/* Those that are there, for the engine: one that is switched off may be on again before it asks
 * anew, and takes nothing while it is off, since its models cannot be asked for. */
MUST_CHECK bool stand_ins_load(struct db *db, struct str kept, struct provider_binding *out,
                               struct error *err);

/* providers.c: changes, each one transaction with its announcement. */

struct model_change {
    struct str name;
    bool is_enabled;
    bool is_default; /* for pictures; its other purposes stay */
    /* All that it is the default for; goes before is_default.  items is NULL: not said. */
    struct text_list purposes;
    int64_t price_micro;                /* -1: the catalogue's */
    const struct provider_price *price; /* goes before price_micro; NULL: not said */
    const struct model_limits *limits;  /* all of them; NULL: not said, they stay */
    bool says_pause;                    /* whether it is paused too; else that stays */
    bool is_forgotten;                  /* back to the catalogue; an added one is gone */
};
/* models.c: what a model is the default for after a change; `before` is NULL when nothing of it
 * differed from the catalogue.  Fails: as purposes_in(), and INVALID, what it cannot do. */
MUST_CHECK bool purposes_change(const struct model_change *change,
                                const struct provider_model *model,
                                const struct model_override *before, unsigned *out,
                                struct error *err);
/* What POST and PATCH may say; `has` bits tell what was said. */
enum provider_part {
    PROVIDER_HAS_NAME = 1,
    PROVIDER_HAS_URL = 2,
    PROVIDER_HAS_KEY = 4,
    PROVIDER_HAS_OPTIONS = 8,
    PROVIDER_HAS_ENABLED = 16,
    PROVIDER_HAS_PRIVATE = 32,
    PROVIDER_HAS_CONCURRENCY = 64,
    PROVIDER_HAS_UNKNOWN = 128,
    PROVIDER_HAS_ONCE_BELOW = 256,
    PROVIDER_HAS_PER_MINUTE = 512,
    PROVIDER_HAS_UNITS_PER_MINUTE = 1024,
    PROVIDER_HAS_STAND_INS = 2048,
};
struct provider_change {
    unsigned has;
    struct str kind; /* of a new one */
    struct str name, base_url;
    struct str key;           /* empty: removes it */
    struct str session_token; /* as key_change has it */
    struct str options;
    bool is_enabled, is_private_allowed;
    bool is_by_owner; /* of the house: private addresses are theirs to allow */
    int64_t concurrency, per_minute, units_per_minute;
    struct str on_unknown;
    int64_t once_below_micro;
    struct text_list stand_ins; /* public ids, in their order */
    const struct model_change *models;
    size_t model_count;
};
MUST_CHECK bool providers_create(struct settings *settings, const struct provider_change *change,
                                 int64_t now_ms, struct arena *arena, struct str *public_id,
                                 struct error *err);
MUST_CHECK bool providers_update(struct settings *settings, struct str public_id,
                                 const struct provider_change *change, int64_t now_ms,
                                 struct arena *arena, struct error *err);
MUST_CHECK bool providers_pause(struct settings *settings, struct str public_id, bool is_paused,
                                struct str reason, int64_t now_ms, struct arena *arena,
                                struct error *err);
MUST_CHECK bool providers_delete(struct settings *settings, struct str public_id, int64_t now_ms,
                                 struct arena *arena, struct error *err);
MUST_CHECK bool provider_announce(struct db *db, const struct settings *settings,
                                  struct str public_id, int64_t now_ms, struct arena *arena,
                                  struct error *err);
/*
 * accounts.c: what settings_model_find() looks through.  accounts_transact() is db_transact() for
 * whatever changes a row of an account, its keys or models: what it returns from is seen by all.
 */
MUST_CHECK bool accounts_attach(struct settings *settings, struct error *err);
void accounts_forget(struct settings *settings);
MUST_CHECK bool accounts_transact(struct settings *settings, const char *name, db_work work,
                                  void *context, struct error *err);
/* The bounds of a house that it keeps, for whoever only looks what would be. */
struct house_size {
    int64_t options, models; /* bytes */
};
MUST_CHECK bool accounts_read_size(struct db *db, struct house_size *out, struct error *err);
MUST_CHECK bool accounts_check_size(struct db *db, const struct house_size *before,
                                    struct error *err);
/* accounts.c: all providers and their models as they were changed last, held for as long as `arena`
 * lasts; the rows point into each other. */
void models_list(struct settings *settings, struct arena *arena,
                 const struct provider_row **providers, size_t *provider_count,
                 const struct model_row **models, size_t *model_count);
/* The mock of a house that never had a provider. */
MUST_CHECK bool providers_seed(struct settings *settings, struct error *err);

/*
 * The row as the engine and a probe need it, in the arena that the row is in; *is_key_lost: there
 * is a key and this master key does not open it.  NOT_FOUND for a kind this build does not have.
 */
MUST_CHECK bool provider_open(struct settings *settings, const struct provider_row *row,
                              struct arena *arena, struct provider_binding *out, bool *is_key_lost,
                              struct error *err);

/*
 * provider_file.c: accounts as a file without secrets, from one house to another.
 */

#define PROVIDER_FILE_FORMAT "vitrine-providers"
enum { PROVIDER_FILE_VERSION = 1, PURPOSES_MAX = 4 };

/* More than a house exports: options, models, and twenty thousand rows of what each is given. */
#define PROVIDER_FILE_SIZE_MAX MIB(20)

struct file_model {
    struct str name;
    bool is_enabled;
    struct text_list purposes;
    int64_t price_micro;                /* -1: the catalogue's */
    const struct provider_price *price; /* goes before price_micro; NULL: has none */
    const struct model_limits *limits;  /* NULL: a file of before there were any */
};
struct file_provider {
    struct str kind, name, base_url, options, on_unknown;
    bool is_enabled;
    int64_t concurrency, per_minute, units_per_minute, once_below_micro;
    struct text_list stand_ins; /* names of others in the file */
    struct list models;         /* of struct file_model */
};
struct provider_file {
    struct str format;
    int64_t version, exported_at_ms;
    struct list providers; /* of struct file_provider */
};
extern const struct shape provider_file_shape;
/* All accounts of kinds that this build has. */
MUST_CHECK bool provider_file_make(struct db *db, int64_t now_ms, struct arena *arena,
                                   struct provider_file *out, struct error *err);
/*
 * What the shape cannot say, of the whole file; names and addresses are trimmed, options written
 * again.  A workflow that this build does not read is none of its faults: it may be the one copy of
 * it that there is.  Fails naming the place: "providers[3].base_url".
 */
MUST_CHECK bool provider_file_check(struct provider_file *file, struct arena *arena,
                                    struct error *err);

/* What an import makes of one of them. */
struct import_item {
    struct str id; /* of the new provider; empty: it is not made yet */
    struct str name, as_name, kind;
    bool is_renamed, needs_key, needs_private, is_enabled;
    int64_t model_count, unread_workflows;
};
/*
 * Of a checked file, into `items`, one for each provider: a name that is taken gets a number, what
 * needs a key or a private address is switched off.  Fails: TOO_MANY.
 */
MUST_CHECK bool provider_file_plan(const struct provider_file *file,
                                   const struct provider_row *rows, size_t row_count,
                                   struct arena *arena, struct import_item *items,
                                   struct error *err);
/* The ids that one's stand-ins got; all of `items` are made. */
struct text_list provider_file_stand_ins(const struct provider_file *file, size_t index,
                                         const struct import_item *items, struct arena *arena);
/*
 * providers.c: makes all of a checked file in one transaction, without keys and without private
 * addresses.  A default that the house chose for itself stays.  A preview is the same, taken back.
 * Fails: as provider_file_plan() and db_transact().
 */
MUST_CHECK bool providers_import(struct settings *settings, const struct provider_file *file,
                                 bool is_preview, int64_t now_ms, struct arena *arena,
                                 struct import_item *items, struct error *err);

/* probe.c */

extern const char *const probe_reasons[]; /* ended by NULL */

struct probe_result {
    bool ok;
    int64_t took_ms;
    struct text_list models;
    const char *failure_class; /* "" when ok */
    const char *reason;        /* what is to be mended: probe_reasons; "" when ok */
    bool is_about_key;         /* another key may pass */
    struct str message;
    struct str offers; /* provider_offers_write(); empty: the service did not say */
};
/*
 * Makes the kind's free call: address, key, list of models; and those that tell what else there is
 * to choose.  The one time a handler talks to a provider: somebody waits for the answer, nothing is
 * paid, 15 seconds bound it, and no view of the database is held.  What the provider says is in
 * `*out`; fails only for faults of ours.
 */
MUST_CHECK bool provider_probe(struct settings *settings, const struct provider_binding *provider,
                               struct arena *arena, struct probe_result *out, struct error *err);
