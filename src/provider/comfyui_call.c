/*
 * provider/comfyui_call.c: one call to a ComfyUI server (facts 5): which workflow, what it leaves
 * open, and the exchanges that lead to it: the list of model files and the uploads, which cost
 * nothing, then the prompt itself.
 */
#include "provider/comfyui_private.h"

#include "core/hash.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define BASE_URL "http://127.0.0.1:8188"
#define PROMPT_CHARACTERS_MAX 32000
#define UPLOAD_SIZE_MAX MIB(100) /* --max-upload-size */
#define SEED_MAX INT64_MAX
#define DENOISE_DEFAULT 0.6
#define BODY_SIZE_MAX MIB(8) /* the prompt as often as it stands there, \u007f for a byte */
#define SHORT_MS 30000
#define SUBMIT_MS 120000 /* validation reads folders */
#define UPLOAD_MS 300000
#define RECENT_MAX 200 /* finished prompts looked through, each with its whole graph */

/* --- which workflow --- */

static bool has_flux(struct str name) { return text_has_nocase(name, "flux"); }

static const char *template_for(const struct provider_request *request, struct str checkpoint)
{
    if (request->mask != NULL)
        return "inpaint";
    if (request->reference_count > 0)
        return "img2img";
    return has_flux(checkpoint) ? "flux" : "txt2img";
}

static bool read_workflow(struct comfyui_call *call, const struct json *own, struct error *err)
{
    return own != NULL
               ? comfyui_own_read(own, &call->workflow, err)
               : comfyui_workflow_read(str_of(call->template->graph), NULL, &call->workflow, err);
}

/* The form's capabilities are those of the model's row; this call has its workflow's own. */
static void narrow_model(struct comfyui_call *call)
{
    const struct provider_model own = comfyui_own_model(
        call->model.name, &call->workflow,
        /* Of a model that is a checkpoint's name there is no other to choose. */
        call->is_own || comfyui_template_find(call->model.name) != NULL, call->options);

    call->model.has_seed = own.has_seed;
    call->model.has_negative = own.has_negative;
    call->model.has_steps = own.has_steps;
    call->model.has_scale = own.has_scale;
    call->model.can_mask = own.can_mask;
    call->model.can_edit = own.can_edit;
    call->model.can_generate = own.can_generate;
    call->model.references_max = own.references_max;
    call->model.options = own.options;
}

bool comfyui_call_init(struct comfyui_call *call, const struct provider_account *account,
                       const struct provider_request *request, struct error *err)
{
    const struct json *own = comfyui_own_find(account, request->model);
    struct comfyui_call made = {
        .account = account,
        .request = request,
        .is_own = own != NULL,
        .template = own != NULL ? &comfyui_template_own : comfyui_template_find(request->model),
        .model = own != NULL ? comfyui_model_own
                             : provider_model_find(&provider_comfyui, request->model),
        .checkpoint = call_option_text(account, request, "checkpoint"),
    };

    made.model.name = request->model;
    /* The name of a checkpoint, whose file has an ending; without one it was a workflow's. */
    if (made.template == NULL && str_find_char(request->model, '.') < 0)
        return error_field(err, ERROR_NOT_IN_LIST, "model", 0,
                           "the provider has no workflow \"%.*s\"",
                           STR_ARGS(text_clip(request->model, 60)));
    if (made.template == NULL) {
        made.checkpoint = request->model;
        made.template = comfyui_template_find(str_of(template_for(request, request->model)));
    }
    if (!read_workflow(&made, own, err))
        return false;
    *call = made;
    narrow_model(call);
    return true;
}

void comfyui_call_finish(struct comfyui_call *call) { comfyui_workflow_finish(&call->workflow); }

