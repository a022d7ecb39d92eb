/*
 * Whatever a server answers, a verdict comes out that keeps its promises; whatever a stream is, it
 * says the same in one piece as in many.  The first byte chooses how the rest arrives.
 */
#include "core/text.h"
#include "fuzz.h"
#include "provider/provider.h"

static const char key[] = "sk-0123456789abcdef";

static const struct provider_request request = {
    .model = {"m",     1},
    .prompt = {"a cup", 5},
    .count = 2,
    .width_px = 1024,
    .height_px = 1024,
    .has_seed = true,
    .seed = 7,
    .quality = {"high",  4},
    .compression = -1,
};

static struct provider_account make_account(const char *base_url)
{
    return (struct provider_account){
        .kind = STR("openai"),
        .base_url = str_of(base_url),
        .key = {.hidden = STR(key)},
    };
}

static void check_text(struct str text, size_t size_max)
{
    MUST(text.size <= size_max);
    MUST(text_is_utf8(text));
    MUST(str_find(text, STR(key)) < 0);
}

static void check_verdict(const struct provider_verdict *verdict, const struct exchange *exchange)
{
    check_text(verdict->request_id, 100);
    switch (verdict->type) {
    case VERDICT_DONE:
        MUST(verdict->picture_count > 0 && verdict->picture_count <= 64);
        for (size_t i = 0; i < verdict->picture_count; i++)
            MUST((verdict->pictures[i].bytes.size > 0) != (verdict->pictures[i].url.size > 0));
        break;
    case VERDICT_NEXT:
        MUST(verdict->next.retry_stage == exchange->retry_stage + 1);
        MUST((verdict->next.dropped & exchange->dropped) == exchange->dropped);
        MUST(verdict->next.dropped != exchange->dropped);
        break;
    case VERDICT_FAILED:
        MUST(verdict->failure.class != FAILURE_NONE);
        MUST(verdict->failure.message.size > 0);
        break;
    case VERDICT_WAIT:
        MUST(false); /* this kind answers at once */
        break;
    }
    check_text(verdict->failure.message, 500);
    check_text(verdict->failure.code, 100);
    MUST(verdict->usage.cost_micro >= -1);
}

static void read_reply(const struct provider_kind *kind, struct str body, int status)
{
    struct provider_account account = make_account("https://relay");
    struct arena *arena = arena_create(body.size + MIB(4)); /* what read() promises to need */
    struct exchange_reply reply = {
        .outcome = EXCHANGE_REPLIED, .status = status, .body = body, .now_ms = 1800000000000};
    struct provider_verdict verdict;
    struct exchange exchange;
    struct error err;
    const char *currency;

    MUST(kind->begin(&account, &request, arena, &exchange, &err));
    kind->read(&account, &request, &exchange, &reply, arena, &verdict);
    check_verdict(&verdict, &exchange);
    MUST(provider_cost(kind, &account, &request, &verdict, &currency) >= -1);
    arena_destroy(arena);
}

static void read_probe(const struct provider_kind *kind, struct str body, int status)
{
    struct provider_account account = make_account("");
    struct arena *arena = arena_create(body.size + MIB(4));
    struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED, .status = status, .body = body};
    struct provider_failure failure;
    struct str *models;
    size_t count;

    kind->read_probe(&account, &reply, arena, &models, &count, &failure);
    MUST(failure.class == FAILURE_NONE || count == 0);
    for (size_t i = 0; i < count; i++)
        MUST(models[i].size > 0 && models[i].size <= 200);
    check_text(failure.message, 500);
    arena_destroy(arena);
}

static void read_header(struct str value)
{
    const struct exchange_header headers[] = {
        {STR("retry-after"), value}
    };
    const struct exchange_header precise[] = {
        {STR("retry-after-ms"), value}
    };
    struct exchange_reply reply = {
        .headers = headers, .header_count = 1, .now_ms = 1795341600000}; /* 2026-11-22T10:00:00Z */
    int64_t ms = exchange_retry_after_ms(&reply);

    MUST(ms >= -1 && ms <= 3600000);
    reply.headers = precise;
    ms = exchange_retry_after_ms(&reply);
    MUST(ms >= -1 && ms <= 3600000);
}

static void see(void *context, const struct provider_partial *partial)
{
    size_t *count = context;

    MUST(partial->bytes.size > 0);
    (*count)++;
}

static struct str gather(const struct provider_kind *kind, struct str text, size_t piece,
                         struct arena *arena, size_t *partials)
{
    struct provider_stream *stream = kind->stream_begin(arena);

    *partials = 0;
    while (text.size > 0) {
        kind->stream_feed(stream, str_slice(text, 0, piece), see, partials);
        text = str_slice(text, piece, text.size);
    }
    return kind->stream_end(stream);
}

static void read_stream(const struct provider_kind *kind, struct str text, size_t piece)
{
    struct arena *arena = arena_create(MIB(256));
    size_t partials, again;
    struct str whole = gather(kind, text, text.size, arena, &partials);
    struct str pieces = gather(kind, text, piece, arena, &again);

    MUST(str_equal(whole, pieces));
    MUST(partials == again);
    read_reply(kind, whole, 200);
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 401, 403, 422, 429, 500, 503};
    const struct provider_kind *kind = provider_kind_find(STR("openai"));
    struct str rest = {.data = (const char *)data + 1, .size = size - 1};
    unsigned way;

    if (size < 1)
        return 0;
    way = data[0];
    switch (way % 4) {
    case 0:
        read_reply(kind, rest, statuses[way / 4 % COUNT(statuses)]);
        break;
    case 1:
        read_probe(kind, rest, statuses[way / 4 % COUNT(statuses)]);
        break;
    case 2:
        read_stream(kind, rest, way / 4 + 1);
        break;
    default:
        read_header(rest);
        break;
    }
    return 0;
}
