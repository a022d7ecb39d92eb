#include "asset/asset_private.h"

#include "core/test.h"

#include <stdatomic.h>

enum { PLACES = 2, CROWD = 8, TURNS = 200 };

struct crowd {
    struct asset_service *service;
    _Atomic int inside, most, turns;
};

static void *take_turns(void *context)
{
    struct crowd *crowd = context;

    for (int turn = 0; turn < TURNS; turn++) {
        int inside, most;

        asset_gate_enter(crowd->service);
        inside = atomic_fetch_add(&crowd->inside, 1) + 1;
        most = atomic_load(&crowd->most);
        while (inside > most && !atomic_compare_exchange_weak(&crowd->most, &most, inside))
            continue;
        atomic_fetch_add(&crowd->turns, 1);
        atomic_fetch_sub(&crowd->inside, 1);
        asset_gate_leave(crowd->service);
    }
    return NULL;
}

static void test_no_more_than_have_a_place_are_inside_and_all_get_in(void **state)
{
    const struct asset_config config = {.picture_works = PLACES};
    struct crowd crowd = {.service = asset_service_create(&config)};
    pthread_t threads[CROWD];

    (void)state;
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &crowd), 0);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&crowd.turns), CROWD * TURNS);
    assert_in_range(atomic_load(&crowd.most), 1, PLACES);
    asset_service_destroy(crowd.service);
}

static void test_limits_have_a_fall_back(void **state)
{
    const struct asset_config config = {.picture_works = 1};
    struct asset_service *service = asset_service_create(&config);

    (void)state;
    assert_int_equal(asset_limits_now(service).upload_size_max, 64 * 1024 * 1024);
    asset_wake(service, 1); /* nobody to wake is no fault */
    asset_service_destroy(service);
    asset_service_destroy(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_more_than_have_a_place_are_inside_and_all_get_in),
        cmocka_unit_test(test_limits_have_a_fall_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
