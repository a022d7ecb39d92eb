#include "account/account_private.h"

#include "core/text.h"

#include <string.h>

static bool name_check(struct str name, struct error *err)
{
    if (!text_is_utf8(name))
        return error_field(err, ERROR_WRONG_ENCODING, "name", 0, "the name is not UTF-8");
    if (str_trim(name).size == 0)
        return error_field(err, ERROR_REQUIRED, "name", 0, "a token needs a name");
    if (text_count(name) > TOKEN_NAME_MAX_CHARS)
        return error_field(err, ERROR_TOO_LONG, "name", TOKEN_NAME_MAX_CHARS,
                           "a token's name has at most %d characters", TOKEN_NAME_MAX_CHARS);
    if (text_has_control(name))
        return error_field(err, ERROR_INVALID, "name", 0, "a name has no control characters");
    return true;
}

struct issue_work {
    int64_t user_id;           /* 0: by name, or the owner */
    struct str user_key;       /* compared name; empty: the owner */
    struct user_row new_owner; /* should there be none */
    struct token_row token;
    struct audit_row audit;
    struct arena *arena;
};

static bool find_user(struct db *db, struct issue_work *work, struct user_row *out,
                      struct error *err)
{
    if (work->user_id != 0)
        return user_store_find(db, work->user_id, work->arena, out, err);
    if (work->user_key.size > 0)
        return user_store_find_by_name(db, work->user_key, work->arena, out, err);
    return user_find_or_make_owner(db, &work->new_owner, work->arena, out, err);
}

static bool issue(struct db *db, void *context, struct error *err)
{
    struct issue_work *work = context;
    struct user_row user;
    int64_t count;

    if (!find_user(db, work, &user, err))
        return false;
    if ((work->token.scopes & ~account_role_scopes(user.role)) != 0)
        return error_field(err, ERROR_FORBIDDEN, "scopes", 0,
                           "the role %s does not have all of these scopes",
                           account_role_name(user.role));
    if (!token_store_count(db, user.id, &count, err))
        return false;
    if (count >= TOKENS_PER_USER_MAX)
        return error_field(err, ERROR_TOO_MANY, "name", TOKENS_PER_USER_MAX,
                           "a user has at most %d tokens; delete one", TOKENS_PER_USER_MAX);
    work->token.user_id = user.id;
    work->audit.user_id = user.id;
    if (!token_store_add(db, &work->token, err))
        return false;
    work->token.id = db_last_id(db);
    return audit_store_add(db, &work->audit, err);
}

bool token_issue(struct db_pool *pool, const struct clock *clock, const struct random *random,
                 int64_t user_id, const struct account_token_order *order, struct str ip,
                 struct arena *arena, struct token_row *row, struct str *token, struct error *err)
{
    int64_t now_ms = clock_wall_ms(clock);
    struct id id = id_make(clock, random);
    struct str secret;
    struct issue_work work;

    if (!name_check(order->name, err))
        return false;
    if (order->scopes == 0)
        return error_field(err, ERROR_REQUIRED, "scopes", 0, "at least one scope is needed");
    if (order->expires_at_ms != 0 && order->expires_at_ms <= now_ms)
        return error_field(err, ERROR_TOO_SMALL, "expires_at", 0,
                           "a token's end lies in the future");
    secret = token_make(STR(TOKEN_PREFIX), arena);
    work = (struct issue_work){
        .user_id = user_id,
        .user_key = account_name_key(order->user, arena),
        .new_owner = user_make(STR(OWNER_NAME), ROLE_OWNER, clock, random, arena),
        .token = {.public_id = arena_str(arena, id_str(&id)),
                  .name = str_trim(order->name),
                  .token_hash = sha256_of(secret),
                  .hint = str_slice(secret,                                secret.size - 4, 4),
                  .scopes = order->scopes,
                  .created_at_ms = now_ms,
                  .expires_at_ms = order->expires_at_ms},
        .audit = {.at_ms = now_ms,
                  .event = AUDIT_TOKEN_CREATED,
                  .subject = str_trim(order->name),
                  .ip = ip,
                  .id = id_make(clock, random)                                            },
        .arena = arena,
    };
    if (!db_transact(pool, "account_token_issue", issue, &work, err))
        return false;
    *row = work.token;
    *token = secret;
    return true;
}

bool account_token_create(struct db_pool *pool, const struct clock *clock,
                          const struct random *random, const struct account_token_order *order,
                          struct arena *arena, struct str *token, struct error *err)
{
    struct token_row row;

    return token_issue(pool, clock, random, 0, order, STR_EMPTY, arena, &row, token, err);
}

/* ---- the end of a token ---- */

struct revoke_work {
    const struct token_row *token;
    struct audit_row audit;
};

static bool revoke(struct db *db, void *context, struct error *err)
{
    const struct revoke_work *work = context;

    return token_store_remove(db, work->token->user_id, work->token->id, err) &&
           audit_store_add(db, &work->audit, err);
}

bool token_revoke(struct account *account, const struct token_row *token, struct str ip,
                  struct error *err)
{
    struct revoke_work work = {
        .token = token,
        .audit = {.at_ms = clock_wall_ms(account->clock),
                  .user_id = token->user_id,
                  .event = AUDIT_TOKEN_DELETED,
                  .subject = token->name,
                  .ip = ip,
                  .id = id_make(account->clock, account->random)},
    };

    if (!db_transact(account->pool, "account_token_revoke", revoke, &work, err))
        return false;
    account_forget(account);
    return true;
}
