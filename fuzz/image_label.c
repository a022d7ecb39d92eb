/* Any bytes: a label that can be written is read back, once. */
#include "fuzz.h"
#include "image/image.h"

static const struct image_label label = {
    .source_type = "trainedAlgorithmicMedia",
    .system = {"System <&> \"1\"",     14},
    .created_at = {"2026-11-22T10:00:00Z", 20},
    .producer_code = {"CODE",                 4 },
    .produce_id = {"17",                   2 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {.data = (const char *)data, .size = size};

    for (int type = IMAGE_PNG; type <= IMAGE_WEBP; type++) {
        struct arena *arena = arena_create(MIB(64));
        struct image_label found;
        struct str labelled, again;
        struct error err = {0};
        bool is_found = false;

        if (image_label_write(bytes, (enum image_type)type, &label, arena, &labelled, &err)) {
            MUST(image_label_read(labelled, (enum image_type)type, arena, &is_found, &found, &err));
            MUST(is_found && str_equal(str_of(found.source_type), str_of(label.source_type)));
            MUST(str_equal(found.system, label.system));
            MUST(str_equal(found.created_at, label.created_at));
            MUST(str_equal(found.producer_code, label.producer_code));
            MUST(str_equal(found.produce_id, label.produce_id));
            MUST(image_label_write(labelled, (enum image_type)type, &label, arena, &again, &err));
            MUST(str_equal(labelled, again));
        } else {
            MUST(err.code == ERROR_PICTURE_BROKEN);
            MUST(!image_label_read(bytes, (enum image_type)type, arena, &is_found, &found, &err));
        }
        arena_destroy(arena);
    }
    return 0;
}
