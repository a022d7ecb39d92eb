/* core/id.h: ULIDs: 26 characters of Crockford base 32, sortable by the time they were made.  Any
 * thread. */
#pragma once

#include "core/clock.h"
#include "core/random.h"
#include "core/str.h"

#define ID_SIZE 26

struct id {
    char text[ID_SIZE + 1]; /* upper case, NUL-terminated */
};

/* 48 bits of time, 80 of chance: unguessable enough to name, never enough to open. */
struct id id_make(const struct clock *clock, const struct random *random);
/* Takes either case; false for anything that is not a ULID.  `*out` is upper case. */
MUST_CHECK bool id_parse(struct str text, struct id *out);
static inline struct str id_str(const struct id *id)
{
    return (struct str){.data = id->text, .size = ID_SIZE};
}
/* The smallest ULID of that millisecond, for ranges. */
struct id id_floor(int64_t wall_ms);
