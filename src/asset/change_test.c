#include "asset/test_private.h"

#include "core/log.h"
#include "core/text.h"

static int set_up(void **state)
{
    static struct house house;

    house_open(&house, false);
    *state = &house;
    return 0;
}

static int tear_down(void **state) { return house_close(*state); }

static struct asset_selection named(struct house *house, const struct str *ids, size_t count)
{
    struct str *items = ARENA_ARRAY(house->arena, struct str, count);

    for (size_t i = 0; i < count; i++)
        items[i] = ids[i];
    return (struct asset_selection){
        .ids = {.items = items, .count = count}
    };
}

static int64_t change_many(struct house *house, const struct asset_selection *selection,
                           enum asset_action action, int64_t rating, const char *tag)
{
    const struct asset_bulk bulk = {
        .selection = selection, .action = action, .rating = rating, .tag = str_of(tag)};
    struct error err = {0};
    int64_t changed;

    no_error(asset_change_all(house->service, ANN, &bulk, &changed, &err), &err,
             asset_actions[action]);
    return changed;
}

static int64_t change_one(struct house *house, struct str id, enum asset_action action)
{
    struct asset_selection selection = named(house, &id, 1);

    return change_many(house, &selection, action, 0, NULL);
}

static enum error_code patch(struct house *house, int64_t user_id, struct str id,
                             const struct asset_patch *with, struct asset_detail *out)
{
    struct error err = {0};

    return asset_change(house->service, user_id, id, with, house->arena, out, &err) ? ERROR_NONE
                                                                                    : err.code;
}

/* "red:2 tea:1" */
static struct str tags_of(struct house *house)
{
    CLEANUP(buf_finish) struct buf line = {0};
    struct error err = {0};
    struct tag *tags;
    size_t count;

    no_error(tag_store_list(house_look(house), ANN, house->arena, &tags, &count, &err), &err,
             "tag_store_list");
    for (size_t i = 0; i < count; i++)
        buf_printf(&line, "%s%.*s:%lld", i == 0 ? "" : " ", STR_ARGS(tags[i].name),
                   (long long)tags[i].count);
    return arena_str(house->arena, buf_str(&line));
}

static int64_t found_by(struct house *house, const char *words)
{
    const struct asset_filter filter = {.q = str_of(words)};
    struct error err = {0};
    int64_t count;

    no_error(asset_store_count(house_look(house), ANN, &filter, house->arena, &count, &err), &err,
             words);
    return count;
}

static int64_t live_count(struct house *house)
{
    const struct asset_filter all = {.kind = STR_EMPTY};
    struct error err = {0};
    int64_t count;

    no_error(asset_store_count(house_look(house), ANN, &all, house->arena, &count, &err), &err,
             "count");
    return count;
}

static void test_an_edit_is_found_told_and_counted_as_a_version(void **state)
{
    struct house *house = *state;
    struct str id = add_picture(house, (struct picture){.name = "cup", .prompt = "porcelain"});
    struct str tags[] = {STR("Tea"), STR("\xe8\x8c\xb6\xe6\x9d\xaf")};
    const struct asset_patch all = {
        .has_name = true,
        .has_rating = true,
        .has_star = true,
        .has_tags = true,
        .name = STR("mug"),
        .rating = 4,
        .is_starred = true,
        .tags = {.items = tags, .count = COUNT(tags)},
    };
    struct asset_detail detail;
    struct asset before;
    int64_t last;

    assert_true(find_picture(house, ANN, id, &before));
    last = last_event(house, ANN);
    assert_int_equal(patch(house, ANN, id, &all, &detail), ERROR_NONE);
    check_text(detail.asset.name, "mug", "the answer");
    assert_int_equal(detail.asset.version, before.version + 1);
    check_text(detail.recipe->prompt, "porcelain", "with its recipe");
    assert_int_equal(house->woken_user, ANN);
    check_text(tags_of(house), "Tea:1 \xe8\x8c\xb6\xe6\x9d\xaf:1", "each counted");
    assert_int_equal(found_by(house, "mug"), 1);
    assert_int_equal(found_by(house, "cup"), 0);
    assert_int_equal(found_by(house, "porcelain"), 1);
    assert_int_equal(found_by(house, "\xe8\x8c\xb6\xe6\x9d\xaf"), 1);
    assert_int_equal(count_of(events_of(house, ANN, last), "asset.changed {\"asset\":{"), 1);

    /* The same again is no change: no version, no event, nobody woken. */
    last = last_event(house, ANN);
    house->wakes = 0;
    assert_int_equal(patch(house, ANN, id, &all, &detail), ERROR_NONE);
    assert_int_equal(detail.asset.version, before.version + 1);
    assert_int_equal(last_event(house, ANN), last);
    assert_int_equal(house->wakes, 0);
}

