/*
 * provider/openai_request.c: a call written as JSON or multipart, in each profile's words.
 *
 * Never sent, of what OpenAI's own pictures take (facts 1.2, 1.3):
 * - input_fidelity: gpt-image-2 is to be called without it, and of 2.5 and 2.6 no fact says that
 *   they take it; gpt-image-1.5 does (low, high) and 1-mini (low alone), which both end on
 *   2026-12-01.
 * - gif and svg as output_format, and frame_count, frame_duration_ms and svg, which go with these
 *   alone: the label of what a model made is written into png, jpeg and webp alone, so that a gif
 *   would be kept without, and an svg is no picture to image_probe(); what their tokens are counted
 *   as was seen by nobody (facts 10.2), so that nothing could be reserved for them.
 * - markup: what is to be changed is said by a mask.
 * - user, for safety_identifier took its place, and file ids, for pictures travel inside.
 */
#include "provider/openai_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BYTE_MS 600000  /* most send nothing at all until they are done (facts 0.5) */
#define STREAM_IDLE_MS 300000 /* between partial pictures */
#define TOTAL_MS 900000
#define PARAMETERS_MAX 24

/* One named value, before it becomes a JSON member or a multipart field. */
struct parameter {
    const char *name;
    enum { PARAMETER_TEXT, PARAMETER_INT, PARAMETER_DOUBLE, PARAMETER_BOOL } type;
    struct str text;
    int64_t number;
    double fraction;
};
struct parameters {
    struct parameter items[PARAMETERS_MAX];
    size_t count;
};

static void add(struct parameters *list, struct parameter parameter)
{
    assert(list->count < PARAMETERS_MAX);
    list->items[list->count++] = parameter;
}

const char *openai_field_name(const struct openai_call *call, enum openai_field field)
{
    const struct openai_profile *profile = call->profile;
    uint64_t unknown = openai_is_edit(call->request) ? profile->draws_only : profile->edits_only;

    if (call->request->mask != NULL && profile->mask_fields != NULL)
        return profile->mask_fields[field];
    if (field == OPENAI_SCALE && profile->cfg_models != NULL &&
        text_has_nocase(call->request->model, profile->cfg_models))
        return "cfg";
    return (unknown >> field & 1) != 0 ? NULL : profile->fields[field];
}

const char *openai_name(const struct openai_call *call, enum openai_field field)
{
    return (call->dropped >> field & 1) != 0 ? NULL : openai_field_name(call, field);
}

static void add_text(struct parameters *list, const char *name, struct str value)
{
    if (name != NULL && value.size > 0)
        add(list, (struct parameter){.name = name, .type = PARAMETER_TEXT, .text = value});
}

static void add_int(struct parameters *list, const char *name, int64_t value)
{
    if (name != NULL)
        add(list, (struct parameter){.name = name, .type = PARAMETER_INT, .number = value});
}

bool openai_is_gpt_image(struct str model)
{
    int64_t slash = str_find_char(model, '/'); /* a relay's "openai/gpt-image-2" */
    struct str name = str_slice(model, (size_t)(slash + 1), model.size);

    return str_starts_with(name, STR("gpt-image")) || str_starts_with(name, STR("chatgpt-image"));
}

struct str openai_complexity(const struct openai_call *call)
{
    struct str wanted = call_option_text(call->account, call->request, "complexity");

    return str_starts_with(call->request->model, STR("gpt-image-2.6")) &&
                   !str_equal(wanted, STR("auto"))
               ? wanted
               : STR_EMPTY;
}

struct str openai_quality(const struct openai_call *call)
{
    return call->request->quality.size > 0 ? call->request->quality
                                           : str_of(call->model.quality_default);
}

/* "auto" leaves it to the model, as those do anyway that do not know the field: they would refuse
 * it, call by call. */
struct str openai_background(const struct openai_call *call)
{
    struct str background = call->request->background;

    return str_equal(background, STR("auto")) && !openai_is_gpt_image(call->request->model)
               ? STR_EMPTY
               : background;
}

bool openai_streams(const struct openai_call *call)
{
    /* Partial pictures are a courtesy: where the service has none, the call goes without.  With
     * several pictures the events do not say which one they belong to. */
    return call->request->partial_images > 0 && call->request->count == 1 &&
           call->model.has_stream && call->profile->can_stream &&
           openai_name(call, OPENAI_STREAM) != NULL;
}

