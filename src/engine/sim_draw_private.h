/*
 * engine/sim_draw_private.h: what trouble a seed has and what its accounts allow.
 */
#pragma once

#include "engine/sim_private.h"

static inline void sim_draw_faults(struct sim *sim)
{
    struct sim_faults *faults = &sim->faults;

    /* Swarm: each seed has some kinds of trouble and not others. */
    for (int outcome = SIM_NOT_SENT; outcome < SIM_OUTCOME_COUNT; outcome++)
        if (outcome != SIM_IN_VAIN) /* sim_draw_advice_and_pauses() */
            faults->outcomes[outcome] = sim_below(sim, 2) == 0 ? 0 : (int)sim_below(sim, 120);
    faults->outcomes[SIM_AUTH] /= 4;
    faults->outcomes[SIM_INVALID] /= 4;
    faults->storage = sim_below(sim, 3) == 0 ? (int)sim_below(sim, 200) : 0;
    faults->local = sim_below(sim, 3) == 0 ? (int)sim_below(sim, 200) : 0;
    faults->spoil = sim_below(sim, 3) == 0 ? (int)sim_below(sim, 300) : 0;
    faults->refine = sim_below(sim, 3) == 0 ? (int)sim_below(sim, 400) : 0;
    faults->remote_fails = sim_below(sim, 2) == 0 ? (int)sim_below(sim, 400) : 0;
    faults->fetch = (int)sim_below(sim, 600);
    faults->own = (int)sim_below(sim, 600);
    faults->lose = sim_below(sim, 4) == 0 ? (int)sim_below(sim, 300) : 0;
    faults->record = sim_below(sim, 4) == 0 ? (int)sim_below(sim, 300) : 0;
    faults->storage_ms = sim_below(sim, 3) == 0 ? sim_below(sim, 2000) : 0;
    faults->used_up = sim_below(sim, 3) == 0 ? (int)sim_below(sim, 400) : 0;
    faults->late = sim_below(sim, 3) == 0 ? 100 + (int)sim_below(sim, 800) : 0;
    if (faults->late > 0 && sim_below(sim, 2) == 0) /* two owners: one slow to die, one at once */
        faults->storage_ms = 200 + sim_below(sim, 1800);
    faults->no_room = sim_below(sim, 5) == 0 ? (int)sim_below(sim, 500) : 0;
    faults->no_place = sim_below(sim, 5) == 0 ? (int)sim_below(sim, 900) : 0;
    if (sim_below(sim, 8) == 0) { /* keys are withdrawn, or have to wait, or both */
        faults->outcomes[SIM_AUTH] = 150;
        faults->outcomes[SIM_THROTTLED] = 40 + (int)sim_below(sim, 300);
    }
    if (sim_below(sim, 8) == 0) /* a storm */
        faults->outcomes[SIM_SERVER] = 700;
    for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++) {
        sim->providers[id].on_unknown = (enum on_unknown)sim_below(sim, 3);
        sim->providers[id].concurrency = 1 + sim_below(sim, 4);
        sim->providers[id].key_count = (size_t)sim_below(sim, SIM_KEYS + 1);
        for (size_t index = 0; index < sim->providers[id].key_count; index++)
            sim->keys[id][index] = (struct provider_key){
                .id = sim->next_key++, .weight = 1 + sim_below(sim, 5), .is_enabled = true};
        sim->providers[id].per_minute = sim_below(sim, 3) == 0 ? 6 + sim_below(sim, 20) : 0;
        sim->providers[id].units_per_minute = sim_below(sim, 3) == 0 ? 8 + sim_below(sim, 30) : 0;
        sim->bounds[id].concurrency = sim_below(sim, 2) == 0 ? 1 + sim_below(sim, 2) : 0;
        sim->bounds[id].per_minute = sim_below(sim, 4) == 0 ? 6 + sim_below(sim, 20) : 0;
        sim->bounds[id].units_per_minute = sim_below(sim, 3) == 0 ? 8 + sim_below(sim, 20) : 0;
    }
    sim->drawn = *faults;
}

/* Services that say whether to try again, also where nobody knows the outcome, and models that are
 * paused. */
static inline void sim_draw_advice_and_pauses(struct sim *sim)
{
    struct sim_faults *faults = &sim->faults;

    faults->advises = 200 + (int)sim_below(sim, 600);
    faults->outcomes[SIM_IN_VAIN] = (int)sim_below(sim, 100);
    faults->outcomes[SIM_THROTTLED] += 20 + (int)sim_below(sim, 60);
    faults->outcomes[SIM_SERVER] += 20 + (int)sim_below(sim, 60);
    sim->has_pauses = true;
    sim->drawn = *faults;
}

/* Accounts that take what waits for others in trouble, and some trouble. */
static inline void sim_draw_stand_ins(struct sim *sim)
{
    sim->faults.outcomes[SIM_AUTH] += 60;
    sim->faults.outcomes[SIM_SERVER] += (int)sim_below(sim, 300);
    for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++) {
        struct provider_binding *provider = &sim->providers[id];

        for (int64_t other = SIM_SYNC; other < SIM_PROVIDERS; other++)
            if (other != id && provider->stand_in_count < STAND_INS_MAX && sim_below(sim, 2) == 0)
                provider->stand_ins[provider->stand_in_count++] = other;
    }
}
