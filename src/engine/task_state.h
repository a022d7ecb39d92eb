/*
 * engine/task_state.h: the states of a task and the only ways between them.  Pure.  The store says
 * each way again in its UPDATE, so the property is held twice.
 */
#pragma once

#include "core/error.h"
#include "core/str.h"

enum task_state {
    TASK_BLOCKED, /* waits for the tasks before it */
    TASK_READY,   /* may start once run_at has come and its lane has a slot */
    TASK_RUNNING, /* owned by a live process */
    TASK_WAITING, /* the provider works on it under a remote id */
    TASK_HELD,    /* a person or a rule must answer */
    TASK_DONE,
    TASK_FAILED,
    TASK_CANCELLED,
    TASK_STATE_COUNT
};

enum task_event {
    TASK_UNBLOCK,     /* the last task before it is done */
    TASK_CLAIM,       /* a worker takes it under a new fence */
    TASK_GIVE_BACK,   /* drained before anything was sent: costs no try */
    TASK_RETRY,       /* another try later */
    TASK_ACCEPT,      /* the provider gave a remote id */
    TASK_HOLD,        /* outcome unknown, quota, key: ask */
    TASK_FINISH,      /* the result is stored */
    TASK_FAIL,        /* no further try */
    TASK_CANCEL,      /* a person's wish was carried out */
    TASK_OWNER_DIED,  /* recovered after a crash: costs no try */
    TASK_ANSWER,      /* the person said: repeat */
    TASK_AGAIN,       /* the person retries what failed */
    TASK_AGAIN_LATER, /* the same for a task behind one that is retried */
    TASK_EVENT_COUNT
};

const char *task_state_name(enum task_state state); /* "ready" */
MUST_CHECK bool task_state_of(struct str name, enum task_state *out);
bool task_state_is_final(enum task_state state);
/* Fails: ERROR_CONFLICT when the way is not listed; `*to` is untouched. */
MUST_CHECK bool task_state_next(enum task_state from, enum task_event event, enum task_state *to,
                                struct error *err);
