-- Changes of many pictures that go on by themselves.  A job stands where its last commit left it, so that a crash
-- costs nothing; what it changed is noted until nobody can undo it any more.

CREATE TABLE asset_job (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,
    user_id       INTEGER NOT NULL,
    state         TEXT    NOT NULL
        CHECK (state IN ('running', 'undoing', 'done', 'stopped', 'undone', 'failed')),
    action        TEXT    NOT NULL,
    rating        INTEGER NOT NULL,                          -- of rate
    tag           TEXT    NOT NULL,                          -- of tag_add and tag_remove
    selection     TEXT    NOT NULL,                          -- JSON: ids or a filter
    -- where the walk stands
    next          INTEGER NOT NULL DEFAULT 0,
    after_ms      INTEGER NOT NULL,
    after_id      INTEGER NOT NULL,
    total         INTEGER NOT NULL CHECK (total >= 0),       -- that matched when it was asked for
    seen          INTEGER NOT NULL DEFAULT 0,
    changed       INTEGER NOT NULL DEFAULT 0,
    undone        INTEGER NOT NULL DEFAULT 0,
    error         TEXT    NOT NULL DEFAULT '',               -- of failed
    created_at_ms INTEGER NOT NULL,
    ended_at_ms   INTEGER
) STRICT;
CREATE INDEX asset_job_live ON asset_job (id) WHERE ended_at_ms IS NULL;
CREATE INDEX asset_job_ended ON asset_job (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
CREATE INDEX asset_job_user ON asset_job (user_id, id);

-- What a job changed, and what undoing it needs: the rating or the time in the trash before; 0: neither.
CREATE TABLE asset_job_item (
    job_id INTEGER NOT NULL REFERENCES asset_job (id),
    asset  TEXT    NOT NULL,                                 -- public id: it may be deleted meanwhile
    before INTEGER NOT NULL,
    PRIMARY KEY (job_id, asset)
) STRICT, WITHOUT ROWID;
