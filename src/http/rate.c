/*
 * rate.c: token buckets per user, token and address in a table of fixed size.  When a set is full
 * the bucket touched longest ago gives way: it is the one closest to full again.
 */
#include "http/http_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SETS 2048
#define WAYS 8
#define STRIPES 64

struct bucket {
    uint64_t key;
    int64_t milli_tokens; /* thousandths, so that slow rates refill exactly */
    int64_t at_ms;
};

struct rate_table {
    int64_t per_minute;
    pthread_mutex_t locks[STRIPES]; /* each guards the sets of its number modulo STRIPES */
    struct bucket (*sets)[WAYS];    /* SETS of them; `own` or the caller's memory */
    void *own;
};

size_t http_rate_memory_size(void) { return sizeof(struct bucket[SETS][WAYS]); }

struct rate_table *rate_create(int64_t per_minute, void *memory)
{
    struct rate_table *table = calloc(1, sizeof(*table));

    assert(per_minute > 0);
    if (table == NULL)
        abort();
    table->per_minute = per_minute;
    if (memory == NULL) {
        memory = table->own = calloc(1, http_rate_memory_size());
        if (memory == NULL)
            abort();
    }
    table->sets = memory;
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&table->locks[i], NULL);
    return table;
}

void rate_destroy(struct rate_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&table->locks[i]);
    free(table->own);
    free(table);
}

struct rate_key rate_key_of_ip(struct str ip)
{
    uint8_t bytes[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[64] = {0};

    if (ip.size < sizeof(copy))
        memcpy(copy, ip.data == NULL ? "" : ip.data, ip.size);
    if (inet_pton(AF_INET, copy, bytes + 12) != 1) {
        memset(bytes, 0, sizeof(bytes));
        if (inet_pton(AF_INET6, copy, bytes) == 1)
            memset(bytes + 8, 0, 8);
    }
    return (struct rate_key){RATE_IP,
                             hash_u64((struct str){(const char *)bytes, sizeof(bytes)}, RATE_IP)};
}

/* Memory that outlived a process may hold half a change, another budget's tokens, or the time of a
 * machine that has been started again since. */
static void bucket_mend(struct bucket *bucket, int64_t full, int64_t now_ms)
{
    if (bucket->at_ms > now_ms)
        bucket->at_ms = now_ms;
    if (bucket->milli_tokens > full)
        bucket->milli_tokens = full;
    if (bucket->milli_tokens < 0)
        bucket->milli_tokens = 0;
}

static struct bucket *bucket_find(struct bucket *set, uint64_t key, int64_t full, int64_t now_ms)
{
    struct bucket *oldest = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        bucket_mend(&set[i], full, now_ms);
        if (set[i].key == key)
            return &set[i];
        if (set[i].at_ms < oldest->at_ms)
            oldest = &set[i];
    }
    *oldest = (struct bucket){.key = key, .milli_tokens = full, .at_ms = now_ms};
    return oldest;
}

struct rate_verdict rate_take(struct rate_table *table, struct rate_key key, int64_t cost,
                              int64_t now_ms)
{
    const uint64_t id[2] = {key.kind, key.id};
    uint64_t hash = hash_u64((struct str){(const char *)id, sizeof(id)}, 0) | 1; /* 0: empty */
    int64_t full = table->per_minute * 1000;
    size_t set = (size_t)(hash >> 20) % SETS;
    struct rate_verdict verdict = {.limit = table->per_minute};
    struct bucket *bucket;
    int64_t passed_ms;

    pthread_mutex_lock(&table->locks[set % STRIPES]);
    bucket = bucket_find(table->sets[set], hash, full, now_ms);
    passed_ms = now_ms - bucket->at_ms;
    if (passed_ms > 60000)
        passed_ms = 60000; /* full by then */
    if (passed_ms > 0) {
        /* per_minute / 60 thousandths a millisecond; a gain of nothing leaves the time standing */
        int64_t gained = passed_ms * table->per_minute / 60;

        if (gained > 0) {
            bucket->milli_tokens += gained;
            bucket->at_ms = now_ms;
        }
        if (bucket->milli_tokens > full)
            bucket->milli_tokens = full;
    }
    if (cost > table->per_minute)
        cost = table->per_minute; /* a full bucket always pays */
    verdict.is_allowed = bucket->milli_tokens >= cost * 1000;
    if (verdict.is_allowed)
        bucket->milli_tokens -= cost * 1000;
    else
        verdict.wait_ms =
            ((cost * 1000 - bucket->milli_tokens) * 60 + table->per_minute - 1) / table->per_minute;
    verdict.remaining = bucket->milli_tokens / 1000;
    verdict.reset_ms = (full - bucket->milli_tokens) * 60 / table->per_minute;
    pthread_mutex_unlock(&table->locks[set % STRIPES]);
    return verdict;
}
