/* image.generate and image.edit: one request to a provider's picture model, its pictures labelled
 * and kept. */
#include "operation/operation_private.h"

#include "core/text.h"
#include "provider/mock.h"

#include <stdio.h>
#include <string.h>

enum {
    REFERENCE_SIDE_PX_MAX = 2048, /* what every provider takes, and what a model can use */
    FETCHES_MAX = 4,              /* first try and three more */
    FETCHED_SIZE_MAX = 1 << 29,   /* bytes of one result that come by address, in all */
};
static const int64_t fetch_delay_ms[FETCHES_MAX] = {0, 1000, 5000, 25000};

struct work {
    struct task_inputs inputs; /* and what tasks before it made */
    struct provider_request request;
    struct provider_verdict verdict;
    struct provider_card card;
    size_t fetching;     /* the picture whose address is asked */
    int fetches;         /* of that picture */
    size_t fetched_size; /* of all that is home */
    int http_status;
    int64_t cost_micro; /* of the call */
    const char *currency;
};

/* ---- The request ---- */

static bool request_of(const struct json *parameters, size_t reference_count, bool has_mask,
                       struct arena *arena, struct provider_request *out, struct error *err)
{
    double scale = 0;
    int64_t seed = 0;
    const struct json *seed_json = json_get(parameters, "seed");
    const struct json *scale_json = json_get(parameters, "scale");

    (void)has_mask;
    (void)err;
    if (scale_json != NULL && !json_double(scale_json, &scale))
        scale = 0;
    *out = (struct provider_request){
        .action = reference_count > 0 ? PROVIDER_EDIT : PROVIDER_GENERATE,
        .prompt = role_add(json_text(json_get(parameters, "prompt")),
                           json_get(parameters, "reference_roles"), reference_count, arena),
        .negative_prompt = arena_str(arena, json_text(json_get(parameters, "negative_prompt"))),
        .count = json_int_or(json_get(parameters, "n"), 1),
        .width_px = json_int_or(json_get(parameters, "width"), 0),
        .height_px = json_int_or(json_get(parameters, "height"), 0),
        .has_seed = seed_json != NULL && json_int(seed_json, &seed),
        .steps = json_int_or(json_get(parameters, "steps"), 0),
        .scale = scale,
        .quality = arena_str(arena, json_text(json_get(parameters, "quality"))),
        .background = arena_str(arena, json_text(json_get(parameters, "background"))),
        .format = arena_str(arena, json_text(json_get(parameters, "format"))),
        .compression = json_int_or(json_get(parameters, "compression"), -1),
        .partial_images = json_int_or(json_get(parameters, "partial_images"), 0),
    };
    out->seed = seed;
    call_settings(json_get(parameters, "options"), arena, out);
    return true;
}

static bool load_inputs(struct attempt *attempt, struct work *work, struct error *err)
{
    const struct provider_kind *kind = attempt->provider.kind;
    const struct task_inputs *inputs = &work->inputs;
    struct provider_request *request = &work->request;
    struct provider_image *references =
        ARENA_ARRAY(attempt->arena, struct provider_image, inputs->images.count);
    struct provider_image *mask;

    for (size_t index = 0; index < inputs->images.count; index++) {
        const struct str name = arena_printf(attempt->arena, "reference-%zu", index + 1);

        /* With a mask the first picture keeps its size, which the mask's must be (facts 1.3). */
        if (!call_picture(attempt, &((struct input_picture *)inputs->images.items)[index], name,
                          inputs->mask != NULL && index == 0, REFERENCE_SIDE_PX_MAX,
                          &references[index], err))
            return false;
    }
    request->references = references;
    request->reference_count = inputs->images.count;
    if (inputs->mask == NULL)
        return true;
    mask = ARENA_NEW(attempt->arena, struct provider_image);
    if (!call_picture(attempt, inputs->mask, STR("mask"), true, REFERENCE_SIDE_PX_MAX, mask, err))
        return false;
    if (kind->wants_white_mask != NULL && kind->wants_white_mask(&attempt->provider.account)) {
        if (!image_mask_to_white(mask->bytes, attempt->arena, &mask->bytes, err))
            return false;
        request->mask_is_white = true;
    }
    request->mask = mask;
    return true;
}

