/* Files of a form into a real store, and handlers with a lent reader. */
#include "db/migrations.h"
#include "http/test_server.h"

#include <dirent.h>
#include <ftw.h>
#include <time.h>

struct place {
    char directory[64];
    struct db_pool *pool;
    struct blob_store *store;
    struct fixture fixture;
};

struct upload_out {
    struct str name, hash;
    int64_t size, files;
};
static const struct field upload_fields[] = {
    {.name = "name",  .type = FIELD_TEXT, .offset = offsetof(struct upload_out, name) },
    {.name = "hash",  .type = FIELD_TEXT, .offset = offsetof(struct upload_out, hash) },
    {.name = "size",  .type = FIELD_INT,  .offset = offsetof(struct upload_out, size) },
    {.name = "files", .type = FIELD_INT,  .offset = offsetof(struct upload_out, files)},
};
static const struct shape upload_shape = SHAPE("Upload", struct upload_out, upload_fields);

static bool take(struct request *req, struct error *err)
{
    static const struct sql count = {.name = "http_test_count",
                                     .text = "SELECT count(*) AS n FROM blob"};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct upload_out out = {.files = (int64_t)req->file_count};

    if (!db_query(req->db, &count, NULL, 0, &rows, err) || !rows_next(&rows))
        return false;
    if (req->file_count > 0) {
        out.name = req->files[0].name;
        out.hash = str_of(req->files[0].blob.name);
        out.size = req->files[0].blob.size;
    }
    return http_reply(req, 200, &out, err);
}

static const struct http_route routes[] = {
    {"POST",         "/api/v1/take", ACCESS_MEMBER, SCOPE_WRITE, BODY_MULTIPART, KIB(64), take, NULL,
     &upload_shape, NULL, "Takes a file.", "test", 0, 0},
    {0},
};
static const struct http_route *const tables[] = {routes, NULL};

static int setup(void **state)
{
    static struct place place;
    char path[128];
    struct db_config db = {.path = path,
                           .readers = 1,
                           .migrations = db_migrations,
                           .migration_count = db_migration_count,
                           .clock = &clock_system};
    struct blob_config blob = {.directory = path,
                               .clock = &clock_system,
                               .free_bytes_uploads_min = 1,
                               .free_bytes_jobs_min = 1};
    struct error err = {0};

    place = (struct place){.directory = "/tmp/vitrine-http-XXXXXX"};
    assert_non_null(mkdtemp(place.directory));
    snprintf(path, sizeof(path), "%s/vitrine.db", place.directory);
    if (!db_pool_open(&db, &place.pool, &err))
        fail_msg("%s: %s", err.message, err.detail);
    snprintf(path, sizeof(path), "%s/blobs", place.directory);
    blob.pool = place.pool;
    if (!blob_store_open(&blob, &place.store, &err))
        fail_msg("%s: %s", err.message, err.detail);
    fixture_prepare(&place.fixture);
    place.fixture.config.tables = tables;
    place.fixture.config.pool = place.pool;
    place.fixture.config.blobs = place.store;
    fixture_start(&place.fixture);
    *state = &place;
    return 0;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    struct place *place = *state;

    fixture_end(&place->fixture);
    blob_store_close(place->store);
    db_pool_close(place->pool);
    return nftw(place->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static size_t counted;

static int count_file(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    counted += type == FTW_F && path[walk->base] != '.';
    return 0;
}

/* Files that are being written. */
static size_t temporary_files(const struct place *place)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/blobs/tmp", place->directory);
    counted = 0;
    assert_int_equal(nftw(path, count_file, 16, FTW_PHYS), 0);
    return counted;
}

static void temporary_files_wait(const struct place *place, size_t count)
{
    struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; temporary_files(place) != count; i++) {
        if (i == 10000)
            fail_msg("%zu temporary files instead of %zu", temporary_files(place), count);
        nanosleep(&pause, NULL);
    }
}

#define FILE_PART                                                                                  \
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../t.png\"\r\n\r\n"

/* Sends a form of `size` bytes of file, of which `sent` are sent. */
static int form_open(const struct place *place, size_t size, size_t sent, const char *end)
{
    int fd = client_connect(&place->fixture);
    struct buf bytes = {0};

    buf_printf(
        &bytes,
        "POST /api/v1/take HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer writer\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %zu\r\n\r\n%s",
        place->fixture.port, sizeof(FILE_PART) - 1 + size + strlen(end), FILE_PART);
    for (size_t i = 0; i < sent; i++)
        buf_add_char(&bytes, (char)('a' + i % 7));
    if (sent == size)
        buf_add(&bytes, str_of(end));
    client_send(fd, buf_str(&bytes));
    buf_finish(&bytes);
    return fd;
}

static void test_a_file_is_stored_as_it_came(void **state)
{
    const struct place *place = *state;
    int fd = form_open(place, 50000, 50000, "\r\n--b--");
    struct answer answer = client_read(fd, false);
    struct buf wanted = {0};
    struct sha256 hash;
    char hex[SHA256_HEX_SIZE + 1];

    assert_int_equal(answer.status, 200);
    for (size_t i = 0; i < 50000; i++)
        buf_add_char(&wanted, (char)('a' + i % 7));
    hash = sha256_of(buf_str(&wanted));
    sha256_hex(&hash, hex);
    assert_true(answer_has(&answer, hex));
    assert_true(answer_has(&answer, "\"name\":\"t.png\""));
    assert_true(answer_has(&answer, "\"size\":50000,\"files\":1"));
    assert_int_equal(temporary_files(place), 0);
    buf_finish(&wanted);
    buf_finish(&answer.bytes);
    close(fd);
}

static void test_what_breaks_off_leaves_nothing(void **state)
{
    const struct place *place = *state;
    int fd = form_open(place, 50000, 20000, "\r\n--b--");

    temporary_files_wait(place, 1);
    close(fd);
    temporary_files_wait(place, 0);
}

static void test_what_is_refused_leaves_nothing(void **state)
{
    static const struct {
        size_t size;
        const char *end;
        int status;
        const char *why;
    } rows[] = {
        {100,   "\r\n--b",                       400, "no closing boundary"    },
        {100,   "\r\n--bx",                      400, "a broken boundary"      },
        {100,   "\r\n" FILE_PART "more\r\n--bx", 400, "a broken second file"   },
        {70000, "\r\n--b--",                     413, "more than the row takes"},
    };
    const struct place *place = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = form_open(place, rows[i].size, rows[i].size, rows[i].end);
        struct answer answer = client_read(fd, false);

        if (answer.status != rows[i].status)
            fail_msg("%s: %.*s", rows[i].why, STR_ARGS(buf_str(&answer.bytes)));
        buf_finish(&answer.bytes);
        close(fd);
        temporary_files_wait(place, 0);
    }
}

/* There is one reader; nobody who fails keeps it. */
static void test_the_reader_comes_back(void **state)
{
    const struct place *place = *state;

    for (int i = 0; i < 5; i++) {
        int fd = form_open(place, 10, 10, i % 2 == 0 ? "\r\n--b" : "\r\n--b--");
        struct answer answer = client_read(fd, false);

        assert_int_equal(answer.status, i % 2 == 0 ? 400 : 200);
        buf_finish(&answer.bytes);
        close(fd);
    }
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_a_file_is_stored_as_it_came),
        WITH_SERVER(test_what_breaks_off_leaves_nothing),
        WITH_SERVER(test_what_is_refused_leaves_nothing),
        WITH_SERVER(test_the_reader_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
