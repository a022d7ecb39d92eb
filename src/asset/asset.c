#include "asset/asset_private.h"

#include "core/text.h"

#include <inttypes.h>
#include <string.h>

const char *const asset_kinds[] = {"uploaded", "generated", "derived", NULL};
const char *const asset_sorts[] = {"newest", "oldest", "rating", NULL};
const char *const asset_actions[] = {
    [ACTION_TRASH] = "trash",     [ACTION_RESTORE] = "restore",       [ACTION_DELETE] = "delete",
    [ACTION_STAR] = "star",       [ACTION_UNSTAR] = "unstar",         [ACTION_RATE] = "rate",
    [ACTION_TAG_ADD] = "tag_add", [ACTION_TAG_REMOVE] = "tag_remove", [8] = NULL};

#define PROMPT_NAME_MAX_CHARS 80

/* Where it stands in the NULL-terminated list; `fallback` when it does not. */
static size_t index_of(const char *const *names, struct str name, size_t fallback)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (str_equal(name, str_of(names[i])))
            return i;
    return fallback;
}

enum asset_sort asset_sort_of(struct str name)
{
    return (enum asset_sort)index_of(asset_sorts, name, SORT_NEWEST);
}

enum asset_action asset_action_of(struct str name)
{
    return (enum asset_action)index_of(asset_actions, name, ACTION_TRASH);
}

/* ---- names ---- */

bool asset_name_check(struct str name, struct error *err)
{
    if (!text_is_utf8(name))
        return error_field(err, ERROR_WRONG_ENCODING, "name", 0, "the name is not UTF-8");
    if (text_count(name) > ASSET_NAME_MAX_CHARS)
        return error_field(err, ERROR_TOO_LONG, "name", ASSET_NAME_MAX_CHARS,
                           "a name has at most %d characters", ASSET_NAME_MAX_CHARS);
    if (text_has_control(name) || str_find_char(name, '\n') >= 0 ||
        str_find_char(name, '\r') >= 0 || str_find_char(name, '\t') >= 0)
        return error_field(err, ERROR_INVALID, "name", 0, "a name has no control characters");
    return true;
}

/* At most `chars_max` characters, control characters and runs of white space as one space. */
static struct str one_line(struct str text, size_t chars_max, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf line = {0};
    struct str rest = text;
    uint32_t c;
    size_t count = 0;
    bool is_space = true;

    while (count < chars_max && text_next(&rest, &c)) {
        bool is_blank = c <= 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;

        if (!is_blank)
            text_add_code_point(&line, c);
        else if (!is_space)
            buf_add_char(&line, ' ');
        count += is_blank && is_space ? 0 : 1;
        is_space = is_blank;
    }
    return arena_str(arena, str_trim(buf_str(&line)));
}

static struct str without_ending(struct str name)
{
    static const char *const endings[] = {".png", ".jpg",  ".jpeg", ".jpe",
                                          ".gif", ".webp", ".avif", ".jfif"};

    for (size_t i = 0; i < COUNT(endings); i++) {
        struct str ending = str_of(endings[i]);

        if (name.size > ending.size &&
            str_equal_nocase(str_slice(name, name.size - ending.size, ending.size), ending))
            return str_slice(name, 0, name.size - ending.size);
    }
    return name;
}

struct str asset_name_of_file(struct str file_name, struct arena *arena)
{
    size_t start = 0;

    for (size_t i = 0; i < file_name.size; i++)
        if (file_name.data[i] == '/' || file_name.data[i] == '\\')
            start = i + 1;
    /* Ended before it is clipped: a long name loses its end, not its type. */
    return one_line(without_ending(str_slice(file_name, start, file_name.size)),
                    ASSET_NAME_MAX_CHARS, arena);
}

struct str asset_name_of_prompt(struct str prompt, struct arena *arena)
{
    struct str line = str_trim(prompt);
    int64_t end = str_find_char(line, '\n');
    struct str name;
    size_t cut;

