-- What a unit has shown of its arm: the share in basis points up to which it is known. Units seen by
-- an earlier version have a history that was not kept: they are known, and carry no evidence again.
ALTER TABLE seen_unit ADD COLUMN seen INTEGER NOT NULL DEFAULT 10000;

-- Counts are kept by what was known of their units before. Earlier versions counted a unit once in a
-- rollout, so all of theirs were known nothing of.
CREATE TABLE gate_counter_by_stratum (
    rollout INTEGER NOT NULL,
    gate    INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    boot    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    counts  TEXT NOT NULL,
    PRIMARY KEY (rollout, gate, seen, boot)
) STRICT, WITHOUT ROWID;
INSERT INTO gate_counter_by_stratum SELECT rollout, gate, 0, boot, seq, counts FROM gate_counter;
DROP TABLE gate_counter;
ALTER TABLE gate_counter_by_stratum RENAME TO gate_counter;

ALTER TABLE assignment ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;

CREATE TABLE feedback_cell_by_stratum (
    rollout        INTEGER NOT NULL,
    gate           INTEGER NOT NULL,
    seen           INTEGER NOT NULL,
    metric         TEXT NOT NULL,
    candidate_bad  INTEGER NOT NULL DEFAULT 0,
    candidate_good INTEGER NOT NULL DEFAULT 0,
    incumbent_bad  INTEGER NOT NULL DEFAULT 0,
    incumbent_good INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, metric)
) STRICT, WITHOUT ROWID;
INSERT INTO feedback_cell_by_stratum
    SELECT rollout, gate, 0, metric, candidate_bad, candidate_good, incumbent_bad, incumbent_good
    FROM feedback_cell;
DROP TABLE feedback_cell;
ALTER TABLE feedback_cell_by_stratum RENAME TO feedback_cell;

CREATE TABLE cohort_unit_by_stratum (
    rollout   INTEGER NOT NULL,
    gate      INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    second    INTEGER NOT NULL,
    candidate INTEGER NOT NULL DEFAULT 0,
    incumbent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, second)
) STRICT, WITHOUT ROWID;
INSERT INTO cohort_unit_by_stratum
    SELECT rollout, gate, 0, second, candidate, incumbent FROM cohort_unit;
DROP TABLE cohort_unit;
ALTER TABLE cohort_unit_by_stratum RENAME TO cohort_unit;

CREATE TABLE cohort_label_by_stratum (
    rollout        INTEGER NOT NULL,
    gate           INTEGER NOT NULL,
    seen           INTEGER NOT NULL,
    metric         TEXT NOT NULL,
    second         INTEGER NOT NULL,
    candidate_bad  INTEGER NOT NULL DEFAULT 0,
    candidate_good INTEGER NOT NULL DEFAULT 0,
    incumbent_bad  INTEGER NOT NULL DEFAULT 0,
    incumbent_good INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, metric, second)
) STRICT, WITHOUT ROWID;
INSERT INTO cohort_label_by_stratum
    SELECT rollout, gate, 0, metric, second,
           candidate_bad, candidate_good, incumbent_bad, incumbent_good
    FROM cohort_label;
DROP TABLE cohort_label;
ALTER TABLE cohort_label_by_stratum RENAME TO cohort_label;
