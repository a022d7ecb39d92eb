/*
 * provider/openai_profiles.c: how the servers that speak OpenAI's APIs differ, as data.  From
 * facts/providers.md 1 and 1B, read 2026-11-22.  Which ways of structured output the chats of
 * SiliconFlow, LiteLLM, LocalAI, Together and OpenRouter know is not in the facts: the words of
 * their refusals decide then.
 */
#include "provider/openai_private.h"

static const char *const openai_hosts[] = {"api.openai.com", NULL};
static const char *const siliconflow_hosts[] = {"api.siliconflow.", NULL};
static const char *const together_hosts[] = {"api.together.", NULL};
static const char *const openrouter_hosts[] = {"openrouter.ai", NULL};

/* LocalAI's inpainting makes one picture, always 512x512 (facts 1B.5). */
static const char *const localai_mask_fields[OPENAI_FIELD_COUNT] = {[OPENAI_STEPS] = "steps"};

static const struct openai_profile profiles[] = {
    {
     .name = "openai",
     .hosts = openai_hosts,
     .base_url = "https://api.openai.com/v1",
     .path_default = "/v1",
     .generate_path = "/images/generations",
     .edit_path = "/images/edits",
     .mask_path = "/images/edits",
     .models_path = "/models",
     .text_api = API_RESPONSES,
     .schema = SCHEMA_STRICT,
     .tokens = "max_completion_tokens",
     .tokens_other = "max_tokens",
     .edits = EDITS_LIST,
     .references_max = 16,
     .mask_field = "mask",
     .needs_model = true,
     .can_stream = true,
     .refusals_cost = true,
     .errors_are_free = true,
     .fields =
            {
                [OPENAI_COUNT] = "n",
                [OPENAI_SIZE] = "size",
                [OPENAI_QUALITY] = "quality",
                [OPENAI_BACKGROUND] = "background",
                [OPENAI_FORMAT] = "output_format",
                [OPENAI_COMPRESSION] = "output_compression",
                [OPENAI_MODERATION] = "moderation",
                [OPENAI_COMPLEXITY] = "complexity",
                [OPENAI_STREAM] = "stream",
                [OPENAI_PARTIALS] = "partial_images",
                [OPENAI_USER] = "safety_identifier",
            }, },
    {
     .name = "siliconflow",
     .hosts = siliconflow_hosts,
     .base_url = "https://api.siliconflow.cn/v1",
     .path_default = "/v1",
     .generate_path = "/images/generations",
     .edit_path = "/images/generations",
     .models_path = "/models",
     .text_api = API_CHAT,
     .schema = SCHEMA_OBJECT,
     .tokens = "max_tokens",
     .edits = EDITS_NUMBERED,
     .references_max = 3,
     .needs_model = true,
     .count_max = 4,
     .cfg_models = "Qwen-Image",
     .fields =
            {
                [OPENAI_COUNT] = "batch_size",
                [OPENAI_SIZE] = "image_size",
                [OPENAI_SEED] = "seed",
                [OPENAI_NEGATIVE] = "negative_prompt",
                [OPENAI_STEPS] = "num_inference_steps",
                [OPENAI_SCALE] = "guidance_scale",
            },},
    {
     /* The proxy hands unknown fields to the provider behind it, or names what that refuses. */
        .name = "litellm",
     .path_default = "/v1",
     .generate_path = "/images/generations",
     .edit_path = "/images/edits",
     .mask_path = "/images/edits",
     .models_path = "/models",
     .text_api = API_CHAT,
     .schema = SCHEMA_STRICT,
     .tokens = "max_tokens",
     .tokens_other = "max_completion_tokens",
     .edits = EDITS_LIST,
     .references_max = 16,
     .mask_field = "mask",
     .response_format = "b64_json",
     .needs_model = true,
     .can_stream = true,
     .fields =
            {
                [OPENAI_COUNT] = "n",
                [OPENAI_SIZE] = "size",
                [OPENAI_QUALITY] = "quality",
                [OPENAI_BACKGROUND] = "background",
                [OPENAI_FORMAT] = "output_format",
                [OPENAI_COMPRESSION] = "output_compression",
                [OPENAI_MODERATION] = "moderation",
                [OPENAI_STREAM] = "stream",
                [OPENAI_PARTIALS] = "partial_images",
                [OPENAI_RESPONSE_FORMAT] = "response_format",
                [OPENAI_SEED] = "seed",
                [OPENAI_NEGATIVE] = "negative_prompt",
                [OPENAI_STEPS] = "num_inference_steps",
                [OPENAI_SCALE] = "guidance_scale",
                [OPENAI_USER] = "user",
            }, },
    {
     /* vLLM-Omni: one model per server; the mask is black and white under another name. */
        .name = "vllm",
     .path_default = "/v1",
     .generate_path = "/images/generations",
     .edit_path = "/images/edits",
     .mask_path = "/images/edits",
     .models_path = "/models",
     .text_api = API_CHAT,
     .schema = SCHEMA_STRICT,
     .tokens = "max_tokens",
     .tokens_other = "max_completion_tokens",
     .edits = EDITS_REPEATED,
     .references_max = 16,
     .mask_field = "mask_image",
     .mask_is_white = true,
     .response_format = "b64_json",
     .edits_only = (uint64_t)1 << OPENAI_BACKGROUND | (uint64_t)1 << OPENAI_FORMAT |
                      (uint64_t)1 << OPENAI_COMPRESSION,
     .fields =
            {
                [OPENAI_COUNT] = "n",
                [OPENAI_SIZE] = "size",
                [OPENAI_BACKGROUND] = "background",
                [OPENAI_FORMAT] = "output_format",
                [OPENAI_RESPONSE_FORMAT] = "response_format",
                [OPENAI_SEED] = "seed",
                [OPENAI_NEGATIVE] = "negative_prompt",
                [OPENAI_STEPS] = "num_inference_steps",
                [OPENAI_SCALE] = "guidance_scale",
                [OPENAI_USER] = "user",
            }, },
    {
     /* No /images/edits: references ride in the generation, a mask goes to inpainting, which
     * answers with a URL. */
        .name = "localai",
     .path_default = "/v1",
     .generate_path = "/images/generations",
     .edit_path = "/images/generations",
     .mask_path = "/images/inpainting",
     .models_path = "/models",
     .text_api = API_CHAT,
     .schema = SCHEMA_OBJECT,
     .tokens = "max_tokens",
     .edits = EDITS_FILES,
     .prompt = PROMPT_PIPE,
     .references_max = 8,
     .mask_field = "mask",
     .mask_is_white = true,
     .response_format = "b64_json",
     .needs_model = true,
     .mask_fields = localai_mask_fields,
     .fields =
            {
                [OPENAI_COUNT] = "n",
                [OPENAI_SIZE] = "size",
                [OPENAI_RESPONSE_FORMAT] = "response_format",
                [OPENAI_STEPS] = "step",
            }, },
    {
     .name = "sd-server",
     .path_default = "/v1",
     .generate_path = "/images/generations",
     .edit_path = "/images/edits",
     .mask_path = "/images/edits",
     .models_path = "/models",
     .edits = EDITS_LIST,
     .prompt = PROMPT_SD_ARGS,
     .references_max = 16,
     .mask_field = "mask",
     .draws_only = (uint64_t)1 << OPENAI_COMPRESSION,
     .fields =
            {
                [OPENAI_COUNT] = "n",
                [OPENAI_SIZE] = "size",
                [OPENAI_FORMAT] = "output_format",
                [OPENAI_COMPRESSION] = "output_compression",
            },     },
    {
     .name = "together",
     .hosts = together_hosts,
     .base_url = "https://api.together.ai/v1",
     .path_default = "/v1",
     .generate_path = "/images/generations",
     .edit_path = "/images/generations",
     .models_path = "/models",
     .text_api = API_CHAT,
     .schema = SCHEMA_OBJECT,
     .tokens = "max_tokens",
     .edits = EDITS_URLS,
     .references_max = 8,
     .response_format = "base64",
     .size_is_pair = true,
     .needs_model = true,
     .count_max = 4,
     .fields =
            {
                [OPENAI_COUNT] = "n",
                [OPENAI_SIZE] = "width",
                [OPENAI_FORMAT] = "output_format",
                [OPENAI_RESPONSE_FORMAT] = "response_format",
                [OPENAI_SEED] = "seed",
                [OPENAI_NEGATIVE] = "negative_prompt",
                [OPENAI_STEPS] = "steps",
                [OPENAI_SCALE] = "guidance_scale",
            }, },
    {
     .name = "openrouter",
     .hosts = openrouter_hosts,
     .base_url = "https://openrouter.ai/api/v1",
     .path_default = "/api/v1",
     .generate_path = "/images",
     .edit_path = "/images",
     .models_path = "/images/models",
     .text_api = API_CHAT,
     .schema = SCHEMA_STRICT,
     .tokens = "max_tokens",
     .tokens_other = "max_completion_tokens",
     .edits = EDITS_REFERENCES,
     .references_max = 16,
     .needs_model = true,
     .can_stream = true,
     .fields =
            {
                [OPENAI_COUNT] = "n",
                [OPENAI_SIZE] = "size",
                [OPENAI_QUALITY] = "quality",
                [OPENAI_BACKGROUND] = "background",
                [OPENAI_FORMAT] = "output_format",
                [OPENAI_COMPRESSION] = "output_compression",
                [OPENAI_STREAM] = "stream",
                [OPENAI_SEED] = "seed",
                [OPENAI_USER] = "user",
            },               },
    {
     /* Text and pictures to look at: it makes none since 2026-07-28 (facts 1B.6).  Its models
     * load at the first call, which takes tens of seconds. */
        .name = "ollama",
     .path_default = "/v1",
     .models_path = "/models",
     .text_api = API_CHAT,
     .schema = SCHEMA_STRICT,
     .tokens = "max_tokens",
     .needs_model = true,
     },
    {
     .name = "generic",
     .path_default = "/v1",
     .generate_path = "/images/generations",
     .edit_path = "/images/edits",
     .mask_path = "/images/edits",
     .models_path = "/models",
     .text_api = API_CHAT,
     .schema = SCHEMA_OBJECT,
     .tokens = "max_tokens",
     .tokens_other = "max_completion_tokens",
     .edits = EDITS_LIST,
     .references_max = 16,
     .mask_field = "mask",
     .response_format = "b64_json",
     .can_stream = true,
     .chat_is_google = true,
     .fields =
            {
                [OPENAI_COUNT] = "n",
                [OPENAI_SIZE] = "size",
                [OPENAI_QUALITY] = "quality",
                [OPENAI_BACKGROUND] = "background",
                [OPENAI_FORMAT] = "output_format",
                [OPENAI_COMPRESSION] = "output_compression",
                [OPENAI_MODERATION] = "moderation",
                [OPENAI_STREAM] = "stream",
                [OPENAI_PARTIALS] = "partial_images",
                [OPENAI_RESPONSE_FORMAT] = "response_format",
                [OPENAI_SEED] = "seed",
                [OPENAI_NEGATIVE] = "negative_prompt",
                [OPENAI_STEPS] = "steps",
                [OPENAI_SCALE] = "guidance_scale",
            }, },
};

