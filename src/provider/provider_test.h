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

/* Gives the request options: "style=bold;weight=7". */
static inline void set_options(struct fixture *fixture, struct provider_request *request,
                               const char *text)
{
    struct provider_setting *settings =
        ARENA_ARRAY(fixture->arena, struct provider_setting, PROVIDER_SETTINGS_MAX);
    struct str rest = str_of(text);

    request->settings = settings;
    request->setting_count = 0;
    while (rest.size > 0) {
        struct str value = str_cut(&rest, ';'), name = str_cut(&value, '=');
        settings[request->setting_count++] = (struct provider_setting){name, value};
    }
}

/* What an option does to a call, in bytes. */
struct option_row {
    const char *model, *options;
    const char *part;  /* of the body with them, and of none without; NULL: refused with */
    const char *field; /* this */
};
static inline void assert_option_rows(struct fixture *fixture, const struct provider_kind *kind,
                                      const struct provider_request *request,
                                      const struct option_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct provider_request asked = *request;
        struct exchange exchange = {0}, silent = {0};
        struct error err = {0};
        bool is_sent;

        asked.model = str_of(rows[i].model);
        if (!kind->begin(&fixture->account, &asked, fixture->arena, &silent, &err))
            fail_msg("%s: %s %s", rows[i].model, err.field, err.message);
        set_options(fixture, &asked, rows[i].options);
        is_sent = kind->begin(&fixture->account, &asked, fixture->arena, &exchange, &err);
        if (is_sent != (rows[i].part != NULL) ||
            (!is_sent && strcmp(err.field, rows[i].field) != 0))
            fail_msg("%s %s: '%s' %s", rows[i].model, rows[i].options, err.field, err.message);
        if (is_sent && (str_find(body_of(&exchange, fixture->arena), str_of(rows[i].part)) < 0 ||
                        str_find(body_of(&silent, fixture->arena), str_of(rows[i].part)) >= 0))
            fail_msg("%s %s: %.*s", rows[i].model, rows[i].options,
                     STR_ARGS(body_of(&exchange, fixture->arena)));
    }
}
