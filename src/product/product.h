/*
 * product/product.h: what is sold: a name, an SKU, facts, photos.  Runs are made for a product, and
 * pictures and the account book say for which.  Knows the database, pictures and incoming HTTP.
 *
 * The room in reading order: product_store.c (rules and SQL; no HTTP), product_http.c (the routes).
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "db/db.h"
#include "http/http.h"

#define PRODUCTS_MAX 10000 /* of a person, deleted ones not counted */
#define PRODUCT_PHOTOS_MAX 16

/* Whether a person's product is there; `id` is its public id.  Fails: NOT_FOUND (of others too), as
 * db_query().  Thread: any, with a connection of its own. */
MUST_CHECK bool product_find(struct db *db, int64_t user_id, struct str id, struct error *err);

/* Given by the application (src/app/): there are events of this user that their streams were not
 * sent yet. */
void app_wake(void *app, int64_t user_id);

/* Ended by a NULL method. */
extern const struct http_route product_routes[];
