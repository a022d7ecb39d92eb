#include "core/test.h"
#include "engine/task_state.h"

/* Every state with every event: the state it leads to, or "-" where there is no way. */
static const struct {
    enum task_event event;
    const char *from[TASK_STATE_COUNT]; /* blocked, ready, running, waiting, held, done, failed,
                                           cancelled */
} ways[] = {
    {TASK_UNBLOCK,     {"ready", "-", "-", "-", "-", "-", "-", "-"}                                    },
    {TASK_CLAIM,       {"-", "running", "-", "-", "-", "-", "-", "-"}                                  },
    {TASK_GIVE_BACK,   {"-", "-", "ready", "ready", "-", "-", "-", "-"}                                },
    {TASK_RETRY,       {"-", "-", "ready", "ready", "-", "-", "-", "-"}                                },
    {TASK_ACCEPT,      {"-", "-", "waiting", "-", "-", "-", "-", "-"}                                  },
    {TASK_HOLD,        {"-", "held", "held", "held", "-", "-", "-", "-"}                               },
    {TASK_FINISH,      {"-", "-", "done", "done", "-", "-", "-", "-"}                                  },
    {TASK_FAIL,        {"-", "failed", "failed", "failed", "failed", "-", "-", "-"}                    },
    {TASK_CANCEL,      {"cancelled", "cancelled", "cancelled", "cancelled", "cancelled", "-", "-", "-"}},
    {TASK_OWNER_DIED,  {"-", "-", "ready", "-", "-", "-", "-", "-"}                                    },
    {TASK_ANSWER,      {"-", "-", "-", "-", "ready", "-", "-", "-"}                                    },
    {TASK_AGAIN,       {"-", "-", "-", "-", "-", "-", "ready", "ready"}                                },
    {TASK_AGAIN_LATER, {"-", "-", "-", "-", "-", "-", "-", "blocked"}                                  },
};

static void test_only_the_ways_of_the_table_exist(void **state)
{
    (void)state;
    assert_int_equal(COUNT(ways), TASK_EVENT_COUNT);
    for (size_t event = 0; event < COUNT(ways); event++) {
        for (int from = 0; from < TASK_STATE_COUNT; from++) {
            const char *expected = ways[event].from[from];
            enum task_state to = TASK_STATE_COUNT;
            struct error err = {0};
            const bool is_way =
                task_state_next((enum task_state)from, ways[event].event, &to, &err);

            if (strcmp(expected, "-") == 0) {
                check(!is_way, task_state_name((enum task_state)from));
                assert_int_equal(err.code, ERROR_CONFLICT);
                assert_int_equal(to, TASK_STATE_COUNT); /* untouched */
            } else {
                check(is_way, task_state_name((enum task_state)from));
                assert_string_equal(task_state_name(to), expected);
            }
        }
    }
}

static void test_a_refusal_says_state_and_event(void **state)
{
    struct error err = {0};
    enum task_state to;

    (void)state;
    assert_false(task_state_next(TASK_DONE, TASK_CANCEL, &to, &err));
    assert_string_equal(err.message, "a task that is done cannot cancel");
}

static void test_names_are_read_back(void **state)
{
    enum task_state found;

    (void)state;
    for (int index = 0; index < TASK_STATE_COUNT; index++) {
        assert_true(task_state_of(str_of(task_state_name((enum task_state)index)), &found));
        assert_int_equal(found, index);
    }
    assert_false(task_state_of(STR("Ready"), &found));
    assert_false(task_state_of(STR_EMPTY, &found));
}

static void test_final_states_have_no_way_but_a_person_asking_again(void **state)
{
    (void)state;
    for (int from = 0; from < TASK_STATE_COUNT; from++) {
        bool has_way = false;

        for (int event = 0; event < TASK_AGAIN; event++) {
            struct error err;
            enum task_state to;

            has_way |= task_state_next((enum task_state)from, (enum task_event)event, &to, &err);
        }
        assert_int_equal(has_way, !task_state_is_final((enum task_state)from));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_ways_of_the_table_exist),
        cmocka_unit_test(test_a_refusal_says_state_and_event),
        cmocka_unit_test(test_names_are_read_back),
        cmocka_unit_test(test_final_states_have_no_way_but_a_person_asking_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
