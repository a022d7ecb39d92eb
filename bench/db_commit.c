/*
 * bench/db_commit.c: durable transactions per second and CPU per request, by requesters at once.
 *
 * usage: db_commit [FOLDER [SECONDS]]    (the folder decides which disk; it is left empty)
 */
#include "db/db.h"
#include "measure.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t crowds[] = {1, 8, 32, 128};

static const char schema[] =
    "CREATE TABLE job (id INTEGER PRIMARY KEY, owner TEXT NOT NULL,"
    " state TEXT NOT NULL, due_at_ms INTEGER NOT NULL, input TEXT NOT NULL);"
    "CREATE INDEX job_due ON job (state, due_at_ms);";
static const struct migration migrations[] = {
    {.number = 1, .name = "0001_bench", .text = schema, .size = sizeof(schema) - 1},
};

struct bench {
    struct db_pool *pool;
    atomic_bool is_over;
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t failures;
};

static bool insert_job(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {
        "bench_insert",
        "INSERT INTO job (owner, state, due_at_ms, input) VALUES ($1, 'ready', $2, $3)", NULL};
    const struct sql_value args[] = {SQL_CSTR("01HZZZZZZZZZZZZZZZZZZZZZZZ"), SQL_INT64(1),
                                     SQL_CSTR("{\"prompt\":\"a glass case with a red cup\"}")};

    (void)context;
    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

static void *request_main(void *context)
{
    struct bench *bench = context;

    while (!atomic_load_explicit(&bench->is_over, memory_order_relaxed)) {
        struct error err = {0};

        if (!db_transact(bench->pool, "bench_insert", insert_job, NULL, &err))
            atomic_fetch_add(&bench->failures, 1);
        atomic_fetch_add(&bench->requests, 1);
    }
    return NULL;
}

static bool run_crowd(struct db_pool *pool, size_t size, unsigned seconds)
{
    struct bench bench = {.pool = pool};
    pthread_t threads[128];
    struct db_stats before;
    struct db_stats after;
    double wall;
    double cpu;
    double requests;

    db_pool_stats(pool, &before);
    wall = wall_seconds();
    cpu = cpu_seconds();
    for (size_t i = 0; i < size; i++) {
        if (pthread_create(&threads[i], NULL, request_main, &bench) != 0)
            abort();
    }
    (void)sleep(seconds);
    atomic_store(&bench.is_over, true);
    for (size_t i = 0; i < size; i++)
        (void)pthread_join(threads[i], NULL);
    wall = wall_seconds() - wall;
    cpu = cpu_seconds() - cpu;
    db_pool_stats(pool, &after);
    requests = (double)atomic_load(&bench.requests);
    printf("%10zu %12.0f %14.1f %12.1f %14.0f %14" PRIu64 "\n", size, requests / wall,
           cpu * 1e6 / requests, requests / (double)(after.commits - before.commits),
           wall * 1e6 / (double)(after.commits - before.commits), atomic_load(&bench.failures));
    return atomic_load(&bench.failures) == 0;
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 3;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[4096];
    const struct db_config config = {.path = path,
                                     .readers = 1,
                                     .migrations = migrations,
                                     .migration_count = COUNT(migrations),
                                     .clock = &clock_system};
    struct db_pool *pool;
    struct error err = {0};
    bool ok = true;

    (void)snprintf(path, sizeof(path), "%s/db_commit-%d.db", folder, (int)getpid());
    if (!db_pool_open(&config, &pool, &err)) {
        (void)fprintf(stderr, "db_commit: %s: %s\n", err.message, err.detail);
        return EXIT_FAILURE;
    }
    printf(
        "requesters    requests/s  CPU us/request    per commit    us per commit       failures\n");
    for (size_t i = 0; i < COUNT(crowds); i++)
        ok = run_crowd(pool, crowds[i], seconds) && ok;
    db_pool_close(pool);
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        char file[4200];

        (void)snprintf(file, sizeof(file), "%s%s", path, suffixes[i]);
        (void)unlink(file);
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
