/* usage/test_private.h: for the tests of this room: a database, and an engine's doings in it. */
#pragma once

#include "core/test.h"
#include "db/migrations.h"
#include "usage/usage_private.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define NOON INT64_C(1763812800000) /* 2025-11-22T12:00:00Z */
#define ANN 2
#define BOB 3

struct book {
    char directory[64], path[128];
    struct arena *arena;
    struct db_pool *pool;
};

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static inline void book_open(struct book *book)
{
    struct error err = {0};
    struct db_config config;

    *book = (struct book){.directory = "/tmp/vitrine-usage-XXXXXX", .arena = arena_create(MIB(16))};
    assert_non_null(mkdtemp(book->directory));
    snprintf(book->path, sizeof book->path, "%s/vitrine.db", book->directory);
    config = (struct db_config){.path = book->path,
                                .readers = 2,
                                .migrations = db_migrations,
                                .migration_count = db_migration_count,
                                .clock = &clock_system};
    if (!db_pool_open(&config, &book->pool, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static inline int book_close(struct book *book)
{
    db_pool_close(book->pool);
    arena_destroy(book->arena);
    return nftw(book->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- the engine's hooks, each in a transaction ---- */

/* A task as its hooks see it; what is 0 or NULL is not asked. */
struct deed {
    int64_t task_id, user_id, provider_id, micro, at_ms;
    const char *model, *operation, *currency;
};

static inline bool work_reserve(struct db *db, void *context, struct error *err)
{
    const struct deed *deed = context;

    return usage_reserve(NULL, db, deed->user_id, deed->task_id, deed->provider_id,
                         str_of(deed->model), str_of(deed->operation), deed->micro,
                         str_of(deed->currency), deed->at_ms, err);
}

static inline bool work_settle(struct db *db, void *context, struct error *err)
{
    const struct deed *deed = context;

    return usage_settle(NULL, db, deed->task_id, deed->micro, str_of(deed->currency), deed->at_ms,
                        err);
}

static inline void book_do(struct book *book, db_work work, void *context)
{
    struct error err = {0};

    if (!db_transact(book->pool, "test", work, context, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static inline void reserve(struct book *book, struct deed deed)
{
    deed.model = deed.model == NULL ? "gpt-image-2" : deed.model;
    deed.operation = deed.operation == NULL ? "image.generate" : deed.operation;
    deed.currency = deed.currency == NULL ? "USD" : deed.currency;
    deed.provider_id = deed.provider_id == 0 ? 1 : deed.provider_id;
    deed.user_id = deed.user_id == 0 ? ANN : deed.user_id;
    deed.at_ms = deed.at_ms == 0 ? NOON : deed.at_ms;
    book_do(book, work_reserve, &deed);
}

static inline void settle(struct book *book, int64_t task_id, int64_t micro, const char *currency)
{
    struct deed deed = {
        .task_id = task_id, .micro = micro, .currency = currency, .at_ms = NOON + 5000};

    book_do(book, work_settle, &deed);
}

/* ---- rows of other rooms ---- */

struct call_spec {
    int64_t task_id;
    const char *state;
    bool is_sent;
};

/* The task and its run too, when they are not there yet. */
static inline bool work_add_call(struct db *db, void *context, struct error *err)
{
    static const struct sql add_run = {
        "test_add_run",
        "INSERT OR IGNORE INTO run (id, public_id, user_id, title, state, priority, task_count,"
        " left_count, created_at_ms, request_hash)"
        " VALUES ($1, 'run' || $1, 2, '', 'active', 1, 1, 1, 0, x'00')",
        NULL};
    static const struct sql add_task = {
        "test_add_task",
        "INSERT OR IGNORE INTO task (id, public_id, run_id, user_id, node_key, operation, state,"
        " priority, rank, parameters, inputs, deps_left, run_at_ms, start_by_ms, deadline_at_ms,"
        " tries_max, created_at_ms)"
        " VALUES ($1, 'task' || $1, $1, 2, 'n', 'o', 'running', 1, 1, '{}', '{}', 0, 0, 0, 0, 5,"
        " 0)",
        NULL};
    static const struct sql add_call = {
        "test_add_call",
        "INSERT INTO call (public_id, task_id, attempt, provider_id, model, state, request_hash,"
        " estimate_micro, currency, intent_at_ms, sent_at_ms)"
        " VALUES ('call' || (SELECT count(*) FROM call), $1, 1, 1, 'm', $2, x'00', 0, 'USD', 1,"
        " $3)",
        NULL};
    const struct call_spec *call = context;
    const struct sql_value args[] = {SQL_INT64(call->task_id), SQL_CSTR(call->state),
                                     SQL_INT64_OR_NULL(call->is_sent ? 1 : 0)};

    return db_exec(db, &add_run, args, 1, NULL, err) &&
           db_exec(db, &add_task, args, 1, NULL, err) && db_exec_one(db, &add_call, args, 3, err);
}

static inline void add_call(struct book *book, int64_t task_id, const char *state, bool is_sent)
{
    struct call_spec call = {.task_id = task_id, .state = state, .is_sent = is_sent};

    book_do(book, work_add_call, &call);
}

struct provider_spec {
    int64_t id;
    const char *public_id, *name;
    bool is_deleted;
};

static inline bool work_add_provider(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_add_provider",
        "INSERT INTO provider (id, public_id, kind, name, base_url, options,"
        " is_enabled, is_private_allowed, concurrency, on_unknown, once_below_micro,"
        " created_at_ms, deleted_at_ms)"
        " VALUES ($1, $2, 'openai', $3, '', '{}', 1, 0, 1, 'hold', 0, 1, $4)",
        NULL};
    const struct provider_spec *provider = context;
    const struct sql_value args[] = {SQL_INT64(provider->id), SQL_CSTR(provider->public_id),
                                     SQL_CSTR(provider->name),
                                     SQL_INT64_OR_NULL(provider->is_deleted ? 1 : 0)};

    return db_exec_one(db, &add, args, COUNT(args), err);
}

static inline void add_provider(struct book *book, struct provider_spec provider)
{
    book_do(book, work_add_provider, &provider);
}
