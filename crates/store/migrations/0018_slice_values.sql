-- Values by slice, as value_cell and cohort_value have them of all units, and by the last second of the
-- ten in which their units were assigned. Seconds in which no value can come any more are summed under -1.
CREATE TABLE slice_value (
    rollout           INTEGER NOT NULL,
    gate              INTEGER NOT NULL,
    seen              INTEGER NOT NULL,
    metric            TEXT NOT NULL,
    slice             TEXT NOT NULL,
    label             TEXT NOT NULL,
    until             INTEGER NOT NULL,
    bucket            INTEGER NOT NULL,
    candidate         INTEGER NOT NULL DEFAULT 0,
    candidate_sum     INTEGER NOT NULL DEFAULT 0,
    candidate_squares INTEGER NOT NULL DEFAULT 0,
    incumbent         INTEGER NOT NULL DEFAULT 0,
    incumbent_sum     INTEGER NOT NULL DEFAULT 0,
    incumbent_squares INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, metric, slice, label, until, bucket)
) STRICT, WITHOUT ROWID;
