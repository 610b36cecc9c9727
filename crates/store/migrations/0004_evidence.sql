-- Cumulative counters of one start of a gateway; a larger seq replaces, sums go over boots.
CREATE TABLE gate_counter (
    rollout INTEGER NOT NULL,
    gate    INTEGER NOT NULL,
    boot    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    counts  TEXT NOT NULL,
    PRIMARY KEY (rollout, gate, boot)
) STRICT, WITHOUT ROWID;

CREATE TABLE shadow_counter (
    rollout INTEGER NOT NULL,
    boot    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    counts  TEXT NOT NULL,
    PRIMARY KEY (rollout, boot)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen_level (
    rollout INTEGER PRIMARY KEY,
    level   INTEGER NOT NULL
) STRICT;

-- Unsigned 64-bit hashes, stored as the signed number of the same bits.
CREATE TABLE seen_unit (
    rollout INTEGER NOT NULL,
    hash    INTEGER NOT NULL,
    PRIMARY KEY (rollout, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignment (
    request  INTEGER PRIMARY KEY,
    endpoint TEXT NOT NULL,
    rollout  INTEGER,
    gate     INTEGER,
    arm      TEXT NOT NULL CHECK (arm IN ('incumbent', 'candidate')),
    counted  TEXT NOT NULL CHECK (counted IN ('yes', 'no')),
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX assignment_by_time ON assignment (at);

CREATE TABLE boot (
    id              INTEGER PRIMARY KEY,
    seq             INTEGER NOT NULL,
    gateway_dropped INTEGER NOT NULL,
    store_dropped   INTEGER NOT NULL
) STRICT;

CREATE TABLE feedback (
    request INTEGER NOT NULL,
    metric  TEXT NOT NULL,
    value   REAL NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (request, metric)
) STRICT, WITHOUT ROWID;
CREATE INDEX feedback_by_time ON feedback (at);

CREATE TABLE feedback_cell (
    rollout        INTEGER NOT NULL,
    gate           INTEGER NOT NULL,
    metric         TEXT NOT NULL,
    candidate_bad  INTEGER NOT NULL DEFAULT 0,
    candidate_good INTEGER NOT NULL DEFAULT 0,
    incumbent_bad  INTEGER NOT NULL DEFAULT 0,
    incumbent_good INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, metric)
) STRICT, WITHOUT ROWID;
