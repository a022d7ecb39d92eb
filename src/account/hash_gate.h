/*
 * account/hash_gate.h: how many passwords are hashed at once.  A hash takes 64 MiB and a core for
 * a fifth of a second; without a gate a burst of logins would starve or kill the server
 * (security.md S2).  Knows nothing.
 */
#pragma once

#include "core/error.h"

struct hash_gate; /* opaque: hash_gate.c */

/* `parallel` inside and as many more waiting; both at least 1.  The caller owns it. */
struct hash_gate *hash_gate_create(size_t parallel);
void hash_gate_destroy(struct hash_gate *gate); /* takes NULL; nobody may be inside */

/*
 * Enters, waiting for a turn.  Fails: ERROR_RATE_LIMITED with retry_after_ms when too many wait
 * already.  Any thread.
 */
MUST_CHECK bool hash_gate_enter(struct hash_gate *gate, struct error *err);
void hash_gate_leave(struct hash_gate *gate);
