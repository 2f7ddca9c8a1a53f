-- revision: c3
-- parent: a1

ALTER TABLE users ADD name text;
