#include "account/account_private.h"

#include "core/text.h"

/* ---- shapes ---- */

struct setup_state {
    bool is_needed;
};
static const struct field setup_state_fields[] = {
    {"is_needed", FIELD_BOOL, offsetof(struct setup_state, is_needed), FIELD_REQUIRED, 0, 0, NULL,
     NULL, "True until an owner can log in."},
};
static const struct shape setup_state_shape =
    SHAPE("Setup", struct setup_state, setup_state_fields);

static const char *const languages[] = {"", "en", "zh-CN", NULL};
static const char *const themes[] = {"light", "dark", "system", NULL};
static const char *const start_pages[] = {"", "generate", "library", "queue", NULL};
static const char *const role_names[] = {"viewer", "member", "admin", "owner", NULL};

struct setup_input {
    struct str token, name, password, language;
};
static const struct field setup_input_fields[] = {
    {"token",    FIELD_TEXT, offsetof(struct setup_input, token),    FIELD_REQUIRED | FIELD_SECRET, 1,
     100,                                                                                                                  NULL, NULL,      "From the one-time link /setup/TOKEN."},
    {"name",     FIELD_TEXT, offsetof(struct setup_input, name),     FIELD_REQUIRED,                1, NAME_MAX_CHARS,
     NULL,                                                                                                                       NULL,      "The owner's name for logging in."    },
    {"password", FIELD_TEXT, offsetof(struct setup_input, password), FIELD_REQUIRED | FIELD_SECRET,
     PASSWORD_MIN_CHARS,                                                                               PASSWORD_MAX_CHARS, NULL, NULL,
     "Any characters; the commonest passwords are refused."                                                                                                                       },
    {"language", FIELD_ENUM, offsetof(struct setup_input, language), 0,                             0, 0,                  NULL, languages,
     "Of the page; empty: the browser's."                                                                                                                                         },
};
static const struct shape setup_input_shape =
    SHAPE("SetupInput", struct setup_input, setup_input_fields);

struct login_input {
    struct str name, password;
};
static const struct field login_input_fields[] = {
    {"name",     FIELD_TEXT, offsetof(struct login_input, name),     FIELD_REQUIRED,                1, NAME_MAX_CHARS,
     NULL,                                                                                                                       NULL, "The user's name; ASCII case does not matter."},
    {"password", FIELD_TEXT, offsetof(struct login_input, password), FIELD_REQUIRED | FIELD_SECRET,
     1,                                                                                                PASSWORD_MAX_CHARS, NULL, NULL, "The password."                               },
};
static const struct shape login_input_shape =
    SHAPE("LoginInput", struct login_input, login_input_fields);

static const struct field shortcut_fields[] = {
    {"command", FIELD_TEXT,  offsetof(struct shortcut, command), FIELD_REQUIRED, 1,
     SHORTCUT_COMMAND_MAX_CHARS,                                                                       NULL, NULL, "A command of the page, as \"library.star\"."},
    {"keys",    FIELD_TEXTS, offsetof(struct shortcut, keys),    FIELD_REQUIRED, 0, SHORTCUT_KEYS_MAX,
     NULL,                                                                                                   NULL,
     "Instead of its own: \"Mod+Shift+Enter\", \"G L\" (one after the other), \".\"; none: no "
     "key."                                                                                                                                                     },
};
static const struct shape shortcut_shape = SHAPE("Shortcut", struct shortcut, shortcut_fields);

/* How the shortcuts of a person are kept in their row. */
struct shortcut_book {
    struct list items;
};
static const struct field shortcut_book_fields[] = {
    {"items", FIELD_LIST, offsetof(struct shortcut_book, items), FIELD_REQUIRED, 0, SHORTCUTS_MAX,
     &shortcut_shape, NULL, "All."},
};
static const struct shape shortcut_book_shape =
    SHAPE("ShortcutBook", struct shortcut_book, shortcut_book_fields);

