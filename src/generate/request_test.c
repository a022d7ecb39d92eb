#include "generate/request.h"

#include "core/test.h"
#include "db/migrations.h"
#include "operation/operation.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define ANN 2
#define DEEP "01JD0000000000000000000000"
#define ANNS_PICTURE "01JDANN0000000000000000000"
#define WIDE_MASK "01JDW1DEMASK00000000000000"
#define ANNS_MASK "01JDANNMASK00000000000000A"
#define BOBS_PICTURE "01JDB0B0000000000000000000"
#define ANNS_TEAPOT "01JDTEAP0T0000000000000000"
#define ANNS_OLD_CUP "01JDC0P0000000000000000000"
#define BOBS_JUG "01JDJ0G0000000000000000000"

struct office {
    char directory[64];
    struct arena *arena;
    struct db_pool *pool;
    struct db *db;
    struct settings *settings;
    struct str mock_id, ann, bob; /* the provider; a picture of each person */
};
static struct office office;

static void no_error(bool ok, const struct error *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s (%s) %s", what, err->message, err->field, err->detail);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static bool add_pictures(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {
        .name = "add_pictures",
        .text = "INSERT INTO asset (public_id, user_id, kind, name, blob, mime, size, width_px,"
                " height_px, thumbhash, color, created_at_ms)"
                " VALUES ('" ANNS_PICTURE "', 2, 'uploaded', 'a', 'aa', 'image/png', 1, 4, 3, '',"
                " '#000000', 1), ('" BOBS_PICTURE "', 3, 'uploaded', 'b', 'bb', 'image/png', 1, 4,"
                " 3, '', '#000000', 1)"};

    static const struct sql masks = {
        .name = "add_masks",
        .text = "INSERT INTO mask (public_id, user_id, blob, width_px, height_px, used_at_ms)"
                " VALUES ('" ANNS_MASK "', 2, 'cc', 4, 3, 1), ('" WIDE_MASK "', 2, 'dd', 5, 3, 1)"};

    static const struct sql products = {
        .name = "add_products",
        .text = "INSERT INTO product (public_id, user_id, name, sku, category, facts,"
                " created_at_ms, changed_at_ms, deleted_at_ms) VALUES"
                " ('" ANNS_TEAPOT "', 2, 'Teapot', '', '', '', 1, 1, NULL),"
                " ('" ANNS_OLD_CUP "', 2, 'Cup', '', '', '', 1, 1, 9),"
                " ('" BOBS_JUG "', 3, 'Jug', '', '', '', 1, 1, NULL)"};

    (void)context;
    return db_exec(db, &insert, NULL, 0, NULL, err) && db_exec(db, &masks, NULL, 0, NULL, err) &&
           db_exec(db, &products, NULL, 0, NULL, err);
}

static void open_settings(void)
{
    static const char *const environment[] = {NULL};
    struct settings_services services = {
        .clock = &clock_system, .random = &random_system, .pool = office.pool};
    struct error err = {0};

    memset(services.master_key.bytes, 7, sizeof(services.master_key.bytes));
    no_error(settings_create(NULL, false, environment, &office.settings, &err) &&
                 settings_attach(office.settings, &services, &err),
             &err, "settings");
}

/* Rows of accounts; whoever starts next has them. */
static void add_accounts(db_work work)
{
    struct error err = {0};

    no_error(db_transact(office.pool, "add", work, NULL, &err), &err, "add");
    settings_destroy(office.settings);
    open_settings();
    db_refresh(office.db);
}

