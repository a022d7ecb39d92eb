/*
 * net/net.h: outgoing HTTP: the one place that connects.  Every transfer has connect, first-byte,
 * idle and total limits, a size cap and the address guard (security.md S32-S37).  curl's header is
 * included in this room only. Knows nothing of providers.
 *
 * What is guaranteed:
 * - A request leaves once.  Everything but GET and HEAD of NET_OWNER goes over a connection of its
 *   own, and all over HTTP/1.1, so that curl has nothing to try again; a body cannot be rewound.
 *   (A GET whose kept connection died before a reply is sent again over a new one.)
 * - NET_NOT_SENT only when not one byte of the request was taken by the kernel or, as a whole
 *   record, by TLS, over all redirects.  Everything doubtful is NET_LOST.
 * - A connection is made to an address that was resolved and judged for this very transfer (kept
 *   for a minute for NET_OWNER); all addresses of the name must pass.  With a proxy, it resolves
 *   the names, and only addresses written in the URL are judged.
 * - At most 50 transfers are handed to curl in one turn of the loop.
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
    struct str url;    /* <= 8,192 bytes; its host in the xn-- form */
    /* Copied.  Not to be among them: Host, Content-Length, Transfer-Encoding, Connection, Expect.
     */
    const struct net_header *headers;
    size_t header_count;
    const struct str *body; /* segments sent one after the other; borrowed, with their bytes, until
                               on_done */
    size_t body_count;
    enum net_reach reach;
    bool is_repeatable; /* sent twice it does no more than once, as under a key that the service
                           honours: then it may go over a kept connection */
    /* 0 for calls; <= 3 for fetches.  Each hop is guarded, never from https to http; on a change of
     * scheme, host or port all headers are dropped but Accept*, Content-Type, Range and User-Agent.
     * A redirect beyond the last, or without a Location, is the reply. */
    int redirects_max;
    /* The time runs from when the transfer had its turn, not while it waits for it. */
    int64_t connect_ms;     /* of each hop; 0: 10,000, resolve and TLS included */
    int64_t first_byte_ms;  /* from sent to first byte; 0: 600,000 */
    int64_t idle_ms;        /* between bytes while sending, and after the first; 0: 60,000 */
    int64_t total_ms;       /* of all hops; 0: 900,000 */
    int64_t reply_size_max; /* bytes of decoded body; counted, not believed; 0: 64 MiB */
};

enum net_outcome {
    NET_DONE,      /* a whole reply came, whatever its status */
    NET_NOT_SENT,  /* provably nothing was processed: guard, DNS, connect, TLS, 0 bytes of the
                      request left */
    NET_LOST,      /* sent in part or whole, no whole reply: reset, time-out, truncated */
    NET_TOO_LARGE, /* sent; the reply passed the cap, or its head 64 KiB or 200 lines */
    NET_CANCELLED, /* net_cancel(); `sent_bytes` tells whether anything had left */
};

struct net_reply {
    enum net_outcome outcome;
    int status;                       /* 0 when no head came; may be set though it was LOST */
    const struct net_header *headers; /* names in lower case */
    size_t header_count;
    struct str body;    /* empty when `on_body` took it */
    int64_t sent_bytes; /* of heads and bodies, over all hops */
    int64_t took_ms;
    /* Set unless NET_DONE: TIMED_OUT, UNREACHABLE, ADDRESS_REFUSED, TOO_LARGE, CANCELLED; for a
     * request that cannot be sent INVALID or TOO_LONG; INTERNAL. */
    struct error err;
    struct str final_url; /* empty when the URL was refused by its form */
};

/* All run on the loop's thread.  They may call net_start() and net_cancel(), not net_destroy(). */
struct net_handlers {
    /* The whole request has left, as far as the kernel knows; once, with the first hop; it does not
     * come when the reply came first.  May be NULL. */
    void (*on_sent)(void *context);
    /* A piece of a 2xx body as it comes; false ends the transfer as NET_TOO_LARGE.  NULL: collected
     * into reply.body. */
    bool (*on_body)(void *context, struct str piece);
    /* Once, always, last.  `reply` is borrowed until it returns. */
    void (*on_done)(void *context, const struct net_reply *reply);
};

