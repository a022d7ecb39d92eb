#include "core/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

static void system_fill(void *context, void *out, size_t size)
{
    unsigned char *at = out;

    (void)context;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort(); /* nothing may go on with predictable secrets */
        at += got;
        size -= (size_t)got;
    }
}

const struct random random_system = {.fill = system_fill};

static uint64_t rotate_left(uint64_t value, int by) { return value << by | value >> (64 - by); }

/* xoshiro256** 1.0, Blackman and Vigna. */
static uint64_t seeded_next(uint64_t state[4])
{
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

static void seeded_fill(void *context, void *out, size_t size)
{
    struct random_seeded *generator = context;
    unsigned char *at = out;

    while (size > 0) {
        uint64_t value = seeded_next(generator->state);
        size_t part = size < sizeof(value) ? size : sizeof(value);

        memcpy(at, &value, part);
        at += part;
        size -= part;
    }
}

struct random random_of_seed(struct random_seeded *generator, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++) {
        uint64_t mixed; /* splitmix64: no seed gives the all-zero state */

        seed += UINT64_C(0x9e3779b97f4a7c15);
        mixed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
        generator->state[i] = mixed ^ mixed >> 31;
    }
    return (struct random){.fill = seeded_fill, .context = generator};
}

void random_fill(const struct random *random, void *out, size_t size)
{
    random->fill(random->context, out, size);
}

uint64_t random_u64(const struct random *random)
{
    uint64_t value;

    random_fill(random, &value, sizeof(value));
    return value;
}

uint64_t random_below(const struct random *random, uint64_t bound)
{
    uint64_t uneven;
    uint64_t value;

    if (bound == 0)
        return 0;
    uneven = -bound % bound; /* 2^64 mod bound: so many low values would come once too often */
    do
        value = random_u64(random);
    while (value < uneven);
    return value % bound;
}
