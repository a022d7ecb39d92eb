#include "image/xmp_private.h"

#include "core/text.h"

#include <assert.h>
#include <string.h>

#define NS_RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define NS_IPTC "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
#define NS_XMP "http://ns.adobe.com/xap/1.0/"
#define NS_TC260 "http://www.tc260.org.cn/ns/AIGC/1.0/"
#define BINDINGS_MAX 64

static const struct property {
    const char *ns;
    const char *name;   /* without prefix */
    const char *prefix; /* ours */
    size_t offset;      /* in struct xmp_label */
} properties[] = {
    {NS_IPTC,  "DigitalSourceType", "Iptc4xmpExt", offsetof(struct xmp_label, source_uri)},
    {NS_IPTC,  "AISystemUsed",      "Iptc4xmpExt", offsetof(struct xmp_label, system)    },
    {NS_XMP,   "CreateDate",        "xmp",         offsetof(struct xmp_label, created_at)},
    {NS_XMP,   "CreatorTool",       "xmp",         offsetof(struct xmp_label, tool)      },
    {NS_TC260, "AIGC",              "TC260",       offsetof(struct xmp_label, aigc)      },
};
#define SYSTEM_AT 1

static struct str *property_of(struct xmp_label *label, size_t index)
{
    return (struct str *)(void *)((char *)label + properties[index].offset);
}

static struct str property_get(const struct xmp_label *label, size_t index)
{
    struct str text;

    memcpy(&text, (const char *)label + properties[index].offset, sizeof(text));
    return text;
}

enum token_kind { TOKEN_TEXT, TOKEN_CDATA, TOKEN_OTHER, TOKEN_START, TOKEN_EMPTY, TOKEN_FINISH };

struct token {
    enum token_kind kind;
    struct str whole;
    struct str name;       /* of tags, with prefix */
    struct str attributes; /* of start tags: what follows the name */
};

/* What a prefix means from some depth on. */
struct binding {
    struct str prefix;
    const char *ns; /* one of ours, or NULL */
    size_t depth;
};

struct scan {
    struct str rest;
    bool is_broken;
    size_t depth; /* of open elements */
    struct binding bindings[BINDINGS_MAX];
    size_t binding_count;
};

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static struct str take(struct str *rest, size_t size)
{
    struct str taken = str_slice(*rest, 0, size);

    *rest = str_slice(*rest, taken.size, rest->size);
    return taken;
}

/* Takes up to and with `end`; false when it is not there. */
static bool take_through(struct scan *scan, struct str end, struct str *out)
{
    int64_t at = str_find(scan->rest, end);

    if (at < 0) {
        scan->is_broken = true;
        return false;
    }
    *out = take(&scan->rest, (size_t)at + end.size);
    return true;
}

/* A tag ends at the first '>' outside quotes. */
static bool take_tag(struct scan *scan, struct token *out)
{
    struct str rest = scan->rest, inner;
    size_t at = 1, name_end;
    char quote = '\0';

    for (; at < rest.size && (quote != '\0' || rest.data[at] != '>'); at++) {
        char c = rest.data[at];

        if (quote != '\0')
            quote = (char)(c == quote ? '\0' : quote);
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '<')
            break;
    }
    if (at >= rest.size || rest.data[at] != '>') {
        scan->is_broken = true;
        return false;
    }
    out->whole = take(&scan->rest, at + 1);
    inner = str_slice(out->whole, 1, at - 1);
    out->kind = TOKEN_START;
    if (str_starts_with(inner, STR("/"))) {
        out->kind = TOKEN_FINISH;
        inner = str_slice(inner, 1, inner.size);
    } else if (str_ends_with(inner, STR("/"))) {
        out->kind = TOKEN_EMPTY;
        inner.size--;
    }
    for (name_end = 0; name_end < inner.size && !is_space(inner.data[name_end]);)
        name_end++;
    out->name = str_slice(inner, 0, name_end);
    out->attributes = str_slice(inner, name_end, inner.size);
    return true;
}

/* False at the end and when broken. */
static bool next_token(struct scan *scan, struct token *out)
{
    *out = (struct token){.kind = TOKEN_OTHER};
    if (scan->is_broken || scan->rest.size == 0)
        return false;
    if (scan->rest.data[0] != '<') {
        int64_t at = str_find_char(scan->rest, '<');

        out->kind = TOKEN_TEXT;
        out->whole = take(&scan->rest, at < 0 ? scan->rest.size : (size_t)at);
        return true;
    }
    if (str_starts_with(scan->rest, STR("<!--")))
        return take_through(scan, STR("-->"), &out->whole);
    if (str_starts_with(scan->rest, STR("<?")))
        return take_through(scan, STR("?>"), &out->whole);
    if (str_starts_with(scan->rest, STR("<![CDATA["))) {
        out->kind = TOKEN_CDATA;
        return take_through(scan, STR("]]>"), &out->whole);
    }
    if (str_starts_with(scan->rest, STR("<!"))) {
        scan->is_broken = true; /* a document type: entities could hide anything */
        return false;
    }
    return take_tag(scan, out);
}

