#include "engine/keyring.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct keyring_entry *find(struct keyring *ring, int64_t key_id)
{
    for (size_t index = 0; index < ring->count; index++)
        if (ring->entries[index].id == key_id)
            return &ring->entries[index];
    return NULL;
}

static bool is_among(int64_t key_id, const struct provider_key *keys, size_t count)
{
    for (size_t index = 0; index < count; index++)
        if (keys[index].id == key_id)
            return true;
    return false;
}

/* Forgets those that are gone, and knows the new ones: they begin with nothing owed. */
static void follow(struct keyring *ring, const struct provider_key *keys, size_t count)
{
    size_t kept = 0;

    assert(count <= PROVIDER_KEYS_MAX);
    for (size_t index = 0; index < ring->count; index++)
        if (is_among(ring->entries[index].id, keys, count))
            ring->entries[kept++] = ring->entries[index];
    ring->count = kept;
    for (size_t index = 0; index < count; index++)
        if (find(ring, keys[index].id) == NULL)
            ring->entries[ring->count++] = (struct keyring_entry){.id = keys[index].id};
}

bool keyring_is_resting(const struct keyring_entry *entry, int64_t now_ms)
{
    return entry->reason[0] != '\0' && (entry->until_ms == 0 || entry->until_ms > now_ms);
}

static bool is_usable(const struct keyring *ring, const struct provider_key *key, int64_t now_ms)
{
    for (size_t index = 0; index < ring->count; index++)
        if (ring->entries[index].id == key->id && keyring_is_resting(&ring->entries[index], now_ms))
            return false;
    return key->is_enabled;
}

bool keyring_has_one(const struct keyring *ring, const struct provider_key *keys, size_t count,
                     int64_t except_id, int64_t now_ms)
{
    for (size_t index = 0; index < count; index++)
        if (keys[index].id != except_id && is_usable(ring, &keys[index], now_ms))
            return true;
    return false;
}

const struct provider_key *keyring_pick(struct keyring *ring, const struct provider_key *keys,
                                        size_t count, int64_t now_ms)
{
    /* One that was asked to wait is better than one that was rejected. */
    const int64_t at_ms = keyring_has_one(ring, keys, count, 0, now_ms) ? now_ms : KEYRING_EVER;
    const bool has_one = keyring_has_one(ring, keys, count, 0, at_ms);
    const struct provider_key *best = NULL;
    struct keyring_entry *best_entry = NULL;
    int64_t total = 0;

    follow(ring, keys, count);
    for (size_t index = 0; index < count; index++) {
        struct keyring_entry *entry = find(ring, keys[index].id);

        if (has_one ? !is_usable(ring, &keys[index], at_ms) : !keys[index].is_enabled) {
            entry->turn = 0; /* who does not take part saves nothing up */
            continue;
        }
        entry->turn += keys[index].weight;
        total += keys[index].weight;
        if (best_entry == NULL || entry->turn > best_entry->turn) {
            best_entry = entry;
            best = &keys[index];
        }
    }
    if (best_entry != NULL)
        best_entry->turn -= total;
    return best;
}

void keyring_rest(struct keyring *ring, int64_t key_id, const char *reason, int64_t until_ms)
{
    struct keyring_entry *entry = find(ring, key_id);

    if (entry == NULL && ring->count < PROVIDER_KEYS_MAX) {
        entry = &ring->entries[ring->count++];
        *entry = (struct keyring_entry){.id = key_id};
    }
    if (entry == NULL) /* it is one that is gone: eight newer ones are known */
        return;
    if (until_ms != 0 && entry->reason[0] != '\0' &&
        (entry->until_ms == 0 || entry->until_ms >= until_ms))
        return; /* the longer rest stands */
    snprintf(entry->reason, sizeof(entry->reason), "%s", reason);
    entry->until_ms = until_ms;
}

void keyring_forgive(struct keyring *ring)
{
    for (size_t index = 0; index < ring->count; index++) {
        ring->entries[index].reason[0] = '\0';
        ring->entries[index].until_ms = 0;
    }
}
