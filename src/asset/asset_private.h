/* asset/asset_private.h: what the files of the room share: rules, rows, SQL, the service. */
#pragma once

#include "asset/asset.h"
#include "core/buf.h"
#include "core/id.h"
#include "core/worker.h"

#include <pthread.h>

#define ASSET_NAME_MAX_CHARS 200
#define TAG_MAX_CHARS 50
#define TAGS_PER_ASSET_MAX 50
#define TAGS_PER_USER_MAX 5000
#define LIST_LIMIT_MAX 200
#define LIST_LIMIT 50
#define QUERY_MAX_CHARS 200
/* Of a prompt that a search finds: each is indexed anew when its picture's name or tags change. */
#define PROMPT_WORDS_MAX_CHARS 2000
#define IDS_MAX 1000 /* named in one request */
/* So that a long change never holds the writer up: a new tag on a picture with a long prompt takes
 * 7 ms, on a usual one less than one. */
#define CHANGES_PER_COMMIT 100
#define FILES_MAX 50
#define UPLOAD_SIZE_MAX MIB(64) /* of one file, unless the limits say otherwise */
#define ARCHIVE_ITEMS_MAX 10000
#define ARCHIVE_LIFE_MS ((int64_t)60 * 60 * 1000)
/* Not used for so long a mask goes; what was refused may be tried again until then. */
#define MASK_LIFE_MS ((int64_t)30 * 24 * 60 * 60 * 1000)
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define QUARTER_MS ((int64_t)15 * 60 * 1000)

/* ---- rules: asset.c ---- */

/* At most 200 characters, no control characters.  Fails naming "name". */
MUST_CHECK bool asset_name_check(struct str name, struct error *err);
/* What a client calls its file, as a name: without folders and the ending of a picture. */
struct str asset_name_of_file(struct str file_name, struct arena *arena);
/* The first line of a prompt, clipped between words. */
struct str asset_name_of_prompt(struct str prompt, struct arena *arena);
/* What the file is called when it leaves: the name, safe on every system, with its ending. */
struct str asset_file_name(const struct asset *asset, const char *extension, struct arena *arena);
enum image_type asset_type_of_mime(struct str mime);

/* 1-50 characters, no control characters.  Fails naming `field`. */
MUST_CHECK bool tag_check(struct str name, const char *field, struct error *err);
/* Trimmed, checked, each once.  Fails naming "tags[i]" or "tags". */
MUST_CHECK bool tags_check(const struct text_list *tags, struct arena *arena, struct text_list *out,
                           struct error *err);
/* The name as it is compared, in `arena`. */
struct str tag_key(struct str name, struct arena *arena);
bool tags_have(const struct text_list *tags, struct str name);
/* One a line, as they stand in the row; and back. */
struct str tags_join(const struct text_list *tags, struct arena *arena);
struct text_list tags_split(struct str lines, struct arena *arena);

/* Which pictures; zeroed means all that are not in the trash. */
struct asset_filter {
    struct str q, tag, kind;
    struct str model;        /* a wire id, or "PROVIDERID/wire-id" */
    struct str run, product; /* public ids */
    int64_t rating;          /* at least; 0: any */
    bool starred;            /* only starred ones */
    int64_t from_ms;         /* created then or later */
    int64_t to_ms;           /* created before; 0: any */
    bool trash;              /* those in the trash instead */
};
extern const struct shape asset_filter_shape; /* "AssetFilter" */
bool asset_filter_is_all(const struct asset_filter *filter);

enum asset_sort { SORT_NEWEST, SORT_OLDEST, SORT_RATING, SORT_COUNT };
extern const char *const asset_sorts[];
enum asset_sort asset_sort_of(struct str name); /* empty: newest */

/* Where a page ended. */
struct asset_place {
    int64_t rating, at_ms, id;
};
struct asset_place asset_place_first(enum asset_sort sort);
struct str asset_place_print(const struct asset_place *place, struct arena *arena);
/* Fails: INVALID with field "cursor". */
MUST_CHECK bool asset_place_read(struct str cursor, struct asset_place *out, struct error *err);

