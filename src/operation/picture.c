/* Bytes become a kept picture, and a kept picture becomes one that can be shown. */
#include "operation/operation_private.h"

#include "core/log.h"
#include "core/text.h"

#include <stdio.h>

enum {
    PICTURE_MEMORY_MAX = 1 << 28,
    MISSING_SIZE_MAX = 1000,
    REVISED_SIZE_MAX = 8000,
    REVISED_SIZE_SUM = 16000, /* a run shows the outputs of five hundred tasks at once */
};

struct str picture_words(struct str text, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf clean = {0};
    CLEANUP(buf_finish) struct buf one = {0};
    uint32_t code_point;

    text = text_clip(text, 32000);
    while (text_next(&text, &code_point)) {
        buf_clear(&one);
        text_add_code_point(&one, code_point);
        if (!text_has_control(buf_str(&one)))
            buf_add(&clean, buf_str(&one));
    }
    return arena_str(arena, buf_str(&clean));
}

struct str revised_words(struct str text, size_t count, struct arena *arena)
{
    size_t size_max = REVISED_SIZE_SUM / (count == 0 ? 1 : count);

    if (size_max > REVISED_SIZE_MAX)
        size_max = REVISED_SIZE_MAX;
    return picture_words(text_clip(text, size_max), arena);
}

struct str missing_words(struct str text, struct arena *arena)
{
    return str_trim(picture_words(text_clip(text, MISSING_SIZE_MAX), arena));
}

bool picture_keep(struct attempt *attempt, struct str bytes, const struct image_label *label,
                  struct result_picture *out, struct error *err)
{
    const struct operation_services *services = attempt->services;
    /* Of its own: while the disk is full this is asked again and again. */
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(PICTURE_MEMORY_MAX);
    struct image_info info;
    struct blob blob;

    if (!image_probe(bytes, &services->limits, &info, err))
        return false;
    if (label != NULL &&
        (info.type == IMAGE_PNG || info.type == IMAGE_JPEG || info.type == IMAGE_WEBP)) {
        if (!image_label_write(bytes, info.type, label, arena, &bytes, err))
            return false;
        out->source_type = str_of(label->source_type);
        out->system = label->system;
        out->labelled_at = label->created_at;
    }
    if (!blob_put(services->blobs, bytes, &blob, err))
        return false;
    out->blob = arena_str(attempt->arena, str_of(blob.name));
    out->mime = str_of(image_mime(info.type));
    out->size = blob.size;
    out->width_px = info.width_px;
    out->height_px = info.height_px;
    return true;
}

static bool keep_variants(struct attempt *attempt, const struct image_shown *shown,
                          struct result_picture *picture, struct error *err)
{
    const struct operation_services *services = attempt->services;
    struct result_variant *variants =
        ARENA_ARRAY(attempt->arena, struct result_variant, IMAGE_VARIANT_COUNT);
    size_t count = 0;

    for (int which = 0; which < IMAGE_VARIANT_COUNT; which++) {
        struct blob blob;

        if (shown->variants[which].size == 0)
            continue;
        if (!blob_put(services->blobs, shown->variants[which], &blob, err))
            return false;
        variants[count++] = (struct result_variant){
            .name = str_of(image_variant_name((enum image_variant)which)),
            .blob = arena_str(attempt->arena, str_of(blob.name)),
            .size = blob.size,
        };
    }
    picture->variants = (struct list){.items = variants, .count = count};
    return true;
}

bool picture_refine(struct attempt *attempt, struct result_picture *picture, struct error *err)
{
    const struct operation_services *services = attempt->services;
    /* Of its own, so that many large pictures of one task do not stand in memory together. */
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(PICTURE_MEMORY_MAX);
    CLEANUP(buf_finish) struct buf hash = {0};
    struct image_info info;
    struct image_shown shown;
    struct str bytes;

    if (!blob_get(services->blobs, picture->blob, PICTURE_MEMORY_MAX, arena, &bytes, err) ||
        !image_probe(bytes, &services->limits, &info, err) ||
        !image_show(bytes, &info, (1U << IMAGE_VARIANT_COUNT) - 1, arena, &shown, err) ||
        !keep_variants(attempt, &shown, picture, err))
        return false;
    base64_add(&hash, shown.thumbhash);
    picture->thumbhash = arena_str(attempt->arena, buf_str(&hash));
    picture->color = arena_printf(attempt->arena, "#%06x", shown.average_rgb & 0xFFFFFFU);
    return true;
}

void result_blobs(const struct result *result, struct arena *arena, struct step *out)
{
    const struct result_picture *pictures = result->pictures.items;
    struct blob *blobs = ARENA_ARRAY(arena, struct blob, result->pictures.count);
    size_t count = 0;

    for (size_t index = 0; index < result->pictures.count; index++) {
        const struct str name = pictures[index].blob;

        blobs[count] = (struct blob){.size = pictures[index].size};
        if (!sha256_of_hex(name, &blobs[count].hash))
            continue; /* there is no such file */
        sha256_hex(&blobs[count].hash, blobs[count].name);
        count++;
    }
    out->blobs = blobs;
    out->blob_count = count;
}

/* A file that is gone or broken stays so.  Whatever else is wrong may pass or be mended (a disk
 * that fails, a limit that was lowered), and what was kept waits for that. */
static bool is_lost(const struct error *err)
{
    return err->code == ERROR_NOT_FOUND || err->code == ERROR_PICTURE_BROKEN ||
           err->code == ERROR_PICTURE_TYPE;
}

void result_refuse(struct attempt *attempt, const struct error *err, bool is_gone, struct step *out)
{
    if (attempt->provider.id == 0) { /* nothing was paid or kept */
        step_fail_error(attempt, out, err, CHARGED_NO);
    } else if (is_gone) {
        log_warn("result_lost", LOG_INT("task", attempt->task_id), LOG_CSTR("why", err->message));
        step_fail(attempt, out, FAILURE_RESULT_LOST, CHARGED_YES,
                  "what was paid for was kept, but is of no use: %s; trying again asks for it anew,"
                  " and is paid anew",
                  err->message);
    } else if (err->code == ERROR_TOO_LARGE) { /* for the memory that is left now */
        step_fail(attempt, out, FAILURE_LOCAL, CHARGED_YES, "%s", err->message);
    } else {
        step_fail_error(attempt, out, err, CHARGED_YES);
    }
}

void pictures_refine(struct attempt *attempt, struct str kept, struct step *out)
{
    CLEANUP(buf_finish) struct buf output = {0};
    struct result result;
    struct result_picture *pictures;
    struct error err = {0};

    if (!result_read(kept, attempt->arena, &result, &err)) {
        result_refuse(attempt, &err, true, out);
        return;
    }
    result_blobs(&result, attempt->arena, out);
    pictures = result.pictures.items;
    for (size_t index = 0; index < result.pictures.count; index++) {
        if (!picture_refine(attempt, &pictures[index], &err)) {
            if (err.code == ERROR_STORAGE_FULL) /* no fault of the task's, whatever it takes */
                out->type = STEP_AGAIN;
            else
                result_refuse(attempt, &err, is_lost(&err), out);
            return;
        }
    }
    result_write(&result, &output);
    out->type = STEP_DONE;
    out->output = arena_str(attempt->arena, buf_str(&output));
}
