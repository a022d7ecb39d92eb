/*
 * provider/comfyui_find.c: what an unmarked workflow leaves open, found from the picture that it
 * saves backwards: its sampler, the sampler's texts, size, model and pictures.  ComfyUI's own nodes
 * and those that people add are known by their inputs' names alone, which both keep to.
 */
#include "provider/comfyui_private.h"

#include "core/text.h"

#include <string.h>

#define HOPS_MAX 8 /* of a value that comes from another node */
#define SAMPLERS_MAX 16
#define PARTS_MAX 12
#define ENCODERS_MAX 8

/* Nodes in the order in which they are reached, the nearest first. */
struct reach {
    uint16_t nodes[COMFYUI_NODES_MAX];
    size_t count;
    bool has[COMFYUI_NODES_MAX];
};

/* What a value stands in: a node's input, the literal itself. */
struct spot {
    size_t node;
    struct str input;
    const struct json *value;
};

struct finder {
    struct comfyui_graph graph;
    struct comfyui_found *found;
    struct reach reach;              /* of what is saved */
    uint16_t samplers[SAMPLERS_MAX]; /* the first is the one that is taken */
    size_t sampler_count;            /* 0: there is none */
    uint16_t parts[PARTS_MAX];       /* the sampler in hand, with the nodes that tell it how */
    size_t part_count;
};

static const char *const text_inputs[] = {"text",  "text_g",      "text_l", "clip_l", "clip_g",
                                          "t5xxl", "user_prompt", "prompt", "bert",   "mt5xl"};
static const char *const model_inputs[] = {"ckpt_name", "unet_name", "model_name", "model_path"};
static const char *const value_inputs[] = {"value", "text",  "string", "String", "int",
                                           "Int",   "float", "number", "Number", "seed"};

static struct comfyui_node *node_at(struct finder *finder, size_t at)
{
    return &finder->graph.nodes[at];
}

static bool is_class(struct finder *finder, size_t at, const char *class)
{
    return str_equal(node_at(finder, at)->class, str_of(class));
}

static void add_note(struct finder *finder, enum comfyui_note note, size_t node, struct str input)
{
    struct comfyui_found *found = finder->found;

    if (found->note_count == COUNT(found->notes))
        return;
    found->notes[found->note_count].note = note;
    found->notes[found->note_count].node = node_at(finder, node)->id;
    found->notes[found->note_count++].input = input;
}

/* False: there is no room, or something takes this input already. */
static bool add_target(struct finder *finder, enum comfyui_parameter parameter,
                       const struct spot *spot)
{
    struct comfyui_found *found = finder->found;
    const struct comfyui_node *node = node_at(finder, spot->node);

    for (size_t i = 0; i < found->target_count; i++)
        if (found->targets[i].value == spot->value &&
            (parameter != COMFYUI_MASK || found->targets[i].parameter == COMFYUI_MASK))
            return false;
    if (found->target_count == COUNT(found->targets))
        return false;
    found->targets[found->target_count++] = (struct comfyui_target){
        .parameter = parameter, .node = node->id, .input = spot->input, .value = spot->value};
    return true;
}

/* --- walking --- */

static void reach_add(struct reach *reach, size_t node)
{
    if (reach->has[node])
        return;
    reach->has[node] = true;
    reach->nodes[reach->count++] = (uint16_t)node;
}

/* All that what is there already is made of. */
static void reach_all(const struct comfyui_graph *graph, struct reach *reach)
{
    for (size_t i = 0; i < reach->count; i++) {
        const struct comfyui_node *node = &graph->nodes[reach->nodes[i]];

        for (size_t link = node->first; link < node->end; link++)
            reach_add(reach, graph->links[link].from);
    }
}

/* A literal of `parameter`'s type in that input, or in the node that the input is linked to, which
 * then holds the value and nothing else.  False: none; `is_linked` tells that there is an input. */
static bool find_spot(struct finder *finder, size_t node, const char *input,
                      enum comfyui_parameter parameter, struct spot *out, bool *is_linked)
{
    for (size_t hop = 0; hop < HOPS_MAX; hop++) {
        const struct comfyui_node *at = node_at(finder, node);
        const struct json *value = json_get(at->inputs, input);
        const struct comfyui_link *link = comfyui_graph_link(&finder->graph, node, input);
        const struct comfyui_node *from;

        if (link == NULL) {
            if (!comfyui_input_fits(parameter, value))
                return false;
            *out = (struct spot){.node = node, .input = str_of(input), .value = value};
            return true;
        }
        *is_linked = true;
        node = link->from;
        from = node_at(finder, node);
        input = NULL;
        for (size_t i = 0; i < COUNT(value_inputs) && input == NULL; i++)
            if (json_get(from->inputs, value_inputs[i]) != NULL)
                input = value_inputs[i];
        if (input == NULL)
            return false;
    }
    return false;
}

