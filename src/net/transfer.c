#include "net/net_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int64_t or_default(int64_t value, int64_t standard) { return value > 0 ? value : standard; }

/* When the limit of the present phase, or that of the whole, is passed. */
static int64_t deadline_of(const struct net_transfer *transfer)
{
    int64_t limit_ms = 0, at, whole;

    switch (transfer->phase) {
    case PHASE_CONNECT:
        limit_ms = transfer->connect_ms;
        break;
    case PHASE_WAIT:
        limit_ms = transfer->first_byte_ms;
        break;
    case PHASE_SEND:
    case PHASE_RECEIVE:
        limit_ms = transfer->idle_ms;
        break;
    }
    at = transfer->phase_at_ms + limit_ms;
    whole = transfer->started_at_ms + transfer->total_ms;
    return at < whole ? at : whole;
}

static void set_timer(struct net_transfer *transfer)
{
    int64_t left = deadline_of(transfer) - net_now_ms();

    net_timer_set(transfer->timer, left > 0 ? left : 0);
}

/* A byte only moves phase_at_ms; the timer finds that out when it fires, and is set anew. */
void transfer_set_phase(struct net_transfer *transfer, enum transfer_phase phase)
{
    bool is_new = transfer->phase != phase;

    transfer->phase = phase;
    transfer->phase_at_ms = net_now_ms();
    if (is_new)
        set_timer(transfer);
}

/* Not a byte has left: nothing can have been done.  One has: anything can. */
static enum net_outcome outcome_of_failure(const struct net_transfer *transfer)
{
    return transfer->sent_bytes == 0 ? NET_NOT_SENT : NET_LOST;
}

static void on_timer(void *context)
{
    static const char *const names[] = {
        [PHASE_CONNECT] = "no connection",
        [PHASE_SEND] = "the request was not taken",
        [PHASE_WAIT] = "no reply",
        [PHASE_RECEIVE] = "the reply stopped",
    };
    struct net_transfer *transfer = context;
    int64_t now = net_now_ms();

    if (now < deadline_of(transfer)) {
        set_timer(transfer);
        return;
    }
    if (transfer->stage == TRANSFER_ENDING) {
        transfer_end(transfer);
        return;
    }
    error_set(&transfer->err, ERROR_TIMED_OUT, "%s within the time limit: %s",
              names[transfer->phase], transfer->url.host);
    error_detail(&transfer->err, "after %lld ms", (long long)(now - transfer->started_at_ms));
    transfer_finish(transfer, outcome_of_failure(transfer));
}

static int64_t size_of_body(const struct net_request *request)
{
    int64_t size = 0;

    for (size_t i = 0; i < request->body_count; i++)
        size += (int64_t)request->body[i].size;
    return size;
}

struct net_transfer *transfer_create(struct net *net, const struct net_request *request,
                                     const struct net_handlers *handlers, void *context)
{
    struct net_transfer *transfer = net_alloc(sizeof(*transfer));

    transfer->net = net;
    transfer->handlers = *handlers;
    transfer->context = context;
    transfer->body = request->body;
    transfer->body_count = request->body_count;
    transfer->body_size = size_of_body(request);
    transfer->reach = request->reach;
    transfer->is_repeatable = request->is_repeatable;
    transfer->redirects_left = request->redirects_max;
    transfer->connect_ms = or_default(request->connect_ms, 10000);
    transfer->first_byte_ms = or_default(request->first_byte_ms, 600000);
    transfer->idle_ms = or_default(request->idle_ms, 60000);
    transfer->total_ms = or_default(request->total_ms, 900000);
    transfer->reply_size_max = or_default(request->reply_size_max, NET_REPLY_SIZE_DEFAULT);
    if (!request_check(request, &transfer->err) ||
        !url_parse(request->url, request->reach, net->allow_private, &transfer->url,
                   &transfer->err)) {
        transfer->stage = TRANSFER_ENDING;
        return transfer;
    }
    memcpy(transfer->method, request->method.data, request->method.size);
    transfer->headers = request_headers(request);
    transfer->stage = TRANSFER_WAITING;
    return transfer;
}

static void fail(struct net_transfer *transfer)
{
    transfer_finish(transfer, outcome_of_failure(transfer));
}

/* Refuses when any one address is not allowed: a name with two faces is not to be trusted. */
static bool take_addresses(struct net_transfer *transfer, const struct addresses *addresses)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (!request_allows(transfer, &addresses->list[i]))
            return error_field(&transfer->err, ERROR_ADDRESS_REFUSED, "url", 0,
                               "the address of %s is not allowed", transfer->url.host);
    if (transfer->net->proxy == NULL) /* else it is the proxy that is connected to */
        transfer->addresses = addresses_create(addresses->list, addresses->count);
    net_move(transfer, TRANSFER_READY);
    net_wake(transfer->net);
    return true;
}

