/* provider/bfl_private.h: BFL's catalogue (bfl_models.c), for bfl.c. */
#pragma once

#include "provider/queue_private.h"

#define BFL_MODEL_COUNT 13
extern const struct provider_model bfl_models[BFL_MODEL_COUNT];
extern const struct provider_model bfl_model_default;
extern const struct queue_row bfl_rows[BFL_MODEL_COUNT];
const struct queue_row *bfl_row_default(struct str model);
