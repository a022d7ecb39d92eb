/*
 * provider/comfyui.c: a ComfyUI server (facts 5): workflows in API format, with the reference
 * pictures uploaded first, asked for by the prompt's id.  The call is made in comfyui_call.c, the
 * workflows in comfyui_workflow.c, replies are read in comfyui_read.c.
 *
 * Never sent: number and front (the order of a shared server's queue is not ours to bend),
 * extra_pnginfo (it would write our words into the picture), api_key_comfy_org (it pays other
 * services), /free and "clear" (others' work), subfolder (uploads need none), and an Origin header,
 * which a loopback server refuses.  Comfy Cloud's API v2 is not spoken: the first one is there too.
 */
#include "provider/comfyui_private.h"

#define PROBE_CHECKPOINTS_MAX 500
#define MODEL_NAME_SIZE_MAX 200

static bool comfyui_begin(const struct provider_account *account,
                          const struct provider_request *request, struct arena *arena,
                          struct exchange *out, struct error *err)
{
    CLEANUP(comfyui_call_finish) struct comfyui_call call = {0};
    struct comfyui_steps steps = {0};

    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "ComfyUI makes pictures, not text");
    if (request->model.size == 0)
        return error_field(err, ERROR_REQUIRED, "model", 0, "a model must be named");
    if (!comfyui_call_init(&call, account, request, err))
        return false;
    steps.checkpoint = call.checkpoint;
    return comfyui_step(&call, &steps, arena, out, err);
}

static bool comfyui_poll(const struct provider_account *account, struct str remote_id,
                         struct arena *arena, struct exchange *out, struct error *err)
{
    return comfyui_ask(account, remote_id, COMFYUI_HISTORY, false, arena, out, err);
}

/* Taking it out of the queue does nothing to one that runs, and nobody else's is touched. */
static bool comfyui_cancel(const struct provider_account *account, struct str remote_id,
                           struct arena *arena, struct exchange *out, struct error *err)
{
    return comfyui_ask(account, remote_id, COMFYUI_DELETE, true, arena, out, err);
}

/* Its id is ours: the call's key made it.  A server too old for that is searched for the client. */
static bool comfyui_look_up(const struct provider_account *account, struct str idempotency_key,
                            struct arena *arena, struct exchange *out, struct error *err)
{
    if (idempotency_key.size == 0)
        return error_set(err, ERROR_INVALID, "a call without a key cannot be looked up");
    return comfyui_find(account, comfyui_uuid(idempotency_key, "prompt", arena),
                        comfyui_uuid(idempotency_key, "client", arena), COMFYUI_FIND_QUEUE, arena,
                        out, err);
}

static bool comfyui_wants_white_mask(const struct provider_account *account)
{
    (void)account;
    return true; /* LoadImageMask: 1 is changed (facts 6.11) */
}

/* --- the free call --- */

static bool comfyui_probe(const struct provider_account *account, struct arena *arena,
                          struct exchange *out, struct error *err)
{
    return comfyui_exchange_init(account, EXCHANGE_PROBE, "GET", STR(COMFYUI_CHECKPOINTS), arena,
                                 out, err);
}

static void list_models(const struct provider_account *account, const struct json *checkpoints,
                        struct arena *arena, struct str **models, size_t *count)
{
    struct provider_model *own;
    const size_t own_count = comfyui_own_models(account, arena, &own);
    size_t files = json_count(checkpoints);

    files = files < PROBE_CHECKPOINTS_MAX ? files : PROBE_CHECKPOINTS_MAX;
    *models = ARENA_ARRAY(arena, struct str, comfyui_template_count + own_count + files);
    for (size_t i = 0; i < comfyui_template_count; i++)
        (*models)[(*count)++] = str_of(comfyui_templates[i].name);
    for (size_t i = 0; i < own_count; i++)
        (*models)[(*count)++] = own[i].name;
    for (size_t i = 0; i < files; i++) {
        struct str name = json_text(json_item(checkpoints, i));
        if (name.size > 0 && name.size <= MODEL_NAME_SIZE_MAX &&
            provider_text_clean(STR_EMPTY, name, MODEL_NAME_SIZE_MAX, arena).size == name.size)
            (*models)[(*count)++] = arena_str(arena, name);
    }
}

static void comfyui_read_probe(const struct provider_account *account,
                               const struct exchange_reply *reply, struct arena *arena,
                               struct str **models, size_t *count, struct provider_failure *failure)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *checkpoints = NULL;
    struct error ignored;

    *models = NULL;
    *count = 0;
    *failure = (struct provider_failure){.retry_after_ms = -1};
    if (reply->outcome == EXCHANGE_REPLIED && reply->status == 200 &&
        json_read_liberal(reply->body, &json, &ignored))
        checkpoints = comfyui_checkpoints(json);
    if (checkpoints != NULL) {
        list_models(account, checkpoints, arena, models, count);
        return;
    }
    exchange_classify_for(account, reply, arena, failure);
    failure->message = comfyui_clean(account, failure->message, PROVIDER_MESSAGE_MAX, arena);
    failure->charged = CHARGED_NO;
    if (failure->class == FAILURE_UNKNOWN && reply->outcome == EXCHANGE_REPLIED) {
        failure->class = FAILURE_INVALID;
        failure->message = STR("the server answered, but not as ComfyUI does; is the base URL "
                               "right?");
    }
}

