/* provider/comfyui_view.c: a workflow as somebody looks at it before it is kept. */
#include "provider/comfyui_private.h"

#include "core/text.h"

enum { VALUE_MAX = 200, TITLE_MAX = 100 };

const char *const provider_workflow_notes[] = {[COMFYUI_NOTE_NO_PROMPT] = "no_prompt",
                                               [COMFYUI_NOTE_SAMPLERS] = "samplers",
                                               [COMFYUI_NOTE_DIFFERS] = "differs",
                                               [COMFYUI_NOTE_TEXTS] = "texts",
                                               [COMFYUI_NOTE_SHARED] = "shared",
                                               [COMFYUI_NOTE_STEPS] = "steps",
                                               [COMFYUI_NOTE_LINKED] = "linked",
                                               [COMFYUI_NOTE_PREVIEW] = "preview",
                                               [COMFYUI_NOTE_MORE] = "more",
                                               [COMFYUI_NOTE_CROWD] = "crowd",
                                               NULL};

/* In the order of enum comfyui_parameter (a test holds them to it). */
const char *const provider_workflow_parameters[] = {
    "prompt",  "negative",  "seed",    "width", "height", "count", "steps", "cfg",
    "sampler", "scheduler", "denoise", "model", "mask",   "image", NULL};

static struct str title_of(const struct json *node)
{
    return text_clip(json_text(json_path(node, "_meta.title")), TITLE_MAX);
}

static struct str shown_value(const struct json *value, struct arena *arena)
{
    const struct str digits = json_digits(value);

    if (json_is(value, JSON_TEXT))
        return arena_str(arena, text_clip(json_text(value), VALUE_MAX));
    return digits.size > 0 ? arena_str(arena, text_clip(digits, VALUE_MAX))
                           : json_print(value, arena);
}

/* "": what stands there is nothing that a parameter could be put into. */
static const char *type_of(const struct json *node, const struct json *value)
{
    if (comfyui_input_fits(COMFYUI_SEED, value))
        return "number";
    if (!comfyui_input_fits(COMFYUI_PROMPT, value))
        return "";
    return str_starts_with(json_text(json_get(node, "class_type")), STR("LoadImage")) ? "picture"
                                                                                      : "text";
}

static struct provider_workflow_input make_input(const struct json *node, struct str id,
                                                 struct str input, const struct json *value,
                                                 struct arena *arena)
{
    return (struct provider_workflow_input){
        .node = arena_str(arena, id),
        .title = arena_str(arena, title_of(node)),
        .class = arena_str(arena, json_text(json_get(node, "class_type"))),
        .input = arena_str(arena, input),
        .type = str_of(type_of(node, value)),
        .value = shown_value(value, arena),
    };
}

static struct list list_inputs(const struct json *graph, struct arena *arena)
{
    struct provider_workflow_input *items = NULL;
    struct json_cursor cursor = {0};
    const struct json *node, *value;
    struct str id, name;
    size_t count = 0;

    while (json_next(graph, &cursor, &id, &node)) {
        struct json_cursor inner = {0};

        while (count < PROVIDER_WORKFLOW_INPUTS_MAX &&
               json_next(json_get(node, "inputs"), &inner, &name, &value)) {
            if (type_of(node, value)[0] == '\0')
                continue;
            items = arena_more(arena, items, sizeof(*items), count);
            items[count++] = make_input(node, id, name, value, arena);
        }
    }
    return (struct list){.items = items, .count = count};
}

static struct list list_targets(const struct json *graph, const struct comfyui_target *targets,
                                size_t count, struct arena *arena)
{
    struct provider_workflow_input *items =
        ARENA_ARRAY(arena, struct provider_workflow_input, count);

    for (size_t i = 0; i < count; i++) {
        const struct json *node = comfyui_member(graph, targets[i].node);

        items[i] = make_input(node, targets[i].node, targets[i].input, targets[i].value, arena);
        items[i].parameter = str_of(comfyui_parameter_name(targets[i].parameter));
    }
    return (struct list){.items = items, .count = count};
}

static struct list list_notes(const struct json *graph, const struct comfyui_found *found,
                              struct arena *arena)
{
    struct provider_workflow_note *items =
        ARENA_ARRAY(arena, struct provider_workflow_note, found->note_count);

    for (size_t i = 0; i < found->note_count; i++) {
        const struct json *node = comfyui_member(graph, found->notes[i].node);
        const struct str title = title_of(node);

        items[i] = (struct provider_workflow_note){
            .code = str_of(provider_workflow_notes[found->notes[i].note]),
            .node = arena_str(arena, found->notes[i].node),
            .title =
                arena_str(arena, title.size > 0 ? title : json_text(json_get(node, "class_type"))),
            .input = arena_str(arena, found->notes[i].input),
        };
    }
    return (struct list){.items = items, .count = found->note_count};
}

bool comfyui_read_workflow(struct str text, const struct json *parameters, struct arena *arena,
                           struct provider_workflow *out, struct error *err)
{
    CLEANUP(comfyui_workflow_finish) struct comfyui_workflow file = {0}, workflow = {0};
    struct provider_workflow seen = {0};
    struct comfyui_found found;

    if (!comfyui_workflow_parse(text, &file, err))
        return false;
    seen.node_count = (int64_t)json_count(file.graph);
    /* Marked by hand: nothing is found, and nothing has to be. */
    seen.is_marked = parameters == NULL && (file.places >> COMFYUI_PROMPT & 1) != 0;
    if (seen.is_marked) {
        *out = seen;
        return true;
    }
    if (!comfyui_workflow_find(file.graph, &found, err))
        return false;
    if (parameters != NULL && !comfyui_workflow_read(text, parameters, &workflow, err))
        return false;
    seen.parameters =
        parameters != NULL
            ? list_targets(workflow.graph, workflow.targets, workflow.target_count, arena)
            : list_targets(file.graph, found.targets, found.target_count, arena);
    seen.inputs = list_inputs(file.graph, arena);
    seen.notes = list_notes(file.graph, &found, arena);
    *out = seen;
    return true;
}
