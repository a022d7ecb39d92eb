/*
 * provider/comfyui_own.c: the workflows of an account's own, as its option "workflows" keeps them:
 * a list of {"id", "name", "graph", "parameters"}.  "id" is the wire id of the model that it is,
 * "name" is for people (empty: the id), "graph" is the file's text, "parameters" is what was
 * declared of it; without them comfyui_workflow_read() decides.
 */
#include "provider/comfyui_private.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

enum { ID_MAX = 60, NAME_MAX = 60 };

static const struct json *workflows_of(const struct provider_account *account)
{
    return json_get(account->options, "workflows");
}

const struct json *comfyui_own_find(const struct provider_account *account, struct str id)
{
    const struct json *list = workflows_of(account);

    for (size_t i = 0; i < json_count(list); i++)
        if (id.size > 0 && str_equal(json_text(json_get(json_item(list, i), "id")), id))
            return json_item(list, i);
    return NULL;
}

const struct json *comfyui_own_at(const struct provider_account *account, size_t index)
{
    return json_item(workflows_of(account), index);
}

bool comfyui_own_read(const struct json *own, struct comfyui_workflow *out, struct error *err)
{
    return comfyui_workflow_read(json_text(json_get(own, "graph")), json_get(own, "parameters"),
                                 out, err);
}

/* --- as models --- */

struct provider_model comfyui_own_model(struct str id, const struct comfyui_workflow *workflow,
                                        bool has_checkpoint, const struct provider_field **options)
{
    struct provider_model model = comfyui_model_own;
    size_t count = 0;

    model.name = id;
    model.has_seed = comfyui_workflow_uses(workflow, COMFYUI_SEED);
    model.has_negative = comfyui_workflow_uses(workflow, COMFYUI_NEGATIVE);
    model.has_steps = comfyui_workflow_uses(workflow, COMFYUI_STEPS);
    model.has_scale = comfyui_workflow_uses(workflow, COMFYUI_CFG);
    model.can_mask = comfyui_workflow_uses(workflow, COMFYUI_MASK);
    model.can_edit = workflow->image_count > 0;
    model.can_generate = workflow->image_count == 0;
    model.references_max = (int64_t)workflow->image_count;
    if (!comfyui_workflow_uses(workflow, COMFYUI_COUNT))
        model.count_max = 1;
    if (comfyui_workflow_uses(workflow, COMFYUI_WIDTH) &&
        comfyui_workflow_uses(workflow, COMFYUI_HEIGHT)) {
        model.side_px_min = 64;
        model.side_px_max = 8192;
        model.side_px_step = 8;
    }
    for (size_t i = 0; i < COMFYUI_OPTION_COUNT; i++)
        if (comfyui_workflow_uses(workflow, comfyui_options[i].parameter) &&
            (comfyui_options[i].parameter != COMFYUI_MODEL || has_checkpoint))
            options[count++] = &comfyui_options[i].field;
    options[count] = NULL;
    model.options = options;
    return model;
}

size_t comfyui_own_models(const struct provider_account *account, struct arena *arena,
                          struct provider_model **out)
{
    const struct json *list = workflows_of(account);
    size_t count = 0;

    *out = ARENA_ARRAY(arena, struct provider_model, json_count(list));
    for (size_t i = 0; i < json_count(list); i++) {
        CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
        const struct json *own = json_item(list, i);
        struct error ignored;

        if (!comfyui_own_read(own, &workflow, &ignored))
            continue; /* what nobody can ask for is no model; the account's form says why */
        (*out)[count] = comfyui_own_model(
            arena_str(arena, json_text(json_get(own, "id"))), &workflow, true,
            ARENA_ARRAY(arena, const struct provider_field *, COMFYUI_OPTION_COUNT + 1));
        (*out)[count++].label = arena_str(arena, json_text(json_get(own, "name")));
    }
    return count;
}

struct text_list comfyui_own_ids(const struct json *options, struct arena *arena)
{
    const struct json *list = json_get(options, "workflows");
    struct text_list ids = {.items = ARENA_ARRAY(arena, struct str, json_count(list))};

    for (size_t i = 0; i < json_count(list); i++)
        ids.items[ids.count++] = arena_str(arena, json_text(json_get(json_item(list, i), "id")));
    return ids;
}

/* --- what an account may say of them --- */

