#include "usage/usage_private.h"

#include <inttypes.h>
#include <stdlib.h>

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

static const struct field rest_fields[] = {
    {"currency",       FIELD_TEXT, offsetof(struct usage_rest, currency),       FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                        "ISO 4217; empty: none was named."         },
    {"count",          FIELD_INT,  offsetof(struct usage_rest, count),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     "How many more items there are."                                                                                                                        },
    {"calls",          FIELD_INT,  offsetof(struct usage_rest, calls),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Their calls."                                                                                                                                          },
    {"cost_micro",     FIELD_INT,  offsetof(struct usage_rest, cost_micro),     FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                        "What they are known to have been charged."},
    {"reserved_micro", FIELD_INT,  offsetof(struct usage_rest, reserved_micro), FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                  NULL, "What they have reserved."                 },
    {"doubtful_micro", FIELD_INT,  offsetof(struct usage_rest, doubtful_micro), FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                  NULL, "What of them is in doubt."                },
};
static const struct shape rest_shape = SHAPE("UsageRest", struct usage_rest, rest_fields);

struct usage {
    struct list items, rests, totals;
};
static const struct field usage_fields[] = {
    {"items",  FIELD_LIST, offsetof(struct usage, items),  FIELD_REQUIRED, 0, USAGE_ITEMS_MAX,
     &item_shape,  NULL,
     "Days in their order; others by currency, the dearest first.  2,000 at most: the dearest, of "
     "each currency by turns."                                                                   },
    {"rests",  FIELD_LIST, offsetof(struct usage, rests),  FIELD_REQUIRED, 0, USAGE_CURRENCIES_MAX,
     &rest_shape,  NULL,
     "What is not among the items, summed up by currency; empty: all are. The CSV file has each."},
    {"totals", FIELD_LIST, offsetof(struct usage, totals), FIELD_REQUIRED, 0, USAGE_CURRENCIES_MAX,
     &total_shape, NULL, "One per currency: money of different currencies is never added."       },
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
    struct usage_items found;
    struct usage_total *totals;
    size_t total_count;

    if (!question_read(req, &asked, err) ||
        !usage_store_items(req->db, asked.user_id, &asked.range, asked.by, req->arena, &found,
                           err) ||
        !usage_store_totals(req->db, asked.user_id, &asked.range, req->arena, &totals, &total_count,
                            err))
        return false;
    return http_reply(req, 200,
                      &(struct usage){
                          .items = {.items = found.items, .count = found.count     },
                          .rests = {.items = found.rests, .count = found.rest_count},
                          .totals = {.items = totals,      .count = total_count     }
    },
                      err);
}

/* ---- the table ---- */

/*
 * A table of up to so much, some 80,000 lines, is an answer like any other.  A longer one is sent
 * as it is read, by a thread that may wait for its client, with a view of the database meanwhile.
 */
#define CSV_WHOLE_MAX MIB(8)
#define CSV_PIECE KIB(64)

struct csv_work {
    struct db_pool *pool; /* borrowed */
    struct question asked;
    struct http_sink *sink; /* NULL: it is tried as a whole */
    struct buf text;
    bool is_long;
};

static void csv_work_destroy(void *context)
{
    struct csv_work *work = context;

    buf_finish(&work->text);
    free(work);
}

static bool csv_send(struct csv_work *work, struct error *err)
{
    if (!http_sink_write(work->sink, work->text.data, work->text.size))
        return error_set(err, ERROR_UNAVAILABLE, "the client left");
    work->text.size = 0;
    return true;
}

static bool csv_add(void *context, const struct usage_item *item, int64_t turn, struct error *err)
{
    struct csv_work *work = context;
    struct buf *text = &work->text;

    (void)turn;
    usage_csv_cell(text, item->key);
    buf_printf(text, ",");
    usage_csv_cell(text, item->label);
    buf_printf(text, ",%" PRId64 ",", item->calls);
    usage_csv_money(text, item->cost_micro);
    buf_printf(text, ",");
    usage_csv_money(text, item->reserved_micro);
    buf_printf(text, ",");
    usage_csv_money(text, item->doubtful_micro);
    buf_printf(text, ",");
    usage_csv_cell(text, item->currency);
    buf_printf(text, "\r\n");
    if (work->sink != NULL)
        return text->size < CSV_PIECE || csv_send(work, err);
    work->is_long = text->size > CSV_WHOLE_MAX;
    return !work->is_long || error_set(err, ERROR_TOO_LARGE, "longer than one answer");
}

static bool csv_write(struct csv_work *work, struct db *db, struct error *err)
{
    /* The mark in front tells spreadsheets that it is UTF-8. */
    buf_printf(&work->text, "\xEF\xBB\xBF%s,name,calls,cost,reserved,in_doubt,currency\r\n",
               usage_by_names[work->asked.by]);
    return usage_store_walk(db, work->asked.user_id, &work->asked.range, work->asked.by, csv_add,
                            work, err);
}

static bool csv_produce(struct http_sink *sink, void *context, struct error *err)
{
    struct csv_work *work = context;
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;

    work->sink = sink;
    return db_borrow(work->pool, &db, err) && csv_write(work, db, err) && csv_send(work, err);
}

static bool csv_reply(struct request *req, const struct csv_work *work, struct str name,
                      struct error *err)
{
    http_reply_header(req, "Content-Disposition",
                      arena_printf(req->arena, "attachment; filename=\"%.*s\"", STR_ARGS(name)));
    return http_reply_text(req, 200, "text/csv; charset=utf-8", buf_str(&work->text), err);
}

static bool show_csv(struct request *req, struct error *err)
{
    struct csv_work *work = calloc(1, sizeof(*work));
    struct str name;
    bool ok;

    if (work == NULL)
        abort();
    work->pool = req->pool;
    if (!question_read(req, &work->asked, err)) {
        csv_work_destroy(work);
        return false;
    }
    name = arena_printf(req->arena, "vitrine-usage-%s-to-%s.csv", work->asked.range.from.text,
                        work->asked.range.to.text);
    ok = csv_write(work, req->db, err);
    if (!ok && work->is_long) {
        *err = (struct error){0};
        work->text.size = 0;
        return http_reply_produce(req, "text/csv; charset=utf-8", name, csv_produce, work,
                                  csv_work_destroy, err);
    }
    ok = ok && csv_reply(req, work, name, err);
    csv_work_destroy(work);
    return ok;
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
     .summary =
         "What was spent, what is reserved and what is in doubt: the dearest one by one, the "
         "rest as sums", .tag = "usage",
     .cost = 5},
    {.method = "GET",
     .path = "/api/v1/usage.csv",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show_csv,
     .flags = HTTP_FILE,
     .query = usage_query,
     .summary = "All items of usage as a CSV file, in whole units of their currency",
     .tag = "usage",
     .cost = 5},
    {0        },
};
