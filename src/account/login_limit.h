/*
 * account/login_limit.h: how often passwords may be guessed (security.md S5).  Knows no user, no
 * HTTP: a guess is three keys.  In memory, of fixed size, which may outlive the process.
 *
 * Each account name (of a user or of nobody), each address, and all together have a limit: after a
 * number of free guesses each further one waits twice as long as the last.  A guess from a device
 * that has logged in to the account before is counted in that device's own row and in no other, so
 * strangers cannot keep the owner out.
 */
#pragma once

#include "core/random.h"
#include "core/str.h"

struct login_limit; /* opaque: login_limit.c */

struct login_guess {
    struct str name;   /* as it is compared */
    struct str ip;     /* IPv6 counts by /64 */
    struct str device; /* of a device known for this name; empty: unknown */
};

/*
 * The caller owns it.  `random` salts the table.  `memory`: login_limit_memory_size() bytes, zeroed
 * before the first use, borrowed for the limit's life; what is counted is counted there.  NULL:
 * memory of its own.
 */
struct login_limit *login_limit_create(const struct random *random, void *memory, int64_t now_ms);
size_t login_limit_memory_size(void);
void login_limit_destroy(struct login_limit *limit); /* takes NULL */

/*
 * Counts the guess as failed in advance, so that parallel ones are counted too.  False: not now;
 * nothing was counted and `*wait_ms` says after how long.  `now_ms` never goes back.  Any thread.
 */
MUST_CHECK bool login_limit_take(struct login_limit *limit, const struct login_guess *guess,
                                 int64_t now_ms, int64_t *wait_ms);
/* The guess was right: the name's (or the device's) failures are forgotten, the rest taken back. */
void login_limit_forgive(struct login_limit *limit, const struct login_guess *guess);
/* The guess was never looked at: taken back. */
void login_limit_refund(struct login_limit *limit, const struct login_guess *guess);
