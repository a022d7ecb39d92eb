#include "net/net_private.h"

#include "core/fault.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Receiving; curl's least for sending is 16 KiB too, and neither is touched while a call waits. */
#define BUFFER_SIZE 16384L

/* Framing and the host are ours: two parties that could disagree on them are one too many. */
static const struct str reserved_headers[] = {
    {"host",              4 },
    {"content-length",    14},
    {"transfer-encoding", 17},
    {"connection",        10},
    {"expect",            6 },
};

/* What may go to another origin than it was meant for: nothing that could be a key. */
static const struct str harmless_headers[] = {
    {"accept",          6 },
    {"accept-encoding", 15},
    {"accept-language", 15},
    {"content-type",    12},
    {"range",           5 },
    {"user-agent",      10},
};

static bool is_in(struct str name, const struct str *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_nocase(name, names[i]))
            return true;
    return false;
}

/* RFC 9110 5.6.2: a token. */
static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
            return false;
    }
    return text.size > 0;
}

static bool is_field_value(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool request_check(const struct net_request *request, struct error *err)
{
    if (!is_token(request->method) || request->method.size > 16)
        return error_field(err, ERROR_INVALID, "method", 16, "the method is not a token");
    if (str_equal(request->method, STR("HEAD")) && request->body_count > 0)
        return error_field(err, ERROR_INVALID, "method", 0, "HEAD has no body");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct net_header *header = &request->headers[i];

        if (!is_token(header->name) || !is_field_value(header->value) ||
            header->name.size + header->value.size > KIB(16))
            return error_field(err, ERROR_INVALID, "headers", (int64_t)KIB(16),
                               "a header cannot be sent");
        if (is_in(header->name, reserved_headers, COUNT(reserved_headers)))
            return error_field(err, ERROR_INVALID, "headers", 0, "the header %.*s is not to be set",
                               STR_ARGS(header->name));
    }
    return true;
}

static void add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer == NULL)
        abort();
    *list = longer;
}

struct curl_slist *request_headers(const struct net_request *request)
{
    CLEANUP(buf_finish) struct buf line = {0};
    struct curl_slist *list = NULL;

    for (size_t i = 0; i < request->header_count; i++) {
        struct str value = str_trim(request->headers[i].value);

        buf_clear(&line);
        buf_add(&line, request->headers[i].name);
        /* curl takes "Name:" for "do not send it", and "Name;" for "send it empty". */
        buf_add(&line, value.size == 0 ? STR(";") : STR(": "));
        buf_add(&line, value);
        buf_add_char(&line, '\0');
        add_line(&list, line.data);
        explicit_bzero(line.data, line.size);
    }
    return list;
}

static struct str header_name(const char *line) { return (struct str){line, strcspn(line, ":;")}; }

void request_filter_headers(struct curl_slist **headers, bool new_origin, bool no_body)
{
    struct curl_slist *kept = NULL;

    for (const struct curl_slist *at = *headers; at != NULL; at = at->next) {
        struct str name = header_name(at->data);

        if ((!new_origin || is_in(name, harmless_headers, COUNT(harmless_headers))) &&
            (!no_body || !str_equal_nocase(str_slice(name, 0, 8), STR("content-"))))
            add_line(&kept, at->data);
    }
    request_free_headers(*headers);
    *headers = kept;
}

void request_free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *at = headers; at != NULL; at = at->next)
        explicit_bzero(at->data, strlen(at->data));
    curl_slist_free_all(headers);
}

bool request_allows(const struct net_transfer *transfer, const struct guard_address *address)
{
    const struct net *net = transfer->net;

    if (transfer->reach == NET_PUBLIC && net->allow_private && guard_is_loopback(address))
        return true;
    return guard_allows(transfer->reach, address) &&
           (transfer->reach == NET_OWNER || net->allow_private || !guard_is_ours(address));
}

/* The peer of a connection: where a proxy is set it is the proxy, which the owner has chosen. */
static bool allows_peer(const struct net_transfer *transfer, const struct guard_address *address)
{
    return transfer->net->proxy != NULL ? guard_allows(NET_OWNER, address)
                                        : request_allows(transfer, address);
}

static bool is_checked(const struct net_transfer *transfer, const struct guard_address *address)
{
    if (transfer->addresses == NULL)
        return transfer->net->proxy != NULL;
    for (size_t i = 0; i < transfer->addresses->count; i++)
        if (guard_equal(&transfer->addresses->list[i], address))
            return true;
    return false;
}

