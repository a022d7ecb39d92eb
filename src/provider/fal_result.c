/* provider/fal_result.c: what a model of fal has made, and what that cost. */
#include "provider/fal_private.h"

#include <math.h>
#include <string.h>

/* With the filter on, a hit is a black picture and not an error (facts 6.2, 0.3). */
static size_t drop_black(const struct provider_account *account,
                         const struct provider_request *request, const struct json *body,
                         struct picture_list *list)
{
    const struct json *flags = json_get(body, "has_nsfw_concepts");
    const struct json *images = json_get(body, "images");
    size_t dropped = 0;

    if (!call_option_bool(account, request, "safety_checker", true))
        return 0;
    if (images == NULL &&
        json_bool(json_is(flags, JSON_LIST) ? json_item(flags, 0) : flags, false)) {
        dropped = list->count;
        list->count = 0;
    }
    for (size_t i = 0; i < json_count(images); i++) {
        struct str url = json_text(json_get(json_item(images, i), "url"));
        if (!json_bool(json_item(flags, i), false))
            continue;
        for (size_t p = 0; p < list->count; p++)
            if (str_equal(list->items[p].url, str_trim(url))) {
                list->count--;
                memmove(&list->items[p], &list->items[p + 1],
                        (list->count - p) * sizeof list->items[0]);
                dropped++;
                break;
            }
    }
    return dropped;
}

/*
 * fal tells no price (facts 6.2).  What it bills is told in a header that aimock has seen, in units
 * of the price; else the catalogue's price for the pictures that came, at their size.
 */
static void find_cost(const struct provider_request *request, const struct json *body,
                      const struct exchange_reply *reply, struct provider_usage *usage)
{
    struct provider_model model = provider_model_find(&provider_fal, request->model);
    const struct queue_row *row = queue_row_find(&fal_catalogue, request->model);
    const struct json *images = json_get(body, "images");
    int64_t sum = 0;
    double units;

    if (row == NULL || model.price_micro < 0)
        return;
    if (str_to_double(exchange_reply_header(reply, "x-fal-billable-units"), &units) && units >= 0 &&
        units <= 1e6) {
        sum = llround(units * (double)model.price_micro);
    } else {
        for (size_t i = 0; i < json_count(images) && i < PICTURES_MAX; i++)
            sum +=
                queue_price(row, &model, json_int_or(json_path(json_item(images, i), "width"), 0),
                            json_int_or(json_path(json_item(images, i), "height"), 0), 0);
        if (sum == 0)
            return; /* the catalogue counts pictures itself */
    }
    usage->cost_micro = sum;
    usage->currency = "USD";
}

static void tell_of_pictures(const struct provider_account *account,
                             const struct provider_request *request, const struct json *body,
                             struct picture_list *list)
{
    struct str prompt = json_text(json_get(body, "prompt"));
    int64_t seed;

    if (list->count == 1 && json_int(json_get(body, "seed"), &seed)) {
        list->items[0].has_seed = true;
        list->items[0].seed = seed;
    }
    if (prompt.size == 0 || str_equal(prompt, request->prompt))
        return;
    for (size_t i = 0; i < list->count; i++)
        list->items[i].revised_prompt = provider_text_clean(str_trim(secret_expose(account->key)),
                                                            prompt, KIB(32), list->arena);
}

bool fal_read_result(const struct provider_account *account, const struct provider_request *request,
                     const struct json *body, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_verdict *out)
{
    struct picture_list list;
    size_t came, black;

    picture_list_init(&list, arena);
    picture_list_read(&list, body);
    came = list.count;
    if (came == 0 && list.broken == 0)
        return false;
    black = drop_black(account, request, body, &list);
    find_cost(request, body, reply, &out->usage);
    out->is_list_cost = true;
    if (list.count == 0) {
        /* It is billed for: the run went through, and its black picture is one. */
        queue_verdict_fail(out, came > 0 ? FAILURE_REFUSED : FAILURE_RESULT_LOST, CHARGED_YES,
                           came > 0 ? STR("fal's safety checker blacked the picture out")
                                    : STR("the picture in the reply is broken or cut short"));
        return true;
    }
    if (black > 0)
        out->missing = arena_printf(arena,
                                    "%zu of %zu pictures were blacked out by fal's safety "
                                    "checker",
                                    black, came);
    tell_of_pictures(account, request, body, &list);
    queue_verdict_done(out, &list, request->count, arena);
    return true;
}
