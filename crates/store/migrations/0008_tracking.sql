-- What clients log while they train. An owner is an experiment, a run or a logged model, by its id;
-- ids of different kinds never look alike.
CREATE TABLE experiment (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
-- Clients use it without looking it up.
INSERT INTO experiment (id, name, created_at) VALUES (0, 'Default', 0);

CREATE TABLE run (
    id         TEXT PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES experiment (id),
    name       TEXT NOT NULL,
    user       TEXT NOT NULL,
    status     TEXT NOT NULL,
    -- By the client's clock, in milliseconds.
    started_ms INTEGER,
    ended_ms   INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE logged_model (
    id         TEXT PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES experiment (id),
    name       TEXT NOT NULL,
    model_type TEXT NOT NULL,
    status     TEXT NOT NULL,
    source_run TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logged_model_by_creation ON logged_model (experiment, created_at, id);
CREATE INDEX logged_model_by_name ON logged_model (experiment, name);

CREATE TABLE tracked_tag (
    owner TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE tracked_param (
    owner TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

-- What an owner's rows take, so that the limits cost no count; the owner '' stands for all.
CREATE TABLE tracked_size (
    owner  TEXT PRIMARY KEY,
    bytes  INTEGER NOT NULL,
    points INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A metric's history. SQLite keeps no NaN: it is a zero with a mark.
CREATE TABLE run_point (
    run     TEXT NOT NULL REFERENCES run (id),
    key     TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    step    INTEGER NOT NULL,
    value   REAL NOT NULL,
    nan     INTEGER NOT NULL CHECK (nan IN (0, 1)),
    PRIMARY KEY (run, key, at_ms, step, value, nan)
) STRICT, WITHOUT ROWID;

-- The newest point of each metric: by step, then time, then value.
CREATE TABLE run_metric (
    run   TEXT NOT NULL REFERENCES run (id),
    key   TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    step  INTEGER NOT NULL,
    value REAL NOT NULL,
    nan   INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE logged_model_point (
    model   TEXT NOT NULL REFERENCES logged_model (id),
    run     TEXT NOT NULL REFERENCES run (id),
    key     TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    step    INTEGER NOT NULL,
    value   REAL NOT NULL,
    nan     INTEGER NOT NULL,
    dataset TEXT,
    digest  TEXT,
    PRIMARY KEY (model, run, key, at_ms, step, value, nan)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_dataset (
    run         TEXT NOT NULL REFERENCES run (id),
    name        TEXT NOT NULL,
    digest      TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source      TEXT NOT NULL,
    schema      TEXT,
    profile     TEXT,
    tags        TEXT NOT NULL,
    PRIMARY KEY (run, name, digest)
) STRICT, WITHOUT ROWID;

-- Logged models that a run read or made.
CREATE TABLE run_model (
    run  TEXT NOT NULL REFERENCES run (id),
    role TEXT NOT NULL CHECK (role IN ('input', 'output')),
    model TEXT NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (run, role, model)
) STRICT, WITHOUT ROWID;
