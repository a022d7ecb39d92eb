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

#define PASSWORD STR("correct horse battery")
#define OTHER_PASSWORD STR("staple correct horse")
#define KEY STR("an-admin-key-of-24-chars")

struct fixture {
    char directory[64], path[128];
    struct clock_fake time;
    struct clock clock;
    struct random_seeded seed;
    struct random random;
    struct arena *arena;
    struct db_pool *pool;
    struct account *account;
};

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

/* The service as it starts with, or without, an admin key. */
static void start(struct fixture *fixture, struct str key)
{
    struct account_config config = {.pool = fixture->pool,
                                    .clock = &fixture->clock,
                                    .random = &fixture->random,
                                    .admin_key = {key}};
    struct error err = {0};

    account_destroy(fixture->account);
    fixture->account = NULL;
    if (!account_create(&config, &fixture->account, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct error err = {0};
    struct db_config config;

    fixture = (struct fixture){
        .directory = "/tmp/vitrine-sign-in-XXXXXX",
        .time = {.wall_ms = 1700000000000, .mono_ms = 5000}
    };
    fixture.clock = clock_of_fake(&fixture.time);
    fixture.random = random_of_seed(&fixture.seed, 12);
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
    start(&fixture, STR_EMPTY);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    db_pool_close(fixture->pool);
    account_destroy(fixture->account);
    arena_destroy(fixture->arena);
    return nftw(fixture->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct visitor visitor_of(const struct fixture *fixture)
{
    return (struct visitor){
        .ip = STR("192.0.2.7"), .agent = STR("Test"), .now_ms = fixture->time.wall_ms};
}

/* The link's token; empty when no set-up is needed. */
static struct str link_of(struct fixture *fixture)
{
    struct error err = {0};
    struct str path;

    assert_true(account_setup_link(fixture->account, fixture->arena, &path, &err));
    if (path.size == 0)
        return path;
    assert_true(str_starts_with(path, STR("/setup/")));
    return str_slice(path, 7, path.size);
}

static enum error_code set_up_owner(struct fixture *fixture, struct str link, struct str name,
                                    struct str password, struct sign_in *out)
{
    struct visitor visitor = visitor_of(fixture);
    struct error err = {0};

    if (account_set_up(fixture->account, &visitor, link, name, password, STR("zh-CN"),
                       fixture->arena, out, &err))
        return ERROR_NONE;
    return err.code;
}

static enum error_code log_in(struct fixture *fixture, const struct visitor *visitor,
                              struct str name, struct str password, struct sign_in *out)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};

    assert_true(db_borrow(fixture->pool, &db, &err));
    if (account_login(fixture->account, db, visitor, name, password, fixture->arena, out, &err))
        return ERROR_NONE;
    if (err.code == ERROR_RATE_LIMITED)
        assert_true(err.retry_after_ms > 0);
    return err.code;
}

/* The living session behind a token; 0: none. */
static int64_t session_of(struct fixture *fixture, struct str token)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct sha256 hash = sha256_of(token);
    struct session_row session;
    struct user_row user;
    struct error err = {0};

    assert_true(db_borrow(fixture->pool, &db, &err));
    if (session_store_find(db, &hash, fixture->arena, &session, &user, &err))
        return session.id;
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    return 0;
}

static struct user_row owner_of(struct fixture *fixture)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct user_row owner;
    struct error err = {0};

    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_true(user_store_find_owner(db, fixture->arena, &owner, &err));
    return owner;
}

/* Rows of the audit with this event; waits for those written behind. */
static int64_t audit_count(struct fixture *fixture, const char *event)
{
    static const struct sql find = {"test_audit",
                                    "SELECT count(*) AS total FROM audit WHERE event = $1", NULL};
    const struct sql_value args[] = {SQL_CSTR(event)};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    struct user_row owner = owner_of(fixture);
    const struct preferences nothing = {.user_id = owner.id};
    struct error err = {0};

    /* One queue: what entered it before this write is there when it returns. */
    assert_true(account_set_preferences(fixture->account, &nothing, fixture->arena, &owner, &err));
    assert_true(db_borrow(fixture->pool, &db, &err));
    assert_true(db_query(db, &find, args, COUNT(args), &rows, &err));
    assert_true(rows_next(&rows));
    return rows_int64(&rows, "total");
}

/* ---- set up ---- */

