/* provider/option.c: what one call may also say beside the fields every kind knows: a model's
 * options, checked against their rows, and read before the account's of the same name. */
#include "provider/provider_private.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 2000        /* characters of a text that says no bound of its own */
#define CHOICES_SIZE_MAX 110 /* what a message has room for */

const struct provider_setting *request_setting(const struct provider_request *request,
                                               const char *name)
{
    for (size_t i = 0; i < request->setting_count; i++)
        if (str_equal(request->settings[i].name, str_of(name)))
            return &request->settings[i];
    return NULL;
}

struct str call_option_text(const struct provider_account *account,
                            const struct provider_request *request, const char *name)
{
    const struct provider_setting *setting = request_setting(request, name);

    return setting == NULL ? account_option_text(account, name) : str_trim(setting->text);
}

int64_t call_option_int(const struct provider_account *account,
                        const struct provider_request *request, const char *name, int64_t fallback,
                        int64_t min, int64_t max)
{
    const struct provider_setting *setting = request_setting(request, name);
    double number;

    if (setting == NULL || !str_to_double(str_trim(setting->text), &number))
        return account_option_int(account, name, fallback, min, max);
    if (number <= (double)min)
        return min;
    return number >= (double)max ? max : (int64_t)number;
}

double call_option_double(const struct provider_account *account,
                          const struct provider_request *request, const char *name, double fallback,
                          double min, double max)
{
    const struct provider_setting *setting = request_setting(request, name);
    double number;

    if (setting == NULL || !str_to_double(str_trim(setting->text), &number))
        return account_option_double(account, name, fallback, min, max);
    return fmin(fmax(number, min), max);
}

bool call_option_bool(const struct provider_account *account,
                      const struct provider_request *request, const char *name, bool fallback)
{
    const struct provider_setting *setting = request_setting(request, name);

    return setting == NULL ? account_option_bool(account, name, fallback)
                           : str_equal(str_trim(setting->text), STR("true"));
}

/* --- the check --- */

static bool check_text(const struct provider_field *row, struct str text, const char *field,
                       struct error *err)
{
    int64_t max = row->max > 0 ? (int64_t)row->max : TEXT_MAX;

    return (int64_t)text_count(text) <= max ||
           error_field(err, ERROR_TOO_LONG, field, max, "at most %lld characters", (long long)max);
}

static bool check_number(const struct provider_field *row, struct str text, const char *field,
                         struct error *err)
{
    double number;

    if (!str_to_double(str_trim(text), &number))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "a number is wanted");
    if (row->type == PROVIDER_FIELD_INT && number != floor(number))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "a whole number is wanted");
    if (row->min == row->max) /* both 0: no bounds */
        return true;
    if (number < row->min)
        return error_field(err, ERROR_TOO_SMALL, field, (int64_t)row->min, "at least %g", row->min);
    return number <= row->max ||
           error_field(err, ERROR_TOO_BIG, field, (int64_t)row->max, "at most %g", row->max);
}

/* As many of them as there is room for; the model's row in the API has all. */
static bool check_choice(const struct provider_field *row, struct str text, const char *field,
                         struct error *err)
{
    CLEANUP(buf_finish) struct buf list = {0};

    if (text_is_listed(str_trim(text), row->choices))
        return true;
    for (size_t i = 0; row->choices[i] != NULL; i++) {
        if (list.size + strlen(row->choices[i]) > CHOICES_SIZE_MAX) {
            buf_printf(&list, "%s…", i == 0 ? "" : ", ");
            break;
        }
        buf_printf(&list, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
    }
    return error_field(err, ERROR_NOT_IN_LIST, field, 0, "%s: %.*s",
                       row->is_offered ? "the server has, as it was tested last" : "one of",
                       STR_ARGS(buf_str(&list)));
}

static bool check_value(const struct provider_field *row, struct str text, const char *field,
                        struct error *err)
{
    switch (row->type) {
    case PROVIDER_FIELD_CHOICE:
        return check_choice(row, text, field, err);
    case PROVIDER_FIELD_INT:
    case PROVIDER_FIELD_DOUBLE:
        return check_number(row, text, field, err);
    case PROVIDER_FIELD_BOOL:
        return str_equal(str_trim(text), STR("true")) || str_equal(str_trim(text), STR("false")) ||
               error_field(err, ERROR_WRONG_TYPE, field, 0, "true or false is wanted");
    case PROVIDER_FIELD_TEXT:
    case PROVIDER_FIELD_LONG_TEXT:
    case PROVIDER_FIELD_URL:
    case PROVIDER_FIELD_SECRET:
    case PROVIDER_FIELD_WORKFLOWS: /* of accounts alone */
        break;
    }
    return check_text(row, text, field, err);
}

bool provider_check_settings(const struct provider_model *model,
                             const struct provider_request *request, struct error *err)
{
    for (size_t i = 0; i < request->setting_count; i++) {
        const struct provider_setting *setting = &request->settings[i];
        const struct provider_field *const *row =
            request->action == PROVIDER_WRITE ? model->write_options : model->options;
        char field[64];

        (void)snprintf(field, sizeof field, "options.%.*s", (int)text_clip(setting->name, 40).size,
                       setting->name.data);
        while (row != NULL && *row != NULL && !str_equal(setting->name, str_of((*row)->name)))
            row++;
        if (row == NULL || *row == NULL)
            return error_field(err, ERROR_INVALID, field, 0, "%.*s takes no such option",
                               STR_ARGS(model->name));
        if (!check_value(*row, setting->text, field, err))
            return false;
    }
    return true;
}
