/* A form is heard the same whole and in pieces; names never carry folders; nothing overruns. */
#include "fuzz.h"
#include "http/http_private.h"

struct heard {
    struct buf text;
    bool is_in_part;
    size_t parts;
};

static bool hear_begin(void *context, const struct multipart_part *part, struct error *err)
{
    struct heard *heard = context;

    (void)err;
    MUST(!heard->is_in_part);
    MUST(part->field.size > 0);
    MUST(str_find_char(part->file_name, '/') < 0 && str_find_char(part->file_name, '\\') < 0);
    MUST(str_find_char(part->file_name, '\0') < 0 && str_find_char(part->field, '\n') < 0);
    heard->is_in_part = true;
    heard->parts++;
    buf_printf(&heard->text, "%.*s[%.*s:%.*s]=", STR_ARGS(part->field), STR_ARGS(part->file_name),
               STR_ARGS(part->mime));
    return true;
}

static bool hear_data(void *context, struct str bytes, struct error *err)
{
    struct heard *heard = context;

    (void)err;
    MUST(heard->is_in_part && bytes.size > 0);
    buf_add(&heard->text, bytes);
    return true;
}

static bool hear_end(void *context, struct error *err)
{
    struct heard *heard = context;

    (void)err;
    MUST(heard->is_in_part);
    heard->is_in_part = false;
    buf_add_char(&heard->text, ';');
    return true;
}

static bool parse(struct str body, size_t step, struct heard *heard)
{
    struct multipart_events events = {hear_begin, hear_data, hear_end, heard};
    struct multipart *multipart = NULL;
    struct error err = {0};
    bool ok = true;

    MUST(multipart_create(STR("multipart/form-data; boundary=b"), &events, &multipart, &err));
    for (size_t at = 0; ok && at < body.size; at += step)
        ok = multipart_add(multipart, str_slice(body, at, step), &err);
    ok = ok && multipart_end(multipart, &err);
    MUST(ok || err.code != ERROR_NONE);
    MUST(!ok || !heard->is_in_part);
    MUST(heard->parts <= MULTIPART_PARTS_MAX);
    multipart_destroy(multipart);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = {.data = (const char *)data, .size = size};
    struct heard whole = {0}, pieces = {0};
    struct multipart_events events = {hear_begin, hear_data, hear_end, &whole};
    struct multipart *multipart = NULL;
    struct error err = {0};
    bool is_form = parse(body, size == 0 ? 1 : size, &whole);

    MUST(parse(body, 1, &pieces) == is_form);
    MUST(str_equal(buf_str(&whole.text), buf_str(&pieces.text)));
    /* The same bytes as a content type. */
    if (multipart_create(body, &events, &multipart, &err))
        multipart_destroy(multipart);
    else
        MUST(err.code == ERROR_UNSUPPORTED_TYPE || err.code == ERROR_MALFORMED);
    buf_finish(&whole.text);
    buf_finish(&pieces.text);
    return 0;
}
