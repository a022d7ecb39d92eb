#include "engine/idmap.h"

#include <assert.h>
#include <stdlib.h>

static size_t home(const struct idmap *map, int64_t id)
{
    /* Fibonacci hashing: ids come in sequence. */
    return (size_t)(((uint64_t)id * UINT64_C(11400714819323198485)) >> 32) & (map->capacity - 1);
}

void idmap_finish(struct idmap *map)
{
    free(map->slots);
    *map = (struct idmap){0};
}

static size_t find(const struct idmap *map, int64_t id)
{
    size_t at = home(map, id);

    while (map->slots[at].id != 0 && map->slots[at].id != id)
        at = (at + 1) & (map->capacity - 1);
    return at;
}

static void grow(struct idmap *map)
{
    struct idmap old = *map;

    map->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
    map->slots = calloc(map->capacity, sizeof(*map->slots));
    if (map->slots == NULL)
        abort();
    for (size_t at = 0; at < old.capacity; at++)
        if (old.slots[at].id != 0)
            map->slots[find(map, old.slots[at].id)] = old.slots[at];
    free(old.slots);
}

void idmap_put(struct idmap *map, int64_t id, void *value)
{
    size_t at;

    assert(id > 0);
    assert(value != NULL);
    if (map->count * 4 >= map->capacity * 3)
        grow(map);
    at = find(map, id);
    if (map->slots[at].id == 0)
        map->count++;
    map->slots[at] = (struct idmap_slot){.id = id, .value = value};
}

void *idmap_get(const struct idmap *map, int64_t id)
{
    return map->capacity == 0 ? NULL : map->slots[find(map, id)].value;
}

void idmap_remove(struct idmap *map, int64_t id)
{
    size_t at, next;

    if (map->capacity == 0)
        return;
    at = find(map, id);
    if (map->slots[at].id == 0)
        return;
    map->slots[at] = (struct idmap_slot){0};
    map->count--;
    /* What was pushed on by the removed one moves back, so that no search ends early. */
    for (next = (at + 1) & (map->capacity - 1); map->slots[next].id != 0;
         next = (next + 1) & (map->capacity - 1)) {
        const struct idmap_slot slot = map->slots[next];

        map->slots[next] = (struct idmap_slot){0};
        map->slots[find(map, slot.id)] = slot;
    }
}

void *idmap_next(const struct idmap *map, size_t *at)
{
    while (*at < map->capacity) {
        const struct idmap_slot *slot = &map->slots[(*at)++];

        if (slot->id != 0)
            return slot->value;
    }
    return NULL;
}
