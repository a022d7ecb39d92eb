/*
 * The translation of a kind as a program, so that a script can carry its exchanges over real HTTP
 * to a fake or to somebody else's server.  One JSON object a line, in turns:
 *
 *   in   {"kind","base_url","key","options",                     the account
 *         "model","prompt","count","width","height","quality","format","compression","background",
 *         "partial_images","seed","negative_prompt","idempotency_key","safety_id",
 *         "references":[base64],"mask":base64,"steps","scale","action":"write","system","schema",
 *         "schema_name","output_tokens_max",
 *         "settings": the model's options that the call sets, an object of texts, numbers, truths,
 *         "mime" of all pictures,"remote_id": asks for that instead of beginning,
 *         "cancel": true gives it up}
 *   out  {"method","url","headers":[[name,value]],"body":base64,"is_stream"}   or {"refused":{…}}
 *   in   {"outcome":"replied"|"lost","status","headers":[[name,value]],"body":base64,"piece":bytes}
 *   out  {"next":true} and the next exchange on a line of its own,
 *        or {"verdict","pictures":[{"sha256","size","url","headers"}],"text","missing","partials",
 *            "cost_micro","failure","charged","message","code","retry_after_ms","is_final",
 *            "dropped","request_id","remote_id","progress","poll_after_ms"}
 *
 * After "wait" comes the exchange that polls, as if the time had passed.
 */
#include "core/clock.h"
#include "core/hash.h"
#include "provider/provider.h"

#include <stdio.h>
#include <stdlib.h>

#define REFERENCES_MAX 32
#define LINES_MAX 32

struct wire {
    struct arena *arena;
    const struct provider_kind *kind;
    struct provider_account account;
    struct provider_request request;
    struct provider_image references[REFERENCES_MAX], mask;
    struct json *lines[LINES_MAX]; /* what was read from them is borrowed until the end */
    size_t line_count;
    size_t partials;
};

static void die(const char *what)
{
    fprintf(stderr, "wire: %s\n", what);
    exit(2);
}

static const struct json *read_line(struct wire *wire)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size = getline(&line, &capacity, stdin);
    struct json *json = NULL;
    struct error err;

    if (size < 0 || wire->line_count == LINES_MAX)
        die("no more lines");
    if (!json_read((struct str){.data = line, .size = (size_t)size}, &json, &err))
        die(err.message);
    free(line);
    wire->lines[wire->line_count++] = json;
    return json;
}

static void write_line(struct buf *buf)
{
    buf_add_char(buf, '\n');
    fwrite(buf->data, 1, buf->size, stdout);
    fflush(stdout);
}

static struct str read_base64(const struct json *text, struct arena *arena)
{
    struct str bytes = STR_EMPTY;

    if (json_is(text, JSON_TEXT) && !base64_read(json_text(text), MIB(64), arena, &bytes))
        die("no base64");
    return bytes;
}

static void read_settings(struct wire *wire, const struct json *settings)
{
    struct provider_setting *out =
        ARENA_ARRAY(wire->arena, struct provider_setting, PROVIDER_SETTINGS_MAX);
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str name;
    size_t count = 0;

    while (count < PROVIDER_SETTINGS_MAX && json_next(settings, &cursor, &name, &value))
        out[count++] = (struct provider_setting){
            name, json_is(value, JSON_TEXT) ? json_text(value) : json_print(value, wire->arena)};
    wire->request.settings = out;
    wire->request.setting_count = count;
}

