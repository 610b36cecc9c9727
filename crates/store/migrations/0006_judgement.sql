-- The largest log e-value against the candidate that any look of a rollout has found, by check.
CREATE TABLE evidence_maximum (
    rollout INTEGER NOT NULL,
    name    TEXT NOT NULL,
    log_e   REAL NOT NULL,
    PRIMARY KEY (rollout, name)
) STRICT, WITHOUT ROWID;

-- The incumbent's latencies as the first look at live traffic found them; never replaced.
CREATE TABLE latency_reference (
    rollout INTEGER PRIMARY KEY,
    counts  TEXT NOT NULL
) STRICT;

-- Counted units and their labels by the second of their assignment, so that labels can be judged
-- once they are due. Seconds in which nothing can be labelled any more are summed under -1.
CREATE TABLE cohort_unit (
    rollout   INTEGER NOT NULL,
    gate      INTEGER NOT NULL,
    second    INTEGER NOT NULL,
    candidate INTEGER NOT NULL DEFAULT 0,
    incumbent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, second)
) STRICT, WITHOUT ROWID;

CREATE TABLE cohort_label (
    rollout        INTEGER NOT NULL,
    gate           INTEGER NOT NULL,
    metric         TEXT NOT NULL,
    second         INTEGER NOT NULL,
    candidate_bad  INTEGER NOT NULL DEFAULT 0,
    candidate_good INTEGER NOT NULL DEFAULT 0,
    incumbent_bad  INTEGER NOT NULL DEFAULT 0,
    incumbent_good INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, metric, second)
) STRICT, WITHOUT ROWID;
