/*
 * account/account.h: people, their browser sessions and API tokens; who a request comes from.
 * Knows the database and incoming HTTP; nothing of providers, pictures or the engine.
 *
 * The room in reading order: account.c (rules: names, passwords, roles, scopes, life of a session;
 * no SQL, no HTTP), login_limit.c and hash_gate.c (what stands before a password is looked at),
 * user_store.c, session_store.c and token_store.c (SQL), service.c (start, the set-up link),
 * sign_in.c (set-up, login, new password), sessions.c and tokens.c (their end, their start),
 * authenticate.c and credentials.c (each request's user), account_http.c and token_http.c (routes).
 */
#pragma once

#include "core/arena.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "core/secret.h"
#include "core/str.h"
#include "db/db.h"
#include "http/http.h"

struct account; /* opaque: account_private.h */

struct account_config {
    struct db_pool *pool;        /* borrowed for the account's life */
    const struct clock *clock;   /* the same */
    const struct random *random; /* the same; the kernel's outside tests */
    /*
     * VITRINE_ADMIN_KEY, 12-256 characters; empty: none.  While it is given it is a bearer token
     * with every scope that acts as the owner, and the owner's password until they set one of their
     * own; the owner is made under the name "admin" when there is none, so that no set-up is
     * needed.  It is never stored: another key at the next start replaces it everywhere, none
     * takes it back.
     */
    struct secret admin_key;
    size_t hash_parallel;     /* passwords hashed at once, 64 MiB each; 0: half of the cores */
    int64_t session_idle_ms;  /* 0: 14 days */
    int64_t session_total_ms; /* 0: 90 days, whatever the use */
    /* Where guesses of passwords are counted: account_limit_memory_size() bytes, zeroed before the
     * first use, borrowed for the account's life.  Memory that outlives the process keeps the
     * counts over a restart.  NULL: memory of its own. */
    void *limit_memory;
};
size_t account_limit_memory_size(void);

/*
 * Creates the service and, with an admin key, the owner.  secret_init() comes first.  Everything in
 * the config but the pool, clock and random is copied.  The caller owns *out: account_destroy(),
 * after the HTTP server is gone.  Fails: ERROR_TOO_SHORT, TOO_LONG (the admin key), and as
 * db_transact().  Thread: main.
 */
MUST_CHECK bool account_create(const struct account_config *config, struct account **out,
                               struct error *err);
void account_destroy(struct account *account); /* takes NULL */

/*
 * While nobody can log in as owner: makes a new one-time link, good for 10 minutes and one use, and
 * gives its path "/setup/TOKEN" in `arena`; an earlier link is dead from then on.  When the owner
 * can log in `*path` is empty.  Fails: as db_query().  Any thread.
 */
MUST_CHECK bool account_setup_link(struct account *account, struct arena *arena, struct str *path,
                                   struct error *err);

/*
 * http_config.authenticate: fills req->user from `Authorization: Bearer` (then cookies are not
 * looked at) or from the session cookie; leaves id 0 for whoever is unknown, expired or disabled.
 * What it finds is kept for 5 seconds; changes by this process show at once.  Fails: as db_query().
 */
MUST_CHECK bool account_authenticate(struct request *req, struct error *err);

struct account_token_order {
    struct str user;       /* whose; empty: the owner, made under the name "admin" when missing */
    struct str name;       /* 1-80 characters: what the token is for */
    unsigned scopes;       /* of SCOPE_READ, WRITE, GENERATE, ADMIN; at least one */
    int64_t expires_at_ms; /* 0: never */
};
/*
 * Makes an API token and gives it in `arena`, the one time it can be read.  Needs no running server
 * and disturbs none: the command line calls it on a pool of its own over the same file.  An owner
 * made here has no password; the set-up link completes that same owner.  Fails: NOT_FOUND (user),
 * FORBIDDEN (a scope the user's role does not have), TOO_MANY (100 per user), REQUIRED, TOO_LONG,
 * INVALID, and as db_transact().  Any thread.
 */
MUST_CHECK bool account_token_create(struct db_pool *pool, const struct clock *clock,
                                     const struct random *random,
                                     const struct account_token_order *order, struct arena *arena,
                                     struct str *token, struct error *err);
/* "read,write,generate" to scope bits.  Fails: REQUIRED, NOT_IN_LIST with the word. */
MUST_CHECK bool account_scopes_read(struct str list, unsigned *out, struct error *err);

/*
 * Ids of all users, in `arena`: whom to tell of what everybody sees.  `db` is a reader or the
 * writer. Fails: as db_query().  Any thread.
 */
MUST_CHECK bool account_list_user_ids(struct db *db, struct arena *arena, int64_t **ids,
                                      size_t *count, struct error *err);

/*
 * Given by the application (src/app/): the service behind req->app.  Each room whose handlers need
 * a service asks for it by such a function, so that no room knows struct app.
 */
struct account *app_account(void *app);

/* Ended by a NULL method. */
extern const struct http_route account_routes[]; /* setup, auth, me */
extern const struct http_route token_routes[];   /* tokens */