static void read_request(struct wire *wire, const struct json *in)
{
    const struct json *references = json_get(in, "references");

    wire->kind = provider_kind_find(json_text(json_get(in, "kind")));
    if (wire->kind == NULL || json_count(references) > REFERENCES_MAX)
        die("no such kind, or too many references");
    wire->account = (struct provider_account){
        .kind = json_text(json_get(in, "kind")),
        .base_url = json_text(json_get(in, "base_url")),
        .key = {.hidden = json_text(json_get(in, "key"))},
        .options = json_get(in, "options"),
    };
    wire->request = (struct provider_request){
        .action = str_equal(json_text(json_get(in, "action")), STR("write")) ? PROVIDER_WRITE
                  : json_count(references) > 0                               ? PROVIDER_EDIT
                                                                             : PROVIDER_GENERATE,
        .model = json_text(json_get(in, "model")),
        .prompt = json_text(json_get(in, "prompt")),
        .negative_prompt = json_text(json_get(in, "negative_prompt")),
        .count = json_int_or(json_get(in, "count"), 1),
        .width_px = json_int_or(json_get(in, "width"), 0),
        .height_px = json_int_or(json_get(in, "height"), 0),
        .has_seed = json_is(json_get(in, "seed"), JSON_INT),
        .seed = json_int_or(json_get(in, "seed"), 0),
        .quality = json_text(json_get(in, "quality")),
        .format = json_text(json_get(in, "format")),
        .background = json_text(json_get(in, "background")),
        .compression = json_int_or(json_get(in, "compression"), -1),
        .partial_images = json_int_or(json_get(in, "partial_images"), 0),
        .idempotency_key = json_text(json_get(in, "idempotency_key")),
        .safety_id = json_text(json_get(in, "safety_id")),
        .references = wire->references,
        .reference_count = json_count(references),
        .steps = json_int_or(json_get(in, "steps"), 0),
        .system = json_text(json_get(in, "system")),
        .schema = json_text(json_get(in, "schema")),
        .schema_name = json_text(json_get(in, "schema_name")),
        .output_tokens_max = json_int_or(json_get(in, "output_tokens_max"), 0),
    };
    read_settings(wire, json_get(in, "settings"));
    if (!json_double(json_get(in, "scale"), &wire->request.scale))
        wire->request.scale = 0;
    for (size_t i = 0; i < json_count(references); i++)
        wire->references[i] = (struct provider_image){
            .bytes = read_base64(json_item(references, i), wire->arena),
            .mime = json_text(json_get(in, "mime")),
            .name = arena_printf(wire->arena, "reference-%zu.png", i + 1),
        };
    if (json_is(json_get(in, "mask"), JSON_TEXT)) {
        wire->mask = (struct provider_image){
            .bytes = read_base64(json_get(in, "mask"), wire->arena),
            .mime = json_text(json_get(in, "mime")),
            .name = STR("mask.png"),
        };
        wire->request.mask = &wire->mask;
        wire->request.mask_is_white =
            wire->kind->wants_white_mask != NULL && wire->kind->wants_white_mask(&wire->account);
    }
}

static void add_text(struct json_writer *writer, const char *name, struct str text)
{
    json_name(writer, name);
    json_add_text(writer, text);
}

static void write_refusal(const struct error *err)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    json_name(&writer, "refused");
    json_begin_object(&writer);
    add_text(&writer, "field", str_of(err->field));
    add_text(&writer, "message", str_of(err->message));
    json_end_object(&writer);
    json_end_object(&writer);
    write_line(&buf);
}

static void write_headers(struct json_writer *writer, const struct exchange_header *headers,
                          size_t count)
{
    json_name(writer, "headers");
    json_begin_list(writer);
    for (size_t i = 0; i < count; i++) {
        json_begin_list(writer);
        json_add_text(writer, headers[i].name);
        json_add_text(writer, headers[i].value);
        json_end_list(writer);
    }
    json_end_list(writer);
}

/* As it would leave: a signature holds the time. */
static void write_exchange(const struct exchange *exchange, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0}, body = {0}, text = {0};
    struct json_writer writer;
    size_t header_count;
    const struct exchange_header *headers =
        exchange_headers(exchange, clock_wall_ms(&clock_system), arena, &header_count);

    for (size_t i = 0; i < exchange->body_count; i++)
        buf_add(&body, exchange->body[i]);
    base64_add(&text, buf_str(&body));
    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    add_text(&writer, "method", exchange->method);
    add_text(&writer, "url", exchange->url);
    write_headers(&writer, headers, header_count);
    add_text(&writer, "body", buf_str(&text));
    json_name(&writer, "is_stream");
    json_add_bool(&writer, exchange->is_stream);
    json_end_object(&writer);
    write_line(&buf);
}

static void count_partial(void *context, const struct provider_partial *partial)
{
    struct wire *wire = context;

    if (partial->bytes.size > 0)
        wire->partials++;
}

/* As the engine does: a 2xx body of a stream goes through the stream's reader. */
static struct exchange_reply read_reply(struct wire *wire, const struct exchange *exchange)
{
    const struct json *in = read_line(wire), *headers = json_get(in, "headers");
    struct exchange_header *list =
        ARENA_ARRAY(wire->arena, struct exchange_header, json_count(headers) + 1);
    struct exchange_reply reply = {
        .outcome = str_equal(json_text(json_get(in, "outcome")), STR("lost")) ? EXCHANGE_LOST
                                                                              : EXCHANGE_REPLIED,
        .status = (int)json_int_or(json_get(in, "status"), 0),
        .headers = list,
        .header_count = json_count(headers),
        .body = read_base64(json_get(in, "body"), wire->arena),
    };
    struct str rest = reply.body;
    size_t piece = (size_t)json_int_or(json_get(in, "piece"), 4096);

    for (size_t i = 0; i < json_count(headers); i++)
        list[i] = (struct exchange_header){
            .name = json_text(json_item(json_item(headers, i), 0)),
            .value = json_text(json_item(json_item(headers, i), 1)),
        };
    if (exchange->is_stream && reply.status >= 200 && reply.status < 300) {
        struct provider_stream *stream = wire->kind->stream_begin(wire->arena);
        for (; rest.size > 0; rest = str_slice(rest, piece, rest.size))
            wire->kind->stream_feed(stream, str_slice(rest, 0, piece), count_partial, wire);
        reply.body = wire->kind->stream_end(stream);
    }
    return reply;
}

