/* A date that is read is written so that it reads the same. */
#include "core/clock.h"
#include "fuzz.h"

static void check_there_and_back(int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t back;

    clock_format(wall_ms, text);
    MUST(clock_parse(str_of(text), &back) && back == wall_ms);
    clock_format_http(wall_ms, text);
    MUST(clock_parse_http(str_of(text), &back));
    MUST(back <= wall_ms && wall_ms - back < 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    int64_t wall_ms;

    if (clock_parse(text, &wall_ms))
        check_there_and_back(wall_ms);
    if (clock_parse_http(text, &wall_ms)) {
        MUST(wall_ms % 1000 == 0);
        check_there_and_back(wall_ms);
    }
    return 0;
}
