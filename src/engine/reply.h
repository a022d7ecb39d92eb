/* engine/reply.h: a provider's answer as an attempt keeps it.  It knows no drive and no net. */
#pragma once

#include "core/arena.h"
#include "provider/provider.h"

/*
 * Copies `reply` into `arena`, which gives out `memory_max` bytes in all; a body only when it
 * leaves as much room again as it takes, for what is read out of it.  One that does not is what the
 * net makes of a reply that is too large: EXCHANGE_LOST with ERROR_TOO_LARGE, without the body.
 * What a provider says beside a status that is no 2xx is cut at 1 MiB.  `stream_body`: where the
 * body of a stream stands in `arena` already; NULL: it is the reply's own.
 */
void reply_keep(const struct exchange_reply *reply, const struct str *stream_body, int64_t now_ms,
                struct arena *arena, size_t memory_max, struct exchange_reply *out);