/* Everything but the pictures: enough to read replies. */
static bool make_work(struct attempt *attempt, struct error *err)
{
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct work *work = ARENA_NEW(attempt->arena, struct work);

    if (!json_read(attempt->parameters, &parameters, err) ||
        !call_inputs(attempt, &work->inputs, err) ||
        !request_of(parameters, work->inputs.images.count, work->inputs.mask != NULL,
                    attempt->arena, &work->request, err))
        return false;
    work->request.model = attempt->model;
    work->request.idempotency_key = attempt->call_key;
    work->request.safety_id = call_safety_id(attempt);
    attempt->state = work;
    return true;
}

static void begin(struct attempt *attempt, struct step *out)
{
    const struct provider_kind *kind = attempt->provider.kind;
    struct error err = {0};

    if (!call_has_provider(attempt, out))
        return;
    if (!make_work(attempt, &err) || !load_inputs(attempt, attempt->state, &err) ||
        !kind->begin(&attempt->provider.account, &((struct work *)attempt->state)->request,
                     attempt->arena, &out->exchange, &err)) {
        step_fail_error(attempt, out, &err, CHARGED_NO);
        return;
    }
    out->type = STEP_EXCHANGE;
}

/* ---- The result ---- */

static struct image_label label_of(struct attempt *attempt, const struct work *work, size_t index)
{
    const struct operation_services *services = attempt->services;
    char now[CLOCK_TEXT_SIZE];

    clock_format(clock_wall_ms(&clock_system), now);
    return (struct image_label){
        .source_type = work->request.action == PROVIDER_EDIT
                           ? "compositeWithTrainedAlgorithmicMedia"
                           : "trainedAlgorithmicMedia",
        .system = arena_printf(attempt->arena, "%.*s %.*s", STR_ARGS(attempt->provider.name),
                               STR_ARGS(attempt->model)),
        .created_at = arena_str(attempt->arena, str_of(now)),
        .producer_code = services->producer_code == NULL
                             ? STR_EMPTY
                             : services->producer_code(services->context, attempt->arena),
        .produce_id =
            arena_printf(attempt->arena, "%.*s-%zu", STR_ARGS(attempt->task_public_id), index + 1),
    };
}

static void keep(struct attempt *attempt, struct work *work, struct step *out)
{
    const struct provider_verdict *verdict = &work->verdict;
    CLEANUP(buf_finish) struct buf text = {0};
    struct result_picture *pictures =
        ARENA_ARRAY(attempt->arena, struct result_picture, verdict->picture_count);
    struct result result = {
        .pictures = {.items = pictures, .count = verdict->picture_count},
        .request_id = verdict->request_id,
        .provider_name = attempt->provider.name,
        .dropped = verdict->dropped,
        .missing = missing_words(verdict->missing, attempt->arena),
    };
    struct error err = {0};

    for (size_t index = 0; index < verdict->picture_count; index++) {
        const struct image_label label = label_of(attempt, work, index);

        if (picture_keep(attempt, verdict->pictures[index].bytes, &label, &pictures[index], &err))
            continue;
        /* What passes is waited for: the picture is paid for and nowhere else. */
        if (err.code == ERROR_STORAGE_FULL || err.code == ERROR_UNAVAILABLE)
            out->type = STEP_AGAIN;
        else
            step_fail(attempt, out,
                      error_retry_of(err.code) == RETRY_LATER ? FAILURE_LOCAL : FAILURE_RESULT_LOST,
                      CHARGED_YES, "the provider's picture: %s", err.message);
        return;
    }
    for (size_t index = 0; index < verdict->picture_count; index++) {
        const struct provider_picture *picture = &verdict->pictures[index];

        pictures[index].kind = STR("generated");
        /* Which seeds the others of one call had, only the provider knows. */
        pictures[index].has_seed =
            picture->has_seed || (work->request.has_seed && verdict->picture_count == 1);
        pictures[index].seed = picture->has_seed ? picture->seed : work->request.seed;
        pictures[index].revised_prompt =
            revised_words(picture->revised_prompt, verdict->picture_count, attempt->arena);
    }
    result_write(&result, &text);
    out->type = STEP_KEEP;
    out->result = arena_str(attempt->arena, buf_str(&text));
    result_blobs(&result, attempt->arena, out);
    out->request_id = verdict->request_id;
    out->http_status = work->http_status;
    out->cost_micro = work->cost_micro;
    out->currency = work->currency;
}