static bool comfyui_check(const struct comfyui_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    static const struct provider_limits limits = {
        .prompt_max = PROMPT_CHARACTERS_MAX,
        .seed_max = SEED_MAX,
        .picture_size_max = UPLOAD_SIZE_MAX,
        .mask_is_white = true,
    };

    if (!provider_check_request(&call->model, request, &limits, err))
        return false;
    if (request->reference_count < call->workflow.image_count)
        return error_field(err, ERROR_REQUIRED, "references", (int64_t)call->workflow.image_count,
                           "this workflow needs %zu pictures", call->workflow.image_count);
    if (call->model.can_mask && request->mask == NULL)
        return error_field(err, ERROR_REQUIRED, "mask", 0, "this workflow needs a mask");
    if (request->count > 1 && !comfyui_workflow_uses(&call->workflow, COMFYUI_COUNT))
        return error_field(err, ERROR_TOO_BIG, "count", 1,
                           "the workflow leaves no count open: one picture in a call");
    if (request->width_px > 0 && (!comfyui_workflow_uses(&call->workflow, COMFYUI_WIDTH) ||
                                  !comfyui_workflow_uses(&call->workflow, COMFYUI_HEIGHT)))
        return error_field(err, ERROR_INVALID, "size", 0,
                           "the size of this workflow's pictures is its own");
    return true;
}

/* --- what is the same for the same call for ever --- */

struct str comfyui_uuid(struct str idempotency_key, const char *use, struct arena *arena)
{
    char hex[SHA256_HEX_SIZE + 1];
    struct sha256 hash;

    if (idempotency_key.size == 0)
        return STR_EMPTY;
    hash = sha256_of(arena_printf(arena, "comfyui %s %.*s", use, STR_ARGS(idempotency_key)));
    hash.bytes[6] = (uint8_t)((hash.bytes[6] & 0x0f) | 0x40); /* RFC 9562: version 4, variant 10 */
    hash.bytes[8] = (uint8_t)((hash.bytes[8] & 0x3f) | 0x80);
    sha256_hex(&hash, hex);
    return arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                        hex + 20);
}

/* A prompt whose nodes are all cached is not worked again (facts 5): a seed of its own for each
 * call, within what the form takes. */
int64_t comfyui_seed(const struct provider_request *request)
{
    return request->has_seed
               ? request->seed
               : (int64_t)(hash_u64(request->prompt, hash_u64(request->idempotency_key, 1)) &
                           UINT32_MAX);
}

/* --- exchanges --- */

static bool is_basic(const struct provider_account *account)
{
    return str_equal(account_option_text(account, "auth"), STR("basic"));
}

/* "user:password" as it travels. */
static struct str make_basic(const struct provider_account *account, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};

    base64_add(&text, str_trim(secret_expose(account->key)));
    return arena_str(arena, buf_str(&text));
}

static bool add_key(const struct provider_account *account, struct arena *arena,
                    struct exchange *out, struct error *err)
{
    if (str_trim(secret_expose(account->key)).size == 0)
        return true;
    if (is_basic(account)) {
        exchange_add_header(
            out, arena, "Authorization",
            arena_printf(arena, "Basic %.*s", STR_ARGS(make_basic(account, arena))));
        return true;
    }
    if (str_equal(account_option_text(account, "auth"), STR("x-api-key")))
        return exchange_add_key(out, account, "X-API-Key", "", arena, err);
    return exchange_add_bearer(out, account, arena, err);
}

struct str comfyui_clean(const struct provider_account *account, struct str text, size_t size_max,
                         struct arena *arena)
{
    struct str clean = provider_text_clean_for(account, text, size_max, arena);

    return is_basic(account)
               ? provider_text_clean(make_basic(account, arena), clean, size_max, arena)
               : clean;
}

bool comfyui_exchange_init(const struct provider_account *account, enum exchange_purpose purpose,
                           const char *method, struct str path, struct arena *arena,
                           struct exchange *out, struct error *err)
{
    struct str url = str_trim(account->base_url), base;

    if (!provider_url_base(url.size > 0 ? url : STR(BASE_URL), "", arena, &base, err))
        return false;
    *out = (struct exchange){
        .purpose = purpose,
        .is_own_origin = true, /* its default, too, is this machine */
        .method = str_of(method),
        .url = arena_printf(arena, "%.*s%.*s", STR_ARGS(base), STR_ARGS(path)),
        .first_byte_ms = SHORT_MS,
        .total_ms = 2 * (int64_t)SHORT_MS,
        .reply_size_max = (int64_t)MIB(16),
    };
    return add_key(account, arena, out, err);
}

