/*
 * net/watch.c: a WebSocket (RFC 6455).  curl connects, with all that guards a connection, and hands
 * the bytes over; the handshake is made here, the frames are wslay's.
 */
#include "net/net_private.h"

#include "core/hash.h"
#include "core/random.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#define KEY_SIZE 16
#define KEY_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 1.3 */
/* So much is taken of all sockets together in TURN_MS: what comes is read on the loop's thread. */
#define TURN_SIZE_MAX KIB(256)
#define TURN_FRAMES_MAX 64
#define TURN_MS 50
#define ANSWERS_MAX 16 /* pongs that wait to be taken: who does not read them is left */

/* A handle of the loop's: it outlives the connection until the loop has let go of it. */
struct watch_poll {
    uv_poll_t uv;
    struct net_transfer *transfer;
};

struct watch_socket {
    struct watch_poll *poll;
    struct net_timer *rest; /* runs while a server that sends too much is not read */
    wslay_event_context_ptr events;
    char accept[32]; /* what the server must answer */
    struct buf out;  /* the handshake; there may be a key in it */
    size_t out_done;
    struct buf early; /* what came right behind the reply's head */
    size_t early_done;
    struct buf message;
    uint8_t frame;          /* opcode of the one that is coming */
    uint64_t turn_began_ms; /* of the loop's clock */
    size_t turn_size, turn_frames;
    bool is_open, is_lost, is_too_large;
    CURLcode result; /* of the last read or write, when it is lost */
};

/* ---- bytes ---- */

static void note_lost(struct net_transfer *transfer, CURLcode rc)
{
    transfer->watch->is_lost = true;
    transfer->watch->result = rc;
}

/* < 0: not now, or never more (is_lost). */
static ssize_t receive(struct net_transfer *transfer, char *into, size_t room)
{
    struct watch_socket *watch = transfer->watch;
    size_t got = 0;
    CURLcode rc;

    if (watch->turn_size >= TURN_SIZE_MAX || watch->turn_frames >= TURN_FRAMES_MAX)
        return -1;
    rc = curl_easy_recv(transfer->easy, into, room, &got);
    if (rc == CURLE_AGAIN)
        return -1;
    if (rc != CURLE_OK || got == 0) {
        note_lost(transfer, rc);
        return -1;
    }
    watch->turn_size += got;
    transfer_set_phase(transfer, PHASE_RECEIVE);
    atomic_fetch_add_explicit(&transfer->net->received, got, memory_order_relaxed);
    return (ssize_t)got;
}

static ssize_t transmit(struct net_transfer *transfer, const char *data, size_t size)
{
    size_t sent = 0;
    CURLcode rc = curl_easy_send(transfer->easy, data, size, &sent);

    if (rc == CURLE_AGAIN)
        return -1;
    if (rc != CURLE_OK) {
        note_lost(transfer, rc);
        return -1;
    }
    transfer->sent_bytes += (int64_t)sent;
    atomic_fetch_add_explicit(&transfer->net->sent, sent, memory_order_relaxed);
    return (ssize_t)sent;
}

/* ---- frames ---- */