enum asset_action {
    ACTION_TRASH,
    ACTION_RESTORE,
    ACTION_DELETE,
    ACTION_STAR,
    ACTION_UNSTAR,
    ACTION_RATE,
    ACTION_TAG_ADD,
    ACTION_TAG_REMOVE
};
extern const char *const asset_actions[];
enum asset_action asset_action_of(struct str name); /* one of the names */

/* ---- recipes ---- */

struct recipe {
    struct str operation, provider_id, provider_name, model, prompt, revised_prompt,
        negative_prompt, parameters, request_id, currency, dropped;
    struct text_list references;
    int64_t seed;       /* -1: none */
    int64_t cost_micro; /* its share of the task's; -1: unknown */
    int64_t started_at_ms, finished_at_ms, took_ms;
};
struct asset_detail {
    struct asset asset;
    struct recipe *recipe; /* NULL: it was uploaded */
};
extern const struct shape recipe_shape;       /* "Recipe" */
extern const struct shape asset_detail_shape; /* "AssetDetail" */

/* ---- SQL.  Fails: as db_query() or db_exec(), and what is said. ---- */

/* A new picture: its row, references to its bytes, its day's count, its words, and the event. */
struct asset_new {
    struct asset asset; /* id, user_id, created_at_ms and the picture's facts; row_id is set */
    int64_t variant_sizes[IMAGE_VARIANT_COUNT];
    const struct recipe *recipe;                   /* NULL: none */
    int64_t run_row_id, task_row_id, result_index; /* task_row_id 0: of no task */
};
MUST_CHECK bool asset_store_add(struct db *db, struct asset_new *fresh, struct arena *arena,
                                struct error *err);
/* NOT_FOUND for somebody else's too. */
MUST_CHECK bool asset_store_find(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                                 struct asset *out, struct error *err);
/* The oldest of the user's with these bytes; *found. */
MUST_CHECK bool asset_store_find_blob(struct db *db, int64_t user_id, struct str blob,
                                      struct arena *arena, bool *found, struct asset *out,
                                      struct error *err);
MUST_CHECK bool asset_store_has_result(struct db *db, int64_t task_row_id, int64_t index,
                                       struct str blob, bool *has, struct error *err);
/* name, rating, is_starred and tags as they stand in `asset`; its version grows. */
MUST_CHECK bool asset_store_update(struct db *db, struct asset *asset, struct arena *arena,
                                   struct error *err);
/* Into the trash, or out of it with 0; keeps the counts of days and tags. */
MUST_CHECK bool asset_store_set_trashed(struct db *db, struct asset *asset, int64_t trashed_at_ms,
                                        struct arena *arena, struct error *err);
/* For good: row, recipe, tags, words, references to its bytes. */
MUST_CHECK bool asset_store_remove(struct db *db, const struct asset *asset, int64_t now_ms,
                                   struct error *err);
MUST_CHECK bool asset_store_set_variant(struct db *db, const struct asset *asset,
                                        enum image_variant variant, const struct blob *blob,
                                        int64_t now_ms, struct error *err);
/* Of anybody, in the trash since before; the oldest first. */
MUST_CHECK bool asset_store_trashed(struct db *db, int64_t before_ms, size_t limit,
                                    struct arena *arena, struct asset **out, size_t *count,
                                    struct error *err);
MUST_CHECK bool asset_tell_created(struct db *db, const struct asset *asset, int64_t now_ms,
                                   struct error *err);
MUST_CHECK bool asset_tell_changed(struct db *db, const struct asset *asset, int64_t now_ms,
                                   struct error *err);
MUST_CHECK bool asset_tell_removed(struct db *db, const struct asset *asset, int64_t now_ms,
                                   struct error *err);

