#include "asset/test_private.h"

#include "core/log.h"

#define HOUR INT64_C(3600000)
/* STR() for the initialisers of constants. */
#define STR_LITERAL(text)                                                                          \
    {                                                                                              \
        .data = (text), .size = sizeof(text) - 1                                                   \
    }
#define TEA "\xe8\x8c\xb6"
#define CUP "\xe6\x9d\xaf"
#define DRAGON_WELL "\xe9\xbe\x99\xe4\xba\x95"

static int set_up(void **state)
{
    static struct house house;

    house_open(&house, false);
    *state = &house;
    return 0;
}

static int tear_down(void **state) { return house_close(*state); }

static struct text_list list_after(struct house *house, int64_t user_id,
                                   const struct asset_filter *filter, enum asset_sort sort,
                                   struct asset_place *after, size_t limit)
{
    struct text_list names = {.items = ARENA_ARRAY(house->arena, struct str, limit)};
    struct error err = {0};
    struct asset *items;
    size_t count;

    no_error(asset_store_list(house_look(house), user_id, filter, sort, after, limit, house->arena,
                              &items, &count, &err),
             &err, "asset_store_list");
    for (size_t i = 0; i < count; i++)
        names.items[names.count++] = items[i].name;
    if (count > 0)
        *after = (struct asset_place){.rating = items[count - 1].rating,
                                      .at_ms = items[count - 1].created_at_ms,
                                      .id = items[count - 1].row_id};
    return names;
}

/* The names of all that match, with a space between, fetched two at a time. */
static struct str names_of(struct house *house, int64_t user_id, const struct asset_filter *filter,
                           enum asset_sort sort)
{
    struct asset_place after = asset_place_first(sort);
    CLEANUP(buf_finish) struct buf line = {0};
    struct text_list names;

    do {
        names = list_after(house, user_id, filter, sort, &after, 2);
        for (size_t i = 0; i < names.count; i++) {
            if (line.size > 0)
                buf_add_char(&line, ' ');
            buf_add(&line, names.items[i]);
        }
    } while (names.count == 2);
    return arena_str(house->arena, buf_str(&line));
}

#define TEAPOT "01JD00000000000000000000TP"
/* Seven pictures of Ann's, named in the order in which they came; and one of Bob's. */
static void fill(struct house *house)
{
    add_picture(house, (struct picture){.name = "one",
                                        .kind = "uploaded",
                                        .tags = "Tea,red",
                                        .rating = 3,
                                        .at_ms = NOON - 72 * HOUR});
    add_picture(house, (struct picture){.name = "two",
                                        .prompt = "a white cup",
                                        .model = "flux",
                                        .provider = "01JD00000000000000000000AA",
                                        .tags = "tea",
                                        .product = TEAPOT,
                                        .run = "01JD00000000000000000000RR",
                                        .at_ms = NOON - 48 * HOUR});
    add_picture(house, (struct picture){.name = "three",
                                        .prompt = TEA CUP "\xef\xbc\x8c" DRAGON_WELL TEA,
                                        .model = "flux",
                                        .provider = "01JD00000000000000000000BB",
                                        .is_starred = true,
                                        .rating = 5,
                                        .at_ms = NOON - 24 * HOUR});
    /* The same moment: the order in which they came decides. */
    add_picture(house, (struct picture){.name = "four",
                                        .prompt = "a black cup of tea",
                                        .model = "gpt-image",
                                        .product = TEAPOT,
                                        .run = "01JD00000000000000000000RR",
                                        .tags = "red",
                                        .rating = 5});
    add_picture(house, (struct picture){.name = "five", .prompt = "cupboard", .rating = 1});
    add_picture(house, (struct picture){.name = "six",
                                        .prompt = "a red cup",
                                        .tags = "red",
                                        .product = TEAPOT,
                                        .is_starred = true,
                                        .is_trashed = true,
                                        .rating = 5});
    add_picture(house, (struct picture){.name = "seven", .kind = "uploaded", .is_starred = true});
    add_picture(house, (struct picture){.user_id = BOB,
                                        .name = "bobs",
                                        .prompt = "a white cup of tea",
                                        .model = "flux",
                                        .tags = "tea,red",
                                        .product = TEAPOT,
                                        .run = "01JD00000000000000000000RR",
                                        .is_starred = true,
                                        .rating = 5});
}

