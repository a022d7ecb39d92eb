/*
 * app/app.h: start and stop order of the house, and the command line's verbs.  Knows every room; is
 * known by none but main.
 */
#pragma once

#include "account/account.h"
#include "app/limits.h"
#include "asset/asset.h"
#include "blob/blob.h"
#include "blob/check.h"
#include "core/worker.h"
#include "db/db.h"
#include "engine/engine.h"
#include "generate/generate.h"
#include "http/http.h"
#include "net/net.h"
#include "operation/operation.h"
#include "product/product.h"
#include "settings/settings.h"
#include "usage/usage.h"

#include <stdatomic.h>

/* Zeroed but for `lock_fd` before it is started. */
struct app {
    struct settings *settings;
    char *data;  /* absolute; read-only after start, as all below */
    int lock_fd; /* -1: none */
    struct db_pool *pool;
    struct blob_store *blobs;
    struct limits limits;
    struct net_loop *loop;
    struct net *net;
    struct worker_pool *workers;
    struct account *account;
    struct asset_service *assets;
    struct feed *feed;
    struct engine *engine;
    struct http_server *http;
    struct arena *arena;
    struct operation_services operations;
    int64_t started_at_ms;
    bool is_started;
    int64_t missing_seen;              /* in this round of the sweep; the main thread's */
    atomic_int_fast64_t blobs_missing; /* in the last whole round */
    atomic_int_fast64_t blobs_damaged; /* found since the start */
};

/* The whole API. */
extern const struct http_route *const app_tables[];

/*
 * Opens the data folder and starts everything, in the order of the arrows.  On failure what was
 * started is left for app_stop().  Fails with a sentence for people.  Thread: main.
 */
MUST_CHECK bool app_start(struct app *app, struct error *err);
/* Waits for a signal to stop, doing the house's duties meanwhile.  False: storage broke, the exit
 * code says so. */
bool app_serve(struct app *app);
/* Stops what runs, in the opposite order; a half-started app too. */
void app_stop(struct app *app);

/*
 * Does what the command line says, `words[0]` being the program's name, and returns the exit code:
 * 0 done, 1 refused or broken, 2 no such verb.  Says why on stderr.  Thread: main.
 */
int app_command(struct app *app, int count, char **words);
/* For verbs that need no server: the settings; the data folder, made when missing; both; the
 * database, which a server of another version may have open: when it is there it is taken as it is
 * found. */
MUST_CHECK bool app_settings_read(struct app *app, struct error *err);
MUST_CHECK bool app_data_open(struct app *app, struct error *err);
MUST_CHECK bool app_settings_open(struct app *app, struct error *err);
MUST_CHECK bool app_pool_open_beside(struct app *app, struct error *err);
/* To change nothing at all, neither it nor what a server that was killed left of it. */
MUST_CHECK bool app_pool_open_to_look(struct app *app, struct error *err);
/* Everything that each room can say is wrong with the house, whose data folder and pool are open; a
 * server may be at work.  `is_whole`: every file is read.  Fails: as db_query(); a breach is no
 * failure. */
MUST_CHECK bool app_check(struct app *app, bool is_whole, struct arena *arena,
                          struct check_report *report, struct blob_check_counts *files,
                          struct error *err);
/* Whether there is one. */
bool app_has_database(const struct app *app);
extern const struct http_route system_routes[];
