#include "asset/test_studio.h"

/* ---- whose ---- */

static void test_each_route_knows_whose_picture_it_is(void **state)
{
    static const struct {
        const char *line, *body;
        int other, viewer, reader; /* the status for another user, a viewer, a token to read */
    } cases[] = {
        {"GET /api/v1/assets/%s",                    NULL,                                     404, 200, 200},
        {"GET /api/v1/assets/%s/file",               NULL,                                     404, 200, 200},
        {"GET /api/v1/assets/%s/file?variant=thumb", NULL,                                     404, 200, 200},
        {"PATCH /api/v1/assets/%s",                  "{\"rating\":1}",                         404, 403, 403},
        {"POST /api/v1/assets/bulk",                 "{\"ids\":[\"%s\"],\"action\":\"star\"}", 200, 403, 403},
        {"POST /api/v1/archives",                    "{\"ids\":[\"%s\"]}",                     404, 201, 201},
    };
    struct studio *studio = *state;
    struct arena *arena = studio->house.arena;
    const char *id = upload_one(studio, "ann", 1);

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(buf_finish) struct buf line = {0};
        CLEANUP(buf_finish) struct buf body = {0};
        struct str rest = str_of(cases[i].line);

        for (int64_t at = str_find(rest, STR("%s")); at >= 0; at = -1) {
            buf_add(&line, str_slice(rest, 0, (size_t)at));
            buf_add(&line, str_of(id));
            rest = str_slice(rest, (size_t)at + 2, rest.size);
        }
        buf_add(&line, rest);
        rest = str_of(cases[i].body);
        for (int64_t at = str_find(rest, STR("%s")); at >= 0; at = -1) {
            buf_add(&body, str_slice(rest, 0, (size_t)at));
            buf_add(&body, str_of(id));
            rest = str_slice(rest, (size_t)at + 2, rest.size);
        }
        buf_add(&body, rest);
        const char *request = arena_cstr(arena, buf_str(&line));
        const char *type = body.size > 0 ? "Content-Type: application/json\r\n" : "";
        struct answer answer = ask(studio, "bob", request, type, buf_str(&body));

        is_status(&answer, cases[i].other, request);
        if (cases[i].other == 200)
            assert_true(body_has(&answer, "\"changed\":0"));
        answer = ask(studio, "viewer", request, type, buf_str(&body));
        is_status(&answer, cases[i].viewer, request);
        answer = ask(studio, "reader", request, type, buf_str(&body));
        is_status(&answer, cases[i].reader, request);
        answer = ask(studio, "nobody", request, type, buf_str(&body));
        is_status(&answer, 401, request);
    }
    struct answer answer = get(studio, "bob", "/api/v1/assets?q=cup");

    assert_true(body_has(&answer, "{\"items\":[],\"next_cursor\":null,\"total\":0}"));
    answer = get(studio, "bob", "/api/v1/assets/days");
    assert_true(body_has(&answer, "{\"items\":[]}"));
    answer = get(studio, "bob", "/api/v1/tags");
    assert_true(body_has(&answer, "{\"items\":[]}"));
}

/* ---- lists ---- */

static void test_pages_follow_each_other_by_cursor(void **state)
{
    struct studio *studio = *state;
    CLEANUP(buf_finish) struct buf names = {0};
    const char *cursor = "";

    for (int i = 0; i < 5; i++)
        add_picture(&studio->house, (struct picture){
                                        .name = (const char *[]){"a", "b", "c", "d", "e"}
                                            [i],
                                        .prompt = "\xe8\x8c\xb6\xe6\x9d\xaf",
                                        .rating = i
        });
    for (int page = 0; page < 3; page++) {
        struct answer answer =
            get(studio, "ann", "/api/v1/assets?limit=2&sort=rating&q=%%E8%%8C%%B6%%E6%%9D%%AF%s%s",
                cursor[0] == '\0' ? "" : "&cursor=", cursor);
        CLEANUP(json_cleanup) struct json *json = parse(&answer);

        is_status(&answer, 200, "a page");
        for (size_t i = 0; i < json_count(json_get(json, "items")); i++)
            buf_add(&names, json_text(json_get(json_item(json_get(json, "items"), i), "name")));
        assert_int_equal(json_int_or(json_get(json, "total"), -1), page == 0 ? 5 : -1);
        cursor = arena_cstr(studio->house.arena, json_text(json_get(json, "next_cursor")));
        assert_true((cursor[0] == '\0') == (page == 2));
    }
    check_text(buf_str(&names), "edcba", "all, the best first");
}

