#include "generate/generate.h"
#include "generate/prompt_private.h"

/* ---- shapes ---- */

/* clang-format off */
#define PICTURE(member) offsetof(struct prompt_picture, member)
static const struct field picture_fields[] = {
    {"id", FIELD_ID, PICTURE(id), FIELD_REQUIRED, 0, 0, NULL, NULL, "The picture's id."},
    {"name", FIELD_TEXT, PICTURE(name), FIELD_REQUIRED, 0, 0, NULL, NULL, "The picture's name."},
    {"mime", FIELD_TEXT, PICTURE(mime), FIELD_REQUIRED, 0, 0, NULL, NULL, "Of the original."},
    {"width_px", FIELD_INT, PICTURE(width_px), FIELD_REQUIRED, 0, 0, NULL, NULL, "Upright."},
    {"height_px", FIELD_INT, PICTURE(height_px), FIELD_REQUIRED, 0, 0, NULL, NULL, "Upright."},
    {"thumbhash", FIELD_TEXT, PICTURE(thumbhash), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "A tiny picture of it (npm: thumbhash), in base64."},
};
static const struct shape picture_shape =
    SHAPE("PromptPicture", struct prompt_picture, picture_fields);

#define PROMPT(member) offsetof(struct prompt, member)
static const struct field prompt_fields[] = {
    {"id", FIELD_ID, PROMPT(id), FIELD_REQUIRED, 0, 0, NULL, NULL, "The prompt's id."},
    {"text", FIELD_TEXT, PROMPT(text), FIELD_REQUIRED, 0, PROMPT_TEXT_MAX, NULL, NULL,
     "As it was sent, without spaces around it."},
    {"use_count", FIELD_INT, PROMPT(use_count), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "In how many runs, however many pictures each made."},
    {"created_at", FIELD_TIME, PROMPT(made_at_ms), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "When it was used first."},
    {"used_at", FIELD_TIME, PROMPT(used_at_ms), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "When it was used last."},
    {"run_id", FIELD_ID, PROMPT(run_id), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL,
     "The run that used it last: its tasks have all that was set beside it."},
    {"picture", FIELD_MAYBE, PROMPT(picture), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0,
     &picture_shape, NULL, "One that this run made of it; null when there is none outside the"
     " trash."},
};
static const struct shape prompt_shape = SHAPE("Prompt", struct prompt, prompt_fields);

struct prompt_page {
    struct list items;
    struct str next_cursor;
};
static const struct field page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct prompt_page, items), FIELD_REQUIRED, 0,
     PROMPTS_PER_PAGE_MAX, &prompt_shape, NULL, "Those used last first."},
    {"next_cursor", FIELD_TEXT, offsetof(struct prompt_page, next_cursor),
     FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL, "For the next page; null at the end."},
};
static const struct shape page_shape = SHAPE("PromptPage", struct prompt_page, page_fields);
/* clang-format on */

static const struct http_query list_query[] = {
    {.name = "q",
     .type = FIELD_TEXT,
     .max = PROMPT_QUERY_MAX,
     .help = "Words that all stand in it, whatever the case of their Latin letters; four at most, "
             "the last may have spaces."},
    {.name = "cursor", .type = FIELD_TEXT, .max = 80, .help = "next_cursor of the page before."},
    {.name = "limit",
     .type = FIELD_INT,
     .min = 1,
     .max = PROMPTS_PER_PAGE_MAX,
     .help = "30 when absent."},
    {0    },
};

/* ---- handlers ---- */

static bool list(struct request *req, struct error *err)
{
    const size_t limit = (size_t)request_query_int(req, "limit", PROMPTS_PER_PAGE);
    const struct str cursor = request_query(req, "cursor");
    struct prompt_place after = prompt_place_first();
    struct prompt_page page = {0};
    struct prompt *items;
    size_t found;

    /* One more than is shown says whether there is a next page. */
    if ((cursor.size > 0 && !prompt_place_read(cursor, &after, err)) ||
        !prompt_list(req->db, req->user.id, request_query(req, "q"), &after, limit + 1, req->arena,
                     &items, &found, err))
        return false;
    page.items = (struct list){.items = items, .count = found > limit ? limit : found};
    if (found > limit)
        page.next_cursor = prompt_place_print(&items[limit - 1], req->arena);
    return http_reply(req, 200, &page, err);
}

static bool show(struct request *req, struct error *err)
{
    struct prompt prompt;
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           prompt_find(req->db, req->user.id, id, req->arena, &prompt, err) &&
           http_reply(req, 200, &prompt, err);
}

static bool hide(struct request *req, bool is_hidden, struct error *err)
{
    struct str id;

    if (!request_path_id(req, "id", &id, err))
        return false;
    db_refresh(req->db); /* no view is held while the commit is waited for */
    if (!prompt_hide(req->pool, req->user.id, id, is_hidden, req->now_ms, req->arena, err))
        return false;
    feed_wake(app_feed(req->app), req->user.id);
    return true;
}

static bool delete (struct request *req, struct error *err)
{
    return hide(req, true, err) && http_reply_empty(req, 204, err);
}

static bool restore(struct request *req, struct error *err)
{
    return hide(req, false, err) && show(req, err);
}

static bool clear(struct request *req, struct error *err)
{
    db_refresh(req->db);
    if (!prompt_clear(req->pool, req->user.id, req->now_ms, err))
        return false;
    feed_wake(app_feed(req->app), req->user.id);
    return http_reply_empty(req, 204, err);
}

const struct http_route prompt_routes[] = {
    {.method = "GET",
     .path = "/api/v1/prompts",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list,
     .out = &page_shape,
     .query = list_query,
     .summary = "What I asked pictures of, each prompt once",
     .tag = "prompts",
     .cost = 2},
    {.method = "DELETE",
     .path = "/api/v1/prompts",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .handler = clear,
     .summary = "Forget all of them; runs and pictures stay, and what is used again comes back",
     .tag = "prompts"},
    {.method = "GET",
     .path = "/api/v1/prompts/{id}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show,
     .out = &prompt_shape,
     .summary = "One prompt",
     .tag = "prompts"},
    {.method = "DELETE",
     .path = "/api/v1/prompts/{id}",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .handler = delete,
     .summary = "Forget one; its runs and pictures stay",
     .tag = "prompts"},
    {.method = "POST",
     .path = "/api/v1/prompts/{id}/restore",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .handler = restore,
     .out = &prompt_shape,
     .summary = "Bring one back within a day of its deletion",
     .tag = "prompts"},
    {0                      },
};
