/*
 * provider/stability.c: Stability AI (facts 6.9).  Every call is a form; a picture comes back as it
 * is, with a header that says whether it was filtered, or as base64 inside JSON; two of the tools
 * are asked for by an id.  Failures are not billed (facts 8).
 *
 * Never sent: the relighting's own fields, which the facts leave open ("…"), and a mask grown by
 * default.  A seed of 0 means chance there, and is sent as it was wished.
 */
#include "provider/stability_private.h"

#include "core/text.h"

#include <stdio.h>

#define BASE_URL "https://api.stability.ai"
#define ROOT "/v2beta/stable-image"
#define PROMPT_CHARACTERS_MAX 10000
#define SEED_MAX 4294967294
#define FORM_SIZE_MAX (MIB(10) - KIB(64)) /* 10 MiB with everything */
#define SCALE_MIN 1
#define SCALE_MAX 10
#define FIRST_BYTE_MS 300000
#define TOTAL_MS 600000
#define POLL_MS 10000          /* asked more often, it refuses */
#define PENALTY_MS 60000       /* after too many requests */
#define RESULT_TTL_MS 86400000 /* of the two that are asked for */
#define REMOTE_ID_SIZE_MAX 128

/* --- what cannot be --- */

/* What the tool cannot be called without. */
static bool check_extras(const struct provider_model *model, const struct stability_route *route,
                         const struct provider_request *request, struct error *err)
{
    static const char *const sides[] = {"left", "right", "up", "down"};
    bool grows = false;
    char field[48];

    for (size_t i = 0; i < COUNT(sides); i++) {
        const struct provider_setting *side = request_setting(request, sides[i]);
        double pixels = 0;
        grows =
            grows || (side != NULL && str_to_double(str_trim(side->text), &pixels) && pixels > 0);
    }
    if (route->is_outpaint && !grows)
        return error_field(err, ERROR_REQUIRED, "options.left", 1,
                           "how far to grow to the left, right, up or down");
    if (route->needs != NULL &&
        (request_setting(request, route->needs) == NULL ||
         str_trim(request_setting(request, route->needs)->text).size == 0)) {
        (void)snprintf(field, sizeof field, "options.%s", route->needs);
        return error_field(err, ERROR_REQUIRED, field, 1, "%.*s must be told what",
                           STR_ARGS(model->name));
    }
    if (request_setting(request, "strength") != NULL && request->reference_count == 0)
        return error_field(err, ERROR_INVALID, "options.strength", 0,
                           "there is no picture to be changed");
    return true;
}

static bool check(const struct provider_request *request, struct error *err)
{
    struct provider_model model = provider_model_find(&provider_stability, request->model);
    const struct stability_route *route = stability_route_find(request->model);
    const struct provider_limits limits = {
        .prompt_max = PROMPT_CHARACTERS_MAX,
        .seed_max = SEED_MAX,
        .picture_size_max = FORM_SIZE_MAX,
        .prompt_is_optional = route->prompt == NULL,
        .mask_is_white = true,
    };
    size_t size = request->mask != NULL ? request->mask->bytes.size : 0;

    if (!provider_check_request(&model, request, &limits, err))
        return false;
    if (request->reference_count < route->images_min)
        return error_field(err, ERROR_REQUIRED, "references", (int64_t)route->images_min,
                           "%.*s needs %zu pictures", STR_ARGS(model.name), route->images_min);
    for (size_t i = 0; i < request->reference_count; i++)
        size += request->references[i].bytes.size;
    if (size > FORM_SIZE_MAX)
        return error_field(err, ERROR_TOO_LARGE, "references", (int64_t)FORM_SIZE_MAX,
                           "the pictures are larger than 10 MiB in all");
    if (request->width_px > 0 && request->reference_count > 0)
        return error_field(err, ERROR_INVALID, "size", 0,
                           "from a picture the size is the picture's own");
    if (request->scale > 0 && (request->scale < SCALE_MIN || request->scale > SCALE_MAX))
        return error_field(err, request->scale < SCALE_MIN ? ERROR_TOO_SMALL : ERROR_TOO_BIG,
                           "scale", SCALE_MAX, "the scale is %d to %d", SCALE_MIN, SCALE_MAX);
    return check_extras(&model, route, request, err);
}

/* --- the call --- */

static bool exchange_init(const struct provider_account *account, enum exchange_purpose purpose,
                          const char *method, struct str path, const char *accept,
                          struct arena *arena, struct exchange *out, struct error *err)
{
    struct str url = str_trim(account->base_url), base;

