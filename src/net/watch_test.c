/* WebSockets against a server of a few lines: what it sends is written out byte by byte here. */
#include "net/test_server.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/test.h"

/* A socket that is listened to, from a test's thread. */
struct ear {
    struct world *world;
    struct net_request request;
    char url[256];
    struct net_transfer *transfer; /* loop thread only */
    bool cancels;                  /* at the first message */
    struct buf heard;              /* "t:hello;b:…;" */
    size_t messages;
    enum net_outcome outcome;
    int status;
    struct error err;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool has_ended; /* guarded by lock */
};

static void on_message(void *context, bool is_text, struct str message)
{
    struct ear *ear = context;

    if (ear->cancels)
        net_cancel(ear->transfer);
    if (message.size < 100)
        buf_printf(&ear->heard, "%c:%.*s;", is_text ? 't' : 'b', STR_ARGS(message));
    else
        buf_printf(&ear->heard, "%c#%zu;", is_text ? 't' : 'b', message.size);
    ear->messages++;
}

static void on_done(void *context, const struct net_reply *reply)
{
    struct ear *ear = context;

    ear->outcome = reply->outcome;
    ear->status = reply->status;
    ear->err = reply->err;
    pthread_mutex_lock(&ear->lock);
    ear->has_ended = true;
    pthread_cond_broadcast(&ear->changed);
    pthread_mutex_unlock(&ear->lock);
}

static void listen_here(void *context)
{
    static const struct net_watch_handlers handlers = {.on_message = on_message,
                                                       .on_done = on_done};
    struct ear *ear = context;

    ear->transfer = net_watch(ear->world->net, &ear->request, &handlers, ear);
}

static void ear_init(struct ear *ear, struct world *world, uint16_t port)
{
    *ear = (struct ear){.world = world};
    snprintf(ear->url, sizeof(ear->url), "http://127.0.0.1:%u/ws?clientId=a%%20b", (unsigned)port);
    ear->request = (struct net_request){.url = str_of(ear->url),
                                        .reach = NET_OWNER,
                                        .first_byte_ms = 5000,
                                        .idle_ms = 5000,
                                        .reply_size_max = 70000};
    pthread_mutex_init(&ear->lock, NULL);
    pthread_cond_init(&ear->changed, NULL);
}

static void ear_wait(struct ear *ear)
{
    pthread_mutex_lock(&ear->lock);
    while (!ear->has_ended)
        pthread_cond_wait(&ear->changed, &ear->lock);
    pthread_mutex_unlock(&ear->lock);
}

static void ear_finish(struct ear *ear)
{
    buf_finish(&ear->heard);
    pthread_cond_destroy(&ear->changed);
    pthread_mutex_destroy(&ear->lock);
}

/* ---- The server: one connection, a handshake that is right or wrong, then bytes ---- */

struct speaker {
    int listener;
    uint16_t port;
    pthread_t thread;
    const char *head; /* NULL: a right one; "%s" in it is the right accept */
    const char *bytes;
    size_t size;
    int64_t repeat;  /* so often; the socket's end ends it */
    bool is_slow;    /* a byte at a time */
    bool is_held;    /* until the client goes */
    struct buf seen; /* what came: read when the thread is joined */
};

