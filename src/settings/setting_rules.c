/* The rules of one setting: what it may be, and how it is read and shown. */
#include "settings/settings_private.h"

#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const origin_names[ORIGIN_COUNT] = {
    [ORIGIN_DEFAULT] = "default",
    [ORIGIN_FILE] = "file",
    [ORIGIN_ENVIRONMENT] = "environment",
    [ORIGIN_SAVED] = "saved",
};

const char *setting_origin_name(enum setting_origin origin)
{
    assert(origin < ORIGIN_COUNT);
    return origin_names[origin];
}

size_t setting_find(struct str name)
{
    size_t row = 0;

    while (row < setting_table_count && !str_equal(name, str_of(setting_table[row].name)))
        row++;
    return row;
}

void setting_variable(const struct setting *setting, char *out)
{
    const char *name = setting->name;
    size_t size = strlen("VITRINE_");

    assert(strlen(name) <= SETTING_NAME_MAX);
    memcpy(out, "VITRINE_", size);
    for (; *name != '\0'; name++) {
        char c = *name;

        if (c == '.')
            c = '_';
        else if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        out[size++] = c;
    }
    out[size] = '\0';
}

bool setting_read_bool(struct str text, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};

    for (size_t i = 0; i < COUNT(yes); i++) {
        if (str_equal_nocase(text, str_of(yes[i])) || str_equal_nocase(text, str_of(no[i]))) {
            *out = str_equal_nocase(text, str_of(yes[i]));
            return true;
        }
    }
    return false;
}

/* "queue.tries_max from VITRINE_QUEUE_TRIES_MAX has to be …", without the value of a secret. */
static bool refuse(const struct setting *setting, const char *place, enum error_code code,
                   int64_t limit, const char *what, struct error *err)
{
    return error_field(err, code, setting->name, limit, "%s%s%s has to be %s", setting->name,
                       place[0] == '\0' ? "" : " from ", place, what);
}

static bool check_int(const struct setting *setting, struct str text, const char *place,
                      struct error *err)
{
    char what[96];
    int64_t number;

    snprintf(what, sizeof what, "a whole number from %lld to %lld%s%s", (long long)setting->min,
             (long long)setting->max, setting->unit == NULL ? "" : " ",
             setting->unit == NULL ? "" : setting->unit);
    if (!str_to_int64(text, &number))
        return refuse(setting, place, ERROR_WRONG_TYPE, 0, what, err);
    if (number < setting->min)
        return refuse(setting, place, ERROR_TOO_SMALL, setting->min, what, err);
    if (number > setting->max)
        return refuse(setting, place, ERROR_TOO_BIG, setting->max, what, err);
    return true;
}

static bool check_text(const struct setting *setting, struct str text, const char *place,
                       struct error *err)
{
    char what[96];
    const char *why = "";

    if (!text_is_utf8(text) || text_has_control(text) || str_find_char(text, '\n') >= 0)
        return refuse(setting, place, ERROR_WRONG_ENCODING, 0, "one line of UTF-8", err);
    if ((int64_t)text_count(text) > setting->max) {
        snprintf(what, sizeof what, "at most %lld characters long", (long long)setting->max);
        return refuse(setting, place, ERROR_TOO_LONG, setting->max, what, err);
    }
    if (setting->check != NULL && !setting->check(text, &why))
        return refuse(setting, place, ERROR_INVALID, 0, why, err);
    return true;
}

static bool check_choice(const struct setting *setting, struct str text, const char *place,
                         struct error *err)
{
    char what[96] = "one of";

    for (size_t i = 0; setting->choices[i] != NULL; i++) {
        if (str_equal(text, str_of(setting->choices[i])))
            return true;
        snprintf(what + strlen(what), sizeof what - strlen(what), "%s %s", i == 0 ? "" : ",",
                 setting->choices[i]);
    }
    return refuse(setting, place, ERROR_NOT_IN_LIST, 0, what, err);
}

