#include "account/account_private.h"

#include "core/log.h"
#include "db/migrations.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[64], path[128];
    struct clock_fake time;
    struct clock clock;
    struct random_seeded seed;
    struct random random;
    struct arena *arena;
    struct db_pool *pool;
};

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct error err = {0};
    struct db_config config;

    fixture = (struct fixture){
        .directory = "/tmp/vitrine-account-XXXXXX", .time = {.wall_ms = 1000000, .mono_ms = 5000}
    };
    fixture.clock = clock_of_fake(&fixture.time);
    fixture.random = random_of_seed(&fixture.seed, 11);
    fixture.arena = arena_create(MIB(4));
    assert_non_null(mkdtemp(fixture.directory));
    snprintf(fixture.path, sizeof fixture.path, "%s/vitrine.db", fixture.directory);
    config = (struct db_config){.path = fixture.path,
                                .readers = 2,
                                .migrations = db_migrations,
                                .migration_count = db_migration_count,
                                .clock = &clock_system};
    if (!db_pool_open(&config, &fixture.pool, &err))
        fail_msg("%s %s", err.message, err.detail);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    db_pool_close(fixture->pool);
    arena_destroy(fixture->arena);
    return nftw(fixture->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- writes, each a transaction ---- */

static bool work_add_user(struct db *db, void *context, struct error *err)
{
    struct user_row *user = context;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(16));

    return user_store_add(db, user, account_name_key(user->name, arena), &user->id, err);
}

static struct user_row add_user(struct fixture *fixture, const char *name, enum http_role role)
{
    struct user_row user =
        user_make(str_of(name), role, &fixture->clock, &fixture->random, fixture->arena);
    struct error err = {0};

    if (!db_transact(fixture->pool, "test", work_add_user, &user, &err))
        fail_msg("%s %s", err.message, err.detail);
    return user;
}

static struct sha256 hash_of(const char *token) { return sha256_of(str_of(token)); }

static bool work_add_session(struct db *db, void *context, struct error *err)
{
    return session_store_add(db, context, err);
}

static void add_session(struct fixture *fixture, int64_t user_id, const char *token,
                        int64_t last_seen_at_ms, int64_t expires_at_ms)
{
    struct id id = id_make(&fixture->clock, &fixture->random);
    struct session_row session = {.user_id = user_id,
                                  .public_id = id_str(&id),
                                  .token_hash = hash_of(token),
                                  .agent = STR("Browser"),
                                  .ip = STR("192.0.2.1"),
                                  .created_at_ms = 1,
                                  .last_seen_at_ms = last_seen_at_ms,
                                  .expires_at_ms = expires_at_ms};
    struct error err = {0};

    if (!db_transact(fixture->pool, "test", work_add_session, &session, &err))
        fail_msg("%s %s", err.message, err.detail);
}

/* The session behind a token: its id, or 0. */
static int64_t find_session(struct fixture *fixture, const char *token)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct sha256 hash = hash_of(token);
    struct session_row session;
    struct user_row user;
    struct error err = {0};

    assert_true(db_borrow(fixture->pool, &db, &err));
    if (session_store_find(db, &hash, fixture->arena, &session, &user, &err)) {
        assert_int_equal(session.user_id, user.id);
        return session.id;
    }
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    return 0;
}

/* ---- users ---- */

static void test_a_user_is_found_as_it_was_written(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "Ann", ROLE_OWNER);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct user_row by_id, by_name, owner;
    struct error err = {0};

    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_true(user_store_find(db, ann.id, fixture->arena, &by_id, &err));
    assert_true(user_store_find_by_name(db, STR("ann"), fixture->arena, &by_name, &err));
    assert_true(user_store_find_owner(db, fixture->arena, &owner, &err));
    assert_int_equal(by_id.id, ann.id);
    assert_int_equal(by_name.id, ann.id);
    assert_int_equal(owner.id, ann.id);
    assert_true(str_equal(by_id.name, STR("Ann")));
    assert_true(str_equal(by_id.public_id, ann.public_id));
    assert_true(str_equal(by_id.device_key, ann.device_key));
    assert_true(str_equal(by_id.theme, STR("system")));
    assert_int_equal(by_id.password.size, 0);
    assert_int_equal(by_id.role, ROLE_OWNER);
    assert_int_equal(by_id.created_at_ms, fixture->time.wall_ms);
    assert_false(by_id.is_disabled);
}

