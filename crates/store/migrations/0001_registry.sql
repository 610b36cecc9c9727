-- Models and versions. A deleted one stays as a tombstone, so that no number is ever reused.
CREATE TABLE model (
    name         TEXT PRIMARY KEY,
    description  TEXT NOT NULL,
    last_number  INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER
) STRICT;

CREATE TABLE model_tag (
    model TEXT NOT NULL REFERENCES model (name),
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_tag_by_value ON model_tag (key, value);

CREATE TABLE version (
    model      TEXT NOT NULL REFERENCES model (name),
    number     INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    manifest   TEXT NOT NULL,
    signature  TEXT NOT NULL,
    source     TEXT,
    lifecycle  TEXT NOT NULL CHECK (lifecycle IN ('registered', 'retired')),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (model, number)
) STRICT;
CREATE UNIQUE INDEX version_identity ON version (model, digest) WHERE deleted_at IS NULL;

-- What a version is made of cannot change; only its lifecycle and its deletion can.
CREATE TRIGGER version_is_immutable
BEFORE UPDATE OF model, number, digest, manifest, signature, source, created_at, created_by
ON version
BEGIN
    SELECT RAISE(ABORT, 'a sealed version cannot change');
END;

CREATE TABLE version_tag (
    model  TEXT NOT NULL,
    number INTEGER NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (model, number, key),
    FOREIGN KEY (model, number) REFERENCES version (model, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX version_tag_by_value ON version_tag (key, value);

CREATE TABLE alias (
    model  TEXT NOT NULL,
    name   TEXT NOT NULL,
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (model, name),
    FOREIGN KEY (model, number) REFERENCES version (model, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_by_version ON alias (model, number);

-- A row for each move; number is null where the alias was removed.
CREATE TABLE alias_history (
    id     INTEGER PRIMARY KEY,
    model  TEXT NOT NULL,
    name   TEXT NOT NULL,
    number INTEGER,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    cause  TEXT NOT NULL
) STRICT;
CREATE INDEX alias_history_by_name ON alias_history (model, name, id);

CREATE TABLE dataset (
    name       TEXT NOT NULL,
    number     INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    size       INTEGER NOT NULL,
    format     TEXT NOT NULL CHECK (format IN ('csv', 'jsonl', 'npz', 'parquet')),
    columns    TEXT NOT NULL,
    row_count  INTEGER NOT NULL,
    label      TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (name, number)
) STRICT;
