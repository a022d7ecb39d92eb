-- A person pauses one model of an account, as they pause a whole one: what waits for it waits on.
ALTER TABLE provider_model ADD COLUMN is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1));
