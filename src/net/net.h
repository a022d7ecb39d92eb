/*
 * net/net.h: outgoing HTTP: the one place that connects.  Every transfer has connect, first-byte,
 * idle and total limits, a size cap and the address guard (security.md S32-S37).  curl's header is
 * included in this room only. Knows nothing of providers.
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "net/loop.h"

struct net; /* opaque: net.c */

enum net_reach {
    NET_PUBLIC, /* global unicast addresses only, ports 80 and 443, http to be upgraded never down;
                   for URLs people give */
    NET_OWNER, /* an address the owner configured: any address and port, but for link-local metadata
                */
};

struct net_header {
    struct str name, value;
};

struct net_request {
    struct str method; /* "GET", "POST", … */
    struct str url;
    const struct net_header *headers;
    size_t header_count;
    const struct str *body; /* segments sent one after the other; borrowed until done */
    size_t body_count;
    enum net_reach reach;
    int redirects_max; /* 0 for calls; <= 3 for fetches; each hop is guarded, credentials dropped on
                          a change of host */
    int64_t connect_ms;     /* 0: 10,000, resolve and TLS included */
    int64_t first_byte_ms;  /* from sent to first byte; 0: 600,000 */
    int64_t idle_ms;        /* between bytes after the first; 0: 60,000 */
    int64_t total_ms;       /* 0: 900,000 */
    int64_t reply_size_max; /* bytes of decoded body; counted, not believed */
};

enum net_outcome {
    NET_DONE,      /* a whole reply came, whatever its status */
    NET_NOT_SENT,  /* provably nothing was processed: guard, DNS, connect, TLS, 0 bytes of the
                      request left */
    NET_LOST,      /* sent in part or whole, no whole reply: reset, time-out, truncated */
    NET_TOO_LARGE, /* sent; the reply passed the cap */
    NET_CANCELLED, /* net_cancel(); `sent_bytes` tells whether anything had left */
};

struct net_reply {
    enum net_outcome outcome;
    int status;                       /* 0 when no head came */
    const struct net_header *headers; /* names in lower case */
    size_t header_count;
    struct str body;    /* empty when `on_body` took it */
    int64_t sent_bytes; /* of head and body */
    int64_t took_ms;
    struct error err; /* set unless NET_DONE: TIMED_OUT, UNREACHABLE, ADDRESS_REFUSED, TOO_LARGE,
                         CANCELLED */
    struct str final_url;
};

struct net_handlers {
    /* The whole request has left (best effort, may be late).  May be NULL. */
    void (*on_sent)(void *context);
    /* A piece of a 2xx body as it comes; false ends the transfer as NET_TOO_LARGE.  NULL: collected
     * into reply.body. */
    bool (*on_body)(void *context, struct str piece);
    /* Once, always, last.  `reply` is borrowed until it returns. */
    void (*on_done)(void *context, const struct net_reply *reply);
};

struct net_config {
    struct net_loop *loop; /* borrowed */
    size_t transfers_max;  /* at once; more wait in order */
    const char *proxy;     /* NULL: none; the environment's are ignored (S36) */
    const char *ca_file;   /* NULL: the system's */
    bool allow_private;    /* tests only: NET_PUBLIC may reach loopback, any port */
};
MUST_CHECK bool net_create(const struct net_config *config, struct net **out, struct error *err);
void net_destroy(struct net *net); /* cancels what runs; takes NULL; before the loop is destroyed */

struct net_transfer; /* opaque; lives until on_done returns */
/* Starts a transfer; on_done always follows, never from within this call.  Loop thread only. */
struct net_transfer *net_start(struct net *net, const struct net_request *request,
                               const struct net_handlers *handlers, void *context);
void net_cancel(
    struct net_transfer *transfer); /* on_done(NET_CANCELLED) follows later.  Loop thread only. */

/* Checks a URL's form as net_start would, without resolving: scheme, host, port, no user info
 * (S32). */
MUST_CHECK bool net_url_check(struct str url, enum net_reach reach, struct error *err);

/* A whole transfer from any other thread, waiting for it; the reply is copied into `arena`. */
MUST_CHECK bool net_fetch(struct net *net, const struct net_request *request, struct arena *arena,
                          struct net_reply *out, struct error *err);

struct net_stats {
    uint64_t started, done, lost, not_sent, active, waiting, sent_bytes, received_bytes;
};
void net_stats(struct net *net, struct net_stats *out);
