#include "account/account_private.h"

/* ---- shapes ---- */

struct token {
    struct str id, name, hint;
    struct text_list scopes;
    int64_t created_at_ms, last_used_at_ms, expires_at_ms;
    struct str secret; /* of a NewToken alone */
};

/* NewToken is a Token and one field more. */
#define TOKEN_FIELDS                                                                               \
    {"id", FIELD_ID, offsetof(struct token, id), FIELD_REQUIRED, 0, 0,                             \
     NULL, NULL,     "The token's id."},                                                           \
        {"name", FIELD_TEXT,       offsetof(struct token, name), FIELD_REQUIRED, 0, 0, NULL,       \
         NULL,   "What it is for."},                                                               \
        {"hint", FIELD_TEXT, offsetof(struct token, hint), FIELD_REQUIRED, 0, 0,                   \
         NULL,   NULL,       "Its last four characters."},                                         \
        {"scopes",       FIELD_TEXTS, offsetof(struct token, scopes),                              \
         FIELD_REQUIRED, 0,           0,                                                           \
         NULL,           NULL,        "What it may do: read, write, generate, admin."},            \
        {"created_at",   FIELD_TIME, offsetof(struct token, created_at_ms),                        \
         FIELD_REQUIRED, 0,          0,                                                            \
         NULL,           NULL,       "When it was made."},                                         \
        {"last_used_at",                                                                           \
         FIELD_TIME,                                                                               \
         offsetof(struct token, last_used_at_ms),                                                  \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                          \
         0,                                                                                        \
         0,                                                                                        \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "To the minute; null: never."},                                                           \
    {                                                                                              \
        "expires_at", FIELD_TIME, offsetof(struct token, expires_at_ms),                           \
            FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL, "When it ends; null: never."        \
    }

static const struct field token_fields[] = {TOKEN_FIELDS};
static const struct shape token_shape = SHAPE("Token", struct token, token_fields);

static const struct field new_token_fields[] = {
    TOKEN_FIELDS,
    {"token", FIELD_TEXT, offsetof(struct token, secret), FIELD_REQUIRED, 0, 0, NULL, NULL,
      "The token itself, for `Authorization: Bearer`; shown this once."},
};
static const struct shape new_token_shape = SHAPE("NewToken", struct token, new_token_fields);

struct token_page {
    struct list items;
};
static const struct field token_page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct token_page, items), FIELD_REQUIRED, 0, 0, &token_shape,
     NULL, "Newest first; 100 at most."},
};
static const struct shape token_page_shape =
    SHAPE("TokenList", struct token_page, token_page_fields);

struct token_input {
    struct str name;
    struct text_list scopes;
    int64_t expires_at_ms;
};
static const struct field token_input_fields[] = {
    {"name",       FIELD_TEXT,  offsetof(struct token_input, name),          FIELD_REQUIRED, 1,
     TOKEN_NAME_MAX_CHARS,                                                                         NULL, NULL, "What it is for."                     },
    {"scopes",     FIELD_TEXTS, offsetof(struct token_input, scopes),        FIELD_REQUIRED, 1, 4, NULL, NULL,
     "What it may do: read, write, generate, admin."                                                                                                 },
    {"expires_at", FIELD_TIME,  offsetof(struct token_input, expires_at_ms), FIELD_NULLABLE, 0, 0,
     NULL,                                                                                               NULL, "When it ends; null or absent: never."},
};
static const struct shape token_input_shape =
    SHAPE("TokenInput", struct token_input, token_input_fields);

/* ---- handlers ---- */

static struct token present(const struct token_row *row, struct arena *arena)
{
    return (struct token){
        .id = row->public_id,
        .name = row->name,
        .hint = row->hint,
        .scopes = account_scope_names(row->scopes, arena),
        .created_at_ms = row->created_at_ms,
        .last_used_at_ms = row->last_used_at_ms,
        .expires_at_ms = row->expires_at_ms,
    };
}

static bool list(struct request *req, struct error *err)
{
    struct token_row *rows;
    struct token *items;
    size_t count;

    if (!token_store_list(req->db, req->user.id, req->arena, &rows, &count, err))
        return false;
    items = ARENA_ARRAY(req->arena, struct token, count);
    for (size_t i = 0; i < count; i++)
        items[i] = present(&rows[i], req->arena);
    return http_reply(req, 200,
                      &(struct token_page){
                          .items = {.items = items, .count = count}
    },
                      err);
}

static bool create(struct request *req, struct error *err)
{
    const struct account *account = app_account(req->app);
    const struct token_input *input = req->input;
    struct account_token_order order = {.name = input->name, .expires_at_ms = input->expires_at_ms};
    struct token_row row;
    struct str secret;
    struct token token;

    if (!account_scopes_check(&input->scopes, req->user.role, &order.scopes, err) ||
        !token_issue(account->pool, account->clock, account->random, req->user.id, &order,
                     req->remote_ip, req->arena, &row, &secret, err))
        return false;
    token = present(&row, req->arena);
    token.secret = secret;
    return http_reply(req, 201, &token, err);
}

static bool delete (struct request *req, struct error *err)
{
    struct str public_id;
    struct token_row token;

    if (!request_path_id(req, "id", &public_id, err) ||
        !token_store_find_id(req->db, req->user.id, public_id, req->arena, &token, err) ||
        !token_revoke(app_account(req->app), &token, req->remote_ip, err))
        return false;
    http_streams_close_session(req->server, req->user.id, 0, token.id);
    return http_reply_empty(req, 204, err);
}

const struct http_route token_routes[] = {
    {.method = "GET",
     .path = "/api/v1/tokens",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .handler = list,
     .out = &token_page_shape,
     .summary = "My API tokens",
     .tag = "tokens"},
    {.method = "POST",
     .path = "/api/v1/tokens",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = create,
     .in = &token_input_shape,
     .out = &new_token_shape,
     .summary = "Make an API token; it is shown in this answer only",
     .tag = "tokens"},
    {.method = "DELETE",
     .path = "/api/v1/tokens/{id}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .handler = delete,
     .summary = "End one of my API tokens",
     .tag = "tokens"},
    {0},
};
