/* provider/ideogram_call.c: a call to Ideogram written in the words of its version (facts 6.8). */
#include "provider/ideogram_private.h"

#include "core/text.h"

#define PROMPT_CHARACTERS_MAX 32000
#define SEED_MAX 2147483647
#define FIRST_BYTE_MS 300000
#define TOTAL_MS 600000
#define FIELDS_MAX 16

/* One named value, before it becomes a JSON member or a form field. */
struct form_field {
    const char *name;
    struct str text;
    enum { FIELD_WORD, FIELD_NUMBER, FIELD_SWITCH } type; /* how JSON writes it */
};
struct fields {
    struct form_field items[FIELDS_MAX];
    size_t count;
};

static void add(struct fields *fields, const char *name, struct str text)
{
    if (text.size > 0)
        fields->items[fields->count++] = (struct form_field){.name = name, .text = text};
}

static void add_number(struct fields *fields, const char *name, int64_t number, struct arena *arena)
{
    fields->items[fields->count++] = (struct form_field){
        .name = name,
        .text = arena_printf(arena, "%lld", (long long)number),
        .type = FIELD_NUMBER,
    };
}

static struct str size_of(const struct provider_request *request, struct arena *arena)
{
    return request->width_px > 0 ? arena_printf(arena, "%lldx%lld", (long long)request->width_px,
                                                (long long)request->height_px)
                                 : STR_EMPTY;
}

static struct str quality_of(const struct provider_request *request)
{
    struct provider_model model = provider_model_find(&provider_ideogram, request->model);

    return request->quality.size > 0 ? request->quality : str_of(model.quality_default);
}

/* "auto" is what it does by itself. */
static struct str option_but_auto(const struct provider_account *account, const char *name)
{
    struct str text = account_option_text(account, name);

    return str_equal(text, STR("auto")) ? STR_EMPTY : text;
}

/* Version 1 of the API writes its choices in capitals. */
static struct str in_capitals(struct str text, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};

    for (size_t i = 0; i < text.size; i++)
        buf_add_char(&out, (char)(text.data[i] >= 'a' && text.data[i] <= 'z' ? text.data[i] - 32
                                                                             : text.data[i]));
    return arena_str(arena, buf_str(&out));
}

/* --- where to, with which words --- */

static bool is_transparent(const struct provider_request *request)
{
    return str_equal(request->background, STR("transparent"));
}

static struct str path_of(const struct provider_request *request, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf path = {0};

    switch (ideogram_route_find(request->model)->form) {
    case IDEOGRAM_V2:
        buf_add(&path, STR("/v2/image/generate/"));
        url_encode_add(&path, request->model);
        return arena_str(arena, buf_str(&path));
    case IDEOGRAM_PRECISE:
        return STR("/v2/image/precise-edit/ideogram-4-5");
    case IDEOGRAM_V4:
        return request->reference_count > 0 ? STR("/v1/ideogram-v4/remix")
                                            : STR("/v1/ideogram-v4/generate");
    case IDEOGRAM_V3:
        if (request->mask != NULL)
            return STR("/v1/ideogram-v3/inpaint");
        if (request->reference_count > 0)
            return STR("/v1/ideogram-v3/remix");
        return is_transparent(request) ? STR("/v1/ideogram-v3/generate-transparent")
                                       : STR("/v1/ideogram-v3/generate");
    case IDEOGRAM_REFRAME:
        return STR("/v1/ideogram-v3/reframe");
    case IDEOGRAM_BACKGROUND:
        return STR("/v1/ideogram-v3/replace-background");
    }
    return STR_EMPTY;
}

static void collect_v2(const struct provider_account *account,
                       const struct provider_request *request, struct arena *arena,
                       struct fields *fields)
{
    add(fields, "prompt", request->prompt);
    add(fields, "magic_prompt", option_but_auto(account, "magic_prompt"));
    add(fields, "size", size_of(request, arena));
    add(fields, "quality", quality_of(request));
    if (request->has_seed)
        add_number(fields, "seed", request->seed, arena);
    if (request->count > 1)
        add_number(fields, "num_images", request->count, arena);
    /* Its work goes on and can be asked for when the connection, or we, have died. */
    if (account_option_bool(account, "async", true))
        fields->items[fields->count++] =
            (struct form_field){.name = "async", .text = STR("true"), .type = FIELD_SWITCH};
}

