-- The live slices a counted unit is in: a JSON object, column to value; null where none are told apart.
ALTER TABLE assignment ADD COLUMN slices TEXT;

-- Counted units and their labels by slice and by the last second of the ten in which they were assigned.
-- Seconds in which nothing can be labelled any more are summed under -1.
CREATE TABLE slice_unit (
    rollout   INTEGER NOT NULL,
    gate      INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    slice     TEXT NOT NULL,
    label     TEXT NOT NULL,
    until     INTEGER NOT NULL,
    candidate INTEGER NOT NULL DEFAULT 0,
    incumbent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, slice, label, until)
) STRICT, WITHOUT ROWID;

CREATE TABLE slice_label (
    rollout        INTEGER NOT NULL,
    gate           INTEGER NOT NULL,
    seen           INTEGER NOT NULL,
    metric         TEXT NOT NULL,
    slice          TEXT NOT NULL,
    label          TEXT NOT NULL,
    until          INTEGER NOT NULL,
    candidate_bad  INTEGER NOT NULL DEFAULT 0,
    candidate_good INTEGER NOT NULL DEFAULT 0,
    incumbent_bad  INTEGER NOT NULL DEFAULT 0,
    incumbent_good INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, metric, slice, label, until)
) STRICT, WITHOUT ROWID;
