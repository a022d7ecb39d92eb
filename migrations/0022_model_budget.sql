-- A budget may be of one model of one account.  The sums that budgets are asked of are kept by model too; they are made
-- anew from the book, which always knew the model.
CREATE TABLE spend_new (
    day            TEXT    NOT NULL,
    user_id        INTEGER NOT NULL,
    provider_id    INTEGER NOT NULL,
    model          TEXT    NOT NULL,
    currency       TEXT    NOT NULL,
    -- A task counts a million units at most: one absurd cost must not overflow the sums.
    cost_micro     INTEGER NOT NULL,
    reserved_micro INTEGER NOT NULL,
    doubtful_micro INTEGER NOT NULL,
    PRIMARY KEY (day, user_id, provider_id, model, currency)
) STRICT, WITHOUT ROWID;
INSERT INTO spend_new (day, user_id, provider_id, model, currency, cost_micro, reserved_micro, doubtful_micro)
    SELECT budget_day, user_id, provider_id, model, currency, sum(min(coalesce(cost_micro, 0), 1000000000000)),
           sum(CASE state WHEN 'reserved'
               THEN min(max(estimate_micro, 0) + repeat_micro, 1000000000000) ELSE 0 END),
           sum(CASE state WHEN 'doubtful' THEN min(max(estimate_micro, 0), 1000000000000) ELSE 0 END)
    FROM usage GROUP BY budget_day, user_id, provider_id, model, currency;
DROP TABLE spend;
ALTER TABLE spend_new RENAME TO spend;

CREATE TABLE budget_new (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,
    scope         TEXT    NOT NULL CHECK
                      (scope = 'everyone' OR scope = 'user' OR scope = 'provider' OR scope = 'model'),
    user_id       INTEGER NOT NULL DEFAULT 0,                  -- of scope user
    provider_id   INTEGER NOT NULL DEFAULT 0,                  -- of scope provider, and of model
    model         TEXT    NOT NULL DEFAULT '',                 -- of scope model: its wire id
    period        TEXT    NOT NULL CHECK (period = 'day' OR period = 'month'),
    currency      TEXT    NOT NULL CHECK (length(currency) = 3),
    limit_micro   INTEGER NOT NULL CHECK (limit_micro > 0),
    created_at_ms INTEGER NOT NULL,
    -- The first day of the period, and the share in percent, of which somebody was told last.
    told_day      TEXT    NOT NULL DEFAULT '',
    told_share    INTEGER NOT NULL DEFAULT 0,
    CHECK ((scope = 'model') = (model <> '')),
    CHECK (scope <> 'model' OR provider_id > 0),
    UNIQUE (scope, user_id, provider_id, model, period, currency)
) STRICT;
INSERT INTO budget_new (id, public_id, scope, user_id, provider_id, period, currency, limit_micro, created_at_ms,
                        told_day, told_share)
    SELECT id, public_id, scope, user_id, provider_id, period, currency, limit_micro, created_at_ms, told_day, told_share
    FROM budget;
DROP TABLE budget;
ALTER TABLE budget_new RENAME TO budget;
