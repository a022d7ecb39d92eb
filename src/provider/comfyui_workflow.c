/*
 * provider/comfyui_workflow.c: a workflow in ComfyUI's API format with places left open, or with
 * inputs that a call's values take the place of.  Values are put into the parsed document, so that
 * no prompt can change its structure, and each keeps its type.
 */
#include "provider/comfyui_private.h"

#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE_MAX 24

/* What people write between two percent signs; image is followed by its number. */
static const struct {
    const char *name;
    enum comfyui_parameter parameter;
} names[] = {
    {"prompt",          COMFYUI_PROMPT   },
    {"negative",        COMFYUI_NEGATIVE },
    {"negative_prompt", COMFYUI_NEGATIVE },
    {"seed",            COMFYUI_SEED     },
    {"width",           COMFYUI_WIDTH    },
    {"height",          COMFYUI_HEIGHT   },
    {"count",           COMFYUI_COUNT    },
    {"batch_size",      COMFYUI_COUNT    },
    {"steps",           COMFYUI_STEPS    },
    {"cfg",             COMFYUI_CFG      },
    {"scale",           COMFYUI_CFG      },
    {"sampler",         COMFYUI_SAMPLER  },
    {"scheduler",       COMFYUI_SCHEDULER},
    {"denoise",         COMFYUI_DENOISE  },
    {"model",           COMFYUI_MODEL    },
    {"checkpoint",      COMFYUI_MODEL    },
    {"mask",            COMFYUI_MASK     },
};

const char *comfyui_parameter_name(enum comfyui_parameter parameter)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].parameter == parameter)
            return names[i].name;
    return "image";
}

/* --- placeholders --- */

struct place {
    size_t begin, end; /* with the percent signs */
    enum comfyui_parameter parameter;
    size_t image; /* which, from 0 */
};

static bool read_name(struct str name, struct place *out)
{
    struct str rest;
    int64_t number = 1;

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal(name, str_of(names[i].name))) {
            out->parameter = names[i].parameter;
            return true;
        }
    if (!str_starts_with(name, STR("image")))
        return false;
    rest = str_slice(name, 5, name.size);
    if (rest.size > 0 && (!str_to_int64(rest, &number) || rest.data[0] < '1'))
        return false;
    if (number < 1 || number > COMFYUI_IMAGES_MAX)
        return false;
    out->parameter = COMFYUI_IMAGE;
    out->image = (size_t)number - 1;
    return true;
}

/* ComfyUI has percent signs of its own ("%date:yyyy%", "%KSampler.seed%"): what is not one of ours
 * stays. */
static bool find_place(struct str text, size_t from, struct place *out)
{
    for (size_t begin = from; begin < text.size; begin++) {
        struct str rest = str_slice(text, begin + 1, NAME_SIZE_MAX);
        int64_t end = text.data[begin] == '%' ? str_find_char(rest, '%') : -1;
        if (end <= 0 || !read_name(str_slice(rest, 0, (size_t)end), out))
            continue;
        out->begin = begin;
        out->end = begin + (size_t)end + 2;
        return true;
    }
    return false;
}

/* --- a walk over the document, without recursion --- */

enum walk_event { WALK_OPEN, WALK_CLOSE, WALK_SCALAR };

struct walk_level {
    const struct json *value;
    struct json_cursor cursor;
    size_t index;
};

struct walk {
    struct walk_level levels[JSON_DEPTH_MAX + 1];
    size_t depth;
    const struct json *value; /* of the last event */
    struct str name;          /* of the value in its object; data NULL: in a list */
};

static bool is_container(const struct json *value)
{
    return json_is(value, JSON_OBJECT) || json_is(value, JSON_LIST);
}

static void walk_open(struct walk *walk, const struct json *value)
{
    assert(walk->depth < COUNT(walk->levels)); /* json_read() allows no more */
    walk->levels[walk->depth++] = (struct walk_level){.value = value};
}

