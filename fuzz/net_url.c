/* Any bytes as a URL and as a redirect: what is taken is understood in one way only. */
#include "fuzz.h"
#include "net/url.h"

/* What curl writes for it is taken again, and is the same place. */
static void check(const struct url *url, enum net_reach reach)
{
    struct error err;
    struct url again;
    char *text = url_text(url);

    MUST(url->host[0] != '\0' && url->port != 0);
    MUST(reach == NET_OWNER || url->port == 80 || url->port == 443);
    /* Escaping may have made it longer than we take. */
    if (url_parse(str_of(text), reach, false, &again, &err)) {
        MUST(url_same_origin(url, &again) && url->literal == again.literal);
        url_finish(&again);
    } else {
        MUST(err.code == ERROR_TOO_LONG);
    }
    curl_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum net_reach reach = size > 0 && data[0] % 2 == 0 ? NET_PUBLIC : NET_OWNER;
    struct str text = {(const char *)data + (size > 0), size - (size > 0)};
    struct error err;
    struct url url, base, next;

    if (url_parse(text, reach, false, &url, &err)) {
        check(&url, reach);
        url_finish(&url);
    }
    MUST(url_parse(STR("https://example.com/a/b?c"), reach, false, &base, &err));
    if (url_follow(&base, text, reach, false, &next, &err)) {
        MUST(next.secure);
        check(&next, reach);
        url_finish(&next);
    }
    url_finish(&base);
    return 0;
}