    if (!provider_url_base(url.size > 0 ? url : STR(BASE_URL), "", arena, &base, err))
        return false;
    *out = (struct exchange){
        .purpose = purpose,
        .is_own_origin = url.size > 0,
        .method = str_of(method),
        .url = arena_printf(arena, "%.*s%.*s", STR_ARGS(base), STR_ARGS(path)),
        .first_byte_ms = 30000,
        .total_ms = 120000,
        .reply_size_max = (int64_t)PICTURE_SIZE_MAX,
    };
    exchange_add_header(out, arena, "Accept", str_of(accept));
    return exchange_add_bearer(out, account, arena, err);
}

static void add_text(struct multipart *multipart, const char *name, struct str text)
{
    if (name != NULL && text.size > 0)
        multipart_add_text(multipart, name, text);
}

static void add_number(struct multipart *multipart, const char *name, double number,
                       struct arena *arena)
{
    char digits[STR_DOUBLE_SIZE];

    multipart_add_text(multipart, name, arena_str(arena, str_print_double(number, digits)));
}

static void add_picture(struct multipart *multipart, const char *name, struct str bytes,
                        struct arena *arena)
{
    const char *mime = picture_mime(bytes); /* checked: png, jpeg or webp */

    multipart_add_file(multipart, name, arena_printf(arena, "%s.%s", name, mime + sizeof "image"),
                       str_of(mime), bytes);
}

static void add_words(const struct provider_account *account,
                      const struct provider_request *request, const struct stability_route *route,
                      struct arena *arena, struct multipart *multipart)
{
    bool has_picture = request->reference_count > 0;

    add_text(multipart, route->prompt, request->prompt);
    if (route->is_sd3) {
        add_text(multipart, "model", request->model);
        add_text(multipart, "mode", has_picture ? STR("image-to-image") : STR("text-to-image"));
    }
    add_text(multipart, "negative_prompt", request->negative_prompt);
    if (request->width_px > 0)
        add_text(multipart, "aspect_ratio",
                 str_of(stability_aspect_find(request->width_px, request->height_px)));
    if (request->has_seed)
        add_text(multipart, "seed", arena_printf(arena, "%lld", (long long)request->seed));
    add_text(multipart, "output_format", request->format);
    if (request->scale > 0)
        add_number(multipart, "cfg_scale", request->scale, arena);
    if (route->has_style)
        add_text(multipart, "style_preset", call_option_text(account, request, "style_preset"));
    if (route->has_strength && has_picture)
        add_number(multipart, "strength",
                   call_option_double(account, request, "strength", 0.6, 0, 1), arena);
    if (route->has_control_strength)
        add_number(multipart, "control_strength",
                   call_option_double(account, request, "control_strength", 0.7, 0, 1), arena);
    for (const struct provider_field *const *row = route->extras; row != NULL && *row != NULL;
         row++)
        if (request_setting(request, (*row)->name) != NULL)
            add_text(multipart, (*row)->name,
                     str_trim(request_setting(request, (*row)->name)->text));
}

static bool stability_begin(const struct provider_account *account,
                            const struct provider_request *request, struct arena *arena,
                            struct exchange *out, struct error *err)
{
    const struct stability_route *route = stability_route_find(request->model);
    struct multipart multipart = {0};

    if (!check(request, err) ||
        !exchange_init(account, EXCHANGE_SUBMIT, "POST",
                       arena_printf(arena, ROOT "%s", route->path),
                       route->is_async ? "application/json" : "image/*", arena, out, err))
        return false;
    out->is_paid = true;
    out->first_byte_ms = FIRST_BYTE_MS;
    out->total_ms = TOTAL_MS;
    add_words(account, request, route, arena, &multipart);
    for (size_t i = 0; i < request->reference_count; i++)
        add_picture(&multipart, i == 0 ? route->image : route->second, request->references[i].bytes,
                    arena);
    if (request->mask != NULL)
        add_picture(&multipart, "mask", request->mask->bytes, arena);
    if (request->reference_count == 0)
        multipart_add_text(&multipart, "none", STR_EMPTY); /* the facts' dummy for a file */
    multipart_finish(&multipart, arena, out);
    return true;
}

/* --- replies --- */

/* {"id","name","errors":["…"]} */
static void refine_failure(const struct provider_account *account,
                           const struct exchange_reply *reply, const struct json *json,
                           struct arena *arena, struct provider_failure *failure)
{
    struct str name = json_text(json_get(json, "name"));

