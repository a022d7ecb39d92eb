/*
 * engine/sim_operation_private.h: the operations that speak with the simulated providers: they see
 * an attempt and replies, no more.
 */
#pragma once

#include "engine/sim_provider_private.h"

static inline void sim_fail(struct step *out, enum failure_class class, enum charged charged,
                            int64_t retry_after_ms)
{
    out->type = STEP_FAILED;
    out->failure = (struct provider_failure){.class = class,
                                             .charged = charged,
                                             .retry_after_ms = retry_after_ms,
                                             .message = STR("simulated")};
}

static inline void sim_ask(struct attempt *attempt, struct step *out, enum exchange_purpose purpose,
                           struct str text, int64_t delay_ms)
{
    out->type = STEP_EXCHANGE;
    out->exchange = (struct exchange){.purpose = purpose,
                                      .is_paid = purpose == EXCHANGE_SUBMIT,
                                      .url = arena_str(attempt->arena, text),
                                      .delay_ms = delay_ms};
}

static inline void sim_begin(struct attempt *attempt, struct step *out)
{
    struct sim *sim = attempt->services;

    if (sim_often(sim, sim->faults.local))
        sim_fail(out, FAILURE_LOCAL, CHARGED_NO, -1);
    else if (attempt->provider.kind == NULL)
        sim_fail(out, FAILURE_INVALID, CHARGED_NO, -1);
    else
        sim_ask(attempt, out, EXCHANGE_SUBMIT, attempt->call_key, 0);
}

/* Its one file. */
static inline void sim_name_file(struct attempt *attempt, struct str result, struct step *out)
{
    struct blob *blob = ARENA_NEW(attempt->arena, struct blob);

    blob->hash = sha256_of(result);
    blob->size = 1;
    sha256_hex(&blob->hash, blob->name);
    out->blobs = blob;
    out->blob_count = 1;
}

/* The result of the call with this key, when the disk has room for it. */
static inline void sim_keep(struct attempt *attempt, struct str key, struct step *out)
{
    struct sim *sim = attempt->services;

    if (sim_often(sim, sim->faults.no_place)) {
        struct str *left = ARENA_NEW(attempt->arena, struct str);

        *left = arena_str(attempt->arena, key);
        attempt->state = left;
        out->type = STEP_AGAIN;
        return;
    }
    out->type = STEP_KEEP;
    out->result = arena_printf(attempt->arena, "{\"key\":\"%.*s\"}", STR_ARGS(key));
    sim_name_file(attempt, out->result, out);
    out->cost_micro = TEST_PRICE;
    out->currency = "USD";
    out->http_status = 200;
}

static inline void sim_again(struct attempt *attempt, struct step *out)
{
    sim_keep(attempt, *(struct str *)attempt->state, out);
}

/* "ok KEY": kept at once, or after a fetch that may be asked for some times. */
static inline void sim_take_ok(struct attempt *attempt, const struct exchange *exchange,
                               struct str key, struct step *out)
{
    struct sim *sim = attempt->services;

    if (exchange->purpose == EXCHANGE_SUBMIT && exchange->card.size == 0 &&
        sim_often(sim, sim->faults.own)) {
        out->type = STEP_WAIT;
        out->remote_id = arena_printf(attempt->arena, REMOTE_ID_OWN "%.*s", STR_ARGS(key));
        out->poll_after_ms = 0;
    } else if (exchange->purpose != EXCHANGE_FETCH && exchange->card.size == 0 &&
               sim_often(sim, sim->faults.fetch)) {
        sim_ask(attempt, out, EXCHANGE_FETCH, key, sim_below(sim, 2) * 1000);
    } else if (sim_often(sim, sim->faults.spoil)) {
        sim_fail(out, FAILURE_LOCAL, CHARGED_YES, -1);
    } else {
        sim_keep(attempt, key, out);
    }
}

static inline void sim_take_fetch(struct attempt *attempt, const struct exchange *exchange,
                                  struct step *out)
{
    struct sim *sim = attempt->services;
    int *tries = attempt->state;

    if (tries == NULL)
        attempt->state = tries = ARENA_NEW(attempt->arena, int);
    if (++*tries < 4)
        sim_ask(attempt, out, EXCHANGE_FETCH, exchange->url, sim_below(sim, 5000));
    else
        sim_fail(out, FAILURE_RESULT_LOST, CHARGED_YES,
                 !sim->is_patient && sim_below(sim, 8) == 0 ? -1 : 0);
}

