#include "settings/settings_private.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX KIB(64)
/* The library cuts longer lines in two, and what it makes of the second half is anyone's guess. */
#define LINE_SIZE_MAX 190

struct reading {
    const char *path;
    setting_give give;
    void *context;
    struct error *err;
    bool is_refused;
};

static int pass(void *user, const char *section, const char *name, const char *value)
{
    (void)user, (void)section, (void)name, (void)value;
    return 1;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    char full[SETTING_NAME_MAX * 2 + 2];
    int size = section[0] == '\0' ? snprintf(full, sizeof full, "%s", name)
                                  : snprintf(full, sizeof full, "%s.%s", section, name);

    if (reading->is_refused)
        return 0;
    if (size < 0 || (size_t)size >= sizeof full) {
        reading->is_refused = true;
        error_field(reading->err, ERROR_UNKNOWN_FIELD, "", 0,
                    "%.60s: no setting has a name as "
                    "long as %.20s…",
                    reading->path, name);
        return 0;
    }
    if (!reading->give(reading->context, str_of(full), str_of(value), reading->path,
                       reading->err)) {
        reading->is_refused = true;
        return 0;
    }
    return 1;
}

/* The whole file with a NUL; the caller frees it.  NULL with *err set, or without: it is missing.
 */
static char *read_whole(const char *path, bool *is_missing, struct error *err)
{
    FILE *file = fopen(path, "rbe");
    char *bytes;
    size_t size;

    *is_missing = false;
    if (file == NULL) {
        *is_missing = errno == ENOENT;
        if (!*is_missing)
            error_set(err, ERROR_INTERNAL, "%.100s cannot be read (errno %d)", path, errno);
        return NULL;
    }
    bytes = malloc(FILE_SIZE_MAX + 2);
    if (bytes == NULL)
        abort();
    size = fread(bytes, 1, FILE_SIZE_MAX + 1, file);
    bytes[size] = '\0';
    if (ferror(file) || size > FILE_SIZE_MAX || strlen(bytes) != size) {
        if (ferror(file))
            error_set(err, ERROR_INTERNAL, "%.100s cannot be read", path);
        else if (size > FILE_SIZE_MAX)
            error_set(err, ERROR_TOO_LARGE, "%.100s is larger than 64 KiB", path);
        else
            error_set(err, ERROR_MALFORMED, "%.100s holds a NUL: it is no text file", path);
        free(bytes);
        bytes = NULL;
    }
    (void)fclose(file); /* it was only read */
    return bytes;
}

static bool check_lines(const char *path, const char *bytes, struct error *err)
{
    struct str rest = str_of(bytes);

    for (int64_t line = 1; rest.data != NULL; line++)
        if (str_cut(&rest, '\n').size > LINE_SIZE_MAX)
            return error_field(err, ERROR_TOO_LONG, "", LINE_SIZE_MAX,
                               "%.80s line %lld is longer than %d bytes", path, (long long)line,
                               LINE_SIZE_MAX);
    return true;
}

bool setting_file_read(const char *path, bool is_required, setting_give give, void *context,
                       struct error *err)
{
    struct reading reading = {.path = path, .give = give, .context = context, .err = err};
    bool is_missing;
    char *bytes = read_whole(path, &is_missing, err);
    int line;

    if (bytes == NULL) {
        if (is_missing && is_required)
            return error_set(err, ERROR_NOT_FOUND, "%.100s is not there", path);
        return is_missing;
    }
    if (!check_lines(path, bytes, err)) {
        free(bytes);
        return false;
    }
    /* The library goes on behind a broken line, so the form is looked at before any value. */
    line = ini_parse_string(bytes, pass, NULL);
    if (line == 0)
        (void)ini_parse_string(bytes, take, &reading);
    free(bytes);
    if (line != 0)
        return error_set(err, ERROR_MALFORMED, "%.100s line %d is not name = value", path, line);
    return !reading.is_refused;
}
