/*
 * core/sign.h: signatures of HTTP requests in the form of AWS's version 4: AWS's own for S3, and
 * Volcengine's.  Pure: the time is an argument.  Facts 4C and 7.2 in facts/providers.md.
 */
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "core/secret.h"
#include "core/str.h"

struct sign_scheme {
    const char *algorithm, *key_prefix, *terminator;
    const char *date_header, *payload_header;
    const char *query_prefix; /* of an address's own items; NULL: the scheme signs no addresses */
};
extern const struct sign_scheme sign_aws;  /* AWS4-HMAC-SHA256: S3 and what is compatible with it */
extern const struct sign_scheme sign_volc; /* HMAC-SHA256 of Volcengine */

#define SIGN_UNSIGNED "UNSIGNED-PAYLOAD" /* the hash of a body that nobody has hashed */
#define SIGN_HEADERS_MAX 24
#define SIGN_QUERY_MAX 32

struct sign_header {
    struct str name, value;
};

/* One request as it will leave.  All borrowed. */
struct sign_request {
    struct str method;
    struct str host;                   /* with :port when that is not the scheme's own (7.2) */
    struct str path;                   /* as sent, encoded once: sign_path_add() */
    struct str query;                  /* as sent, without "?"; its order does not matter */
    const struct sign_header *headers; /* more that is to be signed, such as X-Security-Token */
    size_t header_count;
    struct str payload_hash; /* lower-case hex of the body's SHA-256, or SIGN_UNSIGNED */
    bool has_payload_header; /* the hash travels as a header too; S3 wants it, Volcengine may */
    struct str key_id, region, service;
    struct secret key;
    int64_t wall_ms;
};

/* What was made, in the arena; everything but the first is for tests and for finding faults. */
struct signature {
    struct str authorization;
    struct str hex, date, signed_headers, canonical, to_sign;
};

/*
 * Signs the headers Host, the date, the payload's hash when it travels, and `headers`.  At most
 * SIGN_HEADERS_MAX - 3 of the latter, and SIGN_QUERY_MAX items in the query: more is an assert, for
 * both are written by us.
 */
void sign_headers(const struct sign_scheme *scheme, const struct sign_request *request,
                  struct arena *arena, struct signature *out);
/* What is to be sent beside the request's own headers, in `added`; gives how many. */
#define SIGN_ADDED_MAX 3
size_t sign_added(const struct sign_scheme *scheme, const struct sign_request *request,
                  const struct signature *signature, struct sign_header added[SIGN_ADDED_MAX]);
/*
 * A query that carries its own signature for `expires_s` seconds (1 to 604,800): `request->query`
 * and the scheme's items, encoded and in order.  The payload is unsigned, and so
 * `has_payload_header` does not count.
 */
struct str sign_query(const struct sign_scheme *scheme, const struct sign_request *request,
                      int64_t expires_s, struct arena *arena, struct signature *out);

/* A path encoded once: everything but A-Z a-z 0-9 - _ . ~ and /. */
void sign_path_add(struct buf *buf, struct str path);
/* The key of one day, region and service: `date` begins with YYYYMMDD. */
struct sha256 sign_key(const struct sign_scheme *scheme, struct secret key, struct str date,
                       struct str region, struct str service);
