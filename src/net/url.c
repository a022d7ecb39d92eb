#include "net/url.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The authority as it was written; what curl makes of it must say the same. */
struct authority {
    struct str host; /* with brackets, if any */
    struct str port; /* digits; data NULL when there was none */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool refuse(struct error *err, const char *why)
{
    return error_field(err, ERROR_ADDRESS_REFUSED, "url", 0, "%s", why);
}

/* What no parser agrees on stands in no URL of ours. */
static bool check_bytes(struct str text, struct error *err)
{
    if (text.size == 0)
        return error_field(err, ERROR_INVALID, "url", 0, "the URL is empty");
    if (text.size > NET_URL_SIZE_MAX)
        return error_field(err, ERROR_TOO_LONG, "url", NET_URL_SIZE_MAX,
                           "the URL is longer than %d bytes", NET_URL_SIZE_MAX);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c <= ' ' || c == 0x7f || c == '\\')
            return error_field(err, ERROR_INVALID, "url", 0,
                               "the URL has a space, a backslash or a control character");
    }
    return true;
}

static bool starts_with_nocase(struct str text, struct str prefix)
{
    return str_equal_nocase(str_slice(text, 0, prefix.size), prefix);
}

static bool is_port(struct str port)
{
    uint64_t number;

    return port.size >= 1 && port.size <= 5 && is_digit(port.data[0]) &&
           str_to_uint64(port, &number) && number >= 1 && number <= UINT16_MAX;
}

static bool cut_authority(struct str text, struct authority *out, struct error *err)
{
    struct str rest;
    size_t size = 0;
    int64_t colon;

    if (starts_with_nocase(text, STR("https://")))
        rest = str_slice(text, 8, text.size);
    else if (starts_with_nocase(text, STR("http://")))
        rest = str_slice(text, 7, text.size);
    else
        return error_field(err, ERROR_INVALID, "url", 0,
                           "the URL does not begin with http:// or https://");
    while (size < rest.size && strchr("/?#", rest.data[size]) == NULL)
        size++;
    rest = str_slice(rest, 0, size);
    for (size_t i = 0; i < rest.size; i++) {
        if (rest.data[i] == '@')
            return refuse(err, "the URL has a user name in it");
        if ((unsigned char)rest.data[i] >= 0x80)
            return refuse(err, "write the URL's host in its xn-- form");
    }
    if (rest.size > 0 && rest.data[0] == '[') {
        int64_t bracket = str_find_char(rest, ']');

        colon = bracket < 0 ? -1 : bracket + 1;
        if (bracket < 0 || ((size_t)colon < rest.size && rest.data[colon] != ':'))
            return error_field(err, ERROR_INVALID, "url", 0, "the URL's host cannot be read");
        if ((size_t)colon == rest.size)
            colon = -1;
    } else {
        colon = str_find_char(rest, ':');
    }
    out->port = STR_EMPTY;
    out->host = rest;
    if (colon >= 0) {
        out->host = str_slice(rest, 0, (size_t)colon);
        out->port = str_slice(rest, (size_t)colon + 1, rest.size);
        if (!is_port(out->port))
            return error_field(err, ERROR_INVALID, "url", UINT16_MAX,
                               "the URL's port is not a number up to 65535");
    }
    return true;
}

/* Letters, digits, hyphens, underscores, in labels; the last not a number (WHATWG: such a host
 * is IPv4, in one of the many ways to write it). */
static bool is_name(struct str host)
{
    struct str rest = host, label = STR_EMPTY;
    size_t digits = 0;

    if (host.size == 0 || host.size > NET_HOST_SIZE_MAX || host.data[host.size - 1] == '.')
        return false;
    while (rest.data != NULL) {
        label = str_cut(&rest, '.');
        if (label.size == 0 || label.size > 63)
            return false;
        digits = 0;
        for (size_t i = 0; i < label.size; i++) {
            if (!is_alnum(label.data[i]) && label.data[i] != '-' && label.data[i] != '_')
                return false;
            digits += is_digit(label.data[i]);
        }
    }
    return digits < label.size && !starts_with_nocase(label, STR("0x"));
}

/* Fills host, literal and address from what was written. */
static bool read_host(struct str written, struct url *url, struct error *err)
{
    struct str inner = written;

    if (written.size > 0 && written.data[0] == '[') {
        inner = str_slice(written, 1, written.size - 2);
        url->literal = guard_of_text(inner, &url->address) && url->address.family == AF_INET6;
        if (!url->literal)
            return error_field(err, ERROR_INVALID, "url", 0,
                               "the URL's host is not an IPv6 address");
    } else {
        url->literal = guard_of_text(inner, &url->address) && url->address.family == AF_INET;
        if (!url->literal && !is_name(inner))
            return refuse(err, "the URL's host is neither a plain name nor a plain address");
    }
    if (url->literal) {
        guard_format(&url->address, url->host); /* one text for one address */
        return true;
    }
    for (size_t i = 0; i < inner.size; i++)
        url->host[i] = (char)(inner.data[i] >= 'A' && inner.data[i] <= 'Z' ? inner.data[i] + 32
                                                                           : inner.data[i]);
    url->host[inner.size] = '\0';
    return true;
}

/* Does curl, which connects, understand the host that we have read? */
static bool same_host(const struct url *url, const char *theirs)
{
    struct str host = str_of(theirs);
    struct guard_address address;

    if (!url->literal)
        return str_equal_nocase(str_of(url->host), host);
    if (host.size > 2 && host.data[0] == '[')
        host = str_slice(host, 1, host.size - 2);
    return guard_of_text(host, &address) && guard_equal(&address, &url->address);
}

