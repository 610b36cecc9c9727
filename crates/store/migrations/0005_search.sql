-- What registry clients describe, search and order versions by.
ALTER TABLE version ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE version ADD COLUMN run_id TEXT;
ALTER TABLE version ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE version SET updated_at = created_at;
CREATE INDEX version_by_update ON version (updated_at, model, number);
CREATE INDEX model_by_update ON model (updated_at, name);
