#include "core/text.h"

#include <string.h>

/* The size of the character at the front, 0 when it is broken.  RFC 3629 4. */
static size_t character_size(const unsigned char *at, size_t size)
{
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
    size_t needed;

    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    needed = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] == 0xe0)
        low = 0xa0; /* overlong */
    else if (at[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (at[0] == 0xf0)
        low = 0x90; /* overlong */
    else if (at[0] == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (size < needed || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < needed; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return needed;
}

size_t text_valid_size(struct str text)
{
    const unsigned char *data = (const unsigned char *)text.data;
    size_t at = 0;

    while (at < text.size) {
        uint64_t eight;
        size_t size;

        if (text.size - at >= sizeof(eight)) { /* most text is ASCII, some of it megabytes */
            memcpy(&eight, data + at, sizeof(eight));
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof(eight);
                continue;
            }
        }
        size = character_size(data + at, text.size - at);
        if (size == 0)
            break;
        at += size;
    }
    return at;
}

bool text_is_utf8(struct str text) { return text_valid_size(text) == text.size; }

size_t text_count(struct str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

struct str text_clip(struct str text, size_t size_max)
{
    size_t size = size_max;

    if (text.size <= size_max)
        return text;
    /* Four bytes at most: in broken text continuation bytes may go on for ever. */
    for (size_t i = 0; i < 3 && size > 0 && ((unsigned char)text.data[size] & 0xc0) == 0x80; i++)
        size--;
    return str_slice(text, 0, size);
}

bool text_next(struct str *rest, uint32_t *code_point)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *data = (const unsigned char *)rest->data;
    size_t size;
    uint32_t value;

    if (rest->size == 0)
        return false;
    size = character_size(data, rest->size);
    value = size == 0 ? 0xfffd : data[0] & masks[size];
    for (size_t i = 1; i < size; i++)
        value = value << 6 | (data[i] & 0x3f);
    *code_point = value;
    *rest = str_slice(*rest, size == 0 ? 1 : size, rest->size);
    return true;
}

void text_add_code_point(struct buf *buf, uint32_t code_point)
{
    char bytes[4];
    size_t size;

    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
        code_point = 0xfffd;
    if (code_point < 0x80) {
        buf_add_char(buf, (char)code_point);
        return;
    }
    size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = size; i > 1; i--) {
        bytes[i - 1] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    bytes[0] = (char)((0xf0U << (4 - size) & 0xf0) | code_point);
    buf_add(buf, (struct str){.data = bytes, .size = size});
}

bool text_is_formula(struct str text)
{
    static const struct str marks[] = {
        {"=",            1},
        {"+",            1},
        {"-",            1},
        {"@",            1},
        {"\t",           1},
        {"\r",           1},
        {"\n",           1},
        {"\xef\xbc\x9d", 3},
        {"\xef\xbc\x8b", 3},
        {"\xef\xbc\x8d", 3},
        {"\xef\xbc\xa0", 3},
    };

    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts_with(text, marks[i]))
            return true;
    return false;
}

bool text_has_control(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return true;
        /* U+0080 to U+009F, the second set of control characters. */
        if (c == 0xc2 && i + 1 < text.size && (unsigned char)text.data[i + 1] < 0xa0)
            return true;
    }
    return false;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void url_encode_add(struct buf *buf, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (is_unreserved(text.data[i])) {
            buf_add_char(buf, text.data[i]);
            continue;
        }
        buf_add_char(buf, '%');
        buf_add_char(buf, digits[c >> 4]);
        buf_add_char(buf, digits[c & 15]);
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool url_decode(struct str text, bool plus_is_space, struct arena *arena, struct str *out)
{
    char *data = arena_try_alloc(arena, text.size);
    size_t size = 0;

    if (data == NULL)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (c == '%') {
            int high = text.size - i > 2 ? hex_value(text.data[i + 1]) : -1;
            int low = text.size - i > 2 ? hex_value(text.data[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        data[size++] = c;
    }
    *out = (struct str){.data = data, .size = size};
    return true;
}
