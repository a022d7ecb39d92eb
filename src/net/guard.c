#include "net/guard.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

/* What refuses: an address in the prefix is not for NET_PUBLIC, and where `owner` not for anybody.
 */
struct prefix {
    uint8_t bytes[16];
    unsigned bits;
    bool owner;
};

/* IANA's IPv4 special-purpose registry (RFC 6890 and later), and multicast. */
static const struct prefix refused_v4[] = {
    {{0},            8,  true }, /* "this network"; 0.0.0.0 reaches ourselves */
    {{10},           8,  false}, /* private */
    {{100, 64},      10, false}, /* shared by carriers */
    {{127},          8,  false}, /* loopback */
    {{169, 254},     16, true }, /* link-local, with the clouds' metadata services */
    {{172, 16},      12, false}, /* private */
    {{192, 0, 0},    24, false}, /* protocol assignments */
    {{192, 0, 2},    24, false}, /* documentation */
    {{192, 88, 99},  24, false}, /* 6to4 relays, deprecated by RFC 7526 */
    {{192, 168},     16, false}, /* private */
    {{198, 18},      15, false}, /* benchmarks */
    {{198, 51, 100}, 24, false}, /* documentation */
    {{203, 0, 113},  24, false}, /* documentation */
    {{224},          4,  true }, /* multicast */
    {{240},          4,  false}, /* reserved, and the broadcast address */
};

/* What within 2000::/3 is not global unicast; outside of it nothing is (RFC 4291).  And the
 * owner's. In order: protocol assignments (Teredo, in it, is seen to before), documentation,
 * documentation (RFC 9637), link-local, multicast, AWS' metadata service. */
static const struct prefix refused_v6[] = {
    {{0x20, 0x01, 0x00},                              23,  false},
    {{0x20, 0x01, 0x0d, 0xb8},                        32,  false},
    {{0x3f, 0xff, 0x00},                              20,  false},
    {{0xfe, 0x80},                                    10,  true },
    {{0xff},                                          8,   true },
    {{0xfd, 0, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54}, 128, true },
};
static const struct prefix global_v6 = {{0x20}, 3, false};

/*
 * IPv6 that leads to an IPv4 address: where it stands, and whether its bits are inverted.  In
 * order: "compatible", mapped, translated (RFC 2765), NAT64, local NAT64, 6to4, Teredo's server and
 * client.
 */
static const struct embedding {
    struct prefix prefix;
    size_t at;
    bool inverted;
    bool never_public; /* allowed to nobody but the owner, whatever the IPv4 address */
} embeddings[] = {
    {{{0}, 96, false},                            12, false, true },
    {{{[10] = 0xff, [11] = 0xff}, 96, false},     12, false, false},
    {{{[8] = 0xff, [9] = 0xff}, 96, false},       12, false, true },
    {{{0, 0x64, 0xff, 0x9b}, 96, false},          12, false, false},
    {{{0, 0x64, 0xff, 0x9b, 0, 0x01}, 48, false}, 12, false, true },
    {{{0x20, 0x02}, 16, false},                   2,  false, false},
    {{{0x20, 0x01, 0, 0}, 32, false},             4,  false, false},
    {{{0x20, 0x01, 0, 0}, 32, false},             12, true,  false},
};

static bool in_prefix(const struct prefix *prefix, const uint8_t *bytes)
{
    size_t whole = prefix->bits / 8;
    unsigned rest = prefix->bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    return memcmp(prefix->bytes, bytes, whole) == 0 &&
           (rest == 0 || ((prefix->bytes[whole] ^ bytes[whole]) & mask) == 0);
}

static bool refused_by(const struct prefix *prefixes, size_t count, enum net_reach reach,
                       const uint8_t *bytes)
{
    for (size_t i = 0; i < count; i++)
        if (in_prefix(&prefixes[i], bytes) && (reach == NET_PUBLIC || prefixes[i].owner))
            return true;
    return false;
}

bool guard_is_loopback(const struct guard_address *address)
{
    static const struct prefix v6 = {.bytes = {[15] = 1}, .bits = 128};
    static const struct prefix mapped = {
        .bytes = {[10] = 0xff, [11] = 0xff, [12] = 127},
          .bits = 104
    };

    if (address->family == AF_INET)
        return address->bytes[0] == 127;
    return in_prefix(&v6, address->bytes) || in_prefix(&mapped, address->bytes);
}

static bool allows_v6(enum net_reach reach, const struct guard_address *address)
{
    bool is_embedded = false;

    if (guard_is_loopback(address))
        return reach == NET_OWNER; /* ::1 would else be read as "compatible" with 0.0.0.1 */
    for (size_t i = 0; i < COUNT(embeddings); i++) {
        const struct embedding *embedding = &embeddings[i];
        uint8_t v4[4];

        if (!in_prefix(&embedding->prefix, address->bytes))
            continue;
        for (size_t byte = 0; byte < sizeof(v4); byte++)
            v4[byte] =
                (uint8_t)(address->bytes[embedding->at + byte] ^ (embedding->inverted ? 0xff : 0));
        if (refused_by(refused_v4, COUNT(refused_v4), reach, v4) ||
            (embedding->never_public && reach == NET_PUBLIC))
            return false;
        is_embedded = true;
    }
    if (is_embedded)
        return true;
    if (refused_by(refused_v6, COUNT(refused_v6), reach, address->bytes))
        return false;
    return reach == NET_OWNER || in_prefix(&global_v6, address->bytes);
}

bool guard_allows(enum net_reach reach, const struct guard_address *address)
{
    if (address->family == AF_INET)
        return !refused_by(refused_v4, COUNT(refused_v4), reach, address->bytes);
    return address->family == AF_INET6 && allows_v6(reach, address);
}

bool guard_of_sockaddr(const struct sockaddr *address, struct guard_address *out)
{
    struct guard_address result = {.family = address->sa_family};

    /* Copied, not cast: the caller's bytes need not be aligned for the wider type. */
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof(v4));
        memcpy(result.bytes, &v4.sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof(v6));
        memcpy(result.bytes, &v6.sin6_addr, 16);
    } else {
        return false;
    }
    *out = result;
    return true;
}

bool guard_of_text(struct str text, struct guard_address *out)
{
    struct guard_address result = {0};
    char cstr[GUARD_TEXT_SIZE];

    if (text.size == 0 || text.size >= sizeof(cstr) || memchr(text.data, '\0', text.size) != NULL)
        return false;
    memcpy(cstr, text.data, text.size);
    cstr[text.size] = '\0';
    result.family = strchr(cstr, ':') == NULL ? AF_INET : AF_INET6;
    /* inet_pton() takes no short, octal or hexadecimal IPv4 and no zone. */
    if (inet_pton(result.family, cstr, result.bytes) != 1)
        return false;
    *out = result;
    return true;
}

void guard_format(const struct guard_address *address, char out[GUARD_TEXT_SIZE])
{
    const char *text = inet_ntop(address->family, address->bytes, out, GUARD_TEXT_SIZE);

    assert(text != NULL);
}

bool guard_equal(const struct guard_address *a, const struct guard_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == AF_INET ? 4 : 16) == 0;
}

bool guard_is_ours(const struct guard_address *address)
{
    struct ifaddrs *list;
    bool found = false;

    if (getifaddrs(&list) != 0)
        return true;
    for (const struct ifaddrs *at = list; at != NULL && !found; at = at->ifa_next) {
        struct guard_address ours;

        found = at->ifa_addr != NULL && guard_of_sockaddr(at->ifa_addr, &ours) &&
                guard_equal(&ours, address);
    }
    freeifaddrs(list);
    return found;
}
