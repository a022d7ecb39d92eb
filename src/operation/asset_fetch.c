/* asset.fetch: a picture from an address that a person gave, through the guard (security.md
 * S32-S35). */
#include "operation/operation_private.h"

#include "core/text.h"

enum { FETCH_TOTAL_MS = 60000 };

static void begin(struct attempt *attempt, struct step *out)
{
    const struct operation_services *services = attempt->services;
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct error err = {0};

    if (!json_read(attempt->parameters, &parameters, &err)) {
        step_fail_error(attempt, out, &err, CHARGED_NO);
        return;
    }
    out->type = STEP_EXCHANGE;
    out->exchange = (struct exchange){
        .purpose = EXCHANGE_FETCH,
        .method = STR("GET"),
        .url = arena_str(attempt->arena, json_text(json_get(parameters, "url"))),
        .first_byte_ms = FETCH_TOTAL_MS,
        .total_ms = FETCH_TOTAL_MS,
        .reply_size_max = services->fetch_size_max,
    };
}

/* The last part of the path, for people. */
static struct str name_of(struct str url)
{
    struct str path = str_cut(&url, '?');
    const struct str whole = path;
    struct str part = STR_EMPTY;

    path = str_cut(&path, '#');
    while (path.size > 0)
        part = str_cut(&path, '/');
    return text_clip(part.size > 0 ? part : whole, 200);
}

static void keep(struct attempt *attempt, const struct exchange *exchange, struct str bytes,
                 struct step *out)
{
    const struct operation_services *services = attempt->services;
    CLEANUP(buf_finish) struct buf text = {0};
    struct result_picture picture = {.kind = STR("uploaded"),
                                     .source_url = text_clip(exchange->url, 2000)};
    struct result result = {
        .pictures = {.items = &picture, .count = 1}
    };
    struct image_info info;
    struct error err = {0};

    picture.name = name_of(exchange->url);
    if (!image_probe(bytes, &services->limits, &info, &err) ||
        !image_strip(bytes, info.type, attempt->arena, &bytes, &err) ||
        !picture_keep(attempt, bytes, NULL, &picture, &err)) {
        step_fail_error(attempt, out, &err, CHARGED_NO);
        return;
    }
    result_write(&result, &text);
    pictures_refine(attempt, buf_str(&text), out);
}

static void reply(struct attempt *attempt, const struct exchange *exchange,
                  const struct exchange_reply *got, struct step *out)
{
    if (got->outcome != EXCHANGE_REPLIED) {
        const bool may_pass =
            got->err.code == ERROR_UNREACHABLE || got->err.code == ERROR_TIMED_OUT;

        /* A GET may be asked again whatever became of it. */
        step_fail(attempt, out, may_pass ? FAILURE_SERVER : FAILURE_INVALID, CHARGED_NO, "%s",
                  got->err.message);
    } else if (got->status == 200) {
        keep(attempt, exchange, got->body, out);
    } else {
        step_fail(attempt, out,
                  got->status >= 500 || got->status == 429 ? FAILURE_SERVER : FAILURE_INVALID,
                  CHARGED_NO, "the address answered with status %d", got->status);
        out->http_status = got->status;
    }
}

static const struct operation_parameter parameters[] = {
    {.name = "url",
     .type = PARAMETER_URL,
     .is_required = true,
     .min = 8,
     .max = 2000,
     .label_en = "Address",
     .label_zh = "网址",
     .help_en = "An http or https address of a picture on the public internet.",
     .help_zh = "公网上图片的 http 或 https 地址。"},
};
static const struct operation_port outputs[] = {
    {.name = "image", .type = PORT_IMAGE}
};

const struct operation operation_asset_fetch = {
    .engine = {.name = "asset.fetch", .begin = begin, .reply = reply, .refine = pictures_refine},
    .label_en = "Fetch a picture",
    .label_zh = "获取图片",
    .help_en = "Imports a picture from a public address.",
    .help_zh = "从公网地址导入一张图片。",
    .parameters = parameters,
    .parameter_count = COUNT(parameters),
    .outputs = outputs,
    .output_count = COUNT(outputs),
};