struct attribute {
    struct str whole; /* with the space before it */
    struct str name;
    struct str value; /* escaped */
};

/* Takes the next attribute off `*rest`; false at the end and when broken (then *rest is not empty).
 */
static bool next_attribute(struct str *rest, struct attribute *out)
{
    struct str text = *rest;
    size_t at = 0, start;
    char quote;

    while (at < text.size && is_space(text.data[at]))
        at++;
    if (at == text.size) {
        *rest = STR_EMPTY;
        return false;
    }
    for (start = at; at < text.size && text.data[at] != '=' && !is_space(text.data[at]);)
        at++;
    out->name = str_slice(text, start, at - start);
    while (at < text.size && is_space(text.data[at]))
        at++;
    if (at == text.size || text.data[at++] != '=')
        return false;
    while (at < text.size && is_space(text.data[at]))
        at++;
    if (at == text.size || (text.data[at] != '"' && text.data[at] != '\''))
        return false;
    quote = text.data[at++];
    for (start = at; at < text.size && text.data[at] != quote;)
        at++;
    if (at == text.size)
        return false;
    out->value = str_slice(text, start, at - start);
    out->whole = take(rest, at + 1);
    return true;
}

static const char *our_namespace(struct str uri)
{
    for (size_t index = 0; index < COUNT(properties); index++)
        if (str_equal(uri, str_of(properties[index].ns)))
            return properties[index].ns;
    return NULL;
}

/* A start tag opens a scope with the prefixes it binds.  False when its attributes are broken. */
static bool open_scope(struct scan *scan, const struct token *token)
{
    struct str rest = token->attributes;
    struct attribute attribute;

    scan->depth++;
    while (next_attribute(&rest, &attribute)) {
        if (!str_starts_with(attribute.name, STR("xmlns:")))
            continue;
        if (scan->binding_count == BINDINGS_MAX)
            return false;
        scan->bindings[scan->binding_count++] = (struct binding){
            .prefix = str_slice(attribute.name, 6, attribute.name.size),
            .ns = our_namespace(attribute.value),
            .depth = scan->depth,
        };
    }
    return rest.size == 0;
}

/* False when nothing is open. */
static bool close_scope(struct scan *scan)
{
    if (scan->depth == 0)
        return false;
    while (scan->binding_count > 0 && scan->bindings[scan->binding_count - 1].depth == scan->depth)
        scan->binding_count--;
    scan->depth--;
    return true;
}

/* Which of our properties a name is, or -1. */
static int find_property(const struct scan *scan, struct str name)
{
    struct str local = name, prefix = str_cut(&local, ':');
    const char *ns = NULL;

    for (size_t at = scan->binding_count; at > 0 && ns == NULL; at--) {
        if (!str_equal(prefix, scan->bindings[at - 1].prefix))
            continue;
        ns = scan->bindings[at - 1].ns;
        if (ns == NULL)
            return -1;
    }
    for (size_t index = 0; ns != NULL && index < COUNT(properties); index++)
        if (strcmp(properties[index].ns, ns) == 0 &&
            str_equal(local, str_of(properties[index].name)))
            return (int)index;
    return -1;
}

/* Adds the text with its entities resolved; unknown ones stay as they are. */
static void add_unescaped(struct buf *out, struct str text)
{
    static const struct {
        struct str entity;
        char c;
    } entities[] = {
        {{"&amp;", 5},  '&' },
        {{"&lt;", 4},   '<' },
        {{"&gt;", 4},   '>' },
        {{"&quot;", 6}, '"' },
        {{"&apos;", 6}, '\''},
    };

    while (text.size > 0) {
        bool is_done = false;

        for (size_t index = 0; index < COUNT(entities) && !is_done; index++) {
            if (!str_starts_with(text, entities[index].entity))
                continue;
            buf_add_char(out, entities[index].c);
            take(&text, entities[index].entity.size);
            is_done = true;
        }
        if (!is_done && str_starts_with(text, STR("&#"))) {
            bool is_hex = text.size > 2 && text.data[2] == 'x';
            size_t at = is_hex ? 3 : 2;
            uint32_t code = 0;

            for (; at < text.size && at < 10 && text.data[at] != ';'; at++) {
                char c = text.data[at];
                uint32_t digit = c >= '0' && c <= '9'             ? (uint32_t)(c - '0')
                                 : is_hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                                 : is_hex && c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                                  : 99;
                if (digit == 99)
                    break;
                code = code * (is_hex ? 16 : 10) + digit;
            }
            if (at < text.size && text.data[at] == ';' && code > 0 && code <= 0x10FFFF &&
                (code < 0xD800 || code > 0xDFFF)) {
                text_add_code_point(out, code);
                take(&text, at + 1);
                is_done = true;
            }
        }
        if (!is_done)
            buf_add(out, take(&text, 1));
    }
}

