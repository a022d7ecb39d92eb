#include "app/app.h"

#include "app/page.h"
#include "core/test.h"
#include "db/migrations.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define WORDS_MAX 12
#define PATIENCE_S 60 /* then whatever hangs is ended by its alarm */

/* The binary's is made by the build; what is served here is the API. */
const struct http_asset page_assets[] = {{0}};

struct place {
    struct arena *arena;
    char folder[64];
    const char *data; /* inside it; not made yet */
};
static struct place place;

static int set_up(void **state)
{
    place = (struct place){.arena = arena_create(MIB(16)), .folder = "/tmp/vitrine-words-XXXXXX"};
    assert_non_null(mkdtemp(place.folder));
    place.data = arena_cstr(place.arena, arena_printf(place.arena, "%s/data", place.folder));
    *state = &place;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    (void)nftw(place.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_destroy(place.arena);
    return 0;
}

static const char *below(const char *name)
{
    return arena_cstr(place.arena, arena_printf(place.arena, "%s/%s", place.folder, name));
}

/* "token create a" becomes words; @ is the data folder. */
static int split(const char *line, char *words[WORDS_MAX])
{
    struct str rest = str_of(line);
    int count = 0;

    while (rest.data != NULL && rest.size > 0) {
        struct str word = str_cut(&rest, ' ');

        if (str_equal(word, STR("@")))
            word = str_of(place.data);
        assert_true(count < WORDS_MAX - 1);
        words[count++] = strdup(arena_cstr(place.arena, word));
    }
    words[count] = NULL;
    return count;
}

/* In a process of its own, as a shell would start it; `variable` is its whole environment. */
static pid_t start(const char *line, const char *variable, int out, int err)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        static struct app app = {.lock_fd = -1};
        char *words[WORDS_MAX];
        int count = split(line, words), code;

        (void)alarm(PATIENCE_S);
        if (dup2(open("/dev/null", O_RDONLY), 0) != 0 || dup2(out, 1) != 1 || dup2(err, 2) != 2 ||
            chdir(place.folder) != 0 || clearenv() != 0 ||
            (variable != NULL && putenv(strdup(variable)) != 0))
            _exit(98);
        code = app_command(&app, count, words);
        (void)fflush(stdout);
        /* Whatever was refused: it closed nothing that it did not open. */
        if (code != 0 && (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0))
            _exit(99);
        _exit(code);
    }
    return child;
}

struct said {
    int code; /* -1: it did not end by itself */
    struct str out, err;
};

static struct str read_file(const char *path)
{
    char *bytes = arena_alloc(place.arena, KIB(64));
    int fd = open(path, O_RDONLY);
    ssize_t size;

    assert_true(fd >= 0);
    size = read(fd, bytes, KIB(64));
    assert_true(size >= 0);
    (void)close(fd);
    return (struct str){.data = bytes, .size = (size_t)size};
}

static int end_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct said say(const char *line, const char *variable)
{
    const char *out_path = below("out"), *err_path = below("err");
    int out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    struct said said;

    assert_true(out >= 0 && err >= 0);
    said.code = end_of(start(line, variable, out, err));
    (void)close(out);
    (void)close(err);
    said.out = read_file(out_path);
    said.err = read_file(err_path);
    return said;
}

static void says(struct str text, const char *part, const char *because)
{
    if (str_find(text, str_of(part)) < 0)
        fail_msg("%s: \"%s\" is not in \"%.*s\"", because, part, STR_ARGS(text));
}

