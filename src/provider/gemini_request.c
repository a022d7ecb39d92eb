/*
 * provider/gemini_request.c: a call written for generateContent, and for Imagen's predict.
 *
 * Never sent (facts 2.2): candidateCount (one picture a call), topP, topK, the penalties and
 * stopSequences (of no use to a picture), mediaResolution (its values, and what picture models make
 * of it, are not in the facts), thinkingBudget and includeThoughts (the older way, and thoughts
 * that nobody reads), responseFormat (the newer shape of imageConfig), imageConfig's
 * personGeneration and the like (refused there), fileData (pictures travel inside), cachedContent,
 * toolConfig, labels and store (nothing of ours is to be kept there), serviceTier (its prices are
 * not in the facts, so the cost would be wrong).  Of Imagen, which is not offered:
 * personGeneration, safetySetting, language, guidanceScale, enhancePrompt, storageUri.  The
 * Interactions API says the same in other words.
 */
#include "provider/gemini_private.h"

#include "core/text.h"

#include <assert.h>

#define MODEL_NAME_SIZE_MAX 200
#define FIRST_BYTE_MS 600000 /* nothing comes before the picture is whole (facts 0.5) */
#define TOTAL_MS 900000
#define OUTPUT_TOKENS_MAX 1000000
#define SEED_MAX INT32_MAX
/* 20 MB of JSON by the documentation; newer pages say 100 (facts 10.3: stay under 20).  Base64
 * takes a third more. */
#define PICTURES_SIZE_MAX MIB(14)

static const char *const picture_types[] = {"image/jpeg", "image/png", "image/webp", "image/heic",
                                            NULL};

/* What may stand in the path: "publishers/x" has a slash, nothing climbs out of it. */
static bool is_model_name(struct str name)
{
    struct str rest = name;

    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.' || c == '/' || c == '@'))
            return false;
    }
    while (rest.data != NULL) {
        struct str part = str_cut(&rest, '/');
        if (part.size == 0 || str_equal(part, STR(".")) || str_equal(part, STR("..")))
            return false;
    }
    return name.size <= MODEL_NAME_SIZE_MAX;
}

/* Without "models/", as the list of models has it. */
static struct str wire_name_of(struct str model)
{
    struct str name = str_trim(model);

    return str_starts_with(name, STR("models/")) ? str_slice(name, 7, name.size) : name;
}

bool gemini_call_init(struct gemini_call *call, const struct provider_account *account,
                      const struct provider_request *request, struct arena *arena,
                      struct error *err)
{
    struct str base_url = str_trim(account->base_url), host;

    *call = (struct gemini_call){
        .account = account, .request = request, .wire_name = wire_name_of(request->model)};
    gemini_model_of(call->wire_name, &call->model, &call->traits, &call->is_imagen);
    call->is_repriced = provider_model_reprice(account, &call->model);
    if (base_url.size == 0)
        base_url = str_of(provider_gemini.default_base_url);
    host = provider_url_host(base_url);
    call->is_vertex = str_ends_with(host, STR("aiplatform.googleapis.com"));
    call->is_google = str_equal_nocase(host, STR("generativelanguage.googleapis.com"));
    return provider_url_base(base_url, "/v1beta", arena, &call->base, err);
}

/* --- what the model cannot do --- */

static bool check_size(struct gemini_call *call, struct error *err)
{
    const struct provider_request *request = call->request;

    if (!provider_check_size(&call->model, request, err))
        return false;
    if (request->width_px == 0)
        return true;
    if (!ratio_find(call->traits->ratios, call->traits->classes, request->width_px,
                    request->height_px, call->model.sizes != NULL, &call->ratio, &call->class))
        return error_field(err, ERROR_NOT_IN_LIST, "size", 0,
                           "%.*s is told a shape (1:1, 3:4, 16:9 …) and a class (1K, 2K, 4K); "
                           "%lldx%lld is none of them",
                           STR_ARGS(call->model.name), (long long)request->width_px,
                           (long long)request->height_px);
    return true;
}

