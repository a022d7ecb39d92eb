/* app/page.h: the page, embedded at build time (tools/embed_page). */
#pragma once

#include "http/http.h"

extern const struct http_asset
    page_assets[]; /* ended by a NULL path; empty when the page was not built */
