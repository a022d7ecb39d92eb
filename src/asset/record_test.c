#include "asset/test_private.h"

#include "core/log.h"

#define RUN_ID "01JD00000000000000000000RR"
#define TASK_ID "01JD00000000000000000000TT"

static int set_up(void **state)
{
    static struct house house;

    house_open(&house, false);
    *state = &house;
    return 0;
}

static int tear_down(void **state) { return house_close(*state); }

static struct str put(struct house *house, const char *bytes)
{
    struct error err = {0};
    struct blob blob;

    no_error(blob_put(house->blobs, str_of(bytes), &blob, &err), &err, "blob_put");
    return arena_str(house->arena, str_of(blob.name));
}

/* Two pictures as an operation tells of them; the first with all there is. */
static struct str two_pictures(struct house *house)
{
    struct result_variant variants[] = {
        {.name = STR("thumb"),   .blob = put(house, "small"),  .size = 5},
        {.name = STR("preview"), .blob = put(house, "larger"), .size = 6},
    };
    struct result_picture pictures[] = {
        {
         .blob = put(house,       "first"),
         .mime = STR("image/png"),
         .kind = STR("generated"),
         .size = 5,
         .width_px = 40,
         .height_px = 30,
         .thumbhash = STR("aGFzaA=="),
         .color = STR("#102030"),
         .variants = {.items = variants, .count = COUNT(variants)},
         .has_seed = true,
         .seed = 7,
         .revised_prompt = STR("A very white cup"),
         .source_type = STR("trainedAlgorithmicMedia"),
         .system = STR("Studio flux"),
         .labelled_at = STR("2025-11-22T11:59:00Z"),
         },
        {
         .blob = put(house, "second"),
         .mime = STR("image/jpeg"),
         .kind = STR("generated"),
         .size = 6,
         .width_px = 40,
         .height_px = 30,
         .name = STR("given/name.jpg"),
         },
    };
    const struct result result = {
        .pictures = {.items = pictures, .count = COUNT(pictures)},
        .request_id = STR("req-9"),
        .provider_name = STR("Studio"),
        .dropped = STR("seed, quality"),
    };
    CLEANUP(buf_finish) struct buf text = {0};

    result_write(&result, &text);
    return arena_str(house->arena, buf_str(&text));
}

static struct task_result task_of(struct house *house)
{
    struct input_picture reference = {.asset = STR("01JD00000000000000000000PP"),
                                      .blob = put(house, "reference"),
                                      .mime = STR("image/png")};
    struct input_picture mask = {.asset = STR("01JD00000000000000000000MM"),
                                 .blob = put(house, "mask"),
                                 .mime = STR("image/png")};
    const struct task_inputs inputs = {
        .images = {.items = &reference, .count = 1},
          .mask = &mask
    };
    CLEANUP(buf_finish) struct buf text = {0};

    task_inputs_write(&inputs, &text);
    return (struct task_result){
        .task_id = 11,
        .run_id = 5,
        .user_id = ANN,
        .task_public_id = STR(TASK_ID),
        .run_public_id = STR(RUN_ID),
        .product = STR("01JD00000000000000000000TP"),
        .operation = STR("image.edit"),
        .model = STR("flux"),
        .parameters = STR("{\"prompt\":\"A white cup\\nwith tea\",\"negative_prompt\":\"dust\","
                          "\"seed\":3,\"n\":2}"),
        .inputs = arena_str(house->arena, buf_str(&text)),
        .provider_id = 1,
        .output = two_pictures(house),
        .cost_micro = 101,
        .currency = STR("USD"),
        .started_at_ms = NOON - 4000,
        .now_ms = NOON,
    };
}

struct record_work {
    struct house *house;
    const struct task_result *task;
};

static bool add_provider(struct db *db, struct error *err)
{
    static const struct sql insert = {
        "test_add_provider",
        "INSERT INTO provider (id, public_id, kind, name, base_url, options,"
        " is_enabled, is_private_allowed, concurrency, on_unknown, once_below_micro, created_at_ms)"
        " VALUES (1, '01JD00000000000000000000AA', 'mock', 'Studio', '', '{}', 1, 0, 1,"
        " 'hold', 0, 1) ON CONFLICT DO NOTHING",
        NULL};

    return db_exec(db, &insert, NULL, 0, NULL, err);
}

static bool record(struct db *db, void *context, struct error *err)
{
    struct record_work *work = context;

    return add_provider(db, err) && asset_record_result(work->house->service, db, work->task, err);
}

static bool try_record(struct house *house, const struct task_result *task, struct error *err)
{
    return db_transact(house->pool, "test_record", record,
                       &(struct record_work){.house = house, .task = task}, err);
}

