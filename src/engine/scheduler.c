#include "engine/scheduler.h"

#include "engine/heap.h"
#include "engine/idmap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
    struct task_entry entry;
    size_t turn_index;   /* in its user's heap, or in `delayed` */
    size_t expiry_index; /* in `expiring` */
    enum { IN_TURN, IN_DELAY, PARKED } place;
    struct lane *lane;
};

struct lane_user {
    int64_t user_id;
    double vtime;
    int64_t running;
    struct heap turn;
};

struct lane {
    int64_t id;
    struct lane_limits limits;
    struct gate gate;
    struct keyring ring;
    bool is_set, is_stopped;
    int64_t rest_until_ms;
    char rest_reason[96];
    int64_t running;
    double vtime; /* of the latest pick: where idle users come in again */
    struct lane_user **users;
    size_t user_count, user_capacity;
};

struct scheduler {
    int64_t since_ms, now_ms; /* of the start; of the latest pick */
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

static bool is_before_in_turn(const void *first, const void *second)
{
    const struct item *a = first, *b = second;

    if (a->entry.priority != b->entry.priority)
        return a->entry.priority < b->entry.priority;
    if (a->entry.rank != b->entry.rank)
        return a->entry.rank < b->entry.rank;
    return a->entry.id < b->entry.id;
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
    for (size_t index = 0; index < scheduler->lane_count; index++) {
        struct lane *lane = scheduler->lanes[index];

        for (size_t user = 0; user < lane->user_count; user++) {
            free(lane->users[user]->turn.items);
            free(lane->users[user]);
        }
        free(lane->users);
        free(lane);
    }
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
    lane = must(calloc(1, sizeof(*lane)));
    lane->id = id;
    scheduler->lanes[scheduler->lane_count++] = lane;
    return lane;
}

static struct lane_user *find_user(const struct lane *lane, int64_t user_id)
{
    for (size_t index = 0; index < lane->user_count; index++)
        if (lane->users[index]->user_id == user_id)
            return lane->users[index];
    return NULL;
}

static struct lane_user *ensure_user(struct lane *lane, int64_t user_id)
{
    struct lane_user *user = find_user(lane, user_id);