    if (end >= 0)
        line = str_slice(line, 0, (size_t)end);
    name = one_line(line, PROMPT_NAME_MAX_CHARS, arena);
    if (text_count(name) < PROMPT_NAME_MAX_CHARS)
        return name;
    /* Not in the middle of a word, where there are words. */
    cut = name.size;
    while (cut > name.size / 2 && name.data[cut - 1] != ' ')
        cut--;
    if (cut == name.size / 2)
        return name;
    name = str_trim(str_slice(name, 0, cut));
    while (name.size > 0 && strchr(",;:-", name.data[name.size - 1]) != NULL)
        name.size--;
    return name;
}

enum image_type asset_type_of_mime(struct str mime)
{
    static const enum image_type types[] = {IMAGE_PNG, IMAGE_JPEG, IMAGE_WEBP, IMAGE_GIF,
                                            IMAGE_AVIF};

    for (size_t i = 0; i < COUNT(types); i++)
        if (str_equal(mime, str_of(image_mime(types[i]))))
            return types[i];
    return IMAGE_UNKNOWN;
}

/* Windows takes none of these, and a dot or space neither first nor last; a length of 150 bytes
 * leaves room for what makes names different. */
struct str asset_file_name(const struct asset *asset, const char *extension, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf name = {0};
    struct str base = text_clip(asset->name, 150);
    struct str trimmed;

    for (size_t i = 0; i < base.size; i++) {
        char c = base.data[i];

        if ((unsigned char)c < 0x20 || strchr("<>:\"/\\|?*\x7f", c) != NULL)
            c = '_';
        buf_add_char(&name, c);
    }
    trimmed = buf_str(&name);
    while (trimmed.size > 0 && (trimmed.data[0] == '.' || trimmed.data[0] == ' '))
        trimmed = str_slice(trimmed, 1, trimmed.size);
    while (trimmed.size > 0 &&
           (trimmed.data[trimmed.size - 1] == '.' || trimmed.data[trimmed.size - 1] == ' '))
        trimmed.size--;
    if (trimmed.size == 0)
        return arena_printf(arena, "vitrine-%.*s.%s", STR_ARGS(asset->id), extension);
    return arena_printf(arena, "%.*s.%s", STR_ARGS(trimmed), extension);
}

/* ---- tags ---- */

bool tag_check(struct str name, const char *field, struct error *err)
{
    if (!text_is_utf8(name))
        return error_field(err, ERROR_WRONG_ENCODING, field, 0, "the tag is not UTF-8");
    if (str_trim(name).size == 0)
        return error_field(err, ERROR_REQUIRED, field, 0, "a tag has a name");
    if (text_count(name) > TAG_MAX_CHARS)
        return error_field(err, ERROR_TOO_LONG, field, TAG_MAX_CHARS,
                           "a tag has at most %d characters", TAG_MAX_CHARS);
    if (text_has_control(name) || str_find_char(name, '\n') >= 0 ||
        str_find_char(name, '\r') >= 0 || str_find_char(name, '\t') >= 0)
        return error_field(err, ERROR_INVALID, field, 0, "a tag has no control characters");
    return true;
}

bool tags_have(const struct text_list *tags, struct str name)
{
    for (size_t i = 0; i < tags->count; i++)
        if (str_equal_nocase(tags->items[i], name))
            return true;
    return false;
}

bool tags_check(const struct text_list *tags, struct arena *arena, struct text_list *out,
                struct error *err)
{
    struct text_list checked = {.items = ARENA_ARRAY(arena, struct str, tags->count)};

    for (size_t i = 0; i < tags->count; i++) {
        const char *field = arena_printf(arena, "tags[%zu]%c", i, '\0').data;
        struct str name = str_trim(tags->items[i]);

        if (!tag_check(name, field, err))
            return false;
        if (!tags_have(&checked, name))
            checked.items[checked.count++] = name;
    }
    if (checked.count > TAGS_PER_ASSET_MAX)
        return error_field(err, ERROR_TOO_MANY, "tags", TAGS_PER_ASSET_MAX,
                           "a picture has at most %d tags", TAGS_PER_ASSET_MAX);
    *out = checked;
    return true;
}

struct str tag_key(struct str name, struct arena *arena)
{
    char *key = arena_alloc(arena, name.size + 1);

    for (size_t i = 0; i < name.size; i++)
        key[i] = str_lower_char(name.data[i]);
    return (struct str){.data = key, .size = name.size};
}

