/* settings/preset_private.h: a form's values under a name: mine, or shared with the house. */
#pragma once

#include "settings/settings.h"

enum {
    PRESETS_OWN_MAX = 100,    /* of one person */
    PRESETS_SHARED_MAX = 200, /* of the house: a list is bounded by both */
    PRESET_NAME_MAX = 80,
    PRESET_COUNT_MAX = 64,
    PRESET_PARAMETERS_SIZE_MAX = 16384, /* bytes of JSON */
};

struct preset {
    int64_t row_id, user_id, version;
    struct str id, etag, name, owner_name, operation;
    struct str parameters; /* JSON object, checked by the operation's table */
    int64_t count;
    bool is_mine, is_shared;
    bool is_default; /* of whoever asks */
    int64_t created_at_ms, changed_at_ms;
};

/* What is said of one; the parts that PATCH did not name stay as they are. */
struct preset_input {
    struct str name, operation, parameters;
    int64_t count;
    bool is_shared, is_default;
};
enum {
    PRESET_HAS_NAME = 1,
    PRESET_HAS_COUNT = 2,
    PRESET_HAS_PARAMETERS = 4,
    PRESET_HAS_SHARED = 8,
    PRESET_HAS_DEFAULT = 16,
};

/*
 * preset.c: the rules.  A preset that is neither the person's nor shared is NOT_FOUND; what is not
 * theirs they can only make their default: FORBIDDEN.  Each change is one transaction with its
 * announcement.
 */

/* Fails: REQUIRED, TOO_LONG, INVALID, NOT_IN_LIST (operation), TOO_MANY, CONFLICT with field
 * "name", and as operation_check_given() with "parameters.". */
MUST_CHECK bool preset_create(struct settings *settings, int64_t user_id,
                              const struct preset_input *input, int64_t now_ms, struct arena *arena,
                              struct str *id, struct error *err);
/* `has`: bits of what is said; `version` 0: whichever.  Fails as preset_create(), and PRECONDITION
 * when it was changed meanwhile. */
MUST_CHECK bool preset_change(struct settings *settings, int64_t user_id, struct str id,
                              int64_t version, unsigned has, const struct preset_input *input,
                              int64_t now_ms, struct arena *arena, struct error *err);
MUST_CHECK bool preset_delete(struct settings *settings, int64_t user_id, struct str id,
                              int64_t version, int64_t now_ms, struct arena *arena,
                              struct error *err);

/* preset_store.c: what `user_id` may see: their own first, each part by name. */
MUST_CHECK bool preset_store_list(struct db *db, int64_t user_id, struct arena *arena,
                                  struct preset **items, size_t *count, struct error *err);
MUST_CHECK bool preset_store_find(struct db *db, int64_t user_id, struct str id,
                                  struct arena *arena, struct preset *out, struct error *err);
MUST_CHECK bool preset_store_count(struct db *db, int64_t user_id, int64_t *own, int64_t *shared,
                                   struct error *err);
/* CONFLICT with field "name" when it is taken. */
MUST_CHECK bool preset_store_add(struct db *db, const struct preset *preset, int64_t *row_id,
                                 struct error *err);
MUST_CHECK bool preset_store_update(struct db *db, const struct preset *preset, struct error *err);
MUST_CHECK bool preset_store_delete(struct db *db, int64_t row_id, struct error *err);
/* Takes the place of the one before. */
MUST_CHECK bool preset_store_set_default(struct db *db, int64_t user_id, int64_t row_id,
                                         struct error *err);
MUST_CHECK bool preset_store_drop_default(struct db *db, int64_t user_id, int64_t row_id,
                                          struct error *err);
