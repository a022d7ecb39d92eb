/* provider/price.c: what a request will cost, and what it did cost, in integer micro-units. */
#include "provider/provider_private.h"

#include "core/text.h"

#include <string.h>

#define TOKENS_MAX 1000000000 /* more in one call is a lie, and would overflow */
#define MILLION 1000000
#define BASE_PIXELS 1572864 /* 1536x1024: the largest size the token tables are for */

int64_t provider_token_cost(int64_t tokens, int64_t rate_micro)
{
    if (tokens < 0 || tokens > TOKENS_MAX || rate_micro < 0 || rate_micro > TOKENS_MAX)
        return -1;
    return (tokens * rate_micro + MILLION - 1) / MILLION;
}

static bool is_token_billed(const struct provider_model *model)
{
    return model->rate_out_micro > 0;
}

/* A Latin token is about four bytes; other scripts take about one a character. */
int64_t provider_count_tokens(struct str text)
{
    int64_t ascii = 0, other = 0;
    uint32_t code_point;

    while (text_next(&text, &code_point)) {
        if (code_point < 0x80)
            ascii++;
        else
            other++;
    }
    return ascii / 4 + other + 8; /* 8: what frames it */
}

static const struct provider_tokens *find_tokens(const struct provider_model *model,
                                                 struct str quality)
{
    for (const struct provider_tokens *row = model->tokens; row != NULL && row->quality != NULL;
         row++)
        if (str_equal(quality, str_of(row->quality)))
            return row;
    return NULL;
}

static int64_t count_picture_tokens(const struct provider_tokens *row, int64_t width,
                                    int64_t height)
{
    int64_t tokens = width > height ? row->landscape : width < height ? row->portrait : row->square;
    int64_t pixels = width * height;

    if (width <= 0 || height <= 0) { /* the model's choice: its dearest shape */
        tokens = row->square > row->portrait ? row->square : row->portrait;
        return tokens > row->landscape ? tokens : row->landscape;
    }
    /* One measured point: 5.27 times the pixels took 2.47 times the tokens (facts 8.2). */
    if (pixels > BASE_PIXELS)
        tokens += tokens * (pixels - BASE_PIXELS) / BASE_PIXELS * 35 / 100;
    return tokens;
}

#define WRITE_TOKENS_GUESS 1024 /* of an answer whose length is left open */

static int64_t tokens_written(const struct provider_kind *kind,
                              const struct provider_request *request)
{
    if (request->output_tokens_max > 0)
        return request->output_tokens_max;
    if (kind->write_tokens_max != NULL)
        return kind->write_tokens_max(request);
    /* Who thinks more writes more: as the limit grows. */
    return WRITE_TOKENS_GUESS * provider_write_tokens(request) / WRITE_TOKENS_DEFAULT;
}

static int64_t estimate_text(const struct provider_kind *kind, const struct provider_model *model,
                             const struct provider_request *request)
{
    int64_t written = tokens_written(kind, request);
    int64_t read = provider_count_tokens(request->prompt) + provider_count_tokens(request->system) +
                   provider_count_tokens(request->schema);
    int64_t text = provider_token_cost(read, model->rate_text_in_micro);
    int64_t image = provider_token_cost((int64_t)request->reference_count * model->reference_tokens,
                                        model->rate_image_in_micro);
    int64_t out = provider_token_cost(written, model->rate_out_micro);

    return text < 0 || image < 0 || out < 0 ? -1 : text + image + out;
}

static int64_t estimate_tokens(const struct provider_model *model,
                               const struct provider_request *request)
{
    struct str quality =
        request->quality.size > 0 ? request->quality : str_of(model->quality_default);
    const struct provider_tokens *row = find_tokens(model, quality);
    int64_t pictures = (int64_t)request->reference_count + (request->mask != NULL ? 1 : 0);
    int64_t out, text, image;

    if (row == NULL || request->width_px > 65536 || request->height_px > 65536)
        return -1;
    out = provider_token_cost(count_picture_tokens(row, request->width_px, request->height_px) *
                                      request->count +
                                  request->partial_images * model->partial_tokens,
                              model->rate_out_micro);
    text = provider_token_cost(provider_count_tokens(request->prompt), model->rate_text_in_micro);
    image = provider_token_cost(pictures * model->reference_tokens, model->rate_image_in_micro);
    return out < 0 || text < 0 || image < 0 ? -1 : out + text + image;
}

