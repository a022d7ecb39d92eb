/*
 * provider/ideogram_call.c: a call to Ideogram written in the words of its version (facts 6.8).
 *
 * Never sent: webhook_url (it needs an address of ours that the world reaches; work is asked for by
 * its id), dry_run (the price is estimated before), json_prompt (the other of text_prompt),
 * character_reference_images_mask (a second mask has no place in our requests), resolution where an
 * aspect ratio says the same, size "auto" and "source" (what it does when nothing is said), and the
 * routes of upscaling, removal and version 3 in v2's words, which are not offered.
 *
 * In doubt: the facts say of color_palette that it is JSON; its "members" with their "color_hex"
 * are from general knowledge.
 */
#include "provider/ideogram_private.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define PROMPT_CHARACTERS_MAX 32000
#define SEED_MAX 2147483647
#define FIRST_BYTE_MS 300000
#define TOTAL_MS 600000
#define FIELDS_MAX 20
#define COLOURS_MAX 8
#define STYLE_SIZE_MAX MIB(10) /* of all style references together */

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
static struct str option_but_auto(const struct provider_account *account,
                                  const struct provider_request *request, const char *name)
{
    struct str text = call_option_text(account, request, name);

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

static bool is_hex(struct str text, size_t size)
{
    for (size_t i = 0; i < text.size; i++)
        if (strchr("0123456789abcdefABCDEF", text.data[i]) == NULL)
            return false;
    return text.size == size;
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
        if (request->reference_count > 0 && ideogram_use_of(request) == IDEOGRAM_REMIX)
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
    add(fields, "magic_prompt", option_but_auto(account, request, "magic_prompt"));
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
    if (request_setting(request, "enable_copyright_detection") != NULL)
        fields->items[fields->count++] = (struct form_field){
            .name = "enable_copyright_detection",
            .text = call_option_bool(account, request, "enable_copyright_detection", false)
                        ? STR("true")
                        : STR("false"),
            .type = FIELD_SWITCH};
}

static void collect_v4(const struct provider_account *account,
                       const struct provider_request *request, struct arena *arena,
                       struct fields *fields)
{
    add(fields, "text_prompt", request->prompt);
    add(fields, "resolution", size_of(request, arena));
    add(fields, "rendering_speed", quality_of(request));
    if (request->reference_count > 0)
        add_number(fields, "image_weight",
                   call_option_int(account, request, "image_weight", 50, 1, 100), arena);
}

/* Pictures that are there for their look. */
static bool has_style_references(const struct provider_request *request)
{
    enum ideogram_use use = ideogram_use_of(request);

    return use == IDEOGRAM_STYLE || (use == IDEOGRAM_REMIX && request->reference_count > 1);
}

/* The next of "#1a5fb4, #ff0000": six digits, in capitals; empty at the end, or when it is none. */
static struct str next_colour(struct str *rest, struct arena *arena)
{
    struct str word = STR_EMPTY;

    while (rest->size > 0 && word.size == 0) {
        struct str piece = str_cut(rest, ' ');
        word = str_trim(piece);
        if (word.size > 0 && word.data[word.size - 1] == ',')
            word.size--;
    }
    if (word.size > 0 && word.data[0] == '#')
        word = str_slice(word, 1, word.size);
    return is_hex(word, 6) ? in_capitals(word, arena) : STR_EMPTY;
}

/* Empty: it is no list of colours. */
static struct str palette_of(const struct provider_request *request, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};
    const struct provider_setting *setting = request_setting(request, "color_palette");
    struct str rest = setting == NULL ? STR_EMPTY : str_trim(setting->text);
    size_t count = 0;

    buf_add(&out, STR("{\"members\":["));
    while (rest.size > 0) {
        struct str colour = next_colour(&rest, arena);
        if (colour.size == 0 || count == COLOURS_MAX)
            return STR_EMPTY;
        buf_printf(&out, "%s{\"color_hex\":\"#%.*s\"}", count++ > 0 ? "," : "", STR_ARGS(colour));
    }
    buf_add(&out, STR("]}"));
    return count == 0 ? STR_EMPTY : arena_str(arena, buf_str(&out));
}

/* Style types exclude style codes and style references; the account's gives way to the call's. */
static void add_style(const struct provider_account *account,
                      const struct provider_request *request, struct arena *arena,
                      struct fields *fields)
{
    const struct provider_setting *codes = request_setting(request, "style_codes");

    if (codes == NULL && !has_style_references(request) && !is_transparent(request))
        add(fields, "style_type",
            in_capitals(option_but_auto(account, request, "style_type"), arena));
    if (codes != NULL)
        add(fields, "style_codes", in_capitals(str_trim(codes->text), arena));
    add(fields, "style_preset", call_option_text(account, request, "style_preset"));
    add(fields, "color_palette", palette_of(request, arena));
}

