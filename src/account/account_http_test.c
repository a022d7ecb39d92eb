#include "http/test_server.h"

#include "account/account_private.h"
#include "core/log.h"
#include "db/migrations.h"

#include <ftw.h>

#define PASSWORD "correct horse battery"
#define KEY "an-admin-key-of-24-chars"
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

struct house {
    struct fixture http;
    char directory[64], path[128];
    struct {
        _Atomic int64_t wall_ms, mono_ms;
    } time; /* moved by the test while the server's threads read it */
    struct clock clock;
    struct arena *arena;
    struct db_pool *pool;
    struct account *account;
};

struct account *app_account(void *app) { return ((struct house *)app)->account; }

static int64_t wall_ms(void *context) { return ((struct house *)context)->time.wall_ms; }

static int64_t mono_ms(void *context) { return ((struct house *)context)->time.mono_ms; }

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int set_up(void **state)
{
    static const struct http_route events[] = {
        {"GET",          "/api/v1/events", ACCESS_VIEWER, .handler = stream_handler, .flags = HTTP_STREAM},
        {0}
    };
    static const struct http_route *const tables[] = {account_routes, token_routes, events, NULL};
    static struct house house;
    struct error err = {0};
    struct account_config config;
    struct db_config db;

    house = (struct house){.directory = "/tmp/vitrine-account-XXXXXX"};
    house.time.wall_ms = 1700000000000;
    house.time.mono_ms = 5000;
    house.clock = (struct clock){wall_ms, mono_ms, &house};
    house.arena = arena_create(MIB(4));
    assert_non_null(mkdtemp(house.directory));
    snprintf(house.path, sizeof house.path, "%s/vitrine.db", house.directory);
    db = (struct db_config){.path = house.path,
                            .readers = 4,
                            .migrations = db_migrations,
                            .migration_count = db_migration_count,
                            .clock = &clock_system};
    if (!db_pool_open(&db, &house.pool, &err))
        fail_msg("%s %s", err.message, err.detail);
    config = (struct account_config){
        .pool = house.pool, .clock = &house.clock, .random = &random_system};
    assert_true(account_create(&config, &house.account, &err));
    fixture_prepare(&house.http);
    house.http.config.tables = tables;
    house.http.config.app = &house;
    house.http.config.pool = house.pool;
    house.http.config.clock = &house.clock;
    house.http.config.authenticate = account_authenticate;
    house.http.config.is_ready = NULL;
    house.http.config.rate_per_minute = 100000;
    fixture_start(&house.http);
    *state = &house;
    return 0;
}

