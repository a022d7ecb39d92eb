/*
 * http/http.h: incoming HTTP: route table, access, bodies, replies, event streams, the embedded
 * page.  Knows no noun.  libmicrohttpd's header is included in this room only.
 *
 * An I/O thread of the library reads a request; bodies of files stream to temporary blobs; the
 * complete request runs as straight-line code on a handler thread with an arena and a lent reader;
 * its reply goes back through the I/O thread.  Handlers never talk to providers.
 */
#pragma once

#include "blob/blob.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "core/shape.h"
#include "core/str.h"
#include "db/db.h"

struct http_server; /* opaque: server.c */
struct http_call;   /* opaque: the library's side of one request */

/* Who may call a route.  0 is nobody: a row without an access answers nobody (S14). */
enum access {
    ACCESS_NOBODY,
    ACCESS_PUBLIC,
    ACCESS_VIEWER,
    ACCESS_MEMBER,
    ACCESS_ADMIN,
    ACCESS_OWNER
};
enum http_role { ROLE_VIEWER = 1, ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER };

/* What an API token must be allowed for a route; a browser session has them all. */
enum {
    SCOPE_READ = 1,
    SCOPE_WRITE = 2,    /* assets, tags, ratings */
    SCOPE_GENERATE = 4, /* what costs money */
    SCOPE_ADMIN = 8,    /* providers, settings, users */
    SCOPE_SESSION = 16, /* browser sessions only: passwords, tokens */
};

enum body_kind {
    BODY_NONE,      /* a body is refused */
    BODY_JSON,      /* read through the row's `in` shape */
    BODY_MULTIPART, /* files to blobs, texts as fields */
};

struct http_user {
    int64_t id; /* 0: nobody */
    struct str public_id, name;
    enum http_role role;
    unsigned scopes;
    int64_t session_id; /* 0 for a token */
    int64_t token_id;
    int64_t ends_at_ms; /* when the right of this session or token is over; 0: never */
};

struct http_file {
    struct str field, name, mime; /* as the client says; never trusted */
    struct blob blob; /* durable, no row yet: swept when the handler keeps no reference */
};
struct http_text {
    struct str field, value;
};

struct request {
    struct http_server *server;
    struct http_call *call;
    const struct http_route *route;
    void *app; /* http_config.app */
    struct arena *arena;
    struct db
        *db; /* a reader, lent; NULL on routes that are BODY_MULTIPART until the body is whole */
    struct db_pool *pool;
    struct http_user user;
    struct str method, path; /* path decoded once */
    struct str trace_id;
    struct str remote_ip;    /* behind configured proxies: the right-most untrusted hop (S27) */
    struct str origin;       /* "http://127.0.0.1:29281", as the client sees us */
    struct str body;         /* of BODY_JSON: as it came; for signatures and foreign protocols */
    const struct json *json; /* the same, parsed; NULL with HTTP_ANY_TYPE */
    void *input;             /* the row's `in` struct, read and checked; NULL without one */
    uint64_t present;        /* which of its fields were there */
    struct http_file *files;
    size_t file_count;
    struct http_text *texts;
    size_t text_count;
    int64_t now_ms;
};

struct http_query { /* a query parameter, checked before the handler runs; unknown ones are refused
                     */
    const char *name;
    enum field_type type; /* FIELD_BOOL, INT, TEXT, ID, TIME, ENUM */
    int64_t min, max;
    const char *const *values;
    const char *help;
};

