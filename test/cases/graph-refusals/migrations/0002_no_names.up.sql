-- revision: b2
-- parent: a1
-- irreversible: the names are deleted

ALTER TABLE users DROP COLUMN name;
