/* guard.c: pure checks: framing, target, host, site, cookies, hops.  No library, no state. */
#include "http/http_private.h"

#include "core/text.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- the head ---- */

/* RFC 9110 5.6.2: what a method, a field name or a cookie name may be made of. */
static bool is_token_char(unsigned char c)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != 0 && memchr(others, c, sizeof(others) - 1) != NULL);
}

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_token_char((unsigned char)text.data[i]))
            return false;
    return text.size > 0;
}

static bool is_field_value(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* True when `at` is where the two NULs of a CRLF stand. */
static bool is_line_end(const struct head *head, size_t at)
{
    return at + 2 <= head->size && head->bytes[at] == '\0' && head->bytes[at + 1] == '\0';
}

static bool is_at(const struct head *head, size_t at, const char *data)
{
    return at < head->size && head->bytes + at == data;
}

bool guard_head(const struct head *head, struct error *err)
{
    size_t at = head->method.size;

    if (!is_token(head->method) || !is_at(head, 0, head->method.data))
        return error_set(err, ERROR_MALFORMED, "the method is malformed");
    if (!str_equal(head->version, STR("HTTP/1.1")) && !str_equal(head->version, STR("HTTP/1.0")))
        return error_set(err, ERROR_MALFORMED, "this server speaks HTTP/1.1");
    /* One space each between method, target and version. */
    at += 1 + head->target_size + 1;
    if (!is_at(head, at, head->version.data) || !is_line_end(head, at + head->version.size))
        return error_set(err, ERROR_MALFORMED, "the request line is malformed");
    at += head->version.size + 2;
    for (size_t i = 0; i < head->count; i++) {
        struct head_field field = head->fields[i];

        if (!is_token(field.name) || !is_at(head, at, field.name.data))
            return error_set(err, ERROR_MALFORMED, "a header line is malformed");
        at += field.name.size + 1; /* the colon */
        while (at < head->size && (head->bytes[at] == ' ' || head->bytes[at] == '\t'))
            at++;
        if (!is_at(head, at, field.value.data) || !is_field_value(field.value) ||
            !is_line_end(head, at + field.value.size))
            return error_set(err, ERROR_MALFORMED, "the header %.*s is malformed",
                             (int)(field.name.size > 40 ? 40 : field.name.size), field.name.data);
        at += field.value.size + 2;
    }
    if (!is_line_end(head, at) || at + 2 != head->size)
        return error_set(err, ERROR_MALFORMED, "a header line is malformed");
    return true;
}

/* RFC 9110 5.5: space and tab stand around a value, no other white space does. */
static struct str value_trim(struct str value)
{
    while (value.size > 0 && (value.data[0] == ' ' || value.data[0] == '\t'))
        value = str_slice(value, 1, value.size);
    while (value.size > 0 &&
           (value.data[value.size - 1] == ' ' || value.data[value.size - 1] == '\t'))
        value.size--;
    return value;
}

struct str head_field(const struct head_field *fields, size_t count, const char *name)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < count; i++)
        if (fields[i].name.size == wanted.size && str_equal_nocase(fields[i].name, wanted))
            return value_trim(fields[i].value);
    return STR_EMPTY;
}

size_t head_field_count(const struct head_field *fields, size_t count, const char *name)
{
    struct str wanted = str_of(name);
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        if (fields[i].name.size == wanted.size && str_equal_nocase(fields[i].name, wanted))
            found++;
    return found;
}

bool guard_framing(const struct head *head, struct framing *out, struct error *err)
{
    size_t codings = head_field_count(head->fields, head->count, "Transfer-Encoding");
    size_t lengths = head_field_count(head->fields, head->count, "Content-Length");
    struct framing framing = {0};

    if (codings > 1 || lengths > 1 || (codings > 0 && lengths > 0))
        return error_set(err, ERROR_MALFORMED, "the length of the body is given twice");
    if (codings == 1) {
        /* RFC 9112 6.1: an old client that sends it may sit behind a hop that does not know it. */
        if (str_equal(head->version, STR("HTTP/1.0")))
            return error_set(err, ERROR_MALFORMED, "HTTP/1.0 has no Transfer-Encoding");
        if (!str_equal_nocase(head_field(head->fields, head->count, "Transfer-Encoding"),
                              STR("chunked")))
            return error_set(err, ERROR_MALFORMED, "the only Transfer-Encoding is chunked");
        framing.is_chunked = true;
    }
    if (lengths == 1) {
        struct str text = head_field(head->fields, head->count, "Content-Length");

        if (text.size == 0 || text.data[0] < '0' || text.data[0] > '9' ||
            !str_to_uint64(text, &framing.length))
            return error_set(err, ERROR_MALFORMED, "Content-Length is malformed");
        framing.has_length = true;
    }
    *out = framing;
    return true;
}

/* ---- target and path ---- */

