#include "engine/timers.h"

#include <assert.h>
#include <stdlib.h>

void timers_finish(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}

static void put(struct timers *timers, size_t index, struct timer *timer)
{
    timers->heap[index] = timer;
    timer->place = index + 1;
}

static void up(struct timers *timers, size_t index)
{
    struct timer *timer = timers->heap[index];

    for (; index > 0 && timer->due_ms < timers->heap[(index - 1) / 2]->due_ms;
         index = (index - 1) / 2)
        put(timers, index, timers->heap[(index - 1) / 2]);
    put(timers, index, timer);
}

static void down(struct timers *timers, size_t index)
{
    struct timer *timer = timers->heap[index];
    size_t child;

    while ((child = 2 * index + 1) < timers->count) {
        if (child + 1 < timers->count &&
            timers->heap[child + 1]->due_ms < timers->heap[child]->due_ms)
            child++;
        if (timers->heap[child]->due_ms >= timer->due_ms)
            break;
        put(timers, index, timers->heap[child]);
        index = child;
    }
    put(timers, index, timer);
}

void timer_set(struct timers *timers, struct timer *timer, int64_t due_ms)
{
    timer_clear(timers, timer);
    timer->due_ms = due_ms;
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity == 0 ? 64 : timers->capacity * 2;
        timers->heap = realloc(timers->heap, timers->capacity * sizeof(struct timer *));
        if (timers->heap == NULL)
            abort();
    }
    timers->heap[timers->count] = timer;
    up(timers, timers->count++);
}

void timer_clear(struct timers *timers, struct timer *timer)
{
    const size_t index = timer->place - 1;
    struct timer *last;

    if (timer->place == 0)
        return;
    assert(index < timers->count && timers->heap[index] == timer);
    last = timers->heap[--timers->count];
    timer->place = 0;
    if (last == timer)
        return;
    put(timers, index, last);
    up(timers, index);
    down(timers, last->place - 1);
}

int64_t timers_next_ms(const struct timers *timers)
{
    return timers->count == 0 ? INT64_MAX : timers->heap[0]->due_ms;
}

void *timers_take(struct timers *timers, int64_t now_ms)
{
    struct timer *first;

    if (timers->count == 0 || timers->heap[0]->due_ms > now_ms)
        return NULL;
    first = timers->heap[0];
    timer_clear(timers, first);
    return first->owner;
}
