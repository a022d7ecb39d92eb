/* core/arena.h: memory of one request or one attempt, dropped whole.  Not shared between threads.
 */
#pragma once

#include "core/str.h"

#include <stdarg.h>

struct arena; /* opaque: arena.c */

/* An empty arena that gives out `size_max` bytes at most in all.  Caller owns it: arena_destroy().
 */
struct arena *arena_create(size_t size_max);
/* Frees everything ever given out.  Takes NULL. */
void arena_destroy(struct arena *arena);
void arena_cleanup(struct arena **arena); /* for CLEANUP() */
/* Forgets everything, keeps the first chunk. */
void arena_reset(struct arena *arena);
size_t arena_used(const struct arena *arena);
/*
 * Calls `end(context)` when the arena is destroyed or reset, the last one given first, while what
 * is in the arena still stands: for what it only borrows.  In the thread that ends the arena.
 */
void arena_at_end(struct arena *arena, void (*end)(void *context), void *context);

/* Zeroed, aligned for any type.  Aborts when the system has no memory or `size_max` is passed. */
void *arena_alloc(struct arena *arena, size_t size);
/* For what a client can enlarge: NULL when there is no room. */
void *arena_try_alloc(struct arena *arena, size_t size);
#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
/* `count` items of `item_size` bytes; aborts when the product overflows. */
void *arena_alloc_array(struct arena *arena, size_t item_size, size_t count);
#define ARENA_ARRAY(arena, type, count)                                                            \
    ((type *)arena_alloc_array((arena), sizeof(type), (size_t)(count)))
/*
 * For a list whose length nobody knows before its end: where its `count` items stand now, with room
 * for one more behind them.  Begins with NULL and 0, and is asked before each item.
 */
void *arena_more(struct arena *arena, void *items, size_t item_size, size_t count);

struct str arena_str(struct arena *arena, struct str text);   /* a copy */
const char *arena_cstr(struct arena *arena, struct str text); /* a copy with a NUL */
struct str arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
struct str arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);
