#include "account/account_private.h"

bool account_list_sessions(const struct account *account, struct db *db, int64_t user_id,
                           int64_t now_ms, struct arena *arena, struct session_row **items,
                           size_t *count, struct error *err)
{
    return session_store_list(db, user_id, now_ms - account->session_idle_ms, now_ms, arena, items,
                              count, err);
}

struct end_work {
    int64_t user_id, session_id;
    int64_t seen_after_ms;
    struct session_ids *others; /* NULL: the session; else all others, and here they are */
    struct audit_row audit;
};

static bool end(struct db *db, void *context, struct error *err)
{
    const struct end_work *work = context;
    bool ok;

    if (work->others == NULL)
        ok = session_store_remove(db, work->user_id, work->session_id, err);
    else /* of those that are dead already none is ended */
        ok = session_store_remove_dead(db, work->user_id, work->seen_after_ms, work->audit.at_ms,
                                       err) &&
             session_store_remove_others(db, work->user_id, work->session_id, work->others, err);
    return ok && audit_store_add(db, &work->audit, err);
}

static bool end_sessions(struct account *account, const struct visitor *visitor,
                         enum audit_event event, int64_t user_id, int64_t session_id,
                         struct session_ids *others, struct str subject, struct error *err)
{
    struct end_work work = {
        .user_id = user_id,
        .session_id = session_id,
        .seen_after_ms = visitor->now_ms - account->session_idle_ms,
        .others = others,
        .audit = {.at_ms = visitor->now_ms,
                  .user_id = user_id,
                  .event = event,
                  .subject = subject,
                  .ip = visitor->ip,
                  .id = id_make(account->clock, account->random)},
    };

    if (!db_transact(account->pool, "account_end_sessions", end, &work, err))
        return false;
    account_forget(account);
    return true;
}

bool account_end_session(struct account *account, const struct visitor *visitor,
                         enum audit_event event, int64_t user_id, int64_t session_id,
                         struct str subject, struct error *err)
{
    return end_sessions(account, visitor, event, user_id, session_id, NULL, subject, err);
}

bool account_end_other_sessions(struct account *account, const struct visitor *visitor,
                                int64_t user_id, struct session_ids *ended, struct error *err)
{
    return end_sessions(account, visitor, AUDIT_SESSION_REVOKED, user_id, visitor->session_id,
                        ended, STR("others"), err);
}

struct preferences_work {
    const struct preferences *change;
    struct arena *arena;
    struct user_row *out;
};

static bool write_preferences(struct db *db, void *context, struct error *err)
{
    const struct preferences_work *work = context;

    return user_store_set_preferences(db, work->change, err) &&
           user_store_find(db, work->change->user_id, work->arena, work->out, err);
}

bool account_set_preferences(struct account *account, const struct preferences *change,
                             struct arena *arena, struct user_row *out, struct error *err)
{
    struct preferences_work work = {.change = change, .arena = arena, .out = out};

    return db_transact(account->pool, "account_set_preferences", write_preferences, &work, err);
}
