/* provider/queue.c: addresses, exchanges and verdicts of services that work under a remote id. */
#include "provider/queue_private.h"

#define FIRST_BYTE_MS 60000 /* it is only put into a queue */
#define TOTAL_MS 300000     /* but the pictures must get there */
#define ASK_MS 30000        /* facts 0.5: polls deserve short timeouts */
#define REPLY_SIZE_MAX MIB(64)

const char *const queue_tolerances[] = {"auto", "0", "1", "2", "3", "4", "5", "6", NULL};
const char *const queue_rewrites[] = {"auto", "on", "off", NULL};

const struct provider_field queue_option_tolerance = QUEUE_FIELD_TOLERANCE;
const struct provider_field queue_option_rewriting = QUEUE_FIELD_REWRITING;
const struct provider_field queue_option_checker =
    OPTION_ROW(BOOL, "safety_checker", "Safety checker", "安全检查",
               "Blacks out or refuses pictures it takes offence at.",
               "会涂黑或拒绝判定为不宜的图片。", .fallback = "");

/* --- addresses --- */

bool queue_segment_is_plain(struct str segment)
{
    for (size_t i = 0; i < segment.size; i++) {
        char c = segment.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.'))
            return false;
    }
    return segment.size > 0 && !str_equal(segment, STR(".")) && !str_equal(segment, STR(".."));
}

bool queue_path_is_plain(struct str path, size_t count_min, size_t size_max)
{
    size_t count = 0;

    if (path.size > size_max || str_ends_with(path, STR("/")))
        return false;
    while (path.size > 0) {
        if (!queue_segment_is_plain(str_cut(&path, '/')))
            return false;
        count++;
    }
    return count >= count_min;
}

bool queue_base(const struct queue_door *door, const struct provider_account *account,
                struct arena *arena, struct str *out, struct error *err)
{
    if (str_trim(account->base_url).size > 0)
        return provider_url_base(account->base_url, door->path_default, arena, out, err);
    *out = str_of(door->base_url);
    return true;
}

bool queue_exchange_init(const struct queue_door *door, const struct provider_account *account,
                         enum exchange_purpose purpose, const char *method, struct str path,
                         struct arena *arena, struct exchange *out, struct error *err)
{
    struct str base;

    if (!queue_base(door, account, arena, &base, err))
        return false;
    *out = (struct exchange){
        .purpose = purpose,
        .is_own_origin = str_trim(account->base_url).size > 0,
        .method = str_of(method),
        .url = arena_printf(arena, "%.*s/%.*s", STR_ARGS(base), STR_ARGS(path)),
        .first_byte_ms = ASK_MS,
        .total_ms = ASK_MS,
        .reply_size_max = (int64_t)REPLY_SIZE_MAX, /* a result may hold its pictures as data URIs */
    };
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    return exchange_add_key(out, account, door->key_header, door->key_before, arena, err);
}

void queue_exchange_pay(struct exchange *exchange, struct arena *arena, struct str body)
{
    exchange->is_paid = true;
    exchange->first_byte_ms = FIRST_BYTE_MS;
    exchange->total_ms = TOTAL_MS;
    exchange_add_header(exchange, arena, "Content-Type", STR("application/json"));
    exchange_set_body(exchange, arena, body);
}

/* --- verdicts --- */

void queue_verdict_init(struct provider_verdict *out)
{
    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1,   -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.class = FAILURE_UNKNOWN, .charged = CHARGED_MAYBE, .retry_after_ms = -1},
    };
}

bool queue_reply_is_good(const struct exchange_reply *reply)
{
    return reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300;
}

void queue_verdict_done(struct provider_verdict *out, const struct picture_list *list,
                        int64_t count, struct arena *arena)
{
    out->type = VERDICT_DONE;
    out->pictures = list->items;
    out->picture_count = list->count;
    out->usage.images = (int64_t)list->count;
    if (out->missing.size == 0 && (int64_t)list->count < count)
        out->missing =
            arena_printf(arena, "%zu of %lld pictures came", list->count, (long long)count);
}

void queue_verdict_wait(struct provider_verdict *out, struct str remote_id)
{
    out->type = VERDICT_WAIT;
    out->remote_id = remote_id;
    out->poll_after_ms = QUEUE_POLL_MS;
}

void queue_verdict_fail(struct provider_verdict *out, enum failure_class class,
                        enum charged charged, struct str message)
{
    out->type = VERDICT_FAILED;
    out->failure.class = class;
    out->failure.charged = charged;
    out->failure.message = message;
}

struct str queue_words(const struct provider_account *account, struct str text,
                       const char *fallback, struct arena *arena)
{
    struct str clean = provider_text_clean(str_trim(secret_expose(account->key)), text,
                                           PROVIDER_MESSAGE_MAX, arena);

    return clean.size > 0 ? clean : str_of(fallback);
}

bool queue_words_refuse(struct str text)
{
    static const char *const words[] = {"nsfw",   "content_policy", "content policy", "sensitive",
                                        "safety", "moderat",        "flagged"};

    for (size_t i = 0; i < COUNT(words); i++)
        if (text_has_nocase(text, words[i]))
            return true;
    return false;
}

void queue_read_probe(const struct queue_catalogue *catalogue,
                      const struct provider_account *account, const struct exchange_reply *reply,
                      bool is_good, struct arena *arena, struct str **models, size_t *count,
                      struct provider_failure *failure)
{
    const struct provider_kind *kind = catalogue->kind;

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (!is_good) {
        exchange_classify_for(account, reply, arena, failure);
        failure->charged = CHARGED_NO;
        if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED) {
            failure->class = FAILURE_INVALID;
            failure->message =
                STR("the server answered, but not as this service does; is the base URL right?");
        }
        return;
    }
    *models = ARENA_ARRAY(arena, struct str, kind->model_count);
    for (size_t i = 0; i < kind->model_count; i++)
        (*models)[(*count)++] = kind->models[i].name;
}

bool queue_wants_white_mask(const struct provider_account *account)
{
    (void)account;
    return true;
}