static void tell(struct house *house, const struct task_result *task)
{
    struct error err = {0};

    no_error(try_record(house, task, &err), &err, "asset_record_result");
}

/* The pictures of task 11, as runs show them. */
static size_t pictures_of(struct house *house, int64_t user_id, struct asset **out)
{
    static const int64_t tasks[] = {10, 11};
    struct asset *assets[2];
    size_t counts[2];
    struct error err = {0};

    no_error(asset_store_of_tasks(house_look(house), user_id, tasks, 2, house->arena, assets,
                                  counts, &err),
             &err, "asset_store_of_tasks");
    assert_int_equal(counts[0], 0);
    *out = assets[1];
    return counts[1];
}

static void test_a_result_becomes_pictures_with_their_whole_recipe(void **state)
{
    struct house *house = *state;
    struct task_result task = task_of(house);
    struct error err = {0};
    struct recipe *recipe;
    struct asset *assets;

    tell(house, &task);
    assert_int_equal(pictures_of(house, ANN, &assets), 2);
    check_text(assets[0].name, "A white cup", "named by its prompt");
    check_text(assets[1].name, "name", "or as the operation says");
    check_text(assets[0].kind, "generated", "its kind");
    check_text(assets[1].mime, "image/jpeg", "its type");
    check_text(assets[0].run_id, RUN_ID, "its run");
    check_text(assets[0].task_id, TASK_ID, "its task");
    check_text(assets[0].product_id, "01JD00000000000000000000TP", "what it is made for");
    assert_int_equal(assets[0].variants[IMAGE_THUMB].size, SHA256_HEX_SIZE);
    assert_int_equal(assets[0].variants[IMAGE_MEDIUM].size, 0);
    check_text(assets[0].label->source_type, "trainedAlgorithmicMedia", "its label");
    assert_int_equal(assets[0].label->created_at_ms, NOON - 60000);
    assert_null(assets[1].label);

    no_error(recipe_store_find(house_look(house), assets[0].row_id, house->arena, &recipe, &err),
             &err, "recipe");
    check_text(recipe->operation, "image.edit", "what made it");
    check_text(recipe->provider_id, "01JD00000000000000000000AA", "with which account");
    check_text(recipe->provider_name, "Studio", "and its name");
    check_text(recipe->model, "flux", "the model");
    check_text(recipe->dropped, "seed, quality", "what the provider would not take");
    check_text(recipe->prompt, "A white cup\nwith tea", "the prompt whole");
    check_text(recipe->revised_prompt, "A very white cup", "what became of it");
    check_text(recipe->negative_prompt, "dust", "what was not wanted");
    check_text(recipe->parameters, task.parameters.data, "all parameters");
    check_text(tags_join(&recipe->references, house->arena),
               "01JD00000000000000000000PP\n01JD00000000000000000000MM",
               "references, the mask last");
    check_text(recipe->request_id, "req-9", "the provider's name for it");
    assert_int_equal(recipe->seed, 7);
    assert_int_equal(recipe->cost_micro, 51); /* of 101, what does not divide goes to the first */
    assert_int_equal(recipe->took_ms, 4000);
    no_error(recipe_store_find(house_look(house), assets[1].row_id, house->arena, &recipe, &err),
             &err, "recipe");
    assert_int_equal(recipe->cost_micro, 50);
    assert_int_equal(recipe->seed, 3); /* the picture does not say, so the parameter's */
}

static void test_the_bytes_are_held_and_the_page_is_told(void **state)
{
    static const struct sql held = {
        "test_held",
        "SELECT count(*) AS n FROM blob_ref WHERE owner LIKE 'asset:%' OR owner LIKE 'variant:%'",
        NULL};
    struct house *house = *state;
    struct task_result task = task_of(house);
    struct str events;

    tell(house, &task);
    assert_int_equal(query_number(house, &held), 4); /* two originals, two smaller copies */
    events = events_of(house, ANN, 0);
    assert_int_equal(count_of(events, "asset.created {\"asset\":{\"id\":\""), 2);
    assert_int_equal(count_of(events, "\"task_id\":\"" TASK_ID "\""), 2);
    assert_int_equal(events_of(house, BOB, 0).size, 0);
}