bool guard_target(struct str raw, struct target *out, struct error *err)
{
    struct target target = {0};
    int64_t query_at;

    for (size_t i = 0; i < raw.size; i++) {
        unsigned char c = (unsigned char)raw.data[i];

        /* A fragment never leaves a browser; a backslash is a slash to some. */
        if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\')
            return error_set(err, ERROR_MALFORMED, "the URL has a character that must be escaped");
    }
    if (str_starts_with(raw, STR("http://")) || str_starts_with(raw, STR("https://"))) {
        struct str rest = str_slice(raw, raw.data[4] == 's' ? 8 : 7, raw.size);
        int64_t slash = str_find_char(rest, '/');

        target.authority = slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
        if (target.authority.size == 0 || str_find_char(target.authority, '@') >= 0 ||
            str_find_char(target.authority, '?') >= 0)
            return error_set(err, ERROR_MALFORMED, "the URL is malformed");
        raw = slash < 0 ? STR("/") : str_slice(rest, (size_t)slash, rest.size);
    }
    if (raw.size == 0 || raw.data[0] != '/')
        return error_set(err, ERROR_MALFORMED, "the URL must start with a slash");
    query_at = str_find_char(raw, '?');
    target.path = query_at < 0 ? raw : str_slice(raw, 0, (size_t)query_at);
    if (query_at >= 0)
        target.query = str_slice(raw, (size_t)query_at + 1, raw.size);
    *out = target;
    return true;
}

bool guard_path(struct str raw, struct arena *arena, struct path *out, struct error *err)
{
    struct path path = {0};
    struct str rest = str_slice(raw, 1, raw.size);

    if (!url_decode(raw, false, arena, &path.whole) || !text_is_utf8(path.whole))
        return error_set(err, ERROR_MALFORMED, "the path is not well escaped UTF-8");
    for (size_t i = 0; i < path.whole.size; i++)
        if ((unsigned char)path.whole.data[i] < 0x20 || path.whole.data[i] == 0x7f)
            return error_set(err, ERROR_MALFORMED, "the path has a control character");
    if (rest.size == 0) {
        *out = path;
        return true;
    }
    while (rest.data != NULL) {
        struct str piece = str_cut(&rest, '/');
        struct str segment;

        if (path.count == PATH_SEGMENTS_MAX)
            return error_set(err, ERROR_NOT_FOUND, "there is nothing at this path");
        if (!url_decode(piece, false, arena, &segment) || str_find_char(segment, '/') >= 0)
            return error_set(err, ERROR_MALFORMED, "the path has an escaped slash");
        /* A path is never a file's, but one of these means somebody believes it is. */
        if (segment.size == 0 || str_equal(segment, STR(".")) || str_equal(segment, STR("..")))
            return error_set(err, ERROR_NOT_FOUND, "there is nothing at this path");
        path.segments[path.count++] = segment;
    }
    *out = path;
    return true;
}

/* ---- host ---- */

/* "name", "name:80", "[::1]:80": false when it is none of these.  `*port` is -1 when absent. */
static bool host_split(struct str host, struct str *name, int *port)
{
    struct str tail;
    int64_t number;

    *port = -1;
    if (host.size > 0 && host.data[0] == '[') {
        int64_t end = str_find_char(host, ']');

        if (end < 0)
            return false;
        *name = str_slice(host, 1, (size_t)end - 1);
        tail = str_slice(host, (size_t)end + 1, host.size);
    } else {
        int64_t colon = str_find_char(host, ':');

        *name = colon < 0 ? host : str_slice(host, 0, (size_t)colon);
        tail = colon < 0 ? STR_EMPTY : str_slice(host, (size_t)colon, host.size);
        for (size_t i = 0; i < name->size; i++) {
            char c = name->data[i];

            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_'))
                return false;
        }
    }
    if (name->size == 0)
        return false;
    if (tail.size == 0)
        return true;
    if (tail.data[0] != ':' || !str_to_int64(str_slice(tail, 1, tail.size), &number) ||
        number < 1 || number > 65535)
        return false;
    *port = (int)number;
    return true;
}

