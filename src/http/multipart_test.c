#include "http/http_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A constant view. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define TYPE STR("multipart/form-data; boundary=XyZ")

/* What was heard, as one text: "field[file:mime]=bytes;" */
struct heard {
    struct buf text;
};

static bool hear_begin(void *context, const struct multipart_part *part, struct error *err)
{
    struct heard *heard = context;

    (void)err;
    buf_add(&heard->text, part->field);
    if (part->is_file)
        buf_printf(&heard->text, "[%.*s:%.*s]", STR_ARGS(part->file_name), STR_ARGS(part->mime));
    buf_add_char(&heard->text, '=');
    return true;
}

static bool hear_data(void *context, struct str bytes, struct error *err)
{
    struct heard *heard = context;

    (void)err;
    buf_add(&heard->text, bytes);
    return true;
}

static bool hear_end(void *context, struct error *err)
{
    struct heard *heard = context;

    (void)err;
    buf_add_char(&heard->text, ';');
    return true;
}

/* In two pieces, cut at `cut`; true when it was a whole form. */
static bool parse(struct str type, struct str body, size_t cut, struct heard *heard,
                  struct error *err)
{
    struct multipart_events events = {hear_begin, hear_data, hear_end, heard};
    struct multipart *multipart = NULL;
    bool ok;

    *err = (struct error){0};
    ok = multipart_create(type, &events, &multipart, err) &&
         multipart_add(multipart, str_slice(body, 0, cut), err) &&
         multipart_add(multipart, str_slice(body, cut, body.size), err) &&
         multipart_end(multipart, err);
    multipart_destroy(multipart);
    return ok;
}

static void test_a_form_reads_the_same_wherever_it_is_cut(void **state)
{
    static const char form[] =
        "--XyZ\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na \r\n--Xy cup\r\n"
        "--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\up\\t.png\"\r\n"
        "Content-Type: image/png\r\n\r\n\r\n\r\n\r\n--XyY\r\n--XyZ\r\n"
        "content-disposition:form-data;name=empty\r\n\r\n\r\n--XyZ--\r\nepilogue";
    static const char wanted[] = "prompt=a \r\n--Xy cup;file[t.png:image/png]=\r\n\r\n\r\n--XyY;"
                                 "empty=;";

    (void)state;
    for (size_t cut = 0; cut < sizeof(form); cut++) {
        struct heard heard = {0};
        struct error err;

        if (!parse(TYPE, STR(form), cut, &heard, &err) ||
            !str_equal(buf_str(&heard.text), STR(wanted)))
            fail_msg("cut at %zu: %s: %.*s", cut, err.message, STR_ARGS(buf_str(&heard.text)));
        buf_finish(&heard.text);
    }
}

