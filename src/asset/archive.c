/*
 * Many pictures as one ZIP, made while it is sent: pictures are compressed already, so they are
 * stored as they are.  At its end stands manifest.csv with what made each.
 */
#include "asset/asset_private.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"

#define BATCH 50
#define PIECE_SIZE KIB(64)
#define BATCH_MEMORY_MAX MIB(256) /* with the longest prompts there can be */
#define CELL_SIZE_MAX 4000        /* of a prompt in the manifest; the recipe has it whole */
#define NAMES_BUCKETS 32768
_Static_assert(NAMES_BUCKETS >= 2 * ARCHIVE_ITEMS_MAX, "names find a free place at once");

/* A name in use.  Names are never given back, so that no number below `next` is free. */
struct taken {
    uint64_t hash; /* 0: a free place */
    int next;      /* of " (2)", to tell apart those of the same name */
};

struct archive_work {
    struct asset_service *service;
    int64_t user_id;
    struct asset_selection selection;
    struct arena *arena; /* the selection's */
    struct arena *batch; /* of what is under way */
    struct archive *zip;
    struct buf manifest;
    struct taken *names;  /* by their hash */
    struct buf name, key; /* one that is tried, and its hashed form */
    size_t tries;
    archive_write write;
    void *write_context;
    bool is_client_gone;
    bool is_ended; /* nothing more is written */
    char piece[PIECE_SIZE];
};

struct archive_work *archive_work_create(struct asset_service *service, int64_t user_id,
                                         struct str selection, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct archive_work *work = calloc(1, sizeof(*work));

    if (work == NULL)
        abort();
    work->service = service;
    work->user_id = user_id;
    work->arena = arena_create(MIB(4));
    work->batch = arena_create(BATCH_MEMORY_MAX);
    work->names = calloc(NAMES_BUCKETS, sizeof(*work->names));
    if (work->names == NULL)
        abort();
    if (!json_read(selection, &json, err) ||
        !shape_read(&asset_selection_shape, json, work->arena, &work->selection, NULL, err)) {
        archive_work_destroy(work);
        return NULL;
    }
    return work;
}

void archive_work_destroy(void *context)
{
    struct archive_work *work = context;

    if (work == NULL)
        return;
    arena_destroy(work->arena);
    arena_destroy(work->batch);
    buf_finish(&work->manifest);
    buf_finish(&work->name);
    buf_finish(&work->key);
    free(work->names);
    free(work);
}

/* ---- names ---- */

/* False when it is in use: two names that differ in case only are one on many systems.  *out is its
 * place either way. */
static bool name_take(struct archive_work *work, struct str name, struct taken **out)
{
    uint64_t hash;
    size_t at;

    work->tries++;
    buf_clear(&work->key);
    for (size_t i = 0; i < name.size; i++)
        buf_add_char(&work->key, str_lower_char(name.data[i]));
    hash = hash_u64(buf_str(&work->key), 1) | 1;
    at = (hash >> 1) % NAMES_BUCKETS;
    while (work->names[at].hash != 0 && work->names[at].hash != hash)
        at = (at + 1) % NAMES_BUCKETS;
    *out = &work->names[at];
    if (work->names[at].hash == hash)
        return false;
    work->names[at] = (struct taken){.hash = hash, .next = 2};
    return true;
}

static struct str name_make(struct archive_work *work, const struct asset *asset)
{
    const char *extension = image_extension(asset_type_of_mime(asset->mime));
    struct str name = asset_file_name(asset, extension, work->batch);
    struct str base = str_slice(name, 0, name.size - strlen(extension) - 1);
    struct taken *same, *numbered;

    if (name_take(work, name, &same))
        return name;
    do {
        buf_clear(&work->name);
        buf_printf(&work->name, "%.*s (%d).%s", STR_ARGS(base), same->next++, extension);
    } while (!name_take(work, buf_str(&work->name), &numbered) && same->next <= ARCHIVE_ITEMS_MAX);
    return arena_str(work->batch, buf_str(&work->name));
}

size_t archive_work_tries(const struct archive_work *work) { return work->tries; }

/* ---- the manifest ---- */

