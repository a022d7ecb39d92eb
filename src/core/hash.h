/* core/hash.h: SHA-256, HMAC, hexadecimal and base64.  OpenSSL stays behind it. */
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "core/str.h"

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE 64

struct sha256 {
    uint8_t bytes[SHA256_SIZE];
};

struct sha256 sha256_of(struct str bytes);
struct sha256 hmac_sha256(struct str key, struct str bytes);
/* Lower-case hexadecimal, NUL-terminated. */
void sha256_hex(const struct sha256 *hash, char out[SHA256_HEX_SIZE + 1]);
MUST_CHECK bool sha256_of_hex(struct str hex, struct sha256 *out);

/* For protocols that ask for it (RFC 6455); never for trust. */
#define SHA1_SIZE 20
void sha1_of(struct str bytes, uint8_t out[SHA1_SIZE]);

struct hasher; /* opaque: hash.c; SHA-256 piece by piece */
struct hasher *hasher_create(void);
void hasher_add(struct hasher *hasher, const void *data, size_t size);
struct sha256 hasher_end(struct hasher *hasher); /* once; then only destroy */
void hasher_destroy(struct hasher *hasher);      /* takes NULL */

uint64_t hash_u64(struct str bytes, uint64_t seed); /* FNV-1a mixed; for tables, never for trust */

void base64_add(struct buf *out, struct str bytes);    /* RFC 4648, padded */
void base64url_add(struct buf *out, struct str bytes); /* RFC 4648 5, no padding */
/*
 * Liberal reading for provider replies: both alphabets, missing padding, white space and a
 * "data:…;base64," prefix.  False when a character or the length is impossible or the result would
 * pass `size_max`; `*out` is in `arena`.
 */
MUST_CHECK bool base64_read(struct str text, size_t size_max, struct arena *arena, struct str *out);
