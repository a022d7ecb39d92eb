/* core/random.h: chance as an interface: the kernel's, or a seeded generator for tests and
 * simulation. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct random {
    void (*fill)(void *context, void *out, size_t size);
    void *context;
};

extern const struct random random_system; /* getrandom(2); any thread */

/* xoshiro256**: fast, repeatable, never for secrets.  One thread at a time. */
struct random_seeded {
    uint64_t state[4];
};
struct random random_of_seed(struct random_seeded *generator, uint64_t seed);

void random_fill(const struct random *random, void *out, size_t size);
uint64_t random_u64(const struct random *random);
/* Uniform in [0, bound); bound 0 gives 0. */
uint64_t random_below(const struct random *random, uint64_t bound);
