/* provider/comfyui_test.h: what the comfyui kind's tests share. */
#pragma once

#include "provider/provider_test.h"

#include "provider/comfyui_private.h"

#define KEY "test-key-0123456789"
#define ID "0a1b2c3d-0000-4000-8000-000000000001"

static inline struct provider_request request_of(const char *model)
{
    return (struct provider_request){.model = str_of(model),
                                     .prompt = STR("a cup"),
                                     .count = 1,
                                     .compression = -1,
                                     .idempotency_key = STR("call-1")};
}

static inline struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_comfyui.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static inline struct provider_verdict read_reply(struct fixture *fixture,
                                                 const struct provider_request *request,
                                                 const struct exchange *exchange,
                                                 const struct exchange_reply *reply)
{
    struct provider_verdict verdict;

    provider_comfyui.read(&fixture->account, request, exchange, reply, fixture->arena, &verdict);
    return verdict;
}

static inline struct provider_verdict read_body(struct fixture *fixture,
                                                const struct provider_request *request,
                                                const struct exchange *exchange, int status,
                                                const char *body)
{
    struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, request, exchange, &reply);
}

/* The exchange that follows a good answer. */
static inline struct exchange next_of(struct fixture *fixture,
                                      const struct provider_request *request,
                                      const struct exchange *exchange, const char *body)
{
    struct provider_verdict verdict = read_body(fixture, request, exchange, 200, body);

    if (verdict.type != VERDICT_NEXT)
        fail_msg("%.*s -> %.*s", STR_ARGS(exchange->url), STR_ARGS(verdict.failure.message));
    return verdict.next;
}

static inline struct exchange submit_of(struct fixture *fixture,
                                        const struct provider_request *request)
{
    fixture_options(fixture, "{\"checkpoint\":\"model.safetensors\"}");
    return begin(fixture, request);
}

static inline struct exchange poll_of(struct fixture *fixture)
{
    struct exchange exchange;
    struct error err;

    assert_true(provider_comfyui.poll(&fixture->account, STR(ID), fixture->arena, &exchange, &err));
    return exchange;
}

/* Options with this workflow, quoted once more. */
#define GRAPH(text) "{\"workflows\":[{\"id\":\"custom\",\"graph\":\"" text "\"}]}"
/* Options with a workflow that takes %prompt% and what `inputs` say. */
#define OWN(inputs)                                                                                \
    GRAPH("{\\\"a\\\":{\\\"class_type\\\":\\\"A\\\",\\\"inputs\\\":{\\\"t\\\":"                    \
          "\\\"%prompt%\\\"" inputs "}}}")
