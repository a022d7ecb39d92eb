/* provider/plain.c: see plain_private.h. */
#include "provider/plain_private.h"

#include "core/text.h"

#include <stdio.h>

#define FIRST_BYTE_MS 600000 /* a picture's call says nothing until it is done (facts 0.5) */
#define TOTAL_MS 900000
#define SHORT_MS 30000
#define REPLY_SIZE_MAX ((int64_t)MIB(8))
#define REFERENCES_SIZE_MAX MIB(64) /* of all: they are copied as base64 */
#define ID_SIZE_MAX 128
#define MODELS_MAX 2000
#define MODEL_NAME_SIZE_MAX 200

bool plain_base(const struct provider_account *account, const char *fallback,
                const char *path_default, struct arena *arena, struct str *out, struct error *err)
{
    if (str_trim(account->base_url).size > 0)
        return provider_url_base(account->base_url, path_default, arena, out, err);
    *out = str_of(fallback);
    return true;
}

bool plain_exchange_init(const struct provider_account *account, enum exchange_purpose purpose,
                         struct str url, struct arena *arena, struct exchange *out,
                         struct error *err)
{
    bool is_submit = purpose == EXCHANGE_SUBMIT;

    *out = (struct exchange){
        .purpose = purpose,
        .is_paid = is_submit,
        .is_own_origin = str_trim(account->base_url).size > 0,
        .method = is_submit || purpose == EXCHANGE_CANCEL ? STR("POST") : STR("GET"),
        .url = url,
        .first_byte_ms = is_submit ? FIRST_BYTE_MS : SHORT_MS,
        .total_ms = is_submit ? TOTAL_MS : SHORT_MS,
        .reply_size_max = REPLY_SIZE_MAX,
    };
    exchange_add_header(out, arena, "Accept", STR("application/json"));
    return exchange_add_bearer(out, account, arena, err);
}

void plain_set_json(struct exchange *exchange, struct arena *arena, const struct buf *body)
{
    exchange_set_body(exchange, arena, arena_str(arena, buf_str(body)));
    exchange_add_header(exchange, arena, "Content-Type", STR("application/json"));
}

void plain_write_text(struct json_writer *writer, const char *name, struct str value)
{
    json_name(writer, name);
    json_add_text(writer, value);
}

void plain_write_int(struct json_writer *writer, const char *name, int64_t value)
{
    json_name(writer, name);
    json_add_int(writer, value);
}

void plain_write_bool(struct json_writer *writer, const char *name, bool value)
{
    json_name(writer, name);
    json_add_bool(writer, value);
}

/* --- what a request may be --- */

static bool check_length(struct str text, int64_t max, const char *field, struct error *err)
{
    if (max == 0 || (int64_t)text_count(text) <= max)
        return true;
    return error_field(err, ERROR_TOO_LONG, field, max, "%s may have %lld characters", field,
                       (long long)max);
}

static bool check_bounds(const struct plain_limits *limits, const struct provider_request *request,
                         struct error *err)
{
    if (!check_length(request->prompt, limits->prompt_characters_max, "prompt", err) ||
        !check_length(request->negative_prompt, limits->negative_characters_max, "negative_prompt",
                      err))
        return false;
    if (request->has_seed && limits->seed_max > 0 &&
        (request->seed < 0 || request->seed > limits->seed_max))
        return error_field(err, ERROR_TOO_BIG, "seed", limits->seed_max, "a seed is 0 to %lld",
                           (long long)limits->seed_max);
    for (size_t i = 0; limits->reference_size_max > 0 && i < request->reference_count; i++) {
        char field[40];
        (void)snprintf(field, sizeof field, "references[%zu]", i);
        if ((int64_t)request->references[i].bytes.size > limits->reference_size_max)
            return error_field(err, ERROR_TOO_LARGE, field, limits->reference_size_max,
                               "the picture is larger than %lld MiB",
                               (long long)(limits->reference_size_max >> 20));
    }
    return true;
}

bool plain_check(const struct provider_model *model, const struct plain_limits *limits,
                 const struct provider_request *request, struct error *err)
{
    static const char *const types[] = {"image/png", "image/jpeg", "image/webp", NULL};

    if (request->model.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s makes pictures, it writes no text",
                           STR_ARGS(model->name));
    if (!model->can_generate && request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1,
                           "%.*s edits pictures: it needs one", STR_ARGS(model->name));
    return provider_check_fields(model, request, err) && check_bounds(limits, request, err) &&
           provider_check_references(model, request, types, 0, REFERENCES_SIZE_MAX, err) &&
           provider_check_size(model, request, err);
}

