#include "operation/operation_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { OPTION_SIZE_MAX = 8000 };

static bool check_text(const struct operation_parameter *parameter, const struct json *value,
                       const char *field, struct error *err)
{
    const struct str text = json_text(value);
    const int64_t count = (int64_t)text_count(text);

    if (!json_is(value, JSON_TEXT))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "a text is wanted");
    if (text_has_control(text))
        return error_field(err, ERROR_INVALID, field, 0, "control characters are not allowed");
    if (count > parameter->max)
        return error_field(err, ERROR_TOO_LONG, field, parameter->max,
                           "at most %" PRId64 " characters", parameter->max);
    if (count < parameter->min || (parameter->is_required && str_trim(text).size == 0))
        return error_field(
            err, parameter->is_required && count == 0 ? ERROR_REQUIRED : ERROR_TOO_SHORT, field,
            parameter->min, "at least %" PRId64 " characters", parameter->min);
    return true;
}

static bool check_url(const struct operation_parameter *parameter, const struct json *value,
                      const char *field, struct error *err)
{
    struct str scheme = json_text(value);

    if (!check_text(parameter, value, field, err))
        return false;
    scheme = str_cut(&scheme, ':');
    return str_equal_nocase(scheme, STR("http")) || str_equal_nocase(scheme, STR("https")) ||
           error_field(err, ERROR_INVALID, field, 0, "an http or https address is wanted");
}

static bool check_number(const struct operation_parameter *parameter, const struct json *value,
                         const char *field, struct error *err)
{
    double number;
    int64_t whole;

    if (!json_double(value, &number))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "a number is wanted");
    if (parameter->type != PARAMETER_DOUBLE && !json_int(value, &whole))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "a whole number is wanted");
    if (number < (double)parameter->min)
        return error_field(err, ERROR_TOO_SMALL, field, parameter->min, "at least %" PRId64,
                           parameter->min);
    if (number > (double)parameter->max)
        return error_field(err, ERROR_TOO_BIG, field, parameter->max, "at most %" PRId64,
                           parameter->max);
    return true;
}

static bool check_choice(const struct operation_parameter *parameter, const struct json *value,
                         const char *field, struct error *err)
{
    if (!json_is(value, JSON_TEXT))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "a text is wanted");
    if (parameter->choices == NULL) /* the model's own list: the provider's file checks it */
        return json_text(value).size <= 64 ||
               error_field(err, ERROR_TOO_LONG, field, 64, "at most 64 characters");
    for (size_t index = 0; parameter->choices[index] != NULL; index++)
        if (str_equal(json_text(value), str_of(parameter->choices[index])))
            return true;
    return error_field(err, ERROR_NOT_IN_LIST, field, 0, "not one of the choices");
}

/* Which there are and what they take, the model's rows say: provider_check_settings(). */
static bool check_options(const struct operation_parameter *parameter, const struct json *value,
                          const char *field, struct error *err)
{
    struct json_cursor cursor = {0};
    const struct json *item;
    struct str name;

    if (!json_is(value, JSON_OBJECT))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "an object is wanted");
    if ((int64_t)json_count(value) > parameter->max)
        return error_field(err, ERROR_TOO_MANY, field, parameter->max,
                           "at most %" PRId64 " options", parameter->max);
    while (json_next(value, &cursor, &name, &item)) {
        const struct str shown = text_clip(name, 40);
        char at[80];

        snprintf(at, sizeof(at), "%.30s.%.*s", field, (int)(shown.size > 40 ? 40 : shown.size),
                 shown.data);
        if (json_is(item, JSON_LIST) || json_is(item, JSON_OBJECT))
            return error_field(err, ERROR_WRONG_TYPE, at, 0,
                               "a text, a number, true or false is wanted");
        if (text_has_control(json_text(item)))
            return error_field(err, ERROR_INVALID, at, 0, "control characters are not allowed");
        if (json_text(item).size > OPTION_SIZE_MAX)
            return error_field(err, ERROR_TOO_LONG, at, OPTION_SIZE_MAX, "at most %d bytes",
                               OPTION_SIZE_MAX);
    }
    return true;
}

static bool check_roles(const struct operation_parameter *parameter, const struct json *value,
                        const char *field, struct error *err)
{
    if (!json_is(value, JSON_LIST))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "a list is wanted");
    if ((int64_t)json_count(value) > parameter->max)
        return error_field(err, ERROR_TOO_MANY, field, parameter->max, "at most %" PRId64 " roles",
                           parameter->max);
    for (size_t index = 0; index < json_count(value); index++) {
        char at[80];

        snprintf(at, sizeof(at), "%.50s[%d]", field, (int)index);
        if (!check_choice(parameter, json_item(value, index), at, err))
            return false;
    }
    return true;
}

