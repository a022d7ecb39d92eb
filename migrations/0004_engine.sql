-- The durable engine: runs, tasks, attempts, calls, edges, events.  Times are milliseconds UTC.
-- Finished tasks stay in `task`: every index the engine works with is partial over live rows, so history costs a
-- claim nothing, and a job writes one row less than with a second table for finished ones.

CREATE TABLE engine_meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE run (
    id              INTEGER PRIMARY KEY,
    public_id       TEXT    NOT NULL UNIQUE,
    user_id         INTEGER NOT NULL,
    title           TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('active', 'done', 'failed', 'cancelled')),
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
CREATE INDEX run_of_user ON run (user_id, id);
CREATE INDEX run_active ON run (user_id, id) WHERE state = 'active';
CREATE UNIQUE INDEX run_idem ON run (user_id, idem_key) WHERE idem_key IS NOT NULL;

CREATE TABLE task (
    id             INTEGER PRIMARY KEY,
    public_id      TEXT    NOT NULL UNIQUE,
    run_id         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    user_id        INTEGER NOT NULL,
    node_key       TEXT    NOT NULL,
    operation      TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN
                       ('blocked', 'ready', 'running', 'waiting', 'held', 'done', 'failed', 'cancelled')),
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
CREATE INDEX task_live ON task (state, id) WHERE state IN ('ready', 'running', 'waiting');
CREATE INDEX task_queued ON task (user_id) WHERE state IN ('blocked', 'ready');
CREATE INDEX task_held ON task (user_id, id) WHERE state = 'held';
CREATE INDEX task_failed ON task (user_id, finished_at_ms) WHERE state = 'failed';

CREATE TABLE edge (
    run_id    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    from_task INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    to_task   INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    from_port TEXT    NOT NULL,
    to_port   TEXT    NOT NULL,
    is_done   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (from_task, to_task, from_port, to_port)
) WITHOUT ROWID;
CREATE INDEX edge_into ON edge (to_task);

CREATE TABLE attempt (
    id            INTEGER PRIMARY KEY,
    task_id       INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    fence         INTEGER NOT NULL,
    owner         TEXT    NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms   INTEGER,
    outcome       TEXT    NOT NULL DEFAULT '',
    class         TEXT    NOT NULL DEFAULT '',
    message       TEXT    NOT NULL DEFAULT '',
    UNIQUE (task_id, number)
);

CREATE TABLE call (
    id             INTEGER PRIMARY KEY,
    public_id      TEXT    NOT NULL UNIQUE,
    task_id        INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    attempt        INTEGER NOT NULL,
    provider_id    INTEGER NOT NULL,
    model          TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN
                       ('intent', 'sent', 'accepted', 'finished', 'failed', 'unknown', 'abandoned')),
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
CREATE INDEX call_of_task ON call (task_id, id);

CREATE TABLE event_head (
    user_id INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL
);
CREATE TABLE event (
    user_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (user_id, seq)
) WITHOUT ROWID;
