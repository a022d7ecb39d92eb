-- How the queue did: ended calls counted by slots of five minutes, an hour and six hours, so that thirty days of a
-- busy house are some thousand rows and not a million calls.  Kept by a trigger, so that no way to end a call can
-- forget it; kept short by another one.

-- How long counts of a slot's length are kept.
CREATE TABLE call_slot (
    step_ms INTEGER PRIMARY KEY,
    keep_ms INTEGER NOT NULL
) STRICT;
INSERT INTO call_slot (step_ms, keep_ms) VALUES (300000, 86400000), (3600000, 259200000), (21600000, 2764800000);

-- Times are told to within 2.5 %: from `from_ms` on they are rounded to whole steps.
CREATE TABLE call_rounding (
    from_ms INTEGER PRIMARY KEY,
    unit_ms INTEGER NOT NULL
) STRICT;
INSERT INTO call_rounding (from_ms, unit_ms) VALUES (0, 10), (500, 25), (1000, 50), (2000, 100), (5000, 250),
    (10000, 500), (20000, 1000), (50000, 2500), (100000, 5000), (200000, 10000), (500000, 25000), (1000000, 50000);

CREATE TABLE call_count (
    step_ms     INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,          -- the slot's begin
    took_ms     INTEGER NOT NULL,          -- from sent to ended, rounded, an hour at most; -1: without a result
    user_id     INTEGER NOT NULL,
    provider_id INTEGER NOT NULL,
    model       TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    calls       INTEGER NOT NULL,
    -- A call counts a million units at most: one absurd cost must not overflow the sums.
    cost_micro  INTEGER NOT NULL,
    PRIMARY KEY (step_ms, at_ms, took_ms, user_id, provider_id, model, currency)
) STRICT, WITHOUT ROWID;

-- A call that a person gave up tells nothing about who was asked.
CREATE TRIGGER call_counted AFTER UPDATE OF ended_at_ms ON call
    WHEN OLD.ended_at_ms IS NULL AND NEW.ended_at_ms IS NOT NULL AND NEW.state <> 'abandoned'
BEGIN
    INSERT INTO call_count (step_ms, at_ms, took_ms, user_id, provider_id, model, currency, calls, cost_micro)
    SELECT s.step_ms, NEW.ended_at_ms / s.step_ms * s.step_ms,
           CASE WHEN NEW.state = 'finished' THEN
               (SELECT (min(3600000, max(0, NEW.ended_at_ms - coalesce(NEW.sent_at_ms, NEW.intent_at_ms)))
                        + r.unit_ms / 2) / r.unit_ms * r.unit_ms
                FROM call_rounding r
                WHERE r.from_ms <= max(0, NEW.ended_at_ms - coalesce(NEW.sent_at_ms, NEW.intent_at_ms))
                ORDER BY r.from_ms DESC LIMIT 1) ELSE -1 END,
           t.user_id, NEW.provider_id, NEW.model, NEW.currency, 1, min(coalesce(NEW.cost_micro, 0), 1000000000000)
    FROM call_slot s JOIN task t ON t.id = NEW.task_id WHERE true
    ON CONFLICT (step_ms, at_ms, took_ms, user_id, provider_id, model, currency) DO UPDATE SET
        calls = calls + 1, cost_micro = cost_micro + excluded.cost_micro;
END;
CREATE TRIGGER call_count_kept AFTER INSERT ON call_count
BEGIN
    DELETE FROM call_count WHERE step_ms = NEW.step_ms
        AND at_ms < NEW.at_ms - (SELECT keep_ms FROM call_slot WHERE step_ms = NEW.step_ms);
END;

-- What ended before there were counts.
INSERT INTO call_count (step_ms, at_ms, took_ms, user_id, provider_id, model, currency, calls, cost_micro)
SELECT s.step_ms, c.ended_at_ms / s.step_ms * s.step_ms AS at,
       CASE WHEN c.state = 'finished' THEN
           (SELECT (min(3600000, max(0, c.ended_at_ms - coalesce(c.sent_at_ms, c.intent_at_ms)))
                    + r.unit_ms / 2) / r.unit_ms * r.unit_ms
            FROM call_rounding r WHERE r.from_ms <= max(0, c.ended_at_ms - coalesce(c.sent_at_ms, c.intent_at_ms))
            ORDER BY r.from_ms DESC LIMIT 1) ELSE -1 END AS took,
       t.user_id, c.provider_id, c.model, c.currency, count(*), sum(min(coalesce(c.cost_micro, 0), 1000000000000))
FROM call c JOIN task t ON t.id = c.task_id JOIN call_slot s
WHERE c.ended_at_ms > (SELECT max(ended_at_ms) FROM call) - s.keep_ms AND c.state <> 'abandoned'
GROUP BY s.step_ms, at, took, t.user_id, c.provider_id, c.model, c.currency
ORDER BY s.step_ms, at;

-- Lists of runs by their state, and of those that a provider works for: each in the order of its index.
DROP INDEX run_active;
CREATE INDEX run_in_state ON run (user_id, state, id);
CREATE INDEX task_at_provider ON task (user_id, provider_id, run_id);

-- Tasks that were in flight when the server stopped without its leave, until their person has seen it.
CREATE TABLE recovered (
    user_id INTEGER NOT NULL,
    task_id INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    at_ms   INTEGER NOT NULL,              -- of the start that took it over
    waiting INTEGER NOT NULL,              -- of the same person's, which lost nothing
    PRIMARY KEY (user_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recovered_task ON recovered (task_id);
CREATE TRIGGER attempt_recovered AFTER UPDATE OF outcome ON attempt
    WHEN NEW.outcome = 'owner_died' AND OLD.outcome <> 'owner_died'
BEGIN
    DELETE FROM recovered WHERE user_id = (SELECT user_id FROM task WHERE id = NEW.task_id)
        AND at_ms <> NEW.ended_at_ms;
    -- What was in flight may wait again by now, and is not counted twice.
    INSERT INTO recovered (user_id, task_id, at_ms, waiting)
    SELECT t.user_id, t.id, NEW.ended_at_ms,
           coalesce((SELECT count FROM queued q WHERE q.user_id = t.user_id), 0) - (t.state = 'ready')
           - (SELECT count(*) FROM recovered r JOIN task o ON o.id = r.task_id
              WHERE r.user_id = t.user_id AND o.state = 'ready')
    FROM task t WHERE t.id = NEW.task_id
    ON CONFLICT (user_id, task_id) DO UPDATE SET at_ms = excluded.at_ms;
END;