/* {"seed":7,"negative_prompt":"…","sample_params":{"sample_steps":28,"guidance":{"txt_cfg":7}}} */
static struct str make_sd_args(const struct provider_request *request, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    if (request->has_seed) {
        json_name(&writer, "seed");
        json_add_int(&writer, request->seed);
    }
    if (request->negative_prompt.size > 0) {
        json_name(&writer, "negative_prompt");
        json_add_text(&writer, request->negative_prompt);
    }
    if (request->steps > 0 || request->scale > 0) {
        json_name(&writer, "sample_params");
        json_begin_object(&writer);
        if (request->steps > 0) {
            json_name(&writer, "sample_steps");
            json_add_int(&writer, request->steps);
        }
        if (request->scale > 0) {
            json_name(&writer, "guidance");
            json_begin_object(&writer);
            json_name(&writer, "txt_cfg");
            json_add_double(&writer, request->scale);
            json_end_object(&writer);
        }
        json_end_object(&writer);
    }
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

static struct str make_prompt(const struct openai_call *call, struct arena *arena)
{
    const struct provider_request *request = call->request;
    struct str prompt = arena_str(arena, request->prompt);

    switch (call->profile->prompt) {
    case PROMPT_PLAIN:
        return prompt;
    case PROMPT_SD_ARGS:
        if (!request->has_seed && request->negative_prompt.size == 0 && request->steps <= 0 &&
            request->scale <= 0)
            return prompt;
        return arena_printf(arena, "%.*s <sd_cpp_extra_args>%.*s</sd_cpp_extra_args>",
                            STR_ARGS(prompt), STR_ARGS(make_sd_args(request, arena)));
    case PROMPT_PIPE: {
        /* A bar of the person's own would make a negative prompt of what follows it. */
        CLEANUP(buf_finish) struct buf text = {0};
        for (size_t i = 0; i < prompt.size; i++)
            buf_add_char(&text, (char)(prompt.data[i] == '|' ? '/' : prompt.data[i]));
        if (request->negative_prompt.size > 0) {
            buf_add_char(&text, '|');
            buf_add(&text, request->negative_prompt);
        }
        return arena_str(arena, buf_str(&text));
    }
    }
    return prompt;
}

static void add_size(const struct openai_call *call, struct arena *arena, struct parameters *list)
{
    const struct provider_request *request = call->request;
    const char *name = openai_name(call, OPENAI_SIZE);

    if (name == NULL || request->width_px <= 0)
        return; /* left to the service */
    if (call->profile->size_is_pair) {
        add_int(list, name, request->width_px);
        add_int(list, "height", request->height_px);
        return;
    }
    add_text(list, name,
             arena_printf(arena, "%lldx%lld", (long long)request->width_px,
                          (long long)request->height_px));
}

static void collect(const struct openai_call *call, struct arena *arena, struct parameters *list)
{
    const struct provider_request *request = call->request;
    struct str moderation = call_option_text(call->account, call->request, "moderation");

    add_text(list, "model", request->model);
    add_text(list, "prompt", make_prompt(call, arena));
    if (request->count > 1)
        add_int(list, openai_name(call, OPENAI_COUNT), request->count);
    add_size(call, arena, list);
    add_text(list, openai_name(call, OPENAI_QUALITY), openai_quality(call));
    add_text(list, openai_name(call, OPENAI_BACKGROUND), openai_background(call));
    add_text(list, openai_name(call, OPENAI_FORMAT), request->format);
    if (request->compression >= 0)
        add_int(list, openai_name(call, OPENAI_COMPRESSION), request->compression);
    if (str_equal(moderation, STR("low")))
        add_text(list, openai_name(call, OPENAI_MODERATION), moderation);
    add_text(list, openai_name(call, OPENAI_COMPLEXITY), openai_complexity(call));
    add_text(list, openai_name(call, OPENAI_RESPONSE_FORMAT), str_of(call->response_format));
    if (request->has_seed)
        add_int(list, openai_name(call, OPENAI_SEED), request->seed);
    add_text(list, openai_name(call, OPENAI_NEGATIVE), request->negative_prompt);
    if (request->steps > 0)
        add_int(list, openai_name(call, OPENAI_STEPS), request->steps);
    if (request->scale > 0 && openai_name(call, OPENAI_SCALE) != NULL)
        add(list, (struct parameter){.name = openai_name(call, OPENAI_SCALE),
                                     .type = PARAMETER_DOUBLE,
                                     .fraction = request->scale});
    add_text(list, openai_name(call, OPENAI_USER), request->safety_id);
    if (openai_streams(call)) {
        add(list, (struct parameter){.name = openai_name(call, OPENAI_STREAM),
                                     .type = PARAMETER_BOOL,
                                     .number = 1});
        add_int(list, openai_name(call, OPENAI_PARTIALS), request->partial_images);
    }
}

/* --- JSON --- */

static void write_parameters(struct json_writer *writer, const struct parameters *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct parameter *parameter = &list->items[i];
        json_name(writer, parameter->name);
        switch (parameter->type) {
        case PARAMETER_TEXT:
            json_add_text(writer, parameter->text);
            break;
        case PARAMETER_INT:
            json_add_int(writer, parameter->number);
            break;
        case PARAMETER_DOUBLE:
            json_add_double(writer, parameter->fraction);
            break;
        case PARAMETER_BOOL:
            json_add_bool(writer, parameter->number != 0);
            break;
        }
    }
}

