/*
 * app/limits.h: what requests and guesses of passwords have spent (security.md S5, S26), in a file
 * of the data folder that is mapped, so that neither a restart nor kill -9 gives it back.  Nothing
 * is synced: a power cut may.
 */
#pragma once

#include "core/str.h"

struct limits {
    void *rate;  /* http_config.rate_memory */
    void *login; /* account_config.limit_memory */
    void *map;
    size_t map_size;
};

/*
 * Maps `path`; a file that is missing, of another size or another layout is begun anew.  When it
 * cannot be mapped (a full disk, a file system without it) both are NULL, which the rooms take for
 * memory of their own, and the log says so.  Thread: main.
 */
void limits_open(const char *path, struct limits *out);
void limits_close(struct limits *limits); /* takes zeroed ones; after those who borrowed */