static void test_verbs_that_only_speak(void **state)
{
    static const struct {
        const char *line, *out;
    } cases[] = {
        {"vitrine version",       "vitrine " VITRINE_VERSION "\n"          },
        {"vitrine --version",     "vitrine " VITRINE_VERSION "\n"          },
        {"vitrine help",          "vitrine token create NAME"              },
        {"vitrine --help",        "vitrine [serve] [--listen ADDRESS:PORT]"},
        {"vitrine -h",            "vitrine help settings"                  },
        {"vitrine help settings", "VITRINE_QUEUE_PER_USER_MAX"             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct said said = say(cases[i].line, NULL);

        assert_int_equal(said.code, 0);
        says(said.out, cases[i].out, cases[i].line);
        check_text(said.err, "", cases[i].line);
    }
    assert_int_equal(access(place.data, F_OK), -1); /* and touch nothing */
}

static void test_words_nobody_knows_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *err;
    } cases[] = {
        {"vitrine sing",                             2, "unknown verb \"sing\""           },
        {"vitrine serve --lisen x",                  1, "unknown word \"--lisen\""        },
        {"vitrine serve twice",                      1, "unknown word \"twice\""          },
        {"vitrine --data",                           1, "--data needs a value"            },
        {"vitrine serve --insecure --listen",        1, "--listen needs a value"          },
        {"vitrine token",                            1, "usage: vitrine token create NAME"},
        {"vitrine doctor now",                       1, "unknown word \"now\""            },
        {"vitrine token remove a",                   1, "usage: vitrine token create NAME"},
        {"vitrine token create",                     1, "a token needs a name"            },
        {"vitrine token create a b",                 1, "\"b\" is too many"               },
        {"vitrine token create a --scope read",      1, "unknown option \"--scope\""      },
        {"vitrine token create a --user",            1, "--user needs a value"            },
        {"vitrine token create a --scopes read,x",   1, "read, write, generate or admin"  },
        {"vitrine token create a --data @ --user b", 1, "no such user"                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct said said = say(cases[i].line, NULL);

        if (said.code != cases[i].code)
            fail_msg("%s: ended with %d", cases[i].line, said.code);
        says(said.err, cases[i].err, cases[i].line);
        check_text(said.out, "", cases[i].line);
    }
}

