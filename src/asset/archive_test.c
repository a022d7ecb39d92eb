#include "asset/test_private.h"

#include "core/log.h"

#include <archive.h>
#include <archive_entry.h>

static int set_up(void **state)
{
    static struct house house;

    house_open(&house, false);
    *state = &house;
    return 0;
}

static int tear_down(void **state) { return house_close(*state); }

/* What is written; after `left` bytes the client leaves. */
struct taker {
    struct buf bytes;
    size_t left;
};

static bool take(void *context, const void *data, size_t size)
{
    struct taker *taker = context;

    if (size > taker->left)
        return false;
    taker->left -= size;
    buf_add(&taker->bytes, (struct str){data, size});
    return true;
}

static bool run(struct house *house, const char *selection, struct taker *taker, struct error *err)
{
    struct archive_work *work = archive_work_create(house->service, ANN, str_of(selection), err);
    bool ok;

    if (work == NULL)
        return false;
    ok = archive_run(work, take, taker, err);
    archive_work_destroy(work);
    return ok;
}

static void archive(struct house *house, const char *selection, struct taker *taker)
{
    struct error err = {0};

    no_error(run(house, selection, taker, &err), &err, "archive_run");
}

/* One file of the ZIP, by its place; as libarchive's own reader finds it. */
struct entry {
    char name[256];
    struct str bytes;
};

static size_t read_zip(struct house *house, const struct taker *taker, struct entry *entries,
                       size_t max)
{
    struct archive *zip = archive_read_new();
    struct archive_entry *entry;
    size_t count = 0;

    /* Names are bytes here: the reader must not need the locale of whoever runs the test. */
    assert_int_equal(archive_read_support_format_zip_seekable(zip), ARCHIVE_OK);
    assert_int_equal(archive_read_open_memory(zip, taker->bytes.data, taker->bytes.size),
                     ARCHIVE_OK);
    while (archive_read_next_header(zip, &entry) == ARCHIVE_OK) {
        size_t size = (size_t)archive_entry_size(entry);
        char *data = arena_alloc(house->arena, size + 1);
        const char *name = archive_entry_pathname_utf8(entry);

        assert_true(count < max);
        if (name == NULL)
            name = archive_entry_pathname(entry);
        assert_non_null(name);
        (void)snprintf(entries[count].name, sizeof(entries[count].name), "%s", name);
        assert_int_equal(archive_read_data(zip, data, size), (la_ssize_t)size);
        assert_int_equal(archive_entry_filetype(entry), AE_IFREG);
        entries[count++].bytes = (struct str){data, size};
    }
    assert_int_equal(archive_read_free(zip), ARCHIVE_OK);
    return count;
}

static void test_a_zip_has_each_picture_under_a_name_of_its_own(void **state)
{
    static const char *const names[] = {"cup.png", "Cup (2).png", "CUP (3).png", "tea.png",
                                        "manifest.csv"};
    struct house *house = *state;
    struct taker taker = {.left = SIZE_MAX};
    struct entry entries[10];
    size_t count;

    add_picture(house, (struct picture){.name = "tea", .bytes = "four", .at_ms = NOON - 4});
    add_picture(house, (struct picture){.name = "CUP", .bytes = "three", .at_ms = NOON - 3});
    add_picture(house, (struct picture){.name = "Cup", .bytes = "two", .at_ms = NOON - 2});
    add_picture(house, (struct picture){.name = "cup", .bytes = "one"});
    add_picture(house, (struct picture){.name = "gone", .bytes = "five", .is_trashed = true});
    add_picture(house, (struct picture){.user_id = BOB, .name = "bobs", .bytes = "six"});
    archive(house, "{\"all_matching\":{}}", &taker);
    count = read_zip(house, &taker, entries, COUNT(entries));
    assert_int_equal(count, COUNT(names));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(entries[i].name, names[i]);
    check_text(entries[0].bytes, "one", "the newest first");
    check_text(entries[1].bytes, "two", "two names that differ in case only");
    check_text(entries[3].bytes, "four", "the last");
    buf_finish(&taker.bytes);
}

static void test_names_in_any_script_are_marked_as_utf8(void **state)
{
    struct house *house = *state;
    struct taker taker = {.left = SIZE_MAX};
    const unsigned char *head;

    add_picture(house, (struct picture){.name = "\xe8\x8c\xb6\xe6\x9d\xaf/../x", .bytes = "one"});
    archive(house, "{\"all_matching\":{}}", &taker);
    head = (const unsigned char *)taker.bytes.data;
    assert_memory_equal(head, "PK\x03\x04", 4);
    assert_int_equal(head[7] & 0x08, 0x08); /* APPNOTE 4.4.4: bit 11, the name is UTF-8 */
    assert_true(str_find(buf_str(&taker.bytes), STR("\xe8\x8c\xb6\xe6\x9d\xaf_.._x.png")) > 0);
    buf_finish(&taker.bytes);
}

static void test_the_manifest_tells_how_each_was_made_and_runs_nothing(void **state)
{
    struct house *house = *state;
    struct taker taker = {.left = SIZE_MAX};
    struct entry entries[3];

    add_picture(house, (struct picture){.name = "cup",
                                        .prompt = "=HYPERLINK(\"http://evil\")\na \"cup\"",
                                        .model = "flux",
                                        .tags = "red,tea",
                                        .rating = 4,
                                        .bytes = "one"});
    archive(house, "{\"all_matching\":{}}", &taker);
    assert_int_equal(read_zip(house, &taker, entries, COUNT(entries)), 2);
    assert_true(str_starts_with(entries[1].bytes, STR("\xef\xbb\xbf"
                                                      "file,id,kind,")));
    assert_true(str_find(entries[1].bytes, STR("\r\n\"cup.png\",\"")) > 0);
    assert_true(
        str_find(entries[1].bytes, STR("4,3,4,\"red, tea\",\"image.generate\",\"Studio\",\"flux\","
                                       "\"'=HYPERLINK(\"\"http://evil\"\")\na \"\"cup\"\"\"")) > 0);
    assert_true(str_ends_with(entries[1].bytes, STR("\"\"\r\n")));
    buf_finish(&taker.bytes);
}