/* --- replies --- */

void plain_verdict_init(struct provider_verdict *out)
{
    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.retry_after_ms = -1},
    };
}

struct str plain_request_id(const struct provider_account *account, struct str text,
                            struct arena *arena)
{
    return provider_text_clean(str_trim(secret_expose(account->key)), text, 100, arena);
}

bool plain_id_is_good(struct str id)
{
    for (size_t i = 0; i < id.size; i++) {
        char c = id.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '-' && c != '_')
            return false;
    }
    return id.size > 0 && id.size <= ID_SIZE_MAX;
}

const struct plain_code *plain_code_find(const struct plain_code *codes, struct str code)
{
    for (; codes->code != NULL; codes++) {
        struct str name = str_of(codes->code);
        if (str_equal_nocase(str_slice(code, 0, name.size), name) &&
            (code.size == name.size || code.data[name.size] == '.'))
            return codes;
    }
    return NULL;
}

void plain_refine(const struct plain_code *codes, struct provider_failure *failure)
{
    const struct plain_code *row = plain_code_find(codes, failure->code);

    /* A status that says when to come back goes before a word for trouble: it did not run. */
    if (row == NULL || (row->class == FAILURE_SERVER && failure->class == FAILURE_THROTTLED))
        return;
    failure->class = row->class;
    failure->charged = row->charged;
}

void plain_take_pictures(const struct provider_request *request, const struct picture_list *list,
                         struct str why, struct arena *arena, struct provider_verdict *out)
{
    out->type = VERDICT_DONE;
    out->pictures = list->items;
    out->picture_count = list->count;
    out->usage.images = (int64_t)list->count;
    if ((int64_t)list->count < request->count)
        out->missing = why.size > 0 ? why
                                    : arena_printf(arena, "the service made %zu of %lld pictures",
                                                   list->count, (long long)request->count);
}

void plain_fail_empty(const struct picture_list *list, struct provider_failure *failure)
{
    failure->class = FAILURE_UNKNOWN;
    failure->charged = list->broken > 0 ? CHARGED_YES : CHARGED_MAYBE;
    failure->message = list->broken > 0
                           ? STR("the picture in the reply is broken or cut short")
                           : STR("the provider said success but sent nothing that can be used");
}

void plain_end_task(const struct exchange *exchange, struct provider_verdict *verdict)
{
    if (exchange->purpose == EXCHANGE_POLL && verdict->type == VERDICT_FAILED &&
        verdict->failure.class == FAILURE_UNKNOWN)
        verdict->failure.class = FAILURE_RESULT_LOST;
}

/* --- the free call --- */

static struct str read_model_name(const struct json *item)
{
    static const char *const names[] = {"id", "model", "name"};
    struct str name = str_trim(json_text(item));

    for (size_t i = 0; name.size == 0 && i < COUNT(names); i++)
        name = str_trim(json_text(json_get(item, names[i])));
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char)name.data[i] < 0x20 || name.data[i] == 0x7f)
            return STR_EMPTY;
    return name.size > MODEL_NAME_SIZE_MAX ? STR_EMPTY : name;
}

static const struct json *find_models(const struct json *body, const char *path)
{
    const struct json *lists[] = {json_path(body, path), json_get(body, "data"),
                                  json_get(body, "models")};

    for (size_t i = 0; i < COUNT(lists); i++)
        if (json_is(lists[i], JSON_LIST))
            return lists[i];
    return NULL;
}

void plain_read_models(const struct provider_account *account, const struct exchange_reply *reply,
                       const struct plain_code *codes, const char *path, struct arena *arena,
                       struct str **models, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *list = NULL;
    struct error ignored;

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (plain_is_good(reply) && json_read_liberal(reply->body, &json, &ignored))
        list = find_models(json, path);
    if (list == NULL) {
        exchange_classify_for(account, reply, arena, failure);
        plain_refine(codes, failure);
        failure->charged = CHARGED_NO;
        if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED) {
            failure->class = FAILURE_INVALID;
            failure->message = STR("the server answered, but not with a list of models; is the "
                                   "base URL right?");
        }
        return;
    }
    *models = ARENA_ARRAY(arena, struct str, json_count(list) + 1);
    for (size_t i = 0; i < json_count(list) && *count < MODELS_MAX; i++) {
        struct str name = read_model_name(json_item(list, i));
        if (name.size > 0)
            (*models)[(*count)++] = arena_str(arena, name);
    }
}
