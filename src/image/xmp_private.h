/*
 * image/xmp_private.h: the AI label in an XMP packet: read it, write it, leave the rest alone.
 *
 * A packet is edited as text: our five properties are cut out wherever they stand (element or
 * attribute, any prefix), and one rdf:Description with the new ones goes before </rdf:RDF>.  XMP
 * (ISO 16684-1 7.4) lets several descriptions speak of one resource, so nothing else needs to be
 * understood or written again.  A packet that is no XML of this shape is replaced whole.  Pure.
 */
#pragma once

#include "core/arena.h"
#include "core/buf.h"

#define XMP_SIZE_MAX ((size_t)1 << 20) /* larger packets count as unreadable */

/* The label as it stands in the packet, unescaped.  Empty: the property is absent. */
struct xmp_label {
    struct str source_uri; /* Iptc4xmpExt:DigitalSourceType */
    struct str system;     /* Iptc4xmpExt:AISystemUsed */
    struct str created_at; /* xmp:CreateDate */
    struct str tool;       /* xmp:CreatorTool */
    struct str aigc;       /* TC260:AIGC, JSON */
};

/* Texts in `arena`.  False when the packet cannot be read. */
MUST_CHECK bool xmp_read(struct str packet, struct arena *arena, struct xmp_label *out);
/*
 * Adds to `out` the packet with `label` in it.  The properties that `label` has are replaced, and
 * AISystemUsed with DigitalSourceType; an absent AIGC record leaves an existing one: nobody may
 * delete it (facts/marketplaces.md 6.1, Art. 10).  An empty, unreadable or (merged) too large
 * packet gives a new one.
 */
void xmp_write(struct str packet, const struct xmp_label *label, size_t size_max, struct buf *out);
