#include "engine/task_state.h"

static const char *const names[TASK_STATE_COUNT] = {
    [TASK_BLOCKED] = "blocked", [TASK_READY] = "ready",         [TASK_RUNNING] = "running",
    [TASK_WAITING] = "waiting", [TASK_HELD] = "held",           [TASK_DONE] = "done",
    [TASK_FAILED] = "failed",   [TASK_CANCELLED] = "cancelled",
};

static const char *const event_names[TASK_EVENT_COUNT] = {
    [TASK_UNBLOCK] = "unblock",        [TASK_CLAIM] = "claim",
    [TASK_GIVE_BACK] = "give back",    [TASK_RETRY] = "retry",
    [TASK_ACCEPT] = "accept",          [TASK_HOLD] = "hold",
    [TASK_FINISH] = "finish",          [TASK_FAIL] = "fail",
    [TASK_CANCEL] = "cancel",          [TASK_OWNER_DIED] = "take over",
    [TASK_ANSWER] = "answer",          [TASK_AGAIN] = "run again",
    [TASK_AGAIN_LATER] = "wait again",
};

static const struct task_transition {
    enum task_state from;
    enum task_event event;
    enum task_state to;
} transitions[] = {
    {TASK_BLOCKED,   TASK_UNBLOCK,     TASK_READY    },
    {TASK_BLOCKED,   TASK_CANCEL,      TASK_CANCELLED},
    {TASK_READY,     TASK_CLAIM,       TASK_RUNNING  },
    {TASK_READY,     TASK_FAIL,        TASK_FAILED   }, /* its deadline passed in the queue */
    {TASK_READY,     TASK_HOLD,        TASK_HELD     }, /* its provider ran out of credit */
    {TASK_READY,     TASK_CANCEL,      TASK_CANCELLED},
    {TASK_RUNNING,   TASK_GIVE_BACK,   TASK_READY    },
    {TASK_RUNNING,   TASK_RETRY,       TASK_READY    },
    {TASK_RUNNING,   TASK_ACCEPT,      TASK_WAITING  },
    {TASK_RUNNING,   TASK_HOLD,        TASK_HELD     },
    {TASK_RUNNING,   TASK_FINISH,      TASK_DONE     },
    {TASK_RUNNING,   TASK_FAIL,        TASK_FAILED   },
    {TASK_RUNNING,   TASK_CANCEL,      TASK_CANCELLED},
    {TASK_RUNNING,   TASK_OWNER_DIED,  TASK_READY    },
    {TASK_WAITING,   TASK_GIVE_BACK,   TASK_READY    }, /* an old owner had kept its result */
    {TASK_WAITING,   TASK_RETRY,       TASK_READY    },
    {TASK_WAITING,   TASK_HOLD,        TASK_HELD     },
    {TASK_WAITING,   TASK_FINISH,      TASK_DONE     },
    {TASK_WAITING,   TASK_FAIL,        TASK_FAILED   },
    {TASK_WAITING,   TASK_CANCEL,      TASK_CANCELLED},
    {TASK_HELD,      TASK_ANSWER,      TASK_READY    },
    {TASK_HELD,      TASK_FAIL,        TASK_FAILED   }, /* the person gave it up */
    {TASK_HELD,      TASK_CANCEL,      TASK_CANCELLED},
    {TASK_FAILED,    TASK_AGAIN,       TASK_READY    },
    {TASK_CANCELLED, TASK_AGAIN,       TASK_READY    },
    {TASK_CANCELLED, TASK_AGAIN_LATER, TASK_BLOCKED  },
};

const char *task_state_name(enum task_state state) { return names[state]; }

bool task_state_of(struct str name, enum task_state *out)
{
    for (size_t index = 0; index < COUNT(names); index++) {
        if (str_equal(name, str_of(names[index]))) {
            *out = (enum task_state)index;
            return true;
        }
    }
    return false;
}

bool task_state_is_final(enum task_state state)
{
    return state == TASK_DONE || state == TASK_FAILED || state == TASK_CANCELLED;
}

bool task_state_next(enum task_state from, enum task_event event, enum task_state *to,
                     struct error *err)
{
    for (size_t index = 0; index < COUNT(transitions); index++) {
        if (transitions[index].from == from && transitions[index].event == event) {
            *to = transitions[index].to;
            return true;
        }
    }
    return error_set(err, ERROR_CONFLICT, "a task that is %s cannot %s", names[from],
                     event_names[event]);
}