/* The columns every reader of rows selects, of `asset a`.  An earlier build kept a label's system
 * of any length: no more of it is read than IMAGE_LABEL_SYSTEM_MAX. */
#define ASSET_COLUMNS                                                                              \
    "a.id, a.public_id, a.user_id, a.kind, a.name, a.blob, a.mime, a.size, a.width_px,"            \
    " a.height_px, a.thumbhash, a.color, a.rating, a.is_starred, a.tags, a.run, a.task, "          \
    "a.product,"                                                                                   \
    " a.created_at_ms, a.trashed_at_ms, a.version, a.label_source, a.thumb, a.medium, a.preview,"  \
    " a.working, substr(a.label_system, 1, 200) AS label_system, a.label_at_ms"
struct asset asset_of_row(struct rows *rows, struct arena *arena);

/* list_store.c: `limit` at most, in the sort's order, behind `after`. */
MUST_CHECK bool asset_store_list(struct db *db, int64_t user_id, const struct asset_filter *filter,
                                 enum asset_sort sort, const struct asset_place *after,
                                 size_t limit, struct arena *arena, struct asset **out,
                                 size_t *count, struct error *err);
/* Its statements, ended by a NULL name: a test looks at how SQLite goes about them. */
extern const struct sql asset_lists[];
/* How many there are; -1 when that is more than can be told at once. */
MUST_CHECK bool asset_store_count(struct db *db, int64_t user_id, const struct asset_filter *filter,
                                  struct arena *arena, int64_t *out, struct error *err);
struct asset_day {
    struct str day; /* "2026-11-22" */
    int64_t count;
};
/* Days with pictures, the newest first; days begin `zone_ms` before midnight UTC. */
MUST_CHECK bool asset_store_days(struct db *db, int64_t user_id, const struct asset_filter *filter,
                                 int64_t zone_ms, struct arena *arena, struct asset_day **out,
                                 size_t *count, struct error *err);
/* The day's count goes up or down. */
MUST_CHECK bool asset_store_count_day(struct db *db, int64_t user_id, int64_t created_at_ms,
                                      int64_t more, struct error *err);

/* tag_store.c */
struct tag {
    struct str name;
    int64_t count;
};
MUST_CHECK bool tag_store_list(struct db *db, int64_t user_id, struct arena *arena,
                               struct tag **out, size_t *count, struct error *err);
/* 0 when there is none of that name. */
MUST_CHECK bool tag_store_find(struct db *db, int64_t user_id, struct str name, struct arena *arena,
                               int64_t *tag_id, struct error *err);
/* Makes the row's tags those in asset->tags.  Fails: TOO_MANY. */
MUST_CHECK bool tag_store_set(struct db *db, const struct asset *asset, struct arena *arena,
                              struct error *err);
/* The counts of an asset's tags go up or down: it left the trash or went there. */
MUST_CHECK bool tag_store_count(struct db *db, const struct asset *asset, int64_t more,
                                struct error *err);
MUST_CHECK bool tag_store_drop(struct db *db, const struct asset *asset, struct error *err);
/* The asset's words as they are searched; `prompt` and `model` are its recipe's. */
MUST_CHECK bool words_store_add(struct db *db, const struct asset *asset, struct str prompt,
                                struct str model, struct arena *arena, struct error *err);
/* The same after a change of name or tags; reads the recipe. */
MUST_CHECK bool words_store_update(struct db *db, const struct asset *asset, struct error *err);
MUST_CHECK bool words_store_drop(struct db *db, const struct asset *asset, struct error *err);
/* The FTS5 query for a user's words; empty when there is no word in it. */
struct str words_query(struct str text, int64_t user_id, struct arena *arena);

/* recipe_store.c */
MUST_CHECK bool recipe_store_add(struct db *db, const struct asset_new *fresh, struct arena *arena,
                                 struct error *err);