/* --- the steps --- */

struct str comfyui_class_path(struct str class, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf path = {0};

    buf_add(&path, STR("/object_info/"));
    url_encode_add(&path, class);
    return arena_str(arena, buf_str(&path));
}

static struct str write_steps(const struct comfyui_steps *steps, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    json_name(&writer, "checkpoint");
    json_add_text(&writer, steps->checkpoint);
    json_name(&writer, "names");
    json_begin_list(&writer);
    for (size_t i = 0; i < steps->count; i++)
        json_add_text(&writer, steps->names[i]);
    json_end_list(&writer);
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

bool comfyui_steps_read(struct str memo, struct arena *arena, struct comfyui_steps *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *list;
    struct error ignored;

    *out = (struct comfyui_steps){0};
    if (!json_read(memo, &json, &ignored))
        return false;
    list = json_get(json, "names");
    if (json_count(list) > COUNT(out->names))
        return false;
    out->checkpoint = arena_str(arena, json_text(json_get(json, "checkpoint")));
    for (size_t i = 0; i < json_count(list); i++)
        out->names[out->count++] = arena_str(arena, json_text(json_item(list, i)));
    return true;
}

/* The same picture has the same name for ever, so that it stands there once. */
static struct str make_upload_name(struct str bytes, struct arena *arena)
{
    const char *mime = picture_mime(bytes); /* checked: png, jpeg or webp */
    struct sha256 hash = sha256_of(bytes);
    char hex[SHA256_HEX_SIZE + 1];

    sha256_hex(&hash, hex);
    return arena_printf(arena, "vitrine-%.32s.%s", hex,
                        strcmp(mime, "image/jpeg") == 0 ? "jpg" : mime + strlen("image/"));
}

static bool make_upload(const struct comfyui_call *call, struct str bytes, struct arena *arena,
                        struct exchange *out, struct error *err)
{
    struct multipart multipart = {0};

    if (!comfyui_exchange_init(call->account, EXCHANGE_SUBMIT, "POST", STR("/upload/image"), arena,
                               out, err))
        return false;
    out->total_ms = UPLOAD_MS;
    multipart_add_file(&multipart, "image", make_upload_name(bytes, arena),
                       str_of(picture_mime(bytes)), bytes);
    multipart_add_text(&multipart, "type", STR("input"));
    multipart_add_text(&multipart, "overwrite", STR("true"));
    multipart_finish(&multipart, arena, out);
    return true;
}

static struct str option_or(const struct comfyui_call *call, const char *name, const char *fallback)
{
    struct str text = call_option_text(call->account, call->request, name);

    return text.size > 0 ? text : str_of(fallback);
}

static void set_text(struct comfyui_values *values, enum comfyui_parameter parameter,
                     struct str text)
{
    values->items[parameter] = (struct comfyui_value){.type = VALUE_TEXT, .text = text};
}

static void set_int(struct comfyui_values *values, enum comfyui_parameter parameter, int64_t number)
{
    values->items[parameter] = (struct comfyui_value){.type = VALUE_INT, .number = number};
}

static void set_double(struct comfyui_values *values, enum comfyui_parameter parameter,
                       double fraction)
{
    values->items[parameter] = (struct comfyui_value){.type = VALUE_DOUBLE, .fraction = fraction};
}

/* What the call itself says.  Of the rest a declared input keeps what the workflow has there; a
 * placeholder has nothing to keep. */
static uint32_t asked_of(const struct provider_request *request)
{
    uint32_t asked = 1U << COMFYUI_PROMPT | 1U << COMFYUI_SEED | 1U << COMFYUI_COUNT |
                     1U << COMFYUI_IMAGE | 1U << COMFYUI_MASK;

    if (request->negative_prompt.size > 0)
        asked |= 1U << COMFYUI_NEGATIVE;
    if (request->width_px > 0)
        asked |= 1U << COMFYUI_WIDTH | 1U << COMFYUI_HEIGHT;
    if (request->steps > 0)
        asked |= 1U << COMFYUI_STEPS;
    if (request->scale > 0)
        asked |= 1U << COMFYUI_CFG;
    for (size_t i = 0; i < COMFYUI_OPTION_COUNT; i++) {
        const struct provider_setting *setting =
            request_setting(request, comfyui_options[i].field.name);

        if (setting != NULL && str_trim(setting->text).size > 0)
            asked |= (uint32_t)1 << comfyui_options[i].parameter;
    }
    return asked;
}

static void fill_values(const struct comfyui_call *call, const struct comfyui_steps *steps,
                        struct comfyui_values *out)
{
    const struct provider_request *request = call->request;
    const struct comfyui_template *template = call->template;
    bool has_size = request->width_px > 0;

    *out = (struct comfyui_values){.asked = asked_of(request)};
    set_text(out, COMFYUI_PROMPT, request->prompt);
    set_text(out, COMFYUI_NEGATIVE, request->negative_prompt);
    set_int(out, COMFYUI_SEED, comfyui_seed(request));
    set_int(out, COMFYUI_WIDTH, has_size ? request->width_px : template->side_px);
    set_int(out, COMFYUI_HEIGHT, has_size ? request->height_px : template->side_px);
    set_int(out, COMFYUI_COUNT, request->count);
    set_int(out, COMFYUI_STEPS, request->steps > 0 ? request->steps : template->steps);
    set_double(out, COMFYUI_CFG, request->scale > 0 ? request->scale : template->cfg);
    set_text(out, COMFYUI_SAMPLER, option_or(call, "sampler", template->sampler));
    set_text(out, COMFYUI_SCHEDULER, option_or(call, "scheduler", template->scheduler));
    set_double(out, COMFYUI_DENOISE,
               call_option_double(call->account, request, "denoise", DENOISE_DEFAULT, 0, 1));
    set_text(out, COMFYUI_MODEL, steps->checkpoint);
    for (size_t i = 0; i < request->reference_count && i < COMFYUI_IMAGES_MAX; i++)
        out->images[i] = steps->names[i];
    if (request->mask != NULL)
        set_text(out, COMFYUI_MASK, steps->names[request->reference_count]);
}

/* Of the prompt's exchange, with what the steps brought so far. */
static bool write_body(const struct comfyui_call *call, const struct comfyui_steps *steps,
                       struct arena *arena, struct buf *out, struct error *err)
{
    struct comfyui_values values;
    struct json_writer writer;
    struct str client = comfyui_uuid(call->request->idempotency_key, "client", arena);
    struct str id = comfyui_uuid(call->request->idempotency_key, "prompt", arena);
    size_t fitting;

    fill_values(call, steps, &values);
    json_writer_init(&writer, out);
    json_begin_object(&writer);
    json_name(&writer, "prompt");
    comfyui_workflow_write(&call->workflow, &values, &writer);
    if (client.size > 0) {
        json_name(&writer, "client_id");
        json_add_text(&writer, client);
        json_name(&writer, "prompt_id");
        json_add_text(&writer, id);
    }
    json_end_object(&writer);
    if (out->size <= BODY_SIZE_MAX)
        return true;
    /* In characters of the prompt, about: that is what somebody can do something about. */
    fitting = text_count(call->request->prompt) * BODY_SIZE_MAX / out->size;
    return error_field(err, ERROR_TOO_LONG, "prompt", (int64_t)fitting,
                       "the workflow with the prompt in all its places has %zu bytes, and %zu at "
                       "most are sent",
                       out->size, (size_t)BODY_SIZE_MAX);
}

static bool make_submit(const struct comfyui_call *call, struct str body, struct arena *arena,
                        struct exchange *out, struct error *err)
{
    if (!comfyui_exchange_init(call->account, EXCHANGE_SUBMIT, "POST", STR("/prompt"), arena, out,
                               err))
        return false;
    out->is_paid = true; /* it takes no money, but it is not run twice unasked */
    out->first_byte_ms = out->total_ms = SUBMIT_MS;
    exchange_set_body(out, arena, arena_str(arena, body));
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    return true;
}

bool comfyui_lacks_file(const struct comfyui_call *call, const struct comfyui_steps *steps)
{
    return steps->checkpoint.size == 0 && (call->workflow.places >> COMFYUI_MODEL & 1) != 0;
}

bool comfyui_step(const struct comfyui_call *call, const struct comfyui_steps *steps,
                  struct arena *arena, struct exchange *out, struct error *err)
{
    CLEANUP(buf_finish) struct buf body = {0};
    const struct provider_request *request = call->request;
    bool ok;

    /* Written before each step: for what is too long in the end no picture is uploaded. */
    if (!comfyui_check(call, err) || !write_body(call, steps, arena, &body, err))
        return false;
    if (comfyui_lacks_file(call, steps))
        ok = comfyui_exchange_init(
            call->account, EXCHANGE_SUBMIT, "GET",
            comfyui_class_path(comfyui_workflow_model(&call->workflow).class, arena), arena, out,
            err);
    else if (steps->count < request->reference_count)
        ok = make_upload(call, request->references[steps->count].bytes, arena, out, err);
    else if (request->mask != NULL && steps->count == request->reference_count)
        ok = make_upload(call, request->mask->bytes, arena, out, err);
    else
        ok = make_submit(call, buf_str(&body), arena, out, err);
    if (ok)
        out->memo = write_steps(steps, arena);
    return ok;
}

/* --- remote work --- */

bool comfyui_ask(const struct provider_account *account, struct str remote_id,
                 enum comfyui_stage stage, bool is_given_up, struct arena *arena,
                 struct exchange *out, struct error *err)
{
    bool is_cancel = stage >= COMFYUI_DELETE;
    struct str path = STR("/queue"), body = STR_EMPTY;

    if (!remote_id_is_plain(remote_id, COMFYUI_ID_SIZE_MAX))
        return error_field(err, ERROR_INVALID, "remote_id", 0, "this is no work of ComfyUI");
    if (stage == COMFYUI_HISTORY || stage == COMFYUI_HISTORY_AGAIN)
        path = arena_printf(arena, "/history/%.*s", STR_ARGS(remote_id));
    if (stage == COMFYUI_DELETE)
        body = arena_printf(arena, "{\"delete\":[\"%.*s\"]}", STR_ARGS(remote_id));
    if (stage == COMFYUI_INTERRUPT) {
        path = STR("/interrupt");
        body = arena_printf(arena, "{\"prompt_id\":\"%.*s\"}", STR_ARGS(remote_id));
    }
    if (!comfyui_exchange_init(account, is_cancel ? EXCHANGE_CANCEL : EXCHANGE_POLL,
                               body.size > 0 ? "POST" : "GET", path, arena, out, err))
        return false;
    if (body.size > 0) {
        exchange_set_body(out, arena, body);
        exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    }
    out->retry_stage = stage;
    out->memo = arena_printf(arena, "%.*s%s", STR_ARGS(remote_id), is_given_up ? " stop" : "");
    return true;
}

bool comfyui_find(const struct provider_account *account, struct str id, struct str client,
                  enum comfyui_stage stage, struct arena *arena, struct exchange *out,
                  struct error *err)
{
    struct str path = STR("/queue");

    if (stage == COMFYUI_FIND_HISTORY)
        path = arena_printf(arena, "/history/%.*s", STR_ARGS(id));
    else if (stage == COMFYUI_FIND_RECENT)
        path = arena_printf(arena, "/history?max_items=%d", RECENT_MAX);
    if (!comfyui_exchange_init(account, EXCHANGE_LOOK_UP, "GET", path, arena, out, err))
        return false;
    out->retry_stage = stage;
    out->memo = arena_printf(arena, "%.*s %.*s", STR_ARGS(id), STR_ARGS(client));
    return true;
}
