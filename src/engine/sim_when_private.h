/*
 * engine/sim_when_private.h: whether what is begun may be begun now (I7), nothing is tried again
 * whose provider calls that vain, and people's deadlines and wishes are kept (I13, P7), by an
 * onlooker who hears what providers answer and what storage knows.
 *
 * What he hears reaches the core a moment later, and some of it never, when a person cancels in
 * between: he objects only to what is wrong whenever the core heard.
 */
#pragma once

#include "engine/sim_state_private.h"

enum {
    SIM_LONGEST_MOMENT_MS = 3 * SIM_DELIVERY_MAX_MS, /* from a worker's step to what follows it */
    SIM_TROUBLES_MIN = 5,                            /* gate.c: that many open a breaker, */
    SIM_TROUBLE_WINDOW_MS = 30000,                   /* in so long, */
    SIM_OPEN_MS = 10000,                             /* and it is open for as long, at least */
};

/* A task's story, for whoever reads why a seed failed. */
static inline void sim_print_task(struct sim *sim, int64_t task_id)
{
    const struct str story = ask_text(
        sim->place,
        "SELECT group_concat(said, char(10)) AS n FROM (SELECT said FROM (SELECT 'provider '"
        " || provider_id || ', ' || state || ' tries ' || tries || ' may repeat ' || may_repeat"
        " AS said, 0 AS at_ms FROM task WHERE id = $1"
        " UNION ALL SELECT started_at_ms || ' attempt ' || number || ' until '"
        " || coalesce(ended_at_ms, '…') || ' ' || outcome || ' ' || class, started_at_ms"
        " FROM attempt WHERE task_id = $1"
        " UNION ALL SELECT intent_at_ms || ' call ' || id || ' ' || public_id || ' ' || state"
        " || ' ' || class || ' in attempt ' || attempt || ' of ' || estimate_micro || ' repeats '"
        " || coalesce(repeat_of, 0) || ' until ' || coalesce(ended_at_ms, '…'), intent_at_ms"
        " FROM call WHERE task_id = $1) ORDER BY at_ms)",
        task_id);

    print_error("task %" PRId64 ": %.*s\n", task_id, STR_ARGS(story));
}

/* ---- Rests ---- */

/* The core knows from `rest.from_ms` on that nothing is to be begun until `rest.until_ms`. */
static inline void sim_note_rest(struct sim *sim, int64_t account, bool is_bounded,
                                 enum sim_rest_kind kind, struct sim_rest rest)
{
    struct sim_rest *noted = &sim->rests[account][is_bounded][kind];

    if (rest.until_ms <= noted->until_ms)
        return;
    if (noted->until_ms > sim_now(sim) && noted->task_id == rest.task_id)
        rest.from_ms = noted->from_ms;
    *noted = rest;
}

static inline void sim_check_rests(const struct sim *sim, int64_t account, bool is_bounded,
                                   int64_t task_id)
{
    const int64_t claimed_ms = sim->claimed_at_ms[task_id];

    for (int kind = 0; kind < SIM_REST_KINDS; kind++) {
        const struct sim_rest *rest = &sim->rests[account][is_bounded][kind];

        if (claimed_ms > rest->from_ms && claimed_ms < rest->until_ms)
            fail_msg("task %" PRId64 " is begun %" PRId64 " ms before account %" PRId64
                     " has had its rest",
                     task_id, rest->until_ms - claimed_ms, account);
    }
}

/* ---- Accounts that are stopped ---- */

/* As the attempt knows its account: its owner may have added one since. */
static inline bool sim_has_no_other_key(const struct attempt *attempt)
{
    return attempt->provider.key_count < 2;
}

static inline void sim_note_stop(struct sim *sim, int64_t account, int64_t task_id)
{
    if (sim->stops[account].from_ms == 0)
        sim->stops[account] =
            (struct sim_rest){.from_ms = sim_now(sim) + SIM_LONGEST_MOMENT_MS, .task_id = task_id};
}

static inline void sim_check_stop(const struct sim *sim, int64_t account, int64_t task_id)
{
    const struct sim_rest *stop = &sim->stops[account];

    if (stop->from_ms != 0 && sim->claimed_at_ms[task_id] > stop->from_ms)
        fail_msg("task %" PRId64 " is begun, and account %" PRId64 " is stopped", task_id, account);
}

