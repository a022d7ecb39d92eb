/* net/resolve.h: names to addresses, off the loop's thread.  Judges nothing.  Loop thread only. */
#pragma once

#include "net/guard.h"

struct net_loop;
struct resolver; /* opaque: resolve.c */
struct lookup;   /* one question; gone when it is answered or cancelled */

#define RESOLVE_ADDRESSES_MAX 64 /* a name with more is refused: all must be checked */
#define RESOLVE_CACHE_MS 60000

struct addresses {
    size_t count;
    struct guard_address list[];
};
struct addresses *addresses_create(const struct guard_address *list, size_t count); /* free() */

/* `addresses` is borrowed until it returns, NULL when there are none, and then `why` says why. */
typedef void lookup_answer(void *context, const struct addresses *addresses, const char *why);

struct resolver *resolver_create(struct net_loop *loop);
/* No answer comes after it.  What libuv is busy with is let go of when it returns. */
void resolver_destroy(struct resolver *resolver);
/*
 * Asks for the addresses of `host`; the same question under way is shared.  NET_OWNER's answers are
 * kept for a minute, NET_PUBLIC's are not; NET_PUBLIC's slow names leave threads to NET_OWNER's.
 * NULL: answered already, within this call.
 */
struct lookup *resolver_ask(struct resolver *resolver, const char *host, enum net_reach reach,
                            lookup_answer *answer, void *context);
void lookup_cancel(struct lookup *lookup); /* no answer comes; takes NULL */

/* Tests: answers come from `fake`, each time anew; false: there is no such name. */
typedef bool resolver_fake(const char *host, struct guard_address *list, size_t *count);
void resolver_use_fake(struct resolver *resolver, resolver_fake *fake);
