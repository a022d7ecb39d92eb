/* An address reads as inet_pton() has it; what strangers may reach the owner may; wrapping an IPv4
 * address in IPv6 opens nothing. */
#include "fuzz.h"
#include "net/guard.h"

#include <arpa/inet.h>
#include <string.h>

static void check_verdicts(const struct guard_address *address)
{
    static const uint8_t wrappers[][12] = {
        {[10] = 0xff, [11] = 0xff}, /* mapped */
        { 0, 0x64,              0xff, 0x9b}, /* NAT64 */
    };

    MUST(!guard_allows(NET_PUBLIC, address) || guard_allows(NET_OWNER, address));
    MUST(!guard_is_loopback(address) || !guard_allows(NET_PUBLIC, address));
    for (size_t i = 0; address->family == AF_INET && i < COUNT(wrappers); i++) {
        struct guard_address wrapped = {.family = AF_INET6};

        memcpy(wrapped.bytes, wrappers[i], sizeof(wrappers[i]));
        memcpy(wrapped.bytes + 12, address->bytes, 4);
        MUST(!guard_allows(NET_PUBLIC, &wrapped) || guard_allows(NET_PUBLIC, address));
        MUST(!guard_allows(NET_OWNER, &wrapped) || guard_allows(NET_OWNER, address));
    }
}

static void check_there_and_back(const struct guard_address *address)
{
    struct guard_address again;
    char text[GUARD_TEXT_SIZE];

    guard_format(address, text);
    MUST(guard_of_text(str_of(text), &again) && guard_equal(address, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    struct guard_address address;
    char cstr[GUARD_TEXT_SIZE] = {0};
    uint8_t bytes[16];
    bool is_address = false;

    if (size < sizeof(cstr) && (size == 0 || memchr(data, 0, size) == NULL)) {
        memcpy(cstr, data, size);
        is_address = inet_pton(AF_INET, cstr, bytes) == 1 || inet_pton(AF_INET6, cstr, bytes) == 1;
    }
    MUST(guard_of_text(text, &address) == is_address);
    if (is_address) {
        check_verdicts(&address);
        check_there_and_back(&address);
    }
    /* The bytes themselves, too. */
    if (size == 4 || size == 16) {
        address = (struct guard_address){.family = size == 4 ? AF_INET : AF_INET6};
        memcpy(address.bytes, data, size);
        check_verdicts(&address);
        check_there_and_back(&address);
    }
    return 0;
}
