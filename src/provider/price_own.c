/* provider/price_own.c: a price that the house gave a model: its form, its rules, where it is
 * found. */
#include "provider/provider_private.h"

static const char *const rules[] = {"percent", "pictures", "tokens", NULL};
#define RATE_MICRO_MAX 1000000000 /* per million tokens; more would overflow */

#define ROW(member) offsetof(struct provider_picture_price, member)
static const struct field row_fields[] = {
    {"quality",     FIELD_TEXT, ROW(quality),     0,              0, 40,                       NULL, NULL, "Empty: any."},
    {"pixels_max",  FIELD_INT,  ROW(pixels_max),  0,              0, 1000000000,               NULL, NULL,
     "Width times height at most; 0: any size."                                                                         },
    {"price_micro", FIELD_INT,  ROW(price_micro), FIELD_REQUIRED, 0, PROVIDER_PRICE_MICRO_MAX, NULL,
     NULL,                                                                                                 "Of one."    },
};
static const struct shape row_shape =
    SHAPE("PicturePrice", struct provider_picture_price, row_fields);

#define PRICE(member) offsetof(struct provider_price, member)
#define RATE(name, member, help)                                                                   \
    {                                                                                              \
        name, FIELD_INT, PRICE(member), 0, 0, RATE_MICRO_MAX, NULL, NULL,                          \
            "Of a million tokens " help                                                            \
    }
#define RULE_HELP                                                                                  \
    "percent: a share of the catalogue's price; pictures: by quality and size; tokens: by what is" \
    " read and written."
#define ROWS_HELP                                                                                  \
    "A row of the quality goes before one of any, the nearest size before larger ones."
#define CURRENCY_HELP "Three capitals; empty: the catalogue's, as always of percent."

static const struct field price_fields[] = {
    {"rule",     FIELD_ENUM, PRICE(rule),     FIELD_REQUIRED, 0, 0,                       NULL,       rules, RULE_HELP                  },
    {"currency", FIELD_TEXT, PRICE(currency), 0,              0, 3,                       NULL,       NULL,  CURRENCY_HELP              },
    {"percent",  FIELD_INT,  PRICE(percent),  0,              0, 1000,                    NULL,       NULL,  "Of the catalogue's price."},
    {"pictures", FIELD_LIST, PRICE(pictures), 0,              0, PROVIDER_PRICE_ROWS_MAX, &row_shape, NULL,
     ROWS_HELP                                                                                                                          },
    RATE("text_in_micro", text_in_micro, "of words read."),
    RATE("image_in_micro", image_in_micro, "of pictures read."),
    RATE("cached_in_micro", cached_in_micro, "read from a cache; 0: as others."),
    RATE("out_micro", out_micro, "written or painted."),
};
const struct shape provider_price_shape = SHAPE("ModelPrice", struct provider_price, price_fields);

static bool is_currency(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < 'A' || text.data[i] > 'Z')
            return false;
    return text.size == 3;
}

static bool check_rows(const struct list *list, struct error *err)
{
    const struct provider_picture_price *rows = list->items;

    if (list->count == 0)
        return error_field(err, ERROR_REQUIRED, "price.pictures", 1,
                           "a price by pictures needs a row");
    for (size_t i = 0; i < list->count; i++)
        for (size_t other = 0; other < i; other++)
            if (rows[i].pixels_max == rows[other].pixels_max &&
                str_equal(rows[i].quality, rows[other].quality))
                return error_field(err, ERROR_INVALID, "price.pictures", 0,
                                   "two rows are for the same quality and size");
    return true;
}

bool provider_price_check(const struct provider_price *price, const struct provider_model *model,
                          struct error *err)
{
    const bool is_percent = str_equal(price->rule, STR("percent"));

    if (price->currency.size > 0 && (is_percent || !is_currency(price->currency)))
        return error_field(err, ERROR_INVALID, "price.currency", 3,
                           is_percent ? "a share of a price has that price's currency"
                                      : "a currency is three capital letters");
    if (is_percent) {
        if (price->percent < 1)
            return error_field(err, ERROR_TOO_SMALL, "price.percent", 1,
                               "the share is 1 percent at least");
        return model->is_known ||
               error_field(err, ERROR_INVALID, "price.rule", 0,
                           "the catalogue has no price of this model to take a share of");
    }
    if (str_equal(price->rule, STR("pictures")))
        return check_rows(&price->pictures, err);
    return price->out_micro > 0 || error_field(err, ERROR_TOO_SMALL, "price.out_micro", 1,
                                               "a price by tokens needs that of what is written");
}

struct str provider_price_write(const struct provider_price *price, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct json_writer writer;

    json_writer_init(&writer, &text);
    shape_write(&provider_price_shape, price, &writer);
    return arena_str(arena, buf_str(&text));
}

bool provider_price_read(struct str text, struct str model, struct arena *arena,
                         struct provider_own_price *out, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;

    *out = (struct provider_own_price){.model = model};
    if (!json_read(text, &json, err) ||
        !shape_read(&provider_price_shape, json, arena, &out->price, NULL, err))
        return false;
    if (out->price.currency.size > 0)
        out->currency = arena_cstr(arena, out->price.currency);
    return true;
}

struct provider_own_price provider_price_flat(struct str model, int64_t price_micro,
                                              struct arena *arena)
{
    struct provider_picture_price *row = ARENA_NEW(arena, struct provider_picture_price);

    row->price_micro = price_micro;
    return (struct provider_own_price){
        .model = model,
        .price = {.rule = STR("pictures"), .pictures = {.items = row, .count = 1}},
    };
}

const struct provider_own_price *provider_price_find(const struct provider_account *account,
                                                     struct str model)
{
    for (size_t i = 0; i < account->price_count; i++)
        if (str_equal(account->prices[i].model, model))
            return &account->prices[i];
    return NULL;
}

bool provider_model_reprice(const struct provider_account *account, struct provider_model *model)
{
    const struct provider_own_price *own = provider_price_find(account, model->name);

    if (own == NULL || !str_equal(own->price.rule, STR("tokens")))
        return false;
    model->rate_text_in_micro = own->price.text_in_micro;
    model->rate_image_in_micro = own->price.image_in_micro;
    model->rate_cached_in_micro = own->price.cached_in_micro;
    model->rate_out_micro = own->price.out_micro;
    if (own->currency != NULL)
        model->currency = own->currency;
    return true;
}
