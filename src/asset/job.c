/*
 * Changes of any number of pictures that go on by themselves: commits of 100, each of which says
 * where the next begins, so that a crash leads back to the last one.  What was changed is noted in
 * the same commits; undoing walks the notes.
 */
#include "asset/asset_private.h"

#include "core/log.h"
#include "engine/event.h"

#define JOB_MEMORY_MAX MIB(64) /* the pictures of a commit, many times over */

/* ---- rules ---- */

const char *const job_states[] = {"running", "undoing", "done", "stopped",
                                  "undone",  "failed",  NULL};

static const struct {
    enum job_state from;
    enum job_event event;
    enum job_state to;
} transitions[] = {
    {JOB_RUNNING, JOB_STOP,   JOB_STOPPED},
    {JOB_RUNNING, JOB_UNDO,   JOB_UNDOING},
    {JOB_RUNNING, JOB_AT_END, JOB_DONE   },
    {JOB_RUNNING, JOB_BROKE,  JOB_FAILED },
    {JOB_UNDOING, JOB_AT_END, JOB_UNDONE },
    {JOB_UNDOING, JOB_BROKE,  JOB_FAILED },
    {JOB_DONE,    JOB_UNDO,   JOB_UNDOING},
    {JOB_STOPPED, JOB_UNDO,   JOB_UNDOING},
    {JOB_FAILED,  JOB_UNDO,   JOB_UNDOING},
};

bool job_next_state(enum job_state from, enum job_event event, enum job_state *out,
                    struct error *err)
{
    for (size_t i = 0; i < COUNT(transitions); i++)
        if (transitions[i].from == from && transitions[i].event == event) {
            *out = transitions[i].to;
            return true;
        }
    return error_set(err, ERROR_CONFLICT, "this job is %s", job_states[from]);
}

#define JOB(member) offsetof(struct asset_job, member)
/* clang-format off */
static const struct field job_fields[] = {
    {"id", FIELD_ID, JOB(id), FIELD_REQUIRED, 0, 0, NULL, NULL, "The job's id."},
    {"state", FIELD_ENUM, JOB(state), FIELD_REQUIRED, 0, 0, NULL, job_states,
     "running and undoing go on by themselves, also after a crash."},
    {"action", FIELD_ENUM, JOB(action), FIELD_REQUIRED, 0, 0, NULL, asset_actions,
     "What happens to the pictures."},
    {"total", FIELD_INT, JOB(total), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Pictures that matched when it was asked for."},
    {"seen", FIELD_INT, JOB(seen), FIELD_REQUIRED, 0, 0, NULL, NULL, "Of them, so far."},
    {"changed", FIELD_INT, JOB(changed), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "That are not as they were."},
    {"undone", FIELD_INT, JOB(undone), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "That are as they were again."},
    {"can_undo", FIELD_BOOL, JOB(can_undo), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "All but delete, until an hour after the end."},
    {"error", FIELD_TEXT, JOB(error), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL,
     "The code of what broke a failed one."},
    {"created_at", FIELD_TIME, JOB(created_at_ms), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "When it was asked for."},
    {"ended_at", FIELD_TIME, JOB(ended_at_ms), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL,
     "When it ended; null while it goes on."},
};
/* clang-format on */
const struct shape asset_job_shape = SHAPE("AssetJob", struct asset_job, job_fields);

/* Deleted for good is for good; what changed nothing has no way back to show. */
bool asset_job_can_undo(const struct asset_job *job, int64_t now_ms)
{
    enum job_state next;
    struct error err;

    return asset_action_of(job->action) != ACTION_DELETE && job->changed > 0 &&
           (job->ended_at_ms == 0 || job->ended_at_ms + JOB_LIFE_MS > now_ms) &&
           job_next_state(job->stands, JOB_UNDO, &next, &err);
}

static bool move(struct asset_job *job, enum job_event event, int64_t now_ms, struct error *err)
{
    if (!job_next_state(job->stands, event, &job->stands, err))
        return false;
    job->state = str_of(job_states[job->stands]);
    job->ended_at_ms = job->stands == JOB_RUNNING || job->stands == JOB_UNDOING ? 0 : now_ms;
    return true;
}

/* The job's row, and the one event that stands for all of the commit's pictures. */
static bool save(struct db *db, struct asset_job *job, enum job_state was, int64_t now_ms,
                 bool *held, struct error *err)
{
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;

    job->can_undo = asset_job_can_undo(job, now_ms);
    if (!job_store_update(db, job, was, held, err))
        return false;
    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, "job");
    shape_write(&asset_job_shape, job, &writer);
    json_end_object(&writer);
    return !*held || event_append(db, job->user_id, "asset.job", buf_str(&body), now_ms, err);
}