static bool check_value(const struct operation_parameter *parameter, const struct json *value,
                        const char *field, struct error *err)
{
    switch (parameter->type) {
    case PARAMETER_TEXT:
    case PARAMETER_LONG_TEXT:
    case PARAMETER_MODEL:
        return check_text(parameter, value, field, err);
    case PARAMETER_URL:
        return check_url(parameter, value, field, err);
    case PARAMETER_INT:
    case PARAMETER_DOUBLE:
    case PARAMETER_SIDE:
    case PARAMETER_SEED:
        return check_number(parameter, value, field, err);
    case PARAMETER_BOOL:
        return json_is(value, JSON_BOOL) ||
               error_field(err, ERROR_WRONG_TYPE, field, 0, "true or false is wanted");
    case PARAMETER_CHOICE:
        return check_choice(parameter, value, field, err);
    case PARAMETER_OPTIONS:
        return check_options(parameter, value, field, err);
    case PARAMETER_ROLES:
        return check_roles(parameter, value, field, err);
    }
    return error_set(err, ERROR_INTERNAL, "a parameter of no known type");
}

static bool check_known(const struct operation *operation, const struct json *parameters,
                        const char *prefix, struct error *err)
{
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str name;

    while (json_next(parameters, &cursor, &name, &value)) {
        bool is_known = false;
        char field[80];

        for (size_t row = 0; row < operation->parameter_count; row++)
            is_known = is_known || str_equal(name, str_of(operation->parameters[row].name));
        if (is_known)
            continue;
        snprintf(field, sizeof(field), "%s%.*s", prefix, (int)text_clip(name, 40).size, name.data);
        return error_field(err, ERROR_UNKNOWN_FIELD, field, 0, "%s has no such parameter",
                           operation->engine.name);
    }
    return true;
}

/* The parameters themselves are at fault: their own name is the prefix without its point. */
static bool refuse_whole(const char *prefix, struct error *err)
{
    const size_t size = strlen(prefix);
    char field[80];

    snprintf(field, sizeof(field), "%.*s", (int)(size > 0 ? size - 1 : 0), prefix);
    return error_field(err, ERROR_WRONG_TYPE, field, 0, "an object is wanted");
}

static bool check(const struct operation *operation, const struct json *parameters, bool is_whole,
                  const char *prefix, struct arena *arena, struct str *out, struct error *err)
{
    CLEANUP(buf_finish) struct buf whole = {0};
    struct json_writer writer;

    if (parameters != NULL && !json_is(parameters, JSON_OBJECT) && !json_is(parameters, JSON_NULL))
        return refuse_whole(prefix, err);
    if (!check_known(operation, parameters, prefix, err))
        return false;
    json_writer_init(&writer, &whole);
    json_begin_object(&writer);
    for (size_t row = 0; row < operation->parameter_count; row++) {
        const struct operation_parameter *parameter = &operation->parameters[row];
        const struct json *value = json_get(parameters, parameter->name);
        char field[80];

        if (!is_whole && (value == NULL || json_is(value, JSON_NULL)))
            continue;
        snprintf(field, sizeof(field), "%s%s", prefix, parameter->name);
        json_name(&writer, parameter->name);
        if (value != NULL && !json_is(value, JSON_NULL)) {
            if (!check_value(parameter, value, field, err))
                return false;
            json_add_raw(&writer, json_print(value, arena));
        } else if (parameter->is_required) {
            return error_field(err, ERROR_REQUIRED, field, 0, "%s is needed", parameter->name);
        } else {
            json_add_raw(&writer,
                         parameter->fallback == NULL ? STR("null") : str_of(parameter->fallback));
        }
    }
    json_end_object(&writer);
    *out = arena_str(arena, buf_str(&whole));
    return true;
}

bool operation_check(const struct operation *operation, const struct json *parameters,
                     const char *prefix, struct arena *arena, struct str *out, struct error *err)
{
    return check(operation, parameters, true, prefix, arena, out, err);
}

bool operation_check_given(const struct operation *operation, const struct json *parameters,
                           const char *prefix, struct arena *arena, struct str *out,
                           struct error *err)
{
    return check(operation, parameters, false, prefix, arena, out, err);
}

void step_fail(struct attempt *attempt, struct step *out, enum failure_class class,
               enum charged charged, const char *format, ...)
{
    va_list args;

    out->type = STEP_FAILED;
    out->failure =
        (struct provider_failure){.class = class, .charged = charged, .retry_after_ms = -1};
    va_start(args, format);
    out->failure.message = arena_vprintf(attempt->arena, format, args);
    va_end(args);
}

void step_fail_error(struct attempt *attempt, struct step *out, const struct error *err,
                     enum charged charged)
{
    /* Ours, like a full disk, may pass; what the request itself is cannot. */
    const bool may_pass = error_retry_of(err->code) == RETRY_LATER;

    if (err->field[0] != '\0')
        step_fail(attempt, out, may_pass ? FAILURE_LOCAL : FAILURE_INVALID, charged, "%s: %s",
                  err->field, err->message);
    else
        step_fail(attempt, out, may_pass ? FAILURE_LOCAL : FAILURE_INVALID, charged, "%s",
                  err->message);
}
