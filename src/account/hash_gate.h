/*
 * account/hash_gate.h: how many passwords are hashed at once.  A hash takes 64 MiB and a core for
 * a fifth of a second; without a gate a burst of logins would starve or kill the server
 * (security.md S2).  Knows nothing.
 */
#pragma once

#include "core/error.h"

struct hash_gate; /* opaque: hash_gate.c */

/* Known: who has logged in here before, by a session, a known device or the set-up link. */
enum hash_guest { HASH_STRANGER, HASH_KNOWN, HASH_GUEST_COUNT };

/* `parallel` inside and as many more waiting, of each kind; at least 1.  The caller owns it. */
struct hash_gate *hash_gate_create(size_t parallel);
void hash_gate_destroy(struct hash_gate *gate); /* takes NULL; nobody may be inside */

/*
 * Enters, waiting for a turn; the known go first and have places of their own to wait, so that a
 * burst of strangers keeps nobody out who is known.  Fails: ERROR_RATE_LIMITED with retry_after_ms
 * when too many of the kind wait already.  Any thread.
 */
MUST_CHECK bool hash_gate_enter(struct hash_gate *gate, enum hash_guest guest, struct error *err);
void hash_gate_leave(struct hash_gate *gate);
