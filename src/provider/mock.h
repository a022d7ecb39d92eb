/*
 * provider/mock.h: the mock's orders and how they are carried out.  The mock is pure as every kind
 * is: it writes a card, the operation draws what is on it and hands the reply back.
 *
 * A card is a JSON object, one line, made by this room alone:
 *
 *   {"v":1,                       the form's version
 *    "purpose":"submit",          submit, poll, cancel or probe
 *    "id":"9f86d081884c7d65",     names this work in what people see
 *    "outcome":"replied",         replied, not_sent or lost: what becomes of the exchange
 *    "status":200,                the reply's status; 202 says: accepted, ask later
 *    "ready_at_ms":0,             poll: the work is not done before that wall time
 *    "ready_in_ms":1200,          submit with 202: how long the work takes from now
 *    "retry_after_ms":-1,         for a 429
 *    "error":{"code":"…","message":"…"},        when it fails
 *    "width":1024,"height":1024,"seed":7,"count":2,"prompt":"…","caption":"mock · seed 7",
 *    "format":"png","quality":90,"transparent":false,"partials":2,
 *    "price_micro":20000,"currency":"USD",      per picture, or for the text
 *    "text":"…"}                   what is answered instead of pictures; then "count" is 0
 *
 * The operation, for an exchange whose `card` is not empty:
 *   1. provider_card_read();
 *   2. waits exchange.delay_ms, drawing card.partial_count partial pictures meanwhile (softness 3
 * to 1), when somebody watches;
 *   3. draws the first provider_card_due() pictures: 0 while the work is not ready, when it fails,
 * and when it is a text;
 *   4. provider_card_reply() makes the reply of them, and kind->read() reads it.
 */
#pragma once

#include "provider/provider.h"

struct provider_card_picture {
    int64_t width_px, height_px;
    uint64_t seed; /* of this picture: the order's seed + its index */
    struct str prompt, caption;
    bool is_transparent;
};

struct provider_card {
    struct str purpose, id;
    enum exchange_outcome outcome;
    int status;
    int64_t ready_at_ms, ready_in_ms, retry_after_ms;
    struct str error_code, error_message; /* empty: it does not fail */
    struct provider_card_picture *pictures;
    size_t picture_count;
    struct str format;     /* "png", "jpeg" or "webp" */
    int64_t quality;       /* 1..100, for jpeg and webp */
    int64_t partial_count; /* 0..3 */
    int64_t price_micro;   /* per picture, or for the text */
    const char *currency;  /* static */
    struct str text;       /* the answer; empty: pictures */
};

/* Reads a card; everything in `arena`.  Fails: ERROR_INVALID, for a card that is none of ours. */
MUST_CHECK bool provider_card_read(struct str card, struct arena *arena, struct provider_card *out,
                                   struct error *err);
/* How many pictures are to be drawn now. */
size_t provider_card_due(const struct provider_card *card, int64_t now_ms);
/*
 * The reply of a card carried out at `now_ms`.  `pictures` are the drawn ones in their order, as
 * many as provider_card_due() said at the same `now_ms`; borrowed for as long as the reply is used.
 */
void provider_card_reply(const struct provider_card *card, const struct str *pictures,
                         size_t picture_count, int64_t now_ms, struct arena *arena,
                         struct exchange_reply *out);
