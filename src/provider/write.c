/* provider/write.c: what all kinds that write text share: checks, the system text, the answer. */
#include "provider/provider_private.h"

#include "core/text.h"

#include <stdio.h>

#define PROMPT_CHARACTERS_MAX 32000
#define SCHEMA_SIZE_MAX KIB(64)
#define TOKENS_MAX 128000
#define PICTURES_SIZE_MAX MIB(20) /* in all: a third more in base64, and services take 32 MB */
#define ANSWER_SIZE_MAX 60000     /* more is no text that anybody asked for */

static const char *const verbosities[] = {"low", "medium", "high", NULL};
/* clang-format off */
const struct provider_field provider_option_temperature = OPTION_ROW(
    DOUBLE, "temperature", "Temperature", "随机性",
    "0 is steady, 2 is wild.", "0 最稳定，2 最随机。", .max = 2);
const struct provider_field provider_option_verbosity = OPTION_ROW(
    CHOICE, "verbosity", "Length", "详细程度",
    "How much the model writes.", "模型写得多详细。", .choices = verbosities);
/* clang-format on */

void provider_add_text(struct json_writer *writer, const char *name, struct str text)
{
    if (name == NULL || text.size == 0)
        return;
    json_name(writer, name);
    json_add_text(writer, text);
}

void provider_add_int(struct json_writer *writer, const char *name, int64_t number)
{
    if (name == NULL)
        return;
    json_name(writer, name);
    json_add_int(writer, number);
}

static bool check_schema(const struct provider_request *request, struct error *err)
{
    CLEANUP(json_cleanup) struct json *schema = NULL;
    struct error ignored;

    for (size_t i = 0; i < request->schema_name.size; i++) {
        char c = request->schema_name.data[i];
        if ((c < 'a' || c > 'z') && c != '_')
            return error_field(err, ERROR_INVALID, "schema_name", 0,
                               "a schema's name has the letters a to z and _");
    }
    if (request->schema_name.size > 64)
        return error_field(err, ERROR_TOO_LONG, "schema_name", 64,
                           "a schema's name may have 64 letters");
    if (request->schema.size == 0)
        return true;
    if (request->schema.size > SCHEMA_SIZE_MAX)
        return error_field(err, ERROR_TOO_LONG, "schema", (int64_t)SCHEMA_SIZE_MAX,
                           "the schema is longer than %zu bytes", SCHEMA_SIZE_MAX);
    return (json_read(request->schema, &schema, &ignored) && json_is(schema, JSON_OBJECT)) ||
           error_field(err, ERROR_INVALID, "schema", 0, "the schema is no JSON object");
}

static bool check_pictures(const struct provider_model *model,
                           const struct provider_request *request, int64_t picture_size_max,
                           struct error *err)
{
    static const char *const mimes[] = {"image/png", "image/jpeg", "image/webp", NULL};
    size_t size = 0;

    if ((int64_t)request->reference_count > model->references_max)
        return error_field(err, ERROR_TOO_MANY, "references", model->references_max,
                           "at most %lld pictures", (long long)model->references_max);
    for (size_t i = 0; i < request->reference_count; i++) {
        struct str bytes = request->references[i].bytes;
        char field[40];

        (void)snprintf(field, sizeof field, "references[%zu]", i);
        size += bytes.size;
        if (bytes.size == 0)
            return error_field(err, ERROR_REQUIRED, field, 0, "the picture is empty");
        if ((int64_t)bytes.size > picture_size_max)
            return error_field(err, ERROR_TOO_LARGE, field, picture_size_max,
                               "the picture is larger than %lld bytes",
                               (long long)picture_size_max);
        if (picture_mime(bytes) == NULL || !text_is_listed(str_of(picture_mime(bytes)), mimes))
            return error_field(err, ERROR_PICTURE_TYPE, field, 0,
                               "png, jpeg and webp pictures can be looked at");
    }
    return size <= PICTURES_SIZE_MAX ||
           error_field(err, ERROR_TOO_LARGE, "references", (int64_t)PICTURES_SIZE_MAX,
                       "the pictures are larger than %zu MiB in all", PICTURES_SIZE_MAX >> 20);
}

bool provider_check_write(const struct provider_model *model,
                          const struct provider_request *request, int64_t picture_size_max,
                          struct error *err)
{
    const unsigned needs = NEED_WRITE | (request->reference_count > 0 ? NEED_SEE : 0U);

