/* provider_health_http.c: how a provider did, from the engine's calls, and whether its lane is
 * open. */
#include "settings/settings_private.h"

#include "engine/view.h"

static const char *const lane_states[] = {"open", "off", "paused", "stopped", "resting", NULL};

struct resting_key {
    struct str id, reason;
    int64_t until_ms; /* 0: not by itself */
};
static const struct field resting_key_fields[] = {
    {"id",     FIELD_ID,   offsetof(struct resting_key, id),       FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "The key."                                                                                                                                                                       },
    {"reason", FIELD_TEXT, offsetof(struct resting_key, reason),   FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "auth: the service rejects it; quota: what it may spend there is gone; throttled: it was "
     "asked too often; used_up: the service said that nothing is left of a limit until then."                                                                                         },
    {"until",  FIELD_TIME, offsetof(struct resting_key, until_ms), FIELD_REQUIRED | FIELD_NULLABLE,
     0,                                                                                                0, NULL, NULL, "When it goes on by itself; null: when the provider is changed."},
};
static const struct shape resting_key_shape =
    SHAPE("RestingKey", struct resting_key, resting_key_fields);

/* A model whose breaker is not closed. */
struct breaker_view {
    struct str model, breaker, failure;
    int64_t failures_in_row, until_ms;
};
static const char *const breaker_states[] = {"open", "half_open", NULL};
#define BREAKER(member) offsetof(struct breaker_view, member)
static const struct field breaker_fields[] = {
    {"model",           FIELD_TEXT, BREAKER(model),           FIELD_REQUIRED,                  0, 0, NULL, NULL,           "The wire id."},
    {"breaker",         FIELD_ENUM, BREAKER(breaker),         FIELD_REQUIRED,                  0, 0, NULL, breaker_states,
     "open: left alone until `until`; half_open: one request tries for all."                                                             },
    {"failure",         FIELD_TEXT, BREAKER(failure),         FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "The class of the last failure that it counted."                                                                                    },
    {"failures_in_row", FIELD_INT,  BREAKER(failures_in_row), FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "How many came since the provider last answered; 0: it answered since."                                                             },
    {"until",           FIELD_TIME, BREAKER(until_ms),        FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL,
     "open: nothing is sent until then; null: half_open."                                                                                },
};
static const struct shape breaker_shape =
    SHAPE("ProviderBreaker", struct breaker_view, breaker_fields);

struct health_view {
    struct health_window day, week;
    struct health_error *last_error;
    struct str lane, lane_reason;
    int64_t lane_until_ms;
    struct list breakers, resting_keys;
    struct text_list paused_models;
};
#define VIEW(member) offsetof(struct health_view, member)
static const struct field health_view_fields[] = {
    {"last_24h",      FIELD_OBJECT, VIEW(day),           FIELD_REQUIRED,                  0, 0,                   &health_window_shape, NULL,
     "Calls that ended in the last 24 hours."                                                                                                                                                                                        },
    {"last_7d",       FIELD_OBJECT, VIEW(week),          FIELD_REQUIRED,                  0, 0,                   &health_window_shape, NULL,
     "Calls that ended in the last seven days."                                                                                                                                                                                      },
    {"last_error",    FIELD_MAYBE,  VIEW(last_error),    FIELD_REQUIRED | FIELD_NULLABLE, 0, 0,
     &health_error_shape,                                                                                                               NULL,        "The newest failed call of seven days; null without one."                       },
    {"lane",          FIELD_ENUM,   VIEW(lane),          FIELD_REQUIRED,                  0, 0,                   NULL,                 lane_states,
     "off: switched off; paused: by a person, or its key is lost; stopped: by the engine until the "
     "provider is changed; resting: until lane_until."                                                                                                                                                                               },
    {"lane_reason",   FIELD_TEXT,   VIEW(lane_reason),   FIELD_REQUIRED,                  0, 0,                   NULL,                 NULL,
     "Why: a person's words, the engine's class of failure, or used_up: nothing is left of a "
     "limit."                                                                                                                                                                                                                        },
    {"lane_until",    FIELD_TIME,   VIEW(lane_until_ms), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0,                   NULL,
     NULL,                                                                                                                                           "When it goes on by itself; null when it is open or waits for somebody."        },
    {"breakers",      FIELD_LIST,   VIEW(breakers),      FIELD_REQUIRED,                  0, 0,                   &breaker_shape,       NULL,
     "Models that are left alone, or tried by one request, because their calls kept failing."                                                                                                                                        },
    {"paused_models", FIELD_TEXTS,  VIEW(paused_models), FIELD_REQUIRED,                  0, PROVIDER_MODELS_MAX,
     NULL,                                                                                                                              NULL,        "The wire ids of its models that a person paused: what waits for them waits on."},
    {"resting_keys",  FIELD_LIST,   VIEW(resting_keys),  FIELD_REQUIRED,                  0, 0,                   &resting_key_shape,   NULL,
     "Keys that the service rejected or throttled, or that are used up: no new call is made with "
     "them meanwhile."                                                                                                                                                                                                               },
};
static const struct shape health_view_shape =
    SHAPE("ProviderHealth", struct health_view, health_view_fields);

