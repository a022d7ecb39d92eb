#include "account/account_private.h"

#include "core/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define LINK_MS ((int64_t)10 * 60 * 1000)
#define LINK_BYTES 32

struct user_row user_make(struct str name, enum http_role role, const struct clock *clock,
                          const struct random *random, struct arena *arena)
{
    struct id id = id_make(clock, random);
    char *device_key = arena_alloc(arena, DEVICE_KEY_SIZE);

    random_fill(random, device_key, DEVICE_KEY_SIZE);
    return (struct user_row){
        .public_id = arena_str(arena, id_str(&id)),
        .name = name,
        .device_key = {.data = device_key, .size = DEVICE_KEY_SIZE},
        .role = role,
        .theme = STR("system"),
        .has_letter_keys = true,
        .created_at_ms = clock_wall_ms(clock),
    };
}

bool user_find_or_make_owner(struct db *db, const struct user_row *fresh, struct arena *arena,
                             struct user_row *out, struct error *err)
{
    struct user_row owner = *fresh;

    if (user_store_find_owner(db, arena, out, err))
        return true;
    if (err->code != ERROR_NOT_FOUND ||
        !user_store_add(db, &owner, account_name_key(owner.name, arena), &owner.id, err))
        return false;
    *out = owner;
    return true;
}

struct owner_work {
    const struct user_row *fresh;
    struct arena *arena;
};

static bool make_owner(struct db *db, void *context, struct error *err)
{
    const struct owner_work *work = context;
    struct user_row owner;

    return user_find_or_make_owner(db, work->fresh, work->arena, &owner, err);
}

/* A start with an owner writes nothing: it would cost an fsync for no change. */
static bool ensure_owner(const struct account *account, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct user_row owner;

    if (!db_borrow(account->pool, &db, err))
        return false;
    if (user_store_find_owner(db, arena, &owner, err))
        return true;
    if (err->code != ERROR_NOT_FOUND)
        return false;
    owner = user_make(STR(OWNER_NAME), ROLE_OWNER, account->clock, account->random, arena);
    return db_transact(account->pool, "account_make_owner", make_owner,
                       &(struct owner_work){.fresh = &owner, .arena = arena}, err);
}

static bool admin_key_check(struct str key, struct error *err)
{
    if (!text_is_utf8(key))
        return error_field(err, ERROR_WRONG_ENCODING, "VITRINE_ADMIN_KEY", 0,
                           "VITRINE_ADMIN_KEY is not UTF-8");
    if (text_count(key) < ADMIN_KEY_MIN_CHARS)
        return error_field(err, ERROR_TOO_SHORT, "VITRINE_ADMIN_KEY", ADMIN_KEY_MIN_CHARS,
                           "VITRINE_ADMIN_KEY has fewer than %d characters", ADMIN_KEY_MIN_CHARS);
    if (text_count(key) > PASSWORD_MAX_CHARS)
        return error_field(err, ERROR_TOO_LONG, "VITRINE_ADMIN_KEY", PASSWORD_MAX_CHARS,
                           "VITRINE_ADMIN_KEY has more than %d characters", PASSWORD_MAX_CHARS);
    return true;
}

/* One core stays with the requests: a login may wait, pictures and lists may not. */
static size_t half_of_the_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 4 ? 1 : (size_t)cores / 2;
}

bool account_create(const struct account_config *config, struct account **out, struct error *err)
{
    struct str key = secret_expose(config->admin_key);
    struct account *account;
    int rc;

    if (key.size > 0 && !admin_key_check(key, err))
        return false;
    account = calloc(1, sizeof *account);
    if (account == NULL)
        abort();
    account->pool = config->pool;
    account->clock = config->clock;
    account->random = config->random;
    account->session_idle_ms = config->session_idle_ms > 0 ? config->session_idle_ms : 14 * DAY_MS;
    account->session_total_ms =
        config->session_total_ms > 0 ? config->session_total_ms : 90 * DAY_MS;
    account->has_admin_key = key.size > 0;
    account->admin_key_hash = sha256_of(key);
    account->limit =
        login_limit_create(config->random, config->limit_memory, clock_mono_ms(config->clock));
    account->gate =
        hash_gate_create(config->hash_parallel > 0 ? config->hash_parallel : half_of_the_cores());
    rc = pthread_mutex_init(&account->lock, NULL);
    assert(rc == 0);
    if (account->has_admin_key && !ensure_owner(account, err)) {
        account_destroy(account);
        return false;
    }
    *out = account;
    return true;
}

size_t account_limit_memory_size(void) { return login_limit_memory_size(); }

void account_destroy(struct account *account)
{
    if (account == NULL)
        return;
    pthread_mutex_destroy(&account->lock);
    hash_gate_destroy(account->gate);
    login_limit_destroy(account->limit);
    secret_wipe(account, sizeof *account);
    free(account);
}

bool account_key_is_admin(const struct account *account, struct str key)
{
    struct sha256 hash = sha256_of(key);

    return account->has_admin_key &&
           str_equal_secret((struct str){(const char *)hash.bytes, SHA256_SIZE},
                            (struct str){(const char *)account->admin_key_hash.bytes, SHA256_SIZE});
}

/* ---- the set-up link ---- */

bool account_setup_is_needed(struct account *account, struct db *db, struct arena *arena,
                             bool *is_needed, struct error *err)
{
    struct user_row owner;

    if (user_store_find_owner(db, arena, &owner, err)) {
        *is_needed = owner.password.size == 0 && !account->has_admin_key;
        return true;
    }
    if (err->code != ERROR_NOT_FOUND)
        return false;
    *is_needed = true;
    return true;
}

bool account_setup_link(struct account *account, struct arena *arena, struct str *path,
                        struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(buf_finish) struct buf token = {0};
    uint8_t chance[LINK_BYTES];
    bool is_needed;

    if (!db_borrow(account->pool, &db, err) ||
        !account_setup_is_needed(account, db, arena, &is_needed, err))
        return false;
    if (!is_needed) {
        *path = STR_EMPTY;
        return true;
    }
    random_fill(account->random, chance, sizeof chance);
    base64url_add(&token, (struct str){(const char *)chance, sizeof chance});
    pthread_mutex_lock(&account->lock);
    account->setup_hash = sha256_of(buf_str(&token));
    account->setup_until_mono_ms = clock_mono_ms(account->clock) + LINK_MS;
    pthread_mutex_unlock(&account->lock);
    *path = arena_printf(arena, "/setup/%.*s", STR_ARGS(buf_str(&token)));
    return true;
}

bool account_link_check(struct account *account, struct str token, struct error *err)
{
    struct sha256 hash = sha256_of(token);
    bool is_right;

    pthread_mutex_lock(&account->lock);
    is_right = account->setup_until_mono_ms > clock_mono_ms(account->clock) &&
               str_equal_secret((struct str){(const char *)hash.bytes, SHA256_SIZE},
                                (struct str){(const char *)account->setup_hash.bytes, SHA256_SIZE});
    pthread_mutex_unlock(&account->lock);
    if (!is_right)
        return error_field(err, ERROR_GONE, "token", 0,
                           "this set-up link was used, replaced or is older than 10 minutes;"
                           " restart vitrine for a new one");
    return true;
}

void account_link_end(struct account *account)
{
    pthread_mutex_lock(&account->lock);
    account->setup_until_mono_ms = 0;
    pthread_mutex_unlock(&account->lock);
}
