-- Fewer pages to write for a version: one index by its bytes instead of two, and no places for what a
-- row of the journal is not about.
DROP INDEX IF EXISTS version_identity;
DROP INDEX IF EXISTS version_by_digest;
CREATE INDEX version_by_digest ON version (digest, model, number);

DROP INDEX IF EXISTS journal_by_rollout;
CREATE INDEX journal_by_rollout ON journal (rollout, seq) WHERE rollout IS NOT NULL;
DROP INDEX IF EXISTS journal_by_endpoint;
CREATE INDEX journal_by_endpoint ON journal (endpoint, seq) WHERE endpoint IS NOT NULL;
