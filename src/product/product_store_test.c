/* Rules and rows of products, without HTTP. */
#include "product/test_shop.h"

static int set_up_house(void **state)
{
    static struct house house;

    house_open(&house, false);
    *state = &house;
    return 0;
}

static int tear_down_house(void **state) { return house_close(*state); }

static const struct product_key no_key = {
    .text = {NULL, 0}
};

static bool try_create(struct house *house, int64_t user_id, const struct product_input *input,
                       struct str *id, struct error *err)
{
    bool is_repeat;

    *err = (struct error){0};
    return product_create(house->pool, user_id, input, &no_key, NOON, house->arena, id, &is_repeat,
                          err);
}

static struct str make(struct house *house, int64_t user_id, const char *name, const char *sku)
{
    const struct product_input input = {.name = str_of(name), .sku = str_of(sku)};
    struct error err;
    struct str id;

    no_error(try_create(house, user_id, &input, &id, &err), &err, name);
    return id;
}

static struct product look(struct house *house, struct str id)
{
    struct product product;
    struct error err = {0};

    no_error(product_read(house_look(house), ANN, id, house->arena, &product, &err), &err, "read");
    return product;
}

static bool try_change(struct house *house, struct str id, uint64_t named,
                       const struct product_input *input, struct error *err)
{
    *err = (struct error){0};
    return product_change(house->pool, ANN, id, 0, named, input, NOON + 1, house->arena, err);
}

static bool delete_one(struct house *house, int64_t user_id, struct str id, struct error *err)
{
    *err = (struct error){0};
    return product_delete(house->pool, user_id, id, 0, NOON + 2, house->arena, err);
}

static void expect_error(const struct error *err, enum error_code code, const char *field,
                         int64_t limit)
{
    if (err->code != code || strcmp(err->field, field) != 0 || err->limit != limit)
        fail_msg("%s of %s, limit %lld: %s", error_wire_name(err->code), err->field,
                 (long long)err->limit, err->message);
}

/* The ids of its photos, one a line. */
static const char *photos_of(struct house *house, struct str id)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct product product = look(house, id);
    const struct product_photo *photos = product.photos.items;

    for (size_t i = 0; i < product.photos.count; i++)
        buf_printf(&text, "%.*s\n", STR_ARGS(photos[i].id));
    return arena_cstr(house->arena, buf_str(&text));
}

static const char *lines(struct house *house, const struct str *ids, size_t count)
{
    CLEANUP(buf_finish) struct buf text = {0};

    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%.*s\n", STR_ARGS(ids[i]));
    return arena_cstr(house->arena, buf_str(&text));
}

static void test_one_is_found_by_its_person_until_it_is_deleted(void **state)
{
    struct house *house = *state;
    struct str id = make(house, ANN, "Mug", "");
    struct error err = {0};

    assert_true(product_find(house_look(house), ANN, id, &err));
    assert_false(product_find(house_look(house), BOB, id, &err));
    expect_error(&err, ERROR_NOT_FOUND, "", 0);
    assert_false(product_find(house_look(house), ANN, STR("x' OR 1=1 --"), &err));
    expect_error(&err, ERROR_NOT_FOUND, "", 0);
    assert_false(delete_one(house, BOB, id, &err));
    expect_error(&err, ERROR_NOT_FOUND, "", 0);
    no_error(delete_one(house, ANN, id, &err), &err, "delete");
    assert_false(product_find(house_look(house), ANN, id, &err));
    expect_error(&err, ERROR_NOT_FOUND, "", 0);
}

static void test_only_the_name_of_a_deleted_one_stays(void **state)
{
    static const struct sql left = {
        "test_left",
        "SELECT count(*) AS n FROM product WHERE name = 'Mug' AND sku = '' AND category = ''"
        " AND facts = '' AND deleted_at_ms IS NOT NULL",
        NULL};
    static const struct sql photos = {"test_photos", "SELECT count(*) AS n FROM product_photo",
                                      NULL};
    struct house *house = *state;
    struct str photo = add_picture(house, (struct picture){0});
    const struct product_input input = {
        .name = STR("Mug"),
        .sku = STR("M-1"),
        .category = STR("Kitchen"),
        .facts = STR("350 ml"),
        .photos = {&photo, 1}
    };
    struct error err;
    struct asset asset;
    struct str id;

    no_error(try_create(house, ANN, &input, &id, &err), &err, "create");
    house_look(house);
    assert_int_equal(query_number(house, &photos), 1);
    no_error(delete_one(house, ANN, id, &err), &err, "delete");
    assert_int_equal(query_number(house, &left), 1);
    assert_int_equal(query_number(house, &photos), 0);
    assert_true(find_picture(house, ANN, photo, &asset));
}