static void collect_v3(const struct provider_account *account,
                       const struct provider_request *request, struct arena *arena,
                       struct fields *fields)
{
    enum ideogram_form form = ideogram_route_find(request->model)->form;
    bool is_remix = form == IDEOGRAM_V3 && request->reference_count > 0 && request->mask == NULL &&
                    ideogram_use_of(request) == IDEOGRAM_REMIX;

    if (form == IDEOGRAM_REFRAME) {
        add(fields, "resolution", size_of(request, arena));
    } else {
        add(fields, "prompt", request->prompt);
        add(fields, "magic_prompt",
            in_capitals(option_but_auto(account, request, "magic_prompt"), arena));
    }
    /* An inpainted picture keeps its size, and so does one with another background. */
    if (form == IDEOGRAM_V3 && request->mask == NULL && request->width_px > 0)
        add(fields, "aspect_ratio",
            str_of(ideogram_aspect_find(request->width_px, request->height_px)));
    add(fields, "rendering_speed", quality_of(request));
    if (form == IDEOGRAM_V3) {
        add(fields, "negative_prompt", request->negative_prompt);
        add_style(account, request, arena, fields);
    }
    if (is_remix)
        add_number(fields, "image_weight",
                   call_option_int(account, request, "image_weight", 50, 1, 100), arena);
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
    const enum ideogram_use use = ideogram_use_of(request);
    struct multipart multipart = {0};
    struct str mask;

    for (size_t i = 0; i < fields->count; i++)
        multipart_add_text(&multipart, fields->items[i].name, fields->items[i].text);
    for (size_t i = 0; i < request->reference_count; i++)
        add_picture(&multipart,
                    form == IDEOGRAM_V2         ? "images"
                    : use == IDEOGRAM_STYLE     ? "style_reference_images"
                    : use == IDEOGRAM_CHARACTER ? "character_reference_images"
                    : i == 0                    ? "image"
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

static bool refuse(const char *option, const char *why, struct error *err)
{
    char field[48];

    (void)snprintf(field, sizeof field, "options.%s", option);
    return error_field(err, ERROR_INVALID, field, 0, "%s", why);
}

static bool check_use(const struct provider_request *request, struct error *err)
{
    const enum ideogram_use use = ideogram_use_of(request);
    size_t size = 0;

    if (use == IDEOGRAM_REMIX)
        return true;
    if (request->mask != NULL)
        return refuse("reference_use", "with a mask the first picture is the one that is changed",
                      err);
    if (use == IDEOGRAM_CHARACTER && request->reference_count != 1)
        return refuse("reference_use", "a character is shown by one picture", err);
    if (request->reference_count > 3)
        return refuse("reference_use", "at most three pictures give the style", err);
    for (size_t i = 0; i < request->reference_count; i++)
        size += request->references[i].bytes.size;
    return size <= STYLE_SIZE_MAX ||
           error_field(err, ERROR_TOO_LARGE, "references", (int64_t)STYLE_SIZE_MAX,
                       "style references are 10 MiB together at most");
}

static bool check_style(const struct provider_request *request, struct arena *arena,
                        struct error *err)
{
    static const char *const names[] = {"style_type", "style_preset", "style_codes"};
    const struct provider_setting *codes = request_setting(request, "style_codes");
    const struct provider_setting *type = request_setting(request, "style_type");
    bool has_type = type != NULL && !str_equal(type->text, STR("auto"));

    for (size_t i = 0; is_transparent(request) && i < COUNT(names); i++)
        if (request_setting(request, names[i]) != NULL)
            return refuse(names[i], "a transparent picture takes no style", err);
    if (has_type && has_style_references(request))
        return refuse("style_type", "a style and style references exclude each other", err);
    if (codes != NULL && !is_hex(str_trim(codes->text), 8))
        return refuse("style_codes", "a style code is eight hexadecimal digits", err);
    if (codes != NULL && (has_type || request->reference_count > 0))
        return refuse("style_codes", "a style code goes without a style and without references",
                      err);
    if (request_setting(request, "color_palette") != NULL && palette_of(request, arena).size == 0)
        return refuse("color_palette", "up to 8 colours such as #1a5fb4, with spaces between", err);
    return true;
}

static bool check(const struct provider_request *request, struct arena *arena, struct error *err)
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
    return check_use(request, err) && check_style(request, arena, err);
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

    if (!check(request, arena, err) ||
        !ideogram_exchange_init(account, EXCHANGE_SUBMIT, "POST", path_of(request, arena), arena,
                                out, err))
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