static int tear_down(void **state)
{
    struct house *house = *state;

    fixture_end(&house->http);
    db_pool_close(house->pool);
    account_destroy(house->account);
    arena_destroy(house->arena);
    return nftw(house->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- speaking ---- */

/* `who`: a whole header line, "Cookie: sid=…\r\n" or "Authorization: Bearer …\r\n", or "". */
static struct answer ask(struct house *house, const char *method, const char *path, struct str who,
                         const char *body)
{
    struct str request;

    if (body == NULL)
        request = arena_printf(
            house->arena,
            "%s %s HTTP/1.1\r\n%%H%.*sX-Vitrine: 1\r\nSec-Fetch-Site: same-origin\r\nConnection: "
            "close\r\n\r\n",
            method, path, STR_ARGS(who));
    else
        request = arena_printf(
            house->arena,
            "%s %s HTTP/1.1\r\n%%H%.*sX-Vitrine: 1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: "
            "application/json\r\nContent-Length: %zu\r\nConnection: "
            "close\r\n\r\n%s",
            method, path, STR_ARGS(who), strlen(body), body);
    return exchange_bytes(&house->http, request);
}

/* The status alone; the test fails with the answer when it is another. */
static void expect_at(struct house *house, const char *method, const char *path, struct str who,
                      const char *body, int status, const char *has, int line)
{
    struct answer answer = ask(house, method, path, who, body);

    if (answer.status != status || (has != NULL && !answer_has(&answer, has)))
        fail_msg("line %d: %s %s: %d: %.*s", line, method, path, answer.status,
                 STR_ARGS(answer.body));
    buf_finish(&answer.bytes);
}
#define EXPECT(house, method, path, who, body, status, has)                                        \
    expect_at(house, method, path, who, body, status, has, __LINE__)

/* The value of one cookie an answer sets; empty: it does not. */
static struct str cookie_of(struct house *house, const struct answer *answer, const char *name)
{
    struct str rest = answer->head;
    struct str start = arena_printf(house->arena, "Set-Cookie: %s=", name);

    while (rest.size > 0) {
        struct str line = str_trim(str_cut(&rest, '\n'));

        if (str_starts_with(line, start)) {
            struct str value = str_slice(line, start.size, line.size);

            return arena_str(house->arena, str_cut(&value, ';'));
        }
    }
    return STR_EMPTY;
}

static struct str by_cookie(struct house *house, struct str sid)
{
    return arena_printf(house->arena, "Cookie: sid=%.*s\r\n", STR_ARGS(sid));
}

static struct str by_bearer(struct house *house, struct str token)
{
    return arena_printf(house->arena, "Authorization: Bearer %.*s\r\n", STR_ARGS(token));
}

/* A text member of the answer's JSON, by path. */
static struct str member(struct house *house, const struct answer *answer, const char *path)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error err = {0};

    if (!json_read(answer->body, &json, &err))
        fail_msg("%s: %.*s", err.message, STR_ARGS(answer->body));
    return arena_str(house->arena, json_text(json_path(json, path)));
}

/* Makes the owner over HTTP; the header line of their session. */
static struct str make_owner(struct house *house)
{
    struct error err = {0};
    struct answer answer;
    struct str path, body, who;

    assert_true(account_setup_link(house->account, house->arena, &path, &err));
    body = arena_printf(house->arena,
                        "{\"token\":\"%.*s\",\"name\":\"Ann\",\"password\":\"" PASSWORD "\"}",
                        STR_ARGS(str_slice(path, 7, path.size)));
    answer = ask(house, "POST", "/api/v1/setup", STR_EMPTY, arena_cstr(house->arena, body));
    if (answer.status != 200)
        fail_msg("%.*s", STR_ARGS(buf_str(&answer.bytes)));
    who = by_cookie(house, cookie_of(house, &answer, "sid"));
    buf_finish(&answer.bytes);
    return who;
}

static struct str log_in(struct house *house)
{
    struct answer answer = ask(house, "POST", "/api/v1/auth/login", STR_EMPTY,
                               "{\"name\":\"ann\",\"password\":\"" PASSWORD "\"}");
    struct str who = by_cookie(house, cookie_of(house, &answer, "sid"));

    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    return who;
}

static struct str make_token(struct house *house, struct str who, const char *scopes)
{
    struct str body = arena_printf(house->arena, "{\"name\":\"t\",\"scopes\":%s}", scopes);
    struct answer answer =
        ask(house, "POST", "/api/v1/tokens", who, arena_cstr(house->arena, body));
    struct str token;

    if (answer.status != 201)
        fail_msg("%.*s", STR_ARGS(buf_str(&answer.bytes)));
    token = member(house, &answer, "token");
    buf_finish(&answer.bytes);
    return token;
}

/* ---- tests ---- */

static void test_set_up_logs_the_owner_in_and_is_over(void **state)
{
    struct house *house = *state;
    struct str who;

    EXPECT(house, "GET", "/api/v1/setup", STR_EMPTY, NULL, 200, "{\"is_needed\":true}");
    who = make_owner(house);
    EXPECT(house, "GET", "/api/v1/setup", STR_EMPTY, NULL, 200, "{\"is_needed\":false}");
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 200,
           "\"name\":\"Ann\",\"role\":\"owner\",\"language\":\"\",\"theme\":\"system\"");
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 200,
           "\"scopes\":[\"read\",\"write\",\"generate\",\"admin\"]");
    EXPECT(house, "POST", "/api/v1/setup", STR_EMPTY,
           "{\"token\":\"x\",\"name\":\"Eve\",\"password\":\"" PASSWORD "\"}", 410, "\"gone\"");
}