/* The core hears of it in a moment. */
static inline void sim_hear(struct attempt *attempt, const struct exchange *exchange,
                            const struct exchange_reply *reply)
{
    struct sim *sim = attempt->services;
    const int64_t account = attempt->provider.id;
    const bool is_bounded = str_equal(attempt->model, SIM_BOUNDED);
    const bool is_trouble =
        exchange->purpose == EXCHANGE_SUBMIT &&
        (reply->outcome != EXCHANGE_REPLIED || reply->status == 500 || reply->status == 504);

    if (is_trouble && sim->cancelled_at_ms[attempt->task_id] == 0)
        sim_note_trouble(sim, account, is_bounded);
    else if (!str_starts_with(reply->body, STR("working"))) /* which says nothing of its gate */
        sim_note_calm(sim, account, is_bounded);
    if (exchange->purpose == EXCHANGE_SUBMIT && reply->status == 401 &&
        sim_has_no_other_key(attempt) && sim->cancelled_at_ms[attempt->task_id] == 0)
        sim_note_stop(sim, account, attempt->task_id);
}

/* Where its answer says nothing, the core chooses a second at least. */
static inline void sim_throttle(struct attempt *attempt, const struct exchange *exchange,
                                struct step *out)
{
    struct sim *sim = attempt->services;
    const int64_t account = attempt->provider.id;
    const int64_t asked_ms = sim_below(sim, 2) == 0 ? -1 : 4000;
    const int64_t from_ms = sim_now(sim) + SIM_LONGEST_MOMENT_MS;
    const struct sim_rest rest = {.from_ms = from_ms,
                                  .until_ms = sim_now(sim) + (asked_ms > 0 ? asked_ms : 1000),
                                  .task_id = attempt->task_id};

    if (exchange->purpose == EXCHANGE_SUBMIT && sim_has_no_other_key(attempt) &&
        sim->cancelled_at_ms[attempt->task_id] == 0)
        sim_note_rest(sim, account, str_equal(attempt->model, SIM_BOUNDED), SIM_ASKED_TO_WAIT,
                      rest);
    sim_fail(out, FAILURE_THROTTLED, CHARGED_NO, asked_ms);
}

static inline void sim_reply(struct attempt *attempt, const struct exchange *exchange,
                             const struct exchange_reply *reply, struct step *out)
{
    struct sim *sim = attempt->services;
    struct str rest = reply->body;
    const struct str word = str_cut(&rest, ' ');

    sim_hear(attempt, exchange, reply);
    if (exchange->purpose == EXCHANGE_FETCH && reply->status != 200)
        sim_take_fetch(attempt, exchange, out);
    else if (reply->outcome == EXCHANGE_NOT_SENT)
        sim_fail(out, FAILURE_NOT_SENT, CHARGED_NO, -1);
    else if (reply->outcome == EXCHANGE_LOST)
        sim_fail(out, FAILURE_UNKNOWN, CHARGED_MAYBE, -1);
    else if (reply->status == 429)
        sim_throttle(attempt, exchange, out);
    else if (reply->status == 500)
        sim_fail(out, FAILURE_SERVER, CHARGED_NO, -1);
    else if (reply->status == 504)
        sim_fail(out, FAILURE_UNKNOWN, CHARGED_MAYBE, -1);
    else if (reply->status == 400)
        sim_fail(out, FAILURE_REFUSED, CHARGED_NO, -1);
    else if (reply->status == 401)
        sim_fail(out, FAILURE_AUTH, CHARGED_NO, -1);
    else if (reply->status != 200)
        sim_fail(out, FAILURE_INVALID, CHARGED_NO, -1);
    else if (str_equal(word, STR("failed")))
        sim_fail(out, FAILURE_REMOTE, CHARGED_NO, -1);
    else if (str_equal(word, STR("ok")))
        sim_take_ok(attempt, exchange, rest, out);
    else {
        out->type = STEP_WAIT;
        out->remote_id = arena_str(attempt->arena, rest);
        out->progress = 0.5;
        out->poll_after_ms = sim_below(sim, 2) == 0 ? -1 : sim_below(sim, 5000);
    }
    if (out->type == STEP_FAILED) {
        out->failure.is_final = exchange_is_final(reply);
        sim_note_final(sim, attempt, exchange, &out->failure);
    }
}

