/* provider/ark_form.c: what a person is asked for an account with Ark. */
#include "provider/ark_private.h"

static const char *const response_formats[] = {"auto", "url", "b64_json", NULL};
static const char *const optimize_modes[] = {"default", "standard", "fast", NULL};
static const char *const thinking_modes[] = {"default", "enabled", "disabled", "auto", NULL};

const struct provider_field ark_form[ARK_FORM_COUNT] = {
    {
        .name = "base_url",
        .type = PROVIDER_FIELD_URL,
        .label_en = "Base URL",
        .label_zh = "接口地址",
        .help_en =
            "Empty: Volcano Ark in Beijing. Outside China: "
            "https://ark.ap-southeast.bytepluses.com/api/v3. A subscription plan's key wants "
            "/api/plan/v3.",
        .help_zh =
            "留空为火山方舟北京站；海外 BytePlus 填写 "
            "https://ark.ap-southeast.bytepluses.com/api/v3；订阅套餐的密钥需使用 /api/plan/v3。",
        .fallback = "",
    },
    {
        .name = "key",
        .type = PROVIDER_FIELD_SECRET,
        .label_en = "API key",
        .label_zh = "API 密钥",
        .help_en = "A key of Ark itself, not an access key pair.",
        .help_zh = "方舟控制台中的 API Key，不是 AK/SK。",
        .fallback = "",
        .is_required = true,
    },
    {
        .name = "profile",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "What an endpoint is",
        .label_zh = "接入点对应模型",
        .help_en = "For model ids such as ep-…, which do not say what is behind them.",
        .help_zh = "使用 ep-… 接入点时，选择它背后的模型。",
        .fallback = "auto",
        .choices = ark_profiles,
    },
    {
        .name = "watermark",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Visible watermark",
        .label_zh = "添加可见水印",
        .help_en = "Ark prints \"AI generated\" into the corner.",
        .help_zh = "由方舟在图片角落添加“AI 生成”字样。",
        .fallback = "false",
    },
    {
        .name = "tier",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Size when none is chosen",
        .label_zh = "未指定尺寸时",
        .help_en = "The model then picks the shape by the prompt; auto leaves the size to it too.",
        .help_zh = "由模型根据提示词决定宽高比；auto 表示尺寸也由模型决定。",
        .fallback = "auto",
        .choices = ark_tiers,
    },
    {
        .name = "optimize_prompt",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Prompt rewriting",
        .label_zh = "提示词优化",
        .help_en = "fast is quicker and less careful; only Seedream 5.0 Pro and 4.0 have it.",
        .help_zh = "fast 更快但效果略差，仅 Seedream 5.0 Pro 和 4.0 支持。",
        .fallback = "default",
        .choices = optimize_modes,
    },
    {
        .name = "web_search",
        .type = PROVIDER_FIELD_BOOL,
        .label_en = "Web search",
        .label_zh = "联网搜索",
        .help_en = "Seedream 5.0 Lite may look things up before it draws.",
        .help_zh = "允许 Seedream 5.0 Lite 在作图前联网搜索。",
        .fallback = "false",
    },
    {
        .name = "thinking",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "Thinking of text models",
        .label_zh = "文本模型深度思考",
        .help_en = "default says nothing and leaves it to the model.",
        .help_zh = "default 表示不指定，由模型决定。",
        .fallback = "default",
        .choices = thinking_modes,
    },
    {
        .name = "response_format",
        .type = PROVIDER_FIELD_CHOICE,
        .label_en = "How pictures come back",
        .label_zh = "图片返回方式",
        .help_en =
            "auto: inside the reply, and large groups as addresses that are fetched at once.",
        .help_zh = "auto：直接随结果返回；大批图片以链接返回并立即下载。",
        .fallback = "auto",
        .choices = response_formats,
    },
};
