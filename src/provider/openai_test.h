/* provider/openai_test.h: what the tests of OpenAI's ways to order a picture share. */
#pragma once

#include "provider/provider_test.h"

#include "provider/openai_private.h"

static const struct provider_image picture = {
    {PNG_BYTES,   sizeof PNG_BYTES - 1},
    {"image/png", 9                   },
    {"a.png",     5                   }
};

static inline struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static inline struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_openai.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static inline struct provider_verdict read_body(struct fixture *fixture,
                                                const struct provider_request *request,
                                                const struct exchange *exchange, int status,
                                                const char *body)
{
    struct provider_verdict verdict;
    struct exchange_reply reply = reply_of(status, body);

    provider_openai.read(&fixture->account, request, exchange, &reply, fixture->arena, &verdict);
    return verdict;
}
