/* Products over HTTP: whose they are, what they may hold, that no change is lost to a second tab.
 */
#include "product/test_shop.h"

#define MUG                                                                                        \
    "{\"name\":\" Mug \",\"sku\":\"M-1\",\"category\":\"Kitchen\",\"facts\":\"350 "                \
    "ml\\n\\tclay\\n\""

static struct answer ask_as(struct studio *studio, const char *who, const char *method,
                            const char *path, const char *headers, const char *body)
{
    char line[512];
    char all[600];

    (void)snprintf(line, sizeof(line), "%s %s", method, path);
    (void)snprintf(all, sizeof(all), "%s%s", body == NULL ? "" : AS_JSON, headers);
    return ask(studio, who, line, all, str_of(body));
}

static void expect_at(struct studio *studio, const char *who, const char *method, const char *path,
                      const char *headers, const char *body, int status, const char *has, int line)
{
    struct answer answer = ask_as(studio, who, method, path, headers, body);

    if (answer.status != status ||
        (has != NULL && !body_has(&answer, has) && str_find(answer.head, str_of(has)) < 0))
        fail_msg("line %d: %s %s of %s: %d: %.*s", line, method, path, who, answer.status,
                 STR_ARGS(str_slice(answer.body, 0, 600)));
}
#define EXPECT(studio, method, path, body, status, has)                                            \
    expect_at(studio, "ann", method, path, "", body, status, has, __LINE__)
#define EXPECT_IF(studio, match, method, path, body, status, has)                                  \
    expect_at(studio, "ann", method, path, "If-Match: " match "\r\n", body, status, has, __LINE__)
#define EXPECT_AS(studio, who, method, path, body, status, has)                                    \
    expect_at(studio, who, method, path, "", body, status, has, __LINE__)

/* Makes one as `who` and gives its path. */
static const char *make(struct studio *studio, const char *who, const char *body)
{
    struct answer answer = ask_as(studio, who, "POST", PRODUCTS, "", body);
    CLEANUP(json_cleanup) struct json *json = NULL;

    is_status(&answer, 201, body);
    json = parse(&answer);
    return arena_cstr(studio->house.arena, arena_printf(studio->house.arena, PRODUCTS "/%.*s",
                                                        STR_ARGS(json_text(json_get(json, "id")))));
}

static const char *with_photos(struct studio *studio, const char *name, const struct str *ids,
                               size_t count)
{
    CLEANUP(buf_finish) struct buf body = {0};

    buf_printf(&body, "{\"name\":\"%s\",\"photos\":[", name);
    for (size_t i = 0; i < count; i++)
        buf_printf(&body, "%s\"%.*s\"", i > 0 ? "," : "", STR_ARGS(ids[i]));
    buf_add(&body, STR("]}"));
    return arena_cstr(studio->house.arena, buf_str(&body));
}

static void test_a_product_is_kept_changed_and_deleted(void **state)
{
    struct studio *studio = *state;
    struct house *house = &studio->house;
    const char *path = make(studio, "ann", MUG "}");
    const char *id = path + strlen(PRODUCTS "/");
    struct str told;

    EXPECT(studio, "GET", path, NULL, 200, "ETag: \"1\"");
    EXPECT(
        studio, "GET", path, NULL, 200,
        "\"name\":\"Mug\",\"sku\":\"M-1\",\"category\":\"Kitchen\","
        "\"facts\":\"350 ml\\n\\tclay\",\"photos\":[],\"pictures\":0,\"version\":1,"
        "\"created_at\":\"2025-11-22T12:00:00.000Z\",\"changed_at\":\"2025-11-22T12:00:00.000Z\"");
    house->time.wall_ms = NOON + 1000;
    EXPECT_IF(studio, "\"1\"", "PATCH", path, "{\"facts\":\"400 ml\"}", 200, "ETag: \"2\"");
    EXPECT(studio, "GET", path, NULL, 200,
           "\"name\":\"Mug\",\"sku\":\"M-1\",\"category\":\"Kitchen\",\"facts\":\"400 ml\","
           "\"photos\":[],\"pictures\":0,\"version\":2,\"created_at\":\"2025-11-22T12:00:00.000Z\","
           "\"changed_at\":\"2025-11-22T12:00:01.000Z\"");
    EXPECT(studio, "PATCH", path, "{\"sku\":\"\",\"category\":\"\",\"facts\":\"\"}", 200,
           "\"name\":\"Mug\",\"sku\":\"\",\"category\":\"\",\"facts\":\"\"");
    EXPECT(studio, "DELETE", path, NULL, 204, NULL);
    EXPECT(studio, "GET", path, NULL, 404, "not_found");
    EXPECT(studio, "PATCH", path, "{\"name\":\"Back\"}", 404, "not_found");
    EXPECT(studio, "DELETE", path, NULL, 404, "not_found");
    EXPECT(studio, "GET", PRODUCTS, NULL, 200, "{\"items\":[],\"next_cursor\":null}");
    told = events_of(house, ANN, 0);
    assert_true(str_equal(
        told, arena_printf(house->arena,
                           "product.created {\"id\":\"%s\"}\nproduct.changed {\"id\":\"%s\"}\n"
                           "product.changed {\"id\":\"%s\"}\nproduct.deleted {\"id\":\"%s\"}\n",
                           id, id, id, id)));
    assert_true(str_equal(events_of(house, BOB, 0), STR_EMPTY));
    assert_int_equal(house->wakes, 4);
    assert_int_equal(house->woken_user, ANN);
}

