-- revision: b2
-- parent: a1
-- irreversible: the rows are gone

DELETE FROM users;