/* False after the root's own end.  Begins after walk_open() of the root. */
static bool walk_next(struct walk *walk, enum walk_event *event)
{
    struct walk_level *level;
    bool has_value;

    if (walk->depth == 0)
        return false;
    level = &walk->levels[walk->depth - 1];
    walk->name = STR_EMPTY;
    if (json_is(level->value, JSON_OBJECT)) {
        has_value = json_next(level->value, &level->cursor, &walk->name, &walk->value);
    } else {
        has_value = level->index < json_count(level->value);
        walk->value = json_item(level->value, level->index++);
    }
    if (!has_value) {
        walk->value = level->value;
        walk->depth--;
        *event = WALK_CLOSE;
        return true;
    }
    *event = is_container(walk->value) ? WALK_OPEN : WALK_SCALAR;
    if (*event == WALK_OPEN)
        walk_open(walk, walk->value);
    return true;
}

/* --- reading --- */

static bool check_node(struct str id, const struct json *node, struct error *err)
{
    struct str shown = text_clip(id, 40);

    if (!json_is(node, JSON_OBJECT) || json_text(json_get(node, "class_type")).size == 0)
        return error_field(err, ERROR_INVALID, "workflow", 0,
                           "the workflow's node \"%.*s\" has no class_type; export it with "
                           "\"Export (API)\"",
                           STR_ARGS(shown));
    if (!json_is(json_get(node, "inputs"), JSON_OBJECT))
        return error_field(err, ERROR_INVALID, "workflow", 0,
                           "the workflow's node \"%.*s\" has no inputs", STR_ARGS(shown));
    return true;
}

static bool check_graph(const struct json *graph, struct error *err)
{
    struct json_cursor cursor = {0};
    const struct json *node;
    struct str id;

    if (json_is(json_get(graph, "nodes"), JSON_LIST))
        return error_field(err, ERROR_INVALID, "workflow", 0,
                           "this is the editor's own file, which its server refuses; in ComfyUI's "
                           "menu choose Workflow > Export (API)");
    if (!json_is(graph, JSON_OBJECT) || json_count(graph) == 0)
        return error_field(err, ERROR_INVALID, "workflow", 0,
                           "a workflow is a JSON object of nodes");
    while (json_next(graph, &cursor, &id, &node))
        if (!check_node(id, node, err))
            return false;
    return true;
}

/* Each of them may be filled with a whole prompt, so that their number bounds what is sent. */
static bool find_places(struct comfyui_workflow *workflow, struct error *err)
{
    struct walk walk = {0};
    enum walk_event event;
    size_t count = 0;

    walk_open(&walk, workflow->graph);
    while (walk_next(&walk, &event)) {
        struct str text = event == WALK_SCALAR ? json_text(walk.value) : STR_EMPTY;
        struct place place = {0};
        while (find_place(text, place.end, &place)) {
            if (++count > COMFYUI_PLACES_MAX)
                return error_field(err, ERROR_TOO_MANY, "workflow", COMFYUI_PLACES_MAX,
                                   "a workflow has at most %d placeholders like %%prompt%%",
                                   COMFYUI_PLACES_MAX);
            workflow->places |= (uint32_t)1 << place.parameter;
            if (place.parameter == COMFYUI_IMAGE && place.image >= workflow->image_count)
                workflow->image_count = place.image + 1;
        }
    }
    return true;
}

bool comfyui_input_fits(enum comfyui_parameter parameter, const struct json *value)
{
    static const uint32_t numbers = 1U << COMFYUI_SEED | 1U << COMFYUI_WIDTH |
                                    1U << COMFYUI_HEIGHT | 1U << COMFYUI_COUNT |
                                    1U << COMFYUI_STEPS | 1U << COMFYUI_CFG | 1U << COMFYUI_DENOISE;
    struct place place;

    if ((numbers >> parameter & 1) != 0)
        return json_is(value, JSON_INT) || json_is(value, JSON_DOUBLE);
    return json_is(value, JSON_TEXT) && !find_place(json_text(value), 0, &place);
}

const struct json *comfyui_member(const struct json *object, struct str wanted)
{
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str name;

    while (json_next(object, &cursor, &name, &value))
        if (str_equal(name, wanted))
            return value;
    return NULL;
}

static bool is_unfit(size_t row, const char *member, struct str shown, const char *why,
                     struct error *err)
{
    char field[40];

    (void)snprintf(field, sizeof(field), "parameters[%zu].%s", row, member);
    shown = text_clip(shown, 40);
    return error_field(err, ERROR_INVALID, field, 0, "\"%.*s\" %s", STR_ARGS(shown), why);
}

