/* Prompts that were used: how runs become them, and what their people find, hide and bring back.
 */
#include "core/log.h"
#include "core/test.h"
#include "db/migrations.h"
#include "generate/generate.h"
#include "generate/prompt_private.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ANN 2
#define BOB 3
#define NOON INT64_C(1763812800000)
#define TEA "\xe8\x8c\xb6"
#define CUP "\xe6\x9d\xaf"

struct house {
    char directory[64], path[96];
    struct arena *arena;
    struct db_pool *pool;
    int64_t tasks; /* made so far */
};

static void no_error(bool ok, const struct error *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s (%s) %s", what, err->message, err->field, err->detail);
}

static void open_with(struct house *house, size_t migrations)
{
    const struct db_config config = {.path = house->path,
                                     .readers = 2,
                                     .migrations = db_migrations,
                                     .migration_count = migrations,
                                     .clock = &clock_system};
    struct error err = {0};

    no_error(db_pool_open(&config, &house->pool, &err), &err, "db_pool_open");
}

static int set_up(void **state)
{
    static struct house house;

    house =
        (struct house){.directory = "/tmp/vitrine-prompt-XXXXXX", .arena = arena_create(MIB(64))};
    assert_non_null(mkdtemp(house.directory));
    snprintf(house.path, sizeof(house.path), "%s/vitrine.db", house.directory);
    open_with(&house, db_migration_count);
    *state = &house;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    struct house *house = *state;

    db_pool_close(house->pool);
    arena_destroy(house->arena);
    return nftw(house->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- runs come in ---- */

struct task {
    int64_t user_id, run_id, at_ms;
    const char *operation, *parameters[4];
    int64_t number;
    bool is_old; /* of a time that kept no prompts */
};

static bool add_task(struct db *db, void *context, struct error *err)
{
    static const struct sql run = {
        "test_run",
        "INSERT INTO run (id, public_id, user_id, title, state, priority, task_count, left_count,"
        " created_at_ms, request_hash) VALUES ($1, printf('01JDRVN%019d', $1), $2, '', 'done', 1,"
        " 1, 0, $3, x'00') ON CONFLICT (id) DO NOTHING",
        NULL};
    static const struct sql add = {
        "test_task",
        "INSERT INTO task (public_id, run_id, user_id, node_key, operation, state, priority, rank,"
        " parameters, inputs, deps_left, run_at_ms, start_by_ms, deadline_at_ms, tries_max,"
        " created_at_ms) VALUES (printf('01JDTASK%018d', $4), $1, $2, 'n' || $4, $5, 'done', 1, 1,"
        " $6, '{}', 0, 0, 0, 0, 5, $3)",
        NULL};
    struct task *task = context;

    for (size_t i = 0; i < COUNT(task->parameters) && task->parameters[i] != NULL; i++) {
        const struct sql_value args[] = {SQL_INT64(task->run_id),   SQL_INT64(task->user_id),
                                         SQL_INT64(task->at_ms),    SQL_INT64(++task->number),
                                         SQL_CSTR(task->operation), SQL_CSTR(task->parameters[i])};

        if (!db_exec(db, &run, args, 3, NULL, err) ||
            !db_exec_one(db, &add, args, COUNT(args), err))
            return false;
    }
    return task->is_old || prompt_keep(NULL, db, task->run_id, err);
}

static void come(struct house *house, struct task task)
{
    struct error err = {0};

    task.number = house->tasks;
    no_error(db_transact(house->pool, "test_task", add_task, &task, &err), &err, "a run");
    house->tasks = task.number;
}

static const char *of(struct house *house, const char *text)
{
    return text == NULL
               ? NULL
               : arena_cstr(house->arena, arena_printf(house->arena, "{\"prompt\":\"%s\"}", text));
}

/* A run of up to four pictures. */
static void use(struct house *house, int64_t user_id, int64_t run_id, const char *const texts[4])
{
    come(house, (struct task){
                    .user_id = user_id,
                    .run_id = run_id,
                    .at_ms = NOON + run_id,
                    .operation = "image.generate",
                    .parameters = {of(house, texts[0]), of(house, texts[1]), of(house, texts[2]),
                                   of(house, texts[3])}
    });
}
#define USE(house, user, run, ...) use(house, user, run, (const char *const[4]){__VA_ARGS__})

/* ---- and are looked at ---- */

/* "text:count" of each, two at a time, with bars between. */
static struct str found(struct house *house, int64_t user_id, const char *q)
{
    struct prompt_place after = prompt_place_first();
    CLEANUP(buf_finish) struct buf line = {0};
    struct error err = {0};
    size_t count;

    do {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;
        struct prompt *items;

        no_error(
            db_borrow(house->pool, &db, &err) &&
                prompt_list(db, user_id, str_of(q), &after, 2, house->arena, &items, &count, &err),
            &err, q);
        for (size_t i = 0; i < count; i++)
            buf_printf(&line, "%s%.*s:%" PRId64, line.size > 0 ? "|" : "", STR_ARGS(items[i].text),
                       items[i].use_count);
        if (count > 0) {
            const struct str cursor = prompt_place_print(&items[count - 1], house->arena);

            no_error(prompt_place_read(cursor, &after, &err), &err, "cursor");
        }
    } while (count == 2);
    return arena_str(house->arena, buf_str(&line));
}

static struct prompt newest(struct house *house, int64_t user_id)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    const struct prompt_place first = prompt_place_first();
    struct error err = {0};
    struct prompt *items = NULL;
    size_t count = 0;

    no_error(db_borrow(house->pool, &db, &err) &&
                 prompt_list(db, user_id, STR_EMPTY, &first, 1, house->arena, &items, &count, &err),
             &err, "newest");
    assert_int_equal(count, 1);
    return *items;
}

static int64_t count_of(struct house *house, const char *text)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    struct sql *count = ARENA_NEW(house->arena, struct sql); /* each has a place of its own */
    struct error err = {0};

    *count = (struct sql){"test_count", text, NULL};
    no_error(db_borrow(house->pool, &db, &err) && db_query(db, count, NULL, 0, &rows, &err), &err,
             text);
    assert_true(rows_next(&rows));
    return rows_int64(&rows, "count");
}