/* RFC 4180; what a spreadsheet would take for a formula is made text (OWASP: CSV injection). */
static void cell(struct buf *out, struct str text, bool is_last)
{
    struct str clipped = text_clip(text, CELL_SIZE_MAX);

    buf_add_char(out, '"');
    if (text_is_formula(clipped))
        buf_add_char(out, '\'');
    for (size_t i = 0; i < clipped.size; i++) {
        if (clipped.data[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, clipped.data[i]);
    }
    buf_add(out, is_last ? STR("\"\r\n") : STR("\","));
}

/* Nothing for what is unknown. */
static void number(struct buf *out, int64_t value)
{
    if (value >= 0)
        buf_printf(out, "%" PRId64, value);
    buf_add_char(out, ',');
}

static void manifest_begin(struct buf *out)
{
    /* The mark that tells spreadsheets of UTF-8. */
    buf_add(out, STR("\xef\xbb\xbf"
                     "file,id,kind,created_at,width_px,height_px,rating,tags,operation,provider,"
                     "model,prompt,revised_prompt,negative_prompt,seed,parameters,cost_micro,"
                     "currency,ai_label\r\n"));
}

static struct str comma_list(const struct text_list *texts, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf line = {0};

    for (size_t i = 0; i < texts->count; i++) {
        if (i > 0)
            buf_add(&line, STR(", "));
        buf_add(&line, texts->items[i]);
    }
    return arena_str(arena, buf_str(&line));
}

static void manifest_add(struct archive_work *work, const struct asset *asset, struct str name,
                         const struct recipe *recipe)
{
    static const struct recipe none = {.seed = -1, .cost_micro = -1};
    struct buf *out = &work->manifest;
    char created_at[CLOCK_TEXT_SIZE];

    if (recipe == NULL)
        recipe = &none;
    clock_format(asset->created_at_ms, created_at);
    cell(out, name, false);
    cell(out, asset->id, false);
    cell(out, asset->kind, false);
    cell(out, str_of(created_at), false);
    number(out, asset->width_px);
    number(out, asset->height_px);
    number(out, asset->rating);
    cell(out, comma_list(&asset->tags, work->batch), false);
    cell(out, recipe->operation, false);
    cell(out, recipe->provider_name, false);
    cell(out, recipe->model, false);
    cell(out, recipe->prompt, false);
    cell(out, recipe->revised_prompt, false);
    cell(out, recipe->negative_prompt, false);
    number(out, recipe->seed);
    cell(out, recipe->parameters, false);
    number(out, recipe->cost_micro);
    cell(out, recipe->currency, false);
    cell(out, asset->label == NULL ? STR_EMPTY : asset->label->source_type, true);
}

/* ---- the ZIP ---- */

/* Never fails: libarchive 3.6 leaks its buffer when it is told of a failure.  What comes after one
 * goes nowhere, and is_well() ends the work. */
static la_ssize_t on_bytes(struct archive *zip, void *context, const void *data, size_t size)
{
    struct archive_work *work = context;

    (void)zip;
    if (!work->is_ended && !work->write(work->write_context, data, size)) {
        work->is_client_gone = true;
        work->is_ended = true;
    }
    return (la_ssize_t)size;
}

/* `rc` is libarchive's. */
static bool is_well(struct archive_work *work, int rc, struct error *err)
{
    const char *said = archive_error_string(work->zip);

    if (work->is_client_gone)
        return error_set(err, ERROR_CANCELLED, "the client left");
    if (rc == ARCHIVE_OK)
        return true;
    error_set(err, ERROR_INTERNAL, "the archive cannot be written");
    return error_detail(err, "%s", said == NULL ? "no reason given" : said);
}

static bool entry_begin(struct archive_work *work, struct str name, int64_t size, int64_t at_ms,
                        struct error *err)
{
    struct archive_entry *entry = archive_entry_new();
    int rc;

    if (entry == NULL)
        abort();
    archive_entry_set_pathname(entry, arena_cstr(work->batch, name));
    archive_entry_set_size(entry, size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, (time_t)(at_ms / 1000), 0);
    rc = archive_write_header(work->zip, entry);
    archive_entry_free(entry);
    return is_well(work, rc, err);
}

static bool entry_data(struct archive_work *work, const char *data, size_t size, struct error *err)
{
    la_ssize_t written = archive_write_data(work->zip, data, size);

    return is_well(work, written >= 0 && (size_t)written == size ? ARCHIVE_OK : ARCHIVE_FATAL, err);
}

static bool copy_file(struct archive_work *work, int fd, int64_t size, struct error *err)
{
    while (size > 0) {
        ssize_t got = read(fd, work->piece, PIECE_SIZE);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || got > size)
            return error_set(err, ERROR_INTERNAL, "a picture's bytes cannot be read");
        if (!entry_data(work, work->piece, (size_t)got, err))
            return false;
        size -= got;
    }
    return is_well(work, archive_write_finish_entry(work->zip), err);
}

