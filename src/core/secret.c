#include "core/secret.h"

#include "core/random.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* security.md S1. */
enum { OPSLIMIT = 3, MEMLIMIT = 64 * 1024 * 1024 };
enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    TOKEN_BYTES = 32,
    TOKEN_BODY_SIZE = 43, /* 62^43 > 2^256 */
    TOKEN_CHECK_SIZE = 6, /* 62^6 > 2^32 */
};

static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "the header promises sodium's size");
static_assert(sizeof(struct master_key) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
              "the master key is the cipher's key");

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool secret_init(struct error *err)
{
    if (sodium_init() < 0)
        return error_set(err, ERROR_INTERNAL, "the cryptography library does not start");
    return true;
}

void secret_wipe(void *data, size_t size)
{
    if (size > 0)
        sodium_memzero(data, size);
}

bool password_hash(struct str password, char out[PASSWORD_HASH_SIZE], struct error *err)
{
    char made[PASSWORD_HASH_SIZE] = {0};

    if (crypto_pwhash_str_alg(made, password.data == NULL ? "" : password.data, password.size,
                              OPSLIMIT, MEMLIMIT, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return error_set(err, ERROR_UNAVAILABLE, "there is no memory to hash a password");
    memcpy(out, made, sizeof(made));
    return true;
}

/* sodium wants a NUL; false when it is no PHC text of ours by its size. */
static bool phc_cstr(struct str phc, char out[PASSWORD_HASH_SIZE])
{
    if (phc.size == 0 || phc.size >= PASSWORD_HASH_SIZE)
        return false;
    memset(out, 0, PASSWORD_HASH_SIZE);
    memcpy(out, phc.data, phc.size);
    return true;
}

bool password_verify(struct str password, struct str phc)
{
    char stored[PASSWORD_HASH_SIZE];

    return phc_cstr(phc, stored) &&
           crypto_pwhash_str_verify(stored, password.data == NULL ? "" : password.data,
                                    password.size) == 0;
}

bool password_needs_rehash(struct str phc)
{
    char stored[PASSWORD_HASH_SIZE];

    return !phc_cstr(phc, stored) ||
           crypto_pwhash_str_needs_rehash(stored, OPSLIMIT, MEMLIMIT) != 0;
}

static const unsigned char *bytes_of(struct str bytes)
{
    return (const unsigned char *)(bytes.data == NULL ? "" : bytes.data);
}

struct str secret_seal(const struct master_key *key, struct str plain, struct str context,
                       struct arena *arena)
{
    size_t size = NONCE_SIZE + plain.size + TAG_SIZE;
    unsigned char *box = arena_alloc(arena, size);
    CLEANUP(buf_finish) struct buf text = {0};
    unsigned long long box_size = 0;
    int rc;

    random_fill(&random_system, box, NONCE_SIZE);
    rc = crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE_SIZE, &box_size, bytes_of(plain),
                                                    plain.size, bytes_of(context), context.size,
                                                    NULL, box, key->bytes);
    assert(rc == 0);
    assert(box_size + NONCE_SIZE == size);
    base64url_add(&text, (struct str){.data = (const char *)box, .size = size});
    return arena_str(arena, buf_str(&text));
}

bool secret_open(const struct master_key *key, struct str sealed, struct str context,
                 struct arena *arena, struct secret *out, struct error *err)
{
    struct str box;
    unsigned char *plain;
    unsigned long long size = 0;

    if (!base64_read(sealed, sealed.size, arena, &box) || box.size < NONCE_SIZE + TAG_SIZE)
        return error_set(err, ERROR_INTERNAL, "a stored secret is damaged");
    plain = arena_alloc(arena, box.size - NONCE_SIZE - TAG_SIZE);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &size, NULL, bytes_of(box) + NONCE_SIZE,
                                                   box.size - NONCE_SIZE, bytes_of(context),
                                                   context.size, bytes_of(box), key->bytes) != 0)
        return error_set(err, ERROR_INTERNAL, "a stored secret does not open with this key");
    *out = (struct secret){
        .hidden = {.data = (const char *)plain, .size = (size_t)size}
    };
    return true;
}

/* Writes the big-endian number in `bytes`, which becomes zero, in `size` digits. */
static void write_base62(unsigned char *bytes, size_t count, char *out, size_t size)
{
    for (size_t i = size; i > 0; i--) {
        unsigned remainder = 0;

        for (size_t at = 0; at < count; at++) {
            unsigned value = remainder << 8 | bytes[at];

            bytes[at] = (unsigned char)(value / 62);
            remainder = value % 62;
        }
        out[i - 1] = base62[remainder];
    }
}

/* CRC-32 as in ISO 3309 and zlib. */
static uint32_t crc32_of(struct str text)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < text.size; i++) {
        crc ^= (unsigned char)text.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xedb88320) & -(crc & 1));
    }
    return ~crc;
}

static void write_check(struct str text, char out[TOKEN_CHECK_SIZE])
{
    uint32_t crc = crc32_of(text);
    unsigned char bytes[] = {(unsigned char)(crc >> 24), (unsigned char)(crc >> 16 & 0xff),
                             (unsigned char)(crc >> 8 & 0xff), (unsigned char)(crc & 0xff)};

    write_base62(bytes, sizeof(bytes), out, TOKEN_CHECK_SIZE);
}

struct str token_make(struct str prefix, struct arena *arena)
{
    size_t head = prefix.size + 1 + TOKEN_BODY_SIZE;
    char *token = arena_alloc(arena, head + TOKEN_CHECK_SIZE);
    unsigned char chance[TOKEN_BYTES];

    assert(prefix.size > 0);
    memcpy(token, prefix.data, prefix.size);
    token[prefix.size] = '_';
    random_fill(&random_system, chance, sizeof(chance));
    write_base62(chance, sizeof(chance), token + prefix.size + 1, TOKEN_BODY_SIZE);
    write_check((struct str){.data = token, .size = head}, token + head);
    return (struct str){.data = token, .size = head + TOKEN_CHECK_SIZE};
}

bool token_is_whole(struct str token, struct str prefix)
{
    size_t head = prefix.size + 1 + TOKEN_BODY_SIZE;
    char check[TOKEN_CHECK_SIZE];

    if (token.size != head + TOKEN_CHECK_SIZE || !str_starts_with(token, prefix) ||
        token.data[prefix.size] != '_')
        return false;
    for (size_t i = prefix.size + 1; i < token.size; i++)
        if (token.data[i] == '\0' || strchr(base62, token.data[i]) == NULL)
            return false;
    write_check(str_slice(token, 0, head), check);
    return str_equal_secret(str_slice(token, head, TOKEN_CHECK_SIZE),
                            (struct str){.data = check, .size = sizeof(check)});
}