static void again(struct attempt *attempt, struct step *out) { keep(attempt, attempt->state, out); }

static void fetch(struct attempt *attempt, struct work *work, struct step *out)
{
    const struct operation_services *services = attempt->services;
    const struct provider_picture *picture = &work->verdict.pictures[work->fetching];
    struct exchange_header *headers =
        ARENA_ARRAY(attempt->arena, struct exchange_header, picture->header_count);

    for (size_t index = 0; index < picture->header_count; index++)
        headers[index] = picture->headers[index];
    out->type = STEP_EXCHANGE;
    out->exchange = (struct exchange){
        .purpose = EXCHANGE_FETCH,
        .method = STR("GET"),
        .url = work->verdict.pictures[work->fetching].url,
        .headers = headers,
        .header_count = picture->header_count,
        .is_own_origin =
            true, /* a model server on the LAN names itself; others are public anyway */
        .delay_ms = fetch_delay_ms[work->fetches],
        .reply_size_max = services->fetch_size_max,
        .total_ms = 300000,
    };
    work->fetches++;
}

/* Addresses expire: what is not here yet is fetched at once, one after the other, then all is kept.
 * Who does so without being seen of the store (an address that wants the key) has the four tries
 * alone; a poll is made again while the provider keeps the result. */
static void bring_home(struct attempt *attempt, struct work *work, struct step *out)
{
    for (size_t index = 0; index < work->verdict.picture_count; index++) {
        if (work->verdict.pictures[index].bytes.size > 0)
            continue;
        if (work->fetching != index) {
            work->fetching = index;
            work->fetches = 0;
        }
        fetch(attempt, work, out);
        return;
    }
    keep(attempt, work, out);
}

/* Four times, over half a minute, its own place said that it is not there or not to be had: 403 is
 * what an expired signature is told.  A line or a server in trouble says nothing of the picture. */
static bool is_said_gone(const struct exchange_reply *reply)
{
    return reply->outcome == EXCHANGE_REPLIED && reply->status / 100 == 4 && reply->status != 408 &&
           reply->status != 425 && reply->status != 429;
}

static void lose_files(struct attempt *attempt, const struct work *work, const char *why,
                       bool is_for_good, struct step *out)
{
    step_fail(attempt, out, FAILURE_RESULT_LOST, CHARGED_YES,
              "the provider made the picture, but it could not be fetched (%s)", why);
    out->failure.retry_after_ms = is_for_good ? -1 : 0; /* 0: it may be fetched yet */
    out->cost_micro = work->cost_micro;
    out->currency = work->currency;
}

static void fetched(struct attempt *attempt, struct work *work, const struct exchange_reply *reply,
                    struct step *out)
{
    const bool is_here =
        reply->outcome == EXCHANGE_REPLIED && reply->status == 200 && reply->body.size > 0;
    /* The same file comes too large each time. */
    const bool is_too_large = reply->outcome == EXCHANGE_LOST && reply->err.code == ERROR_TOO_LARGE;
    char why[32];