const char *const openai_profile_names[] = {"auto",       "openai",  "siliconflow", "litellm",
                                            "vllm",       "localai", "sd-server",   "together",
                                            "openrouter", "ollama",  "generic",     NULL};

static const struct openai_profile *profile_named(struct str name)
{
    for (size_t i = 0; i < COUNT(profiles); i++)
        if (str_equal_nocase(name, str_of(profiles[i].name)))
            return &profiles[i];
    return NULL;
}

static bool profile_has_host(const struct openai_profile *profile, struct str host)
{
    for (const char *const *known = profile->hosts; known != NULL && *known != NULL; known++) {
        struct str name = str_of(*known);
        bool is_beginning = str_ends_with(name, STR("."));
        if (str_equal_nocase(is_beginning ? str_slice(host, 0, name.size) : host, name))
            return true;
    }
    return false;
}

const struct openai_profile *openai_profile_of(const struct provider_account *account)
{
    const struct openai_profile *named = profile_named(account_option_text(account, "profile"));
    struct str host = provider_url_host(account->base_url);

    if (str_equal(account->kind, STR("siliconflow"))) /* a kind of its own, told by this one */
        return profile_named(account->kind);
    if (named != NULL)
        return named;
    if (str_trim(account->base_url).size == 0)
        return profile_named(STR("openai"));
    for (size_t i = 0; i < COUNT(profiles); i++)
        if (profile_has_host(&profiles[i], host))
            return &profiles[i];
    return profile_named(STR("generic"));
}
