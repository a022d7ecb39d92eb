/*
 * bench/engine_noop.c: CPU and time of a job that does nothing, from its durable submission to its
 * durable end, with so many of them on their way at once.
 *
 * usage: engine_noop [FOLDER [JOBS]]    (the folder decides which disk; it is left empty)
 */
#include "core/log.h"
#include "db/migrations.h"
#include "engine/engine.h"
#include "measure.h"

#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CROWD_MAX = 128, USERS = 4, WORKERS = 2, JOBS = 20000 };
static const size_t crowds[] = {1, 8, 32, CROWD_MAX};

struct bench {
    char directory[200], path[256];
    struct db_pool *pool;
    struct net_loop *loop;
    struct net *net;
    struct worker_pool *workers;
    struct engine *engine;
    sem_t ended; /* posted in each job's last transaction */
    atomic_int_fast64_t left;
    atomic_uint_fast64_t failures;
};

static void noop_begin(struct attempt *attempt, struct step *out)
{
    (void)attempt;
    out->type = STEP_DONE;
    out->output = STR("{}");
}

static const struct engine_operation noop = {.name = "noop", .begin = noop_begin};
static const struct engine_operation *const operations[] = {&noop, NULL};

static bool record_result(void *context, struct db *db, const struct task_result *result,
                          struct error *err)
{
    struct bench *bench = context;

    (void)db, (void)result, (void)err;
    sem_post(&bench->ended);
    return true;
}

/* Submits as long as there are jobs left, the next when one has ended: so many are on their way as
 * there are submitters. */
static void *submit_main(void *context)
{
    struct bench *bench = context;
    const struct run_node node = {.key = STR("only"),
                                  .operation = STR("noop"),
                                  .parameters = STR("{\"prompt\":\"a glass case\"}"),
                                  .inputs = STR("{}"),
                                  .estimate_micro = -1};
    struct run_spec spec = {
        .title = STR("bench"), .priority = PRIORITY_NORMAL, .nodes = &node, .node_count = 1};

    for (;;) {
        const int64_t left = atomic_fetch_sub(&bench->left, 1);
        struct error err = {0};
        struct id run;
        bool is_repeat;

        if (left <= 0)
            return NULL;
        spec.user_id = 1 + left % USERS;
        if (!engine_run_submit(bench->engine, &spec, &run, &is_repeat, &err)) {
            atomic_fetch_add(&bench->failures, 1);
            continue;
        }
        while (sem_wait(&bench->ended) != 0)
            ;
    }
}

static bool run_crowd(struct bench *bench, size_t size, int64_t jobs)
{
    pthread_t threads[CROWD_MAX];
    struct db_stats before, after;
    double cpu, wall;

    atomic_store(&bench->left, jobs);
    db_pool_stats(bench->pool, &before);
    cpu = cpu_seconds();
    wall = wall_seconds();
    for (size_t index = 0; index < size; index++)
        if (pthread_create(&threads[index], NULL, submit_main, bench) != 0)
            return false;
    for (size_t index = 0; index < size; index++)
        (void)pthread_join(threads[index], NULL);
    wall = wall_seconds() - wall;
    cpu = cpu_seconds() - cpu;
    db_pool_stats(bench->pool, &after);
    printf("%5zu %10.0f %12.1f %14.1f\n", size, (double)jobs / wall, cpu / (double)jobs * 1e6,
           (double)(after.requests - before.requests) / (double)(after.commits - before.commits));
    (void)fflush(stdout);
    return true;
}

static bool start(struct bench *bench, struct error *err)
{
    const struct db_config db = {.path = bench->path,
                                 .readers = 4,
                                 .migrations = db_migrations,
                                 .migration_count = db_migration_count,
                                 .clock = &clock_system};
    const struct worker_config workers = {.name = "bench", .threads = WORKERS, .queue_max = 100000};
    struct net_config net = {.transfers_max = 8};
    struct engine_config config = {
        .clock = &clock_system,
        .random = &random_system,
        .boot_directory = bench->directory,
        .operations = operations,
        .hooks = {.context = bench, .record_result = record_result},
        .local_concurrency = CROWD_MAX
    };

    if (!db_pool_open(&db, &bench->pool, err) || !net_loop_create(&bench->loop, err))
        return false;
    net.loop = bench->loop;
    if (!worker_pool_create(&workers, &bench->workers, err) ||
        !net_create(&net, &bench->net, err) || !net_loop_start(bench->loop, err))
        return false;
    config.pool = bench->pool;
    config.loop = bench->loop;
    config.net = bench->net;
    config.workers = bench->workers;
    return engine_create(&config, &bench->engine, err) && engine_start(bench->engine, err);
}

static void stop(struct bench *bench)
{
    engine_drain(bench->engine, 10000);
    worker_pool_destroy(bench->workers);
    net_destroy(bench->net);
    net_loop_destroy(bench->loop);
    db_pool_close(bench->pool);
    engine_destroy(bench->engine);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const int64_t jobs = argc > 2 ? strtoll(argv[2], NULL, 10) : JOBS;
    struct error err = {0};
    int code = EXIT_SUCCESS;

    log_configure(LOG_WARN, false);
    (void)snprintf(bench.directory, sizeof(bench.directory), "%s/engine-noop-XXXXXX",
                   argc > 1 ? argv[1] : ".");
    if (mkdtemp(bench.directory) == NULL || sem_init(&bench.ended, 0, 0) != 0) {
        (void)fprintf(stderr, "engine_noop: %s cannot be made\n", bench.directory);
        return EXIT_FAILURE;
    }
    (void)snprintf(bench.path, sizeof(bench.path), "%s/bench.db", bench.directory);
    if (!start(&bench, &err)) {
        (void)fprintf(stderr, "engine_noop: %s %s\n", err.message, err.detail);
        return EXIT_FAILURE;
    }
    printf("crowd     jobs/s   CPU us/job  writes/commit\n");
    for (size_t index = 0; index < COUNT(crowds) && code == EXIT_SUCCESS; index++)
        if (!run_crowd(&bench, crowds[index], crowds[index] == 1 ? jobs / 10 : jobs))
            code = EXIT_FAILURE;
    if (atomic_load(&bench.failures) > 0) {
        (void)fprintf(stderr, "engine_noop: %" PRIu64 " submissions failed\n",
                      (uint64_t)atomic_load(&bench.failures));
        code = EXIT_FAILURE;
    }
    stop(&bench);
    (void)nftw(bench.directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return code;
}