static void test_named_ones_are_taken_and_those_that_are_gone_left_out(void **state)
{
    struct house *house = *state;
    struct taker taker = {.left = SIZE_MAX};
    struct entry entries[3];
    struct str one = add_picture(house, (struct picture){.name = "one", .bytes = "one"});
    struct str bobs =
        add_picture(house, (struct picture){.user_id = BOB, .name = "bobs", .bytes = "two"});

    add_picture(house, (struct picture){.name = "other"});
    archive(house,
            arena_printf(house->arena,
                         "{\"ids\":[\"%.*s\",\"%.*s\",\"01JD00000000000000000000ZZ\"]}%c",
                         STR_ARGS(one), STR_ARGS(bobs), '\0')
                .data,
            &taker);
    assert_int_equal(read_zip(house, &taker, entries, COUNT(entries)), 2);
    assert_string_equal(entries[0].name, "one.png");
    buf_finish(&taker.bytes);
}

static void test_all_that_match_but_a_few_go_in(void **state)
{
    struct house *house = *state;
    struct taker taker = {.left = SIZE_MAX};
    struct entry entries[3];
    struct str two;

    add_picture(house, (struct picture){.name = "one"});
    two = add_picture(house, (struct picture){.name = "two"});
    archive(house,
            arena_printf(house->arena, "{\"all_matching\":{},\"except\":[\"%.*s\"]}%c",
                         STR_ARGS(two), '\0')
                .data,
            &taker);
    assert_int_equal(read_zip(house, &taker, entries, COUNT(entries)), 2);
    assert_string_equal(entries[0].name, "one.png");
    buf_finish(&taker.bytes);
}

static void test_a_client_that_leaves_and_a_picture_that_is_gone_end_it(void **state)
{
    struct house *house = *state;
    struct taker impatient = {.left = 100};
    struct taker taker = {.left = SIZE_MAX};
    struct error err = {0};
    char path[256];
    struct asset asset;
    struct str id = add_picture(house, (struct picture){.name = "one", .bytes = "one"});

    assert_false(run(house, "{\"all_matching\":{}}", &impatient, &err));
    assert_int_equal(err.code, ERROR_CANCELLED);
    buf_finish(&impatient.bytes);

    assert_true(find_picture(house, ANN, id, &asset));
    (void)snprintf(path, sizeof(path), "%s/%.2s/%.2s/%.*s", house->blobs_path, asset.blob.data,
                   asset.blob.data + 2, STR_ARGS(asset.blob));
    assert_int_equal(unlink(path), 0);
    assert_false(run(house, "{\"all_matching\":{}}", &taker, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    /* Without its end a reader sees that it is broken. */
    assert_int_equal(str_find(buf_str(&taker.bytes), STR("PK\x05\x06")), -1);
    buf_finish(&taker.bytes);
}

static void test_pictures_of_one_name_are_numbered_without_trying_all(void **state)
{
    enum { MANY = 230 };
    static const char *const names[] = {"p (2).png", "p (2) (2).png", "p.png", "p (3).png"};
    struct house *house = *state;
    struct taker taker = {.left = SIZE_MAX};
    struct entry entries[MANY + 3];
    struct error err = {0};
    struct archive_work *work;

    /* The newest first: those that have a number as their own name are there before the others. */
    add_pictures_alike(house, MANY, (struct picture){.name = "p", .at_ms = NOON - 1000});
    add_pictures_alike(house, 2, (struct picture){.name = "p (2)"});
    work = archive_work_create(house->service, ANN, STR("{\"all_matching\":{}}"), &err);
    assert_non_null(work);
    no_error(archive_run(work, take, &taker, &err), &err, "archive_run");
    /* One for the first of a name and the manifest, two for each other, one that was a name. */
    assert_int_equal(archive_work_tries(work), 2 + 1 + 2 + 1 + 2 * (MANY - 1));
    archive_work_destroy(work);
    assert_int_equal(read_zip(house, &taker, entries, COUNT(entries)), MANY + 3);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(entries[i].name, names[i]);
    assert_string_equal(entries[MANY + 1].name, "p (231).png");
    buf_finish(&taker.bytes);
}

static void test_many_pictures_go_through_in_batches(void **state)
{
    enum { MANY = 230 };
    struct house *house = *state;
    struct taker taker = {.left = SIZE_MAX};
    struct entry entries[MANY + 1];

    add_pictures_alike(house, MANY, (struct picture){.name = "p"});
    archive(house, "{\"all_matching\":{\"rating\":0}}", &taker);
    assert_int_equal(read_zip(house, &taker, entries, COUNT(entries)), MANY + 1);
    assert_string_equal(entries[MANY - 1].name, "p (230).png");
    buf_finish(&taker.bytes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_zip_has_each_picture_under_a_name_of_its_own),
        TEST(test_names_in_any_script_are_marked_as_utf8),
        TEST(test_the_manifest_tells_how_each_was_made_and_runs_nothing),
        TEST(test_named_ones_are_taken_and_those_that_are_gone_left_out),
        TEST(test_all_that_match_but_a_few_go_in),
        TEST(test_a_client_that_leaves_and_a_picture_that_is_gone_end_it),
        TEST(test_pictures_of_one_name_are_numbered_without_trying_all),
        TEST(test_many_pictures_go_through_in_batches),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
