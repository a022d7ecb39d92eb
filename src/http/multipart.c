/*
 * multipart.c: multipart/form-data (RFC 7578), piece by piece, strictly: no preamble, CRLF only, a
 * closing delimiter, limits on everything a client can enlarge.
 */
#include "http/http_private.h"

#include "core/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BOUNDARY_MAX 70

enum state {
    IN_DATA,         /* looks for CRLF "--" boundary */
    AFTER_DELIMITER, /* "--": the end; CRLF: another part */
    AFTER_DASH,
    AFTER_CR,
    IN_HEAD,
    AT_END
};

struct multipart {
    struct multipart_events events;
    char delimiter[4 + BOUNDARY_MAX]; /* CRLF "--" boundary: CR nowhere but in front, so that a
                                         failed match never hides the start of another */
    size_t delimiter_size;
    size_t matched; /* of the delimiter */
    enum state state;
    bool is_in_part;
    size_t parts;
    char head[MULTIPART_HEAD_MAX];
    size_t head_size;
};

/* A parameter of a header: `; name=value` or `; name="quoted"`.  False at the end. */
static bool parameter_next(struct str *rest, struct str *name, struct str *value, bool *is_broken)
{
    size_t at = 0;

    *is_broken = false;
    *rest = str_trim(*rest);
    if (rest->size == 0)
        return false;
    if (rest->data[0] != ';') {
        *is_broken = true;
        return false;
    }
    *rest = str_slice(*rest, 1, rest->size);
    while (at < rest->size && rest->data[at] != '=' && rest->data[at] != ';')
        at++;
    *name = str_trim(str_slice(*rest, 0, at));
    if (at == rest->size || rest->data[at] != '=' || name->size == 0) {
        *is_broken = true;
        return false;
    }
    *rest = str_slice(*rest, at + 1, rest->size);
    at = 0;
    if (rest->size > 0 && rest->data[0] == '"') {
        for (at = 1; at < rest->size && rest->data[at] != '"'; at++)
            if (rest->data[at] == '\\' && at + 1 < rest->size && rest->data[at + 1] == '"')
                at++;
        if (at >= rest->size) {
            *is_broken = true;
            return false;
        }
        *value = str_slice(*rest, 1, at - 1);
        *rest = str_slice(*rest, at + 1, rest->size);
        return true;
    }
    while (at < rest->size && rest->data[at] != ';')
        at++;
    *value = str_trim(str_slice(*rest, 0, at));
    *rest = str_slice(*rest, at, rest->size);
    return true;
}

static bool is_boundary(struct str text)
{
    static const char others[] = "'()+_,-./:=? ";

    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c != '\0' && memchr(others, c, sizeof(others) - 1) != NULL)))
            return false;
    }
    return text.size > 0 && text.size <= BOUNDARY_MAX && text.data[text.size - 1] != ' ';
}

bool multipart_create(struct str content_type, const struct multipart_events *events,
                      struct multipart **out, struct error *err)
{
    struct str rest = content_type;
    int64_t semicolon = str_find_char(rest, ';');
    struct str type = semicolon < 0 ? rest : str_slice(rest, 0, (size_t)semicolon);
    struct str boundary = STR_EMPTY, name, value;
    struct multipart *multipart;
    bool is_broken;

    if (!str_equal_nocase(str_trim(type), STR("multipart/form-data")))
        return error_set(err, ERROR_UNSUPPORTED_TYPE,
                         "this route takes multipart/form-data with files");
    rest = semicolon < 0 ? STR_EMPTY : str_slice(rest, (size_t)semicolon, rest.size);
    while (parameter_next(&rest, &name, &value, &is_broken))
        if (str_equal_nocase(name, STR("boundary")))
            boundary = value;
    if (is_broken || !is_boundary(boundary))
        return error_set(err, ERROR_MALFORMED, "the multipart boundary is missing or malformed");
    multipart = calloc(1, sizeof(*multipart));
    if (multipart == NULL)
        abort();
    multipart->events = *events;
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.data, boundary.size);
    multipart->delimiter_size = 4 + boundary.size;
    /* The first delimiter stands at the very start: as if its CRLF had been seen. */
    multipart->matched = 2;
    *out = multipart;
    return true;
}

void multipart_destroy(struct multipart *multipart) { free(multipart); }

/* Unquotes in place; browsers write %22, %0D, %0A for what cannot stand in quotes. */
static struct str unquote(struct str text, char *out)
{
    size_t size = 0;

