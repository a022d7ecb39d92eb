/*
 * engine/check.h: whether the engine's rows keep its invariants (verification.md 1): used by tests,
 * the simulation and `vitrine doctor`.  Reads only.
 */
#pragma once

#include "db/check.h"

/*
 * Looks at every run, task, edge, attempt, call and event log, in one view when `db` is a reader's
 * connection; begins the report.  Takes a time that grows with the rows.  Fails: as db_query(); a
 * breach is no failure.
 */
MUST_CHECK bool engine_check(struct db *db, struct arena *arena, struct check_report *out,
                             struct error *err);
