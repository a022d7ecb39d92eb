/*
 * provider/mock_write.c: the mock's texts: patterns around the prompt, and objects that fit a
 * schema.  Nobody who reads one shall take it for a model's.
 */
#include "provider/mock_private.h"

#include "core/text.h"

#define QUOTED_SIZE_MAX 1000 /* of the prompt that is repeated */
#define DEPTH_MAX 8
#define ITEMS_MAX 8
#define TEXT_SIZE_MAX 4000      /* of one text in an object */
#define OBJECT_SIZE_MAX KIB(16) /* after so much, lists and objects get no more members */

static const char *const lights_en[] = {"soft morning light", "the light of a low sun",
                                        "even studio light", "light through a window"};
static const char *const lights_zh[] = {"柔和的晨光", "低斜的阳光", "均匀的棚拍光", "窗边的光线"};
static const char *const views_en[] = {"seen from close by", "seen from slightly above",
                                       "seen at eye level", "seen from far away"};
static const char *const views_zh[] = {"近景", "略微俯视", "平视", "远景"};

static bool is_chinese(struct str text)
{
    uint32_t code_point;

    while (text_next(&text, &code_point))
        if (code_point >= 0x4e00 && code_point <= 0x9fff)
            return true;
    return false;
}

static struct str write_plain(const struct provider_request *request, struct arena *arena)
{
    struct str prompt = str_trim(text_clip(request->prompt, QUOTED_SIZE_MAX));
    size_t light = mock_chance(request, 6) % COUNT(lights_en);
    size_t view = mock_chance(request, 7) % COUNT(views_en);

    if (request->reference_count > 0)
        return arena_printf(arena,
                            "The mock was shown %zu picture(s) and looked at none of them. It was "
                            "asked: %.*s",
                            request->reference_count, STR_ARGS(prompt));
    if (is_chinese(prompt))
        return arena_printf(
            arena, "%.*s，%s，%s，细节清晰，背景简洁。（模拟服务按固定句式写成，未使用模型。）",
            STR_ARGS(prompt), views_zh[view], lights_zh[light]);
    return arena_printf(arena,
                        "%.*s, %s, in %s, with clear detail and a plain background. (The mock's "
                        "fixed pattern; no model wrote this.)",
                        STR_ARGS(prompt), views_en[view], lights_en[light]);
}

/* --- objects that fit --- */

struct fitter {
    const struct provider_request *request;
    const struct json *schema; /* the whole one, for $ref */
    struct arena *arena;
    struct json_writer writer;
};

static bool has_room(const struct fitter *fitter, int depth)
{
    return depth > 0 && fitter->writer.buf->size < OBJECT_SIZE_MAX;
}

static void fit(struct fitter *fitter, const struct json *schema, struct str name, int depth);

/* "#/$defs/NAME", and the first of what may be. */
static const struct json *resolve(const struct fitter *fitter, const struct json *schema)
{
    static const char *const places[] = {"$defs", "definitions"};

    for (int step = 0; step < DEPTH_MAX; step++) {
        struct str reference = json_text(json_get(schema, "$ref"));
        const struct json *options = json_get(schema, "anyOf"), *found = NULL;

        if (json_count(options) == 0)
            options = json_get(schema, "oneOf");
        if (json_count(options) > 0) {
            schema = json_item(options, 0);
            continue;
        }
        if (reference.size == 0)
            return schema;
        for (size_t i = 0; i < COUNT(places) && found == NULL; i++) {
            struct str path = arena_printf(fitter->arena, "#/%s/", places[i]);
            if (str_starts_with(reference, path))
                found = json_get(
                    json_get(fitter->schema, places[i]),
                    arena_cstr(fitter->arena, str_slice(reference, path.size, reference.size)));
        }
        schema = found;
    }
    return NULL;
}

/* The first type that is not null: ["string", "null"]. */
static struct str type_of(const struct json *schema)
{
    const struct json *type = json_get(schema, "type");

    for (size_t i = 0; i < json_count(type); i++)
        if (!str_equal(json_text(json_item(type, i)), STR("null")))
            return json_text(json_item(type, i));
    if (json_text(type).size > 0)
        return json_text(type);
    return json_is(json_get(schema, "properties"), JSON_OBJECT) ? STR("object") : STR("string");
}

