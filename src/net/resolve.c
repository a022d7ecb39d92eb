#include "net/resolve.h"

#include "net/net_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_COUNT_MAX 64
/* libuv has 4 threads for it: names that strangers give take half of them at most. */
#define PUBLIC_AT_ONCE 2

/* A name being looked up, for all who ask. */
struct query {
    uv_getaddrinfo_t uv;
    struct resolver *resolver;
    TAILQ_ENTRY(query) link;
    TAILQ_HEAD(, lookup) lookups;
    enum net_reach reach;
    bool running;
    char host[NET_HOST_SIZE_MAX + 1];
};

struct lookup {
    struct query *query;
    TAILQ_ENTRY(lookup) link;
    lookup_answer *answer;
    void *context;
};

struct cached {
    char host[NET_HOST_SIZE_MAX + 1];
    int64_t until_ms;
    struct addresses *addresses; /* owned; NULL: free place */
};

struct resolver {
    struct net_loop *loop;
    TAILQ_HEAD(, query) queries;
    size_t public_running;
    struct cached cache[CACHE_COUNT_MAX];
    resolver_fake *fake;
    bool destroyed; /* freed with its last query */
};

struct addresses *addresses_create(const struct guard_address *list, size_t count)
{
    struct addresses *addresses = net_alloc(sizeof(*addresses) + count * sizeof(*list));

    addresses->count = count;
    memcpy(addresses->list, list, count * sizeof(*list));
    return addresses;
}

struct resolver *resolver_create(struct net_loop *loop)
{
    struct resolver *resolver = net_alloc(sizeof(*resolver));

    resolver->loop = loop;
    TAILQ_INIT(&resolver->queries);
    return resolver;
}

static void free_query(struct query *query)
{
    TAILQ_REMOVE(&query->resolver->queries, query, link);
    free(query);
}

static void free_if_done(struct resolver *resolver)
{
    if (resolver->destroyed && TAILQ_EMPTY(&resolver->queries))
        free(resolver);
}

void resolver_destroy(struct resolver *resolver)
{
    struct query *query, *next;

    if (resolver == NULL)
        return;
    for (query = TAILQ_FIRST(&resolver->queries); query != NULL; query = next) {
        next = TAILQ_NEXT(query, link);
        while (!TAILQ_EMPTY(&query->lookups)) {
            struct lookup *lookup = TAILQ_FIRST(&query->lookups);

            lookup_cancel(lookup);
            assert(TAILQ_FIRST(&query->lookups) != lookup);
        }
        if (query->running)
            uv_cancel((uv_req_t *)&query->uv); /* fails when a thread is at it already */
        else
            free_query(query);
    }
    for (size_t i = 0; i < COUNT(resolver->cache); i++)
        free(resolver->cache[i].addresses);
    resolver->destroyed = true;
    free_if_done(resolver);
}

static struct cached *find_cached(struct resolver *resolver, const char *host)
{
    for (size_t i = 0; i < COUNT(resolver->cache); i++) {
        struct cached *cached = &resolver->cache[i];

        if (cached->addresses != NULL && cached->until_ms > net_now_ms() &&
            strcmp(cached->host, host) == 0)
            return cached;
    }
    return NULL;
}

/* Takes a free place, or that of the one which would end first. */
static void keep(struct resolver *resolver, const char *host, const struct addresses *addresses)
{
    struct cached *place = &resolver->cache[0];

    for (size_t i = 0; i < COUNT(resolver->cache); i++) {
        struct cached *cached = &resolver->cache[i];

        if (cached->addresses != NULL && strcmp(cached->host, host) == 0) {
            place = cached;
            break;
        }
        if (place->addresses != NULL &&
            (cached->addresses == NULL || cached->until_ms < place->until_ms))
            place = cached;
    }
    free(place->addresses);
    place->addresses = addresses_create(addresses->list, addresses->count);
    place->until_ms = net_now_ms() + RESOLVE_CACHE_MS;
    memcpy(place->host, host, strlen(host) + 1);
}

static struct addresses *read_addresses(const struct addrinfo *found, const char **why)
{
    struct guard_address list[RESOLVE_ADDRESSES_MAX];
    size_t count = 0;

    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        if (count == COUNT(list)) {
            *why = "it has too many addresses";
            return NULL;
        }
        if (!guard_of_sockaddr(at->ai_addr, &list[count])) {
            *why = "it has an address of an unknown kind";
            return NULL;
        }
        count++;
    }
    if (count == 0) {
        *why = "it has no address";
        return NULL;
    }
    return addresses_create(list, count);
}