static void write_image_url(struct json_writer *writer, struct str bytes)
{
    json_begin_object(writer);
    json_name(writer, "image_url");
    picture_write_base64(writer, bytes, true);
    json_end_object(writer);
}

static void write_reference(struct json_writer *writer, struct str bytes)
{
    json_begin_object(writer);
    json_name(writer, "type");
    json_add_text(writer, STR("image_url"));
    json_name(writer, "image_url");
    json_begin_object(writer);
    json_name(writer, "url");
    picture_write_base64(writer, bytes, true);
    json_end_object(writer);
    json_end_object(writer);
}

/* One name for a single picture, another with a list for several. */
static void write_one_or_list(struct json_writer *writer, const struct provider_request *request,
                              const char *one, const char *several, bool is_bare)
{
    if (request->reference_count == 1) {
        json_name(writer, one);
        picture_write_base64(writer, request->references[0].bytes, !is_bare);
        return;
    }
    json_name(writer, several);
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++)
        picture_write_base64(writer, request->references[i].bytes, !is_bare);
    json_end_list(writer);
}

static void write_list(struct json_writer *writer, const struct provider_request *request,
                       const char *name,
                       void (*write)(struct json_writer *writer, struct str bytes))
{
    json_name(writer, name);
    json_begin_list(writer);
    for (size_t i = 0; i < request->reference_count; i++)
        write(writer, request->references[i].bytes);
    json_end_list(writer);
}

static void write_pictures(struct json_writer *writer, const struct openai_call *call)
{
    static const char *const numbered[] = {"image", "image2", "image3"};
    const struct provider_request *request = call->request;

    switch (call->edits) {
    case EDITS_LIST:
    case EDITS_REPEATED:
        assert(false); /* these are multipart */
        break;
    case EDITS_JSON:
        write_list(writer, request, "images", write_image_url);
        if (request->mask != NULL) {
            json_name(writer, "mask");
            write_image_url(writer, request->mask->bytes);
        }
        break;
    case EDITS_REFERENCES:
        write_list(writer, request, "input_references", write_reference);
        break;
    case EDITS_NUMBERED:
        assert(request->reference_count <= COUNT(numbered)); /* the profile's references_max */
        for (size_t i = 0; i < request->reference_count; i++) {
            json_name(writer, numbered[i]);
            picture_write_base64(writer, request->references[i].bytes, true);
        }
        break;
    case EDITS_URLS:
        write_one_or_list(writer, request, "image_url", "reference_images", false);
        break;
    case EDITS_FILES:
        write_one_or_list(writer, request, "file", "ref_images", true);
        break;
    }
}

static void build_json(const struct openai_call *call, const struct parameters *list,
                       struct arena *arena, struct exchange *out)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    write_parameters(&writer, list);
    if (openai_is_edit(call->request))
        write_pictures(&writer, call);
    json_end_object(&writer);
    exchange_set_body(out, arena, arena_str(arena, buf_str(&buf)));
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
}

/* --- multipart --- */

