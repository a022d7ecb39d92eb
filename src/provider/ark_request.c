/*
 * provider/ark_request.c: a call for pictures, checked against its model and written as JSON: the
 * fourteen fields of facts 4A.  Never sent: sequential_image_generation "disabled" and stream false
 * (some models refuse even those), and more than one picture but as a group (there is no `n`).
 * Region hints (<bbox>, <point>) are words of the prompt and go as they are written.
 */
#include "provider/ark_private.h"

#include "core/hash.h"

#define DEFAULT_BASE "https://ark.cn-beijing.volces.com/api/v3"
#define REFERENCE_SIZE_MAX MIB(30)
#define REFERENCES_SIZE_MAX MIB(64) /* in all: they are copied as base64 */
#define GROUP_MAX 15                /* references and pictures together */
#define SEED_MAX 2147483647
/* Nothing comes until a picture is whole: 600 s for a 4K one, 40 s for each further one, 900 s at
 * most (facts 0.5). */
#define FIRST_BYTE_MS 600000
#define EACH_MS 40000
#define FIRST_BYTE_MAX_MS 900000
#define DOWNLOAD_MS 300000
/* Pictures of a reply as base64; more is asked for as addresses, which live for 24 hours. */
#define INLINE_SIZE_MAX ((int64_t)MIB(64))

const char *const ark_field_names[ARK_FIELD_COUNT] = {
    [ARK_STREAM] = "stream",
    [ARK_SEQUENCE] = "sequential_image_generation",
    [ARK_FORMAT] = "output_format",
    [ARK_OPTIMIZE] = "optimize_prompt_options",
    [ARK_BACKGROUND] = "background",
    [ARK_SEARCH] = "tools",
    [ARK_LAYERS] = "layer_decomposition",
    [ARK_SEED] = "seed",
    [ARK_SCALE] = "guidance_scale",
    [ARK_SCHEMA] = "response_format",
    [ARK_THINKING] = "thinking",
    [ARK_TOKENS] = "max_completion_tokens",
    [ARK_TOKENS_OTHER] = "max_tokens",
};

/* --- the account --- */

bool ark_base(const struct provider_account *account, struct arena *arena, struct str *out,
              struct error *err)
{
    if (str_trim(account->base_url).size > 0)
        return provider_url_base(account->base_url, "/api/v3", arena, out, err);
    *out = STR(DEFAULT_BASE);
    return true;
}

bool ark_call_init(struct ark_call *call, const struct provider_account *account,
                   const struct provider_request *request, uint64_t dropped, struct arena *arena,
                   struct error *err)
{
    *call = (struct ark_call){.dropped = dropped};
    ark_find_model(call, account, request);
    return ark_base(account, arena, &call->base, err);
}

bool ark_exchange_init(const struct provider_account *account, struct str base, const char *path,
                       struct arena *arena, struct exchange *out, struct error *err)
{
    *out = (struct exchange){
        .is_own_origin = str_trim(account->base_url).size > 0,
        .method = STR("POST"),
        .url = arena_printf(arena, "%.*s%s", STR_ARGS(base), path),
    };
    if (str_trim(secret_expose(account->key)).size == 0)
        return error_field(err, ERROR_REQUIRED, "key", 0, "Ark wants an API key");
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    return exchange_add_bearer(out, account, arena, err);
}

/* --- checks --- */

static bool refuse(const struct ark_call *call, const char *field, bool is_wanted,
                   struct error *err)
{
    return !is_wanted || error_field(err, ERROR_INVALID, field, 0, "%.*s takes no %s",
                                     STR_ARGS(call->model.name), field);
}

