/*
 * provider/comfyui_offer.c: what a server lists for the options of its workflows (facts 5,
 * /object_info): its samplers, schedulers and files.  What an option's words may be is what the
 * nodes take in whose inputs they stand: ours alike, those of the account's own workflows as each
 * has them.
 */
#include "provider/comfyui_private.h"

#include "core/text.h"

#define INPUTS_MAX 16 /* of one workflow */
#define CLASSES_MAX 16
#define NAME_SIZE_MAX 500
#define LIST_MEMORY_MAX MIB(2) /* PROVIDER_CHOICES_MAX names as they stand, and cleaned */

/* Which classes of nodes are asked for, in their order; the probe asks for the first. */
struct plan {
    struct str classes[CLASSES_MAX];
    size_t class_count;
};
/* One workflow's share of it. */
struct share {
    struct str model; /* empty: of all that are not the account's own */
    struct comfyui_input inputs[INPUTS_MAX];
    size_t count;
};

static void add_class(struct plan *plan, struct str class, struct arena *arena)
{
    for (size_t i = 0; i < plan->class_count; i++)
        if (str_equal(plan->classes[i], class))
            return;
    if (plan->class_count < CLASSES_MAX)
        plan->classes[plan->class_count++] = arena_str(arena, class);
}

/* Ours first, then the account's own.  All our workflows have their options in the same nodes (a
 * test holds them to it).  False: there is no such workflow, or it cannot be read.  What the share
 * names is in `workflow`. */
static bool read_share(const struct provider_account *account, size_t index,
                       struct comfyui_workflow *workflow, struct share *out)
{
    const struct json *own = index == 0 ? NULL : comfyui_own_at(account, index - 1);
    struct error ignored;

    if (index == 0
            ? !comfyui_workflow_read(str_of(comfyui_templates[0].graph), NULL, workflow, &ignored)
            : own == NULL || !comfyui_own_read(own, workflow, &ignored))
        return false;
    out->model = json_text(json_get(own, "id"));
    out->count = comfyui_workflow_inputs(workflow, out->inputs, INPUTS_MAX);
    return true;
}

static void plan_init(struct plan *plan, const struct provider_account *account,
                      struct arena *arena)
{
    *plan = (struct plan){0};
    for (size_t index = 0; index <= COMFYUI_OWN_MAX; index++) {
        CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
        struct share share;

        if (!read_share(account, index, &workflow, &share))
            continue;
        for (size_t i = 0; i < share.count; i++)
            add_class(plan, share.inputs[i].class, arena);
    }
}

bool comfyui_ask_offer(const struct provider_account *account, size_t number, struct arena *arena,
                       struct exchange *out)
{
    CLEANUP(buf_finish) struct buf path = {0};
    struct plan plan;
    struct error ignored;

    plan_init(&plan, account, arena);
    if (number >= plan.class_count)
        return false;
    buf_add(&path, STR("/object_info/"));
    url_encode_add(&path, plan.classes[number]);
    if (!comfyui_exchange_init(account, EXCHANGE_PROBE, "GET", arena_str(arena, buf_str(&path)),
                               arena, out, &ignored))
        return false;
    out->reply_size_max = (int64_t)MIB(1);
    return true;
}

/* --- the lists --- */

static bool has(const struct text_list *list, struct str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->items[i], name))
            return true;
    return false;
}

/* False: none, or more than can be chosen from.  The names are in `json`. */
static bool read_list(const struct json *json, struct arena *arena, struct text_list *out)
{
    size_t size = 0;

    if (json_count(json) > PROVIDER_CHOICES_MAX)
        return false;
    *out = (struct text_list){.items = ARENA_ARRAY(arena, struct str, PROVIDER_CHOICES_MAX)};
    for (size_t i = 0; i < json_count(json); i++) {
        const struct str name = json_text(json_item(json, i));

        if (name.size == 0 || name.size > NAME_SIZE_MAX || str_trim(name).size != name.size ||
            !str_equal(provider_text_clean(STR_EMPTY, name, NAME_SIZE_MAX, arena), name) ||
            has(out, name))
            continue;
        size += name.size;
        if (size > PROVIDER_OFFERS_SIZE_MAX)
            return false;
        out->items[out->count++] = name;
    }
    return out->count > 0;
}

static struct provider_offer *find_or_add(struct provider_offers *offers, struct str model,
                                          const char *option, struct arena *arena)
{
    struct provider_offer *items = offers->items.items;
    struct provider_offer *found = provider_offer_find(offers, model, str_of(option));

    if (found != NULL || offers->items.count == PROVIDER_OFFERS_MAX)
        return found;
    items[offers->items.count] =
        (struct provider_offer){.model = arena_str(arena, model), .option = str_of(option)};
    return &items[offers->items.count++];
}

static const char *option_of(enum comfyui_parameter parameter)
{
    for (size_t i = 0; i < COMFYUI_OPTION_COUNT; i++)
        if (comfyui_options[i].parameter == parameter)
            return comfyui_options[i].field.name;
    return "";
}

/* What stands in two nodes must be what both take; when they share nothing, the server judges, also
 * of what a third one lists: an empty list that was made is not the same as none. */
static void add_list(struct provider_offer *offer, const struct text_list *list,
                     struct arena *arena)
{
    size_t kept = 0;

    if (offer->choices.items == NULL) {
        offer->choices = (struct text_list){
            .items = ARENA_ARRAY(arena, struct str, PROVIDER_CHOICES_MAX), .count = list->count};
        for (size_t i = 0; i < list->count; i++)
            offer->choices.items[i] = arena_str(arena, list->items[i]);
        return;
    }
    for (size_t i = 0; i < offer->choices.count; i++)
        if (has(list, offer->choices.items[i]))
            offer->choices.items[kept++] = offer->choices.items[i];
    offer->choices.count = kept;
}

/* In memory of its own: the same list is looked at for each input that takes it. */
static void add_offer(struct str model, const struct comfyui_input *input, const struct json *json,
                      struct arena *arena, struct provider_offers *offers)
{
    CLEANUP(arena_cleanup) struct arena *scratch = arena_create(LIST_MEMORY_MAX);
    struct provider_offer *offer;
    struct text_list list;

    if (!read_list(comfyui_list_of(json, input->class, input->name), scratch, &list))
        return;
    offer = find_or_add(offers, model, option_of(input->parameter), arena);
    if (offer != NULL)
        add_list(offer, &list, arena);
}

static void add_offers(const struct share *share, struct str class, const struct json *json,
                       struct arena *arena, struct provider_offers *offers)
{
    for (size_t i = 0; i < share->count; i++)
        if (str_equal(share->inputs[i].class, class))
            add_offer(share->model, &share->inputs[i], json, arena, offers);
}

bool comfyui_read_offer(const struct provider_account *account, size_t number,
                        const struct exchange_reply *reply, struct arena *arena,
                        struct provider_offers *offers)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct plan plan;
    struct error ignored;

    plan_init(&plan, account, arena);
    if (number >= plan.class_count || reply->outcome != EXCHANGE_REPLIED || reply->status != 200 ||
        !json_read_liberal(reply->body, &json, &ignored) || !json_is(json, JSON_OBJECT))
        return false;
    if (number == 0)
        offers->items =
            (struct list){.items = ARENA_ARRAY(arena, struct provider_offer, PROVIDER_OFFERS_MAX)};
    for (size_t index = 0; index <= COMFYUI_OWN_MAX; index++) {
        CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
        struct share share;

        if (read_share(account, index, &workflow, &share))
            add_offers(&share, plan.classes[number], json, arena, offers);
    }
    return true;
}
