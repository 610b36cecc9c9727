-- The slices of the shadow that a pair is in, as JSON: column to value.
ALTER TABLE shadow_pair ADD COLUMN slices TEXT NOT NULL DEFAULT '{}';

-- Pairs of one value of a slice whose right class was told, by who had answered it.
CREATE TABLE shadow_slice_label (
    rollout        INTEGER NOT NULL,
    slice          TEXT NOT NULL,
    label          TEXT NOT NULL,
    both           INTEGER NOT NULL DEFAULT 0,
    candidate_only INTEGER NOT NULL DEFAULT 0,
    incumbent_only INTEGER NOT NULL DEFAULT 0,
    neither        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (rollout, slice, label)
) STRICT, WITHOUT ROWID;