/* S7: what a script on the page, or another site, must not get. */
static void test_cookies_are_out_of_reach_of_scripts(void **state)
{
    struct house *house = *state;
    struct answer answer;
    struct str sid;

    make_owner(house);
    answer = ask(house, "POST", "/api/v1/auth/login", STR_EMPTY,
                 "{\"name\":\"ann\",\"password\":\"" PASSWORD "\"}");
    sid = cookie_of(house, &answer, "sid");
    assert_int_equal(sid.size, 43); /* 256 bits */
    assert_int_equal(str_find(answer.body, sid), -1);
    assert_true(cookie_of(house, &answer, "device").size > 0);
    for (struct str rest = answer.head; rest.size > 0;) {
        struct str line = str_cut(&rest, '\n');

        if (str_starts_with(line, STR("Set-Cookie:"))) {
            assert_true(str_find(line, STR("; HttpOnly")) > 0);
            assert_true(str_find(line, STR("; SameSite=Lax")) > 0);
            assert_true(str_find(line, STR("; Path=/;")) > 0);
        }
    }
    buf_finish(&answer.bytes);
}

/* S14: every row of the tables, by nobody, by what was revoked, and by a token that may only read.
 */
static void test_every_route_denies_by_default(void **state)
{
    static const struct http_route *const tables[] = {account_routes, token_routes};
    struct house *house = *state;
    struct str who = make_owner(house), revoked = log_in(house);
    struct str reader = by_bearer(house, make_token(house, who, "[\"read\"]"));
    int denied = 0;

    EXPECT(house, "POST", "/api/v1/auth/logout", revoked, NULL, 204, NULL);
    for (size_t t = 0; t < COUNT(tables); t++)
        for (const struct http_route *route = tables[t]; route->method != NULL; route++) {
            const char *body = route->in == NULL ? NULL : "{}";

            assert_int_not_equal(route->access, ACCESS_NOBODY);
            if (route->access == ACCESS_PUBLIC)
                continue;
            EXPECT(house, route->method, route->path, STR_EMPTY, body, 401, "unauthenticated");
            EXPECT(house, route->method, route->path, revoked, body, 401, "unauthenticated");
            EXPECT(house, route->method, route->path, STR("Authorization: Bearer vit_no\r\n"), body,
                   401, "unauthenticated");
            if (route->scope != SCOPE_READ)
                EXPECT(house, route->method, route->path, reader, body, 403, "forbidden");
            denied++;
        }
    assert_int_equal(denied, 10);
}

static void test_a_wrong_login_says_nothing_about_who_exists(void **state)
{
    struct house *house = *state;
    struct answer wrong, nobody;

    make_owner(house);
    wrong = ask(house, "POST", "/api/v1/auth/login", STR_EMPTY,
                "{\"name\":\"ann\",\"password\":\"something else\"}");
    nobody = ask(house, "POST", "/api/v1/auth/login", STR_EMPTY,
                 "{\"name\":\"eve\",\"password\":\"something else\"}");
    assert_int_equal(wrong.status, 401);
    assert_int_equal(nobody.status, 401);
    assert_true(str_equal(member(house, &wrong, "code"), STR("wrong_login")));
    assert_true(str_equal(member(house, &wrong, "detail"), member(house, &nobody, "detail")));
    assert_int_equal(cookie_of(house, &wrong, "sid").size, 0);
    buf_finish(&wrong.bytes);
    buf_finish(&nobody.bytes);
}

