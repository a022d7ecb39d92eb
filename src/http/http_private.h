/*
 * http/http_private.h: what the files of this room share with themselves.
 *
 * The life of a request: conn (conn.c) -> http_call (dispatch.c, I/O thread: head, guards, body)
 * -> handler thread (dispatch_run.c: access, rate, input, handler) -> reply (reply.c) -> I/O thread
 * again.  Event streams (stream.c) and produced bodies (sink.c) take the socket away from the
 * library: its list of suspended connections is walked for every request that resumes, so thousands
 * of idle streams in it would cost every other request.
 */
#pragma once

#include "core/buf.h"
#include "core/worker.h"
#include "http/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- limits: one struct, so that a test can make them small ---- */

struct http_limits {
    size_t head_size_max;   /* S25: 16 KiB */
    size_t head_fields_max; /* 100 */
    size_t target_size_max; /* 8 KiB */
    int64_t head_ms;        /* from the first byte to the blank line */
    int64_t body_window_ms; /* within each, body_rate_min bytes a second */
    int64_t body_rate_min;
    int64_t write_stall_ms; /* within it, write_progress_min bytes must have been acknowledged */
    int64_t write_progress_min;
    int64_t idle_ms;    /* between requests */
    int64_t crowded_ms; /* instead of head_ms and idle_ms while three quarters of the connections
                           are taken */
    int64_t linger_ms;  /* how long a refused sender may still read our answer */
    int64_t tick_ms;    /* the deadlines are looked at this often; 0: only when a test asks */
    size_t looks_max, ends_max; /* connections looked at, and of them ended, without a pause */
    int64_t look_ms;            /* that pause, until all were looked at */
    int64_t heartbeat_ms;
    size_t connections_max; /* each has CONNECTION_MEMORY; streams have left the library */
    size_t per_ip_max, per_ip_loopback_max;
    size_t streams_max, streams_per_user_max;
    size_t stream_unsent_max;
    uint64_t discard_max; /* of a refused body, read so that the connection can go on */
    size_t queue_max;     /* requests waiting for a handler thread */
    size_t produce_max;   /* waiting for one of the two producing threads */
};
extern const struct http_limits http_limits_default;

/* What a page of the longest texts takes, thrice over, and room for those of the largest JSON body.
 * Given out as it is needed. */
#define ARENA_REQUEST_MAX MIB(64)
#define LINGERS_MAX 256
#define BODY_UNASKED_MAX KIB(16) /* of a body, before it is known whose it is */
#define PATH_SEGMENTS_MAX 16
#define PATH_PARAMS_MAX 6
#define TRACE_ID_SIZE 16

/* ---- guard.c: pure checks of what came in ---- */

struct head_field {
    struct str name, value;
};

/* The request line and fields as the library found them, and the bytes they were found in. */
struct head {
    const char *bytes; /* from the method on; separators are NULs by now */
    size_t size;       /* to after the blank line */
    struct str method, version;
    size_t target_size; /* as it was received */
    const struct head_field *fields;
    size_t count;
};
/*
 * The library is lenient (bare LF, folded lines, NULs, spaces before a colon), and a front that
 * reads those otherwise than it does lets requests be smuggled (S24).  It leaves the head in place
 * with its separators zeroed, so this walks the bytes and demands that every field lies exactly
 * where a strict reading puts it.  Fails: MALFORMED.
 */
MUST_CHECK bool guard_head(const struct head *head, struct error *err);

struct framing {
    bool is_chunked;
    bool has_length;
    uint64_t length;
};
/* S24: TE and CL together, TE other than chunked, two of either, TE in HTTP/1.0.  Fails: MALFORMED.
 */
MUST_CHECK bool guard_framing(const struct head *head, struct framing *out, struct error *err);

/* Empty when absent; false (in *is_single) when it stands there twice. */
struct str head_field(const struct head_field *fields, size_t count, const char *name);
size_t head_field_count(const struct head_field *fields, size_t count, const char *name);

struct target {
    struct str authority; /* of an absolute-form; empty */
    struct str path;      /* raw, starts with "/" */
    struct str query;     /* raw, without "?" */
};
MUST_CHECK bool guard_target(struct str raw, struct target *out, struct error *err);

/* The path decoded once, cut at "/".  `*path` is the decoded whole.  Fails: MALFORMED (escape, NUL,
 * encoding, encoded slash), NOT_FOUND (empty or dot segment). */
