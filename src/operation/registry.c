/* All that a node can do.  In a file of its own, so that a program may have another list
 * (bench/jobs_server.c). */
#include "operation/operation_private.h"

static const struct operation *const registry[] = {
    &operation_image_generate, &operation_image_edit,     &operation_asset_fetch,
    &operation_prompt_expand,  &operation_image_describe, NULL,
};

static const struct engine_operation *const engine_registry[] = {
    &operation_image_generate.engine, &operation_image_edit.engine,
    &operation_asset_fetch.engine,    &operation_prompt_expand.engine,
    &operation_image_describe.engine, NULL,
};
_Static_assert(COUNT(registry) == COUNT(engine_registry), "each operation is in both");

const struct operation *const *operations(void) { return registry; }

const struct engine_operation *const *operations_for_engine(void) { return engine_registry; }

const struct operation *operation_find(struct str name)
{
    for (size_t index = 0; registry[index] != NULL; index++)
        if (str_equal(name, str_of(registry[index]->engine.name)))
            return registry[index];
    return NULL;
}