bool setting_check(const struct setting *setting, struct str text, const char *place,
                   struct error *err)
{
    bool unused;

    switch (setting->type) {
    case SETTING_TEXT:
        return check_text(setting, text, place, err);
    case SETTING_INT:
        return check_int(setting, text, place, err);
    case SETTING_BOOL:
        return setting_read_bool(text, &unused) ||
               refuse(setting, place, ERROR_WRONG_TYPE, 0, "true or false", err);
    case SETTING_CHOICE:
        return check_choice(setting, text, place, err);
    }
    assert(false && "a setting of no type");
    return false;
}

static bool has_type(const struct setting *setting, const struct json *json)
{
    int64_t number;

    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_CHOICE:
        return json_is(json, JSON_TEXT);
    case SETTING_INT:
        return json_int(json, &number);
    case SETTING_BOOL:
        return json_is(json, JSON_BOOL);
    }
    return false;
}

bool setting_of_json(const struct setting *setting, const struct json *json, struct arena *arena,
                     struct str *out, struct error *err)
{
    static const char *const types[] = {
        [SETTING_TEXT] = "a text",
        [SETTING_INT] = "a whole number",
        [SETTING_BOOL] = "true or false",
        [SETTING_CHOICE] = "a text",
    };
    struct str text;

    if (!has_type(setting, json))
        return refuse(setting, "", ERROR_WRONG_TYPE, 0, types[setting->type], err);
    if (setting->type == SETTING_INT)
        text = arena_printf(arena, "%lld", (long long)json_int_or(json, 0));
    else if (setting->type == SETTING_BOOL)
        text = json_bool(json, false) ? STR("true") : STR("false");
    else
        text = arena_str(arena, str_trim(json_text(json)));
    if (!setting_check(setting, text, "", err))
        return false;
    *out = text;
    return true;
}

void setting_write_json(const struct setting *setting, struct str text, struct json_writer *writer)
{
    int64_t number = 0;
    bool is_on = false;

    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_CHOICE:
        json_add_text(writer, text);
        return;
    case SETTING_INT:
        if (!str_to_int64(text, &number))
            assert(false && "a setting is checked before it is kept");
        json_add_int(writer, number);
        return;
    case SETTING_BOOL:
        if (!setting_read_bool(text, &is_on))
            assert(false && "a setting is checked before it is kept");
        json_add_bool(writer, is_on);
        return;
    }
}

void settings_help(struct buf *out)
{
    char variable[SETTING_NAME_MAX + 9];

    buf_printf(out, "A setting is taken from its default, then vitrine.ini, then the environment,"
                    " then what an\nadmin saved on the page; the last one given counts.\n");
    for (size_t row = 0; row < setting_table_count; row++) {
        const struct setting *setting = &setting_table[row];

        setting_variable(setting, variable);
        buf_printf(out, "\n%s", setting->name);
        if (setting->type == SETTING_INT)
            buf_printf(out, "  %lld-%lld%s%s", (long long)setting->min, (long long)setting->max,
                       setting->unit == NULL ? "" : " ",
                       setting->unit == NULL ? "" : setting->unit);
        for (size_t i = 0; setting->type == SETTING_CHOICE && setting->choices[i] != NULL; i++)
            buf_printf(out, "%s%s", i == 0 ? "  " : "|", setting->choices[i]);
        if (setting->type == SETTING_BOOL)
            buf_printf(out, "  true|false");
        if (setting->fallback[0] != '\0')
            buf_printf(out, "  [%s]", setting->fallback);
        buf_printf(out, "\n    %s%s\n    %s\n", variable,
                   setting->reach == SETTING_SECRET   ? " (environment only)"
                   : setting->reach == SETTING_PLACED ? " (not on the page)"
                   : setting->is_live                 ? " (applies at once)"
                                                      : " (applies after a restart)",
                   setting->help_en);
    }
}
