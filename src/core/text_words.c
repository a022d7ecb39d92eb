/* The words of the search index: text_index() and text_query(). */
#include "core/text.h"

/* More words than anyone types; FTS5 limits the depth of an expression. */
enum { QUERY_WORDS_MAX = 32 };

enum kind { KIND_GAP, KIND_SKIP, KIND_LETTER, KIND_CJK };

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

static const struct range cjk[] = {
    {0x1100,  0x11ff }, /* Hangul Jamo */
    {0x2e80,  0x2fdf }, /* radicals */
    {0x3005,  0x3007 }, /* 々〆〇 */
    {0x3021,  0x3029 }, /* Hangzhou numerals */
    {0x3031,  0x303c }, /* repeat marks */
    {0x3041,  0x309f }, /* Hiragana */
    {0x30a1,  0x30fa }, /* Katakana, without the middle dot U+30FB */
    {0x30fc,  0x30ff },
    {0x3105,  0x318e }, /* Bopomofo, Hangul compatibility */
    {0x31a0,  0x31ff }, /* Bopomofo extended, strokes, Katakana extensions */
    {0x3400,  0x4dbf }, /* extension A */
    {0x4e00,  0x9fff }, /* unified ideographs */
    {0xa960,  0xa97f }, /* Hangul Jamo extended A */
    {0xac00,  0xd7ff }, /* Hangul syllables, Jamo extended B */
    {0xf900,  0xfaff }, /* compatibility ideographs */
    {0xff66,  0xffdc }, /* half-width Katakana and Hangul */
    {0x1aff0, 0x1b16f}, /* Kana extended and supplement */
    {0x20000, 0x3ffff}, /* extensions B and on */
};

/* Beyond ASCII everything is a letter but these. */
static const struct range gaps[] = {
    {0x80,    0xa9    },
    {0xab,    0xb4    },
    {0xb6,    0xb9    },
    {0xbb,    0xbf    },
    {0xd7,    0xd7    },
    {0xf7,    0xf7    },
    {0x37e,   0x37e   },
    {0x387,   0x387   },
    {0x55a,   0x55f   }, /* Armenian */
    {0x589,   0x58a   },
    {0x5be,   0x5be   }, /* Hebrew */
    {0x5f3,   0x5f4   },
    {0x600,   0x60f   }, /* Arabic */
    {0x61b,   0x61f   },
    {0x66a,   0x66d   },
    {0x6d4,   0x6d4   },
    {0x964,   0x965   }, /* Devanagari */
    {0xe3f,   0xe3f   }, /* Thai */
    {0xe5a,   0xe5b   },
    {0x1680,  0x1680  },
    {0x2000,  0x206f  }, /* punctuation, spaces */
    {0x20a0,  0x20cf  }, /* currency */
    {0x2190,  0x2bff  }, /* arrows, signs, boxes, dingbats */
    {0x2e00,  0x2e7f  },
    {0x3000,  0x3020  },
    {0x3030,  0x3030  },
    {0x303d,  0x3040  },
    {0x30a0,  0x30a0  },
    {0x30fb,  0x30fb  },
    {0x3200,  0x33ff  }, /* enclosed */
    {0xd800,  0xf8ff  }, /* surrogates, private use */
    {0xfd3e,  0xfd3f  },
    {0xfe10,  0xfe1f  },
    {0xfe30,  0xfe6f  },
    {0xff00,  0xff65  }, /* what full-width
  folding leaves */
    {0xffe0,  0xffff  }, /* the replacement character too */
    {0x1f000, 0x1faff }, /* pictographs */
    {0xe0000, 0x10ffff},
};

/* Capital letters whose small letter stands `by` further. */
static const struct {
    uint32_t first, last, by;
} capitals[] = {
    {'A',   'Z',   32},
    {0xc0,  0xd6,  32}, /* Latin-1 */
    {0xd8,  0xde,  32},
    {0x386, 0x386, 38}, /* Greek */
    {0x388, 0x38a, 37},
    {0x38c, 0x38c, 64},
    {0x38e, 0x38f, 63},
    {0x391, 0x3a1, 32},
    {0x3a3, 0x3ab, 32},
    {0x400, 0x40f, 80}, /* Cyrillic */
    {0x410, 0x42f, 32},
    {0x4c0, 0x4c0, 15},
    {0x531, 0x556, 48}, /* Armenian */
};

/* Pairs: a capital, then its small letter.  The capital of the first pair is `first`. */
static const struct range pairs[] = {
    {0x100,  0x12f }, /* Latin extended A; U+0130 and U+0131 are the Turkish i */
    {0x132,  0x137 },
    {0x139,  0x148 },
    {0x14a,  0x177 },
    {0x179,  0x17e },
    {0x1a0,  0x1a5 }, /* Vietnamese o */
    {0x1af,  0x1b0 }, /* and u */
    {0x1cd,  0x1dc }, /* Pinyin */
    {0x1f8,  0x21f },
    {0x222,  0x233 },
    {0x460,  0x481 }, /* Cyrillic */
    {0x48a,  0x4bf },
    {0x4c1,  0x4ce },
    {0x4d0,  0x52f },
    {0x1e00, 0x1e95}, /* Latin extended additional */
    {0x1ea0, 0x1eff},
};

