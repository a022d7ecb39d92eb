/*
 * bench/usage_book.c: what the account book costs a job: afford and reserve in one transaction,
 * settle in another, with two budgets.  Instructions a job are the difference of two runs:
 *
 *     valgrind --tool=callgrind bench_usage_book FOLDER 1000, and 3000
 *
 * usage: usage_book FOLDER JOBS    (an empty folder; it is not emptied)
 */
#include "core/log.h"
#include "db/migrations.h"
#include "usage/budget_private.h"

#include <stdio.h>
#include <stdlib.h>

#define NOON INT64_C(1763812800000)

struct job {
    int64_t id;
};

static bool begin(struct db *db, void *context, struct error *err)
{
    const struct job *job = context;
    const struct task_money money = {.provider_id = 1,
                                     .model = STR("gpt-image-2"),
                                     .estimate_micro = 40000,
                                     .currency = STR("USD")};

    return usage_afford(NULL, db, 1 + job->id % 4, &money, 1, NOON, err) &&
           usage_reserve(NULL, db, 1 + job->id % 4, job->id, 1, STR("gpt-image-2"),
                         STR("image.generate"), 40000, STR("USD"), NOON, err);
}

static bool end(struct db *db, void *context, struct error *err)
{
    const struct job *job = context;

    return usage_settle(NULL, db, job->id, 39000, STR("USD"), NOON + 5000, err);
}

static bool add_budgets(struct db *db, void *context, struct error *err)
{
    const struct budget day = {.id = STR("day"),
                               .scope = STR("everyone"),
                               .period = STR("day"),
                               .currency = STR("USD"),
                               .limit_micro = BUDGET_LIMIT_MICRO_MAX,
                               .created_at_ms = NOON};
    struct budget month = day;

    (void)context;
    month.id = month.period = STR("month");
    return budget_store_add(db, &day, err) && budget_store_add(db, &month, err);
}

int main(int argc, char **argv)
{
    const int64_t jobs = argc > 2 ? strtoll(argv[2], NULL, 10) : 0;
    struct db_pool *pool;
    struct error err = {0};
    char path[300];

    if (argc != 3 || jobs < 1) {
        fprintf(stderr, "usage: %s FOLDER JOBS\n", argv[0]);
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/vitrine.db", argv[1]);
    const struct db_config config = {.path = path,
                                     .readers = 1,
                                     .migrations = db_migrations,
                                     .migration_count = db_migration_count,
                                     .clock = &clock_system};
    if (!db_pool_open(&config, &pool, &err) ||
        !db_transact(pool, "budgets", add_budgets, NULL, &err))
        goto fail;
    for (struct job job = {.id = 1}; job.id <= jobs; job.id++)
        if (!db_transact(pool, "begin", begin, &job, &err) ||
            !db_transact(pool, "end", end, &job, &err))
            goto fail;
    db_pool_close(pool);
    return 0;

fail:
    fprintf(stderr, "%s %s\n", err.message, err.detail);
    return 1;
}
