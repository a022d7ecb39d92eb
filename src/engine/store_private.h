/* engine/store_private.h: what the files of the SQL store share.  Each runs inside one transaction
 * of the writer. */
#pragma once

#include "engine/command.h"
#include "engine/event.h"
#include "engine/view.h"

#include <inttypes.h>

#define ENTRY_COLUMNS                                                                              \
    "t.id, t.run_id, t.user_id, t.provider_id, t.model, t.fence, t.state, t.priority, t.rank,"     \
    " t.units, t.run_at_ms, t.start_by_ms, t.deadline_at_ms, t.poll_at_ms, t.cancel_at_ms,"        \
    " (SELECT is_paused FROM run WHERE run.id = t.run_id) AS is_run_paused"

struct task_entry store_entry_of_row(struct rows *rows, struct arena *arena);
MUST_CHECK bool store_entry_find(struct db *db, int64_t task_id, struct arena *arena,
                                 struct task_entry *out, struct error *err);

/* Whether its latest call was answered and the answer kept: then there is nothing left to cancel,
 * the next attempt adopts it (P7). */
MUST_CHECK bool store_has_result(struct db *db, int64_t task_id, struct arena *arena, bool *out,
                                 struct error *err);

/* Of an arena for one view_task_row() or view_run_row().  Who reads many rows gives each its own: a
 * row has its prompt and its output in it, and a transaction goes through thousands. */
enum { VIEW_MEMORY_MAX = 1 << 26 };

/* Events of a task's and a run's present state.  What they take of memory is given back. */
MUST_CHECK bool store_tell_task(struct db *db, int64_t task_id, const struct command *command,
                                struct error *err);
MUST_CHECK bool store_tell_run(struct db *db, int64_t run_id, const struct command *command,
                               struct error *err);

struct id_list {
    int64_t *ids;
    size_t count;
};
/* The integers of a query's column "id", at most `limit`. */
MUST_CHECK bool store_ids(struct db *db, const struct sql *sql, const struct sql_value *args,
                          size_t arg_count, size_t limit, struct arena *arena, struct id_list *out,
                          struct error *err);

/*
 * What follows from a task's end, once its own row says so: money settled, tasks behind it freed
 * (done) or ended with it (failed, cancelled), the run counted, events written.  `cost` when
 * the task's row says it already and no call of it is open; else NULL.
 */
struct task_cost { /* what a task's calls have cost */
    int64_t known_micro;
    bool is_doubtful; /* one of them may have cost more */
    struct str currency;
};
struct ended {
    struct task_entry *ready;
    size_t ready_count;
    int64_t *ended;
    size_t ended_count;
};
MUST_CHECK bool store_after_end(struct db *db, const struct engine_hooks *hooks,
                                struct command *command, int64_t task_id, int64_t run_id,
                                enum task_state state, const struct task_cost *cost,
                                struct ended *out, struct error *err);

/* Who refers to the blobs of a call's result while its task has no output of them. */
struct str store_call_owner(int64_t call_id, struct arena *arena);

/* Money of a call of which an old owner tells when its task has ended already: settled again. */
MUST_CHECK bool store_settle_ended(struct db *db, const struct engine_hooks *hooks,
                                   struct command *command, int64_t task_id, struct error *err);

/* A task as it is now, for the core; `limit` of them at most. */
MUST_CHECK bool store_add_changed(struct db *db, struct command *command, int64_t task_id,
                                  size_t limit, struct error *err);
/* A fresh start for what failed or was cancelled in a run: all of it, or what failed, or (not 0)
 * one task; of these two with those they need and those behind them.  Fails: CONFLICT when there is
 * nothing of the kind. */
MUST_CHECK bool store_retry(struct db *db, const struct engine_hooks *hooks,
                            struct command *command, int64_t run_row_id, int64_t only_task,
                            bool is_failed_only, struct error *err);

/* What runs is asked to stop; what does not run is ended at once, with what hangs on it. */
MUST_CHECK bool store_cancel_task(struct db *db, const struct engine_hooks *hooks,
                                  struct command *command, const struct task_entry *entry,
                                  struct error *err);
MUST_CHECK bool store_task_move(struct db *db, struct command *command,
                                const struct task_entry *entry, struct error *err);
MUST_CHECK bool store_run_move(struct db *db, struct command *command, const struct run_view *run,
                               struct error *err);

enum { STORE_CLEAR_MAX = 200 };
MUST_CHECK bool store_clear(struct db *db, const struct engine_hooks *hooks,
                            struct command *command, struct error *err);
MUST_CHECK bool store_take_over(struct db *db, const struct engine_hooks *hooks,
                                struct command *command, struct error *err);
/* Sends `task`, as it was read for the claim under way, to command->claim.stand_in_id, unless that
 * cannot take it. */
MUST_CHECK bool store_stand_in(struct db *db, const struct engine_hooks *hooks,
                               struct command *command, const struct attempt *task, bool *is_taken,
                               struct error *err);
MUST_CHECK bool store_claim(struct db *db, const struct engine_hooks *hooks,
                            struct command *command, struct error *err);
MUST_CHECK bool store_resume(struct db *db, const struct engine_hooks *hooks,
                             struct command *command, struct error *err);
MUST_CHECK bool store_intent(struct db *db, const struct engine_hooks *hooks,
                             struct command *command, struct error *err);
MUST_CHECK bool store_sent(struct db *db, const struct engine_hooks *hooks, struct command *command,
                           struct error *err);
MUST_CHECK bool store_accept(struct db *db, const struct engine_hooks *hooks,
                             struct command *command, struct error *err);
MUST_CHECK bool store_keep(struct db *db, const struct engine_hooks *hooks, struct command *command,
                           struct error *err);
MUST_CHECK bool store_end(struct db *db, const struct engine_hooks *hooks, struct command *command,
                          struct error *err);
MUST_CHECK bool store_submit(struct db *db, const struct engine_hooks *hooks,
                             struct command *command, struct error *err);
MUST_CHECK bool store_run_control(struct db *db, const struct engine_hooks *hooks,
                                  struct command *command, struct error *err);
MUST_CHECK bool store_task_control(struct db *db, const struct engine_hooks *hooks,
                                   struct command *command, struct error *err);
MUST_CHECK bool store_pause_all(struct db *db, const struct engine_hooks *hooks,
                                struct command *command, struct error *err);
MUST_CHECK bool store_release_held(struct db *db, const struct engine_hooks *hooks,
                                   struct command *command, struct error *err);
