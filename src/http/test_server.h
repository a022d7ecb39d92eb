/* http/test_server.h: for tests: a small server on a free port, and a client of raw sockets. */
#pragma once

#include "http/http_private.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct echo {
    struct str text;
    int64_t number;
};
static const struct field echo_fields[] = {
    {.name = "text",
     .type = FIELD_TEXT,
     .offset = offsetof(struct echo, text),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 100000},
    {.name = "number",
     .type = FIELD_INT,
     .offset = offsetof(struct echo,              number),
     .min = 0,
     .max = 10},
};
static const struct shape echo_shape = SHAPE("Echo", struct echo, echo_fields);

#define FILE_SIZE 1000

/* What the handlers and the test share. */
struct world {
    char file_path[64];
    _Atomic int streams_closed;
    _Atomic(struct http_stream *) stream;
    _Atomic int contexts_freed;
    _Atomic bool is_not_ready;
    _Atomic int held; /* uploads that came to hold_handler(); `hold` lets one go */
    sem_t hold;
    size_t produce_size;
    bool is_produce_broken;
};
static struct world world;

static inline bool ping_handler(struct request *req, struct error *err)
{
    struct echo out = {.text = req->remote_ip, .number = req->user.id};

    return http_reply(req, 200, &out, err);
}

static inline bool echo_handler(struct request *req, struct error *err)
{
    return http_reply(req, 201, req->input, err);
}

static inline bool long_handler(struct request *req, struct error *err)
{
    char *text = arena_alloc(req->arena, 5000);
    struct echo out = {
        .text = {text, 5000}
    };

    memset(text, 'a', 5000);
    return http_reply(req, 200, &out, err);
}

static inline bool login_handler(struct request *req, struct error *err)
{
    http_reply_session(req, STR("secret-token"), 3600);
    return http_reply_empty(req, 204, err);
}

static inline bool name_handler(struct request *req, struct error *err)
{
    struct echo out = {.text = request_path(req, "name"),
                       .number = request_query_int(req, "limit", 7)};

    return http_reply(req, 200, &out, err);
}

/* Says which thread answers: "http-1", or the library's own. */
static inline bool thread_handler(struct request *req, struct error *err)
{
    char name[16] = "";
    struct echo out;

    (void)pthread_getname_np(pthread_self(), name, sizeof(name));
    out = (struct echo){.text = str_of(name), .number = req->user.id};
    return http_reply(req, 200, &out, err);
}

static inline bool broken_handler(struct request *req, struct error *err)
{
    (void)req;
    error_set(err, ERROR_INTERNAL, "something went wrong here");
    return error_detail(err, "SELECT secret FROM table");
}

static inline bool file_handler(struct request *req, struct error *err)
{
    struct http_file_reply file = {.fd = open(world.file_path, O_RDONLY | O_CLOEXEC),
                                   .size = FILE_SIZE,
                                   .mime =
                                       request_has_query(req, "html") ? "text/html" : "image/png",
                                   .etag = STR("abc123"),
                                   .is_immutable = true,
                                   .download_name = request_query(req, "name")};

    return http_reply_file(req, &file, err);
}

static inline bool upload_handler(struct request *req, struct error *err)
{
    struct echo out = {.text = request_text(req, "prompt"), .number = (int64_t)req->text_count};

    return http_reply(req, 200, &out, err);
}

static inline bool hold_handler(struct request *req, struct error *err)
{
    atomic_fetch_add(&world.held, 1);
    while (sem_wait(&world.hold) != 0)
        continue;
    return upload_handler(req, err);
}

static inline void stream_closed(void *context)
{
    (void)context;
    atomic_fetch_add(&world.streams_closed, 1);
}

static inline bool stream_handler(struct request *req, struct error *err)
{
    struct http_stream *stream;
    struct http_bytes *hello;

    if (!http_reply_stream(req, stream_closed, &world, &stream, err))
        return false;
    hello = http_bytes_create(STR("event: hello\ndata: 1\n\n"));
    (void)http_stream_send(stream, hello);
    http_bytes_drop(hello);
    atomic_store(&world.stream, stream);
    return true;
}

static inline bool produce_run_test(struct http_sink *sink, void *context, struct error *err)
{
    static const char piece[1024] = {'x'};

    (void)context;
    for (size_t made = 0; made < world.produce_size; made += sizeof(piece))
        if (!http_sink_write(sink, piece, sizeof(piece)))
            return false;
    if (world.is_produce_broken)
        return error_set(err, ERROR_INTERNAL, "a picture was gone");
    return true;
}

