/* provider/common.c: options, headers, addresses, Retry-After, lists of models. */
#include "provider/provider_private.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/sign.h"

#include <assert.h>
#include <math.h>

#define BASE_URL_SIZE_MAX 2000
#define RETRY_AFTER_MAX_MS 3600000
#define PROBE_MODELS_MAX 2000
#define MODEL_NAME_SIZE_MAX 200

struct str account_option_text(const struct provider_account *account, const char *name)
{
    return str_trim(json_text(json_get(account->options, name)));
}

static bool option_number(const struct provider_account *account, const char *name, double *out)
{
    const struct json *value = json_get(account->options, name);

    return json_double(value, out) || str_to_double(str_trim(json_text(value)), out);
}

int64_t account_option_int(const struct provider_account *account, const char *name,
                           int64_t fallback, int64_t min, int64_t max)
{
    double number;

    if (!option_number(account, name, &number))
        return fallback;
    if (number <= (double)min)
        return min;
    return number >= (double)max ? max : (int64_t)number;
}

double account_option_double(const struct provider_account *account, const char *name,
                             double fallback, double min, double max)
{
    double number;

    if (!option_number(account, name, &number))
        return fallback;
    return fmin(fmax(number, min), max);
}

bool account_option_bool(const struct provider_account *account, const char *name, bool fallback)
{
    const struct json *value = json_get(account->options, name);
    struct str text = str_trim(json_text(value));

    if (str_equal_nocase(text, STR("true")) || str_equal(text, STR("1")))
        return true;
    if (str_equal_nocase(text, STR("false")) || str_equal(text, STR("0")))
        return false;
    return json_bool(value, fallback);
}

bool header_value_is_plain(struct str value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] < 0x20 || value.data[i] == 0x7f || (value.data[i] & 0x80) != 0)
            return false;
    return true;
}

void exchange_add_header(struct exchange *exchange, struct arena *arena, const char *name,
                         struct str value)
{
    if (exchange->headers == NULL)
        exchange->headers = ARENA_ARRAY(arena, struct exchange_header, EXCHANGE_HEADERS_MAX);
    assert(exchange->header_count < EXCHANGE_HEADERS_MAX);
    exchange->headers[exchange->header_count++] =
        (struct exchange_header){.name = str_of(name), .value = value};
}

bool exchange_add_key(struct exchange *exchange, const struct provider_account *account,
                      const char *name, const char *before, struct arena *arena, struct error *err)
{
    struct str key = str_trim(secret_expose(account->key));

    if (key.size == 0)
        return true; /* a local server without keys */
    if (!header_value_is_plain(key) || str_find_char(key, ' ') >= 0)
        return error_field(err, ERROR_INVALID, "key", 0,
                           "the key has a space or a character that no key has");
    exchange_add_header(exchange, arena, name,
                        arena_printf(arena, "%s%.*s", before, STR_ARGS(key)));
    return true;
}

bool exchange_add_bearer(struct exchange *exchange, const struct provider_account *account,
                         struct arena *arena, struct error *err)
{
    return exchange_add_key(exchange, account, "Authorization", "Bearer ", arena, err);
}

void exchange_set_body(struct exchange *exchange, struct arena *arena, struct str body)
{
    exchange->body = ARENA_NEW(arena, struct str);
    exchange->body[0] = body;
    exchange->body_count = 1;
}

static bool cut_scheme(struct str url, struct str *rest)
{
    static const struct str schemes[] = {
        {"https://", 8},
        {"http://",  7}
    };

    for (size_t i = 0; i < COUNT(schemes); i++)
        if (str_equal_nocase(str_slice(url, 0, schemes[i].size), schemes[i])) {
            *rest = str_slice(url, schemes[i].size, url.size);
            return true;
        }
    return false;
}

struct str provider_url_host(struct str url)
{
    struct str rest;
    size_t end = 0;

    if (!cut_scheme(str_trim(url), &rest))
        return STR_EMPTY;
    if (rest.size > 0 && rest.data[0] == '[') {
        int64_t close = str_find_char(rest, ']');
        return close < 0 ? STR_EMPTY : str_slice(rest, 0, (size_t)close + 1);
    }
    while (end < rest.size && rest.data[end] != '/' && rest.data[end] != ':' &&
           rest.data[end] != '?' && rest.data[end] != '#')
        end++;
    return str_slice(rest, 0, end);
}

/* --- signatures --- */

static struct str hash_body(const struct exchange *exchange, struct arena *arena)
{
    struct hasher *hasher = hasher_create();
    struct sha256 hash;
    char hex[SHA256_HEX_SIZE + 1];

