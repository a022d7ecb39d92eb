#include "engine/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

bool item_is_before(const void *first, const void *second)
{
    const struct item *a = first, *b = second;

    if (a->entry.priority != b->entry.priority)
        return a->entry.priority < b->entry.priority;
    if (a->entry.rank != b->entry.rank)
        return a->entry.rank < b->entry.rank;
    return a->entry.id < b->entry.id;
}

int64_t item_units(const struct task_entry *entry) { return entry->units < 1 ? 1 : entry->units; }

/* ---- Life ---- */

struct lane *lane_create(int64_t id, int64_t since_ms)
{
    struct lane *lane = must(calloc(1, sizeof(*lane)));

    lane->id = id;
    lane->since_ms = since_ms;
    return lane;
}

void lane_destroy(struct lane *lane)
{
    for (size_t index = 0; index < lane->user_count; index++) {
        struct lane_user *user = lane->users[index];

        for (size_t turn = 0; turn < user->turn_count; turn++)
            free(user->turns[turn].items);
        free(user->turns);
        free(user);
    }
    free(lane->users);
    for (size_t index = 0; index < lane->model_count; index++)
        free(lane->models[index]);
    free(lane->models);
    free(lane);
}

/* A model without a bound of its own has the account's slots. */
static void set_gate(const struct lane *lane, struct lane_model *model)
{
    const int64_t own = model->limits.concurrency;

    gate_set(&model->gate, own > 0 && own < lane->limits.capacity ? own : lane->limits.capacity,
             model->limits.per_minute, model->limits.units_per_minute, lane->since_ms);
}

void lane_set(struct lane *lane, const struct lane_limits *limits)
{
    lane->limits = *limits;
    gate_set(&lane->gate, limits->capacity, limits->per_minute, limits->units_per_minute,
             lane->since_ms);
    for (size_t index = 0; index < lane->model_count; index++)
        set_gate(lane, lane->models[index]);
    /* Its owner looked.  At the first time nobody did: what polls learned before stays. */
    if (lane->is_set) {
        keyring_forgive(&lane->ring);
        for (size_t index = 0; index < lane->model_count; index++)
            lane->models[index]->rest_until_ms = 0;
        lane->is_stopped = false;
    }
    lane->is_set = true;
}

/* Something of theirs waits for a model that nobody paused. */
static bool waits_for_any(const struct lane *lane, const struct lane_user *user)
{
    if (user->ready == 0)
        return false;
    for (size_t index = 0; index < lane->model_count; index++) {
        const struct heap *turn = lane_turn(user, lane->models[index]);

        if (turn != NULL && turn->count > 0 && !lane->models[index]->limits.is_paused)
            return true;
    }
    return false;
}

/* Who had nothing waiting comes in where the lane stands: neither sleeping, nor a pause, nor one
 * long task saves credit. */
static void come_in(const struct lane *lane, struct lane_user *user)
{
    if (!waits_for_any(lane, user) && user->vtime < lane->vtime)
        user->vtime = lane->vtime;
}

void lane_set_model(struct lane *lane, struct lane_model *model, const struct model_limits *limits)
{
    if (model->limits.is_paused && !limits->is_paused)
        for (size_t index = 0; index < lane->user_count; index++)
            come_in(lane, lane->users[index]);
    model->limits = *limits;
    model->is_set = true;
    set_gate(lane, model);
}

/* ---- Models and people ---- */

struct lane_model *lane_find_model(const struct lane *lane, struct str name)
{
    for (size_t index = 0; index < lane->model_count; index++)
        if (str_equal(lane->models[index]->name, name))
            return lane->models[index];
    return NULL;
}

struct lane_model *lane_ensure_model(struct lane *lane, struct str name)
{
    struct lane_model *model = lane_find_model(lane, name);
    char *text;

    if (model != NULL)
        return model;
    if (lane->model_count == lane->model_capacity) {
        lane->model_capacity = lane->model_capacity == 0 ? 4 : lane->model_capacity * 2;
        lane->models =
            must(realloc(lane->models, lane->model_capacity * sizeof(struct lane_model *)));
    }
    model = must(calloc(1, sizeof(*model) + name.size));
    text = (char *)(model + 1);
    if (name.size > 0)
        memcpy(text, name.data, name.size);
    model->name = (struct str){.data = text, .size = name.size};
    model->index = lane->model_count;
    set_gate(lane, model);
    lane->models[lane->model_count++] = model;
    return model;
}

