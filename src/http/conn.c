/*
 * conn.c: connections and their absolute deadlines.  The library's time-outs are of inactivity
 * only, so a byte now and then would hold a connection for ever; a tick looks at each one's phase
 * and at what the kernel counted, and shuts down those that are too slow.
 */
#include "http/http_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- counts by address ---- */

#define IP_BUCKETS 1024

struct ip_count {
    struct ip_count *next;
    struct ip_key key;
    size_t count;
};

struct ip_counts {
    pthread_mutex_t lock;
    struct ip_count
        *buckets[IP_BUCKETS]; /* guarded by lock; one entry per open connection at most */
};

struct ip_counts *ip_counts_create(void)
{
    struct ip_counts *counts = calloc(1, sizeof(*counts));

    if (counts == NULL)
        abort();
    pthread_mutex_init(&counts->lock, NULL);
    return counts;
}

void ip_counts_destroy(struct ip_counts *counts)
{
    if (counts == NULL)
        return;
    for (size_t i = 0; i < IP_BUCKETS; i++)
        while (counts->buckets[i] != NULL) {
            struct ip_count *next = counts->buckets[i]->next;

            free(counts->buckets[i]);
            counts->buckets[i] = next;
        }
    pthread_mutex_destroy(&counts->lock);
    free(counts);
}

static struct ip_count **ip_find(struct ip_counts *counts, const struct ip_key *key)
{
    struct str bytes = {(const char *)key->bytes, sizeof(key->bytes)};
    struct ip_count **link = &counts->buckets[hash_u64(bytes, 0) % IP_BUCKETS];

    while (*link != NULL && memcmp(&(*link)->key, key, sizeof(*key)) != 0)
        link = &(*link)->next;
    return link;
}

size_t ip_counts_add(struct ip_counts *counts, const struct ip_key *key)
{
    struct ip_count **link;
    size_t count;

    pthread_mutex_lock(&counts->lock);
    link = ip_find(counts, key);
    if (*link == NULL) {
        *link = calloc(1, sizeof(**link));
        if (*link == NULL)
            abort();
        (*link)->key = *key;
    }
    count = ++(*link)->count;
    pthread_mutex_unlock(&counts->lock);
    return count;
}

void ip_counts_drop(struct ip_counts *counts, const struct ip_key *key)
{
    struct ip_count **link;

    pthread_mutex_lock(&counts->lock);
    link = ip_find(counts, key);
    assert(*link != NULL);
    if (--(*link)->count == 0) {
        struct ip_count *empty = *link;

        *link = empty->next;
        free(empty);
    }
    pthread_mutex_unlock(&counts->lock);
}

size_t ip_counts_get(struct ip_counts *counts, const struct ip_key *key)
{
    struct ip_count *found;
    size_t count;

    pthread_mutex_lock(&counts->lock);
    found = *ip_find(counts, key);
    count = found == NULL ? 0 : found->count;
    pthread_mutex_unlock(&counts->lock);
    return count;
}

/* ---- addresses ---- */

/* The text of an address as we compare it: an IPv4 one that came over IPv6 as plain IPv4. */
static void address_text(const struct sockaddr *address, char out[64], struct ip_key *key)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    uint8_t bytes[16] = {0};

    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        memcpy(bytes, mapped, sizeof(mapped));
        memcpy(bytes + 12, &in.sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        memcpy(bytes, &in6.sin6_addr, 16);
    }
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        (void)inet_ntop(AF_INET, bytes + 12, out, 64);
    } else {
        (void)inet_ntop(AF_INET6, bytes, out, 64);
        memset(bytes + 8, 0, 8); /* S25, S26: a household is a /64 */
    }
    if (key != NULL)
        memcpy(key->bytes, bytes, sizeof(bytes));
}

static size_t per_ip_max(const struct http_server *server, const char *text)
{
    return guard_host_is_loopback(str_of(text)) ? server->limits.per_ip_loopback_max
                                                : server->limits.per_ip_max;
}

/* Before the library takes the connection. */
enum MHD_Result conn_accept(void *cls, const struct sockaddr *address, socklen_t size)
{
    struct http_server *server = cls;
    struct ip_key key;
    char text[64];

    (void)size;
    address_text(address, text, &key);
    if (ip_counts_get(server->ip_counts, &key) < per_ip_max(server, text))
        return MHD_YES;
    metrics_refuse(server->metrics, REFUSED_PER_IP);
    return MHD_NO;
}

/* ---- life ---- */

void conn_phase_set(struct conn *conn, enum conn_phase phase)
{
    atomic_store_explicit(&conn->body_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&conn->since_ms, clock_mono_ms(&conn->server->clock),
                          memory_order_relaxed);
    atomic_fetch_add_explicit(&conn->generation, 1, memory_order_relaxed);
    /* Who sees the phase sees when it began, or when a later one did. */
    atomic_store_explicit(&conn->phase, (int)phase, memory_order_release);
}

static void conn_link(struct conn **list, struct conn *conn)
{
    conn->prev = NULL;
    conn->next = *list;
    if (*list != NULL)
        (*list)->prev = conn;
    *list = conn;
}

