/* image/exif_private.h: the orientation in an EXIF block, nothing else of it.  Pure. */
#pragma once

#include "core/buf.h"
#include "core/str.h"

/* 1..8; 1 when the TIFF block is absent, broken or silent. */
int exif_orientation(struct str tiff);
/* A TIFF block that says the orientation and nothing else: 26 bytes. */
void exif_add_orientation(struct buf *out, int orientation);
