/*
 * provider/plain_private.h: what the kinds share that are told everything in one JSON object and
 * answer with one: dashscope, minimax, zhipu.
 */
#pragma once

#include "provider/provider_private.h"

/* The account's base URL, else `fallback`; see provider_url_base(). */
MUST_CHECK bool plain_base(const struct provider_account *account, const char *fallback,
                           const char *path_default, struct arena *arena, struct str *out,
                           struct error *err);
/* Everything but the body: POST for SUBMIT (which is paid) and CANCEL, else GET; short timeouts for
 * all but SUBMIT. */
MUST_CHECK bool plain_exchange_init(const struct provider_account *account,
                                    enum exchange_purpose purpose, struct str url,
                                    struct arena *arena, struct exchange *out, struct error *err);
void plain_set_json(struct exchange *exchange, struct arena *arena, const struct buf *body);

void plain_write_text(struct json_writer *writer, const char *name, struct str value);
void plain_write_int(struct json_writer *writer, const char *name, int64_t value);
void plain_write_bool(struct json_writer *writer, const char *name, bool value);

/* What a service allows beside its models' rows; 0: no bound is known. */
struct plain_limits {
    int64_t prompt_characters_max, negative_characters_max, seed_max, reference_size_max;
};
/* A model is named, the picture request is one that `model` can fulfil, within `limits`; references
 * are png, jpeg or webp. */
MUST_CHECK bool plain_check(const struct provider_model *model, const struct plain_limits *limits,
                            const struct provider_request *request, struct error *err);

void plain_verdict_init(struct provider_verdict *out); /* a failure of no class */
/* Cleaned and short: what a service calls our request. */
struct str plain_request_id(const struct provider_account *account, struct str text,
                            struct arena *arena);
/* 1 to 128 letters, digits, - and _: what may stand in a path. */
bool plain_id_is_good(struct str id);

/* What a service's own codes mean; the list ends with NULL.  "Throttling" is "Throttling.RateQuota"
 * too. */
struct plain_code {
    const char *code;
    enum failure_class class;
    enum charged charged;
};
const struct plain_code *plain_code_find(const struct plain_code *codes, struct str code);
/* Gives a failure the class of its code, when that is listed; but a code for trouble does not undo
 * a status that says when to come back. */
void plain_refine(const struct plain_code *codes, struct provider_failure *failure);

/* Pictures make a verdict of DONE; fewer than asked for need a reason: `why`, else our own words.
 */
void plain_take_pictures(const struct provider_request *request, const struct picture_list *list,
                         struct str why, struct arena *arena, struct provider_verdict *out);
/* Success without a picture: broken ones were paid for, else nobody knows. */
void plain_fail_empty(const struct picture_list *list, struct provider_failure *failure);

/* A task that ended well and gave no picture will give none: asking again helps nobody. */
void plain_end_task(const struct exchange *exchange, struct provider_verdict *verdict);

/* Names of models in the reply to a probe, in the list at `path`, "data" or "models". */
void plain_read_models(const struct provider_account *account, const struct exchange_reply *reply,
                       const struct plain_code *codes, const char *path, struct arena *arena,
                       struct str **models, size_t *count, struct provider_failure *failure);
static inline bool plain_is_good(const struct exchange_reply *reply)
{
    return reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300;
}

/* A row of a table of models; within a macro, for clang-format 14 dies of long ones in braces. */
#define PLAIN_ROW(...)                                                                             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* Rows of an account's form; the first two begin it. */
#define PLAIN_FIELD_BASE_URL(en, zh)                                                               \
    {                                                                                              \
        .name = "base_url", .type = PROVIDER_FIELD_URL, .label_en = "Base URL",                    \
        .label_zh = "接口地址", .help_en = (en), .help_zh = (zh), .fallback = ""                   \
    }
#define PLAIN_FIELD_KEY(en, zh)                                                                    \
    {                                                                                              \
        .name = "key", .type = PROVIDER_FIELD_SECRET, .label_en = "API key",                       \
        .label_zh = "API 密钥", .help_en = (en), .help_zh = (zh), .fallback = "",                  \
        .is_required = true                                                                        \
    }
#define PLAIN_FIELD_BOOL(wire, en, zh, more_en, more_zh, otherwise)                                \
    {                                                                                              \
        .name = (wire), .type = PROVIDER_FIELD_BOOL, .label_en = (en), .label_zh = (zh),           \
        .help_en = (more_en), .help_zh = (more_zh), .fallback = (otherwise)                        \
    }
