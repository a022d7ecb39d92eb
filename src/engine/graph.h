/* engine/graph.h: whether a submitted graph can be run at all.  Pure. */
#pragma once

#include "engine/engine.h"

/*
 * Node keys unique and not empty, edges within the nodes and not twice, no cycle, depth and
 * in-degree within RUN_*_MAX.  Fails: INVALID, REQUIRED, TOO_MANY with the field at fault.
 */
MUST_CHECK bool graph_check(const struct run_spec *spec, struct error *err);
