#include "asset/test_studio.h"

#include "net/net.h"

#include <sys/stat.h>

static void test_an_upload_is_shown_in_every_size(void **state)
{
    static const struct {
        const char *query, *mime, *name;
        int64_t side_px;
    } sizes[] = {
        {"",                            "image/png",  "inline",     400},
        {"?variant=original",           "image/png",  "inline",     400},
        {"?variant=thumb",              "image/webp", "inline",     320},
        {"?variant=medium",             "image/webp", "inline",     400},
        {"?variant=preview&download=1", "image/webp", "tea cup.webp", 400},
        {"?variant=original&download=1", "image/png",  "tea cup.png", 400},
    };
    struct studio *studio = *state;
    const struct file file = {.name = "C:\\\\photos\\\\tea cup.PNG",
                              .bytes = draw(studio, IMAGE_PNG, 1)};
    struct answer answer = upload(studio, &file, 1);
    const char *id = id_of(studio, &answer, 0);

    assert_true(body_has(&answer, "\"name\":\"tea cup\",\"kind\":\"uploaded\""));
    assert_true(body_has(&answer, "\"mime\":\"image/png\",\"width_px\":400,\"height_px\":300"));
    assert_true(body_has(&answer, "\"is_duplicate\":false"));
    assert_int_equal(studio->house.woken_user, ANN);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct image_info info;
        struct error err = {0};

        answer = get(studio, "ann", "/api/v1/assets/%s/file%s", id, sizes[i].query);
        is_status(&answer, 200, sizes[i].query);
        check_text(answer_field(&answer, "Content-Type"), sizes[i].mime, sizes[i].query);
        assert_true(str_find(answer_field(&answer, "Content-Disposition"),
                             str_of(sizes[i].name)) >= 0);
        assert_true(str_find(answer_field(&answer, "Cache-Control"), STR("immutable")) >= 0);
        no_error(image_probe(answer.body, NULL, &info, &err), &err, sizes[i].query);
        assert_int_equal(info.width_px, sizes[i].side_px);
    }
    answer = get(studio, "ann", "/api/v1/assets/%s/file?variant=huge", id);
    is_status(&answer, 422, "no such variant");
    /* The tag names the bytes. */
    answer = get(studio, "ann", "/api/v1/assets/%s/file?variant=thumb", id);
    answer = ask(studio, "ann",
                 arena_printf(studio->house.arena, "GET /api/v1/assets/%s/file?variant=thumb%c",
                              id, '\0')
                     .data,
                 arena_printf(studio->house.arena, "If-None-Match: %.*s\r\n%c",
                              STR_ARGS(answer_field(&answer, "ETag")), '\0')
                     .data,
                 STR_EMPTY);
    is_status(&answer, 304, "unchanged");
}

static void test_one_bad_file_does_not_hide_the_good_ones(void **state)
{
    struct studio *studio = *state;
    struct str png = draw(studio, IMAGE_PNG, 1);
    const struct file files[] = {
        {.name = "a.png",             .bytes = png                                           },
        {.name = "b.png",             .bytes = STR("not a picture at all, whatever it is called")},
        {.name = "c.svg",             .bytes = STR("<svg xmlns=\"http://www.w3.org/2000/svg\">"
                                                   "<script>alert(1)</script></svg>")        },
        {.name = "d.html",            .bytes = STR("<!doctype html><script>alert(1)</script>")},
        {.name = "e.png",             .bytes = str_slice(png, 0, png.size / 2)                },
        {.name = "f.png",             .bytes = STR("")                                        },
        {.name = "../../../etc/g.jpg", .bytes = draw(studio, IMAGE_JPEG, 2)                   },
    };
    static const char *const codes[] = {NULL,           "picture_type",   "picture_type",
                                        "picture_type", "picture_broken", "picture_type",
                                        NULL};
    struct answer answer = upload(studio, files, COUNT(files));
    CLEANUP(json_cleanup) struct json *json = NULL;

    is_status(&answer, 200, "good and bad ones");
    json = parse(&answer);
    for (size_t i = 0; i < COUNT(files); i++) {
        const struct json *item = json_item(json_get(json, "items"), i);

        if (codes[i] == NULL) {
            check(json_is(json_get(item, "asset"), JSON_OBJECT), files[i].name);
            check(json_is(json_get(item, "error"), JSON_NULL), files[i].name);
        } else {
            check(json_is(json_get(item, "asset"), JSON_NULL), files[i].name);
            check_text(json_text(json_path(item, "error.code")), codes[i], files[i].name);
        }
    }
    check_text(json_text(json_path(json, "items.6.name")), "g", "a name, no path");
    answer = get(studio, "ann", "/api/v1/assets");
    assert_true(body_has(&answer, "\"total\":2"));
}