static inline void context_free_test(void *context)
{
    (void)context;
    atomic_fetch_add(&world.contexts_freed, 1);
}

static inline bool produce_handler(struct request *req, struct error *err)
{
    return http_reply_produce(req, "application/zip", STR("Bilder \xe8\x8c\xb6.zip"),
                              produce_run_test, &world, context_free_test, err);
}

static const struct http_query name_query[] = {
    {.name = "limit", .type = FIELD_INT, .min = 1, .max = 100, .help = "How many."},
    {.name = NULL      },
};
static const struct http_query quick_query[] = {
    {.name = "cursor",   .type = FIELD_TEXT},
    {.name = "limit",                  .type = FIELD_INT, .min = 1, .max = 100},
    {.name = "q",.type = FIELD_TEXT},
    {.name = NULL       },
};
static const struct http_query file_query[] = {
    {.name = "name",      .type = FIELD_TEXT},
    {.name = "html",                   .type = FIELD_BOOL},
    {.name = NULL},
};

static const struct http_route test_routes[] = {
    {"GET",            "/api/v1/ping", ACCESS_PUBLIC, 0, BODY_NONE, 0, ping_handler, NULL, &echo_shape, NULL,
     "Says who asks.", "test", 0, 0},
    {"GET",   "/api/v1/me", ACCESS_VIEWER, SCOPE_READ, BODY_NONE, 0, ping_handler, NULL, &echo_shape,
     NULL, "Says who one is.", "test", 0, 0},
    {"GET",       "/api/v1/admin", ACCESS_ADMIN, SCOPE_ADMIN, BODY_NONE, 0, ping_handler, NULL,
     &echo_shape, NULL, "For admins.", "test", 0, 0},
    {"GET",    "/api/v1/nobody", ACCESS_NOBODY, 0, BODY_NONE, 0, ping_handler, NULL, &echo_shape, NULL,
     "For nobody.", "test", 0, 0},
    {"GET",     "/api/v1/long", ACCESS_PUBLIC, 0, BODY_NONE, 0, long_handler, NULL, &echo_shape, NULL,
     "A long answer.", "test", 0, 0},
    {"GET", "/api/v1/names/{name}", ACCESS_PUBLIC, 0, BODY_NONE, 0, name_handler, NULL, &echo_shape,
     name_query, "A name.", "test", 0, 0},
    {"GET",               "/api/v1/broken", ACCESS_PUBLIC, 0, BODY_NONE, 0, broken_handler, NULL, NULL, NULL,
     "Fails.", "test", 0, 0},
    {"GET",                "/api/v1/quick", ACCESS_VIEWER, SCOPE_READ, BODY_NONE, 0, thread_handler, NULL,
     &echo_shape, quick_query, "Says who answers.", "test", 0, HTTP_QUICK},
    {"POST",  "/api/v1/echo", ACCESS_MEMBER, SCOPE_WRITE, BODY_JSON, KIB(4), echo_handler,
     &echo_shape, &echo_shape, NULL, "Says it again.", "test", 0, 0},
    {"POST",      "/api/v1/essay", ACCESS_MEMBER, SCOPE_WRITE, BODY_JSON, MIB(1), echo_handler,
     &echo_shape, &echo_shape, NULL, "Says much again.", "test", 0, 0},
    {"POST",               "/api/v1/login", ACCESS_PUBLIC, 0, BODY_JSON, KIB(4), login_handler, NULL, NULL, NULL,
     "Signs in.", "test", 0, 0},
    {"POST",            "/api/v1/hold", ACCESS_MEMBER, SCOPE_WRITE, BODY_MULTIPART, KIB(64), hold_handler,
     NULL, &echo_shape, NULL, "Takes its time.", "test", 0, 0},
    {"POST",             "/api/v1/upload", ACCESS_MEMBER, SCOPE_WRITE, BODY_MULTIPART, KIB(64), upload_handler,
     NULL, &echo_shape, NULL, "Takes a form.", "test", 0, 0},
    {"GET",          "/api/v1/file", ACCESS_PUBLIC, 0, BODY_NONE, 0, file_handler, NULL, NULL, file_query,
     "A file.", "test", 0, HTTP_FILE},
    {"GET",               "/api/v1/events", ACCESS_VIEWER, SCOPE_READ, BODY_NONE, 0, stream_handler, NULL, NULL,
     NULL, "Events.", "test", 0, HTTP_STREAM},
    {"GET",            "/api/v1/zip", ACCESS_PUBLIC, 0, BODY_NONE, 0, produce_handler, NULL, NULL, NULL,
     "An archive.", "test", 0, HTTP_FILE},
    {0   },
};
static const struct http_route *const test_tables[] = {test_routes, NULL};

