-- Signature bundles. One is of the files, and so of the digest: every version of these bytes has it,
-- whatever its number and its model's name.
CREATE TABLE version_signature (
    digest  TEXT NOT NULL,
    id      TEXT NOT NULL,
    made_by TEXT,
    bundle  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    PRIMARY KEY (digest, id)
) STRICT;
