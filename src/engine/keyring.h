/*
 * engine/keyring.h: which of an account's keys the next call is made with: by weight, smoothly, and
 * without those that the service rejected or asked to wait.  Pure: time comes as an argument.  One
 * thread.
 */
#pragma once

#include "engine/engine.h"

#define KEYRING_EVER INT64_MAX /* a time when every rest is over that ends by itself */

struct keyring {
    struct keyring_entry {
        int64_t id;
        int64_t turn;     /* what it is owed, in weights */
        char reason[16];  /* it rests; empty: it does not */
        int64_t until_ms; /* of a rest that ends by time (wall clock); 0: not by itself */
    } entries[PROVIDER_KEYS_MAX];
    size_t count;
};

/*
 * Smooth weighted round-robin among those that are enabled and do not rest.  When all of them rest,
 * among those whose rest ends by itself, else among all that are enabled: somebody wants the
 * account asked again.  NULL: none is enabled.
 */
const struct provider_key *keyring_pick(struct keyring *ring, const struct provider_key *keys,
                                        size_t count, int64_t now_ms);
/*
 * The service rejected it: no pick until keyring_forgive(), or, with an `until_ms` that is not 0,
 * until then: a rejection for good stands.  `reason` is clipped.
 */
void keyring_rest(struct keyring *ring, int64_t key_id, const char *reason, int64_t until_ms);
/* Whether one of them other than `except_id` (0: none is excepted) is enabled and does not rest. */
bool keyring_has_one(const struct keyring *ring, const struct provider_key *keys, size_t count,
                     int64_t except_id, int64_t now_ms);
bool keyring_is_resting(const struct keyring_entry *entry, int64_t now_ms);
/* The owner has looked: none rests any more. */
void keyring_forgive(struct keyring *ring);
