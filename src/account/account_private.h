/* account/account_private.h: what the files of the room share: rows, rules, SQL, the service. */
#pragma once

#include "account/account.h"
#include "account/hash_gate.h"
#include "account/login_limit.h"
#include "core/hash.h"
#include "core/id.h"

#include <pthread.h>

#define USERS_MAX 1000
#define NAME_MAX_CHARS 64
#define PASSWORD_MIN_CHARS 10
#define PASSWORD_MAX_CHARS 256
#define ADMIN_KEY_MIN_CHARS 12
#define TOKEN_NAME_MAX_CHARS 80
#define TOKENS_PER_USER_MAX 100
#define SESSIONS_PER_USER_MAX 50
#define AGENT_SIZE_MAX 200
#define SHORTCUTS_MAX 200
#define SHORTCUT_COMMAND_MAX_CHARS 60
#define SHORTCUT_KEYS_MAX 5
#define SHORTCUT_KEY_MAX_CHARS 40
#define DEVICE_KEY_SIZE 32
#define TOUCH_MS ((int64_t)60 * 1000) /* last_seen and last_used are written this often at most */
#define OWNER_NAME "admin"            /* of an owner made without being asked for a name */
#define TOKEN_PREFIX "vit"

/* ---- rows ---- */

struct user_row {
    int64_t id;
    struct str public_id, name;
    struct str password;   /* PHC; empty: none */
    struct str device_key; /* DEVICE_KEY_SIZE bytes */
    enum http_role role;
    struct str language, theme, start_page;
    struct str shortcuts; /* JSON as account_http.c writes it; empty: none */
    bool has_letter_keys;
    bool is_disabled;
    int64_t created_at_ms;
};

/* What of it changes; NULL: stays, whatever it is by then. */
struct preferences {
    int64_t user_id;
    const struct str *language, *theme, *start_page, *shortcuts;
    const bool *has_letter_keys;
};

struct session_row {
    int64_t id, user_id;
    struct str public_id;
    struct sha256 token_hash; /* written, never read back */
    struct str agent, ip;
    int64_t created_at_ms, last_seen_at_ms, expires_at_ms;
};

/* Sessions that a transaction removed: whoever ran it closes their event streams. */
struct session_ids {
    int64_t items[SESSIONS_PER_USER_MAX];
    size_t count;
};

struct token_row {
    int64_t id, user_id;
    struct str public_id, name;
    struct sha256 token_hash; /* written, never read back */
    struct str hint;
    unsigned scopes;
    int64_t created_at_ms, last_used_at_ms, expires_at_ms; /* 0: never */
};

enum audit_event {
    AUDIT_LOGIN,
    AUDIT_LOGIN_FAILED,
    AUDIT_LOGOUT,
    AUDIT_SETUP,
    AUDIT_PASSWORD_CHANGED,
    AUDIT_SESSION_REVOKED,
    AUDIT_TOKEN_CREATED,
    AUDIT_TOKEN_DELETED,
};

struct audit_row {
    int64_t at_ms;
    int64_t user_id; /* 0: nobody we know */
    enum audit_event event;
    struct str subject, ip;
    struct id id;
};

/* ---- rules: account.c ---- */

/* The name as it is compared, in `arena`. */
struct str account_name_key(struct str name, struct arena *arena);
/* 1-64 characters, no control characters, no white space at the ends.  Fails naming `field`. */
MUST_CHECK bool account_name_check(struct str name, struct error *err);
/* 10-256 characters, none of the commonest, not the name, no row of keys.  Fails naming "password".
 */
MUST_CHECK bool account_password_check(struct str password, struct str name, struct error *err);
const char *account_role_name(enum http_role role);
MUST_CHECK bool account_role_read(struct str text, enum http_role *out);
unsigned account_role_scopes(enum http_role role); /* without SCOPE_SESSION */
/* Names of the bits, in `arena`; SCOPE_SESSION has none. */
struct text_list account_scope_names(unsigned scopes, struct arena *arena);
/* Fails naming the item: NOT_IN_LIST; FORBIDDEN for what the role does not have. */
MUST_CHECK bool account_scopes_check(const struct text_list *names, enum http_role role,
                                     unsigned *out, struct error *err);
