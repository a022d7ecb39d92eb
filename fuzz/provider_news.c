/*
 * Whatever a service tells of its work while it goes on, each kind that listens makes of it what
 * provider.h promises.  The input: "t" or "b", and a message of that type.
 */
#include "core/text.h"
#include "fuzz.h"
#include "provider/provider.h"

#define ID "0a1b2c3d-0000-4000-8000-000000000001"

static void check(const struct provider_news *news, struct str message)
{
    MUST(news->progress <= 1 && (news->progress >= 0 || news->progress == -1));
    MUST(news->step >= 0 && news->step <= news->steps);
    MUST(news->node.size <= 60 && text_is_utf8(news->node));
    for (size_t i = 0; i < news->node.size; i++)
        MUST((unsigned char)news->node.data[i] >= 0x20 && news->node.data[i] != 0x7f);
    if (news->picture.size > 0) {
        MUST(news->mime != NULL);
        MUST(news->picture.data >= message.data);
        MUST(news->picture.data + news->picture.size <= message.data + message.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct provider_kind *const *kinds;
    struct str message;
    size_t count;

    if (size < 1 || (data[0] != 't' && data[0] != 'b'))
        return 0;
    message = (struct str){.data = (const char *)data + 1, .size = size - 1};
    kinds = provider_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        CLEANUP(arena_cleanup) struct arena *arena = NULL;
        struct provider_news news;

        if (kinds[i]->read_news == NULL)
            continue;
        arena = arena_create(KIB(4)); /* no more than a name is taken */
        kinds[i]->read_news(STR(ID), data[0] == 't', message, arena, &news);
        check(&news, message);
    }
    return 0;
}
