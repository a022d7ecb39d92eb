/*
 * engine/heap.h: a binary heap whose items know where they stand, so that any of them can leave.
 * Zeroed but for its order it is empty; its owner frees `items`.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct heap {
    void **items; /* the first is first in order */
    size_t count, capacity;
    bool (*is_before)(const void *a, const void *b);
    size_t offset; /* in an item, of the size_t that says where it stands */
};

/* Aborts without memory. */
void heap_add(struct heap *heap, void *item);
void heap_remove(struct heap *heap, size_t index);
