-- What numbers of one metric are counted by in a rollout, made once and never replaced.
CREATE TABLE value_reference (
    rollout   INTEGER NOT NULL,
    metric    TEXT NOT NULL,
    reference TEXT NOT NULL,
    -- The first second of assignments that count: the units before made the reference.
    since     INTEGER NOT NULL,
    PRIMARY KEY (rollout, metric)
) STRICT, WITHOUT ROWID;

-- What a reference is made of, until it is: the incumbent's values before the canary, or the first
-- ones of the canary, on either arm.
CREATE TABLE value_sample (
    rollout INTEGER NOT NULL,
    metric  TEXT NOT NULL,
    stage   TEXT NOT NULL CHECK (stage IN ('before', 'live')),
    number  INTEGER NOT NULL,
    value   REAL NOT NULL,
    second  INTEGER NOT NULL,
    PRIMARY KEY (rollout, metric, stage, number)
) STRICT, WITHOUT ROWID;

-- By arm: units, and the sum and the sum of squares of their values in the reference's steps.
CREATE TABLE value_cell (
    rollout           INTEGER NOT NULL,
    gate              INTEGER NOT NULL,
    -- The share in basis points up to which the units' arm was known before.
    seen              INTEGER NOT NULL,
    metric            TEXT NOT NULL,
    bucket            INTEGER NOT NULL,
    candidate         INTEGER NOT NULL DEFAULT 0,
    candidate_sum     INTEGER NOT NULL DEFAULT 0,
    candidate_squares INTEGER NOT NULL DEFAULT 0,
    incumbent         INTEGER NOT NULL DEFAULT 0,
    incumbent_sum     INTEGER NOT NULL DEFAULT 0,
    incumbent_squares INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, metric, bucket)
) STRICT, WITHOUT ROWID;

-- The same by the second of the assignment, as in cohort_label. Bucket -1 holds the units whose
-- value made the reference, or came too early for it: they have one, and it does not count.
CREATE TABLE cohort_value (
    rollout           INTEGER NOT NULL,
    gate              INTEGER NOT NULL,
    seen              INTEGER NOT NULL,
    metric            TEXT NOT NULL,
    second            INTEGER NOT NULL,
    bucket            INTEGER NOT NULL,
    candidate         INTEGER NOT NULL DEFAULT 0,
    candidate_sum     INTEGER NOT NULL DEFAULT 0,
    candidate_squares INTEGER NOT NULL DEFAULT 0,
    incumbent         INTEGER NOT NULL DEFAULT 0,
    incumbent_sum     INTEGER NOT NULL DEFAULT 0,
    incumbent_squares INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, metric, second, bucket)
) STRICT, WITHOUT ROWID;