static inline void sim_refine(struct attempt *attempt, struct str result, struct step *out)
{
    struct sim *sim = attempt->services;

    sim_name_file(attempt, result, out);
    if (sim_often(sim, sim->faults.lose)) {
        sim_fail(out, FAILURE_RESULT_LOST, CHARGED_YES, -1);
        return;
    }
    if (sim_often(sim, sim->faults.refine)) {
        sim_fail(out, FAILURE_LOCAL, CHARGED_YES, -1);
        return;
    }
    if (sim_often(sim, sim->faults.no_place)) {
        out->type = STEP_AGAIN;
        return;
    }
    sim_note_calm(sim, attempt->provider.id, str_equal(attempt->model, SIM_BOUNDED));
    out->type = STEP_DONE;
    out->output = arena_str(attempt->arena, result);
}

static inline void sim_ask_for(struct attempt *attempt, struct step *out,
                               enum exchange_purpose purpose)
{
    const struct str remote_id = attempt->prior->remote_id;
    const size_t own_size = sizeof(REMOTE_ID_OWN) - 1;

    if (remote_id_is_own(remote_id))
        sim_ask(attempt, out, EXCHANGE_FETCH, str_slice(remote_id, own_size, ID_SIZE), 0);
    else
        sim_ask(attempt, out, purpose, remote_id, 0);
}

static inline void sim_poll(struct attempt *attempt, struct step *out)
{
    sim_ask_for(attempt, out, EXCHANGE_POLL);
}

static inline void sim_give_up(struct attempt *attempt, struct step *out)
{
    sim_ask_for(attempt, out, EXCHANGE_CANCEL);
}

static inline void sim_look_up(struct attempt *attempt, struct step *out)
{
    sim_ask(attempt, out, EXCHANGE_LOOK_UP, attempt->call_key, 0);
}

static inline void sim_local(struct attempt *attempt, struct step *out)
{
    struct sim *sim = attempt->services;

    if (sim_often(sim, sim->faults.local)) {
        sim_fail(out, sim_below(sim, 2) == 0 ? FAILURE_LOCAL : FAILURE_INVALID, CHARGED_NO, -1);
        return;
    }
    out->type = STEP_DONE;
    out->output = STR("{}");
}

static const struct engine_operation sim_paid_operation = {.name = "sim.paid",
                                                           .needs_provider = true,
                                                           .begin = sim_begin,
                                                           .reply = sim_reply,
                                                           .again = sim_again,
                                                           .refine = sim_refine,
                                                           .poll = sim_poll,
                                                           .give_up = sim_give_up,
                                                           .look_up = sim_look_up};
static const struct engine_operation sim_local_operation = {.name = "sim.local",
                                                            .begin = sim_local};
/* ---- Cards: an exchange without a network, drawn in parts ---- */

static inline void sim_card_begin(struct attempt *attempt, struct step *out)
{
    struct sim *sim = attempt->services;

    sim_ask(attempt, out, EXCHANGE_SUBMIT, attempt->call_key, sim_below(sim, 4000));
    out->exchange.card = STR("card");
}

static inline bool sim_card_perform(struct attempt *attempt, const struct exchange *exchange,
                                    int part, struct exchange_reply *out)
{
    struct sim *sim = attempt->services;

    if (part >= 0)
        return !sim_often(sim, sim->faults.local);
    *out = (struct exchange_reply){
        .status = 200, .body = arena_printf(attempt->arena, "ok %.*s", STR_ARGS(exchange->url))};
    return true;
}

static inline int sim_card_parts(const struct exchange *exchange)
{
    return exchange->delay_ms > 1000 ? 3 : 0;
}

static const struct engine_operation sim_card_operation = {.name = "sim.card",
                                                           .needs_provider = true,
                                                           .begin = sim_card_begin,
                                                           .reply = sim_reply,
                                                           .again = sim_again,
                                                           .refine = sim_refine,
                                                           .perform_card = sim_card_perform,
                                                           .card_parts = sim_card_parts};
static const struct engine_operation *const sim_operations[] = {
    &sim_paid_operation, &sim_local_operation, &sim_card_operation, NULL};
