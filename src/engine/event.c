#include "engine/event.h"

#include <inttypes.h>

bool event_append(struct db *db, int64_t user_id, const char *kind, struct str body, int64_t now_ms,
                  struct error *err)
{
    static const struct sql next = {
        .name = "event_next",
        .text = "INSERT INTO event_head (user_id, seq) VALUES ($1, 1)"
                " ON CONFLICT (user_id) DO UPDATE SET seq = event_head.seq + 1"};
    /* The row that was just raised is ours until the commit, so this number is nobody else's. */
    static const struct sql insert = {
        .name = "event_append",
        .text = "INSERT INTO event (user_id, seq, at_ms, kind, body)"
                " SELECT user_id, seq, $2, $3, $4 FROM event_head WHERE user_id = $1"};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(now_ms), SQL_CSTR(kind),
                                     SQL_TEXT(body)};

    return db_exec(db, &next, args, 1, NULL, err) &&
           db_exec_one(db, &insert, args, COUNT(args), err);
}

bool event_list(struct db *db, int64_t user_id, int64_t after_seq, size_t limit,
                struct arena *arena, struct event_row **out, size_t *count, struct error *err)
{
    static const struct sql list = {
        .name = "event_list",
        .text = "SELECT seq, kind, body FROM event WHERE user_id = $1 AND seq > $2"
                " ORDER BY seq LIMIT $3"};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(after_seq),
                                     SQL_INT64((int64_t)limit)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct event_row *events = ARENA_ARRAY(arena, struct event_row, limit);
    size_t found = 0;

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found < limit && rows_next(&rows)) {
        events[found++] = (struct event_row){
            .seq = rows_int64(&rows, "seq"),
            .kind = rows_str(&rows, "kind", arena),
            .body = rows_str(&rows, "body", arena),
        };
    }
    if (rows_failed(&rows))
        return false;
    *out = events;
    *count = found;
    return true;
}

bool event_after_size(struct db *db, int64_t user_id, int64_t after_seq, int64_t size_max,
                      int64_t *out, struct error *err)
{
    /* The latest first: it ends where there are too many bytes, however many there are behind. */
    static const struct sql walk = {
        .name = "event_after_size",
        .text = "SELECT seq, length(CAST(body AS BLOB)) AS size FROM event"
                " WHERE user_id = $1 AND seq > $2 ORDER BY seq DESC",
        .postgres = "SELECT seq, octet_length(body) AS size FROM event"
                    " WHERE user_id = $1 AND seq > $2 ORDER BY seq DESC"};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(after_seq)};
    CLEANUP(rows_finish) struct rows rows = {0};
    int64_t size = 0;

    *out = after_seq;
    if (!db_query(db, &walk, args, COUNT(args), &rows, err))
        return false;
    while (rows_next(&rows)) {
        size += rows_int64(&rows, "size");
        if (size > size_max) {
            *out = rows_int64(&rows, "seq");
            return true;
        }
    }
    return !rows_failed(&rows);
}

bool event_range(struct db *db, int64_t user_id, int64_t *first, int64_t *last, struct error *err)
{
    /* The head outlives its events, so a trimmed log still knows where it stands. */
    static const struct sql range = {
        .name = "event_range",
        .text = "SELECT coalesce((SELECT min(seq) FROM event WHERE user_id = $1), 0) AS first,"
                " coalesce((SELECT seq FROM event_head WHERE user_id = $1), 0) AS last"};
    const struct sql_value args[] = {SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &range, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no range of events");
    *first = rows_int64(&rows, "first");
    *last = rows_int64(&rows, "last");
    return true;
}

bool event_epoch(struct db *db, int64_t user_id, struct arena *arena, struct str *out,
                 struct error *err)
{
    static const struct sql find = {.name = "event_epoch",
                                    .text = "SELECT value FROM engine_meta WHERE name = 'epoch'"};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, NULL, 0, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false
                                  : error_set(err, ERROR_INTERNAL, "the database has no epoch");
    *out = arena_printf(arena, "%.*s.%" PRId64, STR_ARGS(rows_str(&rows, "value", arena)), user_id);
    return true;
}

bool event_trim(struct db *db, int64_t before_ms, int64_t keep, int64_t *dropped, struct error *err)
{
    static const struct sql trim = {
        .name = "event_trim",
        .text = "DELETE FROM event WHERE (user_id, seq) IN ("
                "SELECT e.user_id, e.seq FROM event_head h JOIN event e ON e.user_id = h.user_id"
                " AND e.seq <= h.seq - $2 WHERE e.at_ms < $1 LIMIT 5000)"};
    const struct sql_value args[] = {SQL_INT64(before_ms), SQL_INT64(keep)};

    return db_exec(db, &trim, args, COUNT(args), dropped, err);
}
