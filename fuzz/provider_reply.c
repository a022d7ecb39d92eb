/*
 * Whatever a service answers, to an order, to a question about its work or to the free call, each
 * kind makes of it what provider.h promises.  The input: the name of a row below or of a kind, a
 * line end, one byte that says what is answered and how, and the answer's body.
 *
 *   bits 0-2  @ an order  A a poll, and looking the order up  B the free call
 *             C an order, as a stream in pieces  D a Retry-After  E giving up
 *             F an order, lost half way  G an order, as a page
 *   bits 3-7  the status, of `statuses`; of a stream the size of its pieces
 */
#include "core/text.h"
#include "fuzz.h"
#include "provider/provider.h"

enum {
    NEXT_MAX = 80, /* fall-backs: openai drops its fields one by one */
    WAIT_MAX = 2,
    BEGIN_SIZE_MAX = KIB(256), /* the requests here are small */
    REMOTE_ID_SIZE_MAX = 4000,
};

#define ORIGIN "https://own.example"
#define KEY "sk-0123456789abcdef"
#define PICTURE                                                                                    \
    "\211PNG\015\012\032\012\000\000\000\015IHDR\000\000\002\000\000\000\002\000"                  \
    "\010\006\000\000\000\364\170\324\372\000\000\000\000IEND\256B`\202"
#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]" \
    ",\"additionalProperties\":false}"

/* What a kind's first model does not show. */
static const struct way {
    const char *name, *kind, *options, *model, *schema;
} ways[] = {
    {"openai-background", "openai",
     "{\"profile\":\"openai\",\"images_api\":\"responses\",\"responses_background\":true}", "gpt-image-2",                NULL  },
    {"openai-chat",       "openai",    "{\"profile\":\"generic\",\"images_api\":\"chat\"}", "flux",                       NULL  },
    {"openai-relay",      "openai",    "{\"profile\":\"generic\"}",                         "flux",                       NULL  },
    {"openai-text",       "openai",    "{\"profile\":\"openai\"}",                          "gpt-5.4-mini",               NULL  },
    {"openai-schema",     "openai",    "{\"profile\":\"generic\"}",                         "gpt-5.4-mini",               SCHEMA},
    {"gemini-text",       "gemini",    "{}",                                                "gemini-3.8-flash",           SCHEMA},
    {"anthropic-schema",  "anthropic", "{}",                                                "claude-haiku-5-5",           SCHEMA},
    {"ark-group",         "ark",       "{}",                                                "doubao-seedream-4-5-251128", NULL  },
    {"dashscope-task",    "dashscope", "{}",                                                "wan2.7-image",               NULL  },
    {"zhipu-task",        "zhipu",     "{\"async\":true}",                                  "cogview-4",                  NULL  },
    {"ideogram-now",      "ideogram",  "{}",                                                "ideogram-v3",                NULL  },
    {"stability-task",    "stability", "{}",                                                "upscale-creative",           NULL  },
    {"fal-unknown",       "fal",       "{}",                                                "acme/paint",                 NULL  },
    {"replicate-unknown", "replicate", "{}",                                                "acme/paint",                 NULL  },
};

struct talk {
    const struct provider_kind *kind;
    struct provider_account account;
    struct provider_request request;
    struct provider_image picture;
    struct json *options;
    struct exchange_header headers[4];
    struct exchange_reply reply;
    struct arena *arena; /* what the next call may take, and what the last ones took */
};

/* ---- What is promised ---- */

