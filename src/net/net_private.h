/* net/net_private.h: what the room's sources share: the loop's inside, a transfer, the queues. */
#pragma once

#include "core/buf.h"
#include "net/loop.h"
#include "net/net.h"
#include "net/resolve.h"
#include "net/url.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <uv.h>

#define NET_TURN_STARTS 50        /* new transfers per turn: curl connects them all at once */
#define NET_HEAD_SIZE_MAX KIB(64) /* of a reply's head */
#define NET_HEAD_LINES_MAX 200
#define NET_REPLY_SIZE_DEFAULT ((int64_t)MIB(64))

/* Zeroed; aborts when there is none. */
void *net_alloc(size_t size);
int64_t net_now_ms(void); /* libuv's monotonic time */
uv_loop_t *net_loop_uv(struct net_loop *loop);
bool net_loop_is_started(const struct net_loop *loop); /* Thread: main */

enum transfer_stage {
    TRANSFER_WAITING,   /* for its turn */
    TRANSFER_RESOLVING, /* its time runs from here */
    TRANSFER_READY,     /* its addresses are checked */
    TRANSFER_RUNNING,   /* curl's */
    TRANSFER_ENDING,    /* cancelled, or refused before it began: on_done comes next turn */
    TRANSFER_STAGE_COUNT
};

/* Which limit counts. */
enum transfer_phase { PHASE_CONNECT, PHASE_SEND, PHASE_WAIT, PHASE_RECEIVE };

struct net_transfer {
    struct net *net; /* borrowed */
    struct net_handlers handlers;
    void (*on_message)(void *context, bool is_text, struct str message); /* of a WebSocket */
    struct watch_socket *watch; /* its connection, once curl has made it */
    void *context;
    enum transfer_stage stage;
    TAILQ_ENTRY(net_transfer) link;
    bool cancelled;

    /* The request, as the present hop sends it. */
    struct url url; /* .parsed NULL: was refused by its form */
    char method[17];
    struct curl_slist *headers; /* wiped when freed: there are keys in it */
    const struct str *body;     /* borrowed until on_done, as are its bytes */
    size_t body_count;
    int64_t body_size;
    size_t body_index; /* the segment and the byte that are sent next */
    size_t body_offset;
    enum net_reach reach;
    bool is_repeatable;
    int redirects_left;
    int64_t connect_ms, first_byte_ms, idle_ms, total_ms;
    int64_t reply_size_max;

    /* The present hop. */
    struct lookup *lookup;       /* while RESOLVING */
    struct addresses *addresses; /* checked; NULL: a proxy resolves */
    CURL *easy;
    struct curl_slist *pin;
    char curl_says[CURL_ERROR_SIZE];
    bool refused;        /* by the guard, while connecting */
    unsigned head_match; /* how much of CR LF CR LF was sent last; 4: the head has left */
    int64_t body_sent;
    struct buf head; /* the reply's head; its text backs `reply_headers` */
    size_t head_lines;
    bool head_whole; /* of the final reply, not of a 1xx */
    bool head_too_large;
    int status;
    struct net_header *reply_headers;
    size_t reply_header_count;
    struct buf reply_body;
    int64_t received; /* decoded bytes of the body */
    bool too_large;

    /* All hops. */
    enum transfer_phase phase;
    struct net_timer *timer;
    int64_t started_at_ms; /* 0: not yet */
    int64_t phase_at_ms;   /* when the phase began, or its last byte moved */
    int64_t sent_bytes;
    bool sent_told;
    struct error err; /* why it ends, when it is known before curl's result */
};

TAILQ_HEAD(transfer_list, net_transfer);

struct net {
    struct net_loop *loop;
    struct resolver *resolver;
    CURLM *multi;
    size_t transfers_max;
    char *proxy;   /* NULL: none */
    char *ca_file; /* for https only: see transfer_open() */
    bool allow_private;

    /* Loop thread only. */
    bool opened;
    bool closing;
    bool curl_due; /* curl asked for a time-out of 0 */
    uv_timer_t curl_timer;
    uv_idle_t turn; /* runs while there is something to begin or to end */
    struct transfer_list lists[TRANSFER_STAGE_COUNT];
    size_t active; /* RESOLVING, READY or RUNNING */
    size_t handles_open;
    size_t watches; /* open WebSockets */

    /* Any thread. */
    _Atomic uint64_t started, done, lost, not_sent, active_now, waiting_now, sent, received;
};

/* net.c */
void net_move(struct net_transfer *transfer, enum transfer_stage stage);
void net_wake(struct net *net); /* something is to begin or to end: have a turn */

/* transfer.c: a transfer's life; loop thread, never from within a callback of curl. */
struct net_transfer *transfer_create(struct net *net, const struct net_request *request,
                                     const struct net_handlers *handlers, void *context);
/* Starts the clock and looks the host up; goes on to READY, or ends. */
void transfer_admit(struct net_transfer *transfer);
/* Hands it to curl. */
void transfer_run(struct net_transfer *transfer);
/* curl has ended it. */
void transfer_complete(struct net_transfer *transfer, CURLcode result);
/* Ends one that is ENDING, or any one as cancelled. */
void transfer_end(struct net_transfer *transfer);
/* Tells and frees it.  `transfer` is gone when it returns. */
void transfer_finish(struct net_transfer *transfer, enum net_outcome outcome);

/* request.c: what is sent and what comes: an easy handle with its callbacks. */
/* False: curl has no memory or takes an option not; err set. */
MUST_CHECK bool request_open(struct net_transfer *transfer, struct error *err);
void request_close(struct net_transfer *transfer); /* out of curl; keeps what has come */
/* May this transfer connect to the address?  The checked ones only, where we have resolved. */
bool request_allows(const struct net_transfer *transfer, const struct guard_address *address);
MUST_CHECK bool request_check(const struct net_request *request, struct error *err);
/* The headers for curl; those it sets itself are refused by request_check(). */
struct curl_slist *request_headers(const struct net_request *request);
/* Drops headers: after a change of origin all that could be a secret, without a body its own. */
void request_filter_headers(struct curl_slist **headers, bool new_origin, bool no_body);
void request_free_headers(struct curl_slist *headers);
/* transfer.head holds a whole head: makes status and views of it. */
void request_take_head(struct net_transfer *transfer);
void transfer_set_phase(struct net_transfer *transfer, enum transfer_phase phase); /* transfer.c */

/* watch.c: a WebSocket over a connection of curl's. */
static inline bool transfer_is_watch(const struct net_transfer *transfer)
{
    return transfer->on_message != NULL;
}
/* curl has connected; the transfer may be gone when it returns. */
void watch_open(struct net_transfer *transfer);
void watch_close(struct net_transfer *transfer); /* before curl closes the socket; also unopened */
