/* product/test_shop.h: for the room's tests: the house of pictures, with products beside them. */
#pragma once

#include "asset/test_studio.h"

#include "product/product_private.h"

#define PRODUCTS "/api/v1/products"
#define AS_JSON "Content-Type: application/json\r\n"

void app_wake(void *app, int64_t user_id) { house_wake(&((struct studio *)app)->house, user_id); }

static inline int shop_open(void **state)
{
    static const struct http_route *const tables[] = {asset_routes, bulk_routes, product_routes,
                                                      NULL};
    static struct studio studio;

    house_open(&studio.house, true);
    fixture_prepare(&studio.http);
    studio.http.config.tables = tables;
    studio.http.config.pool = studio.house.pool;
    studio.http.config.blobs = studio.house.blobs;
    studio.http.config.clock = &studio.house.clock;
    studio.http.config.app = &studio;
    studio.http.config.is_ready = NULL;
    studio.http.config.authenticate = authenticate;
    studio.http.config.handler_thread_end = image_thread_end;
    studio.http.config.rate_per_minute = 100000;
    fixture_start(&studio.http);
    *state = &studio;
    return 0;
}

/* What the house is told in rows of its own: statements of the test, in one transaction. */
struct deed {
    const struct sql *sql;
    const struct sql_value *args;
    size_t count;
};
static inline bool do_deed(struct db *db, void *context, struct error *err)
{
    const struct deed *deed = context;

    return db_exec(db, deed->sql, deed->args, deed->count, NULL, err);
}
static inline void house_do(struct house *house, const struct sql *sql,
                            const struct sql_value *args, size_t count)
{
    struct deed deed = {sql, args, count};
    struct error err = {0};

    no_error(db_transact(house->pool, "test_deed", do_deed, &deed, &err), &err, sql->name);
}