struct path {
    struct str whole;
    struct str segments[PATH_SEGMENTS_MAX];
    size_t count;
};
MUST_CHECK bool guard_path(struct str raw, struct arena *arena, struct path *out,
                           struct error *err);

struct host_rules {
    const char *const *names; /* config hosts; NULL: none */
    struct str public_host;   /* of public_origin, "studio.example[:port]"; empty */
    int port;                 /* the bound one */
};
/* S28.  `local_ip` is the connection's own address as text.  Fails: WRONG_HOST. */
MUST_CHECK bool guard_host(const struct host_rules *rules, struct str host, struct str local_ip,
                           struct error *err);

struct site_facts {
    bool is_unsafe;      /* a method that changes */
    bool is_stream;      /* S23: a stream is checked like a change, but needs no header */
    bool has_bearer;     /* cookies are ignored then */
    bool has_session;    /* a session cookie came along */
    bool has_own_header; /* X-Vitrine: 1 */
    struct str fetch_site, origin, own_origin;
};
/*
 * S18.  A browser always sends Sec-Fetch-Site or Origin with a POST, so a request with neither and
 * without a session cookie carries nobody's authority and comes from a script: it passes.  Fails:
 * CROSS_SITE.
 */
MUST_CHECK bool guard_site(const struct site_facts *facts, struct error *err);

/* The value of a cookie; false when it is absent or stands there twice. */
MUST_CHECK bool guard_cookie(struct str header, struct str name, struct str *out);
/* S27: the right-most hop of X-Forwarded-For that is no proxy of ours, when the peer is one. */
struct str guard_client_ip(struct str peer, struct str forwarded, const char *const *proxies);
bool guard_is_proxy(struct str ip, const char *const *proxies);
bool guard_host_is_loopback(struct str ip);
/* The last element of a comma-separated list, trimmed. */
struct str guard_last_of_list(struct str list);
/* Whether Accept-Encoding lets us answer with `coding`. */
bool guard_accepts_coding(struct str header, struct str coding);

/* ---- file_range.c: pure: ranges, entity tags, file names ---- */

enum range_kind {
    RANGE_WHOLE, /* none, several, or not understood: the whole file */
    RANGE_PART,
    RANGE_OUTSIDE /* 416 */
};
enum range_kind range_parse(struct str header, int64_t size, int64_t *first, int64_t *last);
/* If-None-Match: weak comparison over a list or "*". */
bool etag_matches(struct str header, struct str etag);
/* RFC 6266: attachment (or inline without a name) with a filename that any client reads. */
struct str disposition(struct arena *arena, bool is_inline, struct str name);

/* ---- multipart.c: a strict streaming parser ---- */

#define MULTIPART_PARTS_MAX 100
#define MULTIPART_HEAD_MAX KIB(4)
#define MULTIPART_TEXT_MAX KIB(256) /* of one text part */

struct multipart_part {
    struct str field, file_name, mime; /* borrowed until the part ends */
    bool is_file;
};
struct multipart_events {
    bool (*begin)(void *context, const struct multipart_part *part, struct error *err);
    bool (*data)(void *context, struct str bytes, struct error *err);
    bool (*end)(void *context, struct error *err);
    void *context;
};
struct multipart; /* opaque: multipart.c */
/* `content_type` is the request's.  Fails: UNSUPPORTED_TYPE, MALFORMED (no good boundary). */
MUST_CHECK bool multipart_create(struct str content_type, const struct multipart_events *events,
                                 struct multipart **out, struct error *err);
void multipart_destroy(struct multipart *multipart); /* takes NULL */
/* Fails: MALFORMED, TOO_MANY, TOO_LARGE, or what an event said; not to be called again then. */
MUST_CHECK bool multipart_add(struct multipart *multipart, struct str bytes, struct error *err);
MUST_CHECK bool multipart_end(struct multipart *multipart, struct error *err);

/* ---- rate.c: token buckets in a bounded table ---- */

enum rate_kind { RATE_IP = 1, RATE_USER, RATE_TOKEN };
struct rate_key {
    enum rate_kind kind;
    uint64_t id;
};
struct rate_verdict {
    bool is_allowed;
    int64_t limit, remaining;
    int64_t wait_ms;  /* until the cost is there again; 0 when allowed */
    int64_t reset_ms; /* until the bucket is full */
};
struct rate_table; /* opaque: rate.c; any thread */
/* `memory` as http_config.rate_memory. */
struct rate_table *rate_create(int64_t per_minute, void *memory);
void rate_destroy(struct rate_table *table);
struct rate_verdict rate_take(struct rate_table *table, struct rate_key key, int64_t cost,
                              int64_t now_ms);
