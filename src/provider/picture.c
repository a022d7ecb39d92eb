/* provider/picture.c: pictures in replies: the many places they stand in, sniffed, each once. */
#include "provider/provider_private.h"

#include "core/hash.h"

#include <string.h>

#define NESTING_MAX 4 /* {"data": {"images": […]}} and the like */
#define URL_SIZE_MAX 8192
#define REVISED_SIZE_MAX KIB(32)

static uint32_t read_u32be(const char *at)
{
    const unsigned char *bytes = (const unsigned char *)at;

    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t read_u32le(const char *at)
{
    const unsigned char *bytes = (const unsigned char *)at;

    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static bool has_at(struct str bytes, size_t at, struct str wanted)
{
    return str_equal(str_slice(bytes, at, wanted.size), wanted);
}

/* facts 0.2: never the declared type. */
const char *picture_mime(struct str bytes)
{
    static const struct {
        size_t at;
        struct str magic;
        const char *mime;
    } magics[] = {
        {0, {"\x89PNG\r\n\x1a\n", 8}, "image/png" },
        {0, {"\xff\xd8\xff", 3},      "image/jpeg"},
        {0, {"GIF87a", 6},            "image/gif" },
        {0, {"GIF89a", 6},            "image/gif" },
        {8, {"WEBP", 4},              "image/webp"},
        {4, {"ftypavif", 8},          "image/avif"},
        {4, {"ftypavis", 8},          "image/avif"},
        {4, {"ftypheic", 8},          "image/heic"},
        {4, {"ftypmif1", 8},          "image/heic"},
    };

    for (size_t i = 0; i < COUNT(magics); i++)
        if (has_at(bytes, magics[i].at, magics[i].magic) &&
            (magics[i].at != 8 || has_at(bytes, 0, STR("RIFF"))))
            return magics[i].mime;
    return NULL;
}

static bool png_is_whole(struct str bytes)
{
    size_t at = 8;

    while (bytes.size - at >= 12) {
        size_t size = read_u32be(bytes.data + at);
        if (size > bytes.size - at - 12)
            return false;
        if (has_at(bytes, at + 4, STR("IEND")))
            return true;
        at += size + 12;
    }
    return false;
}

bool picture_is_whole(struct str bytes)
{
    if (has_at(bytes, 0, STR("\x89PNG\r\n\x1a\n")))
        return png_is_whole(bytes);
    if (has_at(bytes, 0, STR("RIFF")) && bytes.size >= 12)
        return read_u32le(bytes.data + 4) <= bytes.size - 8;
    return picture_mime(bytes) != NULL;
}

void picture_list_init(struct picture_list *list, struct arena *arena)
{
    *list = (struct picture_list){.arena = arena};
}

/* Takes `picture`, whose key is `identity`: the bytes, or the URL. */
static void add_picture(struct picture_list *list, struct provider_picture picture,
                        struct str identity)
{
    struct sha256 hash = sha256_of(identity);

    if (list->count == PICTURES_MAX)
        return;
    if (list->items == NULL) {
        list->items = ARENA_ARRAY(list->arena, struct provider_picture, PICTURES_MAX);
        list->hashes = ARENA_ARRAY(list->arena, struct sha256, PICTURES_MAX);
    }
    for (size_t i = 0; i < list->count; i++)
        if (memcmp(&list->hashes[i], &hash, sizeof hash) == 0)
            return;
    list->hashes[list->count] = hash;
    list->items[list->count++] = picture;
}

void picture_list_add_bytes(struct picture_list *list, struct str bytes)
{
    if (picture_is_whole(bytes))
        add_picture(list, (struct provider_picture){.bytes = bytes}, bytes);
    else
        list->broken++;
}

static bool is_url(struct str text)
{
    return (str_equal_nocase(str_slice(text, 0, 8), STR("https://")) ||
            str_equal_nocase(str_slice(text, 0, 7), STR("http://"))) &&
           text.size <= URL_SIZE_MAX && header_value_is_plain(text) && str_find_char(text, ' ') < 0;
}

/* A URL, a data URI or bare base64; `picture` carries what stood beside it. */
static void add_text(struct picture_list *list, struct str text, struct provider_picture picture)
{
    struct str trimmed = str_trim(text);

    if (trimmed.size == 0 || list->count == PICTURES_MAX)
        return;
    if (is_url(trimmed)) {
        picture.url = arena_str(list->arena, trimmed);
        add_picture(list, picture, picture.url);
    } else if (base64_read(trimmed, PICTURE_SIZE_MAX, list->arena, &picture.bytes) &&
               picture_is_whole(picture.bytes)) {
        add_picture(list, picture, picture.bytes);
    } else {
        list->broken++;
    }
}

/* What stands beside a picture in its object. */
static struct provider_picture read_beside(struct picture_list *list, const struct json *object)
{
    struct provider_picture picture = {0};
    int64_t seed;

    picture.revised_prompt = arena_str(
        list->arena, str_slice(json_text(json_get(object, "revised_prompt")), 0, REVISED_SIZE_MAX));
    picture.has_seed = json_int(json_get(object, "seed"), &seed);
    picture.seed = picture.has_seed ? seed : 0;
    return picture;
}

/*
 * One object's own picture: the first name that holds one, bytes before URLs.  A reply's outermost
 * object is asked for bytes alone: a "url" there is more likely a link to some manual.
 */
static bool read_own(struct picture_list *list, const struct json *object, bool is_outermost)
{
    static const char *const byte_paths[] = {
        "b64_json", "b64", "base64", "image_base64", "image_b64_json",
    };
    static const char *const paths[] = {
        "result", "inlineData.data", "inline_data.data", "image_url.url", "image_url", "url",
    };
    struct str text = STR_EMPTY;

    for (size_t i = 0; text.size == 0 && i < COUNT(byte_paths); i++)
        text = json_text(json_get(object, byte_paths[i]));
    for (size_t i = 0; text.size == 0 && !is_outermost && i < COUNT(paths); i++)
        text = json_text(json_path(object, paths[i]));
    if (text.size == 0)
        return false;
    add_text(list, text, read_beside(list, object));
    return true;
}

static bool is_picture_text(struct str text)
{
    static const char *const starts[] = {"data:image/", "iVBORw0K", "/9j/", "UklGR", "R0lGOD"};

    for (size_t i = 0; i < COUNT(starts); i++)
        if (str_starts_with(text, str_of(starts[i])))
            return true;
    return is_url(text);
}

/* A chat answer: Markdown pictures, or nothing but one URL, data URI or base64. */
static void read_content(struct picture_list *list, struct str content)
{
    struct str rest = str_trim(content);

    if (is_picture_text(rest)) {
        add_text(list, rest, (struct provider_picture){0});
        return;
    }
    for (int found = 0; found < PICTURES_MAX; found++) {
        int64_t begin = str_find(rest, STR("![")), middle, end;
        struct str target;
        if (begin < 0)
            return;
        rest = str_slice(rest, (size_t)begin + 2, rest.size);
        middle = str_find(rest, STR("]("));
        if (middle < 0)
            return;
        rest = str_slice(rest, (size_t)middle + 2, rest.size);
        end = str_find_char(rest, ')');
        if (end < 0)
            return;
        target = str_slice(rest, 0, (size_t)end);
        target = str_cut(&target, ' '); /* ![text](url "title") */
        if (is_picture_text(target))
            add_text(list, target, (struct provider_picture){0});
    }
}

/* The walk is NESTING_MAX deep, in lists as deep as JSON may be (64).
 * NOLINTBEGIN(misc-no-recursion) */
static void read_any(struct picture_list *list, const struct json *value, int nesting);

/* Chat's and Gemini's parts: texts in between are no pictures. */
static void read_parts(struct picture_list *list, const struct json *parts, int nesting)
{
    for (size_t i = 0; i < json_count(parts); i++) {
        const struct json *part = json_item(parts, i);
        struct str text = json_text(json_get(part, "text"));
        if (text.size > 0)
            read_content(list, text);
        else
            read_any(list, part, nesting);
    }
}

static void read_message(struct picture_list *list, const struct json *message, int nesting)
{
    const struct json *content = json_get(message, "content");

    read_any(list, message, nesting); /* images[], image, image_b64_json */
    if (json_is(content, JSON_TEXT))
        read_content(list, json_text(content));
    else
        read_parts(list, content, nesting);
}

static void read_any(struct picture_list *list, const struct json *value, int nesting)
{
    static const char *const containers[] = {"data",         "images",  "image",    "output",
                                             "output_image", "results", "pictures", "image_result"};
    const struct json *choices, *candidates;

    if (value == NULL || nesting == 0)
        return;
    if (json_is(value, JSON_TEXT)) {
        add_text(list, json_text(value), (struct provider_picture){0});
        return;
    }
    if (json_is(value, JSON_LIST)) {
        for (size_t i = 0; i < json_count(value); i++)
            read_any(list, json_item(value, i), nesting);
        return;
    }
    if (!json_is(value, JSON_OBJECT) || read_own(list, value, nesting == NESTING_MAX))
        return;
    for (size_t i = 0; i < COUNT(containers); i++)
        read_any(list, json_get(value, containers[i]), nesting - 1);
    choices = json_get(value, "choices");
    for (size_t i = 0; i < json_count(choices); i++)
        read_message(list, json_get(json_item(choices, i), "message"), nesting - 1);
    candidates = json_get(value, "candidates");
    for (size_t i = 0; i < json_count(candidates); i++)
        read_parts(list, json_path(json_item(candidates, i), "content.parts"), nesting - 1);
}

/* NOLINTEND(misc-no-recursion) */

void picture_list_read(struct picture_list *list, const struct json *body)
{
    if (!json_is(body, JSON_TEXT)) /* a text alone is an error message: "Invalid token" */
        read_any(list, body, NESTING_MAX);
    /* A seed beside the list (SiliconFlow, fal) is that of the only picture. */
    if (list->count == 1 && !list->items[0].has_seed)
        list->items[0].has_seed = json_int(json_get(body, "seed"), &list->items[0].seed);
}

void picture_list_read_item(struct picture_list *list, const struct json *item)
{
    (void)read_own(list, item, false);
}

/* The frame header among the segments before the first scan: ITU T.81 B.2.2. */
static bool jpeg_size(struct str bytes, int64_t *width, int64_t *height)
{
    size_t at = 2;

    while (at + 9 < bytes.size && (unsigned char)bytes.data[at] == 0xff) {
        const unsigned char *segment = (const unsigned char *)bytes.data + at;
        unsigned mark = segment[1];
        if (mark >= 0xc0 && mark <= 0xcf && mark != 0xc4 && mark != 0xc8 && mark != 0xcc) {
            *height = segment[5] << 8 | segment[6];
            *width = segment[7] << 8 | segment[8];
            return *width > 0 && *height > 0;
        }
        at += 2 + (size_t)(segment[2] << 8 | segment[3]);
    }
    return false;
}

bool picture_size(struct str bytes, int64_t *width, int64_t *height)
{
    if (has_at(bytes, 0, STR("\xff\xd8\xff")))
        return jpeg_size(bytes, width, height);
    if (!has_at(bytes, 0, STR("\x89PNG\r\n\x1a\n")) || bytes.size < 24)
        return false;
    *width = read_u32be(bytes.data + 16);
    *height = read_u32be(bytes.data + 20);
    return *width > 0 && *height > 0;
}

void picture_write_base64(struct json_writer *writer, struct str bytes, bool is_uri)
{
    CLEANUP(buf_finish) struct buf text = {0};

    buf_reserve(&text, bytes.size / 3 * 4 + 64);
    if (is_uri)
        buf_printf(&text, "data:%s;base64,", picture_mime(bytes));
    base64_add(&text, bytes);
    json_add_text(writer, buf_str(&text));
}