static ssize_t on_want_bytes(wslay_event_context_ptr events, uint8_t *into, size_t room, int flags,
                             void *context)
{
    struct net_transfer *transfer = context;
    struct watch_socket *watch = transfer->watch;
    struct str early = str_slice(buf_str(&watch->early), watch->early_done, room);
    ssize_t got;

    (void)flags;
    if (early.size > 0) {
        memcpy(into, early.data, early.size);
        watch->early_done += early.size;
        return (ssize_t)early.size;
    }
    got = transfer->cancelled ? -1 : receive(transfer, (char *)into, room);
    if (got < 0)
        wslay_event_set_error(events,
                              watch->is_lost ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return got;
}

static ssize_t on_have_bytes(wslay_event_context_ptr events, const uint8_t *data, size_t size,
                             int flags, void *context)
{
    struct net_transfer *transfer = context;
    ssize_t sent = transmit(transfer, (const char *)data, size);

    (void)flags;
    if (sent < 0)
        wslay_event_set_error(events, transfer->watch->is_lost ? WSLAY_ERR_CALLBACK_FAILURE
                                                               : WSLAY_ERR_WOULDBLOCK);
    return sent;
}

static int on_want_mask(wslay_event_context_ptr events, uint8_t *into, size_t size, void *context)
{
    (void)events;
    (void)context;
    random_fill(&random_system, into, size);
    return 0;
}

static void on_frame(wslay_event_context_ptr events,
                     const struct wslay_event_on_frame_recv_start_arg *frame, void *context)
{
    struct net_transfer *transfer = context;

    (void)events;
    transfer->watch->frame = frame->opcode;
    transfer->watch->turn_frames++;
}

/* Collected here, and not by the library: it keeps each piece in a memory of its own, so that a
 * server which sends single bytes could make it take forty times the limit. */
static void on_piece(wslay_event_context_ptr events,
                     const struct wslay_event_on_frame_recv_chunk_arg *piece, void *context)
{
    struct net_transfer *transfer = context;
    struct watch_socket *watch = transfer->watch;

    if (wslay_is_ctrl_frame(watch->frame) || watch->is_too_large)
        return;
    if (watch->message.size + piece->data_length > (size_t)transfer->reply_size_max) {
        watch->is_too_large = true;
        wslay_event_shutdown_read(events);
        return;
    }
    buf_add(&watch->message, (struct str){(const char *)piece->data, piece->data_length});
}

static void on_whole(wslay_event_context_ptr events,
                     const struct wslay_event_on_msg_recv_arg *whole, void *context)
{
    struct net_transfer *transfer = context;
    struct watch_socket *watch = transfer->watch;

    (void)events;
    if (wslay_is_ctrl_frame(whole->opcode) || watch->is_too_large || transfer->cancelled)
        return;
    transfer->on_message(transfer->context, whole->opcode == WSLAY_TEXT_FRAME,
                         buf_str(&watch->message));
    buf_clear(&watch->message);
}

/* ---- the handshake (RFC 6455 4.1) ---- */

static void make_key(struct watch_socket *watch, struct buf *key)
{
    CLEANUP(buf_finish) struct buf text = {0}, accept = {0};
    uint8_t bytes[KEY_SIZE], hash[SHA1_SIZE];

    random_fill(&random_system, bytes, sizeof(bytes));
    base64_add(key, (struct str){(const char *)bytes, sizeof(bytes)});
    buf_printf(&text, "%.*s" KEY_GUID, STR_ARGS(buf_str(key)));
    sha1_of(buf_str(&text), hash);
    base64_add(&accept, (struct str){(const char *)hash, sizeof(hash)});
    memcpy(watch->accept, accept.data, accept.size);
}

static bool make_request(struct net_transfer *transfer)
{
    CLEANUP(buf_finish) struct buf key = {0};
    struct watch_socket *watch = transfer->watch;
    const struct url *url = &transfer->url;
    char *path = NULL, *query = NULL;
    bool ok = curl_url_get(url->parsed, CURLUPART_PATH, &path, 0) == CURLUE_OK;

    if (curl_url_get(url->parsed, CURLUPART_QUERY, &query, 0) != CURLUE_OK)
        query = NULL;
    make_key(watch, &key);
    if (ok) {
        bool is_v6 = strchr(url->host, ':') != NULL;

        buf_printf(&watch->out,
                   "GET %s%s%s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Key: %.*s\r\n"
                   "Sec-WebSocket-Version: 13\r\nUser-Agent: vitrine/" VITRINE_VERSION "\r\n",
                   path, query != NULL ? "?" : "", query != NULL ? query : "", is_v6 ? "[" : "",
                   url->host, is_v6 ? "]" : "", (unsigned)url->port, STR_ARGS(buf_str(&key)));
        for (const struct curl_slist *at = transfer->headers; at != NULL; at = at->next)
            if (strcmp(at->data, "Expect:") != 0) /* curl's own sign for none */
                buf_printf(&watch->out, "%s\r\n", at->data);
        buf_add(&watch->out, STR("\r\n"));
    }
    curl_free(path);
    curl_free(query);
    return ok;
}

static bool send_request(struct net_transfer *transfer)
{
    struct watch_socket *watch = transfer->watch;

    while (watch->out_done < watch->out.size) {
        ssize_t sent = transmit(transfer, watch->out.data + watch->out_done,
                                watch->out.size - watch->out_done);

        if (sent < 0)
            return !watch->is_lost;
        watch->out_done += (size_t)sent;
        transfer_set_phase(transfer, watch->out_done < watch->out.size ? PHASE_SEND : PHASE_WAIT);
    }
    return true;
}

static struct str header_of(const struct net_transfer *transfer, const char *name)
{
    for (size_t i = 0; i < transfer->reply_header_count; i++)
        if (str_equal(transfer->reply_headers[i].name, str_of(name)))
            return transfer->reply_headers[i].value;
    return STR_EMPTY;
}

/* One of the words of a list with commas. */
static bool has_word(struct str list, const char *word)
{
    while (list.size > 0)
        if (str_equal_nocase(str_trim(str_cut(&list, ',')), str_of(word)))
            return true;
    return false;
}

/* Nothing was offered, so an extension or a protocol is an answer to somebody else. */
static bool is_upgrade(const struct net_transfer *transfer)
{
    return transfer->status == 101 &&
           str_equal_nocase(header_of(transfer, "upgrade"), STR("websocket")) &&
           has_word(header_of(transfer, "connection"), "upgrade") &&
           str_equal(header_of(transfer, "sec-websocket-accept"),
                     str_of(transfer->watch->accept)) &&
           header_of(transfer, "sec-websocket-extensions").size == 0 &&
           header_of(transfer, "sec-websocket-protocol").size == 0;
}

/* Reads the reply's head; false when it ends here, err set. */
static bool read_reply(struct net_transfer *transfer)
{
    struct watch_socket *watch = transfer->watch;
    char piece[4096];
    int64_t end = -1;
    ssize_t got;

    while (end < 0 && (got = receive(transfer, piece, sizeof(piece))) > 0) {
        buf_add(&transfer->head, (struct str){piece, (size_t)got});
        end = str_find(buf_str(&transfer->head), STR("\r\n\r\n"));
        if (end < 0 && transfer->head.size > NET_HEAD_SIZE_MAX) {
            transfer->head_too_large = true;
            return error_field(&transfer->err, ERROR_TOO_LARGE, "", (int64_t)NET_HEAD_SIZE_MAX,
                               "the reply of %s is larger than allowed", transfer->url.host);
        }
    }
    if (end < 0)
        return true;
    buf_add(&watch->early,
            str_slice(buf_str(&transfer->head), (size_t)end + 4, transfer->head.size));
    transfer->head.size = (size_t)end + 4;
    request_take_head(transfer);
    if (!is_upgrade(transfer))
        return error_set(&transfer->err, ERROR_UNREACHABLE, "%s opens no WebSocket (status %d)",
                         transfer->url.host, transfer->status);
    watch->is_open = true;
    return true;
}

/* ---- the connection ---- */

static void end(struct net_transfer *transfer, enum net_outcome outcome)
{
    transfer_finish(transfer, outcome);
}

static void on_ready(uv_poll_t *uv, int status, int events);

static void begin_turn(struct net_transfer *transfer)
{
    struct watch_socket *watch = transfer->watch;

    watch->turn_began_ms = uv_now(net_loop_uv(transfer->net->loop));
    watch->turn_size = watch->turn_frames = 0;
}

static void listen_on(struct net_transfer *transfer)
{
    struct watch_socket *watch = transfer->watch;
    bool is_full = watch->turn_size >= TURN_SIZE_MAX || watch->turn_frames >= TURN_FRAMES_MAX;
    bool writes = watch->out_done < watch->out.size ||
                  (watch->is_open && wslay_event_want_write(watch->events) != 0);
    /* Each has its turn in as many of them as there are sockets. */
    const uint64_t now_ms = uv_now(net_loop_uv(transfer->net->loop));
    const uint64_t turn_ends_ms = watch->turn_began_ms + TURN_MS * transfer->net->watches;

    if (is_full) {
        uv_poll_stop(&watch->poll->uv);
        net_timer_set(watch->rest, now_ms < turn_ends_ms ? (int64_t)(turn_ends_ms - now_ms) : 0);
        return;
    }
    if (now_ms >= turn_ends_ms)
        begin_turn(transfer);
    uv_poll_start(&watch->poll->uv, UV_READABLE | (writes ? UV_WRITABLE : 0), on_ready);
}

/* What can be done now; the transfer may be gone when it returns. */
static void go_on(struct net_transfer *transfer)
{
    struct watch_socket *watch = transfer->watch;
    bool is_closed = false;

    if (!send_request(transfer) || (!watch->is_open && !read_reply(transfer)))
        is_closed = true;
    if (!is_closed && watch->is_open) {
        (void)wslay_event_recv(watch->events); /* what it finds wrong it answers with a close */
        (void)wslay_event_send(watch->events);
        is_closed = (wslay_event_want_read(watch->events) == 0 &&
                     wslay_event_want_write(watch->events) == 0) ||
                    wslay_event_get_queued_msg_count(watch->events) > ANSWERS_MAX;
    }
    if (transfer->cancelled)
        return; /* its turn comes */
    if (watch->is_too_large || transfer->head_too_large) {
        if (!transfer->head_too_large)
            error_field(&transfer->err, ERROR_TOO_LARGE, "", transfer->reply_size_max,
                        "a message of %s is larger than allowed", transfer->url.host);
        end(transfer, NET_TOO_LARGE);
    } else if (is_closed || watch->is_lost) {
        if (transfer->err.code == ERROR_NONE) {
            error_set(&transfer->err, ERROR_UNREACHABLE, "%s has closed the connection",
                      transfer->url.host);
            error_detail(&transfer->err, "curl %d: %s", (int)watch->result,
                         curl_easy_strerror(watch->result));
        }
        end(transfer, transfer->sent_bytes == 0 ? NET_NOT_SENT : NET_LOST);
    } else {
        listen_on(transfer);
    }
}

static void on_ready(uv_poll_t *uv, int status, int events)
{
    const struct watch_poll *poll = uv->data;

    (void)status; /* the next read says what it is */
    (void)events;
    go_on(poll->transfer);
}

/* What TLS holds already no poll tells of: it is read at once. */
static void on_rested(void *context)
{
    begin_turn(context);
    go_on(context);
}

static void free_poll(uv_handle_t *uv) { free(uv->data); }

static bool open_poll(struct net_transfer *transfer)
{
    struct watch_poll *poll;
    curl_socket_t socket;

    if (curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
        socket == CURL_SOCKET_BAD)
        return false;
    poll = net_alloc(sizeof(*poll));
    poll->transfer = transfer;
    poll->uv.data = poll;
    if (uv_poll_init_socket(net_loop_uv(transfer->net->loop), &poll->uv, socket) != 0) {
        free(poll);
        return false;
    }
    transfer->watch->poll = poll;
    return true;
}

void watch_open(struct net_transfer *transfer)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_want_bytes,
        .send_callback = on_have_bytes,
        .genmask_callback = on_want_mask,
        .on_frame_recv_start_callback = on_frame,
        .on_frame_recv_chunk_callback = on_piece,
        .on_msg_recv_callback = on_whole,
    };
    struct watch_socket *watch = net_alloc(sizeof(*watch));

    transfer->watch = watch;
    transfer->net->watches++;
    begin_turn(transfer);
    watch->rest = net_timer_create(transfer->net->loop, on_rested, transfer);
    if (!open_poll(transfer) || !make_request(transfer) ||
        wslay_event_context_client_init(&watch->events, &callbacks, transfer) != 0) {
        error_set(&transfer->err, ERROR_INTERNAL, "the WebSocket cannot be opened");
        end(transfer, NET_NOT_SENT);
        return;
    }
    wslay_event_config_set_no_buffering(watch->events, 1);
    transfer_set_phase(transfer, PHASE_SEND);
    go_on(transfer);
}

void watch_close(struct net_transfer *transfer)
{
    struct watch_socket *watch = transfer->watch;

    if (watch == NULL)
        return;
    transfer->watch = NULL;
    transfer->net->watches--;
    if (watch->poll != NULL) {
        uv_poll_stop(&watch->poll->uv);
        uv_close((uv_handle_t *)&watch->poll->uv, free_poll);
    }
    net_timer_destroy(watch->rest);
    if (watch->events != NULL)
        wslay_event_context_free(watch->events);
    if (watch->out.size > 0)
        explicit_bzero(watch->out.data, watch->out.size);
    buf_finish(&watch->out);
    buf_finish(&watch->early);
    buf_finish(&watch->message);
    free(watch);
}