/* *out is NULL when there is none. */
MUST_CHECK bool recipe_store_find(struct db *db, int64_t asset_row_id, struct arena *arena,
                                  struct recipe **out, struct error *err);
/* The public id of a provider by its row, deleted ones too; empty: none. */
MUST_CHECK bool recipe_store_provider(struct db *db, int64_t provider_row_id, struct arena *arena,
                                      struct str *out, struct error *err);

/* mask_store.c */
struct mask {
    struct str id, blob;
    int64_t width_px, height_px;
};
MUST_CHECK bool mask_store_find(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                                bool *found, struct mask *out, struct error *err);
/* A new row that keeps its bytes of `size`; when the user has these already, *mask is that one and
 * counts as used now. */
MUST_CHECK bool mask_store_add(struct db *db, int64_t user_id, int64_t size, int64_t now_ms,
                               struct arena *arena, struct mask *mask, struct error *err);
/* Lets go of 500 at most that were last used before. */
MUST_CHECK bool mask_store_trim(struct db *db, int64_t before_ms, int64_t now_ms,
                                struct arena *arena, struct error *err);

/*
 * mask.c: one uploaded file becomes a mask.  Fails: TOO_LARGE, PICTURE_TYPE (no PNG), INVALID (no
 * transparent part, or nothing else), all with field "file", and as image_probe(), blob_put() and
 * db_transact().  Thread: handler.
 */
MUST_CHECK bool mask_upload(struct asset_service *service, int64_t user_id,
                            const struct http_file *file, struct arena *arena, struct mask *out,
                            struct error *err);

/* archive_store.c */
MUST_CHECK bool archive_store_add(struct db *db, int64_t user_id, struct str id,
                                  struct str selection, int64_t now_ms, struct error *err);
/* NOT_FOUND; GONE when its link has ended. */
MUST_CHECK bool archive_store_find(struct db *db, int64_t user_id, struct str id, int64_t now_ms,
                                   struct arena *arena, struct str *selection, struct error *err);
MUST_CHECK bool archive_store_trim(struct db *db, int64_t before_ms, struct error *err);

/* ---- the service ---- */

struct asset_service {
    struct asset_config config;
    size_t picture_works;
    pthread_mutex_t lock; /* guards what follows; a leaf: nothing else is taken under it */
    pthread_cond_t left;
    size_t inside;
    struct worker_pool *worker; /* of jobs; NULL: asset_service_start() was not called */
    _Atomic bool is_ending;
};

/* The limits now, none of them 0. */
struct asset_limits asset_limits_now(const struct asset_service *service);
/* Waits for a turn at pictures: they take a core and much memory each. */
void asset_gate_enter(struct asset_service *service);
void asset_gate_leave(struct asset_service *service);
void asset_wake(const struct asset_service *service, int64_t user_id);

/* ---- change.c ---- */

struct asset_patch {
    bool has_name, has_rating, has_star, has_tags;
    struct str name;
    int64_t rating;
    bool is_starred;
    struct text_list tags;
    int64_t version; /* what it was made from; 0: whatever it is */
};
/* NOT_FOUND, PRECONDITION (another version), TOO_MANY (tags). */
MUST_CHECK bool asset_change(struct asset_service *service, int64_t user_id, struct str id,
                             const struct asset_patch *patch, struct arena *arena,
                             struct asset_detail *out, struct error *err);

/* The pictures a request means: named, or all that match but a few. */
struct asset_selection {
    struct text_list ids;
    struct asset_filter *all_matching; /* NULL: the ids */
    struct text_list except;           /* of all that match, those that are left as they are */
};
extern const struct shape asset_selection_shape; /* "ArchiveRequest" */
/* Exactly one of both, exceptions only to all that match, ids that are ids; puts them in order,
 * each once.  Fails: REQUIRED, INVALID. */
MUST_CHECK bool asset_selection_check(struct asset_selection *selection, struct arena *arena,
                                      struct error *err);

