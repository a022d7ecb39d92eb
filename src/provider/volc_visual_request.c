/*
 * provider/volc_visual_request.c: calls checked against their model, written as JSON, to be signed.
 *
 * Never sent: size as an area (width and height say more), force_single false (more pictures would
 * be made, and billed, than were asked for), image_urls (pictures travel inside), logo_info's
 * position, language and opacity (the service's own), and grow or strength of 2.1's kin, which the
 * facts do not name.  The mark belongs to the account alone: it is told when a result is asked for,
 * and by then the call's own wishes are gone.
 */
#include "provider/volc_visual_private.h"

#include "core/hash.h"
#include "core/text.h"

#define DEFAULT_BASE "https://visual.volcengineapi.com"
#define VERSION "2022-08-31"
#define SERVICE "cv"
#define REMOTE_PREFIX "volc1:"
#define ID_SIZE_MAX 64
#define REFERENCE_SIZE_MAX MIB(15)
#define REFERENCES_SIZE_MAX MIB(64) /* in all: they are copied as base64 */
#define SYNC_MS 300000
#define SUBMIT_MS 60000
#define POLL_MS 30000
#define DOWNLOAD_MS 180000
#define REPLY_SIZE_MAX ((int64_t)MIB(96))

/* --- checks --- */

static bool refuse(const struct visual_call *call, const char *field, bool is_wanted,
                   struct error *err)
{
    return !is_wanted || error_field(err, ERROR_INVALID, field, 0, "%.*s takes no %s",
                                     STR_ARGS(call->model.name), field);
}

static bool check_fields(const struct visual_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    const struct provider_model *model = &call->model;
    double scale_max = call->traits.scale_max;

    if (!refuse(call, "negative_prompt", request->negative_prompt.size > 0, err) ||
        !refuse(call, "quality", request->quality.size > 0, err) ||
        !refuse(call, "compression", request->compression >= 0, err) ||
        !refuse(call, "format", request->format.size > 0, err) ||
        !refuse(call, "background", str_equal(request->background, STR("transparent")), err) ||
        !refuse(call, "seed", request->has_seed && !model->has_seed, err) ||
        !refuse(call, "steps", request->steps > 0 && !model->has_steps, err) ||
        !refuse(call, "scale", request->scale > 0 && !model->has_scale, err))
        return false;
    return request->scale <= scale_max ||
           error_field(err, ERROR_TOO_BIG, "scale", (int64_t)scale_max,
                       "the guidance of %.*s is at most %g", STR_ARGS(model->name), scale_max);
}

