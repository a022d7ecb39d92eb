/* net/guard.h: which addresses may be connected to (security.md S33).  Pure but for
 * guard_is_ours().
 */
#pragma once

#include "net/net.h"

#include <sys/socket.h>

#define GUARD_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */

struct guard_address {
    int family; /* AF_INET or AF_INET6 */
    uint8_t bytes[16];
};

/* False when it is neither IPv4 nor IPv6. */
MUST_CHECK bool guard_of_sockaddr(const struct sockaddr *address, struct guard_address *out);
/* A strict dotted quad, or IPv6 without brackets and without a zone. */
MUST_CHECK bool guard_of_text(struct str text, struct guard_address *out);
void guard_format(const struct guard_address *address, char out[GUARD_TEXT_SIZE]);
bool guard_equal(const struct guard_address *a, const struct guard_address *b);

/*
 * NET_PUBLIC: global unicast only; an IPv4 address embedded in IPv6 (mapped, NAT64, 6to4, Teredo)
 * decides.  NET_OWNER: everything but link-local, the metadata service, multicast and "this host".
 */
bool guard_allows(enum net_reach reach, const struct guard_address *address);
bool guard_is_loopback(const struct guard_address *address);
/* Is it an address of one of this machine's interfaces?  True also when that cannot be told. */
bool guard_is_ours(const struct guard_address *address);
