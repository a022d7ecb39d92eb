#include "engine/scheduler.h"

#include "engine/idmap.h"
#include "engine/lane.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct scheduler {
    int64_t since_ms, now_ms; /* of the start; of the latest pick */
    int64_t forget_at_ms;     /* refusals are forgotten then; 0: there are none */
    struct idmap items;
    struct lane **lanes;
    size_t lane_count, lane_capacity;
    size_t next_lane; /* lanes take turns */
    struct heap delayed, expiring;
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static bool is_due_before(const void *first, const void *second)
{
    const struct item *a = first, *b = second;

    return a->entry.run_at_ms != b->entry.run_at_ms ? a->entry.run_at_ms < b->entry.run_at_ms
                                                    : a->entry.id < b->entry.id;
}

static bool is_expired_before(const void *first, const void *second)
{
    const struct item *a = first, *b = second;

    return a->entry.start_by_ms != b->entry.start_by_ms
               ? a->entry.start_by_ms < b->entry.start_by_ms
               : a->entry.id < b->entry.id;
}

static const struct item *first_of(const struct heap *heap) { return heap->items[0]; }

struct scheduler *scheduler_create(int64_t now_ms)
{
    struct scheduler *scheduler = must(calloc(1, sizeof(*scheduler)));

    scheduler->since_ms = now_ms;
    scheduler->delayed =
        (struct heap){.is_before = is_due_before, .offset = offsetof(struct item, turn_index)};
    scheduler->expiring = (struct heap){.is_before = is_expired_before,
                                        .offset = offsetof(struct item, expiry_index)};
    return scheduler;
}

void scheduler_destroy(struct scheduler *scheduler)
{
    struct item *item;
    size_t at = 0;

    if (scheduler == NULL)
        return;
    while ((item = idmap_next(&scheduler->items, &at)) != NULL)
        free(item);
    idmap_finish(&scheduler->items);
    for (size_t index = 0; index < scheduler->lane_count; index++)
        lane_destroy(scheduler->lanes[index]);
    free(scheduler->lanes);
    free(scheduler->delayed.items);
    free(scheduler->expiring.items);
    free(scheduler);
}

static struct lane *find_lane(const struct scheduler *scheduler, int64_t id)
{
    for (size_t index = 0; index < scheduler->lane_count; index++)
        if (scheduler->lanes[index]->id == id)
            return scheduler->lanes[index];
    return NULL;
}

static struct lane *ensure_lane(struct scheduler *scheduler, int64_t id)
{
    struct lane *lane = find_lane(scheduler, id);

    if (lane != NULL)
        return lane;
    if (scheduler->lane_count == scheduler->lane_capacity) {
        scheduler->lane_capacity = scheduler->lane_capacity == 0 ? 8 : scheduler->lane_capacity * 2;
        scheduler->lanes =
            must(realloc(scheduler->lanes, scheduler->lane_capacity * sizeof(struct lane *)));
    }
    lane = lane_create(id, scheduler->since_ms);
    scheduler->lanes[scheduler->lane_count++] = lane;
    return lane;
}

const struct lane_limits *scheduler_limits(const struct scheduler *scheduler, int64_t lane)
{
    const struct lane *found = find_lane(scheduler, lane);

    return found != NULL && found->is_set ? &found->limits : NULL;
}

/* Who stands in for the lane, and what they can do, may have changed. */
static void forget_refusals(struct scheduler *scheduler, const struct lane *lane)
{
    struct item *item;
    size_t at = 0;

    while ((item = idmap_next(&scheduler->items, &at)) != NULL)
        if (item->lane == lane ||
            lane_order_of(item->lane, lane->id) < item->lane->limits.stand_in_count)
            item->entry.refused = 0;
}

/* Puts the item where its time and its run's pause say. */
static void place(struct scheduler *scheduler, struct item *item, int64_t now_ms)
{
    /* One that was cancelled and is here has a result to adopt: no pause keeps that back. */
    if (item->entry.is_run_paused && item->entry.cancel_at_ms == 0) {
        item->place = PARKED;
    } else if (item->entry.run_at_ms > now_ms && !item->lane->limits.is_gone) {
        item->place = IN_DELAY;
        heap_add(&scheduler->delayed, item);
    } else {
        lane_enter(item);
    }
}

static void unplace(struct scheduler *scheduler, struct item *item)
{
    switch (item->place) {
    case IN_TURN:
        lane_leave(item);
        break;
    case IN_DELAY:
        heap_remove(&scheduler->delayed, item->turn_index);
        break;
    case PARKED:
        break;
    }
}

