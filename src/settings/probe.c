#include "settings/settings_private.h"

#include "core/text.h"
#include "provider/mock.h"

#include <assert.h>

#define PROBE_MS 15000
#define REPLY_SIZE_MAX ((int64_t)8 * 1024 * 1024)
#define SCRATCH_SIZE_MAX MIB(32) /* the reply, the same again, and 4 MiB for reading it */
#define MESSAGE_SIZE_MAX 500
#define MODELS_SHOWN_MAX 1000

const char *const probe_reasons[] = {"key",     "credit",  "busy",  "private", "timeout",
                                     "name",    "refused", "tls",   "lost",    "path",
                                     "service", "fault",   "other", NULL};

static int64_t smaller(int64_t a, int64_t b) { return a > 0 && a < b ? a : b; }

/* The mock's exchange: nothing leaves the house, and nobody waits for its pretended slowness. */
static bool carry_out_card(const struct exchange *exchange, int64_t now_ms, struct arena *arena,
                           struct exchange_reply *out, struct error *err)
{
    struct provider_card card;

    if (!provider_card_read(exchange->card, arena, &card, err))
        return false;
    assert(provider_card_due(&card, now_ms) == 0);
    provider_card_reply(&card, NULL, 0, now_ms, arena, out);
    return true;
}

/* No reply is a reply too: the kind makes a failure with a class of it. */
static void fetch(struct settings *settings, const struct provider_binding *provider,
                  const struct exchange *exchange, int64_t left_ms, int64_t now_ms,
                  struct arena *arena, struct exchange_reply *out)
{
    size_t sent_count;
    const struct exchange_header *headers = exchange_headers(exchange, now_ms, arena, &sent_count);
    struct net_header *sent = ARENA_ARRAY(arena, struct net_header, sent_count);
    struct exchange_header *received;
    struct net_request request = {
        .method = exchange->method,
        .url = exchange->url,
        .headers = sent,
        .header_count = sent_count,
        .body = exchange->body,
        .body_count = exchange->body_count,
        .reach = exchange->is_own_origin && provider->is_private_allowed ? NET_OWNER : NET_PUBLIC,
        .first_byte_ms = left_ms,
        .total_ms = smaller(exchange->total_ms, left_ms),
        .reply_size_max = smaller(exchange->reply_size_max, REPLY_SIZE_MAX),
    };
    struct net_reply reply;
    struct error failure = {0};

    for (size_t i = 0; i < sent_count; i++)
        sent[i] = (struct net_header){headers[i].name, headers[i].value};
    if (!net_fetch(settings->services.net, &request, arena, &reply, &failure)) {
        *out = (struct exchange_reply){
            .outcome = failure.code == ERROR_TIMED_OUT ? EXCHANGE_LOST : EXCHANGE_NOT_SENT,
            .err = failure,
            .now_ms = now_ms,
        };
        return;
    }
    received = ARENA_ARRAY(arena, struct exchange_header, reply.header_count);
    for (size_t i = 0; i < reply.header_count; i++)
        received[i] = (struct exchange_header){reply.headers[i].name, reply.headers[i].value};
    *out = (struct exchange_reply){
        .outcome = EXCHANGE_REPLIED,
        .status = reply.status,
        .headers = received,
        .header_count = reply.header_count,
        .body = reply.body,
        .now_ms = now_ms,
    };
}

static const char *reason_of(const struct exchange_reply *reply,
                             const struct provider_failure *failure)
{
    switch (failure->class) {
    case FAILURE_NONE:
        return "";
    case FAILURE_AUTH:
        return "key";
    case FAILURE_QUOTA:
        return "credit";
    case FAILURE_THROTTLED:
        return "busy";
    case FAILURE_NOT_SENT:
    case FAILURE_SERVER:
    case FAILURE_UNKNOWN:
    case FAILURE_INVALID:
    case FAILURE_REFUSED:
    case FAILURE_REMOTE:
    case FAILURE_RESULT_LOST:
    case FAILURE_LOCAL:
    case FAILURE_DEADLINE:
    case FAILURE_CANCELLED:
    case FAILURE_CLASS_COUNT:
        break;
    }
    if (reply->outcome != EXCHANGE_REPLIED)
        return net_obstacle(&reply->err);
    if (reply->status == 404 || reply->status == 405)
        return "path";
    if (reply->status >= 500)
        return "fault";
    /* Answered, and not as this service answers. */
    return reply->status < 400 ? "service" : "other";
}