static void test_a_second_tab_is_told(void **state)
{
    struct studio *studio = *state;
    const char *path = make(studio, "ann", MUG "}");

    EXPECT_IF(studio, "\"1\"", "PATCH", path, "{\"name\":\"Blue\"}", 200, "\"version\":2");
    EXPECT_IF(studio, "\"1\"", "PATCH", path, "{\"name\":\"Red\"}", 412, "\"field\":\"If-Match\"");
    EXPECT_IF(studio, "\"1\"", "PATCH", path, "{}", 412, "precondition_failed");
    EXPECT_IF(studio, "\"1\"", "DELETE", path, NULL, 412, "precondition_failed");
    EXPECT_IF(studio, "W/\"2\"", "PATCH", path, "{\"name\":\"Red\"}", 412, "If-Match");
    EXPECT_IF(studio, "2", "PATCH", path, "{\"name\":\"Red\"}", 412, "If-Match");
    EXPECT_IF(studio, "\"-2\"", "PATCH", path, "{\"name\":\"Red\"}", 412, "If-Match");
    EXPECT(studio, "GET", path, NULL, 200, "\"name\":\"Blue\"");
    /* Nothing named is nothing changed. */
    EXPECT_IF(studio, "\"2\"", "PATCH", path, "{}", 200, "\"version\":2");
    EXPECT_IF(studio, "*", "PATCH", path, "{\"name\":\"Green\"}", 200, "\"version\":3");
    EXPECT(studio, "PATCH", path, "{\"name\":\"Grey\"}", 200, "\"version\":4"); /* without: any */
    EXPECT_IF(studio, "\"4\"", "DELETE", path, NULL, 204, NULL);
    assert_int_equal(count_of(events_of(&studio->house, ANN, 0), "product.changed"), 3);
}

static void test_each_route_knows_whose_product_it_is(void **state)
{
    static const struct {
        const char *method;
        bool is_list;
        const char *body;
        int other, viewer, reader;
    } cases[] = {
        {"GET",    true,  NULL,               200, 200, 200},
        {"GET",    false, NULL,               404, 200, 200},
        {"POST",   true,  "{\"name\":\"a\"}", 201, 403, 403},
        {"PATCH",  false, "{\"name\":\"a\"}", 404, 403, 403},
        {"DELETE", false, NULL,               404, 403, 403},
    };
    struct studio *studio = *state;
    const char *path = make(studio, "ann", MUG "}");

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *at = cases[i].is_list ? PRODUCTS : path;

        EXPECT_AS(studio, "bob", cases[i].method, at, cases[i].body, cases[i].other, NULL);
        EXPECT_AS(studio, "viewer", cases[i].method, at, cases[i].body, cases[i].viewer, NULL);
        EXPECT_AS(studio, "reader", cases[i].method, at, cases[i].body, cases[i].reader, NULL);
        EXPECT_AS(studio, "nobody", cases[i].method, at, cases[i].body, 401, NULL);
    }
    EXPECT(studio, "GET", path, NULL, 200, "\"name\":\"Mug\",\"sku\":\"M-1\"");
    EXPECT_AS(studio, "bob", "POST", PRODUCTS, MUG "}", 201, "\"sku\":\"M-1\"");
    EXPECT(studio, "GET", PRODUCTS "/x", NULL, 404, "not_found");
}

