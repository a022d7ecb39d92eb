/* provider/mock_private.h: what the mock's files share. */
#pragma once

#include "provider/provider_private.h"

/* A number of the call's own: the same for the same call, another for another use. */
uint64_t mock_chance(const struct provider_request *request, uint64_t use);
/* What the mock answers a request for text: the same for the same call; it says that it is a
 * mock's, and with a schema it is an object that fits. */
struct str mock_write(const struct provider_request *request, struct arena *arena);
