/* What an attempt keeps of an answer, however large it is. */
#include "core/test.h"
#include "engine/reply.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ROOM = 8 << 20 };

static char *filler;

static struct exchange_reply keep(struct arena *arena, int status, size_t size)
{
    static const struct exchange_header header = {
        .name = {"x-request-id", 12},
          .value = {"7",            1 }
    };
    const struct exchange_reply reply = {
        .outcome = EXCHANGE_REPLIED,
        .status = status,
        .headers = &header,
        .header_count = 1,
        .body = {filler, size},
    };
    struct exchange_reply out;

    reply_keep(&reply, NULL, 5, arena, ROOM, &out);
    assert_int_equal(out.status, status);
    assert_int_equal(out.now_ms, 5);
    assert_int_equal(out.header_count, 1);
    assert_true(str_equal(out.headers[0].value, STR("7")));
    return out;
}

static void expect_no_room(const struct exchange_reply *reply)
{
    assert_int_equal(reply->outcome, EXCHANGE_LOST);
    assert_int_equal(reply->err.code, ERROR_TOO_LARGE);
    assert_int_equal(reply->body.size, 0);
}

static void test_a_body_is_copied(void **state)
{
    struct arena *arena = arena_create(ROOM);
    const struct exchange_reply reply = keep(arena, 200, 3 << 20);

    (void)state;
    assert_int_equal(reply.outcome, EXCHANGE_REPLIED);
    assert_int_equal(reply.body.size, 3 << 20);
    assert_true(reply.body.data != filler);
    assert_memory_equal(reply.body.data, filler, reply.body.size);
    assert_int_equal(keep(arena, 204, 0).outcome, EXCHANGE_REPLIED);
    arena_destroy(arena);
}

/* Half of what is left is for what is read out of it. */
static void test_a_body_without_room_is_a_reply_that_was_lost(void **state)
{
    struct arena *arena = arena_create(ROOM);
    struct exchange_reply reply = keep(arena, 200, (4 << 20) + 1);

    (void)state;
    expect_no_room(&reply);
    assert_int_equal(keep(arena, 200, 3 << 20).outcome, EXCHANGE_REPLIED);
    for (int again = 0; again < 64; again++) {
        reply = keep(arena, 200, 3 << 20);
        expect_no_room(&reply);
    }
    arena_destroy(arena);
}

static void test_what_is_said_beside_a_refusal_is_cut(void **state)
{
    struct arena *arena = arena_create(ROOM);
    struct exchange_reply reply;

    (void)state;
    for (int again = 0; again < 3; again++) {
        reply = keep(arena, 400, 6 << 20);
        assert_int_equal(reply.outcome, EXCHANGE_REPLIED);
        assert_int_equal(reply.body.size, 1 << 20);
    }
    assert_int_equal(keep(arena, 503, 100).body.size, 100);
    arena_destroy(arena);
}

static void test_a_stream_has_its_body_already(void **state)
{
    static const struct str body = {"made of pieces", 14};
    const struct exchange_reply given = {.outcome = EXCHANGE_LOST, .status = 200};
    struct arena *arena = arena_create(ROOM);
    struct exchange_reply reply;

    (void)state;
    reply_keep(&given, &body, 0, arena, ROOM, &reply);
    assert_int_equal(reply.outcome, EXCHANGE_LOST);
    assert_true(reply.body.data == body.data);
    arena_destroy(arena);
}

static int set_up(void **state)
{
    (void)state;
    filler = malloc(ROOM);
    if (filler == NULL)
        return 1;
    memset(filler, 'x', ROOM);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(filler);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_is_copied),
        cmocka_unit_test(test_a_body_without_room_is_a_reply_that_was_lost),
        cmocka_unit_test(test_what_is_said_beside_a_refusal_is_cut),
        cmocka_unit_test(test_a_stream_has_its_body_already),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
