/* file_range.c: pure: byte ranges, entity tags, names of downloads. */
#include "http/http_private.h"

#include "core/text.h"

enum range_kind range_parse(struct str header, int64_t size, int64_t *first, int64_t *last)
{
    struct str rest = str_trim(header);
    struct str start_text, end_text;
    int64_t start, end;

    if (!str_starts_with(rest, STR("bytes=")))
        return RANGE_WHOLE;
    rest = str_slice(rest, 6, rest.size);
    /* RFC 9110 14.2: a server may ignore Range; several ranges would only cost us. */
    if (str_find_char(rest, ',') >= 0 || str_find_char(rest, '-') < 0)
        return RANGE_WHOLE;
    start_text = str_trim(str_cut(&rest, '-'));
    end_text = str_trim(rest);
    if ((start_text.size > 0 && (start_text.data[0] < '0' || start_text.data[0] > '9')) ||
        (end_text.size > 0 && (end_text.data[0] < '0' || end_text.data[0] > '9')))
        return RANGE_WHOLE;
    if (start_text.size == 0) { /* the last n bytes */
        if (!str_to_int64(end_text, &end))
            return RANGE_WHOLE;
        if (end == 0 || size == 0)
            return RANGE_OUTSIDE;
        *first = end < size ? size - end : 0;
        *last = size - 1;
        return RANGE_PART;
    }
    if (!str_to_int64(start_text, &start))
        return RANGE_WHOLE;
    end = size - 1;
    if (end_text.size > 0) {
        if (!str_to_int64(end_text, &end) || end < start)
            return RANGE_WHOLE;
        if (end >= size)
            end = size - 1;
    }
    if (start >= size)
        return RANGE_OUTSIDE;
    *first = start;
    *last = end;
    return RANGE_PART;
}

bool etag_matches(struct str header, struct str etag)
{
    if (str_equal(str_trim(header), STR("*")))
        return true;
    while (header.data != NULL && header.size > 0) {
        struct str tag = str_trim(str_cut(&header, ','));

        if (str_starts_with(tag, STR("W/")))
            tag = str_slice(tag, 2, tag.size);
        if (tag.size >= 2 && tag.data[0] == '"' && tag.data[tag.size - 1] == '"' &&
            str_equal(str_slice(tag, 1, tag.size - 2), etag))
            return true;
    }
    return false;
}

/* What stands in the quotes for clients that do not read filename*. */
static void plain_name_add(struct buf *buf, struct str name)
{
    uint32_t code_point;

    while (text_next(&name, &code_point)) {
        bool is_plain = code_point >= 0x20 && code_point < 0x7f && code_point != '"' &&
                        code_point != '\\' && code_point != '%' && code_point != '/';

        buf_add_char(buf, (char)(is_plain ? code_point : '_'));
    }
}

struct str disposition(struct arena *arena, bool is_inline, struct str name)
{
    CLEANUP(buf_finish) struct buf buf = {0};

    buf_add(&buf, is_inline ? STR("inline") : STR("attachment"));
    if (name.size > 0) {
        name = text_clip(name, 200);
        buf_add(&buf, STR("; filename=\""));
        plain_name_add(&buf, name);
        buf_add(&buf, STR("\"; filename*=UTF-8''"));
        url_encode_add(&buf, name);
    }
    return arena_str(arena, buf_str(&buf));
}
