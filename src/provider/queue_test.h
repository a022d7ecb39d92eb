/* provider/queue_test.h: what the tests of fal, replicate and bfl share. */
#pragma once

#include "provider/provider_test.h"
#include "provider/queue_private.h"

static const struct provider_image picture_a = {
    .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
};
static const struct provider_image pictures_ab[] = {
    {.bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}},
    {.bytes = {JPEG_BYTES, sizeof JPEG_BYTES - 1}},
};
#define URI_A "data:image/png;base64," PNG_BASE64
#define URI_B "data:image/jpeg;base64," JPEG_BASE64

static inline struct provider_request request_of(const char *model)
{
    return (struct provider_request){.model = str_of(model),
                                     .prompt = STR("a cup"),
                                     .count = 1,
                                     .compression = -1,
                                     .idempotency_key = STR("call-1")};
}

static inline struct provider_request edit_of(const char *model, size_t count)
{
    struct provider_request request = request_of(model);

    request.action = PROVIDER_EDIT;
    request.references = pictures_ab;
    request.reference_count = count;
    return request;
}

/* Begins, and must not be refused. */
static inline struct exchange begin_good(struct fixture *fixture, const struct provider_kind *kind,
                                         const struct provider_request *request)
{
    struct exchange exchange = {0};
    struct error err = {0};

    if (!kind->begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

/* Begins, and must be refused with that field. */
static inline void begin_refused(struct fixture *fixture, const struct provider_kind *kind,
                                 const struct provider_request *request, const char *field,
                                 const char *why)
{
    struct exchange exchange = {0};
    struct error err = {0};

    if (kind->begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: was not refused", why);
    if (strcmp(err.field, field) != 0)
        fail_msg("%s: field %s, not %s (%s)", why, err.field, field, err.message);
    assert_true(err.message[0] != 0);
}

static inline struct provider_verdict read_reply(struct fixture *fixture,
                                                 const struct provider_kind *kind,
                                                 const struct provider_request *request,
                                                 const struct exchange *exchange,
                                                 const struct exchange_reply *reply)
{
    struct provider_verdict verdict;

    kind->read(&fixture->account, request, exchange, reply, fixture->arena, &verdict);
    if (verdict.type == VERDICT_FAILED) {
        assert_int_not_equal(verdict.failure.class, FAILURE_NONE);
        assert_true(verdict.failure.message.size > 0);
        assert_true(verdict.failure.message.size <= PROVIDER_MESSAGE_MAX);
    }
    if (verdict.type == VERDICT_DONE)
        assert_true(verdict.picture_count > 0);
    if (verdict.type == VERDICT_WAIT) {
        struct exchange poll;
        struct error err = {0};
        assert_true(kind->poll(&fixture->account, verdict.remote_id, fixture->arena, &poll, &err));
    }
    return verdict;
}

static inline struct provider_verdict read_body(struct fixture *fixture,
                                                const struct provider_kind *kind,
                                                const struct exchange *exchange, int status,
                                                const char *body)
{
    struct provider_request request = request_of("any");
    struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, kind, &request, exchange, &reply);
}

static inline struct exchange poll_of(struct fixture *fixture, const struct provider_kind *kind,
                                      const char *remote_id)
{
    struct exchange exchange = {0};
    struct error err = {0};

    if (!kind->poll(&fixture->account, str_of(remote_id), fixture->arena, &exchange, &err))
        fail_msg("%s: %s", remote_id, err.message);
    assert_int_equal(exchange.purpose, EXCHANGE_POLL);
    assert_false(exchange.is_paid);
    return exchange;
}

/* Bytes that no service should send, to every kind of exchange: a verdict comes out, and no
 * success. */
static inline void read_hostile(struct fixture *fixture, const struct provider_kind *kind,
                                const struct exchange *exchange)
{
    static const struct str bodies[] = {
        {"",                                                                                    0 },
        {"null",                                                                                4 },
        {"[]",                                                                                  2 },
        {"0",                                                                                   1 },
        {"\"x\"",                                                                               3 },
        {"{",                                                                                   1 },
        {"{\"a\":\0}",                                                                          7 },
        {"\xff\xfe{}",                                                                          4 },
        {"<html><title>Hi</title>",                                                             23},
        {"{\"status\":7,\"id\":[],\"request_id\":{},\"images\":7,\"output\":{},\"result\":[]}", 70},
        {"{\"status\":\"COMPLETED\",\"images\":[{\"url\":\"file:///etc/passwd\"}]}",            62},
        {"{\"status\":\"succeeded\",\"output\":[1e308,null,true]}",                             48},
        {"{\"status\":\"Ready\",\"result\":{\"sample\":\"javascript:alert(1)\"}}",              60},
        {"{\"id\":\"../../x\",\"request_id\":\"../x\",\"polling_url\":\"ftp://x\"}",            61},
        {"{\"images\":[{\"url\":\"data:image/png;base64,iVBORw0KGgo\"}]}",                      56},
    };
    struct provider_request request = request_of("any");
    char *deep = arena_alloc(fixture->arena, 5000);

    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct exchange_reply reply = {
            .outcome = EXCHANGE_REPLIED, .status = 200, .body = bodies[i]};
        struct provider_verdict verdict = read_reply(fixture, kind, &request, exchange, &reply);
        if (verdict.type == VERDICT_DONE)
            fail_msg("hostile body %zu was taken", i);
    }
    memset(deep, '[', 5000);
    for (int status = 0; status < 700; status += 37) {
        struct exchange_reply reply = {
            .outcome = EXCHANGE_REPLIED, .status = status, .body = {.data = deep, .size = 5000}
        };
        assert_int_not_equal(read_reply(fixture, kind, &request, exchange, &reply).type,
                             VERDICT_DONE);
    }
}

/* What the form on the page offers is what the endpoint has names for. */
static inline void check_row(const struct provider_model *model, const struct queue_row *row)
{
    const struct queue_place *const places[] = {&row->generate, &row->edit, &row->several,
                                                &row->mask};
    bool can_count = true, has_size = false;

    assert_text(model->name, row->model);
    assert_int_equal(model->can_generate, row->generate.form != NULL);
    assert_int_equal(model->can_edit, row->edit.form != NULL || row->mask.form != NULL);
    assert_int_equal(model->can_mask, row->mask.form != NULL);
    assert_int_equal(model->references_max > 0, model->can_edit);
    if (row->first_micro > 0)
        assert_int_equal(row->first_micro, model->price_micro);
    for (size_t i = 0; i < COUNT(places); i++) {
        const struct queue_form *form = places[i]->form;
        if (form == NULL)
            continue;
        assert_int_equal(form->seed != NULL, model->has_seed);
        assert_int_equal(form->steps != NULL, model->has_steps);
        assert_int_equal(form->scale != NULL, model->has_scale);
        assert_int_equal(form->negative != NULL, model->has_negative);
        assert_int_equal(form->format != NULL, model->formats != NULL);
        can_count = can_count && form->count != NULL;
        has_size = has_size || form->size != QUEUE_SIZE_NONE;
        assert_int_equal(form->size == QUEUE_SIZE_RATIO, form->ratios != NULL);
        assert_int_equal(form->tier_name != NULL, form->tiers != NULL);
        if (form->size == QUEUE_SIZE_RATIO || form->size == QUEUE_SIZE_OBJECT)
            assert_non_null(form->size_name);
    }
    assert_int_equal(model->count_max > 1, can_count);
    if (model->sizes != NULL)
        assert_true(has_size);
}

/* How a reply with that status and body fails. */
struct failure_row {
    int status;
    const char *body;
    enum failure_class class;
    enum charged charged;
    int64_t retry_after_ms;
};

/* Refusals of a submission; and one that was lost, and one that never left. */
static inline void check_door(struct fixture *fixture, const struct provider_kind *kind,
                              const struct provider_request *request,
                              const struct failure_row *rows, size_t count)
{
    struct exchange exchange = begin_good(fixture, kind, request);
    struct exchange_reply lost = {.outcome = EXCHANGE_LOST, .err = {.message = "reset"}};

    for (size_t i = 0; i < count; i++) {
        struct provider_verdict verdict =
            read_body(fixture, kind, &exchange, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged ||
            verdict.failure.retry_after_ms != rows[i].retry_after_ms)
            fail_msg("%d %s: %s, charged %d", rows[i].status, rows[i].body,
                     failure_class_name(verdict.failure.class), verdict.failure.charged);
    }
    assert_int_equal(read_reply(fixture, kind, request, &exchange, &lost).failure.charged,
                     CHARGED_MAYBE);
    lost.outcome = EXCHANGE_NOT_SENT;
    assert_int_equal(read_reply(fixture, kind, request, &exchange, &lost).failure.charged,
                     CHARGED_NO);
}

struct probe_row {
    int status;
    const char *body;
    enum failure_class class; /* NONE: the catalogue's models are told */
};

static inline void check_probe(struct fixture *fixture, const struct provider_kind *kind,
                               const char *url, const struct probe_row *rows, size_t count)
{
    struct exchange exchange = {0};
    struct error err = {0};

    assert_true(kind->probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    assert_false(exchange.is_paid);
    assert_text(exchange.method, "GET");
    assert_text(exchange.url, url);
    for (size_t i = 0; i < count; i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t model_count;
        kind->read_probe(&fixture->account, &reply, fixture->arena, &models, &model_count,
                         &failure);
        if (failure.class != rows[i].class ||
            model_count != (failure.class == FAILURE_NONE ? kind->model_count : 0))
            fail_msg("%d %s: %s", rows[i].status, rows[i].body, failure_class_name(failure.class));
        assert_int_equal(failure.charged, CHARGED_NO);
    }
}