static void test_limits_are_told_with_their_field(void **state)
{
    struct studio *studio = *state;
    const struct file file = {.name = "a.png", .bytes = draw(studio, IMAGE_PNG, 1)};
    struct answer answer;

    studio->house.limits.upload_size_max = 1000;
    answer = upload(studio, &file, 1);
    assert_true(body_has(&answer, "\"code\":\"too_large\",\"field\":\"file\",\"limit\":1000"));
    studio->house.limits = (struct asset_limits){.picture = {.side_px_max = 399}};
    answer = upload(studio, &file, 1);
    assert_true(body_has(&answer, "\"code\":\"picture_too_large\""));
    assert_true(body_has(&answer, "\"limit\":399"));
}

static void test_forms_that_are_none_are_refused_whole(void **state)
{
    struct studio *studio = *state;
    struct file many[FILES_MAX + 1];
    const struct file other = {.field = "picture", .name = "a.png", .bytes = STR("x")};
    const struct file text = {.bytes = STR("x")};
    struct answer answer;

    answer = upload(studio, NULL, 0);
    assert_true(answer.status == 400 || answer.status == 422);
    answer = upload(studio, &other, 1);
    is_status(&answer, 422, "another field");
    assert_true(body_has(&answer, "\"field\":\"picture\""));
    answer = upload(studio, &text, 1);
    is_status(&answer, 422, "a text where a file belongs");
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct file){.name = "a.png", .bytes = STR("x")};
    answer = upload(studio, many, COUNT(many));
    is_status(&answer, 422, "51 files");
    assert_true(body_has(&answer, "\"limit\":50"));
    answer = send_json(studio, "ann", FILES, STR("{}"));
    is_status(&answer, 415, "JSON");
}

static void test_the_same_picture_is_kept_once_for_each_user(void **state)
{
    struct studio *studio = *state;
    const char *id = upload_one(studio, "ann", 1);
    const char *bobs = upload_one(studio, "bob", 1);
    struct file files[2];
    struct answer answer;

    assert_string_not_equal(id, bobs);
    files[0] = (struct file){.name = "again.png", .bytes = draw(studio, IMAGE_PNG, 1)};
    files[1] = files[0];
    answer = upload(studio, files, 2);
    assert_int_equal(count_of(answer.body, "\"is_duplicate\":true"), 2);
    assert_string_equal(id_of(studio, &answer, 0), id);

    /* In the trash it comes back: whoever uploads wants to have it. */
    answer = send_json(studio, "ann", "POST /api/v1/assets/bulk",
                       arena_printf(studio->house.arena, "{\"ids\":[\"%s\"],\"action\":\"trash\"}",
                                    id));
    assert_true(body_has(&answer, "{\"changed\":1}"));
    answer = upload(studio, files, 1);
    assert_true(body_has(&answer, "\"is_duplicate\":true"));
    assert_true(body_has(&answer, "\"trashed_at\":null"));
    answer = get(studio, "ann", "/api/v1/assets");
    assert_true(body_has(&answer, "\"total\":1"));
}

/* A JPEG with an EXIF segment of its own text. */
static struct str with_exif(struct studio *studio, struct str jpeg)
{
    static const char text[] = "Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0GPS of my home";
    CLEANUP(buf_finish) struct buf out = {0};