/* clang-format off */
static const struct row {
    struct asset_filter filter;
    const char *newest, *rating, *because;
} rows[] = {
    {.newest = "seven five four three two one", .rating = "four three one five seven two",
     .because = "all that live"},
    {{.kind = STR_LITERAL("uploaded")}, "seven one", "one seven", "of a kind"},
    {{.kind = STR_LITERAL("derived")}, "", "", "a kind nobody has"},
    {{.starred = true}, "seven three", "three seven", "favourites"},
    {{.rating = 5}, "four three", "four three", "the best"},
    {{.rating = 3}, "four three one", "four three one", "good ones"},
    {{.tag = STR_LITERAL("tea")}, "two one", "one two", "a tag in any case"},
    {{.tag = STR_LITERAL("red")}, "four one", "four one", "a tag that one in the trash has too"},
    {{.tag = STR_LITERAL("green")}, "", "", "no such tag"},
    {{.model = STR_LITERAL("flux")}, "three two", "three two", "a model of any provider"},
    {{.model = STR_LITERAL("01JD00000000000000000000AA/flux")}, "two", "two", "a provider's model"},
    {{.model = STR_LITERAL("01JD00000000000000000000CC/flux")}, "", "", "another provider's"},
    {{.run = STR_LITERAL("01JD00000000000000000000RR")}, "four two", "four two", "a run"},
    {{.product = STR_LITERAL(TEAPOT)}, "four two", "four two", "a product"},
    {{.product = STR_LITERAL("01JD00000000000000000000TX")}, "", "", "another product"},
    {{.product = STR_LITERAL(TEAPOT), .trash = true}, "six", "six", "a product in the trash"},
    {{.product = STR_LITERAL(TEAPOT), .tag = STR_LITERAL("red")}, "four", "four",
     "a product and a tag"},
    {{.product = STR_LITERAL(TEAPOT), .q = STR_LITERAL("white")}, "two", "two",
     "a product and words"},
    {{.product = STR_LITERAL(TEAPOT), .to_ms = NOON}, "two", "two", "a product of a time"},
    {{.trash = true}, "six", "six", "the trash"},
    {{.trash = true, .kind = STR_LITERAL("uploaded")}, "", "", "a kind in the trash"},
    {{.trash = true, .q = STR_LITERAL("red")}, "six", "six", "words in the trash"},
    {{.trash = true, .tag = STR_LITERAL("red")}, "six", "six", "a tag in the trash"},
    {{.from_ms = NOON}, "seven five four", "four five seven", "from noon on"},
    {{.to_ms = NOON}, "three two one", "three one two", "before noon"},
    {{.from_ms = NOON - 48 * HOUR, .to_ms = NOON}, "three two", "three two", "two days"},
    {{.from_ms = NOON, .to_ms = NOON}, "", "", "no time at all"},
    {{.q = STR_LITERAL("cup")}, "five four two", "four five two", "a word, and what begins so"},
    {{.q = STR_LITERAL("CUP tea")}, "four two", "four two", "two words, one of them a tag"},
    {{.q = STR_LITERAL("c")}, "five four two", "four five two", "while it is being typed"},
    {{.q = STR_LITERAL("saucer")}, "", "", "a word nobody wrote"},
    {{.q = STR_LITERAL(TEA CUP)}, "three", "three", "two Chinese characters"},
    {{.q = STR_LITERAL(DRAGON_WELL)}, "three", "three", "two from the middle"},
    {{.q = STR_LITERAL(CUP)}, "three", "three", "one that ends a run of them"},
    {{.q = STR_LITERAL(CUP TEA)}, "", "", "two that do not stand so"},
    {{.q = STR_LITERAL("!?")}, "", "", "no word at all"},
    {{.q = STR_LITERAL("\"OR\" owner:3 *")}, "", "", "what the search language would read"},
    {{.q = STR_LITERAL("flux")}, "three two", "three two", "a model by its name"},
    {{.q = STR_LITERAL("cup"), .to_ms = NOON}, "two", "two", "words of a time"},
    {{.q = STR_LITERAL("cup"), .from_ms = NOON, .rating = 1}, "five four", "four five",
     "words, time and stars"},
    {{.q = STR_LITERAL("cup"), .to_ms = NOON - 100 * HOUR}, "", "", "words of a time without any"},
    {{.tag = STR_LITERAL("tea"), .from_ms = NOON - 50 * HOUR}, "two", "two", "a tag of a time"},
    {{.starred = true, .rating = 5, .kind = STR_LITERAL("generated")}, "three", "three", "three"},
};
/* clang-format on */