static void test_too_many_guesses_are_told_when_to_come_back(void **state)
{
    struct house *house = *state;
    struct answer answer;

    make_owner(house);
    for (int i = 0; i < 5; i++)
        EXPECT(house, "POST", "/api/v1/auth/login", STR_EMPTY,
               "{\"name\":\"ann\",\"password\":\"something else\"}", 401, NULL);
    answer = ask(house, "POST", "/api/v1/auth/login", STR_EMPTY,
                 "{\"name\":\"ann\",\"password\":\"" PASSWORD "\"}");
    assert_int_equal(answer.status, 429);
    assert_true(str_equal(answer_field(&answer, "Retry-After"), STR("1")));
    buf_finish(&answer.bytes);
}

static void test_a_session_ends_when_it_was_idle_for_fourteen_days(void **state)
{
    struct house *house = *state;
    struct str who = make_owner(house);

    house->time.wall_ms += 14 * DAY_MS - 1;
    house->time.mono_ms += 14 * DAY_MS - 1;
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 200, NULL);
    house->time.wall_ms += 14 * DAY_MS;
    house->time.mono_ms += 14 * DAY_MS;
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 401, NULL);
}

static void test_a_session_in_use_ends_after_ninety_days(void **state)
{
    struct house *house = *state;
    struct str who = make_owner(house);

    /* "Last seen" is written behind; a write of the request's own takes it along. */
    for (int weeks = 2; weeks <= 12; weeks++) {
        house->time.wall_ms += 7 * DAY_MS;
        house->time.mono_ms += 7 * DAY_MS;
        EXPECT(house, "PATCH", "/api/v1/me", who, "{\"theme\":\"dark\"}", 200, NULL);
    }
    house->time.wall_ms += 13 * DAY_MS - 1;
    house->time.mono_ms += 13 * DAY_MS - 1;
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 200, NULL);
    house->time.wall_ms += 1;
    house->time.mono_ms += 1;
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 401, NULL);
}

static void test_sessions_are_listed_and_revoked_at_once(void **state)
{
    struct house *house = *state;
    struct str mine = make_owner(house), other = log_in(house), third = log_in(house);
    struct answer answer = ask(house, "GET", "/api/v1/me/sessions", mine, NULL);
    struct str newest = member(house, &answer, "items.0.id");
    struct str path = arena_printf(house->arena, "/api/v1/me/sessions/%.*s", STR_ARGS(newest));

    assert_int_equal(answer.status, 200);
    assert_true(answer_has(&answer, "\"is_current\":true"));
    assert_true(answer_has(&answer, "\"ip\":\"127.0.0.1\""));
    EXPECT(house, "GET", "/api/v1/me", third, NULL, 200, NULL); /* now it is kept in memory */
    EXPECT(house, "DELETE", arena_cstr(house->arena, path), mine, NULL, 204, NULL);
    EXPECT(house, "GET", "/api/v1/me", third, NULL, 401, NULL);
    EXPECT(house, "DELETE", arena_cstr(house->arena, path), mine, NULL, 404, NULL);
    EXPECT(house, "POST", "/api/v1/me/sessions/revoke-others", mine, NULL, 200, "{\"count\":1}");
    EXPECT(house, "GET", "/api/v1/me", other, NULL, 401, NULL);
    EXPECT(house, "GET", "/api/v1/me", mine, NULL, 200, NULL);
    buf_finish(&answer.bytes);
}

static void test_a_new_password_changes_every_lock(void **state)
{
    struct house *house = *state;
    struct str mine = make_owner(house), other = log_in(house), renewed;
    struct answer answer;

    EXPECT(house, "POST", "/api/v1/me/password", mine,
           "{\"current\":\"something else\",\"password\":\"staple horse correct\"}", 401,
           "\"current\"");
    EXPECT(house, "POST", "/api/v1/me/password", mine,
           "{\"current\":\"" PASSWORD "\",\"password\":\"password123\"}", 422, "\"password\"");
    answer = ask(house, "POST", "/api/v1/me/password", mine,
                 "{\"current\":\"" PASSWORD "\",\"password\":\"staple horse correct\"}");
    assert_int_equal(answer.status, 204);
    renewed = by_cookie(house, cookie_of(house, &answer, "sid"));
    EXPECT(house, "GET", "/api/v1/me", renewed, NULL, 200, NULL);
    EXPECT(house, "GET", "/api/v1/me", mine, NULL, 401, NULL);
    EXPECT(house, "GET", "/api/v1/me", other, NULL, 401, NULL);
    buf_finish(&answer.bytes);
}