/* One spelling for addresses that are the same. */
static bool ip_read(struct str text, uint8_t out[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[64];

    if (text.size == 0 || text.size >= sizeof(copy) || str_find_char(text, '\0') >= 0)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    memcpy(out, mapped, sizeof(mapped));
    return inet_pton(AF_INET, copy, out + 12) == 1 || inet_pton(AF_INET6, copy, out) == 1;
}

static bool ip_equal(struct str a, struct str b)
{
    uint8_t a_bytes[16], b_bytes[16];

    return ip_read(a, a_bytes) && ip_read(b, b_bytes) && memcmp(a_bytes, b_bytes, 16) == 0;
}

bool guard_host_is_loopback(struct str ip)
{
    static const uint8_t one[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    uint8_t bytes[16];

    if (!ip_read(ip, bytes))
        return false;
    return memcmp(bytes, one, 16) == 0 ||
           (bytes[10] == 0xff && bytes[11] == 0xff && bytes[12] == 127 && bytes[0] == 0);
}

/* A configured name with a port allows that port only, one without allows any. */
static bool host_is(struct str rule, struct str name, int port)
{
    struct str rule_name;
    int rule_port;

    if (!host_split(rule, &rule_name, &rule_port))
        return false;
    return str_equal_nocase(rule_name, name) && (rule_port < 0 || rule_port == port);
}

bool guard_host(const struct host_rules *rules, struct str host, struct str local_ip,
                struct error *err)
{
    struct str name;
    int port;
    bool is_own_port;

    if (!host_split(host, &name, &port))
        return error_set(err, ERROR_WRONG_HOST, "the Host header is malformed");
    is_own_port = port == rules->port || (port < 0 && rules->port == 80);
    if (is_own_port && (str_equal_nocase(name, STR("localhost")) || guard_host_is_loopback(name) ||
                        ip_equal(name, local_ip)))
        return true;
    if (rules->public_host.size > 0 && host_is(rules->public_host, name, port))
        return true;
    for (size_t i = 0; rules->names != NULL && rules->names[i] != NULL; i++)
        if (host_is(str_of(rules->names[i]), name, port))
            return true;
    return error_set(err, ERROR_WRONG_HOST,
                     "this server is not called by that name; an admin can allow it");
}

/* ---- site ---- */

bool guard_site(const struct site_facts *facts, struct error *err)
{
    bool is_browser = facts->fetch_site.size > 0 || facts->origin.size > 0;

    if (facts->has_bearer || !(facts->is_unsafe || facts->is_stream))
        return true;
    if (!is_browser && (!facts->has_session || facts->is_stream))
        return true;
    if (facts->fetch_site.size > 0) {
        if (!str_equal(facts->fetch_site, STR("same-origin")))
            return error_set(err, ERROR_CROSS_SITE, "another site may not do this");
    } else if (!str_equal_nocase(facts->origin, facts->own_origin)) {
        return error_set(err, ERROR_CROSS_SITE, "another site may not do this");
    }
    if (facts->is_unsafe && !facts->has_own_header)
        return error_set(err, ERROR_CROSS_SITE, "the header X-Vitrine: 1 is missing");
    return true;
}

bool guard_cookie(struct str header, struct str name, struct str *out)
{
    struct str found = STR_EMPTY;
    size_t count = 0;

    while (header.data != NULL && header.size > 0) {
        struct str value = str_trim(str_cut(&header, ';'));
        struct str key;

        if (str_find_char(value, '=') < 0)
            continue;
        key = str_cut(&value, '=');
        if (!str_equal(key, name))
            continue;
        if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
            value = str_slice(value, 1, value.size - 2);
        found = value;
        count++;
    }
    /* Two of one name: one of them was planted, and nobody can say which. */
    if (count != 1)
        return false;
    *out = found;
    return true;
}

/* ---- hops and lists ---- */

bool guard_is_proxy(struct str ip, const char *const *proxies)
{
    for (size_t i = 0; proxies != NULL && proxies[i] != NULL; i++)
        if (ip_equal(ip, str_of(proxies[i])))
            return true;
    return false;
}

struct str guard_last_of_list(struct str list)
{
    size_t at = list.size;

    while (at > 0 && list.data[at - 1] != ',')
        at--;
    return str_trim(str_slice(list, at, list.size));
}

struct str guard_client_ip(struct str peer, struct str forwarded, const char *const *proxies)
{
    struct str ip = peer;

    while (guard_is_proxy(ip, proxies)) {
        struct str hop = guard_last_of_list(forwarded);
        uint8_t bytes[16];
        size_t start;

        if (hop.size == 0)
            return ip;
        start = (size_t)(hop.data - forwarded.data);
        while (start > 0 && forwarded.data[start - 1] != ',')
            start--;
        forwarded = str_slice(forwarded, 0, start > 0 ? start - 1 : 0);
        /* A proxy of ours that writes nonsense: it is the last one we can name. */
        if (!ip_read(hop, bytes))
            return ip;
        ip = hop;
    }
    return ip;
}

bool guard_accepts_coding(struct str header, struct str coding)
{
    while (header.data != NULL && header.size > 0) {
        struct str weight = str_cut(&header, ',');
        struct str name = str_trim(str_cut(&weight, ';'));
        double q = 1;

        if (!str_equal_nocase(name, coding))
            continue;
        weight = str_trim(weight);
        if (str_starts_with(weight, STR("q=")) &&
            !str_to_double(str_trim(str_slice(weight, 2, weight.size)), &q))
            return false;
        return q > 0;
    }
    return false;
}
