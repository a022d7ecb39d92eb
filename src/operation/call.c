/* What operations share that ask a provider's model: pictures that go in, and work that waits. */
#include "operation/operation_private.h"

enum {
    PICTURE_QUALITY = 92,
    PICTURE_SIZE_MAX = 1 << 28,
    OUTPUT_MEMORY_MAX = 1 << 28, /* of the output of one task */
};

bool call_has_provider(struct attempt *attempt, struct step *out)
{
    if (attempt->provider.kind == NULL)
        step_fail(attempt, out, FAILURE_INVALID, CHARGED_NO,
                  "the provider of this task was deleted");
    else if (!attempt->provider.is_enabled)
        step_fail(attempt, out, FAILURE_INVALID, CHARGED_NO,
                  "the provider of this task is switched off");
    else
        return true;
    return false;
}

/* A stable name for the user that says nothing about the person. */
struct str call_safety_id(struct attempt *attempt)
{
    const struct sha256 hash =
        sha256_of(arena_printf(attempt->arena, "vitrine user %" PRId64, attempt->user_id));
    char hex[SHA256_HEX_SIZE + 1];

    sha256_hex(&hash, hex);
    return arena_str(attempt->arena, str_slice(str_of(hex), 0, 32));
}

bool call_picture(struct attempt *attempt, const struct input_picture *input, struct str name,
                  bool as_is, int side_px_max, struct provider_image *out, struct error *err)
{
    const struct operation_services *services = attempt->services;
    struct image_info info;
    struct str bytes;
    enum image_type to;

    if (!blob_get(services->blobs, input->blob, PICTURE_SIZE_MAX, attempt->arena, &bytes, err) ||
        !image_probe(bytes, &services->limits, &info, err))
        return false;
    /* One form for every provider and the same bytes each time: upright, sRGB, without metadata. */
    to = info.has_alpha || as_is ? IMAGE_PNG : IMAGE_JPEG;
    if (!image_convert(bytes, &info, to, as_is ? 0 : side_px_max, PICTURE_QUALITY, attempt->arena,
                       &out->bytes, err))
        return false;
    out->mime = str_of(image_mime(to));
    out->name = arena_printf(attempt->arena, "%.*s.%s", STR_ARGS(name), image_extension(to));
    return true;
}

static struct input_picture input_of(const struct result_picture *picture, struct arena *arena)
{
    return (struct input_picture){.blob = arena_str(arena, picture->blob),
                                  .mime = arena_str(arena, picture->mime)};
}

void call_settings(const struct json *options, struct arena *arena, struct provider_request *out)
{
    struct provider_setting *settings =
        ARENA_ARRAY(arena, struct provider_setting, PROVIDER_SETTINGS_MAX);
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str name;

    while (out->setting_count < PROVIDER_SETTINGS_MAX &&
           json_next(options, &cursor, &name, &value)) {
        if (json_is(value, JSON_NULL))
            continue;
        settings[out->setting_count++] = (struct provider_setting){
            .name = arena_str(arena, name),
            .text = json_is(value, JSON_TEXT) ? arena_str(arena, json_text(value))
                                              : json_print(value, arena),
        };
    }
    out->settings = settings;
}

/* What one edge brings: the names of its pictures, and nothing else of what the task before wrote.
 */
static bool add_upstream(struct attempt *attempt, const struct upstream *upstream,
                         struct task_inputs *inputs, struct input_picture *all, size_t *count,
                         struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(OUTPUT_MEMORY_MAX);
    struct result result;
    const struct result_picture *pictures;

    if (upstream->output.size == 0)
        return error_set(err, ERROR_TOO_MANY,
                         "what the tasks before this one made is more than it has room for");
    if (!result_read(upstream->output, arena, &result, err))
        return false;
    pictures = result.pictures.items;
    if (str_equal(upstream->to_port, STR("mask"))) {
        if (result.pictures.count > 0) {
            inputs->mask = ARENA_NEW(attempt->arena, struct input_picture);
            *inputs->mask = input_of(&pictures[0], attempt->arena);
        }
        return true;
    }
    for (size_t index = 0; index < result.pictures.count; index++) {
        if (*count < REFERENCES_MAX)
            all[*count] = input_of(&pictures[index], attempt->arena);
        ++*count;
    }
    return true;
}