struct me {
    struct str id, name, role, language, theme, start_page;
    bool has_letter_keys;
    int64_t created_at_ms;
    struct text_list scopes;
    struct list shortcuts;
};
static const struct field me_fields[] = {
    {"id",          FIELD_ID,    offsetof(struct me, id),              FIELD_REQUIRED, 0, 0, NULL,            NULL,       "The user's id."                       },
    {"name",        FIELD_TEXT,  offsetof(struct me, name),            FIELD_REQUIRED, 0, 0, NULL,            NULL,
     "The user's name."                                                                                                                                          },
    {"role",        FIELD_ENUM,  offsetof(struct me, role),            FIELD_REQUIRED, 0, 0, NULL,            role_names,
     "What the user may do."                                                                                                                                     },
    {"language",    FIELD_TEXT,  offsetof(struct me, language),        FIELD_REQUIRED, 0, 0, NULL,            NULL,
     "Of the page: en or zh-CN; empty: the browser's."                                                                                                           },
    {"theme",       FIELD_ENUM,  offsetof(struct me, theme),           FIELD_REQUIRED, 0, 0, NULL,            themes,
     "Of the page."                                                                                                                                              },
    {"start_page",  FIELD_TEXT,  offsetof(struct me, start_page),      FIELD_REQUIRED, 0, 0, NULL,            NULL,
     "Where the page begins: generate, library or queue; empty: generate."                                                                                       },
    {"letter_keys", FIELD_BOOL,  offsetof(struct me, has_letter_keys), FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                                "Whether single letters are shortcuts."},
    {"shortcuts",   FIELD_LIST,  offsetof(struct me, shortcuts),       FIELD_REQUIRED, 0, 0, &shortcut_shape,
     NULL,                                                                                                                "The commands whose keys were changed."},
    {"created_at",  FIELD_TIME,  offsetof(struct me, created_at_ms),   FIELD_REQUIRED, 0, 0, NULL,            NULL,
     "When the user was made."                                                                                                                                   },
    {"scopes",      FIELD_TEXTS, offsetof(struct me, scopes),          FIELD_REQUIRED, 0, 0, NULL,            NULL,
     "What this request's session or token may do: read, write, generate, admin."                                                                                },
};
static const struct shape me_shape = SHAPE("Me", struct me, me_fields);

struct me_change {
    struct str language, theme, start_page;
    bool has_letter_keys;
    struct list shortcuts;
};
enum {
    ME_CHANGE_LANGUAGE,
    ME_CHANGE_THEME,
    ME_CHANGE_START_PAGE,
    ME_CHANGE_LETTER_KEYS,
    ME_CHANGE_SHORTCUTS
};
static const struct field me_change_fields[] = {
    [ME_CHANGE_LANGUAGE] = {"language",    FIELD_ENUM, offsetof(struct me_change, language),        0, 0, 0,
                            NULL,                                                                                              languages,   "Of the page; empty: the browser's."     },
    [ME_CHANGE_THEME] = {"theme",       FIELD_ENUM, offsetof(struct me_change, theme),           0, 0, 0,             NULL,
                            themes,                                                                                                         "Of the page."                           },
    [ME_CHANGE_START_PAGE] = {"start_page",  FIELD_ENUM, offsetof(struct me_change, start_page),      0,
                            0,                                                                            0,             NULL, start_pages, "Where the page begins; empty: generate."},
    [ME_CHANGE_LETTER_KEYS] = {"letter_keys", FIELD_BOOL,
                            offsetof(struct me_change,                            has_letter_keys), 0, 0, 0,             NULL, NULL,
                            "Whether single letters are shortcuts."                                                                                                                  },
    [ME_CHANGE_SHORTCUTS] =
        {"shortcuts",   FIELD_LIST, offsetof(struct me_change, shortcuts),       0, 0, SHORTCUTS_MAX,
                            &shortcut_shape,                                                                                   NULL,
                            "All commands whose keys differ from the page's own; replaces those before."                                                                             },
};
static const struct shape me_change_shape = SHAPE("MeChange", struct me_change, me_change_fields);

struct password_input {
    struct str current, password;
};
static const struct field password_input_fields[] = {
    {"current",  FIELD_TEXT, offsetof(struct password_input, current),  FIELD_REQUIRED | FIELD_SECRET,
     1,                                                                                                                    PASSWORD_MAX_CHARS, NULL, NULL,
     "The password so far; with an admin key and no password yet: the key."},
    {"password", FIELD_TEXT, offsetof(struct password_input, password),
     FIELD_REQUIRED | FIELD_SECRET,                                                                    PASSWORD_MIN_CHARS, PASSWORD_MAX_CHARS, NULL, NULL,
     "The new one; every other session ends."                              },
};
static const struct shape password_input_shape =
    SHAPE("PasswordInput", struct password_input, password_input_fields);

