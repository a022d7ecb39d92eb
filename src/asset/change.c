/* Edits: of one picture, and of many in bounded commits. */
#include "asset/asset_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The pictures of a commit with their recipes and words, many times over. */
#define CHANGE_MEMORY_MAX MIB(256)

/* ---- one picture, inside a transaction ---- */

static bool tags_equal(const struct text_list *a, const struct text_list *b)
{
    for (size_t i = 0; i < a->count && a->count == b->count; i++)
        if (!str_equal(a->items[i], b->items[i]))
            return false;
    return a->count == b->count;
}

/* Told by an event of its own, unless whoever changes many tells of all of them together. */
static bool edit(struct db *db, struct asset *asset, const struct asset_patch *patch,
                 int64_t now_ms, bool is_told, struct arena *arena, bool *changed,
                 struct error *err)
{
    bool is_renamed = patch->has_name && !str_equal(patch->name, asset->name);
    bool is_rated = patch->has_rating && patch->rating != asset->rating;
    bool is_starred = patch->has_star && patch->is_starred != asset->is_starred;
    bool is_tagged = patch->has_tags && !tags_equal(&patch->tags, &asset->tags);

    *changed = is_renamed || is_rated || is_starred || is_tagged;
    if (!*changed)
        return true;
    if (is_renamed)
        asset->name = patch->name;
    if (is_rated)
        asset->rating = patch->rating;
    if (is_starred)
        asset->is_starred = patch->is_starred;
    if (is_tagged)
        asset->tags = patch->tags;
    return asset_store_update(db, asset, arena, err) &&
           (!is_tagged || tag_store_set(db, asset, arena, err)) &&
           (!(is_renamed || is_tagged) || words_store_update(db, asset, err)) &&
           (!is_told || asset_tell_changed(db, asset, now_ms, err));
}

struct change_work {
    int64_t user_id, now_ms;
    struct str id;
    const struct asset_patch *patch;
    struct arena *arena;
    struct asset_detail detail;
    bool changed;
};

static bool change(struct db *db, void *context, struct error *err)
{
    struct change_work *work = context;
    struct asset *asset = &work->detail.asset;

    if (!asset_store_find(db, work->user_id, work->id, work->arena, asset, err))
        return false;
    if (work->patch->version != 0 && work->patch->version != asset->version)
        return error_field(err, ERROR_PRECONDITION, "If-Match", 0,
                           "this picture was changed meanwhile; it is at version %" PRId64,
                           asset->version);
    return edit(db, asset, work->patch, work->now_ms, true, work->arena, &work->changed, err) &&
           recipe_store_find(db, asset->row_id, work->arena, &work->detail.recipe, err);
}

bool asset_change(struct asset_service *service, int64_t user_id, struct str id,
                  const struct asset_patch *patch, struct arena *arena, struct asset_detail *out,
                  struct error *err)
{
    struct change_work work = {.user_id = user_id,
                               .now_ms = clock_wall_ms(service->config.clock),
                               .id = id,
                               .patch = patch,
                               .arena = arena};

    if (!db_transact(service->config.pool, "asset_change", change, &work, err))
        return false;
    if (work.changed)
        asset_wake(service, user_id);
    *out = work.detail;
    return true;
}

/* ---- which ones ---- */

/* clang-format off */
static const struct field selection_fields[] = {
    {"ids", FIELD_TEXTS, offsetof(struct asset_selection, ids), 0, 0, IDS_MAX, NULL, NULL,
     "Ids of pictures."},
    {"all_matching", FIELD_MAYBE, offsetof(struct asset_selection, all_matching), 0, 0, 0,
     &asset_filter_shape, NULL, "Instead of ids: all that match."},
    {"except", FIELD_TEXTS, offsetof(struct asset_selection, except), 0, 0, IDS_MAX, NULL, NULL,
     "With all_matching: ids of pictures that are left out."},
};
/* clang-format on */
const struct shape asset_selection_shape =
    SHAPE("ArchiveRequest", struct asset_selection, selection_fields);

static int compare_ids(const void *a, const void *b)
{
    return memcmp(((const struct str *)a)->data, ((const struct str *)b)->data, ID_SIZE);
}

/* Ids that are ids, in order, each once. */
static bool put_in_order(struct text_list *list, const char *name, struct arena *arena,
                         struct error *err)
{
    struct str *ids = list->items;
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct id id;

        if (!id_parse(ids[i], &id))
            return error_field(err, ERROR_INVALID,
                               arena_printf(arena, "%s[%zu]%c", name, i, '\0').data, 0,
                               "this is no id");
        ids[i] = arena_str(arena, id_str(&id));
    }
    if (list->count > 0)
        qsort(ids, list->count, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < list->count; i++)
        if (count == 0 || compare_ids(&ids[i], &ids[count - 1]) != 0)
            ids[count++] = ids[i];
    list->count = count;
    return true;
}