static void conn_unlink(struct conn **list, struct conn *conn)
{
    if (conn->prev == NULL)
        *list = conn->next;
    else
        conn->prev->next = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
}

static void conn_started(struct http_server *server, struct MHD_Connection *mhd, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct conn *conn = calloc(1, sizeof(*conn));
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    if (conn == NULL || info == NULL)
        abort();
    conn->server = server;
    conn->fd = info->connect_fd;
    conn->linger_fd = -1;
    if (getpeername(conn->fd, (struct sockaddr *)&address, &size) != 0)
        address.ss_family = AF_UNSPEC; /* already gone: it has no address to go wrong with */
    address_text((struct sockaddr *)&address, conn->peer, &conn->ip);
    memset(&address, 0, sizeof(address));
    size = sizeof(address);
    (void)getsockname(conn->fd, (struct sockaddr *)&address, &size);
    address_text((struct sockaddr *)&address, conn->local, NULL);
    conn_phase_set(conn, CONN_IDLE);
    /* Several I/O threads may have accepted at one moment; the count decides. */
    if (ip_counts_add(server->ip_counts, &conn->ip) > per_ip_max(server, conn->peer))
        (void)shutdown(conn->fd, SHUT_RDWR);
    pthread_mutex_lock(&server->conn_lock);
    conn_link(&server->conns, conn);
    server->conn_count++;
    pthread_mutex_unlock(&server->conn_lock);
    *context = conn;
}

static void conn_closed(struct http_server *server, struct conn *conn)
{
    ip_counts_drop(server->ip_counts, &conn->ip);
    pthread_mutex_lock(&server->conn_lock);
    /* The library closes its descriptor after this: nobody finds it here any more. */
    if (server->next_look == conn)
        server->next_look = conn->next;
    conn_unlink(&server->conns, conn);
    server->conn_count--;
    if (conn->linger_fd >= 0 && server->linger_count >= LINGERS_MAX) {
        close(conn->linger_fd); /* too many at once: these are told by a reset */
    } else if (conn->linger_fd >= 0) {
        server->linger_count++;
        (void)shutdown(conn->linger_fd, SHUT_WR);
        conn_phase_set(conn, CONN_WRITE);
        conn_link(&server->lingers, conn);
        conn = NULL;
    }
    pthread_mutex_unlock(&server->conn_lock);
    free(conn);
}

void conn_notify(void *cls, struct MHD_Connection *mhd, void **context,
                 enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = cls;

    switch (code) {
    case MHD_CONNECTION_NOTIFY_STARTED:
        conn_started(server, mhd, context);
        break;
    case MHD_CONNECTION_NOTIFY_CLOSED:
        if (*context != NULL)
            conn_closed(server, *context);
        *context = NULL;
        break;
    }
}

size_t http_connection_count(struct http_server *server)
{
    size_t count;

    pthread_mutex_lock(&server->conn_lock);
    count = server->conn_count;
    pthread_mutex_unlock(&server->conn_lock);
    return count;
}

/* ---- deadlines: stream thread, under conn_lock, so that a descriptor is the one it was ---- */

static struct tcp_info kernel_counts(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    (void)getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info;
}

uint64_t socket_acknowledged(int fd) { return kernel_counts(fd).tcpi_bytes_acked; }

static void conn_shut(struct conn *conn)
{
    (void)shutdown(conn->fd, SHUT_RDWR);
    conn->server->look_ends++;
}