/* ---- Breakers ---- */

static inline void sim_push_time(struct sim_times *times, int64_t at_ms)
{
    times->at_ms[times->count++ % SIM_TIMES] = at_ms;
}

/* INT64_MAX: more than he remembers. */
static inline int64_t sim_count_since(const struct sim_times *times, int64_t since_ms)
{
    int64_t count = 0;

    for (int64_t index = 0; index < SIM_TIMES && index < times->count; index++)
        count += times->at_ms[index] > since_ms;
    return count == SIM_TIMES ? INT64_MAX : count;
}

static inline int64_t sim_first_since(const struct sim_times *times, int64_t since_ms)
{
    int64_t first_ms = INT64_MAX;

    for (int64_t index = 0; index < SIM_TIMES && index < times->count; index++)
        if (times->at_ms[index] > since_ms && times->at_ms[index] < first_ms)
            first_ms = times->at_ms[index];
    return first_ms;
}

/* Anything that is no trouble, or may be none, may have closed the breaker. */
static inline void sim_note_calm(struct sim *sim, int64_t account, bool is_bounded)
{
    struct sim_trouble *trouble = &sim->troubles[account][is_bounded];

    sim_push_time(&trouble->calms, sim_now(sim));
    trouble->troubles.count = 0;
    trouble->open_since_ms = 0;
}

/*
 * In whichever of two windows they fall, so many in a row open it: the first may hold all that was
 * calm before, which they must outweigh, or the second is theirs alone.
 */
static inline void sim_note_trouble(struct sim *sim, int64_t account, bool is_bounded)
{
    struct sim_trouble *trouble = &sim->troubles[account][is_bounded];
    const int64_t since_ms = sim_now(sim) - SIM_TROUBLE_WINDOW_MS + 2 * SIM_LONGEST_MOMENT_MS;
    int64_t calms, first_ms;

    sim_push_time(&trouble->troubles, sim_now(sim));
    if (trouble->open_since_ms != 0)
        return;
    first_ms = sim_first_since(&trouble->troubles, since_ms);
    calms = sim_count_since(&trouble->calms,
                            first_ms - SIM_TROUBLE_WINDOW_MS - 2 * SIM_LONGEST_MOMENT_MS);
    if (calms < SIM_TIMES && sim_count_since(&trouble->troubles, since_ms) >=
                                 SIM_TROUBLES_MIN - 1 + sim_larger(SIM_TROUBLES_MIN, calms)) {
        trouble->open_since_ms = sim_now(sim) + SIM_LONGEST_MOMENT_MS;
        trouble->tries = 0;
        sim->breakers_seen++;
    }
}

/* One at a time tries for all. */
static inline void sim_check_breaker(struct sim *sim, int64_t account, bool is_bounded,
                                     int64_t task_id)
{
    struct sim_trouble *trouble = &sim->troubles[account][is_bounded];
    const int64_t open_ms = sim->claimed_at_ms[task_id] - trouble->open_since_ms;

    if (trouble->open_since_ms == 0 || open_ms <= 0)
        return;
    if (++trouble->tries > 1 + open_ms / SIM_OPEN_MS)
        fail_msg("account %" PRId64 " answers nothing but trouble, and is tried %" PRId64
                 " times in %" PRId64 " ms",
                 account, trouble->tries, open_ms);
}

/* ---- Models that their owner paused ---- */

/* A bit for each account's model. */
static inline int64_t sim_paused_models(const struct sim *sim)
{
    int64_t bits = 0;

    for (int64_t account = SIM_SYNC; account < SIM_PROVIDERS; account++)
        for (int model = 0; model < 2; model++)
            if (sim->is_model_paused[account][model])
                bits |= INT64_C(1) << (account * 2 + model);
    return bits;
}

/* The core has just picked that task, for its own account or for one that stands in: a paused model
 * keeps what waits for it and takes nothing. */