/* The place in front of what the rules of one workflow name: "options.workflows[2].graph". */
static bool within(size_t index, struct error *err)
{
    char inner[sizeof(err->field)];

    memcpy(inner, err->field, sizeof(inner));
    (void)snprintf(err->field, sizeof(err->field), "options.workflows[%zu].%.30s", index,
                   strcmp(inner, "workflow") == 0 ? "graph" : inner);
    return false;
}

/* `is_kept`: it was there under this name, whose rules may have been others. */
static bool check_id(struct str id, bool is_kept, struct error *err)
{
    if (id.size == 0)
        return error_field(err, ERROR_REQUIRED, "id", 0, "a workflow needs an id");
    if (id.size > ID_MAX)
        return error_field(err, ERROR_TOO_LONG, "id", ID_MAX,
                           "a workflow's id has at most %d characters", ID_MAX);
    for (size_t i = 0; i < id.size; i++) {
        const char c = id.data[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' &&
            c != '_' && c != '.')
            return error_field(err, ERROR_INVALID, "id", 0,
                               "a workflow's id is of letters, digits, -, _ and .");
    }
    for (size_t i = 0; i < comfyui_template_count; i++)
        if (is_kept ? str_equal(id, str_of(comfyui_templates[i].name))
                    : str_equal_nocase(id, str_of(comfyui_templates[i].name)))
            return error_field(err, ERROR_CONFLICT, "id", 0,
                               "\"%.*s\" is the id of a workflow that comes with vitrine",
                               STR_ARGS(id));
    return true;
}

static bool check_name(struct str name, struct error *err)
{
    if (text_count(name) > NAME_MAX)
        return error_field(err, ERROR_TOO_LONG, "name", NAME_MAX,
                           "a workflow's name has at most %d characters", NAME_MAX);
    if (text_has_control(name) || str_find_char(name, '\n') >= 0)
        return error_field(err, ERROR_INVALID, "name", 0, "a name is one line");
    return true;
}

static bool check_members(const struct json *own, struct error *err)
{
    static const char *const texts[] = {"id", "name", "graph"};
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str name;

    if (!json_is(own, JSON_OBJECT))
        return error_field(err, ERROR_WRONG_TYPE, "graph", 0, "a workflow is an object");
    while (json_next(own, &cursor, &name, &value)) {
        bool is_text = false;

        for (size_t i = 0; i < COUNT(texts); i++)
            is_text = is_text || str_equal(name, str_of(texts[i]));
        if (!is_text && !str_equal(name, STR("parameters")))
            return error_field(err, ERROR_UNKNOWN_FIELD, "", 0,
                               "a workflow has an id, a name, a graph and parameters");
        if (is_text && !json_is(value, JSON_TEXT)) {
            char field[24];

            (void)snprintf(field, sizeof(field), "%.*s", STR_ARGS(text_clip(name, 20)));
            return error_field(err, ERROR_WRONG_TYPE, field, 0, "%s is a text", field);
        }
    }
    return true;
}

/* Two names that look the same are one to whoever chooses between them. */
static bool check_unique(const struct json *list, size_t index, struct error *err)
{
    const struct json *own = json_item(list, index);
    const struct str id = json_text(json_get(own, "id")),
                     name = str_trim(json_text(json_get(own, "name")));

    for (size_t i = 0; i < index; i++) {
        const struct json *other = json_item(list, i);

        if (str_equal_nocase(json_text(json_get(other, "id")), id))
            return error_field(err, ERROR_CONFLICT, "id", 0, "there is a workflow \"%.*s\" already",
                               STR_ARGS(id));
        if (name.size > 0 && str_equal_nocase(str_trim(json_text(json_get(other, "name"))), name))
            return error_field(err, ERROR_CONFLICT, "name", 0,
                               "there is a workflow named \"%.*s\" already", STR_ARGS(name));
    }
    return true;
}

/* The one that was kept and is the same but for its names; NULL: there is none. */
static const struct json *kept_of(const struct json *kept, const struct json *own)
{
    const struct str graph = json_text(json_get(own, "graph"));
    CLEANUP(buf_finish) struct buf parameters = {0};

    json_print_add(json_get(own, "parameters"), &parameters);
    for (size_t i = 0; i < json_count(kept); i++) {
        CLEANUP(buf_finish) struct buf others = {0};

        if (!str_equal(json_text(json_get(json_item(kept, i), "graph")), graph))
            continue;
        json_print_add(json_get(json_item(kept, i), "parameters"), &others);
        if (str_equal(buf_str(&others), buf_str(&parameters)))
            return json_item(kept, i);
    }
    return NULL;
}

