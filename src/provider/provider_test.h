/* provider/provider_test.h: what the room's tests share. */
#pragma once

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider/provider_private.h"

#include <stdio.h>
#include <string.h>

/* Pictures of one pixel: whole, as picture_is_whole() wants them. */
#define PNG_BYTES                                                                                  \
    "\211PNG\015\012\032\012\000\000\000\015IHDR\000\000\000\001\000\000\000\001"                  \
    "\010\006\000\000\000\037\025\304\211\000\000\000\015IDATx\332c\370\317\360\377"               \
    "\077\000\006\376\002\376\323+\233\316\000\000\000\000IEND\256B`\202"
#define PNG_BASE64                                                                                 \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP4z/D/PwAG/gL+"                     \
    "0yubzgAAAABJRU5ErkJggg=="
#define OTHER_PNG_BYTES                                                                            \
    "\211PNG\015\012\032\012\000\000\000\015IHDR\000\000\000\001\000\000\000\001"                  \
    "\010\006\000\000\000\037\025\304\211\000\000\000\015IDATx\332c\020P0\370"                     \
    "\017\000\002\004\001`R\342\251a\000\000\000\000IEND\256B`\202"
#define OTHER_PNG_BASE64                                                                           \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mMQUDD4DwACBAFg"                     \
    "UuKpYQAAAABJRU5ErkJggg=="
#define JPEG_BYTES "\377\330\377\340\000\020JFIF\000\001\001\000\000\001\000\001\000\000\377\331"
#define JPEG_BASE64 "/9j/4AAQSkZJRgABAQAAAQABAAD/2Q=="

/* Lives until the test ends. */
struct fixture {
    struct arena *arena;
    struct json *options;
    struct provider_account account;
};

static inline int fixture_begin(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.arena = arena_create(MIB(64))};
    fixture.account.kind = STR("openai");
    *state = &fixture;
    return 0;
}

static inline int fixture_end(void **state)
{
    struct fixture *fixture = *state;

    json_free(fixture->options);
    arena_destroy(fixture->arena);
    return 0;
}

/* Gives the account options; `text` is a JSON object. */
static inline void fixture_options(struct fixture *fixture, const char *text)
{
    struct error err;

    json_free(fixture->options);
    fixture->options = NULL;
    assert_true(json_read(str_of(text), &fixture->options, &err));
    fixture->account.options = fixture->options;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_begin, fixture_end)

/* Fails with both texts when they differ. */
#define assert_text(actual, expected)                                                              \
    do {                                                                                           \
        struct str assert_actual = (actual);                                                       \
        char assert_copy[8192];                                                                    \
        snprintf(assert_copy, sizeof assert_copy, "%.*s", STR_ARGS(assert_actual));                \
        assert_string_equal(assert_copy, (expected));                                              \
    } while (0)

static inline struct exchange_reply reply_of(int status, const char *body)
{
    return (struct exchange_reply){
        .outcome = EXCHANGE_REPLIED, .status = status, .body = str_of(body)};
}

/* The whole body of an exchange. */
static inline struct str body_of(const struct exchange *exchange, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf body = {0};

    for (size_t i = 0; i < exchange->body_count; i++)
        buf_add(&body, exchange->body[i]);
    return arena_str(arena, buf_str(&body));
}

static inline struct str header_of(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->header_count; i++)
        if (str_equal(exchange->headers[i].name, str_of(name)))
            return exchange->headers[i].value;
    return STR_EMPTY;
}

/* What `kind` makes of a whole reply to a paid call. */
static inline struct provider_verdict verdict_of(const struct provider_kind *kind,
                                                 struct fixture *fixture,
                                                 const struct provider_request *request, int status,
                                                 struct str body)
{
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT, .is_paid = true};
    struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED, .status = status, .body = body};
    struct provider_verdict verdict;

    kind->read(&fixture->account, request, &exchange, &reply, fixture->arena, &verdict);
    return verdict;
}