static void fit_text(struct fitter *fitter, const struct json *schema, struct str name)
{
    const struct provider_request *request = fitter->request;
    struct str prompt = str_trim(text_clip(request->prompt, QUOTED_SIZE_MAX));
    int64_t least = json_int_or(json_get(schema, "minLength"), 0);
    int64_t most = json_int_or(json_get(schema, "maxLength"), TEXT_SIZE_MAX);
    CLEANUP(buf_finish) struct buf text = {0};
    CLEANUP(buf_finish) struct buf clipped = {0};
    struct str rest;
    uint32_t code_point;

    buf_printf(&text, "The mock's \"%.*s\" about %zu picture(s) and the prompt: %.*s",
               STR_ARGS(name), request->reference_count, STR_ARGS(prompt));
    rest = buf_str(&text);
    for (int64_t i = 0; i < most && text_next(&rest, &code_point); i++)
        text_add_code_point(&clipped, code_point);
    for (int64_t count = (int64_t)text_count(buf_str(&clipped));
         count < least && count < TEXT_SIZE_MAX; count++)
        buf_add_char(&clipped, '.');
    json_add_text(&fitter->writer, buf_str(&clipped));
}

/* A mock is sure of nothing: the smallest number that fits, 0 where there is no bound. */
static void fit_number(struct fitter *fitter, const struct json *schema, bool is_whole)
{
    double least, most, number = 0;

    if (json_double(json_get(schema, "minimum"), &least) && number < least)
        number = least;
    if (json_double(json_get(schema, "maximum"), &most) && number > most)
        number = most;
    if (is_whole && number > -1e15 && number < 1e15) {
        int64_t whole = (int64_t)number;
        json_add_int(&fitter->writer, (double)whole < number ? whole + 1 : whole);
    } else {
        json_add_double(&fitter->writer, number);
    }
}

/* DEPTH_MAX deep.  NOLINTBEGIN(misc-no-recursion) */
static void fit_list(struct fitter *fitter, const struct json *schema, struct str name, int depth)
{
    int64_t count = json_int_or(json_get(schema, "maxItems"), 2);
    int64_t least = json_int_or(json_get(schema, "minItems"), 0);
    const struct json *items = resolve(fitter, json_get(schema, "items"));
    bool is_text = str_equal(type_of(items), STR("string")) && json_get(items, "enum") == NULL;

    count = count > 2 ? 2 : count < 0 ? 0 : count;
    count = least > count ? least : count;
    json_begin_list(&fitter->writer);
    for (int64_t i = 0; i < count && i < ITEMS_MAX && has_room(fitter, depth); i++)
        if (is_text) /* short and each another */
            json_add_text(&fitter->writer, arena_printf(fitter->arena, "mock %.*s %lld",
                                                        STR_ARGS(name), (long long)i + 1));
        else
            fit(fitter, items, name, depth - 1);
    json_end_list(&fitter->writer);
}

static void fit_object(struct fitter *fitter, const struct json *schema, int depth)
{
    struct json_cursor cursor = {0};
    const struct json *property;
    struct str name;

    json_begin_object(&fitter->writer);
    while (has_room(fitter, depth) &&
           json_next(json_get(schema, "properties"), &cursor, &name, &property)) {
        json_name_str(&fitter->writer, name);
        fit(fitter, property, name, depth - 1);
    }
    json_end_object(&fitter->writer);
}

static void fit(struct fitter *fitter, const struct json *given, struct str name, int depth)
{
    const struct json *schema = resolve(fitter, given);
    const struct json *choices = json_get(schema, "enum");
    struct str type = type_of(schema);

    if (json_get(schema, "const") != NULL)
        json_add_raw(&fitter->writer, json_print(json_get(schema, "const"), fitter->arena));
    else if (json_count(choices) > 0)
        json_add_raw(&fitter->writer, json_print(json_item(choices, 0), fitter->arena));
    else if (str_equal(type, STR("object")))
        fit_object(fitter, schema, depth);
    else if (str_equal(type, STR("array")))
        fit_list(fitter, schema, name, depth);
    else if (str_equal(type, STR("number")) || str_equal(type, STR("integer")))
        fit_number(fitter, schema, str_equal(type, STR("integer")));
    else if (str_equal(type, STR("boolean")))
        json_add_bool(&fitter->writer, false);
    else if (str_equal(type, STR("null")))
        json_add_null(&fitter->writer);
    else
        fit_text(fitter, schema, name);
}

/* NOLINTEND(misc-no-recursion) */

struct str mock_write(const struct provider_request *request, struct arena *arena)
{
    CLEANUP(json_cleanup) struct json *schema = NULL;
    CLEANUP(buf_finish) struct buf buf = {0};
    struct fitter fitter = {.request = request, .arena = arena};
    struct error ignored;

    if (request->schema.size == 0 || !json_read(request->schema, &schema, &ignored))
        return write_plain(request, arena);
    fitter.schema = schema;
    json_writer_init(&fitter.writer, &buf);
    fit_object(&fitter, resolve(&fitter, schema), DEPTH_MAX);
    return arena_str(arena, buf_str(&buf));
}