static const struct http_asset test_assets[] = {
    {"/index.html",        "text/html; charset=utf-8", {"<p>page</p>", 11}, {NULL, 0}, {NULL, 0}, "i1"},
    {"/assets/a.js", "text/javascript", {"plain", 5}, {"gz", 2}, {"br", 2}, "a1"},
    {0          },
};

/* Cookies and tokens named after what they may. */
static inline bool test_authenticate(struct request *req, struct error *err)
{
    struct str sid = request_cookie(req, "sid");
    struct str bearer = request_header(req, "Authorization");

    (void)err;
    if (str_equal(sid, STR("viewer")))
        req->user = (struct http_user){.id = 1, .role = ROLE_VIEWER, .session_id = 11};
    else if (str_equal(sid, STR("member")))
        req->user = (struct http_user){.id = 2, .role = ROLE_MEMBER, .session_id = 12};
    else if (str_equal(sid, STR("admin")))
        req->user = (struct http_user){.id = 3, .role = ROLE_ADMIN, .session_id = 13};
    else if (str_equal(sid, STR("owner")))
        req->user = (struct http_user){.id = 4, .role = ROLE_OWNER, .session_id = 14};
    else if (str_equal(sid, STR("brief"))) /* of the viewer, and soon over */
        req->user = (struct http_user){
            .id = 1, .role = ROLE_VIEWER, .session_id = 15, .ends_at_ms = req->now_ms + 200};
    else if (str_equal(bearer, STR("Bearer reader")))
        req->user =
            (struct http_user){.id = 3, .role = ROLE_ADMIN, .token_id = 21, .scopes = SCOPE_READ};
    else if (str_equal(bearer, STR("Bearer writer")))
        req->user = (struct http_user){
            .id = 2, .role = ROLE_MEMBER, .token_id = 22, .scopes = SCOPE_READ | SCOPE_WRITE};
    return true;
}

static inline bool test_is_ready(void *app, struct error *err)
{
    struct world *it = app;

    return !atomic_load(&it->is_not_ready) ||
           error_set(err, ERROR_UNAVAILABLE, "the database is away");
}

struct fixture {
    struct http_server *server;
    struct http_limits limits;
    struct http_config config;
    int port;
};

static inline void fixture_prepare(struct fixture *fixture)
{
    memset(&world, 0, sizeof(world));
    (void)sem_init(&world.hold, 0, 0);
    *fixture = (struct fixture){
        .limits = http_limits_default,
        .config = {.listen = "127.0.0.1:0",
                   .io_threads = 2,
                   .handler_threads = 2,
                   .tables = test_tables,
                   .assets = test_assets,
                   .app = &world,
                   .authenticate = test_authenticate,
                   .is_ready = test_is_ready}
    };
    snprintf(world.file_path, sizeof(world.file_path), "/tmp/vitrine-http-XXXXXX");
    {
        int fd = mkstemp(world.file_path);
        char bytes[FILE_SIZE];

        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (char)('a' + i % 26);
        assert_int_equal(write(fd, bytes, sizeof(bytes)), FILE_SIZE);
        close(fd);
    }
}

static inline void fixture_start(struct fixture *fixture)
{
    struct error err = {0};

    assert_true(
        http_server_create_limited(&fixture->config, &fixture->limits, &fixture->server, &err));
    assert_true(http_server_start(fixture->server, &err));
    fixture->port = http_server_port(fixture->server);
}

static inline void fixture_end(struct fixture *fixture)
{
    http_server_destroy(fixture->server);
    unlink(world.file_path);
}

static inline int client_connect(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)fixture->port)};
    struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static inline void client_send(int fd, struct str bytes)
{
    while (bytes.size > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);

        if (sent < 0)
            return; /* refused in the middle: the answer is what counts */
        bytes = str_slice(bytes, (size_t)sent, bytes.size);
    }
}