    for (size_t i = 0; i < text.size; i++) {
        struct str rest = str_slice(text, i, text.size);

        if (str_starts_with(rest, STR("\\\""))) {
            out[size++] = '"';
            i++;
        } else if (str_starts_with(rest, STR("%22"))) {
            out[size++] = '"';
            i += 2;
        } else if (str_starts_with(rest, STR("%0D")) || str_starts_with(rest, STR("%0A"))) {
            out[size++] = ' ';
            i += 2;
        } else {
            out[size++] = text.data[i];
        }
    }
    return (struct str){.data = out, .size = size};
}

/* S40: what a client calls its file is a text to show, and never had folders in it. */
static struct str base_name(struct str name)
{
    size_t at = name.size;

    while (at > 0 && name.data[at - 1] != '/' && name.data[at - 1] != '\\')
        at--;
    name = str_slice(name, at, name.size);
    if (str_equal(name, STR(".")) || str_equal(name, STR("..")))
        return STR_EMPTY;
    return text_clip(name, 255);
}

static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    return false;
}

/* content-disposition: form-data; name="photo"; filename="a.png" */
static bool disposition_read(struct str value, char *scratch, struct multipart_part *part,
                             struct error *err)
{
    int64_t semicolon = str_find_char(value, ';');
    struct str kind = semicolon < 0 ? value : str_slice(value, 0, (size_t)semicolon);
    struct str rest = semicolon < 0 ? STR_EMPTY : str_slice(value, (size_t)semicolon, value.size);
    struct str name, text;
    bool is_broken, has_name = false;

    if (!str_equal_nocase(str_trim(kind), STR("form-data")))
        return error_set(err, ERROR_MALFORMED, "a part is no form-data");
    while (parameter_next(&rest, &name, &text, &is_broken)) {
        struct str plain = unquote(text, scratch);

        scratch += plain.size;
        if (str_equal_nocase(name, STR("name"))) {
            if (has_name)
                return error_set(err, ERROR_MALFORMED, "a part has two names");
            has_name = true;
            part->field = plain;
        } else if (str_equal_nocase(name, STR("filename"))) {
            if (part->is_file)
                return error_set(err, ERROR_MALFORMED, "a part has two file names");
            part->is_file = true;
            part->file_name = base_name(plain);
        }
        /* RFC 7578 4.2: filename* is not for forms; browsers do not send it. */
    }
    if (is_broken || !has_name || part->field.size == 0 || part->field.size > 79)
        return error_set(err, ERROR_MALFORMED, "a part has no proper name");
    if (!text_is_utf8(part->field) || !text_is_utf8(part->file_name) || has_control(part->field) ||
        has_control(part->file_name))
        return error_set(err, ERROR_WRONG_ENCODING, "a part's name is not UTF-8");
    return true;
}

/* The lines of multipart->head, without the blank one; each ends with CRLF. */
static bool head_read(struct multipart *multipart, struct error *err)
{
    struct multipart_part part = {0};
    struct str rest = {multipart->head, multipart->head_size};
    char scratch[MULTIPART_HEAD_MAX];
    bool is_disposed = false;

    while (rest.size > 0) {
        int64_t end = str_find(rest, STR("\r\n"));
        struct str line = end < 0 ? rest : str_slice(rest, 0, (size_t)end);
        struct str value = line;
        struct str name = str_cut(&value, ':');

        rest = end < 0 ? STR_EMPTY : str_slice(rest, (size_t)end + 2, rest.size);
        if (value.data == NULL || name.size == 0 || str_trim(name).size != name.size ||
            has_control(name) || memchr(line.data, '\n', line.size) != NULL ||
            memchr(line.data, '\r', line.size) != NULL || memchr(line.data, 0, line.size) != NULL)
            return error_set(err, ERROR_MALFORMED, "the head of a part is malformed");
        value = str_trim(value);
        if (str_equal_nocase(name, STR("Content-Disposition"))) {
            if (is_disposed)
                return error_set(err, ERROR_MALFORMED, "a part has two dispositions");
            is_disposed = true;
            if (!disposition_read(value, scratch, &part, err))
                return false;
        } else if (str_equal_nocase(name, STR("Content-Type"))) {
            part.mime = value;
        } else if (str_equal_nocase(name, STR("Content-Transfer-Encoding")) &&
                   !str_equal_nocase(value, STR("binary")) &&
                   !str_equal_nocase(value, STR("8bit")) && !str_equal_nocase(value, STR("7bit"))) {
            return error_set(err, ERROR_MALFORMED, "a part is encoded; send it as it is");
        }
    }
    if (!is_disposed)
        return error_set(err, ERROR_MALFORMED, "a part has no Content-Disposition");
    if (++multipart->parts > MULTIPART_PARTS_MAX)
        return error_field(err, ERROR_TOO_MANY, "parts", MULTIPART_PARTS_MAX,
                           "a form has at most %d parts", MULTIPART_PARTS_MAX);
    multipart->is_in_part = true;
    return multipart->events.begin(multipart->events.context, &part, err);
}