static bool check_fields(const struct ark_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (!refuse(call, "mask", request->mask != NULL, err) ||
        !refuse(call, "negative_prompt", request->negative_prompt.size > 0, err) ||
        !refuse(call, "steps", request->steps > 0, err) ||
        !refuse(call, "quality", request->quality.size > 0, err) ||
        !refuse(call, "compression", request->compression >= 0, err) ||
        !refuse(call, "seed", request->has_seed && !call->model.has_seed, err) ||
        !refuse(call, "scale", request->scale > 0 && !call->model.has_scale, err))
        return false;
    if (request->has_seed && (request->seed < -1 || request->seed > SEED_MAX))
        return error_field(err, ERROR_TOO_BIG, "seed", SEED_MAX, "a seed is -1 to %d", SEED_MAX);
    if (request->scale > 0 && (request->scale < 1 || request->scale > 10))
        return error_field(err, ERROR_TOO_BIG, "scale", 10, "the guidance is 1 to 10");
    return true;
}

static bool is_transparent(const struct ark_call *call)
{
    return str_equal(call->request->background, STR("transparent"));
}

static bool check_look(const struct ark_call *call, struct error *err)
{
    static const char *const backgrounds[] = {"auto", "opaque", "transparent", NULL};
    const struct provider_request *request = call->request;

    /* Models without the field write jpeg. */
    if (request->format.size > 0 && !str_equal(request->format, STR("jpeg")) &&
        (call->model.formats == NULL || !text_is_listed(request->format, call->model.formats)))
        return error_field(err, ERROR_NOT_IN_LIST, "format", 0, "%.*s writes %s",
                           STR_ARGS(call->model.name),
                           call->model.formats == NULL ? "jpeg alone" : "jpeg and png");
    if (request->background.size > 0 && !text_is_listed(request->background, backgrounds))
        return error_field(err, ERROR_NOT_IN_LIST, "background", 0,
                           "background is auto, opaque or transparent");
    if (!is_transparent(call))
        return true;
    if (!call->model.has_transparency)
        return error_field(err, ERROR_INVALID, "background", 0,
                           "%.*s makes no transparent pictures", STR_ARGS(call->model.name));
    if (str_equal(request->format, STR("jpeg")))
        return error_field(err, ERROR_INVALID, "format", 0, "a transparent background needs png");
    if (request->reference_count != 1)
        return error_field(err, ERROR_INVALID, "background", 1,
                           "a transparent background needs exactly one reference picture, itself "
                           "transparent");
    return true;
}

bool ark_check_pictures(const struct ark_call *call, struct error *err)
{
    if (call->request->action == PROVIDER_EDIT && call->request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1, "an edit needs a picture");
    return provider_check_references(&call->model, call->request, NULL, REFERENCE_SIZE_MAX,
                                     REFERENCES_SIZE_MAX, err);
}

static bool check_count(const struct ark_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    int64_t left = GROUP_MAX - (int64_t)request->reference_count;

    if (request->count < 1)
        return error_field(err, ERROR_TOO_SMALL, "count", 1, "at least one picture");
    if (request->count > call->model.count_max)
        return error_field(err, ERROR_TOO_BIG, "count", call->model.count_max,
                           "%.*s makes at most %lld pictures in one call",
                           STR_ARGS(call->model.name), (long long)call->model.count_max);
    if (request->count > 1 && request->count > left)
        return error_field(err, ERROR_TOO_BIG, "count", left > 1 ? left : 1,
                           "reference pictures and pictures made are at most %d together",
                           GROUP_MAX);
    return true;
}

static bool check_layers(const struct ark_call *call, struct error *err)
{
    static const char *const types[] = {"image/png", "image/jpeg", NULL};
    const struct provider_request *request = call->request;

    if (!ark_decomposes(request))
        return true;
    if (request->reference_count != 1)
        return error_field(err, ERROR_INVALID, "options.layer_decomposition", 1,
                           "exactly one picture is taken apart");
    if (request->count > 1)
        return error_field(err, ERROR_TOO_BIG, "count", 1, "a picture is taken apart once a call");
    return provider_check_picture(&request->references[0], "references[0]", types, 0, err);
}

bool ark_check(const struct ark_call *call, struct error *err)
{
    if (call->request->model.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (!call->model.can_generate)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s makes no pictures",
                           STR_ARGS(call->model.name));
    if (str_trim(call->request->prompt).size == 0 && !ark_decomposes(call->request))
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    return provider_check_settings(&call->model, call->request, err) && check_layers(call, err) &&
           check_count(call, err) && provider_check_size(&call->model, call->request, err) &&
           check_fields(call, err) && ark_check_pictures(call, err) && check_look(call, err);
}

