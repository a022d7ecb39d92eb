-- What is sold: a few facts and photos.  A run may be for one product; its pictures and what it cost say so.
-- Times are milliseconds UTC; ids that leave the server are ULIDs (public_id).
CREATE TABLE product (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,
    user_id       INTEGER NOT NULL,
    name          TEXT    NOT NULL CHECK (name <> ''),
    sku           TEXT    NOT NULL,                          -- '': none; one person's are told apart
    category      TEXT    NOT NULL,
    facts         TEXT    NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,                -- grows with each change
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    deleted_at_ms INTEGER,                                   -- the name stays: the account book speaks of it
    idem_key      TEXT,                                      -- of the request that made it; NULL: it had none
    request_hash  BLOB                                       -- its SHA-256
) STRICT;
CREATE INDEX product_of_user ON product (user_id, id) WHERE deleted_at_ms IS NULL;
CREATE UNIQUE INDEX product_sku ON product (user_id, lower(sku)) WHERE sku <> '' AND deleted_at_ms IS NULL;
CREATE UNIQUE INDEX product_idem ON product (user_id, idem_key) WHERE idem_key IS NOT NULL;

-- A picture in the trash stays a photo, and comes back as one.
CREATE TABLE product_photo (
    product_id INTEGER NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL CHECK (position >= 0),
    asset_id   INTEGER NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    PRIMARY KEY (product_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX product_photo_of ON product_photo (asset_id, product_id);

-- No foreign keys: runs, pictures and the book outlive the product.
ALTER TABLE run ADD COLUMN product TEXT NOT NULL DEFAULT '';    -- public id, as of the two below
ALTER TABLE usage ADD COLUMN product TEXT NOT NULL DEFAULT '';
ALTER TABLE asset ADD COLUMN product TEXT NOT NULL DEFAULT '';
CREATE INDEX asset_product ON asset (user_id, product, created_at_ms) WHERE trashed_at_ms IS NULL AND product <> '';