    if (is_here && reply->body.size <= FETCHED_SIZE_MAX - work->fetched_size) {
        work->fetched_size += reply->body.size;
        work->verdict.pictures[work->fetching].bytes = reply->body;
        bring_home(attempt, work, out);
    } else if (is_here) {
        lose_files(attempt, work, "its files are larger together than is taken of one call", true,
                   out);
    } else if (work->fetches < FETCHES_MAX && !is_too_large) {
        fetch(attempt, work, out);
    } else {
        snprintf(why, sizeof(why), "%s%d",
                 reply->outcome == EXCHANGE_REPLIED ? "status " : "error ",
                 reply->outcome == EXCHANGE_REPLIED ? reply->status : (int)reply->err.code);
        lose_files(attempt, work, is_too_large ? "its file is larger than is taken" : why,
                   is_too_large || is_said_gone(reply), out);
    }
}

/* The call is answered, and all but its files is here: from now on it has a name of our own, under
 * which whoever lives fetches it. */
static bool wait_for_files(struct attempt *attempt, const struct work *work, struct step *out)
{
    const struct str remote_id = address_write(&work->verdict, work->cost_micro, work->currency,
                                               work->http_status, attempt->arena);
    struct provider_verdict verdict;
    struct address_order order;
    struct error ignored;

    if (!address_read(remote_id, attempt->arena, &verdict, &order, &ignored))
        return false;
    out->type = STEP_WAIT;
    out->remote_id = remote_id;
    out->poll_after_ms = 0;
    return true;
}

static void take_done(struct attempt *attempt, struct work *work, struct step *out)
{
    work->cost_micro = provider_cost(attempt->provider.kind, &attempt->provider.account,
                                     &work->request, &work->verdict, &work->currency);
    /* Remote work can be asked for its addresses again; and what we could not read ourselves is
     * fetched now. */
    if (attempt->prior != NULL || !address_can_wait(&work->verdict) ||
        !wait_for_files(attempt, work, out))
        bring_home(attempt, work, out);
}

static void reply_to(struct attempt *attempt, const struct exchange *exchange,
                     const struct exchange_reply *reply, struct step *out)
{
    struct work *work = attempt->state;
    const struct provider_kind *kind = attempt->provider.kind;

    if (exchange->purpose == EXCHANGE_FETCH) {
        fetched(attempt, work, reply, out);
        return;
    }
    work->verdict = (struct provider_verdict){.poll_after_ms = -1, .progress = -1};
    work->fetches = 0;
    work->http_status = reply->status;
    kind->read(&attempt->provider.account, &work->request, exchange, reply, attempt->arena,
               &work->verdict);
    out->http_status = reply->status;
    out->request_id = work->verdict.request_id;
    if (work->verdict.type == VERDICT_DONE)
        take_done(attempt, work, out);
    else
        call_step(&work->verdict, out);
}

/* ---- Remote work ---- */

static void fetch_files(struct attempt *attempt, struct step *out)
{
    struct address_order order;
    struct error err = {0};
    struct work *work;

    if (!make_work(attempt, &err) ||
        !address_read(attempt->prior->remote_id, attempt->arena,
                      &((struct work *)attempt->state)->verdict, &order, &err)) {
        step_fail(attempt, out, FAILURE_RESULT_LOST, CHARGED_YES,
                  "where the provider's picture is cannot be read: %s", err.message);
        return;
    }
    work = attempt->state;
    work->http_status = (int)order.http_status;
    work->cost_micro = order.cost_micro;
    work->currency = order.currency.size == 0 ? NULL : arena_cstr(attempt->arena, order.currency);
    bring_home(attempt, work, out);
}

static void poll(struct attempt *attempt, struct step *out)
{
    if (remote_id_is_own(attempt->prior->remote_id))
        fetch_files(attempt, out);
    else
        call_poll(attempt, make_work, out);
}

/* What is made cannot be given up, only taken. */
static void give_up(struct attempt *attempt, struct step *out)
{
    if (remote_id_is_own(attempt->prior->remote_id))
        fetch_files(attempt, out);
    else
        call_give_up(attempt, make_work, out);
}

static void look_up(struct attempt *attempt, struct step *out)
{
    call_look_up(attempt, make_work, out);
}

/* ---- The mock's cards ---- */

static enum image_type type_of(struct str format)
{
    if (str_equal(format, STR("jpeg")))
        return IMAGE_JPEG;
    return str_equal(format, STR("webp")) ? IMAGE_WEBP : IMAGE_PNG;
}

