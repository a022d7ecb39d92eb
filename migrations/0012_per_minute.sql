-- Requests a minute that an account may be sent; 0: no bound.
ALTER TABLE provider ADD COLUMN per_minute INTEGER NOT NULL DEFAULT 0 CHECK (per_minute >= 0);