static void test_telling_it_again_changes_nothing(void **state)
{
    struct house *house = *state;
    struct task_result task = task_of(house);
    struct asset *assets;
    int64_t last;

    tell(house, &task);
    last = last_event(house, ANN);
    tell(house, &task);
    assert_int_equal(pictures_of(house, ANN, &assets), 2);
    assert_int_equal(last_event(house, ANN), last);
    /* A second try that brought other bytes is another picture. */
    task.output = arena_printf(
        house->arena,
        "{\"pictures\":[{\"blob\":\"%.*s\",\"mime\":\"image/png\",\"kind\":\"generated\","
        "\"size\":5,\"width_px\":4,\"height_px\":3}]}",
        STR_ARGS(put(house, "third")));
    task.is_late = true;
    tell(house, &task);
    assert_int_equal(pictures_of(house, ANN, &assets), 3);
}

static void test_what_nobody_can_tell_has_no_cost(void **state)
{
    struct house *house = *state;
    struct task_result task = task_of(house);
    struct error err = {0};
    struct recipe *recipe;
    struct asset *assets;

    task.cost_micro = -1;
    task.parameters = STR("{\"prompt\":\"cup\",\"seed\":null}");
    tell(house, &task);
    pictures_of(house, ANN, &assets);
    no_error(recipe_store_find(house_look(house), assets[1].row_id, house->arena, &recipe, &err),
             &err, "recipe");
    assert_int_equal(recipe->cost_micro, -1);
    assert_int_equal(recipe->seed, -1);
}

static void test_a_broken_result_leaves_nothing(void **state)
{
    static const char *const broken[] = {
        "",
        "[]",
        "{\"pictures\":[{\"blob\":\"x\",\"mime\":\"image/png\",\"kind\":\"generated\","
        "\"size\":5,\"width_px\":4,\"height_px\":3}]}", /* no blob's name */
        "{\"pictures\":[{\"blob\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"mime\":\"image/png\",\"kind\":\"stolen\",\"size\":5,\"width_px\":4,\"height_px\":3}]}",
    };
    static const struct sql all = {"test_all", "SELECT count(*) AS n FROM asset", NULL};
    struct house *house = *state;
    struct task_result task = task_of(house);

    for (size_t i = 0; i < COUNT(broken); i++) {
        struct error err = {0};

        task.output = str_of(broken[i]);
        check(!try_record(house, &task, &err), broken[i]);
        assert_int_equal(query_number(house, &all), 0);
    }
    assert_int_equal(last_event(house, ANN), 0);
}

static void test_one_in_the_trash_or_of_another_user_is_not_shown_with_its_task(void **state)
{
    struct house *house = *state;
    struct asset *assets;

    add_picture(house, (struct picture){.name = "a", .task_row_id = 11, .is_trashed = true});
    add_picture(house, (struct picture){.name = "b", .task_row_id = 11, .result_index = 1});
    assert_int_equal(pictures_of(house, ANN, &assets), 1);
    check_text(assets[0].name, "b", "the one that is left");
    assert_int_equal(pictures_of(house, BOB, &assets), 0);
}

static void test_inputs_are_ones_own_and_not_in_the_trash(void **state)
{
    struct house *house = *state;
    struct str mine = add_picture(house, (struct picture){.name = "mine"});
    struct str trashed = add_picture(house, (struct picture){.name = "gone", .is_trashed = true});
    struct str bobs = add_picture(house, (struct picture){.user_id = BOB, .name = "bobs"});
    const struct {
        struct str id;
        const char *because;
    } cases[] = {
        {bobs,                              "somebody else's"},
        {trashed,                           "in the trash"   },
        {STR("01JD00000000000000000000ZZ"), "nobody's"       },
        {STR("../x"),                       "no id"          },
        {STR(""),                           "nothing"        },
    };
    struct input_picture out[2];
    struct error err = {0};
    struct asset asset;

    assert_true(find_picture(house, ANN, mine, &asset));
    no_error(
        asset_store_inputs(house_look(house), ANN, "images", &mine, 1, house->arena, out, &err),
        &err, "inputs");
    assert_true(str_equal(out[0].blob, asset.blob));
    check_text(out[0].mime, "image/png", "its type");
    assert_true(str_equal(out[0].asset, mine));
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct str ids[] = {mine, cases[i].id};

        check(
            !asset_store_inputs(house_look(house), ANN, "images", ids, 2, house->arena, out, &err),
            cases[i].because);
        assert_int_equal(err.code, ERROR_NOT_FOUND);
        assert_string_equal(err.field, "images[1]");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_result_becomes_pictures_with_their_whole_recipe),
        TEST(test_the_bytes_are_held_and_the_page_is_told),
        TEST(test_telling_it_again_changes_nothing),
        TEST(test_what_nobody_can_tell_has_no_cost),
        TEST(test_a_broken_result_leaves_nothing),
        TEST(test_one_in_the_trash_or_of_another_user_is_not_shown_with_its_task),
        TEST(test_inputs_are_ones_own_and_not_in_the_trash),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
