#include "settings/preset_private.h"

#include "core/id.h"
#include "core/log.h"
#include "core/text.h"
#include "operation/operation.h"
#include "settings/settings_private.h"

#include <inttypes.h>

struct preset_work {
    const struct settings *settings;
    int64_t user_id, version, now_ms;
    struct str id;
    unsigned has;
    const struct preset_input *input;
    struct arena *arena;
    struct preset row;
};

static bool check_name(struct str given, struct str *name, struct error *err)
{
    *name = str_trim(given);
    if (name->size == 0)
        return error_field(err, ERROR_REQUIRED, "name", 0, "a preset needs a name");
    if (text_count(*name) > PRESET_NAME_MAX)
        return error_field(err, ERROR_TOO_LONG, "name", PRESET_NAME_MAX,
                           "a preset's name has at most %d characters", PRESET_NAME_MAX);
    if (text_has_control(*name) || str_find_char(*name, '\n') >= 0 ||
        str_find_char(*name, '\t') >= 0)
        return error_field(err, ERROR_INVALID, "name", 0,
                           "a preset's name has no control characters");
    return true;
}

/* The table has a row for all that may be kept: nothing else, so no key and no picture, gets in. */
static bool check_parameters(struct str operation_name, struct str given, struct arena *arena,
                             struct str *out, struct error *err)
{
    const struct operation *operation = operation_find(operation_name);
    CLEANUP(json_cleanup) struct json *json = NULL;

    if (operation == NULL)
        return error_field(err, ERROR_NOT_IN_LIST, "operation", 0, "there is no such operation");
    return (given.size == 0 || json_read(given, &json, err)) &&
           operation_check_given(operation, json, "parameters.", arena, out, err);
}

static bool apply(struct preset_work *work, struct error *err)
{
    const struct preset_input *input = work->input;
    struct preset *row = &work->row;

    if ((work->has & PRESET_HAS_NAME) != 0 && !check_name(input->name, &row->name, err))
        return false;
    if ((work->has & PRESET_HAS_PARAMETERS) != 0 &&
        !check_parameters(row->operation, input->parameters, work->arena, &row->parameters, err))
        return false;
    if ((work->has & PRESET_HAS_COUNT) != 0)
        row->count = input->count;
    if ((work->has & PRESET_HAS_SHARED) != 0)
        row->is_shared = input->is_shared;
    row->changed_at_ms = work->now_ms;
    return true;
}

static bool check_room(struct db *db, const struct preset_work *work, bool is_new,
                       bool is_newly_shared, struct error *err)
{
    int64_t own, shared;

    if (!preset_store_count(db, work->user_id, &own, &shared, err))
        return false;
    if (is_new && own >= PRESETS_OWN_MAX)
        return error_field(err, ERROR_TOO_MANY, "name", PRESETS_OWN_MAX,
                           "you have %d presets already", PRESETS_OWN_MAX);
    if (is_newly_shared && shared >= PRESETS_SHARED_MAX)
        return error_field(err, ERROR_TOO_MANY, "is_shared", PRESETS_SHARED_MAX,
                           "%d presets are shared already", PRESETS_SHARED_MAX);
    return true;
}

static bool apply_default(struct db *db, const struct preset_work *work, struct error *err)
{
    if ((work->has & PRESET_HAS_DEFAULT) == 0)
        return true;
    return work->input->is_default
               ? preset_store_set_default(db, work->user_id, work->row.row_id, err)
               : preset_store_drop_default(db, work->user_id, work->row.row_id, err);
}

static bool announce(struct db *db, const struct preset_work *work, struct error *err)
{
    const struct settings_hooks *hooks = &work->settings->services.hooks;

    return hooks->announce == NULL ||
           hooks->announce(hooks->context, db, "presets.changed", STR("{}"), work->now_ms, err);
}