static bool add_picture(struct archive_work *work, const struct asset *asset,
                        const struct recipe *recipe, struct error *err)
{
    struct str name = name_make(work, asset);
    int64_t size;
    bool ok;
    int fd;

    if (!blob_open(work->service->config.blobs, asset->blob, &fd, &size, err))
        return false;
    ok = entry_begin(work, name, size, asset->created_at_ms, err) && copy_file(work, fd, size, err);
    close(fd);
    if (ok)
        manifest_add(work, asset, name, recipe);
    return ok;
}

/* What a batch is about is read at once, so that no view of the database is held while a slow
 * client takes its bytes. */
static bool read_batch(struct archive_work *work, struct asset_walk *walk, struct asset **assets,
                       struct recipe ***recipes, size_t *count, bool *is_end, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;

    arena_reset(work->batch);
    if (!db_borrow(work->service->config.pool, &db, err) ||
        !asset_walk_next(walk, db, BATCH, work->batch, assets, count, is_end, err))
        return false;
    *recipes = ARENA_ARRAY(work->batch, struct recipe *, *count);
    for (size_t i = 0; i < *count; i++)
        if (!recipe_store_find(db, (*assets)[i].row_id, work->batch, &(*recipes)[i], err))
            return false;
    return true;
}

static bool add_pictures(struct archive_work *work, struct error *err)
{
    struct asset_walk walk = asset_walk_begin(&work->selection, work->user_id);
    size_t total = 0;
    bool is_end = false;

    while (!is_end && total < ARCHIVE_ITEMS_MAX) {
        struct asset *assets;
        struct recipe **recipes;
        size_t count;

        if (!read_batch(work, &walk, &assets, &recipes, &count, &is_end, err))
            return false;
        for (size_t i = 0; i < count && total < ARCHIVE_ITEMS_MAX; i++, total++)
            if (!add_picture(work, &assets[i], recipes[i], err))
                return false;
    }
    return true;
}

static bool add_manifest(struct archive_work *work, struct error *err)
{
    int64_t now_ms = clock_wall_ms(work->service->config.clock);

    return entry_begin(work, STR("manifest.csv"), (int64_t)work->manifest.size, now_ms, err) &&
           entry_data(work, work->manifest.data, work->manifest.size, err) &&
           is_well(work, archive_write_finish_entry(work->zip), err);
}

static bool fill(struct archive_work *work, struct error *err)
{
    struct taken *manifest;

    if (!is_well(work, archive_write_set_format_zip(work->zip), err) ||
        !is_well(work, archive_write_zip_set_compression_store(work->zip), err) ||
        !is_well(work, archive_write_set_bytes_per_block(work->zip, (int)PIECE_SIZE), err) ||
        !is_well(work, archive_write_set_bytes_in_last_block(work->zip, 1), err) ||
        !is_well(work, archive_write_open2(work->zip, work, NULL, on_bytes, NULL, NULL), err))
        return false;
    manifest_begin(&work->manifest);
    (void)name_take(work, STR("manifest.csv"), &manifest);
    return add_pictures(work, err) && add_manifest(work, err) &&
           is_well(work, archive_write_close(work->zip), err);
}

bool archive_run(struct archive_work *work, archive_write write, void *context, struct error *err)
{
    /* libarchive marks names as UTF-8 when the thread's locale is. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 == (locale_t)0 ? (locale_t)0 : uselocale(utf8);
    bool ok;

    work->write = write;
    work->write_context = context;
    work->zip = archive_write_new();
    if (work->zip == NULL)
        abort();
    ok = fill(work, err);
    work->is_ended = true; /* archive_write_free() would write the end of what is not whole */
    (void)archive_write_free(work->zip);
    work->zip = NULL;
    if (utf8 != (locale_t)0) {
        (void)uselocale(before);
        freelocale(utf8);
    }
    return ok;
}

static bool to_sink(void *context, const void *data, size_t size)
{
    return http_sink_write(context, data, size);
}

bool archive_produce(struct http_sink *sink, void *context, struct error *err)
{
    return archive_run(context, to_sink, sink, err);
}
