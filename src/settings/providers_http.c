#include "settings/models_http.h"

struct page {
    struct list items;
};

/* ---- shapes: providers ---- */

static const char *const unknown_rules[] = {"hold", "once_below", "retry", NULL};

struct key_view {
    struct str id, hint;
    int64_t weight, created_at_ms;
    bool is_enabled, is_lost, has_session_token;
};
#define KEY_VIEW(member) offsetof(struct key_view, member)
static const struct field key_view_fields[] = {
    {"id",                FIELD_ID,   KEY_VIEW(id),                FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The key's id; its secret is never shown."              },
    {"hint",              FIELD_TEXT, KEY_VIEW(hint),              FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Its last four characters."                             },
    {"weight",            FIELD_INT,  KEY_VIEW(weight),            FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Its share of the calls beside the other keys' weights."},
    {"is_enabled",        FIELD_BOOL, KEY_VIEW(is_enabled),        FIELD_REQUIRED, 0, 0, NULL, NULL,
     "New calls are made with it."                           },
    {"is_lost",           FIELD_BOOL, KEY_VIEW(is_lost),           FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Another master key sealed it: give it again."          },
    {"has_session_token", FIELD_BOOL, KEY_VIEW(has_session_token), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "It is a temporary one."                                },
    {"created_at",        FIELD_TIME, KEY_VIEW(created_at_ms),     FIELD_REQUIRED, 0, 0, NULL, NULL,
     "When it was added."                                    },
};
static const struct shape key_view_shape = SHAPE("ProviderKey", struct key_view, key_view_fields);

struct provider_view {
    struct str id, kind, name, base_url, key_hint, options, pause_reason, on_unknown;
    bool has_key, is_enabled, is_paused, is_private_allowed;
    int64_t pause_until_ms, concurrency, per_minute, units_per_minute, once_below_micro,
        created_at_ms;
    struct text_list stand_ins;
    struct list keys, models;
};
#define PROVIDER_VIEW(member) offsetof(struct provider_view, member)
static const struct field provider_view_fields[] = {
    {"id",                 FIELD_ID,    PROVIDER_VIEW(id),                 FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,          "The provider's id."                                                     },
    {"kind",               FIELD_TEXT,  PROVIDER_VIEW(kind),               FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "One of the kinds."                                                                                                                                                                                                                             },
    {"name",               FIELD_TEXT,  PROVIDER_VIEW(name),               FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "One of a kind in the house; `model` may name it."                                                                                                                                                                                              },
    {"base_url",           FIELD_TEXT,  PROVIDER_VIEW(base_url),           FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "Empty: the kind's own."                                                                                                                                                                                                                        },
    {"has_key",            FIELD_BOOL,  PROVIDER_VIEW(has_key),            FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "A key is kept; it is never shown."                                                                                                                                                                                                             },
    {"key_hint",           FIELD_TEXT,  PROVIDER_VIEW(key_hint),           FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "The first key's last four characters."                                                                                                                                                                                                         },
    {"keys",               FIELD_LIST,  PROVIDER_VIEW(keys),               FIELD_REQUIRED,                  0, 0,                         &key_view_shape,   NULL,
     "All its keys, the first one first; 8 at most."                                                                                                                                                                                                 },
    {"options",            FIELD_JSON,  PROVIDER_VIEW(options),            FIELD_REQUIRED,                  0, PROVIDER_OPTIONS_SIZE_MAX,
     NULL,                                                                                                                                                   NULL,          "Members by the kind's fields."                                          },
    {"is_enabled",         FIELD_BOOL,  PROVIDER_VIEW(is_enabled),         FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "Its models can be asked for."                                                                                                                                                                                                                  },
    {"is_paused",          FIELD_BOOL,  PROVIDER_VIEW(is_paused),          FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "Its tasks wait."                                                                                                                                                                                                                               },
    {"pause_reason",       FIELD_TEXT,  PROVIDER_VIEW(pause_reason),       FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "Why they wait."                                                                                                                                                                                                                                },
    {"pause_until",        FIELD_TIME,  PROVIDER_VIEW(pause_until_ms),     FIELD_REQUIRED | FIELD_NULLABLE, 0,
     0,                                                                                                                                   NULL,              NULL,          "Null: until someone resumes it."                                        },
    {"is_private_allowed", FIELD_BOOL,  PROVIDER_VIEW(is_private_allowed), FIELD_REQUIRED,                  0, 0,
     NULL,                                                                                                                                                   NULL,          "Its address may be on this machine or network, and plain http."         },
    {"concurrency",        FIELD_INT,   PROVIDER_VIEW(concurrency),        FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "Calls at once."                                                                                                                                                                                                                                },
    {"per_minute",         FIELD_INT,   PROVIDER_VIEW(per_minute),         FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "Requests a minute; 0: no bound."                                                                                                                                                                                                               },
    {"units_per_minute",   FIELD_INT,   PROVIDER_VIEW(units_per_minute),   FIELD_REQUIRED,                  0, 0,                         NULL,
     NULL,                                                                                                                                                                  "Units a minute: a picture asked for is one, a text is one; 0: no bound."},
    {"on_unknown",         FIELD_ENUM,  PROVIDER_VIEW(on_unknown),         FIELD_REQUIRED,                  0, 0,                         NULL,              unknown_rules,
     "When nobody knows whether a call was paid: ask, repeat once below a price, "
     "repeat."                                                                                                                                                                                                                                       },
    {"once_below_micro",   FIELD_INT,   PROVIDER_VIEW(once_below_micro),   FIELD_REQUIRED,                  0, 0,                         NULL,
     NULL,                                                                                                                                                                  "That price."                                                            },
    {"stand_ins",          FIELD_TEXTS, PROVIDER_VIEW(stand_ins),          FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "Accounts that take what waits here while this one is in trouble: ids, the first to be asked "
     "first."                                                                                                                                                                                                                                        },
    {"created_at",         FIELD_TIME,  PROVIDER_VIEW(created_at_ms),      FIELD_REQUIRED,                  0, 0,                         NULL,              NULL,
     "When it was added."                                                                                                                                                                                                                            },
    {"models",             FIELD_LIST,  PROVIDER_VIEW(models),             FIELD_REQUIRED,                  0, 0,                         &model_view_shape, NULL,
     "The catalogue with what the house changed."                                                                                                                                                                                                    },
};
const struct shape provider_view_shape =
    SHAPE("Provider", struct provider_view, provider_view_fields);

static const struct field provider_page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct page, items), FIELD_REQUIRED, 0, 0, &provider_view_shape,
     NULL, "The oldest first; 100 at most."},
};
static const struct shape provider_page_shape =
    SHAPE("ProviderList", struct page, provider_page_fields);

/* ---- shapes: changes ---- */

#define MODEL_CHANGE(member) offsetof(struct model_change, member)
static const struct field model_change_fields[] = {
    {"name",         FIELD_TEXT,  MODEL_CHANGE(name),         FIELD_REQUIRED, 1,  MODEL_NAME_MAX,  NULL,                  NULL,
     "The wire id; one the catalogue does not have is added."                                                                                                                                          },
    {"is_enabled",   FIELD_BOOL,  MODEL_CHANGE(is_enabled),   FIELD_REQUIRED, 0,  0,               NULL,                  NULL,
     "It can be asked for."                                                                                                                                                                            },
    {"is_default",   FIELD_BOOL,  MODEL_CHANGE(is_default),   FIELD_REQUIRED, 0,  0,               NULL,                  NULL,
     "Taken for pictures when nobody names a model; takes the place of the one before."                                                                                                                },
    {"price_micro",  FIELD_INT,   MODEL_CHANGE(price_micro),  FIELD_REQUIRED, -1, PRICE_MICRO_MAX, NULL,
     NULL,                                                                                                                      "Of a picture, in the catalogue's currency; -1: the catalogue's price."},
    {"purposes",     FIELD_TEXTS, MODEL_CHANGE(purposes),     0,              0,  PURPOSES_MAX,    NULL,                  NULL,
     "All that it is the default for: image, edit, text, vision; goes before is_default."                                                                                                              },
    {"is_forgotten", FIELD_BOOL,  MODEL_CHANGE(is_forgotten), 0,              0,  0,               NULL,                  NULL,
     "Back to the catalogue; an added model is gone."                                                                                                                                                  },
    {"price",        FIELD_MAYBE, MODEL_CHANGE(price),        0,              0,  0,               &provider_price_shape, NULL,
     "The house's own price by a rule; goes before price_micro."                                                                                                                                       },
    {"limits",       FIELD_MAYBE, MODEL_CHANGE(limits),       0,              0,  0,               &model_limits_shape,   NULL,
     "What it is given beside its account's bounds; not said: as before."                                                                                                                              },
};
static const struct shape model_change_shape =
    SHAPE("ModelChange", struct model_change, model_change_fields);

/* Create and change differ in what must be there; the struct and its rows' places are one. */
struct provider_input {
    struct str kind, name, base_url, key, session_token, options, on_unknown;
    bool is_enabled, is_private_allowed;
    int64_t concurrency, per_minute, units_per_minute, once_below_micro;
    struct text_list stand_ins;
    struct list models;
};
enum {
    INPUT_NAME,
    INPUT_BASE_URL,
    INPUT_KEY,
    INPUT_TOKEN,
    INPUT_OPTIONS,
    INPUT_ENABLED,
    INPUT_PRIVATE,
    INPUT_CONCURRENCY,
    INPUT_PER_MINUTE,
    INPUT_UNITS_PER_MINUTE,
    INPUT_UNKNOWN,
    INPUT_ONCE_BELOW,
    INPUT_STAND_INS,
    INPUT_MODELS,
    INPUT_KIND, /* of a new one */
};
#define INPUT(member) offsetof(struct provider_input, member)
#define INPUT_FIELDS(name_flags)                                                                   \
    [INPUT_NAME] = {"name",     FIELD_TEXT, INPUT(name),                                           \
                    name_flags, 1,          PROVIDER_NAME_MAX,                                     \
                    NULL,       NULL,       "One of a kind in the house."},                        \
    [INPUT_BASE_URL] = {"base_url",                                                                \
                        FIELD_TEXT,                                                                \
                        INPUT(base_url),                                                           \
                        0,                                                                         \
                        0,                                                                         \
                        PROVIDER_URL_MAX,                                                          \
                        NULL,                                                                      \
                        NULL,                                                                      \
                        "Empty: the kind's own.  Another one needs the key given again."},         \
    [INPUT_KEY] = {"key",                                                                          \
                   FIELD_TEXT,                                                                     \
                   INPUT(key),                                                                     \
                   FIELD_SECRET,                                                                   \
                   0,                                                                              \
                   PROVIDER_KEY_MAX,                                                               \
                   NULL,                                                                           \
                   NULL,                                                                           \
                   "The first key: kept sealed, never shown; empty takes it away."},               \
    [INPUT_TOKEN] = {"session_token",                                                              \
                     FIELD_TEXT,                                                                   \
                     INPUT(session_token),                                                         \
                     FIELD_SECRET,                                                                 \
                     0,                                                                            \
                     PROVIDER_KEY_MAX,                                                             \
                     NULL,                                                                         \
                     NULL,                                                                         \
                     "Of a temporary first key, where the kind has that field; sealed with the "   \
                     "key and given with it, never shown."},                                       \
    [INPUT_OPTIONS] = {"options", FIELD_JSON, INPUT(options),                                      \
                       0,         0,          PROVIDER_OPTIONS_SIZE_MAX,                           \
                       NULL,      NULL,       "All of them: members by the kind's fields."},       \
    [INPUT_ENABLED] = {"is_enabled",                                                               \
                       FIELD_BOOL,                                                                 \
                       INPUT(is_enabled),                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       NULL,                                                                       \
                       NULL,                                                                       \
                       "Its models can be asked for."},                                            \
    [INPUT_PRIVATE] = {"is_private_allowed",                                                       \
                       FIELD_BOOL,                                                                 \
                       INPUT(is_private_allowed),                                                  \
                       0,                                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       NULL,                                                                       \
                       NULL,                                                                       \
                       "Its address may be on this machine or network, and plain http."},          \
    [INPUT_CONCURRENCY] =                                                                          \
        {"concurrency", FIELD_INT, INPUT(concurrency), 0, 1, PROVIDER_CONCURRENCY_MAX,             \
         NULL,          NULL,      "Calls at once."},                                              \
    [INPUT_PER_MINUTE] = {"per_minute",                                                            \
                          FIELD_INT,                                                               \
                          INPUT(per_minute),                                                       \
                          0,                                                                       \
                          0,                                                                       \
                          PROVIDER_PER_MINUTE_MAX,                                                 \
                          NULL,                                                                    \
                          NULL,                                                                    \
                          "Requests a minute; 0: no bound."},                                      \
    [INPUT_UNITS_PER_MINUTE] = {"units_per_minute",                                                \
                                FIELD_INT,                                                         \
                                INPUT(units_per_minute),                                           \
                                0,                                                                 \
                                0,                                                                 \
                                PROVIDER_PER_MINUTE_MAX,                                           \
                                NULL,                                                              \
                                NULL,                                                              \
                                "Units a minute: a picture asked for is one, a text is one; a "    \
                                "request of more goes alone.  0: no bound."},                      \
    [INPUT_UNKNOWN] = {"on_unknown",                                                               \
                       FIELD_ENUM,                                                                 \
                       INPUT(on_unknown),                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       NULL,                                                                       \
                       unknown_rules,                                                              \
                       "When nobody knows whether a call was paid."},                              \
    [INPUT_ONCE_BELOW] = {"once_below_micro",                                                      \
                          FIELD_INT,                                                               \
                          INPUT(once_below_micro),                                                 \
                          0,                                                                       \
                          0,                                                                       \
                          PRICE_MICRO_MAX,                                                         \
                          NULL,                                                                    \
                          NULL,                                                                    \
                          "For once_below: that price."},                                          \
    [INPUT_STAND_INS] = {"stand_ins",                                                              \
                         FIELD_TEXTS,                                                              \
                         INPUT(stand_ins),                                                         \
                         0,                                                                        \
                         0,                                                                        \
                         STAND_INS_MAX,                                                            \
                         NULL,                                                                     \
                         NULL,                                                                     \
                         "Accounts that take what waits here while this one is in trouble: ids, "  \
                         "the first to be asked first."},                                          \
    [INPUT_MODELS] = {"models",                                                                    \
                      FIELD_LIST,                                                                  \
                      INPUT(models),                                                               \
                      0,                                                                           \
                      0,                                                                           \
                      PROVIDER_MODELS_MAX,                                                         \
                      &model_change_shape,                                                         \
                      NULL,                                                                        \
                      "Only those to be changed."}

static const struct field create_input_fields[] = {
    INPUT_FIELDS(FIELD_REQUIRED),
    [INPUT_KIND] = {"kind", FIELD_TEXT, INPUT(kind), FIELD_REQUIRED, 1, 40, NULL, NULL,
                    "One of the kinds."},
};
static const struct shape create_input_shape =
    SHAPE("ProviderInput", struct provider_input, create_input_fields);
static const struct field change_input_fields[] = {INPUT_FIELDS(0)};
static const struct shape change_input_shape =
    SHAPE("ProviderChange", struct provider_input, change_input_fields);

struct pause_input {
    struct str reason;
};
static const struct field pause_input_fields[] = {
    {"reason", FIELD_TEXT, offsetof(struct pause_input, reason), 0, 0, 200, NULL, NULL,
     "Shown where its tasks wait."},
};
static const struct shape pause_input_shape =
    SHAPE("ProviderPause", struct pause_input, pause_input_fields);

struct test_view {
    bool ok;
    int64_t took_ms;
    struct text_list models;
    struct str failure_class, reason, message, key_hint;
};
#define TEST_VIEW(member) offsetof(struct test_view, member)
static const struct field test_view_fields[] = {
    {"ok",            FIELD_BOOL,  TEST_VIEW(ok),            FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Address and key are right."                                                                                                                    },
    {"took_ms",       FIELD_INT,   TEST_VIEW(took_ms),       FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "How long the call took."                                                                                                                       },
    {"models",        FIELD_TEXTS, TEST_VIEW(models),        FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Wire ids the provider listed."                                                                                                                 },
    {"failure_class", FIELD_TEXT,  TEST_VIEW(failure_class), FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Empty when ok; else not_sent, auth, quota, …"                                                                                                },
    {"reason",        FIELD_ENUM,  TEST_VIEW(reason),        FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL,
     probe_reasons,                                                                                             "What is to be mended; null when ok."},
    {"message",       FIELD_TEXT,  TEST_VIEW(message),       FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "The provider's own words."                                                                                                                     },
    {"key_hint",      FIELD_TEXT,  TEST_VIEW(key_hint),      FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "The end of the key at fault, of several; else empty."                                                                                          },
};
static const struct shape test_view_shape =
    SHAPE("ProviderTest", struct test_view, test_view_fields);

/* ---- providers ---- */

static struct list models_of(const struct provider_row *provider, const struct model_row *models,
                             size_t count, struct arena *arena)
{
    struct list list = {0};
    struct model_view *items;

    for (size_t i = 0; i < count; i++)
        list.count += models[i].provider == provider;
    items = ARENA_ARRAY(arena, struct model_view, list.count);
    list.items = items;
    for (size_t i = 0; i < count; i++)
        if (models[i].provider == provider)
            *items++ = model_view_of(&models[i], true, arena);
    return list;
}

static struct list keys_of(const struct provider_row *row, const struct provider_binding *binding,
                           struct arena *arena)
{
    struct key_view *items = ARENA_ARRAY(arena, struct key_view, row->key_count);

    for (size_t index = 0; index < row->key_count; index++) {
        const struct key_row *key = &row->keys[index];

        items[index] = (struct key_view){
            .id = key->public_id,
            .hint = key->hint,
            .weight = key->weight,
            .is_enabled = key->is_enabled,
            .is_lost = index < binding->key_count && binding->keys[index].is_sealed,
            .has_session_token = index < binding->key_count && !binding->keys[index].is_sealed &&
                                 provider_session_token(binding->keys[index].secret).size > 0,
            .created_at_ms = key->created_at_ms,
        };
    }
    return (struct list){.items = items, .count = row->key_count};
}

static bool view_provider(struct request *req, const struct provider_row *row,
                          const struct model_row *models, size_t count, struct provider_view *out,
                          struct error *err)
{
    /* What the engine sees: a pause that is over, or a key that does not open, shows here too. */
    struct provider_binding binding = {.is_paused = row->is_paused,
                                       .pause_reason = row->pause_reason};
    bool is_key_lost = false;

    if (!provider_open(app_settings(req->app), row, req->arena, &binding, &is_key_lost, err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
        *err = (struct error){0}; /* a kind of another build is shown, so that it can be deleted */
    }
    *out = (struct provider_view){
        .id = row->public_id,
        .kind = row->kind,
        .name = row->name,
        .base_url = row->base_url,
        .has_key = row->key_count > 0,
        .key_hint = row->key_count > 0 ? row->keys[0].hint : STR_EMPTY,
        .keys = keys_of(row, &binding, req->arena),
        .options = row->options,
        .is_enabled = row->is_enabled,
        .is_paused = binding.is_paused,
        .pause_reason = binding.pause_reason,
        .pause_until_ms = binding.is_paused && !is_key_lost ? row->pause_until_ms : 0,
        .is_private_allowed = row->is_private_allowed,
        .concurrency = row->concurrency,
        .per_minute = row->per_minute,
        .units_per_minute = row->units_per_minute,
        .on_unknown = row->on_unknown,
        .once_below_micro = row->once_below_micro,
        .stand_ins = stand_ins_list(row->stand_ins, req->arena),
        .created_at_ms = row->created_at_ms,
        .models = models_of(row, models, count, req->arena),
    };
    return true;
}

static bool list(struct request *req, struct error *err)
{
    const struct provider_row *rows;
    const struct model_row *models;
    size_t count, model_count;
    struct provider_view *items;

    models_list(app_settings(req->app), req->arena, &rows, &count, &models, &model_count);
    items = ARENA_ARRAY(req->arena, struct provider_view, count);
    for (size_t i = 0; i < count; i++)
        if (!view_provider(req, &rows[i], models, model_count, &items[i], err))
            return false;
    return http_reply(req, 200,
                      &(struct page){
                          .items = {.items = items, .count = count}
    },
                      err);
}

bool provider_reply(struct request *req, int status, struct str public_id, struct error *err)
{
    const struct provider_row *rows;
    const struct model_row *models;
    size_t count, model_count;

    models_list(app_settings(req->app), req->arena, &rows, &count, &models, &model_count);
    for (size_t i = 0; i < count; i++)
        if (str_equal(rows[i].public_id, public_id)) {
            struct provider_view view;

            return view_provider(req, &rows[i], models, model_count, &view, err) &&
                   http_reply(req, status, &view, err);
        }
    return error_set(err, ERROR_NOT_FOUND, "no such provider");
}

static bool show(struct request *req, struct error *err)
{
    struct str public_id;

    return request_path_id(req, "id", &public_id, err) && provider_reply(req, 200, public_id, err);
}

static struct provider_change change_of(const struct request *req)
{
    static const struct {
        size_t row;
        enum provider_part part;
    } parts[] = {
        {INPUT_NAME,             PROVIDER_HAS_NAME            },
        {INPUT_BASE_URL,         PROVIDER_HAS_URL             },
        {INPUT_KEY,              PROVIDER_HAS_KEY             },
        {INPUT_OPTIONS,          PROVIDER_HAS_OPTIONS         },
        {INPUT_ENABLED,          PROVIDER_HAS_ENABLED         },
        {INPUT_PRIVATE,          PROVIDER_HAS_PRIVATE         },
        {INPUT_CONCURRENCY,      PROVIDER_HAS_CONCURRENCY     },
        {INPUT_PER_MINUTE,       PROVIDER_HAS_PER_MINUTE      },
        {INPUT_UNITS_PER_MINUTE, PROVIDER_HAS_UNITS_PER_MINUTE},
        {INPUT_UNKNOWN,          PROVIDER_HAS_UNKNOWN         },
        {INPUT_ONCE_BELOW,       PROVIDER_HAS_ONCE_BELOW      },
        {INPUT_STAND_INS,        PROVIDER_HAS_STAND_INS       },
    };
    const struct provider_input *input = req->input;
    struct provider_change change = {
        .kind = input->kind,
        .name = input->name,
        .base_url = input->base_url,
        .key = input->key,
        .session_token = input->session_token,
        .options = input->options,
        .is_enabled = input->is_enabled,
        .is_private_allowed = input->is_private_allowed,
        .is_by_owner = req->user.role == ROLE_OWNER,
        .concurrency = input->concurrency,
        .per_minute = input->per_minute,
        .units_per_minute = input->units_per_minute,
        .on_unknown = input->on_unknown,
        .once_below_micro = input->once_below_micro,
        .stand_ins = input->stand_ins,
        .models = input->models.items,
        .model_count = input->models.count,
    };

    changes_mark_pauses(req->json, input->models.items, input->models.count);
    for (size_t i = 0; i < COUNT(parts); i++)
        if (request_present(req, parts[i].row))
            change.has |= parts[i].part;
    return change;
}

static bool create(struct request *req, struct error *err)
{
    struct provider_change change = change_of(req);
    struct str public_id;

    return providers_create(app_settings(req->app), &change, req->now_ms, req->arena, &public_id,
                            err) &&
           provider_reply(req, 201, public_id, err);
}

static bool update(struct request *req, struct error *err)
{
    struct provider_change change = change_of(req);
    struct str public_id;

    return request_path_id(req, "id", &public_id, err) &&
           providers_update(app_settings(req->app), public_id, &change, req->now_ms, req->arena,
                            err) &&
           provider_reply(req, 200, public_id, err);
}

static bool delete (struct request *req, struct error *err)
{
    struct str public_id;

    return request_path_id(req, "id", &public_id, err) &&
           providers_delete(app_settings(req->app), public_id, req->now_ms, req->arena, err) &&
           http_reply_empty(req, 204, err);
}

static bool pause(struct request *req, struct error *err)
{
    const struct pause_input *input = req->input;
    struct str public_id;

    return request_path_id(req, "id", &public_id, err) &&
           providers_pause(app_settings(req->app), public_id, true, input->reason, req->now_ms,
                           req->arena, err) &&
           provider_reply(req, 200, public_id, err);
}

static bool resume(struct request *req, struct error *err)
{
    struct str public_id;

    return request_path_id(req, "id", &public_id, err) &&
           providers_pause(app_settings(req->app), public_id, false, STR_EMPTY, req->now_ms,
                           req->arena, err) &&
           provider_reply(req, 200, public_id, err);
}

/* Each key in use in its turn, until one is of no use: the first one's models, or what is wrong
 * with which key. */
static bool test_keys(struct settings *settings, struct provider_binding *provider,
                      struct arena *arena, struct probe_result *out, int64_t *key_id,
                      struct error *err)
{
    bool is_tested = false;

    for (size_t index = 0; index < provider->key_count; index++) {
        struct probe_result result;

        if (!provider->keys[index].is_enabled)
            continue;
        provider->account.key = provider->keys[index].secret;
        if (!provider_probe(settings, provider, arena, &result, err))
            return false;
        result.took_ms += is_tested ? out->took_ms : 0;
        if (is_tested && result.ok)
            result.models = out->models;
        if (is_tested && out->offers.size > 0)
            result.offers = out->offers;
        is_tested = true;
        *out = result;
        *key_id = provider->keys[index].id;
        if (!result.ok)
            return true;
    }
    return is_tested || provider_probe(settings, provider, arena, out, err);
}

/* Of several keys the one at fault; an address where nobody answers is not a key's. */
static struct str hint_of(const struct provider_row *row, int64_t key_id,
                          const struct probe_result *result)
{
    if (!result->is_about_key || row->key_count < 2)
        return STR_EMPTY;
    for (size_t index = 0; index < row->key_count; index++)
        if (row->keys[index].id == key_id)
            return row->keys[index].hint;
    return STR_EMPTY;
}

static bool test(struct request *req, struct error *err)
{
    struct settings *settings = app_settings(req->app);
    struct str public_id;
    struct provider_row row;
    struct provider_binding provider;
    struct probe_result result = {.failure_class = failure_class_name(FAILURE_AUTH),
                                  .reason = "key",
                                  .message = STR(PROVIDER_KEY_LOST)};
    int64_t key_id = 0;
    bool is_key_lost;

    if (!request_path_id(req, "id", &public_id, err) ||
        !provider_store_find(req->db, public_id, req->arena, &row, err) ||
        !provider_open(settings, &row, req->arena, &provider, &is_key_lost, err))
        return false;
    db_refresh(req->db); /* the call is slow: no view of the database is held meanwhile */
    if (!is_key_lost && !test_keys(settings, &provider, req->arena, &result, &key_id, err))
        return false;
    if (result.offers.size > 0 &&
        !offers_save(settings, &row, result.offers, req->now_ms, req->arena, err))
        return false;
    return http_reply(req, 200,
                      &(struct test_view){.ok = result.ok,
                                          .took_ms = result.took_ms,
                                          .models = result.models,
                                          .failure_class = str_of(result.failure_class),
                                          .reason = str_of(result.reason),
                                          .message = result.message,
                                          .key_hint = hint_of(&row, key_id, &result)},
                      err);
}

#define PROVIDERS "/api/v1/providers"

const struct http_route provider_routes[] = {
    {.method = "GET",
     .path = PROVIDERS,
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = list,
     .out = &provider_page_shape,
     .summary = "The house's providers",
     .tag = "providers"},
    {.method = "POST",
     .path = PROVIDERS,
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = PROVIDER_BODY_SIZE_MAX,
     .handler = create,
     .in = &create_input_shape,
     .out = &provider_view_shape,
     .summary = "Add a provider",
     .tag = "providers"},
    {.method = "GET",
     .path = PROVIDERS "/{id}",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = show,
     .out = &provider_view_shape,
     .summary = "One provider",
     .tag = "providers"},
    {.method = "PATCH",
     .path = PROVIDERS "/{id}",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = PROVIDER_BODY_SIZE_MAX,
     .handler = update,
     .in = &change_input_shape,
     .out = &provider_view_shape,
     .summary = "Change a provider or its models; what is left out stays",
     .tag = "providers"},
    {.method = "DELETE",
     .path = PROVIDERS "/{id}",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = delete,
     .summary = "Remove a provider and its keys; its pictures stay",
     .tag = "providers"},
    {.method = "POST",
     .path = PROVIDERS "/{id}/test",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = test,
     .out = &test_view_shape,
     .summary = "Free calls: address, key, models, what their options can be; 15 seconds at most",
     .tag = "providers",
     .cost = 10},
    {.method = "POST",
     .path = PROVIDERS "/{id}/pause",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = pause,
     .in = &pause_input_shape,
     .out = &provider_view_shape,
     .summary = "Let its tasks wait",
     .tag = "providers"},
    {.method = "POST",
     .path = PROVIDERS "/{id}/resume",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = resume,
     .out = &provider_view_shape,
     .summary = "Let its tasks go on",
     .tag = "providers"},
    {0         },
};
