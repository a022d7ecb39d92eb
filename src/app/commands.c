#include "app/app.h"
#include "core/fault.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int complain(const struct error *err)
{
    fprintf(stderr, "vitrine: %s\n", err->message);
    return 1;
}

/* Options are settings by another way: --listen X is VITRINE_LISTEN=X. */
static bool take_options(int count, char **words, struct error *err)
{
    static const struct {
        const char *option, *variable;
    } options[] = {
        {"--listen",   "VITRINE_LISTEN"  },
        {"--data",     "VITRINE_DATA"    },
        {"--config",   "VITRINE_CONFIG"  },
        {"--insecure", "VITRINE_INSECURE"},
    };

    for (int at = 0; at < count; at++) {
        const char *value = "true";
        size_t row = 0;

        while (row < COUNT(options) && strcmp(words[at], options[row].option) != 0)
            row++;
        if (row == COUNT(options))
            return error_set(err, ERROR_INVALID, "unknown word \"%.60s\"; see vitrine help",
                             words[at]);
        if (strcmp(options[row].option, "--insecure") != 0) {
            if (at + 1 == count)
                return error_set(err, ERROR_REQUIRED, "%s needs a value", options[row].option);
            value = words[++at];
        }
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
        if (setenv(options[row].variable, value, 1) != 0)
            return error_set(err, ERROR_INTERNAL, "no memory");
    }
    return true;
}

/* The address for people: a link that opens on this machine. */
static void print_welcome(struct app *app)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    const struct str listen = settings_text(app->settings, "listen", arena);
    const struct str origin = settings_text(app->settings, "public_origin", arena);
    struct str host;
    struct str link;
    struct error err;

    if (origin.size > 0) {
        host = origin;
    } else {
        int64_t colon = -1;

        for (size_t at = 0; at < listen.size; at++)
            if (listen.data[at] == ':')
                colon = (int64_t)at;
        host =
            arena_printf(arena, "http://%.*s:%d", (int)(colon < 0 ? (int64_t)listen.size : colon),
                         listen.data, http_server_port(app->http));
    }
    if (account_setup_link(app->account, arena, &link, &err) && link.size > 0)
        printf("\n  Create the owner (this link works once, for 10 minutes):\n\n    %.*s%.*s\n\n",
               STR_ARGS(host), STR_ARGS(link));
    else
        printf("\n  vitrine is ready: %.*s\n\n", STR_ARGS(host));
    (void)fflush(stdout);
}

static int serve(struct app *app, int count, char **words)
{
    struct error err = {0};
    sigset_t signals;
    bool is_fine;

    /* Before any thread: all of them leave these to app_serve(). */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more is a write that fails */
    if (!take_options(count, words, &err) || !app_settings_open(app, &err) ||
        !app_start(app, &err)) {
        app_stop(app);
        return complain(&err);
    }
    print_welcome(app);
    is_fine = app_serve(app);
    /* A second signal does not wait for what runs: no worse than a kill, which everything survives.
     */
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    app_stop(app);
    return is_fine ? 0 : 1;
}

static bool read_token_words(int count, char **words, struct account_token_order *order,
                             struct error *err)
{
    for (int at = 0; at < count; at++) {
        const bool is_scopes = strcmp(words[at], "--scopes") == 0;
        const bool is_user = strcmp(words[at], "--user") == 0;
        const bool is_data = strcmp(words[at], "--data") == 0;

        if (words[at][0] != '-') {
            if (order->name.size > 0)
                return error_set(err, ERROR_INVALID, "one name is enough: \"%.60s\" is too many",
                                 words[at]);
            order->name = str_of(words[at]);
            continue;
        }
        if (!is_scopes && !is_user && !is_data)
            return error_set(err, ERROR_INVALID, "unknown option \"%.60s\"; see vitrine help",
                             words[at]);
        if (at + 1 == count)
            return error_set(err, ERROR_REQUIRED, "%s needs a value", words[at]);
        at++;
        if (is_scopes && !account_scopes_read(str_of(words[at]), &order->scopes, err))
            return false;
        if (is_user)
            order->user = str_of(words[at]);
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
        if (is_data && setenv("VITRINE_DATA", words[at], 1) != 0)
            return error_set(err, ERROR_INTERNAL, "no memory");
    }
    return order->name.size > 0 ||
           error_set(err, ERROR_REQUIRED, "a token needs a name: vitrine token create NAME");
}