static void test_a_sku_is_one_of_a_kind_whatever_its_case(void **state)
{
    static const char *const clashing[] = {"MUG-1", "mug-1", " Mug-1\t"};
    struct house *house = *state;
    struct str first = make(house, ANN, "Mug", "Mug-1");
    struct str second = make(house, ANN, "Pot", "POT");
    struct product_input input = {.name = STR("New")};
    struct error err;
    struct str id;

    for (size_t i = 0; i < COUNT(clashing); i++) {
        input.sku = str_of(clashing[i]);
        assert_false(try_create(house, ANN, &input, &id, &err));
        expect_error(&err, ERROR_CONFLICT, "sku", 0);
        assert_false(try_change(house, second, PRODUCT_ALL, &input, &err));
        expect_error(&err, ERROR_CONFLICT, "sku", 0);
    }
    assert_true(str_equal(look(house, second).name, STR("Pot"))); /* nothing of it */
    assert_int_equal(look(house, second).version, 1);
    (void)make(house, BOB, "Mug", "mug-1");
    (void)make(house, ANN, "Without", "");
    (void)make(house, ANN, "Without", "");
    input.sku = STR("mUG-1"); /* its own */
    no_error(try_change(house, first, UINT64_C(1) << PRODUCT_SKU, &input, &err), &err, "case");
    assert_true(str_equal(look(house, first).sku, STR("mUG-1")));
    no_error(delete_one(house, ANN, first, &err), &err, "delete");
    (void)make(house, ANN, "Mug again", "MUG-1");
}

/* The rules hold without the shapes that requests are read through. */
static void test_texts_have_their_bounds(void **state)
{
    static const struct {
        const char *field;
        enum product_part part;
        int64_t max;
    } cases[] = {
        {"name",     PRODUCT_NAME,     200  },
        {"sku",      PRODUCT_SKU,      64   },
        {"category", PRODUCT_CATEGORY, 120  },
        {"facts",    PRODUCT_FACTS,    10000},
    };
    struct house *house = *state;
    struct str id = make(house, ANN, "Mug", "");
    CLEANUP(buf_finish) struct buf text = {0};
    struct error err;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const uint64_t named = UINT64_C(1) << cases[i].part;
        struct product_input input = {0};
        struct str *const places[] = {&input.name, &input.sku, &input.category, &input.facts};

        buf_clear(&text);
        for (int64_t count = 0; count < cases[i].max; count++)
            buf_add(&text, STR("\xe8\x8c\xb6"));
        *places[i] = buf_str(&text);
        no_error(try_change(house, id, named, &input, &err), &err, cases[i].field);
        buf_add_char(&text, 'x');
        *places[i] = buf_str(&text);
        assert_false(try_change(house, id, named, &input, &err));
        expect_error(&err, ERROR_TOO_LONG, cases[i].field, cases[i].max);
        *places[i] = STR("a\x1b");
        assert_false(try_change(house, id, named, &input, &err));
        expect_error(&err, ERROR_INVALID, cases[i].field, 0);
        *places[i] = STR("a\nb");
        assert_int_equal(try_change(house, id, named, &input, &err), i == PRODUCT_FACTS);
    }
}

static void test_there_is_an_end_to_how_many(void **state)
{
    static const struct sql fill = {
        "test_fill",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
        " INSERT INTO product (public_id, user_id, name, sku, category, facts, created_at_ms,"
        " changed_at_ms) SELECT 'f' || i, $1, 'n', '', '', '', 1, 1 FROM n",
        NULL};
    struct house *house = *state;
    const struct product_input input = {.name = STR("One more")};
    struct error err;
    struct str last, id;

    house_do(house, &fill, (struct sql_value[]){SQL_INT64(ANN), SQL_INT64(PRODUCTS_MAX - 1)}, 2);
    last = make(house, ANN, "The last", "");
    assert_false(try_create(house, ANN, &input, &id, &err));
    expect_error(&err, ERROR_TOO_MANY, "name", 10000);
    (void)make(house, BOB, "Another person's", "");
    no_error(delete_one(house, ANN, last, &err), &err, "delete");
    (void)make(house, ANN, "In its place", "");
}

