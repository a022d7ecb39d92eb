#include "account/login_limit.h"

#include "core/hash.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SETS 1024
#define WAYS 4
#define FORGET_MS ((int64_t)60 * 60 * 1000) /* a row this long without a guess starts anew */

/* Guesses of everyone together: a flood from a thousand addresses still hashes one a second. */
#define ALL_BURST 30
#define ALL_REFILL_MS 1000

struct rule {
    int64_t free;    /* guesses before the first wait */
    int64_t base_ms; /* the first wait; each further is twice the last */
    int64_t cap_ms;
};
static const struct rule by_name = {5, 1000, (int64_t)15 * 60 * 1000};
static const struct rule by_address = {20, 1000, (int64_t)15 * 60 * 1000};

struct row {
    uint64_t key; /* 0: free */
    int64_t count;
    int64_t last_ms;
};

struct counts {
    uint64_t seed; /* read-only once set: nobody outside can choose names that share a set */
    struct row rows[SETS][WAYS];
    int64_t all_spent; /* of ALL_BURST */
    int64_t all_at_ms; /* when all_spent was right */
};

struct login_limit {
    pthread_mutex_t lock;  /* guards the counts */
    struct counts *counts; /* `own` or the caller's memory */
    struct counts *own;
};

size_t login_limit_memory_size(void) { return sizeof(struct counts); }

static int64_t clamp(int64_t number, int64_t max)
{
    return number < 0 ? 0 : number > max ? max : number;
}

/* Memory that outlived a process may hold half a change, or the time of a machine that has been
 * started again since. */
static void mend(struct counts *counts, int64_t now_ms)
{
    for (size_t set = 0; set < SETS; set++)
        for (size_t way = 0; way < WAYS; way++) {
            struct row *row = &counts->rows[set][way];

            row->last_ms = clamp(row->last_ms, now_ms);
            row->count = clamp(row->count, INT32_MAX);
        }
    counts->all_at_ms = clamp(counts->all_at_ms, now_ms);
    counts->all_spent = clamp(counts->all_spent, ALL_BURST);
}

struct login_limit *login_limit_create(const struct random *random, void *memory, int64_t now_ms)
{
    struct login_limit *limit = calloc(1, sizeof *limit);
    int rc;

    if (limit == NULL)
        abort();
    rc = pthread_mutex_init(&limit->lock, NULL);
    assert(rc == 0);
    if (memory == NULL) {
        memory = limit->own = calloc(1, sizeof(struct counts));
        if (memory == NULL)
            abort();
    }
    limit->counts = memory;
    mend(limit->counts, now_ms);
    if (limit->counts->seed == 0)
        limit->counts->seed = random_u64(random) | 1;
    return limit;
}

void login_limit_destroy(struct login_limit *limit)
{
    if (limit == NULL)
        return;
    pthread_mutex_destroy(&limit->lock);
    free(limit->own);
    free(limit);
}

static uint64_t key_of(const struct login_limit *limit, char kind, struct str text)
{
    uint64_t key = hash_u64(text, limit->counts->seed ^ (uint64_t)(unsigned char)kind << 56);

    return key == 0 ? 1 : key;
}

/* One household, one hoster's customer: the first 64 bits of an IPv6 address. */
static uint64_t address_key(const struct login_limit *limit, struct str ip)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (ip.size < sizeof text) {
        memcpy(text, ip.data == NULL ? "" : ip.data, ip.size);
        text[ip.size] = '\0';
        if (inet_pton(AF_INET6, text, &address) == 1 && !IN6_IS_ADDR_V4MAPPED(&address))
            return key_of(limit, '6', (struct str){(const char *)address.s6_addr, 8});
    }
    return key_of(limit, '4', ip);
}

static struct row *find(struct login_limit *limit, uint64_t key)
{
    struct row *set = limit->counts->rows[key % SETS];

    for (size_t way = 0; way < WAYS; way++)
        if (set[way].key == key)
            return &set[way];
    return NULL;
}

/* The key's row; a new one takes the place of the row that was quiet longest. */
static struct row *find_or_add(struct login_limit *limit, uint64_t key, int64_t now_ms)
{
    struct row *set = limit->counts->rows[key % SETS];
    struct row *row = find(limit, key);
    struct row *oldest = &set[0];