/* Of an account that is gone nothing that its tasks wait for comes any more; of one that is there
 * again it does. */
static void place_anew(struct scheduler *scheduler, const struct lane *lane)
{
    struct item *item;
    size_t at = 0;

    while ((item = idmap_next(&scheduler->items, &at)) != NULL) {
        if (item->lane != lane || item->place == PARKED ||
            item->entry.run_at_ms <= scheduler->now_ms)
            continue;
        unplace(scheduler, item);
        place(scheduler, item, scheduler->now_ms);
    }
}

void scheduler_set_lane(struct scheduler *scheduler, int64_t lane, const struct lane_limits *limits)
{
    struct lane *found = ensure_lane(scheduler, lane);
    const bool was_gone = found->limits.is_gone;

    if (found->is_set)
        forget_refusals(scheduler, found);
    lane_set(found, limits);
    if (limits->is_gone != was_gone)
        place_anew(scheduler, found);
}

bool scheduler_has_model(const struct scheduler *scheduler, int64_t lane, struct str model)
{
    const struct lane *found = find_lane(scheduler, lane);
    const struct lane_model *known = found == NULL ? NULL : lane_find_model(found, model);

    return known != NULL && known->is_set;
}

void scheduler_set_model(struct scheduler *scheduler, int64_t lane, struct str model,
                         const struct model_limits *limits)
{
    struct lane *found = ensure_lane(scheduler, lane);

    lane_set_model(found, lane_ensure_model(found, model), limits);
}

bool scheduler_model_at(const struct scheduler *scheduler, int64_t lane, size_t index,
                        struct str *out)
{
    const struct lane *found = find_lane(scheduler, lane);

    if (found == NULL || index >= found->model_count)
        return false;
    *out = found->models[index]->name;
    return true;
}

static struct lane_model *model_of(struct scheduler *scheduler, const struct task_entry *entry)
{
    return lane_ensure_model(ensure_lane(scheduler, entry->provider_id), entry->model);
}

void scheduler_own_model(struct scheduler *scheduler, struct task_entry *entry)
{
    entry->model = model_of(scheduler, entry)->name;
}

void scheduler_rest(struct scheduler *scheduler, const struct task_entry *entry, int64_t until_ms,
                    const char *reason)
{
    struct lane_model *model = model_of(scheduler, entry);

    if (until_ms <= model->rest_until_ms)
        return;
    model->rest_until_ms = until_ms;
    snprintf(model->rest_reason, sizeof(model->rest_reason), "%s", reason);
}

void scheduler_report(struct scheduler *scheduler, const struct task_entry *entry,
                      enum gate_report report, const char *failure, int64_t now_ms,
                      const struct random *random)
{
    struct lane_model *model = model_of(scheduler, entry);
    /* What comes while it is open does not say what opened it. */
    const bool is_counted = gate_breaker(&model->gate, now_ms) != BREAKER_OPEN;
    const int64_t shut_until = gate_report(&model->gate, report, now_ms, random);

    if (report == GATE_TROUBLED && is_counted)
        snprintf(model->failure, sizeof(model->failure), "%s", failure);
    if (shut_until != 0)
        scheduler_rest(scheduler, entry, shut_until, "breaker");
}

void scheduler_stop_lane(struct scheduler *scheduler, int64_t lane, const char *reason)
{
    struct lane *found = ensure_lane(scheduler, lane);

    found->limits.is_paused = found->is_stopped = true;
    snprintf(found->limits.reason, sizeof(found->limits.reason), "%s", reason);
}

bool scheduler_is_stopped(const struct scheduler *scheduler, int64_t lane)
{
    const struct lane *found = find_lane(scheduler, lane);

    return found != NULL && found->limits.is_paused;
}

struct keyring *scheduler_keyring(struct scheduler *scheduler, int64_t lane)
{
    return &ensure_lane(scheduler, lane)->ring;
}

void scheduler_put(struct scheduler *scheduler, const struct task_entry *entry, int64_t now_ms)
{
    struct item *item = idmap_get(&scheduler->items, entry->id);
    unsigned refused;

    assert(entry->state == TASK_READY);
    if (item != NULL) {
        unplace(scheduler, item);
        heap_remove(&scheduler->expiring, item->expiry_index);
    } else {
        item = must(calloc(1, sizeof(*item)));
        idmap_put(&scheduler->items, entry->id, item);
    }
    refused = item->lane != NULL && item->lane->id == entry->provider_id ? item->entry.refused
                                                                         : entry->refused;
    item->entry = *entry;
    item->entry.refused = refused;
    item->lane = ensure_lane(scheduler, entry->provider_id);
    item->model = lane_ensure_model(item->lane, entry->model);
    item->entry.model = item->model->name;
    heap_add(&scheduler->expiring, item);
    place(scheduler, item, now_ms);
}

