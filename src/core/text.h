/* core/text.h: UTF-8: validity, counting, safe cutting, and the words of the search index. */
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "core/str.h"

bool text_is_utf8(struct str text);      /* RFC 3629: no surrogates, no overlong forms */
size_t text_valid_size(struct str text); /* bytes before the first broken one */
size_t text_count(struct str text);      /* code points; of valid UTF-8 */
/* At most `size_max` bytes without cutting a character. */
struct str text_clip(struct str text, size_t size_max);
/* Takes one code point off the front; 0xFFFD for a broken byte.  False at the end. */
bool text_next(struct str *rest, uint32_t *code_point);
void text_add_code_point(struct buf *buf, uint32_t code_point);
/* True for a control character other than tab, line feed, carriage return. */
bool text_has_control(struct str text);
/* Whether a spreadsheet may take a cell of this text for a formula (OWASP: CSV injection): by its
 * first character, the wide forms that Chinese and Japanese ones take too. */
bool text_is_formula(struct str text);
/*
 * Index words, separated by spaces: lower-case runs of letters and digits; CJK runs as overlapping
 * pairs and the last character alone ("茶杯子" -> "茶杯 杯子 子"), so that words of one character
 * and of two are found wherever they stand.
 */
struct str text_index(struct str text, struct arena *arena);
/*
 * The same words as an FTS5 query: each quoted and joined by AND; the last latin word as a prefix.
 * A lone CJK character becomes a prefix.  The first 32 words count.  Empty when there is no word.
 */
struct str text_query(struct str text, struct arena *arena);
/* For URLs: %XX of all but unreserved characters; and back (false: broken escape or NUL). */
void url_encode_add(struct buf *buf, struct str text);
MUST_CHECK bool url_decode(struct str text, bool plus_is_space, struct arena *arena,
                           struct str *out);