static bool data_found(struct multipart *multipart, struct str bytes, struct error *err)
{
    if (bytes.size == 0)
        return true;
    if (!multipart->is_in_part)
        return error_set(err, ERROR_MALFORMED, "the form does not start with its boundary");
    return multipart->events.data(multipart->events.context, bytes, err);
}

/* Takes what belongs to the part's data off the front of `*bytes`. */
static bool data_add(struct multipart *multipart, struct str *bytes, struct error *err)
{
    while (bytes->size > 0) {
        size_t at = 0;

        if (multipart->matched == 0) {
            const char *cr = memchr(bytes->data, '\r', bytes->size);
            size_t plain = cr == NULL ? bytes->size : (size_t)(cr - bytes->data);

            if (!data_found(multipart, str_slice(*bytes, 0, plain), err))
                return false;
            *bytes = str_slice(*bytes, plain, bytes->size);
            if (cr == NULL)
                return true;
        }
        while (at < bytes->size && multipart->matched < multipart->delimiter_size &&
               bytes->data[at] == multipart->delimiter[multipart->matched]) {
            at++;
            multipart->matched++;
        }
        *bytes = str_slice(*bytes, at, bytes->size);
        if (multipart->matched == multipart->delimiter_size) {
            multipart->matched = 0;
            multipart->state = AFTER_DELIMITER;
            if (multipart->is_in_part) {
                multipart->is_in_part = false;
                return multipart->events.end(multipart->events.context, err);
            }
            return true;
        }
        if (bytes->size > 0) { /* it was none: what had matched is data */
            struct str held = {multipart->delimiter, multipart->matched};

            multipart->matched = 0;
            if (!data_found(multipart, held, err))
                return false;
        }
    }
    return true;
}

static bool head_add(struct multipart *multipart, char c, struct error *err)
{
    if (multipart->head_size == sizeof(multipart->head))
        return error_field(err, ERROR_TOO_LARGE, "parts", MULTIPART_HEAD_MAX,
                           "the head of a part is longer than %d bytes", (int)MULTIPART_HEAD_MAX);
    multipart->head[multipart->head_size++] = c;
    if (c != '\n' || multipart->head_size < 2)
        return true;
    if (multipart->head_size == 2 && memcmp(multipart->head, "\r\n", 2) == 0)
        return error_set(err, ERROR_MALFORMED, "a part has no Content-Disposition");
    if (multipart->head_size >= 4 &&
        memcmp(multipart->head + multipart->head_size - 4, "\r\n\r\n", 4) == 0) {
        multipart->head_size -= 4;
        multipart->state = IN_DATA;
        multipart->matched = 0;
        return head_read(multipart, err);
    }
    return true;
}

bool multipart_add(struct multipart *multipart, struct str bytes, struct error *err)
{
    while (bytes.size > 0) {
        char c = bytes.data[0];

        if (multipart->state == IN_DATA) {
            if (!data_add(multipart, &bytes, err))
                return false;
            continue;
        }
        bytes = str_slice(bytes, 1, bytes.size);
        switch (multipart->state) {
        case AFTER_DELIMITER:
            if (c != '-' && c != '\r')
                return error_set(err, ERROR_MALFORMED, "a boundary is malformed");
            multipart->state = c == '-' ? AFTER_DASH : AFTER_CR;
            break;
        case AFTER_DASH:
            if (c != '-')
                return error_set(err, ERROR_MALFORMED, "a boundary is malformed");
            multipart->state = AT_END;
            break;
        case AFTER_CR:
            if (c != '\n')
                return error_set(err, ERROR_MALFORMED, "a boundary is malformed");
            multipart->state = IN_HEAD;
            multipart->head_size = 0;
            break;
        case IN_HEAD:
            if (!head_add(multipart, c, err))
                return false;
            break;
        case AT_END: /* RFC 2046 5.1.1: the epilogue is ignored; the route's limit bounds it */
            return true;
        case IN_DATA:
            assert(false);
        }
    }
    return true;
}

bool multipart_end(struct multipart *multipart, struct error *err)
{
    if (multipart->state != AT_END)
        return error_set(err, ERROR_MALFORMED, "the form ends before its closing boundary");
    return true;
}