/* --- the body --- */

/* Groups alone: their pictures come one by one.  A single one comes when it is done, either way. */
static bool streams(const struct ark_call *call)
{
    return call->request->partial_images > 0 && call->request->count > 1 &&
           call->model.has_stream && ark_may_send(call, ARK_STREAM) &&
           ark_may_send(call, ARK_SEQUENCE);
}

static struct str format_of(const struct ark_call *call)
{
    if (call->model.formats == NULL || !ark_may_send(call, ARK_FORMAT))
        return STR_EMPTY;
    return is_transparent(call) ? STR("png") : call->request->format;
}

static struct str optimize_of(const struct ark_call *call)
{
    struct str mode = call_option_text(call->account, call->request, "optimize_prompt");
    bool is_fast = str_equal(mode, STR("fast"));

    if (!ark_may_send(call, ARK_OPTIMIZE) || (!is_fast && !str_equal(mode, STR("standard"))))
        return STR_EMPTY;
    return is_fast && call->family != NULL && !call->family->can_fast ? STR_EMPTY : mode;
}

static bool searches(const struct ark_call *call)
{
    /* Of a model that nothing is known of: when the call itself says so. */
    return call_option_bool(call->account, call->request, "web_search", false) &&
           (call->family != NULL ? call->family->can_search
                                 : request_setting(call->request, "web_search") != NULL) &&
           ark_may_send(call, ARK_SEARCH);
}

static bool has_background(const struct ark_call *call)
{
    return (is_transparent(call) || str_equal(call->request->background, STR("opaque"))) &&
           call->model.has_transparency && ark_may_send(call, ARK_BACKGROUND);
}

bool ark_decomposes(const struct provider_request *request)
{
    const struct provider_setting *setting = request_setting(request, "layer_decomposition");

    return setting != NULL && str_equal(setting->text, STR("true"));
}

bool ark_is_sent(const struct ark_call *call, enum ark_field field)
{
    if (call->request->action == PROVIDER_WRITE)
        return ark_chat_is_sent(call, field);
    switch (field) {
    case ARK_STREAM:
        return streams(call);
    case ARK_SEQUENCE:
        return call->request->count > 1 && ark_may_send(call, ARK_SEQUENCE);
    case ARK_FORMAT:
        return format_of(call).size > 0;
    case ARK_OPTIMIZE:
        return optimize_of(call).size > 0;
    case ARK_BACKGROUND:
        return has_background(call);
    case ARK_SEARCH:
        return searches(call);
    case ARK_LAYERS:
        return ark_decomposes(call->request);
    case ARK_SEED:
        return call->request->has_seed && ark_may_send(call, ARK_SEED);
    case ARK_SCALE:
        return call->request->scale > 0 && ark_may_send(call, ARK_SCALE);
    case ARK_SCHEMA:
    case ARK_THINKING:
    case ARK_TOKENS:
    case ARK_TOKENS_OTHER:
    case ARK_FIELD_COUNT:
        break;
    }
    return false;
}

/* A PNG takes two bytes a pixel at most as a rule, a JPEG one; base64 a third more. */
static bool fits_inline(const struct ark_call *call, struct str size)
{
    int64_t pixels = call->request->width_px * call->request->height_px;

    if (ark_decomposes(call->request)) /* up to seventeen pictures */
        return false;
    if (pixels <= 0)
        pixels = ark_tier_pixels(size);
    if (pixels <= 0)
        pixels = ark_tier_pixels(STR("2K")); /* what the models do by default */
    if (str_equal(format_of(call), STR("png")))
        pixels *= 2;
    return pixels * call->request->count / 3 * 4 <= INLINE_SIZE_MAX;
}

static struct str response_format(const struct ark_call *call, struct str size)
{
    struct str wanted = account_option_text(call->account, "response_format");

    if (str_equal(wanted, STR("url")) || str_equal(wanted, STR("b64_json")))
        return wanted;
    return fits_inline(call, size) ? STR("b64_json") : STR("url");
}