/* Rows are kept as they were said: up to three texts, each the name of what there is, no more. */
static bool check_row(const struct json *item, size_t row, struct error *err)
{
    static const char *const members[] = {"name", "node", "input"};
    size_t known = 0, texts = 0;
    char field[40];

    for (size_t i = 0; i < COUNT(members); i++) {
        known += json_get(item, members[i]) != NULL;
        texts += json_is(json_get(item, members[i]), JSON_TEXT);
    }
    if (known == json_count(item) && texts == known)
        return true;
    (void)snprintf(field, sizeof(field), "parameters[%zu]", row);
    return error_field(err, texts == known ? ERROR_UNKNOWN_FIELD : ERROR_WRONG_TYPE, field, 0,
                       "a parameter has a name, a node and an input, which are texts");
}

/* One row of what was declared, as a target. */
static bool read_target(const struct comfyui_workflow *workflow, const struct json *parameters,
                        size_t row, struct comfyui_target *out, struct error *err)
{
    const struct json *item = json_item(parameters, row);
    const struct str name = json_text(json_get(item, "name")),
                     node = json_text(json_get(item, "node")),
                     input = json_text(json_get(item, "input"));
    const struct json *found = comfyui_member(workflow->graph, node);
    struct comfyui_target target = {.parameter = COMFYUI_PARAMETER_COUNT};

    for (size_t i = 0; i <= COMFYUI_IMAGE; i++)
        if (str_equal(name, str_of(comfyui_parameter_name((enum comfyui_parameter)i))))
            target.parameter = (enum comfyui_parameter)i;
    if (target.parameter == COMFYUI_PARAMETER_COUNT)
        return is_unfit(row, "name", name, "is no parameter of a workflow", err);
    if (found == NULL)
        return is_unfit(row, "node", node, "is no node of the workflow", err);
    target.value = comfyui_member(json_get(found, "inputs"), input);
    if (!comfyui_input_fits(target.parameter, target.value))
        return is_unfit(row, "input", input, "is no input that this parameter can be put into",
                        err);
    if ((target.parameter == COMFYUI_IMAGE || target.parameter == COMFYUI_MASK) &&
        !str_starts_with(json_text(json_get(found, "class_type")), STR("LoadImage")))
        return is_unfit(row, "node", node, "loads no picture", err);
    /* Names as they stand in the workflow: what was declared may not outlive this. */
    target.node = node;
    target.input = input;
    *out = target;
    return true;
}

static bool check_twice(const struct comfyui_workflow *workflow, size_t row, struct error *err)
{
    const struct comfyui_target *target = &workflow->targets[row];

    for (size_t i = 0; i < row; i++) {
        const struct comfyui_target *other = &workflow->targets[i];

        if (other->parameter == COMFYUI_MASK && target->parameter == COMFYUI_MASK)
            return is_unfit(row, "name", STR("mask"), "is there twice", err);
        /* A picture's file and the mask in its alpha are one input. */
        if (other->value == target->value &&
            (other->parameter == COMFYUI_MASK) == (target->parameter == COMFYUI_MASK))
            return is_unfit(row, "input", target->input, "takes another parameter already", err);
    }
    return true;
}

static bool read_declared(struct comfyui_workflow *workflow, const struct json *parameters,
                          struct error *err)
{
    const size_t count = json_count(parameters);

    if (!json_is(parameters, JSON_LIST))
        return error_field(err, ERROR_WRONG_TYPE, "parameters", 0, "parameters are a list");
    if (count > COMFYUI_TARGETS_MAX)
        return error_field(err, ERROR_TOO_MANY, "parameters", COMFYUI_TARGETS_MAX,
                           "a workflow has at most %d parameters", COMFYUI_TARGETS_MAX);
    for (size_t row = 0; row < count; row++) {
        if (!check_row(json_item(parameters, row), row, err) ||
            !read_target(workflow, parameters, row, &workflow->targets[row], err) ||
            !check_twice(workflow, row, err))
            return false;
        workflow->target_count++;
    }
    return true;
}