/* The same as a target; says so when what is there cannot be taken. */
static bool find_and_add(struct finder *finder, size_t node, const char *input,
                         enum comfyui_parameter parameter)
{
    bool is_linked = false;
    struct spot spot;

    if (find_spot(finder, node, input, parameter, &spot, &is_linked))
        return add_target(finder, parameter, &spot);
    if (is_linked)
        add_note(finder, COMFYUI_NOTE_LINKED, node, str_of(input));
    return false;
}

/* --- what is saved --- */

static bool is_saver(const struct comfyui_node *node)
{
    return str_find(node->class, STR("Save")) >= 0 &&
           !str_equal(node->class, STR("SaveImageWebsocket")) &&
           (json_get(node->inputs, "images") != NULL || json_get(node->inputs, "image") != NULL);
}

static bool find_outputs(struct finder *finder, struct error *err)
{
    const struct comfyui_graph *graph = &finder->graph;
    size_t preview = graph->count, socket = graph->count;

    for (size_t i = 0; i < graph->count; i++) {
        if (is_saver(&graph->nodes[i]))
            reach_add(&finder->reach, i);
        if (is_class(finder, i, "PreviewImage") && preview == graph->count)
            preview = i;
        if (is_class(finder, i, "SaveImageWebsocket"))
            socket = i;
    }
    if (finder->reach.count == 0 && preview < graph->count) {
        reach_add(&finder->reach, preview);
        add_note(finder, COMFYUI_NOTE_PREVIEW, preview, STR_EMPTY);
    }
    if (finder->reach.count == 0 && socket < graph->count)
        return error_field(err, ERROR_INVALID, "workflow", 0,
                           "node \"%.*s\" (SaveImageWebsocket) keeps no picture; use Save Image "
                           "in its place",
                           STR_ARGS(text_clip(graph->nodes[socket].id, 40)));
    if (finder->reach.count == 0)
        return error_field(err, ERROR_INVALID, "workflow", 0,
                           "no node of the workflow saves a picture: add Save Image");
    reach_all(graph, &finder->reach);
    return true;
}

/* --- samplers --- */

static bool is_sampler(const struct comfyui_graph *graph, size_t at)
{
    return str_find(graph->nodes[at].class, STR("Sampler")) >= 0 &&
           (comfyui_graph_link(graph, at, "positive") != NULL ||
            comfyui_graph_link(graph, at, "guider") != NULL);
}

/* Whether another one of them works before this one. */
static bool has_earlier(const struct finder *finder, size_t sampler, struct reach *scratch)
{
    *scratch = (struct reach){0};
    reach_add(scratch, sampler);
    reach_all(&finder->graph, scratch);
    for (size_t i = 0; i < finder->sampler_count; i++)
        if (finder->samplers[i] != sampler && scratch->has[finder->samplers[i]])
            return true;
    return false;
}

/*
 * The one that begins leads: size, seed and what the picture shows are its.  Of several that begin,
 * the nearest to what is saved; those behind it follow in what they have alike with it, all others
 * stay as they are.
 */
static void find_samplers(struct finder *finder)
{
    struct reach scratch;
    uint16_t all[SAMPLERS_MAX] = {0};
    size_t count = 0, found = 0, lead = SAMPLERS_MAX;

    for (size_t i = 0; i < finder->reach.count; i++)
        if (is_sampler(&finder->graph, finder->reach.nodes[i]) && found++ < SAMPLERS_MAX)
            finder->samplers[finder->sampler_count++] = finder->reach.nodes[i];
    for (size_t i = 0; i < finder->sampler_count && lead == SAMPLERS_MAX; i++)
        if (!has_earlier(finder, finder->samplers[i], &scratch))
            lead = i;
    if (lead == SAMPLERS_MAX)
        return;
    all[count++] = finder->samplers[lead];
    if (found > SAMPLERS_MAX) /* before other notes: they may leave no room for it */
        add_note(finder, COMFYUI_NOTE_CROWD, finder->samplers[lead], STR_EMPTY);
    for (size_t i = 0; i < finder->sampler_count; i++) {
        if (i == lead)
            continue;
        scratch = (struct reach){0};
        reach_add(&scratch, finder->samplers[i]);
        reach_all(&finder->graph, &scratch);
        if (scratch.has[all[0]])
            all[count++] = finder->samplers[i];
        else
            add_note(finder, COMFYUI_NOTE_SAMPLERS, finder->samplers[lead], STR_EMPTY);
    }
    memcpy(finder->samplers, all, sizeof(all));
    finder->sampler_count = count;
}