static bool check_prompt(const struct visual_call *call, struct error *err)
{
    int64_t max = call->traits.prompt_max;

    if (call->traits.is_upscale)
        return true;
    if (str_trim(call->request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    return max == 0 || (int64_t)text_count(call->request->prompt) <= max ||
           error_field(err, ERROR_TOO_LONG, "prompt", max, "a prompt may have %lld characters",
                       (long long)max);
}

static bool check_mask(const struct visual_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (request->mask == NULL)
        return !call->model.can_mask ||
               error_field(err, ERROR_REQUIRED, "mask", 1, "%.*s needs a mask",
                           STR_ARGS(call->model.name));
    if (!call->model.can_mask)
        return refuse(call, "mask", true, err);
    if (!request->mask_is_white) /* facts 6.11: 255 is painted anew */
        return error_field(err, ERROR_INVALID, "mask", 0,
                           "the service wants the mask in black and white");
    return provider_check_picture(request->mask, "mask", NULL, REFERENCE_SIZE_MAX, err);
}

static bool check_pictures(const struct visual_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    int64_t min = request->action == PROVIDER_EDIT ? 1 : call->traits.references_min;

    if ((int64_t)request->reference_count < min)
        return error_field(err, ERROR_REQUIRED, "references", min,
                           "%.*s changes a picture: it needs one", STR_ARGS(call->model.name));
    return provider_check_references(&call->model, request, NULL, REFERENCE_SIZE_MAX,
                                     REFERENCES_SIZE_MAX, err) &&
           check_mask(call, err);
}

/* A shape that is chosen within bounds is not one that is said. */
static bool check_ratios(const struct provider_request *request, struct error *err)
{
    bool is_bounded = request_setting(request, "min_ratio") != NULL ||
                      request_setting(request, "max_ratio") != NULL;

    return !is_bounded || request->width_px == 0 ||
           error_field(err, ERROR_INVALID, "options.min_ratio", 0,
                       "a size is said already; leave it open for a shape within bounds");
}

bool visual_check(const struct visual_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "this service writes no text");
    if (!visual_is_id(request->model)) /* it is written into remote ids */
        return error_field(err, ERROR_INVALID, "model", ID_SIZE_MAX,
                           "a model is named by its req_key: letters, digits, . _ -");
    if (request->count != 1)
        return error_field(err, request->count < 1 ? ERROR_TOO_SMALL : ERROR_TOO_BIG, "count", 1,
                           "one picture in one call");
    return check_prompt(call, err) && provider_check_settings(&call->model, request, err) &&
           check_ratios(request, err) && provider_check_size(&call->model, request, err) &&
           check_fields(call, err) && check_pictures(call, err);
}

/* --- signed exchanges --- */

static bool set_signing(const struct provider_account *account, struct arena *arena,
                        struct exchange *out, struct error *err)
{
    struct str key = provider_key_part(account->key),
               key_id = account_option_text(account, "access_key_id"),
               region = account_option_text(account, "region");
    struct exchange_signing *signing = ARENA_NEW(arena, struct exchange_signing);

    if (key.size == 0)
        return error_field(err, ERROR_REQUIRED, "key", 0, "the secret access key is missing");
    if (key_id.size == 0)
        return error_field(err, ERROR_REQUIRED, "access_key_id", 0, "the access key id is missing");
    if (!header_value_is_plain(key_id) || str_find_char(key_id, ' ') >= 0 ||
        str_find_char(key_id, '/') >= 0 || str_find_char(key_id, ',') >= 0)
        return error_field(err, ERROR_INVALID, "access_key_id", 0,
                           "the access key id has a character that none has");
    if (region.size > 0 && !visual_is_id(region))
        return error_field(err, ERROR_INVALID, "region", 0, "this is the name of no region");
    *signing = (struct exchange_signing){
        .key_id = arena_str(arena, key_id),
        .region = region.size > 0 ? arena_str(arena, region) : STR("cn-north-1"),
        .service = STR(SERVICE),
        .key = {arena_str(arena, key)},
        .session_token = {arena_str(arena, provider_session_token(account->key))},
    };
    out->signing = signing;
    return true;
}

static bool init_exchange(const struct provider_account *account, const char *action,
                          struct arena *arena, struct exchange *out, struct error *err)
{
    bool is_own = str_trim(account->base_url).size > 0;
    struct str base = STR(DEFAULT_BASE);

    if (is_own && !provider_url_base(account->base_url, "", arena, &base, err))
        return false;
    *out = (struct exchange){
        .is_own_origin = is_own,
        .method = STR("POST"),
        .url = arena_printf(arena, "%.*s/?Action=%s&Version=" VERSION, STR_ARGS(base), action),
        .reply_size_max = REPLY_SIZE_MAX,
    };
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    return set_signing(account, arena, out, err);
}

/* --- bodies --- */

static void add_text(struct json_writer *writer, const char *name, struct str text)
{
    json_name(writer, name);
    json_add_text(writer, text);
}

static void add_bool(struct json_writer *writer, const char *name, bool value)
{
    json_name(writer, name);
    json_add_bool(writer, value);
}

static void add_int(struct json_writer *writer, const char *name, int64_t number)
{
    json_name(writer, name);
    json_add_int(writer, number);
}

/*
 * Who made the picture and who spreads it, for the label that Chinese rules want; `id` tells this
 * picture from others.  Left to us to write elsewhere when the account names nobody.
 *
 * In doubt: facts 4B has no aigc_meta; its name and members are those that a client of this API
 * writes (facts/siblings.md, the table of request fields, read 2026-11-22), second-hand, and no
 * server was asked.  So they are sent only by an account that says what is to stand there.
 */
static void write_meta(struct json_writer *writer, const struct provider_account *account,
                       struct str id)
{
    struct str producer = account_option_text(account, "content_producer"),
               propagator = account_option_text(account, "content_propagator");

    if (producer.size == 0 && propagator.size == 0)
        return;
    json_name(writer, "aigc_meta");
    json_begin_object(writer);
    if (producer.size > 0) {
        add_text(writer, "content_producer", producer);
        add_text(writer, "producer_id", id);
    }
    if (propagator.size > 0) {
        add_text(writer, "content_propagator", propagator);
        add_text(writer, "propagate_id", id);
    }
    json_end_object(writer);
}

/* How the result is to come: with the call when it is synchronous, else with the asking. */
static void write_delivery(struct json_writer *writer, const struct provider_account *account,
                           struct str id)
{
    bool has_logo = account_option_bool(account, "watermark", false);
    struct str text = account_option_text(account, "watermark_text");

    add_bool(writer, "return_url",
             str_equal(account_option_text(account, "response_format"), STR("url")));
    json_name(writer, "logo_info");
    json_begin_object(writer);
    add_bool(writer, "add_logo", has_logo);
    if (has_logo && text.size > 0)
        add_text(writer, "logo_text_content", text);
    json_end_object(writer);
    write_meta(writer, account, id);
}

static void write_picture(struct json_writer *writer, struct str bytes)
{
    CLEANUP(buf_finish) struct buf text = {0};

    buf_reserve(&text, bytes.size / 3 * 4 + 8);
    base64_add(&text, bytes);
    json_add_text(writer, buf_str(&text));
}

/* Input pictures, the mask last.  Some rows of facts 4B name image_urls alone; that bare base64 is
 * taken by all is its "common" line, second-hand. */
static void write_pictures(struct json_writer *writer, const struct provider_request *request)
{
    if (request->reference_count == 0)
        return;
    json_name(writer, "binary_data_base64");
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++)
        write_picture(writer, request->references[i].bytes);
    if (request->mask != NULL)
        write_picture(writer, request->mask->bytes);
    json_end_list(writer);
}