/* Full-width forms become ASCII, capitals small. */
static uint32_t fold(uint32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e)
        c -= 0xfee0;
    for (size_t i = 0; i < COUNT(capitals); i++)
        if (c >= capitals[i].first && c <= capitals[i].last)
            return c + capitals[i].by;
    for (size_t i = 0; c >= 0x100 && i < COUNT(pairs); i++)
        if (c >= pairs[i].first && c <= pairs[i].last)
            return c + ((c - pairs[i].first) % 2 == 0 ? 1 : 0);
    if (c == 0x130) /* İ */
        return 'i';
    if (c == 0x178) /* Ÿ */
        return 0xff;
    if (c == 0x17f) /* ſ */
        return 's';
    if (c == 0x3c2) /* final sigma */
        return 0x3c3;
    return c == 0xb5 ? 0x3bc : c; /* micro sign */
}

static enum kind kind_of(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ? KIND_LETTER : KIND_GAP;
    /* Soft hyphen, joiners, variation selectors: seen by no one, so they part no word. */
    if (c == 0xad || (c >= 0x200b && c <= 0x200d) || c == 0x2060 || (c >= 0xfe00 && c <= 0xfe0f) ||
        c == 0xfeff)
        return KIND_SKIP;
    if (is_in(cjk, COUNT(cjk), c))
        return KIND_CJK;
    return is_in(gaps, COUNT(gaps), c) ? KIND_GAP : KIND_LETTER;
}

/* One run of letters or of CJK, folded, in `run`, with its kind.  KIND_GAP at the end. */
static enum kind next_run(struct str *rest, struct buf *run)
{
    enum kind run_kind = KIND_GAP;

    buf_clear(run);
    while (rest->size > 0) {
        struct str after = *rest;
        uint32_t c = 0;
        enum kind kind;

        text_next(&after, &c);
        c = fold(c);
        kind = kind_of(c);
        if (run_kind != KIND_GAP && kind != run_kind && kind != KIND_SKIP)
            return run_kind;
        *rest = after;
        if (kind == KIND_GAP || kind == KIND_SKIP)
            continue;
        run_kind = kind;
        text_add_code_point(run, c);
    }
    return run_kind;
}

/* The first `count` characters of `run`, or as many as there are. */
static struct str first_characters(struct str run, size_t count)
{
    struct str rest = run;
    uint32_t c;

    for (size_t i = 0; i < count && text_next(&rest, &c); i++)
        ;
    return str_slice(run, 0, run.size - rest.size);
}

static struct str without_first(struct str run)
{
    size_t size = first_characters(run, 1).size;

    return str_slice(run, size, run.size);
}

static void add_word(struct buf *out, struct str word)
{
    if (out->size > 0)
        buf_add_char(out, ' ');
    buf_add(out, word);
}

struct str text_index(struct str text, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf out = {0};
    CLEANUP(buf_finish) struct buf run = {0};
    enum kind kind;

    while ((kind = next_run(&text, &run)) != KIND_GAP) {
        struct str rest = buf_str(&run);

        if (kind == KIND_LETTER) {
            add_word(&out, rest);
            continue;
        }
        /* The last character stands alone: every one of them begins a word, so that a query of one
         * character finds it by prefix. */
        for (; rest.size > 0; rest = without_first(rest))
            add_word(&out, first_characters(rest, 2));
    }
    return arena_str(arena, buf_str(&out));
}

struct query {
    struct buf out;
    size_t words;
    size_t last_latin_end; /* where its '*' goes; 0: there was none */
};

static void add_term(struct query *query, struct str word, bool is_prefix)
{
    if (query->words == QUERY_WORDS_MAX)
        return;
    if (query->words++ > 0)
        buf_add(&query->out, STR(" AND "));
    buf_add_char(&query->out, '"');
    buf_add(&query->out, word); /* letters only: never a quote */
    buf_add_char(&query->out, '"');
    if (is_prefix)
        buf_add_char(&query->out, '*');
}

static void add_run(struct query *query, struct str run, enum kind kind)
{
    if (kind == KIND_LETTER) {
        add_term(query, run, false);
        query->last_latin_end = query->out.size;
        return;
    }
    if (first_characters(run, 1).size == run.size)
        add_term(query, run, true);
    while (first_characters(run, 1).size < run.size) {
        add_term(query, first_characters(run, 2), false);
        run = without_first(run);
    }
}

struct str text_query(struct str text, struct arena *arena)
{
    struct query query = {0};
    CLEANUP(buf_finish) struct buf run = {0};
    enum kind kind;
    struct str whole;
    struct str result;

    while (query.words < QUERY_WORDS_MAX && (kind = next_run(&text, &run)) != KIND_GAP)
        add_run(&query, buf_str(&run), kind);
    whole = buf_str(&query.out);
    if (query.last_latin_end == 0)
        result = arena_str(arena, whole);
    else
        result = arena_printf(arena, "%.*s*%.*s", (int)query.last_latin_end, whole.data,
                              STR_ARGS(str_slice(whole, query.last_latin_end, whole.size)));
    buf_finish(&query.out);
    return result;
}
