/* core/json_private.h: the grammar check that stands before json-c. */
#pragma once

#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

struct json_scan {
    size_t depth_max, nodes_max;
    bool takes_half_pairs; /* half a surrogate pair passes: json-c reads it as U+FFFD */
    size_t members;        /* names seen, for finding duplicates */
    /*
     * The text again with ".0" behind each integer beyond int64, which json-c would saturate or
     * refuse.  Empty when there was none.
     */
    struct buf patched;
};

/*
 * Checks all of RFC 8259 in one pass with limits on depth and nodes, so that json-c never sees what
 * it is lenient about.  Names may not hold a NUL, since json-c would cut them there.  Fails:
 * ERROR_MALFORMED with the byte.
 */
MUST_CHECK bool json_scan(struct str text, struct json_scan *scan, struct error *err);
