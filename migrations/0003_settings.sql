-- What an admin saved: settings by name, accounts at AI services, and what differs from a kind's model catalogue.
-- Money is in micro-units; keys are sealed under the master key, which lives beside this file, never in it.

CREATE TABLE setting (
    name          TEXT PRIMARY KEY,
    value         TEXT    NOT NULL,                          -- as it stands in an environment variable
    changed_at_ms INTEGER NOT NULL,
    changed_by    INTEGER NOT NULL                           -- user; no foreign key: the record outlives them
) STRICT, WITHOUT ROWID;

-- A deleted provider keeps its row, without its key: tasks and pictures name it, and ids are never given twice.
CREATE TABLE provider (
    id                 INTEGER PRIMARY KEY,
    public_id          TEXT    NOT NULL UNIQUE,
    kind               TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    base_url           TEXT    NOT NULL,                     -- '': the kind's own
    sealed_key         TEXT    NOT NULL,                     -- '': none
    key_hint           TEXT    NOT NULL,
    options            TEXT    NOT NULL,                     -- JSON object
    is_enabled         INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
    is_private_allowed INTEGER NOT NULL CHECK (is_private_allowed IN (0, 1)),
    concurrency        INTEGER NOT NULL CHECK (concurrency > 0),
    on_unknown         TEXT    NOT NULL CHECK (on_unknown IN ('hold', 'once_below', 'retry')),
    once_below_micro   INTEGER NOT NULL CHECK (once_below_micro >= 0),
    is_paused          INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
    pause_until_ms     INTEGER,                              -- NULL: until someone resumes it
    pause_reason       TEXT    NOT NULL DEFAULT '',
    created_at_ms      INTEGER NOT NULL,
    deleted_at_ms      INTEGER
) STRICT;
CREATE UNIQUE INDEX provider_name ON provider (lower(name)) WHERE deleted_at_ms IS NULL;

CREATE TABLE provider_model (
    provider_id INTEGER NOT NULL REFERENCES provider (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,                            -- the wire id; one the catalogue does not have is added
    is_enabled  INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
    is_default  INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    price_micro INTEGER CHECK (price_micro >= 0),            -- NULL: the catalogue's
    PRIMARY KEY (provider_id, name)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX provider_model_one_default ON provider_model (is_default) WHERE is_default = 1;
