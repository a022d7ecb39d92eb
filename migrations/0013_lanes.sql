-- Units a minute that an account may be asked for: a picture is one, a request for text is one; 0: no bound.
ALTER TABLE provider ADD COLUMN units_per_minute INTEGER NOT NULL DEFAULT 0 CHECK (units_per_minute >= 0);
ALTER TABLE task ADD COLUMN units INTEGER NOT NULL DEFAULT 1 CHECK (units BETWEEN 1 AND 1000);
UPDATE task SET units = min(json_extract(parameters, '$.n'), 1000)
    WHERE json_type(parameters, '$.n') = 'integer' AND json_extract(parameters, '$.n') > 1;
