/* The two readers agree, and what was read is printed so that it reads the same. */
#include "core/json.h"
#include "fuzz.h"

static struct str print_again(struct str text, struct arena *arena)
{
    struct json *json = NULL;
    struct error err = {0};
    struct str printed;

    MUST(json_read_liberal(text, &json, &err));
    printed = json_print(json, arena);
    json_free(json);
    return printed;
}

/* Nothing but depth, names that stand twice and half surrogate pairs may part the readers. */
static bool may_differ(const struct error *err)
{
    struct str message = str_of(err->message);

    return str_find(message, STR("too many levels")) >= 0 || str_find(message, STR("twice")) >= 0 ||
           str_find(message, STR("half a surrogate pair")) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));
    struct json *strict = NULL;
    struct json *liberal = NULL;
    struct error strict_err = {0};
    struct error err = {0};
    bool is_strict = json_read(text, &strict, &strict_err);
    bool is_liberal = json_read_liberal(text, &liberal, &err);

    MUST(is_strict || strict_err.code == ERROR_MALFORMED);
    MUST(is_liberal || err.code == ERROR_MALFORMED);
    MUST(is_liberal || !is_strict);
    MUST(is_strict == is_liberal || may_differ(&strict_err));
    if (is_liberal) {
        struct str printed = json_print(liberal, arena);

        MUST(!is_strict || str_equal(printed, json_print(strict, arena)));
        MUST(str_equal(printed, print_again(printed, arena)));
    }
    json_free(strict);
    json_free(liberal);
    arena_destroy(arena);
    return 0;
}
