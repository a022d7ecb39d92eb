/*
 * provider/dashscope_request.c: a call written for DashScope: facts 6.5, read 2026-11-22.  One JSON
 * object; sizes with an asterisk; pictures as data URIs in the one message that is allowed.
 *
 * Never sent: wan's bbox_list and color_palette, whose forms the facts do not give; what a region
 * is meant can be said in words.
 */
#include "provider/dashscope_private.h"

#include <math.h>
#include <stdio.h>

#define SEED_MAX 2147483647
#define NEGATIVE_CHARACTERS_MAX 500
#define MEGAPIXEL 1048576
#define SERIES_MAX 12
#define EDIT_PIXELS_MAX 4194304 /* "4K" is for text alone */
#define SIDE_MIN 512
#define SIDE_MAX 2048
#define SIDE_STEP 16 /* edits are rounded to it by the service */

/* --- sizes --- */

static int64_t read_be(struct str bytes, size_t at, size_t count)
{
    int64_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | (unsigned char)bytes.data[at + i];
    return value;
}

static int64_t read_le(struct str bytes, size_t at, size_t count)
{
    int64_t value = 0;

    for (size_t i = count; i > 0; i--)
        value = value << 8 | (unsigned char)bytes.data[at + i - 1];
    return value;
}

/* The first frame header; all that stands before it has a length. */
static bool jpeg_size(struct str bytes, int64_t *width, int64_t *height)
{
    size_t at = 2;

    while (bytes.size - at >= 9) {
        int64_t marker = read_be(bytes, at + 1, 1), size = read_be(bytes, at + 2, 2);
        if (read_be(bytes, at, 1) != 0xff || size < 2)
            return false;
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
            marker != 0xcc) {
            *height = read_be(bytes, at + 5, 2);
            *width = read_be(bytes, at + 7, 2);
            return true;
        }
        if ((size_t)size + 2 > bytes.size - at)
            return false;
        at += (size_t)size + 2;
    }
    return false;
}

static bool webp_size(struct str bytes, int64_t *width, int64_t *height)
{
    struct str form = str_slice(bytes, 12, 4);

    if (bytes.size < 30)
        return false;
    if (str_equal(form, STR("VP8X"))) {
        *width = read_le(bytes, 24, 3) + 1;
        *height = read_le(bytes, 27, 3) + 1;
    } else if (str_equal(form, STR("VP8L"))) {
        *width = (read_le(bytes, 21, 4) & 0x3fff) + 1;
        *height = (read_le(bytes, 21, 4) >> 14 & 0x3fff) + 1;
    } else {
        *width = read_le(bytes, 26, 2) & 0x3fff;
        *height = read_le(bytes, 28, 2) & 0x3fff;
    }
    return true;
}

bool dashscope_picture_size(struct str bytes, int64_t *width, int64_t *height)
{
    struct str mime = str_of(picture_mime(bytes));
    bool is_read = false;

    *width = *height = 0;
    if (str_equal(mime, STR("image/png")) && bytes.size >= 24) {
        *width = read_be(bytes, 16, 4);
        *height = read_be(bytes, 20, 4);
        is_read = true;
    } else if (str_equal(mime, STR("image/jpeg"))) {
        is_read = jpeg_size(bytes, width, height);
    } else if (str_equal(mime, STR("image/webp"))) {
        is_read = webp_size(bytes, width, height);
    }
    return is_read && *width > 0 && *height > 0;
}

static int64_t fit_side(double side)
{
    int64_t fitted = (int64_t)side / SIDE_STEP * SIDE_STEP;

    return fitted < SIDE_MIN ? SIDE_MIN : fitted > SIDE_MAX ? SIDE_MAX : fitted;
}

/* Empty: none is sent. */
static struct str find_size(const struct provider_request *request,
                            const struct dashscope_family *family, struct arena *arena)
{
    int64_t width = request->width_px, height = request->height_px;

    if (width <= 0) {
        if (family->size_kind != DASHSCOPE_SIZE_LIKE)
            return str_of(family->size);
        if (request->reference_count > 0 &&
            dashscope_picture_size(request->references[0].bytes, &width, &height)) {
            double scale = sqrt((double)MEGAPIXEL / ((double)width * (double)height));
            width = fit_side((double)width * scale);
            height = fit_side((double)height * scale);
        } else {
            width = height = 1024;
        }
    }
    return arena_printf(arena, "%lld*%lld", (long long)width, (long long)height);
}

/* --- what the service cannot do --- */

