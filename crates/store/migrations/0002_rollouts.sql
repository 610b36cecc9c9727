CREATE TABLE endpoint (
    name       TEXT PRIMARY KEY,
    settings   TEXT NOT NULL,
    serving    TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE policy (
    name       TEXT NOT NULL,
    number     INTEGER NOT NULL,
    endpoint   TEXT NOT NULL,
    yaml       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (name, number)
) STRICT;
CREATE INDEX policy_by_endpoint ON policy (endpoint, created_at);

-- state is the rollout as a whole; the other columns are what is searched by.
CREATE TABLE rollout (
    id         INTEGER PRIMARY KEY,
    endpoint   TEXT NOT NULL REFERENCES endpoint (name),
    model      TEXT NOT NULL,
    number     INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    phase      TEXT NOT NULL CHECK (phase IN ('queued', 'active', 'ended')),
    stage      TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    state      TEXT NOT NULL,
    FOREIGN KEY (model, number) REFERENCES version (model, number)
) STRICT;
-- One rollout at a time moves an endpoint's traffic.
CREATE UNIQUE INDEX rollout_active ON rollout (endpoint) WHERE phase = 'active';
CREATE INDEX rollout_by_endpoint ON rollout (endpoint, id);
CREATE INDEX rollout_by_phase ON rollout (phase, id);

-- Numbers that only rise, one sequence a store.
CREATE TABLE sequence (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sequence (name, value) VALUES ('epoch', 0), ('rollout', 0);

CREATE TABLE quarantine (
    digest    TEXT PRIMARY KEY,
    rollout   INTEGER,
    cause     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    lifted_at INTEGER,
    lifted_by TEXT,
    lifted_why TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE known_good (
    endpoint TEXT NOT NULL,
    model    TEXT NOT NULL,
    number   INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    rollout  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (endpoint, model, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE validation_report (
    rollout INTEGER PRIMARY KEY REFERENCES rollout (id),
    report  TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