struct lane_user *lane_find_user(const struct lane *lane, int64_t user_id)
{
    for (size_t index = 0; index < lane->user_count; index++)
        if (lane->users[index]->user_id == user_id)
            return lane->users[index];
    return NULL;
}

struct lane_user *lane_ensure_user(struct lane *lane, int64_t user_id)
{
    struct lane_user *user = lane_find_user(lane, user_id);

    if (user != NULL)
        return user;
    if (lane->user_count == lane->user_capacity) {
        lane->user_capacity = lane->user_capacity == 0 ? 4 : lane->user_capacity * 2;
        lane->users = must(realloc(lane->users, lane->user_capacity * sizeof(struct lane_user *)));
    }
    user = must(calloc(1, sizeof(*user)));
    user->user_id = user_id;
    user->vtime = lane->vtime;
    lane->users[lane->user_count++] = user;
    return user;
}

struct heap *lane_turn(const struct lane_user *user, const struct lane_model *model)
{
    return model->index < user->turn_count ? &user->turns[model->index] : NULL;
}

static struct heap *ensure_turn(struct lane_user *user, const struct lane_model *model)
{
    if (model->index >= user->turn_count) {
        user->turns = must(realloc(user->turns, (model->index + 1) * sizeof(struct heap)));
        while (user->turn_count <= model->index)
            user->turns[user->turn_count++] = (struct heap){
                .is_before = item_is_before, .offset = offsetof(struct item, turn_index)};
    }
    return &user->turns[model->index];
}

void lane_enter(struct item *item)
{
    struct lane_user *user = lane_ensure_user(item->lane, item->entry.user_id);

    come_in(item->lane, user);
    item->place = IN_TURN;
    item->user = user;
    heap_add(ensure_turn(user, item->model), item);
    user->ready++;
}

void lane_leave(struct item *item)
{
    heap_remove(lane_turn(item->user, item->model), item->turn_index);
    item->user->ready--;
}

/* ---- What may start ---- */

bool lane_has_slot(const struct lane *lane, int64_t now_ms)
{
    return lane->is_set && !lane->limits.is_paused &&
           lane->running < gate_capacity(&lane->gate, now_ms);
}

static bool has_slot(const struct lane_model *model, int64_t now_ms)
{
    return model->running < gate_capacity(&model->gate, now_ms);
}

bool lane_model_is_open(const struct lane_model *model, int64_t units, int64_t now_ms)
{
    return !model->limits.is_paused && model->rest_until_ms <= now_ms && has_slot(model, now_ms) &&
           gate_may_start(&model->gate, units, now_ms);
}

int64_t lane_model_opens_ms(const struct lane_model *model, int64_t units)
{
    const int64_t next_ms = gate_next_ms(&model->gate, units);
    const int64_t opens_ms = model->rest_until_ms > next_ms ? model->rest_until_ms : next_ms;

    return !model->limits.is_paused && has_slot(model, opens_ms) ? opens_ms : INT64_MAX;
}

struct item *lane_turn_of(const struct lane *lane, const struct lane_model *model)
{
    const struct lane_user *best = NULL;
    struct item *item = NULL;

    for (size_t index = 0; index < lane->user_count; index++) {
        const struct lane_user *user = lane->users[index];
        const struct heap *turn = lane_turn(user, model);

        if (turn == NULL || turn->count == 0 || (best != NULL && user->vtime >= best->vtime))
            continue;
        best = user;
        item = turn->items[0];
    }
    return item;
}

struct item *lane_next(const struct lane *lane, int64_t now_ms)
{
    struct item *best = NULL;

    for (size_t index = 0; index < lane->model_count; index++) {
        const struct lane_model *model = lane->models[index];
        struct item *item = lane_turn_of(lane, model);

        if (item == NULL || !lane_model_is_open(model, item_units(&item->entry), now_ms))
            continue;
        if (best == NULL || item->user->vtime < best->user->vtime ||
            (item->user == best->user && item_is_before(item, best)))
            best = item;
    }
    return best;
}

/* ---- Standing in ---- */

enum { TROUBLE_MS = 30000 }; /* a rest that is over before that is waited for */

