#include "account/hash_gate.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define RETRY_AFTER_MS 1000

struct hash_gate {
    size_t parallel;      /* read-only */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t left;
    size_t inside, waiting;
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
    assert(gate->inside == 0 && gate->waiting == 0);
    pthread_cond_destroy(&gate->left);
    pthread_mutex_destroy(&gate->lock);
    free(gate);
}

bool hash_gate_enter(struct hash_gate *gate, struct error *err)
{
    bool is_full;

    pthread_mutex_lock(&gate->lock);
    is_full = gate->inside == gate->parallel && gate->waiting == gate->parallel;
    if (!is_full) {
        gate->waiting++;
        while (gate->inside == gate->parallel)
            pthread_cond_wait(&gate->left, &gate->lock);
        gate->waiting--;
        gate->inside++;
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
    pthread_cond_signal(&gate->left);
    pthread_mutex_unlock(&gate->lock);
}
