-- What a version's MLmodel says. Part of what it is described by, so as immutable as its signature.
ALTER TABLE version ADD COLUMN flavors TEXT NOT NULL DEFAULT '{}';

CREATE TRIGGER version_flavors_are_immutable
BEFORE UPDATE OF flavors ON version
BEGIN
    SELECT RAISE(ABORT, 'a sealed version cannot change');
END;