static bool check_sides(const struct provider_request *request,
                        const struct dashscope_family *family, struct error *err)
{
    for (size_t i = 0; family->reference_side_max > 0 && i < request->reference_count; i++) {
        int64_t width, height, shorter, longer;
        char field[40];
        if (!dashscope_picture_size(request->references[i].bytes, &width, &height))
            continue; /* the service looks itself */
        shorter = width < height ? width : height;
        longer = width < height ? height : width;
        (void)snprintf(field, sizeof field, "references[%zu]", i);
        if (shorter < family->reference_side_min)
            return error_field(err, ERROR_TOO_SMALL, field, family->reference_side_min,
                               "a side of the picture must have at least %lld px",
                               (long long)family->reference_side_min);
        if (longer > family->reference_side_max)
            return error_field(err, ERROR_TOO_BIG, field, family->reference_side_max,
                               "a side of the picture may have at most %lld px",
                               (long long)family->reference_side_max);
    }
    return true;
}

/* Pictures that belong together: more of them in a call. */
static bool is_series(const struct provider_request *request)
{
    const struct provider_setting *setting = request_setting(request, "enable_sequential");

    return setting != NULL && str_equal(setting->text, STR("true"));
}

static bool check(const struct provider_request *request, struct error *err)
{
    struct provider_model model = provider_model_find(&provider_dashscope, request->model);
    const struct dashscope_family *family = dashscope_family_of(request->model);
    const struct plain_limits limits = {
        .negative_characters_max = NEGATIVE_CHARACTERS_MAX,
        .seed_max = SEED_MAX,
        .reference_size_max = family->reference_size_max,
    };

    if (is_series(request))
        model.count_max = SERIES_MAX;
    if (!plain_check(&model, &limits, request, err) || !check_sides(request, family, err))
        return false;
    if (request->reference_count > 0 && model.pixels_max > EDIT_PIXELS_MAX &&
        request->width_px * request->height_px > EDIT_PIXELS_MAX)
        return error_field(err, ERROR_TOO_BIG, "size", EDIT_PIXELS_MAX,
                           "%.*s makes 4K pictures from text alone", STR_ARGS(model.name));
    if (family->route == DASHSCOPE_IMAGE && request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1,
                           "%.*s edits pictures: it needs one", STR_ARGS(model.name));
    if (family->route == DASHSCOPE_TEXT && request->reference_count > 0)
        return error_field(err, ERROR_TOO_MANY, "references", 0, "%.*s takes no pictures",
                           STR_ARGS(model.name));
    return true;
}

/* --- the order --- */

static const char *const paths[DASHSCOPE_ROUTE_COUNT] = {
    [DASHSCOPE_SYNC] = "/services/aigc/multimodal-generation/generation",
    [DASHSCOPE_TASK] = "/services/aigc/image-generation/generation",
    [DASHSCOPE_TEXT] = "/services/aigc/text2image/image-synthesis",
    [DASHSCOPE_IMAGE] = "/services/aigc/image2image/image-synthesis",
};

/* Exactly one message of the user's: pictures first, then what is to be done with them. */
static void write_messages(struct json_writer *writer, const struct provider_request *request)
{
    json_name(writer, "messages");
    json_begin_list(writer);
    json_begin_object(writer);
    plain_write_text(writer, "role", STR("user"));
    json_name(writer, "content");
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++) {
        json_begin_object(writer);
        json_name(writer, "image");
        picture_write_base64(writer, request->references[i].bytes, true);
        json_end_object(writer);
    }
    json_begin_object(writer);
    plain_write_text(writer, "text", request->prompt);
    json_end_object(writer);
    json_end_list(writer);
    json_end_object(writer);
    json_end_list(writer);
}

/* The older form; its names are those of Alibaba's own SDK (dashscope 1.25). */
static void write_prompt(struct json_writer *writer, const struct provider_request *request)
{
    plain_write_text(writer, "prompt", request->prompt);
    if (request->negative_prompt.size > 0)
        plain_write_text(writer, "negative_prompt", request->negative_prompt);
    if (request->reference_count == 0)
        return;
    json_name(writer, "images");
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++)
        picture_write_base64(writer, request->references[i].bytes, true);
    json_end_list(writer);
}

static void write_parameters(struct json_writer *writer, const struct provider_account *account,
                             const struct provider_request *request, bool is_message,
                             struct arena *arena)
{
    const struct dashscope_family *family = dashscope_family_of(request->model);
    const struct provider_setting *thinking = request_setting(request, "thinking_mode");
    struct str size = find_size(request, family, arena);