/* A sampler may have its noise, steps and guidance from nodes of their own. */
static void gather_parts(struct finder *finder, size_t sampler)
{
    static const char *const names[] = {"noise", "guider", "sampler", "sigmas", "scheduler"};

    finder->part_count = 0;
    finder->parts[finder->part_count++] = (uint16_t)sampler;
    for (size_t i = 0; i < finder->part_count; i++)
        for (size_t n = 0; n < COUNT(names); n++) {
            const struct comfyui_link *link =
                comfyui_graph_link(&finder->graph, finder->parts[i], names[n]);
            bool is_there = link == NULL || finder->part_count == PARTS_MAX;

            for (size_t p = 0; p < finder->part_count && !is_there; p++)
                is_there = finder->parts[p] == link->from;
            if (!is_there)
                finder->parts[finder->part_count++] = link->from;
        }
}

static const struct comfyui_link *part_link(struct finder *finder, const char *input)
{
    for (size_t i = 0; i < finder->part_count; i++) {
        const struct comfyui_link *link =
            comfyui_graph_link(&finder->graph, finder->parts[i], input);

        if (link != NULL)
            return link;
    }
    return NULL;
}

static bool part_with(struct finder *finder, const char *input, size_t *node)
{
    for (size_t i = 0; i < finder->part_count; i++)
        if (json_get(node_at(finder, finder->parts[i])->inputs, input) != NULL) {
            *node = finder->parts[i];
            return true;
        }
    return false;
}

static bool is_alike(const struct json *a, const struct json *b)
{
    double first, second;

    if (json_is(a, JSON_TEXT))
        return json_is(b, JSON_TEXT) && str_equal(json_text(a), json_text(b));
    return json_double(a, &first) && json_double(b, &second) && first == second;
}

/* One setting of the first sampler, and of those behind it that have the same. */
static void find_setting(struct finder *finder, const char *input, enum comfyui_parameter parameter)
{
    const struct json *first = NULL;

    for (size_t s = 0; s < finder->sampler_count; s++) {
        bool is_linked = false;
        struct spot spot;
        size_t node;

        gather_parts(finder, finder->samplers[s]);
        if (!part_with(finder, input, &node))
            continue;
        if (s == 0) {
            const size_t before = finder->found->target_count;

            if (find_and_add(finder, node, input, parameter))
                first = finder->found->targets[before].value;
        } else if (first != NULL && find_spot(finder, node, input, parameter, &spot, &is_linked)) {
            if (is_alike(first, spot.value))
                (void)add_target(finder, parameter, &spot);
            else
                add_note(finder, COMFYUI_NOTE_DIFFERS, node, str_of(input));
        }
    }
    gather_parts(finder, finder->samplers[0]);
}

/* A sampler that leaves its last steps to another one counts them all: 20 of 25. */
static void find_steps(struct finder *finder)
{
    int64_t steps = 0, end = 0;
    size_t node;

    if (!part_with(finder, "steps", &node))
        return;
    if (json_int(json_get(node_at(finder, node)->inputs, "steps"), &steps) &&
        json_int(json_get(node_at(finder, node)->inputs, "end_at_step"), &end) && end < steps)
        add_note(finder, COMFYUI_NOTE_STEPS, node, STR("steps"));
    else
        (void)find_and_add(finder, node, "steps", COMFYUI_STEPS);
}

static void find_seed(struct finder *finder)
{
    size_t node;

    if (part_with(finder, "noise_seed", &node))
        (void)find_and_add(finder, node, "noise_seed", COMFYUI_SEED);
    else if (part_with(finder, "seed", &node))
        (void)find_and_add(finder, node, "seed", COMFYUI_SEED);
}

/* --- texts --- */

/* What a conditioning is made of, backwards: nodes that hold texts, and one that guides. */
struct conditioning {
    uint16_t encoders[ENCODERS_MAX];
    size_t count;
    size_t guide; /* has an input "guidance"; the graph's count: none */
};

