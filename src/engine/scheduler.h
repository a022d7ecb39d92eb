/*
 * engine/scheduler.h: which ready task starts next: lanes with slots (lane.h), users with virtual
 * time, priorities and ranks. Holds what waits, in memory; the rows are the truth.  Pure: time
 * comes as an argument.  One thread.
 */
#pragma once

#include "engine/command.h"
#include "engine/gate.h"
#include "engine/keyring.h"

struct scheduler; /* opaque: scheduler.c */

/* `now_ms` (wall clock): the process's start. */
struct scheduler *scheduler_create(int64_t now_ms);
void scheduler_destroy(struct scheduler *scheduler); /* takes NULL */

/* A lane's limits; one that was never set has none of its own and gives nothing out. */
struct lane_limits {
    int64_t capacity;
    int64_t per_minute;       /* requests; 0: no bound */
    int64_t units_per_minute; /* pictures asked for (gate.h); 0: no bound */
    bool is_paused;
    bool is_gone; /* what waits for it goes at once, to be told so; it takes nothing of others */
    char reason[96];
    int64_t stand_ins[STAND_INS_MAX]; /* lanes that take what waits while this one is in trouble, */
    size_t stand_in_count;            /* the first that is not in trouble itself */
};
/* NULL: they were never set. */
const struct lane_limits *scheduler_limits(const struct scheduler *scheduler, int64_t lane);
void scheduler_set_lane(struct scheduler *scheduler, int64_t lane,
                        const struct lane_limits *limits);

/* The bounds of one of its models beside the account's own; one that was never set has none. */
bool scheduler_has_model(const struct scheduler *scheduler, int64_t lane, struct str model);
void scheduler_set_model(struct scheduler *scheduler, int64_t lane, struct str model,
                         const struct model_limits *limits);
/* The lane's models that were seen, by number from 0 on; false: there are no more. */
bool scheduler_model_at(const struct scheduler *scheduler, int64_t lane, size_t index,
                        struct str *out);
/* Makes the entry's model a text that lives as long as the scheduler. */
void scheduler_own_model(struct scheduler *scheduler, struct task_entry *entry);

/* No pick of the entry's account and model before that (wall clock): a provider asked for rest. */
void scheduler_rest(struct scheduler *scheduler, const struct task_entry *entry, int64_t until_ms,
                    const char *reason);

/* Counts how a piece of the work of the entry's account and model went (gate.h); a service in
 * trouble is left alone a while.  `failure`: the class of GATE_TROUBLED, for those who ask why. */
void scheduler_report(struct scheduler *scheduler, const struct task_entry *entry,
                      enum gate_report report, const char *failure, int64_t now_ms,
                      const struct random *random);

/* No pick from the lane until its limits are set again: its key or credit is of no use. */
void scheduler_stop_lane(struct scheduler *scheduler, int64_t lane, const char *reason);
/* By whom ever: its owner, or scheduler_stop_lane(). */
bool scheduler_is_stopped(const struct scheduler *scheduler, int64_t lane);

/* The lane's keys (keyring.h); setting its limits again forgives those that rest. */
struct keyring *scheduler_keyring(struct scheduler *scheduler, int64_t lane);

/* A ready task comes, or changes its place: delayed until run_at, parked while its run is paused.
 */
void scheduler_put(struct scheduler *scheduler, const struct task_entry *entry, int64_t now_ms);
bool scheduler_remove(struct scheduler *scheduler,
                      int64_t task_id); /* false: it was not waiting here */
const struct task_entry *scheduler_find(const struct scheduler *scheduler, int64_t task_id);

/*
 * Takes the next task that may start now and a slot of its lane.  A lane with nothing of its own to
 * start takes what waits for one it stands in for: then out->provider_id is the stand-in's and
 * out->home_id its own lane's.
 */
bool scheduler_pick(struct scheduler *scheduler, int64_t now_ms, struct task_entry *out);
/* A stand-in cannot take this waiting task: it is not offered there again before its lane's limits
 * are set anew, or ten minutes have passed: what a budget or a price refused may be taken then. */
void scheduler_refuse(struct scheduler *scheduler, int64_t task_id, int64_t stand_in);
/* Why others may take what waits for that model of the lane, as the latest pick saw it; empty: they
 * may not. */
const char *scheduler_trouble(const struct scheduler *scheduler, int64_t lane, struct str model);
/* What was picked is sent, once: gate_send(). */
void scheduler_send(struct scheduler *scheduler, const struct task_entry *entry, int64_t now_ms);
/* What a pick took of its minutes and was not used: gate_give_back(). */
void scheduler_give_back(struct scheduler *scheduler, const struct task_entry *entry,
                         int64_t sent_at_ms, int64_t now_ms);
/* Gives the slot of a pick back. */
void scheduler_free(struct scheduler *scheduler, const struct task_entry *entry);
/* Takes a waiting task whose time to start has passed. */
bool scheduler_expire(struct scheduler *scheduler, int64_t now_ms, struct task_entry *out);
/* When a task may start that may not now, by time alone (wall clock); INT64_MAX: never. */
int64_t scheduler_next_ms(const struct scheduler *scheduler);
/* When the first of them passes its time to start (wall clock); INT64_MAX: none waits. */
int64_t scheduler_expires_ms(const struct scheduler *scheduler);

size_t scheduler_count(const struct scheduler *scheduler);
/* Place among what waits for its account and model, 1 first; 0: not waiting. */
int64_t scheduler_position(const struct scheduler *scheduler, int64_t task_id);
/* Fills at most `max` lanes. */
size_t scheduler_lanes(const struct scheduler *scheduler, int64_t now_ms, struct lane_view *out,
                       size_t max);
/* Fills at most `max` models, those of which something is to be told. */
size_t scheduler_models(const struct scheduler *scheduler, int64_t now_ms,
                        struct lane_model_view *out, size_t max);
