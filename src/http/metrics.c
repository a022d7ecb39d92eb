/* metrics.c: how many requests of which route ended how, and how long they took. */
#include "http/http_private.h"

#include <inttypes.h>
#include <stdlib.h>

static const int64_t bucket_micros[] = {500,    1000,   2500,   5000,    10000,   25000,   50000,
                                        100000, 250000, 500000, 1000000, 2500000, 10000000};

static const char *const refusal_names[REFUSAL_COUNT] = {
    [REFUSED_HEAD_SLOW] = "head_slow",   [REFUSED_BODY_SLOW] = "body_slow",
    [REFUSED_WRITE_SLOW] = "write_slow", [REFUSED_PER_IP] = "per_ip",
    [REFUSED_FRAMING] = "framing",       [REFUSED_HOST] = "host",
    [REFUSED_CROSS_SITE] = "cross_site", [REFUSED_RATE] = "rate",
    [REFUSED_QUEUE] = "queue",           [REFUSED_STREAM_SLOW] = "stream_slow",
};

struct route_counts {
    _Atomic uint64_t by_class[6]; /* 1xx to 5xx by their first digit */
};

struct http_metrics {
    size_t count; /* of routes; one more is for what matched none */
    struct route_counts *routes;
    _Atomic uint64_t buckets[COUNT(bucket_micros) + 1];
    _Atomic uint64_t sum_micros;
    _Atomic uint64_t refusals[REFUSAL_COUNT];
};

struct http_metrics *metrics_create(const struct route_tree *tree)
{
    struct http_metrics *metrics = calloc(1, sizeof(*metrics));

    if (metrics == NULL)
        abort();
    metrics->count = route_tree_count(tree);
    metrics->routes = calloc(metrics->count + 1, sizeof(*metrics->routes));
    if (metrics->routes == NULL)
        abort();
    return metrics;
}

void metrics_destroy(struct http_metrics *metrics)
{
    if (metrics == NULL)
        return;
    free(metrics->routes);
    free(metrics);
}

void metrics_count(struct http_metrics *metrics, size_t route_index, int status, int64_t micros)
{
    size_t class = status >= 100 && status < 600 ? (size_t)status / 100 : 5;
    size_t bucket = 0;

    if (route_index > metrics->count)
        route_index = metrics->count;
    while (bucket < COUNT(bucket_micros) && micros > bucket_micros[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metrics->routes[route_index].by_class[class], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->sum_micros, (uint64_t)(micros < 0 ? 0 : micros),
                              memory_order_relaxed);
}

void metrics_refuse(struct http_metrics *metrics, enum metrics_refusal refusal)
{
    atomic_fetch_add_explicit(&metrics->refusals[refusal], 1, memory_order_relaxed);
}

static void requests_print(const struct http_metrics *metrics, const struct route_tree *tree,
                           struct buf *out)
{
    buf_add(out, STR("# TYPE http_requests counter\n"
                     "# HELP http_requests Requests by route and class of status.\n"));
    for (size_t i = 0; i <= metrics->count; i++) {
        const struct http_route *route = i < metrics->count ? route_tree_row(tree, i) : NULL;

        for (size_t class = 1; class < 6; class ++) {
            uint64_t value =
                atomic_load_explicit(&metrics->routes[i].by_class[class], memory_order_relaxed);

            if (value > 0)
                buf_printf(
                    out,
                    "http_requests_total{method=\"%s\",route=\"%s\",class=\"%zuxx\"} %" PRIu64 "\n",
                    route == NULL ? "" : route->method, route == NULL ? "" : route->path, class,
                    value);
        }
    }
}

void metrics_print(const struct http_metrics *metrics, const struct route_tree *tree,
                   struct buf *out)
{
    uint64_t total = 0;

    requests_print(metrics, tree, out);
    buf_add(out, STR("# TYPE http_request_seconds histogram\n"
                     "# UNIT http_request_seconds seconds\n"
                     "# HELP http_request_seconds From the whole head to the reply.\n"));
    for (size_t i = 0; i <= COUNT(bucket_micros); i++) {
        total += atomic_load_explicit(&metrics->buckets[i], memory_order_relaxed);
        if (i < COUNT(bucket_micros))
            buf_printf(out, "http_request_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
                       (double)bucket_micros[i] / 1e6, total);
        else
            buf_printf(out, "http_request_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", total);
    }
    buf_printf(out, "http_request_seconds_count %" PRIu64 "\nhttp_request_seconds_sum %.6f\n",
               total,
               (double)atomic_load_explicit(&metrics->sum_micros, memory_order_relaxed) / 1e6);
    buf_add(out, STR("# TYPE http_refused counter\n"
                     "# HELP http_refused Requests and connections turned away, by reason.\n"));
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        buf_printf(out, "http_refused_total{reason=\"%s\"} %" PRIu64 "\n", refusal_names[i],
                   atomic_load_explicit(&metrics->refusals[i], memory_order_relaxed));
}