/* The address, /64 for IPv6. */
struct rate_key rate_key_of_ip(struct str ip);

/* ---- match.c: the route tables as a tree ---- */

struct route_tree; /* opaque: match.c; read-only after creation */
struct route_match {
    const struct http_route *route; /* NULL: no row for the method */
    size_t index;                   /* of the row over all tables, for metrics */
    bool is_path_known;
    struct str param_names[PATH_PARAMS_MAX];
    struct str params[PATH_PARAMS_MAX];
    size_t param_count;
    char allow[96]; /* methods of the path, for 405 and OPTIONS */
};
/* Fails: INTERNAL when two rows are the same or a row is not well formed. */
MUST_CHECK bool route_tree_create(const struct http_route *const *tables, struct route_tree **out,
                                  struct error *err);
void route_tree_destroy(struct route_tree *tree); /* takes NULL */
size_t route_tree_count(const struct route_tree *tree);
const struct http_route *route_tree_row(const struct route_tree *tree, size_t index);
void route_tree_match(const struct route_tree *tree, struct str method, const struct path *path,
                      struct route_match *out);

/* ---- query.c: the query string against the row's table ---- */

struct query_value {
    struct str name, value;
};
MUST_CHECK bool query_read(struct str raw, const struct http_query *table, struct arena *arena,
                           struct query_value **out, size_t *count, struct error *err);

/* ---- metrics.c ---- */

struct http_metrics; /* opaque: metrics.c; any thread */
struct http_metrics *metrics_create(const struct route_tree *tree);
void metrics_destroy(struct http_metrics *metrics);
void metrics_count(struct http_metrics *metrics, size_t route_index, int status, int64_t micros);
enum metrics_refusal {
    REFUSED_HEAD_SLOW,
    REFUSED_BODY_SLOW,
    REFUSED_WRITE_SLOW,
    REFUSED_PER_IP,
    REFUSED_FRAMING,
    REFUSED_HOST,
    REFUSED_CROSS_SITE,
    REFUSED_RATE,
    REFUSED_QUEUE,
    REFUSED_STREAM_SLOW,
    REFUSAL_COUNT
};
void metrics_refuse(struct http_metrics *metrics, enum metrics_refusal refusal);
void metrics_print(const struct http_metrics *metrics, const struct route_tree *tree,
                   struct buf *out);

/* ---- conn.c: connections and their deadlines; server.c ---- */

struct ip_key {
    uint8_t bytes[16]; /* IPv4 mapped; IPv6 cut to its /64 */
};

/*
 * What the connection waits for, for the deadlines.  Set by its I/O thread, read by the tick; a
 * tick that sees the old value acts on it one tick later at most.
 */
enum conn_phase { CONN_IDLE, CONN_BODY, CONN_WORK, CONN_WRITE };

struct conn {
    struct http_server *server;
    struct conn *prev, *next; /* guarded by server->conn_lock */
    int fd;                   /* the library's; open while the conn is listed */
    struct ip_key ip;
    char peer[64], local[64]; /* addresses as text, without port and brackets */
    _Atomic int phase;
    _Atomic uint32_t generation; /* a number for each phase */
    _Atomic int64_t since_ms;    /* when the phase began */
    _Atomic bool is_used;        /* a request has ended on it */
    _Atomic uint64_t body_bytes;
    int linger_fd; /* a duplicate, drained after the library closed its own; -1 */
    /* tick only: */
    uint32_t tick_generation; /* the phase the following belong to */
    int64_t head_since_ms;    /* first byte of a head seen; -1: none */
    uint64_t bytes_base;
    int64_t window_ms;
};
void conn_phase_set(struct conn *conn, enum conn_phase phase);
/* Bytes that the client's side has taken in all: what we wrote may still lie in our kernel. */
uint64_t socket_acknowledged(int fd);
/* The library's callbacks. */
enum MHD_Result conn_accept(void *server, const struct sockaddr *address, socklen_t size);
void conn_notify(void *server, struct MHD_Connection *mhd, void **context,
                 enum MHD_ConnectionNotificationCode code);
/* Ends the refused senders that are done; all of them when the server ends. */
void conn_lingers_end(struct http_server *server, bool is_all);
/*
 * The tick's work, called by tests with their own clock: looks at deadlines, each once in a round.
 * Returns how many ms later to call it again.  One thread.
 */
