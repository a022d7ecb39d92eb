-- Masks: what of a picture is to be changed (transparent), as PNG of its size. No pictures of anybody's library; they
-- serve tasks and go when they are old. The same bytes again are the same mask, kept from then on.
CREATE TABLE mask (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT    NOT NULL UNIQUE,
    user_id    INTEGER NOT NULL,
    blob       TEXT    NOT NULL,
    width_px   INTEGER NOT NULL CHECK (width_px > 0),
    height_px  INTEGER NOT NULL CHECK (height_px > 0),
    used_at_ms INTEGER NOT NULL,
    UNIQUE (user_id, blob)
) STRICT;
CREATE INDEX mask_used ON mask (used_at_ms);