struct net_config {
    struct net_loop *loop; /* borrowed */
    size_t transfers_max;  /* > 0; at once; more wait in order */
    const char *proxy;     /* NULL: none; the environment's are ignored (S36) */
    const char *ca_file;   /* NULL: the system's; read anew once a day */
    bool allow_private;    /* tests only: NET_PUBLIC may reach loopback, any port */
};
/* The caller owns *out: net_destroy().  Fails: INVALID (ca_file), INTERNAL.  Thread: main. */
MUST_CHECK bool net_create(const struct net_config *config, struct net **out, struct error *err);
/*
 * Cancels what runs and what waits: every on_done has returned when it returns.  No net_fetch() may
 * begin any more.  Takes NULL; before the loop is destroyed.  Thread: main.
 */
void net_destroy(struct net *net);

struct net_transfer; /* opaque; lives until on_done returns */
/* Starts a transfer; on_done always follows, never from within this call.  Loop thread only. */
struct net_transfer *net_start(struct net *net, const struct net_request *request,
                               const struct net_handlers *handlers, void *context);
/* A WebSocket's; as net_handlers. */
struct net_watch_handlers {
    /* A whole message, borrowed until it returns.  Text is UTF-8. */
    void (*on_message)(void *context, bool is_text, struct str message);
    /* Once, always, last: never NET_DONE.  The status is the handshake's: 101 when it was open. */
    void (*on_done)(void *context, const struct net_reply *reply);
};
/*
 * Opens a WebSocket (RFC 6455) at an http or https URL and listens, until the server closes it,
 * net_cancel(), a limit is passed or net_destroy().  The address guard, TLS and the proxy are those
 * of net_start(); redirects are not followed.  Pings are answered; nothing else is sent.  A message
 * is reply_size_max bytes at most, or the socket ends as NET_TOO_LARGE; so much is kept in memory
 * and no more.  Who sends faster than some 5 MiB or a thousand frames a second is read more slowly.
 * first_byte_ms is for the handshake, idle_ms between bytes of any kind.  Takes one of
 * transfers_max while it lives.  on_done always follows, never from within.  Loop thread only.
 */
struct net_transfer *net_watch(struct net *net, const struct net_request *request,
                               const struct net_watch_handlers *handlers, void *context);
/* on_done(NET_CANCELLED) follows in a later turn.  Loop thread only. */
void net_cancel(struct net_transfer *transfer);

/*
 * Checks a URL's form as net_start would, without resolving: scheme, host, port, no user info
 * (S32).  Fails, field "url": INVALID, TOO_LONG, ADDRESS_REFUSED.  Any thread.
 */
MUST_CHECK bool net_url_check(struct str url, enum net_reach reach, struct error *err);
/* Whether the host of a good URL is written as an address that NET_PUBLIC does not reach; what a
 * name stands for is judged when it is connected to.  Any thread. */
bool net_url_is_private(struct str url);
/* What kept a transfer from its reply: "private", "timeout", "name", "tls", "refused", "lost",
 * "other".  Static. */
const char *net_obstacle(const struct error *err);

/*
 * A whole transfer from any other thread, waiting for it; the reply is copied into `arena`.  False
 * unless NET_DONE, with the reply's error; TOO_LARGE also when the arena has no room for it.
 */
MUST_CHECK bool net_fetch(struct net *net, const struct net_request *request, struct arena *arena,
                          struct net_reply *out, struct error *err);

struct net_stats {
    uint64_t started, done, lost, not_sent, active, waiting, sent_bytes, received_bytes;
};
void net_stats(struct net *net, struct net_stats *out); /* any thread; each number for itself */
