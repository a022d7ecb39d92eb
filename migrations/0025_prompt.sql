-- What each person asked pictures of: a prompt once, however often it was used, so that a page of them walks as many
-- rows as it shows and never the runs.  Kept in the transaction that takes a run in.  Times are milliseconds UTC.
CREATE TABLE prompt (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,                   -- of the task that it came with first
    user_id       INTEGER NOT NULL,
    text          TEXT    NOT NULL CHECK (text <> ''),       -- without spaces around it
    use_count     INTEGER NOT NULL CHECK (use_count > 0),    -- runs, however many pictures each made
    run_id        INTEGER NOT NULL,                          -- the last of them
    made_at_ms    INTEGER NOT NULL,                          -- used first
    used_at_ms    INTEGER NOT NULL,                          -- and last
    deleted_at_ms INTEGER,                                   -- by its person: hidden, and gone some time later
    UNIQUE (user_id, text)
) STRICT;
CREATE INDEX prompt_recent ON prompt (user_id, used_at_ms) WHERE deleted_at_ms IS NULL;
CREATE INDEX prompt_deleted ON prompt (deleted_at_ms) WHERE deleted_at_ms IS NOT NULL;

-- What was asked for before there was this table.
INSERT INTO prompt (public_id, user_id, text, use_count, run_id, made_at_ms, used_at_ms)
SELECT t.public_id, g.user_id, g.text, g.runs, g.last_run, g.made_at_ms, g.used_at_ms
FROM (SELECT min(id) AS first, user_id, trim(json_extract(parameters, '$.prompt'), char(9, 10, 13, 32)) AS text,
             count(DISTINCT run_id) AS runs, max(run_id) AS last_run, min(created_at_ms) AS made_at_ms,
             max(created_at_ms) AS used_at_ms
      FROM task WHERE (operation = 'image.generate' OR operation = 'image.edit') AND json_valid(parameters)
      GROUP BY 2, 3) g JOIN task t ON t.id = g.first
WHERE g.text <> '' ORDER BY g.first;
