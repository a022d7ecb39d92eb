/* Feeds the kept corpus of a fuzzer to it, without libFuzzer: an ordinary test. */
#include "core/buf.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>

enum { FILE_SIZE_MAX = 1024 * 1024 };

static bool replay(const char *folder, const char *name)
{
    CLEANUP(buf_finish) struct buf path = {0};
    CLEANUP(buf_finish) struct buf input = {0};
    FILE *file;

    buf_printf(&path, "%s/%s", folder, name);
    buf_add_char(&path, '\0');
    file = fopen(path.data, "rb");
    if (file == NULL)
        return false;
    buf_reserve(&input, FILE_SIZE_MAX);
    input.size = fread(input.data, 1, FILE_SIZE_MAX, file);
    fclose(file);
    printf("%s\n", name);
    fflush(stdout); /* the name of the file that crashes must be out by then */
    LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.size);
    return true;
}

int main(int argc, char **argv)
{
    DIR *folder;
    int count = 0;
    bool is_read = true;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    folder = opendir(argv[1]);
    if (folder == NULL) {
        fprintf(stderr, "%s cannot be opened\n", argv[1]);
        return 2;
    }
    for (const struct dirent *entry; is_read && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        is_read = replay(argv[1], entry->d_name);
        count++;
    }
    closedir(folder);
    return is_read && count > 0 ? 0 : 1;
}
