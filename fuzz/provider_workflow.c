/*
 * Whatever somebody takes for a workflow of ComfyUI, and whatever a server says that its nodes
 * take.  The input: a letter, then
 *   f  a file's text: what is found, shown, kept and sent
 *   d  what was declared, a line end, a file's text
 *   o  an option "workflows", checked and asked for as models
 *   i  what /object_info answers to one of an account that has a workflow of its own
 */
#include "core/text.h"
#include "fuzz.h"
#include "provider/comfyui_private.h"

#define KEY "sk-0123456789abcdef"
#define PROMPT "a cup, \"}]%seed%"

/* A field that is named, and one sentence. */
static void check_error(const struct error *err)
{
    MUST(err->code != ERROR_NONE && err->code != ERROR_INTERNAL);
    MUST(err->message[0] != '\0');
}

/* What is sent is one document with the same nodes, in which the prompt is one text. */
static void check_written(const struct comfyui_workflow *workflow)
{
    CLEANUP(buf_finish) struct buf out = {0};
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct comfyui_values values = {.asked = UINT32_MAX};
    struct json_writer writer;
    struct error err = {0};

    values.items[COMFYUI_PROMPT] = (struct comfyui_value){.type = VALUE_TEXT, .text = STR(PROMPT)};
    json_writer_init(&writer, &out);
    comfyui_workflow_write(workflow, &values, &writer);
    MUST(json_read(buf_str(&out), &json, &err));
    MUST(json_count(json) == json_count(workflow->graph) + (workflow->mask_node.size > 0));
    MUST(str_find(buf_str(&out), STR("a cup, \\\"}]%seed%")) >= 0);
}

static void check_read(struct str text, const struct json *declared)
{
    CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
    struct error err = {0};

    if (!comfyui_workflow_read(text, declared, &workflow, &err)) {
        check_error(&err);
        return;
    }
    MUST(comfyui_workflow_uses(&workflow, COMFYUI_PROMPT));
    MUST(workflow.image_count <= COMFYUI_IMAGES_MAX);
    MUST(workflow.target_count <= COMFYUI_TARGETS_MAX);
    for (size_t i = 0; i < workflow.target_count; i++)
        MUST(comfyui_input_fits(workflow.targets[i].parameter, workflow.targets[i].value));
    check_written(&workflow);
}

static void check_view(struct str text, const struct json *declared)
{
    struct arena *arena = arena_create(MIB(8));
    struct provider_workflow view;
    struct error err = {0};

    if (!provider_comfyui.read_workflow(text, declared, arena, &view, &err)) {
        check_error(&err);
    } else {
        const struct provider_workflow_input *inputs = view.inputs.items;

        MUST(view.inputs.count <= PROVIDER_WORKFLOW_INPUTS_MAX);
        for (size_t i = 0; i < view.inputs.count; i++)
            MUST(inputs[i].type.size > 0 && text_is_utf8(inputs[i].value) &&
                 text_is_utf8(inputs[i].title));
    }
    arena_destroy(arena);
}

static void feed_file(struct str text, const struct json *declared)
{
    check_read(text, declared);
    check_view(text, declared);
}

static void feed_declared(struct str rest)
{
    CLEANUP(json_cleanup) struct json *declared = NULL;
    const struct str parameters = str_cut(&rest, '\n');
    struct error err;

    if (json_read(parameters, &declared, &err) && declared != NULL)
        feed_file(rest, declared);
}

/* What passed the check is all of it a model that can be asked for. */
static void feed_options(struct str text)
{
    CLEANUP(json_cleanup) struct json *options = NULL;
    struct provider_account account = {.kind = STR("comfyui")};
    struct provider_model *models;
    struct arena *arena = arena_create(MIB(8));
    struct str carried;
    struct error err = {0};

    if (json_read(text, &options, &err) && json_is(options, JSON_OBJECT)) {
        const struct json *list = json_get(options, "workflows");
        size_t count;

        account.options = options;
        (void)provider_comfyui.carry_over(options, arena, &carried);
        count = provider_comfyui.own_models(&account, arena, &models);
        MUST(count <= json_count(list));
        if (list != NULL && provider_comfyui.check_own(list, NULL, &err)) {
            MUST(count == json_count(list) && count <= COMFYUI_OWN_MAX);
            for (size_t i = 0; i < count; i++)
                MUST(models[i].name.size > 0 && models[i].is_own);
        } else if (list != NULL) {
            check_error(&err);
            MUST(str_starts_with(str_of(err.field), STR("options.workflows")));
        }
    }
    arena_destroy(arena);
}

static void feed_offers(struct str body)
{
    static const char own[] =
        "{\"workflows\":[{\"id\":\"own\",\"graph\":\"{\\\"a\\\":{\\\"class_type\\\":\\\"A\\\","
        "\\\"inputs\\\":{\\\"t\\\":\\\"%prompt%\\\",\\\"s\\\":\\\"%sampler%\\\",\\\"m\\\":"
        "\\\"%model%\\\"}}}\"}]}";
    CLEANUP(json_cleanup) struct json *options = NULL;
    struct provider_account account = {.kind = STR("comfyui")};
    const struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED, .status = 200, .body = body};
    struct arena *arena = arena_create(MIB(16));
    struct provider_offers offers = {0}, again;
    struct exchange exchange;
    struct error err = {0};

    MUST(json_read(STR(own), &options, &err));
    account.options = options;
    account.key.hidden = STR(KEY);
    for (size_t number = 0;
         number == 0 || provider_comfyui.ask_offer(&account, number, arena, &exchange); number++) {
        MUST(number < 20);
        if (!provider_comfyui.read_offer(&account, number, &reply, arena, &offers))
            break;
    }
    provider_offers_bound(&offers, STR(KEY));
    if (offers.items.count > 0) {
        const struct str text = provider_offers_write(&offers, arena);

        MUST(str_find(text, STR(KEY)) < 0);
        MUST(provider_offers_read(text, arena, &again, &err));
        MUST(again.items.count == offers.items.count);
    }
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str rest = {.data = (const char *)data + 1, .size = size - 1};

    if (size < 2)
        return 0;
    if (data[0] == 'f')
        feed_file(rest, NULL);
    else if (data[0] == 'd')
        feed_declared(rest);
    else if (data[0] == 'o')
        feed_options(rest);
    else if (data[0] == 'i')
        feed_offers(rest);
    return 0;
}
