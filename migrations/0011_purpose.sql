-- How a provider did is asked of its ended calls by time.  A call enters this index once, when it ends; all that the
-- counts and percentiles need stands in it, so that no row of `call` is read for them.
CREATE INDEX call_ended ON call (provider_id, ended_at_ms, state, class, sent_at_ms, intent_at_ms)
    WHERE ended_at_ms IS NOT NULL;

-- What a model is the default for: a set of 1 pictures, 2 edits, 4 text, 8 looking at pictures.  One that was the
-- default was it for whatever it could do, and stays it.
DROP INDEX provider_model_one_default;
ALTER TABLE provider_model ADD COLUMN purposes INTEGER NOT NULL DEFAULT 0 CHECK (purposes BETWEEN 0 AND 15);
UPDATE provider_model SET purposes = 15 WHERE is_default = 1;
ALTER TABLE provider_model DROP COLUMN is_default;
CREATE UNIQUE INDEX provider_model_image ON provider_model (purposes & 1) WHERE purposes & 1 = 1;
CREATE UNIQUE INDEX provider_model_edit ON provider_model (purposes & 2) WHERE purposes & 2 = 2;
CREATE UNIQUE INDEX provider_model_text ON provider_model (purposes & 4) WHERE purposes & 4 = 4;
CREATE UNIQUE INDEX provider_model_vision ON provider_model (purposes & 8) WHERE purposes & 8 = 8;