/* Whether it is no exception and still is where the filter looked: a picture that came out of the
 * trash meanwhile is not deleted with it. */
bool asset_is_selected(const struct asset_selection *selection, const struct asset *asset);
/* How many of the exceptions would match: all that match are so many more than are meant. */
MUST_CHECK bool asset_selection_excepted(struct db *db, int64_t user_id,
                                         const struct asset_selection *selection, int64_t *out,
                                         struct error *err);

/* Walks a selection in batches, each seen at its own moment; `walk.after` is where it stands. */
struct asset_walk {
    const struct asset_selection *selection;
    int64_t user_id;
    size_t next; /* of the ids */
    struct asset_place after;
};
struct asset_walk asset_walk_begin(const struct asset_selection *selection, int64_t user_id);
/* The next `limit` at most, those that are not there or not meant left out; *is_end when nothing
 * comes after. */
MUST_CHECK bool asset_walk_next(struct asset_walk *walk, struct db *db, size_t limit,
                                struct arena *arena, struct asset **out, size_t *count,
                                bool *is_end, struct error *err);

struct asset_bulk {
    const struct asset_selection *selection;
    enum asset_action action;
    int64_t rating;
    struct str tag;
};
struct asset_apply {
    enum asset_action action;
    int64_t rating;
    struct str tag;
    int64_t trashed_at_ms; /* of ACTION_TRASH; 0: now */
    int64_t now_ms;
    bool is_told; /* each by an event of its own */
    struct arena *arena;
};
/* One of many, inside a transaction; *changed when it is not as it was. */
MUST_CHECK bool asset_apply(struct db *db, struct asset *asset, const struct asset_apply *apply,
                            bool *changed, struct error *err);
/* In commits of CHANGES_PER_COMMIT; what is committed stays when a later one fails. */
MUST_CHECK bool asset_change_all(struct asset_service *service, int64_t user_id,
                                 const struct asset_bulk *bulk, int64_t *changed,
                                 struct error *err);

/* ---- job.c: the same, going on by itself ---- */

#define JOB_PICTURES CHANGES_PER_COMMIT
#define JOBS_LIVE_MAX 20 /* of one user */
#define JOBS_SHOWN 20
#define JOB_LIFE_MS ((int64_t)60 * 60 * 1000) /* after its end: so long it can be undone */

enum job_state { JOB_RUNNING, JOB_UNDOING, JOB_DONE, JOB_STOPPED, JOB_UNDONE, JOB_FAILED };
extern const char *const job_states[];
enum job_event {
    JOB_STOP,   /* a person's */
    JOB_UNDO,   /* a person's */
    JOB_AT_END, /* nothing is left to do */
    JOB_BROKE,  /* trying again would not help */
    JOB_EVENT_COUNT
};
/* CONFLICT when the table does not list it. */
MUST_CHECK bool job_next_state(enum job_state from, enum job_event event, enum job_state *out,
                               struct error *err);

struct asset_job {
    int64_t row_id, user_id;  /* not shown */
    struct str selection;     /* not shown: JSON */
    struct str tag;           /* not shown */
    int64_t rating, next;     /* not shown */
    struct asset_place after; /* not shown */
    enum job_state stands;    /* not shown: `state` again */
    struct str id, state, action, error;
    int64_t total, seen, changed, undone, created_at_ms, ended_at_ms;
    bool can_undo;
};
extern const struct shape asset_job_shape; /* "AssetJob" */

/* On disk when it returns, and under way.  Fails: NOT_FOUND (no picture), TOO_MANY (jobs). */
MUST_CHECK bool asset_job_start(struct asset_service *service, int64_t user_id,
                                const struct asset_bulk *bulk, struct arena *arena,
                                struct asset_job *out, struct error *err);
/* What a person says.  NOT_FOUND, CONFLICT (it cannot be undone or stopped), GONE (no longer). */
MUST_CHECK bool asset_job_tell(struct asset_service *service, int64_t user_id, struct str id,
                               enum job_event event, struct arena *arena, struct asset_job *out,
                               struct error *err);