/*
 * Passes the element that `start` opened; its text, or the rdf:resource it names, goes to `out`
 * (unless NULL).  False when it never ends.
 */
static bool pass_element(struct scan *scan, const struct token *start, struct buf *out)
{
    struct token token;
    struct attribute attribute;
    struct str rest = start->attributes;

    while (out != NULL && next_attribute(&rest, &attribute))
        if (str_ends_with(attribute.name, STR(":resource")))
            add_unescaped(out, attribute.value);
    if (start->kind == TOKEN_EMPTY)
        return true;
    for (size_t depth = 1; depth > 0;) {
        if (!next_token(scan, &token))
            return false;
        if (token.kind == TOKEN_START)
            depth++;
        else if (token.kind == TOKEN_FINISH)
            depth--;
        else if (token.kind == TOKEN_TEXT && out != NULL)
            add_unescaped(out, token.whole);
        else if (token.kind == TOKEN_CDATA && out != NULL)
            buf_add(out, str_slice(token.whole, 9, token.whole.size - 12));
    }
    return true;
}

/* A code point that XML 1.0 cannot hold, or only as white space. */
static bool is_blank(uint32_t code) { return code < 0x20 || code == 0xFFFE || code == 0xFFFF; }

/* Keeps what reads the same when it is written and read again. */
static void keep_text(struct xmp_label *label, size_t index, const struct buf *text,
                      struct arena *arena)
{
    struct str *slot = property_of(label, index), rest = buf_str(text);
    CLEANUP(buf_finish) struct buf clean = {0};
    uint32_t code;

    while (text_next(&rest, &code))
        text_add_code_point(&clean, is_blank(code) ? ' ' : code);
    rest = str_trim(buf_str(&clean));
    if (slot->size == 0 && rest.size > 0)
        *slot = arena_str(arena, rest);
}

/* The properties among a start tag's attributes. */
static void read_attributes(const struct scan *scan, const struct token *token, struct buf *text,
                            struct arena *arena, struct xmp_label *label)
{
    struct attribute attribute;

    for (struct str rest = token->attributes; next_attribute(&rest, &attribute);) {
        int index = find_property(scan, attribute.name);

        if (index < 0)
            continue;
        buf_clear(text);
        add_unescaped(text, attribute.value);
        keep_text(label, (size_t)index, text, arena);
    }
}

bool xmp_read(struct str packet, struct arena *arena, struct xmp_label *out)
{
    struct scan scan = {.rest = packet};
    struct xmp_label label = {0};
    struct token token;
    CLEANUP(buf_finish) struct buf text = {0};

    if (packet.size > XMP_SIZE_MAX || !text_is_utf8(packet))
        return false;
    while (next_token(&scan, &token)) {
        bool is_start = token.kind == TOKEN_START || token.kind == TOKEN_EMPTY;
        int index;

        if (token.kind == TOKEN_FINISH && !close_scope(&scan))
            return false;
        if (!is_start)
            continue;
        if (!open_scope(&scan, &token))
            return false;
        read_attributes(&scan, &token, &text, arena, &label);
        index = find_property(&scan, token.name);
        buf_clear(&text);
        if (index >= 0 && !pass_element(&scan, &token, &text))
            return false;
        if (index >= 0)
            keep_text(&label, (size_t)index, &text, arena);
        if (index >= 0 || token.kind == TOKEN_EMPTY)
            close_scope(&scan);
    }
    if (scan.is_broken || scan.depth > 0)
        return false;
    *out = label;
    return true;
}

/* The text escaped for an element or attribute; what XML cannot hold becomes a space. */
static void add_escaped(struct buf *out, struct str text)
{
    uint32_t code;

    while (text_next(&text, &code)) {
        if (code == '&')
            buf_add(out, STR("&amp;"));
        else if (code == '<')
            buf_add(out, STR("&lt;"));
        else if (code == '>')
            buf_add(out, STR("&gt;"));
        else if (code == '"')
            buf_add(out, STR("&quot;"));
        else if (is_blank(code))
            buf_add_char(out, ' ');
        else
            text_add_code_point(out, code);
    }
}

