/*
 * db/shim_vfs.h: for tests: the disk under SQLite, as bad as disks are.  Every operation on the
 * files of one folder is numbered.  The nth fails, once or from there on; or the power is cut
 * there, and what was not synced is dropped, kept, reordered or torn by sectors, as a seed says.
 * What our own code does beside SQLite takes part by its fsync(), which the linker diverts to here
 * (--wrap).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum shim_op {
    SHIM_OPEN = 1 << 0,
    SHIM_READ = 1 << 1, /* and asking for a size */
    SHIM_WRITE = 1 << 2,
    SHIM_TRUNCATE = 1 << 3,
    SHIM_SYNC = 1 << 4, /* of a file, and of a folder by our own code */
    SHIM_DELETE = 1 << 5,
    SHIM_LOCK = 1 << 6,
    SHIM_MAP = 1 << 7, /* of the log's index */
    SHIM_CHANGES = SHIM_OPEN | SHIM_WRITE | SHIM_TRUNCATE | SHIM_SYNC | SHIM_DELETE,
    SHIM_ALL = SHIM_CHANGES | SHIM_READ | SHIM_LOCK | SHIM_MAP,
};

enum shim_fault {
    SHIM_IO_ERROR,  /* a sync that fails loses what it should have kept, for good */
    SHIM_DISK_FULL, /* what needs no room goes on */
    SHIM_SHORT,     /* as a full disk, and half of the write lands */
    SHIM_POWER_CUT, /* all after it fails too, until shim_power_on() */
    SHIM_FAULT_COUNT
};
const char *shim_fault_name(enum shim_fault fault);

struct shim_plan {
    unsigned ops; /* which of them are counted: SHIM_… */
    long nth;     /* from 1 */
    enum shim_fault fault;
    bool is_lasting; /* all after it fail too */
    uint64_t seed;   /* what is lost */
};

/* Becomes SQLite's default.  Once, before anything is opened. */
void shim_install(void);
/* What lies in `folder` and the folders in it is on the disk; from now on all there is watched.
 * Nothing there is open.  No fault is planned. */
void shim_watch(const char *folder);
/* Forgets the folder and all that was noted of it. */
void shim_finish(void);

void shim_plan(const struct shim_plan *plan);
/* No fault any more; a cut stays. */
void shim_heal(void);
/* How often the planned fault struck. */
long shim_hits(void);

/* The power goes now; nothing in the folder may be open.  Without a planned cut before it. */
void shim_cut(uint64_t seed);
bool shim_is_cut(void);
/* After a cut, when all is closed: the folder holds what the disk has kept, and is watched anew. */
void shim_power_on(void);

/*
 * The points of a sweep: 1 first, then the next after `nth`.  With SWEEP=all in the environment
 * each of them, with SWEEP=71 that one, otherwise one in `stride` on average, at distances that
 * SWEEP_SEED (1) draws.
 */
long shim_next(long nth, long stride);
