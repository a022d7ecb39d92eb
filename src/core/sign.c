#include "core/sign.h"

#include "core/hash.h"
#include "core/text.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#define EXPIRES_MAX_S 604800

const struct sign_scheme sign_aws = {
    .algorithm = "AWS4-HMAC-SHA256",
    .key_prefix = "AWS4",
    .terminator = "aws4_request",
    .date_header = "X-Amz-Date",
    .payload_header = "X-Amz-Content-Sha256",
    .query_prefix = "X-Amz-",
};

const struct sign_scheme sign_volc = {
    .algorithm = "HMAC-SHA256",
    .key_prefix = "", /* the raw secret (4C.6) */
    .terminator = "request",
    .date_header = "X-Date",
    .payload_header = "X-Content-Sha256",
};

/* --- the canonical request --- */

struct pair {
    struct str name, value;
};
struct pairs {
    struct pair items[SIGN_QUERY_MAX > SIGN_HEADERS_MAX ? SIGN_QUERY_MAX : SIGN_HEADERS_MAX];
    size_t count;
};

static void add_pair(struct pairs *pairs, size_t max, struct str name, struct str value)
{
    assert(pairs->count < max);
    pairs->items[pairs->count++] = (struct pair){.name = name, .value = value};
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *one = a, *other = b;
    int by_name = str_compare(one->name, other->name);

    return by_name != 0 ? by_name : str_compare(one->value, other->value);
}

static struct str lower(struct str text, struct arena *arena)
{
    char *copy = arena_alloc(arena, text.size);

    for (size_t i = 0; i < text.size; i++)
        copy[i] = str_lower_char(text.data[i]);
    return (struct str){.data = copy, .size = text.size};
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* Trimmed, each run of white space inside as one space. */
static struct str collapse(struct str text, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};

    text = str_trim(text);
    for (size_t i = 0; i < text.size; i++)
        if (!is_blank(text.data[i]))
            buf_add_char(&out, text.data[i]);
        else if (!is_blank(text.data[i - 1])) /* trimmed: the first is none */
            buf_add_char(&out, ' ');
    return arena_str(arena, buf_str(&out));
}

static void add_header(struct pairs *headers, struct str name, struct str value,
                       struct arena *arena)
{
    add_pair(headers, SIGN_HEADERS_MAX, lower(name, arena), collapse(value, arena));
}

static struct str encode(struct str text, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};

    url_encode_add(&out, text);
    return arena_str(arena, buf_str(&out));
}

/* Encoded anew, whatever of it was encoded before; what cannot be decoded means itself. */
static struct str reencode(struct str text, struct arena *arena)
{
    struct str plain;

    return encode(url_decode(text, false, arena, &plain) ? plain : text, arena);
}

static void read_query(struct str query, struct arena *arena, struct pairs *out)
{
    while (query.size > 0) {
        struct str value = str_cut(&query, '&'), name;
        if (value.size == 0)
            continue;
        name = str_cut(&value, '=');
        add_pair(out, SIGN_QUERY_MAX, reencode(name, arena), reencode(value, arena));
    }
}

static struct str join_query(struct pairs *query, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};

    qsort(query->items, query->count, sizeof query->items[0], compare_pairs);
    for (size_t i = 0; i < query->count; i++) {
        if (i > 0)
            buf_add_char(&out, '&');
        buf_add(&out, query->items[i].name);
        buf_add_char(&out, '=');
        buf_add(&out, query->items[i].value);
    }
    return arena_str(arena, buf_str(&out));
}

static struct str join_names(const struct pairs *headers, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};

    for (size_t i = 0; i < headers->count; i++) {
        if (i > 0)
            buf_add_char(&out, ';');
        buf_add(&out, headers->items[i].name);
    }
    return arena_str(arena, buf_str(&out));
}

/* Host and what the caller wants signed, in order; the query alone has no date header. */
static void gather_headers(const struct sign_scheme *scheme, const struct sign_request *request,
                           struct str date, bool is_query, struct arena *arena,
                           struct pairs *headers)
{
    add_header(headers, STR("host"), request->host, arena);
    for (size_t i = 0; i < request->header_count; i++)
        add_header(headers, request->headers[i].name, request->headers[i].value, arena);
    if (!is_query)
        add_header(headers, str_of(scheme->date_header), date, arena);
    if (!is_query && request->has_payload_header)
        add_header(headers, str_of(scheme->payload_header), request->payload_hash, arena);
    qsort(headers->items, headers->count, sizeof headers->items[0], compare_pairs);
}

static struct str write_canonical(const struct sign_request *request, struct str query,
                                  const struct pairs *headers, struct str names,
                                  struct str payload_hash, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};

    buf_printf(&out, "%.*s\n%.*s\n%.*s\n", STR_ARGS(request->method),
               STR_ARGS(request->path.size > 0 ? request->path : STR("/")), STR_ARGS(query));
    for (size_t i = 0; i < headers->count; i++)
        buf_printf(&out, "%.*s:%.*s\n", STR_ARGS(headers->items[i].name),
                   STR_ARGS(headers->items[i].value));
    buf_printf(&out, "\n%.*s\n%.*s", STR_ARGS(names), STR_ARGS(payload_hash));
    return arena_str(arena, buf_str(&out));
}

/* --- the signature --- */

static struct str bytes_of(const struct sha256 *hash)
{
    return (struct str){.data = (const char *)hash->bytes, .size = SHA256_SIZE};
}

struct sha256 sign_key(const struct sign_scheme *scheme, struct secret key, struct str date,
                       struct str region, struct str service)
{
    CLEANUP(buf_finish) struct buf start = {0};
    const struct str steps[] = {str_slice(date, 0, 8), region, service, str_of(scheme->terminator)};
    struct sha256 step;