void ark_write_data_uri(struct json_writer *writer, struct str bytes)
{
    CLEANUP(buf_finish) struct buf text = {0};

    buf_reserve(&text, bytes.size / 3 * 4 + 64);
    buf_printf(&text, "data:%s;base64,", picture_mime(bytes));
    base64_add(&text, bytes);
    json_add_text(writer, buf_str(&text));
}

static void add_text(struct json_writer *writer, const char *name, struct str text)
{
    if (text.size == 0)
        return;
    json_name(writer, name);
    json_add_text(writer, text);
}

static void write_references(struct json_writer *writer, const struct provider_request *request)
{
    if (request->reference_count == 0)
        return;
    json_name(writer, "image");
    if (request->reference_count > 1)
        json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++)
        ark_write_data_uri(writer, request->references[i].bytes);
    if (request->reference_count > 1)
        json_end_list(writer);
}

/* {"name": {"member": value}} is written member by member. */
static void begin_member(struct json_writer *writer, const char *name, const char *member)
{
    json_name(writer, name);
    json_begin_object(writer);
    json_name(writer, member);
}

static void write_optional(struct json_writer *writer, const struct ark_call *call)
{
    const struct provider_request *request = call->request;

    add_text(writer, "output_format", format_of(call));
    if (ark_is_sent(call, ARK_SEQUENCE)) {
        add_text(writer, "sequential_image_generation", STR("auto"));
        begin_member(writer, "sequential_image_generation_options", "max_images");
        json_add_int(writer, request->count);
        json_end_object(writer);
    }
    if (streams(call)) {
        json_name(writer, "stream");
        json_add_bool(writer, true);
    }
    if (ark_is_sent(call, ARK_OPTIMIZE)) {
        begin_member(writer, "optimize_prompt_options", "mode");
        json_add_text(writer, optimize_of(call));
        json_end_object(writer);
    }
    if (has_background(call))
        add_text(writer, "background", request->background);
    if (searches(call)) {
        json_name(writer, "tools");
        json_begin_list(writer);
        json_begin_object(writer);
        add_text(writer, "type", STR("web_search"));
        json_end_object(writer);
        json_end_list(writer);
    }
    if (ark_decomposes(request)) {
        json_name(writer, "layer_decomposition");
        json_add_bool(writer, true);
    }
    if (ark_is_sent(call, ARK_SEED)) {
        json_name(writer, "seed");
        json_add_int(writer, request->seed);
    }
    if (ark_is_sent(call, ARK_SCALE)) {
        json_name(writer, "guidance_scale");
        json_add_double(writer, request->scale);
    }
}

static struct str write_body(const struct ark_call *call, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;
    struct str size = ark_size(call, arena);

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    add_text(&writer, "model", call->request->model);
    add_text(&writer, "prompt", call->request->prompt);
    write_references(&writer, call->request);
    add_text(&writer, "size", size);
    add_text(&writer, "response_format", response_format(call, size));
    json_name(&writer, "watermark"); /* left out, it is true */
    json_add_bool(&writer, call_option_bool(call->account, call->request, "watermark", false));
    write_optional(&writer, call);
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

bool ark_build(const struct ark_call *call, struct arena *arena, struct exchange *out,
               struct error *err)
{
    int64_t wait_ms = FIRST_BYTE_MS + EACH_MS * (call->request->count - 1);

    if (!ark_exchange_init(call->account, call->base, "/images/generations", arena, out, err))
        return false;
    out->purpose = EXCHANGE_SUBMIT;
    out->is_paid = true;
    out->is_stream = streams(call);
    out->dropped = call->dropped;
    out->first_byte_ms = wait_ms < FIRST_BYTE_MAX_MS ? wait_ms : FIRST_BYTE_MAX_MS;
    out->idle_ms = out->is_stream ? FIRST_BYTE_MS : 0;
    out->total_ms = FIRST_BYTE_MAX_MS + DOWNLOAD_MS;
    out->reply_size_max = (int64_t)MIB(call->request->count < 4 ? 64 * call->request->count : 256);
    exchange_set_body(out, arena, write_body(call, arena));
    return true;
}