static void hide(struct house *house, int64_t user_id, struct str id, bool is_hidden)
{
    struct error err = {0};

    no_error(prompt_hide(house->pool, user_id, id, is_hidden, NOON + 100, house->arena, &err), &err,
             "prompt_hide");
}

/* ---- the tests ---- */

static void test_a_prompt_stands_once_and_counts_the_runs_that_used_it(void **state)
{
    struct house *house = *state;

    USE(house, ANN, 1, "a lamp", "a lamp", "a lamp", "a lamp");
    USE(house, ANN, 2, "a jug", "a mug", "a jug");
    check_text(found(house, ANN, ""), "a mug:1|a jug:1|a lamp:1", "newest first");
    USE(house, ANN, 3, " \\n a lamp\\t", "A lamp");
    check_text(found(house, ANN, ""), "A lamp:1|a lamp:2|a mug:1|a jug:1",
               "spaces around it say nothing, capitals do");
    check_text(found(house, BOB, ""), "", "each person has their own");
    USE(house, BOB, 4, "a lamp");
    check_text(found(house, BOB, ""), "a lamp:1", "each person has their own");
    check_text(newest(house, BOB).run_id, "01JDRVN0000000000000000004", "its last run");
    assert_int_equal(newest(house, BOB).made_at_ms, NOON + 4);
    assert_null(newest(house, BOB).picture);
}

