-- Budgets: what may be spent in a day or a month (UTC).  What is spent against them is kept as sums by day, so that a
-- submission asks some rows and not the whole book; triggers keep them, so that no change of the book can forget it.

-- A task that is retried or repeated counts where it was reserved last: what was over is never asked for again.
ALTER TABLE usage ADD COLUMN budget_day TEXT NOT NULL DEFAULT '';
-- What calls before a repeat may have cost, while the task is reserved; settling says what they did.
ALTER TABLE usage ADD COLUMN repeat_micro INTEGER NOT NULL DEFAULT 0 CHECK (repeat_micro >= 0);
UPDATE usage SET budget_day = day;

CREATE TABLE spend (
    day            TEXT    NOT NULL,
    user_id        INTEGER NOT NULL,
    provider_id    INTEGER NOT NULL,
    currency       TEXT    NOT NULL,
    -- A task counts a million units at most: one absurd cost must not overflow the sums.
    cost_micro     INTEGER NOT NULL,
    reserved_micro INTEGER NOT NULL,
    doubtful_micro INTEGER NOT NULL,
    PRIMARY KEY (day, user_id, provider_id, currency)
) STRICT, WITHOUT ROWID;
INSERT INTO spend (day, user_id, provider_id, currency, cost_micro, reserved_micro, doubtful_micro)
    SELECT budget_day, user_id, provider_id, currency, sum(min(coalesce(cost_micro, 0), 1000000000000)),
           sum(CASE state WHEN 'reserved' THEN min(max(estimate_micro, 0), 1000000000000) ELSE 0 END),
           sum(CASE state WHEN 'doubtful' THEN min(max(estimate_micro, 0), 1000000000000) ELSE 0 END)
    FROM usage GROUP BY budget_day, user_id, provider_id, currency;

CREATE TRIGGER usage_spend_insert AFTER INSERT ON usage
BEGIN
    INSERT INTO spend (day, user_id, provider_id, currency, cost_micro, reserved_micro, doubtful_micro)
    VALUES (NEW.budget_day, NEW.user_id, NEW.provider_id, NEW.currency,
            min(coalesce(NEW.cost_micro, 0), 1000000000000),
            CASE NEW.state WHEN 'reserved'
                THEN min(max(NEW.estimate_micro, 0) + NEW.repeat_micro, 1000000000000) ELSE 0 END,
            CASE NEW.state WHEN 'doubtful' THEN min(max(NEW.estimate_micro, 0), 1000000000000) ELSE 0 END)
    ON CONFLICT (day, user_id, provider_id, currency) DO UPDATE SET
        cost_micro = cost_micro + excluded.cost_micro,
        reserved_micro = reserved_micro + excluded.reserved_micro,
        doubtful_micro = doubtful_micro + excluded.doubtful_micro;
END;
CREATE TRIGGER usage_spend_update AFTER UPDATE ON usage
BEGIN
    UPDATE spend SET
        cost_micro = cost_micro - min(coalesce(OLD.cost_micro, 0), 1000000000000),
        reserved_micro = reserved_micro - CASE OLD.state WHEN 'reserved'
            THEN min(max(OLD.estimate_micro, 0) + OLD.repeat_micro, 1000000000000) ELSE 0 END,
        doubtful_micro = doubtful_micro - CASE OLD.state WHEN 'doubtful'
            THEN min(max(OLD.estimate_micro, 0), 1000000000000) ELSE 0 END
    WHERE day = OLD.budget_day AND user_id = OLD.user_id AND provider_id = OLD.provider_id
        AND currency = OLD.currency;
    INSERT INTO spend (day, user_id, provider_id, currency, cost_micro, reserved_micro, doubtful_micro)
    VALUES (NEW.budget_day, NEW.user_id, NEW.provider_id, NEW.currency,
            min(coalesce(NEW.cost_micro, 0), 1000000000000),
            CASE NEW.state WHEN 'reserved'
                THEN min(max(NEW.estimate_micro, 0) + NEW.repeat_micro, 1000000000000) ELSE 0 END,
            CASE NEW.state WHEN 'doubtful' THEN min(max(NEW.estimate_micro, 0), 1000000000000) ELSE 0 END)
    ON CONFLICT (day, user_id, provider_id, currency) DO UPDATE SET
        cost_micro = cost_micro + excluded.cost_micro,
        reserved_micro = reserved_micro + excluded.reserved_micro,
        doubtful_micro = doubtful_micro + excluded.doubtful_micro;
END;
CREATE TRIGGER usage_spend_delete AFTER DELETE ON usage
BEGIN
    UPDATE spend SET
        cost_micro = cost_micro - min(coalesce(OLD.cost_micro, 0), 1000000000000),
        reserved_micro = reserved_micro - CASE OLD.state WHEN 'reserved'
            THEN min(max(OLD.estimate_micro, 0) + OLD.repeat_micro, 1000000000000) ELSE 0 END,
        doubtful_micro = doubtful_micro - CASE OLD.state WHEN 'doubtful'
            THEN min(max(OLD.estimate_micro, 0), 1000000000000) ELSE 0 END
    WHERE day = OLD.budget_day AND user_id = OLD.user_id AND provider_id = OLD.provider_id
        AND currency = OLD.currency;
END;

CREATE TABLE budget (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,
    scope         TEXT    NOT NULL CHECK (scope = 'everyone' OR scope = 'user' OR scope = 'provider'),
    user_id       INTEGER NOT NULL DEFAULT 0,                  -- of scope user
    provider_id   INTEGER NOT NULL DEFAULT 0,                  -- of scope provider
    period        TEXT    NOT NULL CHECK (period = 'day' OR period = 'month'),
    currency      TEXT    NOT NULL CHECK (length(currency) = 3),
    limit_micro   INTEGER NOT NULL CHECK (limit_micro > 0),
    created_at_ms INTEGER NOT NULL,
    -- The first day of the period, and the share in percent, of which somebody was told last.
    told_day      TEXT    NOT NULL DEFAULT '',
    told_share    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (scope, user_id, provider_id, period, currency)
) STRICT;
