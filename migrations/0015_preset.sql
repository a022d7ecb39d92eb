-- Presets: a form's values under a name, and which one each person's page begins with.  Pictures are not among the
-- values: parameters are checked by the operation's table, which has no place for one, nor for a key.
CREATE TABLE preset (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,
    user_id       INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    operation     TEXT    NOT NULL,
    count         INTEGER NOT NULL CHECK (count > 0),         -- pictures side by side
    parameters    TEXT    NOT NULL,                           -- JSON object; absent ones are the operation's default
    is_shared     INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
    version       INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX preset_name ON preset (user_id, lower(name));
CREATE INDEX preset_shared ON preset (is_shared) WHERE is_shared = 1;

CREATE TABLE preset_default (
    user_id   INTEGER PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    preset_id INTEGER NOT NULL REFERENCES preset (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX preset_default_of ON preset_default (preset_id);