static bool create(struct db *db, void *context, struct error *err)
{
    struct preset_work *work = context;

    return check_room(db, work, true, work->row.is_shared, err) &&
           preset_store_add(db, &work->row, &work->row.row_id, err) &&
           apply_default(db, work, err) && announce(db, work, err);
}

static bool find_own(struct db *db, struct preset_work *work, struct error *err)
{
    if (!preset_store_find(db, work->user_id, work->id, work->arena, &work->row, err))
        return false;
    if (!work->row.is_mine)
        return error_set(err, ERROR_FORBIDDEN, "this preset is somebody else's");
    if (work->version != 0 && work->version != work->row.version)
        return error_field(err, ERROR_PRECONDITION, "If-Match", 0,
                           "this preset was changed meanwhile; it is at version %" PRId64,
                           work->row.version);
    return true;
}

static bool change(struct db *db, void *context, struct error *err)
{
    struct preset_work *work = context;
    bool was_shared;

    /* Which one a person's page begins with is theirs, whoever made it. */
    if ((work->has & ~(unsigned)PRESET_HAS_DEFAULT) == 0)
        return preset_store_find(db, work->user_id, work->id, work->arena, &work->row, err) &&
               apply_default(db, work, err) && announce(db, work, err);
    if (!find_own(db, work, err))
        return false;
    was_shared = work->row.is_shared;
    return apply(work, err) &&
           check_room(db, work, false, work->row.is_shared && !was_shared, err) &&
           preset_store_update(db, &work->row, err) && apply_default(db, work, err) &&
           announce(db, work, err);
}

static bool delete (struct db *db, void *context, struct error *err)
{
    struct preset_work *work = context;

    return find_own(db, work, err) && preset_store_delete(db, work->row.row_id, err) &&
           announce(db, work, err);
}

/* After the commit whoever waits for events is woken. */
static bool transact(struct settings *settings, const char *name, db_work work,
                     struct preset_work *context, struct error *err)
{
    const struct settings_hooks *hooks = &settings->services.hooks;

    if (!db_transact(settings->services.pool, name, work, context, err))
        return false;
    if (hooks->changed != NULL)
        hooks->changed(hooks->context, 0);
    return true;
}

bool preset_create(struct settings *settings, int64_t user_id, const struct preset_input *input,
                   int64_t now_ms, struct arena *arena, struct str *id, struct error *err)
{
    const struct id made = id_make(settings->services.clock, settings->services.random);
    struct preset_work work = {
        .settings = settings,
        .user_id = user_id,
        .now_ms = now_ms,
        .has = PRESET_HAS_NAME | PRESET_HAS_COUNT | PRESET_HAS_PARAMETERS | PRESET_HAS_SHARED |
               (input->is_default ? PRESET_HAS_DEFAULT : 0),
        .input = input,
        .arena = arena,
        .row = {.id = arena_str(arena, id_str(&made)),
                .user_id = user_id,
                .operation = input->operation,
                .created_at_ms = now_ms},
    };

    if (!apply(&work, err) || !transact(settings, "preset_created", create, &work, err))
        return false;
    *id = work.row.id;
    return true;
}

bool preset_change(struct settings *settings, int64_t user_id, struct str id, int64_t version,
                   unsigned has, const struct preset_input *input, int64_t now_ms,
                   struct arena *arena, struct error *err)
{
    struct preset_work work = {.settings = settings,
                               .user_id = user_id,
                               .version = version,
                               .now_ms = now_ms,
                               .id = id,
                               .has = has,
                               .input = input,
                               .arena = arena};

    return transact(settings, "preset_changed", change, &work, err);
}

bool preset_delete(struct settings *settings, int64_t user_id, struct str id, int64_t version,
                   int64_t now_ms, struct arena *arena, struct error *err)
{
    struct preset_work work = {.settings = settings,
                               .user_id = user_id,
                               .version = version,
                               .now_ms = now_ms,
                               .id = id,
                               .arena = arena};

    return transact(settings, "preset_deleted", delete, &work, err);
}
