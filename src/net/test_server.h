/* net/test_server.h: for this room's tests: a server that does as a script says, a net to call it
 * with, and a call to wait for.  Included by the tests only. */
#pragma once

#include "net/net_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAYBE __attribute__((unused))

enum server_act {
    ACT_END,    /* of the script: closes */
    ACT_READ,   /* a whole request, head and body */
    ACT_PART,   /* the request's first bytes */
    ACT_SEND,   /* `text`, or `size` bytes of it */
    ACT_FLOOD,  /* `text` again and again, until the client goes */
    ACT_RESET,  /* ends with a RST */
    ACT_HOLD,   /* until the client goes */
    ACT_GATHER, /* until so many requests as `size` have been read */
};

struct server_step {
    enum server_act act;
    const char *text;
    size_t size;
};

/* clang-format off */
#define DO(act) {(act), NULL, 0}
#define SEND(text) {ACT_SEND, (text), 0}
#define FLOOD(text) {ACT_FLOOD, (text), 0}
#define REPLY(text) {{DO(ACT_READ), SEND(text)}} /* a whole script */
/* clang-format on */
#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

#define SCRIPT_STEPS_MAX 8
struct server_script {
    struct server_step steps[SCRIPT_STEPS_MAX];
};

#define SCRIPTS_MAX 8
#define CONNECTIONS_MAX 256
struct server {
    int listener;
    uint16_t port;
    pthread_t thread;
    struct server_script scripts[SCRIPTS_MAX]; /* the nth connection's; the last one's ever after */
    size_t script_count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t requests; /* guarded by lock, as all below; wholly read ones */
    size_t connections;
    struct buf seen; /* all that was read */
    pthread_t threads[CONNECTIONS_MAX];
    size_t thread_count;
};

struct connection {
    struct server *server;
    const struct server_script *script;
    int socket;
};

/* Reads once; false at the end. */
static inline bool server_read(struct connection *connection, struct buf *request)
{
    char bytes[4096];
    ssize_t got = recv(connection->socket, bytes, sizeof(bytes), 0);

    if (got <= 0)
        return false;
    buf_add(request, (struct str){bytes, (size_t)got});
    pthread_mutex_lock(&connection->server->lock);
    buf_add(&connection->server->seen, (struct str){bytes, (size_t)got});
    pthread_mutex_unlock(&connection->server->lock);
    return true;
}

static inline bool server_read_request(struct connection *connection)
{
    CLEANUP(buf_finish) struct buf request = {0};
    int64_t head = -1, length = 0;

    while (head < 0 || request.size < (size_t)(head + 4 + length)) {
        if (!server_read(connection, &request))
            return false;
        head = str_find(buf_str(&request), STR("\r\n\r\n"));
        if (head >= 0) {
            int64_t at = str_find(buf_str(&request), STR("Content-Length: "));

            length = at < 0 || at > head ? 0 : strtoll(request.data + at + 16, NULL, 10);
        }
    }
    pthread_mutex_lock(&connection->server->lock);
    connection->server->requests++;
    pthread_cond_broadcast(&connection->server->changed);
    pthread_mutex_unlock(&connection->server->lock);
    return true;
}