/* By the catalogue, with the rates of `model`. */
static int64_t estimate_list(const struct provider_kind *kind,
                             const struct provider_account *account,
                             const struct provider_request *request, const char **currency)
{
    struct provider_model model = provider_model_find(kind, request->model);

    const bool is_repriced = provider_model_reprice(account, &model);
    const bool is_words = request->action == PROVIDER_WRITE;

    if (kind->estimate != NULL && !(is_words && (is_repriced || kind->write_tokens_max != NULL)))
        return kind->estimate(account, request, currency);
    *currency = model.currency != NULL ? model.currency : "USD";
    if (is_words)
        return is_token_billed(&model) ? estimate_text(kind, &model, request) : model.price_micro;
    if (request->count < 1 || request->count > PICTURES_MAX || request->partial_images > 100)
        return -1;
    if (is_token_billed(&model) && model.tokens != NULL)
        return estimate_tokens(&model, request);
    return model.price_micro < 0 ? -1 : model.price_micro * request->count;
}

static int64_t of_percent(int64_t micro, int64_t percent)
{
    if (micro < 0 || micro > INT64_MAX / 1000 - 99)
        return -1;
    return (micro * percent + 99) / 100;
}

/* What the rows say of one picture: the row of its quality before one of any, the nearest size
 * before larger ones, the dearest when the size is left open; -1 when no row fits. */
static int64_t price_of_picture(const struct provider_price *price,
                                const struct provider_model *model,
                                const struct provider_request *request)
{
    const struct provider_picture_price *rows = price->pictures.items, *found = NULL;
    const struct str quality =
        request->quality.size > 0 ? request->quality : str_of(model->quality_default);
    const bool has_size = request->width_px > 0 && request->height_px > 0 &&
                          request->width_px <= 65536 && request->height_px <= 65536;
    const int64_t pixels = has_size ? request->width_px * request->height_px : 0;

    for (size_t i = 0; i < price->pictures.count; i++) {
        const struct provider_picture_price *row = &rows[i];
        const bool is_exact = row->quality.size > 0;
        const bool was_exact = found != NULL && found->quality.size > 0;

        if ((is_exact && !str_equal(row->quality, quality)) || (was_exact && !is_exact) ||
            (has_size && row->pixels_max > 0 && pixels > row->pixels_max))
            continue;
        if (found == NULL || is_exact != was_exact ||
            (has_size ? row->pixels_max > 0 &&
                            (found->pixels_max == 0 || row->pixels_max < found->pixels_max)
                      : row->price_micro > found->price_micro))
            found = row;
    }
    return found == NULL ? -1 : found->price_micro;
}

static int64_t estimate_own(const struct provider_kind *kind,
                            const struct provider_account *account,
                            const struct provider_own_price *own,
                            const struct provider_request *request, const char **currency)
{
    const struct provider_model model = provider_model_find(kind, request->model);
    int64_t each, listed;

    if (str_equal(own->price.rule, STR("percent")))
        return of_percent(estimate_list(kind, account, request, currency), own->price.percent);
    if (str_equal(own->price.rule, STR("tokens"))) {
        /* A price by the picture says nothing of tokens. */
        listed = estimate_list(kind, account, request, currency);
        *currency = own->currency != NULL ? own->currency : *currency;
        return request->action == PROVIDER_WRITE || is_token_billed(&model) ? listed : -1;
    }
    (void)estimate_list(kind, account, request, currency); /* its currency, when none was chosen */
    *currency = own->currency != NULL ? own->currency : *currency;
    each = price_of_picture(&own->price, &model, request);
    if (each < 0 || request->count > PICTURES_MAX)
        return -1;
    if (request->action == PROVIDER_WRITE)
        return each;
    return request->count < 1 ? -1 : each * request->count;
}

static int64_t estimate_model(const struct provider_kind *kind,
                              const struct provider_account *account,
                              const struct provider_request *request, const char **currency)
{
    const struct provider_own_price *own = provider_price_find(account, request->model);

    return own == NULL ? estimate_list(kind, account, request, currency)
                       : estimate_own(kind, account, own, request, currency);
}

int64_t provider_estimate(const struct provider_kind *kind, const struct provider_account *account,
                          const struct provider_request *request, const char **currency)
{
    int64_t micro = estimate_model(kind, account, request, currency), beside;
    struct provider_request words;
    const char *other = NULL;

    if (micro < 0 || kind->writes_beside == NULL || !kind->writes_beside(account, request, &words))
        return micro;
    beside = estimate_model(kind, account, &words, &other);
    /* Unknown, or in another money: the request's own is what is left, as when it is settled. */
    return beside < 0 || !str_equal(str_of(other), str_of(*currency)) ? micro : micro + beside;
}

