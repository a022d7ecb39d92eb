-- Accounts that take what waits for this one while it is in trouble: their public ids in the owner's order, separated
-- by commas.
ALTER TABLE provider ADD COLUMN stand_ins TEXT NOT NULL DEFAULT '' CHECK (length(stand_ins) <= 200);

-- A task that went to a stand-in, before anything was charged for it.  It never goes back to an account it left.
CREATE TABLE task_move (
    task_id          INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    at_ms            INTEGER NOT NULL,
    from_provider_id INTEGER NOT NULL,
    to_provider_id   INTEGER NOT NULL,
    reason           TEXT    NOT NULL,
    PRIMARY KEY (task_id, from_provider_id)
) STRICT, WITHOUT ROWID;