bool asset_job_can_undo(const struct asset_job *job, int64_t now_ms);
/* One commit of the oldest live job; *more when there was one.  Thread: the service's worker. */
MUST_CHECK bool asset_job_step(struct asset_service *service, bool *more, struct error *err);
/* job_store.c: inside a transaction, or a reader for what only reads */
MUST_CHECK bool job_store_add(struct db *db, struct asset_job *job, struct error *err);
MUST_CHECK bool job_store_find(struct db *db, int64_t user_id, struct str id, int64_t now_ms,
                               struct arena *arena, struct asset_job *out, struct error *err);
/* The oldest that is live, undoing before doing; *found. */
MUST_CHECK bool job_store_live(struct db *db, struct arena *arena, bool *found,
                               struct asset_job *out, struct error *err);
MUST_CHECK bool job_store_list(struct db *db, int64_t user_id, int64_t now_ms, struct arena *arena,
                               struct asset_job **out, size_t *count, struct error *err);
/* State, place, counts and end, as they stand in `job`, of one that is still in `was`; *held is
 * false when it is not: somebody stopped it meanwhile. */
MUST_CHECK bool job_store_update(struct db *db, const struct asset_job *job, enum job_state was,
                                 bool *held, struct error *err);
struct job_item {
    struct str asset;
    int64_t before;
};
MUST_CHECK bool job_store_note(struct db *db, const struct asset_job *job, struct str asset,
                               int64_t before, struct error *err);
MUST_CHECK bool job_store_items(struct db *db, const struct asset_job *job, size_t limit,
                                struct arena *arena, struct job_item **out, size_t *count,
                                struct error *err);
MUST_CHECK bool job_store_forget(struct db *db, const struct asset_job *job, struct str asset,
                                 struct error *err);
/* Notes, then rows, of what ended before; bounded. */
MUST_CHECK bool job_store_trim(struct db *db, int64_t before_ms, struct error *err);

/* bulk_http.c: `value` of a request as its action needs it. */
MUST_CHECK bool bulk_value_read(struct request *req, struct asset_bulk *bulk, struct error *err);
extern const struct shape bulk_shape; /* "BulkRequest" */
struct bulk_input {
    struct asset_selection selection;
    struct str action, value;
};

/* ---- upload.c ---- */

struct upload_error {
    struct str code, field, detail;
    int64_t limit;
};
struct upload_item {
    struct asset *asset; /* NULL: `error` says why */
    bool is_duplicate;
    struct str name;
    struct upload_error *error;
};
/* One file; what is wrong with it is in *out, never the request's failure. */
void asset_upload(struct asset_service *service, int64_t user_id, const struct http_file *file,
                  struct arena *arena, struct upload_item *out);

/* ---- variant.c ---- */

/* A smaller copy is made: it was not, or its bytes are gone.  *blob is in `arena`. */
MUST_CHECK bool asset_make_variant(struct asset_service *service, const struct asset *asset,
                                   enum image_variant variant, struct arena *arena,
                                   struct str *blob, struct error *err);

/* ---- archive.c ---- */

/* Writes the selection as a ZIP; see http_reply_produce().  `context` is a struct archive_work. */
struct archive_work;
struct archive_work *archive_work_create(struct asset_service *service, int64_t user_id,
                                         struct str selection, struct error *err);
bool archive_produce(struct http_sink *sink, void *context, struct error *err);
void archive_work_destroy(void *context);
/* Names that were tried so far: three a picture at most, however many have the same. */
size_t archive_work_tries(const struct archive_work *work);
/* The same through a function, so that a test can hold the bytes. */
typedef bool (*archive_write)(void *context, const void *data, size_t size);
MUST_CHECK bool archive_run(struct archive_work *work, archive_write write, void *context,
                            struct error *err);
