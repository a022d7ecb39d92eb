/* What each reference picture is there for, told to the model in words, for no wire format has a
 * place for it that more than one provider reads. */
#include "operation/operation_private.h"

#include "core/buf.h"
#include "core/text.h"

enum role {
    ROLE_NONE,
    ROLE_PRODUCT,
    ROLE_PERSON,
    ROLE_STYLE,
    ROLE_LAYOUT,
    ROLE_PLACE,
    ROLE_DETAIL
};

const char *const reference_roles[] = {
    [ROLE_NONE] = "",         [ROLE_PRODUCT] = "product", [ROLE_PERSON] = "person",
    [ROLE_STYLE] = "style",   [ROLE_LAYOUT] = "layout",   [ROLE_PLACE] = "place",
    [ROLE_DETAIL] = "detail", [ROLE_DETAIL + 1] = NULL,
};
static const struct {
    const char *en, *zh;
} words[] = {
    [ROLE_PRODUCT] = {"the product. Keep its shape, colours and lettering as they are.",
                      "商品。保持其外形、颜色和文字不变。"                                                                    },
    [ROLE_PERSON] = {"the person. Keep face, hair and figure.",                             "人物。保持面部、发型和身材不变。"},
    [ROLE_STYLE] = {"the style. Follow its colours, light and manner, not what it shows.",
                      "风格。参考其色彩、光线和画风，不要照搬内容。"                                                     },
    [ROLE_LAYOUT] = {"the layout. Follow where things stand and how large they are.",
                      "构图。参考各元素的位置和大小。"                                                                          },
    [ROLE_PLACE] = {"the place. Set the subject there.",                                   "场景。把主体放到这里。"               },
    [ROLE_DETAIL] = {"a detail. Show this material and finish.",                            "细节。呈现这种材质和做工。"         },
};

static enum role role_of(struct str name)
{
    for (size_t index = 0; reference_roles[index] != NULL; index++)
        if (str_equal(name, str_of(reference_roles[index])))
            return (enum role)index;
    return ROLE_NONE; /* the parameters were checked when they came */
}

/* Whoever writes Chinese is answered so. */
static bool has_han(struct str text)
{
    uint32_t code_point;

    while (text_next(&text, &code_point))
        if (code_point >= 0x4e00 && code_point <= 0x9fff)
            return true;
    return false;
}

struct str role_add(struct str prompt, const struct json *roles, size_t reference_count,
                    struct arena *arena)
{
    CLEANUP(buf_finish) struct buf text = {0};
    const bool is_zh = has_han(prompt);

    buf_add(&text, prompt);
    for (size_t index = 0; index < reference_count && index < json_count(roles); index++) {
        const enum role role = role_of(json_text(json_item(roles, index)));

        if (role == ROLE_NONE)
            continue;
        buf_printf(&text, "%s", text.size == prompt.size ? "\n\n" : "\n");
        buf_printf(&text, is_zh ? "参考图 %zu：%s" : "Reference %zu: %s", index + 1,
                   is_zh ? words[role].zh : words[role].en);
    }
    return arena_str(arena, buf_str(&text));
}
