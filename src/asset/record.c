/* A task's result becomes pictures, in the transaction that ends the task. */
#include "asset/asset_private.h"

#include "core/text.h"

#include <inttypes.h>

/* Of one result: its JSON twice, and rows. */
#define RECORD_MEMORY_MAX MIB(64)

/* What all pictures of the result share. */
struct record {
    struct asset_service *service;
    const struct task_result *task;
    struct result result;
    struct recipe recipe;
    struct arena *arena;
};

/* The pictures it was made from: references, then the mask. */
static bool read_references(struct record *record, struct error *err)
{
    struct task_inputs inputs;
    const struct input_picture *images;
    struct text_list ids = {0};

    if (record->task->inputs.size == 0)
        return true;
    if (!task_inputs_read(record->task->inputs, record->arena, &inputs, err))
        return false;
    images = inputs.images.items;
    ids.items = ARENA_ARRAY(record->arena, struct str, inputs.images.count + 1);
    for (size_t i = 0; i < inputs.images.count; i++)
        if (images[i].asset.size > 0)
            ids.items[ids.count++] = images[i].asset;
    if (inputs.mask != NULL && inputs.mask->asset.size > 0)
        ids.items[ids.count++] = inputs.mask->asset;
    record->recipe.references = ids;
    return true;
}

static bool read_parameters(struct record *record, struct error *err)
{
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct recipe *recipe = &record->recipe;

    if (!json_read(record->task->parameters, &parameters, err))
        return false;
    recipe->prompt = arena_str(record->arena, json_text(json_get(parameters, "prompt")));
    recipe->negative_prompt =
        arena_str(record->arena, json_text(json_get(parameters, "negative_prompt")));
    recipe->seed = json_int_or(json_get(parameters, "seed"), -1);
    return true;
}

static bool read_all(struct record *record, struct db *db, struct error *err)
{
    const struct task_result *task = record->task;

    record->recipe = (struct recipe){
        .operation = task->operation,
        .model = task->model,
        .parameters = task->parameters,
        .currency = task->currency,
        .started_at_ms = task->started_at_ms,
        .finished_at_ms = task->now_ms,
    };
    if (!result_read(task->output, record->arena, &record->result, err) ||
        !read_parameters(record, err) || !read_references(record, err))
        return false;
    record->recipe.provider_name = record->result.provider_name;
    record->recipe.request_id = record->result.request_id;
    record->recipe.dropped = record->result.dropped;
    return task->provider_id == 0 || recipe_store_provider(db, task->provider_id, record->arena,
                                                           &record->recipe.provider_id, err);
}

/* The task's cost in equal shares; what does not divide goes to the first. */
static int64_t share_of(int64_t cost_micro, size_t count, size_t index)
{
    int64_t parts = (int64_t)count;

    if (cost_micro < 0)
        return -1;
    return cost_micro / parts + (index == 0 ? cost_micro % parts : 0);
}

static struct asset_label *label_of(const struct result_picture *picture, struct arena *arena)
{
    struct asset_label *label;

    if (picture->source_type.size == 0)
        return NULL;
    label = ARENA_NEW(arena, struct asset_label);
    *label = (struct asset_label){.source_type = picture->source_type, .system = picture->system};
    if (!clock_parse(picture->labelled_at, &label->created_at_ms))
        label->created_at_ms = 0;
    return label;
}

static void take_variants(const struct result_picture *picture, struct asset_new *fresh)
{
    const struct result_variant *variants = picture->variants.items;

    for (size_t i = 0; i < picture->variants.count; i++) {
        for (int which = 0; which < IMAGE_VARIANT_COUNT; which++) {
            if (!str_equal(variants[i].name, str_of(image_variant_name((enum image_variant)which))))
                continue;
            fresh->asset.variants[which] = variants[i].blob;
            fresh->variant_sizes[which] = variants[i].size;
        }
    }
}

static struct str name_of(const struct record *record, const struct result_picture *picture)
{
    if (picture->name.size > 0)
        return asset_name_of_file(picture->name, record->arena);
    return asset_name_of_prompt(record->recipe.prompt, record->arena);
}

static bool record_picture(const struct record *record, struct db *db, size_t index,
                           struct error *err)
{
    const struct task_result *task = record->task;
    const struct result_picture *picture =
        (const struct result_picture *)record->result.pictures.items + index;
    const struct asset_config *config = &record->service->config;
    struct id id = id_make(config->clock, config->random);
    struct recipe recipe = record->recipe;
    struct asset_new fresh = {
        .asset = {.id = id_str(&id),
                  .user_id = task->user_id,
                  .kind = picture->kind,
                  .name = name_of(record, picture),
                  .blob = picture->blob,
                  .mime = picture->mime,
                  .size = picture->size,
                  .width_px = picture->width_px,
                  .height_px = picture->height_px,
                  .thumbhash = picture->thumbhash,
                  .color = picture->color,
                  .run_id = task->run_public_id,
                  .task_id = task->task_public_id,
                  .product_id = task->product,
                  .created_at_ms = task->now_ms,
                  .label = label_of(picture, record->arena)},
        .recipe = &recipe,
        .run_row_id = task->run_id,
        .task_row_id = task->task_id,
        .result_index = (int64_t)index,
    };
    bool has;

    recipe.revised_prompt = picture->revised_prompt;
    recipe.cost_micro = share_of(task->cost_micro, record->result.pictures.count, index);
    if (picture->has_seed)
        recipe.seed = picture->seed;
    take_variants(picture, &fresh);
    if (!asset_store_has_result(db, task->task_id, (int64_t)index, picture->blob, &has, err))
        return false;
    return has || asset_store_add(db, &fresh, record->arena, err);
}

bool asset_record_result(void *context, struct db *db, const struct task_result *result,
                         struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(RECORD_MEMORY_MAX);
    struct record record = {.service = context, .task = result, .arena = arena};

    if (!read_all(&record, db, err))
        return false;
    for (size_t index = 0; index < record.result.pictures.count; index++)
        if (!record_picture(&record, db, index, err))
            return false;
    return true;
}
