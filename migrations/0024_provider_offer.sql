-- What a provider's own service has for options of its models, as it told when it was tested last: the samplers of a
-- ComfyUI server, its files.  JSON of the provider room (provider/offer.c); no row: it was never asked.
CREATE TABLE provider_offer (
    provider_id INTEGER PRIMARY KEY REFERENCES provider (id) ON DELETE CASCADE,
    offers      TEXT    NOT NULL,
    read_at_ms  INTEGER NOT NULL
) STRICT;
