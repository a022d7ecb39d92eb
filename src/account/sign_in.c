#include "account/account_private.h"

#include "core/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SESSION_BYTES 32

static struct audit_row audit_of(const struct account *account, enum audit_event event,
                                 int64_t user_id, struct str subject, const struct visitor *visitor)
{
    return (struct audit_row){
        .at_ms = visitor->now_ms,
        .user_id = user_id,
        .event = event,
        .subject = subject,
        .ip = visitor->ip,
        .id = id_make(account->clock, account->random),
    };
}

/* 256 bits that only the browser keeps (S7). */
static struct str session_token_make(const struct account *account, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};
    uint8_t chance[SESSION_BYTES];

    random_fill(account->random, chance, sizeof chance);
    base64url_add(&text, (struct str){(const char *)chance, sizeof chance});
    return arena_str(arena, buf_str(&text));
}

static struct session_row session_make(const struct account *account, const struct visitor *visitor,
                                       struct str token, struct arena *arena)
{
    struct id id = id_make(account->clock, account->random);

    return (struct session_row){
        .public_id = arena_str(arena, id_str(&id)),
        .token_hash = sha256_of(token),
        .agent = visitor->agent,
        .ip = visitor->ip,
        .created_at_ms = visitor->now_ms,
        .last_seen_at_ms = visitor->now_ms,
        .expires_at_ms = visitor->now_ms + account->session_total_ms,
    };
}

static void sign_in_fill(const struct account *account, const struct user_row *user,
                         struct str token, struct arena *arena, struct sign_in *out)
{
    *out = (struct sign_in){
        .user = *user,
        .session_token = token,
        .session_max_age_s = account->session_total_ms / 1000,
        .device = account_device_make(user, account->random, arena),
    };
}

/* ---- failed logins are written behind ---- */

static bool write_audit(struct db *db, void *context, struct error *err)
{
    return audit_store_add(db, context, err);
}

static void audit_written(void *context, bool ok, const struct error *err)
{
    if (!ok)
        log_error("audit_lost", err, LOG_CSTR("event", "login_failed"));
    free(context);
}

/*
 * Nobody waits for this row; its texts stand behind it in one block.  A name that is nobody's is
 * not written: people type their password there (S48).
 */
static void audit_failure(const struct account *account, const struct user_row *user,
                          const struct visitor *visitor)
{
    struct str name = user == NULL ? STR_EMPTY : user->name;
    struct audit_row *row = malloc(sizeof *row + name.size + visitor->ip.size);
    struct error err = {0};
    char *texts;

    if (row == NULL)
        abort();
    texts = (char *)(row + 1);
    if (name.size > 0)
        memcpy(texts, name.data, name.size);
    if (visitor->ip.size > 0)
        memcpy(texts + name.size, visitor->ip.data, visitor->ip.size);
    *row = audit_of(account, AUDIT_LOGIN_FAILED, user == NULL ? 0 : user->id,
                    (struct str){texts, name.size}, visitor);
    row->ip = (struct str){texts + name.size, visitor->ip.size};
    if (!db_transact_async(account->pool, "account_audit", write_audit, row, audit_written, true,
                           &err))
        audit_written(row, false, &err);
}

/* ---- log in ---- */

/*
 * Is it the password?  One argon2id whoever asks and whatever they ask for, so that time does not
 * tell who exists (S4).  `user` is NULL for nobody.
 */
static bool password_is_right(const struct account *account, const struct user_row *user,
                              struct str password, bool *is_right, struct error *err)
{
    char unused[PASSWORD_HASH_SIZE];

    if (user != NULL && user->password.size > 0) {
        *is_right = password_verify(password, user->password);
        return true;
    }
    if (!password_hash(password, unused, err))
        return false;
    *is_right = user != NULL && user->role == ROLE_OWNER && account_key_is_admin(account, password);
    return true;
}

/* What the gate lets one in for: the check, and a new hash when the old one is weaker (S1). */
static bool check_password(const struct account *account, const struct user_row *user,
                           enum hash_guest guest, struct str password, struct arena *arena,
                           bool *is_right, struct str *rehashed, struct error *err)
{
    char hash[PASSWORD_HASH_SIZE];
    bool ok;

    if (!hash_gate_enter(account->gate, guest, err))
        return false;
    ok = password_is_right(account, user, password, is_right, err);
    if (ok && *is_right && user->password.size > 0 && password_needs_rehash(user->password)) {
        ok = password_hash(password, hash, err);
        if (ok)
            *rehashed = arena_str(arena, str_of(hash));
    }
    hash_gate_leave(account->gate);
    return ok;
}

struct login_work {
    const struct account *account;
    const struct visitor *visitor;
    const struct user_row *user; /* as it was when the password was checked */
    struct str rehashed;
    struct session_row session;
    struct session_ids ended;
    struct audit_row audit;
    struct arena *arena;
};

