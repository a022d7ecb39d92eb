/* How much memory does a call take that waits for its reply?  net_wait [calls] */
#include "net/net.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener;
static size_t calls = 1000;
static _Atomic size_t sent, done;
static struct net *net;
static char url[64];

/* Another process, so that its memory is not counted: takes all, reads nothing, says nothing. */
static void serve(void)
{
    for (;;)
        if (accept(listener, NULL, NULL) < 0)
            _exit(1);
}

static void on_sent(void *context)
{
    (void)context;
    sent++;
}

static void on_done(void *context, const struct net_reply *reply)
{
    (void)context;
    (void)reply;
    done++;
}

static void start_all(void *context)
{
    static const struct net_handlers handlers = {.on_sent = on_sent, .on_done = on_done};
    static char bytes[2000];
    static const struct str body = {bytes, sizeof(bytes)};
    const struct net_request request = {.method = STR("POST"),
                                        .url = str_of(url),
                                        .body = &body,
                                        .body_count = 1,
                                        .reach = NET_OWNER};

    (void)context;
    for (size_t i = 0; i < calls; i++)
        net_start(net, &request, &handlers, NULL);
}

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2)
        abort();
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct rlimit files = {1 << 16, 1 << 16};
    socklen_t size = sizeof(address);
    struct net_config config = {0};
    struct error err;
    long before;
    pid_t server;

    if (argc > 1)
        calls = strtoul(argv[1], NULL, 10);
    setrlimit(RLIMIT_NOFILE, &files);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (const struct sockaddr *)&address, size) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        listen(listener, 4096) != 0)
        abort();
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
    server = fork();
    if (server == 0)
        serve();
    config.transfers_max = calls;
    if (!net_loop_create(&config.loop, &err) || !net_create(&config, &net, &err) ||
        !net_loop_start(config.loop, &err))
        abort();
    before = resident_kib();
    net_loop_post(config.loop, start_all, NULL);
    while (sent < calls && done == 0)
        usleep(10000);
    printf("%zu calls wait, %.1f KiB each (%ld KiB before)\n", calls,
           (double)(resident_kib() - before) / (double)calls, before);
    net_destroy(net);
    net_loop_destroy(config.loop);
    kill(server, SIGTERM);
    close(listener);
    return 0;
}