static int open_stream(struct house *house, struct str who)
{
    struct str text =
        arena_printf(house->arena, "GET /api/v1/events HTTP/1.1\r\n%%H%.*s\r\n", STR_ARGS(who));
    int fd = request_open(&house->http, arena_cstr(house->arena, text));

    assert_int_equal(recv(fd, &(char){0}, 1, 0), 1);
    return fd;
}

static bool add_sessions(struct db *db, void *context, struct error *err)
{
    struct house *house = context;

    for (int i = 0; i < SESSIONS_PER_USER_MAX; i++) {
        struct id id = id_make(&house->clock, &random_system);
        struct session_row row = {.user_id = 1,
                                  .public_id = arena_str(house->arena, id_str(&id)),
                                  .token_hash = sha256_of(id_str(&id)),
                                  .last_seen_at_ms = house->time.wall_ms + 1,
                                  .expires_at_ms = house->time.wall_ms + DAY_MS};

        if (!session_store_add(db, &row, err))
            return false;
    }
    return true;
}

static void test_streams_end_with_their_session_or_token(void **state)
{
    struct house *house = *state;
    struct str mine = make_owner(house), other = log_in(house);
    struct str token =
        make_token(house, mine, "[\"read\"],\"expires_at\":\"2023-11-14T23:13:20Z\"");
    struct error err;
    int fds[4];

    fds[0] = open_stream(house, by_bearer(house, token));
    house->time.wall_ms += DAY_MS / 24;
    wait_for(&world.streams_closed, 1);
    fds[1] = open_stream(house, other);
    EXPECT(house, "POST", "/api/v1/me/password", mine,
           "{\"current\":\"" PASSWORD "\",\"password\":\"" PASSWORD "\"}", 204, NULL);
    wait_for(&world.streams_closed, 2);
    fds[2] = open_stream(house, log_in(house));
    assert_true(db_transact(house->pool, "test", add_sessions, house, &err));
    fds[3] = open_stream(house, log_in(house)); /* those last seen stay, and it is none of them */
    wait_for(&world.streams_closed, 3);
    house->time.wall_ms += 14 * DAY_MS;
    wait_for(&world.streams_closed, 4);
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
}

static void test_preferences_are_kept(void **state)
{
    struct house *house = *state;
    struct str who = make_owner(house);

    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"theme\":\"dark\"}", 200, "\"theme\":\"dark\"");
    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"language\":\"zh-CN\"}", 200,
           "\"language\":\"zh-CN\",\"theme\":\"dark\"");
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 200, "\"language\":\"zh-CN\",\"theme\":\"dark\"");
    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"language\":\"\"}", 200, "\"language\":\"\"");
    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"theme\":\"pink\"}", 422, "not_in_list");
    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"start_page\":\"library\"}", 200,
           "\"theme\":\"dark\",\"start_page\":\"library\",\"letter_keys\":true,\"shortcuts\":[]");
    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"start_page\":\"moon\"}", 422, "not_in_list");
    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"letter_keys\":false}", 200,
           "\"start_page\":\"library\",\"letter_keys\":false");
}

#define STAR "{\"command\":\"library.star\",\"keys\":[\"S\",\"Mod+B\"]}"

static void test_shortcuts_follow_the_person(void **state)
{
    struct house *house = *state;
    struct str who = make_owner(house), elsewhere = log_in(house);

    EXPECT(house, "PATCH", "/api/v1/me", who,
           "{\"shortcuts\":[" STAR ",{\"command\":\"app.sheet\",\"keys\":[]}]}", 200, STAR);
    EXPECT(house, "GET", "/api/v1/me", elsewhere, NULL, 200,
           "[" STAR ",{\"command\":\"app.sheet\",\"keys\":[]}]");
    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"theme\":\"dark\"}", 200, STAR);
    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"shortcuts\":[]}", 200, "\"shortcuts\":[]");
}

