-- The account book: one row per task that asks a provider.  Money is in micro-units of `currency`.
-- No foreign keys: the book outlives the users, runs and providers it speaks of.

CREATE TABLE usage (
    task_id        INTEGER PRIMARY KEY,
    user_id        INTEGER NOT NULL,
    provider_id    INTEGER NOT NULL CHECK (provider_id > 0),
    model          TEXT    NOT NULL,
    operation      TEXT    NOT NULL,
    -- reserved: under way; settled: it cost `cost_micro`; doubtful: `estimate_micro` may have been charged as well
    state          TEXT    NOT NULL CHECK (state IN ('reserved', 'settled', 'doubtful')),
    estimate_micro INTEGER NOT NULL CHECK (estimate_micro >= -1),  -- -1: unknown
    cost_micro     INTEGER CHECK (cost_micro >= 0),          -- as last settled, of all calls; NULL: never settled
    calls          INTEGER NOT NULL DEFAULT 0 CHECK (calls >= 0),  -- that left for the provider, as last settled
    currency       TEXT    NOT NULL,
    reserved_at_ms INTEGER NOT NULL,
    settled_at_ms  INTEGER,
    day            TEXT    NOT NULL CHECK (length(day) = 10),      -- of the first reservation, UTC: '2026-11-22'
    CHECK (state <> 'settled' OR cost_micro IS NOT NULL)
) STRICT;
CREATE INDEX usage_of_user ON usage (user_id, day);
CREATE INDEX usage_of_day ON usage (day);
