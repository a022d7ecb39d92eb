/* engine/idmap.h: a table from a task's id to what is kept about it.  Pure; one thread. */
#pragma once

#include "core/str.h"

struct idmap { /* zero-initialised is empty; ended with idmap_finish() */
    struct idmap_slot {
        int64_t id; /* 0: free */
        void *value;
    } * slots;
    size_t capacity, count;
};
void idmap_finish(struct idmap *map);
void idmap_put(struct idmap *map, int64_t id, void *value); /* id > 0; replaces */
void *idmap_get(const struct idmap *map, int64_t id);       /* NULL: none */
void idmap_remove(struct idmap *map, int64_t id);
/* Walks all: start with *at = 0; NULL at the end.  Nothing may be put or removed meanwhile. */
void *idmap_next(const struct idmap *map, size_t *at);