static void test_serve_refuses_what_it_could_not_keep_and_repeats_no_secret(void **state)
{
    static const struct {
        const char *line, *variable, *err, *never;
    } cases[] = {
        {"vitrine serve --data @ --listen 0.0.0.0:0",       NULL,                             "there is no TLS",                  NULL     },
        {"vitrine serve --data @ --listen nonsense",        NULL,                             "\"nonsense\" is no address as",    NULL     },
        {"vitrine serve --data @ --listen 127.0.0.1:65536", NULL,                             "is no address as",                 NULL     },
        {"vitrine --data @",                                "VITRINE_LISTEN=nonsense",        "\"nonsense\" is no address as",    NULL     },
        {"vitrine --data @",                                "VITRINE_QUEUE_PER_USER_MAX=0",   "from 1 to 100000 tasks",           NULL     },
        {"vitrine --data @",                                "VITRINE_QUEUE_PER_USER_MAX=1e3", "from VITRINE_QUEUE_PER_USER_MAX",
         NULL                                                                                                                              },
        {"vitrine --data @",                                "VITRINE_INSECURE=maybe",         "has to be true or false",          NULL     },
        {"vitrine --data @",                                "VITRINE_ADMIN_KEY=hunter2",      "fewer than 12 characters",         "hunter2"},
        {"vitrine --data @",                                "VITRINE_MASTER_KEY=hunter2",     "32 bytes in base64",               "hunter2"},
        {"vitrine --data @ --config no.ini",                NULL,                             "no.ini is not there",              NULL     },
        {"vitrine",                                         "VITRINE_CONFIG=no.ini",          "no.ini is not there",              NULL     },
        {"vitrine --data no/where",                         NULL,                             "its parent folder does not exist", NULL     },
        {"vitrine --data /dev/null",                        NULL,                             "is no folder",                     NULL     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *because = cases[i].variable != NULL ? cases[i].variable : cases[i].line;
        struct said said = say(cases[i].line, cases[i].variable);

        if (said.code != 1)
            fail_msg("%s: ended with %d", because, said.code);
        says(said.err, cases[i].err, because);
        check_text(said.out, "", because);
        if (cases[i].never != NULL)
            check(str_find(said.err, str_of(cases[i].never)) < 0, because);
    }
}

static void test_a_token_is_all_that_create_prints(void **state)
{
    struct said first = say("vitrine token create one --data @", NULL);
    struct said second = say("vitrine token create two --data @ --scopes read,admin", NULL);

    (void)state;
    assert_int_equal(first.code, 0);
    assert_true(str_starts_with(first.out, STR("vit_")));
    assert_int_equal(str_find_char(first.out, '\n'), (int64_t)first.out.size - 1);
    assert_int_equal(second.code, 0);
    assert_false(str_equal(first.out, second.out));
}

static bool spoil_work(struct db *db, void *context, struct error *err)
{
    static const struct sql spoil = {
        "test_spoil",
        "INSERT INTO event (user_id, seq, at_ms, kind, body) VALUES (7, 1, 0, 'x', '{}')", NULL};

    (void)context;
    return db_exec_one(db, &spoil, NULL, 0, err);
}

static const char *below_data(const char *name)
{
    return arena_cstr(place.arena, arena_printf(place.arena, "%s/%s", place.data, name));
}

/* An event of somebody who has no event log. */
static void spoil_rows(void)
{
    struct db_config config = {.path = below_data("vitrine.db"),
                               .readers = 1,
                               .migrations = db_migrations,
                               .migration_count = db_migration_count,
                               .clock = &clock_system};
    struct db_pool *pool;
    struct error err;

    assert_true(db_pool_open(&config, &pool, &err));
    assert_true(db_transact(pool, "test_spoil", spoil_work, NULL, &err));
    db_pool_close(pool);
}

static void test_the_doctor_looks_and_changes_nothing(void **state)
{
    struct said said = say("vitrine doctor --data @", NULL);

    (void)state;
    assert_int_equal(said.code, 1);
    says(said.err, "there is no vitrine in", "nothing to look at");
    assert_int_equal(access(place.data, F_OK), -1); /* and nothing was built */

    assert_int_equal(say("vitrine token create a --data @", NULL).code, 0);
    said = say("vitrine doctor --data @", NULL);
    assert_int_equal(said.code, 0);
    says(said.out, ", faults: 0\n", "a sound house");

    spoil_rows();
    said = say("vitrine doctor --data @", NULL);
    assert_int_equal(said.code, 1);
    says(said.out, "check_i10_event_head: user 7 has events but no head\n", "the fault by name");
    says(said.out, ", faults: 1\n", "and how many");
}

static struct str whole_file(const char *name)
{
    FILE *file = fopen(below_data(name), "rb");
    struct stat info;
    char *bytes;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    bytes = arena_alloc(place.arena, (size_t)info.st_size + 1);
    assert_int_equal(fread(bytes, 1, (size_t)info.st_size, file), info.st_size);
    assert_int_equal(fclose(file), 0);
    return (struct str){.data = bytes, .size = (size_t)info.st_size};
}

/* A row of bytes that nobody refers to, and has no file: a rule of the rows and one of the files.
 */
static bool spoil_blob_work(struct db *db, void *context, struct error *err)
{
    static const struct sql spoil = {
        "test_spoil_blob",
        "INSERT INTO blob (sha256, size, state, state_at_ms, created_at_ms) VALUES"
        " ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 'live', 1, 1)",
        NULL};

    (void)context;
    return db_exec_one(db, &spoil, NULL, 0, err);
}

static void test_the_doctor_asks_every_room(void **state)
{
    struct db_config config = {.readers = 1,
                               .migrations = db_migrations,
                               .migration_count = db_migration_count,
                               .clock = &clock_system};
    struct db_pool *pool;
    struct error err;
    struct said said;

    (void)state;
    assert_int_equal(say("vitrine token create a --data @", NULL).code, 0);
    said = say("vitrine doctor --data @ --whole", NULL);
    assert_int_equal(said.code, 0);
    /* The engine's 25, 1 of usage, 2 of results, 4 of pictures, 4 of the files. */
    says(said.out, "rules looked at: 36, faults: 0\n", "all of them");
    says(said.out, "files looked at: 0, read to their end: 0, for the next sweep: 0\n", "no file");

    config.path = below_data("vitrine.db");
    assert_true(db_pool_open(&config, &pool, &err));
    assert_true(db_transact(pool, "test_spoil", spoil_blob_work, NULL, &err));
    db_pool_close(pool);
    said = say("vitrine doctor --whole --data @", NULL);
    assert_int_equal(said.code, 1);
    says(said.out, "check_i11_reference: blob aaaa", "a rule of the rows");
    says(said.out, "check_i11_file: blob aaaa", "a rule of the files");
    says(say("vitrine doctor --data @ --all", NULL).err, "unknown word \"--all\"", "a wrong word");
}

/* A house that an older version left, and may still serve. */
static void test_what_runs_beside_a_server_migrates_nothing(void **state)
{
    static const char *const lines[] = {"vitrine doctor --data @",
                                        "vitrine token create a --data @"};
    struct db_config config = {.path = below_data("vitrine.db"),
                               .readers = 1,
                               .migrations = db_migrations,
                               .migration_count = 2,
                               .clock = &clock_system};
    struct db_pool *pool;
    struct error err;

    (void)state;
    assert_int_equal(mkdir(place.data, 0700), 0);
    assert_true(db_pool_open(&config, &pool, &err));
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct said said = say(lines[i], NULL);

        assert_int_equal(said.code, 1);
        says(said.err, "the database has 2 of the ", lines[i]);
    }
    assert_int_equal(access(below_data("backup"), F_OK), -1);
    db_pool_close(pool);
    assert_true(db_pool_open(&config, &pool, &err)); /* it is the older one's as before */
    db_pool_close(pool);
}

