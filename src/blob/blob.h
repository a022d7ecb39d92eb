/*
 * blob/blob.h: immutable bytes named by their SHA-256, in a folder.  Knows files and the blob
 * table, no noun. The order is engine.md 17: temporary file, fsync, link, fsync of the folder, then
 * the row.
 */
#pragma once

#include "core/arena.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/str.h"
#include "db/db.h"

struct blob_store; /* opaque: blob.c */

struct blob_config {
    const char *directory; /* made when missing: aa/bb/<sha256>, tmp/, trash/ */
    struct db_pool *pool;  /* borrowed for the store's life */
    const struct clock *clock;
    int64_t free_bytes_uploads_min; /* below: no uploads; 0: the larger of 2 GiB and 10 % of the
                                       disk, at most 20 GiB and a quarter of the disk */
    int64_t free_bytes_jobs_min;    /* below: no new jobs; 0: half of that */
};
MUST_CHECK bool blob_store_open(const struct blob_config *config, struct blob_store **out,
                                struct error *err);
void blob_store_close(struct blob_store *store); /* takes NULL */

/* What was stored: durable on disk; a row makes it known. */
struct blob {
    struct sha256 hash;
    char name[SHA256_HEX_SIZE + 1];
    int64_t size;
};

/* Bytes on their way in.  Any thread, one at a time. */
struct blob_writer;
/*
 * Fails: ERROR_STORAGE_FULL, ERROR_UNAVAILABLE (descriptors, memory), ERROR_INTERNAL.  `size_max`
 * is kept while writing.  Its watermark is the lowest (the last 64 MiB are left to the database),
 * so that results of running work land: before an upload ask blob_room_for_upload().  After a
 * failed blob_write() only abort.
 */
MUST_CHECK bool blob_write_begin(struct blob_store *store, int64_t size_max,
                                 struct blob_writer **out, struct error *err);
MUST_CHECK bool blob_write(struct blob_writer *writer, const void *data, size_t size,
                           struct error *err); /* TOO_LARGE */
/*
 * fsync, link, fsync folder: when this returns the bytes survive a power cut.  Bytes that are there
 * already are kept, and count as new for the sweep.  Takes the writer, also when it fails.  A blob
 * without a row for 24 h is swept: add a reference before that.
 */
MUST_CHECK bool blob_write_end(struct blob_writer *writer, struct blob *out, struct error *err);
void blob_write_abort(struct blob_writer *writer); /* takes NULL */
int64_t blob_written(const struct blob_writer *writer);
/* All at once. */
MUST_CHECK bool blob_put(struct blob_store *store, struct str bytes, struct blob *out,
                         struct error *err);

/* Whole into `arena`.  Fails: NOT_FOUND, TOO_LARGE, INTERNAL. */
MUST_CHECK bool blob_get(struct blob_store *store, struct str name, size_t size_max,
                         struct arena *arena, struct str *out, struct error *err);
/* An open descriptor for reading, the caller's to close, and its size. */
MUST_CHECK bool blob_open(struct blob_store *store, struct str name, int *fd, int64_t *size,
                          struct error *err);
/* Only the first bytes (for probing). */
MUST_CHECK bool blob_head(struct blob_store *store, struct str name, size_t size,
                          struct arena *arena, struct str *out, struct error *err);

/*
 * Rows, inside a transaction.  A reference keeps the bytes: `owner` says who ("asset:01H…",
 * "variant:…", "mask:…"). Adding one unmarks a blob that was on its way out.  Both are idempotent.
 * Of `blob` only name and size count.  Fails as db_exec; ERROR_CONFLICT when the row has another
 * size.
 */
MUST_CHECK bool blob_ref_add(struct db *db, const struct blob *blob, struct str owner,
                             int64_t now_ms, struct error *err);
MUST_CHECK bool blob_ref_drop(struct db *db, struct str name, struct str owner, int64_t now_ms,
                              struct error *err);

/* Watermarks (engine.md 19). */
MUST_CHECK bool blob_room_for_upload(struct blob_store *store,
                                     struct error *err);                         /* STORAGE_FULL */
MUST_CHECK bool blob_room_for_jobs(struct blob_store *store, struct error *err); /* STORAGE_FULL */
/* For beginning work that waits. */
MUST_CHECK bool blob_room_for_claims(struct blob_store *store,
                                     struct error *err); /* STORAGE_FULL */
/*
 * The reserve is a file of 64 MiB (less on a tiny disk) that holds nothing.  When less than that is
 * free it is removed, so that running work and the database can end what they began; it is made
 * again when there is room for jobs.  Call it every few seconds, from one thread.
 */
void blob_tend_reserve(struct blob_store *store);

/*
 * The sweep: temporary files of dead boots, files without a row older than 24 h to trash,
 * unreferenced blobs marked after 24 h, then trashed, then removed after another 24 h; rows that
 * live and have no file, or one of another size, are counted as missing and logged, never deleted.
 *
 * A round takes many calls with bounded work each (some ms); *more is false at its end.  A failure
 * gives up one phase, the next call goes on with the next.  One at a time (assert), on any thread
 * but the database writer's.
 */
struct blob_sweep_counts {
    int64_t temps, orphans, marked, trashed, removed, missing;
};
MUST_CHECK bool blob_sweep(struct blob_store *store, struct blob_sweep_counts *out, bool *more,
                           struct error *err);

/*
 * The scrub: reads what is stored and compares it with its name, each day one thirtieth of the
 * names, so that in 30 days all was read once.  What does not match is counted and logged, never
 * deleted: a picture with one wrong byte is better than none.  A day on which the server does not
 * run is not made up for.
 *
 * Reads about `bytes_max` bytes a call; *more is false when the day's part is done.  One at a time
 * with blob_sweep() (assert), on any thread but the database writer's.
 */
struct blob_scrub_counts {
    int64_t checked, damaged;
};
MUST_CHECK bool blob_scrub(struct blob_store *store, int64_t bytes_max,
                           struct blob_scrub_counts *out, bool *more, struct error *err);