struct http_route {
    const char *method, *path; /* "/api/v1/assets/{id}" */
    enum access access;
    unsigned scope;
    enum body_kind body;
    size_t limit; /* bytes of body */
    bool (*handler)(struct request *req, struct error *err);
    const struct shape *in, *out;   /* NULL: none.  `out` of a list page is its page shape */
    const struct http_query *query; /* ended by a NULL name; NULL: none */
    const char *summary;            /* one line, for OpenAPI */
    const char *tag;                /* the room: "assets" */
    unsigned cost;                  /* of the rate limit's tokens; 0: 1 */
    unsigned flags;
};
enum {
    HTTP_STREAM = 1,     /* answers with an event stream */
    HTTP_FILE = 2,       /* answers with bytes of many types (for OpenAPI) */
    HTTP_OWN_ERRORS = 4, /* foreign protocols: errors are written by `http_config.foreign_error` */
    HTTP_ANY_TYPE = 8,   /* BODY_JSON of any content type, not parsed: only req->body */
    /* A GET whose handler reads a few rows by their keys and writes nothing: answered by the I/O
     * thread itself, since handing it over and back costs more than all the rest.  With query
     * parameters beyond limit and cursor, which may make it slow, it goes to a handler thread. */
    HTTP_QUICK = 32,
    HTTP_WIDE = 64,      /* BODY_JSON read by json_read_wide() */
    HTTP_NO_HEADER = 16, /* what the browser itself or a foreign client posts: X-Vitrine is not
                            asked for.  Only for rows that change nothing by a session's right */
};

/* The request's parts. */
struct str request_path(struct request *req, const char *name);
/* A ULID in the path: ERROR_NOT_FOUND when it is none. */
MUST_CHECK bool request_path_id(struct request *req, const char *name, struct str *out,
                                struct error *err);
bool request_has_query(struct request *req, const char *name);
struct str request_query(struct request *req, const char *name); /* empty when absent */
int64_t request_query_int(struct request *req, const char *name, int64_t fallback);
int64_t request_query_time(struct request *req, const char *name, int64_t fallback);
bool request_query_bool(struct request *req, const char *name, bool fallback);
struct str request_header(struct request *req, const char *name); /* empty when absent */
/* Empty when absent, given twice, or when a bearer came along: then cookies do not count (S18).
 * "sid" is the session's cookie under whichever name http_reply_session() gave it. */
struct str request_cookie(struct request *req, const char *name);
/* If-Match of a row whose strong ETag is its version: 0 when absent or "*".  PRECONDITION for
 * anything else that is no version. */
MUST_CHECK bool request_match(struct request *req, int64_t *version, struct error *err);
struct str request_text(struct request *req,
                        const char *field); /* a text part of a multipart body */
static inline bool request_present(const struct request *req, size_t field_row)
{
    return (req->present >> field_row & 1) != 0;
}

/* Replies: exactly one per handler that returns true.  They copy what they need before they return.
 */
MUST_CHECK bool http_reply(struct request *req, int status, const void *out,
                           struct error *err); /* by route->out */
MUST_CHECK bool http_reply_shape(struct request *req, int status, const struct shape *shape,
                                 const void *out, struct error *err);
MUST_CHECK bool http_reply_empty(struct request *req, int status, struct error *err);
MUST_CHECK bool http_reply_text(struct request *req, int status, const char *mime, struct str text,
                                struct error *err);
void http_reply_header(struct request *req, const char *name,
                       struct str value); /* before the reply */
/* Sets the session cookie (`__Host-sid`, or `sid` over plain HTTP on loopback and LAN); empty
 * clears it. */
void http_reply_session(struct request *req, struct str token, int64_t max_age_s);

struct http_file_reply {
    int fd; /* taken */
    int64_t size;
    const char *mime;
    struct str etag;          /* without quotes; strong */
    bool is_immutable;        /* cached for a year, privately */
    struct str download_name; /* empty: inline */
};
/* Ranges, If-None-Match, If-Range, HEAD; with CSP sandbox and nosniff (S21). */
MUST_CHECK bool http_reply_file(struct request *req, const struct http_file_reply *file,
                                struct error *err);

/*
 * A body made piece by piece: `produce` runs on a handler thread (at most two such at once) and
 * blocks in http_sink_write() while the client is slow; false from it cuts the connection, so that
 * a broken ZIP is seen.
 */
struct http_sink;
MUST_CHECK bool http_sink_write(struct http_sink *sink, const void *data,
                                size_t size); /* false: the client left */
MUST_CHECK bool
http_reply_produce(struct request *req, const char *mime, struct str download_name,
                   bool (*produce)(struct http_sink *sink, void *context, struct error *err),
                   void *context, void (*context_free)(void *context), struct error *err);