static bool begin_session(struct db *db, struct login_work *work, struct error *err)
{
    const struct account *account = work->account;
    const struct visitor *visitor = work->visitor;

    if (visitor->session_id != 0 &&
        !session_store_remove(db, visitor->session_user_id, visitor->session_id, err))
        return false;
    return session_store_remove_dead(db, work->session.user_id,
                                     visitor->now_ms - account->session_idle_ms, visitor->now_ms,
                                     err) &&
           session_store_remove_most(db, work->session.user_id, SESSIONS_PER_USER_MAX - 1,
                                     &work->ended, err) &&
           session_store_add(db, &work->session, err) && audit_store_add(db, &work->audit, err);
}

static bool log_in(struct db *db, void *context, struct error *err)
{
    struct login_work *work = context;
    struct user_row now;

    if (!user_store_find(db, work->user->id, work->arena, &now, err))
        return false;
    /* Changed or disabled since it was checked: it opens nothing any more. */
    if (!str_equal(now.password, work->user->password) || now.is_disabled)
        return error_set(err, ERROR_WRONG_LOGIN, "name or password is wrong");
    if (work->rehashed.size > 0 &&
        !user_store_set_password(db, now.id, now.password, work->rehashed, now.device_key, err))
        return false;
    return begin_session(db, work, err);
}

/* Who guesses how: a browser known to the account is counted by itself (S5). */
static struct login_guess guess_of(const struct user_row *user, struct str name_key,
                                   const struct visitor *visitor, struct arena *arena)
{
    bool is_known = user != NULL && account_device_is_known(user, visitor->device, arena);

    return (struct login_guess){
        .name = name_key,
        .ip = visitor->ip,
        .device = is_known ? visitor->device : STR_EMPTY,
    };
}

static bool take_guess(const struct account *account, const struct login_guess *guess,
                       struct error *err)
{
    int64_t wait_ms;

    if (login_limit_take(account->limit, guess, clock_mono_ms(account->clock), &wait_ms))
        return true;
    error_set(err, ERROR_RATE_LIMITED, "too many tries; wait %lld seconds",
              (long long)(wait_ms + 999) / 1000);
    err->retry_after_ms = wait_ms;
    return false;
}

bool account_login(struct account *account, struct db *db, const struct visitor *visitor,
                   struct str name, struct str password, struct arena *arena, struct sign_in *out,
                   struct error *err)
{
    struct str name_key = account_name_key(name, arena);
    struct user_row found;
    const struct user_row *user = NULL;
    struct login_guess guess;
    struct login_work work;
    struct str token, rehashed = STR_EMPTY;
    bool is_right = false;

    if (user_store_find_by_name(db, name_key, arena, &found, err))
        user = &found;
    else if (err->code != ERROR_NOT_FOUND)
        return false;
    guess = guess_of(user, name_key, visitor, arena);
    if (!take_guess(account, &guess, err))
        return false;
    db_refresh(db); /* hashing is slow: no view of the database is held meanwhile */
    if (!check_password(account, user, guess.device.size > 0 ? HASH_KNOWN : HASH_STRANGER, password,
                        arena, &is_right, &rehashed, err)) {
        login_limit_refund(account->limit, &guess);
        return false;
    }
    if (!is_right || user->is_disabled) {
        audit_failure(account, user, visitor);
        return error_set(err, ERROR_WRONG_LOGIN, "name or password is wrong");
    }
    login_limit_forgive(account->limit, &guess);

    token = session_token_make(account, arena);
    work = (struct login_work){
        .account = account,
        .visitor = visitor,
        .user = user,
        .rehashed = rehashed,
        .session = session_make(account, visitor, token, arena),
        .audit = audit_of(account, AUDIT_LOGIN, user->id, user->name, visitor),
        .arena = arena,
    };
    work.session.user_id = user->id;
    if (!db_transact(account->pool, "account_login", log_in, &work, err))
        return false;
    account_forget(account);
    sign_in_fill(account, user, token, arena, out);
    out->ended = work.ended;
    return true;
}

/* ---- set up ---- */

struct setup_work {
    struct login_work login;
    struct user_row user;
    struct str name_key;
};