static void test_photos_stay_in_order_and_replace_each_other(void **state)
{
    struct house *house = *state;
    struct str ids[PRODUCT_PHOTOS_MAX + 1];
    struct str turned[3];
    struct product_input input = {.name = STR("Mug")};
    const struct product_photo *main;
    struct error err;
    struct str id;

    for (size_t i = 0; i < COUNT(ids); i++)
        ids[i] = add_picture(house, (struct picture){.name = i == 0 ? "front" : "side"});
    input.photos = (struct text_list){ids, COUNT(ids)};
    assert_false(try_create(house, ANN, &input, &id, &err));
    expect_error(&err, ERROR_TOO_MANY, "photos", PRODUCT_PHOTOS_MAX);
    input.photos.count--;
    no_error(try_create(house, ANN, &input, &id, &err), &err, "create");
    assert_string_equal(photos_of(house, id), lines(house, ids, PRODUCT_PHOTOS_MAX));
    main = look(house, id).photos.items;
    assert_true(str_equal(main->name, STR("front")) && str_equal(main->mime, STR("image/png")) &&
                str_equal(main->thumbhash, STR("aGFzaA==")));
    assert_int_equal(main->width_px, 4);
    assert_int_equal(main->height_px, 3);
    turned[0] = ids[2], turned[1] = ids[0], turned[2] = ids[1];
    input.photos = (struct text_list){turned, COUNT(turned)};
    no_error(try_change(house, id, UINT64_C(1) << PRODUCT_PHOTOS, &input, &err), &err, "change");
    assert_string_equal(photos_of(house, id), lines(house, turned, COUNT(turned)));
    no_error(try_change(house, id, UINT64_C(1) << PRODUCT_NAME, &input, &err), &err, "name");
    assert_string_equal(photos_of(house, id), lines(house, turned, COUNT(turned)));
    input.photos = (struct text_list){NULL, 0};
    no_error(try_change(house, id, UINT64_C(1) << PRODUCT_PHOTOS, &input, &err), &err, "none");
    assert_string_equal(photos_of(house, id), "");
}

enum end { TO_TRASH, BACK, AWAY };
struct fate {
    struct house *house;
    struct str id;
    enum end what;
};

static bool befall(struct db *db, void *context, struct error *err)
{
    const struct fate *fate = context;
    struct arena *arena = fate->house->arena;
    struct asset asset;

    if (!asset_store_find(db, ANN, fate->id, arena, &asset, err))
        return false;
    if (fate->what == AWAY)
        return asset_store_remove(db, &asset, NOON, err);
    return asset_store_set_trashed(db, &asset, fate->what == TO_TRASH ? NOON : 0, arena, err);
}

static void meet(struct house *house, struct str id, enum end what)
{
    struct fate fate = {.house = house, .id = id, .what = what};
    struct error err = {0};

    no_error(db_transact(house->pool, "test_fate", befall, &fate, &err), &err, "fate");
}

static void test_photos_follow_their_pictures(void **state)
{
    static const struct sql broken = {
        "test_broken", "SELECT count(*) AS n FROM pragma_foreign_key_check('product_photo')", NULL};
    struct house *house = *state;
    struct str ids[PRODUCT_PHOTOS_MAX], more[PRODUCT_PHOTOS_MAX];
    struct product_input input = {.name = STR("Mug")};
    struct error err;
    struct str id;

    for (size_t i = 0; i < COUNT(ids); i++)
        ids[i] = add_picture(house, (struct picture){0});
    input.photos = (struct text_list){ids, COUNT(ids)};
    no_error(try_create(house, ANN, &input, &id, &err), &err, "create");
    meet(house, ids[0], TO_TRASH);
    assert_string_equal(photos_of(house, id), lines(house, ids + 1, COUNT(ids) - 1));
    meet(house, ids[0], BACK);
    assert_string_equal(photos_of(house, id), lines(house, ids, COUNT(ids)));
    /* A gap in the middle, and at the end. */
    meet(house, ids[1], AWAY);
    meet(house, ids[COUNT(ids) - 1], AWAY);
    ids[1] = ids[0];
    assert_string_equal(photos_of(house, id), lines(house, ids + 1, COUNT(ids) - 2));
    assert_int_equal(query_number(house, &broken), 0);
    for (size_t i = 0; i < COUNT(more); i++)
        more[i] = add_picture(house, (struct picture){0});
    input.photos = (struct text_list){more, COUNT(more)};
    no_error(try_change(house, id, UINT64_C(1) << PRODUCT_PHOTOS, &input, &err), &err, "change");
    assert_string_equal(photos_of(house, id), lines(house, more, COUNT(more)));
}

