/* asset/test_studio.h: for the room's tests over HTTP: the house with its doors open, and asking.
 */
#pragma once

#include "http/test_server.h"

#include "asset/test_private.h"
#include "core/log.h"

#define FILES "POST /api/v1/assets"
#define BOUNDARY "x-boundary-of-the-test"

/* The house with its doors open. */
struct studio {
    struct house house; /* first: app_assets() is given its address */
    struct fixture http;
};

struct asset_service *app_assets(void *app) { return ((struct studio *)app)->house.service; }

static inline bool authenticate(struct request *req, struct error *err)
{
    struct str bearer = request_header(req, "Authorization");
    const unsigned all = SCOPE_READ | SCOPE_WRITE | SCOPE_GENERATE;

    (void)err;
    if (str_equal(bearer, STR("Bearer ann")))
        req->user =
            (struct http_user){.id = ANN, .role = ROLE_MEMBER, .token_id = 1, .scopes = all};
    else if (str_equal(bearer, STR("Bearer bob")))
        req->user = (struct http_user){.id = BOB, .role = ROLE_OWNER, .token_id = 2, .scopes = all};
    else if (str_equal(bearer, STR("Bearer viewer")))
        req->user =
            (struct http_user){.id = ANN, .role = ROLE_VIEWER, .token_id = 3, .scopes = all};
    else if (str_equal(bearer, STR("Bearer reader")))
        req->user =
            (struct http_user){.id = ANN, .role = ROLE_MEMBER, .token_id = 4, .scopes = SCOPE_READ};
    return true;
}

static inline int set_up(void **state)
{
    static const struct http_route *const tables[] = {asset_routes, upload_routes, bulk_routes,
                                                      job_routes, NULL};
    static struct studio studio;

    house_open(&studio.house, true);
    fixture_prepare(&studio.http);
    studio.http.config.tables = tables;
    studio.http.config.pool = studio.house.pool;
    studio.http.config.blobs = studio.house.blobs;
    studio.http.config.clock = &studio.house.clock;
    studio.http.config.app = &studio;
    studio.http.config.is_ready = NULL;
    studio.http.config.authenticate = authenticate;
    studio.http.config.handler_thread_end = image_thread_end;
    studio.http.config.rate_per_minute = 100000;
    fixture_start(&studio.http);
    *state = &studio;
    return 0;
}

static inline int tear_down(void **state)
{
    struct studio *studio = *state;

    fixture_end(&studio->http);
    return house_close(&studio->house);
}

/* ---- asking ---- */

/* The bytes of the answer stay in the house's arena. */
static inline struct answer ask(struct studio *studio, const char *who, const char *line,
                                const char *headers, struct str body)
{
    CLEANUP(buf_finish) struct buf request = {0};
    struct answer answer;
    struct str bytes;

    buf_printf(&request, "%s HTTP/1.1\r\n%%HAuthorization: Bearer %s\r\n%s", line, who, headers);
    if (!str_starts_with(str_of(line), STR("GET")))
        buf_printf(&request, "Content-Length: %zu\r\n", body.size);
    buf_add(&request, STR("Connection: close\r\n\r\n"));
    buf_add(&request, body);
    answer = exchange_bytes(&studio->http, buf_str(&request));
    bytes = arena_str(studio->house.arena, buf_str(&answer.bytes));
    answer.head = str_slice(bytes, 0, answer.head.size);
    answer.body = str_slice(bytes, answer.head.size + 4, bytes.size);
    buf_finish(&answer.bytes);
    return answer;
}

static inline struct answer get(struct studio *studio, const char *who, const char *format, ...)
    PRINTF_LIKE(3, 4);
static inline struct answer get(struct studio *studio, const char *who, const char *format, ...)
{
    char line[512];
    va_list args;
    int size = snprintf(line, sizeof(line), "GET ");

    va_start(args, format);
    (void)vsnprintf(line + size, sizeof(line) - (size_t)size, format, args);
    va_end(args);
    return ask(studio, who, line, "", STR_EMPTY);
}

static inline struct answer send_json(struct studio *studio, const char *who, const char *line,
                                      struct str body)
{
    return ask(studio, who, line, "Content-Type: application/json\r\n", body);
}

static inline void is_status(const struct answer *answer, int status, const char *because)
{
    if (answer->status != status)
        fail_msg("%s: %d instead of %d: %.*s", because, answer->status, status,
                 STR_ARGS(str_slice(answer->body, 0, 500)));
}

static inline bool body_has(const struct answer *answer, const char *part)
{
    return str_find(answer->body, str_of(part)) >= 0;
}

static inline struct json *parse(const struct answer *answer)
{
    struct json *json;
    struct error err = {0};

    no_error(json_read(answer->body, &json, &err), &err, "the answer's JSON");
    return json;
}

/* ---- uploads ---- */

struct file {
    const char *field, *name;
    struct str bytes;
};

static inline void write_files(struct buf *body, const struct file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_printf(body, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"",
                   files[i].field == NULL ? "file" : files[i].field);
        if (files[i].name != NULL)
            buf_printf(body, "; filename=\"%s\"\r\nContent-Type: text/html", files[i].name);
        buf_add(body, STR("\r\n\r\n"));
        buf_add(body, files[i].bytes);
        buf_add(body, STR("\r\n"));
    }
    buf_add(body, STR("--" BOUNDARY "--\r\n"));
}

static inline struct answer upload_as(struct studio *studio, const char *who,
                                      const struct file *files, size_t count)
{
    CLEANUP(buf_finish) struct buf body = {0};

    write_files(&body, files, count);
    return ask(studio, who, FILES, "Content-Type: multipart/form-data; boundary=" BOUNDARY "\r\n",
               buf_str(&body));
}

static inline struct answer upload(struct studio *studio, const struct file *files, size_t count)
{
    return upload_as(studio, "ann", files, count);
}

static inline struct str draw(struct studio *studio, enum image_type type, uint64_t seed)
{
    const struct image_card card = {.width_px = 400,
                                    .height_px = 300,
                                    .seed = seed,
                                    .prompt = STR("cup"),
                                    .type = type,
                                    .quality = 80};
    struct error err = {0};
    struct str out;

    no_error(image_card_draw(&card, studio->house.arena, &out, &err), &err, "image_card_draw");
    return out;
}

/* The id of item `index`; fails when it was refused. */
static const char *id_of(struct studio *studio, const struct answer *answer, size_t index)
{
    CLEANUP(json_cleanup) struct json *json = parse(answer);
    const struct json *item = json_item(json_get(json, "items"), index);
    struct str id = json_text(json_path(item, "asset.id"));

    if (id.size != ID_SIZE)
        fail_msg("item %zu was refused: %.*s", index, STR_ARGS(answer->body));
    return arena_cstr(studio->house.arena, id);
}

static inline const char *upload_one(struct studio *studio, const char *who, uint64_t seed)
{
    const struct file file = {.name = "cup.png", .bytes = draw(studio, IMAGE_PNG, seed)};
    struct answer answer = upload_as(studio, who, &file, 1);

    is_status(&answer, 200, "upload");
    return id_of(studio, &answer, 0);
}

/* ---- of the group ---- */

static inline int start_pictures(void **state)
{
    struct error err = {0};

    (void)state;
    log_configure(LOG_ERROR, false);
    return image_init(&err) ? 0 : -1;
}

static inline int end_pictures(void **state)
{
    (void)state;
    image_thread_end();
    image_finish();
    return 0;
}
