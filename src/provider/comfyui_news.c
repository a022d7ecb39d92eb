/* provider/comfyui_news.c: what a ComfyUI server tells of a prompt while it works (facts 5). */
#include "provider/comfyui_private.h"

#define TEXT_SIZE_MAX KIB(64) /* a progress_state of a large graph; outputs may be longer */
#define NODE_SIZE_MAX 60
#define STEPS_MAX 1000000

enum { FRAME_PREVIEW = 1, FRAME_PREVIEW_WITH_WORDS = 4 };

bool comfyui_watch(const struct provider_account *account, struct str idempotency_key,
                   struct str remote_id, struct arena *arena, struct exchange *out,
                   struct error *err)
{
    struct str client = comfyui_uuid(idempotency_key, "client", arena);

    (void)remote_id; /* each prompt has a client of its own */
    if (client.size == 0)
        return error_set(err, ERROR_INVALID, "a call without a key has no client");
    return comfyui_exchange_init(account, EXCHANGE_POLL, "GET",
                                 arena_printf(arena, "/ws?clientId=%.*s", STR_ARGS(client)), arena,
                                 out, err);
}

/* Half of the bar is the way through the queue (comfyui_read.c); the other is this node's. */
static void tell_steps(const struct json *data, struct provider_news *out)
{
    double value, max;

    if (!json_double(json_get(data, "value"), &value) || !json_double(json_get(data, "max"), &max))
        return;
    /* A node of one step is at its end at once, which says nothing of the work's. */
    if (!(max >= 2 && max <= STEPS_MAX && value >= 0 && value <= max))
        return;
    out->step = (int64_t)value;
    out->steps = (int64_t)max;
    out->progress = 0.5 + 0.5 * value / max;
}

static void tell_node(struct str id, struct arena *arena, struct provider_news *out)
{
    out->node = provider_text_clean(STR_EMPTY, id, NODE_SIZE_MAX, arena);
}

/* Of the nodes that run, the one that has steps to tell of. */
static void read_state(const struct json *nodes, struct arena *arena, struct provider_news *out)
{
    struct json_cursor cursor = {0};
    const struct json *node;
    struct str id;

    while (out->steps == 0 && json_next(nodes, &cursor, &id, &node))
        if (str_equal(json_text(json_get(node, "state")), STR("running"))) {
            tell_steps(node, out);
            tell_node(id, arena, out);
        }
}

static void read_text(struct str remote_id, struct str message, struct arena *arena,
                      struct provider_news *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *data, *node;
    struct error ignored;
    struct str type;

    if (message.size > TEXT_SIZE_MAX || !json_read_liberal(message, &json, &ignored))
        return;
    type = json_text(json_get(json, "type"));
    data = json_get(json, "data");
    node = json_get(data, "node");
    if (!str_equal(json_text(json_get(data, "prompt_id")), remote_id))
        return;
    if (str_equal(type, STR("progress"))) {
        tell_steps(data, out);
        tell_node(json_text(node), arena, out);
    } else if (str_equal(type, STR("progress_state"))) {
        read_state(json_get(data, "nodes"), arena, out);
    } else if (str_equal(type, STR("executing"))) {
        /* "node": null is the last word, said when the history has the prompt. */
        out->is_over = json_text(node).size == 0;
        tell_node(json_text(node), arena, out);
    }
}

static uint32_t number_at(struct str message, size_t at)
{
    const unsigned char *bytes = (const unsigned char *)message.data + at;

    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void read_binary(struct str message, struct provider_news *out)
{
    size_t skipped = 8;
    struct str picture;

    if (message.size < 8)
        return;
    if (number_at(message, 0) == FRAME_PREVIEW_WITH_WORDS)
        skipped += number_at(message, 4); /* JSON about the node */
    else if (number_at(message, 0) != FRAME_PREVIEW)
        return;
    if (skipped >= message.size)
        return;
    picture = str_slice(message, skipped, message.size);
    out->mime = picture_mime(picture);
    if (out->mime != NULL)
        out->picture = picture;
}

void comfyui_read_news(struct str remote_id, bool is_text, struct str message, struct arena *arena,
                       struct provider_news *out)
{
    *out = (struct provider_news){.progress = -1};
    if (is_text)
        read_text(remote_id, message, arena, out);
    else
        read_binary(message, out);
}
