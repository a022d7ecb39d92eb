/* provider/replicate_private.h: Replicate's catalogue (replicate_models.c), for replicate.c. */
#pragma once

#include "provider/queue_private.h"

#define REPLICATE_MODEL_COUNT 12
extern const struct provider_model replicate_models[REPLICATE_MODEL_COUNT];
extern const struct provider_model replicate_model_default;
extern const struct queue_row replicate_rows[REPLICATE_MODEL_COUNT];
const struct queue_row *replicate_row_default(struct str model);
