/*
 * provider/comfyui_workflow.c: a workflow in ComfyUI's API format with places left open.  Values
 * are put into the parsed document, so that no prompt can change its structure, and each keeps its
 * type.
 */
#include "provider/comfyui_private.h"

#include <assert.h>

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
    struct str shown = str_slice(id, 0, 40);

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
                           "this is the editor's own format, which the server refuses; use "
                           "\"Export (API)\"");
    if (!json_is(graph, JSON_OBJECT) || json_count(graph) == 0)
        return error_field(err, ERROR_INVALID, "workflow", 0,
                           "a workflow is a JSON object of nodes");
    while (json_next(graph, &cursor, &id, &node))
        if (!check_node(id, node, err))
            return false;
    return true;
}

static void find_uses(struct comfyui_workflow *workflow)
{
    struct walk walk = {0};
    enum walk_event event;

    walk_open(&walk, workflow->graph);
    while (walk_next(&walk, &event)) {
        struct str text = event == WALK_SCALAR ? json_text(walk.value) : STR_EMPTY;
        struct place place = {0};
        while (find_place(text, place.end, &place)) {
            workflow->uses |= (uint32_t)1 << place.parameter;
            if (place.parameter == COMFYUI_IMAGE && place.image >= workflow->image_count)
                workflow->image_count = place.image + 1;
        }
    }
}

bool comfyui_workflow_read(struct str text, struct comfyui_workflow *out, struct error *err)
{
    struct comfyui_workflow workflow = {0};
    struct error why = {0};

    if (!json_read(text, &workflow.graph, &why))
        return error_field(err, ERROR_MALFORMED, "workflow", 0,
                           "the workflow is not valid JSON: %.100s", why.message);
    if (!check_graph(workflow.graph, err)) {
        json_free(workflow.graph);
        return false;
    }
    find_uses(&workflow);
    if (!comfyui_workflow_uses(&workflow, COMFYUI_PROMPT)) {
        json_free(workflow.graph);
        return error_field(err, ERROR_INVALID, "workflow", 0,
                           "the workflow has no \"%%prompt%%\": write it where the text goes");
    }
    *out = workflow;
    return true;
}

void comfyui_workflow_finish(struct comfyui_workflow *workflow)
{
    json_free(workflow->graph);
    *workflow = (struct comfyui_workflow){0};
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

/*
 * Seeds go to 2^64-1 (facts 5); the document keeps what is beyond int64 as a double, as the browser
 * that exported it did, but it leaves as the integer that the node wants.
 */
static void write_double(struct json_writer *writer, double number)
{
    CLEANUP(buf_finish) struct buf text = {0};

    if (number >= 0x1p63 && number < 0x1p64) {
        buf_printf(&text, "%llu", (unsigned long long)number);
        json_add_raw(writer, buf_str(&text));
    } else {
        json_add_double(writer, number);
    }
}

static void write_scalar(struct json_writer *writer, const struct json *value,
                         const struct comfyui_values *values)
{
    double number = 0;

    switch (json_type(value)) {
    case JSON_BOOL:
        json_add_bool(writer, json_bool(value, false));
        break;
    case JSON_INT:
        json_add_int(writer, json_int_or(value, 0));
        break;
    case JSON_DOUBLE:
        if (json_double(value, &number))
            write_double(writer, number);
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
        if (event == WALK_SCALAR)
            write_scalar(writer, walk.value, values);
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
