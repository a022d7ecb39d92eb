-- What a person set for themselves follows them to every browser: where they begin, and their keys.  The shortcuts are
-- JSON of the shape that /me has; the shape is checked before it is written.
ALTER TABLE user ADD COLUMN start_page TEXT NOT NULL DEFAULT '' CHECK (length(start_page) <= 20);
ALTER TABLE user ADD COLUMN letter_keys INTEGER NOT NULL DEFAULT 1 CHECK (letter_keys IN (0, 1));
ALTER TABLE user ADD COLUMN shortcuts TEXT NOT NULL DEFAULT '' CHECK (length(shortcuts) <= 65536);