static inline void sim_check_paused_models(struct sim *sim, int64_t task_id, int64_t stand_in)
{
    int64_t row;

    if (!sim->has_pauses)
        return;
    row = ask(sim->place,
              "SELECT provider_id * 2 + (model = 'bounded') AS n FROM task WHERE id = $1", task_id);
    if (sim->is_model_paused[row / 2][row % 2])
        fail_msg("task %" PRId64 " is begun, and its model of account %" PRId64 " is paused",
                 task_id, row / 2);
    if (stand_in != 0 && sim->is_model_paused[stand_in][row % 2])
        fail_msg("task %" PRId64 " goes to account %" PRId64 ", where its model is paused", task_id,
                 stand_in);
}

/* What was begun before goes on. */
static inline void sim_check_pause(const struct sim *sim, int64_t account, bool is_bounded,
                                   int64_t task_id)
{
    if (sim->is_model_paused[account][is_bounded] &&
        sim->claimed_at_ms[task_id] > sim->model_paused_ms[account][is_bounded])
        fail_msg("task %" PRId64 " is sent to account %" PRId64 ", where its model is paused",
                 task_id, account);
}

/* ---- What a provider called final ---- */

/* As far as the attempt knows: no other key or account is there to be asked, no key or look-up
 * that finds out more. */
static inline bool sim_leaves_nothing(const struct attempt *attempt,
                                      const struct provider_failure *failure)
{
    const struct provider_binding *provider = &attempt->provider;

    switch (failure->class) {
    case FAILURE_SERVER:
        return true;
    case FAILURE_THROTTLED:
        return failure->retry_after_ms < 0 && provider->key_count < 2 &&
               provider->stand_in_count == 0;
    case FAILURE_UNKNOWN:
        return !provider->honours_key && !provider->kind->can_look_up;
    case FAILURE_NONE:
    case FAILURE_NOT_SENT:
    case FAILURE_QUOTA:
    case FAILURE_AUTH:
    case FAILURE_INVALID:
    case FAILURE_REFUSED:
    case FAILURE_REMOTE:
    case FAILURE_RESULT_LOST:
    case FAILURE_LOCAL:
    case FAILURE_DEADLINE:
    case FAILURE_CANCELLED:
    case FAILURE_CLASS_COUNT:
        return false;
    }
    return false;
}

/* What was sent before under its key may be sent again to find out what became of it. */
static inline bool sim_is_first_sending(const struct sim *sim, struct str key)
{
    int64_t count = 0;

    for (const struct sim_exchange *exchange = sim->exchanges; exchange != NULL;
         exchange = exchange->next)
        count += exchange->purpose == EXCHANGE_SUBMIT && str_equal(str_of(exchange->text), key);
    return count == 1;
}

/* The core will hear of this failure. */
static inline void sim_note_final(struct sim *sim, const struct attempt *attempt,
                                  const struct exchange *exchange,
                                  const struct provider_failure *failure)
{
    if (failure->is_final && exchange->purpose == EXCHANGE_SUBMIT &&
        sim_leaves_nothing(attempt, failure) && sim_is_first_sending(sim, exchange->url))
        sim->finals[attempt->task_id].attempt = attempt->number;
}

/* The attempt's end is stored: what a process forgot by dying before is nobody's word. */
static inline void sim_note_final_end(struct sim *sim, const struct command_end *end)
{
    struct sim_final *final = &sim->finals[end->task_id];

    if (!end->is_applied)
        return;
    final->wishes = final->attempt != 0 && final->attempt == end->attempt_number
                        ? sim->wishes[end->task_id]
                        : -1;
    sim->finals_seen += final->wishes >= 0;
    final->attempt = 0;
}

static inline void sim_forget_finals(struct sim *sim)
{
    for (size_t task = 0; task < SIM_TASKS_MAX; task++)
        sim->finals[task].attempt = 0;
}

/* Nothing but a person's wish has it sent once more. */
static inline void sim_check_final(const struct sim *sim, int64_t task_id)
{
    if (sim->finals[task_id].wishes == sim->wishes[task_id])
        fail_msg("task %" PRId64 " is sent again, and its provider called that vain", task_id);
}

/* ---- What people and clocks say ---- */