int64_t http_deadlines_check(struct http_server *server);
size_t http_connection_count(struct http_server *server);
/* As http_server_create with limits of one's own. */
MUST_CHECK bool http_server_create_limited(const struct http_config *config,
                                           const struct http_limits *limits,
                                           struct http_server **out, struct error *err);

/* The addresses with a count each; counts streams too, which the library no longer sees. */
struct ip_counts;
struct ip_counts *ip_counts_create(void);
void ip_counts_destroy(struct ip_counts *counts);
size_t ip_counts_add(struct ip_counts *counts, const struct ip_key *key); /* the count after */
void ip_counts_drop(struct ip_counts *counts, const struct ip_key *key);
size_t ip_counts_get(struct ip_counts *counts, const struct ip_key *key);

struct streams; /* opaque: stream.c */

struct http_server {
    struct http_config config; /* read-only after create, like all without a note */
    struct http_limits limits;
    struct clock clock;
    struct route_tree *tree;
    struct http_metrics *metrics;
    struct rate_table *rate;
    struct ip_counts *ip_counts;
    struct worker_pool *handlers, *producers;
    struct streams *streams;
    struct MHD_Daemon *daemon;
    const struct http_route **tables; /* the config's and our own */
    struct host_rules host_rules;
    char public_host[256];
    char rate_policy[48]; /* RateLimit-Policy of every answer */
    int listen_fd, port;
    bool is_loopback;
    struct buf openapi; /* printed once */
    char openapi_etag[SHA256_HEX_SIZE + 1];
    size_t arena_max; /* of a request */
    uint64_t trace_seed;
    _Atomic uint64_t trace_next;
    _Atomic bool is_draining, is_ending;
    pthread_mutex_t conn_lock;
    struct conn *conns; /* guarded by conn_lock */
    /* A round of looks at all of them, guarded by conn_lock too. */
    struct conn *next_look; /* NULL: the round is over */
    int64_t round_ms;       /* when it began */
    size_t look_ends;
    struct conn *lingers; /* guarded by conn_lock, as the counts */
    size_t conn_count, linger_count;
    pthread_mutex_t work_lock;
    pthread_cond_t work_done;
    size_t work_count; /* requests given to handlers; guarded by work_lock, as the uploads' */
    size_t upload_count, uploads_max;                 /* with handlers, and how many may be */
    struct http_call *uploads_waiting, *uploads_last; /* whole, and before they go there */
    bool is_stopping; /* nothing new goes to handlers; guarded by work_lock */
    pthread_mutex_t csp_lock;
    uint64_t csp_seen[64]; /* guarded by csp_lock */
    size_t csp_seen_count;
};
/* Gives work to the handler threads; UNAVAILABLE when they are full or the server stops. */
MUST_CHECK bool server_submit(struct http_server *server, void (*work)(void *context),
                              void *context, struct error *err);
void server_work_done(struct http_server *server);
/*
 * The same for a request with files: pictures take their time, so half of the handler threads at
 * most have one, and the others wait their turn.  What has a thread asks for the next when it is
 * done; NULL: there is none, and the thread is free again.
 */
MUST_CHECK bool server_submit_upload(struct http_server *server, struct http_call *call,
                                     struct error *err);
struct http_call *server_next_upload(struct http_server *server);

/* ---- the request inside ---- */

enum call_phase {
    CALL_HEAD,    /* the head is whole, nothing decided */
    CALL_GATE,    /* waits for the handler thread to say who it is, before the body is read */
    CALL_GATED,   /* it did */
    CALL_BODY,    /* reads */
    CALL_DISCARD, /* refused; the body is read and dropped */
    CALL_WORK,    /* a handler thread has it */
    CALL_REPLY,   /* the reply is there */
    CALL_DONE     /* queued or taken away */
};

struct reply_field {
    const char *name, *value;
};
struct produce; /* sink.c */