static void write_scale(struct json_writer *writer, const struct visual_call *call)
{
    if (call->request->scale <= 0)
        return;
    json_name(writer, "scale");
    if (call->traits.scale_is_int)
        json_add_int(writer, call->request->scale < 1 ? 1 : (int64_t)(call->request->scale + 0.5));
    else
        json_add_double(writer, call->request->scale);
}

static void write_size(struct json_writer *writer, const struct visual_call *call)
{
    const struct provider_request *request = call->request;

    if (request->width_px <= 0)
        return; /* left to the service */
    if (!call->traits.is_upscale) {
        add_int(writer, "width", request->width_px);
        add_int(writer, "height", request->height_px);
    } else if (request->width_px > 4096 || request->height_px > 4096) {
        add_text(writer, "resolution", STR("8k")); /* left out it is 4K, as we understand it */
    }
}

static void add_ratio(struct json_writer *writer, const struct provider_request *request,
                      const char *name)
{
    const struct provider_setting *setting = request_setting(request, name);
    double ratio;

    if (setting == NULL || !str_to_double(str_trim(setting->text), &ratio))
        return;
    json_name(writer, name);
    json_add_double(writer, ratio);
}

static struct str write_body(const struct visual_call *call, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    const struct provider_request *request = call->request;
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    add_text(&writer, "req_key", request->model);
    if (!call->traits.is_upscale)
        add_text(&writer, "prompt", request->prompt);
    write_pictures(&writer, request);
    write_size(&writer, call);
    if (request->has_seed)
        add_int(&writer, "seed", request->seed);
    write_scale(&writer, call);
    if (request->steps > 0)
        add_int(&writer, "ddim_steps", request->steps);
    if (call->traits.has_pre_llm)
        add_bool(&writer, "use_pre_llm",
                 call_option_bool(call->account, request, "use_pre_llm", true));
    if (request_setting(request, "use_sr") != NULL)
        add_bool(&writer, "use_sr", call_option_bool(call->account, request, "use_sr", false));
    add_ratio(&writer, request, "min_ratio");
    add_ratio(&writer, request, "max_ratio");
    if (call->traits.has_single) /* else the model may make, and bill, several */
        add_bool(&writer, "force_single", true);
    if (call->traits.flow == VISUAL_SYNC)
        write_delivery(&writer, call->account, request->idempotency_key);
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

bool visual_build(const struct visual_call *call, struct arena *arena, struct exchange *out,
                  struct error *err)
{
    bool is_sync = call->traits.flow == VISUAL_SYNC;

    if (!init_exchange(call->account, visual_flows[call->traits.flow].submit, arena, out, err))
        return false;
    out->purpose = EXCHANGE_SUBMIT;
    out->is_paid = true;
    out->first_byte_ms = is_sync ? SYNC_MS : SUBMIT_MS;
    out->total_ms = (is_sync ? SYNC_MS : SUBMIT_MS) + DOWNLOAD_MS;
    exchange_set_body(out, arena, write_body(call, arena));
    return true;
}

/* --- work that was accepted --- */

bool visual_is_id(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '.' && c != '_' && c != '-')
            return false;
    }
    return text.size >= 1 && text.size <= ID_SIZE_MAX;
}