static void test_set_up_makes_the_owner_once(void **state)
{
    struct fixture *fixture = *state;
    struct visitor visitor = visitor_of(fixture);
    struct sign_in sign_in, again;
    struct str link = link_of(fixture);

    assert_int_equal(set_up_owner(fixture, link, STR("Ann"), PASSWORD, &sign_in), ERROR_NONE);
    assert_int_equal(sign_in.user.role, ROLE_OWNER);
    assert_true(str_equal(sign_in.user.language, STR("zh-CN")));
    assert_int_not_equal(session_of(fixture, sign_in.session_token), 0);
    assert_int_equal(link_of(fixture).size, 0);
    assert_int_equal(set_up_owner(fixture, link, STR("Eve"), PASSWORD, &again), ERROR_GONE);
    assert_int_equal(log_in(fixture, &visitor, STR("ann"), PASSWORD, &again), ERROR_NONE);
    assert_int_equal(audit_count(fixture, "setup"), 1);
    assert_int_equal(audit_count(fixture, "login"), 1);
}

static void test_a_link_is_refused_late_wrong_or_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct sign_in sign_in;
    struct str first = link_of(fixture), second = link_of(fixture);

    assert_int_equal(set_up_owner(fixture, first, STR("Ann"), PASSWORD, &sign_in), ERROR_GONE);
    assert_int_equal(set_up_owner(fixture, STR("x"), STR("Ann"), PASSWORD, &sign_in), ERROR_GONE);
    fixture->time.mono_ms += 10 * 60 * 1000;
    assert_int_equal(set_up_owner(fixture, second, STR("Ann"), PASSWORD, &sign_in), ERROR_GONE);
}

static void test_a_refused_password_does_not_spend_the_link(void **state)
{
    struct fixture *fixture = *state;
    struct sign_in sign_in;
    struct str link = link_of(fixture);

    assert_int_equal(set_up_owner(fixture, link, STR("Ann"), STR("short"), &sign_in),
                     ERROR_TOO_SHORT);
    assert_int_equal(set_up_owner(fixture, link, STR(""), PASSWORD, &sign_in), ERROR_REQUIRED);
    assert_int_equal(set_up_owner(fixture, link, STR("Ann"), PASSWORD, &sign_in), ERROR_NONE);
}

static void test_set_up_completes_the_owner_a_token_was_made_for(void **state)
{
    struct fixture *fixture = *state;
    struct account_token_order order = {.name = STR("demo"), .scopes = SCOPE_READ};
    struct error err = {0};
    struct sign_in sign_in;
    struct user_row before;
    struct str token;

    assert_true(account_token_create(fixture->pool, &fixture->clock, &fixture->random, &order,
                                     fixture->arena, &token, &err));
    before = owner_of(fixture);
    assert_int_equal(set_up_owner(fixture, link_of(fixture), STR("Ann"), PASSWORD, &sign_in),
                     ERROR_NONE);
    assert_int_equal(sign_in.user.id, before.id);
    assert_true(str_equal(sign_in.user.public_id, before.public_id));
    assert_true(str_equal(owner_of(fixture).name, STR("Ann")));
}

/* ---- log in ---- */

static void test_who_does_not_exist_gets_the_answer_of_a_wrong_password(void **state)
{
    struct fixture *fixture = *state;
    struct visitor visitor = visitor_of(fixture);
    struct sign_in sign_in;

    assert_int_equal(set_up_owner(fixture, link_of(fixture), STR("Ann"), PASSWORD, &sign_in),
                     ERROR_NONE);
    assert_int_equal(log_in(fixture, &visitor, STR("ann"), OTHER_PASSWORD, &sign_in),
                     ERROR_WRONG_LOGIN);
    assert_int_equal(log_in(fixture, &visitor, STR("eve"), PASSWORD, &sign_in), ERROR_WRONG_LOGIN);
    assert_int_equal(audit_count(fixture, "login_failed"), 2);
}

/* S8: what was in the browser before is worth nothing after. */
static void test_a_login_ends_the_session_the_browser_had(void **state)
{
    struct fixture *fixture = *state;
    struct visitor visitor = visitor_of(fixture);
    struct sign_in first, second;

    assert_int_equal(set_up_owner(fixture, link_of(fixture), STR("Ann"), PASSWORD, &first),
                     ERROR_NONE);
    visitor.session_id = session_of(fixture, first.session_token);
    visitor.session_user_id = first.user.id;
    assert_int_equal(log_in(fixture, &visitor, STR("Ann"), PASSWORD, &second), ERROR_NONE);
    assert_int_equal(session_of(fixture, first.session_token), 0);
    assert_int_not_equal(session_of(fixture, second.session_token), 0);
}