static struct list resting_of(const struct provider_row *row, const struct lane_view *lane,
                              struct arena *arena)
{
    struct resting_key *items = ARENA_ARRAY(arena, struct resting_key, row->key_count);
    size_t count = 0;

    for (size_t index = 0; index < row->key_count; index++)
        for (size_t at = 0; at < lane->resting_count; at++)
            if (lane->resting[at].id == row->keys[index].id)
                items[count++] = (struct resting_key){
                    .id = row->keys[index].public_id,
                    .until_ms = lane->resting[at].until_ms,
                    .reason = arena_str(arena, str_of(lane->resting[at].reason)),
                };
    return (struct list){.items = items, .count = count};
}

static struct list breakers_of(const struct settings_hooks *hooks, int64_t provider_id,
                               struct arena *arena)
{
    struct lane_model_view *models =
        ARENA_ARRAY(arena, struct lane_model_view, LANE_MODELS_SHOWN_MAX);
    struct breaker_view *items = ARENA_ARRAY(arena, struct breaker_view, LANE_MODELS_SHOWN_MAX);
    size_t count = 0, found;

    if (hooks->lane_models == NULL)
        return (struct list){0};
    found = hooks->lane_models(hooks->context, provider_id, models, LANE_MODELS_SHOWN_MAX);
    for (size_t index = 0; index < found; index++)
        if (models[index].breaker != BREAKER_CLOSED)
            items[count++] = (struct breaker_view){
                .model = models[index].name,
                .breaker = str_of(breaker_state_name(models[index].breaker)),
                .failure = str_of(models[index].failure),
                .failures_in_row = models[index].failures_in_row,
                .until_ms = models[index].breaker_until_ms,
            };
    return (struct list){.items = items, .count = count};
}

static bool paused_of(struct request *req, int64_t provider_id, struct text_list *out,
                      struct error *err)
{
    struct model_override *models;
    size_t count;

    if (!model_store_list_of(req->db, provider_id, req->arena, &models, &count, err))
        return false;
    *out = (struct text_list){.items = ARENA_ARRAY(req->arena, struct str, count)};
    for (size_t index = 0; index < count; index++)
        if (models[index].limits.is_paused)
            out->items[out->count++] = models[index].name;
    return true;
}

/* The row says what people decided, the lane what the engine did. */
static bool fill_lane(struct request *req, const struct provider_row *row, struct health_view *view,
                      struct error *err)
{
    struct settings *settings = app_settings(req->app);
    const struct settings_hooks *hooks = &settings->services.hooks;
    struct provider_binding binding = {.is_paused = row->is_paused,
                                       .pause_reason = row->pause_reason};
    struct lane_view lane = {0};
    bool is_key_lost = false;
    const bool has_lane = hooks->lane != NULL && hooks->lane(hooks->context, row->id, &lane);

    view->lane = STR("open");
    view->breakers = breakers_of(hooks, row->id, req->arena);
    if (has_lane)
        view->resting_keys = resting_of(row, &lane, req->arena);
    if (!provider_open(settings, row, req->arena, &binding, &is_key_lost, err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
        *err = (struct error){0}; /* a kind of another build: its calls are shown all the same */
    }
    if (!row->is_enabled) {
        view->lane = STR("off");
    } else if (binding.is_paused) {
        view->lane = STR("paused");
        view->lane_reason = binding.pause_reason;
        view->lane_until_ms = is_key_lost ? 0 : row->pause_until_ms;
    } else if (has_lane) {
        const bool is_resting = lane.pause_until_ms > req->now_ms;

        if (lane.is_paused)
            view->lane = STR("stopped");
        else if (is_resting)
            view->lane = STR("resting");
        if (lane.is_paused || is_resting)
            view->lane_reason = arena_str(req->arena, str_of(lane.reason));
        if (!lane.is_paused && is_resting)
            view->lane_until_ms = lane.pause_until_ms;
    }
    return true;
}

static bool health(struct request *req, struct error *err)
{
    struct str public_id;
    struct provider_row row;
    struct provider_health found;
    struct health_view view;

    if (!request_path_id(req, "id", &public_id, err) ||
        !provider_store_find(req->db, public_id, req->arena, &row, err) ||
        !view_provider_health(req->db, row.id, req->now_ms, req->arena, &found, err))
        return false;
    view =
        (struct health_view){.day = found.day, .week = found.week, .last_error = found.last_error};
    return paused_of(req, row.id, &view.paused_models, err) && fill_lane(req, &row, &view, err) &&
           http_reply(req, 200, &view, err);
}

const struct http_route health_routes[] = {
    {.method = "GET",
     .path = "/api/v1/providers/{id}/health",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = health,
     .out = &health_view_shape,
     .summary = "How its calls went in 24 hours and seven days, and whether its lane is open",
     .tag = "providers"},
    {0},
};