struct http_call {
    struct http_server *server;
    struct conn *conn;
    struct MHD_Connection *mhd;
    struct http_call *next_upload; /* guarded by server->work_lock */
    struct request request;
    enum call_phase phase; /* handed over with the connection, never shared */
    char *target;          /* as received, NUL-terminated, owned */
    size_t target_size;
    struct head head;
    struct framing framing;
    struct path path;
    struct route_match match;
    struct query_value *queries; /* in arena */
    size_t query_count;
    bool is_head_method;
    bool is_static; /* answered on the I/O thread */
    bool has_bearer, is_https;
    bool is_authenticated; /* authenticate has run */
    bool is_gate_passed;
    bool is_close; /* the connection may not go on */
    char trace[TRACE_ID_SIZE + 1];
    struct buf body;
    uint64_t body_size, discarded;
    struct json *json;
    struct multipart *multipart;
    struct upload *upload;
    struct error failure;
    bool is_failed;
    struct rate_verdict rate;
    bool is_rated;
    int64_t started_us;
    /* the reply */
    int status;
    struct MHD_Response *response;
    struct reply_field *fields; /* http_reply_header; in arena */
    size_t field_count;
    struct http_stream *stream;
    struct produce *produce;
};

void call_destroy(struct http_call *call);
struct str call_header(const struct http_call *call, const char *name);

/* dispatch.c: the library's callbacks */
void *dispatch_target(void *server, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result dispatch_access(void *server, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *data_size, void **context);
void dispatch_completed(void *server, struct MHD_Connection *mhd, void **context,
                        enum MHD_RequestTerminationCode code);
/* dispatch_run.c: on a handler thread */
void dispatch_run(void *call);
/* The same without handing it back: what is quick, on its I/O thread. */
void dispatch_answer(struct http_call *call);
void dispatch_gate(void *call);
void dispatch_uploads(void *call); /* this one, and those that wait behind it */

/* body.c */
size_t body_limit(const struct http_route *route);
MUST_CHECK bool body_begin(struct http_call *call, struct error *err);
/* The same of BODY_MULTIPART, behind the gate: strangers are told that, not what they sent. */
MUST_CHECK bool body_begin_form(struct http_call *call, struct error *err);
MUST_CHECK bool body_add(struct http_call *call, struct str bytes, struct error *err);
MUST_CHECK bool body_end(struct http_call *call, struct error *err); /* handler thread: fsyncs */
void body_finish(struct http_call *call);

/* reply.c */
enum reply_class {
    REPLY_API,      /* no-store */
    REPLY_PAGE,     /* the class sets its own Cache-Control */
    REPLY_USER_FILE /* S21 */
};
#define REPLY_FIELDS_MAX 48
struct reply_head {
    struct reply_field fields[REPLY_FIELDS_MAX];
    size_t count;
};
void reply_head_add(struct reply_head *head, const char *name, const char *value);
/* Rows of this room that need neither user nor database: they answer when nothing else does. */
enum { HTTP_BARE = 1 << 16 };
/* S19, S20, rate limit, and what the handler added. */
void reply_head_common(struct http_call *call, enum reply_class class, struct reply_head *head);
/* The reply is `response` (taken) with `head`. */
void reply_set(struct http_call *call, int status, const struct reply_head *head,
               struct MHD_Response *response);
/* The bytes are the library's to free(). */
void reply_bytes(struct http_call *call, int status, enum reply_class class, const char *mime,
                 struct buf *body);
/* A body that outlives the server. */
void reply_static(struct http_call *call, int status, const struct reply_head *head,
                  struct str body);
void reply_error(struct http_call *call, const struct error *err);
/* Drops a reply that was made. */
void reply_forget(struct http_call *call);
/* The head as bytes, for sockets that are ours. */
void reply_head_print(int status, const struct reply_head *head, struct buf *out);

/* static.c: true when the path was one of ours and a reply is set. */
bool static_reply(struct http_call *call);
const struct http_asset *static_find(const struct http_server *server, struct str path);
bool static_serve(struct http_call *call, const struct http_asset *asset);

/* builtin.c */
extern const struct http_route builtin_routes[];
MUST_CHECK bool builtin_prepare(struct http_server *server, struct error *err);

/* stream.c */
MUST_CHECK bool streams_create(struct http_server *server, struct streams **out, struct error *err);
void streams_stop(struct streams *streams); /* closes all, joins the thread.  Takes NULL */
void streams_destroy(struct streams *streams);
void streams_drain(struct streams *streams);
size_t streams_count(struct streams *streams);
/* The socket is the stream's from here; the library's descriptor is closed by the library. */
bool stream_attach(struct http_stream *stream, int fd, const struct ip_key *ip);
/* The connection went away first. */
void stream_abandon(struct http_stream *stream);

/* sink.c: I/O thread.  False: no room, the reply must be another. */
MUST_CHECK bool produce_start(struct http_call *call, int fd, struct error *err);
void produce_destroy(struct produce *produce); /* takes NULL */
