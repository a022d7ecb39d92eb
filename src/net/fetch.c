#include "net/net_private.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

/* A thread that waits for a transfer: it lends its stack and its arena. */
struct fetch {
    struct net *net;
    const struct net_request *request;
    struct arena *arena;
    struct net_reply *out;
    struct error *err;
    bool ok;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool has_ended; /* guarded by lock */
};

static bool copy_str(struct arena *arena, struct str text, struct str *out)
{
    char *data = arena_try_alloc(arena, text.size + 1);

    if (data == NULL)
        return false;
    if (text.size > 0)
        memcpy(data, text.data, text.size);
    *out = (struct str){data, text.size};
    return true;
}

/* Asked for politely: its size is the other side's choice. */
static bool copy_reply(const struct net_reply *reply, struct arena *arena, struct net_reply *out)
{
    struct net_header *headers =
        arena_try_alloc(arena, sizeof(*headers) * (reply->header_count + 1));

    if (headers == NULL)
        return false;
    *out = *reply;
    out->headers = headers;
    for (size_t i = 0; i < reply->header_count; i++)
        if (!copy_str(arena, reply->headers[i].name, &headers[i].name) ||
            !copy_str(arena, reply->headers[i].value, &headers[i].value))
            return false;
    return copy_str(arena, reply->body, &out->body) &&
           copy_str(arena, reply->final_url, &out->final_url);
}

static void on_fetched(void *context, const struct net_reply *reply)
{
    struct fetch *fetch = context;
    struct net_reply copy;

    if (reply->outcome != NET_DONE)
        *fetch->err = reply->err;
    else if (!copy_reply(reply, fetch->arena, &copy))
        error_field(fetch->err, ERROR_TOO_LARGE, "", 0, "the reply is larger than there is room");
    else {
        *fetch->out = copy;
        fetch->ok = true;
    }
    pthread_mutex_lock(&fetch->lock);
    fetch->has_ended = true;
    pthread_cond_signal(&fetch->ended);
    pthread_mutex_unlock(&fetch->lock);
}

static void start_fetch(void *context)
{
    static const struct net_handlers handlers = {.on_done = on_fetched};
    struct fetch *fetch = context;

    net_start(fetch->net, fetch->request, &handlers, fetch);
}

bool net_fetch(struct net *net, const struct net_request *request, struct arena *arena,
               struct net_reply *out, struct error *err)
{
    struct fetch fetch = {.net = net, .request = request, .arena = arena, .out = out, .err = err};

    assert(!net_loop_is_here(net->loop)); /* it would wait for itself */
    pthread_mutex_init(&fetch.lock, NULL);
    pthread_cond_init(&fetch.ended, NULL);
    net_loop_post(net->loop, start_fetch, &fetch);
    pthread_mutex_lock(&fetch.lock);
    while (!fetch.has_ended)
        pthread_cond_wait(&fetch.ended, &fetch.lock);
    pthread_mutex_unlock(&fetch.lock);
    pthread_cond_destroy(&fetch.ended);
    pthread_mutex_destroy(&fetch.lock);
    return fetch.ok;
}
