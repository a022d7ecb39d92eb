-- What a house pays for a model by a rule of its own (provider/price_own.c, as JSON); '': by price_micro or the
-- catalogue.
ALTER TABLE provider_model ADD COLUMN price TEXT NOT NULL DEFAULT '';

-- The sums of the book are kept by the statements that change it (usage/usage_store.c), one where the triggers ran
-- three, and none where nothing moved; `vitrine doctor` compares them with the book.
DROP TRIGGER usage_spend_insert;
DROP TRIGGER usage_spend_update;
DROP TRIGGER usage_spend_delete;