/* The one at the front of the house: until it says where it listens. */
static int port_of(int out)
{
    char text[2048];
    size_t size = 0;

    while (size < sizeof(text) - 1) {
        ssize_t got = read(out, text + size, sizeof(text) - 1 - size);
        const char *at;

        if (got <= 0)
            break;
        size += (size_t)got;
        text[size] = '\0';
        at = strstr(text, "http://127.0.0.1:");
        if (at != NULL && strchr(at, '\n') != NULL)
            return (int)strtol(at + strlen("http://127.0.0.1:"), NULL, 10);
    }
    fail_msg("it never said where it listens");
    return 0;
}

static struct str ask(int port, struct str token)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct str asked = arena_printf(
        place.arena,
        "GET /api/v1/system/info HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %.*s\r\n"
        "Connection: close\r\n\r\n",
        port, STR_ARGS(str_trim(token)));
    char *answer = arena_alloc(place.arena, KIB(16));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t size = 0;
    ssize_t got;

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, asked.data, asked.size, MSG_NOSIGNAL), (ssize_t)asked.size);
    while (size < KIB(16) && (got = recv(fd, answer + size, KIB(16) - size, 0)) > 0)
        size += (size_t)got;
    (void)close(fd);
    return (struct str){.data = answer, .size = size};
}

static void test_one_serves_a_folder_until_it_is_told_to_stop(void **state)
{
    int out[2], quiet = open("/dev/null", O_WRONLY | O_CLOEXEC), port;
    struct said said;
    pid_t server;

    (void)state;
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    /* An option counts more than the environment. */
    server = start("vitrine serve --data @ --listen 127.0.0.1:0", "VITRINE_LISTEN=nonsense", out[1],
                   quiet);
    (void)close(out[1]);
    (void)close(quiet);
    port = port_of(out[0]);

    said = say("vitrine serve --data @ --listen 127.0.0.1:0", NULL);
    assert_int_equal(said.code, 1);
    says(said.err, "another vitrine already serves the data folder", "two on one folder");

    said = say("vitrine token create phone --data @", NULL);
    assert_int_equal(said.code, 0);
    says(ask(port, said.out), "HTTP/1.1 200", "a token made while it serves");
    says(ask(port, STR("vit_wrong")), "HTTP/1.1 401", "a token nobody made");
    said = say("vitrine doctor --data @", NULL);
    assert_int_equal(said.code, 0);
    says(said.out, "faults: 0\n", "the doctor comes to a house that is open");

    assert_int_equal(kill(server, SIGTERM), 0);
    assert_int_equal(end_of(server), 0);
    (void)close(out[0]);
}

static void test_the_doctor_of_a_killed_house_leaves_its_rooms_to_the_next_start(void **state)
{
    int out[2], quiet = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
    struct str database, log;
    struct said said;
    pid_t server;

    (void)state;
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    server = start("vitrine serve --data @ --listen 127.0.0.1:0", NULL, out[1], quiet);
    (void)close(out[1]);
    (void)close(quiet);
    (void)port_of(out[0]);
    assert_int_equal(kill(server, SIGKILL), 0);
    assert_int_equal(waitpid(server, &status, 0), server);
    (void)close(out[0]);

    database = whole_file("vitrine.db");
    log = whole_file("vitrine.db-wal");
    assert_true(log.size > 0);
    said = say("vitrine doctor --data @ --whole", NULL);
    assert_int_equal(said.code, 0);
    assert_true(str_equal(database, whole_file("vitrine.db")));
    assert_true(str_equal(log, whole_file("vitrine.db-wal")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(test_verbs_that_only_speak),
        TEST(test_words_nobody_knows_are_refused_with_a_reason),
        TEST(test_serve_refuses_what_it_could_not_keep_and_repeats_no_secret),
        TEST(test_a_token_is_all_that_create_prints),
        TEST(test_the_doctor_looks_and_changes_nothing),
        TEST(test_the_doctor_asks_every_room),
        TEST(test_what_runs_beside_a_server_migrates_nothing),
        TEST(test_one_serves_a_folder_until_it_is_told_to_stop),
        TEST(test_the_doctor_of_a_killed_house_leaves_its_rooms_to_the_next_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