static bool check_words(const struct gemini_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    const struct provider_model *model = &call->model;

    if (!model->can_write)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s writes no text",
                           STR_ARGS(model->name));
    if (request->reference_count > 0 && !model->can_see)
        return error_field(err, ERROR_INVALID, "references", 0, "%.*s looks at no pictures",
                           STR_ARGS(model->name));
    if (str_trim(request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    if (request->output_tokens_max < 0 || request->output_tokens_max > OUTPUT_TOKENS_MAX)
        return error_field(err, ERROR_TOO_BIG, "output_tokens_max", OUTPUT_TOKENS_MAX,
                           "at most %d tokens", OUTPUT_TOKENS_MAX);
    return provider_check_settings(model, request, err);
}

static bool check_pictures(struct gemini_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    const struct provider_model *model = &call->model;

    if (call->is_imagen && call->is_google)
        return error_field(err, ERROR_INVALID, "model", 0,
                           "Imagen left the Gemini API in August 2026; it needs the base URL of "
                           "Google Cloud");
    if (!model->can_generate && !model->can_edit)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s makes no pictures",
                           STR_ARGS(model->name));
    return provider_check_fields(model, request, err) && check_size(call, err);
}

bool gemini_check(struct gemini_call *call, struct error *err)
{
    const struct provider_request *request = call->request;
    bool is_words = request->action == PROVIDER_WRITE;

    if (call->wire_name.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (!is_model_name(call->wire_name))
        return error_field(err, ERROR_INVALID, "model", 0,
                           "the model's name has characters that no name has");
    if (request->has_seed && (request->seed < 0 || request->seed > SEED_MAX))
        return error_field(err, ERROR_TOO_BIG, "seed", SEED_MAX, "a seed is 0 to %d", SEED_MAX);
    return (is_words ? check_words(call, err) : check_pictures(call, err)) &&
           provider_check_references(&call->model, request, picture_types, 0, PICTURES_SIZE_MAX,
                                     err);
}

/* --- generateContent --- */

static void name_text(struct json_writer *writer, const char *name, struct str text)
{
    json_name(writer, name);
    json_add_text(writer, text);
}

static void name_int(struct json_writer *writer, const char *name, int64_t number)
{
    json_name(writer, name);
    json_add_int(writer, number);
}

static void name_object(struct json_writer *writer, const char *name)
{
    json_name(writer, name);
    json_begin_object(writer);
}

static void name_list(struct json_writer *writer, const char *name)
{
    json_name(writer, name);
    json_begin_list(writer);
}

static void write_text_part(struct json_writer *writer, struct str text)
{
    json_begin_object(writer);
    name_text(writer, "text", text);
    json_end_object(writer);
}

static void write_contents(struct json_writer *writer, const struct provider_request *request)
{
    name_list(writer, "contents");
    json_begin_object(writer);
    name_text(writer, "role", STR("user"));
    name_list(writer, "parts");
    for (size_t i = 0; i < request->reference_count; i++) {
        struct str bytes = request->references[i].bytes;
        json_begin_object(writer);
        name_object(writer, "inlineData");
        name_text(writer, "mimeType", str_of(picture_mime(bytes)));
        json_name(writer, "data");
        picture_write_base64(writer, bytes, false);
        json_end_object(writer);
        json_end_object(writer);
    }
    write_text_part(writer, request->prompt);
    json_end_list(writer);
    json_end_object(writer);
    json_end_list(writer);
}

/* Members the model lacks are a 400 (facts 2.1); of a model we do not know, the class that is every
 * model's own is not said. */
static void write_image_config(struct json_writer *writer, const struct gemini_call *call)
{
    bool is_own = !call->model.is_known && call->class->quarters == 4;

    name_object(writer, "imageConfig");
    name_text(writer, "aspectRatio", str_of(call->ratio->name));
    if (call->traits->says_class && !is_own)
        name_text(writer, "imageSize", str_of(call->class->name));
    json_end_object(writer);
}

/* What the call says besides, in the configuration. */
static void write_wishes(struct json_writer *writer, const struct provider_request *request)
{
    static const struct {
        const char *option, *level;
    } levels[] = {
        {"minimal", "MINIMAL"},
        {"low",     "LOW"    },
        {"medium",  "MEDIUM" },
        {"high",    "HIGH"   },
    };
    const struct provider_setting *thinking = request_setting(request, "thinking");
    const struct provider_setting *temperature = request_setting(request, "temperature");
    double degrees;

    if (temperature != NULL && str_to_double(str_trim(temperature->text), &degrees)) {
        json_name(writer, "temperature");
        json_add_double(writer, degrees);
    }
    for (size_t i = 0; thinking != NULL && i < COUNT(levels); i++) {
        if (!str_equal(str_trim(thinking->text), str_of(levels[i].option)))
            continue;
        name_object(writer, "thinkingConfig");
        name_text(writer, "thinkingLevel", str_of(levels[i].level));
        json_end_object(writer);
    }
}

/* Facts 2.1 and 2.2 have grounding and `tools`; the tool's own name is from general knowledge. */
static void write_tools(struct json_writer *writer, const struct gemini_call *call)
{
    const struct provider_setting *search = request_setting(call->request, "web_search");

    if (search == NULL || !str_equal(str_trim(search->text), STR("true")))
        return;
    name_list(writer, "tools");
    json_begin_object(writer);
    name_object(writer, "googleSearch");
    json_end_object(writer);
    json_end_object(writer);
    json_end_list(writer);
}

/* Thoughts cut into the limit.  Of a model that we do not know half of the room: older ones refuse
 * more than 8192 (general knowledge). */
int64_t gemini_write_tokens_max(const struct provider_request *request)
{
    const struct gemini_traits *traits;
    struct provider_model model;
    bool is_imagen;

    if (request->output_tokens_max > 0 || request_setting(request, "thinking") != NULL)
        return provider_write_tokens(request);
    gemini_model_of(wire_name_of(request->model), &model, &traits, &is_imagen);
    return model.is_known ? WRITE_TOKENS_OPEN : WRITE_TOKENS_OPEN / 2;
}

static bool write_config(struct json_writer *writer, const struct gemini_call *call,
                         bool is_old_schema, struct error *err)
{
    const struct provider_request *request = call->request;

    name_object(writer, "generationConfig");
    if (request->action != PROVIDER_WRITE) {
        name_list(writer, "responseModalities");
        json_add_text(writer, STR("TEXT")); /* without it a model that declines cannot say why */
        json_add_text(writer, STR("IMAGE"));
        json_end_list(writer);
        if (call->ratio != NULL)
            write_image_config(writer, call);
    } else if (request->schema.size > 0) {
        name_text(writer, "responseMimeType", STR("application/json"));
        json_name(writer, is_old_schema ? "responseSchema" : "responseJsonSchema");
        if (!gemini_schema_write(writer, request->schema, is_old_schema, err))
            return false;
    }
    if (request->action == PROVIDER_WRITE)
        name_int(writer, "maxOutputTokens", gemini_write_tokens_max(request));
    if (request->has_seed)
        name_int(writer, "seed", request->seed);
    write_wishes(writer, request);
    json_end_object(writer);
    return true;
}

/* The account's filter for the four categories that can be set (facts 2.2). */
static void write_safety(struct json_writer *writer, const struct gemini_call *call)
{
    static const struct {
        const char *option, *threshold;
    } levels[] = {
        {"strict",   "BLOCK_LOW_AND_ABOVE"   },
        {"standard", "BLOCK_MEDIUM_AND_ABOVE"},
        {"relaxed",  "BLOCK_ONLY_HIGH"       },
        {"none",     "BLOCK_NONE"            },
        {"off",      "OFF"                   },
    };
    static const char *const categories[] = {
        "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        "HARM_CATEGORY_DANGEROUS_CONTENT"};
    struct str wanted = call_option_text(call->account, call->request, "safety");
    const char *threshold = NULL;

    for (size_t i = 0; i < COUNT(levels); i++)
        if (str_equal(wanted, str_of(levels[i].option)))
            threshold = levels[i].threshold;
    if (threshold == NULL)
        return;
    name_list(writer, "safetySettings");
    for (size_t i = 0; i < COUNT(categories); i++) {
        json_begin_object(writer);
        name_text(writer, "category", str_of(categories[i]));
        name_text(writer, "threshold", str_of(threshold));
        json_end_object(writer);
    }
    json_end_list(writer);
}

static bool write_generate(struct json_writer *writer, const struct gemini_call *call,
                           bool is_old_schema, struct error *err)
{
    write_contents(writer, call->request);
    if (call->request->action == PROVIDER_WRITE && call->request->system.size > 0) {
        name_object(writer, "systemInstruction");
        name_list(writer, "parts");
        write_text_part(writer, call->request->system);
        json_end_list(writer);
        json_end_object(writer);
    }
    if (!write_config(writer, call, is_old_schema, err))
        return false;
    write_safety(writer, call);
    write_tools(writer, call);
    return true;
}

/* --- predict (Imagen, facts 2.4) --- */

static void write_predict(struct json_writer *writer, const struct gemini_call *call)
{
    const struct provider_request *request = call->request;

    name_list(writer, "instances");
    json_begin_object(writer);
    name_text(writer, "prompt", request->prompt);
    json_end_object(writer);
    json_end_list(writer);
    name_object(writer, "parameters");
    name_int(writer, "sampleCount", request->count);
    if (call->ratio != NULL) {
        name_text(writer, "aspectRatio", str_of(call->ratio->name));
        if (call->class->quarters != 4) /* fast has no such member; 1K is everybody's own */
            name_text(writer, "sampleImageSize", str_of(call->class->name));
    }
    if (request->format.size > 0) {
        bool is_jpeg = str_equal(request->format, STR("jpeg"));
        name_object(writer, "outputOptions");
        name_text(writer, "mimeType", is_jpeg ? STR("image/jpeg") : STR("image/png"));
        if (request->compression >= 0)
            name_int(writer, "compressionQuality", request->compression);
        json_end_object(writer);
    }
    if (request->negative_prompt.size > 0)
        name_text(writer, "negativePrompt", request->negative_prompt);
    if (request->has_seed) {
        name_int(writer, "seed", request->seed);
        json_name(writer, "addWatermark"); /* a watermark and a seed exclude each other there */
        json_add_bool(writer, false);
    }
    json_name(writer, "includeRaiReason");
    json_add_bool(writer, true);
    json_end_object(writer);
}

/* --- the exchange --- */

bool gemini_exchange_init(const struct gemini_call *call, struct arena *arena, struct exchange *out,
                          struct error *err)
{
    *out = (struct exchange){
        .is_own_origin = str_trim(call->account->base_url).size > 0,
        .method = STR("GET"),
    };
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    if (call->is_vertex)
        return exchange_add_bearer(out, call->account, arena, err);
    /* Never ?key= (facts 0.9): addresses stand in logs. */
    return exchange_add_key(out, call->account, "x-goog-api-key", "", arena, err);
}

bool gemini_build(const struct gemini_call *call, bool is_old_schema, struct arena *arena,
                  struct exchange *out, struct error *err)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    if (!gemini_exchange_init(call, arena, out, err))
        return false;
    out->purpose = EXCHANGE_SUBMIT;
    out->is_paid = true;
    out->method = STR("POST");
    out->url =
        arena_printf(arena, "%.*s/models/%.*s:%s", STR_ARGS(call->base), STR_ARGS(call->wire_name),
                     call->is_imagen ? "predict" : "generateContent");
    out->first_byte_ms = FIRST_BYTE_MS;
    out->total_ms = TOTAL_MS;
    out->reply_size_max = (int64_t)MIB(128); /* a 4K picture and a thought or two before it */
    out->retry_stage = is_old_schema ? 1 : 0;
    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    if (call->is_imagen)
        write_predict(&writer, call);
    else if (!write_generate(&writer, call, is_old_schema, err))
        return false;
    json_end_object(&writer);
    exchange_set_body(out, arena, arena_str(arena, buf_str(&buf)));
    exchange_add_header(out, arena, "Content-Type", STR("application/json"));
    return true;
}