static void collect_v4(const struct provider_account *account,
                       const struct provider_request *request, struct arena *arena,
                       struct fields *fields)
{
    add(fields, "text_prompt", request->prompt);
    add(fields, "resolution", size_of(request, arena));
    add(fields, "rendering_speed", quality_of(request));
    if (request->reference_count > 0)
        add_number(fields, "image_weight", account_option_int(account, "image_weight", 50, 1, 100),
                   arena);
}

static void collect_v3(const struct provider_account *account,
                       const struct provider_request *request, struct arena *arena,
                       struct fields *fields)
{
    enum ideogram_form form = ideogram_route_find(request->model)->form;
    bool is_remix = form == IDEOGRAM_V3 && request->reference_count > 0 && request->mask == NULL;

    if (form == IDEOGRAM_REFRAME) {
        add(fields, "resolution", size_of(request, arena));
    } else {
        add(fields, "prompt", request->prompt);
        add(fields, "magic_prompt", in_capitals(option_but_auto(account, "magic_prompt"), arena));
    }
    /* An inpainted picture keeps its size, and so does one with another background. */
    if (form == IDEOGRAM_V3 && request->mask == NULL && request->width_px > 0)
        add(fields, "aspect_ratio",
            str_of(ideogram_aspect_find(request->width_px, request->height_px)));
    add(fields, "rendering_speed", quality_of(request));
    if (form == IDEOGRAM_V3) {
        add(fields, "negative_prompt", request->negative_prompt);
        /* Style types and style references exclude each other. */
        if (request->reference_count <= 1 && !is_transparent(request))
            add(fields, "style_type", in_capitals(option_but_auto(account, "style_type"), arena));
    }
    if (is_remix)
        add_number(fields, "image_weight", account_option_int(account, "image_weight", 50, 1, 100),
                   arena);
    if (request->count > 1)
        add_number(fields, "num_images", request->count, arena);
    if (request->has_seed)
        add_number(fields, "seed", request->seed, arena);
}

/* --- bodies --- */

static struct str write_json(const struct fields *fields, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    for (size_t i = 0; i < fields->count; i++) {
        json_name(&writer, fields->items[i].name);
        if (fields->items[i].type == FIELD_WORD)
            json_add_text(&writer, fields->items[i].text);
        else
            json_add_raw(&writer, fields->items[i].text);
    }
    json_end_object(&writer);
    return arena_str(arena, buf_str(&buf));
}

static void add_picture(struct multipart *multipart, const char *name, const char *file,
                        size_t number, struct str bytes, struct arena *arena)
{
    const char *mime = picture_mime(bytes); /* checked: png, jpeg or webp */

    multipart_add_file(multipart, name, arena_printf(arena, "%s-%zu.%s", file, number, mime + 6),
                       str_of(mime), bytes);
}

static bool write_form(const struct provider_request *request, const struct fields *fields,
                       struct arena *arena, struct exchange *out, struct error *err)
{
    enum ideogram_form form = ideogram_route_find(request->model)->form;
    const char *others = form == IDEOGRAM_PRECISE ? "reference_images" : "style_reference_images";
    struct multipart multipart = {0};
    struct str mask;

    for (size_t i = 0; i < fields->count; i++)
        multipart_add_text(&multipart, fields->items[i].name, fields->items[i].text);
    for (size_t i = 0; i < request->reference_count; i++)
        add_picture(&multipart,
                    form == IDEOGRAM_V2 ? "images"
                    : i == 0            ? "image"
                                        : others,
                    "image", i + 1, request->references[i].bytes, arena);
    if (request->mask != NULL) {
        if (!ideogram_mask_invert(request->mask->bytes, arena, &mask, err))
            return false;
        add_picture(&multipart, "mask", "mask", 1, mask, arena);
    }
    multipart_finish(&multipart, arena, out);
    return true;
}

