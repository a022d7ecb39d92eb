/* operation/test_fake.h: a provider that answers as a test tells it, for tests of image.generate.
 */
#pragma once

#include "operation/test_private.h"

static struct {
    struct provider_verdict verdict;
    struct provider_request seen;
    bool wants_white;
} script;

static inline bool fake_begin(const struct provider_account *account,
                              const struct provider_request *request, struct arena *arena,
                              struct exchange *out, struct error *err)
{
    (void)account, (void)arena;
    if (str_equal(request->prompt, STR("too wide")))
        return error_field(err, ERROR_TOO_BIG, "width", 2048, "at most 2048");
    script.seen = *request;
    *out = (struct exchange){.purpose = EXCHANGE_SUBMIT, .is_paid = true};
    return true;
}

static inline void fake_read(const struct provider_account *account,
                             const struct provider_request *request,
                             const struct exchange *exchange, const struct exchange_reply *reply,
                             struct arena *arena, struct provider_verdict *out)
{
    (void)account, (void)request, (void)exchange, (void)reply, (void)arena;
    *out = script.verdict;
}

static inline bool fake_wants_white(const struct provider_account *account)
{
    (void)account;
    return script.wants_white;
}

static inline bool fake_ask(const struct provider_account *account, struct str remote_id,
                            struct arena *arena, struct exchange *out, struct error *err)
{
    (void)account, (void)err;
    *out = (struct exchange){.purpose = EXCHANGE_POLL, .url = arena_str(arena, remote_id)};
    return true;
}

static inline bool fake_cancel(const struct provider_account *account, struct str remote_id,
                               struct arena *arena, struct exchange *out, struct error *err)
{
    (void)account, (void)err;
    *out = (struct exchange){.purpose = EXCHANGE_CANCEL, .url = arena_str(arena, remote_id)};
    return true;
}

static const struct provider_model fake_model = {
    .name = {"fake", 4},
      .price_micro = -1
};
static const struct provider_kind fake_kind = {
    .name = "fake",
    .label = "Fake",
    .model_default = &fake_model,
    .begin = fake_begin,
    .read = fake_read,
    .wants_white_mask = fake_wants_white,
    .poll = fake_ask,
    .cancel = fake_cancel,
};
static const struct provider_kind fake_sync_kind = {
    .name = "fake",
    .label = "Fake",
    .model_default = &fake_model,
    .begin = fake_begin,
    .read = fake_read,
};

/* Each test tells the script itself. */
static inline int set_up(void **state)
{
    (void)state;
    memset(&script, 0, sizeof(script));
    script.verdict = (struct provider_verdict){
        .type = VERDICT_DONE,
        .poll_after_ms = -1,
        .progress = -1,
        .request_id = STR("req_1"),
        .usage = {.cost_micro = 40000, .currency = "USD"}
    };
    return 0;
}

static inline const struct engine_operation *image(void)
{
    return &operation_image_generate.engine;
}

#define CUP "{\"prompt\":\"a cup\",\"seed\":7}"

static inline struct step begun(struct attempt *attempt)
{
    struct step step = {0};

    image()->begin(attempt, &step);
    if (step.type != STEP_EXCHANGE)
        fail_msg("%.*s", STR_ARGS(step.failure.message));
    return step;
}

static inline struct step replied(struct attempt *attempt, const struct exchange *exchange,
                                  int status, struct str body)
{
    const struct exchange_reply reply = {
        .outcome = EXCHANGE_REPLIED, .status = status, .body = body};
    struct step step = {0};

    image()->reply(attempt, exchange, &reply, &step);
    return step;
}