struct str visual_remote_id(const struct visual_work *work, struct arena *arena)
{
    return arena_printf(arena, REMOTE_PREFIX "%s:%.*s:%.*s", visual_flows[work->flow].name,
                        STR_ARGS(work->req_key), STR_ARGS(work->task_id));
}

bool visual_work_read(struct str remote_id, struct visual_work *out, struct error *err)
{
    struct str rest = remote_id, flow;

    if (str_starts_with(rest, STR(REMOTE_PREFIX))) {
        rest = str_slice(rest, sizeof REMOTE_PREFIX - 1, rest.size);
        flow = str_cut(&rest, ':');
        out->req_key = str_cut(&rest, ':');
        out->task_id = rest;
        for (unsigned i = 0; i < VISUAL_FLOW_COUNT; i++)
            if (visual_flows[i].fetch != NULL && str_equal(flow, str_of(visual_flows[i].name)) &&
                visual_is_id(out->req_key) && visual_is_id(out->task_id)) {
                out->flow = (enum visual_flow)i;
                return true;
            }
    }
    return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no work of this service");
}

bool visual_fetch(const struct provider_account *account, const struct visual_work *work,
                  enum exchange_purpose purpose, struct arena *arena, struct exchange *out,
                  struct error *err)
{
    CLEANUP(buf_finish) struct buf inner = {0}, buf = {0};
    struct json_writer writer;

    if (!init_exchange(account, visual_flows[work->flow].fetch, arena, out, err))
        return false;
    json_writer_init(&writer, &inner);
    json_begin_object(&writer);
    write_delivery(&writer, account, work->task_id);
    json_end_object(&writer);
    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    add_text(&writer, "req_key", work->req_key);
    add_text(&writer, "task_id", work->task_id);
    add_text(&writer, "req_json", buf_str(&inner)); /* JSON as a text, so they want it */
    json_end_object(&writer);
    out->purpose = purpose;
    out->memo = visual_remote_id(work, arena);
    out->first_byte_ms = POLL_MS;
    out->total_ms = DOWNLOAD_MS;
    exchange_set_body(out, arena, arena_str(arena, buf_str(&buf)));
    return true;
}