    buf_add(&out, str_slice(jpeg, 0, 2));
    buf_add_char(&out, (char)0xff);
    buf_add_char(&out, (char)0xe1);
    buf_add_u16be(&out, (uint16_t)(sizeof(text) - 1 + 2));
    buf_add(&out, (struct str){text, sizeof(text) - 1});
    buf_add(&out, str_slice(jpeg, 2, jpeg.size));
    return arena_str(studio->house.arena, buf_str(&out));
}

static void test_what_tells_of_a_person_is_not_kept_and_the_label_of_an_ai_is(void **state)
{
    struct studio *studio = *state;
    struct arena *arena = studio->house.arena;
    const struct image_label label = {.source_type = "trainedAlgorithmicMedia",
                                      .system = STR("Studio flux"),
                                      .created_at = STR("2025-11-22T11:59:00Z")};
    struct image_label kept;
    struct file files[2];
    struct error err = {0};
    struct answer answer;
    bool found;

    files[0] = (struct file){.name = "a.jpg",
                             .bytes = with_exif(studio, draw(studio, IMAGE_JPEG, 1))};
    files[1].name = "b.png";
    no_error(image_label_write(draw(studio, IMAGE_PNG, 2), IMAGE_PNG, &label, arena,
                               &files[1].bytes, &err),
             &err, "label");
    answer = upload(studio, files, 2);
    assert_true(body_has(&answer, "\"label\":{\"source_type\":\"trainedAlgorithmicMedia\","
                                  "\"system\":\"Studio flux\","
                                  "\"created_at\":\"2025-11-22T11:59:00.000Z\"}"));
    struct answer original =
        get(studio, "ann", "/api/v1/assets/%s/file", id_of(studio, &answer, 0));

    is_status(&original, 200, "the original");
    assert_false(body_has(&original, "GPS of my home"));
    original = get(studio, "ann", "/api/v1/assets/%s/file", id_of(studio, &answer, 1));
    no_error(image_label_read(original.body, IMAGE_PNG, arena, &found, &kept, &err), &err, "read");
    assert_true(found);
    assert_string_equal(kept.source_type, label.source_type);
}

/* ---- files that are missing ---- */

static bool forget_variants(struct db *db, void *context, struct error *err)
{
    static const struct sql update = {
        "test_forget", "UPDATE asset SET thumb = NULL, preview = printf('%064d', 0)", NULL};

    (void)context;
    return db_exec(db, &update, NULL, 0, NULL, err);
}

static void test_a_missing_copy_is_made_when_it_is_asked_for(void **state)
{
    static const struct sql dangling = {
        "test_dangling",
        "SELECT count(*) AS n FROM asset WHERE thumb IS NULL OR preview = printf('%064d', 0)",
        NULL};
    struct studio *studio = *state;
    const char *id = upload_one(studio, "ann", 1);
    struct error err = {0};
    struct answer answer;

    no_error(db_transact(studio->house.pool, "test_forget", forget_variants, NULL, &err), &err,
             "forget");
    answer = get(studio, "ann", "/api/v1/assets/%s/file?variant=thumb", id);
    is_status(&answer, 200, "never made");
    answer = get(studio, "ann", "/api/v1/assets/%s/file?variant=preview", id);
    is_status(&answer, 200, "made, and its bytes are gone");
    assert_int_equal(query_number(&studio->house, &dangling), 0);
}

/* ---- import ---- */

/* An engine that takes runs and starts nothing. */
struct works {
    struct net_loop *loop;
    struct net *net;
    struct worker_pool *workers;
    struct engine *engine;
    char boot_directory[128];
};