struct answer {
    int status; /* 0: closed without one */
    struct buf bytes;
    struct str head, body;
};

static inline struct str answer_field(const struct answer *answer, const char *name)
{
    struct str rest = answer->head;

    while (rest.size > 0) {
        int64_t end = str_find(rest, STR("\r\n"));
        struct str line = str_slice(rest, 0, end < 0 ? rest.size : (size_t)end);
        struct str value = line;
        struct str key = str_cut(&value, ':');

        if (str_equal_nocase(key, str_of(name)))
            return str_trim(value);
        rest = end < 0 ? STR_EMPTY : str_slice(rest, (size_t)end + 2, rest.size);
    }
    return STR_EMPTY;
}

/* One answer: to its Content-Length, or to the end of the connection. */
static inline struct answer client_read(int fd, bool is_head)
{
    struct answer answer = {0};
    int64_t head_end = -1, length = -1;

    while (true) {
        char bytes[4096];
        ssize_t size;

        if (head_end < 0) {
            head_end = str_find(buf_str(&answer.bytes), STR("\r\n\r\n"));
            if (head_end >= 0) {
                answer.head = str_slice(buf_str(&answer.bytes), 0, (size_t)head_end);
                if (!str_to_int64(answer_field(&answer, "Content-Length"), &length))
                    length = -1; /* to the end of the connection */
                if (is_head || str_starts_with(answer.head, STR("HTTP/1.1 304")) ||
                    str_starts_with(answer.head, STR("HTTP/1.1 204")))
                    length = 0;
            }
        }
        if (head_end >= 0 && length >= 0 && (int64_t)answer.bytes.size >= head_end + 4 + length)
            break;
        size = recv(fd, bytes, sizeof(bytes), 0);
        if (size <= 0)
            break;
        buf_add(&answer.bytes, (struct str){bytes, (size_t)size});
    }
    if (head_end >= 0) {
        int64_t status = 0;

        answer.head = str_slice(buf_str(&answer.bytes), 0, (size_t)head_end);
        answer.body = str_slice(buf_str(&answer.bytes), (size_t)head_end + 4, answer.bytes.size);
        assert_true(str_to_int64(str_slice(answer.head, 9, 3), &status));
        answer.status = (int)status;
    }
    return answer;
}

/* A whole exchange on a connection of its own; "%H" in the request becomes our Host line. */
static inline struct answer exchange_bytes(const struct fixture *fixture, struct str request)
{
    int fd = client_connect(fixture);
    CLEANUP(buf_finish) struct buf bytes = {0};
    struct answer answer;
    int64_t at = str_find(request, STR("%H"));

    if (at >= 0) {
        buf_add(&bytes, str_slice(request, 0, (size_t)at));
        buf_printf(&bytes, "Host: 127.0.0.1:%d\r\n", fixture->port);
        buf_add(&bytes, str_slice(request, (size_t)at + 2, request.size));
    } else {
        buf_add(&bytes, request);
    }
    client_send(fd, buf_str(&bytes));
    answer = client_read(fd, str_starts_with(request, STR("HEAD ")));
    close(fd);
    return answer;
}

static inline struct answer exchange(const struct fixture *fixture, const char *request)
{
    return exchange_bytes(fixture, str_of(request));
}

static inline bool answer_has(const struct answer *answer, const char *text)
{
    return str_find(buf_str(&answer->bytes), str_of(text)) >= 0;
}

/* Sends a request without waiting for its answer; "%H" as above. */
static inline int request_open(const struct fixture *fixture, const char *request)
{
    int fd = client_connect(fixture);
    struct str text = str_of(request);
    int64_t at = str_find(text, STR("%H"));
    struct buf bytes = {0};

    buf_add(&bytes, str_slice(text, 0, (size_t)at));
    buf_printf(&bytes, "Host: 127.0.0.1:%d\r\n", fixture->port);
    buf_add(&bytes, str_slice(text, (size_t)at + 2, text.size));
    client_send(fd, buf_str(&bytes));
    buf_finish(&bytes);
    return fd;
}

/* Waits for another thread's deed, which must come. */
static inline void wait_for(_Atomic int *counter, int value)
{
    struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; atomic_load(counter) < value; i++) {
        if (i == 10000)
            fail_msg("it never came");
        nanosleep(&pause, NULL);
    }
}
