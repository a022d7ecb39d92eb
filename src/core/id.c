#include "core/id.h"

#include <string.h>

enum { TIME_SIZE = 10 };
#define TIME_MAX ((INT64_C(1) << 48) - 1)

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void write_time(char *out, int64_t wall_ms)
{
    uint64_t rest = (uint64_t)(wall_ms < 0 ? 0 : wall_ms > TIME_MAX ? TIME_MAX : wall_ms);

    for (size_t i = TIME_SIZE; i > 0; i--) {
        out[i - 1] = digits[rest & 31];
        rest >>= 5;
    }
}

struct id id_make(const struct clock *clock, const struct random *random)
{
    struct id id = {0};
    unsigned char chance[ID_SIZE - TIME_SIZE];

    write_time(id.text, clock_wall_ms(clock));
    random_fill(random, chance, sizeof(chance));
    for (size_t i = 0; i < sizeof(chance); i++)
        id.text[TIME_SIZE + i] = digits[chance[i] & 31];
    return id;
}

bool id_parse(struct str text, struct id *out)
{
    struct id id = {0};

    /* 26 digits hold 130 bits; the first must leave the top two empty. */
    if (text.size != ID_SIZE || text.data[0] > '7')
        return false;
    for (size_t i = 0; i < ID_SIZE; i++) {
        char c = text.data[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c == '\0' || strchr(digits, c) == NULL)
            return false;
        id.text[i] = c;
    }
    *out = id;
    return true;
}

struct id id_floor(int64_t wall_ms)
{
    struct id id = {0};

    write_time(id.text, wall_ms);
    memset(id.text + TIME_SIZE, '0', ID_SIZE - TIME_SIZE);
    return id;
}