static void take(struct scheduler *scheduler, struct item *item, struct task_entry *out)
{
    unplace(scheduler, item);
    heap_remove(&scheduler->expiring, item->expiry_index);
    idmap_remove(&scheduler->items, item->entry.id);
    *out = item->entry;
    free(item);
}

bool scheduler_remove(struct scheduler *scheduler, int64_t task_id)
{
    struct item *item = idmap_get(&scheduler->items, task_id);
    struct task_entry entry;

    if (item == NULL)
        return false;
    take(scheduler, item, &entry);
    return true;
}

const struct task_entry *scheduler_find(const struct scheduler *scheduler, int64_t task_id)
{
    const struct item *item = idmap_get(&scheduler->items, task_id);

    return item == NULL ? NULL : &item->entry;
}

static void undelay(struct scheduler *scheduler, int64_t now_ms)
{
    while (scheduler->delayed.count > 0 &&
           first_of(&scheduler->delayed)->entry.run_at_ms <= now_ms) {
        struct item *item = scheduler->delayed.items[0];

        heap_remove(&scheduler->delayed, 0);
        place(scheduler, item, now_ms);
    }
}

/* ---- Standing in ---- */

const char *scheduler_trouble(const struct scheduler *scheduler, int64_t lane, struct str model)
{
    const struct lane *found = find_lane(scheduler, lane);

    return found == NULL ? ""
                         : lane_trouble(found, lane_find_model(found, model), scheduler->now_ms);
}

static bool is_of_use(const struct scheduler *scheduler, const struct lane *lane, struct str name)
{
    const struct lane_model *model = lane_find_model(lane, name);

    return lane->is_set && !lane->limits.is_paused && !lane->limits.is_gone &&
           (model == NULL || !model->limits.is_paused) &&
           lane_trouble(lane, model, scheduler->now_ms)[0] == '\0';
}

/* Those before it in the order go first, unless they are of no use either. */
static bool may_take(const struct scheduler *scheduler, const struct item *item, size_t order)
{
    for (size_t index = 0; index < order; index++) {
        const struct lane *before = find_lane(scheduler, item->lane->limits.stand_ins[index]);

        if ((item->entry.refused & (1U << index)) == 0 && before != NULL &&
            is_of_use(scheduler, before, item->model->name))
            return false;
    }
    return (item->entry.refused & (1U << order)) == 0;
}

static struct item *first_for(const struct scheduler *scheduler, const struct heap *turn,
                              size_t order)
{
    struct item *best = NULL;

    for (size_t index = 0; index < turn->count; index++) {
        struct item *item = turn->items[index];

        if ((best == NULL || item_is_before(item, best)) && may_take(scheduler, item, order))
            best = item;
    }
    return best;
}

/* What waits for a model in trouble that `order` of its lane may take; NULL: nothing. */
static struct item *foreign_of(const struct scheduler *scheduler, const struct lane *home,
                               const struct lane_model *model, size_t order)
{
    const struct lane_user *best = NULL;
    struct item *found = NULL;

    for (size_t index = 0; index < home->user_count; index++) {
        const struct lane_user *user = home->users[index];
        const struct heap *turn = lane_turn(user, model);
        struct item *item = turn == NULL || (best != NULL && user->vtime >= best->vtime)
                                ? NULL
                                : first_for(scheduler, turn, order);

        best = item == NULL ? best : user;
        found = item == NULL ? found : item;
    }
    return found;
}

/* How the same model is here; one that nobody asked for here is open. */
static int64_t opens_here_ms(const struct lane *lane, const struct item *item)
{
    const struct lane_model *model = lane_find_model(lane, item->model->name);

    return model == NULL ? 0 : lane_model_opens_ms(model, item_units(&item->entry));
}

/* What waits for models in trouble of accounts that `lane` stands in for, and may start here by
 * `until_ms`; *opens_ms is when.  NULL: nothing. */
