/*
 * db/shim_disk_private.h: for tests: of the files in one folder, what is on the disk for sure, and
 * what only memory holds.  No function of it locks: shim_vfs.c does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_PATH_SIZE 256

struct disk_file; /* opaque: shim_disk.c; found by its inode, lives until disk_forget() */

struct disk_change {
    int64_t at; /* of a truncation: the new size */
    int64_t size;
    bool is_truncation;
};

/* What lies in `folder` is on the disk, and is all there is. */
void disk_watch(const char *folder);
void disk_forget(void);
/* What chance does from now on. */
void disk_seed(uint64_t seed);

/* Whether it is the folder or below it.  Takes NULL. */
bool disk_has(const char *path);
/* NULL: no file, or elsewhere.  One that is new to it was written and never synced. */
struct disk_file *disk_file(const char *path);

/* These take NULL for the file. */
void disk_note(struct disk_file *file, struct disk_change change, const void *data);
void disk_sync_file(struct disk_file *file);
/* A sync that failed: the kernel calls the pages clean all the same, so that no later one writes
 * them. They may be read as if they were stored until memory is short. */
void disk_lose(struct disk_file *file);

void disk_note_delete(const char *path);
/* The names in it are on the disk as they are now. */
void disk_sync_folder(const char *folder);
void disk_sync_parent(const char *path);
/* Notes all names as they are now; the next thing is a power cut. */
void disk_look(void);

/* The folder gets what the disk has kept, and is watched anew.  Nothing in it is open. */
void disk_power_on(void);
