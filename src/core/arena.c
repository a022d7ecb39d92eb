#include "core/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define IS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_ASAN 1
#endif
#endif
#if defined(IS_ASAN)
#include <sanitizer/asan_interface.h>
#endif

enum { FIRST_CHUNK = 4096, CHUNK_MAX = 256 * 1024 };

struct chunk {
    struct chunk *before;
    size_t size; /* of `data` */
    size_t used;
    alignas(max_align_t) char data[];
};

struct ending {
    struct ending *before;
    void (*end)(void *context);
    void *context;
};

struct arena {
    struct chunk *newest;
    struct ending *endings; /* in the arena itself */
    size_t used;            /* given out in all, rounding included */
    size_t size_max;
};

/* Under ASan what is not given out may not be touched, as with malloc(). */
static void forbid(char *data, size_t size)
{
#if defined(IS_ASAN)
    __asan_poison_memory_region(data, size);
#else
    (void)data;
    (void)size;
#endif
}

static void allow(char *data, size_t size)
{
#if defined(IS_ASAN)
    __asan_unpoison_memory_region(data, size);
#else
    (void)data;
    (void)size;
#endif
}

static size_t round_up(size_t size)
{
    size_t align = alignof(max_align_t);

    return (size + align - 1) / align * align;
}

static bool add_chunk(struct arena *arena, size_t size)
{
    struct chunk *chunk;
    size_t room = arena->newest == NULL ? FIRST_CHUNK : arena->newest->size * 2;

    if (room > CHUNK_MAX)
        room = CHUNK_MAX;
    if (room < size)
        room = size;
    chunk = malloc(sizeof(*chunk) + room);
    if (chunk == NULL)
        return false;
    *chunk = (struct chunk){.before = arena->newest, .size = room};
    forbid(chunk->data, room);
    arena->newest = chunk;
    return true;
}

struct arena *arena_create(size_t size_max)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena == NULL)
        abort();
    arena->size_max = size_max;
    return arena;
}

static void run_endings(struct arena *arena)
{
    while (arena->endings != NULL) {
        const struct ending *ending = arena->endings;

        arena->endings = ending->before;
        ending->end(ending->context);
    }
}

static void free_chunks(struct arena *arena, bool keep_first)
{
    while (arena->newest != NULL && !(keep_first && arena->newest->before == NULL)) {
        struct chunk *before = arena->newest->before;

        allow(arena->newest->data, arena->newest->size);
        free(arena->newest);
        arena->newest = before;
    }
}

void arena_destroy(struct arena *arena)
{
    if (arena == NULL)
        return;
    run_endings(arena);
    free_chunks(arena, false);
    free(arena);
}

void arena_cleanup(struct arena **arena)
{
    arena_destroy(*arena);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    /* A first chunk that one large allocation made is not worth keeping. */
    bool keep = true;

    run_endings(arena);
    free_chunks(arena, true);
    if (arena->newest != NULL && arena->newest->size > CHUNK_MAX)
        keep = false;
    free_chunks(arena, keep);
    if (arena->newest != NULL) {
        arena->newest->used = 0;
        forbid(arena->newest->data, arena->newest->size);
    }
    arena->used = 0;
}

size_t arena_used(const struct arena *arena) { return arena->used; }

void arena_at_end(struct arena *arena, void (*end)(void *context), void *context)
{
    struct ending *ending = ARENA_NEW(arena, struct ending);

    *ending = (struct ending){.before = arena->endings, .end = end, .context = context};
    arena->endings = ending;
}

/* Not zeroed; NULL when there is no room. */
static void *take(struct arena *arena, size_t size)
{
    size_t rounded;
    char *data;

    if (size > arena->size_max)
        return NULL;
    rounded = round_up(size == 0 ? 1 : size);
    if (rounded < size || rounded > arena->size_max - arena->used)
        return NULL;
    if ((arena->newest == NULL || rounded > arena->newest->size - arena->newest->used) &&
        !add_chunk(arena, rounded))
        return NULL;
    data = arena->newest->data + arena->newest->used;
    arena->newest->used += rounded;
    arena->used += rounded;
    allow(data, size);
    return data;
}

static void *take_or_abort(struct arena *arena, size_t size)
{
    void *data = take(arena, size);

    if (data == NULL) {
        (void)fprintf(stderr, "arena: no room for %zu bytes (%zu of %zu used)\n", size, arena->used,
                      arena->size_max);
        abort();
    }
    return data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take_or_abort(arena, size), 0, size);
}

void *arena_try_alloc(struct arena *arena, size_t size)
{
    void *data = take(arena, size);

    return data == NULL ? NULL : memset(data, 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t item_size, size_t count)
{
    size_t size;

    if (__builtin_mul_overflow(item_size, count, &size))
        size = SIZE_MAX;
    return arena_alloc(arena, size);
}

void *arena_more(struct arena *arena, void *items, size_t item_size, size_t count)
{
    enum { FIRST = 4 }; /* then twice as many whenever it is full */
    const bool is_full = count >= FIRST && (count & (count - 1)) == 0;
    void *more;

    if (count > 0 && !is_full)
        return items;
    more = arena_alloc_array(arena, item_size, count == 0 ? FIRST : count * 2);
    if (count > 0)
        memcpy(more, items, count * item_size);
    return more;
}

const char *arena_cstr(struct arena *arena, struct str text)
{
    char *copy = take_or_abort(arena, text.size + 1);

    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

struct str arena_str(struct arena *arena, struct str text)
{
    char *copy;

    if (text.size == 0)
        return STR_EMPTY;
    copy = take_or_abort(arena, text.size);
    memcpy(copy, text.data, text.size);
    return (struct str){.data = copy, .size = text.size};
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    int size;
    char *text;

    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    assert(size >= 0);
    text = take_or_abort(arena, (size_t)size + 1);
    (void)vsnprintf(text, (size_t)size + 1, format, args);
    return (struct str){.data = text, .size = (size_t)size};
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    struct str text;

    va_start(args, format);
    text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
