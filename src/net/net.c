#include "net/net_private.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_CONNECTIONS_MAX 32L

/* One socket of curl's, watched by the loop. */
struct watch {
    uv_poll_t uv;
    struct net *net;
    curl_socket_t socket;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
}

/* ---- queues ---- */

static bool is_active(enum transfer_stage stage)
{
    return stage == TRANSFER_RESOLVING || stage == TRANSFER_READY || stage == TRANSFER_RUNNING;
}

static void count_stage(struct net *net, enum transfer_stage stage, bool enters)
{
    uint64_t change = enters ? 1 : UINT64_MAX; /* +1 or -1 */

    if (is_active(stage)) {
        net->active += enters ? 1 : (size_t)-1;
        atomic_fetch_add_explicit(&net->active_now, change, memory_order_relaxed);
    } else if (stage == TRANSFER_WAITING) {
        atomic_fetch_add_explicit(&net->waiting_now, change, memory_order_relaxed);
    }
}

static void enter(struct net_transfer *transfer, enum transfer_stage stage)
{
    transfer->stage = stage;
    count_stage(transfer->net, stage, true);
    TAILQ_INSERT_TAIL(&transfer->net->lists[stage], transfer, link);
}

/* To the end of another list; TRANSFER_STAGE_COUNT: to none. */
void net_move(struct net_transfer *transfer, enum transfer_stage stage)
{
    count_stage(transfer->net, transfer->stage, false);
    TAILQ_REMOVE(&transfer->net->lists[transfer->stage], transfer, link);
    if (stage != TRANSFER_STAGE_COUNT)
        enter(transfer, stage);
}

/* ---- curl and the loop ---- */

static void collect(struct net *net)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(net->multi, &left)) != NULL) {
        char *transfer = NULL;
        CURLcode rc;

        if (message->msg != CURLMSG_DONE)
            continue;
        rc = curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        assert(rc == CURLE_OK && transfer != NULL);
        transfer_complete((struct net_transfer *)(void *)transfer, message->data.result);
    }
}

static void act(struct net *net, curl_socket_t socket, int events)
{
    int running;
    CURLMcode rc = curl_multi_socket_action(net->multi, socket, events, &running);

    assert(rc == CURLM_OK);
    collect(net);
}

static void on_socket_ready(uv_poll_t *uv, int status, int events)
{
    const struct watch *watch = uv->data;
    int flags = (status < 0 ? CURL_CSELECT_ERR : 0) |
                ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);

    act(watch->net, watch->socket, flags);
}

static void free_watch(uv_handle_t *uv) { free(uv->data); }

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *mine)
{
    struct net *net = context;
    struct watch *watch = mine;
    int events;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            uv_poll_stop(&watch->uv);
            uv_close((uv_handle_t *)&watch->uv, free_watch);
            curl_multi_assign(net->multi, socket, NULL);
        }
        return 0;
    }
    if (watch == NULL) {
        watch = net_alloc(sizeof(*watch));
        watch->net = net;
        watch->socket = socket;
        watch->uv.data = watch;
        if (uv_poll_init_socket(net_loop_uv(net->loop), &watch->uv, socket) != 0) {
            free(watch);
            return -1;
        }
        curl_multi_assign(net->multi, socket, watch);
    }
    events = (what & CURL_POLL_IN) != 0 ? UV_READABLE : 0;
    events |= (what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0;
    return uv_poll_start(&watch->uv, events, on_socket_ready) == 0 ? 0 : -1;
}

static void on_curl_timer(uv_timer_t *uv) { act(uv->data, CURL_SOCKET_TIMEOUT, 0); }

/* curl is not to be called from here: it calls us. */
static int set_curl_timer(CURLM *multi, long after_ms, void *context)
{
    struct net *net = context;

    (void)multi;
    net->curl_due = after_ms == 0;
    if (after_ms > 0) {
        uv_update_time(net_loop_uv(net->loop));
        uv_timer_start(&net->curl_timer, on_curl_timer, (uint64_t)after_ms, 0);
    } else {
        uv_timer_stop(&net->curl_timer);
    }
    if (net->curl_due)
        net_wake(net);
    return 0;
}

static bool has_work(const struct net *net)
{
    return net->curl_due || !TAILQ_EMPTY(&net->lists[TRANSFER_ENDING]) ||
           !TAILQ_EMPTY(&net->lists[TRANSFER_READY]) ||
           (!TAILQ_EMPTY(&net->lists[TRANSFER_WAITING]) && net->active < net->transfers_max);
}

