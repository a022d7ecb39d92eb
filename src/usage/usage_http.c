#include "usage/usage_private.h"

#include <inttypes.h>

/* ---- shapes ---- */

static const struct field item_fields[] = {
    {"key",            FIELD_TEXT, offsetof(struct usage_item, key),            FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The day, the provider's id, the model, the operation, the user's id, or the product's "
     "(empty: of none)."                                                                                                                                                                           },
    {"label",          FIELD_TEXT, offsetof(struct usage_item, label),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The provider's, the user's or the product's name; otherwise the key again."                                                                                                                  },
    {"calls",          FIELD_INT,  offsetof(struct usage_item, calls),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Calls that left for the provider, of tasks that have ended."                                                                                                                                 },
    {"cost_micro",     FIELD_INT,  offsetof(struct usage_item, cost_micro),     FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                        "What is known to have been charged, in millionths of the currency."             },
    {"reserved_micro", FIELD_INT,  offsetof(struct usage_item, reserved_micro), FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                  NULL, "Estimates of tasks that have not ended."                                        },
    {"doubtful_micro", FIELD_INT,  offsetof(struct usage_item, doubtful_micro), FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                  NULL, "Estimates of what may have been charged and nobody can tell; not in cost_micro."},
    {"currency",       FIELD_TEXT, offsetof(struct usage_item, currency),       FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                        "ISO 4217; a key has an item for each of its currencies; empty: none was named." },
};
static const struct shape item_shape = SHAPE("UsageItem", struct usage_item, item_fields);

static const struct field total_fields[] = {
    {"currency",       FIELD_TEXT, offsetof(struct usage_total, currency),       FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                         "ISO 4217; empty: none was named."                                   },
    {"cost_micro",     FIELD_INT,  offsetof(struct usage_total, cost_micro),     FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                         "What is known to have been charged, in millionths of the currency." },
    {"reserved_micro", FIELD_INT,  offsetof(struct usage_total, reserved_micro), FIELD_REQUIRED, 0,
     0,                                                                                                NULL, NULL, "Estimates of tasks that have not ended; unknown ones count nothing."},
    {"doubtful_micro", FIELD_INT,  offsetof(struct usage_total, doubtful_micro), FIELD_REQUIRED, 0,
     0,                                                                                                NULL, NULL, "Estimates of what may have been charged and nobody can tell."       },
};
static const struct shape total_shape = SHAPE("UsageTotal", struct usage_total, total_fields);

struct usage {
    struct list items, totals;
};
static const struct field usage_fields[] = {
    {"items",  FIELD_LIST, offsetof(struct usage, items),  FIELD_REQUIRED, 0, USAGE_ITEMS_MAX,
     &item_shape,  NULL, "Days in their order; others by currency, the dearest first."    },
    {"totals", FIELD_LIST, offsetof(struct usage, totals), FIELD_REQUIRED, 0, USAGE_CURRENCIES_MAX,
     &total_shape, NULL, "One per currency: money of different currencies is never added."},
};
static const struct shape usage_shape = SHAPE("Usage", struct usage, usage_fields);

/* ---- the route ---- */

/* Other people's spending is an admin's to see; their token must be one for administration. */
static bool may_see_all(const struct http_user *user)
{
    return user->role >= ROLE_ADMIN && (user->session_id != 0 || (user->scopes & SCOPE_ADMIN) != 0);
}

struct question {
    int64_t user_id; /* 0: everybody */
    enum usage_by by;
    struct usage_range range;
};

static bool question_read(struct request *req, struct question *out, struct error *err)
{
    const bool is_all = request_query_bool(req, "all", false);

    *out = (struct question){.user_id = is_all ? 0 : req->user.id, .by = USAGE_BY_DAY};
    if (is_all && !may_see_all(&req->user))
        return error_field(err, ERROR_FORBIDDEN, "all", 0, "only admins see what others spent");
    if (request_has_query(req, "by") && !usage_by_read(request_query(req, "by"), &out->by))
        return error_field(err, ERROR_NOT_IN_LIST, "by", 0, "by is none of its values");
    return usage_range_make(request_has_query(req, "from"), request_query_time(req, "from", 0),
                            request_has_query(req, "to"), request_query_time(req, "to", 0),
                            req->now_ms, &out->range, err);
}

static bool show(struct request *req, struct error *err)
{
    struct question asked;
    struct usage_item *items;
    struct usage_total *totals;
    size_t item_count, total_count;

    if (!question_read(req, &asked, err) ||
        !usage_store_items(req->db, asked.user_id, &asked.range, asked.by, req->arena, &items,
                           &item_count, err) ||
        !usage_store_totals(req->db, asked.user_id, &asked.range, req->arena, &totals, &total_count,
                            err))
        return false;
    return http_reply(req, 200,
                      &(struct usage){
                          .items = {.items = items,  .count = item_count },
                          .totals = {.items = totals, .count = total_count}
    },
                      err);
}

/* Bounded by the items of one answer; the mark in front tells spreadsheets that it is UTF-8. */
static bool show_csv(struct request *req, struct error *err)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct question asked;
    struct usage_item *items;
    size_t count;

    if (!question_read(req, &asked, err) ||
        !usage_store_items(req->db, asked.user_id, &asked.range, asked.by, req->arena, &items,
                           &count, err))
        return false;
    buf_printf(&text, "\xEF\xBB\xBF%s,name,calls,cost,reserved,in_doubt,currency\r\n",
               usage_by_names[asked.by]);
    for (size_t i = 0; i < count; i++) {
        usage_csv_cell(&text, items[i].key);
        buf_printf(&text, ",");
        usage_csv_cell(&text, items[i].label);
        buf_printf(&text, ",%" PRId64 ",", items[i].calls);
        usage_csv_money(&text, items[i].cost_micro);
        buf_printf(&text, ",");
        usage_csv_money(&text, items[i].reserved_micro);
        buf_printf(&text, ",");
        usage_csv_money(&text, items[i].doubtful_micro);
        buf_printf(&text, ",");
        usage_csv_cell(&text, items[i].currency);
        buf_printf(&text, "\r\n");
    }
    http_reply_header(req, "Content-Disposition",
                      arena_printf(req->arena,
                                   "attachment; filename=\"vitrine-usage-%s-to-%s.csv\"",
                                   asked.range.from.text, asked.range.to.text));
    return http_reply_text(req, 200, "text/csv; charset=utf-8", buf_str(&text), err);
}

static const struct http_query usage_query[] = {
    {"from",      FIELD_TIME, 0, 0, NULL, "The first day, UTC; left out: 30 days with the last."},
    {"to",          FIELD_TIME, 0, 0, NULL, "The last day, UTC; left out: today.  400 days at most."},
    {"by",       FIELD_ENUM, 0, 0, usage_by_names, "What an item stands for; left out: day."},
    {"all",           FIELD_BOOL, 0, 0, NULL, "True: everybody's, for admins; left out: one's own."},
    {0},
};

const struct http_route usage_routes[] = {
    {.method = "GET",
     .path = "/api/v1/usage",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show,
     .out = &usage_shape,
     .query = usage_query,
     .summary = "What was spent, what is reserved and what is in doubt",
     .tag = "usage",
     .cost = 5},
    {.method = "GET",
     .path = "/api/v1/usage.csv",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show_csv,
     .query = usage_query,
     .summary = "The items of usage as a CSV file, in whole units of their currency",
     .tag = "usage",
     .cost = 5},
    {0        },
};
