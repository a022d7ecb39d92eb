-- Bytes named by their SHA-256, and who needs them (blob/blob.h).

CREATE TABLE blob (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    size INTEGER NOT NULL CHECK (size >= 0),
    -- live: in use or lately so; marked: on its way out; trashed: the file is in trash/
    state TEXT NOT NULL CHECK (state IN ('live', 'marked', 'trashed')),
    state_at_ms INTEGER NOT NULL,
    -- when the last reference was dropped; NULL while there is one
    unreferenced_at_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    CHECK (state = 'live' OR unreferenced_at_ms IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_unreferenced ON blob (unreferenced_at_ms)
    WHERE state = 'live' AND unreferenced_at_ms IS NOT NULL;
CREATE INDEX blob_leaving ON blob (state, state_at_ms) WHERE state <> 'live';

CREATE TABLE blob_ref (
    sha256 TEXT NOT NULL REFERENCES blob (sha256),
    owner TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (sha256, owner)
) STRICT, WITHOUT ROWID;