/* ---- beginning ---- */

static bool count_matches(struct db *db, int64_t user_id, const struct asset_selection *selection,
                          struct arena *arena, int64_t *out, struct error *err)
{
    struct asset_day *days;
    int64_t excepted;
    size_t count;

    *out = (int64_t)selection->ids.count;
    if (selection->all_matching == NULL)
        return true;
    if (!asset_store_days(db, user_id, selection->all_matching, 0, arena, &days, &count, err) ||
        !asset_selection_excepted(db, user_id, selection, &excepted, err))
        return false;
    *out = -excepted;
    for (size_t i = 0; i < count; i++)
        *out += days[i].count;
    return *out > 0 || error_field(err, ERROR_NOT_FOUND, "all_matching", 0, "nothing matches");
}

struct start_work {
    struct asset_job *job;
    int64_t now_ms;
};

static bool start(struct db *db, void *context, struct error *err)
{
    const struct start_work *work = context;
    bool held;

    return job_store_add(db, work->job, err) &&
           save(db, work->job, JOB_RUNNING, work->now_ms, &held, err);
}

bool asset_job_start(struct asset_service *service, int64_t user_id, const struct asset_bulk *bulk,
                     struct arena *arena, struct asset_job *out, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(buf_finish) struct buf text = {0};
    const int64_t now_ms = clock_wall_ms(service->config.clock);
    struct id id = id_make(service->config.clock, service->config.random);
    struct json_writer writer;
    struct asset_job job = {
        .user_id = user_id,
        .id = arena_str(arena, id_str(&id)),
        .state = str_of(job_states[JOB_RUNNING]),
        .stands = JOB_RUNNING,
        .action = str_of(asset_actions[bulk->action]),
        .rating = bulk->rating,
        .tag = bulk->tag,
        .after = {.rating = 5, .at_ms = now_ms, .id = INT64_MAX}, /* nothing that comes later */
        .created_at_ms = now_ms,
    };
    struct start_work work = {.job = &job, .now_ms = now_ms};

    if (!db_borrow(service->config.pool, &db, err) ||
        !count_matches(db, user_id, bulk->selection, arena, &job.total, err))
        return false;
    db_refresh(db); /* no view is held while the commit is waited for */
    json_writer_init(&writer, &text);
    shape_write(&asset_selection_shape, bulk->selection, &writer);
    job.selection = arena_str(arena, buf_str(&text));
    if (!db_transact(service->config.pool, "asset_job_start", start, &work, err))
        return false;
    asset_wake(service, user_id);
    asset_job_wake(service);
    *out = job;
    return true;
}

/* ---- what a person says ---- */

struct tell_work {
    int64_t user_id, now_ms;
    struct str id;
    enum job_event event;
    struct arena *arena;
    struct asset_job job;
};

static bool tell(struct db *db, void *context, struct error *err)
{
    struct tell_work *work = context;
    struct asset_job *job = &work->job;
    enum job_state was;
    bool held;

    if (!job_store_find(db, work->user_id, work->id, work->now_ms, work->arena, job, err))
        return false;
    if (work->event == JOB_UNDO && asset_action_of(job->action) == ACTION_DELETE)
        return error_set(err, ERROR_CONFLICT, "what was deleted for good does not come back");
    if (work->event == JOB_UNDO && job->ended_at_ms > 0 &&
        job->ended_at_ms + JOB_LIFE_MS <= work->now_ms)
        return error_set(err, ERROR_GONE, "this ended too long ago to be undone");
    was = job->stands;
    return move(job, work->event, work->now_ms, err) &&
           save(db, job, was, work->now_ms, &held, err);
}

