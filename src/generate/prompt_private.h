/*
 * generate/prompt_private.h: what a person asked pictures of before: each prompt once, with how
 * often and when it was used last.  Kept in the transaction that takes a run in (generate.h),
 * found, hidden and brought back here.  Runs and pictures are never touched.
 */
#pragma once

#include "core/shape.h"
#include "db/db.h"

enum {
    PROMPTS_PER_PAGE = 30,
    PROMPTS_PER_PAGE_MAX = 50,
    PROMPT_TEXT_MAX = 32000, /* characters, as the operations take them */
    PROMPT_QUERY_MAX = 200,
    PROMPT_WORDS_MAX = 4,
    PROMPT_CLEAR_STEP = 1000, /* hidden in one transaction, so that others come in between */
    PROMPT_PURGE_STEP = 1000,
};

/* One that a run made of it, as a page shows it. */
struct prompt_picture {
    struct str id, name, mime, thumbhash;
    int64_t width_px, height_px;
};

struct prompt {
    int64_t row_id;
    struct str id, text;
    int64_t use_count, made_at_ms, used_at_ms;
    struct str run_id;              /* the last that used it */
    struct prompt_picture *picture; /* of that run; NULL: it has none that is not in the trash */
};

/* Where a page begins: behind this one. */
struct prompt_place {
    int64_t used_at_ms, row_id;
};
struct prompt_place prompt_place_first(void);
struct str prompt_place_print(const struct prompt *last, struct arena *arena);
/* Fails: INVALID with field "cursor". */
MUST_CHECK bool prompt_place_read(struct str cursor, struct prompt_place *out, struct error *err);

/* The statements that could walk much; a test reads their plans. */
enum {
    PROMPT_SQL_LIST,
    PROMPT_SQL_KEEP,
    PROMPT_SQL_PICTURE,
    PROMPT_SQL_CLEAR,
    PROMPT_SQL_PURGE,
    PROMPT_SQL_COUNT
};
extern const struct sql prompt_sql[PROMPT_SQL_COUNT];

/*
 * Those of `user_id` that are not deleted, used last first, at most `limit`, that have each word of
 * `q` somewhere, whatever the case of its Latin letters.  All in `arena`.  It walks one's own
 * prompts until the page is full: what stands nowhere costs 1 ms for a thousand of them.
 */
MUST_CHECK bool prompt_list(struct db *db, int64_t user_id, struct str q,
                            const struct prompt_place *after, size_t limit, struct arena *arena,
                            struct prompt **out, size_t *count, struct error *err);
/* Fails: NOT_FOUND, also for one that is deleted or somebody else's. */
MUST_CHECK bool prompt_find(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                            struct prompt *out, struct error *err);

/*
 * Hides one, or brings it back within the day that it is still there, in one transaction with its
 * event.  To do it again changes nothing and tells nobody.  Fails: NOT_FOUND.
 */
MUST_CHECK bool prompt_hide(struct db_pool *pool, int64_t user_id, struct str id, bool is_hidden,
                            int64_t now_ms, struct arena *arena, struct error *err);
/* Hides all that were used until now, step by step: what a crash leaves over, the next call hides.
 */
MUST_CHECK bool prompt_clear(struct db_pool *pool, int64_t user_id, int64_t now_ms,
                             struct error *err);
