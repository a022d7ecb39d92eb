#include "settings/settings_private.h"

#include "core/log.h"

void offers_merge(const struct provider_row *provider, struct arena *arena,
                  struct provider_offers *out)
{
    struct error err = {0};

    if (provider_offers_read(provider->offers, arena, out, &err))
        return;
    *out = (struct provider_offers){0}; /* another build's: as if it was never asked */
    log_warn("offers_unread", LOG_INT("provider", provider->id), LOG_CSTR("error", err.message));
}

bool offers_after_change(struct db *db, const struct provider_row *before,
                         const struct provider_row *after, int64_t now_ms, struct arena *arena,
                         struct error *err)
{
    struct provider_offers offers;
    struct error unread;
    struct str text;

    if (!str_equal(before->base_url, after->base_url))
        return offer_store_remove(db, after->id, err);
    if (str_equal(before->options, after->options))
        return true;
    if (!offer_store_find(db, after->id, arena, &text, err))
        return false;
    if (text.size == 0 || !provider_offers_read(text, arena, &offers, &unread))
        return true;
    provider_offers_forget_own(&offers);
    return offer_store_set(db, after->id, provider_offers_write(&offers, arena), now_ms, err);
}

struct offer_work {
    const struct settings *settings;
    const struct provider_row *asked;
    struct str offers;
    int64_t now_ms;
    struct arena *arena;
};

static bool save(struct db *db, void *context, struct error *err)
{
    const struct offer_work *work = context;
    struct provider_row row;

    if (!provider_store_find_id(db, work->asked->id, work->arena, &row, err))
        return false;
    /* Changed while it was asked: this is what another address or workflow has. */
    if (!str_equal(row.base_url, work->asked->base_url) ||
        !str_equal(row.options, work->asked->options))
        return true;
    return offer_store_set(db, row.id, work->offers, work->now_ms, err) &&
           provider_announce(db, work->settings, row.public_id, work->now_ms, work->arena, err);
}

bool offers_save(struct settings *settings, const struct provider_row *asked, struct str offers,
                 int64_t now_ms, struct arena *arena, struct error *err)
{
    const struct settings_hooks *hooks = &settings->services.hooks;
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct offer_work work = {
        .settings = settings, .asked = asked, .offers = offers, .now_ms = now_ms, .arena = arena};
    struct str known;

    if (!db_borrow(settings->services.pool, &db, err) ||
        !offer_store_find(db, asked->id, arena, &known, err))
        return false;
    db_give_back(db);
    db = NULL;
    if (str_equal(known, offers))
        return true;
    if (!accounts_transact(settings, "provider_offers", save, &work, err))
        return false;
    if (hooks->told != NULL) /* it was looked at: nothing that waits or rests is let go by that */
        hooks->told(hooks->context);
    return true;
}
