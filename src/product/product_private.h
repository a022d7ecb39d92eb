/* product/product_private.h: what the files of the room share: a product, its bounds, its rules. */
#pragma once

#include "core/hash.h"
#include "core/id.h"
#include "core/shape.h"
#include "product/product.h"

enum { /* texts in characters */
       PRODUCT_NAME_MAX = 200,
       PRODUCT_SKU_MAX = 64,
       PRODUCT_CATEGORY_MAX = 120,
       PRODUCT_FACTS_MAX = 10000,
       PRODUCT_QUERY_MAX = 200,
       PRODUCT_KEY_MAX = 200, /* bytes */
       PRODUCT_PAGE = 50,
       PRODUCT_PAGE_MAX = 100, /* a page of them with all they may hold is 6 MiB */
};

struct product_photo {
    struct str id, name, mime, thumbhash;
    int64_t width_px, height_px;
};

struct product {
    int64_t row_id; /* not shown */
    struct str id, name, sku, category, facts;
    struct list photos; /* struct product_photo */
    int64_t pictures, version, created_at_ms, changed_at_ms;
};

/* What is said of one: what PATCH did not name stays as it is. */
struct product_input {
    struct str name, sku, category, facts;
    struct text_list photos; /* public ids of pictures */
};
/* The rows of a request's shape: bit N of its `present` says that N was named. */
enum product_part {
    PRODUCT_NAME,
    PRODUCT_SKU,
    PRODUCT_CATEGORY,
    PRODUCT_FACTS,
    PRODUCT_PHOTOS,
    PRODUCT_PART_COUNT
};
#define PRODUCT_ALL ((UINT64_C(1) << PRODUCT_PART_COUNT) - 1)

/* Makes a repeat of the request that creates one harmless. */
struct product_key {
    struct str text; /* empty: none */
    struct sha256 request_hash;
};

/*
 * product_store.c.  Each change is one transaction with its event; the caller wakes whoever waits
 * for events.  A product that is somebody else's or deleted is NOT_FOUND.  Any thread but the
 * database writer's.
 */

/*
 * `*id` is in `arena`.  The same key and request give the same product again (*is_repeat).  Fails:
 * REQUIRED, TOO_LONG and INVALID (texts, photos; the item named), TOO_MANY, CONFLICT with field
 * "sku", KEY_REUSED, GONE (of the key, deleted since), as db_transact().
 */
MUST_CHECK bool product_create(struct db_pool *pool, int64_t user_id,
                               const struct product_input *input, const struct product_key *key,
                               int64_t now_ms, struct arena *arena, struct str *id, bool *is_repeat,
                               struct error *err);
/* `named`: bits of what is; `version` 0: whichever.  Fails as product_create(), and NOT_FOUND,
 * and PRECONDITION when it was changed meanwhile. */
MUST_CHECK bool product_change(struct db_pool *pool, int64_t user_id, struct str id,
                               int64_t version, uint64_t named, const struct product_input *input,
                               int64_t now_ms, struct arena *arena, struct error *err);
/* Only its name stays, for the account book. */
MUST_CHECK bool product_delete(struct db_pool *pool, int64_t user_id, struct str id,
                               int64_t version, int64_t now_ms, struct arena *arena,
                               struct error *err);

/* With its photos.  Fails: NOT_FOUND, as db_query(). */
MUST_CHECK bool product_read(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                             struct product *out, struct error *err);
/* Without facts.  The newest first, `limit` at most, behind the one of the id `after` (empty: from
 * the first; it may be deleted).  `q`: a part of name, SKU or category; empty: all.  Fails: INVALID
 * (no such place) with field "cursor", as db_query(). */
MUST_CHECK bool product_list(struct db *db, int64_t user_id, struct str q, struct str after,
                             size_t limit, struct arena *arena, struct product **out, size_t *count,
                             struct error *err);
