/* Whatever a header holds: cookies, hosts, hops, targets, paths and queries are read within it. */
#include "fuzz.h"
#include "http/http_private.h"

static bool is_within(struct str part, struct str whole)
{
    return part.size == 0 ||
           (part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

static void check_cookie(struct str text)
{
    struct str value;

    if (!guard_cookie(text, STR("sid"), &value))
        return;
    MUST(is_within(value, text));
    MUST(str_find(text, STR("sid=")) >= 0 && str_find_char(value, ';') < 0);
}

static void check_host(struct str text)
{
    static const char *const names[] = {"studio.lan", NULL};
    struct host_rules rules = {.names = names, .port = 80};
    struct error err = {0};

    if (guard_host(&rules, text, STR("10.0.0.1"), &err))
        for (size_t i = 0; i < text.size; i++) /* nothing that could end a header or an origin */
            MUST(text.data[i] > ' ' && text.data[i] < 0x7f && text.data[i] != '/' &&
                 text.data[i] != '@');
    else
        MUST(err.code == ERROR_WRONG_HOST);
}

static void check_target(struct str text, struct arena *arena)
{
    static const struct http_query table[] = {
        {.name = "a",         .type = FIELD_INT},
        {.name = "b",                   .type = FIELD_TEXT},
        {.name = NULL}
    };
    struct target target;
    struct path path;
    struct query_value *values;
    struct error err = {0};
    size_t count;

    if (!guard_target(text, &target, &err))
        return;
    MUST(is_within(target.query, text) && is_within(target.authority, text));
    if (guard_path(target.path, arena, &path, &err))
        for (size_t i = 0; i < path.count; i++)
            MUST(path.segments[i].size > 0 && str_find_char(path.segments[i], '/') < 0 &&
                 str_find_char(path.segments[i], '\0') < 0 &&
                 !str_equal(path.segments[i], STR("..")));
    if (query_read(target.query, table, arena, &values, &count, &err))
        MUST(count <= 2);
}

/* The text as what another site's page would send: a change by a cookie's right needs our origin.
 */
static void check_site(struct str text)
{
    const struct str own = STR("https://studio.lan");
    struct site_facts facts = {
        .is_unsafe = true, .has_session = true, .has_own_header = true, .own_origin = own};
    struct error err = {0};

    facts.origin = text;
    MUST(guard_site(&facts, &err) == str_equal_nocase(text, own));
    facts.fetch_site = text;
    MUST(guard_site(&facts, &err) == str_equal(text, STR("same-origin")));
    facts.has_own_header = false;
    MUST(!guard_site(&facts, &err) && err.code == ERROR_CROSS_SITE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const proxies[] = {"10.0.0.1", "10.0.0.2", NULL};
    struct str text = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));
    struct str ip = guard_client_ip(STR("10.0.0.1"), text, proxies);

    check_cookie(text);
    check_host(text);
    check_site(text);
    check_target(text, arena);
    MUST(str_equal(ip, STR("10.0.0.1")) || is_within(ip, text));
    (void)guard_accepts_coding(text, STR("br"));
    (void)rate_key_of_ip(text);
    arena_destroy(arena);
    return 0;
}
