/*
 * engine/owner.h: who owns running tasks: a process, by a lock that the kernel drops at its death
 * (engine.md 5). Clocks play no part in it.
 */
#pragma once

#include "core/error.h"
#include "core/id.h"

struct owner; /* opaque: owner.c */

/* Takes the lock of a new owner in `directory`, made when missing, and removes those of the dead.
 * Fails: ERROR_INTERNAL. */
MUST_CHECK bool owner_open(const char *directory, const struct id *id, struct owner **out,
                           struct error *err);
void owner_close(struct owner *owner); /* takes NULL */
struct str owner_name(const struct owner *owner);
/* True when nobody holds that name's lock; its file is removed.  Our own is alive. */
bool owner_is_dead(const struct owner *owner, struct str name);