bool asset_selection_check(struct asset_selection *selection, struct arena *arena,
                           struct error *err)
{
    if ((selection->ids.count > 0) == (selection->all_matching != NULL))
        return error_field(err, ERROR_REQUIRED, "ids", 0,
                           "either ids or all_matching says which pictures");
    if (selection->except.count > 0 && selection->all_matching == NULL)
        return error_field(err, ERROR_INVALID, "except", 0,
                           "only all_matching has exceptions: leave these out of the ids");
    return put_in_order(&selection->ids, "ids", arena, err) &&
           put_in_order(&selection->except, "except", arena, err);
}

bool asset_is_selected(const struct asset_selection *selection, const struct asset *asset)
{
    const struct text_list *except = &selection->except;

    if (selection->all_matching == NULL)
        return true;
    if (except->count > 0 && bsearch(&asset->id, except->items, except->count,
                                     sizeof(*except->items), compare_ids) != NULL)
        return false;
    return selection->all_matching->trash == (asset->trashed_at_ms != 0);
}

/* Looked for where it would stand in the list: the first behind the place just before it. */
static bool would_match(struct db *db, int64_t user_id, const struct asset_filter *filter,
                        const struct asset *asset, struct arena *arena, bool *out,
                        struct error *err)
{
    const struct asset_place before = {
        .rating = 5, .at_ms = asset->created_at_ms, .id = asset->row_id + 1};
    struct asset_filter moment = *filter;
    struct asset *found;
    size_t count;

    *out = false;
    if (asset->created_at_ms < filter->from_ms ||
        (filter->to_ms != 0 && asset->created_at_ms >= filter->to_ms))
        return true;
    moment.from_ms = asset->created_at_ms;
    moment.to_ms = asset->created_at_ms + 1;
    if (!asset_store_list(db, user_id, &moment, SORT_NEWEST, &before, 1, arena, &found, &count,
                          err))
        return false;
    *out = count == 1 && found[0].row_id == asset->row_id;
    return true;
}

bool asset_selection_excepted(struct db *db, int64_t user_id,
                              const struct asset_selection *selection, int64_t *out,
                              struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(16));
    int64_t total = 0;

    for (size_t i = 0; i < selection->except.count; i++) {
        struct asset asset;
        bool is = false;

        arena_reset(arena);
        if (!asset_store_find(db, user_id, selection->except.items[i], arena, &asset, err)) {
            if (err->code != ERROR_NOT_FOUND)
                return false;
            continue; /* gone, or somebody else's */
        }
        if (!would_match(db, user_id, selection->all_matching, &asset, arena, &is, err))
            return false;
        total += is ? 1 : 0;
    }
    *out = total;
    return true;
}

struct asset_walk asset_walk_begin(const struct asset_selection *selection, int64_t user_id)
{
    return (struct asset_walk){
        .selection = selection, .user_id = user_id, .after = asset_place_first(SORT_NEWEST)};
}

static bool next_named(struct asset_walk *walk, struct db *db, size_t limit, struct arena *arena,
                       struct asset **out, size_t *count, bool *is_end, struct error *err)
{
    const struct text_list *ids = &walk->selection->ids;
    struct asset *found = ARENA_ARRAY(arena, struct asset, limit);

    *count = 0;
    while (walk->next < ids->count && *count < limit) {
        if (asset_store_find(db, walk->user_id, ids->items[walk->next], arena, &found[*count], err))
            (*count)++;
        else if (err->code != ERROR_NOT_FOUND)
            return false;
        walk->next++;
    }
    *is_end = walk->next == ids->count;
    *out = found;
    return true;
}

bool asset_walk_next(struct asset_walk *walk, struct db *db, size_t limit, struct arena *arena,
                     struct asset **out, size_t *count, bool *is_end, struct error *err)
{
    size_t kept = 0;

    if (walk->selection->all_matching == NULL)
        return next_named(walk, db, limit, arena, out, count, is_end, err);
    if (!asset_store_list(db, walk->user_id, walk->selection->all_matching, SORT_NEWEST,
                          &walk->after, limit, arena, out, count, err))
        return false;
    *is_end = *count < limit;
    if (*count > 0)
        walk->after = (struct asset_place){.rating = 5,
                                           .at_ms = (*out)[*count - 1].created_at_ms,
                                           .id = (*out)[*count - 1].row_id};
    for (size_t i = 0; i < *count; i++)
        if (asset_is_selected(walk->selection, &(*out)[i]))
            (*out)[kept++] = (*out)[i];
    *count = kept;
    return true;
}

/* ---- many ---- */

struct bulk_work {
    const struct asset_bulk *bulk;
    int64_t user_id, now_ms;
    struct str *ids; /* not in `arena` */
    size_t count;
    struct arena *arena; /* of this commit */
    int64_t changed;
};