/* Is a session with these times alive?  Both limits count. */
bool account_session_is_alive(int64_t last_seen_at_ms, int64_t expires_at_ms, int64_t idle_ms,
                              int64_t now_ms);
const char *account_audit_name(enum audit_event event);

/* A command of the page and the keys that a person gave it; none: it has no key. */
struct shortcut {
    struct str command;
    struct text_list keys;
};
/*
 * Each command once, each key of 1-40 characters once within it; the page alone knows which there
 * are.  Fails naming the item: INVALID, TOO_SHORT, TOO_LONG.
 */
MUST_CHECK bool account_shortcuts_check(const struct shortcut *items, size_t count,
                                        struct error *err);

/*
 * The cookie of a known device: says that this browser has logged in to the account before, opens
 * nothing.  "ID.NONCE.MAC" with the user's device key, which changes with the password.
 */
struct str account_device_make(const struct user_row *user, const struct random *random,
                               struct arena *arena);
bool account_device_is_known(const struct user_row *user, struct str cookie, struct arena *arena);

/* ---- SQL: user_store.c, session_store.c, token_store.c.  Fails: as db_query() or db_exec(). ----
 */

/* Fails: NOT_FOUND as well, all three. */
MUST_CHECK bool user_store_find(struct db *db, int64_t user_id, struct arena *arena,
                                struct user_row *out, struct error *err);
MUST_CHECK bool user_store_find_by_name(struct db *db, struct str name_key, struct arena *arena,
                                        struct user_row *out, struct error *err);
MUST_CHECK bool user_store_find_owner(struct db *db, struct arena *arena, struct user_row *out,
                                      struct error *err);
MUST_CHECK bool user_store_add(struct db *db, const struct user_row *user, struct str name_key,
                               int64_t *user_id, struct error *err);
/* Completes an owner without a password.  CONFLICT when there is one by now, or the name is taken.
 */
MUST_CHECK bool user_store_complete(struct db *db, const struct user_row *user, struct str name_key,
                                    struct error *err);
/* CONFLICT when the password is no longer `old_password` (empty: none). */
MUST_CHECK bool user_store_set_password(struct db *db, int64_t user_id, struct str old_password,
                                        struct str password, struct str device_key,
                                        struct error *err);
MUST_CHECK bool user_store_set_preferences(struct db *db, const struct preferences *change,
                                           struct error *err);
MUST_CHECK bool audit_store_add(struct db *db, const struct audit_row *row, struct error *err);

MUST_CHECK bool session_store_add(struct db *db, const struct session_row *session,
                                  struct error *err);
/* NOT_FOUND for a hash that opens nothing. */
MUST_CHECK bool session_store_find(struct db *db, const struct sha256 *token_hash,
                                   struct arena *arena, struct session_row *session,
                                   struct user_row *user, struct error *err);
/* The living ones, newest first. */
MUST_CHECK bool session_store_list(struct db *db, int64_t user_id, int64_t seen_after_ms,
                                   int64_t now_ms, struct arena *arena, struct session_row **items,
                                   size_t *count, struct error *err);
/* NOT_FOUND when the user has no such session. */
MUST_CHECK bool session_store_find_id(struct db *db, int64_t user_id, struct str public_id,
                                      int64_t *session_id, struct error *err);
/* No row is no error: ending twice is ending. */
MUST_CHECK bool session_store_remove(struct db *db, int64_t user_id, int64_t session_id,
                                     struct error *err);
MUST_CHECK bool session_store_remove_others(struct db *db, int64_t user_id, int64_t session_id,
                                            struct session_ids *removed, struct error *err);