static void test_shortcuts_have_bounds(void **state)
{
    static const struct {
        const char *body, *has;
    } refused[] = {
        {"{\"shortcuts\":{}}",                                             "wrong_type"          },
        {"{\"shortcuts\":[{\"command\":\"\",\"keys\":[]}]}",               "shortcuts[0].command"},
        {"{\"shortcuts\":[{\"command\":\"a.b\"}]}",                        "shortcuts[0].keys"   },
        {"{\"shortcuts\":[{\"command\":\"a.b\",\"keys\":[\"\"]}]}",        "too_short"           },
        {"{\"shortcuts\":[{\"command\":\"a.b\",\"keys\":[\"A\",\"A\"]}]}", "shortcuts[0].keys[1]"},
        {"{\"shortcuts\":[{\"command\":\"a.b\",\"keys\":["
         "\"A\",\"B\",\"C\",\"D\",\"E\",\"F\"]}]}",               "\"limit\":5"         },
        {"{\"shortcuts\":[{\"command\":\"a.b\",\"keys\":["
         "\"Mod+Shift+Alt+Mod+Shift+Alt+Mod+Shift+Alt\"]}]}",     "\"limit\":40"        },
        {"{\"shortcuts\":[" STAR "," STAR "]}",                            "shortcuts[1].command"},
        {"{\"shortcuts\":[{\"command\":\"a.b\",\"keys\":[],\"x\":1}]}",    "unknown_field"       },
    };
    struct house *house = *state;
    struct str who = make_owner(house);
    CLEANUP(buf_finish) struct buf many = {0};

    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"shortcuts\":[" STAR "]}", 200, STAR);
    for (size_t i = 0; i < COUNT(refused); i++)
        expect_at(house, "PATCH", "/api/v1/me", who, refused[i].body, 422, refused[i].has, (int)i);
    buf_add(&many, STR("{\"shortcuts\":["));
    for (int i = 0; i <= SHORTCUTS_MAX; i++)
        buf_printf(&many, "%s{\"command\":\"c%d\",\"keys\":[]}", i == 0 ? "" : ",", i);
    buf_add(&many, STR("]}"));
    EXPECT(house, "PATCH", "/api/v1/me", who, arena_cstr(house->arena, buf_str(&many)), 422,
           "\"limit\":200");
    /* Nothing of what was refused is kept. */
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 200, "\"shortcuts\":[" STAR "]");
}

/* S16: what the wire may not say. */
static void test_fields_nobody_may_give_are_refused(void **state)
{
    struct house *house = *state;
    struct str who = make_owner(house);

    EXPECT(house, "PATCH", "/api/v1/me", who, "{\"role\":\"owner\"}", 422, "unknown_field");
    EXPECT(house, "POST", "/api/v1/tokens", who,
           "{\"name\":\"t\",\"scopes\":[\"read\"],\"user_id\":2}", 422, "unknown_field");
    EXPECT(house, "POST", "/api/v1/tokens", who, "{\"name\":\"t\",\"scopes\":[\"session\"]}", 422,
           "scopes[0]");
    EXPECT(house, "POST", "/api/v1/tokens", who, "{\"name\":\"t\",\"scopes\":[]}", 422, "scopes");
}

