/*
 * engine/sim_fair_private.h: whether people get their turns (I9), by an onlooker who sees picks and
 * who waits, and keeps books of his own.
 *
 * What he cannot see is who came and went between two picks of an account, so what a person has had
 * is known to him within bounds; he objects to what no truth within them allows.  What stand-ins
 * take is picked by other rules: of such seeds he says nothing.
 */
#pragma once

#include "engine/sim_state_private.h"

static inline bool sim_has_stand_ins(const struct sim *sim)
{
    for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++)
        if (sim->providers[id].stand_in_count > 0)
            return true;
    return false;
}

static inline unsigned sim_bit(int64_t user) { return 1U << user; }

/* The people with something in turn in each of the account's two models: who waits for a paused
 * one alone saves no credit. */
static inline void sim_see_waiting(const struct sim *sim, int64_t account, unsigned out[2])
{
    const struct scheduler *scheduler = core_scheduler(sim->core);

    out[0] = out[1] = 0;
    for (int64_t task = 1; task < SIM_TASKS_MAX; task++) {
        const struct task_entry *entry = scheduler_find(scheduler, task);

        if (entry == NULL || entry->provider_id != account ||
            (entry->is_run_paused && entry->cancel_at_ms == 0) ||
            sim->is_model_paused[account][str_equal(entry->model, SIM_BOUNDED)] ||
            (entry->run_at_ms > sim->place->time.wall_ms && !sim->is_gone[account]))
            continue;
        assert_true(entry->user_id < SIM_PEOPLE);
        out[str_equal(entry->model, SIM_BOUNDED)] |= sim_bit(entry->user_id);
    }
}

/* Who was not there after the pick before has come in since, where the account stood then. */
static inline void sim_see_entries(struct sim_turns *turns, unsigned waiting)
{
    for (int64_t user = 0; user < SIM_PEOPLE; user++) {
        struct sim_person *person = &turns->people[user];
        const bool is_waiting = (waiting & sim_bit(user)) != 0;

        person->is_newcomer = is_waiting && !person->is_waiting;
        if (!person->is_known && is_waiting)
            *person = (struct sim_person){.is_known = true,
                                          .is_newcomer = true,
                                          .least = turns->least,
                                          .most = turns->highest};
        else if (person->is_newcomer)
            person->least = sim_larger(person->least, turns->least);
        person->most = sim_larger(person->most, turns->most); /* it may have come in again */
    }
}

/* Nobody goes before one who waits for the same and has had less. */
static inline void sim_check_turn(const struct sim_turns *turns, unsigned waiting, int64_t user)
{
    for (int64_t other = 0; other < SIM_PEOPLE; other++)
        if ((waiting & sim_bit(other)) != 0 &&
            turns->people[user].least > turns->people[other].most)
            fail_msg("person %" PRId64 " has had %" PRId64 " and goes before %" PRId64
                     ", who has had %" PRId64,
                     user, turns->people[user].least, other, turns->people[other].most);
}

/*
 * Who comes in has had as much as the account's latest pick, so that of the others each goes before
 * him once at most; with more than that he does not begin as one.  Also those with less to their
 * name go before him, which is fair: of them nothing is said.
 */
static inline void sim_check_newcomers(struct sim_turns *turns, struct sim_round *round,
                                       unsigned waiting, int64_t user)
{
    for (int64_t person = 0; person < SIM_PEOPLE; person++) {
        const struct sim_person *own = &turns->people[person];
        bool is_least = own->most <= turns->least;

        if (person == user || (waiting & sim_bit(person)) == 0) {
            round->waits[person] = (struct sim_wait){0};
            continue;
        }
        for (int64_t other = 0; other < SIM_PEOPLE; other++)
            is_least &= (waiting & sim_bit(other)) == 0 || turns->people[other].least >= own->most;
        if (own->is_newcomer)
            round->waits[person] = (struct sim_wait){.is_counted = is_least};
        round->waits[person].is_counted &= is_least;
        round->waits[person].others |= waiting & ~sim_bit(person);
        if (!round->waits[person].is_counted)
            continue;
        if (++round->waits[person].picks > __builtin_popcount(round->waits[person].others))
            fail_msg("person %" PRId64 " came in %" PRId64 " picks ago, among %d others", person,
                     round->waits[person].picks, __builtin_popcount(round->waits[person].others));
    }
}

/*
 * Over any hundred picks for which the same people waited all the time, each gets his share, within
 * a tenth of it.  Before each had one what is owed from before is paid.
 */
static inline void sim_check_shares(struct sim *sim, struct sim_round *round, unsigned before,
                                    unsigned after, int64_t user, int64_t units)
{
    const int64_t people = __builtin_popcount(before);
    int64_t shares[SIM_PEOPLE] = {0};

    if (before != after || before != round->waiting || units != 1) {
        round->served = 0;
        round->picks = 0;
    }
    round->waiting = after;
    if (before != after || units != 1 || people < 2)
        return;
    if (round->served != before) {
        round->served |= sim_bit(user);
        return;
    }
    round->users[round->picks++ % SIM_SHARE_OVER] = (unsigned char)user;
    if (round->picks < SIM_SHARE_OVER)
        return;
    sim->shares_seen++;
    for (size_t at = 0; at < SIM_SHARE_OVER; at++)
        shares[round->users[at]]++;
    for (int64_t person = 0; person < SIM_PEOPLE; person++)
        if ((before & sim_bit(person)) != 0 &&
            llabs(shares[person] * people - SIM_SHARE_OVER) * 10 > SIM_SHARE_OVER)
            fail_msg("person %" PRId64 " got %" PRId64 " of %d picks among %" PRId64, person,
                     shares[person], SIM_SHARE_OVER, people);
}

/* I9: the core has just picked that task, and what waits behind it is as the pick left it. */
static inline void sim_see_pick(struct sim *sim, int64_t task)
{
    const int64_t facts = ask(sim->place,
                              "SELECT ((provider_id * 100 + user_id) * 1000 + units) * 2"
                              " + (model = 'bounded') AS n FROM task WHERE id = $1",
                              task);
    const int64_t user = facts / 2000 % 100, units = sim_larger(facts / 2 % 1000, 1);
    struct sim_turns *turns = &sim->turns[facts / 200000];
    unsigned before[2], after[2];

    if (sim_has_stand_ins(sim))
        return;
    sim_see_waiting(sim, facts / 200000, after);
    before[0] = after[0] | (facts % 2 == 0 ? sim_bit(user) : 0);
    before[1] = after[1] | (facts % 2 == 1 ? sim_bit(user) : 0);
    sim_see_entries(turns, before[0] | before[1]);
    sim_check_turn(turns, before[facts % 2], user);
    sim_check_newcomers(turns, &turns->rounds[facts % 2], before[facts % 2], user);
    sim_check_shares(sim, &turns->rounds[facts % 2], before[facts % 2], after[facts % 2], user,
                     units);
    turns->rounds[1 - facts % 2].waiting = 0; /* a share is of both models: it begins anew */
    turns->rounds[1 - facts % 2].waits[user] = (struct sim_wait){0}; /* he had his turn */
    turns->least = turns->people[user].least;
    turns->most = turns->people[user].most;
    turns->highest = sim_larger(turns->highest, turns->most);
    turns->people[user].least += units;
    turns->people[user].most += units;
    for (int64_t person = 0; person < SIM_PEOPLE; person++)
        turns->people[person].is_waiting = ((after[0] | after[1]) & sim_bit(person)) != 0;
}
