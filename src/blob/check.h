/*
 * blob/check.h: whether files and rows of the store agree (verification.md I11, and of I5 the
 * files): what `vitrine doctor` asks of this room.  Needs no open store and changes nothing, also
 * beside a server at work.
 */
#pragma once

#include "core/clock.h"
#include "db/check.h"

struct blob_check_config {
    const char *directory; /* the store's */
    const struct clock *clock;
    bool is_whole; /* the bytes of every file are read, one without a row too, not of a sample */
};
struct blob_check_counts {
    int64_t files;   /* of rows, that were looked at by their size */
    int64_t read;    /* whose bytes were compared with their names */
    int64_t waiting; /* files without a row that are old enough to go, and that no sweep has had
                        the time to take away */
};

/*
 * Adds to a begun report.  Each row has its file, in its place or in the trash, of its size; a
 * row counts as unreferenced when it is; a file without a row is younger than the grace time, when
 * a server has been up for longer than a round of its sweep; and what is read is what its name
 * says: every result that is kept for a task (owner "call:…"), and else the newest few, for a
 * crash hurts those.  Borrows readers of `pool` in between, never for longer than a batch takes.
 * Fails: as db_query(), and ERROR_INTERNAL when the folder cannot be read; a breach is no failure.
 */
MUST_CHECK bool blob_check(const struct blob_check_config *config, struct db_pool *pool,
                           struct arena *arena, struct check_report *out,
                           struct blob_check_counts *counts, struct error *err);