static bool is_encoder(const struct comfyui_node *node)
{
    for (size_t i = 0; i < COUNT(text_inputs); i++) {
        const struct json *value = json_get(node->inputs, text_inputs[i]);

        if (json_is(value, JSON_TEXT) || json_is(value, JSON_LIST))
            return true;
    }
    return false;
}

struct trail {
    const struct comfyui_link *links[COMFYUI_NODES_MAX];
    size_t count;
    bool has[COMFYUI_NODES_MAX * 2]; /* a node by its first output, or by another one */
};

static void trail_add(struct trail *trail, const struct comfyui_link *link)
{
    size_t key;

    if (link == NULL)
        return;
    key = (size_t)link->from * 2 + (link->output == 1);
    if (trail->has[key] || trail->count == COUNT(trail->links))
        return;
    trail->has[key] = true;
    trail->links[trail->count++] = link;
}

/* Nodes that change both conditionings give the positive one first, then the negative. */
static void trail_on(struct finder *finder, struct trail *trail, const struct comfyui_link *link)
{
    const struct comfyui_graph *graph = &finder->graph;
    const struct comfyui_node *node = &graph->nodes[link->from];
    const size_t before = trail->count;

    if (comfyui_graph_link(graph, link->from, "positive") != NULL &&
        comfyui_graph_link(graph, link->from, "negative") != NULL) {
        trail_add(trail, comfyui_graph_link(graph, link->from,
                                            link->output == 1 ? "negative" : "positive"));
        return;
    }
    for (size_t i = node->first; i < node->end; i++)
        if (str_starts_with(graph->links[i].input, STR("conditioning")))
            trail_add(trail, &graph->links[i]);
    if (trail->count == before && node->end == node->first + 1)
        trail_add(trail, &graph->links[node->first]); /* a node that hands on, whatever its name */
}

static void follow(struct finder *finder, const struct comfyui_link *start,
                   struct conditioning *out)
{
    struct trail trail = {0};

    *out = (struct conditioning){.guide = finder->graph.count};
    trail_add(&trail, start);
    for (size_t i = 0; i < trail.count; i++) {
        const size_t at = trail.links[i]->from;
        const struct comfyui_node *node = node_at(finder, at);

        if (json_get(node->inputs, "guidance") != NULL && out->guide == finder->graph.count)
            out->guide = at;
        if (is_encoder(node)) {
            bool is_there = out->count == ENCODERS_MAX;

            for (size_t e = 0; e < out->count; e++)
                is_there = is_there || out->encoders[e] == at;
            if (!is_there)
                out->encoders[out->count++] = (uint16_t)at;
        } else if (!is_class(finder, at, "ConditioningZeroOut")) {
            trail_on(finder, &trail, trail.links[i]);
        }
    }
}

/* The texts of one encoder; of several that are there those that say something, or all. */
static bool add_texts(struct finder *finder, size_t encoder, enum comfyui_parameter parameter)
{
    struct spot spots[COUNT(text_inputs)];
    size_t count = 0;
    bool is_linked = false, says_any = false, is_added = false;

    for (size_t i = 0; i < COUNT(text_inputs); i++)
        if (json_get(node_at(finder, encoder)->inputs, text_inputs[i]) != NULL &&
            find_spot(finder, encoder, text_inputs[i], parameter, &spots[count], &is_linked)) {
            says_any = says_any || json_text(spots[count].value).size > 0;
            count++;
        }
    for (size_t i = 0; i < count; i++)
        if (!says_any || json_text(spots[i].value).size > 0)
            is_added = add_target(finder, parameter, &spots[i]) || is_added;
    if (count == 0 && is_linked)
        add_note(finder, COMFYUI_NOTE_LINKED, encoder, STR("text"));
    return is_added;
}

static struct str first_text(struct finder *finder, size_t encoder)
{
    struct spot spot = {0};
    bool is_linked = false;

    for (size_t i = 0; i < COUNT(text_inputs); i++)
        if (find_spot(finder, encoder, text_inputs[i], COMFYUI_PROMPT, &spot, &is_linked) &&
            json_text(spot.value).size > 0)
            return json_text(spot.value);
    return STR_EMPTY;
}

