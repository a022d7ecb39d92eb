/* static.c: the embedded page: content negotiation, ETags, immutable names, the page's own routes.
 */
#include "http/http_private.h"

#include <string.h>

const struct http_asset *static_find(const struct http_server *server, struct str path)
{
    const struct http_asset *asset = server->config.assets;

    while (asset != NULL && asset->path != NULL && !str_equal(str_of(asset->path), path))
        asset++;
    return asset == NULL || asset->path == NULL ? NULL : asset;
}

/* The entity tag with its quotes; compressed forms are other entities (RFC 9110 8.8.3). */
static struct str asset_etag(struct http_call *call, const struct http_asset *asset,
                             const char *suffix)
{
    struct str etag = str_of(asset->etag);

    if (etag.size >= 2 && etag.data[0] == '"')
        etag = str_slice(etag, 1, etag.size - 2);
    return arena_printf(call->request.arena, "%.*s%s", STR_ARGS(etag), suffix);
}

bool static_serve(struct http_call *call, const struct http_asset *asset)
{
    struct str accepted = call_header(call, "Accept-Encoding");
    struct arena *arena = call->request.arena;
    struct reply_head head = {0};
    struct str body = asset->plain;
    const char *suffix = "";
    struct str etag;

    reply_head_common(call, REPLY_PAGE, &head);
    if (asset->brotli.size > 0 && guard_accepts_coding(accepted, STR("br"))) {
        body = asset->brotli;
        suffix = "-br";
        reply_head_add(&head, "Content-Encoding", "br");
    } else if (asset->gzip.size > 0 && guard_accepts_coding(accepted, STR("gzip"))) {
        body = asset->gzip;
        suffix = "-gz";
        reply_head_add(&head, "Content-Encoding", "gzip");
    }
    etag = asset_etag(call, asset, suffix);
    reply_head_add(&head, "ETag",
                   arena_cstr(arena, arena_printf(arena, "\"%.*s\"", STR_ARGS(etag))));
    reply_head_add(&head, "Vary", "Accept-Encoding");
    reply_head_add(&head, "Content-Type", asset->mime);
    /* Names under /assets/ carry the hash of what they hold; the rest is asked for each time. */
    reply_head_add(&head, "Cache-Control",
                   strncmp(asset->path, "/assets/", 8) == 0 ? "public, max-age=31536000, immutable"
                                                            : "no-cache");
    if (etag_matches(call_header(call, "If-None-Match"), etag))
        reply_static(call, 304, &head, STR_EMPTY);
    else
        reply_static(call, 200, &head, body);
    return true;
}

/* A path of the page's own router: nothing of the API's, and no file's name. */
static bool is_page_route(const struct path *path)
{
    static const char *const served[] = {"api", "v1", "mcp", "assets"};
    struct str last;

    if (path->count == 0)
        return true;
    for (size_t i = 0; i < COUNT(served); i++)
        if (str_equal(path->segments[0], str_of(served[i])))
            return false;
    last = path->segments[path->count - 1];
    return str_find_char(last, '.') < 0;
}

bool static_reply(struct http_call *call)
{
    const struct http_asset *asset;

    if (!str_equal(call->head.method, STR("GET")) && !call->is_head_method)
        return false;
    asset = static_find(call->server, call->path.whole);
    if (asset == NULL && is_page_route(&call->path))
        asset = static_find(call->server, STR("/index.html"));
    return asset != NULL && static_serve(call, asset);
}