MUST_CHECK bool session_store_remove_dead(struct db *db, int64_t user_id, int64_t seen_after_ms,
                                          int64_t now_ms, struct error *err);
/* All but the `keep` last used. */
MUST_CHECK bool session_store_remove_most(struct db *db, int64_t user_id, int64_t keep,
                                          struct session_ids *removed, struct error *err);
/* Another token and a new end: the password was given again. */
MUST_CHECK bool session_store_renew(struct db *db, int64_t user_id, int64_t session_id,
                                    const struct sha256 *token_hash, int64_t expires_at_ms,
                                    struct error *err);
MUST_CHECK bool session_store_touch(struct db *db, int64_t session_id, int64_t now_ms,
                                    struct error *err);

MUST_CHECK bool token_store_add(struct db *db, const struct token_row *token, struct error *err);
MUST_CHECK bool token_store_find(struct db *db, const struct sha256 *token_hash,
                                 struct arena *arena, struct token_row *token,
                                 struct user_row *user, struct error *err);
/* All of the user's, newest first; there are TOKENS_PER_USER_MAX at most. */
MUST_CHECK bool token_store_list(struct db *db, int64_t user_id, struct arena *arena,
                                 struct token_row **items, size_t *count, struct error *err);
MUST_CHECK bool token_store_count(struct db *db, int64_t user_id, int64_t *count,
                                  struct error *err);
/* NOT_FOUND when the user has no such token. */
MUST_CHECK bool token_store_find_id(struct db *db, int64_t user_id, struct str public_id,
                                    struct arena *arena, struct token_row *out, struct error *err);
MUST_CHECK bool token_store_remove(struct db *db, int64_t user_id, int64_t token_id,
                                   struct error *err);
MUST_CHECK bool token_store_touch(struct db *db, int64_t token_id, int64_t now_ms,
                                  struct error *err);

/* ---- the service ---- */

#define CREDENTIALS_KEPT 256

/* How a secret came in: what opens as a bearer opens nothing as a cookie (S18). */
enum credential_kind { BY_SESSION, BY_TOKEN, BY_ADMIN_KEY };

/* What a session or token opens, as credentials.c keeps it between requests. */
struct credential {
    enum credential_kind kind;
    struct sha256 hash;
    int64_t until_mono_ms; /* 0: an empty place */
    int64_t user_id, session_id, token_id;
    char public_id[ID_SIZE + 1];
    char name[NAME_MAX_CHARS * 4 + 1];
    enum http_role role;
    unsigned scopes;
    int64_t touched_at_ms; /* last seen, last used */
    int64_t expires_at_ms; /* 0: never */
};

struct account {
    struct db_pool *pool;
    const struct clock *clock;
    const struct random *random;
    int64_t session_idle_ms, session_total_ms;
    bool has_admin_key;
    struct sha256 admin_key_hash; /* of VITRINE_ADMIN_KEY */
    struct login_limit *limit;
    struct hash_gate *gate;

    pthread_mutex_t lock; /* guards what follows; a leaf: nothing else is taken under it */
    struct sha256 setup_hash;
    int64_t setup_until_mono_ms; /* 0: there is no link */
    uint64_t epoch;              /* grows whenever a credential changes */
    struct credential credentials[CREDENTIALS_KEPT];
};

/* A browser at the door: where it comes from and what it brings. */
struct visitor {
    struct str ip, agent;
    struct str device;  /* the device cookie; may be empty */
    int64_t session_id; /* the session it had so far; 0: none */
    int64_t session_user_id;
    int64_t now_ms;
};

struct sign_in {
    struct user_row user;
    struct str session_token; /* for the cookie */
    int64_t session_max_age_s;
    struct str device;        /* for the cookie */
    struct session_ids ended; /* beside the visitor's own */
};

/* sign_in.c.  All fail as db_transact() too.  Any thread but the writer's. */