/* Once a turn of the loop, with the sockets looked after in between. */
static void on_turn(uv_idle_t *uv)
{
    struct net *net = uv->data;
    struct net_transfer *transfer;

    if (net->curl_due) {
        net->curl_due = false;
        act(net, CURL_SOCKET_TIMEOUT, 0);
    }
    while ((transfer = TAILQ_FIRST(&net->lists[TRANSFER_ENDING])) != NULL)
        transfer_end(transfer);
    for (size_t i = 0; i < NET_TURN_STARTS && net->active < net->transfers_max; i++) {
        transfer = TAILQ_FIRST(&net->lists[TRANSFER_WAITING]);
        if (transfer == NULL)
            break;
        net_move(transfer, TRANSFER_RESOLVING);
        transfer_admit(transfer);
    }
    for (size_t i = 0; i < NET_TURN_STARTS; i++) {
        transfer = TAILQ_FIRST(&net->lists[TRANSFER_READY]);
        if (transfer == NULL)
            break;
        transfer_run(transfer);
    }
    if (!has_work(net))
        uv_idle_stop(&net->turn);
}

void net_wake(struct net *net)
{
    if (!net->closing && has_work(net))
        uv_idle_start(&net->turn, on_turn);
}

/* ---- life ---- */

static void free_net(struct net *net)
{
    free(net->proxy);
    free(net->ca_file);
    free(net);
}

static void on_closed(uv_handle_t *uv)
{
    struct net *net = uv->data;

    net->handles_open--;
    if (net->handles_open == 0)
        free_net(net);
}

/* What belongs to the loop's thread; the first thing that runs there for us. */
static void open_net(void *context)
{
    struct net *net = context;

    if (net->opened)
        return;
    net->opened = true;
    net->handles_open = 2;
    uv_timer_init(net_loop_uv(net->loop), &net->curl_timer);
    uv_idle_init(net_loop_uv(net->loop), &net->turn);
    net->curl_timer.data = net->turn.data = net;
}

/* The certificates curl was built to look for. */
static char *default_ca_file(void)
{
    CURL *easy = curl_easy_init();
    char *path = NULL;

    if (easy == NULL || curl_easy_getinfo(easy, CURLINFO_CAINFO, &path) != CURLE_OK || path == NULL)
        path = strdup("/etc/ssl/certs/ca-certificates.crt");
    else
        path = strdup(path);
    curl_easy_cleanup(easy);
    return path;
}