bool asset_job_tell(struct asset_service *service, int64_t user_id, struct str id,
                    enum job_event event, struct arena *arena, struct asset_job *out,
                    struct error *err)
{
    struct tell_work work = {.user_id = user_id,
                             .now_ms = clock_wall_ms(service->config.clock),
                             .id = id,
                             .event = event,
                             .arena = arena};

    if (!db_transact(service->config.pool, "asset_job_tell", tell, &work, err))
        return false;
    asset_wake(service, user_id);
    asset_job_wake(service);
    *out = work.job;
    return true;
}

/* ---- going on ---- */

struct step_work {
    const struct asset_job *job; /* as it was read */
    struct asset_walk walk;      /* where it stands behind this step */
    struct asset_selection selection;
    struct str *ids; /* not in `arena` */
    size_t count;
    bool is_end;
    int64_t now_ms;
    struct arena *arena; /* of this commit */
    struct str error;    /* of a job that broke */
};

static bool change(struct db *db, struct asset_job *job, const struct step_work *work,
                   struct str id, struct error *err)
{
    const struct asset_apply apply = {.action = asset_action_of(job->action),
                                      .rating = job->rating,
                                      .tag = job->tag,
                                      .now_ms = work->now_ms,
                                      .arena = work->arena};
    struct asset asset;
    int64_t before;
    bool changed;

    if (!asset_store_find(db, job->user_id, id, work->arena, &asset, err))
        return err->code == ERROR_NOT_FOUND; /* gone since it was listed */
    if (!asset_is_selected(&work->selection, &asset))
        return true;
    before = apply.action == ACTION_RATE ? asset.rating : asset.trashed_at_ms;
    if (!asset_apply(db, &asset, &apply, &changed, err))
        return false;
    job->changed += changed ? 1 : 0;
    return !changed || apply.action == ACTION_DELETE || job_store_note(db, job, id, before, err);
}

static bool go_on(struct db *db, void *context, struct error *err)
{
    const struct step_work *work = context;
    struct asset_job job = *work->job;
    bool held;

    arena_reset(work->arena);
    job.next = (int64_t)work->walk.next;
    job.after = work->walk.after;
    job.seen += (int64_t)work->count;
    /* First of all: whoever stopped it meanwhile wins. */
    if (!job_store_update(db, &job, JOB_RUNNING, &held, err) || !held)
        return !held;
    for (size_t i = 0; i < work->count; i++)
        if (!change(db, &job, work, work->ids[i], err))
            return false;
    return (!work->is_end || move(&job, JOB_AT_END, work->now_ms, err)) &&
           save(db, &job, JOB_RUNNING, work->now_ms, &held, err);
}

/* Back to what it was, where it still is what the job made of it. */
static bool change_back(struct db *db, struct asset_job *job, const struct step_work *work,
                        const struct job_item *item, struct error *err)
{
    static const enum asset_action back[] = {
        [ACTION_TRASH] = ACTION_RESTORE,      [ACTION_RESTORE] = ACTION_TRASH,
        [ACTION_DELETE] = ACTION_DELETE,      [ACTION_STAR] = ACTION_UNSTAR,
        [ACTION_UNSTAR] = ACTION_STAR,        [ACTION_RATE] = ACTION_RATE,
        [ACTION_TAG_ADD] = ACTION_TAG_REMOVE, [ACTION_TAG_REMOVE] = ACTION_TAG_ADD,
    };
    const enum asset_action did = asset_action_of(job->action);
    const struct asset_apply apply = {.action = back[did],
                                      .rating = item->before,
                                      .tag = job->tag,
                                      .trashed_at_ms = item->before,
                                      .now_ms = work->now_ms,
                                      .arena = work->arena};
    struct asset asset;
    bool changed;

    if (!asset_store_find(db, job->user_id, item->asset, work->arena, &asset, err))
        return err->code == ERROR_NOT_FOUND;
    if (did == ACTION_RATE && asset.rating != job->rating)
        return true;
    if (!asset_apply(db, &asset, &apply, &changed, err))
        return false;
    job->undone += changed ? 1 : 0;
    return true;
}