static bool compare_with_curl(const struct authority *authority, struct url *url, struct error *err)
{
    char *host = NULL, *port = NULL, *scheme = NULL;
    uint64_t number = 0, written = 0;
    bool ok = curl_url_get(url->parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(url->parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              curl_url_get(url->parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;

    if (ok) {
        url->secure = strcmp(scheme, "https") == 0;
        ok = same_host(url, host) && str_to_uint64(str_of(port), &number) && number <= UINT16_MAX &&
             (authority->port.data == NULL ||
              (str_to_uint64(authority->port, &written) && written == number));
        url->port = (uint16_t)number;
    }
    curl_free(host);
    curl_free(port);
    curl_free(scheme);
    return ok || refuse(err, "the URL can be read in two ways");
}

bool url_parse(struct str text, enum net_reach reach, bool any_port, struct url *out,
               struct error *err)
{
    struct authority authority = {0};
    struct url url = {0};
    char cstr[NET_URL_SIZE_MAX + 1];
    CURLUcode rc;

    if (!check_bytes(text, err) || !cut_authority(text, &authority, err) ||
        !read_host(authority.host, &url, err))
        return false;
    memcpy(cstr, text.data, text.size);
    cstr[text.size] = '\0';
    url.parsed = curl_url();
    if (url.parsed == NULL)
        abort();
    /* URLENCODE: bytes above 127 in path and query leave as %XX. */
    rc = curl_url_set(url.parsed, CURLUPART_URL, cstr, CURLU_DISALLOW_USER | CURLU_URLENCODE);
    if (rc == CURLUE_OK)
        rc = curl_url_set(url.parsed, CURLUPART_FRAGMENT, NULL, 0);
    if (rc != CURLUE_OK) {
        url_finish(&url);
        error_field(err, ERROR_INVALID, "url", 0, "the URL cannot be read");
        return error_detail(err, "%s", curl_url_strerror(rc));
    }
    if (!compare_with_curl(&authority, &url, err)) {
        url_finish(&url);
        return false;
    }
    if (reach == NET_PUBLIC && !any_port && url.port != 80 && url.port != 443) {
        url_finish(&url);
        return refuse(err, "the URL's port is neither 80 nor 443");
    }
    *out = url;
    return true;
}

/* Does it name a scheme, rightly or wrongly?  Such a location must be a whole URL. */
static bool names_scheme(struct str location)
{
    size_t size = 0;

    while (size < location.size && strchr("/?#:", location.data[size]) == NULL)
        size++;
    return size < location.size && location.data[size] == ':';
}

/* The location as a whole URL, put together by curl when it is relative. */
static char *resolve_location(const struct url *from, struct str location)
{
    char cstr[NET_URL_SIZE_MAX + 1];
    CURLU *base = curl_url_dup(from->parsed);
    char *whole = NULL;

    memcpy(cstr, location.data, location.size);
    cstr[location.size] = '\0';
    if (base == NULL || curl_url_set(base, CURLUPART_URL, cstr, CURLU_URLENCODE) != CURLUE_OK ||
        curl_url_get(base, CURLUPART_URL, &whole, 0) != CURLUE_OK)
        whole = NULL;
    curl_url_cleanup(base);
    return whole;
}

bool url_follow(const struct url *from, struct str location, enum net_reach reach, bool any_port,
                struct url *out, struct error *err)
{
    char network_path[NET_URL_SIZE_MAX + 8];
    struct str absolute = location;
    struct url url;
    char *whole = NULL;
    bool ok;

    if (!check_bytes(location, err))
        return false;
    if (starts_with_nocase(location, STR("//"))) {
        struct str scheme = from->secure ? STR("https:") : STR("http:");

        memcpy(network_path, scheme.data, scheme.size);
        memcpy(network_path + scheme.size, location.data, location.size);
        absolute = (struct str){network_path, scheme.size + location.size};
    } else if (!names_scheme(location)) {
        whole = resolve_location(from, location);
        absolute = str_of(whole);
    }
    ok = url_parse(absolute, reach, any_port, &url, err);
    curl_free(whole);
    if (!ok)
        return false;
    if (from->secure && !url.secure) {
        url_finish(&url);
        return refuse(err, "a redirect leads from https to http");
    }
    *out = url;
    return true;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->secure == b->secure && a->port == b->port && strcmp(a->host, b->host) == 0;
}

char *url_text(const struct url *url)
{
    char *text = NULL;

    if (curl_url_get(url->parsed, CURLUPART_URL, &text, 0) != CURLUE_OK)
        abort();
    return text;
}

void url_finish(struct url *url)
{
    curl_url_cleanup(url->parsed);
    *url = (struct url){0};
}

bool net_url_check(struct str url, enum net_reach reach, struct error *err)
{
    struct url parsed;

    if (!url_parse(url, reach, false, &parsed, err))
        return false;
    url_finish(&parsed);
    return true;
}

bool net_url_is_private(struct str url)
{
    struct url parsed;
    struct error ignored;
    bool is_private;

    if (!url_parse(url, NET_OWNER, false, &parsed, &ignored))
        return false;
    is_private = parsed.literal && !guard_allows(NET_PUBLIC, &parsed.address);
    url_finish(&parsed);
    return is_private;
}