/* What its owner paused, account or model, is in no trouble: what waits for it is meant to wait. */
const char *lane_trouble(const struct lane *lane, const struct lane_model *model, int64_t now_ms)
{
    if (model != NULL && model->limits.is_paused)
        return "";
    if (lane->is_stopped)
        return lane->limits.reason;
    if (lane->limits.is_paused || model == NULL)
        return "";
    if (gate_breaker(&model->gate, now_ms) != BREAKER_CLOSED ||
        model->rest_until_ms - now_ms > TROUBLE_MS)
        return model->rest_reason;
    return "";
}

size_t lane_order_of(const struct lane *lane, int64_t stand_in)
{
    size_t index = 0;

    while (index < lane->limits.stand_in_count && lane->limits.stand_ins[index] != stand_in)
        index++;
    return index;
}

/* ---- What is shown ---- */

static void view_keys(const struct keyring *ring, int64_t now_ms, struct lane_view *out)
{
    for (size_t index = 0; index < ring->count; index++) {
        const struct keyring_entry *entry = &ring->entries[index];
        struct lane_key *key = &out->resting[out->resting_count];

        if (!keyring_is_resting(entry, now_ms))
            continue;
        key->id = entry->id;
        key->until_ms = entry->until_ms;
        snprintf(key->reason, sizeof(key->reason), "%s", entry->reason);
        out->resting_count++;
    }
}

static int64_t model_ready(const struct lane *lane, const struct lane_model *model)
{
    int64_t ready = 0;

    for (size_t index = 0; index < lane->user_count; index++) {
        const struct heap *turn = lane_turn(lane->users[index], model);

        ready += turn == NULL ? 0 : (int64_t)turn->count;
    }
    return ready;
}

bool lane_view_model(const struct lane *lane, const struct lane_model *model, int64_t now_ms,
                     struct lane_model_view *out)
{
    const bool is_resting = model->rest_until_ms > now_ms;

    *out = (struct lane_model_view){
        .provider_id = lane->id,
        .name = model->name,
        .running = model->running,
        .ready = model_ready(lane, model),
        .capacity = model->gate.capacity,
        .allowed = gate_capacity(&model->gate, now_ms),
        .per_minute = model->limits.per_minute,
        .units_per_minute = model->limits.units_per_minute,
        .is_paused = model->limits.is_paused,
        .breaker = gate_breaker(&model->gate, now_ms),
        .pause_until_ms = is_resting ? model->rest_until_ms : 0,
    };
    if (out->breaker != BREAKER_CLOSED) {
        snprintf(out->failure, sizeof(out->failure), "%s", model->failure);
        out->failures_in_row = model->gate.in_a_row;
    }
    if (out->breaker == BREAKER_OPEN)
        out->breaker_until_ms = model->gate.shut_until;
    snprintf(out->reason, sizeof(out->reason), "%s",
             is_resting || out->breaker != BREAKER_CLOSED ? model->rest_reason : "");
    return out->running > 0 || out->ready > 0 || is_resting || out->allowed < out->capacity ||
           out->capacity < lane->limits.capacity || out->per_minute > 0 ||
           out->units_per_minute > 0 || out->is_paused || out->breaker != BREAKER_CLOSED;
}

/* All of an account rests when every model does that anybody asked for. */
static void view_rest(const struct lane *lane, int64_t now_ms, struct lane_view *out)
{
    const struct lane_model *first = NULL;

    for (size_t index = 0; index < lane->model_count; index++) {
        const struct lane_model *model = lane->models[index];

        if (model->rest_until_ms <= now_ms)
            return;
        if (first == NULL || model->rest_until_ms < first->rest_until_ms)
            first = model;
    }
    if (first == NULL)
        return;
    out->pause_until_ms = first->rest_until_ms;
    snprintf(out->reason, sizeof(out->reason), "%s", first->rest_reason);
}

void lane_view(const struct lane *lane, int64_t now_ms, struct lane_view *out)
{
    *out = (struct lane_view){
        .provider_id = lane->id,
        .capacity = lane->limits.capacity,
        .running = lane->running,
        .per_minute = lane->limits.per_minute,
        .units_per_minute = lane->limits.units_per_minute,
        .is_paused = lane->limits.is_paused,
    };
    for (size_t index = 0; index < lane->user_count; index++)
        out->ready += (int64_t)lane->users[index]->ready;
    view_keys(&lane->ring, now_ms, out);
    view_rest(lane, now_ms, out);
    if (lane->limits.is_paused)
        snprintf(out->reason, sizeof(out->reason), "%s", lane->limits.reason);
}
