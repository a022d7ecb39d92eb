#include "core/hash.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_SIZE_MAX 512

static const void *bytes_of(struct str bytes) { return bytes.data == NULL ? "" : bytes.data; }

/* OpenSSL fails here for want of memory only: see STYLE, small allocations abort. */
static void must(int is_done)
{
    if (is_done != 1)
        abort();
}

struct sha256 sha256_of(struct str bytes)
{
    struct sha256 hash;

    /* OpenSSL looks its algorithms up for every hash, which for a key takes longer than hashing. */
    if (bytes.size <= SHORT_SIZE_MAX) {
        crypto_hash_sha256(hash.bytes, bytes_of(bytes), bytes.size);
        return hash;
    }
    must(EVP_Digest(bytes_of(bytes), bytes.size, hash.bytes, NULL, EVP_sha256(), NULL));
    return hash;
}

void sha1_of(struct str bytes, uint8_t out[SHA1_SIZE])
{
    must(EVP_Digest(bytes_of(bytes), bytes.size, out, NULL, EVP_sha1(), NULL));
}

struct sha256 hmac_sha256(struct str key, struct str bytes)
{
    struct sha256 hash;
    struct sha256 short_key;

    if (key.size > 64) { /* RFC 2104: a key beyond the block is hashed; this also keeps it an int */
        short_key = sha256_of(key);
        key = (struct str){.data = (const char *)short_key.bytes, .size = SHA256_SIZE};
    }
    must(HMAC(EVP_sha256(), bytes_of(key), (int)key.size, bytes_of(bytes), bytes.size, hash.bytes,
              NULL) != NULL);
    return hash;
}

void sha256_hex(const struct sha256 *hash, char out[SHA256_HEX_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SHA256_SIZE; i++) {
        out[i * 2] = digits[hash->bytes[i] >> 4];
        out[i * 2 + 1] = digits[hash->bytes[i] & 15];
    }
    out[SHA256_HEX_SIZE] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool sha256_of_hex(struct str hex, struct sha256 *out)
{
    struct sha256 hash;

    if (hex.size != SHA256_HEX_SIZE)
        return false;
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        int high = hex_value(hex.data[i * 2]);
        int low = hex_value(hex.data[i * 2 + 1]);

        if (high < 0 || low < 0)
            return false;
        hash.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = hash;
    return true;
}

struct hasher {
    EVP_MD_CTX *context;
};

struct hasher *hasher_create(void)
{
    struct hasher *hasher = calloc(1, sizeof(*hasher));

    if (hasher == NULL)
        abort();
    hasher->context = EVP_MD_CTX_new();
    must(hasher->context != NULL);
    must(EVP_DigestInit_ex(hasher->context, EVP_sha256(), NULL));
    return hasher;
}

void hasher_add(struct hasher *hasher, const void *data, size_t size)
{
    must(EVP_DigestUpdate(hasher->context, data, size));
}

struct sha256 hasher_end(struct hasher *hasher)
{
    struct sha256 hash;

    must(EVP_DigestFinal_ex(hasher->context, hash.bytes, NULL));
    return hash;
}

void hasher_destroy(struct hasher *hasher)
{
    if (hasher == NULL)
        return;
    EVP_MD_CTX_free(hasher->context);
    free(hasher);
}

uint64_t hash_u64(struct str bytes, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;

    for (size_t i = 0; i < bytes.size; i++)
        hash = (hash ^ (unsigned char)bytes.data[i]) * UINT64_C(0x100000001b3);
    /* FNV leaves the high bits weak for short texts. */
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}

static void add_base64(struct buf *out, struct str bytes, const char *alphabet, bool is_padded)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t left = bytes.size;

    buf_reserve(out, bytes.size / 3 * 4 + 4);
    for (; left > 0; data += 3, left -= left < 3 ? left : 3) {
        uint32_t bits = (uint32_t)data[0] << 16 | (left > 1 ? (uint32_t)data[1] << 8 : 0) |
                        (left > 2 ? data[2] : 0);
        char four[] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63], alphabet[bits >> 6 & 63],
                       alphabet[bits & 63]};
        size_t size = left > 2 ? 4 : left + 1;

        if (is_padded && left < 3) {
            four[3] = '=';
            if (left == 1)
                four[2] = '=';
            size = 4;
        }
        buf_add(out, (struct str){.data = four, .size = size});
        if (left < 3)
            break;
    }
}

void base64_add(struct buf *out, struct str bytes)
{
    add_base64(out, bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
               true);
}

void base64url_add(struct buf *out, struct str bytes)
{
    add_base64(out, bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
               false);
}

enum { SYMBOL_BAD = 64, SYMBOL_SPACE = 65, SYMBOL_PAD = 66 };

static unsigned symbol(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    if (c == '+' || c == '-')
        return 62;
    if (c == '/' || c == '_')
        return 63;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return SYMBOL_SPACE;
    return c == '=' ? SYMBOL_PAD : SYMBOL_BAD;
}

/* "data:image/png;base64,…": leaves what follows the comma.  False for a data URL that is not
 * base64. */
static bool skip_data_prefix(struct str *text)
{
    struct str rest = str_trim(*text);
    struct str head;

    if (!str_equal_nocase(str_slice(rest, 0, 5), STR("data:")))
        return true;
    head = str_cut(&rest, ',');
    if (rest.data == NULL || head.size < 7 ||
        !str_equal_nocase(str_slice(head, head.size - 7, 7), STR(";base64")))
        return false;
    *text = rest;
    return true;
}

/* Counts what carries bits; false for a foreign character or padding that is not the end. */
static bool count_symbols(struct str text, size_t *count)
{
    size_t pads = 0;

    *count = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned value = symbol(text.data[i]);

        if (value == SYMBOL_BAD || (value < SYMBOL_BAD && pads > 0))
            return false;
        if (value == SYMBOL_PAD)
            pads++;
        else if (value < SYMBOL_BAD)
            (*count)++;
    }
    /* One symbol holds six bits: no byte.  Padding, where there is some, fills a group of four. */
    return *count % 4 != 1 && (pads == 0 || (pads <= 2 && (*count + pads) % 4 == 0));
}

bool base64_read(struct str text, size_t size_max, struct arena *arena, struct str *out)
{
    size_t count;
    size_t size;
    size_t written = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    char *data;

    if (!skip_data_prefix(&text) || !count_symbols(text, &count))
        return false;
    size = count / 4 * 3 + (count % 4 == 0 ? 0 : count % 4 - 1);
    if (size > size_max)
        return false;
    data = arena_try_alloc(arena, size);
    if (data == NULL)
        return false;
    for (size_t i = 0; i < text.size && written < size; i++) {
        unsigned value = symbol(text.data[i]);

        if (value >= SYMBOL_BAD)
            continue;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            data[written++] = (char)(bits >> held & 0xff);
        }
    }
    *out = (struct str){.data = data, .size = size};
    return true;
}