static struct item *find_foreign(const struct scheduler *scheduler, const struct lane *lane,
                                 int64_t until_ms, int64_t *opens_ms)
{
    struct item *best = NULL;

    if (lane->limits.is_gone)
        return NULL;
    for (size_t index = 0; index < scheduler->lane_count; index++) {
        const struct lane *home = scheduler->lanes[index];
        const size_t order = lane_order_of(home, lane->id);

        if (home == lane || order == home->limits.stand_in_count)
            continue;
        for (size_t at = 0; at < home->model_count; at++) {
            const struct lane_model *model = home->models[at];
            struct item *item = lane_trouble(home, model, scheduler->now_ms)[0] == '\0'
                                    ? NULL
                                    : foreign_of(scheduler, home, model, order);
            const int64_t here_ms = item == NULL ? INT64_MAX : opens_here_ms(lane, item);

            if (here_ms <= until_ms && here_ms < INT64_MAX &&
                (best == NULL || here_ms < *opens_ms)) {
                best = item;
                *opens_ms = here_ms;
            }
        }
    }
    return best;
}

enum { REFUSED_MS = 600000 };

void scheduler_refuse(struct scheduler *scheduler, int64_t task_id, int64_t stand_in)
{
    struct item *item = idmap_get(&scheduler->items, task_id);

    if (item == NULL || lane_order_of(item->lane, stand_in) >= item->lane->limits.stand_in_count)
        return;
    item->entry.refused |= 1U << lane_order_of(item->lane, stand_in);
    if (scheduler->forget_at_ms == 0)
        scheduler->forget_at_ms = scheduler->now_ms + REFUSED_MS;
}

/* A budget may have room again, or a model a price. */
static void forget_old_refusals(struct scheduler *scheduler)
{
    struct item *item;
    size_t at = 0;

    if (scheduler->forget_at_ms == 0 || scheduler->now_ms < scheduler->forget_at_ms)
        return;
    while ((item = idmap_next(&scheduler->items, &at)) != NULL)
        item->entry.refused = 0;
    scheduler->forget_at_ms = 0;
}

/* ---- Picks ---- */

/* The lane's next: its own first. */
static struct item *next_of(const struct scheduler *scheduler, const struct lane *lane)
{
    struct item *own = lane_next(lane, scheduler->now_ms);
    int64_t opens_ms;

    return own != NULL ? own : find_foreign(scheduler, lane, scheduler->now_ms, &opens_ms);
}

static void pick(struct scheduler *scheduler, struct lane *lane, struct item *next,
                 struct task_entry *out)
{
    struct lane *home = next->lane;
    struct lane_user *user = next->user;
    struct lane_model *model;

    take(scheduler, next, out);
    home->vtime = user->vtime;
    user->vtime += (double)item_units(out); /* people share pictures, not requests */
    if (home != lane) {
        out->home_id = home->id;
        out->provider_id = lane->id;
        user = lane_ensure_user(lane, out->user_id);
        user->vtime += (double)item_units(out);
    }
    model = lane_ensure_model(lane, out->model);
    gate_take(&lane->gate, item_units(out), scheduler->now_ms);
    gate_take(&model->gate, item_units(out), scheduler->now_ms);
    user->running++;
    model->running++;
    lane->running++;
}

bool scheduler_pick(struct scheduler *scheduler, int64_t now_ms, struct task_entry *out)
{
    scheduler->now_ms = now_ms;
    forget_old_refusals(scheduler);
    undelay(scheduler, now_ms);
    for (size_t turn = 0; turn < scheduler->lane_count; turn++) {
        struct lane *lane = scheduler->lanes[(scheduler->next_lane + turn) % scheduler->lane_count];
        struct item *next;

        if (!lane_has_slot(lane, now_ms))
            continue;
        /* What is next waits for the account's minute, also when a smaller one could go before. */
        next = next_of(scheduler, lane);
        if (next == NULL || !gate_may_start(&lane->gate, item_units(&next->entry), now_ms))
            continue;
        pick(scheduler, lane, next, out);
        scheduler->next_lane = (scheduler->next_lane + turn + 1) % scheduler->lane_count;
        return true;
    }
    return false;
}

void scheduler_send(struct scheduler *scheduler, const struct task_entry *entry, int64_t now_ms)
{
    struct lane *found = find_lane(scheduler, entry->provider_id);

    assert(found != NULL);
    gate_send(&found->gate, item_units(entry), now_ms);
    gate_send(&model_of(scheduler, entry)->gate, item_units(entry), now_ms);
}

void scheduler_give_back(struct scheduler *scheduler, const struct task_entry *entry,
                         int64_t sent_at_ms, int64_t now_ms)
{
    struct lane *found = find_lane(scheduler, entry->provider_id);

    assert(found != NULL);
    gate_give_back(&found->gate, item_units(entry), sent_at_ms, now_ms);
    gate_give_back(&model_of(scheduler, entry)->gate, item_units(entry), sent_at_ms, now_ms);
}