static void answer_all(struct query *query, const struct addresses *addresses, const char *why)
{
    while (!TAILQ_EMPTY(&query->lookups)) {
        struct lookup *lookup = TAILQ_FIRST(&query->lookups);
        lookup_answer *answer = lookup->answer;
        void *context = lookup->context;

        lookup_cancel(lookup);
        assert(TAILQ_FIRST(&query->lookups) != lookup);
        answer(context, addresses, why);
    }
}

static void run_queries(struct resolver *resolver);

static void on_resolved(uv_getaddrinfo_t *uv, int status, struct addrinfo *found)
{
    struct query *query = uv->data;
    struct resolver *resolver = query->resolver;
    const char *why = NULL;
    struct addresses *addresses;

    if (query->reach == NET_PUBLIC)
        resolver->public_running--;
    if (status != 0) {
        addresses = NULL;
        why = uv_strerror(status);
    } else {
        addresses = read_addresses(found, &why);
    }
    uv_freeaddrinfo(found);
    if (!resolver->destroyed) {
        if (addresses != NULL && query->reach == NET_OWNER)
            keep(resolver, query->host, addresses);
        /* Out of the list first: whoever asks from within an answer shares it no more. */
        TAILQ_REMOVE(&resolver->queries, query, link);
        answer_all(query, addresses, why);
        free(query);
        run_queries(resolver);
    } else {
        free_query(query);
        free_if_done(resolver);
    }
    free(addresses);
}

/* Begins what may begin. */
static void run_queries(struct resolver *resolver)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct query *query, *next;

    for (query = TAILQ_FIRST(&resolver->queries); query != NULL; query = next) {
        int rc;

        next = TAILQ_NEXT(query, link);
        if (query->running ||
            (query->reach == NET_PUBLIC && resolver->public_running == PUBLIC_AT_ONCE))
            continue;
        if (TAILQ_EMPTY(&query->lookups)) { /* nobody waits for it any more */
            free_query(query);
            continue;
        }
        query->uv.data = query;
        rc = uv_getaddrinfo(net_loop_uv(resolver->loop), &query->uv, on_resolved, query->host, NULL,
                            &hints);
        if (rc != 0)
            abort(); /* a name is_name() took, and memory: nothing else can be wrong */
        query->running = true;
        resolver->public_running += query->reach == NET_PUBLIC;
    }
}

static bool answer_now(struct resolver *resolver, const char *host, enum net_reach reach,
                       lookup_answer *answer, void *context)
{
    struct guard_address list[RESOLVE_ADDRESSES_MAX];
    struct addresses *addresses = NULL;
    struct cached *cached;
    size_t count = 0;

    if (resolver->fake != NULL) {
        if (resolver->fake(host, list, &count))
            addresses = addresses_create(list, count);
    } else {
        cached = reach == NET_OWNER ? find_cached(resolver, host) : NULL;
        if (cached == NULL)
            return false;
        /* A copy: the answer may ask, and so replace what is kept. */
        addresses = addresses_create(cached->addresses->list, cached->addresses->count);
    }
    answer(context, addresses, addresses == NULL ? "unknown name" : NULL);
    free(addresses);
    return true;
}

struct lookup *resolver_ask(struct resolver *resolver, const char *host, enum net_reach reach,
                            lookup_answer *answer, void *context)
{
    struct query *query;
    struct lookup *lookup;

    if (answer_now(resolver, host, reach, answer, context))
        return NULL;
    TAILQ_FOREACH(query, &resolver->queries, link)
    if (query->reach == reach && strcmp(query->host, host) == 0)
        break;
    if (query == NULL) {
        query = net_alloc(sizeof(*query));
        query->resolver = resolver;
        query->reach = reach;
        memcpy(query->host, host, strlen(host) + 1);
        TAILQ_INIT(&query->lookups);
        TAILQ_INSERT_TAIL(&resolver->queries, query, link);
    }
    lookup = net_alloc(sizeof(*lookup));
    lookup->query = query;
    lookup->answer = answer;
    lookup->context = context;
    TAILQ_INSERT_TAIL(&query->lookups, lookup, link);
    run_queries(resolver);
    return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
    if (lookup == NULL)
        return;
    TAILQ_REMOVE(&lookup->query->lookups, lookup, link);
    free(lookup);
}

void resolver_use_fake(struct resolver *resolver, resolver_fake *fake) { resolver->fake = fake; }