static void test_guesses_are_limited_but_not_for_a_known_device(void **state)
{
    struct fixture *fixture = *state;
    struct visitor stranger = visitor_of(fixture), owner = visitor_of(fixture);
    struct sign_in sign_in;
    int hashed = 0;

    assert_int_equal(set_up_owner(fixture, link_of(fixture), STR("Ann"), PASSWORD, &sign_in),
                     ERROR_NONE);
    owner.device = sign_in.device;
    for (int i = 0; i < 1000; i++)
        hashed +=
            log_in(fixture, &stranger, STR("ann"), OTHER_PASSWORD, &sign_in) == ERROR_WRONG_LOGIN;
    assert_int_equal(hashed, 5);
    assert_int_equal(log_in(fixture, &stranger, STR("ann"), PASSWORD, &sign_in),
                     ERROR_RATE_LIMITED);
    assert_int_equal(log_in(fixture, &owner, STR("ann"), PASSWORD, &sign_in), ERROR_NONE);
}

/* ---- another password ---- */

static enum error_code change(struct fixture *fixture, const struct visitor *visitor,
                              int64_t user_id, struct str current, struct str password,
                              struct sign_in *out)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};

    assert_true(db_borrow(fixture->pool, &db, &err));
    if (account_change_password(fixture->account, db, visitor, user_id, current, password,
                                fixture->arena, out, &err))
        return ERROR_NONE;
    return err.code;
}

static void test_a_new_password_ends_all_other_sessions_and_devices(void **state)
{
    struct fixture *fixture = *state;
    struct visitor visitor = visitor_of(fixture);
    struct sign_in mine, other, changed;
    int64_t session_id;
    struct user_row ann;

    assert_int_equal(set_up_owner(fixture, link_of(fixture), STR("Ann"), PASSWORD, &mine),
                     ERROR_NONE);
    assert_int_equal(log_in(fixture, &visitor, STR("Ann"), PASSWORD, &other), ERROR_NONE);
    session_id = session_of(fixture, mine.session_token);
    visitor.session_id = session_id;
    visitor.session_user_id = mine.user.id;
    assert_int_equal(
        change(fixture, &visitor, mine.user.id, OTHER_PASSWORD, OTHER_PASSWORD, &changed),
        ERROR_WRONG_LOGIN);
    assert_int_equal(change(fixture, &visitor, mine.user.id, PASSWORD, STR("short"), &changed),
                     ERROR_TOO_SHORT);
    assert_int_not_equal(session_of(fixture, other.session_token), 0);
    assert_int_equal(change(fixture, &visitor, mine.user.id, PASSWORD, OTHER_PASSWORD, &changed),
                     ERROR_NONE);
    assert_int_equal(session_of(fixture, other.session_token), 0);
    assert_int_equal(session_of(fixture, mine.session_token), 0);
    assert_int_equal(session_of(fixture, changed.session_token), session_id);
    ann = owner_of(fixture);
    assert_false(account_device_is_known(&ann, other.device, fixture->arena));
    assert_true(account_device_is_known(&ann, changed.device, fixture->arena));
    visitor.session_id = 0;
    assert_int_equal(log_in(fixture, &visitor, STR("Ann"), PASSWORD, &other), ERROR_WRONG_LOGIN);
    assert_int_equal(log_in(fixture, &visitor, STR("Ann"), OTHER_PASSWORD, &other), ERROR_NONE);
    assert_int_equal(audit_count(fixture, "password_changed"), 1);
}

/* ---- the admin key ---- */

static void test_an_admin_key_makes_the_owner_and_needs_no_set_up(void **state)
{
    struct fixture *fixture = *state;
    struct visitor visitor = visitor_of(fixture);
    struct sign_in sign_in;

    start(fixture, KEY);
    assert_int_equal(link_of(fixture).size, 0);
    assert_true(str_equal(owner_of(fixture).name, STR(OWNER_NAME)));
    assert_int_equal(owner_of(fixture).password.size, 0);
    assert_true(account_key_is_admin(fixture->account, KEY));
    assert_false(account_key_is_admin(fixture->account, STR("an-admin-key-of-24-charz")));
    assert_int_equal(log_in(fixture, &visitor, STR("admin"), PASSWORD, &sign_in),
                     ERROR_WRONG_LOGIN);
    assert_int_equal(log_in(fixture, &visitor, STR("admin"), KEY, &sign_in), ERROR_NONE);

    /* Their own password takes the key's place at the door; the key stays a bearer token. */
    assert_int_equal(change(fixture, &visitor, sign_in.user.id, KEY, PASSWORD, &sign_in),
                     ERROR_NONE);
    assert_int_equal(log_in(fixture, &visitor, STR("admin"), KEY, &sign_in), ERROR_WRONG_LOGIN);
    assert_int_equal(log_in(fixture, &visitor, STR("admin"), PASSWORD, &sign_in), ERROR_NONE);
    assert_true(account_key_is_admin(fixture->account, KEY));
}