static bool set_up(struct db *db, void *context, struct error *err)
{
    struct setup_work *work = context;
    struct user_row owner;
    bool is_new = false;

    if (!user_store_find_owner(db, work->login.arena, &owner, err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
        is_new = true;
    } else if (owner.password.size > 0) {
        return error_field(err, ERROR_GONE, "token", 0, "this vitrine is set up already");
    }
    if (is_new) {
        if (!user_store_add(db, &work->user, work->name_key, &work->user.id, err))
            return false;
    } else {
        /* Made by `vitrine token create` or an admin key: the same person, now with a password. */
        work->user.id = owner.id;
        work->user.public_id = owner.public_id;
        work->user.created_at_ms = owner.created_at_ms;
        if (!user_store_complete(db, &work->user, work->name_key, err))
            return false;
    }
    work->login.session.user_id = work->user.id;
    work->login.audit.user_id = work->user.id;
    return begin_session(db, &work->login, err);
}

bool account_set_up(struct account *account, const struct visitor *visitor, struct str link_token,
                    struct str name, struct str password, struct str language, struct arena *arena,
                    struct sign_in *out, struct error *err)
{
    char hash[PASSWORD_HASH_SIZE];
    struct setup_work work;
    struct str token;
    bool ok;

    if (!account_link_check(account, link_token, err) || !account_name_check(name, err) ||
        !account_password_check(password, name, err) ||
        !hash_gate_enter(account->gate, HASH_KNOWN, err))
        return false;
    ok = password_hash(password, hash, err);
    hash_gate_leave(account->gate);
    if (!ok)
        return false;

    token = session_token_make(account, arena);
    work = (struct setup_work){
        .login = {.account = account,
                  .visitor = visitor,
                  .session = session_make(account, visitor, token, arena),
                  .audit = audit_of(account, AUDIT_SETUP, 0, name, visitor),
                  .arena = arena},
        .user = user_make(name, ROLE_OWNER, account->clock, account->random, arena),
        .name_key = account_name_key(name, arena),
    };
    work.user.password = str_of(hash);
    work.user.language = language;
    if (!db_transact(account->pool, "account_set_up", set_up, &work, err))
        return false;
    /* Spent only now: a full disk does not cost the link.  Twice is refused by the row itself. */
    account_link_end(account);
    account_forget(account);
    work.user.password = STR_EMPTY;
    sign_in_fill(account, &work.user, token, arena, out);
    out->ended = work.login.ended;
    return true;
}

/* ---- another password ---- */

struct password_work {
    const struct visitor *visitor;
    const struct user_row *user;
    struct str password, device_key;
    struct sha256 session_hash;
    int64_t session_expires_at_ms;
    struct session_ids ended;
    struct audit_row audit;
};

static bool set_password(struct db *db, void *context, struct error *err)
{
    struct password_work *work = context;
    int64_t session_id = work->visitor->session_id;

    if (!user_store_set_password(db, work->user->id, work->user->password, work->password,
                                 work->device_key, err) ||
        !session_store_remove_others(db, work->user->id, session_id, &work->ended, err))
        return false;
    if (session_id != 0 && !session_store_renew(db, work->user->id, session_id, &work->session_hash,
                                                work->session_expires_at_ms, err))
        return false;
    return audit_store_add(db, &work->audit, err);
}

/* The current password checked and the new one hashed, in one turn at the gate. */
static bool exchange_password(const struct account *account, const struct user_row *user,
                              struct str current, struct str password, bool *is_right,
                              char hash[PASSWORD_HASH_SIZE], struct error *err)
{
    bool ok;

    if (!hash_gate_enter(account->gate, HASH_KNOWN, err))
        return false;
    ok = password_is_right(account, user, current, is_right, err);
    if (ok && *is_right)
        ok = password_hash(password, hash, err);
    hash_gate_leave(account->gate);
    return ok;
}

bool account_change_password(struct account *account, struct db *db, const struct visitor *visitor,
                             int64_t user_id, struct str current, struct str password,
                             struct arena *arena, struct sign_in *out, struct error *err)
{
    char hash[PASSWORD_HASH_SIZE];
    struct user_row user, fresh;
    struct login_guess guess;
    struct password_work work;
    struct str token;
    bool is_right = false;

    if (!user_store_find(db, user_id, arena, &user, err) ||
        !account_password_check(password, user.name, err))
        return false;
    /* Whoever holds a session guesses on that session's account, not on the owner's login. */
    guess = (struct login_guess){.device = arena_printf(arena, "session %lld of %.*s",
                                                        (long long)visitor->session_id,
                                                        STR_ARGS(user.public_id))};
    if (!take_guess(account, &guess, err))
        return false;
    db_refresh(db);
    if (!exchange_password(account, &user, current, password, &is_right, hash, err)) {
        login_limit_refund(account->limit, &guess);
        return false;
    }
    if (!is_right) {
        audit_failure(account, &user, visitor);
        return error_field(err, ERROR_WRONG_LOGIN, "current", 0, "this is not the password");
    }
    login_limit_forgive(account->limit, &guess);

    token = session_token_make(account, arena);
    fresh = user_make(user.name, user.role, account->clock, account->random, arena);
    work = (struct password_work){
        .visitor = visitor,
        .user = &user,
        .password = str_of(hash),
        .device_key = fresh.device_key,
        .session_hash = sha256_of(token),
        .session_expires_at_ms = visitor->now_ms + account->session_total_ms,
        .audit = audit_of(account, AUDIT_PASSWORD_CHANGED, user.id, user.name, visitor),
    };
    if (!db_transact(account->pool, "account_set_password", set_password, &work, err))
        return false;
    account_forget(account);
    user.device_key = fresh.device_key;
    sign_in_fill(account, &user, visitor->session_id == 0 ? STR_EMPTY : token, arena, out);
    out->ended = work.ended;
    return true;
}
