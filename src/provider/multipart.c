/* provider/multipart.c: multipart/form-data as body segments (RFC 7578). */
#include "provider/provider_private.h"

#include "core/hash.h"

#include <assert.h>

#define BOUNDARY_DIGITS 32 /* 128 bits of the hash: no content meets it by accident */

static void add_part(struct multipart *multipart, struct multipart_part part)
{
    assert(multipart->count < MULTIPART_PARTS_MAX);
    multipart->parts[multipart->count++] = part;
}

void multipart_add_text(struct multipart *multipart, const char *name, struct str value)
{
    add_part(multipart, (struct multipart_part){.name = name, .bytes = value});
}

void multipart_add_file(struct multipart *multipart, const char *name, struct str file_name,
                        struct str mime, struct str bytes)
{
    assert(file_name.size > 0 && mime.size > 0);
    add_part(multipart, (struct multipart_part){
                            .name = name, .file_name = file_name, .mime = mime, .bytes = bytes});
}

static void hash_text(struct hasher *hasher, struct str text)
{
    uint64_t size = text.size;

    hasher_add(hasher, &size, sizeof size);
    if (text.size > 0)
        hasher_add(hasher, text.data, text.size);
}

static struct str make_boundary(const struct multipart *multipart, struct arena *arena)
{
    struct hasher *hasher = hasher_create();
    char hex[SHA256_HEX_SIZE + 1];
    struct sha256 hash;

    for (size_t i = 0; i < multipart->count; i++) {
        const struct multipart_part *part = &multipart->parts[i];
        hash_text(hasher, str_of(part->name));
        hash_text(hasher, part->file_name);
        hash_text(hasher, part->mime);
        hash_text(hasher, part->bytes);
    }
    hash = hasher_end(hasher);
    hasher_destroy(hasher);
    sha256_hex(&hash, hex);
    return arena_printf(arena, "vitrine-%.*s", BOUNDARY_DIGITS, hex);
}

/* As browsers do (WHATWG HTML 4.10.21.8): a quote or a line end in a file name is percent-encoded.
 */
static void add_quoted(struct buf *head, struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buf_add(head, STR("%22"));
        else if (text.data[i] == '\r')
            buf_add(head, STR("%0D"));
        else if (text.data[i] == '\n')
            buf_add(head, STR("%0A"));
        else
            buf_add_char(head, text.data[i]);
    }
}

static struct str make_head(const struct multipart_part *part, struct str boundary, bool is_first,
                            struct arena *arena)
{
    CLEANUP(buf_finish) struct buf head = {0};

    buf_printf(&head, "%s--%.*s\r\nContent-Disposition: form-data; name=\"%s\"",
               is_first ? "" : "\r\n", STR_ARGS(boundary), part->name);
    if (part->file_name.size > 0) {
        buf_add(&head, STR("; filename=\""));
        add_quoted(&head, part->file_name);
        buf_printf(&head, "\"\r\nContent-Type: %.*s", STR_ARGS(part->mime));
    }
    buf_add(&head, STR("\r\n\r\n"));
    return arena_str(arena, buf_str(&head));
}

void multipart_finish(const struct multipart *multipart, struct arena *arena,
                      struct exchange *exchange)
{
    struct str boundary = make_boundary(multipart, arena);
    struct str *segments = ARENA_ARRAY(arena, struct str, multipart->count * 2 + 1);
    size_t count = 0;

    for (size_t i = 0; i < multipart->count; i++) {
        const struct multipart_part *part = &multipart->parts[i];
        segments[count++] = make_head(part, boundary, i == 0, arena);
        segments[count++] = part->bytes;
    }
    segments[count++] = arena_printf(arena, "\r\n--%.*s--\r\n", STR_ARGS(boundary));
    exchange->body = segments;
    exchange->body_count = count;
    exchange_add_header(
        exchange, arena, "Content-Type",
        arena_printf(arena, "multipart/form-data; boundary=%.*s", STR_ARGS(boundary)));
}
