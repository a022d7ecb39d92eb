#include "operation/operation_private.h"

#include "core/test.h"

static struct str added(const char *prompt, const char *roles, size_t count, struct arena *arena)
{
    CLEANUP(json_cleanup) struct json *list = NULL;
    struct error err;

    assert_true(roles == NULL || json_read(str_of(roles), &list, &err));
    return role_add(str_of(prompt), list, count, arena);
}

static void test_what_pictures_are_for_stands_behind_the_prompt(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    check_text(added("A cup on a table", "[\"product\",\"\",\"style\"]", 3, arena),
               "A cup on a table\n\n"
               "Reference 1: the product. Keep its shape, colours and lettering as they are.\n"
               "Reference 3: the style. Follow its colours, light and manner, not what it shows.",
               "in the prompt's language");
    check_text(added("桌上的杯子", "[\"\",\"place\"]", 2, arena),
               "桌上的杯子\n\n参考图 2：场景。把主体放到这里。", "in Chinese");
}

static void test_what_says_nothing_changes_nothing(void **state)
{
    static const struct {
        const char *roles;
        size_t count;
    } cases[] = {
        {NULL,                              3},
        {"[]",                              3},
        {"[\"\",\"\"]",                     2},
        {"[\"product\"]",                   0},
        {"[\"\",\"style\"]",                1},
        {"[\"a role of a later version\"]", 1},
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t row = 0; row < COUNT(cases); row++)
        check_text(added("A cup", cases[row].roles, cases[row].count, arena), "A cup", "as it was");
}

static void test_every_role_has_its_words(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t index = 1; reference_roles[index] != NULL; index++) {
        const char *list =
            arena_cstr(arena, arena_printf(arena, "[\"%s\"]", reference_roles[index]));

        check(str_find(added("a", list, 1, arena), STR("Reference 1: the ")) >= 0 ||
                  str_find(added("a", list, 1, arena), STR("Reference 1: a ")) >= 0,
              reference_roles[index]);
        check(str_find(added("杯", list, 1, arena), STR("参考图 1：")) >= 0,
              reference_roles[index]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_pictures_are_for_stands_behind_the_prompt),
        cmocka_unit_test(test_what_says_nothing_changes_nothing),
        cmocka_unit_test(test_every_role_has_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
