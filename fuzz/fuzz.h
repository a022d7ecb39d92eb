/* fuzz/fuzz.h: what each fuzzer defines, for libFuzzer or for replay.c. */
#pragma once

#include "core/str.h"

#include <stdlib.h>

/* libFuzzer names it so.  Always 0; whatever is wrong aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assert that no build can leave out. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)
