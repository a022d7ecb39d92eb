/* Files on a disk that fails: the nth fsync or operation of the database fails, or the power is cut
 * there.  What somebody was told is stored is there then, and nothing under a hash is not its
 * bytes. */
#include "blob/test_private.h"
#include "core/log.h"
#include "db/shim_vfs.h"

#include <inttypes.h>

enum { BLOBS = 8, STRIDE = 13 };

struct life {
    struct place place;
    struct shim_plan plan;
    bool is_acknowledged[BLOBS];
};

static struct life life;

static void fail_life(const char *what, const char *more)
{
    fail_msg("%s: %s (SWEEP: %s%s at %ld, seed %" PRIu64 ")", what, more,
             life.plan.is_lasting ? "lasting " : "", shim_fault_name(life.plan.fault),
             life.plan.nth, life.plan.seed);
}

/* More than a sector, and no two alike; the last is the first again. */
static struct str bytes_of(int number)
{
    static char bytes[3000];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)('a' + (number % (BLOBS - 1) + (int)i) % 26);
    return (struct str){bytes, sizeof(bytes) - (size_t)(number % (BLOBS - 1))};
}

static bool open_all(struct error *err)
{
    struct place *place = &life.place;
    char path[96], folder[96];
    struct db_config pool = {.path = path,
                             .readers = 2,
                             .migrations = db_migrations,
                             .migration_count = db_migration_count,
                             .clock = &place->clock};
    struct blob_config store;

    (void)snprintf(path, sizeof(path), "%s/vitrine.db", place->directory);
    if (!db_pool_open(&pool, &place->pool, err))
        return false;
    store = place_config(place, folder);
    return blob_store_open(&store, &place->store, err);
}

static void close_all(void)
{
    blob_store_close(life.place.store);
    db_pool_close(life.place.pool);
    life.place.store = NULL;
    life.place.pool = NULL;
}

static bool store_one(int number, struct error *err)
{
    struct ref ref = {.owner = "test", .now_ms = life.place.time.wall_ms};

    return blob_put(life.place.store, bytes_of(number), &ref.blob, err) &&
           db_transact(life.place.pool, "test_add_ref", add_ref_work, &ref, err);
}

static void live(void)
{
    struct error err = {0};

    if (!open_all(&err))
        return;
    for (int number = 0; number < BLOBS; number++)
        life.is_acknowledged[number] = store_one(number, &err);
}

/* ---- what must be true then ---- */

static int check_file(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    char bytes[4096], hex[SHA256_HEX_SIZE + 1];
    struct sha256 hash;
    ssize_t size;
    int fd;

    (void)info;
    if (type != FTW_F || !blob_name_is_valid(str_of(path + walk->base)))
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    size = read(fd, bytes, sizeof(bytes));
    (void)close(fd);
    hash = sha256_of((struct str){bytes, (size_t)size});
    sha256_hex(&hash, hex);
    if (strcmp(hex, path + walk->base) != 0)
        fail_life("other bytes under a hash", path);
    return 0;
}

/* Each row that lives has its file (I11). */
static void check_rows(void)
{
    static const struct sql list = {
        "test_rows", "SELECT sha256, size FROM blob WHERE state = 'live' ORDER BY sha256", NULL};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct error err = {0};

    assert_true(db_borrow(life.place.pool, &db, &err));
    assert_true(db_query(db, &list, NULL, 0, &rows, &err));
    while (rows_next(&rows)) {
        const char *name = arena_cstr(arena, rows_str(&rows, "sha256", arena));
        int64_t size = -1;

        if (!blob_find_file(life.place.store, name, &size) || size != rows_int64(&rows, "size"))
            fail_life("a row without its file", name);
    }
}

static void check_all(void)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    char folder[96], hex[SHA256_HEX_SIZE + 1];
    struct error err = {0};

    for (int number = 0; number < BLOBS; number++) {
        const struct str bytes = bytes_of(number);
        const struct sha256 hash = sha256_of(bytes);
        struct str found;

        sha256_hex(&hash, hex);
        if (life.is_acknowledged[number] &&
            (!blob_get(life.place.store, str_of(hex), KIB(4), arena, &found, &err) ||
             !str_equal(found, bytes)))
            fail_life("acknowledged and lost", hex);
    }
    (void)snprintf(folder, sizeof(folder), "%s/blobs", life.place.directory);
    assert_int_equal(nftw(folder, check_file, 16, FTW_PHYS), 0);
    check_rows();
}

static void must_open(void)
{
    struct error err = {0};

    if (!open_all(&err))
        fail_life(err.message, err.detail);
}

/* False: nothing struck. */
static bool live_once(void)
{
    struct place *place = &life.place;
    struct error err = {0};
    long hits;

    *place = (struct place){.time = {.wall_ms = NOON}};
    place->clock = clock_of_fake(&place->time);
    memset(life.is_acknowledged, 0, sizeof(life.is_acknowledged));
    (void)snprintf(place->directory, sizeof(place->directory), "%s/vitrine-blob-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(place->directory));
    open_pool(place);
    db_pool_close(place->pool);
    place->pool = NULL;
    shim_watch(place->directory);
    shim_plan(&life.plan);
    live();
    shim_heal();
    hits = shim_hits();
    close_all();
    if (shim_is_cut())
        shim_power_on();
    must_open();
    check_all();

    /* What failed is tried again, and the next power cut takes none of it. */
    for (int number = 0; number < BLOBS; number++) {
        life.is_acknowledged[number] = store_one(number, &err);
        if (!life.is_acknowledged[number])
            fail_life(err.message, err.detail);
    }
    close_all();
    shim_cut(life.plan.seed + 1);
    shim_power_on();
    must_open();
    check_all();
    close_all();
    shim_finish();
    assert_int_equal(nftw(place->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    return hits > 0;
}

static void test_a_fault_at_any_operation_loses_no_file(void **state)
{
    static const struct {
        enum shim_fault fault;
        bool is_lasting;
        int seeds;
    } manners[] = {
        {SHIM_IO_ERROR,  false, 1},
        {SHIM_IO_ERROR,  true,  1},
        {SHIM_POWER_CUT, false, 4},
    };

    (void)state;
    log_configure(LOG_ERROR + 1, false); /* failures are what this is about */
    for (size_t i = 0; i < COUNT(manners); i++) {
        for (int seed = 0; seed < manners[i].seeds; seed++) {
            life.plan = (struct shim_plan){
                .ops = SHIM_SYNC, .fault = manners[i].fault, .is_lasting = manners[i].is_lasting};
            do {
                life.plan.nth = shim_next(life.plan.nth, STRIDE);
                life.plan.seed = (uint64_t)life.plan.nth * 16 + (uint64_t)seed;
            } while (live_once());
            if (life.plan.nth < 4 * BLOBS)
                fail_msg("%ld operations only", life.plan.nth);
        }
    }
}

static int install(void **state)
{
    (void)state;
    shim_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fault_at_any_operation_loses_no_file),
    };

    return cmocka_run_group_tests(tests, install, NULL);
}