static void test_wrong_questions_are_told_what_is_wrong(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *has;
    } cases[] = {
        {"/api/v1/assets?limit=0",                        422, "\"field\":\"limit\""   },
        {"/api/v1/assets?limit=201",                      422, "\"limit\":200"         },
        {"/api/v1/assets?cursor=x",                       422, "\"field\":\"cursor\""  },
        {"/api/v1/assets?sort=size",                      422, "\"field\":\"sort\""    },
        {"/api/v1/assets?kind=stolen",                    422, "\"field\":\"kind\""    },
        {"/api/v1/assets?rating=6",                       422, "\"field\":\"rating\""  },
        {"/api/v1/assets?run=1",                          422, "\"field\":\"run\""     },
        {"/api/v1/assets?from=yesterday",                 422, "\"field\":\"from\""    },
        {"/api/v1/assets?user=3",                         422, "unknown_field"         },
        {"/api/v1/assets/days?zone_min=7",                422, "\"field\":\"zone_min\""},
        {"/api/v1/assets/days?zone_min=900",              422, "\"field\":\"zone_min\""},
        {"/api/v1/assets/days?zone_min=480&kind=derived", 200, "{\"items\":[]}"        },
        {"/api/v1/assets/../secret",                      404, ""                      },
        {"/api/v1/assets/01JD00000000000000000000ZZ",     404, "not_found"             },
        {"/api/v1/archives/01JD00000000000000000000ZZ",   404, "not_found"             },
        {"/api/v1/archives/x",                            404, "not_found"             },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answer answer = get(*state, "ann", "%s", cases[i].path);

        is_status(&answer, cases[i].status, cases[i].path);
        check(body_has(&answer, cases[i].has), cases[i].path);
    }
}

static void test_edits_are_checked_and_matched(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *has;
    } cases[] = {
        {"{\"rating\":6}",                     422, "\"field\":\"rating\",\"limit\":5"},
        {"{\"rating\":\"4\"}",                 422, "wrong_type"                      },
        {"{\"name\":\"a\\u0007\"}",            422, "\"field\":\"name\""              },
        {"{\"tags\":[\"a\",\" \"]}",           422, "\"field\":\"tags[1]\""           },
        {"{\"tags\":\"a\"}",                   422, "\"field\":\"tags\""              },
        {"{\"user_id\":3}",                    422, "unknown_field"                   },
        {"{\"trashed_at\":null}",              422, "unknown_field"                   },
        {"{\"tags\":[\"Tea\",\"tea\"]}",       200, "\"tags\":[\"Tea\"]"              },
        {"{\"name\":\" a mug \"}",             200, "\"name\":\"a mug\""              },
        {"{\"rating\":4,\"is_starred\":true}", 200, "\"rating\":4,\"is_starred\":true"},
        {"{}",                                 200, "\"rating\":4"                    },
    };
    struct studio *studio = *state;
    struct arena *arena = studio->house.arena;
    const char *line =
        arena_printf(arena, "PATCH /api/v1/assets/%s%c", upload_one(studio, "ann", 1), '\0').data;
    struct answer answer;
    const char *match;

    for (size_t i = 0; i < COUNT(cases); i++) {
        answer = send_json(studio, "ann", line, str_of(cases[i].body));
        is_status(&answer, cases[i].status, cases[i].body);
        check(body_has(&answer, cases[i].has), cases[i].body);
    }
    match = arena_printf(arena, "Content-Type: application/json\r\nIf-Match: %.*s\r\n%c",
                         STR_ARGS(answer_field(&answer, "ETag")), '\0')
                .data;
    answer = ask(studio, "ann", line, match, STR("{\"rating\":5}"));
    is_status(&answer, 200, "as it was seen");
    answer = ask(studio, "ann", line, match, STR("{\"rating\":1}"));
    is_status(&answer, 412, "changed since");
    answer = ask(studio, "ann", line, "Content-Type: application/json\r\nIf-Match: W/\"x\"\r\n",
                 STR("{\"rating\":1}"));
    is_status(&answer, 412, "no tag of ours");
    answer = get(studio, "ann", "/api/v1/tags");
    assert_true(body_has(&answer, "{\"items\":[{\"name\":\"Tea\",\"count\":1}]}"));
}