static struct str parameter_text(const struct parameter *parameter, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    switch (parameter->type) {
    case PARAMETER_TEXT:
        return arena_str(arena, parameter->text);
    case PARAMETER_INT:
        return arena_printf(arena, "%lld", (long long)parameter->number);
    case PARAMETER_BOOL:
        return parameter->number != 0 ? STR("true") : STR("false");
    case PARAMETER_DOUBLE:
        json_writer_init(&writer, &buf);
        json_add_double(&writer, parameter->fraction);
        return arena_str(arena, buf_str(&buf));
    }
    return STR_EMPTY;
}

/* Every file has a name and its true type: some refuse application/octet-stream. */
static void add_picture(struct multipart *multipart, const char *field, const char *stem,
                        const struct provider_image *image, struct arena *arena)
{
    const char *mime = picture_mime(image->bytes);
    struct str name = str_trim(image->name);

    assert(mime != NULL); /* openai_check() */
    if (name.size == 0)
        name =
            arena_printf(arena, "%s.%s", stem, strcmp(mime, "image/jpeg") == 0 ? "jpg" : mime + 6);
    multipart_add_file(multipart, field, name, str_of(mime), image->bytes);
}

static void build_multipart(const struct openai_call *call, const struct parameters *list,
                            struct arena *arena, struct exchange *out)
{
    const struct provider_request *request = call->request;
    struct multipart *multipart = ARENA_NEW(arena, struct multipart);
    bool is_list = call->edits == EDITS_LIST && request->reference_count > 1 &&
                   (call->dropped >> OPENAI_IMAGE_LIST & 1) == 0;

    for (size_t i = 0; i < list->count; i++)
        multipart_add_text(multipart, list->items[i].name, parameter_text(&list->items[i], arena));
    for (size_t i = 0; i < request->reference_count; i++) {
        char stem[32];
        (void)snprintf(stem, sizeof stem, "image-%zu", i + 1);
        add_picture(multipart, is_list ? "image[]" : "image", stem, &request->references[i], arena);
    }
    if (request->mask != NULL)
        add_picture(multipart, call->profile->mask_field, "mask", request->mask, arena);
    multipart_finish(multipart, arena, out);
}

/* --- the exchange --- */

static const char *find_response_format(const struct openai_call *call)
{
    static const char *const known[] = {"b64_json", "url", "base64"};
    struct str wanted = account_option_text(call->account, "response_format");

    /* OpenAI's own models answer with base64 and refuse to be told so (facts 1.2). */
    if (openai_is_gpt_image(call->request->model) || str_equal(wanted, STR("none")))
        return NULL;
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_equal(wanted, str_of(known[i])))
            return known[i];
    return call->profile->response_format;
}

static enum openai_edits find_edits(const struct openai_call *call)
{
    struct str wanted = account_option_text(call->account, "edits");

    if (str_equal(wanted, STR("list")))
        return EDITS_LIST;
    if (str_equal(wanted, STR("repeated")))
        return EDITS_REPEATED;
    if (str_equal(wanted, STR("json")))
        return EDITS_JSON;
    /* LocalAI's inpainting is multipart, unlike its references. */
    return call->profile->edits == EDITS_FILES && call->request->mask != NULL
               ? EDITS_REPEATED
               : call->profile->edits;
}

enum openai_api openai_text_api_of(const struct provider_account *account)
{
    struct str wanted = account_option_text(account, "text_api");

    if (str_equal(wanted, STR("chat")))
        return API_CHAT;
    return str_equal(wanted, STR("responses")) ? API_RESPONSES
                                               : openai_profile_of(account)->text_api;
}

static bool find_base(const struct provider_account *account, struct arena *arena, struct str *out,
                      struct error *err)
{
    const struct openai_profile *profile = openai_profile_of(account);

    if (str_trim(account->base_url).size > 0)
        return provider_url_base(account->base_url, profile->path_default, arena, out, err);
    if (profile->base_url == NULL)
        return error_field(err, ERROR_REQUIRED, "base_url", 0,
                           "a service of type %s needs a base URL", profile->name);
    *out = str_of(profile->base_url);
    return true;
}

bool openai_call_init(struct openai_call *call, const struct provider_account *account,
                      const struct provider_request *request, uint64_t dropped, struct arena *arena,
                      struct error *err)
{
    *call = (struct openai_call){
        .account = account,
        .request = request,
        .profile = openai_profile_of(account),
        .model = provider_model_find(
            str_equal(account->kind, STR("siliconflow")) ? &provider_siliconflow : &provider_openai,
            request->model),
        .dropped = dropped,
    };
    call->uses_tool = openai_wants_tool(account, request);
    call->uses_chat = openai_wants_chat(account, request);
    call->edits = call->uses_tool || call->uses_chat ? EDITS_JSON : find_edits(call);
    call->text_api = openai_text_api_of(account);
    openai_narrow(account, &call->model);
    call->response_format = find_response_format(call);
    return find_base(account, arena, &call->base, err);
}

