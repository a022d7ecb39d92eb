/* What a table lets in is within its bounds, and is written so that it reads the same. */
#include "core/shape.h"
#include "core/text.h"
#include "fuzz.h"

struct leaf {
    struct str name;
    int64_t weight;
};
static const struct field leaf_fields[] = {
    {"name",   FIELD_TEXT, offsetof(struct leaf, name),   FIELD_REQUIRED, 1, 8, NULL, NULL, ""},
    {"weight", FIELD_INT,  offsetof(struct leaf, weight), 0,              0, 9, NULL, NULL, ""},
};
static const struct shape leaf_shape = SHAPE("Leaf", struct leaf, leaf_fields);

struct tree {
    bool flag;
    int64_t number, at_ms;
    double ratio;
    struct str text, id, colour, anything;
    struct text_list words;
    struct leaf inner, *maybe;
    struct list leaves;
    int64_t printed;
};
static const char *const colours[] = {"red", "green", NULL};
#define AT(member) offsetof(struct tree, member)
static const struct field tree_fields[] = {
    {"flag",     FIELD_BOOL,   AT(flag),     0,               0,  0,  NULL,        NULL,    ""},
    {"number",   FIELD_INT,    AT(number),   0,               -9, 99, NULL,        NULL,    ""},
    {"at",       FIELD_TIME,   AT(at_ms),    0,               0,  0,  NULL,        NULL,    ""},
    {"ratio",    FIELD_DOUBLE, AT(ratio),    0,               -2, 2,  NULL,        NULL,    ""},
    {"text",     FIELD_TEXT,   AT(text),     FIELD_NULLABLE,  2,  12, NULL,        NULL,    ""},
    {"id",       FIELD_ID,     AT(id),       FIELD_NULLABLE,  0,  0,  NULL,        NULL,    ""},
    {"colour",   FIELD_ENUM,   AT(colour),   FIELD_NULLABLE,  0,  0,  NULL,        colours, ""},
    {"anything", FIELD_JSON,   AT(anything), FIELD_NULLABLE,  0,  64, NULL,        NULL,    ""},
    {"words",    FIELD_TEXTS,  AT(words),    0,               0,  3,  NULL,        NULL,    ""},
    {"inner",    FIELD_OBJECT, AT(inner),    FIELD_REQUIRED,  0,  0,  &leaf_shape, NULL,    ""},
    {"maybe",    FIELD_MAYBE,  AT(maybe),    0,               0,  0,  &leaf_shape, NULL,    ""},
    {"leaves",   FIELD_LIST,   AT(leaves),   0,               0,  2,  &leaf_shape, NULL,    ""},
    {"printed",  FIELD_INT,    AT(printed),  FIELD_READ_ONLY, 0,  0,  NULL,        NULL,    ""},
};
static const struct shape tree_shape = SHAPE("Tree", struct tree, tree_fields);

static void check_leaf(const struct leaf *leaf)
{
    MUST(text_is_utf8(leaf->name) && !text_has_control(leaf->name));
    MUST(text_count(leaf->name) >= 1 && text_count(leaf->name) <= 8);
    MUST(leaf->weight >= 0 && leaf->weight <= 9);
}

static void check_tree(const struct tree *tree)
{
    const struct leaf *leaves = tree->leaves.items;

    MUST(tree->number >= -9 && tree->number <= 99);
    MUST(tree->ratio >= -2 && tree->ratio <= 2);
    MUST(tree->text.size == 0 || (text_is_utf8(tree->text) && text_count(tree->text) >= 2));
    MUST(text_count(tree->text) <= 12);
    MUST(tree->id.size == 0 || tree->id.size == 26);
    MUST(tree->colour.size == 0 || str_equal(tree->colour, STR("red")) ||
         str_equal(tree->colour, STR("green")));
    MUST(tree->anything.size <= 64);
    MUST(tree->words.count <= 3 && tree->leaves.count <= 2);
    MUST(tree->printed == 0);
    check_leaf(&tree->inner);
    if (tree->maybe != NULL)
        check_leaf(tree->maybe);
    for (size_t i = 0; i < tree->leaves.count; i++)
        check_leaf(&leaves[i]);
}

/* What is only written stands at the end; without it the text is one that may come in. */
static struct str print(const struct tree *tree, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct shape shape = tree_shape;
    struct json_writer writer;

    shape.count--;
    json_writer_init(&writer, &buf);
    shape_write(&shape, tree, &writer);
    return arena_str(arena, buf_str(&buf));
}

static bool read(struct str text, struct arena *arena, struct tree *out, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    uint64_t present;

    return json_read(text, &json, err) && shape_read(&tree_shape, json, arena, out, &present, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));
    struct tree tree, again;
    struct error err = {0};

    if (read(text, arena, &tree, &err)) {
        struct str printed = print(&tree, arena);

        check_tree(&tree);
        MUST(read(printed, arena, &again, &err));
        MUST(str_equal(printed, print(&again, arena)));
    } else {
        MUST(err.code != ERROR_NONE && err.code != ERROR_INTERNAL);
        /* Of the body itself, or a member without a name. */
        MUST(err.field[0] != '\0' || err.code == ERROR_MALFORMED || err.code == ERROR_WRONG_TYPE ||
             err.code == ERROR_UNKNOWN_FIELD);
    }
    arena_destroy(arena);
    return 0;
}