static void test_only_what_pictures_are_asked_for_with_is_kept(void **state)
{
    static const struct {
        const char *operation, *parameters, *because;
    } cases[] = {
        {"image.edit",     "{\"prompt\":\"edit\"}", "an edit has a prompt too"  },
        {"prompt.expand",  "{\"prompt\":\"a\"}",    "what is to be written anew"},
        {"image.describe", "{\"prompt\":\"a\"}",    "a question about a picture"},
        {"asset.fetch",    "{\"url\":\"a\"}",       "no prompt at all"          },
        {"image.generate", "{}",                    "an edge brings it"         },
        {"image.generate", "{\"prompt\":\" \\n\"}", "nothing"                   },
        {"image.generate", "{\"prompt\":null}",     "null"                      },
    };
    struct house *house = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        come(house, (struct task){.user_id = ANN,
                                  .run_id = (int64_t)i + 1,
                                  .at_ms = NOON,
                                  .operation = cases[i].operation,
                                  .parameters = {cases[i].parameters}});
        check_text(found(house, ANN, ""), "edit:1", cases[i].because);
    }
}

static void test_it_is_found_by_its_words(void **state)
{
    static const struct {
        const char *q, *found, *because;
    } cases[] = {
        {"LAMP",              "a lamp of oak:1|a brass Lamp:1", "whatever the case"      },
        {" oak  la ",         "a lamp of oak:1",                "all words in any order" },
        {"\u3000oak\u3000la", "a lamp of oak:1",                "by a wide space"        },
        {"oak of l a",        "a lamp of oak:1",                "four words"             },
        {"l amp a of oak",    "a lamp of oak:1",                "the last takes the rest"},
        {"l amp a oak of",    "",                               "as it stands"           },
        {"amp",               "a lamp of oak:1|a brass Lamp:1", "a part of a word"       },
        {CUP,                 TEA CUP ":1",                     "one Chinese character"  },
        {"%",                 "",                               "no pattern"             },
    };
    struct house *house = *state;

    USE(house, ANN, 1, "a brass Lamp");
    USE(house, ANN, 2, "a lamp of oak");
    USE(house, ANN, 3, TEA CUP);
    USE(house, BOB, 4, "a lamp of his");
    for (size_t i = 0; i < COUNT(cases); i++)
        check_text(found(house, ANN, cases[i].q), cases[i].found, cases[i].because);
    USE(house, ANN, 5, "a brass Lamp");
    check_text(found(house, ANN, "lamp"), "a brass Lamp:2|a lamp of oak:1", "used last first");
}