static bool add_option_header(const struct provider_account *account, const char *option,
                              const char *header, struct arena *arena, struct exchange *out,
                              struct error *err)
{
    struct str value = account_option_text(account, option);

    if (!header_value_is_plain(value))
        return error_field(err, ERROR_INVALID, option, 0, "%s has characters that no id has",
                           option);
    if (value.size > 0)
        exchange_add_header(out, arena, header, arena_str(arena, value));
    return true;
}

bool openai_exchange_init(const struct provider_account *account, struct arena *arena,
                          struct exchange *out, struct error *err)
{
    *out = (struct exchange){
        .is_own_origin = str_trim(account->base_url).size > 0,
        .method = STR("GET"),
    };
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    return exchange_add_bearer(out, account, arena, err) &&
           add_option_header(account, "organisation", "OpenAI-Organization", arena, out, err) &&
           add_option_header(account, "project", "OpenAI-Project", arena, out, err);
}

bool openai_add_idempotency(const struct openai_call *call, struct arena *arena,
                            struct exchange *out, struct error *err)
{
    struct str key = arena_str(arena, call->request->idempotency_key);

    if (!header_value_is_plain(key))
        return error_set(err, ERROR_INTERNAL, "the idempotency key is no header value");
    if (key.size == 0)
        return true;
    /* A call after a refused one has another body, so it has another key. */
    if (call->dropped != 0)
        key = arena_printf(arena, "%.*s-%llx", STR_ARGS(key), (unsigned long long)call->dropped);
    exchange_add_header(out, arena, "Idempotency-Key", key);
    return true;
}

bool openai_order_init(const struct openai_call *call, const char *path, struct arena *arena,
                       struct exchange *out, struct error *err)
{
    if (!openai_exchange_init(call->account, arena, out, err) ||
        !openai_add_idempotency(call, arena, out, err))
        return false;
    out->purpose = EXCHANGE_SUBMIT;
    out->is_paid = true;
    out->method = STR("POST");
    out->url = arena_printf(arena, "%.*s%s", STR_ARGS(call->base), path);
    out->dropped = call->dropped;
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    return true;
}

bool openai_build(const struct openai_call *call, struct arena *arena, struct exchange *out,
                  struct error *err)
{
    const struct provider_request *request = call->request;
    struct parameters list = {0};
    const char *path = request->mask != NULL          ? call->profile->mask_path
                       : request->reference_count > 0 ? call->profile->edit_path
                                                      : call->profile->generate_path;

    if (call->uses_tool)
        return openai_tool_build(call, arena, out, err);
    if (call->uses_chat)
        return openai_chat_build(call, arena, out, err);
    assert(path != NULL); /* openai_check(): no mask where there is no place for it */
    if (!openai_exchange_init(call->account, arena, out, err))
        return false;
    out->purpose = EXCHANGE_SUBMIT;
    out->is_paid = true;
    out->method = STR("POST");
    out->url = arena_printf(arena, "%.*s%s", STR_ARGS(call->base), path);
    out->dropped = call->dropped;
    out->is_stream = openai_streams(call);
    out->first_byte_ms = FIRST_BYTE_MS;
    out->idle_ms = out->is_stream ? STREAM_IDLE_MS : 0;
    out->total_ms = TOTAL_MS;
    /* A 4K PNG is about 30 MiB, a third more in base64; partial pictures come on top. */
    out->reply_size_max =
        (int64_t)MIB(64) * (request->count + (out->is_stream ? request->partial_images : 0));
    if (out->reply_size_max > (int64_t)MIB(256))
        out->reply_size_max = (int64_t)MIB(256);
    if (!openai_add_idempotency(call, arena, out, err))
        return false;
    collect(call, arena, &list);
    if (openai_is_edit(request) && (call->edits == EDITS_LIST || call->edits == EDITS_REPEATED))
        build_multipart(call, &list, arena, out);
    else
        build_json(call, &list, arena, out);
    return true;
}
