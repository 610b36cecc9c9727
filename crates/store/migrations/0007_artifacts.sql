-- What registry clients upload, by paths of theirs. A path may get other bytes until a version
-- seals it.
CREATE TABLE artifact (
    path   TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    size   INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How many there are, so that the limit costs no count.
CREATE TABLE artifact_total (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    files INTEGER NOT NULL
) STRICT;
INSERT INTO artifact_total (one, files) VALUES (1, 0);
CREATE TRIGGER artifact_added AFTER INSERT ON artifact
BEGIN
    UPDATE artifact_total SET files = files + 1;
END;
CREATE TRIGGER artifact_removed AFTER DELETE ON artifact
BEGIN
    UPDATE artifact_total SET files = files - 1;
END;

-- The versions made of an upload. A seal holds for as long as its version is not deleted.
CREATE TABLE artifact_seal (
    path   TEXT NOT NULL REFERENCES artifact (path) ON DELETE CASCADE,
    model  TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (path, model, number),
    FOREIGN KEY (model, number) REFERENCES version (model, number) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_seal_by_version ON artifact_seal (model, number);

-- Files that arrive in parts. A completed one stays for a while without its parts, so that a client
-- that did not hear the answer is given it again.
CREATE TABLE multipart (
    id         TEXT PRIMARY KEY,
    path       TEXT NOT NULL,
    parts      INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'completed')),
    touched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX multipart_by_touch ON multipart (touched_at);

CREATE TABLE multipart_part (
    upload TEXT NOT NULL REFERENCES multipart (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    file   TEXT NOT NULL,
    digest TEXT NOT NULL,
    size   INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
