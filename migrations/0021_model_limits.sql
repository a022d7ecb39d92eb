-- Services bound a model of theirs tighter than the account it is asked with.  What a house gives one model at once and
-- in a minute, beside the account's own bounds; 0: no bound of its own.
ALTER TABLE provider_model ADD COLUMN concurrency INTEGER NOT NULL DEFAULT 0 CHECK (concurrency >= 0);
ALTER TABLE provider_model ADD COLUMN per_minute INTEGER NOT NULL DEFAULT 0 CHECK (per_minute >= 0);
ALTER TABLE provider_model ADD COLUMN units_per_minute INTEGER NOT NULL DEFAULT 0 CHECK (units_per_minute >= 0);