/* The last word on whom curl connects to: one of the addresses we have checked. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct net_transfer *transfer = context;
    struct guard_address address;

    if (purpose != CURLSOCKTYPE_IPCXN || !guard_of_sockaddr(&to->addr, &address) ||
        !is_checked(transfer, &address) || !allows_peer(transfer, &address)) {
        transfer->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* The connection stands, new or kept, and nothing of the request has left: ask its peer's name. */
static int before_request(void *context, char *peer, char *own, int peer_port, int own_port)
{
    struct net_transfer *transfer = context;
    struct guard_address address;

    (void)own;
    (void)peer_port;
    (void)own_port;
    /* A connection that was reset meanwhile has no peer any more: lost, not refused. */
    if (transfer->cancelled || str_of(peer).size == 0)
        return CURL_PREREQFUNC_ABORT;
    if (!guard_of_text(str_of(peer), &address) || !allows_peer(transfer, &address)) {
        transfer->refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->head_match = 0;
    transfer->body_sent = 0;
    transfer_set_phase(transfer, PHASE_SEND);
    return CURL_PREREQFUNC_OK;
}

static void count_sent(struct net_transfer *transfer, const char *data, size_t size)
{
    static const char end[] = "\r\n\r\n";
    size_t i = 0;

    for (; i < size && transfer->head_match < 4; i++) {
        if (data[i] == end[transfer->head_match])
            transfer->head_match++;
        else
            transfer->head_match = data[i] == '\r';
    }
    transfer->body_sent += (int64_t)(size - i);
    transfer->sent_bytes += (int64_t)size;
    atomic_fetch_add_explicit(&transfer->net->sent, size, memory_order_relaxed);
    transfer->phase_at_ms = net_now_ms();
    if (transfer->head_match < 4 || transfer->body_sent < transfer->body_size)
        return;
    if (transfer->phase == PHASE_SEND)
        transfer_set_phase(transfer, PHASE_WAIT);
    if (!transfer->sent_told && transfer->handlers.on_sent != NULL && !transfer->cancelled)
        transfer->handlers.on_sent(transfer->context);
    transfer->sent_told = true;
}

/* The only place where curl tells exactly what the kernel (or TLS, whole records) has taken. */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
    struct net_transfer *transfer = context;

    (void)easy;
    /* What goes before PHASE_SEND is a proxy's CONNECT. */
    if ((type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT) && size > 0 &&
        transfer->phase != PHASE_CONNECT)
        count_sent(transfer, data, size);
    return 0;
}

static size_t read_body(char *into, size_t unit, size_t count, void *context)
{
    struct net_transfer *transfer = context;
    size_t room = unit * count, done = 0;

    if (transfer->cancelled ||
        (transfer->body_sent > 0 && transfer->body_index < transfer->body_count &&
         FAULT_FAILS(CALL_SENT_PARTIAL)))
        return CURL_READFUNC_ABORT;
    while (done < room && transfer->body_index < transfer->body_count) {
        struct str segment = transfer->body[transfer->body_index];
        struct str piece = str_slice(segment, transfer->body_offset, room - done);

        if (piece.size > 0)
            memcpy(into + done, piece.data, piece.size);
        done += piece.size;
        transfer->body_offset += piece.size;
        if (transfer->body_offset == segment.size) {
            transfer->body_index++;
            transfer->body_offset = 0;
        }
    }
    return done;
}

static void forget_head(struct net_transfer *transfer)
{
    buf_clear(&transfer->head);
    transfer->head_lines = 0;
    transfer->status = 0;
}

/* "HTTP/1.1 200 OK" */
static int status_of(struct str line)
{
    int64_t space = str_find_char(line, ' ');
    int64_t status;

    if (space < 0 || !str_to_int64(str_slice(line, (size_t)space + 1, 3), &status))
        return 0;
    return (int)status;
}

/* The views are made when the text moves no more. */
static void read_head(struct net_transfer *transfer)
{
    struct str rest = buf_str(&transfer->head);
    size_t count = 0;

    free(transfer->reply_headers);
    transfer->reply_headers = net_alloc(sizeof(struct net_header) * (transfer->head_lines + 1));
    while (rest.size > 0) {
        struct str value = str_cut(&rest, '\n');
        struct str name;

        if (str_find_char(value, ':') < 1)
            continue; /* the status line, or an obsolete fold */
        name = str_cut(&value, ':');
        if (!is_token(name))
            continue;
        for (size_t i = 0; i < name.size; i++) {
            char *c = transfer->head.data + (name.data - transfer->head.data) + i;

            if (*c >= 'A' && *c <= 'Z')
                *c = (char)(*c + 32);
        }
        transfer->reply_headers[count++] = (struct net_header){name, str_trim(value)};
    }
    transfer->reply_header_count = count;
    transfer->head_whole = true;
}