/* The nodes around the targets that are sent otherwise than they stand there. */
static bool settle_targets(struct comfyui_workflow *workflow, struct error *err)
{
    for (size_t i = 0; i < workflow->target_count; i++) {
        struct comfyui_target *target = &workflow->targets[i];
        const struct json *node = comfyui_member(workflow->graph, target->node);

        workflow->declared |= (uint32_t)1 << target->parameter;
        if (target->parameter == COMFYUI_IMAGE)
            target->image = workflow->image_count++;
        if (workflow->image_count > COMFYUI_IMAGES_MAX)
            return error_field(err, ERROR_TOO_MANY, "parameters", COMFYUI_IMAGES_MAX,
                               "a workflow takes at most %d pictures", COMFYUI_IMAGES_MAX);
        if (target->parameter != COMFYUI_MASK)
            continue;
        workflow->channel = json_get(json_get(node, "inputs"), "channel");
        if (!str_equal(json_text(json_get(node, "class_type")), STR("LoadImageMask")))
            workflow->mask_node = target->node;
        if (workflow->mask_node.size > 0 && json_get(workflow->graph, COMFYUI_MASK_NODE) != NULL)
            return error_field(err, ERROR_INVALID, "workflow", 0,
                               "the node \"%s\" is the mask's own: give it another name",
                               COMFYUI_MASK_NODE);
    }
    return true;
}

static bool read_unmarked(struct comfyui_workflow *workflow, const struct json *parameters,
                          struct error *err)
{
    struct comfyui_found found;

    if (!comfyui_workflow_find(workflow->graph, &found, err))
        return false;
    if (parameters != NULL) {
        if (!read_declared(workflow, parameters, err))
            return false;
    } else {
        workflow->target_count = found.target_count;
        memcpy(workflow->targets, found.targets, sizeof(found.targets));
    }
    for (size_t i = 0; i < found.note_count; i++)
        if (found.notes[i].note == COMFYUI_NOTE_PREVIEW)
            workflow->preview = comfyui_member(workflow->graph, found.notes[i].node);
    return settle_targets(workflow, err);
}

static bool read_parameters(struct comfyui_workflow *workflow, const struct json *parameters,
                            struct error *err)
{
    if ((workflow->places >> COMFYUI_PROMPT & 1) != 0 && parameters == NULL)
        return true;
    if (!read_unmarked(workflow, parameters, err))
        return false;
    return comfyui_workflow_uses(workflow, COMFYUI_PROMPT) ||
           error_field(err, ERROR_INVALID, "workflow", 0,
                       parameters == NULL
                           ? "no text of the workflow leads to its sampler: write \"%%prompt%%\" "
                             "where the prompt goes, or choose the input"
                           : "the workflow needs an input for the prompt");
}

bool comfyui_workflow_parse(struct str text, struct comfyui_workflow *out, struct error *err)
{
    struct comfyui_workflow workflow = {0};
    struct error why = {0};

    if (text.size > COMFYUI_WORKFLOW_SIZE_MAX)
        return error_field(err, ERROR_TOO_LONG, "workflow", COMFYUI_WORKFLOW_SIZE_MAX,
                           "a workflow has at most %d bytes", COMFYUI_WORKFLOW_SIZE_MAX);
    if (!json_read(text, &workflow.graph, &why))
        return error_field(err, ERROR_MALFORMED, "workflow", 0,
                           "the workflow is not valid JSON: %.100s", why.message);
    if (!check_graph(workflow.graph, err) || !find_places(&workflow, err)) {
        json_free(workflow.graph);
        return false;
    }
    *out = workflow;
    return true;
}

bool comfyui_workflow_read(struct str text, const struct json *parameters,
                           struct comfyui_workflow *out, struct error *err)
{
    struct comfyui_workflow workflow = {0};

    if (!comfyui_workflow_parse(text, &workflow, err))
        return false;
    if (!read_parameters(&workflow, parameters, err)) {
        json_free(workflow.graph);
        return false;
    }
    *out = workflow;
    return true;
}

void comfyui_workflow_finish(struct comfyui_workflow *workflow)
{
    json_free(workflow->graph);
    *workflow = (struct comfyui_workflow){0};
}

/* Those that hold a parameter of `wanted` (bits) and nothing else. */
static size_t find_inputs(const struct comfyui_workflow *workflow, uint32_t wanted,
                          struct comfyui_input *out, size_t max)
{
    struct json_cursor cursor = {0};
    const struct json *node, *value;
    size_t count = 0;
    struct str id;