static bool say(int socket, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(socket, data, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void say_head(const struct speaker *speaker, int socket, struct str key)
{
    CLEANUP(buf_finish) struct buf text = {0}, accept = {0}, head = {0};
    uint8_t hash[SHA1_SIZE];

    buf_printf(&text, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", STR_ARGS(key));
    sha1_of(buf_str(&text), hash);
    base64_add(&accept, (struct str){(const char *)hash, sizeof(hash)});
    buf_add_char(&accept, '\0');
    for (const char *at =
             speaker->head != NULL
                 ? speaker->head
                 : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n"
                   "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: %\r\n\r\n";
         *at != '\0'; at++)
        if (*at == '%')
            buf_add(&head, str_of(accept.data));
        else
            buf_add_char(&head, *at);
    (void)say(socket, head.data, head.size);
}

static void *speak(void *context)
{
    struct speaker *speaker = context;
    int client = accept(speaker->listener, NULL, NULL);
    char piece[1024];
    ssize_t got;
    int64_t at = -1;
    int one = 1;

    if (client < 0)
        return NULL;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    while (str_find(buf_str(&speaker->seen), STR("\r\n\r\n")) < 0 &&
           (got = recv(client, piece, sizeof(piece), 0)) > 0)
        buf_add(&speaker->seen, (struct str){piece, (size_t)got});
    at = str_find(buf_str(&speaker->seen), STR("Sec-WebSocket-Key: "));
    if (at >= 0) {
        say_head(speaker, client, str_slice(buf_str(&speaker->seen), (size_t)at + 19, 24));
        for (int64_t round = 0; round < (speaker->repeat > 0 ? speaker->repeat : 1); round++)
            for (size_t done = 0; done < speaker->size;) {
                size_t step = speaker->is_slow ? 1 : speaker->size;

                if (!say(client, speaker->bytes + done, step))
                    round = speaker->repeat;
                done += step;
            }
    }
    if (!speaker->is_held)
        shutdown(client, SHUT_WR);
    while ((got = recv(client, piece, sizeof(piece), 0)) > 0)
        buf_add(&speaker->seen, (struct str){piece, (size_t)got});
    close(client);
    return NULL;
}

static void speaker_start(struct speaker *speaker)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);

    speaker->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(speaker->listener, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(speaker->listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(speaker->listener, 4), 0);
    speaker->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&speaker->thread, NULL, speak, speaker), 0);
}

static void speaker_stop(struct speaker *speaker)
{
    shutdown(speaker->listener, SHUT_RDWR);
    pthread_join(speaker->thread, NULL);
    close(speaker->listener);
}

/* Listens to it until that ends. */
static void hear(struct speaker *speaker, struct ear *ear)
{
    struct world world = world_start((struct net_config){0}, NULL);

    speaker_start(speaker);
    ear_init(ear, &world, speaker->port);
    net_loop_post(world.loop, listen_here, ear);
    ear_wait(ear);
    speaker_stop(speaker);
    world_stop(&world);
}

#define BYTES(text) .bytes = (text), .size = sizeof(text) - 1
#define CLOSE "\x88\x02\x03\xe8" /* 1000 */

/* ---- Tests ---- */

static void test_messages_come_whole_however_they_are_cut(void **state)
{
    (void)state;
    for (int is_slow = 0; is_slow <= 1; is_slow++) {
        /* Text in one frame, text in three with a ping between, an empty one, binary. */
        struct speaker speaker = {BYTES("\x81\x05hello\x01\x02wo\x89\x03png\x00\x02rl\x80\x01"
                                        "d\x81\x00\x82\x03xyz" CLOSE),
                                  .is_slow = is_slow};
        struct ear ear;

        hear(&speaker, &ear);
        check_text(buf_str(&ear.heard), "t:hello;t:world;t:;b:xyz;", "in their order");
        assert_int_equal(ear.outcome, NET_LOST);
        assert_int_equal(ear.status, 101);
        assert_int_equal(ear.err.code, ERROR_UNREACHABLE);
        assert_true(str_starts_with(buf_str(&speaker.seen),
                                    STR("GET /ws?clientId=a%20b HTTP/1.1\r\nHost: 127.0.0.1:")));
        /* A close with its code; it is masked, so only its head shows. */
        assert_true(str_find(buf_str(&speaker.seen), STR("\x88\x82")) > 0);
        buf_finish(&speaker.seen);
        ear_finish(&ear);
    }
}