static size_t size_of(const struct json *list, size_t *longest)
{
    size_t size = 0, most = 0;

    *longest = 0;
    for (size_t i = 0; i < json_count(list); i++) {
        const size_t graph_size = json_text(json_get(json_item(list, i), "graph")).size;

        size += graph_size;
        if (graph_size > most) {
            *longest = i;
            most = graph_size;
        }
    }
    return size;
}

/* Of too much in all, the longest is what somebody can do something about; who has more than that
 * from before may have less. */
static bool check_size(const struct json *list, const struct json *kept, struct error *err)
{
    size_t longest, ignored;
    const size_t size = size_of(list, &longest);
    const struct json *own = json_item(list, longest);

    if (size <= COMFYUI_OWN_SIZE_MAX || size <= size_of(kept, &ignored))
        return true;
    (void)error_field(err, ERROR_TOO_BIG, "graph", COMFYUI_OWN_SIZE_MAX,
                      "the workflows of a provider have at most %d bytes together, and these have"
                      " %zu; the longest, \"%.*s\", has %zu",
                      COMFYUI_OWN_SIZE_MAX, size, STR_ARGS(json_text(json_get(own, "id"))),
                      json_text(json_get(own, "graph")).size);
    return within(longest, err);
}

bool comfyui_own_check(const struct json *value, const struct json *kept, struct error *err)
{
    if (!json_is(value, JSON_LIST))
        return error_field(err, ERROR_WRONG_TYPE, "options.workflows", 0,
                           "options.workflows is a list");
    if (json_count(value) > COMFYUI_OWN_MAX)
        return error_field(err, ERROR_TOO_MANY, "options.workflows", COMFYUI_OWN_MAX,
                           "a provider has at most %d workflows", COMFYUI_OWN_MAX);
    for (size_t i = 0; i < json_count(value); i++) {
        CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
        const struct json *own = json_item(value, i), *before = kept_of(kept, own);
        const struct str id = json_text(json_get(own, "id"));

        if (!check_members(own, err) ||
            !check_id(id, str_equal(json_text(json_get(before, "id")), id), err) ||
            !check_name(json_text(json_get(own, "name")), err) || !check_unique(value, i, err) ||
            (before == NULL && !comfyui_own_read(own, &workflow, err)))
            return within(i, err);
    }
    return check_size(value, kept, err);
}

/* Before there were several, the one that an account had was the text of an option of its own, and
 * the model "custom": files of then, and programs, still say it so. */
bool comfyui_own_carry_over(const struct json *options, struct arena *arena, struct str *out)
{
    CLEANUP(buf_finish) struct buf text = {0};
    const struct str graph = json_text(json_get(options, "workflow"));
    const struct json *list = json_get(options, "workflows"), *value;
    struct json_cursor cursor = {0};
    struct json_writer writer;
    struct str name;

    if (!json_is(json_get(options, "workflow"), JSON_TEXT) ||
        (list != NULL && !json_is(list, JSON_LIST))) /* which the rules of both say */
        return false;
    json_writer_init(&writer, &text);
    json_begin_object(&writer);
    while (json_next(options, &cursor, &name, &value)) {
        if (str_equal(name, STR("workflow")) || str_equal(name, STR("workflows")))
            continue;
        json_name_str(&writer, name);
        json_add_raw(&writer, json_print(value, arena));
    }
    if (str_trim(graph).size > 0 || list != NULL) {
        json_name(&writer, "workflows");
        json_begin_list(&writer);
        for (size_t i = 0; i < json_count(list); i++)
            json_add_raw(&writer, json_print(json_item(list, i), arena));
        if (str_trim(graph).size > 0) {
            json_begin_object(&writer);
            json_name(&writer, "id");
            json_add_text(&writer, STR("custom"));
            json_name(&writer, "graph");
            json_add_text(&writer, graph);
            json_end_object(&writer);
        }
        json_end_list(&writer);
    }
    json_end_object(&writer);
    *out = arena_str(arena, buf_str(&text));
    return true;
}