static int token(struct app *app, int count, char **words)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct account_token_order order = {.scopes = SCOPE_READ | SCOPE_WRITE | SCOPE_GENERATE};
    struct error err = {0};
    struct str made;
    bool ok;

    if (count == 0 || strcmp(words[0], "create") != 0) {
        error_set(&err, ERROR_INVALID,
                  "usage: vitrine token create NAME [--scopes read,write,generate] [--user NAME]");
        return complain(&err);
    }
    ok = read_token_words(count - 1, words + 1, &order, &err) && app_settings_open(app, &err) &&
         app_pool_open_beside(app, &err) &&
         account_token_create(app->pool, &clock_system, &random_system, &order, arena, &made, &err);
    if (ok) {
        printf("%.*s\n", STR_ARGS(made));
        ok = fflush(stdout) == 0 ||
             error_set(&err, ERROR_INTERNAL, "the token was made, but could not be printed");
    }
    app_stop(app);
    return ok ? 0 : complain(&err);
}

/* Only where there is a house: looking must not build one. */
static bool has_database(struct app *app, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    const struct str data = settings_text(app->settings, "data", arena);

    return app_has_database(app) ||
           error_set(err, ERROR_NOT_FOUND, "there is no vitrine in %.*s: %s cannot be read",
                     STR_ARGS(str_slice(data, 0, 60)), "vitrine.db");
}

/* The doctor's own words; the others are settings. */
static bool take_whole(int *count, char **words)
{
    bool is_whole = false;
    int kept = 0;

    for (int at = 0; at < *count; at++)
        if (strcmp(words[at], "--whole") == 0)
            is_whole = true;
        else
            words[kept++] = words[at];
    *count = kept;
    return is_whole;
}

static int doctor(struct app *app, int count, char **words)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(16));
    const bool is_whole = take_whole(&count, words);
    struct check_report report;
    struct blob_check_counts files;
    struct error err = {0};
    bool ok;

    ok = take_options(count, words, &err) && app_settings_read(app, &err) &&
         has_database(app, &err) && app_data_open(app, &err) && app_pool_open_to_look(app, &err) &&
         app_check(app, is_whole, arena, &report, &files, &err);
    app_stop(app);
    if (!ok)
        return complain(&err);
    for (size_t index = 0; index < report.fault_count; index++)
        printf("%s: %.*s\n", report.faults[index].rule, STR_ARGS(report.faults[index].what));
    printf("files looked at: %" PRId64 ", read to their end: %" PRId64
           ", for the next sweep: %" PRId64 "\n",
           files.files, files.read, files.waiting);
    printf("rules looked at: %zu, faults: %zu\n", report.rule_count, report.fault_count);
    return report.fault_count == 0 ? 0 : 1;
}

static const char usage[] =
    "vitrine " VITRINE_VERSION
    ": a self-hosted studio for the pictures, copy and listings of people who sell online.\n"
    "\n"
    "  vitrine [serve] [--listen ADDRESS:PORT] [--data FOLDER] [--config FILE] [--insecure]\n"
    "      Serves the page and the API; prints a one-time link while there is no owner.\n"
    "  vitrine token create NAME [--scopes read,write,generate,admin] [--user NAME] [--data "
    "FOLDER]\n"
    "      Prints an API token, whether or not a server runs.\n"
    "  vitrine doctor [--data FOLDER] [--whole]\n"
    "      Looks whether runs, tasks, calls, costs, events, pictures and files agree; changes "
    "nothing;\n"
    "      a server may run.  --whole reads every file to its end, not the newest alone.\n"
    "  vitrine help settings\n"
    "      Every setting with its bounds, default and environment variable.\n"
    "  vitrine version\n";

static int help(struct app *app, int count, char **words)
{
    (void)app;
    if (count > 0 && strcmp(words[0], "settings") == 0) {
        CLEANUP(buf_finish) struct buf text = {0};

        settings_help(&text);
        printf("%.*s", STR_ARGS(buf_str(&text)));
        return 0;
    }
    printf("%s", usage);
    return 0;
}

static int version(struct app *app, int count, char **words)
{
    (void)app, (void)count, (void)words;
    printf("vitrine %s\n", VITRINE_VERSION);
    return 0;
}

static const struct {
    const char *word;
    int (*run)(struct app *app, int count, char **words); /* with the words behind the verb */
} verbs[] = {
    {"serve",     serve  },
    {"token",     token  },
    {"doctor",    doctor },
    {"version",   version},
    {"--version", version},
    {"help",      help   },
    {"--help",    help   },
    {"-h",        help   },
};

int app_command(struct app *app, int count, char **words)
{
    FAULT_START(count, words);
    if (count < 2)
        return serve(app, 0, words);
    for (size_t row = 0; row < COUNT(verbs); row++)
        if (strcmp(words[1], verbs[row].word) == 0)
            return verbs[row].run(app, count - 2, words + 2);
    if (words[1][0] == '-') /* `vitrine --data FOLDER` serves */
        return serve(app, count - 1, words + 1);
    fprintf(stderr, "vitrine: unknown verb \"%.60s\"; see vitrine help\n", words[1]);
    return 2;
}
