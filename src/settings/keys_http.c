/* keys_http.c: the routes of one account's keys. */
#include "settings/models_http.h"

struct key_input {
    struct str key, session_token;
    int64_t weight;
    bool is_enabled;
};
enum { INPUT_KEY, INPUT_TOKEN, INPUT_WEIGHT, INPUT_ENABLED };
#define INPUT(member) offsetof(struct key_input, member)
#define INPUT_FIELDS(key_flags)                                                                    \
    [INPUT_KEY] = {"key",                                                                          \
                   FIELD_TEXT,                                                                     \
                   INPUT(key),                                                                     \
                   FIELD_SECRET | (key_flags),                                                     \
                   1,                                                                              \
                   PROVIDER_KEY_MAX,                                                               \
                   NULL,                                                                           \
                   NULL,                                                                           \
                   "Kept sealed, never shown."},                                                   \
    [INPUT_TOKEN] = {"session_token",                                                              \
                     FIELD_TEXT,                                                                   \
                     INPUT(session_token),                                                         \
                     FIELD_SECRET,                                                                 \
                     0,                                                                            \
                     PROVIDER_KEY_MAX,                                                             \
                     NULL,                                                                         \
                     NULL,                                                                         \
                     "Of a temporary key, where the kind has that field; sealed with the key and " \
                     "given with it, never shown.  A key without one has none."},                  \
    [INPUT_WEIGHT] = {"weight",                                                                    \
                      FIELD_INT,                                                                   \
                      INPUT(weight),                                                               \
                      0,                                                                           \
                      1,                                                                           \
                      PROVIDER_WEIGHT_MAX,                                                         \
                      NULL,                                                                        \
                      NULL,                                                                        \
                      "Its share of the calls beside the other keys' weights; 1 when absent."},    \
    [INPUT_ENABLED] = {"is_enabled",                                                               \
                       FIELD_BOOL,                                                                 \
                       INPUT(is_enabled),                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       0,                                                                          \
                       NULL,                                                                       \
                       NULL,                                                                       \
                       "New calls are made with it; what is under way goes on with it."}

static const struct field new_key_fields[] = {INPUT_FIELDS(FIELD_REQUIRED)};
static const struct shape new_key_shape =
    SHAPE("ProviderKeyInput", struct key_input, new_key_fields);
static const struct field key_change_fields[] = {INPUT_FIELDS(0)};
static const struct shape key_change_shape =
    SHAPE("ProviderKeyChange", struct key_input, key_change_fields);

static bool write_key(struct request *req, struct str key, const struct key_change *change,
                      int status, struct error *err)
{
    struct str provider;
    struct provider_row row;

    if (!request_path_id(req, "id", &provider, err) ||
        !provider_store_find(req->db, provider, req->arena, &row, err))
        return false;
    db_refresh(req->db); /* no view of the database is held while the writer is waited for */
    return keys_write(app_settings(req->app), provider, row.id, key, change, req->now_ms,
                      req->arena, err) &&
           provider_reply(req, status, provider, err);
}

static struct key_change change_of(const struct request *req)
{
    const struct key_input *input = req->input;
    struct key_change change = {.key = input->key,
                                .session_token = input->session_token,
                                .weight = input->weight,
                                .is_enabled = input->is_enabled};

    change.has = (request_present(req, INPUT_KEY) ? KEY_HAS_KEY : 0U) |
                 (request_present(req, INPUT_WEIGHT) ? KEY_HAS_WEIGHT : 0U) |
                 (request_present(req, INPUT_ENABLED) ? KEY_HAS_ENABLED : 0U);
    return change;
}

static bool add(struct request *req, struct error *err)
{
    const struct key_change change = change_of(req);

    return write_key(req, STR_EMPTY, &change, 201, err);
}

static bool change(struct request *req, struct error *err)
{
    const struct key_change changed = change_of(req);
    struct str key;

    return request_path_id(req, "key_id", &key, err) && write_key(req, key, &changed, 200, err);
}

static bool remove_one(struct request *req, struct error *err)
{
    struct str key;

    return request_path_id(req, "key_id", &key, err) && write_key(req, key, NULL, 200, err);
}

#define KEYS "/api/v1/providers/{id}/keys"

const struct http_route key_routes[] = {
    {.method = "POST",
     .path = KEYS,
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = KIB(16),
     .handler = add,
     .in = &new_key_shape,
     .out = &provider_view_shape,
     .summary = "Add a key to a provider; calls are made with all of them, by weight; 8 at most",
     .tag = "providers"},
    {.method = "PATCH",
     .path = KEYS "/{key_id}",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = KIB(16),
     .handler = change,
     .in = &key_change_shape,
     .out = &provider_view_shape,
     .summary = "Replace a key, weigh it, switch it off, or try a rejected one again",
     .tag = "providers"},
    {.method = "DELETE",
     .path = KEYS "/{key_id}",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = remove_one,
     .out = &provider_view_shape,
     .summary = "Take a key away; 409 while calls under way need it",
     .tag = "providers"},
    {0        },
};