bool call_inputs(struct attempt *attempt, struct task_inputs *inputs, struct error *err)
{
    struct input_picture *all = ARENA_ARRAY(attempt->arena, struct input_picture, REFERENCES_MAX);
    size_t count;

    if (!task_inputs_read(attempt->inputs, attempt->arena, inputs, err))
        return false;
    count = inputs->images.count;
    for (size_t index = 0; index < count && index < REFERENCES_MAX; index++)
        all[index] = ((struct input_picture *)inputs->images.items)[index];
    for (size_t index = 0; index < attempt->upstream_count; index++)
        if (!add_upstream(attempt, &attempt->upstream[index], inputs, all, &count, err))
            return false;
    /* How many an edge brings is known only now. */
    if (count > REFERENCES_MAX)
        return error_field(err, ERROR_TOO_MANY, "inputs.images", REFERENCES_MAX,
                           "%zu reference pictures came together; %d are the most", count,
                           REFERENCES_MAX);
    inputs->images = (struct list){.items = all, .count = count};
    return true;
}

void call_step(const struct provider_verdict *verdict, struct step *out)
{
    switch (verdict->type) {
    case VERDICT_DONE:
        return; /* what to do with it is the operation's own */
    case VERDICT_WAIT:
        if (remote_id_is_own(verdict->remote_id)) {
            out->type = STEP_FAILED;
            out->failure = (struct provider_failure){
                .class = FAILURE_UNKNOWN,
                .charged = CHARGED_MAYBE,
                .retry_after_ms = -1,
                .message = STR("the provider gave its work a name that is none"),
            };
            return;
        }
        out->type = STEP_WAIT;
        out->remote_id = verdict->remote_id;
        out->poll_after_ms = verdict->poll_after_ms;
        out->progress = verdict->progress;
        return;
    case VERDICT_NEXT:
        out->type = STEP_EXCHANGE;
        out->exchange = verdict->next;
        return;
    case VERDICT_FAILED:
        out->type = STEP_FAILED;
        out->failure = verdict->failure;
        return;
    }
}

void call_poll(struct attempt *attempt, call_prepare *prepare, struct step *out)
{
    const struct provider_kind *kind = attempt->provider.kind;
    struct error err = {0};

    if (kind == NULL || kind->poll == NULL) {
        step_fail(attempt, out, FAILURE_UNKNOWN, CHARGED_MAYBE,
                  "the provider of this task is gone");
        return;
    }
    if (!prepare(attempt, &err) ||
        !kind->poll(&attempt->provider.account, attempt->prior->remote_id, attempt->arena,
                    &out->exchange, &err)) {
        step_fail_error(attempt, out, &err, CHARGED_MAYBE);
        return;
    }
    out->type = STEP_EXCHANGE;
}

void call_give_up(struct attempt *attempt, call_prepare *prepare, struct step *out)
{
    const struct provider_kind *kind = attempt->provider.kind;
    struct error err = {0};

    if (kind == NULL || kind->cancel == NULL) {
        call_poll(attempt, prepare, out); /* there is no way to stop it: what comes is kept */
        return;
    }
    if (!prepare(attempt, &err) ||
        !kind->cancel(&attempt->provider.account, attempt->prior->remote_id, attempt->arena,
                      &out->exchange, &err)) {
        step_fail_error(attempt, out, &err, CHARGED_MAYBE);
        return;
    }
    out->type = STEP_EXCHANGE;
}

void call_look_up(struct attempt *attempt, call_prepare *prepare, struct step *out)
{
    const struct provider_kind *kind = attempt->provider.kind;
    struct error err = {0};

    if (!prepare(attempt, &err) || !kind->look_up(&attempt->provider.account, attempt->call_key,
                                                  attempt->arena, &out->exchange, &err)) {
        step_fail_error(attempt, out, &err, CHARGED_MAYBE);
        return;
    }
    out->type = STEP_EXCHANGE;
}