    if (!provider_model_check(model, needs, err))
        return false;
    if (str_trim(request->prompt).size == 0)
        return error_field(err, ERROR_REQUIRED, "prompt", 1, "a prompt is needed");
    if (text_count(request->prompt) > PROMPT_CHARACTERS_MAX)
        return error_field(err, ERROR_TOO_LONG, "prompt", PROMPT_CHARACTERS_MAX,
                           "a prompt may have %d characters", PROMPT_CHARACTERS_MAX);
    if (text_count(request->system) > PROMPT_CHARACTERS_MAX)
        return error_field(err, ERROR_TOO_LONG, "system", PROMPT_CHARACTERS_MAX,
                           "a system text may have %d characters", PROMPT_CHARACTERS_MAX);
    if (request->output_tokens_max < 0 || request->output_tokens_max > TOKENS_MAX)
        return error_field(err, ERROR_TOO_BIG, "output_tokens_max", TOKENS_MAX,
                           "an answer may have 1 to %d tokens", TOKENS_MAX);
    if (request->mask != NULL)
        return error_field(err, ERROR_INVALID, "mask", 0, "no mask is looked at");
    return provider_check_settings(model, request, err) && check_schema(request, err) &&
           check_pictures(model, request, picture_size_max, err);
}

/* Thinking counts as output: who wants more of it must not be cut before the first word. */
int64_t provider_write_tokens(const struct provider_request *request)
{
    static const struct {
        const char *effort;
        int64_t times;
    } rows[] = {
        {"medium", 2},
        {"high",   4},
        {"xhigh",  8},
        {"max",    8},
    };
    const struct provider_setting *effort = request_setting(request, "effort");

    if (effort == NULL)
        effort = request_setting(request, "thinking"); /* as Gemini has it */
    if (request->output_tokens_max > 0)
        return request->output_tokens_max;
    for (size_t i = 0; effort != NULL && i < COUNT(rows); i++)
        if (str_equal(str_trim(effort->text), str_of(rows[i].effort)))
            return rows[i].times * WRITE_TOKENS_DEFAULT;
    return WRITE_TOKENS_DEFAULT;
}

struct str provider_schema_name(const struct provider_request *request)
{
    return request->schema_name.size > 0 ? request->schema_name : STR("answer");
}

struct str provider_write_system(const struct provider_request *request, bool tells_schema,
                                 struct arena *arena)
{
    if (!tells_schema || request->schema.size == 0)
        return arena_str(arena, request->system);
    return arena_printf(arena,
                        "%.*s%sAnswer with one JSON object and nothing else. It must fit this JSON "
                        "schema:\n%.*s",
                        STR_ARGS(request->system), request->system.size > 0 ? "\n\n" : "",
                        STR_ARGS(request->schema));
}

/* Local models show their thinking in the answer; without an end there is thinking alone. */
static struct str cut_thinking(struct str text)
{
    int64_t end;

    if (!str_starts_with(text, STR("<think>")))
        return text;
    end = str_find(text, STR("</think>"));
    return end < 0 ? STR_EMPTY : str_trim(str_slice(text, (size_t)end + 8, text.size));
}

/* From the first { to the last }: without a code fence, or words around it. */
static struct str cut_object(struct str text)
{
    int64_t begin = str_find_char(text, '{');
    size_t end = text.size;

    while (end > 0 && text.data[end - 1] != '}')
        end--;
    return begin < 0 || (size_t)begin >= end ? STR_EMPTY
                                             : str_slice(text, (size_t)begin, end - (size_t)begin);
}

static struct str clean(struct str text, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};
    uint32_t code_point;

    while (out.size < ANSWER_SIZE_MAX && text_next(&text, &code_point))
        if ((code_point >= 0x20 && (code_point < 0x7f || code_point > 0x9f)) ||
            code_point == '\n' || code_point == '\t')
            text_add_code_point(&out, code_point);
    return str_trim(arena_str(arena, text_clip(buf_str(&out), ANSWER_SIZE_MAX)));
}

bool provider_answer_read(const struct provider_request *request, struct str text,
                          struct arena *arena, struct str *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error ignored;
    struct str answer = cut_thinking(str_trim(text));

    if (request->schema.size == 0) {
        answer = clean(answer, arena);
        if (answer.size == 0)
            return false;
        *out = answer;
        return true;
    }
    if (answer.size > ANSWER_SIZE_MAX || !json_read_liberal(cut_object(answer), &json, &ignored) ||
        !json_is(json, JSON_OBJECT))
        return false;
    *out = json_print(json, arena);
    return true;
}