void request_take_head(struct net_transfer *transfer)
{
    struct str rest = buf_str(&transfer->head);

    transfer->status = status_of(rest);
    transfer->head_lines = 0;
    for (; rest.size > 0; transfer->head_lines++)
        (void)str_cut(&rest, '\n');
    read_head(transfer);
}

static size_t on_header(char *data, size_t unit, size_t count, void *context)
{
    struct net_transfer *transfer = context;
    struct str line = {data, unit * count};

    if (transfer->cancelled)
        return 0;
    transfer_set_phase(transfer, PHASE_RECEIVE);
    if (transfer->head_whole)
        return line.size; /* a trailer */
    if (transfer->head.size + line.size > NET_HEAD_SIZE_MAX ||
        transfer->head_lines == NET_HEAD_LINES_MAX) {
        transfer->head_too_large = true;
        return 0;
    }
    if (transfer->head_lines == 0)
        transfer->status = status_of(line);
    buf_add(&transfer->head, line);
    transfer->head_lines++;
    if (str_trim(line).size == 0) {
        /* What a call is is not known here; but calls alone have bodies. */
        FAULT_IF(transfer->status >= 200 && transfer->body_size > 0, CALL_HEAD_RECEIVED);
        if (transfer->status >= 200)
            read_head(transfer);
        else
            forget_head(transfer); /* of a 1xx: the reply's own follows */
    }
    return line.size;
}

static size_t on_piece(char *data, size_t unit, size_t count, void *context)
{
    struct net_transfer *transfer = context;
    struct str piece = {data, unit * count};

    if (transfer->cancelled)
        return 0;
    if (transfer->received > 0 && transfer->body_size == 0 && FAULT_FAILS(DOWNLOAD_MID))
        return 0;
    transfer_set_phase(transfer, PHASE_RECEIVE);
    transfer->received += (int64_t)piece.size;
    atomic_fetch_add_explicit(&transfer->net->received, piece.size, memory_order_relaxed);
    if (transfer->received > transfer->reply_size_max) {
        transfer->too_large = true;
        return 0;
    }
    if (transfer->handlers.on_body == NULL || transfer->status / 100 != 2) {
        buf_add(&transfer->reply_body, piece);
    } else if (!transfer->handlers.on_body(transfer->context, piece)) {
        transfer->too_large = true;
        return 0;
    }
    return piece.size;
}

/* "+": not for ever.  The addresses, all checked, stand for the name in curl's own cache. */
static void pin_addresses(struct net_transfer *transfer)
{
    CLEANUP(buf_finish) struct buf line = {0};

    if (transfer->url.literal || transfer->addresses == NULL)
        return;
    buf_printf(&line, "+%s:%u:", transfer->url.host, (unsigned)transfer->url.port);
    for (size_t i = 0; i < transfer->addresses->count; i++) {
        char text[GUARD_TEXT_SIZE];

        guard_format(&transfer->addresses->list[i], text);
        buf_printf(&line, "%s%s", i == 0 ? "" : ",", text);
    }
    buf_add_char(&line, '\0');
    add_line(&transfer->pin, line.data);
}

/* Every option is checked: a guard that is not set is no guard. */
#define SET(option, value) (ok = ok && curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

static bool set_guards(struct net_transfer *transfer)
{
    const struct net *net = transfer->net;
    CURL *easy = transfer->easy;
    bool secure = transfer->url.secure;
    bool ok = true;

    SET(CURLOPT_CURLU, transfer->url.parsed);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, net->proxy == NULL ? "" : net->proxy); /* "": not the environment's */
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_HTTPPROXYTUNNEL, net->proxy == NULL ? 0L : 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_RESOLVE, transfer->pin);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, before_request);
    SET(CURLOPT_PREREQDATA, transfer);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* CAPATH would keep curl from sharing one store of certificates among the connections: 895 KiB
     * and most of a handshake's time, each. */
    SET(CURLOPT_CAINFO, secure ? net->ca_file : NULL);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_PROXY_CAINFO, net->proxy == NULL ? NULL : net->ca_file);
    SET(CURLOPT_PROXY_CAPATH, NULL);
    return ok;
}

