-- What the provider refused by name and its request went without: field names, comma-separated.
ALTER TABLE recipe ADD COLUMN dropped TEXT NOT NULL DEFAULT '';