static void works_open(struct works *works, struct studio *studio)
{
    const struct worker_config workers = {.name = "work", .threads = 1, .queue_max = 10};
    struct house *house = &studio->house;
    struct engine_config config = {.pool = house->pool,
                                   .clock = &clock_system,
                                   .random = &random_system,
                                   .boot_directory = works->boot_directory,
                                   .operations = operations_for_engine()};
    struct error err = {0};

    (void)snprintf(works->boot_directory, sizeof(works->boot_directory), "%s/boot",
                   house->directory);
    assert_int_equal(mkdir(works->boot_directory, 0700), 0);
    no_error(net_loop_create(&works->loop, &err) && net_loop_start(works->loop, &err), &err,
             "loop");
    no_error(net_create(&(struct net_config){.loop = works->loop, .transfers_max = 4}, &works->net,
                        &err),
             &err, "net");
    no_error(worker_pool_create(&workers, &works->workers, &err), &err, "workers");
    config.loop = works->loop;
    config.net = works->net;
    config.workers = works->workers;
    no_error(engine_create(&config, &works->engine, &err) && engine_start(works->engine, &err) &&
                 engine_pause(works->engine, true, STR("a test"), &err),
             &err, "engine");
    asset_service_set_engine(house->service, works->engine);
}

/* Before the house: the engine's last writes need its database. */
static void works_close(struct works *works, struct studio *studio)
{
    asset_service_set_engine(studio->house.service, NULL);
    engine_drain(works->engine, 0);
    worker_pool_destroy(works->workers);
    net_destroy(works->net);
    net_loop_destroy(works->loop);
    engine_destroy(works->engine);
}

static void test_an_import_is_a_run_of_a_task_for_each_address(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *has;
    } cases[] = {
        {"{}",                                                       422, "\"field\":\"urls\""   },
        {"{\"urls\":[]}",                                            422, "\"field\":\"urls\""   },
        {"{\"urls\":[\"https://example.com/a.png\",\"ftp://x/b\"]}", 422, "\"field\":\"urls[1]\""},
        {"{\"urls\":[\"file:///etc/passwd\"]}",                      422, "\"field\":\"urls[0]\""},
        {"{\"urls\":[\"http://example.com:8080/a\"]}",                422, "address_refused"     },
        {"{\"urls\":[\"https://u:p@example.com/a.png\"]}",           422, "\"field\":\"urls[0]\""},
        {"{\"urls\":[7]}",                                           422, "\"field\":\"urls[0]\""},
        {"{\"urls\":[\"https://example.com/a.png\",\" https://example.com/b.png \"]}", 202,
         "\"tasks\":2}"                                                                        },
    };
    static const struct sql tasks = {
        "test_tasks",
        "SELECT count(*) AS n FROM task WHERE operation = 'asset.fetch' AND user_id = 2"
        " AND parameters LIKE '{\"url\":\"https://example.com/_.png\"%'",
        NULL};
    struct studio *studio = *state;
    struct works works = {0};
    struct answer answer;

    works_open(&works, studio);
    for (size_t i = 0; i < COUNT(cases); i++) {
        answer = send_json(studio, "ann", "POST /api/v1/assets/import", str_of(cases[i].body));
        is_status(&answer, cases[i].status, cases[i].body);
        check(body_has(&answer, cases[i].has), cases[i].body);
    }
    assert_int_equal(query_number(&studio->house, &tasks), 2);
    works_close(&works, studio);
    answer = send_json(studio, "ann", "POST /api/v1/assets/import",
                       STR("{\"urls\":[\"https://example.com/a.png\"]}"));
    is_status(&answer, 503, "without an engine");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_an_upload_is_shown_in_every_size),
        TEST(test_one_bad_file_does_not_hide_the_good_ones),
        TEST(test_limits_are_told_with_their_field),
        TEST(test_forms_that_are_none_are_refused_whole),
        TEST(test_the_same_picture_is_kept_once_for_each_user),
        TEST(test_what_tells_of_a_person_is_not_kept_and_the_label_of_an_ai_is),
        TEST(test_a_missing_copy_is_made_when_it_is_asked_for),
        TEST(test_an_import_is_a_run_of_a_task_for_each_address),
    };

    return cmocka_run_group_tests(tests, start_pictures, end_pictures);
}
