/* provider/volc_visual_private.h: what the volc_visual kind's files share: models, flows, a call.
 */
#pragma once

#include "provider/provider_private.h"

/* How a capability is asked for (facts 4B); written into remote ids. */
enum visual_flow {
    VISUAL_SYNC,       /* CVProcess */
    VISUAL_SYNC2ASYNC, /* CVSync2AsyncSubmitTask, CVSync2AsyncGetResult */
    VISUAL_TASK,       /* CVSubmitTask, CVGetResult */
    VISUAL_FLOW_COUNT
};
struct visual_actions {
    const char *name;           /* the account's choice, and in remote ids */
    const char *submit, *fetch; /* fetch NULL: the reply is the result */
};
extern const struct visual_actions visual_flows[VISUAL_FLOW_COUNT];
extern const char *const visual_flow_names[]; /* for the form */

/* What a req_key has beyond provider_model. */
struct visual_traits {
    const char *req_key;
    enum visual_flow flow;
    double scale_max;
    int64_t prompt_max; /* characters; 0: not said */
    int64_t references_min;
    bool scale_is_int, has_pre_llm, has_single, is_upscale;
};

#define VISUAL_MODEL_COUNT 10
extern const struct provider_model visual_models[VISUAL_MODEL_COUNT];
extern const struct provider_model visual_model_default;

/* One request on its way. */
struct visual_call {
    const struct provider_account *account;
    const struct provider_request *request;
    struct provider_model model;
    struct visual_traits traits;
};
void visual_call_init(struct visual_call *call, const struct provider_account *account,
                      const struct provider_request *request);
/* Fails with the field that the model does not take. */
MUST_CHECK bool visual_check(const struct visual_call *call, struct error *err);
MUST_CHECK bool visual_build(const struct visual_call *call, struct arena *arena,
                             struct exchange *out, struct error *err);

/* Work that was accepted: "volc1:FLOW:REQ_KEY:TASK_ID", none longer than 64 bytes. */
struct visual_work {
    enum visual_flow flow;
    struct str req_key, task_id;
};
struct str visual_remote_id(const struct visual_work *work, struct arena *arena);
MUST_CHECK bool visual_work_read(struct str remote_id, struct visual_work *out, struct error *err);
bool visual_is_id(struct str text); /* letters, digits, . _ - */
/* The exchange that asks for it; `purpose` is POLL or PROBE. */
MUST_CHECK bool visual_fetch(const struct provider_account *account, const struct visual_work *work,
                             enum exchange_purpose purpose, struct arena *arena,
                             struct exchange *out, struct error *err);
