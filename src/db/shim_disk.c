#include "db/shim_disk_private.h"

#include "core/random.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512, FILES_MAX = 1024, ENTRIES_MAX = 1024 };

/* What was done to a file and is not on the disk for sure. */
struct pending {
    struct pending *next;
    struct disk_change what;
    const unsigned char *data; /* stands right behind */
};

struct bytes {
    unsigned char *data;
    int64_t size;
};

/* A file, whatever its names are. */
struct disk_file {
    dev_t device;
    ino_t inode;
    int pin; /* keeps the inode's number from being used again; closing it drops no lock (O_PATH) */
    struct bytes durable;
    struct pending *changes, **last;
};

/* A name, on the disk and as the system shows it; NULL: there is none. */
struct entry {
    char path[DISK_PATH_SIZE];
    struct disk_file *durable, *current;
};

static struct {
    char root[DISK_PATH_SIZE];
    struct disk_file folder; /* stands for all of them: they have nothing but names */
    struct disk_file files[FILES_MAX];
    size_t file_count;
    struct entry entries[ENTRIES_MAX];
    size_t entry_count;
    struct random_seeded seed;
    struct random random; /* what is lost */
} disk;

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static int64_t below(int64_t bound) { return (int64_t)random_below(&disk.random, (uint64_t)bound); }

/* ---- what is on the disk ---- */

static void bytes_resize(struct bytes *bytes, int64_t size)
{
    if (size > bytes->size) {
        bytes->data = must(realloc(bytes->data, (size_t)size));
        memset(bytes->data + bytes->size, 0, (size_t)(size - bytes->size));
    }
    bytes->size = size;
}

static void bytes_put(struct bytes *bytes, int64_t at, const unsigned char *data, int64_t size)
{
    if (size == 0)
        return;
    if (at + size > bytes->size)
        bytes_resize(bytes, at + size);
    memcpy(bytes->data + at, data, (size_t)size);
}

/* One after the other, some of its sectors: a sector is on the disk whole or not at all. */
static void put_sectors(struct bytes *bytes, const struct pending *change)
{
    for (int64_t at = change->what.at; at < change->what.at + change->what.size;) {
        int64_t end = (at / SECTOR + 1) * SECTOR;

        if (end > change->what.at + change->what.size)
            end = change->what.at + change->what.size;
        if (below(2) == 0)
            bytes_put(bytes, at, change->data + (at - change->what.at), end - at);
        at = end;
    }
}

enum survival { NOTHING, ALL, THE_FIRST, SOME, SECTORS, SURVIVALS };

static void put_changes(struct bytes *bytes, const struct pending *change, enum survival survival)
{
    for (; change != NULL; change = change->next) {
        if (survival == NOTHING || (survival == THE_FIRST && below(4) == 0))
            return;
        if (survival == SOME && below(2) == 0)
            continue;
        if (change->what.is_truncation && (survival != SECTORS || below(2) == 0))
            bytes_resize(bytes, change->what.at);
        else if (!change->what.is_truncation && survival == SECTORS)
            put_sectors(bytes, change);
        else if (!change->what.is_truncation)
            bytes_put(bytes, change->what.at, change->data, change->what.size);
    }
}

static void drop_changes(struct disk_file *file)
{
    struct pending *next;

    for (struct pending *change = file->changes; change != NULL; change = next) {
        next = change->next;
        free(change);
    }
    file->changes = NULL;
    file->last = &file->changes;
}

void disk_note(struct disk_file *file, struct disk_change header, const void *data)
{
    const size_t size = header.is_truncation ? 0 : (size_t)header.size;
    struct pending *change;

    if (file == NULL)
        return;
    change = must(malloc(sizeof(*change) + size));
    *change = (struct pending){.what = header};
    if (size > 0)
        change->data = memcpy(change + 1, data, size);
    *file->last = change;
    file->last = &change->next;
}

void disk_sync_file(struct disk_file *file)
{
    if (file == NULL)
        return;
    put_changes(&file->durable, file->changes, ALL);
    drop_changes(file);
}

void disk_lose(struct disk_file *file)
{
    if (file == NULL)
        return;
    put_changes(&file->durable, file->changes, (enum survival)below(SURVIVALS));
    drop_changes(file);
}

/* ---- files and names ---- */

/* The folder of `path` without its last part. */
static void parent_of(const char *path, char out[DISK_PATH_SIZE])
{
    const char *slash = strrchr(path, '/');

    (void)snprintf(out, DISK_PATH_SIZE, "%.*s", slash == NULL ? 0 : (int)(slash - path), path);
}

bool disk_has(const char *path)
{
    const size_t size = strlen(disk.root);

    return size > 0 && path != NULL && strncmp(path, disk.root, size) == 0 &&
           (path[size] == '/' || path[size] == '\0');
}

/* The bytes of a file nobody has open, as something that was written and not synced. */
static void file_read(struct disk_file *file, const char *path)
{
    struct disk_change header = {.at = 0};
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *data;

    assert(fd >= 0 && fstat(fd, &info) == 0);
    header.size = info.st_size;
    data = must(malloc((size_t)info.st_size + 1));
    assert(read(fd, data, (size_t)info.st_size) == info.st_size);
    (void)close(fd);
    disk_note(file, header, data);
    free(data);
}

struct disk_file *disk_file(const char *path)
{
    struct disk_file *file;
    struct stat info;