/*
 * curl sends a request again, silently, when a kept connection died under it, or when an HTTP/2
 * peer refused the stream (Curl_retry_request()).  Neither can happen here to what is not a plain
 * GET or HEAD, or may be repeated: it goes over a new connection, and all goes over HTTP/1.1.  What
 * NET_PUBLIC opens is used once: a connection that was allowed to the owner is never a stranger's.
 */
static bool set_connection(struct net_transfer *transfer)
{
    CURL *easy = transfer->easy;
    bool is_plain = transfer->body_size == 0 &&
                    (strcmp(transfer->method, "GET") == 0 || strcmp(transfer->method, "HEAD") == 0);
    bool is_watch = transfer_is_watch(transfer);
    bool again = (is_plain || transfer->is_repeatable) && !is_watch;
    bool ok = true;

    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FRESH_CONNECT, again && transfer->reach == NET_OWNER ? 0L : 1L);
    /* A WebSocket's connection is nobody else's anyway, and curl would close it before it is one.
     */
    SET(CURLOPT_FORBID_REUSE, transfer->reach == NET_PUBLIC && !is_watch ? 1L : 0L);
    SET(CURLOPT_CONNECT_ONLY, is_watch ? 1L : 0L); /* the handshake is ours (watch.c) */
    SET(CURLOPT_MAXAGE_CONN, RESOLVE_CACHE_MS / 1000L);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, RESOLVE_CACHE_MS / 1000L);
    /* The limits are ours (transfer.c); this one also divides the time among the addresses. */
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)transfer->connect_ms);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L); /* a call may be silent for ten minutes */
    SET(CURLOPT_TCP_KEEPIDLE, 60L);
    SET(CURLOPT_TCP_KEEPINTVL, 30L);
    SET(CURLOPT_BUFFERSIZE, BUFFER_SIZE);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_SIZE);
    return ok;
}

static bool set_message(struct net_transfer *transfer)
{
    static const char *const with_body[] = {"POST", "PUT", "PATCH"};
    CURL *easy = transfer->easy;
    bool upload = transfer->body_size > 0;
    bool ok = true;

    for (size_t i = 0; i < COUNT(with_body); i++)
        upload = upload || strcmp(transfer->method, with_body[i]) == 0;
    if (upload) {
        /* No seek function: what has left once cannot be sent again. */
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_READFUNCTION, read_body);
        SET(CURLOPT_READDATA, transfer);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->body_size);
        SET(CURLOPT_CUSTOMREQUEST, transfer->method);
    } else if (strcmp(transfer->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (strcmp(transfer->method, "GET") != 0) {
        SET(CURLOPT_CUSTOMREQUEST, transfer->method);
    }
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    SET(CURLOPT_USERAGENT, "vitrine/" VITRINE_VERSION);
    /* Undone where a server compresses unasked, so that the limit counts what it becomes. */
    SET(CURLOPT_ACCEPT_ENCODING, "identity");
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, on_piece);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_DEBUGFUNCTION, on_debug);
    SET(CURLOPT_DEBUGDATA, transfer);
    SET(CURLOPT_VERBOSE, 1L); /* else curl does not call on_debug() */
    SET(CURLOPT_ERRORBUFFER, transfer->curl_says);
    SET(CURLOPT_PRIVATE, transfer);
    return ok;
}

bool request_open(struct net_transfer *transfer, struct error *err)
{
    struct curl_slist *at;
    bool expects = false;

    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        return error_set(err, ERROR_INTERNAL, "the HTTP library has no memory");
    for (at = transfer->headers; at != NULL; at = at->next)
        expects = expects || strcmp(at->data, "Expect:") == 0;
    if (!expects)
        add_line(&transfer->headers, "Expect:"); /* curl's: none; the wait for it buys us nothing */
    pin_addresses(transfer);
    if (!set_guards(transfer) || !set_connection(transfer) || !set_message(transfer))
        return error_set(err, ERROR_INTERNAL, "the HTTP library takes an option not");
    return true;
}

void request_close(struct net_transfer *transfer)
{
    watch_close(transfer);
    if (transfer->easy != NULL) {
        curl_multi_remove_handle(transfer->net->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
    curl_slist_free_all(transfer->pin);
    transfer->pin = NULL;
    lookup_cancel(transfer->lookup);
    transfer->lookup = NULL;
    free(transfer->addresses);
    transfer->addresses = NULL;
}