    if (row != NULL) {
        if (now_ms - row->last_ms > FORGET_MS)
            row->count = 0;
        return row;
    }
    for (size_t way = 0; way < WAYS; way++) {
        if (set[way].count == 0) { /* free, or nothing that would be lost */
            oldest = &set[way];
            break;
        }
        if (set[way].last_ms < oldest->last_ms)
            oldest = &set[way];
    }
    *oldest = (struct row){.key = key, .last_ms = now_ms};
    return oldest;
}

/* Without a row (NULL) nothing was counted. */
static int64_t wait_of(const struct row *row, const struct rule *rule, int64_t now_ms)
{
    int64_t over = row == NULL ? -1 : row->count - rule->free;
    int64_t pause_ms;

    if (over < 0)
        return 0;
    /* 2^20 seconds are far past any cap; the shift cannot overflow. */
    pause_ms = rule->base_ms << (over > 20 ? 20 : over);
    if (pause_ms > rule->cap_ms)
        pause_ms = rule->cap_ms;
    return row->last_ms + pause_ms > now_ms ? row->last_ms + pause_ms - now_ms : 0;
}

static int64_t wait_of_all(struct login_limit *limit, int64_t now_ms)
{
    int64_t refilled = (now_ms - limit->counts->all_at_ms) / ALL_REFILL_MS;

    if (refilled >= limit->counts->all_spent) {
        limit->counts->all_spent = 0;
        limit->counts->all_at_ms = now_ms;
    } else {
        limit->counts->all_spent -= refilled;
        limit->counts->all_at_ms += refilled * ALL_REFILL_MS;
    }
    return limit->counts->all_spent < ALL_BURST ? 0
                                                : limit->counts->all_at_ms + ALL_REFILL_MS - now_ms;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* `ip_key`: 0 for a known device, which is counted in its own row alone. */
static void count_guess(struct login_limit *limit, uint64_t name_key, uint64_t ip_key,
                        int64_t now_ms)
{
    struct row *name = find_or_add(limit, name_key, now_ms), *address;

    name->count++;
    if (ip_key != 0) {
        /* A set holds four rows, so the second row of a guess may never push out the first. */
        name->last_ms = INT64_MAX;
        address = find_or_add(limit, ip_key, now_ms);
        address->count++;
        address->last_ms = now_ms;
        limit->counts->all_spent++;
    }
    name->last_ms = now_ms;
}

bool login_limit_take(struct login_limit *limit, const struct login_guess *guess, int64_t now_ms,
                      int64_t *wait_ms)
{
    bool is_known = guess->device.size > 0;
    uint64_t name = is_known ? key_of(limit, 'd', guess->device) : key_of(limit, 'n', guess->name);
    uint64_t address = is_known ? 0 : address_key(limit, guess->ip);
    int64_t wait;

    pthread_mutex_lock(&limit->lock);
    wait = wait_of(find(limit, name), &by_name, now_ms);
    if (!is_known && wait == 0)
        wait =
            larger(wait_of(find(limit, address), &by_address, now_ms), wait_of_all(limit, now_ms));
    /* Only what is counted gets a row: names that are refused anyway would push the rows of those
     * that were guessed out of the table. */
    if (wait == 0)
        count_guess(limit, name, address, now_ms);
    pthread_mutex_unlock(&limit->lock);
    if (wait > 0)
        *wait_ms = wait;
    return wait == 0;
}

/* Takes one guess back from a row; all of them with `is_forgotten`.  The lock is held. */
static void take_back(struct login_limit *limit, uint64_t key, bool is_forgotten)
{
    struct row *row = find(limit, key);

    if (row == NULL || row->count == 0)
        return;
    row->count = is_forgotten ? 0 : row->count - 1;
}

static void give_back(struct login_limit *limit, const struct login_guess *guess, bool is_forgotten)
{
    pthread_mutex_lock(&limit->lock);
    if (guess->device.size > 0) {
        take_back(limit, key_of(limit, 'd', guess->device), is_forgotten);
    } else {
        take_back(limit, key_of(limit, 'n', guess->name), is_forgotten);
        take_back(limit, address_key(limit, guess->ip), false);
        if (limit->counts->all_spent > 0)
            limit->counts->all_spent--;
    }
    pthread_mutex_unlock(&limit->lock);
}

void login_limit_forgive(struct login_limit *limit, const struct login_guess *guess)
{
    give_back(limit, guess, true);
}

void login_limit_refund(struct login_limit *limit, const struct login_guess *guess)
{
    give_back(limit, guess, false);
}