static void test_bulk_takes_what_each_action_needs(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *has;
    } cases[] = {
        {"{\"action\":\"star\"}",                                                               422, "\"field\":\"ids\""   },
        {"{\"ids\":[],\"action\":\"star\"}",                                                    422, "\"field\":\"ids\""   },
        {"{\"ids\":[\"x\"],\"action\":\"star\"}",                                               422, "\"field\":\"ids[0]\""},
        {"{\"all_matching\":{},\"except\":[\"x\"],\"action\":\"star\"}",                        422,
         "\"field\":\"except[0]\""                                                                                         },
        {"{\"all_matching\":{},\"except\":\"01JD00000000000000000000ZZ\",\"action\":\"star\"}", 422,
         "wrong_type"                                                                                                      },
        {"{\"all_matching\":{},\"except\":[7],\"action\":\"star\"}",                            422, "wrong_type"          },
        {"{\"ids\":[\"01JD00000000000000000000ZZ\"],\"except\":[\"01JD00000000000000000000ZZ\"],"
         "\"action\":\"star\"}",                                                       422, "\"field\":\"except\""},
        {"{\"all_matching\":{},\"action\":\"explode\"}",                                        422, "\"field\":\"action\""},
        {"{\"all_matching\":{\"owner\":3},\"action\":\"star\"}",                                422, "unknown_field"       },
        {"{\"all_matching\":{},\"action\":\"rate\"}",                                           422, "\"field\":\"value\"" },
        {"{\"all_matching\":{},\"action\":\"rate\",\"value\":6}",                               422, "\"field\":\"value\"" },
        {"{\"all_matching\":{},\"action\":\"rate\",\"value\":\"many\"}",                        422,
         "\"field\":\"value\""                                                                                             },
        {"{\"all_matching\":{},\"action\":\"tag_add\"}",                                        422, "\"field\":\"value\"" },
        {"{\"all_matching\":{},\"action\":\"tag_add\",\"value\":7}",                            422, "wrong_type"          },
        {"{\"all_matching\":{},\"action\":\"star\",\"value\":true}",                            422, "\"field\":\"value\"" },
        {"{\"all_matching\":{},\"action\":\"rate\",\"value\":4}",                               200, "{\"changed\":2}"     },
        {"{\"all_matching\":{},\"action\":\"rate\",\"value\":\"5\"}",                           200, "{\"changed\":2}"     },
        {"{\"all_matching\":{\"rating\":5},\"action\":\"tag_add\",\"value\":\" x \"}",          200,
         "{\"changed\":2}"                                                                                                 },
        {"{\"all_matching\":{\"kind\":\"uploaded\"},\"action\":\"trash\"}",                     200, "{\"changed\":1}"     },
        {"{\"all_matching\":{\"trash\":true},\"action\":\"delete\"}",                           200, "{\"changed\":1}"     },
    };
    struct studio *studio = *state;

    add_picture(&studio->house, (struct picture){.name = "a", .kind = "uploaded"});
    add_picture(&studio->house, (struct picture){.name = "b"});
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answer answer =
            send_json(studio, "ann", "POST /api/v1/assets/bulk", str_of(cases[i].body));

        is_status(&answer, cases[i].status, cases[i].body);
        check(body_has(&answer, cases[i].has), cases[i].body);
    }
}