static struct str reversed(struct str names, struct arena *arena)
{
    struct str out = STR_EMPTY;

    while (names.size > 0) {
        struct str name = str_cut(&names, ' ');

        out =
            out.size == 0 ? name : arena_printf(arena, "%.*s %.*s", STR_ARGS(name), STR_ARGS(out));
    }
    return out;
}

static void test_each_filter_finds_its_own_and_nobody_elses(void **state)
{
    struct house *house = *state;

    fill(house);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str newest = str_of(rows[i].newest);

        check_text(names_of(house, ANN, &rows[i].filter, SORT_NEWEST), rows[i].newest,
                   rows[i].because);
        check_text(names_of(house, ANN, &rows[i].filter, SORT_OLDEST),
                   arena_cstr(house->arena, reversed(newest, house->arena)), rows[i].because);
        check_text(names_of(house, ANN, &rows[i].filter, SORT_RATING), rows[i].rating,
                   rows[i].because);
    }
}

static void test_counts_and_days_agree_with_the_lists(void **state)
{
    struct house *house = *state;

    fill(house);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t expected =
            (int64_t)count_of(str_of(rows[i].newest), " ") + (rows[i].newest[0] == '\0' ? 0 : 1);
        struct error err = {0};
        struct asset_day *days;
        int64_t count, of_days = 0;
        size_t day_count;

        no_error(
            asset_store_count(house_look(house), ANN, &rows[i].filter, house->arena, &count, &err),
            &err, rows[i].because);
        no_error(asset_store_days(house_look(house), ANN, &rows[i].filter, 0, house->arena, &days,
                                  &day_count, &err),
                 &err, rows[i].because);
        for (size_t day = 0; day < day_count; day++)
            of_days += days[day].count;
        if (count != expected || of_days != expected)
            fail_msg("%s: %lld counted, %lld in days, %lld listed", rows[i].because,
                     (long long)count, (long long)of_days, (long long)expected);
    }
}

/* The days of a filter as "2025-11-22:3 …". */
static struct str days_of(struct house *house, const struct asset_filter *filter, int64_t zone_ms)
{
    CLEANUP(buf_finish) struct buf line = {0};
    struct error err = {0};
    struct asset_day *days;
    size_t count;

    no_error(asset_store_days(house_look(house), ANN, filter, zone_ms, house->arena, &days, &count,
                              &err),
             &err, "asset_store_days");
    for (size_t i = 0; i < count; i++)
        buf_printf(&line, "%s%.*s:%lld", i == 0 ? "" : " ", STR_ARGS(days[i].day),
                   (long long)days[i].count);
    return arena_str(house->arena, buf_str(&line));
}