/* "first FILLING… last", with as much between them as puts "last" behind what is indexed. */
static const char *long_prompt(struct house *house)
{
    CLEANUP(buf_finish) struct buf prompt = {0};

    buf_add(&prompt, STR("first"));
    for (int i = 0; i < 32000; i++)
        text_add_code_point(&prompt, 0x4e00 + (uint32_t)(i * 7 % 20000));
    buf_add(&prompt, STR(" last"));
    return arena_cstr(house->arena, buf_str(&prompt));
}

static const struct sql words_size = {"test_words_size",
                                      "SELECT max(length(words)) AS n FROM asset_fts", NULL};

static void test_the_beginning_of_a_long_prompt_is_indexed_and_no_more(void **state)
{
    struct house *house = *state;
    struct str id = add_picture(
        house, (struct picture){
                   .name = "cup", .prompt = long_prompt(house), .model = "flux", .tags = "red"});
    /* A character and the next, and a space: three of the index for each of the prompt. */
    const int64_t most = 3 * PROMPT_WORDS_MAX_CHARS + 50;
    struct asset_selection selection = named(house, &id, 1);

    assert_in_range(query_number(house, &words_size), 3 * (PROMPT_WORDS_MAX_CHARS - 10), most);
    assert_int_equal(change_many(house, &selection, ACTION_TAG_ADD, 0, "tea"), 1);
    assert_in_range(query_number(house, &words_size), 3 * (PROMPT_WORDS_MAX_CHARS - 10), most);
    assert_int_equal(found_by(house, "first"), 1);
    assert_int_equal(found_by(house, "last"), 0);
    /* What stands behind the prompt is found whatever its length. */
    assert_int_equal(found_by(house, "red"), 1);
    assert_int_equal(found_by(house, "tea"), 1);
    assert_int_equal(found_by(house, "flux"), 1);
}

/* Every word of the one picture, as builds did that knew no bound. */
static bool index_whole(struct db *db, void *context, struct error *err)
{
    static const struct sql update = {"test_index_whole", "UPDATE asset_fts SET words = $1", NULL};
    struct house *house = context;
    const struct sql_value args[] = {
        SQL_TEXT(text_index(str_of(long_prompt(house)), house->arena))};

    return db_exec(db, &update, args, COUNT(args), NULL, err);
}

/* FTS5 says so when its index and the words it was made of differ. */
static bool check_index(struct db *db, void *context, struct error *err)
{
    static const struct sql check = {
        "test_check_index", "INSERT INTO asset_fts (asset_fts) VALUES ('integrity-check')", NULL};

    (void)context;
    return db_exec(db, &check, NULL, 0, NULL, err);
}

static void test_prompts_that_were_indexed_whole_leave_no_word_behind(void **state)
{
    static const enum asset_action ways[] = {ACTION_TAG_ADD, ACTION_DELETE};
    struct house *house = *state;

    for (size_t i = 0; i < COUNT(ways); i++) {
        struct str id =
            add_picture(house, (struct picture){.name = "cup", .prompt = long_prompt(house)});
        struct asset_selection selection = named(house, &id, 1);
        struct error err = {0};

        no_error(db_transact(house->pool, "index_whole", index_whole, house, &err), &err, "index");
        assert_int_equal(found_by(house, "last"), 1);
        assert_int_equal(change_many(house, &selection, ways[i], 0, "tea"), 1);
        assert_int_equal(found_by(house, "last"), 0);
        no_error(db_transact(house->pool, "check_index", check_index, NULL, &err), &err, "check");
        assert_int_equal(found_by(house, "first"), ways[i] == ACTION_DELETE ? 0 : 1);
        if (ways[i] != ACTION_DELETE)
            change_one(house, id, ACTION_DELETE);
    }
}

static void test_an_edit_of_what_changed_meanwhile_is_refused(void **state)
{
    struct house *house = *state;
    struct str id = add_picture(house, (struct picture){.name = "cup"});
    struct asset_patch with = {.has_rating = true, .rating = 2};
    struct asset_detail detail;
    struct asset asset;

    assert_true(find_picture(house, ANN, id, &asset));
    with.version = asset.version;
    assert_int_equal(patch(house, ANN, id, &with, &detail), ERROR_NONE);
    with.rating = 3;
    assert_int_equal(patch(house, ANN, id, &with, &detail), ERROR_PRECONDITION);
    assert_true(find_picture(house, ANN, id, &asset));
    assert_int_equal(asset.rating, 2);
}

