/*
 * provider/openai_chat.c: pictures through Chat Completions (facts 1B.1 and 1B.8): how relays hand
 * on the models of others that paint as they talk.  The reply is read where all pictures are.
 */
#include "provider/openai_private.h"

#define FIRST_BYTE_MS 600000
#define TOTAL_MS 900000
#define REPLY_SIZE_MAX MIB(192) /* relays send the same picture twice */

/* facts 1B.1, only shapes: they are looked for by nearness. */
static const struct ratio ratios[] = {
    {"1:1",  1,  1 },
    {"4:3",  4,  3 },
    {"3:4",  3,  4 },
    {"3:2",  3,  2 },
    {"2:3",  2,  3 },
    {"5:4",  5,  4 },
    {"4:5",  4,  5 },
    {"16:9", 16, 9 },
    {"9:16", 9,  16},
    {"21:9", 21, 9 },
    {NULL,   0,  0 },
};
static const struct ratio_class classes[] = {
    {"1K", 4,  -1},
    {"2K", 8,  -1},
    {"4K", 16, -1},
    {NULL, 0,  0 },
};

bool openai_wants_chat(const struct provider_account *account,
                       const struct provider_request *request)
{
    return request->action != PROVIDER_WRITE &&
           str_equal(account_option_text(account, "images_api"), STR("chat"));
}

static bool has_shape(const struct provider_request *request, const struct ratio **ratio,
                      const struct ratio_class **class)
{
    return ratio_find(ratios, classes, request->width_px, request->height_px, false, ratio, class);
}

/* What a chat has no word for is refused here: it would be paid, and another picture. */
bool openai_chat_check(const struct openai_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    const struct {
        const char *field;
        bool is_wanted;
    } rows[] = {
        {"mask",            request->mask != NULL            },
        {"seed",            request->has_seed                },
        {"negative_prompt", request->negative_prompt.size > 0},
        {"steps",           request->steps > 0               },
        {"scale",           request->scale > 0               },
        {"quality",         request->quality.size > 0        },
        {"background",      str_equal(request->background,     STR("transparent"))},
        {"format",                 request->format.size > 0 || request->compression >= 0                                          },
    };
    const struct ratio *ratio;
    const struct ratio_class *class;

    if (request->count > 1)
        return error_field(err, ERROR_TOO_BIG, "count", 1,
                           "one picture a call through Chat Completions");
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].is_wanted)
            return error_field(err, ERROR_INVALID, rows[i].field, 0,
                               "pictures through Chat Completions take no %s", rows[i].field);
    if (request->width_px > 0 && !has_shape(request, &ratio, &class))
        return error_field(err, ERROR_INVALID, "size", 0,
                           "Chat Completions knows 1:1, 4:3, 3:2, 5:4, 16:9, 21:9 and these "
                           "upright, of about 1, 4 or 16 megapixels");
    return true;
}

/* Relays of no known name take it as Google's own (facts 1B.8), the others by itself. */
static void add_shape(struct json_writer *writer, const struct openai_call *call,
                      const struct ratio *ratio, const struct ratio_class *class)
{
    if (call->profile->chat_is_google) {
        json_name(writer, "extra_body");
        json_begin_object(writer);
        json_name(writer, "google");
        json_begin_object(writer);
    }
    json_name(writer, "image_config");
    json_begin_object(writer);
    provider_add_text(writer, "aspect_ratio", str_of(ratio->name));
    provider_add_text(writer, "image_size", str_of(class->name));
    json_end_object(writer);
    if (call->profile->chat_is_google) {
        json_end_object(writer);
        json_end_object(writer);
    }
}

static struct str write_body(const struct openai_call *call, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    const struct ratio_class *class;
    const struct ratio *ratio;
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    provider_add_text(&writer, "model", call->request->model);
    json_name(&writer, "messages");
    json_begin_list(&writer);
    /* The text is a part as well: some channels for pictures refuse a plain one (facts 1B.8). */
    openai_add_user_message(&writer, call->request, false);
    json_end_list(&writer);
    json_name(&writer, "modalities");
    json_begin_list(&writer);
    json_add_text(&writer, STR("image"));
    json_add_text(&writer, STR("text"));
    json_end_list(&writer);
    if (openai_name(call, OPENAI_SIZE) != NULL && has_shape(call->request, &ratio, &class))
        add_shape(&writer, call, ratio, class);
    provider_add_text(&writer, openai_name(call, OPENAI_USER), call->request->safety_id);
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

bool openai_chat_build(const struct openai_call *call, struct arena *arena, struct exchange *out,
                       struct error *err)
{
    if (!openai_order_init(call, "/chat/completions", arena, out, err))
        return false;
    out->first_byte_ms = FIRST_BYTE_MS;
    out->total_ms = TOTAL_MS;
    out->reply_size_max = (int64_t)REPLY_SIZE_MAX;
    exchange_set_body(out, arena, write_body(call, arena));
    return true;
}

/* Words instead of a picture: why, as the model says it. */
void openai_chat_explain(const struct openai_call *call, const struct exchange_reply *reply,
                         struct arena *arena, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *choice, *message;
    struct str text, refusal;
    struct error ignored;

    if (failure->class != FAILURE_UNKNOWN || reply->outcome != EXCHANGE_REPLIED ||
        !json_read_liberal(reply->body, &json, &ignored))
        return;
    choice = json_item(json_get(json, "choices"), 0);
    message = json_get(choice, "message");
    refusal = json_text(json_get(message, "refusal"));
    text = refusal.size > 0 ? refusal : json_text(json_get(message, "content"));
    if (str_trim(text).size > 0)
        failure->message =
            provider_text_clean_for(call->account, text, PROVIDER_MESSAGE_MAX, arena);
    if (refusal.size > 0 ||
        str_equal(json_text(json_get(choice, "finish_reason")), STR("content_filter")))
        failure->class = FAILURE_REFUSED;
}