void scheduler_free(struct scheduler *scheduler, const struct task_entry *entry)
{
    struct lane *found = find_lane(scheduler, entry->provider_id);
    struct lane_model *model = model_of(scheduler, entry);
    struct lane_user *user;

    assert(found != NULL);
    user = lane_find_user(found, entry->user_id);
    assert(user != NULL);
    assert(user->running > 0);
    assert(model->running > 0);
    user->running--;
    model->running--;
    found->running--;
}

bool scheduler_expire(struct scheduler *scheduler, int64_t now_ms, struct task_entry *out)
{
    if (scheduler->expiring.count == 0 ||
        first_of(&scheduler->expiring)->entry.start_by_ms > now_ms)
        return false;
    take(scheduler, scheduler->expiring.items[0], out);
    return true;
}

/*
 * When time alone changes what is next in the lane: a model opens, or the account's minute has room
 * for what is next already.  What lies before the latest pick did not let that pick take it and
 * will not let another.
 */
static int64_t lane_changes_ms(const struct scheduler *scheduler, const struct lane *lane)
{
    const struct item *next = next_of(scheduler, lane);
    int64_t soonest = INT64_MAX, opens_ms;

    if (next != NULL)
        soonest = gate_next_ms(&lane->gate, item_units(&next->entry));
    if (soonest <= scheduler->now_ms)
        soonest = INT64_MAX;
    for (size_t index = 0; index < lane->model_count; index++) {
        const struct item *item = lane_turn_of(lane, lane->models[index]);

        opens_ms = item == NULL ? 0 : lane_model_opens_ms(item->model, item_units(&item->entry));
        if (opens_ms > scheduler->now_ms && opens_ms < soonest)
            soonest = opens_ms;
    }
    if (next == NULL && find_foreign(scheduler, lane, INT64_MAX, &opens_ms) != NULL &&
        opens_ms > scheduler->now_ms && opens_ms < soonest)
        soonest = opens_ms;
    return soonest;
}

int64_t scheduler_next_ms(const struct scheduler *scheduler)
{
    int64_t next = scheduler->forget_at_ms == 0 ? INT64_MAX : scheduler->forget_at_ms;

    if (scheduler->delayed.count > 0 && first_of(&scheduler->delayed)->entry.run_at_ms < next)
        next = first_of(&scheduler->delayed)->entry.run_at_ms;
    for (size_t index = 0; index < scheduler->lane_count; index++) {
        const struct lane *lane = scheduler->lanes[index];
        const int64_t changes_ms = lane_changes_ms(scheduler, lane);

        if (changes_ms < next && lane_has_slot(lane, changes_ms))
            next = changes_ms;
    }
    return next;
}

int64_t scheduler_expires_ms(const struct scheduler *scheduler)
{
    return scheduler->expiring.count == 0 ? INT64_MAX
                                          : first_of(&scheduler->expiring)->entry.start_by_ms;
}

size_t scheduler_count(const struct scheduler *scheduler) { return scheduler->items.count; }

int64_t scheduler_position(const struct scheduler *scheduler, int64_t task_id)
{
    const struct item *item = idmap_get(&scheduler->items, task_id);
    const struct lane_user *user;
    const struct heap *turn;
    int64_t position = 1;

    if (item == NULL)
        return 0;
    /* Of others about as many go first as one's own do. */
    user = lane_find_user(item->lane, item->entry.user_id);
    turn = user == NULL ? NULL : lane_turn(user, item->model);
    for (size_t at = 0; turn != NULL && at < turn->count; at++)
        if (item_is_before(turn->items[at], item))
            position++;
    return position;
}

size_t scheduler_lanes(const struct scheduler *scheduler, int64_t now_ms, struct lane_view *out,
                       size_t max)
{
    size_t count = 0;

    while (count < scheduler->lane_count && count < max) {
        lane_view(scheduler->lanes[count], now_ms, &out[count]);
        count++;
    }
    return count;
}

size_t scheduler_models(const struct scheduler *scheduler, int64_t now_ms,
                        struct lane_model_view *out, size_t max)
{
    size_t count = 0;

    for (size_t index = 0; index < scheduler->lane_count; index++) {
        const struct lane *lane = scheduler->lanes[index];

        for (size_t at = 0; at < lane->model_count && count < max; at++)
            if (lane_view_model(lane, lane->models[at], now_ms, &out[count]))
                count++;
    }
    return count;
}