static void check_line(struct str text, size_t size_max)
{
    MUST(text.size <= size_max);
    MUST(text_is_utf8(text));
    MUST(str_find(text, STR(KEY)) < 0);
    for (size_t i = 0; i < text.size; i++)
        MUST((unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7f);
}

static bool is_own(struct str url)
{
    return str_starts_with(url, STR(ORIGIN "/")) || str_equal(url, STR(ORIGIN));
}

/* The key goes to the account's own origin alone.  (An address or an id that a service makes of the
 * key tells it to nobody but that service.) */
static void check_address(struct str url, const struct exchange_header *headers, size_t count)
{
    MUST(url.size > 0 && text_is_utf8(url));
    for (size_t i = 0; i < count; i++)
        MUST(str_find(headers[i].value, STR(KEY)) < 0 || is_own(url));
}

static void check_exchange(const struct exchange *exchange)
{
    if (exchange->card.size > 0)
        return;
    check_address(exchange->url, exchange->headers, exchange->header_count);
    MUST(exchange->signing == NULL || is_own(exchange->url));
}

static void check_done(const struct talk *talk, const struct provider_verdict *verdict)
{
    if (talk->request.action == PROVIDER_WRITE) {
        MUST(verdict->text.size > 0 && text_is_utf8(verdict->text));
        return;
    }
    MUST(verdict->picture_count > 0 && verdict->picture_count <= 64);
    for (size_t i = 0; i < verdict->picture_count; i++) {
        const struct provider_picture *picture = &verdict->pictures[i];
        MUST((picture->bytes.size > 0) != (picture->url.size > 0));
        MUST(text_is_utf8(picture->revised_prompt));
        if (picture->url.size > 0)
            check_address(picture->url, picture->headers, picture->header_count);
    }
}

static void check_failure(const struct provider_failure *failure)
{
    MUST(failure->class != FAILURE_NONE && failure->class < FAILURE_CLASS_COUNT);
    MUST(failure->message.size > 0);
    MUST(failure->retry_after_ms >= -1 && failure->retry_after_ms <= 3600000);
    check_line(failure->message, 500);
    check_line(failure->code, 100);
}

static void check_verdict(const struct talk *talk, const struct exchange *exchange,
                          const struct provider_verdict *verdict)
{
    const char *currency = NULL;

    check_line(verdict->request_id, 200);
    check_line(verdict->dropped, 1000);
    check_line(verdict->missing, 1000);
    MUST(verdict->usage.cost_micro >= -1);
    switch (verdict->type) {
    case VERDICT_DONE:
        check_done(talk, verdict);
        break;
    case VERDICT_WAIT:
        MUST(verdict->remote_id.size > 0 && verdict->remote_id.size <= REMOTE_ID_SIZE_MAX);
        MUST(text_is_utf8(verdict->remote_id));
        MUST(verdict->poll_after_ms >= -1);
        break;
    case VERDICT_NEXT:
        check_exchange(&verdict->next);
        /* Nobody orders again what may have been made. */
        MUST(!verdict->next.is_paid || !exchange->is_paid ||
             talk->reply.outcome == EXCHANGE_REPLIED);
        break;
    case VERDICT_FAILED:
        check_failure(&verdict->failure);
        break;
    }
    if (verdict->type == VERDICT_DONE || verdict->type == VERDICT_FAILED)
        MUST(provider_cost(talk->kind, &talk->account, &talk->request, verdict, &currency) >= -1);
}

/* ---- The talk ---- */

/* An arena with room for what one call of read() promises to take, beside what is kept. */
static void make_room(struct talk *talk, struct arena **arenas, size_t *count)
{
    talk->arena = arena_create(talk->reply.body.size + MIB(4) + BEGIN_SIZE_MAX);
    arenas[(*count)++] = talk->arena;
}

/* The same answer to everything that is asked, until there is a verdict. */
static void follow(struct talk *talk, struct exchange exchange)
{
    struct arena *arenas[NEXT_MAX + 1];
    size_t count = 0;
    int waits = 0;

    for (;;) {
        struct provider_verdict verdict;
        struct error err;

        MUST(count < NEXT_MAX);
        make_room(talk, arenas, &count);
        check_exchange(&exchange);
        talk->kind->read(&talk->account, &talk->request, &exchange, &talk->reply, talk->arena,
                         &verdict);
        check_verdict(talk, &exchange, &verdict);
        if (verdict.type == VERDICT_NEXT) {
            exchange = verdict.next;
        } else if (verdict.type == VERDICT_WAIT && waits++ < WAIT_MAX) {
            MUST(talk->kind->poll(&talk->account, verdict.remote_id, talk->arena, &exchange, &err));
            MUST(!exchange.is_paid);
        } else {
            break;
        }
    }
    while (count > 0)
        arena_destroy(arenas[--count]);
}

static void answer_order(struct talk *talk, struct arena *arena)
{
    struct exchange exchange;
    struct error err;

    MUST(talk->kind->begin(&talk->account, &talk->request, arena, &exchange, &err));
    follow(talk, exchange);
}

static void see(void *context, const struct provider_partial *partial)
{
    size_t *count = context;

    MUST(partial->bytes.size > 0 && partial->index >= 0);
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

/* It says the same in one piece as in many. */
static void answer_stream(struct talk *talk, size_t piece, struct arena *arena)
{
    size_t partials, again;
    struct arena *room;
    struct str whole, pieces;

    if (talk->kind->stream_begin == NULL)
        return;
    room = arena_create(MIB(512));
    whole = gather(talk->kind, talk->reply.body, talk->reply.body.size, room, &partials);
    pieces = gather(talk->kind, talk->reply.body, piece, room, &again);
    MUST(str_equal(whole, pieces));
    MUST(partials == again);
    talk->request.partial_images = 2;
    talk->reply.body = whole;
    talk->reply.status = 200;
    answer_order(talk, arena);
    arena_destroy(room);
}

/* Asked for an id that any order's answer could have given: the answer's own first, else none. */
static void answer_poll(struct talk *talk, bool is_cancel, struct arena *arena)
{
    struct exchange exchange, order;
    struct provider_verdict verdict;
    struct str id = STR("0123456789abcdef0123456789abcdef");
    struct error err;

    if (talk->kind->poll == NULL)
        return;
    MUST(talk->kind->begin(&talk->account, &talk->request, arena, &order, &err));
    talk->kind->read(&talk->account, &talk->request, &order, &talk->reply, arena, &verdict);
    if (verdict.type == VERDICT_WAIT)
        id = verdict.remote_id;
    if (is_cancel && talk->kind->cancel != NULL) {
        if (talk->kind->cancel(&talk->account, id, arena, &exchange, &err))
            follow(talk, exchange);
    } else if (talk->kind->poll(&talk->account, id, arena, &exchange, &err)) {
        follow(talk, exchange);
    } else {
        MUST(verdict.type != VERDICT_WAIT);
    }
    if (!is_cancel && talk->kind->look_up != NULL) {
        MUST(talk->kind->look_up(&talk->account, STR("01JDCALL"), arena, &exchange, &err));
        MUST(!exchange.is_paid);
        follow(talk, exchange);
    }
}

static void answer_probe(struct talk *talk)
{
    struct arena *arena = arena_create(talk->reply.body.size + MIB(4));
    struct provider_failure failure;
    struct str *models;
    size_t count;

    if (talk->kind->read_probe != NULL) {
        talk->kind->read_probe(&talk->account, &talk->reply, arena, &models, &count, &failure);
        MUST(failure.class == FAILURE_NONE || count == 0);
        for (size_t i = 0; i < count; i++) {
            MUST(models[i].size > 0);
            MUST(models[i].size <= 200 && text_is_utf8(models[i]));
        }
        if (failure.class != FAILURE_NONE)
            check_failure(&failure);
    }
    arena_destroy(arena);
}

static void answer_header(struct str value)
{
    const struct exchange_header after[] = {
        {STR("retry-after"), value}
    };
    const struct exchange_header precise[] = {
        {STR("retry-after-ms"), value}
    };
    const struct exchange_header reset[] = {
        {STR("x-ratelimit-remaining-requests"), STR("0") },
        {STR("x-ratelimit-reset-requests"),     value    },
        {STR("x-ratelimit-remaining-tokens"),   value    },
        {STR("x-ratelimit-reset-tokens"),       STR("1s")}
    };
    struct exchange_reply reply = {
        .headers = after, .header_count = 1, .now_ms = 1795341600000}; /* 2026-11-22T10:00:00Z */
    int64_t ms = exchange_retry_after_ms(&reply);

    MUST(ms >= -1 && ms <= 3600000);
    reply.headers = precise;
    ms = exchange_retry_after_ms(&reply);
    MUST(ms >= -1 && ms <= 3600000);
    reply.headers = reset;
    reply.header_count = COUNT(reset);
    ms = exchange_used_up_ms(&reply);
    MUST(ms >= 0 && ms <= 60000);
}

/* ---- What is asked ---- */

static bool find_row(struct str name, struct talk *talk, struct str *model, const char **options,
                     const char **schema, bool *is_way)
{
    *is_way = false;
    *options = "{\"access_key_id\":\"AKLT0123456789\"}";
    for (size_t i = 0; i < COUNT(ways); i++)
        if (str_equal(name, str_of(ways[i].name))) {
            talk->kind = provider_kind_find(str_of(ways[i].kind));
            *model = str_of(ways[i].model);
            *options = ways[i].options;
            *schema = ways[i].schema;
            *is_way = true;
            return true;
        }
    talk->kind = provider_kind_find(name);
    for (size_t i = 0; talk->kind != NULL && i < talk->kind->model_count && model->size == 0; i++)
        *model = talk->kind->models[i].name;
    return talk->kind != NULL;
}

static void make_request(struct talk *talk, struct str name, const char *schema, bool is_way)
{
    const struct provider_model model = provider_model_find(talk->kind, name);
    const bool writes = model.can_write && !model.can_generate && !model.can_edit;

    talk->picture = (struct provider_image){
        .bytes = {PICTURE, sizeof PICTURE - 1},
        .mime = STR("image/png"),
        .name = STR("picture.png"),
    };
    talk->request = (struct provider_request){
        .action = writes               ? PROVIDER_WRITE
                  : model.can_generate ? PROVIDER_GENERATE
                                       : PROVIDER_EDIT,
        .model = name,
        .prompt = STR("a cup"),
        .count = !writes && !is_way && model.count_max > 1 ? 2 : 1,
        .has_seed = model.has_seed && !is_way, /* Chat Completions refuses one */
        .seed = 7,
        .compression = -1,
        .schema = str_of(schema == NULL ? "" : schema),
        .schema_name = str_of(schema == NULL ? "" : "description"),
        .idempotency_key = STR("01JD0000000000000000000000"),
        .references = &talk->picture,
        .reference_count = !writes && !model.can_generate ? 1 : 0,
    };
    talk->account.kind = str_of(talk->kind->name);
    talk->account.base_url = STR(ORIGIN);
    talk->account.key.hidden = STR(KEY);
    talk->account.options = talk->options;
}

/* The headers a service would send with such a body, and one that repeats the key. */
static void make_reply(struct talk *talk, unsigned way, struct str body)
{
    static const int statuses[] = {200, 202, 400, 401, 404, 422, 429, 500};
    const char first = body.size > 0 ? body.data[0] : '\0';
    const struct str type = first == '{' || first == '['  ? STR("application/json")
                            : (unsigned char)first > 0x7f ? STR("image/png")
                                                          : STR("text/html");
    const bool is_lost = way % 8 == 6;

    talk->headers[0] = (struct exchange_header){STR("content-type"), type};
    talk->headers[1] = (struct exchange_header){STR("x-request-id"), STR("req-" KEY)};
    talk->headers[2] = (struct exchange_header){STR("retry-after"), STR("7")};
    talk->headers[3] = (struct exchange_header){STR("seed"), STR("42")};
    talk->reply = (struct exchange_reply){
        .outcome = is_lost ? EXCHANGE_LOST : EXCHANGE_REPLIED,
        .status = statuses[way / 8 % COUNT(statuses)],
        .headers = talk->headers,
        .header_count = COUNT(talk->headers),
        .body = body,
        .now_ms = 1795341600000,
    };
    if (is_lost)
        talk->reply.err =
            (struct error){.code = ERROR_UNREACHABLE, .message = "the connection was lost"};
    if (way % 8 == 7)
        talk->headers[0].value = STR("text/html");
}

static void answer(struct talk *talk, unsigned way)
{
    struct arena *arena = arena_create(MIB(32));

    switch (way % 8) {
    case 1:
    case 5:
        answer_poll(talk, way % 8 == 5, arena);
        break;
    case 2:
        answer_probe(talk);
        break;
    case 3:
        answer_stream(talk, way / 8 + 1, arena);
        break;
    case 4:
        answer_header(talk->reply.body);
        break;
    default:
        answer_order(talk, arena);
        break;
    }
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {.data = (const char *)data, .size = size};
    struct str name = str_cut(&rest, '\n'), model = STR_EMPTY;
    const char *options, *schema = NULL;
    struct talk talk = {0};
    struct error err;
    bool is_way;
    unsigned way;

    if (rest.size == 0 || !find_row(name, &talk, &model, &options, &schema, &is_way))
        return 0;
    way = (unsigned char)rest.data[0];
    MUST(json_read(str_of(options), &talk.options, &err));
    make_request(&talk, model, schema, is_way);
    make_reply(&talk, way, str_slice(rest, 1, rest.size));
    answer(&talk, way);
    json_free(talk.options);
    return 0;
}