struct login_session {
    struct str id, agent, ip;
    int64_t created_at_ms, last_seen_at_ms, expires_at_ms;
    bool is_current;
};
static const struct field login_session_fields[] = {
    {"id",           FIELD_ID,   offsetof(struct login_session, id),              FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The session's id."                                                                                                                                                                      },
    {"created_at",   FIELD_TIME, offsetof(struct login_session, created_at_ms),   FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                    NULL, "When it logged in."                                                      },
    {"last_seen_at", FIELD_TIME, offsetof(struct login_session, last_seen_at_ms), FIELD_REQUIRED, 0,
     0,                                                                                                 NULL, NULL, "Its last request, to the minute."                                        },
    {"expires_at",   FIELD_TIME, offsetof(struct login_session, expires_at_ms),   FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                    NULL, "When it ends whatever its use; 14 days without a request end it earlier."},
    {"agent",        FIELD_TEXT, offsetof(struct login_session, agent),           FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The browser, as it calls itself."                                                                                                                                                       },
    {"ip",           FIELD_TEXT, offsetof(struct login_session, ip),              FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The address it logged in from."                                                                                                                                                         },
    {"is_current",   FIELD_BOOL, offsetof(struct login_session, is_current),      FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                    NULL, "True for the session that asks."                                         },
};
static const struct shape login_session_shape =
    SHAPE("LoginSession", struct login_session, login_session_fields);

struct session_page {
    struct list items;
};
static const struct field session_page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct session_page, items), FIELD_REQUIRED, 0, 0,
     &login_session_shape, NULL, "Newest first; 50 at most."},
};
static const struct shape session_page_shape =
    SHAPE("LoginSessionList", struct session_page, session_page_fields);

struct revoked {
    int64_t count;
};
static const struct field revoked_fields[] = {
    {"count", FIELD_INT, offsetof(struct revoked, count), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "How many sessions ended."},
};
static const struct shape revoked_shape = SHAPE("Revoked", struct revoked, revoked_fields);

/* ---- cookies ---- */

#define DEVICE_MAX_AGE_S (365 * 24 * 60 * 60)

static bool is_over_tls(const struct request *req)
{
    return str_starts_with(req->origin, STR("https:"));
}

static struct str device_cookie_name(const struct request *req)
{
    return is_over_tls(req) ? STR("__Host-device") : STR("device");
}

static struct visitor visitor_of(struct request *req)
{
    struct str agent = request_header(req, "User-Agent");

    return (struct visitor){
        .ip = req->remote_ip,
        .agent = text_is_utf8(agent) ? text_clip(agent, AGENT_SIZE_MAX) : STR("?"),
        .device = request_cookie(req, arena_cstr(req->arena, device_cookie_name(req))),
        .session_id = req->user.session_id,
        .session_user_id = req->user.session_id == 0 ? 0 : req->user.id,
        .now_ms = req->now_ms,
    };
}

static void set_cookies(struct request *req, const struct sign_in *sign_in)
{
    struct str name = device_cookie_name(req);

    if (sign_in->session_token.size == 0)
        return;
    http_reply_session(req, sign_in->session_token, sign_in->session_max_age_s);
    http_reply_header(req, "Set-Cookie",
                      arena_printf(req->arena,
                                   "%.*s=%.*s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                                   STR_ARGS(name), STR_ARGS(sign_in->device), DEVICE_MAX_AGE_S,
                                   is_over_tls(req) ? "; Secure" : ""));
}

/* ---- set-up, log in, log out ---- */

/* What cannot be read (there is no such row) would lock its owner out of the page: they get none.
 */
static struct list read_shortcuts(struct str text, struct arena *arena)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct shortcut_book book;
    struct error err = {0};

    if (text.size == 0 || !json_read(text, &json, &err) ||
        !shape_read(&shortcut_book_shape, json, arena, &book, NULL, &err))
        return (struct list){0};
    return book.items;
}

static struct str write_shortcuts(struct list items, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct json_writer writer;

    json_writer_init(&writer, &text);
    shape_write(&shortcut_book_shape, &(struct shortcut_book){.items = items}, &writer);
    return arena_str(arena, buf_str(&text));
}

static bool reply_me(struct request *req, const struct user_row *user, unsigned scopes,
                     struct error *err)
{
    const struct me me = {
        .id = user->public_id,
        .name = user->name,
        .role = str_of(account_role_name(user->role)),
        .language = user->language,
        .theme = user->theme,
        .start_page = user->start_page,
        .has_letter_keys = user->has_letter_keys,
        .shortcuts = read_shortcuts(user->shortcuts, req->arena),
        .created_at_ms = user->created_at_ms,
        .scopes = account_scope_names(scopes, req->arena),
    };

