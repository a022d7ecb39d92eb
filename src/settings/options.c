#include "settings/settings_private.h"

#include <assert.h>
#include <stdlib.h>

/*
 * Options are parsed once for all who have the same text: all models of the house are shown at
 * once, each attempt asks for its account, and a workflow is long.  They are there as long as
 * somebody holds them, settings or none.
 */
struct kept_options {
    struct account_options options; /* in `arena`, but for the JSON */
    struct kept_options *next;
    struct options_cache *cache;
    struct arena *arena;
    struct json *json;
    struct str kind;
    int64_t holders; /* under the cache's lock */
};

struct options_cache {
    pthread_mutex_t lock; /* a leaf */
    struct kept_options *newest;
    bool is_closed; /* the last one given back takes the cache with it */
};

struct options_cache *options_open(void)
{
    struct options_cache *cache = calloc(1, sizeof *cache);
    int rc;

    if (cache == NULL)
        abort();
    rc = pthread_mutex_init(&cache->lock, NULL);
    assert(rc == 0);
    return cache;
}

static void cache_free(struct options_cache *cache)
{
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void options_close(struct options_cache *cache)
{
    bool is_empty;

    pthread_mutex_lock(&cache->lock);
    cache->is_closed = true;
    is_empty = cache->newest == NULL;
    pthread_mutex_unlock(&cache->lock);
    if (is_empty)
        cache_free(cache);
}

size_t options_count(struct options_cache *cache)
{
    size_t count = 0;

    pthread_mutex_lock(&cache->lock);
    for (const struct kept_options *kept = cache->newest; kept != NULL; kept = kept->next)
        count++;
    pthread_mutex_unlock(&cache->lock);
    return count;
}

static void kept_free(struct kept_options *kept)
{
    if (kept == NULL)
        return;
    json_free(kept->json);
    arena_destroy(kept->arena);
    free(kept);
}

/* Without the lock: what a long text takes, nobody else waits for.  NULL: it is not JSON. */
static struct kept_options *kept_read(struct options_cache *cache, struct str kind_name,
                                      struct str text)
{
    const struct provider_kind *kind = provider_kind_find(kind_name);
    struct kept_options *kept;
    struct json *json;
    struct error ignored;

    if (!json_read(text, &json, &ignored))
        return NULL;
    kept = malloc(sizeof *kept);
    if (kept == NULL)
        abort();
    *kept = (struct kept_options){
        .cache = cache,
        .arena = arena_create((size_t)2 * PROVIDER_OPTIONS_SIZE_MAX),
        .json = json,
    };
    kept->kind = arena_str(kept->arena, kind_name);
    kept->options.text = arena_str(kept->arena, text);
    kept->options.json = json;
    if (kind != NULL && kind->own_models != NULL) {
        const struct provider_account account = {.kind = kept->kind, .options = json};
        struct provider_model *own;

        kept->options.own_count = kind->own_models(&account, kept->arena, &own);
        kept->options.own = own;
        kept->options.own_ids = kind->own_ids(json, kept->arena);
    }
    return kept;
}

/* Under the lock.  Held once more; NULL: nobody has it. */
static struct kept_options *kept_take(const struct options_cache *cache, struct str kind,
                                      struct str text)
{
    for (struct kept_options *kept = cache->newest; kept != NULL; kept = kept->next)
        if (str_equal(kept->options.text, text) && str_equal(kept->kind, kind)) {
            kept->holders++;
            return kept;
        }
    return NULL;
}

static void give_back(void *context)
{
    struct kept_options *kept = context;
    struct options_cache *cache = kept->cache;
    struct kept_options **link = &cache->newest;
    bool is_last, is_over;

    pthread_mutex_lock(&cache->lock);
    is_last = --kept->holders == 0;
    if (is_last) {
        while (*link != kept)
            link = &(*link)->next;
        *link = kept->next;
    }
    is_over = cache->is_closed && cache->newest == NULL;
    pthread_mutex_unlock(&cache->lock);
    if (is_last)
        kept_free(kept);
    if (is_over)
        cache_free(cache);
}

const struct account_options *options_hold(struct options_cache *cache, struct str kind,
                                           struct str text, struct arena *arena)
{
    struct kept_options *kept, *made;

    pthread_mutex_lock(&cache->lock);
    kept = kept_take(cache, kind, text);
    pthread_mutex_unlock(&cache->lock);
    if (kept == NULL) {
        made = kept_read(cache, kind, text);
        if (made == NULL)
            return NULL;
        pthread_mutex_lock(&cache->lock);
        kept = kept_take(cache, kind, text); /* somebody else may have been quicker */
        if (kept == NULL) {
            kept = made;
            made = NULL;
            kept->holders = 1;
            kept->next = cache->newest;
            cache->newest = kept;
        }
        pthread_mutex_unlock(&cache->lock);
        kept_free(made);
    }
    arena_at_end(arena, give_back, kept);
    return &kept->options;
}

void options_fill(struct options_cache *cache, struct provider_row *rows, size_t count,
                  struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        rows[i].held = options_hold(cache, rows[i].kind, rows[i].options, arena);
        if (rows[i].held != NULL)
            rows[i].options = rows[i].held->text;
    }
}