static bool draw(struct attempt *attempt, const struct work *work, const struct provider_card *card,
                 size_t index, int softness, struct str *out, struct error *err)
{
    const struct provider_card_picture *picture = &card->pictures[index];
    const struct image_card order = {
        .width_px = picture->width_px,
        .height_px = picture->height_px,
        .seed = picture->seed,
        .prompt = picture->prompt,
        .caption = picture->caption,
        .reference =
            work->request.reference_count > 0 ? work->request.references[0].bytes : STR_EMPTY,
        .mask = work->request.mask == NULL ? STR_EMPTY : work->request.mask->bytes,
        .is_transparent = picture->is_transparent,
        .softness = softness,
        .type = type_of(card->format),
        .quality = card->quality > 0 ? (int)card->quality : 90,
    };

    return image_card_draw(&order, attempt->arena, out, err);
}

static int card_parts(const struct exchange *exchange)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct provider_card card;
    struct error err;

    return provider_card_read(exchange->card, arena, &card, &err) ? (int)card.partial_count : 0;
}

static bool perform_card(struct attempt *attempt, const struct exchange *exchange, int part,
                         struct exchange_reply *out)
{
    struct work *work = attempt->state;
    const int64_t now_ms = clock_wall_ms(&clock_system);
    struct provider_card card;
    struct str *pictures;
    size_t count;

    *out = (struct exchange_reply){.outcome = EXCHANGE_LOST, .now_ms = now_ms};
    if (!provider_card_read(exchange->card, attempt->arena, &card, &out->err))
        return false;
    if (part >= 0) {
        struct str bytes;

        if (card.picture_count == 0 || card.error_code.size > 0 ||
            !draw(attempt, work, &card, 0, (int)card.partial_count - part, &bytes, &out->err))
            return false;
        attempt_publish_partial(attempt, part, bytes, str_of(image_mime(type_of(card.format))));
        return true;
    }
    /* Remote work was begun by another attempt: its references are read again. */
    if (attempt->prior != NULL && work->request.references == NULL &&
        !load_inputs(attempt, work, &out->err))
        return false;
    count = provider_card_due(&card, now_ms);
    pictures = ARENA_ARRAY(attempt->arena, struct str, count);
    for (size_t index = 0; index < count; index++)
        if (!draw(attempt, work, &card, index, 0, &pictures[index], &out->err))
            return false;
    provider_card_reply(&card, pictures, count, now_ms, attempt->arena, out);
    out->now_ms = now_ms;
    return true;
}

/* ---- The tables ---- */

static const char *const backgrounds[] = {"auto", "opaque", "transparent", NULL};

