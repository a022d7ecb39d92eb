/* provider/anthropic_private.h: what the anthropic kind's two files share. */
#pragma once

#include "provider/provider_private.h"

/* What a call may go without, when the service refuses it by name.  Bits of exchange.dropped. */
enum anthropic_field {
    ANTHROPIC_FORMAT, /* output_config: then the answer comes as a tool's input */
    ANTHROPIC_USER,   /* metadata */
    ANTHROPIC_FIELD_COUNT
};

MUST_CHECK bool anthropic_build(const struct provider_account *account,
                                const struct provider_request *request, uint64_t dropped,
                                struct arena *arena, struct exchange *out, struct error *err);
/* True when the call asks for a tool's input. */
bool anthropic_uses_tool(const struct provider_request *request, uint64_t dropped);
void anthropic_read(const struct provider_account *account, const struct provider_request *request,
                    const struct exchange *exchange, const struct exchange_reply *reply,
                    struct arena *arena, struct provider_verdict *out);
