-- The hash of the unit in whose window a request began, where the labels of all of these are evidence.
ALTER TABLE assignment ADD COLUMN unit INTEGER;
CREATE INDEX assignment_by_unit ON assignment (rollout, gate, unit) WHERE unit IS NOT NULL;
CREATE INDEX assignment_first ON assignment (rollout, gate, at)
    WHERE unit IS NOT NULL AND counted = 'yes';

-- How far units with more than their first label are closed. Those assigned before `until` are counted;
-- a label for one of them is late. `last` is the latest assignment of such a unit, `span` how long after
-- it its labels, and its answer, are waited for. Instants and spans in microseconds.
CREATE TABLE unit_closing (
    rollout  INTEGER NOT NULL,
    gate     INTEGER NOT NULL,
    metric   TEXT NOT NULL,
    per_unit TEXT NOT NULL CHECK (per_unit IN ('any', 'mean')),
    span     INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    PRIMARY KEY (rollout, gate, metric)
) STRICT, WITHOUT ROWID;
CREATE INDEX unit_closing_open ON unit_closing (rollout) WHERE until <= last;

-- Labels that came after their unit had been counted, by its arm.
CREATE TABLE late_label (
    rollout   INTEGER NOT NULL,
    gate      INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    metric    TEXT NOT NULL,
    candidate INTEGER NOT NULL DEFAULT 0,
    incumbent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, gate, seen, metric)
) STRICT, WITHOUT ROWID;

-- What both answered to a mirrored request, as classes, for as long as its label may come.
CREATE TABLE shadow_pair (
    request   INTEGER PRIMARY KEY,
    rollout   INTEGER NOT NULL,
    incumbent TEXT NOT NULL,
    candidate TEXT NOT NULL
) STRICT;

-- Pairs whose right class was told, by who had answered it.
CREATE TABLE shadow_label (
    rollout        INTEGER PRIMARY KEY,
    both           INTEGER NOT NULL DEFAULT 0,
    candidate_only INTEGER NOT NULL DEFAULT 0,
    incumbent_only INTEGER NOT NULL DEFAULT 0,
    neither        INTEGER NOT NULL DEFAULT 0
) STRICT;