/* The first text of the first sampler; of what else there is, those that say the same. */
static void find_texts(struct finder *finder, enum comfyui_parameter parameter)
{
    const char *const names[] = {parameter == COMFYUI_PROMPT ? "positive" : "negative",
                                 parameter == COMFYUI_PROMPT ? "conditioning" : NULL,
                                 parameter == COMFYUI_PROMPT ? "cond1" : NULL};
    size_t lead = finder->graph.count;

    for (size_t s = 0; s < finder->sampler_count; s++) {
        const struct comfyui_link *start = NULL;
        struct conditioning conditioning;

        gather_parts(finder, finder->samplers[s]);
        for (size_t i = 0; i < COUNT(names) && names[i] != NULL && start == NULL; i++)
            start = part_link(finder, names[i]);
        follow(finder, start, &conditioning);
        for (size_t i = 0; i < conditioning.count; i++) {
            const size_t at = conditioning.encoders[i];

            if (lead == finder->graph.count) {
                const size_t notes = finder->found->note_count;

                lead = at;
                if (!add_texts(finder, at, parameter) && finder->found->note_count == notes)
                    add_note(finder, COMFYUI_NOTE_SHARED, at, STR_EMPTY);
            } else if (at != lead && str_equal(first_text(finder, at), first_text(finder, lead))) {
                (void)add_texts(finder, at, parameter);
            } else if (at != lead) {
                add_note(finder, s == 0 ? COMFYUI_NOTE_TEXTS : COMFYUI_NOTE_DIFFERS, at, STR_EMPTY);
            }
        }
    }
    gather_parts(finder, finder->samplers[0]);
}

/* A model that is told its guidance beside the text has it there: its cfg stays, and at 1 no
 * negative text has any effect. */
static void find_scale_and_negative(struct finder *finder)
{
    const struct comfyui_link *start = part_link(finder, "positive");
    struct conditioning conditioning;
    double cfg = 0;
    size_t node;

    follow(finder, start != NULL ? start : part_link(finder, "conditioning"), &conditioning);
    if (part_with(finder, "cfg", &node) &&
        !json_double(json_get(node_at(finder, node)->inputs, "cfg"), &cfg))
        cfg = 0;
    if (conditioning.guide == finder->graph.count || cfg != 1)
        find_texts(finder, COMFYUI_NEGATIVE);
    if (conditioning.guide < finder->graph.count)
        (void)find_and_add(finder, conditioning.guide, "guidance", COMFYUI_CFG);
    else
        find_setting(finder, "cfg", COMFYUI_CFG);
}

/* --- size, model, pictures --- */

static bool is_latent_of_size(const struct comfyui_node *node)
{
    return str_starts_with(node->class, STR("Empty")) && json_get(node->inputs, "width") != NULL &&
           json_get(node->inputs, "height") != NULL;
}

/* The latent that the sampler begins with; when it is a picture's, how much of that changes. */
static void find_size(struct finder *finder)
{
    const struct comfyui_link *link = part_link(finder, "latent_image");
    struct reach reach = {0};
    bool is_empty = false;
    size_t node;

    if (link == NULL)
        return;
    reach_add(&reach, link->from);
    reach_all(&finder->graph, &reach);
    for (size_t i = 0; i < reach.count && !is_empty; i++) {
        const size_t at = reach.nodes[i];

        if (is_class(finder, at, "RepeatLatentBatch"))
            (void)find_and_add(finder, at, "amount", COMFYUI_COUNT);
        is_empty = is_latent_of_size(node_at(finder, at));
        if (!is_empty)
            continue;
        /* Both or none: one value for two sides makes squares of what is asked for. */
        if (find_and_add(finder, at, "width", COMFYUI_WIDTH) &&
            !find_and_add(finder, at, "height", COMFYUI_HEIGHT)) {
            finder->found->target_count--;
            add_note(finder, COMFYUI_NOTE_LINKED, at, STR("height"));
        }
        if (json_get(node_at(finder, at)->inputs, "batch_size") != NULL)
            (void)find_and_add(finder, at, "batch_size", COMFYUI_COUNT);
    }
    if (!is_empty && part_with(finder, "denoise", &node))
        (void)find_and_add(finder, node, "denoise", COMFYUI_DENOISE);
}

static void find_model(struct finder *finder)
{
    const struct comfyui_link *link = part_link(finder, "model");
    struct reach reach = {0};

    if (link == NULL)
        return;
    reach_add(&reach, link->from);
    reach_all(&finder->graph, &reach);
    for (size_t i = 0; i < reach.count; i++)
        for (size_t n = 0; n < COUNT(model_inputs); n++)
            if (json_get(node_at(finder, reach.nodes[i])->inputs, model_inputs[n]) != NULL &&
                find_and_add(finder, reach.nodes[i], model_inputs[n], COMFYUI_MODEL))
                return;
}

