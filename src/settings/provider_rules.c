#include "settings/settings_private.h"

#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool provider_check_name(struct str name, struct error *err)
{
    if (!text_is_utf8(name))
        return error_field(err, ERROR_WRONG_ENCODING, "name", 0, "the name is not UTF-8");
    if (str_trim(name).size == 0)
        return error_field(err, ERROR_REQUIRED, "name", 0, "a provider needs a name");
    if (text_count(name) > PROVIDER_NAME_MAX)
        return error_field(err, ERROR_TOO_LONG, "name", PROVIDER_NAME_MAX,
                           "a provider's name has at most %d characters", PROVIDER_NAME_MAX);
    /* "NAME" and "ID/MODEL" are both ways to ask for a model. */
    if (text_has_control(name) || str_find_char(name, '\n') >= 0 || str_find_char(name, '/') >= 0)
        return error_field(err, ERROR_INVALID, "name", 0,
                           "a name has no slash and no control characters");
    return true;
}

bool provider_check_url(struct str url, bool is_private_allowed, struct error *err)
{
    if (url.size == 0)
        return true;
    if (url.size > PROVIDER_URL_MAX)
        return error_field(err, ERROR_TOO_LONG, "base_url", PROVIDER_URL_MAX,
                           "an address has at most %d bytes", PROVIDER_URL_MAX);
    /* A key that crosses the open internet in clear is everybody's. */
    if (!is_private_allowed && !str_starts_with(url, STR("https://")))
        return error_field(err, ERROR_INVALID, "base_url", 0,
                           "the address begins with https://, or private addresses are allowed");
    /* What stands behind ? or # is often a key, and this is shown and exported. */
    if (str_find_char(url, '?') >= 0 || str_find_char(url, '#') >= 0 ||
        str_find_char(url, '@') >= 0)
        return error_field(err, ERROR_INVALID, "base_url", 0,
                           "an address alone: no ?, # or @; the key has a field of its own");
    if (!net_url_check(url, is_private_allowed ? NET_OWNER : NET_PUBLIC, err)) {
        snprintf(err->field, sizeof err->field, "base_url");
        return false;
    }
    /* The connection would be refused; whoever gives the address should hear it now. */
    if (!is_private_allowed && net_url_is_private(url))
        return error_field(err, ERROR_INVALID, "base_url", 0,
                           "this address is private: private addresses are to be allowed for it");
    return true;
}

/* It goes into a header as it is: printable ASCII, so that nothing can end the header early. */
static bool check_secret(const char *field, const char *name, struct str text, struct error *err)
{
    if (text.size > PROVIDER_KEY_MAX)
        return error_field(err, ERROR_TOO_LONG, field, PROVIDER_KEY_MAX,
                           "a %s has at most %d characters", name, PROVIDER_KEY_MAX);
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return error_field(err, ERROR_INVALID, field, 0,
                               "a %s has no spaces and no other than ASCII characters", name);
    return true;
}

bool provider_check_key(struct str key, struct error *err)
{
    return check_secret("key", "key", key, err);
}

bool provider_check_session_token(const struct provider_kind *kind, struct str token, bool has_key,
                                  struct error *err)
{
    if (token.size == 0)
        return true;
    if (kind == NULL || !provider_has_session_tokens(kind))
        return error_field(err, ERROR_INVALID, "session_token", 0,
                           "keys of this kind of provider have no session token");
    if (!has_key)
        return error_field(err, ERROR_REQUIRED, "key", 0,
                           "a session token belongs to its key: give both");
    return check_secret("session_token", "session token", token, err);
}

struct str provider_key_hint(struct str key)
{
    return key.size < 12 ? STR_EMPTY : str_slice(key, key.size - 4, 4);
}

bool provider_check_model(struct str name, struct error *err)
{
    if (name.size == 0)
        return error_field(err, ERROR_REQUIRED, "models", 0, "a model needs its wire id");
    if (text_count(name) > MODEL_NAME_MAX)
        return error_field(err, ERROR_TOO_LONG, "models", MODEL_NAME_MAX,
                           "a model's wire id has at most %d characters", MODEL_NAME_MAX);
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char)name.data[i] <= ' ' || name.data[i] == 0x7f)
            return error_field(err, ERROR_INVALID, "models", 0, "a model's wire id has no spaces");
    return true;
}

/* ---- options ---- */

static const struct provider_field *find_field(const struct provider_kind *kind, struct str name)
{
    /* These have columns of their own, the last one with the key. */
    if (str_equal(name, STR("base_url")) || str_equal(name, STR("key")) ||
        str_equal(name, STR("session_token")))
        return NULL;
    for (size_t i = 0; i < kind->field_count; i++)
        if (str_equal(name, str_of(kind->fields[i].name)))
            return &kind->fields[i];
    return NULL;
}

static bool check_number(const struct provider_field *field, const struct json *value,
                         const char *path, struct error *err)
{
    bool is_whole = field->type == PROVIDER_FIELD_INT;
    int64_t whole = 0;
    double number;

    if (is_whole ? !json_int(value, &whole) : !json_double(value, &number))
        return error_field(err, ERROR_WRONG_TYPE, path, 0, "%s is a %snumber", path,
                           is_whole ? "whole " : "");
    if (is_whole)
        number = (double)whole;
    /* Both 0: no bounds, as in the registry. */
    if (field->min == 0 && field->max == 0)
        return true;
    if (number < field->min)
        return error_field(err, ERROR_TOO_SMALL, path, (int64_t)field->min, "%s is at least %g",
                           path, field->min);
    if (number > field->max)
        return error_field(err, ERROR_TOO_BIG, path, (int64_t)field->max, "%s is at most %g", path,
                           field->max);
    return true;
}

