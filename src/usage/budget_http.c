#include "usage/budget_private.h"

#include "core/id.h"

/* ---- shapes ---- */

#define BUDGET(member) offsetof(struct budget, member)
static const struct field budget_fields[] = {
    {"id",             FIELD_ID,   BUDGET(id),             FIELD_REQUIRED,                  0, 0, NULL, NULL,           "The budget's id."},
    {"scope",          FIELD_ENUM, BUDGET(scope),          FIELD_REQUIRED,                  0, 0, NULL, budget_scopes,
     "Whose spending counts: everyone's, one user's, one provider account's, one model's there."                                          },
    {"who_id",         FIELD_ID,   BUDGET(who_id),         FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL,
     "The user's or the provider's id, of a model its provider's; null: everyone."                                                        },
    {"who_name",       FIELD_TEXT, BUDGET(who_name),       FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Their name; empty: everyone."                                                                                                       },
    {"model",          FIELD_TEXT, BUDGET(model),          FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "The model's wire id; empty: not one model's."                                                                                       },
    {"period",         FIELD_ENUM, BUDGET(period),         FIELD_REQUIRED,                  0, 0, NULL, budget_periods,
     "A day or a month, of UTC."                                                                                                          },
    {"from",           FIELD_TEXT, BUDGET(from),           FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "The first day of the running period."                                                                                               },
    {"currency",       FIELD_TEXT, BUDGET(currency),       FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "ISO 4217; money in other currencies does not count."                                                                                },
    {"limit_micro",    FIELD_INT,  BUDGET(limit_micro),    FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "In millionths of the currency."                                                                                                     },
    {"cost_micro",     FIELD_INT,  BUDGET(cost_micro),     FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Spent in the running period."                                                                                                       },
    {"reserved_micro", FIELD_INT,  BUDGET(reserved_micro), FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Estimates of tasks that have not ended."                                                                                            },
    {"doubtful_micro", FIELD_INT,  BUDGET(doubtful_micro), FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Estimates of what may have been charged and nobody can tell."                                                                       },
    {"left_micro",     FIELD_INT,  BUDGET(left_micro),     FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "What can still be asked for."                                                                                                       },
    {"share",          FIELD_INT,  BUDGET(share),          FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Spent, reserved and doubtful of the limit, in percent, rounded down."                                                               },
    {"created_at",     FIELD_TIME, BUDGET(created_at_ms),  FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "When it was made."                                                                                                                  },
};
static const struct shape budget_shape = SHAPE("Budget", struct budget, budget_fields);

struct budget_page {
    struct list items;
};
static const struct field page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct budget_page, items), FIELD_REQUIRED, 0, BUDGETS_MAX,
     &budget_shape, NULL, "The oldest first."},
};
static const struct shape page_shape = SHAPE("BudgetList", struct budget_page, page_fields);

struct budget_input {
    struct str scope, who_id, model, period, currency;
    int64_t limit_micro;
};
#define INPUT(member) offsetof(struct budget_input, member)
static const struct field input_fields[] = {
    {"scope",       FIELD_ENUM, INPUT(scope),       FIELD_REQUIRED, 0, 0,                      NULL, budget_scopes,
     "Whose spending counts."                                                                                                                        },
    {"who_id",      FIELD_ID,   INPUT(who_id),      FIELD_NULLABLE, 0, 0,                      NULL, NULL,
     "The user, the provider, or of a model its provider; null or absent for everyone."                                                              },
    {"model",       FIELD_TEXT, INPUT(model),       0,              0, BUDGET_MODEL_CHARS_MAX, NULL, NULL,
     "Of scope model: the wire id of one of the account's models, switched on or not."                                                               },
    {"period",      FIELD_ENUM, INPUT(period),      FIELD_REQUIRED, 0, 0,                      NULL, budget_periods,
     "A day or a month, of UTC."                                                                                                                     },
    {"currency",    FIELD_TEXT, INPUT(currency),    FIELD_REQUIRED, 3, 3,                      NULL, NULL,
     "ISO 4217, as USD."                                                                                                                             },
    {"limit_micro", FIELD_INT,  INPUT(limit_micro), FIELD_REQUIRED, 1, BUDGET_LIMIT_MICRO_MAX, NULL,
     NULL,                                                                                                           "In millionths of the currency."},
};
static const struct shape input_shape = SHAPE("BudgetInput", struct budget_input, input_fields);

struct budget_change {
    int64_t limit_micro;
};
static const struct field change_fields[] = {
    {"limit_micro", FIELD_INT, offsetof(struct budget_change, limit_micro), FIELD_REQUIRED, 1,
     BUDGET_LIMIT_MICRO_MAX, NULL, NULL, "In millionths of the currency."},
};
static const struct shape change_shape = SHAPE("BudgetChange", struct budget_change, change_fields);

/* ---- handlers ---- */

static bool reply_list(struct request *req, int64_t user_id, struct error *err)
{
    struct budget *items;
    size_t count;

    if (!budget_store_list(req->db, user_id, req->now_ms, req->arena, &items, &count, err))
        return false;
    return http_reply(req, 200,
                      &(struct budget_page){
                          .items = {.items = items, .count = count}
    },
                      err);
}

static bool list(struct request *req, struct error *err) { return reply_list(req, 0, err); }

static bool list_mine(struct request *req, struct error *err)
{
    return reply_list(req, req->user.id, err);
}

static bool reply_one(struct request *req, int status, struct str id, struct error *err)
{
    struct budget budget;

    db_refresh(req->db);
    return budget_store_find(req->db, id, req->now_ms, req->arena, &budget, err) &&
           http_reply(req, status, &budget, err);
}

static bool add(struct db *db, void *context, struct error *err)
{
    int64_t count;

    if (!budget_store_count(db, &count, err))
        return false;
    if (count >= BUDGETS_MAX)
        return error_field(err, ERROR_TOO_MANY, "", BUDGETS_MAX, "there are %d budgets already",
                           BUDGETS_MAX);
    return budget_store_add(db, context, err);
}

static bool check_model(struct request *req, int64_t provider_id, struct str model,
                        struct error *err)
{
    return app_has_model(req->app, provider_id, model) ||
           error_field(err, ERROR_NOT_IN_LIST, "model", 0, "the account has no model of this name");
}

static bool find_who(struct request *req, const struct budget_input *input, struct budget *budget,
                     struct error *err)
{
    const bool is_user = str_equal(input->scope, STR("user"));
    const bool is_everyone = str_equal(input->scope, STR("everyone"));
    const bool is_model = str_equal(input->scope, STR("model"));

    if (is_everyone && input->who_id.size > 0)
        return error_field(err, ERROR_INVALID, "who_id", 0,
                           "a budget of everyone is nobody's in particular");
    if (!is_everyone && input->who_id.size == 0)
        return error_field(err, ERROR_REQUIRED, "who_id", 0, "who_id says whose budget it is");
    if (!is_model && input->model.size > 0)
        return error_field(err, ERROR_INVALID, "model", 0, "a model is for the scope model alone");
    if (is_model && input->model.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "model says which one is meant");
    if (is_everyone)
        return true;
    if (is_user)
        return budget_store_user(req->db, input->who_id, &budget->user_id, err);
    return budget_store_provider(req->db, input->who_id, &budget->provider_id, err) &&
           (!is_model || check_model(req, budget->provider_id, input->model, err));
}

static bool create(struct request *req, struct error *err)
{
    const struct budget_input *input = req->input;
    const struct id id = id_make(&clock_system, &random_system);
    struct budget budget = {
        .id = id_str(&id),
        .scope = input->scope,
        .model = input->model,
        .period = input->period,
        .currency = input->currency,
        .limit_micro = input->limit_micro,
        .created_at_ms = req->now_ms,
    };

    if (!budget_is_currency(input->currency))
        return error_field(err, ERROR_INVALID, "currency", 0,
                           "a currency is three capital letters, as USD");
    if (!find_who(req, input, &budget, err))
        return false;
    db_refresh(req->db); /* no view is held while the commit is waited for */
    return db_transact(req->pool, "budget_add", add, &budget, err) &&
           reply_one(req, 201, budget.id, err);
}

struct change_work {
    struct str id;
    int64_t limit_micro, now_ms;
};

static bool change(struct db *db, void *context, struct error *err)
{
    const struct change_work *work = context;

    return budget_change_limit(db, work->id, work->limit_micro, work->now_ms, err);
}

static bool patch(struct request *req, struct error *err)
{
    const struct budget_change *input = req->input;
    struct change_work work = {.limit_micro = input->limit_micro, .now_ms = req->now_ms};

    return request_path_id(req, "id", &work.id, err) &&
           db_transact(req->pool, "budget_change", change, &work, err) &&
           reply_one(req, 200, work.id, err);
}

static bool drop(struct db *db, void *context, struct error *err)
{
    const struct str *id = context;

    return budget_store_delete(db, *id, err);
}

static bool delete (struct request *req, struct error *err)
{
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           db_transact(req->pool, "budget_delete", drop, &id, err) &&
           http_reply_empty(req, 204, err);
}

const struct http_route budget_routes[] = {
    {.method = "GET",
     .path = "/api/v1/budgets",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = list,
     .out = &page_shape,
     .summary = "All budgets, with what stands against them in the running period",
     .tag = "usage",
     .cost = 2},
    {.method = "GET",
     .path = "/api/v1/budgets/mine",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list_mine,
     .out = &page_shape,
     .summary = "The budgets that my own work counts against",
     .tag = "usage",
     .cost = 2},
    {.method = "POST",
     .path = "/api/v1/budgets",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = create,
     .in = &input_shape,
     .out = &budget_shape,
     .summary = "Make a budget",
     .tag = "usage"},
    {.method = "PATCH",
     .path = "/api/v1/budgets/{id}",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = patch,
     .in = &change_shape,
     .out = &budget_shape,
     .summary = "Change a budget's limit; it holds for the running period at once",
     .tag = "usage"},
    {.method = "DELETE",
     .path = "/api/v1/budgets/{id}",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = delete,
     .summary = "Take a budget away",
     .tag = "usage"},
    {0                                                              },
};
