#include "image/image.h"

#include "image/vips_private.h"

#include <assert.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#define VIPS_LIBRARY "libvips.so.42"

static const struct {
    const char *mime;
    const char *extension;
} types[] = {
    [IMAGE_UNKNOWN] = {"application/octet-stream", "bin" },
    [IMAGE_PNG] = {"image/png",                "png" },
    [IMAGE_JPEG] = {"image/jpeg",               "jpg" },
    [IMAGE_WEBP] = {"image/webp",               "webp"},
    [IMAGE_GIF] = {"image/gif",                "gif" },
    [IMAGE_AVIF] = {"image/avif",               "avif"},
};

static const struct {
    const char *name;
    int side_px;
} variants[IMAGE_VARIANT_COUNT] = {
    [IMAGE_THUMB] = {"thumb",   320 },
    [IMAGE_MEDIUM] = {"medium",  640 },
    [IMAGE_PREVIEW] = {"preview", 1600},
    [IMAGE_WORKING] = {"working", 2048},
};

static const struct {
    const char *name;
    size_t offset;
} calls[] = {
#define VIPS_CALL(name) {#name, offsetof(struct vips_calls, name)},
    VIPS_CALLS(VIPS_CALL)
#undef VIPS_CALL
};

/*
 * A loaded library belongs to the process, so what leads to it does too: written under the once,
 * read-only afterwards.
 */
static pthread_once_t vips_once = PTHREAD_ONCE_INIT;
static struct vips_calls vips_table;
static char vips_problem[160];
static atomic_bool vips_is_loaded;

#if defined(__SANITIZE_ADDRESS__)
#define HAS_LEAK_CHECK
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_LEAK_CHECK
#endif
#endif
#ifdef HAS_LEAK_CHECK
/* fontconfig keeps its patterns until the process ends, behind offsets that no checker follows. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfontconfig"; }
#endif

const char *image_mime(enum image_type type)
{
    assert((size_t)type < COUNT(types));
    return types[type].mime;
}

const char *image_extension(enum image_type type)
{
    assert((size_t)type < COUNT(types));
    return types[type].extension;
}

const char *image_variant_name(enum image_variant variant)
{
    assert((size_t)variant < COUNT(variants));
    return variants[variant].name;
}

int image_variant_px(enum image_variant variant)
{
    assert((size_t)variant < COUNT(variants));
    return variants[variant].side_px;
}

bool image_init(struct error *err)
{
    /* Final memory with libvips at work 280..409 -> 83..94 MiB (DESIGN 11).  At 128 KiB the lines
     * of a picture were mapped and given back one after the other: 7 % of its CPU. */
    /* A wish: an allocator put in glibc's place, a sanitizer's say, has no such thresholds. */
    (void)err;
    /* There is one thread yet.  NOLINTBEGIN(concurrency-mt-unsafe) */
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, MIB(1));
    (void)mallopt(M_TRIM_THRESHOLD, MIB(1));
    /* NOLINTEND(concurrency-mt-unsafe) */
    return true;
}

/* What is wrong with a picture comes back as an error; nothing is printed. */
static void drop_log(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
    (void)domain, (void)level, (void)text, (void)data;
}

static void set_problem(const char *problem)
{
    struct str text = str_slice(str_of(problem), 0, sizeof(vips_problem) - 1);

    memcpy(vips_problem, text.data, text.size);
    vips_problem[text.size] = '\0';
}

static void load_vips(void)
{
    /* DEEPBIND is not wanted and GLOBAL not needed: its symbols are ours alone. */
    void *library = dlopen(VIPS_LIBRARY, RTLD_LAZY | RTLD_LOCAL);

    if (library == NULL) {
        set_problem(dlerror());
        return;
    }
    for (size_t index = 0; index < COUNT(calls); index++) {
        void *symbol = dlsym(library, calls[index].name);

        if (symbol == NULL) {
            set_problem(dlerror());
            return;
        }
        /* POSIX lets a function's address be kept so; ISO C has no cast for it. */
        memcpy((char *)&vips_table + calls[index].offset, &symbol, sizeof(symbol));
    }
    vips_table.g_log_set_default_handler(drop_log, NULL);
    if (vips_table.vips_init("vitrine") != 0) {
        set_problem("vips_init() failed");
        return;
    }
    vips_table.vips_concurrency_set(1);
    vips_table.vips_cache_set_max(0);
    vips_table.vips_block_untrusted_set(TRUE);
    atomic_store(&vips_is_loaded, true);
}

const struct vips_calls *vips_calls_get(struct error *err)
{
    int rc = pthread_once(&vips_once, load_vips);

    assert(rc == 0);
    if (atomic_load(&vips_is_loaded))
        return &vips_table;
    error_set(err, ERROR_UNAVAILABLE, "the server's picture library (libvips) cannot be loaded");
    error_detail(err, "%s", vips_problem);
    return NULL;
}

void image_finish(void)
{
    if (atomic_load(&vips_is_loaded))
        vips_table.vips_shutdown();
}

void image_thread_end(void)
{
    if (atomic_load(&vips_is_loaded))
        vips_table.vips_thread_shutdown();
}
