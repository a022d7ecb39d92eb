/* settings/models_http.h: what the routes of models, providers and their keys show.
 */
#pragma once

#include "settings/settings_private.h"

struct model_view {
    struct str id, name, label, provider_id, provider_name, kind;
    bool is_enabled, is_default, is_known;
    bool can_generate, can_edit, can_mask, has_seed, has_negative, has_steps, has_scale,
        has_transparency, has_stream, can_write, can_see, has_schema;
    int64_t references_max, count_max;
    struct text_list purposes, sizes;
    int64_t side_px_min, side_px_max, side_px_step, pixels_min, pixels_max, ratio_max;
    struct text_list qualities, formats;
    struct list options, write_options; /* of the rows that field_shape is of */
    int64_t price_micro;
    struct str currency, price_as_of;
    bool has_own_price;
    const struct provider_price *own_price; /* NULL: has none */
    int64_t text_in_micro, image_in_micro, cached_in_micro, out_micro;
    struct model_limits limits;
};

/* Marks the changes of a body ("models") that say of their model whether it is paused: those of
 * before there was such a word must not make a paused one go on. */
void changes_mark_pauses(const struct json *body, struct model_change *changes, size_t count);

/* NULL-terminated words as a list. */
struct text_list words_of(const char *const *words, struct arena *arena);
extern const struct shape model_view_shape;
/* provider_kinds_http.c: a row of a form, and such rows as the API shows them. */
extern const struct shape field_shape;
struct list fields_view_of(const struct provider_field *const *rows, size_t count,
                           struct arena *arena);
/* `shows_offers`: with the options that the account's own server lists choices for. */
struct model_view model_view_of(const struct model_row *row, bool shows_offers,
                                struct arena *arena);

/* providers_http.c: one provider as the API shows it. */
extern const struct shape provider_view_shape;
MUST_CHECK bool provider_reply(struct request *req, int status, struct str public_id,
                               struct error *err);