static void conn_end(struct conn *conn, enum metrics_refusal refusal, bool is_told)
{
    static const char told[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                               "Content-Length: 0\r\n\r\n";

    metrics_refuse(conn->server->metrics, refusal);
    /* The library has written nothing for this request yet, so these bytes stand alone. */
    if (is_told)
        (void)send(conn->fd, told, sizeof(told) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    conn_shut(conn);
}

/* With little room left nobody is waited for: those who are quick get in.  Under conn_lock. */
static int64_t patience_ms(const struct http_server *server, int64_t usual_ms)
{
    const struct http_limits *limits = &server->limits;
    bool is_crowded = server->conn_count >= limits->connections_max - limits->connections_max / 4;

    return is_crowded && limits->crowded_ms < usual_ms ? limits->crowded_ms : usual_ms;
}

static void idle_check(struct conn *conn, int64_t since_ms, int64_t now_ms, bool is_first_look)
{
    const struct http_limits *limits = &conn->server->limits;
    const int64_t head_ms = patience_ms(conn->server, limits->head_ms);
    const int64_t idle_ms = patience_ms(conn->server, limits->idle_ms);
    uint64_t received = kernel_counts(conn->fd).tcpi_bytes_received;

    /* What came before this look belongs to earlier requests; a new connection had none. */
    if (is_first_look)
        conn->bytes_base =
            atomic_load_explicit(&conn->is_used, memory_order_relaxed) ? received : 0;
    if (received > conn->bytes_base && conn->head_since_ms < 0)
        conn->head_since_ms = is_first_look ? since_ms : now_ms;
    if (conn->head_since_ms >= 0 && now_ms - conn->head_since_ms >= head_ms)
        conn_end(conn, REFUSED_HEAD_SLOW, true);
    else if (conn->head_since_ms < 0 && now_ms - since_ms >= idle_ms)
        conn_shut(conn); /* nobody is wronged: clients open another */
}

/* What came and was not taken yet: then it is we who are slow. */
static bool is_unread(int fd)
{
    int size = 0;

    return ioctl(fd, SIOCINQ, &size) == 0 && size > 0;
}

/* The pace of each window: a megabyte at once buys no hour of silence. */
static void body_check(struct conn *conn, int64_t since_ms, int64_t now_ms, bool is_first_look)
{
    const struct http_limits *limits = &conn->server->limits;
    uint64_t bytes = atomic_load_explicit(&conn->body_bytes, memory_order_relaxed);
    int64_t passed_ms;

    if (is_first_look) {
        conn->window_ms = since_ms;
        conn->bytes_base = 0;
    }
    passed_ms = now_ms - conn->window_ms;
    if (passed_ms < limits->body_window_ms)
        return;
    if ((int64_t)(bytes - conn->bytes_base) < passed_ms * limits->body_rate_min / 1000 &&
        !is_unread(conn->fd)) {
        conn_end(conn, REFUSED_BODY_SLOW, true);
        return;
    }
    conn->window_ms = now_ms;
    conn->bytes_base = bytes;
}

static void write_check(struct conn *conn, int64_t now_ms, bool is_first_look)
{
    const struct http_limits *limits = &conn->server->limits;
    uint64_t acknowledged = socket_acknowledged(conn->fd);

    if (is_first_look) {
        conn->window_ms = now_ms;
        conn->bytes_base = acknowledged;
        return;
    }
    if (now_ms - conn->window_ms < limits->write_stall_ms)
        return;
    if (acknowledged - conn->bytes_base < (uint64_t)limits->write_progress_min) {
        conn_end(conn, REFUSED_WRITE_SLOW, false);
        return;
    }
    conn->window_ms = now_ms;
    conn->bytes_base = acknowledged;
}

static void conn_check(struct conn *conn, int64_t now_ms)
{
    enum conn_phase phase =
        (enum conn_phase)atomic_load_explicit(&conn->phase, memory_order_acquire);
    int64_t since_ms = atomic_load_explicit(&conn->since_ms, memory_order_relaxed);
    uint32_t generation = atomic_load_explicit(&conn->generation, memory_order_relaxed);
    bool is_first_look = generation != conn->tick_generation;

    if (is_first_look) {
        conn->tick_generation = generation;
        conn->head_since_ms = -1;
    }
    switch (phase) {
    case CONN_IDLE:
        idle_check(conn, since_ms, now_ms, is_first_look);
        break;
    case CONN_BODY:
        body_check(conn, since_ms, now_ms, is_first_look);
        break;
    case CONN_WORK:
        break;
    case CONN_WRITE:
        write_check(conn, now_ms, is_first_look);
        break;
    }
}

/* Reads away what a refused sender still sends; true when it is done or has had its time. */
static bool linger_is_over(struct conn *conn, int64_t now_ms)
{
    char bytes[16384];

    for (int i = 0; i < 16; i++) {
        ssize_t size = recv(conn->linger_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (size == 0)
            return true;
        if (size < 0)
            break;
    }
    return now_ms - atomic_load_explicit(&conn->since_ms, memory_order_relaxed) >=
           conn->server->limits.linger_ms;
}

void conn_lingers_end(struct http_server *server, bool is_all)
{
    int64_t now_ms = clock_mono_ms(&server->clock);
    struct conn *next;

    pthread_mutex_lock(&server->conn_lock);
    for (struct conn *conn = server->lingers; conn != NULL; conn = next) {
        next = conn->next;
        if (!is_all && !linger_is_over(conn, now_ms))
            continue;
        conn_unlink(&server->lingers, conn);
        server->linger_count--;
        close(conn->linger_fd);
        free(conn);
    }
    pthread_mutex_unlock(&server->conn_lock);
}

/* Some at a time: each that ends makes room for one that comes, and a thousand of both at once
 * would keep the I/O threads from everybody else. */
int64_t http_deadlines_check(struct http_server *server)
{
    const struct http_limits *limits = &server->limits;
    int64_t now_ms = clock_mono_ms(&server->clock);
    bool is_new_round;
    int64_t wait_ms;

    pthread_mutex_lock(&server->conn_lock);
    is_new_round = server->next_look == NULL;
    if (is_new_round) {
        server->next_look = server->conns;
        server->round_ms = now_ms;
    }
    server->look_ends = 0;
    for (size_t i = 0;
         server->next_look != NULL && i < limits->looks_max && server->look_ends < limits->ends_max;
         i++) {
        struct conn *conn = server->next_look;

        server->next_look = conn->next;
        conn_check(conn, now_ms);
    }
    wait_ms = server->next_look == NULL ? server->round_ms + limits->tick_ms - now_ms : 0;
    pthread_mutex_unlock(&server->conn_lock);
    if (is_new_round)
        conn_lingers_end(server, false);
    return wait_ms > limits->look_ms ? wait_ms : limits->look_ms;
}