static int set_up(void **state)
{
    struct db_config config = {.readers = 4,
                               .migrations = db_migrations,
                               .migration_count = db_migration_count,
                               .clock = &clock_system};
    struct model_choice choice;
    struct error err = {0};

    office = (struct office){.directory = "/tmp/vitrine-request-XXXXXX",
                             .arena = arena_create(MIB(64)),
                             .ann = STR(ANNS_PICTURE),
                             .bob = STR(BOBS_PICTURE)};
    assert_non_null(mkdtemp(office.directory));
    config.path = arena_cstr(office.arena, arena_printf(office.arena, "%s/db", office.directory));
    no_error(db_pool_open(&config, &office.pool, &err), &err, "db_pool_open");
    open_settings();
    no_error(db_transact(office.pool, "add_pictures", add_pictures, NULL, &err), &err, "pictures");
    no_error(db_borrow(office.pool, &office.db, &err), &err, "db_borrow");
    no_error(
        settings_model_find(office.settings, STR_EMPTY, NEED_GENERATE, office.arena, &choice, &err),
        &err, "the mock that every house starts with");
    office.mock_id = choice.provider_public_id;
    *state = &office;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    settings_destroy(office.settings);
    db_give_back(office.db);
    db_pool_close(office.pool);
    arena_destroy(office.arena);
    return nftw(office.directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* `text` as a client sends it: ANNS, BOBS and MOCK become ids. */
static struct str fill_in(const char *text)
{
    CLEANUP(buf_finish) struct buf out = {0};
    struct str rest = str_of(text);

    while (rest.size > 0) {
        if (str_starts_with(rest, STR("ANNS")))
            buf_add(&out, office.ann);
        else if (str_starts_with(rest, STR("BOBS")))
            buf_add(&out, office.bob);
        else if (str_starts_with(rest, STR("MOCK")))
            buf_add(&out, office.mock_id);
        else {
            buf_add_char(&out, rest.data[0]);
            rest = str_slice(rest, 1, rest.size);
            continue;
        }
        rest = str_slice(rest, 4, rest.size);
    }
    return arena_str(office.arena, buf_str(&out));
}

static bool resolve(const char *text, struct run_spec *out, struct error *err)
{
    const struct run_context context = {
        .settings = office.settings, .db = office.db, .arena = office.arena, .user_id = ANN};
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct run_input input;

    *err = (struct error){0};
    return json_read(fill_in(text), &json, err) &&
           shape_read(&run_input_shape, json, context.arena, &input, NULL, err) &&
           request_resolve(&context, &input, out, err);
}

#define ONE(operation, rest) "{\"nodes\":[{\"key\":\"a\",\"operation\":\"" operation "\"" rest "}]}"
#define CUP ",\"parameters\":{\"prompt\":\"a cup\"}"
#define NODE(key) "{\"key\":\"" key "\",\"operation\":\"image.generate\"" CUP "}"
#define TWO(edge) "{\"nodes\":[" NODE("a") "," NODE("b") "],\"edges\":[" edge "]}"
#define FOUR "\"ANNS\",\"ANNS\",\"ANNS\",\"ANNS\""
#define FETCH                                                                                      \
    "{\"key\":\"f\",\"operation\":\"asset.fetch\",\"parameters\":{\"url\":\"https://a.test/b\"}}"

#define FOR(product) "{\"product_id\":\"" product "\",\"nodes\":[" NODE("a") "]}"
#define EXPAND "{\"key\":\"x\",\"operation\":\"prompt.expand\"" CUP "}"

static void test_what_is_wrong_is_named_where_it_stands(void **state)
{
    /* clang-format off */
    static const struct {
        const char *json;
        enum error_code code;
        const char *field, *reason;
    } cases[] = {
        {"{\"nodes\":[]}", ERROR_TOO_SHORT, "nodes", "nothing to do"},
        {ONE("image.paint", CUP), ERROR_NOT_IN_LIST, "nodes[0].operation","no such operation"},
        {ONE("image.generate", ""), ERROR_REQUIRED, "nodes[0].parameters.prompt","no prompt"},
        {ONE("image.generate", ",\"parameters\":[]"), ERROR_WRONG_TYPE, "nodes[0].parameters",
         "a list"},
        {ONE("image.generate", ",\"parameters\":{\"prompt\":\"a\",\"n\":16}"), ERROR_TOO_BIG,
         "nodes[0].parameters.n","more than any model makes in one call"},
        {ONE("image.generate", ",\"parameters\":{\"prompt\":\"a\",\"n\":11}"), ERROR_TOO_BIG,
         "nodes[0].parameters.n","more than this model makes in one call"},
        {"{\"nodes\":[" NODE("a") ",{\"key\":\"b\",\"operation\":\"image.generate\","
         "\"parameters\":{\"prompt\":\"a\",\"colour\":1}}]}", ERROR_UNKNOWN_FIELD,
         "nodes[1].parameters.colour", "the second node"},
        {ONE("image.generate",",\"parameters\":{\"prompt\":\"a\",\"model\":\"none\"}"),
         ERROR_NOT_IN_LIST,"nodes[0].parameters.model","no such model"},
        {ONE("image.generate", ",\"parameters\":{\"prompt\":\"a\",\"steps\":5}"), ERROR_INVALID,
         "nodes[0].parameters.steps", "what the model cannot do"},
        {ONE("image.generate", ",\"parameters\":{\"prompt\":\"a\",\"options\":{\"style\":\"bold\"}}"),
         ERROR_INVALID, "nodes[0].parameters.options.style", "an option that the model has not"},
        {ONE("image.edit", ",\"parameters\":{\"prompt\":\"a\",\"options\":{\"style\":1}},\"inputs\":"
         "{\"images\":[\"ANNS\"]}"), ERROR_INVALID, "nodes[0].parameters.options.style",
         "the same with a picture, when no call can be tried yet"},
        {ONE("image.generate", ",\"parameters\":{\"prompt\":\"a\",\"options\":[]}"),
         ERROR_WRONG_TYPE, "nodes[0].parameters.options", "options that are a list"},
        {ONE("image.generate", CUP ",\"inputs\":[]"), ERROR_WRONG_TYPE, "nodes[0].inputs",
         "a list of inputs"},
        {ONE("image.generate", CUP ",\"inputs\":{\"sound\":[]}"), ERROR_UNKNOWN_FIELD,
         "nodes[0].inputs.sound","no such port"},
        {ONE("image.generate", CUP ",\"inputs\":{\"images\":\"ANNS\"}"), ERROR_WRONG_TYPE,
         "nodes[0].inputs.images","an id for a list"},
        {ONE("image.generate", CUP ",\"inputs\":{\"images\":[\"x\"]}"), ERROR_INVALID,
         "nodes[0].inputs.images", "no id"},
        {ONE("image.generate", CUP ",\"inputs\":{\"images\":[\"ANNS\",\"BOBS\"]}"), ERROR_INVALID,
         "nodes[0].inputs.images[1]", "somebody else's picture"},
        {ONE("image.generate",CUP ",\"inputs\":{\"images\":[\"" DEEP "\"]}"),ERROR_INVALID,
         "nodes[0].inputs.images[0]","nobody's picture"},
        {ONE("image.generate",
         CUP ",\"inputs\":{\"images\":[" FOUR "," FOUR "," FOUR "," FOUR ",\"ANNS\"]}"),
         ERROR_TOO_MANY, "nodes[0].inputs.images","seventeen references"},
        {ONE("image.edit", CUP ",\"inputs\":{\"images\":[\"ANNS\"],\"mask\":[\"ANNS\",\"ANNS\"]}"),
         ERROR_TOO_MANY, "nodes[0].inputs.mask","two masks"},
        {ONE("image.edit", CUP ",\"inputs\":{\"images\":[\"ANNS\"],\"mask\":[\"" WIDE_MASK "\"]}"),
         ERROR_INVALID, "nodes[0].inputs.mask", "a mask of another size"},
        {ONE("image.edit", CUP ",\"inputs\":{\"images\":[\"ANNS\"],\"mask\":[\"" DEEP "\"]}"),
         ERROR_INVALID, "nodes[0].inputs.mask[0]", "nobody's mask"},
        {ONE("image.edit", CUP), ERROR_REQUIRED, "nodes[0].inputs.images","nothing to edit"},
        {ONE("image.edit", CUP ",\"inputs\":{\"mask\":[\"ANNS\"]}"), ERROR_REQUIRED,
         "nodes[0].inputs.images","a mask alone"},
        {"{\"nodes\":[{\"key\":\"e\",\"operation\":\"image.edit\"" CUP
         "}," NODE("a") "],\"edges\":[{\"from\":\"a\",\"to\":\"e\",\"to_port\":\"mask\"}]}",
         ERROR_REQUIRED, "nodes[0].inputs.images", "a mask from an edge is no picture"},
        {TWO("{\"from\":\"x\",\"to\":\"b\"}"), ERROR_INVALID,"edges[0].from","from nowhere"},
        {TWO("{\"from\":\"a\",\"to\":\"x\"}"), ERROR_INVALID, "edges[0].to", "to nowhere"},
        {TWO("{\"from\":\"a\",\"to\":\"b\",\"to_port\":\"sound\"}"), ERROR_INVALID,
         "edges[0].to_port", "no such input"},
        {TWO("{\"from\":\"a\",\"to\":\"b\",\"from_port\":\"sound\"}"), ERROR_INVALID,
         "edges[0].from_port", "no such output"},
        {ONE("image.generate", ",\"parameters\":{\"prompt\":\"a\",\"model\":\"mock-text\"}"),
         ERROR_INVALID, "nodes[0].parameters.model", "a text model for pictures"},
        {ONE("image.edit", ",\"parameters\":{\"prompt\":\"a\",\"model\":\"mock-text\"},\"inputs\":"
         "{\"images\":[\"ANNS\"]}"), ERROR_INVALID, "nodes[0].parameters.model",
         "a text model for an edit"},
        {ONE("prompt.expand", ",\"parameters\":{\"prompt\":\"a\",\"model\":\"mock\"}"),
         ERROR_INVALID, "nodes[0].parameters.model", "an image model for a text"},
        {ONE("image.describe", ",\"parameters\":{\"model\":\"MOCK/mock\"},\"inputs\":{\"images\":"
         "[\"ANNS\"]}"), ERROR_INVALID, "nodes[0].parameters.model",
         "an image model for a description"},
        {ONE("prompt.expand", CUP ",\"inputs\":{\"images\":[\"ANNS\"]}"), ERROR_UNKNOWN_FIELD,
         "nodes[0].inputs.images", "a picture for a prompt"},
        {ONE("prompt.expand", ",\"parameters\":{\"prompt\":\"a\",\"language\":\"fr\"}"),
         ERROR_NOT_IN_LIST, "nodes[0].parameters.language", "a language it has not"},
        {ONE("image.describe", ""), ERROR_REQUIRED, "nodes[0].inputs.images", "nothing to describe"},
        {"{\"nodes\":[" EXPAND "," NODE("b") "],\"edges\":[{\"from\":\"x\",\"to\":\"b\"}]}",
         ERROR_INVALID, "edges[0].to_port", "a text into a picture's place"},
        {"{\"nodes\":[" NODE("a") "," FETCH "],\"edges\":[{\"from\":\"a\",\"to\":\"f\"}]}",
         ERROR_INVALID, "edges[0].to_port", "it takes nothing"},
        {FOR("teapot"), ERROR_INVALID, "product_id", "no id"},
        {FOR(DEEP), ERROR_INVALID, "product_id", "nobody's product"},
        {FOR(BOBS_JUG), ERROR_INVALID, "product_id", "somebody else's product"},
        {FOR(ANNS_OLD_CUP), ERROR_INVALID, "product_id", "a deleted product"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_spec spec;
        struct error err;

        if (resolve(cases[i].json, &spec, &err) || err.code != cases[i].code ||
            strcmp(err.field, cases[i].field) != 0)
            fail_msg("%s: %s at '%s': %s", cases[i].reason, error_wire_name(err.code), err.field,
                     err.message);
    }
}

static void test_a_mask_goes_to_a_model_that_takes_masks(void **state)
{
    struct run_spec spec;
    struct error err;

    (void)state;
    no_error(resolve(ONE("image.edit",
                         CUP ",\"inputs\":{\"mask\":[\"" ANNS_MASK "\"],\"images\":[\"ANNS\"]}"),
                     &spec, &err),
             &err, "a picture and its mask, in whatever order");
    check_text(spec.nodes[0].inputs,
               "{\"images\":[{\"asset\":\"" ANNS_PICTURE
               "\",\"blob\":\"aa\",\"mime\":\"image/png\"}],"
               "\"mask\":{\"asset\":\"\",\"blob\":\"cc\",\"mime\":\"image/png\"}}",
               "the bytes, and of the mask no picture's name");
}

static void test_a_model_is_found_by_what_people_write(void **state)
{
    /* clang-format off */
    static const struct {
        const char *asked, *model;
    } cases[] = {
        {"", "mock"},
        {"mock-fast", "mock-fast"},
        {"MOCK/mock-fast", "mock-fast"},
        {"Mock", "mock"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_spec spec;
        struct error err;
        const char *json =
            arena_cstr(office.arena,
                       arena_printf(office.arena,
                                    ONE("image.generate",
                                        ",\"parameters\":{\"prompt\":\"a cup\",\"model\":\"%s\"}"),
                                    cases[i].asked));

        no_error(resolve(json, &spec, &err), &err, cases[i].asked);
        check_text(spec.nodes[0].model, cases[i].model, cases[i].asked);
        assert_true(spec.nodes[0].provider_id > 0);
    }
}

static void test_an_empty_model_is_one_for_the_operation(void **state)
{
    /* clang-format off */
    static const struct {
        const char *json, *model, *why;
    } cases[] = {
        {ONE("image.generate", CUP), "mock", "pictures"},
        {ONE("image.edit", CUP ",\"inputs\":{\"images\":[\"ANNS\"]}"), "mock", "an edit"},
        {ONE("prompt.expand", CUP), "mock-text", "a prompt"},
        {ONE("prompt.expand", ",\"parameters\":{\"prompt\":\"a\",\"model\":\"Mock\"}"), "mock-text",
         "of a provider"},
        {ONE("image.describe", ",\"inputs\":{\"images\":[\"ANNS\"]}"), "mock-text", "a description"},
        {"{\"nodes\":[{\"key\":\"d\",\"operation\":\"image.describe\"}," NODE("a") "],\"edges\":"
         "[{\"from\":\"a\",\"to\":\"d\"}]}", "mock-text", "a description of what is to come"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_spec spec;
        struct error err;

        no_error(resolve(cases[i].json, &spec, &err), &err, cases[i].why);
        check_text(spec.nodes[0].model, cases[i].model, cases[i].why);
        assert_int_equal(spec.nodes[0].estimate_micro, 20000);
    }
}

static void test_a_run_is_whole_with_ports_pictures_and_a_title(void **state)
{
    struct run_spec spec;
    struct error err;
    struct task_inputs inputs;

    (void)state;
    no_error(resolve("{\"priority\":\"low\",\"nodes\":[{\"key\":\"a\",\"operation\":"
                     "\"image.generate\"" CUP ",\"inputs\":{\"images\":[\"ANNS\"]}}," NODE(
                         "b") "],\"edges\":[{\"from\":\"a\",\"to\":\"b\"}]}",
                     &spec, &err),
             &err, "resolve");
    assert_int_equal(spec.user_id, ANN);
    assert_int_equal(spec.priority, PRIORITY_LOW);
    assert_int_equal(spec.node_count, 2);
    assert_int_equal(spec.edge_count, 1);
    check_text(spec.title, "a cup", "made from the prompt");
    check_text(spec.edges[0].from_port, "images", "the first output");
    check_text(spec.edges[0].to_port, "images", "the first input");
    assert_int_equal(spec.edges[0].from, 0);
    assert_int_equal(spec.edges[0].to, 1);
    assert_true(str_find(spec.nodes[1].parameters, STR("\"width\":0")) > 0); /* fallbacks are in */
    no_error(task_inputs_read(spec.nodes[0].inputs, office.arena, &inputs, &err), &err, "inputs");
    assert_int_equal(inputs.images.count, 1);
    assert_true(str_equal(((struct input_picture *)inputs.images.items)->asset, office.ann));
    assert_null(inputs.mask);
    no_error(resolve("{\"title\":\"Cups\",\"nodes\":[" NODE("a") "]}", &spec, &err), &err, "title");
    check_text(spec.title, "Cups", "as given");
    check_text(spec.product, "", "made for nothing");
    no_error(resolve(FOR("01jdteap0t0000000000000000"), &spec, &err), &err, "product");
    check_text(spec.product, ANNS_TEAPOT, "made for the teapot, whatever the id's letters");
    assert_int_equal(spec.priority, PRIORITY_NORMAL);
}

static void test_estimates_are_summed_in_one_currency(void **state)
{
    struct run_spec one, two;
    struct error err;
    bool is_known;

    (void)state;
    no_error(resolve(ONE("image.generate", CUP), &one, &err), &err, "one");
    assert_true(one.nodes[0].estimate_micro > 0);
    assert_int_equal(request_estimate(&one, &is_known), one.nodes[0].estimate_micro);
    assert_true(is_known);
    /* A free node before it changes nothing. */
    no_error(resolve("{\"nodes\":[" FETCH "," NODE("a") "," NODE("b") "]}", &two, &err), &err,
             "two");
    assert_true(str_equal(two.currency, one.currency));
    assert_int_equal(request_estimate(&two, &is_known), 2 * one.nodes[0].estimate_micro);
    assert_true(is_known);
    assert_int_equal(two.nodes[0].provider_id, 0);
}

static bool add_openai(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_add_openai",
        "INSERT INTO provider (public_id, kind, name, base_url, options,"
        " is_enabled, is_private_allowed, concurrency, on_unknown, once_below_micro, created_at_ms)"
        " VALUES ('01JDA0000000000000000000ZZ', 'openai', 'O', '', '{}', 1, 0, 1, 'hold',"
        " 0, 1)",
        NULL};

    (void)context;
    return db_exec(db, &add, NULL, 0, NULL, err);
}

/* What an edge will bring is paid for as what is there. */
static void test_pictures_to_come_are_in_the_estimate(void **state)
{
    struct run_spec named, fed, many;
    struct error err;

    (void)state;
    add_accounts(add_openai);
#define DESCRIBE                                                                                   \
    "{\"key\":\"d\",\"operation\":\"image.describe\",\"parameters\":{\"model\":\"gpt-6-luna\"}"
#define PAINT(n)                                                                                   \
    "{\"key\":\"a\",\"operation\":\"image.generate\",\"parameters\":{\"prompt\":\"a\",\"n\":" n "}}"
#define FED(n) "{\"nodes\":[" DESCRIBE "}," PAINT(n) "],\"edges\":[{\"from\":\"a\",\"to\":\"d\"}]}"
    no_error(
        resolve("{\"nodes\":[" DESCRIBE ",\"inputs\":{\"images\":[\"ANNS\"]}}]}", &named, &err),
        &err, "named");
    no_error(resolve(FED("1"), &fed, &err), &err, "fed");
    no_error(resolve(FED("4"), &many, &err), &err, "fed with four");
    assert_true(named.nodes[0].estimate_micro > 0);
    assert_int_equal(fed.nodes[0].estimate_micro, named.nodes[0].estimate_micro);
    assert_int_equal(many.nodes[0].estimate_micro - fed.nodes[0].estimate_micro,
                     3 * 2940 / 10); /* 2940 tokens each, at 0.1 dollars a million */
}

static bool add_others(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_add_others",
        "INSERT INTO provider (id, public_id, kind, name, base_url, options,"
        " is_enabled, is_private_allowed, concurrency, on_unknown, once_below_micro, created_at_ms)"
        " VALUES (70, '01JDA0000000000000000000Z0', 'openai', 'P', '', '{}', 1, 0, 1, 'hold', 0,"
        " 1), (71, '01JDA0000000000000000000Z1', 'openai', 'Q', '', '{}', 1, 0, 1, 'hold', 0, 1),"
        " (72, '01JDA0000000000000000000Z2', 'openai', 'R', '', '{}', 0, 0, 1, 'hold', 0, 1),"
        " (73, '01JDA0000000000000000000Z3', 'bfl', 'S', '', '{}', 1, 0, 1, 'hold', 0, 1)",
        NULL};
    static const struct sql price = {
        "test_price",
        "INSERT INTO provider_model (provider_id, name, is_enabled, price_micro)"
        " VALUES (71, 'gpt-image-2', 1, 900)",
        NULL};

    (void)context;
    return db_exec(db, &add, NULL, 0, NULL, err) && db_exec(db, &price, NULL, 0, NULL, err);
}

static struct stand_in stand_in(const struct run_node *node, int64_t provider_id,
                                const struct upstream *upstream, size_t upstream_count)
{
    const struct run_context context = {
        .settings = office.settings, .db = office.db, .arena = office.arena, .user_id = ANN};
    const struct stand_in_ask ask = {.user_id = ANN,
                                     .provider_id = provider_id,
                                     .operation = node->operation,
                                     .model = node->model,
                                     .parameters = node->parameters,
                                     .inputs = node->inputs,
                                     .upstream = upstream,
                                     .upstream_count = upstream_count};
    struct stand_in out;
    struct error err = {0};

    no_error(request_stand_in(&context, &ask, &out, &err), &err, "stand in");
    assert_int_equal(err.code, ERROR_NONE);
    return out;
}

static void test_an_account_stands_in_with_its_own_model_of_the_name(void **state)
{
    const struct upstream more = {.from_key = STR("b"), .to_port = STR("images")};
    struct run_spec spec, mock;
    struct stand_in there;
    struct error err;

    (void)state;
    add_accounts(add_others);
    no_error(resolve(ONE("image.generate", ",\"parameters\":{\"prompt\":\"a cup\",\"n\":2,"
                                           "\"model\":\"gpt-image-2\"}"),
                     &spec, &err),
             &err, "by the oldest that has it");
    there = stand_in(&spec.nodes[0], 70, NULL, 0);
    assert_true(there.can);
    assert_int_equal(there.estimate_micro, spec.nodes[0].estimate_micro);
    assert_true(str_equal(there.currency, spec.nodes[0].currency));
    there = stand_in(&spec.nodes[0], 71, NULL, 0); /* the same name, at another price */
    assert_true(there.can);
    assert_true(str_equal(there.model, spec.nodes[0].model));
    assert_int_equal(there.estimate_micro, str_equal(there.model, STR("gpt-image-2"))
                                               ? 1800
                                               : spec.nodes[0].estimate_micro);
    assert_false(stand_in(&spec.nodes[0], 72, NULL, 0).can); /* switched off */
    assert_false(stand_in(&spec.nodes[0], 99, NULL, 0).can); /* gone */
    /* One picture goes there, and two do not. */
    no_error(resolve(ONE("image.edit", ",\"parameters\":{\"prompt\":\"a cup\",\"model\":"
                                       "\"flux-pro-1.1\"},\"inputs\":{\"images\":[\"ANNS\"]}"),
                     &spec, &err),
             &err, "one");
    assert_true(stand_in(&spec.nodes[0], 73, NULL, 0).can);
    assert_false(stand_in(&spec.nodes[0], 73, &more, 1).can);
    no_error(resolve(ONE("image.generate", CUP), &mock, &err), &err, "with the mock");
    assert_false(stand_in(&mock.nodes[0], 71, NULL, 0).can); /* has no such model */
}

static void test_a_part_that_is_not_known_makes_the_sum_unknown(void **state)
{
    const struct run_node nodes[] = {
        {.estimate_micro = 5,     .currency = STR("USD")},
        {.estimate_micro = -1                      },
        {.estimate_micro = 7, .currency = STR("CNY")},
        {.estimate_micro = 0},
    };
    bool is_known;

    (void)state;
    for (size_t count = 1; count <= COUNT(nodes); count++) {
        const struct run_spec spec = {.nodes = nodes, .node_count = count, .currency = STR("USD")};

        assert_int_equal(request_estimate(&spec, &is_known), 5);
        assert_true(is_known == (count == 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_wrong_is_named_where_it_stands),
        cmocka_unit_test(test_a_mask_goes_to_a_model_that_takes_masks),
        cmocka_unit_test(test_a_model_is_found_by_what_people_write),
        cmocka_unit_test(test_an_empty_model_is_one_for_the_operation),
        cmocka_unit_test(test_a_run_is_whole_with_ports_pictures_and_a_title),
        cmocka_unit_test(test_estimates_are_summed_in_one_currency),
        cmocka_unit_test(test_an_account_stands_in_with_its_own_model_of_the_name),
        cmocka_unit_test(test_a_part_that_is_not_known_makes_the_sum_unknown),
        cmocka_unit_test(test_pictures_to_come_are_in_the_estimate),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
