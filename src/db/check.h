/*
 * db/check.h: what a look at the house found: a sentence for each breach of a rule.  Each room says
 * its own rules (engine/check.h, usage/usage.h, asset/asset.h, operation/operation.h,
 * blob/check.h); `vitrine doctor` asks them all.  Reads only.
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "db/db.h"

enum { CHECK_FAULTS_MAX = 100, CHECK_FAULTS_PER_RULE = 10 };

struct check_fault {
    const char *rule; /* "check_i6_edges": with the invariant's number in verification.md; static */
    struct str what;  /* a sentence; in the arena given to the check */
};
struct check_report {
    struct check_fault faults[CHECK_FAULTS_MAX];
    size_t fault_count; /* 0: all is well; of each rule the first few are told */
    size_t rule_count;  /* that were looked at */
};

/* One more breach, `what` being in the report's arena.  False: there is no room for more. */
bool check_tell(struct check_report *out, const char *rule, struct str what);
/*
 * Looks at rows: a query whose column "what" is a sentence about a breach; its name is the rule's.
 * Counts nothing: who asks says how many rules it has.  Fails: as db_query(); a breach is no
 * failure.
 */
MUST_CHECK bool check_apply(struct db *db, const struct sql *rule, struct arena *arena,
                            struct check_report *out, struct error *err);
/* Several, counted. */
MUST_CHECK bool check_apply_all(struct db *db, const struct sql *rules, size_t count,
                                struct arena *arena, struct check_report *out, struct error *err);