static void test_a_few_of_all_that_match_are_left_as_they_are(void **state)
{
    static const char *const routes[] = {"POST /api/v1/assets/bulk", "POST /api/v1/asset-jobs",
                                         "POST /api/v1/archives"};
    struct studio *studio = *state;
    struct house *house = &studio->house;
    CLEANUP(buf_finish) struct buf body = {0};
    struct str one = add_picture(house, (struct picture){.name = "a"});
    struct answer answer;
    struct asset asset;

    add_picture(house, (struct picture){.name = "b"});
    answer = send_json(studio, "ann", routes[0],
                       arena_printf(house->arena,
                                    "{\"all_matching\":{},\"except\":[\"%.*s\",\"%.*s\"],"
                                    "\"action\":\"star\"}",
                                    STR_ARGS(one), STR_ARGS(one)));
    is_status(&answer, 200, "all but one");
    assert_true(body_has(&answer, "{\"changed\":1}"));
    assert_true(find_picture(house, ANN, one, &asset) && !asset.is_starred);
    answer = send_json(
        studio, "ann", routes[2],
        arena_printf(house->arena, "{\"all_matching\":{},\"except\":[\"%.*s\"]}", STR_ARGS(one)));
    is_status(&answer, 201, "a ZIP of all but one");
    assert_true(body_has(&answer, "\"count\":1"));

    /* A thousand and one are too many, wherever. */
    for (int i = 0; i <= IDS_MAX; i++)
        buf_printf(&body, "%s\"%.*s\"", i == 0 ? "{\"all_matching\":{},\"except\":[" : ",",
                   STR_ARGS(one));
    for (size_t i = 0; i < COUNT(routes); i++) {
        const struct str list = buf_str(&body);

        answer = send_json(studio, "ann", routes[i],
                           arena_printf(house->arena, "%.*s]%s}", STR_ARGS(list),
                                        i == 2 ? "" : ",\"action\":\"star\""));
        is_status(&answer, 422, routes[i]);
        check(body_has(&answer, "\"field\":\"except\""), routes[i]);
        check(body_has(&answer, "1000"), routes[i]);
    }
}

static void test_a_job_is_asked_for_looked_at_and_told_by_its_owner(void **state)
{
    struct studio *studio = *state;
    struct house *house = &studio->house;
    struct answer answer;
    struct error err = {0};
    const char *line;
    struct str id;
    bool more;

    add_picture(house, (struct picture){.name = "a"});
    answer = send_json(studio, "ann", "POST /api/v1/asset-jobs",
                       STR("{\"all_matching\":{\"rating\":5},\"action\":\"star\"}"));
    is_status(&answer, 404, "nothing matches");
    answer = send_json(studio, "ann", "POST /api/v1/asset-jobs",
                       STR("{\"all_matching\":{},\"action\":\"rate\",\"value\":9}"));
    is_status(&answer, 422, "as of the other route");
    house->time.wall_ms += 1000;
    answer = send_json(studio, "ann", "POST /api/v1/asset-jobs",
                       STR("{\"all_matching\":{},\"action\":\"rate\",\"value\":4}"));
    is_status(&answer, 202, "asked for");
    assert_true(body_has(&answer, "\"state\":\"running\""));
    assert_true(body_has(&answer, "\"total\":1"));
    id = arena_str(house->arena, str_slice(answer.body, strlen("{\"id\":\""), ID_SIZE));
    no_error(asset_job_step(house->service, &more, &err), &err, "step");
    answer = get(studio, "ann", "/api/v1/asset-jobs/%.*s", STR_ARGS(id));
    is_status(&answer, 200, "looked at");
    assert_true(body_has(&answer, "\"state\":\"done\""));
    assert_true(body_has(&answer, "\"can_undo\":true"));
    answer = get(studio, "bob", "/api/v1/asset-jobs/%.*s", STR_ARGS(id));
    is_status(&answer, 404, "of somebody else");
    answer = get(studio, "ann", "/api/v1/asset-jobs");
    assert_true(body_has(&answer, "\"changed\":1"));
    line =
        arena_printf(house->arena, "POST /api/v1/asset-jobs/%.*s/stop%c", STR_ARGS(id), '\0').data;
    answer = ask(studio, "ann", line, "", STR_EMPTY);
    is_status(&answer, 409, "ended");
    line =
        arena_printf(house->arena, "POST /api/v1/asset-jobs/%.*s/undo%c", STR_ARGS(id), '\0').data;
    answer = ask(studio, "ann", line, "", STR_EMPTY);
    is_status(&answer, 202, "back");
    assert_true(body_has(&answer, "\"state\":\"undoing\""));
}

