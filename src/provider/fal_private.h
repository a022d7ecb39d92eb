/* provider/fal_private.h: what fal's files share: its catalogue, and the reading of results. */
#pragma once

#include "provider/queue_private.h"

#define FAL_MODEL_COUNT 20
extern const struct provider_model fal_models[FAL_MODEL_COUNT];
extern const struct provider_model fal_model_default;
extern const struct queue_row fal_rows[FAL_MODEL_COUNT];
const struct queue_row *fal_row_default(struct str model);
extern const struct queue_catalogue fal_catalogue;

/* DONE, or refused, or lost; false: the body is no result. */
bool fal_read_result(const struct provider_account *account, const struct provider_request *request,
                     const struct json *body, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_verdict *out);