static void test_nobody_edits_or_deletes_what_is_not_theirs(void **state)
{
    struct house *house = *state;
    struct str bobs =
        add_picture(house, (struct picture){.user_id = BOB, .name = "bobs", .tags = "red"});
    const struct asset_patch with = {.has_rating = true, .rating = 1};
    struct asset_selection selection = named(house, &bobs, 1);
    struct asset_detail detail;
    struct asset asset;

    assert_int_equal(patch(house, ANN, bobs, &with, &detail), ERROR_NOT_FOUND);
    for (int action = ACTION_TRASH; action <= ACTION_TAG_REMOVE; action++)
        assert_int_equal(change_many(house, &selection, (enum asset_action)action, 5, "red"), 0);
    assert_true(find_picture(house, BOB, bobs, &asset));
    assert_int_equal(asset.rating, 0);
    assert_int_equal(asset.trashed_at_ms, 0);
    assert_int_equal(asset.tags.count, 1);
}

static void test_the_trash_keeps_everything_but_the_counts(void **state)
{
    struct house *house = *state;
    struct str id = add_picture(house, (struct picture){.name = "cup", .tags = "red"});
    struct asset asset;
    int64_t last;

    add_picture(house, (struct picture){.name = "mug", .tags = "red,tea"});
    last = last_event(house, ANN);
    assert_int_equal(change_one(house, id, ACTION_TRASH), 1);
    assert_int_equal(change_one(house, id, ACTION_TRASH), 0); /* it is there already */
    check_text(tags_of(house), "red:1 tea:1", "the trash is not counted");
    assert_int_equal(live_count(house), 1);
    assert_int_equal(found_by(house, "cup"), 0);
    assert_true(find_picture(house, ANN, id, &asset));
    assert_true(asset.trashed_at_ms > 0);

    assert_int_equal(change_one(house, id, ACTION_RESTORE), 1);
    assert_int_equal(change_one(house, id, ACTION_RESTORE), 0);
    check_text(tags_of(house), "red:2 tea:1", "as it was");
    assert_int_equal(live_count(house), 2);
    assert_int_equal(found_by(house, "cup"), 1);
    assert_int_equal(count_of(events_of(house, ANN, last), "asset.changed"), 2);
}

static void test_tags_of_one_in_the_trash_count_when_it_comes_back(void **state)
{
    struct house *house = *state;
    struct str id = add_picture(house, (struct picture){.name = "cup", .tags = "red"});
    struct str tags[] = {STR("blue")};
    const struct asset_patch with = {
        .has_tags = true, .tags = {.items = tags, .count = 1}
    };
    struct asset_detail detail;

    change_one(house, id, ACTION_TRASH);
    assert_int_equal(patch(house, ANN, id, &with, &detail), ERROR_NONE);
    check_text(tags_of(house), "", "none while it is in the trash");
    change_one(house, id, ACTION_RESTORE);
    check_text(tags_of(house), "blue:1", "the new one");
}

static void test_deleting_for_good_leaves_no_trace_but_the_bytes_others_need(void **state)
{
    static const struct sql refs = {"test_refs", "SELECT count(*) AS n FROM blob_ref", NULL};
    static const struct sql unneeded = {
        "test_unneeded", "SELECT count(*) AS n FROM blob WHERE unreferenced_at_ms IS NOT NULL",
        NULL};
    static const struct sql traces = {
        "test_traces",
        "SELECT (SELECT count(*) FROM asset) + (SELECT count(*) FROM recipe)"
        " + (SELECT count(*) FROM asset_tag) + (SELECT count(*) FROM asset_fts)"
        " + (SELECT sum(count) FROM asset_count) + (SELECT sum(count) FROM tag) AS n",
        NULL};
    struct house *house = *state;
    struct str live =
        add_picture(house, (struct picture){.name = "a", .tags = "red", .bytes = "same"});
    struct str trashed = add_picture(
        house, (struct picture){.name = "b", .tags = "red", .bytes = "same", .is_trashed = true});
    struct str other = add_picture(house, (struct picture){.name = "c", .bytes = "other"});
    int64_t last = last_event(house, ANN);

    assert_int_equal(change_one(house, live, ACTION_DELETE), 1);
    assert_int_equal(query_number(house, &unneeded), 0); /* the one in the trash needs them */
    assert_int_equal(change_one(house, trashed, ACTION_DELETE), 1);
    assert_int_equal(query_number(house, &unneeded), 1);
    assert_int_equal(change_one(house, other, ACTION_DELETE), 1);
    assert_int_equal(change_one(house, other, ACTION_DELETE), 0);
    assert_int_equal(query_number(house, &refs), 0);
    assert_int_equal(query_number(house, &traces), 0);
    assert_int_equal(count_of(events_of(house, ANN, last), "asset.removed {\"id\":\""), 3);
}

