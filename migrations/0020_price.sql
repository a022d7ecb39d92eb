-- What a house pays for a model by a rule of its own (core of provider/price_own.c, as JSON); '': by price_micro or the
-- catalogue.
ALTER TABLE provider_model ADD COLUMN price TEXT NOT NULL DEFAULT '';