    if (reply->outcome != EXCHANGE_REPLIED)
        return;
    if (name.size > 0 && reply->status >= 400)
        failure->code = provider_text_clean_for(account, name, 100, arena);
    if (str_equal(name, STR("content_moderation"))) /* 403 too is for the key, else */
        failure->class = FAILURE_REFUSED;
    /* In Stability's own words, not a gateway's; a result that is gone was made. */
    if (name.size > 0 && reply->status >= 400 && reply->status != 404)
        failure->charged = CHARGED_NO;
    if (failure->class == FAILURE_THROTTLED && failure->retry_after_ms < 0)
        failure->retry_after_ms = PENALTY_MS;
}

/* A filtered picture comes with 200, blurred: it is none. */
static bool is_held_back(struct str reason, struct provider_failure *failure)
{
    if (str_equal_nocase(reason, STR("CONTENT_FILTERED"))) {
        failure->class = FAILURE_REFUSED;
        failure->message = STR("Stability filtered the picture: it is not safe");
    } else if (str_equal_nocase(reason, STR("ERROR"))) {
        failure->class = FAILURE_UNKNOWN;
        failure->message = STR("Stability began the picture and met an error");
    } else {
        return false;
    }
    failure->charged = CHARGED_NO;
    return true;
}

static void read_picture(const struct exchange_reply *reply, const struct json *json,
                         struct arena *arena, struct provider_verdict *out)
{
    struct str reason = exchange_reply_header(reply, "finish-reason");
    struct picture_list list;
    int64_t seed = 0;

    picture_list_init(&list, arena);
    if (is_held_back(reason.size > 0 ? reason : json_text(json_get(json, "finish_reason")),
                     &out->failure))
        return;
    if (json == NULL)
        picture_list_add_bytes(&list, reply->body);
    else
        picture_list_read(&list, json);
    if (list.count == 0) {
        if (list.broken > 0 && (json != NULL || picture_mime(reply->body) != NULL)) {
            out->failure.class = FAILURE_UNKNOWN;
            out->failure.charged = CHARGED_YES;
            out->failure.message = STR("the picture in the reply is broken or cut short");
        }
        return;
    }
    out->type = VERDICT_DONE;
    out->pictures = list.items;
    out->picture_count = list.count;
    out->usage.images = (int64_t)list.count;
    if (json_int(json_get(json, "seed"), &seed) ||
        str_to_int64(exchange_reply_header(reply, "seed"), &seed)) {
        out->pictures[0].has_seed = true;
        out->pictures[0].seed = seed;
    }
}

static void wait_for(struct provider_verdict *out, struct str id)
{
    out->type = VERDICT_WAIT;
    out->remote_id = id;
    out->poll_after_ms = POLL_MS;
}

static void stability_read(const struct provider_account *account,
                           const struct provider_request *request, const struct exchange *exchange,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;
    struct str id;
    bool is_poll = exchange->purpose == EXCHANGE_POLL;

    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.retry_after_ms = -1},
    };
    if (reply->outcome == EXCHANGE_REPLIED && picture_mime(reply->body) == NULL)
        (void)!json_read_liberal(reply->body, &json, &ignored);
    out->request_id =
        provider_text_clean_for(account, exchange_reply_header(reply, "x-request-id"), 100, arena);
    if (reply->outcome == EXCHANGE_REPLIED && reply->status == 202 && is_poll) {
        wait_for(out, exchange->memo);
        return;
    }
    if (reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300) {
        id = json_text(json_get(json, "id"));
        if (!is_poll && stability_route_find(request->model)->is_async &&
            remote_id_is_plain(id, REMOTE_ID_SIZE_MAX)) {
            wait_for(out, arena_str(arena, id));
            return;
        }
        read_picture(reply, json, arena, out);
        if (out->type == VERDICT_DONE || out->failure.class != FAILURE_NONE)
            return;
    }
    exchange_classify_for(account, reply, arena, &out->failure);
    refine_failure(account, reply, json, arena, &out->failure);
}

static bool stability_poll(const struct provider_account *account, struct str remote_id,
                           struct arena *arena, struct exchange *out, struct error *err)
{
    if (!remote_id_is_plain(remote_id, REMOTE_ID_SIZE_MAX))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no work of Stability");
    if (!exchange_init(account, EXCHANGE_POLL, "GET",
                       arena_printf(arena, "/v2beta/results/%.*s", STR_ARGS(remote_id)), "image/*",
                       arena, out, err))
        return false;
    out->memo = arena_str(arena, remote_id);
    return true;
}