static inline bool server_send(struct connection *connection, const struct server_step *step)
{
    size_t size = step->size != 0 ? step->size : strlen(step->text);
    size_t done = 0;

    while (done < size) {
        ssize_t sent = send(connection->socket, step->text + done, size - done, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        done += (size_t)sent;
    }
    return true;
}

static inline void server_gather(struct server *server, size_t count)
{
    pthread_mutex_lock(&server->lock);
    while (server->requests < count)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

static inline bool server_step(struct connection *connection, const struct server_step *step)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    CLEANUP(buf_finish) struct buf rest = {0};

    switch (step->act) {
    case ACT_END:
        return false;
    case ACT_READ:
        return server_read_request(connection);
    case ACT_PART:
        return server_read(connection, &rest);
    case ACT_SEND:
        return server_send(connection, step);
    case ACT_FLOOD:
        while (server_send(connection, step))
            ;
        return false;
    case ACT_RESET:
        setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        return false;
    case ACT_HOLD:
        while (server_read(connection, &rest))
            ;
        return false;
    case ACT_GATHER:
        server_gather(connection->server, step->size);
        return true;
    }
    return false;
}

static inline void *server_serve(void *context)
{
    struct connection *connection = context;

    for (size_t i = 0; i < SCRIPT_STEPS_MAX; i++)
        if (!server_step(connection, &connection->script->steps[i]))
            break;
    close(connection->socket);
    free(connection);
    return NULL;
}

static inline void *server_accept(void *context)
{
    struct server *server = context;

    for (;;) {
        int client = accept(server->listener, NULL, NULL);
        struct connection *connection;
        size_t index;

        if (client < 0)
            return NULL; /* server_stop() has shut it down */
        pthread_mutex_lock(&server->lock);
        index = server->connections++;
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->lock);
        if (index >= CONNECTIONS_MAX)
            abort();
        connection = calloc(1, sizeof(*connection));
        if (connection == NULL)
            abort();
        connection->server = server;
        connection->socket = client;
        connection->script =
            &server->scripts[index < server->script_count ? index : server->script_count - 1];
        if (pthread_create(&server->threads[index], NULL, server_serve, connection) != 0)
            abort();
        server->thread_count = index + 1; /* read after this thread was joined */
    }
}

/* `scripts` are copied; their texts are borrowed. */
static MAYBE struct server *server_start(const struct server_script *scripts, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    struct server *server = calloc(1, sizeof(*server));
    int small = 4096;

    assert_non_null(server);
    assert_true(count >= 1 && count <= SCRIPTS_MAX);
    memcpy(server->scripts, scripts, count * sizeof(*scripts));
    server->script_count = count;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(server->listener >= 0);
    /* So that a large request does not vanish into the kernel's buffers. */
    setsockopt(server->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(bind(server->listener, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(server->listener, CONNECTIONS_MAX), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, server_accept, server), 0);
    return server;
}

/* After the net was destroyed, or its clients are gone otherwise: joins all threads. */
static MAYBE void server_stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < server->thread_count; i++)
        pthread_join(server->threads[i], NULL);
    close(server->listener);
    buf_finish(&server->seen);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static MAYBE size_t server_connections(struct server *server)
{
    size_t count;

    pthread_mutex_lock(&server->lock);
    count = server->connections;
    pthread_mutex_unlock(&server->lock);
    return count;
}

static MAYBE size_t server_requests(struct server *server)
{
    size_t count;

    pthread_mutex_lock(&server->lock);
    count = server->requests;
    pthread_mutex_unlock(&server->lock);
    return count;
}

static MAYBE bool server_has_seen(struct server *server, const char *text)
{
    bool found;

    pthread_mutex_lock(&server->lock);
    found = str_find(buf_str(&server->seen), str_of(text)) >= 0;
    pthread_mutex_unlock(&server->lock);
    return found;
}

/* ---- a net ---- */

struct world {
    struct net_loop *loop;
    struct net *net;
};

static MAYBE struct world world_start(struct net_config config, resolver_fake *fake)
{
    struct error err = {0};
    struct world world;

    if (!net_loop_create(&world.loop, &err))
        fail_msg("%s", err.message);
    config.loop = world.loop;
    config.transfers_max = config.transfers_max == 0 ? 1000 : config.transfers_max;
    if (!net_create(&config, &world.net, &err))
        fail_msg("%s", err.message);
    resolver_use_fake(world.net->resolver, fake);
    if (!net_loop_start(world.loop, &err))
        fail_msg("%s", err.message);
    return world;
}

static MAYBE void world_stop(struct world *world)
{
    net_destroy(world->net);
    net_loop_destroy(world->loop);
}

/* ---- a call ---- */

struct call {
    struct world *world;
    struct net_request request;
    char url[256];
    struct net_transfer *transfer; /* loop thread only */
    bool takes_body;
    size_t take_max; /* on_body refuses more */
    bool cancel_on_sent, cancel_on_body;
    struct call *cancel_other; /* on_sent cancels that one */