    for (size_t i = 0; i < exchange->body_count; i++)
        hasher_add(hasher, exchange->body[i].data, exchange->body[i].size);
    hash = hasher_end(hasher);
    hasher_destroy(hasher);
    sha256_hex(&hash, hex);
    return arena_str(arena, str_of(hex));
}

/* Host as curl writes it: as it stands in the URL, without a port that the scheme has anyway. */
static void split_url(struct str url, struct sign_request *out)
{
    struct str default_port =
        str_equal_nocase(str_slice(url, 0, 5), STR("https")) ? STR(":443") : STR(":80");
    struct str rest = STR_EMPTY;
    size_t size = 0;

    if (!cut_scheme(url, &rest))
        return;
    while (size < rest.size && rest.data[size] != '/' && rest.data[size] != '?')
        size++;
    out->host = str_slice(rest, 0, size);
    if (str_ends_with(out->host, default_port))
        out->host.size -= default_port.size;
    rest = str_slice(rest, size, rest.size);
    out->path = str_cut(&rest, '?');
    out->query = rest;
}

struct sha256 exchange_hash(const struct exchange *exchange)
{
    struct hasher *hasher = hasher_create();
    struct sha256 hash;

    hasher_add(hasher, exchange->url.data, exchange->url.size);
    for (size_t index = 0; index < exchange->body_count; index++)
        hasher_add(hasher, exchange->body[index].data, exchange->body[index].size);
    hasher_add(hasher, exchange->card.data, exchange->card.size);
    hash = hasher_end(hasher);
    hasher_destroy(hasher);
    return hash;
}

struct str provider_key_part(struct secret key)
{
    struct str rest = secret_expose(key);

    return str_trim(str_cut(&rest, '\n'));
}

struct str provider_session_token(struct secret key)
{
    struct str rest = secret_expose(key);

    (void)str_cut(&rest, '\n');
    return str_trim(rest);
}

bool provider_has_session_tokens(const struct provider_kind *kind)
{
    for (size_t i = 0; i < kind->field_count; i++)
        if (str_equal(str_of(kind->fields[i].name), STR("session_token")))
            return true;
    return false;
}

const struct exchange_header *exchange_headers(const struct exchange *exchange, int64_t wall_ms,
                                               struct arena *arena, size_t *count)
{
    const struct exchange_signing *signing = exchange->signing;
    struct sign_header added[SIGN_ADDED_MAX], token = {.name = STR("X-Security-Token")};
    struct exchange_header *all;
    struct sign_request request;
    struct signature signature;
    size_t added_count;

    *count = exchange->header_count;
    if (signing == NULL)
        return exchange->headers;
    request = (struct sign_request){
        .method = exchange->method,
        .payload_hash = hash_body(exchange, arena),
        .has_payload_header = true,
        .key_id = signing->key_id,
        .region = signing->region,
        .service = signing->service,
        .key = signing->key,
        .wall_ms = wall_ms,
    };
    token.value = secret_expose(signing->session_token);
    if (token.value.size > 0) {
        request.headers = &token;
        request.header_count = 1;
    }
    split_url(exchange->url, &request);
    sign_headers(&sign_volc, &request, arena, &signature);
    added_count = sign_added(&sign_volc, &request, &signature, added);
    all = ARENA_ARRAY(arena, struct exchange_header, exchange->header_count + added_count + 1);
    for (size_t i = 0; i < exchange->header_count; i++)
        all[i] = exchange->headers[i];
    if (token.value.size > 0)
        all[(*count)++] = (struct exchange_header){.name = token.name, .value = token.value};
    for (size_t i = 0; i < added_count; i++)
        all[(*count)++] = (struct exchange_header){.name = added[i].name, .value = added[i].value};
    return all;
}

static struct str cut_slashes(struct str url)
{
    while (str_ends_with(url, STR("/")))
        url.size--;
    return url;
}

/* Longer ones first: "/chat/completions" before "/completions". */
static const char *const endpoints[] = {
    "/chat/completions",
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/images/inpainting",
    "/completions",
    "/responses",
    "/messages",
    "/embeddings",
    "/images",
    "/models",
};

bool provider_url_base(struct str base_url, const char *path_default, struct arena *arena,
                       struct str *out, struct error *err)
{
    struct str url = str_trim(base_url), rest;