static void test_days_are_those_of_the_asked_zone(void **state)
{
    static const struct asset_filter all, uploads = {.kind = STR_LITERAL("uploaded")};
    struct house *house = *state;

    add_picture(house,
                (struct picture){.name = "late", .kind = "uploaded", .at_ms = NOON + 5 * HOUR});
    add_picture(house, (struct picture){.name = "noon"});
    check_text(days_of(house, &all, 0), "2025-11-22:2", "one day in London");
    check_text(days_of(house, &all, 8 * HOUR), "2025-11-23:1 2025-11-22:1", "two in Shanghai");
    check_text(days_of(house, &uploads, 8 * HOUR), "2025-11-23:1", "also of a filter");
    /* Nepal is 5 h 45 min ahead: 17:00 there is 22:45; 18:15 is midnight. */
    check_text(days_of(house, &all, 5 * HOUR + 45 * 60000), "2025-11-22:2", "a quarter counts");
    check_text(days_of(house, &all, 7 * HOUR), "2025-11-23:1 2025-11-22:1", "midnight is the next");
}

static void test_a_page_goes_on_where_it_stood_whatever_came_in_between(void **state)
{
    static const struct asset_filter all;
    struct house *house = *state;
    struct asset_place after = asset_place_first(SORT_NEWEST);
    struct text_list names;
    struct asset gone;

    fill(house);
    names = list_after(house, ANN, &all, SORT_NEWEST, &after, 3);
    check_text(names.items[2], "four", "the first page's last");
    add_picture(house, (struct picture){.name = "new", .at_ms = NOON + HOUR});
    add_picture(house, (struct picture){.name = "same"}); /* of the same moment as the last */
    names = list_after(house, ANN, &all, SORT_NEWEST, &after, 2);
    check_text(names.items[0], "three", "nothing twice, nothing left out");
    check_text(names.items[1], "two", "and on");

    /* A place stays one when the picture it stands at is gone for good. */
    after = asset_place_first(SORT_NEWEST);
    names = list_after(house, ANN, &all, SORT_NEWEST, &after, 3);
    check_text(names.items[2], "seven", "where it stands");
    assert_true(find_picture(house, ANN, add_picture(house, (struct picture){.name = "x"}), &gone));
    house->time.wall_ms = NOON;
    {
        struct str id = STR_EMPTY;
        struct asset *items;
        struct error err = {0};
        size_t count;
        int64_t changed;
        struct asset_place first = asset_place_first(SORT_NEWEST);

        no_error(asset_store_list(house_look(house), ANN, &all, SORT_NEWEST, &first, 10,
                                  house->arena, &items, &count, &err),
                 &err, "list");
        for (size_t i = 0; i < count; i++)
            if (str_equal(items[i].name, STR("seven")))
                id = items[i].id;
        struct asset_selection selection = {
            .ids = {.items = &id, .count = 1}
        };
        const struct asset_bulk bulk = {.selection = &selection, .action = ACTION_DELETE};

        no_error(asset_change_all(house->service, ANN, &bulk, &changed, &err), &err, "delete");
        assert_int_equal(changed, 1);
    }
    names = list_after(house, ANN, &all, SORT_NEWEST, &after, 1);
    check_text(names.items[0], "five", "behind what is gone");
}

static void test_the_rating_list_goes_on_within_one_rating(void **state)
{
    static const struct asset_filter all;
    struct house *house = *state;

    for (int i = 0; i < 5; i++)
        add_picture(house, (struct picture){
                               .name = (const char *[]){"a", "b", "c", "d", "e"}
                                   [i],
                               .rating = i < 3 ? 4 : 2
        });
    check_text(names_of(house, ANN, &all, SORT_RATING), "c b a e d", "newest first in each rating");
}

/* More than are sorted for a page: every hundredth has five stars, the rest none. */
static bool add_many(struct db *db, void *context, struct error *err)
{
    static const struct sql assets = {
        "test_many_assets",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5200)"
        " INSERT INTO asset (id, public_id, user_id, kind, name, blob, mime, size, width_px,"
        " height_px, thumbhash, color, thumb, medium, preview, working, rating, is_starred,"
        " created_at_ms) SELECT 1000 + i, printf('01%024d', i), $1, 'uploaded', 'n' || i,"
        " printf('%064x', i), 'image/png', 1, 1, 1, '', '', '', '', '', '',"
        " CASE WHEN i % 100 = 0 THEN 5 ELSE 0 END, i % 2, $2 + i FROM n",
        NULL};
    static const struct sql words = {"test_many_words",
                                     "INSERT INTO asset_fts (rowid, owner, words)"
                                     " SELECT id, user_id, 'cup ' || name FROM asset",
                                     NULL};
    const struct sql_value args[] = {SQL_INT64(ANN), SQL_INT64(NOON)};

    (void)context;
    return db_exec(db, &assets, args, COUNT(args), NULL, err) &&
           db_exec(db, &words, NULL, 0, NULL, err);
}

