/* Names of strangers: safe as names, as members of an archive, as tags, as places in a list. */
#include "asset/asset_private.h"
#include "core/text.h"
#include "fuzz.h"

#include <string.h>

static void check_name(struct str text, struct arena *arena)
{
    struct error err;

    MUST(asset_name_check(asset_name_of_file(text, arena), &err));
    MUST(asset_name_check(asset_name_of_prompt(text, arena), &err));
}

/* What an archive's member is called: it stays in its folder, on every system. */
static void check_member(struct str text, struct arena *arena)
{
    const struct asset asset = {.name = text, .id = STR("01ARZ3NDEKTSV4RRFFQ69G5FAV")};
    struct str name = asset_file_name(&asset, "png", arena);

    MUST(name.size > 4 && name.size <= 200 && str_ends_with(name, STR(".png")));
    MUST(name.data[0] != '.' && name.data[0] != ' ');
    for (size_t i = 0; i < name.size; i++)
        MUST((unsigned char)name.data[i] >= 0x20 &&
             strchr("<>:\"/\\|?*\x7f", name.data[i]) == NULL);
    MUST(!text_is_utf8(text) || text_is_utf8(name));
}

/* The lines as tags. */
static void check_tags(struct str text, struct arena *arena)
{
    struct text_list given = tags_split(text, arena);
    struct text_list tags, again;
    struct error err = {0};

    if (!tags_check(&given, arena, &tags, &err)) {
        MUST(str_starts_with(str_of(err.field), STR("tags")));
        return;
    }
    MUST(tags.count <= TAGS_PER_ASSET_MAX);
    again = tags_split(tags_join(&tags, arena), arena);
    MUST(again.count == tags.count);
    for (size_t i = 0; i < tags.count; i++) {
        MUST(str_equal(again.items[i], tags.items[i]));
        MUST(text_count(tags.items[i]) <= TAG_MAX_CHARS && tags.items[i].size > 0);
        MUST(str_equal_nocase(tag_key(tags.items[i], arena), tags.items[i]));
    }
}

static void check_place(struct str text, struct arena *arena)
{
    struct asset_place place, again;
    struct error err = {0};

    if (!asset_place_read(text, &place, &err)) {
        MUST(err.code == ERROR_INVALID && strcmp(err.field, "cursor") == 0);
        return;
    }
    MUST(asset_place_read(asset_place_print(&place, arena), &again, &err));
    MUST(place.rating == again.rating && place.at_ms == again.at_ms && place.id == again.id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));

    check_name(text, arena);
    check_member(text, arena);
    check_tags(text, arena);
    check_place(text, arena);
    (void)asset_type_of_mime(text);
    (void)asset_sort_of(text);
    arena_destroy(arena);
    return 0;
}