static void test_all_that_match_are_changed_in_more_than_one_commit(void **state)
{
    struct house *house = *state;
    struct asset_filter red = {.tag = STR("red")}, trash = {.trash = true};
    const struct asset_selection reds = {.all_matching = &red}, trashed = {.all_matching = &trash};
    enum { MANY = 203 };

    add_pictures_alike(house, MANY, (struct picture){.name = "p", .tags = "red"});
    add_picture(house, (struct picture){.name = "q", .tags = "blue"});
    house->wakes = 0;
    assert_int_equal(change_many(house, &reds, ACTION_RATE, 4, NULL), MANY);
    assert_int_equal(house->wakes, 3); /* one a commit: of a hundred at most */
    assert_int_equal(change_many(house, &reds, ACTION_RATE, 4, NULL), 0);
    assert_int_equal(change_many(house, &reds, ACTION_STAR, 0, NULL), MANY);
    assert_int_equal(change_many(house, &reds, ACTION_UNSTAR, 0, NULL), MANY);
    assert_int_equal(change_many(house, &reds, ACTION_TAG_ADD, 0, "Green"), MANY);
    assert_int_equal(change_many(house, &reds, ACTION_TAG_ADD, 0, "green"), 0);
    /* What is changed no longer matches: the walk must not skip any for it. */
    assert_int_equal(change_many(house, &reds, ACTION_TAG_REMOVE, 0, "RED"), MANY);
    check_text(tags_of(house), "blue:1 Green:203", "what is left");
    red.tag = STR("green");
    assert_int_equal(change_many(house, &reds, ACTION_TRASH, 0, NULL), MANY);
    assert_int_equal(live_count(house), 1);
    assert_int_equal(change_many(house, &trashed, ACTION_DELETE, 0, NULL), MANY);
    assert_int_equal(change_many(house, &trashed, ACTION_DELETE, 0, NULL), 0);
    assert_int_equal(live_count(house), 1);
}

static void test_a_picture_with_its_fill_of_tags_takes_no_more(void **state)
{
    struct house *house = *state;
    CLEANUP(buf_finish) struct buf tags = {0};
    struct str ids[2];
    struct asset_selection selection;
    struct asset asset;

    for (int i = 0; i < TAGS_PER_ASSET_MAX; i++)
        buf_printf(&tags, "%st%d", i == 0 ? "" : ",", i);
    ids[0] = add_picture(
        house, (struct picture){.name = "full", .tags = arena_cstr(house->arena, buf_str(&tags))});
    ids[1] = add_picture(house, (struct picture){.name = "empty"});
    selection = named(house, ids, 2);
    assert_int_equal(change_many(house, &selection, ACTION_TAG_ADD, 0, "more"), 1);
    assert_true(find_picture(house, ANN, ids[0], &asset));
    assert_int_equal(asset.tags.count, TAGS_PER_ASSET_MAX);
}

static void test_the_trash_is_emptied_of_what_is_old_a_part_at_a_time(void **state)
{
    struct house *house = *state;
    struct str old = add_picture(house, (struct picture){.name = "old"});
    struct str young = add_picture(house, (struct picture){.name = "young"});
    struct str live = add_picture(house, (struct picture){.name = "live"});
    struct error err = {0};
    struct asset asset;
    bool more;

    house->time.wall_ms = NOON;
    change_one(house, old, ACTION_TRASH);
    house->time.wall_ms = NOON + 1000;
    change_one(house, young, ACTION_TRASH);
    house->wakes = 0;
    no_error(asset_purge_trash(house->service, NOON + 1000, &more, &err), &err, "purge");
    assert_false(more);
    assert_int_equal(house->wakes, 1);
    assert_false(find_picture(house, ANN, old, &asset));
    assert_true(find_picture(house, ANN, young, &asset));
    assert_true(find_picture(house, ANN, live, &asset));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_an_edit_is_found_told_and_counted_as_a_version),
        TEST(test_the_beginning_of_a_long_prompt_is_indexed_and_no_more),
        TEST(test_prompts_that_were_indexed_whole_leave_no_word_behind),
        TEST(test_an_edit_of_what_changed_meanwhile_is_refused),
        TEST(test_nobody_edits_or_deletes_what_is_not_theirs),
        TEST(test_the_trash_keeps_everything_but_the_counts),
        TEST(test_tags_of_one_in_the_trash_count_when_it_comes_back),
        TEST(test_deleting_for_good_leaves_no_trace_but_the_bytes_others_need),
        TEST(test_all_that_match_are_changed_in_more_than_one_commit),
        TEST(test_a_picture_with_its_fill_of_tags_takes_no_more),
        TEST(test_the_trash_is_emptied_of_what_is_old_a_part_at_a_time),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