static struct text_list tags_with(const struct asset *asset, struct str tag, struct arena *arena)
{
    struct text_list tags = {.items = ARENA_ARRAY(arena, struct str, asset->tags.count + 1)};

    for (size_t i = 0; i < asset->tags.count; i++)
        tags.items[tags.count++] = asset->tags.items[i];
    /* A picture that has its fill of tags stays as it is: the others go on. */
    if (tags.count < TAGS_PER_ASSET_MAX && !tags_have(&tags, tag))
        tags.items[tags.count++] = tag;
    return tags;
}

static struct text_list tags_without(const struct asset *asset, struct str tag, struct arena *arena)
{
    struct text_list tags = {.items = ARENA_ARRAY(arena, struct str, asset->tags.count)};

    for (size_t i = 0; i < asset->tags.count; i++)
        if (!str_equal_nocase(asset->tags.items[i], tag))
            tags.items[tags.count++] = asset->tags.items[i];
    return tags;
}

static bool set_trashed(struct db *db, struct asset *asset, int64_t trashed_at_ms,
                        const struct asset_apply *apply, bool *changed, struct error *err)
{
    *changed = (asset->trashed_at_ms != 0) != (trashed_at_ms != 0);
    return !*changed || (asset_store_set_trashed(db, asset, trashed_at_ms, apply->arena, err) &&
                         (!apply->is_told || asset_tell_changed(db, asset, apply->now_ms, err)));
}

bool asset_apply(struct db *db, struct asset *asset, const struct asset_apply *apply, bool *changed,
                 struct error *err)
{
    struct asset_patch patch = {0};

    switch (apply->action) {
    case ACTION_TRASH:
        return set_trashed(db, asset,
                           apply->trashed_at_ms == 0 ? apply->now_ms : apply->trashed_at_ms, apply,
                           changed, err);
    case ACTION_RESTORE:
        return set_trashed(db, asset, 0, apply, changed, err);
    case ACTION_DELETE:
        *changed = true;
        return asset_store_remove(db, asset, apply->now_ms, err);
    case ACTION_STAR:
    case ACTION_UNSTAR:
        patch.has_star = true;
        patch.is_starred = apply->action == ACTION_STAR;
        break;
    case ACTION_RATE:
        patch.has_rating = true;
        patch.rating = apply->rating;
        break;
    case ACTION_TAG_ADD:
        patch.has_tags = true;
        patch.tags = tags_with(asset, apply->tag, apply->arena);
        break;
    case ACTION_TAG_REMOVE:
        patch.has_tags = true;
        patch.tags = tags_without(asset, apply->tag, apply->arena);
        break;
    }
    return edit(db, asset, &patch, apply->now_ms, apply->is_told, apply->arena, changed, err);
}

static bool change_batch(struct db *db, void *context, struct error *err)
{
    struct bulk_work *work = context;

    arena_reset(work->arena);
    work->changed = 0;
    for (size_t i = 0; i < work->count; i++) {
        struct asset asset;
        const struct asset_apply apply = {.action = work->bulk->action,
                                          .rating = work->bulk->rating,
                                          .tag = work->bulk->tag,
                                          .now_ms = work->now_ms,
                                          .is_told = true,
                                          .arena = work->arena};
        bool changed = false;

        if (!asset_store_find(db, work->user_id, work->ids[i], work->arena, &asset, err)) {
            if (err->code != ERROR_NOT_FOUND)
                return false;
            continue; /* gone since it was listed */
        }
        if (!asset_is_selected(work->bulk->selection, &asset))
            continue;
        if (!asset_apply(db, &asset, &apply, &changed, err))
            return false;
        work->changed += changed ? 1 : 0;
    }
    return true;
}

bool asset_change_all(struct asset_service *service, int64_t user_id, const struct asset_bulk *bulk,
                      int64_t *changed, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *listed = arena_create(CHANGE_MEMORY_MAX);
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(CHANGE_MEMORY_MAX);
    struct asset_walk walk = asset_walk_begin(bulk->selection, user_id);
    bool is_end = false;

    *changed = 0;
    while (!is_end) {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;
        struct bulk_work work = {.bulk = bulk,
                                 .user_id = user_id,
                                 .now_ms = clock_wall_ms(service->config.clock),
                                 .arena = arena};
        struct asset *assets;

        arena_reset(listed);
        if (!db_borrow(service->config.pool, &db, err) ||
            !asset_walk_next(&walk, db, CHANGES_PER_COMMIT, listed, &assets, &work.count, &is_end,
                             err))
            return false;
        work.ids = ARENA_ARRAY(listed, struct str, work.count);
        for (size_t i = 0; i < work.count; i++)
            work.ids[i] = assets[i].id;
        db_refresh(db); /* no view is held while the commit is waited for */
        if (!db_transact(service->config.pool, "asset_bulk", change_batch, &work, err))
            return false;
        *changed += work.changed;
        if (work.changed > 0)
            asset_wake(service, user_id);
    }
    return true;
}