static void test_a_photo_that_is_none_leaves_nothing(void **state)
{
    static const struct sql rows = {
        "test_rows",
        "SELECT (SELECT count(*) FROM product) * 100 + (SELECT count(*) FROM product_photo) AS n",
        NULL};
    struct house *house = *state;
    struct str good = add_picture(house, (struct picture){0});
    const struct {
        struct str id;
        const char *why;
    } cases[] = {
        {add_picture(house,  (struct picture){.is_trashed = true}), "in the trash"},
        {add_picture(house,                  (struct picture){.user_id = BOB}),                                       "somebody else's"},
        {STR("01JDA00000000000000000000A"), "nobody's"},
        {STR("no id"),        "no id"                                             },
        {good,    "twice"},
    };
    struct str id = STR("untouched");
    const int64_t before = last_event(house, ANN);
    struct error err;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str photos[] = {good, cases[i].id};
        const struct product_input input = {
            .name = STR("Mug"), .photos = {photos, COUNT(photos)}
        };

        if (try_create(house, ANN, &input, &id, &err))
            fail_msg("a photo %s is taken", cases[i].why);
        expect_error(&err, ERROR_INVALID, "photos[1]", 0);
    }
    assert_true(str_equal(id, STR("untouched")));
    assert_int_equal(query_number(house, &rows), 0);
    assert_int_equal(last_event(house, ANN), before);
    /* A change of more than its photos is undone whole. */
    id = make(house, ANN, "Mug", "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str photos[] = {good, cases[i].id};
        const struct product_input input = {
            .name = STR("Changed"), .photos = {photos, COUNT(photos)}
        };

        assert_false(try_change(house, id, PRODUCT_ALL, &input, &err));
        expect_error(&err, ERROR_INVALID, "photos[1]", 0);
    }
    assert_true(str_equal(look(house, id).name, STR("Mug")));
    assert_int_equal(look(house, id).version, 1);
    assert_int_equal(query_number(house, &rows), 100);
}

static void test_pictures_made_for_it_are_counted(void **state)
{
    static const struct sql give = {"test_give",
                                    "UPDATE asset SET product = $1 WHERE public_id <> $2", NULL};
    struct house *house = *state;
    struct str id = make(house, ANN, "Mug", "");
    struct str other = make(house, ANN, "Pot", "");
    struct str first = add_picture(house, (struct picture){0});

    add_pictures_alike(house, 5, (struct picture){.name = "made"});
    (void)add_picture(house, (struct picture){.is_trashed = true});
    (void)add_picture(house, (struct picture){.user_id = BOB});
    assert_int_equal(look(house, id).pictures, 0);
    house_do(house, &give, (struct sql_value[]){SQL_TEXT(id), SQL_TEXT(first)}, 2);
    assert_int_equal(look(house, id).pictures, 5);
    assert_int_equal(look(house, other).pictures, 0);
}

/* A key's row outlives the process: it is in the same commit. */
static void test_a_key_makes_one_product_of_one_request(void **state)
{
    struct house *house = *state;
    const struct product_input input = {.name = STR("Mug")};
    struct product_key key = {.text = STR("morning"), .request_hash = sha256_of(STR("a"))};
    struct error err = {0};
    struct str first, again = STR("untouched");
    bool is_repeat = true;

    no_error(product_create(house->pool, ANN, &input, &key, NOON, house->arena, &first, &is_repeat,
                            &err),
             &err, "first");
    assert_false(is_repeat);
    no_error(product_create(house->pool, ANN, &input, &key, NOON, house->arena, &again, &is_repeat,
                            &err),
             &err, "again");
    assert_true(is_repeat && str_equal(first, again));
    no_error(product_create(house->pool, BOB, &input, &key, NOON, house->arena, &again, &is_repeat,
                            &err),
             &err, "another person's");
    assert_true(!is_repeat && !str_equal(first, again));
    key.request_hash = sha256_of(STR("b"));
    assert_false(product_create(house->pool, ANN, &input, &key, NOON, house->arena, &again,
                                &is_repeat, &err));
    expect_error(&err, ERROR_KEY_REUSED, "Idempotency-Key", 0);
    no_error(delete_one(house, ANN, first, &err), &err, "delete");
    key.request_hash = sha256_of(STR("a"));
    assert_false(product_create(house->pool, ANN, &input, &key, NOON, house->arena, &again,
                                &is_repeat, &err));
    expect_error(&err, ERROR_GONE, "Idempotency-Key", 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_house, tear_down_house)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_is_found_by_its_person_until_it_is_deleted),
        TEST(test_only_the_name_of_a_deleted_one_stays),
        TEST(test_a_sku_is_one_of_a_kind_whatever_its_case),
        TEST(test_texts_have_their_bounds),
        TEST(test_there_is_an_end_to_how_many),
        TEST(test_photos_stay_in_order_and_replace_each_other),
        TEST(test_photos_follow_their_pictures),
        TEST(test_a_photo_that_is_none_leaves_nothing),
        TEST(test_pictures_made_for_it_are_counted),
        TEST(test_a_key_makes_one_product_of_one_request),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
