/*
 * engine/keyring.h: which of an account's keys the next call is made with: by weight, smoothly, and
 * without those that the service rejected.  Pure.  One thread.
 */
#pragma once

#include "engine/engine.h"

struct keyring {
    struct keyring_entry {
        int64_t id;
        int64_t turn;    /* what it is owed, in weights */
        char reason[16]; /* it rests; empty: it does not */
    } entries[PROVIDER_KEYS_MAX];
    size_t count;
};

/*
 * Smooth weighted round-robin among those that are enabled and do not rest.  When all of them rest,
 * among all that are enabled: somebody wants the account asked again.  NULL: none is enabled.
 */
const struct provider_key *keyring_pick(struct keyring *ring, const struct provider_key *keys,
                                        size_t count);
/* The service rejected it: no pick until keyring_forgive().  `reason` is clipped. */
void keyring_rest(struct keyring *ring, int64_t key_id, const char *reason);
/* Whether one of them is enabled and does not rest. */
bool keyring_has_one(const struct keyring *ring, const struct provider_key *keys, size_t count);
/* The owner has looked: none rests any more. */
void keyring_forgive(struct keyring *ring);