/* `count` times `piece`, as the value of a field. */
static const char *body_of(struct studio *studio, const char *before, const char *piece,
                           size_t count, const char *after)
{
    CLEANUP(buf_finish) struct buf body = {0};

    buf_add(&body, str_of(before));
    for (size_t i = 0; i < count; i++)
        buf_add(&body, str_of(piece));
    buf_add(&body, str_of(after));
    return arena_cstr(studio->house.arena, buf_str(&body));
}

static void test_what_a_product_may_not_hold_is_told(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *code, *field;
    } cases[] = {
        {"{}",                                        422, "required",      "name"     },
        {"{\"name\":\"\"}",                           422, "required",      "name"     },
        {"{\"name\":\" \\t\\n \"}",                   422, "required",      "name"     },
        {"{\"name\":null}",                           422, "wrong_type",    "name"     },
        {"{\"name\":7}",                              422, "wrong_type",    "name"     },
        {"{\"name\":\"a\\tb\"}",                      422, "invalid",       "name"     },
        {"{\"name\":\"a\\nb\"}",                      422, "invalid",       "name"     },
        {"{\"name\":\"a\\rb\"}",                      422, "invalid",       "name"     },
        {"{\"name\":\"a\\u0007\"}",                   422, "invalid",       "name"     },
        {"{\"name\":\"a\",\"sku\":\"1\\n2\"}",        422, "invalid",       "sku"      },
        {"{\"name\":\"a\",\"category\":\"1\\n2\"}",   422, "invalid",       "category" },
        {"{\"name\":\"a\",\"facts\":\"\\u0000\"}",    422, "invalid",       "facts"    },
        {"{\"name\":\"a\",\"facts\":\"\\u001b[2J\"}", 422, "invalid",       "facts"    },
        {"{\"name\":\"a\",\"facts\":[]}",             422, "wrong_type",    "facts"    },
        {"{\"name\":\"a\",\"photos\":\"x\"}",         422, "wrong_type",    "photos"   },
        {"{\"name\":\"a\",\"photos\":null}",          422, "wrong_type",    "photos"   },
        {"{\"name\":\"a\",\"photos\":[7]}",           422, "wrong_type",    "photos[0]"},
        {"{\"name\":\"a\",\"photos\":[\"\"]}",        422, "invalid",       "photos[0]"},
        {"{\"name\":\"a\",\"pictures\":1}",           422, "unknown_field", "pictures" },
        {"{\"name\":\"a\",\"id\":\"1\"}",             422, "unknown_field", "id"       },
        {"[]",                                        422, "wrong_type",    ""         },
        {"{\"name\":\"\xff\xfe\"}",                   400, "malformed",     ""         },
        {"{\"name\":\"\\ud800\"}",                    400, "malformed",     ""         },
        {"{\"name\":",                                400, "malformed",     ""         },
    };
    struct studio *studio = *state;
    const char *path = make(studio, "ann", MUG "}");

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const methods[] = {"POST", "PATCH"};

        for (size_t which = 0; which < COUNT(methods); which++) {
            struct answer answer;
            CLEANUP(json_cleanup) struct json *json = NULL;
            const bool is_patch = which == 1;

            if (is_patch && str_equal(str_of(cases[i].body), STR("{}")))
                continue; /* nothing is changed */
            answer = ask_as(studio, "ann", methods[which], is_patch ? path : PRODUCTS, "",
                            cases[i].body);
            is_status(&answer, cases[i].status, cases[i].body);
            json = parse(&answer);
            assert_true(str_equal(json_text(json_get(json, "code")), str_of(cases[i].code)));
            assert_true(str_equal(json_text(json_get(json, "field")), str_of(cases[i].field)));
        }
    }
    EXPECT(studio, "GET", path, NULL, 200, "\"version\":1");
    EXPECT(studio, "PATCH", path, "{\"name\":\"  \"}", 422, "\"field\":\"name\"");
    assert_int_equal(studio->house.wakes, 1);
}