static void on_addresses(void *context, const struct addresses *addresses, const char *why)
{
    struct net_transfer *transfer = context;

    transfer->lookup = NULL;
    if (addresses == NULL) {
        error_set(&transfer->err, ERROR_UNREACHABLE, "the name %s was not found",
                  transfer->url.host);
        error_detail(&transfer->err, "%s", why);
        fail(transfer);
    } else if (!take_addresses(transfer, addresses)) {
        fail(transfer);
    }
}

/* One hop begins: a look-up, unless the URL says the address or a proxy is to find it. */
static void resolve(struct net_transfer *transfer)
{
    net_move(transfer, TRANSFER_RESOLVING);
    transfer_set_phase(transfer, PHASE_CONNECT);
    if (transfer->url.literal) {
        struct addresses *literal = addresses_create(&transfer->url.address, 1);
        bool ok = take_addresses(transfer, literal);

        free(literal);
        if (!ok)
            fail(transfer);
    } else if (transfer->net->proxy != NULL) {
        net_move(transfer, TRANSFER_READY);
        net_wake(transfer->net);
    } else {
        struct lookup *lookup = resolver_ask(transfer->net->resolver, transfer->url.host,
                                             transfer->reach, on_addresses, transfer);

        if (lookup != NULL) /* else it was answered, and may be gone */
            transfer->lookup = lookup;
    }
}

void transfer_admit(struct net_transfer *transfer)
{
    transfer->timer = net_timer_create(transfer->net->loop, on_timer, transfer);
    transfer->started_at_ms = transfer->phase_at_ms = net_now_ms();
    set_timer(transfer);
    resolve(transfer);
}

void transfer_run(struct net_transfer *transfer)
{
    CURLMcode rc;

    net_move(transfer, TRANSFER_RUNNING);
    if (!request_open(transfer, &transfer->err)) {
        fail(transfer);
        return;
    }
    rc = curl_multi_add_handle(transfer->net->multi, transfer->easy);
    if (rc != CURLM_OK) {
        error_set(&transfer->err, ERROR_INTERNAL, "the HTTP library takes no more");
        error_detail(&transfer->err, "%s", curl_multi_strerror(rc));
        fail(transfer);
    }
}

