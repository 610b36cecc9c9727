-- How far the scrub is: one row. `finished_at` is the end of the last whole round, `began_at` the
-- beginning of the one under way, and `after` the digest it has come to.
CREATE TABLE scrub (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    finished_at INTEGER,
    began_at    INTEGER,
    after       TEXT,
    blobs       INTEGER NOT NULL,
    bytes       INTEGER NOT NULL
) STRICT;

-- Blobs that the scrub found corrupt, with no good copy left.
CREATE TABLE corrupt_blob (
    digest TEXT PRIMARY KEY,
    found  TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