static bool check_words(const struct provider_field *field, const struct json *value,
                        const char *path, struct error *err)
{
    int64_t limit = field->max > 0 ? (int64_t)field->max : PROVIDER_URL_MAX;
    struct str text = json_text(value);

    if (!json_is(value, JSON_TEXT))
        return error_field(err, ERROR_WRONG_TYPE, path, 0, "%s is a text", path);
    if ((int64_t)text_count(text) > limit)
        return error_field(err, ERROR_TOO_LONG, path, limit, "%s has at most %lld characters", path,
                           (long long)limit);
    if (text_has_control(text))
        return error_field(err, ERROR_INVALID, path, 0, "%s has no control characters", path);
    if (field->is_required && text.size == 0)
        return error_field(err, ERROR_REQUIRED, path, 0, "%s is needed", path);
    if (field->type != PROVIDER_FIELD_CHOICE)
        return true;
    for (size_t i = 0; field->choices[i] != NULL; i++)
        if (str_equal(text, str_of(field->choices[i])))
            return true;
    return error_field(err, ERROR_NOT_IN_LIST, path, 0, "%s is none of its choices", path);
}

static bool check_option(const struct provider_kind *kind, const struct provider_field *field,
                         const struct json *value, const struct json *kept, const char *path,
                         struct error *err)
{
    switch (field->type) {
    case PROVIDER_FIELD_INT:
    case PROVIDER_FIELD_DOUBLE:
        return check_number(field, value, path, err);
    case PROVIDER_FIELD_BOOL:
        return json_is(value, JSON_BOOL) ||
               error_field(err, ERROR_WRONG_TYPE, path, 0, "%s is true or false", path);
    case PROVIDER_FIELD_TEXT:
    case PROVIDER_FIELD_LONG_TEXT:
    case PROVIDER_FIELD_URL:
    case PROVIDER_FIELD_CHOICE:
        return check_words(field, value, path, err);
    case PROVIDER_FIELD_WORKFLOWS:
        assert(kind->check_own != NULL); /* a kind that has such a field has it */
        return kind->check_own(value, json_get(kept, field->name), err);
    case PROVIDER_FIELD_SECRET:
        break;
    }
    /* Options are kept and shown in clear: the one secret of an account is its key. */
    assert(false && "a kind's secrets go through the field \"key\"");
    return false;
}

static bool check_members(const struct provider_kind *kind, const struct json *object,
                          const struct json *kept, struct error *err)
{
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str name;
    char path[80];

    while (json_next(object, &cursor, &name, &value)) {
        const struct provider_field *field = find_field(kind, name);

        snprintf(path, sizeof path, "options.%.*s", (int)(name.size > 60 ? 60 : name.size),
                 name.data);
        if (field == NULL)
            return error_field(err, ERROR_UNKNOWN_FIELD, path, 0, "%s has no such option",
                               kind->label);
        if (!check_option(kind, field, value, kept, path, err))
            return false;
    }
    for (size_t i = 0; i < kind->field_count; i++) {
        const struct provider_field *field = &kind->fields[i];

        if (!field->is_required || find_field(kind, str_of(field->name)) == NULL ||
            json_get(object, field->name) != NULL)
            continue;
        snprintf(path, sizeof path, "options.%s", field->name);
        return error_field(err, ERROR_REQUIRED, path, 0, "%s is needed", path);
    }
    return true;
}

bool provider_check_options(const struct provider_kind *kind, struct str options, struct str kept,
                            struct arena *arena, struct str *out, struct error *err)
{
    CLEANUP(json_cleanup) struct json *object = NULL;
    CLEANUP(json_cleanup) struct json *before = NULL;
    const bool is_same = str_equal(options, kept);
    struct error ignored;

    if (options.size > PROVIDER_OPTIONS_SIZE_MAX)
        return error_field(err, ERROR_TOO_LONG, "options", PROVIDER_OPTIONS_SIZE_MAX,
                           "options have at most %d bytes", PROVIDER_OPTIONS_SIZE_MAX);
    if (!json_read(options.size == 0 ? STR("{}") : options, &object, err))
        return false;
    if (!json_is(object, JSON_OBJECT))
        return error_field(err, ERROR_WRONG_TYPE, "options", 0, "options are an object");
    if (kind->carry_over != NULL && kind->carry_over(object, arena, &options)) {
        json_free(object);
        object = NULL;
        if (!json_read(options, &object, err))
            return false;
    }
    if (kind->check_own != NULL && kept.size > 0 && !is_same && !json_read(kept, &before, &ignored))
        before = NULL; /* as if there were none */
    if (!check_members(kind, object, is_same ? object : before, err))
        return false;
    *out = json_print(object, arena);
    return true;
}

struct str provider_seal_context(struct str public_id, struct arena *arena)
{
    return arena_printf(arena, "provider:%.*s", STR_ARGS(public_id));
}
