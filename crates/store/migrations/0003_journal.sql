-- The hash-chained record; docs/reference/journal.md specifies each row's canonical bytes.
CREATE TABLE journal (
    seq       INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    event     TEXT NOT NULL,
    subject   TEXT,
    endpoint  TEXT,
    rollout   INTEGER,
    revision  INTEGER,
    from_stage TEXT,
    to_stage  TEXT,
    overlays  TEXT,
    share     INTEGER,
    epoch     INTEGER,
    cause     TEXT NOT NULL,
    effects   TEXT NOT NULL,
    serving   TEXT,
    plan_hash TEXT,
    evidence  TEXT,
    previous  TEXT NOT NULL,
    hash      TEXT NOT NULL
) STRICT;
CREATE INDEX journal_by_rollout ON journal (rollout, seq);
CREATE INDEX journal_by_endpoint ON journal (endpoint, seq);
CREATE INDEX journal_by_serving ON journal (endpoint, seq) WHERE serving IS NOT NULL;

CREATE TRIGGER journal_is_never_rewritten BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER journal_is_never_shortened BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- The journal is the outbox: each consumer notes how far it has delivered.
CREATE TABLE outbox (
    consumer TEXT PRIMARY KEY,
    seq      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
