/* provider/card.c: cards read and answered: the half of the mock that the operation works with. */
#include "provider/mock.h"
#include "provider/provider_private.h"

#define CARD_PICTURES_MAX 10
#define CARD_SIDE_MAX 4096
#define CARD_TEXT_SIZE_MAX KIB(64)

static bool is_in(int64_t value, int64_t min, int64_t max) { return value >= min && value <= max; }

static const char *find_currency(struct str name)
{
    static const char *const known[] = {"USD", "CNY", "EUR"};

    for (size_t i = 0; i < COUNT(known); i++)
        if (str_equal(name, str_of(known[i])))
            return known[i];
    return NULL;
}

static bool read_outcome(struct str name, enum exchange_outcome *out)
{
    static const char *const names[] = {
        [EXCHANGE_REPLIED] = "replied", [EXCHANGE_NOT_SENT] = "not_sent", [EXCHANGE_LOST] = "lost"};

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal(name, str_of(names[i]))) {
            *out = (enum exchange_outcome)i;
            return true;
        }
    return false;
}

static void read_pictures(const struct json *json, size_t count, struct arena *arena,
                          struct provider_card *card)
{
    struct provider_card_picture first = {
        .width_px = json_int_or(json_get(json, "width"), 0),
        .height_px = json_int_or(json_get(json, "height"), 0),
        .seed = (uint64_t)json_int_or(json_get(json, "seed"), 0),
        .prompt = arena_str(arena, json_text(json_get(json, "prompt"))),
        .caption = arena_str(arena, json_text(json_get(json, "caption"))),
        .is_transparent = json_bool(json_get(json, "transparent"), false),
    };

    card->pictures = ARENA_ARRAY(arena, struct provider_card_picture, count);
    card->picture_count = count;
    for (size_t i = 0; i < count; i++) {
        card->pictures[i] = first;
        card->pictures[i].seed += i;
        if (count > 1)
            card->pictures[i].caption =
                arena_printf(arena, "%.*s · %zu/%zu", STR_ARGS(first.caption), i + 1, count);
    }
}

bool provider_card_read(struct str text, struct arena *arena, struct provider_card *out,
                        struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct provider_card card = {0};
    int64_t count, status, width, height;

    if (!json_read(text, &json, err))
        return error_set(err, ERROR_INVALID, "this is no card");
    count = json_int_or(json_get(json, "count"), -1);
    status = json_int_or(json_get(json, "status"), -1);
    width = json_int_or(json_get(json, "width"), 0);
    height = json_int_or(json_get(json, "height"), 0);
    card.purpose = arena_str(arena, json_text(json_get(json, "purpose")));
    card.id = arena_str(arena, json_text(json_get(json, "id")));
    card.status = (int)status;
    card.ready_at_ms = json_int_or(json_get(json, "ready_at_ms"), 0);
    card.ready_in_ms = json_int_or(json_get(json, "ready_in_ms"), 0);
    card.retry_after_ms = json_int_or(json_get(json, "retry_after_ms"), -1);
    card.error_code = arena_str(arena, json_text(json_path(json, "error.code")));
    card.error_message = arena_str(arena, json_text(json_path(json, "error.message")));
    card.format = arena_str(arena, json_text(json_get(json, "format")));
    card.quality = json_int_or(json_get(json, "quality"), -1);
    card.partial_count = json_int_or(json_get(json, "partials"), -1);
    card.price_micro = json_int_or(json_get(json, "price_micro"), -1);
    card.currency = find_currency(json_text(json_get(json, "currency")));
    card.text = arena_str(arena, json_text(json_get(json, "text")));
    if (json_int_or(json_get(json, "v"), 0) != 1 || !is_in(count, 0, CARD_PICTURES_MAX) ||
        !is_in(status, 100, 599) || !is_in(card.quality, 1, 100) ||
        !is_in(card.partial_count, 0, 3) || !is_in(card.price_micro, 0, INT64_MAX / 100) ||
        card.currency == NULL || !is_in(card.ready_in_ms, 0, 3600000) || card.ready_at_ms < 0 ||
        card.text.size > CARD_TEXT_SIZE_MAX || (card.text.size > 0 && count > 0) ||
        (count > 0 && (!is_in(width, 1, CARD_SIDE_MAX) || !is_in(height, 1, CARD_SIDE_MAX))) ||
        !read_outcome(json_text(json_get(json, "outcome")), &card.outcome))
        return error_set(err, ERROR_INVALID, "this is no card of ours");
    read_pictures(json, (size_t)count, arena, &card);
    *out = card;
    return true;
}

static bool is_waiting(const struct provider_card *card, int64_t now_ms)
{
    return card->status == 202 || now_ms < card->ready_at_ms;
}

/* It succeeds, and now. */
static bool is_done(const struct provider_card *card, int64_t now_ms)
{
    bool works = card->outcome == EXCHANGE_REPLIED && card->error_code.size == 0 &&
                 (str_equal(card->purpose, STR("submit")) || str_equal(card->purpose, STR("poll")));

    return works && !is_waiting(card, now_ms);
}

size_t provider_card_due(const struct provider_card *card, int64_t now_ms)
{
    return is_done(card, now_ms) ? card->picture_count : 0;
}

static struct str write_body(const struct provider_card *card, size_t pictures, int64_t now_ms,
                             struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    json_name(&writer, "id");
    json_add_text(&writer, card->id);
    if (card->error_code.size > 0 && !is_waiting(card, now_ms)) {
        json_name(&writer, "error");
        json_begin_object(&writer);
        json_name(&writer, "code");
        json_add_text(&writer, card->error_code);
        json_name(&writer, "message");
        json_add_text(&writer, card->error_message);
        json_end_object(&writer);
    }
    json_name(&writer, "pictures");
    json_add_int(&writer, (int64_t)pictures);
    if (card->text.size > 0 && is_done(card, now_ms)) {
        json_name(&writer, "text");
        json_add_text(&writer, card->text);
    }
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

void provider_card_reply(const struct provider_card *card, const struct str *pictures,
                         size_t picture_count, int64_t now_ms, struct arena *arena,
                         struct exchange_reply *out)
{
    *out = (struct exchange_reply){.outcome = card->outcome, .now_ms = now_ms};
    if (card->outcome != EXCHANGE_REPLIED) {
        error_set(&out->err, ERROR_UNREACHABLE, "%.*s", STR_ARGS(card->error_message));
        return;
    }
    out->status = is_waiting(card, now_ms) ? 202 : card->status;
    out->body = write_body(card, picture_count, now_ms, arena);
    out->parts = pictures;
    out->part_count = picture_count;
    if (card->retry_after_ms >= 0) {
        struct exchange_header *header = ARENA_NEW(arena, struct exchange_header);
        *header = (struct exchange_header){
            .name = STR("retry-after-ms"),
            .value = arena_printf(arena, "%lld", (long long)card->retry_after_ms),
        };
        out->headers = header;
        out->header_count = 1;
    }
}