/* A new process or a look of its owner begins anew. */
static inline void sim_forget_account(struct sim *sim, int64_t account)
{
    memset(sim->rests[account], 0, sizeof(sim->rests[account]));
    memset(&sim->stops[account], 0, sizeof(sim->stops[account]));
    memset(sim->troubles[account], 0, sizeof(sim->troubles[account]));
}

/* I7: the core has just picked that task.  What waits for an account that is gone, as the core
 * knows, waits for nothing any more. */
static inline void sim_check_claim(struct sim *sim, int64_t task_id)
{
    const int64_t row = ask(sim->place,
                            "SELECT (run_at_ms * 16 + provider_id) * 2 + EXISTS (SELECT 1 FROM edge"
                            " WHERE to_task = $1 AND is_done = 0) AS n FROM task WHERE id = $1",
                            task_id);
    const int64_t early_ms = row / 32 - sim->place->time.wall_ms;

    check(row % 2 == 0, "nothing is begun before what it depends on is done");
    if (early_ms > 0 && !scheduler_limits(core_scheduler(sim->core), row / 2 % 16)->is_gone)
        fail_msg("task %" PRId64 " is begun %" PRId64 " ms before its time", task_id, early_ms);
    /* I13 */
    check(ask(sim->place, "SELECT start_by_ms AS n FROM task WHERE id = $1", task_id) >
              sim->place->time.wall_ms,
          "nothing is begun after its deadline");
}

/* Of what was broken off while its answer was on its way the core may have heard nothing. */
static inline void sim_unhear(struct sim *sim, int64_t task_id)
{
    for (int64_t account = SIM_SYNC; account < SIM_PROVIDERS; account++) {
        if (sim->stops[account].task_id == task_id && sim->stops[account].from_ms >= sim_now(sim))
            sim->stops[account] = (struct sim_rest){0};
        for (int model = 0; model < 2; model++) {
            struct sim_rest *rest = &sim->rests[account][model][SIM_ASKED_TO_WAIT];
            const struct sim_trouble *trouble = &sim->troubles[account][model];

            if (rest->task_id == task_id && rest->from_ms >= sim_now(sim))
                *rest = (struct sim_rest){0};
            if (sim_count_since(&trouble->troubles, sim_now(sim) - SIM_LONGEST_MOMENT_MS) > 0)
                sim_note_calm(sim, account, model);
        }
    }
}

/* What the core knows of people's wishes from now on. */
static inline void sim_note_wishes(struct sim *sim, const struct task_entry *entries, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        const struct task_entry *entry = &entries[index];

        sim->is_held_back[entry->id] = entry->is_run_paused && entry->cancel_at_ms == 0;
        if (entry->cancel_at_ms == 0) {
            sim->cancelled_at_ms[entry->id] = 0;
        } else if (sim->cancelled_at_ms[entry->id] == 0) {
            sim->cancelled_at_ms[entry->id] = sim_now(sim);
            sim_unhear(sim, entry->id);
        }
    }
}

/* P7: who cancels what is made elsewhere has its provider told so, before it is asked again. */
static inline void sim_check_stop_wish(const struct sim *sim, int64_t task_id)
{
    const int64_t at_ms = sim->cancelled_at_ms[task_id];

    if (at_ms != 0 && sim_now(sim) > at_ms + SIM_LONGEST_MOMENT_MS &&
        !sim->is_asked_to_stop[task_id])
        fail_msg("task %" PRId64 " is cancelled, and its provider asked for more", task_id);
}

/* Waits between tries: by what share of the longest allowed, in thousandths. */
static inline void sim_note_backoff(struct sim *sim, const struct command_end *end)
{
    const bool is_server = end->class == FAILURE_SERVER || end->class == FAILURE_REMOTE;
    int64_t longest_ms = is_server ? 2000 : 1000;

    if (end->event != TASK_RETRY || sim->drawn.storage > 0 || /* what storage refuses comes late */
        (!is_server && end->class != FAILURE_NOT_SENT))
        return;
    for (int64_t number = 1; number < end->attempt_number && longest_ms < 300000; number++)
        longest_ms *= 2;
    longest_ms = longest_ms < 300000 ? longest_ms : 300000;
    sim->backoffs++;
    sim->backoff_shares += (end->run_at_ms - sim->place->time.wall_ms) * 1000 / longest_ms;
}