/* --- the kind --- */

static const char *const auths[] = {"bearer", "basic", "x-api-key", NULL};

/* clang-format off */
static const struct provider_field fields[] = {
    {
        .name = "base_url",
        .type = PROVIDER_FIELD_URL,
        .label_en = "Server",
        .label_zh = "服务器地址",
        .help_en = "Where ComfyUI listens, such as http://192.168.1.5:8188. Empty: this machine, "
                   "port 8188. Private addresses must be allowed below.",
        .help_zh = "ComfyUI 的地址，例如 http://192.168.1.5:8188；留空表示本机 8188 端口。需在下方允许内网地址。",
        .fallback = "",
    },
    {
        .name = "key",
        .type = PROVIDER_FIELD_SECRET,
        .label_en = "Key",
        .label_zh = "密钥",
        .help_en = "Only when a proxy in front of ComfyUI, or Comfy Cloud, asks for one. For basic: "
                   "user:password.",
        .help_zh = "仅当 ComfyUI 前面的代理或 Comfy Cloud 需要时填写；basic 方式填“用户名:密码”。",
        .fallback = "",
    },
    {
        .name = "auth",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "How the key is sent",
        .label_zh = "密钥发送方式",
        .help_en = "bearer and basic are what proxies use; x-api-key is for Comfy Cloud, whose "
                   "address is https://cloud.comfy.org/api.",
        .help_zh = "代理一般用 bearer 或 basic；Comfy Cloud（https://cloud.comfy.org/api）用 x-api-key。",
        .fallback = "bearer",
        .choices = auths,
    },
    {
        .name = "checkpoint",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Checkpoint",
        .label_zh = "模型文件",
        .help_en = "File name in models/checkpoints. Empty: the first that the server lists; for "
                   "flux the first with flux in its name.",
        .help_zh = "models/checkpoints 中的文件名；留空则用服务器列出的第一个（flux 用名称含 flux 的第一个）。",
        .fallback = "",
        .max = 500,
    },
    {
        .name = "sampler",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Sampler",
        .label_zh = "采样器",
        .help_en = "Such as euler or dpmpp_2m. Empty: euler.",
        .help_zh = "例如 euler、dpmpp_2m；留空为 euler。",
        .fallback = "",
        .max = 100,
    },
    {
        .name = "scheduler",
        .type = PROVIDER_FIELD_TEXT,
        .label_en = "Scheduler",
        .label_zh = "调度器",
        .help_en = "Such as normal or karras. Empty: normal; for flux, simple.",
        .help_zh = "例如 normal、karras；留空为 normal，flux 为 simple。",
        .fallback = "",
        .max = 100,
    },
    {
        .name = "denoise",
        .type = PROVIDER_FIELD_DOUBLE,
        .label_en = "Change in image to image",
        .label_zh = "图生图重绘幅度",
        .help_en = "0 keeps the picture as it is, 1 draws it anew.",
        .help_zh = "0 保持原图，1 完全重绘。",
        .fallback = "0.6",
        .max = 1,
    },
    {
        .name = "workflows",
        .type = PROVIDER_FIELD_WORKFLOWS,
        .label_en = "Your own workflows",
        .label_zh = "自定义工作流",
        .help_en = "Each becomes a model. In ComfyUI's menu choose Workflow > Export (API) and take "
                   "the file as it is: what goes where is found in it. A text like \"%prompt%\" "
                   "or \"%seed%\" written into it by hand counts instead. Pictures are taken "
                   "from Save Image.",
        .help_zh = "每个工作流成为一个模型。在 ComfyUI 菜单中选择“工作流 > 导出 (API)”，直接使用导出的文件：各参数的"
                   "位置会自动识别。也可以在文件里手动写上 \"%prompt%\"、\"%seed%\" 等占位符，此时以占位符为准。"
                   "结果取自“保存图像”节点。",
        .fallback = "",
        .max = COMFYUI_OWN_MAX,
    },
};
/* clang-format on */

const struct provider_kind provider_comfyui = {
    .name = "comfyui",
    .label = "ComfyUI",
    .about_en = "Your own ComfyUI server: SD 1.5, SDXL and FLUX out of the box, any workflow of "
                "yours beside them. No cost but your own machine's.",
    .about_zh = "使用自己的 ComfyUI 服务器：内置 SD 1.5、SDXL 和 FLUX "
                "工作流，也可使用自己的工作流；除自己的机器外没有费用。",
    .default_base_url = "http://127.0.0.1:8188",
    .key_page = "",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = comfyui_models,
    .model_count = COMFYUI_MODEL_COUNT,
    .model_default = &comfyui_model_default,
    .can_look_up = true,
    .begin = comfyui_begin,
    .read = comfyui_read,
    .poll = comfyui_poll,
    .cancel = comfyui_cancel,
    .look_up = comfyui_look_up,
    .watch = comfyui_watch,
    .read_news = comfyui_read_news,
    .wants_white_mask = comfyui_wants_white_mask,
    .probe = comfyui_probe,
    .read_probe = comfyui_read_probe,
    .ask_offer = comfyui_ask_offer,
    .read_offer = comfyui_read_offer,
    .own_models = comfyui_own_models,
    .own_ids = comfyui_own_ids,
    .check_own = comfyui_own_check,
    .carry_over = comfyui_own_carry_over,
    .read_workflow = comfyui_read_workflow,
};
