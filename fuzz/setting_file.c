/* Any bytes as a file of settings: read whole or refused, never half; names and values are texts.
 */
#include "fuzz.h"
#include "settings/settings_private.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool give(void *context, struct str name, struct str value, const char *place,
                 struct error *err)
{
    const size_t row = setting_find(name);
    size_t *count = context;

    MUST(str_find_char(name, '\n') < 0 && str_find_char(value, '\n') < 0);
    MUST(place != NULL);
    (*count)++;
    if (row == setting_table_count)
        return error_field(err, ERROR_UNKNOWN_FIELD, "", 0, "no such setting");
    return setting_check(&setting_table[row], value, place, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("settings", MFD_CLOEXEC);
    char path[40];
    struct error err = {0};
    size_t count = 0;

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (!setting_file_read(path, true, give, &count, &err))
        MUST(err.code != ERROR_NONE && err.code != ERROR_INTERNAL && err.message[0] != '\0');
    MUST(close(fd) == 0);
    return 0;
}