/*
 * What leaves for the page, in `arena`: bounded, and without the key, should the provider repeat it
 * in its own words.
 */
static void present(const struct provider_binding *provider, const struct provider_failure *failure,
                    const struct str *models, size_t count, struct arena *arena,
                    struct probe_result *out)
{
    const struct str key = provider_key_part(provider->account.key);

    out->ok = failure->class == FAILURE_NONE;
    out->failure_class = out->ok ? "" : failure_class_name(failure->class);
    out->message = key.size >= 8 && str_find(failure->message, key) >= 0
                       ? STR("the provider repeated the key; its message is not shown")
                       : arena_str(arena, text_clip(failure->message, MESSAGE_SIZE_MAX));
    count = count > MODELS_SHOWN_MAX ? MODELS_SHOWN_MAX : count;
    out->models.items = ARENA_ARRAY(arena, struct str, count);
    out->models.count = 0;
    for (size_t i = 0; i < count; i++)
        if (key.size < 8 || str_find(models[i], key) < 0)
            out->models.items[out->models.count++] =
                arena_str(arena, text_clip(models[i], MODEL_NAME_MAX));
}

/* What else there is to choose, in what is left of the time; all of it or nothing. */
static struct str read_offers(struct settings *settings, const struct provider_binding *provider,
                              const struct exchange_reply *probed, int64_t ends_mono_ms,
                              int64_t now_ms, struct arena *scratch, struct arena *arena)
{
    const struct provider_kind *kind = provider->kind;
    struct provider_offers offers = {0};
    struct exchange_reply reply = *probed;
    struct exchange exchange;
    size_t number = 0;

    if (kind->read_offer == NULL)
        return STR_EMPTY;
    while (kind->read_offer(&provider->account, number, &reply, scratch, &offers)) {
        const int64_t left_ms = ends_mono_ms - clock_mono_ms(settings->services.clock);

        if (!kind->ask_offer(&provider->account, ++number, scratch, &exchange)) {
            provider_offers_bound(&offers, secret_expose(provider->account.key));
            return provider_offers_write(&offers, arena);
        }
        if (left_ms <= 0)
            break;
        fetch(settings, provider, &exchange, left_ms, now_ms, scratch, &reply);
    }
    return STR_EMPTY;
}

bool provider_probe(struct settings *settings, const struct provider_binding *provider,
                    struct arena *arena, struct probe_result *out, struct error *err)
{
    /* Of its own: what a stranger sends may be larger than a request's arena. */
    CLEANUP(arena_cleanup) struct arena *scratch = arena_create(SCRATCH_SIZE_MAX);
    const struct clock *clock = settings->services.clock;
    int64_t started_ms = clock_mono_ms(clock), now_ms = clock_wall_ms(clock);
    struct provider_failure failure = {0};
    struct exchange exchange = {0};
    struct exchange_reply reply;
    struct probe_result result = {0};
    struct str *models = NULL;
    size_t count = 0;

    if (!provider->kind->probe(&provider->account, scratch, &exchange, err))
        return false;
    assert(!exchange.is_paid);
    if (exchange.card.size == 0)
        fetch(settings, provider, &exchange, PROBE_MS, now_ms, scratch, &reply);
    else if (!carry_out_card(&exchange, now_ms, scratch, &reply, err))
        return false;
    provider->kind->read_probe(&provider->account, &reply, scratch, &models, &count, &failure);
    if (failure.class == FAILURE_NONE)
        result.offers =
            read_offers(settings, provider, &reply, started_ms + PROBE_MS, now_ms, scratch, arena);
    result.took_ms = clock_mono_ms(clock) - started_ms;
    result.reason = reason_of(&reply, &failure);
    result.is_about_key = failure.class == FAILURE_AUTH || failure.class == FAILURE_QUOTA ||
                          failure.class == FAILURE_THROTTLED;
    present(provider, &failure, models, count, arena, &result);
    *out = result;
    return true;
}