/* ---- archives ---- */

/* A body in chunks, put together. */
static struct str unchunked(struct studio *studio, struct str body)
{
    CLEANUP(buf_finish) struct buf whole = {0};

    while (body.size > 0) {
        int64_t end = str_find(body, STR("\r\n"));
        size_t size =
            end < 0 ? 0 : (size_t)strtoul(arena_cstr(studio->house.arena, body), NULL, 16);

        if (size == 0)
            break;
        buf_add(&whole, str_slice(body, (size_t)end + 2, size));
        body = str_slice(body, (size_t)end + 2 + size + 2, body.size);
    }
    return arena_str(studio->house.arena, buf_str(&whole));
}

static void test_an_archive_is_asked_for_fetched_by_its_owner_and_ends(void **state)
{
    struct studio *studio = *state;
    struct house *house = &studio->house;
    struct str zip, url;
    struct answer answer;

    add_picture(house, (struct picture){.name = "cup", .bytes = "these are the bytes"});
    answer = send_json(studio, "ann", "POST /api/v1/archives", STR("{\"all_matching\":{}}"));
    is_status(&answer, 201, "asked for");
    assert_true(body_has(&answer, "\"count\":1"));
    {
        CLEANUP(json_cleanup) struct json *json = parse(&answer);

        url = arena_str(house->arena, json_text(json_get(json, "url")));
    }
    answer = get(studio, "ann", "%.*s", STR_ARGS(url));
    is_status(&answer, 200, "fetched");
    check_text(answer_field(&answer, "Content-Type"), "application/zip", "its type");
    assert_true(
        str_find(answer_field(&answer, "Content-Disposition"), STR("vitrine-2025-11-22.zip")) >= 0);
    zip = unchunked(studio, answer.body);
    assert_true(str_starts_with(zip, STR("PK\x03\x04")));
    assert_true(str_find(zip, STR("these are the bytes")) > 0);
    assert_true(str_find(zip, STR("PK\x05\x06")) > 0);
    answer = get(studio, "bob", "%.*s", STR_ARGS(url));
    is_status(&answer, 404, "somebody else's");
    house->time.wall_ms += ARCHIVE_LIFE_MS;
    answer = get(studio, "ann", "%.*s", STR_ARGS(url));
    is_status(&answer, 410, "an hour later");
    answer = send_json(studio, "ann", "POST /api/v1/archives",
                       STR("{\"all_matching\":{\"kind\":\"derived\"}}"));
    is_status(&answer, 404, "of nothing");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_each_route_knows_whose_picture_it_is),
        TEST(test_pages_follow_each_other_by_cursor),
        TEST(test_wrong_questions_are_told_what_is_wrong),
        TEST(test_edits_are_checked_and_matched),
        TEST(test_bulk_takes_what_each_action_needs),
        TEST(test_a_few_of_all_that_match_are_left_as_they_are),
        TEST(test_a_job_is_asked_for_looked_at_and_told_by_its_owner),
        TEST(test_an_archive_is_asked_for_fetched_by_its_owner_and_ends),
    };

    return cmocka_run_group_tests(tests, start_pictures, end_pictures);
}
