#include "account/hash_gate.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define RETRY_AFTER_MS 1000

struct hash_gate {
    size_t parallel;      /* read-only */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t left;
    size_t inside;
    size_t waiting[HASH_GUEST_COUNT];
};

struct hash_gate *hash_gate_create(size_t parallel)
{
    struct hash_gate *gate = calloc(1, sizeof *gate);
    int rc;

    assert(parallel > 0);
    if (gate == NULL)
        abort();
    gate->parallel = parallel;
    rc = pthread_mutex_init(&gate->lock, NULL);
    assert(rc == 0);
    rc = pthread_cond_init(&gate->left, NULL);
    assert(rc == 0);
    return gate;
}

void hash_gate_destroy(struct hash_gate *gate)
{
    if (gate == NULL)
        return;
    assert(gate->inside == 0 && gate->waiting[HASH_STRANGER] == 0 &&
           gate->waiting[HASH_KNOWN] == 0);
    pthread_cond_destroy(&gate->left);
    pthread_mutex_destroy(&gate->lock);
    free(gate);
}

/* Whoever is known goes first.  The lock is held. */
static bool must_wait(const struct hash_gate *gate, enum hash_guest guest)
{
    return gate->inside == gate->parallel ||
           (guest == HASH_STRANGER && gate->waiting[HASH_KNOWN] > 0);
}

bool hash_gate_enter(struct hash_gate *gate, enum hash_guest guest, struct error *err)
{
    bool is_full;

    pthread_mutex_lock(&gate->lock);
    is_full = must_wait(gate, guest) && gate->waiting[guest] == gate->parallel;
    if (!is_full) {
        gate->waiting[guest]++;
        while (must_wait(gate, guest))
            pthread_cond_wait(&gate->left, &gate->lock);
        gate->waiting[guest]--;
        gate->inside++;
        if (guest == HASH_KNOWN) /* strangers waited for it, too */
            pthread_cond_broadcast(&gate->left);
    }
    pthread_mutex_unlock(&gate->lock);
    if (!is_full)
        return true;
    error_set(err, ERROR_RATE_LIMITED, "too many people are logging in at this moment; try again");
    err->retry_after_ms = RETRY_AFTER_MS;
    return false;
}

void hash_gate_leave(struct hash_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    assert(gate->inside > 0);
    gate->inside--;
    pthread_cond_broadcast(&gate->left);
    pthread_mutex_unlock(&gate->lock);
}