    return http_reply(req, 200, &me, err);
}

/* The session this browser had is gone; its event streams go with it (S23). */
static void close_streams(struct request *req, const struct visitor *visitor)
{
    if (visitor->session_id != 0)
        http_streams_close_session(req->server, visitor->session_user_id, visitor->session_id, 0);
}

/* And those of the person's sessions that went beside it. */
static void close_ended_streams(struct request *req, int64_t user_id,
                                const struct session_ids *ended)
{
    for (size_t i = 0; i < ended->count; i++)
        http_streams_close_session(req->server, user_id, ended->items[i], 0);
}

static bool show_setup(struct request *req, struct error *err)
{
    struct setup_state state;

    if (!account_setup_is_needed(app_account(req->app), req->db, req->arena, &state.is_needed, err))
        return false;
    return http_reply(req, 200, &state, err);
}

static bool set_up(struct request *req, struct error *err)
{
    const struct setup_input *input = req->input;
    struct visitor visitor = visitor_of(req);
    struct sign_in sign_in;

    if (!account_set_up(app_account(req->app), &visitor, input->token, input->name, input->password,
                        input->language, req->arena, &sign_in, err))
        return false;
    close_streams(req, &visitor);
    close_ended_streams(req, sign_in.user.id, &sign_in.ended);
    set_cookies(req, &sign_in);
    return reply_me(req, &sign_in.user, account_role_scopes(sign_in.user.role), err);
}

static bool log_in(struct request *req, struct error *err)
{
    const struct login_input *input = req->input;
    struct visitor visitor = visitor_of(req);
    struct sign_in sign_in;

    if (!account_login(app_account(req->app), req->db, &visitor, input->name, input->password,
                       req->arena, &sign_in, err))
        return false;
    close_streams(req, &visitor);
    close_ended_streams(req, sign_in.user.id, &sign_in.ended);
    set_cookies(req, &sign_in);
    return reply_me(req, &sign_in.user, account_role_scopes(sign_in.user.role), err);
}

static bool log_out(struct request *req, struct error *err)
{
    struct visitor visitor = visitor_of(req);

    if (!account_end_session(app_account(req->app), &visitor, AUDIT_LOGOUT, req->user.id,
                             req->user.session_id, req->user.name, err))
        return false;
    close_streams(req, &visitor);
    http_reply_session(req, STR_EMPTY, 0);
    return http_reply_empty(req, 204, err);
}

/* ---- me ---- */

static bool show_me(struct request *req, struct error *err)
{
    struct user_row user;

    if (!user_store_find(req->db, req->user.id, req->arena, &user, err))
        return false;
    return reply_me(req, &user, req->user.scopes, err);
}

static bool change_me(struct request *req, struct error *err)
{
    const struct me_change *input = req->input;
    struct preferences change = {.user_id = req->user.id};
    struct user_row user;
    struct str shortcuts;

    if (request_present(req, ME_CHANGE_LANGUAGE))
        change.language = &input->language;
    if (request_present(req, ME_CHANGE_THEME))
        change.theme = &input->theme;
    if (request_present(req, ME_CHANGE_START_PAGE))
        change.start_page = &input->start_page;
    if (request_present(req, ME_CHANGE_LETTER_KEYS))
        change.has_letter_keys = &input->has_letter_keys;
    if (request_present(req, ME_CHANGE_SHORTCUTS)) {
        if (!account_shortcuts_check(input->shortcuts.items, input->shortcuts.count, err))
            return false;
        shortcuts = write_shortcuts(input->shortcuts, req->arena);
        change.shortcuts = &shortcuts;
    }
    return account_set_preferences(app_account(req->app), &change, req->arena, &user, err) &&
           reply_me(req, &user, req->user.scopes, err);
}

static bool change_password(struct request *req, struct error *err)
{
    const struct password_input *input = req->input;
    struct visitor visitor = visitor_of(req);
    struct sign_in sign_in;

    if (!account_change_password(app_account(req->app), req->db, &visitor, req->user.id,
                                 input->current, input->password, req->arena, &sign_in, err))
        return false;
    close_ended_streams(req, req->user.id, &sign_in.ended);
    set_cookies(req, &sign_in);
    return http_reply_empty(req, 204, err);
}

/* ---- sessions ---- */