static void test_only_the_right_handshake_opens_it(void **state)
{
    /* clang-format off */
    static const struct {
        const char *head, *why;
        int status;
    } rows[] = {
        {"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x01x", "the accept of another key", 101},
        {"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "no accept", 101},
        {"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %\r\n\r\n", "no upgrade", 101},
        {"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %\r\n\r\n", "no connection", 101},
        {"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: %\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "an unasked extension", 101},
        {"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: %\r\n\r\n", "a page", 200},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "no such place", 404},
        {"HTTP/1.1 101", "half a head", 0},
        {"", "nothing", 0},
        {"\r\n\r\n", "no status", 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        struct speaker speaker = {.head = rows[row].head, BYTES("\x81\x05hello")};
        struct ear ear;

        hear(&speaker, &ear);
        check_text(buf_str(&ear.heard), "", rows[row].why);
        if (ear.outcome != NET_LOST || ear.status != rows[row].status)
            fail_msg("%s: %d, status %d", rows[row].why, (int)ear.outcome, ear.status);
        buf_finish(&speaker.seen);
        ear_finish(&ear);
    }
}

static void test_broken_frames_end_it(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *heard, *why;
    } rows[] = {
#define ROW(bytes, heard, why) {(bytes), sizeof(bytes) - 1, (heard), (why)}
        ROW("\x81\x01"
            "a"
            "\xc1\x01"
            "b",
            "t:a;", "a reserved bit"),
        ROW("\x81\x01"
            "a"
            "\x83\x01"
            "b",
            "t:a;", "an unknown opcode"),
        ROW("\x80\x01"
            "b",
            "", "a continuation of nothing"),
        ROW("\x01\x01"
            "a"
            "\x81\x01"
            "b",
            "", "a message within another"),
        ROW("\x09\x01"
            "a",
            "", "a ping in pieces"),
        ROW("\x89\x7e\x00\x7e", "", "a ping that is too long"),
        ROW("\x81\x02\xc3\x28", "", "text that is no UTF-8"),
        ROW("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "", "a length beyond all"),
        ROW("\x81\x05hel", "", "an end in the middle"),
        ROW("\x88\x01\x03", "", "half a code"),
    };

    (void)state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        struct speaker speaker = {.bytes = rows[row].bytes, .size = rows[row].size};
        struct ear ear;

        hear(&speaker, &ear);
        check_text(buf_str(&ear.heard), rows[row].heard, rows[row].why);
        assert_int_equal(ear.outcome, NET_LOST);
        buf_finish(&speaker.seen);
        ear_finish(&ear);
    }
}

static void test_a_message_beyond_the_limit_ends_it(void **state)
{
    static char bytes[4 + 65535 + 4 + 60000];
    struct speaker speaker = {.bytes = bytes, .size = sizeof(bytes)};
    struct speaker within = {.bytes = bytes, .size = 4 + 65535};
    struct ear ear;

    (void)state;
    memcpy(bytes, "\x02\x7e\xff\xff", 4); /* binary, more follows */
    memcpy(bytes + 4 + 65535, "\x80\x7e\xea\x60", 4);
    hear(&speaker, &ear);
    assert_int_equal(ear.outcome, NET_TOO_LARGE);
    assert_int_equal(ear.err.code, ERROR_TOO_LARGE);
    assert_int_equal(ear.messages, 0);
    buf_finish(&speaker.seen);
    ear_finish(&ear);
    memcpy(bytes, "\x82\x7e\xff\xff", 4);
    hear(&within, &ear);
    check_text(buf_str(&ear.heard), "b#65535;", "just below");
    buf_finish(&within.seen);
    ear_finish(&ear);
}

static void test_silence_ends_it(void **state)
{
    static const char *const heads[] = {NULL, "HTTP/1.1 101 Swit"};

    (void)state;
    for (size_t row = 0; row < COUNT(heads); row++) {
        struct world world = world_start((struct net_config){0}, NULL);
        struct speaker speaker = {.head = heads[row], .is_held = true};
        struct ear ear;

        speaker_start(&speaker);
        ear_init(&ear, &world, speaker.port);
        ear.request.idle_ms = ear.request.first_byte_ms = 100;
        net_loop_post(world.loop, listen_here, &ear);
        ear_wait(&ear);
        assert_int_equal(ear.outcome, NET_LOST);
        assert_int_equal(ear.err.code, ERROR_TIMED_OUT);
        speaker_stop(&speaker);
        world_stop(&world);
        buf_finish(&speaker.seen);
        ear_finish(&ear);
    }
}

/* A server that sends as fast as it can is read in turns; the loop has time for others. */
static void test_a_flood_is_read_slowly_and_nobody_waits(void **state)
{
    const struct server_script script = REPLY(OK_REPLY);
    struct server *server = server_start(&script, 1);
    struct world world = world_start((struct net_config){0}, NULL);
    struct speaker speaker = {BYTES("\x81\x01x"), .repeat = INT64_C(1) << 40};
    struct ear ear;

    (void)state;
    speaker_start(&speaker);
    ear_init(&ear, &world, speaker.port);
    net_loop_post(world.loop, listen_here, &ear);
    for (int calls = 0; calls < 20; calls++) {
        struct call call;

        call_init(&call, &world, server, "/");
        call.request.method = STR("POST"); /* on a connection of its own */
        call_run(&call);
        assert_int_equal(call.reply.outcome, NET_DONE);
        call_finish(&call);
    }
    world_stop(&world);
    assert_int_equal(ear.outcome, NET_CANCELLED); /* by the end of the net */
    speaker_stop(&speaker);
    server_stop(server);
    check(speaker.seen.size < KIB(2), "one handshake, no frame");
    buf_finish(&speaker.seen);
    ear_finish(&ear);
}

/* Many of them take no more of the loop together than one. */
static void test_many_floods_are_read_as_slowly_as_one(void **state)
{
    enum { FLOODS = 8, FRAMES_A_TURN = 64, TURN_MS = 50 };
    struct world world = world_start((struct net_config){0}, NULL);
    struct speaker speakers[FLOODS];
    struct ear ears[FLOODS];
    char frame[4096] = "\x81\x7e\x0f\xfc"; /* of 4,092 bytes of text */
    const int64_t began_ms = clock_mono_ms(&clock_system);
    size_t messages = 0, turns;

    (void)state;
    memset(frame + 4, 'x', sizeof(frame) - 4);
    for (int i = 0; i < FLOODS; i++) {
        speakers[i] =
            (struct speaker){.bytes = frame, .size = sizeof(frame), .repeat = INT64_C(1) << 40};
        speaker_start(&speakers[i]);
        ear_init(&ears[i], &world, speakers[i].port);
        net_loop_post(world.loop, listen_here, &ears[i]);
    }
    usleep(1000000);
    world_stop(&world);
    turns = (size_t)(clock_mono_ms(&clock_system) - began_ms) / TURN_MS + 1;
    for (int i = 0; i < FLOODS; i++) {
        messages += ears[i].messages;
        speaker_stop(&speakers[i]);
        buf_finish(&speakers[i].seen);
        ear_finish(&ears[i]);
    }
    assert_true(messages > 0);
    /* Their first turns were shorter, when they were fewer. */
    assert_true(messages <= FRAMES_A_TURN * (turns + 2 * FLOODS));
}

static void test_a_cancel_from_within_is_the_last_word(void **state)
{
    struct world world = world_start((struct net_config){0}, NULL);
    struct speaker speaker = {BYTES("\x89\x03png\x81\x01x\x81\x01y"), .is_held = true};
    struct ear ear;

    (void)state;
    speaker_start(&speaker);
    ear_init(&ear, &world, speaker.port);
    ear.cancels = true;
    net_loop_post(world.loop, listen_here, &ear);
    ear_wait(&ear);
    check_text(buf_str(&ear.heard), "t:x;", "no more after it");
    assert_int_equal(ear.outcome, NET_CANCELLED);
    speaker_stop(&speaker);
    world_stop(&world);
    assert_true(str_find(buf_str(&speaker.seen), STR("\x8a\x83")) > 0); /* the ping's answer */
    buf_finish(&speaker.seen);
    ear_finish(&ear);
}

/* The guard is that of every transfer. */
static void test_it_goes_nowhere_a_request_may_not_go(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1:80/ws", "http://169.254.169.254/ws",
                                       "ftp://example.com/ws"};

    (void)state;
    for (size_t row = 0; row < COUNT(urls); row++) {
        struct world world = world_start((struct net_config){0}, NULL);
        struct ear ear;

        ear_init(&ear, &world, 1);
        ear.request.url = str_of(urls[row]);
        ear.request.reach = row == 0 ? NET_PUBLIC : NET_OWNER;
        net_loop_post(world.loop, listen_here, &ear);
        ear_wait(&ear);
        assert_int_equal(ear.outcome, NET_NOT_SENT);
        check(ear.err.code == ERROR_ADDRESS_REFUSED || ear.err.code == ERROR_INVALID, urls[row]);
        world_stop(&world);
        ear_finish(&ear);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_come_whole_however_they_are_cut),
        cmocka_unit_test(test_only_the_right_handshake_opens_it),
        cmocka_unit_test(test_broken_frames_end_it),
        cmocka_unit_test(test_a_message_beyond_the_limit_ends_it),
        cmocka_unit_test(test_silence_ends_it),
        cmocka_unit_test(test_a_flood_is_read_slowly_and_nobody_waits),
        cmocka_unit_test(test_many_floods_are_read_as_slowly_as_one),
        cmocka_unit_test(test_a_cancel_from_within_is_the_last_word),
        cmocka_unit_test(test_it_goes_nowhere_a_request_may_not_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
