/* core/secret.h: passwords, sealed keys and tokens.  libsodium stays behind it.  Nothing here can
 * be printed. */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/str.h"

/* Call once before anything else here.  Fails: ERROR_INTERNAL.  Thread: main. */
MUST_CHECK bool secret_init(struct error *err);

/* A key in memory for as long as a call needs it.  No printer takes it: use secret_expose() where
 * bytes leave. */
struct secret {
    struct str hidden;
};
static inline struct str secret_expose(struct secret secret) { return secret.hidden; }
void secret_wipe(void *data, size_t size);

/* argon2id, 16-byte salt, 32-byte tag, PHC string.  Slow (150-300 ms) and 64 MiB: see account's
 * limiter. */
#define PASSWORD_HASH_SIZE 128
/* Fails: ERROR_UNAVAILABLE when there is no memory for it. */
MUST_CHECK bool password_hash(struct str password, char out[PASSWORD_HASH_SIZE], struct error *err);
bool password_verify(struct str password, struct str phc);
bool password_needs_rehash(struct str phc);

/* The master key: 32 bytes, lives beside the database (security.md S46). */
struct master_key {
    uint8_t bytes[32];
};
/* XChaCha20-Poly1305 with `context` (table, row and owner) as associated data.  Text form:
 * base64url of nonce + box. */
struct str secret_seal(const struct master_key *key, struct str plain, struct str context,
                       struct arena *arena);
/* Fails: ERROR_INTERNAL when the key, the context or the text is not the one it was sealed with. */
MUST_CHECK bool secret_open(const struct master_key *key, struct str sealed, struct str context,
                            struct arena *arena, struct secret *out, struct error *err);

/*
 * A new bearer token: `prefix`_ + 256 random bits + 6 characters of checksum, base62, so that a
 * secret scanner knows it (S10).  Only sha256_of() of it is ever stored.
 */
struct str token_make(struct str prefix, struct arena *arena);
bool token_is_whole(struct str token, struct str prefix); /* the checksum holds */