static void test_a_token_opens_what_its_scopes_say_until_it_is_deleted(void **state)
{
    struct house *house = *state;
    struct str who = make_owner(house);
    struct str token = make_token(house, who, "[\"read\",\"generate\"]");
    struct str bearer = by_bearer(house, token);
    struct answer list;
    struct str path;

    EXPECT(house, "GET", "/api/v1/me", bearer, NULL, 200, "\"scopes\":[\"read\",\"generate\"]");
    EXPECT(house, "GET", "/api/v1/me", by_cookie(house, token), NULL, 401, NULL);
    EXPECT(house, "GET", "/api/v1/tokens", bearer, NULL, 403, NULL);
    EXPECT(house, "POST", "/api/v1/me/password", bearer, "{}", 403, NULL);
    list = ask(house, "GET", "/api/v1/tokens", who, NULL);
    assert_int_equal(list.status, 200);
    assert_false(answer_has(&list, arena_cstr(house->arena, token)));
    assert_true(
        str_equal(member(house, &list, "items.0.hint"), str_slice(token, token.size - 4, 4)));
    path = arena_printf(house->arena, "/api/v1/tokens/%.*s",
                        STR_ARGS(member(house, &list, "items.0.id")));
    EXPECT(house, "DELETE", arena_cstr(house->arena, path), who, NULL, 204, NULL);
    EXPECT(house, "GET", "/api/v1/me", bearer, NULL, 401, NULL);
    EXPECT(house, "DELETE", arena_cstr(house->arena, path), who, NULL, 404, NULL);
    buf_finish(&list.bytes);
}

static void test_a_token_ends_when_it_says(void **state)
{
    struct house *house = *state;
    struct str who = make_owner(house);
    struct answer answer = ask(house, "POST", "/api/v1/tokens", who,
                               "{\"name\":\"t\",\"scopes\":[\"read\"],"
                               "\"expires_at\":\"2023-11-14T22:13:21Z\"}");
    struct str bearer = by_bearer(house, member(house, &answer, "token"));

    EXPECT(house, "GET", "/api/v1/me", bearer, NULL, 200, NULL);
    house->time.wall_ms = 1700000001000;
    EXPECT(house, "GET", "/api/v1/me", bearer, NULL, 401, NULL);
    EXPECT(house, "POST", "/api/v1/tokens", who,
           "{\"name\":\"t\",\"scopes\":[\"read\"],\"expires_at\":\"2023-11-14T22:13:21Z\"}", 422,
           "expires_at");
    buf_finish(&answer.bytes);
}

static bool work_add_bob(struct db *db, void *context, struct error *err)
{
    struct user_row *bob = context;

    return user_store_add(db, bob, STR("bob"), &bob->id, err);
}

static bool work_demote_bob(struct db *db, void *context, struct error *err)
{
    static const struct sql demote = {
        "test_demote", "UPDATE user SET role = 'viewer' WHERE name_key = 'bob'", NULL};

    (void)context;
    return db_exec_one(db, &demote, NULL, 0, err);
}

static bool work_disable_bob(struct db *db, void *context, struct error *err)
{
    static const struct sql disable = {
        "test_disable", "UPDATE user SET is_disabled = 1 WHERE name_key = 'bob'", NULL};

    (void)context;
    return db_exec_one(db, &disable, NULL, 0, err);
}

/* What another process changes shows when what was kept of it has run out. */
static void change_bob(struct house *house, db_work work, void *context)
{
    struct error err = {0};

    if (!db_transact(house->pool, "test", work, context, &err))
        fail_msg("%s %s", err.message, err.detail);
    house->time.mono_ms += 5000;
}

