/* provider/fal_private.h: fal's catalogue (fal_models.c), for fal.c. */
#pragma once

#include "provider/queue_private.h"

#define FAL_MODEL_COUNT 20
extern const struct provider_model fal_models[FAL_MODEL_COUNT];
extern const struct provider_model fal_model_default;
extern const struct queue_row fal_rows[FAL_MODEL_COUNT];
const struct queue_row *fal_row_default(struct str model);
