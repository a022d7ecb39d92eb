#include "account/hash_gate.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#define PARALLEL 2
#define GUESTS 16

struct party {
    struct hash_gate *gate;
    pthread_mutex_t door; /* held by the test: whoever is inside stays there */
    atomic_int inside, inside_max, served, refused;
    atomic_int known_refused, known_turn; /* how many had entered before the known one */
};

static void *visit(void *context)
{
    struct party *party = context;
    struct error err = {0};
    int now, max;

    if (!hash_gate_enter(party->gate, HASH_STRANGER, &err)) {
        assert_int_equal(err.code, ERROR_RATE_LIMITED);
        assert_true(err.retry_after_ms > 0);
        atomic_fetch_add(&party->refused, 1);
        return NULL;
    }
    now = atomic_fetch_add(&party->inside, 1) + 1;
    max = atomic_load(&party->inside_max);
    while (now > max && !atomic_compare_exchange_weak(&party->inside_max, &max, now))
        ;
    pthread_mutex_lock(&party->door);
    pthread_mutex_unlock(&party->door);
    atomic_fetch_sub(&party->inside, 1);
    hash_gate_leave(party->gate);
    atomic_fetch_add(&party->served, 1);
    return NULL;
}

static void test_so_many_inside_as_many_waiting_and_the_rest_refused(void **state)
{
    struct party party = {.gate = hash_gate_create(PARALLEL)};
    pthread_t guests[GUESTS];

    (void)state;
    assert_int_equal(pthread_mutex_init(&party.door, NULL), 0);
    pthread_mutex_lock(&party.door);
    for (int i = 0; i < GUESTS; i++)
        assert_int_equal(pthread_create(&guests[i], NULL, visit, &party), 0);
    /* Two stay inside and two wait until the door opens; all others must be sent away. */
    while (atomic_load(&party.refused) < GUESTS - 2 * PARALLEL)
        sched_yield();
    pthread_mutex_unlock(&party.door);
    for (int i = 0; i < GUESTS; i++)
        assert_int_equal(pthread_join(guests[i], NULL), 0);
    assert_int_equal(atomic_load(&party.refused), GUESTS - 2 * PARALLEL);
    assert_int_equal(atomic_load(&party.served), 2 * PARALLEL);
    assert_int_equal(atomic_load(&party.inside_max), PARALLEL);
    pthread_mutex_destroy(&party.door);
    hash_gate_destroy(party.gate);
}

static void *visit_known(void *context)
{
    struct party *party = context;
    struct error err = {0};

    if (!hash_gate_enter(party->gate, HASH_KNOWN, &err)) {
        atomic_fetch_add(&party->known_refused, 1);
        return NULL;
    }
    atomic_store(&party->known_turn, atomic_load(&party->served));
    hash_gate_leave(party->gate);
    return NULL;
}

static void test_a_burst_of_strangers_keeps_nobody_out_who_is_known(void **state)
{
    struct party party = {.gate = hash_gate_create(1), .known_turn = -1};
    pthread_t guests[GUESTS], known[2];

    (void)state;
    assert_int_equal(pthread_mutex_init(&party.door, NULL), 0);
    pthread_mutex_lock(&party.door);
    for (int i = 0; i < GUESTS; i++)
        assert_int_equal(pthread_create(&guests[i], NULL, visit, &party), 0);
    while (atomic_load(&party.refused) < GUESTS - 2)
        sched_yield();
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&known[i], NULL, visit_known, &party), 0);
    while (atomic_load(&party.known_refused) == 0) /* then the other one waits */
        sched_yield();
    pthread_mutex_unlock(&party.door);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(known[i], NULL), 0);
    for (int i = 0; i < GUESTS; i++)
        assert_int_equal(pthread_join(guests[i], NULL), 0);
    assert_int_equal(atomic_load(&party.known_refused), 1);
    assert_true(atomic_load(&party.known_turn) <= 1); /* the second stranger came after it */
    assert_int_equal(atomic_load(&party.served), 2);
    pthread_mutex_destroy(&party.door);
    hash_gate_destroy(party.gate);
}

static void test_a_gate_that_was_left_is_open_again(void **state)
{
    struct hash_gate *gate = hash_gate_create(1);
    struct error err;

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_true(hash_gate_enter(gate, i % 2 == 0 ? HASH_STRANGER : HASH_KNOWN, &err));
        hash_gate_leave(gate);
    }
    hash_gate_destroy(gate);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_so_many_inside_as_many_waiting_and_the_rest_refused),
        cmocka_unit_test(test_a_burst_of_strangers_keeps_nobody_out_who_is_known),
        cmocka_unit_test(test_a_gate_that_was_left_is_open_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