struct str tags_join(const struct text_list *tags, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf lines = {0};

    for (size_t i = 0; i < tags->count; i++) {
        if (i > 0)
            buf_add_char(&lines, '\n');
        buf_add(&lines, tags->items[i]);
    }
    return arena_str(arena, buf_str(&lines));
}

struct text_list tags_split(struct str lines, struct arena *arena)
{
    struct text_list list = {0};
    size_t count = lines.size > 0 ? 1 : 0;

    for (size_t i = 0; i < lines.size; i++)
        count += lines.data[i] == '\n' ? 1 : 0;
    list.items = ARENA_ARRAY(arena, struct str, count);
    while (list.count < count)
        list.items[list.count++] = str_cut(&lines, '\n');
    return list;
}

/* ---- lists ---- */

#define FILTER(member) offsetof(struct asset_filter, member)
/* clang-format off */
static const struct field filter_fields[] = {
    {"q", FIELD_TEXT, FILTER(q), 0, 0, QUERY_MAX_CHARS, NULL, NULL,
     "Words of name, prompt, tags and model."},
    {"tag", FIELD_TEXT, FILTER(tag), 0, 0, TAG_MAX_CHARS, NULL, NULL, "A tag's name."},
    {"kind", FIELD_ENUM, FILTER(kind), FIELD_NULLABLE, 0, 0, NULL, asset_kinds,
     "Where they came from."},
    {"model", FIELD_TEXT, FILTER(model), 0, 0, 200, NULL, NULL,
     "A model's wire id, or its id with the provider's."},
    {"run", FIELD_ID, FILTER(run), FIELD_NULLABLE, 0, 0, NULL, NULL, "The run that made them."},
    {"product", FIELD_ID, FILTER(product), FIELD_NULLABLE, 0, 0, NULL, NULL,
     "What they were made for."},
    {"rating", FIELD_INT, FILTER(rating), 0, 0, 5, NULL, NULL, "At least so many stars."},
    {"starred", FIELD_BOOL, FILTER(starred), 0, 0, 0, NULL, NULL, "Only starred ones."},
    {"from", FIELD_TIME, FILTER(from_ms), 0, 0, 0, NULL, NULL, "Created then or later."},
    {"to", FIELD_TIME, FILTER(to_ms), 0, 0, 0, NULL, NULL, "Created before."},
    {"trash", FIELD_BOOL, FILTER(trash), 0, 0, 0, NULL, NULL, "Those in the trash instead."},
};
/* clang-format on */
const struct shape asset_filter_shape = SHAPE("AssetFilter", struct asset_filter, filter_fields);

bool asset_filter_is_all(const struct asset_filter *filter)
{
    return filter->q.size == 0 && filter->tag.size == 0 && filter->kind.size == 0 &&
           filter->model.size == 0 && filter->run.size == 0 && filter->product.size == 0 &&
           filter->rating == 0 && !filter->starred && filter->from_ms == 0 && filter->to_ms == 0 &&
           !filter->trash;
}

struct asset_place asset_place_first(enum asset_sort sort)
{
    if (sort == SORT_OLDEST)
        return (struct asset_place){.rating = 5, .at_ms = INT64_MIN, .id = INT64_MIN};
    return (struct asset_place){.rating = 5, .at_ms = INT64_MAX, .id = INT64_MAX};
}

struct str asset_place_print(const struct asset_place *place, struct arena *arena)
{
    return arena_printf(arena, "%" PRId64 ".%" PRId64 ".%" PRId64, place->rating, place->at_ms,
                        place->id);
}

bool asset_place_read(struct str cursor, struct asset_place *out, struct error *err)
{
    struct str rest = cursor;
    struct str rating = str_cut(&rest, '.');
    struct str at = str_cut(&rest, '.');
    struct asset_place place;

    if (!str_to_int64(rating, &place.rating) || !str_to_int64(at, &place.at_ms) ||
        !str_to_int64(rest, &place.id) || place.rating < 0 || place.rating > 5)
        return error_field(err, ERROR_INVALID, "cursor", 0, "this is no cursor that a list gave");
    *out = place;
    return true;
}
