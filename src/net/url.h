/* net/url.h: an outgoing URL, parsed once, by the parser of the library that connects
 * (security.md S32).  Knows nothing of sockets. */
#pragma once

#include "net/guard.h"

#include <curl/curl.h>

#define NET_URL_SIZE_MAX 8192
#define NET_HOST_SIZE_MAX 253

struct url {
    CURLU *parsed; /* owned; without user info and fragment */
    char host[NET_HOST_SIZE_MAX +
              1]; /* lower case; of an address its shortest text, without brackets */
    uint16_t port;
    bool secure;                  /* https */
    bool literal;                 /* the host is the address below */
    struct guard_address address; /* when `literal` */
};

/*
 * The form only: no name is resolved, no address judged.  `any_port`: NET_PUBLIC may use more than
 * 80 and 443.  The caller owns *out: url_finish().  Fails, field "url": INVALID, TOO_LONG,
 * ADDRESS_REFUSED.
 */
MUST_CHECK bool url_parse(struct str text, enum net_reach reach, bool any_port, struct url *out,
                          struct error *err);
/* Where a Location header leads; from https never to http.  Fails as url_parse(). */
MUST_CHECK bool url_follow(const struct url *from, struct str location, enum net_reach reach,
                           bool any_port, struct url *out, struct error *err);
bool url_same_origin(const struct url *a, const struct url *b);
/* The whole URL; malloc'ed: free with curl_free(). */
char *url_text(const struct url *url);
void url_finish(struct url *url);
