/*
 * The http room with room for ten thousand streams of one person, which the product never gives
 * one: what a stream costs is seen only when there are many.  Prints its port, serves until its
 * standard input ends.
 */
#include "http/http_private.h"

#include <stdio.h>
#include <unistd.h>

static void closed(void *context) { (void)context; }

static bool stream(struct request *req, struct error *err)
{
    struct http_stream *unused;

    return http_reply_stream(req, closed, NULL, &unused, err);
}

static bool answer(struct request *req, struct error *err)
{
    return http_reply_text(req, 200, "text/plain", STR("here"), err);
}

static const struct http_route routes[] = {
    {"GET",          "/stream", ACCESS_PUBLIC, .handler = stream, .summary = "", .tag = "",
     .flags = HTTP_STREAM},
    {"GET", "/answer", ACCESS_PUBLIC, .handler = answer, .summary = "", .tag = ""},
    {.method = NULL}
};

int main(void)
{
    static const struct http_route *const tables[] = {routes, NULL};
    const struct http_config config = {.listen = "127.0.0.1:0",
                                       .io_threads = 1,
                                       .handler_threads = 4,
                                       .tables = tables,
                                       .rate_per_minute = 100000000};
    struct http_limits limits = http_limits_default;
    struct http_server *server;
    struct error err;
    char byte;

    limits.per_ip_loopback_max = limits.streams_max;
    if (!http_server_create_limited(&config, &limits, &server, &err) ||
        !http_server_start(server, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%d\n", http_server_port(server));
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    http_server_destroy(server);
    return 0;
}