    for (size_t i = 0; i < workflow->target_count && count < max; i++) {
        const struct comfyui_target *target = &workflow->targets[i];

        if ((wanted >> target->parameter & 1) == 0)
            continue;
        node = comfyui_member(workflow->graph, target->node);
        out[count++] = (struct comfyui_input){.parameter = target->parameter,
                                              .class = json_text(json_get(node, "class_type")),
                                              .name = target->input};
    }
    while (json_next(workflow->graph, &cursor, &id, &node)) {
        struct json_cursor inner = {0};
        struct str name;

        while (count < max && json_next(json_get(node, "inputs"), &inner, &name, &value)) {
            const struct str text = json_text(value);
            struct place place;

            if (find_place(text, 0, &place) && place.begin == 0 && place.end == text.size &&
                (wanted >> place.parameter & 1) != 0)
                out[count++] =
                    (struct comfyui_input){.parameter = place.parameter,
                                           .class = json_text(json_get(node, "class_type")),
                                           .name = name};
        }
    }
    return count;
}

size_t comfyui_workflow_inputs(const struct comfyui_workflow *workflow, struct comfyui_input *out,
                               size_t max)
{
    uint32_t wanted = 0;

    for (size_t i = 0; i < COUNT(comfyui_options); i++)
        wanted |= (uint32_t)1 << comfyui_options[i].parameter;
    return find_inputs(workflow, wanted, out, max);
}

struct comfyui_input comfyui_workflow_model(const struct comfyui_workflow *workflow)
{
    struct comfyui_input input;

    if (find_inputs(workflow, (uint32_t)1 << COMFYUI_MODEL, &input, 1) > 0)
        return input;
    return (struct comfyui_input){COMFYUI_MODEL, STR(COMFYUI_LOADER), STR(COMFYUI_LOADER_FILE)};
}

/* --- writing --- */

static struct comfyui_value value_at(const struct comfyui_values *values, const struct place *place)
{
    if (place->parameter == COMFYUI_IMAGE)
        return (struct comfyui_value){.text = values->images[place->image]};
    return values->items[place->parameter];
}

static void add_as_text(struct buf *out, const struct comfyui_value *value)
{
    char digits[STR_DOUBLE_SIZE];

    switch (value->type) {
    case VALUE_TEXT:
        buf_add(out, value->text);
        break;
    case VALUE_INT:
        buf_printf(out, "%lld", (long long)value->number);
        break;
    case VALUE_DOUBLE:
        buf_add(out, str_print_double(value->fraction, digits));
        break;
    }
}

static void write_value(struct json_writer *writer, const struct comfyui_value *value)
{
    switch (value->type) {
    case VALUE_TEXT:
        json_add_text(writer, value->text);
        break;
    case VALUE_INT:
        json_add_int(writer, value->number);
        break;
    case VALUE_DOUBLE:
        json_add_double(writer, value->fraction);
        break;
    }
}

/* One pass over the workflow's own words: a percent sign in a prompt is the person's. */
static void write_text(struct json_writer *writer, struct str text,
                       const struct comfyui_values *values)
{
    CLEANUP(buf_finish) struct buf out = {0};
    struct place place = {0};
    size_t done = 0;

    while (find_place(text, done, &place)) {
        struct comfyui_value value = value_at(values, &place);
        if (place.begin == 0 && place.end == text.size) {
            write_value(writer, &value);
            return;
        }
        buf_add(&out, str_slice(text, done, place.begin - done));
        add_as_text(&out, &value);
        done = place.end;
    }
    if (done == 0) {
        json_add_text(writer, text);
        return;
    }
    buf_add(&out, str_slice(text, done, text.size));
    json_add_text(writer, buf_str(&out));
}

/* Seeds go to 2^64-1 (facts 5), beyond what the document keeps as an integer: a double in between
 * would make another seed of it. */
static void write_double(struct json_writer *writer, const struct json *value)
{
    const struct str digits = json_digits(value);
    double number;

    if (digits.size > 0)
        json_add_raw(writer, digits);
    else if (json_double(value, &number))
        json_add_double(writer, number);
}

/* NULL: what stands there stays, for nothing is put into it or the call is silent. */
static const struct comfyui_target *asked_target(const struct comfyui_workflow *workflow,
                                                 const struct comfyui_values *values,
                                                 const struct json *value)
{
    for (size_t i = 0; i < workflow->target_count && value != NULL; i++) {
        const struct comfyui_target *target = &workflow->targets[i];

        if (target->value == value && (values->asked >> target->parameter & 1) != 0 &&
            (target->parameter != COMFYUI_MASK || workflow->mask_node.size == 0))
            return target;
    }
    return NULL;
}

