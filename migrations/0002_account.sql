-- Accounts: people, browser sessions, API tokens, and a record of what was done with them.
-- Times are milliseconds UTC; ids that leave the server are ULIDs (public_id).  Of a token that opens something
-- only its SHA-256 is kept, so that a copy of this file opens nothing.

CREATE TABLE user (
    id             INTEGER PRIMARY KEY,
    public_id      TEXT    NOT NULL UNIQUE,
    name           TEXT    NOT NULL,
    name_key       TEXT    NOT NULL UNIQUE,                  -- the name as it is compared: ASCII letters lower
    role           TEXT    NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    password       TEXT,                                     -- argon2id PHC text; NULL: cannot log in by password
    device_key     BLOB    NOT NULL CHECK (length(device_key) = 32),  -- signs the cookie of a known device
    language       TEXT    NOT NULL DEFAULT '' CHECK (language IN ('', 'en', 'zh-CN')),
    theme          TEXT    NOT NULL DEFAULT 'system' CHECK (theme IN ('light', 'dark', 'system')),
    is_disabled    INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1)),
    created_at_ms  INTEGER NOT NULL
) STRICT;
-- There is one owner; two processes that meet an empty database cannot make two.
CREATE UNIQUE INDEX user_one_owner ON user (role) WHERE role = 'owner';

CREATE TABLE session (
    id              INTEGER PRIMARY KEY,
    public_id       TEXT    NOT NULL UNIQUE,
    user_id         INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    token_hash      BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at_ms   INTEGER NOT NULL,
    last_seen_at_ms INTEGER NOT NULL,                        -- written once a minute at most
    expires_at_ms   INTEGER NOT NULL,                        -- whatever its use; idle ones end earlier
    agent           TEXT    NOT NULL,
    ip              TEXT    NOT NULL
) STRICT;
CREATE INDEX session_of_user ON session (user_id, id);

CREATE TABLE token (
    id              INTEGER PRIMARY KEY,
    public_id       TEXT    NOT NULL UNIQUE,
    user_id         INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    token_hash      BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    hint            TEXT    NOT NULL,                        -- its last four characters
    scopes          INTEGER NOT NULL,                        -- bits: 1 read, 2 write, 4 generate, 8 admin
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER,                                 -- written once a minute at most
    expires_at_ms   INTEGER
) STRICT;
CREATE INDEX token_of_user ON token (user_id, id);

-- Who did what, when, from where.  No foreign keys: the record outlives what it speaks of.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    public_id  TEXT    NOT NULL UNIQUE,
    at_ms      INTEGER NOT NULL,
    user_id    INTEGER,                                      -- NULL: nobody we know
    event      TEXT    NOT NULL,
    subject    TEXT    NOT NULL,                             -- the name tried, the token's name, …
    ip         TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at_ms);
