/* What is read can be written and reads the same; any bytes survive both alphabets.  So do hashes.
 */
#include "core/hash.h"
#include "fuzz.h"

static void check_there_and_back(struct str bytes, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf padded = {0};
    CLEANUP(buf_finish) struct buf url = {0};
    struct str back;

    base64_add(&padded, bytes);
    base64url_add(&url, bytes);
    MUST(padded.size == (bytes.size + 2) / 3 * 4);
    MUST(base64_read(buf_str(&padded), bytes.size, arena, &back) && str_equal(back, bytes));
    MUST(base64_read(buf_str(&url), bytes.size, arena, &back) && str_equal(back, bytes));
    MUST(bytes.size == 0 || !base64_read(buf_str(&url), bytes.size - 1, arena, &back));
}

static void check_hex(struct str text)
{
    char written[SHA256_HEX_SIZE + 1];
    struct sha256 hash;

    if (!sha256_of_hex(text, &hash))
        return;
    sha256_hex(&hash, written);
    MUST(str_equal_nocase(text, str_of(written)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));
    struct str plain;

    if (base64_read(text, size, arena, &plain)) {
        MUST(plain.size <= size / 4 * 3 + 2);
        check_there_and_back(plain, arena);
    }
    check_there_and_back(text, arena);
    check_hex(text);
    arena_destroy(arena);
    return 0;
}