static void write_scalar(struct json_writer *writer, const struct comfyui_workflow *workflow,
                         const struct json *value, const struct comfyui_values *values)
{
    const struct comfyui_target *target = asked_target(workflow, values, value);

    if (target != NULL) {
        const struct comfyui_value wanted = value_at(
            values, &(struct place){.parameter = target->parameter, .image = target->image});

        write_value(writer, &wanted);
        return;
    }
    if (value != NULL && value == workflow->channel) {
        json_add_text(writer, STR("red")); /* the mask is black and white, without alpha */
        return;
    }
    if (workflow->preview != NULL && value == json_get(workflow->preview, "class_type")) {
        json_add_text(writer, STR("SaveImage"));
        return;
    }

    switch (json_type(value)) {
    case JSON_BOOL:
        json_add_bool(writer, json_bool(value, false));
        break;
    case JSON_INT:
        json_add_int(writer, json_int_or(value, 0));
        break;
    case JSON_DOUBLE:
        write_double(writer, value);
        break;
    case JSON_TEXT:
        write_text(writer, json_text(value), values);
        break;
    case JSON_NULL:
    case JSON_LIST:
    case JSON_OBJECT:
        json_add_null(writer);
        break;
    }
}

/* A mask that was a picture's alpha comes from a file of its own. */
static bool write_mask_link(struct json_writer *writer, const struct comfyui_workflow *workflow,
                            const struct json *value)
{
    if (workflow->mask_node.size == 0 || json_count(value) != 2 ||
        !str_equal(json_text(json_item(value, 0)), workflow->mask_node) ||
        json_int_or(json_item(value, 1), 0) != 1)
        return false;
    json_begin_list(writer);
    json_add_text(writer, STR(COMFYUI_MASK_NODE));
    json_add_int(writer, 0);
    json_end_list(writer);
    return true;
}

static void write_mask_node(struct json_writer *writer, const struct comfyui_values *values)
{
    json_name(writer, COMFYUI_MASK_NODE);
    json_begin_object(writer);
    json_name(writer, "class_type");
    json_add_text(writer, STR("LoadImageMask"));
    json_name(writer, "inputs");
    json_begin_object(writer);
    json_name(writer, "image");
    json_add_text(writer, values->items[COMFYUI_MASK].text);
    json_name(writer, "channel");
    json_add_text(writer, STR("red"));
    json_end_object(writer);
    json_end_object(writer);
}

/* What stands behind an object's last member. */
static void write_added(struct json_writer *writer, const struct comfyui_workflow *workflow,
                        const struct json *object, const struct comfyui_values *values)
{
    if (object == workflow->graph && workflow->mask_node.size > 0)
        write_mask_node(writer, values);
    if (workflow->preview != NULL && object == json_get(workflow->preview, "inputs") &&
        json_get(object, "filename_prefix") == NULL) {
        json_name(writer, "filename_prefix");
        json_add_text(writer, STR("vitrine"));
    }
}

void comfyui_workflow_write(const struct comfyui_workflow *workflow,
                            const struct comfyui_values *values, struct json_writer *writer)
{
    struct walk walk = {0};
    enum walk_event event;

    json_begin_object(writer);
    walk_open(&walk, workflow->graph);
    while (walk_next(&walk, &event)) {
        bool is_object = json_is(walk.value, JSON_OBJECT);
        if (event != WALK_CLOSE && walk.name.data != NULL)
            json_name_str(writer, walk.name);
        if (event == WALK_CLOSE && is_object)
            write_added(writer, workflow, walk.value, values);
        if (event == WALK_SCALAR)
            write_scalar(writer, workflow, walk.value, values);
        else if (event == WALK_OPEN && write_mask_link(writer, workflow, walk.value))
            walk.depth--; /* it is written whole */
        else if (event == WALK_OPEN && is_object)
            json_begin_object(writer);
        else if (event == WALK_OPEN)
            json_begin_list(writer);
        else if (is_object)
            json_end_object(writer);
        else
            json_end_list(writer);
    }
}
