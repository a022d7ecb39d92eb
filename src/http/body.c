/*
 * body.c: a request's body: JSON is collected, files stream to temporary blobs.  The I/O thread
 * writes to the page cache only; what waits for the disk happens on the handler thread.
 */
#include "http/http_private.h"

#include "core/text.h"

#include <assert.h>
#include <stdlib.h>

struct upload_part {
    struct multipart_part part; /* texts in arena */
    struct buf text;
    struct blob_writer *writer; /* a file's, until it is ended */
};

struct upload {
    struct http_call *call;
    struct upload_part parts[MULTIPART_PARTS_MAX];
    size_t count;
};

/* A row that takes a body and names no limit gets what any form or document needs. */
size_t body_limit(const struct http_route *route)
{
    if (route->body == BODY_NONE)
        return 0;
    return route->limit == 0 ? MIB(1) : route->limit;
}

static bool too_large(const struct http_route *route, struct error *err)
{
    if (route->body == BODY_NONE)
        return error_set(err, ERROR_TOO_LARGE, "this route takes no body");
    return error_field(err, ERROR_TOO_LARGE, "", (int64_t)body_limit(route),
                       "the body is larger than %zu bytes", body_limit(route));
}

static bool part_begin(void *context, const struct multipart_part *part, struct error *err)
{
    struct upload *upload = context;
    struct http_call *call = upload->call;
    struct upload_part *slot;

    assert(upload->count < MULTIPART_PARTS_MAX);
    slot = &upload->parts[upload->count++];
    *slot = (struct upload_part){
        .part = {.field = arena_str(call->request.arena, part->field),
                 .file_name = arena_str(call->request.arena, part->file_name),
                 .mime = arena_str(call->request.arena, part->mime),
                 .is_file = part->is_file}
    };
    if (!part->is_file)
        return true;
    if (call->server->config.blobs == NULL)
        return error_set(err, ERROR_UNAVAILABLE, "this server keeps no files");
    return blob_write_begin(call->server->config.blobs, (int64_t)body_limit(call->request.route),
                            &slot->writer, err);
}

static bool part_data(void *context, struct str bytes, struct error *err)
{
    struct upload *upload = context;
    struct upload_part *slot = &upload->parts[upload->count - 1];

    if (slot->part.is_file)
        return blob_write(slot->writer, bytes.data, bytes.size, err);
    if (slot->text.size + bytes.size > MULTIPART_TEXT_MAX)
        return error_field(err, ERROR_TOO_LONG,
                           arena_cstr(upload->call->request.arena, slot->part.field),
                           (int64_t)MULTIPART_TEXT_MAX, "%.*s is longer than %d bytes",
                           STR_ARGS(slot->part.field), (int)MULTIPART_TEXT_MAX);
    buf_add(&slot->text, bytes);
    return true;
}

static bool part_end(void *context, struct error *err)
{
    struct upload *upload = context;
    struct upload_part *slot = &upload->parts[upload->count - 1];

    if (!slot->part.is_file && !text_is_utf8(buf_str(&slot->text)))
        return error_field(err, ERROR_WRONG_ENCODING,
                           arena_cstr(upload->call->request.arena, slot->part.field), 0,
                           "%.*s is not UTF-8", STR_ARGS(slot->part.field));
    return true;
}

static bool type_is_json(struct str type)
{
    int64_t semicolon = str_find_char(type, ';');
    struct str name = semicolon < 0 ? type : str_slice(type, 0, (size_t)semicolon);
    struct str rest = semicolon < 0 ? STR_EMPTY : str_slice(type, (size_t)semicolon + 1, type.size);

    if (!str_equal_nocase(str_trim(name), STR("application/json")))
        return false;
    rest = str_trim(rest);
    return rest.size == 0 || str_equal_nocase(rest, STR("charset=utf-8")) ||
           str_equal_nocase(rest, STR("charset=\"utf-8\""));
}

