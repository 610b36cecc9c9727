-- What a version was made from, as its registration said. A version's row seals its parents: it is
-- written after them, and none can be added once it is there.
CREATE TABLE lineage (
    model          TEXT NOT NULL,
    number         INTEGER NOT NULL,
    dataset_digest TEXT,
    dataset_name   TEXT,
    dataset_number INTEGER,
    code_ref       TEXT,
    PRIMARY KEY (model, number),
    FOREIGN KEY (model, number) REFERENCES version (model, number)
) STRICT, WITHOUT ROWID;

-- A parent is its digest; where it was registered here, also the name it was cited by.
CREATE TABLE lineage_parent (
    model         TEXT NOT NULL,
    number        INTEGER NOT NULL,
    position      INTEGER NOT NULL,
    digest        TEXT NOT NULL,
    parent_model  TEXT,
    parent_number INTEGER,
    PRIMARY KEY (model, number, position),
    FOREIGN KEY (model, number) REFERENCES version (model, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX lineage_parent_by_digest ON lineage_parent (digest);
CREATE INDEX version_by_digest ON version (digest);

-- All moves of a model's aliases, in order.
CREATE INDEX alias_history_by_model ON alias_history (model, id);

-- Of what is there already, nothing more is known, and nothing can be said later.
INSERT INTO lineage (model, number) SELECT model, number FROM version;

-- A model may be renamed; nothing else of a lineage changes.
CREATE TRIGGER lineage_is_immutable
BEFORE UPDATE OF number, dataset_digest, dataset_name, dataset_number, code_ref ON lineage
BEGIN
    SELECT RAISE(ABORT, 'a sealed lineage cannot change');
END;
CREATE TRIGGER lineage_stays BEFORE DELETE ON lineage
BEGIN
    SELECT RAISE(ABORT, 'a sealed lineage cannot change');
END;
CREATE TRIGGER lineage_parent_is_immutable
BEFORE UPDATE OF number, position, digest, parent_number ON lineage_parent
BEGIN
    SELECT RAISE(ABORT, 'a sealed lineage cannot change');
END;
CREATE TRIGGER lineage_parent_stays BEFORE DELETE ON lineage_parent
BEGIN
    SELECT RAISE(ABORT, 'a sealed lineage cannot change');
END;
CREATE TRIGGER lineage_parents_are_sealed BEFORE INSERT ON lineage_parent
WHEN EXISTS (SELECT 1 FROM lineage WHERE model = NEW.model AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'a sealed lineage cannot change');
END;
