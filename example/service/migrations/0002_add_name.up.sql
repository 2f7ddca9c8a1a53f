-- revision: 9b62e7d41f05
-- parent: 3f1d8a90c2b7

ALTER TABLE users ADD COLUMN name text;