static bool go_back(struct db *db, void *context, struct error *err)
{
    const struct step_work *work = context;
    struct asset_job job = *work->job;
    struct job_item *items;
    size_t count;
    bool held;

    arena_reset(work->arena);
    if (!job_store_items(db, &job, JOB_PICTURES, work->arena, &items, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!change_back(db, &job, work, &items[i], err))
            return false;
    return (count == 0 || job_store_forget(db, &job, items[count - 1].asset, err)) &&
           (count == JOB_PICTURES || move(&job, JOB_AT_END, work->now_ms, err)) &&
           save(db, &job, JOB_UNDOING, work->now_ms, &held, err);
}

static bool give_up(struct db *db, void *context, struct error *err)
{
    const struct step_work *work = context;
    struct asset_job job = *work->job;
    bool held;

    job.error = work->error;
    return move(&job, JOB_BROKE, work->now_ms, err) &&
           save(db, &job, work->job->stands, work->now_ms, &held, err);
}

/* The next pictures, seen by a reader: the writer is not held up by a long look. */
static bool list(struct db *db, const struct asset_job *job, struct step_work *work,
                 struct arena *arena, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct asset *assets;

    if (!json_read(job->selection, &json, err) ||
        !shape_read(&asset_selection_shape, json, arena, &work->selection, NULL, err))
        return false;
    work->walk = asset_walk_begin(&work->selection, job->user_id);
    work->walk.next = (size_t)job->next;
    work->walk.after = job->after;
    if (!asset_walk_next(&work->walk, db, JOB_PICTURES, arena, &assets, &work->count, &work->is_end,
                         err))
        return false;
    work->ids = ARENA_ARRAY(arena, struct str, work->count);
    for (size_t i = 0; i < work->count; i++)
        work->ids[i] = assets[i].id;
    return true;
}

static bool step(struct asset_service *service, struct db *db, const struct asset_job *job,
                 struct step_work *work, struct arena *arena, struct error *err)
{
    if (job->stands == JOB_RUNNING && !list(db, job, work, arena, err))
        return false;
    db_refresh(db); /* no view is held while the commit is waited for */
    return job->stands == JOB_RUNNING
               ? db_transact(service->config.pool, "asset_job", go_on, work, err)
               : db_transact(service->config.pool, "asset_job_undo", go_back, work, err);
}

bool asset_job_step(struct asset_service *service, bool *more, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *listed = arena_create(JOB_MEMORY_MAX);
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(JOB_MEMORY_MAX);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct step_work work = {.now_ms = clock_wall_ms(service->config.clock), .arena = arena};
    struct asset_job job;

    if (!db_borrow(service->config.pool, &db, err))
        return false;
    db_refresh(db);
    if (!job_store_live(db, listed, more, &job, err) || !*more)
        return !*more;
    work.job = &job;
    if (!step(service, db, &job, &work, listed, err)) {
        if (error_retry_of(err->code) == RETRY_LATER)
            return false;
        log_error("asset_job_broke", err, LOG_STR("job", job.id));
        work.error = str_of(error_wire_name(err->code));
        if (!db_transact(service->config.pool, "asset_job_broke", give_up, &work, err))
            return false;
    }
    asset_wake(service, job.user_id);
    return true;
}

static void work_on(void *context)
{
    struct asset_service *service = context;
    bool more = true;

    while (more && !service->is_ending) {
        struct error err = {0};

        if (!asset_job_step(service, &more, &err)) {
            log_error("asset_job_failed", &err, LOG_CSTR("next", "in a minute"));
            return;
        }
    }
}

void asset_job_wake(struct asset_service *service)
{
    /* A full queue has somebody in it who finds this job too. */
    if (service->worker != NULL && worker_submit(service->worker, work_on, service))
        return;
}
