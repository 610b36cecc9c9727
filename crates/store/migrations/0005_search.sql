-- What registry clients describe, search and order versions by.
ALTER TABLE version ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE version ADD COLUMN run_id TEXT;
ALTER TABLE version ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE version SET updated_at = created_at;
CREATE INDEX version_by_update ON version (updated_at, model, number);
CREATE INDEX model_by_update ON model (updated_at, name);

-- Where a registry client says that a version came from, and the stage it gave it.
ALTER TABLE version ADD COLUMN run_link TEXT;
ALTER TABLE version ADD COLUMN model_id TEXT;
ALTER TABLE version ADD COLUMN client_stage TEXT NOT NULL DEFAULT 'None'
    CHECK (client_stage IN ('None', 'Staging', 'Production', 'Archived'));
CREATE INDEX version_by_client_stage ON version (model, client_stage, number)
    WHERE client_stage <> 'None';
CREATE INDEX rollout_by_version ON rollout (model, number, id);

-- Registry clients expect a new number each time they register, also of the same bytes.
DROP INDEX version_identity;
CREATE INDEX version_identity ON version (model, digest) WHERE deleted_at IS NULL;

-- A name is no part of what a version is made of: a renamed model takes its versions along.
DROP TRIGGER version_is_immutable;
CREATE TRIGGER version_is_immutable
BEFORE UPDATE OF number, digest, manifest, signature, source, run_id, run_link, model_id,
    created_at, created_by
ON version
BEGIN
    SELECT RAISE(ABORT, 'a sealed version cannot change');
END;