    struct net_reply reply; /* its texts are copies */
    struct arena *arena;
    struct buf pieces;
    int sent_calls, done_calls;
    struct net_header *headers;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool has_ended, has_sent; /* guarded by lock */
};

static inline void call_on_sent(void *context)
{
    struct call *call = context;

    call->sent_calls++;
    if (call->cancel_on_sent)
        net_cancel(call->transfer);
    if (call->cancel_other != NULL)
        net_cancel(call->cancel_other->transfer);
    pthread_mutex_lock(&call->lock);
    call->has_sent = true;
    pthread_cond_broadcast(&call->ended);
    pthread_mutex_unlock(&call->lock);
}

static inline bool call_on_body(void *context, struct str piece)
{
    struct call *call = context;

    if (call->cancel_on_body)
        net_cancel(call->transfer);
    buf_add(&call->pieces, piece);
    return call->take_max == 0 || call->pieces.size <= call->take_max;
}

static inline void call_on_done(void *context, const struct net_reply *reply)
{
    struct call *call = context;
    struct net_header *headers =
        ARENA_ARRAY(call->arena, struct net_header, reply->header_count + 1);

    call->done_calls++;
    call->reply = *reply;
    call->reply.headers = headers;
    for (size_t i = 0; i < reply->header_count; i++) {
        headers[i].name = arena_str(call->arena, reply->headers[i].name);
        headers[i].value = arena_str(call->arena, reply->headers[i].value);
    }
    call->reply.body = arena_str(call->arena, reply->body);
    call->reply.final_url = arena_str(call->arena, reply->final_url);
    pthread_mutex_lock(&call->lock);
    call->has_ended = true;
    pthread_cond_broadcast(&call->ended);
    pthread_mutex_unlock(&call->lock);
}

static inline void call_start_here(void *context)
{
    struct call *call = context;
    struct net_handlers handlers = {.on_sent = call_on_sent,
                                    .on_body = call->takes_body ? call_on_body : NULL,
                                    .on_done = call_on_done};

    call->transfer = net_start(call->world->net, &call->request, &handlers, call);
    if (call->done_calls != 0)
        abort(); /* never from within */
}

/* A request for `path` of `server`, an owner's GET until the test says otherwise. */
static MAYBE void call_init(struct call *call, struct world *world, const struct server *server,
                            const char *path)
{
    *call = (struct call){.world = world, .arena = arena_create(MIB(64))};
    if (server != NULL)
        snprintf(call->url, sizeof(call->url), "http://127.0.0.1:%u%s", (unsigned)server->port,
                 path);
    else
        snprintf(call->url, sizeof(call->url), "%s", path);
    call->request =
        (struct net_request){.method = STR("GET"), .url = str_of(call->url), .reach = NET_OWNER};
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->ended, NULL);
}

static MAYBE void call_start(struct call *call)
{
    net_loop_post(call->world->loop, call_start_here, call);
}

static MAYBE void call_wait(struct call *call)
{
    pthread_mutex_lock(&call->lock);
    while (!call->has_ended)
        pthread_cond_wait(&call->ended, &call->lock);
    pthread_mutex_unlock(&call->lock);
}

static MAYBE void call_wait_sent(struct call *call)
{
    pthread_mutex_lock(&call->lock);
    while (!call->has_sent)
        pthread_cond_wait(&call->ended, &call->lock);
    pthread_mutex_unlock(&call->lock);
}

static MAYBE void call_run(struct call *call)
{
    call_start(call);
    call_wait(call);
}

static inline void call_cancel_here(void *context)
{
    struct call *call = context;

    if (!call->has_ended)
        net_cancel(call->transfer);
}

static MAYBE void call_cancel(struct call *call)
{
    net_loop_post(call->world->loop, call_cancel_here, call);
}

static MAYBE void call_finish(struct call *call)
{
    arena_destroy(call->arena);
    buf_finish(&call->pieces);
    pthread_cond_destroy(&call->ended);
    pthread_mutex_destroy(&call->lock);
}

static MAYBE const char *call_header(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->reply.header_count; i++)
        if (str_equal(call->reply.headers[i].name, str_of(name)))
            return arena_cstr(call->arena, call->reply.headers[i].value);
    return NULL;
}