static void write_pictures(struct json_writer *writer, const struct provider_verdict *verdict)
{
    json_name(writer, "pictures");
    json_begin_list(writer);
    for (size_t i = 0; i < verdict->picture_count; i++) {
        struct sha256 hash = sha256_of(verdict->pictures[i].bytes);
        char hex[SHA256_HEX_SIZE + 1];
        sha256_hex(&hash, hex);
        json_begin_object(writer);
        add_text(writer, "sha256", str_of(hex));
        json_name(writer, "size");
        json_add_int(writer, (int64_t)verdict->pictures[i].bytes.size);
        add_text(writer, "url", verdict->pictures[i].url);
        write_headers(writer, verdict->pictures[i].headers, verdict->pictures[i].header_count);
        json_end_object(writer);
    }
    json_end_list(writer);
}

static void write_verdict(const struct wire *wire, const struct provider_verdict *verdict)
{
    static const char *const types[] = {[VERDICT_DONE] = "done",
                                        [VERDICT_WAIT] = "wait",
                                        [VERDICT_NEXT] = "next",
                                        [VERDICT_FAILED] = "failed"};
    static const char *const charges[] = {
        [CHARGED_NO] = "no", [CHARGED_YES] = "yes", [CHARGED_MAYBE] = "maybe"};
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;
    const char *currency;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    add_text(&writer, "verdict", str_of(types[verdict->type]));
    write_pictures(&writer, verdict);
    add_text(&writer, "text", verdict->text);
    add_text(&writer, "missing", verdict->missing);
    json_name(&writer, "partials");
    json_add_int(&writer, (int64_t)wire->partials);
    json_name(&writer, "cost_micro");
    json_add_int(&writer,
                 provider_cost(wire->kind, &wire->account, &wire->request, verdict, &currency));
    add_text(&writer, "failure", str_of(failure_class_name(verdict->failure.class)));
    add_text(&writer, "charged", str_of(charges[verdict->failure.charged]));
    add_text(&writer, "message", verdict->failure.message);
    add_text(&writer, "code", verdict->failure.code);
    json_name(&writer, "retry_after_ms");
    json_add_int(&writer, verdict->failure.retry_after_ms);
    json_name(&writer, "is_final");
    json_add_bool(&writer, verdict->failure.is_final);
    add_text(&writer, "dropped", verdict->dropped);
    add_text(&writer, "request_id", verdict->request_id);
    add_text(&writer, "remote_id", verdict->remote_id);
    json_name(&writer, "progress");
    json_add_double(&writer, verdict->progress);
    json_name(&writer, "poll_after_ms");
    json_add_int(&writer, verdict->poll_after_ms);
    json_end_object(&writer);
    write_line(&buf);
}

/* The exchange after `verdict`, if there is one. */
static bool find_next(const struct wire *wire, const struct provider_verdict *verdict,
                      struct exchange *exchange)
{
    struct error err = {0};

    if (verdict->type == VERDICT_NEXT)
        *exchange = verdict->next;
    else if (verdict->type == VERDICT_WAIT &&
             !wire->kind->poll(&wire->account, verdict->remote_id, wire->arena, exchange, &err))
        die(err.message);
    return verdict->type == VERDICT_NEXT || verdict->type == VERDICT_WAIT;
}

static bool begin(const struct wire *wire, struct str remote_id, bool is_cancel,
                  struct exchange *exchange, struct error *err)
{
    const struct provider_kind *kind = wire->kind;

    if (remote_id.size == 0)
        return kind->begin(&wire->account, &wire->request, wire->arena, exchange, err);
    return (is_cancel ? kind->cancel : kind->poll)(&wire->account, remote_id, wire->arena, exchange,
                                                   err);
}

/* The whole conversation about one call. */
static void run(struct wire *wire)
{
    struct provider_verdict verdict = {0};
    const struct json *in = read_line(wire);
    const struct str remote_id = json_text(json_get(in, "remote_id"));
    struct exchange exchange;
    struct error err = {0};

    read_request(wire, in);
    if (!begin(wire, remote_id, json_bool(json_get(in, "cancel"), false), &exchange, &err)) {
        write_refusal(&err);
        return;
    }
    do {
        struct exchange_reply reply;
        write_exchange(&exchange, wire->arena);
        reply = read_reply(wire, &exchange);
        wire->kind->read(&wire->account, &wire->request, &exchange, &reply, wire->arena, &verdict);
        write_verdict(wire, &verdict);
    } while (find_next(wire, &verdict, &exchange));
}

int main(void)
{
    static struct wire wire;

    wire.arena = arena_create(MIB(1024));
    run(&wire);
    for (size_t i = 0; i < wire.line_count; i++)
        json_free(wire.lines[i]);
    arena_destroy(wire.arena);
    return 0;
}