/* Characters are counted, not bytes; the longest of all still fits into a request. */
static void test_texts_have_their_bounds(void **state)
{
    static const struct {
        const char *field;
        int max;
    } cases[] = {
        {"name",     200  },
        {"sku",      64   },
        {"category", 120  },
        {"facts",    10000},
    };
    static const char *const pieces[] = {"x", "\xe8\x8c\xb6", "\xf0\x9f\x8d\xb5", "\\ud83c\\udf75"};
    struct studio *studio = *state;
    struct arena *arena = studio->house.arena;
    const char *path = make(studio, "ann", "{\"name\":\"a\"}");

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *before = arena_cstr(arena, arena_printf(arena, "{\"%s\":\"", cases[i].field));
        const char *limit = arena_cstr(arena, arena_printf(arena, "\"field\":\"%s\",\"limit\":%d",
                                                           cases[i].field, cases[i].max));

        for (size_t piece = 0; piece < COUNT(pieces); piece++) {
            const size_t max = (size_t)cases[i].max;

            EXPECT(studio, "PATCH", path, body_of(studio, before, pieces[piece], max, "\"}"), 200,
                   NULL);
            EXPECT(studio, "PATCH", path, body_of(studio, before, pieces[piece], max + 1, "\"}"),
                   422, limit);
        }
    }
    (void)make(studio, "ann",
               body_of(studio, "{\"name\":\"a\",\"facts\":\"", "\\ud83c\\udf75", 10000, "\"}"));
    EXPECT(studio, "PATCH", path, body_of(studio, "{\"name\":\"", "x", KIB(130), "\"}"), 413,
           "too_large");
}

static void test_photos_are_pictures_of_ones_own(void **state)
{
    struct studio *studio = *state;
    struct house *house = &studio->house;
    struct str ids[PRODUCT_PHOTOS_MAX + 1];
    struct str lower[2], wrong[2];
    char text[ID_SIZE];
    const char *path;

    for (size_t i = 0; i < COUNT(ids); i++)
        ids[i] = add_picture(house, (struct picture){.name = "side"});
    EXPECT(studio, "POST", PRODUCTS, with_photos(studio, "a", ids, COUNT(ids)), 422,
           "\"field\":\"photos\",\"limit\":16");
    path = make(studio, "ann", with_photos(studio, "a", ids, PRODUCT_PHOTOS_MAX));
    EXPECT(studio, "GET", path, NULL, 200,
           arena_cstr(house->arena,
                      arena_printf(house->arena,
                                   "\"photos\":[{\"id\":\"%.*s\",\"name\":\"side\","
                                   "\"mime\":\"image/png\",\"width_px\":4,\"height_px\":3,"
                                   "\"thumbhash\":\"aGFzaA==\"},{\"id\":\"%.*s\"",
                                   STR_ARGS(ids[0]), STR_ARGS(ids[1]))));
    /* The same id in another case is the same picture. */
    for (size_t i = 0; i < ID_SIZE; i++)
        text[i] = str_lower_char(ids[0].data[i]);
    lower[0] = ids[0], lower[1] = (struct str){text, ID_SIZE};
    EXPECT(studio, "PATCH", path, with_photos(studio, "b", lower, 2), 422,
           "\"field\":\"photos[1]\"");
    EXPECT(studio, "PATCH", path, with_photos(studio, "b", lower + 1, 1), 200,
           arena_cstr(house->arena, arena_printf(house->arena, "\"photos\":[{\"id\":\"%.*s\"",
                                                 STR_ARGS(ids[0]))));
    wrong[0] = ids[1];
    wrong[1] = add_picture(house, (struct picture){.user_id = BOB});
    EXPECT(studio, "PATCH", path, with_photos(studio, "c", wrong, 2), 422,
           "\"code\":\"invalid\",\"field\":\"photos[1]\"");
    wrong[1] = STR("01JDA00000000000000000000A");
    EXPECT(studio, "PATCH", path, with_photos(studio, "c", wrong, 2), 422,
           "\"code\":\"invalid\",\"field\":\"photos[1]\"");
    wrong[1] = add_picture(house, (struct picture){.is_trashed = true});
    EXPECT(studio, "PATCH", path, with_photos(studio, "c", wrong, 2), 422, "in the trash");
    EXPECT(studio, "POST", PRODUCTS, with_photos(studio, "c", wrong, 2), 422,
           "\"code\":\"invalid\",\"field\":\"photos[1]\"");
    EXPECT(studio, "GET", path, NULL, 200, "\"name\":\"b\"");
    EXPECT(studio, "GET", PRODUCTS "?q=c", NULL, 200, "{\"items\":[]");
}