    buf_add(&start, str_of(scheme->key_prefix));
    buf_add(&start, secret_expose(key));
    step = hmac_sha256(buf_str(&start), steps[0]);
    for (size_t i = 1; i < COUNT(steps); i++)
        step = hmac_sha256(bytes_of(&step), steps[i]);
    if (start.size > 0)
        secret_wipe(start.data, start.size);
    return step;
}

static struct str hex_of(struct sha256 hash, struct arena *arena)
{
    char hex[SHA256_HEX_SIZE + 1];

    sha256_hex(&hash, hex);
    return arena_str(arena, str_of(hex));
}

/* YYYYMMDDTHHMMSSZ */
static struct str format_date(int64_t wall_ms, struct arena *arena)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    char text[32];

    if (gmtime_r(&seconds, &tm) == NULL || strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &tm) == 0)
        abort(); /* no clock shows the year 2^31 */
    return arena_str(arena, str_of(text));
}

static struct str scope_of(const struct sign_scheme *scheme, const struct sign_request *request,
                           struct str date, struct arena *arena)
{
    return arena_printf(arena, "%.*s/%.*s/%.*s/%s", 8, date.data, STR_ARGS(request->region),
                        STR_ARGS(request->service), scheme->terminator);
}

/* From the canonical request to the signature. */
static void finish(const struct sign_scheme *scheme, const struct sign_request *request,
                   struct arena *arena, struct signature *out)
{
    struct sha256 key =
        sign_key(scheme, request->key, out->date, request->region, request->service);

    out->to_sign =
        arena_printf(arena, "%s\n%.*s\n%.*s\n%.*s", scheme->algorithm, STR_ARGS(out->date),
                     STR_ARGS(scope_of(scheme, request, out->date, arena)),
                     STR_ARGS(hex_of(sha256_of(out->canonical), arena)));
    out->hex = hex_of(hmac_sha256(bytes_of(&key), out->to_sign), arena);
    secret_wipe(&key, sizeof key);
}

void sign_headers(const struct sign_scheme *scheme, const struct sign_request *request,
                  struct arena *arena, struct signature *out)
{
    struct pairs headers = {0}, query = {0};

    *out = (struct signature){.date = format_date(request->wall_ms, arena)};
    gather_headers(scheme, request, out->date, false, arena, &headers);
    read_query(request->query, arena, &query);
    out->signed_headers = join_names(&headers, arena);
    out->canonical = write_canonical(request, join_query(&query, arena), &headers,
                                     out->signed_headers, request->payload_hash, arena);
    finish(scheme, request, arena, out);
    out->authorization = arena_printf(
        arena, "%s Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%.*s", scheme->algorithm,
        STR_ARGS(request->key_id), STR_ARGS(scope_of(scheme, request, out->date, arena)),
        STR_ARGS(out->signed_headers), STR_ARGS(out->hex));
}

size_t sign_added(const struct sign_scheme *scheme, const struct sign_request *request,
                  const struct signature *signature, struct sign_header added[SIGN_ADDED_MAX])
{
    size_t count = 0;

    added[count++] = (struct sign_header){str_of(scheme->date_header), signature->date};
    if (request->has_payload_header)
        added[count++] =
            (struct sign_header){str_of(scheme->payload_header), request->payload_hash};
    added[count++] = (struct sign_header){STR("Authorization"), signature->authorization};
    return count;
}

static void add_item(struct pairs *query, const struct sign_scheme *scheme, const char *name,
                     struct str value, struct arena *arena)
{
    add_pair(query, SIGN_QUERY_MAX, arena_printf(arena, "%s%s", scheme->query_prefix, name),
             encode(value, arena));
}

struct str sign_query(const struct sign_scheme *scheme, const struct sign_request *request,
                      int64_t expires_s, struct arena *arena, struct signature *out)
{
    struct pairs headers = {0}, query = {0};
    struct str date = format_date(request->wall_ms, arena), joined;
    struct str scope = scope_of(scheme, request, date, arena);

    assert(scheme->query_prefix != NULL && expires_s >= 1 && expires_s <= EXPIRES_MAX_S);
    *out = (struct signature){.date = date};
    gather_headers(scheme, request, date, true, arena, &headers);
    out->signed_headers = join_names(&headers, arena);
    read_query(request->query, arena, &query);
    add_item(&query, scheme, "Algorithm", str_of(scheme->algorithm), arena);
    add_item(&query, scheme, "Credential",
             arena_printf(arena, "%.*s/%.*s", STR_ARGS(request->key_id), STR_ARGS(scope)), arena);
    add_item(&query, scheme, "Date", date, arena);
    add_item(&query, scheme, "Expires", arena_printf(arena, "%lld", (long long)expires_s), arena);
    add_item(&query, scheme, "SignedHeaders", out->signed_headers, arena);
    joined = join_query(&query, arena);
    out->canonical =
        write_canonical(request, joined, &headers, out->signed_headers, STR(SIGN_UNSIGNED), arena);
    finish(scheme, request, arena, out);
    return arena_printf(arena, "%.*s&%sSignature=%.*s", STR_ARGS(joined), scheme->query_prefix,
                        STR_ARGS(out->hex));
}

void sign_path_add(struct buf *buf, struct str path)
{
    while (path.size > 0) {
        int64_t slash = str_find_char(path, '/');
        size_t size = slash < 0 ? path.size : (size_t)slash;
        url_encode_add(buf, str_slice(path, 0, size));
        if (slash >= 0)
            buf_add_char(buf, '/');
        path = str_slice(path, size + 1, path.size);
    }
}
