-- SQLite builds a table of its own for every list of three values or more, each time a row is written: ten of them a
-- job, a third of what a job cost.  The same checks and conditions, said with OR, cost a comparison.

CREATE TABLE run_new (
    id              INTEGER PRIMARY KEY,
    public_id       TEXT    NOT NULL UNIQUE,
    user_id         INTEGER NOT NULL,
    title           TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK
                        (state = 'active' OR state = 'done' OR state = 'failed' OR state = 'cancelled'),
    is_paused       INTEGER NOT NULL DEFAULT 0,
    priority        INTEGER NOT NULL,
    task_count      INTEGER NOT NULL,
    left_count      INTEGER NOT NULL,
    failed_count    INTEGER NOT NULL DEFAULT 0,
    cancelled_count INTEGER NOT NULL DEFAULT 0,
    estimate_micro  INTEGER NOT NULL DEFAULT 0,
    cost_micro      INTEGER NOT NULL DEFAULT 0,
    currency        TEXT    NOT NULL DEFAULT '',
    created_at_ms   INTEGER NOT NULL,
    finished_at_ms  INTEGER,
    idem_key        TEXT,
    request_hash    BLOB    NOT NULL
);
INSERT INTO run_new SELECT * FROM run;
DROP TABLE run;
ALTER TABLE run_new RENAME TO run;
CREATE INDEX run_of_user ON run (user_id, id);
CREATE INDEX run_active ON run (user_id, id) WHERE state = 'active';
CREATE UNIQUE INDEX run_idem ON run (user_id, idem_key) WHERE idem_key IS NOT NULL;

CREATE TABLE task_new (
    id             INTEGER PRIMARY KEY,
    public_id      TEXT    NOT NULL UNIQUE,
    run_id         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    user_id        INTEGER NOT NULL,
    node_key       TEXT    NOT NULL,
    operation      TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK
                       (state = 'ready' OR state = 'running' OR state = 'done' OR state = 'waiting' OR state = 'blocked'
                        OR state = 'held' OR state = 'failed' OR state = 'cancelled'),
    priority       INTEGER NOT NULL,
    rank           REAL    NOT NULL,
    provider_id    INTEGER NOT NULL DEFAULT 0,
    model          TEXT    NOT NULL DEFAULT '',
    parameters     TEXT    NOT NULL,
    inputs         TEXT    NOT NULL,
    deps_left      INTEGER NOT NULL,
    run_at_ms      INTEGER NOT NULL,
    start_by_ms    INTEGER NOT NULL,
    deadline_at_ms INTEGER NOT NULL,
    poll_at_ms     INTEGER NOT NULL DEFAULT 0,
    cancel_at_ms   INTEGER NOT NULL DEFAULT 0,
    fence          INTEGER NOT NULL DEFAULT 0,
    owner          TEXT    NOT NULL DEFAULT '',
    tries          INTEGER NOT NULL DEFAULT 0,
    tries_max      INTEGER NOT NULL,
    crash_count    INTEGER NOT NULL DEFAULT 0,
    crash_at_ms    INTEGER NOT NULL DEFAULT 0,
    may_repeat     INTEGER NOT NULL DEFAULT 0,
    output         TEXT,
    error_class    TEXT    NOT NULL DEFAULT '',
    error_message  TEXT    NOT NULL DEFAULT '',
    hold_reason    TEXT    NOT NULL DEFAULT '',
    estimate_micro INTEGER NOT NULL DEFAULT 0,
    cost_micro     INTEGER,
    currency       TEXT    NOT NULL DEFAULT '',
    created_at_ms  INTEGER NOT NULL,
    started_at_ms  INTEGER,
    finished_at_ms INTEGER,
    UNIQUE (run_id, node_key)
);
INSERT INTO task_new SELECT * FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
CREATE INDEX task_live ON task (state, id) WHERE state = 'ready' OR state = 'running' OR state = 'waiting';
CREATE INDEX task_queued ON task (user_id) WHERE state = 'blocked' OR state = 'ready';
CREATE INDEX task_held ON task (user_id, id) WHERE state = 'held';
CREATE INDEX task_failed ON task (user_id, finished_at_ms) WHERE state = 'failed';

CREATE TABLE call_new (
    id             INTEGER PRIMARY KEY,
    public_id      TEXT    NOT NULL UNIQUE,
    task_id        INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    attempt        INTEGER NOT NULL,
    provider_id    INTEGER NOT NULL,
    model          TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK
                       (state = 'intent' OR state = 'sent' OR state = 'finished' OR state = 'accepted'
                        OR state = 'failed' OR state = 'unknown' OR state = 'abandoned'),
    request_hash   BLOB    NOT NULL,
    remote_id      TEXT    NOT NULL DEFAULT '',
    request_id     TEXT    NOT NULL DEFAULT '',
    http_status    INTEGER NOT NULL DEFAULT 0,
    class          TEXT    NOT NULL DEFAULT '',
    message        TEXT    NOT NULL DEFAULT '',
    estimate_micro INTEGER NOT NULL,
    cost_micro     INTEGER,
    currency       TEXT    NOT NULL,
    repeat_of      INTEGER,
    intent_at_ms   INTEGER NOT NULL,
    sent_at_ms     INTEGER,
    accepted_at_ms INTEGER,
    ended_at_ms    INTEGER,
    result         TEXT
);
INSERT INTO call_new SELECT * FROM call;
DROP TABLE call;
ALTER TABLE call_new RENAME TO call;
CREATE INDEX call_of_task ON call (task_id, id);

CREATE TABLE usage_new (
    task_id        INTEGER PRIMARY KEY,
    user_id        INTEGER NOT NULL,
    provider_id    INTEGER NOT NULL CHECK (provider_id > 0),
    model          TEXT    NOT NULL,
    operation      TEXT    NOT NULL,
    -- reserved: under way; settled: it cost `cost_micro`; doubtful: `estimate_micro` may have been charged as well
    state          TEXT    NOT NULL CHECK (state = 'reserved' OR state = 'settled' OR state = 'doubtful'),
    estimate_micro INTEGER NOT NULL CHECK (estimate_micro >= -1),  -- -1: unknown
    cost_micro     INTEGER CHECK (cost_micro >= 0),          -- as last settled, of all calls; NULL: never settled
    calls          INTEGER NOT NULL DEFAULT 0 CHECK (calls >= 0),  -- that left for the provider, as last settled
    currency       TEXT    NOT NULL,
    reserved_at_ms INTEGER NOT NULL,
    settled_at_ms  INTEGER,
    day            TEXT    NOT NULL CHECK (length(day) = 10),      -- of the first reservation, UTC: '2026-11-22'
    CHECK (state <> 'settled' OR cost_micro IS NOT NULL)
) STRICT;
INSERT INTO usage_new SELECT * FROM usage;
DROP TABLE usage;
ALTER TABLE usage_new RENAME TO usage;
CREATE INDEX usage_of_user ON usage (user_id, day);
CREATE INDEX usage_of_day ON usage (day);
