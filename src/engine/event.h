/*
 * engine/event.h: the gapless event log of each user (engine.md 13).  An event is written in the
 * transaction of the change it tells of; its number is taken from the user's row there, so the
 * order of commits is the order of numbers.
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "db/db.h"

/* Inside a transaction.  `body` is JSON. */
MUST_CHECK bool event_append(struct db *db, int64_t user_id, const char *kind, struct str body,
                             int64_t now_ms, struct error *err);

struct event_row {
    int64_t seq;
    struct str kind, body;
};
/* At most `limit` rows after `seq`, in order. */
MUST_CHECK bool event_list(struct db *db, int64_t user_id, int64_t after_seq, size_t limit,
                           struct arena *arena, struct event_row **out, size_t *count,
                           struct error *err);
/* The lowest position from `after_seq` on behind which there are at most `size_max` bytes. */
MUST_CHECK bool event_after_size(struct db *db, int64_t user_id, int64_t after_seq,
                                 int64_t size_max, int64_t *out, struct error *err);
/* The first and last number there are; 0, 0 for none. */
MUST_CHECK bool event_range(struct db *db, int64_t user_id, int64_t *first, int64_t *last,
                            struct error *err);
/* The epoch of a person's log, without a '-': another one when a database is restored, and for
   another person, so that positions of before, or of who was signed in before, are not believed. */
MUST_CHECK bool event_epoch(struct db *db, int64_t user_id, struct arena *arena, struct str *out,
                            struct error *err);
/* Drops what is older than `before_ms`, keeping the last `keep` of each user; bounded. */
MUST_CHECK bool event_trim(struct db *db, int64_t before_ms, int64_t keep, int64_t *dropped,
                           struct error *err);