static void test_many_found_by_words_stand_by_their_rating(void **state)
{
    const struct asset_filter cups = {.q = STR("cup")}, odd = {.q = STR("cup"), .starred = true};
    struct asset_place after = asset_place_first(SORT_RATING);
    struct house *house = *state;
    struct error err = {0};
    struct text_list names;

    no_error(db_transact(house->pool, "test_many", add_many, NULL, &err), &err, "many");
    names = list_after(house, ANN, &cups, SORT_RATING, &after, 53);
    assert_int_equal(names.count, 53);
    check_text(names.items[0], "n5200", "the newest of the best");
    check_text(names.items[51], "n100", "the oldest of the best");
    check_text(names.items[52], "n5199", "then those without stars");
    names = list_after(house, ANN, &cups, SORT_RATING, &after, 1);
    check_text(names.items[0], "n5198", "on from there");
    after = asset_place_first(SORT_RATING);
    names = list_after(house, ANN, &odd, SORT_RATING, &after, 1);
    check_text(names.items[0], "n5199", "what else is asked holds too");
    names = list_after(house, BOB, &cups, SORT_RATING, &after, 1);
    assert_int_equal(names.count, 0);
}

/* ---- how SQLite goes about it ---- */

static bool plan_has(struct house *house, const struct sql *sql, const char *part)
{
    CLEANUP(rows_finish) struct rows plan = {0};
    struct sql *explained = ARENA_NEW(house->arena, struct sql);
    const struct sql_value none[17] = {0};
    struct error err = {0};
    bool has = false;

    *explained = (struct sql){
        sql->name, arena_printf(house->arena, "EXPLAIN QUERY PLAN %s%c", sql->text, '\0').data,
        NULL};
    no_error(db_query(house_look(house), explained, none,
                      strstr(sql->text, "$17") != NULL ? 17 : 16, &plan, &err),
             &err, sql->name);
    while (rows_next(&plan))
        has = has || str_find(rows_str(&plan, "detail", house->arena), str_of(part)) >= 0;
    return has;
}

static void test_no_list_by_time_is_sorted_or_reads_a_whole_table(void **state)
{
    struct house *house = *state;

    for (size_t i = 0; asset_lists[i].name != NULL; i++) {
        bool is_by_rating = strstr(asset_lists[i].name, "_rating") != NULL;

        if (!is_by_rating && plan_has(house, &asset_lists[i], "TEMP B-TREE"))
            fail_msg("%s is sorted", asset_lists[i].name);
        if (plan_has(house, &asset_lists[i], "SCAN a"))
            fail_msg("%s reads all pictures", asset_lists[i].name);
        db_refresh(house->db);
    }
    for (size_t i = 0; asset_lists[i].name != NULL; i++)
        if (strcmp(asset_lists[i].name, "asset_list_live_rating") == 0 ||
            strcmp(asset_lists[i].name, "asset_list_among_rating") == 0)
            assert_false(plan_has(house, &asset_lists[i], "TEMP B-TREE"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_each_filter_finds_its_own_and_nobody_elses),
        TEST(test_counts_and_days_agree_with_the_lists),
        TEST(test_days_are_those_of_the_asked_zone),
        TEST(test_a_page_goes_on_where_it_stood_whatever_came_in_between),
        TEST(test_the_rating_list_goes_on_within_one_rating),
        TEST(test_many_found_by_words_stand_by_their_rating),
        TEST(test_no_list_by_time_is_sorted_or_reads_a_whole_table),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