static void test_what_is_no_strict_form_is_refused(void **state)
{
#define PART "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n"
    static const struct {
        struct str body;
        enum error_code code;
        const char *why;
    } rows[] = {
        {TEXT(""),                                                                            ERROR_MALFORMED, "nothing"             },
        {TEXT("--XyZ--"),                                                                     ERROR_NONE,      "no parts"            },
        {TEXT("preamble\r\n--XyZ--"),                                                         ERROR_MALFORMED, "a preamble"          },
        {TEXT("--XyZ"),                                                                       ERROR_MALFORMED, "only a boundary"     },
        {TEXT("--XyZ-x"),                                                                     ERROR_MALFORMED, "half an end"         },
        {TEXT("--XyZ\n"),                                                                     ERROR_MALFORMED, "bare LF"             },
        {TEXT("--XyZ\r\n\r\nx\r\n--XyZ--"),                                                   ERROR_MALFORMED, "no disposition"      },
        {TEXT(PART "\r\nx"),                                                                  ERROR_MALFORMED, "no end"              },
        {TEXT(PART "\r\nx\r\n--XyZ"),                                                         ERROR_MALFORMED, "half an end"         },
        {TEXT(PART "\r\nx\r\n--XyZ--"),                                                       ERROR_NONE,      "a whole one"         },
        {TEXT(PART "X\r\n\r\nx\r\n--XyZ--"),                                                  ERROR_MALFORMED, "no colon"            },
        {TEXT(PART " X: y\r\n\r\nx\r\n--XyZ--"),                                              ERROR_MALFORMED, "folded"              },
        {TEXT(PART "X: a\nb\r\n\r\nx\r\n--XyZ--"),                                            ERROR_MALFORMED, "bare LF in a head"   },
        {TEXT(PART PART "\r\nx\r\n--XyZ--"),                                                  ERROR_MALFORMED, "a boundary in a head"},
        {TEXT(PART "Content-Transfer-Encoding: base64\r\n\r\nx\r\n--XyZ--"),                  ERROR_MALFORMED,
         "encoded"                                                                                                                   },
        {TEXT("--XyZ\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XyZ--"),                 ERROR_MALFORMED,
         "no name"                                                                                                                   },
        {TEXT("--XyZ\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nx\r\n--XyZ--"),
         ERROR_MALFORMED,                                                                                      "an empty name"       },
        {TEXT("--XyZ\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--XyZ--"),
         ERROR_MALFORMED,                                                                                      "an open quote"       },
        {TEXT("--XyZ\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--XyZ--"),
         ERROR_MALFORMED,                                                                                      "two names"           },
        {TEXT("--XyZ\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--XyZ--"),
         ERROR_MALFORMED,                                                                                      "no form-data"        },
        {TEXT("--XyZ\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--XyZ--"),
         ERROR_WRONG_ENCODING,                                                                                 "no UTF-8"            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct heard heard = {0};
        struct error err;

        if (parse(TYPE, rows[i].body, rows[i].body.size / 2, &heard, &err) !=
                (rows[i].code == ERROR_NONE) ||
            err.code != rows[i].code)
            fail_msg("%s: %s", rows[i].why, err.message);
        buf_finish(&heard.text);
    }
}

static void test_a_form_has_a_hundred_parts_at_most(void **state)
{
    (void)state;
    for (size_t count = MULTIPART_PARTS_MAX; count <= MULTIPART_PARTS_MAX + 1; count++) {
        struct heard heard = {0};
        struct buf body = {0};
        struct error err;
        bool ok;

        for (size_t i = 0; i < count; i++)
            buf_add(&body, STR(PART "\r\nx\r\n"));
        buf_add(&body, STR("--XyZ--"));
        ok = parse(TYPE, buf_str(&body), 0, &heard, &err);
        assert_int_equal(ok, count == MULTIPART_PARTS_MAX);
        if (!ok) {
            assert_int_equal(err.code, ERROR_TOO_MANY);
            assert_int_equal(err.limit, MULTIPART_PARTS_MAX);
        }
        buf_finish(&body);
        buf_finish(&heard.text);
    }
}

static void test_the_head_of_a_part_is_bounded(void **state)
{
    struct heard heard = {0};
    struct buf body = {0};
    struct error err;

    (void)state;
    buf_add(&body, STR(PART "X: "));
    for (size_t i = 0; i < MULTIPART_HEAD_MAX; i++)
        buf_add_char(&body, 'x');
    assert_false(parse(TYPE, buf_str(&body), 10, &heard, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    buf_finish(&body);
    buf_finish(&heard.text);
}

static void test_file_names_have_no_folders(void **state)
{
    static const struct {
        const char *sent, *kept;
    } rows[] = {
        {"../../etc/passwd", "passwd"          },
        {"..\\..\\boot.ini", "boot.ini"        },
        {"/",                ""                },
        {"..",               ""                },
        {"a%22b.png",        "a\"b.png"        },
        {"a\\\"b.png",       "a\"b.png"        },
        {"a%0D%0Ab.png",     "a  b.png"        },
        {"\xe8\x8c\xb6.png", "\xe8\x8c\xb6.png"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct heard heard = {0};
        struct buf body = {0}, wanted = {0};
        struct error err;

        buf_printf(&body,
                   "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"%s\"\r\n\r\nx"
                   "\r\n--XyZ--",
                   rows[i].sent);
        buf_printf(&wanted, "f[%s:]=x;", rows[i].kept);
        assert_true(parse(TYPE, buf_str(&body), 0, &heard, &err));
        if (!str_equal(buf_str(&heard.text), buf_str(&wanted)))
            fail_msg("%s: %.*s", rows[i].sent, STR_ARGS(buf_str(&heard.text)));
        buf_finish(&body);
        buf_finish(&wanted);
        buf_finish(&heard.text);
    }
}

static void test_only_forms_with_a_good_boundary_are_read(void **state)
{
    static const struct {
        const char *type;
        enum error_code code;
    } rows[] = {
        {"multipart/form-data; boundary=XyZ",                  ERROR_NONE            },
        {"Multipart/Form-Data;charset=utf-8;boundary=\"XyZ\"", ERROR_NONE            },
        {"multipart/mixed; boundary=XyZ",                      ERROR_UNSUPPORTED_TYPE},
        {"application/json",                                   ERROR_UNSUPPORTED_TYPE},
        {"",                                                   ERROR_UNSUPPORTED_TYPE},
        {"multipart/form-data",                                ERROR_MALFORMED       },
        {"multipart/form-data; boundary=",                     ERROR_MALFORMED       },
        {"multipart/form-data; boundary=\"a",                  ERROR_MALFORMED       },
        {"multipart/form-data; boundary=\"a \"",               ERROR_MALFORMED       },
        {"multipart/form-data; boundary=a\r\nb",               ERROR_MALFORMED       },
        {"multipart/form-data; "
         "boundary=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
         "ggggggggggh",                               ERROR_MALFORMED       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct heard heard = {0};
        struct error err;

        (void)parse(str_of(rows[i].type), STR("--XyZ--"), 0, &heard, &err);
        if (err.code != rows[i].code)
            fail_msg("%s: %s", rows[i].type, err.message);
        buf_finish(&heard.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_form_reads_the_same_wherever_it_is_cut),
        cmocka_unit_test(test_what_is_no_strict_form_is_refused),
        cmocka_unit_test(test_a_form_has_a_hundred_parts_at_most),
        cmocka_unit_test(test_the_head_of_a_part_is_bounded),
        cmocka_unit_test(test_file_names_have_no_folders),
        cmocka_unit_test(test_only_forms_with_a_good_boundary_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
