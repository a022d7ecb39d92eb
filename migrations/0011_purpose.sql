-- How a provider did is asked of its ended calls by time.  A call enters this index once, when it ends; all that the
-- counts and percentiles need stands in it, so that no row of `call` is read for them.
CREATE INDEX call_ended ON call (provider_id, ended_at_ms, state, class, sent_at_ms, intent_at_ms)
    WHERE ended_at_ms IS NOT NULL;