static void test_without_its_key_a_keyed_owner_is_set_up_by_link(void **state)
{
    struct fixture *fixture = *state;
    struct sign_in sign_in;

    start(fixture, KEY);
    start(fixture, STR_EMPTY);
    assert_false(account_key_is_admin(fixture->account, KEY));
    assert_false(account_key_is_admin(fixture->account, STR_EMPTY));
    assert_int_equal(set_up_owner(fixture, link_of(fixture), STR("Ann"), PASSWORD, &sign_in),
                     ERROR_NONE);
}

static void test_an_admin_key_too_short_or_too_long_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct account_config config = {.pool = fixture->pool,
                                    .clock = &fixture->clock,
                                    .random = &fixture->random,
                                    .admin_key = {STR("eleven-char")}};
    char longest[PASSWORD_MAX_CHARS + 1];
    struct account *account = NULL;
    struct error err = {0};

    assert_false(account_create(&config, &account, &err));
    assert_int_equal(err.code, ERROR_TOO_SHORT);
    assert_string_equal(err.field, "VITRINE_ADMIN_KEY");
    memset(longest, 'k', sizeof longest);
    config.admin_key.hidden = (struct str){longest, sizeof longest};
    assert_false(account_create(&config, &account, &err));
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_null(account);
}

/* ---- what is kept between requests ---- */

static void test_a_change_forgets_what_was_kept_and_what_was_being_read(void **state)
{
    struct fixture *fixture = *state;
    struct credential credential = {
        .kind = BY_TOKEN, .hash = sha256_of(STR("token")), .user_id = 7};
    struct credential found;
    uint64_t epoch;

    credential.until_mono_ms = fixture->time.mono_ms + 5000;
    assert_false(account_recall(fixture->account, BY_TOKEN, &credential.hash, &found, &epoch));
    account_keep(fixture->account, &credential, epoch);
    assert_true(account_recall(fixture->account, BY_TOKEN, &credential.hash, &found, &epoch));
    assert_int_equal(found.user_id, 7);
    /* The same secret by another way in is another credential. */
    assert_false(account_recall(fixture->account, BY_SESSION, &credential.hash, &found, &epoch));
    account_forget(fixture->account);
    assert_false(account_recall(fixture->account, BY_TOKEN, &credential.hash, &found, &epoch));

    /* Read before the change, kept after it: that would revive what was revoked. */
    account_forget(fixture->account);
    account_keep(fixture->account, &credential, epoch);
    assert_false(account_recall(fixture->account, BY_TOKEN, &credential.hash, &found, &epoch));

    account_keep(fixture->account, &credential, epoch);
    fixture->time.mono_ms += 5000;
    assert_false(account_recall(fixture->account, BY_TOKEN, &credential.hash, &found, &epoch));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_set_up_makes_the_owner_once),
        TEST(test_a_link_is_refused_late_wrong_or_replaced),
        TEST(test_a_refused_password_does_not_spend_the_link),
        TEST(test_set_up_completes_the_owner_a_token_was_made_for),
        TEST(test_who_does_not_exist_gets_the_answer_of_a_wrong_password),
        TEST(test_a_login_ends_the_session_the_browser_had),
        TEST(test_guesses_are_limited_but_not_for_a_known_device),
        TEST(test_a_new_password_ends_all_other_sessions_and_devices),
        TEST(test_an_admin_key_makes_the_owner_and_needs_no_set_up),
        TEST(test_without_its_key_a_keyed_owner_is_set_up_by_link),
        TEST(test_an_admin_key_too_short_or_too_long_is_refused),
        TEST(test_a_change_forgets_what_was_kept_and_what_was_being_read),
    };
    struct error err;

    log_configure(LOG_WARN, false);
    if (!secret_init(&err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