    if (url.size > BASE_URL_SIZE_MAX)
        return error_field(err, ERROR_TOO_LONG, "base_url", BASE_URL_SIZE_MAX,
                           "the base URL is longer than %d bytes", BASE_URL_SIZE_MAX);
    if (!cut_scheme(url, &rest) || provider_url_host(url).size == 0)
        return error_field(err, ERROR_INVALID, "base_url", 0,
                           "the base URL must begin with https:// or http:// and name a host");
    if (!header_value_is_plain(url) || str_find_char(url, ' ') >= 0 ||
        str_find_char(url, '?') >= 0 || str_find_char(url, '#') >= 0 ||
        str_find_char(url, '@') >= 0)
        return error_field(err, ERROR_INVALID, "base_url", 0,
                           "the base URL must be an address alone: no spaces, ?, # or @");
    url = cut_slashes(url);
    for (size_t i = 0; i < COUNT(endpoints); i++) {
        struct str endpoint = str_of(endpoints[i]);
        if (url.size > endpoint.size &&
            str_equal_nocase(str_slice(url, url.size - endpoint.size, endpoint.size), endpoint)) {
            url = cut_slashes(str_slice(url, 0, url.size - endpoint.size));
            break;
        }
    }
    if (!cut_scheme(url, &rest) || rest.size == 0)
        return error_field(err, ERROR_INVALID, "base_url", 0, "the base URL names no host");
    *out = arena_printf(arena, "%.*s%s", STR_ARGS(url),
                        str_find_char(rest, '/') < 0 ? path_default : "");
    return true;
}

bool remote_id_is_plain(struct str id, size_t size_max)
{
    for (size_t i = 0; i < id.size; i++) {
        const char c = str_lower_char(id.data[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return id.size > 0 && id.size <= size_max;
}

struct str exchange_reply_header(const struct exchange_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (str_equal(reply->headers[i].name, str_of(name)))
            return str_trim(reply->headers[i].value);
    return STR_EMPTY;
}

static int64_t sane_delay(double ms)
{
    return ms >= 0 && ms <= RETRY_AFTER_MAX_MS ? (int64_t)ceil(ms) : -1;
}

int64_t exchange_retry_after_ms(const struct exchange_reply *reply)
{
    struct str after = exchange_reply_header(reply, "retry-after");
    int64_t at_ms;
    double number;

    if (str_to_double(exchange_reply_header(reply, "retry-after-ms"), &number) &&
        sane_delay(number) >= 0)
        return sane_delay(number);
    if (str_to_double(after, &number))
        return sane_delay(number * 1000);
    if (after.size > 0 && clock_parse_http(after, &at_ms))
        return sane_delay((double)at_ms - (double)reply->now_ms);
    return -1;
}

bool exchange_is_final(const struct exchange_reply *reply)
{
    return str_equal_nocase(str_trim(exchange_reply_header(reply, "x-should-retry")), STR("false"));
}

/* --- lists of models --- */

static struct str read_model_name(const struct json *item)
{
    static const char *const names[] = {"id", "model", "name"};
    struct str name = str_trim(json_text(item));

    for (size_t i = 0; name.size == 0 && i < COUNT(names); i++)
        name = str_trim(json_text(json_get(item, names[i])));
    for (size_t i = 0; i < name.size; i++) /* one line: text_has_control() lets line ends pass */
        if ((unsigned char)name.data[i] < 0x20 || name.data[i] == 0x7f)
            return STR_EMPTY;
    return name.size > MODEL_NAME_SIZE_MAX ? STR_EMPTY : name;
}

void provider_read_models(const struct provider_account *account,
                          const struct exchange_reply *reply, struct arena *arena,
                          struct str **models, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *list = NULL;
    struct error ignored;

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300 &&
        json_read_liberal(reply->body, &json, &ignored)) {
        list = json_is(json, JSON_LIST) ? json : json_get(json, "data");
        list = json_is(list, JSON_LIST) ? list : json_get(json, "models");
    }
    if (!json_is(list, JSON_LIST)) {
        exchange_classify_for(account, reply, arena, failure);
        failure->charged = CHARGED_NO;
        if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED) {
            failure->class = FAILURE_INVALID;
            failure->message = STR("the server answered, but not with a list of models; is the "
                                   "base URL right?");
        }
        return;
    }
    *models = ARENA_ARRAY(arena, struct str, json_count(list) + 1);
    for (size_t i = 0; i < json_count(list) && *count < PROBE_MODELS_MAX; i++) {
        struct str name = read_model_name(json_item(list, i));
        if (name.size > 0)
            (*models)[(*count)++] = arena_str(arena, name);
    }
}