    plain_write_int(writer, "n", request->count); /* wan's own choice is four */
    if (size.size > 0)
        plain_write_text(writer, "size", size);
    if (is_message && request->negative_prompt.size > 0)
        plain_write_text(writer, "negative_prompt", request->negative_prompt);
    if (request->has_seed)
        plain_write_int(writer, "seed", request->seed);
    plain_write_bool(writer, "watermark", call_option_bool(account, request, "watermark", false));
    if (family->can_extend)
        plain_write_bool(writer, "prompt_extend", dashscope_extends(account, request, family));
    if (is_series(request))
        plain_write_bool(writer, "enable_sequential", true);
    if (thinking != NULL)
        plain_write_bool(writer, "thinking_mode", str_equal(thinking->text, STR("true")));
}

static bool find_base(const struct provider_account *account, struct arena *arena, struct str *out,
                      struct error *err)
{
    static const struct str compatible = {"/compatible-mode/v1", 19};
    struct str base;
    int64_t at;

    if (!plain_base(account, DASHSCOPE_BASE_URL, "/api/v1", arena, &base, err))
        return false;
    at = str_find(base, STR("/services/aigc/"));
    if (at >= 0)
        base = str_slice(base, 0, (size_t)at);
    if (str_ends_with(base, compatible)) /* the address for text: pictures are beside it */
        base = arena_printf(arena, "%.*s/api/v1", (int)(base.size - compatible.size), base.data);
    *out = base;
    return true;
}

bool dashscope_build(const struct provider_account *account, const struct provider_request *request,
                     enum dashscope_route route, struct arena *arena, struct exchange *out,
                     struct error *err)
{
    bool is_message = route == DASHSCOPE_SYNC || route == DASHSCOPE_TASK;
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;
    struct str base;

    if (!find_base(account, arena, &base, err) ||
        !plain_exchange_init(account, EXCHANGE_SUBMIT,
                             arena_printf(arena, "%.*s%s", STR_ARGS(base), paths[route]), arena,
                             out, err))
        return false;
    if (route != DASHSCOPE_SYNC)
        exchange_add_header(out, arena, "X-DashScope-Async", STR("enable"));
    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    plain_write_text(&writer, "model", request->model);
    json_name(&writer, "input");
    json_begin_object(&writer);
    if (is_message)
        write_messages(&writer, request);
    else
        write_prompt(&writer, request);
    json_end_object(&writer);
    json_name(&writer, "parameters");
    json_begin_object(&writer);
    write_parameters(&writer, account, request, is_message, arena);
    json_end_object(&writer);
    json_end_object(&writer);
    plain_set_json(out, arena, &buf);
    return true;
}

bool dashscope_begin(const struct provider_account *account, const struct provider_request *request,
                     struct arena *arena, struct exchange *out, struct error *err)
{
    return check(request, err) &&
           dashscope_build(account, request, dashscope_family_of(request->model)->route, arena, out,
                           err);
}

/* --- about a task, and the free call --- */

static bool ask(const struct provider_account *account, enum exchange_purpose purpose,
                struct str remote_id, const char *format, struct arena *arena, struct exchange *out,
                struct error *err)
{
    struct str base, id = arena_str(arena, remote_id);

    if (!plain_id_is_good(id))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no task of DashScope's");
    if (!find_base(account, arena, &base, err) ||
        !plain_exchange_init(
            account, purpose,
            arena_printf(arena, "%.*s/tasks/%.*s%s", STR_ARGS(base), STR_ARGS(id), format), arena,
            out, err))
        return false;
    out->memo = id;
    return true;
}

bool dashscope_poll(const struct provider_account *account, struct str remote_id,
                    struct arena *arena, struct exchange *out, struct error *err)
{
    return ask(account, EXCHANGE_POLL, remote_id, "", arena, out, err);
}

/* facts 6 and 10.5: seen in Alibaba's SDK, not in its reference; works while a task is PENDING. */
bool dashscope_cancel(const struct provider_account *account, struct str remote_id,
                      struct arena *arena, struct exchange *out, struct error *err)
{
    return ask(account, EXCHANGE_CANCEL, remote_id, "/cancel", arena, out, err);
}

/* The list of models is in no fact; clients of 2026 prove keys with it, and it costs nothing. */
bool dashscope_probe(const struct provider_account *account, struct arena *arena,
                     struct exchange *out, struct error *err)
{
    struct str base;

    return find_base(account, arena, &base, err) &&
           plain_exchange_init(
               account, EXCHANGE_PROBE,
               arena_printf(arena, "%.*s/models?page_no=1&page_size=100", STR_ARGS(base)), arena,
               out, err);
}
