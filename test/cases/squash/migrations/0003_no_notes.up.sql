-- revision: c3
-- parent: b2

DROP TABLE notes;
