#include "engine/heap.h"

#include <assert.h>
#include <stdlib.h>

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static void heap_set(struct heap *heap, size_t index, void *item)
{
    heap->items[index] = item;
    *(size_t *)(void *)((char *)item + heap->offset) = index;
}

static void heap_up(struct heap *heap, size_t index)
{
    void *item = heap->items[index];

    while (index > 0 && heap->is_before(item, heap->items[(index - 1) / 2])) {
        heap_set(heap, index, heap->items[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_set(heap, index, item);
}

static void heap_down(struct heap *heap, size_t index)
{
    void *item = heap->items[index];

    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->is_before(heap->items[child + 1], heap->items[child]))
            child++;
        if (!heap->is_before(heap->items[child], item))
            break;
        heap_set(heap, index, heap->items[child]);
        index = child;
    }
    heap_set(heap, index, item);
}

void heap_add(struct heap *heap, void *item)
{
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity == 0 ? 16 : heap->capacity * 2;
        heap->items = must(realloc(heap->items, heap->capacity * sizeof(void *)));
    }
    heap->items[heap->count] = item;
    heap_up(heap, heap->count++);
}

void heap_remove(struct heap *heap, size_t index)
{
    void *last;

    assert(index < heap->count);
    last = heap->items[--heap->count];
    if (index == heap->count)
        return;
    heap_set(heap, index, last);
    heap_up(heap, index);
    heap_down(heap, *(size_t *)(void *)((char *)last + heap->offset));
}
