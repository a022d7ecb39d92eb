/* generate/task_view.h: runs and tasks whole: with their pictures, their place in the queue, their
 * parameters. */
#pragma once

#include "engine/view.h"
#include "generate/generate.h"

/* What a task wrote. */
struct written {
    struct str text;
    struct text_list keywords;
    double confidence;
};
struct whole_task {
    struct task_view view; /* first: its rows' offsets count from here */
    struct str prompt;
    int64_t width_px, height_px;
    struct written *written; /* NULL: its operation writes nothing, or has not yet */
    struct str missing;      /* why fewer pictures came than were asked for, or a text was cut */
    struct list attempts;    /* of struct attempt_view; in TaskDetail alone */
};
struct whole_run {
    struct run_view view; /* first */
    struct list tasks;    /* of struct whole_task */
};
extern const struct shape whole_task_shape;  /* "Task" */
extern const struct shape task_detail_shape; /* "TaskDetail" */
extern const struct shape whole_run_shape;   /* "Run" */

/* What only memory and the assets know of these tasks is filled in.  `db` is a reader. */
MUST_CHECK bool whole_tasks(struct request *req, const struct task_view *views, size_t count,
                            struct whole_task **out, struct error *err);
/* Fewer of them when their texts are long: `count` says how many, one at least. */
MUST_CHECK bool whole_runs(struct request *req, const struct run_view *views, size_t *count,
                           struct whole_run **out, struct error *err);
/* Answers with a run that has just been made: nothing of it is read again. */
MUST_CHECK bool reply_created(struct request *req, const struct run_created *created,
                              struct error *err);
/*
 * Fills the spec's key and hash: the client's name for this request, by which a repeat of it is the
 * same run and not another one.  Fails: TOO_LONG.
 */
MUST_CHECK bool read_idem_key(struct request *req, struct run_spec *spec, struct error *err);
/*
 * The run that this very request made before.  Asked first of all: what a repeat names may be gone
 * meanwhile, and it is the same run all the same.  Fails: TOO_LONG, KEY_REUSED.
 */
MUST_CHECK bool find_repeat(struct request *req, struct id *run_id, bool *found, struct error *err);
/* A place of a move's input: "before" needs what it goes in front of.  Fails: REQUIRED. */
extern const char *const task_place_values[]; /* ended by NULL */
MUST_CHECK bool read_place(struct str to, struct str before, enum task_place *out,
                           struct error *err);
/* Reads the request's newest state and answers with this run or task. */
MUST_CHECK bool reply_run(struct request *req, int status, struct str run_id, struct error *err);
MUST_CHECK bool reply_task(struct request *req, int status, struct str task_id, struct error *err);