static void test_what_is_deleted_is_hidden_and_comes_back_or_begins_anew(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    struct str id;

    USE(house, ANN, 1, "a jug");
    USE(house, ANN, 2, "a lamp");
    USE(house, ANN, 3, "a lamp");
    id = newest(house, ANN).id;
    assert_false(prompt_hide(house->pool, BOB, id, true, NOON, house->arena, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    hide(house, ANN, id, true);
    hide(house, ANN, id, true); /* a repeat says the same and tells nobody */
    check_text(found(house, ANN, ""), "a jug:1", "hidden from the list");
    check_text(found(house, ANN, "lamp"), "", "and from the search");
    hide(house, ANN, id, false);
    hide(house, ANN, id, false);
    check_text(found(house, ANN, ""), "a lamp:2|a jug:1", "as it was");
    assert_int_equal(
        count_of(house, "SELECT count(*) AS count FROM event WHERE kind = 'prompts.changed'"), 2);
    hide(house, ANN, id, true);
    USE(house, ANN, 4, "a lamp");
    check_text(found(house, ANN, "lamp"), "a lamp:1", "used again it begins anew");
    assert_int_equal(newest(house, ANN).made_at_ms, NOON + 4);
    assert_int_equal(count_of(house, "SELECT count(*) AS count FROM run"), 4);
    assert_int_equal(count_of(house, "SELECT count(*) AS count FROM task"), 4);
}

static bool add_many(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_many",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
        " INSERT INTO prompt (public_id, user_id, text, use_count, run_id, made_at_ms, used_at_ms)"
        " SELECT 'many' || i, $1, 'prompt number ' || i, 1, i, $2 + i, $2 + i FROM n",
        NULL};
    const struct sql_value args[] = {SQL_INT64(ANN), SQL_INT64(NOON)};

    (void)context;
    return db_exec(db, &add, args, COUNT(args), NULL, err);
}

static void test_all_are_cleared_step_by_step_and_purged_a_day_later(void **state)
{
    struct house *house = *state;
    struct error err = {0};

    no_error(db_transact(house->pool, "test_many", add_many, NULL, &err), &err, "many");
    USE(house, BOB, 1, "his");
    USE(house, ANN, 9000, "used meanwhile");
    no_error(prompt_clear(house->pool, ANN, NOON + 5000, &err), &err, "prompt_clear");
    check_text(found(house, ANN, ""), "used meanwhile:1", "what came later stays");
    check_text(found(house, BOB, ""), "his:1", "nobody else's");
    no_error(prompt_clear(house->pool, ANN, NOON + 5000, &err), &err, "again");
    assert_int_equal(
        count_of(house, "SELECT count(*) AS count FROM event WHERE kind = 'prompts.changed'"), 3);
    no_error(prompt_purge(house->pool, NOON + 5000, &err), &err, "too early");
    assert_int_equal(count_of(house, "SELECT count(*) AS count FROM prompt"), 2502);
    for (int i = 0; i < 3; i++)
        no_error(prompt_purge(house->pool, NOON + 5001, &err), &err, "prompt_purge");
    assert_int_equal(count_of(house, "SELECT count(*) AS count FROM prompt"), 2);
}

static bool add_picture(struct db *db, void *context, struct error *err)
{
    static const struct sql asset = {
        "test_asset",
        "INSERT INTO asset (id, public_id, user_id, kind, name, blob, mime, size, width_px,"
        " height_px, thumbhash, color, run, created_at_ms, trashed_at_ms) VALUES"
        " (1, 'p1', 2, 'generated', 'jug', 'b', 'image/png', 1, 8, 6, 't', '#000000', $1, 1, NULL),"
        " (2, 'p2', 2, 'generated', 'old', 'b', 'image/png', 1, 8, 6, 't', '#000000', $1, 2, 3),"
        " (3, 'p3', 2, 'generated', 'new', 'b', 'image/png', 1, 9, 6, 't', '#000000', $1, 3, NULL)",
        NULL};
    static const struct sql recipe = {
        "test_recipe",
        "INSERT INTO recipe (asset_id, operation, provider_name, prompt, revised_prompt,"
        " negative_prompt, parameters, refs, currency, request_id, started_at_ms, finished_at_ms)"
        " SELECT id, '', '', CASE id WHEN 1 THEN 'a jug' ELSE ' a lamp ' END, '', '', '{}', '', '',"
        " '', 1, 1 FROM asset",
        NULL};
    const struct sql_value args[] = {SQL_CSTR("01JDRVN0000000000000000001")};

    (void)context;
    return db_exec(db, &asset, args, 1, NULL, err) && db_exec(db, &recipe, NULL, 0, NULL, err);
}

static void test_its_picture_is_of_its_last_run_and_of_itself(void **state)
{
    struct house *house = *state;
    struct error err = {0};

    USE(house, ANN, 1, "a jug");
    USE(house, ANN, 1, "a lamp");
    assert_null(newest(house, ANN).picture);
    no_error(db_transact(house->pool, "test_picture", add_picture, NULL, &err), &err, "pictures");
    check_text(newest(house, ANN).picture->id, "p3", "not the jug's, not the one in the trash");
    assert_int_equal(newest(house, ANN).picture->width_px, 9);
    USE(house, ANN, 2, "a lamp");
    assert_null(newest(house, ANN).picture);
}

/* What was in the queue before there were prompts: the migration makes them of it. */
static void test_earlier_runs_become_prompts(void **state)
{
    /* clang-format off */
    struct task old[] = {
        {ANN, 1, 0, NULL, {"{\"prompt\":\"a lamp\"}", "{\"prompt\":\"a jug\"}"}, 0, true},
        {ANN, 2, 0, NULL, {"{\"prompt\":\" a lamp\"}"}, 0, true},
        {BOB, 3, 0, NULL, {"{\"prompt\":\"a lamp\"}"}, 0, true},
        {ANN, 4, 0, NULL, {"{\"prompt\":\"\"}"}, 0, true},
        {ANN, 5, 0, NULL, {"["}, 0, true},
        {ANN, 6, 0, "prompt.expand", {"{\"prompt\":\"no\"}"}, 0, true},
    };
    /* clang-format on */
    struct house *house = *state;
    size_t before = 0;

    while (strcmp(db_migrations[before].name, "0025_prompt") != 0)
        before++;
    db_pool_close(house->pool);
    assert_int_equal(remove(house->path), 0);
    open_with(house, before);
    for (size_t i = 0; i < COUNT(old); i++) {
        old[i].at_ms = NOON + old[i].run_id;
        if (old[i].operation == NULL)
            old[i].operation = "image.generate";
        come(house, old[i]);
    }
    db_pool_close(house->pool);
    open_with(house, db_migration_count);
    check_text(found(house, ANN, ""), "a lamp:2|a jug:1", "all of them");
    check_text(newest(house, ANN).id, "01JDTASK000000000000000001", "the first task's");
    check_text(newest(house, ANN).run_id, "01JDRVN0000000000000000002", "the last run");
    assert_int_equal(newest(house, ANN).made_at_ms, NOON + 1);
    USE(house, ANN, 7, "a lamp");
    check_text(found(house, ANN, ""), "a lamp:3|a jug:1", "and goes on");
}

static void test_a_cursor_is_one_that_a_list_gave(void **state)
{
    static const char *const cases[] = {"x", "1", ".", "1.", ".1", "1.x", "1.2.3", "1 .2"};
    struct prompt_place place;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        check(!prompt_place_read(str_of(cases[i]), &place, &err), cases[i]);
        assert_string_equal(err.field, "cursor");
    }
}