/* The names of a page, and where the next one begins. */
static const char *names_of(struct studio *studio, const char *query, const char **cursor)
{
    CLEANUP(buf_finish) struct buf names = {0};
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct answer answer = get(studio, "ann", PRODUCTS "%s", query);
    struct arena *arena = studio->house.arena;
    const struct json *items;

    is_status(&answer, 200, query);
    json = parse(&answer);
    items = json_get(json, "items");
    for (size_t i = 0; i < json_count(items); i++)
        buf_printf(&names, "%.*s ", STR_ARGS(json_text(json_path(json_item(items, i), "name"))));
    if (cursor != NULL)
        *cursor = arena_cstr(arena, json_text(json_get(json, "next_cursor")));
    return arena_cstr(arena, buf_str(&names));
}

static void test_the_list_goes_on_where_it_ended(void **state)
{
    struct studio *studio = *state;
    struct arena *arena = studio->house.arena;
    const char *third = NULL;
    const char *cursor;

    for (int i = 1; i <= 5; i++) {
        const char *path =
            make(studio, "ann", arena_cstr(arena, arena_printf(arena, "{\"name\":\"p%d\"}", i)));

        if (i == 3)
            third = path;
    }
    (void)make(studio, "bob", "{\"name\":\"other\"}");
    assert_string_equal(names_of(studio, "", &cursor), "p5 p4 p3 p2 p1 ");
    assert_string_equal(cursor, "");
    assert_string_equal(names_of(studio, "?limit=5", &cursor), "p5 p4 p3 p2 p1 ");
    assert_string_equal(cursor, ""); /* nothing comes behind a page that is just full */
    assert_string_equal(names_of(studio, "?limit=2", &cursor), "p5 p4 ");
    cursor = arena_cstr(arena, arena_printf(arena, "?limit=2&cursor=%s", cursor));
    assert_string_equal(names_of(studio, cursor, &cursor), "p3 p2 ");
    cursor = arena_cstr(arena, arena_printf(arena, "?limit=2&cursor=%s", cursor));
    assert_string_equal(names_of(studio, cursor, &cursor), "p1 ");
    assert_string_equal(cursor, "");
    assert_string_equal(names_of(studio, "?limit=3", &cursor), "p5 p4 p3 ");
    assert_string_equal(cursor, third + strlen(PRODUCTS "/"));
    (void)make(studio, "ann", "{\"name\":\"p6\"}");
    /* Where it ended is deleted meanwhile, and still a place. */
    EXPECT(studio, "DELETE", third, NULL, 204, NULL);
    assert_string_equal(
        names_of(studio, arena_cstr(arena, arena_printf(arena, "?limit=3&cursor=%s", cursor)),
                 NULL),
        "p2 p1 ");
    cursor = arena_cstr(arena, arena_printf(arena, PRODUCTS "?cursor=%s", cursor));
    EXPECT_AS(studio, "bob", "GET", cursor, NULL, 422, "\"field\":\"cursor\"");
    EXPECT(studio, "GET", PRODUCTS "?cursor=x", NULL, 422, "\"field\":\"cursor\"");
    EXPECT(studio, "GET", PRODUCTS "?limit=0", NULL, 422, "\"field\":\"limit\"");
    EXPECT(studio, "GET", PRODUCTS "?limit=101", NULL, 422, "\"limit\":100");
    EXPECT(studio, "GET", PRODUCTS "?sku=x", NULL, 422, "unknown_field");
}