#define PARAMETERS(prompt_en, prompt_zh)                                                           \
    {.name = "prompt",                                                                             \
     .type = PARAMETER_LONG_TEXT,                                                                  \
     .is_required = true,                                                                          \
     .min = 1,                                                                                     \
     .max = 32000,                                                                                 \
     .label_en = "Prompt",                                                                         \
     .label_zh = "提示词",                                                                         \
     .help_en = (prompt_en),                                                                       \
     .help_zh = (prompt_zh)},                                                                      \
        {.name = "model",                                                                          \
         .type = PARAMETER_MODEL,                                                                  \
         .max = 200,                                                                               \
         .fallback = "\"\"",                                                                       \
         .label_en = "Model",                                                                      \
         .label_zh = "模型",                                                                       \
         .help_en = "A model's id or name; empty takes the default.",                              \
         .help_zh = "模型的 ID 或名称；留空则使用默认模型。"},                                     \
        {.name = "negative_prompt",                                                                \
         .type = PARAMETER_LONG_TEXT,                                                              \
         .max = 8000,                                                                              \
         .capability = "has_negative",                                                             \
         .label_en = "Negative prompt",                                                            \
         .label_zh = "反向提示词",                                                                 \
         .help_en = "What should not be in the picture.",                                          \
         .help_zh = "画面中不应出现的内容。"},                                                     \
        {.name = "n",                                                                              \
         .type = PARAMETER_INT,                                                                    \
         .min = 1,                                                                                 \
         .max = 15,                                                                                \
         .fallback = "1",                                                                          \
         .capability = "count_max",                                                                \
         .label_en = "Pictures per call",                                                          \
         .label_zh = "每次调用张数",                                                               \
         .help_en = "Pictures asked for in one call; they succeed or fail together.",              \
         .help_zh = "一次调用生成的张数，同时成功或失败。"},                                       \
        {.name = "width",                                                                          \
         .type = PARAMETER_SIDE,                                                                   \
         .min = 0,                                                                                 \
         .max = 8192,                                                                              \
         .fallback = "0",                                                                          \
         .label_en = "Width",                                                                      \
         .label_zh = "宽度",                                                                       \
         .help_en = "In pixels; 0 lets the model choose.",                                         \
         .help_zh = "单位为像素；0 表示由模型决定。"},                                             \
        {.name = "height",                                                                         \
         .type = PARAMETER_SIDE,                                                                   \
         .min = 0,                                                                                 \
         .max = 8192,                                                                              \
         .fallback = "0",                                                                          \
         .label_en = "Height",                                                                     \
         .label_zh = "高度",                                                                       \
         .help_en = "In pixels; 0 lets the model choose.",                                         \
         .help_zh = "单位为像素；0 表示由模型决定。"},                                             \
        {.name = "seed",                                                                           \
         .type = PARAMETER_SEED,                                                                   \
         .min = 0,                                                                                 \
         .max = 4294967295,                                                                        \
         .capability = "has_seed",                                                                 \
         .label_en = "Seed",                                                                       \
         .label_zh = "种子",                                                                       \
         .help_en = "The same seed and prompt give the same picture.",                             \
         .help_zh = "相同的种子和提示词会得到相同的图片。"},                                       \
        {.name = "steps",                                                                          \
         .type = PARAMETER_INT,                                                                    \
         .min = 0,                                                                                 \
         .max = 200,                                                                               \
         .fallback = "0",                                                                          \
         .capability = "has_steps",                                                                \
         .label_en = "Steps",                                                                      \
         .label_zh = "步数",                                                                       \
         .help_en = "0 takes the model's own number.",                                             \
         .help_zh = "0 表示使用模型默认步数。"},                                                   \
        {.name = "scale",                                                                          \
         .type = PARAMETER_DOUBLE,                                                                 \
         .min = 0,                                                                                 \
         .max = 50,                                                                                \
         .fallback = "0",                                                                          \
         .capability = "has_scale",                                                                \
         .label_en = "Guidance",                                                                   \
         .label_zh = "引导强度",                                                                   \
         .help_en = "How closely to follow the prompt; 0 takes the model's own.",                  \
         .help_zh = "遵循提示词的程度；0 表示使用模型默认值。"},                                   \
        {.name = "quality",                                                                        \
         .type = PARAMETER_CHOICE,                                                                 \
         .fallback = "\"\"",                                                                       \
         .capability = "qualities",                                                                \
         .label_en = "Quality",                                                                    \
         .label_zh = "质量",                                                                       \
         .help_en = "Higher takes longer and costs more.",                                         \
         .help_zh = "质量越高，耗时越长，费用越高。"},                                             \
        {.name = "background",                                                                     \
         .type = PARAMETER_CHOICE,                                                                 \
         .choices = backgrounds,                                                                   \
         .fallback = "\"auto\"",                                                                   \
         .capability = "has_transparency",                                                         \
         .label_en = "Background",                                                                 \
         .label_zh = "背景",                                                                       \
         .help_en = "Transparent needs PNG or WebP.",                                              \
         .help_zh = "透明背景需要 PNG 或 WebP 格式。"},                                            \
        {.name = "format",                                                                         \
         .type = PARAMETER_CHOICE,                                                                 \
         .fallback = "\"\"",                                                                       \
         .capability = "formats",                                                                  \
         .label_en = "Format",                                                                     \
         .label_zh = "格式",                                                                       \
         .help_en = "The file's format.",                                                          \
         .help_zh = "文件格式。"},                                                                 \
        {.name = "compression",                                                                    \
         .type = PARAMETER_INT,                                                                    \
         .min = 0,                                                                                 \
         .max = 100,                                                                               \
         .fallback = "null",                                                                       \
         .capability = "formats",                                                                  \
         .label_en = "Compression",                                                                \
         .label_zh = "压缩质量",                                                                   \
         .help_en = "0 to 100, for JPEG and WebP.",                                                \
         .help_zh = "0 到 100，仅用于 JPEG 和 WebP。"},                                            \
        OPTIONS_PARAMETER("options"),                                                              \
        {.name = "reference_roles",                                                                \
         .type = PARAMETER_ROLES,                                                                  \
         .max = REFERENCES_MAX,                                                                    \
         .choices = reference_roles,                                                               \
         .fallback = "[]",                                                                         \
         .capability = "references_max",                                                           \
         .label_en = "What references are for",                                                    \
         .label_zh = "参考图用途",                                                                 \
         .help_en = "One for each reference picture, in their order; empty says nothing of it.",   \
         .help_zh = "按顺序对应每张参考图；留空表示不作说明。"},                                   \
    {                                                                                              \
        .name = "partial_images", .type = PARAMETER_INT, .min = 0, .max = 3, .fallback = "2",      \
        .capability = "has_stream", .label_en = "Partial pictures", .label_zh = "中间预览",        \
        .help_en = "Previews shown while the model works; some models charge for them.",           \
        .help_zh = "生成过程中显示的预览图；部分模型会对此收费。"            \
    }

