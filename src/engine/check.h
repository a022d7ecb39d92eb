/*
 * engine/check.h: whether the engine's rows keep its invariants (verification.md 1): used by tests,
 * the simulation and `vitrine doctor`.  Reads only.
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "db/db.h"

enum { CHECK_FAULTS_MAX = 100, CHECK_FAULTS_PER_RULE = 10 };

struct check_fault {
    const char *rule; /* "check_i6_edges": with the invariant's number in verification.md; static */
    struct str what;  /* a sentence; in the arena given to engine_check() */
};
struct check_report {
    struct check_fault faults[CHECK_FAULTS_MAX];
    size_t fault_count; /* 0: all is well; of each rule the first few are told */
    size_t rule_count;  /* that were looked at */
};

/*
 * Looks at every run, task, edge, attempt, call and event log, in one view when `db` is a reader's
 * connection.  Takes a time that grows with the rows.  Fails: as db_query(); a breach is no
 * failure.
 */
MUST_CHECK bool engine_check(struct db *db, struct arena *arena, struct check_report *out,
                             struct error *err);
/* One rule more, of another room's rows: a query whose column "what" is a sentence about a breach.
 */
MUST_CHECK bool check_apply(struct db *db, const struct sql *rule, struct arena *arena,
                            struct check_report *out, struct error *err);
