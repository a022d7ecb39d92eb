/*
 * engine/lane.h: one account as the scheduler sees it: slots and minutes of its own, those of its
 * models, and the turns of its people.  Private to scheduler.c and lane.c.  One thread.
 *
 * A person's share is of the account: their virtual time counts what they got of all its models.
 * What is learned of a service (how many at once, a rest, a breaker) is learned of one model, for a
 * provider limits and fails by model; keys and credit are the account's.  A person pauses either.
 */
#pragma once

#include "engine/heap.h"
#include "engine/scheduler.h"

struct item { /* a task that waits */
    struct task_entry entry;
    size_t turn_index;   /* in its user's heap, or in `delayed` */
    size_t expiry_index; /* in `expiring` */
    enum { IN_TURN, IN_DELAY, PARKED } place;
    struct lane *lane;
    struct lane_model *model;
    struct lane_user *user; /* while it is in turn */
};

struct lane_model {
    size_t index;
    struct str name; /* its own; lives as long as the scheduler */
    struct model_limits limits;
    struct gate gate; /* its own bounds, and what was learned */
    bool is_set;
    int64_t rest_until_ms;
    char rest_reason[16]; /* a class of failure, breaker, or used_up */
    char failure[16];     /* the class of the last one that the breaker counted */
    int64_t running;
};

struct lane_user {
    int64_t user_id;
    double vtime;
    int64_t running;
    size_t ready;       /* in all turns */
    struct heap *turns; /* by model; those that it never used are not there */
    size_t turn_count;
};

struct lane {
    int64_t id, since_ms;
    struct lane_limits limits;
    struct gate gate; /* the account's slots and minutes; nothing is learned of it */
    struct keyring ring;
    bool is_set, is_stopped;
    int64_t running;
    double vtime; /* of the latest pick: where idle users come in again */
    struct lane_model **models;
    size_t model_count, model_capacity;
    struct lane_user **users;
    size_t user_count, user_capacity;
};

bool item_is_before(const void *first, const void *second);
int64_t item_units(const struct task_entry *entry);

struct lane *lane_create(int64_t id, int64_t since_ms);
void lane_destroy(struct lane *lane);
/* As its row has them; at another than the first time its owner looked, and all is forgiven. */
void lane_set(struct lane *lane, const struct lane_limits *limits);
void lane_set_model(struct lane *lane, struct lane_model *model, const struct model_limits *limits);

/* NULL: nothing of that model was ever seen. */
struct lane_model *lane_find_model(const struct lane *lane, struct str name);
struct lane_model *lane_ensure_model(struct lane *lane, struct str name);
struct lane_user *lane_find_user(const struct lane *lane, int64_t user_id);
struct lane_user *lane_ensure_user(struct lane *lane, int64_t user_id);
/* The turn of one in a model; NULL: nothing of it ever waited. */
struct heap *lane_turn(const struct lane_user *user, const struct lane_model *model);
void lane_enter(struct item *item);
void lane_leave(struct item *item);

bool lane_has_slot(const struct lane *lane, int64_t now_ms);
/* Whether nothing of the model itself keeps one of so many units back. */
bool lane_model_is_open(const struct lane_model *model, int64_t units, int64_t now_ms);
/* When it opens by time alone (wall clock); 0: at once; INT64_MAX: not by time: it is full, or
 * paused. */
int64_t lane_model_opens_ms(const struct lane_model *model, int64_t units);
/*
 * Whose turn it is in a model: the one with the least virtual time goes next, also when a smaller
 * task of another could go before, else many small ones would keep a big one waiting for ever.
 * NULL: nobody's.
 */
struct item *lane_turn_of(const struct lane *lane, const struct lane_model *model);
/* The next of what its model lets start now; NULL: nothing.  The account's minute is not asked. */
struct item *lane_next(const struct lane *lane, int64_t now_ms);

/* Why others may take what waits for the model here; empty: they may not. */
const char *lane_trouble(const struct lane *lane, const struct lane_model *model, int64_t now_ms);
/* Where `stand_in` is in the lane's order; its count: nowhere. */
size_t lane_order_of(const struct lane *lane, int64_t stand_in);

void lane_view(const struct lane *lane, int64_t now_ms, struct lane_view *out);
/* False: there is nothing to tell of it: idle, well and without bounds of its own. */
bool lane_view_model(const struct lane *lane, const struct lane_model *model, int64_t now_ms,
                     struct lane_model_view *out);