static bool stability_wants_white_mask(const struct provider_account *account)
{
    (void)account;
    return true; /* facts 6.11 */
}

/* --- the free call --- */

static bool stability_probe(const struct provider_account *account, struct arena *arena,
                            struct exchange *out, struct error *err)
{
    return exchange_init(account, EXCHANGE_PROBE, "GET", STR("/v1/user/balance"),
                         "application/json", arena, out, err);
}

static void stability_read_probe(const struct provider_account *account,
                                 const struct exchange_reply *reply, struct arena *arena,
                                 struct str **models, size_t *count,
                                 struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;
    double credits;

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome == EXCHANGE_REPLIED)
        (void)!json_read_liberal(reply->body, &json, &ignored);
    if (reply->outcome != EXCHANGE_REPLIED || reply->status != 200 ||
        !json_double(json_get(json, "credits"), &credits)) {
        exchange_classify_for(account, reply, arena, failure);
        refine_failure(account, reply, json, arena, failure);
        failure->charged = CHARGED_NO;
        if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED)
            failure->class = FAILURE_INVALID;
        return;
    }
    *models = ARENA_ARRAY(arena, struct str, STABILITY_MODEL_COUNT);
    for (size_t i = 0; i < STABILITY_MODEL_COUNT; i++)
        (*models)[(*count)++] = stability_models[i].name;
}

/* --- the kind --- */

/* clang-format off */
static const struct provider_field fields[] = {
    {
        .name = "base_url",
        .type = PROVIDER_FIELD_URL,
        .label_en = "Base URL",
        .label_zh = "接口地址",
        .help_en = "Leave empty for Stability itself.",
        .help_zh = "使用 Stability 官方服务时留空。",
        .fallback = "",
    },
    {
        .name = "key",
        .type = PROVIDER_FIELD_SECRET,
        .label_en = "API key",
        .label_zh = "API 密钥",
        .help_en = "Made on Stability's account page: sk-…",
        .help_zh = "在 Stability 的账户页面创建，形如 sk-…",
        .fallback = "",
        .is_required = true,
    },
    {
        .name = "style_preset",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Style",
        .label_zh = "风格预设",
        .help_en = "Such as photographic, anime or digital-art, for new pictures. Empty: none.",
        .help_zh = "用于生成新图，例如 photographic、anime、digital-art；留空则不指定。",
        .fallback = "",
        .max = 40,
    },
    {
        .name = "strength",
        .type = PROVIDER_FIELD_DOUBLE,
        .label_en = "Change in image to image",
        .label_zh = "图生图变化幅度",
        .help_en = "0 keeps the picture as it is, 1 draws it anew. For Ultra and SD 3.5.",
        .help_zh = "0 保持原图，1 完全重绘；用于 Ultra 和 SD 3.5。",
        .fallback = "0.6",
        .max = 1,
    },
    {
        .name = "control_strength",
        .type = PROVIDER_FIELD_DOUBLE,
        .label_en = "Hold of sketch and structure",
        .label_zh = "线稿与结构控制强度",
        .help_en = "How closely the new picture follows the given one: 0 to 1.",
        .help_zh = "新图遵循参考图的程度，0 到 1。",
        .fallback = "0.7",
        .max = 1,
    },
};
/* clang-format on */

const struct provider_kind provider_stability = {
    .name = "stability",
    .label = "Stability AI",
    .about_en =
        "Stable Image and Stable Diffusion 3.5, and tools for single tasks: inpaint, erase, "
        "other backgrounds, sketch, structure, style, upscale.",
    .about_zh = "Stable Image 与 Stable Diffusion "
                "3.5，以及局部重绘、擦除、换背景、线稿、结构、风格和放大等专用工具。",
    .default_base_url = BASE_URL,
    .key_page = "https://platform.stability.ai/account/keys",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = stability_models,
    .model_count = STABILITY_MODEL_COUNT,
    .model_default = &stability_model_default,
    .result_ttl_ms = RESULT_TTL_MS,
    .begin = stability_begin,
    .read = stability_read,
    .poll = stability_poll,
    .wants_white_mask = stability_wants_white_mask,
    .probe = stability_probe,
    .read_probe = stability_read_probe,
};