/* Whether somebody takes this output of a node that leads to the picture. */
static bool is_taken(const struct finder *finder, size_t node, int64_t output)
{
    for (size_t i = 0; i < finder->graph.link_count; i++)
        if (finder->graph.links[i].from == node && finder->graph.links[i].output == output &&
            finder->reach.has[finder->graph.links[i].to])
            return true;
    return false;
}

static void find_pictures_of(struct finder *finder, const struct reach *reach, bool *has_mask,
                             size_t *pictures)
{
    for (size_t i = 0; i < reach->count; i++) {
        const size_t at = reach->nodes[i];
        const bool is_picture = is_class(finder, at, "LoadImage");
        const bool is_mask =
            is_class(finder, at, "LoadImageMask") || (is_picture && is_taken(finder, at, 1));
        bool is_linked;
        struct spot spot;

        if ((!is_picture && !is_mask) ||
            !find_spot(finder, at, "image", COMFYUI_IMAGE, &spot, &is_linked))
            continue;
        if (is_picture && is_taken(finder, at, 0)) {
            if (*pictures == COMFYUI_IMAGES_MAX)
                add_note(finder, COMFYUI_NOTE_MORE, at, spot.input);
            else if (add_target(finder, COMFYUI_IMAGE, &spot))
                (*pictures)++;
        }
        if (is_mask && *has_mask)
            add_note(finder, COMFYUI_NOTE_MORE, at, spot.input);
        else if (is_mask)
            *has_mask = add_target(finder, COMFYUI_MASK, &spot);
    }
}

/* What the sampler begins with is the first picture, then those of the file's others by distance.
 */
static void find_pictures(struct finder *finder)
{
    const struct comfyui_link *link =
        finder->sampler_count == 0 ? NULL : part_link(finder, "latent_image");
    struct reach reach = {0};
    bool has_mask = false;
    size_t pictures = 0;

    if (link != NULL) {
        reach_add(&reach, link->from);
        reach_all(&finder->graph, &reach);
    }
    for (size_t i = 0; i < finder->reach.count; i++)
        reach_add(&reach, finder->reach.nodes[i]);
    find_pictures_of(finder, &reach, &has_mask, &pictures);
}

/* Nodes that draw by themselves have a prompt of their own, and what else a sampler has. */
static void find_drawer(struct finder *finder)
{
    for (size_t i = 0; i < finder->reach.count; i++)
        if (json_is(json_get(node_at(finder, finder->reach.nodes[i])->inputs, "prompt"),
                    JSON_TEXT)) {
            finder->parts[0] = finder->reach.nodes[i];
            finder->part_count = 1;
            (void)find_and_add(finder, finder->parts[0], "prompt", COMFYUI_PROMPT);
            find_seed(finder);
            find_steps(finder);
            return;
        }
}

static void find_all(struct finder *finder)
{
    find_samplers(finder);
    if (finder->sampler_count == 0) {
        find_drawer(finder);
    } else {
        gather_parts(finder, finder->samplers[0]);
        find_texts(finder, COMFYUI_PROMPT);
        find_scale_and_negative(finder);
        find_seed(finder);
        find_size(finder);
        find_steps(finder);
        find_setting(finder, "sampler_name", COMFYUI_SAMPLER);
        find_setting(finder, "scheduler", COMFYUI_SCHEDULER);
        find_model(finder);
    }
    find_pictures(finder);
}

bool comfyui_workflow_find(const struct json *graph, struct comfyui_found *out, struct error *err)
{
    struct finder finder = {.found = out};
    bool ok;

    *out = (struct comfyui_found){0};
    if (!comfyui_graph_init(graph, &finder.graph, err))
        return false;
    ok = find_outputs(&finder, err);
    if (ok)
        find_all(&finder);
    comfyui_graph_finish(&finder.graph);
    if (!ok)
        return false;
    for (size_t i = 0; i < out->target_count; i++)
        if (out->targets[i].parameter == COMFYUI_PROMPT)
            return true;
    if (out->note_count == COUNT(out->notes))
        out->note_count--;
    memset(&out->notes[out->note_count], 0, sizeof(out->notes[0]));
    out->notes[out->note_count++].note = COMFYUI_NOTE_NO_PROMPT;
    return true;
}