static int64_t cost_of_tokens(const struct provider_model *model,
                              const struct provider_request *request,
                              const struct provider_usage *usage)
{
    int64_t text = usage->text_tokens_in, image = usage->image_tokens_in;
    int64_t text_cost, image_cost, out_cost;

    if (usage->tokens_out < 0)
        return -1;
    if (text < 0 && image < 0) {
        /* Not told apart: pictures cost more and are most of it where there are some. */
        bool is_image = request->reference_count > 0;
        text = is_image || usage->tokens_in < 0 ? 0 : usage->tokens_in;
        image = is_image && usage->tokens_in > 0 ? usage->tokens_in : 0;
    }
    text_cost = provider_token_cost(text < 0 ? 0 : text, model->rate_text_in_micro);
    image_cost = provider_token_cost(image < 0 ? 0 : image, model->rate_image_in_micro);
    out_cost = provider_token_cost(usage->tokens_out, model->rate_out_micro);
    return text_cost < 0 || image_cost < 0 || out_cost < 0 ? -1 : text_cost + image_cost + out_cost;
}

/* All that a text model reads costs the same, but for what it had read before. */
static int64_t cost_of_text(const struct provider_model *model,
                            const struct provider_verdict *verdict)
{
    const struct provider_usage *usage = &verdict->usage;
    int64_t read = usage->tokens_in, cached = verdict->cached_tokens_in;
    int64_t fresh_cost, cached_cost, out_cost;

    if (read < 0 || usage->tokens_out < 0)
        return -1;
    if (cached < 0 || cached > read || model->rate_cached_in_micro <= 0)
        cached = 0;
    fresh_cost = provider_token_cost(read - cached, model->rate_text_in_micro);
    cached_cost = provider_token_cost(cached, model->rate_cached_in_micro);
    out_cost = provider_token_cost(usage->tokens_out, model->rate_out_micro);
    return fresh_cost < 0 || cached_cost < 0 || out_cost < 0 ? -1
                                                             : fresh_cost + cached_cost + out_cost;
}

/* What the catalogue's rows, or the house's own rates in their place, make of what was used. */
static int64_t cost_by_list(const struct provider_kind *kind,
                            const struct provider_account *account,
                            const struct provider_request *request,
                            const struct provider_verdict *verdict, const char **currency)
{
    struct provider_model model = provider_model_find(kind, request->model);
    struct provider_request made = *request;
    int64_t cost = -1;

    (void)provider_model_reprice(account, &model);
    *currency = model.currency != NULL ? model.currency : "USD";
    if (is_token_billed(&model))
        cost = request->action == PROVIDER_WRITE ? cost_of_text(&model, verdict)
                                                 : cost_of_tokens(&model, request, &verdict->usage);
    if (cost < 0 && verdict->type == VERDICT_DONE && verdict->picture_count > 0 &&
        kind->estimate != NULL) {
        made.count = (int64_t)verdict->picture_count; /* the account decides the price */
        return kind->estimate(account, &made, currency);
    }
    if (cost >= 0 || verdict->type != VERDICT_DONE || model.price_micro < 0)
        return cost;
    return request->action == PROVIDER_WRITE ? model.price_micro
                                             : model.price_micro * (int64_t)verdict->picture_count;
}

int64_t provider_cost(const struct provider_kind *kind, const struct provider_account *account,
                      const struct provider_request *request,
                      const struct provider_verdict *verdict, const char **currency)
{
    const struct provider_own_price *own = provider_price_find(account, request->model);
    const struct provider_model model = provider_model_find(kind, request->model);
    struct provider_request made = *request;
    int64_t cost;

    *currency = model.currency != NULL ? model.currency : "USD";
    if (verdict->type == VERDICT_FAILED && verdict->failure.charged == CHARGED_NO)
        return 0;
    if (verdict->is_cut)
        return -1;
    if (own != NULL && (verdict->usage.cost_micro < 0 || verdict->is_list_cost) &&
        str_equal(own->price.rule, STR("pictures"))) {
        made.count = (int64_t)verdict->picture_count;
        cost = estimate_own(kind, account, own, &made, currency);
        return verdict->type == VERDICT_DONE ? cost : -1;
    }
    if (verdict->usage.cost_micro >= 0) {
        cost = verdict->usage.cost_micro;
        if (verdict->usage.currency != NULL)
            *currency = verdict->usage.currency;
    } else {
        cost = cost_by_list(kind, account, request, verdict, currency);
    }
    if (own == NULL || (verdict->usage.cost_micro >= 0 && !verdict->is_list_cost))
        return cost;
    if (str_equal(own->price.rule, STR("percent")))
        return of_percent(cost, own->price.percent);
    /* By tokens: a kind that prices its tokens itself has done so with these rates. */
    if (own->currency != NULL)
        *currency = own->currency;
    return verdict->usage.tokens_out >= 0 ? cost : -1;
}