static void test_nobody_is_found_by_another_name(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct user_row user;
    struct error err = {0};

    add_user(fixture, "ann", ROLE_MEMBER);
    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_false(user_store_find_by_name(db, STR("bob"), fixture->arena, &user, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_false(user_store_find(db, 4711, fixture->arena, &user, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_false(user_store_find_owner(db, fixture->arena, &user, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void test_there_is_one_owner_and_one_of_each_name(void **state)
{
    struct fixture *fixture = *state;
    struct user_row second, same;
    struct error err = {0};

    add_user(fixture, "Ann", ROLE_OWNER);
    second = user_make(STR("bob"), ROLE_OWNER, &fixture->clock, &fixture->random, fixture->arena);
    assert_false(db_transact(fixture->pool, "test", work_add_user, &second, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    same = user_make(STR("ANN"), ROLE_MEMBER, &fixture->clock, &fixture->random, fixture->arena);
    assert_false(db_transact(fixture->pool, "test", work_add_user, &same, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
}

static void test_all_users_are_listed_oldest_first(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_OWNER);
    struct user_row bob = add_user(fixture, "bob", ROLE_VIEWER);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};
    int64_t *ids;
    size_t count;

    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_true(account_list_user_ids(db, fixture->arena, &ids, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], ann.id);
    assert_int_equal(ids[1], bob.id);
}

struct password_order {
    int64_t user_id;
    struct str old_password, password, device_key;
};

static bool work_set_password(struct db *db, void *context, struct error *err)
{
    const struct password_order *order = context;

    return user_store_set_password(db, order->user_id, order->old_password, order->password,
                                   order->device_key, err);
}

static void test_a_password_is_set_over_the_one_that_was_checked_only(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_MEMBER);
    struct password_order first = {ann.id, STR_EMPTY, STR("hash-1"), ann.device_key};
    struct password_order late = {ann.id, STR_EMPTY, STR("hash-2"), ann.device_key};
    struct password_order next = {ann.id, STR("hash-1"), STR("hash-3"), ann.device_key};
    struct error err = {0};

    assert_true(db_transact(fixture->pool, "test", work_set_password, &first, &err));
    assert_false(db_transact(fixture->pool, "test", work_set_password, &late, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_true(db_transact(fixture->pool, "test", work_set_password, &next, &err));
}

static bool work_complete(struct db *db, void *context, struct error *err)
{
    return user_store_complete(db, context, STR("zoe"), err);
}

static void test_only_an_owner_without_a_password_is_completed(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "admin", ROLE_OWNER);
    struct user_row bob = add_user(fixture, "bob", ROLE_MEMBER);
    struct error err = {0};

    ann.name = STR("Zoe");
    ann.password = bob.password = STR("hash");
    assert_false(db_transact(fixture->pool, "test", work_complete, &bob, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_true(db_transact(fixture->pool, "test", work_complete, &ann, &err));
    assert_false(db_transact(fixture->pool, "test", work_complete, &ann, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
}

/* ---- sessions ---- */

static void test_a_session_opens_by_its_token_and_by_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_ADMIN);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct sha256 hash = hash_of("secret");
    struct session_row session;
    struct user_row user;
    struct error err = {0};

    add_session(fixture, ann.id, "secret", 100, 200);
    assert_int_equal(find_session(fixture, "Secret"), 0);
    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_true(session_store_find(db, &hash, fixture->arena, &session, &user, &err));
    assert_int_equal(user.id, ann.id);
    assert_int_equal(user.role, ROLE_ADMIN);
    assert_true(str_equal(user.name, STR("ann")));
    assert_int_equal(session.last_seen_at_ms, 100);
    assert_int_equal(session.expires_at_ms, 200);
}

/* S7: what is in the file opens nothing. */
static void test_no_token_stands_in_the_database_file(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_OWNER);
    static const char canary[] = "canary-of-a-session-token";
    char bytes[KIB(64)];
    bool is_found = false;

    add_session(fixture, ann.id, canary, 100, 200);
    db_pool_close(fixture->pool); /* checkpoints: all is in one file */
    fixture->pool = NULL;
    {
        FILE *file = fopen(fixture->path, "rb");
        size_t size;

        assert_non_null(file);
        while ((size = fread(bytes, 1, sizeof bytes, file)) > 0)
            is_found |= memmem(bytes, size, canary, strlen(canary)) != NULL;
        fclose(file);
    }
    assert_false(is_found);
}

struct session_order {
    int64_t user_id, session_id, at_ms, until_ms, keep;
    const char *token;
    struct sha256 hash;
};

static bool work_remove_session(struct db *db, void *context, struct error *err)
{
    const struct session_order *order = context;

    return session_store_remove(db, order->user_id, order->session_id, err);
}
static bool work_remove_others(struct db *db, void *context, struct error *err)
{
    const struct session_order *order = context;

    struct session_ids removed;

    return session_store_remove_others(db, order->user_id, order->session_id, &removed, err);
}
static bool work_trim(struct db *db, void *context, struct error *err)
{
    const struct session_order *order = context;

    struct session_ids removed;

    return session_store_remove_dead(db, order->user_id, order->at_ms, order->until_ms, err) &&
           session_store_remove_most(db, order->user_id, order->keep, &removed, err);
}
static bool work_touch(struct db *db, void *context, struct error *err)
{
    const struct session_order *order = context;

    return session_store_touch(db, order->session_id, order->at_ms, err);
}
static bool work_renew(struct db *db, void *context, struct error *err)
{
    const struct session_order *order = context;

    return session_store_renew(db, order->user_id, order->session_id, &order->hash, order->until_ms,
                               err);
}

static void do_session(struct fixture *fixture, db_work work, struct session_order order)
{
    struct error err = {0};

    if (!db_transact(fixture->pool, "test", work, &order, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static void test_nobody_ends_the_session_of_another(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_OWNER);
    struct user_row bob = add_user(fixture, "bob", ROLE_MEMBER);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    int64_t session_id, found_id;
    struct session_row *list;
    struct error err = {0};
    struct str public_id;
    size_t count;

    add_session(fixture, ann.id, "ann-1", 100, 200);
    session_id = find_session(fixture, "ann-1");
    do_session(fixture, work_remove_session,
               (struct session_order){.user_id = bob.id, .session_id = session_id});
    do_session(fixture, work_remove_others, (struct session_order){.user_id = bob.id});
    assert_int_equal(find_session(fixture, "ann-1"), session_id);
    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_true(session_store_list(db, ann.id, 0, 150, fixture->arena, &list, &count, &err));
    assert_int_equal(count, 1);
    public_id = list[0].public_id;
    assert_true(session_store_find_id(db, ann.id, public_id, &found_id, &err));
    assert_int_equal(found_id, session_id);
    assert_false(session_store_find_id(db, bob.id, public_id, &found_id, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(session_store_list(db, bob.id, 0, 150, fixture->arena, &list, &count, &err));
    assert_int_equal(count, 0);
}

static void test_ending_others_keeps_the_one_that_asks(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_OWNER);

    add_session(fixture, ann.id, "one", 100, 200);
    add_session(fixture, ann.id, "two", 100, 200);
    add_session(fixture, ann.id, "three", 100, 200);
    do_session(
        fixture, work_remove_others,
        (struct session_order){.user_id = ann.id, .session_id = find_session(fixture, "two")});
    assert_int_equal(find_session(fixture, "one"), 0);
    assert_int_not_equal(find_session(fixture, "two"), 0);
    assert_int_equal(find_session(fixture, "three"), 0);
}

static void test_trimming_removes_the_dead_and_keeps_the_last_used(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_OWNER);

    add_session(fixture, ann.id, "idle", 50, 999);
    add_session(fixture, ann.id, "old", 100, 150);
    add_session(fixture, ann.id, "least", 101, 999);
    add_session(fixture, ann.id, "last", 103, 999);
    add_session(fixture, ann.id, "middle", 102, 999);
    do_session(fixture, work_trim,
               (struct session_order){.user_id = ann.id, .at_ms = 50, .until_ms = 150, .keep = 2});
    assert_int_equal(find_session(fixture, "idle"), 0);
    assert_int_equal(find_session(fixture, "old"), 0);
    assert_int_equal(find_session(fixture, "least"), 0);
    assert_int_not_equal(find_session(fixture, "middle"), 0);
    assert_int_not_equal(find_session(fixture, "last"), 0);
}

static void test_last_seen_never_goes_back(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_OWNER);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct session_row *list;
    struct error err = {0};
    int64_t session_id;
    size_t count;

    add_session(fixture, ann.id, "one", 100, 999);
    session_id = find_session(fixture, "one");
    do_session(fixture, work_touch, (struct session_order){.session_id = session_id, .at_ms = 120});
    do_session(fixture, work_touch, (struct session_order){.session_id = session_id, .at_ms = 110});
    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_true(session_store_list(db, ann.id, 0, 1, fixture->arena, &list, &count, &err));
    assert_int_equal(list[0].last_seen_at_ms, 120);
}

static void test_a_renewed_session_opens_by_its_new_token_only(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_OWNER);
    int64_t session_id;

    add_session(fixture, ann.id, "old", 100, 999);
    session_id = find_session(fixture, "old");
    do_session(
        fixture, work_renew,
        (struct session_order){
            .user_id = ann.id, .session_id = session_id, .hash = hash_of("new"), .until_ms = 1999});
    assert_int_equal(find_session(fixture, "old"), 0);
    assert_int_equal(find_session(fixture, "new"), session_id);
}

/* ---- tokens ---- */

static bool work_remove_token(struct db *db, void *context, struct error *err)
{
    const struct session_order *order = context;

    return token_store_remove(db, order->user_id, order->session_id, err);
}

static void test_a_token_belongs_to_its_user(void **state)
{
    struct fixture *fixture = *state;
    struct user_row ann = add_user(fixture, "ann", ROLE_OWNER);
    struct user_row bob = add_user(fixture, "bob", ROLE_MEMBER);
    struct account_token_order order = {.name = STR("script"), .scopes = SCOPE_READ};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct token_row made, found, *list;
    struct user_row user;
    struct sha256 hash;
    struct error err = {0};
    struct str secret;
    size_t count;

    assert_true(token_issue(fixture->pool, &fixture->clock, &fixture->random, bob.id, &order,
                            STR("192.0.2.1"), fixture->arena, &made, &secret, &err));
    assert_true(db_borrow(fixture->pool, &db, &err));
    hash = sha256_of(secret);
    assert_true(token_store_find(db, &hash, fixture->arena, &found, &user, &err));
    assert_int_equal(user.id, bob.id);
    assert_int_equal(found.scopes, SCOPE_READ);
    assert_false(token_store_find_id(db, ann.id, made.public_id, fixture->arena, &found, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(token_store_find_id(db, bob.id, made.public_id, fixture->arena, &found, &err));
    assert_true(str_equal(found.hint, str_slice(secret, secret.size - 4, 4)));
    do_session(fixture, work_remove_token,
               (struct session_order){.user_id = ann.id, .session_id = made.id});
    db_refresh(db);
    assert_true(token_store_list(db, bob.id, fixture->arena, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_true(token_store_list(db, ann.id, fixture->arena, &list, &count, &err));
    assert_int_equal(count, 0);
}

static void test_a_token_made_before_set_up_makes_an_owner_once(void **state)
{
    struct fixture *fixture = *state;
    struct account_token_order order = {.name = STR("demo"), .scopes = SCOPE_READ | SCOPE_ADMIN};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct str first, second;
    struct token_row *list;
    struct user_row owner;
    struct error err = {0};
    size_t count;

    assert_true(account_token_create(fixture->pool, &fixture->clock, &fixture->random, &order,
                                     fixture->arena, &first, &err));
    assert_true(account_token_create(fixture->pool, &fixture->clock, &fixture->random, &order,
                                     fixture->arena, &second, &err));
    assert_true(token_is_whole(first, STR(TOKEN_PREFIX)));
    assert_false(str_equal(first, second));
    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_true(user_store_find_owner(db, fixture->arena, &owner, &err));
    assert_true(str_equal(owner.name, STR(OWNER_NAME)));
    assert_int_equal(owner.password.size, 0);
    assert_true(token_store_list(db, owner.id, fixture->arena, &list, &count, &err));
    assert_int_equal(count, 2);
}

static void test_token_orders_that_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const int64_t now_ms = fixture->time.wall_ms;
    const struct {
        struct account_token_order order;
        enum error_code code;
        const char *field;
    } cases[] = {
        {{.name = STR(""), .scopes = SCOPE_READ},                              ERROR_REQUIRED,       "name"      },
        {{.name = STR("  "), .scopes = SCOPE_READ},                            ERROR_REQUIRED,       "name"      },
        {{.name = STR("a\x01b"), .scopes = SCOPE_READ},                        ERROR_INVALID,        "name"      },
        {{.name = STR("a\xff"), .scopes = SCOPE_READ},                         ERROR_WRONG_ENCODING, "name"      },
        {{.name = STR("demo")},                                                ERROR_REQUIRED,       "scopes"    },
        {{.name = STR("demo"), .scopes = SCOPE_READ, .expires_at_ms = now_ms},
         ERROR_TOO_SMALL,                                                                            "expires_at"},
        {{.name = STR("demo"), .scopes = SCOPE_READ, .user = STR("nobody")},   ERROR_NOT_FOUND,      ""          },
        {{.name = STR("demo"), .scopes = SCOPE_ADMIN, .user = STR("Bob")},
         ERROR_FORBIDDEN,                                                                            "scopes"    },
    };
    struct str token;

    add_user(fixture, "bob", ROLE_MEMBER);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        assert_false(account_token_create(fixture->pool, &fixture->clock, &fixture->random,
                                          &cases[i].order, fixture->arena, &token, &err));
        assert_int_equal(err.code, cases[i].code);
        assert_string_equal(err.field, cases[i].field);
    }
}

static void test_a_user_has_a_hundred_tokens_at_most(void **state)
{
    struct fixture *fixture = *state;
    struct account_token_order order = {.name = STR("demo"), .scopes = SCOPE_READ};
    struct error err = {0};
    struct str token;

    for (int i = 0; i < TOKENS_PER_USER_MAX; i++)
        assert_true(account_token_create(fixture->pool, &fixture->clock, &fixture->random, &order,
                                         fixture->arena, &token, &err));
    assert_false(account_token_create(fixture->pool, &fixture->clock, &fixture->random, &order,
                                      fixture->arena, &token, &err));
    assert_int_equal(err.code, ERROR_TOO_MANY);
    assert_int_equal(err.limit, TOKENS_PER_USER_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_user_is_found_as_it_was_written),
        TEST(test_nobody_is_found_by_another_name),
        TEST(test_there_is_one_owner_and_one_of_each_name),
        TEST(test_all_users_are_listed_oldest_first),
        TEST(test_a_password_is_set_over_the_one_that_was_checked_only),
        TEST(test_only_an_owner_without_a_password_is_completed),
        TEST(test_a_session_opens_by_its_token_and_by_nothing_else),
        TEST(test_no_token_stands_in_the_database_file),
        TEST(test_nobody_ends_the_session_of_another),
        TEST(test_ending_others_keeps_the_one_that_asks),
        TEST(test_trimming_removes_the_dead_and_keeps_the_last_used),
        TEST(test_last_seen_never_goes_back),
        TEST(test_a_renewed_session_opens_by_its_new_token_only),
        TEST(test_a_token_belongs_to_its_user),
        TEST(test_a_token_made_before_set_up_makes_an_owner_once),
        TEST(test_token_orders_that_are_refused),
        TEST(test_a_user_has_a_hundred_tokens_at_most),
    };
    struct error err;

    log_configure(LOG_WARN, false);
    if (!secret_init(&err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
