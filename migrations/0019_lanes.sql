-- Units a minute that an account may be asked for: a picture is one, a request for text is one; 0: no bound.
ALTER TABLE provider ADD COLUMN units_per_minute INTEGER NOT NULL DEFAULT 0 CHECK (units_per_minute >= 0);
ALTER TABLE task ADD COLUMN units INTEGER NOT NULL DEFAULT 1 CHECK (units BETWEEN 1 AND 1000);
UPDATE task SET units = min(json_extract(parameters, '$.n'), 1000)
    WHERE json_type(parameters, '$.n') = 'integer' AND json_extract(parameters, '$.n') > 1;

-- Up to eight keys for an account, each sealed as the account's one was: that becomes the first.
CREATE TABLE provider_key (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,    -- calls name it: an id is never given twice
    public_id     TEXT    NOT NULL UNIQUE,
    provider_id   INTEGER NOT NULL REFERENCES provider (id) ON DELETE CASCADE,
    sealed        TEXT    NOT NULL CHECK (sealed <> ''),
    hint          TEXT    NOT NULL,                     -- its last four characters
    weight        INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 100),
    is_enabled    INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX provider_key_of_provider ON provider_key (provider_id, id);
INSERT INTO provider_key (public_id, provider_id, sealed, hint, weight, is_enabled, created_at_ms)
    SELECT public_id, id, sealed_key, key_hint, 1, 1, created_at_ms FROM provider WHERE sealed_key <> '' ORDER BY id;
ALTER TABLE provider DROP COLUMN sealed_key;
ALTER TABLE provider DROP COLUMN key_hint;

-- The key that a call was made with; 0: none.  Calls under way go on with the one that there was.
ALTER TABLE call ADD COLUMN key_id INTEGER NOT NULL DEFAULT 0;
UPDATE call SET key_id = coalesce((SELECT k.id FROM provider_key k WHERE k.provider_id = call.provider_id), 0)
    WHERE state = 'intent' OR state = 'sent' OR state = 'accepted' OR state = 'unknown';