bool body_begin(struct http_call *call, struct error *err)
{
    const struct http_route *route = call->request.route;
    bool has_body = call->framing.is_chunked || call->framing.length > 0;

    if (call->framing.has_length && call->framing.length > body_limit(route))
        return too_large(route, err);
    switch (route->body) {
    case BODY_NONE:
        return true;
    case BODY_JSON:
        if (has_body && !(route->flags & HTTP_ANY_TYPE) &&
            !type_is_json(call_header(call, "Content-Type")))
            return error_set(err, ERROR_UNSUPPORTED_TYPE, "the body must be application/json");
        buf_reserve(&call->body, (size_t)call->framing.length);
        return true;
    case BODY_MULTIPART:
        return true; /* body_begin_form(), once it is known whose it is */
    }
    return true;
}

bool body_begin_form(struct http_call *call, struct error *err)
{
    struct multipart_events events = {.begin = part_begin, .data = part_data, .end = part_end};

    call->upload = calloc(1, sizeof(*call->upload));
    if (call->upload == NULL)
        abort();
    call->upload->call = call;
    events.context = call->upload;
    return multipart_create(call_header(call, "Content-Type"), &events, &call->multipart, err);
}

bool body_add(struct http_call *call, struct str bytes, struct error *err)
{
    const struct http_route *route = call->request.route;

    call->body_size += bytes.size;
    if (call->body_size > body_limit(route))
        return too_large(route, err);
    if (call->multipart != NULL)
        return multipart_add(call->multipart, bytes, err);
    buf_add(&call->body, bytes);
    return true;
}

/* The parts as the handler sees them; a file's bytes are durable from here. */
static bool upload_end(struct http_call *call, struct error *err)
{
    struct upload *upload = call->upload;
    struct request *req = &call->request;

    req->files = ARENA_ARRAY(req->arena, struct http_file, upload->count + 1);
    req->texts = ARENA_ARRAY(req->arena, struct http_text, upload->count + 1);
    for (size_t i = 0; i < upload->count; i++) {
        struct upload_part *slot = &upload->parts[i];

        if (slot->part.is_file) {
            struct http_file *file = &req->files[req->file_count];
            struct blob_writer *writer = slot->writer;

            slot->writer = NULL; /* taken, also when it fails */
            if (!blob_write_end(writer, &file->blob, err))
                return false;
            file->field = slot->part.field;
            file->name = slot->part.file_name;
            file->mime = slot->part.mime;
            req->file_count++;
        } else {
            req->texts[req->text_count++] =
                (struct http_text){.field = slot->part.field, .value = buf_str(&slot->text)};
        }
    }
    return true;
}

static bool json_end(struct http_call *call, struct error *err)
{
    struct request *req = &call->request;
    const struct shape *shape = req->route->in;
    bool (*const read)(struct str text, struct json * *out, struct error * err) =
        (req->route->flags & HTTP_WIDE) != 0 ? json_read_wide : json_read;

    req->body = buf_str(&call->body);
    if (req->route->flags & HTTP_ANY_TYPE)
        return true;
    /* Nothing at all is an object with nothing in it: the shape says what is missing. */
    if (!read(req->body.size == 0 ? STR("{}") : req->body, &call->json, err))
        return false;
    req->json = call->json;
    if (shape == NULL)
        return true;
    req->input = arena_alloc(req->arena, shape->size);
    return shape_read(shape, call->json, req->arena, req->input, &req->present, err);
}

bool body_end(struct http_call *call, struct error *err)
{
    switch (call->request.route->body) {
    case BODY_NONE:
        return true;
    case BODY_JSON:
        return json_end(call, err);
    case BODY_MULTIPART:
        return multipart_end(call->multipart, err) && upload_end(call, err);
    }
    return true;
}

void body_finish(struct http_call *call)
{
    if (call->upload != NULL) {
        for (size_t i = 0; i < call->upload->count; i++) {
            buf_finish(&call->upload->parts[i].text);
            blob_write_abort(call->upload->parts[i].writer);
        }
        free(call->upload);
        call->upload = NULL;
    }
    multipart_destroy(call->multipart);
    call->multipart = NULL;
    json_free(call->json);
    call->json = NULL;
    buf_finish(&call->body);
}
