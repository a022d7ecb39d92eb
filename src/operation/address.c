/*
 * What a provider made and gave the addresses of, as a remote id: it is committed before the first
 * byte is fetched, so that whoever fetches may die, and another goes on and asks for nothing that
 * is paid.  The id is JSON behind REMOTE_ID_OWN.
 */
#include "operation/operation_private.h"

struct address_picture {
    struct str url, revised_prompt;
    bool has_seed;
    int64_t seed;
};

static const struct field picture_fields[] = {
    {"url",            FIELD_TEXT, offsetof(struct address_picture, url),            FIELD_REQUIRED, 1, 8192,   NULL, NULL,
     NULL                                                                                                                       },
    {"revised_prompt", FIELD_TEXT, offsetof(struct address_picture, revised_prompt), 0,              0, 200000,
     NULL,                                                                                                            NULL, NULL},
    {"has_seed",       FIELD_BOOL, offsetof(struct address_picture, has_seed),       0,              0, 0,      NULL, NULL, NULL},
    {"seed",           FIELD_INT,  offsetof(struct address_picture, seed),           0,              0, 0,      NULL, NULL, NULL},
};
static const struct shape picture_shape =
    SHAPE("AddressPicture", struct address_picture, picture_fields);

static const struct field order_fields[] = {
    {"pictures",    FIELD_LIST, offsetof(struct address_order, pictures),    FIELD_REQUIRED, 1, 0,
     &picture_shape,                                                                                     NULL, NULL},
    {"request_id",  FIELD_TEXT, offsetof(struct address_order, request_id),  0,              0, 0, NULL, NULL,
     NULL                                                                                                          },
    {"dropped",     FIELD_TEXT, offsetof(struct address_order, dropped),     0,              0, 0, NULL, NULL, NULL},
    {"missing",     FIELD_TEXT, offsetof(struct address_order, missing),     0,              0, 0, NULL, NULL, NULL},
    {"cost_micro",  FIELD_INT,  offsetof(struct address_order, cost_micro),  0,              0, 0, NULL, NULL,
     NULL                                                                                                          },
    {"currency",    FIELD_TEXT, offsetof(struct address_order, currency),    0,              0, 0, NULL, NULL, NULL},
    {"http_status", FIELD_INT,  offsetof(struct address_order, http_status), 0,              0, 0, NULL, NULL,
     NULL                                                                                                          },
};
static const struct shape order_shape = SHAPE("AddressOrder", struct address_order, order_fields);

bool address_can_wait(const struct provider_verdict *verdict)
{
    for (size_t index = 0; index < verdict->picture_count; index++)
        if (verdict->pictures[index].bytes.size > 0 || verdict->pictures[index].header_count > 0)
            return false;
    return verdict->picture_count > 0;
}

struct str address_write(const struct provider_verdict *verdict, int64_t cost_micro,
                         const char *currency, int http_status, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct address_picture *pictures =
        ARENA_ARRAY(arena, struct address_picture, verdict->picture_count);
    const struct address_order order = {
        .pictures = {.items = pictures, .count = verdict->picture_count},
        .request_id = picture_words(verdict->request_id, arena),
        .dropped = verdict->dropped,
        .missing = missing_words(verdict->missing, arena),
        .cost_micro = cost_micro,
        .currency = currency == NULL ? STR_EMPTY : str_of(currency),
        .http_status = http_status,
    };
    struct json_writer writer;

    for (size_t index = 0; index < verdict->picture_count; index++)
        pictures[index] = (struct address_picture){
            .url = verdict->pictures[index].url,
            .revised_prompt = revised_words(verdict->pictures[index].revised_prompt,
                                            verdict->picture_count, arena),
            .has_seed = verdict->pictures[index].has_seed,
            .seed = verdict->pictures[index].seed,
        };
    buf_add(&text, STR(REMOTE_ID_OWN));
    json_writer_init(&writer, &text);
    shape_write(&order_shape, &order, &writer);
    return arena_str(arena, buf_str(&text));
}

bool address_read(struct str remote_id, struct arena *arena, struct provider_verdict *verdict,
                  struct address_order *order, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct address_picture *written;
    struct provider_picture *pictures;

    if (!remote_id_is_own(remote_id))
        return error_set(err, ERROR_INVALID, "this is no remote id of our own");
    remote_id = str_slice(remote_id, sizeof(REMOTE_ID_OWN) - 1, remote_id.size);
    if (!json_read(remote_id, &json, err) ||
        !shape_read(&order_shape, json, arena, order, NULL, err))
        return false;
    written = order->pictures.items;
    pictures = ARENA_ARRAY(arena, struct provider_picture, order->pictures.count);
    for (size_t index = 0; index < order->pictures.count; index++)
        pictures[index] = (struct provider_picture){
            .url = written[index].url,
            .revised_prompt = written[index].revised_prompt,
            .has_seed = written[index].has_seed,
            .seed = written[index].seed,
        };
    *verdict = (struct provider_verdict){
        .type = VERDICT_DONE,
        .pictures = pictures,
        .picture_count = order->pictures.count,
        .request_id = order->request_id,
        .dropped = order->dropped,
        .missing = order->missing,
        .poll_after_ms = -1,
        .progress = -1,
    };
    return true;
}