static const struct operation_parameter generate_parameters[] = {
    PARAMETERS("What the picture shows.", "描述画面内容。")};
static const struct operation_parameter edit_parameters[] = {
    PARAMETERS("What is to be changed.", "描述要修改的内容。")};

static const struct operation_port generate_inputs[] = {
    {.name = "images", .type = PORT_IMAGE, .is_list = true, .max = REFERENCES_MAX},
};
static const struct operation_port edit_inputs[] = {
    {.name = "images",
     .type = PORT_IMAGE,
     .is_list = true,
     .is_required = true,
     .max = REFERENCES_MAX},
    {.name = "mask", .type = PORT_IMAGE},
};
static const struct operation_port outputs[] = {
    {.name = "images", .type = PORT_IMAGE, .is_list = true}
};

#define ENGINE_ROW(operation_name)                                                                 \
    {                                                                                              \
        .name = (operation_name), .needs_provider = true, .begin = begin, .reply = reply_to,       \
        .again = again, .refine = pictures_refine, .poll = poll, .give_up = give_up,               \
        .look_up = look_up, .perform_card = perform_card, .card_parts = card_parts                 \
    }

const struct operation operation_image_generate = {
    .engine = ENGINE_ROW("image.generate"),
    .label_en = "Generate",
    .label_zh = "生成图片",
    .help_en = "Makes pictures from a prompt, with or without reference pictures.",
    .help_zh = "根据提示词生成图片，可附参考图。",
    .parameters = generate_parameters,
    .parameter_count = COUNT(generate_parameters),
    .inputs = generate_inputs,
    .input_count = COUNT(generate_inputs),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .needs = NEED_GENERATE,
    .needs_fed = NEED_EDIT,
    .request = request_of,
};

const struct operation operation_image_edit = {
    .engine = ENGINE_ROW("image.edit"),
    .label_en = "Edit",
    .label_zh = "编辑图片",
    .help_en = "Changes a picture by instruction, within a mask when there is one.",
    .help_zh = "按指令修改图片；有蒙版时只修改蒙版区域。",
    .parameters = edit_parameters,
    .parameter_count = COUNT(edit_parameters),
    .inputs = edit_inputs,
    .input_count = COUNT(edit_inputs),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .needs = NEED_EDIT,
    .needs_fed = NEED_EDIT,
    .request = request_of,
};
