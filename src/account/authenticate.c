#include "account/account_private.h"

#include "core/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_MS 5000
#define BEARER_SIZE_MAX 1024

/* ---- last seen, last used ---- */

struct touch {
    int64_t session_id, token_id, now_ms;
};

static bool write_touch(struct db *db, void *context, struct error *err)
{
    const struct touch *touch = context;

    return touch->session_id != 0 ? session_store_touch(db, touch->session_id, touch->now_ms, err)
                                  : token_store_touch(db, touch->token_id, touch->now_ms, err);
}

static void touch_written(void *context, bool ok, const struct error *err)
{
    if (!ok)
        log_failure(LOG_DEBUG, "touch_lost", err, NULL, 0);
    free(context);
}

/* Rides along with other writes; a lost one costs a minute of "last seen". */
static void touch(struct account *account, struct credential *credential, int64_t now_ms)
{
    struct touch *work;
    struct error err = {0};

    if (now_ms - credential->touched_at_ms < TOUCH_MS ||
        (credential->session_id == 0 && credential->token_id == 0))
        return;
    work = malloc(sizeof *work);
    if (work == NULL)
        abort();
    *work = (struct touch){credential->session_id, credential->token_id, now_ms};
    credential->touched_at_ms = now_ms;
    if (!db_transact_async(account->pool, "account_touch", write_touch, work, touch_written, true,
                           &err))
        touch_written(work, false, &err);
}

/* ---- from a secret to a user ---- */

static void copy_text(char *out, size_t capacity, struct str text)
{
    assert(text.size < capacity);
    if (text.size > 0)
        memcpy(out, text.data, text.size);
    out[text.size] = '\0';
}

static void set_user(struct credential *credential, const struct user_row *user)
{
    credential->user_id = user->id;
    credential->role = user->role;
    copy_text(credential->public_id, sizeof credential->public_id, user->public_id);
    copy_text(credential->name, sizeof credential->name, user->name);
}

/* Fills `*out` from the database; NOT_FOUND for what opens nothing. */
static bool look_up(struct db *db, enum credential_kind kind, const struct sha256 *hash,
                    struct arena *arena, struct credential *out, struct error *err)
{
    struct user_row user;
    struct session_row session;
    struct token_row token;

    *out = (struct credential){.kind = kind, .hash = *hash};
    switch (kind) {
    case BY_SESSION:
        if (!session_store_find(db, hash, arena, &session, &user, err))
            return false;
        out->session_id = session.id;
        out->scopes = account_role_scopes(user.role) | SCOPE_SESSION;
        out->touched_at_ms = session.last_seen_at_ms;
        out->expires_at_ms = session.expires_at_ms;
        break;
    case BY_TOKEN:
        if (!token_store_find(db, hash, arena, &token, &user, err))
            return false;
        out->token_id = token.id;
        /* A role that shrank takes its tokens' scopes with it. */
        out->scopes = token.scopes & account_role_scopes(user.role);
        out->touched_at_ms = token.last_used_at_ms;
        out->expires_at_ms = token.expires_at_ms;
        break;
    case BY_ADMIN_KEY:
        if (!user_store_find_owner(db, arena, &user, err))
            return false;
        out->scopes = account_role_scopes(user.role) | SCOPE_SESSION;
        break;
    }
    if (user.is_disabled)
        return error_set(err, ERROR_NOT_FOUND, "the user is disabled");
    set_user(out, &user);
    return true;
}

static bool is_alive(const struct account *account, const struct credential *credential,
                     int64_t now_ms)
{
    if (credential->session_id != 0)
        return account_session_is_alive(credential->touched_at_ms, credential->expires_at_ms,
                                        account->session_idle_ms, now_ms);
    return credential->expires_at_ms == 0 || now_ms < credential->expires_at_ms;
}

/* When it opens nothing any more, were it not used again; 0: never. */
static int64_t end_of(const struct account *account, const struct credential *credential)
{
    int64_t idle_end_ms = credential->touched_at_ms + account->session_idle_ms;

    return credential->session_id != 0 && idle_end_ms < credential->expires_at_ms
               ? idle_end_ms
               : credential->expires_at_ms;
}

static void give(const struct account *account, struct request *req,
                 const struct credential *credential)
{
    req->user = (struct http_user){
        .id = credential->user_id,
        .public_id = arena_str(req->arena, str_of(credential->public_id)),
        .name = arena_str(req->arena, str_of(credential->name)),
        .role = credential->role,
        .scopes = credential->scopes,
        .session_id = credential->session_id,
        .token_id = credential->token_id,
        .ends_at_ms = end_of(account, credential),
    };
}

static bool open_by(struct account *account, struct request *req, enum credential_kind kind,
                    struct str secret, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *borrowed = NULL;
    struct sha256 hash = sha256_of(secret);
    struct credential credential;
    uint64_t epoch;
    int64_t touched_at_ms;

    if (!account_recall(account, kind, &hash, &credential, &epoch)) {
        /* A request whose body is still coming has no reader of its own yet. */
        if (req->db == NULL && !db_borrow(account->pool, &borrowed, err))
            return false;
        if (!look_up(req->db != NULL ? req->db : borrowed, kind, &hash, req->arena, &credential,
                     err)) {
            if (err->code != ERROR_NOT_FOUND)
                return false;
            *err = (struct error){0};
            return true;
        }
        credential.until_mono_ms = clock_mono_ms(account->clock) + KEEP_MS;
        account_keep(account, &credential, epoch);
    }
    if (!is_alive(account, &credential, req->now_ms))
        return true;
    touched_at_ms = credential.touched_at_ms;
    touch(account, &credential, req->now_ms);
    if (credential.touched_at_ms != touched_at_ms)
        account_keep(account, &credential, epoch);
    give(account, req, &credential);
    return true;
}

/* ---- what the request brings ---- */

bool account_authenticate(struct request *req, struct error *err)
{
    struct account *account = app_account(req->app);
    struct str header = request_header(req, "Authorization");
    struct str rest = header;
    struct str scheme = str_cut(&rest, ' ');
    struct str key = str_trim(rest);

    req->user = (struct http_user){0};
    if (str_equal_nocase(scheme, STR("Bearer"))) {
        if (key.size == 0 || key.size > BEARER_SIZE_MAX)
            return true;
        if (account_key_is_admin(account, key))
            return open_by(account, req, BY_ADMIN_KEY, key, err);
        /* The checksum tells a typing error from a token without asking the database. */
        if (!token_is_whole(key, STR(TOKEN_PREFIX)))
            return true;
        return open_by(account, req, BY_TOKEN, key, err);
    }
    key = request_cookie(req, "sid");
    if (key.size == 0 || key.size > BEARER_SIZE_MAX)
        return true;
    return open_by(account, req, BY_SESSION, key, err);
}