static bool create_multi(struct net *net)
{
    net->multi = curl_multi_init();
    return net->multi != NULL &&
           curl_multi_setopt(net->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
           curl_multi_setopt(net->multi, CURLMOPT_SOCKETDATA, net) == CURLM_OK &&
           curl_multi_setopt(net->multi, CURLMOPT_TIMERFUNCTION, set_curl_timer) == CURLM_OK &&
           curl_multi_setopt(net->multi, CURLMOPT_TIMERDATA, net) == CURLM_OK &&
           curl_multi_setopt(net->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK &&
           curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS_MAX) == CURLM_OK;
}

bool net_create(const struct net_config *config, struct net **out, struct error *err)
{
    struct net *net;

    assert(config->transfers_max > 0);
    pthread_once(&curl_once, init_curl);
    if (config->ca_file != NULL && access(config->ca_file, R_OK) != 0)
        return error_field(err, ERROR_INVALID, "ca_file", 0,
                           "the file of certificates cannot be read");
    net = net_alloc(sizeof(*net));
    net->loop = config->loop;
    net->transfers_max = config->transfers_max;
    net->allow_private = config->allow_private;
    net->proxy = config->proxy == NULL ? NULL : strdup(config->proxy);
    net->ca_file = config->ca_file == NULL ? default_ca_file() : strdup(config->ca_file);
    for (size_t i = 0; i < COUNT(net->lists); i++)
        TAILQ_INIT(&net->lists[i]);
    if (net->ca_file == NULL || (config->proxy != NULL && net->proxy == NULL) ||
        !create_multi(net)) {
        curl_multi_cleanup(net->multi);
        free_net(net);
        return error_set(err, ERROR_INTERNAL, "the HTTP library cannot start");
    }
    net->resolver = resolver_create(net->loop);
    net_loop_post(net->loop, open_net, net);
    *out = net;
    return true;
}

struct closing {
    struct net *net;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool has_ended; /* guarded by lock */
};

/* ENDING is the last list: what a handler starts meanwhile goes there. */
static void cancel_all(struct net *net)
{
    for (size_t i = 0; i < TRANSFER_STAGE_COUNT; i++) {
        struct net_transfer *transfer;

        while ((transfer = TAILQ_FIRST(&net->lists[i])) != NULL) {
            transfer->cancelled = true;
            transfer_end(transfer);
        }
    }
}

static void close_net(void *context)
{
    struct closing *closing = context;
    struct net *net = closing->net;

    open_net(net);
    net->closing = true;
    cancel_all(net);
    resolver_destroy(net->resolver);
    curl_multi_cleanup(net->multi); /* closes the kept connections, with their watches */
    uv_close((uv_handle_t *)&net->curl_timer, on_closed);
    uv_close((uv_handle_t *)&net->turn, on_closed);
    pthread_mutex_lock(&closing->lock);
    closing->has_ended = true;
    pthread_cond_signal(&closing->ended);
    pthread_mutex_unlock(&closing->lock);
}

void net_destroy(struct net *net)
{
    struct closing closing = {.net = net};

    if (net == NULL)
        return;
    pthread_mutex_init(&closing.lock, NULL);
    pthread_cond_init(&closing.ended, NULL);
    if (net_loop_is_started(net->loop) && !net_loop_is_here(net->loop)) {
        net_loop_post(net->loop, close_net, &closing);
        pthread_mutex_lock(&closing.lock);
        while (!closing.has_ended)
            pthread_cond_wait(&closing.ended, &closing.lock);
        pthread_mutex_unlock(&closing.lock);
    } else {
        close_net(&closing);
    }
    pthread_cond_destroy(&closing.ended);
    pthread_mutex_destroy(&closing.lock);
}

/* ---- transfers ---- */

static struct net_transfer *start(struct net *net, const struct net_request *request,
                                  const struct net_handlers *handlers, void *context)
{
    struct net_transfer *transfer;

    assert(net_loop_is_here(net->loop));
    assert(handlers->on_done != NULL);
    open_net(net);
    atomic_fetch_add_explicit(&net->started, 1, memory_order_relaxed);
    transfer = transfer_create(net, request, handlers, context);
    if (net->closing) { /* a handler of one that is being cancelled starts the next */
        transfer->cancelled = true;
        transfer->stage = TRANSFER_ENDING;
    }
    enter(transfer, transfer->stage);
    net_wake(net);
    return transfer;
}

struct net_transfer *net_start(struct net *net, const struct net_request *request,
                               const struct net_handlers *handlers, void *context)
{
    return start(net, request, handlers, context);
}

struct net_transfer *net_watch(struct net *net, const struct net_request *request,
                               const struct net_watch_handlers *handlers, void *context)
{
    const struct net_handlers own = {.on_done = handlers->on_done};
    struct net_request wish = *request;
    struct net_transfer *transfer;

    assert(handlers->on_message != NULL);
    wish.method = STR("GET");
    wish.body_count = 0;
    wish.redirects_max = 0;
    transfer = start(net, &wish, &own, context);
    transfer->on_message = handlers->on_message;
    return transfer;
}

void net_cancel(struct net_transfer *transfer)
{
    assert(net_loop_is_here(transfer->net->loop));
    if (transfer->cancelled)
        return;
    transfer->cancelled = true;
    if (transfer->stage != TRANSFER_ENDING)
        net_move(transfer, TRANSFER_ENDING);
    net_wake(transfer->net);
}

void net_stats(struct net *net, struct net_stats *out)
{
    *out = (struct net_stats){
        .started = atomic_load_explicit(&net->started, memory_order_relaxed),
        .done = atomic_load_explicit(&net->done, memory_order_relaxed),
        .lost = atomic_load_explicit(&net->lost, memory_order_relaxed),
        .not_sent = atomic_load_explicit(&net->not_sent, memory_order_relaxed),
        .active = atomic_load_explicit(&net->active_now, memory_order_relaxed),
        .waiting = atomic_load_explicit(&net->waiting_now, memory_order_relaxed),
        .sent_bytes = atomic_load_explicit(&net->sent, memory_order_relaxed),
        .received_bytes = atomic_load_explicit(&net->received, memory_order_relaxed),
    };
}