/*
 * Event streams.  A stream belongs to a user; `closed` is called once, on any thread, when it is
 * gone.  Bytes are shared between streams by reference counting.  A stream with more than 64 KiB
 * unsent is closed: it resumes.  At req->user.ends_at_ms it is closed too; whose right was
 * prolonged meanwhile opens another.
 */
struct http_stream;
struct http_bytes; /* immutable, counted */
struct http_bytes *http_bytes_create(struct str bytes);
struct http_bytes *http_bytes_hold(struct http_bytes *bytes);
void http_bytes_drop(struct http_bytes *bytes); /* takes NULL */
MUST_CHECK bool http_reply_stream(struct request *req, void (*closed)(void *context), void *context,
                                  struct http_stream **out, struct error *err);
bool http_stream_send(struct http_stream *stream,
                      struct http_bytes *bytes);    /* any thread; false: it is closing */
void http_stream_close(struct http_stream *stream); /* any thread */
/* Closes the streams of a user or session that lost its right (S23); a session_id and token_id of 0
 * stand for all of the user's. */
void http_streams_close_session(struct http_server *server, int64_t user_id, int64_t session_id,
                                int64_t token_id);

/* One file of the page, embedded at build time. */
struct http_asset {
    const char *path; /* "/assets/index-abc.js"; "/index.html" serves every other GET */
    const char *mime;
    struct str plain, gzip, brotli; /* empty: not worth it */
    const char *etag;
};

struct http_config {
    const char *listen;         /* "127.0.0.1:29281", "[::1]:80" */
    const char *const *hosts;   /* further names allowed in Host (S28); NULL-terminated.  Loopback
                                   names always are */
    const char *const *proxies; /* addresses whose X-Forwarded-* are believed; NULL-terminated */
    const char *public_origin;  /* "https://studio.example"; NULL: from the request */
    bool is_insecure_allowed;   /* bind beyond loopback without TLS in front (S31) */
    size_t io_threads, handler_threads;
    const struct http_route *const *tables; /* each ended by a NULL method; NULL-terminated list */
    const struct http_asset *assets;        /* ended by a NULL path */
    struct db_pool *pool;
    struct blob_store *blobs;
    const struct clock *clock;
    void *app;
    void (*handler_thread_end)(void); /* what each handler thread runs last; may be NULL */
    /* Fills req->user from cookie or bearer; leaves id 0 for nobody.  Fails only for broken
     * storage. */
    bool (*authenticate)(struct request *req, struct error *err);
    bool (*is_ready)(void *app, struct error *err); /* for /readyz */
    void (*metrics)(void *app, struct buf *out);    /* OpenMetrics text without "# EOF" */
    /* The body of an error, for rows with HTTP_OWN_ERRORS; NULL: problem+json there too. */
    void (*foreign_error)(const struct error *err, struct str trace_id, struct buf *out);
    int64_t rate_per_minute; /* tokens per user, token and address; 0: 1200 */
    /*
     * Where what was spent is counted: http_rate_memory_size() bytes, zeroed before the first
     * server, borrowed for its life.  Memory that outlives the process (a mapped file) keeps the
     * counts over a restart, also after kill -9.  NULL: memory of the server's own.
     */
    void *rate_memory;
};
size_t http_rate_memory_size(void);
MUST_CHECK bool http_server_create(const struct http_config *config, struct http_server **out,
                                   struct error *err);
MUST_CHECK bool http_server_start(struct http_server *server, struct error *err);
int http_server_port(
    struct http_server *server); /* the one bound, when the config asked for port 0 */
/* /readyz answers 503, streams are told to reconnect, new requests get 503 with Retry-After. */
void http_server_drain(struct http_server *server);
void http_server_destroy(struct http_server *server); /* takes NULL */
/* The OpenAPI 3.1 document of the tables. */
void http_openapi(const struct http_route *const *tables, const char *version, struct buf *out);
/* The error as application/problem+json: type, title, status, detail, code, field, limit, trace_id.
 */
void http_problem(const struct error *err, struct str trace_id, struct buf *out);