static void add_description(struct buf *out, const struct xmp_label *label)
{
    buf_add(out, STR("<rdf:Description rdf:about=\"\" xmlns:rdf=\"" NS_RDF "\""));
    for (size_t index = 0; index < COUNT(properties); index++)
        if (index == 0 || strcmp(properties[index].ns, properties[index - 1].ns) != 0)
            buf_printf(out, " xmlns:%s=\"%s\"", properties[index].prefix, properties[index].ns);
    buf_add_char(out, '>');
    for (size_t index = 0; index < COUNT(properties); index++) {
        struct str text = property_get(label, index);

        if (text.size == 0)
            continue;
        buf_printf(out, "<%s:%s>", properties[index].prefix, properties[index].name);
        add_escaped(out, text);
        buf_printf(out, "</%s:%s>", properties[index].prefix, properties[index].name);
    }
    buf_add(out, STR("</rdf:Description>"));
}

/* Copies a start tag without the attributes that are replaced. */
static void add_tag(struct buf *out, const struct scan *scan, const struct token *token,
                    const bool *is_replaced)
{
    struct attribute attribute;
    struct str rest = token->attributes;

    buf_add_char(out, '<');
    buf_add(out, token->name);
    while (next_attribute(&rest, &attribute)) {
        int index = find_property(scan, attribute.name);

        if (index < 0 || !is_replaced[index])
            buf_add(out, attribute.whole);
    }
    buf_add(out, token->kind == TOKEN_EMPTY ? STR("/>") : STR(">"));
}

/* True for an rdf:Description that says nothing itself: only whom it is about, and namespaces. */
static bool is_bare_description(const struct token *token)
{
    struct attribute attribute;

    if (token->kind != TOKEN_START || !str_ends_with(token->name, STR(":Description")))
        return false;
    for (struct str rest = token->attributes; next_attribute(&rest, &attribute);)
        if (!str_starts_with(attribute.name, STR("xmlns:")) &&
            !str_ends_with(attribute.name, STR(":about")))
            return false;
    return true;
}

/* Where an rdf:Description began that may turn out empty. */
struct bare {
    size_t start, inside;
};

static bool merge_start(struct scan *scan, const struct token *token, const bool *is_replaced,
                        struct bare *bare, struct buf *out)
{
    int index;

    if (!open_scope(scan, token))
        return false;
    index = find_property(scan, token->name);
    if (index >= 0 && is_replaced[index]) {
        if (!pass_element(scan, token, NULL))
            return false;
        return close_scope(scan);
    }
    bare->start = out->size;
    add_tag(out, scan, token, is_replaced);
    bare->inside = is_bare_description(token) ? out->size : SIZE_MAX;
    return token->kind == TOKEN_START || close_scope(scan);
}

/* True when a description ends that holds nothing: an earlier label of ours.  It is taken back. */
static bool drop_bare(const struct token *token, struct bare *bare, struct buf *out)
{
    bool is_bare = bare->inside <= out->size && str_ends_with(token->name, STR(":Description")) &&
                   str_trim(str_slice(buf_str(out), bare->inside, out->size)).size == 0;

    if (is_bare)
        out->size = bare->start;
    bare->inside = SIZE_MAX;
    return is_bare;
}

/* False when the packet has no shape we know; `out` is then to be thrown away. */
static bool merge(struct str packet, const struct xmp_label *label, struct buf *out)
{
    struct scan scan = {.rest = packet};
    struct token token;
    bool is_replaced[COUNT(properties)];
    bool is_merged = false;
    struct bare bare = {0, SIZE_MAX};

    if (packet.size == 0 || packet.size > XMP_SIZE_MAX || !text_is_utf8(packet))
        return false;
    for (size_t index = 0; index < COUNT(properties); index++)
        is_replaced[index] = property_get(label, index).size > 0;
    is_replaced[SYSTEM_AT] |= is_replaced[0];
    while (next_token(&scan, &token)) {
        if (token.kind == TOKEN_START || token.kind == TOKEN_EMPTY) {
            if (!merge_start(&scan, &token, is_replaced, &bare, out))
                return false;
            continue;
        }
        if (token.kind == TOKEN_FINISH) {
            if (!close_scope(&scan))
                return false;
            if (drop_bare(&token, &bare, out))
                continue;
            if (!is_merged && str_ends_with(token.name, STR(":RDF"))) {
                add_description(out, label);
                is_merged = true;
            }
        }
        buf_add(out, token.whole);
    }
    return !scan.is_broken && is_merged && scan.depth == 0;
}

void xmp_write(struct str packet, const struct xmp_label *label, size_t size_max, struct buf *out)
{
    CLEANUP(buf_finish) struct buf merged = {0};

    if (merge(packet, label, &merged) && merged.size <= size_max) {
        buf_add(out, buf_str(&merged));
        return;
    }
    buf_add(out, STR("<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
                     "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"" NS_RDF "\">"));
    add_description(out, label);
    buf_add(out, STR("</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"));
}