/* --- what cannot be --- */

static bool check(const struct provider_request *request, struct error *err)
{
    struct provider_model model = provider_model_find(&provider_ideogram, request->model);
    enum ideogram_form form = ideogram_route_find(request->model)->form;
    bool is_v2 = form == IDEOGRAM_V2 || form == IDEOGRAM_PRECISE;
    const struct provider_limits limits = {
        .prompt_max = PROMPT_CHARACTERS_MAX,
        .seed_max = SEED_MAX,
        .picture_size_max = is_v2 ? MIB(25) : MIB(10),
        .prompt_is_optional = form == IDEOGRAM_REFRAME,
        .mask_is_white = true,
    };

    if (form == IDEOGRAM_PRECISE && request->mask != NULL)
        model.references_max = 4; /* the picture and three beside it */
    if (!provider_check_request(&model, request, &limits, err))
        return false;
    if (str_equal(request->quality, STR("very_low")) && request->reference_count == 0)
        return error_field(err, ERROR_INVALID, "quality", 0, "very_low needs a picture to work on");
    if (is_transparent(request) && request->reference_count > 0)
        return error_field(err, ERROR_INVALID, "background", 0,
                           "a transparent background is for new pictures, without references");
    if (form == IDEOGRAM_REFRAME && request->width_px == 0)
        return error_field(err, ERROR_REQUIRED, "size", 0, "reframing needs the size to come to");
    if (request->width_px > 0 &&
        (form == IDEOGRAM_PRECISE || form == IDEOGRAM_BACKGROUND || request->mask != NULL) &&
        form != IDEOGRAM_V2)
        return error_field(err, ERROR_INVALID, "size", 0, "this edit keeps the picture's size");
    return true;
}

/* --- the call --- */

bool ideogram_exchange_init(const struct provider_account *account, enum exchange_purpose purpose,
                            const char *method, struct str path, struct arena *arena,
                            struct exchange *out, struct error *err)
{
    struct str url = str_trim(account->base_url), base;

    if (!provider_url_base(url.size > 0 ? url : STR(IDEOGRAM_BASE_URL), "", arena, &base, err))
        return false;
    if (str_trim(secret_expose(account->key)).size == 0)
        return error_field(err, ERROR_REQUIRED, "key", 0, "Ideogram needs a key");
    *out = (struct exchange){
        .purpose = purpose,
        .is_own_origin = url.size > 0,
        .method = str_of(method),
        .url = arena_printf(arena, "%.*s%.*s", STR_ARGS(base), STR_ARGS(path)),
        .first_byte_ms = 30000,
        .total_ms = 60000,
        .reply_size_max = (int64_t)MIB(4),
    };
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    return exchange_add_key(out, account, "Api-Key", "", arena, err);
}

bool ideogram_begin(const struct provider_account *account, const struct provider_request *request,
                    struct arena *arena, struct exchange *out, struct error *err)
{
    struct fields fields = {0};

    if (!check(request, err) || !ideogram_exchange_init(account, EXCHANGE_SUBMIT, "POST",
                                                        path_of(request, arena), arena, out, err))
        return false;
    out->is_paid = true;
    out->first_byte_ms = FIRST_BYTE_MS;
    out->total_ms = TOTAL_MS;
    switch (ideogram_route_find(request->model)->form) {
    case IDEOGRAM_V2:
        collect_v2(account, request, arena, &fields);
        if (request->reference_count > 0)
            break;
        exchange_set_body(out, arena, write_json(&fields, arena));
        exchange_add_header(out, arena, "Content-Type", STR("application/json"));
        return true;
    case IDEOGRAM_PRECISE:
        add(&fields, "prompt", request->prompt);
        break;
    case IDEOGRAM_V4:
        collect_v4(account, request, arena, &fields);
        break;
    case IDEOGRAM_V3:
    case IDEOGRAM_REFRAME:
    case IDEOGRAM_BACKGROUND:
        collect_v3(account, request, arena, &fields);
        break;
    }
    return write_form(request, &fields, arena, out, err);
}