/* A page costs the rows it shows: no plan walks a table or sorts. */
static void test_no_page_walks_all_there_is(void **state)
{
    struct house *house = *state;
    static char texts[PROMPT_SQL_COUNT][1024];
    static struct sql explained[PROMPT_SQL_COUNT];

    for (size_t i = 0; i < PROMPT_SQL_COUNT; i++) {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;
        CLEANUP(rows_finish) struct rows plan = {0};
        const struct sql_value none[8] = {0};
        struct error err = {0};
        static const size_t counts[] = {8, 1, 3, 3, 2};

        snprintf(texts[i], sizeof(texts[i]), "EXPLAIN QUERY PLAN %s", prompt_sql[i].text);
        explained[i] = (struct sql){prompt_sql[i].name, texts[i], NULL};
        no_error(db_borrow(house->pool, &db, &err) &&
                     db_query(db, &explained[i], none, counts[i], &plan, &err),
                 &err, prompt_sql[i].name);
        while (rows_next(&plan)) {
            const struct str detail = rows_str(&plan, "detail", house->arena);

            /* What a run brings is sorted: its own tasks, no more. */
            if ((str_find(detail, STR("SCAN")) >= 0 && str_find(detail, STR("SCAN g")) < 0) ||
                (str_find(detail, STR("TEMP B-TREE")) >= 0 && i != PROMPT_SQL_KEEP))
                fail_msg("%s: %.*s", prompt_sql[i].name, STR_ARGS(detail));
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_prompt_stands_once_and_counts_the_runs_that_used_it),
        TEST(test_only_what_pictures_are_asked_for_with_is_kept),
        TEST(test_it_is_found_by_its_words),
        TEST(test_what_is_deleted_is_hidden_and_comes_back_or_begins_anew),
        TEST(test_all_are_cleared_step_by_step_and_purged_a_day_later),
        TEST(test_its_picture_is_of_its_last_run_and_of_itself),
        TEST(test_earlier_runs_become_prompts),
        TEST(test_a_cursor_is_one_that_a_list_gave),
        TEST(test_no_page_walks_all_there_is),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