static void test_parts_of_name_sku_and_category_are_found(void **state)
{
    static const struct {
        const char *query, *names, *why;
    } cases[] = {
        {"?q=mug",                   "Mug ",                               "case"                    },
        {"?q=UG",                    "Mug ",                               "a part"                  },
        {"?q=m-1",                   "Mug ",                               "SKU"                     },
        {"?q=kitchen",               "Pot% Mug ",                          "category"                },
        {"?q=%E8%8C%B6",             "\xe8\x8c\xb6\xe6\x9d\xaf ",          "Chinese"                 },
        {"?q=%25",                   "Pot% ",                              "a sign of LIKE is itself"},
        {"?q=_",                     "",                                   "and the other"           },
        {"?q=ml",                    "",                                   "facts are not searched"  },
        {"?q=%20mug%20",             "Mug ",                               "without spaces around it"},
        {"?q=",                      "\xe8\x8c\xb6\xe6\x9d\xaf Pot% Mug ", "all"                     },
        {"?q=%27%20OR%201%3D1%20--", "",                                   "no SQL"                  },
        {"?q=%C3%89",                "",                                   "nothing"                 },
    };
    struct studio *studio = *state;

    (void)make(studio, "ann", MUG "}");
    (void)make(studio, "ann", "{\"name\":\"Pot%\",\"category\":\"KITCHEN\"}");
    (void)make(studio, "ann", "{\"name\":\"\xe8\x8c\xb6\xe6\x9d\xaf\"}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *names = names_of(studio, cases[i].query, NULL);

        if (strcmp(names, cases[i].names) != 0)
            fail_msg("%s: %s", cases[i].why, names);
    }
    EXPECT(studio, "GET", PRODUCTS "?q=%ff", NULL, 422, "\"field\":\"q\"");
}

static void test_a_repeat_under_its_key_is_the_same_product(void **state)
{
#define KEY(text) "Idempotency-Key: " text "\r\n"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
    struct studio *studio = *state;
    struct answer first = ask_as(studio, "ann", "POST", PRODUCTS, KEY("a"), MUG "}");
    struct answer again = ask_as(studio, "ann", "POST", PRODUCTS, KEY("a"), MUG "}");

    is_status(&first, 201, "first");
    is_status(&again, 200, "again");
    assert_true(str_equal(first.body, again.body));
    assert_true(str_find(again.head, STR("ETag: \"1\"")) > 0);
    expect_at(studio, "ann", "POST", PRODUCTS, KEY("a"), "{\"name\":\"b\"}", 422,
              "idempotency_key_reused", __LINE__);
    expect_at(studio, "ann", "POST", PRODUCTS, KEY("b"), MUG "}", 409, "\"field\":\"sku\"",
              __LINE__);
    expect_at(studio, "bob", "POST", PRODUCTS, KEY("a"), MUG "}", 201, NULL, __LINE__);
    expect_at(studio, "ann", "POST", PRODUCTS, KEY(HUNDRED HUNDRED), "{\"name\":\"b\"}", 201, NULL,
              __LINE__);
    expect_at(studio, "ann", "POST", PRODUCTS, KEY(HUNDRED HUNDRED "0"), "{\"name\":\"b\"}", 422,
              "\"field\":\"Idempotency-Key\",\"limit\":200", __LINE__);
    /* What failed under a key is nothing: it may be tried again when it can be. */
    expect_at(studio, "ann", "POST", PRODUCTS, KEY("c"), "{\"name\":\"\"}", 422, NULL, __LINE__);
    expect_at(studio, "ann", "POST", PRODUCTS, KEY("c"), "{\"name\":\"c\"}", 201, NULL, __LINE__);
    /* Without a key each is one of its own. */
    (void)make(studio, "ann", "{\"name\":\"d\"}");
    (void)make(studio, "ann", "{\"name\":\"d\"}");
    assert_int_equal(count_of(events_of(&studio->house, ANN, 0), "product.created"), 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_open, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_product_is_kept_changed_and_deleted),
        TEST(test_a_second_tab_is_told),
        TEST(test_each_route_knows_whose_product_it_is),
        TEST(test_what_a_product_may_not_hold_is_told),
        TEST(test_texts_have_their_bounds),
        TEST(test_photos_are_pictures_of_ones_own),
        TEST(test_the_list_goes_on_where_it_ended),
        TEST(test_parts_of_name_sku_and_category_are_found),
        TEST(test_a_repeat_under_its_key_is_the_same_product),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