/* GONE (the link), what the rules refuse, RATE_LIMITED. */
MUST_CHECK bool account_set_up(struct account *account, const struct visitor *visitor,
                               struct str link_token, struct str name, struct str password,
                               struct str language, struct arena *arena, struct sign_in *out,
                               struct error *err);
/* WRONG_LOGIN, RATE_LIMITED. */
MUST_CHECK bool account_login(struct account *account, struct db *db, const struct visitor *visitor,
                              struct str name, struct str password, struct arena *arena,
                              struct sign_in *out, struct error *err);
/*
 * Sets the password, ends every other session, gives the visitor's own (if any) a new token.
 * WRONG_LOGIN with field "current", what the rules refuse, RATE_LIMITED.
 */
MUST_CHECK bool account_change_password(struct account *account, struct db *db,
                                        const struct visitor *visitor, int64_t user_id,
                                        struct str current, struct str password,
                                        struct arena *arena, struct sign_in *out,
                                        struct error *err);

/* tokens.c: as account_token_create(), for `user_id` (0: by order->user), giving the row too. */
MUST_CHECK bool token_issue(struct db_pool *pool, const struct clock *clock,
                            const struct random *random, int64_t user_id,
                            const struct account_token_order *order, struct str ip,
                            struct arena *arena, struct token_row *row, struct str *token,
                            struct error *err);

MUST_CHECK bool token_revoke(struct account *account, const struct token_row *token, struct str ip,
                             struct error *err);

/* sessions.c */

/* The living ones, newest first. */
MUST_CHECK bool account_list_sessions(const struct account *account, struct db *db, int64_t user_id,
                                      int64_t now_ms, struct arena *arena,
                                      struct session_row **items, size_t *count, struct error *err);
/* Ends one; `event` and `subject` are for the record. */
MUST_CHECK bool account_end_session(struct account *account, const struct visitor *visitor,
                                    enum audit_event event, int64_t user_id, int64_t session_id,
                                    struct str subject, struct error *err);
/* Ends all of the user's but the visitor's own. */
MUST_CHECK bool account_end_other_sessions(struct account *account, const struct visitor *visitor,
                                           int64_t user_id, struct session_ids *ended,
                                           struct error *err);
/* Saves what changes and gives the user as it is then, in `arena`. */
MUST_CHECK bool account_set_preferences(struct account *account, const struct preferences *change,
                                        struct arena *arena, struct user_row *out,
                                        struct error *err);

/* service.c */

/* What a new user starts with, in `arena`. */
struct user_row user_make(struct str name, enum http_role role, const struct clock *clock,
                          const struct random *random, struct arena *arena);
/* Inside a transaction: the owner, made without a password when there is none yet. */
MUST_CHECK bool user_find_or_make_owner(struct db *db, const struct user_row *fresh,
                                        struct arena *arena, struct user_row *out,
                                        struct error *err);
/* Does nobody have a way to log in as owner? */
MUST_CHECK bool account_setup_is_needed(struct account *account, struct db *db, struct arena *arena,
                                        bool *is_needed, struct error *err);
/* GONE unless it is the living link's token. */
MUST_CHECK bool account_link_check(struct account *account, struct str token, struct error *err);
void account_link_end(struct account *account);
bool account_key_is_admin(const struct account *account, struct str key);

/* credentials.c: what is kept between requests, so that a small read stays cheap. */

/*
 * Finds what was kept of this secret when it came in this way.  `*epoch` is set in any case, before
 * the database is read: a change in between is not kept over.
 */
MUST_CHECK bool account_recall(struct account *account, enum credential_kind kind,
                               const struct sha256 *hash, struct credential *out, uint64_t *epoch);
/* Does nothing when a credential has changed since `epoch`. */
void account_keep(struct account *account, const struct credential *credential, uint64_t epoch);
/* Forgets them all: one of them has changed and is committed. */
void account_forget(struct account *account);