static const struct str *find_header(const struct net_transfer *transfer, struct str name)
{
    for (size_t i = 0; i < transfer->reply_header_count; i++)
        if (str_equal(transfer->reply_headers[i].name, name))
            return &transfer->reply_headers[i].value;
    return NULL;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Forgets the reply of the hop before. */
static void forget_reply(struct net_transfer *transfer)
{
    buf_clear(&transfer->head);
    buf_clear(&transfer->reply_body);
    free(transfer->reply_headers);
    transfer->reply_headers = NULL;
    transfer->reply_header_count = transfer->head_lines = 0;
    transfer->head_whole = false;
    transfer->status = 0;
    transfer->received = 0;
    transfer->body_index = transfer->body_offset = 0;
}

/* Goes to the next hop; false: it ends here, err set. */
static bool follow(struct net_transfer *transfer, struct str location)
{
    struct url next;
    bool is_head = strcmp(transfer->method, "HEAD") == 0;
    bool to_get = transfer->status == 303
                      ? !is_head
                      : transfer->status <= 302 && strcmp(transfer->method, "POST") == 0;

    if (!url_follow(&transfer->url, location, transfer->reach, transfer->net->allow_private, &next,
                    &transfer->err))
        return false;
    transfer->redirects_left--;
    request_filter_headers(&transfer->headers, !url_same_origin(&transfer->url, &next), to_get);
    if (to_get) {
        memcpy(transfer->method, "GET", 4);
        transfer->body_count = 0;
        transfer->body_size = 0;
    }
    url_finish(&transfer->url);
    transfer->url = next;
    forget_reply(transfer);
    resolve(transfer);
    return true;
}

const char *net_obstacle(const struct error *err)
{
    const struct str said = str_of(err->message);

    if (err->code == ERROR_ADDRESS_REFUSED)
        return "private";
    if (err->code == ERROR_TIMED_OUT)
        return "timeout";
    if (err->code != ERROR_UNREACHABLE)
        return "other";
    if (str_ends_with(said, STR("was not found")))
        return "name";
    if (str_starts_with(said, STR("no secure connection")))
        return "tls";
    return str_ends_with(said, STR("cannot be reached")) ? "refused" : "lost";
}

static void explain(struct net_transfer *transfer, CURLcode result)
{
    const char *host = transfer->url.host;

    if (transfer->refused)
        error_field(&transfer->err, ERROR_ADDRESS_REFUSED, "url", 0,
                    "the address of %s is not allowed", host);
    else if (result == CURLE_OPERATION_TIMEDOUT)
        error_set(&transfer->err, ERROR_TIMED_OUT, "no connection within the time limit: %s", host);
    else if (transfer->sent_bytes > 0)
        error_set(&transfer->err, ERROR_UNREACHABLE, "the connection to %s was lost", host);
    else if (result == CURLE_SSL_CONNECT_ERROR || result == CURLE_PEER_FAILED_VERIFICATION)
        error_set(&transfer->err, ERROR_UNREACHABLE, "no secure connection with %s", host);
    else
        error_set(&transfer->err, ERROR_UNREACHABLE, "%s cannot be reached", host);
    error_detail(&transfer->err, "curl %d: %s", (int)result,
                 transfer->curl_says[0] != '\0' ? transfer->curl_says : curl_easy_strerror(result));
}

void transfer_complete(struct net_transfer *transfer, CURLcode result)
{
    if (transfer->stage == TRANSFER_ENDING)
        return; /* cancelled; its turn comes */
    if (transfer_is_watch(transfer) && result == CURLE_OK) {
        watch_open(transfer);
        return;
    }
    request_close(transfer);
    if (transfer->too_large || transfer->head_too_large) {
        int64_t limit = transfer->too_large ? transfer->reply_size_max : (int64_t)NET_HEAD_SIZE_MAX;

        error_field(&transfer->err, ERROR_TOO_LARGE, "", limit,
                    "the reply of %s is larger than allowed", transfer->url.host);
        transfer_finish(transfer, NET_TOO_LARGE);
        return;
    }
    /* curl takes a head that breaks off for a reply without a body. */
    if (result != CURLE_OK || !transfer->head_whole) {
        explain(transfer, result);
        fail(transfer);
        return;
    }
    if (transfer->redirects_left > 0 && is_redirect(transfer->status)) {
        const struct str *location = find_header(transfer, STR("location"));

        if (location != NULL) {
            if (!follow(transfer, *location))
                fail(transfer);
            return;
        }
    }
    transfer_finish(transfer, NET_DONE);
}

void transfer_end(struct net_transfer *transfer)
{
    if (!transfer->cancelled && transfer->err.code != ERROR_NONE) {
        fail(transfer);
        return;
    }
    error_set(&transfer->err, ERROR_CANCELLED, "the transfer was cancelled");
    transfer_finish(transfer, NET_CANCELLED);
}

static void count_outcome(struct net *net, enum net_outcome outcome)
{
    _Atomic uint64_t *counter = NULL;

    switch (outcome) {
    case NET_DONE:
        counter = &net->done;
        break;
    case NET_NOT_SENT:
        counter = &net->not_sent;
        break;
    case NET_LOST:
    case NET_TOO_LARGE:
        counter = &net->lost;
        break;
    case NET_CANCELLED:
        break;
    }
    if (counter != NULL)
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void free_transfer(struct net_transfer *transfer)
{
    request_free_headers(transfer->headers);
    free(transfer->reply_headers);
    buf_finish(&transfer->head);
    buf_finish(&transfer->reply_body);
    url_finish(&transfer->url);
    free(transfer);
}

void transfer_finish(struct net_transfer *transfer, enum net_outcome outcome)
{
    struct net *net = transfer->net;
    char *url = transfer->url.parsed == NULL ? NULL : url_text(&transfer->url);
    struct net_reply reply = {
        .outcome = outcome,
        .status = transfer->status,
        .headers = transfer->reply_headers,
        .header_count = transfer->reply_header_count,
        .body = buf_str(&transfer->reply_body),
        .sent_bytes = transfer->sent_bytes,
        .took_ms = transfer->started_at_ms == 0 ? 0 : net_now_ms() - transfer->started_at_ms,
        .err = transfer->err,
        .final_url = str_of(url),
    };

    assert((outcome == NET_DONE) == (reply.err.code == ERROR_NONE));
    request_close(transfer);
    net_timer_destroy(transfer->timer);
    net_move(transfer, TRANSFER_STAGE_COUNT);
    count_outcome(net, outcome);
    transfer->handlers.on_done(transfer->context, &reply);
    curl_free(url);
    free_transfer(transfer);
    net_wake(net); /* another one may have its turn */
}