static bool list_sessions(struct request *req, struct error *err)
{
    struct session_row *rows;
    struct login_session *items;
    size_t count;

    if (!account_list_sessions(app_account(req->app), req->db, req->user.id, req->now_ms,
                               req->arena, &rows, &count, err))
        return false;
    items = ARENA_ARRAY(req->arena, struct login_session, count);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct login_session){
            .id = rows[i].public_id,
            .agent = rows[i].agent,
            .ip = rows[i].ip,
            .created_at_ms = rows[i].created_at_ms,
            .last_seen_at_ms = rows[i].last_seen_at_ms,
            .expires_at_ms = rows[i].expires_at_ms,
            .is_current = rows[i].id == req->user.session_id,
        };
    return http_reply(req, 200,
                      &(struct session_page){
                          .items = {.items = items, .count = count}
    },
                      err);
}

static bool revoke_session(struct request *req, struct error *err)
{
    struct visitor visitor = visitor_of(req);
    struct str public_id;
    int64_t session_id;

    if (!request_path_id(req, "id", &public_id, err) ||
        !session_store_find_id(req->db, req->user.id, public_id, &session_id, err) ||
        !account_end_session(app_account(req->app), &visitor, AUDIT_SESSION_REVOKED, req->user.id,
                             session_id, public_id, err))
        return false;
    http_streams_close_session(req->server, req->user.id, session_id, 0);
    if (session_id == req->user.session_id)
        http_reply_session(req, STR_EMPTY, 0);
    return http_reply_empty(req, 204, err);
}

static bool revoke_other_sessions(struct request *req, struct error *err)
{
    struct visitor visitor = visitor_of(req);
    struct session_ids ended;

    if (!account_end_other_sessions(app_account(req->app), &visitor, req->user.id, &ended, err))
        return false;
    close_ended_streams(req, req->user.id, &ended);
    return http_reply(req, 200, &(struct revoked){.count = (int64_t)ended.count}, err);
}

#define API "/api/v1"

const struct http_route account_routes[] = {
    {.method = "GET",
     .path = API "/setup",
     .access = ACCESS_PUBLIC,
     .handler = show_setup,
     .flags = HTTP_QUICK,
     .out = &setup_state_shape,
     .summary = "Does an owner have to be made first?",
     .tag = "auth"},
    {.method = "POST",
     .path = API "/setup",
     .access = ACCESS_PUBLIC,
     .body = BODY_JSON,
     .limit = KIB(8),
     .handler = set_up,
     .in = &setup_input_shape,
     .out = &me_shape,
     .summary = "Make the owner, once, by the link printed at start; logs in",
     .tag = "auth",
     .cost = 20},
    {.method = "POST",
     .path = API "/auth/login",
     .access = ACCESS_PUBLIC,
     .body = BODY_JSON,
     .limit = KIB(8),
     .handler = log_in,
     .in = &login_input_shape,
     .out = &me_shape,
     .summary = "Log in; sets the session cookie",
     .tag = "auth",
     .cost = 10},
    {.method = "POST",
     .path = API "/auth/logout",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .handler = log_out,
     .summary = "End this session",
     .tag = "auth"},
    {.method = "GET",
     .path = API "/me",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show_me,
     .flags = HTTP_QUICK,
     .out = &me_shape,
     .summary = "Who is asking, and what they may do",
     .tag = "me"},
    {.method = "PATCH",
     .path = API "/me",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .body = BODY_JSON,
     .limit = KIB(64),
     .handler = change_me,
     .in = &me_change_shape,
     .out = &me_shape,
     .summary = "Change language, theme, start page or keys",
     .tag = "me"},
    {.method = "POST",
     .path = API "/me/password",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .body = BODY_JSON,
     .limit = KIB(8),
     .handler = change_password,
     .in = &password_input_shape,
     .summary = "Change the password; ends every other session",
     .tag = "me",
     .cost = 20},
    {.method = "GET",
     .path = API "/me/sessions",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .handler = list_sessions,
     .out = &session_page_shape,
     .summary = "Where I am logged in",
     .tag = "me"},
    {.method = "DELETE",
     .path = API "/me/sessions/{id}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .handler = revoke_session,
     .summary = "End one of my sessions",
     .tag = "me"},
    {.method = "POST",
     .path = API "/me/sessions/revoke-others",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_SESSION,
     .handler = revoke_other_sessions,
     .out = &revoked_shape,
     .summary = "End all my sessions but this one",
     .tag = "me"},
    {0                                                },
};
