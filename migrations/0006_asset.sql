-- Pictures: what there is, the recipe each was made by, tags, the search index, archives that were asked for.
-- Times are milliseconds UTC; ids that leave the server are ULIDs (public_id); blobs are named by their SHA-256.
-- A list is ordered by (created_at_ms, id), which every index below ends with, so that a page costs the same
-- wherever it stands.

CREATE TABLE asset (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,
    user_id       INTEGER NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('uploaded', 'generated', 'derived')),
    name          TEXT    NOT NULL,
    blob          TEXT    NOT NULL,
    mime          TEXT    NOT NULL,
    size          INTEGER NOT NULL CHECK (size > 0),
    width_px      INTEGER NOT NULL CHECK (width_px > 0),
    height_px     INTEGER NOT NULL CHECK (height_px > 0),
    thumbhash     TEXT    NOT NULL,                          -- base64
    color         TEXT    NOT NULL,                          -- "#rrggbb"
    -- blobs of the smaller copies; NULL: made when somebody asks
    thumb         TEXT,
    medium        TEXT,
    preview       TEXT,
    working       TEXT,
    rating        INTEGER NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5),
    is_starred    INTEGER NOT NULL DEFAULT 0 CHECK (is_starred IN (0, 1)),
    tags          TEXT    NOT NULL DEFAULT '',               -- names, one a line: asset_tag again, for lists
    -- where it came from; no foreign keys: a picture outlives its run and its provider
    run_id        INTEGER,
    run           TEXT,                                      -- public id
    task_id       INTEGER,
    task          TEXT,                                      -- public id
    result_index  INTEGER,                                   -- which of the task's pictures
    provider      TEXT    NOT NULL DEFAULT '',               -- public id
    model         TEXT    NOT NULL DEFAULT '',
    -- the AI label inside the bytes; '': none
    label_source  TEXT    NOT NULL DEFAULT '',
    label_system  TEXT    NOT NULL DEFAULT '',
    label_at_ms   INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    trashed_at_ms INTEGER,
    version       INTEGER NOT NULL DEFAULT 1                 -- grows with each change
) STRICT;
CREATE INDEX asset_live ON asset (user_id, created_at_ms) WHERE trashed_at_ms IS NULL;
CREATE INDEX asset_trash ON asset (user_id, created_at_ms) WHERE trashed_at_ms IS NOT NULL;
CREATE INDEX asset_trashed_at ON asset (trashed_at_ms) WHERE trashed_at_ms IS NOT NULL;
CREATE INDEX asset_starred ON asset (user_id, created_at_ms) WHERE trashed_at_ms IS NULL AND is_starred = 1;
CREATE INDEX asset_kind ON asset (user_id, kind, created_at_ms) WHERE trashed_at_ms IS NULL;
CREATE INDEX asset_model ON asset (user_id, model, created_at_ms) WHERE trashed_at_ms IS NULL AND model <> '';
CREATE INDEX asset_rating ON asset (user_id, rating, created_at_ms) WHERE trashed_at_ms IS NULL;
CREATE INDEX asset_rated ON asset (user_id, created_at_ms) WHERE trashed_at_ms IS NULL AND rating > 0;
CREATE INDEX asset_run ON asset (run, created_at_ms) WHERE run IS NOT NULL;
CREATE INDEX asset_blob ON asset (user_id, blob);
-- A result that is told again makes nothing again; a second try's other bytes are another picture.
CREATE UNIQUE INDEX asset_result ON asset (task_id, result_index, blob) WHERE task_id IS NOT NULL;

-- Live pictures by quarter of an hour, the finest step of time zones, so that a day's count needs no picture read.
CREATE TABLE asset_count (
    user_id INTEGER NOT NULL,
    quarter INTEGER NOT NULL,                                -- created_at_ms / 900,000
    count   INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (user_id, quarter)
) STRICT, WITHOUT ROWID;

CREATE TABLE recipe (
    asset_id        INTEGER PRIMARY KEY REFERENCES asset (id) ON DELETE CASCADE,
    operation       TEXT    NOT NULL,
    provider_name   TEXT    NOT NULL,
    prompt          TEXT    NOT NULL,
    revised_prompt  TEXT    NOT NULL,
    negative_prompt TEXT    NOT NULL,
    parameters      TEXT    NOT NULL,                        -- JSON object: all of the operation's
    refs            TEXT    NOT NULL,                        -- public ids of the pictures it was made from, one a line
    seed            INTEGER,
    cost_micro      INTEGER,                                 -- its share of the task's; NULL: unknown
    currency        TEXT    NOT NULL,
    request_id      TEXT    NOT NULL,                        -- the provider's
    started_at_ms   INTEGER NOT NULL,
    finished_at_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE tag (
    id       INTEGER PRIMARY KEY,
    user_id  INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    name_key TEXT    NOT NULL,                               -- the name as it is compared: ASCII letters lower
    count    INTEGER NOT NULL DEFAULT 0 CHECK (count >= 0),  -- live pictures that have it
    UNIQUE (user_id, name_key)
) STRICT;

CREATE TABLE asset_tag (
    tag_id        INTEGER NOT NULL REFERENCES tag (id),
    created_at_ms INTEGER NOT NULL,                          -- the picture's
    asset_id      INTEGER NOT NULL REFERENCES asset (id),
    PRIMARY KEY (tag_id, created_at_ms, asset_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_tag_of ON asset_tag (asset_id);

-- rowid = asset.id.  `owner` keeps a search out of other people's words; `words` is text_index() of name, prompt,
-- tags and model.  Typing finds from the first character: hence the prefixes.
CREATE VIRTUAL TABLE asset_fts USING fts5 (owner, words, prefix = '1 2', tokenize = 'unicode61');

-- A ZIP that was asked for: its link opens it for an hour.
CREATE TABLE archive (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,
    user_id       INTEGER NOT NULL,
    selection     TEXT    NOT NULL,                          -- JSON: ids or a filter
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX archive_created ON archive (created_at_ms);