static void test_a_user_who_loses_a_role_or_all_loses_it_everywhere(void **state)
{
    static const char body[] = "{\"name\":\"bob\",\"password\":\"" PASSWORD "\"}";
    struct house *house = *state;
    struct user_row bob =
        user_make(STR("bob"), ROLE_MEMBER, &house->clock, &random_system, house->arena);
    char hash[PASSWORD_HASH_SIZE];
    struct error err = {0};
    struct answer answer;
    struct str who, bearer;

    assert_true(password_hash(STR(PASSWORD), hash, &err));
    bob.password = str_of(hash);
    change_bob(house, work_add_bob, &bob);
    answer = ask(house, "POST", "/api/v1/auth/login", STR_EMPTY, body);
    assert_int_equal(answer.status, 200);
    who = by_cookie(house, cookie_of(house, &answer, "sid"));
    buf_finish(&answer.bytes);
    EXPECT(house, "POST", "/api/v1/tokens", who, "{\"name\":\"t\",\"scopes\":[\"admin\"]}", 403,
           "scopes[0]");
    bearer = by_bearer(house, make_token(house, who, "[\"read\",\"generate\"]"));
    EXPECT(house, "GET", "/api/v1/me", bearer, NULL, 200, "\"scopes\":[\"read\",\"generate\"]");

    change_bob(house, work_demote_bob, NULL);
    EXPECT(house, "GET", "/api/v1/me", bearer, NULL, 200, "\"scopes\":[\"read\"]");
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 200, "\"scopes\":[\"read\"]");

    change_bob(house, work_disable_bob, NULL);
    EXPECT(house, "GET", "/api/v1/me", bearer, NULL, 401, NULL);
    EXPECT(house, "GET", "/api/v1/me", who, NULL, 401, NULL);
    EXPECT(house, "POST", "/api/v1/auth/login", STR_EMPTY, body, 401, "\"wrong_login\"");
}

/* S18: who sends a bearer means the bearer. */
static void test_a_bearer_that_opens_nothing_is_not_saved_by_a_cookie(void **state)
{
    struct house *house = *state;
    struct str who = make_owner(house);
    struct str both =
        arena_printf(house->arena, "%.*sAuthorization: Bearer wrong\r\n", STR_ARGS(who));

    EXPECT(house, "GET", "/api/v1/me", both, NULL, 401, NULL);
}

static void test_the_admin_key_is_a_bearer_with_every_scope(void **state)
{
    struct house *house = *state;
    struct account_config config = {.pool = house->pool,
                                    .clock = &house->clock,
                                    .random = &random_system,
                                    .admin_key = {STR(KEY)}};
    struct error err = {0};

    account_destroy(house->account);
    assert_true(account_create(&config, &house->account, &err));
    EXPECT(house, "GET", "/api/v1/setup", STR_EMPTY, NULL, 200, "{\"is_needed\":false}");
    EXPECT(house, "GET", "/api/v1/me", by_bearer(house, STR(KEY)), NULL, 200,
           "\"name\":\"admin\",\"role\":\"owner\"");
    EXPECT(house, "GET", "/api/v1/me", by_bearer(house, STR(KEY "x")), NULL, 401, NULL);
    EXPECT(house, "GET", "/api/v1/me", by_cookie(house, STR(KEY)), NULL, 401, NULL);
    (void)make_token(house, by_bearer(house, STR(KEY)), "[\"admin\"]");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_set_up_logs_the_owner_in_and_is_over),
        TEST(test_cookies_are_out_of_reach_of_scripts),
        TEST(test_every_route_denies_by_default),
        TEST(test_a_wrong_login_says_nothing_about_who_exists),
        TEST(test_too_many_guesses_are_told_when_to_come_back),
        TEST(test_a_session_ends_when_it_was_idle_for_fourteen_days),
        TEST(test_a_session_in_use_ends_after_ninety_days),
        TEST(test_sessions_are_listed_and_revoked_at_once),
        TEST(test_a_new_password_changes_every_lock),
        TEST(test_streams_end_with_their_session_or_token),
        TEST(test_preferences_are_kept),
        TEST(test_shortcuts_follow_the_person),
        TEST(test_shortcuts_have_bounds),
        TEST(test_fields_nobody_may_give_are_refused),
        TEST(test_a_token_opens_what_its_scopes_say_until_it_is_deleted),
        TEST(test_a_token_ends_when_it_says),
        TEST(test_a_user_who_loses_a_role_or_all_loses_it_everywhere),
        TEST(test_a_bearer_that_opens_nothing_is_not_saved_by_a_cookie),
        TEST(test_the_admin_key_is_a_bearer_with_every_scope),
    };
    struct error err;

    log_configure(LOG_ERROR, false);
    if (!secret_init(&err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