    if (!disk_has(path) || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return NULL;
    for (size_t i = 0; i < disk.file_count; i++)
        if (disk.files[i].inode == info.st_ino && disk.files[i].device == info.st_dev)
            return &disk.files[i];
    assert(disk.file_count < FILES_MAX);
    file = &disk.files[disk.file_count++];
    *file = (struct disk_file){.device = info.st_dev, .inode = info.st_ino, .last = &file->changes};
    file->pin = open(path, O_PATH | O_CLOEXEC);
    assert(file->pin >= 0);
    file_read(file, path);
    return file;
}

static struct entry *entry_of(const char *path)
{
    for (size_t i = 0; i < disk.entry_count; i++)
        if (strcmp(disk.entries[i].path, path) == 0)
            return &disk.entries[i];
    assert(disk.entry_count < ENTRIES_MAX && strlen(path) < DISK_PATH_SIZE);
    (void)snprintf(disk.entries[disk.entry_count].path, DISK_PATH_SIZE, "%s", path);
    return &disk.entries[disk.entry_count++];
}

/* Memory that has a name only so that processes find it: no power cut leaves it. */
static bool is_memory(const char *name)
{
    const size_t size = strlen(name);

    return size > 4 && strcmp(name + size - 4, "-shm") == 0;
}

static bool is_in(const char *path, const char *folder)
{
    const size_t size = strlen(folder);

    return strncmp(path, folder, size) == 0 && path[size] == '/' &&
           strchr(path + size + 1, '/') == NULL;
}

/* Every name in the folder as the system shows it now. */
static void look_at(const char *folder)
{
    DIR *list = opendir(folder);
    char path[2 * DISK_PATH_SIZE];
    const struct dirent *found;
    struct stat info;

    assert(list != NULL);
    for (size_t i = 0; i < disk.entry_count; i++)
        if (is_in(disk.entries[i].path, folder))
            disk.entries[i].current = NULL;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for streams that are not shared */
    while ((found = readdir(list)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, found->d_name);
        if (found->d_name[0] == '.' || is_memory(path) || lstat(path, &info) != 0)
            continue;
        entry_of(path)->current = S_ISDIR(info.st_mode) ? &disk.folder : disk_file(path);
    }
    (void)closedir(list);
}

void disk_sync_folder(const char *folder)
{
    look_at(folder);
    for (size_t i = 0; i < disk.entry_count; i++)
        if (is_in(disk.entries[i].path, folder))
            disk.entries[i].durable = disk.entries[i].current;
}

/* What is found in one folder stands behind it in the table, and is visited in its turn. */
static void each_folder(void (*visit)(const char *folder))
{
    visit(disk.root);
    for (size_t i = 0; i < disk.entry_count; i++)
        if (disk.entries[i].current == &disk.folder)
            visit(disk.entries[i].path);
}

void disk_look(void) { each_folder(look_at); }

void disk_sync_parent(const char *path)
{
    char folder[DISK_PATH_SIZE];

    parent_of(path, folder);
    disk_sync_folder(folder);
}

void disk_note_delete(const char *path) { entry_of(path)->current = NULL; }

void disk_seed(uint64_t seed) { disk.random = random_of_seed(&disk.seed, seed); }

void disk_forget(void)
{
    for (size_t i = 0; i < disk.file_count; i++) {
        drop_changes(&disk.files[i]);
        free(disk.files[i].durable.data);
        (void)close(disk.files[i].pin);
    }
    disk.file_count = disk.entry_count = 0;
    memset(disk.entries, 0, sizeof(disk.entries));
    disk.root[0] = '\0';
}

void disk_watch(const char *folder)
{
    disk_forget();
    assert(folder[0] == '/' && strlen(folder) < sizeof(disk.root));
    (void)snprintf(disk.root, sizeof(disk.root), "%s", folder);
    each_folder(disk_sync_folder);
    for (size_t i = 0; i < disk.file_count; i++)
        disk_sync_file(&disk.files[i]);
}

/* ---- the power ---- */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type;
    return walk->level == 0 ? 0 : remove(path);
}

static void write_file(const char *path, const struct bytes *bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert(fd >= 0);
    assert(bytes->size == 0 || write(fd, bytes->data, (size_t)bytes->size) == bytes->size);
    (void)close(fd);
}

/* The way to it may be gone, and it with it. */
static void restore(const char *path, const struct disk_file *file)
{
    char parent[DISK_PATH_SIZE];

    parent_of(path, parent);
    if (access(parent, F_OK) != 0)
        return;
    if (file == &disk.folder)
        assert(mkdir(path, 0700) == 0);
    else
        write_file(path, &file->durable);
}

/* What a disk loses has a manner: nothing, all that it may, or of each file its own. */
void disk_power_on(void)
{
    const int64_t manner = below(4);
    char root[DISK_PATH_SIZE];

    for (size_t i = 0; i < disk.file_count; i++) {
        const int64_t survival = manner == 0 ? NOTHING : manner == 1 ? ALL : below(SURVIVALS);

        put_changes(&disk.files[i].durable, disk.files[i].changes, (enum survival)survival);
    }
    assert(nftw(disk.root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    for (size_t i = 0; i < disk.entry_count; i++) { /* a folder stands before what is in it */
        const struct entry *entry = &disk.entries[i];
        const bool is_current = manner == 1 || (manner > 1 && below(2) == 0);
        const struct disk_file *file = is_current ? entry->current : entry->durable;

        if (file != NULL)
            restore(entry->path, file);
    }
    memcpy(root, disk.root, sizeof(root));
    disk_watch(root);
}