    if (user != NULL)
        return user;
    if (lane->user_count == lane->user_capacity) {
        lane->user_capacity = lane->user_capacity == 0 ? 4 : lane->user_capacity * 2;
        lane->users = must(realloc(lane->users, lane->user_capacity * sizeof(struct lane_user *)));
    }
    user = must(calloc(1, sizeof(*user)));
    user->user_id = user_id;
    user->vtime = lane->vtime;
    user->turn =
        (struct heap){.is_before = is_before_in_turn, .offset = offsetof(struct item, turn_index)};
    lane->users[lane->user_count++] = user;
    return user;
}

bool scheduler_has_lane(const struct scheduler *scheduler, int64_t lane)
{
    const struct lane *found = find_lane(scheduler, lane);

    return found != NULL && found->is_set;
}

/* Where `stand_in` is in the lane's order; its count: nowhere. */
static size_t order_of(const struct lane *lane, int64_t stand_in)
{
    size_t index = 0;

    while (index < lane->limits.stand_in_count && lane->limits.stand_ins[index] != stand_in)
        index++;
    return index;
}

/* Who stands in for the lane, and what they can do, may have changed. */
static void forget_refusals(struct scheduler *scheduler, const struct lane *lane)
{
    struct item *item;
    size_t at = 0;

    while ((item = idmap_next(&scheduler->items, &at)) != NULL)
        if (item->lane == lane ||
            order_of(item->lane, lane->id) < item->lane->limits.stand_in_count)
            item->entry.refused = 0;
}

void scheduler_set_lane(struct scheduler *scheduler, int64_t lane, const struct lane_limits *limits)
{
    struct lane *found = ensure_lane(scheduler, lane);

    found->limits = *limits;
    gate_set(&found->gate, limits->capacity, limits->per_minute, limits->units_per_minute,
             scheduler->since_ms);
    /* Its owner looked.  At the first time nobody did: what polls learned before stays. */
    if (found->is_set) {
        keyring_forgive(&found->ring);
        found->rest_until_ms = 0;
        found->is_stopped = false;
        forget_refusals(scheduler, found);
    }
    found->is_set = true;
}

void scheduler_rest_lane(struct scheduler *scheduler, int64_t lane, int64_t until_ms,
                         const char *reason)
{
    struct lane *found = ensure_lane(scheduler, lane);

    if (until_ms <= found->rest_until_ms)
        return;
    found->rest_until_ms = until_ms;
    snprintf(found->rest_reason, sizeof(found->rest_reason), "%s", reason);
}

void scheduler_report(struct scheduler *scheduler, int64_t lane, enum gate_report report,
                      int64_t now_ms, const struct random *random)
{
    const int64_t shut_until =
        gate_report(&ensure_lane(scheduler, lane)->gate, report, now_ms, random);

    if (shut_until != 0)
        scheduler_rest_lane(scheduler, lane, shut_until, "breaker");
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

/* Puts the item where its time and its run's pause say. */
static void place(struct scheduler *scheduler, struct item *item, int64_t now_ms)
{
    /* One that was cancelled and is here has a result to adopt: no pause keeps that back. */
    if (item->entry.is_run_paused && item->entry.cancel_at_ms == 0) {
        item->place = PARKED;
    } else if (item->entry.run_at_ms > now_ms) {
        item->place = IN_DELAY;
        heap_add(&scheduler->delayed, item);
    } else {
        struct lane_user *user = ensure_user(item->lane, item->entry.user_id);

        /* Who had nothing waiting comes in where the lane stands: neither sleeping nor one long
         * task saves credit. */
        if (user->turn.count == 0 && user->vtime < item->lane->vtime)
            user->vtime = item->lane->vtime;
        item->place = IN_TURN;
        heap_add(&user->turn, item);
    }
}

static void unplace(struct scheduler *scheduler, struct item *item)
{
    switch (item->place) {
    case IN_TURN:
        heap_remove(&ensure_user(item->lane, item->entry.user_id)->turn, item->turn_index);
        break;
    case IN_DELAY:
        heap_remove(&scheduler->delayed, item->turn_index);
        break;
    case PARKED:
        break;
    }
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

/* The user with the least virtual time that has something to do. */
static struct lane_user *turn_of(const struct lane *lane)
{
    struct lane_user *best = NULL;

    for (size_t index = 0; index < lane->user_count; index++) {
        struct lane_user *user = lane->users[index];

        if (user->turn.count > 0 && (best == NULL || user->vtime < best->vtime))
            best = user;
    }
    return best;
}

static bool has_slot(const struct lane *lane, int64_t now_ms)
{
    return lane->is_set && !lane->limits.is_paused &&
           lane->running < gate_capacity(&lane->gate, now_ms);
}

static int64_t units_of(const struct task_entry *entry)
{
    return entry->units < 1 ? 1 : entry->units;
}

/* ---- Standing in ---- */

enum { TROUBLE_MS = 30000 }; /* a rest that is over before that is waited for */

/* An account that its owner paused is in no trouble: what waits for it is meant to wait. */
static const char *trouble_of(const struct lane *lane, int64_t now_ms)
{
    if (lane->is_stopped)
        return lane->limits.reason;
    if (lane->limits.is_paused)
        return "";
    if (gate_breaker(&lane->gate, now_ms) != BREAKER_CLOSED ||
        lane->rest_until_ms - now_ms > TROUBLE_MS)
        return lane->rest_reason;
    return "";
}

const char *scheduler_trouble(const struct scheduler *scheduler, int64_t lane)
{
    const struct lane *found = find_lane(scheduler, lane);

    return found == NULL ? "" : trouble_of(found, scheduler->now_ms);
}

/* Those before it in the order go first, unless they are of no use either. */
static bool may_take(const struct scheduler *scheduler, const struct item *item, size_t order)
{
    for (size_t index = 0; index < order; index++) {
        const struct lane *before = find_lane(scheduler, item->lane->limits.stand_ins[index]);

        if ((item->entry.refused & (1U << index)) == 0 && before != NULL && before->is_set &&
            !before->limits.is_paused && trouble_of(before, scheduler->now_ms)[0] == '\0')
            return false;
    }
    return (item->entry.refused & (1U << order)) == 0;
}

static struct item *first_for(const struct scheduler *scheduler, const struct lane_user *user,
                              size_t order)
{
    struct item *best = NULL;

    for (size_t index = 0; index < user->turn.count; index++) {
        struct item *item = user->turn.items[index];

        if ((best == NULL || is_before_in_turn(item, best)) && may_take(scheduler, item, order))
            best = item;
    }
    return best;
}

/* What waits for a lane in trouble that `lane` stands in for; NULL: nothing. */
static struct item *find_foreign(const struct scheduler *scheduler, const struct lane *lane)
{
    for (size_t index = 0; index < scheduler->lane_count; index++) {
        const struct lane *home = scheduler->lanes[index];
        const size_t order = order_of(home, lane->id);
        const struct lane_user *turn = NULL;
        struct item *found = NULL;

        if (home == lane || order == home->limits.stand_in_count ||
            trouble_of(home, scheduler->now_ms)[0] == '\0')
            continue;
        for (size_t user = 0; user < home->user_count; user++) {
            struct item *item = turn != NULL && home->users[user]->vtime >= turn->vtime
                                    ? NULL
                                    : first_for(scheduler, home->users[user], order);

            turn = item == NULL ? turn : home->users[user];
            found = item == NULL ? found : item;
        }
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* The lane's next: its own first. */
static struct item *next_of(const struct scheduler *scheduler, const struct lane *lane)
{
    struct lane_user *user = turn_of(lane);

    return user != NULL ? user->turn.items[0] : find_foreign(scheduler, lane);
}

void scheduler_refuse(struct scheduler *scheduler, int64_t task_id, int64_t stand_in)
{
    struct item *item = idmap_get(&scheduler->items, task_id);

    if (item != NULL && order_of(item->lane, stand_in) < item->lane->limits.stand_in_count)
        item->entry.refused |= 1U << order_of(item->lane, stand_in);
}

/* When time alone lets its next one start. */
static int64_t opens_at_ms(const struct lane *lane, const struct item *next)
{
    const int64_t next_ms = gate_next_ms(&lane->gate, units_of(&next->entry));

    return lane->rest_until_ms > next_ms ? lane->rest_until_ms : next_ms;
}

static void pick(struct scheduler *scheduler, struct lane *lane, struct item *next,
                 struct task_entry *out)
{
    struct lane *home = next->lane;
    struct lane_user *user = ensure_user(home, next->entry.user_id);

    take(scheduler, next, out);
    home->vtime = user->vtime;
    user->vtime += (double)units_of(out); /* people share pictures, not requests */
    if (home != lane) {
        out->home_id = home->id;
        out->provider_id = lane->id;
        user = ensure_user(lane, out->user_id);
        user->vtime += (double)units_of(out);
    }
    user->running++;
    lane->running++;
}

bool scheduler_pick(struct scheduler *scheduler, int64_t now_ms, struct task_entry *out)
{
    scheduler->now_ms = now_ms;
    undelay(scheduler, now_ms);
    for (size_t turn = 0; turn < scheduler->lane_count; turn++) {
        struct lane *lane = scheduler->lanes[(scheduler->next_lane + turn) % scheduler->lane_count];
        struct item *next;

        if (!has_slot(lane, now_ms) || lane->rest_until_ms > now_ms)
            continue;
        next = next_of(scheduler, lane);
        /* Whose turn it is goes next, also when a smaller one could go before: else many small ones
         * would keep a big one waiting for ever. */
        if (next == NULL || !gate_may_start(&lane->gate, units_of(&next->entry), now_ms))
            continue;
        pick(scheduler, lane, next, out);
        gate_take(&lane->gate, units_of(out), now_ms);
        scheduler->next_lane = (scheduler->next_lane + turn + 1) % scheduler->lane_count;
        return true;
    }
    return false;
}

void scheduler_give_back(struct scheduler *scheduler, const struct task_entry *entry,
                         bool is_request, int64_t now_ms)
{
    struct lane *found = find_lane(scheduler, entry->provider_id);

    assert(found != NULL);
    gate_give_back(&found->gate, units_of(entry), is_request, now_ms);
}

void scheduler_free(struct scheduler *scheduler, int64_t lane, int64_t user_id)
{
    struct lane *found = find_lane(scheduler, lane);
    struct lane_user *user;

    assert(found != NULL);
    user = find_user(found, user_id);
    assert(user != NULL);
    assert(user->running > 0);
    user->running--;
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

int64_t scheduler_next_ms(const struct scheduler *scheduler)
{
    int64_t next = INT64_MAX;

    if (scheduler->delayed.count > 0)
        next = first_of(&scheduler->delayed)->entry.run_at_ms;
    for (size_t index = 0; index < scheduler->lane_count; index++) {
        const struct lane *lane = scheduler->lanes[index];
        const struct item *item = next_of(scheduler, lane);
        const int64_t opens_ms = item == NULL ? 0 : opens_at_ms(lane, item);

        if (opens_ms > 0 && opens_ms < next && has_slot(lane, opens_ms))
            next = opens_ms;
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
    int64_t position = 1;

    if (item == NULL)
        return 0;
    for (size_t index = 0; index < item->lane->user_count; index++) {
        const struct lane_user *user = item->lane->users[index];

        /* Of others in the lane about as many go first as one's own do. */
        if (user->user_id != item->entry.user_id)
            continue;
        for (size_t at = 0; at < user->turn.count; at++)
            if (is_before_in_turn(user->turn.items[at], item))
                position++;
    }
    return position;
}

static void view_keys(const struct keyring *ring, struct lane_view *out)
{
    for (size_t index = 0; index < ring->count; index++) {
        const struct keyring_entry *entry = &ring->entries[index];
        struct lane_key *key = &out->resting[out->resting_count];

        if (entry->reason[0] == '\0')
            continue;
        key->id = entry->id;
        snprintf(key->reason, sizeof(key->reason), "%s", entry->reason);
        out->resting_count++;
    }
}

static int64_t lane_ready(const struct lane *lane)
{
    int64_t ready = 0;

    for (size_t index = 0; index < lane->user_count; index++)
        ready += (int64_t)lane->users[index]->turn.count;
    return ready;
}

size_t scheduler_lanes(const struct scheduler *scheduler, int64_t now_ms, struct lane_view *out,
                       size_t max)
{
    size_t count = 0;

    for (size_t index = 0; index < scheduler->lane_count && count < max; index++) {
        const struct lane *lane = scheduler->lanes[index];
        struct lane_view *view = &out[count++];

        *view = (struct lane_view){
            .provider_id = lane->id,
            .capacity = lane->limits.capacity,
            .running = lane->running,
            .ready = lane_ready(lane),
            .allowed = gate_capacity(&lane->gate, now_ms),
            .per_minute = lane->limits.per_minute,
            .units_per_minute = lane->limits.units_per_minute,
            .breaker = gate_breaker(&lane->gate, now_ms),
            .is_paused = lane->limits.is_paused,
            .pause_until_ms = lane->rest_until_ms,
        };
        view_keys(&lane->ring, view);
        snprintf(view->reason, sizeof(view->reason), "%s",
                 lane->limits.is_paused ? lane->limits.reason : lane->rest_reason);
    }
    return count;
}
