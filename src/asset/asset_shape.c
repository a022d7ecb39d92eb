/* How pictures and recipes are shown. */
#include "asset/asset_private.h"

/* clang-format off */
#define LABEL(member) offsetof(struct asset_label, member)
static const struct field label_fields[] = {
    {"source_type", FIELD_TEXT, LABEL(source_type), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "IPTC DigitalSourceType."},
    {"system", FIELD_TEXT, LABEL(system), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The AI system that made it; may be empty."},
    {"created_at", FIELD_TIME, LABEL(created_at_ms), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "When it was made, if the label says so."},
};
static const struct shape label_shape = SHAPE("AssetLabel", struct asset_label, label_fields);

#define ASSET(member) offsetof(struct asset, member)
/* The rows of a picture; its detail has them too, and its recipe behind them. */
#define ASSET_FIELDS \
    {"id", FIELD_ID, ASSET(id), FIELD_REQUIRED, 0, 0, NULL, NULL, "The picture's id."}, \
    {"name", FIELD_TEXT, ASSET(name), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "The file's name, or the prompt's beginning."}, \
    {"kind", FIELD_ENUM, ASSET(kind), FIELD_REQUIRED, 0, 0, NULL, asset_kinds, \
     "Where it came from."}, \
    {"mime", FIELD_TEXT, ASSET(mime), FIELD_REQUIRED, 0, 0, NULL, NULL, "Of the original."}, \
    {"width_px", FIELD_INT, ASSET(width_px), FIELD_REQUIRED, 0, 0, NULL, NULL, "Upright."}, \
    {"height_px", FIELD_INT, ASSET(height_px), FIELD_REQUIRED, 0, 0, NULL, NULL, "Upright."}, \
    {"size", FIELD_INT, ASSET(size), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "Bytes of the original."}, \
    {"thumbhash", FIELD_TEXT, ASSET(thumbhash), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "A tiny picture of it (npm: thumbhash), in base64."}, \
    {"average_color", FIELD_TEXT, ASSET(color), FIELD_REQUIRED, 0, 0, NULL, NULL, "#rrggbb."}, \
    {"rating", FIELD_INT, ASSET(rating), FIELD_REQUIRED, 0, 5, NULL, NULL, "Stars; 0: none."}, \
    {"is_starred", FIELD_BOOL, ASSET(is_starred), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "Marked as a favourite."}, \
    {"tags", FIELD_TEXTS, ASSET(tags), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "Names of its tags."}, \
    {"created_at", FIELD_TIME, ASSET(created_at_ms), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "When it came in."}, \
    {"trashed_at", FIELD_TIME, ASSET(trashed_at_ms), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, \
     NULL, "When it went to the trash."}, \
    {"run_id", FIELD_ID, ASSET(run_id), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL, \
     "The run that made it."}, \
    {"task_id", FIELD_ID, ASSET(task_id), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL, \
     "The task that made it."}, \
    {"product_id", FIELD_ID, ASSET(product_id), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL, \
     "What it was made for; null: nothing."}, \
    {"etag", FIELD_TEXT, ASSET(etag), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "Changes with each edit; for If-Match."}, \
    {"label", FIELD_MAYBE, ASSET(label), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, &label_shape, \
     NULL, "The AI label inside the bytes."}
static const struct field asset_fields[] = {ASSET_FIELDS};
const struct shape asset_shape = SHAPE("Asset", struct asset, asset_fields);

#define RECIPE(member) offsetof(struct recipe, member)
static const struct field recipe_fields[] = {
    {"operation", FIELD_TEXT, RECIPE(operation), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What made it: \"image.generate\"."},
    {"provider_id", FIELD_ID, RECIPE(provider_id), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL,
     NULL, "The account it was made with."},
    {"provider_name", FIELD_TEXT, RECIPE(provider_name), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The account's name at that time."},
    {"model", FIELD_TEXT, RECIPE(model), FIELD_REQUIRED, 0, 0, NULL, NULL, "The model's wire id."},
    {"prompt", FIELD_TEXT, RECIPE(prompt), FIELD_REQUIRED, 0, 0, NULL, NULL, "As it was written."},
    {"revised_prompt", FIELD_TEXT, RECIPE(revised_prompt), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What the provider made of it; empty: it did not say."},
    {"negative_prompt", FIELD_TEXT, RECIPE(negative_prompt), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What was not wanted."},
    {"parameters", FIELD_JSON, RECIPE(parameters), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "All of the operation's parameters, to make it again."},
    {"references", FIELD_TEXTS, RECIPE(references), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Ids of the pictures it was made from."},
    {"seed", FIELD_INT, RECIPE(seed), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL,
     "Null when the model takes none."},
    {"cost_micro", FIELD_INT, RECIPE(cost_micro), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL,
     NULL, "Its share of the task's cost in micro-units; null when unknown."},
    {"currency", FIELD_TEXT, RECIPE(currency), FIELD_REQUIRED, 0, 0, NULL, NULL, "Of the cost."},
    {"started_at", FIELD_TIME, RECIPE(started_at_ms), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL,
     NULL, "When its task was first claimed."},
    {"finished_at", FIELD_TIME, RECIPE(finished_at_ms), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0,
     NULL, NULL, "When it was done."},
    {"took_ms", FIELD_INT, RECIPE(took_ms), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "From one to the other."},
    {"request_id", FIELD_TEXT, RECIPE(request_id), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The provider's name for the request, for its support."},
    {"dropped", FIELD_TEXT, RECIPE(dropped), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Parameters the provider refused by name, so that it made the picture without them;"
     " comma-separated, empty when it took all."},
};
const struct shape recipe_shape = SHAPE("Recipe", struct recipe, recipe_fields);

_Static_assert(offsetof(struct asset_detail, asset) == 0, "its rows are the picture's");
static const struct field detail_fields[] = {
    ASSET_FIELDS,
    {"recipe", FIELD_MAYBE, offsetof(struct asset_detail, recipe), FIELD_REQUIRED | FIELD_NULLABLE,
     0, 0, &recipe_shape, NULL, "How it was made; null for uploads."},
};
/* clang-format on */
const struct shape asset_detail_shape = SHAPE("AssetDetail", struct asset_detail, detail_fields);
